//! How the points of a sweep spread, as people and files get it.

use crate::kernel::spread::{BINS, Measure, Spread, edge};
use crate::report::Records;
use crate::report::chart::sparkline;
use crate::report::document::{Block, Column, Section, Table};
use crate::units::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Counts of the points that can run by the size of one measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// What is measured, by its key in a point: `tokens_per_s_per_user`, `tokens_per_s_per_accelerator`, `ttft_s`.
    pub measure: String,
    /// From the least to the largest that is not empty, four to a doubling.
    pub bins: Vec<Bin>,
}

/// Points between two values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The least value, in the unit of the measure.
    pub from: f64,
    /// The value that is no longer in it.
    pub to: f64,
    /// Points.
    pub count: u64,
}

/// Every bin of some sweeps, one a row.
pub(super) fn records<'a>(sweeps: impl Iterator<Item = (&'a str, &'a [Histogram])>) -> Records {
    let bin = |of: &str, measure: &str, bin: &Bin| -> Value {
        json!({"of": of, "measure": measure, "from": bin.from, "to": bin.to, "count": bin.count})
    };
    let exemplar = bin("", "", &Bin { from: 0.5, to: 1.0, count: 1 });
    let rows = sweeps.flat_map(|(of, histograms)| {
        let all = histograms.iter().flat_map(|known| known.bins.iter().map(|one| (&known.measure, one)));
        all.map(|(measure, one)| bin(of, measure, one)).collect::<Vec<_>>()
    });
    Records::of(&exemplar, rows)
}

/// Keys, names and units of the measures.
const MEASURES: [(Measure, &str, &str, &str); 3] = [
    (Measure::PerUser, "tokens_per_s_per_user", "per user", "tok/s"),
    (Measure::PerAccelerator, "tokens_per_s_per_accelerator", "per accelerator", "tok/s"),
    (Measure::FirstToken, "ttft_s", "to the first token", "s"),
];

/// The histograms of a sweep; those of no point are empty.
#[must_use]
pub fn histograms(spread: &Spread) -> Vec<Histogram> {
    let of = |(measure, key, _, _): &(Measure, &str, &str, &str)| {
        let counts = spread.of(*measure);
        let first = counts.iter().position(|count| *count > 0).unwrap_or(BINS);
        let end = counts.iter().rposition(|count| *count > 0).map_or(first, |last| last + 1);
        let bins = (first..end).map(|bin| Bin { from: edge(bin), to: edge(bin + 1), count: counts[bin] });
        Histogram { measure: (*key).to_owned(), bins: bins.collect() }
    };
    MEASURES.iter().map(of).collect()
}

impl Histogram {
    /// Adds the counts of another of the same measure; bins between the two are there and empty.
    pub(super) fn join(&mut self, other: &Self) {
        let (Some(first), Some(last)) = (other.bins.first(), other.bins.last()) else { return };
        let (Some(own_first), Some(own_last)) = (self.bins.first(), self.bins.last()) else {
            self.bins.clone_from(&other.bins);
            return;
        };
        let (from, to) = (own_first.from.min(first.from), own_last.to.max(last.to));
        let count = |bins: &[Bin], from: f64| {
            bins.binary_search_by(|bin| bin.from.total_cmp(&from)).map_or(0, |place| bins[place].count)
        };
        self.bins = (0..BINS)
            .map(|bin| (edge(bin), edge(bin + 1)))
            .filter(|(low, high)| *low >= from && *high <= to)
            .map(|(low, high)| Bin {
                from: low,
                to: high,
                count: count(&self.bins, low).saturating_add(count(&other.bins, low)),
            })
            .collect();
    }

    /// The value that such a share of the points stays below, a straight line through its bin; nothing without points.
    fn quantile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.bins.iter().map(|bin| bin.count).sum();
        let mut below = 0.0;
        for bin in self.bins.iter().filter(|bin| bin.count > 0) {
            let within = bin.count as f64 / all as f64;
            if below + within >= share {
                return Some(bin.from + (bin.to - bin.from) * ((share - below) / within).clamp(0.0, 1.0));
            }
            below += within;
        }
        self.bins.last().map(|bin| bin.to)
    }
}

/// Characters of a sparkline at most.
const WIDTH: usize = 40;

/// The spread of each sweep: quantiles, and the shape in a line.
pub(super) fn section<'a>(sweeps: impl Iterator<Item = (&'a str, &'a [Histogram])>) -> Option<Section> {
    let rows: Vec<(String, &str, &str, &Histogram)> = sweeps
        .flat_map(|(of, histograms)| {
            histograms.iter().filter(|histogram| !histogram.bins.is_empty()).filter_map(move |histogram| {
                let (_, _, name, unit) = MEASURES.iter().find(|(_, key, _, _)| *key == histogram.measure)?;
                Some((of.to_owned(), *name, *unit, histogram))
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let quantile = |share: f64| {
        let show = move |row: &(String, &str, &str, &Histogram)| {
            row.3.quantile(share).map_or_else(String::new, text::digits)
        };
        rows.iter().map(show)
    };
    let shape = |histogram: &Histogram| {
        let step = histogram.bins.len().div_ceil(WIDTH).max(1);
        let sums = histogram.bins.chunks(step).map(|bins| bins.iter().map(|bin| bin.count as f64).sum());
        sparkline(&sums.collect::<Vec<f64>>())
    };
    let columns = vec![
        Column::words("sweep", rows.iter().map(|row| row.0.clone())),
        Column::words("points that can run", rows.iter().map(|row| row.1)),
        Column::words("unit", rows.iter().map(|row| row.2)),
        Column::numbers("10 % below", quantile(0.1)),
        Column::numbers("median", quantile(0.5)),
        Column::numbers("90 % below", quantile(0.9)),
        Column::words("shape", rows.iter().map(|row| shape(row.3))),
    ];
    let note = "Shapes run from the least to the most in equal steps of the logarithm; JSON has the bins.";
    let blocks = vec![Block::Table(Table::of(columns)), Block::Text(note.into())];
    Some(Section { heading: "How the points spread".into(), blocks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::serving_sweep::Score;

    fn spread(values: &[f32]) -> Histogram {
        let mut spread = Spread::default();
        let scores: Vec<Score> =
            values.iter().map(|user| Score { tokens_per_s_per_user: *user, ..Score::default() }).collect();
        spread.absorb(&scores);
        histograms(&spread).swap_remove(0)
    }

    #[test]
    fn joined_histograms_are_those_of_all_values() {
        let (left, right) = ([1.0, 1.1, 30.0], [5.0, 900.0]);
        for (a, b) in [(&left[..], &right[..]), (&right, &left), (&[], &left), (&left, &[])] {
            let mut joined = spread(a);
            joined.join(&spread(b));
            assert_eq!(joined, spread(&[a, b].concat()));
        }
    }

    #[test]
    fn quantiles_lie_where_the_values_do() {
        let values: Vec<f32> = (0..10_000).map(|step| 10.0 + step as f32 * 0.01).collect();
        let histogram = spread(&values);
        for (share, value) in [(0.1, 20.0), (0.5, 60.0), (0.9, 100.0)] {
            let found = histogram.quantile(share).unwrap();
            assert!((found / value - 1.0_f64).abs() < 0.02, "{share}: {found}");
        }
        assert_eq!(spread(&[]).quantile(0.5), None);
        assert!(section(std::iter::once(("m", [spread(&[])].as_slice()))).is_none());
    }
}
