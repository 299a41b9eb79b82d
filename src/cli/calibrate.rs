//! `gigawatt calibrate`: fits efficiency coefficients to measured kernels, serving engines to measured serving, a training
//! step to published runs, or a communication library to measured collectives.

use super::arguments::Common;
use super::diagnostic::Failure;
use super::progress::Progress;
use super::{Outcome, output};
use crate::calibration::engines::{Subject, fit};
use crate::catalog::InputError;
use crate::fabric::collective::library;
use crate::report::calibration::{CalibrateReport, EngineReport};
use crate::throughput::engines;
use crate::throughput::training::factors as training;
use crate::validation::{Kind, Table};
use std::path::PathBuf;

/// Fit coefficients to measured kernels, or those of serving engines, training steps and collectives to published results
///
/// Writes them with bounds, rows used, residuals and, but for kernels, the errors with one model, operation or system left out.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Measured kernels, in the columns of the embedded table
    ///
    /// Example: --kernels gemm.csv
    #[arg(long, value_name = "FILE")]
    kernels: Option<PathBuf>,
    /// Fit what serving engines add to the kernels, from published and measured serving; takes minutes
    ///
    /// Example: --engines --save engines.toml
    #[arg(long, conflicts_with = "kernels")]
    engines: bool,
    /// Published serving results for `--engines`, instead of the embedded ones
    ///
    /// Example: --engines --inference measured.csv
    #[arg(long, value_name = "FILE", requires = "engines")]
    inference: Option<PathBuf>,
    /// Measured serving points for `--engines`, instead of the embedded ones
    ///
    /// Example: --engines --points points.csv
    #[arg(long, value_name = "FILE", requires = "engines")]
    points: Option<PathBuf>,
    /// Fit what a training step adds to the kernels, from published runs
    ///
    /// Example: --training --save training.toml
    #[arg(long, conflicts_with_all = ["kernels", "engines"])]
    training: bool,
    /// Published training runs for `--training`, instead of the embedded ones
    ///
    /// Example: --training --runs runs.csv
    #[arg(long, value_name = "FILE", requires = "training")]
    runs: Option<PathBuf>,
    /// Fit what a communication library reaches of links and adds to them, from measured collectives
    ///
    /// Example: --collectives --save collective.toml
    #[arg(long, conflicts_with_all = ["kernels", "engines", "training"])]
    collectives: bool,
    /// Measured collectives for `--collectives`, instead of the embedded ones
    ///
    /// Example: --collectives --calls nccl.csv
    #[arg(long, value_name = "FILE", requires = "collectives")]
    calls: Option<PathBuf>,
    /// File for the coefficients
    ///
    /// Example: --save efficiency.toml
    #[arg(long, value_name = "FILE.toml")]
    save: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

/// Largest table of kernels that is read.
const LARGEST_TABLE_BYTES: u64 = 1 << 28;

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    if arguments.engines || arguments.training || arguments.collectives {
        return software(&arguments);
    }
    let Arguments { kernels, save, common, .. } = arguments;
    let (name, text) = match &kernels {
        None => ("the embedded table".to_owned(), crate::calibration::KERNELS.to_owned()),
        Some(path) => {
            let name = path.display().to_string();
            let unreadable =
                |error: std::io::Error| InputError::plain(&name, format!("can't be read: {error}"));
            let size = std::fs::metadata(path).map_err(unreadable)?.len();
            if size > LARGEST_TABLE_BYTES {
                return Err(InputError::plain(&name, "is too large for a table of kernels").into());
            }
            (name.clone(), std::fs::read_to_string(path).map_err(unreadable)?)
        }
    };
    let calibration = crate::calibration::calibrate(&text)
        .map_err(|error| Failure::from(InputError::plain(&name, error.to_string())))?;
    if let Some(path) = &save {
        let toml = calibration.to_toml().map_err(|error| Failure::Ours(error.to_string()))?;
        output::save("--save", path, toml.as_bytes(), common.quiet)?;
    }
    Ok(Outcome::report(CalibrateReport { calibration }))
}

fn software(arguments: &Arguments) -> Result<Outcome, Failure> {
    let table = |kind, file: &Option<PathBuf>| match file {
        Some(path) => Table::read(kind, path),
        None => Table::embedded(kind),
    };
    let (subject, start, tables) = if arguments.training {
        (Subject::Training, training::embedded(), vec![table(Kind::Training, &arguments.runs)?])
    } else if arguments.collectives {
        (Subject::Collectives, library::embedded(), vec![table(Kind::Collectives, &arguments.calls)?])
    } else {
        let tables =
            vec![table(Kind::Inference, &arguments.inference)?, table(Kind::Points, &arguments.points)?];
        (Subject::Engines, engines::embedded(), tables)
    };
    let common = &arguments.common;
    let progress = Progress::open("fitting", common.quiet);
    let fit = fit(subject, start, &tables, &common.catalog()?, &|what| {
        progress.say(what);
    })?;
    drop(progress);
    if let Some(path) = &arguments.save {
        let toml = fit.to_toml().map_err(|error| Failure::Ours(error.to_string()))?;
        output::save("--save", path, toml.as_bytes(), common.quiet)?;
    }
    Ok(Outcome::report(EngineReport { fit }))
}
