//! Dry cooler, wetted pads, tower and chiller against dry and wet bulb: one loop of water, one hour.
//!
//! Outside air takes what it can, compressors take the rest of the temperature range. A cooler whose fans would
//! cost more than the compressors that it relieves is bypassed. Every plant is a few [`HeatLoop`]s: coefficients
//! without kinds, which [`loop_hour`] runs in `f64` for people and in `f32` as the twin of
//! `shaders/shared/cooling.wgsl`. Left out: part-load curves of compressors, the help of spare units, heat stored in
//! the water, fouling.

use crate::scalar::Real;
use crate::units::{Celsius, CubicMetersPerJoule, Kelvin, Share};

/// 0 °C on the absolute scale [K].
const ICE_POINT_K: f64 = 273.15;
/// Heat that evaporates a cubic metre of water [J/m³]: 2.45 MJ/kg at 20 °C, 1,000 kg/m³.
const HEAT_OF_EVAPORATION_PER_VOLUME: f64 = 2.45e9;
/// The smallest lift that compressors work against, for oil return and valves [K]. An assumption.
const SMALLEST_LIFT_K: f64 = 15.0;
/// How the flow fraction of a fan answers to the approach, times three for the cube of the fan law.
const FAN_EXPONENT: f64 = 3.0 * 1.3;
/// The lowest power fraction of running fans: a fifth of their flow, cubed.
const LEAST_FAN_POWER: f64 = 0.2 * 0.2 * 0.2;
/// The ratio of approaches below which fans run slowest; keeps the logarithm away from zero.
const LEAST_APPROACH_RATIO: f64 = 0.01;
/// A range below this is taken as this: a loop without range would have no flow [K].
const SMALLEST_RANGE_K: f64 = 0.1;

/// Above the wet bulb of any weather [°C]: water does not mind damp air.
pub(super) const ANY_WET_BULB_C: f64 = 100.0;

/// A loop of water (or a stream of air) whose heat has to leave the building, with what throws it out.
///
/// Shares are of the heat or power that passes. A flag is 1 for yes and 0 for no.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct HeatLoop<T = f64> {
    /// Heat in it [W].
    pub heat_w: T,
    /// The temperature at which it has to come back [°C].
    pub supply_c: T,
    /// How much warmer it leaves [K].
    pub range_k: T,
    /// Where between dry (0) and wet bulb (1) the air meets the coolers.
    pub wetness: T,
    /// From that to the loop's water at full fan speed [K].
    pub approach_k: T,
    /// Effectiveness of wetted pads before dry coolers; 0 without pads.
    pub pads: T,
    /// Flag: outside air may cool the loop without compressors.
    pub free: T,
    /// Highest wet bulb at which it may [°C]: damper air is shut out of a hall.
    pub wettest_c: T,
    /// Flag: chillers may run with the coolers bypassed.
    pub bypass: T,
    /// Flag: what the compressors add leaves through the coolers, not through condensers of their own.
    pub joined: T,
    /// Full fan power of the coolers per heat through them.
    pub cooler_fan_share: T,
    /// Full fan power of the condensers per heat through them.
    pub condenser_fan_share: T,
    /// Chiller efficiency as a share of Carnot's.
    pub carnot_share: T,
    /// Temperature of the water that evaporators make [°C].
    pub evaporating_c: T,
    /// Where between dry (0) and wet bulb (1) the air meets the condensers.
    pub condenser_wetness: T,
    /// Condensing temperature above that [K].
    pub lift_k: T,
    /// Make-up water of the coolers per heat through them [m³/J].
    pub cooler_water_m3_per_j: T,
    /// Make-up water of the condensers per heat through them [m³/J].
    pub condenser_water_m3_per_j: T,
    /// Make-up water of pads per heat taken from the air before the coolers [m³/J].
    pub pad_water_m3_per_j: T,
}

impl HeatLoop {
    /// The same in the precision of kernels.
    #[must_use]
    pub fn cast<T: Real>(&self) -> HeatLoop<T> {
        HeatLoop {
            heat_w: T::of(self.heat_w),
            supply_c: T::of(self.supply_c),
            range_k: T::of(self.range_k),
            wetness: T::of(self.wetness),
            approach_k: T::of(self.approach_k),
            pads: T::of(self.pads),
            free: T::of(self.free),
            wettest_c: T::of(self.wettest_c),
            bypass: T::of(self.bypass),
            joined: T::of(self.joined),
            cooler_fan_share: T::of(self.cooler_fan_share),
            condenser_fan_share: T::of(self.condenser_fan_share),
            carnot_share: T::of(self.carnot_share),
            evaporating_c: T::of(self.evaporating_c),
            condenser_wetness: T::of(self.condenser_wetness),
            lift_k: T::of(self.lift_k),
            cooler_water_m3_per_j: T::of(self.cooler_water_m3_per_j),
            condenser_water_m3_per_j: T::of(self.condenser_water_m3_per_j),
            pad_water_m3_per_j: T::of(self.pad_water_m3_per_j),
        }
    }
}

/// What rejecting a loop's heat takes in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct LoopHour<T = f64> {
    /// Fans of coolers and condensers [W].
    pub fans_w: T,
    /// Compressors [W].
    pub compressors_w: T,
    /// Make-up water [m³/s].
    pub water_m3_per_s: T,
    /// Heat that goes through evaporators [W].
    pub chilled_w: T,
    /// How far pads cool the air [K].
    pub drop_k: T,
}

/// Efficiency of a chiller: heat moved per work.
///
/// ~~~text
/// COP = η · T_e / max(T_c − T_e, 15 K)
/// ~~~
///
/// T_e water leaving the evaporator, T_c condensing [°C here, K in the quotient] · η share of Carnot between these
/// two [1]: 0.45–0.60 for screws and scrolls, 0.55–0.68 for magnetic centrifugals. The approach inside the evaporator
/// is part of η. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn chiller_cop<T: Real>(carnot_share: T, evaporating_c: T, condensing_c: T) -> T {
    let lift_k = Real::max(condensing_c - evaporating_c, T::of(SMALLEST_LIFT_K));
    carnot_share * (evaporating_c + T::of(ICE_POINT_K)) / lift_k
}

/// Power of cooler fans as a fraction of full power.
///
/// ~~~text
/// φ = (a / (T_s − T_in))^1.3 within [0.2, 1],  P/P_full = φ³
/// ~~~
///
/// a approach at full speed [K] · T_s supply wanted · T_in entering air [°C]. Cubic fan law; the exponent 1.3 is
/// an estimate of how heat transfer falls with the flow of air. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn fan_power_fraction<T: Real>(approach_k: T, available_k: T) -> T {
    let least = T::of(SMALLEST_RANGE_K);
    let approach = Real::max(approach_k, least);
    let ratio = Real::max(approach / Real::max(available_k, approach), T::of(LEAST_APPROACH_RATIO));
    Real::max((ratio.log2() * T::of(FAN_EXPONENT)).exp2(), T::of(LEAST_FAN_POWER))
}

/// Part of a temperature range that compressors have to cover.
///
/// ~~~text
/// s = left / range within [0, 1]
/// ~~~
///
/// left what outside air leaves above the supply [K]. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn trim_share<T: Real>(left_k: T, range_k: T) -> T {
    let share = left_k / Real::max(range_k, T::of(SMALLEST_RANGE_K));
    Real::min(Real::max(share, T::of(0.0)), T::of(1.0))
}

/// Water that has to be supplied for each evaporated cubic metre, so that salts stay at `cycles` times the feed.
///
/// ~~~text
/// M = c / (c − 1)
/// ~~~
///
/// One cycle or less is no operation; it is taken as 1.05. The blowdown is M − 1, drift included.
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

/// A point between dry and wet bulb.
#[inline(always)]
fn between<T: Real>(dry_bulb_c: T, wet_bulb_c: T, wetness: T) -> T {
    dry_bulb_c - wetness * (dry_bulb_c - wet_bulb_c)
}

/// Rejects a loop's heat for one hour: coolers first, chillers for the rest.
///
/// ~~~text
/// T_a = T − w·(T − T_wb)                                 air at the coolers; w 0 dry, 1 tower
/// d   = min(short, ε·(T_a − T_wb)),  short = T_a + a − T_s    what pads cool
/// s   = (short − d) / range within [0, 1],  W = s·Q / COP     what compressors do
/// fans  = f·φ³·(Q + j·W) + f_c·(s·Q + W)
/// water = v·(Q + j·W) + v_c·(s·Q + W) + v_p·Q·d/range
/// ~~~
///
/// Q heat [W] · T_s supply · a approach [K] · ε effectiveness of pads · j 1 where condensers share the coolers · f, f_c
/// full fan power and v, v_c, v_p make-up water per heat of coolers, condensers, pads. Pads cool each kelvin of air
/// by evaporating into it (m·c_p·ΔT = ṁ_w·h_fg); the air stream has the heat capacity rate of the water (a balanced
/// exchanger, both approaches equal), so it is Q/range. Air damper than a limit is shut out: s = 1. Where the coolers can be bypassed they are when chillers alone
/// take less power. A tower gives all heat to evaporation, which is some tenths too much in cold hours. Mirrored in
/// `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn loop_hour<T: Real>(l: &HeatLoop<T>, dry_bulb_c: T, wet_bulb_c: T) -> LoopHour<T> {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let condensing_c = between(dry_bulb_c, wet_bulb_c, l.condenser_wetness) + l.lift_k;
    let cop = chiller_cop(l.carnot_share, l.evaporating_c, condensing_c);
    let all_work_w = l.heat_w / cop;
    let all_fans_w = (l.heat_w + all_work_w) * l.condenser_fan_share;

    let free = (l.free > zero) & (wet_bulb_c <= l.wettest_c);
    let air_c = between(dry_bulb_c, wet_bulb_c, l.wetness);
    let margin_k = l.supply_c - l.approach_k - air_c;
    let short_k = Real::max(-margin_k, zero);
    let possible_k = Real::max(air_c - wet_bulb_c, zero) * l.pads;
    let drop_k = Real::min(short_k, possible_k);
    let share = T::select(free, trim_share(short_k - drop_k, l.range_k), one);
    let speed = fan_power_fraction(l.approach_k, l.approach_k + (margin_k + drop_k));
    let speed = T::select(free, speed, one);
    let chilled_w = l.heat_w * share;
    let work_w = chilled_w / cop;
    let through_w = l.heat_w + l.joined * work_w;
    let fans_w = through_w * (l.cooler_fan_share * speed) + (chilled_w + work_w) * l.condenser_fan_share;
    let wetted_k = T::select(free, drop_k, zero);
    let pad_w = l.heat_w * (wetted_k / Real::max(l.range_k, T::of(SMALLEST_RANGE_K)));
    let water = through_w * l.cooler_water_m3_per_j
        + (chilled_w + work_w) * l.condenser_water_m3_per_j
        + pad_w * l.pad_water_m3_per_j;

    let alone = (l.bypass > zero) & (all_fans_w + all_work_w < fans_w + work_w);
    let alone_water = (l.heat_w + all_work_w) * l.condenser_water_m3_per_j;
    LoopHour {
        fans_w: T::select(alone, all_fans_w, fans_w),
        compressors_w: T::select(alone, all_work_w, work_w),
        water_m3_per_s: T::select(alone, alone_water, water),
        chilled_w: T::select(alone, l.heat_w, chilled_w),
        drop_k: T::select(alone, zero, wetted_k),
    }
}

/// Dry coolers, with pads or without, and air-cooled chillers beside them: coefficients of a loop, heat aside.
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

impl Coolers {
    fn water(&self) -> f64 {
        evaporation().value() * self.make_up
    }

    fn chillers(&self, heat_w: f64, supply: Celsius, range: Kelvin) -> HeatLoop {
        HeatLoop {
            heat_w,
            supply_c: supply.value(),
            range_k: range.value(),
            approach_k: self.approach.value(),
            free: f64::from(u8::from(self.free)),
            wettest_c: ANY_WET_BULB_C,
            carnot_share: self.carnot_share.value(),
            evaporating_c: supply.value(),
            ..HeatLoop::default()
        }
    }

    /// A loop on dry coolers, pads and air-cooled chillers in series.
    pub fn on_air(&self, heat_w: f64, supply: Celsius, range: Kelvin) -> HeatLoop {
        HeatLoop {
            pads: self.pads.value(),
            bypass: 1.0,
            cooler_fan_share: if self.free { self.fan_share.value() } else { 0.0 },
            condenser_fan_share: self.fan_share.value(),
            lift_k: self.lift.value(),
            pad_water_m3_per_j: self.water(),
            ..self.chillers(heat_w, supply, range)
        }
    }

    /// A loop on towers, with water-cooled chillers in series; the approach is to the wet bulb, plates included.
    pub fn on_towers(&self, heat_w: f64, supply: Celsius, range: Kelvin) -> HeatLoop {
        HeatLoop {
            wetness: 1.0,
            joined: 1.0,
            cooler_fan_share: self.fan_share.value(),
            condenser_wetness: 1.0,
            lift_k: (self.approach + self.lift).value(),
            cooler_water_m3_per_j: self.water(),
            ..self.chillers(heat_w, supply, range)
        }
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

    fn dry(pads: f64, dry_bulb: f64, wet_bulb: f64) -> LoopHour {
        loop_hour(&coolers(pads).on_air(1e6, Celsius(36.0), Kelvin(12.0)), dry_bulb, wet_bulb)
    }

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
        assert!((chiller_cop(0.5, 7.0, 47.0_f64) - 3.501_875).abs() < 1e-9);
        // Never against less than 15 K: 0.5 · 280.15 / 15 = 9.34.
        assert!((chiller_cop(0.5, 7.0, 0.0_f64) - 9.338_333).abs() < 1e-5);
    }

    #[test]
    fn fans_slow_down_with_the_cube_of_their_flow() {
        assert!((fan_power_fraction(8.0, 8.0_f64) - 1.0).abs() < 1e-12);
        // Twice the approach: (1/2)^3.9 = 0.067.
        assert!((fan_power_fraction(8.0, 16.0_f64) - 0.066_986).abs() < 1e-5);
        assert!((fan_power_fraction(8.0, 60.0_f64) - 0.008).abs() < 1e-12);
        assert!((fan_power_fraction(8.0, -3.0_f64) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_cool_hour_needs_fans_only() {
        let hour = self::dry(0.0, 20.0, 12.0);
        // 36 − 20 = 16 K at 8 K approach: 1 MW · 0.015 · 0.066986 = 1,004.8 W.
        assert!((hour.fans_w - 1_004.8).abs() < 0.1);
        assert!(hour.compressors_w <= 0.0 && hour.chilled_w <= 0.0);
    }

    #[test]
    fn a_hot_hour_leaves_a_part_of_the_range_to_the_chiller() {
        let hour = self::dry(0.0, 34.0, 20.0);
        // Reached 42 °C, 6 of 12 K are left: half the heat. Condensing 46 °C, lift 10 → 15 K:
        // COP = 0.5 · 309.15 / 15 = 10.305; work 500 kW / 10.305 = 48.52 kW.
        assert!((hour.chilled_w - 500e3).abs() < 1e-6);
        assert!((hour.compressors_w - 48_520.1).abs() < 0.1);
    }

    #[test]
    fn pads_replace_the_chiller_and_drink() {
        let dry = self::dry(0.0, 38.0, 22.0);
        let wet = self::dry(0.8, 38.0, 22.0);
        assert!(dry.chilled_w > 0.0);
        // Needed entering air 28 °C, pads reach 38 − 0.8 · 16 = 25.2 °C: cooled by 10 K only.
        // 1 MW · 10/12 / 2.45e9 J/m³ · 1.25 = 4.252e-4 m³/s.
        assert!(wet.chilled_w <= 0.0 && wet.drop_k > 0.0);
        assert!((wet.water_m3_per_s - 4.251_7e-4).abs() < 1e-7);
    }

    #[test]
    fn a_cooler_that_is_warmer_than_the_return_is_bypassed() {
        let hour = self::dry(0.0, 45.0, 22.0);
        // All heat through the chiller: lift 57 − 36 = 21 K, COP 0.5 · 309.15/21 = 7.361, work 135.86 kW;
        // condenser fans 0.015 · 1.13586 MW = 17.04 kW, no dry-cooler fans.
        assert!((hour.compressors_w - 135.86e3).abs() < 10.0);
        assert!((hour.fans_w - 17.04e3).abs() < 10.0);
    }

    #[test]
    fn a_tower_reaches_the_wet_bulb_and_evaporates_all_heat() {
        let hour = loop_hour(&coolers(0.0).on_towers(1e6, Celsius(36.0), Kelvin(12.0)), 30.0, 22.0);
        assert!(hour.chilled_w <= 0.0);
        // 1 MW / 2.45e9 · 1.25 = 5.102e-4 m³/s.
        assert!((hour.water_m3_per_s - 5.102e-4).abs() < 1e-7);
    }
}
