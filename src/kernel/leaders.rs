//! The leaders of a sweep: the layouts that give the most tokens/s per accelerator within limits, each at its best point.
//!
//! The best points of all are neighbours of one another; what a planner compares are layouts. As in
//! [`frontier`](super::frontier), scores are `f32` and differ by units in the last place between devices, so a point is dropped
//! only when it is beaten by more than [`GUARD`]: by a point of its layout, or by the best points of as many other layouts as
//! are asked for. Only a point that is within the limits by the guard beats another. The order is found later, in `f64`.

use crate::kernel::frontier::{Candidate, Exact, GUARD};
use crate::kernel::serving_sweep::Score;
use std::collections::BTreeMap;

/// Layouts that lead where a design space is shown.
pub const SHOWN: usize = 10;
/// Kept points that a prune is worth.
const PRUNE_STEP: usize = 4_096;
/// Kept points that are worth computing in `f64` before the end.
const SETTLE_STEP: usize = 1 << 15;

/// The limits of a promise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promised {
    /// Time to the first token [s]; infinity for no limit.
    pub ttft_s: f32,
    /// Time for each further one [s]; infinity for no limit.
    pub tpot_s: f32,
}

impl Promised {
    /// No limit.
    pub const NONE: Self = Self { ttft_s: f32::INFINITY, tpot_s: f32::INFINITY };

    /// Whether a score may keep the promise.
    fn may_keep(self, score: &Score) -> bool {
        score.ttft_s <= self.ttft_s * (1.0 + GUARD) && score.tpot_s <= self.tpot_s * (1.0 + GUARD)
    }

    /// Whether it surely does.
    fn surely_keeps(self, score: &Score) -> bool {
        score.ttft_s <= self.ttft_s * (1.0 - GUARD) && score.tpot_s <= self.tpot_s * (1.0 - GUARD)
    }
}

/// Collects the points that may be the best of a leading layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaders {
    /// Layouts that are asked for.
    most: usize,
    /// Points of a layout.
    within: u64,
    promised: Promised,
    /// What a point of each layout has to exceed: its best sure one, less the guard; layouts behind the last have none yet.
    reaches: Vec<f32>,
    /// What a point of any layout has to exceed: the last of as many leaders, less the guard.
    least: f32,
    kept: Vec<Candidate>,
    prune_at: usize,
    settle_at: usize,
}

impl Leaders {
    /// No leaders so far of a sweep with so many points in each layout; none at all where none are asked for.
    #[must_use]
    pub fn new(most: usize, within: u64, promised: Promised) -> Self {
        Self {
            most,
            within: within.max(1),
            promised,
            reaches: Vec::new(),
            least: 0.0,
            kept: Vec::new(),
            prune_at: PRUNE_STEP,
            settle_at: SETTLE_STEP,
        }
    }

    /// An empty part that drops what is beaten already.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            reaches: self.reaches.clone(),
            least: self.least,
            ..Self::new(self.most, self.within, self.promised)
        }
    }

    /// The layout of a point.
    #[must_use]
    pub fn layout_of(&self, index: u64) -> u64 {
        index / self.within
    }

    /// The limits.
    #[must_use]
    pub fn promised(&self) -> Promised {
        self.promised
    }

    /// Whether any are asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.most > 0
    }

    /// What a point of each layout has to exceed on a device: that of the layout or of all.
    pub(super) fn reach(&self, layout: u64) -> f32 {
        let own = usize::try_from(layout).ok().and_then(|layout| self.reaches.get(layout));
        own.copied().unwrap_or(0.0).max(self.least)
    }

    /// Folds in the scores of neighbours, layout by layout.
    pub fn absorb(&mut self, first: u64, scores: &[Score]) {
        let mut rest = scores;
        let mut index = first;
        while self.most > 0 && !rest.is_empty() {
            let layout = self.layout_of(index);
            let left = (layout + 1).saturating_mul(self.within) - index;
            let (own, others) = rest.split_at(rest.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            let mut reach = self.reach(layout);
            for (index, score) in (index..).zip(own) {
                if score.tokens_per_s_per_accelerator > reach && score.misfit == 0 {
                    self.consider(Candidate { index, score: *score });
                    reach = self.reach(layout);
                }
            }
            index += own.len() as u64;
            rest = others;
        }
    }

    /// Folds in another part, whose points are those it has kept.
    pub fn merge(&mut self, other: Self) {
        for candidate in other.kept {
            self.consider(candidate);
        }
    }

    /// Keeps a point that can run, unless it is beaten or breaks the promise.
    pub fn consider(&mut self, candidate: Candidate) {
        let score = &candidate.score;
        let layout = self.layout_of(candidate.index);
        let rate = score.tokens_per_s_per_accelerator;
        if self.most == 0 || rate <= self.reach(layout) || !self.promised.may_keep(score) {
            return;
        }
        if self.promised.surely_keeps(score) {
            let layout = layout as usize;
            if self.reaches.len() <= layout {
                self.reaches.resize(layout + 1, 0.0);
            }
            self.reaches[layout] = self.reaches[layout].max(rate * (1.0 - GUARD));
        }
        self.kept.push(candidate);
        if self.kept.len() >= self.prune_at {
            self.prune();
            self.prune_at = self.kept.len() * 2 + PRUNE_STEP;
        }
    }

    /// Drops every point that is beaten by the guard.
    pub fn prune(&mut self) {
        let mut best = self.reaches.clone();
        best.sort_unstable_by(|a, b| b.total_cmp(a));
        if let Some(last) = self.most.checked_sub(1).and_then(|last| best.get(last)) {
            self.least = self.least.max(*last);
        }
        let mut kept = std::mem::take(&mut self.kept);
        kept.retain(|candidate| {
            candidate.score.tokens_per_s_per_accelerator > self.reach(self.layout_of(candidate.index))
        });
        self.kept = kept;
    }

    /// Drops, once there are very many, every point that a sure one of its layout beats in `f64`; of equal ones the first stays.
    pub fn settle(&mut self, exact: impl Fn(u64) -> Exact) {
        if self.kept.len() < self.settle_at {
            return;
        }
        self.prune();
        let mut points: Vec<(Exact, Candidate)> =
            self.kept.iter().map(|candidate| (exact(candidate.index), *candidate)).collect();
        points.sort_unstable_by(|(a, i), (b, j)| {
            let more = b.tokens_per_s_per_accelerator.total_cmp(&a.tokens_per_s_per_accelerator);
            let layouts = self.layout_of(i.index).cmp(&self.layout_of(j.index));
            layouts.then(more).then(i.index.cmp(&j.index))
        });
        let mut beaten = None;
        points.retain(|(point, candidate)| {
            let layout = self.layout_of(candidate.index);
            if beaten == Some(layout) {
                return false;
            }
            if point.is_sure && self.promised.surely_keeps(&candidate.score) {
                beaten = Some(layout);
            }
            true
        });
        self.kept = points.into_iter().map(|(_, candidate)| candidate).collect();
        self.settle_at = self.kept.len() * 2 + SETTLE_STEP;
    }

    /// Indices of the points that may be the best of a leading layout, in their order.
    #[must_use]
    pub fn indices(&mut self) -> Vec<u64> {
        self.prune();
        let mut indices: Vec<u64> = self.kept.iter().map(|candidate| candidate.index).collect();
        indices.sort_unstable();
        indices
    }
}

/// The best item of each layout, best layout first, so many at most; of equal ones the first.
#[must_use]
pub fn leading<T>(items: Vec<(u64, T)>, most: usize, rate: impl Fn(&T) -> f64) -> Vec<(u64, T)> {
    let mut best: BTreeMap<u64, T> = BTreeMap::new();
    for (layout, item) in items {
        match best.get(&layout) {
            Some(known) if rate(known) >= rate(&item) => {}
            _ => {
                best.insert(layout, item);
            }
        }
    }
    let mut best: Vec<(u64, T)> = best.into_iter().collect();
    // Stable: of equal layouts the first stays first.
    best.sort_by(|(_, a), (_, b)| rate(b).total_cmp(&rate(a)));
    best.truncate(most);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of layouts of a hundred, some late, from the index alone.
    fn cloud(count: u64) -> Vec<Score> {
        (0..count)
            .map(|index| {
                let noise = |salt: u64| (index.wrapping_mul(salt) >> 11 & 0xffff) as f32 / 65_536.0;
                Score {
                    tokens_per_s_per_accelerator: 100.0 + 50.0 * noise(0x9e37_79b9_7f4a_7c15),
                    ttft_s: noise(0xc2b2_ae3d_27d4_eb4f),
                    tpot_s: noise(0x1656_67b1_9e37_79f9),
                    misfit: u32::from(index.is_multiple_of(7)),
                    ..Score::default()
                }
            })
            .collect()
    }

    const PROMISED: Promised = Promised { ttft_s: 0.7, tpot_s: 0.4 };

    /// The layouts and rates of the leaders by looking at every point.
    fn by_hand(scores: &[Score], most: usize) -> Vec<(u64, f32)> {
        let mut best = BTreeMap::<u64, f32>::new();
        for (index, score) in (0_u64..).zip(scores) {
            if score.misfit == 0 && score.ttft_s <= 0.7 && score.tpot_s <= 0.4 {
                let most = best.entry(index / 100).or_insert(0.0);
                *most = most.max(score.tokens_per_s_per_accelerator);
            }
        }
        let mut best: Vec<(u64, f32)> = best.into_iter().collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(most);
        best
    }

    fn led(mut leaders: Leaders, scores: &[Score], most: usize) -> Vec<(u64, f32)> {
        let inside = |index: &u64| {
            let score = &scores[*index as usize];
            score.ttft_s <= 0.7 && score.tpot_s <= 0.4
        };
        let points = leaders.indices().into_iter().filter(inside);
        let points =
            points.map(|index| (index / 100, scores[index as usize].tokens_per_s_per_accelerator)).collect();
        leading(points, most, |rate| f64::from(*rate))
    }

    #[test]
    fn the_leaders_are_those_of_all_points_in_any_order() {
        let scores = cloud(20_000);
        for most in [1, 5, 500] {
            let mut whole = Leaders::new(most, 100, PROMISED);
            whole.absorb(0, &scores);
            let mut parts = Leaders::new(most, 100, PROMISED);
            for (part, chunk) in scores.chunks(999).enumerate().rev() {
                let mut fork = parts.fork();
                fork.absorb(part as u64 * 999, chunk);
                parts.merge(fork);
            }
            assert_eq!(whole.indices(), parts.indices());
            assert_eq!(led(whole, &scores, most), by_hand(&scores, most));
        }
        let mut none = Leaders::new(0, 100, PROMISED);
        none.absorb(0, &scores);
        assert!(none.indices().is_empty());
    }

    #[test]
    fn settling_bounds_the_list_and_keeps_the_best_of_each_layout() {
        // Points within the guard of one another, told apart in `f64` only.
        let rate =
            |index: u64| 20.0 + (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & 0xffff) as f64 * 1e-9;
        let exact = |index: u64| Exact {
            tokens_per_s_per_user: 1.0,
            tokens_per_s_per_accelerator: rate(index),
            is_sure: true,
        };
        let mut leaders = Leaders::new(4, 100_000, Promised::NONE);
        let score = Score { tokens_per_s_per_accelerator: 20.0, ..Score::default() };
        let mut longest = 0;
        for first in (0..400_000).step_by(10_000) {
            leaders.absorb(first, &vec![score; 10_000]);
            leaders.settle(exact);
            longest = longest.max(leaders.kept.len());
        }
        assert!(longest < 2 * SETTLE_STEP, "{longest}");
        let best = |indices: Vec<u64>| {
            leading(indices.into_iter().map(|index| (index / 100_000, index)).collect(), 4, |index| {
                rate(*index)
            })
        };
        assert_eq!(best(leaders.indices()), best((0..400_000).collect()));
    }

    #[test]
    fn of_equal_points_and_layouts_the_first_leads() {
        let items = vec![(3, 1.0), (1, 1.0), (1, 1.0), (2, 2.0), (2, 1.5), (0, 0.5)];
        assert_eq!(leading(items, 3, |rate| *rate), [(2, 2.0), (1, 1.0), (3, 1.0)]);
    }
}
