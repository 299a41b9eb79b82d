//! Options that commands share.

use crate::catalog::{Catalog, InputError};
use crate::cli::diagnostic::Failure;
use crate::engine::{DeviceWish, Engine};
use crate::report::Format;
use crate::scenario::Flags;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options of every command that prints a result.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// How the result is written [default: terminal, or what the suffix of --output says]
    ///
    /// Example: --format json
    #[arg(long, value_enum, global = true, value_name = "FORMAT")]
    pub format: Option<FormatName>,
    /// File for the result; its suffix sets the format: .txt, .md, .html, .json, .csv
    ///
    /// The file is replaced as a whole when the result is complete; a sweep may be a table, .parquet, too.
    /// Example: --output plan.html
    #[arg(long, short, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What runs the kernels
    ///
    /// `auto` takes a GPU where there is one and the work is worth it, else the CPU. `gpu` is an error where there is none;
    /// sweep, sites and bench run on it, the few points of other commands are done on the CPU sooner than a driver
    /// wakes. Example: --backend cpu
    #[arg(long, value_enum, global = true, default_value_t = Backend::Auto, value_name = "BACKEND")]
    pub backend: Backend,
    /// Adapter that runs them: its number in `gigawatt devices`, or a part of its name [default: the best]
    ///
    /// A node with several GPUs runs a shard on each. A software adapter has to be named. Example: --device 2
    #[arg(long, global = true, value_name = "ADAPTER")]
    pub device: Option<String>,
    /// Seed of everything drawn at random
    ///
    /// The same seed gives the same bytes on every machine. Example: --seed 7
    #[arg(long, global = true, default_value_t = crate::plan::DEFAULT_SEED, value_name = "N")]
    pub seed: u64,
    /// No progress and no remarks on stderr, only errors
    ///
    /// Example: --quiet
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Folder of profiles that lie over the built-in ones; may be repeated
    ///
    /// It has the same subfolders as the built-in catalogue: systems, models, … The variable
    /// GIGAWATT_CATALOG names folders too, below these. Example: --catalog ~/profiles
    #[arg(long = "catalog", global = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

impl Common {
    /// Asking for a GPU or for an adapter that is not there is an error of every command, so that nobody takes the CPU's
    /// time for its.
    pub fn finds_device(&self) -> Result<(), Failure> {
        let option = match (&self.device, self.backend) {
            (Some(device), Backend::Cpu) => {
                return Err(Failure::bad(format!("--device {device}"), "is not for `--backend cpu`"));
            }
            (Some(device), _) => format!("--device {device}"),
            (None, Backend::Gpu) => "--backend gpu".into(),
            (None, Backend::Auto | Backend::Cpu) => return Ok(()),
        };
        let wish = DeviceWish { allow_software: false, named: self.device.clone() };
        crate::engine::find_device(&wish).map_err(|error| Failure::bad(option, error.to_string()))
    }

    /// The engine that is asked for.
    pub fn engine(&self) -> Engine {
        Engine::new(self.backend.into()).on_device(self.device.clone())
    }

    /// The catalogue with the user's folders over it.
    pub fn catalog(&self) -> Result<Catalog, InputError> {
        let named = std::env::var_os("GIGAWATT_CATALOG");
        let mut folders: Vec<PathBuf> = named
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        folders.extend(self.folders.iter().cloned());
        Catalog::load(&folders)
    }
}

/// Formats by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// Tables and bars for a terminal.
    Terminal,
    /// Markdown.
    Markdown,
    /// JSON with SI base units.
    Json,
    /// Comma-separated values.
    Csv,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Terminal => Self::Terminal,
            FormatName::Markdown => Self::Markdown,
            FormatName::Json => Self::Json,
            FormatName::Csv => Self::Csv,
        }
    }
}

/// What runs the kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Backend {
    /// A GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// A GPU.
    Gpu,
    /// The CPU.
    Cpu,
}

impl From<Backend> for crate::engine::Backend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Auto => Self::Auto,
            Backend::Gpu => Self::Gpu,
            Backend::Cpu => Self::Cpu,
        }
    }
}

/// Values laid over the scenario.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Values over the scenario")]
pub struct Overrides {
    /// The envelope, with its unit
    ///
    /// Example: --power 1GW or --power "250 MW"
    #[arg(long, allow_hyphen_values = true, value_name = "POWER")]
    pub power: Option<String>,
    /// Where the envelope is measured
    ///
    /// Example: --at critical-it
    #[arg(long, value_parser = ["utility", "critical-it"], value_name = "WHERE")]
    pub at: Option<String>,
    /// The system that fills the envelope: an id or a TOML file
    ///
    /// A power profile follows a colon. Example: --system vr-nvl72:max-q
    #[arg(long, value_name = "ID")]
    pub system: Option<String>,
    /// The model that is served and trained: an id or a TOML file
    ///
    /// Example: --model deepseek-r1
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
    /// The site: an id or a TOML file
    ///
    /// Example: --site abilene-tx
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,
    /// Any field of the scenario, or of the catalogue below `catalog.`; may be repeated
    ///
    /// Example: --set provisioning.duty_factor=0.6 --set serving.0.isl=8192
    #[arg(long = "set", allow_hyphen_values = true, value_name = "FIELD=VALUE")]
    pub settings: Vec<String>,
}

impl From<Overrides> for Flags {
    fn from(given: Overrides) -> Self {
        let Overrides { power, at, system, model, site, settings } = given;
        Self { power, at, system, model, site, set: settings }
    }
}
