//! Air through the racks: air handlers on chilled water, or outside air straight through the hall.

use super::direct_to_chip::facility_supply;
use super::heat_rejection::{
    ANY_WET_BULB_C, CONDENSER_RANGE, Coolers, HeatLoop, WATER_HEAT_CAPACITY, blowdown_ratio,
    lowest_tower_water,
};
use super::psychrometrics::wet_bulb;
use super::{HeatLoad, HeatRejection, Plant};
use crate::units::{Celsius, CubicMeters, Kelvin, Pascals, Seconds, Watts};

/// Range of the chilled water through the coils of air handlers. An assumption: 10 K is a usual coil choice.
pub const CHILLED_WATER_RANGE: Kelvin = Kelvin(10.0);
/// How much racks warm the air that passes them. An assumption: 12 K, between the 10 and 15 K of usual servers.
pub const RACK_AIR_RISE: Kelvin = Kelvin(12.0);

/// Pressure of the standard atmosphere at sea level.
const SEA_LEVEL: Pascals = Pascals(101_325.0);

/// Water of a tank that carries the load of chillers for a time.
///
/// ~~~text
/// V = Q·t/(c·ΔT)
/// ~~~
///
/// Q heat [W] · t time [s] · c heat of water per volume and temperature [J/(m³·K)] · ΔT range of the chilled water [K]. The
/// tank is taken to be emptied whole, without a mixed layer.
#[must_use]
pub fn chilled_tank(heat: Watts, time: Seconds) -> CubicMeters {
    CubicMeters((heat * time).0 / (WATER_HEAT_CAPACITY * CHILLED_WATER_RANGE.0))
}

/// The loop of the air handlers, with an economiser where the plant has one.
///
/// `heat` is the air-side heat, air-handler fans and chilled-water pumps included.
pub(super) fn chilled_water(plant: &Plant, heat: Watts, load: &HeatLoad) -> HeatLoop {
    water_for_coils(plant, heat, load, plant.chilled_water, CHILLED_WATER_RANGE)
}

/// A loop of water for coils that cool air.
pub(super) fn water_for_coils(
    plant: &Plant,
    heat: Watts,
    load: &HeatLoad,
    wanted: Celsius,
    range: Kelvin,
) -> HeatLoop {
    let one_loop = plant.heat_rejection == HeatRejection::AirCooledChiller;
    // A chiller plant has one loop for coolant and coils, so it is as cold as the colder one needs.
    let supply =
        if one_loop && load.liquid.value() > 0.0 { wanted.min(facility_supply(plant, load)) } else { wanted };
    let coolers = Coolers {
        free: plant.economizer,
        approach: if one_loop { plant.rejection_approach } else { plant.economizer_approach }
            * load.part.value(),
        ..plant.coolers(load.part)
    };
    match plant.heat_rejection {
        HeatRejection::Tower => coolers.on_towers(heat.value(), supply, range),
        _ => coolers.on_air(heat.value(), supply, range),
    }
}

/// Wet bulb [°C] of air at the racks' inlet that just has the highest dew point allowed.
///
/// Pads keep the wet bulb, so warm outside air arrives at the inlet with a dew point above the limit exactly where its wet
/// bulb is above this. At sea level; 0.2 K less at 80 kPa. Air cooler than the inlet is warmed by the hall's own and
/// would have to be shut out up to 1.2 K earlier: that close to saturation it seldom is so warm.
fn wettest(inlet: Celsius, dew_point_max: Celsius) -> f64 {
    wet_bulb(inlet, dew_point_max.min(inlet), SEA_LEVEL).value()
}

/// The hall's heat carried away with outside air, wetted when it is warm and chilled when that is not enough.
///
/// ~~~text
/// T_supply = T − min(ε·(T − T_wb), T − T_inlet),  s = (T_supply − T_inlet)/ΔT_rack within [0, 1]
/// W = s·Q / COP,  evaporated = Q · (T − T_supply)/ΔT_rack / h_fg, and what towers of the chillers take
/// ~~~
///
/// Liquid-cooled racks stand here with liquid-to-air units, so their heat joins the hall's air. Outside air above the
/// return is shut out, and so is air whose dew point exceeds what the racks' class allows: the hall recirculates over
/// the coils (s = 1). The supply fans are the air handlers.
pub(super) fn outside_air(plant: &Plant, heat: Watts) -> HeatLoop {
    let towers = f64::from(u8::from(plant.heat_rejection.has_towers()));
    HeatLoop {
        heat_w: heat.value(),
        supply_c: plant.inlet_air.value(),
        range_k: RACK_AIR_RISE.value(),
        pads: plant.pad_effectiveness.value(),
        free: 1.0,
        wettest_c: plant.dew_point_max.map_or(ANY_WET_BULB_C, |limit| wettest(plant.inlet_air, limit)),
        condenser_fan_share: plant.fan_share.value(),
        carnot_share: plant.chiller_carnot_share.value(),
        evaporating_c: plant.chilled_water.value(),
        condenser_wetness: towers,
        lift_k: plant.condenser_lift.value() + towers * plant.rejection_approach.value(),
        condenser_towers: towers,
        tower_approach_k: plant.rejection_approach.value(),
        tower_range_k: CONDENSER_RANGE.value(),
        tower_water_c: lowest_tower_water(plant.chilled_water, plant.condenser_lift),
        blowdown: blowdown_ratio(plant.cycles_of_concentration.value()),
        ..HeatLoop::default()
    }
}
