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
mod optical;

pub use beside::{OutOfBandCabling, SupportPorts, TreeCabling, WatchedRacks, length_in_rack, support_home};
pub use optical::OpticalCabling;

use super::routes::{Outlet, Route, Through, Ways};
use super::{CORRIDOR, CorePlace, Layout, LayoutDemand, Placement, RackKind, layout};
use crate::units::{ByteRate, Meters};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::{BTreeMap, HashMap};

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
/// Cross-section of a tray, 600 × 100 mm, and of a duct of 100 mm across [mm²]: assumptions, common sizes.
pub const SECTIONS: [f64; 2] = [60_000.0, 7_854.0];
/// Part of a section that may be filled: assumption, as conduit codes allow for many cables.
pub const MOST_FILL: f64 = 0.4;
/// Width of that tray [m].
const TRAY_WIDTH: f64 = 0.6;
/// Trays above each other: under a clear height of 4.5 m five from [`TRAY_HEIGHT`] up, 0.3 m apart; in rooms the upper
/// two make way for busways and pipes. Assumption.
const TIERS_IN_CORRIDORS: u64 = 5;
/// The same in rooms.
const TIERS_IN_ROOMS: u64 = 3;
/// Ways for trays along a building: its corridor, and one behind the rooms on either side where that is not enough.
/// Routes are those of the corridor; the others are as long but for the way across. Assumption.
pub const WAYS: u64 = 3;
/// Distance from duct to duct [m], and banks of ducts above each other at each end of a way: assumptions.
const DUCT_PITCH: f64 = 0.15;
/// The same upwards.
const DUCT_LAYERS: u64 = 8;
/// Pairs of racks of one bundle above which some racks stand for their neighbours: never in a schedule, whose racks have
/// no more cables than ports; where placements are only compared, for their lengths.
const MOST_PAIRS: [u64; 2] = [u64::MAX, 5_000];

/// What a cable is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CableMedium {
    /// Twisted pairs.
    TwistedPair,
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
            Self::TwistedPair => "twisted-pair",
            Self::PassiveCopper => "passive-copper",
            Self::LinearActiveCopper => "linear-active-copper",
            Self::RetimedActiveCopper => "retimed-active-copper",
            Self::Multimode => "multimode",
            Self::SingleMode => "single-mode",
            Self::LongSingleMode => "long-single-mode",
        }
    }
}

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
    /// Network that they belong to.
    pub net: Net,
    /// Tiers joined.
    pub kind: CableKind,
    /// Which of the media offered for the kind; none reaches where it is missing.
    pub choice: Option<usize>,
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

impl CableMedium {
    /// Cross-section of one cable of an 800G class in a room, and in a trunk between rows and rooms [mm²]: assumptions.
    ///
    /// Twisted pairs of 6 mm across; copper of 9, 7 and 6 mm; a jumper of eight fibres of 3 mm. A trunk of 1,728 fibres of
    /// 25 mm across has 2.3 mm² for eight.
    #[must_use]
    pub fn section(self, in_trunk: bool) -> f64 {
        match self {
            Self::PassiveCopper => 63.6,
            Self::LinearActiveCopper => 38.5,
            Self::RetimedActiveCopper | Self::TwistedPair => 28.3,
            Self::Multimode | Self::SingleMode | Self::LongSingleMode => {
                if in_trunk {
                    2.3
                } else {
                    7.1
                }
            }
        }
    }

    /// Whether light runs in it.
    #[must_use]
    pub fn is_fiber(self) -> bool {
        matches!(self, Self::Multimode | Self::SingleMode | Self::LongSingleMode)
    }
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
    pub medium: CableMedium,
}

/// Trays of one sort where they are fullest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrayUse {
    /// Which trays.
    pub name: &'static str,
    /// Cables through the fullest section.
    pub cables: u64,
    /// Trays, or ducts, that this section needs.
    pub parallel: u64,
    /// Trays, or ducts, that there is room for.
    pub room: u64,
    /// Part of their section that is filled.
    pub fill: f64,
    /// Trays of this sort, as many side by side as each place needs; of ducts nothing is known.
    pub length: Meters,
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

/// A stocked length for a run along trays.
#[must_use]
pub fn stocked_length(run: Meters) -> Meters {
    let drops = (TRAY_HEIGHT - PORT_HEIGHT) * 2.0;
    let length = (run + drops) * (1.0 + SLACK) + END_LENGTH * 2.0;
    let needed = length.value() - 1e-9;
    let longest = STOCKED[STOCKED.len() - 1];
    let stocked = STOCKED.iter().copied().find(|stocked| *stocked >= needed);
    Meters(stocked.unwrap_or_else(|| (needed / longest).ceil() * longest))
}

/// The first medium that reaches: which, and what it is. Where none does, single mode stands in.
fn medium_for(length: Meters, media: &[Reach]) -> (Option<usize>, CableMedium) {
    let found = media.iter().position(|reach| length <= reach.length);
    (found, found.map_or(CableMedium::LongSingleMode, |at| media[at].medium))
}

/// Sorts of racks.
const SORTS: usize = RackKind::ALL.len();

/// Where racks stand, by sort and number.
#[derive(Debug, Default)]
struct Outlets {
    racks: [Vec<Outlet>; SORTS],
    ways: Vec<Ways>,
}

impl Outlets {
    fn of(layout: &Layout) -> Self {
        let mut ways_of_all = Vec::new();
        let mut found: [Vec<(u64, Outlet)>; SORTS] = Default::default();
        let mut take = |racks: &[super::PlacedRack], rows: usize, ways: Ways| {
            // CDUs stand in galleries, which count as a row behind the last.
            let mut gallery = (0..).map(|along| (rows, along));
            for rack in racks {
                let own = || gallery.next().filter(|_| rack.kind == RackKind::Cdu);
                let Some(place) = rack.place().or_else(own) else { continue };
                found[rack.kind as usize].push((rack.number, ways.outlet(place, &rack.at)));
            }
            ways_of_all.push(ways);
        };
        for index in 0..layout.halls {
            let hall = layout.hall(index);
            take(&hall.racks, hall.rows.len(), Ways::of_hall(layout, index, &hall));
        }
        for index in 0..layout.network_rooms() {
            let Some(room) = layout.room(index) else { continue };
            take(&room.racks, room.rows.len(), Ways::of_room(layout, index, &room));
        }
        let racks = found.map(|mut racks| {
            racks.sort_by_key(|(number, _)| *number);
            racks.into_iter().map(|(_, outlet)| outlet).collect()
        });
        Self { racks, ways: ways_of_all }
    }

    fn of_kind(&self, kind: RackKind) -> &[Outlet] {
        &self.racks[kind as usize]
    }
}

/// Racks that hold the accelerators or the switches of one tier of a network.
struct Tier<'a> {
    kind: RackKind,
    /// What is spread over them: racks or switches.
    count: u64,
    /// The numbers of the racks, where they are not all of their sort.
    numbers: Option<Vec<u64>>,
    outlets: &'a [Outlet],
}

impl<'a> Tier<'a> {
    fn racks(&self) -> u64 {
        self.numbers.as_ref().map_or(self.outlets.len(), Vec::len) as u64
    }

    fn get(&self, at: usize) -> Option<(u64, &'a Outlet)> {
        let number = self.numbers.as_ref().map_or(Some(at as u64), |numbers| numbers.get(at).copied())?;
        Some((number, self.outlets.get(number as usize)?))
    }
}

/// A network as a tree of racks: accelerators, leaves, spines, cores.
struct Tree<'a> {
    net: Net,
    tiers: [Tier<'a>; 4],
    counts: CableCounts,
    leaf_units: u64,
    group_units: u64,
    island_units: u64,
    groups: [u64; 2],
    rate: ByteRate,
    host_media: &'a [Reach],
    switch_media: &'a [Reach],
}

impl<'a> Tree<'a> {
    /// The scale-out network.
    fn scale_out(layout: &Layout, cabling: &'a Cabling, outlets: &'a Outlets) -> Self {
        let network = &layout.demand.switches;
        let tier = |kind, count| Tier { kind, count, numbers: None, outlets: outlets.of_kind(kind) };
        Self {
            net: Net::ScaleOut,
            tiers: [
                tier(RackKind::Compute, layout.demand.compute_racks),
                tier(RackKind::Leaf, network.leaf),
                tier(RackKind::Spine, network.spine),
                tier(RackKind::Core, network.core),
            ],
            counts: cabling.counts,
            leaf_units: cabling.leaf_units,
            group_units: cabling.group_units,
            island_units: cabling.island_units,
            groups: cabling.groups,
            rate: cabling.rate,
            host_media: &cabling.host_media,
            switch_media: &cabling.switch_media,
        }
    }
}

/// Racks that hold some of a range of switches, and how many each holds: fractions where a range cuts a rack.
fn holders(from: f64, to: f64, switches: u64, racks: u64) -> Vec<(usize, f64)> {
    let to = to.min(switches as f64);
    let per_rack = switches as f64 / racks.max(1) as f64;
    if to <= from {
        return Vec::new();
    }
    ((from / per_rack).floor() as usize..=((to / per_rack).ceil() as usize).saturating_sub(1))
        .map(|rack| {
            let (low, high) = (rack as f64 * per_rack, (rack as f64 + 1.0) * per_rack);
            (rack, high.min(to) - low.max(from))
        })
        .filter(|(_, held)| *held > 1e-9)
        .collect()
}

/// Tolerance of sums of shares of cables.
const ROUNDING: f64 = 1e-6;

/// Cables of the racks of one tier: what is due to each so far, and what was dealt to it.
#[derive(Default)]
struct Account {
    due: Vec<f64>,
    dealt: Vec<u64>,
}

impl Account {
    /// Deals whole cables to racks to which a share of them is due.
    ///
    /// ~~~text
    /// ⌊due⌋ ≤ dealt ≤ ⌈due⌉ after every bundle, for each rack
    /// ~~~
    ///
    /// Beyond the whole cables that are due, those go first whose next one is due soonest: the earliest deadline first,
    /// which finds such a deal where there is one: the chairman assignment problem.
    fn deal(&mut self, racks: &[(usize, f64)], share: f64, cables: u64) -> Vec<u64> {
        let most = racks.iter().map(|(rack, _)| rack + 1).max().unwrap_or(0).max(self.due.len());
        self.due.resize(most, 0.0);
        self.dealt.resize(most, 0);
        let whole: f64 = racks.iter().map(|(_, weight)| weight).sum();
        let mut given = Vec::with_capacity(racks.len());
        for (rack, weight) in racks {
            self.due[*rack] += share * weight / whole;
            given.push(((self.due[*rack] + ROUNDING).floor() as u64).saturating_sub(self.dealt[*rack]));
        }
        let sum: u64 = given.iter().sum();
        if sum != cables {
            let waits = |at: usize| {
                let (rack, weight) = racks[at];
                let waits = (self.dealt[rack] + given[at] + 1) as f64 - self.due[rack];
                (waits >= 1.0 - ROUNDING, waits / weight, at)
            };
            let mut next: Vec<(bool, f64, usize)> = (0..racks.len()).map(waits).collect();
            let sooner = |a: &(bool, f64, usize), b: &(bool, f64, usize)| {
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
            };
            match usize::try_from(cables.saturating_sub(sum)) {
                // One more for the first so many, in whatever order.
                Ok(more) if more > 0 && more <= next.len() => {
                    next.select_nth_unstable_by(more - 1, sooner);
                    next[..more].iter().for_each(|(.., at)| given[*at] += 1);
                }
                _ => {
                    next.sort_by(sooner);
                    top_up(&mut given, cables, next.iter().map(|(.., at)| *at));
                }
            }
        }
        for ((rack, _), given) in racks.iter().zip(&given) {
            self.dealt[*rack] += given;
        }
        given
    }
}

/// Deals the cables of a bundle from one number to another to racks in their order.
///
/// The running sum is cut to whole cables at every rack. A rack that two bundles share is the last of one and the first
/// of the next, so that it has its share of both together.
fn in_order(racks: &[(usize, f64)], start: f64, share: f64, [from, to]: [u64; 2]) -> Vec<u64> {
    let whole: f64 = racks.iter().map(|(_, weight)| weight).sum();
    let (mut seen, mut dealt) = (start, from);
    let deal = |(at, (_, weight)): (usize, &(usize, f64))| {
        seen += share * weight / whole;
        let upto = if at + 1 == racks.len() { to } else { ((seen + ROUNDING) as u64).clamp(dealt, to) };
        let own = upto - dealt;
        dealt = upto;
        own
    };
    racks.iter().enumerate().map(deal).collect()
}

/// Adds one each in this order, or takes one each away in the other, until they add up to `cables`.
fn top_up(given: &mut [u64], cables: u64, order: impl DoubleEndedIterator<Item = usize> + Clone) {
    let mut sum: u64 = given.iter().sum();
    for at in order.clone().cycle() {
        if sum >= cables {
            break;
        }
        given[at] += 1;
        sum += 1;
    }
    for at in order.rev().cycle() {
        if sum <= cables {
            break;
        }
        let one = given[at].min(1);
        given[at] -= one;
        sum -= one;
    }
}

/// Shows how many cables each rack of one side has to each of the other, so that both have what was dealt to them.
fn spread(from: &[u64], to: &[u64], mut show: impl FnMut(usize, usize, u64)) {
    let cables: u64 = from.iter().sum();
    let racks = to.iter().map(|cables| *cables as f64).enumerate().filter(|(_, cables)| *cables > 0.0);
    let racks: Vec<(usize, f64)> = racks.collect();
    if cables == 0 || racks.is_empty() {
        return;
    }
    let mut sides = Account::default();
    for (a, own) in from.iter().enumerate().filter(|(_, own)| **own > 0) {
        let given = sides.deal(&racks, *own as f64, *own);
        for ((b, _), count) in racks.iter().zip(given) {
            show(a, *b, count);
        }
    }
}

/// Racks of two sorts that are joined, each with its weight.
struct Bundle {
    from: Vec<(usize, f64)>,
    to: Vec<(usize, f64)>,
    /// Its part of the cables, in proportion.
    weight: f64,
    /// The groups that it joins, where it joins two.
    groups: [usize; 2],
}

impl Bundle {
    /// With cables in proportion to what it holds of the first side; none where a side is empty.
    fn of(from: Vec<(usize, f64)>, to: Vec<(usize, f64)>) -> Self {
        let sum = |side: &[(usize, f64)]| side.iter().map(|(_, weight)| weight).sum::<f64>();
        let weight = if sum(&to) > 0.0 { sum(&from) } else { 0.0 };
        Self { from, to, weight, groups: [0; 2] }
    }
}

/// Every n-th of some racks, each standing for those up to the next.
fn thinned(racks: Vec<(usize, f64)>, most: usize) -> Vec<(usize, f64)> {
    let step = racks.len().div_ceil(most.max(1)).max(1);
    if step == 1 {
        return racks;
    }
    racks.chunks(step).map(|chunk| (chunk[chunk.len() / 2].0, chunk.iter().map(|(_, w)| w).sum())).collect()
}

/// The bundles of a tier: hosts of a unit to its leaves, leaves of a group to its spines, spines of an island to
/// its cores.
fn bundles(layout: &Layout, tree: &Tree<'_>, kind: CableKind, most_pairs: u64) -> Vec<Bundle> {
    let [_, leaf, spine, core] = &tree.tiers;
    let units = layout.units as f64;
    let held = |tier: &Tier<'_>, from: u64, to: u64| {
        let per_unit = tier.count as f64 / units;
        holders(from as f64 * per_unit, to as f64 * per_unit, tier.count, tier.racks())
    };
    let step = match kind {
        CableKind::HostLeaf => tree.leaf_units,
        CableKind::LeafSpine => tree.group_units,
        CableKind::SpineCore => tree.island_units,
    }
    .clamp(1, layout.units);
    (0..layout.units.div_ceil(step))
        .map(|part| (part * step, ((part + 1) * step).min(layout.units)))
        .map(|(from, to)| match kind {
            CableKind::HostLeaf if tree.tiers[0].kind != RackKind::Compute => {
                Bundle::of(held(&tree.tiers[0], from, to), held(leaf, from, to))
            }
            CableKind::HostLeaf => {
                let racks = layout.demand.unit_compute_racks;
                let end = (to * racks).min(layout.demand.compute_racks);
                let hosts = (from * racks..end).map(|rack| (rack as usize, 1.0)).collect();
                Bundle::of(hosts, held(leaf, from, to))
            }
            CableKind::LeafSpine => Bundle::of(held(leaf, from, to), held(spine, from, to)),
            CableKind::SpineCore => {
                let spines = held(spine, from, to);
                let cores = held(core, from, to);
                if spines.len() as u64 * cores.len() as u64 <= most_pairs {
                    return Bundle::of(spines, cores);
                }
                let most = most_pairs.isqrt() as usize;
                Bundle::of(thinned(spines, most), thinned(cores, most))
            }
        })
        .collect()
}

/// The bundles between dragonfly+ groups: of each island, every two groups, all with as many cables.
///
/// Planes lie upon each other: a group here is that of all of them.
fn between_groups(spine: &Tier<'_>, [islands, groups]: [u64; 2], count: u64, most_pairs: u64) -> Vec<Bundle> {
    let per_group = spine.count as f64 / (islands * groups) as f64;
    let most = (most_pairs / (islands * groups * groups).max(1)).isqrt() as usize;
    let pairs_of_all = (spine.racks() * spine.racks()) / islands;
    // The ends of all groups in order give each rack a whole number of them, also where two groups share one.
    let ends = 2.0 * count as f64 / (islands * groups) as f64;
    let upto = |group: u64| (group as f64 * ends + ROUNDING) as u64;
    let held = |group: u64| {
        let racks =
            holders(group as f64 * per_group, (group + 1) as f64 * per_group, spine.count, spine.racks());
        let racks = if pairs_of_all > most_pairs { thinned(racks, most) } else { racks };
        let dealt = in_order(&racks, group as f64 * ends, ends, [upto(group), upto(group + 1)]);
        let racks = racks.into_iter().zip(dealt).map(|((rack, _), ends)| (rack, ends as f64));
        racks.filter(|(_, ends)| *ends > 0.0).collect::<Vec<_>>()
    };
    let mut bundles = Vec::new();
    for island in 0..islands {
        let own: Vec<_> = (island * groups..(island + 1) * groups).map(held).collect();
        let first = (island * groups) as usize;
        for (at, from) in own.iter().enumerate() {
            for (other, to) in own.iter().enumerate().skip(at + 1) {
                let weight = if from.is_empty() || to.is_empty() { 0.0 } else { 1.0 };
                let groups = [first + at, first + other];
                bundles.push(Bundle { from: from.clone(), to: to.clone(), weight, groups });
            }
        }
    }
    bundles
}

/// Lays every link and shows each pair of racks with its cables.
pub fn each_pair(layout: &Layout, cabling: &Cabling, mut show: impl FnMut(&CablePair)) {
    let outlets = Outlets::of(layout);
    lay(layout, &outlets, &Tree::scale_out(layout, cabling, &outlets), MOST_PAIRS[0], &mut show);
    if let Some(own) = &cabling.optical {
        optical::each_pair(layout, own, &outlets, &mut show);
    }
    beside::each_pair(layout, cabling, &outlets, &mut show);
}

/// Lays a network and shows each pair of racks with its cables, at most so many pairs in a bundle.
fn lay(
    layout: &Layout,
    outlets: &Outlets,
    tree: &Tree<'_>,
    most_pairs: u64,
    show: &mut impl FnMut(&CablePair),
) {
    for (at, kind, count, media) in [
        (0, CableKind::HostLeaf, tree.counts.host_leaf, tree.host_media),
        (1, CableKind::LeafSpine, tree.counts.leaf_spine, tree.switch_media),
        (2, CableKind::SpineCore, tree.counts.spine_core, tree.switch_media),
    ] {
        if count == 0 {
            continue;
        }
        let direct = kind == CableKind::SpineCore && tree.groups[1] > 1;
        let (from, to) = (&tree.tiers[at], &tree.tiers[if direct { at } else { at + 1 }]);
        let bundles = if direct {
            between_groups(from, tree.groups, count, most_pairs)
        } else {
            bundles(layout, tree, kind, most_pairs)
        };
        let whole: f64 = bundles.iter().map(|bundle| bundle.weight).sum();
        // Racks of a group are dealt to again with each other group.
        let mut ends: HashMap<usize, Account> = HashMap::new();
        let (mut seen, mut laid) = (0.0, 0);
        for bundle in bundles.iter().filter(|bundle| bundle.weight > 0.0) {
            let start = count as f64 * (seen / whole);
            seen += bundle.weight;
            let share = count as f64 * (bundle.weight / whole);
            let upto = (((count as f64 * (seen / whole)) + ROUNDING) as u64).clamp(laid, count);
            let mut dealt = |racks: &[(usize, f64)], group: usize| {
                if direct {
                    ends.entry(group).or_default().deal(racks, share, upto - laid)
                } else {
                    in_order(racks, start, share, [laid, upto])
                }
            };
            let (at_from, at_to) =
                (dealt(&bundle.from, bundle.groups[0]), dealt(&bundle.to, bundle.groups[1]));
            laid = upto;
            spread(&at_from, &at_to, |a, b, count| {
                let (a, b) = (bundle.from[a].0, bundle.to[b].0);
                let (Some((a, start)), Some((b, stop))) = (from.get(a), to.get(b)) else { return };
                if count == 0 {
                    return;
                }
                let same = direct && a == b;
                let route = if same {
                    Route { run: 0.0, through: Through::Rack }
                } else {
                    layout.route(&outlets.ways[start.room as usize], start, stop)
                };
                let length = if same { length_in_rack() } else { stocked_length(Meters(route.run)) };
                let (choice, medium) = medium_for(length, media);
                show(&CablePair {
                    net: tree.net,
                    kind,
                    from: (from.kind, a),
                    to: (to.kind, b),
                    rate: tree.rate,
                    start: *start,
                    stop: *stop,
                    route,
                    count,
                    length,
                    choice,
                    medium,
                });
            });
        }
    }
}

/// Cables and their cross-section that begin, or end where negative, at a place along a tray.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    cables: i64,
    section: f64,
}

/// Places along a tray in a metre.
const PER_METER: f64 = 1e3;

/// What lies in the trays of one sort, by tray and place along it in millimetres.
#[derive(Debug, Default)]
struct Trays(HashMap<(u64, u64), BTreeMap<i64, Change>>);

impl Trays {
    fn lay(&mut self, tray: (u64, u64), (from, to): (f64, f64), cables: u64, section: f64) {
        self.begin(tray, from.min(to), cables.cast_signed(), section);
        self.begin(tray, from.max(to), -cables.cast_signed(), -section);
    }

    /// Cables that begin at a place, or end there where they are negative.
    fn begin(&mut self, tray: (u64, u64), at: f64, cables: i64, section: f64) {
        let change = self.0.entry(tray).or_default().entry((at * PER_METER).round() as i64).or_default();
        change.cables += cables;
        change.section += section;
    }

    /// The section of all trays that is fullest of the room for it, which is given by the first part of a tray's number.
    fn fullest(&self, name: &'static str, section: f64, room: impl Fn(u64) -> u64) -> TrayUse {
        let (mut most, mut room_of_most) = (Change::default(), room(0).max(1));
        let side_by_side = |filled: f64| (filled / (section * MOST_FILL) - 1e-9).ceil().max(0.0);
        let mut lengths: Vec<f64> = Vec::new();
        for ((at, _), places) in &self.0 {
            let room = room(*at).max(1);
            let mut sum = Change::default();
            let (mut before, mut length) = (0, 0.0);
            for (place, change) in places {
                length += (place - before) as f64 / PER_METER * side_by_side(sum.section);
                before = *place;
                sum = Change { cables: sum.cables + change.cables, section: sum.section + change.section };
                let (sum_of, most_of) = (sum.section * room_of_most as f64, most.section * room as f64);
                // Equally full ones are told apart by their cables, so that the order of the map does not matter.
                if sum_of > most_of || (sum_of >= most_of && sum.cables > most.cables) {
                    (most, room_of_most) = (sum, room);
                }
            }
            lengths.push(length);
        }
        // Summed in their own order, not that of the map.
        lengths.sort_by(f64::total_cmp);
        let length = Meters(lengths.iter().sum());
        let parallel = side_by_side(most.section) as u64;
        let fill = if parallel > 0 { most.section / (section * parallel as f64) } else { 0.0 };
        TrayUse { name, cables: most.cables.max(0) as u64, parallel, room: room_of_most, fill, length }
    }
}

/// Cables of a rack, as trunks, that one main tray of its room takes, to the corridor or to another row.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    cables: u64,
    section: f64,
    /// Of those to other rows: more that go to higher rows than to lower ones.
    upward: i64,
    upward_section: f64,
    /// Of those to the corridor.
    leaving: u64,
    leaving_section: f64,
}

/// What a rack lays: all of its cables by one main tray go the same way along its row, and are laid together.
#[derive(Clone, Debug, Default)]
struct Laid {
    outlet: Option<Outlet>,
    /// Main trays used, each with its number and place along the rows.
    mains: Vec<(usize, f64, Taken)>,
    /// Cables out of the low and of the high end of the building, and their sections in trunks.
    ducted: [u64; 2],
    trunks: [f64; 2],
}

impl Laid {
    fn by(&mut self, main: usize, at: f64) -> &mut Taken {
        let found = self.mains.iter().position(|(number, ..)| *number == main);
        let place = found.unwrap_or_else(|| {
            self.mains.push((main, at, Taken::default()));
            self.mains.len() - 1
        });
        &mut self.mains[place].2
    }
}

/// The trays of a site.
#[derive(Debug, Default)]
struct Loads {
    rows: Trays,
    mains: Trays,
    corridors: Trays,
    ducts: Trays,
    /// By sort and number of a rack.
    racks: [Vec<Laid>; SORTS],
}

impl Loads {
    fn add(&mut self, pair: &CablePair) {
        let (a, b, count) = (&pair.start, &pair.stop, pair.count);
        let section = pair.medium.section(false) * count as f64;
        let trunks = pair.medium.section(true) * count as f64;
        let through = pair.route.through;
        match through {
            Through::Rack => return,
            Through::Row => return self.rows.lay((a.room, a.row as u64), (a.x, b.x), count, section),
            Through::Corridor => {
                self.corridors.lay((a.building, a.storey), (a.main_x, b.main_x), count, trunks);
            }
            Through::Room { .. } | Through::Ducts { .. } => {}
        }
        for (side, ((outlet, other), (kind, number))) in
            [((a, b), pair.from), ((b, a), pair.to)].into_iter().enumerate()
        {
            let (racks, number) = (&mut self.racks[kind as usize], number as usize);
            if racks.len() <= number {
                racks.resize(number + 1, Laid::default());
            }
            let laid = &mut racks[number];
            laid.outlet = Some(*outlet);
            if let Through::Ducts { ends } = through {
                laid.ducted[ends[side]] += count;
                laid.trunks[ends[side]] += trunks;
            }
            if let Through::Room { main, at } = through {
                let taken = laid.by(main, at);
                taken.cables += count;
                taken.section += trunks;
                if outlet.y < other.y {
                    taken.upward += count.cast_signed();
                    taken.upward_section += trunks;
                } else if outlet.y > other.y {
                    taken.upward -= count.cast_signed();
                    taken.upward_section -= trunks;
                }
            } else {
                let taken = laid.by(outlet.main, outlet.main_x);
                taken.cables += count;
                taken.section += trunks;
                taken.leaving += count;
                taken.leaving_section += trunks;
            }
        }
    }

    /// Lays what the racks lay, and finds the fullest section of each sort of tray.
    fn fullest(mut self, layout: &Layout) -> Vec<TrayUse> {
        let middle = layout.corridor_y();
        for laid in self.racks.iter().flatten() {
            let Some(outlet) = &laid.outlet else { continue };
            for (main, at, taken) in &laid.mains {
                let tray = (outlet.room, *main as u64);
                self.rows.lay((outlet.room, outlet.row as u64), (outlet.x, *at), taken.cables, taken.section);
                self.mains.lay(tray, (outlet.y, middle), taken.leaving, taken.leaving_section);
                self.mains.begin(tray, outlet.y, taken.upward, taken.upward_section);
            }
            let [low, high] = outlet.gate.ends;
            for (end, at) in
                [0.0, high - low].into_iter().enumerate().filter(|(end, _)| laid.ducted[*end] > 0)
            {
                let (storey, along) = ((outlet.building, outlet.storey), (outlet.main_x, at));
                self.corridors.lay(storey, along, laid.ducted[end], laid.trunks[end]);
                let bank = (outlet.building, end as u64);
                self.ducts.lay(bank, (0.0, 1.0), laid.ducted[end], laid.trunks[end]);
            }
        }
        let [tray, duct] = SECTIONS;
        let abreast = |width: f64| ((width / TRAY_WIDTH + 1e-9) as u64).max(1);
        // Above the racks of a row and its half of the cold aisle; the hot one may have a roof.
        let row = layout.demand.rack.depth + layout.demand.aisles.cold / 2.0;
        let rows = |_| abreast(row.value()) * TIERS_IN_ROOMS;
        // Main trays cross the rows anywhere, each on its part of the room's width.
        let mains = |room: u64| {
            let own = if room < layout.halls { Some(&layout.hall) } else { layout.network_room.as_ref() };
            own.map_or(1, |room| abreast(room.width / (room.grid.banks + 1) as f64) * TIERS_IN_ROOMS)
        };
        let corridors = |_| WAYS * abreast(CORRIDOR.value()) * TIERS_IN_CORRIDORS;
        let across = (CORRIDOR.value() / DUCT_PITCH + 1e-9) as u64;
        let ducts = |_| WAYS * across * DUCT_LAYERS;
        vec![
            self.rows.fullest("row tray", tray, rows),
            self.mains.fullest("main tray", tray, mains),
            self.corridors.fullest("corridor tray", tray, corridors),
            self.ducts.fullest("ducts at an end of a building", duct, ducts),
        ]
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
        let outlets = Outlets::of(layout);
        let tree = Tree::scale_out(layout, cabling, &outlets);
        lay(layout, &outlets, &tree, most_pairs, &mut |pair: &CablePair| runs.add(pair));
        runs.sorted()
    }
}

/// The schedule of a layout.
#[must_use]
pub fn schedule(layout: &Layout, cabling: &Cabling) -> CableSchedule {
    // Going through the pairs twice, side by side, is sooner done than once with both.
    let (runs, loads) = rayon::join(
        || {
            let mut runs = Runs::default();
            each_pair(layout, cabling, |pair| runs.add(pair));
            runs.sorted()
        },
        || {
            let mut loads = Loads::default();
            each_pair(layout, cabling, |pair| loads.add(pair));
            loads
        },
    );
    CableSchedule { straight_total: runs.straight, runs: runs.all, trays: loads.fullest(layout) }
}

/// A placement that was tried, and the cables with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// Where network racks stand.
    pub placement: Placement,
    /// Cables of the scale-out that none of the media reaches.
    pub unreached: u64,
    /// Length of all of them.
    pub length: Meters,
}

impl Tried {
    fn of(placement: Placement, runs: &[CableRun]) -> Self {
        let runs: Vec<CableRun> = runs.iter().copied().filter(|run| run.net == Net::ScaleOut).collect();
        let unreached = runs.iter().filter(|run| run.choice.is_none()).map(|run| run.count).sum();
        Self { placement, unreached, length: total_length(&runs) }
    }

    /// Fewer cables out of reach, then less length.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.unreached.cmp(&other.unreached).then(self.length.0.total_cmp(&other.length.0))
    }
}

/// Lays a fleet out with every placement of its network racks, the one with the shortest cables first.
///
/// Of two placements, the one that leaves fewer cables out of reach is better whatever its length. The first of
/// equals wins. Placements are compared on a part of the spine and core racks, each for its neighbours, which is
/// right within a percent or so.
#[must_use]
pub fn placements(demand: &LayoutDemand, cabling: &Cabling) -> Vec<Tried> {
    let tried = |placement: Placement| {
        let plan = layout(demand, placement);
        // One network room, or none, lies in the same place whatever is said of cores.
        let same = plan.network_room.is_none() || plan.buildings == 1;
        let once = placement.core == CorePlace::EveryBuilding && same;
        (!once).then(|| Tried::of(placement, &Runs::of_scale_out(&plan, cabling, MOST_PAIRS[1]).all))
    };
    let mut tried: Vec<Tried> = Placement::all().into_par_iter().filter_map(tried).collect();
    tried.sort_by(Tried::order);
    tried
}

/// Lays a fleet out with the best of the placements tried, whose length is then that of the whole schedule.
#[must_use]
pub fn place(demand: &LayoutDemand, cabling: &Cabling, tried: &mut [Tried]) -> (Layout, CableSchedule) {
    let plan = layout(demand, tried[0].placement);
    let laid = schedule(&plan, cabling);
    tried[0] = Tried::of(tried[0].placement, &laid.runs);
    (plan, laid)
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
