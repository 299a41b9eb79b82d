//! Does it fit: weights, cache and what the runtime keeps, on the fullest rank.
//!
//! ~~~text
//! usable · share − weights − activations − reserve  =  room for the cache
//! blocks    = ⌊room / bytes of a block of positions⌋
//! sequences = ⌊room / cache of one sequence on the rank, its length rounded up to whole blocks⌋
//! ~~~
//!
//! Activations are what an engine's profiling run finds: the wider of a forward pass at the most tokens of a step and
//! of sampling for the most sequences of a step. Fragmentation and captured graphs count as reserve. Where a model
//! keeps windows or recurrent state, blocks are counted at the mean bytes of a position at the workload's length.

use super::machine::Machine;
use super::parallelism::Layout;
use super::precision::Precision;
use super::shape::{AttentionKind, ModelShape};
use crate::units::Bytes;

/// What a runtime keeps for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reserve {
    /// Share of usable memory that the engine may take.
    pub share: f64,
    /// Context, communication buffers, captured graphs.
    pub fixed: Bytes,
    /// Most tokens in one step of a rank, for the workspace of activations.
    pub step_tokens: f64,
    /// Most sequences that a rank runs, and samples for, in one step.
    pub step_sequences: f64,
    /// Positions of one block of the cache.
    pub block_tokens: f64,
    /// Layers of a drafter, held with their cache beside the model's.
    pub draft_layers: f64,
}

impl Default for Reserve {
    /// Assumptions: 92 % of usable memory (engines' defaults are 0.88 to 0.92), 3 GB fixed; 8,192 tokens and 1,024
    /// sequences a step, as engines are set for throughput; blocks of 16 positions (vLLM's default).
    fn default() -> Self {
        Self {
            share: 0.92,
            fixed: Bytes(3e9),
            step_tokens: 8_192.0,
            step_sequences: 1_024.0,
            block_tokens: 16.0,
            draft_layers: 0.0,
        }
    }
}

/// Bytes of a logit while it is sampled: 2 as the head gives it, 4 as a float, 12 for its sorted copy with 64-bit
/// indices and 12 for the second buffer of the sort.
///
/// The sort of PyTorch that top-p sampling uses in vLLM up to 0.15, and later for few sequences; kernels without a
/// sort take about half.
pub const SAMPLED_LOGIT_BYTES: f64 = 30.0;

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
    /// Positions of one block.
    pub block_tokens: f64,
    /// Whole blocks in the room.
    pub blocks: f64,
    /// Sequences of the replica that fit.
    pub sequences: f64,
}

impl MemoryUse {
    /// Whether at least one sequence fits.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.sequences >= 1.0
    }

    /// Positions in the blocks of this rank.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        self.blocks * self.block_tokens
    }
}

/// Workspace of the largest step on one rank: the forward pass, or sampling where that takes more.
///
/// ~~~text
/// A = max( n · 2 · (4·h + w),  s · v · 30 + n · 2 · h )
/// ~~~
///
/// n tokens and s sequences of a step · h width of the residual stream · w widest product of a layer on the rank · v
/// vocabulary. 16 bits an activation; 30 bytes are [`SAMPLED_LOGIT_BYTES`]. Logits are gathered before sampling, so
/// tensor ranks do not divide them.
#[must_use]
pub fn activation_bytes(model: &ModelShape, layout: &Layout, reserve: &Reserve) -> Bytes {
    let f = &model.feed_forward;
    let tokens = reserve.step_tokens;
    let hidden = f64::from(model.hidden);
    let routed = f64::from(f.active_experts * f.expert_width * (f.matrices.max(1) - 1));
    let dense = f64::from(f.dense_width * (f.matrices.max(1) - 1)) / f64::from(layout.tensor);
    let forward = tokens * 2.0 * (4.0 * hidden + dense.max(routed));
    let logits = reserve.step_sequences * f64::from(model.vocabulary);
    let sampling = logits * SAMPLED_LOGIT_BYTES + if logits > 0.0 { tokens * 2.0 * hidden } else { 0.0 };
    Bytes(forward.max(sampling))
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
    let shared = f64::from(layout.attention_replicas) * f64::from(layout.context);
    Bytes(whole / (split * f64::from(layout.stages) * shared))
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
    // A drafter's layers are like the model's own.
    let drafter = 1.0 + reserve.draft_layers / f64::from(model.layers.max(1));
    let weights = weight_bytes(model, layout, precision) * drafter;
    let activations = activation_bytes(model, layout, reserve);
    let available = machine.memory * reserve.share;
    let cache_room = available - weights - activations - reserve.fixed;
    let block_tokens = reserve.block_tokens.max(1.0);
    let blocks_of_one = (context / block_tokens).ceil().max(1.0);
    let cache_per_sequence =
        cache_per_sequence(model, layout, precision, blocks_of_one * block_tokens) * drafter;
    let fitting = |bytes: f64| (cache_room.0 / bytes.max(1.0)).max(0.0).floor();
    // An attention replica holds whole sequences, so a block of its own is not shared out over them.
    let block = cache_per_sequence.0 * f64::from(layout.attention_replicas) / blocks_of_one;
    MemoryUse {
        available,
        weights,
        activations,
        reserve: reserve.fixed,
        cache_room,
        cache_per_sequence,
        block_tokens,
        blocks: fitting(block),
        sequences: fitting(cache_per_sequence.0),
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
        // Two: 73.6 − 36.33 − 3 − (1,024·128,256·30 logits + 8,192·2·8,192) = 30.20 GB; 2048 · 163,840 / 2 bytes a
        // sequence: 179.
        assert!((fit(2).sequences - 179.0).abs() < 2.0, "{:?}", fit(2));
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

    #[test]
    fn the_cache_of_a_measured_engine_has_its_blocks() {
        // vLLM 0.19 with Llama-3.1-8B in 16 bits on an RTX 4090 of 25,250,627,584 bytes: 2,588 blocks of 16.
        //   available    25.2506 GB · 0.9                       22.726 GB
        //   weights      8.030 G · 2                            16.060 GB
        //   activations  256 · 128,256 · 30 + 2,048 · 2 · 4,096  1.002 GB; a forward pass of 2,048 tokens 0.185 GB
        //   reserve      context and library workspaces          0.25 GB; engines log 0.1 to 0.35
        //   a block      16 · 32 layers · 2 · 8 · 128 · 2        2,097,152 bytes
        let machine = Machine { memory: Bytes(25_250_627_584.0), ..samples::h100() };
        let reserve = |fixed| Reserve {
            share: 0.9,
            fixed: Bytes(fixed),
            step_tokens: 2_048.0,
            step_sequences: 256.0,
            block_tokens: 16.0,
            draft_layers: 0.0,
        };
        let blocks = |fixed| {
            let precision = Precision::uniform(Format::Bf16);
            let layout = Layout::tensor(1);
            memory_use(&samples::llama_8b(), &machine, &layout, precision, 2_889.0, &reserve(fixed)).blocks
        };
        // The whole range of logged reserves lies within 3 % of the measured count.
        for fixed in [0.1e9, 0.25e9, 0.35e9] {
            assert!((blocks(fixed) / 2_588.0 - 1.0).abs() < 0.03, "{fixed}: {}", blocks(fixed));
        }
        assert!((blocks(0.25e9) / 2_588.0 - 1.0).abs() < 0.01, "{}", blocks(0.25e9));
        // Without what sampling takes it would be far off.
        let unsampled = Reserve { step_sequences: 0.0, ..reserve(0.25e9) };
        let precision = Precision::uniform(Format::Bf16);
        let model = samples::llama_8b();
        let blind = memory_use(&model, &machine, &Layout::tensor(1), precision, 2_889.0, &unsampled);
        assert!(blind.blocks / 2_588.0 > 1.1);
    }

    #[test]
    fn a_sequence_takes_whole_blocks_and_a_larger_reserve_never_leaves_more() {
        let model = samples::llama_70b();
        let precision = Precision::uniform(Format::Fp8);
        let used = |context, reserve: &Reserve| {
            memory_use(&model, &samples::h100(), &Layout::tensor(4), precision, context, reserve)
        };
        let usual = Reserve::default();
        assert!((used(2_049.0, &usual).sequences - used(2_064.0, &usual).sequences).abs() < 0.5);
        let one_by_one = Reserve { block_tokens: 1.0, ..usual };
        assert!(used(2_049.0, &one_by_one).sequences > used(2_064.0, &one_by_one).sequences);
        let mut last = f64::INFINITY;
        for fixed in [0.0, 1e9, 3e9, 10e9, 30e9, 100e9] {
            let now = used(2_048.0, &Reserve { fixed: Bytes(fixed), ..usual });
            assert!(now.sequences <= last && now.blocks >= now.sequences, "{now:?}");
            last = now.sequences;
        }
    }
}
