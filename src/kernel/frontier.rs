//! The shortlist of a sweep: the points that may lie on the frontier of tokens/s per user against tokens/s per
//! accelerator.
//!
//! Scores are `f32` and differ by units in the last place between devices, so the frontier itself is found later,
//! in `f64`. Here a point is dropped only when another beats it by more than [`GUARD`] in both coordinates; whatever
//! computed the scores, the true frontier is among those kept. The list does not depend on the order in which
//! points arrive, so that chunks may be reduced in parallel.
//!
//! The best point under a limit on the time per token lies on the frontier; only a limit on the time to first token
//! has to be known here.

use crate::kernel::serving_sweep::Score;
use crate::kernel::sieve::Sifted;
use crate::kernel::{Reduction, Resumable};

/// Relative distance by which a point must be beaten to be dropped: wider than what `f32` can be wrong by.
pub const GUARD: f32 = 1e-4;

/// Buckets of one octave of tokens/s per user are `2^MANTISSA_BITS`.
const MANTISSA_BITS: u32 = 5;
/// Exponent bits of the slowest bucket: 2⁻¹⁶ tokens/s.
const LEAST_EXPONENT: u32 = 127 - 16;
/// Octaves that buckets tell apart: up to 2²⁴ tokens/s.
const OCTAVES: u32 = 40;
const BUCKETS: usize = (OCTAVES << MANTISSA_BITS) as usize;
/// What is counted: points that can run, and the four reasons why others cannot.
pub(super) const COUNTS: usize = 5;
/// Kept points that a prune is worth.
const PRUNE_STEP: usize = 4_096;

/// Kept points that are worth computing in `f64` before the end.
const SETTLE_STEP: usize = 1 << 16;

/// A point that may be on the frontier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its index in the sweep.
    pub index: u64,
    /// Its score.
    pub score: Score,
}

/// A point in `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exact {
    /// Output tokens per second of one sequence.
    pub tokens_per_s_per_user: f64,
    /// Output tokens per second and accelerator.
    pub tokens_per_s_per_accelerator: f64,
    /// Whether it is surely within the limit on the time to first token, so that it may push out others.
    pub is_sure: bool,
}

/// Collects the shortlist, and counts.
#[derive(Debug, Clone)]
pub struct Shortlist {
    ttft_limit_s: f32,
    /// The most tokens/s per accelerator, less the guard, among points in a faster bucket.
    beaten_below: Box<[f32; BUCKETS]>,
    kept: Vec<Candidate>,
    prune_at: usize,
    settle_at: usize,
    evaluated: u64,
    feasible: u64,
    misfits: [u64; 4],
}

fn bucket(tokens_per_s: f32) -> usize {
    let key = tokens_per_s.max(0.0).to_bits() >> (23 - MANTISSA_BITS);
    (key.saturating_sub(LEAST_EXPONENT << MANTISSA_BITS) as usize).min(BUCKETS - 1)
}

/// What `shaders/survey.wgsl` knows of buckets and guard.
pub(super) fn constants_wgsl() -> String {
    format!(
        "const MANTISSA_BITS: u32 = {MANTISSA_BITS}u;\nconst SLOWEST: u32 = {}u;\nconst BUCKETS: u32 = {BUCKETS}u;\n\
         const LESS_GUARD: f32 = {:?};\n",
        LEAST_EXPONENT << MANTISSA_BITS,
        1.0 - GUARD
    )
}

impl Shortlist {
    /// An empty shortlist of points whose first token comes within the limit; `f32::INFINITY` for no limit.
    #[must_use]
    pub fn new(ttft_limit_s: f32) -> Self {
        Self {
            ttft_limit_s,
            beaten_below: Box::new([0.0; BUCKETS]),
            kept: Vec::new(),
            prune_at: PRUNE_STEP,
            settle_at: SETTLE_STEP,
            evaluated: 0,
            feasible: 0,
            misfits: [0; 4],
        }
    }

    /// Points scored.
    #[must_use]
    pub fn evaluated(&self) -> u64 {
        self.evaluated
    }

    /// Points that can run, whatever their time to first token.
    #[must_use]
    pub fn feasible(&self) -> u64 {
        self.feasible
    }

    /// Points that cannot run: out of memory, too few sequences, prefill that falls behind, no pool. A point may
    /// count more than once.
    #[must_use]
    pub fn misfits(&self) -> [u64; 4] {
        self.misfits
    }

    /// The points that may be on the frontier, in the order of their indices.
    #[must_use]
    pub fn candidates(mut self) -> Vec<Candidate> {
        self.prune();
        self.kept.sort_unstable_by_key(|candidate| candidate.index);
        self.kept
    }

    /// What beats the buckets, as a device is told: a bucket is beaten by what is noted for those above it, so what beats a
    /// bucket stands one above it.
    pub(super) fn noted(&self) -> Vec<u32> {
        let mut noted = vec![0];
        noted.extend(self.beaten_below[..BUCKETS - 1].iter().map(|reach| reach.to_bits()));
        noted
    }

    /// Within the limit by more than the guard: only such a point may push out others.
    fn is_sure(&self, score: &Score) -> bool {
        score.ttft_s <= self.ttft_limit_s * (1.0 - GUARD)
    }

    /// Offers a point unless one in a faster bucket beats it, or it is late.
    #[inline]
    fn consider(&mut self, candidate: Candidate) {
        let score = &candidate.score;
        let beaten = self.beaten_below[bucket(score.tokens_per_s_per_user)];
        if score.tokens_per_s_per_accelerator > beaten && score.ttft_s <= self.ttft_limit_s * (1.0 + GUARD) {
            self.offer(candidate);
        }
    }

    fn offer(&mut self, candidate: Candidate) {
        let (user, accelerator) =
            (candidate.score.tokens_per_s_per_user, candidate.score.tokens_per_s_per_accelerator);
        if self.is_sure(&candidate.score) {
            let reach = accelerator * (1.0 - GUARD);
            for best in self.beaten_below[..bucket(user * (1.0 - GUARD))].iter_mut().rev() {
                if *best >= reach {
                    break;
                }
                *best = reach;
            }
        }
        self.kept.push(candidate);
        if self.kept.len() >= self.prune_at {
            self.prune();
            self.prune_at = self.kept.len() * 2 + PRUNE_STEP;
        }
    }

    /// Drops, once there are very many, every point that another beats in `f64`.
    ///
    /// Points closer to the frontier than `f32` can tell grow with the number of all points; those on it hardly do. What
    /// is dropped is not on the frontier of the points so far, so never on the last one; of equal points the first stays.
    pub fn settle(&mut self, exact: impl Fn(u64) -> Exact) {
        if self.kept.len() < self.settle_at {
            return;
        }
        self.prune();
        let mut points: Vec<(Exact, Candidate)> =
            self.kept.iter().map(|candidate| (exact(candidate.index), *candidate)).collect();
        points.sort_unstable_by(|(a, i), (b, j)| {
            let faster = b.tokens_per_s_per_user.total_cmp(&a.tokens_per_s_per_user);
            let more = b.tokens_per_s_per_accelerator.total_cmp(&a.tokens_per_s_per_accelerator);
            faster.then(more).then(i.index.cmp(&j.index))
        });
        let mut most = f64::NEG_INFINITY;
        points.retain(|(point, _)| {
            let unbeaten = point.tokens_per_s_per_accelerator > most;
            if point.is_sure {
                most = most.max(point.tokens_per_s_per_accelerator);
            }
            unbeaten
        });
        self.kept = points.into_iter().map(|(_, candidate)| candidate).collect();
        self.settle_at = self.kept.len() * 2 + SETTLE_STEP;
    }

    /// Drops every point that a sure one beats by the guard in both coordinates.
    fn prune(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_unstable_by(|a, b| {
            b.score
                .tokens_per_s_per_user
                .total_cmp(&a.score.tokens_per_s_per_user)
                .then(a.index.cmp(&b.index))
        });
        let (mut ahead, mut most) = (0, 0.0_f32);
        let all = kept.clone();
        kept.retain(|candidate| {
            while let Some(faster) = all.get(ahead) {
                if faster.score.tokens_per_s_per_user * (1.0 - GUARD) < candidate.score.tokens_per_s_per_user
                {
                    break;
                }
                if self.is_sure(&faster.score) {
                    most = most.max(faster.score.tokens_per_s_per_accelerator * (1.0 - GUARD));
                }
                ahead += 1;
            }
            most < candidate.score.tokens_per_s_per_accelerator
        });
        self.kept = kept;
    }
}

impl Reduction<Score> for Shortlist {
    fn fork(&self) -> Self {
        Self { beaten_below: self.beaten_below.clone(), ..Self::new(self.ttft_limit_s) }
    }

    fn absorb(&mut self, first: u64, scores: &[Score]) {
        self.evaluated += scores.len() as u64;
        for (index, score) in (first..).zip(scores) {
            if score.misfit != 0 {
                for (bit, count) in self.misfits.iter_mut().enumerate() {
                    *count += u64::from(score.misfit >> bit & 1);
                }
                continue;
            }
            self.feasible += 1;
            self.consider(Candidate { index, score: *score });
        }
    }

    fn merge(&mut self, other: Self) {
        self.evaluated += other.evaluated;
        self.feasible += other.feasible;
        for (sum, part) in self.misfits.iter_mut().zip(other.misfits) {
            *sum += part;
        }
        for candidate in other.kept {
            self.consider(candidate);
        }
    }

    fn absorb_sifted(&mut self, sifted: Sifted<Score>) {
        self.evaluated += u64::from(sifted.points);
        let mut counts = sifted.counts.into_iter().map(u64::from);
        self.feasible += counts.next().unwrap_or(0);
        for (sum, count) in self.misfits.iter_mut().zip(counts) {
            *sum += count;
        }
        for (index, score) in sifted.kept {
            self.consider(Candidate { index, score });
        }
    }
}

impl Resumable<Score> for Shortlist {
    fn counts(&self) -> Vec<u64> {
        let [memory, too_few, prefill, no_pool] = self.misfits;
        vec![self.evaluated, self.feasible, memory, too_few, prefill, no_pool]
    }

    fn set_counts(&mut self, counts: &[u64]) -> Option<()> {
        let [evaluated, feasible, misfits @ ..] = counts else { return None };
        self.misfits = misfits.try_into().ok()?;
        (self.evaluated, self.feasible) = (*evaluated, *feasible);
        Some(())
    }

    fn kept(&mut self) -> Vec<u64> {
        self.prune();
        let mut indices: Vec<u64> = self.kept.iter().map(|candidate| candidate.index).collect();
        indices.sort_unstable();
        indices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(user: f32, accelerator: f32, ttft_s: f32) -> Score {
        Score {
            tpot_s: 1.0 / user,
            ttft_s,
            tokens_per_s_per_user: user,
            tokens_per_s_per_accelerator: accelerator,
            ..Score::default()
        }
    }

    fn indices(list: Shortlist) -> Vec<u64> {
        list.candidates().iter().map(|candidate| candidate.index).collect()
    }

    /// A cloud of points under the curve x · y = 1000, from the index alone.
    fn cloud(count: u64) -> Vec<Score> {
        (0..count)
            .map(|index| {
                let noise = |salt: u64| (index.wrapping_mul(salt) >> 11 & 0xffff) as f32 / 65_536.0;
                let user = 10.0 + 190.0 * noise(0x9e37_79b9_7f4a_7c15);
                point(
                    user,
                    1_000.0 / user * (0.5 + 0.5 * noise(0xc2b2_ae3d_27d4_eb4f)),
                    noise(0x1656_67b1_9e37_79f9),
                )
            })
            .collect()
    }

    #[test]
    fn a_beaten_point_is_dropped_and_a_near_one_kept() {
        let mut list = Shortlist::new(f32::INFINITY);
        list.absorb(
            0,
            &[
                point(100.0, 10.0, 1.0),
                point(90.0, 9.0, 1.0),
                point(99.999, 9.999_9, 1.0),
                point(50.0, 20.0, 1.0),
            ],
        );
        assert_eq!(indices(list), [0, 2, 3]);
    }

    #[test]
    fn a_point_at_the_limit_stays_but_pushes_nobody_out() {
        let mut list = Shortlist::new(1.0);
        list.absorb(0, &[point(100.0, 10.0, 1.000_05), point(90.0, 9.0, 0.5), point(200.0, 20.0, 1.1)]);
        assert_eq!(indices(list), [0, 1]);
    }

    #[test]
    fn no_point_of_the_exact_frontier_is_lost() {
        let scores = cloud(20_000);
        let mut list = Shortlist::new(0.7);
        list.absorb(0, &scores);
        let kept = indices(list);
        let inside: Vec<_> = scores.iter().enumerate().filter(|(_, score)| score.ttft_s <= 0.7).collect();
        let mut unbeaten = 0;
        for (index, score) in &inside {
            let beaten = inside.iter().any(|(_, other)| {
                other.tokens_per_s_per_user > score.tokens_per_s_per_user
                    && other.tokens_per_s_per_accelerator > score.tokens_per_s_per_accelerator
            });
            unbeaten += usize::from(!beaten);
            assert!(beaten || kept.binary_search(&(*index as u64)).is_ok(), "{index}");
        }
        assert!(kept.len() < unbeaten + unbeaten / 10 + 10, "{} kept for {unbeaten}", kept.len());
    }

    #[test]
    fn settling_bounds_the_list_and_keeps_the_frontier() {
        // 300,000 points within the guard of each other, their true rates told apart in `f64` only.
        let exact = |index: u64| {
            let noise = (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & 0x3ff) as f64 * 1e-8;
            Exact {
                tokens_per_s_per_user: 50.0 + noise,
                tokens_per_s_per_accelerator: 20.0 - noise * (1.0 + (index % 7) as f64),
                is_sure: !index.is_multiple_of(1_000),
            }
        };
        let frontier = |indices: &mut dyn Iterator<Item = u64>| {
            let mut points: Vec<(Exact, u64)> = indices.map(|index| (exact(index), index)).collect();
            points.sort_by(|(a, _), (b, _)| {
                b.tokens_per_s_per_user
                    .total_cmp(&a.tokens_per_s_per_user)
                    .then(b.tokens_per_s_per_accelerator.total_cmp(&a.tokens_per_s_per_accelerator))
            });
            let mut most = 0.0;
            points.retain(|(point, _)| {
                let better = point.is_sure && point.tokens_per_s_per_accelerator > most;
                most = if better { point.tokens_per_s_per_accelerator } else { most };
                better
            });
            points.into_iter().map(|(_, index)| index).collect::<Vec<_>>()
        };
        let mut list = Shortlist::new(f32::INFINITY);
        let mut longest = 0;
        for first in (0..300_000).step_by(10_000) {
            let scores: Vec<Score> = (first..first + 10_000).map(|_| point(50.0, 20.0, 1.0)).collect();
            list.absorb(first, &scores);
            list.settle(exact);
            longest = longest.max(list.kept.len());
        }
        let kept: Vec<u64> = list.candidates().iter().map(|candidate| candidate.index).collect();
        assert!(longest < 2 * SETTLE_STEP, "{longest}");
        assert_eq!(frontier(&mut kept.iter().copied()), frontier(&mut (0..300_000)));
        // Those that may be late stay unless a sure one beats them.
        assert!(kept.iter().any(|index| index.is_multiple_of(1_000)));
    }

    #[test]
    fn what_beats_a_bucket_is_noted_above_it() {
        let mut list = Shortlist::new(f32::INFINITY);
        list.absorb(0, &cloud(5_000));
        let noted = list.noted();
        for place in 0..BUCKETS {
            let settled = noted[place + 1..].iter().copied().max().unwrap_or(0);
            assert_eq!(settled, list.beaten_below[place].to_bits(), "{place}");
        }
    }

    #[test]
    fn the_list_does_not_depend_on_the_order() {
        let scores = cloud(30_000);
        let mut whole = Shortlist::new(f32::INFINITY);
        whole.absorb(0, &scores);
        let mut parts = Shortlist::new(f32::INFINITY);
        for (part, chunk) in scores.chunks(1_000).enumerate().rev() {
            let mut fork = parts.fork();
            fork.absorb(part as u64 * 1_000, chunk);
            parts.merge(fork);
        }
        assert_eq!(whole.evaluated(), parts.evaluated());
        assert_eq!(indices(whole), indices(parts));
    }
}
