//! Fabrics: every count of a row from the construction rules, with the network that the row's design names.
//!
//! How a row is read: ports, rails and scalable unit are those of the system's profile; the switch is the row's
//! where it names one, else the system's, its ports split to the rate of a host port. A switch named for a port
//! rate below the system's (`sn5600-400g` on 800G adapters) splits the adapter's port, and the planes say over how
//! many networks. Two ports of 400G of one accelerator leave by one 800G cage, so one cable carries both. Racks with leaves of their own and spine groups of a unit
//! are the rule where leaves of a unit would be shared otherwise (DGX SuperPOD GB200, documented with its table).
//! A system's own planes hold where the row states none.
//!
//! `topology` says how switches are joined, in the words of a scenario's `fabric.topology` and those of [`TOPOLOGIES`]; a
//! fat tree where it is empty. `oversubscription` is that of the leaves, 1 where it is empty. A row whose `use` is filled
//! and not `yes` is set apart.
//!
//! The error of a row is that of the count that is off most. Counts that a note of the source calls a slip are
//! named with it.

use super::hardware::Hardware;
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::catalog::profile::Switch;
use crate::fabric::scale_out::{FabricDemand, FatTree, Tiers, Topology, scale_out};
use crate::plan::equipment::Machine;
use crate::plan::sizing::torus_of;
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
    match row.number("oversubscription")? {
        Some(ratio) if ratio < 1.0 => {
            Err(row.error(format!("`oversubscription` is {ratio}, it must be at least 1")).into())
        }
        ratio => Ok(ratio.unwrap_or(1.0)),
    }
}

/// A count of a sized fabric.
type Count = fn(&FatTree) -> u64;

/// Counts of a row.
const COUNTS: [(&str, Count); 7] = [
    ("leaf", |tree| tree.leaf),
    ("spine", |tree| tree.spine),
    ("core", |tree| tree.core),
    ("host_leaf", |tree| tree.host_leaf),
    ("leaf_spine", |tree| tree.leaf_spine),
    ("spine_core", |tree| tree.spine_core),
    ("switches_total", FatTree::switches),
];

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

/// What the row asks of the construction rules.
fn demand(
    row: Row<'_>,
    hardware: &Hardware,
    machine: &Machine,
    accelerators: u32,
    oversubscription: f64,
) -> Result<FabricDemand, Gap> {
    let out = &machine.system.scale_out;
    let switch = match row.text("switch") {
        Some(id) => match hardware.catalog.get::<Switch>(id) {
            Ok(found) => found.profile,
            Err(_) => return gap(format!("the catalogue has no switch `{id}`")),
        },
        None => machine.network.switch.clone(),
    };
    let own = out.port_bandwidth.value;
    let planes = row.degree("planes")?.unwrap_or(out.planes);
    let port_rate = if switch.port_bandwidth.value < own { switch.port_bandwidth.value } else { own };
    // A port of the adapter is split where switch or planes ask for it.
    let split = ((own / port_rate).round() as u32).max(1);
    let ports = (out.ports * split).max(planes);
    let per_port = (switch.port_bandwidth.value / port_rate + 1e-9).floor();
    let radix = (f64::from(switch.ports.value) * per_port) as u32;
    let unit = machine.unit.accelerators();
    let rack = u64::from(machine.system.rack.accelerators);
    let (topology, tiers) = topology(row, machine)?;
    // A rack of four trays a rail fills leaves of its own where they have no room for a second rack.
    let alone = machine.system.scale_up.domain > 8 && u64::from(radix) <= rack && unit > rack;
    Ok(FabricDemand {
        topology,
        accelerators: u64::from(accelerators),
        ports_per_accelerator: ports,
        port_rate,
        planes,
        rails: out.rails,
        radix,
        unit_accelerators: if alone { rack } else { unit },
        group_accelerators: if alone { unit } else { 0 },
        oversubscription,
        tiers,
        links_per_cable: ports.min((CAGE / port_rate + 1e-9).floor() as u32).max(1),
    })
}

fn forecast(row: Row<'_>, hardware: &Hardware) -> Result<Forecast, Gap> {
    let oversubscription = checked(row)?;
    let Some(rig) = hardware.rig_of(row.word("system")).or_else(|| hardware.rig(row.word("system"))) else {
        return gap(format!("the catalogue has no system `{}`", row.word("system")));
    };
    let Some(accelerators) = row.count("accelerators")? else { return gap("no number of accelerators") };
    let demand = demand(row, hardware, &rig.machine, accelerators, oversubscription)?;
    let tree = match scale_out(&demand) {
        Ok(tree) => tree,
        Err(error) => return gap(error.to_string()),
    };
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

    #[test]
    fn an_unknown_topology_is_an_error_that_lists_the_known() {
        let error = checked_rows("hgx-h100,1024,ring,,qm9700,1,1,1,1,1,1,1\n").unwrap_err();
        assert_eq!(error.line(), Some(2));
        assert!(error.message.contains("`topology` is `ring`"), "{error}");
        assert!(TOPOLOGIES.iter().all(|word| error.message.contains(word)), "{error}");
        assert!(checked_rows("hgx-h100,1024,,0.5,qm9700,1,1,1,1,1,1,1\n").is_err());
    }
}
