//! Points per second of the kernels, by size, for the scalar twin, SIMD, one thread, all threads and a device.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigawatt::engine::{Backend, Engine, Progress, cpu, devices, instruction_set};
use gigawatt::kernel::facility_year::sample::facilities;
use gigawatt::kernel::facility_year::{FacilityYears, YearSums};
use gigawatt::kernel::leaders::Promised;
use gigawatt::kernel::serving_sweep::ServingSweep;
use gigawatt::kernel::serving_sweep::sample::design_space;
use gigawatt::kernel::survey::Survey;
use gigawatt::kernel::training_sweep::TrainingSweep;
use gigawatt::kernel::training_sweep::fastest::Fastest;
use gigawatt::kernel::training_sweep::sample::training_space;
use gigawatt::kernel::{Kernel, Reduction};

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Times one kernel: the plain path and vectors up to a size, one thread and all, a device where there is one.
fn by_backend<K: Kernel, R: Reduction<K::Score>>(
    criterion: &mut Criterion,
    sweeps: &[K],
    reduction: impl Fn(&K) -> R,
) {
    let mut group = criterion.benchmark_group(format!("{}, {}", K::NAME, instruction_set()));
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1)).sample_size(20);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for sweep in sweeps {
        let points = sweep.points();
        group.throughput(Throughput::Elements(points));
        if points < 100_000 {
            let mut scores = vec![K::Score::default(); points as usize];
            group.bench_function(BenchmarkId::new("scalar", points), |bench| {
                bench.iter(|| {
                    for (index, score) in (0..).zip(&mut scores) {
                        *score = sweep.score(black_box(index));
                    }
                    black_box(&scores);
                });
            });
            group.bench_function(BenchmarkId::new("simd", points), |bench| {
                bench.iter(|| {
                    cpu::score_range(sweep, black_box(0), &mut scores);
                    black_box(&scores);
                });
            });
        }
        for threads in [1, processors] {
            let engine = Engine::new(Backend::Cpu).threads(threads);
            group.bench_function(BenchmarkId::new(format!("{threads} threads, reduced"), points), |bench| {
                bench.iter(|| engine.run(sweep, &mut reduction(sweep), go_on));
            });
        }
        if devices().iter().any(|device| device.chosen) {
            let engine = Engine::new(Backend::Gpu);
            group.bench_function(BenchmarkId::new("gpu, with transfer, reduced", points), |bench| {
                bench.iter(|| engine.run(sweep, &mut reduction(sweep), go_on));
            });
        }
    }
    group.finish();
}

/// What the made-up sweeps promise.
const PROMISED: Promised = Promised { ttft_s: 2.0, tpot_s: 0.05 };

/// 24 points for each layout and batch.
fn serving_sweep(criterion: &mut Criterion) {
    let sweeps = [(1, 64), (32, 64), (64, 512), (512, 512)].map(|(layouts, batches)| {
        ServingSweep::new(design_space(1, layouts, batches)).expect("the sample is valid")
    });
    by_backend(criterion, &sweeps, |sweep| Survey::new(sweep, PROMISED, 10));
}

/// 60 points for each split and scale.
fn training_sweep(criterion: &mut Criterion) {
    let sweeps = [(25, 1), (100, 8), (800, 20)].map(|(splits, scales)| {
        TrainingSweep::new(training_space(1, splits, scales)).expect("the sample is valid")
    });
    by_backend(criterion, &sweeps, Fastest::new);
}

/// Hours of facilities: 9 is a market with every plant, 336 all markets with the plants of liquid-cooled racks.
fn facility_year(criterion: &mut Criterion) {
    let years =
        [9, 336].map(|cases| FacilityYears::new(facilities(1, cases, 8_760)).expect("the sample is valid"));
    by_backend(criterion, &years, YearSums::of);
}

criterion_group!(benches, serving_sweep, training_sweep, facility_year);
criterion_main!(benches);
