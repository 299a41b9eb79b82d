//! The floor: racks in rows, rows in halls, halls in buildings, buildings on a campus.
//!
//! ~~~text
//! row        whole units while length and busway carry them; else a unit takes whole rows, the fewest that do
//! hall       the units that its power admits, in rows on a [`grid`]; halls are built alike
//! building   halls on both sides of a corridor, storey by storey, with the [`rooms`] that serve them
//! campus     buildings in lines, each between its power yard and its cooling yard, [`streets`] on all sides
//! ~~~
//!
//! [`Layout`] keeps the rules and gives every rack its coordinates on demand ([`Layout::hall`]), so a plan of many
//! gigawatts stays small. Racks of a tier share its switches evenly and stand with the units whose switches they hold, or
//! where [`Placement`] says. What stands in a network room is cooled there, by air handlers and CDUs of its own, and no
//! longer in the halls. [`cables`] lays links on it, [`campus`] puts buildings and yards on the ground. Left out: columns,
//! doors, ramps, and what stands in electrical and mechanical rooms.

pub mod busways;
pub mod cables;
pub mod campus;
pub mod floor;
pub mod grid;
pub mod rooms;
pub mod routes;
pub mod streets;

pub use busways::{FullestBusway, Hung};
pub use campus::{Site, Yard, YardItem, YardKind};
pub use floor::{Hall, PlacedRack, PlacedRow};
pub use grid::{Rect, Slot};
pub use rooms::{Frame, RoomKind, SideRoom};
pub use streets::{Ducts, Gate};

use crate::fleet::{CduGroup, NETWORK_RACK_UNITS, cdus};
use crate::units::{Kilograms, Meters, Pascals, Share, SquareMeters, Watts};
use grid::{Grid, share_of};

/// Standard gravity [m/s²].
pub const GRAVITY: f64 = 9.806_65;
/// Side of a CDU of about 2 MW: assumption.
pub const CDU_SIDE: Meters = Meters(1.2);
/// Depth of the gallery of CDUs: the CDU, 1.2 m of service in front, pipes behind. Assumption.
pub const GALLERY_DEPTH: Meters = Meters(3.0);
/// Heat that one air handler of a fan wall takes: assumption.
pub const AIR_HANDLER_POWER: Watts = Watts(400e3);
/// Width of an air handler along its wall: assumption.
pub const AIR_HANDLER_WIDTH: Meters = Meters(2.4);
/// Depth of an air handler, and of the passage before it: assumption.
pub const AIR_HANDLER_DEPTH: Meters = Meters(1.8);
/// Depth of a fan wall with the passage before it.
pub const FAN_WALL_DEPTH: Meters = Meters(3.0);
/// Passage at the low end of a hall's rows, on which racks come from the corridor and turn into their aisle: assumption,
/// a rack on its mover and a man on either side.
pub const DELIVERY_AISLE: Meters = Meters(3.0);
/// Width of the corridor between the halls of a building: assumption, two racks pass.
pub const CORRIDOR: Meters = Meters(4.0);
/// Clear distance between two buildings for roads and fire separation, yards aside: assumption.
pub const BUILDING_GAP: Meters = Meters(30.0);
/// Height of a storey with its floor and services: assumption.
pub const STOREY_HEIGHT: Meters = Meters(8.0);

/// Height of an optical circuit switch of 136 ports with its fibre panel [U]: assumption, no maker's figure.
pub const CIRCUIT_SWITCH_UNITS: u64 = 6;
/// Its power at most: Urata et al. 2022, Mission Apollo, arXiv:2208.10041, recalled.
pub const CIRCUIT_SWITCH_POWER: Watts = Watts(108.0);
/// Those of a rack.
pub const CIRCUIT_SWITCHES_PER_RACK: u64 = NETWORK_RACK_UNITS / CIRCUIT_SWITCH_UNITS;

/// Bound on the positions of a row, far beyond any, so that a rack without width cannot ask for endless ones.
const MOST_PER_ROW: u64 = 10_000;

/// What stands on the floor of a hall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RackKind {
    /// Accelerators.
    Compute,
    /// Leaf switches.
    Leaf,
    /// Spine switches.
    Spine,
    /// Core switches.
    Core,
    /// Core switches of the front end and of the storage network.
    EthernetCore,
    /// Optical circuit switches of a torus.
    Circuit,
    /// Storage.
    Storage,
    /// Management and CPU nodes.
    Management,
    /// Rectifiers or batteries beside the accelerators.
    Power,
    /// A coolant distribution unit.
    Cdu,
    /// An air handler of a fan wall.
    AirHandler,
}

impl RackKind {
    /// All of them, in the order of a legend.
    pub const ALL: [Self; 11] = [
        Self::Compute,
        Self::Leaf,
        Self::Spine,
        Self::Core,
        Self::EthernetCore,
        Self::Circuit,
        Self::Storage,
        Self::Management,
        Self::Power,
        Self::Cdu,
        Self::AirHandler,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "accelerator rack",
            Self::Leaf => "leaf switches",
            Self::Spine => "spine switches",
            Self::Core => "core switches",
            Self::EthernetCore => "front-end and storage cores",
            Self::Circuit => "optical circuit switches",
            Self::Storage => "storage",
            Self::Management => "management",
            Self::Power => "power rack",
            Self::Cdu => "CDU",
            Self::AirHandler => "air handler",
        }
    }

    /// The letter before its number in drawings and schedules.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Compute => 'A',
            Self::Leaf => 'L',
            Self::Spine => 'S',
            Self::Core => 'C',
            Self::EthernetCore => 'E',
            Self::Circuit => 'O',
            Self::Storage => 'D',
            Self::Management => 'M',
            Self::Power => 'P',
            Self::Cdu => 'U',
            Self::AirHandler => 'F',
        }
    }
}

/// Size and mass of a rack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RackBody {
    /// Width of one position along the row.
    pub width: Meters,
    /// Depth across the row.
    pub depth: Meters,
    /// Mass of one position, filled.
    pub mass: Kilograms,
}

/// Distances to keep; no table for rack-scale systems is published, so the defaults are assumptions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aisles {
    /// Aisle in front of racks, wide enough to turn one on delivery.
    pub cold: Meters,
    /// Aisle behind racks.
    pub hot: Meters,
    /// Passage at each end of a row.
    pub row_end: Meters,
    /// Longest row between cross aisles, as escape routes allow.
    pub row_length: Meters,
}

impl Default for Aisles {
    fn default() -> Self {
        Self { cold: Meters(1.8), hot: Meters(1.2), row_end: Meters(1.5), row_length: Meters(20.0) }
    }
}

/// Switches of the site, and how many of them a rack takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SwitchRacks {
    /// Leaf switches.
    pub leaf: u64,
    /// Spine switches.
    pub spine: u64,
    /// Core switches.
    pub core: u64,
    /// Switches of a rack.
    pub per_rack: u64,
    /// Heat of one switch with its optics.
    pub switch_heat: Watts,
    /// Part of it that leaves by liquid.
    pub liquid_share: Share,
}

impl SwitchRacks {
    /// Racks for a number of switches.
    #[must_use]
    pub fn racks(&self, switches: u64) -> u64 {
        switches.div_ceil(self.per_rack.max(1))
    }
    /// Racks of leaves: whole ones for each unit that has leaves of its own, so that none stands far from its unit.
    #[must_use]
    pub fn leaf_racks(&self, units: u64) -> u64 {
        let per_unit = self.leaf as f64 / units.max(1) as f64;
        let of_unit = (per_unit / self.per_rack.max(1) as f64 - 1e-9).ceil().max(1.0) as u64;
        if per_unit >= 1.0 { units * of_unit } else { self.racks(self.leaf) }
    }
    /// Heat of each rack of a tier of so many switches, which share them evenly, as cables are dealt.
    #[must_use]
    pub fn heat_of_each(&self, switches: u64) -> Watts {
        self.switch_heat * (switches as f64 / self.racks(switches).max(1) as f64)
    }
}

/// Where leaves stand in their unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafPlace {
    /// Between its accelerator racks.
    Middle,
    /// At the end of its accelerator racks.
    End,
}

/// Where spines stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpinePlace {
    /// Beside the leaves of the units.
    Units,
    /// In rows of their own in the middle of each hall.
    HallRows,
    /// In the network room.
    NetworkRoom,
}

/// Where cores stand, and the spines that stand with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorePlace {
    /// In one network room, in the building nearest to the middle of the campus.
    CentralBuilding,
    /// In a network room in every building.
    EveryBuilding,
}

/// Where network racks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Leaves.
    pub leaf: LeafPlace,
    /// Spines.
    pub spine: SpinePlace,
    /// Cores.
    pub core: CorePlace,
}

impl Placement {
    /// Every combination, the usual ones first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for core in [CorePlace::CentralBuilding, CorePlace::EveryBuilding] {
            for spine in [SpinePlace::Units, SpinePlace::HallRows, SpinePlace::NetworkRoom] {
                for leaf in [LeafPlace::Middle, LeafPlace::End] {
                    all.push(Self { leaf, spine, core });
                }
            }
        }
        all
    }

    /// In words.
    #[must_use]
    pub fn describe(&self, with_core: bool) -> String {
        let leaf = match self.leaf {
            LeafPlace::Middle => "leaves amid the racks of their unit",
            LeafPlace::End => "leaves at the end of their unit",
        };
        let room = match self.core {
            CorePlace::CentralBuilding => "the network room of the central building",
            CorePlace::EveryBuilding => "a network room in every building",
        };
        let spine = match self.spine {
            SpinePlace::Units => "spines beside the leaves".to_owned(),
            SpinePlace::HallRows => "spines in the middle rows of each hall".to_owned(),
            SpinePlace::NetworkRoom => format!("spines in {room}"),
        };
        if with_core { format!("{leaf}, {spine}, cores in {room}") } else { format!("{leaf}, {spine}") }
    }
}

/// Heat of servers, of switches of front end and storage, and of management switches, in a rack of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SupportHeat([[Watts; 2]; RackKind::ALL.len()]);

impl SupportHeat {
    /// Puts so much heat into each rack of a sort.
    pub fn add(&mut self, kind: RackKind, heat: Watts, liquid: Share) {
        let own = &mut self.0[kind as usize];
        own[0] += heat * liquid.0;
        own[1] += heat * (1.0 - liquid.0);
    }

    /// Heat in a rack of a sort, to the liquid and to the air.
    #[must_use]
    pub fn split_of(&self, kind: RackKind) -> [Watts; 2] {
        self.0[kind as usize]
    }
}

/// What has to stand on the floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayoutDemand {
    /// Accelerator racks of the whole site.
    pub compute_racks: u64,
    /// Rack positions that one accelerator rack takes.
    pub positions_per_compute_rack: u64,
    /// Accelerator racks of a scalable unit.
    pub unit_compute_racks: u64,
    /// Storage racks that stand with each unit.
    pub unit_storage_racks: u64,
    /// Management racks that stand with each unit.
    pub unit_management_racks: u64,
    /// Power racks that stand with each unit.
    pub unit_power_racks: u64,
    /// The network.
    pub switches: SwitchRacks,
    /// Racks of the core switches of front end and storage, in the network room.
    pub ethernet_core_racks: u64,
    /// Heat of what stands in the racks of each sort besides accelerators and switches of the scale-out.
    pub support_heat: SupportHeat,
    /// Optical circuit switches of a torus, in racks with the units that they join.
    pub circuit_switches: u64,
    /// Heat of a whole unit to the coolant, with its part of all switches; of a [`Layout`], of what stands in halls.
    pub unit_liquid: Watts,
    /// Heat of a whole unit to the air, likewise.
    pub unit_air: Watts,
    /// Part of the heat to the air that doors behind the racks take before it meets the room.
    pub door_share: Share,
    /// How CDUs share the heat of a hall.
    pub cdu: CduGroup,
    /// Size and mass of an accelerator rack; the others take the same position.
    pub rack: RackBody,
    /// Heat of an accelerator rack.
    pub rack_heat: Watts,
    /// Part of it that leaves by liquid.
    pub rack_liquid: Share,
    /// What the busways of one row carry continuously.
    pub busway: Watts,
    /// Pairs of busways above a row, at most, which share that evenly.
    pub busway_pairs: u64,
    /// Distances to keep.
    pub aisles: Aisles,
    /// Units of a hall, at most.
    pub units_per_hall: u64,
    /// Halls that are there already: along and across the rows. Else they are built around their rows.
    pub given_hall: Option<[Meters; 2]>,
    /// Halls of a building.
    pub halls_per_building: u64,
    /// Storeys of a building.
    pub storeys: u64,
    /// IT power of the site.
    pub it: Watts,
    /// Floor of a building on all storeys, at least; zero: what its rooms take.
    pub building_area: SquareMeters,
    /// What stands in the yards of the site.
    pub yard: Yard,
    /// From one building to the farthest along the fibre, where that is stated; else as the streets run.
    pub fibre: Option<Meters>,
}

/// Whole units that a hall's IT limit admits, at least one.
#[must_use]
pub fn units_within(hall_it: Watts, unit_it: Watts) -> u64 {
    if unit_it > Watts(0.0) { ((hall_it / unit_it + 1e-9).floor() as u64).max(1) } else { 1 }
}

/// A room of rows: which slots, where.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The slots of each row.
    pub rows: Vec<Vec<Slot>>,
    /// Where the rows stand.
    pub grid: Grid,
    /// Along the rows [m].
    pub width: f64,
    /// Across the rows [m].
    pub depth: f64,
    /// Galleries of CDUs along its sides.
    pub galleries: u64,
    /// CDUs in them when the room is full.
    pub cdus: u64,
    /// Air handlers of its fan walls when it is full, one of them spare.
    pub air_handlers: u64,
    /// Those of them that stand along its high side, as its ends are too short for all.
    pub air_handlers_behind: u64,
}

impl Room {
    /// Load of the heaviest of all that stands in it.
    fn floor_load(&self, demand: &LayoutDemand) -> Pascals {
        let cdu = (self.cdus > 0).then_some(RackKind::Cdu);
        let air_handler = (self.air_handlers > 0).then_some(RackKind::AirHandler);
        let racks = self.rows.iter().flatten().map(|slot| slot.kind);
        racks
            .chain(cdu)
            .chain(air_handler)
            .map(|kind| demand.floor_load_of(kind))
            .fold(Pascals(0.0), Pascals::max)
    }
}

/// A floor plan: the rules by which every rack has its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// What it was made for.
    pub demand: LayoutDemand,
    /// Where network racks stand.
    pub placement: Placement,
    /// Units of the site.
    pub units: u64,
    /// Units that a hall is built for.
    pub units_per_hall: u64,
    /// Halls of all buildings.
    pub halls: u64,
    /// Buildings.
    pub buildings: u64,
    /// Buildings side by side along x.
    pub building_columns: u64,
    /// Rows of a hall and where they stand.
    pub hall: Room,
    /// Racks of one network room, where there is one.
    pub network_room: Option<Room>,
    /// How a building is divided.
    pub frame: Frame,
    /// A building with a network room along the rows [m].
    pub building_x: f64,
    /// A building across the rows [m].
    pub building_y: f64,
    /// The building nearest to the middle of all of them.
    pub central_building: u64,
    /// Heat of the most loaded row of a full hall: above the busway, no row can hold even one such rack.
    pub row_power: Watts,
    /// Load of the heaviest of all that stands in any room, as [`LayoutDemand::floor_load_of`] has it.
    pub floor_load: Pascals,
    /// Length of the ducts between buildings over that of the streets: 1, or more where the fibre stated is longer.
    pub duct_stretch: f64,
}

/// Racks of a count standing with the units before this one, when rack k stands with unit ⌊(k + ½)·U/K⌋.
#[must_use]
pub(crate) fn racks_before(racks: u64, unit: u64, units: u64) -> u64 {
    let (racks, unit, units) = (u128::from(racks), u128::from(unit), u128::from(units.max(1)));
    ((2 * racks * unit + units - 1) / (2 * units)) as u64
}

/// Racks of one unit by sort.
#[derive(Clone, Copy, Debug)]
struct UnitRacks {
    compute: u64,
    leaf: u64,
    spine: u64,
    circuit: u64,
    storage: u64,
    management: u64,
    power: u64,
}

impl UnitRacks {
    fn counts(&self) -> [(RackKind, u64); 7] {
        [
            (RackKind::Compute, self.compute),
            (RackKind::Leaf, self.leaf),
            (RackKind::Spine, self.spine),
            (RackKind::Circuit, self.circuit),
            (RackKind::Storage, self.storage),
            (RackKind::Management, self.management),
            (RackKind::Power, self.power),
        ]
    }
}

impl LayoutDemand {
    /// Units of the site, the last of which may be in part.
    fn units(&self) -> u64 {
        self.compute_racks.div_ceil(self.unit_compute_racks.max(1)).max(1)
    }

    /// Racks of optical circuit switches.
    #[must_use]
    pub fn circuit_racks(&self) -> u64 {
        self.circuit_switches.div_ceil(CIRCUIT_SWITCHES_PER_RACK)
    }

    fn footprint(&self, kind: RackKind) -> u64 {
        if kind == RackKind::Compute { self.positions_per_compute_rack.max(1) } else { 1 }
    }

    /// Heat of a rack of a sort with all that stands in it; power racks pass theirs on.
    #[must_use]
    pub fn heat_of(&self, kind: RackKind) -> Watts {
        let [liquid, air] = self.split_of(kind);
        liquid + air
    }

    /// Heat of a rack of a sort to the liquid and to the air.
    #[must_use]
    pub fn split_of(&self, kind: RackKind) -> [Watts; 2] {
        let (own, share) = (self.own_heat_of(kind), self.own_liquid_of(kind).0);
        let [liquid, air] = self.support_heat.split_of(kind);
        [own * share + liquid, own * (1.0 - share) + air]
    }

    /// Heat of the accelerators or the switches of the scale-out in a rack of a sort.
    fn own_heat_of(&self, kind: RackKind) -> Watts {
        match kind {
            RackKind::Compute => self.rack_heat,
            RackKind::Leaf => {
                let racks = self.switches.leaf_racks(self.units()).max(1);
                self.switches.switch_heat * (self.switches.leaf as f64 / racks as f64)
            }
            RackKind::Spine => self.switches.heat_of_each(self.switches.spine),
            RackKind::Core => self.switches.heat_of_each(self.switches.core),
            RackKind::Circuit => {
                CIRCUIT_SWITCH_POWER * (self.circuit_switches as f64 / self.circuit_racks().max(1) as f64)
            }
            RackKind::EthernetCore
            | RackKind::Storage
            | RackKind::Management
            | RackKind::Power
            | RackKind::Cdu
            | RackKind::AirHandler => Watts(0.0),
        }
    }

    /// Mass of a rack of a sort on all of its positions, filled.
    ///
    /// That of accelerator racks is their profile's, the others are assumptions: 48U of switches of any sort with their cables
    /// 1,000 kg, of disks and their nodes 1,200, of servers 900, of rectifiers or batteries 1,200; a CDU of about 2 MW
    /// with its water 2,000; an air handler 1,500 on a frame of its own.
    #[must_use]
    pub fn mass_of(&self, kind: RackKind) -> Kilograms {
        match kind {
            RackKind::Compute => self.rack.mass * self.positions_per_compute_rack.max(1) as f64,
            RackKind::Leaf
            | RackKind::Spine
            | RackKind::Core
            | RackKind::EthernetCore
            | RackKind::Circuit => Kilograms(1_000.0),
            RackKind::Storage | RackKind::Power => Kilograms(1_200.0),
            RackKind::Management => Kilograms(900.0),
            RackKind::Cdu => Kilograms(2_000.0),
            RackKind::AirHandler => Kilograms(1_500.0),
        }
    }

    /// Load of a sort on the floor, averaged over its footprint and half of what is free beside it.
    ///
    /// ~~~text
    /// m·g / (w·(d + f/2))   f: aisles before and behind a rack, gallery beside a CDU, passage before an air handler
    /// ~~~
    #[must_use]
    pub fn floor_load_of(&self, kind: RackKind) -> Pascals {
        let [width, depth, free] = match kind {
            RackKind::Cdu => [CDU_SIDE, CDU_SIDE, GALLERY_DEPTH - CDU_SIDE],
            RackKind::AirHandler => {
                [AIR_HANDLER_WIDTH, AIR_HANDLER_DEPTH, FAN_WALL_DEPTH - AIR_HANDLER_DEPTH]
            }
            _ => {
                let width = self.rack.width * self.footprint(kind) as f64;
                [width, self.rack.depth, self.aisles.cold + self.aisles.hot]
            }
        };
        Pascals(self.mass_of(kind).value() * GRAVITY / (width * (depth + free / 2.0)).value())
    }

    /// Part of the heat of accelerators or switches of the scale-out that leaves by liquid.
    fn own_liquid_of(&self, kind: RackKind) -> Share {
        match kind {
            RackKind::Compute => self.rack_liquid,
            RackKind::Leaf | RackKind::Spine | RackKind::Core => self.switches.liquid_share,
            RackKind::EthernetCore
            | RackKind::Circuit
            | RackKind::Storage
            | RackKind::Management
            | RackKind::Power
            | RackKind::Cdu
            | RackKind::AirHandler => Share(0.0),
        }
    }

    /// Heat that a rack of a sort gives to the air of its room, of each position that it takes.
    ///
    /// ~~~text
    /// q = P · (1 − d) / n
    /// ~~~
    ///
    /// P heat of the rack to the air [W] · d part of it to a door behind it · n positions.
    #[must_use]
    pub fn air_of(&self, kind: RackKind) -> Watts {
        let [_, air] = self.split_of(kind);
        air * (1.0 - self.door_share.0) / self.footprint(kind) as f64
    }

    /// Heat of racks in slots to the liquid and to the air.
    fn split(&self, rows: &[Vec<Slot>]) -> [Watts; 2] {
        [0, 1].map(|way| rows.iter().flatten().map(|slot| self.split_of(slot.kind)[way]).sum())
    }

    /// Heat of all that stands in network rooms to the liquid and to the air: racks of some sorts with so many switches
    /// of the scale-out in them.
    fn heat_in_rooms(&self, racks: &[(RackKind, u64, u64)]) -> [Watts; 2] {
        let mut sum = [Watts(0.0); 2];
        for (kind, racks, switches) in racks {
            let (own, liquid) = (self.switches.switch_heat * *switches as f64, self.switches.liquid_share.0);
            let beside = self.support_heat.split_of(*kind).map(|heat| heat * *racks as f64);
            sum[0] += own * liquid + beside[0];
            sum[1] += own * (1.0 - liquid) + beside[1];
        }
        sum
    }

    fn most_per_row(&self) -> u64 {
        let walls = if self.unit_air > Watts(0.0) { FAN_WALL_DEPTH * 2.0 } else { Meters(0.0) };
        let ends = self.aisles.row_end * 2.0 + self.delivery();
        let between = self.given_hall.map(|[along, _]| along - walls - ends);
        let length = between.map_or(self.aisles.row_length, |inner| inner.min(self.aisles.row_length));
        ((length / self.rack.width + 1e-9).floor() as u64).clamp(1, MOST_PER_ROW)
    }

    /// What the delivery aisle takes beyond the passage at the end of a row.
    fn delivery(&self) -> Meters {
        (DELIVERY_AISLE - self.aisles.row_end).max(Meters(0.0))
    }

    /// Whether a room fits the halls that are there.
    fn holds(&self, room: &Room) -> bool {
        self.given_hall.is_none_or(|[along, across]| {
            room.width <= along.value() + 1e-9 && room.depth <= across.value() + 1e-9
        })
    }

    /// Positions of the fullest of evenly shared rows of so many units.
    fn fullest(&self, racks: &UnitRacks, units: u64, rows: u64) -> u64 {
        let part = |(kind, count): &(RackKind, u64)| (units * count).div_ceil(rows) * self.footprint(*kind);
        racks.counts().iter().map(part).sum()
    }

    /// Whether that row is short enough, and each of its busways carries what hangs on it.
    fn fits(&self, racks: &UnitRacks, units: u64, rows: u64) -> bool {
        if self.fullest(racks, units, rows) > self.most_per_row() {
            return false;
        }
        let row = racks
            .counts()
            .into_iter()
            .flat_map(|(kind, count)| std::iter::repeat_n(kind, (units * count).div_ceil(rows) as usize));
        self.hang(&row.collect::<Vec<_>>()).fullest() <= self.busway_rating() * (1.0 + 1e-9)
    }

    /// The slots of the rows that some units take.
    fn rows_of(&self, racks: &UnitRacks, units: u64, leaf: LeafPlace) -> Vec<Vec<Slot>> {
        if self.fits(racks, 1, 1) {
            let by_length = self.most_per_row() / self.fullest(racks, 1, 1).max(1);
            let per_row = (2..=by_length.min(units)).take_while(|more| self.fits(racks, *more, 1)).last();
            let per_row = per_row.unwrap_or(1);
            let rows = units.div_ceil(per_row);
            let row = |number: u64| {
                let (from, to) = share_of(units, number, rows);
                (from..to).flat_map(|unit| Self::part_of_unit(racks, unit, (0, 1), leaf)).collect()
            };
            return (0..rows).map(row).collect();
        }
        // One rack of each sort in a row is the most that more rows can give, so the search ends there, fitting or
        // not.
        let most = racks.counts().iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
        let low = (1..most).find(|rows| self.fits(racks, 1, *rows)).unwrap_or(most);
        (0..units)
            .flat_map(|unit| (0..low).map(move |row| (unit, row)))
            .map(|(unit, row)| Self::part_of_unit(racks, unit, (row, low), leaf))
            .collect()
    }

    /// The slots of one of the rows of a unit, from end to end.
    ///
    /// Storage and management stand outside, power racks spread among the accelerators that they feed.
    fn part_of_unit(racks: &UnitRacks, unit: u64, (row, rows): (u64, u64), leaf: LeafPlace) -> Vec<Slot> {
        let slots = |kind: RackKind, count: u64| -> Vec<Slot> {
            let (from, to) = share_of(count, row, rows);
            (from..to).map(|index| Slot { kind, unit, index }).collect()
        };
        let compute = slots(RackKind::Compute, racks.compute);
        let power = slots(RackKind::Power, racks.power);
        let network = [
            slots(RackKind::Leaf, racks.leaf),
            slots(RackKind::Spine, racks.spine),
            slots(RackKind::Circuit, racks.circuit),
        ]
        .concat();
        let storage = slots(RackKind::Storage, racks.storage);
        let management = slots(RackKind::Management, racks.management);
        // Each power rack follows the accelerators that it feeds.
        let mut fed: Vec<Slot> = Vec::with_capacity(compute.len() + power.len());
        let mut next = 0;
        for (at, slot) in compute.iter().enumerate() {
            fed.push(*slot);
            while next < power.len() && (next + 1) * compute.len() <= (at + 1) * power.len() {
                fed.push(power[next]);
                next += 1;
            }
        }
        fed.extend(&power[next..]);
        let cut = if leaf == LeafPlace::Middle { fed.len() / 2 } else { fed.len() };
        [&storage, &fed[..cut], &network, &fed[cut..], &management].into_iter().flatten().copied().collect()
    }

    fn grid(&self, rows: &[Vec<Slot>]) -> Grid {
        let positions = |row: &Vec<Slot>| row.iter().map(|slot| self.footprint(slot.kind)).sum::<u64>();
        Grid {
            rows: rows.len() as u64,
            positions: rows.iter().map(positions).max().unwrap_or(0),
            banks: 1,
            lines: 1,
            position: self.rack.width.value(),
            rack: self.rack.depth.value(),
            cold: self.aisles.cold.value(),
            hot: self.aisles.hot.value(),
            end: self.aisles.row_end.value(),
            origin: (0.0, 0.0),
        }
        .square()
    }

    /// Rows for so many racks of cores, of spines and of cores beside them.
    fn network_rows(&self, cores: u64, spines: u64, beside: u64) -> Vec<Vec<Slot>> {
        let kinds = [RackKind::Spine, RackKind::Core, RackKind::EthernetCore];
        let heat = kinds.map(|kind| self.heat_of(kind)).into_iter().fold(Watts(0.0), Watts::max);
        let per_row = self.most_per_row().min(self.racks_on_busways(heat)).max(1);
        let slots: Vec<Slot> = (0..spines)
            .map(|index| Slot { kind: RackKind::Spine, unit: 0, index })
            .chain((0..cores).map(|index| Slot { kind: RackKind::Core, unit: 0, index }))
            .chain((0..beside).map(|index| Slot { kind: RackKind::EthernetCore, unit: 0, index }))
            .collect();
        let rows = (slots.len() as u64).div_ceil(per_row).max(1);
        (0..rows)
            .map(|row| share_of(slots.len() as u64, row, rows))
            .map(|(from, to)| slots[from as usize..to as usize].to_vec())
            .collect()
    }

    /// A network room about its rows, with fan walls and galleries of its own, no deeper than a side of the building
    /// if its rows allow.
    fn network_room(&self, rows: Vec<Vec<Slot>>, depth: f64) -> Room {
        let [liquid, air] = self.split(&rows);
        let past_doors = air * (1.0 - self.door_share.0);
        let cooling = Cooling {
            cdus: cdus(liquid, self.cdu).total(),
            air_handlers: air_handlers(past_doors),
            behind: 0,
        };
        let galleries = if cooling.cdus > 0 { 2.0 * GALLERY_DEPTH.value() } else { 0.0 };
        let grid = self.grid(&rows).at_most(depth - galleries);
        let of_an_end = ((depth - galleries) / AIR_HANDLER_WIDTH.value()).floor().max(0.0) as u64;
        let behind = if 2 * of_an_end < cooling.air_handlers {
            // The side behind takes a strip from both ends.
            let left = (depth - galleries - FAN_WALL_DEPTH.value()) / AIR_HANDLER_WIDTH.value();
            cooling.air_handlers - 2 * (left.floor().max(1.0) as u64).min(cooling.air_handlers / 2)
        } else {
            0
        };
        room_about(rows, grid, Cooling { behind, ..cooling }, (self.delivery().value(), [0.0; 2]))
    }
}

/// Places a fleet on the floor; the module's doc gives the rules.
#[must_use]
pub fn layout(demand: &LayoutDemand, placement: Placement) -> Layout {
    let mut demand = *demand;
    demand.unit_compute_racks = demand.unit_compute_racks.clamp(1, demand.compute_racks.max(1));
    demand.switches.per_rack = demand.switches.per_rack.max(1);
    let units = demand.units();
    demand.halls_per_building = demand.halls_per_building.max(1);
    demand.storeys = demand.storeys.max(1);

    let network = demand.switches;
    let (leaves, spines) = (network.leaf_racks(units), network.racks(network.spine));
    let cores = network.racks(network.core);
    let racks = UnitRacks {
        compute: demand.unit_compute_racks,
        leaf: leaves.div_ceil(units),
        spine: if placement.spine == SpinePlace::Units { spines.div_ceil(units) } else { 0 },
        circuit: demand.circuit_racks().div_ceil(units),
        storage: demand.unit_storage_racks,
        management: demand.unit_management_racks,
        power: demand.unit_power_racks,
    };
    let spines_in_rows = if placement.spine == SpinePlace::HallRows { spines } else { 0 };
    let room_spines = if placement.spine == SpinePlace::NetworkRoom { spines } else { 0 };
    // What stands in network rooms is cooled there.
    let mut in_rooms =
        vec![(RackKind::Core, cores, network.core), (RackKind::EthernetCore, demand.ethernet_core_racks, 0)];
    if room_spines > 0 {
        in_rooms.push((RackKind::Spine, spines, network.spine));
    }
    let [liquid, air] = demand.heat_in_rooms(&in_rooms);
    let whole_units = demand.compute_racks as f64 / demand.unit_compute_racks as f64;
    let less = |heat: Watts, there: Watts| (heat - there / whole_units.max(1.0)).max(Watts(0.0));
    demand.unit_liquid = less(demand.unit_liquid, liquid);
    demand.unit_air = less(demand.unit_air, air);
    let of = |units_per_hall| full_hall(&demand, placement, &racks, (spines_in_rows, units), units_per_hall);
    // A hall with fewer units never asks for more room, which is what makes bisection right.
    let (mut units_per_hall, mut most) = (1, demand.units_per_hall.clamp(1, units));
    if demand.given_hall.is_none() {
        units_per_hall = most;
    }
    while units_per_hall < most {
        let middle = units_per_hall + (most - units_per_hall).div_ceil(2);
        if demand.holds(&of(middle).room) { units_per_hall = middle } else { most = middle - 1 }
    }
    let FullHall { room: hall, row_power } = of(units_per_hall);
    let halls = units.div_ceil(units_per_hall);
    let buildings = halls.div_ceil(demand.halls_per_building);

    let rooms = if placement.core == CorePlace::EveryBuilding { buildings } else { 1 };
    let beside = demand.ethernet_core_racks;
    let network_room = (cores + room_spines + beside > 0).then(|| {
        let [cores, spines, beside] = [cores, room_spines, beside].map(|racks| racks.div_ceil(rooms));
        let rows = demand.network_rows(cores, spines, beside);
        demand.network_room(rows, hall.depth + rooms::strip(&hall, heat_of_rows(&demand, &hall.rows)))
    });
    let loads = network_room.iter().chain([&hall]).map(|room| room.floor_load(&demand));
    let floor_load = loads.fold(Pascals(0.0), Pascals::max);
    let mut plan = Layout {
        placement,
        units,
        units_per_hall,
        halls,
        buildings,
        building_columns: 1,
        hall,
        network_room,
        frame: Frame::default(),
        building_x: 0.0,
        building_y: 0.0,
        central_building: 0,
        row_power,
        floor_load,
        duct_stretch: 1.0,
        demand,
    };
    rooms::build(&mut plan);
    campus::build(&mut plan);
    plan.duct_stretch = campus::duct_stretch(&plan);
    plan
}

/// Racks that the fullest hall takes of those spread over all units.
fn most_of_a_hall(racks: u64, units: u64, units_per_hall: u64) -> u64 {
    (u128::from(racks) * u128::from(units_per_hall)).div_ceil(u128::from(units)) as u64 + 1
}

/// A hall with all of its units.
struct FullHall {
    room: Room,
    /// Heat of the most loaded row.
    row_power: Watts,
}

/// What cools a room.
struct Cooling {
    cdus: u64,
    air_handlers: u64,
    /// Of those, along the high side.
    behind: u64,
}

/// Air handlers for so much heat, one of them spare.
///
/// ~~~text
/// n = ⌈ Q / 400 kW ⌉ + 1
/// ~~~
fn air_handlers(air: Watts) -> u64 {
    if air > Watts(0.0) { (air / AIR_HANDLER_POWER - 1e-9).ceil() as u64 + 1 } else { 0 }
}

/// Heat of all racks of some rows.
fn heat_of_rows(demand: &LayoutDemand, rows: &[Vec<Slot>]) -> Watts {
    rows.iter().flatten().map(|slot| demand.heat_of(slot.kind)).sum()
}

/// A hall with so many units: its rows, CDUs and air handlers.
fn full_hall(
    demand: &LayoutDemand,
    placement: Placement,
    racks: &UnitRacks,
    (spines_in_rows, units): (u64, u64),
    units_per_hall: u64,
) -> FullHall {
    let mut rows = demand.rows_of(racks, units_per_hall, placement.leaf);
    if spines_in_rows > 0 {
        let slots = most_of_a_hall(spines_in_rows, units, units_per_hall);
        let own = demand
            .network_rows(0, slots, 0)
            .into_iter()
            .map(|row| row.into_iter().map(|slot| Slot { unit: units_per_hall, ..slot }).collect());
        let middle = rows.len() / 2;
        rows.splice(middle..middle, own);
    }
    let heat = |row: &Vec<Slot>| row.iter().map(|slot| demand.heat_of(slot.kind)).sum::<Watts>();
    let row_power = rows.iter().map(heat).fold(Watts(0.0), Watts::max);
    let full = units_per_hall as f64;
    let cooling = Cooling {
        cdus: cdus(demand.unit_liquid * full, demand.cdu).total(),
        air_handlers: air_handlers(demand.unit_air * (full * (1.0 - demand.door_share.0))),
        behind: 0,
    };
    let mut grid = demand.grid(&rows);
    let delivery = demand.delivery().value();
    let walls = if cooling.air_handlers > 0 { 2.0 * FAN_WALL_DEPTH.value() } else { 0.0 };
    let given = demand.given_hall.map(|sides| sides.map(Meters::value));
    if let Some([along, _]) = given {
        grid = grid.within(along - walls - delivery);
    }
    FullHall { room: room_about(rows, grid, cooling, (delivery, given.unwrap_or_default())), row_power }
}

/// A room about its rows: fan walls at the ends of the rows, galleries of CDUs along one or both sides; of a room that
/// is larger, what is not needed stays free.
fn room_about(
    rows: Vec<Vec<Slot>>,
    mut grid: Grid,
    Cooling { cdus, air_handlers, behind }: Cooling,
    (delivery, at_least): (f64, [f64; 2]),
) -> Room {
    let walls = if air_handlers > 0 { FAN_WALL_DEPTH.value() } else { 0.0 };
    let cdu_length = cdus as f64 * CDU_SIDE.value();
    let wall_behind = behind as f64 * AIR_HANDLER_WIDTH.value();
    let width = (grid.width() + 2.0 * walls + delivery).max(at_least[0]).max(wall_behind + 2.0 * walls);
    let galleries = if cdus == 0 {
        0
    } else if cdu_length <= width {
        1
    } else {
        2
    };
    let width = if galleries == 2 { width.max(cdus.div_ceil(2) as f64 * CDU_SIDE.value()) } else { width };
    let ends = (air_handlers - behind).div_ceil(2) as f64 * AIR_HANDLER_WIDTH.value();
    let strip_behind = if behind > 0 { FAN_WALL_DEPTH.value() } else { 0.0 };
    let inner = grid.depth().max(ends) + strip_behind;
    let low_gallery = if galleries == 2 { GALLERY_DEPTH.value() } else { 0.0 };
    grid.origin = (delivery + (width - delivery - grid.width()) / 2.0, low_gallery);
    let depth = (inner + galleries as f64 * GALLERY_DEPTH.value()).max(at_least[1]);
    Room { rows, grid, width, depth, galleries, cdus, air_handlers, air_handlers_behind: behind }
}

impl Layout {
    /// Heat of the racks of each building, network rooms where they lie.
    #[must_use]
    pub fn heat_of_buildings(&self) -> Vec<Watts> {
        let rooms =
            |building| (0..self.network_rooms()).filter(move |at| self.building_of_room(*at) == building);
        (0..self.buildings)
            .map(|building| {
                let halls =
                    self.halls_of_building(building).map(|hall| self.heat_of_hall(hall)).sum::<Watts>();
                halls + rooms(building).map(|room| self.heat_of_room(room)).sum::<Watts>()
            })
            .collect()
    }
    /// Heat that a network room is built for: that of racks in all of its places.
    #[must_use]
    pub fn room_heat(&self) -> Watts {
        self.network_room.as_ref().map_or(Watts(0.0), |room| heat_of_rows(&self.demand, &room.rows))
    }
    /// Heat of the most loaded row of network rooms.
    #[must_use]
    pub fn room_row_power(&self) -> Watts {
        let rows = self.network_room.iter().flat_map(|room| &room.rows);
        rows.map(|row| row.iter().map(|slot| self.demand.heat_of(slot.kind)).sum::<Watts>())
            .fold(Watts(0.0), Watts::max)
    }
    /// The sort of rack that gives most heat to the air of those that stand there, with what each of its positions
    /// gives.
    #[must_use]
    pub fn hottest_in_air(&self) -> Option<(RackKind, Watts)> {
        let rows = self.hall.rows.iter().chain(self.network_room.iter().flat_map(|room| &room.rows));
        let kinds: std::collections::BTreeSet<RackKind> = rows.flatten().map(|slot| slot.kind).collect();
        let air = kinds.into_iter().map(|kind| (kind, self.demand.air_of(kind)));
        air.max_by(|a, b| a.1.0.total_cmp(&b.1.0))
    }
    /// Racks of a sort.
    #[must_use]
    pub fn racks_of(&self, kind: RackKind) -> u64 {
        match kind {
            RackKind::Compute => self.demand.compute_racks,
            RackKind::Leaf => self.leaf_racks(),
            RackKind::Spine => self.spine_racks(),
            RackKind::Core => self.core_racks(),
            RackKind::EthernetCore => self.demand.ethernet_core_racks,
            RackKind::Circuit => self.demand.circuit_racks(),
            RackKind::Storage => self.units * self.demand.unit_storage_racks,
            RackKind::Management => self.units * self.demand.unit_management_racks,
            RackKind::Power => self.units * self.demand.unit_power_racks,
            RackKind::Cdu => self.cdus(),
            RackKind::AirHandler => self.air_handlers(),
        }
    }
    /// Racks of leaf switches.
    #[must_use]
    pub fn leaf_racks(&self) -> u64 {
        self.demand.switches.leaf_racks(self.units)
    }
    /// Racks of spine switches.
    #[must_use]
    pub fn spine_racks(&self) -> u64 {
        self.demand.switches.racks(self.demand.switches.spine)
    }
    /// Racks of core switches.
    #[must_use]
    pub fn core_racks(&self) -> u64 {
        self.demand.switches.racks(self.demand.switches.core)
    }
    /// Network rooms.
    #[must_use]
    pub fn network_rooms(&self) -> u64 {
        match (&self.network_room, self.placement.core) {
            (None, _) => 0,
            (Some(_), CorePlace::CentralBuilding) => 1,
            (Some(_), CorePlace::EveryBuilding) => self.buildings,
        }
    }
    /// Units of a hall, fewer in the last.
    #[must_use]
    pub fn units_of_hall(&self, hall: u64) -> std::ops::Range<u64> {
        let from = (hall * self.units_per_hall).min(self.units);
        from..(from + self.units_per_hall).min(self.units)
    }
    /// CDUs of a hall, for the heat of its units.
    #[must_use]
    pub fn cdus_of_hall(&self, hall: u64) -> u64 {
        let units = self.units_of_hall(hall);
        cdus(self.demand.unit_liquid * (units.end - units.start) as f64, self.demand.cdu).total()
    }
    /// CDUs of all halls.
    fn cdus_of_halls(&self) -> u64 {
        // All halls but the last are full.
        self.hall.cdus * (self.halls - 1) + self.cdus_of_hall(self.halls - 1)
    }
    /// CDUs of the site.
    #[must_use]
    pub fn cdus(&self) -> u64 {
        self.cdus_of_halls() + self.network_rooms() * self.network_room.as_ref().map_or(0, |room| room.cdus)
    }
    /// Air handlers of the site.
    #[must_use]
    pub fn air_handlers(&self) -> u64 {
        let of_room = self.network_room.as_ref().map_or(0, |room| room.air_handlers);
        self.halls * self.hall.air_handlers + self.network_rooms() * of_room
    }
    /// Rows of all halls and network rooms.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rooms = self.network_room.as_ref().map_or(0, |room| room.rows.len() as u64);
        self.halls * self.hall.rows.len() as u64 + self.network_rooms() * rooms
    }
    /// Positions of a row of a hall.
    #[must_use]
    pub fn racks_per_row(&self) -> u64 {
        self.hall.grid.positions
    }
    /// Positions of all rows.
    #[must_use]
    pub fn positions(&self) -> u64 {
        let room = |room: &Room| room.rows.len() as u64 * room.grid.positions;
        self.halls * room(&self.hall) + self.network_rooms() * self.network_room.as_ref().map_or(0, room)
    }
    /// Positions that a rack takes.
    #[must_use]
    pub fn taken_positions(&self) -> u64 {
        let in_rows =
            RackKind::ALL.into_iter().filter(|kind| !matches!(kind, RackKind::Cdu | RackKind::AirHandler));
        in_rows.map(|kind| self.racks_of(kind) * self.demand.footprint(kind)).sum()
    }
    /// Positions that no rack takes.
    #[must_use]
    pub fn leftover_positions(&self) -> u64 {
        self.positions().saturating_sub(self.taken_positions())
    }
    /// Area of halls and network rooms.
    #[must_use]
    pub fn white_space(&self) -> SquareMeters {
        let room = self.network_room.as_ref().map_or(0.0, |room| room.width * room.depth);
        SquareMeters(
            self.halls as f64 * self.hall.width * self.hall.depth + self.network_rooms() as f64 * room,
        )
    }
    /// Gross area of buildings, all storeys.
    #[must_use]
    pub fn total_area(&self) -> SquareMeters {
        let length: f64 = (0..self.buildings).map(|building| self.length_of(building)).sum();
        SquareMeters(self.demand.storeys as f64 * length * self.building_y)
    }
    /// IT power of the racks that stand in the fullest hall.
    #[must_use]
    pub fn fullest_hall(&self) -> Watts {
        (0..self.halls).map(|hall| self.heat_of_hall(hall)).fold(Watts(0.0), Watts::max)
    }
    /// IT power that a hall's rows are filled with at most.
    #[must_use]
    pub fn hall_heat(&self) -> Watts {
        heat_of_rows(&self.demand, &self.hall.rows)
    }
}

#[cfg(test)]
pub(crate) mod tests;
