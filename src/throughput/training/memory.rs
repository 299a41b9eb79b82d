//! Memory of the fullest rank of a training run, by part.

use super::point::{micro_batches, shard_parameters};
use super::split::{JobTerms, Scale, Setting, Split};
use super::{TrainingJob, TrainingLayout};
use crate::scalar::Real;
use crate::throughput::machine::Machine;
use crate::throughput::precision::Format;
use crate::throughput::shape::{AttentionKind, ModelShape};
use crate::units::Bytes;

/// Memory of the fullest rank by part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrainingMemory {
    /// Weights in the format of the products.
    pub weights: Bytes,
    /// Sums of gradients.
    pub gradients: Bytes,
    /// Master weights and moments, the rank's shard.
    pub optimizer: Bytes,
    /// Activations kept for the backward pass.
    pub activations: Bytes,
    /// The largest passing thing: logits, or the gradient of the output head.
    pub passing: Bytes,
    /// All of it with 4 GB of the runtime's own.
    pub total: Bytes,
}

/// Runtime memory beside the model: context, communication buffers, fragmentation. Assumption.
pub const RUNTIME_BYTES: f64 = 4e9;
/// A 16-bit weight.
const WEIGHT_BYTES: f64 = 2.0;
/// A master weight and two moments of 32 bits.
const OPTIMIZER_BYTES: f64 = 12.0;

/// Parameters of the fullest rank: (copied over all data ranks, copied over the data ranks beyond the expert group).
pub(super) fn parameters_on_rank(model: &ModelShape, layout: &TrainingLayout) -> (f64, f64) {
    let p = model.parameters();
    let (tp, pp) = (f64::from(layout.tensor), f64::from(layout.stages));
    let (dense, experts) = super::step::held(model, tp, pp, f64::from(layout.expert));
    // Whole layers: the fullest stage has the rounded-up number of those with experts.
    let mixtures = model.feed_forward.moe_layers;
    let stages = layout.stages.max(1);
    let fullest = f64::from(mixtures.div_ceil(stages) * stages) / f64::from(mixtures.max(1));
    let ends = if layout.stages > 1 && !model.tied_embeddings { p.embedding / 2.0 } else { p.embedding };
    (dense + ends / tp, experts * fullest)
}

/// Bytes that a token keeps in all layers, tensor ranks together: (everything, inputs of layers alone).
///
/// ~~~text
/// attention     12.5·h + 2·(q + k + v + o)      norms' inputs and outputs, residual, masks
/// feed-forward  6·f, gated; 2·h and 6·w for each chosen expert
/// ~~~
///
/// h hidden width · q, k, v, o widths of queries, keys, values and output of attention · f, w widths inside. Korthikanti
/// et al. 2022, arXiv:2205.05198, with attention fused.
pub(super) fn kept_bytes(model: &ModelShape) -> (f64, f64) {
    let a = &model.attention;
    let f = &model.feed_forward;
    let h = f64::from(model.hidden);
    let heads = f64::from(a.heads);
    let around = match a.kind {
        AttentionKind::Grouped => f64::from(2 * a.heads + 2 * a.kv_heads) * f64::from(a.head_dim),
        _ => heads * f64::from(2 * (a.nope_dim + a.rope_dim) + 2 * a.v_dim),
    };
    let attention = model.attention_layers() * (12.5 * h + 2.0 * around);
    // A mixer keeps its input, its projections, two to one, and what the convolution made of them.
    let inner = model.linear_parameters() / (3.0 * h);
    let mixers = f64::from(a.linear_layers) * (6.0 * h + 10.0 * inner);
    let gated = 2.0 * f64::from(f.matrices);
    let dense = f64::from(f.dense_layers) * gated * f64::from(f.dense_width);
    let chosen =
        f64::from(f.active_experts) * (gated * f64::from(f.expert_width) + 2.0 * model.expert_input());
    let experts = f64::from(f.moe_layers) * (chosen + gated * f64::from(f.shared_width));
    (attention + mixers + dense + experts, 2.0 * h * f64::from(model.layers))
}

/// Bytes of weights, gradients and optimiser on a rank: whatever the number of copies, and for each parameter of a shard.
pub(super) struct StateBytes {
    pub held_weights: f64,
    pub shard_weights: f64,
    pub held_gradients: f64,
    pub shard_gradients: f64,
    pub shard_optimizer: f64,
}

/// What a rank of a layout holds of its parameters' state.
pub(super) fn state_bytes(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
) -> StateBytes {
    let (dense, experts) = parameters_on_rank(model, layout);
    let held = dense + experts;
    if job.adapter {
        let wide = machine.curves.generation.starts_with("cdna");
        let format = if wide { Format::Bf16 } else { job.precision.dense };
        StateBytes {
            held_weights: format.bytes() * held,
            shard_weights: 0.0,
            held_gradients: 0.0,
            shard_gradients: 0.0,
            shard_optimizer: 0.0,
        }
    } else if layout.sharded {
        // Two gathered layers are alive: one in use, one on its way.
        let one_layer = held * f64::from(layout.stages) / f64::from(model.layers.max(1));
        StateBytes {
            held_weights: WEIGHT_BYTES * 2.0 * one_layer,
            shard_weights: WEIGHT_BYTES,
            held_gradients: 0.0,
            shard_gradients: job.gradient_bytes,
            shard_optimizer: OPTIMIZER_BYTES,
        }
    } else {
        StateBytes {
            held_weights: WEIGHT_BYTES * held,
            shard_weights: 0.0,
            held_gradients: job.gradient_bytes * held,
            shard_gradients: 0.0,
            shard_optimizer: OPTIMIZER_BYTES,
        }
    }
}

/// Memory of the fullest rank.
///
/// ~~~text
/// weights     2 bytes a parameter; gradients 2 or 4
/// optimiser   12 bytes a parameter over the data ranks that copy it
/// activations tokens · bytes kept a layer over tensor ranks; 2·h where a layer is computed again
/// in flight   p micro-batches on the first stage, p + (p − 1)/v interleaved, one on the last
/// passing     the larger of 4 bytes a logit and the head's gradient in 32 bits, on the last stage
/// ~~~
///
/// The first stage holds the most micro-batches, the last the logits: the fuller of both counts. Where memory asks for it,
/// norms and gated products are computed again first, then as many whole layers as it takes. An adapter trains no weights
/// of the base, which stays in the format of its products (16 bits on CDNA, whose stacks keep it so), and keeps half of
/// the activations: no inputs of products.
#[must_use]
pub fn training_memory(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
) -> TrainingMemory {
    let split = Split::fold(model, machine, job, layout);
    let terms = JobTerms::new(model, machine, job);
    let (scale, setting) = (Scale::of(model, job, job.accelerators), Setting::of(layout));
    TrainingMemory::of(memory_parts(&split, &scale, setting, fill(&terms, &split, &scale, setting).again))
}

impl TrainingMemory {
    pub(super) fn of(parts: MemoryParts) -> Self {
        Self {
            weights: Bytes(parts.weights),
            gradients: Bytes(parts.gradients),
            optimizer: Bytes(parts.optimizer),
            activations: Bytes(parts.activations),
            passing: Bytes(parts.passing),
            total: Bytes(parts.total()),
        }
    }
}

/// Share of memory that can be filled. Assumption.
pub const USABLE_SHARE: f64 = 0.95;

/// Memory that can be filled [bytes].
pub(super) fn room(machine: &Machine) -> f64 {
    machine.memory.0 * USABLE_SHARE
}

/// Part of a layer's activations that is left where norms' outputs and the gated product are computed again: of
/// 17·h + 6·f bytes, 4·h and 2·f go.
pub const LEAN: f64 = 0.7;
/// Bytes over which a share is taken at least, so that it is a number.
pub const LEAST_BYTES: f64 = 1.0;

/// What is computed again: a share of the layers whole, and of the others what costs next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Again<T = f64> {
    /// Share of the layers.
    pub layers: T,
    /// Part of the others' activations that is kept.
    pub lean: T,
    /// 1 where some layer is computed again, and so there once, else 0.
    pub whole: T,
}

/// Memory of the fullest rank by part [bytes]; see [`training_memory`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct MemoryParts<T = f64> {
    /// Weights.
    pub weights: T,
    /// Sums of gradients.
    pub gradients: T,
    /// Master weights and moments.
    pub optimizer: T,
    /// Activations.
    pub activations: T,
    /// Logits, or the gradient of the output head.
    pub passing: T,
}

impl<T: Real> MemoryParts<T> {
    /// What is there without activations.
    #[inline(always)]
    #[must_use]
    pub fn held(&self) -> T {
        (self.weights + self.gradients) + (self.optimizer + T::of(RUNTIME_BYTES))
    }

    /// Activations and what passes.
    #[inline(always)]
    #[must_use]
    pub fn used(&self) -> T {
        self.activations + self.passing
    }

    /// All of it.
    #[inline(always)]
    #[must_use]
    pub fn total(&self) -> T {
        self.held() + self.used()
    }
}

/// How a point fills the memory.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fill<T = f64> {
    /// What is computed again.
    pub again: Again<T>,
    /// By how much the least that the point can do with exceeds the room; negative where it fits [bytes].
    pub short_bytes: T,
    /// Distance of the nearest choice from a tie, over the room.
    pub margin: T,
}

/// Memory of the fullest rank with so much computed again; mirrored in `shaders/shared/training.wgsl`.
#[inline(always)]
#[must_use]
pub fn memory_parts<T: Real>(
    split: &Split<T>,
    scale: &Scale<T>,
    setting: Setting<T>,
    again: Again<T>,
) -> MemoryParts<T> {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let shard = shard_parameters(split, scale);
    let n = setting.micro_batch;
    let count = Real::max(micro_batches(split, scale, setting), one);
    let interleaved = (split.stages - one) / setting.interleave;
    let deep = split.stages + T::select(setting.interleave > one, interleaved, zero);
    let in_flight = Real::min(deep, count) / split.stages;
    let kept = again.layers * split.kept_inputs_bytes + (one - again.layers) * again.lean * split.kept_bytes;
    let layer = again.whole * split.layer_bytes;
    let first = n * (kept * in_flight + layer);
    let last = n * (kept / split.stages + layer);
    let logits = Real::max(n * split.logits_bytes, split.head_gradient_bytes);
    let on_first = (split.stages > one) & (first >= last + logits);
    MemoryParts {
        weights: split.held_weights_bytes + split.shard_weights_bytes * shard,
        gradients: split.held_gradients_bytes + split.shard_gradients_bytes * shard,
        optimizer: split.shard_optimizer_bytes * shard,
        activations: T::select(on_first, first, last),
        passing: T::select(on_first, zero, logits),
    }
}

/// What a point computes again: as its split says, or just as much as memory asks for; mirrored in
/// `shaders/shared/training.wgsl`.
#[inline(always)]
#[must_use]
pub fn fill<T: Real>(job: &JobTerms<T>, split: &Split<T>, scale: &Scale<T>, setting: Setting<T>) -> Fill<T> {
    let (zero, one, lean) = (T::of(0.0), T::of(1.0), T::of(LEAN));
    let with = |layers, lean, whole| memory_parts(split, scale, setting, Again { layers, lean, whole });
    let plain = with(zero, one, zero);
    let left = job.room_bytes - plain.held();
    let (plain_bytes, lean_bytes) = (plain.used(), with(zero, lean, zero).used());
    // The one layer that is computed again at a time is there from the first on.
    let (some_bytes, all_bytes) = (with(zero, lean, one).used(), with(one, lean, one).used());
    let needed = (some_bytes - left) / Real::max(some_bytes - all_bytes, T::of(LEAST_BYTES));
    let whole = (plain_bytes > left) & (lean_bytes > left);
    let asked = T::select(whole, Real::min(Real::max(needed, zero), one), zero);
    let layers = Real::min(Real::max(asked, split.least_again), split.most_again);
    let cheap = (plain_bytes > left) & (split.most_again > zero);

    let within = T::select(split.least_again > zero, all_bytes, Real::min(lean_bytes, all_bytes));
    let least = T::select(split.most_again > zero, within, plain_bytes);
    let away = |bytes: T| Real::max(bytes - left, left - bytes);
    let nearest = Real::min(Real::min(away(plain_bytes), away(lean_bytes)), away(all_bytes));
    Fill {
        again: Again {
            layers,
            lean: T::select(cheap, lean, one),
            whole: T::select(layers > zero, one, zero),
        },
        short_bytes: least - left,
        margin: nearest / job.room_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::precision::Precision;
    use crate::throughput::samples;
    use crate::throughput::shape::{AttentionShape, FeedForwardShape};

    /// A Llama shape with few of its layers, as measured.
    fn cut(model: ModelShape, layers: u32) -> ModelShape {
        ModelShape {
            layers,
            attention: AttentionShape { full_layers: layers, ..model.attention },
            feed_forward: FeedForwardShape { dense_layers: layers, ..model.feed_forward },
            ..model
        }
    }

    /// DeepSeek-V3 with one dense layer and three with experts, no multi-token prediction.
    fn deepseek(model: ModelShape) -> ModelShape {
        ModelShape {
            layers: 4,
            mtp_layers: 0,
            attention: AttentionShape { full_layers: 4, ..model.attention },
            feed_forward: FeedForwardShape { dense_layers: 1, moe_layers: 3, ..model.feed_forward },
            ..model
        }
    }

    // SimuMax 1.2's public table (Apache-2.0): memory that Megatron allocated on 8 B200, BF16, gradients summed in 32 bits,
    // one sequence a micro-batch, four micro-batches. The allocator's own count: the runtime's is not in it.
    #[test]
    fn memory_meets_what_megatron_allocated() {
        let (llama_70b, llama_405b) = (cut(samples::llama_70b(), 12), cut(samples::llama_405b(), 4));
        let v3 = deepseek(samples::deepseek_v3());
        let rows: [(&ModelShape, [u32; 4], f64, f64); 17] = [
            (&llama_70b, [1, 2, 1, 1], 4_096.0, 66.55),
            (&llama_70b, [2, 1, 1, 1], 4_096.0, 60.68),
            (&llama_70b, [4, 1, 1, 1], 4_096.0, 39.07),
            (&llama_70b, [8, 1, 1, 1], 4_096.0, 28.29),
            (&llama_405b, [1, 2, 1, 1], 4_096.0, 87.08),
            (&llama_405b, [2, 1, 1, 1], 4_096.0, 81.59),
            (&llama_405b, [4, 1, 1, 1], 4_096.0, 52.89),
            (&llama_405b, [8, 1, 1, 1], 4_096.0, 38.57),
            (&llama_70b, [2, 1, 4, 1], 32_768.0, 68.43),
            (&llama_70b, [1, 1, 8, 1], 32_768.0, 104.51),
            (&llama_405b, [2, 1, 4, 1], 32_768.0, 87.03),
            (&llama_405b, [1, 1, 8, 1], 32_768.0, 139.22),
            (&llama_70b, [2, 1, 4, 1], 131_072.0, 112.67),
            (&llama_70b, [1, 1, 8, 1], 131_072.0, 147.99),
            (&llama_405b, [2, 1, 4, 1], 131_072.0, 118.13),
            (&v3, [1, 1, 1, 8], 4_096.0, 104.30),
            (&v3, [1, 2, 1, 4], 4_096.0, 114.00),
        ];
        let mut errors: Vec<f64> = Vec::new();
        for (model, [tensor, stages, context, expert], sequence, gib) in rows {
            let layout = TrainingLayout { context, expert, ..TrainingLayout::new(tensor, stages) };
            let data = f64::from(8 / (tensor * stages * context));
            let job = TrainingJob {
                gradient_bytes: 4.0,
                ..TrainingJob::new(8, sequence, 4.0 * data, Precision::uniform(Format::Bf16))
            };
            let memory = training_memory(model, &samples::h100(), &job, &layout);
            let error = (memory.total.0 - RUNTIME_BYTES) / (gib * 1_073_741_824.0) - 1.0;
            errors.push(error.abs());
        }
        errors.sort_by(f64::total_cmp);
        assert!(errors[errors.len() / 2] < 0.03, "{errors:?}");
        assert!(errors.iter().all(|error| *error < 0.05), "{errors:?}");
    }
}
