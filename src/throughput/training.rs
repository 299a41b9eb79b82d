//! A training step and its memory; what failures leave of a run is in [`super::goodput`].
//!
//! The rows of a forward pass are the prefill rows of [`step_table`]; the backward pass multiplies them by the
//! work of each part. Tensor ranks share a layer, stages form an interleaved pipeline, experts spread over tensor
//! ranks and neighbouring data ranks, data ranks hold shards of the optimiser. What is left out: schedules without
//! bubbles, uneven stages.
//!
//! ~~~text
//! step = (μ + (p − 1)/v) · (t_f + t_b + t_r) + exposed gradient traffic + optimiser + fixed, · jitter
//! ~~~
//!
//! μ micro-batches of a data rank · p stages · v chunks of a stage · t_f, t_b, t_r forward, backward, recomputation
//! of one micro-batch on one stage.

use super::machine::{Machine, SCALE_OUT_SHARE};
use super::operations::{FoldSettings, ModelShape, Part, StepTable, step_table};
use super::parallelism::Layout;
use super::precision::Precision;
use super::roofline::{StepLoad, operation_time};
use crate::units::{Bytes, Seconds};

/// What is computed again in the backward pass instead of being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Recompute {
    /// Attention inside its fused kernel alone.
    #[default]
    Selective,
    /// Every layer from its input.
    Full,
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
    /// Fixed time of a step: data, logging, the launch of the optimiser.
    pub fixed: Seconds,
    /// Relative deviation of one rank's step time; the slowest of N is awaited.
    pub jitter: f64,
}

impl TrainingJob {
    /// A job with assumed software constants: 30 ms a step and 0.5 % deviation between ranks.
    #[must_use]
    pub fn new(accelerators: u32, sequence: f64, global_batch: f64, precision: Precision) -> Self {
        Self { accelerators, sequence, global_batch, precision, fixed: Seconds(0.03), jitter: 0.005 }
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

/// Memory of the fullest rank by part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrainingMemory {
    /// Weights in the format of the products and gradients.
    pub weights: Bytes,
    /// Master weights and moments, the rank's shard.
    pub optimizer: Bytes,
    /// Activations kept for the backward pass.
    pub activations: Bytes,
    /// All of it with 4 GB of the runtime's own.
    pub total: Bytes,
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

/// Runtime memory beside the model: context, communication buffers, fragmentation. Assumption.
const RUNTIME_BYTES: f64 = 4e9;
/// A weight and its gradient, 16 bits each, as published recipes of large runs have them.
const HELD_BYTES: f64 = 4.0;
/// Share of usable memory that can be filled. Assumption.
const USABLE_SHARE: f64 = 0.95;

/// Parameters of the fullest rank: (copied over all data ranks, copied over the data ranks beyond the expert group).
fn parameters_on_rank(model: &ModelShape, layout: &TrainingLayout) -> (f64, f64) {
    let p = model.parameters();
    let tp = f64::from(layout.tensor);
    let stages = f64::from(layout.stages);
    let ends = if layout.stages > 1 && !model.tied_embeddings { p.embedding / 2.0 } else { p.embedding };
    let dense = (p.attention + p.dense) / (tp * stages) + ends / tp;
    let split = f64::from(layout.tensor.max(layout.expert));
    (dense, p.experts / (split * stages))
}

/// Memory of the fullest rank.
///
/// ~~~text
/// weights     2 bytes, gradients 2 bytes a parameter
/// optimiser   12 bytes a parameter over the data ranks that copy it
/// activations tokens · (17·h + 6·f) bytes a layer over tensor ranks; 2·h with full recomputation
/// in flight   layers · (1 + (p − 1)/(p·v)) / p · p micro-batches on the first stage
/// ~~~
///
/// h hidden width · f feed-forward width that a token meets. Korthikanti et al. 2022, arXiv:2205.05198, with
/// attention fused and a gated feed-forward.
#[must_use]
pub fn training_memory(model: &ModelShape, job: &TrainingJob, layout: &TrainingLayout) -> TrainingMemory {
    let (dense, experts) = parameters_on_rank(model, layout);
    let data = f64::from(layout.data(job.accelerators));
    let copies = layout.copies(job.accelerators).max(1.0);
    let expert_copies = (copies / f64::from(layout.expert_data())).max(1.0);
    let shards = dense / copies + experts / expert_copies;
    let one_layer = (dense + experts) * f64::from(layout.stages) / f64::from(model.layers.max(1));
    // Two gathered layers are alive where weights are shared: one in use, one on its way.
    let weights = if layout.sharded {
        HELD_BYTES * shards + 2.0 * 2.0 * one_layer
    } else {
        HELD_BYTES * (dense + experts)
    };
    let optimizer = 12.0 * shards;
    let f = &model.feed_forward;
    let layers = f64::from(model.layers);
    let h = f64::from(model.hidden);
    let routed = f64::from(f.active_experts * f.expert_width) + f64::from(f.shared_width);
    let width =
        (f64::from(f.dense_layers * f.dense_width) + f64::from(f.moe_layers) * routed) / layers.max(1.0);
    let tokens = f64::from(layout.micro_batch) * job.sequence / f64::from(layout.tensor * layout.context);
    let kept = match layout.recompute {
        Recompute::Selective => 17.0 * h + 6.0 * width,
        Recompute::Full => 2.0 * h,
    };
    let (p, v) = (f64::from(layout.stages), f64::from(layout.interleave));
    let micro_batches = job.global_batch / (data * f64::from(layout.micro_batch)).max(1.0);
    let in_flight = (p + (p - 1.0) / v).min(micro_batches.max(1.0)) / p;
    let working = tokens * (17.0 * h + 6.0 * width);
    let activations = tokens * kept * layers * in_flight + working;
    TrainingMemory {
        weights: Bytes(weights),
        optimizer: Bytes(optimizer),
        activations: Bytes(activations),
        total: Bytes(weights + optimizer + activations + RUNTIME_BYTES),
    }
}

/// Backward work over forward work: products need two for one, fused attention five for two.
fn backward_share(part: Part) -> f64 {
    match part {
        Part::PrefillAttention | Part::Indexer => 2.5,
        Part::AllReduce | Part::AllToAll | Part::PipelineSend => 1.0,
        _ => 2.0,
    }
}

fn is_message(part: Part) -> bool {
    matches!(part, Part::AllReduce | Part::AllToAll | Part::PipelineSend)
}

/// Forward, backward and recomputation of one micro-batch on one stage: (compute, messages) [s].
fn micro_batch_time(table: &StepTable, load: &StepLoad, recompute: Recompute) -> (f64, f64) {
    let mut compute = 0.0;
    let mut messages = 0.0;
    for (row, part) in table.rows.iter().zip(&table.parts) {
        let forward = operation_time(row, load).total;
        let again = match recompute {
            Recompute::Selective => 0.0,
            Recompute::Full if *part == Part::Head || *part == Part::PipelineSend => 0.0,
            Recompute::Full => 1.0,
        };
        let time = forward * (1.0 + backward_share(*part) + again);
        if is_message(*part) {
            messages += time;
        } else {
            compute += time;
        }
    }
    (compute, messages)
}

/// A fold of a model on a training layout.
fn training_table(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
) -> StepTable {
    let settings = FoldSettings { prompt: job.sequence, host: false };
    let mut table = step_table(model, machine, &layout.serving_layout(), job.precision, &settings);
    for (row, part) in table.rows.iter_mut().zip(&table.parts) {
        if *part == Part::Head {
            // Every token counts in the loss; uneven stages make room for the head.
            row.prefill_share = 1.0;
            row.repeats /= f64::from(layout.stages);
        }
    }
    table
}

/// Time of gradients out and parameters in over the data ranks, for `bytes` a rank, before overlap [s].
fn gradient_time(machine: &Machine, bytes: f64, ranks: f64, span: f64) -> f64 {
    if ranks <= 1.0 {
        return 0.0;
    }
    let (bandwidth, launch) = if span <= f64::from(machine.domain) {
        let (bandwidth, launch) = machine.all_reduce(ranks);
        (bandwidth, launch)
    } else {
        // A ring crosses a domain's border once for all of its members in the group.
        let inside = (f64::from(machine.domain) * ranks / span).clamp(1.0, ranks);
        let rate = machine.scale_out.bandwidth.0 * SCALE_OUT_SHARE * inside;
        (rate.min(machine.all_reduce(1.0).0), 2.0 * machine.scale_out.latency.0)
    };
    bytes * (ranks - 1.0) / ranks / bandwidth + launch * ranks.log2()
}

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
    let table = training_table(model, machine, job, layout);
    let group = f64::from(layout.expert_data());
    let load = StepLoad {
        prefill_tokens: group * f64::from(layout.micro_batch) * job.sequence / f64::from(layout.context),
        prefill_context: job.sequence / 2.0,
        tokens_per_sequence: 1.0,
        ..StepLoad::default()
    };
    let (compute_one, sent_one) = micro_batch_time(&table, &load, layout.recompute);
    let messages_one = sent_one + context_time(model, machine, layout, &table, &load, job.sequence);
    let data = f64::from(layout.data(job.accelerators));
    let micro_batches = job.global_batch / (data * f64::from(layout.micro_batch));
    let (p, v) = (f64::from(layout.stages), f64::from(layout.interleave));
    let compute = micro_batches * compute_one;
    let messages = micro_batches * (messages_one + (v - 1.0) * send_time(&table, &load));
    let bubble = (p - 1.0) / v * (compute_one + messages_one);

    let (dense, experts) = parameters_on_rank(model, layout);
    let copies = layout.copies(job.accelerators);
    let gradients = if layout.sharded {
        // Weights come in 16 bits for the forward and the backward pass, gradients leave once: for each micro-batch.
        let one = gradient_time(machine, 6.0 * dense, copies, copies)
            + gradient_time(machine, 6.0 * experts, copies / group, copies);
        let layers = (f64::from(model.layers) / p).max(1.0);
        micro_batches * (one - compute_one).max(one / layers)
    } else {
        // Gradients leave and parameters come back in 16 bits.
        let traffic = gradient_time(machine, HELD_BYTES * dense, copies, copies)
            + gradient_time(machine, HELD_BYTES * experts, copies / group, copies);
        // What computes while gradients travel is one micro-batch; the last layer has nothing left to hide behind.
        let layers = (f64::from(model.layers) / p).max(1.0);
        (traffic - compute_one * (1.0 - 1.0 / layers)).max(traffic / layers)
    };

    // Adam: read gradient, master weight and two moments, write three and the 16-bit weight: 28 bytes.
    let shard = dense / copies + experts / (copies / group).max(1.0);
    let optimizer = 28.0 * shard / machine.bandwidth.0;
    let work = compute + messages + bubble + gradients + optimizer;
    // The largest of N normal deviates lies at σ·sqrt(2·ln N).
    let waiting = work * job.jitter * (2.0 * f64::from(job.accelerators).ln()).max(0.0).sqrt();
    let step = work + waiting + job.fixed.0;

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
        rest: Seconds(optimizer + waiting + job.fixed.0),
        tokens_per_s: tokens / step,
        mfu: flop / (peak * step),
        memory: training_memory(model, job, layout),
    })
}

/// Keys and values that go round the context ranks of a stage for one micro-batch, beyond what attention hides [s].
///
/// ~~~text
/// bytes = (c − 1)/c · tokens · cache elements / tp · 2 B · layers · 3 passes
/// ~~~
fn context_time(
    model: &ModelShape,
    machine: &Machine,
    layout: &TrainingLayout,
    table: &StepTable,
    load: &StepLoad,
    sequence: f64,
) -> f64 {
    if layout.context <= 1 {
        return 0.0;
    }
    let c = f64::from(layout.context);
    let tokens = f64::from(layout.micro_batch) * sequence;
    let elements = model.cache_elements() / f64::from(layout.tensor);
    let layers = model.attention_layers() / f64::from(layout.stages);
    let bytes = (c - 1.0) / c * tokens * elements * 2.0 * layers * 3.0;
    let (bandwidth, launch) = machine.all_to_all(f64::from(layout.tensor * layout.context));
    let attention: f64 = table
        .rows
        .iter()
        .zip(&table.parts)
        .filter(|(_, part)| **part == Part::PrefillAttention)
        .map(|(row, part)| operation_time(row, load).total * (1.0 + backward_share(*part)))
        .sum();
    (bytes / bandwidth - attention).max(0.0) + layers * 3.0 * launch
}

/// Hand-over between stages for one chunk, both ways [s].
fn send_time(table: &StepTable, load: &StepLoad) -> f64 {
    table
        .rows
        .iter()
        .zip(&table.parts)
        .filter(|(_, part)| **part == Part::PipelineSend)
        .map(|(row, _)| 2.0 * operation_time(row, load).total)
        .sum()
}

/// The fastest layout that fits into memory, and the fastest of another split to argue with.
#[must_use]
pub fn best_layout(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
) -> (Option<TrainingPoint>, Option<TrainingPoint>) {
    let room = machine.memory.0 * USABLE_SHARE;
    let mut best: Option<TrainingPoint> = None;
    let mut second: Option<TrainingPoint> = None;
    let powers = |most: u32| (0..=most.ilog2()).map(|power| 1_u32 << power);
    let most_tensor = machine.domain.clamp(1, 16).min(job.accelerators.max(1));
    let mut stage_counts: Vec<u32> = powers(32).collect();
    stage_counts.extend([3, 6, 9, 12, 18]);
    for tensor in powers(most_tensor) {
        for stages in stage_counts.iter().copied().filter(|s| s * tensor <= job.accelerators) {
            for expert in powers(model.feed_forward.experts.clamp(1, 64)) {
                for interleave in [1, 2, 3, 4, 5, 6, 8, 10] {
                    for micro_batch in [1, 2, 4, 8] {
                        for recompute in [Recompute::Selective, Recompute::Full] {
                            let layout = TrainingLayout {
                                interleave,
                                expert,
                                micro_batch,
                                recompute,
                                ..TrainingLayout::new(tensor, stages)
                            };
                            if layout.illegal(model, job).is_some()
                                || training_memory(model, job, &layout).total.0 > room
                            {
                                continue;
                            }
                            let Some(point) = evaluate(model, machine, job, &layout) else { continue };
                            let split = |a: &TrainingPoint, b: &TrainingPoint| {
                                (a.layout.tensor, a.layout.stages, a.layout.expert)
                                    == (b.layout.tensor, b.layout.stages, b.layout.expert)
                            };
                            if best.is_none_or(|known| point.step.0 < known.step.0) {
                                if let Some(known) = best.filter(|known| !split(known, &point)) {
                                    second = Some(known);
                                }
                                best = Some(point);
                            } else if best.is_some_and(|known| !split(&known, &point))
                                && second.is_none_or(|known| point.step.0 < known.step.0)
                            {
                                second = Some(point);
                            }
                        }
                    }
                }
            }
        }
    }
    (best, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::precision::Format;
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
        // Bubble: (4 − 1)/5 of one of 32 micro-batches: 1.9 % of compute and messages.
        assert!((point.bubble.0 / (point.compute.0 + point.messages.0) - 0.6 / 32.0).abs() < 1e-3);
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

    #[test]
    fn an_uneven_batch_is_refused() {
        assert!(
            layout().illegal(&samples::llama_70b(), &TrainingJob { global_batch: 7.0, ..job(128) }).is_some()
        );
        assert!(layout().illegal(&samples::llama_70b(), &job(100)).is_some());
    }
}
