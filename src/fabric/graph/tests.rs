use super::*;
use crate::fabric::scale_out::{Tiers, scale_out};
use crate::units::ByteRate;
use petgraph::algo::dinics;
use petgraph::graph::{DiGraph, NodeIndex};
use proptest::prelude::*;

/// The most that a half of the leaves' hosts can send to the other half, in port rates.
fn max_flow(graph: &Graph, in_first: impl Fn(usize) -> bool) -> f64 {
    let mut net: DiGraph<(), f64> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..graph.nodes()).map(|_| net.add_node(())).collect();
    let (source, sink) = (net.add_node(()), net.add_node(()));
    // Parallel cables as one: dinics then has fewer ways to look at.
    let mut cables = std::collections::BTreeMap::new();
    for link in &graph.links {
        *cables.entry((link.from, link.to)).or_insert(0.0) += 1.0;
    }
    for ((from, to), ports) in cables {
        net.add_edge(nodes[from], nodes[to], ports);
    }
    for (node, leaf) in graph.leaves.iter().enumerate() {
        let hosts = leaf.hosts as f64;
        if in_first(node) {
            net.add_edge(source, nodes[node], hosts);
        } else {
            net.add_edge(nodes[node], sink, hosts);
        }
    }
    dinics(&net, source, sink).0
}

fn demand(radix: u32, rails: u32, unit: u64, accelerators: u64) -> FabricDemand {
    FabricDemand {
        topology: Topology::FatTree,
        accelerators,
        ports_per_accelerator: 1,
        port_rate: ByteRate(1.0),
        planes: 1,
        rails,
        radix,
        upper_radix: [None; 2],
        unit_accelerators: unit,
        group_accelerators: 0,
        oversubscription: 1.0,
        tiers: Tiers::Auto,
        links_per_cable: 1,
        links_per_uplink: 1,
        core_oversubscription: 1.0,
    }
}

/// Maximum flow between the first and the second half of the leaves, all planes, against the formula.
#[track_caller]
fn halves_agree(demand: &FabricDemand) {
    let (graph, fabric) = (plane(demand).unwrap(), scale_out(demand).unwrap());
    assert_eq!(fabric.islands, 1);
    let half = graph.leaves.len() / 2;
    let flow = max_flow(&graph, |leaf| leaf < half) * f64::from(demand.planes);
    assert!((flow / fabric.bisection.0 - 1.0).abs() < 1e-9, "{demand:?}: {flow} for {}", fabric.bisection.0);
}

#[test]
fn bisection_of_two_tiers_is_the_maximum_flow() {
    halves_agree(&demand(16, 4, 32, 128));
    halves_agree(&demand(16, 1, 8, 64));
    halves_agree(&FabricDemand { oversubscription: 3.0, ..demand(16, 4, 48, 96) });
}

#[test]
fn bisection_of_three_tiers_is_the_maximum_flow() {
    let three = FabricDemand { tiers: Tiers::Three, ..demand(16, 4, 32, 256) };
    halves_agree(&three);
    halves_agree(&FabricDemand { oversubscription: 3.0, unit_accelerators: 48, accelerators: 384, ..three });
}

#[test]
fn bisection_of_several_planes_is_the_maximum_flow() {
    halves_agree(&FabricDemand { planes: 2, ports_per_accelerator: 2, ..demand(16, 4, 32, 128) });
    halves_agree(&FabricDemand { planes: 2, ports_per_accelerator: 4, ..demand(16, 4, 16, 64) });
}

// The design of DGX SuperPOD GB200 in small: rails apart up to the core.
#[test]
fn bisection_of_rails_apart_to_the_top_is_the_maximum_flow() {
    halves_agree(&FabricDemand { group_accelerators: 128, ..demand(16, 4, 32, 256) });
}

/// Rails stay whole: half of each rail's leaves are cut from the other half.
#[track_caller]
fn halves_of_rails_agree(demand: &FabricDemand) {
    let (graph, fabric) = (plane(demand).unwrap(), scale_out(demand).unwrap());
    let per_rail = graph.leaves.len() / demand.rails as usize;
    let flow = max_flow(&graph, |leaf| leaf % per_rail < per_rail / 2) * f64::from(demand.planes);
    assert!((flow / fabric.bisection.0 - 1.0).abs() < 1e-9, "{demand:?}: {flow} for {}", fabric.bisection.0);
}

#[test]
fn bisection_of_rails_alone_is_the_maximum_flow_along_them() {
    let rails = FabricDemand { topology: Topology::RailOnly, ..demand(16, 4, 32, 256) };
    halves_of_rails_agree(&rails);
    halves_of_rails_agree(&FabricDemand { oversubscription: 3.0, unit_accelerators: 48, ..rails });
    // Between rails there is no way.
    let graph = plane(&rails).unwrap();
    assert!(max_flow(&graph, |leaf| graph.leaves[leaf].rail < 2).abs() < 1e-12);
}

#[test]
fn a_rail_of_few_accelerators_is_one_switch() {
    let small = FabricDemand { topology: Topology::RailOnly, ..demand(64, 8, 256, 512) };
    let fabric = scale_out(&small).unwrap();
    assert_eq!((fabric.switches(), fabric.tiers, fabric.host_leaf), (8, 1, 512));
    assert_eq!(
        plane(&small).unwrap().leaves,
        (0..8).map(|rail| Leaf { hosts: 64, rail }).collect::<Vec<_>>()
    );
}

// k = 8, 4 leaves of 4 hosts in a group, 4 spines with 4 ports outwards: 16 ports for the groups' peers. 8 groups: 2
// links between each two; 4 · 4 · 2 = 32 links for 64 hosts in a half.
#[test]
fn bisection_of_a_dragonfly_is_the_maximum_flow() {
    let dragonfly = FabricDemand { topology: Topology::DragonflyPlus, ..demand(8, 1, 4, 128) };
    let fabric = scale_out(&dragonfly).unwrap();
    assert_eq!((fabric.leaf, fabric.spine, fabric.core, fabric.spine_core), (32, 32, 0, 56));
    assert!((fabric.bisection.0 - 32.0).abs() < 1e-12);
    halves_agree(&dragonfly);
    halves_agree(&FabricDemand { accelerators: 64, ..dragonfly });
}

proptest! {
    #[test]
    fn a_graph_has_the_counts_of_its_fabric(
        radix in prop::sample::select(vec![8_u32, 12, 16]), rails in 1_u32..=4, per_rail in 1_u64..=12,
        units in 1_u64..=20, oversubscription in 1.0_f64..3.0, topology in 0_usize..3,
    ) {
        let topology = [Topology::FatTree, Topology::RailOnly, Topology::DragonflyPlus][topology];
        let unit = per_rail * u64::from(rails);
        let demand = FabricDemand { topology, oversubscription, ..demand(radix, rails, unit, units * unit) };
        let Ok(fabric) = scale_out(&demand) else { return Ok(()) };
        prop_assume!(fabric.islands == 1);
        let graph = plane(&demand).unwrap();
        prop_assert_eq!(graph.leaves.len() as u64, fabric.leaf);
        prop_assert_eq!(graph.nodes() as u64, fabric.switches());
        prop_assert_eq!(graph.links.len() as u64, 2 * (fabric.leaf_spine + fabric.spine_core));
        prop_assert_eq!(graph.leaves.iter().map(|leaf| leaf.hosts).sum::<u64>(), fabric.host_leaf);
        for (node, links) in graph.out.iter().enumerate() {
            let hosts = graph.leaves.get(node).map_or(0, |leaf| leaf.hosts);
            prop_assert!(links.len() as u64 + hosts <= u64::from(radix), "{} of {:?}", node, demand);
        }
    }

    #[test]
    fn no_half_sends_less_than_the_bisection(
        rails in 1_u32..=4, units in 1_u64..=4, seed in 0_u64..1_000, three in any::<bool>(),
    ) {
        let tiers = if three { Tiers::Three } else { Tiers::Two };
        // 4 · units leaves of a rail, each with 8 hosts and 8 uplinks.
        let demand = FabricDemand { tiers, ..demand(16, rails, 8 * u64::from(rails), 2 * units * 8 * u64::from(rails)) };
        let Ok(fabric) = scale_out(&demand) else { return Ok(()) };
        prop_assume!(fabric.islands == 1);
        let graph = plane(&demand).unwrap();
        let stream = crate::random::Stream { seed, stream: 7 };
        let mut order: Vec<usize> = (0..graph.leaves.len()).collect();
        order.sort_by_key(|leaf| stream.words(*leaf as u64));
        let first = &order[..order.len() / 2];
        let flow = max_flow(&graph, |leaf| first.contains(&leaf));
        // A core that a partial group reaches unevenly may lose a link or two of each.
        prop_assert!(flow >= fabric.bisection.0 * (1.0 - 1e-9), "{flow} of {}", fabric.bisection.0);
    }
}
