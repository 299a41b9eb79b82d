//! Racks from the front: the accelerator rack and one of each sort that stands beside it.
//!
//! ~~~text
//! accelerator rack   the stack of its profile, else its nodes; management switches as the out-of-band network counts them
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
    let of = |kind, name: &str, parts: Vec<StackedPart>| RackFront {
        kind,
        name: name.into(),
        face: RackFace { height, parts, known: true, source: None },
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
    let mut own = switches(&network.support_switch, below, floor.units * demand.unit_management_racks);
    own.part = format!("{}, front end and storage", own.part);
    if demand.unit_storage_racks > 0 {
        let nodes = NETWORK_RACK_UNITS as f64;
        let mut parts = vec![StackedPart { part: "storage nodes".into(), count: 1, units: nodes }];
        if demand.unit_management_racks == 0 {
            let racks = (floor.units * demand.unit_storage_racks).max(1);
            own.count = below.div_ceil(racks) as u32;
            parts[0].units = (nodes - f64::from(own.count) * own.units).max(1.0);
            parts.push(own.clone());
        }
        let mut front = of(RackKind::Storage, "storage", parts);
        front.face.known = false;
        all.push(front);
    }
    if demand.unit_management_racks > 0 {
        let left = NETWORK_RACK_UNITS as f64 - f64::from(own.count) * own.units;
        let nodes = StackedPart { part: "management nodes".into(), count: 1, units: left.max(1.0) };
        let mut front = of(RackKind::Management, "management", vec![nodes, own]);
        front.face.known = false;
        all.push(front);
    }
    all
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
    let switch = &machine.network.management_switch;
    let of_switch = u64::from(switch.ports.value);
    let own = beside.watched.iter().find(|(kind, _)| *kind == RackKind::Compute);
    let own = own.map_or(0, |(_, watched)| watched.switches_per_rack(of_switch)) as u32;
    if own > 0 && !parts.iter().any(|part| part.part.contains("management")) {
        parts.push(StackedPart {
            part: format!("management switch {}", switch.name),
            count: own,
            units: f64::from(switch.rack_units),
        });
    }
    RackFace { height, parts, known, source: source.map(|source| source.title.clone()) }
}
