//! Rail-only: a network for each rail, none between them.
//!
//! ~~~text
//! a rail     the accelerators of one place in every domain: n / r of them, r those of a domain
//! one tier   one switch a rail and plane while its ports are enough
//! else       a fat tree for each rail, whose leaves fill up across units
//! ~~~
//!
//! Traffic between rails crosses the scale-up domain first. Wang et al. 2023, arXiv:2307.12169, who save the spines
//! that would join rails at little loss, because collectives of large models stay on a rail.

use super::{FabricDemand, FabricError, FatTree, Topology, fat_tree, host_ports, wiring};

/// The demand of one rail.
///
/// A unit has few accelerators on a rail where there is one for each of a large domain, so as many units share a leaf as
/// its host ports take.
pub(in super::super) fn one_rail(demand: &FabricDemand) -> FabricDemand {
    let rails = u64::from(demand.rails);
    let of_unit = demand.unit_accelerators.div_ceil(rails).max(1);
    FabricDemand {
        topology: Topology::FatTree,
        accelerators: demand.accelerators.div_ceil(rails),
        unit_accelerators: of_unit * units_of_a_leaf(demand, of_unit),
        group_accelerators: 0,
        rails: 1,
        links_per_cable: 1,
        links_per_uplink: 1,
        ..*demand
    }
}

/// Units that share a leaf of a rail.
fn units_of_a_leaf(demand: &FabricDemand, of_unit: u64) -> u64 {
    let ports = of_unit.saturating_mul(u64::from(demand.ports_per_accelerator / demand.planes.max(1)));
    (host_ports(u64::from(demand.radix), demand.oversubscription) / ports.max(1)).max(1)
}

/// Host ports of a rail on one plane where one switch takes them all.
pub(in super::super) fn rail_in_one_switch(demand: &FabricDemand) -> Result<Option<u64>, FabricError> {
    // The limits of every count are checked there; how much of a unit, or how many rails, a switch takes does not matter
    // here: none is joined to another.
    let (unit_accelerators, rails) = (demand.unit_accelerators.min(1), demand.rails.min(1));
    wiring(&FabricDemand { rails, unit_accelerators, ..*demand })?;
    let ports = one_rail(demand).accelerators * u64::from(demand.ports_per_accelerator / demand.planes);
    Ok((ports <= u64::from(demand.radix)).then_some(ports))
}

/// Sizes a rail-only network.
///
/// Its bisection is between halves of the domains, each rail for itself.
///
/// # Errors
///
/// Those of a fat tree for one rail.
pub fn rail_only(demand: &FabricDemand) -> Result<FatTree, FabricError> {
    let single = rail_in_one_switch(demand)?.is_some();
    let rails = u64::from(demand.rails);
    let rail = if single {
        let small = FabricDemand { accelerators: 1, unit_accelerators: 1, ..one_rail(demand) };
        let one = fat_tree(&small)?;
        let planes = u64::from(demand.planes);
        FatTree { tiers: 1, leaf: planes, spine: 0, core: 0, leaf_spine: 0, spine_core: 0, ..one }
    } else {
        fat_tree(&one_rail(demand))?
    };
    let injection = rail.injection;
    let bisection =
        if single { injection * (demand.accelerators as f64 / 2.0) } else { rail.bisection * rails as f64 };
    let units_per_leaf = if single {
        demand.accelerators.div_ceil(demand.unit_accelerators)
    } else {
        units_of_a_leaf(demand, demand.unit_accelerators.div_ceil(rails).max(1))
    };
    let per_cable = u64::from(demand.links_per_cable);
    let cables = |links: u64| (rails * links).div_ceil(u64::from(demand.links_per_uplink));
    let accelerators_per_island = if single {
        demand.accelerators
    } else {
        demand.accelerators.min(rail.accelerators_per_island * rails)
    };
    Ok(FatTree {
        topology: Topology::RailOnly,
        accelerators: demand.accelerators,
        rails: demand.rails,
        leaf: rail.leaf * rails,
        spine: rail.spine * rails,
        core: rail.core * rails,
        host_leaf: (demand.accelerators * u64::from(demand.ports_per_accelerator)).div_ceil(per_cable),
        leaf_spine: cables(rail.leaf_spine),
        spine_core: cables(rail.spine_core),
        links_per_cable: demand.links_per_cable,
        links_per_uplink: demand.links_per_uplink,
        accelerators_per_island,
        units_per_leaf,
        bisection,
        ..rail
    })
}
