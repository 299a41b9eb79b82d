//! Buses of direct current behind rectifiers that stand with the racks: how the rows of a floor share them.
//!
//! The rectifiers of a unit feed one bus: along its rows, with a tie between each and the next, or along the one row that
//! whole units share. A row of a network room and one of spines has a bus of its own.

use super::{Layout, Slot};
use crate::units::Watts;

/// A bus of direct current, and how many like it there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowBus {
    /// Heat of the racks on it.
    pub load: Watts,
    /// Rows along which it runs.
    pub rows: u64,
    /// Of these.
    pub count: u64,
}

impl Layout {
    /// The buses of the floor: halls are alike, but for the last, which has fewer units.
    #[must_use]
    pub fn row_buses(&self) -> Vec<RowBus> {
        let heat = |row: &[Slot]| -> Watts { row.iter().map(|slot| self.demand.heat_of(slot.kind)).sum() };
        let per_hall = self.units_per_hall.max(1);
        // Rows by their first unit, joined where they have no other.
        let mut of_hall: Vec<(u64, bool, RowBus)> = Vec::new();
        for row in &self.hall.rows {
            let units = || row.iter().map(|slot| slot.unit);
            let (Some(first), Some(last)) = (units().min(), units().max()) else { continue };
            let alone = first == last && first < per_hall;
            let same = of_hall.iter_mut().find(|(unit, joins, _)| alone && *joins && *unit == first);
            if let Some((.., bus)) = same {
                bus.load += heat(row);
                bus.rows += 1;
            } else {
                of_hall.push((first, alone, RowBus { load: heat(row), rows: 1, count: 0 }));
            }
        }
        let (full, rest) = (self.units / per_hall, self.units % per_hall);
        // Rows of spines belong to the hall.
        let halls = |unit: u64| if unit >= per_hall { self.halls } else { full + u64::from(unit < rest) };
        let in_halls = of_hall.into_iter().map(|(unit, _, bus)| RowBus { count: halls(unit), ..bus });
        let count = self.network_rooms();
        let in_rooms = self.network_room.iter().flat_map(|room| &room.rows);
        let in_rooms = in_rooms.map(|row| RowBus { load: heat(row), rows: 1, count });
        in_halls.chain(in_rooms).filter(|bus| bus.load.0 > 0.0 && bus.count > 0).collect()
    }
}
