//! The search for a serving design point: axes, shortlist with guard band, recomputation in `f64`, frontier.
//!
//! Layouts are folded once; layout × batch × prefill chunk is swept by the kernel on whatever the engine chooses;
//! what may lie on the frontier is computed again in `f64`, and only that is shown. A plan asks for the best point
//! under a promise on the time to the first and to each further token; `gigawatt sweep` shows the frontier.
//!
//! Speculation is an axis too: no draft, and every depth up to the one asked for. Static batches, which no kernel
//! scores, are few enough to be computed in `f64` at once. What a promise is for is scored, the mean or the 99th
//! percentile; the frontier is that of means. The best point under a promise to 99 of 100 need not lie on it, so it is the
//! first of the leading layouts.

mod axes;
pub mod shard;
pub mod sites;
mod static_batches;
pub mod training;

pub use axes::{Axes, Pools};

use crate::engine::{Engine, EngineError, Run};
use crate::kernel::frontier::Exact;
use crate::kernel::leaders::{Promised, leading};
use crate::kernel::serving_sweep::{
    BOUND_ARITHMETIC, BOUND_MEMORY, BOUND_MESSAGES, DesignSpace, Draft, ParallelLayout, ServingSweep,
    SweepError, Workload as Asked,
};
use crate::kernel::spread::Spread;
use crate::kernel::survey::Survey;
use crate::throughput::machine::Machine;
use crate::throughput::memory::{MemoryUse, Reserve};
use crate::throughput::operations::Part;
use crate::throughput::parallelism::{Layout, context_degrees, layouts_at};
use crate::throughput::precision::Precision;
use crate::throughput::queueing::{MOST_BUSY, draft_spread, mean_wait, tail_wait};
use crate::throughput::roofline::Operation;
use crate::throughput::serving::{Mode, POOL_SHARES, Promise, Replica, Workload, batches};
use crate::throughput::shape::ModelShape;
use crate::units::Seconds;
use axes::{chunks, depths, finer};
use shard::{Searched, Watch, search_shard};
use static_batches::static_batches;

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
    /// Tokens drafted for each decoded one.
    pub drafted: f64,
    /// Tokens that a step wins for a sequence.
    pub tokens_per_step: f64,
    /// Mean time to the first token of a request that need not wait.
    pub ttft: Seconds,
    /// Mean wait before its prefill, at the load of the workload.
    pub wait: Seconds,
    /// 99th percentile of the time to the first token, the wait included.
    pub ttft_p99: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// 99th percentile over requests of the time per output token.
    pub tpot_p99: Seconds,
    /// Time to hand a prompt's cache over from a pool of its own; 0 where there is none.
    pub hand_over: Seconds,
    /// Output tokens per second of one user.
    pub tokens_per_s_per_user: f64,
    /// Output tokens per second of one accelerator, all pools counted.
    pub tokens_per_s_per_accelerator: f64,
    /// What takes most of the step.
    pub bound: &'static str,
    /// How requests are run.
    pub mode: Mode,
    /// Memory of the fullest rank.
    pub memory: MemoryUse,
}

impl DesignPoint {
    /// The times that the workload's promise is for: to the first token and for each further one.
    #[must_use]
    pub fn promised(&self, workload: &Workload) -> (Seconds, Seconds) {
        match workload.promise {
            Promise::Mean => (self.ttft + self.wait, self.tpot),
            Promise::P99 => (self.ttft_p99, self.tpot_p99),
        }
    }

    /// Whether the latency promise holds.
    #[must_use]
    pub fn keeps(&self, workload: &Workload) -> bool {
        self.in_time(workload) && workload.tpot_limit.is_none_or(|limit| self.promised(workload).1 <= limit)
    }

    /// Whether the promise on the first token holds.
    fn in_time(&self, workload: &Workload) -> bool {
        workload.ttft_limit.is_none_or(|limit| self.promised(workload).0 <= limit)
    }
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Points that no other beats in both rates, fastest for the user first; all keep the TTFT promise.
    pub frontier: Vec<DesignPoint>,
    /// The most tokens/s per accelerator that keeps both promises.
    pub best: Option<DesignPoint>,
    /// The layouts that give most per accelerator, best first: their numbers, and their best points of those that keep the
    /// promise.
    pub leaders: Vec<(u64, DesignPoint)>,
    /// How the points that can run spread.
    pub spread: Option<Spread>,
    /// The shortest time per token that the promise is for, of points that keep the promise on the first.
    pub fastest: Option<Seconds>,
    /// Points scored.
    pub evaluated: u64,
    /// Points that can run.
    pub feasible: u64,
    /// Points that cannot run: out of memory, too few sequences, prefill that falls behind, no pool. A point may
    /// count more than once.
    pub misfits: [u64; 4],
    /// Layouts that hold the model.
    pub layouts: usize,
    /// The shard of the sweep that was searched, if there was anything to sweep.
    pub searched: Option<Searched>,
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
    /// What an earlier run has left does not belong here.
    #[error("how far the earlier run has come is of another sweep")]
    Earlier,
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
    mut watch: impl Watch,
) -> Result<Found, SearchError> {
    let mut domains = 1;
    loop {
        let most = machine.domain.max(1).saturating_mul(domains);
        let replicas = fold(model, machine, precision, workload, most, &axes.reserve);
        if !replicas.is_empty() || domains >= axes.most_domains {
            return sweep(&replicas, workload, axes, engine, &mut watch);
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
    reserve: &Reserve,
) -> Vec<Replica> {
    // Experts are never asked for evenly; how unevenly comes with the efficiency curves.
    let routing_skew = machine.curves.routing_skew;
    context_degrees(workload.uncached())
        .into_iter()
        .flat_map(|context| layouts_at(model, most, context))
        .filter_map(|layout| {
            let layout = Layout { routing_skew, ..layout };
            Replica::fold(model, machine, &layout, precision, workload, reserve)
        })
        .collect()
}

/// The prefill pool: the layout that prefills most per accelerator and still keeps the promise.
struct Pool {
    layout: Layout,
    tokens_per_s_per_accelerator: f64,
    /// Time of a prompt alone [s].
    ttft_s: f64,
    /// Part of its time that it is busy.
    busy: f64,
}

impl Pool {
    /// Time to the first token that the promise is for, hand-over and decode step left out [s].
    fn promised_s(&self, promise: Promise) -> f64 {
        self.ttft_s
            + match promise {
                Promise::Mean => mean_wait(self.ttft_s, self.busy),
                Promise::P99 => tail_wait(self.ttft_s, self.busy),
            }
    }
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
                // Pools are sized for the whole load at their share of the ideal rate.
                busy: (workload.load * POOL_SHARES.0).min(MOST_BUSY),
            }
        })
        .filter(|pool| workload.ttft_limit.is_none_or(|limit| pool.promised_s(workload.promise) <= limit.0))
        .max_by(|a, b| a.tokens_per_s_per_accelerator.total_cmp(&b.tokens_per_s_per_accelerator))
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
    matches!(
        part,
        Part::AllReduce | Part::AllToAll | Part::PipelineSend | Part::ContextRing | Part::ContextCombine
    )
}

fn design_space(replicas: &[Replica], pool: Option<&Pool>, workload: &Workload, axes: &Axes) -> DesignSpace {
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
            most_sequences: replica.most_sequences() as f32,
            stages: replica.layout.stages as f32,
            hand_over_s: replica.hand_over(workload) as f32,
            draft_share: replica.draft_share as f32,
            most_chunk: replica.most_chunk() as f32,
        });
    }
    space.batches = batches(axes.batches_per_doubling, axes.most_sequences);
    if axes.pools != Pools::Separate {
        space.chunks = chunks(axes.chunks_per_doubling, axes.reserve.step_tokens);
    }
    if axes.pools != Pools::Shared && pool.is_some() {
        space.chunks.insert(0, 0.0);
    }
    space.drafts = depths(workload)
        .into_iter()
        .map(|drafted| Draft {
            verified: 1.0 + drafted,
            emitted: workload.drafting(drafted).tokens_per_step(),
            drafted,
            spread: spread_of(&workload.drafting(drafted)),
        })
        .collect();
    space.workload = Asked {
        input_tokens: workload.uncached(),
        prefill_per_output: workload.uncached() / workload.output.max(1.0),
        context: workload.decode_context(),
        prefill_context: workload.prefill_context(),
        pool_ttft_s: pool.map_or(0.0, |pool| pool.promised_s(workload.promise)),
        pool_tokens_per_s: pool.map_or(0.0, |pool| pool.tokens_per_s_per_accelerator),
        decode_pool_share: POOL_SHARES.1,
        load: workload.load,
        tail: if workload.promise == Promise::P99 { 1.0 } else { 0.0 },
    };
    space
}

/// How far an answer's steps vary with its depth of speculation.
fn spread_of(depth: &Workload) -> f64 {
    draft_spread((depth.tokens_per_step(), depth.tokens_per_step_variance()), depth.output)
}

fn sweep(
    replicas: &[Replica],
    workload: &Workload,
    axes: &Axes,
    engine: &Engine,
    watch: &mut dyn Watch,
) -> Result<Found, SearchError> {
    let pool = prefill_pool(replicas, workload);
    let mut found = Found { layouts: replicas.len(), ..Found::default() };
    if axes.pools == Pools::Batches {
        static_batches(replicas, workload, axes, &mut found)?;
        return Ok(found);
    }
    let axes = &finer(axes, replicas.len(), workload, pool.is_some());
    let space = design_space(replicas, pool.as_ref(), workload, axes);
    if replicas.is_empty() || space.chunks.is_empty() {
        return Ok(found);
    }
    let kernel = ServingSweep::new(space)?;
    let single = |limit: Option<Seconds>| limit.map_or(f32::INFINITY, |limit| limit.0 as f32);
    let promised = Promised { ttft_s: single(workload.ttft_limit), tpot_s: single(workload.tpot_limit) };
    let mut survey = Survey::new(&kernel, promised, axes.leaders);
    let settle = |survey: &mut Survey| survey.settle(|index| exact(&kernel, workload, index));
    let (run, searched) = search_shard(engine, &kernel, axes.shard, &mut survey, watch, settle)?;
    (found.run, found.searched) = (run, Some(searched));
    found.evaluated = survey.shortlist().evaluated();
    found.feasible = survey.shortlist().feasible();
    found.misfits = survey.shortlist().misfits();
    found.spread = Some(survey.spread().clone());
    found.fastest = survey.fastest().map(|fastest| Seconds(f64::from(fastest)));
    let recomputed = |index| recomputed(&kernel, replicas, pool.as_ref(), workload, index);
    let (shortlist, leaders) = survey.candidates();
    let points = shortlist.iter().map(|candidate| recomputed(candidate.index)).collect();
    found.choose(points, workload);
    let leaders = leaders.into_iter().map(|index| (index / kernel.points_of_a_layout(), recomputed(index)));
    found.lead(leaders.collect(), workload, axes.leaders);
    Ok(found)
}

/// Distance from the limit on the time to first token within which a point pushes out no other: the sum of its parts may
/// be rounded otherwise where it is shown.
const LIMIT_GUARD: f64 = 1e-9;

/// The coordinates of a point in `f64`, as [`frontier`] compares them.
fn exact(kernel: &ServingSweep, workload: &Workload, index: u64) -> Exact {
    let point = kernel.reference(index);
    let in_time = |limit: Seconds| point.ttft_s <= limit.0 * (1.0 - LIMIT_GUARD);
    Exact {
        tokens_per_s_per_user: point.tokens_per_s_per_user,
        tokens_per_s_per_accelerator: point.tokens_per_s_per_accelerator,
        is_sure: point.misfit == 0 && workload.ttft_limit.is_none_or(in_time),
    }
}

impl Found {
    /// Keeps the layouts that lead, so many at most, of points with the numbers of their layouts, and the best point.
    fn lead(&mut self, mut points: Vec<(u64, DesignPoint)>, workload: &Workload, most: usize) {
        points.retain(|(_, point)| point.keeps(workload));
        self.leaders = leading(points, most.max(1), |point| point.tokens_per_s_per_accelerator);
        self.best = self.leaders.first().map(|(_, point)| *point);
    }

    /// Keeps the frontier of some points.
    fn choose(&mut self, points: Vec<DesignPoint>, workload: &Workload) {
        self.frontier = frontier(points.into_iter().filter(|point| point.in_time(workload)).collect());
    }
}

/// One point of the shortlist in `f64`.
fn recomputed(
    kernel: &ServingSweep,
    replicas: &[Replica],
    pool: Option<&Pool>,
    workload: &Workload,
    index: u64,
) -> DesignPoint {
    let (place, setting) = kernel.setting(index);
    let score = kernel.reference(index);
    let replica = &replicas[place];
    let layout = replica.layout;
    let separate = pool.filter(|_| setting.chunk == 0.0);
    let owed = setting.sequences / score.tpot_s * workload.uncached() / workload.output.max(1.0);
    let ratio = separate
        .map_or(0.0, |pool| owed / (pool.tokens_per_s_per_accelerator * f64::from(layout.accelerators())));
    // What a request that need not wait takes, and the queue in front of it.
    let (first_s, service_s, busy) = match separate {
        Some(pool) => {
            let after = score.first_s - pool.promised_s(workload.promise);
            (pool.ttft_s + after, pool.ttft_s, pool.busy)
        }
        None => (score.first_s, score.service_s, score.busy),
    };
    DesignPoint {
        layout,
        prefill_layout: separate.map(|pool| pool.layout),
        prefill_per_decode: ratio,
        batch: setting.sequences,
        chunk: setting.chunk,
        drafted: setting.draft.drafted,
        tokens_per_step: setting.draft.emitted,
        ttft: Seconds(first_s),
        wait: Seconds(mean_wait(service_s, busy)),
        ttft_p99: Seconds(first_s + tail_wait(service_s, busy)),
        tpot: Seconds(score.tpot_s),
        tpot_p99: Seconds(score.tpot_p99_s),
        hand_over: Seconds(separate.map_or(0.0, |_| replica.hand_over(workload))),
        tokens_per_s_per_user: score.tokens_per_s_per_user,
        tokens_per_s_per_accelerator: score.tokens_per_s_per_accelerator,
        bound: match score.bound {
            BOUND_ARITHMETIC => "arithmetic",
            BOUND_MEMORY => "memory traffic",
            BOUND_MESSAGES => "interconnect",
            _ => "launch and host",
        },
        mode: if separate.is_some() { Mode::Disaggregated } else { Mode::Aggregated },
        memory: replica.memory,
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
    use crate::throughput::memory::Reserve;
    use crate::throughput::precision::{Format, Precision};
    use crate::throughput::samples;
    use crate::throughput::serving::{Mode, Promise, Workload};
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

    fn found(asked: &Workload, axes: &Axes) -> super::Found {
        let precision = Precision::uniform(Format::Fp8);
        let engine = Engine::new(Backend::Cpu);
        let (model, machine) = (samples::deepseek_v3(), samples::gb200());
        explore(&model, &machine, precision, asked, axes, &engine, |_| ControlFlow::Continue(())).unwrap()
    }

    fn asked(promise: Promise, drafted: f64) -> Workload {
        Workload {
            ttft_limit: Some(Seconds(1.0)),
            tpot_limit: Some(Seconds(0.02)),
            drafted,
            acceptance: 0.75,
            promise,
            load: 0.8,
            ..Workload::fixed(4_096.0, 1_024.0)
        }
    }

    #[test]
    fn the_finest_axes_try_every_whole_number() {
        let fine = Axes { least_points: u64::MAX, ..Axes::fine(Pools::Either) };
        let finest = super::finer(&fine, 10, &asked(Promise::Mean, 0.0), true);
        assert_eq!(super::batches(finest.batches_per_doubling, 16_384.0).len(), 16_384);
        assert_eq!(super::chunks(finest.chunks_per_doubling, 1e6).len(), 16_384 - 256 + 1);
        // A plan's axes stay as they are.
        let coarse = Axes::coarse(Pools::Either);
        assert_eq!(super::finer(&coarse, 10, &asked(Promise::Mean, 0.0), true), coarse);
    }

    #[test]
    fn a_promise_to_99_of_100_never_gives_more_than_one_on_the_mean() {
        for pools in [Pools::Shared, Pools::Separate, Pools::Either] {
            let best = |promise| found(&asked(promise, 0.0), &Axes::coarse(pools)).best.unwrap();
            let (mean, tail) = (best(Promise::Mean), best(Promise::P99));
            assert!(tail.tokens_per_s_per_accelerator <= mean.tokens_per_s_per_accelerator * 1.000_001);
            assert!(tail.ttft_p99 <= Seconds(1.0) && tail.tpot_p99 <= Seconds(0.02), "{tail:?}");
            for point in [mean, tail] {
                assert!(
                    point.ttft_p99 >= point.ttft + point.wait && point.tpot_p99 >= point.tpot,
                    "{point:?}"
                );
                assert!(point.wait > Seconds(0.0), "{point:?}");
            }
        }
    }

    #[test]
    fn more_depths_never_make_the_best_point_worse() {
        // Short answers: how many tokens hold tells much of the 99th percentile, and the best point is off the frontier
        // of means.
        for limit in [0.009, 0.010, 0.0125, 0.02] {
            let asked = |drafted| Workload {
                ttft_limit: Some(Seconds(60.0)),
                tpot_limit: Some(Seconds(limit)),
                drafted,
                acceptance: 0.5,
                promise: Promise::P99,
                load: 0.8,
                ..Workload::fixed(1_024.0, 2.0)
            };
            let best = |drafted| {
                let found = found(&asked(drafted), &Axes::coarse(Pools::Either));
                assert!(found.leaders.iter().all(|(_, point)| point.keeps(&asked(drafted))));
                assert_eq!(found.best, found.leaders.first().map(|(_, point)| *point));
                found.best.map_or(0.0, |point| point.tokens_per_s_per_accelerator)
            };
            let depths = [0.0, 1.0, 2.0, 4.0].map(best);
            assert!(depths.is_sorted(), "{limit}: {depths:?}");
        }
    }

    #[test]
    fn speculation_may_be_shallower_than_asked_but_never_deeper() {
        let plain = found(&asked(Promise::Mean, 0.0), &Axes::coarse(Pools::Either)).best.unwrap();
        let drafted = found(&asked(Promise::Mean, 3.0), &Axes::coarse(Pools::Either)).best.unwrap();
        assert!(drafted.drafted <= 3.0 && drafted.drafted >= 0.0);
        assert!(drafted.tokens_per_s_per_accelerator > plain.tokens_per_s_per_accelerator);
        let useless = Workload { acceptance: 0.0, ..asked(Promise::Mean, 3.0) };
        let best = found(&useless, &Axes::coarse(Pools::Either)).best.unwrap();
        assert!(best.drafted < 0.5, "{best:?}");
    }

    #[test]
    fn a_static_batch_serves_less_than_mixed_steps_under_the_same_promise() {
        let asked = Workload { longest: 2.0, ..asked(Promise::Mean, 0.0) };
        let fixed = found(&asked, &Axes::coarse(Pools::Batches));
        let mixed = found(&asked, &Axes::coarse(Pools::Shared));
        let (fixed_best, mixed_best) = (fixed.best.as_ref().unwrap(), mixed.best.as_ref().unwrap());
        assert_eq!(fixed_best.mode, Mode::Static);
        assert!(fixed.feasible > 0 && fixed.feasible <= fixed.evaluated);
        for found in [&fixed, &mixed] {
            let counted: u64 =
                found.spread.as_ref().unwrap().of(crate::kernel::spread::Measure::FirstToken).iter().sum();
            assert_eq!(counted, found.feasible);
        }
        assert!(fixed_best.tokens_per_s_per_accelerator < mixed_best.tokens_per_s_per_accelerator);
    }

    #[test]
    fn the_reserve_binds_the_sequences() {
        let axes = Axes::coarse(Pools::Shared);
        let small = Axes { reserve: Reserve { share: 0.6, ..axes.reserve }, ..axes };
        let (usual, small) =
            (found(&asked(Promise::Mean, 0.0), &axes), found(&asked(Promise::Mean, 0.0), &small));
        assert!(small.feasible < usual.feasible);
        for point in small.frontier {
            assert!(point.batch <= point.memory.sequences);
        }
    }

    #[test]
    fn a_long_prompt_under_a_tight_promise_is_shared_over_context_ranks() {
        let asked = |limit| Workload {
            ttft_limit: Some(Seconds(limit)),
            tpot_limit: Some(Seconds(0.05)),
            ..Workload::fixed(500_000.0, 500.0)
        };
        let precision = Precision::uniform(Format::Fp8);
        let engine = Engine::new(Backend::Cpu);
        let (model, machine) = (samples::llama_70b(), samples::gb200());
        let axes = Axes::coarse(Pools::Separate);
        let best = |limit| {
            explore(&model, &machine, precision, &asked(limit), &axes, &engine, |_| ControlFlow::Continue(()))
                .unwrap()
                .best
        };
        let tight = best(20.0).expect("context ranks keep it");
        assert!(tight.prefill_layout.unwrap().context > 1, "{tight:?}");
    }
}
