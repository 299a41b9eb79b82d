//! The scale-out fabric: a rail-optimised fat tree of two or three tiers, on one or several planes, or what stands in
//! its place: rails without links between them, or groups joined directly.
//!
//! Construction, all sizes in ports of the host's rate:
//!
//! ~~~text
//! unit     the accelerators that share a set of leaf switches; a unit is always wired whole
//! leaf     per unit, plane and rail: ceil(ports on the rail / d),  d + ceil(d / o) ≤ k
//! uplinks  u = ceil(ports on a leaf / o), spread evenly over the spines of its group
//! 2 tiers  spines = the smallest divisor of u that is ≥ leaves·u / k;   holds while leaves ≤ k
//! 3 tiers  groups of d' leaves with the smallest divisor of u ≥ leaves·u / d' spines, d' + ceil(d' / c) ≤ k,
//!          cores = ceil(leaves·u / c·k);   holds while groups ≤ k; rails with spines of their own are joined by cores where
//!          there is more than one group or three tiers are asked for
//! ~~~
//!
//! k radix, of each tier its own where they differ · o oversubscription of the leaf · c that of the core, d' = k/2 where it is 1. Even spreading is what makes the published spine counts 18 and 36
//! where 16 and 32 would have ports enough. The rule to wire whole units is NVIDIA's (network fabrics page of the
//! DGX SuperPOD GB200, B300 and Rubin reference architectures). What three tiers cannot carry becomes several
//! islands without a path between them. Left out: links between buildings, the networks beside it.

use super::torus::{Torus, TorusError, pods};
use crate::units::ByteRate;
use thiserror::Error;

/// The largest number of accelerators that is planned: far above any site, far below an overflow.
const MOST_ACCELERATORS: u64 = 1 << 36;
/// The largest number of ports of one thing.
const MOST_PORTS: u64 = 1 << 16;

/// How many tiers of switches a fabric may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tiers {
    /// Two while the radix carries it, else three.
    #[default]
    Auto,
    /// Leaf and spine.
    Two,
    /// Leaf, spine and core.
    Three,
}

/// How switches are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Topology {
    /// Leaf, spine and core, every rail within reach of every other.
    #[default]
    FatTree,
    /// A fat tree for each rail and no link between them: traffic from rail to rail goes through the domain.
    RailOnly,
    /// Two-tier groups, each joined directly to each other.
    DragonflyPlus,
    /// Pods of accelerators joined to their neighbours: no switches, no way from pod to pod.
    Torus(Torus),
}

/// What the fabric has to connect, and with which switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FabricDemand {
    /// How switches are joined.
    pub topology: Topology,
    /// Accelerators to connect.
    pub accelerators: u64,
    /// Ports of each accelerator, all planes together.
    pub ports_per_accelerator: u32,
    /// Rate of a port, per direction.
    pub port_rate: ByteRate,
    /// Independent networks that the ports are split over.
    pub planes: u32,
    /// Rails of each plane: accelerators of one rail meet at the same leaf.
    pub rails: u32,
    /// Ports of a switch at the rate of a host port.
    pub radix: u32,
    /// Ports of a spine and of a core, where those are other switches than leaves.
    pub upper_radix: [Option<u32>; 2],
    /// Accelerators that share a set of leaf switches: a scalable unit, or a rack where each rack has its own leaves.
    pub unit_accelerators: u64,
    /// Accelerators whose rails each have a spine group of their own, which makes the fabric rail-optimised to
    /// the top; zero fills spine groups to the radix instead.
    pub group_accelerators: u64,
    /// Host ports of a leaf for each of its uplinks, at least 1.
    pub oversubscription: f64,
    /// Tiers allowed.
    pub tiers: Tiers,
    /// Links that one cable carries: 2 where an 800G cage is split into two ports of 400G.
    pub links_per_cable: u32,
    /// The same between switches, whose ports may be faster than those of hosts.
    pub links_per_uplink: u32,
    /// Ports of a spine towards leaves for each towards cores, at least 1.
    pub core_oversubscription: f64,
}

/// Why no fabric can be built from a demand.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum FabricError {
    /// A count that must be at least one is zero.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// A count beyond anything that could be built.
    #[error("{name} is {count}, at most {limit} can be planned")]
    TooMany {
        /// What is counted.
        name: &'static str,
        /// The count asked for.
        count: u64,
        /// The largest count.
        limit: u64,
    },
    /// The ports of an accelerator cannot be shared out evenly.
    #[error("{ports} ports per accelerator cannot be split over {planes} planes")]
    Planes {
        /// Ports of each accelerator.
        ports: u32,
        /// Planes asked for.
        planes: u32,
    },
    /// An oversubscription below one or not a number.
    #[error("oversubscription is {0}, it must be a number from 1 up")]
    Oversubscription(f64),
    /// The domain is no torus.
    #[error(transparent)]
    Torus(#[from] TorusError),
    /// One unit needs more leaf switches than the radix lets a fabric join.
    #[error(
        "a unit of {unit} accelerators needs {leaves} leaf switches on a plane, radix {radix} joins at most {limit}"
    )]
    Radix {
        /// Accelerators in the unit.
        unit: u64,
        /// Leaf switches that the unit needs on each plane.
        leaves: u64,
        /// Ports of a switch.
        radix: u32,
        /// Leaf switches that can be joined.
        limit: u64,
    },
}

/// A sized fabric: counts over all planes and islands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FatTree {
    /// How switches are joined.
    pub topology: Topology,
    /// Accelerators connected.
    pub accelerators: u64,
    /// Tiers of switches.
    pub tiers: u32,
    /// Independent planes.
    pub planes: u32,
    /// Rails of each plane.
    pub rails: u32,
    /// Host ports of a full leaf for each of its uplinks, as built.
    pub oversubscription: f64,
    /// Leaf switches.
    pub leaf: u64,
    /// Spine switches.
    pub spine: u64,
    /// Core switches, zero with two tiers.
    pub core: u64,
    /// Cables between hosts and leaves.
    pub host_leaf: u64,
    /// Cables between leaves and spines.
    pub leaf_spine: u64,
    /// Cables between spines and cores, or between the spines of dragonfly+ groups.
    pub spine_core: u64,
    /// Links at port rate that one cable carries.
    pub links_per_cable: u32,
    /// The same between switches.
    pub links_per_uplink: u32,
    /// Groups of an island whose spines are joined directly, zero but for a dragonfly+.
    pub groups: u64,
    /// Separate fabrics that the count had to be split into.
    pub islands: u64,
    /// Accelerators of the largest island.
    pub accelerators_per_island: u64,
    /// Bandwidth into the fabric of each accelerator, per direction.
    pub injection: ByteRate,
    /// Units that share a set of leaves: one but for rails that fill their leaves across units.
    pub units_per_leaf: u64,
    /// Bandwidth between two halves of the largest island, per direction.
    pub bisection: ByteRate,
}

impl FatTree {
    /// Switches of all tiers.
    #[must_use]
    pub fn switches(&self) -> u64 {
        self.leaf + self.spine + self.core
    }

    /// Cables of all tiers.
    #[must_use]
    pub fn cables(&self) -> u64 {
        self.host_leaf + self.leaf_spine + self.spine_core
    }

    /// Pluggable transceivers, one for each cable end: only those at the host where the switch holds its own optics.
    #[must_use]
    pub fn transceivers(&self, co_packaged_optics: bool) -> u64 {
        if co_packaged_optics { self.host_leaf } else { 2 * self.cables() }
    }

    /// The name of the topology in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.topology, self.rails > 1, self.planes > 1) {
            (Topology::RailOnly, _, true) => "multi-plane rail-only network",
            (Topology::RailOnly, _, false) => "rail-only network",
            (Topology::DragonflyPlus, _, true) => "multi-plane dragonfly+",
            (Topology::DragonflyPlus, _, false) => "dragonfly+",
            (Topology::Torus(_), ..) => "torus",
            (Topology::FatTree, true, true) => "multi-plane rail-optimised fat tree",
            (Topology::FatTree, true, false) => "rail-optimised fat tree",
            (Topology::FatTree, false, true) => "multi-plane fat tree",
            (Topology::FatTree, false, false) => "fat tree",
        }
    }

    /// Bandwidth of the links of each tier, per direction, islands and planes together.
    #[must_use]
    pub fn tier_bandwidth(&self, port_rate: ByteRate) -> [ByteRate; 3] {
        let [host, switch] = [self.links_per_cable, self.links_per_uplink].map(f64::from);
        [(self.host_leaf, host), (self.leaf_spine, switch), (self.spine_core, switch)]
            .map(|(cables, per_cable)| port_rate * (cables as f64 * per_cable))
    }
}

/// The largest of the islands that a fabric falls into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Island {
    /// Units of it.
    pub(super) units: u64,
    /// Units of all islands.
    all_units: u64,
    /// How many islands there are.
    islands: u64,
    /// The most units of one.
    capacity: u64,
    /// Whether it has cores.
    pub(super) three_tiers: bool,
}

/// How a unit is wired on one plane, and how many units a fabric joins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wiring {
    /// Ports of a spine.
    pub(super) radix: u64,
    core_radix: u64,
    pub(super) rails: u64,
    pub(super) leaves_per_rail: u64,
    pub(super) uplinks: u64,
    pub(super) group_units: u64,
    oversubscription: f64,
    /// Whether cores join the rails of a single group.
    rails_joined: bool,
    /// Ports of a spine towards leaves where there are cores.
    pub(super) down: u64,
    core_oversubscription: f64,
}

impl Wiring {
    pub(super) fn leaves_per_unit(&self) -> u64 {
        self.rails * self.leaves_per_rail
    }

    /// How the largest island of a demand is made up.
    pub(super) fn island(&self, demand: &FabricDemand) -> Island {
        let units = demand.accelerators.div_ceil(demand.unit_accelerators);
        let (two, three) = (self.two_tier_units(), self.three_tier_units());
        let three_tiers = match demand.tiers {
            Tiers::Two => false,
            Tiers::Three => true,
            Tiers::Auto => self.group_units > 0 || units > two,
        };
        let capacity = match demand.topology {
            Topology::DragonflyPlus => self.dragonfly_units(),
            _ if three_tiers => three,
            _ => two,
        };
        let islands = units.div_ceil(capacity).max(1);
        Island { units: units.div_ceil(islands), all_units: units, islands, capacity, three_tiers }
    }

    /// Units that two tiers join: a spine reaches as many leaves as it has ports.
    fn two_tier_units(&self) -> u64 {
        self.radix / self.leaves_per_unit()
    }

    /// Units that three tiers join: a core reaches as many groups as it has ports.
    fn three_tier_units(&self) -> u64 {
        if self.group_units > 0 {
            self.core_radix / self.rails * self.group_units
        } else {
            self.core_radix * self.down / self.leaves_per_unit()
        }
    }

    /// Leaves, spines and cores of one plane with this many units.
    pub(super) fn plane(&self, units: u64, three: bool) -> [u64; 3] {
        let leaves = units * self.leaves_per_unit();
        let half = self.down;
        if leaves <= 1 {
            return [leaves, 0, 0];
        }
        if !three {
            return [leaves, self.spines(leaves, self.radix), 0];
        }
        let (groups, spines) = if self.group_units > 0 {
            let groups = units.div_ceil(self.group_units);
            (groups, groups * self.rails * self.spines(self.group_units * self.leaves_per_rail, half))
        } else {
            let rest = leaves % half;
            (leaves.div_ceil(half), leaves / half * self.spines(half, half) + self.spines(rest, half))
        };
        let cores = if groups > 1 || self.rails_joined {
            self.core_links(leaves * self.uplinks).div_ceil(self.core_radix)
        } else {
            0
        };
        [leaves, spines, cores]
    }

    /// Links between spines and cores for so many between leaves and spines.
    pub(super) fn core_links(&self, below: u64) -> u64 {
        (below as f64 / self.core_oversubscription - 1e-9).ceil() as u64
    }

    /// Spines that take the uplinks of these leaves, each leaf with equally many links to every spine.
    pub(super) fn spines(&self, leaves: u64, down_ports: u64) -> u64 {
        smallest_divisor_from((leaves * self.uplinks).div_ceil(down_ports), self.uplinks)
    }
}

/// The smallest divisor of `number` that is at least `least`, or `least` where it is above all of them.
fn smallest_divisor_from(least: u64, number: u64) -> u64 {
    if least == 0 {
        return 0;
    }
    (1..=number.isqrt())
        .filter(|small| number.is_multiple_of(*small))
        .flat_map(|small| [small, number / small])
        .filter(|divisor| *divisor >= least)
        .min()
        .unwrap_or(least)
}

/// Ports of a leaf that can face hosts at an oversubscription of 1 or more.
fn host_ports(radix: u64, oversubscription: f64) -> u64 {
    let exact = (radix as f64) * (oversubscription / (1.0 + oversubscription));
    let ports = (exact + 1e-9).floor() as u64;
    if ports + uplinks(ports, oversubscription) > radix { ports - 1 } else { ports }.max(1)
}

/// Uplinks that a leaf with this many host ports needs.
fn uplinks(host_ports: u64, oversubscription: f64) -> u64 {
    // The small difference keeps 32 / 1.0000000001 and the like from asking for one more.
    ((host_ports as f64) / oversubscription - 1e-9).ceil().max(1.0) as u64
}

pub(super) fn wiring(demand: &FabricDemand) -> Result<Wiring, FabricError> {
    for (count, name) in [
        (u64::from(demand.ports_per_accelerator), "ports per accelerator"),
        (u64::from(demand.planes), "planes"),
        (u64::from(demand.rails), "rails"),
        (demand.unit_accelerators, "accelerators per unit"),
        (u64::from(demand.links_per_cable), "links per cable"),
        (u64::from(demand.links_per_uplink), "links per uplink"),
    ] {
        if count == 0 {
            return Err(FabricError::Zero(name));
        }
    }
    for (count, limit, name) in [
        (demand.accelerators, MOST_ACCELERATORS, "accelerators"),
        (demand.unit_accelerators, MOST_ACCELERATORS, "accelerators per unit"),
        (u64::from(demand.ports_per_accelerator), MOST_PORTS, "ports per accelerator"),
        (u64::from(demand.radix), MOST_PORTS, "switch ports"),
        (u64::from(demand.upper_radix[0].unwrap_or(0)), MOST_PORTS, "spine ports"),
        (u64::from(demand.upper_radix[1].unwrap_or(0)), MOST_PORTS, "core ports"),
    ] {
        if count > limit {
            return Err(FabricError::TooMany { name, count, limit });
        }
    }
    let (ports, planes) = (demand.ports_per_accelerator, demand.planes);
    if !ports.is_multiple_of(planes) {
        return Err(FabricError::Planes { ports, planes });
    }
    for ratio in [demand.oversubscription, demand.core_oversubscription] {
        if !(ratio.is_finite() && ratio >= 1.0) {
            return Err(FabricError::Oversubscription(ratio));
        }
    }
    let oversubscription = demand.oversubscription;
    let radix = u64::from(demand.radix);
    let [spine_radix, core_radix] = demand.upper_radix.map(|own| own.map_or(radix, u64::from));
    if [radix, spine_radix, core_radix].iter().any(|ports| *ports < 2) {
        return Err(FabricError::Zero("switch ports beyond the first"));
    }
    let rails = u64::from(demand.rails);
    let ports_per_rail = (demand.unit_accelerators * u64::from(ports / planes)).div_ceil(rails);
    let leaves_per_rail = ports_per_rail.div_ceil(host_ports(radix, oversubscription));
    let ports_per_leaf = ports_per_rail.div_ceil(leaves_per_rail);
    let uplinks = uplinks(ports_per_leaf, oversubscription);
    let half = host_ports(spine_radix, demand.core_oversubscription).min(spine_radix - 1);
    let group_units = match demand.group_accelerators {
        0 => 0,
        group => group.div_ceil(demand.unit_accelerators).min(half / leaves_per_rail),
    };
    let wiring = Wiring {
        radix: spine_radix,
        core_radix,
        rails,
        leaves_per_rail,
        uplinks,
        group_units,
        rails_joined: group_units > 0 && rails > 1 && demand.tiers == Tiers::Three,
        oversubscription: (ports_per_leaf as f64) / (uplinks as f64),
        down: half,
        core_oversubscription: demand.core_oversubscription,
    };
    let (joined, limit) = match demand.tiers {
        Tiers::Two => (wiring.two_tier_units(), spine_radix),
        Tiers::Auto | Tiers::Three => (wiring.three_tier_units(), core_radix * half),
    };
    if joined == 0 {
        let (unit, leaves) = (demand.unit_accelerators, wiring.leaves_per_unit());
        return Err(FabricError::Radix { unit, leaves, radix: demand.radix, limit });
    }
    Ok(wiring)
}

/// Sizes a fat tree for a demand; the module's doc gives the construction.
///
/// More accelerators never need fewer switches of any tier: at the step to one more island each tier keeps at
/// least what the full islands before it had.
///
/// # Errors
///
/// A zero count, ports that the planes do not divide, an oversubscription below one, or a unit that is too large
/// for the switch.
pub fn fat_tree(demand: &FabricDemand) -> Result<FatTree, FabricError> {
    let wiring = wiring(demand)?;
    let Island { all_units: units, islands, capacity, three_tiers, .. } = wiring.island(demand);
    let larger = units % islands;
    let [of_small, of_large, of_full] =
        [units / islands, units / islands + 1, capacity].map(|size| wiring.plane(size, three_tiers));
    let planes = u64::from(demand.planes);
    let [leaf, spine, core] = [0, 1, 2].map(|tier: usize| {
        let equal = larger * of_large[tier] + (islands - larger) * of_small[tier];
        planes * equal.max((islands - 1) * of_full[tier])
    });

    let ports = u64::from(demand.ports_per_accelerator);
    let uplinks = if spine > 0 { leaf * wiring.uplinks } else { 0 };
    let injection = demand.port_rate * f64::from(demand.ports_per_accelerator);
    let accelerators_per_island = demand.accelerators.min(units.div_ceil(islands) * demand.unit_accelerators);
    let offered = injection * (accelerators_per_island as f64);
    let leaves_of_island = planes * if larger > 0 { of_large[0] } else { of_small[0] };
    let up = demand.port_rate * ((leaves_of_island * wiring.uplinks) as f64);
    let carried = if spine > 0 { offered.min(up) } else { offered };
    let carried = if core > 0 { carried.min(up / demand.core_oversubscription) } else { carried };
    let [per_cable, per_uplink] = [demand.links_per_cable, demand.links_per_uplink].map(u64::from);
    Ok(FatTree {
        topology: Topology::FatTree,
        accelerators: demand.accelerators,
        tiers: 1 + u32::from(spine > 0) + u32::from(core > 0),
        planes: demand.planes,
        rails: demand.rails,
        oversubscription: wiring.oversubscription,
        leaf,
        spine,
        core,
        host_leaf: (demand.accelerators * ports).div_ceil(per_cable),
        leaf_spine: uplinks.div_ceil(per_uplink),
        spine_core: if core > 0 { wiring.core_links(uplinks).div_ceil(per_uplink) } else { 0 },
        links_per_cable: demand.links_per_cable,
        links_per_uplink: demand.links_per_uplink,
        groups: 0,
        islands,
        accelerators_per_island,
        injection,
        units_per_leaf: 1,
        bisection: carried / 2.0,
    })
}

/// Sizes a fabric of the topology that is asked for.
///
/// # Errors
///
/// Those of its topology.
pub fn scale_out(demand: &FabricDemand) -> Result<FatTree, FabricError> {
    match demand.topology {
        Topology::FatTree => fat_tree(demand),
        Topology::RailOnly => rail_only(demand),
        Topology::DragonflyPlus => dragonfly_plus(demand),
        Topology::Torus(torus) => Ok(pods(torus, demand)),
    }
}

mod dragonfly;
mod rail_only;
#[cfg(test)]
mod tests;

pub use dragonfly::dragonfly_plus;
pub(super) use dragonfly::without_groups;
pub use rail_only::rail_only;
pub(super) use rail_only::{one_rail, rail_in_one_switch};
