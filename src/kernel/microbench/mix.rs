//! The roof for a kernel: its mix of operations with nothing else in the way.
//!
//! A datasheet's peak counts fused multiply-adds. The kernels have none (scalar and vector have to agree bit for bit)
//! but divide, choose and raise two to a power, so that peak says little about them. This loop does the same
//! operations in the same proportions on values that never leave the registers; what a machine does of it in a second is
//! the most that a kernel of that mix could do.
//!
//! ~~~text
//! plain  x ← x·a + b                    2 operations
//! choice x ← min(max(x·a + b, low), top)  4, two of them choices
//! divide x ← c / (x + a)                2, one a division
//! power  x ← 2^(x·a)                    1 and those of the polynomial
//! ~~~
//!
//! Every step, or two divisions, draw their values together, so rounding errors stay within a few of the last step's. Mirrored by
//! `shaders/microbench_mix.wgsl`.

use super::{Microbench, Work, told};
use crate::kernel::tally::Operations;
use crate::kernel::{KernelText, SCALAR_WGSL, ShaderStruct, WORKGROUP, buffer_bytes, join};
use crate::scalar::Real;
use crate::shader_struct;

shader_struct! {
    /// How often each step is done in one round, and how many rounds a run has.
    pub struct MixShape {
        /// Rounds.
        pub rounds: u32,
        /// Plain steps.
        pub plain: u32,
        /// Steps with two choices.
        pub choices: u32,
        /// Steps with a division.
        pub divisions: u32,
        /// Steps with a power.
        pub powers: u32,
        /// Values of a run.
        pub count: u32,
        /// The factor of plain steps: a parameter, so that no compiler folds two steps.
        pub factor: f32,
        /// What they add.
        pub term: f32,
    }
}

const FACTOR: f32 = 0.5;
const TERM: f32 = 0.75;
const LEAST: f32 = 1.0;
const MOST: f32 = 2.0;
const DIVIDEND: f32 = 3.0;
/// Values of the widest loop: sixteen of the widest registers.
const MOST_LANES: usize = 256;
/// Steps of a round, about; more of them follow the proportions more closely.
const STEPS: f64 = 100.0;

/// A loop with the mix of one kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    shape: MixShape,
    lanes: Lanes,
}

/// How many values the twin keeps in registers at a time: enough to hide the latency of a step, as few as there is room
/// for. Which is best depends on the machine, so the roof is the best of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lanes {
    /// 64: four registers of 512 bits, sixteen of 128.
    Few,
    /// 128.
    Some,
    /// 256.
    Many,
}

/// All widths.
pub const WIDTHS: [Lanes; 3] = [Lanes::Few, Lanes::Some, Lanes::Many];

impl Mix {
    /// The mix of these operations, on so many values.
    #[must_use]
    pub fn of(operations: &Operations, count: usize, rounds: u32, lanes: Lanes) -> Self {
        let Operations { plain, divisions, choices, powers } = *operations;
        // Every choice, division and power brings one plain operation; a kernel that has fewer is held against more work.
        let own = ((plain - choices - divisions - powers) / 2.0).max(0.0);
        let pairs = choices / 2.0;
        let scale = STEPS / (own + pairs + divisions + powers).max(1.0);
        let steps = |count: f64| (count * scale).round() as u32;
        let shape = MixShape {
            rounds,
            plain: steps(own),
            choices: steps(pairs),
            divisions: steps(divisions),
            powers: steps(powers),
            count: count.next_multiple_of(MOST_LANES) as u32,
            factor: FACTOR,
            term: TERM,
        };
        Self { shape, lanes }
    }

    /// Operations of one run.
    #[must_use]
    pub fn operations(&self) -> Operations {
        let MixShape { plain, choices, divisions, powers, .. } = self.shape;
        let runs = f64::from(self.shape.rounds) * f64::from(self.shape.count);
        Operations {
            plain: runs * f64::from(2 * (plain + choices) + divisions + powers),
            divisions: runs * f64::from(divisions),
            choices: runs * f64::from(2 * choices),
            powers: runs * f64::from(powers),
        }
    }
}

/// Where a value starts: in [1, 2).
#[inline(always)]
fn start(index: u32) -> f32 {
    1.0 + (index % 1_024) as f32 / 1_024.0
}

/// Does a step so many times to all lanes.
#[inline(always)]
fn repeat<const LANES: usize>(steps: u32, lanes: &mut [f32; LANES], step: impl Fn(f32) -> f32) {
    let mut own = *lanes;
    for _ in 0..steps {
        for x in &mut own {
            *x = step(*x);
        }
    }
    *lanes = own;
}

/// The rounds of so many values at a time.
#[inline(always)]
fn fill_in<const LANES: usize>(shape: &MixShape, first: usize, results: &mut [f32]) {
    let MixShape { rounds, plain, choices, divisions, powers, factor, term, .. } = *shape;
    for (place, results) in results.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let first = (first + place * LANES) as u32;
        let mut lanes = std::array::from_fn(|lane| start(first + lane as u32));
        for _ in 0..rounds {
            repeat(plain, &mut lanes, |x| x * factor + term);
            repeat(choices, &mut lanes, |x| Real::min(Real::max(x * factor + term, LEAST), MOST));
            repeat(divisions, &mut lanes, |x| DIVIDEND / (x + factor));
            repeat(powers, &mut lanes, |x| Real::exp2(x * factor));
        }
        *results = lanes;
    }
}

fn shader() -> String {
    let numbers = [("LEAST", LEAST), ("MOST", MOST), ("DIVIDEND", DIVIDEND)];
    let constants = numbers.map(|(name, value)| format!("const {name}: f32 = {value:?};\n")).concat();
    let generated = [format!("const GROUP: u32 = {WORKGROUP}u;\n"), constants, MixShape::wgsl()];
    join(&generated, &[SCALAR_WGSL], include_str!("../../../shaders/microbench_mix.wgsl"))
}

impl Microbench for Mix {
    fn name(&self) -> &'static str {
        "kernel mix"
    }
    fn shape(&self) -> String {
        let MixShape { plain, choices, divisions, powers, .. } = self.shape;
        let choices = 2 * choices;
        format!("{plain} sums of products, {choices} choices, {divisions} divisions, {powers} powers")
    }
    fn work(&self) -> Work {
        Work { bytes: 4.0 * f64::from(self.shape.count), flop: self.operations().total() }
    }
    fn shader(&self) -> String {
        shader()
    }
    fn parameters(&self) -> Vec<u8> {
        buffer_bytes(&[self.shape])
    }
    fn operands(&self) -> Vec<&[u8]> {
        Vec::new()
    }
    fn groups(&self) -> u32 {
        self.shape.count / WORKGROUP
    }
    fn results(&self) -> usize {
        self.shape.count as usize
    }
    fn grain(&self) -> usize {
        MOST_LANES
    }
    #[inline(always)]
    fn fill(&self, first: usize, results: &mut [f32]) {
        match self.lanes {
            Lanes::Few => fill_in::<64>(&self.shape, first, results),
            Lanes::Some => fill_in::<128>(&self.shape, first, results),
            Lanes::Many => fill_in::<MOST_LANES>(&self.shape, first, results),
        }
    }
    // A step adds at most eight units on both sides together and shrinks what came before to 0.7 of it: 27 in all. Two
    // divisions shrink it to 0.65, the first of them may stretch it by 1.34.
    fn bound(&self, _index: usize) -> f64 {
        64.0 * f64::from(f32::EPSILON)
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    KernelText { name: "microbench_mix", shader: shader(), structs: vec![told::<MixShape>()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_keeps_the_proportions() {
        let asked = Operations { plain: 900.0, divisions: 40.0, choices: 160.0, powers: 24.0 };
        let done = Mix::of(&asked, 64, 1, Lanes::Few).operations();
        for (asked_part, done_part) in [
            (asked.plain, done.plain),
            (asked.divisions, done.divisions),
            (asked.choices, done.choices),
            (asked.powers, done.powers),
        ] {
            let (asked_share, done_share) = (asked_part / asked.total(), done_part / done.total());
            assert!((done_share / asked_share - 1.0).abs() < 0.1, "{asked_share} {done_share}");
        }
    }

    #[test]
    fn values_stay_where_they_start_whatever_the_width() {
        let operations = Operations { plain: 9.0, divisions: 1.0, choices: 2.0, powers: 1.0 };
        let [few, some, many] = WIDTHS.map(|lanes| {
            let mix = Mix::of(&operations, 1_024, 50, lanes);
            let mut results = vec![0.0; mix.results()];
            mix.fill(0, &mut results);
            results
        });
        assert!(few.iter().all(|x| (1.0..=2.0).contains(x)));
        assert!(few == some && few == many);
    }
}
