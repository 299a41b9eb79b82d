//! How far predictions are off: errors of rows, statistics of tables and groups.
//!
//! ~~~text
//! error = (predicted − published) / published
//! APE = |error|;  bias = mean of the signed errors
//! ~~~

use std::collections::BTreeMap;

/// Rows of a `worst` list.
const WORST: usize = 10;

/// One measured table, predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct TableReport {
    /// Which: `inference`, `points`, `training`, `collectives`, `sites`, `fabrics`, `facility`.
    pub table: String,
    /// Columns of the input.
    pub header: Vec<String>,
    /// Columns that follow `predicted`, `error`, `status` and `reason`.
    pub extra: Vec<String>,
    /// In the order of the input.
    pub rows: Vec<RowReport>,
}

/// Bounds that a prediction has to keep within.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What it checks.
    pub name: String,
    /// Relative error that it may have; else the published range is the bound.
    pub tolerance: Option<f64>,
    /// Lowest and highest prediction.
    pub bounds: (f64, f64),
}

impl RowReport {
    /// Whether it keeps within its bounds, where it is a check; one that is not predicted does not.
    #[must_use]
    pub fn passed(&self) -> Option<bool> {
        let (low, high) = self.check.as_ref()?.bounds;
        Some(self.predicted.is_some_and(|predicted| (low..=high).contains(&predicted)))
    }
}

/// One measured row, predicted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowReport {
    /// What names it: its id or place in the table.
    pub id: String,
    /// The input as it was read.
    pub cells: Vec<String>,
    /// The system it ran on, for grouping.
    pub system: String,
    /// The model it ran, for grouping.
    pub model: String,
    /// Who published it, for grouping.
    pub source: String,
    /// Generation of the accelerators, as their profile spells it; empty where they are unknown.
    pub generation: String,
    /// Whether the model is a mixture of experts, if it is known.
    pub mixture: Option<bool>,
    /// What was published, in words, where the table mixes several measures; else empty.
    pub measure: &'static str,
    /// What was published, in the table's unit.
    pub published: Option<f64>,
    /// What is predicted, in the same unit.
    pub predicted: Option<f64>,
    /// Signed error as a fraction.
    pub error: Option<f64>,
    /// Why it can't be expressed, or what to know about it.
    pub reason: String,
    /// Whether it counts in the statistics.
    pub counted: bool,
    /// What it has to keep within, where it is a check.
    pub check: Option<Check>,
    /// Values of the extra columns.
    pub extra: Vec<String>,
}

impl RowReport {
    /// `predicted` or `not_expressible`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.error.is_some() { "predicted" } else { "not_expressible" }
    }
}

/// How far a set of rows is off.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// Rows of the set.
    pub rows: u64,
    /// Those with a prediction that counts.
    pub predicted: u64,
    /// Those that the model cannot express.
    pub not_expressible: u64,
    /// Median of the absolute errors.
    pub median_ape: Option<f64>,
    /// Mean of the absolute errors.
    pub mean_ape: Option<f64>,
    /// 90th percentile of the absolute errors.
    pub p90_ape: Option<f64>,
    /// Mean of the signed errors.
    pub bias: Option<f64>,
}

/// A quantile of sorted values, linear between neighbours.
///
/// ~~~text
/// h = q·(n − 1);  x = x[⌊h⌋] + (h − ⌊h⌋)·(x[⌊h⌋+1] − x[⌊h⌋])
/// ~~~
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

impl Statistics {
    /// The statistics of some rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a RowReport>) -> Self {
        let mut found = Self::default();
        let mut errors = Vec::new();
        for row in rows {
            found.rows += 1;
            match row.error {
                Some(error) if row.counted && error.is_finite() => errors.push(error),
                Some(_) => {}
                None => found.not_expressible += 1,
            }
        }
        found.predicted = errors.len() as u64;
        if errors.is_empty() {
            return found;
        }
        let n = errors.len() as f64;
        found.bias = Some(errors.iter().sum::<f64>() / n);
        let mut sizes: Vec<f64> = errors.into_iter().map(f64::abs).collect();
        sizes.sort_by(f64::total_cmp);
        found.mean_ape = Some(sizes.iter().sum::<f64>() / n);
        found.median_ape = quantile(&sizes, 0.5);
        found.p90_ape = quantile(&sizes, 0.9);
        found
    }
}

/// Times to the first token of a table that publishes them beside what it is checked by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FirstToken {
    /// Errors of the predicted times.
    pub errors: Statistics,
    /// Median part of the predicted time that is waiting for others' prompts.
    pub predicted_wait_share: Option<f64>,
    /// Median part of the measured time that a prompt alone does not explain: queueing, hosts, networks.
    pub measured_beyond_prompt_share: Option<f64>,
}

impl TableReport {
    /// Times to the first token, if the table has them; rows without one, or set apart, are left out.
    #[must_use]
    pub fn first_token(&self) -> Option<FirstToken> {
        let place = |name: &str| self.extra.iter().position(|column| column == name);
        let (ttft, error, wait) =
            (place("predicted_ttft_ms")?, place("error_ttft")?, place("predicted_wait_ms")?);
        let (mut rows, mut waits, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
        for row in self.rows.iter().filter(|row| row.counted) {
            let number = |place: usize| row.extra.get(place).and_then(|cell| cell.parse::<f64>().ok());
            let (Some(ttft), Some(error)) = (number(ttft), number(error)) else { continue };
            let wait = number(wait).unwrap_or(0.0);
            rows.push(RowReport { error: Some(error), counted: true, ..RowReport::default() });
            if ttft > 0.0 && error > -1.0 {
                let measured = ttft / (1.0 + error);
                waits.push(wait / ttft);
                beyond.push(1.0 - (ttft - wait) / measured);
            }
        }
        let median = |mut shares: Vec<f64>| {
            shares.sort_by(f64::total_cmp);
            quantile(&shares, 0.5)
        };
        (!rows.is_empty()).then(|| FirstToken {
            errors: Statistics::of(&rows),
            predicted_wait_share: median(waits),
            measured_beyond_prompt_share: median(beyond),
        })
    }

    /// The statistics of all rows.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics::of(&self.rows)
    }

    /// The statistics of the rows that share a name; rows without one are left out.
    #[must_use]
    pub fn grouped(&self, name: fn(&RowReport) -> &str) -> BTreeMap<String, Statistics> {
        let mut groups: BTreeMap<String, Vec<&RowReport>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| !name(row).is_empty()) {
            groups.entry(name(row).to_owned()).or_default().push(row);
        }
        groups.into_iter().map(|(key, rows)| (key, Statistics::of(rows))).collect()
    }

    /// The counted rows with the largest errors, largest first.
    #[must_use]
    pub fn worst(&self) -> Vec<&RowReport> {
        let size = |row: &RowReport| row.error.map_or(0.0, f64::abs);
        let mut rows: Vec<&RowReport> =
            self.rows.iter().filter(|row| row.counted && row.error.is_some_and(f64::is_finite)).collect();
        rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
        rows.truncate(WORST);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(error: Option<f64>, counted: bool) -> RowReport {
        RowReport { system: "s".into(), error, counted, ..RowReport::default() }
    }

    // 0.1, −0.3, 0.2: sizes 0.1, 0.2, 0.3; median 0.2; mean 0.6/3 = 0.2; 90th percentile at place 0.9·2 = 1.8:
    // 0.2 + 0.8·0.1 = 0.28; bias (0.1 − 0.3 + 0.2)/3 = 0.
    #[test]
    fn statistics_follow_by_hand() {
        let rows = [row(Some(0.1), true), row(Some(-0.3), true), row(Some(0.2), true), row(None, true)];
        let found = Statistics::of(&rows);
        assert_eq!((found.rows, found.predicted, found.not_expressible), (4, 3, 1));
        assert!((found.median_ape.unwrap() - 0.2).abs() < 1e-12);
        assert!((found.mean_ape.unwrap() - 0.2).abs() < 1e-12);
        assert!((found.p90_ape.unwrap() - 0.28).abs() < 1e-12);
        assert!(found.bias.unwrap().abs() < 1e-12);
    }

    // Predicted 80 ms, 20 of them waiting, against 100 ms measured: −20 %; a quarter waits; 40 of 100 ms are more than the
    // prompt alone.
    #[test]
    fn first_tokens_say_what_of_them_is_waiting() {
        let extra = ["80", "-0.2", "20"].map(str::to_owned).to_vec();
        let table = TableReport {
            table: "points".into(),
            header: Vec::new(),
            extra: ["predicted_ttft_ms", "error_ttft", "predicted_wait_ms"].map(str::to_owned).to_vec(),
            rows: vec![RowReport { extra, ..row(Some(0.1), true) }, row(Some(0.1), true)],
        };
        let found = table.first_token().unwrap();
        assert_eq!(found.errors.predicted, 1);
        assert!((found.errors.bias.unwrap() + 0.2).abs() < 1e-12);
        assert!((found.predicted_wait_share.unwrap() - 0.25).abs() < 1e-12);
        assert!((found.measured_beyond_prompt_share.unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn rows_set_apart_change_no_statistic() {
        let with = Statistics::of(&[row(Some(0.1), true), row(Some(9.0), false)]);
        assert_eq!(with.predicted, 1);
        assert!((with.median_ape.unwrap() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_set_without_predictions_has_no_error() {
        assert_eq!(Statistics::of(&[row(None, true)]).median_ape, None);
        assert_eq!(quantile(&[], 0.5), None);
    }
}
