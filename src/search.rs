//! The search for a serving design point: axes, shortlist with guard band, recomputation in `f64`, frontier.
//!
//! Layouts are folded once; layout × batch × prefill chunk is swept by the kernel on whatever the engine chooses;
//! what may lie on the frontier is computed again in `f64`, and only that is shown. A plan asks for the best point
//! under a promise on the time to the first and to each further token; `gigawatt sweep` shows the frontier.

use crate::engine::{Engine, EngineError, Progress, Run};
use crate::kernel::frontier::Shortlist;
use crate::kernel::serving_sweep::{
    BOUND_ARITHMETIC, BOUND_MEMORY, BOUND_MESSAGES, DesignSpace, Draft, ParallelLayout, ServingSweep,
    SweepError, Workload as Asked,
};
use crate::throughput::efficiency::CurveSet;
use crate::throughput::machine::Machine;
use crate::throughput::memory::Reserve;
use crate::throughput::operations::{ModelShape, Part};
use crate::throughput::parallelism::{Layout, layouts};
use crate::throughput::precision::Precision;
use crate::throughput::roofline::Operation;
use crate::throughput::serving::{POOL_SHARES, Replica, Workload, batches};
use crate::units::Seconds;
use std::ops::ControlFlow;

/// How prefill is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pools {
    /// Whichever gives more.
    Either,
    /// In the steps of the decode pool.
    Shared,
    /// In a pool of its own.
    Separate,
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
    /// Domains that a replica may span when no single one holds the model.
    pub most_domains: u32,
    /// How prefill is run.
    pub pools: Pools,
    /// Layouts of this remainder …
    pub shard: u32,
    /// … modulo this are searched; 1 for all.
    pub shards: u32,
}

impl Axes {
    /// Coarse axes, for the best point of a plan in a few milliseconds.
    #[must_use]
    pub fn coarse(pools: Pools) -> Self {
        Self {
            batches_per_doubling: 4,
            most_sequences: 16_384.0,
            chunks_per_doubling: 1,
            most_domains: 8,
            pools,
            shard: 0,
            shards: 1,
        }
    }

    /// Fine axes, for a frontier.
    #[must_use]
    pub fn fine(pools: Pools) -> Self {
        Self { batches_per_doubling: 32, chunks_per_doubling: 6, ..Self::coarse(pools) }
    }
}

/// The shortest prefill chunk that is tried [tokens].
const LEAST_CHUNK: f64 = 256.0;
/// The longest [tokens].
const MOST_CHUNK: f64 = 16_384.0;

/// A design point, computed in `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignPoint {
    /// The split; of the decode pool where there are two.
    pub layout: Layout,
    /// The split of the prefill pool, if there is one.
    pub prefill_layout: Option<Layout>,
    /// Accelerators of the prefill pool for each of the decode pool.
    pub prefill_per_decode: f64,
    /// Sequences that decode on a replica.
    pub batch: f64,
    /// Prefill tokens of a mixed step; 0 where a pool prefills.
    pub chunk: f64,
    /// Mean time to the first token of a request that finds a free slot.
    pub ttft: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// Output tokens per second of one user.
    pub tokens_per_s_per_user: f64,
    /// Output tokens per second of one accelerator, all pools counted.
    pub tokens_per_s_per_accelerator: f64,
    /// What takes most of the step.
    pub bound: &'static str,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Points that no other beats in both rates, fastest for the user first; all keep the TTFT promise.
    pub frontier: Vec<DesignPoint>,
    /// The most tokens/s per accelerator that keeps both promises.
    pub best: Option<DesignPoint>,
    /// The fastest time per token of any point, promise or not.
    pub fastest: Option<Seconds>,
    /// Points scored.
    pub evaluated: u64,
    /// Points that can run.
    pub feasible: u64,
    /// Layouts that hold the model.
    pub layouts: usize,
    /// What the engine did.
    pub run: Run,
}

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The engine could not run the kernel.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The axes make no sweep.
    #[error(transparent)]
    Sweep(#[from] SweepError),
}

/// Searches the design space of one model on one machine.
///
/// A replica stays within a domain; only if no single domain holds the model does it span several.
pub fn explore(
    model: &ModelShape,
    machine: &Machine,
    precision: Precision,
    workload: &Workload,
    axes: &Axes,
    engine: &Engine,
    mut progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Found, SearchError> {
    let mut domains = 1;
    loop {
        let most = machine.domain.max(1).saturating_mul(domains);
        let replicas = fold(model, machine, precision, workload, most);
        if !replicas.is_empty() || domains >= axes.most_domains {
            return sweep(&replicas, workload, axes, engine, &mut progress);
        }
        domains *= 2;
    }
}

/// Layouts that hold the model on at most so many accelerators.
fn fold(
    model: &ModelShape,
    machine: &Machine,
    precision: Precision,
    workload: &Workload,
    most: u32,
) -> Vec<Replica> {
    // Experts are never asked for evenly; how unevenly comes with the efficiency curves.
    let routing_skew = CurveSet::embedded().routing_skew;
    layouts(model, most)
        .into_iter()
        .filter_map(|layout| {
            let layout = Layout { routing_skew, ..layout };
            Replica::fold(model, machine, &layout, precision, workload, &Reserve::default())
        })
        .collect()
}

/// The prefill pool: the layout that prefills most per accelerator and still keeps the promise.
struct Pool {
    layout: Layout,
    tokens_per_s_per_accelerator: f64,
    ttft_s: f64,
}

fn prefill_pool(replicas: &[Replica], workload: &Workload) -> Option<Pool> {
    replicas
        .iter()
        .map(|replica| {
            let (prompts, alone) = replica.prefill(workload);
            let rate = POOL_SHARES.0 * prompts * workload.uncached();
            Pool {
                layout: replica.layout,
                tokens_per_s_per_accelerator: rate / f64::from(replica.layout.accelerators()),
                ttft_s: alone,
            }
        })
        .filter(|pool| workload.ttft_limit.is_none_or(|limit| pool.ttft_s <= limit.0))
        .max_by(|a, b| a.tokens_per_s_per_accelerator.total_cmp(&b.tokens_per_s_per_accelerator))
}

/// Prefill tokens of a mixed step, shortest first.
fn chunks(per_doubling: u32) -> Vec<f64> {
    let step = (1.0 / f64::from(per_doubling.max(1))).exp2();
    let mut all = Vec::new();
    let mut chunk = LEAST_CHUNK;
    while chunk <= MOST_CHUNK * 1.000_001 {
        all.push(chunk.round());
        chunk *= step;
    }
    all
}

/// A row for a pipeline: each stage sees its part of the sequences, one stage after the other.
fn over_stages(row: &Operation, stages: f64) -> Operation {
    Operation {
        repeats: row.repeats * stages,
        decode_share: row.decode_share / stages,
        prefill_share: row.prefill_share / stages,
        ..*row
    }
}

fn is_message(part: Part) -> bool {
    matches!(part, Part::AllReduce | Part::AllToAll | Part::PipelineSend)
}

fn design_space(replicas: &[&Replica], pool: Option<&Pool>, workload: &Workload, axes: &Axes) -> DesignSpace {
    let mut space = DesignSpace::default();
    for replica in replicas {
        let stages = f64::from(replica.layout.stages);
        let first_operation = space.rows.len() as u32;
        let rows = |messages: bool| {
            let pairs = replica.table.rows.iter().zip(&replica.table.parts);
            pairs
                .filter(move |(_, part)| is_message(**part) == messages)
                .map(|(row, _)| over_stages(row, stages))
        };
        space.rows.extend(rows(false));
        let first_message = space.rows.len() as u32;
        space.rows.extend(rows(true));
        space.layouts.push(ParallelLayout {
            first_operation,
            first_message,
            end: space.rows.len() as u32,
            accelerators: replica.layout.accelerators() as f32,
            least_sequences: (replica.layout.attention_replicas * replica.layout.stages) as f32,
            most_sequences: replica.memory.sequences.floor() as f32,
            stages: replica.layout.stages as f32,
            hand_over_s: replica.hand_over(workload) as f32,
        });
    }
    space.batches = batches(axes.batches_per_doubling, axes.most_sequences);
    if axes.pools != Pools::Separate {
        space.chunks = chunks(axes.chunks_per_doubling);
    }
    if axes.pools != Pools::Shared && pool.is_some() {
        space.chunks.insert(0, 0.0);
    }
    space.drafts = vec![Draft { verified: 1.0, emitted: 1.0, drafting_share: 0.0 }];
    space.workload = Asked {
        input_tokens: workload.uncached(),
        prefill_per_output: workload.uncached() / workload.output.max(1.0),
        context: workload.decode_context(),
        prefill_context: workload.prefill_context(),
        pool_ttft_s: pool.map_or(0.0, |pool| pool.ttft_s),
        pool_tokens_per_s: pool.map_or(0.0, |pool| pool.tokens_per_s_per_accelerator),
        decode_pool_share: POOL_SHARES.1,
    };
    space
}

fn sweep(
    replicas: &[Replica],
    workload: &Workload,
    axes: &Axes,
    engine: &Engine,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Found, SearchError> {
    let pool = prefill_pool(replicas, workload);
    let shard: Vec<&Replica> = replicas
        .iter()
        .enumerate()
        .filter(|(place, _)| *place as u32 % axes.shards.max(1) == axes.shard)
        .map(|(_, replica)| replica)
        .collect();
    let mut found = Found { layouts: replicas.len(), ..Found::default() };
    let space = design_space(&shard, pool.as_ref(), workload, axes);
    if shard.is_empty() || space.chunks.is_empty() {
        return Ok(found);
    }
    let kernel = ServingSweep::new(space)?;
    let limit = workload.ttft_limit.map_or(f32::INFINITY, |limit| limit.0 as f32);
    let mut shortlist = Shortlist::new(limit);
    found.run = engine.run(&kernel, &mut shortlist, &mut *progress)?;
    found.evaluated = shortlist.evaluated();
    found.feasible = shortlist.feasible();
    let points: Vec<DesignPoint> = shortlist
        .candidates()
        .iter()
        .map(|candidate| recomputed(&kernel, &shard, pool.as_ref(), workload, candidate.index))
        .collect();
    found.fastest = points.iter().map(|point| point.tpot).reduce(Seconds::min);
    let in_time = |point: &&DesignPoint| workload.ttft_limit.is_none_or(|limit| point.ttft <= limit);
    found.frontier = frontier(points.iter().filter(in_time).copied().collect());
    found.best = found
        .frontier
        .iter()
        .filter(|point| workload.tpot_limit.is_none_or(|limit| point.tpot <= limit))
        .max_by(|a, b| a.tokens_per_s_per_accelerator.total_cmp(&b.tokens_per_s_per_accelerator))
        .copied();
    Ok(found)
}

/// One point of the shortlist in `f64`.
fn recomputed(
    kernel: &ServingSweep,
    replicas: &[&Replica],
    pool: Option<&Pool>,
    workload: &Workload,
    index: u64,
) -> DesignPoint {
    let (place, setting) = kernel.setting(index);
    let score = kernel.reference(index);
    let layout = replicas[place].layout;
    let separate = pool.filter(|_| setting.chunk == 0.0);
    let owed = setting.sequences / score.tpot_s * workload.uncached() / workload.output.max(1.0);
    let ratio = separate
        .map_or(0.0, |pool| owed / (pool.tokens_per_s_per_accelerator * f64::from(layout.accelerators())));
    DesignPoint {
        layout,
        prefill_layout: separate.map(|pool| pool.layout),
        prefill_per_decode: ratio,
        batch: setting.sequences,
        chunk: setting.chunk,
        ttft: Seconds(score.ttft_s),
        tpot: Seconds(score.tpot_s),
        tokens_per_s_per_user: score.tokens_per_s_per_user,
        tokens_per_s_per_accelerator: score.tokens_per_s_per_accelerator,
        bound: match score.bound {
            BOUND_ARITHMETIC => "arithmetic",
            BOUND_MEMORY => "memory traffic",
            BOUND_MESSAGES => "interconnect",
            _ => "launch and host",
        },
    }
}

/// The points that no other beats in both rates, fastest for the user first.
#[must_use]
pub fn frontier(mut points: Vec<DesignPoint>) -> Vec<DesignPoint> {
    points.sort_by(|a, b| {
        b.tokens_per_s_per_user
            .total_cmp(&a.tokens_per_s_per_user)
            .then(b.tokens_per_s_per_accelerator.total_cmp(&a.tokens_per_s_per_accelerator))
    });
    let mut most = 0.0;
    points.retain(|point| {
        let better = point.tokens_per_s_per_accelerator > most;
        if better {
            most = point.tokens_per_s_per_accelerator;
        }
        better
    });
    points
}

#[cfg(test)]
mod tests {
    use super::{Axes, Pools, explore};
    use crate::engine::{Backend, Engine};
    use crate::throughput::precision::{Format, Precision};
    use crate::throughput::samples;
    use crate::throughput::serving::Workload;
    use crate::units::Seconds;
    use std::ops::ControlFlow;

    #[test]
    fn the_best_point_keeps_the_promise_and_leads_the_frontier_there() {
        let limit = Seconds(0.02);
        let asked = Workload {
            ttft_limit: Some(Seconds(2.0)),
            tpot_limit: Some(limit),
            ..Workload::fixed(1_024.0, 1_024.0)
        };
        let found = explore(
            &samples::deepseek_v3(),
            &samples::gb200(),
            Precision::uniform(Format::Fp8),
            &asked,
            &Axes::coarse(Pools::Either),
            &Engine::new(Backend::Cpu),
            |_| ControlFlow::Continue(()),
        )
        .unwrap();
        let best = found.best.unwrap();
        assert!(best.tpot <= limit && best.ttft <= Seconds(2.0), "{best:?}");
        let most = found
            .frontier
            .iter()
            .filter(|point| point.tpot <= limit)
            .map(|point| point.tokens_per_s_per_accelerator)
            .fold(0.0, f64::max);
        assert!((best.tokens_per_s_per_accelerator / most - 1.0).abs() < 1e-12);
        for pair in found.frontier.windows(2) {
            assert!(pair[0].tokens_per_s_per_user > pair[1].tokens_per_s_per_user);
            assert!(pair[0].tokens_per_s_per_accelerator < pair[1].tokens_per_s_per_accelerator);
        }
    }
}
