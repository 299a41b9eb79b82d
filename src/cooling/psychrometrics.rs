//! Moist air: what wet bulb, dew point and height above the sea have to do with each other.
//!
//! Formulas of the ASHRAE Handbook of Fundamentals, chapter 1 (saturation after Hyland and Wexler 1983). Inside,
//! numbers are in the units of these formulas: °C, Pa, kg water per kg dry air.

use crate::units::{Celsius, Meters, Pascals};

/// 0 °C on the absolute scale [K].
const ICE_POINT_K: f64 = 273.15;
/// Molar mass of water over that of dry air.
const MASS_RATIO: f64 = 0.621_945;

/// Pressure of water vapour over water, or over ice below 0 °C.
///
/// ~~~text
/// over ice:   ln p = C1/T + C2 + C3·T + C4·T² + C5·T³ + C6·T⁴ + C7·ln T
/// over water: ln p = C8/T + C9 + C10·T + C11·T² + C12·T³ + C13·ln T
/// ~~~
///
/// T [K], p [Pa], −100 °C to 200 °C. Hyland and Wexler 1983, as in ASHRAE Fundamentals, chapter 1.
#[must_use]
pub fn saturation_pressure(temperature: Celsius) -> Pascals {
    let t = temperature.value() + ICE_POINT_K;
    let logarithm = if temperature.value() < 0.0 {
        -5.674_535_9e3 / t
            + 6.392_524_7
            + t * (-9.677_843e-3 + t * (6.221_570_1e-7 + t * (2.074_782_5e-9 + t * -9.484_024e-13)))
            + 4.163_501_9 * t.ln()
    } else {
        -5.800_220_6e3 / t
            + 1.391_499_3
            + t * (-4.864_023_9e-2 + t * (4.176_476_8e-5 + t * -1.445_209_3e-8))
            + 6.545_967_3 * t.ln()
    };
    Pascals(logarithm.exp())
}

/// Water per dry air at a vapour pressure.
///
/// ~~~text
/// w = 0.621945 · e / (p − e)
/// ~~~
#[must_use]
pub fn humidity_ratio(vapour: Pascals, pressure: Pascals) -> f64 {
    MASS_RATIO * vapour.value() / (pressure - vapour).value()
}

/// Pressure of the standard atmosphere at a height above the sea.
///
/// ~~~text
/// p = 101325 · (1 − 2.25577e-5 · z)^5.2559
/// ~~~
///
/// z [m], −5,000 m to 11,000 m. ASHRAE Fundamentals, chapter 1.
#[must_use]
pub fn standard_pressure(elevation: Meters) -> Pascals {
    Pascals(101_325.0 * (1.0 - 2.255_77e-5 * elevation.value()).powf(5.255_9))
}

/// Water per dry air of air with a dry bulb and a wet bulb.
///
/// ~~~text
/// w = ((2501 − 2.326·t*)·w_s(t*) − 1.006·(t − t*)) / (2501 + 1.86·t − 4.186·t*)    t* ≥ 0 °C
/// w = ((2830 − 0.24·t*)·w_s(t*) − 1.006·(t − t*)) / (2830 + 1.86·t − 2.1·t*)       below
/// ~~~
///
/// t dry, t* wet bulb [°C] · w_s humidity ratio at saturation. ASHRAE Fundamentals, chapter 1.
#[must_use]
pub fn humidity_ratio_from_wet_bulb(dry_bulb: Celsius, wet_bulb: Celsius, pressure: Pascals) -> f64 {
    let saturated = humidity_ratio(saturation_pressure(wet_bulb), pressure);
    wet_bulb_balance(dry_bulb.value(), wet_bulb.value(), saturated)
}

fn wet_bulb_balance(dry: f64, wet: f64, saturated: f64) -> f64 {
    if wet < 0.0 {
        ((2_830.0 - 0.24 * wet) * saturated - 1.006 * (dry - wet)) / (2_830.0 + 1.86 * dry - 2.1 * wet)
    } else {
        ((2_501.0 - 2.326 * wet) * saturated - 1.006 * (dry - wet)) / (2_501.0 + 1.86 * dry - 4.186 * wet)
    }
}

/// Wet bulb of air with a dry bulb and a dew point.
///
/// Newton steps on [`humidity_ratio_from_wet_bulb`], kept between dew point and dry bulb by bisection; to 1e-5 K.
/// A dew point above the dry bulb means saturated air.
#[must_use]
pub fn wet_bulb(dry_bulb: Celsius, dew_point: Celsius, pressure: Pascals) -> Celsius {
    let dry = dry_bulb.value();
    let dew = dew_point.value();
    if dew >= dry {
        return dry_bulb;
    }
    let wanted = humidity_ratio(saturation_pressure(dew_point), pressure);
    let (mut low, mut high) = (dew, dry);
    let mut wet = dew + (dry - dew) * 0.4;
    for _ in 0..60 {
        let vapour = saturation_pressure(Celsius(wet));
        let saturated = humidity_ratio(vapour, pressure);
        let error = wet_bulb_balance(dry, wet, saturated) - wanted;
        if error > 0.0 {
            high = wet;
        } else {
            low = wet;
        }
        // Clausius and Clapeyron give the slope of saturation well enough for a Newton step.
        let absolute = wet + ICE_POINT_K;
        let slope = saturated * 5_420.0 / (absolute * absolute) * pressure.value()
            / (pressure - vapour).value()
            + 4.05e-4;
        let step = -error / slope;
        let next = wet + step;
        if step.abs() < 1e-5 {
            return Celsius(next.clamp(dew, dry));
        }
        wet = if next > low && next < high { next } else { 0.5 * (low + high) };
    }
    Celsius(wet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn saturation_pressures_are_those_of_the_tables() {
        // ASHRAE Fundamentals, thermodynamic properties of water at saturation [kPa].
        for (celsius, kilopascals) in
            [(-20.0, 0.103_24), (0.0, 0.611_2), (20.0, 2.338_8), (40.0, 7.383_5), (60.0, 19.944)]
        {
            let pressure = saturation_pressure(Celsius(celsius)).value() / 1e3;
            assert!((pressure / kilopascals - 1.0).abs() < 5e-4, "{celsius} °C: {pressure}");
        }
    }

    #[test]
    fn air_of_25_degrees_and_half_saturated_has_a_wet_bulb_of_17_9() {
        let sea = Pascals(101_325.0);
        let vapour = saturation_pressure(Celsius(25.0)) * 0.5;
        // Dew point of 1,584.6 Pa is 13.87 °C.
        let dew = Celsius(13.866);
        assert!((saturation_pressure(dew) / vapour - 1.0).abs() < 5e-4);
        assert!((wet_bulb(Celsius(25.0), dew, sea).value() - 17.9).abs() < 0.05);
    }

    #[test]
    fn pressure_falls_with_height() {
        // Standard atmosphere: 1,000 m 89.875 kPa, 1,500 m 84.556 kPa.
        assert!((standard_pressure(Meters(0.0)).value() - 101_325.0).abs() < 1e-6);
        assert!((standard_pressure(Meters(1_000.0)).value() / 89_875.0 - 1.0).abs() < 1e-4);
        assert!((standard_pressure(Meters(1_500.0)).value() / 84_556.0 - 1.0).abs() < 1e-4);
    }

    #[test]
    fn the_wet_bulb_is_stable_around_freezing() {
        for step in -400..400 {
            let dry = f64::from(step) * 0.02;
            let wet = wet_bulb(Celsius(dry), Celsius(dry - 5.0), Pascals(95e3)).value();
            assert!(wet > dry - 5.0 && wet < dry, "{dry}: {wet}");
        }
    }

    proptest! {
        #[test]
        fn the_wet_bulb_lies_between_dew_point_and_dry_bulb_and_gives_the_dew_point_back(
            dry in -40.0..50.0_f64, depression in 0.01..35.0_f64, height in 0.0..2_500.0_f64
        ) {
            let pressure = standard_pressure(Meters(height));
            let dew = Celsius(dry - depression);
            let wet = wet_bulb(Celsius(dry), dew, pressure);
            prop_assert!(wet >= dew && wet.value() <= dry);
            let back = humidity_ratio_from_wet_bulb(Celsius(dry), wet, pressure);
            let wanted = humidity_ratio(saturation_pressure(dew), pressure);
            // The formula jumps by some percent where the wick freezes.
            prop_assert!(wet.value().abs() < 0.2 || (back - wanted).abs() < 1e-7 + 1e-4 * wanted);
        }
    }
}
