//! `gigawatt bill`: what a plan buys, and how its cables run.

use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use super::{Outcome, output, plan};
use crate::report::bill::{BillReport, racks_csv, schedule_csv};
use std::path::PathBuf;

/// Bill of materials of a plan, with ratings, counts, sources and cost; and its cable schedule
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Example: gigawatt bill campus.toml --output bill.csv
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// File for the cable schedule as CSV: a row for each pair of racks that cables join
    ///
    /// Example: gigawatt bill --cables cables.csv
    #[arg(long, value_name = "FILE.csv")]
    cables: Option<PathBuf>,
    /// File for the rack schedule as CSV: each rack, CDU and air handler with its place, heat, busway and CDUs
    ///
    /// Example: gigawatt bill --racks racks.csv
    #[arg(long, value_name = "FILE.csv")]
    racks: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let common = &arguments.common;
    let plan = plan::planned(arguments.scenario.as_deref(), &arguments.overrides.into(), common)?;
    if let Some(path) = &arguments.cables {
        output::save("--cables", path, schedule_csv(&plan).as_bytes(), common.quiet)?;
    }
    if let Some(path) = &arguments.racks {
        output::save("--racks", path, racks_csv(&plan).as_bytes(), common.quiet)?;
    }
    let short = plan.falls_short();
    Ok(Outcome::Report { report: Box::new(BillReport { plan }), short, spent: None })
}
