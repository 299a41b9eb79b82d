//! Accelerators, racks and the systems made of them.

use super::{Datum, Sources, Status, is_default, none};
use crate::units::{
    ByteRate, Bytes, Celsius, CubicMetersPerJoule, CubicMetersPerSecond, Dollars, FlopRate, Joules,
    Kilograms, Meters, Pascals, PerSecond, Seconds, Share, Watts,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Whether cubes of 4·4·4 of a torus are joined by optical circuit switches.
    #[serde(default, skip_serializing_if = "is_default")]
    pub optical_cubes: bool,
    /// Ports of such a switch that cubes may take: what is spare left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optical_switch_ports: Option<Datum<u32>>,
    /// Bandwidth of one accelerator, one direction.
    pub bandwidth_per_direction: Datum<ByteRate>,
    /// The same along the last dimension of a torus, where its links are slower and not in that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_dimension_bandwidth_per_direction: Option<Datum<ByteRate>>,
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
