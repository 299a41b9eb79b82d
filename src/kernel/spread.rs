//! How the points of a sweep spread: histograms of those that can run, four bins to a doubling.
//!
//! Bins are cut by the bits of an `f32`, so that a device sorts a score into the same bin as the CPU. Where two devices
//! differ in the last place of a score that lies on an edge, the point counts in either of the neighbours.

use crate::kernel::serving_sweep::Score;

/// Bins of one octave are `2^MANTISSA_BITS`.
pub(super) const MANTISSA_BITS: u32 = 2;
/// The exponent of the first bin, which takes what is less, too.
const LEAST_EXPONENT: i32 = -20;
/// Octaves; the last bin takes what is more, too.
const OCTAVES: u32 = 44;
/// Bits of the least value of the first bin, cut to those that tell bins apart.
pub(super) const FIRST: u32 = ((127 + LEAST_EXPONENT) as u32) << MANTISSA_BITS;
/// Bins of one measure.
pub const BINS: usize = (OCTAVES << MANTISSA_BITS) as usize;

/// What is sorted into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Output tokens per second of one sequence.
    PerUser,
    /// Output tokens per second and accelerator.
    PerAccelerator,
    /// Time to the first token [s].
    FirstToken,
}

impl Measure {
    /// All of them, as `shaders/survey.wgsl` has them.
    pub const ALL: [Self; 3] = [Self::PerUser, Self::PerAccelerator, Self::FirstToken];

    fn of(self, score: &Score) -> f32 {
        match self {
            Self::PerUser => score.tokens_per_s_per_user,
            Self::PerAccelerator => score.tokens_per_s_per_accelerator,
            Self::FirstToken => score.ttft_s,
        }
    }
}

/// The bin of a value; mirrored in `survey.wgsl`.
fn bin(value: f32) -> usize {
    let key = Ord::max(value.max(0.0).to_bits() >> (23 - MANTISSA_BITS), FIRST) - FIRST;
    (key as usize).min(BINS - 1)
}

/// Where a bin begins; the one after it begins where it ends.
#[must_use]
pub fn edge(bin: usize) -> f64 {
    let steps = 1 << MANTISSA_BITS;
    let (octave, step) = (bin / steps, bin % steps);
    (f64::from(LEAST_EXPONENT) + octave as f64).exp2() * (1.0 + step as f64 / steps as f64)
}

/// Counts by measure and bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread(Box<[[u64; BINS]; 3]>);

impl Default for Spread {
    fn default() -> Self {
        Self(Box::new([[0; BINS]; 3]))
    }
}

impl Spread {
    /// Counts of all measures.
    pub const COUNTS: usize = 3 * BINS;

    /// Counts the scores that can run.
    pub fn absorb(&mut self, scores: &[Score]) {
        for score in scores.iter().filter(|score| score.misfit == 0) {
            for (counts, measure) in self.0.iter_mut().zip(Measure::ALL) {
                counts[bin(measure.of(score))] += 1;
            }
        }
    }

    /// Adds counts in the order of [`Spread::counts`].
    pub fn add(&mut self, counts: impl IntoIterator<Item = u64>) {
        for (sum, count) in self.0.as_flattened_mut().iter_mut().zip(counts) {
            *sum += count;
        }
    }

    /// The counts, measure by measure.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        self.0.as_flattened()
    }

    /// The counts of one measure, from the least bin up.
    #[must_use]
    pub fn of(&self, measure: Measure) -> &[u64; BINS] {
        &self.0[measure as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_between_the_edges_of_its_bin() {
        for step in 0..4_000_u32 {
            let value = 2.0_f32.powf(step as f32 * 0.0109 - 19.99);
            let bin = bin(value);
            assert!(edge(bin) <= f64::from(value) && f64::from(value) < edge(bin + 1), "{value} in {bin}");
        }
        assert_eq!((bin(0.0), bin(-1.0), bin(1e-30)), (0, 0, 0));
        assert_eq!((bin(f32::INFINITY), bin(1e30)), (BINS - 1, BINS - 1));
        assert!((edge(bin(1.0)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn only_what_can_run_is_counted() {
        let score = |user: f32, misfit| Score {
            tokens_per_s_per_user: user,
            tokens_per_s_per_accelerator: 2.0 * user,
            ttft_s: 0.3,
            misfit,
            ..Score::default()
        };
        let mut spread = Spread::default();
        spread.absorb(&[score(10.0, 0), score(10.5, 0), score(20.0, 0), score(10.0, 4)]);
        let mut twice = spread.clone();
        twice.add(spread.counts().iter().copied());
        let count = |spread: &Spread, measure, value| spread.of(measure)[bin(value)];
        assert_eq!(count(&spread, Measure::PerUser, 10.0), 2);
        assert_eq!(count(&spread, Measure::PerAccelerator, 40.0), 1);
        assert_eq!(count(&twice, Measure::FirstToken, 0.3), 6);
        assert_eq!(spread.counts().iter().sum::<u64>(), 9);
    }
}
