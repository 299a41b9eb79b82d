//! The cable schedule: every link on its route, and so its length and medium.
//!
//! ~~~text
//! length = 1.1·( run + 2·(tray height − port height) ) + 2·1 m, rounded up to a stocked length
//! ~~~
//!
//! Links are laid rack pair by rack pair: a unit's racks to the leaf racks that hold its leaves, the leaves of a
//! spine group to its spines, the spines of an island to its cores, the spines of a dragonfly+ group to those of each
//! other. They are dealt evenly: no rack has a whole cable more or less than its share. The medium is the first of a list
//! that reaches; what none reaches is counted apart. Network racks stand where the whole schedule is shortest
//! ([`place`]); the networks beside the scale-out follow them ([`beside`]). Left out: single obstacles, diverse
//! routing, patch panels, service loops. What leaves its row runs as a trunk from a panel at its rack.

mod beside;
mod deal;
mod media;
mod optical;
mod placements;
mod trays;
mod tree;

pub use beside::{OutOfBandCabling, SupportPorts, TreeCabling, WatchedRacks, length_in_rack, support_home};
pub use media::{Reach, farthest, reaches, section};
pub use optical::OpticalCabling;
pub use placements::{Tried, place, placements};
pub use trays::{MOST_FILL, SECTIONS, TraySort, TrayUse};

use super::routes::{Outlet, Route};
use super::{Layout, RackKind};
use crate::media::Medium;
use crate::units::{ByteRate, Meters};
use media::{Chosen, chosen};
use trays::Loads;
use tree::{Outlets, Tier, Tree, lay};

/// Height of the cable trays above the floor: assumption, under a clear height of 4.5 m.
pub const TRAY_HEIGHT: Meters = Meters(3.0);
/// Mean height of a port in a rack: assumption, half of a 48U rack.
pub const PORT_HEIGHT: Meters = Meters(1.1);
/// Length beyond the route, as a share of it: assumption.
pub const SLACK: f64 = 0.10;
/// Length at each end inside the rack: assumption.
pub const END_LENGTH: Meters = Meters(1.0);
/// Lengths on the shelf [m].
pub const STOCKED: [f64; 12] = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0];
/// Pairs of racks of one bundle above which some racks stand for their neighbours: never in a schedule, whose racks have
/// no more cables than ports; where placements are only compared, for their lengths.
const MOST_PAIRS: [u64; 2] = [u64::MAX, 5_000];

/// Which network a cable belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Net {
    /// Between accelerators.
    ScaleOut,
    /// To users and management.
    FrontEnd,
    /// To storage.
    Storage,
    /// Out-of-band management.
    OutOfBand,
    /// Between the cubes of a torus.
    ScaleUp,
    /// From fabric to fabric.
    Border,
}

impl Net {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ScaleOut => "scale-out",
            Self::FrontEnd => "front end",
            Self::Storage => "storage",
            Self::OutOfBand => "out of band",
            Self::ScaleUp => "scale-up",
            Self::Border => "between fabrics",
        }
    }

    /// The same where the spines of so many groups are joined directly.
    #[must_use]
    pub fn cables_between(self, kind: CableKind, groups: u64) -> String {
        match (self, kind) {
            (Self::ScaleOut, CableKind::SpineCore) if groups > 1 => "global".to_owned(),
            _ => self.cables(kind),
        }
    }

    /// The name of the cables of a tier in reports: those of the scale-out go without its name.
    #[must_use]
    pub fn cables(self, kind: CableKind) -> String {
        match (self, kind) {
            (Self::ScaleOut, kind) => kind.name().to_owned(),
            (Self::OutOfBand, CableKind::HostLeaf) => "out of band, ports".to_owned(),
            (Self::OutOfBand, _) => "out of band, uplinks".to_owned(),
            (Self::ScaleUp, _) => "cube to optical switch".to_owned(),
            (Self::Border, _) => "fabric to fabric".to_owned(),
            (net, kind) => format!("{}, {}", net.name(), kind.name()),
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
    /// Network that they belong to.
    pub net: Net,
    /// Tiers joined.
    pub kind: CableKind,
    /// Which of the media offered for the kind; none reaches where it is missing.
    pub choice: Option<usize>,
    /// What they are made of.
    pub medium: Medium,
    /// Rate of each, per direction.
    pub rate: ByteRate,
    /// Cables.
    pub count: u64,
    /// Length of all, as stocked.
    pub length_total: Meters,
    /// Longest of them, as stocked.
    pub length_max: Meters,
}

/// What the links join.
#[derive(Clone, Debug, PartialEq)]
pub struct Cabling {
    /// Cables of each tier.
    pub counts: CableCounts,
    /// Units that share a set of leaves.
    pub leaf_units: u64,
    /// Units of a spine group: the leaves of a group share its spines.
    pub group_units: u64,
    /// Units of an island: its spines share its cores.
    pub island_units: u64,
    /// Islands, and the groups of each whose spines are joined directly: at most one where there are cores instead.
    pub groups: [u64; 2],
    /// Rate of each cable, per direction.
    pub rate: ByteRate,
    /// Media for cables to hosts, the preferred first.
    pub host_media: Vec<Reach>,
    /// Media for cables between switches, the preferred first.
    pub switch_media: Vec<Reach>,
    /// Networks of trays beside the scale-out: front end first.
    pub beside: Vec<TreeCabling>,
    /// The out-of-band network.
    pub out_of_band: Option<OutOfBandCabling>,
    /// The optical side of a torus.
    pub optical: Option<OpticalCabling>,
}

/// Cables between two racks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CablePair {
    /// Network that they belong to.
    pub net: Net,
    /// Tiers joined.
    pub kind: CableKind,
    /// The rack nearer to the accelerators: its sort, and its number counted over the site.
    pub from: (RackKind, u64),
    /// The other rack.
    pub to: (RackKind, u64),
    /// Rate of each, per direction.
    pub rate: ByteRate,
    /// Where the cables begin.
    pub start: Outlet,
    /// Where they end.
    pub stop: Outlet,
    /// Their route.
    pub route: Route,
    /// Cables.
    pub count: u64,
    /// Length of each, as stocked.
    pub length: Meters,
    /// Which of the media offered for the kind; none reaches where it is missing.
    pub choice: Option<usize>,
    /// What they are made of.
    pub medium: Medium,
    /// Fibres of each.
    pub fibres: u64,
}

/// A rack by its sort and number, and where it stands.
type Numbered<'a> = ((RackKind, u64), &'a Outlet);

impl CablePair {
    /// So many cables of a network and tier along a route, of the first of the media that reaches.
    fn of(
        (net, kind): (Net, CableKind),
        (rate, media): (ByteRate, &[Reach]),
        [(from, start), (to, stop)]: [Numbered<'_>; 2],
        (route, length): (Route, Meters),
        count: u64,
    ) -> Self {
        let Chosen { choice, medium, fibres } = chosen(length, rate, media);
        Self {
            net,
            kind,
            from,
            to,
            rate,
            start: *start,
            stop: *stop,
            route,
            count,
            length,
            choice,
            medium,
            fibres,
        }
    }
}

/// The schedule of a site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CableSchedule {
    /// Cables by kind and medium, the shortest medium first.
    pub runs: Vec<CableRun>,
    /// Trays of rows, rooms, corridors, and ducts between buildings.
    pub trays: Vec<TrayUse>,
    /// Straight distance of all cables, as a lower bound of their length.
    pub straight_total: Meters,
}

/// Beyond the stocked lengths fibre is cut to whole steps of this [m]. An assumption.
const CUT: f64 = 10.0;

/// A stocked length for a run along trays, or one that is cut for it.
#[must_use]
pub fn stocked_length(run: Meters) -> Meters {
    let drops = (TRAY_HEIGHT - PORT_HEIGHT) * 2.0;
    let length = (run + drops) * (1.0 + SLACK) + END_LENGTH * 2.0;
    let needed = length.value() - 1e-9;
    let stocked = STOCKED.iter().copied().find(|stocked| *stocked >= needed);
    Meters(stocked.unwrap_or_else(|| (needed / CUT).ceil() * CUT))
}

/// Sorts of racks.
const SORTS: usize = RackKind::ALL.len();

/// Lays every link and shows each pair of racks with its cables.
pub fn each_pair(layout: &Layout, cabling: &Cabling, mut show: impl FnMut(&CablePair)) {
    let outlets = Outlets::of(layout, &RackKind::ALL);
    each_pair_between_accelerators(layout, cabling, &outlets, &mut show);
    beside::each_pair(layout, cabling, &outlets, &mut show);
}

/// The same of the scale-out and of a torus between its cubes.
fn each_pair_between_accelerators(
    layout: &Layout,
    cabling: &Cabling,
    outlets: &Outlets,
    show: &mut impl FnMut(&CablePair),
) {
    lay(layout, outlets, &Tree::scale_out(layout, cabling, outlets), MOST_PAIRS[0], show);
    if let Some(own) = &cabling.optical {
        optical::each_pair(layout, own, outlets, show);
    }
}

/// Cables by kind and medium, and their straight distance.
#[derive(Debug, Default)]
struct Runs {
    all: Vec<CableRun>,
    straight: Meters,
}

impl Runs {
    fn add(&mut self, pair: &CablePair) {
        let same = |run: &CableRun| {
            (run.net, run.kind, run.choice, run.medium) == (pair.net, pair.kind, pair.choice, pair.medium)
        };
        let at = self.all.iter().position(same).unwrap_or_else(|| {
            self.all.push(CableRun {
                net: pair.net,
                kind: pair.kind,
                choice: pair.choice,
                medium: pair.medium,
                rate: pair.rate,
                count: 0,
                length_total: Meters(0.0),
                length_max: Meters(0.0),
            });
            self.all.len() - 1
        });
        let run = &mut self.all[at];
        run.count += pair.count;
        run.length_total += pair.length * pair.count as f64;
        run.length_max = run.length_max.max(pair.length);
        self.straight += Meters(pair.start.straight(&pair.stop)) * pair.count as f64;
    }

    /// The preferred medium first.
    fn sorted(mut self) -> Self {
        self.all.sort_by_key(|run| (run.net, run.kind, run.choice.unwrap_or(usize::MAX), run.medium));
        self
    }

    /// Of the scale-out of a layout, with at most so many pairs in a bundle.
    fn of_scale_out(layout: &Layout, cabling: &Cabling, most_pairs: u64) -> Self {
        let mut runs = Self::default();
        let outlets = Outlets::of(layout, &Tree::SCALE_OUT);
        let tree = Tree::scale_out(layout, cabling, &outlets);
        lay(layout, &outlets, &tree, most_pairs, &mut |pair: &CablePair| runs.add(pair));
        runs.sorted()
    }
}

/// Pairs on the way through them: runs by medium, and what lies in trays.
#[derive(Debug, Default)]
struct Passed {
    runs: Runs,
    loads: Loads,
}

impl Passed {
    fn add(&mut self, pair: &CablePair) {
        self.runs.add(pair);
        self.loads.add(pair);
    }
}

/// The schedule of a layout.
#[must_use]
pub fn schedule(layout: &Layout, cabling: &Cabling) -> CableSchedule {
    let outlets = Outlets::of(layout, &RackKind::ALL);
    // Accelerators' networks and those beside them are laid side by side.
    let (mut all, others) = rayon::join(
        || {
            let mut passed = Passed::default();
            each_pair_between_accelerators(layout, cabling, &outlets, &mut |pair| passed.add(pair));
            passed
        },
        || {
            let mut passed = Passed::default();
            beside::each_pair(layout, cabling, &outlets, &mut |pair| passed.add(pair));
            passed
        },
    );
    all.loads.join(others.loads);
    all.runs.all.extend(others.runs.all);
    let runs = all.runs.sorted();
    CableSchedule {
        straight_total: runs.straight + others.runs.straight,
        runs: runs.all,
        trays: all.loads.fullest(layout),
    }
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
mod tests;
