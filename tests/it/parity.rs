//! The promise of the kernels: scalar, SIMD and rayon agree bit for bit, a device within the declared bound.
//!
//! The tests of a device show as ignored; `tests/run` installs software Vulkan where there is none and runs them.

use std::ops::ControlFlow;

use gigawatt::engine::{Backend, Engine, EngineError, Progress, Run, cpu, devices};
use gigawatt::kernel::frontier::Shortlist;
use gigawatt::kernel::leaders::{Promised, leading};
use gigawatt::kernel::serving_sweep::sample::design_space;
use gigawatt::kernel::serving_sweep::{DesignSpace, Draft, Score, Serving, ServingSweep, Workload};
use gigawatt::kernel::survey::Survey;
use gigawatt::kernel::{Kernel, Reduction, ulp_distance};

/// Keeps every score: what tests compare.
#[derive(Clone)]
struct Everything<S>(Vec<(u64, Vec<S>)>);

impl<S: Clone + Send + Sync> Reduction<S> for Everything<S> {
    fn fork(&self) -> Self {
        Self(Vec::new())
    }
    fn absorb(&mut self, first: u64, scores: &[S]) {
        self.0.push((first, scores.to_vec()));
    }
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

pub fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// All scores of a kernel in the order of their points.
pub fn scores<K: Kernel>(engine: &Engine, kernel: &K) -> (Vec<K::Score>, Run) {
    let mut everything = Everything(Vec::new());
    let run = engine.run(kernel, &mut everything, go_on).expect("the engine runs");
    everything.0.sort_by_key(|(first, _)| *first);
    (everything.0.into_iter().flat_map(|(_, scores)| scores).collect(), run)
}

fn sweep(seed: u64, layouts: u32, batches: u32) -> ServingSweep {
    ServingSweep::new(design_space(seed, layouts, batches)).expect("the sample is valid")
}

/// The awkward end of every axis.
fn corners() -> ServingSweep {
    let mut space: DesignSpace = design_space(7, 5, 3);
    space.batches = vec![1.0, 3.0, 63.0, 64.0, 65.0, 1e4, 1e6];
    space.chunks = vec![0.0, 1.0, 7.0, 1e6];
    space.drafts.push(Draft { verified: 16.0, emitted: 16.0, drafted: 15.0, spread: 0.1 });
    space.workload = Workload {
        input_tokens: 0.0,
        prefill_per_output: 0.0,
        context: 1.0,
        prefill_context: 0.0,
        pool_ttft_s: 0.0,
        pool_tokens_per_s: 0.0,
        decode_pool_share: 1.0,
        load: 1.0,
        tail: 1.0,
    };
    for row in &mut space.rows[..4] {
        row.half_rows = 0.0;
        row.launch_s = 0.0;
        row.repeats = 1.0;
    }
    space.rows[5].weight_bytes = 2e12;
    space.rows[6].flop_per_attended = 1e9;
    space.layouts[0].first_message = space.layouts[0].first_operation;
    space.layouts[1].first_message = space.layouts[1].end;
    space.layouts[2].end = space.layouts[2].first_operation + 1;
    space.layouts[2].first_message = space.layouts[2].end;
    space.layouts[3].least_sequences = 64.0;
    space.layouts[3].most_sequences = 64.0;
    ServingSweep::new(space).expect("the corners are valid")
}

fn suite() -> Vec<ServingSweep> {
    let mut suite: Vec<_> = (0..12).map(|seed| sweep(seed, 9, 37)).collect();
    suite.push(corners());
    suite
}

/// Whether two scores are the same bits.
pub fn same_bits<S: bytemuck::Pod>(a: &S, b: &S) -> bool {
    bytemuck::bytes_of(a) == bytemuck::bytes_of(b)
}

fn floats(score: &Score) -> [f32; 4] {
    [score.tpot_s, score.ttft_s, score.tokens_per_s_per_user, score.tokens_per_s_per_accelerator]
}

/// Scalar and SIMD agree bit for bit.
pub fn assert_scalar_is_simd<K: Kernel>(sweep: &K) {
    let mut vector = vec![K::Score::default(); sweep.points() as usize];
    cpu::score_range(sweep, 0, &mut vector);
    for (index, score) in (0..).zip(&vector) {
        assert!(same_bits(&sweep.score(index), score), "point {index}: {:?} {score:?}", sweep.score(index));
    }
}

/// SIMD scores do not depend on where a chunk starts.
pub fn assert_chunks_are_alike<K: Kernel>(sweep: &K) {
    let points = sweep.points() as usize;
    let mut whole = vec![K::Score::default(); points];
    cpu::score_range(sweep, 0, &mut whole);
    for (first, count) in [(1, 1), (63, 2), (points - 1, 1), (100, 777), (points / 4 - 5, 10)] {
        let mut part = vec![K::Score::default(); count];
        cpu::score_range(sweep, first as u64, &mut part);
        for (score, expected) in part.iter().zip(&whole[first..]) {
            assert!(same_bits(score, expected), "from {first}");
        }
    }
}

/// Rayon agrees with SIMD bit for bit on any number of threads.
pub fn assert_rayon_is_simd<K: Kernel>(sweep: &K) {
    let mut vector = vec![K::Score::default(); sweep.points() as usize];
    cpu::score_range(sweep, 0, &mut vector);
    for threads in [1, 2, 3] {
        let (parallel, run) = scores(&Engine::new(Backend::Cpu).threads(threads), sweep);
        assert_eq!(run.points, sweep.points());
        assert_eq!(run.backend(), "cpu");
        assert_eq!(parallel.len(), vector.len());
        assert!(parallel.iter().zip(&vector).all(|(a, b)| same_bits(a, b)), "{threads} threads");
    }
}

#[test]
fn scalar_and_simd_agree_bit_for_bit() {
    for sweep in suite() {
        assert_scalar_is_simd(&sweep);
    }
}

#[test]
fn simd_scores_do_not_depend_on_where_a_chunk_starts() {
    assert_chunks_are_alike(&sweep(3, 4, 37));
}

#[test]
fn rayon_agrees_with_simd_bit_for_bit_on_any_number_of_threads() {
    assert_rayon_is_simd(&sweep(5, 11, 97));
}

#[test]
fn every_score_is_a_number() {
    for sweep in suite() {
        for index in 0..sweep.points() {
            let score = sweep.score(index);
            assert!(
                floats(&score).iter().all(|value| value.is_finite() && *value >= 0.0),
                "{index}: {score:?}"
            );
        }
    }
}

#[test]
fn single_precision_is_within_the_guard_of_the_reference() {
    for sweep in suite() {
        for index in 0..sweep.points() {
            let (score, wide) = (sweep.score(index), sweep.reference(index));
            for (narrow, wide) in floats(&score).iter().zip(wide_floats(&sweep, &wide)) {
                let relative = (f64::from(*narrow) - wide).abs() / wide.abs().max(1e-30);
                assert!(relative < 5e-5, "point {index}: {narrow} for {wide}");
            }
            assert_eq!(score.misfit, wide.misfit, "point {index}");
        }
    }
}

fn wide_floats(sweep: &ServingSweep, wide: &Serving) -> [f64; 4] {
    let tpot_s = wide.promised_tpot(&sweep.space().workload);
    [tpot_s, wide.ttft_s, wide.tokens_per_s_per_user, wide.tokens_per_s_per_accelerator]
}

#[test]
fn a_cancelled_run_says_how_far_it_came() {
    let sweep = sweep(1, 60, 2_000);
    let mut list = Shortlist::new(f32::INFINITY);
    let run = Engine::new(Backend::Cpu).run(&sweep, &mut list, |_| ControlFlow::Break(())).expect("it runs");
    assert!(run.cancelled && run.points > 0 && run.points < sweep.points());
    assert_eq!(list.evaluated(), run.points);
}

#[test]
fn the_shortlist_holds_the_frontier_of_the_reference() {
    let sweep = sweep(11, 8, 40);
    let mut list = Shortlist::new(f32::INFINITY);
    Engine::new(Backend::Cpu).run(&sweep, &mut list, go_on).expect("it runs");
    let kept: Vec<u64> = list.candidates().iter().map(|candidate| candidate.index).collect();
    let frontier = frontier(&sweep, 0..sweep.points());
    assert!(frontier.len() > 3);
    assert_eq!(frontier, self::frontier(&sweep, kept.iter().copied()));
}

/// The five layouts with the best points of some within a promise, in `f64`.
fn led(sweep: &ServingSweep, indices: Vec<u64>, promised: Promised) -> Vec<(u64, u64)> {
    let rate = |index: &u64| sweep.reference(*index).tokens_per_s_per_accelerator;
    let keeps = |index: &u64| {
        let point = sweep.reference(*index);
        let tpot_s = point.promised_tpot(&sweep.space().workload);
        let in_time = point.ttft_s <= f64::from(promised.ttft_s) && tpot_s <= f64::from(promised.tpot_s);
        point.misfit == 0 && in_time
    };
    let points = indices.into_iter().filter(keeps);
    leading(points.map(|index| (index / sweep.points_of_a_layout(), index)).collect(), 5, rate)
}

/// The points that no other feasible one beats, in `f64`.
fn frontier(sweep: &ServingSweep, indices: impl Iterator<Item = u64>) -> Vec<u64> {
    let points = indices.map(|index| (index, sweep.reference(index)));
    let mut points: Vec<_> = points.filter(|(_, point)| point.misfit == 0).collect();
    points.sort_by(|(_, a), (_, b)| b.tokens_per_s_per_user.total_cmp(&a.tokens_per_s_per_user));
    let mut most = 0.0;
    points.retain(|(_, point)| {
        let best = point.tokens_per_s_per_accelerator > most;
        most = point.tokens_per_s_per_accelerator.max(most);
        best
    });
    points.into_iter().map(|(index, _)| index).collect()
}

pub mod device {
    //! With software Vulkan at the least.

    use super::*;

    pub fn engine() -> Engine {
        Engine::new(Backend::Gpu).allow_software(true)
    }

    /// The second part of the promise: integers equal unless the choice was a tie, floats within the bound.
    fn assert_parity(sweep: &ServingSweep, device: &[Score]) -> u32 {
        assert_eq!(device.len() as u64, sweep.points());
        let (mut worst, mut ties) = (0, 0_u64);
        for (index, score) in (0..).zip(device) {
            let twin = sweep.score(index);
            assert_eq!(twin.misfit, score.misfit, "point {index}");
            for (a, b) in floats(&twin).into_iter().zip(floats(score)) {
                worst = worst.max(ulp_distance(a, b));
                assert!(ulp_distance(a, b) <= ServingSweep::ULP_BOUND, "point {index}: {twin:?} {score:?}");
            }
            ties += u64::from(twin.bound != score.bound);
        }
        assert!(ties * 10_000 <= sweep.points(), "{ties} of {} bounds differ", sweep.points());
        worst
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn a_device_agrees_with_the_twin_within_the_bound() {
        let engine = engine();
        let mut worst = 0;
        for sweep in suite() {
            let (device, run) = scores(&engine, &sweep);
            assert_eq!((run.backend(), run.warnings.len()), ("gpu", 0), "{:?}", run.warnings);
            worst = worst.max(assert_parity(&sweep, &device));
        }
        assert!(worst <= ServingSweep::ULP_BOUND, "worst distance: {worst} units in the last place");
    }

    /// What a sieve leaves is what the CPU makes of all scores of the same device, in dispatches of any size.
    pub fn assert_sieve_is_exact<K: Kernel, R: Reduction<K::Score>>(kernel: &K, fresh: impl Fn() -> R) {
        let (all, _) = scores(&engine(), kernel);
        let mut expected = fresh();
        expected.absorb(0, &all);
        for points in [700, 20_000, u32::MAX] {
            let engine = engine().most_points_per_dispatch(points);
            let mut sifted = fresh();
            assert!(sifted.sieve().is_some(), "{} has a sieve", K::NAME);
            let run = engine.run(kernel, &mut sifted, go_on).expect("it runs");
            assert_eq!((run.backend(), run.warnings.len()), ("gpu", 0), "{:?}", run.warnings);
            assert!(expected.is_like(&sifted), "{points} points a dispatch");

            // Taken up in the middle: the table begins with what is known.
            let mut halves = fresh();
            let middle = kernel.points() / 3;
            for range in [0..middle, middle..kernel.points()] {
                let run = engine.run_range(kernel, range, &mut halves, |_, _| ControlFlow::Continue(()));
                assert!(run.expect("it runs").warnings.is_empty());
            }
            assert!(expected.is_like(&halves), "{points} points a dispatch, in two goes");
        }
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn a_sieve_leaves_what_the_cpu_makes_of_all_scores() {
        for sweep in suite() {
            for (ttft_s, tpot_s) in [(f32::INFINITY, f32::INFINITY), (2.0, 0.05), (0.0, 0.0)] {
                for leaders in [0, 1, 10] {
                    assert_sieve_is_exact(&sweep, || {
                        Survey::new(&sweep, Promised { ttft_s, tpot_s }, leaders)
                    });
                }
            }
        }
        let sweep = sweep(21, 60, 300);
        assert_sieve_is_exact(&sweep, || Survey::new(&sweep, Promised { ttft_s: 1.0, tpot_s: 0.05 }, 5));
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn more_points_than_a_sieve_has_room_for_are_all_kept() {
        // The same point again and again: none beats another.
        let mut space = design_space(1, 1, 1);
        space.batches = vec![64.0; 30_000];
        space.chunks = vec![0.0];
        space.drafts.truncate(1);
        (space.layouts[0].least_sequences, space.layouts[0].most_sequences) = (1.0, 1e6);
        let sweep = ServingSweep::new(space).expect("it is valid");
        let mut survey = Survey::new(&sweep, Promised::NONE, 2);
        let run = engine().most_points_per_dispatch(20_000).run(&sweep, &mut survey, go_on).expect("it runs");
        assert!(run.warnings.is_empty(), "{:?}", run.warnings);
        assert_eq!(survey.shortlist().feasible(), 30_000);
        let (shortlist, leaders) = survey.candidates();
        assert_eq!((shortlist.len(), leaders.len()), (30_000, 30_000));
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn chunks_of_any_size_give_the_same_scores() {
        let sweep = sweep(2, 5, 37);
        let (whole, _) = scores(&engine(), &sweep);
        for points in [64, 1_000, 4_096] {
            let (parts, run) = scores(&engine().most_points_per_dispatch(points), &sweep);
            assert!(run.warnings.is_empty());
            assert!(parts.iter().zip(&whole).all(|(a, b)| same_bits(a, b)), "{points} points");
        }
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn the_cpu_takes_over_from_a_lost_device_with_one_warning() {
        let sweep = sweep(4, 20, 100);
        for after in [0, 1, 3] {
            let engine = engine().most_points_per_dispatch(5_000).lose_device_after(after);
            let (mixed, run) = scores(&engine, &sweep);
            assert_eq!(run.points, sweep.points());
            // A dispatch shrinks when the machine is busy, so the device may have scored less, but not nothing.
            assert!(run.points_on_device <= after * 5_000, "{}", run.points_on_device);
            assert_eq!(run.points_on_device == 0, after == 0);
            assert_eq!(run.warnings.len(), 1, "{:?}", run.warnings);
            assert_parity(&sweep, &mixed);
            // A device that is gone stays gone: later runs neither wait for it nor say so again.
            let (again, run) = scores(&engine, &sweep);
            assert_eq!((again.len() as u64, run.backend(), run.warnings.len()), (sweep.points(), "cpu", 0));
        }
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn scarce_memory_makes_smaller_dispatches_and_too_little_leaves_all_to_the_cpu() {
        let sweep = sweep(4, 20, 100);
        let (smaller, run) = scores(&engine().out_of_memory_above(9_000), &sweep);
        assert_eq!((run.backend(), run.warnings.len()), ("gpu", 0), "{:?}", run.warnings);
        assert_parity(&sweep, &smaller);
        let (all, run) = scores(&engine().out_of_memory_above(0), &sweep);
        assert_eq!((run.backend(), run.warnings.len()), ("cpu", 1));
        assert!(run.warnings[0].contains("out of memory"), "{:?}", run.warnings);
        assert_parity(&sweep, &all);
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn the_cpu_takes_over_from_a_device_that_hangs() {
        let sweep = sweep(4, 20, 100);
        let (all, run) = scores(&engine().patience(std::time::Duration::ZERO), &sweep);
        assert_eq!((all.len() as u64, run.points, run.warnings.len()), (sweep.points(), sweep.points(), 1));
        assert!(run.warnings[0].contains("took too long"), "{:?}", run.warnings);
        assert_parity(&sweep, &all);
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn frontier_and_leaders_are_the_same_on_either_backend() {
        let sweep = sweep(11, 12, 60);
        let promised = Promised { ttft_s: 2.0, tpot_s: 0.05 };
        let answer = |engine: &Engine| {
            let mut survey = Survey::new(&sweep, promised, 5);
            let run = engine.run(&sweep, &mut survey, go_on).expect("it runs");
            let list = survey.shortlist();
            let counts = (list.evaluated(), list.feasible(), list.misfits());
            let spread = survey.spread().counts().to_vec();
            let (kept, leaders) = survey.candidates();
            let frontier = frontier(&sweep, kept.iter().map(|candidate| candidate.index));
            (run.backend(), counts, frontier, led(&sweep, leaders, promised), spread)
        };
        let (device, cpu) = (answer(&engine()), answer(&Engine::new(Backend::Cpu)));
        assert_eq!((device.0, cpu.0), ("gpu", "cpu"));
        assert_eq!((&device.1, &device.2, &device.3), (&cpu.1, &cpu.2, &cpu.3));
        assert_eq!(device.3, led(&sweep, (0..sweep.points()).collect(), promised));
        // A score on the edge of a bin may fall either way.
        let moved: u64 = device.4.iter().zip(&cpu.4).map(|(a, b)| a.abs_diff(*b)).sum();
        assert!(moved <= sweep.points() / 1_000, "{moved}");
        assert_eq!(device.4.iter().sum::<u64>(), 3 * device.1.1);
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn software_counts_as_no_device_unless_asked_for() {
        let sweep = sweep(1, 1, 10);
        let hardware = devices().iter().any(|device| device.chosen);
        match Engine::new(Backend::Gpu).run(&sweep, &mut Shortlist::new(1.0), go_on) {
            Ok(_) => assert!(hardware),
            Err(EngineError::NoAdapter { looked_for, seen }) => {
                assert!(!hardware);
                assert!(looked_for.contains("hardware"), "{looked_for}");
                assert!(!seen.is_empty());
            }
            Err(error) => panic!("{error}"),
        }
        assert!(!devices().is_empty());
    }

    #[test]
    fn an_adapter_is_there_where_one_is_required() {
        let required = std::env::var_os("GIGAWATT_REQUIRE_ADAPTER").is_some_and(|value| value == "1");
        assert!(!required || !devices().is_empty(), "GIGAWATT_REQUIRE_ADAPTER=1, but no adapter was found");
    }
}

mod facility_year {
    //! The same promise of the second kernel.

    use super::{go_on, same_bits, scores};
    use gigawatt::engine::{Backend, Engine, cpu};
    use gigawatt::kernel::facility_year::sample::facilities;
    use gigawatt::kernel::facility_year::{Air, FacilityYears, Score, YearSums};
    use gigawatt::kernel::{Kernel, ulp_distance};

    fn kernel(seed: u64, cases: u32, hours: u32) -> FacilityYears {
        FacilityYears::new(facilities(seed, cases, hours)).expect("the sample is valid")
    }

    /// The awkward ends: no heat, saturated air, a wet bulb above the dry one, loops that are always and never free,
    /// a yard without stages, hours at the very edge of a mode.
    fn corners() -> FacilityYears {
        let mut space = facilities(9, 6, 70);
        space.loops[0].heat_w = 0.0;
        space.loops[1].range_k = 1e-3;
        space.loops[2].pads = 1.0;
        space.loops[3].approach_k = 0.0;
        space.loops[4].lift_k = 0.0;
        space.loops[5].supply_c = 90.0;
        space.loops[6].supply_c = -20.0;
        space.cases[2].end_stage = space.cases[2].first_stage;
        space.cases[3].end_loop = space.cases[3].first_loop;
        for (hour, air) in space.weather.iter_mut().enumerate() {
            match hour % 7 {
                0 => air.wet_bulb_c = air.dry_bulb_c,
                1 => air.wet_bulb_c = air.dry_bulb_c + 0.01,
                2 => *air = Air { dry_bulb_c: 99.0, wet_bulb_c: -99.0, humidity_ratio: 0.0, ..*air },
                3 => *air = Air { dry_bulb_c: -99.0, wet_bulb_c: -99.0, humidity_ratio: 0.0, ..*air },
                _ => {}
            }
        }
        let edge = &space.loops[8];
        space.weather[5 * 70 / 2].dry_bulb_c = edge.supply_c - edge.approach_k;
        FacilityYears::new(space).expect("the corners are valid")
    }

    fn suite() -> Vec<FacilityYears> {
        let mut suite: Vec<_> = (0..8).map(|seed| kernel(seed, 9, 173)).collect();
        suite.push(corners());
        suite
    }

    #[test]
    fn scalar_simd_and_rayon_agree_bit_for_bit() {
        for kernel in suite() {
            let mut vector = vec![Score::default(); kernel.points() as usize];
            cpu::score_range(&kernel, 0, &mut vector);
            for (index, score) in (0..).zip(&vector) {
                assert!(
                    same_bits(&kernel.score(index), score),
                    "{index}: {:?} {score:?}",
                    kernel.score(index)
                );
            }
            let mut part = vec![Score::default(); 200];
            cpu::score_range(&kernel, 101, &mut part);
            assert!(part.iter().zip(&vector[101..]).all(|(a, b)| same_bits(a, b)));
            let (parallel, run) = scores(&Engine::new(Backend::Cpu).threads(3), &kernel);
            assert_eq!((run.points, run.backend()), (kernel.points(), "cpu"));
            assert!(parallel.iter().zip(&vector).all(|(a, b)| same_bits(a, b)));
        }
    }

    #[test]
    fn single_precision_is_within_a_guard_of_the_reference() {
        for kernel in suite() {
            for index in 0..kernel.points() {
                let (score, wide) = (kernel.score(index), kernel.reference(index));
                let relative = (f64::from(score.meter_per_it) - wide.meter_per_it).abs() / wide.meter_per_it;
                assert!(relative < 5e-6, "point {index}: {score:?} for {wide:?}");
                // A tie between coolers and chillers may fall either way; then the power is the same, the water not.
                let water = (f64::from(score.water_l_per_kwh) - wide.water_l_per_kwh).abs();
                let close = water < 2e-4 * wide.water_l_per_kwh + 2e-5;
                assert!(close || score.runs != wide.runs, "point {index}: {score:?} for {wide:?}");
            }
        }
    }

    #[test]
    fn a_reading_beyond_the_bound_is_not_agreement() {
        let score = kernel(1, 1, 10).score(3);
        let off = f32::from_bits(score.meter_per_it.to_bits() + FacilityYears::ULP_BOUND + 1);
        assert!(FacilityYears::agrees(&score, &score));
        assert!(!FacilityYears::agrees(&score, &Score { meter_per_it: off, ..score }));
    }

    mod device {
        use super::*;
        use crate::parity::device::assert_sieve_is_exact;

        fn engine() -> Engine {
            Engine::new(Backend::Gpu).allow_software(true)
        }

        #[test]
        #[ignore = "needs a Vulkan adapter; tests/run installs one"]
        fn a_device_agrees_with_the_twin_within_the_bound() {
            let mut worst = 0;
            for kernel in suite() {
                let (device, run) = scores(&engine().most_points_per_dispatch(512), &kernel);
                assert_eq!((run.backend(), run.warnings.len()), ("gpu", 0), "{:?}", run.warnings);
                for (index, score) in (0..).zip(&device) {
                    let twin = kernel.score(index);
                    worst = worst.max(ulp_distance(twin.meter_per_it, score.meter_per_it));
                    assert!(FacilityYears::agrees(&twin, score), "point {index}: {twin:?} {score:?}");
                }
            }
            assert!(worst <= FacilityYears::ULP_BOUND, "{worst}");
        }

        #[test]
        #[ignore = "needs a Vulkan adapter; tests/run installs one"]
        fn a_sieve_sums_what_the_cpu_sums_of_all_scores() {
            for kernel in suite() {
                assert_sieve_is_exact(&kernel, || YearSums::of(&kernel));
            }
            // Years shorter than a workgroup, and a plant without any efficiency.
            let mut space = facilities(3, 40, 17);
            space.cases[5].plant_w = space.cases[5].it_w * 1e6;
            let short = FacilityYears::new(space).expect("it is valid");
            assert_sieve_is_exact(&short, || YearSums::of(&short));
        }

        #[test]
        #[ignore = "needs a Vulkan adapter; tests/run installs one"]
        fn years_sum_to_the_same_on_either_backend() {
            let kernel = kernel(5, 7, 300);
            let mut sums = [engine(), Engine::new(Backend::Cpu)].map(|engine| {
                let mut sums = YearSums::of(&kernel);
                let run = engine.run(&kernel, &mut sums, go_on).expect("it runs");
                assert!(run.warnings.is_empty(), "{:?}", run.warnings);
                sums
            });
            let (device, twin) = sums.split_at_mut(1);
            for case in 0..7 {
                let (a, b) = (device[0].year(case).unwrap(), twin[0].year(case).unwrap());
                assert!((a.pue / b.pue - 1.0).abs() < 1e-6, "{a:?} {b:?}");
                assert_eq!(a.wet_hours, b.wet_hours);
            }
        }
    }
}
