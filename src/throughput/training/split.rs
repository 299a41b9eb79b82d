//! One split of a model over the ranks of a job, folded once in `f64`: what is left for a point is arithmetic.
//!
//! Everything that depends on the model, the machine and the ranks that share them is in a [`Split`]; what holds for
//! all splits of a job is in [`JobTerms`]; how many accelerators and sequences there are is a [`Scale`]; micro-batch
//! and interleaving are a [`Setting`]. Parts of a step are affine in the share of the layers that is computed again,
//! so a fold counts them twice: with no layer and with all of them. `point` and `memory` put the four together, once
//! for `f64` and `f32`; a kernel's rows are these structs.

use super::factors::is_systolic;
use super::memory::{kept_bytes, parameters_on_rank, room, state_bytes};
use super::point::HALF_ROWS;
use super::step::{LINK_SHARE, Parts, STREAM_SHARE, Step};
use super::{Recompute, TrainingJob, TrainingLayout};
use crate::scalar::Real;
use crate::throughput::machine::{Machine, SCALE_OUT_SHARE};
use crate::throughput::precision::Format;
use crate::throughput::shape::ModelShape;

/// Declares a struct of numbers of one kind, with its fields in another precision.
macro_rules! numbers {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        #[repr(C)]
        pub struct $name<T = f64> {
            $($(#[$doc])* pub $field: T),+
        }

        impl $name {
            /// The same in another precision.
            #[must_use]
            pub fn cast<T: Real>(&self) -> $name<T> {
                $name { $($field: T::of(self.$field)),+ }
            }

            /// The fields in the order of declaration.
            #[must_use]
            pub fn values(&self) -> Vec<f64> {
                vec![$(self.$field),+]
            }
        }
    };
}

numbers! {
    /// What one rank of a split does and holds; times and bytes of a stage, "a sequence" is one of the micro-batch.
    pub struct Split {
        /// Accelerators that hold one copy of the weights: tensor ranks times stages.
        pub copy_ranks,
        /// Pipeline stages.
        pub stages,
        /// Ranks that share the positions of a sequence.
        pub context,
        /// Data ranks that share one set of experts.
        pub expert_data,
        /// Accelerators that a job has a whole number of: one copy for each member of the expert or context group.
        pub replica,
        /// Chunks of a stage at most: layers of a stage, 1 without a pipeline.
        pub most_interleave,
        /// Work of a sequence, experts left out [s].
        pub plain_s,
        /// What is added to it where all layers are computed again [s].
        pub plain_again_s,
        /// Experts of a sequence, with many rows each [s].
        pub experts_s,
        /// What is added to it where all layers are computed again [s].
        pub experts_again_s,
        /// Time of experts over that with many rows, but for the few.
        pub expert_fill,
        /// Rows that a sequence gives an expert.
        pub expert_rows,
        /// Adding gradients to their sums, once a micro-batch [s].
        pub sums_s,
        /// Messages of a sequence [s].
        pub messages_s,
        /// What the fullest stage does beyond the mean of all for a sequence [s].
        pub ends_s,
        /// The host's time for a micro-batch [s].
        pub host_s,
        /// Parameters of a rank that all copies share.
        pub dense_parameters,
        /// Parameters of a rank's experts.
        pub expert_parameters,
        /// Their traffic over the copies [bytes].
        pub dense_exchanged_bytes,
        /// The same of the experts [bytes].
        pub expert_exchanged_bytes,
        /// Members of the group of all copies in one domain.
        pub dense_members,
        /// Members of the group of expert copies in one domain.
        pub expert_members,
        /// Share of the traffic that computation beside it can't hide.
        pub never_hidden,
        /// 1 where the traffic comes with each micro-batch, 0 where once a step.
        pub each_micro_batch,
        /// Weights whatever the number of copies [bytes].
        pub held_weights_bytes,
        /// Weights for each parameter of a shard [bytes].
        pub shard_weights_bytes,
        /// Gradients whatever the number of copies [bytes].
        pub held_gradients_bytes,
        /// Gradients for each parameter of a shard [bytes].
        pub shard_gradients_bytes,
        /// Optimiser for each parameter of a shard [bytes].
        pub shard_optimizer_bytes,
        /// Optimiser's time for each parameter of a shard [s].
        pub shard_optimizer_s,
        /// Activations of a sequence kept in all stages [bytes].
        pub kept_bytes,
        /// The same where every layer is computed again: inputs of layers [bytes].
        pub kept_inputs_bytes,
        /// Activations of a sequence in one layer [bytes].
        pub layer_bytes,
        /// Logits of a sequence [bytes].
        pub logits_bytes,
        /// The gradient of the output head, which passes in their place [bytes].
        pub head_gradient_bytes,
        /// Share of the layers computed again at least: 1 where all are.
        pub least_again,
        /// Share of the layers computed again at most: 0 where none are.
        pub most_again,
    }
}

numbers! {
    /// What holds for every split of a job.
    pub struct JobTerms {
        /// Layers of the model.
        pub layers,
        /// Memory that can be filled [bytes].
        pub room_bytes,
        /// Tokens of a sequence.
        pub sequence_tokens,
        /// Model FLOP of a sequence over the peak of one accelerator [s].
        pub ideal_s,
        /// Idle time of a pipeline over that of its fill.
        pub bubble,
        /// Fixed time of a step [s].
        pub fixed_s,
        /// Accelerators of a domain.
        pub domain,
        /// Rate inside the domain [bytes/s].
        pub inside_bytes_per_s,
        /// Rate of one accelerator between domains [bytes/s].
        pub outside_bytes_per_s,
    }
}

numbers! {
    /// How large a job is.
    pub struct Scale {
        /// Accelerators.
        pub accelerators,
        /// Sequences of a step.
        pub global_batch,
        /// Waiting for the slowest rank over the rest of a step.
        pub waiting,
    }
}

numbers! {
    /// The place of a point on the axes of its split.
    pub struct Setting {
        /// Sequences of a micro-batch.
        pub micro_batch,
        /// Model chunks of a stage.
        pub interleave,
    }
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
/// Layers of the fullest stage where the head, worth some layers, is on the last: whole layers, as even as that allows.
fn fullest_stage(layers: u32, stages: u32, head: f64) -> f64 {
    let all = f64::from(layers);
    if stages <= 1 {
        return all + head;
    }
    (0..=layers.div_ceil(stages))
        .map(|last| {
            let others = (layers - last).div_ceil(stages - 1);
            f64::from(others).max(f64::from(last) + head)
        })
        .fold(all + head, f64::min)
}

impl JobTerms {
    /// The terms of a job of a model on a machine.
    #[must_use]
    pub fn new(model: &ModelShape, machine: &Machine, job: &TrainingJob) -> Self {
        let flop = 3.0 * model.forward_flop_per_token(job.sequence / 2.0) * job.sequence;
        Self {
            layers: f64::from(model.layers),
            room_bytes: room(machine),
            sequence_tokens: job.sequence,
            ideal_s: flop / machine.peak.effective(job.precision.dense).1.0,
            bubble: job.factors.bubble,
            fixed_s: job.factors.fixed().0,
            domain: f64::from(machine.domain),
            inside_bytes_per_s: machine.scale_up.bandwidth.0 * LINK_SHARE,
            outside_bytes_per_s: machine.scale_out.bandwidth.0 * SCALE_OUT_SHARE,
        }
    }
}

impl Scale {
    /// The size of a job on a number of accelerators, with the batch that it has.
    ///
    /// ~~~text
    /// waiting = g · log₂(N/8)      stragglers and longer paths
    /// ~~~
    #[must_use]
    pub fn of(model: &ModelShape, job: &TrainingJob, accelerators: u32) -> Self {
        let mixture = model.feed_forward.moe_layers > 0;
        let growth = if mixture { job.factors.scale_experts } else { job.factors.scale_dense };
        let accelerators = f64::from(accelerators);
        let waiting = growth * (accelerators / 8.0).log2().max(0.0);
        Self { accelerators, global_batch: job.global_batch, waiting }
    }
}

impl Setting {
    /// The micro-batch and the chunks of a layout.
    #[must_use]
    pub fn of(layout: &TrainingLayout) -> Self {
        Self { micro_batch: f64::from(layout.micro_batch), interleave: f64::from(layout.interleave) }
    }
}

/// What tensor, context and expert ranks alone decide: all layers, before stages share them.
#[derive(Debug, Clone, Copy)]
pub struct Ranks {
    /// With no layer computed again, and with all of them.
    counted: [Parts; 2],
    host: f64,
}

impl Ranks {
    /// Counts the parts for the ranks of a layout, its stages left out.
    #[must_use]
    pub fn fold(model: &ModelShape, machine: &Machine, job: &TrainingJob, layout: &TrainingLayout) -> Self {
        let counted = [0.0, 1.0].map(|again| Step::new(model, machine, job, layout, again).parts());
        Self { counted, host: Step::new(model, machine, job, layout, 0.0).host() }
    }
}

impl Split {
    /// Folds a layout; micro-batch and interleaving are left to the point.
    #[must_use]
    pub fn fold(model: &ModelShape, machine: &Machine, job: &TrainingJob, layout: &TrainingLayout) -> Self {
        Self::of(&Ranks::fold(model, machine, job, layout), model, machine, job, layout)
    }

    /// Shares what the ranks of a layout do over its stages.
    #[must_use]
    pub fn of(
        ranks: &Ranks,
        model: &ModelShape,
        machine: &Machine,
        job: &TrainingJob,
        layout: &TrainingLayout,
    ) -> Self {
        let f = &job.factors;
        let (tp, stages) = (f64::from(layout.tensor), f64::from(layout.stages));
        let (context, expert_data) = (f64::from(layout.context), f64::from(layout.expert_data()));
        let mixture = model.feed_forward.moe_layers > 0;
        let years = if is_systolic(machine) { 0.0 } else { job.years_behind.max(0.0) };
        let aged = 1.0 + years * if mixture { f.age_experts } else { f.age_dense };
        let stage = aged / stages;
        let [once, again] = &ranks.counted;
        // The pipeline goes as fast as its fullest stage: layers come whole, and the last has the head besides.
        let filled = once.expert_fill + HALF_ROWS / once.expert_rows.max(1.0);
        let whole = once.plain() + once.experts * filled + once.messages();
        let layers = f64::from(model.layers);
        let head = once.head * layers / (whole - once.head).max(f64::MIN_POSITIVE);
        let fullest = fullest_stage(model.layers, layout.stages, head) * stages / (layers + head);

        let (dense, experts) = parameters_on_rank(model, layout);
        // Sharded weights come for the forward and for the backward pass.
        let weight = returned_bytes(job.precision.dense);
        let (bytes, never) = if layout.sharded {
            (GRADIENT_BYTES + 2.0 * weight, f.sharded_exposed)
        } else {
            (GRADIENT_BYTES + weight, f.gradient_exposed)
        };
        let trained = if job.adapter { 0.0 } else { 1.0 };
        let domain = f64::from(machine.domain);
        let state = state_bytes(model, machine, job, layout);
        let (kept, inputs) = kept_bytes(model);
        let frozen = if job.adapter { 0.5 } else { 1.0 };
        let tokens = job.sequence / context;
        let logit_bytes = 4.0 * f64::from(model.vocabulary) / tp;
        let (least_again, most_again) = match layout.recompute {
            Recompute::Selective => (0.0, 0.0),
            Recompute::Full => (1.0, 1.0),
            Recompute::Needed => (0.0, 1.0),
        };
        Self {
            copy_ranks: tp * stages,
            stages,
            context,
            expert_data,
            replica: tp * stages * f64::from(layout.group()),
            most_interleave: f64::from(if layout.stages > 1 { model.layers / layout.stages } else { 1 }),
            plain_s: stage * once.plain(),
            plain_again_s: stage * (again.plain() - once.plain()),
            experts_s: stage * once.experts,
            experts_again_s: stage * (again.experts - once.experts),
            expert_fill: once.expert_fill,
            expert_rows: once.expert_rows,
            sums_s: stage * once.sums,
            messages_s: stage * once.messages(),
            ends_s: stage * (fullest - 1.0) * whole,
            host_s: ranks.host / stages,
            dense_parameters: dense,
            expert_parameters: experts,
            dense_exchanged_bytes: trained * bytes * dense,
            expert_exchanged_bytes: trained * f.gradient_experts_exposed * bytes * experts,
            dense_members: domain / tp,
            expert_members: domain / (tp * expert_data),
            never_hidden: never.min(1.0),
            each_micro_batch: if layout.sharded { 1.0 } else { 0.0 },
            held_weights_bytes: state.held_weights,
            shard_weights_bytes: state.shard_weights,
            held_gradients_bytes: state.held_gradients,
            shard_gradients_bytes: state.shard_gradients,
            shard_optimizer_bytes: state.shard_optimizer,
            shard_optimizer_s: trained * ADAM_BYTES / (machine.bandwidth.0 * STREAM_SHARE),
            kept_bytes: tokens * kept * frozen / tp,
            kept_inputs_bytes: tokens * inputs / tp,
            layer_bytes: tokens * kept * frozen / f64::from(model.layers.max(1)) / tp,
            logits_bytes: logit_bytes * tokens,
            head_gradient_bytes: if job.adapter { 0.0 } else { logit_bytes * f64::from(model.hidden) },
            least_again,
            most_again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fullest_stage;

    #[test]
    fn the_fullest_stage_has_whole_layers_and_leaves_room_for_the_head() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        // One stage has it all; a head of less than a layer hides where layers are uneven: 126 on 8 are 6 × 16 and 2 × 15.
        close(fullest_stage(126, 1, 0.65), 126.65);
        close(fullest_stage(126, 8, 0.65), 16.0);
        // 96 on 8 are 12 each, so the last has the head besides; 80 on 4 do better to give it one layer less.
        close(fullest_stage(96, 8, 0.5), 12.5);
        close(fullest_stage(80, 4, 1.5), 21.0);
        // Never less than the mean, and twenty chunks of an uneven stage don't change that.
        for (layers, stages) in [(61, 16), (61, 24), (126, 12), (126, 24), (31, 4)] {
            let mean = (f64::from(layers) + 0.4) / f64::from(stages);
            assert!(fullest_stage(layers, stages, 0.4) >= mean - 1e-12, "{layers} on {stages}");
        }
    }
}
