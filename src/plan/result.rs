//! What a plan says: the building from the meter to the token, as plain values.

mod electrical;

pub use crate::cooling::hydraulics::RowFlow;
pub use crate::cooling::hydraulics::cdu_group::{GroupFlow, GroupFlows};
pub use electrical::{
    Answer, BranchResult, BusResult, DipLoad, Dynamics, Electrical, EngineSteps, Equipment, FaultLevels,
    LoadFlow, OutageResult, Oversubscription, RackShelves, Ramp, RunSwing, Supply, SupplyBlock, SwingRow,
    Topology,
};

use super::equipment::DriestAir;
use crate::catalog::profile::{Confidence, Link, Medium, StageKind};
pub use crate::fabric::routing::EXCHANGE;
use crate::layout::cables::{CableKind, Cabling, Net, TrayUse, Tried};
use crate::layout::{RackKind, Site, YardKind};
use crate::power::{MeasuredAt, Redundancy};
use crate::scenario::Resolved;
use crate::throughput::bands::ErrorBand;
use crate::units::{
    ByteRate, Bytes, Celsius, CubicMeters, CubicMetersPerSecond, Dollars, DollarsPerToken, DollarsPerWatt,
    Joules, Kelvin, Meters, Pascals, Ratio, Seconds, Share, SquareMeters, TokenRate, Watts,
};

/// The answer to "what does this envelope buy?".
#[derive(Debug, Clone)]
pub struct Plan {
    /// The scenario it answers, every field with its origin.
    pub scenario: Resolved,
    /// From the meter to the racks.
    pub power: Power,
    /// Supply, topologies, swings, load flow, equipment.
    pub electrical: Electrical,
    /// How the heat leaves.
    pub cooling: Cooling,
    /// What stands in the halls.
    pub fleet: Fleet,
    /// Where it stands.
    pub layout: Layout,
    /// How it is connected.
    pub fabric: Fabric,
    /// What it serves, workload by workload and system by system.
    pub serving: Vec<Serving>,
    /// What it trains.
    pub training: Vec<Training>,
    /// What it costs.
    pub economics: Economics,
    /// Ranges of outputs, by key.
    pub uncertainty: Vec<Uncertain>,
    /// What binds, what is stranded, what falls short; binding ones first.
    pub verdicts: Vec<Verdict>,
    /// What the numbers rest on that nobody published, and the values behind the headline.
    pub assumptions: Vec<Assumption>,
    /// How each result came to be.
    pub ledger: Ledger,
    /// What is bought, item by item: adds up to the capex.
    pub bill: Vec<BillItem>,
    /// Facility over IT power of each hour of the year, 1 January 0:00 first.
    pub pue_hours: Vec<f32>,
}

/// A line of the bill of materials.
#[derive(Debug, Clone, PartialEq)]
pub struct BillItem {
    /// The part of the capex that it belongs to.
    pub part: String,
    /// What it is.
    pub item: String,
    /// What one of them is rated for.
    pub rating: String,
    /// How many.
    pub count: f64,
    /// Of what.
    pub unit: &'static str,
    /// All of them; nothing where another line of the same part holds it.
    pub cost: Dollars,
    /// Where count or price come from.
    pub source: String,
    /// How far the price is to be trusted.
    pub confidence: Confidence,
}

/// From the meter to the racks.
#[derive(Debug, Clone)]
pub struct Power {
    /// The envelope.
    pub envelope: Watts,
    /// Where it is measured.
    pub measured_at: MeasuredAt,
    /// At the meter in the design hour.
    pub facility_peak: Watts,
    /// At the meter, mean of the year.
    pub facility_mean: Watts,
    /// Power that the racks are provisioned for.
    pub it_provisioned: Watts,
    /// Of that, network, storage and management racks on the bus of what must not stop: they branch off with the plant.
    pub kept_racks: Watts,
    /// Mean power of the racks.
    pub it_mean: Watts,
    /// Facility over IT in the design hour: sizes the plant, is not a PUE.
    pub peak_ratio: Ratio,
    /// Energy of the year over IT energy of the year.
    pub pue_annual: Ratio,
    /// Water per IT energy [L/kWh].
    pub wue_l_per_kwh: f64,
    /// Envelope left over because only whole racks, units and halls can be bought.
    pub stranded: Watts,
    /// Energy of the year at the meter.
    pub annual_energy: Joules,
    /// Design hour, meter first; cooling and house loads branch off with their own input and no output.
    pub stages: Vec<Stage>,
    /// Mechanical and house loads in the design hour.
    pub overheads: Vec<(String, Watts)>,
    /// Hours of the year in which chillers run.
    pub chiller_hours: u32,
    /// Carbon of the year at the grid's mean intensity [kg].
    pub carbon_kg_per_year: f64,
}

/// The line of the schedule that drawings look for: they stand in electrical rooms.
pub const HANDLERS_OF_GEAR: &str = "air handlers of electrical rooms";

/// How the heat leaves.
#[derive(Debug, Clone)]
pub struct Cooling {
    /// Id of the cooling design.
    pub design: String,
    /// Dry bulb of the design hour.
    pub design_dry_bulb: Celsius,
    /// Wet bulb of the design hour.
    pub design_wet_bulb: Celsius,
    /// How the plant works in it for the coolant; for the hall's air, where there is no coolant.
    pub design_mode: &'static str,
    /// Loops with what of their heat goes through chillers in it.
    pub on_chillers: Vec<(&'static str, Share)>,
    /// Density of outside air over that at sea level, for which the catalogue states coolers and fans.
    pub air_density: Share,
    /// Heat through evaporators in it.
    pub chilled: Watts,
    /// The other extreme hour, which takes less power: dry and wet bulb, heat through evaporators.
    pub other_hour: (Celsius, Celsius, Watts),
    /// Heat for which chillers are bought: that of the worse of these hours for each loop.
    pub chillers: Watts,
    /// Water in the tanks that carry that until chillers are back after an outage.
    pub tanks: CubicMeters,
    /// Heat rejection to install, of coolers and of chillers beside them, spares and derating included.
    pub installed_rejection: Watts,
    /// What is bought to carry it out, from the yard to the racks.
    pub schedule: Vec<Equipment>,
    /// Loops of coolant by system.
    pub coolant: Vec<CoolantLoop>,
    /// Hours of the year in which chillers help the coolant; the air of the halls, where there is no coolant.
    pub trim_hours: u32,
    /// Outside air through the halls that is drier than racks allow; nothing where none passes them.
    pub dry_air: Option<DryAir>,
    /// Hours of the year in which water evaporates.
    pub wet_hours: u32,
    /// Power at the meter in the hour of the year that takes most: not the design hour.
    pub peak_of_year: Watts,
    /// Make-up water in the hour that takes most of it, of the design hours and of the year at duty and at full load.
    pub design_water: CubicMetersPerSecond,
    /// Water of the year.
    pub water: CubicMeters,
    /// Of that, evaporated.
    pub evaporated: CubicMeters,
    /// Of that, carried off by tower air as droplets.
    pub drift: CubicMeters,
    /// Of that, blown down with its salts.
    pub blown_down: CubicMeters,
    /// Heat of the year in the facility water of the liquid loops.
    pub warm_water: Joules,
    /// Of that, in hours in which buildings are heated.
    pub heating_season: Joules,
    /// The temperature at which it leaves them; nothing without liquid loops.
    pub warm_water_at: Option<Celsius>,
}

/// Outside air of a year that is drier than racks allow, and the water that would moisten it: in no other sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DryAir {
    /// What they allow.
    pub limit: DriestAir,
    /// Hours of the year in which it is drier.
    pub hours: u32,
    /// Relative humidity of the driest hour, warmed to the inlets.
    pub lowest_humidity: Share,
    /// Water that moistens it to the limit in the hour that takes most.
    pub most: CubicMetersPerSecond,
    /// Water that moistens it in the year.
    pub of_year: CubicMeters,
}

impl Cooling {
    /// Whose heat its mode and its hours of trim are about: the coolant's, or where there is none the air's of the halls.
    #[must_use]
    pub fn leading_loop(&self) -> &'static str {
        if self.coolant.is_empty() { "air of the halls" } else { "coolant" }
    }
}

/// The coolant of one system.
#[derive(Debug, Clone)]
pub struct CoolantLoop {
    /// The system.
    pub system: String,
    /// To its racks.
    pub supply: Celsius,
    /// From its racks.
    pub leaving: Celsius,
    /// Flow that each rack needs.
    pub rack_flow: CubicMetersPerSecond,
    /// Coolant distribution units that carry the heat, and those that stand by, one for each group.
    pub cdus: [u64; 2],
    /// Racks on one manifold.
    pub racks_of_row: u32,
    /// Head that the pump power of the plan lifts at this flow.
    pub rated_head: Pascals,
    /// The manifold of a row, or why its pipes have no answer.
    pub row: Result<RowFlow, String>,
    /// The units of a hall's largest group, in parallel on common headers.
    pub group: CduGroup,
    /// Pump power over liquid heat at full flow.
    pub pump_share: Share,
    /// Whether that follows from the solved network; else it is the catalogue's.
    pub pumps_are_solved: bool,
    /// Electrical into hydraulic power of the pumps.
    pub pump_efficiency: f64,
}

/// A group of coolant distribution units and the rows that it feeds.
#[derive(Debug, Clone)]
pub struct CduGroup {
    /// Units, a spare among them where there is one.
    pub units: u32,
    /// Heat that one takes at its approach.
    pub capacity: Watts,
    /// From facility water to coolant at that heat.
    pub approach: Kelvin,
    /// Rows on its headers.
    pub rows: u32,
    /// Racks of these.
    pub racks: u32,
    /// What flows with all units and with the worst one out, or why the pipes have no answer.
    pub flows: Result<GroupFlows, String>,
}

/// One stage of the power chain in the design hour.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: StageKind,
    /// How it is doubled.
    pub redundancy: Redundancy,
    /// Whether plant and house hang on a stage before it.
    pub racks_only: bool,
    /// Power in.
    pub input: Watts,
    /// Power out.
    pub output: Watts,
    /// The difference.
    pub loss: Watts,
    /// Output over input.
    pub efficiency: Share,
    /// Load over rating of each path.
    pub load_fraction: Share,
    /// Installed capacity.
    pub installed: Watts,
    /// Modules of that capacity.
    pub modules: u64,
}

/// What stands in the halls.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Accelerators.
    pub accelerators: u64,
    /// CPU sockets.
    pub cpus: u64,
    /// Scalable units, the last of which may be partial.
    pub scalable_units: u64,
    /// Accelerators out of service on average, that cover failures.
    pub spares: u64,
    /// By system.
    pub systems: Vec<SystemFleet>,
    /// Racks of each sort.
    pub racks: Racks,
}

/// The racks of one system.
#[derive(Debug, Clone)]
pub struct SystemFleet {
    /// The system, with its power profile if it has one: `vr-nvl72:max-q`.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// Accelerators.
    pub accelerators: u64,
    /// Compute racks.
    pub racks: u64,
    /// Accelerators of one rack.
    pub accelerators_per_rack: u32,
    /// Heat of a rack as provisioned.
    pub rack_heat: Watts,
    /// Electrical design point peak of a rack.
    pub rack_peak: Watts,
    /// Installed shelf capacity of a rack.
    pub rack_feed: Watts,
    /// Power of storage, management and CPU nodes with the networks beside the scale-out.
    pub support: Watts,
    /// What the catalogue says of it.
    pub support_said: Watts,
    /// What is counted of it: switches, and servers at what they draw at least.
    pub support_counted: Watts,
    /// IT power of an accelerator, network and support included.
    pub it_per_accelerator: Watts,
}

/// Racks of each sort.
#[derive(Debug, Clone, Copy, Default)]
pub struct Racks {
    /// Accelerator racks.
    pub compute: u64,
    /// Racks of the scale-out fabric.
    pub network: u64,
    /// Storage racks.
    pub storage: u64,
    /// Management racks.
    pub management: u64,
    /// Power racks (sidecars).
    pub power: u64,
    /// Coolant distribution units.
    pub cdu: u64,
}

impl Racks {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.compute + self.network + self.storage + self.management + self.power + self.cdu
    }
}

/// Where it stands.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Buildings.
    pub buildings: u64,
    /// Halls in all buildings.
    pub halls: u64,
    /// Heat of the racks of each building.
    pub heat_of_buildings: Vec<Watts>,
    /// Buses of direct current, where rectifiers stand with the racks.
    pub row_buses: Vec<crate::layout::RowBus>,
    /// Rows in all halls and network rooms.
    pub rows: u64,
    /// Rack positions of a row.
    pub racks_per_row: u64,
    /// Rack positions of all rows.
    pub positions: u64,
    /// Positions that no rack takes.
    pub leftover_positions: u64,
    /// A hall, along and across its rows.
    pub hall: [Meters; 2],
    /// Buildings and plant.
    pub area: SquareMeters,
    /// Halls and network rooms.
    pub white_space: SquareMeters,
    /// The floor of all buildings by use; what the rooms leave over comes last.
    pub areas: Vec<(&'static str, SquareMeters)>,
    /// Buildings and yards with the roads between them.
    pub ground: SquareMeters,
    /// What announced sites of this power own: with setbacks, storm water, substation of the grid, generation, reserve.
    pub land: SquareMeters,
    /// What stands in the yards: its kind, its name in the schedule of equipment, how many.
    pub yards: Vec<(YardKind, String, u64)>,
    /// Cables by system, kind and link.
    pub cables: Vec<Cable>,
    /// Where the buildings of all systems stand.
    pub site: Site,
    /// From one building to the farthest along the fibre.
    pub fibre: Meters,
    /// Fibre from fabric to fabric, where runs may cross.
    pub border: Option<Border>,
    /// The floor of each system, rack by rack.
    pub floors: Vec<SystemFloor>,
}

impl Layout {
    /// Fibre of all cables that light runs in, a jumper or trunk of each counted once.
    #[must_use]
    pub fn fibre_length(&self) -> Meters {
        let light = self.cables.iter().filter(|cable| cable.medium >= Medium::Multimode);
        light.map(|cable| cable.length_total).sum()
    }

    /// Buildings of the systems before one: those of a site are numbered system by system, and its first comes next.
    #[must_use]
    pub fn buildings_before(&self, system: usize) -> u64 {
        self.floors.iter().take(system).map(|floor| floor.layout.buildings).sum()
    }
}

/// Links that join fabrics without a path between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Border {
    /// Links, each with a transceiver at both ends.
    pub links: u64,
    /// The cheapest link that reaches from the farthest building to the other, else the one that reaches most.
    pub link: Link,
    /// Length of the longest, slack included.
    pub length: Meters,
    /// Length of all, each between its fabrics.
    pub length_total: Meters,
    /// Buildings of the site that neighbours in the ring of fabrics are met in.
    pub pairs: Vec<[usize; 2]>,
    /// Power of all ends, which the units' support holds as it does that of the networks beside the scale-out.
    pub power: Watts,
}

/// The floor of one system, in halls and buildings of its own.
#[derive(Debug, Clone)]
pub struct SystemFloor {
    /// The system.
    pub system: String,
    /// Its rack as its maker writes it.
    pub rack_name: String,
    /// Its rack, and one of each sort that stands beside it, from the front.
    pub fronts: Vec<RackFront>,
    /// Where everything stands.
    pub layout: crate::layout::Layout,
    /// What its links join.
    pub cabling: Cabling,
    /// Trays where they are fullest.
    pub trays: Vec<TrayUse>,
    /// Placements of network racks that were compared, the one taken first.
    pub tried: Vec<Tried>,
    /// Straight distance of all cables.
    pub straight_total: Meters,
}

/// A rack of a sort from the front.
#[derive(Debug, Clone, PartialEq)]
pub struct RackFront {
    /// Its sort.
    pub kind: RackKind,
    /// What it is.
    pub name: String,
    /// What it looks like.
    pub face: RackFace,
}

/// A rack from the front.
#[derive(Debug, Clone, PartialEq)]
pub struct RackFace {
    /// Its height.
    pub height: Meters,
    /// What is stacked in it, from the floor up.
    pub parts: Vec<StackedPart>,
    /// Whether their heights are known; else they share the rack evenly.
    pub known: bool,
    /// Where the stack comes from; nothing where nobody published it.
    pub source: Option<String>,
}

/// Equal parts on top of each other.
#[derive(Debug, Clone, PartialEq)]
pub struct StackedPart {
    /// What they are.
    pub part: String,
    /// How many.
    pub count: u32,
    /// Height of each in rack units.
    pub units: f64,
}

/// Cables of one kind.
#[derive(Debug, Clone)]
pub struct Cable {
    /// Which system they belong to.
    pub system: String,
    /// Which network.
    pub net: Net,
    /// Which tier of it.
    pub tier: CableKind,
    /// Both in words: `host-leaf`, `leaf-spine`, `spine-core` or `global` of the scale-out, the others with their network's name.
    pub kind: String,
    /// Id of the link: the cable with what is plugged at its ends.
    pub link: String,
    /// Its name.
    pub link_name: String,
    /// Whether it reaches; where no link of those asked for does, the one that reaches farthest stands here.
    pub reached: bool,
    /// How far the link reaches.
    pub reach: Meters,
    /// What they are made of.
    pub medium: Medium,
    /// One direction.
    pub rate: ByteRate,
    /// How many.
    pub count: u64,
    /// All together.
    pub length_total: Meters,
    /// The longest.
    pub length_max: Meters,
    /// What is plugged at their ends: at hosts, then at switches.
    pub ends: Vec<CableEnd>,
}

/// What the end of a cable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    /// A transceiver that is plugged in.
    Transceiver,
    /// The plug of a copper cable.
    Copper,
    /// Optics inside the switch.
    CoPackaged,
    /// A fibre that mirrors take up.
    Bare,
}

/// What is plugged at one side of some cables.
#[derive(Debug, Clone)]
pub struct CableEnd {
    /// `host` or `switch`.
    pub place: &'static str,
    /// What it is.
    pub kind: EndKind,
    /// Id of the module, or of the copper cable.
    pub module: String,
    /// Its name.
    pub module_name: String,
    /// Ends of cables.
    pub ends: u64,
    /// Modules that serve them, more than one end each in cages of several ports.
    pub modules: u64,
}

impl EndKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Transceiver => "transceiver",
            Self::Copper => "copper",
            Self::CoPackaged => "co-packaged",
            Self::Bare => "bare fibre",
        }
    }
}

impl Cable {
    /// Ends of one kind.
    #[must_use]
    pub fn ends_of(&self, kind: EndKind) -> u64 {
        self.ends.iter().filter(|end| end.kind == kind).map(|end| end.ends).sum()
    }
}

/// How it is connected.
#[derive(Debug, Clone)]
pub struct Fabric {
    /// The scale-up domain of the first system.
    pub scale_up: ScaleUp,
    /// The scale-out network, one for each system.
    pub scale_out: Vec<ScaleOut>,
    /// How long messages take on the first system: operation by operation, size by size.
    pub collectives: Vec<CollectiveTime>,
    /// Front-end, storage and out-of-band networks of each system, which its support nodes' power and price hold.
    pub networks: Vec<SupportNetwork>,
    /// What lies between buildings.
    pub between: BetweenBuildings,
}

/// A network beside the scale-out.
#[derive(Debug, Clone)]
pub struct SupportNetwork {
    /// Which system.
    pub system: String,
    /// `front end`, `storage` or `out of band`.
    pub name: &'static str,
    /// The switch used.
    pub switch: String,
    /// Switches of all tiers.
    pub switches: u64,
    /// Leaves, spines and cores.
    pub tiers: [u64; 3],
    /// Links of all tiers.
    pub links: u64,
    /// Leaf ports kept for the uplinks of the out-of-band network.
    pub kept_ports: u64,
    /// Rate of a link, one direction.
    pub rate: ByteRate,
    /// What an accelerator gets of it, one direction.
    pub per_accelerator: ByteRate,
    /// Power of the switches with what is plugged into them.
    pub power: Watts,
}

/// Fibre between buildings.
#[derive(Debug, Clone)]
pub struct BetweenBuildings {
    /// Buildings.
    pub buildings: u64,
    /// Fabrics without a path between them, all systems together.
    pub fabrics: u64,
    /// Fibre from one building to the next.
    pub fibre: Meters,
    /// Time of light through it, one way.
    pub latency: Seconds,
    /// What an accelerator sends from one fabric to the others, if runs may cross.
    pub bandwidth_per_accelerator: Option<ByteRate>,
}

/// What links between switches carry of one kind of traffic.
#[derive(Debug, Clone)]
pub struct RoutedTraffic {
    /// `all-to-all`, `ring` in the order of the racks or `shuffled ring`.
    pub pattern: &'static str,
    /// `ECMP` or `adaptive`.
    pub routing: &'static str,
    /// Load of the busiest link over a port that each accelerator fills.
    pub worst: Ratio,
    /// Mean load.
    pub mean: Ratio,
    /// Time over that of ports that run full.
    pub slow_down: Ratio,
}

impl RoutedTraffic {
    /// Whether any of it crosses a link between switches.
    #[must_use]
    pub fn crosses_links(&self) -> bool {
        self.worst.0 > 0.0
    }
}

/// A fabric with pluggable or co-packaged optics.
#[derive(Debug, Clone)]
pub struct OpticsChoice {
    /// The switch.
    pub switch: String,
    /// Whether the optics are inside.
    pub co_packaged: bool,
    /// Power of the switches with their optics.
    pub power: Watts,
    /// The same for an accelerator.
    pub per_accelerator: Watts,
    /// Pluggable transceivers, hosts included.
    pub transceivers: u64,
}

/// The torus that a domain is wired as.
#[derive(Debug, Clone)]
pub struct TorusShape {
    /// Accelerators along each dimension.
    pub shape: [u64; 3],
    /// Whether the shape is known, or the most compact one.
    pub known: bool,
    /// Links.
    pub links: u64,
    /// Those that leave a cube.
    pub optical_links: u64,
    /// Optical circuit switches that they pass.
    pub optical_switches: u64,
    /// Between two halves, one direction.
    pub bisection: ByteRate,
    /// Time of all-to-all over that of links that run full.
    pub all_to_all_slow_down: Ratio,
}

/// Time of one collective at one size.
#[derive(Debug, Clone)]
pub struct CollectiveTime {
    /// `domain` or `network`.
    pub scope: &'static str,
    /// In words: `all-reduce`.
    pub operation: &'static str,
    /// How many take part.
    pub accelerators: u64,
    /// Size of the buffer of one accelerator, as nccl-tests counts it.
    pub message: Bytes,
    /// How long it takes.
    pub time: Seconds,
    /// The bandwidth that nccl-tests would report.
    pub bus_bandwidth: ByteRate,
    /// How the library goes about it.
    pub algorithm: &'static str,
}

/// The scale-up domain.
#[derive(Debug, Clone)]
pub struct ScaleUp {
    /// Accelerators of a domain.
    pub domain_accelerators: u64,
    /// Bandwidth of an accelerator, one direction.
    pub bandwidth_per_accelerator: ByteRate,
    /// Its torus, if it is one.
    pub torus: Option<TorusShape>,
}

/// The scale-out network of one system.
#[derive(Debug, Clone)]
pub struct ScaleOut {
    /// Which system.
    pub system: String,
    /// In words.
    pub topology: String,
    /// Tiers of switches.
    pub tiers: u32,
    /// Independent networks.
    pub planes: u32,
    /// Leaf switches: bandwidth down over bandwidth up.
    pub oversubscription: Ratio,
    /// Separate fabrics when the radix can't carry the count in one.
    pub islands: u64,
    /// The switch used.
    pub switch: String,
    /// Leaf switches.
    pub leaf: u64,
    /// Spine switches.
    pub spine: u64,
    /// Core switches.
    pub core: u64,
    /// Links accelerator to leaf.
    pub host_leaf: u64,
    /// Links leaf to spine.
    pub leaf_spine: u64,
    /// Links spine to core.
    pub spine_core: u64,
    /// Ends of cables in pluggable transceivers.
    pub transceivers: u64,
    /// Modules that hold them: one of a twin-port cage serves two ends.
    pub transceiver_modules: u64,
    /// Ends of copper cables.
    pub copper_ends: u64,
    /// Ends in optics inside switches.
    pub co_packaged_ends: u64,
    /// Power of the switches with what is plugged into them.
    pub power: Watts,
    /// What an accelerator can send, one direction.
    pub injection_per_accelerator: ByteRate,
    /// Bandwidth of all links of each tier, one direction.
    pub tier_bandwidths: [(&'static str, ByteRate); 3],
    /// Between two halves of an island, one direction.
    pub bisection: ByteRate,
    /// Accelerators of the pod that link loads were looked at on.
    pub pod_accelerators: u64,
    /// Link loads of that pod.
    pub routing: Vec<RoutedTraffic>,
    /// The switch's optics and the other way, where the switch has a twin.
    pub optics: Vec<OpticsChoice>,
}

impl ScaleOut {
    /// Whether groups are joined spine to spine, so that no link leads to a core.
    #[must_use]
    pub fn has_global_links(&self) -> bool {
        self.core == 0 && self.spine_core > 0
    }
}

/// One serving workload on one system.
#[derive(Debug, Clone)]
pub struct Serving {
    /// The model.
    pub model: String,
    /// The system.
    pub system: String,
    /// Number format of weights and arithmetic.
    pub precision: String,
    /// Accelerators of one replica along each axis.
    pub parallelism: Parallelism,
    /// Aggregated, disaggregated or static.
    pub mode: String,
    /// Input tokens of a request.
    pub isl: u64,
    /// Output tokens of a request.
    pub osl: u64,
    /// Requests in flight on one replica.
    pub batch: u64,
    /// Mean time to the first token of a request that need not wait.
    pub ttft: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// Mean wait before the prefill of a request, at the load factor.
    pub wait: Seconds,
    /// 99th percentile of the time to the first token, the wait included.
    pub ttft_p99: Seconds,
    /// 99th percentile over requests of the time per output token.
    pub tpot_p99: Seconds,
    /// Speculative decoding.
    pub speculation: Option<Speculation>,
    /// Memory of the fullest rank.
    pub cache: Option<CacheMemory>,
    /// Prefill tokens of a step with prompts; 0 where a pool of its own prefills.
    pub chunk: u64,
    /// Split of the prefill pool, where there is one.
    pub prefill: Option<Parallelism>,
    /// Accelerators of the prefill pool for each of the decode pool; 0 where there is one pool.
    pub prefill_per_decode: f64,
    /// Time to hand a prompt's cache over from pool to pool.
    pub hand_over: Seconds,
    /// Output tokens per second seen by one user.
    pub tokens_per_s_per_user: TokenRate,
    /// Output tokens per second of one accelerator.
    pub tokens_per_s_per_accelerator: TokenRate,
    /// Output tokens per second of the fleet, availability and load factor included.
    pub output_tokens_per_s: TokenRate,
    /// Input tokens per second of the fleet.
    pub input_tokens_per_s: TokenRate,
    /// Facility energy per output token.
    pub energy_per_token: Joules,
    /// What the step waits for.
    pub bound_by: String,
    /// Accelerators that serve this workload.
    pub accelerators: u64,
    /// Replicas on them.
    pub replicas: u64,
    /// Price of output tokens that covers the cost.
    pub cost_per_token: DollarsPerToken,
    /// How far rates of its kind were off where they were measured; none where nothing is served.
    pub error_band: Option<ErrorBand>,
    /// Why nothing can be served, if so.
    pub shortfall: Option<String>,
}

/// Speculative decoding of a design point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speculation {
    /// Tokens drafted for each decoded one: the best depth up to the one asked for, 0 for none.
    pub drafted: u32,
    /// Chance that a drafted token holds, given those before it.
    pub acceptance: Share,
    /// Tokens that a step wins for a sequence.
    pub tokens_per_step: f64,
}

/// Memory of the fullest rank of a replica, by part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CacheMemory {
    /// What the engine may take.
    pub available: Bytes,
    /// Weights.
    pub weights: Bytes,
    /// Activations of the largest step, logits included.
    pub activations: Bytes,
    /// The runtime's own.
    pub reserve: Bytes,
    /// What is left for the cache.
    pub cache: Bytes,
    /// Positions of a block.
    pub block_tokens: u64,
    /// Whole blocks of the rank.
    pub blocks: u64,
    /// Positions in them.
    pub tokens: u64,
    /// Sequences of full length that the replica holds.
    pub sequences: u64,
}

/// Accelerators along each axis of parallelism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parallelism {
    /// Tensor.
    pub tp: u32,
    /// Pipeline.
    pub pp: u32,
    /// Expert.
    pub ep: u32,
    /// Data: attention data parallel when serving, replicas when training.
    pub dp: u32,
    /// Context: ranks that share the positions of a sequence.
    pub cp: u32,
}

/// One training workload on one system.
#[derive(Debug, Clone)]
pub struct Training {
    /// The model.
    pub model: String,
    /// The system.
    pub system: String,
    /// Number format of the matrix multiplications.
    pub precision: String,
    /// Layout of the run.
    pub parallelism: Parallelism,
    /// Accelerators of the run.
    pub accelerators: u64,
    /// Accelerators that it could have had.
    pub available: u64,
    /// Tokens per second of the run while it steps.
    pub tokens_per_s: TokenRate,
    /// Model FLOP/s over dense peak.
    pub mfu: Share,
    /// Useful part of the wall clock, failures and checkpoints included.
    pub goodput: Share,
    /// Time of one optimiser step.
    pub step_time: Seconds,
    /// Tokens of one step.
    pub global_batch_tokens: u64,
    /// Time of a run of the stated number of tokens.
    pub run_time: Seconds,
    /// What failures do to it, and what it takes.
    pub run: Option<RunFailures>,
    /// Fabrics that it spans.
    pub fabrics: u64,
    /// Time of a step that summing gradients between them takes.
    pub between_fabrics: Seconds,
    /// What the step waits for.
    pub bound_by: String,
    /// How a step is laid out, and where its time and memory go.
    pub layout: Option<StepLayout>,
    /// The fastest layout of another split, and what it loses and gains.
    pub runner_up: Option<RunnerUp>,
    /// Why nothing can be trained, if so.
    pub shortfall: Option<String>,
}

/// One way to lay a training step out, and where its time and memory go.
#[derive(Debug, Clone, PartialEq)]
pub struct StepLayout {
    /// Ranks on each axis.
    pub parallelism: Parallelism,
    /// Sequences of a micro-batch.
    pub micro_batch: u32,
    /// Model chunks of a stage.
    pub interleave: u32,
    /// Whether weights are shared over the data ranks and gathered layer by layer.
    pub sharded: bool,
    /// Time of a step.
    pub step: Seconds,
    /// Its parts by name, in the order they are told.
    pub times: Vec<(&'static str, Seconds)>,
    /// Memory of the fullest accelerator.
    pub memory: Bytes,
    /// Its parts by name.
    pub held: Vec<(&'static str, Bytes)>,
    /// Memory that a run may use.
    pub room: Bytes,
}

/// The layout that came second.
#[derive(Debug, Clone, PartialEq)]
pub struct RunnerUp {
    /// The layout.
    pub layout: StepLayout,
    /// Time of its step over that of the best, less one.
    pub slower: f64,
    /// What it loses and gains against the best, largest first.
    pub why: String,
}

/// What failures do to a run, and what the run takes.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFailures {
    /// Mean time between interruptions.
    pub between_failures: Seconds,
    /// Useful time between checkpoints.
    pub checkpoint_interval: Seconds,
    /// Time that a checkpoint stops the run.
    pub checkpoint_stall: Seconds,
    /// Time until it is written beside the run.
    pub checkpoint_write: Seconds,
    /// Size of a checkpoint.
    pub checkpoint: Bytes,
    /// Spare accelerators kept for the run.
    pub spares: u64,
    /// Accelerators that are swapped as one.
    pub swap_unit: u64,
    /// Shares of the wall clock: standing still while checkpoints are taken.
    pub lost_to_checkpoints: Share,
    /// Work done again.
    pub lost_to_rework: Share,
    /// Detection and restart.
    pub lost_to_restarts: Share,
    /// Waiting for repairs, or running with fewer.
    pub lost_to_waiting: Share,
    /// Slow nodes.
    pub lost_to_slow_nodes: Share,
    /// 5th, 50th and 95th percentile of the time of the run, over its failures and the range of their rate.
    pub run_time: [Seconds; 3],
    /// Facility energy of the run, its spares included.
    pub energy: Joules,
    /// Cost of its accelerators and spares over that time.
    pub cost: Dollars,
}

/// What it costs.
#[derive(Debug, Clone)]
pub struct Economics {
    /// To build and fill.
    pub capex: Dollars,
    /// Each year, without depreciation and interest.
    pub opex_per_year: Dollars,
    /// Capital and operation of a year.
    pub total_per_year: Dollars,
    /// Capital and operation per accelerator-hour in use.
    pub tco_per_accelerator_hour: Dollars,
    /// Blend over the serving workloads: all cost of serving accelerators over all output tokens.
    pub per_output_token: Option<DollarsPerToken>,
    /// Capex per watt of IT.
    pub capex_per_watt: DollarsPerWatt,
    /// Capex by part.
    pub parts: Vec<(String, Dollars)>,
    /// Yearly opex by part.
    pub opex_parts: Vec<(String, Dollars)>,
}

/// A range of one output.
#[derive(Debug, Clone)]
pub struct Uncertain {
    /// Key of the output in the JSON plan, dotted.
    pub key: String,
    /// Low end.
    pub p5: f64,
    /// Middle.
    pub p50: f64,
    /// High end.
    pub p95: f64,
}

/// A constraint: what is needed, what there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// In words.
    pub constraint: String,
    /// What the plan needs.
    pub need: f64,
    /// What there is.
    pub limit: f64,
    /// Need above limit, or nothing.
    pub short_by: f64,
    /// Unit of the three.
    pub unit: String,
    /// Whether it is the one that keeps the plan from growing.
    pub binds: bool,
    /// One sentence for people.
    pub note: String,
}

/// A value that the plan rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// Path of the value.
    pub field: String,
    /// The value.
    pub value: String,
    /// Low and high end of the values in circulation, if they differ.
    pub range: Option<String>,
    /// Where it comes from.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// Why this value, if the profile says so.
    pub note: Option<String>,
}

/// How each result came to be.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// One entry a result.
    pub entries: Vec<Entry>,
}

/// How one result came to be.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Key of the result in the JSON plan, dotted: `power.pue_annual`.
    pub key: String,
    /// The value with its unit.
    pub value: String,
    /// What it means.
    pub meaning: String,
    /// The formula, in words and symbols.
    pub formula: String,
    /// What went into it: name, value, origin or source.
    pub inputs: Vec<(String, String, String)>,
}

impl Ledger {
    /// The entry of a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}
