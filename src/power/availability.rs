//! How often a supply fails and for how long: the reliability block diagram of the way from the grid to a rack.
//!
//! A block is up or down; it has an availability and a frequency of failures, and blocks in series, in parallel or
//! k out of n are blocks again. Parts fail and are repaired at constant rates, independently of each other. Groups of
//! like parts are solved as a birth–death Markov chain, so that few repair teams count. Left out: maintenance
//! outages, common causes other than the grid's, human error, and wear.
//!
//! IEEE 3006.7-2013 for the method; Billinton and Allan, *Reliability Evaluation of Engineering Systems*, 2nd ed. 1992,
//! for frequencies and Markov chains.

use super::redundancy::Redundancy;
use crate::units::{PerSecond, Seconds};

/// Something that is up or down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Part of the time that it is up [1].
    pub availability: f64,
    /// Failures per time.
    pub frequency: PerSecond,
}

impl Block {
    /// What never fails.
    pub const PERFECT: Self = Self { availability: 1.0, frequency: PerSecond(0.0) };

    /// A part that fails and is repaired.
    ///
    /// ~~~text
    /// A = 1/(1 + λ·r),  w = λ·A
    /// ~~~
    ///
    /// λ failures per time up [1/s] · r repair time [s] · w failures per time [1/s].
    #[must_use]
    pub fn of(failure_rate: PerSecond, repair: Seconds) -> Self {
        let availability = 1.0 / (1.0 + failure_rate.0 * repair.0);
        Self { availability, frequency: PerSecond(failure_rate.0 * availability) }
    }

    /// Part of the time that it is down [1].
    #[must_use]
    pub fn unavailability(self) -> f64 {
        1.0 - self.availability
    }

    /// Mean time that a failure lasts: U/w; nothing for what never fails.
    #[must_use]
    pub fn down_time(self) -> Seconds {
        if self.frequency.0 > 0.0 { Seconds(self.unavailability() / self.frequency.0) } else { Seconds(0.0) }
    }

    /// Both have to be up.
    ///
    /// ~~~text
    /// A = A₁·A₂,  w = w₁·A₂ + w₂·A₁
    /// ~~~
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            availability: self.availability * next.availability,
            frequency: PerSecond(self.frequency.0 * next.availability + next.frequency.0 * self.availability),
        }
    }

    /// One of both has to be up.
    ///
    /// ~~~text
    /// U = U₁·U₂,  w = w₁·U₂ + w₂·U₁
    /// ~~~
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            availability: 1.0 - self.unavailability() * other.unavailability(),
            frequency: PerSecond(
                self.frequency.0 * other.unavailability() + other.frequency.0 * self.unavailability(),
            ),
        }
    }

    /// All have to be up.
    #[must_use]
    pub fn series(blocks: impl IntoIterator<Item = Self>) -> Self {
        blocks.into_iter().fold(Self::PERFECT, Self::then)
    }

    /// Failures per time while up, and repairs per time while down.
    fn rates(self) -> (f64, f64) {
        let per = |time: f64| if time > 0.0 { self.frequency.0 / time } else { 0.0 };
        (per(self.availability), per(self.unavailability()))
    }
}

/// A part with a static bypass around it: where it fails, its load goes on to the feed as it is.
///
/// ~~~text
/// U = U_m·( q + (1 − q)·U_f )
/// w = w_m·( q + (1 − q)·U_f ) + U_m·(1 − q)·w_f
/// ~~~
///
/// U_m, w_m of the part · U_f, w_f of the feed without the part's store · q chance that the bypass does not take over [1].
/// Down is who found no bypass, and who is on it while the feed is down.
#[must_use]
pub fn bypassed(part: Block, failure: f64, feed: Block) -> Block {
    let lost = failure + (1.0 - failure) * feed.unavailability();
    let on_feed = part.unavailability() * (1.0 - failure);
    Block {
        availability: 1.0 - part.unavailability() * lost,
        frequency: PerSecond(part.frequency.0 * lost + on_feed * feed.frequency.0),
    }
}

/// `needed` of `all` like blocks have to be up; at most `teams` are repaired at a time.
///
/// ~~~text
/// j down:  p_j ∝ Π_{i<j} (n − i)·λ / ( min(i + 1, c)·μ )
/// A = Σ_{j ≤ n−k} p_j,  w = p_{n−k}·k·λ
/// ~~~
///
/// n all · k needed · c teams · λ failures, μ repairs of one block per time [1/s]. With a team for every block this is
/// the binomial sum over A^{n−j}·U^j. Blocks that are repaired at once are never down together: only where all are
/// needed is a failure felt.
#[must_use]
pub fn k_of_n(block: Block, needed: u32, all: u32, teams: u32) -> Block {
    let (failures, repairs) = block.rates();
    if failures <= 0.0 || needed == 0 {
        return Block::PERFECT;
    }
    if repairs <= 0.0 {
        let felt = if needed >= all { f64::from(all) * failures } else { 0.0 };
        return Block { availability: 1.0, frequency: PerSecond(felt) };
    }
    let (mut weight, mut total, mut up, mut edge) = (1.0, 1.0, 0.0, 0.0);
    for down in 0..=all {
        if down > 0 {
            weight *= f64::from(all - down + 1) * failures / (f64::from(down.min(teams.max(1))) * repairs);
            total += weight;
        }
        if all - down >= needed {
            up += weight;
            edge = weight;
        }
    }
    let frequency = PerSecond(edge / total * f64::from(needed) * failures);
    Block { availability: up / total, frequency }
}

/// A load on one of `blocks` fully loaded systems with one catcher for them all, behind a static switch.
///
/// ~~~text
/// q = (1 − A^n)/n                         own system down, and first to claim the catcher
/// U = U_b − A_c·q,  w = w_b·(1 − A_c·q/U_b) + q·w_c
/// ~~~
///
/// Who fails first gets the catcher: with j of the n − 1 others down as well, the chance is 1/(j + 1), and
/// Σ_j C(n−1, j)·U^{j+1}·A^{n−1−j}/(j + 1) = (1 − A^n)/n.
#[must_use]
pub fn block_redundant(system: Block, blocks: u32, switch: Block) -> Block {
    let blocks = f64::from(blocks.max(1));
    let own = system.unavailability();
    if own <= 0.0 {
        return system.then(switch);
    }
    let first = (1.0 - system.availability.powf(blocks)) / blocks;
    let caught = system.availability * first;
    let behind = Block {
        availability: 1.0 - (own - caught).max(0.0),
        frequency: PerSecond(system.frequency.0 * (1.0 - caught / own).max(0.0) + first * system.frequency.0),
    };
    behind.then(switch)
}

/// The supply of a load by systems of one redundancy.
///
/// Where one fails more than a topology allows, the survivors would be overloaded: all of its loads count as down.
/// That is the cautious reading of distributed designs, which may shed the pair that lost both its systems alone.
#[must_use]
pub fn supplied(system: Block, redundancy: Redundancy, switch: Block, teams: u32) -> Block {
    match redundancy {
        Redundancy::N => system,
        Redundancy::TwoN => k_of_n(system, 1, 2, teams),
        Redundancy::NPlus1 { needed } | Redundancy::MakeK { needed } => {
            let needed = needed.max(1);
            k_of_n(system, needed, needed.saturating_add(1), teams)
        }
        Redundancy::BlockRedundant { blocks } => block_redundant(system, blocks, switch),
    }
}

/// Engines that take over from a supply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Engines {
    /// Sets that carry the load of a group.
    pub needed: u32,
    /// Sets of a group.
    pub installed: u32,
    /// Chance that a set does not start.
    pub start_failure: f64,
    /// Part of the time that a set is not under repair.
    pub availability: f64,
    /// Time from the outage to the load on the sets.
    pub start_time: Seconds,
}

impl Engines {
    /// Chance that too few sets of a group start.
    ///
    /// ~~~text
    /// q = Σ_{i < k} C(n, i)·s^i·(1 − s)^{n−i},  s = A·(1 − f)
    /// ~~~
    ///
    /// k needed, n installed sets · A availability, f chance of not starting [1].
    #[must_use]
    pub fn failure(self) -> f64 {
        let starts = self.availability * (1.0 - self.start_failure);
        let (n, k) = (self.installed, self.needed.min(self.installed));
        let mut choose = 1.0;
        let mut sum = 0.0;
        for missing in 0..=n - k {
            if missing > 0 {
                choose *= f64::from(n - missing + 1) / f64::from(missing);
            }
            let up = n - missing;
            sum += choose * starts.powf(f64::from(up)) * (1.0 - starts).powf(f64::from(missing));
        }
        (1.0 - sum).max(0.0)
    }
}

/// A supply behind which stores and engines stand.
///
/// ~~~text
/// e = exp(−T/r)                              outages longer than the store lasts
/// engines before T:  w = w_s·q·e,  down for r
/// else:              w = w_s·e,    down for q·r + (1 − q)·t
/// ~~~
///
/// r mean outage, T store, t start of the engines [s] · q chance that they do not come [1]. Outages last an
/// exponentially distributed time, so what is left of one after T has the mean r again.
#[must_use]
pub fn backed_up(supply: Block, hold_up: Seconds, engines: Option<Engines>) -> Block {
    let outage = supply.down_time().0;
    if outage <= 0.0 {
        return supply;
    }
    let longer = (-hold_up.0 / outage).exp();
    let missing = engines.map_or(1.0, Engines::failure);
    let (frequency, down) = match engines {
        Some(engines) if hold_up < engines.start_time => {
            let bridged = (1.0 - missing) * engines.start_time.0.min(outage);
            (supply.frequency.0 * longer, missing * outage + bridged)
        }
        _ => (supply.frequency.0 * missing * longer, outage),
    };
    Block { availability: 1.0 - frequency * down, frequency: PerSecond(frequency) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};
    use proptest::prelude::{prop_assert, proptest};

    const YEAR: f64 = 8_760.0 * 3_600.0;

    fn part(failures_per_year: f64, repair_h: f64) -> Block {
        Block::of(PerSecond(failures_per_year / YEAR), Seconds(repair_h * 3_600.0))
    }

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} {b}");
    }

    #[test]
    fn a_transformer_without_a_spare_is_down_two_hours_a_year() {
        // 0.006 /y · 340 h = 2.04 h of 8,760: U = 2.04 / 8,762.04.
        let transformer = part(0.006, 340.0);
        close(transformer.unavailability(), 2.04 / 8_762.04, 1e-9);
        close(transformer.down_time().0, 340.0 * 3_600.0, 1e-9);
    }

    #[test]
    fn two_ups_in_parallel_fail_together_once_in_half_a_million_years() {
        // U = 0.045·8/8,760.36; w = 2·λ·A·U.
        let ups = part(0.045, 8.0);
        let both = ups.or(ups);
        close(both.unavailability(), ups.unavailability().powi(2), 1e-6);
        close(both.frequency.0, 2.0 * ups.frequency.0 * ups.unavailability(), 1e-12);
        close(both.down_time().0, 4.0 * 3_600.0, 1e-6);
        let chain = k_of_n(ups, 1, 2, 2);
        close(chain.unavailability(), both.unavailability(), 1e-6);
        close(chain.frequency.0, both.frequency.0, 1e-9);
    }

    #[test]
    fn with_a_team_for_each_k_of_n_is_the_binomial_sum() {
        let (block, n, k) = (part(2.0, 400.0), 5, 3);
        let (a, u) = (block.availability, block.unavailability());
        let sum = 10.0 * a.powi(3) * u.powi(2) + 5.0 * a.powi(4) * u + a.powi(5);
        let found = k_of_n(block, k, n, n);
        close(found.availability, sum, 1e-12);
        // One failure from the edge: C(5,3)·A³·U² · 3 λ.
        close(found.frequency.0, 10.0 * a.powi(3) * u.powi(2) * 3.0 * 2.0 / YEAR, 1e-9);
    }

    #[test]
    fn parts_that_are_repaired_at_once_are_never_down_together() {
        let block = part(2.0, 0.0);
        let either = k_of_n(block, 1, 2, 1);
        assert!((either.availability - 1.0).abs() < 1e-15 && either.frequency.0.abs() < 1e-15, "{either:?}");
        let both = k_of_n(block, 2, 2, 1);
        // Two parts with two failures a year each.
        assert!((both.availability - 1.0).abs() < 1e-15);
        close(both.frequency.0, 4.0 / YEAR, 1e-12);
    }

    /// Stationary state of a Markov chain from its rates, by linear algebra.
    fn stationary(rates: &DMatrix<f64>) -> DVector<f64> {
        let n = rates.nrows();
        let mut balance = rates.transpose();
        for state in 0..n {
            balance[(state, state)] = -(rates.row(state).sum() - rates[(state, state)]);
        }
        balance.row_mut(n - 1).fill(1.0);
        let mut right = DVector::zeros(n);
        right[n - 1] = 1.0;
        balance.lu().solve(&right).unwrap()
    }

    #[test]
    fn one_team_for_four_is_the_markov_chain_solved_by_elimination() {
        let (block, n, k) = (part(3.0, 200.0), 4_u32, 3);
        let (failures, repairs) = block.rates();
        for teams in 1..=4_u32 {
            let mut rates = DMatrix::zeros(5, 5);
            for down in 0..4_u32 {
                let at = down as usize;
                rates[(at, at + 1)] = f64::from(n - down) * failures;
                rates[(at + 1, at)] = f64::from((down + 1).min(teams)) * repairs;
            }
            let state = stationary(&rates);
            let found = k_of_n(block, k, n, teams);
            close(found.availability, state[0] + state[1], 1e-12);
            close(found.frequency.0, state[1] * 3.0 * failures, 1e-12);
        }
        let few = k_of_n(block, k, n, 1).unavailability();
        assert!(few > k_of_n(block, k, n, 4).unavailability());
    }

    #[test]
    fn a_catcher_for_one_block_is_two_whole_paths() {
        let system = part(0.1, 50.0);
        let caught = block_redundant(system, 1, Block::PERFECT);
        close(caught.unavailability(), system.unavailability().powi(2), 1e-9);
        close(caught.frequency.0, system.or(system).frequency.0, 1e-9);
    }

    #[test]
    fn a_catcher_for_two_blocks_is_its_markov_chain() {
        // States by who is down: 0 none, 1 A, 2 B, 3 C, 4 A then B, 5 B then A, 6 AC, 7 BC, 8 all, A first, 9 all, B
        // first. A is served while up, or while C is up and A went down before B.
        let (a, m) = (part(20.0, 40.0).rates().0, part(20.0, 40.0).rates().1);
        let mut rates = DMatrix::zeros(10, 10);
        for (from, to, rate) in [
            (0, 1, a),
            (0, 2, a),
            (0, 3, a),
            (1, 4, a),
            (1, 6, a),
            (2, 5, a),
            (2, 7, a),
            (3, 6, a),
            (3, 7, a),
            (4, 8, a),
            (5, 9, a),
            (6, 8, a),
            (7, 9, a),
            (1, 0, m),
            (2, 0, m),
            (3, 0, m),
            (4, 1, m),
            (4, 2, m),
            (5, 1, m),
            (5, 2, m),
            (6, 1, m),
            (6, 3, m),
            (7, 2, m),
            (7, 3, m),
            (8, 4, m),
            (8, 6, m),
            (8, 7, m),
            (9, 5, m),
            (9, 6, m),
            (9, 7, m),
        ] {
            rates[(from, to)] = rate;
        }
        let state = stationary(&rates);
        let up = state[0] + state[2] + state[3] + state[7] + state[1] + state[4];
        let found = block_redundant(part(20.0, 40.0), 2, Block::PERFECT);
        close(found.availability, up, 1e-9);
    }

    #[test]
    fn a_failed_module_leaves_its_load_on_the_feed() {
        // 0.045 /y · 8 h: U = 4.109e-5. Feed 0.25 /y of half an hour: U = 1.427e-5.
        let (module, feed) = (part(0.045, 8.0), part(0.25, 0.5));
        let found = bypassed(module, 0.01, feed);
        // One failure of a hundred finds no bypass: 0.216 of 21.6 min a year, and next to nothing on the feed.
        close(found.unavailability() / module.unavailability(), 0.01 + 0.99 * 0.125 / 8_760.125, 1e-9);
        // 0.00045 /y without bypass, 0.36 h a year on a feed of 0.25 /y, and 0.045 /y onto one that is down.
        let on_feed = 0.99 * 0.36 / 8_760.36 * 0.25 + 0.045 * 0.99 * 0.125 / 8_760.125;
        close(found.frequency.0 * YEAR, 0.000_450 + on_feed, 1e-4);
        close(bypassed(module, 1.0, feed).unavailability(), module.unavailability(), 1e-9);
        close(bypassed(module, 0.0, Block::PERFECT).availability, 1.0, 1e-15);
    }

    #[test]
    fn ten_of_eleven_engines_start_in_996_of_1000_outages() {
        let engines = Engines {
            needed: 10,
            installed: 11,
            start_failure: 0.009,
            availability: 1.0,
            start_time: Seconds(15.0),
        };
        // 1 − 0.991^11 − 11·0.009·0.991^10 = 0.00425.
        let expected = 1.0 - 0.991_f64.powi(11) - 11.0 * 0.009 * 0.991_f64.powi(10);
        close(engines.failure(), expected, 1e-9);
        assert!((engines.failure() - 0.00425).abs() < 5e-5, "{}", engines.failure());
    }

    #[test]
    fn a_store_that_outlasts_the_start_leaves_only_failed_starts() {
        let grid = part(0.25, 0.5);
        let engines = Engines {
            needed: 1,
            installed: 1,
            start_failure: 0.01,
            availability: 1.0,
            start_time: Seconds(15.0),
        };
        // 0.25 /y · 1 % · e^(−5/30) = 0.00212 /y of half an hour each.
        let held = backed_up(grid, Seconds(300.0), Some(engines));
        close(held.frequency.0 * YEAR, 0.25 * grid.availability * 0.01 * (-1.0_f64 / 6.0).exp(), 1e-9);
        close(held.down_time().0, 1_800.0, 1e-6);
        // Without a store every outage is felt, for 15 s if the engine comes.
        let bare = backed_up(grid, Seconds(0.02), Some(engines));
        close(bare.frequency.0 * YEAR, 0.25, 1e-4);
        close(bare.down_time().0, 0.01 * 1_800.0 + 0.99 * 15.0, 1e-6);
        // A store alone bridges what is shorter than it.
        let store = backed_up(grid, Seconds(90.0), None);
        close(store.frequency.0 / grid.frequency.0, (-90.0_f64 / 1_800.0).exp(), 1e-9);
    }

    #[test]
    fn spares_rank_as_the_trade_ranks_them() {
        let system = Block::series([part(0.006, 340.0), part(0.008, 40.0), part(0.045, 8.0)]);
        let switch = part(0.01, 4.0);
        let down = |redundancy| supplied(system, redundancy, switch, 1).unavailability();
        let n = down(Redundancy::N);
        let two = down(Redundancy::TwoN);
        let three = down(Redundancy::MakeK { needed: 2 });
        let four = down(Redundancy::MakeK { needed: 3 });
        let caught = down(Redundancy::BlockRedundant { blocks: 6 });
        assert!(two < three && three < four && four < n && caught < n, "{two} {three} {four} {caught} {n}");
    }

    proptest! {
        #[test]
        fn no_block_is_up_more_than_always_or_less_than_never(
            rate in 1e-3..50.0_f64, repair in 0.1..2_000.0_f64, needed in 1_u32..12, spare in 0_u32..4, teams in 1_u32..6
        ) {
            let block = part(rate, repair);
            let found = k_of_n(block, needed, needed + spare, teams);
            prop_assert!((0.0..=1.0).contains(&found.availability) && found.frequency.0 >= 0.0);
            let more = k_of_n(block, needed, needed + spare + 1, teams);
            prop_assert!(more.availability >= found.availability - 1e-12);
        }
    }
}
