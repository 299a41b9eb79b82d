//! A program that does next to nothing: what is left is the launch.
//!
//! Mirrored by `shaders/microbench_launch.wgsl`.

use super::{Microbench, Work, told};
use crate::kernel::{KernelText, ShaderStruct, WORKGROUP, buffer_bytes, join};
use crate::shader_struct;

shader_struct! {
    /// What a run is told.
    pub struct LaunchShape {
        /// Added to each result's index.
        pub offset: u32,
    }
}

const OFFSET: u32 = 1;

/// One workgroup that writes 64 numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Launch;

fn shader() -> String {
    let generated = [format!("const GROUP: u32 = {WORKGROUP}u;\n"), LaunchShape::wgsl()];
    join(&generated, &[], include_str!("../../../shaders/microbench_launch.wgsl"))
}

impl Microbench for Launch {
    fn name(&self) -> &'static str {
        "launch"
    }
    fn shape(&self) -> String {
        "one workgroup".into()
    }
    fn work(&self) -> Work {
        Work::default()
    }
    fn shader(&self) -> String {
        shader()
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[LaunchShape { offset: OFFSET }])
    }
    fn operands(&self) -> Vec<&[u8]> {
        Vec::new()
    }
    fn groups(&self) -> u32 {
        1
    }
    fn results(&self) -> usize {
        WORKGROUP as usize
    }
    fn grain(&self) -> usize {
        1
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        for (place, result) in results.iter_mut().enumerate() {
            *result = ((first + place) as u32 + OFFSET) as f32;
        }
    }
    fn bound(&self, _index: usize) -> f64 {
        0.0
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    KernelText { name: "microbench_launch", shader: shader(), structs: vec![told::<LaunchShape>()] }
}
