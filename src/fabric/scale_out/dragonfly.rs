//! Dragonfly+: groups of leaf and spine, each pair of groups joined by links between spines.
//!
//! ~~~text
//! group       at most k/2 leaves, the smallest divisor of u ≥ leaves·u / (k/2) spines, k/2 ports of each outwards;
//!             of a size that is stated: its leaves, and all ports of a spine that no leaf takes outwards
//! links       p = floor(spines·outward / (g − 1)) between each pair of g groups
//! bisection   floor(g/2)·ceil(g/2)·p links, no more than the leaves send up
//! holds while g − 1 ≤ spines·(k/2) and p ≥ 1
//! ~~~
//!
//! k radix · u uplinks of a leaf. Shpiner et al. 2017, doi:10.1109/HiPINEB.2017.11: half the switches' ports that a
//! third tier would cost, for about half the bisection where packets take the short way. Groups are equally large
//! but for the last. The bisection lies between whole groups: exact for an even number of them.

use super::{FabricDemand, FabricError, FatTree, Island, Tiers, Topology, Wiring, fat_tree, wiring};

/// The groups of one plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Groups {
    /// How many.
    pub(in super::super) count: u64,
    /// Leaves of a full one.
    pub(in super::super) leaves: u64,
    /// Spines of each.
    pub(in super::super) spines: u64,
    /// Links between two of them.
    pub(in super::super) links_between: u64,
}

impl Wiring {
    /// Leaves and spines of a group of the size that is stated, and its links to others.
    fn stated_group(&self) -> (u64, u64, u64) {
        let leaves = self.group_units * self.leaves_per_unit();
        let spines = self.spines(leaves, self.radix / 2).max(1);
        (leaves, spines, spines * self.radix.saturating_sub((leaves * self.uplinks).div_ceil(spines)))
    }

    /// Groups for these leaves; none where two tiers without groups join them.
    pub(in super::super) fn groups(&self, leaves: u64) -> Option<Groups> {
        let half = self.radix / 2;
        if self.group_units > 0 {
            let (of_group, spines, outward) = self.stated_group();
            let count = leaves.div_ceil(of_group);
            let links =
                |others: u64| Groups { count, leaves: of_group, spines, links_between: outward / others };
            return (count > 1).then(|| links(count - 1));
        }
        if leaves <= self.radix || half == 0 {
            return None;
        }
        let groups = leaves.div_ceil(half);
        let leaves = leaves.div_ceil(groups);
        let spines = self.spines(leaves, half);
        Some(Groups { count: groups, leaves, spines, links_between: spines * half / (groups - 1) })
    }

    /// Units that groups join: a full one has a link to each other.
    pub(super) fn dragonfly_units(&self) -> u64 {
        let half = self.radix / 2;
        if self.group_units > 0 {
            // Each group needs a link to each other.
            let (_, _, outward) = self.stated_group();
            return (outward + 1) * self.group_units;
        }
        // Full groups have a spine for each uplink; equally large smaller ones may have half of it.
        let groups = self.uplinks * half / 2 + 1;
        (groups * half / self.leaves_per_unit()).max(self.two_tier_units())
    }
}

/// The two-tier fat tree that few leaves are joined by.
pub(in super::super) fn without_groups(demand: &FabricDemand) -> FabricDemand {
    FabricDemand { topology: Topology::FatTree, tiers: Tiers::Two, group_accelerators: 0, ..*demand }
}

/// Sizes a dragonfly+; with few enough leaves it is the two-tier fat tree.
///
/// # Errors
///
/// Those of a fat tree.
pub fn dragonfly_plus(demand: &FabricDemand) -> Result<FatTree, FabricError> {
    let wiring = wiring(demand)?;
    let Island { units, islands, .. } = wiring.island(demand);
    let leaves = units * wiring.leaves_per_unit();
    let Some(shape) = wiring.groups(leaves) else {
        let tree = fat_tree(&without_groups(demand))?;
        return Ok(FatTree { topology: Topology::DragonflyPlus, ..tree });
    };
    let planes = u64::from(demand.planes);
    let [per_cable, per_uplink] = [demand.links_per_cable, demand.links_per_uplink].map(u64::from);
    let fabrics = planes * islands;
    let uplinks = fabrics * leaves * wiring.uplinks;
    let (g, p) = (shape.count, shape.links_between);
    let ports = u64::from(demand.ports_per_accelerator);
    let injection = demand.port_rate * f64::from(demand.ports_per_accelerator);
    let accelerators_per_island = demand.accelerators.min(units * demand.unit_accelerators);
    let offered = injection * (accelerators_per_island as f64 / 2.0);
    let up = demand.port_rate * ((planes * leaves * wiring.uplinks) as f64 / 2.0);
    let across = demand.port_rate * ((planes * (g / 2) * g.div_ceil(2) * p) as f64);
    Ok(FatTree {
        topology: Topology::DragonflyPlus,
        accelerators: demand.accelerators,
        tiers: 2,
        planes: demand.planes,
        rails: demand.rails,
        oversubscription: wiring.oversubscription,
        leaf: fabrics * leaves,
        spine: fabrics * g * shape.spines,
        core: 0,
        host_leaf: (demand.accelerators * ports).div_ceil(per_cable),
        leaf_spine: uplinks.div_ceil(per_uplink),
        spine_core: (fabrics * g * (g - 1) / 2 * p).div_ceil(per_uplink),
        links_per_cable: demand.links_per_cable,
        links_per_uplink: demand.links_per_uplink,
        groups: g,
        islands,
        accelerators_per_island,
        injection,
        units_per_leaf: 1,
        bisection: offered.min(up).min(across),
    })
}
