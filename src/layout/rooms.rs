//! Rooms of a building beside its halls: electrical and mechanical rooms, staging, loading, offices.
//!
//! ~~~text
//! area    electrical, mechanical   IT of the hall · area per watt
//!         staging                  white space of the hall · share
//!         loading, offices         once in a building, on its ground floor
//! place   side by side behind their hall, away from the corridor: depth = Σ area / width of the hall's part
//! ~~~
//!
//! What is left of a storey is walls, stairs, shafts and what its owner adds: it is the difference from the gross
//! area of published buildings. Left out: equipment in these rooms one by one, doors, a second escape route.

use super::grid::Rect;
use super::{CORRIDOR, Layout};

/// A room beside the halls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// UPS, batteries, switchboards of a hall.
    Electrical,
    /// Pumps, heat exchangers, water treatment of a hall.
    Mechanical,
    /// Racks unpacked, built, repaired; spares.
    Staging,
    /// Dock for lorries.
    Loading,
    /// Control room, guards, offices, changing rooms.
    Office,
}

/// Floor of an electrical room for each watt of IT [m²/W]: assumption.
///
/// A UPS block of 1.5 MW with its batteries 8 m long, 2.7 m deep with its aisle, a third of the blocks in reserve:
/// 20 m²/MW; a switchboard of 2.5 MVA 6 × 4 m with front and rear clearance: 10 m²/MW; a third more to walk.
const ELECTRICAL: f64 = 40e-6;
/// Floor of a mechanical room for each watt of IT [m²/W]: assumption, two pump sets and a plate exchanger of 3 MW on
/// 45 m² with their pipes.
const MECHANICAL: f64 = 15e-6;
/// Staging over the white space that it serves [1]: assumption.
const STAGING: f64 = 0.10;
/// A dock of four lorries, 4 m wide and 15 m deep each, with as much floor behind [m²]: assumption.
const LOADING: f64 = 480.0;
/// Offices of a building [m²]: assumption.
const OFFICE: f64 = 400.0;

impl RoomKind {
    /// All of them, in the order of a legend.
    pub const ALL: [Self; 5] =
        [Self::Electrical, Self::Mechanical, Self::Staging, Self::Loading, Self::Office];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Electrical => "electrical rooms",
            Self::Mechanical => "mechanical rooms",
            Self::Staging => "staging and spares",
            Self::Loading => "loading",
            Self::Office => "control room and offices",
        }
    }
}

/// A room on the plan of a storey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SideRoom {
    /// What it is.
    pub kind: RoomKind,
    /// Storey.
    pub storey: u64,
    /// In its building.
    pub at: Rect,
}

impl Layout {
    /// Rooms that go with a hall, by its number in its building, with their areas [m²].
    fn rooms_of_hall(&self, within: u64) -> Vec<(RoomKind, f64)> {
        let it = self.hall_heat().value();
        let mut all = vec![
            (RoomKind::Electrical, it * ELECTRICAL),
            (RoomKind::Mechanical, it * MECHANICAL),
            (RoomKind::Staging, self.hall.width * self.hall.depth * STAGING),
        ];
        // The first hall of a building lies on one side of the corridor, the second on the other.
        let halls = self.halls.div_ceil(self.buildings.max(1));
        match within {
            0 => all.push((RoomKind::Loading, LOADING)),
            1 => all.push((RoomKind::Office, OFFICE)),
            _ => {}
        }
        if within == 0 && halls == 1 {
            all.push((RoomKind::Office, OFFICE));
        }
        all
    }

    /// Depth behind a hall that its rooms need over a width of so many metres, in the worst case.
    pub(super) fn rooms_depth(&self, width: f64) -> f64 {
        let of = |within| self.rooms_of_hall(within).iter().map(|(_, area)| area).sum::<f64>();
        of(0).max(of(1)) / width.max(1.0)
    }

    /// Rooms of a building beside its halls.
    #[must_use]
    pub fn side_rooms(&self, building: u64) -> Vec<SideRoom> {
        let halls = self.halls_of_building(building);
        let first = halls.start;
        let step = self.part_of_hall();
        let mut all = Vec::new();
        for hall in halls {
            let (_, storey, at) = self.place_of_hall(hall);
            let rooms = self.rooms_of_hall(hall - first);
            let depth = rooms.iter().map(|(_, area)| area).sum::<f64>() / step;
            let above = at.y > self.building_y / 2.0;
            let y = if above { at.y + at.depth } else { at.y - depth };
            let mut x = at.center().0 - step / 2.0;
            for (kind, area) in rooms {
                let width = area / depth;
                all.push(SideRoom { kind, storey, at: Rect { x, y, width, depth } });
                x += width;
            }
        }
        all
    }

    /// Floor of all buildings by use [m²]: what the rooms leave over comes last.
    #[must_use]
    pub fn areas(&self) -> Vec<(&'static str, f64)> {
        let room = self.network_room.as_ref().map_or(0.0, |room| room.width * room.depth);
        let storeys = (self.buildings * self.demand.storeys) as f64;
        // The network room lies across the corridor.
        let across = self.network_room.as_ref().map_or(0.0, |room| room.width.min(self.building_x));
        let corridors = (storeys * self.building_x - self.network_rooms() as f64 * across) * CORRIDOR.value();
        let mut all = vec![
            ("data halls", self.halls as f64 * self.hall.width * self.hall.depth),
            ("network rooms", self.network_rooms() as f64 * room),
        ];
        let rooms: Vec<SideRoom> =
            (0..self.buildings).flat_map(|building| self.side_rooms(building)).collect();
        for kind in RoomKind::ALL {
            let area = rooms.iter().filter(|room| room.kind == kind).map(|room| room.at.area()).sum();
            all.push((kind.name(), area));
        }
        all.push(("corridors", corridors));
        let rest = self.total_area().value() - all.iter().map(|(_, area)| area).sum::<f64>();
        all.push(("walls, stairs, shafts, free", rest));
        all
    }
}
