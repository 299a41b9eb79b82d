//! Waiting for prefill: what a request sees before its prompt is begun, and how far times spread around their means.
//!
//! Requests arrive by chance (a Poisson stream) at the load factor times what the replica carries. Prompts are begun
//! in order; a prompt occupies the prefill of its replica for a fixed time S. That is an M/D/1 queue:
//!
//! ~~~text
//! ρ = load · prompt tokens owed / prompt tokens that steps can carry
//! W = ρ · S / (2·(1 − ρ))                                mean (Pollaczek 1930, Khinchine 1932)
//! P(wait > t) ≈ ρ · exp(−t / w),  w = S / (2·(1 − ρ))     w: mean wait of those that wait at all
//! p99 = w · ln(ρ / 0.01), and nothing where ρ ≤ 0.01
//! ~~~
//!
//! The exponential of the wait that there is (Kingman 1961, doi:10.1017/S0305004100036094; Whitt 1993,
//! doi:10.1111/j.1937-5956.1993.tb00094.x) becomes exact as ρ nears 1 and is on the safe side below: it exceeds a
//! simulated p99 by 28 % at ρ = 0.3, 17 % at 0.5, 9 % at 0.7 and 4 % at 0.85. Left out: bursts, the spread of prompt
//! lengths, priorities, and waiting for a slot, which is rare while many sequences run below the promised load.

use crate::scalar::Real;

/// Part of its time at most that a prefill is counted as busy: waits grow beyond all bounds as it nears 1, and single
/// precision with them. A replica that is asked for more shows the wait at this.
pub const MOST_BUSY: f64 = 0.98;

/// Part of requests that may wait longer than the 99th percentile.
const TAIL: f64 = 0.01;

/// Natural logarithm of 2.
const LN_2: f64 = std::f64::consts::LN_2;

/// The standard normal deviate that 99 % lie below.
pub const NORMAL_P99: f64 = 2.326_347_874;

/// Mean wait of a request that waits at all; mirrored in `serving_sweep.wgsl`.
#[allow(clippy::inline_always, reason = "part of a kernel's body, compiled for each instruction set")]
#[inline(always)]
#[must_use]
pub fn wait_of_the_waiting<T: Real>(service_s: T, busy: T) -> T {
    service_s / (T::of(2.0) * (T::of(1.0) - busy))
}

/// Mean wait over all requests [s]; mirrored in `serving_sweep.wgsl`.
#[allow(clippy::inline_always, reason = "part of a kernel's body, compiled for each instruction set")]
#[inline(always)]
#[must_use]
pub fn mean_wait<T: Real>(service_s: T, busy: T) -> T {
    busy * wait_of_the_waiting(service_s, busy)
}

/// Wait that 99 % of requests stay below [s]; mirrored in `serving_sweep.wgsl`.
#[allow(clippy::inline_always, reason = "part of a kernel's body, compiled for each instruction set")]
#[inline(always)]
#[must_use]
pub fn tail_wait<T: Real>(service_s: T, busy: T) -> T {
    let odds = Real::max(busy * T::of(1.0 / TAIL), T::of(1.0));
    wait_of_the_waiting(service_s, busy) * (Real::log2(odds) * T::of(LN_2))
}

/// The 99th percentile of a request's time per output token; mirrored in `serving_sweep.wgsl`.
///
/// ~~~text
/// p99 = TPOT · (1 + 2.326 · √( p² / B  +  v / (g·O) ))
/// ~~~
///
/// B sequences run; while one gets its answer, B prompts on average are mixed into its steps (Little 1961), by chance
/// √B more or fewer, and p is the part of TPOT that they take. The other term is [`draft_spread`]. The mean of many
/// steps is close to normal; with few sequences or tokens it is not.
#[allow(clippy::inline_always, reason = "part of a kernel's body, compiled for each instruction set")]
#[inline(always)]
#[must_use]
pub fn tail_tpot<T: Real>(tpot_s: T, prompt_share: T, sequences: T, draft_spread: T) -> T {
    let prompts = prompt_share * prompt_share / Real::max(sequences, T::of(1.0));
    tpot_s * (T::of(1.0) + T::of(NORMAL_P99) * (prompts + draft_spread).sqrt())
}

/// Variance of an answer's steps over the square of their mean: g tokens a step with variance v come from drafting, O is
/// the answer's length.
#[must_use]
pub fn draft_spread((tokens, variance): (f64, f64), output: f64) -> f64 {
    variance / (tokens * output.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// Waits of an M/D/1 queue by Lindley's recursion, service time 1: mean and 99th percentile.
    fn simulated(busy: f64) -> (f64, f64) {
        let stream = Stream { seed: 1, stream: 7 };
        let count = 4_000_000_u64;
        let mut waits = Vec::with_capacity(count as usize);
        let mut wait = 0.0_f64;
        for index in 0..count {
            wait = (wait + 1.0 + stream.uniform(index).ln() / busy).max(0.0);
            waits.push(wait);
        }
        let mean = waits.iter().sum::<f64>() / count as f64;
        let place = waits.len() / 100 * 99;
        let (_, tail, _) = waits.select_nth_unstable_by(place, f64::total_cmp);
        (mean, *tail)
    }

    #[test]
    fn a_simulated_queue_has_the_mean_wait_and_no_longer_a_tail() {
        for busy in [0.3, 0.5, 0.7, 0.85] {
            let (mean, tail) = simulated(busy);
            let expected = mean_wait(1.0, busy);
            assert!((mean / expected - 1.0).abs() < 0.04, "{busy}: {mean} for {expected}");
            let bound = tail_wait(1.0, busy);
            assert!((1.0..1.30).contains(&(bound / tail)), "{busy}: {bound} for {tail}");
        }
    }

    #[test]
    fn a_wait_has_its_worked_numbers() {
        // ρ = 0.8, S = 0.1 s: w = 0.1 / 0.4 = 0.25 s; mean 0.8 · 0.25 = 0.2 s; p99 0.25 · ln 80 = 1.0955 s.
        assert!((mean_wait(0.1_f64, 0.8) - 0.2).abs() < 1e-12);
        assert!((tail_wait(0.1_f64, 0.8) - 1.095_5).abs() < 1e-4);
        assert!(tail_wait(0.1_f64, 0.005).abs() < 1e-12 && mean_wait(0.1_f64, 0.0).abs() < 1e-12);
    }

    #[test]
    fn the_time_per_token_spreads_with_few_sequences() {
        // P/TPOT = 1/2, B = 100: 1 + 2.326 · 0.05 = 1.116.
        let tail = tail_tpot(0.02_f64, 0.5, 100.0, 0.0);
        assert!((tail / 0.02 - 1.116_3).abs() < 1e-4, "{tail}");
        assert!(tail_tpot(0.02, 0.5, 10.0, 0.0) > tail);
        assert!((tail_tpot(0.02_f64, 0.0, 100.0, 0.0) - 0.02).abs() < 1e-15);
        // 1.8 tokens a step with variance 0.36 over 50 tokens: 0.36 / 90 = 0.004, 1 + 2.326 · 0.0632 = 1.147.
        let drafted = tail_tpot(0.02_f64, 0.0, 100.0, draft_spread((1.8, 0.36), 50.0));
        assert!((drafted / 0.02 - 1.147_1).abs() < 1e-4, "{drafted}");
    }
}
