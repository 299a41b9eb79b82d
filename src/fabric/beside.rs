//! The networks beside the scale-out: front end, storage and out-of-band management.
//!
//! ~~~text
//! front end, storage   a fat tree of one port for each tray
//! out of band          a rack: ceil(trays · ports of a tray / ports of a switch) switches, two links up from each
//! ~~~
//!
//! Front end and storage of the reference designs run over one converged Ethernet fabric; here each is sized for
//! itself, so a converged one needs no more than their sum. Left out: the switches' own management ports, links
//! to the campus border and to the storage itself.

use super::scale_out::{FabricDemand, FabricError, FatTree, Tiers, Topology, fat_tree};
use crate::units::ByteRate;

/// Links of an out-of-band switch upwards, one to each of two leaves of the front end, whose ports they split.
const UPLINKS: u64 = 2;

/// What hangs on a network of trays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trays {
    /// Trays in all.
    pub trays: u64,
    /// Trays that share a set of leaves.
    pub unit: u64,
    /// Rate of the port of each.
    pub rate: ByteRate,
    /// Ports of a switch at that rate.
    pub radix: u32,
    /// Down over up at the leaf.
    pub oversubscription: f64,
}

/// Sizes a network with a port for each tray.
///
/// # Errors
///
/// Those of a fat tree.
pub fn tray_network(demand: &Trays) -> Result<FatTree, FabricError> {
    fat_tree(&FabricDemand {
        topology: Topology::FatTree,
        accelerators: demand.trays,
        ports_per_accelerator: 1,
        port_rate: demand.rate,
        planes: 1,
        rails: 1,
        radix: demand.radix,
        unit_accelerators: demand.unit.min(demand.trays).max(1),
        group_accelerators: 0,
        oversubscription: demand.oversubscription,
        tiers: Tiers::Auto,
        links_per_cable: 1,
    })
}

/// Switches and links of the out-of-band network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutOfBand {
    /// Switches, all in accelerator racks.
    pub switches: u64,
    /// Links to them from what they watch.
    pub ports: u64,
    /// Links from them to the leaves of the front end.
    pub uplinks: u64,
}

/// Sizes the out-of-band network.
#[must_use]
pub fn out_of_band(racks: u64, trays_per_rack: u64, ports_per_tray: u64, switch_ports: u64) -> OutOfBand {
    let ports = trays_per_rack * ports_per_tray;
    let switches = racks * ports.div_ceil(switch_ports.max(1));
    OutOfBand { switches, ports: racks * ports, uplinks: switches * UPLINKS }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 18 trays with 3 ports each are 54 of the 96 of two switches, as two SN2201 stand in each NVL72 rack.
    #[test]
    fn a_rack_of_18_trays_has_two_management_switches() {
        let unit = OutOfBand { switches: 16, ports: 8 * 54, uplinks: 32 };
        assert_eq!(out_of_band(8, 18, 3, 48), unit);
        assert_eq!(out_of_band(0, 18, 3, 48), OutOfBand::default());
    }

    // 144 trays of a unit on 128 ports at 5:3: 80 down, 48 up a leaf; two leaves of 72 with 44 uplinks on one spine.
    #[test]
    fn a_unit_of_trays_takes_two_leaves_and_a_spine() {
        let demand =
            Trays { trays: 144, unit: 144, rate: ByteRate(50e9), radix: 128, oversubscription: 5.0 / 3.0 };
        let tree = tray_network(&demand).unwrap();
        assert_eq!((tree.leaf, tree.spine, tree.host_leaf, tree.leaf_spine), (2, 1, 144, 88));
        // 88 of 144 ports upwards.
        assert!((tree.bisection.value() / (44.0 * 50e9) - 1.0).abs() < 1e-12);
    }
}
