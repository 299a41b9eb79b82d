//! How a stage survives the loss of a part, and what that strands.
//!
//! Reserve is paid for three times: in equipment installed, in capacity that no load may use, and in losses,
//! because each path runs at a part of its rating. Figures follow Schneider Electric White Paper 75
//! (<https://download.schneider-electric.com/files?p_Doc_Ref=SPD_SADE-5TPL8X_EN>). Sharing among the pairs of a
//! distributed design is even as far as whole loads allow ([`Redundancy::fullest_survivor`]).

use crate::units::{Ratio, Share, Watts};

/// How a stage survives the loss of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Redundancy {
    /// Just enough: nothing may fail.
    N,
    /// Modules on one bus, one more than needed.
    NPlus1 {
        /// Modules that carry the load.
        needed: u32,
    },
    /// Two whole paths, each able to carry everything.
    TwoN,
    /// Distributed systems, of which one may fail: 3-to-make-2, 4-to-make-3, 5-to-make-4.
    MakeK {
        /// Systems that carry the load; one more stands beside them.
        needed: u32,
    },
    /// Fully loaded blocks and one idle catcher that a static switch brings in.
    BlockRedundant {
        /// Blocks to one catcher.
        blocks: u32,
    },
}

impl Redundancy {
    /// The number of parts that carry the load for each spare one; none where nothing is spare.
    fn parts_per_spare(self) -> Option<f64> {
        match self {
            Self::N => None,
            Self::TwoN => Some(1.0),
            Self::NPlus1 { needed: parts }
            | Self::MakeK { needed: parts }
            | Self::BlockRedundant { blocks: parts } => Some(f64::from(parts.max(1))),
        }
    }

    /// The same kind of reserve where fewer modules carry the load than a full group has: one spare for them all.
    #[must_use]
    pub fn within(self, carrying: f64) -> Self {
        // A float to integer cast saturates, and a group is never larger than its kind says.
        let fewer = |parts: u32| parts.min((carrying as u32).max(1));
        match self {
            Self::NPlus1 { needed } => Self::NPlus1 { needed: fewer(needed) },
            Self::BlockRedundant { blocks } => Self::BlockRedundant { blocks: fewer(blocks) },
            Self::N | Self::TwoN | Self::MakeK { .. } => self,
        }
    }

    /// Whether it is the same kind of reserve, whatever the size of a group.
    #[must_use]
    pub fn is_kind_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::NPlus1 { .. }, Self::NPlus1 { .. })
            | (Self::BlockRedundant { .. }, Self::BlockRedundant { .. }) => true,
            (one, other) => one == other,
        }
    }

    /// Modules that carry a load, as the topology deals it: distributed systems share it in whole groups.
    #[must_use]
    pub fn whole_groups(self, carrying: f64) -> f64 {
        match self {
            Self::MakeK { needed } => {
                let needed = f64::from(needed.max(1));
                (carrying / needed - 1e-9).ceil() * needed
            }
            Self::N | Self::NPlus1 { .. } | Self::TwoN | Self::BlockRedundant { .. } => carrying,
        }
    }

    /// What the fullest survivor of one group alone carries over an even part, where so few racks are dealt over its systems;
    /// beside other groups racks are dealt so that none is fuller than what systems stand for the hours of a repair.
    #[must_use]
    pub fn unevenness(self, carrying: f64, racks: u64) -> f64 {
        match self {
            Self::MakeK { needed } if carrying <= f64::from(needed) => {
                self.fullest_survivor(racks).map_or(1.0, Ratio::value)
            }
            _ => 1.0,
        }
    }

    /// What the fullest of so many modules carries over an even part, where each rack hangs on one alone: nothing is dealt where
    /// modules share a bus or a rack has two cords.
    ///
    /// ~~~text
    /// ⌈r/n⌉·n/r
    /// ~~~
    #[must_use]
    pub fn fullest_alone(self, carrying: u64, racks: u64) -> f64 {
        match self {
            Self::N | Self::BlockRedundant { .. } if carrying > 0 && racks > 0 => {
                racks.div_ceil(carrying) as f64 * carrying as f64 / racks as f64
            }
            _ => 1.0,
        }
    }

    /// Modules that carry so many like racks, each rack on one of them alone; none where that is not how it hangs, or a rack is
    /// more than a module.
    ///
    /// ~~~text
    /// ⌈r/⌊S/p⌋⌉
    /// ~~~
    ///
    /// r racks · S module, p rack [W].
    #[must_use]
    pub fn carrying_whole(self, racks: u64, rack: Watts, module: Watts) -> Option<u64> {
        let hangs_alone = matches!(self, Self::N | Self::BlockRedundant { .. }) && rack.value() > 0.0;
        let each = (module / rack * (1.0 + 1e-9)).floor() as u64;
        (hangs_alone && each > 0).then(|| racks.div_ceil(each))
    }

    /// Capacity installed per load.
    ///
    /// ~~~text
    /// N: 1 · n parts and one spare: (n + 1)/n · 2N: 2
    /// ~~~
    #[must_use]
    pub fn installed_ratio(self) -> Ratio {
        Ratio(self.parts_per_spare().map_or(1.0, |parts| (parts + 1.0) / parts))
    }

    /// The part of its rating that each loaded path carries while nothing has failed.
    ///
    /// Shared reserve unloads all paths alike; the blocks of a block-redundant design stay at full load.
    #[must_use]
    pub fn normal_load(self) -> Share {
        match self {
            Self::N | Self::BlockRedundant { .. } => Share(1.0),
            _ => Share(1.0 / self.installed_ratio().value()),
        }
    }

    /// Rating that is under voltage without load, per load: the catcher, whose no-load loss runs all year.
    #[must_use]
    pub fn idle_ratio(self) -> Ratio {
        match self {
            Self::BlockRedundant { blocks } => Ratio(1.0 / f64::from(blocks.max(1))),
            _ => Ratio(0.0),
        }
    }

    /// The part of the installed capacity that no load may use.
    #[must_use]
    pub fn stranded_share(self) -> Share {
        Share(1.0 - 1.0 / self.installed_ratio().value())
    }

    /// Loading of the fullest survivor after a failure, where equal loads, the racks, are dealt in turn over the pairs of
    /// systems.
    ///
    /// ~~~text
    /// s after f:  Σ_pairs (s, other) L/2 + L_(s, f)      rating of a system: Σ L / k
    /// ~~~
    ///
    /// Each rack has its two cords on one of k(k + 1)/2 pairs, half of its load on each; where one system is lost its
    /// partner carries all. Above a row runs a busway of every system, so each rack may take any pair. Pairs follow one
    /// another so that no system comes twice before all have come once. More than one means that whole racks strand
    /// capacity, or overload a survivor. Nothing survives an N design.
    #[must_use]
    pub fn fullest_survivor(self, loads: u64) -> Option<Ratio> {
        let needed = match self {
            Self::N => return None,
            _ if loads == 0 => return Some(Ratio(1.0)),
            Self::TwoN => 1,
            Self::MakeK { needed } => needed.max(1) as usize,
            Self::NPlus1 { .. } | Self::BlockRedundant { .. } => return Some(Ratio(1.0)),
        };
        let pairs = rounds(needed + 1);
        let count = pairs.len() as u64;
        let load = |pair: usize| (loads / count + u64::from((pair as u64) < loads % count)) as f64;
        let mut fullest: f64 = 0.0;
        for lost in 0..=needed {
            for survivor in (0..=needed).filter(|survivor| *survivor != lost) {
                let carried = pairs.iter().enumerate().map(|(place, &(one, other))| {
                    let touches = |system: usize| one == system || other == system;
                    match (touches(survivor), touches(lost)) {
                        (true, true) => load(place),
                        (true, false) => load(place) / 2.0,
                        _ => 0.0,
                    }
                });
                fullest = fullest.max(carried.sum());
            }
        }
        Some(Ratio(fullest * needed as f64 / loads as f64))
    }

    /// Who of so many modules carries the load, and who takes over.
    #[must_use]
    pub fn reserve(self, modules: u32) -> Reserve {
        let grouped = |parts: u32| {
            let parts = parts.max(1);
            let carrying = modules - modules.div_ceil(parts.saturating_add(1)).min(modules);
            Reserve { needed: parts.min(carrying), carrying, idle: 0 }
        };
        match self {
            Self::N => Reserve { needed: 0, carrying: modules, idle: 0 },
            Self::TwoN => grouped(1),
            Self::NPlus1 { needed } | Self::MakeK { needed } => grouped(needed),
            Self::BlockRedundant { blocks } => {
                let all = grouped(blocks);
                Reserve { idle: modules - all.carrying, ..all }
            }
        }
    }

    /// Whole modules for a load: those that carry it, and the spare ones.
    ///
    /// N+1 and block-redundant designs add one spare for each begun group. Distributed systems come in whole
    /// groups, because a failure must not overload any survivor.
    #[must_use]
    pub fn modules(self, load: Watts, module: Watts) -> u32 {
        if load.value() <= 0.0 || module.value() <= 0.0 {
            return 0;
        }
        // A load of exactly n modules must not become n + 1 by rounding noise.
        let carrying = ((load / module) * (1.0 - 1e-12)).ceil();
        // A float to integer cast saturates: an absurd count stays a count.
        let carrying = carrying as u32;
        match self {
            Self::N => carrying,
            Self::TwoN => carrying.saturating_mul(2),
            Self::NPlus1 { needed: parts } | Self::BlockRedundant { blocks: parts } => {
                carrying.saturating_add(carrying.div_ceil(parts.max(1)))
            }
            Self::MakeK { needed } => {
                let needed = needed.max(1);
                carrying.div_ceil(needed).saturating_mul(needed.saturating_add(1))
            }
        }
    }
}

/// What modules do when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// That carry the load of a group when one of it has failed; none where nothing takes over.
    pub needed: u32,
    /// That carry the whole load when every group has lost one.
    pub carrying: u32,
    /// Under voltage without load until one fails.
    pub idle: u32,
}

/// All pairs of so many systems, in rounds in which each comes once: the circle method of tournaments.
fn rounds(systems: usize) -> Vec<(usize, usize)> {
    let places = systems + systems % 2;
    let turning = places - 1;
    let at = |place: usize, round: usize| if place == 0 { 0 } else { (place - 1 + round) % turning + 1 };
    let pair = |round: usize, place: usize| (at(place, round), at(turning - place, round));
    let all = (0..turning).flat_map(|round| (0..places / 2).map(move |place| pair(round, place)));
    // The place that makes an odd number even stands for nobody.
    all.filter(|(one, other)| *one.max(other) < systems).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    fn row(redundancy: Redundancy, installed: f64, normal: f64, stranded: f64) {
        assert!((redundancy.installed_ratio().value() - installed).abs() < 1e-12, "{redundancy:?}");
        assert!((redundancy.normal_load().value() - normal).abs() < 1e-12, "{redundancy:?}");
        assert!((redundancy.stranded_share().value() - stranded).abs() < 1e-12, "{redundancy:?}");
    }

    #[test]
    fn each_topology_has_the_installed_loading_and_stranding_of_the_white_paper() {
        row(Redundancy::N, 1.0, 1.0, 0.0);
        // Ten needed and one spare: 11/10 installed, 10/11 loaded, 1/11 stranded.
        row(Redundancy::NPlus1 { needed: 10 }, 1.1, 10.0 / 11.0, 1.0 / 11.0);
        row(Redundancy::TwoN, 2.0, 0.5, 0.5);
        row(Redundancy::MakeK { needed: 2 }, 1.5, 2.0 / 3.0, 1.0 / 3.0);
        row(Redundancy::MakeK { needed: 3 }, 4.0 / 3.0, 0.75, 0.25);
        row(Redundancy::MakeK { needed: 4 }, 1.25, 0.8, 0.2);
        // Six blocks to one catcher: 7/6 installed, blocks full, 1/7 stranded.
        row(Redundancy::BlockRedundant { blocks: 6 }, 7.0 / 6.0, 1.0, 1.0 / 7.0);
    }

    #[test]
    fn whole_loads_overload_a_survivor_unless_they_fill_the_pairs() {
        let four = Redundancy::MakeK { needed: 3 };
        let survivor = |loads| four.fullest_survivor(loads).unwrap().value();
        // Six pairs of one: two halves and one whole = 2 of 6/3.
        assert!((survivor(6) - 1.0).abs() < 1e-12);
        // Eight: two pairs apart have two each, 2 + 1 = 3 of 8/3. Dealt pair by pair it would be 3½.
        assert!((survivor(8) - 9.0 / 8.0).abs() < 1e-12, "{}", survivor(8));
        // Two loads on two pairs apart: either partner carries one of 2/3.
        assert!((survivor(2) - 1.5).abs() < 1e-12, "{}", survivor(2));
        // Seven loads: the first pair has two, so its survivor carries 2 + ½ + ½ = 3 of 7/3.
        assert!((survivor(7) - 9.0 / 7.0).abs() < 1e-12);
        assert!((survivor(6_000) - 1.0).abs() < 1e-12 && survivor(65) < 1.05);
        assert!((Redundancy::TwoN.fullest_survivor(5).unwrap().value() - 1.0).abs() < 1e-12);
        assert!(Redundancy::N.fullest_survivor(5).is_none());
    }

    #[test]
    fn racks_that_do_not_divide_ask_for_a_block_more() {
        let caught = Redundancy::BlockRedundant { blocks: 6 };
        // 37 racks of 160 kW on four blocks: ten on the fullest, 10 · 4/37 = 1.081 of an even part.
        assert!((caught.fullest_alone(4, 37) - 40.0 / 37.0).abs() < 1e-12);
        assert!((Redundancy::TwoN.fullest_alone(4, 37) - 1.0).abs() < 1e-12);
        // Nine of 160 kW on a block of 1.5 MW: 37/9 → five blocks. None of a rack that is more than a block.
        let carrying = |rack: f64| caught.carrying_whole(37, Watts(rack), Watts(1.5e6));
        assert_eq!((carrying(160e3), carrying(1.6e6)), (Some(5), None));
        assert_eq!(Redundancy::NPlus1 { needed: 10 }.carrying_whole(37, Watts(160e3), Watts(1.5e6)), None);
    }

    #[test]
    fn whole_modules_cover_the_load_and_the_spare() {
        let modules = |redundancy: Redundancy, load: f64| redundancy.modules(Watts(load), Watts(2.5e6));
        // 25 MW in 2.5 MW modules: 10; 26 MW: 11.
        assert_eq!(modules(Redundancy::N, 25e6), 10);
        assert_eq!(modules(Redundancy::N, 26e6), 11);
        assert_eq!(modules(Redundancy::NPlus1 { needed: 10 }, 25e6), 11);
        assert_eq!(modules(Redundancy::NPlus1 { needed: 10 }, 26e6), 13);
        assert_eq!(modules(Redundancy::TwoN, 26e6), 22);
        // 11 modules are four groups of three, each with a fourth.
        assert_eq!(modules(Redundancy::MakeK { needed: 3 }, 26e6), 16);
        assert_eq!(modules(Redundancy::BlockRedundant { blocks: 6 }, 26e6), 13);
        assert_eq!(modules(Redundancy::TwoN, 0.0), 0);
    }

    #[test]
    fn a_gigawatt_needs_394_generators_in_groups_of_ten() {
        // 1,000 MW / 2.8 MW = 357.1 → 358 carry, one spare for each ten begun → 36.
        // The reference figure 393 divides before rounding: 1,000/2.8 · 1.1 = 392.9.
        assert_eq!(Redundancy::NPlus1 { needed: 10 }.modules(Watts(1e9), Watts(2.8e6)), 394);
    }

    #[test]
    fn every_pair_of_systems_comes_once_and_no_system_twice_in_a_round() {
        for systems in 2..8 {
            let pairs = rounds(systems);
            let mut seen: Vec<_> = pairs.iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), pairs.len()), (systems * (systems - 1) / 2, systems * (systems - 1) / 2));
            for round in pairs.chunks(systems / 2) {
                let mut met: Vec<_> = round.iter().flat_map(|(a, b)| [a, b]).collect();
                met.sort_unstable();
                met.dedup();
                assert_eq!(met.len(), 2 * round.len(), "{systems}: {round:?}");
            }
        }
    }

    #[test]
    fn the_rest_of_a_group_takes_over() {
        let of = |redundancy: Redundancy, modules| {
            let reserve = redundancy.reserve(modules);
            (reserve.needed, reserve.carrying, reserve.idle)
        };
        assert_eq!(of(Redundancy::N, 5), (0, 5, 0));
        assert_eq!(of(Redundancy::TwoN, 22), (1, 11, 0));
        // 24 in groups of eleven: two full ones and a pair, three spare.
        assert_eq!(of(Redundancy::NPlus1 { needed: 10 }, 24), (10, 21, 0));
        assert_eq!(of(Redundancy::MakeK { needed: 3 }, 16), (3, 12, 0));
        assert_eq!(of(Redundancy::BlockRedundant { blocks: 6 }, 13), (6, 11, 2));
        assert_eq!(of(Redundancy::NPlus1 { needed: 10 }, 2), (1, 1, 0));
    }

    proptest! {
        #[test]
        fn modules_never_fall_short(load in 1.0..1e10_f64, module in 1e5..1e8_f64, parts in 1_u32..12) {
            for redundancy in [
                Redundancy::N,
                Redundancy::NPlus1 { needed: parts },
                Redundancy::TwoN,
                Redundancy::MakeK { needed: parts },
                Redundancy::BlockRedundant { blocks: parts },
            ] {
                let installed = f64::from(redundancy.modules(Watts(load), Watts(module))) * module;
                prop_assert!(installed >= load * redundancy.installed_ratio().value() * (1.0 - 1e-9));
            }
        }
    }
}
