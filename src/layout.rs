//! The floor: racks in rows, rows in halls, halls in buildings, buildings on a campus.
//!
//! ~~~text
//! racks of a row   ≤ longest row / rack width,  and their heat ≤ busway
//! rows of a hall   the fewest that hold the hall's units within both limits, spread evenly
//! row pitch        rack depth + (cold aisle + hot aisle) / 2
//! halls            ceil(units / units of a hall), all built alike; one hall alone is built for its units
//! buildings        ceil(halls / halls of a building)
//! ~~~
//!
//! Rows stand back to back in banks side by side, as many as make the hall closest to a square. CDUs stand in a
//! gallery along one side. Racks that belong to no unit, such as the core of the network, stand in a network room.
//! [`cables`] measures routes on this grid. Left out: columns, doors, ramps, and everything outside a building but
//! the distance between two.

pub mod cables;

use crate::units::{Kilograms, Meters, Pascals, SquareMeters, Watts};

/// Standard gravity [m/s²].
pub const GRAVITY: f64 = 9.806_65;
/// Gross area of building and plant for each watt of IT [m²/W].
///
/// 45,060 m² for about 105 MW, each of the Abilene buildings; other AI halls are quoted at 560–740 m²/MW.
pub const AREA_PER_IT_WATT: f64 = 430e-6;
/// Depth of the gallery that holds CDUs and their service aisle: assumption.
pub const GALLERY_DEPTH: Meters = Meters(3.0);
/// Clear distance between two buildings for roads, yards and fire separation: assumption.
pub const BUILDING_GAP: Meters = Meters(60.0);
/// Height of a storey with its floor and services: assumption.
pub const STOREY_HEIGHT: Meters = Meters(8.0);

/// Bound on the positions of a row, far beyond any, so that a rack without width cannot ask for endless ones.
const MOST_PER_ROW: u64 = 10_000;

/// Size and mass of a rack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RackBody {
    /// Width along the row.
    pub width: Meters,
    /// Depth across the row.
    pub depth: Meters,
    /// Mass, filled.
    pub mass: Kilograms,
}

/// Distances to keep; no table for rack-scale systems is published, so the defaults are assumptions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aisles {
    /// Aisle in front of racks, wide enough to turn one on delivery.
    pub cold: Meters,
    /// Contained aisle behind racks.
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

/// What has to stand on the floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayoutDemand {
    /// Accelerator racks of the whole site.
    pub compute_racks: u64,
    /// Rack positions that one accelerator rack takes.
    pub positions_per_compute_rack: u64,
    /// Accelerator racks of a scalable unit.
    pub unit_compute_racks: u64,
    /// Network, storage, management and power racks that stand with each unit.
    pub unit_support_racks: u64,
    /// Racks that belong to no unit and stand in the network room.
    pub central_racks: u64,
    /// CDUs of the whole site.
    pub cdus: u64,
    /// Size and mass of an accelerator rack; the others take the same position.
    pub rack: RackBody,
    /// Heat of an accelerator rack.
    pub rack_heat: Watts,
    /// Heat of a support rack.
    pub support_rack_heat: Watts,
    /// What the busways of one row carry continuously.
    pub busway: Watts,
    /// Distances to keep.
    pub aisles: Aisles,
    /// Units of a hall.
    pub units_per_hall: u64,
    /// Halls of a building.
    pub halls_per_building: u64,
    /// Storeys of a building.
    pub storeys: u64,
    /// IT power of the site, which sizes building and plant.
    pub it: Watts,
    /// Gross area for each watt of IT [m²/W].
    pub area_per_it_watt: f64,
}

/// Whole units that a hall's IT limit admits, at least one.
#[must_use]
pub fn units_within(hall_it: Watts, unit_it: Watts) -> u64 {
    if unit_it > Watts(0.0) { ((hall_it / unit_it + 1e-9).floor() as u64).max(1) } else { 1 }
}

/// A floor plan on a regular grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Buildings.
    pub buildings: u64,
    /// Halls of all buildings.
    pub halls: u64,
    /// Units that a hall is built for.
    pub units_per_hall: u64,
    /// Rows of all halls and of the network room.
    pub rows: u64,
    /// Rows of one hall.
    pub rows_per_hall: u64,
    /// Rows of the network room.
    pub network_room_rows: u64,
    /// Positions of a row.
    pub racks_per_row: u64,
    /// Banks of rows side by side in a hall.
    pub banks: u64,
    /// Rows of a bank.
    pub rows_per_bank: u64,
    /// Positions of all rows.
    pub positions: u64,
    /// Positions that no rack takes.
    pub leftover_positions: u64,
    /// Positions that a unit takes.
    pub unit_positions: u64,
    /// Width of a position along the row.
    pub rack_width: Meters,
    /// Distance from row to row.
    pub row_pitch: Meters,
    /// Length of a row.
    pub row_length: Meters,
    /// Hall along the rows, gallery excluded.
    pub hall_x: Meters,
    /// Hall across the rows, gallery included.
    pub hall_y: Meters,
    /// One storey of a building along its longer side.
    pub building_x: Meters,
    /// One storey of a building along its shorter side.
    pub building_y: Meters,
    /// Buildings side by side along x.
    pub building_columns: u64,
    /// Storeys of a building.
    pub storeys: u64,
    /// Area of halls, galleries and the network room.
    pub white_space: SquareMeters,
    /// Gross area of buildings and plant.
    pub total_area: SquareMeters,
    /// Heat of the most loaded row: above the busway, no row can hold even one such rack.
    pub row_power: Watts,
    /// Load under a rack.
    pub rack_load: Pascals,
    /// Load averaged over rack and half of each aisle.
    pub floor_load: Pascals,
}

impl Layout {
    /// Campus along x and y, from the outer wall of the first building to that of the last.
    #[must_use]
    pub fn campus(&self) -> (Meters, Meters) {
        let lines = self.buildings.div_ceil(self.building_columns.max(1)).max(1);
        let side = |count: u64, length: Meters| {
            let gaps = BUILDING_GAP * (count.saturating_sub(1) as f64);
            length * (count as f64) + gaps
        };
        (side(self.building_columns.max(1), self.building_x), side(lines, self.building_y))
    }
}

/// Positions and rows of one hall.
#[derive(Clone, Copy, Debug)]
struct Rows {
    count: u64,
    per_row: u64,
    power: Watts,
}

/// Heat of the most loaded of evenly filled rows.
fn row_heat(demand: &LayoutDemand, compute: u64, support: u64, rows: u64) -> Watts {
    demand.rack_heat * (compute.div_ceil(rows) as f64)
        + demand.support_rack_heat * (support.div_ceil(rows) as f64)
}

/// The fewest rows that hold a hall's units within row length and busway.
fn rows_for(demand: &LayoutDemand, units: u64, most_per_row: u64) -> Rows {
    let compute = units * demand.unit_compute_racks;
    let support = units * demand.unit_support_racks;
    let footprint = demand.positions_per_compute_rack.max(1);
    let row_positions = |rows: u64| compute.div_ceil(rows) * footprint + support.div_ceil(rows);
    let fits = |rows: u64| {
        row_positions(rows) <= most_per_row && row_heat(demand, compute, support, rows) <= demand.busway
    };
    // One rack in a row is the most that more rows can give, so the search ends there, fitting or not. The load of a
    // row never grows with more rows, which is what makes bisection right.
    let (mut low, mut high) = (1, compute.max(support).max(1));
    while low < high {
        let middle = low.midpoint(high);
        if fits(middle) { high = middle } else { low = middle + 1 }
    }
    Rows { count: low, per_row: row_positions(low), power: row_heat(demand, compute, support, low) }
}

/// Rows next to each other that make a hall closest to a square.
fn banks(rows: u64, row: Meters, pitch: Meters) -> u64 {
    let ideal = (pitch * (rows as f64) / row).sqrt();
    (ideal.round() as u64).clamp(1, rows.max(1))
}

/// Places a fleet on the floor; the module's doc gives the rules.
///
/// More racks never take fewer rows: halls are built alike, so a hall begun is a hall built.
#[must_use]
pub fn layout(demand: &LayoutDemand) -> Layout {
    let units = demand.compute_racks.div_ceil(demand.unit_compute_racks.max(1)).max(1);
    let units_per_hall = demand.units_per_hall.max(1).min(units);
    let halls = units.div_ceil(units_per_hall);
    let buildings = halls.div_ceil(demand.halls_per_building.max(1));
    let most_per_row =
        ((demand.aisles.row_length / demand.rack.width + 1e-9).floor() as u64).clamp(1, MOST_PER_ROW);
    let hall = rows_for(demand, units_per_hall, most_per_row);
    let network_room_rows = demand.central_racks.div_ceil(most_per_row);

    let pitch = demand.rack.depth + (demand.aisles.cold + demand.aisles.hot) / 2.0;
    let row_length = demand.rack.width * (hall.per_row as f64);
    let banks = banks(hall.count, row_length + demand.aisles.row_end, pitch);
    let rows_per_bank = hall.count.div_ceil(banks);
    let hall_x = row_length * (banks as f64) + demand.aisles.row_end * (banks as f64 + 1.0);
    let gallery = if demand.cdus > 0 { GALLERY_DEPTH } else { Meters(0.0) };
    let hall_y = pitch * (rows_per_bank as f64) + demand.aisles.cold + gallery;
    let network_row = demand.rack.width * (most_per_row as f64) + demand.aisles.row_end * 2.0;
    let network_room = network_row * (pitch * (network_room_rows as f64));
    let white_space = hall_x * hall_y * (halls as f64) + network_room;
    let total_area = white_space.max(SquareMeters(demand.it.value() * demand.area_per_it_watt));

    let storeys = demand.storeys.max(1);
    let floor = total_area.value() / ((buildings * storeys) as f64);
    // Twice as long as wide, as long as the building holds a hall across.
    let building_y = Meters((floor / 2.0).sqrt());
    let building_x = Meters(floor / building_y.value());
    let spacing = (building_x + BUILDING_GAP, building_y + BUILDING_GAP);
    let columns = (spacing.1 * (buildings as f64) / spacing.0).sqrt().round() as u64;

    let footprint = demand.positions_per_compute_rack.max(1);
    let positions = halls * hall.count * hall.per_row + network_room_rows * most_per_row;
    let taken = demand.compute_racks * footprint + units * demand.unit_support_racks + demand.central_racks;
    let weight = demand.rack.mass.value() * GRAVITY;
    let area = demand.rack.width * (footprint as f64);
    Layout {
        buildings,
        halls,
        units_per_hall,
        rows: halls * hall.count + network_room_rows,
        rows_per_hall: hall.count,
        network_room_rows,
        racks_per_row: hall.per_row,
        banks,
        rows_per_bank,
        positions,
        leftover_positions: positions.saturating_sub(taken),
        unit_positions: demand.unit_compute_racks * footprint + demand.unit_support_racks,
        rack_width: demand.rack.width,
        row_pitch: pitch,
        row_length,
        hall_x,
        hall_y,
        building_x,
        building_y,
        building_columns: columns.clamp(1, buildings.max(1)),
        storeys,
        white_space,
        total_area,
        row_power: hall.power,
        rack_load: Pascals(weight / (area * demand.rack.depth).value()),
        floor_load: Pascals(weight / (area * pitch).value()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One gigawatt's worth of GB300 racks: 8 a unit, 5 support racks with each, 44 units a hall.
    pub(crate) fn gb300() -> LayoutDemand {
        LayoutDemand {
            compute_racks: 5_600,
            positions_per_compute_rack: 1,
            unit_compute_racks: 8,
            unit_support_racks: 5,
            central_racks: 200,
            cdus: 500,
            rack: RackBody { width: Meters(0.6), depth: Meters(1.2), mass: Kilograms(1_600.0) },
            rack_heat: Watts(140e3),
            support_rack_heat: Watts(15e3),
            busway: Watts(1.2e6),
            aisles: Aisles::default(),
            units_per_hall: 44,
            halls_per_building: 2,
            storeys: 1,
            it: Watts(840e6),
            area_per_it_watt: AREA_PER_IT_WATT,
        }
    }

    // 1.6 t · 9.81 / (0.6 · 1.2 m²) = 21.8 kN/m²; pitch 1.2 + (1.8 + 1.2)/2 = 2.7 m: 9.7 kN/m².
    #[test]
    fn a_rack_of_1600_kg_loads_the_floor_with_ten_kilonewtons() {
        let plan = layout(&gb300());
        assert!((plan.rack_load.value() - 21_793.0).abs() < 10.0);
        assert!((plan.floor_load.value() - 9_686.0).abs() < 10.0);
    }

    // 8 · 140 + 5 · 15 = 1,195 kW ≤ 1.2 MW: one unit of 13 positions a row.
    #[test]
    fn one_unit_of_eight_racks_fills_a_row_of_the_published_power() {
        let plan = layout(&gb300());
        assert_eq!((plan.racks_per_row, plan.rows_per_hall), (13, 44));
        assert!((plan.row_power.value() - 1.195e6).abs() < 1e-3);
        assert_eq!((plan.halls, plan.buildings), (16, 8));
    }

    // 700 units over 16 halls of 44: 4 rows of 13 stay empty; 200 central racks in 7 rows of 33 leave 31.
    #[test]
    fn leftover_positions_are_what_the_last_hall_and_the_network_room_lack() {
        let plan = layout(&gb300());
        assert_eq!(plan.leftover_positions, 4 * 13 + 31);
        assert_eq!(plan.rows, 16 * 44 + 7);
    }

    // 840 MW · 430 m²/MW = 361,200 m² in 8 buildings of 45,150 m², as at Abilene.
    #[test]
    fn buildings_have_the_gross_area_of_published_ones() {
        let plan = layout(&gb300());
        assert!((plan.total_area.value() - 361_200.0).abs() < 1.0);
        assert!(plan.white_space < plan.total_area);
    }

    #[test]
    fn a_rack_above_the_busway_stands_alone_and_shows_it() {
        let plan = layout(&LayoutDemand { busway: Watts(100e3), unit_support_racks: 0, ..gb300() });
        assert_eq!(plan.racks_per_row, 1);
        assert!(plan.row_power > Watts(100e3));
    }

    #[test]
    fn a_hall_takes_the_units_that_its_power_admits() {
        assert_eq!(units_within(Watts(52.5e6), Watts(1.2e6)), 43);
        assert_eq!(units_within(Watts(1.0), Watts(1.2e6)), 1);
    }

    proptest! {
        #[test]
        fn every_rack_has_a_position_and_more_racks_never_take_fewer_rows(
            compute in 0_u64..20_000, more in 0_u64..2_000, footprint in 1_u64..3, unit in 1_u64..20,
            support in 0_u64..10, hall in 1_u64..80, busway in 0.1e6_f64..3e6, width in 0.5_f64..1.2,
        ) {
            let demand = LayoutDemand {
                compute_racks: compute,
                positions_per_compute_rack: footprint,
                unit_compute_racks: unit,
                unit_support_racks: support,
                units_per_hall: hall,
                busway: Watts(busway),
                rack: RackBody { width: Meters(width), ..gb300().rack },
                ..gb300()
            };
            let (small, large) = (layout(&demand), layout(&LayoutDemand { compute_racks: compute + more, ..demand }));
            let racks = compute * footprint + compute.div_ceil(unit) * support + demand.central_racks;
            prop_assert!(small.positions >= racks);
            prop_assert!(small.positions - small.leftover_positions >= racks);
            prop_assert!(small.rows <= large.rows);
            prop_assert!(small.halls <= large.halls);
            prop_assert!(small.banks * small.rows_per_bank >= small.rows_per_hall);
            // A row is longer or hotter than allowed only where a single rack of each sort already is.
            let single = demand.rack_heat + demand.support_rack_heat;
            if busway >= single.value() {
                prop_assert!(small.row_power <= demand.busway);
            }
        }
    }
}
