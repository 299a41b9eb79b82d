//! Chunks, buffers, error scopes and read-back of one kernel on one device.
//!
//! Two chunks are under way at a time: while the CPU folds in one, the device scores the next. Where the reduction has a
//! [`Sieve`](crate::kernel::sieve::Sieve), it runs behind the scores, and what comes back is counts and the few points that
//! may matter; all scores come back for the first chunk, which is checked, and where more are kept than there is room for.

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::engine::gpu::adapter::OpenDevice;
use crate::engine::gpu::buffers::{Chunk, Prepared};
use crate::engine::{Progress, Run, cpu};
use crate::kernel::sieve::Sifted;
use crate::kernel::{Kernel, Reduction, WORKGROUP};

/// A dispatch aims to take no longer: display drivers reset a device that is silent for about two seconds, and
/// the user waits this long for a stop.
const LONGEST: Duration = Duration::from_millis(50);
/// A dispatch shorter than this is doubled.
const SHORTEST: Duration = Duration::from_millis(15);
/// A dispatch that takes longer has hung.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Points of the first dispatch, before its speed is known.
const FIRST_POINTS: u32 = 1 << 14;
/// Points of a dispatch at most: their scores take some tens of megabytes, twice.
const MOST_POINTS: u32 = 1 << 20;
/// A device that is out of memory is asked for less until a dispatch has no more points than this.
const FEWEST_POINTS: u32 = 1 << 12;
/// Scores of the first dispatch that are compared with the twin.
const CHECKED_POINTS: usize = 64;
/// Dispatches under way.
pub(super) const UNDER_WAY: usize = 2;

/// What the caller limits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Points of a dispatch at most.
    pub most_points: Option<u32>,
    /// Dispatches after which the device is destroyed: a fault for tests.
    pub lose_after: Option<u64>,
    /// Points of a dispatch above which there is no memory: a fault for tests.
    pub scarce_above: Option<u32>,
    /// Time after which a dispatch has hung, if it is not the usual one: no time at all is a fault for tests.
    pub patience: Option<Duration>,
}

/// Why a device did not finish.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The device is gone.
    #[error("the device was lost ({reason})")]
    Lost {
        /// What the driver said.
        reason: String,
    },
    /// A buffer did not fit.
    #[error("the device is out of memory")]
    OutOfMemory,
    /// The driver refused the shader or a command.
    #[error("the driver refused the work ({reason})")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// A dispatch hung.
    #[error("a dispatch took too long")]
    TimedOut,
    /// The device computes something else than the twin.
    #[error("the device's score of point {index} is outside the bound")]
    Disagrees {
        /// The point.
        index: u64,
    },
    /// The device drops or counts other points than the CPU would.
    #[error("the device's reduction of the points from {first} on differs")]
    Sifts {
        /// The first point of the dispatch.
        first: u64,
    },
}

impl Fault {
    /// Whether the device would fail again: memory may be free the next time, a lost, hung or wrong device stays one.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::OutOfMemory => false,
            Self::Lost { .. }
            | Self::Refused { .. }
            | Self::TimedOut
            | Self::Disagrees { .. }
            | Self::Sifts { .. } => true,
        }
    }
}

impl From<wgpu::Error> for Fault {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Self::OutOfMemory,
            other => {
                let text = other.to_string();
                Self::Refused { reason: text.lines().next().unwrap_or_default().trim().to_owned() }
            }
        }
    }
}

/// Runs device calls with every kind of error caught.
pub(super) fn scoped<T>(open: &OpenDevice, calls: impl FnOnce() -> T) -> Result<T, Fault> {
    let validation = open.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let memory = open.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let internal = open.device.push_error_scope(wgpu::ErrorFilter::Internal);
    let value = calls();
    let errors = [
        pollster::block_on(internal.pop()),
        pollster::block_on(memory.pop()),
        pollster::block_on(validation.pop()),
    ];
    if let Some(reason) = open.lost() {
        return Err(Fault::Lost { reason: reason.to_owned() });
    }
    match errors.into_iter().flatten().next() {
        Some(error) => Err(error.into()),
        None => match open.uncaptured() {
            Some(reason) => Err(Fault::Refused { reason }),
            None => Ok(value),
        },
    }
}

/// A dispatch that was sent.
struct Flight {
    chunk: Chunk,
    submission: wgpu::SubmissionIndex,
    mapped: mpsc::Receiver<bool>,
    sent: Instant,
}

fn send<K: Kernel>(
    open: &OpenDevice,
    prepared: &Prepared,
    kernel: &K,
    chunk: Chunk,
) -> Result<Flight, Fault> {
    let (done, mapped) = mpsc::channel();
    let submission = scoped(open, || {
        let submission = prepared.submit(open, kernel, chunk);
        prepared.result(chunk).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver is gone only if the run has ended already.
            let _ = done.send(result.is_ok());
        });
        submission
    })?;
    Ok(Flight { chunk, submission, mapped, sent: Instant::now() })
}

/// Waits until a submission is done and its buffer mapped.
fn wait(
    open: &OpenDevice,
    submission: wgpu::SubmissionIndex,
    mapped: &mpsc::Receiver<bool>,
    patience: Duration,
) -> Result<(), Fault> {
    // Without patience a device counts as hung, however fast it is.
    if patience.is_zero() {
        return Err(Fault::TimedOut);
    }
    let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(patience) };
    if scoped(open, || open.device.poll(wait))?.is_err() {
        return Err(Fault::TimedOut);
    }
    match mapped.try_recv() {
        Ok(true) => Ok(()),
        _ => Err(Fault::Refused { reason: "the scores could not be mapped".to_owned() }),
    }
}

/// Hands a mapped buffer's bytes over and unmaps it.
fn taken<T>(
    buffer: &wgpu::BufferSlice<'_>,
    take: impl FnOnce(&[u8]) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let view = buffer.get_mapped_range().map_err(|error| Fault::Refused { reason: error.to_string() })?;
    let value = take(&view);
    drop(view);
    buffer.buffer().unmap();
    value
}

/// Folds a dispatch that is done into the reduction.
fn fold<K, R>(
    open: &OpenDevice,
    prepared: &Prepared,
    kernel: &K,
    reduction: &mut R,
    flight: Flight,
    (checks, patience): (bool, Duration),
) -> Result<(), Fault>
where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let chunk = flight.chunk;
    wait(open, flight.submission, &flight.mapped, patience)?;
    let result = prepared.result(chunk);
    let Some(counts) = prepared.counts() else {
        return taken(&result, |bytes| {
            let scores: &[K::Score] = bytemuck::cast_slice(bytes);
            if checks {
                check(kernel, chunk.first, scores)?;
            }
            cpu::reduce(reduction, chunk.first, scores);
            Ok(())
        });
    };
    let sifted = taken(&result, |bytes| Ok(sifted(chunk, counts, bytes)))?;
    if !checks && let Some(sifted) = sifted {
        reduction.absorb_sifted(sifted);
        return Ok(());
    }
    let (done, mapped) = mpsc::channel();
    let submission = scoped(open, || {
        prepared.fetch(open, chunk, move |good| {
            // The receiver waits below.
            let _ = done.send(good);
        })
    })?;
    wait(open, submission, &mapped, patience)?;
    taken(&prepared.scores(chunk), |bytes| {
        let scores: &[K::Score] = bytemuck::cast_slice(bytes);
        if checks {
            check(kernel, chunk.first, scores)?;
            if let Some(sifted) = sifted {
                check_sieve(reduction, chunk.first, sifted, scores)?;
            }
        }
        cpu::reduce(reduction, chunk.first, scores);
        Ok(())
    })
}

/// What a sieve has left, out of its words; nothing where there was no room for all that it keeps.
fn sifted<S: bytemuck::Pod>(chunk: Chunk, counts: usize, bytes: &[u8]) -> Option<Sifted<S>> {
    let words: &[u32] = bytemuck::cast_slice(bytes);
    let (head, rest) = words.split_at(1 + counts);
    let stride = 1 + size_of::<S>() / size_of::<u32>();
    let kept = head[0] as usize * stride;
    let point = |words: &[u32]| {
        let score = bytemuck::pod_read_unaligned(bytemuck::cast_slice(&words[1..]));
        (chunk.first + u64::from(words[0]), score)
    };
    let kept = rest.get(..kept)?.chunks_exact(stride).map(point).collect();
    Some(Sifted { first: chunk.first, points: chunk.points, counts: head[1..].to_vec(), kept })
}

/// Scores as many points as the device will into the reduction; on a fault the points of whole chunks stay done.
pub fn run<K, R>(
    open: &OpenDevice,
    kernel: &K,
    range: &Range<u64>,
    limits: Limits,
    reduction: &mut R,
    watch: &mut dyn FnMut(Progress, &mut R) -> ControlFlow<()>,
    run: &mut Run,
) -> Result<(), Fault>
where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let total = range.end.saturating_sub(range.start);
    let mut capacity = capacity::<K>(&open.device.limits(), limits, total);
    let sieve = reduction.sieve();
    let prepared = loop {
        let scarce = limits.scarce_above.is_some_and(|most| capacity > most);
        let prepared = scoped(open, || Prepared::new(open, kernel, sieve.as_ref(), capacity));
        match if scarce { Err(Fault::OutOfMemory) } else { prepared } {
            Err(Fault::OutOfMemory) if capacity > FEWEST_POINTS => capacity /= 2,
            prepared => break prepared?,
        }
    };
    let patience = limits.patience.unwrap_or(PATIENCE);
    let mut points = capacity.min(FIRST_POINTS);
    let mut under_way: VecDeque<Flight> = VecDeque::new();
    let (mut sent, mut dispatches, mut folded) = (0, 0_u64, Instant::now());
    while run.points < total {
        while sent < total && under_way.len() < UNDER_WAY {
            if limits.lose_after == Some(dispatches) {
                // What was sent before is to count.
                if !under_way.is_empty() {
                    break;
                }
                open.device.destroy();
            }
            let slot = (dispatches % UNDER_WAY as u64) as usize;
            let count = points.min(u32::try_from(total - sent).unwrap_or(u32::MAX));
            let chunk = Chunk { slot, first: range.start + sent, points: count };
            under_way.push_back(send(open, &prepared, kernel, chunk)?);
            sent += u64::from(count);
            dispatches += 1;
        }
        let Some(flight) = under_way.pop_front() else { break };
        let (count, started) = (flight.chunk.points, flight.sent.max(folded));
        fold(open, &prepared, kernel, reduction, flight, (run.points_on_device == 0, patience))?;
        folded = Instant::now();
        let took = folded - started;
        if took > LONGEST {
            points = (points / 2).max(WORKGROUP).min(capacity);
        } else if took < SHORTEST {
            points = points.saturating_mul(2).min(capacity);
        }
        run.points += u64::from(count);
        run.points_on_device += u64::from(count);
        if watch(Progress { done: run.points, total }, reduction).is_break() {
            run.cancelled = run.points < total;
            break;
        }
    }
    Ok(())
}

/// Compares what a sieve has left of the first scores with what the CPU makes of all of them.
fn check_sieve<S, R: Reduction<S>>(
    reduction: &R,
    first: u64,
    sifted: Sifted<S>,
    scores: &[S],
) -> Result<(), Fault> {
    let (mut there, mut here) = (reduction.fork(), reduction.fork());
    there.absorb_sifted(sifted);
    here.absorb(first, scores);
    if here.is_like(&there) { Ok(()) } else { Err(Fault::Sifts { first }) }
}

/// Compares some of the first scores with the twin before any of them count.
fn check<K: Kernel>(kernel: &K, first: u64, scores: &[K::Score]) -> Result<(), Fault> {
    let stride = (scores.len() / CHECKED_POINTS).max(1);
    for (offset, device) in scores.iter().enumerate().step_by(stride) {
        let index = first + offset as u64;
        if !K::agrees(&kernel.score(index), device) {
            return Err(Fault::Disagrees { index });
        }
    }
    Ok(())
}

/// Points of a dispatch at most, by the device's limits.
fn capacity<K: Kernel>(device: &wgpu::Limits, limits: Limits, points: u64) -> u32 {
    let score = size_of::<K::Score>() as u64;
    let binding = device.max_storage_buffer_binding_size.min(device.max_buffer_size) / score;
    let groups = u64::from(device.max_compute_workgroups_per_dimension) * u64::from(WORKGROUP);
    let wish = u64::from(limits.most_points.unwrap_or(MOST_POINTS));
    let capacity = wish.min(binding).min(groups).min(points).max(1);
    u32::try_from(capacity).unwrap_or(MOST_POINTS)
}
