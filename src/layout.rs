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
mod demand;
mod filling;
pub mod floor;
pub mod grid;
pub mod rooms;
pub mod routes;
mod row_bus;
pub mod streets;

pub use busways::{FullestBusway, Hung};
pub use campus::{Site, Yard, YardItem, YardKind};
pub use demand::{
    Aisles, CorePlace, LayoutDemand, LeafPlace, Placement, RackBody, RackKind, SpinePlace, SupportHeat,
    SwitchRacks,
};
pub use floor::{Hall, PlacedRack, PlacedRow};
pub use grid::{Rect, Slot};
pub use rooms::{Frame, RoomKind, SideRoom};
pub use row_bus::RowBus;
pub use streets::{Ducts, Gate};

use crate::fleet::{NETWORK_RACK_UNITS, cdus};
use crate::units::{Meters, Pascals, SquareMeters, Watts};
use filling::UnitRacks;
use grid::Grid;

/// Standard gravity [m/s²].
pub const GRAVITY: f64 = 9.806_65;
/// Side of a CDU of about 2 MW: assumption.
pub const CDU_SIDE: Meters = Meters(1.2);
/// Depth of the gallery of CDUs: the CDU, 1.2 m of service in front, pipes behind. Assumption.
pub const GALLERY_DEPTH: Meters = Meters(3.0);
/// Heat that one air handler of a fan wall takes at sea level: assumption.
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
/// n = ⌈ Q / each ⌉ + 1
/// ~~~
fn air_handlers(air: Watts, each: Watts) -> u64 {
    if air > Watts(0.0) { (air / each - 1e-9).ceil() as u64 + 1 } else { 0 }
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
        air_handlers: air_handlers(
            demand.unit_air * (full * (1.0 - demand.door_share.0)),
            demand.air_handler,
        ),
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
