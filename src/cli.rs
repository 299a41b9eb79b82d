//! The command line: arguments, colour, diagnostics, exit codes.
//!
//! stdout carries the result and nothing else; everything else goes to stderr. Exit codes: 0 done · 1 done, but
//! something does not fit or a check fell short · 2 bad input, or a file that can't be read or written · 3 our
//! fault. Nothing is set up before a command asks for it.

mod arguments;
mod bench;
mod bill;
mod calibrate;
mod catalog;
mod compare;
mod devices;
mod diagnostic;
mod draw;
mod explain;
mod manual;
mod output;
mod plan;
mod progress;
mod scenario;
mod sites;
mod source;
mod sweep;
mod validate;

use crate::report::{DRAWN_SUFFIX, Format, Report, TABLE_SUFFIX};
use arguments::Common;
use clap::{CommandFactory, Parser, Subcommand};
use diagnostic::Failure;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

/// What does a power envelope buy? From the utility meter to tokens per second and dollars.
///
/// Start with `gigawatt plan`: 1 GW at the meter, filled with the built-in scenario. `gigawatt scenario new`
/// prints that scenario, commented, as a file to change.
#[derive(Debug, Parser)]
#[command(name = "gigawatt", version, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Plan(plan::Arguments),
    Compare(compare::Arguments),
    Sweep(sweep::Arguments),
    Sites(sites::Arguments),
    Validate(validate::Arguments),
    Calibrate(calibrate::Arguments),
    Bench(bench::Arguments),
    Catalog(catalog::Arguments),
    Explain(explain::Arguments),
    Draw(draw::Arguments),
    Bill(bill::Arguments),
    Devices(devices::Arguments),
    Scenario(scenario::Arguments),
    Completions(manual::Completions),
    Man(manual::Man),
}

/// What a command leaves to be written.
enum Outcome {
    /// A result, in the format asked for.
    Report {
        /// The result.
        report: Box<dyn Report>,
        /// Whether something does not fit, or a check fell short.
        short: bool,
        /// A file that is of no use once the result is written.
        spent: Option<PathBuf>,
    },
    /// Text as it is.
    Text(String),
    /// Nothing yet: the command was stopped before there was a result.
    Nothing,
}

impl Outcome {
    fn report(report: impl Report + 'static) -> Self {
        Self::Report { report: Box::new(report), short: false, spent: None }
    }
}

/// Where the last panic happened and what it said; the hook fills it in silence.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = PANIC.lock() {
            // The first panic is the cause; later ones follow from it.
            last.get_or_insert_with(|| panic.to_string());
        }
    }));
    let run = std::panic::catch_unwind(|| run(std::env::args_os()));
    ExitCode::from(run.unwrap_or_else(|_| {
        let what = PANIC.lock().ok().and_then(|mut last| last.take()).unwrap_or_default();
        diagnostic::tell(&Failure::Ours(what))
    }))
}

/// Runs a command line and returns its exit code.
fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> u8 {
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => dispatch(arguments.command),
        Err(error) => {
            let asked = !error.use_stderr();
            match error.print() {
                Err(fault) if asked && fault.kind() != std::io::ErrorKind::BrokenPipe => 2,
                _ if asked => 0,
                _ => 2,
            }
        }
    }
}

fn dispatch(command: Command) -> u8 {
    match command {
        Command::Plan(arguments) => emit(&arguments.common.clone(), || plan::run(arguments)),
        Command::Compare(arguments) => emit(&arguments.common.clone(), || compare::run(arguments)),
        Command::Sweep(arguments) => emit_table(&arguments.common.clone(), || sweep::run(arguments)),
        Command::Sites(arguments) => emit_drawn(&arguments.common.clone(), || sites::run(arguments)),
        Command::Validate(arguments) => emit_drawn(&arguments.common, || validate::run(&arguments)),
        Command::Calibrate(arguments) => emit(&arguments.common.clone(), || calibrate::run(arguments)),
        Command::Bench(arguments) => emit(&arguments.common.clone(), || bench::run(arguments)),
        Command::Catalog(arguments) => emit(&arguments.common.clone(), || catalog::run(arguments)),
        Command::Explain(arguments) => emit(&arguments.common.clone(), || explain::run(arguments)),
        Command::Draw(arguments) => emit_drawn(&arguments.common.clone(), || draw::run(arguments)),
        Command::Bill(arguments) => emit(&arguments.common.clone(), || bill::run(arguments)),
        Command::Devices(arguments) => emit(&arguments.common, || devices::run(&arguments)),
        Command::Scenario(arguments) => emit(&arguments.common.clone(), || scenario::run(arguments)),
        Command::Completions(arguments) => {
            emit(&Common::default(), || Ok(manual::completions(&arguments, Arguments::command())))
        }
        Command::Man(_) => emit(&Common::default(), || manual::man(Arguments::command())),
    }
}

/// Runs a command and writes what it leaves, all at once.
fn emit(common: &Common, command: impl FnOnce() -> Result<Outcome, Failure>) -> u8 {
    emit_in(common, None, command)
}

/// Runs a command that can be drawn, too, and writes what it leaves.
fn emit_drawn(common: &Common, command: impl FnOnce() -> Result<Outcome, Failure>) -> u8 {
    emit_in(common, Some(DRAWN_SUFFIX), command)
}

/// Runs a command whose result is a table, too, and writes what it leaves.
fn emit_table(common: &Common, command: impl FnOnce() -> Result<Outcome, Failure>) -> u8 {
    emit_in(common, Some(TABLE_SUFFIX), command)
}

fn emit_in(
    common: &Common,
    own: Option<(&str, Format)>,
    command: impl FnOnce() -> Result<Outcome, Failure>,
) -> u8 {
    let written = output::destination(common, own).and_then(|to| {
        common.finds_device()?;
        let (bytes, short, spent) = match command()? {
            Outcome::Report { report, short, spent } => (output::drawn(report.as_ref(), &to)?, short, spent),
            Outcome::Text(text) => (text.into_bytes(), false, None),
            Outcome::Nothing => return Ok(1),
        };
        output::write(&to, &bytes, common.quiet)?;
        if let Some(path) = spent {
            // What is left behind is harmless: the same command would take it up and end at once.
            let _ = std::fs::remove_file(path);
        }
        Ok(u8::from(short))
    });
    written.unwrap_or_else(|failure| diagnostic::tell(&failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_option_has_help() {
        fn check(command: &clap::Command, path: &str) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path}: {} has no help", argument.get_id());
            }
            for inner in command.get_subcommands() {
                assert!(inner.get_about().is_some(), "{path} {}: no description", inner.get_name());
                check(inner, &format!("{path} {}", inner.get_name()));
            }
        }
        check(&Arguments::command(), "gigawatt");
    }

    #[test]
    fn commands_of_the_interface_are_there() {
        for line in [
            "plan",
            "plan x.toml --power 1GW --at critical-it --system hgx-h100 --model llama-2-70b --site abilene-tx",
            "plan --set a.b=1 --set c.d=2 --format json --output x.json --backend cpu --seed 7 --quiet",
            "plan --power -5MW",
            "compare hgx-h100 gb300-nvl72 --power 20MW --scenario x.toml",
            "sweep --ttft 2s --tpot 50ms --shard 1/4",
            "sweep --points 1e9 --checkpoint a.checkpoint --checkpoint-every 5s --output a.json",
            "sweep merge a.json b.json --format json",
            "sites --power 100MW --system hgx-h100 --by water --top 5 --market lulea --cooling towers",
            "validate --inference a.csv --points b --training c --collectives d --sites e --fabrics f",
            "validate --max-median-ape 0.15",
            "calibrate --save fit.toml",
            "bench --quick --profile h100-sxm --save my-gpu.toml --against other.json --threads 2",
            "catalog list",
            "catalog list systems --format json",
            "catalog show gb300-nvl72",
            "catalog check",
            "catalog path gb300-nvl72",
            "explain power.pue_annual",
            "draw one-line x.toml --power 20MW --output x.svg",
            "bill x.toml --power 20MW --cables cables.csv --output bill.csv",
            "devices",
            "scenario new",
            "scenario list",
            "scenario show x",
            "completions bash",
            "man",
        ] {
            let words = std::iter::once("gigawatt").chain(line.split_whitespace());
            if let Err(error) = Arguments::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}
