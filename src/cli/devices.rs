//! `gigawatt devices`: adapters that the kernels can run on, and which would be chosen.

use super::Outcome;
use super::arguments::Common;
use super::diagnostic::Failure;

/// List the devices that kernels can run on, and which would be chosen
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let _ = arguments.common.backend;
    Err(Failure::Ours("`devices` is not connected to the engine yet".into()))
}
