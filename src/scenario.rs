//! The file a user writes, resolved: defaults ← catalogue ← file ← flags, every value with its origin.
//!
//! Defaults are a real file, `scenario/defaults.toml`, printed by `gigawatt scenario new`. Tables merge field by
//! field; a list that a user writes (`[[systems]]`) replaces the built-in list as a whole.

mod check;
mod floor;
mod resolve;
mod workloads;

pub use floor::{Campus, Cluster, Containment, Fabric, FabricTopology, Layout, SupportNetworks};
pub use resolve::{DEFAULTS, Flags, resolve};
pub use workloads::{
    CheckpointKind, EngineChoice, Interval, Promise, Serving, ServingMode, ServingTemplate, Swap,
    SystemShare, Training, TrainingTemplate, WithoutSpares,
};

use crate::units::{
    Amperes, Celsius, Dollars, DollarsPerJoule, Joules, KilogramsPerJoule, PerSecond, Seconds, Share,
    VoltAmperes, Volts, Watts, WattsPerSecond,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `scenario/defaults.toml`.
    Default,
    /// A catalogue file.
    Catalog(String),
    /// The plan itself: what suits the load.
    Plan,
    /// A line of the user's file.
    File(String, usize),
    /// A flag.
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Catalog(file) => write!(f, "catalog:{file}"),
            Self::Plan => f.write_str("plan"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A scenario with every field filled in, as it would be written.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Every field, in the order of the defaults file.
    pub fields: serde_json::Value,
    /// Where each comes from, by dotted path.
    pub origins: BTreeMap<String, Origin>,
}

impl Resolved {
    /// Fills in a field that the scenario left out.
    pub fn fill(&mut self, path: &str, value: &str, origin: Origin) {
        let mut place = &mut self.fields;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value.into();
        self.origins.insert(path.to_owned(), origin);
    }
}

/// What is asked: an envelope, a site, designs, systems, workloads, prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// How much power, and where it is measured.
    pub envelope: Envelope,
    /// Where it stands.
    pub site: Site,
    /// What it hangs on.
    pub grid: Grid,
    /// From the meter to the rack.
    pub electrical: Electrical,
    /// How the heat leaves.
    pub cooling: Cooling,
    /// What the racks are sized for.
    pub provisioning: Provisioning,
    /// How racks draw over seconds.
    pub dynamics: Dynamics,
    /// How accelerators are connected beyond their domain.
    pub fabric: Fabric,
    /// The networks beside the scale-out.
    pub support_networks: SupportNetworks,
    /// How far buildings stand apart.
    pub campus: Campus,
    /// How racks stand.
    pub layout: Layout,
    /// Template of serving entries.
    pub serving_defaults: ServingTemplate,
    /// Template of training entries.
    pub training_defaults: TrainingTemplate,
    /// What the envelope is filled with.
    pub systems: Vec<SystemShare>,
    /// What it serves.
    #[serde(default)]
    pub serving: Vec<Serving>,
    /// What it trains.
    #[serde(default)]
    pub training: Vec<Training>,
    /// Prices.
    pub economics: Economics,
    /// Values laid over the catalogue.
    #[serde(default)]
    pub catalog: toml::Table,
}

/// Where the envelope is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasuredAt {
    /// At the utility meter.
    Utility,
    /// At the rack inputs.
    CriticalIt,
}

impl From<MeasuredAt> for crate::power::MeasuredAt {
    fn from(said: MeasuredAt) -> Self {
        match said {
            MeasuredAt::Utility => Self::Utility,
            MeasuredAt::CriticalIt => Self::CriticalIt,
        }
    }
}

/// How much power, and where it is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// How much.
    pub power: Watts,
    /// Where.
    pub measured_at: MeasuredAt,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Market, or path of a climate file.
    pub id: String,
    /// Weather file (.epw) for the year, instead of one put together from the market's statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather: Option<String>,
    /// What happens to hours that it lacks.
    pub weather_gaps: WeatherGaps,
    /// Instead of the market's price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub electricity: Option<DollarsPerJoule>,
    /// Instead of the grid's mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carbon: Option<KilogramsPerJoule>,
}

/// What the site hangs on, and what its operator asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// At the point of delivery, between lines, instead of the one that suits the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voltage: Option<Volts>,
    /// Short-circuit power of the grid there, instead of the usual one at that voltage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_circuit: Option<VoltAmperes>,
    /// Circuits that each carry the whole site.
    pub circuits: u32,
    /// Outages of one circuit.
    pub circuit_outages: PerSecond,
    /// How long each lasts.
    pub circuit_repair: Seconds,
    /// Outages of all circuits together.
    pub common_outages: PerSecond,
    /// How long each lasts.
    pub common_repair: Seconds,
    /// From the substation to the buildings, between lines, instead of that of the grid or 34.5 kV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campus_voltage: Option<Volts>,
    /// How the ties between the sections of the campus busbar stand.
    pub ties: Ties,
    /// That a feeder carries all day, instead of the size of cable that suits the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeder_current: Option<Amperes>,
    /// At the point of delivery, at least.
    pub power_factor: Share,
    /// Longest dip that must not shed load.
    pub ride_through: Seconds,
    /// Voltage that is left in it, over nominal.
    pub dip_voltage: Share,
    /// Largest loss of load at once that the grid stands.
    pub loss_limit: Watts,
    /// Fastest change of the site's power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp_limit: Option<WattsPerSecond>,
    /// Largest swing between 0.1 and 20 Hz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swing_limit: Option<Watts>,
}

/// How the ties between the sections of the campus busbar stand, each section behind a main transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// Each transformer carries its own section; a spare stands by without load and takes over where one fails.
    Open,
    /// All transformers are in parallel and share the load, the spare too.
    Closed,
}

/// What happens to hours that a weather file lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeatherGaps {
    /// The file is refused.
    Refuse,
    /// Short gaps are filled on a straight line, and a verdict says how many.
    Interpolate,
}

impl From<WeatherGaps> for crate::catalog::epw::Gaps {
    fn from(said: WeatherGaps) -> Self {
        match said {
            WeatherGaps::Refuse => Self::Refuse,
            WeatherGaps::Interpolate => Self::Interpolate,
        }
    }
}

/// From the meter to the rack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Electrical {
    /// Electrical design.
    pub design: String,
    /// List of ratings that its equipment is sold in.
    pub ratings: String,
    /// Teams that repair one group of like equipment at a time.
    pub repair_teams: u32,
    /// Power factor of the halls.
    pub rack_power_factor: Share,
    /// Power factor of chillers, pumps and fans.
    pub plant_power_factor: Share,
    /// Instead of the design's, of unit substations, UPS and rectifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redundancy: Option<crate::catalog::profile::Redundancy>,
    /// Instead of the design's UPS module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ups_module: Option<Watts>,
    /// Instead of the design's UPS block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ups_block: Option<Watts>,
    /// Power of a battery at the substation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_power: Option<Watts>,
    /// Its energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_energy: Option<Joules>,
}

/// How a synchronous training run draws over seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dynamics {
    /// Power between bursts over rack heat.
    pub floor: Share,
    /// Part of the time that bursts take.
    pub burst: Share,
}

/// How the heat leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cooling {
    /// Cooling design.
    pub design: String,
    /// Instead of what the system plans with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coolant_supply: Option<Celsius>,
    /// How long racks work on after coolers, pumps and fans have lost their feed.
    pub ride_through: Seconds,
    /// Voltage over nominal that drives of pumps, fans and chillers ride through, at least.
    pub drive_voltage: Share,
    /// Time from the return of the voltage until pumps and fans run again.
    pub drive_restart: Seconds,
    /// The same until chillers carry their load again.
    pub chiller_restart: Seconds,
    /// How long stores of chilled water carry the load of the chillers.
    pub chilled_store: Seconds,
    /// Failures of a pump or fan with its drive.
    pub pump_failures: PerSecond,
    /// Time until it is back.
    pub pump_repair: Seconds,
    /// Failures of a chiller.
    pub chiller_failures: PerSecond,
    /// Time until it is back.
    pub chiller_repair: Seconds,
}

/// How rack power is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Every rack at full heat.
    Nameplate,
    /// Sized for a quantile of the duty distribution.
    DutyQuantile,
    /// Held at a cap.
    Capped,
}

/// Smallest step in which a fleet grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// Whole scalable units once one fits, whole racks below.
    Unit,
    /// Whole racks.
    Rack,
}

/// What the racks are sized for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    /// The policy.
    pub policy: Policy,
    /// Cap over nameplate heat.
    pub cap: Share,
    /// Sized-for over nameplate heat.
    pub quantile: Share,
    /// Mean over provisioned rack power.
    pub duty_factor: Share,
    /// Deviation of one rack's power over its heat.
    pub duty_deviation: Share,
    /// Correlation between the powers of any two racks.
    pub duty_correlation: Share,
    /// Power of an idle rack over its heat.
    pub idle: Share,
    /// Smallest step.
    pub granularity: Granularity,
}

/// Prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Economics {
    /// Set of unit costs.
    pub costs: String,
    /// Instead of the cost set's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_of_capital: Option<Share>,
    /// Instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rack_price: Option<Dollars>,
}

/// A resolved scenario: typed fields, and the same with origins.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The values.
    pub fields: Fields,
    /// The same as text, with origins.
    pub resolved: Resolved,
    /// What the user's text was called, for errors that show up later.
    pub file: Option<crate::catalog::Document>,
}

impl Scenario {
    /// An error about one field: at its line if the user wrote it, else at the flag or default.
    #[must_use]
    pub fn error(&self, path: &str, message: impl Into<String>) -> crate::catalog::InputError {
        let message = message.into();
        match (self.resolved.origins.get(path), &self.file) {
            (Some(Origin::File(..)), Some(document)) => {
                // What an entry leaves out stands in the template that filled it in.
                let template = path.split_once('.').and_then(|(list, rest)| {
                    let (_, field) = rest.split_once('.')?;
                    Some(format!("{list}_defaults.{field}"))
                });
                let place = match template {
                    Some(template) if document.line(path).is_none() && document.line(&template).is_some() => {
                        template
                    }
                    _ => path.to_owned(),
                };
                document.error(&place, message)
            }
            (Some(Origin::Flag), _) => {
                crate::catalog::InputError::plain("command line", format!("`{path}`: {message}"))
            }
            _ => crate::catalog::InputError::plain("scenario", format!("`{path}`: {message}")),
        }
    }

    /// An error of the catalogue about a name that a field gave: placed at the field.
    #[must_use]
    pub fn blame(&self, path: &str, error: crate::catalog::InputError) -> crate::catalog::InputError {
        if error.span.is_some() {
            return error;
        }
        // A setting laid over the catalogue is shown itself rather than the name of what it is laid over.
        let setting = error.message.strip_prefix('`').and_then(|rest| rest.split_once("`: "));
        if let Some((setting, message)) = setting.filter(|(setting, _)| setting.starts_with("catalog.")) {
            let mut placed = self.error(setting, message);
            placed.help = error.help;
            return placed;
        }
        // A file of the user's is named; the catalogue as a whole needs no name.
        let message = match error.file.as_str() {
            "catalog" => error.message,
            file => format!("{file}: {}", error.message),
        };
        let mut placed = self.error(path, message);
        placed.help = error.help;
        placed
    }
}
