//! `gigawatt draw`: drawings of a plan, to scale.

use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use super::{Outcome, plan};
use crate::catalog::InputError;
use crate::report::drawing::{Kind, draw};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Draw a plan as SVG: campus, hall, rack, one-line diagram, power cascade, year of PUE
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What is drawn
    ///
    /// Example: gigawatt draw hall --output hall.svg
    #[arg(value_enum, value_name = "KIND")]
    kind: KindName,
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Example: gigawatt draw campus campus.toml --output campus.svg
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Drawings by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Buildings, yards and ducts
    Campus,
    /// Racks, rows, aisles and trays of a hall
    Hall,
    /// What is in a rack
    Rack,
    /// From the utility to the racks by symbols
    OneLine,
    /// Where the watts of the design hour go
    Power,
    /// PUE of every hour
    Year,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Campus => Self::Campus,
            KindName::Hall => Self::Hall,
            KindName::Rack => Self::Rack,
            KindName::OneLine => Self::OneLine,
            KindName::Power => Self::Power,
            KindName::Year => Self::Year,
        }
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let common = &arguments.common;
    if common.format.is_some() {
        return Err(Failure::bad("--format", "a drawing has one format: SVG"));
    }
    let file = common.output.as_deref().filter(|path| *path != Path::new("-"));
    let wrong = |path: &&Path| path.extension().is_some_and(|suffix| !suffix.eq_ignore_ascii_case("svg"));
    if let Some(path) = file.filter(wrong) {
        let suffix = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        return Err(InputError::plain(
            format!("--output {}", path.display()),
            format!("has the suffix `.{suffix}`"),
        )
        .with_help("a drawing is written as .svg")
        .into());
    }
    let kind = Kind::from(arguments.kind);
    let plan = plan::planned(arguments.scenario.as_deref(), &arguments.overrides.into(), common)?;
    draw(&plan, kind).map(Outcome::Text).ok_or_else(|| {
        Failure::bad(
            format!("draw {}", kind.name()),
            "not one rack fits the envelope, so nothing stands that could be drawn",
        )
    })
}
