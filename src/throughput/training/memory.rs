//! Memory of the fullest rank of a training run, by part.

use super::{Recompute, TrainingJob, TrainingLayout};
use crate::throughput::machine::Machine;
use crate::throughput::operations::{AttentionKind, ModelShape};
use crate::throughput::precision::Format;
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
const RUNTIME_BYTES: f64 = 4e9;
/// A 16-bit weight.
const WEIGHT_BYTES: f64 = 2.0;

/// Parameters of the fullest rank: (copied over all data ranks, copied over the data ranks beyond the expert group).
pub(super) fn parameters_on_rank(model: &ModelShape, layout: &TrainingLayout) -> (f64, f64) {
    let p = model.parameters();
    let (tp, pp) = (f64::from(layout.tensor), f64::from(layout.stages));
    let (dense, experts) = super::step::held(model, tp, pp, f64::from(layout.expert));
    // Whole layers: the fullest stage has the rounded-up number of those with experts.
    let mixtures = model.feed_forward.moe_layers;
    let fullest = f64::from(mixtures.div_ceil(layout.stages) * layout.stages) / f64::from(mixtures.max(1));
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
fn kept_bytes(model: &ModelShape) -> (f64, f64) {
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
    at_share(model, machine, job, layout, repeated(model, machine, job, layout))
}

/// What is computed again: a share of the layers whole, and of the others what costs next to nothing.
#[derive(Debug, Clone, Copy)]
struct Repeated {
    layers: f64,
    cheap: bool,
}

/// Part of a layer's activations that is left where norms' outputs and the gated product are computed again: of
/// 17·h + 6·f bytes, 4·h and 2·f go.
const LEAN: f64 = 0.7;

fn at_share(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
    again: Repeated,
) -> TrainingMemory {
    let (dense, experts) = parameters_on_rank(model, layout);
    let data = f64::from(layout.data(job.accelerators));
    let copies = layout.copies(job.accelerators).max(1.0);
    let expert_copies = (copies / f64::from(layout.expert_data())).max(1.0);
    let shards = dense / copies + experts / expert_copies;
    let tp = f64::from(layout.tensor);
    let (p, v) = (f64::from(layout.stages), f64::from(layout.interleave));
    let one_layer = (dense + experts) * p / f64::from(model.layers.max(1));
    let (weights, gradients, optimizer) = if job.adapter {
        let wide = machine.curves.generation.starts_with("cdna");
        let format = if wide { Format::Bf16 } else { job.precision.dense };
        (format.bytes() * (dense + experts), 0.0, 0.0)
    } else if layout.sharded {
        // Two gathered layers are alive: one in use, one on its way.
        (WEIGHT_BYTES * (shards + 2.0 * one_layer), job.gradient_bytes * shards, 12.0 * shards)
    } else {
        (WEIGHT_BYTES * (dense + experts), job.gradient_bytes * (dense + experts), 12.0 * shards)
    };
    let tokens = f64::from(layout.micro_batch) * job.sequence / f64::from(layout.context);
    let recomputed = again.layers;
    let (all, inputs) = kept_bytes(model);
    let lean = if again.cheap { LEAN * all } else { all };
    let frozen = if job.adapter { 0.5 } else { 1.0 };
    let kept = (recomputed * inputs + (1.0 - recomputed) * lean * frozen) / tp;
    let again = if recomputed > 0.0 { all * frozen / f64::from(model.layers.max(1)) / tp } else { 0.0 };
    let micro_batches = job.global_batch / (data * f64::from(layout.micro_batch)).max(1.0);
    let interleaved = if layout.interleave > 1 { (p - 1.0) / v } else { 0.0 };
    let in_flight = (p + interleaved).min(micro_batches.max(1.0)) / p;
    let width = f64::from(model.vocabulary) / tp;
    let head = if job.adapter { 0.0 } else { 4.0 * width * f64::from(model.hidden) };
    let logits = (4.0 * width * tokens).max(head);
    let first = tokens * (kept * in_flight + again);
    let last = tokens * (kept / p + again);
    let (activations, passing) =
        if layout.stages > 1 && first >= last + logits { (first, 0.0) } else { (last, logits) };
    TrainingMemory {
        weights: Bytes(weights),
        gradients: Bytes(gradients),
        optimizer: Bytes(optimizer),
        activations: Bytes(activations),
        passing: Bytes(passing),
        total: Bytes(weights + gradients + optimizer + activations + passing + RUNTIME_BYTES),
    }
}

/// Share of memory that can be filled. Assumption.
pub const USABLE_SHARE: f64 = 0.95;

/// Share of the layers that is computed again: as the layout says, or just as many as memory asks for.
pub(super) fn recomputed_share(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
) -> f64 {
    repeated(model, machine, job, layout).layers
}

fn repeated(model: &ModelShape, machine: &Machine, job: &TrainingJob, layout: &TrainingLayout) -> Repeated {
    let fixed = |layers| Repeated { layers, cheap: false };
    match layout.recompute {
        Recompute::Selective => fixed(0.0),
        Recompute::Full => fixed(1.0),
        Recompute::Needed => {
            let room = machine.memory.0 * USABLE_SHARE;
            let need =
                |layers, cheap| at_share(model, machine, job, layout, Repeated { layers, cheap }).total.0;
            if need(0.0, false) <= room {
                return fixed(0.0);
            }
            if need(0.0, true) <= room {
                return Repeated { layers: 0.0, cheap: true };
            }
            // The one layer that is computed again at a time is there from the first on.
            let (some, least) = (need(f64::MIN_POSITIVE, true), need(1.0, true));
            let layers = ((some - room) / (some - least).max(1.0)).clamp(0.0, 1.0);
            Repeated { layers, cheap: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::operations::{AttentionShape, FeedForwardShape};
    use crate::throughput::precision::Precision;
    use crate::throughput::samples;

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
