//! Outside air that is drier than racks allow, and the water that would moisten it.
//!
//! Where outside air goes through the halls, cold hours bring little water, and none comes from the racks: warmed to their
//! inlets, winter air has a few per cent of what saturates it. Electrostatic discharge asks for more.
//!
//! ~~~text
//! w_min = max( w(p_s(t_d)), w(φ·p_s(T_s)) )
//! ṁ     = (Q − Q_chilled) / ( h(T_s + ΔT, w_min) − h(T, w) )        outside air: the rest of the hall's is its own
//! V     = max( ṁ·(w_min − w) − pads, 0 ) / ρ
//! ~~~
//!
//! t_d lowest dew point, φ lowest relative humidity at the inlet · T, w outside air · T_s inlet, ΔT rise over the racks · h
//! enthalpy, as the water evaporates into the same air (ASHRAE Fundamentals, chapter 1) · pads what wetted pads evaporate in
//! that hour anyway. What it takes is told beside the plan and is in none of its sums: whether a site moistens its air, or
//! lets it be dry, is its own choice.

use super::equipment::{DriestAir, Machine, Place};
use super::result::DryAir;
use super::sizing::{self, Draw, FacilityHour};
use crate::cooling::air::RACK_AIR_RISE;
use crate::cooling::psychrometrics::{enthalpy, humidity_ratio, saturation_pressure};
use crate::cooling::{HeatLoop, Weather, Year, loop_hour};
use crate::scalar::SECONDS_PER_YEAR;
use crate::units::{Celsius, CubicMeters, CubicMetersPerSecond, Share};

/// Mass of water that is moistened with [kg/m³].
const WATER_DENSITY: f64 = 1_000.0;

/// Water that moistens the outside air of a hall in one hour, where it is too dry.
fn moistening(hall: &HeatLoop, limit: &DriestAir, weather: &Weather) -> Option<CubicMetersPerSecond> {
    let inlet = Celsius(hall.supply_c);
    let least = least_water(limit, inlet, weather);
    if weather.humidity_ratio >= least || hall.heat_w <= 0.0 {
        return None;
    }
    let hour = loop_hour(hall, &weather.air());
    let exhaust = inlet + RACK_AIR_RISE;
    let gained = enthalpy(exhaust, least) - enthalpy(weather.dry_bulb, weather.humidity_ratio);
    // A hall that carries all heat over its coils takes no outside air.
    let stream = (hall.heat_w - hour.chilled_w).max(0.0) / (gained.max(1.0) * 1e3);
    let taken = stream * (least - weather.humidity_ratio) / WATER_DENSITY;
    let pads = hour.evaporated_m3_per_s * f64::from(u8::from(hour.drop_k > 0.0));
    Some(CubicMetersPerSecond((taken - pads).max(0.0)))
}

/// Least water per dry air at the inlets [kg/kg].
fn least_water(limit: &DriestAir, inlet: Celsius, weather: &Weather) -> f64 {
    let by_dew_point = humidity_ratio(saturation_pressure(limit.dew_point), weather.pressure);
    let by_humidity = humidity_ratio(saturation_pressure(inlet) * limit.humidity.value(), weather.pressure);
    by_dew_point.max(by_humidity)
}

/// Relative humidity of outside air that is warmed to the inlets.
fn at_inlet(inlet: Celsius, weather: &Weather) -> f64 {
    let ratio = weather.humidity_ratio;
    let vapour = weather.pressure * (ratio / (0.621_945 + ratio));
    vapour / saturation_pressure(inlet)
}

/// The hours of a year whose outside air is too dry for the racks; nothing where none passes them, or where no limit is known.
pub(super) fn dry_air(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    year: &Year,
) -> Option<DryAir> {
    let limit = place.driest.filter(|_| place.plant.heat_rejection.is_outside_air())?;
    let halls = sizing::at_part(place, loads, design, sizing::duty(loads)).loops;
    let second = SECONDS_PER_YEAR / year.hours.len().max(1) as f64;
    let mut found = DryAir { limit, ..DryAir::default() };
    found.lowest_humidity = Share(1.0);
    for weather in &year.hours {
        let driest = at_inlet(place.plant.inlet_air, weather);
        found.lowest_humidity = Share(found.lowest_humidity.value().min(driest));
        let waters: Vec<_> =
            halls.iter().filter_map(|plant| moistening(&plant.loops[2], &limit, weather)).collect();
        let water: CubicMetersPerSecond = waters.iter().copied().sum();
        found.hours += u32::from(!waters.is_empty());
        found.most = CubicMetersPerSecond(found.most.value().max(water.value()));
        found.of_year += CubicMeters(water.value() * second);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cooling::psychrometrics::SEA_LEVEL;
    use crate::units::Kelvin;

    const LIMIT: DriestAir = DriestAir { dew_point: Celsius(-12.0), humidity: Share(0.08) };

    fn hall(heat_w: f64) -> HeatLoop {
        HeatLoop {
            heat_w,
            supply_c: 25.0,
            range_k: RACK_AIR_RISE.value(),
            free: 1.0,
            damp_vapour_pa: 2_487.0,
            carnot_share: 0.5,
            evaporating_c: 18.0,
            coil_c: 20.0,
            coil_vapour_pa: 2_339.0,
            lift_k: 12.0,
            ..HeatLoop::default()
        }
    }

    #[test]
    fn winter_air_takes_the_water_that_the_balance_of_its_stream_says() {
        // 0 °C, dew point −15 °C: p_s 165.3 Pa, w 0.621945·165.3/101,160 = 0.0010163. 8 % of 3,169 Pa at 25 °C are 253.5 Pa,
        // w_min 0.0015600, more than the 0.001337 of −12 °C. h(37 °C) 37.222 + 0.00156·2,569.8 = 41.231, h(0 °C) 2.542 kJ/kg:
        // 1 MW warms 25.847 kg/s, which take 25.847 · 0.0005437 = 0.01405 kg/s.
        let weather = Weather::moist(Celsius(0.0), Celsius(-15.0), SEA_LEVEL);
        let water = moistening(&hall(1e6), &LIMIT, &weather).unwrap();
        assert!((water.value() * 1e3 / 0.014_05 - 1.0).abs() < 2e-3, "{water:?}");
        // 165.3 of 3,169 Pa: 5.2 % at the inlets.
        assert!((at_inlet(Celsius(25.0), &weather) - 0.052_16).abs() < 1e-4);
    }

    #[test]
    fn damp_air_takes_none_and_the_dew_point_rules_cool_inlets() {
        let damp = Weather::moist(Celsius(0.0), Celsius(-5.0), SEA_LEVEL);
        assert!(moistening(&hall(1e6), &LIMIT, &damp).is_none());
        assert!(
            moistening(&hall(0.0), &LIMIT, &Weather::moist(Celsius(0.0), Celsius(-15.0), SEA_LEVEL))
                .is_none()
        );
        // At 15 °C 8 % are 136 Pa: −12 °C of dew point, 217 Pa, asks for more.
        let least = least_water(&LIMIT, Celsius(25.0) - Kelvin(10.0), &damp);
        assert!((least - humidity_ratio(saturation_pressure(Celsius(-12.0)), SEA_LEVEL)).abs() < 1e-15);
    }
}
