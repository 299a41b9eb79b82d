//! The training sweep: every split × interleaving × micro-batch of one model on one machine, over numbers of
//! accelerators.
//!
//! A split is folded once in `f64` to a row of coefficients (`throughput::training::split`); what is left for a point
//! is `throughput::training::{point, memory}`, the same functions that evaluate a single layout in `f64`.
//!
//! ~~~text
//! point    = ((scale · splits + split) · interleaves + interleave) · micro-batches + micro-batch
//! again    = share of the layers that memory asks to compute again
//! step     = throughput::training::point with that share
//! rate     = batch · tokens of a sequence / (step · accelerators)
//! MFU      = ideal time of a sequence · batch / (step · accelerators)
//! ~~~
//!
//! A point that does not divide has no times. One that does not fit has those of its least memory. Whether memory fits,
//! and how much of a step is computed again, may fall either way near a tie: [`Score::margin`] says how near.
//!
//! Mirrored by `shaders/training_sweep.wgsl` and `shaders/shared/training.wgsl`.

pub mod fastest;
pub mod sample;

use crate::kernel::serving_sweep::SweepError;
use crate::kernel::tally::{Counted, Operations, operations_of, varying};
use crate::kernel::{
    Input, Kernel, KernelText, ShaderStruct, TRAINING_WGSL, WORKGROUP, buffer_bytes, join, ulp_distance,
};
use crate::scalar::Real;
use crate::throughput::training::memory::{
    Again, LEAN, LEAST_BYTES, MemoryParts, RUNTIME_BYTES, fill, memory_parts,
};
use crate::throughput::training::point::{
    FEW_CHUNKS, HALF_ROWS, StepTimes, divides, step_times, utilisation,
};
use crate::throughput::training::split::{JobTerms, Scale, Setting, Split};
use crate::{shader_constants, shader_mirror, shader_struct};

shader_constants! { constants_wgsl:
    /// Most of the step is arithmetic and memory traffic.
    pub const BOUND_COMPUTE: u32 = 0;
    /// Most of the step is messages between ranks.
    pub const BOUND_MESSAGES: u32 = 1;
    /// Most of the step is the pipeline's idle time.
    pub const BOUND_BUBBLE: u32 = 2;
    /// Most of the step is gradient traffic.
    pub const BOUND_GRADIENTS: u32 = 3;
    /// Most of the step is the optimiser, fixed time and waiting.
    pub const BOUND_REST: u32 = 4;
    /// The job does not divide over the split.
    pub const MISFIT_UNEVEN: u32 = 1;
    /// The fullest rank holds more than its memory.
    pub const MISFIT_MEMORY: u32 = 2;
    /// Invocations of one workgroup.
    pub const GROUP: u32 = WORKGROUP;
}

/// The numbers that both sides know by name.
fn numbers_wgsl() -> String {
    let numbers = [
        ("HALF_ROWS", HALF_ROWS),
        ("FEW_CHUNKS", FEW_CHUNKS),
        ("RUNTIME_BYTES", RUNTIME_BYTES),
        ("LEAN", LEAN),
        ("LEAST_BYTES", LEAST_BYTES),
    ];
    numbers.map(|(name, value)| format!("const {name}: f32 = {:?};\n", value as f32)).concat()
}

shader_struct! {
    /// Which points one dispatch scores.
    pub struct TrainingRange {
        /// Scale and split of the first point, as one index.
        pub first_block: u32,
        /// The first point's index within them.
        pub first_within: u32,
        /// Points to score.
        pub count: u32,
        /// Number of splits, the middle axis.
        pub split_count: u32,
        /// Number of settings: interleavings times micro-batches, the fastest axes.
        pub setting_count: u32,
    }
}

shader_struct! {
    /// What a point gets; all zero but for `misfit` where the job does not divide.
    pub struct Score {
        /// Time of a step [s].
        pub step_s: f32,
        /// Tokens per second and accelerator.
        pub tokens_per_s_per_accelerator: f32,
        /// Model FLOP over the peak of the products' format.
        pub mfu: f32,
        /// Memory of the fullest rank [bytes].
        pub memory_bytes: f32,
        /// Distance of the nearest choice about memory from a tie, over the room.
        pub margin: f32,
        /// Why the point cannot run: a sum of the `MISFIT` bits, 0 if it can.
        pub misfit: u32,
        /// What takes most of the step: one of the `BOUND` values.
        pub bound: u32,
    }
}

shader_mirror!(Split<f32>, Split as "Split" {
    copy_ranks: f32, stages: f32, context: f32, expert_data: f32, replica: f32, most_interleave: f32,
    plain_s: f32, plain_again_s: f32, experts_s: f32, experts_again_s: f32, expert_fill: f32, expert_rows: f32,
    sums_s: f32, messages_s: f32, ends_s: f32, host_s: f32, dense_parameters: f32, expert_parameters: f32,
    dense_exchanged_bytes: f32, expert_exchanged_bytes: f32, dense_members: f32, expert_members: f32,
    never_hidden: f32, each_micro_batch: f32, held_weights_bytes: f32, shard_weights_bytes: f32, held_gradients_bytes: f32,
    shard_gradients_bytes: f32, shard_optimizer_bytes: f32, shard_optimizer_s: f32, kept_bytes: f32,
    kept_inputs_bytes: f32, layer_bytes: f32, logits_bytes: f32, head_gradient_bytes: f32, least_again: f32,
    most_again: f32,
});
shader_mirror!(JobTerms<f32>, JobTerms as "JobTerms" {
    layers: f32, room_bytes: f32, sequence_tokens: f32, ideal_s: f32, bubble: f32, fixed_s: f32, domain: f32,
    inside_bytes_per_s: f32, outside_bytes_per_s: f32,
});
shader_mirror!(Scale<f32>, Scale as "Scale" { accelerators: f32, global_batch: f32, waiting: f32 });
shader_mirror!(Setting<f32>, Setting as "Setting" { micro_batch: f32, interleave: f32 });
shader_mirror!(StepTimes<f32>, StepTimes as "StepTimes" {
    compute: f32, messages: f32, bubble: f32, gradients: f32, rest: f32, step: f32,
});
shader_mirror!(Again<f32>, Again as "Again" { layers: f32, lean: f32, whole: f32 });
shader_mirror!(MemoryParts<f32>, MemoryParts as "MemoryParts" {
    weights: f32, gradients: f32, optimizer: f32, activations: f32, passing: f32,
});

/// What a point gets, in the precision of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Training<T = f64> {
    /// Time of a step [s].
    pub step_s: T,
    /// Tokens per second and accelerator.
    pub tokens_per_s_per_accelerator: T,
    /// Model FLOP over the peak of the products' format.
    pub mfu: T,
    /// Memory of the fullest rank [bytes].
    pub memory_bytes: T,
    /// Distance of the nearest choice about memory from a tie, over the room.
    pub margin: T,
    /// Why the point cannot run.
    pub misfit: u32,
    /// What takes most of the step.
    pub bound: u32,
}

/// The largest part, the first of equals; mirrored in `training_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn longest_part<T: Real>(times: StepTimes<T>) -> u32 {
    let step = Real::max(times.compute, times.messages);
    let step_bound = if times.messages > times.compute { BOUND_MESSAGES } else { BOUND_COMPUTE };
    let between = Real::max(times.bubble, times.gradients);
    let between_bound = if times.gradients > times.bubble { BOUND_GRADIENTS } else { BOUND_BUBBLE };
    let longest = Real::max(step, between);
    let bound = if between > step { between_bound } else { step_bound };
    if times.rest > longest { BOUND_REST } else { bound }
}

/// Scores one point; mirrored in `training_sweep.wgsl`.
#[inline(always)]
fn score_point<T: Real>(
    job: &JobTerms<T>,
    split: &Split<T>,
    scale: &Scale<T>,
    setting: Setting<T>,
) -> Training<T> {
    let zero = T::of(0.0);
    let legal = divides(job, split, scale, setting);
    let filled = fill(job, split, scale, setting);
    let times = step_times(job, split, scale, setting, filled.again.layers);
    let memory = memory_parts(split, scale, setting, filled.again);
    let rate = job.sequence_tokens * scale.global_batch / (scale.accelerators * times.step);
    let short = filled.short_bytes > zero;
    let misfit = if short { MISFIT_MEMORY } else { 0 };
    Training {
        step_s: T::select(legal, times.step, zero),
        tokens_per_s_per_accelerator: T::select(legal, rate, zero),
        mfu: T::select(legal, utilisation(job, scale, times.step), zero),
        memory_bytes: T::select(legal, memory.total(), zero),
        margin: T::select(legal, filled.margin, zero),
        misfit: if legal { misfit } else { MISFIT_UNEVEN },
        bound: if legal { longest_part(times) } else { BOUND_COMPUTE },
    }
}

/// The axes and rows of a sweep, in `f64`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingSpace {
    /// What holds for all points.
    pub job: JobTerms,
    /// Numbers of accelerators, the slowest axis.
    pub scales: Vec<Scale>,
    /// The splits.
    pub splits: Vec<Split>,
    /// Chunks of a stage.
    pub interleaves: Vec<f64>,
    /// Sequences of a micro-batch, the fastest axis.
    pub micro_batches: Vec<f64>,
}

/// Whole numbers below this are exact in `f32`, and so are the products of two that make one of them.
const MOST_COUNT: f64 = 8_388_608.0;
/// Points of one scale and split, and scales times splits, at most: their indices stay exact in the shader's `u32`.
const MOST_BLOCKS: u64 = 1 << 31;

/// The training sweep over a checked space.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSweep {
    space: TrainingSpace,
    job: JobTerms<f32>,
    scales: Vec<Scale<f32>>,
    splits: Vec<Split<f32>>,
    settings: Vec<Setting<f32>>,
}

fn check(axis: &'static str, good: impl Iterator<Item = bool>) -> Result<(), SweepError> {
    let mut empty = true;
    for (index, good) in good.enumerate() {
        empty = false;
        if !good {
            return Err(SweepError::Impossible { axis, index });
        }
    }
    if empty { Err(SweepError::EmptyAxis { axis }) } else { Ok(()) }
}

fn is_count(value: f64) -> bool {
    (1.0..MOST_COUNT).contains(&value) && value.fract() == 0.0
}

fn is_split(split: &Split) -> bool {
    let counts = [split.copy_ranks, split.stages, split.context, split.expert_data, split.replica];
    let shares = [split.least_again, split.most_again];
    counts.into_iter().all(is_count)
        && is_count(split.most_interleave)
        && split.values().iter().all(|value| (*value as f32).is_finite() && *value >= 0.0)
        && split.plain_s + split.sums_s > 0.0
        && shares.iter().all(|share| *share <= 1.0)
}

impl TrainingSweep {
    /// Checks a space and narrows it for the kernel.
    pub fn new(space: TrainingSpace) -> Result<Self, SweepError> {
        let job = &space.job;
        let divisors = [job.room_bytes, job.inside_bytes_per_s, job.outside_bytes_per_s, job.ideal_s];
        check(
            "job",
            job.values()
                .into_iter()
                .map(|value| value >= 0.0 && (value as f32).is_finite())
                .chain(divisors.map(|value| value > 0.0)),
        )?;
        for scale in &space.scales {
            for (what, count) in
                [("accelerators", scale.accelerators), ("sequences in a step", scale.global_batch)]
            {
                if count >= MOST_COUNT {
                    return Err(SweepError::Uncountable { what, count, limit: MOST_COUNT - 1.0 });
                }
            }
        }
        check(
            "scale",
            space.scales.iter().map(|scale| {
                is_count(scale.accelerators) && is_count(scale.global_batch) && scale.waiting >= 0.0
            }),
        )?;
        check("split", space.splits.iter().map(is_split))?;
        check("interleave", space.interleaves.iter().copied().map(is_count))?;
        check("micro-batch", space.micro_batches.iter().copied().map(is_count))?;
        let within = space.interleaves.len() as u64 * space.micro_batches.len() as u64;
        let blocks = space.scales.len() as u64 * space.splits.len() as u64;
        for points in [within, blocks] {
            if points > MOST_BLOCKS {
                return Err(SweepError::TooMany { points, limit: MOST_BLOCKS });
            }
        }
        let settings = space.interleaves.iter().flat_map(|interleave| {
            let at = |micro_batch: &f64| Setting { micro_batch: *micro_batch, interleave: *interleave };
            space.micro_batches.iter().map(at)
        });
        Ok(Self {
            job: job.cast(),
            scales: space.scales.iter().map(Scale::cast).collect(),
            splits: space.splits.iter().map(Split::cast).collect(),
            settings: settings.map(|setting| setting.cast()).collect(),
            space,
        })
    }

    /// The space that the sweep covers.
    #[must_use]
    pub fn space(&self) -> &TrainingSpace {
        &self.space
    }

    /// Points of one scale and split.
    fn within(&self) -> u64 {
        self.settings.len() as u64
    }

    /// The indices of a point's scale and split, and its place on their axes.
    #[must_use]
    pub fn place(&self, index: u64) -> (usize, usize, Setting) {
        let (block, within) = self.block(index);
        let micro_batches = self.space.micro_batches.len();
        let setting = Setting {
            micro_batch: self.space.micro_batches[within % micro_batches],
            interleave: self.space.interleaves[within / micro_batches],
        };
        (block / self.splits.len(), block % self.splits.len(), setting)
    }

    /// The point in `f64`.
    #[must_use]
    pub fn reference(&self, index: u64) -> Training {
        let (scale, split, setting) = self.place(index);
        score_point(&self.space.job, &self.space.splits[split], &self.space.scales[scale], setting)
    }

    #[inline(always)]
    fn block(&self, index: u64) -> (usize, usize) {
        ((index / self.within()) as usize, (index % self.within()) as usize)
    }

    /// Scores up to `LANES` neighbours of one scale and split: the row is loaded once, the points run in vectors.
    #[inline(always)]
    fn score_block(&self, first: u64, scores: &mut [Score]) {
        let (block, within) = self.block(first);
        let (scale, split) = (self.scales[block / self.splits.len()], self.splits[block % self.splits.len()]);
        let job = self.job;
        let mut settings = [Setting::default(); LANES];
        let last = self.settings.len() - 1;
        for (lane, setting) in settings.iter_mut().enumerate() {
            *setting = self.settings[(within + lane).min(last)];
        }
        let mut floats = [[0.0; LANES]; 5];
        let (mut misfit, mut bound) = ([0; LANES], [0; LANES]);
        for lane in 0..LANES {
            let point = score_point(&job, &split, &scale, settings[lane]);
            floats[0][lane] = point.step_s;
            floats[1][lane] = point.tokens_per_s_per_accelerator;
            floats[2][lane] = point.mfu;
            floats[3][lane] = point.memory_bytes;
            floats[4][lane] = point.margin;
            misfit[lane] = point.misfit;
            bound[lane] = point.bound;
        }
        for (lane, score) in scores.iter_mut().enumerate().take(LANES) {
            *score = Score {
                step_s: floats[0][lane],
                tokens_per_s_per_accelerator: floats[1][lane],
                mfu: floats[2][lane],
                memory_bytes: floats[3][lane],
                margin: floats[4][lane],
                misfit: misfit[lane],
                bound: bound[lane],
            };
        }
    }
}

/// Points that are scored together.
const LANES: usize = 16;

/// Distance from a tie, over the room, within which choices about memory may fall either way on another device.
pub const TIE: f32 = 4e-3;
/// How far times and memory may then be apart.
const TIE_SPREAD: f32 = 0.5;

impl Kernel for TrainingSweep {
    type Score = Score;

    const NAME: &'static str = "training_sweep";
    // Measured on random spaces and corners: 4 on software Vulkan, away from ties. The bound is wider for devices that
    // divide less exactly: the share computed again is a difference of memories over another, in which a unit of the
    // memory counts up to 250 times at `TIE` of the room, and at most a third of a step depends on it.
    const ULP_BOUND: u32 = 512;

    fn points(&self) -> u64 {
        self.scales.len() as u64 * self.splits.len() as u64 * self.within()
    }

    fn score(&self, index: u64) -> Score {
        let (block, within) = self.block(index);
        let (scale, split) = (block / self.splits.len(), block % self.splits.len());
        let point = score_point(&self.job, &self.splits[split], &self.scales[scale], self.settings[within]);
        Score {
            step_s: point.step_s,
            tokens_per_s_per_accelerator: point.tokens_per_s_per_accelerator,
            mfu: point.mfu,
            memory_bytes: point.memory_bytes,
            margin: point.margin,
            misfit: point.misfit,
            bound: point.bound,
        }
    }

    #[inline(always)]
    fn score_range(&self, first: u64, scores: &mut [Score]) {
        let within = self.within();
        let mut done = 0;
        while done < scores.len() {
            let index = first + done as u64;
            let in_block = (within - index % within) as usize;
            let count = LANES.min(in_block).min(scores.len() - done);
            self.score_block(index, &mut scores[done..done + count]);
            done += count;
        }
    }

    fn operations(&self, index: u64) -> Option<Operations> {
        let (scale, split, setting) = self.place(index);
        let space = &self.space;
        let (job, split, scale) =
            (space.job.cast::<Counted>(), space.splits[split].cast(), space.scales[scale].cast());
        let setting = varying(|| setting.cast());
        Some(operations_of(|| {
            let _ = score_point(&job, &split, &scale, setting);
        }))
    }

    fn shader() -> String {
        let generated = [
            constants_wgsl(),
            numbers_wgsl(),
            Split::<f32>::wgsl(),
            JobTerms::<f32>::wgsl(),
            Scale::<f32>::wgsl(),
            Setting::<f32>::wgsl(),
            StepTimes::<f32>::wgsl(),
            Again::<f32>::wgsl(),
            MemoryParts::<f32>::wgsl(),
            TrainingRange::wgsl(),
            Score::wgsl(),
        ];
        join(&generated, &[TRAINING_WGSL], include_str!("../../shaders/training_sweep.wgsl"))
    }

    fn inputs(&self) -> Vec<Input> {
        vec![
            Input::Uniform(buffer_bytes(&[self.job])),
            Input::Storage(buffer_bytes(&self.scales)),
            Input::Storage(buffer_bytes(&self.splits)),
            Input::Storage(buffer_bytes(&self.settings)),
        ]
    }

    fn range(&self, first: u64, count: u32) -> Vec<u8> {
        let (block, within) = self.block(first);
        let range = TrainingRange {
            first_block: block as u32,
            first_within: within as u32,
            count,
            split_count: self.splits.len() as u32,
            setting_count: self.settings.len() as u32,
        };
        buffer_bytes(&[range])
    }

    fn agrees(twin: &Score, device: &Score) -> bool {
        let times =
            |score: &Score| [score.step_s, score.tokens_per_s_per_accelerator, score.mfu, score.memory_bytes];
        let uneven = |score: &Score| score.misfit & MISFIT_UNEVEN;
        let mut pairs = times(twin).into_iter().zip(times(device));
        let alike = if twin.margin < TIE && twin.misfit & MISFIT_UNEVEN == 0 {
            pairs.all(|(twin, device)| (twin - device).abs() <= TIE_SPREAD * twin)
        } else {
            twin.misfit == device.misfit
                && pairs.all(|(twin, device)| ulp_distance(twin, device) <= Self::ULP_BOUND)
        };
        alike && uneven(twin) == uneven(device) && device.bound <= BOUND_REST
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    fn one<S: ShaderStruct>() -> (&'static str, &'static [crate::kernel::ShaderField], usize) {
        (S::NAME, S::FIELDS, S::SIZE)
    }
    KernelText {
        name: TrainingSweep::NAME,
        shader: TrainingSweep::shader(),
        structs: vec![
            one::<Split<f32>>(),
            one::<JobTerms<f32>>(),
            one::<Scale<f32>>(),
            one::<Setting<f32>>(),
            one::<StepTimes<f32>>(),
            one::<Again<f32>>(),
            one::<MemoryParts<f32>>(),
            one::<TrainingRange>(),
            one::<Score>(),
        ],
    }
}
