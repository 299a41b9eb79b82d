//! Models and machines that the tests of this trade share.

use super::efficiency::CurveSet;
use super::engines::Software;
use super::machine::{Link, Machine};
use super::precision::PeakRates;
use super::shape::{AttentionKind, AttentionShape, FeedForwardShape, ModelShape};
use crate::units::{ByteRate, Bytes, FlopRate, Seconds, Watts};

/// Layers, hidden, heads, key-value heads, feed-forward width, vocabulary; heads of 128.
fn dense(layers: u32, hidden: u32, heads: u32, kv_heads: u32, width: u32, vocabulary: u32) -> ModelShape {
    ModelShape {
        layers,
        hidden,
        vocabulary,
        attention: AttentionShape {
            heads,
            kv_heads,
            head_dim: 128,
            full_layers: layers,
            kv_elements_per_token: f64::from(2 * kv_heads * 128 * layers),
            ..AttentionShape::default()
        },
        feed_forward: FeedForwardShape {
            dense_layers: layers,
            dense_width: width,
            matrices: 3,
            ..FeedForwardShape::default()
        },
        ..ModelShape::default()
    }
}

pub(crate) fn llama_8b() -> ModelShape {
    dense(32, 4_096, 32, 8, 14_336, 128_256)
}

pub(crate) fn llama_70b() -> ModelShape {
    dense(80, 8_192, 64, 8, 28_672, 128_256)
}

pub(crate) fn llama_405b() -> ModelShape {
    dense(126, 16_384, 128, 8, 53_248, 128_256)
}

fn moe(base: ModelShape, experts: u32, active: u32, width: u32) -> ModelShape {
    ModelShape {
        feed_forward: FeedForwardShape {
            matrices: 3,
            moe_layers: base.layers,
            experts,
            active_experts: active,
            expert_width: width,
            expert_hidden: base.hidden,
            ..FeedForwardShape::default()
        },
        ..base
    }
}

pub(crate) fn mixtral_8x7b() -> ModelShape {
    moe(dense(32, 4_096, 32, 8, 0, 32_000), 8, 2, 14_336)
}

pub(crate) fn qwen3_235b() -> ModelShape {
    moe(dense(94, 4_096, 64, 4, 0, 151_936), 128, 8, 1_536)
}

pub(crate) fn gpt_oss_120b() -> ModelShape {
    let mut model = moe(dense(36, 2_880, 64, 8, 0, 201_088), 128, 4, 2_880);
    model.attention =
        AttentionShape { head_dim: 64, full_layers: 18, window_layers: 18, window: 128, ..model.attention };
    model
}

pub(crate) fn deepseek_v3() -> ModelShape {
    ModelShape {
        layers: 61,
        hidden: 7_168,
        vocabulary: 129_280,
        mtp_layers: 1,
        attention: AttentionShape {
            kind: AttentionKind::Latent,
            heads: 128,
            kv_heads: 128,
            head_dim: 192,
            full_layers: 61,
            q_lora: 1_536,
            kv_lora: 512,
            rope_dim: 64,
            nope_dim: 128,
            v_dim: 128,
            kv_elements_per_token: 35_136.0,
            ..AttentionShape::default()
        },
        feed_forward: FeedForwardShape {
            dense_layers: 3,
            dense_width: 18_432,
            matrices: 3,
            moe_layers: 58,
            experts: 256,
            active_experts: 8,
            shared_experts: 1,
            expert_width: 2_048,
            shared_width: 2_048,
            expert_hidden: 7_168,
        },
        ..ModelShape::default()
    }
}

/// DeepSeek-V3.2: the same with an indexer of 128 elements a layer and position.
pub(crate) fn deepseek_v32() -> ModelShape {
    let mut model = deepseek_v3();
    model.attention.sparse_topk = 2_048;
    model.attention.kv_elements_per_token = 42_944.0;
    model
}

/// Qwen3.5-27B: one attention layer of four, the others linear; their weights follow from the card's total.
pub(crate) fn qwen35_27b() -> ModelShape {
    let mut model = dense(64, 5_120, 24, 4, 17_408, 248_320);
    model.attention = AttentionShape {
        head_dim: 256,
        full_layers: 16,
        linear_layers: 48,
        kv_elements_per_token: 32_768.0,
        state_elements: 37_748_736.0,
        ..model.attention
    };
    model.card_parameters = 26.90e9;
    model
}

pub(crate) fn h100() -> Machine {
    Machine {
        peak: PeakRates { bf16: FlopRate(989e12), fp8: Some(FlopRate(1_979e12)), fp4: None, int8: None },
        memory: Bytes(80e9),
        bandwidth: ByteRate(3.35e12),
        scale_up: Link { bandwidth: ByteRate(450e9), latency: Seconds(1e-6) },
        domain: 8,
        meshed: false,
        in_network_reduction: true,
        scale_out: Link { bandwidth: ByteRate(50e9), latency: Seconds(5e-6) },
        curves: CurveSet::embedded().generation("hopper"),
        software: Software::default(),
        power: Watts(1_300.0),
    }
}

pub(crate) fn gb200() -> Machine {
    Machine {
        peak: PeakRates {
            bf16: FlopRate(2.5e15),
            fp8: Some(FlopRate(5e15)),
            fp4: Some(FlopRate(10e15)),
            int8: None,
        },
        memory: Bytes(186e9),
        bandwidth: ByteRate(8e12),
        scale_up: Link { bandwidth: ByteRate(900e9), latency: Seconds(1e-6) },
        domain: 72,
        meshed: false,
        curves: CurveSet::embedded().generation("blackwell"),
        power: Watts(1_850.0),
        ..h100()
    }
}
