use super::*;
use crate::fabric::graph::plane;
use crate::fabric::scale_out::{FabricDemand, Tiers, Topology};
use crate::units::ByteRate;
use proptest::prelude::*;

const DRAW: Stream = Stream { seed: 1, stream: 1 };
const PATTERNS: [Pattern; 3] = [Pattern::AllToAll(16), Pattern::RingInOrder, Pattern::RingShuffled];
const TOPOLOGIES: [Topology; 3] = [Topology::FatTree, Topology::RailOnly, Topology::DragonflyPlus];

/// Four units of 32 hosts on each of two rails, 16 ports a switch.
fn demand(topology: Topology, oversubscription: f64) -> FabricDemand {
    FabricDemand {
        topology,
        accelerators: 256,
        ports_per_accelerator: 1,
        port_rate: ByteRate(1.0),
        planes: 1,
        rails: 2,
        radix: 16,
        upper_radix: [None; 2],
        unit_accelerators: 64,
        group_accelerators: 0,
        oversubscription,
        tiers: Tiers::Auto,
        links_per_cable: 1,
        links_per_uplink: 1,
        core_oversubscription: 1.0,
    }
}

fn small(topology: Topology, tiers: Tiers, oversubscription: f64) -> Graph {
    plane(&FabricDemand { tiers, ..demand(topology, oversubscription) }).unwrap()
}

/// What comes out of a switch less what goes in, hosts counted as both.
fn imbalance(graph: &Graph, flows: &[Flow], loads: &[f64]) -> f64 {
    let mut left = vec![0.0; graph.nodes()];
    for flow in flows {
        left[flow.from] += flow.rate;
        left[flow.to] -= flow.rate;
    }
    for (link, load) in graph.links.iter().zip(loads) {
        left[link.from] -= load;
        left[link.to] += load;
    }
    left.into_iter().map(f64::abs).fold(0.0, f64::max)
}

proptest! {
    #[test]
    fn what_enters_a_switch_leaves_it(
        topology in 0_usize..3, pattern in 0_usize..3, three in any::<bool>(),
        oversubscription in 1.0_f64..4.0, seed in any::<u64>(),
    ) {
        let tiers = if three { Tiers::Three } else { Tiers::Auto };
        let graph = small(TOPOLOGIES[topology], tiers, oversubscription);
        let random = Stream { seed, stream: 3 };
        let flows = flows(&graph, PATTERNS[pattern], random);
        let hosts: u64 = graph.leaves.iter().map(|leaf| leaf.hosts).sum();
        let sent: f64 = flows.iter().map(|flow| flow.rate).sum();
        prop_assert!((sent / hosts as f64 - 1.0).abs() < 1e-9, "every port is filled");
        for routing in [Routing::Ecmp, Routing::Adaptive] {
            let loads = Router::new(&graph, random).loads(&flows, routing);
            prop_assert!(imbalance(&graph, &flows, &loads) < 1e-9);
        }
    }

    #[test]
    fn the_hash_never_beats_an_equal_split_on_average(pattern in 0_usize..3, seed in any::<u64>()) {
        let graph = small(Topology::FatTree, Tiers::Auto, 1.0);
        let random = Stream { seed, stream: 3 };
        let [hashed, even] =
            [Routing::Ecmp, Routing::Adaptive].map(|routing| Router::new(&graph, random).check(PATTERNS[pattern], routing));
        prop_assert!((hashed.mean / even.mean - 1.0).abs() < 1e-9, "all ways are equally long");
        prop_assert!(hashed.worst >= even.worst - 1e-9);
    }
}

// Two tiers, non-blocking, spread evenly: no link carries more than its port, whatever the pattern.
#[test]
fn adaptive_routing_of_a_non_blocking_tree_slows_nothing() {
    let graph = small(Topology::FatTree, Tiers::Auto, 1.0);
    for pattern in PATTERNS {
        let loads = Router::new(&graph, DRAW).check(pattern, Routing::Adaptive);
        assert!(loads.worst <= 1.0 + 1e-9 && loads.slow_down() <= 1.0 + 1e-9, "{pattern:?}: {loads:?}");
    }
}

// 8 leaves of a rail with 12 hosts and 4 uplinks each, one for each of 4 spines: 12 / 4 hosts for each uplink, less the
// 11 of 95 peers on the leaf.
#[test]
fn all_to_all_over_an_oversubscribed_leaf_slows_by_its_taper() {
    let two_units =
        FabricDemand { accelerators: 192, unit_accelerators: 96, ..demand(Topology::FatTree, 3.0) };
    let graph = plane(&two_units).unwrap();
    let loads = Router::new(&graph, DRAW).check(Pattern::AllToAll(96), Routing::Adaptive);
    assert!((loads.worst / (3.0 * 84.0 / 95.0) - 1.0).abs() < 1e-9, "{loads:?}");
    assert!((loads.slow_down() / loads.mean - 1.0).abs() < 1e-9, "all links are loaded alike");
}

// One flow a host and as many uplinks as hosts: some uplink gets two flows or more. A ring in order leaves a leaf once.
#[test]
fn a_shuffled_ring_collides_under_ecmp_and_one_in_order_does_not() {
    let graph = small(Topology::FatTree, Tiers::Auto, 1.0);
    assert!(Router::new(&graph, DRAW).check(Pattern::RingShuffled, Routing::Ecmp).slow_down() >= 2.0);
    assert!(Router::new(&graph, DRAW).check(Pattern::RingInOrder, Routing::Ecmp).slow_down() <= 2.0 + 1e-9);
    assert!(
        (Router::new(&graph, DRAW).check(Pattern::RingInOrder, Routing::Adaptive).slow_down() - 1.0).abs()
            < 1e-9
    );
}
