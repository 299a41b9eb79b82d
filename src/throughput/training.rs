//! A training step and its memory; what failures leave of a run is in [`super::goodput`].
//!
//! A micro-batch is counted part by part ([`step`]); what a running step takes against isolated kernels and nominal links
//! are the coefficients of [`factors`], fitted to published runs. Tensor ranks share a layer, stages form an interleaved
//! pipeline, experts spread over tensor ranks and neighbouring data ranks, data ranks hold shards of the optimiser.
//!
//! ~~~text
//! device = compute · (1 + age · years) + messages
//! one    = (device⁴ + host⁴)^(1/4)                    the host launches while the device works
//! step   = (μ · (one + ends) + b · (p − 1)/v · one + exposed gradient traffic + optimiser + fixed) · (1 + g · log₂(N/8))
//! ~~~
//!
//! μ micro-batches of a data rank · p stages · v chunks of a stage · ends what the last stage does beyond the others ·
//! b bubble · g growth with scale: stragglers, longer paths. What is left out: schedules without bubbles, sends between
//! stages, uneven layers of a stage, multi-token prediction.

pub mod factors;
pub mod memory;
mod step;

pub use factors::{Stack, TrainingFactors};
pub use memory::{TrainingMemory, training_memory};

use super::machine::{Machine, SCALE_OUT_SHARE};
use super::operations::ModelShape;
use super::parallelism::Layout;
use super::precision::{Format, Precision};
use crate::units::Seconds;
use factors::is_systolic;
pub use memory::USABLE_SHARE;
use memory::{parameters_on_rank, recomputed_share};
use step::{LINK_SHARE, STREAM_SHARE, Step};

/// What is computed again in the backward pass instead of being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Recompute {
    /// Attention inside its fused kernel alone.
    #[default]
    Selective,
    /// Every layer from its input.
    Full,
    /// As many layers from their inputs as memory asks for.
    Needed,
}

/// A training task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingJob {
    /// Accelerators.
    pub accelerators: u32,
    /// Length of a sequence [tokens].
    pub sequence: f64,
    /// Sequences of a step.
    pub global_batch: f64,
    /// Formats of the products.
    pub precision: Precision,
    /// Whether small adapters are trained beside a frozen base (LoRA): no gradients of its weights.
    pub adapter: bool,
    /// Bytes of a summed gradient: 2 as in recipes of large runs, 4 by default in Megatron.
    pub gradient_bytes: f64,
    /// Software it runs on.
    pub stack: Stack,
    /// Years by which the software is older than the calibrated one, of mid 2026.
    pub years_behind: f64,
    /// What a running step takes against its kernels.
    pub factors: TrainingFactors,
}

/// Years back to the release that fused quantisation into grouped MXFP8 products: containers of June 2026.
const GROUPED_MXFP8_YEARS: f64 = 0.1;

impl TrainingJob {
    /// A job of the whole model on current software.
    #[must_use]
    pub fn new(accelerators: u32, sequence: f64, global_batch: f64, precision: Precision) -> Self {
        Self {
            accelerators,
            sequence,
            global_batch,
            precision,
            adapter: false,
            gradient_bytes: 2.0,
            stack: Stack::Tuned,
            years_behind: 0.0,
            factors: TrainingFactors::default(),
        }
    }

    /// Whether the software is older than grouped MXFP8 products with their quantisation fused.
    fn before_grouped_mxfp8(&self) -> bool {
        self.years_behind > GROUPED_MXFP8_YEARS
    }
}

/// How a training step is split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingLayout {
    /// Ranks that share the heads and widths of a layer.
    pub tensor: u32,
    /// Pipeline stages.
    pub stages: u32,
    /// Model chunks of a stage; 1 without interleaving.
    pub interleave: u32,
    /// Ranks that share the positions of a sequence.
    pub context: u32,
    /// Ranks that share the experts of a layer.
    pub expert: u32,
    /// Whether weights and gradients are shared over the data ranks too and gathered layer by layer (FSDP, ZeRO-3).
    pub sharded: bool,
    /// Sequences of a micro-batch.
    pub micro_batch: u32,
    /// What is computed again.
    pub recompute: Recompute,
}

impl TrainingLayout {
    /// Tensor ranks and stages alone: no interleaving, no experts spread, one sequence a micro-batch.
    #[must_use]
    pub fn new(tensor: u32, stages: u32) -> Self {
        Self {
            tensor,
            stages,
            interleave: 1,
            context: 1,
            expert: 1,
            sharded: false,
            micro_batch: 1,
            recompute: Recompute::Selective,
        }
    }

    /// Data ranks on a number of accelerators.
    #[must_use]
    pub fn data(&self, accelerators: u32) -> u32 {
        accelerators / (self.tensor * self.stages * self.context).max(1)
    }

    /// Copies of the weights, whatever part of the batch or of a sequence they work on.
    fn copies(&self, accelerators: u32) -> f64 {
        f64::from(accelerators / (self.tensor * self.stages).max(1))
    }

    /// Data ranks that share one set of experts.
    fn expert_data(&self) -> u32 {
        (self.expert / self.tensor.max(1)).max(1)
    }

    fn serving_layout(&self) -> Layout {
        Layout {
            tensor: self.tensor,
            stages: self.stages,
            expert: self.expert,
            attention_replicas: self.expert_data(),
            context: 1,
            routing_skew: 0.0,
        }
    }

    /// Why the split cannot run the job, if it cannot.
    #[must_use]
    pub fn illegal(&self, model: &ModelShape, job: &TrainingJob) -> Option<&'static str> {
        if self.micro_batch == 0 || self.interleave == 0 || self.context == 0 {
            return Some("a degree is zero");
        }
        if let Some(reason) = self.serving_layout().illegal(model) {
            return Some(reason);
        }
        let group = self.expert_data().max(self.context);
        if !group.is_multiple_of(self.context) || !group.is_multiple_of(self.expert_data()) {
            return Some("expert ranks and context ranks do not nest");
        }
        if !job.accelerators.is_multiple_of(self.tensor * self.stages * group) {
            return Some("the accelerators do not divide into whole replicas");
        }
        if self.interleave > 1 && self.stages == 1 {
            return Some("one stage has nothing to interleave");
        }
        if self.stages * self.interleave > model.layers {
            return Some("more chunks than layers");
        }
        let ranks = f64::from(self.data(job.accelerators) * self.micro_batch);
        let micro_batches = job.global_batch / ranks;
        if micro_batches < 1.0 || micro_batches.fract() > 1e-9 {
            return Some("the global batch does not divide over data ranks and micro-batches");
        }
        if self.interleave > 1 && micro_batches < f64::from(self.stages) {
            return Some("interleaved stages need as many micro-batches as stages");
        }
        None
    }
}

/// An evaluated training step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingPoint {
    /// The split.
    pub layout: TrainingLayout,
    /// Time of a step.
    pub step: Seconds,
    /// Forward, backward and recomputed arithmetic and memory work, bubble left out.
    pub compute: Seconds,
    /// Messages of tensor and expert ranks and stages.
    pub messages: Seconds,
    /// Idle time of the pipeline.
    pub bubble: Seconds,
    /// Gradient and parameter traffic that computation does not hide.
    pub gradients: Seconds,
    /// Optimiser and fixed time, and waiting for the slowest rank.
    pub rest: Seconds,
    /// Tokens per second of the job.
    pub tokens_per_s: f64,
    /// Model FLOP (no recomputation, causal attention) over the peak of the products' format.
    pub mfu: f64,
    /// Memory of the fullest rank.
    pub memory: TrainingMemory,
}

/// Bytes of a gradient that leaves: 16 bits, as in recipes of large runs.
const GRADIENT_BYTES: f64 = 2.0;

/// Bytes of a weight that comes back: 8 bits where products take them with the scale of a tensor, else 16. MXFP8 would
/// need it twice, scaled along rows and along columns.
fn returned_bytes(format: Format) -> f64 {
    if format == Format::Fp8 { 1.0 } else { 2.0 }
}

/// Bytes of the optimiser's step: read gradient, master weight and two moments, write three and the 16-bit weight.
const ADAM_BYTES: f64 = 28.0;

/// Time of gradients out and parameters in over the data ranks, for `bytes` a rank, before overlap [s].
///
/// ~~~text
/// t = bytes · (r − 1)/r / rate;   rate = link inside the domain, else NIC · ranks of the group inside a domain
/// ~~~
fn gradient_time(machine: &Machine, bytes: f64, ranks: f64, span: f64) -> f64 {
    if ranks <= 1.0 {
        return 0.0;
    }
    let inside = machine.scale_up.bandwidth.0 * LINK_SHARE;
    let domain = f64::from(machine.domain);
    let rate = if span <= domain {
        inside
    } else {
        // A ring crosses a domain's border once for all of its members in the group.
        let members = (domain * ranks / span).clamp(1.0, ranks);
        (machine.scale_out.bandwidth.0 * SCALE_OUT_SHARE * members).min(inside)
    };
    bytes * (ranks - 1.0) / ranks / rate
}

/// What is left of `traffic` when computation of `window` runs beside it, of which the share `never` can't hide [s].
///
/// ~~~text
/// exposed = never·T + (1 − never)·((T⁴ + w⁴)^¼ − w)
/// ~~~
///
/// Gradients leave when their last micro-batch has passed, and weights come back before the first needs them: the work of
/// one micro-batch is all that there is to hide behind, however many a step has.
fn exposed(traffic: f64, window: f64, never: f64) -> f64 {
    let longest = (traffic.powi(4) + window.powi(4)).sqrt().sqrt();
    let never = never.min(1.0);
    never * traffic + (1.0 - never) * (longest - window)
}

/// Traffic of gradients and weights that computation does not hide, and the optimiser's step [s].
fn gradients_and_optimizer(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
    micro_batches: f64,
    window: f64,
) -> (f64, f64) {
    if job.adapter {
        return (0.0, 0.0);
    }
    let f = &job.factors;
    let (dense, experts) = parameters_on_rank(model, layout);
    let copies = layout.copies(job.accelerators);
    let expert_copies = (copies / f64::from(layout.expert_data())).max(1.0);
    let span = f64::from(job.accelerators / layout.stages.max(1));
    let weight = returned_bytes(job.precision.dense);
    let (bytes, times, never) = if layout.sharded {
        // Weights come for the forward and for the backward pass.
        (GRADIENT_BYTES + 2.0 * weight, micro_batches, f.sharded_exposed)
    } else {
        (GRADIENT_BYTES + weight, 1.0, f.gradient_exposed)
    };
    let traffic = gradient_time(machine, bytes * dense, copies, span)
        + f.gradient_experts_exposed * gradient_time(machine, bytes * experts, expert_copies, span);
    let shard = dense / copies + experts / expert_copies;
    (times * exposed(traffic, window, never), ADAM_BYTES * shard / (machine.bandwidth.0 * STREAM_SHARE))
}

/// Share of the output head that the last stage does beyond the others: recipes shift part of its layers. Assumption.
const UNEVEN_ENDS: f64 = 0.7;

/// Evaluates a layout; `None` if it is illegal for the job.
#[must_use]
pub fn evaluate(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
) -> Option<TrainingPoint> {
    if layout.illegal(model, job).is_some() {
        return None;
    }
    let f = &job.factors;
    let mixture = model.feed_forward.moe_layers > 0;
    let repeated = recomputed_share(model, machine, job, layout);
    let whole = Step::new(model, machine, job, layout, repeated);
    let host = whole.host();
    let parts = whole.parts();
    let years = if is_systolic(machine) { 0.0 } else { job.years_behind.max(0.0) };
    let aged = 1.0 + years * if mixture { f.age_experts } else { f.age_dense };
    let device = (parts.compute() + parts.messages()) * aged;
    let messages_one = parts.messages() * aged;
    let one = (device.powi(4) + host.powi(4)).sqrt().sqrt();

    let data = f64::from(layout.data(job.accelerators));
    let micro_batches = job.global_batch / (data * f64::from(layout.micro_batch));
    let (p, v) = (f64::from(layout.stages), f64::from(layout.interleave));
    // Where layers divide evenly, the last stage has the head besides; uneven layers make room for it.
    let even = layout.stages > 1 && model.layers.is_multiple_of(layout.stages);
    let ends = if even { UNEVEN_ENDS * parts.head * (p - 1.0) } else { 0.0 };
    let bubble = f.bubble * (p - 1.0) / v * one + micro_batches * ends;
    let (gradients, optimizer) = gradients_and_optimizer(model, machine, job, layout, micro_batches, one);
    let messages = micro_batches * messages_one;
    let compute = micro_batches * (one - messages_one);
    let work = compute + messages + bubble + gradients + optimizer + f.fixed().0;
    let growth = if mixture { f.scale_experts } else { f.scale_dense };
    let waiting = work * growth * (f64::from(job.accelerators) / 8.0).log2().max(0.0);
    let step = work + waiting;

    let tokens = job.global_batch * job.sequence;
    let flop = 3.0 * model.forward_flop_per_token(job.sequence / 2.0) * tokens;
    let peak = machine.peak.effective(job.precision.dense).1.0 * f64::from(job.accelerators);
    Some(TrainingPoint {
        layout: *layout,
        step: Seconds(step),
        compute: Seconds(compute),
        messages: Seconds(messages),
        bubble: Seconds(bubble),
        gradients: Seconds(gradients),
        rest: Seconds(optimizer + waiting + f.fixed().0),
        tokens_per_s: tokens / step,
        mfu: flop / (peak * step),
        memory: training_memory(model, machine, job, layout),
    })
}

/// Chunks of a stage that are tried: recipes have one to ten.
const INTERLEAVES: [u32; 8] = [1, 2, 3, 4, 5, 6, 8, 10];
/// Sequences of a micro-batch that are tried.
const MICRO_BATCHES: [u32; 4] = [1, 2, 4, 8];
/// Positions below which a context rank is not worth its messages.
const LEAST_POSITIONS: f64 = 4_096.0;

/// All splits that are tried: powers of two, and the stage counts that uneven numbers of layers ask for.
fn splits(model: &ModelShape, machine: &Machine, job: &TrainingJob) -> Vec<TrainingLayout> {
    let powers = |most: u32| (0..=most.max(1).ilog2()).map(|power| 1_u32 << power);
    let most_tensor = machine.domain.clamp(1, 16).min(job.accelerators.max(1));
    let stage_counts: Vec<u32> = powers(32).chain([3, 6, 9, 12, 18]).collect();
    let most_context = (job.sequence / LEAST_POSITIONS).clamp(1.0, 16.0) as u32;
    let mut found = Vec::new();
    for tensor in powers(most_tensor) {
        for stages in stage_counts.iter().copied().filter(|stages| stages * tensor <= job.accelerators) {
            for context in powers(most_context).filter(|c| c * tensor <= machine.domain.max(1)) {
                for expert in powers(model.feed_forward.experts.clamp(1, 64)) {
                    // Weights gathered layer by layer do not go with a pipeline, which would gather them once a micro-batch.
                    for sharded in [false, true].into_iter().filter(|sharded| !sharded || stages == 1) {
                        found.push(TrainingLayout {
                            context,
                            expert,
                            sharded,
                            recompute: Recompute::Needed,
                            ..TrainingLayout::new(tensor, stages)
                        });
                    }
                }
            }
        }
    }
    found
}

/// The fastest layout that fits into memory, and the fastest of another split to argue with.
#[must_use]
pub fn best_layout(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
) -> (Option<TrainingPoint>, Option<TrainingPoint>) {
    let room = machine.memory.0 * USABLE_SHARE * (1.0 + 1e-9);
    let mut best: Option<TrainingPoint> = None;
    let mut second: Option<TrainingPoint> = None;
    let differ = |a: &TrainingPoint, b: &TrainingPoint| {
        (a.layout.tensor, a.layout.stages, a.layout.expert)
            != (b.layout.tensor, b.layout.stages, b.layout.expert)
    };
    for split in splits(model, machine, job) {
        for interleave in INTERLEAVES.into_iter().filter(|v| *v == 1 || split.stages > 1) {
            for micro_batch in MICRO_BATCHES {
                let layout = TrainingLayout { interleave, micro_batch, ..split };
                let Some(point) = evaluate(model, machine, job, &layout) else { continue };
                if point.memory.total.0 > room {
                    continue;
                }
                if best.is_none_or(|known| point.step.0 < known.step.0) {
                    if let Some(known) = best.filter(|known| differ(known, &point)) {
                        second = Some(known);
                    }
                    best = Some(point);
                } else if best.is_some_and(|known| differ(&known, &point))
                    && second.is_none_or(|known| point.step.0 < known.step.0)
                {
                    second = Some(point);
                }
            }
        }
    }
    (best, second)
}

/// The legal layout that asks for the least memory, everything computed again; `None` where no layout is legal.
#[must_use]
pub fn leanest_layout(model: &ModelShape, machine: &Machine, job: &TrainingJob) -> Option<TrainingPoint> {
    splits(model, machine, job)
        .into_iter()
        .filter_map(|split| {
            evaluate(model, machine, job, &TrainingLayout { recompute: Recompute::Full, ..split })
        })
        .min_by(|a, b| a.memory.total.0.total_cmp(&b.memory.total.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::samples;
    use crate::units::ByteRate;

    fn job(accelerators: u32) -> TrainingJob {
        TrainingJob::new(accelerators, 8_192.0, 256.0, Precision::uniform(Format::Bf16))
    }

    fn layout() -> TrainingLayout {
        TrainingLayout { interleave: 5, ..TrainingLayout::new(4, 4) }
    }

    #[test]
    fn a_step_is_the_sum_of_its_parts_and_utilisation_is_possible() {
        let point = evaluate(&samples::llama_70b(), &samples::h100(), &job(128), &layout()).expect("legal");
        let sum = point.compute.0 + point.messages.0 + point.bubble.0 + point.gradients.0 + point.rest.0;
        assert!((sum / point.step.0 - 1.0).abs() < 1e-9);
        assert!(point.mfu > 0.25 && point.mfu < 0.75, "{}", point.mfu);
        // Bubble: (4 − 1)/5 of one of 32 micro-batches, times its factor, and the head of the last stage.
        let share = point.bubble.0 / (point.compute.0 + point.messages.0);
        assert!(share > 0.6 / 32.0 && share < 0.06, "{share}");
    }

    #[test]
    fn utilisation_is_model_flop_over_peak() {
        // 6 · 69.5e9 + 3 · 4 · 64 · 128 · 80 layers · 4,096 positions = 4.49e11 FLOP a token.
        let point = evaluate(&samples::llama_70b(), &samples::h100(), &job(128), &layout()).expect("legal");
        let flop = 6.0 * 69.5e9 + 12.0 * 8_192.0 * 80.0 * 4_096.0;
        let expected = flop * point.tokens_per_s / 128.0 / 989e12;
        assert!((point.mfu / expected - 1.0).abs() < 1e-3);
    }

    #[test]
    fn more_network_is_never_slower_and_recomputation_saves_memory() {
        let model = samples::llama_70b();
        let slow = evaluate(&model, &samples::h100(), &job(128), &layout()).expect("legal");
        let mut machine = samples::h100();
        machine.scale_out.bandwidth = ByteRate(100e9);
        let fast = evaluate(&model, &machine, &job(128), &layout()).expect("legal");
        assert!(fast.step.0 <= slow.step.0);
        let full = TrainingLayout { recompute: Recompute::Full, ..layout() };
        let full = evaluate(&model, &samples::h100(), &job(128), &full).expect("legal");
        assert!(full.step.0 > slow.step.0);
        assert!(full.memory.activations.0 < slow.memory.activations.0);
    }

    #[test]
    fn the_search_finds_a_layout_that_fits_and_no_listed_one_beats_it() {
        let (best, second) = best_layout(&samples::llama_70b(), &samples::h100(), &job(64));
        let best = best.expect("fits on 64");
        assert!(best.memory.total.0 <= 76e9);
        assert!(second.expect("more than one split").step.0 >= best.step.0);
        let known = TrainingLayout { recompute: Recompute::Full, ..layout() };
        let known = evaluate(&samples::llama_70b(), &samples::h100(), &job(64), &known).expect("legal");
        assert!(known.memory.total.0 <= 76e9);
        assert!(best.step.0 <= known.step.0);
    }

    // Every whole number of ranks on a small machine, not the listed ones alone.
    #[test]
    fn the_search_equals_brute_force_on_small_cases() {
        for (model, machine, accelerators, batch) in [
            (samples::llama_8b(), samples::h100(), 8, 32.0),
            (samples::llama_8b(), samples::h100(), 16, 16.0),
            (samples::llama_70b(), samples::gb200(), 16, 64.0),
        ] {
            let job = TrainingJob {
                accelerators,
                global_batch: batch,
                ..TrainingJob::new(accelerators, 8_192.0, batch, Precision::uniform(Format::Bf16))
            };
            let mut least = f64::INFINITY;
            for tensor in 1..=accelerators {
                for stages in 1..=accelerators / tensor {
                    for (context, sharded) in [(1, false), (2, false), (1, true), (2, true)] {
                        for (interleave, micro_batch) in (1..=10).flat_map(|v| (1..=8).map(move |m| (v, m))) {
                            let layout = TrainingLayout {
                                context,
                                sharded: sharded && stages == 1,
                                interleave,
                                micro_batch,
                                recompute: Recompute::Needed,
                                ..TrainingLayout::new(tensor, stages)
                            };
                            if !INTERLEAVES.contains(&interleave) {
                                continue;
                            }
                            let Some(point) = evaluate(&model, &machine, &job, &layout) else { continue };
                            if point.memory.total.0 <= machine.memory.0 * USABLE_SHARE * (1.0 + 1e-9) {
                                least = least.min(point.step.0);
                            }
                        }
                    }
                }
            }
            let found = best_layout(&model, &machine, &job).0.expect("fits");
            assert!((found.step.0 / least - 1.0).abs() < 1e-9, "{found:?} against {least}");
        }
    }

    #[test]
    fn just_enough_layers_are_computed_again() {
        let (model, machine) = (samples::llama_70b(), samples::h100());
        let needed = TrainingLayout { recompute: Recompute::Needed, ..layout() };
        let job = TrainingJob { global_batch: 512.0, ..job(128) };
        let wide = TrainingLayout { micro_batch: 2, ..needed };
        let point = evaluate(&model, &machine, &job, &wide).expect("legal");
        let none = training_memory(
            &model,
            &machine,
            &job,
            &TrainingLayout { recompute: Recompute::Selective, ..wide },
        );
        let all =
            training_memory(&model, &machine, &job, &TrainingLayout { recompute: Recompute::Full, ..wide });
        let room = machine.memory.0 * USABLE_SHARE;
        assert!(none.total.0 > room && all.total.0 < room, "{none:?} {all:?}");
        assert!((point.memory.total.0 / room - 1.0).abs() < 1e-6, "{:?}", point.memory);
    }

    #[test]
    fn an_adapter_is_faster_and_smaller_than_the_whole_model() {
        let (model, machine) = (samples::llama_70b(), samples::h100());
        let whole = evaluate(&model, &machine, &job(128), &layout()).expect("legal");
        let adapter = TrainingJob { adapter: true, ..job(128) };
        let part = evaluate(&model, &machine, &adapter, &layout()).expect("legal");
        assert!(part.step.0 < 0.8 * whole.step.0);
        assert!(part.memory.total.0 < 0.6 * whole.memory.total.0);
        assert!(part.gradients.0.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn a_mesh_gives_a_pair_one_of_its_links() {
        let (model, mut machine) = (samples::llama_70b(), samples::h100());
        let pair = TrainingLayout::new(2, 8);
        let switched = evaluate(&model, &machine, &job(128), &pair).expect("legal");
        machine.meshed = true;
        let meshed = evaluate(&model, &machine, &job(128), &pair).expect("legal");
        // One link of seven.
        assert!((meshed.messages.0 / switched.messages.0 / 7.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn an_uneven_batch_is_refused() {
        assert!(
            layout().illegal(&samples::llama_70b(), &TrainingJob { global_batch: 7.0, ..job(128) }).is_some()
        );
        assert!(layout().illegal(&samples::llama_70b(), &job(100)).is_some());
    }
}
