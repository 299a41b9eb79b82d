//! Predicted against published, row by row.
//!
//! A table of measurements ([`tables`]) is read, each row is put as a question to the same functions that a plan
//! uses, and the answer stands beside what was published ([`statistics`]). Rows that the model cannot express say
//! why; rows that repeat or contradict others are predicted too but counted apart. No constant here aims at a row:
//! what a row leaves open is read by a rule that its module states.
//!
//! | table | what is predicted |
//! |---|---|
//! | inference ([`inference`]) | output tokens per second of an accelerator, as `metric_kind` says |
//! | points ([`points`]) | time per output token, and time to the first |
//! | training ([`training`]) | tokens per second of an accelerator, else step time, FLOP/s or time to train |
//! | collectives ([`collectives`]) | time, else bandwidth |
//! | sites ([`sites`]) | accelerators that a power buys |
//! | fabrics ([`fabrics`]) | switches and cables |
//! | goodput ([`goodput`]) | useful share of a run's time, else hours between failures |
//! | facility ([`facility`]) | power, modules, counts and cost of reference designs |

pub mod bands;
pub mod collectives;
pub mod fabrics;
pub mod facility;
pub mod goodput;
pub mod hardware;
pub mod inference;
pub mod points;
mod running;
mod shapes;
pub mod sites;
pub mod statistics;
pub mod tables;
pub mod training;

pub use statistics::{Check, RowReport, Statistics, TableReport};
pub use tables::{Kind, Table};

use crate::catalog::{Catalog, InputError};
use crate::coefficients::CoefficientSet;
use hardware::Hardware;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use tables::{KINDS, Row};

/// Which tables to check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Kinds with a file of the same columns; without one the embedded table is meant.
    pub tables: Vec<(Kind, Option<PathBuf>)>,
    /// Coefficients of serving engines instead of the embedded ones.
    pub engines: Option<PathBuf>,
}

impl Request {
    /// All embedded tables.
    #[must_use]
    pub fn embedded() -> Self {
        Self { tables: KINDS.into_iter().map(|kind| (kind, None)).collect(), engines: None }
    }
}

/// What a row is called in groups.
#[derive(Debug, Clone, Default)]
struct Names {
    id: String,
    system: String,
    model: String,
    source: String,
}

/// What is predicted of a row.
#[derive(Debug, Clone, Default)]
struct Forecast {
    published: f64,
    predicted: f64,
    /// How the row was read.
    reason: String,
    /// Whether it is set apart.
    apart: bool,
    /// What was published, where a table mixes several.
    measure: &'static str,
    /// Values of the extra columns.
    extra: Vec<String>,
}

/// Why there is no prediction.
#[derive(Debug)]
enum Gap {
    /// The file is wrong.
    Fault(InputError),
    /// The model has no word for it.
    NotExpressible(String),
}

impl From<InputError> for Gap {
    fn from(error: InputError) -> Self {
        Self::Fault(error)
    }
}

/// A reason for a row that can't be expressed.
fn gap<T>(reason: impl Into<String>) -> Result<T, Gap> {
    Err(Gap::NotExpressible(reason.into()))
}

/// Predicts every row of the tables; `progress` hears how many rows of how many are done.
pub fn run(
    request: &Request,
    catalog: &Catalog,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<TableReport>, InputError> {
    let hardware = match &request.engines {
        Some(path) => Hardware::with_engines(catalog, engines_of(path)?)?,
        None => Hardware::open(catalog)?,
    };
    let tables = request
        .tables
        .iter()
        .map(|(kind, file)| match file {
            Some(path) => Table::read(*kind, path),
            None => Table::embedded(*kind),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let all = tables.iter().map(Table::len).sum();
    let done = AtomicUsize::new(0);
    let tick = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, all);
    tables.iter().map(|table| check(table, &hardware, &tick)).collect()
}

/// Reads coefficients of serving engines.
fn engines_of(path: &std::path::Path) -> Result<CoefficientSet, InputError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| InputError::plain(&shown, format!("can't be read: {error}")))?;
    CoefficientSet::parse(&text).map_err(|error| {
        InputError::plain(&shown, format!("holds no coefficients of serving engines: {}", error.message()))
            .with_help("`gigawatt calibrate --engines --save FILE` writes such a file")
    })
}

/// Predicts every row of one table.
pub fn check(
    table: &Table,
    hardware: &Hardware,
    tick: &(dyn Fn() + Sync),
) -> Result<TableReport, InputError> {
    let marks = match table.kind {
        Kind::Points => points::marks(table),
        _ => Vec::new(),
    };
    let sized = sites::Yard::new(table, hardware);
    let rows: Vec<Result<RowReport, InputError>> = table
        .rows()
        .into_par_iter()
        .map(|row| {
            let (names, outcome) = match table.kind {
                Kind::Inference => inference::predict(row, hardware),
                Kind::Points => points::predict(row, hardware, &marks),
                Kind::Training => training::predict(row, hardware),
                Kind::Collectives => collectives::predict(row, hardware),
                Kind::Sites => sites::predict(row, hardware, &sized),
                Kind::Fabrics => fabrics::predict(row, hardware),
                Kind::Goodput => goodput::predict(row, hardware),
                Kind::Facility => facility::predict(row, hardware),
            };
            tick();
            reported(row, names, outcome, hardware)
        })
        .collect();
    // The first wrong row is named, whatever thread found one first.
    let mut rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    let extra = match table.kind {
        Kind::Points => ["predicted_ttft_ms", "error_ttft", "predicted_wait_ms"].map(str::to_owned).to_vec(),
        Kind::Goodput => vec!["simulated".to_owned()],
        _ => Vec::new(),
    };
    for row in &mut rows {
        row.extra.resize(extra.len(), String::new());
    }
    Ok(TableReport { table: table.kind.word().to_owned(), header: table.header.clone(), extra, rows })
}

/// The bounds of a row that is a check: its tolerance around what is published, or the published range.
fn checked(row: Row<'_>) -> Result<Option<Check>, InputError> {
    let Some(name) = row.text("check") else { return Ok(None) };
    let (tolerance, published) = (row.positive("tolerance")?, row.positive("published")?);
    let range = row.number("low")?.zip(row.number("high")?);
    let around = tolerance.zip(published).map(|(part, value)| (value * (1.0 - part), value * (1.0 + part)));
    match around.or(range) {
        Some(bounds) => Ok(Some(Check { name: name.to_owned(), tolerance, bounds })),
        None => Err(row.error("a check needs a `tolerance`, or `low` and `high`")),
    }
}

fn reported(
    row: Row<'_>,
    names: Names,
    outcome: Result<Forecast, Gap>,
    hardware: &Hardware,
) -> Result<RowReport, InputError> {
    let (generation, mixture) = hardware.kind_of(&names.system, &names.model);
    let mut report = RowReport {
        id: if names.id.is_empty() { row.number_in_table().to_string() } else { names.id },
        cells: row.cells().to_vec(),
        system: names.system,
        model: names.model,
        source: names.source,
        generation,
        mixture,
        counted: true,
        ..RowReport::default()
    };
    report.check = checked(row)?;
    match outcome {
        Ok(found) if found.predicted.is_finite() && found.published > 0.0 => {
            report.published = Some(found.published);
            report.predicted = Some(found.predicted);
            report.error = Some(found.predicted / found.published - 1.0);
            report.measure = found.measure;
            report.reason = found.reason;
            report.counted = !found.apart;
            report.extra = found.extra;
        }
        Ok(_) => report.reason = "the prediction is not a number".into(),
        Err(Gap::Fault(error)) => return Err(error),
        Err(Gap::NotExpressible(reason)) => report.reason = reason,
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: [&str; 12] = [
        "",
        "0",
        "-1",
        "1e300",
        "1e-300",
        "NaN",
        "inf",
        "9999999",
        "1024",
        "0.5",
        "junk, µ",
        "TP4 EP8 MTP1, x",
    ];

    /// One cell after the other of a few rows of every table becomes something that nobody would write.
    #[test]
    fn a_strange_cell_is_an_error_or_a_row_but_never_a_panic() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let mut writer_faults = 0;
        for kind in KINDS {
            let whole = Table::embedded(kind).unwrap();
            let rows = whole.rows();
            for place in [0, rows.len() / 3, rows.len() - 1] {
                for column in 0..whole.header.len() {
                    for value in NASTY {
                        let mut cells = rows[place].cells().to_vec();
                        cells[column] = value.to_owned();
                        let mut writer = csv::Writer::from_writer(Vec::new());
                        writer.write_record(&whole.header).unwrap();
                        writer.write_record(&cells).unwrap();
                        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                        let table = Table::parse(kind, "nasty.csv", &text).unwrap();
                        match check(&table, &hardware, &|| {}) {
                            Ok(report) => assert_eq!(report.rows.len(), 1),
                            Err(error) => {
                                assert_eq!(error.line(), Some(2), "{error}");
                                writer_faults += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(writer_faults > 100, "wrong numbers are refused: {writer_faults}");
    }

    #[test]
    fn every_row_is_reported_and_says_why_it_is_not_predicted() {
        let reports = run(&Request::embedded(), &Catalog::default(), &|_, _| {}).unwrap();
        let rows: Vec<usize> = reports.iter().map(|report| report.rows.len()).collect();
        assert_eq!(rows, [974, 3_879, 611, 287, 44, 23, 13, 80]);
        for report in &reports {
            for row in &report.rows {
                assert_eq!(row.error.is_none(), row.predicted.is_none(), "{}", row.id);
                assert!(row.error.is_some() || !row.reason.is_empty(), "{}", row.id);
                assert!(row.counted || row.reason.starts_with("set apart"), "{}: {}", row.id, row.reason);
            }
        }
    }

    #[test]
    fn the_same_tables_give_the_same_report() {
        let tables = vec![(Kind::Points, None), (Kind::Collectives, None)];
        let request = Request { tables, engines: None };
        let catalog = Catalog::default();
        let first = run(&request, &catalog, &|_, _| {}).unwrap();
        assert_eq!(first, run(&request, &catalog, &|_, _| {}).unwrap());
    }
}
