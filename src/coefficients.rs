//! Files of fitted coefficients: value, prior, spread, bounds, meaning and origin of each, with the errors of what the
//! fit did not see.
//!
//! `gigawatt calibrate` writes them; serving engines, training steps and collectives read their own. A coefficient is
//! found by its name; the suffix of the name tells how it is fitted: `_ms`, `_us` and `_exponent` in steps, all others
//! in ratios.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One coefficient with what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    /// Fitted value.
    pub value: f64,
    /// What it is drawn to: what isolated measurements or documentation say.
    pub prior: f64,
    /// How far it may stray at the price of one standard deviation: a ratio for factors and shares, else a difference.
    pub spread: f64,
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
    /// What it stands for, and its unit.
    pub meaning: String,
    /// Where the prior comes from, if the file says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
}

/// Error of a group of rows that the fit did not see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What was left out: `model`, `operation` or `system`.
    pub kind: String,
    /// Its name; `all` for the rows of all groups together, each predicted without its own group.
    pub name: String,
    /// Which table: `inference`, `points`, `training` or `collectives`.
    pub table: String,
    /// Counted rows.
    pub rows: usize,
    /// Median absolute error with the group left out.
    pub median_ape: f64,
    /// Ninetieth percentile of the absolute error with the group left out.
    pub p90_ape: f64,
    /// Mean signed error with the group left out.
    pub bias: f64,
    /// Median absolute error of the same rows in the fit of all.
    pub fitted_median_ape: f64,
}

/// The coefficient file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoefficientSet {
    /// Where the coefficients come from.
    pub note: String,
    /// Rows that they were fitted to.
    pub rows: usize,
    /// By name.
    pub coefficients: BTreeMap<String, Coefficient>,
    /// Errors with a group left out, beside those of the fit.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

impl CoefficientSet {
    /// Reads a coefficient file.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// A file that comes with the program; empty only if it is broken, which the tests of its owner exclude.
    #[must_use]
    pub fn shipped(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    /// Value of a coefficient; `otherwise` where the file has none.
    #[must_use]
    pub fn value(&self, name: &str, otherwise: f64) -> f64 {
        self.coefficients.get(name).map_or(otherwise, |coefficient| coefficient.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_or_without_origins() {
        let text = "note = 'n'\nrows = 3\n[coefficients.hop_us]\nvalue = 2.0\nprior = 1.0\nspread = 0.5\nlow = 0.0\nhigh = 9.0\nmeaning = 'a hop'\n";
        let set = CoefficientSet::parse(text).unwrap();
        assert!(
            (set.value("hop_us", 7.0) - 2.0).abs() < 1e-12 && (set.value("none", 7.0) - 7.0).abs() < 1e-12
        );
        assert!(set.coefficients["hop_us"].origin.is_empty());
        let sourced = CoefficientSet::parse(&format!("{text}origin = 'a page'\n")).unwrap();
        assert_eq!(sourced.coefficients["hop_us"].origin, "a page");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(CoefficientSet::parse("note = ''\nrows = 0\ncoefficient = {}\n[coefficients]\n").is_err());
    }
}
