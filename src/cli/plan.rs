//! `gigawatt plan`: what the envelope of a scenario buys.

use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use super::{Outcome, source};
use crate::plan::{Options, Plan};
use crate::scenario::Flags;
use std::path::{Path, PathBuf};

/// Plan what an envelope buys: accelerators, racks, halls, network, tokens per second, dollars
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// `gigawatt scenario new` prints one to start from. Example: gigawatt plan campus.toml
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let plan = planned(arguments.scenario.as_deref(), &arguments.overrides.into(), &arguments.common)?;
    let short = plan.falls_short();
    Ok(Outcome::Report { report: Box::new(plan), short, spent: None })
}

/// Reads, resolves and plans one scenario.
pub fn planned(scenario: Option<&Path>, flags: &Flags, common: &Common) -> Result<Plan, Failure> {
    let source = source::read(scenario)?;
    let file = source.as_ref().map(|source| (source.name.as_str(), source.text.as_str()));
    let mut catalog = common.catalog()?;
    let scenario = crate::scenario::resolve(file, flags, &mut catalog)?;
    Ok(crate::plan::plan(&scenario, &catalog, Options { seed: common.seed })?)
}
