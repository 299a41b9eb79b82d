//! Sums of the hours of each facility, in fixed point, so that neither their order nor what added them matters.

use std::collections::BTreeMap;

use super::{FacilityYears, RUNS_CHILLERS, RUNS_WATER, Score, YearRange};
use crate::kernel::sieve::{Limits, Sieve, Sifted, sieve_shader};
use crate::kernel::{Reduction, ShaderStruct};

/// The year of one facility, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct YearSum {
    hours: u64,
    meter: u64,
    water: u64,
    chiller_hours: u32,
    wet_hours: u32,
    /// Bits of the largest ratio: those of positive floats rise with the float.
    peak: u32,
}

/// Fixed-point units of one: sums of hours do not depend on their order.
const FIXED_POINT: f64 = 4_294_967_296.0;

/// A ratio counts as no more than this: what takes more has no efficiency at all, and sums of hours stay in range.
const MOST_RATIO: f32 = 65_535.0;
/// The stem of what sums on devices.
pub const SIEVE: &str = "year_sums";
/// Words of one facility there: two for the meter, two for the water, chiller hours, wet hours, the peak.
const WORDS: usize = 7;

/// The shader of the other half on devices.
#[must_use]
pub fn sieve_text() -> String {
    let constants = format!(
        "const RUNS_CHILLERS: u32 = {RUNS_CHILLERS}u;\nconst RUNS_WATER: u32 = {RUNS_WATER}u;\n\
         const MOST_RATIO: f32 = {MOST_RATIO:?};\nconst WORDS: u32 = {WORDS}u;\n"
    );
    let generated = [constants, YearRange::wgsl(), Score::wgsl()];
    sieve_shader(YearRange::NAME, 0, &generated, include_str!("../../../shaders/year_sums.wgsl"))
}

/// Sums the hours of each facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearSums {
    cases: usize,
    hours: u64,
    sums: BTreeMap<u64, YearSum>,
}

/// A year of one facility as the kernel sees it: what ranks, not what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RoughYear {
    /// Energy at the meter over energy at the rack inputs.
    pub pue: f64,
    /// Water per energy at the rack inputs [L/kWh].
    pub wue_l_per_kwh: f64,
    /// Hours with chillers running for anything.
    pub chiller_hours: u32,
    /// Hours in which water evaporates.
    pub wet_hours: u32,
    /// The largest ratio of an hour.
    pub worst_ratio: f64,
}

impl YearSums {
    /// Sums for a kernel.
    #[must_use]
    pub fn of(kernel: &FacilityYears) -> Self {
        Self { cases: kernel.space.cases.len(), hours: u64::from(kernel.space.hours), sums: BTreeMap::new() }
    }

    /// The year of a facility; nothing where none of its hours was run.
    #[must_use]
    pub fn year(&self, case: usize) -> Option<RoughYear> {
        let sum = self.sums.get(&(case as u64))?;
        let mean = |total: u64| total as f64 / FIXED_POINT / sum.hours as f64;
        Some(RoughYear {
            pue: mean(sum.meter),
            wue_l_per_kwh: mean(sum.water),
            chiller_hours: sum.chiller_hours,
            wet_hours: sum.wet_hours,
            worst_ratio: f64::from(f32::from_bits(sum.peak)),
        })
    }
}

impl Reduction<Score> for YearSums {
    fn fork(&self) -> Self {
        Self { sums: BTreeMap::new(), ..*self }
    }

    fn absorb(&mut self, first: u64, scores: &[Score]) {
        let mut done = 0;
        while done < scores.len() {
            let index = first + done as u64;
            let count = ((self.hours - index % self.hours) as usize).min(scores.len() - done);
            let sum = self.sums.entry(index / self.hours).or_default();
            for score in &scores[done..done + count] {
                sum.hours += 1;
                let fixed = |value: f32| (f64::from(value.min(MOST_RATIO)) * FIXED_POINT) as u64;
                sum.meter = sum.meter.saturating_add(fixed(score.meter_per_it));
                sum.water = sum.water.saturating_add(fixed(score.water_l_per_kwh));
                sum.chiller_hours += score.runs & RUNS_CHILLERS;
                sum.wet_hours += (score.runs & RUNS_WATER) / RUNS_WATER;
                sum.peak = sum.peak.max(score.meter_per_it.to_bits());
            }
            done += count;
        }
    }

    fn merge(&mut self, other: Self) {
        for (case, part) in other.sums {
            let sum = self.sums.entry(case).or_default();
            sum.hours += part.hours;
            sum.meter = sum.meter.saturating_add(part.meter);
            sum.water = sum.water.saturating_add(part.water);
            sum.chiller_hours += part.chiller_hours;
            sum.wet_hours += part.wet_hours;
            sum.peak = sum.peak.max(part.peak);
        }
    }

    fn sieve(&self) -> Option<Sieve> {
        let counts = u32::try_from(self.cases * WORDS).ok()?;
        // Nothing is noted: the table is there because a buffer of nothing cannot be bound.
        let limits = Limits { noted: 1, ..Limits::default() };
        Some(Sieve { name: SIEVE, shader: sieve_text, limits, noted: vec![0], counts })
    }

    fn absorb_sifted(&mut self, sifted: Sifted<Score>) {
        let end = sifted.first + u64::from(sifted.points);
        let wide = |words: &[u32]| u64::from(words[0]) | u64::from(words[1]) << 32;
        let sums = (0..).zip(sifted.counts.chunks_exact(WORDS)).filter_map(|(case, words)| {
            let year = case * self.hours..(case + 1) * self.hours;
            let hours = end.min(year.end).saturating_sub(sifted.first.max(year.start));
            let sum = YearSum {
                hours,
                meter: wide(&words[0..2]),
                water: wide(&words[2..4]),
                chiller_hours: words[4],
                wet_hours: words[5],
                peak: words[6],
            };
            (hours > 0).then_some((case, sum))
        });
        let part = Self { sums: sums.collect(), ..*self };
        self.merge(part);
    }

    fn is_like(&self, other: &Self) -> bool {
        self == other
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::facilities;
    use super::*;
    use crate::kernel::Kernel;

    #[test]
    fn sums_do_not_depend_on_the_order_of_the_hours() {
        let kernel = FacilityYears::new(facilities(3, 4, 100)).unwrap();
        let scores: Vec<Score> = (0..kernel.points()).map(|index| kernel.score(index)).collect();
        let mut whole = YearSums::of(&kernel);
        whole.absorb(0, &scores);
        let mut parts = YearSums::of(&kernel);
        for (part, chunk) in scores.chunks(37).enumerate().rev() {
            let mut fork = parts.fork();
            fork.absorb(part as u64 * 37, chunk);
            parts.merge(fork);
        }
        assert_eq!(whole, parts);
        assert!(whole.year(0).unwrap().pue > 1.0 && whole.year(4).is_none());
    }
}
