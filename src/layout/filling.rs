//! How units fill rows, and network racks rooms of their own.

use super::demand::{LayoutDemand, LeafPlace, RackKind};
use super::grid::{Grid, Slot, share_of};
use super::{
    AIR_HANDLER_WIDTH, Cooling, DELIVERY_AISLE, FAN_WALL_DEPTH, GALLERY_DEPTH, Room, air_handlers, room_about,
};
use crate::fleet::cdus;
use crate::units::{Meters, Watts};

/// Bound on the positions of a row, far beyond any, so that a rack without width cannot ask for endless ones.
const MOST_PER_ROW: u64 = 10_000;

/// Racks of one unit by sort.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitRacks {
    pub(super) compute: u64,
    pub(super) leaf: u64,
    pub(super) spine: u64,
    pub(super) circuit: u64,
    pub(super) storage: u64,
    pub(super) management: u64,
    pub(super) power: u64,
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
    pub(super) fn most_per_row(&self) -> u64 {
        let walls = if self.unit_air > Watts(0.0) { FAN_WALL_DEPTH * 2.0 } else { Meters(0.0) };
        let ends = self.aisles.row_end * 2.0 + self.delivery();
        let between = self.given_hall.map(|[along, _]| along - walls - ends);
        let length = between.map_or(self.aisles.row_length, |inner| inner.min(self.aisles.row_length));
        ((length / self.rack.width + 1e-9).floor() as u64).clamp(1, MOST_PER_ROW)
    }

    /// What the delivery aisle takes beyond the passage at the end of a row.
    pub(super) fn delivery(&self) -> Meters {
        (DELIVERY_AISLE - self.aisles.row_end).max(Meters(0.0))
    }

    /// Whether a room fits the halls that are there.
    pub(super) fn holds(&self, room: &Room) -> bool {
        self.given_hall.is_none_or(|[along, across]| {
            room.width <= along.value() + 1e-9 && room.depth <= across.value() + 1e-9
        })
    }

    /// Positions of the fullest of evenly shared rows of so many units.
    pub(super) fn fullest(&self, racks: &UnitRacks, units: u64, rows: u64) -> u64 {
        let part = |(kind, count): &(RackKind, u64)| (units * count).div_ceil(rows) * self.footprint(*kind);
        racks.counts().iter().map(part).sum()
    }

    /// Whether that row is short enough, and each of its busways carries what hangs on it.
    pub(super) fn fits(&self, racks: &UnitRacks, units: u64, rows: u64) -> bool {
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
    pub(super) fn rows_of(&self, racks: &UnitRacks, units: u64, leaf: LeafPlace) -> Vec<Vec<Slot>> {
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
    pub(super) fn part_of_unit(
        racks: &UnitRacks,
        unit: u64,
        (row, rows): (u64, u64),
        leaf: LeafPlace,
    ) -> Vec<Slot> {
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

    pub(super) fn grid(&self, rows: &[Vec<Slot>]) -> Grid {
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
    pub(super) fn network_rows(&self, cores: u64, spines: u64, beside: u64) -> Vec<Vec<Slot>> {
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
    pub(super) fn network_room(&self, rows: Vec<Vec<Slot>>, depth: f64) -> Room {
        let [liquid, air] = self.split(&rows);
        let past_doors = air * (1.0 - self.door_share.0);
        let cooling = Cooling {
            cdus: cdus(liquid, self.cdu).total(),
            air_handlers: air_handlers(past_doors, self.air_handler),
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
