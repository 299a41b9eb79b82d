//! Sum of an array: reading alone, and what a workgroup's halving costs.
//!
//! ~~~text
//! s_g = Σ of block g       one partial sum a workgroup; FLOP = count, bytes = the array once
//! ~~~
//!
//! Mirrored by `shaders/microbench_reduction.wgsl`.

use super::matrix_vector::summing_wgsl;
use super::{Microbench, STEP, Work, in_powers, numbers, sum_bound, sum_of_group, told};
use crate::kernel::{KernelText, ShaderStruct, buffer_bytes, join};
use crate::shader_struct;

shader_struct! {
    /// What a run is told.
    pub struct ReductionShape {
        /// Numbers of one block over four.
        pub quads: u32,
    }
}

/// Blocks, and so workgroups.
const BLOCKS: usize = 1_024;

/// The sum of an array in blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduction {
    numbers: Vec<f32>,
}

impl Reduction {
    /// A random array, rounded up to whole steps of every block.
    #[must_use]
    pub fn new(seed: u64, count: usize) -> Self {
        Self { numbers: numbers(seed, 8, count.next_multiple_of(BLOCKS * STEP)) }
    }

    fn block(&self) -> usize {
        self.numbers.len() / BLOCKS
    }
}

fn shader() -> String {
    let generated = [summing_wgsl(), ReductionShape::wgsl()];
    join(&generated, &[], include_str!("../../../shaders/microbench_reduction.wgsl"))
}

impl Microbench for Reduction {
    fn name(&self) -> &'static str {
        "reduction"
    }
    fn shape(&self) -> String {
        format!("{} f32", in_powers(self.numbers.len()))
    }
    fn work(&self) -> Work {
        let count = self.numbers.len() as f64;
        Work { bytes: 4.0 * count, flop: count }
    }
    fn shader(&self) -> String {
        shader()
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[ReductionShape { quads: self.block() as u32 / 4 }])
    }
    fn operands(&self) -> Vec<&[u8]> {
        vec![bytemuck::cast_slice(&self.numbers)]
    }
    fn groups(&self) -> u32 {
        BLOCKS as u32
    }
    fn results(&self) -> usize {
        BLOCKS
    }
    fn grain(&self) -> usize {
        1
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        let blocks = self.numbers[first * self.block()..].chunks_exact(self.block());
        for (result, block) in results.iter_mut().zip(blocks) {
            let mut quads = [0.0; STEP];
            for step in block.as_chunks::<STEP>().0 {
                for (sum, number) in quads.iter_mut().zip(step) {
                    *sum += number;
                }
            }
            *result = sum_of_group(&quads);
        }
    }
    fn bound(&self, index: usize) -> f64 {
        let block = &self.numbers[index * self.block()..][..self.block()];
        sum_bound(block.len(), block.iter().map(|x| f64::from(*x).abs()).sum())
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    KernelText { name: "microbench_reduction", shader: shader(), structs: vec![told::<ReductionShape>()] }
}
