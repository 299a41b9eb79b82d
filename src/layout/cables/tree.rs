//! A network as a tree of racks, laid pair by pair.

use super::deal::{Account, ROUNDING, holders, in_order, spread};
use super::{CableCounts, CableKind, CablePair, Cabling, Net, Reach, SORTS, length_in_rack, stocked_length};
use crate::layout::routes::{Outlet, Route, Through, Ways};
use crate::layout::{Layout, PlacedRack, RackKind};
use crate::units::{ByteRate, Meters};
use std::collections::HashMap;

/// Where racks stand, by sort and number.
#[derive(Debug, Default)]
pub(super) struct Outlets {
    pub(super) racks: [Vec<Outlet>; SORTS],
    pub(super) ways: Vec<Ways>,
}

impl Outlets {
    /// Of the racks of some sorts.
    pub(super) fn of(layout: &Layout, kinds: &[RackKind]) -> Self {
        let mut ways_of_all = Vec::new();
        let mut found: [Vec<(u64, Outlet)>; SORTS] = Default::default();
        let mut take = |racks: &[PlacedRack], rows: usize, ways: Ways| {
            // CDUs stand in galleries, which count as a row behind the last.
            let mut gallery = (0..).map(|along| (rows, along));
            for rack in racks.iter().filter(|rack| kinds.contains(&rack.kind)) {
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

    pub(super) fn of_kind(&self, kind: RackKind) -> &[Outlet] {
        &self.racks[kind as usize]
    }
}

/// Racks that hold the accelerators or the switches of one tier of a network.
pub(super) struct Tier<'a> {
    pub(super) kind: RackKind,
    /// What is spread over them: racks or switches.
    pub(super) count: u64,
    /// The numbers of the racks, where they are not all of their sort.
    pub(super) numbers: Option<Vec<u64>>,
    pub(super) outlets: &'a [Outlet],
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
pub(super) struct Tree<'a> {
    pub(super) net: Net,
    pub(super) tiers: [Tier<'a>; 4],
    pub(super) counts: CableCounts,
    pub(super) leaf_units: u64,
    pub(super) group_units: u64,
    pub(super) island_units: u64,
    pub(super) groups: [u64; 2],
    pub(super) rate: ByteRate,
    pub(super) host_media: &'a [Reach],
    pub(super) switch_media: &'a [Reach],
}

impl<'a> Tree<'a> {
    /// Sorts of racks that the scale-out network joins.
    pub(super) const SCALE_OUT: [RackKind; 4] =
        [RackKind::Compute, RackKind::Leaf, RackKind::Spine, RackKind::Core];

    /// The scale-out network.
    pub(super) fn scale_out(layout: &Layout, cabling: &'a Cabling, outlets: &'a Outlets) -> Self {
        let network = &layout.demand.switches;
        let tier = |at: usize, count| {
            let kind = Self::SCALE_OUT[at];
            Tier { kind, count, numbers: None, outlets: outlets.of_kind(kind) }
        };
        Self {
            net: Net::ScaleOut,
            tiers: [
                tier(0, layout.demand.compute_racks),
                tier(1, network.leaf),
                tier(2, network.spine),
                tier(3, network.core),
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

/// Lays a network and shows each pair of racks with its cables, at most so many pairs in a bundle.
pub(super) fn lay(
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
                show(&CablePair::of(
                    (tree.net, kind),
                    (tree.rate, media),
                    [((from.kind, a), start), ((to.kind, b), stop)],
                    (route, length),
                    count,
                ));
            });
        }
    }
}
