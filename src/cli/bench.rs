//! `gigawatt bench`: what this machine's GPU and CPU really do.

use super::arguments::{Backend, Common};
use super::diagnostic::Failure;
use super::progress::Progress;
use super::{Outcome, output};
use crate::bench::{Amounts, Bench, Group, Options, Reading, Spread, path, recorded};
use crate::catalog::measured::{Achieved, Measured, Rest, accelerator_stem, profiles};
use crate::catalog::profile::{Accelerator, System};
use crate::catalog::{Catalog, Found, InputError};
use crate::engine::measure::Device;
use crate::engine::{DeviceWish, EngineError};
use crate::plan::equipment::split_profile;
use crate::report::bench::{BenchReport, Claim};
use crate::units::{ByteRate, FlopRate};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The system that stands in for what a benchmark cannot know, unless another one is named.
const STAND_IN: &str = "hgx-h100";

/// Measure this machine: memory, arithmetic, transfers, and the project's own kernels
///
/// Every result is checked against the CPU's. With --backend auto a software adapter is run, too, for its results; gpu asks
/// for hardware, cpu leaves adapters alone.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Small sizes and few samples: some seconds instead of a minute
    ///
    /// Example: gigawatt bench --quick
    #[arg(long)]
    quick: bool,
    /// Profile of the device, to hold what is reached against what it claims: an accelerator or a system, id or TOML file
    ///
    /// Example: --profile h100-sxm
    #[arg(long, value_name = "ID or FILE")]
    profile: Option<String>,
    /// Write a profile of the measured device that plan, compare and validate take by its path
    ///
    /// Writes the system, and beside it FILE-accelerator.toml. What is not measured comes from the system of --profile, or
    /// from hgx-h100, marked as an assumption. Example: --save my-gpu.toml
    #[arg(long, value_name = "FILE.toml")]
    save: Option<PathBuf>,
    /// Compare with a run that was kept by --output FILE.json
    ///
    /// Example: --against yesterday.json
    #[arg(long, value_name = "FILE.json")]
    against: Option<PathBuf>,
    /// Threads of the CPU [default: all]
    ///
    /// Example: --threads 8
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let common = &arguments.common;
    let catalog = common.catalog()?;
    // Whatever can be wrong with the input is found before the first minute of measuring.
    let known = arguments.profile.as_deref().map(|name| named(&catalog, name)).transpose()?;
    let save = arguments.save.as_deref().map(stem).transpose()?;
    let there = arguments.against.as_deref().map(recorded::read).transpose()?;
    let options =
        Options { quick: arguments.quick, seed: common.seed, threads: arguments.threads.map(usize::from) };

    let device = open(common)?;
    let progress = Progress::open("measuring", common.quiet);
    let bench = Bench::run(device.as_ref(), options, &mut |what| progress.say(what));
    let mut bench = bench.map_err(|error| Failure::bad("bench", error.to_string()))?;
    progress.say("commands");
    bench.readings.extend(commands(options)?);
    drop(progress);

    if let (Some(file), Some(stem)) = (&arguments.save, save) {
        let rest = match &known {
            Some(known) => known.clone(),
            None => named(&catalog, STAND_IN)?,
        };
        // Only a GPU can be the machine that a profile is of.
        let is_hardware = bench.device.as_ref().is_some_and(|device| !device.software);
        let measured = measured(&bench).ok_or_else(|| Failure::Ours("nothing was measured".into()))?;
        let rest = Rest {
            system: &rest.system,
            accelerator: &rest.accelerator,
            is_the_machine: known.is_some() && is_hardware,
        };
        let [system, accelerator] = profiles(&stem, &measured, &rest);
        let beside = file.with_file_name(format!("{}.toml", accelerator_stem(&stem)));
        output::save("--save", &beside, accelerator.as_bytes(), common.quiet)?;
        output::save("--save", file, system.as_bytes(), common.quiet)?;
    }
    let short = !bench.is_right();
    let report = BenchReport {
        claims: known
            .map(|known| (known.accelerator.profile.id.clone(), claims(&bench, &known.accelerator.profile))),
        against: arguments.against.map(|path| path.display().to_string()).zip(there),
        bench,
    };
    Ok(Outcome::Report { report: Box::new(report), short, spent: None })
}

/// The device to measure: for its results a software one will do.
fn open(common: &Common) -> Result<Option<Device>, Failure> {
    let backend = common.backend;
    if backend == Backend::Cpu {
        return Ok(None);
    }
    let wish = DeviceWish { allow_software: backend == Backend::Auto, named: common.device.clone() };
    match Device::open(&wish) {
        Ok(device) => Ok(Some(device)),
        Err(EngineError::NoAdapter { .. } | EngineError::WithoutGpu) if backend == Backend::Auto => Ok(None),
        Err(error) => Err(Failure::bad("bench", error.to_string())),
    }
}

/// A system with its accelerator.
#[derive(Debug, Clone)]
struct Known {
    system: Found<System>,
    accelerator: Found<Accelerator>,
}

/// Finds a system, or an accelerator and the first system that has it.
fn named(catalog: &Catalog, name: &str) -> Result<Known, InputError> {
    let (id, _) = split_profile(name);
    let of_system = |system: Found<System>| {
        let accelerator = catalog.get::<Accelerator>(&system.accelerator_reference())?;
        Ok(Known { system, accelerator })
    };
    let system = match catalog.get::<System>(id) {
        Ok(system) => return of_system(system),
        Err(error) => error,
    };
    // A file that holds a system with a fault is told as such; anything else may be an accelerator.
    let accelerator = catalog.get::<Accelerator>(id).map_err(|error| {
        let is_system = catalog
            .document("systems", "system", id)
            .is_ok_and(|(document, _)| document.table.contains_key("rack"));
        if is_system { system } else { error }
    })?;
    let with = |system: &String| {
        catalog.get::<System>(system).is_ok_and(|found| found.profile.accelerator == accelerator.profile.id)
    };
    let system = catalog.ids("systems").into_iter().find(with);
    let system = catalog.get::<System>(system.as_deref().unwrap_or(STAND_IN))?;
    Ok(Known { system, accelerator })
}

/// The stem of a file to save, which becomes the id of what is in it.
fn stem(file: &Path) -> Result<String, InputError> {
    let option = format!("--save {}", file.display());
    if file.extension().is_none_or(|suffix| suffix != "toml") {
        return Err(InputError::plain(option, "a profile is a .toml file")
            .with_help("for example --save my-gpu.toml"));
    }
    if file.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(InputError::plain(option, "the folder does not exist"));
    }
    match file.file_stem().and_then(|stem| stem.to_str()) {
        Some(stem) => Ok(stem.to_owned()),
        None => Err(InputError::plain(option, "the name becomes an id, so it has to be text")),
    }
}

/// What the profile of the device claims beside what was reached.
fn claims(bench: &Bench, accelerator: &Accelerator) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut add = |what, unit, claimed, reached: Option<(&Reading, Spread)>| {
        if let Some((reading, reached)) = reached {
            claims.push(Claim {
                what,
                unit,
                claimed,
                reached,
                by: format!("{}, {}", reading.name, reading.path),
            });
        }
    };
    add("memory bandwidth", "B/s", accelerator.memory.bandwidth.value.0, bench.memory());
    add("dense BF16", "FLOP/s", accelerator.peak.bf16.value.0, bench.arithmetic());
    claims
}

/// The two figures of a profile.
fn measured(bench: &Bench) -> Option<Measured> {
    let name = match (&bench.device, &bench.host.name) {
        (Some(device), _) => device.name.clone(),
        (None, Some(name)) => format!("{name}, {} threads", bench.host.threads),
        (None, None) => format!("CPU, {} threads", bench.host.threads),
    };
    let played = if bench.device.as_ref().is_some_and(|device| device.software) {
        " The CPU played the device: no figure of a GPU."
    } else {
        ""
    };
    let note = |reading: &Reading, says: &str| {
        let samples = reading.seconds.len();
        format!(
            "{}, {}, median and middle half of {samples} samples. {says}{played}",
            reading.name, reading.shape
        )
    };
    let (product, rate) = bench.arithmetic()?;
    let says = "Achieved without matrix units, which WGSL does not reach: a floor of the peak, and efficiency curves take their share of it again.";
    let arithmetic = Achieved {
        value: FlopRate(four_digits(rate.median)),
        low: FlopRate(four_digits(rate.low)),
        high: FlopRate(four_digits(rate.high)),
        note: note(product, says),
    };
    let (stream, rate) = bench.memory()?;
    let says = "Achieved, not the interface's rate: efficiency curves take their share of it again.";
    let memory = Achieved {
        value: ByteRate(four_digits(rate.median)),
        low: ByteRate(four_digits(rate.low)),
        high: ByteRate(four_digits(rate.high)),
        note: note(stream, says),
    };
    Some(Measured { device: name, day: today(), arithmetic, memory })
}

/// A rate to the digits that are shown.
fn four_digits(rate: f64) -> f64 {
    let unit = 10_f64.powf(rate.log10().floor() - 3.0);
    (rate / unit).round() * unit
}

/// The day in UTC, `YYYY-MM-DD`.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    day((since.as_secs() / 86_400).cast_signed())
}

/// The date so many days after 1970-01-01.
///
/// Days are counted from a first of March, so that the leap day is the last of its year, in eras of 400 years:
/// Hinnant 2013, "chrono-compatible low-level date algorithms".
fn day(days: i64) -> String {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{date:02}", era * 400 + year + next)
}

/// Times whole commands of this program: the start alone, and a plan.
fn commands(options: Options) -> Result<Vec<Reading>, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::bad("bench", format!("does not find itself: {error}")))?;
    let runs = if options.quick { 9 } else { 21 };
    let timed = |name: &str, arguments: &[&str]| -> std::io::Result<Reading> {
        let once = || -> std::io::Result<Duration> {
            let started = Instant::now();
            let mut command = Command::new(&own);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let status = command.status()?;
            let took = started.elapsed();
            if status.success() {
                Ok(took)
            } else {
                Err(std::io::Error::other(format!("it ends with {status}")))
            }
        };
        once()?;
        let seconds = (0..runs).map(|_| Ok(once()?.as_secs_f64())).collect::<std::io::Result<_>>()?;
        Ok(Reading {
            group: Group::Command,
            name: name.into(),
            shape: arguments.join(" "),
            path: path::CPU.into(),
            amounts: Amounts::default(),
            seconds,
            check: None,
        })
    };
    let all = [timed("start of the program", &["--version"]), timed("cold plan", &["plan", "--quiet"])];
    all.into_iter()
        .collect::<std::io::Result<_>>()
        .map_err(|error| Failure::bad("bench", format!("can't run itself: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_783, "2026-11-26"),
        ] {
            assert_eq!(day(days), date);
        }
    }

    #[test]
    fn an_accelerator_brings_the_system_that_has_it() {
        let catalog = Catalog::default();
        let known = named(&catalog, "l40s").unwrap();
        assert_eq!(
            (known.system.profile.id.as_str(), known.accelerator.profile.id.as_str()),
            ("l40s", "l40s")
        );
        assert_eq!(named(&catalog, "h200-sxm").unwrap().system.profile.id, "hgx-h200");
        assert_eq!(named(&catalog, "vr-nvl72:max-q").unwrap().accelerator.profile.id, "rubin");
        assert!(named(&catalog, "h100-sxn").unwrap_err().message.contains("no accelerator"));
    }
}
