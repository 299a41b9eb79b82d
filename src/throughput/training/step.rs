//! Times of one sequence through all layers of a training step, part by part; a stage has its share of the layers.
//!
//! Each part is work over a nominal rate, times what a running step takes against it ([`TrainingFactors`]).
//!
//! ~~~text
//! products     passes · 2·P·n / (peak · plateau(width)) · factor(format)      passes: forward, input and weight gradient
//! experts      the same: · (1 + 100/M + w₀/width), of which 100/M waits for the micro-batch
//! attention    n·s/2 · FLOP a pair / (peak₁₆ · e(s, head)) · (1 + 2.5·backward)
//! element-wise bytes / (0.8 · bandwidth)    norms, residuals, activations, loss; casts; permutation; gradient sums
//! scan         n · inner width · time of an element      state-space layers
//! tensor       2 · n·h·(2 B + b) · (t − 1)/t a block / (0.8 · link)    gathers (b bytes an element) and sums
//! exchange     4 · n·h·2 B · places a token goes to / rate, inside the domain and across
//! ~~~
//!
//! n tokens of a sequence in a tensor group · P parameters on the rank · t tensor ranks · M rows of an expert. A token
//! crosses the network once for each domain that holds one of its experts. What is left out: sends between stages,
//! multi-token prediction, sparse attention's indexer, uneven routing.

use super::factors::{Stack, TrainingFactors, is_systolic};
use super::{TrainingJob, TrainingLayout};
use crate::throughput::efficiency::KernelClass;
use crate::throughput::machine::{Machine, SCALE_OUT_SHARE};
use crate::throughput::operations::remote_places;
use crate::throughput::precision::{Arithmetic, Format};
use crate::throughput::shape::{AttentionKind, ModelShape};

/// Share of the memory bandwidth that streaming kernels reach: the plain curves have 0.74 to 0.87.
pub(super) const STREAM_SHARE: f64 = 0.8;
/// Share of a link inside the domain that collectives reach: 0.78 of one direction for rings over NVLink.
pub(super) const LINK_SHARE: f64 = 0.8;
/// Share of the forward pass that full recomputation repeats: the last products of a layer need not be.
const REPEATED: f64 = 0.9;
/// Share of the ring of context ranks that attention does not hide. Assumption: published overlap is good.
const RING_EXPOSED: f64 = 0.3;
/// Time the host needs to launch a dense layer, forward and backward: some sixty kernels of 5 us.
const HOST_LAYER_S: f64 = 0.3e-3;
/// Bytes of a routed element that goes into the order of experts and back, forward and backward.
const PERMUTE_BYTES: f64 = 16.0;
/// Bytes of a score element written and read by attention that is not fused: scores, mask, softmax, dropout, and back.
const SCORE_BYTES: f64 = 60.0;
/// Bytes of a parameter that the sum of gradients over micro-batches moves: read and write 32 bits, part of it fused.
const SUM_BYTES: f64 = 4.8;
/// Widest head that attention kernels use fully.
const WIDEST_HEAD: f64 = 128.0;
/// Positions beyond a window that its tiles compute in vain.
const WINDOW_TILE: f64 = 512.0;
/// Arithmetic of windowed attention over what its window needs: half-masked tiles at both ends.
const WINDOW_WASTE: f64 = 1.5;

/// Times of one sequence through all layers [s].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Parts {
    /// Products of linear layers, mixers and shared experts.
    pub linear: f64,
    /// Routed experts with many rows each.
    pub experts: f64,
    /// Time of experts over that with many rows, but for the few: 1 + w₀/width.
    pub expert_fill: f64,
    /// Rows of an expert.
    pub expert_rows: f64,
    /// Output head.
    pub head: f64,
    /// Attention itself.
    pub attention: f64,
    /// Norms, residuals, activations, loss.
    pub elementwise: f64,
    /// Gradients added to their sums, once a micro-batch.
    pub sums: f64,
    /// Casts to narrow formats.
    pub casts: f64,
    /// Routing, permutation and combination.
    pub routing: f64,
    /// State-space scans.
    pub scan: f64,
    /// Messages of tensor and context ranks.
    pub tensor: f64,
    /// Exchange of tokens between expert ranks.
    pub exchange: f64,
}

impl Parts {
    pub(super) fn messages(&self) -> f64 {
        self.tensor + self.exchange
    }

    /// Work that grows with the sequences alone: all but experts and gradient sums.
    pub(super) fn plain(&self) -> f64 {
        self.linear + self.head + self.attention + self.elementwise + self.casts + self.routing + self.scan
    }
}

/// Everything that the parts need, with its counts as numbers.
pub(super) struct Step<'a> {
    model: &'a ModelShape,
    machine: &'a Machine,
    job: &'a TrainingJob,
    factors: &'a TrainingFactors,
    /// Tensor ranks, context ranks, expert ranks.
    tp: f64,
    cp: f64,
    ep: f64,
    /// Tokens of a sequence in a tensor group.
    tokens: f64,
    /// Share of the layers that is computed again.
    repeated: f64,
    /// Passes over the products.
    passes: f64,
    /// Slowness of the generation's arithmetic.
    slow: f64,
    parts: Parts,
    /// Bytes moved on the rank per token, all layers: element-wise and casts.
    moved: f64,
    cast: f64,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        model: &'a ModelShape,
        machine: &'a Machine,
        job: &'a TrainingJob,
        layout: &TrainingLayout,
        repeated: f64,
    ) -> Self {
        let factors = &job.factors;
        let cp = f64::from(layout.context);
        Self {
            model,
            machine,
            job,
            factors,
            tp: f64::from(layout.tensor),
            cp,
            ep: f64::from(layout.expert),
            tokens: job.sequence / cp,
            repeated: repeated * REPEATED,
            passes: if job.adapter { 2.0 } else { 3.0 },
            slow: factors.generation(machine),
            parts: Parts::default(),
            moved: 0.0,
            cast: 0.0,
        }
    }

    /// The times of a sequence.
    pub(super) fn parts(mut self) -> Parts {
        self.attention();
        self.mixers();
        self.feed_forward();
        self.experts();
        self.head();
        self.tensor_messages();
        self.context_ring();
        // Two norms with their residuals a layer, forward and backward, over the tensor ranks.
        let norms = f64::from(self.model.layers) * 32.0 * f64::from(self.model.hidden) / self.tp;
        let stream = self.stream();
        let mut moved = self.factors.elementwise;
        if self.job.adapter {
            moved *= self.factors.elementwise_adapter;
        }
        if self.job.stack != Stack::Tuned {
            moved *= self.factors.elementwise_eager;
        }
        // What is computed again is written and read again, about a third of all passes.
        let again = 1.0 + 0.3 * self.repeated / REPEATED;
        self.parts.elementwise += moved * again * (self.moved + norms) * self.tokens / stream;
        if !self.job.adapter {
            let (dense, experts) = held(self.model, self.tp, 1.0, self.ep);
            self.parts.sums = SUM_BYTES * (dense + experts) / stream;
        }
        self.parts.casts = self.cast * self.tokens / stream;
        self.parts
    }

    /// Time that the host needs for all layers of a micro-batch [s]: mixtures and state-space layers are chains of many small kernels.
    /// None where a compiler schedules the whole step.
    pub(super) fn host(&self) -> f64 {
        if is_systolic(self.machine) {
            return 0.0;
        }
        let chains = f64::from(self.model.feed_forward.moe_layers + self.model.attention.linear_layers);
        let plain = f64::from(self.model.layers) - f64::from(self.model.feed_forward.moe_layers);
        HOST_LAYER_S * plain.max(0.0) + 1e-3 * self.factors.host_ms * chains
    }

    fn stream(&self) -> f64 {
        self.machine.bandwidth.0 * STREAM_SHARE
    }

    /// Time of work on the vector units over that on Blackwell: multiprocessors times clock of Hopper are 132 · 1.76 GHz
    /// against 148 · 1.92 GHz; of others nothing is known.
    fn vectors(&self) -> f64 {
        if self.machine.curves.generation == "hopper" { 1.22 } else { 1.0 }
    }

    /// Rate of a link inside the domain for a group of ranks: in a mesh, the links among its members alone.
    fn inside(&self, ranks: f64) -> f64 {
        let whole = self.machine.scale_up.bandwidth.0 * LINK_SHARE;
        let others = f64::from(self.machine.domain) - 1.0;
        let reached = if self.machine.meshed && others > 0.0 { (ranks - 1.0) / others } else { 1.0 };
        whole * reached.clamp(1.0 / others.max(1.0), 1.0)
    }

    /// The format that products run in: 16 bits where the hardware has nothing narrower.
    fn format(&self, wanted: Format) -> Format {
        if self.machine.peak.effective(wanted).0 == Arithmetic::Bf16 { Format::Bf16 } else { wanted }
    }

    /// Seconds of one FLOP of a product by the isolated kernel's curve at a width.
    fn flop_time(&self, class: KernelClass, format: Format, width: f64) -> f64 {
        let curves = &self.machine.curves;
        let share = curves.curve(class, format).plateau_at_width(width) * curves.arithmetic;
        self.slow / (self.machine.peak.effective(format).1.0 * share)
    }

    /// A product in all passes: forward, gradient of the input, gradient of the weights, and what is done again.
    fn linear(&mut self, layers: f64, parameters: f64, input: f64, width: f64, wanted: Format) {
        if layers * parameters <= 0.0 {
            return;
        }
        let format = self.format(wanted);
        let one =
            |width: f64| 2.0 * parameters * self.tokens * self.flop_time(KernelClass::Gemm, format, width);
        let mut time = one(width) * (1.0 + self.repeated) + one(input);
        if !self.job.adapter {
            time += one(width.min(input));
        }
        self.parts.linear += layers * time * self.factors.linear(format);
        let calls = parameters / (input * width);
        self.cast += layers
            * calls
            * ((self.passes + 1.0) * input + 4.0 * width)
            * self.factors.cast(self.machine, format);
    }

    fn attention(&mut self) {
        let a = &self.model.attention;
        let layers = self.model.attention_layers();
        let h = f64::from(self.model.hidden);
        let format = self.job.precision.attention;
        let heads = f64::from(a.heads);
        let grouped = a.kind == AttentionKind::Grouped;
        if grouped {
            let queries = heads * f64::from(a.head_dim) / self.tp;
            let cache = 2.0 * (f64::from(a.kv_heads) / self.tp).max(1.0) * f64::from(a.head_dim);
            self.linear(layers, h * (queries + cache), h, queries + cache, format);
            self.linear(layers, h * queries, queries, h, format);
            // Rotation of queries and keys, copies: twice read and written, forward and backward.
            self.moved += layers * 8.0 * (queries + cache);
        } else {
            let parameters = self.model.projection_parameters() / self.tp;
            let input = f64::from(a.q_lora.max(1));
            self.linear(layers, parameters, input, parameters / input, format);
            self.moved += layers * 24.0 * heads * f64::from(a.nope_dim + a.rope_dim) / self.tp;
        }
        let class = if grouped { KernelClass::AttentionPrefill } else { KernelClass::LatentPrefill };
        let head = if grouped { f64::from(a.head_dim) } else { 192.0 };
        let curve = self.machine.curves.curve(class, Format::Bf16);
        let sequence = self.job.sequence;
        let mut slow = if head <= 64.0 { self.factors.attention_narrow_heads } else { 1.0 };
        if self.job.stack == Stack::Eager && self.machine.curves.generation == "hopper" {
            slow *= self.factors.attention_older;
        }
        let passes = 1.0 + self.repeated + 2.5 * self.factors.attention_backward;
        for (layers, window) in [(a.full_layers, 0), (a.window_layers, a.window)] {
            let (attended, positions, waste) = if window == 0 {
                (sequence / 2.0, sequence, 1.0)
            } else {
                let window = f64::from(window);
                ((sequence / 2.0).min(window), window + WINDOW_TILE, WINDOW_WASTE)
            };
            let flop = self.tokens * self.model.attention_flop_per_attended() / self.tp * attended * waste;
            let filled = 1.0 + curve.half_rows / positions.max(1.0);
            let one = self.flop_time(class, Format::Bf16, head.min(WIDEST_HEAD)) * filled * slow;
            self.parts.attention += f64::from(layers) * flop * one * passes;
        }
        if self.job.stack == Stack::Unfused {
            // A third of the traffic is the forward pass's, which recomputation repeats.
            let scores = self.tokens * heads / self.tp * sequence * (1.0 + self.repeated / 3.0);
            self.parts.attention += layers * scores * SCORE_BYTES / self.stream();
        }
    }

    /// State-space or linear-attention layers: three products, in and out as two to one, and the scan between them.
    fn mixers(&mut self) {
        let layers = f64::from(self.model.attention.linear_layers);
        if layers <= 0.0 {
            return;
        }
        let h = f64::from(self.model.hidden);
        let parameters = self.model.linear_parameters();
        let inner = parameters / (3.0 * h) / self.tp;
        let format = self.job.precision.attention;
        self.linear(layers, 2.0 * inner * h, h, 2.0 * inner, format);
        self.linear(layers, inner * h, inner, h, format);
        self.parts.scan = self.factors.scan * layers * self.tokens * inner * SCAN_ELEMENT_S * self.vectors();
    }

    fn feed_forward(&mut self) {
        let f = &self.model.feed_forward;
        let h = f64::from(self.model.hidden);
        let gated = f64::from(f.matrices) - 1.0;
        let format = self.job.precision.dense;
        let dense = f64::from(f.dense_layers);
        let width = f64::from(f.dense_width) / self.tp;
        if width > 0.0 {
            self.linear(dense, gated * h * width, h, gated * width, format);
            self.linear(dense, width * h, width, h, format);
            self.moved += dense * activation_bytes(gated) * width;
        }
        let shared = self.model.shared_parameters() / self.tp;
        let width = (f64::from(f.shared_width) / self.tp).max(256.0) * gated;
        self.linear(f64::from(f.moe_layers), shared, h, width, format);
    }

    fn experts(&mut self) {
        let f = &self.model.feed_forward;
        let layers = f64::from(f.moe_layers);
        if layers <= 0.0 {
            return;
        }
        let format = self.format(self.job.precision.experts);
        let matrices = f64::from(f.matrices);
        let gated = matrices - 1.0;
        let input = self.model.expert_input();
        let chosen = f64::from(f.active_experts);
        // Tensor ranks beyond the expert ranks split the experts in width and see the same tokens.
        let split = if self.ep < self.tp { (self.tp / self.ep).max(1.0) } else { 1.0 };
        let width = f64::from(f.expert_width) / split;
        let rows = self.tokens / self.tp * split * chosen;
        let group = if self.ep >= self.tp { self.ep / self.tp } else { 1.0 };
        let each = self.tokens * chosen / f64::from(f.experts.max(1)) * group;
        let flop_time = (gated * self.flop_time(KernelClass::Gemm, format, gated * width)
            + self.flop_time(KernelClass::Gemm, format, input))
            / matrices;
        self.parts.expert_rows = each;
        self.parts.expert_fill = 1.0 + self.factors.expert_half_width / width;
        let systolic = if is_systolic(self.machine) { self.factors.expert_systolic } else { 1.0 };
        let flop = 2.0 * matrices * input * width * rows;
        self.parts.experts = layers
            * flop
            * flop_time
            * self.factors.linear(format)
            * (self.passes + self.repeated)
            * systolic;
        self.cast +=
            layers * rows * (input + width * matrices) * 4.0 * self.factors.cast(self.machine, format)
                / self.tokens;
        self.moved += layers * rows * activation_bytes(gated) * width / self.tokens;
        self.parts.routing = layers
            * rows
            * (PERMUTE_BYTES * input / self.stream() + 1e-9 * self.factors.expert_row_ns * self.vectors());
        if format == Format::Mxfp8 && self.job.before_grouped_mxfp8() && !is_systolic(self.machine) {
            self.parts.experts *= self.factors.expert_mxfp8_early;
            self.parts.routing *= self.factors.expert_mxfp8_early;
        }
        self.exchange(rows / chosen, input);
    }

    /// Tokens go to their experts and come back, forward and backward.
    fn exchange(&mut self, tokens: f64, input: f64) {
        if self.ep <= 1.0 {
            return;
        }
        let f = &self.model.feed_forward;
        let chosen = f64::from(f.active_experts);
        let domain = f64::from(self.machine.domain.max(1));
        let bytes = 4.0 * 2.0 * tokens * input * f64::from(f.moe_layers);
        let inside = self.inside(self.ep.min(domain));
        let across = self.machine.scale_out.bandwidth.0 * SCALE_OUT_SHARE;
        self.parts.exchange = if self.ep <= domain {
            self.factors.exchange_inside * bytes * remote_places(self.ep, chosen) / inside
        } else {
            let domains = self.ep / domain;
            // Latent models limit a token to four domains, as DeepSeek-V3 does (arXiv:2412.19437).
            let latent = self.model.attention.kind == AttentionKind::Latent;
            let groups = if latent { chosen.min(4.0) } else { chosen };
            self.factors.exchange_inside * bytes * remote_places(domain, chosen / domains) / inside
                + self.factors.exchange_across * bytes * remote_places(domains, groups) / across
        };
    }

    /// The output head stays in 16 bits; its losses pass over 32-bit logits four times.
    fn head(&mut self) {
        let h = f64::from(self.model.hidden);
        let width = f64::from(self.model.vocabulary) / self.tp;
        let one = |width: f64| self.flop_time(KernelClass::Gemm, Format::Bf16, width);
        let sum = one(width) + one(h) * (self.passes - 1.0);
        self.parts.head = 2.0 * h * width * self.tokens * sum * self.factors.linear_16bit;
        self.moved += 18.0 * width;
    }

    fn tensor_messages(&mut self) {
        if self.tp <= 1.0 {
            return;
        }
        let f = &self.model.feed_forward;
        let whole = self.model.attention_layers()
            + f64::from(self.model.attention.linear_layers)
            + f64::from(f.dense_layers);
        // Beside experts that are spread, shared ones alone gather tokens, beside the exchange.
        let beside = if self.ep <= 1.0 || self.model.shared_parameters() > 0.0 { 0.5 } else { 0.0 };
        let blocks = whole + beside * f64::from(f.moe_layers);
        let bandwidth = if self.tp <= f64::from(self.machine.domain) {
            self.inside(self.tp)
        } else {
            self.machine.scale_out.bandwidth.0 * SCALE_OUT_SHARE
        };
        // Sums travel in 16 bits, gathers in the format of the product that they feed: quantised before they leave.
        let element = 2.0 * 2.0 + 2.0 * self.format(self.job.precision.dense).bytes();
        let bytes = element * blocks * self.tokens * f64::from(self.model.hidden) * (self.tp - 1.0) / self.tp;
        self.parts.tensor += self.factors.tensor_exposed * self.passes / 3.0 * bytes / bandwidth;
    }

    /// Keys and values round the context ranks, three passes.
    fn context_ring(&mut self) {
        if self.cp <= 1.0 {
            return;
        }
        let elements = match self.model.attention.kind {
            AttentionKind::Grouped => self.model.cache_elements() / self.tp,
            _ => self.model.cache_elements(),
        };
        let domain = f64::from(self.machine.domain);
        let bandwidth = if self.cp * self.tp <= domain {
            self.inside(self.cp * self.tp)
        } else {
            self.machine.scale_out.bandwidth.0 * SCALE_OUT_SHARE * (domain / self.tp).max(1.0)
        };
        let bytes = 6.0 * (self.cp - 1.0) * self.tokens * elements * self.model.attention_layers();
        self.parts.tensor += RING_EXPOSED * bytes / bandwidth;
    }
}

/// Time of an inner element and token in a scan over its factor: 60 passes of 16 bits at 0.8 of 8 TB/s [s].
const SCAN_ELEMENT_S: f64 = 120.0 / 6.4e12;

/// Bytes that an activation moves per element of its width, forward and backward: gated, or one input alone.
fn activation_bytes(gated: f64) -> f64 {
    if gated > 1.5 { 16.0 } else { 10.0 }
}

/// Parameters of a stage on a rank, embeddings left out: (copied over data ranks, experts).
pub(super) fn held(model: &ModelShape, tp: f64, pp: f64, ep: f64) -> (f64, f64) {
    let p = model.parameters();
    ((p.attention + p.dense) / (tp * pp), p.experts / (tp.max(ep) * pp))
}
