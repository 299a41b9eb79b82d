//! What a plan says of its networks: counts, bandwidths, link loads, optics either way, and what stands beside.

use super::equipment::{Machine, Network};
use super::messages;
use super::result::{
    BetweenBuildings, Cable, EndKind, Fabric, Layout, OpticsChoice, RoutedTraffic, ScaleOut, ScaleUp,
    SupportNetwork, TorusShape,
};
use super::sizing::{Draw, demand_of, torus_of};
use crate::catalog::InputError;
use crate::catalog::profile::{ScaleUpTopology, Switch};
use crate::fabric::between::fibre_latency;
use crate::fabric::graph::plane;
use crate::fabric::routing::{EXCHANGE, Pattern, Router, Routing};
use crate::fabric::scale_out::{FabricDemand, FabricError, Tiers, Topology};
use crate::layout::cables::Net;
use crate::random::Stream;
use crate::scenario::{Fields, Scenario};
use crate::units::{ByteRate, Ratio};

/// Accelerators of the pod that link loads are looked at on, if four units are no more.
const POD: u64 = 2_048;
/// Units of it at least: traffic has to leave its leaves.
const POD_UNITS: u64 = 4;
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
        let out = scale_out(machine, draw, fields, layout, seed).map_err(refused("fabric.switch"))?;
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
        optical_switches: torus.optical_switches(),
        bisection: torus.bisection(machine.scale_up_bandwidth),
        all_to_all_slow_down: Ratio(torus.all_to_all_slow_down()),
    })
}

fn scale_out(
    machine: &Machine,
    draw: &Draw,
    fields: &Fields,
    layout: &Layout,
    seed: u64,
) -> Result<ScaleOut, FabricError> {
    let tree = &draw.fabric;
    let of_it = |cable: &&Cable| cable.net == Net::ScaleOut && cable.system == machine.id;
    let ends_of = |kind| layout.cables.iter().filter(of_it).map(|cable| cable.ends_of(kind)).sum();
    let plugged = layout.cables.iter().filter(of_it).flat_map(|cable| &cable.ends);
    let plugged = plugged.filter(|end| end.kind == EndKind::Transceiver);
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
        transceivers: ends_of(EndKind::Transceiver),
        transceiver_modules: plugged.map(|end| end.modules).sum(),
        copper_ends: ends_of(EndKind::Copper),
        co_packaged_ends: ends_of(EndKind::CoPackaged),
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
    // A dragonfly+ has no groups until its leaves outnumber the ports of a switch, rails no spines until their ports do.
    let leaf_hosts = u64::from(demand.radix / 2);
    let ports = u64::from(demand.ports_per_accelerator / demand.planes).max(1);
    let least = match demand.topology {
        Topology::DragonflyPlus => (u64::from(demand.radix) + 1) * leaf_hosts / ports,
        Topology::RailOnly => (u64::from(demand.radix) / ports + 1) * u64::from(demand.rails),
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
    use crate::layout::cables::CableKind;
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

    fn planned(system: &str, settings: &[&str]) -> crate::plan::Plan {
        plan(&scenario(system, "serving = []", settings), &Catalog::default(), Options::default()).unwrap()
    }

    fn cables_of(plan: &crate::plan::Plan, net: Net, kind: CableKind) -> u64 {
        let own = plan.layout.cables.iter().filter(|cable| cable.net == net && cable.tier == kind);
        own.map(|cable| cable.count).sum()
    }

    // A gigawatt of GB300 is thousands of leaves: groups of at most 72, joined spine to spine without cores.
    #[test]
    fn a_dragonfly_is_planned_and_laid_from_the_scenario() {
        let (tree, dragonfly) =
            (planned("gb300-nvl72", &[]), planned("gb300-nvl72", &["fabric.topology=dragonfly-plus"]));
        let (out, full) = (&dragonfly.fabric.scale_out[0], &tree.fabric.scale_out[0]);
        assert_eq!((out.topology.as_str(), out.core), ("dragonfly+", 0));
        assert!(out.spine_core > 0 && out.leaf + out.spine < full.leaf + full.spine + full.core);
        assert!(out.bisection < full.bisection);
        for (kind, links) in [
            (CableKind::HostLeaf, out.host_leaf),
            (CableKind::LeafSpine, out.leaf_spine),
            (CableKind::SpineCore, out.spine_core),
        ] {
            assert_eq!(cables_of(&dragonfly, Net::ScaleOut, kind), links);
        }
        assert!(dragonfly.layout.cables.iter().all(|cable| cable.reached));
        let named =
            |plan: &crate::plan::Plan, name: &str| plan.layout.cables.iter().any(|one| one.kind == name);
        assert!(named(&dragonfly, "global") && !named(&dragonfly, "spine-core") && !named(&tree, "global"));
    }

    // 72 rails where the reference design has four: each leaf has 72 hosts of as many domains, one of each.
    #[test]
    fn rail_only_has_a_rail_for_each_accelerator_of_a_domain() {
        let plan = planned("gb300-nvl72", &["fabric.topology=rail-only"]);
        let out = &plan.fabric.scale_out[0];
        let loaded =
            out.routing.iter().all(|row| row.mean.0 > 0.0 && row.worst.0 >= row.mean.0 * (1.0 - 1e-9));
        assert!(loaded && out.pod_accelerators > 144 * 72, "{:?}", out.routing);
        assert_eq!(out.leaf % 72, 0, "{} leaves", out.leaf);
        let domains = plan.fleet.accelerators / 72;
        assert_eq!(out.leaf, 72 * domains.div_ceil(72));
        assert_eq!(cables_of(&plan, Net::ScaleOut, CableKind::HostLeaf), out.host_leaf);
    }

    // Racks of 72: 13 of them are 936, and less than one is refused. 72 host ports of a leaf have two uplinks at the least.
    #[test]
    fn fabrics_are_built_of_whole_racks_and_uplinks_and_say_so() {
        let settings = ["envelope.power=20 MW", "fabric.cluster=1000", "fabric.oversubscription=64"];
        let plan = planned("gb300-nvl72", &settings);
        let note = |name: &str| {
            let told = plan.verdicts.iter().find(|one| one.constraint.starts_with(name)).expect(name);
            assert!(told.short_by <= 0.0, "{told:?}");
            told.note.clone()
        };
        assert!(note("cluster of").starts_with("1,000 asked, 936 built"));
        assert_eq!(plan.fabric.between.fabrics, plan.fleet.accelerators.div_ceil(936));
        let out = &plan.fabric.scale_out[0];
        assert!(out.oversubscription.0 < 64.0);
        let built = format!("64.00 asked, {:.2} built", out.oversubscription.0);
        assert!(note("oversubscription of").starts_with(&built), "{built}: {}", note("oversubscription of"));
        let refused = |settings: &[&str]| {
            let scenario = scenario("gb300-nvl72", "serving = []", settings);
            Equipment::gather(&scenario, &Catalog::default()).unwrap_err().to_string()
        };
        assert!(refused(&["fabric.cluster=5"]).contains("5 is less than the 72 accelerators"));
        // A port of the trays' Ethernet adapters does not plug into InfiniBand.
        for field in ["switch=q3400-ra", "management_switch=qm9700"] {
            assert!(refused(&[&format!("support_networks.{field}")]).contains("InfiniBand"), "{field}");
        }
    }

    // Ports of storage and management racks, of switches and of CDUs, and leaf ports for the uplinks: all laid, none twice.
    #[test]
    fn what_stands_beside_the_accelerators_has_ports_and_cables() {
        for system in ["gb300-nvl72", "hgx-h100", "trn2-ultraserver"] {
            let plan = planned(system, &[]);
            let [front, storage, band] = &plan.fabric.networks[..] else { panic!("three networks") };
            let racks = plan.fleet.racks;
            let trays = cables_of(&plan, Net::FrontEnd, CableKind::HostLeaf) - 8 * racks.management;
            let stored = cables_of(&plan, Net::Storage, CableKind::HostLeaf);
            assert_eq!(stored, trays + 16 * racks.storage + 8 * racks.management, "{system}");
            for (net, of) in [(front, Net::FrontEnd), (storage, Net::Storage), (band, Net::OutOfBand)] {
                let laid: u64 = [CableKind::HostLeaf, CableKind::LeafSpine, CableKind::SpineCore]
                    .map(|kind| cables_of(&plan, of, kind))
                    .iter()
                    .sum();
                assert_eq!(laid, net.links, "{system}: {}", net.name);
            }
            // Four uplinks of a lane of 100G part a port of 400G: a module for each below, one for eight in a leaf's cage of 800G.
            let uplinks = cables_of(&plan, Net::OutOfBand, CableKind::LeafSpine);
            assert_eq!(uplinks, 2 * band.switches);
            assert_eq!(front.kept_ports, uplinks.div_ceil(4), "{system}");
            let own = |cable: &&Cable| (cable.net, cable.tier) == (Net::OutOfBand, CableKind::LeafSpine);
            for cable in plan.layout.cables.iter().filter(own) {
                let [below, leaf] = &cable.ends[..] else { panic!("two ends of {cable:?}") };
                assert_eq!(
                    (below.place, below.ends, below.modules),
                    ("management switch", cable.count, cable.count)
                );
                assert_eq!(
                    (leaf.place, leaf.ends, leaf.modules),
                    ("switch", cable.count, cable.count.div_ceil(8))
                );
                assert!(
                    below.module.starts_with("qsfp28-100g-") && leaf.module.starts_with("osfp-800g-2x"),
                    "{cable:?}"
                );
            }
            let up = cables_of(&plan, Net::FrontEnd, CableKind::LeafSpine);
            let down = cables_of(&plan, Net::FrontEnd, CableKind::HostLeaf);
            assert!(down + front.kept_ports + up <= 128 * front.tiers[0], "{system}");
            // Every switch, CDU and rack of a sort has at least a port.
            let out = &plan.fabric.scale_out[0];
            let watched = out.leaf + out.spine + out.core + front.switches + storage.switches + racks.cdu;
            let ports = cables_of(&plan, Net::OutOfBand, CableKind::HostLeaf);
            assert!(ports >= watched + 3 * trays, "{system}: {ports} of {watched}");
        }
    }

    // A pod of 9,216 chips has 144 cubes of 96 fibres; 48 switches of each pod take them.
    #[test]
    fn cubes_of_a_torus_are_joined_in_the_schedule() {
        let plan = planned("tpu-v7", &[]);
        let fibres = cables_of(&plan, Net::ScaleUp, CableKind::HostLeaf);
        assert_eq!(fibres, plan.fleet.accelerators / 64 * 96);
        let own = plan.layout.cables.iter().find(|cable| cable.net == Net::ScaleUp).unwrap();
        assert_eq!(own.ends_of(EndKind::Bare), own.count);
        assert!(own.reached && own.length_total.0 > own.count as f64);
        // A torus of one cube is not optical for that.
        for system in ["gb300-nvl72", "trn2-ultraserver"] {
            assert_eq!(cables_of(&planned(system, &[]), Net::ScaleUp, CableKind::HostLeaf), 0, "{system}");
        }
        let pods = planned("tpu-v7", &["fabric.topology=torus"]);
        let (out, torus) = (&pods.fabric.scale_out[0], pods.fabric.scale_up.torus.as_ref().unwrap());
        assert!(out.islands > 1 && (out.bisection / torus.bisection - 1.0).abs() < 1e-12);
    }

    // The links that are billed from fabric to fabric are cables like others, and their fibre is in the sum.
    #[test]
    fn links_between_fabrics_are_in_the_schedule() {
        let plan = planned("gb300-nvl72", &["fabric.cluster=2304", "campus.bandwidth=50 Gb/s"]);
        let border = plan.layout.border.as_ref().unwrap();
        assert_eq!(cables_of(&plan, Net::Border, CableKind::SpineCore), border.links);
        let none = planned("gb300-nvl72", &["fabric.cluster=2304"]);
        let fibre = border.length_total.0;
        let more = plan.layout.fibre_length().0 - none.layout.fibre_length().0;
        assert!((more / fibre - 1.0).abs() < 1e-9, "{more} m of {fibre}");
        assert!(fibre <= border.length.0 * border.links as f64 * (1.0 + 1e-12));
        // Kilometres that the scenario gives are those of every link.
        let far = planned(
            "gb300-nvl72",
            &["fabric.cluster=2304", "campus.bandwidth=50 Gb/s", "campus.fibre=1.5 km"],
        );
        let far = far.layout.border.as_ref().unwrap();
        assert!((far.length.0 - 1_650.0).abs() < 1e-6);
        assert!((far.length_total.0 / (1_650.0 * far.links as f64) - 1.0).abs() < 1e-9);
    }

    // One fabric in the buildings of 250 MW: ducts as long as the fibre stated, and a tenth of slack.
    #[test]
    fn fibre_stated_between_buildings_lengthens_the_runs_between_them() {
        let site = |set: &[&str]| planned("gb300-nvl72", &[&["envelope.power=250 MW"], set].concat());
        let longest = |plan: &crate::plan::Plan| {
            let own = plan.layout.cables.iter().filter(|cable| cable.net == Net::ScaleOut);
            own.map(|cable| cable.length_max.0).fold(0.0, f64::max)
        };
        let short = |plan: &crate::plan::Plan, name: &str| {
            plan.verdicts.iter().any(|one| one.constraint.contains(name) && one.short_by > 0.0)
        };
        let (laid, far, farther) = (site(&[]), site(&["campus.fibre=5 km"]), site(&["campus.fibre=80 km"]));
        assert!(laid.layout.buildings > 1 && laid.fabric.between.fabrics == 1);
        let span = laid.layout.fibre.0;
        for (plan, fibre) in [(&far, 5_000.0), (&farther, 80_000.0)] {
            let more = longest(plan) - longest(&laid);
            assert!((more / (1.1 * (fibre - span)) - 1.0).abs() < 0.1, "{more} m more for {fibre} m");
        }
        assert!(!short(&far, "cables of gb300-nvl72") && short(&farther, "cables of gb300-nvl72"));
        // Nearer than they stand they can't be, and between several fabrics the fibre is no part of them.
        let near = site(&["campus.fibre=1 m"]);
        assert!(short(&near, "fibre between buildings") && (near.layout.fibre.0 / span - 1.0).abs() < 1e-9);
        let cut = ["fabric.cluster=20000", "campus.fibre=80 km", "campus.bandwidth=50 Gb/s"];
        let far = site(&cut);
        assert!((longest(&far) / longest(&site(&cut[..1])) - 1.0).abs() < 1e-9);
        // From campus to campus coherent links reach; 120 km is as far as they do.
        assert_eq!(far.layout.border.as_ref().unwrap().link.id, "osfp-800g-zr");
        assert!(!far.falls_short(), "{:?}", far.verdicts[0]);
    }

    // 1 kW a unit of GB300 does not hold its switches: a user's word stands and is short of them, an estimate gives way.
    #[test]
    fn support_that_is_said_stands_and_a_verdict_tells_what_it_lacks() {
        let text = "serving = []\n[catalog.systems.gb300-nvl72.unit]\nsupport_power = \"1 kW\"\n";
        let (mut catalog, power) = (Catalog::default(), Some("20 MW".into()));
        let flags = Flags { system: Some("gb300-nvl72".into()), power, ..Flags::default() };
        let scenario = resolve(Some(("test", text)), &flags, &mut catalog).unwrap();
        let plan = plan(&scenario, &catalog, Options::default()).unwrap();
        let system = &plan.fleet.systems[0];
        assert!((system.support.0 / (1e3 * system.racks as f64 / 8.0) - 1.0).abs() < 1e-12);
        let verdict =
            plan.verdicts.iter().find(|verdict| verdict.constraint.starts_with("support power")).unwrap();
        let short = system.support_counted.0 - system.support.0;
        assert!(short > 0.0 && (verdict.short_by / short - 1.0).abs() < 1e-12);
        let estimated =
            planned("gb300-nvl72", &["envelope.power=20 MW", "support_networks.server_power=20 kW"]);
        let system = &estimated.fleet.systems[0];
        assert!(system.support > system.support_said && system.support <= system.support_counted);
        assert!(!estimated.verdicts.iter().any(|verdict| verdict.constraint.starts_with("support power")));
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
