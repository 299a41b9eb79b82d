//! A training run failure by failure: how far runs of the same kind differ, and a check on the closed form.
//!
//! A sample's value depends on its index alone: each takes its own stream of counter-based numbers, one pair for each
//! failure. Between failures nothing is random, so checkpoints are counted, not walked through. What is left out is what
//! [`super`] leaves out; running with fewer units is taken from the closed form.

use super::{FailingRun, waiting_share};
use crate::random::Stream;
use crate::units::Seconds;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Failures of one sample that are walked through; the rest of a longer run is as the part seen.
const MOST_FAILURES: u64 = 20_000;

/// Wall-clock time of one sample of a run with `work` of undisturbed time.
///
/// ~~~text
/// until the next failure  f = −M·ln u,  u uniform      a repair takes −T·ln v
/// saved of it             τ·floor((f − write)/(τ + δ))
/// ~~~
///
/// Infinite where nothing is ever saved.
#[must_use]
pub fn run_time(run: &FailingRun, work: Seconds, stream: Stream) -> Seconds {
    let pace = 1.0 - run.slow;
    let work = work.0 / pace.max(f64::MIN_POSITIVE);
    let stall = run.checkpoints.stall.0;
    if run.interruptions.0 <= 0.0 {
        let checkpoints = run.checkpoints.interval.map_or(0.0, |interval| (work / interval.0).floor());
        return Seconds(work + checkpoints * stall);
    }
    let (interval, mean) = (run.interval().0, run.between_failures().0);
    let cycle = interval + stall;
    let stop = run.detection.0 + run.restart.0;
    let mut down: BinaryHeap<Reverse<Ordered>> = BinaryHeap::new();
    let spares = run.spares.units as usize;
    let groups = run.spares.groups.max(1);
    let alone = groups == 1 && !run.spares.shrinks;
    let (mut clock, mut saved, mut owed) = (0.0, 0.0, 0.0);
    for failure in 0..MOST_FAILURES {
        let [until, cause] = stream.uniform_pair(2 * failure);
        let until = -mean * until.ln();
        // What restart and the rework of a spoilt state still ask for comes first.
        let ready = until - owed;
        let left = work - saved;
        let whole = (left / interval).ceil().max(1.0) - 1.0;
        if ready >= left + whole * stall {
            clock += owed + left + whole * stall;
            return Seconds(clock / unwaited(run, alone));
        }
        if ready > 0.0 {
            let written = ((ready - run.checkpoints.write.0) / cycle).floor().max(0.0);
            saved += written.min(whole) * interval;
        }
        clock += until;
        let silent = cause > 1.0 - run.silent;
        owed = stop + if silent { run.silent_for.0 } else { 0.0 };
        if alone && cause < run.broken {
            while down.peek().is_some_and(|Reverse(back)| back.0 <= clock) {
                down.pop();
            }
            let repair = -run.repair.0 * stream.uniform(2 * failure + 1).ln();
            down.push(Reverse(Ordered(clock + repair)));
            if down.len() > spares
                && let Some(Reverse(back)) = down.pop()
            {
                clock = clock.max(back.0);
            }
        }
    }
    // As the part seen: whoever saved nothing never ends.
    let whole = if saved > 0.0 { clock * work / saved } else { f64::INFINITY };
    Seconds(whole / unwaited(run, alone))
}

/// Part of the time that is not waited, where waiting is not walked through.
fn unwaited(run: &FailingRun, walked: bool) -> f64 {
    if walked { 1.0 } else { (1.0 - waiting_share(run)).max(f64::MIN_POSITIVE) }
}

/// A finite time as a key of a heap.
#[derive(Clone, Copy, PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// The 5th, 50th and 95th percentile of run times, in order.
#[must_use]
pub fn percentiles(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * times.len() as f64) as usize;
        times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    };
    [at(0.05), at(0.50), at(0.95)]
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::super::{Checkpoints, FailingRun, Spares, goodput, young_interval};
    use super::*;
    use crate::units::PerSecond;

    /// Useful over simulated time: the mean of some runs of 60 days.
    fn simulated(run: &FailingRun, samples: u64) -> f64 {
        let work = Seconds(60.0 * 86_400.0);
        let total: f64 =
            (0..samples).map(|index| run_time(run, work, Stream { seed: 1, stream: index }).0).sum();
        work.0 * samples as f64 / total
    }

    // Some 470 failures in a run, a loss of 9 %: its relative scatter over a run is about 9 %/√470 = 0.4 %, over 64 runs
    // 0.05 %.
    #[test]
    fn many_runs_lose_what_the_closed_form_says() {
        for (broken, units, repair) in [(0.0, 0, 0.0), (0.85, 0, 3_600.0), (0.85, 1, 4.0 * 3_600.0)] {
            let spares = Spares { units, ..run().spares };
            let run = FailingRun { broken, spares, repair: Seconds(repair), ..run() };
            let (closed, walked) = (goodput(&run).share, simulated(&run, 64));
            assert!((walked / closed - 1.0).abs() < 0.005, "{closed} {walked} with {units} spares");
        }
    }

    #[test]
    fn where_failures_are_rare_the_simulation_agrees_with_young_and_daly() {
        // M = 11 days, δ = 10 s: τ = √(2·10·950,400) = 4,360 s; lost = δ/τ + (τ/2 + R)/M = 0.23 % + 0.29 %.
        let interruptions = PerSecond(1.0 / 950_400.0);
        let stall = Seconds(10.0);
        let interval = young_interval(stall, Seconds(950_400.0));
        let checkpoints =
            Checkpoints { interval: Some(interval), ..Checkpoints::asynchronous(stall, Seconds(0.0)) };
        let run = FailingRun { interruptions, broken: 0.0, checkpoints, ..run() };
        let first_order = stall.0 / interval.0 + (interval.0 / 2.0 + 600.0) / 950_400.0;
        let lost = 1.0 - simulated(&run, 2_000);
        assert!((lost / first_order - 1.0).abs() < 0.05, "{lost} {first_order}");
        assert!(((1.0 - goodput(&run).share) / first_order - 1.0).abs() < 0.01);
    }

    #[test]
    fn late_checkpoints_and_silent_errors_cost_what_the_closed_form_says() {
        let checkpoints = Checkpoints::asynchronous(Seconds(5.0), Seconds(120.0));
        let run = FailingRun { silent: 0.05, silent_for: Seconds(3_600.0), checkpoints, ..run() };
        let (closed, walked) = (goodput(&run).share, simulated(&run, 64));
        assert!((walked / closed - 1.0).abs() < 0.01, "{closed} {walked}");
    }

    #[test]
    fn a_sample_depends_on_its_index_alone() {
        let work = Seconds(1e6);
        let one = run_time(&run(), work, Stream { seed: 3, stream: 17 });
        let _ = run_time(&run(), work, Stream { seed: 3, stream: 16 });
        assert_eq!(one.0.to_bits(), run_time(&run(), work, Stream { seed: 3, stream: 17 }).0.to_bits());
        assert_ne!(one.0.to_bits(), run_time(&run(), work, Stream { seed: 3, stream: 18 }).0.to_bits());
    }

    #[test]
    fn endless_runs_end_the_simulation() {
        let hopeless = FailingRun { interruptions: PerSecond(10.0), ..run() };
        assert!(run_time(&hopeless, Seconds(1e6), Stream { seed: 1, stream: 1 }).0.is_infinite());
        let long = run_time(&run(), Seconds(1e12), Stream { seed: 1, stream: 1 });
        assert!((goodput(&run()).share * long.0 / 1e12 - 1.0).abs() < 0.02, "{long}");
    }

    #[test]
    fn percentiles_of_a_hundred_numbers_are_the_numbers() {
        let found = percentiles((0..100).map(f64::from).rev().collect());
        assert!(found.iter().zip([5.0, 50.0, 95.0]).all(|(found, known)| (found - known).abs() < 1e-12));
    }
}
