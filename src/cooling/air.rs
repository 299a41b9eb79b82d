//! Air through the racks: air handlers on chilled water, or outside air straight through the hall.

use super::heat_rejection::{
    Coolers, HeatLoop, Rejection, chiller_cop, evaporation, pad_drop, to_air, to_tower, trim_share,
};
use super::{HeatLoad, HeatRejection, Plant, Weather};
use crate::units::{Celsius, Kelvin, Share, Watts};

/// Range of the chilled water through the coils of air handlers. An assumption: 10 K is a usual coil choice.
pub const CHILLED_WATER_RANGE: Kelvin = Kelvin(10.0);
/// How much racks warm the air that passes them. An assumption: 12 K, between the 10 and 15 K of usual servers.
pub const RACK_AIR_RISE: Kelvin = Kelvin(12.0);

/// Rejects the air handlers' heat through chilled water, with an economiser where the plant has one.
///
/// `heat` is the air-side heat, air-handler fans and chilled-water pumps included.
pub(super) fn reject_chilled_water(
    plant: &Plant,
    heat: Watts,
    load: &HeatLoad,
    weather: &Weather,
) -> Rejection {
    let one_loop = plant.heat_rejection == HeatRejection::AirCooledChiller;
    let supply = if one_loop && load.liquid.value() > 0.0 {
        plant.chilled_water.min(load.coolant_supply - plant.cdu_approach)
    } else {
        plant.chilled_water
    };
    let heat = HeatLoop { heat, supply, range: CHILLED_WATER_RANGE };
    let coolers = Coolers {
        free: plant.economizer,
        approach: if one_loop { plant.rejection_approach } else { plant.economizer_approach },
        // Pads stand before the coolers of the liquid loop only.
        pads: Share(0.0),
        ..plant.coolers()
    };
    match plant.heat_rejection {
        HeatRejection::Tower => to_tower(&coolers, heat, weather.wet_bulb),
        _ => to_air(&coolers, heat, weather.dry_bulb, weather.wet_bulb),
    }
}

/// Carries the hall's heat away with outside air, wetted when it is warm and chilled when that is not enough.
///
/// ~~~text
/// T_supply = T − min(ε·(T − T_wb), T − T_inlet),  s = (T_supply − T_inlet)/ΔT_rack within [0, 1]
/// W = s·Q / COP,  water = M · Q · (T − T_supply)/ΔT_rack / h_fg
/// ~~~
///
/// Liquid-cooled racks stand here with liquid-to-air units, so their heat joins the hall's air. Outside air above the
/// return is shut out: the hall recirculates over the coils (s = 1).
pub(super) fn reject_outside_air(plant: &Plant, heat: Watts, weather: &Weather) -> Rejection {
    let inlet: Celsius = plant.inlet_air;
    let drop = pad_drop(plant.pad_effectiveness, weather.dry_bulb, weather.wet_bulb, inlet);
    let share = trim_share(weather.dry_bulb - drop, inlet, RACK_AIR_RISE);
    let cop =
        chiller_cop(plant.chiller_carnot_share, plant.chilled_water, weather.dry_bulb + plant.condenser_lift);
    let chilled = heat * share;
    let work = chilled / cop;
    let evaporating_heat = heat * (drop / RACK_AIR_RISE);
    Rejection {
        fans: (chilled + work) * plant.fan_share.value(),
        compressors: work,
        water: evaporating_heat * evaporation() * plant.coolers().make_up,
        chilled,
        wetted: drop.value() > 0.0,
    }
}
