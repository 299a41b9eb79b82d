//! What failures leave of a training run: checkpoints, lost work, restarts, waiting for repairs.
//!
//! Failures come at random, at a rate that grows with the accelerators of the run. Each throws the run back to its last
//! whole checkpoint and costs detection and restart, which may fail in turn. Those that break a part take a unit out
//! until it is repaired: a spare unit steps in, or the run waits. Time, as shares of the wall clock:
//!
//! ~~~text
//! useful + checkpoints + rework + restarts + waiting + slow = 1
//! ~~~
//!
//! Repairs are independent of each other. Left out: failures that come in bursts, units that fail again and again (of
//! small jobs they are two thirds), spares that are broken when called, network faults that slow a run down without
//! ending it.

pub mod simulation;

use crate::units::{PerSecond, Seconds};

/// How a checkpoint is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Checkpoints {
    /// Time that a checkpoint stops the run.
    pub stall: Seconds,
    /// Time from there until it is whole and can be restarted from; the run goes on meanwhile.
    pub write: Seconds,
    /// Useful time between two; none for the best.
    pub interval: Option<Seconds>,
}

impl Checkpoints {
    /// One that the run waits for until it is written.
    #[must_use]
    pub fn blocking(copy: Seconds, write: Seconds) -> Self {
        Self { stall: copy + write, write: Seconds(0.0), interval: None }
    }

    /// One that is copied while the run waits and written while it goes on.
    #[must_use]
    pub fn asynchronous(copy: Seconds, write: Seconds) -> Self {
        Self { stall: copy, write, interval: None }
    }
}

/// Spare units, in groups that can't help each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spares {
    /// Groups: one where any spare steps in anywhere, one for each domain where spare trays stand in it.
    pub groups: u32,
    /// Spare units of a group.
    pub units: u32,
    /// Part of the run that a unit is.
    pub unit_share: f64,
    /// Whether the run goes on with fewer units when spares are out, rather than waits.
    pub shrinks: bool,
}

/// A run as failures see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailingRun {
    /// Interruptions of the whole run.
    pub interruptions: PerSecond,
    /// Part of them that takes a unit out until it is repaired.
    pub broken: f64,
    /// Part of them that are silent corruptions, found late.
    pub silent: f64,
    /// From a silent corruption to its discovery: work to be done again.
    pub silent_for: Seconds,
    /// From a failure to its detection.
    pub detection: Seconds,
    /// From there to the next step, lost work aside.
    pub restart: Seconds,
    /// From the failure of a unit to its return.
    pub repair: Seconds,
    /// Spare units.
    pub spares: Spares,
    /// How checkpoints are taken.
    pub checkpoints: Checkpoints,
    /// Part of the speed that slow nodes cost.
    pub slow: f64,
}

/// What the time of a run goes to, as shares of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LostTo {
    /// Standing still while checkpoints are taken.
    pub checkpoints: f64,
    /// Steps that are done again.
    pub rework: f64,
    /// Detection and restart.
    pub restarts: f64,
    /// Waiting for repairs, or running with fewer units.
    pub waiting: f64,
    /// Slow nodes.
    pub slow: f64,
}

impl LostTo {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.checkpoints + self.rework + self.restarts + self.waiting + self.slow
    }
}

/// What failures leave of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goodput {
    /// Useful time between checkpoints.
    pub interval: Seconds,
    /// Part of the wall clock that moves the run forward.
    pub share: f64,
    /// Where the rest goes.
    pub lost: LostTo,
}

/// Young's interval between checkpoints.
///
/// ~~~text
/// τ = √(2·δ·M)
/// ~~~
///
/// δ time that a checkpoint stops the run · M mean time between failures. Young 1974, doi:10.1145/361147.361115. Good
/// while δ is much shorter than M.
#[must_use]
pub fn young_interval(stall: Seconds, between_failures: Seconds) -> Seconds {
    Seconds((2.0 * stall.0 * between_failures.0).sqrt())
}

/// Daly's interval to higher order.
///
/// ~~~text
/// τ = √(2·δ·M)·(1 + ⅓·√(δ/2M) + ⅑·(δ/2M)) − δ  for δ < 2·M,  else M
/// ~~~
///
/// Daly 2006, doi:10.1016/j.future.2004.11.016.
#[must_use]
pub fn daly_interval(stall: Seconds, between_failures: Seconds) -> Seconds {
    let ratio = stall.0 / (2.0 * between_failures.0);
    if ratio >= 1.0 {
        return between_failures;
    }
    let young = young_interval(stall, between_failures).0;
    Seconds(young * (1.0 + ratio.sqrt() / 3.0 + ratio / 9.0) - stall.0)
}

/// The interval that makes [`segment`] shortest for its useful time: what Young and Daly approach.
///
/// ~~~text
/// (1 − τ/M)·exp((τ + δ)/M) = 1        τ = M·(1 + W₀(−exp(−1 − δ/M)))
/// ~~~
///
/// W₀ Lambert's function. From setting the derivative of τ / (exp((τ + δ)/M) − 1) to zero; restart does not matter.
#[must_use]
pub fn best_interval(stall: Seconds, between_failures: Seconds) -> Seconds {
    let c = stall.0 / between_failures.0;
    if c <= 0.0 || !c.is_finite() {
        return Seconds(if c > 0.0 { between_failures.0 } else { 0.0 });
    }
    // x + ln(1 − x) + c = 0 falls from c at 0 to −∞ at 1: bisection can't miss.
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if middle + (-middle).ln_1p() + c > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Seconds(between_failures.0 * 0.5 * (low + high))
}

/// Mean wall-clock time of one interval and its checkpoint, failures included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// The whole.
    pub total: Seconds,
    /// Work of attempts that failed.
    pub rework: Seconds,
    /// Restarts, those that failed in turn included.
    pub restarts: Seconds,
}

/// Mean time of τ of work and a checkpoint where failures are exponential and a restart may fail too.
///
/// ~~~text
/// rework   = M·(e^((τ+δ)/M) − 1) − (τ + δ)
/// restarts = M·(e^((τ+δ)/M) − 1)·(e^(R/M) − 1)
/// total    = M·e^(R/M)·(e^((τ+δ)/M) − 1)
/// ~~~
///
/// Daly 2006, doi:10.1016/j.future.2004.11.016: exact for this model.
#[must_use]
pub fn segment(work: Seconds, stall: Seconds, restart: Seconds, between_failures: Seconds) -> Segment {
    let m = between_failures.0;
    if !m.is_finite() {
        return Segment { total: work + stall, rework: Seconds(0.0), restarts: Seconds(0.0) };
    }
    let attempts = m * ((work.0 + stall.0) / m).exp_m1();
    let restarts = attempts * (restart.0 / m).exp_m1();
    Segment {
        total: Seconds(attempts + restarts),
        rework: Seconds(attempts - work.0 - stall.0),
        restarts: Seconds(restarts),
    }
}

/// Part of the time in which all of `servers` are busy with an offered load, and a caller would be turned away.
///
/// ~~~text
/// B(0, a) = 1,  B(n, a) = a·B(n−1, a) / (n + a·B(n−1, a))
/// ~~~
///
/// Erlang's loss formula; it holds whatever the distribution of service times. A run with s spares is such a system
/// of s + 1 repairs under way: with all busy it stands still, and nothing more fails.
#[must_use]
pub fn erlang_loss(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |busy, n| {
        let met = (offered * busy).min(f64::MAX);
        met / (f64::from(n) + met)
    })
}

/// Mean of what a Poisson number exceeds a count by.
///
/// ~~~text
/// E[(X − s)⁺] = a − s + Σ_{k<s} (s − k)·e^(−a)·a^k/k!
/// ~~~
fn mean_excess(mean: f64, count: u32) -> f64 {
    let mut term = (-mean).exp();
    let mut below = 0.0;
    for k in 0..count {
        below += f64::from(count - k) * term;
        term *= mean / f64::from(k + 1);
    }
    (mean - f64::from(count) + below).max(0.0)
}

/// Share of the time in which a run waits for repairs, or of its speed that it lacks meanwhile.
///
/// ~~~text
/// waits    1 − (1 − B(s + 1, a))^g          shrinks  u·g·E[(X − s)⁺],  X Poisson of mean a
/// a = λ·b·T/g
/// ~~~
///
/// λ interruptions of the run · b part that breaks a unit · T time of a repair · g groups of s spare units · u part of
/// the run that a unit is.
#[must_use]
pub fn waiting_share(run: &FailingRun) -> f64 {
    let groups = f64::from(run.spares.groups.max(1));
    let offered = run.interruptions.0 * run.broken * run.repair.0 / groups;
    if run.spares.shrinks {
        return (run.spares.unit_share * groups * mean_excess(offered, run.spares.units)).min(1.0);
    }
    let short = erlang_loss(run.spares.units.saturating_add(1), offered);
    1.0 - (1.0 - short).powf(groups)
}

/// Fewest spare units with which a run waits for at most a share of its time.
#[must_use]
pub fn spares_needed(run: &FailingRun, share: f64) -> Option<u32> {
    (0..4_096).find(|&units| {
        let spares = Spares { units, ..run.spares };
        waiting_share(&FailingRun { spares, ..*run }) <= share
    })
}

impl FailingRun {
    /// Mean time between failures of the run.
    #[must_use]
    pub fn between_failures(&self) -> Seconds {
        Seconds(1.0 / self.interruptions.0)
    }

    /// Useful time between checkpoints: as set or the best, and never shorter than a checkpoint takes to be written.
    #[must_use]
    pub fn interval(&self) -> Seconds {
        let best = || best_interval(self.checkpoints.stall, self.between_failures());
        let wished = self.checkpoints.interval.unwrap_or_else(best);
        Seconds(wished.0.max(self.checkpoints.write.0).max(1e-3))
    }

    /// Work lost beyond the last checkpoint: what was not yet written, and what a silent corruption spoilt.
    #[must_use]
    pub fn stale(&self) -> Seconds {
        self.checkpoints.write + self.silent_for * self.silent
    }
}

/// Share of useful time of a run, and where the rest goes.
///
/// ~~~text
/// useful = (1 − w)·(1 − s)·τ / total(τ, δ, R),   R = detection + restart + stale work
/// ~~~
///
/// w [`waiting_share`] · s speed lost to slow nodes · total [`segment`].
#[must_use]
pub fn goodput(run: &FailingRun) -> Goodput {
    if run.interruptions.0 <= 0.0 {
        let Some(interval) = run.checkpoints.interval else {
            let lost = LostTo { slow: run.slow, ..LostTo::default() };
            return Goodput { interval: Seconds(f64::INFINITY), share: 1.0 - run.slow, lost };
        };
        let cycle = interval + run.checkpoints.stall;
        let useful = interval / cycle;
        let lost = LostTo { checkpoints: 1.0 - useful, slow: useful * run.slow, ..LostTo::default() };
        return Goodput { interval, share: useful * (1.0 - run.slow), lost };
    }
    let waiting = waiting_share(run);
    let interval = run.interval();
    let stop = run.detection + run.restart;
    let part = segment(interval, run.checkpoints.stall, stop + run.stale(), run.between_failures());
    let running = 1.0 - waiting;
    if !part.total.0.is_finite() || part.total.0 <= 0.0 {
        let lost = LostTo { waiting, restarts: running, ..LostTo::default() };
        return Goodput { interval, share: 0.0, lost };
    }
    let of = |time: Seconds| running * (time / part.total);
    let stopped = (stop.0 + run.stale().0).max(f64::MIN_POSITIVE);
    let useful = of(interval);
    Goodput {
        interval,
        share: useful * (1.0 - run.slow),
        lost: LostTo {
            checkpoints: of(run.checkpoints.stall),
            rework: of(part.rework) + of(part.restarts) * run.stale().0 / stopped,
            restarts: of(part.restarts) * stop.0 / stopped,
            waiting,
            slow: useful * run.slow,
        },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 16,384 accelerators at 2e-5 an hour, spares enough.
    pub(crate) fn run() -> FailingRun {
        FailingRun {
            interruptions: PerSecond(16_384.0 * 2e-5 / 3_600.0),
            broken: 0.85,
            silent: 0.0,
            silent_for: Seconds(0.0),
            detection: Seconds(60.0),
            restart: Seconds(540.0),
            repair: Seconds(4.0 * 3_600.0),
            spares: Spares { groups: 1, units: 20, unit_share: 8.0 / 16_384.0, shrinks: false },
            checkpoints: Checkpoints::asynchronous(Seconds(10.0), Seconds(0.0)),
            slow: 0.0,
        }
    }

    // M = 3 h = 10,800 s, δ = 30 s: Young √(2·30·10,800) = 805.0 s; Daly 805.0·(1 + 0.03727/3 + 0.001389/9) − 30 = 785.1 s.
    #[test]
    fn intervals_follow_young_and_daly_and_the_exact_one_lies_between() {
        let (stall, mtbf) = (Seconds(30.0), Seconds(10_800.0));
        assert!((young_interval(stall, mtbf).0 - 805.0).abs() < 0.1);
        let daly = daly_interval(stall, mtbf).0;
        assert!((daly - 785.1).abs() < 0.1, "{daly}");
        assert!((best_interval(stall, mtbf).0 / daly - 1.0).abs() < 1e-4, "{}", best_interval(stall, mtbf));
        // Where a checkpoint takes half of the time between failures the two part: Young √(2·0.5)·M = M, exact 0.70·M.
        let (stall, mtbf) = (Seconds(500.0), Seconds(1_000.0));
        let exact = best_interval(stall, mtbf).0;
        assert!((1.0 - exact / 1_000.0) * ((exact + 500.0) / 1_000.0).exp() - 1.0 < 1e-9);
        assert!(
            exact < young_interval(stall, mtbf).0
                && (daly_interval(stall, mtbf).0 / exact - 1.0).abs() < 0.02
        );
    }

    // M = 10,800 s, δ = 30 s, R = 300 s at Young's 805 s: first order δ/τ + (τ/2 + R)/M = 3.73 % + 6.50 % = 10.2 %.
    #[test]
    fn few_failures_lose_what_young_and_daly_say() {
        let checkpoints = Checkpoints {
            interval: Some(Seconds(805.0)),
            ..Checkpoints::asynchronous(Seconds(30.0), Seconds(0.0))
        };
        let run = FailingRun {
            interruptions: PerSecond(1.0 / 10_800.0),
            broken: 0.0,
            detection: Seconds(0.0),
            restart: Seconds(300.0),
            checkpoints,
            ..run()
        };
        let kept = goodput(&run);
        assert!((kept.lost.total() - 0.102).abs() < 0.006, "{kept:?}");
    }

    // One unit, no spare, repaired in a tenth of the time between failures: 0.1/(1 + 0.1) = 9.1 % waiting.
    #[test]
    fn without_spares_every_repair_is_waited_for() {
        assert!((erlang_loss(1, 0.1) - 0.1 / 1.1).abs() < 1e-12);
        // Two servers: a²/2 / (1 + a + a²/2).
        assert!((erlang_loss(2, 0.5) - 0.125 / 1.625).abs() < 1e-12);
        let none = Spares { units: 0, ..run().spares };
        let bare = goodput(&FailingRun { spares: none, ..run() });
        // a = 16,384·2e-5·0.85·4 = 1.114: 52.7 %.
        assert!((bare.lost.waiting - 1.114 / 2.114).abs() < 1e-3, "{bare:?}");
        assert!(goodput(&run()).lost.waiting < 1e-9);
        let shrunk = Spares { shrinks: true, ..none };
        let shrunk = goodput(&FailingRun { spares: shrunk, ..run() });
        assert!((shrunk.lost.waiting - 1.114 * 8.0 / 16_384.0).abs() < 1e-6, "{shrunk:?}");
    }

    // P99 of a binomial for 1,024 machines is about 4 spares (ByteRobust, arXiv 2509.16293): 1,024 machines of 8 at
    // 2e-5·0.85 an hour with repairs of 4 h: a = 0.557.
    #[test]
    fn a_thousand_machines_need_a_handful_of_spares() {
        let thousand = FailingRun { interruptions: PerSecond(8_192.0 * 2e-5 / 3_600.0), ..run() };
        let needed = spares_needed(&thousand, 0.01).unwrap();
        assert!((2..=5).contains(&needed), "{needed}");
    }

    // 228 racks of 72 with a spare tray each, repairs of 2 h: a = 3e-5·0.85·72·2 = 0.00367 a rack, B(2, a) = 6.7e-6,
    // of 228 racks 0.15 %. Four whole spare racks instead: a = 0.837, B(5, a) = 0.15 %.
    #[test]
    fn spare_trays_and_spare_racks_can_be_compared() {
        let racks = FailingRun {
            interruptions: PerSecond(228.0 * 72.0 * 3e-5 / 3_600.0),
            repair: Seconds(7_200.0),
            ..run()
        };
        let trays = Spares { groups: 228, units: 1, unit_share: 4.0 / 16_416.0, shrinks: false };
        let whole = Spares { groups: 1, units: 4, unit_share: 72.0 / 16_416.0, shrinks: false };
        let trays = waiting_share(&FailingRun { spares: trays, ..racks });
        let whole = waiting_share(&FailingRun { spares: whole, ..racks });
        assert!(
            (trays / 0.0015 - 1.0).abs() < 0.05 && (whole / 0.0015 - 1.0).abs() < 0.05,
            "{trays} {whole}"
        );
    }

    #[test]
    fn failures_faster_than_restarts_leave_nothing() {
        let hopeless = goodput(&FailingRun { interruptions: PerSecond(10.0), ..run() });
        assert!(hopeless.share < 1e-12 && (hopeless.lost.total() - 1.0).abs() < 1e-9, "{hopeless:?}");
    }

    #[test]
    fn without_failures_nothing_is_lost() {
        let safe = goodput(&FailingRun { interruptions: PerSecond(0.0), ..run() });
        assert!((safe.share - 1.0).abs() < 1e-12 && safe.lost.total().abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn useful_and_lost_time_are_the_wall_clock(
            rate in 1e-8_f64..1e-2, stall in 0.0_f64..600.0, write in 0.0_f64..3_600.0, restart in 0.0_f64..7_200.0,
            units in 0_u32..40, groups in 1_u32..300, slow in 0.0_f64..0.9, shrinks: bool,
        ) {
            let run = FailingRun {
                interruptions: PerSecond(rate),
                restart: Seconds(restart),
                silent: 0.1,
                silent_for: Seconds(600.0),
                spares: Spares { groups, units, unit_share: 1e-3, shrinks },
                checkpoints: Checkpoints::asynchronous(Seconds(stall), Seconds(write)),
                slow,
                ..run()
            };
            let kept = goodput(&run);
            prop_assert!((kept.share + kept.lost.total() - 1.0).abs() < 1e-9, "{kept:?}");
            prop_assert!(kept.share >= 0.0 && kept.lost.rework >= -1e-12);
        }

        #[test]
        fn no_interval_beats_the_best(rate in 1e-7_f64..1e-3, stall in 0.1_f64..300.0, factor in 0.1_f64..10.0) {
            let checkpoints = Checkpoints::asynchronous(Seconds(stall), Seconds(0.0));
            let best = FailingRun { interruptions: PerSecond(rate), checkpoints, ..run() };
            let interval = Some(best.interval() * factor);
            let other = FailingRun { checkpoints: Checkpoints { interval, ..checkpoints }, ..best };
            prop_assert!(goodput(&best).share >= goodput(&other).share - 1e-12);
        }

        #[test]
        fn more_failures_slower_restarts_and_fewer_spares_never_help(
            rate in 1e-7_f64..1e-3, more in 1.0_f64..10.0, restart in 1.0_f64..3_600.0, units in 0_u32..20,
        ) {
            let spares = |units| Spares { units, ..run().spares };
            let base = FailingRun {
                interruptions: PerSecond(rate), restart: Seconds(restart), spares: spares(units + 1), ..run()
            };
            let share = goodput(&base).share;
            let worse = [
                FailingRun { interruptions: PerSecond(rate * more), ..base },
                FailingRun { restart: Seconds(restart * more), ..base },
                FailingRun { spares: spares(units), ..base },
            ];
            for run in worse {
                prop_assert!(goodput(&run).share <= share + 1e-12);
            }
        }
    }
}
