//! `gigawatt draw`: drawings of a plan, to scale.

use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use super::{Outcome, plan};
use crate::catalog::InputError;
use crate::plan::Plan;
use crate::report::drawing::{Kind, View, draw_view};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Draw a plan as SVG: campus, building, hall, rack, one-line diagram, power cascade, year of PUE
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
    /// Which hall is drawn, counted from 1 in each system as in the cable schedule
    ///
    /// Example: gigawatt draw hall --hall 12 --output hall-12.svg
    #[arg(long, value_name = "N", conflicts_with = "room")]
    hall: Option<u64>,
    /// Which other room is drawn as a hall is: network-1, network-2, …
    ///
    /// Example: gigawatt draw hall --room network-1 --output network.svg
    #[arg(long, value_name = "NAME")]
    room: Option<String>,
    /// Which building is drawn with all of its storeys and rooms, counted from 1 over the site
    ///
    /// Example: gigawatt draw building --building 2 --output building.svg
    #[arg(long, value_name = "N")]
    building: Option<u64>,
    /// Which storey a campus plan shows, counted from the ground
    ///
    /// Example: gigawatt draw campus --set layout.storeys=2 --storey 2 --output upper.svg
    #[arg(long, value_name = "N")]
    storey: Option<u64>,
    /// The one system of a mix whose hall, building or racks are drawn
    ///
    /// Example: gigawatt draw hall mix.toml --only hgx-h200 --output hall.svg
    #[arg(long, value_name = "SYSTEM")]
    only: Option<String>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Drawings by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Buildings, yards, streets and ducts
    Campus,
    /// Halls and rooms of a building, storey by storey
    Building,
    /// Racks, rows, aisles and trays of a hall or network room
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
            KindName::Building => Self::Building,
            KindName::Hall => Self::Hall,
            KindName::Rack => Self::Rack,
            KindName::OneLine => Self::OneLine,
            KindName::Power => Self::Power,
            KindName::Year => Self::Year,
        }
    }
}

/// What the options ask to see, of what the plan has.
fn view(arguments: &Arguments, kind: Kind, plan: &Plan) -> Result<View, Failure> {
    let mut view = View::default();
    if let Some(id) = &arguments.only {
        let option = format!("--only {id}");
        if !matches!(kind, Kind::Hall | Kind::Building | Kind::Rack) {
            let message =
                format!("goes with `draw hall`, `building` and `rack`, not with `draw {}`", kind.name());
            return Err(Failure::bad(option, message));
        }
        let known: Vec<&str> = plan.layout.floors.iter().map(|floor| floor.system.as_str()).collect();
        view.system = known.iter().position(|known| known == id);
        if view.system.is_none() {
            let message = format!("no such system stands; those that do: {}", known.join(", "));
            return Err(Failure::bad(option, message));
        }
    }
    let shown =
        plan.layout.floors.iter().enumerate().filter(|(at, _)| view.system.is_none_or(|only| only == *at));
    let shown: Vec<_> = shown.map(|(_, floor)| &floor.layout).collect();
    let floors = || shown.iter().copied();
    let most = |of: fn(&crate::layout::Layout) -> u64| floors().map(of).max().unwrap_or(0);
    // Buildings are numbered over the site: a system has those after the ones of the systems before it.
    let buildings = match view.system {
        Some(only) => {
            let before = plan.layout.buildings_before(only);
            before + 1..=before + plan.layout.floors[only].layout.buildings
        }
        None => 1..=plan.layout.buildings,
    };
    let asked = [
        ("--hall", arguments.hall, Kind::Hall, 1..=most(|floor| floor.halls), "halls"),
        ("--building", arguments.building, Kind::Building, buildings, "buildings"),
        ("--storey", arguments.storey, Kind::Campus, 1..=most(|floor| floor.demand.storeys), "storeys"),
    ];
    for (option, number, suits, known, what) in asked {
        let Some(number) = number else { continue };
        if kind != suits {
            let message = format!("goes with `draw {}`, not with `draw {}`", suits.name(), kind.name());
            return Err(Failure::bad(format!("{option} {number}"), message));
        }
        if !known.contains(&number) {
            let (first, last) = (known.start(), known.end());
            let whose = arguments.only.as_deref().unwrap_or("the plan");
            let message = format!("{whose} has {} {what}: from {first} to {last}", last + 1 - first);
            return Err(Failure::bad(format!("{option} {number}"), message));
        }
        match suits {
            Kind::Hall => view.hall = number - 1,
            Kind::Building => view.building = Some(number - 1),
            _ => view.storey = number - 1,
        }
    }
    if let Some(name) = &arguments.room {
        let option = format!("--room {name}");
        if kind != Kind::Hall {
            let message = format!("goes with `draw hall`, not with `draw {}`", kind.name());
            return Err(Failure::bad(option, message));
        }
        let rooms = most(crate::layout::Layout::network_rooms);
        let number = name.strip_prefix("network-").and_then(|number| number.parse::<u64>().ok());
        let Some(number) = number.filter(|number| (1..=rooms).contains(number)) else {
            let message = match rooms {
                0 => "the plan has no network room: its switches stand in halls".into(),
                1 => "the plan has one network room: network-1".into(),
                _ => format!("the plan has {rooms} network rooms: network-1 to network-{rooms}"),
            };
            let help = "rooms without racks are on `gigawatt draw building`";
            return Err(InputError::plain(option, message).with_help(help).into());
        };
        view.room = Some(number - 1);
    }
    Ok(view)
}

/// Runs the command.
pub fn run(mut arguments: Arguments) -> Result<Outcome, Failure> {
    let overrides = std::mem::take(&mut arguments.overrides).into();
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
    let plan = plan::planned(arguments.scenario.as_deref(), &overrides, common)?;
    if plan.layout.floors.is_empty() {
        return Err(nothing(kind));
    }
    let view = view(&arguments, kind, &plan)?;
    draw_view(&plan, kind, view).map(Outcome::Text).ok_or_else(|| nothing(kind))
}

fn nothing(kind: Kind) -> Failure {
    let message = "not one rack fits the envelope, so nothing stands that could be drawn";
    Failure::bad(format!("draw {}", kind.name()), message)
}
