//! `gigawatt validate`: predicted against published.

use super::arguments::Common;
use super::diagnostic::{Failure, say};
use super::progress::Progress;
use super::{Outcome, output};
use crate::report::validation::ValidateReport;
use crate::throughput::bands::LEAST_ROWS;
use crate::validation::tables::Kind;
use crate::validation::{self, Request, bands};
use std::path::PathBuf;

/// Check predictions against measured tables; all embedded ones unless some are named
///
/// With `--output FILE.svg` the result is a picture: predicted against measured, one panel a table.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Measured serving throughput, in the columns of the embedded table
    ///
    /// Example: --inference measured.csv
    #[arg(long, value_name = "FILE")]
    inference: Option<PathBuf>,
    /// Measured serving points: time to first token and per output token
    ///
    /// Example: --points points.csv
    #[arg(long, value_name = "FILE")]
    points: Option<PathBuf>,
    /// Measured training runs
    ///
    /// Example: --training runs.csv
    #[arg(long, value_name = "FILE")]
    training: Option<PathBuf>,
    /// Measured collectives
    ///
    /// Example: --collectives nccl.csv
    #[arg(long, value_name = "FILE")]
    collectives: Option<PathBuf>,
    /// Sites with their power and their accelerators
    ///
    /// Example: --sites sites.csv
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
    /// Fabrics with their counts
    ///
    /// Example: --fabrics fabrics.csv
    #[arg(long, value_name = "FILE")]
    fabrics: Option<PathBuf>,
    /// Runs with the rate of their failures
    ///
    /// Example: --goodput goodput.csv
    #[arg(long, value_name = "FILE")]
    goodput: Option<PathBuf>,
    /// Reference designs and published figures of facilities
    ///
    /// Example: --facility designs.csv
    #[arg(long, value_name = "FILE")]
    facility: Option<PathBuf>,
    /// Exit with 1 when the median error of a table is above this fraction
    ///
    /// Example: --max-median-ape 0.15
    #[arg(long, value_name = "X", value_parser = fraction)]
    max_median_ape: Option<f64>,
    /// Coefficients of serving engines, as `calibrate --engines` writes them, instead of the embedded ones
    ///
    /// Example: --engines engines.toml
    #[arg(long, value_name = "FILE.toml")]
    engines: Option<PathBuf>,
    /// File for the error bands of serving results, by kind of accelerator and model
    ///
    /// The bands that plans show come from such a file. Example: --bands bands.toml
    #[arg(long, value_name = "FILE")]
    bands: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

fn fraction(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("a fraction of one looks like 0.15".into()),
    }
}

/// Tables by name, in the order they are checked.
pub const TABLES: [&str; 8] =
    ["inference", "points", "training", "collectives", "sites", "fabrics", "goodput", "facility"];

impl Arguments {
    /// The tables to check: those named with their files, or all embedded ones.
    fn tables(&self) -> Vec<(&'static str, Option<PathBuf>)> {
        let files = [
            &self.inference,
            &self.points,
            &self.training,
            &self.collectives,
            &self.sites,
            &self.fabrics,
            &self.goodput,
            &self.facility,
        ];
        let named: Vec<_> = TABLES
            .into_iter()
            .zip(files)
            .filter_map(|(table, file)| file.clone().map(|file| (table, Some(file))))
            .collect();
        if named.is_empty() { TABLES.map(|table| (table, None)).to_vec() } else { named }
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let report = checked(&arguments.tables(), arguments.engines.as_ref(), &arguments.common)?;
    if let Some(path) = &arguments.bands {
        let found = bands::bands(&report.tables);
        if found.is_empty() {
            let message = format!("no kind of system and model has {LEAST_ROWS} rows of serving that count");
            return Err(Failure::bad(format!("--bands {}", path.display()), message));
        }
        output::save("--bands", path, bands::text(&found).as_bytes(), arguments.common.quiet)?;
    }
    let mut short = false;
    if let Some(limit) = arguments.max_median_ape {
        for table in report.unpredicted() {
            short = true;
            say(&format!("{table}: no row could be predicted, so no error is known\n"));
        }
        for (table, median) in report.above(limit) {
            short = true;
            say(&format!("{table}: the median error {median:.4} is above {limit}\n"));
        }
    }
    Ok(Outcome::Report { report: Box::new(report), short, spent: None })
}

/// Predicts every row of the tables.
fn checked(
    tables: &[(&'static str, Option<PathBuf>)],
    engines: Option<&PathBuf>,
    common: &Common,
) -> Result<ValidateReport, Failure> {
    let request = Request {
        tables: tables.iter().filter_map(|(name, file)| Some((Kind::named(name)?, file.clone()))).collect(),
        engines: engines.cloned(),
    };
    let progress = std::sync::OnceLock::new();
    let tables = validation::run(&request, &common.catalog()?, &|_, all| {
        progress.get_or_init(|| Progress::of("rows", all as u64, common.quiet)).advance(1);
    })?;
    Ok(ValidateReport { tables })
}
