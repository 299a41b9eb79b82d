//! What equipment is bought as: preferred ratings of breakers, fault currents, batteries, fuel.

use crate::units::{
    Amperes, CubicMeters, CubicMetersPerJoule, Joules, Seconds, Share, VoltAmperes, Volts, Watts,
};

/// Preferred continuous ratings of low-voltage breakers and busways [A] (UL 489, UL 1066, UL 857 and IEC frames, recalled).
const LOW_VOLTAGE: [f64; 20] = [
    60.0, 100.0, 125.0, 160.0, 200.0, 225.0, 250.0, 320.0, 400.0, 600.0, 800.0, 1_000.0, 1_200.0, 1_600.0,
    2_000.0, 2_500.0, 3_200.0, 4_000.0, 5_000.0, 6_300.0,
];
/// Preferred continuous ratings of breakers above 1 kV [A] (IEEE C37.04, recalled).
const HIGH_VOLTAGE: [f64; 5] = [600.0, 1_200.0, 2_000.0, 3_000.0, 4_000.0];
/// Smallest frame that breakers above 1 kV are sold in, up to a fault that they break [A]: at 15 to 38 kV metal-clad gear
/// starts at 1,200 A, and beyond 40 kA only breakers of the next class of voltage are left (makers' tables, recalled).
const LEAST_FRAMES: [(f64, f64); 3] = [(16e3, 600.0), (40e3, 1_200.0), (f64::INFINITY, 2_000.0)];
/// Standby ratings that engine sets are sold in up to 3 MW [W] (makers' lists, recalled).
const ENGINE_FRAMES: [f64; 20] = [
    50e3, 80e3, 100e3, 150e3, 200e3, 250e3, 300e3, 400e3, 500e3, 600e3, 750e3, 800e3, 1e6, 1.25e6, 1.5e6,
    1.75e6, 2e6, 2.25e6, 2.5e6, 3e6,
];
/// Ratings that main transformers are sold in [VA] (IEEE C57.12.00 and makers' lists, recalled).
pub const MAIN_TRANSFORMERS: [f64; 22] = [
    5e6, 7.5e6, 10e6, 12e6, 15e6, 20e6, 25e6, 30e6, 37.5e6, 50e6, 60e6, 75e6, 100e6, 120e6, 133e6, 150e6,
    160e6, 200e6, 225e6, 250e6, 300e6, 400e6,
];
/// Ratings that transformers to low voltage are sold in [VA] (IEEE C57.12.00, with 3 and 3.15 MVA of makers and of IEC 60076,
/// recalled).
pub const TRANSFORMERS: [f64; 19] = [
    15e3, 30e3, 45e3, 75e3, 112.5e3, 150e3, 225e3, 300e3, 500e3, 750e3, 1e6, 1.5e6, 2e6, 2.5e6, 3e6, 3.15e6,
    3.75e6, 5e6, 7.5e6,
];
/// Ratings that UPS are sold in [W]: frames of makers at a power factor of one (recalled).
pub const UPS: [f64; 22] = [
    10e3, 15e3, 20e3, 30e3, 40e3, 60e3, 80e3, 100e3, 120e3, 160e3, 200e3, 250e3, 300e3, 400e3, 500e3, 600e3,
    750e3, 1e6, 1.25e6, 1.5e6, 2e6, 2.5e6,
];
/// Ratings of solid-state transformers and rectifiers [W]: the preferred numbers R10 (ISO 3), an assumption, for few are
/// on the market; 5 and 10 MW of the OCP draft are among them.
pub const CONVERTERS: [f64; 22] = [
    80e3, 100e3, 125e3, 160e3, 200e3, 250e3, 315e3, 400e3, 500e3, 630e3, 800e3, 1e6, 1.25e6, 1.6e6, 2e6,
    2.5e6, 3.15e6, 4e6, 5e6, 6.3e6, 8e6, 10e6,
];
/// Ratings that capacitor banks at medium voltage are sold in, each behind a breaker [var] (makers' tables, recalled).
pub const CAPACITOR_BANKS: [f64; 14] =
    [0.3e6, 0.6e6, 0.9e6, 1.2e6, 1.8e6, 2.4e6, 3.6e6, 4.8e6, 7.2e6, 9.6e6, 12e6, 18e6, 24e6, 30e6];
/// A cabinet of lithium-ion batteries for UPS: 35 kWh, of 30 to 50 on the market (makers' tables, recalled).
pub const BATTERY_CABINET: Joules = Joules(35.0 * 3.6e6);
/// Preferred interrupting ratings of low-voltage breakers [A] (recalled).
const LOW_VOLTAGE_INTERRUPTING: [f64; 11] =
    [10e3, 16e3, 20e3, 25e3, 31.5e3, 40e3, 50e3, 65e3, 85e3, 100e3, 150e3];
/// Preferred interrupting ratings of breakers above 1 kV [A] (IEC 62271-100, recalled).
pub const HIGH_VOLTAGE_INTERRUPTING: [f64; 8] = [12.5e3, 16e3, 20e3, 25e3, 31.5e3, 40e3, 50e3, 63e3];

/// Current of three phases.
///
/// ~~~text
/// I = S/(√3·V)
/// ~~~
#[must_use]
pub fn line_current(power: VoltAmperes, voltage: Volts) -> Amperes {
    Amperes(power.0 / (3.0_f64.sqrt() * voltage.0))
}

/// Current between the poles of a direct-current bus.
///
/// ~~~text
/// I = P/V
/// ~~~
#[must_use]
pub fn direct_current(power: Watts, voltage: Volts) -> Amperes {
    Amperes(power.0 / voltage.0)
}

/// Voltage before a fault over nominal, at most: 1.05 up to 1 kV in networks held within 6 %, 1.1 above (IEC 60909-0,
/// table 1, recalled).
#[must_use]
pub fn voltage_factor(voltage: Volts) -> f64 {
    if voltage.0 <= 1e3 { 1.05 } else { 1.1 }
}

/// Largest current of a fault behind a transformer, with an unlimited grid before it.
///
/// ~~~text
/// I = c·S/(√3·V·z)
/// ~~~
///
/// c voltage factor ([`voltage_factor`]).
#[must_use]
pub fn fault_current(rating: VoltAmperes, voltage: Volts, impedance: Share) -> Amperes {
    line_current(rating, voltage) * (voltage_factor(voltage) / impedance.0)
}

/// Current of a fault behind one transformer on a grid of limited short-circuit power.
///
/// ~~~text
/// I = c/( c/S_k + z/S ) / (√3·V)
/// ~~~
///
/// S_k short-circuit power of the grid, factor included [VA] · c voltage factor ([`voltage_factor`]) · S rating [VA] · z
/// impedance on it [1]; resistances are left out.
#[must_use]
pub fn fault_on_grid(grid: VoltAmperes, rating: VoltAmperes, voltage: Volts, impedance: Share) -> Amperes {
    let factor = voltage_factor(voltage);
    let together = factor / (factor / grid.0 + impedance.0 / rating.0);
    line_current(VoltAmperes(together), voltage)
}

/// The smallest preferred rating that carries a current, and how many in parallel where none does.
fn preferred(current: Amperes, ratings: &[f64]) -> (Amperes, u64) {
    let largest = ratings[ratings.len() - 1];
    let parallel = (current.0 / largest - 1e-9).ceil().max(1.0);
    let each = current.0 / parallel * (1.0 - 1e-9);
    let rating = ratings.iter().copied().find(|rating| *rating >= each).unwrap_or(largest);
    (Amperes(rating), parallel as u64)
}

/// Breaker or busway up to 1 kV, and how many in parallel.
#[must_use]
pub fn low_voltage_frame(current: Amperes) -> (Amperes, u64) {
    preferred(current, &LOW_VOLTAGE)
}

/// Breaker above 1 kV, and how many in parallel.
#[must_use]
pub fn high_voltage_frame(current: Amperes) -> (Amperes, u64) {
    preferred(current, &HIGH_VOLTAGE)
}

/// Breaker above 1 kV that carries a current and is sold for a fault, and how many in parallel.
#[must_use]
pub fn high_voltage_breaker(current: Amperes, fault: Option<Amperes>) -> (Amperes, u64) {
    let least = fault.and_then(|fault| LEAST_FRAMES.iter().find(|(up_to, _)| fault.0 <= *up_to));
    let (frame, parallel) = high_voltage_frame(current);
    (frame.max(Amperes(least.map_or(0.0, |(_, frame)| *frame))), parallel)
}

/// The smallest of the sizes that carries a load, none beyond the largest that a design has; that one where the load is not
/// less than it. The largest is on the market whatever the list says.
///
/// ~~~text
/// S = min { s ∈ sizes ∪ { S_max } : s ≥ P },  s ≤ S_max
/// ~~~
#[must_use]
pub fn sold_size(sizes: &[f64], largest: f64, load: f64) -> f64 {
    let enough = sizes.iter().copied().find(|size| *size >= load * (1.0 - 1e-9));
    enough.unwrap_or(largest).min(largest)
}

/// The largest step between neighbouring sizes up to the largest that a design has; infinite where there is but that one.
#[must_use]
pub fn largest_step(sizes: &[f64], largest: f64) -> f64 {
    let below = sizes.iter().copied().filter(|size| *size < largest * (1.0 - 1e-9));
    let next = below.clone().skip(1).chain([largest]);
    below.zip(next).map(|(size, next)| next / size).reduce(f64::max).unwrap_or(f64::INFINITY)
}

/// Like banks of capacitors that together have a power: how many, and the size of one.
#[must_use]
pub fn capacitor_banks(all: VoltAmperes) -> (u64, VoltAmperes) {
    let largest = CAPACITOR_BANKS[CAPACITOR_BANKS.len() - 1];
    let banks = (all.0 / largest - 1e-9).ceil().max(1.0);
    (banks as u64, VoltAmperes(sold_size(&CAPACITOR_BANKS, largest, all.0 / banks)))
}

/// The smallest engine set that carries a load alone; infinite where none does.
#[must_use]
pub fn engine_frame(load: Watts) -> Watts {
    let frame = ENGINE_FRAMES.iter().copied().find(|frame| *frame >= load.0 * (1.0 - 1e-9));
    Watts(frame.unwrap_or(f64::INFINITY))
}

/// The smallest preferred interrupting rating up to 1 kV that breaks a fault; none where no breaker does.
#[must_use]
pub fn low_voltage_interrupting(fault: Amperes) -> Option<Amperes> {
    interrupting(fault, &LOW_VOLTAGE_INTERRUPTING)
}

/// The smallest preferred interrupting rating above 1 kV that breaks a fault; none where no breaker does.
#[must_use]
pub fn high_voltage_interrupting(fault: Amperes) -> Option<Amperes> {
    interrupting(fault, &HIGH_VOLTAGE_INTERRUPTING)
}

fn interrupting(fault: Amperes, ratings: &[f64]) -> Option<Amperes> {
    ratings.iter().copied().find(|rating| *rating >= fault.0 * (1.0 - 1e-9)).map(Amperes)
}

/// Energy of a battery that carries a load for a time.
///
/// ~~~text
/// E = P·T/u
/// ~~~
///
/// u usable part of the battery's energy at that rate [1].
#[must_use]
pub fn battery(load: Watts, time: Seconds, usable: Share) -> Joules {
    load * time / usable.0
}

/// Energy of a battery in whole cabinets, and how many they are.
#[must_use]
pub fn battery_cabinets(energy: Joules) -> (Joules, u64) {
    let cabinets = (energy / BATTERY_CABINET - 1e-9).ceil().max(1.0);
    (BATTERY_CABINET * cabinets, cabinets as u64)
}

/// Fuel that carries a load for a time.
#[must_use]
pub fn fuel(load: Watts, time: Seconds, per_energy: CubicMetersPerJoule) -> CubicMeters {
    per_energy * (load * time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_substation_of_3_megavolt_amperes_needs_a_5_kiloampere_main_that_breaks_85() {
        // 3 MVA / (√3 · 415 V) = 4,174 A; · 1.05 / 5.75 % = 76.2 kA.
        let current = line_current(VoltAmperes(3e6), Volts(415.0));
        assert!((current.0 - 4_173.6).abs() < 0.1, "{current}");
        assert_eq!(low_voltage_frame(current), (Amperes(5_000.0), 1));
        let fault = fault_current(VoltAmperes(3e6), Volts(415.0), Share(0.0575));
        assert!((fault.0 - 76_213.0).abs() < 5.0, "{fault}");
        assert_eq!(low_voltage_interrupting(fault), Some(Amperes(85e3)));
        assert_eq!(low_voltage_interrupting(Amperes(1e6)), None);
        assert_eq!(high_voltage_interrupting(Amperes(26e3)), Some(Amperes(31.5e3)));
        assert_eq!(high_voltage_interrupting(fault), None);
    }

    #[test]
    fn one_200_megavolt_ampere_transformer_feeds_a_fault_of_28_kiloamperes_at_34_kilovolts() {
        // 1.1 / (1.1/20 GVA + 0.12/200 MVA) = 1.6794 GVA; / (√3 · 34.5 kV) = 28.10 kA.
        let fault = fault_on_grid(VoltAmperes(20e9), VoltAmperes(200e6), Volts(34_500.0), Share(0.12));
        assert!((fault.0 - 28_104.0).abs() < 2.0, "{fault}");
    }

    #[test]
    fn direct_current_takes_fewer_amperes_for_a_rack_than_three_phases() {
        // 190 kW: 190,000 / 800 = 237.5 A; / (√3 · 415) = 264.3 A.
        assert!((direct_current(Watts(190e3), Volts(800.0)).0 - 237.5).abs() < 1e-9);
        assert!((line_current(VoltAmperes(190e3), Volts(415.0)).0 - 264.33).abs() < 0.01);
    }

    #[test]
    fn beyond_the_largest_frame_stand_several() {
        assert_eq!(high_voltage_frame(Amperes(9_000.0)), (Amperes(3_000.0), 3));
        assert_eq!(low_voltage_frame(Amperes(0.0)), (Amperes(60.0), 1));
    }

    #[test]
    fn breakers_for_large_faults_start_at_large_frames() {
        let frame =
            |current: f64, fault: f64| high_voltage_breaker(Amperes(current), Some(Amperes(fault))).0.0;
        assert!((frame(60.0, 12.5e3) - 600.0).abs() < 1e-9 && (frame(600.0, 31e3) - 1_200.0).abs() < 1e-9);
        assert!((frame(600.0, 49e3) - 2_000.0).abs() < 1e-9 && (frame(3_700.0, 49e3) - 4_000.0).abs() < 1e-9);
    }

    #[test]
    fn modules_are_sold_in_steps_up_to_the_largest_of_a_design() {
        let size = |load, largest| sold_size(&TRANSFORMERS, largest, load);
        for (load, largest, size_of) in
            [(2.6e6, 3e6, 3e6), (2e6, 3e6, 2e6), (2.01e6, 2.2e6, 2.2e6), (1.0, 3e6, 15e3), (9e6, 3e6, 3e6)]
        {
            assert!((size(load, largest) - size_of).abs() < 1e-3, "{load} {largest}");
        }
        // 15 to 30 kVA; 10 to 15 kW and 20 to 30 kW.
        assert!((largest_step(&TRANSFORMERS, 3e6) - 2.0).abs() < 1e-12);
        assert!((largest_step(&UPS, 1.5e6) - 1.5).abs() < 1e-12);
        assert!(largest_step(&[], 1e6).is_infinite());
        for sizes in [&MAIN_TRANSFORMERS[..], &TRANSFORMERS, &UPS, &CONVERTERS, &CAPACITOR_BANKS] {
            assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "{sizes:?}");
        }
        // 110 Mvar: four of 27.5 at least.
        assert_eq!(capacitor_banks(VoltAmperes(110e6)), (4, VoltAmperes(30e6)));
    }

    #[test]
    fn a_small_site_has_a_small_engine() {
        assert_eq!(engine_frame(Watts(310e3)), Watts(400e3));
        assert_eq!(engine_frame(Watts(1e6)), Watts(1e6));
        assert!(engine_frame(Watts(1e9)).0.is_infinite());
    }

    #[test]
    fn two_days_of_a_gigawatt_burn_12_7_million_litres() {
        // 1 GW · 48 h = 48 GWh · 265 L/MWh = 12.72 million litres.
        let volume = fuel(Watts(1e9), Seconds(48.0 * 3_600.0), CubicMetersPerJoule(0.265 / 3.6e9));
        assert!((volume.0 - 12_720.0).abs() < 1.0, "{volume}");
    }

    #[test]
    fn five_minutes_of_a_block_are_139_kilowatt_hours() {
        // 1.5 MW · 300 s / 0.9 = 500 MJ = 138.9 kWh.
        let energy = battery(Watts(1.5e6), Seconds(300.0), Share(0.9));
        assert!((energy.0 / 3.6e6 - 138.89).abs() < 0.01);
        // Four cabinets of 35 kWh.
        let (bought, cabinets) = battery_cabinets(energy);
        assert!(cabinets == 4 && (bought.0 / 3.6e6 - 140.0).abs() < 1e-9, "{bought}");
    }
}
