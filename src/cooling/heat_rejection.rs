//! Dry cooler, wetted pads, tower and chiller against dry and wet bulb: one loop of water, one hour.
//!
//! Outside air takes what it can, compressors take the rest of the temperature range. A cooler whose fans would
//! cost more than the compressors that it relieves is bypassed. Left out: part-load curves of compressors, the
//! help of spare units, heat stored in the water, fouling.

use crate::units::{Celsius, CubicMetersPerJoule, CubicMetersPerSecond, Kelvin, Share, Watts};

/// 0 °C on the absolute scale [K].
const ICE_POINT_K: f64 = 273.15;
/// Heat that evaporates a cubic metre of water [J/m³]: 2.45 MJ/kg at 20 °C, 1,000 kg/m³.
const HEAT_OF_EVAPORATION_PER_VOLUME: f64 = 2.45e9;
/// The smallest lift that compressors work against, for oil return and valves. An assumption.
const SMALLEST_LIFT: Kelvin = Kelvin(15.0);
/// How the flow fraction of a fan answers to the approach: see [`fan_power_fraction`].
const FLOW_EXPONENT: f64 = 1.3;
/// The lowest flow fraction of running fans.
const SMALLEST_FLOW: f64 = 0.2;
/// A range below this is taken as this: a loop without range would have no flow.
const SMALLEST_RANGE: Kelvin = Kelvin(0.1);

/// A loop of water (or a stream of air) whose heat has to leave the building.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HeatLoop {
    /// Heat in it.
    pub heat: Watts,
    /// The temperature at which it has to come back.
    pub supply: Celsius,
    /// How much warmer it leaves.
    pub range: Kelvin,
}

/// What rejecting a loop's heat takes in one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rejection {
    pub fans: Watts,
    pub compressors: Watts,
    pub water: CubicMetersPerSecond,
    /// Heat that goes through evaporators.
    pub chilled: Watts,
    /// Whether pads are wet.
    pub wetted: bool,
}

/// The coefficients of a set of coolers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Coolers {
    /// From outside air to water at full fan speed.
    pub approach: Kelvin,
    /// Whether outside air may cool the loop without compressors.
    pub free: bool,
    /// Effectiveness of wetted pads; nothing without pads.
    pub pads: Share,
    /// Full fan power per heat.
    pub fan_share: Share,
    /// Chiller efficiency as a share of Carnot's.
    pub carnot_share: Share,
    /// Condensing temperature above outside air, or above tower water.
    pub lift: Kelvin,
    /// Make-up water per evaporated water.
    pub make_up: f64,
}

/// Efficiency of a chiller: heat moved per work.
///
/// ~~~text
/// COP = η · T_e / max(T_c − T_e, 15 K)
/// ~~~
///
/// T_e water leaving the evaporator, T_c condensing [K] · η share of Carnot between these two [1]: 0.45–0.60 for
/// screws and scrolls, 0.55–0.68 for magnetic centrifugals. The approach inside the evaporator is part of η.
#[must_use]
pub fn chiller_cop(carnot_share: Share, evaporating: Celsius, condensing: Celsius) -> f64 {
    let lift = condensing.above(evaporating).max(SMALLEST_LIFT);
    carnot_share.value() * (evaporating.value() + ICE_POINT_K) / lift.value()
}

/// Power of cooler fans as a fraction of full power.
///
/// ~~~text
/// φ = (a / (T_s − T_in))^1.3 within [0.2, 1],  P/P_full = φ³
/// ~~~
///
/// a approach at full speed [K] · T_s supply wanted · T_in entering air [°C]. Cubic fan law; the exponent 1.3 is
/// an estimate of how heat transfer falls with the flow of air.
#[must_use]
pub fn fan_power_fraction(approach: Kelvin, available: Kelvin) -> f64 {
    if available <= approach {
        return 1.0;
    }
    let floor = SMALLEST_FLOW * SMALLEST_FLOW * SMALLEST_FLOW;
    (approach / available).powf(3.0 * FLOW_EXPONENT).max(floor)
}

/// Part of a temperature range that compressors have to cover.
///
/// ~~~text
/// s = (T_reached − T_supply) / (T_return − T_supply) within [0, 1]
/// ~~~
#[must_use]
pub fn trim_share(reached: Celsius, supply: Celsius, range: Kelvin) -> f64 {
    (reached.above(supply) / range.max(SMALLEST_RANGE)).clamp(0.0, 1.0)
}

/// Water that has to be supplied for each evaporated cubic metre, so that salts stay at `cycles` times the feed.
///
/// ~~~text
/// M = c / (c − 1)
/// ~~~
///
/// One cycle or less is no operation; it is taken as 1.05.
#[must_use]
pub fn make_up_ratio(cycles: f64) -> f64 {
    let cycles = cycles.max(1.05);
    cycles / (cycles - 1.0)
}

/// Water evaporated per heat taken up: 1.47 L/kWh.
#[must_use]
pub fn evaporation() -> CubicMetersPerJoule {
    CubicMetersPerJoule(1.0 / HEAT_OF_EVAPORATION_PER_VOLUME)
}

/// How far pads cool entering air: as far as needed, as far as they can.
pub(super) fn pad_drop(pads: Share, dry_bulb: Celsius, wet_bulb: Celsius, wanted: Celsius) -> Kelvin {
    let possible = dry_bulb.above(wet_bulb).max(Kelvin(0.0)) * pads.value();
    dry_bulb.above(wanted).max(Kelvin(0.0)).min(possible)
}

/// Rejects a loop's heat to air with dry coolers, pads and air-cooled chillers in series.
///
/// ~~~text
/// T_in = T − min(ε·(T − T_wb), T − (T_s − a)),  T_reached = T_in + a
/// W = s·Q / COP,  fans = f·(φ³·Q + s·Q + W)
/// water = M · Q · (T − T_in) / range / h_fg
/// ~~~
///
/// ε effectiveness of pads · a approach · s share of the range left · f fan power per heat, for coolers and
/// condensers alike · M make-up per evaporation. Pads cool each kelvin of air by evaporating into it
/// (m·c_p·ΔT = ṁ_w·h_fg); the air stream has the heat capacity rate of the water (a balanced exchanger, both
/// approaches equal), so it is Q/range. Coolers are bypassed when chillers alone take less power.
pub(super) fn to_air(coolers: &Coolers, heat: HeatLoop, dry_bulb: Celsius, wet_bulb: Celsius) -> Rejection {
    let condensing = dry_bulb + coolers.lift;
    let cop = chiller_cop(coolers.carnot_share, heat.supply, condensing);
    let fan = coolers.fan_share.value();

    let all_work = heat.heat / cop;
    let chillers_alone = Rejection {
        fans: (heat.heat + all_work) * fan,
        compressors: all_work,
        water: CubicMetersPerSecond(0.0),
        chilled: heat.heat,
        wetted: false,
    };
    if !coolers.free {
        return chillers_alone;
    }

    let drop = pad_drop(coolers.pads, dry_bulb, wet_bulb, heat.supply - coolers.approach);
    let entering = dry_bulb - drop;
    let share = trim_share(entering + coolers.approach, heat.supply, heat.range);
    let chilled = heat.heat * share;
    let work = chilled / cop;
    let speed = fan_power_fraction(coolers.approach, heat.supply.above(entering));
    let evaporating_heat = heat.heat * (drop / heat.range.max(SMALLEST_RANGE));
    let with_coolers = Rejection {
        fans: (heat.heat * speed + chilled + work) * fan,
        compressors: work,
        water: evaporating_heat * evaporation() * coolers.make_up,
        chilled,
        wetted: drop.value() > 0.0,
    };
    let total = |rejection: &Rejection| rejection.fans + rejection.compressors;
    if total(&chillers_alone) < total(&with_coolers) { chillers_alone } else { with_coolers }
}

/// Rejects a loop's heat to towers, with water-cooled chillers in series.
///
/// ~~~text
/// T_reached = T_wb + a,  W = s·Q / COP(T_wb + a + lift)
/// fans = f·φ³·(Q + W),  water = M·(Q + W)/h_fg
/// ~~~
///
/// a approach to the wet bulb, plate exchanger included. All heat leaves by evaporation, which is some tenths too
/// much in cold hours.
pub(super) fn to_tower(coolers: &Coolers, heat: HeatLoop, wet_bulb: Celsius) -> Rejection {
    let reached = wet_bulb + coolers.approach;
    let cop = chiller_cop(coolers.carnot_share, heat.supply, reached + coolers.lift);
    let share = if coolers.free { trim_share(reached, heat.supply, heat.range) } else { 1.0 };
    let chilled = heat.heat * share;
    let work = chilled / cop;
    let rejected = heat.heat + work;
    let speed =
        if share > 0.0 { 1.0 } else { fan_power_fraction(coolers.approach, heat.supply.above(wet_bulb)) };
    Rejection {
        fans: rejected * (coolers.fan_share.value() * speed),
        compressors: work,
        water: rejected * evaporation() * coolers.make_up,
        chilled,
        wetted: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coolers(pads: f64) -> Coolers {
        Coolers {
            approach: Kelvin(8.0),
            free: true,
            pads: Share(pads),
            fan_share: Share(0.015),
            carnot_share: Share(0.5),
            lift: Kelvin(12.0),
            make_up: 1.25,
        }
    }

    const LOOP: HeatLoop = HeatLoop { heat: Watts(1e6), supply: Celsius(36.0), range: Kelvin(12.0) };

    #[test]
    fn evaporating_a_kilowatt_hour_takes_1_47_liters() {
        // 3.6 MJ / 2.45 MJ/kg = 1.469 kg.
        assert!((evaporation().value() * 3.6e6 * 1e3 - 1.469).abs() < 1e-3);
        // Five cycles: 5/4; with evaporation 1.84 L/kWh.
        assert!((make_up_ratio(5.0) - 1.25).abs() < 1e-12);
        assert!((make_up_ratio(3.0) - 1.5).abs() < 1e-12);
        assert!(make_up_ratio(0.0).is_finite());
    }

    #[test]
    fn a_chiller_at_its_rating_point_moves_three_and_a_half_times_its_work() {
        // Chilled water 7 °C, outside 35 °C, condensing 47 °C: 0.5 · 280.15 / 40 = 3.50.
        assert!((chiller_cop(Share(0.5), Celsius(7.0), Celsius(47.0)) - 3.501_875).abs() < 1e-9);
        // Never against less than 15 K: 0.5 · 280.15 / 15 = 9.34.
        assert!((chiller_cop(Share(0.5), Celsius(7.0), Celsius(0.0)) - 9.338_333).abs() < 1e-5);
    }

    #[test]
    fn fans_slow_down_with_the_cube_of_their_flow() {
        assert!((fan_power_fraction(Kelvin(8.0), Kelvin(8.0)) - 1.0).abs() < 1e-12);
        // Twice the approach: (1/2)^3.9 = 0.067.
        assert!((fan_power_fraction(Kelvin(8.0), Kelvin(16.0)) - 0.066_986).abs() < 1e-5);
        assert!((fan_power_fraction(Kelvin(8.0), Kelvin(60.0)) - 0.008).abs() < 1e-12);
        assert!((fan_power_fraction(Kelvin(8.0), Kelvin(-3.0)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_cool_hour_needs_fans_only() {
        let hour = to_air(&coolers(0.0), LOOP, Celsius(20.0), Celsius(12.0));
        // 36 − 20 = 16 K at 8 K approach: 1 MW · 0.015 · 0.066986 = 1,004.8 W.
        assert!((hour.fans.value() - 1_004.8).abs() < 0.1);
        assert!(hour.compressors.value() <= 0.0 && hour.chilled.value() <= 0.0);
    }

    #[test]
    fn a_hot_hour_leaves_a_part_of_the_range_to_the_chiller() {
        let hour = to_air(&coolers(0.0), LOOP, Celsius(34.0), Celsius(20.0));
        // Reached 42 °C, 6 of 12 K are left: half the heat. Condensing 46 °C, lift 10 → 15 K:
        // COP = 0.5 · 309.15 / 15 = 10.305; work 500 kW / 10.305 = 48.52 kW.
        assert!((hour.chilled.value() - 500e3).abs() < 1e-6);
        assert!((hour.compressors.value() - 48_520.1).abs() < 0.1);
    }

    #[test]
    fn pads_replace_the_chiller_and_drink() {
        let dry = to_air(&coolers(0.0), LOOP, Celsius(38.0), Celsius(22.0));
        let wet = to_air(&coolers(0.8), LOOP, Celsius(38.0), Celsius(22.0));
        assert!(dry.chilled.value() > 0.0);
        // Needed entering air 28 °C, pads reach 38 − 0.8 · 16 = 25.2 °C: cooled by 10 K only.
        // 1 MW · 10/12 / 2.45e9 J/m³ · 1.25 = 4.252e-4 m³/s.
        assert!(wet.chilled.value() <= 0.0 && wet.wetted);
        assert!((wet.water.value() - 4.251_7e-4).abs() < 1e-7);
    }

    #[test]
    fn a_cooler_that_is_warmer_than_the_return_is_bypassed() {
        let hour = to_air(&coolers(0.0), LOOP, Celsius(45.0), Celsius(22.0));
        // All heat through the chiller: lift 57 − 36 = 21 K, COP 0.5 · 309.15/21 = 7.361, work 135.86 kW;
        // condenser fans 0.015 · 1.13586 MW = 17.04 kW, no dry-cooler fans.
        assert!((hour.compressors.value() - 135.86e3).abs() < 10.0);
        assert!((hour.fans.value() - 17.04e3).abs() < 10.0);
    }

    #[test]
    fn a_tower_reaches_the_wet_bulb_and_evaporates_all_heat() {
        let hour = to_tower(&coolers(0.0), LOOP, Celsius(22.0));
        assert!(hour.chilled.value() <= 0.0);
        // 1 MW / 2.45e9 · 1.25 = 5.102e-4 m³/s.
        assert!((hour.water.value() - 5.102e-4).abs() < 1e-7);
    }
}
