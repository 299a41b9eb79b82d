//! A hall with every rack at its coordinates.

use super::grid::{Rect, Slot};
use super::{
    AIR_HANDLER_DEPTH, AIR_HANDLER_WIDTH, CDU_SIDE, CorePlace, FAN_WALL_DEPTH, GALLERY_DEPTH, Layout,
    RackKind, Room, SpinePlace, racks_before,
};
use crate::units::Watts;

/// A rack, CDU or air handler on the plan of its room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedRack {
    /// What it is.
    pub kind: RackKind,
    /// Where it stands.
    pub at: Rect,
    /// Row of the room; CDUs and air handlers stand in none.
    pub row: Option<usize>,
    /// Position of that row where it begins.
    pub position: usize,
    /// Unit of the site that it belongs to, if to one.
    pub unit: Option<u64>,
    /// Which of its kind, counted over the site.
    pub number: u64,
    /// Whether its front is on the low side.
    pub faces_low: bool,
}

impl PlacedRack {
    /// Row and position of a rack that stands in a row.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        self.row.map(|row| (row, self.position))
    }
}

/// A row on the plan of its room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedRow {
    /// Its positions, end to end.
    pub at: Rect,
    /// Heat of the racks that stand in it.
    pub heat: Watts,
    /// Whether its front is on the low side.
    pub faces_low: bool,
}

/// A room with what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hall {
    /// Along the rows [m].
    pub width: f64,
    /// Across the rows [m].
    pub depth: f64,
    /// Rows, empty ones included.
    pub rows: Vec<PlacedRow>,
    /// Aisles beside the rows, and whether each is a hot one.
    pub aisles: Vec<(Rect, bool)>,
    /// Width of a position of its rows [m].
    pub position: f64,
    /// Where main trays hang, along the rows [m].
    pub mains: Vec<f64>,
    /// Racks, CDUs and air handlers.
    pub racks: Vec<PlacedRack>,
}

impl Layout {
    /// A hall with what stands in it.
    #[must_use]
    pub fn hall(&self, index: u64) -> Hall {
        let mut hall = self.furnish(&self.hall, |slot| self.occupant(index, slot));
        hall.racks.extend(cdus_on_plan(&self.hall, self.hall.cdus * index, self.cdus_of_hall(index)));
        hall.racks.extend(air_handlers_on_plan(&self.hall, self.hall.air_handlers * index));
        hall
    }

    /// A network room with what stands in it.
    #[must_use]
    pub fn room(&self, index: u64) -> Option<Hall> {
        let room = self.network_room.as_ref()?;
        let rooms = self.network_rooms();
        let spines = if self.placement.spine == SpinePlace::NetworkRoom { self.spine_racks() } else { 0 };
        let numbers = |kind| {
            let count = match kind {
                RackKind::Spine => spines,
                RackKind::EthernetCore => self.demand.ethernet_core_racks,
                _ => self.core_racks(),
            };
            super::grid::share_of(count, index, rooms)
        };
        let mut hall = self.furnish(room, |slot| {
            let (from, to) = numbers(slot.kind);
            (from + slot.index < to).then_some((None, from + slot.index))
        });
        hall.racks.extend(cdus_on_plan(room, self.cdus_of_halls() + room.cdus * index, room.cdus));
        let handlers = self.hall.air_handlers * self.halls + room.air_handlers * index;
        hall.racks.extend(air_handlers_on_plan(room, handlers));
        Some(hall)
    }

    /// Those slots of a row of a hall in which a rack stands.
    pub(super) fn taken<'a>(&'a self, hall: u64, slots: &'a [Slot]) -> impl Iterator<Item = &'a Slot> {
        slots.iter().filter(move |slot| self.occupant(hall, **slot).is_some())
    }

    /// Heat of the racks that stand in a row of a hall.
    fn heat_of_row(&self, hall: u64, slots: &[Slot]) -> Watts {
        self.taken(hall, slots).map(|slot| self.demand.heat_of(slot.kind)).sum()
    }

    /// Heat of the racks that stand in a network room.
    #[must_use]
    pub fn heat_of_room(&self, room: u64) -> Watts {
        self.room(room).iter().flat_map(|room| &room.rows).map(|row| row.heat).sum()
    }

    /// Heat of the racks that stand in a hall.
    #[must_use]
    pub fn heat_of_hall(&self, hall: u64) -> Watts {
        self.hall.rows.iter().map(|slots| self.heat_of_row(hall, slots)).sum()
    }

    /// Heat of the most loaded row of all halls, as racks stand.
    ///
    /// No row of a hall exceeds [`Layout::row_power`], which counts slots that only some halls fill.
    #[must_use]
    pub fn hottest_row(&self) -> Watts {
        let rows = |hall| self.hall.rows.iter().map(move |slots| self.heat_of_row(hall, slots));
        (0..self.halls).flat_map(rows).fold(Watts(0.0), Watts::max)
    }

    /// Unit and number of the rack that takes a slot of a hall, if one does.
    fn occupant(&self, hall: u64, slot: Slot) -> Option<(Option<u64>, u64)> {
        let units = self.units_of_hall(hall);
        if slot.unit >= self.units_per_hall {
            let before = |unit| racks_before(self.spine_racks(), unit, self.units);
            let number = before(units.start) + slot.index;
            return (number < before(units.end)).then_some((None, number));
        }
        let unit = units.start + slot.unit;
        if unit >= units.end {
            return None;
        }
        let demand = &self.demand;
        let switch = |racks: u64| {
            let number = racks_before(racks, unit, self.units) + slot.index;
            (number < racks_before(racks, unit + 1, self.units)).then_some(number)
        };
        let number = match slot.kind {
            RackKind::Compute => {
                let number = unit * demand.unit_compute_racks + slot.index;
                (number < demand.compute_racks).then_some(number)?
            }
            RackKind::Leaf => switch(self.leaf_racks())?,
            RackKind::Spine => switch(self.spine_racks())?,
            RackKind::Circuit => switch(demand.circuit_racks())?,
            RackKind::Storage => unit * demand.unit_storage_racks + slot.index,
            RackKind::Management => unit * demand.unit_management_racks + slot.index,
            RackKind::Power => unit * demand.unit_power_racks + slot.index,
            RackKind::Core | RackKind::EthernetCore | RackKind::Cdu | RackKind::AirHandler => return None,
        };
        Some((Some(unit), number))
    }

    /// Puts racks into the slots of a room.
    fn furnish(&self, room: &Room, occupant: impl Fn(Slot) -> Option<(Option<u64>, u64)>) -> Hall {
        let grid = &room.grid;
        let mut hall = Hall {
            width: room.width,
            depth: room.depth,
            rows: Vec::with_capacity(room.rows.len()),
            aisles: grid.aisles(),
            position: grid.position,
            mains: grid.mains(),
            racks: Vec::new(),
        };
        for (number, slots) in room.rows.iter().enumerate() {
            let at = grid.row(number as u64);
            let faces_low = grid.faces_low(number as u64);
            let mut heat = Watts(0.0);
            let mut x = at.x;
            for slot in slots {
                let width = self.demand.footprint(slot.kind) as f64 * grid.position;
                if let Some((unit, count)) = occupant(*slot) {
                    heat += self.demand.heat_of(slot.kind);
                    hall.racks.push(PlacedRack {
                        kind: slot.kind,
                        at: Rect { x, y: at.y, width, depth: at.depth },
                        row: Some(number),
                        position: ((x - at.x) / grid.position).round() as usize,
                        unit,
                        number: count,
                        faces_low,
                    });
                }
                x += width;
            }
            hall.rows.push(PlacedRow { at, heat, faces_low });
        }
        hall
    }

    /// Whether a network room lies in a building.
    #[must_use]
    pub fn building_of_rooms(&self, building: u64) -> bool {
        match self.placement.core {
            CorePlace::EveryBuilding => self.network_room.is_some(),
            CorePlace::CentralBuilding => self.network_room.is_some() && building == self.central_building,
        }
    }

    /// Building in which a network room lies.
    #[must_use]
    pub fn building_of_room(&self, room: u64) -> u64 {
        if self.placement.core == CorePlace::EveryBuilding { room } else { self.central_building }
    }
}

/// So many CDUs of a room in its galleries, numbered from one on.
fn cdus_on_plan(room: &Room, first: u64, count: u64) -> impl Iterator<Item = PlacedRack> {
    let side = CDU_SIDE.value();
    let per_gallery = if room.galleries == 2 { room.cdus.div_ceil(2) } else { room.cdus };
    // Pipes run between the CDUs and the wall.
    let pipes = (GALLERY_DEPTH.value() - 2.0 * side).max(0.0);
    let step = room.width / per_gallery.max(1) as f64;
    let depth = room.depth;
    (0..count).map(move |index| {
        let high = index < per_gallery;
        let along = if high { index } else { index - per_gallery };
        let y = if high { depth - pipes - side } else { pipes };
        let x = (along as f64 + 0.5) * step - side / 2.0;
        PlacedRack {
            kind: RackKind::Cdu,
            at: Rect { x, y, width: side, depth: side },
            row: None,
            position: 0,
            unit: None,
            number: first + index,
            faces_low: high,
        }
    })
}

/// Air handlers of a room in its fan walls, numbered from one on: along both ends, then along the high side.
fn air_handlers_on_plan(room: &Room, first: u64) -> impl Iterator<Item = PlacedRack> {
    let (wide, deep) = (AIR_HANDLER_WIDTH.value(), AIR_HANDLER_DEPTH.value());
    let low = if room.galleries == 2 { GALLERY_DEPTH.value() } else { 0.0 };
    let behind = room.air_handlers_behind;
    let strip = if behind > 0 { FAN_WALL_DEPTH.value() } else { 0.0 };
    let high = room.depth - (room.galleries as f64 * GALLERY_DEPTH.value() - low);
    let at_ends = room.air_handlers - behind;
    let per_end = at_ends.div_ceil(2).max(1);
    let step = (high - strip - low) / per_end as f64;
    let step_behind = (room.width - 2.0 * strip) / behind.max(1) as f64;
    let far = room.width - deep;
    (0..room.air_handlers).map(move |index| {
        let at = if index < at_ends {
            let y = low + ((index % per_end) as f64 + 0.5) * step - wide / 2.0;
            Rect { x: if index < per_end { 0.0 } else { far }, y, width: deep, depth: wide }
        } else {
            let x = strip + ((index - at_ends) as f64 + 0.5) * step_behind - wide / 2.0;
            Rect { x, y: high - deep, width: wide, depth: deep }
        };
        PlacedRack {
            kind: RackKind::AirHandler,
            at,
            row: None,
            position: 0,
            unit: None,
            number: first + index,
            faces_low: false,
        }
    })
}
