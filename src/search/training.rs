//! The search for a training layout: splits, sweep, shortlist with guard band, recomputation in `f64`, scaling curve.
//!
//! Every whole number of tensor, context and expert ranks and stages is tried that divides the job, the heads, the
//! experts and the widths, up to what practice bounds ([`is_searched`]); what may be fastest is evaluated again in
//! `f64`, and only that is shown. Layers are computed again just as memory asks: that is never slower than computing
//! all again, and where none need be it is the same as computing none.

use super::SearchError;
use super::shard::{Searched, Shard, Watch, search_shard};
use crate::engine::{Backend, Engine, Progress, Run};
use crate::kernel::training_sweep::fastest::Fastest;
use crate::kernel::training_sweep::{TrainingSpace, TrainingSweep};
use crate::throughput::machine::Machine;
use crate::throughput::shape::ModelShape;
use crate::throughput::training::point;
use crate::throughput::training::split::{JobTerms, Ranks, Scale, Split};
use crate::throughput::training::{Recompute, TrainingJob, TrainingLayout, TrainingPoint, evaluate};
use std::ops::ControlFlow;

/// Tensor ranks at most: the widest published are 64 on one domain.
const MOST_TENSOR: u32 = 64;
/// Stages up to which layers need not divide evenly: recipes have up to 32.
const MOST_UNEVEN_STAGES: u32 = 32;
/// Context ranks at most.
const MOST_CONTEXT: u32 = 16;
/// Positions below which a context rank is not worth its messages.
const LEAST_POSITIONS: f64 = 4_096.0;
/// Chunks of a stage that are tried whether or not its layers divide over them.
const FEW_CHUNKS: u32 = point::FEW_CHUNKS as u32;
/// Chunks of a stage at most: published recipes have up to 20, and the sends between them are not counted.
const MOST_CHUNKS: u32 = 20;
/// Sequences of a micro-batch at most: published recipes have up to 16.
const MOST_MICRO_BATCH: u32 = 16;

/// Whether a layout is one of those that are tried: what the model of a step leaves out would flatter the others.
///
/// Tensor ranks stay in one domain, context ranks have 4,096 positions each. Many stages, and many chunks of
/// a stage, have whole layers: the step counts no layer of a stage that others do not have. Weights gathered layer by
/// layer do not go with a pipeline, which would gather them once a micro-batch.
#[must_use]
pub fn is_searched(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    layout: &TrainingLayout,
) -> bool {
    let whole = |parts: u32| parts > 0 && model.layers.is_multiple_of(parts);
    let domain = machine.domain.max(1);
    layout.tensor <= MOST_TENSOR.min(domain)
        && layout.context <= most_context(job)
        && (layout.stages <= MOST_UNEVEN_STAGES || whole(layout.stages))
        && layout.interleave <= MOST_CHUNKS
        && (layout.interleave <= FEW_CHUNKS || whole(layout.stages.saturating_mul(layout.interleave)))
        && (!layout.sharded || layout.stages == 1)
        && layout.micro_batch <= MOST_MICRO_BATCH
}

fn most_context(job: &TrainingJob) -> u32 {
    (job.sequence / LEAST_POSITIONS).clamp(1.0, f64::from(MOST_CONTEXT)) as u32
}

/// The fastest layout on a number of accelerators, and the fastest of another split to argue with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalePoint {
    /// Accelerators.
    pub accelerators: u32,
    /// The fastest.
    pub best: Option<TrainingPoint>,
    /// The fastest that shares tensor, stages, context, experts or weights otherwise.
    pub runner_up: Option<TrainingPoint>,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// One point for each number of accelerators, in the order asked for.
    pub curve: Vec<ScalePoint>,
    /// Points scored.
    pub evaluated: u64,
    /// Points that divide and fit.
    pub feasible: u64,
    /// Points that cannot run: the job does not divide, memory is short.
    pub misfits: [u64; 2],
    /// Splits that hold the model on some number of accelerators.
    pub splits: usize,
    /// The shard of the sweep that was searched, if there was anything to sweep.
    pub searched: Option<Searched>,
    /// What the engine did.
    pub run: Run,
}

/// The fastest layout that fits into memory, and the fastest of another split.
///
/// On the CPU: the driver of a device would take longer to wake than the points of one scale take.
pub fn best_layout(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
) -> Result<(Option<TrainingPoint>, Option<TrainingPoint>), SearchError> {
    let engine = Engine::new(Backend::Cpu);
    let scales = [job.accelerators];
    let go_on = |_: Progress| ControlFlow::Continue(());
    let found = explore(model, machine, job, &scales, Shard::WHOLE, &engine, go_on)?;
    Ok(found.curve.first().map_or((None, None), |point| (point.best, point.runner_up)))
}

/// The legal layout that asks for the least memory, everything computed again; `None` where no layout is legal.
#[must_use]
pub fn leanest_layout(model: &ModelShape, machine: &Machine, job: &TrainingJob) -> Option<TrainingPoint> {
    splits(model, machine, job, &[job.accelerators])
        .into_iter()
        .filter_map(|split| {
            evaluate(model, machine, job, &TrainingLayout { recompute: Recompute::Full, ..split })
        })
        .min_by(|a, b| a.memory.total.0.total_cmp(&b.memory.total.0))
}

/// Searches the layouts of a job on each of some numbers of accelerators, its batch the same on all.
pub fn explore(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    scales: &[u32],
    shard: Shard,
    engine: &Engine,
    mut watch: impl Watch,
) -> Result<Found, SearchError> {
    let nothing =
        |accelerators: &u32| ScalePoint { accelerators: *accelerators, best: None, runner_up: None };
    let mut found = Found { curve: scales.iter().map(nothing).collect(), ..Found::default() };
    let layouts = splits(model, machine, job, scales);
    found.splits = layouts.len();
    // A batch that is no whole number of sequences divides over nothing.
    if layouts.is_empty() || job.global_batch < 1.0 || job.global_batch.fract() > 0.0 {
        return Ok(found);
    }
    let kernel = TrainingSweep::new(space(model, machine, job, scales, &layouts))?;
    let mut fastest = Fastest::new(&kernel);
    let (run, searched) = search_shard(engine, &kernel, shard, &mut fastest, &mut watch, |_| ())?;
    (found.run, found.searched) = (run, Some(searched));
    (found.evaluated, found.feasible, found.misfits) =
        (fastest.evaluated(), fastest.feasible(), fastest.misfits());

    // Of those that may win, the fastest in `f64`; equal ones in the order of the search.
    let mut ranked: Vec<(usize, usize, f64, u64)> = fastest
        .candidates()
        .iter()
        .map(|candidate| (candidate.index, kernel.reference(candidate.index)))
        .filter(|(_, point)| point.misfit == 0)
        .map(|(index, point)| {
            let (scale, split, _) = kernel.place(index);
            (scale, split, point.step_s, index)
        })
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(a.2.total_cmp(&b.2)).then(a.3.cmp(&b.3)));
    for group in ranked.chunk_by(|a, b| a.0 == b.0) {
        let point = |&(scale, split, _, index): &(usize, usize, f64, u64)| {
            let (_, _, setting) = kernel.place(index);
            let layout = TrainingLayout {
                micro_batch: setting.micro_batch as u32,
                interleave: setting.interleave as u32,
                ..layouts[split]
            };
            evaluate(model, machine, &TrainingJob { accelerators: scales[scale], ..*job }, &layout)
        };
        let best = group[0];
        let other = group.iter().find(|candidate| candidate.1 != best.1);
        found.curve[best.0].best = point(&best);
        found.curve[best.0].runner_up = other.and_then(point);
    }
    Ok(found)
}

/// All splits of the job on some of the scales; micro-batch and interleaving are the sweep's.
fn splits(model: &ModelShape, machine: &Machine, job: &TrainingJob, scales: &[u32]) -> Vec<TrainingLayout> {
    let most = scales.iter().copied().max().unwrap_or(0);
    let runs = |ranks: u32| ranks > 0 && scales.iter().any(|scale| *scale > 0 && scale.is_multiple_of(ranks));
    let mut found = Vec::new();
    let experts = model.feed_forward.experts.max(1);
    let tensors = 1..=MOST_TENSOR.min(machine.domain.max(1)).min(most);
    for tensor in tensors.filter(|tensor| runs(*tensor) && model.attention.heads.is_multiple_of(*tensor)) {
        for stages in (1..=model.layers.min(most / tensor)).filter(|stages| runs(tensor * stages)) {
            for context in 1..=most_context(job) {
                for expert in (1..=experts).filter(|expert| experts.is_multiple_of(*expert)) {
                    for sharded in [false, true] {
                        let layout = TrainingLayout {
                            context,
                            expert,
                            sharded,
                            recompute: Recompute::Needed,
                            ..TrainingLayout::new(tensor, stages)
                        };
                        if is_searched(model, machine, job, &layout)
                            && layout.illegal_split(model).is_none()
                            && layout.replica().is_some_and(runs)
                        {
                            found.push(layout);
                        }
                    }
                }
            }
        }
    }
    found
}

/// Folds the splits and lays out the axes.
fn space(
    model: &ModelShape,
    machine: &Machine,
    job: &TrainingJob,
    scales: &[u32],
    layouts: &[TrainingLayout],
) -> TrainingSpace {
    let mut splits = Vec::with_capacity(layouts.len());
    let mut known: Vec<([u32; 3], Ranks)> = Vec::new();
    for layout in layouts {
        let key = [layout.tensor, layout.context, layout.expert];
        let ranks = known.iter().rev().find(|(known, _)| *known == key).map(|(_, ranks)| *ranks);
        let ranks = ranks.unwrap_or_else(|| {
            let ranks = Ranks::fold(model, machine, job, layout);
            known.push((key, ranks));
            ranks
        });
        splits.push(Split::of(&ranks, model, machine, job, layout));
    }
    let chunks = splits.iter().map(|split| split.most_interleave as u32).max().unwrap_or(1);
    let chunks = (1..=chunks.min(MOST_CHUNKS))
        .filter(|chunk| *chunk <= FEW_CHUNKS || model.layers.is_multiple_of(*chunk));
    let micro_batches = (1..=MOST_MICRO_BATCH).map(f64::from);
    TrainingSpace {
        job: JobTerms::new(model, machine, job),
        scales: scales.iter().map(|scale| Scale::of(model, job, *scale)).collect(),
        splits,
        interleaves: chunks.map(f64::from).collect(),
        micro_batches: micro_batches.filter(|size| job.global_batch % size < 0.5).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;
    use crate::kernel::serving_sweep::sample::Numbers;
    use crate::kernel::training_sweep::MISFIT_UNEVEN;
    use crate::throughput::precision::{Format, Precision};
    use crate::throughput::samples;
    use crate::throughput::shape::{AttentionShape, FeedForwardShape};

    fn job(accelerators: u32, batch: f64) -> TrainingJob {
        TrainingJob::new(accelerators, 8_192.0, batch, Precision::uniform(Format::Bf16))
    }

    /// A dense model with other layers.
    fn cut(model: ModelShape, layers: u32) -> ModelShape {
        ModelShape {
            layers,
            attention: AttentionShape { full_layers: layers, ..model.attention },
            feed_forward: FeedForwardShape { dense_layers: layers, ..model.feed_forward },
            ..model
        }
    }

    /// DeepSeek-V3 with one dense layer and six with experts.
    fn seven_layers() -> ModelShape {
        let model = samples::deepseek_v3();
        ModelShape {
            layers: 7,
            mtp_layers: 0,
            attention: AttentionShape { full_layers: 7, ..model.attention },
            feed_forward: FeedForwardShape { dense_layers: 1, moe_layers: 6, ..model.feed_forward },
            ..model
        }
    }

    fn split_of(layout: &TrainingLayout) -> (u32, u32, u32, u32, bool) {
        (layout.tensor, layout.stages, layout.context, layout.expert, layout.sharded)
    }

    /// The fastest and the fastest of another split among points.
    fn ranked(points: &[TrainingPoint]) -> (Option<TrainingPoint>, Option<TrainingPoint>) {
        let least = |points: &mut dyn Iterator<Item = &TrainingPoint>| {
            points.min_by(|a, b| a.step.0.total_cmp(&b.step.0)).copied()
        };
        let best = least(&mut points.iter());
        let other = |point: &&TrainingPoint| {
            best.is_some_and(|best| split_of(&best.layout) != split_of(&point.layout))
        };
        (best, least(&mut points.iter().filter(other)))
    }

    /// Every whole number of every kind of rank, without the sweep.
    fn brute_force(model: &ModelShape, machine: &Machine, job: &TrainingJob) -> Vec<TrainingPoint> {
        let n = job.accelerators;
        let mut found = Vec::new();
        let degrees = (1..=n).flat_map(|t| (1..=n / t).map(move |s| (t, s)));
        for (tensor, stages) in degrees {
            for (context, expert) in
                (1..=16).flat_map(|c| (1..=model.feed_forward.experts.max(1)).map(move |e| (c, e)))
            {
                let split = TrainingLayout {
                    context,
                    expert,
                    recompute: Recompute::Needed,
                    ..TrainingLayout::new(tensor, stages)
                };
                if split.illegal_split(model).is_some() {
                    continue;
                }
                for sharded in [false, true] {
                    for (interleave, micro_batch) in
                        (1..=model.layers).flat_map(|v| (1..=64).map(move |m| (v, m)))
                    {
                        let layout = TrainingLayout { interleave, sharded, micro_batch, ..split };
                        if is_searched(model, machine, job, &layout) {
                            found.extend(evaluate(model, machine, job, &layout));
                        }
                    }
                }
            }
        }
        found.retain(|point| point.fits(machine));
        found
    }

    #[test]
    fn the_search_equals_brute_force_over_all_whole_numbers() {
        let cases = [
            (samples::llama_8b(), samples::h100(), job(8, 32.0)),
            (samples::llama_8b(), samples::h100(), job(24, 48.0)),
            (cut(samples::llama_8b(), 31), samples::h100(), job(12, 36.0)),
            (samples::llama_70b(), samples::gb200(), job(16, 64.0)),
            (samples::mixtral_8x7b(), samples::h100(), job(32, 64.0)),
            (seven_layers(), samples::h100(), job(24, 48.0)),
        ];
        for (model, machine, job) in cases {
            let all = brute_force(&model, &machine, &job);
            let (best, second) = ranked(&all);
            let (found, runner_up) = best_layout(&model, &machine, &job).expect("it runs");
            assert!(all.len() > 100, "{} points fit", all.len());
            for (found, expected) in [(found, best), (runner_up, second)] {
                let (found, expected) = (found.expect("fits"), expected.expect("fits"));
                assert_eq!(found.step, expected.step, "{found:?} against {expected:?}");
            }
        }
    }

    #[test]
    fn the_search_finds_a_layout_that_fits_and_no_listed_one_beats_it() {
        let (model, machine, job) = (samples::llama_70b(), samples::h100(), job(64, 256.0));
        let (best, second) = best_layout(&model, &machine, &job).expect("it runs");
        let best = best.expect("fits on 64");
        assert!(best.fits(&machine) && best.memory.total.0 <= 76e9);
        assert!(second.expect("more than one split").step >= best.step);
        for recompute in [Recompute::Full, Recompute::Needed] {
            let known = TrainingLayout { interleave: 5, recompute, ..TrainingLayout::new(4, 4) };
            let known = evaluate(&model, &machine, &job, &known).expect("legal");
            assert!(known.fits(&machine) && best.step <= known.step);
        }
    }

    // The kernel's legality is arithmetic on the row, the layout's has reasons: they must not part.
    #[test]
    fn the_kernel_scores_what_a_layout_calls_legal_and_nothing_else() {
        let (model, machine, job) = (seven_layers(), samples::gb200(), job(24, 144.0));
        let scales = [24, 36, 64];
        let layouts = splits(&model, &machine, &job, &scales);
        let kernel =
            TrainingSweep::new(space(&model, &machine, &job, &scales, &layouts)).expect("it is valid");
        let (mut legal, mut illegal) = (0, 0);
        for index in 0..kernel.points() {
            let (scale, split, setting) = kernel.place(index);
            let layout = TrainingLayout {
                micro_batch: setting.micro_batch as u32,
                interleave: setting.interleave as u32,
                ..layouts[split]
            };
            let job = TrainingJob { accelerators: scales[scale], ..job };
            let point = evaluate(&model, &machine, &job, &layout)
                .filter(|_| is_searched(&model, &machine, &job, &layout));
            let score = kernel.reference(index);
            let Some(point) = point else {
                illegal += 1;
                assert_eq!(score.misfit, MISFIT_UNEVEN, "{layout:?}");
                continue;
            };
            legal += 1;
            assert!((score.step_s / point.step.0 - 1.0).abs() < 1e-12, "{layout:?}");
            assert!((score.memory_bytes / point.memory.total.0 - 1.0).abs() < 1e-12, "{layout:?}");
            assert_eq!(score.misfit == 0, point.fits(&machine), "{layout:?}");
        }
        assert!(legal > 1_000 && illegal > 1_000, "{legal} and {illegal}");
    }

    #[test]
    fn needed_recomputation_is_never_slower_than_the_others_that_fit() {
        let (model, machine, job) = (samples::llama_70b(), samples::h100(), job(64, 256.0));
        let mut compared = 0;
        for layout in splits(&model, &machine, &job, &[64]) {
            for micro_batch in [1, 2, 4] {
                let at = |recompute| {
                    let layout = TrainingLayout { micro_batch, recompute, ..layout };
                    evaluate(&model, &machine, &job, &layout).filter(|point| point.fits(&machine))
                };
                for other in [Recompute::Selective, Recompute::Full].into_iter().filter_map(at) {
                    let needed = at(Recompute::Needed).expect("what fits otherwise fits");
                    assert!(needed.step.0 <= other.step.0 * (1.0 + 1e-12), "{needed:?} {other:?}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 20, "{compared}");
    }

    #[test]
    fn a_scaling_curve_is_one_sweep_and_equals_its_single_searches() {
        let (model, machine, job) = (samples::mixtral_8x7b(), samples::gb200(), job(64, 1_536.0));
        let scales = [24, 64, 96, 512, 1_536, 7];
        let engine = Engine::new(Backend::Cpu);
        let go_on = |_| ControlFlow::Continue(());
        let found = explore(&model, &machine, &job, &scales, Shard::WHOLE, &engine, go_on).expect("it runs");
        assert!(found.feasible > 0 && found.feasible < found.evaluated);
        for (point, accelerators) in found.curve.iter().zip(scales) {
            let alone = best_layout(&model, &machine, &TrainingJob { accelerators, ..job }).expect("it runs");
            assert_eq!((point.best, point.runner_up), alone, "{accelerators}");
        }
        // Strong scaling: more accelerators are faster, each of them slower.
        let step = |place: usize| found.curve[place].best.expect("fits").step.0;
        let rate = |place: usize| 1.0 / (step(place) * f64::from(scales[place]));
        assert!(step(1) > step(3) && step(3) > step(4));
        assert!(rate(1) > rate(3) && rate(3) > rate(4));
    }

    #[test]
    fn shards_together_find_what_the_whole_finds() {
        let (model, machine, job) = (samples::mixtral_8x7b(), samples::h100(), job(64, 256.0));
        let engine = Engine::new(Backend::Cpu);
        let part = |index, of| {
            let go_on = |_| ControlFlow::Continue(());
            explore(&model, &machine, &job, &[64], Shard { index, of }, &engine, go_on).expect("it runs")
        };
        let parts: Vec<Found> = (1..=3).map(|index| part(index, 3)).collect();
        let whole = part(1, 1);
        assert_eq!(parts.iter().map(|part| part.evaluated).sum::<u64>(), whole.evaluated);
        let points: Vec<TrainingPoint> =
            parts.iter().flat_map(|part| [part.curve[0].best, part.curve[0].runner_up]).flatten().collect();
        let (best, second) = ranked(&points);
        assert_eq!((best, second), (whole.curve[0].best, whole.curve[0].runner_up));
    }

    #[test]
    fn a_batch_that_divides_over_nothing_has_no_layout() {
        let (model, machine) = (samples::llama_8b(), samples::h100());
        for batch in [0.0, 0.5, 33.5] {
            assert_eq!(
                best_layout(&model, &machine, &job(8, batch)).expect("it runs"),
                (None, None),
                "{batch}"
            );
        }
        assert_eq!(best_layout(&model, &machine, &job(0, 8.0)).expect("it runs"), (None, None));
        // Beyond what single precision counts exactly.
        assert!(best_layout(&model, &machine, &job(8, 1e9)).is_err());
    }

    /// The values of each axis that the baselines draw from: the sweep's own, tensor first.
    struct Axes([Vec<u32>; 7]);

    impl Axes {
        fn of(model: &ModelShape, machine: &Machine, job: &TrainingJob) -> Self {
            let all = splits(model, machine, job, &[job.accelerators]);
            let values = |of: fn(&TrainingLayout) -> u32| {
                let mut values: Vec<u32> = all.iter().map(of).collect();
                values.sort_unstable();
                values.dedup();
                values
            };
            Self([
                values(|layout| layout.tensor),
                values(|layout| layout.stages),
                values(|layout| layout.context),
                values(|layout| layout.expert),
                vec![0, 1],
                (1..=FEW_CHUNKS)
                    .chain((FEW_CHUNKS + 1..=MOST_CHUNKS).filter(|v| model.layers.is_multiple_of(*v)))
                    .collect(),
                (1..=MOST_MICRO_BATCH).filter(|size| job.global_batch % f64::from(*size) < 0.5).collect(),
            ])
        }

        fn draw(&self, numbers: &mut Numbers) -> [usize; 7] {
            [0, 1, 2, 3, 4, 5, 6].map(|axis| (numbers.unit() * self.0[axis].len() as f64) as usize)
        }

        fn step(&self, at: [usize; 7], model: &ModelShape, machine: &Machine, job: &TrainingJob) -> f64 {
            let value = |axis: usize| self.0[axis][at[axis]];
            let layout = TrainingLayout {
                context: value(2),
                expert: value(3),
                sharded: value(4) == 1,
                interleave: value(5),
                micro_batch: value(6),
                recompute: Recompute::Needed,
                ..TrainingLayout::new(value(0), value(1))
            };
            let point =
                is_searched(model, machine, job, &layout).then(|| evaluate(model, machine, job, &layout));
            point.flatten().filter(|point| point.fits(machine)).map_or(f64::INFINITY, |point| point.step.0)
        }
    }

    /// Draws points with as many evaluations as are given.
    fn random_search(axes: &Axes, step: &dyn Fn([usize; 7]) -> f64, evaluations: u64, seed: u64) -> f64 {
        let mut numbers = Numbers::new(seed);
        (0..evaluations).map(|_| step(axes.draw(&mut numbers))).fold(f64::INFINITY, f64::min)
    }

    /// From a random start one axis after the other to its best value, until nothing gets better; then the next start.
    fn coordinate_search(axes: &Axes, step: &dyn Fn([usize; 7]) -> f64, evaluations: u64, seed: u64) -> f64 {
        let mut numbers = Numbers::new(seed);
        let (mut best, mut left) = (f64::INFINITY, evaluations);
        while left > 0 {
            let mut at = axes.draw(&mut numbers);
            let mut here = step(at);
            left -= 1;
            loop {
                let before = here;
                for axis in 0..at.len() {
                    for value in 0..axes.0[axis].len() {
                        if left == 0 {
                            return best.min(here);
                        }
                        let mut there = at;
                        there[axis] = value;
                        let found = step(there);
                        left -= 1;
                        if found < here {
                            (at, here) = (there, found);
                        }
                    }
                }
                if here >= before {
                    break;
                }
            }
            best = best.min(here);
        }
        best
    }

    #[test]
    fn the_search_is_never_worse_than_random_and_coordinate_search_and_often_better() {
        let cases = [
            (samples::llama_70b(), samples::h100(), job(128, 512.0)),
            (samples::llama_405b(), samples::gb200(), job(1_152, 1_152.0)),
            (samples::mixtral_8x7b(), samples::h100(), job(96, 768.0)),
            (samples::qwen3_235b(), samples::gb200(), job(144, 720.0)),
            (samples::gpt_oss_120b(), samples::h100(), job(64, 512.0)),
        ];
        let (mut runs, mut random, mut coordinate) = (0, 0, 0);
        for (model, machine, job) in &cases {
            let engine = Engine::new(Backend::Cpu);
            let go_on = |_| ControlFlow::Continue(());
            let scales = [job.accelerators];
            let found = explore(model, machine, job, &scales, Shard::WHOLE, &engine, go_on).expect("it runs");
            let least = found.curve[0].best.expect("fits").step.0;
            let axes = Axes::of(model, machine, job);
            let step = |at: [usize; 7]| axes.step(at, model, machine, job);
            for seed in 0..4 {
                runs += 1;
                for (search, better) in [
                    (random_search as fn(&Axes, &dyn Fn([usize; 7]) -> f64, u64, u64) -> f64, &mut random),
                    (coordinate_search, &mut coordinate),
                ] {
                    let other = search(&axes, &step, found.evaluated, seed);
                    assert!(least <= other * (1.0 + 1e-12), "{least} against {other}");
                    *better += u32::from(least < other * (1.0 - 1e-9));
                }
            }
        }
        // Better than both on many of the cases: 13 and 7 of 20 when this was written.
        assert!(runs == 20 && random >= 10 && coordinate >= 5, "{random} and {coordinate} of {runs}");
    }
}
