//! A model card expanded: parameters, and FLOP, bytes and messages of each operation of a step on one rank.
//!
//! A layout splits the rows: heads and widths over tensor ranks, sequences over attention replicas, experts over
//! expert ranks, layers over pipeline stages. What is left out: vision encoders, sampling beyond the host's time,
//! and the scan of linear-attention layers in prefill beyond its projections.

use super::efficiency::{KernelClass, busiest_load};
use super::machine::{Machine, Roofs};
use super::parallelism::Layout;
use super::precision::{Format, Precision};
use super::roofline::{ALWAYS_TOUCHED, NO_WINDOW, Operation};
use super::shape::{AttentionKind, ModelShape, STATE_BYTES};

/// What a row of a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Projections around attention.
    Projections,
    /// An encoder of images in front of the model.
    Encoder,
    /// Attention over cached positions.
    DecodeAttention,
    /// Attention of prompts.
    PrefillAttention,
    /// The indexer of sparse attention.
    Indexer,
    /// Linear attention or state-space layers.
    LinearMixer,
    /// Dense feed-forward layers.
    DenseFeedForward,
    /// Routers.
    Router,
    /// Routed experts.
    Experts,
    /// Shared experts.
    SharedExperts,
    /// Output head.
    Head,
    /// Norms, residuals, activations.
    Elementwise,
    /// Sums over tensor ranks.
    AllReduce,
    /// Exchange of tokens between expert ranks.
    AllToAll,
    /// Hand-over to the next pipeline stage.
    PipelineSend,
    /// Keys and values of a prompt round the context ranks.
    ContextRing,
    /// Outputs of decode attention summed over the context ranks.
    ContextCombine,
    /// Host time.
    Host,
}

/// The rows of a step on the busiest rank, and what each is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepTable {
    /// The coefficients.
    pub rows: Vec<Operation>,
    /// What each row is.
    pub parts: Vec<Part>,
}

/// What a fold needs besides model, machine, layout and precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoldSettings {
    /// Positions of one prompt, for the efficiency of prompt attention.
    pub prompt: f64,
    /// Whether the host's time is part of the step: not in training.
    pub host: bool,
}

/// A matrix product on this rank: weights, input and output widths, calls that share them.
#[derive(Clone, Copy)]
struct Product {
    parameters: f64,
    input: f64,
    width: f64,
    calls: f64,
}

impl Product {
    fn new(parameters: f64, input: f64, width: f64, calls: f64) -> Self {
        Self { parameters, input, width, calls }
    }
}

struct Fold<'a> {
    model: &'a ModelShape,
    machine: &'a Machine,
    tp: f64,
    dp: f64,
    /// Layers of the card over layers of the stage.
    stages: f64,
    /// Ranks that share the positions of a sequence.
    cp: f64,
    table: StepTable,
}

/// Expands a model on a layout to the rows of a step of the busiest rank.
#[must_use]
pub fn step_table(
    model: &ModelShape,
    machine: &Machine,
    layout: &Layout,
    precision: Precision,
    settings: &FoldSettings,
) -> StepTable {
    let mut fold = Fold {
        model,
        machine,
        tp: f64::from(layout.tensor),
        dp: f64::from(layout.attention_replicas),
        stages: f64::from(layout.stages),
        cp: f64::from(layout.context),
        table: StepTable::default(),
    };
    fold.encoder();
    fold.attention(precision, settings);
    fold.linear_mixers(precision);
    fold.feed_forward(layout, precision);
    fold.head(precision);
    fold.elementwise();
    fold.messages(layout, precision);
    if settings.host {
        fold.host();
    }
    if layout.context > 1 {
        fold.share_positions(precision);
    }
    fold.table
}

impl Fold<'_> {
    fn push(&mut self, part: Part, row: Operation) {
        if row.repeats > 0.0 {
            self.table.rows.push(row);
            self.table.parts.push(part);
        }
    }

    fn gemm(&mut self, part: Part, layers: f64, format: Format, product: Product) {
        let Product { parameters, input, width, calls } = product;
        if parameters <= 0.0 {
            return;
        }
        let factors = &self.machine.software.factors;
        let roofs = match part {
            Part::LinearMixer => {
                self.machine.slowed_roofs(KernelClass::Gemm, format, width, factors.linear_mixer)
            }
            Part::Indexer => self.machine.slowed_roofs(KernelClass::Gemm, format, width, factors.indexer),
            _ => self.machine.roofs(KernelClass::Gemm, format, width),
        };
        let output = parameters / input.max(1.0);
        self.push(
            part,
            Operation {
                repeats: layers / self.stages,
                launch_s: roofs.launch_s * calls,
                flop_per_token: 2.0 * parameters / self.dp,
                rate_flop_per_s: roofs.rate_flop_per_s,
                rows_per_token: 1.0 / self.dp,
                half_rows: roofs.half_rows,
                weight_bytes: parameters * format.bytes(),
                miss_log2: ALWAYS_TOUCHED,
                bytes_per_token: (calls * input * (format.activation_bytes() + roofs.cast_bytes)
                    + 2.0 * output)
                    / self.dp,
                bandwidth_bytes_per_s: roofs.bandwidth_bytes_per_s,
                decode_share: 1.0,
                prefill_share: 1.0,
                window: NO_WINDOW,
                serial: roofs.serial,
                ..Operation::default()
            },
        );
    }

    fn attention(&mut self, precision: Precision, settings: &FoldSettings) {
        let model = self.model;
        let a = &model.attention;
        let layers = model.attention_layers();
        let h = model.h();
        let weights = model.projections();
        let format = precision.attention;
        let kv_share = self.kv_heads_on_rank() / f64::from(a.kv_heads.max(1));
        if weights.whole > 0.0 {
            self.gemm(
                Part::Projections,
                layers,
                format,
                Product::new(weights.whole, h, weights.whole / h, 1.0),
            );
        }
        let inward = weights.inward / self.tp + weights.cache * kv_share;
        let (input, calls) = match a.kind {
            // Query up-projection and the two halves of the absorbed key-value up-projection.
            AttentionKind::Latent => (f64::from(a.q_lora.max(a.kv_lora)), 3.0),
            _ => (h, 1.0),
        };
        self.gemm(
            Part::Projections,
            layers,
            format,
            Product::new(inward, input, inward / (input * calls), calls),
        );
        let outward = weights.outward / self.tp;
        self.gemm(Part::Projections, layers, format, Product::new(outward, outward / h, h, 1.0));
        self.gemm(Part::Indexer, layers, format, Product::new(weights.indexer, h, weights.indexer / h, 1.0));

        for (count, window) in [(a.full_layers, 0), (a.window_layers, a.window)] {
            let mut limit = if window == 0 { NO_WINDOW } else { f64::from(window) };
            if a.sparse_topk > 0 && a.kind == AttentionKind::Latent {
                limit = limit.min(f64::from(a.sparse_topk));
            }
            if a.kind == AttentionKind::CompressedLatent {
                limit = NO_WINDOW;
            }
            self.decode_attention(f64::from(count), limit, precision);
            self.prefill_attention(f64::from(count), limit, precision, settings);
        }
        self.indexer_scan(precision);
    }

    /// Encoders stay in 16 bits and are shared out over all ranks, image by image.
    fn encoder(&mut self) {
        if self.model.encoder_flop_per_token > 0.0 {
            let roofs = self.machine.roofs(KernelClass::Gemm, Format::Bf16, self.model.h());
            let mut row = self.plain(1.0, &roofs);
            row.flop_per_token = self.model.encoder_flop_per_token / (self.tp * self.dp);
            row.prefill_share = 1.0;
            self.push(Part::Encoder, row);
        }
    }

    /// Key-value heads on the busiest rank: at least one, so heads are copied where ranks outnumber them.
    fn kv_heads_on_rank(&self) -> f64 {
        (f64::from(self.model.attention.kv_heads) / self.tp).max(1.0)
    }

    fn decode_attention(&mut self, layers: f64, window: f64, precision: Precision) {
        let a = &self.model.attention;
        let heads = f64::from(a.heads) / self.tp;
        let bytes = precision.cache.bytes();
        let (class, format, flop, elements) = match a.kind {
            AttentionKind::Grouped => (
                KernelClass::AttentionDecode,
                precision.cache,
                4.0 * heads * f64::from(a.head_dim),
                2.0 * self.kv_heads_on_rank() * f64::from(a.head_dim),
            ),
            AttentionKind::Latent => (
                KernelClass::LatentDecode,
                precision.cache,
                2.0 * heads * f64::from(2 * a.kv_lora + a.rope_dim),
                self.model.cache_elements(),
            ),
            AttentionKind::CompressedLatent => (
                KernelClass::LatentDecode,
                precision.cache,
                4.0 * heads * self.model.cache_elements(),
                self.model.cache_elements(),
            ),
        };
        let mut roofs = self.machine.roofs(class, format, f64::from(a.head_dim));
        if class == KernelClass::AttentionDecode {
            // The measured kernels multiply in 16 bits whatever the cache holds.
            roofs.rate_flop_per_s = self
                .machine
                .roofs(KernelClass::AttentionPrefill, Format::Bf16, f64::from(a.head_dim))
                .rate_flop_per_s;
        }
        let mut row = self.plain(layers, &roofs);
        row.flop_per_attended = flop / self.dp;
        row.bytes_per_position = elements * bytes / self.dp;
        row.decode_share = 1.0;
        row.window = window;
        self.push(Part::DecodeAttention, row);
    }

    fn prefill_attention(&mut self, layers: f64, window: f64, precision: Precision, settings: &FoldSettings) {
        let a = &self.model.attention;
        let latent = a.kind != AttentionKind::Grouped;
        let class = if latent { KernelClass::LatentPrefill } else { KernelClass::AttentionPrefill };
        let width = if latent { 192.0 } else { f64::from(a.head_dim) };
        let mut roofs = self.machine.roofs(class, precision.attention_math, width);
        // Here the rows are the positions of one prompt, which the fold knows and a step does not.
        roofs.rate_flop_per_s /= 1.0 + roofs.half_rows / settings.prompt.max(1.0);
        roofs.half_rows = 0.0;
        let mut row = self.plain(layers, &roofs);
        row.flop_per_attended = self.model.attention_flop_per_attended() / (self.tp * self.dp);
        row.bytes_per_token = self.model.cache_elements() * precision.cache.bytes() / self.dp;
        row.prefill_share = 1.0;
        row.window = window;
        self.push(Part::PrefillAttention, row);
    }

    /// The indexer reads the keys of all positions, whole on each tensor rank, for its own heads.
    fn indexer_scan(&mut self, precision: Precision) {
        let elements = self.model.indexer_elements();
        if elements <= 0.0 {
            return;
        }
        let layers = elements / ModelShape::INDEXER_WIDTH;
        let factor = self.machine.software.factors.indexer;
        let width = ModelShape::INDEXER_WIDTH;
        let roofs = self.machine.slowed_roofs(KernelClass::LatentDecode, Format::Fp8, width, factor);
        let mut row = self.plain(layers, &roofs);
        row.flop_per_attended =
            2.0 * ModelShape::INDEXER_WIDTH * self.model.indexer_heads() / (self.tp * self.dp);
        row.bytes_per_position = ModelShape::INDEXER_WIDTH * precision.cache.bytes() / self.dp;
        row.decode_share = 1.0;
        row.prefill_share = 1.0;
        self.push(Part::Indexer, row);
    }

    /// A row without weights or load: the roofs alone.
    fn plain(&self, layers: f64, roofs: &Roofs) -> Operation {
        Operation {
            repeats: layers / self.stages,
            launch_s: roofs.launch_s,
            rate_flop_per_s: roofs.rate_flop_per_s,
            rows_per_token: 1.0 / self.dp,
            half_rows: roofs.half_rows,
            miss_log2: ALWAYS_TOUCHED,
            bandwidth_bytes_per_s: roofs.bandwidth_bytes_per_s,
            window: NO_WINDOW,
            serial: roofs.serial,
            ..Operation::default()
        }
    }

    fn linear_mixers(&mut self, precision: Precision) {
        let layers = f64::from(self.model.attention.linear_layers);
        if layers < 0.5 {
            return;
        }
        let h = self.model.h();
        let weights = self.model.linear_parameters() / self.tp;
        self.gemm(
            Part::LinearMixer,
            layers,
            precision.attention,
            Product::new(weights, h, weights / h / 2.0, 2.0),
        );
        let factor = self.machine.software.factors.linear_mixer;
        let roofs = self.machine.slowed_roofs(KernelClass::AttentionDecode, Format::Bf16, 128.0, factor);
        let mut row = self.plain(layers, &roofs);
        // The state is read and written once a step, however long the context: one position.
        row.window = 1.0;
        row.launch_s += LINEAR_KERNELS * SMALL_KERNEL_S * self.machine.software.launch_share;
        row.bytes_per_position =
            2.0 * STATE_BYTES * self.model.attention.state_elements / layers / (self.tp * self.dp);
        row.decode_share = 1.0;
        self.push(Part::LinearMixer, row);
    }

    fn feed_forward(&mut self, layout: &Layout, precision: Precision) {
        let f = &self.model.feed_forward;
        let h = self.model.h();
        let matrices = f64::from(f.matrices);
        let gated = matrices - 1.0;
        let width = f64::from(f.dense_width) / self.tp;
        let dense = f64::from(f.dense_layers);
        self.gemm(
            Part::DenseFeedForward,
            dense,
            precision.dense,
            Product::new(gated * h * width, h, gated * width, 1.0),
        );
        self.gemm(Part::DenseFeedForward, dense, precision.dense, Product::new(width * h, width, h, 1.0));
        let moe = f64::from(f.moe_layers);
        if moe < 0.5 {
            return;
        }
        let experts = f64::from(f.experts);
        self.gemm(Part::Router, moe, Format::Bf16, Product::new(h * experts, h, experts, 1.0));
        let shared = self.model.shared_parameters() / self.tp;
        let shared_width = (f64::from(f.shared_width) / self.tp).max(1.0);
        self.gemm(
            Part::SharedExperts,
            moe,
            precision.dense,
            Product::new(shared, h, gated * shared_width, 2.0),
        );
        self.experts(layout, precision);
    }

    fn experts(&mut self, layout: &Layout, precision: Precision) {
        let f = &self.model.feed_forward;
        let format = precision.experts;
        let ep = f64::from(layout.expert);
        let split = f64::from(layout.ranks()) / ep;
        let width = f64::from(f.expert_width) / split;
        let (all, active) = (f64::from(f.experts), f64::from(f.active_experts));
        let input = self.model.expert_input();
        let weights = f64::from(f.matrices) * input * width;
        let roofs = self.machine.expert_roofs(format, width, input, f64::from(f.matrices));
        let skew = busiest_load(layout.routing_skew, ep);
        self.push(
            Part::Experts,
            Operation {
                repeats: f64::from(f.moe_layers) / self.stages,
                launch_s: roofs.launch_s,
                flop_per_token: 2.0 * weights * active / ep * skew,
                rate_flop_per_s: roofs.rate_flop_per_s,
                rows_per_token: active / all,
                half_rows: roofs.half_rows,
                weight_bytes: weights * all / ep * format.bytes(),
                // Uneven routing sends tokens to experts that others woke already: under the kernel table's power law
                // (exponent 1.01) 16 to 64 tokens touch as many of 128 to 512 experts as 0.64 to 0.43 times as many
                // evenly routed ones would.
                miss_log2: ((1.0 - active / all).max(f64::MIN_POSITIVE).log2() / (1.0 + layout.routing_skew))
                    .max(ALWAYS_TOUCHED),
                // Permutation and combination run over the tokens of the whole group.
                bytes_per_token: roofs.cast_bytes * input
                    + active / ep * input * (format.activation_bytes() + 2.0),
                bandwidth_bytes_per_s: roofs.bandwidth_bytes_per_s,
                decode_share: 1.0,
                prefill_share: 1.0,
                window: NO_WINDOW,
                serial: roofs.serial,
                ..Operation::default()
            },
        );
    }

    fn head(&mut self, precision: Precision) {
        let h = self.model.h();
        let width = f64::from(self.model.vocabulary) / self.tp;
        // One head a step, on the last stage; prompts need it for their last token only.
        self.gemm(Part::Head, self.stages, precision.embedding, Product::new(h * width, h, width, 1.0));
        if let (Some(row), Some(Part::Head)) = (self.table.rows.last_mut(), self.table.parts.last()) {
            row.prefill_share = 0.0;
        }
    }

    /// Norms with residuals: two a layer, each reads two rows and writes two, 16 bits; the activation function reads
    /// the gated width and writes a third of it less.
    fn elementwise(&mut self) {
        let model = self.model;
        let f = &model.feed_forward;
        let factor = self.machine.software.factors.elementwise;
        let roofs = self.machine.slowed_roofs(KernelClass::AttentionDecode, Format::Bf16, 128.0, factor);
        let layers = f64::from(model.layers);
        let activation =
            f64::from(f.dense_layers) * f64::from(f.matrices * f.dense_width) / (self.tp * layers.max(1.0));
        let mut row = self.plain(layers, &roofs);
        row.launch_s = 2.0 * SMALL_KERNEL_S * self.machine.software.launch_share;
        row.rate_flop_per_s = self.machine.peak.bf16.0;
        row.bytes_per_token = 2.0 * (8.0 * model.h() + activation) / self.dp;
        row.decode_share = 1.0;
        row.prefill_share = 1.0;
        self.push(Part::Elementwise, row);
    }

    fn messages(&mut self, layout: &Layout, precision: Precision) {
        let model = self.model;
        let h = model.h();
        let f = &model.feed_forward;
        let moe = f64::from(f.moe_layers);
        let blocks = model.attention_layers() + f64::from(model.attention.linear_layers);
        let mut row = Operation {
            rate_flop_per_s: self.machine.peak.bf16.0,
            miss_log2: ALWAYS_TOUCHED,
            decode_share: 1.0,
            prefill_share: 1.0,
            window: NO_WINDOW,
            ..Operation::default()
        };
        let by_tokens = layout.attention_replicas * layout.context > 1;
        if layout.tensor > 1 {
            let (bandwidth, launch) = self.machine.all_reduce(self.tp);
            let sums = blocks + f64::from(f.dense_layers) + if by_tokens { 0.0 } else { moe };
            row.repeats = sums / self.stages;
            row.bytes_per_token = 2.0 * (self.tp - 1.0) / self.tp * 2.0 * h / self.dp;
            row.bandwidth_bytes_per_s = bandwidth;
            row.launch_s = launch;
            self.push(Part::AllReduce, row);
        }
        if by_tokens && moe > 0.5 {
            let ep = f64::from(layout.expert);
            let remote = remote_places(self.machine.places(ep), f64::from(f.active_experts));
            let (bandwidth, launch) = self.machine.all_to_all(ep);
            row.repeats = moe / self.stages;
            row.bytes_per_token =
                remote * model.expert_input() * (precision.experts.activation_bytes() + 2.0)
                    / f64::from(layout.ranks());
            row.bandwidth_bytes_per_s = bandwidth;
            row.launch_s = 2.0 * launch;
            self.push(Part::AllToAll, row);
        }
        if layout.stages > 1 {
            let inside = layout.accelerators() <= self.machine.domain;
            let link = if inside { self.machine.scale_up } else { self.machine.scale_out };
            row.repeats = 1.0;
            row.bytes_per_token = 2.0 * h / (self.dp * self.tp);
            row.bandwidth_bytes_per_s = link.bandwidth.0 * super::machine::SCALE_OUT_SHARE;
            row.launch_s = link.latency.0 + SMALL_KERNEL_S;
            self.push(Part::PipelineSend, row);
        }
    }

    /// Context ranks: each computes its part of a prompt's tokens, the same new tokens over its part of the cache.
    ///
    /// ~~~text
    /// ring     (c − 1)/c · keys and values of a prompt token, a layer                     each rank receives
    /// combine  2·(c − 1)/c · outputs of attention of a new token, 16 bits, a layer        a sum over ranks
    /// ~~~
    ///
    /// Experts and what is exchanged for them see each token once, wherever it is.
    fn share_positions(&mut self, precision: Precision) {
        for (row, part) in self.table.rows.iter_mut().zip(&self.table.parts) {
            match part {
                Part::DecodeAttention | Part::Indexer if row.bytes_per_position > 0.0 => {
                    row.flop_per_attended /= self.cp;
                    row.bytes_per_position /= self.cp;
                }
                Part::Experts | Part::AllToAll | Part::Host => {}
                _ => row.prefill_share /= self.cp,
            }
        }
        let a = &self.model.attention;
        let (bandwidth, launch) = self.machine.all_reduce(self.tp * self.cp);
        let others = (self.cp - 1.0) / self.cp;
        let elements = match a.kind {
            AttentionKind::Grouped => 2.0 * self.kv_heads_on_rank() * f64::from(a.head_dim),
            _ => self.model.cache_elements(),
        };
        let width = match a.kind {
            AttentionKind::Latent => f64::from(a.v_dim),
            _ => f64::from(a.head_dim),
        };
        let message = Operation {
            repeats: self.model.attention_layers() / self.stages,
            rate_flop_per_s: self.machine.peak.bf16.0,
            miss_log2: ALWAYS_TOUCHED,
            bandwidth_bytes_per_s: bandwidth,
            window: NO_WINDOW,
            ..Operation::default()
        };
        let ring = Operation {
            launch_s: (self.cp - 1.0) * launch,
            bytes_per_token: others * elements * precision.cache.bytes() / self.dp,
            prefill_share: 1.0,
            ..message
        };
        self.push(Part::ContextRing, ring);
        let combine = Operation {
            launch_s: launch,
            bytes_per_token: 2.0 * others * f64::from(a.heads) / self.tp * width * 2.0 / self.dp,
            decode_share: 1.0,
            ..message
        };
        self.push(Part::ContextCombine, combine);
    }

    fn host(&mut self) {
        let software = &self.machine.software;
        let row = Operation {
            repeats: 1.0 / self.stages,
            launch_s: software.step.0,
            rate_flop_per_s: self.machine.peak.bf16.0,
            miss_log2: ALWAYS_TOUCHED,
            // One position of a sequence that is "read" at one per `sequence` seconds.
            bytes_per_position: software.sequence.0 / self.dp,
            bandwidth_bytes_per_s: 1.0,
            decode_share: 1.0,
            prefill_share: 1.0,
            window: 1.0,
            ..Operation::default()
        };
        self.push(Part::Host, row);
    }
}

/// Places other than its own that a token goes to when its `active` experts lie evenly on `places`.
pub(super) fn remote_places(places: f64, active: f64) -> f64 {
    (places - 1.0) * (1.0 - (1.0 - 1.0 / places).powf(active))
}

/// Small kernels around the recurrence of a linear-attention layer: two convolutions, gates, norms of queries and
/// keys, decay, gated norm of the output. Assumption from the layer's definition.
const LINEAR_KERNELS: f64 = 6.0;

/// Fixed time of a small kernel: the launch part of the plain 16-bit products in `efficiency.toml`, 3 to 4 us.
const SMALL_KERNEL_S: f64 = 3e-6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::roofline::{StepLoad, step_time};
    use crate::throughput::samples;

    fn close(value: f64, expected: f64, share: f64) {
        assert!((value / expected - 1.0).abs() < share, "{value:e} against {expected:e}");
    }

    fn table(model: &ModelShape, layout: &Layout) -> StepTable {
        let settings = FoldSettings { prompt: 1_000.0, host: true };
        step_table(model, &samples::gb200(), layout, Precision::uniform(Format::Fp8), &settings)
    }

    fn decode(sequences: f64) -> StepLoad {
        StepLoad { sequences, tokens_per_sequence: 1.0, context: 1_000.0, ..StepLoad::default() }
    }

    #[test]
    fn the_rows_stream_each_weight_once() {
        // All rows of one rank hold 1/8 of the weights, but the input embedding, a look-up, and the head in 16 bits.
        let model = samples::llama_70b();
        let rows = table(&model, &Layout::tensor(8)).rows;
        let streamed: f64 = rows.iter().map(|row| row.repeats * row.weight_bytes).sum();
        let embedding = 128_256.0 * 8_192.0;
        close(streamed, (model.parameters().total() - 2.0 * embedding + 2.0 * embedding) / 8.0, 1e-6);
    }

    #[test]
    fn the_rows_hold_the_arithmetic_of_the_active_parameters() {
        let model = samples::deepseek_v3();
        for layout in [Layout::tensor(8), Layout::attention_data_parallel(8)] {
            let rows = table(&model, &layout).rows;
            let flop: f64 = rows.iter().map(|row| row.repeats * row.flop_per_token).sum();
            // Routers, and with tensor ranks the latent's down-projection, are done whole on each rank.
            close(flop * 8.0, 2.0 * model.active_parameters(), 0.2);
        }
    }

    #[test]
    fn a_table_stays_small() {
        assert!(table(&samples::deepseek_v3(), &Layout::attention_data_parallel(8)).rows.len() <= 24);
    }

    #[test]
    fn one_pass_of_a_small_batch_takes_at_least_the_weights_over_the_bandwidth() {
        let model = samples::llama_70b();
        let time = step_time(&table(&model, &Layout::tensor(1)).rows, &decode(1.0));
        let weights = model.parameters().total() / 8e12;
        assert!(time > weights && time < 2.0 * weights, "{time} against {weights}");
    }
}
