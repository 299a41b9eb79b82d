//! Does it fit: weights, cache and what the runtime keeps, on the fullest rank.
//!
//! ~~~text
//! usable · share − weights − activations − reserve  =  room for the cache
//! sequences = room / cache of one sequence on the rank
//! ~~~

use super::machine::Machine;
use super::operations::{AttentionKind, ModelShape};
use super::parallelism::Layout;
use super::precision::Precision;
use crate::units::Bytes;

/// What a runtime keeps for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reserve {
    /// Share of usable memory that the engine may take.
    pub share: f64,
    /// Context, communication buffers, captured graphs.
    pub fixed: Bytes,
    /// Most tokens in one step, for the workspace of activations.
    pub step_tokens: f64,
}

impl Default for Reserve {
    /// Assumptions: 92 % of usable memory (engines' defaults are 0.88 to 0.92), 3 GB fixed, 8,192 tokens a step.
    fn default() -> Self {
        Self { share: 0.92, fixed: Bytes(3e9), step_tokens: 8_192.0 }
    }
}

/// Memory of the fullest rank by part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MemoryUse {
    /// What the engine may take.
    pub available: Bytes,
    /// Weights.
    pub weights: Bytes,
    /// Workspace of activations in the largest step.
    pub activations: Bytes,
    /// The runtime's own.
    pub reserve: Bytes,
    /// What is left for the cache; negative if the rest does not fit.
    pub cache_room: Bytes,
    /// Cache of one sequence of the replica on this rank.
    pub cache_per_sequence: Bytes,
    /// Sequences of the replica that fit.
    pub sequences: f64,
}

impl MemoryUse {
    /// Whether at least one sequence fits.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.sequences >= 1.0
    }
}

/// Weights of the fullest rank.
///
/// ~~~text
/// W = (attention/tp · b_a + dense/tp · b_d + experts/ranks · b_x)/stages + embeddings/tp · b_e
/// ~~~
///
/// Attention and dense layers are copied over attention replicas. The latent's down-projections, copied over tensor
/// ranks, are less than 1 % and counted as split.
#[must_use]
pub fn weight_bytes(model: &ModelShape, layout: &Layout, precision: Precision) -> Bytes {
    let parameters = model.parameters();
    let tp = f64::from(layout.tensor);
    let stages = f64::from(layout.stages);
    let split = parameters.attention / tp * precision.attention.bytes()
        + parameters.dense / tp * precision.dense.bytes()
        + parameters.experts / f64::from(layout.ranks()) * precision.experts.bytes();
    // With stages, input embedding and head sit on different ranks: the fullest holds one of them.
    let embedding = parameters.embedding / tp * precision.embedding.bytes();
    let held = if layout.stages > 1 && !model.tied_embeddings { embedding / 2.0 } else { embedding };
    Bytes(split / stages + held)
}

/// Cache of one sequence of the replica on the fullest rank at a number of cached positions.
#[must_use]
pub fn cache_per_sequence(model: &ModelShape, layout: &Layout, precision: Precision, context: f64) -> Bytes {
    let whole = model.cache_bytes(context, precision.cache);
    let a = &model.attention;
    let split = match a.kind {
        // Heads are copied where ranks outnumber them.
        AttentionKind::Grouped => f64::from(layout.tensor.min(a.kv_heads.max(1))),
        // The latent is one for all heads.
        AttentionKind::Latent | AttentionKind::CompressedLatent => 1.0,
    };
    Bytes(whole / (split * f64::from(layout.stages) * f64::from(layout.attention_replicas)))
}

/// Memory by part and the sequences that fit, each cached to `context` positions.
#[must_use]
pub fn memory_use(
    model: &ModelShape,
    machine: &Machine,
    layout: &Layout,
    precision: Precision,
    context: f64,
    reserve: &Reserve,
) -> MemoryUse {
    let weights = weight_bytes(model, layout, precision);
    let f = &model.feed_forward;
    let tp = f64::from(layout.tensor);
    let tokens = reserve.step_tokens;
    // Two rows of the residual stream and the widest feed-forward product in 16 bits are alive at once.
    let routed = f64::from(f.active_experts * f.expert_width * (f.matrices.max(1) - 1));
    let dense = f64::from(f.dense_width * (f.matrices.max(1) - 1)) / tp;
    let activations = Bytes(tokens * 2.0 * (4.0 * f64::from(model.hidden) + dense.max(routed)));
    let available = Bytes(machine.memory.0 * reserve.share);
    let cache_room = Bytes(available.0 - weights.0 - activations.0 - reserve.fixed.0);
    let cache_per_sequence = cache_per_sequence(model, layout, precision, context);
    let sequences = (cache_room.0 / cache_per_sequence.0.max(1.0)).max(0.0).floor();
    MemoryUse {
        available,
        weights,
        activations,
        reserve: reserve.fixed,
        cache_room,
        cache_per_sequence,
        sequences,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::precision::Format;
    use crate::throughput::samples;

    #[test]
    fn llama_70b_in_eight_bits_holds_so_many_sequences() {
        // One H100: weights 68.45e9 · 1 + 2.10e9 · 2 = 72.65 GB leave nothing of 80 · 0.92 = 73.6 GB; two ranks do.
        let precision = Precision::uniform(Format::Fp8);
        let fit = |ranks| {
            memory_use(
                &samples::llama_70b(),
                &samples::h100(),
                &Layout::tensor(ranks),
                precision,
                2_048.0,
                &Reserve::default(),
            )
        };
        assert!(
            (weight_bytes(&samples::llama_70b(), &Layout::tensor(1), precision).0 / 72.65e9 - 1.0).abs()
                < 1e-3
        );
        assert!(!fit(1).fits());
        // Two: 73.6 − 36.33 − 3 − 8192·2·(4·8192 + 57344/2) = 33.27 GB; 2048 · 163,840 / 2 bytes a sequence: 198.
        assert!((fit(2).sequences - 198.0).abs() < 2.0, "{:?}", fit(2));
    }

    #[test]
    fn a_latent_cache_is_not_split_by_tensor_ranks() {
        let precision = Precision::uniform(Format::Fp8);
        let model = samples::deepseek_v3();
        let one = cache_per_sequence(&model, &Layout::tensor(1), precision, 1_000.0);
        let eight = cache_per_sequence(&model, &Layout::tensor(8), precision, 1_000.0);
        let copies = cache_per_sequence(&model, &Layout::attention_data_parallel(8), precision, 1_000.0);
        assert!((one.0 - eight.0).abs() < 1.0);
        assert!((one.0 / copies.0 - 8.0).abs() < 1e-9);
    }
}
