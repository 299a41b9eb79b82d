//! Points per second of the kernels, by size, for the scalar twin, SIMD, one thread, all threads and a device.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gigawatt::engine::{Backend, Engine, Progress, cpu, devices, instruction_set};
use gigawatt::kernel::Kernel;
use gigawatt::kernel::facility_year::sample::facilities;
use gigawatt::kernel::facility_year::{FacilityYears, Score as HourScore, YearSums};
use gigawatt::kernel::frontier::Shortlist;
use gigawatt::kernel::serving_sweep::sample::design_space;
use gigawatt::kernel::serving_sweep::{Score, ServingSweep};

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// 24 points for each layout and batch.
fn sweep(layouts: u32, batches: u32) -> ServingSweep {
    ServingSweep::new(design_space(1, layouts, batches)).expect("the sample is valid")
}

fn serving_sweep(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("serving_sweep, {}", instruction_set()));
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1)).sample_size(20);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for (layouts, batches) in [(1, 64), (32, 64), (64, 512)] {
        let sweep = sweep(layouts, batches);
        let points = sweep.points();
        group.throughput(Throughput::Elements(points));
        if points < 100_000 {
            let mut scores = vec![Score::default(); points as usize];
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
                    cpu::score_range(&sweep, black_box(0), &mut scores);
                    black_box(&scores);
                });
            });
        }
        for threads in [1, processors] {
            let engine = Engine::new(Backend::Cpu).threads(threads);
            group.bench_function(BenchmarkId::new(format!("{threads} threads, reduced"), points), |bench| {
                bench.iter(|| engine.run(&sweep, &mut Shortlist::new(2.0), go_on));
            });
        }
        if devices().iter().any(|device| device.chosen) {
            let engine = Engine::new(Backend::Gpu);
            group.bench_function(BenchmarkId::new("gpu, with transfer, reduced", points), |bench| {
                bench.iter(|| engine.run(&sweep, &mut Shortlist::new(2.0), go_on));
            });
        }
    }
    group.finish();
}

/// Hours of facilities: 9 is a market with every plant, 336 all markets with the plants of liquid-cooled racks.
fn facility_year(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("facility_year, {}", instruction_set()));
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1)).sample_size(20);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for cases in [9, 336] {
        let kernel = FacilityYears::new(facilities(1, cases, 8_760)).expect("the sample is valid");
        let points = kernel.points();
        group.throughput(Throughput::Elements(points));
        if points < 100_000 {
            let mut scores = vec![HourScore::default(); points as usize];
            group.bench_function(BenchmarkId::new("scalar", points), |bench| {
                bench.iter(|| {
                    for (index, score) in (0..).zip(&mut scores) {
                        *score = kernel.score(black_box(index));
                    }
                    black_box(&scores);
                });
            });
            group.bench_function(BenchmarkId::new("simd", points), |bench| {
                bench.iter(|| {
                    cpu::score_range(&kernel, black_box(0), &mut scores);
                    black_box(&scores);
                });
            });
        }
        for threads in [1, processors] {
            let engine = Engine::new(Backend::Cpu).threads(threads);
            group.bench_function(BenchmarkId::new(format!("{threads} threads, reduced"), points), |bench| {
                bench.iter(|| engine.run(&kernel, &mut YearSums::of(&kernel), go_on));
            });
        }
        if devices().iter().any(|device| device.chosen) {
            let engine = Engine::new(Backend::Gpu);
            group.bench_function(BenchmarkId::new("gpu, with transfer, reduced", points), |bench| {
                bench.iter(|| engine.run(&kernel, &mut YearSums::of(&kernel), go_on));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, serving_sweep, facility_year);
criterion_main!(benches);
