//! Attention of a decode step: keys and values gathered from pages that lie anywhere in the cache.
//!
//! ~~~text
//! s_p = Σ_d q_d · k_pd        o_d = Σ_p 2^(s_p − m) · v_pd / Σ_p 2^(s_p − m),   m the largest s so far
//! FLOP = 4·width for each position and head, bytes = keys and values, the page table, queries and results once
//! ~~~
//!
//! One workgroup handles one head of one sequence, 64 positions at a time; the running maximum rescales what is summed
//! already (Milakov and Gimelshein 2018, arXiv 1805.02867). Queries hold 1/√width and log₂ e. Pages of 16 positions
//! are those that serving engines use (Kwon and others 2023, arXiv 2309.06180). One query a head: grouped queries read no more.
//! Mirrored by `shaders/microbench_attention.wgsl`.

use super::{MOST_GROUPS, Microbench, UNIT_ROUNDOFF, Work, in_powers, numbers, sum_bound, told, words};
use crate::kernel::{KernelText, SCALAR_WGSL, ShaderStruct, buffer_bytes, join};
use crate::scalar::Real;
use crate::{shader_constants, shader_struct};

shader_constants! { constants_wgsl:
    /// Width of a head.
    pub const WIDTH: u32 = 128;
    /// Positions of a page.
    pub const PAGE: u32 = 16;
    /// Positions that are scored together, and invocations of a workgroup.
    pub const TILE: u32 = 64;
    /// Floats of one head's keys, or values, in a page; keys lie dimension by dimension, values position by position.
    pub const PLANE: u32 = PAGE * WIDTH;
}

shader_struct! {
    /// What a run is told.
    pub struct AttentionShape {
        /// Heads of a sequence.
        pub heads: u32,
        /// Cached positions of a sequence, a multiple of the tile.
        pub context: u32,
    }
}

const D: usize = WIDTH as usize;
const P: usize = PAGE as usize;
const T: usize = TILE as usize;
/// Below every score.
const NOTHING_YET: f32 = -1e30;
/// Relative error of 2^x on either side, `scalar.rs`.
const EXP2_ERROR: f64 = 4e-7;

/// Sequences with their paged cache.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    sequences: usize,
    heads: usize,
    context: usize,
    queries: Vec<f32>,
    cache: Vec<f32>,
    table: Vec<u32>,
}

impl Attention {
    /// Random queries, keys and values; the context is rounded up to whole tiles, the pages lie in random order.
    #[must_use]
    pub fn new(seed: u64, sequences: usize, heads: usize, context: usize) -> Self {
        let context = context.next_multiple_of(T);
        let pages = sequences * context / P;
        let scale = std::f32::consts::LOG2_E / (D as f32).sqrt();
        let queries = numbers(seed, 9, sequences * heads * D).into_iter().map(|q| q * scale).collect();
        let cache = numbers(seed, 10, pages * heads * 2 * PLANE as usize);
        // Sorting by random words shuffles; the place breaks ties.
        let keys = words(seed, 11, pages);
        let mut table: Vec<u32> = (0..pages as u32).collect();
        table.sort_unstable_by_key(|page| (keys[*page as usize], *page));
        debug_assert!(sequences * heads <= MOST_GROUPS as usize);
        Self { sequences, heads, context, queries, cache, table }
    }

    /// Bytes of keys and values of such a cache.
    #[must_use]
    pub fn cache_bytes(sequences: usize, heads: usize, context: usize) -> u64 {
        (sequences * heads * context.next_multiple_of(T)) as u64 * 2 * u64::from(WIDTH) * 4
    }

    /// Where one head of the page of a position starts in the cache.
    #[inline(always)]
    fn page(&self, sequence: usize, head: usize, position: usize) -> &[f32] {
        let page = self.table[(sequence * self.context + position) / P] as usize;
        &self.cache[(page * self.heads + head) * 2 * PLANE as usize..][..2 * PLANE as usize]
    }

    /// One head of one sequence.
    #[inline(always)]
    fn attend(&self, sequence: usize, head: usize, result: &mut [f32; D]) {
        let query = &self.queries[(sequence * self.heads + head) * D..][..D];
        let (mut most, mut total) = (NOTHING_YET, 0.0_f32);
        let mut sums = [0.0_f32; D];
        for first in (0..self.context).step_by(T) {
            let mut weights = [0.0_f32; T];
            for (place, scores) in weights.as_chunks_mut::<P>().0.iter_mut().enumerate() {
                let keys = self.page(sequence, head, first + place * P).as_chunks::<P>().0;
                let mut sum = [0.0_f32; P];
                for (q, keys) in query.iter().zip(keys) {
                    for (score, key) in sum.iter_mut().zip(keys) {
                        *score += q * key;
                    }
                }
                *scores = sum;
            }
            let tile_most = weights.iter().fold(most, |most, score| Real::max(most, *score));
            let shrink = Real::exp2(most - tile_most);
            for weight in &mut weights {
                *weight = Real::exp2(*weight - tile_most);
            }
            total *= shrink;
            for sum in &mut sums {
                *sum *= shrink;
            }
            for (place, weights) in weights.as_chunks::<P>().0.iter().enumerate() {
                let values = &self.page(sequence, head, first + place * P)[PLANE as usize..];
                for (weight, values) in weights.iter().zip(values.as_chunks::<D>().0) {
                    total += weight;
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += weight * value;
                    }
                }
            }
            most = tile_most;
        }
        for (result, sum) in result.iter_mut().zip(sums) {
            *result = sum / total;
        }
    }
}

fn shader() -> String {
    let generated =
        [constants_wgsl(), format!("const NOTHING_YET: f32 = {NOTHING_YET:e};\n"), AttentionShape::wgsl()];
    join(&generated, &[SCALAR_WGSL], include_str!("../../../shaders/microbench_attention.wgsl"))
}

impl Microbench for Attention {
    fn name(&self) -> &'static str {
        "attention decode"
    }
    fn shape(&self) -> String {
        let Self { sequences, heads, context, .. } = self;
        format!("{sequences} sequences × {heads} heads × {} positions", in_powers(*context))
    }
    fn work(&self) -> Work {
        let heads = (self.sequences * self.heads) as f64;
        let (width, context) = (f64::from(WIDTH), self.context as f64);
        let table = (self.sequences * self.context / P) as f64;
        Work {
            bytes: 4.0 * (heads * (2.0 * context * width + 2.0 * width) + table),
            flop: 4.0 * heads * context * width,
        }
    }
    fn shader(&self) -> String {
        shader()
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[AttentionShape { heads: self.heads as u32, context: self.context as u32 }])
    }
    fn operands(&self) -> Vec<&[u8]> {
        vec![
            bytemuck::cast_slice(&self.queries),
            bytemuck::cast_slice(&self.cache),
            bytemuck::cast_slice(&self.table),
        ]
    }
    fn groups(&self) -> u32 {
        (self.sequences * self.heads) as u32
    }
    fn results(&self) -> usize {
        self.sequences * self.heads * D
    }
    fn grain(&self) -> usize {
        D
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        for (place, result) in results.as_chunks_mut::<D>().0.iter_mut().enumerate() {
            let head = first / D + place;
            self.attend(head / self.heads, head % self.heads, result);
        }
    }
    // A score that is δ off changes each weight by the share δ · ln 2, a quotient of weights by twice that; the sums over
    // positions round like any other, and a result is a mean of values whose sizes are at most 1.
    fn bound(&self, index: usize) -> f64 {
        let query = &self.queries[index / D * D..][..D];
        let score = sum_bound(D, query.iter().map(|q| f64::from(*q).abs()).sum());
        let weight = std::f64::consts::LN_2 * score + 2.0 * EXP2_ERROR;
        2.0 * weight + 2.0 * sum_bound(self.context, 1.0) + 8.0 * UNIT_ROUNDOFF
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    KernelText { name: "microbench_attention", shader: shader(), structs: vec![told::<AttentionShape>()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twin_is_softmax_of_scores_times_values() {
        let bench = Attention::new(3, 2, 3, 192);
        let mut results = vec![0.0; bench.results()];
        bench.fill(0, &mut results);
        for (sequence, head) in [(0, 0), (1, 2)] {
            let query = &bench.queries[(sequence * 3 + head) * D..][..D];
            let (mut total, mut sums) = (0.0_f64, [0.0_f64; D]);
            for position in 0..192 {
                let page = bench.page(sequence, head, position);
                let (keys, values) = page.split_at(PLANE as usize);
                let key = |d: usize| f64::from(keys[d * P + position % P]);
                let score: f64 = query.iter().enumerate().map(|(d, q)| f64::from(*q) * key(d)).sum();
                total += score.exp2();
                for (d, sum) in sums.iter_mut().enumerate() {
                    *sum += score.exp2() * f64::from(values[position % P * D + d]);
                }
            }
            for (d, sum) in sums.iter().enumerate() {
                let index = (sequence * 3 + head) * D + d;
                let error = (f64::from(results[index]) - sum / total).abs();
                assert!(error < bench.bound(index), "{index}: {error:e}");
            }
        }
    }

    #[test]
    fn every_page_is_used_once() {
        let mut table = Attention::new(5, 4, 1, 256).table;
        assert!(table.windows(2).any(|pair| pair[0] > pair[1]), "they lie in order");
        table.sort_unstable();
        assert!(table.iter().enumerate().all(|(place, page)| place == *page as usize));
    }
}
