//! Air through the racks: air handlers on chilled water, or outside air straight through the hall.

use super::direct_to_chip::facility_supply;
use super::heat_rejection::{
    ANY_VAPOUR_PA, CONDENSER_RANGE, Coolers, HeatLoop, WATER_HEAT_CAPACITY, blowdown_ratio,
    lowest_tower_water,
};
use super::psychrometrics::saturation_pressure;
use super::{HeatLoad, HeatRejection, Plant};
use crate::units::{Celsius, CubicMeters, Kelvin, Seconds, Watts};

/// Range of the chilled water through the coils of air handlers. An assumption: 10 K is a usual coil choice.
pub const CHILLED_WATER_RANGE: Kelvin = Kelvin(10.0);
/// From the water of a coil to the air that leaves it, at least. An assumption: coils of air handlers are chosen for 5 K to 8 K,
/// and the deepest counterflow ones come this close.
pub const COIL_APPROACH: Kelvin = Kelvin(2.0);
/// How much racks warm the air that passes them. An assumption: 12 K, between the 10 and 15 K of usual servers.
pub const RACK_AIR_RISE: Kelvin = Kelvin(12.0);

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
    let approach = if one_loop { plant.rejection_approach } else { plant.economizer_approach };
    let coolers = Coolers { free: plant.economizer, ..plant.coolers(approach, range, load.part) };
    match plant.heat_rejection {
        HeatRejection::Tower => coolers.on_towers(heat.value(), supply, range),
        _ => coolers.on_air(heat.value(), supply, range),
    }
}

/// The hall's heat carried away with outside air: wetted when it is warm, cooled when that is not enough, dried when it is damp.
///
/// ~~~text
/// d  = min(T − T_s, ε·(T − T_wb), room to w_max),  T_a = T − d      pads
/// f  = (w − w_max)/(w − w_c) within [0, 1]                        of damp air, what passes the coils: it leaves saturated
/// c  = max(T_a − T_s, f·(T_a − T_c), 0)                            what coils cool the air, in the mean
/// l  = (w − w_max)·(2501 + 1.86·T_a − 4.186·T_c)/(1.006 + 1.86·w_max)   what they condense, in kelvin of that air
/// ṁ  = Q/(c_p·(T_s + ΔT − T_a + c))                                 outside air: the rest of the hall's is its own
/// s  = ṁ·c_p·(c + l)/Q = (c + l)/(T_s + ΔT − T_a + c) within [0, 1],  W = s·Q/COP
/// evaporated = Q·d/ΔT/h_fg, and what towers of the chillers take
/// ~~~
///
/// T, T_wb, w outside air · T_s, w_max inlet and dew-point limit of the racks · T_c, w_c air off the coils, saturated · ΔT rise
/// over the racks. ṁ·c_p·(c + l) is ṁ·(h_a − h_s − (w − w_max)·h_water), the balance of a coil in ASHRAE Fundamentals,
/// chapter 1: vapour that condenses takes its heat over the coils to the condensers, and the exhaust is as much drier than
/// the air that came in. Air off a coil is saturated, so what is dried to the limit comes out colder than the inlet; the hall's
/// own air warms it and less of it is outside air. Where all of it over the coils is the smaller load (s = 1) the hall
/// recirculates, and also where coils are too warm to dry (w_c ≥ w_max).
///
/// Pumps of chilled and tower water run with the chillers, which are switched with the heat that they carry, at its full flow.
/// Liquid-cooled racks stand here with liquid-to-air units, so their heat joins the hall's air. The supply fans are the air
/// handlers.
pub(super) fn outside_air(plant: &Plant, heat: Watts) -> HeatLoop {
    let towers = f64::from(u8::from(plant.heat_rejection.has_towers()));
    let off_coil = plant.chilled_water + COIL_APPROACH;
    HeatLoop {
        heat_w: heat.value(),
        coolers_w: heat.value(),
        supply_c: plant.inlet_air.value(),
        range_k: RACK_AIR_RISE.value(),
        pads: plant.pad_effectiveness.value(),
        free: 1.0,
        damp_vapour_pa: plant.dew_point_max.map_or(ANY_VAPOUR_PA, |limit| saturation_pressure(limit).value()),
        coil_c: off_coil.value(),
        coil_vapour_pa: saturation_pressure(off_coil).value(),
        condenser_fan_share: plant.fan_share.value(),
        carnot_share: plant.chiller_carnot_share.value(),
        evaporating_c: plant.chilled_water.value(),
        condenser_wetness: towers,
        lift_k: plant.condenser_lift.value() + towers * plant.rejection_approach.value(),
        condenser_towers: towers,
        tower_approach_k: plant.rejection_approach.value(),
        tower_range_k: CONDENSER_RANGE.value(),
        tower_water_c: lowest_tower_water(plant.chilled_water, plant.condenser_lift),
        chiller_pump_share: plant.facility_pump_share.value() + towers * plant.condenser_pump_share.value(),
        blowdown: blowdown_ratio(plant.cycles_of_concentration.value()),
        ..HeatLoop::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::heat_rejection::{Air, LoopHour, loop_hour};
    use super::super::psychrometrics::{enthalpy, humidity_ratio, standard_pressure};
    use super::super::{Weather, tests};
    use super::*;
    use crate::units::{Meters, Pascals, Share};
    use proptest::prelude::{prop_assert, proptest};

    const SEA: Pascals = Pascals(101_325.0);

    /// A hall of a megawatt with an inlet of 25 °C, a limit of 21 °C and water of 18 °C.
    fn hall(pads: f64) -> HeatLoop {
        let plant = Plant {
            chilled_water: Celsius(18.0),
            inlet_air: Celsius(25.0),
            pad_effectiveness: Share(pads),
            ..tests::plant(HeatRejection::OutsideAir)
        };
        outside_air(&plant, Watts(1e6))
    }

    fn run(dry_bulb: f64, humidity_ratio: f64) -> LoopHour {
        let air = Air { dry_bulb_c: dry_bulb, wet_bulb_c: 20.0, humidity_ratio, pressure_pa: SEA.value() };
        loop_hour(&hall(0.0), &air)
    }

    #[test]
    fn damp_air_is_dried_when_that_is_less_than_carrying_all_heat() {
        // p_s(21 °C) 2,487.7 Pa: w_max 0.621945 · 2,487.7/98,837 = 0.015654; at 20 °C 2,339.2 Pa, w_c 0.014698.
        // Air of 28 °C, 0.018: f = 0.002346/0.003302 = 0.7105, c = 0.7105 · 8 = 5.684 K,
        // l = 0.002346 · (2,501 + 52.08 − 83.72)/(1.006 + 0.029117) = 5.597 K,
        // s = (5.684 + 5.597)/(25 + 12 − 28 + 5.684) = 0.7682.
        assert!((run(28.0, 0.018).chilled_w / 1e6 - 0.7682).abs() < 2e-4, "{:?}", run(28.0, 0.018));
        // As warm and just not damp: (28 − 25)/12.
        assert!((run(28.0, 0.0156).chilled_w / 1e6 - 0.25).abs() < 1e-12);
        // Cooler than the inlet but damp: what is condensed, not what is warm: 0.6 · (24 − 20) … of 13 + 2.3 K.
        assert!((0.2..0.6).contains(&(run(24.0, 0.0174).chilled_w / 1e6)), "{:?}", run(24.0, 0.0174));
        // Hotter and damper than the exhaust: the hall keeps its own air.
        assert!((run(36.0, 0.025).chilled_w / 1e6 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn coils_too_warm_to_dry_leave_damp_air_outside() {
        // Water of 20 °C gives air of 22 °C, saturated: above the limit of 21 °C.
        let plant = Plant { inlet_air: Celsius(25.0), ..tests::plant(HeatRejection::OutsideAir) };
        let heat = outside_air(&plant, Watts(1e6));
        let damp =
            Air { dry_bulb_c: 24.0, wet_bulb_c: 23.0, humidity_ratio: 0.0172, pressure_pa: SEA.value() };
        assert!((loop_hour(&heat, &damp).chilled_w / 1e6 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn pads_stop_at_the_dew_point_limit() {
        // Air of 35 °C with a wet bulb of 23.5 °C holds 0.0135: pads may add 2.1 g and cool it by 5 K, to 30 °C, not to 26.7 °C.
        let weather = Weather::of(Celsius(35.0), Celsius(23.5), SEA);
        let hour = loop_hour(&hall(0.85), &weather.air());
        let most = humidity_ratio(saturation_pressure(Celsius(21.0)), SEA);
        let after = Weather::of(Celsius(35.0 - hour.drop_k), Celsius(23.5), SEA).humidity_ratio;
        assert!((after / most - 1.0).abs() < 1e-9, "{after} {most}");
        assert!((hour.chilled_w / 1e6 - (10.0 - hour.drop_k) / 12.0).abs() < 1e-12, "{hour:?}");
    }

    proptest! {
        #[test]
        fn air_and_coils_carry_all_heat_and_what_condenses(
            dry_bulb in 10.0..45.0_f64, wet in 0.0..1.0_f64, height in 0.0..2_400.0_f64,
        ) {
            let pressure = standard_pressure(Meters(height));
            let saturated = humidity_ratio(saturation_pressure(Celsius(dry_bulb)), pressure);
            let humidity = wet * saturated;
            let heat = hall(0.0);
            let air = Air {
                dry_bulb_c: dry_bulb, wet_bulb_c: dry_bulb, humidity_ratio: humidity, pressure_pa: pressure.value(),
            };
            let hour = loop_hour(&heat, &air);
            if hour.chilled_w < heat.heat_w {
                // The stream that the formula means: enthalpies of what comes in, what leaves and what drips off.
                let most = humidity_ratio(saturation_pressure(Celsius(21.0)), pressure);
                let supply = humidity.min(most);
                let part = (humidity - supply)
                    / (humidity - humidity_ratio(saturation_pressure(Celsius(20.0)), pressure)).max(1e-9);
                let cooled = (dry_bulb - 25.0).max(part * (dry_bulb - 20.0)).max(0.0);
                let (off, exhaust) = (Celsius(dry_bulb - cooled), Celsius(37.0));
                let stream = heat.heat_w / (enthalpy(exhaust, supply) - enthalpy(off, supply));
                let condensate = stream * (humidity - supply) * 4.186 * 20.0;
                let in_outside = stream * enthalpy(Celsius(dry_bulb), humidity);
                let by_coils = in_outside - stream * enthalpy(off, supply) - condensate;
                prop_assert!((by_coils - hour.chilled_w).abs() < 1e-6 * heat.heat_w, "{by_coils} {hour:?}");
                // Hall: heat and outside air in; exhaust, condensate and coil water out.
                let out = stream * enthalpy(exhaust, supply) + condensate + hour.chilled_w;
                prop_assert!((heat.heat_w + in_outside - out).abs() < 1e-9 * out, "{hour:?}");
            }
        }

        #[test]
        fn a_damper_hour_takes_a_little_more_and_never_more_than_recirculation(
            dry_bulb in 5.0..45.0_f64, depression in 0.05..20.0_f64, height in 0.0..2_400.0_f64, pads in 0.0..0.9_f64,
        ) {
            let (heat, pressure) = (hall(pads), standard_pressure(Meters(height)));
            let at = |depression: f64| {
                let weather = Weather::of(Celsius(dry_bulb), Celsius(dry_bulb - depression), pressure);
                loop_hour(&heat, &weather.air())
            };
            let (dry, damp) = (at(depression), at(depression - 0.02));
            // The wick of a wet bulb that freezes makes the humidity ratio jump.
            let freezes = (dry_bulb - depression).abs() < 0.1;
            prop_assert!(freezes || damp.chilled_w >= dry.chilled_w - 1e-9 * heat.heat_w, "{dry:?} {damp:?}");
            // 0.02 K of wet bulb: a twentieth of the heat at most, where it was all of it.
            prop_assert!(damp.chilled_w - dry.chilled_w < 0.05 * heat.heat_w, "{dry:?} {damp:?}");
            let closed = loop_hour(&HeatLoop { free: 0.0, ..heat }, &Weather::of(
                Celsius(dry_bulb), Celsius(dry_bulb - depression), pressure).air());
            prop_assert!(dry.compressors_w + dry.fans_w <= (closed.compressors_w + closed.fans_w) * (1.0 + 1e-12));
        }
    }
}
