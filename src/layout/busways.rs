//! Busways above a row: which pair each rack hangs on, and how full that gets.
//!
//! ~~~text
//! pairs   the fewest that carry the row's racks, up to those that may hang above it
//! rack    the hottest first, each on the pair that carries least
//! rating  what the busways of a row carry continuously / the pairs that may hang above it
//! ~~~
//!
//! A rack hangs on one pair, both of its feeds on the two busways of it, so a row fits where each pair carries its racks,
//! not where all pairs together do. Left out: tap-off boxes by phase, busways that cross from row to row.

use super::{Hall, Layout, LayoutDemand, RackKind, Room, Slot};
use crate::units::Watts;

/// Racks of a row on their busways.
#[derive(Clone, Debug, PartialEq)]
pub struct Hung {
    /// The pair of each rack, counted from zero; none of what draws nothing.
    pub pairs: Vec<Option<u64>>,
    /// What each pair carries.
    pub loads: Vec<Watts>,
}

impl LayoutDemand {
    /// What a pair of busways carries continuously.
    #[must_use]
    pub fn busway_rating(&self) -> Watts {
        self.busway / self.busway_pairs.max(1) as f64
    }

    /// Hangs the racks of a row on its busways, too many for them on as many as there may be.
    #[must_use]
    pub fn hang(&self, row: &[RackKind]) -> Hung {
        let (most, rating) = (self.busway_pairs.max(1), self.busway_rating());
        let heat: Vec<Watts> = row.iter().map(|kind| self.heat_of(*kind)).collect();
        let mut hottest: Vec<usize> = (0..row.len()).filter(|at| heat[*at] > Watts(0.0)).collect();
        hottest.sort_by(|a, b| heat[*b].0.total_cmp(&heat[*a].0));
        let whole: Watts = heat.iter().copied().sum();
        let share = if rating > Watts(0.0) { whole / rating } else { f64::INFINITY };
        let least = ((share - 1e-9).ceil() as u64).clamp(1, most);
        let hung = |pairs: u64| {
            let mut hung = Hung { pairs: vec![None; row.len()], loads: vec![Watts(0.0); pairs as usize] };
            for at in &hottest {
                let by_load = |a: &usize, b: &usize| f64::total_cmp(&hung.loads[*a].0, &hung.loads[*b].0);
                let pair = (0..hung.loads.len()).min_by(by_load).unwrap_or(0);
                hung.loads[pair] += heat[*at];
                hung.pairs[*at] = Some(pair as u64);
            }
            hung
        };
        let fits = |hung: &Hung| hung.fullest() <= rating * (1.0 + 1e-9);
        (least..most).map(hung).find(fits).unwrap_or_else(|| hung(most))
    }

    /// Racks of this heat that the busways of a row carry, each pair whole ones.
    pub(super) fn racks_on_busways(&self, heat: Watts) -> u64 {
        if heat <= Watts(0.0) {
            return u64::MAX;
        }
        (self.busway_rating() / heat + 1e-9).floor() as u64 * self.busway_pairs.max(1)
    }
}

impl Hung {
    /// What the fullest pair carries.
    #[must_use]
    pub fn fullest(&self) -> Watts {
        self.loads.iter().copied().fold(Watts(0.0), Watts::max)
    }
}

/// The fullest pair of busways of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FullestBusway {
    /// What it carries.
    pub load: Watts,
    /// The same with so much more from each accelerator rack on it as was asked for; that of another pair where it is more.
    pub peak: Watts,
    /// Whether it hangs in a network room.
    pub in_network_room: bool,
}

fn kinds<'a>(slots: impl IntoIterator<Item = &'a Slot>) -> Vec<RackKind> {
    slots.into_iter().map(|slot| slot.kind).collect()
}

impl Layout {
    /// The pair of busways that each rack of a room hangs on, counted from zero in its row; none of what stands in no
    /// row or draws nothing.
    #[must_use]
    pub fn busways(&self, hall: &Hall) -> Vec<Option<u64>> {
        let mut all = vec![None; hall.racks.len()];
        for row in 0..hall.rows.len() {
            let racks: Vec<usize> = (0..all.len()).filter(|at| hall.racks[*at].row == Some(row)).collect();
            let kinds: Vec<RackKind> = racks.iter().map(|at| hall.racks[*at].kind).collect();
            for (at, pair) in racks.iter().zip(self.demand.hang(&kinds).pairs) {
                all[*at] = pair;
            }
        }
        all
    }

    /// Pairs of busways above each row of a room, as many as its fullest row asks for.
    #[must_use]
    pub fn pairs_above(&self, room: &Room) -> u64 {
        let of_row = |row: &Vec<Slot>| self.demand.hang(&kinds(row)).loads.len() as u64;
        room.rows.iter().map(of_row).max().unwrap_or(0)
    }

    /// The fullest pair of busways above all rows, as racks stand, and what the fullest carries when each accelerator rack
    /// draws so much more.
    #[must_use]
    pub fn fullest_busway(&self, more: Watts) -> FullestBusway {
        let mut most = FullestBusway::default();
        let mut take = |row: &[RackKind], in_network_room: bool| {
            let hung = self.demand.hang(row);
            if hung.fullest() > most.load {
                (most.load, most.in_network_room) = (hung.fullest(), in_network_room);
            }
            for (pair, load) in (0..).zip(&hung.loads) {
                let on_it = |(kind, own): &(&RackKind, &Option<u64>)| {
                    **kind == RackKind::Compute && **own == Some(pair)
                };
                let racks = row.iter().zip(&hung.pairs).filter(on_it).count();
                most.peak = most.peak.max(*load + more * racks as f64);
            }
        };
        for hall in 0..self.halls {
            for row in &self.hall.rows {
                take(&kinds(self.taken(hall, row)), false);
            }
        }
        for row in self.network_room.iter().flat_map(|room| &room.rows) {
            take(&kinds(row), true);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{USUAL, demands, gb300};
    use super::super::{layout, units_within};
    use super::*;
    use proptest::prelude::*;

    // Ten racks of 200 kW are 2 MW, below three pairs of 690 kW; but a pair carries three of them, so nine hang there.
    #[test]
    fn whole_racks_fill_a_pair_before_all_pairs_together_are_full() {
        let demand =
            LayoutDemand { rack_heat: Watts(200e3), busway: Watts(2.07e6), busway_pairs: 3, ..gb300() };
        assert_eq!(demand.racks_on_busways(Watts(200e3)), 9);
        let nine = demand.hang(&[RackKind::Compute; 9]);
        assert!((nine.fullest().0 - 600e3).abs() < 1e-6, "{nine:?}");
        assert!(demand.hang(&[RackKind::Compute; 10]).fullest() > demand.busway_rating());
        // Three fit on one pair, which is all they get.
        assert_eq!(demand.hang(&[RackKind::Compute; 3]).loads.len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_busway_is_overfull_where_each_rack_alone_fits((demand, placement) in demands(), pairs in 1_u64..5) {
            let demand = LayoutDemand { busway_pairs: pairs, units_per_hall: units_within(Watts(5e6), Watts(1e6)), ..demand };
            let plan = layout(&demand, placement);
            let heats = RackKind::ALL.map(|kind| plan.demand.heat_of(kind));
            let hottest = heats.into_iter().fold(Watts(0.0), Watts::max);
            let full = plan.fullest_busway(Watts(0.0));
            // One rack of each sort is the least that a row of a unit has.
            let least: Watts = heats.into_iter().sum();
            if least <= demand.busway_rating() {
                prop_assert!(full.load <= demand.busway_rating() * (1.0 + 1e-9), "{full:?} {:?}", demand.busway_rating());
            }
            prop_assert!(full.load >= Watts(0.0) && full.load <= demand.busway.max(hottest).max(least) * 1.000_001);
            prop_assert!((full.peak.0 - full.load.0).abs() < 1e-6);
        }
    }

    // Eight racks of 140 kW and what stands with them: the pair with most accelerators gains most.
    #[test]
    fn a_peak_adds_to_the_pair_with_most_accelerators() {
        let plan = layout(&gb300(), USUAL);
        let (quiet, loud) = (plan.fullest_busway(Watts(0.0)), plan.fullest_busway(Watts(10e3)));
        assert!((quiet.load.0 - loud.load.0).abs() < 1e-6);
        assert!(loud.peak > quiet.peak && (loud.peak - quiet.peak).0 % 10e3 < 1e-3);
    }
}
