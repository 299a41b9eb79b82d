//! What equipment is bought as: ratings that are sold, fault currents, batteries, fuel.
//!
//! The lists of what is sold are the catalogue's; here is what is chosen from them.

use crate::units::{
    Amperes, CubicMeters, CubicMetersPerJoule, Joules, Seconds, Share, Vars, VoltAmperes, Volts, Watts,
};
use std::sync::Arc;

/// Ratings that equipment is sold in: lists that are not empty and ascend, in SI base units.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    /// Transformers of substations [VA].
    pub main_transformers: Arc<[f64]>,
    /// Transformers to low voltage [VA].
    pub transformers: Arc<[f64]>,
    /// Transformers of floor PDUs [VA].
    pub pdus: Arc<[f64]>,
    /// UPS frames [W].
    pub ups: Arc<[f64]>,
    /// Solid-state transformers and rectifiers [W].
    pub converters: Arc<[f64]>,
    /// Standby ratings of engine sets [W].
    pub engines: Arc<[f64]>,
    /// Capacitor banks at medium voltage, each behind a breaker [var].
    pub capacitor_banks: Arc<[f64]>,
    /// Like steps that a bank is switched in.
    pub capacitor_steps: u32,
    /// Continuous ratings of breakers and busways up to 1 kV [A].
    pub low_voltage_frames: Arc<[f64]>,
    /// Continuous ratings of breakers above 1 kV [A].
    pub high_voltage_frames: Arc<[f64]>,
    /// Smallest frames that breakers above 1 kV are sold in [A], for faults up to those below, and the last beyond them.
    pub least_frames: Arc<[f64]>,
    /// Faults that these break [A], one fewer.
    pub least_frames_up_to: Arc<[f64]>,
    /// Interrupting ratings up to 1 kV [A].
    pub low_voltage_interrupting: Arc<[f64]>,
    /// Interrupting ratings above 1 kV [A].
    pub high_voltage_interrupting: Arc<[f64]>,
    /// Tanks of fuel [m³].
    pub fuel_tanks: Arc<[f64]>,
    /// Energy of a cabinet of batteries.
    pub battery_cabinet: Joules,
}

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
    let largest = largest(ratings);
    let parallel = (current.0 / largest - 1e-9).ceil().max(1.0);
    let each = current.0 / parallel * (1.0 - 1e-9);
    let rating = ratings.iter().copied().find(|rating| *rating >= each).unwrap_or(largest);
    (Amperes(rating), parallel as u64)
}

/// Like capacitor banks, and how many of their steps are at work.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CapacitorBanks {
    /// How many.
    pub count: u32,
    /// Rating of one.
    pub each: Vars,
    /// Steps of each.
    pub steps: u32,
    /// Of those of all banks, at work: they are switched one after another, so that no bank has two more than another.
    pub on: u32,
}

impl CapacitorBanks {
    /// Power of one step.
    #[must_use]
    pub fn step(self) -> Vars {
        self.each / f64::from(self.steps.max(1))
    }

    /// Steps of all of them.
    #[must_use]
    pub fn all_steps(self) -> u32 {
        self.count.saturating_mul(self.steps)
    }

    /// What the steps at work give.
    #[must_use]
    pub fn at_work(self) -> Vars {
        self.step() * f64::from(self.on)
    }

    /// The same banks with as many steps at work as a power asks for, as far as they have them.
    #[must_use]
    pub fn with(self, power: Vars) -> Self {
        let asked = (power.0 / self.step().0.max(f64::MIN_POSITIVE) - 1e-9).ceil().max(0.0);
        Self { on: (asked as u32).min(self.all_steps()), ..self }
    }

    /// The same banks at a part of their power: in whole steps, none more than that.
    #[must_use]
    pub fn dimmed(self, part: Share) -> Self {
        Self { on: (f64::from(self.on) * part.0 + 1e-9).floor() as u32, ..self }
    }
}

impl Ratings {
    /// Breaker or busway up to 1 kV, and how many in parallel.
    #[must_use]
    pub fn low_voltage_frame(&self, current: Amperes) -> (Amperes, u64) {
        preferred(current, &self.low_voltage_frames)
    }

    /// Breaker above 1 kV, and how many in parallel.
    #[must_use]
    pub fn high_voltage_frame(&self, current: Amperes) -> (Amperes, u64) {
        preferred(current, &self.high_voltage_frames)
    }

    /// Breaker above 1 kV that carries a current and is sold for a fault, and how many in parallel.
    #[must_use]
    pub fn high_voltage_breaker(&self, current: Amperes, fault: Option<Amperes>) -> (Amperes, u64) {
        let beyond =
            |fault: Amperes| self.least_frames_up_to.iter().filter(|up_to| fault.0 > **up_to).count();
        let least = fault.and_then(|fault| self.least_frames.get(beyond(fault))).copied().unwrap_or(0.0);
        let (frame, parallel) = self.high_voltage_frame(current);
        // The next that is sold, where the list has not just that one.
        (
            self.high_voltage_frame(Amperes(least.min(largest(&self.high_voltage_frames)))).0.max(frame),
            parallel,
        )
    }

    /// The smallest interrupting rating up to 1 kV that breaks a fault; none where no breaker does.
    #[must_use]
    pub fn low_voltage_interrupting(&self, fault: Amperes) -> Option<Amperes> {
        interrupting(fault, &self.low_voltage_interrupting)
    }

    /// The smallest interrupting rating above 1 kV that breaks a fault; none where no breaker does.
    #[must_use]
    pub fn high_voltage_interrupting(&self, fault: Amperes) -> Option<Amperes> {
        interrupting(fault, &self.high_voltage_interrupting)
    }

    /// The largest fault that any breaker above 1 kV breaks.
    #[must_use]
    pub fn largest_interrupting(&self) -> Amperes {
        Amperes(largest(&self.high_voltage_interrupting))
    }

    /// The largest fault that any breaker up to 1 kV breaks.
    #[must_use]
    pub fn largest_low_voltage_interrupting(&self) -> Amperes {
        Amperes(largest(&self.low_voltage_interrupting))
    }

    /// Capacitor banks for a power, alike on each section of a busbar: the smallest that are enough, and of their steps as
    /// many as it asks for.
    #[must_use]
    pub fn capacitors(&self, all: Vars, sections: u32) -> CapacitorBanks {
        let (sections, steps) = (sections.max(1), self.capacitor_steps.max(1));
        let of_section = all / f64::from(sections);
        if of_section.0 <= 1e-6 {
            return CapacitorBanks::default();
        }
        let largest = largest(&self.capacitor_banks);
        let banks = (of_section.0 / largest - 1e-9).ceil().max(1.0);
        let each = Vars(sold_size(&self.capacitor_banks, largest, of_section.0 / banks));
        CapacitorBanks { count: sections.saturating_mul(banks as u32), each, steps, on: 0 }.with(all)
    }

    /// Energy of a battery in whole cabinets, and how many they are.
    #[must_use]
    pub fn battery_cabinets(&self, energy: Joules) -> (Joules, u64) {
        let cabinets = (energy / self.battery_cabinet - 1e-9).ceil().max(1.0);
        (self.battery_cabinet * cabinets, cabinets as u64)
    }
}

/// The largest of a list.
fn largest(sizes: &[f64]) -> f64 {
    sizes.last().copied().unwrap_or(f64::INFINITY)
}

/// Sizes that the modules of a block are bought in, ascending, and how many of them stand in it at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Modules {
    /// Of one.
    pub sizes: Arc<[f64]>,
    /// In parallel.
    pub most: u32,
}

impl Modules {
    /// Modules that are sold, up to the largest that a design has, which is on the market whatever the list says; or none but
    /// the one that a scenario asks for.
    ///
    /// ~~~text
    /// n ≤ ⌈B/M⌉
    /// ~~~
    ///
    /// M largest module, B largest block [W].
    #[must_use]
    pub fn of(sold: &[f64], module: Watts, block: Watts, exactly: bool) -> Self {
        let smaller = sold.iter().copied().filter(|size| !exactly && *size < module.0);
        let most = (block / module * (1.0 - 1e-9)).ceil().max(1.0) as u32;
        Self { sizes: smaller.chain([module.0]).collect(), most }
    }

    /// Sizes of blocks that like modules make in parallel, up to the largest block that a design has.
    ///
    /// ~~~text
    /// { j·s ≤ B :  s ∈ sizes,  j ≤ n }
    /// ~~~
    #[must_use]
    pub fn blocks(&self, block: Watts) -> Vec<f64> {
        let counts = |size: f64| (1..=self.most).map(move |count| size * f64::from(count));
        let mut all: Vec<f64> = self
            .sizes
            .iter()
            .flat_map(|size| counts(*size))
            .filter(|all| *all <= block.0 * (1.0 + 1e-9))
            .collect();
        all.sort_by(f64::total_cmp);
        all.dedup_by(|a, b| *a <= *b * (1.0 + 1e-9));
        all
    }

    /// The fewest like modules that make a block, and the size of one.
    #[must_use]
    pub fn making(&self, block: Watts) -> (u64, Watts) {
        let sold = |each: f64| self.sizes.iter().copied().find(|size| (size / each - 1.0).abs() < 1e-9);
        let found = (1..=self.most)
            .find_map(|count| Some((u64::from(count), Watts(sold(block.0 / f64::from(count))?))));
        found.unwrap_or((1, block))
    }
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

/// Fuel that carries a load for a time.
#[must_use]
pub fn fuel(load: Watts, time: Seconds, per_energy: CubicMetersPerJoule) -> CubicMeters {
    per_energy * (load * time)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn ratings() -> Ratings {
        let list = |sizes: &[f64]| Arc::from(sizes);
        Ratings {
            main_transformers: list(&[5e6, 10e6]),
            transformers: list(&[15e3, 30e3, 45e3, 2e6, 2.5e6, 3e6]),
            pdus: list(&[150e3, 225e3, 300e3]),
            ups: list(&[100e3, 250e3, 400e3, 500e3, 1e6, 1.25e6, 1.5e6]),
            converters: list(&[1e6]),
            engines: list(&[1e6]),
            capacitor_banks: list(&[3.6e6, 12e6, 18e6, 24e6, 30e6]),
            capacitor_steps: 3,
            low_voltage_frames: list(&[60.0, 4_000.0, 5_000.0]),
            high_voltage_frames: list(&[600.0, 1_200.0, 2_000.0, 3_000.0, 4_000.0]),
            least_frames: list(&[600.0, 1_200.0, 2_000.0]),
            least_frames_up_to: list(&[16e3, 40e3]),
            low_voltage_interrupting: list(&[65e3, 85e3, 150e3]),
            high_voltage_interrupting: list(&[25e3, 31.5e3, 63e3]),
            fuel_tanks: list(&[38.0, 114.0]),
            battery_cabinet: Joules(35.0 * 3.6e6),
        }
    }

    #[test]
    fn a_unit_substation_of_3_megavolt_amperes_needs_a_5_kiloampere_main_that_breaks_85() {
        // 3 MVA / (√3 · 415 V) = 4,174 A; · 1.05 / 5.75 % = 76.2 kA.
        let current = line_current(VoltAmperes(3e6), Volts(415.0));
        assert!((current.0 - 4_173.6).abs() < 0.1, "{current}");
        assert_eq!(ratings().low_voltage_frame(current), (Amperes(5_000.0), 1));
        let fault = fault_current(VoltAmperes(3e6), Volts(415.0), Share(0.0575));
        assert!((fault.0 - 76_213.0).abs() < 5.0, "{fault}");
        assert_eq!(ratings().low_voltage_interrupting(fault), Some(Amperes(85e3)));
        assert_eq!(ratings().low_voltage_interrupting(Amperes(1e6)), None);
        assert_eq!(ratings().high_voltage_interrupting(Amperes(26e3)), Some(Amperes(31.5e3)));
        assert_eq!(ratings().high_voltage_interrupting(fault), None);
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
        assert_eq!(ratings().high_voltage_frame(Amperes(9_000.0)), (Amperes(3_000.0), 3));
        assert_eq!(ratings().low_voltage_frame(Amperes(0.0)), (Amperes(60.0), 1));
    }

    #[test]
    fn breakers_for_large_faults_start_at_large_frames() {
        let frame = |current: f64, fault: f64| {
            ratings().high_voltage_breaker(Amperes(current), Some(Amperes(fault))).0.0
        };
        assert!((frame(60.0, 12.5e3) - 600.0).abs() < 1e-9 && (frame(600.0, 31e3) - 1_200.0).abs() < 1e-9);
        assert!((frame(600.0, 49e3) - 2_000.0).abs() < 1e-9 && (frame(3_700.0, 49e3) - 4_000.0).abs() < 1e-9);
        // Of another list the next: 2,500 A, not 2,000.
        let own = Ratings { high_voltage_frames: Arc::from([630.0, 1_250.0, 2_500.0]), ..ratings() };
        let frame = |fault: f64| own.high_voltage_breaker(Amperes(60.0), Some(Amperes(fault))).0.0;
        assert!((frame(49e3) - 2_500.0).abs() < 1e-9 && (frame(12.5e3) - 630.0).abs() < 1e-9);
        let small = Ratings { high_voltage_frames: Arc::from([630.0]), ..ratings() };
        assert_eq!(small.high_voltage_breaker(Amperes(60.0), Some(Amperes(49e3))), (Amperes(630.0), 1));
    }

    #[test]
    fn modules_are_sold_in_steps_up_to_the_largest_of_a_design() {
        let sizes = ratings();
        let size = |load, largest| sold_size(&sizes.transformers, largest, load);
        for (load, largest, size_of) in
            [(2.6e6, 3e6, 3e6), (2e6, 3e6, 2e6), (2.01e6, 2.2e6, 2.2e6), (1.0, 3e6, 15e3), (9e6, 3e6, 3e6)]
        {
            assert!((size(load, largest) - size_of).abs() < 1e-3, "{load} {largest}");
        }
        // 15 to 30 kVA, not beyond 45 kVA; 100 to 250 kW.
        assert!((largest_step(&sizes.transformers, 45e3) - 2.0).abs() < 1e-12);
        assert!((largest_step(&sizes.ups, 1.5e6) - 2.5).abs() < 1e-12);
        assert!(largest_step(&[], 1e6).is_infinite());
    }

    #[test]
    fn blocks_are_made_of_modules_that_are_sold() {
        let ups = ratings().ups;
        let of = |module, block| Modules::of(&ups, Watts(module), Watts(block), false);
        let blocks = of(500e3, 1.5e6).blocks(Watts(1.5e6));
        let expected = [100e3, 200e3, 250e3, 300e3, 400e3, 500e3, 750e3, 800e3, 1e6, 1.2e6, 1.5e6];
        assert!(blocks.iter().zip(expected).all(|(found, expected)| (found / expected - 1.0).abs() < 1e-9));
        assert_eq!(blocks.len(), expected.len(), "{blocks:?}");
        for (module, largest, block, count, each) in [
            (500e3, 1.5e6, 1.5e6, 3, 500e3),
            (1.5e6, 2.5e6, 2.5e6, 2, 1.25e6),
            (500e3, 1.5e6, 800e3, 2, 400e3),
            (1.5e6, 1.5e6, 1e6, 1, 1e6),
            // Six of 250 kW, not four of 375 kW, which nobody sells.
            (400e3, 2.4e6, 1.5e6, 6, 250e3),
        ] {
            let (modules, size) = of(module, largest).making(Watts(block));
            assert!(modules == count && (size.0 - each).abs() < 1e-3, "{module} {block}: {modules} {size}");
        }
        // Whatever a block is, its modules are sold.
        let modules = of(400e3, 2.4e6);
        for block in modules.blocks(Watts(2.4e6)) {
            let (count, size) = modules.making(Watts(block));
            assert!((size.0 * count as f64 / block - 1.0).abs() < 1e-9, "{block}");
            assert!([100e3, 250e3, 400e3].iter().any(|sold| (size.0 / sold - 1.0).abs() < 1e-9), "{size}");
        }
        // Two of 650 kW are not sold; a design that has them names them.
        let last = |module, block| *of(module, block).blocks(Watts(block)).last().unwrap();
        assert!((last(1e6, 1.3e6) - 1e6).abs() < 1e-3 && (last(650e3, 1.3e6) - 1.3e6).abs() < 1e-3);
        // A module that is asked for stands there and no other.
        let asked = Modules::of(&ups, Watts(350e3), Watts(1.5e6), true);
        assert_eq!((asked.sizes.len(), asked.blocks(Watts(1.5e6)).len()), (1, 4));
        assert_eq!(asked.making(Watts(1.05e6)), (3, Watts(350e3)));
    }

    #[test]
    fn capacitors_stand_alike_on_each_section_and_work_in_whole_steps() {
        // 97 Mvar on six sections: 16.2 of 18 each, of their 18 steps of 6 Mvar 17 at work.
        let banks = ratings().capacitors(Vars(97e6), 6);
        assert_eq!((banks.count, banks.each, banks.on), (6, Vars(18e6), 17));
        assert!((banks.at_work().0 - 102e6).abs() < 1e-3);
        // 12.5 Mvar: three steps of 6 give 18, at 40 % of it one stays.
        assert_eq!(ratings().capacitors(Vars(12.5e6), 1).dimmed(Share(0.4)).on, 1);
        // 110 Mvar on one: four of 30, 27.5 of each; eleven steps of 10.
        let banks = ratings().capacitors(Vars(110e6), 1);
        assert_eq!((banks.count, banks.each, banks.on), (4, Vars(30e6), 11));
        // 2.3 of 3.6 Mvar: two steps of 1.2.
        assert_eq!(ratings().capacitors(Vars(2.3e6), 1).on, 2);
        assert_eq!(ratings().capacitors(Vars(0.0), 4), CapacitorBanks::default());
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
        let (bought, cabinets) = ratings().battery_cabinets(energy);
        assert!(cabinets == 4 && (bought.0 / 3.6e6 - 140.0).abs() < 1e-9, "{bought}");
    }
}
