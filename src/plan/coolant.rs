//! The cooling of a plan as people read it: loops of coolant, the design hour, and what the year takes and gives.

use super::dry_air::dry_air;
use super::equipment::{Machine, Place};
use super::mechanical;
use super::result::{CduGroup, CoolantLoop, Cooling, SystemFloor};
use super::sizing::{self, Draw, FacilityHour, FacilityYear, Unbuildable};
use super::standing::{self, Standing};
use crate::cooling::Year;
use crate::cooling::air::chilled_tank;
use crate::cooling::direct_to_chip::coolant_flow;
use crate::cooling::hydraulics::cdu_group::{CduGroupLoop, CduUnit, GroupFlows};
use crate::cooling::hydraulics::{Branch, Fluid, HydraulicsError, RowManifold, rack_curve};
use crate::fleet::{self, cdus};
use crate::scenario::Fields;
use crate::units::{
    Celsius, CubicMeters, CubicMetersPerJoule, CubicMetersPerSecond, Joules, Kelvin, Meters, Pascals, Share,
    Watts,
};

/// Hoses and quick disconnects of a rack at its planned flow: estimate for a GB300 rack.
const HOSES: Pascals = Pascals(25e3);
/// Heat exchanger, strainer and valves of a CDU at the flow that its racks are planned with: estimate.
const EXCHANGER: Pascals = Pascals(40e3);
/// Pressure drop of a rack whose maker publishes none: between the 73 kPa of a GB300 rack at 40 °C and its 133 at 45 °C.
const UNKNOWN_RACK: Pascals = Pascals(100e3);
/// Pipe from a CDU in the gallery to the first rack of its row: half a hall. An assumption.
const FEED: Meters = Meters(8.0);
/// Shaft power of a pump into hydraulic power: 70 % to 80 % at the best point of this size, less beside it (recalled).
pub(super) const PUMP_EFFICIENCY: f64 = 0.72;
/// Electrical into shaft power: motors of class IE4 and IE5 95 % and their drives 96 % to 97 %, less at part load (recalled).
pub(super) const MOTOR_EFFICIENCY: f64 = 0.9;
/// Flow that CDUs are rated for per heat: 1.5 L/min for each kilowatt, as one maker rates its unit and a reference design asks.
pub(super) const RATED_FLOW: CubicMetersPerJoule = CubicMetersPerJoule(1.5 / 60_000.0 / 1e3);

/// Loops with heat, and what of it goes through chillers in the design hour.
fn on_chillers(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
) -> Vec<(&'static str, Share)> {
    let mut sums = ["coolant", "rear doors", "air of the halls"].map(|name| (name, Watts(0.0), Watts(0.0)));
    for plant in sizing::at_part(place, loads, design, 1.0).loops {
        for (sum, (heat, chilled)) in sums.iter_mut().zip(plant.on_chillers(&design.weather)) {
            sum.1 += heat;
            sum.2 += chilled;
        }
    }
    let warm = sums.into_iter().filter(|(_, heat, _)| heat.0 > 0.0);
    warm.map(|(name, heat, chilled)| (name, Share(chilled / heat))).collect()
}

/// The cooling of a plan.
#[must_use]
pub fn cooling(
    fields: &Fields,
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    (year, energy): (&Year, &FacilityYear),
    standing: &Standing,
) -> Cooling {
    let part = sizing::duty(loads);
    let at_part = sizing::at_part(place, loads, design, part);
    let warm = at_part.loops.iter().map(|plant| plant.loops[0]).filter(|heat| heat.heat_w > 0.0);
    let leaving = warm.map(|heat| heat.supply_c + heat.range_k).fold(f64::INFINITY, f64::min);
    let tanks = chilled_tank(design.chilled(), fields.cooling.chilled_store);
    let coolant: Vec<_> = loads
        .iter()
        .filter(|(machine, draw)| draw.racks > 0 && machine.liquid_share.0 > 0.0)
        .map(|(machine, draw)| coolant_loop(fields, place, machine, draw, standing))
        .collect();
    Cooling {
        design: fields.cooling.design.clone(),
        design_dry_bulb: design.weather.dry_bulb,
        design_wet_bulb: design.weather.wet_bulb,
        design_mode: design.plant.mode.word(),
        on_chillers: on_chillers(place, loads, design),
        air_density: place.air_density(),
        chilled: design.plant.chilled,
        other_hour: (design.other.0.dry_bulb, design.other.0.wet_bulb, design.other.1.chilled),
        chillers: design.chilled(),
        tanks,
        installed_rejection: mechanical::installed(place, loads, design, standing.layout.buildings),
        schedule: mechanical::schedule(place, loads, (design, &energy.wettest), standing, &coolant, tanks),
        coolant,
        dry_air: dry_air(place, loads, design, year),
        trim_hours: energy.trim_hours,
        wet_hours: energy.wet_hours,
        peak_of_year: Watts(energy.peak_w),
        design_water: energy.wettest.water,
        water: CubicMeters(energy.water_m3),
        evaporated: CubicMeters(energy.evaporated_m3),
        drift: CubicMeters(energy.drift_m3),
        blown_down: CubicMeters(energy.water_m3 - energy.evaporated_m3 - energy.drift_m3),
        warm_water: Joules(energy.warm_water_j),
        heating_season: Joules(energy.heating_season_j),
        warm_water_at: leaving.is_finite().then_some(Celsius(leaving)),
    }
}

/// What the coolant pumps of a system take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoolantPumps {
    /// Power over liquid heat at full flow.
    pub share: Share,
    /// What flows then.
    flows: GroupFlows,
    /// The halls that it was solved for.
    of: HallShape,
}

/// What the network of a hall is made of, the system aside.
#[derive(Debug, Clone, Copy, PartialEq)]
struct HallShape {
    racks: u64,
    racks_of_row: u64,
    row_pitch: Meters,
    cdus: fleet::CduGroup,
    bought: Share,
    approach: Kelvin,
}

/// Solves the coolant network of each system's halls: what its pumps take follows from it.
///
/// Where no network can be solved, and where racks have no coolant, the catalogue's share of the heat stands.
pub(crate) fn settle_pumps(
    fields: &Fields,
    place: &Place,
    machines: &mut [Machine],
) -> Result<(), Unbuildable> {
    // Racks of a row and a hall hardly ask how many halls there are: feeders aside, as nobody has solved them yet.
    let place = place.clone().with_feeder_loss(Share(0.0));
    for machine in machines {
        let draw = sizing::fill(fields, &place, machine)?;
        if draw.racks == 0 || machine.liquid_share.0 <= 0.0 {
            machine.coolant_pumps = None;
            continue;
        }
        let loads = [(&*machine, &draw)];
        let design = sizing::design_hour(&place, &loads);
        let standing = standing::outline(fields, &place, &loads, &design);
        let of = shape(fields, &place, machine, &draw, &standing);
        // Many places build the same halls.
        if machine.coolant_pumps.is_none_or(|solved| solved.of != of) {
            let hall = hall(machine, &of);
            let solved = hall.pumps().zip(hall.solved.ok());
            machine.coolant_pumps = solved.map(|(share, flows)| CoolantPumps { share, flows, of });
        }
    }
    Ok(())
}

/// Groups of CDUs in one hall of a system.
struct Hall {
    network: CduGroupLoop,
    solved: Result<GroupFlows, HydraulicsError>,
}

impl Hall {
    /// Pump power over liquid heat.
    fn pumps(&self) -> Option<Share> {
        let hydraulic = self.solved.as_ref().ok()?.all.hydraulic;
        Some(Share(hydraulic / self.network.heat / (PUMP_EFFICIENCY * MOTOR_EFFICIENCY)))
    }
}

/// The row manifold of a system with so many racks on it.
fn row(machine: &Machine, racks: u64) -> RowManifold {
    let range = machine.coolant.1.above(machine.coolant.0);
    let rack_flow = coolant_flow(machine.compute_bound.rack * machine.liquid_share.0, range);
    let faster = machine.coolant_flow.0;
    RowManifold {
        racks: u32::try_from(racks.max(1)).unwrap_or(u32::MAX).min(MOST_RACKS),
        pitch: machine.system.rack.width.value * f64::from(machine.system.rack.positions),
        feed: FEED,
        rack_flow,
        rack: rack_branch(machine, rack_flow),
        exchanger: EXCHANGER * (faster * faster),
        fluid: Fluid::propylene_glycol_25(machine.coolant.0 + Kelvin(range.0 / 2.0)),
    }
}

/// The halls of a system.
fn shape(fields: &Fields, place: &Place, machine: &Machine, draw: &Draw, standing: &Standing) -> HallShape {
    let of = |list: &[(String, u64)]| {
        let found = list.iter().find(|(id, _)| *id == machine.id);
        found.map_or(1, |(_, racks)| (*racks).clamp(1, draw.racks.max(1)))
    };
    let aisles = fields.layout.cold_aisle + fields.layout.hot_aisle;
    HallShape {
        racks: of(&standing.racks_of_hall),
        racks_of_row: of(&standing.racks_of_row).min(u64::from(MOST_RACKS)),
        row_pitch: machine.system.rack.depth.value + aisles / 2.0,
        cdus: place.cdus,
        bought: place.plant.coolant_pump_share,
        approach: place.plant.cdu_approach,
    }
}

/// The largest group of a hall: its units with their spare, and the rows on its headers.
fn hall(machine: &Machine, shape: &HallShape) -> Hall {
    let of_row = shape.racks_of_row;
    let rack_heat = machine.compute_bound.rack * machine.liquid_share.0;
    let counted = cdus(rack_heat * shape.racks as f64, shape.cdus);
    let groups = counted.spare.max(1);
    let racks = shape.racks.div_ceil(groups);
    let heat = rack_heat * racks as f64;
    let duty = counted.duty.div_ceil(groups);
    let mut rows = vec![row(machine, of_row); (racks / of_row) as usize];
    if !racks.is_multiple_of(of_row) {
        rows.push(row(machine, racks % of_row));
    }
    let capacity = shape.cdus.capacity;
    let rated_flow = RATED_FLOW * capacity;
    // Pumps are bought for the head that the catalogue's power lifts at their rated flow.
    let bought = capacity * (shape.bought.0 * PUMP_EFFICIENCY * MOTOR_EFFICIENCY);
    // A unit passes its capacity at the flow that the racks take for it.
    let passed = rows[0].rack_flow * (capacity / rack_heat);
    let network = CduGroupLoop {
        units: u32::try_from(duty + counted.spare.min(1)).unwrap_or(u32::MAX).min(MOST_RACKS),
        unit: CduUnit {
            capacity,
            rated_flow,
            rated_head: Pascals(bought.0 / rated_flow.0),
            approach: shape.approach,
            exchanger: Branch::through(passed, rows[0].exchanger),
        },
        rows,
        row_pitch: shape.row_pitch,
        heat,
    };
    let known = machine.coolant_pumps.filter(|known| known.of == *shape);
    let solved = known.map_or_else(|| network.solve(), |known| Ok(known.flows));
    Hall { network, solved }
}

/// The coolant of one system: a rack, the row that feeds it, and the group of CDUs that feeds the rows.
fn coolant_loop(
    fields: &Fields,
    place: &Place,
    machine: &Machine,
    draw: &Draw,
    standing: &Standing,
) -> CoolantLoop {
    let hall = hall(machine, &shape(fields, place, machine, draw, standing));
    let row = hall.network.rows[0];
    // As they stand, hall by hall; of each group the spare ones.
    let floor = standing.layout.floors.iter().find(|floor| floor.system == machine.id);
    let all = floor.map_or(0, |floor| floor.layout.cdus());
    let of_hall = |floor: &SystemFloor| floor.layout.demand.unit_liquid * floor.layout.units_per_hall as f64;
    let group = cdus(floor.map_or(draw.liquid, of_hall), place.cdus);
    let spare = all * group.spare / group.total().max(1);
    let cdus = [all - spare, spare];
    // What a unit lifts at the flow that one of the group's duty units has.
    let duty = f64::from(hall.network.units).max(2.0) - 1.0;
    let flow =
        row.rack_flow * (hall.network.heat / (machine.compute_bound.rack * machine.liquid_share.0)) / duty;
    let solved = hall.pumps();
    let faster = machine.coolant_flow.0;
    let catalogue = Share(place.plant.coolant_pump_share.0 * faster * faster * faster);
    CoolantLoop {
        system: machine.id.clone(),
        supply: machine.coolant.0,
        leaving: machine.coolant.1,
        rack_flow: row.rack_flow,
        cdus,
        racks_of_row: row.racks,
        rated_head: hall.network.unit.head(flow),
        row: row.solve().map_err(|error| error.to_string()),
        group: CduGroup {
            units: hall.network.units,
            capacity: place.cdus.capacity,
            approach: place.plant.cdu_approach,
            rows: hall.network.rows.len() as u32,
            racks: hall.network.rows.iter().map(|row| row.racks).sum(),
            flows: hall.solved.map_err(|error| error.to_string()),
        },
        pump_share: solved.unwrap_or(catalogue),
        pumps_are_solved: solved.is_some(),
        pump_efficiency: PUMP_EFFICIENCY * MOTOR_EFFICIENCY,
    }
}

/// Racks of a row, and units of a group, at most: for a network that is solved while a user waits.
const MOST_RACKS: u32 = 60;

/// A rack with its hoses as one curve.
fn rack_branch(machine: &Machine, flow: CubicMetersPerSecond) -> Branch {
    let points: Vec<_> =
        machine.system.rack.coolant_curve.iter().map(|point| (point.flow, point.pressure_drop)).collect();
    let planned = flow / machine.coolant_flow.0;
    let Some(Branch::Curve { linear, square }) = rack_curve(&points) else {
        return Branch::through(planned, UNKNOWN_RACK + HOSES);
    };
    let hoses = HOSES.0 / (planned.0 * planned.0);
    Branch::Curve { linear, square: square + hoses }
}
