//! Cooling and electrical designs, and the weather that they stand in.

use super::{Current, Datum, FileSource, Sources, none};
use crate::units::{
    Amperes, Celsius, CubicMeters, CubicMetersPerJoule, Joules, Kelvin, Meters, PerSecond, Ratio, Seconds,
    Share, Vars, VoltAmperes, Watts,
};
use serde::{Deserialize, Serialize};

/// What throws the heat out of the building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeatRejection {
    /// Dry coolers.
    DryCooler,
    /// Dry coolers with wetted pads in hot hours.
    AdiabaticCooler,
    /// Evaporative towers.
    Tower,
    /// Chillers with air-cooled condensers for everything.
    AirCooledChiller,
    /// Outside air through the hall, evaporatively assisted: air-cooled racks only.
    OutsideAir,
    /// The same with its chillers on evaporative towers.
    OutsideAirTower,
}

/// A cooling design: plant of the liquid loop, air side, chillers for what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoolingDesign {
    /// Same as the file's stem.
    pub id: String,
    /// In words.
    pub name: String,
    /// What rejects the liquid loop's heat.
    pub heat_rejection: HeatRejection,
    /// Approach of the coolant distribution units.
    pub cdu_approach: Datum<Kelvin>,
    /// Approach of dry cooler (to dry bulb) or tower (to wet bulb) at rated fan speed.
    pub rejection_approach: Datum<Kelvin>,
    /// Fan power per heat at rated approach.
    pub fan_share: Datum<Share>,
    /// Effectiveness of the wetted pads.
    pub pad_effectiveness: Datum<Share>,
    /// Pump power of the coolant loop per heat.
    pub coolant_pump_share: Datum<Share>,
    /// Pump power of the facility water loop per heat.
    pub facility_pump_share: Datum<Share>,
    /// Pump power of the tower water per heat; with towers that of the facility water if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condenser_pump_share: Option<Datum<Share>>,
    /// Chiller efficiency as a share of Carnot's.
    pub chiller_carnot_share: Datum<Share>,
    /// Condensing temperature above outside air (air-cooled) or tower water.
    pub condenser_lift: Datum<Kelvin>,
    /// Warmest water that evaporators make, which warmer loops mix to what they want; any if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaporator_max: Option<Datum<Celsius>>,
    /// Chilled water supply for air handlers.
    pub chilled_water: Datum<Celsius>,
    /// Rack inlet air temperature held in the hall.
    pub inlet_air: Datum<Celsius>,
    /// Highest dew point of outside air that may pass the racks: that of their class; damper air is dried by coils, or
    /// shut out where they are too warm for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dew_point_max: Option<Datum<Celsius>>,
    /// Lowest dew point of outside air at the racks, with `humidity_min`: that of their class. Drier hours are told, not mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dew_point_min: Option<Datum<Celsius>>,
    /// Lowest relative humidity of outside air warmed to the inlets of the racks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity_min: Option<Datum<Share>>,
    /// Fan power of air handlers per air-side heat.
    pub air_handler_share: Datum<Share>,
    /// Doors of coil behind the racks; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rear_door: Option<RearDoor>,
    /// Whether pumps and air handlers lack drives and run at full speed whatever the load.
    #[serde(default)]
    pub constant_speed: bool,
    /// Whether air-side heat can go to outside air by economiser coil when it is cool enough.
    pub economizer: bool,
    /// Approach of that economiser from outside air to chilled water.
    pub economizer_approach: Datum<Kelvin>,
    /// Cycles of concentration of evaporated water.
    pub cycles_of_concentration: Datum<Ratio>,
    /// Lights, offices, controls per IT power.
    pub house_load_share: Datum<Share>,
    /// Installed heat rejection per design heat, redundancy and derating included.
    pub installed_ratio: Datum<Ratio>,
    /// Capacity of one coolant distribution unit.
    pub cdu_capacity: Datum<Watts>,
    /// Coolant distribution units that serve a group before one spare is added.
    pub cdu_group: Datum<u32>,
    /// Sources by key.
    pub sources: Sources,
}

/// Doors of coil behind the racks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RearDoor {
    /// Part of the air-side heat that they take.
    pub share: Datum<Share>,
    /// Water supplied to them.
    pub water: Datum<Celsius>,
    /// Power of their fans per heat.
    pub fan_share: Datum<Share>,
}

/// Part-load losses of one stage: `loss / rated = a + b·x + c·x²`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What it is called: `hv-transformer`, `unit-transformer`, `ups`, `busway`, …
    pub name: String,
    /// What it is, for the one-line and the equipment schedule.
    #[serde(default)]
    pub kind: StageKind,
    /// No-load loss per rating.
    pub no_load: Datum<Share>,
    /// Loss proportional to load.
    pub proportional: Datum<Share>,
    /// Loss that grows with the square of the load.
    pub square: Datum<Share>,
    /// How it is made redundant.
    pub redundancy: Redundancy,
    /// Whether its losses heat the hall's air rather than the yard.
    pub indoors: bool,
    /// Whether it carries the racks alone although it stands in the yard; what stands indoors carries nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub racks_only: bool,
    /// Rating of the largest module; smaller loads buy a smaller one that is sold. Of a transformer its volt-amperes: what
    /// it carries is less by the power factor of its load.
    pub module: Datum<Watts>,
    /// Rating of the block that modules stand in parallel for; absent where a module is its own block.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub block: Option<Datum<Watts>>,
    /// Short-circuit impedance of a transformer on its rating.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub impedance: Option<Datum<Share>>,
    /// How long it carries its load after its input has failed.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub hold_up: Option<Datum<Seconds>>,
    /// What has to work for a module to work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageKind {
    /// From the grid's voltage to the campus's.
    MainTransformer,
    /// From the campus's voltage to that of the halls.
    UnitTransformer,
    /// Cables from the campus's busbar to the buildings; no file has it, its losses come from the one-line.
    #[serde(skip)]
    Feeders,
    /// From the campus's voltage to direct current.
    SolidStateTransformer,
    /// From the campus's voltage to that of coolers, pumps and house loads alone.
    PlantTransformer,
    /// Uninterruptible power supply.
    Ups,
    /// Transformer in a hall.
    PduTransformer,
    /// Rectifier in a hall.
    Rectifier,
    /// Bus, cable, busway.
    Bus,
    /// Battery shelves in the racks, which take what keeps them charged.
    RackBattery,
    /// The small UPS of what must not stop though the rest may.
    EssentialUps,
    /// Anything else.
    #[default]
    Other,
}

impl StageKind {
    /// Whether direct current leaves it.
    #[must_use]
    pub fn converts(self) -> bool {
        matches!(self, Self::SolidStateTransformer | Self::Rectifier)
    }
}

/// A part whose failure takes a module with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// How many of them.
    pub count: u32,
    /// Failures per time of each.
    pub failure_rate: Datum<PerSecond>,
    /// Time until it is back.
    pub repair_time: Datum<Seconds>,
    /// Chance that the static bypass around it does not take over; absent where there is none.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub bypass: Option<Datum<Share>>,
}

/// Which loads the engines carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covered {
    /// Racks, plant and house.
    Everything,
    /// All but the accelerator racks.
    PlantAndNetwork,
}

/// Engines that take over when the grid fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// What they carry.
    pub covers: Covered,
    /// Standby rating of one set.
    pub set: Datum<Watts>,
    /// How the sets are made redundant.
    pub redundancy: Redundancy,
    /// Chance that a set does not start when asked.
    pub start_failure: Datum<Share>,
    /// Time from the outage to the load on the sets.
    pub start_time: Datum<Seconds>,
    /// Part of its rating that a set takes at once; absent where it takes all.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub step: Option<Datum<Share>>,
    /// Time from one such step to the next.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub step_time: Option<Datum<Seconds>>,
    /// Time that the fuel on the site lasts at full load.
    pub autonomy: Datum<Seconds>,
    /// Fuel per energy.
    pub fuel: Datum<CubicMetersPerJoule>,
    /// Sets down for repair at a time, each as a part.
    pub failure_rate: Datum<PerSecond>,
    /// Time until a set is back.
    pub repair_time: Datum<Seconds>,
}

/// What a bus of its own keeps going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// Pumps of the coolant, lights and controls.
    PumpsAndControls,
    /// These, and the network, storage and management racks.
    PumpsControlsAndSupport,
}

/// A bus of what must not stop, behind a small UPS of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Essential {
    /// What hangs on it.
    pub keeps: Kept,
    /// Its UPS.
    pub ups: Stage,
}

/// How a stage survives the loss of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redundancy {
    /// Just enough.
    N,
    /// One module more than needed, in groups of ten.
    NPlus1,
    /// Everything twice.
    #[serde(rename = "2n")]
    TwoN,
    /// Three systems carry what two can.
    #[serde(rename = "3-to-make-2")]
    ThreeToMakeTwo,
    /// Four systems carry what three can.
    #[serde(rename = "4-to-make-3")]
    FourToMakeThree,
    /// Five systems carry what four can.
    #[serde(rename = "5-to-make-4")]
    FiveToMakeFour,
    /// Blocks at full load and one catcher for six of them.
    BlockRedundant,
}

/// An electrical design: stages from the meter to the rack input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElectricalDesign {
    /// Same as the file's stem.
    pub id: String,
    /// In words.
    pub name: String,
    /// In the order of the current, meter first.
    pub stages: Vec<Stage>,
    /// Transformers of plant and house loads, where these do not hang on a stage that feeds the racks.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub plant_transformer: Option<Stage>,
    /// The bus of what must not stop, where it has one.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub essential: Option<Essential>,
    /// Voltage of the row busway between lines, or between the poles of direct current [V].
    pub busway_volts: Datum<f64>,
    /// Voltage of the switchboards between lines, where transformers stand between them and the busway [V].
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub switchboard_volts: Option<Datum<f64>>,
    /// Rated current of the row busway [A].
    pub busway_amperes: Datum<f64>,
    /// Part of the busway rating that may be used all day.
    pub busway_continuous_share: Datum<Share>,
    /// How long the capacitors of their supplies carry racks after the busway has failed.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub rack_hold_up: Option<Datum<Seconds>>,
    /// Static switch that brings in the catcher of a block-redundant design.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_switch: Option<Part>,
    /// Parts of the bus of direct current from rectifiers that stand with the racks, of which a rack has but the one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub row_bus: Vec<Part>,
    /// Engines that take over when the grid fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// Sources by key.
    pub sources: Sources,
}

impl ElectricalDesign {
    /// What the busway carries: direct current where a converter stands before the last bus.
    #[must_use]
    pub fn busway_current(&self) -> Current {
        let bus = self.stages.iter().rposition(|stage| stage.kind == StageKind::Bus);
        let converted = self.stages.iter().position(|stage| stage.kind.converts());
        if converted.is_some_and(|at| bus.is_some_and(|bus| at < bus)) {
            Current::Direct
        } else {
            Current::ThreePhase
        }
    }

    /// What comes to the racks: direct current behind any converter.
    #[must_use]
    pub fn rack_current(&self) -> Current {
        if self.stages.iter().any(|stage| stage.kind.converts()) {
            Current::Direct
        } else {
            Current::ThreePhase
        }
    }
}

/// Ratings that equipment is sold in, smallest first: a design names the largest module, these are the steps below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratings {
    /// Same as the file's stem.
    pub id: String,
    /// In words.
    pub name: String,
    /// Transformers of substations.
    pub main_transformers: Datum<Vec<VoltAmperes>>,
    /// Transformers to low voltage.
    pub transformers: Datum<Vec<VoltAmperes>>,
    /// Floor PDUs, by their transformers.
    pub pdus: Datum<Vec<VoltAmperes>>,
    /// UPS frames.
    pub ups: Datum<Vec<Watts>>,
    /// Solid-state transformers and rectifiers.
    pub converters: Datum<Vec<Watts>>,
    /// Engine sets, standby.
    pub engines: Datum<Vec<Watts>>,
    /// Capacitor banks at medium voltage.
    pub capacitor_banks: Datum<Vec<Vars>>,
    /// Like steps that a bank is switched in.
    pub capacitor_steps: Datum<u32>,
    /// Breakers and busways up to 1 kV.
    pub low_voltage_frames: Datum<Vec<Amperes>>,
    /// Breakers above 1 kV.
    pub high_voltage_frames: Datum<Vec<Amperes>>,
    /// Smallest frames of breakers above 1 kV, for faults up to those of the next list, and the last beyond them.
    pub high_voltage_least_frames: Datum<Vec<Amperes>>,
    /// Faults up to which the smallest frames are sold, one fewer than these.
    pub high_voltage_least_frames_up_to: Datum<Vec<Amperes>>,
    /// Faults that breakers up to 1 kV break.
    pub low_voltage_interrupting: Datum<Vec<Amperes>>,
    /// Faults that breakers above 1 kV break.
    pub high_voltage_interrupting: Datum<Vec<Amperes>>,
    /// Tanks of fuel.
    pub fuel_tanks: Datum<Vec<CubicMeters>>,
    /// A cabinet of batteries for UPS.
    pub battery_cabinet: Datum<Joules>,
    /// Sources by key.
    pub sources: Sources,
}

/// The weather of a market: monthly statistics and design values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Climate {
    /// Same as the file's stem.
    pub id: String,
    /// The market as people write it.
    pub name: String,
    /// Two-letter country code.
    pub country: String,
    /// Degrees north.
    pub latitude_deg: f64,
    /// Degrees east.
    pub longitude_deg: f64,
    /// Height above the sea.
    pub elevation: Meters,
    /// How the row was made.
    pub basis: String,
    /// Monthly mean dry bulb [°C].
    pub dry_bulb_mean_c: [f64; 12],
    /// Monthly mean of the daily range of the dry bulb [K].
    pub dry_bulb_daily_range_k: [f64; 12],
    /// Monthly mean dew point [°C].
    pub dew_point_mean_c: [f64; 12],
    /// Standard deviation of daily mean dry bulbs [K].
    pub dry_bulb_deviation_k: [f64; 12],
    /// Standard deviation of daily mean dew points [K].
    pub dew_point_deviation_k: [f64; 12],
    /// Correlation of the two deviations.
    pub correlation: f64,
    /// Design values.
    pub design: DesignWeather,
    /// Where the row comes from.
    pub source: FileSource,
}

/// Design values of the weather [°C].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignWeather {
    /// Dry bulb exceeded in 0.4 % of hours.
    pub dry_bulb_0p4: Celsius,
    /// Mean wet bulb in these hours.
    pub coincident_wet_bulb: Celsius,
    /// Wet bulb exceeded in 0.4 % of hours.
    pub wet_bulb_0p4: Celsius,
    /// Highest dry bulb of 20 years.
    pub dry_bulb_20y_max: Celsius,
    /// Highest wet bulb.
    pub wet_bulb_max: Celsius,
    /// Dry bulb exceeded in 99.6 % of hours.
    pub dry_bulb_99p6: Celsius,
    /// Lowest dry bulb of 20 years.
    pub dry_bulb_20y_min: Celsius,
    /// Where the design values come from.
    pub basis: String,
}
