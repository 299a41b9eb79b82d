//! The CPU path: rayon parts, each a plain loop compiled for several instruction sets and chosen at run time.

pub mod measure;

use std::ops::{ControlFlow, Range};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::engine::{EngineError, Progress, Run};
use crate::kernel::{Kernel, Reduction};

/// Points of one part: their scores stay in the second-level cache until they are reduced.
const PART_POINTS: u64 = 8_192;
/// Parts between two calls of the progress function: some tens of milliseconds.
const PARTS_PER_CALL: u64 = 128;

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
    threads: Option<usize>,
    watch: &mut (impl FnMut(Progress, &mut R) -> ControlFlow<()> + ?Sized),
    run: &mut Run,
) -> Result<(), EngineError>
where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let pool = threads.map(|count| rayon::ThreadPoolBuilder::new().num_threads(count).build()).transpose();
    let pool = pool.map_err(|error| EngineError::Threads { reason: error.to_string() })?;
    let total = range.end.saturating_sub(range.start);
    while run.points < total {
        let done = total.min(run.points + PART_POINTS * PARTS_PER_CALL);
        let chunk = range.start + run.points..range.start + done;
        let parts = match &pool {
            Some(pool) => pool.install(|| reduced_parts(kernel, reduction, chunk)),
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
    Ok(())
}

/// Scores a range in parallel; the reduced parts come in the order of their points.
fn reduced_parts<K, R>(kernel: &K, reduction: &R, range: Range<u64>) -> Vec<R>
where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let parts = (range.end - range.start).div_ceil(PART_POINTS);
    (0..parts)
        .into_par_iter()
        .map_init(
            || vec![K::Score::default(); PART_POINTS as usize],
            |scores, part| {
                let first = range.start + part * PART_POINTS;
                let count = PART_POINTS.min(range.end - first) as usize;
                score_range(kernel, first, &mut scores[..count]);
                let mut reduced = reduction.fork();
                reduced.absorb(first, &scores[..count]);
                reduced
            },
        )
        .collect()
}

/// Reduces scores that a device has computed, in parallel.
pub fn reduce<S, R>(reduction: &mut R, first: u64, scores: &[S])
where
    S: Sync,
    R: Reduction<S>,
{
    use rayon::iter::IndexedParallelIterator;
    use rayon::slice::ParallelSlice;
    let base = &*reduction;
    let parts: Vec<R> = scores
        .par_chunks(PART_POINTS as usize)
        .enumerate()
        .map(|(part, scores)| {
            let mut reduced = base.fork();
            reduced.absorb(first + part as u64 * PART_POINTS, scores);
            reduced
        })
        .collect();
    for part in parts {
        reduction.merge(part);
    }
}
