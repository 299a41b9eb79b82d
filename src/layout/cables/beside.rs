//! Networks beside the scale-out, from rack to rack: front end, storage, out of band.
//!
//! ~~~text
//! leaves, spines   in the management racks of the units, switch k of S with unit ⌊(k + ½)·U/S⌋ where S < U
//! cores            in racks of their own in the network room
//! out of band      switches in the racks that they watch, uplinks to the leaves of the front end;
//!                  CDUs and power racks to the next support rack of their hall
//! ~~~
//!
//! A unit without management racks has them in its storage racks, and failing those in its first accelerator rack.
//! Left out: gear outside the halls, which the building's controls watch, and what joins cores to the world.

use super::{
    CableCounts, CableKind, CablePair, Cabling, END_LENGTH, Net, Numbered, Outlets, PORT_HEIGHT, Reach,
    SLACK, STOCKED, Tier, Tree, lay, stocked_length,
};
use crate::layout::routes::{Outlet, Route, Through};
use crate::layout::{Layout, RackKind};
use crate::units::{ByteRate, Meters};
use std::collections::BTreeMap;

/// A tree of trays to lay.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeCabling {
    /// Which network.
    pub net: Net,
    /// Leaf, spine and core switches.
    pub switches: [u64; 3],
    /// Core racks of the networks before this one, and of this one.
    pub core_racks: [u64; 2],
    /// Cables of each tier, from accelerator racks at the first.
    pub counts: CableCounts,
    /// Other racks with ports on it.
    pub support: Vec<SupportPorts>,
    /// Units of a spine group.
    pub group_units: u64,
    /// Units of an island.
    pub island_units: u64,
    /// Rate of each cable, per direction.
    pub rate: ByteRate,
    /// Media for its cables, the preferred first.
    pub media: Vec<Reach>,
}

/// Racks beside the accelerators with ports on a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupportPorts {
    /// Their sort.
    pub kind: RackKind,
    /// Racks.
    pub racks: u64,
    /// Ports of each.
    pub ports: u64,
}

/// Racks of one sort that are watched by switches of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchedRacks {
    /// Their sort.
    pub kind: RackKind,
    /// Racks.
    pub racks: u64,
    /// Ports in all of them, dealt evenly.
    pub ports: u64,
    /// Uplinks of all of them.
    pub uplinks: u64,
}

/// The out-of-band network to lay.
#[derive(Clone, Debug, PartialEq)]
pub struct OutOfBandCabling {
    /// Switches, each in a rack that it watches.
    pub switches: u64,
    /// What they watch.
    pub watched: Vec<WatchedRacks>,
    /// Rate of a port.
    pub rate: ByteRate,
    /// Media for them, the preferred first.
    pub media: Vec<Reach>,
    /// Rate of an uplink.
    pub uplink_rate: ByteRate,
    /// Media for them, the preferred first.
    pub uplink_media: Vec<Reach>,
}

/// A stocked length for a cable whose ends are in one rack.
///
/// ~~~text
/// length = 1.1 · port height + 1 m
/// ~~~
///
/// The mean height of a port stands for the way along the side of the rack.
#[must_use]
pub fn length_in_rack() -> Meters {
    let needed = (PORT_HEIGHT * (1.0 + SLACK) + END_LENGTH).value();
    Meters(STOCKED.into_iter().find(|stocked| *stocked >= needed).unwrap_or(needed))
}

/// The racks of a unit that hold the switches beside the scale-out: their sort, and how many.
#[must_use]
pub fn support_home(storage_racks: u64, management_racks: u64) -> (RackKind, u64) {
    match (management_racks, storage_racks) {
        (0, 0) => (RackKind::Compute, 1),
        (0, racks) => (RackKind::Storage, racks),
        (racks, _) => (RackKind::Management, racks),
    }
}

impl Layout {
    /// The racks of a unit that hold the switches beside the scale-out: their sort, and how many.
    #[must_use]
    pub fn support_home(&self) -> (RackKind, u64) {
        support_home(self.demand.unit_storage_racks, self.demand.unit_management_racks)
    }

    /// CDUs and power racks, which have no management switch of their own.
    #[must_use]
    pub fn watched_gear(&self) -> u64 {
        self.cdus() + self.units * self.demand.unit_power_racks
    }

    /// Racks among those homes that hold so many switches, and their numbers: network `which` of the units' networks.
    pub(super) fn homes(&self, switches: u64, which: u64) -> (RackKind, Vec<u64>) {
        let (kind, racks) = self.support_home();
        let pitch = if kind == RackKind::Compute { self.demand.unit_compute_racks } else { racks };
        let units = u128::from(self.units);
        let homes = switches.min(self.units);
        let unit_of = |home: u64| ((2 * u128::from(home) + 1) * units / (2 * u128::from(homes))) as u64;
        (kind, (0..homes).map(|home| unit_of(home) * pitch + which % racks).collect())
    }
}

/// A tree of trays on the floor.
fn tree<'a>(layout: &Layout, cabling: &'a TreeCabling, which: u64, outlets: &'a Outlets) -> Tree<'a> {
    let [leaf, spine, core] = cabling.switches;
    let tier = |kind, count, numbers| Tier { kind, count, numbers, outlets: outlets.of_kind(kind) };
    let homes = |switches| {
        let (kind, numbers) = layout.homes(switches, which);
        tier(kind, switches, Some(numbers))
    };
    let [before, own] = cabling.core_racks;
    Tree {
        net: cabling.net,
        tiers: [
            tier(RackKind::Compute, layout.demand.compute_racks, None),
            homes(leaf),
            homes(spine),
            tier(RackKind::EthernetCore, core, Some((before..before + own).collect())),
        ],
        counts: cabling.counts,
        leaf_units: 1,
        group_units: cabling.group_units,
        island_units: cabling.island_units,
        groups: [1, 0],
        rate: cabling.rate,
        host_media: &cabling.media,
        switch_media: &cabling.media,
    }
}

/// Lays the networks beside the scale-out and shows each pair of racks with its cables.
pub(super) fn each_pair(
    layout: &Layout,
    cabling: &Cabling,
    outlets: &Outlets,
    show: &mut impl FnMut(&CablePair),
) {
    let racks_of = |kind: RackKind, racks: u64| Tier {
        kind,
        count: racks,
        numbers: None,
        outlets: outlets.of_kind(kind),
    };
    for (which, network) in (0..).zip(&cabling.beside) {
        lay(layout, outlets, &tree(layout, network, which, outlets), super::MOST_PAIRS[0], show);
        for own in &network.support {
            let counts = CableCounts { host_leaf: own.racks * own.ports, ..CableCounts::default() };
            let mut branch = Tree { counts, ..tree(layout, network, which, outlets) };
            branch.tiers[0] = racks_of(own.kind, own.racks);
            lay(layout, outlets, &branch, super::MOST_PAIRS[0], show);
        }
    }
    let (Some(own), Some(front)) = (&cabling.out_of_band, cabling.beside.first()) else { return };
    in_racks(own, outlets, show);
    to_support_racks(layout, own, outlets, show);
    // Seen from a management switch, which is the leaf of its network, they lead up.
    let mut up = |pair: &CablePair| show(&CablePair { kind: CableKind::LeafSpine, ..*pair });
    for racks in &own.watched {
        let mut uplinks = Tree {
            net: Net::OutOfBand,
            counts: CableCounts { host_leaf: racks.uplinks, ..CableCounts::default() },
            rate: own.uplink_rate,
            host_media: &own.uplink_media,
            ..tree(layout, front, 0, outlets)
        };
        uplinks.tiers[0] = racks_of(racks.kind, racks.racks);
        lay(layout, outlets, &uplinks, super::MOST_PAIRS[0], &mut up);
    }
}

/// Cables to management ports.
fn port(own: &OutOfBandCabling, ends: [Numbered<'_>; 2], way: (Route, Meters), count: u64) -> CablePair {
    CablePair::of((Net::OutOfBand, CableKind::HostLeaf), (own.rate, &own.media), ends, way, count)
}

/// Ports to the switches of the same rack.
fn in_racks(own: &OutOfBandCabling, outlets: &Outlets, show: &mut impl FnMut(&CablePair)) {
    let route = Route { run: 0.0, through: Through::Rack };
    for racks in &own.watched {
        let upto = |rack: u64| (u128::from(racks.ports) * u128::from(rack) / u128::from(racks.racks)) as u64;
        for (number, outlet) in (0..racks.racks).zip(outlets.of_kind(racks.kind)) {
            let count = upto(number + 1) - upto(number);
            let end = ((racks.kind, number), outlet);
            if count > 0 {
                show(&port(own, [end, end], (route, length_in_rack()), count));
            }
        }
    }
}

/// A port of each CDU and power rack to the nearest support rack of its hall; in a room without, to the nearest rack with
/// management switches, and without those to the nearest support rack of all.
fn to_support_racks(
    layout: &Layout,
    own: &OutOfBandCabling,
    outlets: &Outlets,
    show: &mut impl FnMut(&CablePair),
) {
    let (home, _) = layout.support_home();
    let mut of_rooms: BTreeMap<u64, Vec<Numbered<'_>>> = BTreeMap::new();
    let others = own.watched.iter().map(|racks| racks.kind).filter(|kind| *kind != home);
    for kind in std::iter::once(home).chain(others) {
        for (number, outlet) in (0..).zip(outlets.of_kind(kind)) {
            let here = of_rooms.entry(outlet.room).or_default();
            if kind == home || here.iter().all(|((known, _), _)| *known != home) {
                here.push(((kind, number), outlet));
            }
        }
    }
    for kind in [RackKind::Cdu, RackKind::Power] {
        for (number, outlet) in (0..).zip(outlets.of_kind(kind)) {
            let route = |stop: &Outlet| layout.route(&outlets.ways[outlet.room as usize], outlet, stop);
            let nearer = |a: &&Numbered<'_>, b: &&Numbered<'_>| route(a.1).run.total_cmp(&route(b.1).run);
            let nearest = match of_rooms.get(&outlet.room) {
                Some(homes) => homes.iter().min_by(nearer),
                None => of_rooms.values().flatten().min_by(nearer),
            };
            let Some((rack, stop)) = nearest else { continue };
            let route = route(stop);
            let ends = [((kind, number), outlet), (*rack, *stop)];
            show(&port(own, ends, (route, stocked_length(Meters(route.run))), 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CableSchedule, reaches, schedule};
    use super::*;
    use crate::layout::layout;
    use crate::layout::tests::{demands, gb300};
    use crate::layout::{LayoutDemand, tests::USUAL};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const RATE: ByteRate = ByteRate(50e9);

    /// Front end and out-of-band network alone.
    fn alone(switches: [u64; 3], counts: CableCounts, racks: u64, ports: u64, uplinks: u64) -> Cabling {
        let media = reaches(RATE).to_vec();
        let front = TreeCabling {
            net: Net::FrontEnd,
            switches,
            core_racks: [0, switches[2].div_ceil(20)],
            counts,
            support: vec![SupportPorts { kind: RackKind::Storage, racks: 0, ports: 0 }],
            group_units: 4,
            island_units: 1_000,
            rate: RATE,
            media: media.clone(),
        };
        Cabling {
            counts: CableCounts::default(),
            leaf_units: 1,
            group_units: 1,
            island_units: 1,
            groups: [1, 0],
            rate: RATE,
            host_media: media.clone(),
            switch_media: media.clone(),
            optical: None,
            beside: vec![front],
            out_of_band: Some(OutOfBandCabling {
                switches: 0,
                watched: vec![WatchedRacks { kind: RackKind::Compute, racks, ports: ports * racks, uplinks }],
                rate: ByteRate(0.125e9),
                media: media.clone(),
                uplink_rate: ByteRate(12.5e9),
                uplink_media: media,
            }),
        }
    }

    fn of(schedule: &CableSchedule, kind: CableKind) -> u64 {
        let runs = schedule.runs.iter().filter(|run| run.net == Net::OutOfBand && run.kind == kind);
        runs.map(|run| run.count).sum()
    }

    // 1.1 · 1.1 + 1 = 2.21 m, so 3 m.
    #[test]
    fn a_port_reaches_the_switch_of_its_rack_over_three_metres() {
        assert!((length_in_rack().value() - 3.0).abs() < 1e-9);
    }

    // Three switches over eight units stand with units ⌊(k + ½)·8/3⌋ = 1, 4, 6, in the first of two racks of each.
    #[test]
    fn fewer_switches_than_units_spread_over_them() {
        let plan = layout(&LayoutDemand { compute_racks: 64, ..gb300() }, USUAL);
        assert_eq!(plan.homes(3, 0), (RackKind::Management, vec![2, 8, 12]));
        assert_eq!(plan.homes(3, 1).1, vec![3, 9, 13]);
        let bare = LayoutDemand { unit_management_racks: 0, unit_storage_racks: 0, ..plan.demand };
        assert_eq!(layout(&bare, USUAL).homes(3, 1), (RackKind::Compute, vec![8, 32, 48]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_link_has_a_route_and_is_laid_once(
            (demand, placement) in demands(),
            [leaf, spine, core] in [1_u64..40, 1_u64..40, 0_u64..30],
            [hosts, spines, cores, uplinks] in [1_u64..5_000, 1_u64..3_000, 1_u64..3_000, 0_u64..900],
            ports in 1_u64..60,
        ) {
            let demand = LayoutDemand { ethernet_core_racks: core.div_ceil(20), ..demand };
            let spine_core = if core > 0 { cores } else { 0 };
            let counts = CableCounts { host_leaf: hosts, leaf_spine: spines, spine_core };
            let cabling = alone([leaf, spine, core], counts, demand.compute_racks, ports, uplinks);
            let plan = layout(&demand, placement);
            let mut laid: BTreeMap<(Net, CableKind), u64> = BTreeMap::new();
            let mut wrong = None;
            super::super::each_pair(&plan, &cabling, |pair| {
                *laid.entry((pair.net, pair.kind)).or_default() += pair.count;
                let straight = pair.start.straight(&pair.stop);
                if pair.route.run < straight - 1e-6 || pair.length.0 < pair.route.run || pair.choice.is_none() {
                    wrong = Some(*pair);
                }
            });
            prop_assert_eq!(wrong, None);
            let mut expected = BTreeMap::from([
                ((Net::FrontEnd, CableKind::HostLeaf), hosts),
                ((Net::FrontEnd, CableKind::LeafSpine), spines),
                ((Net::FrontEnd, CableKind::SpineCore), spine_core),
                ((Net::OutOfBand, CableKind::HostLeaf), ports * demand.compute_racks + plan.watched_gear()),
                ((Net::OutOfBand, CableKind::LeafSpine), uplinks),
            ]);
            expected.retain(|_, count| *count > 0);
            prop_assert_eq!(&laid, &expected);
            let schedule = schedule(&plan, &cabling);
            prop_assert_eq!(of(&schedule, CableKind::HostLeaf), ports * demand.compute_racks + plan.watched_gear());
            prop_assert_eq!(of(&schedule, CableKind::LeafSpine), uplinks);
        }
    }
}
