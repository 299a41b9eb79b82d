//! The project's own kernels: points per second by size for one point after the other, for vectors, for threads and for a
//! device, and the roof that each kernel's mix of operations has on the same machine.
//!
//! The engine's runs end in the reduction that a search ends in, on a device as on the CPU. What they compute is checked in runs
//! of their own: on the CPU by a checksum, the same on every path, on a device score by score against the twin's.

use super::{Amounts, Check, Group, Options, Reading, path};
use crate::engine::measure::{Device, time_on_cpu, twin};
use crate::engine::{Backend, Engine, EngineError, Progress, cpu};
use crate::kernel::facility_year::sample::facilities;
use crate::kernel::facility_year::{FacilityYears, YearSums};
use crate::kernel::leaders::{self, Promised};
use crate::kernel::microbench::Microbench;
use crate::kernel::microbench::mix::{Lanes, Mix, WIDTHS};
use crate::kernel::serving_sweep::ServingSweep;
use crate::kernel::serving_sweep::sample::design_space;
use crate::kernel::survey::Survey;
use crate::kernel::tally::Operations;
use crate::kernel::training_sweep::TrainingSweep;
use crate::kernel::training_sweep::fastest::Fastest;
use crate::kernel::training_sweep::sample::training_space;
use crate::kernel::{Kernel, Reduction};
use crate::units::text::group;
use std::hint::black_box;
use std::ops::ControlFlow;

/// Points that are scored one after the other at most, so that a sample stays short.
const MOST_SCALAR: u64 = 1 << 14;
/// Points that a software device is asked for at most: hours of three sites, and what is smaller.
const MOST_SOFTWARE: u64 = 80_000;
/// Scores of a device that are held against the twin's at most.
const MOST_HELD: u64 = 1 << 17;
/// Ranges that they come from.
const RANGES_HELD: u64 = 8;
/// What the made-up serving sweeps promise.
const PROMISED: Promised = Promised { ttft_s: 2.0, tpot_s: 0.05 };
/// Points that are counted for the mean mix.
const COUNTED: u64 = 256;

/// Adds up the words of all scores, which does not depend on any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum(u32);

impl<S: bytemuck::Pod> Reduction<S> for Checksum {
    fn fork(&self) -> Self {
        Self(0)
    }
    fn absorb(&mut self, _first: u64, scores: &[S]) {
        let words: &[u32] = bytemuck::cast_slice(scores);
        self.0 = words.iter().fold(self.0, |sum, word| sum.wrapping_add(*word));
    }
    fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

/// Holds a device's scores against the twin's, each within the bound that the kernel declares.
#[derive(Debug)]
struct Held<'a, K> {
    kernel: &'a K,
    check: Check,
}

impl<K: Kernel> Reduction<K::Score> for Held<'_, K> {
    fn fork(&self) -> Self {
        Self { kernel: self.kernel, check: Check { compared: 0, wrong: 0, worst: 0.0 } }
    }
    fn absorb(&mut self, first: u64, scores: &[K::Score]) {
        self.check.compared += scores.len() as u64;
        for (index, score) in (first..).zip(scores) {
            let twin = self.kernel.score(index);
            let right = K::agrees(&twin, score);
            self.check.wrong += u64::from(!right);
            // Within the bound: how far is not known.
            let worst = if right { f64::from(u8::from(twin != *score)) } else { f64::INFINITY };
            self.check.worst = self.check.worst.max(worst);
        }
    }
    fn merge(&mut self, other: Self) {
        self.check.wrong += other.check.wrong;
        self.check.compared += other.check.compared;
        self.check.worst = self.check.worst.max(other.check.worst);
    }
}

/// Runs every kernel, and its roof.
pub fn run(
    device: Option<&Device>,
    options: Options,
    told: &mut dyn FnMut(&str),
) -> Result<Vec<Reading>, EngineError> {
    let mut readings = Vec::new();
    // Layouts and batches of made-up spaces; 24 points for each pair.
    let sizes: &[(u32, u32)] =
        if options.quick { &[(1, 64), (32, 64)] } else { &[(1, 64), (32, 64), (64, 512), (512, 512)] };
    let sweeps: Vec<_> = sizes.iter().map(|size| serving_sweep(options.seed, *size)).collect();
    kernel(
        &sweeps,
        |sweep| Survey::new(sweep, PROMISED, leaders::SHOWN),
        device,
        options,
        told,
        &mut readings,
    )?;
    // Splits and scales of made-up jobs; 60 points for each pair.
    let sizes: &[(u32, u32)] = if options.quick { &[(25, 1)] } else { &[(25, 1), (100, 8), (800, 20)] };
    let sweeps: Vec<_> = sizes.iter().map(|size| training_sweep(options.seed, *size)).collect();
    kernel(&sweeps, Fastest::new, device, options, told, &mut readings)?;
    // Made-up facilities, each through a year of hours.
    let cases: &[u32] = if options.quick { &[3] } else { &[9, 336] };
    let years: Vec<_> = cases.iter().map(|cases| facility_year(options.seed, *cases)).collect();
    kernel(&years, YearSums::of, device, options, told, &mut readings)?;
    Ok(readings)
}

fn serving_sweep(seed: u64, (layouts, batches): (u32, u32)) -> ServingSweep {
    ServingSweep::new(design_space(seed, layouts, batches)).expect("the sample is valid")
}

fn training_sweep(seed: u64, (splits, scales): (u32, u32)) -> TrainingSweep {
    TrainingSweep::new(training_space(seed, splits, scales)).expect("the sample is valid")
}

fn facility_year(seed: u64, cases: u32) -> FacilityYears {
    FacilityYears::new(facilities(seed, cases, 8_760)).expect("the sample is valid")
}

/// Runs one kernel at its sizes, and the roof of its mix.
fn kernel<K: Kernel, R: Reduction<K::Score>>(
    sizes: &[K],
    reduction: impl Fn(&K) -> R,
    device: Option<&Device>,
    options: Options,
    told: &mut dyn FnMut(&str),
    readings: &mut Vec<Reading>,
) -> Result<(), EngineError> {
    let Some(first) = sizes.first() else { return Ok(()) };
    let mix = mean_operations(first);
    for size in sizes {
        told(&format!("{}, {} points", K::NAME, size.points()));
        readings.extend(paths(size, &reduction, mix, device, options)?);
    }
    if let Some(mix) = mix {
        told(&format!("{}, roof", K::NAME));
        readings.extend(roofs(K::NAME, &mix, device, options)?);
    }
    Ok(())
}

/// The mean operations of some points, evenly chosen.
fn mean_operations<K: Kernel>(kernel: &K) -> Option<Operations> {
    let step = (kernel.points() / COUNTED).max(1);
    let (mut sum, mut count) = (Operations::default(), 0.0);
    for index in (0..kernel.points()).step_by(step as usize) {
        let one = kernel.operations(index)?;
        sum.plain += one.plain;
        sum.divisions += one.divisions;
        sum.choices += one.choices;
        sum.powers += one.powers;
        count += 1.0;
    }
    Some(sum.times(1.0 / count))
}

fn paths<K: Kernel, R: Reduction<K::Score>>(
    kernel: &K,
    reduction: impl Fn(&K) -> R,
    mix: Option<Operations>,
    device: Option<&Device>,
    options: Options,
) -> Result<Vec<Reading>, EngineError> {
    let effort = options.effort();
    let points = kernel.points();
    let mut readings = Vec::new();
    let mut add = |path: &str, points: u64, seconds, check| {
        readings.push(Reading {
            group: Group::Kernel,
            name: K::NAME.into(),
            shape: format!("{} points", group(&kernel.points().to_string())),
            path: path.into(),
            amounts: Amounts {
                points: points as f64,
                flop: mix.map_or(0.0, |mix| mix.total() * points as f64),
                bytes: 0.0,
            },
            seconds,
            check,
        });
    };

    let few = points.min(MOST_SCALAR);
    let mut scores = vec![K::Score::default(); few as usize];
    let seconds = effort.time(|| {
        for (index, score) in (0..).zip(&mut scores) {
            *score = kernel.score(black_box(index));
        }
        black_box(&scores);
    });
    let plain = checksum(&scores);
    add(path::SCALAR, few, seconds, None);

    let seconds = effort.time(|| {
        cpu::score_range(kernel, black_box(0), &mut scores);
        black_box(&scores);
    });
    add(path::SIMD, few, seconds, Some(same(plain, checksum(&scores), few)));

    let mut whole = None;
    let threads = options.threads();
    for (path, threads) in [(path::ONE_THREAD, 1), (path::CPU, threads)] {
        let engine = Engine::new(Backend::Cpu).threads(threads);
        let seconds = samples(&engine, kernel, options, || reduction(kernel))?;
        // The first points against the plain loop, all of them against the other number of threads.
        let first = summed(&engine, kernel, few)?;
        let all = if few == points { first } else { summed(&engine, kernel, points)? };
        let wrong = u64::from(first != plain) * few + u64::from(all != *whole.get_or_insert(all)) * points;
        let worst = if wrong == 0 { 0.0 } else { f64::INFINITY };
        add(path, points, seconds, Some(Check { compared: points, wrong: wrong.min(points), worst }));
    }
    if let Some(device) = device {
        // A software device is asked for a few points only: its speed is nobody's concern.
        if !device.is_software() || points <= MOST_SOFTWARE {
            let engine = Engine::new(Backend::Gpu).on_device(Some(device.number().to_string()));
            // Reduced as a sweep reduces it: on the device, where it has a sieve.
            let seconds = samples(&engine, kernel, options, || reduction(kernel))?;
            let mut held = Held { kernel, check: Check { compared: 0, wrong: 0, worst: 0.0 } };
            for range in spread_ranges(points) {
                engine.run_range(kernel, range, &mut held, |_, _| ControlFlow::Continue(()))?;
            }
            add(path::GPU, points, seconds, Some(held.check));
        }
    }
    Ok(readings)
}

/// Ranges of points that are held against the twin's, spread over all, the first and the last among them.
fn spread_ranges(points: u64) -> Vec<std::ops::Range<u64>> {
    let each = MOST_HELD / RANGES_HELD;
    let (ranges, each) = if points <= MOST_HELD { (1, points) } else { (RANGES_HELD, each) };
    let first = |range: u64| range * (points - each) / (ranges - 1).max(1);
    (0..ranges).map(|range| first(range)..first(range) + each).collect()
}

/// The checksum of the first points as the engine scores them.
fn summed<K: Kernel>(engine: &Engine, kernel: &K, points: u64) -> Result<Checksum, EngineError> {
    let mut sum = Checksum::default();
    engine.run_range(kernel, 0..points, &mut sum, |_, _| ControlFlow::Continue(()))?;
    Ok(sum)
}

fn checksum<S: bytemuck::Pod>(scores: &[S]) -> Checksum {
    let mut sum = Checksum::default();
    sum.absorb(0, scores);
    sum
}

fn same(one: Checksum, other: Checksum, points: u64) -> Check {
    let wrong = if one == other { 0 } else { points };
    Check { compared: points, wrong, worst: if wrong == 0 { 0.0 } else { f64::INFINITY } }
}

/// Times the engine: scores and reduction, as a search has them.
fn samples<K: Kernel, R: Reduction<K::Score>>(
    engine: &Engine,
    kernel: &K,
    options: Options,
    fresh: impl Fn() -> R,
) -> Result<Vec<f64>, EngineError> {
    options.effort().samples(|runs| {
        let started = std::time::Instant::now();
        for _ in 0..runs {
            let mut reduced = fresh();
            let run = engine.run(kernel, &mut reduced, |_: Progress| ControlFlow::Continue(()))?;
            if let (Some(device), false) = (&run.device, run.points_on_device == run.points) {
                let reason = run.warnings.first().cloned().unwrap_or_default();
                return Err(EngineError::Measurement {
                    device: device.clone(),
                    what: K::NAME.into(),
                    reason,
                });
            }
        }
        Ok(started.elapsed())
    })
}

/// What the mix does from registers on each path that can be held against it.
fn roofs(
    name: &str,
    mix: &Operations,
    device: Option<&Device>,
    options: Options,
) -> Result<Vec<Reading>, EngineError> {
    let effort = options.effort();
    let reading = |bench: &Mix, path: &str, seconds, check| Reading {
        group: Group::Roof,
        name: name.into(),
        shape: bench.shape(),
        path: path.into(),
        amounts: bench.work().into(),
        seconds,
        check,
    };
    let mut readings = Vec::new();
    for (path, threads) in [(path::SIMD, 1), (path::CPU, options.threads())] {
        let mut widths = Vec::new();
        for lanes in WIDTHS {
            let bench = Mix::of(mix, 1 << 13, 10, lanes);
            let timing = time_on_cpu(&bench, threads, effort)?;
            let check = super::microbench::check_plainly(&bench, &timing.results, options.seed);
            widths.push(reading(&bench, path, timing.seconds, Some(check)));
        }
        let best = widths.into_iter().min_by(|a, b| a.least().total_cmp(&b.least()));
        readings.extend(best);
    }
    if let Some(device) = device {
        let (count, rounds) = if device.is_software() { (1 << 10, 2) } else { (1 << 20, 50) };
        let bench = Mix::of(mix, count, rounds, Lanes::Few);
        let timing = device.time(&bench, effort)?;
        let check = super::microbench::check(&bench, &timing.results, &twin(&bench), options.seed);
        readings.push(reading(&bench, path::GPU, timing.seconds, Some(check)));
    }
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_reach_from_the_first_point_to_the_last() {
        for points in [1, MOST_HELD, 1 << 20, 1 << 40] {
            let ranges = spread_ranges(points);
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end.abs_diff(points) == 0), (0, true));
            assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
