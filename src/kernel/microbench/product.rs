//! Matrix product C = A·B: the arithmetic of prefill.
//!
//! ~~~text
//! c_ij = Σ_k a_ik · b_kj       FLOP = 2·n³, bytes = 3 matrices once
//! ~~~
//!
//! A workgroup computes a tile of 64 × 64 through shared memory, an invocation 4 × 4 of it. Operands are `f32` or `f16`,
//! sums always `f32`. Baseline WGSL reaches the vector units only, not matrix units: the rate is a floor of what a
//! vendor's library reaches. Mirrored by `shaders/microbench_product.wgsl`.

use super::{Microbench, Work, numbers, sum_bound, told, words};
use crate::kernel::{KernelText, ShaderStruct, buffer_bytes, join};
use crate::{shader_constants, shader_struct};
use half::f16;

shader_constants! { constants_wgsl:
    /// Side of the tile of a workgroup.
    pub const TILE: u32 = 64;
    /// Columns of A that are shared at a time.
    pub const DEPTH: u32 = 16;
    /// Side of the block of an invocation.
    pub const BLOCK: u32 = 4;
    /// Invocations of one workgroup: (TILE / BLOCK)².
    pub const GROUP: u32 = 256;
}

shader_struct! {
    /// What a run is told.
    pub struct ProductShape {
        /// Rows and columns of each matrix, a multiple of the tile.
        pub side: u32,
    }
}

/// Rows that the twin computes together.
const ROWS: usize = 4;
/// Columns that it keeps in registers.
const COLUMNS: usize = TILE as usize;

/// The product of two square matrices.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    side: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    /// The bits of the operands in `f16`, where they are.
    narrow: Option<[Vec<u16>; 2]>,
}

impl Product {
    /// Random matrices of `f32`; the side is rounded up to whole tiles.
    #[must_use]
    pub fn single(seed: u64, side: usize) -> Self {
        let side = side.next_multiple_of(TILE as usize);
        Self { side, a: numbers(seed, 2, side * side), b: numbers(seed, 3, side * side), narrow: None }
    }

    /// Random matrices of `f16`, the same numbers in `f32` beside them for the twin.
    #[must_use]
    pub fn half(seed: u64, side: usize) -> Self {
        let side = side.next_multiple_of(TILE as usize);
        let narrow = [4, 5].map(|stream| {
            // Eleven bits are exact in both formats.
            let exact = |word: u32| f16::from_f32((word >> 22) as f32 / 512.0 - 1.0).to_bits();
            words(seed, stream, side * side).into_iter().map(exact).collect::<Vec<_>>()
        });
        let wide = |bits: &[u16]| bits.iter().map(|bits| f16::from_bits(*bits).to_f32()).collect();
        Self { side, a: wide(&narrow[0]), b: wide(&narrow[1]), narrow: Some(narrow) }
    }
}

fn shader(narrow: bool) -> String {
    let element = if narrow { "enable f16;\nalias Element = f16;\n" } else { "alias Element = f32;\n" };
    let generated = [element.to_owned(), constants_wgsl(), ProductShape::wgsl()];
    join(&generated, &[], include_str!("../../../shaders/microbench_product.wgsl"))
}

impl Microbench for Product {
    fn name(&self) -> &'static str {
        if self.narrow.is_some() { "product f16" } else { "product f32" }
    }
    fn shape(&self) -> String {
        format!("{0} × {0} × {0}", self.side)
    }
    fn work(&self) -> Work {
        let (n, width) = (self.side as f64, if self.narrow.is_some() { 2.0 } else { 4.0 });
        Work { bytes: n * n * (2.0 * width + 4.0), flop: 2.0 * n * n * n }
    }
    fn shader(&self) -> String {
        shader(self.narrow.is_some())
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[ProductShape { side: self.side as u32 }])
    }
    fn operands(&self) -> Vec<&[u8]> {
        match &self.narrow {
            Some([a, b]) => vec![bytemuck::cast_slice(a), bytemuck::cast_slice(b)],
            None => vec![bytemuck::cast_slice(&self.a), bytemuck::cast_slice(&self.b)],
        }
    }
    fn groups(&self) -> u32 {
        (self.side as u32 / TILE).pow(2)
    }
    fn results(&self) -> usize {
        self.side * self.side
    }
    fn grain(&self) -> usize {
        ROWS * self.side
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        let (n, row) = (self.side, first / self.side);
        for column in (0..n).step_by(COLUMNS) {
            for (block, rows) in results.chunks_exact_mut(ROWS * n).enumerate() {
                let a = &self.a[(row + block * ROWS) * n..][..ROWS * n];
                let mut sums = [[0.0_f32; COLUMNS]; ROWS];
                for k in 0..n {
                    let b: &[f32; COLUMNS] = self.b[k * n + column..].first_chunk().expect("whole tiles");
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let a = a[row * n + k];
                        for (sum, b) in sums.iter_mut().zip(b) {
                            *sum += a * b;
                        }
                    }
                }
                for (row, sums) in sums.iter().enumerate() {
                    rows[row * n + column..][..COLUMNS].copy_from_slice(sums);
                }
            }
        }
    }
    fn bound(&self, index: usize) -> f64 {
        let (n, row, column) = (self.side, index / self.side, index % self.side);
        let size = |k: usize| f64::from(self.a[row * n + k] * self.b[k * n + column]).abs();
        sum_bound(n, (0..n).map(size).sum())
    }
    fn needs_f16(&self) -> bool {
        self.narrow.is_some()
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text(narrow: bool) -> KernelText {
    KernelText { name: "microbench_product", shader: shader(narrow), structs: vec![told::<ProductShape>()] }
}
