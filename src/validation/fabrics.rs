//! Fabrics: every count of a row from the construction rules, with the network that the row's design names.
//!
//! How a row is read: ports, rails and scalable unit are those of the system's profile; the switch is the row's
//! where it names one, else the system's, its ports split to the rate of a host port. A switch named for a port
//! rate below the system's (`sn5600-400g` on 800G adapters) splits the adapter's port, and the planes say over how
//! many networks. Two ports of 400G of one accelerator leave by one 800G cage, so one cable carries both. Racks with leaves of their own and spine groups of a unit
//! are the rule where leaves of a unit would be shared otherwise (DGX SuperPOD GB200, documented with its table).
//! A system's own planes hold where the row states none.
//!
//! The error of a row is that of the count that is off most. Counts that a note of the source calls a slip are
//! named with it.

use super::hardware::Hardware;
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::catalog::profile::Switch;
use crate::fabric::scale_out::{FabricDemand, FatTree, Tiers, Topology, fat_tree};
use crate::plan::equipment::Machine;
use crate::units::ByteRate;

/// What a pluggable cage of these generations carries: two ports of half the rate share one cable.
const CAGE: ByteRate = ByteRate(100e9);

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
    // A rack of four trays a rail fills leaves of its own where they have no room for a second rack.
    let alone = machine.system.scale_up.domain > 8 && u64::from(radix) <= rack && unit > rack;
    Ok(FabricDemand {
        topology: Topology::FatTree,
        accelerators: u64::from(accelerators),
        ports_per_accelerator: ports,
        port_rate,
        planes,
        rails: out.rails,
        radix,
        unit_accelerators: if alone { rack } else { unit },
        group_accelerators: if alone { unit } else { 0 },
        oversubscription: 1.0,
        tiers: Tiers::Auto,
        links_per_cable: ports.min((CAGE / port_rate + 1e-9).floor() as u32).max(1),
    })
}

fn forecast(row: Row<'_>, hardware: &Hardware) -> Result<Forecast, Gap> {
    let Some(rig) = hardware.rig_of(row.word("system")).or_else(|| hardware.rig(row.word("system"))) else {
        return gap(format!("the catalogue has no system `{}`", row.word("system")));
    };
    let Some(accelerators) = row.count("accelerators")? else { return gap("no number of accelerators") };
    let demand = demand(row, hardware, &rig.machine, accelerators)?;
    let tree = match fat_tree(&demand) {
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
    Ok(Forecast { published, predicted, reason, ..Forecast::default() })
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
        let exact = report.rows.iter().filter(|row| row.error.is_some_and(|e| e.abs() < 1e-12)).count();
        assert!(exact >= 22, "{exact} of 23 are exact");
    }
}
