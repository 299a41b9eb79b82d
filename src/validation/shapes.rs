//! Shapes of models that were measured but have no card: plain transformers published long ago.
//!
//! Layers, width and heads are those of the tables in their papers or configuration files, recalled: Brown et al.
//! 2020, arXiv:2005.14165 (GPT-3); Narayanan et al. 2021, arXiv:2104.04473, table 1 (GPT of 1.7 to 1,008 billion);
//! Korthikanti et al. 2022, arXiv:2205.05198, table 3 (22 billion, 1 trillion); llm-foundry's MPT files; Zhang et al.
//! 2022, arXiv:2205.01068 (OPT); the BLOOM card; Chowdhery et al. 2022, arXiv:2204.02311 (PaLM); Parmar et al. 2024,
//! arXiv:2402.16819 and the Nemotron-4-340B report; the Grok-1 release; MaxText's recipes for TPU (widths of the 22
//! and 52 billion from their files, head width 256 and two matrices as their size asks; the others from the rule by
//! which its `global_parameter_scale` doubles widths, heads and layers in turn).

use super::hardware::plain;
use crate::throughput::shape::{AttentionShape, FeedForwardShape, ModelShape};

/// A transformer without experts and with as many key-value heads as heads, four times wider inside, two matrices.
const fn classic(layers: u32, hidden: u32, heads: u32, vocabulary: u32) -> ModelShape {
    grouped([layers, hidden, heads, heads, hidden / heads], 4 * hidden, 2, vocabulary)
}

/// A dense transformer: layers, hidden width, heads, key-value heads, head width.
const fn grouped(
    [layers, hidden, heads, kv_heads, head_dim]: [u32; 5],
    width: u32,
    matrices: u32,
    vocabulary: u32,
) -> ModelShape {
    ModelShape {
        layers,
        hidden,
        vocabulary,
        tied_embeddings: false,
        mtp_layers: 0,
        attention: AttentionShape {
            kind: crate::throughput::shape::AttentionKind::Grouped,
            heads,
            kv_heads,
            head_dim,
            full_layers: layers,
            window_layers: 0,
            window: 0,
            linear_layers: 0,
            q_lora: 0,
            kv_lora: 0,
            rope_dim: 0,
            nope_dim: 0,
            v_dim: 0,
            sparse_topk: 0,
            kv_elements_per_token: (2 * kv_heads * head_dim * layers) as f64,
            state_elements: 0.0,
        },
        feed_forward: FeedForwardShape {
            dense_layers: layers,
            dense_width: width,
            matrices,
            moe_layers: 0,
            experts: 0,
            active_experts: 0,
            shared_experts: 0,
            expert_width: 0,
            shared_width: 0,
            expert_hidden: hidden,
        },
        card_parameters: 0.0,
        encoder_flop_per_token: 0.0,
    }
}

const GPT_VOCABULARY: u32 = 51_200;
const MPT_VOCABULARY: u32 = 50_368;

/// Names as published and their shapes.
const PUBLISHED: &[(&str, ModelShape)] = &[
    ("gpt3-175b", classic(96, 12_288, 96, GPT_VOCABULARY)),
    ("gpt-1.7b", classic(24, 2_304, 24, GPT_VOCABULARY)),
    ("gpt-3.6b", classic(30, 3_072, 32, GPT_VOCABULARY)),
    ("gpt-7.5b", classic(36, 4_096, 32, GPT_VOCABULARY)),
    ("gpt-18.4b", classic(40, 6_144, 48, GPT_VOCABULARY)),
    ("gpt-22b", classic(48, 6_144, 64, GPT_VOCABULARY)),
    ("gpt-39.1b", classic(48, 8_192, 64, GPT_VOCABULARY)),
    ("gpt-76.1b", classic(60, 10_240, 80, GPT_VOCABULARY)),
    ("gpt-145.6b", classic(80, 12_288, 96, GPT_VOCABULARY)),
    ("gpt-310.1b", classic(96, 16_384, 128, GPT_VOCABULARY)),
    ("gpt-529.6b", classic(105, 20_480, 128, GPT_VOCABULARY)),
    ("gpt-1008b", classic(128, 25_600, 160, GPT_VOCABULARY)),
    ("gpt-1t", classic(128, 25_600, 160, GPT_VOCABULARY)),
    ("mpt-7b", classic(32, 4_096, 32, MPT_VOCABULARY)),
    ("mpt-13b", classic(40, 5_120, 40, MPT_VOCABULARY)),
    ("mpt-30b", classic(48, 7_168, 64, MPT_VOCABULARY)),
    ("mpt-70b", classic(80, 8_192, 64, MPT_VOCABULARY)),
    ("maxtext-22b", grouped([48, 6_144, 24, 24, 256], 24_576, 2, 32_000)),
    ("maxtext-52b", grouped([32, 12_288, 32, 32, 256], 49_152, 2, 32_000)),
    ("opt-175b", classic(96, 12_288, 96, 50_272)),
    ("bloom-176b", classic(70, 14_336, 112, 250_880)),
    ("palm-540b", grouped([118, 18_432, 48, 1, 256], 73_728, 3, 256_000)),
    ("nemotron4-15b", grouped([32, 6_144, 48, 8, 128], 24_576, 2, 256_000)),
    ("nemotron4-340b", grouped([96, 18_432, 96, 8, 192], 73_728, 2, 256_000)),
];

/// MaxText's model of 2ⁿ billion parameters: heads and inner width, then hidden width, then layers double in turn.
fn scaled(billions: u32) -> Option<ModelShape> {
    if !billions.is_power_of_two() || billions > 1_024 {
        return None;
    }
    let doublings = billions.ilog2();
    let (whole, rest) = (doublings / 3, doublings % 3);
    let wide = 1 << (whole + u32::from(rest > 0));
    let hidden = 2_048 << (whole + u32::from(rest > 1));
    Some(grouped([16 << whole, hidden, 16 * wide, 16 * wide, 128], 7_168 * wide, 3, 32_000))
}

/// Grok-1: 8 experts of which 2 work, 32,768 wide and gated.
fn grok() -> ModelShape {
    let dense = grouped([64, 6_144, 48, 8, 128], 0, 3, 131_072);
    ModelShape {
        tied_embeddings: true,
        feed_forward: FeedForwardShape {
            dense_layers: 0,
            moe_layers: 64,
            experts: 8,
            active_experts: 2,
            expert_width: 32_768,
            ..dense.feed_forward
        },
        ..dense
    }
}

/// The shapes of a model by its published name.
#[must_use]
pub fn published(label: &str) -> Option<(String, ModelShape)> {
    let label = plain(label);
    if label.starts_with("grok1") {
        return Some(("grok1-314b".into(), grok()));
    }
    let known = PUBLISHED.iter().find(|(name, _)| plain(name) == label);
    known.map(|(name, shape)| ((*name).to_owned(), *shape)).or_else(|| {
        let billions = label.strip_prefix("maxtext")?.strip_suffix('b')?.parse().ok()?;
        Some((format!("maxtext-{billions}b"), scaled(billions)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters that the name promises, in billions.
    #[test]
    fn shapes_have_the_parameters_of_their_names() {
        for (name, billions) in [
            ("gpt3-175b", 175.0),
            ("gpt-22b", 22.0),
            ("gpt-145.6b", 145.6),
            ("gpt-1008b", 1_008.0),
            ("mpt-30b", 30.0),
            ("mpt-7b", 6.7),
            ("palm-540b", 540.0),
            ("nemotron4-15b", 15.6),
            ("nemotron4-340b", 341.0),
            ("bloom-176b", 176.0),
            ("grok1-314b", 314.0),
            ("maxtext-16b", 16.0),
            ("maxtext-22b", 22.0),
            ("maxtext-52b", 52.0),
            ("maxtext-128b", 128.0),
            ("maxtext-1024b", 1_024.0),
        ] {
            let (_, shape) = published(name).unwrap();
            let total = shape.parameters().total() / 1e9;
            assert!((total / billions - 1.0).abs() < 0.05, "{name}: {total}");
        }
    }
}
