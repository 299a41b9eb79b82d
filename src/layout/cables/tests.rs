//! The schedule: worked numbers, sums against the fabric's counts, bounds on lengths.

use super::super::routes::Through;
use super::super::tests::{USUAL, demands, gb300};
use super::super::{CorePlace, LayoutDemand, LeafPlace, Placement, SpinePlace, layout};
use super::*;
use crate::units::Watts;
use proptest::prelude::*;
use std::collections::BTreeMap;

const RATE: ByteRate = ByteRate(100e9);

fn cabling(counts: CableCounts) -> Cabling {
    let media = reaches(RATE).to_vec();
    Cabling {
        leaf_units: 1,
        counts,
        group_units: 9,
        island_units: 648,
        groups: [1, 0],
        rate: RATE,
        host_media: media.clone(),
        switch_media: media,
        optical: None,
        beside: Vec::new(),
        out_of_band: None,
    }
}

const WHOLE: CableCounts = CableCounts { host_leaf: 373_248, leaf_spine: 373_248, spine_core: 373_248 };

fn of_kind(schedule: &CableSchedule, kind: CableKind) -> Vec<CableRun> {
    schedule.runs.iter().copied().filter(|run| run.kind == kind).collect()
}

// (2 + 2·1.9) · 1.1 + 2 = 8.38 m, so 10 m; (90 + 3.8) · 1.1 + 2 = 105.2 m, so 110 m.
#[test]
fn a_length_is_route_drops_slack_and_ends_as_stocked() {
    assert!((stocked_length(Meters(2.0)).value() - 10.0).abs() < 1e-9);
    assert!((stocked_length(Meters(90.0)).value() - 110.0).abs() < 1e-9);
}

// Eight racks of 0.6 m with leaf and spine in the middle: at most 3.3 + 0.6 m of tray, so (3.9 + 3.8) · 1.1 + 2 =
// 10.5 m at the far end, 15 m as stocked; the near ones take 7 m, which copper with retimers reaches.
#[test]
fn hosts_reach_their_leaf_over_retimed_copper_or_multimode() {
    let laid = schedule(&layout(&gb300(), USUAL), &cabling(WHOLE));
    let hosts = of_kind(&laid, CableKind::HostLeaf);
    assert!(hosts.iter().all(|run| run.medium <= Medium::Multimode));
    assert!(longest(&hosts) <= Meters(15.0));
    assert!(hosts.iter().any(|run| run.medium == Medium::RetimedActiveCopper));
}

// Nine buildings of some 290 × 140 m with their yards: several hundred metres to the core, some beyond 500 m.
#[test]
fn the_core_of_a_campus_is_reached_over_single_mode() {
    let laid = schedule(&layout(&gb300(), USUAL), &cabling(WHOLE));
    let core = of_kind(&laid, CableKind::SpineCore);
    let single: u64 = core.iter().filter(|run| run.medium >= Medium::SingleMode).map(|run| run.count).sum();
    assert!(single * 10 > 373_248 * 9);
    assert!((Meters(300.0)..Meters(1_500.0)).contains(&longest(&core)));
    assert!(core.iter().all(|run| run.choice.is_some()), "2 km reach across the campus");
}

#[test]
fn the_placement_taken_is_the_shortest_of_all_compared() {
    let mut tried = placements(&gb300(), &cabling(WHOLE));
    let (plan, laid) = place(&gb300(), &cabling(WHOLE), &mut tried);
    assert_eq!(tried.len(), Placement::all().len());
    assert_eq!(tried[0].placement, plan.placement);
    assert!((total_length(&laid.runs) / tried[0].length - 1.0).abs() < 1e-12);
    for other in &tried[1..] {
        let laid = schedule(&layout(&gb300(), other.placement), &cabling(WHOLE));
        assert!((total_length(&laid.runs) / other.length - 1.0).abs() < 0.01, "{other:?}");
        // What is compared is right within a percent, and so is the choice.
        assert!(total_length(&laid.runs) >= tried[0].length * 0.99, "{other:?}");
    }
    // One room in the middle of the campus beats one in every building: cores and spines meet all over.
    assert_eq!(plan.placement.core, CorePlace::CentralBuilding);
}

// Seven times the cables: four placements are shorter than the one that is taken, and each lacks some twenty trays or more.
#[test]
fn room_for_trays_goes_before_length() {
    let CableCounts { host_leaf, leaf_spine, spine_core } = WHOLE;
    let own =
        CableCounts { host_leaf: 7 * host_leaf, leaf_spine: 7 * leaf_spine, spine_core: 7 * spine_core };
    let mut tried = placements(&gb300(), &cabling(own));
    let shortest = tried[0];
    let (_, laid) = place(&gb300(), &cabling(own), &mut tried);
    let best = tried[0];
    assert!(best.placement != shortest.placement && best.length > shortest.length * 0.99);
    let shorter: Vec<_> = tried.iter().filter(|other| other.length < best.length).collect();
    assert!(best.overfull == Some(0) && !shorter.is_empty());
    assert!(shorter.iter().all(|other| other.overfull > Some(0)), "{shorter:?}");
    assert!(laid.trays.iter().all(|tray| tray.parallel <= tray.room), "{:?}", laid.trays);
}

// Eight racks of 0.6 m: 1.5 m from the middle on average, 2.7 m from the end.
#[test]
fn leaves_amid_their_racks_have_shorter_cables_to_hosts() {
    let length = |leaf| {
        let laid = schedule(&layout(&gb300(), Placement { leaf, ..USUAL }), &cabling(WHOLE));
        total_length(&of_kind(&laid, CableKind::HostLeaf))
    };
    assert!(length(LeafPlace::Middle) < length(LeafPlace::End));
}

#[test]
fn spines_far_from_their_leaves_have_longer_cables_to_them() {
    let length = |spine| {
        let placement = Placement { spine, ..USUAL };
        total_length(&of_kind(&schedule(&layout(&gb300(), placement), &cabling(WHOLE)), CableKind::LeafSpine))
    };
    assert!(length(SpinePlace::Units) < length(SpinePlace::NetworkRoom));
}

// Copper of 2 m reaches no leaf over a tray: the least is 3.8 · 1.1 + 2 = 6.2 m, 7 m as stocked.
#[test]
fn copper_beyond_its_reach_is_counted_apart() {
    let dac = vec![Reach { length: Meters(2.0), ..reaches(RATE)[0] }];
    let cabling = Cabling { host_media: dac, ..cabling(WHOLE) };
    let laid = schedule(&layout(&gb300(), USUAL), &cabling);
    let hosts = of_kind(&laid, CableKind::HostLeaf);
    assert!(hosts.iter().all(|run| run.choice.is_none() && run.medium == Medium::PassiveCopper));
    assert_eq!(hosts.iter().map(|run| run.count).sum::<u64>(), 373_248);
}

// 373,248 cables enter the central building; of the others one in 72 units each.
#[test]
fn trays_are_added_until_none_is_too_full() {
    let laid = schedule(&layout(&gb300(), USUAL), &cabling(WHOLE));
    for tray in &laid.trays {
        assert!(tray.cables > 0 && tray.parallel > 0, "{tray:?}");
        assert!(tray.fill > 0.0 && tray.fill <= MOST_FILL + 1e-9, "{tray:?}");
        // The largest campus on one core has room for its trays.
        assert!(tray.room >= tray.parallel, "{tray:?}");
    }
    // Of 600 mm: three above a rack 1.2 m deep and 0.9 m of aisle, three above each other; six over the corridor, five above each other,
    // and no way beside it; ducts 26 abreast in eight layers at either end.
    assert_eq!([0, 2, 3].map(|at| laid.trays[at].room), [9, 30, 208]);
    // Ten times the links do not fit, and it shows.
    let many = CableCounts { host_leaf: 3_732_480, leaf_spine: 3_732_480, spine_core: 3_732_480 };
    let crowded = schedule(&layout(&gb300(), USUAL), &cabling(many)).trays[3];
    assert!(crowded.parallel > crowded.room, "{crowded:?}");
    // All cables to the core from eight of nine buildings pass the ducts of the central one, 8/9 and a little, at its
    // two ends: at the busier half of them at least. All are of one kind, so that the fuller end is the busier one.
    let alike = Cabling { switch_media: reaches(RATE)[5..].to_vec(), ..cabling(WHOLE) };
    let laid = schedule(&layout(&gb300(), USUAL), &alike);
    let ducts = laid.trays[3].cables as f64 / 373_248.0;
    assert!((4.0 / 9.0..0.95).contains(&ducts), "{ducts}");
}

#[test]
fn a_campus_of_millions_of_links_is_laid_within_seconds() {
    // Work goes with pairs of racks, so links ten times as many take no longer.
    let many = CableCounts { host_leaf: 3_732_480, leaf_spine: 3_732_480, spine_core: 3_732_480 };
    let mut pairs = 0_u64;
    let mut links = 0_u64;
    each_pair(&layout(&gb300(), USUAL), &cabling(many), |pair| {
        pairs += 1;
        links += pair.count;
    });
    assert_eq!(links, 3 * 3_732_480);
    assert!(pairs < 500_000, "{pairs}");
}

/// Cables of the scale-out at each rack, by the sides of a tier.
fn at_racks(plan: &Layout, cabling: &Cabling) -> BTreeMap<(CableKind, RackKind, u64), u64> {
    let mut found = BTreeMap::new();
    each_pair(plan, cabling, |pair| {
        for (kind, number) in [pair.from, pair.to] {
            *found.entry((pair.kind, kind, number)).or_insert(0) += pair.count;
        }
    });
    found
}

// 373,248 cables of 324 core racks with eight of 144 ports: 1,152 each, and as many at the spine and leaf racks.
#[test]
fn every_switch_rack_of_a_full_fabric_has_as_many_cables_as_ports() {
    for ((tier, kind, number), cables) in at_racks(&layout(&gb300(), USUAL), &cabling(WHOLE)) {
        let ports = if kind == RackKind::Core { 1_152 } else { 576 };
        assert!(kind == RackKind::Compute || cables == ports, "{tier:?} {kind:?} {number}: {cables}");
    }
}

// A rack for each switch: 5,184 spine racks and 2,592 core racks are 13 million pairs, each laid for itself.
#[test]
fn no_rack_of_a_large_schedule_stands_for_its_neighbours() {
    let switches = super::super::SwitchRacks { per_rack: 1, ..gb300().switches };
    for ((tier, kind, number), cables) in
        at_racks(&layout(&LayoutDemand { switches, ..gb300() }, USUAL), &cabling(WHOLE))
    {
        let ports = if kind == RackKind::Core { 144 } else { 72 };
        assert!(kind == RackKind::Compute || cables == ports, "{tier:?} {kind:?} {number}: {cables}");
    }
}

// 72 groups of 72 spines, nine racks each, a link from each spine to each other group but one: 71 · 72/2 pairs of 72.
#[test]
fn dragonfly_groups_are_joined_as_counted() {
    let switches = super::super::SwitchRacks { core: 0, ..gb300().switches };
    let plan = layout(&LayoutDemand { switches, ..gb300() }, USUAL);
    let spine_core = 72 * 71 / 2 * 72;
    let cabling = Cabling { groups: [1, 72], ..cabling(CableCounts { spine_core, ..WHOLE }) };
    let mut pairs = BTreeMap::new();
    each_pair(&plan, &cabling, |pair| {
        if pair.kind == CableKind::SpineCore {
            assert_eq!((pair.from.0, pair.to.0), (RackKind::Spine, RackKind::Spine));
            *pairs.entry((pair.from.1 / 9, pair.to.1 / 9)).or_insert(0) += pair.count;
        }
    });
    assert_eq!(pairs.len(), 72 * 71 / 2);
    assert!(pairs.iter().all(|((a, b), cables)| a < b && *cables == 72));
    for ((tier, kind, _), cables) in at_racks(&plan, &cabling) {
        assert!(tier != CableKind::SpineCore || (kind == RackKind::Spine && cables == 71 * 8));
    }
    let schedule = schedule(&plan, &cabling);
    assert_eq!(of_kind(&schedule, CableKind::SpineCore).iter().map(|run| run.count).sum::<u64>(), spine_core);
}

#[test]
fn ducts_are_as_long_as_the_ways_that_are_drawn_with_as_many_as_their_fibres_fill() {
    let (layout, cabling) = (layout(&gb300(), USUAL), cabling(WHOLE));
    let mut ways: std::collections::BTreeMap<(u64, usize, u64, usize), f64> =
        std::collections::BTreeMap::new();
    each_pair(&layout, &cabling, |pair| {
        if let Through::Ducts { ends: [out, into] } = pair.route.through {
            let (one, other) = ((pair.start.building, out), (pair.stop.building, into));
            let (one, other) = (one.min(other), one.max(other));
            let filled = super::media::section(pair.medium, pair.fibres, true) * pair.count as f64;
            *ways.entry((one.0, one.1, other.0, other.1)).or_default() += filled;
        }
    });
    let drawn = |(one, out, other, into): &(u64, usize, u64, usize)| -> f64 {
        let (one, other) = (layout.gate(*one), layout.gate(*other));
        let corners = one.corners(one.ends[*out], &other, other.ends[*into]);
        corners.windows(2).map(|two| (two[0].0 - two[1].0).abs() + (two[0].1 - two[1].1).abs()).sum()
    };
    let each = super::SECTIONS[1] * super::MOST_FILL;
    let length: f64 = ways.iter().map(|(way, filled)| (filled / each).ceil() * drawn(way)).sum();
    let laid = schedule(&layout, &cabling);
    let ducts = laid.trays.iter().find(|tray| tray.sort == super::TraySort::Ducts).unwrap();
    assert!(ways.len() > 1 && length > 0.0);
    // Pairs of a bundle go the way of its middle.
    assert!((ducts.length.0 / length - 1.0).abs() < 0.02, "{} of {length}", ducts.length);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // Bundles hold as much of either side, so the share of a rack is that of its switches.
    #[test]
    fn no_switch_rack_has_more_cables_than_ports(
        (demand, placement) in demands(),
        radix in 1_u64..80, group_units in 1_u64..20, island_units in 1_u64..50, groups in 0_u64..9,
    ) {
        let network = demand.switches;
        // As many links as the ports of the smaller side take.
        let between = |a: u64, b: u64| a.min(b) * radix;
        let direct = groups > 1;
        let pairs = groups * groups.saturating_sub(1) / 2;
        let counts = CableCounts {
            host_leaf: 0,
            leaf_spine: between(network.leaf, network.spine),
            spine_core: if direct { pairs * (network.spine * radix / 2 / pairs) } else { between(network.spine, network.core) },
        };
        let groups = [1, if direct { groups } else { 0 }];
        let island_units = island_units.max(group_units);
        let cabling = Cabling { group_units, island_units, groups, ..cabling(counts) };
        let plan = layout(&demand, placement);
        let outlets = Outlets::of(&plan, &RackKind::ALL);
        let switches = [(RackKind::Leaf, network.leaf), (RackKind::Spine, network.spine), (RackKind::Core, network.core)];
        let mut laid = [0; 3];
        for ((tier, kind, number), cables) in at_racks(&plan, &cabling) {
            laid[tier as usize] += cables;
            let Some((_, switches)) = switches.iter().find(|(known, _)| *known == kind) else { continue };
            let ports = (switches * radix) as f64 / outlets.of_kind(kind).len() as f64;
            prop_assert!(cables as f64 <= (ports - 1e-6).ceil(), "{:?} {:?} {}: {} of {}", tier, kind, number, cables, ports);
        }
        prop_assert_eq!(laid, [0, 2 * counts.leaf_spine, 2 * counts.spine_core]);
    }

    #[test]
    fn every_link_has_a_route_no_shorter_than_the_straight_distance(
        (demand, placement) in demands(),
        hosts in 0_u64..100_000, spines in 0_u64..5_000, cores in 0_u64..5_000,
        group_units in 1_u64..20, island_units in 1_u64..50,
    ) {
        let network = demand.switches;
        let counts = CableCounts {
            host_leaf: if network.leaf > 0 { hosts } else { 0 },
            leaf_spine: if network.leaf > 0 && network.spine > 0 { spines } else { 0 },
            spine_core: if network.spine > 0 && network.core > 0 { cores } else { 0 },
        };
        let cabling = Cabling { group_units, island_units: island_units.max(group_units), ..cabling(counts) };
        let plan = layout(&demand, placement);
        let mut laid = [0_u64; 3];
        let mut wrong = None;
        each_pair(&plan, &cabling, |pair| {
            laid[pair.kind as usize] += pair.count;
            let straight = pair.start.straight(&pair.stop);
            let longest = pair.choice.map_or(f64::INFINITY, |at| reaches(RATE)[at].length.0);
            if pair.route.run < straight - 1e-6 || pair.length.0 < pair.route.run || pair.length.0 > longest {
                wrong = Some(*pair);
            }
        });
        prop_assert_eq!(wrong, None);
        prop_assert_eq!(laid, [counts.host_leaf, counts.leaf_spine, counts.spine_core]);
        let schedule = schedule(&plan, &cabling);
        let sum = |kind| schedule.runs.iter().filter(|run| run.kind == kind).map(|run| run.count).sum::<u64>();
        prop_assert_eq!(sum(CableKind::HostLeaf), counts.host_leaf);
        prop_assert_eq!(sum(CableKind::LeafSpine), counts.leaf_spine);
        prop_assert_eq!(sum(CableKind::SpineCore), counts.spine_core);
        prop_assert!(total_length(&schedule.runs).0 >= schedule.straight_total.0 * (1.0 - 1e-9));
        for run in &schedule.runs {
            prop_assert!(run.length_total.0 <= run.length_max.0 * run.count as f64 * (1.0 + 1e-9));
        }
    }

    #[test]
    fn more_power_in_a_row_never_makes_a_hall_wider_than_its_racks(racks in 1_u64..200) {
        let it = Watts(15e4 * racks as f64);
        let demand = LayoutDemand { compute_racks: racks, it, ..gb300() };
        let plan = layout(&demand, USUAL);
        prop_assert!(plan.hall.width >= plan.hall.grid.width());
        prop_assert!(plan.hall.depth >= plan.hall.grid.depth());
    }
}
