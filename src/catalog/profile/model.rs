//! Open models: shapes that operations follow from.

use super::{FileSource, ListPrice};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How attention works in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttentionKind {
    /// Grouped queries share key and value heads; multi-head when they are as many.
    Grouped,
    /// Multi-head latent attention: one compressed key-value per token.
    Latent,
    /// One shared latent head over compressed past, as in DeepSeek-V4.
    CompressedLatent,
}

/// A model card: shapes that operations follow from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Same as the file's stem.
    pub id: String,
    /// As published.
    pub name: String,
    /// Family.
    pub family: String,
    /// Transformer layers or blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Whether input and output embeddings are one matrix.
    pub tied_embeddings: bool,
    /// Longest context.
    pub max_context: u64,
    /// Multi-token prediction layers.
    pub mtp_layers: u32,
    /// Attention layers.
    pub attention: Attention,
    /// Feed-forward layers.
    pub feed_forward: FeedForward,
    /// What the publisher states.
    pub published: PublishedSize,
    /// List price of hosted tokens, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<ListPrice>,
    /// Formats that the published weights use beside BF16, by part, such as `experts = "mxfp4"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, String>,
    /// What the card leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the shapes come from.
    pub source: FileSource,
}

/// Attention of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// How it works.
    pub kind: AttentionKind,
    /// Query heads.
    pub heads: u32,
    /// Key-value heads.
    pub kv_heads: u32,
    /// Width of a head; of query and key for latent attention.
    pub head_dim: u32,
    /// Layers that attend to the whole context.
    pub full_layers: u32,
    /// Layers that attend to a window.
    pub window_layers: u32,
    /// The window [tokens].
    pub window: u32,
    /// Layers with linear attention or a state-space mixer.
    pub linear_layers: u32,
    /// Rank of the query compression (latent attention).
    pub q_lora: u32,
    /// Width of the compressed key-value (latent attention).
    pub kv_lora: u32,
    /// Rotary width (latent attention).
    pub rope_dim: u32,
    /// Width of the part without position (latent attention).
    pub nope_dim: u32,
    /// Width of a value head (latent attention).
    pub v_dim: u32,
    /// Most past tokens that sparse attention reads; 0 for all.
    pub sparse_topk: u32,
    /// Cached key-value elements per token of context, all layers.
    pub kv_elements_per_token: f64,
    /// Fixed recurrent state per sequence, all linear layers [elements].
    pub state_elements: f64,
}

/// Feed-forward layers of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedForward {
    /// Dense layers.
    pub dense_layers: u32,
    /// Width of a dense layer.
    pub dense_width: u32,
    /// Matrices of a feed-forward block: three gated, two plain.
    pub matrices: u32,
    /// Mixture-of-experts layers.
    pub moe_layers: u32,
    /// Routed experts of a layer.
    pub experts: u32,
    /// Routed experts that a token goes to.
    pub active_experts: u32,
    /// Experts that every token goes to.
    pub shared_experts: u32,
    /// Width of a routed expert.
    pub expert_width: u32,
    /// Width of the shared experts together.
    pub shared_width: u32,
    /// Width at which routed experts work; the hidden width unless latent.
    pub expert_hidden: u32,
}

/// Size of a model: computed from its shapes, and published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedSize {
    /// Total parameters by formula, embeddings included.
    pub computed_parameters: f64,
    /// Active parameters by formula: the input embedding left out, the output projection counted.
    pub computed_active_parameters: f64,
    /// Total parameters as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<f64>,
    /// Active parameters as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_parameters: Option<f64>,
    /// Where the published size stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
