//! The networks beside the scale-out: front end, storage and out-of-band management.
//!
//! ~~~text
//! front end, storage   a fat tree of the ports of trays, of storage and management racks, and of what is kept for uplinks
//! out of band          racks of one sort: each ⌈ports of a rack / ports of a switch⌉ switches, two links up from each
//! kept for uplinks     ⌈uplinks / ⌊lanes of a port / lanes of an uplink⌋⌉ leaf ports of the front end
//! ~~~
//!
//! Front end and storage of the reference designs run over one converged Ethernet fabric; here each is sized for
//! itself, so a converged one needs no more than their sum. Left out: links to the campus border, and the building's own
//! controls, which are a network of their trade.

use super::scale_out::{FabricDemand, FabricError, FatTree, Tiers, Topology, fat_tree};
use crate::units::ByteRate;

/// Links of an out-of-band switch upwards, one to each of two leaves of the front end, whose ports they part.
const UPLINKS: u64 = 2;

/// What hangs on a network beside the scale-out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ports {
    /// Ports in all.
    pub ports: u64,
    /// Ports that share a set of leaves.
    pub unit: u64,
    /// Rate of each.
    pub rate: ByteRate,
    /// Ports of a switch at that rate.
    pub radix: u32,
    /// Down over up at the leaf.
    pub oversubscription: f64,
}

/// Sizes a network with so many ports.
///
/// # Errors
///
/// Those of a fat tree.
pub fn port_network(demand: &Ports) -> Result<FatTree, FabricError> {
    fat_tree(&FabricDemand {
        topology: Topology::FatTree,
        accelerators: demand.ports,
        ports_per_accelerator: 1,
        port_rate: demand.rate,
        planes: 1,
        rails: 1,
        radix: demand.radix,
        upper_radix: [None; 2],
        unit_accelerators: demand.unit.min(demand.ports).max(1),
        group_accelerators: 0,
        oversubscription: demand.oversubscription,
        tiers: Tiers::Auto,
        links_per_cable: 1,
        links_per_uplink: 1,
        core_oversubscription: 1.0,
    })
}

/// Racks of one sort that are watched from inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Racks.
    pub racks: u64,
    /// Management ports in all of them together, evenly.
    pub ports: u64,
}

impl Watched {
    /// Management switches in each rack.
    #[must_use]
    pub fn switches_per_rack(&self, switch_ports: u64) -> u64 {
        self.ports.div_ceil(self.racks.max(1)).div_ceil(switch_ports.max(1))
    }
    /// Links from the switches of all racks to the leaves of the front end.
    #[must_use]
    pub fn uplinks(&self, switch_ports: u64) -> u64 {
        self.racks * self.switches_per_rack(switch_ports) * UPLINKS
    }
}

/// Switches and links of the out-of-band network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutOfBand {
    /// Switches, each in a rack that it watches.
    pub switches: u64,
    /// Links to them from what they watch.
    pub ports: u64,
    /// Links from them to the leaves of the front end.
    pub uplinks: u64,
}

/// Sizes the out-of-band network of racks of some sorts.
#[must_use]
pub fn out_of_band(watched: &[Watched], switch_ports: u64) -> OutOfBand {
    let mut sum = OutOfBand::default();
    for racks in watched {
        sum.switches += racks.racks * racks.switches_per_rack(switch_ports);
        sum.ports += racks.ports;
        sum.uplinks += racks.uplinks(switch_ports);
    }
    sum
}

/// Leaf ports that so many uplinks take, where a port is parted by whole lanes.
///
/// ~~~text
/// p ≥ u:  ⌈ U / ⌊p/u⌋ ⌉,   else  U·⌈u/p⌉
/// ~~~
///
/// U uplinks of u lanes each · p lanes of a port. A module of four lanes of 25 Gb/s fills a port of 400 Gb/s on four of 100;
/// one of a single lane of 100 Gb/s leaves three of them to others.
#[must_use]
pub fn ports_for_uplinks(uplinks: u64, uplink_lanes: u64, port_lanes: u64) -> u64 {
    let (lanes, port) = (uplink_lanes.max(1), port_lanes.max(1));
    if port >= lanes { uplinks.div_ceil(port / lanes) } else { uplinks * lanes.div_ceil(port) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 18 trays with 3 ports each are 54 of the 96 of two switches, as two SN2201 stand in each NVL72 rack.
    #[test]
    fn a_rack_of_18_trays_has_two_management_switches() {
        let unit = OutOfBand { switches: 16, ports: 8 * 54, uplinks: 32 };
        assert_eq!(out_of_band(&[Watched { racks: 8, ports: 8 * 54 }], 48), unit);
        assert_eq!(out_of_band(&[], 48), OutOfBand::default());
    }

    // A leaf rack of eight switches and two power strips has ten of the 48 ports of its own management switch, which sends
    // two links up; 32 uplinks of one lane take eight ports of four, and as many as they are where they have as many lanes.
    #[test]
    fn network_racks_are_watched_and_their_uplinks_have_ports() {
        let both = [Watched { racks: 8, ports: 8 * 54 }, Watched { racks: 3, ports: 3 * 10 }];
        assert_eq!(out_of_band(&both, 48), OutOfBand { switches: 19, ports: 462, uplinks: 38 });
        assert_eq!(ports_for_uplinks(32, 1, 4), 8);
        assert_eq!(ports_for_uplinks(33, 1, 4), 9);
        assert_eq!(ports_for_uplinks(32, 4, 4), 32);
        assert_eq!(ports_for_uplinks(32, 4, 6), 32);
        assert_eq!(ports_for_uplinks(32, 4, 1), 128);
    }

    // 144 trays of a unit on 128 ports at 5:3: 80 down, 48 up a leaf; two leaves of 72 with 44 uplinks on one spine.
    #[test]
    fn a_unit_of_trays_takes_two_leaves_and_a_spine() {
        let demand =
            Ports { ports: 144, unit: 144, rate: ByteRate(50e9), radix: 128, oversubscription: 5.0 / 3.0 };
        let tree = port_network(&demand).unwrap();
        assert_eq!((tree.leaf, tree.spine, tree.host_leaf, tree.leaf_spine), (2, 1, 144, 88));
        // 88 of 144 ports upwards.
        assert!((tree.bisection.value() / (44.0 * 50e9) - 1.0).abs() < 1e-12);
    }
}
