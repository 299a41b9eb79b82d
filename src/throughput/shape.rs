//! The shape of a model: its layers and widths from the card, and what follows from them alone: parameters, weights
//! and cache.

use super::precision::Format;
use super::roofline::NO_WINDOW;

/// How attention works; the same kinds as in a model card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttentionKind {
    /// Grouped queries share key and value heads.
    #[default]
    Grouped,
    /// One compressed key-value per token and layer.
    Latent,
    /// One shared latent head over compressed past.
    CompressedLatent,
}

/// Attention of a model, fields as in its card.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "the fields of `catalog::profile::Attention`, documented there")]
pub struct AttentionShape {
    pub kind: AttentionKind,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_dim: u32,
    pub full_layers: u32,
    pub window_layers: u32,
    pub window: u32,
    pub linear_layers: u32,
    pub q_lora: u32,
    pub kv_lora: u32,
    pub rope_dim: u32,
    pub nope_dim: u32,
    pub v_dim: u32,
    pub sparse_topk: u32,
    pub kv_elements_per_token: f64,
    pub state_elements: f64,
}

/// Feed-forward layers of a model, fields as in its card.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "the fields of `catalog::profile::FeedForward`, documented there")]
pub struct FeedForwardShape {
    pub dense_layers: u32,
    pub dense_width: u32,
    pub matrices: u32,
    pub moe_layers: u32,
    pub experts: u32,
    pub active_experts: u32,
    pub shared_experts: u32,
    pub expert_width: u32,
    pub shared_width: u32,
    pub expert_hidden: u32,
}

/// A model as throughput sees it, fields as in its card.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ModelShape {
    /// Transformer layers or blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Whether input and output embeddings are one matrix.
    pub tied_embeddings: bool,
    /// Multi-token prediction layers.
    pub mtp_layers: u32,
    /// Attention layers.
    pub attention: AttentionShape,
    /// Feed-forward layers.
    pub feed_forward: FeedForwardShape,
    /// Total parameters of the card; what the shapes below do not explain is the weight of linear-attention layers
    /// or of compressed attention. Zero if unknown.
    pub card_parameters: f64,
    /// Arithmetic of an encoder in front, per prompt token [FLOP]; zero for text alone.
    pub encoder_flop_per_token: f64,
}

/// Parameters by part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parameters {
    /// Input and output embeddings.
    pub embedding: f64,
    /// Attention projections of all layers, linear mixers included.
    pub attention: f64,
    /// Dense feed-forward layers, shared experts, routers.
    pub dense: f64,
    /// Routed experts.
    pub experts: f64,
}

impl Parameters {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.embedding + self.attention + self.dense + self.experts
    }
}

/// Attention projections of one layer, by how a tensor group holds them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Projections {
    /// Held whole by each rank: the latent's down-projections.
    pub(super) whole: f64,
    /// Split by heads: towards attention.
    pub(super) inward: f64,
    /// Key and value projections, split by their heads.
    pub(super) cache: f64,
    /// Split by heads: back to the residual stream.
    pub(super) outward: f64,
    /// The indexer of sparse attention.
    pub(super) indexer: f64,
}

impl Projections {
    fn total(&self) -> f64 {
        self.whole + self.inward + self.cache + self.outward + self.indexer
    }
}

impl ModelShape {
    pub(super) fn h(&self) -> f64 {
        f64::from(self.hidden)
    }

    /// Layers whose attention has a cache.
    #[must_use]
    pub fn attention_layers(&self) -> f64 {
        f64::from(self.attention.full_layers + self.attention.window_layers)
    }

    /// Cached elements of one attention layer and position that attention itself reads.
    #[must_use]
    pub fn cache_elements(&self) -> f64 {
        let a = &self.attention;
        match a.kind {
            AttentionKind::Grouped => 2.0 * f64::from(a.kv_heads * a.head_dim),
            AttentionKind::Latent => f64::from(a.kv_lora + a.rope_dim),
            AttentionKind::CompressedLatent => a.kv_elements_per_token / f64::from(self.layers.max(1)),
        }
    }

    /// Keys of the sparse-attention indexer per position, all layers.
    #[must_use]
    pub fn indexer_elements(&self) -> f64 {
        let a = &self.attention;
        if a.kind == AttentionKind::Latent && a.sparse_topk > 0 {
            (a.kv_elements_per_token - self.attention_layers() * self.cache_elements()).max(0.0)
        } else {
            0.0
        }
    }

    /// Width of an indexer head: 128 in DeepSeek-V3.2 and GLM-5.
    pub(super) const INDEXER_WIDTH: f64 = 128.0;

    /// Heads of the indexer: half of the attention heads, as in DeepSeek-V3.2 (64 of 128) and GLM-5 (32 of 64).
    pub(super) fn indexer_heads(&self) -> f64 {
        f64::from(self.attention.heads) / 2.0
    }

    pub(super) fn projections(&self) -> Projections {
        let a = &self.attention;
        let h = self.h();
        let heads = f64::from(a.heads);
        match a.kind {
            AttentionKind::Grouped => Projections {
                inward: h * heads * f64::from(a.head_dim),
                cache: 2.0 * h * f64::from(a.kv_heads * a.head_dim),
                outward: h * heads * f64::from(a.head_dim),
                ..Projections::default()
            },
            AttentionKind::Latent => {
                let query_width = heads * f64::from(a.nope_dim + a.rope_dim);
                let latent = f64::from(a.kv_lora);
                let q_lora = f64::from(a.q_lora);
                let (query_down, query_up) =
                    if a.q_lora > 0 { (h * q_lora, q_lora * query_width) } else { (0.0, h * query_width) };
                let indexed_layers = self.indexer_elements() / Self::INDEXER_WIDTH;
                let one_indexer =
                    Self::INDEXER_WIDTH * (q_lora * self.indexer_heads() + h) + h * self.indexer_heads();
                Projections {
                    whole: query_down + h * (latent + f64::from(a.rope_dim)),
                    inward: query_up + latent * heads * f64::from(a.nope_dim + a.v_dim),
                    cache: 0.0,
                    outward: heads * f64::from(a.v_dim) * h,
                    indexer: one_indexer * indexed_layers / self.attention_layers().max(1.0),
                }
            }
            AttentionKind::CompressedLatent => {
                let known = self.feed_forward_parameters();
                let rest = self.card_parameters - known.0 - known.1 - self.embedding_parameters();
                let one = rest.max(0.0) / self.attention_layers().max(1.0);
                Projections { inward: one / 2.0, outward: one / 2.0, ..Projections::default() }
            }
        }
    }

    /// Attention projections of one layer with a cache.
    pub(super) fn projection_parameters(&self) -> f64 {
        self.projections().total()
    }

    fn embedding_parameters(&self) -> f64 {
        f64::from(self.vocabulary) * self.h() * if self.tied_embeddings { 1.0 } else { 2.0 }
    }

    /// (dense feed-forward, shared experts and routers; routed experts)
    fn feed_forward_parameters(&self) -> (f64, f64) {
        let f = &self.feed_forward;
        let matrices = f64::from(f.matrices);
        let dense = f64::from(f.dense_layers) * matrices * self.h() * f64::from(f.dense_width);
        let moe = f64::from(f.moe_layers);
        let beside = moe * (self.shared_parameters() + self.h() * f64::from(f.experts));
        (dense + beside, moe * f64::from(f.experts) * self.expert_parameters())
    }

    /// Width at which routed experts work.
    pub(super) fn expert_input(&self) -> f64 {
        let latent = self.feed_forward.expert_hidden;
        if latent == 0 { self.h() } else { f64::from(latent) }
    }

    fn expert_parameters(&self) -> f64 {
        f64::from(self.feed_forward.matrices)
            * self.expert_input()
            * f64::from(self.feed_forward.expert_width)
    }

    /// Shared experts of one layer, with the projections to and from a latent expert width.
    pub(super) fn shared_parameters(&self) -> f64 {
        let f = &self.feed_forward;
        let shared = if f.shared_experts > 0 {
            f64::from(f.matrices) * self.h() * f64::from(f.shared_width)
        } else {
            0.0
        };
        let latent = if (self.expert_input() - self.h()).abs() > 0.5 {
            2.0 * self.h() * self.expert_input()
        } else {
            0.0
        };
        shared + latent
    }

    /// Weights of one linear-attention layer: what the card's total leaves after everything else.
    pub(super) fn linear_parameters(&self) -> f64 {
        let layers = f64::from(self.attention.linear_layers);
        if layers < 0.5 {
            return 0.0;
        }
        let (dense, experts) = self.feed_forward_parameters();
        let rest = self.card_parameters
            - dense
            - experts
            - self.embedding_parameters()
            - self.attention_layers() * self.projections().total();
        (rest / layers).max(0.0)
    }

    /// Parameters by part; multi-token prediction and vision left out.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let (dense, experts) = self.feed_forward_parameters();
        Parameters {
            embedding: self.embedding_parameters(),
            attention: self.attention_layers() * self.projections().total()
                + f64::from(self.attention.linear_layers) * self.linear_parameters(),
            dense,
            experts,
        }
    }

    /// Parameters that one token meets; the input embedding, a look-up, left out.
    #[must_use]
    pub fn active_parameters(&self) -> f64 {
        let parameters = self.parameters();
        let f = &self.feed_forward;
        let chosen = if f.experts > 0 { f64::from(f.active_experts) / f64::from(f.experts) } else { 0.0 };
        parameters.attention
            + parameters.dense
            + parameters.experts * chosen
            + f64::from(self.vocabulary) * self.h()
    }

    /// Arithmetic of attention per pair of token and attended position, all full layers, not absorbed [FLOP].
    #[must_use]
    pub fn attention_flop_per_attended(&self) -> f64 {
        let a = &self.attention;
        let heads = f64::from(a.heads);
        match a.kind {
            AttentionKind::Grouped => 4.0 * heads * f64::from(a.head_dim),
            AttentionKind::Latent => 2.0 * heads * f64::from(a.nope_dim + a.rope_dim + a.v_dim),
            // Positions are merged before they are read; the card's cache growth says by how much.
            AttentionKind::CompressedLatent => 4.0 * heads * self.cache_elements().min(f64::from(a.head_dim)),
        }
    }

    /// Arithmetic of a forward pass per token at a mean attended context [FLOP].
    #[must_use]
    pub fn forward_flop_per_token(&self, attended: f64) -> f64 {
        let a = &self.attention;
        let window = if a.window == 0 { NO_WINDOW } else { f64::from(a.window) };
        let positions =
            f64::from(a.full_layers) * attended + f64::from(a.window_layers) * attended.min(window);
        2.0 * self.active_parameters() + self.attention_flop_per_attended() * positions
    }

    /// Cache of one sequence on all ranks together, one copy [bytes].
    ///
    /// ~~~text
    /// C = b · (e_full · c + e_window · min(c, w)) + 2 · state
    /// ~~~
    #[must_use]
    pub fn cache_bytes(&self, context: f64, cache: Format) -> f64 {
        let a = &self.attention;
        let window = if a.window == 0 { NO_WINDOW } else { f64::from(a.window) };
        let b = cache.bytes();
        let growing = match a.kind {
            AttentionKind::CompressedLatent => {
                a.kv_elements_per_token * context
                    + self.attention_layers() * f64::from(a.head_dim) * context.min(window)
            }
            _ => {
                (f64::from(a.full_layers) * context + f64::from(a.window_layers) * context.min(window))
                    * self.cache_elements()
                    + self.indexer_elements() * context
            }
        };
        b * growing + STATE_BYTES * a.state_elements
    }
}

/// Storage of an element of recurrent state: 16 bits, the engines' default.
pub(super) const STATE_BYTES: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::samples;

    fn close(value: f64, expected: f64, share: f64) {
        assert!((value / expected - 1.0).abs() < share, "{value:e} against {expected:e}");
    }

    #[test]
    fn parameters_agree_with_the_published_ones() {
        // Published totals and active counts in billions (reference cards, 3 % asked for).
        for (model, total, active) in [
            (samples::llama_8b(), 8.0, 7.50),
            (samples::llama_70b(), 70.55, 69.5),
            (samples::llama_405b(), 405.0, 403.75),
            (samples::mixtral_8x7b(), 46.7, 12.9),
            (samples::qwen3_235b(), 235.0, 22.0),
            (samples::gpt_oss_120b(), 116.8, 5.1),
            (samples::deepseek_v3(), 671.0, 37.0),
            (samples::deepseek_v32(), 671.88, 37.48),
            (samples::qwen35_27b(), 26.90, 25.62),
        ] {
            close(model.parameters().total(), total * 1e9, 0.03);
            close(model.active_parameters(), active * 1e9, 0.03);
        }
    }

    #[test]
    fn a_layer_of_deepseek_has_the_weights_of_its_shapes() {
        // down 7168·1536 + 7168·576, up 1536·128·192 + 512·128·256, out 128·128·7168: 187.1 M a layer.
        let p = samples::deepseek_v3().projections();
        close(p.whole, 7_168.0 * (1_536.0 + 576.0), 1e-9);
        close(p.total(), 187.1e6, 1e-3);
    }

    #[test]
    fn a_cached_position_has_the_bytes_of_the_card() {
        // 61 layers · (512 + 64) elements · 1 byte; Llama 70B: 80 · 2 · 8 · 128 · 2 bytes = 327,680.
        let deepseek = samples::deepseek_v3();
        close(deepseek.cache_bytes(1_000.0, Format::Fp8), 35_136.0 * 1_000.0, 1e-9);
        close(samples::llama_70b().cache_bytes(1.0, Format::Bf16), 327_680.0, 1e-9);
        close(samples::deepseek_v32().cache_bytes(1.0, Format::Fp8), 42_944.0, 1e-9);
        // A window of 128 stops growing: 18 layers · 1,024 elements · 128 + 18 · 1,024 · 1,000.
        close(samples::gpt_oss_120b().cache_bytes(1_000.0, Format::Fp8), 18_432.0 * 1_128.0, 1e-9);
    }
}
