//! Microbenchmarks: what a machine does with the few patterns that serving is made of.
//!
//! Each is a WGSL program with a twin, as the kernels are, but it fills a buffer instead of scoring points and says how
//! much work that is. Operands are random words of [`Stream`], so every machine computes the same thing. A device's
//! result is compared with the twin's; how far apart the two may lie follows from the arithmetic:
//!
//! ~~~text
//! |device − twin| ≤ 2 · γ_n · Σ|terms|,   γ_n = n·u / (1 − n·u),   u = 2⁻²⁴
//! ~~~
//!
//! for a sum of n rounded terms in any order, products fused or not. Higham 2002, doi:10.1137/1.9780898718027, section
//! 3.1. WGSL keeps additions and multiplications correctly rounded; what is looser there is in a benchmark's own bound.

pub mod attention;
pub mod launch;
pub mod matrix_vector;
pub mod mix;
pub mod product;
pub mod reduction;
pub mod stream;

use crate::kernel::{KernelText, ShaderField, ShaderStruct};
use crate::random::Stream;

/// One program at one size.
pub trait Microbench: Sync {
    /// What it is called in reports and files.
    fn name(&self) -> &'static str;
    /// Its size in words.
    fn shape(&self) -> String;
    /// What one run takes.
    fn work(&self) -> Work;
    /// The joined shader; its entry point is `main`.
    fn shader(&self) -> String;
    /// The uniform block at binding 0.
    fn parameters(&self) -> Vec<u8>;
    /// The read-only storage buffers from binding 1 on; the results are bound after them.
    fn operands(&self) -> Vec<&[u8]>;
    /// Workgroups of a run, at most [`MOST_GROUPS`].
    fn groups(&self) -> u32;
    /// Results of a run.
    fn results(&self) -> usize;
    /// Results that the twin fills together.
    fn grain(&self) -> usize;
    /// The twin: fills results from `first` on, both ends at multiples of the grain.
    ///
    /// Implementations are `#[inline(always)]`, and so is everything they call, or the loop stays at the baseline.
    fn fill(&self, first: usize, results: &mut [f32]);
    /// By how much a device may differ from the twin in one result.
    fn bound(&self, index: usize) -> f64;
    /// Whether the shader needs 16-bit floats.
    fn needs_f16(&self) -> bool {
        false
    }
}

/// What one run of a benchmark takes: the least traffic and the arithmetic that the result needs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Bytes read and written, each once.
    pub bytes: f64,
    /// Additions and multiplications.
    pub flop: f64,
}

/// Workgroups of one dimension that every device grants.
pub const MOST_GROUPS: u32 = 65_535;

/// Unit roundoff of `f32`.
pub const UNIT_ROUNDOFF: f64 = 0.5 * f32::EPSILON as f64;

/// By how much two sums of `terms` rounded products may differ whose sizes add up to `sizes`; see the module.
#[must_use]
pub fn sum_bound(terms: usize, sizes: f64) -> f64 {
    let rounded = terms as f64 * UNIT_ROUNDOFF;
    2.0 * rounded / (1.0 - rounded) * sizes
}

/// Random numbers of one stream, even in [−1, 1) and exact in 24 bits.
#[must_use]
pub fn numbers(seed: u64, stream: u64, count: usize) -> Vec<f32> {
    words(seed, stream, count).into_iter().map(|word| (word >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// Random words of one stream.
#[must_use]
pub fn words(seed: u64, stream: u64, count: usize) -> Vec<u32> {
    let stream = Stream { seed, stream };
    let mut words: Vec<u32> = (0..count.div_ceil(4) as u64).flat_map(|index| stream.words(index)).collect();
    words.truncate(count);
    words
}

/// Shapes in powers of two as people write them: `16 Mi`.
#[must_use]
pub fn in_powers(count: usize) -> String {
    let steps = [(30, "Gi"), (20, "Mi"), (10, "Ki")];
    match steps.iter().find(|(power, _)| count >= 1 << power && count.is_multiple_of(1 << power)) {
        Some((power, word)) => format!("{} {word}", count >> power),
        None => count.to_string(),
    }
}

/// What the list of kernels says of a struct.
fn told<S: ShaderStruct>() -> (&'static str, &'static [ShaderField], usize) {
    (S::NAME, S::FIELDS, S::SIZE)
}

/// The shaders that need nothing beyond the baseline, for the list of kernels.
#[must_use]
pub fn texts() -> Vec<KernelText> {
    let mut texts = stream::texts();
    texts.extend([
        product::text(false),
        matrix_vector::text(),
        attention::text(),
        reduction::text(),
        mix::text(),
        launch::text(),
    ]);
    texts
}

/// Sums `lanes` numbers by halves, as a workgroup does; mirrored in the shaders that sum.
#[inline(always)]
fn tree_sum<const LANES: usize>(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Invocations that sum one row together.
const SUMMING: usize = 64;
/// Numbers that they take in one step: four each.
const STEP: usize = 4 * SUMMING;

/// The lanes of a workgroup from four partial sums of each, then their sum; mirrored likewise.
#[inline(always)]
fn sum_of_group(quads: &[f32; STEP]) -> f32 {
    let mut lanes = [0.0; SUMMING];
    for (lane, quad) in lanes.iter_mut().zip(quads.as_chunks::<4>().0) {
        *lane = (quad[0] + quad[1]) + (quad[2] + quad[3]);
    }
    tree_sum(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_fill_their_interval() {
        let numbers = numbers(1, 2, 10_000);
        assert!(numbers.iter().all(|x| (-1.0..1.0).contains(x)));
        let mean = numbers.iter().map(|x| f64::from(*x)).sum::<f64>() / 1e4;
        // Four standard errors of a mean of 10,000: 4 · 0.577 / 100.
        assert!(mean.abs() < 0.024, "{mean}");
    }

    #[test]
    fn sums_by_halves_miss_nobody() {
        let lanes: [f32; 64] = std::array::from_fn(|lane| lane as f32);
        assert!((tree_sum(lanes) - 2_016.0).abs() < f32::EPSILON);
    }

    #[test]
    fn two_sums_of_a_thousand_ones_differ_by_their_roundings() {
        // 2 · 1000 · 2⁻²⁴ · 1000 = 0.119.
        assert!((sum_bound(1_000, 1_000.0) - 0.119).abs() < 0.001);
    }

    #[test]
    fn shapes_are_read_in_powers_of_two() {
        assert_eq!(in_powers(1 << 24), "16 Mi");
        assert_eq!(in_powers(14_336), "14 Ki");
        assert_eq!(in_powers(1_000), "1000");
    }
}
