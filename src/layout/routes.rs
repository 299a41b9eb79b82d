//! Routes along trays, from rack to rack.
//!
//! ~~~text
//! same rack       nothing: it meets no tray
//! same row        |x₁ − x₂|
//! same room       |x₁ − m| + |y₁ − y₂| + |m − x₂|        m the main tray that makes it shortest
//! same building   run₁ + |c₁ − c₂| + storeys + run₂      run = to the nearest main tray, to the corridor
//! same campus     run₁ + down + s·ducts from c₁ to c₂ + up + run₂      ducts along the [`streets`](super::streets)
//! ~~~
//!
//! s stretches them to the fibre stated between buildings, 1 without. A row tray hangs above each row, main trays cross the rows in the passages at their ends and go on to the
//! corridor; ducts run from the ends of corridors along the streets. No run is shorter than the straight distance, as each of its parts runs along one axis.

use super::grid::Rect;
use super::streets::Gate;
use super::{CORRIDOR, Hall, Layout, STOREY_HEIGHT};

/// Where a rack's cables leave it, and how they get out of its room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlet {
    /// Building.
    pub building: u64,
    /// Storey of the building.
    pub storey: u64,
    /// Room of the site: halls first, then network rooms.
    pub room: u64,
    /// Row of the room.
    pub row: usize,
    /// Position of the row where the rack begins.
    pub position: usize,
    /// Along the rows, in the building [m].
    pub x: f64,
    /// Across the rows, in the building [m].
    pub y: f64,
    /// Number of the main tray that takes the rack's cables out.
    pub main: usize,
    /// That tray along the rows, in the building [m].
    pub main_x: f64,
    /// To the corridor: along the row tray and the main tray [m].
    pub run: f64,
    /// On the plan of the campus [m].
    pub on_campus: (f64, f64),
    /// Where ducts come into its building.
    pub gate: Gate,
}

/// A room's place: what a route through it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Ways {
    building: u64,
    storey: u64,
    room: u64,
    /// Main trays along the rows, in the building [m].
    mains: Vec<f64>,
    /// Middle of the corridor across the rows, in the building [m].
    corridor: f64,
    corner: (f64, f64),
    /// The building on the plan of the campus.
    outline: Rect,
    /// Where ducts come into it.
    gate: Gate,
}

impl Ways {
    /// Of a hall of a plan.
    #[must_use]
    pub fn of_hall(layout: &Layout, index: u64, hall: &Hall) -> Self {
        let (building, storey, place) = layout.place_of_hall(index);
        Self::at(layout, (building, storey, index), place, hall)
    }

    /// Of a network room of a plan.
    #[must_use]
    pub fn of_room(layout: &Layout, index: u64, room: &Hall) -> Self {
        let place = layout.place_of_room().unwrap_or_default();
        Self::at(layout, (layout.building_of_room(index), 0, layout.halls + index), place, room)
    }

    fn at(layout: &Layout, (building, storey, room): (u64, u64, u64), place: Rect, hall: &Hall) -> Self {
        Self {
            building,
            storey,
            room,
            mains: hall.mains.iter().map(|main| place.x + main).collect(),
            corridor: layout.corridor_y(),
            corner: (place.x, place.y),
            outline: layout.building(building),
            gate: layout.gate(building),
        }
    }

    /// The outlet of a rack of this room.
    #[must_use]
    pub fn outlet(&self, (row, position): (usize, usize), at: &Rect) -> Outlet {
        let (x, y) = at.center();
        let (x, y) = (x + self.corner.0, y + self.corner.1);
        let nearest = self
            .mains
            .iter()
            .enumerate()
            .min_by(|a, b| (a.1 - x).abs().total_cmp(&(b.1 - x).abs()))
            .map_or((0, x), |(main, at)| (main, *at));
        Outlet {
            building: self.building,
            storey: self.storey,
            room: self.room,
            row,
            position,
            x,
            y,
            main: nearest.0,
            main_x: nearest.1,
            run: (nearest.1 - x).abs() + (self.corridor - y).abs(),
            on_campus: (self.outline.x + x, self.outline.y + y),
            gate: self.gate,
        }
    }

    /// The main tray between two racks of this room that makes their route shortest: number and length.
    #[must_use]
    pub fn between(&self, a: &Outlet, b: &Outlet) -> (usize, f64) {
        self.mains
            .iter()
            .enumerate()
            .map(|(main, at)| (main, (a.x - at).abs() + (a.y - b.y).abs() + (at - b.x).abs()))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap_or((0, (a.x - b.x).abs() + (a.y - b.y).abs()))
    }
}

impl Outlet {
    /// Straight distance to another outlet [m].
    #[must_use]
    pub fn straight(&self, other: &Self) -> f64 {
        let (from, to) = (self.on_campus, other.on_campus);
        let climb = self.storey.abs_diff(other.storey) as f64 * STOREY_HEIGHT.value();
        ((from.0 - to.0).powi(2) + (from.1 - to.1).powi(2) + climb.powi(2)).sqrt()
    }
}

/// A route: how far it runs, and through what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Route {
    /// Along trays, drops at the racks aside [m].
    pub run: f64,
    /// What it passes.
    pub through: Through,
}

/// What a route passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Through {
    /// Nothing: both ends are in one rack.
    Rack,
    /// Its row tray alone.
    Row,
    /// A main tray of the room.
    Room {
        /// Its number.
        main: usize,
        /// Along the rows, in the building [m].
        at: f64,
    },
    /// The corridor of the building.
    Corridor,
    /// The ducts of the campus.
    Ducts {
        /// The end of either building's corridor through which they leave: low or high.
        ends: [usize; 2],
    },
}

impl Layout {
    /// The route between two outlets; `ways` are those of the first one's room.
    #[must_use]
    pub fn route(&self, ways: &Ways, a: &Outlet, b: &Outlet) -> Route {
        if a.room == b.room {
            if a.row == b.row {
                return Route { run: (a.x - b.x).abs(), through: Through::Row };
            }
            let (main, run) = ways.between(a, b);
            let at = ways.mains.get(main).copied().unwrap_or(a.x);
            return Route { run, through: Through::Room { main, at } };
        }
        let height = STOREY_HEIGHT.value();
        if a.building == b.building {
            let climb = a.storey.abs_diff(b.storey) as f64 * height;
            let run = a.run + (a.main_x - b.main_x).abs() + climb + b.run;
            return Route { run, through: Through::Corridor };
        }
        let climb = (a.storey + b.storey) as f64 * height;
        let place = |outlet: &Outlet| outlet.gate.ends[0] + outlet.main_x;
        let ducts = a.gate.to(place(a), &b.gate, place(b));
        let run = a.run + climb + ducts.run * self.duct_stretch + b.run;
        Route { run, through: Through::Ducts { ends: ducts.ends } }
    }

    /// The corridor of a building on the plan of the campus.
    #[must_use]
    pub fn corridor(&self, building: u64) -> Rect {
        let at = self.building(building);
        Rect { y: at.y + self.corridor_y() - CORRIDOR.value() / 2.0, depth: CORRIDOR.value(), ..at }
    }
}
