//! The time of a training step at one point: a [`Split`] at a [`Scale`] and a [`Setting`].
//!
//! Branch-free and generic over [`Real`]: `f64` is what people read, `f32` the twin of
//! `shaders/shared/training.wgsl`, which has the same names in the same order.
//!
//! ~~~text
//! device  = n · ((plain + r · again) + (experts + r · again) · (fill + 100/max(n · rows, 1)) + messages) + sums
//! one     = (device⁴ + host⁴)^(1/4)
//! μ       = batch / (data ranks · n)
//! traffic = bytes · (k − 1)/k / rate       over k copies; rate of the link inside a domain, else NIC · members in one
//! exposed = h · traffic + (1 − h) · ((traffic⁴ + one⁴)^(1/4) − one)      h the share that nothing hides
//! step    = (μ · (one + n · ends) + b · (p − 1)/v · one + exposed · (1 or μ) + optimiser + fixed) · (1 + waiting)
//! ~~~
//!
//! n sequences of a micro-batch · r share of the layers computed again · p stages · v chunks of a stage · b bubble.

use super::split::{JobTerms, Scale, Setting, Split};
use crate::scalar::Real;

/// Rows of an expert at which its products take twice the time: fitted curves have 0 to 25 alone, permutation besides.
pub const HALF_ROWS: f64 = 100.0;

/// Chunks of a stage up to which they need not be the same number of layers: recipes have one to ten.
pub const FEW_CHUNKS: f64 = 10.0;

/// Where the time of a step goes [s].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct StepTimes<T = f64> {
    /// Forward, backward and recomputed arithmetic and memory work, bubble left out.
    pub compute: T,
    /// Messages of tensor, context and expert ranks.
    pub messages: T,
    /// Idle time of the pipeline.
    pub bubble: T,
    /// Gradient and parameter traffic that computation does not hide.
    pub gradients: T,
    /// Optimiser and fixed time, and waiting for the slowest rank.
    pub rest: T,
    /// All of it.
    pub step: T,
}

/// The nearest whole number: the same on devices whose quotients are a unit off.
#[inline(always)]
#[must_use]
pub fn nearest<T: Real>(number: T) -> T {
    (number + T::of(0.5)).floor()
}

/// Whether a whole number is a multiple of another.
#[inline(always)]
#[must_use]
pub fn is_multiple<T: Real>(number: T, divisor: T) -> bool {
    let product = nearest(number / divisor) * divisor;
    (product <= number) & (product >= number) & (number >= divisor)
}

/// Sequences that all data ranks together work on at a time.
#[inline(always)]
#[must_use]
pub fn sequences_at_once<T: Real>(split: &Split<T>, scale: &Scale<T>, setting: Setting<T>) -> T {
    nearest(scale.accelerators / (split.copy_ranks * split.context)) * setting.micro_batch
}

/// Micro-batches of a data rank, exact where the split is legal.
#[inline(always)]
#[must_use]
pub fn micro_batches<T: Real>(split: &Split<T>, scale: &Scale<T>, setting: Setting<T>) -> T {
    nearest(scale.global_batch / Real::max(sequences_at_once(split, scale, setting), T::of(1.0)))
}

/// Whether the job divides over the split, as [`TrainingLayout::illegal`](super::TrainingLayout::illegal) says, and the
/// chunks of a stage are few or whole.
#[inline(always)]
#[must_use]
pub fn divides<T: Real>(job: &JobTerms<T>, split: &Split<T>, scale: &Scale<T>, setting: Setting<T>) -> bool {
    let interleaved = setting.interleave > T::of(1.0);
    let few = setting.interleave <= T::of(FEW_CHUNKS);
    is_multiple(scale.accelerators, split.replica)
        & is_multiple(scale.global_batch, sequences_at_once(split, scale, setting))
        & (setting.interleave <= split.most_interleave)
        & (!interleaved | (micro_batches(split, scale, setting) >= split.stages))
        & (few | is_multiple(job.layers, split.stages * setting.interleave))
}

/// Parameters whose optimiser state a rank holds: its share of what all copies, and of what expert copies hold.
#[inline(always)]
#[must_use]
pub fn shard_parameters<T: Real>(split: &Split<T>, scale: &Scale<T>) -> T {
    let copies = Real::max(scale.accelerators / split.copy_ranks, T::of(1.0));
    let expert_copies = Real::max(copies / split.expert_data, T::of(1.0));
    split.dense_parameters / copies + split.expert_parameters / expert_copies
}

/// Time of gradients out and parameters in over a group of copies, some of them in one domain [s].
#[inline(always)]
#[must_use]
pub fn exchange_time<T: Real>(job: &JobTerms<T>, bytes: T, group: T, in_domain: T, inside: bool) -> T {
    let one = T::of(1.0);
    let ranks = Real::max(group, one);
    // A ring crosses a domain's border once for all of its members in the group.
    let members = Real::min(Real::max(in_domain, one), ranks);
    let across = Real::min(job.outside_bytes_per_s * members, job.inside_bytes_per_s);
    let rate = T::select(inside, job.inside_bytes_per_s, across);
    bytes * ((ranks - one) / ranks) / rate
}

/// What is left of traffic when the computation of a window runs beside it, of which a share can't be hidden [s].
///
/// ~~~text
/// h·T + (1 − h)·((T⁴ + w⁴)^¼ − w)
/// ~~~
///
/// Gradients leave when their last micro-batch has passed, and weights come back before the first needs them: the work of
/// one micro-batch is all that there is to hide behind, however many a step has. a − 1 = (a⁴ − 1)/((a² + 1)·(a + 1))
/// keeps what little is left exact.
#[inline(always)]
#[must_use]
pub fn exposed_time<T: Real>(traffic: T, window: T, never: T) -> T {
    let one = T::of(1.0);
    let ratio = traffic / window;
    let ratio2 = ratio * ratio;
    let fourth = ratio2 * ratio2;
    let square = (one + fourth).sqrt();
    let left = window * (fourth / ((square + one) * (square.sqrt() + one)));
    never * traffic + (one - never) * left
}

/// Model FLOP (no recomputation, causal attention) of a step over the peak of the products' format.
#[inline(always)]
#[must_use]
pub fn utilisation<T: Real>(job: &JobTerms<T>, scale: &Scale<T>, step_s: T) -> T {
    job.ideal_s * scale.global_batch / (scale.accelerators * step_s)
}

/// Where the time of a step goes, with a share of the layers computed again.
#[inline(always)]
#[must_use]
pub fn step_times<T: Real>(
    job: &JobTerms<T>,
    split: &Split<T>,
    scale: &Scale<T>,
    setting: Setting<T>,
    again: T,
) -> StepTimes<T> {
    let one = T::of(1.0);
    let n = setting.micro_batch;
    let filled = split.expert_fill + T::of(HALF_ROWS) / Real::max(n * split.expert_rows, one);
    let plain = split.plain_s + again * split.plain_again_s;
    let experts = (split.experts_s + again * split.experts_again_s) * filled;
    let messages_one = n * split.messages_s;
    let device = n * (plain + experts) + split.sums_s + messages_one;
    let (device2, host2) = (device * device, split.host_s * split.host_s);
    let micro_batch_s = (device2 * device2 + host2 * host2).sqrt().sqrt();

    let count = micro_batches(split, scale, setting);
    let messages = count * messages_one;
    let compute = count * (micro_batch_s - messages_one);
    let fill_s = job.bubble * ((split.stages - one) / setting.interleave) * micro_batch_s;
    let bubble = fill_s + count * (n * split.ends_s);

    let copies = scale.accelerators / split.copy_ranks;
    let inside = scale.accelerators <= job.domain * split.stages;
    let dense_s = exchange_time(job, split.dense_exchanged_bytes, copies, split.dense_members, inside);
    let expert_copies = copies / split.expert_data;
    let experts_s =
        exchange_time(job, split.expert_exchanged_bytes, expert_copies, split.expert_members, inside);
    let times = T::select(split.each_micro_batch > T::of(0.0), count, one);
    let gradients = times * exposed_time(dense_s + experts_s, micro_batch_s, split.never_hidden);

    let fixed = split.shard_optimizer_s * shard_parameters(split, scale) + job.fixed_s;
    let work = (compute + messages) + (bubble + gradients) + fixed;
    let waiting = work * scale.waiting;
    StepTimes { compute, messages, bubble, gradients, rest: fixed + waiting, step: work + waiting }
}
