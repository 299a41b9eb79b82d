//! The axes of a search, and how finely they are cut.

use super::shard::Shard;
use crate::kernel::leaders;
use crate::kernel::serving_sweep::MOST_WITHIN;
use crate::throughput::memory::Reserve;
use crate::throughput::serving::{Workload, batches};

/// How prefill is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pools {
    /// Whichever gives more.
    Either,
    /// In the steps of the decode pool.
    Shared,
    /// In a pool of its own.
    Separate,
    /// Before a static batch.
    Batches,
}

/// How finely the axes are cut, and which part of them is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// Batches for each doubling.
    pub batches_per_doubling: u32,
    /// Largest batch of a replica.
    pub most_sequences: f64,
    /// Prefill chunks for each doubling.
    pub chunks_per_doubling: u32,
    /// Points at least: the axes are cut finer until there are as many, or every whole number is tried.
    pub least_points: u64,
    /// Domains that a replica may span when no single one holds the model.
    pub most_domains: u32,
    /// How prefill is run.
    pub pools: Pools,
    /// What the engine keeps of the memory.
    pub reserve: Reserve,
    /// Layouts that are to lead the others: one at least.
    pub leaders: usize,
    /// The part of the points that is searched.
    pub shard: Shard,
}

impl Axes {
    /// Coarse axes, for the best point of a plan in a few milliseconds.
    #[must_use]
    pub fn coarse(pools: Pools) -> Self {
        Self {
            batches_per_doubling: 4,
            most_sequences: 16_384.0,
            chunks_per_doubling: 1,
            least_points: 0,
            most_domains: 8,
            pools,
            reserve: Reserve::default(),
            leaders: 1,
            shard: Shard::WHOLE,
        }
    }

    /// Fine axes, for a frontier.
    #[must_use]
    pub fn fine(pools: Pools) -> Self {
        Self {
            batches_per_doubling: 32,
            chunks_per_doubling: 6,
            least_points: 1 << 20,
            leaders: leaders::SHOWN,
            ..Self::coarse(pools)
        }
    }
}

/// The shortest prefill chunk that is tried [tokens].
const LEAST_CHUNK: f64 = 256.0;

/// The longest [tokens].
const MOST_CHUNK: f64 = 16_384.0;

/// Prefill tokens of a mixed step, shortest first; a small workspace has smaller ones.
pub(super) fn chunks(per_doubling: u32, step_tokens: f64) -> Vec<f64> {
    let step = (1.0 / f64::from(per_doubling.max(1))).exp2();
    let mut all = Vec::new();
    let mut chunk = LEAST_CHUNK.min(step_tokens.max(1.0));
    while chunk <= MOST_CHUNK * 1.000_001 {
        all.push(chunk.round());
        chunk *= step;
    }
    all.dedup();
    all
}

/// Batches and chunks for each doubling at most: every whole number up to 16,384 is tried then.
const FINEST: u32 = 16_384;

/// Axes cut so fine that there are as many points as are asked for, or as finely as can be: batches, of which few
/// are whole numbers, eight times finer first, then chunks, then both.
pub(super) fn finer(axes: &Axes, layouts: usize, workload: &Workload, pool: bool) -> Axes {
    let mut axes = *axes;
    let fine_batches = 8 * axes.batches_per_doubling;
    let points = |axes: &Axes| {
        let own = chunks(axes.chunks_per_doubling, axes.reserve.step_tokens).len();
        let of_prompts = match axes.pools {
            Pools::Separate => 1,
            Pools::Shared => own,
            _ => own + usize::from(pool),
        };
        let batches = batches(axes.batches_per_doubling, axes.most_sequences).len();
        (layouts * batches * of_prompts * depths(workload).len()) as u64
    };
    let within = |axes: &Axes| points(axes) / layouts.max(1) as u64;
    while layouts > 0 && points(&axes) < axes.least_points {
        let before = axes;
        if axes.batches_per_doubling < fine_batches {
            axes.batches_per_doubling *= 2;
        } else if axes.pools != Pools::Separate && axes.chunks_per_doubling < FINEST / 16 {
            axes.chunks_per_doubling *= 2;
        } else if axes.batches_per_doubling < FINEST {
            axes.batches_per_doubling *= 2;
        } else if axes.pools != Pools::Separate && axes.chunks_per_doubling < FINEST {
            axes.chunks_per_doubling *= 2;
        } else {
            break;
        }
        if within(&axes) > MOST_WITHIN {
            return before;
        }
    }
    axes
}

/// The depths of speculation that are tried: none, and each up to the one asked for.
pub(super) fn depths(workload: &Workload) -> Vec<f64> {
    let mut all = vec![0.0];
    while all.len() as f64 <= workload.drafted {
        all.push(all.len() as f64);
    }
    all
}
