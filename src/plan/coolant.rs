//! The cooling of a plan as people read it: loops of coolant, the design hour, and what the year takes and gives.

use super::equipment::{Machine, Place};
use super::result::{CoolantLoop, Cooling};
use super::sizing::{self, Draw, FacilityHour, FacilityYear};
use super::standing::Standing;
use crate::cooling::direct_to_chip::coolant_flow;
use crate::cooling::heat_rejection::make_up_ratio;
use crate::cooling::hydraulics::{Branch, Fluid, RowManifold, rack_curve};
use crate::fleet::cdus;
use crate::scenario::Fields;
use crate::units::{Celsius, CubicMeters, CubicMetersPerSecond, Joules, Kelvin, Meters, Pascals, Watts};

/// Hoses and quick disconnects of a rack at its planned flow: estimate for a GB300 rack.
const HOSES: Pascals = Pascals(25e3);
/// Heat exchanger, strainer and valves of a CDU at the flow of its row: estimate.
const EXCHANGER: Pascals = Pascals(40e3);
/// Pressure drop of a rack whose maker publishes none: between the 73 kPa of a GB300 rack at 40 °C and its 133 at 45 °C.
const UNKNOWN_RACK: Pascals = Pascals(100e3);
/// Pipe from a CDU in the gallery to the first rack of its row: half a hall. An assumption.
const FEED: Meters = Meters(8.0);
/// Electrical power into hydraulic power: pump, motor and drive. An assumption, 60 to 70 % being usual.
const PUMP_EFFICIENCY: f64 = 0.65;

/// The cooling of a plan.
#[must_use]
pub fn cooling(
    fields: &Fields,
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    energy: &FacilityYear,
    standing: &Standing,
) -> Cooling {
    let part = sizing::duty(loads);
    let at_part = sizing::at_part(place, loads, design, part);
    let warm = at_part.loops.iter().map(|plant| plant.loops[0]).filter(|heat| heat.heat_w > 0.0);
    let leaving = warm.map(|heat| heat.supply_c + heat.range_k).fold(f64::INFINITY, f64::min);
    let evaporated = energy.water_m3 / make_up_ratio(place.plant.cycles_of_concentration.0);
    Cooling {
        design: fields.cooling.design.clone(),
        design_dry_bulb: design.weather.dry_bulb,
        design_wet_bulb: design.weather.wet_bulb,
        design_mode: design.plant.mode.word(),
        chilled: design.plant.chilled,
        installed_rejection: place.plant.installed_rejection(&design.plant),
        coolant: loads
            .iter()
            .filter(|(machine, draw)| draw.racks > 0 && machine.liquid_share.0 > 0.0)
            .map(|(machine, draw)| coolant_loop(place, machine, draw, standing))
            .collect(),
        trim_hours: energy.trim_hours,
        wet_hours: energy.wet_hours,
        peak_of_year: Watts(energy.peak_w),
        water: CubicMeters(energy.water_m3),
        evaporated: CubicMeters(evaporated),
        blown_down: CubicMeters(energy.water_m3 - evaporated),
        warm_water: Joules(energy.warm_water_j),
        heating_season: Joules(energy.heating_season_j),
        warm_water_at: leaving.is_finite().then_some(Celsius(leaving)),
    }
}

/// The coolant of one system: a rack, and the row that feeds it.
fn coolant_loop(place: &Place, machine: &Machine, draw: &Draw, standing: &Standing) -> CoolantLoop {
    let range = machine.coolant.1.above(machine.coolant.0);
    let heat = machine.compute_bound.rack * machine.liquid_share.0;
    let rack_flow = coolant_flow(heat, range);
    let racks = standing
        .racks_of_row
        .iter()
        .find(|(id, _)| *id == machine.id)
        .map_or(1, |(_, racks)| (*racks).clamp(1, draw.racks.max(1)));
    let middle = machine.coolant.0 + Kelvin(range.0 / 2.0);
    let row = RowManifold {
        racks: u32::try_from(racks).unwrap_or(u32::MAX).min(MOST_RACKS),
        pitch: machine.system.rack.width.value * f64::from(machine.system.rack.positions),
        feed: FEED,
        rack_flow,
        rack: rack_branch(machine, rack_flow),
        exchanger: EXCHANGER,
        fluid: Fluid::propylene_glycol_25(middle),
    };
    // The share of the plant's pumps is what is paid for; at this flow it lifts so much.
    let faster = machine.coolant_flow.0;
    let paid = heat * (place.plant.coolant_pump_share.0 * faster * faster * faster);
    let cdus = cdus(draw.liquid, place.cdus);
    CoolantLoop {
        system: machine.id.clone(),
        supply: machine.coolant.0,
        leaving: machine.coolant.1,
        rack_flow,
        cdus: [cdus.duty, cdus.spare],
        racks_of_row: row.racks,
        rated_head: Pascals(PUMP_EFFICIENCY * paid.0 / rack_flow.0),
        row: row.solve().map_err(|error| error.to_string()),
        pump_efficiency: PUMP_EFFICIENCY,
    }
}

/// Racks of a row at most, for a network that is solved while a user waits.
const MOST_RACKS: u32 = 60;

/// A rack with its hoses as one curve.
fn rack_branch(machine: &Machine, flow: CubicMetersPerSecond) -> Branch {
    let points: Vec<_> =
        machine.system.rack.coolant_curve.iter().map(|point| (point.flow, point.pressure_drop)).collect();
    let Some(Branch::Curve { linear, square }) = rack_curve(&points) else {
        return Branch::through(flow, UNKNOWN_RACK + HOSES);
    };
    let planned = flow / machine.coolant_flow.0;
    let hoses = HOSES.0 / (planned.0 * planned.0);
    Branch::Curve { linear, square: square + hoses }
}
