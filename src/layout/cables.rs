//! Cable routes on the floor: length, and so medium.
//!
//! ~~~text
//! run    = |Δx| + |Δy| + 2·(tray height − port height) + storeys crossed · storey height
//! length = 1.1·run + 2·1 m, rounded up to a stocked length
//! ~~~
//!
//! Leaves stand in the network racks in the middle of their unit. Spines stand at the centre of the hall where a
//! core joins the halls, at the centre of the campus where none does; cores stand at the centre of the campus.
//! Lengths are taken on a grid of 16 × 16 points of each region, so the work does not grow with the site. The
//! medium is the first of a list that reaches. Left out: single obstacles, diverse routing, patch panels.

use super::{Layout, STOREY_HEIGHT};
use crate::units::{ByteRate, Meters};

/// Height of the cable trays above the floor: assumption, under a clear height of 4.5 m.
pub const TRAY_HEIGHT: Meters = Meters(3.0);
/// Mean height of a port in a rack: assumption, half of a 48U rack.
pub const PORT_HEIGHT: Meters = Meters(1.1);
/// Length beyond the route, as a share of it: assumption.
pub const SLACK: f64 = 0.10;
/// Length at each end inside the rack: assumption.
pub const END_LENGTH: Meters = Meters(1.0);
/// Lengths on the shelf [m]; beyond the last, multiples of it.
pub const STOCKED: [f64; 12] = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0];
/// Points along each side of the grid on which lengths are taken.
const GRID: u32 = 16;

/// What a cable is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CableMedium {
    /// Passive copper.
    PassiveCopper,
    /// Linear active copper.
    LinearActiveCopper,
    /// Retimed active copper.
    RetimedActiveCopper,
    /// Multimode fibre.
    Multimode,
    /// Single-mode fibre to 500 m.
    SingleMode,
    /// Single-mode fibre beyond 500 m.
    LongSingleMode,
}

impl CableMedium {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PassiveCopper => "passive-copper",
            Self::LinearActiveCopper => "linear-active-copper",
            Self::RetimedActiveCopper => "retimed-active-copper",
            Self::Multimode => "multimode",
            Self::SingleMode => "single-mode",
            Self::LongSingleMode => "long-single-mode",
        }
    }
}

/// Which tiers a cable joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CableKind {
    /// Host to leaf.
    HostLeaf,
    /// Leaf to spine.
    LeafSpine,
    /// Spine to core.
    SpineCore,
}

impl CableKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HostLeaf => "host-leaf",
            Self::LeafSpine => "leaf-spine",
            Self::SpineCore => "spine-core",
        }
    }
}

/// How far a medium reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The medium.
    pub medium: CableMedium,
    /// The longest cable.
    pub length: Meters,
}

/// Reach of the media at the rate of a cable, cheapest first.
///
/// 400G: copper 3 m, linear 5 m; 800G: copper 2 m, linear 3 m; both: retimed 7 m, multimode 50 m, DR4 500 m, FR4 2 km
/// (NVIDIA 400G cable guide; retimed copper from press). Above, lanes of 200G: copper 0.7 m, linear 2 m, retimed
/// 3 m, no multimode.
#[must_use]
pub fn reaches(rate: ByteRate) -> [Reach; 6] {
    // Rates are compared half way to the next one sold, in gigabits per second.
    let gigabits = rate.value() * 8.0 / 1e9;
    let lengths = if gigabits <= 600.0 {
        [3.0, 5.0, 7.0, 50.0, 500.0, 2_000.0]
    } else if gigabits <= 1_200.0 {
        [2.0, 3.0, 7.0, 50.0, 500.0, 2_000.0]
    } else {
        [0.7, 2.0, 3.0, 3.0, 500.0, 2_000.0]
    };
    let media = [
        CableMedium::PassiveCopper,
        CableMedium::LinearActiveCopper,
        CableMedium::RetimedActiveCopper,
        CableMedium::Multimode,
        CableMedium::SingleMode,
        CableMedium::LongSingleMode,
    ];
    std::array::from_fn(|at| Reach { medium: media[at], length: Meters(lengths[at]) })
}

/// Cables to lay, by the tiers that they join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CableCounts {
    /// Host to leaf.
    pub host_leaf: u64,
    /// Leaf to spine.
    pub leaf_spine: u64,
    /// Spine to core.
    pub spine_core: u64,
}

/// Cables of one kind and medium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CableRun {
    /// Tiers joined.
    pub kind: CableKind,
    /// What they are made of.
    pub medium: CableMedium,
    /// Rate of each, per direction.
    pub rate: ByteRate,
    /// Cables.
    pub count: u64,
    /// Length of all, as stocked.
    pub length_total: Meters,
    /// Longest of them, as stocked.
    pub length_max: Meters,
}

/// A stocked length for a horizontal distance and the storeys it crosses.
#[must_use]
pub fn stocked_length(horizontal: Meters, climb: Meters) -> Meters {
    let drops = (TRAY_HEIGHT - PORT_HEIGHT) * 2.0;
    let length = (horizontal + climb + drops) * (1.0 + SLACK) + END_LENGTH * 2.0;
    let needed = length.value() - 1e-9;
    let longest = STOCKED[STOCKED.len() - 1];
    let stocked = STOCKED.iter().copied().find(|stocked| *stocked >= needed);
    Meters(stocked.unwrap_or_else(|| (needed / longest).ceil() * longest))
}

/// The region that one end of a kind of cable is spread over, the other end being at its centre.
#[derive(Clone, Copy, Debug)]
struct Region {
    x: Meters,
    y: Meters,
    climb: Meters,
}

/// The unit: a stretch of a row, or several rows where it is longer than one.
fn unit_region(layout: &Layout) -> Region {
    let rows = layout.unit_positions.div_ceil(layout.racks_per_row.max(1)).max(1);
    let one = layout.rack_width * (layout.unit_positions as f64);
    Region {
        x: one.min(layout.row_length),
        y: if rows == 1 { Meters(0.0) } else { layout.row_pitch * (rows as f64) },
        climb: Meters(0.0),
    }
}

fn hall_region(layout: &Layout) -> Region {
    Region { x: layout.hall_x, y: layout.hall_y, climb: Meters(0.0) }
}

/// The campus, or the only hall.
fn campus_region(layout: &Layout) -> Region {
    if layout.halls <= 1 {
        return hall_region(layout);
    }
    let (x, y) = layout.campus();
    Region { x, y, climb: STOREY_HEIGHT * (layout.storeys.saturating_sub(1) as f64) }
}

/// Lays cables on a floor plan, from the shortest medium to the longest of each kind.
///
/// `media` is in order of preference; what none reaches takes the last. Counts add up to those given.
#[must_use]
pub fn cable_runs(layout: &Layout, counts: CableCounts, rate: ByteRate, media: &[Reach]) -> Vec<CableRun> {
    let spine = if counts.spine_core > 0 { hall_region(layout) } else { campus_region(layout) };
    [
        (CableKind::HostLeaf, counts.host_leaf, unit_region(layout)),
        (CableKind::LeafSpine, counts.leaf_spine, spine),
        (CableKind::SpineCore, counts.spine_core, campus_region(layout)),
    ]
    .into_iter()
    .flat_map(|(kind, count, region)| runs_in(region, kind, count, rate, media))
    .collect()
}

fn runs_in(region: Region, kind: CableKind, count: u64, rate: ByteRate, media: &[Reach]) -> Vec<CableRun> {
    let mut runs: Vec<CableRun> = Vec::new();
    let points = u64::from(GRID * GRID);
    // Cables of the grid points before this one, so that the parts add up to the count.
    let before = |point: u64| (u128::from(count) * u128::from(point) / u128::from(points)) as u64;
    for point in 0..points {
        let cables = before(point + 1) - before(point);
        if cables == 0 {
            continue;
        }
        let (u, v) = (offset(point / u64::from(GRID)), offset(point % u64::from(GRID)));
        let horizontal = region.x * u + region.y * v;
        let length = stocked_length(horizontal, region.climb * v);
        let medium = medium_for(length, media);
        let at = runs.iter().position(|run| run.medium == medium).unwrap_or_else(|| {
            let (length_total, length_max) = (Meters(0.0), Meters(0.0));
            runs.push(CableRun { kind, medium, rate, count: 0, length_total, length_max });
            runs.len() - 1
        });
        let run = &mut runs[at];
        run.count += cables;
        run.length_total += length * (cables as f64);
        run.length_max = run.length_max.max(length);
    }
    runs.sort_by_key(|run| run.medium);
    runs
}

/// Distance from the centre of a side of length one, at the centre of a cell of the grid.
fn offset(cell: u64) -> f64 {
    ((cell as f64 + 0.5) / f64::from(GRID) - 0.5).abs()
}

/// The first medium that reaches, or the last; single mode where none is given.
fn medium_for(length: Meters, media: &[Reach]) -> CableMedium {
    media
        .iter()
        .find(|reach| length <= reach.length)
        .or(media.last())
        .map_or(CableMedium::SingleMode, |reach| reach.medium)
}

/// The longest of some runs.
#[must_use]
pub fn longest(runs: &[CableRun]) -> Meters {
    runs.iter().map(|run| run.length_max).fold(Meters(0.0), Meters::max)
}

/// The length of all runs.
#[must_use]
pub fn total_length(runs: &[CableRun]) -> Meters {
    runs.iter().map(|run| run.length_total).sum()
}

#[cfg(test)]
mod tests {
    use super::super::{LayoutDemand, layout, tests::gb300};
    use super::*;
    use crate::units::Watts;
    use proptest::prelude::*;

    const RATE: ByteRate = ByteRate(100e9);

    fn laid(demand: &LayoutDemand, counts: CableCounts) -> Vec<CableRun> {
        cable_runs(&layout(demand), counts, RATE, &reaches(RATE))
    }

    // (2 + 2·1.9) · 1.1 + 2 = 8.38 m, so 10 m; (90 + 3.8) · 1.1 + 2 = 105.2 m, so two of 100 m.
    #[test]
    fn a_length_is_route_drops_slack_and_ends_as_stocked() {
        assert!((stocked_length(Meters(2.0), Meters(0.0)).value() - 10.0).abs() < 1e-9);
        assert!((stocked_length(Meters(90.0), Meters(0.0)).value() - 200.0).abs() < 1e-9);
    }

    // A unit of 13 positions is 7.8 m: at most (3.9 + 3.8) · 1.1 + 2 = 10.5 m, so hosts take 7, 10 and 15 m.
    #[test]
    fn hosts_reach_their_leaf_over_copper_or_multimode() {
        let counts = CableCounts { host_leaf: 403_200, ..CableCounts::default() };
        let runs = laid(&gb300(), counts);
        assert!(runs.iter().all(|run| run.medium <= CableMedium::Multimode));
        assert!(longest(&runs) <= Meters(15.0));
    }

    // Eight buildings of 300 × 150 m: the core is reached over several hundred metres of single-mode fibre.
    #[test]
    fn the_core_of_a_campus_is_reached_over_single_mode() {
        let counts = CableCounts { host_leaf: 403_200, leaf_spine: 403_200, spine_core: 403_200 };
        let runs = laid(&gb300(), counts);
        let core: Vec<_> = runs.iter().copied().filter(|run| run.kind == CableKind::SpineCore).collect();
        let single: u64 =
            core.iter().filter(|run| run.medium >= CableMedium::SingleMode).map(|run| run.count).sum();
        assert!(single * 10 > 403_200 * 9);
        assert!((Meters(300.0)..Meters(1_500.0)).contains(&longest(&core)));
    }

    #[test]
    fn spines_without_a_core_stand_at_the_centre_of_the_campus() {
        let two = CableCounts { leaf_spine: 1_000, ..CableCounts::default() };
        let three = CableCounts { spine_core: 1_000, ..two };
        let near = |counts| {
            let runs = laid(&gb300(), counts);
            longest(&runs.into_iter().filter(|run| run.kind == CableKind::LeafSpine).collect::<Vec<_>>())
        };
        assert!(near(two) > near(three));
    }

    proptest! {
        #[test]
        fn every_cable_is_laid_once_and_none_is_longer_than_its_medium(
            racks in 1_u64..10_000, hosts in 0_u64..1_000_000, spines in 0_u64..1_000, cores in 0_u64..1_000,
        ) {
            let counts = CableCounts { host_leaf: hosts, leaf_spine: spines, spine_core: cores };
            let it = Watts(15e4 * racks as f64);
            let runs = laid(&LayoutDemand { compute_racks: racks, it, ..gb300() }, counts);
            let sum = |kind| runs.iter().filter(|run| run.kind == kind).map(|run| run.count).sum::<u64>();
            prop_assert_eq!(sum(CableKind::HostLeaf), hosts);
            prop_assert_eq!(sum(CableKind::LeafSpine), spines);
            prop_assert_eq!(sum(CableKind::SpineCore), cores);
            for run in &runs {
                let reach = reaches(RATE).into_iter().find(|reach| reach.medium == run.medium);
                prop_assert!(reach.is_some_and(|reach| run.length_max <= reach.length));
                prop_assert!(run.length_total.value() <= run.length_max.value() * run.count as f64 * (1.0 + 1e-9));
            }
        }
    }
}
