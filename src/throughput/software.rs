//! Software maturity: what a release of the serving engines reached of today's speed, by date.
//!
//! The one table is `software.toml` beside this file: few entries, each with its date and reason, none for a single
//! result. Predictions for today and later take 1.

use super::engines::ServingEngine;
use super::shape::{AttentionKind, ModelShape};
use serde::Deserialize;
use std::sync::OnceLock;

/// Experts from which a mixture is served with attention copied over the ranks.
pub const MANY_EXPERTS: u32 = 64;

/// One generation of engines.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Last month of it, as `2024-12`.
    pub until: String,
    /// Which models it speaks of.
    pub experts: Kind,
    /// Which engines, by their words.
    pub of: Vec<String>,
    /// Share of today's speed.
    pub factor: f64,
    /// The engines meant.
    pub engines: String,
    /// Why.
    pub reason: String,
}

/// Which models an entry speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// All.
    Any,
    /// Mixtures of many experts.
    Many,
    /// Mixtures of many experts with latent attention.
    Latent,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Releases {
    release: Vec<Release>,
}

const EMBEDDED: &str = include_str!("software.toml");

/// The table, oldest first; empty only if the embedded file is broken, which a test excludes.
#[must_use]
pub fn releases() -> &'static [Release] {
    static TABLE: OnceLock<Releases> = OnceLock::new();
    &TABLE.get_or_init(|| toml::from_str(EMBEDDED).unwrap_or_default()).release
}

/// Share of today's speed that the engines of a date reached with a model; 1 where no date is given.
///
/// A date is `2025-09` or `2025-09-30`; months compare as text.
#[must_use]
pub fn maturity(date: &str, model: &ModelShape, engine: ServingEngine) -> f64 {
    let Some(month) = date.get(..7).filter(|month| month.starts_with("20")) else { return 1.0 };
    let many = model.feed_forward.experts >= MANY_EXPERTS;
    let latent = model.attention.kind != AttentionKind::Grouped;
    let speaks = |kind| match kind {
        Kind::Any => true,
        Kind::Many => many,
        Kind::Latent => many && latent,
    };
    releases()
        .iter()
        .find(|release| {
            let named = release.of.iter().any(|word| word == engine.word());
            month <= release.until.as_str() && speaks(release.experts) && named
        })
        .map_or(1.0, |release| release.factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::samples;

    #[test]
    fn the_table_is_sound_and_in_order() {
        assert!(!releases().is_empty());
        assert!(releases().is_sorted_by_key(|release| release.until.clone()));
        assert!(releases().iter().all(|release| (0.5..=1.0).contains(&release.factor)));
        let known = |word: &String| ServingEngine::named(word).is_some();
        assert!(releases().iter().all(|release| !release.of.is_empty() && release.of.iter().all(known)));
    }

    #[test]
    fn today_is_the_measure() {
        let (dense, many, latent) = (samples::llama_70b(), samples::qwen3_235b(), samples::deepseek_v3());
        let of = |date, model| maturity(date, model, ServingEngine::TensorRtLlm);
        assert!((of("", &latent) - 1.0).abs() < 1e-12);
        assert!((of("09/2025", &latent) - 1.0).abs() < 1e-12);
        assert!((of("2026-08-01", &latent) - 1.0).abs() < 1e-12);
        assert!(of("2025-09", &latent) < of("2025-09", &many));
        assert!(of("2025-09", &many) < 1.0);
        assert!((of("2025-09", &dense) - 1.0).abs() < 1e-12);
        assert!(of("2024-08-28", &dense) < 1.0);
        assert!((maturity("2025-09", &latent, ServingEngine::Sglang) - 1.0).abs() < 1e-12);
    }
}
