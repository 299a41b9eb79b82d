//! The serving sweep: every layout × batch × prefill chunk × draft of one system, model, precision and workload.
//!
//! A layout is folded once in `f64` into rows of [`Operation`]; what is left for a point is arithmetic on the rows.
//! Each point sums the rows twice: the step without a prompt, and the step that a chunk of prompts takes part in.
//!
//! ~~~text
//! p    = s · e · r                prefill tokens of a mean step: s sequences, e emitted tokens, r prefill per output
//! c    = max(min(chunk, input) · stages, p)                what a step with prompts carries
//! t    = ((1 − p/c)·t(s, 0) + p/c·t(s, c)) · (1 + drafted · d)            mean step, all stages; d of the layout
//! TPOT = t / e                                              mean; its 99th percentile: `throughput::queueing::tail_tpot`
//! first = t(s, c) / stages · (max(input / chunk, 1) + stages − 1)     chunks follow each other stage by stage
//! ρ    = load · min(p / (chunk · stages), 1)               part of its time that prefill is busy
//! S    = t(s, c) / stages · max(input / chunk, 1)      time that a prompt keeps it busy
//! TTFT = first + wait(S, ρ)                                mean or 99th percentile: `throughput::queueing`
//! cost = t · accelerators / (s · e)                        accelerator-seconds per output token
//! ~~~
//!
//! A chunk of 0 means that a pool of its own prefills (disaggregated): p = 0, TTFT = pool's + hand-over + TPOT, and
//! cost = (…) / decode share + r / pool rate; the pool's time holds its wait. A step that owes more than the chunk
//! cannot keep up, nor can a rank take a chunk wider than its workspace. Chunks are not rounded up to whole ones,
//! which two devices could do differently.
//!
//! Pipeline stages are folded into the rows: `repeats` times the stages, `decode_share` and `prefill_share` over them.
//!
//! Mirrored by `shaders/serving_sweep.wgsl`.

mod lanes;
mod point;
pub mod sample;

use crate::kernel::tally::{Counted, Operations, operations_of, varying};
use crate::kernel::{
    Input, Kernel, KernelText, ROOFLINE_WGSL, SCALAR_WGSL, ShaderStruct, WORKGROUP, buffer_bytes, join,
    ulp_distance,
};
use crate::scalar::Real;
use crate::throughput::roofline::{Operation, OperationTime, StepLoad};
use crate::{shader_constants, shader_mirror, shader_struct};
use lanes::{LANES, Lanes, add_row, parts};
use point::score_point;
pub use point::{
    Draft, Replica, Serving, Setting, StepParts, Workload, binding_part, chunk_prefill, mean_prefill,
    mixed_step, serving, whole_step, with_row,
};

shader_constants! { constants_wgsl:
    /// The binding part of the step is arithmetic.
    pub const BOUND_ARITHMETIC: u32 = 0;
    /// The binding part of the step is memory traffic.
    pub const BOUND_MEMORY: u32 = 1;
    /// The binding part of the step is messages between ranks.
    pub const BOUND_MESSAGES: u32 = 2;
    /// The binding part of the step is launches and latencies.
    pub const BOUND_FIXED: u32 = 3;
    /// More sequences than the caches of the replica hold.
    pub const MISFIT_MEMORY: u32 = 1;
    /// Fewer sequences than the layout has ranks and stages to feed.
    pub const MISFIT_TOO_FEW: u32 = 2;
    /// More prefill owed than the chunk can carry in every step, or a chunk wider than the workspace.
    pub const MISFIT_PREFILL: u32 = 4;
    /// Prefill elsewhere, but there is no pool.
    pub const MISFIT_NO_POOL: u32 = 8;
    /// Invocations of one workgroup.
    pub const GROUP: u32 = WORKGROUP;
}

shader_struct! {
    /// One way to spread the model over the accelerators of a replica.
    pub struct ParallelLayout {
        /// Index of its first row of operations.
        pub first_operation: u32,
        /// Index of its first row of messages; they follow the operations.
        pub first_message: u32,
        /// Index after its last row.
        pub end: u32,
        /// Accelerators of one replica.
        pub accelerators: f32,
        /// Sequences below which a rank or a stage has nothing to do.
        pub least_sequences: f32,
        /// Sequences whose caches fit beside the weights.
        pub most_sequences: f32,
        /// Pipeline stages.
        pub stages: f32,
        /// Time to hand a prompt's cache over from a prefill pool [s].
        pub hand_over_s: f32,
        /// Time of drafting one token for all sequences over that of a step.
        pub draft_share: f32,
        /// Prefill tokens of a step that the workspace has room for.
        pub most_chunk: f32,
    }
}

shader_struct! {
    /// Which points one dispatch scores.
    pub struct SweepRange {
        /// Layout of the first point.
        pub first_layout: u32,
        /// The first point's index within its layout.
        pub first_within: u32,
        /// Points to score.
        pub count: u32,
        /// Length of the batch axis, the fastest.
        pub batch_count: u32,
        /// Length of the chunk axis.
        pub chunk_count: u32,
        /// Length of the draft axis, the slowest within a layout.
        pub draft_count: u32,
    }
}

shader_struct! {
    /// What a point gets.
    pub struct Score {
        /// Time between output tokens of a sequence that the promise is for: the mean or the 99th percentile [s].
        pub tpot_s: f32,
        /// Time to the first output token that the promise is for: the wait included [s].
        pub ttft_s: f32,
        /// Output tokens per second of one sequence.
        pub tokens_per_s_per_user: f32,
        /// Output tokens per second and accelerator, those of a prefill pool counted.
        pub tokens_per_s_per_accelerator: f32,
        /// Why the point cannot run: a sum of the `MISFIT` bits, 0 if it can.
        pub misfit: u32,
        /// What takes most of the step: one of the `BOUND` values.
        pub bound: u32,
    }
}

shader_mirror!(Operation<f32>, Operation as "Operation" {
    repeats: f32, launch_s: f32, flop_per_token: f32, flop_per_attended: f32, rate_flop_per_s: f32,
    rows_per_token: f32, half_rows: f32, weight_bytes: f32, miss_log2: f32, bytes_per_token: f32,
    bytes_per_position: f32, bandwidth_bytes_per_s: f32, decode_share: f32, prefill_share: f32, window: f32,
    serial: f32,
});
shader_mirror!(StepLoad<f32>, StepLoad as "StepLoad" {
    sequences: f32, tokens_per_sequence: f32, context: f32, prefill_tokens: f32, prefill_context: f32,
});
shader_mirror!(OperationTime<f32>, OperationTime as "OperationTime" {
    total: f32, arithmetic: f32, traffic: f32, fixed: f32,
});
shader_mirror!(Workload<f32>, Workload as "Workload" {
    input_tokens: f32, prefill_per_output: f32, context: f32, prefill_context: f32, pool_ttft_s: f32,
    pool_tokens_per_s: f32, decode_pool_share: f32, load: f32, tail: f32,
});
shader_mirror!(Draft<f32>, Draft as "Draft" { verified: f32, emitted: f32, drafted: f32, spread: f32 });
shader_mirror!(StepParts<f32>, StepParts as "StepParts" {
    arithmetic: f32, memory: f32, messages: f32, fixed: f32,
});

/// The axes and tables of a sweep, in `f64`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DesignSpace {
    /// Rows of all layouts, each layout's messages after its operations.
    pub rows: Vec<Operation>,
    /// The layouts.
    pub layouts: Vec<ParallelLayout>,
    /// Sequences on a replica, the fastest axis.
    pub batches: Vec<f64>,
    /// Prefill tokens of a mixed step; 0 for a pool of its own.
    pub chunks: Vec<f64>,
    /// Speculation depths, the slowest axis within a layout.
    pub drafts: Vec<Draft>,
    /// What the requests ask for.
    pub workload: Workload,
}

/// What is wrong with a design space.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// An axis has no value.
    #[error("the {axis} axis of the sweep has no value")]
    EmptyAxis {
        /// The axis.
        axis: &'static str,
    },
    /// A value that no formula takes.
    #[error("entry {index} of the {axis} axis is outside what the sweep can compute")]
    Impossible {
        /// The axis.
        axis: &'static str,
        /// Its entry.
        index: usize,
    },
    /// More of something than single precision counts exactly.
    #[error("{count} {what} are more than the {limit} that a sweep counts exactly")]
    Uncountable {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        count: f64,
        /// The most that are counted.
        limit: f64,
    },
    /// More points in one layout, or more layouts, than an index of 31 bits reaches.
    #[error(
        "{points} points in one layout are more than the {limit} that one sweep reaches: shorten an axis"
    )]
    TooMany {
        /// Points in one layout.
        points: u64,
        /// The most that fit.
        limit: u64,
    },
}

/// Points of one layout, and layouts, at most: their indices stay exact in the shader's `u32`.
pub const MOST_WITHIN: u64 = 1 << 31;

/// The serving sweep over a checked design space.
#[derive(Debug, Clone, PartialEq)]
pub struct ServingSweep {
    space: DesignSpace,
    rows: Vec<Operation<f32>>,
    batches: Vec<f32>,
    chunks: Vec<f32>,
    drafts: Vec<Draft<f32>>,
    workload: Workload<f32>,
    within: u32,
}

impl Draft {
    /// The depth in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> Draft<T> {
        let Self { verified, emitted, drafted, spread } = *self;
        Draft {
            verified: T::of(verified),
            emitted: T::of(emitted),
            drafted: T::of(drafted),
            spread: T::of(spread),
        }
    }
}

impl Workload {
    /// The workload in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> Workload<T> {
        Workload {
            input_tokens: T::of(self.input_tokens),
            prefill_per_output: T::of(self.prefill_per_output),
            context: T::of(self.context),
            prefill_context: T::of(self.prefill_context),
            pool_ttft_s: T::of(self.pool_ttft_s),
            pool_tokens_per_s: T::of(self.pool_tokens_per_s),
            decode_pool_share: T::of(self.decode_pool_share),
            load: T::of(self.load),
            tail: T::of(self.tail),
        }
    }
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

fn is_row(row: &Operation) -> bool {
    let wide = row.to_array();
    let divides = row.rate_flop_per_s > 0.0 && row.bandwidth_bytes_per_s > 0.0;
    divides && wide.iter().all(|value| (*value as f32).is_finite())
}

impl ServingSweep {
    /// Checks a design space and narrows it for the kernel.
    pub fn new(space: DesignSpace) -> Result<Self, SweepError> {
        let finite = |value: &f64| value.is_finite() && *value >= 0.0;
        check("batch", space.batches.iter().map(|batch| finite(batch) && *batch >= 1.0))?;
        check("chunk", space.chunks.iter().map(|chunk| finite(chunk) && (*chunk >= 1.0 || *chunk == 0.0)))?;
        check(
            "draft",
            space.drafts.iter().map(|draft| {
                draft.verified >= 1.0
                    && draft.emitted >= 1.0
                    && finite(&draft.verified)
                    && finite(&draft.emitted)
                    && finite(&draft.drafted)
                    && finite(&draft.spread)
            }),
        )?;
        check("row", space.rows.iter().map(is_row))?;
        let rows = space.rows.len() as u32;
        check(
            "layout",
            space.layouts.iter().map(|layout| {
                layout.first_operation <= layout.first_message
                    && layout.first_message <= layout.end
                    && layout.first_operation < layout.end
                    && layout.end <= rows
                    && layout.accelerators >= 1.0
                    && layout.stages >= 1.0
                    && layout.hand_over_s >= 0.0
                    && layout.draft_share >= 0.0
                    && layout.draft_share.is_finite()
                    && layout.most_chunk >= 1.0
            }),
        )?;
        let load = &space.workload;
        let asked = [load.input_tokens, load.prefill_per_output, load.context, load.prefill_context];
        let pool = [load.pool_ttft_s, load.pool_tokens_per_s];
        let share = [
            load.decode_pool_share > 0.0 && load.decode_pool_share <= 1.0,
            (0.0..=1.0).contains(&load.load) && (0.0..=1.0).contains(&load.tail),
        ];
        check("workload", asked.iter().chain(&pool).map(finite).chain(share))?;
        let lengths = [space.batches.len(), space.chunks.len(), space.drafts.len()];
        let points = lengths.iter().fold(1_u64, |product, length| product.saturating_mul(*length as u64));
        for points in [points, space.layouts.len() as u64] {
            if points > MOST_WITHIN {
                return Err(SweepError::TooMany { points, limit: MOST_WITHIN });
            }
        }
        Ok(Self {
            rows: space.rows.iter().map(Operation::cast).collect(),
            batches: space.batches.iter().map(|batch| *batch as f32).collect(),
            chunks: space.chunks.iter().map(|chunk| *chunk as f32).collect(),
            drafts: space.drafts.iter().map(Draft::cast).collect(),
            workload: load.cast(),
            within: points as u32,
            space,
        })
    }

    /// The space that the sweep covers.
    #[must_use]
    pub fn space(&self) -> &DesignSpace {
        &self.space
    }

    /// Points of each layout.
    #[must_use]
    pub fn points_of_a_layout(&self) -> u64 {
        u64::from(self.within)
    }

    /// The layout's index and the place on its axes of a point.
    #[must_use]
    pub fn setting(&self, index: u64) -> (usize, Setting) {
        let (layout, [batch, chunk, draft]) = self.places(index);
        let setting = Setting {
            sequences: self.space.batches[batch],
            chunk: self.space.chunks[chunk],
            draft: self.space.drafts[draft],
        };
        (layout, setting)
    }

    /// The point in `f64`: what is shown to people.
    #[must_use]
    pub fn reference(&self, index: u64) -> Serving {
        let (layout, setting) = self.setting(index);
        let layout = self.space.layouts[layout];
        let [operations, messages] = halves(&layout, &self.space.rows);
        score_point(operations, messages, replica(&layout), &self.space.workload, setting)
    }

    fn places(&self, index: u64) -> (usize, [usize; 3]) {
        let layout = index / u64::from(self.within);
        let within = (index % u64::from(self.within)) as usize;
        let (batches, chunks) = (self.batches.len(), self.chunks.len());
        (layout as usize, [within % batches, within / batches % chunks, within / batches / chunks])
    }

    /// Scores up to `LANES` neighbours of one layout: rows outside, points inside, so that each row's coefficients
    /// are loaded once and the inner loops run in vectors.
    #[inline(always)]
    fn score_block(&self, first: u64, scores: &mut [Score]) {
        let (layout, [mut batch, mut chunk, mut draft]) = self.places(first);
        let layout = &self.space.layouts[layout];
        let replica = replica(layout);
        let mut settings = Lanes::<7>::default();
        for lane in 0..LANES {
            let depth = self.drafts[draft];
            settings[0][lane] = self.batches[batch];
            settings[1][lane] = self.chunks[chunk];
            settings[2][lane] = depth.verified;
            settings[3][lane] = depth.emitted;
            settings[4][lane] = depth.drafted;
            settings[5][lane] = depth.spread;
            batch += 1;
            if batch == self.batches.len() {
                batch = 0;
                chunk += 1;
                if chunk == self.chunks.len() {
                    chunk = 0;
                    draft = (draft + 1) % self.drafts.len();
                }
            }
        }
        let setting = |settings: &Lanes<7>, lane: usize| Setting {
            sequences: settings[0][lane],
            chunk: settings[1][lane],
            draft: Draft {
                verified: settings[2][lane],
                emitted: settings[3][lane],
                drafted: settings[4][lane],
                spread: settings[5][lane],
            },
        };

        for lane in 0..LANES {
            let setting = setting(&settings, lane);
            settings[6][lane] = chunk_prefill(setting, &self.workload, replica.stages);
        }

        let (mut plain, mut chunked) = (Lanes::<4>::default(), Lanes::<4>::default());
        let [operations, messages] = halves(layout, &self.rows);
        for row in operations {
            add_row::<false>(row, &self.workload, &settings, &mut plain, &mut chunked);
        }
        for row in messages {
            add_row::<true>(row, &self.workload, &settings, &mut plain, &mut chunked);
        }

        let mut floats = Lanes::<4>::default();
        let (mut misfit, mut bound) = ([0; LANES], [0; LANES]);
        for lane in 0..LANES {
            let result = serving(
                setting(&settings, lane),
                replica,
                &self.workload,
                parts(&plain, lane),
                parts(&chunked, lane),
            );
            floats[0][lane] = result.promised_tpot(&self.workload);
            floats[1][lane] = result.ttft_s;
            floats[2][lane] = result.tokens_per_s_per_user;
            floats[3][lane] = result.tokens_per_s_per_accelerator;
            misfit[lane] = result.misfit;
            bound[lane] = result.bound;
        }
        for (lane, score) in scores.iter_mut().enumerate().take(LANES) {
            *score = Score {
                tpot_s: floats[0][lane],
                ttft_s: floats[1][lane],
                tokens_per_s_per_user: floats[2][lane],
                tokens_per_s_per_accelerator: floats[3][lane],
                misfit: misfit[lane],
                bound: bound[lane],
            };
        }
    }
}

#[inline(always)]
fn halves<'a, T>(layout: &ParallelLayout, rows: &'a [Operation<T>]) -> [&'a [Operation<T>]; 2] {
    let (first, message, end) = (layout.first_operation, layout.first_message, layout.end);
    [&rows[first as usize..message as usize], &rows[message as usize..end as usize]]
}

#[inline(always)]
fn replica<T: Real>(layout: &ParallelLayout) -> Replica<T> {
    Replica {
        accelerators: T::of(f64::from(layout.accelerators)),
        least_sequences: T::of(f64::from(layout.least_sequences)),
        most_sequences: T::of(f64::from(layout.most_sequences)),
        stages: T::of(f64::from(layout.stages)),
        hand_over_s: T::of(f64::from(layout.hand_over_s)),
        draft_share: T::of(f64::from(layout.draft_share)),
        most_chunk: T::of(f64::from(layout.most_chunk)),
    }
}

impl Kernel for ServingSweep {
    type Score = Score;

    const NAME: &'static str = "serving_sweep";
    // Measured on random spaces: 0 on software Vulkan; 61 with fused multiply-adds, reciprocal division and 2^x one
    // unit off forced, before the queue. The bulk is 1 − 2^x, which cancels: a token that touches 1 part in 128 loses 7
    // bits there. A wait divides by 1 − ρ of 0.02 at least: 4 units of ρ become 200.
    const ULP_BOUND: u32 = 512;

    fn points(&self) -> u64 {
        self.space.layouts.len() as u64 * u64::from(self.within)
    }

    fn score(&self, index: u64) -> Score {
        let (layout, [batch, chunk, draft]) = self.places(index);
        let layout = &self.space.layouts[layout];
        let setting =
            Setting { sequences: self.batches[batch], chunk: self.chunks[chunk], draft: self.drafts[draft] };
        let [operations, messages] = halves(layout, &self.rows);
        let result = score_point(operations, messages, replica(layout), &self.workload, setting);
        Score {
            tpot_s: result.promised_tpot(&self.workload),
            ttft_s: result.ttft_s,
            tokens_per_s_per_user: result.tokens_per_s_per_user,
            tokens_per_s_per_accelerator: result.tokens_per_s_per_accelerator,
            misfit: result.misfit,
            bound: result.bound,
        }
    }

    #[inline(always)]
    fn score_range(&self, first: u64, scores: &mut [Score]) {
        let within = u64::from(self.within);
        let mut done = 0;
        while done < scores.len() {
            let index = first + done as u64;
            let in_layout = (within - index % within) as usize;
            let count = LANES.min(in_layout).min(scores.len() - done);
            self.score_block(index, &mut scores[done..done + count]);
            done += count;
        }
    }

    fn operations(&self, index: u64) -> Option<Operations> {
        let (layout, setting) = self.setting(index);
        let setting = varying(|| Setting {
            sequences: Counted::of(setting.sequences),
            chunk: Counted::of(setting.chunk),
            draft: setting.draft.cast(),
        });
        let (layout, workload) = (self.space.layouts[layout], self.space.workload.cast());
        let rows: Vec<Operation<Counted>> = self.space.rows.iter().map(Operation::cast).collect();
        let [operations, messages] = halves(&layout, &rows);
        let replica = replica(&layout);
        Some(operations_of(|| {
            let _ = score_point(operations, messages, replica, &workload, setting).promised_tpot(&workload);
        }))
    }

    fn shader() -> String {
        let generated = [
            constants_wgsl(),
            Operation::<f32>::wgsl(),
            StepLoad::<f32>::wgsl(),
            OperationTime::<f32>::wgsl(),
            Workload::<f32>::wgsl(),
            Draft::<f32>::wgsl(),
            StepParts::<f32>::wgsl(),
            ParallelLayout::wgsl(),
            SweepRange::wgsl(),
            Score::wgsl(),
        ];
        let entry = include_str!("../../shaders/serving_sweep.wgsl");
        join(&generated, &[SCALAR_WGSL, ROOFLINE_WGSL], entry)
    }

    fn inputs(&self) -> Vec<Input> {
        let mut axes = self.batches.clone();
        axes.extend(&self.chunks);
        let mut axes = bytemuck::cast_slice(&axes).to_vec();
        axes.extend(buffer_bytes(&self.drafts));
        vec![
            Input::Uniform(buffer_bytes(&[self.workload])),
            Input::Storage(buffer_bytes(&self.rows)),
            Input::Storage(buffer_bytes(&self.space.layouts)),
            Input::Storage(axes),
        ]
    }

    fn range(&self, first: u64, count: u32) -> Vec<u8> {
        let within = u64::from(self.within);
        let range = SweepRange {
            first_layout: (first / within) as u32,
            first_within: (first % within) as u32,
            count,
            batch_count: self.batches.len() as u32,
            chunk_count: self.chunks.len() as u32,
            draft_count: self.drafts.len() as u32,
        };
        buffer_bytes(&[range])
    }

    fn agrees(twin: &Score, device: &Score) -> bool {
        let floats = |score: &Score| {
            [score.tpot_s, score.ttft_s, score.tokens_per_s_per_user, score.tokens_per_s_per_accelerator]
        };
        let near = floats(twin)
            .iter()
            .zip(floats(device))
            .all(|(twin, device)| ulp_distance(*twin, device) <= Self::ULP_BOUND);
        near && twin.misfit == device.misfit && device.bound <= BOUND_FIXED
    }
}

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    fn one<S: ShaderStruct>() -> (&'static str, &'static [crate::kernel::ShaderField], usize) {
        (S::NAME, S::FIELDS, S::SIZE)
    }
    KernelText {
        name: ServingSweep::NAME,
        shader: ServingSweep::shader(),
        structs: vec![
            one::<Operation<f32>>(),
            one::<StepLoad<f32>>(),
            one::<OperationTime<f32>>(),
            one::<Workload<f32>>(),
            one::<Draft<f32>>(),
            one::<StepParts<f32>>(),
            one::<ParallelLayout>(),
            one::<SweepRange>(),
            one::<Score>(),
        ],
    }
}
