//! Error bands of serving results, from the rows that count: what `throughput/bands.toml` holds.
//!
//! Rows are those of inference and points. A time per output token is read as a rate of its inverse, since at the
//! concurrency of the row that is what the rate of an accelerator is proportional to.

use super::statistics::quantile;
use super::{RowReport, TableReport};
use crate::throughput::bands::{Band, Family, LEAST_ROWS, OTHERS};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Ends of a band.
const ENDS: [f64; 2] = [0.1, 0.9];

/// Measured over predicted rate of a row that counts.
fn ratio(table: &TableReport, row: &RowReport) -> Option<f64> {
    let (published, predicted) = (row.published?, row.predicted?);
    let ratio = match table.table.as_str() {
        "inference" => published / predicted,
        "points" => predicted / published,
        _ => return None,
    };
    (row.counted && ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

fn band(generation: &str, family: Family, ratios: &mut [f64]) -> Option<Band> {
    if ratios.len() < LEAST_ROWS {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let [low, high] = ENDS.map(|end| quantile(ratios, end));
    let mut sizes: Vec<f64> = ratios.iter().map(|ratio| (1.0 / ratio - 1.0).abs()).collect();
    sizes.sort_by(f64::total_cmp);
    Some(Band {
        generation: generation.to_owned(),
        family,
        rows: ratios.len() as u64,
        median_ape: quantile(&sizes, 0.5)?,
        low: low? - 1.0,
        high: high? - 1.0,
    })
}

/// The widest of some bands: no end and no median is nearer than the farthest of theirs.
fn widest(family: Family, bands: &[Band]) -> Option<Band> {
    let of = || bands.iter().filter(move |band| band.family == family);
    of().next()?;
    Some(Band {
        generation: OTHERS.to_owned(),
        family,
        rows: of().map(|band| band.rows).sum(),
        median_ape: of().map(|band| band.median_ape).fold(0.0, f64::max),
        low: of().map(|band| band.low).fold(f64::INFINITY, f64::min),
        high: of().map(|band| band.high).fold(f64::NEG_INFINITY, f64::max),
    })
}

/// The bands of all kinds that the tables measure often enough, by generation and family.
#[must_use]
pub fn bands(tables: &[TableReport]) -> Vec<Band> {
    let mut kinds: BTreeMap<(&str, Family), Vec<f64>> = BTreeMap::new();
    for table in tables {
        for row in table.rows.iter().filter(|row| !row.generation.is_empty()) {
            let (Some(mixture), Some(ratio)) = (row.mixture, ratio(table, row)) else { continue };
            for family in [Family::of(mixture), Family::Any] {
                kinds.entry((&row.generation, family)).or_default().push(ratio);
            }
        }
    }
    let mut bands: Vec<Band> = kinds
        .into_iter()
        .filter_map(|((generation, family), mut ratios)| band(generation, family, &mut ratios))
        .collect();
    let families = [Family::Dense, Family::Mixture, Family::Any];
    let others: Vec<Band> = families.into_iter().filter_map(|family| widest(family, &bands)).collect();
    bands.extend(others);
    bands
}

/// The bands as the file that `throughput/bands.rs` embeds; four decimals.
#[must_use]
pub fn text(bands: &[Band]) -> String {
    let mut out = String::from(
        "# How far serving predictions are off, by generation of accelerators and family of models: 10th and 90th\n\
         # percentile of measured over predicted rate, less 1. Written by\n\
         # `gigawatt validate --bands src/throughput/bands.toml`; not to be edited.\n",
    );
    for Band { generation, family, rows, median_ape, low, high } in bands {
        // Debug quotes and escapes as a basic string of TOML does, for words of a profile.
        let _ = write!(
            out,
            "\n[[band]]\ngeneration = {generation:?}\nfamily = \"{}\"\nrows = {rows}\nmedian_ape = {median_ape:.4}\n\
             low = {low:.4}\nhigh = {high:.4}\n",
            family.word()
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Request, run};
    use super::*;
    use crate::catalog::Catalog;
    use crate::throughput::bands as embedded;

    fn rows(generation: &str, errors: impl IntoIterator<Item = f64>) -> Vec<RowReport> {
        let row = |predicted| RowReport {
            generation: generation.into(),
            mixture: Some(false),
            published: Some(1.0),
            predicted: Some(predicted),
            counted: true,
            ..RowReport::default()
        };
        errors.into_iter().map(row).collect()
    }

    fn table(name: &str, rows: Vec<RowReport>) -> TableReport {
        TableReport { table: name.into(), header: vec![], extra: vec![], rows }
    }

    // 21 times of 0.90, 0.91, … 1.10 predicted where 1 was measured: the rate is off by the same ratio. Places
    // 2 and 18 of 0 … 20 are the 10th and 90th percentile: 0.92 and 1.08.
    #[test]
    fn a_band_follows_by_hand() {
        let times = table("points", rows("x", (0..21).map(|n| 0.9 + 0.01 * f64::from(n))));
        let found = bands(&[times]);
        let of = |generation: &str, family| {
            found.iter().find(|band| band.generation == generation && band.family == family)
        };
        let band = of("x", Family::Dense).unwrap();
        assert_eq!(band.rows, 21);
        assert!((band.low + 0.08).abs() < 1e-9 && (band.high - 0.08).abs() < 1e-9, "{band:?}");
        assert_eq!(of("x", Family::Any).map(|band| band.rows), Some(21));
        assert!((of(OTHERS, Family::Dense).unwrap().high - 0.08).abs() < 1e-9);
        assert!(of("x", Family::Mixture).is_none() && of(OTHERS, Family::Mixture).is_none());
    }

    #[test]
    fn thin_kinds_other_tables_and_rows_set_apart_make_no_band() {
        let mut apart = rows("x", [1.0; 30]);
        for row in &mut apart {
            row.counted = false;
        }
        let tables = [
            table("inference", rows("y", [1.0; LEAST_ROWS - 1])),
            table("points", apart),
            table("training", rows("x", [1.0; 30])),
        ];
        assert_eq!(bands(&tables), []);
    }

    #[test]
    fn an_odd_name_of_a_generation_is_still_a_file() {
        let found = bands(&[table("inference", rows("a \"b\"\\", [1.1; 30]))]);
        assert!(text(&found).contains(r#"generation = "a \"b\"\\""#), "{}", text(&found));
    }

    /// The file is what the model of today gives on the embedded tables.
    #[test]
    fn the_committed_bands_are_those_of_the_tables() {
        const HOW: &str = "write it anew: cargo run --release -- validate --bands src/throughput/bands.toml";
        let tables = vec![(Kind::Inference, None), (Kind::Points, None)];
        let request = Request { tables, engines: None };
        let now = bands(&run(&request, &Catalog::default(), &|_, _| {}).unwrap());
        let kinds = |bands: &[Band]| -> Vec<(String, Family)> {
            bands.iter().map(|band| (band.generation.clone(), band.family)).collect()
        };
        assert_eq!(kinds(&now), kinds(embedded::bands()), "{HOW}\n{}", text(&now));
        for (now, then) in now.iter().zip(embedded::bands()) {
            let pairs = [(now.low, then.low), (now.high, then.high), (now.median_ape, then.median_ape)];
            let near = pairs.iter().all(|(now, then)| (now - then).abs() < 0.003);
            assert!(near && now.rows == then.rows, "{then:?} is now {now:?}; {HOW}");
        }
    }
}
