//! What a profile file may say: the types behind `src/catalog/*/*.toml`.
//!
//! One thing a file, its stem its id. A figure that somebody published, measured or guessed is a [`Datum`]: value,
//! range, source, confidence. Structure that follows from a published configuration (a model card, a climate row)
//! has one source for the file. Unknown keys are errors.

use crate::units::{
    ByteRate, Bytes, Celsius, CubicMetersPerJoule, CubicMetersPerSecond, Dollars, DollarsPerCubicMeter,
    DollarsPerJoule, DollarsPerToken, DollarsPerWatt, FlopRate, Joules, Kelvin, Kilograms, KilogramsPerJoule,
    Meters, Pascals, PerSecond, Ratio, Seconds, Share, Watts,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a figure can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The maker's, operator's or regulator's own text was read for it.
    Published,
    /// Such a text is the origin; the figure was seen in somebody's transcription.
    PublishedSecondHand,
    /// Press, analysts or a paper.
    Reported,
    /// Measured by a benchmark; see its source.
    Measured,
    /// Arithmetic on other figures, given in the note.
    Derived,
    /// General knowledge, no page read: verify before quoting.
    Recalled,
    /// Nobody published it; the note says why this value.
    Assumption,
    /// Set by the user.
    User,
}

impl Confidence {
    /// One word for tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::PublishedSecondHand => "second-hand",
            Self::Reported => "reported",
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Recalled => "recalled",
            Self::Assumption => "assumption",
            Self::User => "user",
        }
    }
    /// Whether a report has to show the figure as something that nobody stands behind.
    #[must_use]
    pub fn is_assumption(self) -> bool {
        matches!(self, Self::Assumption | Self::Recalled | Self::Derived)
    }
}

/// A figure with its range, its source and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datum<Q> {
    /// The value to compute with.
    pub value: Q,
    /// The lowest value in circulation.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub low: Option<Q>,
    /// The highest value in circulation.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub high: Option<Q>,
    /// Key of an entry of `[sources]` in the same file.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// Why this value; demanded of assumptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

fn none<Q>() -> Option<Q> {
    None
}

/// Where a figure comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Title of the page or document.
    pub title: String,
    /// Its address; absent for general knowledge and assumptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The day it was read, `YYYY-MM-DD`.
    pub read: String,
}

/// The sources of a file by key.
pub type Sources = BTreeMap<String, Source>;

/// Whether a thing can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Ships.
    Shipping,
    /// Announced with figures, does not ship in volume yet.
    Announced,
    /// Unsettled: only for what-if scenarios, never a default.
    ScenarioOnly,
    /// Kept to reproduce published measurements.
    Historic,
}

/// One accelerator: what a buyer counts as one GPU, TPU or Trainium chip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accelerator {
    /// Same as the file's stem.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// Who makes it.
    pub maker: String,
    /// Which efficiency curves it uses: `ampere`, `hopper`, `blackwell`, `blackwell-ultra`, `rubin`, `rubin-ultra`, `ada`, `cdna3`, `cdna4`, `cdna5`, `trainium1`, `trainium2`, `trainium3`, `tpu`, `gaudi`.
    pub generation: String,
    /// Reticle-size compute dies in the package.
    pub dies: u32,
    /// Dense arithmetic peaks by number format; a format the maker does not list is absent.
    pub peak: Peaks,
    /// High-bandwidth memory.
    pub memory: Memory,
    /// Sustained board power limit of the package.
    pub power: Datum<Watts>,
    /// Share of the generation's achieved arithmetic that the board's power limit leaves, where it is tighter for each
    /// FLOP/s than that of the package whose kernels were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sustained_share: Option<Datum<Share>>,
    /// Sources by key.
    pub sources: Sources,
}

/// Dense peaks by number format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peaks {
    /// BF16 and FP16 with FP32 accumulation.
    pub bf16: Datum<FlopRate>,
    /// INT8, where listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub int8: Option<Datum<FlopRate>>,
    /// FP8 and MXFP8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp8: Option<Datum<FlopRate>>,
    /// FP6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp6: Option<Datum<FlopRate>>,
    /// FP4: NVFP4, MXFP4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp4: Option<Datum<FlopRate>>,
    /// FP4 with structured sparsity, never used unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp4_sparse: Option<Datum<FlopRate>>,
}

/// High-bandwidth memory of one accelerator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What the datasheet says.
    pub nominal: Datum<Bytes>,
    /// What software can allocate.
    pub usable: Datum<Bytes>,
    /// Read or write bandwidth.
    pub bandwidth: Datum<ByteRate>,
}

/// A rack-scale system, or nodes in a rack: the thing a planner orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Same as the file's stem.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// Who makes it.
    pub maker: String,
    /// Whether it can be bought.
    pub status: Status,
    /// When it ships, in words, such as `2025-07`.
    pub available: String,
    /// Id of the accelerator in it.
    pub accelerator: String,
    /// The compute rack.
    pub rack: Rack,
    /// The scale-up domain.
    pub scale_up: ScaleUp,
    /// The network ports of an accelerator and the fabric they go to.
    pub scale_out: ScaleOut,
    /// The scalable unit and the racks that stand with it.
    pub unit: ScalableUnit,
    /// How often it breaks.
    pub reliability: Reliability,
    /// Power profiles by name, such as `max-q`; each overrides the values above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, PowerProfile>,
    /// The profile meant when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<String>,
    /// Sources by key.
    pub sources: Sources,
}

/// One compute rack, or the group of racks that is sold as one domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rack {
    /// Accelerators in it.
    pub accelerators: u32,
    /// CPU sockets in it.
    pub cpus: u32,
    /// Floor positions it takes; more than one for side-by-side or double-wide racks.
    pub positions: u32,
    /// Heat at full load: the sustained design power at the rack input.
    pub heat: Datum<Watts>,
    /// Electrical design point peak: breakers and ride-through.
    pub edp_peak: Datum<Watts>,
    /// Installed shelf capacity: feeds and busway.
    pub feed: Datum<Watts>,
    /// Currents that its shelves take; three phases where nothing is said.
    #[serde(default = "three_phases", skip_serializing_if = "is_three_phases")]
    pub currents: Vec<Current>,
    /// Its power shelves; absent where each node has supplies of its own, or nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelves: Option<Shelves>,
    /// Part of the heat that leaves by liquid.
    pub liquid_share: Datum<Share>,
    /// Coolant supply temperature to plan with; absent for air-cooled racks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coolant_supply: Option<Datum<Celsius>>,
    /// Highest coolant supply temperature allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coolant_supply_max: Option<Datum<Celsius>>,
    /// Published flow against supply temperature, by rising temperature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coolant_curve: Vec<FlowPoint>,
    /// Flow per heat where no curve is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coolant_flow_rule: Option<Datum<CubicMetersPerJoule>>,
    /// Mass in operation.
    pub mass: Datum<Kilograms>,
    /// Width of one floor position.
    pub width: Datum<Meters>,
    /// Depth.
    pub depth: Datum<Meters>,
    /// Height.
    pub height: Datum<Meters>,
    /// Price to a large buyer.
    pub price: Datum<Dollars>,
    /// Energy that its supplies give and take to smooth what it draws.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub smoothing_energy: Option<Datum<Joules>>,
    /// CPU memory in the rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_memory: Option<Datum<Bytes>>,
    /// What is stacked in it, from the floor up, where that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<StackPart>,
}

/// Power shelves of a rack, half of them on each of its two feeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shelves {
    /// How many.
    pub count: u32,
    /// Rating of one.
    pub rating: Datum<Watts>,
}

/// What a busway carries and the shelves of a rack take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Current {
    /// 400 to 480 V between three phases.
    ThreePhase,
    /// 800 V of direct current.
    Direct,
}

fn three_phases() -> Vec<Current> {
    vec![Current::ThreePhase]
}

fn is_three_phases(currents: &[Current]) -> bool {
    currents == [Current::ThreePhase]
}

/// Equal parts on top of each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackPart {
    /// What they are.
    pub part: String,
    /// How many.
    pub count: u32,
    /// Height of each in rack units; left out where it is not published.
    #[serde(default, skip_serializing_if = "is_default")]
    pub units: u32,
    /// Key of a source.
    pub source: String,
}

/// One point of a coolant curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowPoint {
    /// Coolant supply temperature.
    pub supply: Celsius,
    /// Flow through the rack.
    pub flow: CubicMetersPerSecond,
    /// Pressure drop of the rack.
    pub pressure_drop: Pascals,
    /// Key of a source.
    pub source: String,
}

/// How the accelerators of a domain are wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleUpTopology {
    /// Every pair at full rate through switches.
    Switched,
    /// All to all by point-to-point links.
    Mesh,
    /// A torus.
    Torus,
    /// No scale-up link.
    None,
}

/// The scale-up domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleUp {
    /// Accelerators in one domain.
    pub domain: u32,
    /// How they are wired.
    pub topology: ScaleUpTopology,
    /// Accelerators along each dimension of a torus, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<[u32; 3]>,
    /// Bandwidth of one accelerator, one direction.
    pub bandwidth_per_direction: Datum<ByteRate>,
    /// Start-up time of one transfer.
    pub latency: Datum<Seconds>,
    /// Whether switches add up all-reduce traffic on the way.
    pub in_network_reduction: bool,
}

/// The scale-out ports of an accelerator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleOut {
    /// Network ports of one accelerator.
    pub ports: u32,
    /// Bandwidth of one port, one direction.
    pub port_bandwidth: Datum<ByteRate>,
    /// Independent networks that the ports are spread over.
    pub planes: u32,
    /// Accelerators of a node that go to different leaf switches.
    pub rails: u32,
    /// Accelerators that share a set of leaf switches, where it is not the scalable unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf_unit: Option<u32>,
    /// Accelerators whose rails each have spines of their own, where the design is rail-optimised to the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spine_group: Option<u32>,
    /// Port links that run in one cable, where it is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links_per_cable: Option<u32>,
    /// Start-up time of one transfer through the fabric.
    pub latency: Datum<Seconds>,
    /// Id of the switch that its reference design uses.
    pub switch: String,
    /// Id of the cable or transceiver from accelerator to leaf switch.
    pub host_link: String,
    /// Id of the cable or transceiver between switches.
    pub switch_link: String,
}

/// The scalable unit: what is delivered and energised together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalableUnit {
    /// Compute racks (as counted in `rack`) in it.
    pub racks: Datum<u32>,
    /// Racks for storage beside it.
    pub storage_racks: Datum<u32>,
    /// Racks for management and in-band network beside it.
    pub management_racks: Datum<u32>,
    /// Power of the storage, management and CPU nodes of the unit, without the scale-out fabric.
    pub support_power: Datum<Watts>,
    /// Price of storage, management and CPU nodes of the unit.
    pub support_price: Datum<Dollars>,
}

/// How often accelerators fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reliability {
    /// Interruptions of a job per accelerator and time.
    pub interruption_rate: Datum<PerSecond>,
    /// Part of the accelerators in service.
    pub availability: Datum<Share>,
    /// From the failure of a part to its return.
    pub repair: Datum<Seconds>,
    /// Accelerators that one broken part takes down: those of a node or a tray.
    pub tray: Datum<u32>,
    /// Accelerators that are swapped as a whole for a spare: a node, or the domain that a tray is part of.
    pub swap_unit: Datum<u32>,
    /// What interrupts.
    pub causes: Causes,
}

/// Parts of the interruptions by what failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Causes {
    /// Accelerator chips with their scale-up links.
    pub accelerator: Datum<Share>,
    /// Memory of the accelerators.
    pub memory: Datum<Share>,
    /// Hosts: processors, their memory, disks, supplies, maintenance.
    pub host: Datum<Share>,
    /// Adapters, switches, cables and optics.
    pub network: Datum<Share>,
    /// Cooling of the parts.
    pub cooling: Datum<Share>,
    /// Programs and what they depend on.
    pub software: Datum<Share>,
    /// Silent corruption of data.
    pub silent: Datum<Share>,
}

impl Causes {
    /// All of them: 1 but for rounding.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.broken() + self.network.value.0 + self.software.value.0
    }

    /// Those that take a unit out until it is repaired.
    #[must_use]
    pub fn broken(&self) -> f64 {
        [&self.accelerator, &self.memory, &self.host, &self.cooling, &self.silent]
            .into_iter()
            .map(|cause| cause.value.0)
            .sum()
    }
}

/// What a power profile changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerProfile {
    /// Rack heat.
    pub heat: Datum<Watts>,
    /// Electrical design point peak of the rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edp_peak: Option<Datum<Watts>>,
    /// Accelerator power limit.
    pub accelerator_power: Datum<Watts>,
    /// Scale-up bandwidth of one accelerator, one direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_up_bandwidth_per_direction: Option<Datum<ByteRate>>,
    /// Memory bandwidth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bandwidth: Option<Datum<ByteRate>>,
    /// Sustained arithmetic rate against the datasheet's.
    pub compute_share: Datum<Share>,
}

/// A switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Same as the file's stem.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// Who makes it.
    pub maker: String,
    /// Ports at `port_bandwidth`.
    pub ports: Datum<u32>,
    /// Bandwidth of one port, one direction.
    pub port_bandwidth: Datum<ByteRate>,
    /// Bandwidth of one lane of a port; any where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_bandwidth: Option<Datum<ByteRate>>,
    /// Ports that share a cage, and so a module.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub cage_ports: u32,
    /// Bandwidth of an uplink beside those ports, where there are such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplink_bandwidth: Option<Datum<ByteRate>>,
    /// Power with every port in use and its transceivers plugged, or with its co-packaged optics.
    pub power_populated: Datum<Watts>,
    /// Whether the optics are inside.
    pub co_packaged_optics: bool,
    /// Id of the switch with the same ports whose optics are the other way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optics_twin: Option<String>,
    /// Whether it adds up all-reduce traffic on the way.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_network_reduction: bool,
    /// How packets travel through networks of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transport: Transport,
    /// Height in rack units.
    pub rack_units: u32,
    /// Part of its heat that leaves by liquid.
    pub liquid_share: Datum<Share>,
    /// Time through it.
    pub latency: Datum<Seconds>,
    /// Price without transceivers.
    pub price: Datum<Dollars>,
    /// Sources by key.
    pub sources: Sources,
}

/// How packets travel, as far as it decides the time of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// InfiniBand, or Ethernet with flow control.
    #[default]
    Lossless,
    /// Elastic Fabric Adapter: datagrams over many paths, out of order.
    Efa,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_one(count: &u32) -> bool {
    *count == 1
}

/// Whether a field has the value that it has when the file says nothing.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The kind of a cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Twisted pairs.
    TwistedPair,
    /// Passive copper.
    PassiveCopper,
    /// Linear active copper.
    LinearActiveCopper,
    /// Retimed active copper.
    RetimedActiveCopper,
    /// Multimode fibre.
    Multimode,
    /// Single-mode fibre to 500 m.
    SingleMode,
    /// Single-mode fibre beyond 500 m.
    LongSingleMode,
}

/// A link: a cable with what is plugged at its ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Same as the file's stem.
    pub id: String,
    /// As sold.
    pub name: String,
    /// What it is made of.
    pub medium: Medium,
    /// One direction.
    pub bandwidth: Datum<ByteRate>,
    /// Bandwidth of one lane, which is that of the ports at both ends; any where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_bandwidth: Option<Datum<ByteRate>>,
    /// Ports that it can be parted over: lanes on fibres of their own can be, wavelengths on one pair cannot.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub ways: u32,
    /// The longest it may be.
    pub reach: Datum<Meters>,
    /// Power of one end's transceiver.
    pub power_per_end: Datum<Watts>,
    /// Price of one end's transceiver, or half the cable for copper.
    pub price_per_end: Datum<Dollars>,
    /// Price of fibre per metre, nothing for copper of fixed length.
    pub price_per_meter: Datum<Dollars>,
    /// Sources by key.
    pub sources: Sources,
}

/// A network adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Same as the file's stem.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// One direction, all ports.
    pub bandwidth: Datum<ByteRate>,
    /// Power without transceiver.
    pub power: Datum<Watts>,
    /// Price.
    pub price: Datum<Dollars>,
    /// Sources by key.
    pub sources: Sources,
}

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
    /// Chilled water supply for air handlers.
    pub chilled_water: Datum<Celsius>,
    /// Rack inlet air temperature held in the hall.
    pub inlet_air: Datum<Celsius>,
    /// Highest dew point of outside air that may pass the racks: that of their class; damper air is shut out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dew_point_max: Option<Datum<Celsius>>,
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
    /// Rating of one module, for the equipment schedule.
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

/// What a file of structure rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// Title of the page or document.
    pub title: String,
    /// Its addresses.
    pub urls: Vec<String>,
    /// The day it was read.
    pub read: String,
    /// How far to trust it.
    pub confidence: Confidence,
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

/// Prices of a market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketPrices {
    /// Same as the file's stem and the climate's id.
    pub id: String,
    /// All-in price of electricity to a large load.
    pub electricity: Datum<DollarsPerJoule>,
    /// Carbon of the grid, direct emissions.
    pub carbon: Datum<KilogramsPerJoule>,
    /// Price of make-up water.
    pub water: Datum<DollarsPerCubicMeter>,
    /// Sources by key.
    pub sources: Sources,
}

/// A set of unit costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Same as the file's stem.
    pub id: String,
    /// In words.
    pub name: String,
    /// Per IT watt: land.
    pub land: Datum<DollarsPerWatt>,
    /// Per IT watt: shell, fit-out and site work.
    pub building: Datum<DollarsPerWatt>,
    /// Per facility watt: substation and grid connection.
    pub grid_connection: Datum<DollarsPerWatt>,
    /// Per facility watt, one unit in ten spare: transformers to the voltage of halls and plant.
    pub transformers: Datum<DollarsPerWatt>,
    /// Per watt installed: solid-state transformers.
    pub solid_state_transformers: Datum<DollarsPerWatt>,
    /// Per facility watt: medium- and low-voltage switchgear and cables.
    pub switchgear: Datum<DollarsPerWatt>,
    /// Per watt of UPS installed.
    pub ups: Datum<DollarsPerWatt>,
    /// Per watt of battery shelves in the racks.
    pub rack_batteries: Datum<DollarsPerWatt>,
    /// Per joule: batteries at the substation.
    pub batteries: Datum<DollarsPerJoule>,
    /// Per facility watt, one in ten spare: generators with fuel and paralleling.
    pub generators: Datum<DollarsPerWatt>,
    /// Per IT watt on two paths: busway and distribution.
    pub busway: Datum<DollarsPerWatt>,
    /// Per watt installed: rectifiers in the hall.
    pub rectifiers: Datum<DollarsPerWatt>,
    /// Per watt of heat rejected: cooling plant.
    pub cooling: Datum<DollarsPerWatt>,
    /// Surcharge on everything but IT: design, contractor, contingency.
    pub soft_cost_share: Datum<Share>,
    /// Yearly maintenance of the facility per facility capex.
    pub facility_maintenance_share: Datum<Share>,
    /// Yearly support and spares of IT per IT capex.
    pub it_maintenance_share: Datum<Share>,
    /// Permanent staff per IT watt, as money per year and watt: see the note.
    pub staff: Datum<DollarsPerWatt>,
    /// Property tax and insurance per year and capex.
    pub tax_and_insurance_share: Datum<Share>,
    /// Economic life of IT.
    pub it_life: Datum<Seconds>,
    /// Economic life of the facility.
    pub facility_life: Datum<Seconds>,
    /// Cost of capital per year.
    pub cost_of_capital: Datum<Share>,
    /// Part of the accelerator-hours that is sold or used.
    pub utilization: Datum<Share>,
    /// Sources by key.
    pub sources: Sources,
}

/// How attention works in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttentionKind {
    /// Grouped queries share key and value heads; multi-head when they are as many.
    Grouped,
    /// Multi-head latent attention: one compressed key-value per token.
    Latent,
    /// One shared latent head over compressed past, as in DeepSeek-V4.
    CompressedLatent,
}

/// A model card: shapes that operations follow from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Same as the file's stem.
    pub id: String,
    /// As published.
    pub name: String,
    /// Family.
    pub family: String,
    /// Transformer layers or blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Whether input and output embeddings are one matrix.
    pub tied_embeddings: bool,
    /// Longest context.
    pub max_context: u64,
    /// Multi-token prediction layers.
    pub mtp_layers: u32,
    /// Attention layers.
    pub attention: Attention,
    /// Feed-forward layers.
    pub feed_forward: FeedForward,
    /// What the publisher states.
    pub published: PublishedSize,
    /// List price of hosted tokens, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<ListPrice>,
    /// Formats that the published weights use beside BF16, by part, such as `experts = "mxfp4"`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, String>,
    /// What the card leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the shapes come from.
    pub source: FileSource,
}

/// Attention of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// How it works.
    pub kind: AttentionKind,
    /// Query heads.
    pub heads: u32,
    /// Key-value heads.
    pub kv_heads: u32,
    /// Width of a head; of query and key for latent attention.
    pub head_dim: u32,
    /// Layers that attend to the whole context.
    pub full_layers: u32,
    /// Layers that attend to a window.
    pub window_layers: u32,
    /// The window [tokens].
    pub window: u32,
    /// Layers with linear attention or a state-space mixer.
    pub linear_layers: u32,
    /// Rank of the query compression (latent attention).
    pub q_lora: u32,
    /// Width of the compressed key-value (latent attention).
    pub kv_lora: u32,
    /// Rotary width (latent attention).
    pub rope_dim: u32,
    /// Width of the part without position (latent attention).
    pub nope_dim: u32,
    /// Width of a value head (latent attention).
    pub v_dim: u32,
    /// Most past tokens that sparse attention reads; 0 for all.
    pub sparse_topk: u32,
    /// Cached key-value elements per token of context, all layers.
    pub kv_elements_per_token: f64,
    /// Fixed recurrent state per sequence, all linear layers [elements].
    pub state_elements: f64,
}

/// Feed-forward layers of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedForward {
    /// Dense layers.
    pub dense_layers: u32,
    /// Width of a dense layer.
    pub dense_width: u32,
    /// Matrices of a feed-forward block: three gated, two plain.
    pub matrices: u32,
    /// Mixture-of-experts layers.
    pub moe_layers: u32,
    /// Routed experts of a layer.
    pub experts: u32,
    /// Routed experts that a token goes to.
    pub active_experts: u32,
    /// Experts that every token goes to.
    pub shared_experts: u32,
    /// Width of a routed expert.
    pub expert_width: u32,
    /// Width of the shared experts together.
    pub shared_width: u32,
    /// Width at which routed experts work; the hidden width unless latent.
    pub expert_hidden: u32,
}

/// Size of a model: computed from its shapes, and published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedSize {
    /// Total parameters by formula, embeddings included.
    pub computed_parameters: f64,
    /// Active parameters by formula: the input embedding left out, the output projection counted.
    pub computed_active_parameters: f64,
    /// Total parameters as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<f64>,
    /// Active parameters as published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_parameters: Option<f64>,
    /// Where the published size stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// List price of hosted tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPrice {
    /// Input tokens.
    pub input: DollarsPerToken,
    /// Output tokens.
    pub output: DollarsPerToken,
    /// Where it stands.
    pub url: String,
}

/// The list price of a hosted model. What it runs on and what it looks like inside is its maker's secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostedPrice {
    /// Same as the file's stem.
    pub id: String,
    /// As published.
    pub name: String,
    /// Longest context, price steps and what else the list leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Input tokens.
    pub input: Datum<DollarsPerToken>,
    /// Output tokens.
    pub output: Datum<DollarsPerToken>,
    /// Input tokens found in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Datum<DollarsPerToken>>,
    /// Sources by key.
    pub sources: Sources,
}
