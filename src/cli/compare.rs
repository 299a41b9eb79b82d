//! `gigawatt compare`: systems side by side on one envelope and workload.

use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use super::progress::Progress;
use super::{Outcome, source};
use crate::plan::Options;
use crate::report::compare::Comparison;
use crate::scenario::Flags;
use std::path::PathBuf;

/// Compare systems on one envelope and workload
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Systems: ids or TOML files
    ///
    /// Example: gigawatt compare gb300-nvl72 vr-nvl72:max-q mi355x --power 250MW
    #[arg(required = true, value_name = "ID")]
    systems: Vec<String>,
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Example: --scenario campus.toml
    #[arg(long, value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let common = &arguments.common;
    // Read once: stdin can't be read again for the second system.
    let source = source::read(arguments.scenario.as_deref())?;
    let file = source.as_ref().map(|source| (source.name.as_str(), source.text.as_str()));
    let catalog = common.catalog()?;
    let mut flags = Flags::from(arguments.overrides);
    if let Some(system) = &flags.system {
        let message = format!("`{system}` is one system; `compare` takes systems as arguments");
        return Err(Failure::bad("--system", message));
    }
    let mut plans = Vec::new();
    let progress = Progress::of("planning", arguments.systems.len() as u64, common.quiet);
    for system in arguments.systems {
        flags.system = Some(system.clone());
        let mut catalog = catalog.clone();
        let scenario = crate::scenario::resolve(file, &flags, &mut catalog)?;
        plans.push((system, crate::plan::plan(&scenario, &catalog, Options { seed: common.seed })?));
        progress.advance(1);
    }
    drop(progress);
    let short = plans.iter().any(|(_, plan)| plan.falls_short());
    Ok(Outcome::Report { report: Box::new(Comparison { plans }), short, spent: None })
}
