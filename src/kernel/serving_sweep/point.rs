//! The formulas of one point, in the precision of their inputs: those of the sweep's equations, mirrored in
//! `shaders/serving_sweep.wgsl`.

use super::{
    BOUND_ARITHMETIC, BOUND_FIXED, BOUND_MEMORY, BOUND_MESSAGES, MISFIT_MEMORY, MISFIT_NO_POOL,
    MISFIT_PREFILL, MISFIT_TOO_FEW,
};
use crate::scalar::Real;
use crate::throughput::queueing::{MOST_BUSY, mean_wait, tail_tpot, tail_wait};
use crate::throughput::roofline::{Operation, OperationTime, StepLoad, operation_time};

/// What the requests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Workload<T = f64> {
    /// Input tokens of a request that no prefix cache holds.
    pub input_tokens: T,
    /// Those per output token.
    pub prefill_per_output: T,
    /// Mean cached positions of a decoding sequence.
    pub context: T,
    /// Mean positions that a prefill token attends to.
    pub prefill_context: T,
    /// Time that a prompt takes in the prefill pool [s].
    pub pool_ttft_s: T,
    /// Prefill tokens per second and accelerator of the pool; 0 for no pool.
    pub pool_tokens_per_s: T,
    /// Share of its ideal rate that a decode pool beside it reaches.
    pub decode_pool_share: T,
    /// Requests that arrive over those that could be served; 0 where nothing queues.
    pub load: T,
    /// 1 where the wait is the 99th percentile, 0 where it is the mean.
    pub tail: T,
}

/// Speculative decoding of one depth.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Draft<T = f64> {
    /// Tokens that a step verifies per sequence: 1 plus the drafted ones.
    pub verified: T,
    /// Tokens that a step emits per sequence on average: 1 plus the accepted ones.
    pub emitted: T,
    /// Passes of the drafter: tokens drafted.
    pub drafted: T,
    /// Variance of an answer's steps over the square of their mean.
    pub spread: T,
}

/// A step's time by what takes it, summed over rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct StepParts<T = f64> {
    /// Rows that arithmetic binds [s].
    pub arithmetic: T,
    /// Rows that memory traffic binds [s].
    pub memory: T,
    /// Messages between ranks [s].
    pub messages: T,
    /// Launches and latencies [s].
    pub fixed: T,
}

/// A pool slower than this many prefill tokens per second is no pool.
const LEAST_POOL_TOKENS_PER_S: f64 = 1e-6;

/// The parts of a step with one more row; mirrored in `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn with_row<T: Real>(parts: StepParts<T>, time: OperationTime<T>, message: bool) -> StepParts<T> {
    let zero = T::of(0.0);
    let busy = time.total - time.fixed;
    let arithmetic = !message & (time.arithmetic >= time.traffic);
    let memory = !message & (time.arithmetic < time.traffic);
    StepParts {
        arithmetic: parts.arithmetic + T::select(arithmetic, busy, zero),
        memory: parts.memory + T::select(memory, busy, zero),
        messages: parts.messages + T::select(message, busy, zero),
        fixed: parts.fixed + time.fixed,
    }
}

/// The time of a step from its parts [s]; mirrored in `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn whole_step<T: Real>(parts: StepParts<T>) -> T {
    (parts.arithmetic + parts.memory) + (parts.messages + parts.fixed)
}

/// The largest part, the first of equals; mirrored in `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn binding_part<T: Real>(parts: StepParts<T>) -> u32 {
    let work = Real::max(parts.arithmetic, parts.memory);
    let work_bound = if parts.memory > parts.arithmetic { BOUND_MEMORY } else { BOUND_ARITHMETIC };
    let rest = Real::max(parts.messages, parts.fixed);
    let rest_bound = if parts.fixed > parts.messages { BOUND_FIXED } else { BOUND_MESSAGES };
    if rest > work { rest_bound } else { work_bound }
}

/// What a point gets, in the precision of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Serving<T = f64> {
    /// Mean time between output tokens of a sequence [s].
    pub tpot_s: T,
    /// 99th percentile over requests of that time [s].
    pub tpot_p99_s: T,
    /// Time to the first output token that the promise is for: the wait included [s].
    pub ttft_s: T,
    /// Output tokens per second of one sequence.
    pub tokens_per_s_per_user: T,
    /// Output tokens per second and accelerator.
    pub tokens_per_s_per_accelerator: T,
    /// Why the point cannot run.
    pub misfit: u32,
    /// What takes most of the step.
    pub bound: u32,
    /// Time to the first output token of a request that need not wait [s].
    pub first_s: T,
    /// Time that a prompt keeps prefill busy, where the replica prefills [s].
    pub service_s: T,
    /// Part of its time that prefill is busy, where the replica prefills.
    pub busy: T,
}

/// The place of a point on the axes of its layout.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Setting<T = f64> {
    /// Sequences that decode on a replica.
    pub sequences: T,
    /// Prefill tokens of a mixed step; 0 where a pool prefills.
    pub chunk: T,
    /// Speculative decoding.
    pub draft: Draft<T>,
}

/// The replica that a point runs on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Replica<T = f64> {
    /// Accelerators.
    pub accelerators: T,
    /// Sequences below which a rank or a stage has nothing to do.
    pub least_sequences: T,
    /// Sequences whose caches fit.
    pub most_sequences: T,
    /// Pipeline stages.
    pub stages: T,
    /// Time to hand a prompt's cache over from a prefill pool [s].
    pub hand_over_s: T,
    /// Time of drafting one token for all sequences over that of a step.
    pub draft_share: T,
    /// Prefill tokens of a step that the workspace has room for.
    pub most_chunk: T,
}

/// Prefill tokens that a mean step carries; mirrored in `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn mean_prefill<T: Real>(setting: Setting<T>, workload: &Workload<T>) -> T {
    let owed = setting.sequences * setting.draft.emitted * workload.prefill_per_output;
    T::select(setting.chunk > T::of(0.0), owed, T::of(0.0))
}

/// Prefill tokens over all stages of a step with prompts: a chunk of one in each, or of as many as are owed; mirrored in
/// `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn chunk_prefill<T: Real>(setting: Setting<T>, workload: &Workload<T>, stages: T) -> T {
    Real::max(
        Real::min(setting.chunk, workload.input_tokens) * stages,
        Real::min(mean_prefill(setting, workload), setting.chunk * stages),
    )
}

/// The mean of steps without prompts and, for a share, with them; mirrored in `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn mixed_step<T: Real>(without: StepParts<T>, with: StepParts<T>, share: T) -> StepParts<T> {
    let rest = T::of(1.0) - share;
    StepParts {
        arithmetic: without.arithmetic * rest + with.arithmetic * share,
        memory: without.memory * rest + with.memory * share,
        messages: without.messages * rest + with.messages * share,
        fixed: without.fixed * rest + with.fixed * share,
    }
}

/// Latency and throughput from the two steps; the module's equations, mirrored in `serving_sweep.wgsl`.
#[inline(always)]
#[must_use]
pub fn serving<T: Real>(
    setting: Setting<T>,
    replica: Replica<T>,
    workload: &Workload<T>,
    plain: StepParts<T>,
    chunked: StepParts<T>,
) -> Serving<T> {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let aggregated = setting.chunk > zero;
    let carried = Real::max(chunk_prefill(setting, workload, replica.stages), one);
    let mean = mixed_step(plain, chunked, Real::min(mean_prefill(setting, workload) / carried, one));
    let step_s = whole_step(mean) * (one + setting.draft.drafted * replica.draft_share);
    let tpot_s = step_s / setting.draft.emitted;
    let prompt_share = Real::max((whole_step(mean) - whole_step(plain)) / whole_step(mean), zero);
    let tpot_p99_s = tail_tpot(tpot_s, prompt_share, setting.sequences, setting.draft.spread);

    let chunks = Real::max(workload.input_tokens / Real::max(setting.chunk, one), one);
    let stage_s = whole_step(chunked) / replica.stages;
    let first_s = stage_s * (chunks + (replica.stages - one));
    let widest = Real::max(setting.chunk * replica.stages, one);
    let busy =
        Real::min(workload.load * Real::min(mean_prefill(setting, workload) / widest, one), T::of(MOST_BUSY));
    let service_s = stage_s * chunks;
    let tail = workload.tail > zero;
    let wait_s = T::select(tail, tail_wait(service_s, busy), mean_wait(service_s, busy));
    let pool_ttft_s = workload.pool_ttft_s + replica.hand_over_s + tpot_s;

    let pool = Real::max(workload.pool_tokens_per_s, T::of(LEAST_POOL_TOKENS_PER_S));
    let own_cost = step_s * replica.accelerators / (setting.sequences * setting.draft.emitted);
    let pool_cost = own_cost / workload.decode_pool_share + workload.prefill_per_output / pool;
    let cost = T::select(aggregated, own_cost, pool_cost);

    let misfit = u32::from(setting.sequences > replica.most_sequences) * MISFIT_MEMORY
        + u32::from(setting.sequences < replica.least_sequences) * MISFIT_TOO_FEW
        + u32::from(
            (mean_prefill(setting, workload) > setting.chunk * replica.stages)
                | (setting.chunk > replica.most_chunk),
        ) * MISFIT_PREFILL
        + u32::from(!aggregated & (workload.pool_tokens_per_s <= zero)) * MISFIT_NO_POOL;
    Serving {
        tpot_s,
        tpot_p99_s,
        ttft_s: T::select(aggregated, first_s + wait_s, pool_ttft_s),
        tokens_per_s_per_user: setting.draft.emitted / step_s,
        tokens_per_s_per_accelerator: one / cost,
        misfit,
        bound: binding_part(mean),
        first_s: T::select(aggregated, first_s, pool_ttft_s),
        service_s,
        busy,
    }
}

impl<T: Real> Serving<T> {
    /// The time between output tokens that a promise is for: of 99 of 100 requests, or the mean [s].
    #[inline(always)]
    #[must_use]
    pub fn promised_tpot(&self, workload: &Workload<T>) -> T {
        T::select(workload.tail > T::of(0.0), self.tpot_p99_s, self.tpot_s)
    }
}

/// What one step carries.
#[inline(always)]
pub(super) fn step_load<T: Real>(
    setting: Setting<T>,
    workload: &Workload<T>,
    prefill_tokens: T,
) -> StepLoad<T> {
    StepLoad {
        sequences: setting.sequences,
        tokens_per_sequence: setting.draft.verified,
        context: workload.context,
        prefill_tokens,
        prefill_context: workload.prefill_context,
    }
}

/// Scores one point: both steps summed row by row.
#[inline(always)]
pub(super) fn score_point<T: Real>(
    operations: &[Operation<T>],
    messages: &[Operation<T>],
    replica: Replica<T>,
    workload: &Workload<T>,
    setting: Setting<T>,
) -> Serving<T> {
    let plain_load = step_load(setting, workload, T::of(0.0));
    let chunked_load = step_load(setting, workload, chunk_prefill(setting, workload, replica.stages));
    let (mut plain, mut chunked) = (StepParts::default(), StepParts::default());
    for (rows, message) in [(operations, false), (messages, true)] {
        for row in rows {
            plain = with_row(plain, operation_time(row, &plain_load), message);
            chunked = with_row(chunked, operation_time(row, &chunked_load), message);
        }
    }
    serving(setting, replica, workload, plain, chunked)
}
