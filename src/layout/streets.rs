//! Ducts under the streets of a campus.
//!
//! ~~~text
//! a street between each two columns of buildings and on either side, a road between each two lines and on either side
//! route = to an end of the corridor + out to its street + along it, by a road where it changes street + back in
//! ~~~
//!
//! Ducts follow streets and roads and meet buildings at the ends of their corridors alone, so none runs below a hall or a
//! yard. Left out: manholes, a second, separate way for each building.

use super::Layout;

/// Where ducts come into a building, on the plan of the campus [m].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gate {
    /// Both ends of the corridor along the rows.
    pub ends: [f64; 2],
    /// Middle of the corridor across the rows.
    pub y: f64,
    /// Streets before both ends, along the rows.
    pub streets: [f64; 2],
    /// Roads below and above the building's line, across the rows.
    pub roads: [f64; 2],
}

/// Ducts from a place in one corridor to a place in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ducts {
    /// Which end of either corridor they use.
    pub ends: [usize; 2],
    /// The road by which they change street, where they do.
    pub road: Option<f64>,
    /// All of it [m].
    pub run: f64,
}

impl Gate {
    /// The same gate on a plan whose origin lies elsewhere.
    #[must_use]
    pub fn moved(&self, x: f64, y: f64) -> Self {
        Self {
            ends: self.ends.map(|end| end + x),
            y: self.y + y,
            streets: self.streets.map(|street| street + x),
            roads: self.roads.map(|road| road + y),
        }
    }

    /// The shortest ducts from a place in this corridor to one in the corridor of another building.
    #[must_use]
    pub fn to(&self, from: f64, other: &Self, to: f64) -> Ducts {
        let mut best = Ducts { ends: [0, 0], road: None, run: f64::INFINITY };
        for out in 0..self.ends.len() {
            for into in 0..other.ends.len() {
                let (road, ducts) = self.outside(out, other, into);
                let run = (from - self.ends[out]).abs() + ducts + (to - other.ends[into]).abs();
                if run < best.run {
                    best = Ducts { ends: [out, into], road, run };
                }
            }
        }
        best
    }

    /// Ducts between an end of this corridor and one of another's: the road where they change street, and how long [m].
    #[must_use]
    pub fn outside(&self, out: usize, other: &Self, into: usize) -> (Option<f64>, f64) {
        let (street, far) = (self.streets[out], other.streets[into]);
        let (road, across) = self.across(other, street, far);
        let along = (self.ends[out] - street).abs() + (street - far).abs() + (other.ends[into] - far).abs();
        (road, along + across)
    }

    /// The way across the lines between two streets, and the road that joins them.
    fn across(&self, other: &Self, street: f64, far: f64) -> (Option<f64>, f64) {
        const SAME: f64 = 1e-6;
        if (street - far).abs() < SAME {
            return (None, (self.y - other.y).abs());
        }
        let by = |road: f64| (Some(road), (self.y - road).abs() + (road - other.y).abs());
        let [low, high] = self.roads.map(by);
        if low.1 < high.1 { low } else { high }
    }

    /// The corners of those ducts, from place to place.
    #[must_use]
    pub fn corners(&self, from: f64, other: &Self, to: f64) -> Vec<(f64, f64)> {
        let Ducts { ends: [out, into], road, .. } = self.to(from, other, to);
        let (street, far) = (self.streets[out], other.streets[into]);
        let mut all = vec![(from, self.y), (street, self.y)];
        all.extend(road.into_iter().flat_map(|road| [(street, road), (far, road)]));
        all.extend([(far, other.y), (to, other.y)]);
        all
    }
}

impl Layout {
    /// Where ducts come into a building.
    #[must_use]
    pub fn gate(&self, building: u64) -> Gate {
        let at = self.building(building);
        let (streets, roads) = self.streets_about(building);
        Gate { ends: [at.x, at.x + at.width], y: at.y + self.corridor_y(), streets, roads }
    }
}

#[cfg(test)]
mod tests {
    use super::super::campus::length;
    use super::super::tests::{USUAL, demands, gb300};
    use super::super::{Site, layout};
    use proptest::prelude::*;

    // Next to each other in a line: out to the street between them, 15 m, and in again from it, 15 m.
    #[test]
    fn neighbours_in_a_line_share_the_street_between_them() {
        let plan = layout(&gb300(), USUAL);
        let (own, next) = (plan.gate(0), plan.gate(1));
        let ducts = own.to(own.ends[1], &next, next.ends[0]);
        assert_eq!((ducts.ends, ducts.road), ([1, 0], None));
        // Narrower buildings leave the strip of the network room free before the street.
        let gap = next.ends[0] - own.ends[1];
        assert!((ducts.run - gap).abs() < 1e-9 && gap >= 30.0 - 1e-9, "{ducts:?}");
    }

    // Two columns apart in one line: by the nearer of the roads on both sides of the line, there and back.
    #[test]
    fn a_building_in_between_is_gone_around() {
        let plan = layout(&gb300(), USUAL);
        let (own, far) = (plan.gate(0), plan.gate(2));
        let ducts = own.to(own.ends[1], &far, far.ends[0]);
        let road = ducts.road.expect("they change street");
        assert!(own.roads.contains(&road));
        let around = 2.0 * (own.y - road).abs();
        assert!((ducts.run - (far.ends[0] - own.ends[1] + around)).abs() < 1e-9, "{ducts:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        // Beside each other and of different pitch: neither feeders nor fibre of one run below the other.
        #[test]
        fn ways_of_a_site_follow_streets_and_are_no_shorter_than_straight(
            (demand, placement) in demands(),
            (other, place) in demands(),
            substations in 1_u32..4,
        ) {
            let plans = [layout(&demand, placement), layout(&other, place)];
            let site = Site::of(&plans);
            let count = site.buildings.len();
            let crosses = |corners: &[(f64, f64)], ends: &[usize]| {
                corners.windows(2).any(|two| (0..count).any(|building| {
                    let (at, (a, b)) = (site.buildings[building], (two[0], two[1]));
                    let corridor = ends.contains(&building) && (a.1 - b.1).abs() < 1e-6
                        && (a.1 - site.gates[building].1.y).abs() < 1e-6;
                    !corridor
                        && a.0.min(b.0) < at.x + at.width - 1e-6 && a.0.max(b.0) > at.x + 1e-6
                        && a.1.min(b.1) < at.y + at.depth - 1e-6 && a.1.max(b.1) > at.y + 1e-6
                }))
            };
            let straight = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1);
            let mut longest = 0.0_f64;
            for from in 0..count {
                let feeder = site.feeder(from, substations);
                prop_assert!(!crosses(&feeder, &[]), "{feeder:?}");
                prop_assert!(length(&feeder) >= straight(feeder[0], feeder[feeder.len() - 1]) - 1e-6);
                for to in 0..from {
                    let places = [from, to].map(|at| site.middle(at));
                    let corners = site.corners([from, to], places);
                    prop_assert!(!crosses(&corners, &[from, to]), "{from} {to} {corners:?}");
                    let run = site.ducts([from, to], places).run;
                    prop_assert!((run - length(&corners)).abs() < 1e-6 * run.max(1.0));
                    prop_assert!(run >= straight(corners[0], corners[corners.len() - 1]) - 1e-6);
                    longest = longest.max(run);
                }
            }
            prop_assert!((site.longest_way().0 - longest).abs() < 1e-6 * longest.max(1.0));
        }


        #[test]
        fn ducts_are_as_long_as_they_are_drawn_and_pass_below_no_building((demand, placement) in demands()) {
            let plan = layout(&demand, placement);
            for from in 0..plan.buildings {
                for to in 0..from {
                    let (own, other) = (plan.gate(from), plan.gate(to));
                    let middle = |gate: &super::Gate| f64::midpoint(gate.ends[0], gate.ends[1]);
                    let corners = own.corners(middle(&own), &other, middle(&other));
                    let long: f64 = corners.windows(2).map(|two| (two[0].0 - two[1].0).abs() + (two[0].1 - two[1].1).abs()).sum();
                    let run = own.to(middle(&own), &other, middle(&other)).run;
                    prop_assert!((long - run).abs() < 1e-6 * run, "{long} {run}");
                    for two in corners.windows(2) {
                        let (a, b) = (two[0], two[1]);
                        prop_assert!((a.0 - b.0).abs() < 1e-6 || (a.1 - b.1).abs() < 1e-6, "{corners:?}");
                        for building in 0..plan.buildings {
                            let at = plan.building(building);
                            // In its own corridor a duct is no duct yet.
                            let own = (building == from || building == to)
                                && ((a.1 - own.y).abs() < 1e-6 && (b.1 - own.y).abs() < 1e-6
                                    || (a.1 - other.y).abs() < 1e-6 && (b.1 - other.y).abs() < 1e-6);
                            let across = a.0.min(b.0) < at.x + at.width - 1e-6 && a.0.max(b.0) > at.x + 1e-6
                                && a.1.min(b.1) < at.y + at.depth - 1e-6 && a.1.max(b.1) > at.y + 1e-6;
                            prop_assert!(own || !across, "{a:?} to {b:?} below building {building} at {at:?}");
                        }
                        for item in plan.yard_items() {
                            let at = item.at;
                            let across = a.0.min(b.0) < at.x + at.width - 1e-6 && a.0.max(b.0) > at.x + 1e-6
                                && a.1.min(b.1) < at.y + at.depth - 1e-6 && a.1.max(b.1) > at.y + 1e-6;
                            prop_assert!(!across, "{a:?} to {b:?} below {item:?}");
                        }
                    }
                }
            }
        }
    }
}
