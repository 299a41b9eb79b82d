//! `gigawatt calibrate`: fits efficiency coefficients to measured tables.

use super::Outcome;
use super::arguments::Common;
use super::diagnostic::Failure;
use std::path::PathBuf;

/// Fit efficiency coefficients to measured tables; writes them with bounds, rows used and residuals
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Measured kernels, in the columns of the embedded table
    ///
    /// Example: --kernels gemm.csv
    #[arg(long, value_name = "FILE")]
    kernels: Option<PathBuf>,
    /// Measured collectives
    ///
    /// Example: --collectives nccl.csv
    #[arg(long, value_name = "FILE")]
    collectives: Option<PathBuf>,
    /// Measured serving throughput
    ///
    /// Example: --inference measured.csv
    #[arg(long, value_name = "FILE")]
    inference: Option<PathBuf>,
    /// Measured training runs
    ///
    /// Example: --training runs.csv
    #[arg(long, value_name = "FILE")]
    training: Option<PathBuf>,
    /// File for the coefficients
    ///
    /// Example: --save efficiency.toml
    #[arg(long, value_name = "FILE.toml")]
    save: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let Arguments { kernels, collectives, inference, training, save, common: _ } = arguments;
    let _ = (kernels, collectives, inference, training, save);
    Err(Failure::Ours("`calibrate` is not connected to the fit yet".into()))
}
