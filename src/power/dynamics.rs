//! Power over seconds: swings of synchronous training, ramps, and what stores have to absorb.
//!
//! Thousands of accelerators compute together and wait together, so their power is a square wave between a burst and
//! a floor at the pace of the training step. Stores flatten it: supplies in the racks with joules, a battery at the
//! substation with kilowatt-hours. Slow changes are ramps, which a battery turns into the slope that the grid allows.
//! Left out: harmonics above the fundamental of the wave, losses of the stores, control delays.
//!
//! Choukse and others 2025, arXiv 2508.14318, for the swings and the three layers that hold them.

use crate::units::{Joules, PerSecond, Seconds, Share, Watts, WattsPerSecond};

/// Slowest swing that disturbs a grid's machines [1/s].
pub const SLOWEST: PerSecond = PerSecond(0.1);
/// Fastest swing that is told apart from flicker [1/s].
pub const FASTEST: PerSecond = PerSecond(20.0);

/// A square wave of power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swing {
    /// Power of the burst.
    pub high: Watts,
    /// Power between bursts.
    pub low: Watts,
    /// Part of the time that a burst takes.
    pub burst: Share,
}

impl Swing {
    /// From the floor to the burst.
    #[must_use]
    pub fn height(self) -> Watts {
        (self.high - self.low).max(Watts(0.0))
    }

    /// Mean power.
    #[must_use]
    pub fn mean(self) -> Watts {
        self.low + self.height() * self.burst.0
    }

    /// Energy that a store gives and takes in each period to make the power steady.
    ///
    /// ~~~text
    /// E = ΔP·d·(1 − d)/f
    /// ~~~
    ///
    /// ΔP height [W] · d burst share [1] · f swings per second [1/s].
    #[must_use]
    pub fn energy(self, pace: PerSecond) -> Joules {
        Joules(self.height().0 * self.burst.0 * (1.0 - self.burst.0) / pace.0)
    }

    /// Height that is left behind a store: it flattens the wave from both ends as far as its energy goes.
    ///
    /// ~~~text
    /// ΔP' = ΔP·max(0, 1 − E_s/E)
    /// ~~~
    ///
    /// E_s store [J] · E energy of the whole wave [J].
    #[must_use]
    pub fn left_behind(self, store: Joules, pace: PerSecond) -> Watts {
        let whole = self.energy(pace);
        let flattened = if whole.0 > 0.0 { (store / whole).min(1.0) } else { 1.0 };
        self.height() * (1.0 - flattened)
    }

    /// Slowest pace that a store makes steady.
    ///
    /// ~~~text
    /// f = ΔP·d·(1 − d)/E_s
    /// ~~~
    #[must_use]
    pub fn steady_from(self, store: Joules) -> Option<PerSecond> {
        (store.0 > 0.0).then(|| PerSecond(self.energy(PerSecond(1.0)) / store))
    }
}

/// Height of a swing that is left behind a battery of limited power, whatever its energy.
///
/// ~~~text
/// ΔP' = max(0, (1 − d)·ΔP − P_b) + max(0, d·ΔP − P_b)
/// ~~~
///
/// d burst share [1] · P_b power of the battery [W]: it gives above the mean and takes below, each up to its power.
#[must_use]
pub fn behind_battery(height: Watts, burst: Share, battery: Watts) -> Watts {
    let above = (height * (1.0 - burst.0) - battery).max(Watts(0.0));
    let below = (height * burst.0 - battery).max(Watts(0.0));
    above + below
}

/// Energy that a battery gives or takes to turn a step of power into a ramp.
///
/// ~~~text
/// E = ΔP²/(2·r)
/// ~~~
///
/// ΔP step [W] · r ramp [W/s]: the triangle between the step and the slope.
#[must_use]
pub fn ramp_energy(step: Watts, ramp: WattsPerSecond) -> Joules {
    step * (step / ramp) * 0.5
}

/// Time that a step takes at a ramp.
#[must_use]
pub fn ramp_time(step: Watts, ramp: WattsPerSecond) -> Seconds {
    step / ramp
}

/// How long a load outlasts its feed: the longest of the stores on its way, for each holds what is behind it.
#[must_use]
pub fn hold_up(stores: impl IntoIterator<Item = Seconds>) -> Seconds {
    stores.into_iter().fold(Seconds(0.0), Seconds::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    /// A GB300 accelerator's part of its rack: 140 kW / 72, floor at half of it.
    const ACCELERATOR: Swing = Swing { high: Watts(1_944.4), low: Watts(972.2), burst: Share(0.7) };

    #[test]
    fn the_joules_of_a_blackwell_ultra_shelf_steady_swings_above_three_a_second() {
        // 972.2 W · 0.7 · 0.3 / 65 J = 3.14 /s.
        let pace = ACCELERATOR.steady_from(Joules(65.0)).unwrap();
        assert!((pace.0 - 3.1409).abs() < 1e-3, "{pace:?}");
        assert!(ACCELERATOR.left_behind(Joules(65.0), PerSecond(4.0)).0 < 1e-9);
        // One a second takes 204.2 J: 65 J flatten 31.8 % of it.
        let left = ACCELERATOR.left_behind(Joules(65.0), PerSecond(1.0)) / ACCELERATOR.height();
        assert!((left - (1.0 - 65.0 / 204.162)).abs() < 1e-5, "{left}");
    }

    #[test]
    fn the_energy_of_a_swing_is_the_area_between_the_wave_and_its_mean() {
        // Sum over a period of a tenth of a second in 1,000 steps of what lies above the mean.
        let (pace, steps) = (PerSecond(10.0), 1_000_u32);
        let mut above = 0.0;
        for step in 0..steps {
            let power = if step < 700 { ACCELERATOR.high } else { ACCELERATOR.low };
            above += (power.0 - ACCELERATOR.mean().0).max(0.0) * 0.1 / f64::from(steps);
        }
        assert!((above / ACCELERATOR.energy(pace).0 - 1.0).abs() < 1e-9, "{above}");
    }

    #[test]
    fn half_a_gigawatt_that_stops_at_50_megawatts_a_minute_fills_42_megawatt_hours() {
        // (500 MW)² / (2 · 50 MW/min) = 2,500 MW·min = 41.67 MWh, in 10 min.
        let ramp = WattsPerSecond(50e6 / 60.0);
        assert!((ramp_energy(Watts(500e6), ramp).0 / 3.6e9 - 41.6667).abs() < 1e-3);
        assert!((ramp_time(Watts(500e6), ramp).0 - 600.0).abs() < 1e-9);
    }

    #[test]
    fn a_battery_takes_up_to_its_power_on_both_sides_of_the_mean() {
        // 100 MW with bursts of 70 %: 30 above, 70 below the mean; 40 MW leave 0 + 30.
        let left = behind_battery(Watts(100e6), Share(0.7), Watts(40e6));
        assert!((left.0 - 30e6).abs() < 1e-3);
        assert!(behind_battery(Watts(100e6), Share(0.7), Watts(70e6)).0.abs() < 1e-3);
    }

    #[test]
    fn the_longest_store_counts() {
        assert!((hold_up([Seconds(0.02), Seconds(300.0)]).0 - 300.0).abs() < 1e-12);
        assert!(hold_up([]).0.abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_larger_store_or_a_faster_swing_never_leaves_more(
            high in 1.0..1e6_f64, part in 0.0..1.0_f64, burst in 0.05..0.95_f64,
            store in 0.0..1e6_f64, pace in 0.1..20.0_f64
        ) {
            let swing = Swing { high: Watts(high), low: Watts(high * part), burst: Share(burst) };
            let left = swing.left_behind(Joules(store), PerSecond(pace));
            prop_assert!(left.0 >= 0.0 && left <= swing.height());
            prop_assert!(swing.left_behind(Joules(store * 2.0), PerSecond(pace)) <= left);
            prop_assert!(swing.left_behind(Joules(store), PerSecond(pace * 2.0)) <= left);
        }
    }
}
