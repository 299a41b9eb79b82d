//! Splits of a model over accelerators, and which are legal.
//!
//! A replica is `tensor × attention_replicas × stages` accelerators. Attention and dense layers are split over
//! `tensor` ranks and copied over `attention_replicas`; routed experts are spread over `expert` of the
//! `tensor × attention_replicas` ranks of a stage and split in width over what is left.

use super::operations::{AttentionKind, ModelShape};

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
    /// Extra arithmetic of the busiest expert rank; see `CurveSet::skew_at`. Zero is even routing.
    pub routing_skew: f64,
}

impl Layout {
    /// Tensor ranks alone.
    #[must_use]
    pub fn tensor(ranks: u32) -> Self {
        Self { tensor: ranks, stages: 1, expert: 1, attention_replicas: 1, routing_skew: 0.0 }
    }

    /// Attention copied and experts spread over the same ranks.
    #[must_use]
    pub fn attention_data_parallel(ranks: u32) -> Self {
        Self { tensor: 1, stages: 1, expert: ranks, attention_replicas: ranks, routing_skew: 0.0 }
    }

    /// Ranks of one stage.
    #[must_use]
    pub fn ranks(&self) -> u32 {
        self.tensor * self.attention_replicas
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
        if self.tensor == 0 || self.stages == 0 || self.expert == 0 || self.attention_replicas == 0 {
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
        if moe && self.attention_replicas > 1 && self.expert != self.ranks() {
            return Some("attention copies need experts on all ranks of the stage");
        }
        None
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TP{} PP{} EP{} DP{}", self.tensor, self.stages, self.expert, self.attention_replicas)
    }
}

/// Degrees that engines are run at.
const DEGREES: [u32; 14] = [1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 36, 64];

/// All legal layouts on at most `most` accelerators of one domain, smallest first.
#[must_use]
pub fn layouts(model: &ModelShape, most: u32) -> Vec<Layout> {
    let moe = model.feed_forward.moe_layers > 0;
    let mut found = Vec::new();
    let degrees = || DEGREES.into_iter().chain([72, 144]).filter(move |d| *d <= most);
    for tensor in degrees().filter(|d| *d <= 32) {
        for attention_replicas in degrees().filter(|d| moe || *d == 1) {
            for stages in [1, 2, 4, 8].into_iter().filter(|s| *s <= most) {
                let ranks = tensor * attention_replicas;
                if ranks * stages > most {
                    continue;
                }
                for expert in [1, ranks] {
                    if expert == ranks && ranks == 1 && found.iter().any(|l: &Layout| l.accelerators() == 1) {
                        continue;
                    }
                    let layout = Layout { tensor, stages, expert, attention_replicas, routing_skew: 0.0 };
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
}
