//! STREAM: how fast memory is read and written in order.
//!
//! ~~~text
//! copy c = a · scale c = s·a · add c = a + b · triad c = a + s·b       bytes: each array once
//! ~~~
//!
//! McCalpin 1995, "Memory bandwidth and machine balance in current high performance computers", IEEE TCCA newsletter.
//! What a cache reads before it overwrites is not counted, as there. Mirrored by `shaders/microbench_stream.wgsl`.

use super::{MOST_GROUPS, Microbench, UNIT_ROUNDOFF, Work, in_powers, numbers, told};
use crate::kernel::{KernelText, ShaderStruct, buffer_bytes, join};
use crate::{shader_constants, shader_struct};

shader_constants! { constants_wgsl:
    /// c = a.
    pub const COPY: u32 = 0;
    /// c = s·a.
    pub const SCALE: u32 = 1;
    /// c = a + b.
    pub const ADD: u32 = 2;
    /// c = a + s·b.
    pub const TRIAD: u32 = 3;
    /// Invocations of one workgroup.
    pub const GROUP: u32 = 256;
}

shader_struct! {
    /// What a run is told.
    pub struct StreamShape {
        /// Numbers of an array over four.
        pub quads: u32,
        /// The factor s.
        pub factor: f32,
    }
}

const FACTOR: f32 = 0.4;
const NAMES: [&str; 4] = ["stream copy", "stream scale", "stream add", "stream triad"];
/// Numbers of one part: they stay in the first-level cache.
const GRAIN: usize = 4_096;

/// The two arrays that are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrays {
    a: Vec<f32>,
    b: Vec<f32>,
}

impl Arrays {
    /// Random arrays of so many numbers, rounded up to whole parts.
    #[must_use]
    pub fn new(seed: u64, count: usize) -> Self {
        let count = count.next_multiple_of(GRAIN);
        Self { a: numbers(seed, 0, count), b: numbers(seed, 1, count) }
    }

    /// The four benchmarks on these arrays.
    #[must_use]
    pub fn benches(&self) -> [StreamBench<'_>; 4] {
        [COPY, SCALE, ADD, TRIAD].map(|kind| StreamBench { kind, arrays: self })
    }
}

/// One of the four.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamBench<'a> {
    kind: u32,
    arrays: &'a Arrays,
}

fn shader(kind: u32) -> String {
    let generated = [constants_wgsl(), format!("const KIND: u32 = {kind}u;\n"), StreamShape::wgsl()];
    join(&generated, &[], include_str!("../../../shaders/microbench_stream.wgsl"))
}

impl Microbench for StreamBench<'_> {
    fn name(&self) -> &'static str {
        NAMES[self.kind as usize]
    }
    fn shape(&self) -> String {
        format!("{} f32 an array", in_powers(self.arrays.a.len()))
    }
    fn work(&self) -> Work {
        let count = self.arrays.a.len() as f64;
        let (arrays, flop) = [(2.0, 0.0), (2.0, 1.0), (3.0, 1.0), (3.0, 2.0)][self.kind as usize];
        Work { bytes: 4.0 * arrays * count, flop: flop * count }
    }
    fn shader(&self) -> String {
        shader(self.kind)
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[StreamShape { quads: self.arrays.a.len() as u32 / 4, factor: FACTOR }])
    }
    fn operands(&self) -> Vec<&[u8]> {
        vec![bytemuck::cast_slice(&self.arrays.a), bytemuck::cast_slice(&self.arrays.b)]
    }
    fn groups(&self) -> u32 {
        (self.arrays.a.len() as u32 / 4).div_ceil(GROUP).min(MOST_GROUPS)
    }
    fn results(&self) -> usize {
        self.arrays.a.len()
    }
    fn grain(&self) -> usize {
        GRAIN
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        let part = first..first + results.len();
        let (a, b) = (&self.arrays.a[part.clone()], &self.arrays.b[part]);
        match self.kind {
            COPY => results.copy_from_slice(a),
            SCALE => results.iter_mut().zip(a).for_each(|(c, a)| *c = FACTOR * a),
            ADD => results.iter_mut().zip(a.iter().zip(b)).for_each(|(c, (a, b))| *c = a + b),
            _ => results.iter_mut().zip(a.iter().zip(b)).for_each(|(c, (a, b))| *c = a + FACTOR * b),
        }
    }
    fn bound(&self, index: usize) -> f64 {
        let (a, b) = (f64::from(self.arrays.a[index]).abs(), f64::from(self.arrays.b[index]).abs());
        // Copies and single operations are exact or correctly rounded; a product may be fused into a sum.
        if self.kind == TRIAD { 2.0 * UNIT_ROUNDOFF * (a + 2.0 * f64::from(FACTOR) * b) } else { 0.0 }
    }
}

/// The kernels as the list of kernels has them.
#[must_use]
pub fn texts() -> Vec<KernelText> {
    (COPY..=TRIAD)
        .map(|kind| KernelText {
            name: NAMES[kind as usize],
            shader: shader(kind),
            structs: vec![told::<StreamShape>()],
        })
        .collect()
}
