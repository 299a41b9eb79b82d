//! `gigawatt sweep`: the design space of serving, and the frontier in it.

use super::Outcome;
use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use crate::catalog::InputError;
use crate::report::sweep::{SweepReport, merge};
use crate::scenario::Flags;
use std::path::{Path, PathBuf};

/// Largest shard file that `sweep merge` reads.
const LARGEST_SHARD_BYTES: u64 = 1 << 28;

/// Sweep the serving design space: the frontier of tokens/s per accelerator against tokens/s per user
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Example: gigawatt sweep campus.toml
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// Time to first token, at most
    ///
    /// Example: --ttft 2s
    #[arg(long, value_name = "TIME")]
    ttft: Option<String>,
    /// Time per output token, at most
    ///
    /// Example: --tpot "50 ms"
    #[arg(long, value_name = "TIME")]
    tpot: Option<String>,
    /// One part of the design space, for several machines
    ///
    /// `sweep merge` joins the parts. Example: --shard 1/4 --output part1.json
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Join the JSON results of shards
    Merge {
        /// Results of `sweep --shard I/N --format json`
        #[arg(required = true, value_name = "FILES")]
        files: Vec<PathBuf>,
    },
}

/// One part of several, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parsed {
        Some((index, of)) if index >= 1 && index <= of => Ok(Shard { index, of }),
        _ => Err("a shard looks like 1/4: the first of four".into()),
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    if let Some(Action::Merge { files }) = &arguments.action {
        let shards = files.iter().map(|path| read_shard(path)).collect::<Result<Vec<_>, _>>()?;
        return Ok(Outcome::report(merge(shards)));
    }
    let mut flags = Flags::from(arguments.overrides);
    for (name, promise) in [("ttft", arguments.ttft), ("tpot", arguments.tpot)] {
        if let Some(promise) = promise {
            // Checked here so that the error names the option.
            promise
                .parse::<crate::units::Seconds>()
                .map_err(|error| Failure::bad(format!("--{name}"), error.to_string()))?;
            flags.set.push(format!("serving_defaults.{name}={promise:?}"));
        }
    }
    let _ = (arguments.scenario, arguments.shard, flags);
    Err(Failure::Ours("`sweep` is not connected to the search yet".into()))
}

fn read_shard(path: &Path) -> Result<SweepReport, Failure> {
    let name = path.display().to_string();
    let bad = |message: String| Failure::from(InputError::plain(&name, message));
    let size = std::fs::metadata(path).map_err(|error| bad(format!("can't be read: {error}")))?.len();
    if size > LARGEST_SHARD_BYTES {
        return Err(bad("is too large for the result of a sweep".into()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| bad(format!("can't be read: {error}")))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| bad(format!("is not JSON: {error}")))?;
    if value["schema"] != "gigawatt.sweep/1" {
        return Err(bad("is not the result of `gigawatt sweep --format json`".into()));
    }
    serde_json::from_value(value).map_err(|error| bad(format!("is no complete sweep: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several() {
        assert_eq!(shard("2/4"), Ok(Shard { index: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
