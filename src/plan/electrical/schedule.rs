//! The equipment schedule: what is bought, by rating and count.
//!
//! Modules come from the chain, feeders and capacitors from the one-line, busways and tap-offs from the floor. Breakers
//! stand at both ends of what they protect and between two halves of a busbar.

use super::Ground;
use super::facts::{BackupFacts, is_system};
use crate::catalog::profile::{Covered, Current, StageKind};
use crate::plan::equipment::Place;
use crate::plan::result::{Equipment, FaultLevels, LoadFlow, SystemFloor};
use crate::power::ratings::{
    battery, direct_current, fault_current, fuel, high_voltage_frame, line_current, low_voltage_frame,
    low_voltage_interrupting,
};
use crate::power::{Redundancy, StageFlow};
use crate::scenario::Ties;
use crate::units::text::brief;
use crate::units::{Amperes, Seconds, Share, VoltAmperes, Volts, Watts};

/// Usable part of a battery's energy when it is emptied in minutes: usual of makers' tables, recalled.
const USABLE: Share = Share(0.9);
/// Voltage of drives and compressors on transformers of their own: usual in North America, 400 V elsewhere.
const PLANT_VOLTAGE: Volts = Volts(480.0);
/// Paths of a row's busway: A and B.
const PATHS: u64 = 2;

/// Power factor that engine sets are rated at.
pub(super) const ENGINE_POWER_FACTOR: f64 = 0.8;

/// One line of the schedule.
fn line(name: &str, count: u64, rating: f64, unit: &str, basis: String) -> Equipment {
    Equipment { name: name.into(), count, rating, unit: unit.into(), basis }
}

/// The whole schedule, from the grid to the racks.
pub(super) fn schedule(
    ground: &Ground<'_>,
    load_flow: Option<&LoadFlow>,
    faults: Option<&FaultLevels>,
) -> Vec<Equipment> {
    if ground.design.it.0 <= 0.0 {
        return Vec::new();
    }
    let mut all = Vec::new();
    if let Some(flow) = load_flow {
        all.extend(substation(ground, flow, faults));
    }
    let facts = &ground.place.electrical;
    let flows: Vec<&StageFlow> = ground.design.path().collect();
    for (known, flow) in facts.stages.iter().zip(flows) {
        let modules = u64::from(flow.modules);
        let block = flow.installed / f64::from(flow.modules.max(1));
        let apparent = block / super::one_line::unit_power_factor(ground);
        let of = |what: &str| {
            format!("{what}: {} of load, {} loaded", brief(flow.output), Share(flow.load_fraction))
        };
        match known.kind {
            StageKind::UnitTransformer => {
                // Buildings take whole ones, so the floor needs a few more than the chain.
                let modules = load_flow.map_or(modules, |flow| flow.unit_substations);
                let basis = format!("{}, whole in each building", of(&flow.name));
                all.push(line("unit substations", modules, apparent.0, "VA", basis));
                all.extend(low_voltage_mains(ground, modules, apparent, known.impedance));
            }
            StageKind::SolidStateTransformer => {
                all.push(line("solid-state transformers", modules, block.0, "W", of(&flow.name)));
                let current = direct_current(block, facts.busway_voltage);
                let (frame, parallel) = low_voltage_frame(current);
                let basis =
                    format!("behind each converter, {} of direct current", brief(facts.busway_voltage));
                all.push(line("direct-current main breakers", parallel * modules, frame.0, "A", basis));
            }
            StageKind::Ups => all.extend(ups(known, modules, block, of("blocks"))),
            StageKind::PduTransformer => all.push(line("PDUs", modules, apparent.0, "VA", of(&flow.name))),
            StageKind::Rectifier => all.push(line("rectifiers", modules, block.0, "W", of(&flow.name))),
            StageKind::MainTransformer
            | StageKind::Feeders
            | StageKind::PlantTransformer
            | StageKind::Bus
            | StageKind::Other => {}
        }
    }
    all.extend(transfer_switches(ground));
    all.extend(busways(ground));
    all.extend(plant_transformers(ground, load_flow));
    all.extend(plant_switchboards(ground));
    all.extend(engines(ground));
    let wish = &ground.fields.electrical;
    if let (Some(power), Some(energy)) = (wish.battery_power, wish.battery_energy) {
        let basis = format!("of {}, as the scenario says", brief(energy));
        all.push(line("substation batteries", 1, power.0, "W", basis));
    }
    all
}

/// Breakers, transformers, capacitors and feeders of the substations.
fn substation(ground: &Ground<'_>, flow: &LoadFlow, faults: Option<&FaultLevels>) -> Vec<Equipment> {
    let (grid, service) = (&ground.fields.grid, &ground.place.service);
    let mut all = Vec::new();
    let facts = &ground.place.electrical.stages;
    let at = facts.iter().position(|stage| stage.kind == StageKind::MainTransformer);
    let main = at.and_then(|at| ground.design.path().nth(at));
    let apparent = VoltAmperes(ground.design.meter.0 / grid.power_factor.0 / flow.substations as f64);
    let circuits = u64::from(grid.circuits) * flow.substations;
    let broken = faults.map_or_else(String::new, |faults| breaks(faults.run, faults.breaks));
    let count = |frames: u64, places: u64| frames * places;
    if let Some(main) = main {
        let transformers = u64::from(main.modules);
        let factor = super::one_line::main_power_factor(ground);
        let rating = VoltAmperes(main.installed.0 / f64::from(main.modules.max(1)) / factor);
        let (frame, parallel) = high_voltage_frame(line_current(apparent, service.voltage));
        let places = transformers + circuits + flow.substations;
        let basis =
            format!("each transformer and circuit, one bus tie a substation, {}", brief(service.voltage));
        all.push(line("grid breakers", count(parallel, places), frame.0, "A", basis));
        let basis = format!("{} / {}", brief(service.voltage), brief(service.campus_voltage));
        all.push(line("main transformers", transformers, rating.0, "VA", basis));
        let (frame, parallel) = high_voltage_frame(line_current(rating, service.campus_voltage));
        let run = match grid.ties {
            Ties::Open => "ties by which the spare takes over a section, else open",
            Ties::Closed => "ties that are closed",
        };
        let basis = format!("behind each transformer, and {run}, {}{broken}", brief(service.campus_voltage));
        let places = transformers + transformers.saturating_sub(flow.substations);
        all.push(line("campus main breakers", count(parallel, places), frame.0, "A", basis));
    } else {
        let (frame, parallel) = high_voltage_frame(line_current(apparent, service.voltage));
        let basis = format!(
            "each circuit, and one tie between their sections of the busbar, {}{broken}",
            brief(service.voltage)
        );
        all.push(line(
            "campus main breakers",
            count(parallel, 2 * circuits - flow.substations),
            frame.0,
            "A",
            basis,
        ));
    }
    let (frame, parallel) = high_voltage_frame(grid.feeder_current);
    let basis = format!("one at each end of a feeder, {}", brief(service.campus_voltage));
    all.push(line("feeder breakers", count(parallel, 2 * flow.feeders), frame.0, "A", basis));
    let basis =
        format!("{} in all, one more to each building than its load asks for", brief(flow.feeder_length));
    all.push(line("feeders", flow.feeders, flow.feeder_rating.0, "VA", basis));
    if flow.capacitors.0 > 0.0 {
        let basis = format!("for a power factor of {} at the point of delivery", grid.power_factor);
        all.push(line(
            "capacitor banks",
            flow.substations,
            flow.capacitors.0 / flow.substations as f64,
            "VA",
            basis,
        ));
    }
    all
}

/// What a breaker has to break, in words.
fn breaks(fault: Amperes, class: Option<Amperes>) -> String {
    match class {
        Some(class) => format!("; fault {}, breaks {}", brief(fault), brief(class)),
        None => format!("; fault {}: no breaker breaks it", brief(fault)),
    }
}

/// Main and tie breakers of low-voltage switchboards.
fn low_voltage_mains(
    ground: &Ground<'_>,
    substations: u64,
    rating: Watts,
    impedance: Option<Share>,
) -> Vec<Equipment> {
    let voltage = ground.place.electrical.switchboard_voltage;
    let rating = VoltAmperes(rating.0);
    let (frame, parallel) = low_voltage_frame(line_current(rating, voltage));
    let fault = impedance.map(|impedance| fault_current(rating, voltage, impedance));
    let basis = format!(
        "main of each switchboard and its tie to the spare one of its group, {}{}",
        brief(voltage),
        fault.map_or_else(String::new, |fault| breaks(fault, low_voltage_interrupting(fault)))
    );
    vec![line("low-voltage main breakers", 2 * parallel * substations, frame.0, "A", basis)]
}

/// Blocks, modules and batteries of a UPS.
fn ups(known: &super::facts::StageFacts, blocks: u64, block: Watts, basis: String) -> Vec<Equipment> {
    let each = (block / known.module - 1e-9).ceil().max(1.0);
    let mut all = vec![line("UPS blocks", blocks, block.0, "W", basis)];
    if each > 1.0 {
        let basis = format!("{each:.0} in parallel in each block");
        all.push(line("UPS modules", blocks * each as u64, block.0 / each, "W", basis));
    }
    if let Some(time) = known.hold_up {
        let energy = battery(block, time, USABLE);
        let basis = format!("{} at full load of a block, {} of the energy usable", brief(time), USABLE);
        all.push(line("UPS batteries", blocks, energy.0, "J", basis));
    }
    all
}

/// Static switches that bring in the catcher: one before each block that has one behind it.
fn transfer_switches(ground: &Ground<'_>) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let flows = ground.design.path();
    let stages = facts.stages.iter().zip(&ground.place.stages).zip(flows);
    let caught = stages
        .filter(|((known, stage), flow)| {
            is_system(known.kind)
                && matches!(stage.redundancy, Redundancy::BlockRedundant { .. })
                && flow.output.0 > 0.0
        })
        .last();
    let Some(((_, stage), flow)) = caught else { return Vec::new() };
    let block = flow.installed / f64::from(flow.modules.max(1));
    let Redundancy::BlockRedundant { blocks } = stage.redundancy else { return Vec::new() };
    let catchers = u64::from(flow.modules).div_ceil(u64::from(blocks) + 1);
    let (frame, parallel) = low_voltage_frame(facts.on_busway(VoltAmperes(block.0)));
    let basis = format!("from each {} to its catcher, one catcher for {blocks}", stage.name);
    vec![line(
        "static transfer switches",
        parallel * (u64::from(flow.modules) - catchers),
        frame.0,
        "A",
        basis,
    )]
}

/// Busways along the rows with the breakers that feed them, and the tap-offs of the racks.
fn busways(ground: &Ground<'_>) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let of = |voltage, current| match current {
        Current::ThreePhase => brief(voltage),
        Current::Direct => format!("{} of direct current", brief(voltage)),
    };
    let busway = of(facts.busway_voltage, facts.busway_carries);
    let mut all = Vec::new();
    if ground.layout.rows > 0 {
        let (length, rating) = (ground.fields.layout.row_length, facts.busway_current);
        // As many as the fullest row of a room asks for, of those that may hang above it.
        let most = u64::from(ground.fields.layout.busways_per_row);
        let pairs = |row: Watts| ((row / facts.busway - 1e-9).ceil().max(1.0) as u64).min(most);
        let of_floor = |floor: &SystemFloor| {
            let (plan, rooms) = (&floor.layout, floor.layout.network_rooms());
            let of_room = plan.network_room.as_ref().map_or(0, |room| room.rows.len() as u64);
            plan.halls * plan.hall.rows.len() as u64 * pairs(plan.row_power)
                + rooms * of_room * pairs(plan.room_row_power())
        };
        let count = PATHS * ground.layout.floors.iter().map(of_floor).sum::<u64>();
        let basis = format!(
            "pairs, A and B, along each row of at most {}: as many as its load asks for, at most {most}; {busway}",
            brief(length)
        );
        all.push(line("busways", count, rating.0, "A", basis));
        let (frame, parallel) = low_voltage_frame(rating);
        let basis = format!("one in the switchboard before each busway, {busway}");
        all.push(line("busway feeder breakers", parallel * count, frame.0, "A", basis));
    }
    for (machine, draw) in ground.loads.iter().filter(|(_, draw)| draw.racks > 0) {
        // One side carries half of the shelves, and the whole rack when the other has failed.
        let side = (machine.rack.feed / PATHS as f64).max(machine.rack.heat);
        let (current, voltage) = facts.at_rack(VoltAmperes(side.0));
        let (frame, parallel) = low_voltage_frame(current / facts.continuous.0);
        let basis = format!(
            "A and B of each {} rack, half of its {} shelves and the whole rack alone, {}",
            machine.id,
            brief(machine.rack.feed),
            of(voltage, facts.racks_get)
        );
        all.push(line("rack tap-offs", PATHS * parallel * draw.racks, frame.0, "A", basis));
    }
    all.extend(rack_batteries(ground));
    let others = ground.racks.network + ground.racks.storage + ground.racks.management;
    if others > 0 {
        let support: Watts = ground.loads.iter().map(|(_, draw)| draw.support).sum();
        let beside = (ground.racks.storage + ground.racks.management).max(1);
        let switches = |floor: &SystemFloor| floor.layout.demand.switches.rack_heat();
        let fullest = ground.layout.floors.iter().map(switches).fold(support / beside as f64, Watts::max);
        let each = VoltAmperes(fullest.0 / facts.continuous.0);
        let (frame, parallel) = low_voltage_frame(facts.at_rack(each).0);
        let basis = "A and B of each network, storage and management rack, either carries it".into();
        all.push(line("support rack tap-offs", PATHS * parallel * others, frame.0, "A", basis));
    }
    all
}

/// Batteries in the racks, where the design has them instead of a UPS.
///
/// Stores that last less than a second are the capacitors of the shelves themselves.
fn rack_batteries(ground: &Ground<'_>) -> Vec<Equipment> {
    let time = ground.place.electrical.rack_hold_up;
    if time < Seconds(1.0) {
        return Vec::new();
    }
    let stands = ground.loads.iter().filter(|(_, draw)| draw.racks > 0);
    stands
        .map(|(machine, draw)| {
            let energy = battery(machine.compute_bound.rack, time, USABLE);
            let basis = format!(
                "in or beside each {} rack, {} at {}, {USABLE} of the energy usable",
                machine.id,
                brief(time),
                brief(machine.compute_bound.rack)
            );
            line("rack batteries", draw.racks, energy.0, "J", basis)
        })
        .collect()
}

/// Switchboards of pumps, fans, chillers and house loads: A and B in each building, either carries it.
fn plant_switchboards(ground: &Ground<'_>) -> Vec<Equipment> {
    let load = ground.design.plant_and_house();
    let buildings = ground.layout.buildings.max(1);
    let apparent = load.0 / ground.fields.electrical.plant_power_factor.0 / buildings as f64;
    if load.0 <= 0.0 {
        return Vec::new();
    }
    let facts = &ground.place.electrical;
    let own = super::one_line::plant_at_campus_voltage(ground);
    let (current, voltage) = if own {
        (line_current(VoltAmperes(apparent), PLANT_VOLTAGE), PLANT_VOLTAGE)
    } else if facts.stages.iter().any(|stage| stage.kind == StageKind::SolidStateTransformer) {
        (direct_current(Watts(apparent), facts.switchboard_voltage), facts.switchboard_voltage)
    } else {
        (line_current(VoltAmperes(apparent), facts.switchboard_voltage), facts.switchboard_voltage)
    };
    let (frame, parallel) = low_voltage_frame(current / facts.continuous.0);
    let of = brief(load / buildings as f64);
    let basis =
        format!("A and B in each building for its {of} of cooling and house loads, {}", brief(voltage));
    vec![line("plant switchboards", PATHS * parallel * buildings, frame.0, "A", basis)]
}

/// Transformers of plant and house alone, on A and B.
fn plant_transformers(ground: &Ground<'_>, load_flow: Option<&LoadFlow>) -> Vec<Equipment> {
    let flows = ground.design.to_plant.iter().filter(|flow| flow.output.0 > 0.0);
    let lines = flows.map(|flow| {
        let modules = u64::from(flow.modules.max(1));
        let apparent = flow.installed / modules as f64 / ground.fields.electrical.plant_power_factor.0;
        let whole = load_flow.map_or(0, |flow| flow.plant_transformers);
        let basis = format!(
            "{} of cooling and house loads at {}, {} loaded, those of A and of B carry it alone",
            brief(flow.output),
            brief(PLANT_VOLTAGE),
            Share(flow.load_fraction)
        );
        line("plant transformers", if whole > 0 { whole } else { modules }, apparent.0, "VA", basis)
    });
    lines.collect()
}

/// Engines, what they carry of a load at the meter with so much of it in compute racks, and that in words.
#[must_use]
pub fn backed_load(
    place: &Place,
    meter: Watts,
    compute: Watts,
) -> Option<(BackupFacts, Watts, &'static str)> {
    let backup = place.electrical.backup?;
    Some(match backup.covers {
        Covered::Everything => (backup, meter, "racks, plant and house"),
        Covered::PlantAndNetwork => (backup, meter - compute, "all but the accelerator racks"),
    })
}

/// Engines, how many sets there are, what they carry and that in words.
pub(super) fn engine_sets(ground: &Ground<'_>) -> Option<(BackupFacts, u64, Watts, &'static str)> {
    let compute: Watts = ground.loads.iter().map(|(_, draw)| draw.compute).sum();
    let (backup, load, what) = backed_load(ground.place, ground.design.meter, compute)?;
    Some((backup, u64::from(backup.redundancy.modules(load, backup.set)), load, what))
}

/// Engines with their fuel.
fn engines(ground: &Ground<'_>) -> Vec<Equipment> {
    let Some((backup, sets, load, what)) = engine_sets(ground) else { return Vec::new() };
    let basis = format!("for {}: {what}", brief(load));
    let volume = fuel(load, backup.autonomy, backup.fuel);
    let stored = format!("{} at full load", brief(backup.autonomy));
    let apparent = VoltAmperes(backup.set.0 / ENGINE_POWER_FACTOR);
    let voltage = ground.place.service.campus_voltage;
    let (frame, parallel) = high_voltage_frame(line_current(apparent, voltage));
    let parallels = format!("one a set, paralleled at {}", brief(voltage));
    vec![
        line("engines", sets, backup.set.0, "W", basis),
        line("engine breakers", parallel * sets, frame.0, "A", parallels),
        line("engine transformers", sets, apparent.0, "VA", format!("one a set, up to {}", brief(voltage))),
        line("fuel stores", 1, volume.0, "m3", stored),
    ]
}
