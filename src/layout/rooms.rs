//! A building, divided: its halls on both sides of a corridor, and every other room by name.
//!
//! ~~~text
//! along      wall | front | stairs | halls … network … halls | stairs | wall
//! across     wall | side | corridor | side | wall
//! side       max( hall + strip,  network room );   strip = Σ areas of the rooms behind a hall / its length
//! network    max( network room,  its electrical and mechanical rooms / side )
//! ~~~
//!
//! Areas behind a hall: electrical and mechanical rooms follow its IT, staging its white space; a room takes at least its
//! area and its part of what the deepest side leaves. The dock with its floor and the offices stand at the low end, the
//! corridor between them, which is the way of a rack from the lorry to its hall. The electrical and mechanical rooms of a
//! network room take what they ask for and no more, along the outer wall across the corridor. Where a side is longer than
//! there are halls, they leave some, or an upper storey has nothing above the network room, the floor is a reserve, and
//! counted as one. So each square metre has a name: [`Layout::areas`].
//!
//! This comes to 141 m²/MW of IT for 1 GW of GB300 racks, 144 for 250 MW, 184 for 60 MW and 251 for 20 MW, of which a
//! fifth to three tenths are halls; to 262 for 250 MW of H100 nodes, whose halls are two fifths. Published buildings take
//! more: 430 m²/MW at Abilene, 560 to 740 elsewhere, and white space of 93 m²/MW where liquid cools, none of which says
//! what its rooms are. A rack of 140 kW with what stands beside it takes 6 m² of a hall here; 93 m²/MW are 14 m² for it:
//! halls planned for racks of half its power, or built to take the next tenant. What a plan cannot derive it does not
//! add; `layout.building_area` sets how large a building is at least, and what is more than its rooms is a reserve too.
//! Left out: columns and inner walls, equipment in these rooms one by one, doors, switchgear for medium voltage, rooms
//! that hold later growth.

use super::grid::{Rect, share_of};
use super::{AIR_HANDLER_DEPTH, AIR_HANDLER_WIDTH, CORRIDOR, FAN_WALL_DEPTH, Layout, Room};
use crate::units::Watts;

/// A room beside the halls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// UPS, batteries, switchboards of a hall or of a network room.
    Electrical,
    /// Pumps, heat exchangers, water treatment.
    Mechanical,
    /// Racks unpacked, built, repaired; spares.
    Staging,
    /// Dock for lorries.
    Loading,
    /// Control room, guards, offices, changing rooms.
    Office,
    /// Stairs, lifts, shafts, toilets.
    Stairs,
    /// Between the sides, from end to end.
    Corridor,
    /// Floor that no room takes.
    Reserve,
}

/// Floor of an electrical room for each watt of IT [m²/W]: assumption.
///
/// A UPS block of 1.5 MW with its batteries 8 m long, 2.7 m deep with its aisle, a third of the blocks in reserve:
/// 20 m²/MW; a switchboard of 2.5 MVA 6 × 4 m with front and rear clearance: 10 m²/MW; a third more to walk, and for air
/// handlers: 40 kW of losses a megawatt are a tenth of one of 2.4 × 3 m with its passage, 0.7 m²/MW.
const ELECTRICAL: f64 = 40e-6;
/// Floor of a mechanical room for each watt of IT [m²/W]: assumption, two pump sets and a plate exchanger of 3 MW on
/// 45 m² with their pipes.
const MECHANICAL: f64 = 15e-6;
/// Staging over the white space that it serves [1]: assumption.
const STAGING: f64 = 0.10;
/// A dock of four lorries, 4 m wide and 15 m deep each, with as much floor behind [m²]: assumption. Offices across the
/// corridor are as large.
const LOADING: f64 = 480.0;
/// Stairs, lift, shafts and toilets at either end of a side [m²]: assumption, a flight of 2.5 × 8 m, a lift for racks
/// with its lobby 40 m², risers and toilets as much again.
const STAIRS: f64 = 120.0;
/// Thickness of an outer wall with its frame [m]: assumption.
const WALL: f64 = 0.5;

impl RoomKind {
    /// All of them, in the order of a legend.
    pub const ALL: [Self; 8] = [
        Self::Electrical,
        Self::Mechanical,
        Self::Staging,
        Self::Loading,
        Self::Office,
        Self::Stairs,
        Self::Corridor,
        Self::Reserve,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Electrical => "electrical rooms",
            Self::Mechanical => "mechanical rooms",
            Self::Staging => "staging and spares",
            Self::Loading => "loading",
            Self::Office => "control room and offices",
            Self::Stairs => "stairs, lifts, shafts",
            Self::Corridor => "corridors",
            Self::Reserve => "reserve",
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

/// How a building is divided, the same in all of them but for the network room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Frame {
    /// Sides of the corridor.
    pub sides: u64,
    /// Halls along a side.
    pub columns: u64,
    /// Along the building that one hall takes [m].
    pub part: f64,
    /// Depth of a side [m].
    pub side: f64,
    /// Along the building that dock and offices take [m].
    pub front: f64,
    /// Along the building that stairs and shafts take at either end [m].
    pub stairs: f64,
    /// Along the building that the network room takes [m]; none where there is none.
    pub network: f64,
    /// Along the building at its high end that nothing takes [m].
    pub reserve: f64,
}

/// Electrical and mechanical floor for so much IT [m²].
fn plant(it: Watts) -> [(RoomKind, f64); 2] {
    [(RoomKind::Electrical, it.value() * ELECTRICAL), (RoomKind::Mechanical, it.value() * MECHANICAL)]
}

/// Rooms behind a hall of so much IT, and their areas [m²].
fn behind(hall: &Room, it: Watts) -> [(RoomKind, f64); 3] {
    let [electrical, mechanical] = plant(it);
    [electrical, mechanical, (RoomKind::Staging, hall.width * hall.depth * STAGING)]
}

/// Area of some rooms [m²].
fn area(rooms: &[(RoomKind, f64)]) -> f64 {
    rooms.iter().map(|(_, area)| area).sum()
}

/// Depth that the rooms behind a hall need [m].
pub(super) fn strip(hall: &Room, it: Watts) -> f64 {
    area(&behind(hall, it)) / hall.width.max(f64::MIN_POSITIVE)
}

/// Divides the buildings of a plan.
pub(super) fn build(plan: &mut Layout) {
    let on_floor = plan.halls_on_a_floor();
    let sides = on_floor.clamp(1, 2);
    let mut side = (plan.hall.depth + strip(&plan.hall, plan.hall_heat())).max(f64::MIN_POSITIVE);
    let mut network = 0.0;
    if let Some(room) = &plan.network_room {
        let own = area(&plant(plan.room_heat()));
        // With one side they lie behind the room, else across the corridor.
        let behind = if sides == 1 { own / room.width.max(f64::MIN_POSITIVE) } else { 0.0 };
        side = side.max(room.depth + behind);
        network = room.width.max(if sides == 1 { 0.0 } else { own / side });
    }
    let mut frame = Frame {
        sides,
        columns: on_floor.div_ceil(sides),
        part: plan.hall.width,
        side,
        front: LOADING / side,
        stairs: STAIRS / side,
        network,
        reserve: 0.0,
    };
    plan.building_y = sides as f64 * side + CORRIDOR.value() + 2.0 * WALL;
    let length = |frame: &Frame| {
        2.0 * (WALL + frame.stairs)
            + frame.front
            + frame.columns as f64 * frame.part
            + frame.network
            + frame.reserve
    };
    // A building of a given area is longer.
    let floor = plan.demand.building_area.value() / plan.demand.storeys as f64;
    frame.reserve = (floor / plan.building_y - length(&frame)).max(0.0);
    plan.building_x = length(&frame);
    plan.frame = frame;
    if let Some(room) = &mut plan.network_room {
        // The room takes all of its length, its rows the middle of it.
        room.grid.origin.0 += (network - room.width) / 2.0;
        room.width = network;
    }
}

impl Layout {
    /// Length of a building along the rows [m].
    #[must_use]
    pub fn length_of(&self, building: u64) -> f64 {
        if self.building_of_rooms(building) { self.building_x } else { self.building_x - self.frame.network }
    }

    /// Low side of the corridor across the rows, in the building [m].
    fn corridor_low(&self) -> f64 {
        WALL + (self.frame.sides - 1) as f64 * self.frame.side
    }

    /// Middle of the corridor across the rows, in the building [m].
    #[must_use]
    pub fn corridor_y(&self) -> f64 {
        self.corridor_low() + CORRIDOR.value() / 2.0
    }

    /// The place for a hall, or for what stands in one's stead: column, and whether above the corridor.
    fn cell(&self, building: u64, column: u64, above: bool) -> Rect {
        let frame = &self.frame;
        // The network room takes the middle, halls stand on both sides of it.
        let with_room = self.building_of_rooms(building) && column >= frame.columns.div_ceil(2);
        let x = WALL
            + frame.front
            + frame.stairs
            + column as f64 * frame.part
            + if with_room { frame.network } else { 0.0 };
        let y = if above { self.corridor_low() + CORRIDOR.value() } else { WALL };
        Rect { x, y, width: frame.part, depth: frame.side }
    }

    /// Building, storey and place in the building of a hall.
    #[must_use]
    pub fn place_of_hall(&self, hall: u64) -> (u64, u64, Rect) {
        // The building b for which hall lies in ⌊b·halls/buildings⌋ .. ⌊(b + 1)·halls/buildings⌋.
        let building = ((hall + 1) * self.buildings - 1) / self.halls;
        let within = hall - self.halls_of_building(building).start;
        let on_floor = self.halls_on_a_floor();
        let (storey, number) = (within / on_floor, within % on_floor);
        let above = self.is_above(number);
        let cell = self.cell(building, number / self.frame.sides, above);
        let y = if above { cell.y } else { cell.y + cell.depth - self.hall.depth };
        (building, storey, Rect { y, width: self.hall.width, depth: self.hall.depth, ..cell })
    }

    /// Whether a hall lies above the corridor, by its number on its storey.
    fn is_above(&self, number: u64) -> bool {
        self.frame.sides == 1 || number % 2 == 1
    }

    /// The part of a building about its network room, above and below the corridor.
    fn network_cells(&self) -> [Rect; 2] {
        let frame = &self.frame;
        let x = WALL + frame.front + frame.stairs + frame.columns.div_ceil(2) as f64 * frame.part;
        let above = self.corridor_low() + CORRIDOR.value();
        [above, WALL].map(|y| Rect { x, y, width: frame.network, depth: frame.side })
    }

    /// Place of a network room in its building.
    #[must_use]
    pub fn place_of_room(&self) -> Option<Rect> {
        let room = self.network_room.as_ref()?;
        let [above, _] = self.network_cells();
        Some(Rect { depth: room.depth, ..above })
    }

    /// All rooms of a building beside its halls and its network room.
    #[must_use]
    pub fn side_rooms(&self, building: u64) -> Vec<SideRoom> {
        let mut all = Vec::new();
        let (frame, length) = (&self.frame, self.length_of(building));
        let (low, corridor) = (self.corridor_low(), CORRIDOR.value());
        let halls = self.halls_of_building(building);
        let on_floor = self.halls_on_a_floor();
        for storey in 0..self.demand.storeys {
            let mut add = |kind, at| all.push(SideRoom { kind, storey, at });
            add(RoomKind::Corridor, Rect { x: WALL, y: low, width: length - 2.0 * WALL, depth: corridor });
            for above in [true, false].into_iter().take(frame.sides as usize) {
                let y = if above { low + corridor } else { WALL };
                let at = |x, width| Rect { x, y, width, depth: frame.side };
                // Lorries stand on the ground.
                let front = if above && storey == 0 { RoomKind::Loading } else { RoomKind::Office };
                add(front, at(WALL, frame.front));
                let end = length - WALL - frame.stairs;
                add(RoomKind::Stairs, at(WALL + frame.front, frame.stairs));
                add(RoomKind::Stairs, at(end, frame.stairs));
                add(RoomKind::Reserve, at(end - frame.reserve, frame.reserve));
            }
            for number in 0..frame.columns * frame.sides {
                let hall = halls.start + storey * on_floor + number;
                let above = self.is_above(number);
                let cell = self.cell(building, number / frame.sides, above);
                if number >= on_floor || hall >= halls.end {
                    add(RoomKind::Reserve, cell);
                    continue;
                }
                let depth = frame.side - self.hall.depth;
                let y = if above { cell.y + self.hall.depth } else { cell.y };
                divide(&behind(&self.hall, self.hall_heat()), Rect { y, depth, ..cell }, &mut add);
            }
            let Some(room) = self.network_room.as_ref().filter(|_| self.building_of_rooms(building)) else {
                continue;
            };
            let [above, below] = self.network_cells();
            if storey > 0 {
                add(RoomKind::Reserve, above);
                if frame.sides == 2 {
                    add(RoomKind::Reserve, below);
                }
                continue;
            }
            let own = plant(self.room_heat());
            let rest = Rect { y: above.y + room.depth, depth: frame.side - room.depth, ..above };
            let floor = if frame.sides == 1 {
                rest
            } else {
                add(RoomKind::Reserve, rest);
                below
            };
            let depth = (area(&own) / floor.width).min(floor.depth);
            divide(&own, Rect { depth, ..floor }, &mut add);
            add(RoomKind::Reserve, Rect { y: floor.y + depth, depth: floor.depth - depth, ..floor });
        }
        // Of what nothing is left, there is no room.
        all.retain(|room| room.at.area() > 1e-9);
        all
    }

    /// Where so many air handlers of a building stand in its electrical rooms, each with its storey: shared out evenly over the
    /// rooms, along the wall away from the corridor, in a second line where the first is full. What no room has a place for
    /// is left out.
    #[must_use]
    pub fn air_handlers_of_gear(&self, building: u64, count: u64) -> Vec<(u64, Rect)> {
        let rooms: Vec<SideRoom> =
            self.side_rooms(building).into_iter().filter(|room| room.kind == RoomKind::Electrical).collect();
        let (wide, deep) = (AIR_HANDLER_WIDTH.value(), AIR_HANDLER_DEPTH.value());
        let line = FAN_WALL_DEPTH.value();
        let middle = self.corridor_low() + CORRIDOR.value() / 2.0;
        let mut all = Vec::new();
        for (place, SideRoom { storey, at, .. }) in rooms.iter().enumerate() {
            let (from, to) = share_of(count, place as u64, rooms.len() as u64);
            let along = (at.width / wide).floor() as u64;
            let lines = ((at.depth - deep) / line).floor() + 1.0;
            let own = (to - from).min(if lines > 0.0 { along * lines as u64 } else { 0 });
            for index in 0..own {
                let of_line = along.min(own - index / along * along);
                let step = at.width / of_line as f64;
                let x = at.x + ((index % along) as f64 + 0.5) * step - wide / 2.0;
                let back = (index / along) as f64 * line;
                let y = if at.center().1 > middle { at.y + at.depth - deep - back } else { at.y + back };
                all.push((*storey, Rect { x, y, width: wide, depth: deep }));
            }
        }
        all
    }

    /// Floor of all buildings by use [m²].
    #[must_use]
    pub fn areas(&self) -> Vec<(&'static str, f64)> {
        let room = self.network_room.as_ref().map_or(0.0, |room| room.width * room.depth);
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
        let walls: f64 = (0..self.buildings)
            .map(|building| {
                let (x, y) = (self.length_of(building), self.building_y);
                x * y - (x - 2.0 * WALL) * (y - 2.0 * WALL)
            })
            .sum();
        all.push(("outer walls", self.demand.storeys as f64 * walls));
        all
    }
}

/// Rooms side by side on a floor, each its part of it.
fn divide(rooms: &[(RoomKind, f64)], floor: Rect, add: &mut impl FnMut(RoomKind, Rect)) {
    let whole = area(rooms);
    if whole <= 0.0 {
        return add(RoomKind::Reserve, floor);
    }
    let mut x = floor.x;
    for (kind, area) in rooms {
        let width = floor.width * area / whole;
        add(*kind, Rect { x, width, ..floor });
        x += width;
    }
}
