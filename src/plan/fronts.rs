//! Racks from the front: the accelerator rack and one of each sort that stands beside it.
//!
//! ~~~text
//! accelerator rack   the stack of its profile, else its nodes
//! every rack         management switches as the out-of-band network counts them
//! switch racks       switches of the tier / its racks, rounded up
//! circuit switches   as many as a rack takes
//! management rack    switches of front end and storage below their cores / management racks of the site
//! storage rack       its nodes as one block: nobody says which they are
//! ~~~

use super::beside::Beside;
use super::equipment::Machine;
use super::result::{RackFace, RackFront, StackedPart};
use crate::catalog::profile::{StackPart, Switch};
use crate::fleet::NETWORK_RACK_UNITS;
use crate::layout::{CIRCUIT_SWITCH_UNITS, CIRCUIT_SWITCHES_PER_RACK, Layout, RackKind};
use crate::units::Meters;

/// Height of a rack unit.
const RACK_UNIT: Meters = Meters(0.044_45);

/// A rack of each sort that stands on a floor, the accelerators' first.
#[must_use]
pub fn fronts(machine: &Machine, beside: &Beside, floor: &Layout) -> Vec<RackFront> {
    let demand = &floor.demand;
    let height = machine.system.rack.height.value;
    let of = |kind, name: &str, mut parts: Vec<StackedPart>| {
        parts.extend(watching(machine, beside, kind));
        RackFront { kind, name: name.into(), face: RackFace { height, parts, known: true, source: None } }
    };
    // Nodes take what switches leave.
    let nodes = |kind, name: &str, switches: Option<&StackedPart>| {
        let own = watching(machine, beside, kind);
        let taken: f64 =
            switches.into_iter().chain(own.as_ref()).map(|part| f64::from(part.count) * part.units).sum();
        StackedPart { part: name.into(), count: 1, units: (NETWORK_RACK_UNITS as f64 - taken).max(1.0) }
    };
    let switches = |switch: &Switch, count: u64, racks: u64| StackedPart {
        part: switch.name.clone(),
        count: count.div_ceil(racks.max(1)) as u32,
        units: f64::from(switch.rack_units),
    };
    let network = &machine.network;
    let mut all = vec![RackFront {
        kind: RackKind::Compute,
        name: machine.system.name.clone(),
        face: face(machine, beside),
    }];
    for (kind, name, count, racks) in [
        (RackKind::Leaf, "leaf switches", demand.switches.leaf, floor.leaf_racks()),
        (RackKind::Spine, "spine switches", demand.switches.spine, floor.spine_racks()),
        (RackKind::Core, "core switches", demand.switches.core, floor.core_racks()),
    ] {
        if count > 0 {
            all.push(of(kind, name, vec![switches(&network.switch, count, racks)]));
        }
    }
    let cores: u64 = beside.trees.iter().map(|tree| tree.tree.core).sum();
    if demand.ethernet_core_racks > 0 {
        let parts = vec![switches(&network.support_switch, cores, demand.ethernet_core_racks)];
        all.push(of(RackKind::EthernetCore, "front-end and storage cores", parts));
    }
    if demand.circuit_switches > 0 {
        let part = StackedPart {
            part: "optical circuit switch".into(),
            count: demand.circuit_switches.min(CIRCUIT_SWITCHES_PER_RACK) as u32,
            units: CIRCUIT_SWITCH_UNITS as f64,
        };
        all.push(of(RackKind::Circuit, "optical circuit switches", vec![part]));
    }
    let below: u64 = beside.trees.iter().map(|tree| tree.tree.leaf + tree.tree.spine).sum();
    let own = switches(&network.support_switch, below, floor.units * demand.unit_management_racks);
    let own = StackedPart { part: format!("{}, front end and storage", own.part), ..own };
    if demand.unit_storage_racks > 0 {
        let home = (demand.unit_management_racks == 0).then(|| {
            let racks = (floor.units * demand.unit_storage_racks).max(1);
            StackedPart { count: below.div_ceil(racks) as u32, ..own.clone() }
        });
        let mut parts = vec![nodes(RackKind::Storage, "storage nodes", home.as_ref())];
        parts.extend(home);
        let mut front = of(RackKind::Storage, "storage", parts);
        front.face.known = false;
        all.push(front);
    }
    if demand.unit_management_racks > 0 {
        let nodes = nodes(RackKind::Management, "management nodes", Some(&own));
        let mut front = of(RackKind::Management, "management", vec![nodes, own]);
        front.face.known = false;
        all.push(front);
    }
    all
}

/// Management switches of a rack of a sort, where it has its own.
fn watching(machine: &Machine, beside: &Beside, kind: RackKind) -> Option<StackedPart> {
    let switch = &machine.network.management_switch;
    let (_, own) = beside.watched.iter().find(|(watched, _)| *watched == kind)?;
    let count = own.switches_per_rack(u64::from(switch.ports.value)) as u32;
    (count > 0).then(|| StackedPart {
        part: format!("management switch {}", switch.name),
        count,
        units: f64::from(switch.rack_units),
    })
}

/// The front of an accelerator rack; what has no known height shares the rack evenly.
fn face(machine: &Machine, beside: &Beside) -> RackFace {
    let rack = &machine.system.rack;
    let height = rack.height.value;
    let source = rack.stack.first().and_then(|part| machine.system.sources.get(&part.source));
    let stacked = |part: &StackPart| StackedPart {
        part: part.part.clone(),
        count: part.count,
        units: f64::from(part.units),
    };
    let mut parts: Vec<StackedPart> = rack.stack.iter().map(stacked).collect();
    if parts.is_empty() {
        let count = (rack.accelerators / machine.system.reliability.tray.value.max(1)).max(1);
        parts.push(StackedPart { part: "node".into(), count, units: 0.0 });
    }
    let known = parts.iter().all(|part| part.units > 0.0);
    if !known {
        let count: u32 = parts.iter().map(|part| part.count).sum();
        // A tenth of the height is left for cables, power and management.
        let units = height / RACK_UNIT * 0.9 / f64::from(count.max(1));
        for part in &mut parts {
            part.units = units;
        }
    }
    if !parts.iter().any(|part| part.part.contains("management")) {
        parts.extend(watching(machine, beside, RackKind::Compute));
    }
    RackFace { height, parts, known, source: source.map(|source| source.title.clone()) }
}
