//! `gigawatt devices`: adapters that the kernels can run on, and which would be chosen.

use super::Outcome;
use super::arguments::Common;
use super::diagnostic::Failure;
use crate::report::devices::DevicesReport;

/// List the devices that kernels can run on, and which would be chosen
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
#[allow(clippy::unnecessary_wraps, reason = "every command answers in the same form")]
pub fn run(_arguments: &Arguments) -> Result<Outcome, Failure> {
    let mut devices = crate::engine::devices();
    devices.sort_by_key(|device| !device.chosen);
    Ok(Outcome::report(DevicesReport {
        devices,
        instruction_set: crate::engine::instruction_set(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    }))
}
