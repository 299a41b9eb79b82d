//! What is to stand on the floor: racks by sort with their heat and mass, and where network racks shall stand.

use super::grid::Slot;
use super::{
    AIR_HANDLER_DEPTH, AIR_HANDLER_WIDTH, CDU_SIDE, CIRCUIT_SWITCH_POWER, CIRCUIT_SWITCHES_PER_RACK,
    FAN_WALL_DEPTH, GALLERY_DEPTH, GRAVITY, Yard,
};
use crate::fleet::CduGroup;
use crate::units::{Kilograms, Meters, Pascals, Share, SquareMeters, Watts};

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
    /// Heat that one air handler of a fan wall carries in the air of the site.
    pub air_handler: Watts,
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

impl LayoutDemand {
    /// Units of the site, the last of which may be in part.
    pub(super) fn units(&self) -> u64 {
        self.compute_racks.div_ceil(self.unit_compute_racks.max(1)).max(1)
    }

    /// Racks of optical circuit switches.
    #[must_use]
    pub fn circuit_racks(&self) -> u64 {
        self.circuit_switches.div_ceil(CIRCUIT_SWITCHES_PER_RACK)
    }

    pub(super) fn footprint(&self, kind: RackKind) -> u64 {
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
    pub(super) fn own_heat_of(&self, kind: RackKind) -> Watts {
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
    pub(super) fn own_liquid_of(&self, kind: RackKind) -> Share {
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
    pub(super) fn split(&self, rows: &[Vec<Slot>]) -> [Watts; 2] {
        [0, 1].map(|way| rows.iter().flatten().map(|slot| self.split_of(slot.kind)[way]).sum())
    }

    /// Heat of all that stands in network rooms to the liquid and to the air: racks of some sorts with so many switches
    /// of the scale-out in them.
    pub(super) fn heat_in_rooms(&self, racks: &[(RackKind, u64, u64)]) -> [Watts; 2] {
        let mut sum = [Watts(0.0); 2];
        for (kind, racks, switches) in racks {
            let (own, liquid) = (self.switches.switch_heat * *switches as f64, self.switches.liquid_share.0);
            let beside = self.support_heat.split_of(*kind).map(|heat| heat * *racks as f64);
            sum[0] += own * liquid + beside[0];
            sum[1] += own * (1.0 - liquid) + beside[1];
        }
        sum
    }
}
