//! The promise of the training sweep, by the suite of `parity`: what is this kernel's own are its corners and its ties.

use crate::parity::device::{assert_sieve_is_exact, engine};
use crate::parity::{
    assert_chunks_are_alike, assert_rayon_is_simd, assert_scalar_is_simd, go_on, same_bits, scores,
};
use gigawatt::engine::{Backend, Engine};
use gigawatt::kernel::training_sweep::fastest::Fastest;
use gigawatt::kernel::training_sweep::sample::training_space;
use gigawatt::kernel::training_sweep::{MISFIT_MEMORY, MISFIT_UNEVEN, Score, TIE, TrainingSweep};
use gigawatt::kernel::{Kernel, ulp_distance};

fn sweep(seed: u64, splits: u32, scales: u32) -> TrainingSweep {
    TrainingSweep::new(training_space(seed, splits, scales)).expect("the sample is valid")
}

/// The awkward end of every axis: one accelerator, nothing kept, nothing exchanged, counts at their limits.
fn corners() -> TrainingSweep {
    let mut space = training_space(7, 9, 3);
    space.scales[0].accelerators = 1.0;
    space.scales[0].global_batch = 1.0;
    space.scales[1].accelerators = 6_291_456.0;
    space.scales[1].global_batch = 8_388_600.0;
    space.scales[2].accelerators = 7.0;
    space.interleaves = vec![1.0, 2.0, 10.0, 11.0, 61.0, 8_000_000.0];
    space.micro_batches = vec![1.0, 3.0, 8_000_000.0];
    for (split, most) in space.splits.iter_mut().zip([0.0, 1.0, 1.0]) {
        (split.copy_ranks, split.stages, split.context) = (1.0, 1.0, 1.0);
        (split.expert_data, split.replica, split.most_interleave) = (1.0, 1.0, 1.0);
        (split.least_again, split.most_again) = (0.0, most);
    }
    let splits = &mut space.splits;
    (splits[1].kept_bytes, splits[1].kept_inputs_bytes, splits[1].layer_bytes) = (0.0, 0.0, 0.0);
    (splits[1].dense_exchanged_bytes, splits[1].expert_exchanged_bytes) = (0.0, 0.0);
    (splits[2].logits_bytes, splits[2].head_gradient_bytes) = (0.0, 0.0);
    splits[3].held_weights_bytes = 1e15;
    splits[4].host_s = 1e3;
    (splits[5].host_s, splits[5].sums_s) = (0.0, 0.0);
    (splits[6].dense_members, splits[6].expert_members) = (1e6, 0.0);
    (splits[7].least_again, splits[7].most_again) = (1.0, 1.0);
    TrainingSweep::new(space).expect("the corners are valid")
}

fn suite() -> Vec<TrainingSweep> {
    let mut suite: Vec<_> = (0..12).map(|seed| sweep(seed, 30, 11)).collect();
    suite.push(corners());
    suite
}

fn floats(score: &Score) -> [f32; 4] {
    [score.step_s, score.tokens_per_s_per_accelerator, score.mfu, score.memory_bytes]
}

fn is_tie(score: &Score) -> bool {
    score.misfit & MISFIT_UNEVEN == 0 && score.margin < TIE
}

#[test]
fn scalar_and_simd_agree_bit_for_bit() {
    for sweep in suite() {
        assert_scalar_is_simd(&sweep);
    }
}

#[test]
fn simd_scores_do_not_depend_on_where_a_chunk_starts() {
    assert_chunks_are_alike(&sweep(3, 14, 5));
}

#[test]
fn rayon_agrees_with_simd_bit_for_bit_on_any_number_of_threads() {
    assert_rayon_is_simd(&sweep(5, 100, 11));
}

#[test]
fn every_score_is_a_number_and_every_kind_of_misfit_occurs() {
    let mut kinds = [0_u64; 4];
    for sweep in suite() {
        for index in 0..sweep.points() {
            let score = sweep.score(index);
            assert!(
                floats(&score).iter().all(|value| value.is_finite() && *value >= 0.0),
                "{index}: {score:?}"
            );
            assert_eq!(score.misfit & MISFIT_UNEVEN != 0, score.step_s <= 0.0, "{index}: {score:?}");
            kinds[score.misfit as usize] += 1;
        }
    }
    let [fits, uneven, memory, both] = kinds;
    assert!(fits > 1_000 && uneven > 1_000 && memory > 1_000 && both == 0, "{kinds:?}");
}

#[test]
fn single_precision_is_within_the_guard_of_the_reference() {
    let (mut compared, mut ties) = (0_u64, 0_u64);
    for sweep in suite() {
        for index in 0..sweep.points() {
            let (score, wide) = (sweep.score(index), sweep.reference(index));
            assert_eq!(score.misfit & MISFIT_UNEVEN, wide.misfit & MISFIT_UNEVEN, "point {index}");
            if is_tie(&score) {
                ties += 1;
                continue;
            }
            compared += 1;
            assert_eq!(score.misfit, wide.misfit, "point {index}: {score:?} {wide:?}");
            let wide = [wide.step_s, wide.tokens_per_s_per_accelerator, wide.mfu, wide.memory_bytes];
            for (narrow, wide) in floats(&score).iter().zip(wide) {
                let relative = (f64::from(*narrow) - wide).abs() / wide.abs().max(1e-30);
                assert!(relative < 1e-4, "point {index}: {narrow} for {wide}");
            }
        }
    }
    assert!(ties * 20 < compared, "{ties} ties, {compared} compared");
}

/// The fastest point of each scale and the fastest of another split, in `f64`.
fn winners(sweep: &TrainingSweep, indices: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut points: Vec<_> = indices
        .map(|index| (sweep.place(index), sweep.reference(index), index))
        .filter(|(_, point, _)| point.misfit == 0)
        .collect();
    points.sort_by(|(a, x, i), (b, y, j)| a.0.cmp(&b.0).then(x.step_s.total_cmp(&y.step_s)).then(i.cmp(j)));
    points
        .chunk_by(|a, b| a.0.0 == b.0.0)
        .map(|group| {
            let other = group.iter().find(|(place, _, _)| place.1 != group[0].0.1);
            (group[0].2, other.map_or(u64::MAX, |(_, _, index)| *index))
        })
        .collect()
}

fn shortlisted(engine: &Engine, sweep: &TrainingSweep) -> (u64, Vec<(u64, u64)>) {
    let mut list = Fastest::new(sweep);
    engine.run(sweep, &mut list, go_on).expect("it runs");
    let evaluated = list.evaluated();
    let kept = list.candidates();
    (evaluated, winners(sweep, kept.iter().map(|candidate| candidate.index)))
}

#[test]
fn the_shortlist_holds_the_winners_of_the_reference() {
    for seed in 0..6 {
        let sweep = sweep(seed, 60, 11);
        let all = winners(&sweep, 0..sweep.points());
        assert!(all.len() > 3, "{seed}");
        assert_eq!(shortlisted(&Engine::new(Backend::Cpu), &sweep), (sweep.points(), all), "{seed}");
    }
}

/// Integers equal unless the choice was a tie, floats within the bound; the worst distance.
fn assert_parity(sweep: &TrainingSweep, device: &[Score]) -> u32 {
    assert_eq!(device.len() as u64, sweep.points());
    let (mut worst, mut ties) = (0, 0_u64);
    for (index, score) in (0..).zip(device) {
        let twin = sweep.score(index);
        assert!(TrainingSweep::agrees(&twin, score), "point {index}: {twin:?} {score:?}");
        if !is_tie(&twin) {
            assert_eq!(twin.misfit & MISFIT_MEMORY, score.misfit & MISFIT_MEMORY, "point {index}");
            let distances = floats(&twin).into_iter().zip(floats(score)).map(|(a, b)| ulp_distance(a, b));
            worst = distances.fold(worst, u32::max);
        }
        ties += u64::from(twin.bound != score.bound);
    }
    assert!(ties * 10_000 <= sweep.points(), "{ties} of {} bounds differ", sweep.points());
    worst
}

#[test]
#[ignore = "needs a Vulkan adapter; tests/run installs one"]
fn a_device_agrees_with_the_twin_within_the_bound() {
    let mut worst = 0;
    for sweep in suite() {
        let (device, run) = scores(&engine(), &sweep);
        assert_eq!((run.backend(), run.warnings.len()), ("gpu", 0), "{:?}", run.warnings);
        worst = worst.max(assert_parity(&sweep, &device));
    }
    assert!(worst <= TrainingSweep::ULP_BOUND, "worst distance: {worst} units in the last place");
}

#[test]
#[ignore = "needs a Vulkan adapter; tests/run installs one"]
fn a_sieve_leaves_what_the_cpu_makes_of_all_scores() {
    for sweep in suite() {
        assert_sieve_is_exact(&sweep, || Fastest::new(&sweep));
    }
    // More splits than the sieve has groups.
    let many = sweep(21, 300, 7);
    assert_sieve_is_exact(&many, || Fastest::new(&many));
}

#[test]
#[ignore = "needs a Vulkan adapter; tests/run installs one"]
fn dispatches_of_any_size_give_the_same_scores() {
    let sweep = sweep(2, 20, 11);
    let (whole, _) = scores(&engine(), &sweep);
    for points in [64, 1_000, 4_096] {
        let (parts, run) = scores(&engine().most_points_per_dispatch(points), &sweep);
        assert!(run.warnings.is_empty());
        assert!(parts.iter().zip(&whole).all(|(a, b)| same_bits(a, b)), "{points} points");
    }
}

#[test]
#[ignore = "needs a Vulkan adapter; tests/run installs one"]
fn the_winners_are_the_same_on_either_backend() {
    let sweep = sweep(11, 60, 11);
    assert_eq!(shortlisted(&engine(), &sweep), shortlisted(&Engine::new(Backend::Cpu), &sweep));
}
