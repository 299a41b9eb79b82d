//! A fabric drawn out switch by switch and port by port: what bisection and link loads are checked on.
//!
//! One plane of one island, in whole units. Ports are laid so that each tier spreads evenly over the next one:
//!
//! ~~~text
//! uplink t of leaf l          ─► spine (l·u + t) mod S of its group
//! uplink n of all spines      ─► core n mod C
//! link t to the i-th peer     ─► spine (i·p + t) mod S of a dragonfly+ group with p links to each peer
//! ~~~
//!
//! Every cable is two directed links at the rate of a host port. Left out: hosts as nodes of their own; a leaf
//! knows how many ports it feeds.

use super::scale_out::{
    FabricDemand, FabricError, Topology, one_rail, rail_in_one_switch, wiring, without_groups,
};
use super::torus::Torus;

/// A link of one direction, at the rate of a host port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The switch that sends.
    pub from: usize,
    /// The switch that receives.
    pub to: usize,
}

/// A switch with host ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Host ports in use.
    pub hosts: u64,
    /// The rail that they are on.
    pub rail: u64,
}

/// Switches and the links between them; the first ones are the leaves.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Leaves: nodes 0, 1, 2, …
    pub leaves: Vec<Leaf>,
    /// Links, two for each cable.
    pub links: Vec<Link>,
    /// Links that leave each switch.
    pub out: Vec<Vec<usize>>,
}

impl Graph {
    /// Leaves without links.
    #[must_use]
    pub fn of(leaves: Vec<Leaf>) -> Self {
        let out = vec![Vec::new(); leaves.len()];
        Self { leaves, links: Vec::new(), out }
    }

    /// Switches.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.out.len()
    }

    /// Adds switches and returns the first of them.
    fn add(&mut self, switches: u64) -> usize {
        let first = self.nodes();
        self.out.resize(first + switches as usize, Vec::new());
        first
    }

    /// Joins two switches by one cable.
    pub fn join(&mut self, one: usize, other: usize) {
        for (from, to) in [(one, other), (other, one)] {
            self.out[from].push(self.links.len());
            self.links.push(Link { from, to });
        }
    }

    /// Joins leaves to spines that stand in a row and returns the links that each spine took.
    fn spread(&mut self, leaves: &[usize], uplinks: u64, first: usize, spines: u64) -> Vec<u64> {
        let mut taken = vec![0; spines as usize];
        let ports = leaves.iter().flat_map(|leaf| (0..uplinks).map(move |_| *leaf));
        for (port, leaf) in ports.enumerate() {
            let spine = port % spines as usize;
            taken[spine] += 1;
            self.join(leaf, first + spine);
        }
        taken
    }
}

/// Draws one plane of one island for a demand, its accelerators in whole units.
///
/// # Errors
///
/// Those of sizing it.
pub fn plane(demand: &FabricDemand) -> Result<Graph, FabricError> {
    match demand.topology {
        Topology::FatTree => fat_tree(demand),
        Topology::RailOnly => rail_only(demand),
        Topology::DragonflyPlus => dragonfly_plus(demand),
        Topology::Torus(torus) => Ok(torus_pod(torus)),
    }
}

/// The leaves of some units, unit by unit and in it rail by rail.
fn leaves_of(demand: &FabricDemand, units: u64, leaves_per_rail: u64) -> Vec<Leaf> {
    let rails = u64::from(demand.rails);
    let on_plane = demand.unit_accelerators * u64::from(demand.ports_per_accelerator / demand.planes);
    // Where the rails are not equally long the first ones are longer.
    let share = |whole: u64, parts: u64, part: u64| whole / parts + u64::from(part < whole % parts);
    (0..units)
        .flat_map(|_| (0..rails).flat_map(move |rail| (0..leaves_per_rail).map(move |leaf| (rail, leaf))))
        .map(|(rail, leaf)| Leaf { hosts: share(share(on_plane, rails, rail), leaves_per_rail, leaf), rail })
        .collect()
}

fn fat_tree(demand: &FabricDemand) -> Result<Graph, FabricError> {
    let wiring = wiring(demand)?;
    let island = wiring.island(demand);
    let mut graph = Graph::of(leaves_of(demand, island.units, wiring.leaves_per_rail));
    let all: Vec<usize> = (0..graph.leaves.len()).collect();
    if all.len() <= 1 {
        return Ok(graph);
    }
    if !island.three_tiers {
        let spines = wiring.spines(all.len() as u64, wiring.radix);
        let first = graph.add(spines);
        graph.spread(&all, wiring.uplinks, first, spines);
        return Ok(graph);
    }
    let groups: Vec<Vec<usize>> = if wiring.group_units > 0 {
        let size = (wiring.group_units * wiring.leaves_per_unit()) as usize;
        let rail_of = |leaf: &usize| graph.leaves[*leaf].rail;
        all.chunks(size)
            .flat_map(|group| {
                (0..wiring.rails)
                    .map(move |rail| group.iter().copied().filter(|leaf| rail_of(leaf) == rail).collect())
            })
            .collect()
    } else {
        all.chunks(wiring.down as usize).map(<[usize]>::to_vec).collect()
    };
    let mut uplinks = Vec::new();
    for group in &groups {
        let built = if wiring.group_units > 0 {
            wiring.group_units * wiring.leaves_per_rail
        } else {
            group.len() as u64
        };
        let spines = wiring.spines(built, wiring.down);
        let first = graph.add(spines);
        let taken = graph.spread(group, wiring.uplinks, first, spines);
        uplinks.extend(
            taken.into_iter().enumerate().flat_map(|(spine, links)| (0..links).map(move |_| first + spine)),
        );
    }
    let [_, _, cores] = wiring.plane(island.units, true);
    if cores > 0 {
        let first = graph.add(cores);
        let upto = |port: usize| wiring.core_links(port as u64);
        let kept = uplinks.into_iter().enumerate().filter(|(port, _)| upto(port + 1) > upto(*port));
        for (port, (_, spine)) in kept.enumerate() {
            graph.join(spine, first + port % cores as usize);
        }
    }
    Ok(graph)
}

/// Rails side by side, with no link from one to another.
fn rail_only(demand: &FabricDemand) -> Result<Graph, FabricError> {
    let mut whole = Graph::default();
    let one = match rail_in_one_switch(demand)? {
        Some(hosts) => Graph::of(vec![Leaf { hosts, rail: 0 }]),
        None => fat_tree(&one_rail(demand))?,
    };
    // Leaves that several units share are wired whole; the last of them have ports to spare.
    let mut ports = one_rail(demand).accelerators * u64::from(demand.ports_per_accelerator / demand.planes);
    let mut one = one;
    for leaf in &mut one.leaves {
        leaf.hosts = leaf.hosts.min(ports);
        ports -= leaf.hosts;
    }
    let (rails, leaves) = (demand.rails as usize, one.leaves.len());
    // Leaves come first: a node of a rail is moved behind those of the rails before it.
    let node = |rail: usize, node: usize| match node.checked_sub(leaves) {
        None => rail * leaves + node,
        Some(above) => rails * leaves + rail * (one.nodes() - leaves) + above,
    };
    for rail in 0..rails {
        whole.leaves.extend(one.leaves.iter().map(|leaf| Leaf { rail: rail as u64, ..*leaf }));
    }
    whole.add((rails * one.nodes()) as u64);
    for rail in 0..rails {
        for cable in one.links.iter().step_by(2) {
            whole.join(node(rail, cable.from), node(rail, cable.to));
        }
    }
    Ok(whole)
}

fn dragonfly_plus(demand: &FabricDemand) -> Result<Graph, FabricError> {
    let wiring = wiring(demand)?;
    let island = wiring.island(demand);
    let leaves = island.units * wiring.leaves_per_unit();
    let Some(shape) = wiring.groups(leaves) else { return fat_tree(&without_groups(demand)) };
    let mut graph = Graph::of(leaves_of(demand, island.units, wiring.leaves_per_rail));
    let all: Vec<usize> = (0..leaves as usize).collect();
    let first = graph.add(shape.count * shape.spines);
    let spines_of = |group: u64| first + (group * shape.spines) as usize;
    for (group, members) in (0..).zip(all.chunks(shape.leaves as usize)) {
        graph.spread(members, wiring.uplinks, spines_of(group), shape.spines);
    }
    for one in 0..shape.count {
        for other in one + 1..shape.count {
            for link in 0..shape.links_between {
                // The peers of a group are numbered without itself.
                let from = ((other - 1) * shape.links_between + link) % shape.spines;
                let to = (one * shape.links_between + link) % shape.spines;
                graph.join(spines_of(one) + from as usize, spines_of(other) + to as usize);
            }
        }
    }
    Ok(graph)
}

/// A whole pod; each accelerator is its own leaf.
fn torus_pod(torus: Torus) -> Graph {
    let [a, b, c] = torus.shape;
    let mut graph = Graph::of(vec![Leaf { hosts: 1, rail: 0 }; torus.accelerators() as usize]);
    let node = |x: u64, y: u64, z: u64| (((x % a) * b + y % b) * c + z % c) as usize;
    for x in 0..a {
        for y in 0..b {
            for z in 0..c {
                let next = [(a, node(x + 1, y, z)), (b, node(x, y + 1, z)), (c, node(x, y, z + 1))];
                for (_, next) in next.into_iter().filter(|(side, _)| *side > 1) {
                    graph.join(node(x, y, z), next);
                }
            }
        }
    }
    graph
}

#[cfg(test)]
mod tests;
