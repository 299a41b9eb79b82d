//! Dry cooler, wetted pads, tower and chiller against dry and wet bulb: one loop of water, one hour.
//!
//! Outside air takes what it can, compressors take the rest of the temperature range. A cooler whose fans would
//! cost more than the compressors that it relieves is bypassed. Every plant is a few [`HeatLoop`]s: coefficients
//! without kinds, which [`loop_hour`] runs in `f64` for people and in `f32` as the twin of
//! `shaders/shared/cooling.wgsl`. Towers evaporate what the air that leaves them carries off ([`tower_evaporation`]).
//! Left out: what coils and pads before condensers of one machine do to their air, and that one set of fans serves both (here
//! two are counted in hours of trim); what the chilled water of outside-air plants stirs into evaporators (0.6 % of their heat).
//! Also the help of spare units, heat stored in the water, fouling, and warm air that a yard of coolers draws back in: 2 K
//! of it would cost a plant of air-cooled chillers 1 % of its racks at 43 °C.

use super::direct_to_chip::FLOW_EXPONENT;
use crate::scalar::Real;
use crate::units::{Celsius, CubicMetersPerJoule, Kelvin, Share};

/// Outside air of one hour, as loops meet it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Air<T = f64> {
    /// Dry bulb [°C].
    pub dry_bulb_c: T,
    /// Wet bulb [°C].
    pub wet_bulb_c: T,
    /// Water in it per dry air [kg/kg].
    pub humidity_ratio: T,
    /// Its pressure [Pa].
    pub pressure_pa: T,
}

impl Air {
    /// The same in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> Air<T> {
        Air {
            dry_bulb_c: T::of(self.dry_bulb_c),
            wet_bulb_c: T::of(self.wet_bulb_c),
            humidity_ratio: T::of(self.humidity_ratio),
            pressure_pa: T::of(self.pressure_pa),
        }
    }
}

/// 0 °C on the absolute scale [K].
const ICE_POINT_K: f64 = 273.15;
/// Heat that evaporates a cubic metre of water [J/m³]: 2.45 MJ/kg at 20 °C, 1,000 kg/m³.
const HEAT_OF_EVAPORATION_PER_VOLUME: f64 = 2.45e9;
/// The smallest lift that compressors work against, for oil return and valves [K]. An assumption.
const SMALLEST_LIFT_K: f64 = 15.0;
/// Work of a compressor over that at full load by the part of the load: constant, in proportion, with its square.
const PART_LOAD_CURVE: [f64; 3] = [0.033_03, 0.685_2, 0.281_8];
/// The part at which a compressor takes least work per heat: √(0.03303/0.2818).
const BEST_PART: f64 = 0.342_4;
/// What chillers carry beyond their design heat before they are full: room for rounding alone.
const CHILLER_ROOM: f64 = 1.000_001;
/// How the flow fraction of a fan answers to the approach.
const FAN_EXPONENT: f64 = 1.3;
/// The lowest flow fraction of running fans.
const LEAST_FAN_FLOW: f64 = 0.2;
/// The ratio of approaches below which fans run slowest; keeps the logarithm away from zero.
const LEAST_APPROACH_RATIO: f64 = 0.01;
/// A range below this is taken as this: a loop without range would have no flow [K].
const SMALLEST_RANGE_K: f64 = 0.1;
/// Air that leaves a tower is taken to be no warmer than this [°C]: no loop of water is.
const WARMEST_TOWER_AIR_C: f64 = 70.0;
/// Heat that a kilogram of air takes up in a tower at least [kJ]: two kelvin above the wet bulb of a cold day.
const LEAST_TOWER_HEAT: f64 = 2.0;
/// What hot air gives up in a tower at most, over what evaporation takes: deserts reach a quarter, half is beyond any weather.
const MOST_GIVEN_UP: f64 = -0.5;
/// Water that leaves a tower as droplets, over what circulates: 0.002 % to 0.005 % with usual eliminators (recalled).
const DRIFT_SHARE: f64 = 3.5e-5;
/// Heat that a cubic metre of tower water takes up per kelvin [J/(m³·K)].
pub const WATER_HEAT_CAPACITY: f64 = 4.18e6;
/// Range of tower water [K]: chillers are rated at 5 K to 5.6 K (recalled), and plates before them get the same flow.
pub const CONDENSER_RANGE: Kelvin = Kelvin(5.5);

/// Above the vapour in any weather [Pa]: water does not mind damp air.
pub const ANY_VAPOUR_PA: f64 = 30e3;
/// A difference of humidity ratios below this is taken as this, where it divides.
const LEAST_DRYING: f64 = 1e-6;

/// A loop of water (or a stream of air) whose heat has to leave the building, with what throws it out.
///
/// Shares are of the heat or power that passes. A flag is 1 for yes and 0 for no.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct HeatLoop<T = f64> {
    /// Heat in it [W].
    pub heat_w: T,
    /// Heat to which the air of the coolers' fans at full speed belongs [W]: that of full load, whatever part of it comes.
    pub coolers_w: T,
    /// The temperature at which it has to come back [°C].
    pub supply_c: T,
    /// How much warmer it leaves [K].
    pub range_k: T,
    /// Where between dry (0) and wet bulb (1) the air meets the coolers.
    pub wetness: T,
    /// From that to the loop's water at full fan speed [K].
    pub approach_k: T,
    /// The same with air in proportion to the heat, as pads are wetted [K].
    pub wet_approach_k: T,
    /// Effectiveness of wetted pads before dry coolers; 0 without pads.
    pub pads: T,
    /// Flag: outside air may cool the loop without compressors.
    pub free: T,
    /// Vapour in the dampest air that racks may breathe [Pa]: coils dry what is damper.
    pub damp_vapour_pa: T,
    /// Air off the coils that dry it [°C].
    pub coil_c: T,
    /// Vapour that saturates it there [Pa].
    pub coil_vapour_pa: T,
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
    /// Heat that the evaporators carry in the design hour [W]: what they have is a part of it; 0 where that is not asked.
    pub chillers_w: T,
    /// Temperature of the water that evaporators make [°C].
    pub evaporating_c: T,
    /// Where between dry (0) and wet bulb (1) the air meets the condensers.
    pub condenser_wetness: T,
    /// Condensing temperature above that [K].
    pub lift_k: T,
    /// Flag: the coolers are towers.
    pub cooler_towers: T,
    /// Flag: the condensers have towers of their own.
    pub condenser_towers: T,
    /// From wet bulb to the water of towers at full fan speed [K].
    pub tower_approach_k: T,
    /// How much warmer water comes to the towers than it leaves [K].
    pub tower_range_k: T,
    /// The coldest water that towers are run for [°C].
    pub tower_water_c: T,
    /// Pumps that warm the water of towers [W].
    pub tower_pumps_w: T,
    /// Power of pumps that run with the chillers alone, per heat through evaporators.
    pub chiller_pump_share: T,
    /// Water given up with its salts, as blowdown or drift, over what evaporates.
    pub blowdown: T,
}

impl HeatLoop {
    /// The same in the precision of kernels.
    #[must_use]
    pub fn cast<T: Real>(&self) -> HeatLoop<T> {
        HeatLoop {
            heat_w: T::of(self.heat_w),
            coolers_w: T::of(self.coolers_w),
            supply_c: T::of(self.supply_c),
            range_k: T::of(self.range_k),
            wetness: T::of(self.wetness),
            approach_k: T::of(self.approach_k),
            wet_approach_k: T::of(self.wet_approach_k),
            pads: T::of(self.pads),
            free: T::of(self.free),
            damp_vapour_pa: T::of(self.damp_vapour_pa),
            coil_c: T::of(self.coil_c),
            coil_vapour_pa: T::of(self.coil_vapour_pa),
            bypass: T::of(self.bypass),
            joined: T::of(self.joined),
            cooler_fan_share: T::of(self.cooler_fan_share),
            condenser_fan_share: T::of(self.condenser_fan_share),
            carnot_share: T::of(self.carnot_share),
            chillers_w: T::of(self.chillers_w),
            evaporating_c: T::of(self.evaporating_c),
            condenser_wetness: T::of(self.condenser_wetness),
            lift_k: T::of(self.lift_k),
            cooler_towers: T::of(self.cooler_towers),
            condenser_towers: T::of(self.condenser_towers),
            tower_approach_k: T::of(self.tower_approach_k),
            tower_range_k: T::of(self.tower_range_k),
            tower_water_c: T::of(self.tower_water_c),
            tower_pumps_w: T::of(self.tower_pumps_w),
            chiller_pump_share: T::of(self.chiller_pump_share),
            blowdown: T::of(self.blowdown),
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
    /// Pumps that run with the chillers alone [W].
    pub pumps_w: T,
    /// Make-up water [m³/s].
    pub water_m3_per_s: T,
    /// Of that, evaporated [m³/s].
    pub evaporated_m3_per_s: T,
    /// Of that, carried off as droplets [m³/s].
    pub drift_m3_per_s: T,
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

/// Work of compressors per heat at a part of their load, over that at full load and the same temperatures.
///
/// ~~~text
/// f(x)/x,   f = 0.033 + 0.685·x + 0.282·x²,   x within [0.342, 1]
/// ~~~
///
/// x heat over what the evaporators carry in the design hour. The curve is the published one of a chiller whose drive follows
/// the load (form of EnergyPlus, coefficients as in dc-rl, MIT): 0.95 at four fifths, 0.88 at a third, where it is least. Below that
/// units are switched off, so that those that run stay there: loops have several. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn part_load_work<T: Real>(chilled_w: T, chillers_w: T) -> T {
    let [idle, straight, square] = PART_LOAD_CURVE.map(T::of);
    let part =
        Real::min(Real::max(chilled_w / Real::max(chillers_w, T::of(1.0)), T::of(BEST_PART)), T::of(1.0));
    let over_full = T::of(1.0 / (PART_LOAD_CURVE[0] + PART_LOAD_CURVE[1] + PART_LOAD_CURVE[2]));
    T::select(chillers_w > T::of(0.0), (idle / part + straight + square * part) * over_full, T::of(1.0))
}

/// Flow of cooler fans as a fraction of full flow; their power goes with its cube.
///
/// ~~~text
/// φ = (a / (T_s − T_in))^1.3 within [0.2, 1],  P/P_full = φ³
/// ~~~
///
/// a approach at full speed [K] · T_s supply wanted · T_in entering air [°C]. Cubic fan law; the exponent 1.3 is
/// an estimate of how heat transfer falls with the flow of air. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn fan_flow_fraction<T: Real>(approach_k: T, available_k: T) -> T {
    let least = T::of(SMALLEST_RANGE_K);
    let approach = Real::max(approach_k, least);
    let ratio = Real::max(approach / Real::max(available_k, approach), T::of(LEAST_APPROACH_RATIO));
    Real::max((ratio.log2() * T::of(FAN_EXPONENT)).exp2(), T::of(LEAST_FAN_FLOW))
}

/// What the approach of coils in outside air grows by where that air is thin.
///
/// ~~~text
/// a/a_0 = (ρ_0/ρ)^(1/1.3)
/// ~~~
///
/// ρ/ρ_0 density over that at sea level. Fans at full speed move the same volume and so less air; the exponent is the one by
/// which approach and flow answer to each other in [`fan_flow_fraction`].
pub(super) fn thin_air_approach(density: f64) -> f64 {
    density.powf(-1.0 / FAN_EXPONENT)
}

/// Part of the resistance to heat on the water's side of a coil in air. An assumption: fins or not, the air has most of it.
const WATER_SIDE: f64 = 0.25;

/// From outside air to the water of a coil, at full fan speed and a part of the heat for which it is rated.
///
/// ~~~text
/// a = R·(1 − x) / (exp( R/a_0 · u/x · (1 − x) ) − 1),   u = 1/(1 − β + β·x^-0.8)     water follows the heat
/// a = a_0·x                                                                     water keeps its flow, or x ≥ 1
/// ~~~
///
/// a_0 rated approach, R range of the water [K] · x part of the heat · u UA over rated · β part of the resistance in the water,
/// where heat transfer grows with the flow to the 0.8 (Dittus and Boelter). Rated, both streams have one capacity rate and
/// R/a_0 is the number of transfer units. With water of the rate x and air of the rate 1 in counterflow the ends are a and
/// a + R·(1 − x) apart, so x·a_0/u, heat over UA, is their logarithmic mean: solved for a. Less water for the same air comes
/// closer to it than both in proportion, a_0·x: 4.7 K and not 6 K at three quarters of the heat of a coil of 8 K and 14.5 K.
pub(super) fn coil_approach(rated: Kelvin, range: Kelvin, part: f64, constant_speed: bool) -> Kelvin {
    if constant_speed || part >= 1.0 {
        return rated * part;
    }
    let less = 1.0 - part;
    let transfer = 1.0 / (1.0 - WATER_SIDE + WATER_SIDE * part.powf(-FLOW_EXPONENT));
    range * (less / (range / rated * transfer / part * less).exp_m1())
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

/// Water given up with its salts for each evaporated cubic metre, so that they stay at `cycles` times the feed.
///
/// ~~~text
/// B = 1 / (c − 1)          salts in = salts out: (1 + B) · 1 = B · c
/// ~~~
///
/// One cycle or less is no operation; it is taken as 1.05. Drift carries a part of it away, the drain the rest.
#[must_use]
pub fn blowdown_ratio(cycles: f64) -> f64 {
    1.0 / (cycles.max(1.05) - 1.0)
}

/// Water evaporated per heat that evaporation alone takes up: 1.47 L/kWh.
#[must_use]
pub fn evaporation() -> CubicMetersPerJoule {
    CubicMetersPerJoule(1.0 / HEAT_OF_EVAPORATION_PER_VOLUME)
}

/// Pressure of water vapour over water [Pa].
///
/// ~~~text
/// p = 611.21 · exp( (18.678 − t/234.5) · t / (257.14 + t) )
/// ~~~
///
/// t [°C]. Buck 1981 with the coefficients of 1996: within 0.1 % of Hyland and Wexler from 0 °C to 70 °C, in one
/// exponential for kernels. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn vapour_pressure<T: Real>(celsius: T) -> T {
    // Drivers turn a division by a constant into a product, rounded otherwise: it is one from the start.
    let exponent = (T::of(18.678) - celsius * T::of(1.0 / 234.5)) * (celsius / (T::of(257.14) + celsius));
    (exponent * T::of(std::f64::consts::LOG2_E)).exp2() * T::of(611.21)
}

/// Water per dry air at a vapour pressure [kg/kg].
///
/// ~~~text
/// w = 0.621945 · e / (p − e)
/// ~~~
///
/// e vapour, p whole pressure [Pa]. ASHRAE Fundamentals, chapter 1. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn humidity_at<T: Real>(vapour_pa: T, pressure_pa: T) -> T {
    T::of(0.621_945) * vapour_pa / (pressure_pa - vapour_pa)
}

/// How far pads may cool outside air until it is as damp as allowed [K].
///
/// ~~~text
/// d = (w_max − w)·(2501 + 1.86·T − 4.186·T_wb) / (1.006 + 1.86·w_max)
/// ~~~
///
/// T, T_wb, w outside air · w_max water per dry air at the dew-point limit. Pads keep the wet bulb: the balance of enthalpy
/// that defines it (ASHRAE Fundamentals, chapter 1), solved for the dry bulb. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn pad_room<T: Real>(air: &Air<T>, most: T) -> T {
    let room = Real::max(most - air.humidity_ratio, T::of(0.0));
    let heat = T::of(2_501.0) + T::of(1.86) * air.dry_bulb_c - T::of(4.186) * air.wet_bulb_c;
    room * heat / (T::of(1.006) + T::of(1.86) * most)
}

/// Water that a tower evaporates per heat it takes [m³/J].
///
/// ~~~text
/// t_out = t_cold + range·(1 − φ/2)                           saturated: w_out = 0.621945·p_s/(p − p_s)
/// s = (1.006 + 1.86·w_in)·(t_out − t_in)                    what the air takes by getting warmer [kJ/kg]
/// l = (w_out − w_in)·(2501 + 1.86·t_out − 4.186·t_cold)       what it takes with the water [kJ/kg]
/// e = (w_out − w_in) / (s + l) / ρ
/// ~~~
///
/// t_in, w_in outside air · t_cold water leaving the tower · φ flow fraction of the fans · p pressure. The balance of dry air,
/// water and enthalpy (ASHRAE Fundamentals, chapter 1) around a tower whose air leaves saturated: at full speed at the mean
/// of its water temperatures, the usual rule for counterflow (recalled); the less air, the closer to the hot water it comes,
/// which is its limit. Between these ends a line is drawn; they lie 3 % to 8 % of the water apart. In cold hours air is
/// warmed as well and less evaporates; air that is warmer than the water gives up heat and more does. Mirrored in
/// `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn tower_evaporation<T: Real>(air: &Air<T>, cold_c: T, range_k: T, fan_flow: T) -> T {
    let zero = T::of(0.0);
    let warmed_k = range_k * (T::of(1.0) - fan_flow * T::of(0.5));
    let out_c = Real::min(cold_c + warmed_k, T::of(WARMEST_TOWER_AIR_C));
    let vapour_pa = vapour_pressure(out_c);
    let saturated = humidity_at(vapour_pa, air.pressure_pa);
    let gained = Real::max(saturated - air.humidity_ratio, zero);
    let sensible = (T::of(1.006) + T::of(1.86) * air.humidity_ratio) * (out_c - air.dry_bulb_c);
    let latent = gained * (T::of(2_501.0) + T::of(1.86) * out_c - T::of(4.186) * cold_c);
    let taken = Real::max(sensible, latent * T::of(MOST_GIVEN_UP)) + latent;
    gained / Real::max(taken, T::of(LEAST_TOWER_HEAT)) * T::of(1e-6)
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
/// c   = max(short − d, f·(T_a − d − T_c))                 what coils or chillers cool; f the part of damp air that they dry
/// s   = (c + l) / (range + c − (T_a + a − d − T_s)) within [0, 1]  l what drying adds; dry: (short − d)/range
/// W   = s·Q / COP · p                                      what compressors do; p part-load curve ([`part_load_work`])
/// fans  = f·φ³·(Q_0 + j·W) + f_c·φ_c³·(s·Q + W)              φ flow of the fans over that at full speed, which belongs to Q_0
/// φ_c  = ( l_c / (T_e + 15 K − T_c) )^1.3 within [0.2, 1]     condensers hold the smallest lift in cool air, and no less
/// pumps = P_s·s·Q                                         of plants whose pumps run with the chillers alone
/// d_w  = min(short + a_w − a, ε·(T_a − T_wb))              what pads cool where short > 0, in air that follows the heat
/// E     = e·(t·(Q + j·W + P_t) + t_c·(s·Q + W + pumps)) + Q·d_w/range / h_fg     evaporated
/// D     = δ·(tower heat) / (ρc·r),  water = E + max(B·E, D)
/// ~~~
///
/// Q heat, Q_0 heat at full load, P_t pumps of tower water [W] · T_s supply · a approach [K] · ε effectiveness of pads · j 1 where condensers share the coolers · f, f_c
/// full fan power per heat of coolers and condensers · t, t_c 1 where they are towers · e evaporation of a tower
/// ([`tower_evaporation`]) whose water is as cold as wanted, or as the wet bulb allows · B blowdown ([`blowdown_ratio`]) ·
/// δ drift of what circulates over the range r. Pads cool each kelvin of air by evaporating into it (m·c_p·ΔT = ṁ_w·h_fg);
/// the air stream has the heat capacity rate of the water at full load (a balanced exchanger, both approaches equal). At part
/// load dry coolers hold as long as all of that air lets them (a); pads then come in with air in proportion to the heat,
/// Q/range, and its wider approach a_w, which takes less water than wetting all of the air a little.
/// Outside air damper than racks may breathe is dried by the coils of the hall ([`super::air`] has f and l), and is shut out
/// where that is more than carrying all heat over them (s = 1) or where they are too warm to dry it. Where the coolers can
/// be bypassed they are when chillers alone take less power and are large enough. Mirrored in `shaders/shared/cooling.wgsl`.
#[inline(always)]
#[must_use]
pub fn loop_hour<T: Real>(l: &HeatLoop<T>, air: &Air<T>) -> LoopHour<T> {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let (dry_bulb_c, wet_bulb_c) = (air.dry_bulb_c, air.wet_bulb_c);
    let at_condensers_c = between(dry_bulb_c, wet_bulb_c, l.condenser_wetness);
    let cop = chiller_cop(l.carnot_share, l.evaporating_c, at_condensers_c + l.lift_k);
    let all_work_w = l.heat_w / cop * part_load_work(l.heat_w, l.chillers_w);
    // Held at the smallest lift, condensers want less air.
    let held_k = l.evaporating_c + T::of(SMALLEST_LIFT_K) - at_condensers_c;
    let head = fan_flow_fraction(l.lift_k, held_k);
    let condenser_fan_share = l.condenser_fan_share * (head * head * head);
    let all_fans_w = (l.heat_w + all_work_w) * condenser_fan_share;

    let most = humidity_at(l.damp_vapour_pa, air.pressure_pa);
    let at_coils = humidity_at(l.coil_vapour_pa, air.pressure_pa);
    let excess = Real::max(air.humidity_ratio - most, zero);
    let free = (l.free > zero) & ((excess <= zero) | (at_coils < most));
    let air_c = between(dry_bulb_c, wet_bulb_c, l.wetness);
    let margin_k = l.supply_c - l.approach_k - air_c;
    let short_k = Real::max(-margin_k, zero);
    let possible_k = Real::min(Real::max(air_c - wet_bulb_c, zero) * l.pads, pad_room(air, most));
    let drop_k = Real::min(short_k, possible_k);
    let left_k = short_k - drop_k;
    let entering_c = air_c - drop_k;
    let over_coils = Real::min(excess / Real::max(air.humidity_ratio - at_coils, T::of(LEAST_DRYING)), one);
    let cooled_k = Real::max(left_k, over_coils * (entering_c - l.coil_c));
    let condensing_heat = T::of(2_501.0) + T::of(1.86) * entering_c - T::of(4.186) * l.coil_c;
    let drying_k = excess * condensing_heat / (T::of(1.006) + T::of(1.86) * most);
    let warmed_k = l.range_k + (Real::max(margin_k, zero) + (cooled_k - left_k));
    let share = T::select(free, trim_share(cooled_k + drying_k, warmed_k), one);
    let slowed = fan_flow_fraction(l.approach_k, l.approach_k + (margin_k + drop_k));
    // Towers of chillers alone hold the water that these want.
    let held = fan_flow_fraction(l.tower_approach_k, l.tower_water_c - wet_bulb_c);
    let flow = T::select(free, slowed, T::select(l.cooler_towers > zero, held, one));
    let trim_w = l.heat_w * share;
    let trim_work_w = trim_w / cop * part_load_work(trim_w, l.chillers_w);
    let trim_fans_w = (l.coolers_w + l.joined * trim_work_w) * (l.cooler_fan_share * (flow * flow * flow))
        + (trim_w + trim_work_w) * condenser_fan_share;

    let carried = (l.chillers_w <= zero) | (l.heat_w <= l.chillers_w * T::of(CHILLER_ROOM));
    let alone = (l.bypass > zero) & carried & (all_fans_w + all_work_w < trim_fans_w + trim_work_w);
    let chilled_w = T::select(alone, l.heat_w, trim_w);
    let work_w = T::select(alone, all_work_w, trim_work_w);
    // A hall that carries all heat over its coils takes no outside air.
    let wetting_k = Real::min(short_k + (l.wet_approach_k - l.approach_k), possible_k);
    let wetted_k = T::select(free & !alone & (share < one) & (short_k > zero), wetting_k, zero);

    let pumps_w = chilled_w * l.chiller_pump_share;
    let tower_w = (l.heat_w + l.joined * work_w + l.tower_pumps_w) * l.cooler_towers
        + (chilled_w + work_w + pumps_w) * l.condenser_towers;
    let cold_c = Real::max(l.tower_water_c, wet_bulb_c + l.tower_approach_k);
    let range_k = Real::max(l.range_k, T::of(SMALLEST_RANGE_K));
    let tower_range_k = Real::max(l.tower_range_k, T::of(SMALLEST_RANGE_K));
    let pad_m3_per_s = l.heat_w * (wetted_k / range_k) * T::of(1.0 / HEAT_OF_EVAPORATION_PER_VOLUME);
    let tower_flow = T::select(l.cooler_towers > zero, flow, head);
    let evaporated = tower_w * tower_evaporation(air, cold_c, tower_range_k, tower_flow) + pad_m3_per_s;
    let drift = tower_w / tower_range_k * T::of(DRIFT_SHARE / WATER_HEAT_CAPACITY);
    LoopHour {
        fans_w: T::select(alone, all_fans_w, trim_fans_w),
        compressors_w: work_w,
        pumps_w,
        water_m3_per_s: evaporated + Real::max(evaporated * l.blowdown, drift),
        evaporated_m3_per_s: evaporated,
        drift_m3_per_s: drift,
        chilled_w,
        drop_k: wetted_k,
    }
}

/// The coldest water that towers make for condensers [°C]: compressors want their smallest lift.
pub(super) fn lowest_tower_water(evaporating: Celsius, lift: Kelvin) -> f64 {
    evaporating.value() + SMALLEST_LIFT_K - lift.value()
}

/// Dry coolers, with pads or without, and air-cooled chillers beside them: coefficients of a loop, heat aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Coolers {
    /// The heat over that at full load.
    pub part: Share,
    /// From outside air to water at full fan speed.
    pub approach: Kelvin,
    /// The same with air in proportion to the heat.
    pub wet_approach: Kelvin,
    /// Whether outside air may cool the loop without compressors.
    pub free: bool,
    /// Effectiveness of wetted pads; nothing without pads.
    pub pads: Share,
    /// Full fan power per heat.
    pub fan_share: Share,
    /// Chiller efficiency as a share of Carnot's.
    pub carnot_share: Share,
    /// Warmest water that evaporators make: a part of the flow is cooled as far and mixed with the rest.
    pub evaporator_max: Option<Celsius>,
    /// Condensing temperature above outside air, or above tower water.
    pub lift: Kelvin,
    /// Water given up with its salts per evaporated water.
    pub blowdown: f64,
}

impl Coolers {
    fn evaporating(&self, supply: Celsius) -> Celsius {
        self.evaporator_max.map_or(supply, |warmest| supply.min(warmest))
    }

    fn chillers(&self, heat_w: f64, supply: Celsius, range: Kelvin) -> HeatLoop {
        HeatLoop {
            heat_w,
            coolers_w: heat_w / self.part.value(),
            supply_c: supply.value(),
            range_k: range.value(),
            approach_k: self.approach.value(),
            wet_approach_k: self.wet_approach.value(),
            free: f64::from(u8::from(self.free)),
            damp_vapour_pa: ANY_VAPOUR_PA,
            carnot_share: self.carnot_share.value(),
            evaporating_c: self.evaporating(supply).value(),
            blowdown: self.blowdown,
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
            cooler_towers: 1.0,
            tower_approach_k: self.approach.value(),
            tower_range_k: CONDENSER_RANGE.value(),
            tower_water_c: if self.free {
                supply.value()
            } else {
                lowest_tower_water(self.evaporating(supply), self.lift)
            },
            ..self.chillers(heat_w, supply, range)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Weather;
    use super::super::psychrometrics::{
        enthalpy, humidity_ratio, humidity_ratio_from_wet_bulb, saturation_pressure,
    };
    use super::*;
    use crate::units::Pascals;
    use proptest::prelude::{prop_assert, proptest};

    fn coolers(pads: f64) -> Coolers {
        Coolers {
            part: Share(1.0),
            approach: Kelvin(8.0),
            wet_approach: Kelvin(8.0),
            free: true,
            pads: Share(pads),
            fan_share: Share(0.015),
            carnot_share: Share(0.5),
            evaporator_max: None,
            lift: Kelvin(12.0),
            blowdown: 0.25,
        }
    }

    /// Air at sea level.
    fn air(dry_bulb: f64, wet_bulb: f64) -> Air {
        Weather::of(Celsius(dry_bulb), Celsius(wet_bulb), Pascals(101_325.0)).air()
    }

    fn dry(pads: f64, dry_bulb: f64, wet_bulb: f64) -> LoopHour {
        loop_hour(&coolers(pads).on_air(1e6, Celsius(36.0), Kelvin(12.0)), &air(dry_bulb, wet_bulb))
    }

    /// What a tower evaporates over what evaporation alone would take.
    fn wetness_of_heat(dry_bulb: f64, wet_bulb: f64, cold: f64, range: f64) -> f64 {
        tower_evaporation(&air(dry_bulb, wet_bulb), cold, range, 1.0) / evaporation().value()
    }

    #[test]
    fn evaporating_a_kilowatt_hour_takes_1_47_liters() {
        // 3.6 MJ / 2.45 MJ/kg = 1.469 kg.
        assert!((evaporation().value() * 3.6e6 * 1e3 - 1.469).abs() < 1e-3);
        // Five cycles: 5/4; with evaporation 1.84 L/kWh.
        assert!((1.0 + blowdown_ratio(5.0) - 1.25).abs() < 1e-12);
        assert!((1.0 + blowdown_ratio(3.0) - 1.5).abs() < 1e-12);
        assert!(blowdown_ratio(0.0).is_finite());
    }

    #[test]
    fn a_chiller_at_its_rating_point_moves_three_and_a_half_times_its_work() {
        // Chilled water 7 °C, outside 35 °C, condensing 47 °C: 0.5 · 280.15 / 40 = 3.50.
        assert!((chiller_cop(0.5, 7.0, 47.0_f64) - 3.501_875).abs() < 1e-9);
        // Never against less than 15 K: 0.5 · 280.15 / 15 = 9.34.
        assert!((chiller_cop(0.5, 7.0, 0.0_f64) - 9.338_333).abs() < 1e-5);
    }

    #[test]
    fn air_cooled_chillers_agree_with_two_published_forms_within_a_stated_bound() {
        // The catalogue's: 0.55 of Carnot, condensing 12 K above the air, fans 2 % of what the condenser gives off.
        let ours = |water: f64, air: f64| {
            let cop = chiller_cop(0.55, water, air + 12.0);
            (cop, 1.0 / (1.0 / cop + 0.02 * (1.0 + 1.0 / cop)))
        };
        // The ratio form of dc-rl (MIT) for a machine rated at COP 3.0 with water of 6.67 °C and air of 35 °C, fans included.
        let ratio = |water: f64, air: f64| {
            let shift = (air - 35.0) / 2.778 - (water - 6.67);
            let capacity = 0.944_836 - 0.057_008_8 * shift + 0.001_854_86 * shift * shift;
            (3.0 / (2.333 - 1.975 * capacity + 0.612_1 * capacity * capacity), capacity)
        };
        // The straight line for chilled water of 7 °C: 4.0 at 35 °C and 3.2 at 43 °C, compressors alone.
        for air in [35.0, 43.0] {
            let line = 5.0 - 0.1 * (air - 25.0);
            assert!((ours(7.0, air).0 / line - 1.0).abs() < 0.05, "{air} °C: {} {line}", ours(7.0, air).0);
        }
        // The design hour of Abilene with water of 18 °C: 4.33, 3.91 with fans, against 4.04.
        let (compressors, whole) = ours(18.0, 43.0);
        assert!((compressors - 4.328).abs() < 1e-3 && (whole - 3.912).abs() < 1e-3, "{compressors} {whole}");
        assert!((whole / ratio(18.0, 43.0).0 - 1.0).abs() < 0.05, "{:?}", ratio(18.0, 43.0));
        // Elsewhere the machine of the ratio form is the weaker one, by up to 18 % at its rating point.
        for (water, air) in [(7.0, 35.0), (7.0, 43.0), (12.0, 35.0), (12.0, 43.0)] {
            let over = ours(water, air).1 / ratio(water, air).0 - 1.0;
            assert!((0.0..0.18).contains(&over), "{water} °C, {air} °C: {over}");
        }
        // With water of 18 °C and air of 35 °C the form is beyond the capacity of 1.61 where its power turns back up.
        assert!(ratio(18.0, 35.0).1 > 1.975 / (2.0 * 0.612_1));
    }

    // f(0.8)/0.8 = 0.03303/0.8 + 0.6852 + 0.2818 · 0.8 = 0.951928; f(0.3424)/0.3424 = 0.878155; both over 1.00003.
    #[test]
    fn compressors_at_part_load_take_what_the_published_curve_says() {
        let work = |part: f64| part_load_work(part * 2e6, 2e6);
        assert!((work(0.8) - 0.951_9).abs() < 5e-5, "{}", work(0.8));
        assert!((work(BEST_PART) - 0.878_13).abs() < 5e-5, "{}", work(BEST_PART));
        assert!((work(1.0) - 1.0).abs() < 1e-12 && (work(1.3) - 1.0).abs() < 1e-12);
        // Least where it is said to be, and units are switched off below it.
        let curve = |x: f64| PART_LOAD_CURVE[0] / x + PART_LOAD_CURVE[2] * x;
        assert!(curve(BEST_PART) < curve(BEST_PART - 0.01) && curve(BEST_PART) < curve(BEST_PART + 0.01));
        assert!((work(0.1) - work(BEST_PART)).abs() < 1e-12);
        assert!((part_load_work(1e6, 0.0_f64) - 1.0).abs() < 1e-12);
        // Half the range of a loop whose chillers carry all of it: 0.03303/0.5 + 0.6852 + 0.1409 = 0.89216.
        let dry = coolers(0.0).on_air(1e6, Celsius(36.0), Kelvin(12.0));
        let hour = loop_hour(&HeatLoop { chillers_w: 1e6, ..dry }, &air(34.0, 20.0));
        assert!(
            (hour.chilled_w - 500e3).abs() < 1e-6 && (hour.compressors_w - 48_520.1 * 0.892_13).abs() < 1.0
        );
    }

    // Half the heat of the loop of `pads_replace_the_chiller_and_drink`, 6 K from all its air and 7 K from half of it: cooled by
    // 8 K it would do, and half the air is cooled by 9: 4.2517e-4 · 0.5 · 0.9 = 1.9133e-4 m³/s.
    #[test]
    fn pads_wet_the_air_that_follows_the_heat_and_fans_move_that_of_full_load() {
        let part =
            Coolers { part: Share(0.5), approach: Kelvin(6.0), wet_approach: Kelvin(7.0), ..coolers(0.8) };
        let loop_of = |heat| part.on_air(heat, Celsius(36.0), Kelvin(12.0));
        let wet = loop_hour(&loop_of(0.5e6), &air(38.0, 22.0));
        assert!((wet.water_m3_per_s - 1.913_3e-4).abs() < 1e-7, "{wet:?}");
        // Full speed: 0.015 of the heat that the fans are bought for.
        assert!((wet.fans_w - 15e3).abs() < 1e-6, "{wet:?}");
    }

    #[test]
    fn chillers_for_a_part_of_the_heat_do_not_carry_all_of_it() {
        // Coolers whose fans cost more than compressors are bypassed, where the chillers are large enough.
        let costly = Coolers { fan_share: Share(0.15), ..coolers(0.0) };
        let heat = HeatLoop { condenser_fan_share: 0.01, ..costly.on_air(1e6, Celsius(36.0), Kelvin(12.0)) };
        let chilled = |chillers_w| loop_hour(&HeatLoop { chillers_w, ..heat }, &air(34.0, 20.0)).chilled_w;
        assert!((chilled(1e6) - 1e6).abs() < 1e-6 && (chilled(0.0) - 1e6).abs() < 1e-6);
        assert!((chilled(0.6e6) - 0.5e6).abs() < 1e-6);
    }

    #[test]
    fn fans_slow_down_with_the_cube_of_their_flow() {
        let power = |available: f64| fan_flow_fraction(8.0, available).powi(3);
        assert!((power(8.0) - 1.0).abs() < 1e-12);
        // Twice the approach: (1/2)^3.9 = 0.067.
        assert!((power(16.0) - 0.066_986).abs() < 1e-5);
        assert!((power(60.0) - 0.008).abs() < 1e-12);
        assert!((power(-3.0) - 1.0).abs() < 1e-12);
    }

    // (8 K, 14.5 K) at three quarters: u = 1/(0.75 + 0.25 · 1.2588) = 0.9392, 14.5 · 0.25/(exp(0.5674) − 1) = 4.75 K.
    #[test]
    fn a_coil_with_less_water_comes_closer_to_its_air() {
        let approach = |part| coil_approach(Kelvin(8.0), Kelvin(14.5), part, false).value();
        assert!((approach(0.75) - 4.747).abs() < 2e-3, "{}", approach(0.75));
        assert!((coil_approach(Kelvin(8.0), Kelvin(14.5), 0.75, true).value() - 6.0).abs() < 1e-12);
        assert!((approach(1.0) - 8.0).abs() < 1e-12 && (approach(1.0 - 1e-9) - 8.0).abs() < 1e-6);
        assert!((approach(1.2) - 9.6).abs() < 1e-12);
    }

    #[test]
    fn thin_air_takes_more_approach() {
        // Denver, 1,600 m: 0.824^(−1/1.3) = 1.1605.
        assert!((thin_air_approach(0.824) - 1.1605).abs() < 1e-3);
        // The flow that the grown approach asks of fans in sea-level terms is that of the thin air.
        assert!((fan_flow_fraction(8.0, 8.0 * thin_air_approach(0.824)) - 0.824).abs() < 1e-12);
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
    fn evaporators_make_no_warmer_water_than_they_can() {
        // As above but with water of 25 °C mixed to 36 °C: lift 46 − 25 = 21 K, COP 0.5 · 298.15/21 = 7.0988; 70.44 kW.
        let limited = Coolers { evaporator_max: Some(Celsius(25.0)), ..coolers(0.0) };
        let hour = loop_hour(&limited.on_air(1e6, Celsius(36.0), Kelvin(12.0)), &air(34.0, 20.0));
        assert!(
            (hour.chilled_w - 500e3).abs() < 1e-6 && (hour.compressors_w - 70_434.0).abs() < 10.0,
            "{hour:?}"
        );
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
    fn a_tower_reaches_the_wet_bulb_and_its_air_carries_the_heat_off() {
        let hour = loop_hour(&coolers(0.0).on_towers(1e6, Celsius(36.0), Kelvin(12.0)), &air(30.0, 22.0));
        assert!(hour.chilled_w <= 0.0);
        // Fans: (8/14)^1.3 = 0.48312. In: w_s(22 °C) 0.016670, w (2,449.8 · 0.016670 − 8.048)/2,464.7 = 0.013304. Out,
        // saturated at 36 + 5.5 · (1 − 0.24156) = 40.171 °C: p_s 7,450 Pa, w 0.621945 · 7,450/93,875 = 0.049359.
        // s = (1.006 + 1.86 · 0.013304) · 10.171 = 10.484; l = 0.036055 · (2,501 + 74.72 − 150.70) = 87.435;
        // e = 0.036055/97.919 = 3.6822e-4 kg/kJ: 1 MW takes 0.3682 kg/s.
        assert!((hour.evaporated_m3_per_s - 3.682e-4).abs() < 1e-7, "{hour:?}");
        assert!((hour.water_m3_per_s / hour.evaporated_m3_per_s - 1.25).abs() < 1e-12);
        // Drift: 1 MW / (4.18 MJ/(m³·K) · 5.5 K) = 43.50 L/s, of which 0.0035 % is 1.522e-6 m³/s.
        assert!((hour.drift_m3_per_s - 1.522e-6).abs() < 1e-9);
        // Pumps of 17.5 kW warm the water as well.
        let pumped =
            HeatLoop { tower_pumps_w: 17.5e3, ..coolers(0.0).on_towers(1e6, Celsius(36.0), Kelvin(12.0)) };
        let more = loop_hour(&pumped, &air(30.0, 22.0)).evaporated_m3_per_s / hour.evaporated_m3_per_s;
        assert!((more - 1.0175).abs() < 1e-12, "{more}");
    }

    #[test]
    fn vapour_pressure_is_that_of_the_tables_within_a_thousandth() {
        for tenth in 0..700 {
            let t = f64::from(tenth) / 10.0;
            let table = saturation_pressure(Celsius(t)).value();
            assert!((vapour_pressure(t) / table - 1.0).abs() < 1e-3, "{t} °C: {}", vapour_pressure(t));
        }
    }

    #[test]
    fn a_tower_keeps_water_and_enthalpy() {
        // Air, water and heat around the tower, with the module's tables: G dry air a heat of one [kg/kJ].
        for (dry_bulb, wet_bulb, cold, range) in
            [(35.0, 24.0, 29.0, 5.5), (10.0, 5.0, 36.0, 14.5), (-15.0, -16.0, 36.0, 14.5)]
        {
            let sea = Pascals(101_325.0);
            let (t_in, t_out) = (Celsius(dry_bulb), Celsius(cold + range / 2.0));
            let before = humidity_ratio_from_wet_bulb(t_in, Celsius(wet_bulb), sea);
            let after = humidity_ratio(saturation_pressure(t_out), sea);
            let evaporated = tower_evaporation(&air(dry_bulb, wet_bulb), cold, range, 1.0) * 1e6;
            let dry_air = evaporated / (after - before);
            let taken = dry_air * (enthalpy(t_out, after) - enthalpy(t_in, before));
            // The heat, and what evaporated water had as water.
            assert!((taken / (1.0 + evaporated * 4.186 * cold) - 1.0).abs() < 2e-3, "{dry_bulb} °C: {taken}");
        }
    }

    #[test]
    fn a_tower_evaporates_what_the_rule_of_the_trade_says_and_less_in_cold_hours() {
        // Usual rule: 0.00085 of the flow for each °F of range, which is 0.00085 · 1.8 · 2,450/4.186 = 0.895 of all heat; makers
        // quote 0.8 to 1 (recalled). At the rating point of chillers, 35.0/29.4 °C water, 25.6 °C wet bulb, in air of 28 °C to
        // 32 °C, that is what comes out; air hotter than the water gives up heat of its own.
        for dry_bulb in [28.0, 30.0, 32.0] {
            let share = wetness_of_heat(dry_bulb, 25.6, 29.4, 5.6);
            assert!((0.8..1.05).contains(&share), "{dry_bulb} °C: {share}");
        }
        assert!(wetness_of_heat(40.0, 25.6, 29.4, 5.6) > 1.1);
        let cold = wetness_of_heat(-10.0, -11.0, 36.0, 14.5);
        let mild = wetness_of_heat(15.0, 11.0, 36.0, 14.5);
        let hot = wetness_of_heat(35.0, 24.0, 36.0, 14.5);
        assert!(0.6 < cold && cold < mild && mild < hot && hot < 1.0, "{cold} {mild} {hot}");
        // How far the air is warmed matters little: some per cent between full and no flow.
        for (dry_bulb, wet_bulb, cold, range) in [(15.0, 11.0, 36.0, 14.5), (5.0, 3.0, 18.0, 10.0)] {
            let at = |flow| tower_evaporation(&air(dry_bulb, wet_bulb), cold, range, flow);
            let more = at(0.0) / at(1.0);
            assert!((1.0..1.08).contains(&more), "{more}");
        }
    }

    #[test]
    fn damp_air_takes_less_water_for_the_same_heat() {
        // The same dry bulb, from dry to damp: less room for water, more of the heat is warmth.
        let share = |wet_bulb| wetness_of_heat(25.0, wet_bulb, 36.0, 12.0);
        assert!(share(12.0) > share(18.0) && share(18.0) > share(24.0), "{} {}", share(12.0), share(24.0));
    }

    proptest! {
        #[test]
        fn the_ends_of_a_coil_have_the_logarithmic_mean_of_its_heat(
            rated in 3.0..12.0_f64, range in 5.0..20.0_f64, part in 0.1..0.99_f64,
        ) {
            let cold = coil_approach(Kelvin(rated), Kelvin(range), part, false).value();
            let hot = cold + range * (1.0 - part);
            let mean = (hot - cold) / (hot / cold).ln();
            let transfer = 1.0 / (0.75 + 0.25 * part.powf(-0.8));
            prop_assert!((mean / (part * rated / transfer) - 1.0).abs() < 1e-9, "{cold} {hot}");
            prop_assert!(cold > 0.0 && cold < rated * part);
        }

        #[test]
        fn water_that_is_made_up_leaves_as_vapour_droplets_or_brine(
            dry_bulb in -30.0..48.0_f64, depression in 0.0..25.0_f64, supply in 15.0..45.0_f64,
            cycles in 1.5..200.0_f64, free in proptest::bool::ANY,
        ) {
            let blowdown = blowdown_ratio(cycles);
            let coolers = Coolers { free, blowdown, ..coolers(0.0) };
            let heat = coolers.on_towers(1e6, Celsius(supply), Kelvin(10.0));
            let hour = loop_hour(&heat, &air(dry_bulb, dry_bulb - depression));
            let drained = hour.water_m3_per_s - hour.evaporated_m3_per_s - hour.drift_m3_per_s;
            prop_assert!(drained >= -1e-12 * hour.water_m3_per_s);
            // What comes in with the feed leaves with droplets and drain, concentrated so often at most.
            let salts_out = (drained + hour.drift_m3_per_s) * cycles;
            prop_assert!(salts_out >= hour.water_m3_per_s * (1.0 - 1e-9), "{hour:?}");
            // With drain open, exactly so often.
            prop_assert!(drained <= 1e-15 || (salts_out / hour.water_m3_per_s - 1.0).abs() < 1e-9, "{hour:?}");
        }
    }
}
