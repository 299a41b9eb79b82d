//! Fabrics: every count of a row from the construction rules, with the network that the row's design names.
//!
//! How a row is read: ports, rails and scalable unit are those of the system's profile; the switch is the row's
//! where it names one, else the system's, its ports split to the rate of a host port. A switch named for a port
//! rate below the system's (`sn5600-400g` on 800G adapters) splits the adapter's port, and the planes say over how
//! many networks. Two ports of 400G of one accelerator leave by one 800G cage, so one cable carries both. Racks with leaves of their own and spine groups of a unit
//! are the rule where leaves of a unit would be shared otherwise (DGX SuperPOD GB200, documented with its table).
//! A system's own planes hold where the row states none, or one where the named switch takes a whole adapter on one port.
//! Units of nodes with another switch are as many as fill its leaves.
//!
//! What a row states goes before all of that: `ports_per_accelerator`, `port_gbit_per_s`, `rails`, `radix` (ports of a
//! switch at that rate), `spine_radix`, `core_radix` (of those tiers, where they are other switches),
//! `unit_accelerators` (that share leaves), `group_accelerators` (that share spines of their own, or a group of a
//! dragonfly+), `links_per_cable`, `links_per_uplink`, `core_oversubscription`, `accelerators_per_port` (that share an
//! adapter: a node with one port for all is a host like an accelerator), `zones` (like fabrics side by side, whose counts
//! are those of all). Spine groups are joined by cores where there are several, or where `topology` is `three-tier`.
//! `optical_switches` and `optical_links` are counts of a torus.
//!
//! `topology` says how switches are joined, in the words of a scenario's `fabric.topology` and those of [`TOPOLOGIES`]; a
//! fat tree where it is empty. `oversubscription` is that of the leaves, 1 where it is empty, a number or ports down and
//! up as in `22:18`. A row whose `use` is filled
//! and not `yes` is set apart.
//!
//! The error of a row is that of the count that is off most. Counts that a note of the source calls a slip are
//! named with it.

use super::hardware::Hardware;
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::catalog::profile::Switch;
use crate::fabric::scale_out::{FabricDemand, FatTree, Tiers, Topology, scale_out};
use crate::fabric::torus::Torus;
use crate::plan::equipment::Machine;
use crate::plan::sizing::{rails_of, torus_of};
use crate::units::ByteRate;

/// What a pluggable cage of these generations carries: two ports of half the rate share one cable.
const CAGE: ByteRate = ByteRate(100e9);

/// Words of the column `topology`. Where they name no tiers of their own, the radix decides on them.
pub const TOPOLOGIES: [&str; 10] = [
    "auto",
    "fat-tree",
    "two-tier",
    "three-tier",
    "rail-optimised",
    "rail-optimised-fat-tree-2",
    "rail-optimised-fat-tree-3",
    "rail-only",
    "dragonfly-plus",
    "torus",
];

/// How a row says that switches are joined, and in how many tiers.
fn topology(row: Row<'_>, machine: &Machine) -> Result<(Topology, Tiers), Gap> {
    Ok(match row.word("topology") {
        "two-tier" => (Topology::FatTree, Tiers::Two),
        "three-tier" => (Topology::FatTree, Tiers::Three),
        "rail-only" => (Topology::RailOnly, Tiers::Auto),
        "dragonfly-plus" => (Topology::DragonflyPlus, Tiers::Auto),
        "torus" => match torus_of(machine) {
            Ok(torus) => (Topology::Torus(torus), Tiers::Auto),
            Err(error) => return gap(error.to_string()),
        },
        _ => (Topology::FatTree, Tiers::Auto),
    })
}

/// Refuses a row whose topology or oversubscription means nothing; returns the latter.
fn checked(row: Row<'_>) -> Result<f64, Gap> {
    if let Some(word) = row.text("topology")
        && !TOPOLOGIES.contains(&word)
    {
        let allowed = TOPOLOGIES.join(", ");
        return Err(row.error(format!("`topology` is `{word}`, it must be one of {allowed}")).into());
    }
    ratio(row, "oversubscription")
}

/// Ports down for each port up: a number, or both of them as in `22:18`.
fn ratio(row: Row<'_>, column: &str) -> Result<f64, Gap> {
    let Some(text) = row.text(column) else { return Ok(1.0) };
    let parted =
        text.split_once(':').map(|(down, up)| (down.trim().parse::<f64>(), up.trim().parse::<f64>()));
    let ratio = match parted {
        Some((Ok(down), Ok(up))) => down / up,
        Some(_) => {
            return Err(row
                .error(format!("`{column}` is `{text}`, not ports down and up as in 22:18"))
                .into());
        }
        None => row.number(column)?.unwrap_or(1.0),
    };
    if ratio.is_finite() && ratio >= 1.0 {
        return Ok(ratio);
    }
    Err(row.error(format!("`{column}` is {text}, it must be at least 1")).into())
}

/// A count of a sized fabric.
type Count = fn(&FatTree) -> u64;

/// Counts of a row.
const COUNTS: [(&str, Count); 9] = [
    ("leaf", |tree| tree.leaf),
    ("spine", |tree| tree.spine),
    ("core", |tree| tree.core),
    ("host_leaf", |tree| tree.host_leaf),
    ("leaf_spine", |tree| tree.leaf_spine),
    ("spine_core", |tree| tree.spine_core),
    ("switches_total", FatTree::switches),
    ("optical_switches", |tree| circuits(tree, Torus::optical_switches)),
    ("optical_links", |tree| circuits(tree, Torus::optical_links)),
];

/// A count of the optical side of all pods of a torus.
fn circuits(tree: &FatTree, count: fn(&Torus) -> u64) -> u64 {
    match tree.topology {
        Topology::Torus(torus) => count(&torus) * tree.islands,
        _ => 0,
    }
}

/// Accelerators of a node at most; larger domains are racks.
const NODE: u32 = 8;

/// Switches of generations that designs are named after.
const GENERATIONS: [(&str, &str); 2] = [("xdr", "q3400-ra"), ("hdr", "qm8700")];

pub(super) fn predict(row: Row<'_>, hardware: &Hardware) -> (Names, Result<Forecast, Gap>) {
    let design = row.text("design").unwrap_or(row.word("topology"));
    let names = Names {
        id: format!("{} × {}", row.word("accelerators"), row.word("system")),
        system: row.word("system").to_owned(),
        model: String::new(),
        source: design.to_owned(),
    };
    (names, forecast(row, hardware))
}

/// The switch of a row: named by it, by the generation that its design or source is named after, or the system's own.
fn switch(row: Row<'_>, hardware: &Hardware, machine: &Machine) -> Result<Switch, Gap> {
    let named = format!("{} {}", row.word("design"), row.word("source_url")).to_lowercase();
    let generation = GENERATIONS.iter().find(|(word, _)| named.contains(word)).map(|(_, id)| *id);
    match row.text("switch").or(generation) {
        Some(id) => match hardware.catalog.get::<Switch>(id) {
            Ok(found) => Ok(found.profile),
            Err(_) => gap(format!("the catalogue has no switch `{id}`")),
        },
        None => Ok(machine.network.switch.clone()),
    }
}

/// What the row asks of the construction rules.
fn demand(
    row: Row<'_>,
    hardware: &Hardware,
    machine: &Machine,
    accelerators: u32,
    oversubscription: f64,
) -> Result<FabricDemand, Gap> {
    let out = &machine.system.scale_out;
    let switch = switch(row, hardware, machine)?;
    let other = switch.id != machine.network.switch.id;
    let own = out.port_bandwidth.value;
    let all = own * f64::from(out.ports);
    // Another switch with ports as fast as a whole adapter takes it unsplit.
    let whole = other && switch.port_bandwidth.value >= all * (1.0 - 1e-9);
    let planes = row.degree("planes")?.unwrap_or(if whole { 1 } else { out.planes });
    let port_rate = match row.number("port_gbit_per_s")? {
        Some(gigabits) => ByteRate(gigabits * 1e9 / 8.0),
        None if whole && planes < out.planes => all / f64::from(planes),
        None if switch.port_bandwidth.value < own => switch.port_bandwidth.value,
        None => own,
    };
    if port_rate.0 <= 0.0 {
        return Err(row.error("`port_gbit_per_s` must be more than 0").into());
    }
    // A port of the adapter is split where switch or planes ask for it.
    let split = ((all / port_rate).round() as u32).max(1);
    let ports = row.degree("ports_per_accelerator")?.unwrap_or(split.max(planes));
    let per_port = (switch.port_bandwidth.value / port_rate + 1e-9).floor();
    let radix = row.degree("radix")?.unwrap_or((f64::from(switch.ports.value) * per_port) as u32);
    let (topology, tiers) = topology(row, machine)?;
    let rails = row.degree("rails")?.unwrap_or(rails_of(machine, topology == Topology::RailOnly));
    let rack = u64::from(machine.system.rack.accelerators);
    // Units of nodes fill a leaf on each rail: with another switch they are others.
    let nodes = machine.system.scale_up.domain <= NODE;
    let own_unit = machine.unit.accelerators();
    let filled = u64::from(radix / 2) * u64::from(rails) / u64::from((ports / planes).max(1));
    let unit = if nodes && other { filled.max(1) } else { own_unit };
    // A rack of four trays a rail fills leaves of its own where they have no room for a second rack.
    let alone = !nodes && u64::from(radix) <= rack && unit > rack;
    let counted = |column: &str, usual: u64| row.count(column).map(|own| own.map_or(usual, u64::from));
    let links_per_cable = ports.min((CAGE / port_rate + 1e-9).floor() as u32).max(1);
    let links_per_cable = row.degree("links_per_cable")?.unwrap_or(links_per_cable);
    Ok(FabricDemand {
        topology,
        accelerators: u64::from(accelerators),
        ports_per_accelerator: ports,
        port_rate,
        planes,
        rails,
        radix,
        upper_radix: [row.degree("spine_radix")?, row.degree("core_radix")?],
        unit_accelerators: counted("unit_accelerators", if alone { rack } else { unit })?,
        group_accelerators: counted("group_accelerators", if alone { unit } else { 0 })?,
        oversubscription,
        tiers,
        links_per_cable,
        links_per_uplink: row.degree("links_per_uplink")?.unwrap_or(links_per_cable),
        core_oversubscription: ratio(row, "core_oversubscription")?,
    })
}

/// Cables of fabric managers, where units are a node short of whole ones: that node's ports are theirs.
///
/// Two managers of two ports each take the place of a node of an InfiniBand fabric (DGX SuperPOD H100, RA-11333-001: 31,
/// 63, 95 and 127 nodes).
fn managers(demand: &FabricDemand, machine: &Machine, switch: &Switch) -> u64 {
    let node = u64::from(machine.system.scale_up.domain);
    let short = (demand.accelerators + node).is_multiple_of(demand.unit_accelerators.max(1));
    if switch.in_network_reduction && node <= u64::from(NODE) && node > 1 && short { 4 } else { 0 }
}

/// One of several fabrics that are alike.
fn of_a_zone(row: Row<'_>, demand: FabricDemand, zones: u32) -> Result<FabricDemand, Gap> {
    if !demand.accelerators.is_multiple_of(u64::from(zones)) {
        let message =
            format!("{} accelerators are not as many in each of {zones} `zones`", demand.accelerators);
        return Err(row.error(message).into());
    }
    Ok(FabricDemand { accelerators: demand.accelerators / u64::from(zones), ..demand })
}

/// Hosts with a port for several accelerators, counted like accelerators.
fn of_ports(row: Row<'_>, demand: FabricDemand) -> Result<FabricDemand, Gap> {
    let Some(shared) = row.degree("accelerators_per_port")?.map(u64::from) else { return Ok(demand) };
    let counts = [demand.accelerators, demand.unit_accelerators, demand.group_accelerators];
    if let Some(count) = counts.iter().find(|count| !count.is_multiple_of(shared)) {
        let message =
            format!("{count} accelerators do not share ports by {shared}, as `accelerators_per_port` says");
        return Err(row.error(message).into());
    }
    let [accelerators, unit_accelerators, group_accelerators] = counts.map(|count| count / shared);
    Ok(FabricDemand { accelerators, unit_accelerators, group_accelerators, ..demand })
}

fn forecast(row: Row<'_>, hardware: &Hardware) -> Result<Forecast, Gap> {
    let oversubscription = checked(row)?;
    let Some(rig) = hardware.rig_of(row.word("system")).or_else(|| hardware.rig(row.word("system"))) else {
        return gap(format!("the catalogue has no system `{}`", row.word("system")));
    };
    let Some(accelerators) = row.count("accelerators")? else { return gap("no number of accelerators") };
    let zones = row.degree("zones")?.unwrap_or(1);
    let demand = demand(row, hardware, &rig.machine, accelerators, oversubscription)?;
    let demand = of_ports(row, of_a_zone(row, demand, zones)?)?;
    let mut tree = match scale_out(&demand) {
        Ok(tree) => tree,
        Err(error) => return gap(error.to_string()),
    };
    tree.host_leaf += managers(&demand, &rig.machine, &switch(row, hardware, &rig.machine)?);
    for count in [
        &mut tree.leaf,
        &mut tree.spine,
        &mut tree.core,
        &mut tree.host_leaf,
        &mut tree.leaf_spine,
        &mut tree.spine_core,
        &mut tree.islands,
    ] {
        *count *= u64::from(zones);
    }
    let mut worst: Option<(&str, f64, f64)> = None;
    let mut off = Vec::new();
    for (column, count) in COUNTS {
        let Some(published) = row.number(column)? else { continue };
        let predicted = count(&tree) as f64;
        if predicted.total_cmp(&published).is_ne() {
            off.push(format!("{column} {predicted} for {published}"));
        }
        // A published nothing is met by nothing; else the difference is all of it.
        let error = (predicted - published).abs() / published.max(1.0);
        let known = worst.map_or(-1.0, |(_, p, q): (&str, f64, f64)| (p - q).abs() / q.max(1.0));
        if error > known {
            worst = Some((column, predicted, published.max(f64::MIN_POSITIVE)));
        }
    }
    let Some((column, predicted, published)) = worst else { return gap("no count is published") };
    // A published zero has no ratio: count the predicted ones over one.
    let (predicted, published) =
        if published < 1.0 { (1.0 + predicted, 1.0) } else { (predicted, published) };
    let reason = match (off.is_empty(), row.text("quirk")) {
        (true, None) => "all counts equal".to_owned(),
        (true, Some(quirk)) => format!("all counts equal; the source: {quirk}"),
        (false, None) => format!("largest error in {column}: {}", off.join(", ")),
        (false, Some(quirk)) => format!("{}; the source: {quirk}", off.join(", ")),
    };
    let set_apart = row.text("use").filter(|word| *word != "yes");
    let reason = match set_apart {
        Some(word) => format!("set apart: use is `{word}`; {reason}"),
        None => reason,
    };
    Ok(Forecast { published, predicted, reason, apart: set_apart.is_some(), ..Forecast::default() })
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Table, check};
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_count_is_exact_or_its_source_is_named() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let table = Table::embedded(Kind::Fabrics).unwrap();
        let report = check(&table, &hardware, &|| {}).unwrap();
        assert_eq!(report.rows.len(), 23);
        for row in &report.rows {
            let error = row.error.expect("every fabric can be expressed");
            let named = row.reason.contains("the source:");
            assert!(error.abs() < 1e-12 || named, "{}: {} {}", row.id, error, row.reason);
        }
        // What is no reading of the source itself is not counted.
        let counted: Vec<_> = report.rows.iter().filter(|row| row.counted).collect();
        assert_eq!(counted.len(), 22);
        assert!(counted.iter().all(|row| row.error.is_some_and(|e| e.abs() < 1e-12)));
    }

    const HEAD: &str = "system,accelerators,topology,oversubscription,switch,planes,leaf,spine,core,host_leaf,leaf_spine,\
                        spine_core";

    fn checked_rows(rows: &str) -> Result<Vec<crate::validation::RowReport>, crate::catalog::InputError> {
        let table = Table::parse(Kind::Fabrics, "f.csv", &format!("{HEAD}\n{rows}")).unwrap();
        check(&table, &Hardware::open(&Catalog::default()).unwrap(), &|| {}).map(|report| report.rows)
    }

    // 1,024 accelerators of a port each, radix 64, units of 32 trays with a leaf a rail. 1:1: 32 leaves of 32 down and 32
    // up, 16 spines. 3:1: a leaf has room for 48 down but a rail of a unit has 32, and 11 up: 352 links, the divisors of 11
    // make it 11 spines. Rails alone: four leaves each with 128 links up to 2 spines. Dragonfly+: 8 groups of 32 and 32, with
    // floor(32·32/7) = 146 links between two, 28 · 146 in all.
    #[test]
    fn a_row_names_its_topology_and_oversubscription() {
        let counts = "32,16,0,1024,1024,0";
        let rows = checked_rows(&format!(
            "hgx-h100,1024,,,qm9700,1,{counts}\nhgx-h100,1024,fat-tree,1,qm9700,1,{counts}\n\
             hgx-h100,1024,two-tier,3,qm9700,1,32,11,0,1024,352,0\n\
             hgx-h100,1024,rail-only,,qm9700,1,32,16,0,1024,1024,0\n\
             gb200-nvl72,576,torus,,qm9700,1,0,0,0,0,0,0\n\
             hgx-h100,8192,dragonfly-plus,,qm9700,1,256,256,0,8192,8192,4088\n"
        ))
        .unwrap();
        for row in &rows {
            assert!(row.error.is_some_and(|error| error.abs() < 1e-12), "{}: {}", row.id, row.reason);
        }
    }

    /// Rows of a table of its own.
    fn exact(head: &str, rows: &str) {
        let table = Table::parse(Kind::Fabrics, "f.csv", &format!("{head}\n{rows}")).unwrap();
        let report = check(&table, &Hardware::open(&Catalog::default()).unwrap(), &|| {}).unwrap();
        for row in &report.rows {
            assert!(row.error.is_some_and(|error| error.abs() < 1e-12), "{}: {}", row.id, row.reason);
        }
    }

    // DGX SuperPOD H100, RA-11333-001: a node of each size gives way to the fabric managers, whose four cables count with
    // those of nodes. DGX SuperPOD B300 XDR: units of 72 nodes on 144 ports of 800G.
    #[test]
    fn superpods_with_managers_and_other_switches_are_reproduced() {
        exact(
            "system,accelerators,leaf,spine,core,host_leaf,leaf_spine,spine_core",
            "hgx-h100,248,8,4,0,252,256,0\nhgx-h100,504,16,8,0,508,512,0\nhgx-h100,760,24,16,0,764,768,0\n\
             hgx-h100,1016,32,16,0,1020,1024,0\n",
        );
        let url =
            "https://docs.nvidia.com/dgx-superpod/reference-architecture/scalable-infrastructure-b300-xdr";
        exact(
            "system,accelerators,leaf,spine,core,host_leaf,leaf_spine,spine_core,source_url,switch",
            &format!(
                "hgx-b300,576,8,4,0,576,576,0,{url},\nhgx-b300,1152,16,8,0,1152,1152,0,,q3400-ra\n\
                 hgx-b300,2304,32,18,0,2304,2304,0,,q3400-ra\nhgx-b300,4608,64,36,0,4608,4608,0,,q3400-ra\n\
                 hgx-b300,10368,144,72,0,10368,10368,0,,q3400-ra\n"
            ),
        );
    }

    // DeepSeek-V3's lessons (Zhao et al. 2025, arXiv:2505.09343, table 3) on switches of 64 ports: two tiers 2,048 ends with 96
    // switches and 2,048 links, eight planes of them 16,384 with 768 and 16,384, three tiers 65,536 with 5,120 and 131,072
    // links. Each accelerator of a node is on a plane of its own there: rails without links between them.
    #[test]
    fn fat_trees_on_many_planes_are_reproduced() {
        exact(
            "system,accelerators,topology,switch,leaf,spine,core,host_leaf,leaf_spine,spine_core,switches_total",
            "hgx-h800,2048,two-tier,qm9700,,,,,2048,0,96\nhgx-h800,16384,rail-only,qm9700,,,,,16384,0,768\n\
             hgx-h800,65536,three-tier,qm9700,,,,,65536,65536,5120\n",
        );
    }

    // Alibaba HPN 7.0 (Qian et al. 2024, doi:10.1145/3651890.3672265): two ports of 200G of each of 15 · 1,024 accelerators on
    // two planes and eight rails, 16 leaves a segment of 128 ports down and 60 of 400G up, 60 spines a plane.
    #[test]
    fn a_pod_of_segments_on_two_planes_is_reproduced() {
        exact(
            "system,accelerators,topology,planes,port_gbit_per_s,ports_per_accelerator,rails,radix,unit_accelerators,\
             links_per_cable,links_per_uplink,oversubscription,leaf,spine,core,host_leaf,leaf_spine,spine_core",
            "hgx-h100,15360,two-tier,2,200,2,8,256,1024,1,2,1.0667,240,120,0,30720,14400,0\n",
        );
    }

    // TPU v4 (Jouppi et al. 2023, arXiv:2304.01433): 4,096 chips, 3,072 optical ways on 48 switches; two pods have two of each.
    #[test]
    fn optical_switches_of_pods_are_reproduced() {
        exact(
            "system,accelerators,topology,leaf,spine,core,host_leaf,leaf_spine,spine_core,optical_switches,optical_links",
            "tpu-v4,4096,torus,0,0,0,,,,48,3072\ntpu-v4,8192,torus,0,0,0,,,,96,6144\n",
        );
    }

    // 20 nodes a unit on 40-port HDR: eight leaves of 20 down and 20 up on 4 spines. Four units: 32 leaves, ⌈32·20/40⌉ = 16, so 20 spines.
    // Seven with a spine group for each rail, seven leaves on it: 140 links on ⌈140/20⌉ = 7, so 10 spines of each of eight
    // rails, and 1,120 links up to 28 cores.
    #[test]
    fn units_of_twenty_nodes_on_hdr_are_counted() {
        exact(
            "system,accelerators,topology,group_accelerators,leaf,spine,core,host_leaf,leaf_spine,spine_core",
            "hgx-a100,160,,,8,4,0,160,160,0\nhgx-a100,640,,,32,20,0,640,640,0\n\
             hgx-a100,1120,three-tier,1120,56,80,28,1120,1120,1120\n",
        );
    }

    // Two zones of 800 nodes with one port of 200G for eight accelerators: 40 leaves of 20 down and 20 up and 20 spines each.
    #[test]
    fn zones_of_nodes_with_one_port_are_counted() {
        exact(
            "system,accelerators,topology,rails,accelerators_per_port,zones,unit_accelerators,leaf,spine,core,host_leaf,\
             leaf_spine,spine_core,switches_total",
            "hgx-a100,12800,two-tier,1,8,2,160,80,40,0,1600,1600,0,120\n",
        );
    }

    // Racks of 16 on a leaf each, 192 of them on ⌈192·16/504⌉ = 7, so 8 spines of 576 ports, 7:1 above: 24,576 / 7 = 3,511
    // links on ⌈3,511 / 576⌉ = 7 cores.
    #[test]
    fn zones_under_a_thin_tier_of_large_switches_are_counted() {
        exact(
            "system,accelerators,topology,rails,radix,spine_radix,core_radix,unit_accelerators,group_accelerators,\
             core_oversubscription,leaf,spine,core,host_leaf,leaf_spine,spine_core",
            "hgx-h100,24576,three-tier,1,64,576,576,16,3072,7:1,1536,64,7,24576,24576,3511\n",
        );
    }

    // 40 ports. 20 groups of 192 ports: 10 leaves and 10 spines, 200 ports out, ⌊200/19⌋ = 10 to each other, 190 pairs. 23
    // groups of 18 leaves with 22 down and 18 up: ⌈18·18/20⌉ = 17, so 18 spines with 22 out, ⌊396/22⌋ = 18 links, 253 pairs.
    #[test]
    fn groups_of_a_stated_size_are_joined_by_all_their_ports() {
        exact(
            "system,accelerators,topology,rails,unit_accelerators,group_accelerators,oversubscription,leaf,spine,core,\
             host_leaf,leaf_spine,spine_core",
            "hgx-a100,3840,dragonfly-plus,1,192,192,,200,200,0,3840,4000,1900\n\
             hgx-a100,9108,dragonfly-plus,1,396,396,22:18,414,414,0,9108,7452,4554\n",
        );
    }

    // A pod of 9,216 is 144 cubes with 96 fibres: 48 switches of 288 ports, 6,912 ways; one of 8,960 has 140 cubes.
    #[test]
    fn optical_switches_of_later_pods_follow_the_rule_of_the_first() {
        exact(
            "system,accelerators,topology,leaf,spine,core,host_leaf,leaf_spine,spine_core,optical_switches,optical_links",
            "tpu-v7,9216,torus,0,0,0,,,,48,6912\ntpu-v5p,8960,torus,0,0,0,,,,48,6720\n",
        );
    }

    #[test]
    fn what_cannot_be_dealt_out_names_its_column() {
        let refused = |head: &str, row: &str| {
            let text = format!("{HEAD},{head}\nhgx-h100,1024,,,qm9700,1,1,1,1,1,1,1,{row}\n");
            let table = Table::parse(Kind::Fabrics, "f.csv", &text).unwrap();
            check(&table, &Hardware::open(&Catalog::default()).unwrap(), &|| {}).unwrap_err().message
        };
        assert!(refused("zones", "3").contains("`zones`"));
        assert!(refused("accelerators_per_port", "5").contains("`accelerators_per_port`"));
        assert!(refused("core_oversubscription", "3:x").contains("22:18"));
        assert!(refused("core_oversubscription", "1:3").contains("at least 1"));
    }

    #[test]
    fn an_unknown_topology_is_an_error_that_lists_the_known() {
        let error = checked_rows("hgx-h100,1024,ring,,qm9700,1,1,1,1,1,1,1\n").unwrap_err();
        assert_eq!(error.line(), Some(2));
        assert!(error.message.contains("`topology` is `ring`"), "{error}");
        assert!(TOPOLOGIES.iter().all(|word| error.message.contains(word)), "{error}");
        assert!(checked_rows("hgx-h100,1024,,0.5,qm9700,1,1,1,1,1,1,1\n").is_err());
    }
}
