//! Splits of a model over accelerators, and which are legal.
//!
//! A replica is `tensor × context × attention_replicas × stages` accelerators, tensor ranks next to each other.
//! Attention and dense layers are split over `tensor` ranks and copied over the others; routed experts are spread over
//! `expert` of the ranks of a stage and split in width over what is left.
//!
//! Context ranks share the positions of a prompt and of its cache. In prefill each computes its part of the tokens
//! and passes keys and values round the ring (Liu et al. 2023, arXiv:2310.01889; Yang et al. 2024, arXiv:2411.01783);
//! in decode each attends to its part of the cache for the same new tokens, and the outputs are combined. The ring is
//! counted as exposed, and evenly balanced over the causal triangle.

use super::shape::{AttentionKind, ModelShape};

/// One split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Ranks that share the heads and widths of a layer.
    pub tensor: u32,
    /// Pipeline stages.
    pub stages: u32,
    /// Ranks that share the experts of a layer.
    pub expert: u32,
    /// Copies of attention with their own sequences.
    pub attention_replicas: u32,
    /// Ranks that share the positions of a sequence; 1 for all but long prompts.
    pub context: u32,
    /// Extra arithmetic of the busiest expert rank; see `CurveSet::skew_at`. Zero is even routing.
    pub routing_skew: f64,
}

impl Layout {
    /// Tensor ranks alone.
    #[must_use]
    pub fn tensor(ranks: u32) -> Self {
        Self { tensor: ranks, stages: 1, expert: 1, attention_replicas: 1, context: 1, routing_skew: 0.0 }
    }

    /// Attention copied and experts spread over the same ranks.
    #[must_use]
    pub fn attention_data_parallel(ranks: u32) -> Self {
        Self { tensor: 1, stages: 1, expert: ranks, attention_replicas: ranks, context: 1, routing_skew: 0.0 }
    }

    /// Ranks of one stage.
    #[must_use]
    pub fn ranks(&self) -> u32 {
        self.tensor * self.context * self.attention_replicas
    }

    /// Accelerators of one replica.
    #[must_use]
    pub fn accelerators(&self) -> u32 {
        self.ranks() * self.stages
    }

    /// Why the layout cannot hold the model, if it cannot.
    #[must_use]
    pub fn illegal(&self, model: &ModelShape) -> Option<&'static str> {
        let a = &model.attention;
        let f = &model.feed_forward;
        let moe = f.moe_layers > 0;
        let degrees = [self.tensor, self.stages, self.expert, self.attention_replicas, self.context];
        if degrees.contains(&0) {
            return Some("a degree is zero");
        }
        if !a.heads.is_multiple_of(self.tensor) {
            return Some("attention heads do not divide over the tensor ranks");
        }
        if a.kind == AttentionKind::Grouped
            && !a.kv_heads.is_multiple_of(self.tensor)
            && !self.tensor.is_multiple_of(a.kv_heads.max(1))
        {
            return Some("key-value heads neither divide over the tensor ranks nor repeat on them");
        }
        if f.dense_layers > 0 && !f.dense_width.is_multiple_of(self.tensor) {
            return Some("the feed-forward width does not divide over the tensor ranks");
        }
        if self.stages > model.layers {
            return Some("more stages than layers");
        }
        if !moe && self.expert > 1 {
            return Some("a dense model has no experts to spread");
        }
        if !moe && self.attention_replicas > 1 {
            return Some("copies of a whole dense model are replicas");
        }
        if moe && !self.ranks().is_multiple_of(self.expert) {
            return Some("the expert ranks do not divide the ranks of a stage");
        }
        if moe && !f.experts.is_multiple_of(self.expert) {
            return Some("experts do not divide over the expert ranks");
        }
        if moe && !f.expert_width.is_multiple_of(self.ranks() / self.expert) {
            return Some("the expert width does not divide over the ranks that share an expert");
        }
        if moe && self.attention_replicas * self.context > 1 && self.expert != self.ranks() {
            return Some("attention copies need experts on all ranks of the stage");
        }
        if self.context > 1 && a.linear_layers > 0 {
            return Some("the state of linear attention passes through all positions in order");
        }
        None
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TP{} PP{} EP{} DP{}", self.tensor, self.stages, self.expert, self.attention_replicas)?;
        if self.context > 1 { write!(f, " CP{}", self.context) } else { Ok(()) }
    }
}

/// Degrees that engines are run at.
const DEGREES: [u32; 14] = [1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 36, 64];

/// Positions below which a context rank is not worth its messages.
const LEAST_POSITIONS: f64 = 8_192.0;

/// Degrees of context parallelism that a prompt of so many tokens is worth, 1 first.
#[must_use]
pub fn context_degrees(prompt: f64) -> Vec<u32> {
    [1, 2, 4, 8]
        .into_iter()
        .filter(|degree| *degree == 1 || prompt >= LEAST_POSITIONS * f64::from(*degree))
        .collect()
}

/// All legal layouts on at most `most` accelerators of one domain, smallest first; positions are not shared.
#[must_use]
pub fn layouts(model: &ModelShape, most: u32) -> Vec<Layout> {
    layouts_at(model, most, 1)
}

/// The same with `context` ranks sharing the positions of a sequence.
#[must_use]
pub fn layouts_at(model: &ModelShape, most: u32, context: u32) -> Vec<Layout> {
    let moe = model.feed_forward.moe_layers > 0;
    let mut found = Vec::new();
    let degrees = || DEGREES.into_iter().chain([72, 144]).filter(move |d| *d <= most);
    for tensor in degrees().filter(|d| *d <= 32) {
        for attention_replicas in degrees().filter(|d| moe || *d == 1) {
            for stages in [1, 2, 4, 8].into_iter().filter(|s| *s <= most) {
                let ranks = tensor * attention_replicas * context;
                if ranks * stages > most {
                    continue;
                }
                for expert in [1, ranks] {
                    if expert == ranks && ranks == 1 && found.iter().any(|l: &Layout| l.accelerators() == 1) {
                        continue;
                    }
                    let layout =
                        Layout { tensor, stages, expert, attention_replicas, context, routing_skew: 0.0 };
                    if layout.illegal(model).is_none() && !found.contains(&layout) {
                        found.push(layout);
                    }
                }
            }
        }
    }
    found.sort_by_key(|layout| {
        (layout.accelerators(), layout.stages, layout.attention_replicas, layout.expert)
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::samples;

    #[test]
    fn eight_key_value_heads_repeat_on_sixteen_ranks() {
        assert_eq!(Layout::tensor(16).illegal(&samples::llama_405b()), None);
        assert!(Layout::tensor(3).illegal(&samples::llama_405b()).is_some());
    }

    #[test]
    fn a_dense_model_has_no_attention_copies() {
        assert!(Layout::attention_data_parallel(4).illegal(&samples::llama_70b()).is_some());
        assert_eq!(Layout::attention_data_parallel(64).illegal(&samples::deepseek_v3()), None);
        // 256 experts do not spread over 72 ranks without copies.
        assert!(Layout::attention_data_parallel(72).illegal(&samples::deepseek_v3()).is_some());
    }

    #[test]
    fn every_layout_listed_is_legal_and_fits_the_domain() {
        for model in [samples::llama_70b(), samples::deepseek_v3(), samples::gpt_oss_120b()] {
            let found = layouts(&model, 72);
            assert!(found.len() > 3);
            for (index, layout) in found.iter().enumerate() {
                assert_eq!(layout.illegal(&model), None);
                assert!(layout.accelerators() <= 72);
                assert!(!found[..index].contains(layout), "{layout} twice");
            }
        }
    }

    #[test]
    fn context_ranks_are_for_long_prompts() {
        assert_eq!(context_degrees(1_024.0), [1]);
        assert_eq!(context_degrees(32_768.0), [1, 2, 4]);
        for model in [samples::llama_70b(), samples::deepseek_v3()] {
            let found = layouts_at(&model, 72, 4);
            assert!(!found.is_empty());
            assert!(found.iter().all(|layout| layout.accelerators() % 4 == 0 && layout.accelerators() <= 72));
        }
        assert!(layouts_at(&samples::qwen35_27b(), 72, 2).is_empty());
    }
}
