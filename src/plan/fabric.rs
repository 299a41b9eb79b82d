//! What a plan says of its networks: counts, bandwidths, link loads, optics either way, and what stands beside.

use super::equipment::{Machine, Network};
use super::messages;
use super::result::{
    BetweenBuildings, Fabric, Layout, OpticsChoice, RoutedTraffic, ScaleOut, ScaleUp, SupportNetwork,
    TorusShape,
};
use super::sizing::{Draw, demand_of, torus_of};
use crate::catalog::InputError;
use crate::catalog::profile::{ScaleUpTopology, Switch};
use crate::fabric::between::fibre_latency;
use crate::fabric::graph::plane;
use crate::fabric::routing::{Pattern, Router, Routing};
use crate::fabric::scale_out::{FabricDemand, FabricError, Tiers, Topology};
use crate::random::Stream;
use crate::scenario::{Fields, Scenario};
use crate::units::{ByteRate, Ratio};

/// Accelerators of the pod that link loads are looked at on, if four units are no more.
const POD: u64 = 2_048;
/// Units of it at least: traffic has to leave its leaves.
const POD_UNITS: u64 = 4;
/// Accelerators that exchange all with all: the width of expert parallelism in published deployments (DeepSeek-V3,
/// arXiv:2412.19437 section 3.2, spreads experts over 64 in training).
const EXCHANGE: u64 = 64;
/// Stream of the hashes and of shuffled rings.
const HASHES: u64 = 0x00FA_B71C;

/// All networks of a plan.
pub(super) fn fabric(
    scenario: &Scenario,
    loads: &[(&Machine, &Draw)],
    networks: Vec<SupportNetwork>,
    layout: &Layout,
    seed: u64,
) -> Result<Fabric, InputError> {
    let fields = &scenario.fields;
    let scale_up = loads.first().map_or(
        ScaleUp { domain_accelerators: 0, bandwidth_per_accelerator: ByteRate(0.0), torus: None },
        |(machine, _)| ScaleUp {
            domain_accelerators: u64::from(machine.system.scale_up.domain),
            bandwidth_per_accelerator: machine.scale_up_bandwidth,
            torus: torus(machine),
        },
    );
    let mut scale_out_of_all = Vec::new();
    for (machine, draw) in loads.iter().filter(|(_, draw)| draw.racks > 0) {
        let refused = |path: &'static str| move |error: FabricError| scenario.error(path, error.to_string());
        let out = scale_out(machine, draw, fields, seed).map_err(refused("fabric.switch"))?;
        scale_out_of_all.push(out);
    }
    let collectives = loads
        .first()
        .map_or_else(Vec::new, |(machine, draw)| messages::collectives(machine, draw, &fields.fabric));
    let islands = loads.iter().map(|(_, draw)| if draw.racks > 0 { draw.fabric.islands } else { 0 }).sum();
    let between = BetweenBuildings {
        buildings: layout.buildings,
        fabrics: islands,
        fibre: layout.fibre,
        latency: fibre_latency(layout.fibre),
        bandwidth_per_accelerator: fields.campus.bandwidth,
    };
    Ok(Fabric { scale_up, scale_out: scale_out_of_all, collectives, networks, between })
}

/// The torus of a domain that is one.
fn torus(machine: &Machine) -> Option<TorusShape> {
    if machine.system.scale_up.topology != ScaleUpTopology::Torus {
        return None;
    }
    let torus = torus_of(machine).ok()?;
    Some(TorusShape {
        shape: torus.shape,
        known: machine.system.scale_up.shape.is_some(),
        links: torus.links(),
        optical_links: torus.optical_links(),
        bisection: torus.bisection(machine.scale_up_bandwidth),
        all_to_all_slow_down: Ratio(torus.all_to_all_slow_down()),
    })
}

fn scale_out(machine: &Machine, draw: &Draw, fields: &Fields, seed: u64) -> Result<ScaleOut, FabricError> {
    let tree = &draw.fabric;
    let demand = demand_of(machine, tree.accelerators_per_island, &fields.fabric)?;
    let (pod_accelerators, routing) = routed(&demand, tree.tiers, seed)?;
    let [host_leaf, leaf_spine, spine_core] = tree.tier_bandwidth(demand.port_rate);
    Ok(ScaleOut {
        system: machine.id.clone(),
        topology: tree.name().to_owned(),
        tiers: tree.tiers,
        planes: tree.planes,
        oversubscription: Ratio(tree.oversubscription),
        islands: tree.islands,
        switch: if tree.switches() > 0 { machine.network.switch.name.clone() } else { "none".to_owned() },
        leaf: tree.leaf,
        spine: tree.spine,
        core: tree.core,
        host_leaf: tree.host_leaf,
        leaf_spine: tree.leaf_spine,
        spine_core: tree.spine_core,
        transceivers: tree.transceivers(machine.network.switch.co_packaged_optics),
        power: draw.network,
        injection_per_accelerator: tree.injection,
        tier_bandwidths: [("host-leaf", host_leaf), ("leaf-spine", leaf_spine), ("spine-core", spine_core)],
        bisection: tree.bisection,
        pod_accelerators,
        routing,
        optics: optics(&machine.network, draw),
    })
}

/// Link loads of a pod that stands for an island, under what a run sends and both ways to route it.
fn routed(demand: &FabricDemand, tiers: u32, seed: u64) -> Result<(u64, Vec<RoutedTraffic>), FabricError> {
    if let Topology::Torus(torus) = demand.topology {
        let all_to_all = RoutedTraffic {
            pattern: "all-to-all",
            routing: "adaptive",
            worst: Ratio(torus.all_to_all_slow_down()),
            mean: Ratio(torus.mean_load()),
            slow_down: Ratio(torus.all_to_all_slow_down()),
        };
        return Ok((torus.accelerators(), vec![all_to_all]));
    }
    let unit = demand.unit_accelerators.max(1);
    // A dragonfly+ has no groups until its leaves outnumber the ports of a switch.
    let leaf_hosts = u64::from(demand.radix / 2);
    let ports = u64::from(demand.ports_per_accelerator / demand.planes).max(1);
    let least = match demand.topology {
        Topology::DragonflyPlus => (u64::from(demand.radix) + 1) * leaf_hosts / ports,
        _ => POD,
    };
    let units = least.div_ceil(unit).max(POD_UNITS).min(demand.accelerators.div_ceil(unit));
    let tiers = if tiers > 2 { Tiers::Three } else { Tiers::Auto };
    let pod = FabricDemand { accelerators: units * unit, tiers, ..*demand };
    let graph = plane(&pod)?;
    let router = Router::new(&graph, Stream { seed, stream: HASHES });
    let mut all = Vec::new();
    for (pattern, name) in [
        (Pattern::AllToAll(EXCHANGE), "all-to-all"),
        (Pattern::RingInOrder, "ring"),
        (Pattern::RingShuffled, "shuffled ring"),
    ] {
        for (routing, how) in [(Routing::Ecmp, "ECMP"), (Routing::Adaptive, "adaptive")] {
            let loads = router.check(pattern, routing);
            all.push(RoutedTraffic {
                pattern: name,
                routing: how,
                worst: Ratio(loads.worst),
                mean: Ratio(loads.mean),
                slow_down: Ratio(loads.slow_down()),
            });
        }
    }
    Ok((pod.accelerators, all))
}

/// The fabric with the optics of its switch, then with those of the twin.
fn optics(network: &Network, draw: &Draw) -> Vec<OpticsChoice> {
    let choice = |switch: &Switch| {
        let power = switch.power_populated.value * draw.fabric.switches() as f64;
        OpticsChoice {
            switch: switch.name.clone(),
            co_packaged: switch.co_packaged_optics,
            power,
            per_accelerator: power / draw.accelerators.max(1) as f64,
            transceivers: draw.fabric.transceivers(switch.co_packaged_optics),
        }
    };
    match &network.twin {
        Some(twin) if draw.fabric.switches() > 0 => vec![choice(&network.switch), choice(twin)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::equipment::Equipment;
    use super::super::sizing::fabric_of;
    use super::*;
    use crate::catalog::Catalog;
    use crate::plan::{Options, plan};
    use crate::scenario::{Flags, resolve};
    use proptest::prelude::*;

    const TRAINING: &str = "serving = []\n[[training]]\nmodel = \"llama-3.1-405b\"\naccelerators = 8192\n";

    fn scenario(system: &str, text: &str, settings: &[&str]) -> Scenario {
        let set = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let flags = Flags { system: Some(system.into()), set, ..Flags::default() };
        resolve(Some(("test", text)), &flags, &mut Catalog::default()).unwrap()
    }

    /// Watts of the switches of a system's fabric for each accelerator, with the switch named.
    fn watts(system: &str, switch: &str, accelerators: u64) -> f64 {
        let scenario = scenario(system, "serving = []", &[&format!("fabric.switch={switch}")]);
        let equipment = Equipment::gather(&scenario, &Catalog::default()).unwrap();
        let machine = &equipment.machines[0];
        let tree = fabric_of(machine, accelerators, &scenario.fields.fabric).unwrap();
        machine.network.kind.power.0 * tree.switches() as f64 / accelerators as f64
    }

    // Switches × 7.0 kW pluggable and 3.95 kW co-packaged (Lambda), 1.5 kW for Quantum-2, over accelerators: 12 / 576,
    // 1,440 / 41,472, twice that on two planes, 48 / 1,024.
    #[test]
    fn watts_per_accelerator_are_those_of_the_reference_designs() {
        for (system, switch, accelerators, expected) in [
            ("gb300-nvl72", "q3400-ra", 576, 146.0),
            ("gb300-nvl72", "q3450-ld", 576, 82.0),
            ("gb300-nvl72", "q3400-ra", 41_472, 243.0),
            ("gb300-nvl72", "q3450-ld", 41_472, 137.0),
            ("vr-nvl72", "q3400-ra", 10_368, 292.0),
            ("vr-nvl72", "q3450-ld", 10_368, 165.0),
            ("vr-nvl72", "q3400-ra", 41_472, 486.0),
            ("vr-nvl72", "q3450-ld", 41_472, 274.0),
            ("hgx-h100", "qm9700", 1_024, 70.0),
        ] {
            let watts = watts(system, switch, accelerators);
            assert!((watts / expected - 1.0).abs() < 0.05, "{accelerators} {system} on {switch}: {watts} W");
        }
    }

    #[test]
    fn both_optics_stand_side_by_side() {
        let plan =
            plan(&scenario("gb300-nvl72", "serving = []", &[]), &Catalog::default(), Options::default())
                .unwrap();
        let [own, other] = &plan.fabric.scale_out[0].optics[..] else { panic!("two choices") };
        assert!(!own.co_packaged && other.co_packaged);
        assert!((own.power / plan.fabric.scale_out[0].power - 1.0).abs() < 1e-12);
        assert!(other.power < own.power && other.transceivers < own.transceivers);
    }

    #[test]
    fn what_stands_beside_fits_into_the_support_of_its_system() {
        for system in ["gb300-nvl72", "hgx-h100", "gb200-nvl72"] {
            let scenario = scenario(system, "serving = []", &[]);
            let equipment = Equipment::gather(&scenario, &Catalog::default()).unwrap();
            let machine = &equipment.machines[0];
            let draw = super::super::sizing::draw(machine, machine.unit_racks * 20, &scenario.fields.fabric)
                .unwrap();
            let beside = crate::plan::beside::beside(machine, &draw, &scenario.fields).unwrap();
            let networks = beside.networks(machine, &draw, &scenario.fields);
            assert_eq!(networks.len(), 3);
            let power: f64 = networks.iter().map(|network| network.power.0).sum();
            assert!(power > 0.0 && power < draw.support.0, "{system}: {power} W of {}", draw.support);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_wider_link_between_fabrics_never_slows_a_run(gigabits in 1.0_f64..400.0, more in 1.0_f64..20.0) {
            let run = |rate: f64| {
                let rate = format!("campus.bandwidth={rate} Gb/s");
                let scenario = scenario("gb300-nvl72", TRAINING, &["fabric.cluster=2304", &rate]);
                plan(&scenario, &Catalog::default(), Options::default()).unwrap().training[0].clone()
            };
            let (narrow, wide) = (run(gigabits), run(gigabits * more));
            prop_assert_eq!((narrow.fabrics, wide.fabrics), (4, 4));
            prop_assert!(wide.tokens_per_s.0 >= narrow.tokens_per_s.0);
            prop_assert!(wide.between_fabrics <= narrow.between_fabrics);
            prop_assert!(narrow.between_fabrics < narrow.step_time);
        }
    }
}
