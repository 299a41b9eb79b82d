//! The shortlist of a training sweep: at each scale the points that may be the fastest, or the fastest of another split.
//!
//! Scores are `f32` and differ by units in the last place between devices, so who wins is decided later, in `f64`. A point
//! is dropped only when the runner-up so far beats it by more than [`GUARD`]; one whose memory is near a tie pushes
//! nobody out and is dropped only when far behind. The list does not depend on the order in which points arrive.

use super::{MISFIT_MEMORY, MISFIT_UNEVEN, Score, TIE, TrainingRange, TrainingSweep};
use crate::kernel::sieve::{Limits, Sieve, Sifted, sieve_shader};
use crate::kernel::{Kernel, Reduction, Resumable, ShaderStruct};

/// Relative distance by which a point must be behind to be dropped: wider than what two scores can be wrong by.
pub const GUARD: f32 = 3e-4;
/// The same where a choice about memory may fall either way: more than all layers computed again can cost.
const UNSURE_GUARD: f32 = 0.35;
/// The stem of what runs on devices.
pub const SIEVE: &str = "fastest";
/// What is counted there: points that can run, jobs that do not divide, memory that is short.
const COUNTS: u32 = 3;
/// Groups of splits of which a device keeps the least step: the second of them is no faster than the second of all
/// splits.
const SPLIT_GROUPS: u32 = 64;
/// Kept points that a prune is worth.
const PRUNE_STEP: usize = 4_096;

/// A point that may win.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its index in the sweep.
    pub index: u64,
    /// Its score.
    pub score: Score,
}

/// The least step of a split.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leader {
    split: u64,
    step_s: f32,
}

const NOBODY: Leader = Leader { split: u64::MAX, step_s: f32::INFINITY };

/// The two fastest splits of a scale so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leaders {
    best: Leader,
    second: Leader,
}

impl Leaders {
    fn offer(&mut self, new: Leader) {
        if new.step_s < self.best.step_s {
            if new.split != self.best.split {
                self.second = self.best;
            }
            self.best = new;
        } else if new.split != self.best.split && new.step_s < self.second.step_s {
            self.second = new;
        }
    }
}

/// The shader of the other half on devices.
#[must_use]
pub fn sieve_text() -> String {
    let constants = format!(
        "const SPLIT_GROUPS: u32 = {SPLIT_GROUPS}u;\nconst MISFIT_MEMORY: u32 = {MISFIT_MEMORY}u;\n\
         const TIE: f32 = {TIE:?};\nconst LESS_GUARD: f32 = {:?};\nconst LESS_UNSURE_GUARD: f32 = {:?};\n",
        1.0 - GUARD,
        1.0 - UNSURE_GUARD
    );
    let generated = [constants, TrainingRange::wgsl(), Score::wgsl()];
    sieve_shader(TrainingRange::NAME, COUNTS, &generated, include_str!("../../../shaders/fastest.wgsl"))
}

/// Collects the shortlist, and counts.
#[derive(Debug, Clone)]
pub struct Fastest {
    within: u64,
    splits: u64,
    leaders: Vec<Leaders>,
    kept: Vec<Candidate>,
    prune_at: usize,
    evaluated: u64,
    feasible: u64,
    misfits: [u64; 2],
}

impl Fastest {
    /// An empty shortlist for a sweep.
    #[must_use]
    pub fn new(sweep: &TrainingSweep) -> Self {
        let space = sweep.space();
        let blocks = (space.scales.len() * space.splits.len()) as u64;
        Self {
            within: sweep.points() / blocks.max(1),
            splits: space.splits.len() as u64,
            leaders: vec![Leaders { best: NOBODY, second: NOBODY }; space.scales.len()],
            kept: Vec::new(),
            prune_at: PRUNE_STEP,
            evaluated: 0,
            feasible: 0,
            misfits: [0; 2],
        }
    }

    /// Points scored.
    #[must_use]
    pub fn evaluated(&self) -> u64 {
        self.evaluated
    }

    /// Points that can run.
    #[must_use]
    pub fn feasible(&self) -> u64 {
        self.feasible
    }

    /// Points that cannot run: the job does not divide, memory is short.
    #[must_use]
    pub fn misfits(&self) -> [u64; 2] {
        self.misfits
    }

    /// The points that may win, in the order of their indices.
    #[must_use]
    pub fn candidates(mut self) -> Vec<Candidate> {
        self.prune();
        self.kept.sort_unstable_by_key(|candidate| candidate.index);
        self.kept
    }

    fn scale(&self, index: u64) -> usize {
        (index / (self.within * self.splits)) as usize
    }

    fn is_behind(&self, candidate: &Candidate) -> bool {
        let guard = if candidate.score.margin < TIE { UNSURE_GUARD } else { GUARD };
        let second = self.leaders[self.scale(candidate.index)].second.step_s;
        candidate.score.step_s * (1.0 - guard) > second
    }

    fn offer(&mut self, candidate: Candidate) {
        if self.is_behind(&candidate) {
            return;
        }
        if candidate.score.margin >= TIE {
            let split = candidate.index / self.within % self.splits;
            let scale = self.scale(candidate.index);
            self.leaders[scale].offer(Leader { split, step_s: candidate.score.step_s });
        }
        self.kept.push(candidate);
        if self.kept.len() >= self.prune_at {
            self.prune();
            self.prune_at = self.kept.len() * 2 + PRUNE_STEP;
        }
    }

    fn prune(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.retain(|candidate| !self.is_behind(candidate));
        self.kept = kept;
    }
}

impl Reduction<Score> for Fastest {
    fn fork(&self) -> Self {
        Self {
            leaders: self.leaders.clone(),
            kept: Vec::new(),
            prune_at: PRUNE_STEP,
            evaluated: 0,
            feasible: 0,
            misfits: [0; 2],
            ..*self
        }
    }

    fn absorb(&mut self, first: u64, scores: &[Score]) {
        self.evaluated += scores.len() as u64;
        for (index, score) in (first..).zip(scores) {
            self.misfits[0] += u64::from(score.misfit & MISFIT_UNEVEN);
            self.misfits[1] += u64::from(score.misfit & MISFIT_MEMORY) / u64::from(MISFIT_MEMORY);
            self.feasible += u64::from(score.misfit == 0);
            let near = score.misfit == MISFIT_MEMORY && score.margin < TIE;
            if score.misfit == 0 || near {
                self.offer(Candidate { index, score: *score });
            }
        }
    }

    fn sieve(&self) -> Option<Sieve> {
        let scales = self.leaders.len() as u32;
        let mut noted = vec![0; (scales * SPLIT_GROUPS) as usize];
        for (leaders, groups) in self.leaders.iter().zip(noted.chunks_mut(SPLIT_GROUPS as usize)) {
            for leader in [leaders.best, leaders.second].iter().filter(|leader| leader.step_s.is_finite()) {
                let group = &mut groups[(leader.split % u64::from(SPLIT_GROUPS)) as usize];
                *group = (*group).max(!leader.step_s.to_bits());
            }
        }
        let (noted_words, settled) = (noted.len() as u32, scales);
        let limits = Limits { noted: noted_words, settled, ..Limits::default() };
        Some(Sieve { name: SIEVE, shader: sieve_text, limits, noted, counts: COUNTS })
    }

    fn absorb_sifted(&mut self, sifted: Sifted<Score>) {
        self.evaluated += u64::from(sifted.points);
        if let [feasible, uneven, memory] = sifted.counts[..] {
            self.feasible += u64::from(feasible);
            self.misfits[0] += u64::from(uneven);
            self.misfits[1] += u64::from(memory);
        }
        for (index, score) in sifted.kept {
            self.offer(Candidate { index, score });
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.counts() == other.counts() && self.clone().candidates() == other.clone().candidates()
    }

    fn merge(&mut self, other: Self) {
        self.evaluated += other.evaluated;
        self.feasible += other.feasible;
        for (sum, part) in self.misfits.iter_mut().zip(other.misfits) {
            *sum += part;
        }
        for candidate in other.kept {
            self.offer(candidate);
        }
    }
}

impl Resumable<Score> for Fastest {
    fn counts(&self) -> Vec<u64> {
        vec![self.evaluated, self.feasible, self.misfits[0], self.misfits[1]]
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
    use crate::kernel::training_sweep::sample::training_space;

    /// Two splits at each of two scales, three settings each.
    fn list() -> Fastest {
        let mut space = training_space(1, 2, 2);
        space.interleaves = vec![1.0];
        space.micro_batches = vec![1.0, 2.0, 3.0];
        Fastest::new(&TrainingSweep::new(space).expect("the sample is valid"))
    }

    fn score(step_s: f32, margin: f32, misfit: u32) -> Score {
        Score { step_s, margin, misfit, ..Score::default() }
    }

    fn indices(list: Fastest) -> Vec<u64> {
        list.candidates().iter().map(|candidate| candidate.index).collect()
    }

    #[test]
    fn the_fastest_and_the_fastest_of_another_split_are_kept() {
        let mut list = list();
        let steps = [1.0, 1.1, 1.5, 1.2, 1.3, 1.200_1];
        list.absorb(0, &steps.map(|step| score(step, 1.0, 0)));
        // 1.1 is faster than the other split's best and stays; 1.2001 is within the guard of it.
        assert_eq!(indices(list), [0, 1, 3, 5]);
    }

    #[test]
    fn scales_do_not_compete() {
        let mut list = list();
        let steps = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 9.0, 9.5, 9.6, 8.0, 8.5, 8.6];
        list.absorb(0, &steps.map(|step| score(step, 1.0, 0)));
        assert_eq!(indices(list), [0, 3, 6, 9, 10, 11]);
    }

    #[test]
    fn a_point_near_a_tie_pushes_nobody_out() {
        let mut list = list();
        let near = TIE / 2.0;
        list.absorb(
            0,
            &[
                score(1.0, near, 0),
                score(0.9, near, MISFIT_MEMORY),
                score(0.9, 1.0, MISFIT_MEMORY),
                score(1.2, near, 0),
                score(1.25, 1.0, 0),
                score(0.0, 0.0, MISFIT_UNEVEN),
            ],
        );
        assert_eq!((list.evaluated(), list.feasible(), list.misfits()), (6, 3, [1, 2]));
        assert_eq!(indices(list), [0, 1, 3, 4]);
    }

    #[test]
    fn the_list_does_not_depend_on_the_order() {
        let sweep = TrainingSweep::new(training_space(3, 40, 5)).expect("the sample is valid");
        let mut scores = vec![Score::default(); sweep.points() as usize];
        sweep.score_range(0, &mut scores);
        let mut whole = Fastest::new(&sweep);
        whole.absorb(0, &scores);
        let mut parts = Fastest::new(&sweep);
        for (part, chunk) in scores.chunks(777).enumerate().rev() {
            let mut fork = parts.fork();
            fork.absorb(part as u64 * 777, chunk);
            parts.merge(fork);
        }
        assert_eq!(whole.evaluated(), parts.evaluated());
        assert_eq!(indices(whole), indices(parts));
    }
}
