//! Moist air: what wet bulb, dew point and height above the sea have to do with each other.
//!
//! Formulas of the ASHRAE Handbook of Fundamentals, chapter 1 (saturation after Hyland and Wexler 1983). Inside,
//! numbers are in the units of these formulas: °C, Pa, kg water per kg dry air.

use crate::units::{Celsius, Meters, Pascals};

/// 0 °C on the absolute scale [K].
const ICE_POINT_K: f64 = 273.15;
/// Pressure of the standard atmosphere at sea level.
pub const SEA_LEVEL: Pascals = Pascals(101_325.0);
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

/// Temperature at which vapour of a pressure saturates: the inverse of [`saturation_pressure`].
///
/// Newton steps on ln p against 1/T, which are all but a straight line; to 1e-9 K within ten steps from −90 °C to 90 °C.
#[must_use]
pub fn dew_point(vapour: Pascals) -> Celsius {
    let wanted = vapour.value().max(1e-6).ln();
    let mut kelvin = 283.15;
    for _ in 0..30 {
        let celsius = Celsius(kelvin - ICE_POINT_K);
        // Clausius and Clapeyron: d ln p / d(1/T) is −L/R, about 5,420 K over water and 6,140 K over ice.
        let slope = if celsius.value() < 0.0 { 6_140.0 } else { 5_420.0 };
        let error = wanted - saturation_pressure(celsius).value().ln();
        let next = 1.0 / (1.0 / kelvin - error / slope);
        let step = next - kelvin;
        kelvin = next.clamp(173.15, 473.15);
        if step.abs() < 1e-9 {
            break;
        }
    }
    Celsius(kelvin - ICE_POINT_K)
}

/// Heat content of moist air per dry air, from dry air and water at 0 °C [kJ/kg].
///
/// ~~~text
/// h = 1.006·t + w·(2501 + 1.86·t)
/// ~~~
///
/// t [°C] · w humidity ratio [kg/kg]. ASHRAE Fundamentals, chapter 1.
#[must_use]
pub fn enthalpy(dry_bulb: Celsius, humidity_ratio: f64) -> f64 {
    let t = dry_bulb.value();
    1.006 * t + humidity_ratio * (2_501.0 + 1.86 * t)
}

/// Volume of moist air per dry air [m³/kg].
///
/// ~~~text
/// v = 287.042 · T · (1 + 1.607858·w) / p
/// ~~~
///
/// T [K] · w humidity ratio [kg/kg] · p [Pa]. ASHRAE Fundamentals, chapter 1.
#[must_use]
pub fn specific_volume(dry_bulb: Celsius, humidity_ratio: f64, pressure: Pascals) -> f64 {
    287.042 * (dry_bulb.value() + ICE_POINT_K) * (1.0 + 1.607_858 * humidity_ratio) / pressure.value()
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
    SEA_LEVEL * (1.0 - 2.255_77e-5 * elevation.value()).powf(5.255_9)
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

    /// The promise of this module against tables: a thousandth.
    const TOLERANCE: f64 = 1e-3;

    #[track_caller]
    fn close(value: f64, published: f64) {
        assert!((value / published - 1.0).abs() < TOLERANCE, "{value} for {published}");
    }

    #[test]
    fn moist_air_is_what_the_example_of_the_handbook_says() {
        // ASHRAE Fundamentals 2017, chapter 1, example 1: 40 °C, wet bulb 20 °C, 101.325 kPa. The printed answers have
        // two or three digits (6.5 g/kg, 56.7 kJ/kg, 7 °C, 14 %, 0.896 m³/kg); those here are of the chapter's own
        // equations as PsychroLib 2.5.0 (MIT) evaluates them.
        let (dry, wet, sea) = (Celsius(40.0), Celsius(20.0), Pascals(101_325.0));
        let w = humidity_ratio_from_wet_bulb(dry, wet, sea);
        close(w, 0.006_400_79);
        close(enthalpy(dry, w), 56.724_6);
        close(specific_volume(dry, w, sea), 0.896_248);
        let vapour = Pascals(w * sea.value() / (MASS_RATIO + w));
        close(dew_point(vapour).value(), 7.433_6);
        close(vapour / saturation_pressure(dry), 0.139_795);
        close(wet_bulb(dry, dew_point(vapour), sea).value(), 20.0);
    }

    #[test]
    fn moist_air_below_freezing_and_in_the_mountains_is_as_tabulated() {
        // (dry, wet bulb [°C], p [Pa]) → w [kg/kg], dew point [°C], h [kJ/kg], v [m³/kg]: PsychroLib 2.5.0.
        for (dry, wet, p, w, dew, h, v) in [
            (30.0, 25.0, 95_461.0, 0.019_224_77, 23.302_36, 79.333_9, 0.939_717),
            (-1.0, -5.0, 95_461.0, 0.001_204_156, -13.805_57, 2.003_355, 0.819_912),
            (35.0, 24.0, 89_874.0, 0.016_701_95, 20.079_82, 78.068_9, 1.010_607),
        ] {
            let (dry, wet, p) = (Celsius(dry), Celsius(wet), Pascals(p));
            close(humidity_ratio_from_wet_bulb(dry, wet, p), w);
            close(enthalpy(dry, w), h);
            close(specific_volume(dry, w, p), v);
            close(wet_bulb(dry, Celsius(dew), p).value(), wet.value());
            close(dew_point(Pascals(w * p.value() / (MASS_RATIO + w))).value(), dew);
        }
    }

    #[test]
    fn pads_keep_the_wet_bulb() {
        // Adiabatic saturation: air that takes up water on the way to its wet bulb keeps that wet bulb, and its heat
        // content but for the enthalpy of the water, 4.186·t*·Δw.
        let sea = Pascals(101_325.0);
        let (from, wet) = (Celsius(40.0), Celsius(20.0));
        let after = Celsius(24.0);
        let (w0, w1) =
            (humidity_ratio_from_wet_bulb(from, wet, sea), humidity_ratio_from_wet_bulb(after, wet, sea));
        let gain = enthalpy(after, w1) - enthalpy(from, w0);
        close(gain, 4.186 * wet.value() * (w1 - w0));
    }

    #[test]
    fn saturation_pressures_are_those_of_the_tables() {
        // ASHRAE Fundamentals, thermodynamic properties of water at saturation [kPa].
        for (celsius, kilopascals) in [
            (-40.0, 0.012_85),
            (-20.0, 0.103_24),
            (0.0, 0.611_2),
            (10.0, 1.228_0),
            (20.0, 2.338_8),
            (25.0, 3.169_2),
            (30.0, 4.246_0),
            (40.0, 7.383_5),
            (50.0, 12.350),
            (60.0, 19.944),
        ] {
            let found = dew_point(Pascals(kilopascals * 1e3)).value();
            assert!((found - celsius).abs() < 0.01, "{found} for {celsius}");
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
