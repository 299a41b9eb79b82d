//! The trays and ducts that cables lie in, and where each sort is fullest.

use super::media::section;
use super::{CablePair, SORTS};
use crate::layout::routes::{Outlet, Through};
use crate::layout::{CORRIDOR, Layout};
use crate::units::Meters;
use std::collections::{BTreeMap, HashMap};

/// Cross-section of a tray, 600 × 100 mm, and of a duct of 100 mm across [mm²]: assumptions, common sizes.
pub const SECTIONS: [f64; 2] = [60_000.0, 7_854.0];
/// Part of a section that may be filled: assumption, as conduit codes allow for many cables.
pub const MOST_FILL: f64 = 0.4;
/// Fibres between two racks of one row from which on they run as a trunk between panels: assumption, a trunk of 144 is the
/// usual step above patch cords.
const TRUNK_FIBRES: u64 = 144;
/// Width of that tray [m].
const TRAY_WIDTH: f64 = 0.6;
/// Trays above each other: under a clear height of 4.5 m five from [`TRAY_HEIGHT`] up, 0.3 m apart; in rooms the upper
/// two make way for busways and pipes. Assumption.
const TIERS_IN_CORRIDORS: u64 = 5;
/// The same in rooms.
const TIERS_IN_ROOMS: u64 = 3;
/// Distance from duct to duct [m], and banks of ducts above each other at each end of a corridor: assumptions.
const DUCT_PITCH: f64 = 0.15;
/// The same upwards.
const DUCT_LAYERS: u64 = 8;

/// Sorts of trays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraySort {
    /// Above a row.
    Row,
    /// Across the rows of a room.
    Main,
    /// Along a building, in its corridor.
    Corridor,
    /// From an end of a building to the streets.
    Ducts,
}

impl TraySort {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Row => "row tray",
            Self::Main => "main tray",
            Self::Corridor => "corridor tray",
            Self::Ducts => "ducts at an end of a building",
        }
    }
}

/// Trays of one sort where they are fullest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrayUse {
    /// Which trays.
    pub sort: TraySort,
    /// Cables through the fullest section.
    pub cables: u64,
    /// Trays, or ducts, that this section needs.
    pub parallel: u64,
    /// Trays, or ducts, that there is room for.
    pub room: u64,
    /// Part of their section that is filled.
    pub fill: f64,
    /// Trays of this sort, as many side by side as each place needs; ducts from building to building, as many as lie
    /// between each two ends.
    pub length: Meters,
}

/// Cables and their cross-section that begin, or end where negative, at a place along a tray.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    cables: i64,
    section: f64,
}

/// Places along a tray in a metre.
const PER_METER: f64 = 1e3;

/// Ducts from an end of a building to one of another: its length, and the cross-section of what lies in them.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    length: f64,
    section: f64,
}

/// Trays or ducts side by side for so much, of a section each.
fn side_by_side(filled: f64, section: f64) -> f64 {
    (filled / (section * MOST_FILL) - 1e-9).ceil().max(0.0)
}

/// What lies in the trays of one sort, by tray and place along it in millimetres.
#[derive(Debug, Default)]
struct Trays(HashMap<(u64, u64), Vec<(i64, Change)>>);

impl Trays {
    fn lay(&mut self, tray: (u64, u64), (from, to): (f64, f64), cables: u64, section: f64) {
        self.begin(tray, from.min(to), cables.cast_signed(), section);
        self.begin(tray, from.max(to), -cables.cast_signed(), -section);
    }

    /// Cables that begin at a place, or end there where they are negative.
    fn begin(&mut self, tray: (u64, u64), at: f64, cables: i64, section: f64) {
        let place = (at * PER_METER).round() as i64;
        self.0.entry(tray).or_default().push((place, Change { cables, section }));
    }

    /// Lays what others have laid beside it.
    fn join(&mut self, other: Self) {
        for (tray, places) in other.0 {
            self.0.entry(tray).or_default().extend(places);
        }
    }

    /// The section of all trays that is fullest of the room for it, which is given by the first part of a tray's number.
    fn fullest(mut self, sort: TraySort, section: f64, room: impl Fn(u64) -> u64) -> TrayUse {
        let (mut most, mut room_of_most) = (Change::default(), room(0).max(1));
        let mut lengths: Vec<f64> = Vec::new();
        for ((at, _), places) in &mut self.0 {
            // Stable: what was laid first at a place is added first, so that sums round the same way every time.
            places.sort_by_key(|(place, _)| *place);
            let room = room(*at).max(1);
            let mut sum = Change::default();
            let (mut before, mut length) = (0, 0.0);
            for laid in places.chunk_by(|(one, _), (other, _)| one == other) {
                let place = laid[0].0;
                length += (place - before) as f64 / PER_METER * side_by_side(sum.section, section);
                before = place;
                for (_, change) in laid {
                    sum.cables += change.cables;
                    sum.section += change.section;
                }
                let (sum_of, most_of) = (sum.section * room_of_most as f64, most.section * room as f64);
                // Equally full ones are told apart by their cables, so that the order of the map does not matter.
                if sum_of > most_of || (sum_of >= most_of && sum.cables > most.cables) {
                    (most, room_of_most) = (sum, room);
                }
            }
            lengths.push(length);
        }
        // Summed in their own order, not that of the map.
        lengths.sort_by(f64::total_cmp);
        let length = Meters(lengths.iter().sum());
        let parallel = side_by_side(most.section, section) as u64;
        let fill = if parallel > 0 { most.section / (section * parallel as f64) } else { 0.0 };
        TrayUse { sort, cables: most.cables.max(0) as u64, parallel, room: room_of_most, fill, length }
    }
}

/// Cables of a rack, as trunks, that one main tray of its room takes, to the corridor or to another row.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    cables: u64,
    section: f64,
    /// Of those to other rows: more that go to higher rows than to lower ones.
    upward: i64,
    upward_section: f64,
    /// Of those to the corridor.
    leaving: u64,
    leaving_section: f64,
}

/// What a rack lays: all of its cables by one main tray go the same way along its row, and are laid together.
#[derive(Clone, Debug, Default)]
struct Laid {
    outlet: Option<Outlet>,
    /// Main trays used, each with its number and place along the rows.
    mains: Vec<(usize, f64, Taken)>,
    /// Cables out of the low and of the high end of the building, and their sections in trunks.
    ducted: [u64; 2],
    trunks: [f64; 2],
}

impl Laid {
    fn by(&mut self, main: usize, at: f64) -> &mut Taken {
        let found = self.mains.iter().position(|(number, ..)| *number == main);
        let place = found.unwrap_or_else(|| {
            self.mains.push((main, at, Taken::default()));
            self.mains.len() - 1
        });
        &mut self.mains[place].2
    }
}

impl Laid {
    fn join(&mut self, other: Self) {
        self.outlet = self.outlet.or(other.outlet);
        for (main, at, taken) in other.mains {
            let own = self.by(main, at);
            own.cables += taken.cables;
            own.section += taken.section;
            own.upward += taken.upward;
            own.upward_section += taken.upward_section;
            own.leaving += taken.leaving;
            own.leaving_section += taken.leaving_section;
        }
        for end in 0..self.ducted.len() {
            self.ducted[end] += other.ducted[end];
            self.trunks[end] += other.trunks[end];
        }
    }
}

/// The trays of a site.
#[derive(Debug, Default)]
pub(super) struct Loads {
    rows: Trays,
    mains: Trays,
    corridors: Trays,
    ducts: Trays,
    /// By building and end, the lower first.
    ways: BTreeMap<[(u64, usize); 2], Way>,
    /// By sort and number of a rack.
    racks: [Vec<Laid>; SORTS],
}

impl Loads {
    /// Lays what another part of the networks has laid beside it.
    pub(super) fn join(&mut self, other: Self) {
        self.rows.join(other.rows);
        self.mains.join(other.mains);
        self.corridors.join(other.corridors);
        self.ducts.join(other.ducts);
        for (ends, way) in other.ways {
            let own = self.ways.entry(ends).or_default();
            *own = Way { section: own.section + way.section, ..way };
        }
        for (own, others) in self.racks.iter_mut().zip(other.racks) {
            if own.len() < others.len() {
                own.resize(others.len(), Laid::default());
            }
            for (own, other) in own.iter_mut().zip(others) {
                own.join(other);
            }
        }
    }

    pub(super) fn add(&mut self, pair: &CablePair) {
        let (a, b, count) = (&pair.start, &pair.stop, pair.count);
        let trunks = section(pair.medium, pair.fibres, true) * count as f64;
        let in_row = section(pair.medium, pair.fibres, pair.fibres * count >= TRUNK_FIBRES) * count as f64;
        let through = pair.route.through;
        match through {
            Through::Rack => return,
            Through::Row => return self.rows.lay((a.room, a.row as u64), (a.x, b.x), count, in_row),
            Through::Corridor => {
                self.corridors.lay((a.building, a.storey), (a.main_x, b.main_x), count, trunks);
            }
            Through::Ducts { ends: [out, into] } => {
                let mut ends = [(a.building, out), (b.building, into)];
                ends.sort_unstable();
                let way = self
                    .ways
                    .entry(ends)
                    .or_insert_with(|| Way { length: a.gate.outside(out, &b.gate, into).1, section: 0.0 });
                way.section += trunks;
            }
            Through::Room { .. } => {}
        }
        for (side, ((outlet, other), (kind, number))) in
            [((a, b), pair.from), ((b, a), pair.to)].into_iter().enumerate()
        {
            let (racks, number) = (&mut self.racks[kind as usize], number as usize);
            if racks.len() <= number {
                racks.resize(number + 1, Laid::default());
            }
            let laid = &mut racks[number];
            laid.outlet = Some(*outlet);
            if let Through::Ducts { ends } = through {
                laid.ducted[ends[side]] += count;
                laid.trunks[ends[side]] += trunks;
            }
            if let Through::Room { main, at } = through {
                let taken = laid.by(main, at);
                taken.cables += count;
                taken.section += trunks;
                if outlet.y < other.y {
                    taken.upward += count.cast_signed();
                    taken.upward_section += trunks;
                } else if outlet.y > other.y {
                    taken.upward -= count.cast_signed();
                    taken.upward_section -= trunks;
                }
            } else {
                let taken = laid.by(outlet.main, outlet.main_x);
                taken.cables += count;
                taken.section += trunks;
                taken.leaving += count;
                taken.leaving_section += trunks;
            }
        }
    }

    /// Lays what the racks lay, and finds the fullest section of each sort of tray.
    pub(super) fn fullest(mut self, layout: &Layout) -> Vec<TrayUse> {
        let middle = layout.corridor_y();
        for laid in self.racks.iter().flatten() {
            let Some(outlet) = &laid.outlet else { continue };
            for (main, at, taken) in &laid.mains {
                let tray = (outlet.room, *main as u64);
                self.rows.lay((outlet.room, outlet.row as u64), (outlet.x, *at), taken.cables, taken.section);
                self.mains.lay(tray, (outlet.y, middle), taken.leaving, taken.leaving_section);
                self.mains.begin(tray, outlet.y, taken.upward, taken.upward_section);
            }
            let [low, high] = outlet.gate.ends;
            for (end, at) in
                [0.0, high - low].into_iter().enumerate().filter(|(end, _)| laid.ducted[*end] > 0)
            {
                let (storey, along) = ((outlet.building, outlet.storey), (outlet.main_x, at));
                self.corridors.lay(storey, along, laid.ducted[end], laid.trunks[end]);
                let bank = (outlet.building, end as u64);
                self.ducts.lay(bank, (0.0, 1.0), laid.ducted[end], laid.trunks[end]);
            }
        }
        let [tray, duct] = SECTIONS;
        let abreast = |width: f64| ((width / TRAY_WIDTH + 1e-9) as u64).max(1);
        // Above the racks of a row and its half of the cold aisle; the hot one may have a roof.
        let row = layout.demand.rack.depth + layout.demand.aisles.cold / 2.0;
        let rows = |_| abreast(row.value()) * TIERS_IN_ROOMS;
        // Main trays cross the rows anywhere, each on its part of the room's width.
        let mains = |room: u64| {
            let own = if room < layout.halls { Some(&layout.hall) } else { layout.network_room.as_ref() };
            own.map_or(1, |room| abreast(room.width / (room.grid.banks + 1) as f64) * TIERS_IN_ROOMS)
        };
        let corridors = |_| abreast(CORRIDOR.value()) * TIERS_IN_CORRIDORS;
        let across = (CORRIDOR.value() / DUCT_PITCH + 1e-9) as u64;
        let ducts = |_| across * DUCT_LAYERS;
        let of_ducts = |way: &Way| way.length * side_by_side(way.section, duct);
        let length = Meters(self.ways.values().map(of_ducts).sum());
        vec![
            self.rows.fullest(TraySort::Row, tray, rows),
            self.mains.fullest(TraySort::Main, tray, mains),
            self.corridors.fullest(TraySort::Corridor, tray, corridors),
            TrayUse { length, ..self.ducts.fullest(TraySort::Ducts, duct, ducts) },
        ]
    }
}
