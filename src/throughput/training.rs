//! A training step and its memory; what failures leave of a run is in [`super::goodput`].
//!
//! A sequence is counted part by part ([`step`]) and folded to what a point needs ([`split`]); [`point`] and [`memory`] make
//! a step and its memory of it, the same functions in `f64` and in the kernel of the sweep. What a running step takes
//! against isolated kernels and nominal links are the coefficients of [`factors`], fitted to published runs. Tensor ranks
//! share a layer, stages form an interleaved pipeline, experts spread over tensor ranks and neighbouring data ranks, data
//! ranks hold shards of the optimiser. The device ages with its software's years:
//!
//! ~~~text
//! device = (compute + messages) · (1 + age · years)
//! ~~~
//!
//! What is left out: schedules without bubbles, sends between stages, uneven layers of a stage, multi-token prediction.

pub mod factors;
pub mod memory;
pub mod point;
pub mod split;
mod step;

pub use factors::{Stack, TrainingFactors};
pub use memory::{TrainingMemory, training_memory};

use super::machine::Machine;
use super::parallelism::Layout;
use super::precision::Precision;
use super::shape::ModelShape;
use crate::units::Seconds;
pub use memory::USABLE_SHARE;
use memory::{fill, memory_parts};
use point::{step_times, utilisation};
use split::{JobTerms, Scale, Setting, Split};

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

    /// Data ranks that share one set of experts.
    fn expert_data(&self) -> u32 {
        (self.expert / self.tensor.max(1)).max(1)
    }

    /// Copies of the weights that a job has a whole multiple of: the larger of the expert and the context group.
    fn group(&self) -> u32 {
        self.expert_data().max(self.context)
    }

    /// Accelerators that a job has a whole multiple of, if there are so many.
    #[must_use]
    pub fn replica(&self) -> Option<u32> {
        self.tensor.checked_mul(self.stages)?.checked_mul(self.group())
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

    /// Why the split cannot hold the model, if it cannot, whatever the job.
    #[must_use]
    pub fn illegal_split(&self, model: &ModelShape) -> Option<&'static str> {
        if self.micro_batch == 0 || self.interleave == 0 || self.context == 0 {
            return Some("a degree is zero");
        }
        if let Some(reason) = self.serving_layout().illegal(model) {
            return Some(reason);
        }
        if !self.group().is_multiple_of(self.context) || !self.group().is_multiple_of(self.expert_data()) {
            return Some("expert ranks and context ranks do not nest");
        }
        if self.interleave > 1 && self.stages == 1 {
            return Some("one stage has nothing to interleave");
        }
        if self.stages.saturating_mul(self.interleave) > model.layers {
            return Some("more chunks than layers");
        }
        None
    }

    /// Why the split cannot run the job, if it cannot.
    #[must_use]
    pub fn illegal(&self, model: &ModelShape, job: &TrainingJob) -> Option<&'static str> {
        if let Some(reason) = self.illegal_split(model) {
            return Some(reason);
        }
        if !self.replica().is_some_and(|replica| job.accelerators.is_multiple_of(replica)) {
            return Some("the accelerators do not divide into whole replicas");
        }
        let ranks = f64::from(self.data(job.accelerators)) * f64::from(self.micro_batch);
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

impl TrainingPoint {
    /// Whether the fullest rank holds it: layers computed again as memory asks for fill the room to the brim.
    #[must_use]
    pub fn fits(&self, machine: &Machine) -> bool {
        self.memory.total.0 <= memory::room(machine) * (1.0 + 1e-9)
    }

    /// What the step spends most of its time on.
    #[must_use]
    pub fn longest_part(&self) -> &'static str {
        let parts = [
            (self.compute.0, "arithmetic and memory"),
            (self.messages.0, "interconnect"),
            (self.bubble.0, "pipeline bubble"),
            (self.gradients.0, "gradient traffic"),
            (self.rest.0, "optimiser and waiting"),
        ];
        parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).map_or("arithmetic and memory", |(_, name)| name)
    }
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
    let split = Split::fold(model, machine, job, layout);
    let terms = JobTerms::new(model, machine, job);
    let (scale, setting) = (Scale::of(model, job, job.accelerators), Setting::of(layout));
    let again = fill(&terms, &split, &scale, setting).again;
    let times = step_times(&terms, &split, &scale, setting, again.layers);
    Some(TrainingPoint {
        layout: *layout,
        step: Seconds(times.step),
        compute: Seconds(times.compute),
        messages: Seconds(times.messages),
        bubble: Seconds(times.bubble),
        gradients: Seconds(times.gradients),
        rest: Seconds(times.rest),
        tokens_per_s: scale.global_batch * terms.sequence_tokens / times.step,
        mfu: utilisation(&terms, &scale, times.step),
        memory: TrainingMemory::of(memory_parts(&split, &scale, setting, again)),
    })
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
        let room = memory::room(&machine);
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
