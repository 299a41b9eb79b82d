//! Matrix times vector at the shapes of a decode step: weights stream once for one token.
//!
//! ~~~text
//! y_i = Σ_k w_ik · x_k       FLOP = 2·rows·columns, bytes = the weights, x and y once
//! ~~~
//!
//! A workgroup sums one row: 64 invocations of four running sums each, then by halves. Mirrored by
//! `shaders/microbench_matrix_vector.wgsl`.

use super::{MOST_GROUPS, Microbench, STEP, Work, numbers, sum_bound, sum_of_group, told};
use crate::kernel::{KernelText, ShaderStruct, buffer_bytes, join};
use crate::shader_struct;

shader_struct! {
    /// What a run is told.
    pub struct MatrixShape {
        /// Columns over four.
        pub quads: u32,
    }
}

/// Weights of one linear layer and one token's activations.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixVector {
    rows: usize,
    columns: usize,
    weights: Vec<f32>,
    token: Vec<f32>,
}

impl MatrixVector {
    /// A random layer; columns are rounded up to whole steps of a workgroup.
    #[must_use]
    pub fn new(seed: u64, rows: usize, columns: usize) -> Self {
        let (rows, columns) = (rows.min(MOST_GROUPS as usize), columns.next_multiple_of(STEP));
        let weights = numbers(seed, 6, rows * columns);
        Self { rows, columns, weights, token: numbers(seed, 7, columns) }
    }
}

/// The constants of sums over a workgroup.
pub(super) fn summing_wgsl() -> String {
    format!("const SUMMING: u32 = {}u;\n", super::SUMMING)
}

fn shader() -> String {
    let generated = [summing_wgsl(), MatrixShape::wgsl()];
    join(&generated, &[], include_str!("../../../shaders/microbench_matrix_vector.wgsl"))
}

impl Microbench for MatrixVector {
    fn name(&self) -> &'static str {
        "matrix–vector"
    }
    fn shape(&self) -> String {
        format!("{} × {}", self.rows, self.columns)
    }
    fn work(&self) -> Work {
        let (rows, columns) = (self.rows as f64, self.columns as f64);
        Work { bytes: 4.0 * (rows * columns + rows + columns), flop: 2.0 * rows * columns }
    }
    fn shader(&self) -> String {
        shader()
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[MatrixShape { quads: self.columns as u32 / 4 }])
    }
    fn operands(&self) -> Vec<&[u8]> {
        vec![bytemuck::cast_slice(&self.weights), bytemuck::cast_slice(&self.token)]
    }
    fn groups(&self) -> u32 {
        self.rows as u32
    }
    fn results(&self) -> usize {
        self.rows
    }
    fn grain(&self) -> usize {
        1
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        let rows = self.weights[first * self.columns..].chunks_exact(self.columns);
        for (result, row) in results.iter_mut().zip(rows) {
            let mut quads = [0.0; STEP];
            let (steps, token) = (row.as_chunks::<STEP>().0, self.token.as_chunks::<STEP>().0);
            for (weights, token) in steps.iter().zip(token) {
                for (sum, (w, x)) in quads.iter_mut().zip(weights.iter().zip(token)) {
                    *sum += w * x;
                }
            }
            *result = sum_of_group(&quads);
        }
    }
    fn bound(&self, index: usize) -> f64 {
        let row = &self.weights[index * self.columns..][..self.columns];
        sum_bound(self.columns, row.iter().zip(&self.token).map(|(w, x)| f64::from(w * x).abs()).sum())
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    KernelText { name: "microbench_matrix_vector", shader: shader(), structs: vec![told::<MatrixShape>()] }
}
