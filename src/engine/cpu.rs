//! The CPU path: rayon parts, each a plain loop compiled for several instruction sets and chosen at run time.

pub mod measure;

use std::ops::{ControlFlow, Range};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::engine::{EngineError, Progress, Run};
use crate::kernel::{Kernel, Reduction};

/// Bytes of the scores of one part at most: they stay in the second-level cache, a quarter of a mebibyte at least, until
/// they are reduced.
const PART_BYTES: usize = 192 << 10;
/// Points of one part at least: less is sooner done than handed over.
const LEAST_POINTS: u64 = 512;
/// Points between two calls of the progress function: some tens of milliseconds.
const POINTS_PER_CALL: u64 = 1 << 20;
/// Parts that each thread gets of a short range, and runs of parts of a long one, so that a slow one holds nobody up.
const PARTS_OF_A_THREAD: u64 = 8;

/// So many threads.
#[derive(Debug)]
pub struct Threads(rayon::ThreadPool);

impl Threads {
    /// Starts them.
    pub fn new(count: usize) -> Result<Self, EngineError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count.max(1)).build();
        Ok(Self(pool.map_err(|error| EngineError::Threads { reason: error.to_string() })?))
    }

    /// Runs something with these threads at hand.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.0.install(work)
    }
}

/// Scores the points from `first` on with the widest vectors that this machine has.
pub fn score_range<K: Kernel>(kernel: &K, first: u64, scores: &mut [K::Score]) {
    pulp::Arch::new().dispatch(Loop { kernel, first, scores });
}

/// The loop as a value, so that its body is inlined into a function of each instruction set.
struct Loop<'a, K: Kernel> {
    kernel: &'a K,
    first: u64,
    scores: &'a mut [K::Score],
}

impl<K: Kernel> pulp::NullaryFnOnce for Loop<'_, K> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.kernel.score_range(self.first, self.scores);
    }
}

/// The instruction set that [`score_range`] uses on this machine.
#[must_use]
pub fn instruction_set() -> &'static str {
    struct Name;
    impl pulp::WithSimd for Name {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _simd: S) -> usize {
            S::F32_LANES
        }
    }
    match pulp::Arch::new().dispatch(Name) {
        16 => "512-bit vectors",
        8 => "256-bit vectors",
        4 => "128-bit vectors",
        _ => "the baseline of the target",
    }
}

/// Scores what is left of a range of points, part by part, into the reduction.
pub fn run<K, R>(
    kernel: &K,
    range: &Range<u64>,
    reduction: &mut R,
    threads: Option<&Threads>,
    watch: &mut (impl FnMut(Progress, &mut R) -> ControlFlow<()> + ?Sized),
    run: &mut Run,
) where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let total = range.end.saturating_sub(range.start);
    while run.points < total {
        let done = total.min(run.points + POINTS_PER_CALL);
        let chunk = range.start + run.points..range.start + done;
        let parts = match threads {
            Some(threads) => threads.run(|| reduced_parts(kernel, reduction, chunk)),
            None => reduced_parts(kernel, reduction, chunk),
        };
        for part in parts {
            reduction.merge(part);
        }
        run.points = done;
        if watch(Progress { done, total }, reduction).is_break() {
            run.cancelled = done < total;
            break;
        }
    }
}

/// Points of one part at most.
fn part_of<S>() -> usize {
    (PART_BYTES / size_of::<S>().max(1)).max(LEAST_POINTS as usize)
}

/// Scores a range in parallel; the reduced parts come in the order of their points.
fn reduced_parts<K, R>(kernel: &K, reduction: &R, range: Range<u64>) -> Vec<R>
where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let points = range.end - range.start;
    let hands = rayon::current_num_threads() as u64 * PARTS_OF_A_THREAD;
    let part_points = points.div_ceil(hands).clamp(LEAST_POINTS, part_of::<K::Score>() as u64);
    let parts = points.div_ceil(part_points);
    // A run of neighbouring parts shares one buffer of scores and one reduction: what it knows drops points early.
    let run = parts.div_ceil(hands);
    let reduced = |number: u64| {
        let (mut scores, mut reduced) = (Vec::new(), reduction.fork());
        for part in number * run..parts.min((number + 1) * run) {
            let first = range.start + part * part_points;
            scores.resize(part_points.min(range.end - first) as usize, K::Score::default());
            score_range(kernel, first, &mut scores);
            reduced.absorb(first, &scores);
        }
        reduced
    };
    (0..parts.div_ceil(run.max(1)) as usize).into_par_iter().map(|number| reduced(number as u64)).collect()
}

/// Reduces scores that a device has computed, in parallel.
pub fn reduce<S, R>(reduction: &mut R, first: u64, scores: &[S])
where
    S: Sync,
    R: Reduction<S>,
{
    use rayon::slice::ParallelSlice;
    let base = &*reduction;
    let parts: Vec<R> = scores
        .par_chunks(part_of::<S>())
        .enumerate()
        .map(|(part, scores)| {
            let mut reduced = base.fork();
            reduced.absorb(first + (part * part_of::<S>()) as u64, scores);
            reduced
        })
        .collect();
    for part in parts {
        reduction.merge(part);
    }
}
