//! How far serving predictions were off, by kind of accelerator and model: the error band of a result.
//!
//! ~~~text
//! r = measured rate / predicted rate
//! band = predicted × (1 + low) … predicted × (1 + high),  low = r₁₀ − 1,  high = r₉₀ − 1
//! ~~~
//!
//! r₁₀ and r₉₀ are the 10th and 90th percentile of r over the counted rows of one kind. The one table is `bands.toml`
//! beside this file; `gigawatt validate --bands` writes it from the measured tables, and a test holds the two
//! together. A kind is a generation of accelerators and a family of models. Of a kind with fewer than
//! [`LEAST_ROWS`] rows the band of its generation over all models stands; of a generation with fewer, the widest
//! band that any measured generation has, and it says that it is inherited. Attention kinds are not told
//! apart, nor lengths and loads; a row counts as much as any other, so long tables weigh more.

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// Rows that a band needs to stand on its own.
pub const LEAST_ROWS: usize = 20;

/// The word in the place of a generation for all that are not measured.
pub const OTHERS: &str = "others";

/// Families of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Every weight works on every token.
    Dense,
    /// Layers of experts, of which a token wakes a few.
    Mixture,
    /// Both.
    Any,
}

impl Family {
    /// The family of a model with or without layers of experts.
    #[must_use]
    pub fn of(mixture: bool) -> Self {
        if mixture { Self::Mixture } else { Self::Dense }
    }

    /// Its name in the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Mixture => "mixture",
            Self::Any => "any",
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::Dense => "dense models",
            Self::Mixture => "mixtures of experts",
            Self::Any => "all models",
        }
    }
}

/// One entry of the table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Generation of the accelerators, as their profiles spell it, or [`OTHERS`].
    pub generation: String,
    /// Family of the models.
    pub family: Family,
    /// Counted rows that it rests on.
    pub rows: u64,
    /// Median of |predicted / measured − 1|.
    pub median_ape: f64,
    /// Low end, a signed fraction of the prediction.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// The band of one result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorBand {
    /// Which rows it comes from, in words.
    pub kind: String,
    /// Whether it is that of other generations because this one is hardly measured, or not at all.
    pub inherited: bool,
    /// Counted rows that it rests on.
    pub rows: u64,
    /// Median of |predicted / measured − 1|.
    pub median_ape: f64,
    /// Measured is expected above predicted × (1 + low) …
    pub low: f64,
    /// … and below predicted × (1 + high), in eight rows of ten.
    pub high: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bands {
    band: Vec<Band>,
}

const EMBEDDED: &str = include_str!("bands.toml");

/// The table; empty only if the embedded file is broken, which a test excludes.
#[must_use]
pub fn bands() -> &'static [Band] {
    static TABLE: OnceLock<Bands> = OnceLock::new();
    &TABLE.get_or_init(|| toml::from_str(EMBEDDED).unwrap_or_default()).band
}

/// The error band of a model on an accelerator; none only where the table is empty.
#[must_use]
pub fn expected(generation: &str, mixture: bool) -> Option<ErrorBand> {
    among(bands(), generation, mixture)
}

fn among(table: &[Band], generation: &str, mixture: bool) -> Option<ErrorBand> {
    let family = Family::of(mixture);
    let places = [(generation, family), (generation, Family::Any), (OTHERS, family), (OTHERS, Family::Any)];
    places.into_iter().find_map(|(of, family)| {
        let band = table.iter().find(|band| band.generation == of && band.family == family)?;
        let inherited = of == OTHERS;
        let kind = if inherited {
            format!(
                "widest of {} elsewhere, with fewer than {LEAST_ROWS} measured rows on {generation}",
                band.family.phrase()
            )
        } else {
            format!("{} on {generation}", band.family.phrase())
        };
        let &Band { rows, median_ape, low, high, .. } = band;
        Some(ErrorBand { kind, inherited, rows, median_ape, low, high })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(generation: &str, family: Family, high: f64) -> Band {
        Band { generation: generation.into(), family, rows: 20, median_ape: 0.1, low: -0.1, high }
    }

    #[test]
    fn the_table_is_sound() {
        assert!(!bands().is_empty());
        for band in bands() {
            assert!(-1.0 < band.low && band.low < band.high, "{band:?}");
            assert!(band.rows >= LEAST_ROWS as u64 && band.median_ape > 0.0, "{band:?}");
        }
        for family in [Family::Dense, Family::Mixture, Family::Any] {
            assert!(bands().iter().any(|band| band.generation == OTHERS && band.family == family));
        }
    }

    #[test]
    fn a_thin_kind_takes_its_generation_and_an_unmeasured_generation_the_widest() {
        let table = [
            band("a", Family::Dense, 0.1),
            band("a", Family::Any, 0.2),
            band(OTHERS, Family::Mixture, 0.3),
            band(OTHERS, Family::Any, 0.4),
        ];
        let high = |generation, mixture| among(&table, generation, mixture).unwrap().high;
        assert!((high("a", false) - 0.1).abs() < 1e-12);
        assert!((high("a", true) - 0.2).abs() < 1e-12);
        assert!((high("b", true) - 0.3).abs() < 1e-12);
        assert!((high("b", false) - 0.4).abs() < 1e-12);
        let found = among(&table, "b", true).unwrap();
        assert!(found.inherited && found.kind.contains("fewer than 20 measured rows on b"), "{}", found.kind);
        assert!(among(&table, "a", true).unwrap().kind.contains("all models on a"));
        assert_eq!(among(&[], "a", true), None);
    }

    /// No band of an accelerator that nobody measured is narrower than one that was.
    #[test]
    fn what_is_inherited_is_the_widest() {
        for mixture in [false, true] {
            let widest = expected("not a generation", mixture).unwrap();
            for band in bands().iter().filter(|band| band.family == Family::of(mixture)) {
                assert!(widest.low <= band.low && band.high <= widest.high, "{band:?}");
            }
        }
    }
}
