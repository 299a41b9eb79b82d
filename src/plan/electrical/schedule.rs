//! The equipment schedule: what is bought, by rating and count.
//!
//! Modules come from the chain, feeders and capacitors from the one-line, busways and tap-offs from the floor. Breakers
//! stand at both ends of what they protect and between two halves of a busbar.

use super::Ground;
use super::facts::{BackupFacts, ElectricalFacts, is_system};
use super::row_bus;
use super::stores;
use super::ups;
use crate::catalog::profile::{Covered, Current, Kept, StageKind};
use crate::layout::{self, RackKind, Slot};
use crate::plan::equipment::Place;
use crate::plan::result::{Equipment, FaultLevels, LoadFlow, SystemFloor};
use crate::plan::standing::{NETWORK_RACKS, SERVER_RACKS};
use crate::power::one_line::cables;
use crate::power::ratings::{battery, direct_current, fault_current, line_current};
use crate::power::service::ServiceClass;
use crate::power::{Redundancy, StageDesign, StageFlow};
use crate::scenario::Ties;
use crate::units::text::brief;
use crate::units::{Amperes, Joules, Seconds, Share, VoltAmperes, Volts, Watts};

/// Usable part of a battery's energy when it is emptied in minutes: usual of makers' tables, recalled.
pub(super) const USABLE: Share = Share(0.9);
/// Voltage of drives and compressors on transformers of their own: usual in North America, 400 V elsewhere.
const PLANT_VOLTAGE: Volts = Volts(480.0);
/// Paths of a row's busway: A and B.
const PATHS: u64 = 2;

/// Power factor that engine sets are rated at.
pub(super) const ENGINE_POWER_FACTOR: f64 = 0.8;

/// One line of the schedule.
pub(super) fn line(name: &str, count: u64, rating: f64, unit: &str, basis: String) -> Equipment {
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
    for ((known, flow), stage) in facts.stages.iter().zip(flows).zip(&ground.place.stages) {
        let modules = u64::from(flow.modules);
        let (block, apparent) = (flow.installed / f64::from(flow.modules.max(1)), nameplate(stage, flow));
        // Transformers by apparent power, where the load flow is solved.
        let loading = match known.kind {
            StageKind::UnitTransformer => load_flow.and_then(|flow| flow.loading("unit substations")),
            _ => None,
        };
        let of = |what: &str| {
            let loaded = Share(loading.unwrap_or(flow.load_fraction));
            format!("{what}: {} of load, {loaded} loaded", brief(flow.output))
        };
        match known.kind {
            StageKind::UnitTransformer => {
                // Buildings take whole ones, so the floor needs a few more than the chain.
                let modules = load_flow.map_or(modules, |flow| flow.unit_substations);
                let basis = format!("{}, whole in each building", of(&flow.name));
                all.push(line("unit substations", modules, apparent.0, "VA", basis));
                all.extend(low_voltage_mains(ground, modules, stage.redundancy));
            }
            StageKind::SolidStateTransformer => {
                let modules = super::one_line::in_buildings(ground, known.kind);
                all.push(line("solid-state transformers", modules, block.0, "W", of(&flow.name)));
                let current = direct_current(block, facts.busway_voltage);
                let (frame, parallel) = ground.place.electrical.ratings.low_voltage_frame(current);
                let (each, what) = mains_and_ties(stage.redundancy, "converter");
                let basis = format!(
                    "{what}, {} of direct current{}",
                    brief(facts.busway_voltage),
                    hall_fault(ground)
                );
                all.push(line(
                    "direct-current main breakers",
                    each * parallel * modules,
                    frame.0,
                    "A",
                    basis,
                ));
            }
            StageKind::Ups => all.extend(ups::blocks(ground, known, flow, of("blocks"))),
            StageKind::PduTransformer => {
                all.push(line("PDUs", modules, apparent.0, "VA", of(&flow.name)));
                let (frame, parallel) = ground
                    .place
                    .electrical
                    .ratings
                    .low_voltage_frame(line_current(apparent, facts.switchboard_voltage));
                let basis = format!(
                    "primary of each PDU, {}{}",
                    brief(facts.switchboard_voltage),
                    switchboard_fault(ground)
                );
                all.push(line("PDU breakers", parallel * modules, frame.0, "A", basis));
            }
            StageKind::Rectifier => {
                let where_spare =
                    if row_bus::at_racks(facts) { "on the bus of each unit" } else { "in each building" };
                let basis = format!("{}, whole {where_spare}", of(&flow.name));
                all.push(line("rectifiers", modules, block.0, "W", basis));
                all.extend(rectifier_feeds(ground, flow));
                all.extend(direct_buses(ground));
            }
            StageKind::MainTransformer
            | StageKind::Feeders
            | StageKind::PlantTransformer
            | StageKind::Bus
            | StageKind::RackBattery
            | StageKind::EssentialUps
            | StageKind::Other => {}
        }
    }
    all.extend(transfer_switches(ground));
    all.extend(transformer_breakers(ground, load_flow, faults));
    all.extend(ups::essential(ground));
    all.extend(busways(ground));
    all.extend(plant_transformers(ground, load_flow));
    all.extend(plant_switchboards(ground));
    all.extend(stores::engines(ground, load_flow, faults));
    all.extend(stores::substation_battery(ground, faults));
    all
}

/// Apparent rating of one module of a stage, as sold.
fn nameplate(stage: &StageDesign, flow: &StageFlow) -> VoltAmperes {
    let built = VoltAmperes(flow.installed.0 / f64::from(flow.modules.max(1)));
    stage.sold.map_or(built, |sold| sold.rating)
}

/// Apparent rating of one of the plant's own transformers; none where it has none.
pub(super) fn plant_transformer(ground: &Ground<'_>) -> Option<VoltAmperes> {
    let flow = ground.design.to_plant.first().filter(|flow| flow.output.0 > 0.0)?;
    Some(nameplate(ground.place.plant_feed.as_ref()?, flow))
}

/// Breakers, transformers, capacitors and feeders of the substations.
fn substation(ground: &Ground<'_>, flow: &LoadFlow, faults: Option<&FaultLevels>) -> Vec<Equipment> {
    let (grid, service) = (&ground.fields.grid, &ground.place.service);
    let mut all = Vec::new();
    let facts = &ground.place.electrical.stages;
    let at = facts.iter().position(|stage| stage.kind == StageKind::MainTransformer);
    let main = at.and_then(|at| Some((ground.place.stages.get(at)?, ground.design.path().nth(at)?)));
    // Before anything flows, what the grid gives at most.
    let at_most = VoltAmperes(ground.design.meter.0 / grid.power_factor.0 / flow.substations as f64);
    let apparent = if flow.fullest.0 > 0.0 { flow.fullest } else { at_most };
    // A breaker carries what its circuit does, not only what this site asks of it.
    let at_grid = line_current(apparent, service.voltage).max(ServiceClass::of(service.voltage).circuit);
    let on_busbar = faults.map(|faults| faults.run);
    let from_grid = faults.map_or(service.fault(), |faults| faults.at_grid);
    let circuits = u64::from(grid.circuits) * flow.substations;
    let broken = faults.map_or_else(String::new, |faults| breaks(faults.run, faults.breaks));
    let count = |frames: u64, places: u64| frames * places;
    if let Some((stage, main)) = main {
        let (transformers, rating) = (u64::from(main.modules), nameplate(stage, main));
        let (frame, parallel) =
            ground.place.electrical.ratings.high_voltage_breaker(at_grid, Some(from_grid));
        let places = transformers + circuits + flow.substations;
        let basis = format!(
            "each transformer and circuit, one bus tie a substation, {}{}",
            brief(service.voltage),
            breaks(from_grid, ground.place.electrical.ratings.high_voltage_interrupting(from_grid))
        );
        all.push(line("grid breakers", count(parallel, places), frame.0, "A", basis));
        let loaded = Share(flow.loading("main transformers").unwrap_or(main.load_fraction));
        let basis = format!(
            "{} / {}: {} of load, {loaded} loaded",
            brief(service.voltage),
            brief(service.campus_voltage),
            brief(main.output)
        );
        all.push(line("main transformers", transformers, rating.0, "VA", basis));
        let (frame, parallel) = ground
            .place
            .electrical
            .ratings
            .high_voltage_breaker(line_current(rating, service.campus_voltage), on_busbar);
        let run = match grid.ties {
            Ties::Open => "ties by which the spare takes over a section, else open",
            Ties::Closed => "ties that are closed",
        };
        let basis = format!("behind each transformer, and {run}, {}{broken}", brief(service.campus_voltage));
        let places = transformers + transformers.saturating_sub(flow.substations);
        all.push(line("campus main breakers", count(parallel, places), frame.0, "A", basis));
    } else {
        let (frame, parallel) = ground.place.electrical.ratings.high_voltage_breaker(at_grid, on_busbar);
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
    let (frame, parallel) =
        ground.place.electrical.ratings.high_voltage_breaker(service.feeder_current, on_busbar);
    let basis = format!("one at each end of a feeder, {}{broken}", brief(service.campus_voltage));
    all.push(line("feeder breakers", count(parallel, 2 * flow.feeders), frame.0, "A", basis));
    let cables = match cables(service.feeder_current) {
        1 => String::new(),
        many => format!(" in {many} cables a phase"),
    };
    let basis = format!(
        "{} in all, {}{cables} each, one more to each building than its load asks for",
        brief(flow.feeder_length),
        brief(service.feeder_current)
    );
    all.push(line("feeders", flow.feeders, flow.feeder_rating.0, "VA", basis));
    // A section behind each feeder, and a tie between each and the next of a building's: `Campus::feeders` says how they
    // are run.
    let ties = flow.feeders.saturating_sub(ground.layout.buildings);
    let basis = format!(
        "a section behind each feeder, in {} buildings, {}",
        ground.layout.buildings,
        brief(service.campus_voltage)
    );
    all.push(line("building switchgear", flow.feeders, frame.0, "A", format!("{basis}{broken}")));
    let basis = format!(
        "between the sections of a building, one fewer than they are: closed, but where the feeders of two sections of the \
         campus busbar meet, {}{broken}",
        brief(service.campus_voltage)
    );
    all.push(line("building tie breakers", parallel * ties, frame.0, "A", basis));
    let banks = flow.capacitors;
    if banks.count > 0 {
        let basis = format!(
            "alike on each section of the busbar, in {} steps each, switched one after another; in design load {} of the {} \
             steps, {} at work, for a power factor of {} at the point of delivery",
            banks.steps,
            banks.on,
            banks.all_steps(),
            brief(banks.at_work()),
            grid.power_factor
        );
        all.push(line("capacitor banks", u64::from(banks.count), banks.each.0, "var", basis));
    }
    all
}

/// Current that a capacitor's breaker is bought for over that of its rating.
const CAPACITOR_CURRENT: f64 = 1.35;

/// What a breaker has to break, in words.
pub(super) fn breaks(fault: Amperes, class: Option<Amperes>) -> String {
    match class {
        Some(class) => format!("; fault {}, breaks {}", brief(fault), brief(class)),
        None => format!("; fault {}: no breaker breaks it", brief(fault)),
    }
}

/// What a breaker up to 1 kV has to break, in words; nothing where no fault is known.
pub(super) fn low_voltage_breaks(ground: &Ground<'_>, fault: Option<Amperes>) -> String {
    let class = |fault| breaks(fault, ground.place.electrical.ratings.low_voltage_interrupting(fault));
    fault.map_or_else(String::new, class)
}

/// What breakers at the switchboards behind unit substations have to break.
fn switchboard_fault(ground: &Ground<'_>) -> String {
    low_voltage_breaks(ground, unit_substation(ground).and_then(|(_, fault)| fault))
}

/// Largest fault at the plant's switchboards.
pub(super) fn plant_fault(ground: &Ground<'_>) -> Option<Amperes> {
    let facts = &ground.place.electrical;
    match plant_transformer(ground).zip(facts.plant_feed.as_ref()) {
        Some((rating, known)) => known.impedance.map(|z| fault_current(rating, plant_voltage(facts), z)),
        None => unit_substation(ground).and_then(|(_, fault)| fault),
    }
}

/// Largest fault at any switchboard up to 1 kV behind a transformer.
pub(super) fn low_voltage_fault(ground: &Ground<'_>) -> Option<Amperes> {
    let facts = &ground.place.electrical;
    let stages = facts.stages.iter().zip(&ground.place.stages).zip(ground.design.path());
    let pdus = stages
        .filter(|((known, _), flow)| known.kind == StageKind::PduTransformer && flow.output.0 > 0.0)
        .filter_map(|((known, stage), flow)| {
            Some(fault_current(nameplate(stage, flow), facts.busway_voltage, known.impedance?))
        });
    let boards = unit_substation(ground).and_then(|(_, fault)| fault);
    pdus.chain(boards).chain(plant_fault(ground)).reduce(Amperes::max)
}

/// Apparent rating of a unit substation, and the largest fault behind one; nothing where none stands.
pub(super) fn unit_substation(ground: &Ground<'_>) -> Option<(VoltAmperes, Option<Amperes>)> {
    let facts = &ground.place.electrical;
    let mut stages = facts.stages.iter().zip(&ground.place.stages).zip(ground.design.path());
    let ((known, stage), flow) =
        stages.find(|((known, _), flow)| known.kind == StageKind::UnitTransformer && flow.output.0 > 0.0)?;
    let rating = nameplate(stage, flow);
    let fault = known.impedance.map(|z| fault_current(rating, facts.switchboard_voltage, z));
    Some((rating, fault))
}

/// What breakers along the busways have to break: the fault of the last transformer or converter before them.
fn hall_fault(ground: &Ground<'_>) -> String {
    let stages = &ground.place.electrical.stages;
    let bus = stages.iter().position(|known| known.kind == StageKind::Bus);
    fault_behind(ground, bus.unwrap_or(stages.len()))
}

/// What breakers behind so many stages have to break.
///
/// Behind a transformer that is the fault of its switchboard, which busway and cable only lessen. A converter holds its own
/// current, so what a fault draws is that of all that feed the bus together, and what the capacitors on it give in the first
/// milliseconds.
fn fault_behind(ground: &Ground<'_>, end: usize) -> String {
    let facts = &ground.place.electrical;
    let before = facts.stages.iter().zip(&ground.place.stages).zip(ground.design.path()).take(end);
    let source = |kind| {
        matches!(
            kind,
            StageKind::UnitTransformer
                | StageKind::PduTransformer
                | StageKind::SolidStateTransformer
                | StageKind::Rectifier
        )
    };
    let last = before.filter(|((known, _), flow)| source(known.kind) && flow.output.0 > 0.0).last();
    let Some(((known, stage), flow)) = last else { return String::new() };
    let block = flow.installed / f64::from(flow.modules.max(1));
    let fault = match known.kind {
        StageKind::UnitTransformer => unit_substation(ground).and_then(|(_, fault)| fault),
        StageKind::PduTransformer => {
            known.impedance.map(|z| fault_current(nameplate(stage, flow), facts.busway_voltage, z))
        }
        _ => {
            // Rectifiers beside the racks feed their bus together.
            let together = row_bus::most_on_a_bus(ground).max(1);
            let current = direct_current(block * together as f64, facts.at_rack(VoltAmperes(0.0)).1);
            let held = brief(current * CONVERTER_HOLDS);
            let holds = if together > 1 {
                format!("that its {together} converters hold")
            } else {
                "that its converter holds".into()
            };
            return format!("; fault {held} {holds}; what capacitors add is not published");
        }
    };
    let text =
        fault.map(|fault| breaks(fault, ground.place.electrical.ratings.low_voltage_interrupting(fault)));
    text.map_or_else(String::new, |text| format!("{text}, less what the way to it takes"))
}

/// What a converter gives into a fault over its rated current: its semiconductors allow little more (recalled).
const CONVERTER_HOLDS: f64 = 1.25;

/// Main breakers of each source, its ties among them, and what they are.
fn mains_and_ties(redundancy: Redundancy, behind: &str) -> (u64, String) {
    match redundancy {
        Redundancy::NPlus1 { .. } | Redundancy::BlockRedundant { .. } => {
            (2, format!("main of each {behind} and its tie to the spare one of its group"))
        }
        Redundancy::N => (1, format!("main of each {behind}; nothing is spare, so nothing is tied")),
        Redundancy::TwoN | Redundancy::MakeK { .. } => {
            (1, format!("main of each {behind}; systems stay apart, the racks' two cords tie them"))
        }
    }
}

/// Main breakers of low-voltage switchboards, and their ties where a spare takes over by them.
fn low_voltage_mains(ground: &Ground<'_>, substations: u64, redundancy: Redundancy) -> Vec<Equipment> {
    let voltage = ground.place.electrical.switchboard_voltage;
    let Some((rating, fault)) = unit_substation(ground) else { return Vec::new() };
    let (frame, parallel) = ground.place.electrical.ratings.low_voltage_frame(line_current(rating, voltage));
    let (each, what) = mains_and_ties(redundancy, "switchboard");
    let basis = format!("{what}, {}{}", brief(voltage), low_voltage_breaks(ground, fault));
    vec![line("low-voltage main breakers", each * parallel * substations, frame.0, "A", basis)]
}

/// What racks of a power load conductors with; of direct current the same number.
fn apparent_of_racks(ground: &Ground<'_>, power: Watts) -> VoltAmperes {
    match ground.place.electrical.racks_get {
        Current::ThreePhase => VoltAmperes(power.0 / ground.fields.electrical.rack_power_factor.0),
        Current::Direct => VoltAmperes(power.0),
    }
}

/// Breakers before what stands between the campus voltage and the buildings' switchboards, and at the capacitors.
fn transformer_breakers(
    ground: &Ground<'_>,
    load_flow: Option<&LoadFlow>,
    faults: Option<&FaultLevels>,
) -> Vec<Equipment> {
    let (Some(flow), voltage) = (load_flow, ground.place.service.campus_voltage) else { return Vec::new() };
    let (on_busbar, broken) = (
        faults.map(|faults| faults.run),
        faults.map_or_else(String::new, |faults| breaks(faults.run, faults.breaks)),
    );
    let of = |name: &str, count: u64, apparent: VoltAmperes, what: &str| {
        let (frame, parallel) =
            ground.place.electrical.ratings.high_voltage_breaker(line_current(apparent, voltage), on_busbar);
        line(name, parallel * count, frame.0, "A", format!("{what}, {}{broken}", brief(voltage)))
    };
    let mut all = Vec::new();
    if let Some((rating, _)) = unit_substation(ground) {
        let what = "primary of each unit substation";
        all.push(of("unit substation breakers", flow.unit_substations, rating, what));
    }
    let stages = ground.place.electrical.stages.iter().zip(ground.design.path());
    let converters =
        stages.filter(|(known, flow)| known.kind == StageKind::SolidStateTransformer && flow.output.0 > 0.0);
    for (_, converter) in converters {
        let rating = VoltAmperes(converter.installed.0 / f64::from(converter.modules.max(1)));
        let count = super::one_line::in_buildings(ground, StageKind::SolidStateTransformer);
        all.push(of("converter breakers", count, rating, "primary of each solid-state transformer"));
    }
    if let Some(rating) = plant_transformer(ground).filter(|_| flow.plant_transformers > 0) {
        let what = "primary of each transformer of the plant";
        all.push(of("plant transformer breakers", flow.plant_transformers, rating, what));
    }
    if flow.capacitors.count > 0 {
        // Capacitors take more current than their rating says: harmonics, voltage and tolerance (IEEE C37.99, recalled).
        let each = VoltAmperes(flow.capacitors.each.0 * CAPACITOR_CURRENT);
        all.push(of("capacitor breakers", u64::from(flow.capacitors.count), each, "one for each bank"));
    }
    all
}

/// Breakers on the busway before rectifiers that stand with the racks.
fn rectifier_feeds(ground: &Ground<'_>, flow: &StageFlow) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let stages = &facts.stages;
    let bus = stages.iter().position(|known| known.kind == StageKind::Bus);
    let own = stages.iter().position(|known| known.kind == StageKind::Rectifier);
    if bus.is_none() || own < bus {
        return Vec::new();
    }
    let block = flow.installed / f64::from(flow.modules.max(1));
    let taken = block * (1.0 + flow.curve.at(1.0));
    let apparent = VoltAmperes(taken.0 / ground.fields.electrical.rack_power_factor.0);
    let (frame, parallel) =
        ground.place.electrical.ratings.low_voltage_frame(facts.on_busway(apparent) / facts.continuous.0);
    let paths = paths(ground.place);
    let sides = if paths > 1 {
        "taps of each rectifier on A and on B, which takes either"
    } else {
        "tap of each rectifier"
    };
    let basis = format!("{sides}, {}{}", brief(facts.busway_voltage), hall_fault(ground));
    vec![line("rectifier tap-offs", paths * parallel * u64::from(flow.modules), frame.0, "A", basis)]
}

/// Buses of direct current from rectifiers that stand with the racks: along each row, for its load, with a tie between the
/// rows that the rectifiers of one unit feed together.
fn direct_buses(ground: &Ground<'_>) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let buses = row_bus::buses(ground);
    if buses.is_empty() {
        return Vec::new();
    }
    let voltage = facts.at_rack(VoltAmperes(0.0)).1;
    let floors = ground.layout.floors.iter().map(|floor| &floor.layout);
    let fullest = floors.map(|floor| fullest_row(floor, |_| true).max(floor.room_row_power()));
    let fullest = fullest.fold(Watts(0.0), Watts::max);
    let (frame, parallel) = ground
        .place
        .electrical
        .ratings
        .low_voltage_frame(direct_current(fullest, voltage) / facts.continuous.0);
    let fault = fault_behind(ground, facts.stages.len());
    let at = format!("{} of direct current", brief(voltage));
    let rows = buses.iter().map(|bus| bus.rows * bus.count).sum::<u64>();
    let basis = format!(
        "from rectifiers along each row to its racks, {} of the fullest at {at}{fault}",
        brief(fullest)
    );
    let mut all = vec![line("direct-current buses", parallel * rows, frame.0, "A", basis)];
    let ties = buses.iter().map(|bus| (bus.rows - 1) * bus.count).sum::<u64>();
    if ties > 0 {
        let basis = format!(
            "between the rows of a unit, one fewer than they are: its rectifiers carry them together, at {at}{fault}"
        );
        all.push(line("direct-current bus ties", parallel * ties, frame.0, "A", basis));
    }
    all
}

/// Static switches that bring in the catcher: one before each block that has one behind it.
fn transfer_switches(ground: &Ground<'_>) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let flows = ground.design.path();
    let stages = facts.stages.iter().zip(&ground.place.stages).zip(flows);
    let caught = stages
        .enumerate()
        .filter(|(_, ((known, stage), flow))| {
            is_system(known.kind)
                && matches!(stage.redundancy, Redundancy::BlockRedundant { .. })
                && flow.output.0 > 0.0
        })
        .last();
    let Some((at, ((_, stage), flow))) = caught else { return Vec::new() };
    let block = flow.installed / f64::from(flow.modules.max(1));
    let Redundancy::BlockRedundant { blocks } = stage.redundancy else { return Vec::new() };
    let catchers = u64::from(flow.modules).div_ceil(u64::from(blocks) + 1);
    let direct = ground.place.electrical.stages.get(at).is_some_and(|known| known.kind.converts());
    let current = if direct {
        facts.at_rack(VoltAmperes(block.0)).0
    } else {
        facts.on_busway(apparent_of_racks(ground, block))
    };
    let (frame, parallel) = ground.place.electrical.ratings.low_voltage_frame(current);
    let basis = format!(
        "from each {} to its catcher, one catcher for {blocks}{}",
        stage.name,
        fault_behind(ground, at + 1).replace("breaks", "withstands")
    );
    vec![line(
        "static transfer switches",
        parallel * (u64::from(flow.modules) - catchers),
        frame.0,
        "A",
        basis,
    )]
}

/// Paths of the rows' busways: A and B, or one alone where the design doubles nothing behind its switchboards.
pub(super) fn paths(place: &Place) -> u64 {
    let mut stages = place.electrical.stages.iter().zip(&place.stages);
    let bus = stages.find(|(known, _)| known.kind == StageKind::Bus);
    if bus.is_some_and(|(_, stage)| stage.redundancy == Redundancy::N) { 1 } else { PATHS }
}

/// Busways of one path that the rows of a floor ask for, those of halls and of network rooms with so many above each row.
fn along_rows(floor: &layout::Layout, [hall, room]: [u64; 2]) -> u64 {
    let of_room = floor.network_room.as_ref().map_or(0, |room| room.rows.len() as u64);
    floor.halls * floor.hall.rows.len() as u64 * hall + floor.network_rooms() * of_room * room
}

/// Busways of all paths along the rows of a floor: as many above each as the fullest row asks for.
#[must_use]
pub fn busways_of(place: &Place, floor: &layout::Layout) -> u64 {
    let of_room = floor.network_room.as_ref().map_or(0, |room| floor.pairs_above(room));
    paths(place) * along_rows(floor, [floor.pairs_above(&floor.hall), of_room])
}

/// Busways of all paths along all rows.
pub(super) fn busway_count(ground: &Ground<'_>) -> u64 {
    ground.layout.floors.iter().map(|floor| busways_of(ground.place, &floor.layout)).sum()
}

/// Whether network, storage and management racks hang on the bus of what must not stop.
pub(super) fn support_is_kept(ground: &Ground<'_>) -> bool {
    let essential = ground.place.electrical.essential.as_ref();
    essential.is_some_and(|(_, keeps)| *keeps == Kept::PumpsControlsAndSupport)
}

/// What the racks of a sort take of the fullest row of a hall.
fn fullest_row(floor: &layout::Layout, counts: impl Fn(&Slot) -> bool) -> Watts {
    let of_row = |row: &Vec<Slot>| {
        row.iter().filter(|slot| counts(slot)).map(|slot| floor.demand.heat_of(slot.kind)).sum()
    };
    floor.hall.rows.iter().map(of_row).fold(Watts(0.0), Watts::max)
}

/// Busways from the bus of what must not stop along rows with network, storage and management racks.
fn essential_busways(ground: &Ground<'_>) -> u64 {
    if !support_is_kept(ground) {
        return 0;
    }
    let of_floor = |floor: &SystemFloor| {
        let floor = &floor.layout;
        let fullest = fullest_row(floor, |slot| slot.kind != RackKind::Compute);
        let most = u64::from(ground.fields.layout.busways_per_row);
        let carried = |row: Watts| ((row / ground.place.electrical.busway - 1e-9).ceil() as u64).min(most);
        along_rows(floor, [fullest, floor.room_row_power()].map(carried))
    };
    ground.layout.floors.iter().map(of_floor).sum()
}

/// Busways along the rows with the breakers that feed them, and the tap-offs of the racks.
fn busways(ground: &Ground<'_>) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let of = |voltage, current| match current {
        Current::ThreePhase => brief(voltage),
        Current::Direct => format!("{} of direct current", brief(voltage)),
    };
    let busway = of(facts.busway_voltage, facts.busway_carries);
    let (paths, fault) = (paths(ground.place), hall_fault(ground));
    let at_racks = fault_behind(ground, facts.stages.len());
    let mut all = Vec::new();
    if ground.layout.rows > 0 {
        let (length, rating) = (ground.fields.layout.row_length, facts.busway_current);
        let most = ground.fields.layout.busways_per_row;
        let count = busway_count(ground);
        let sort = if paths > 1 { "pairs, A and B," } else { "single ones" };
        let basis = format!(
            "{sort} along each row of at most {}: as many as its load asks for, at most {most}; {busway}",
            brief(length)
        );
        all.push(line("busways", count, rating.0, "A", basis));
        let own = essential_busways(ground);
        if own > 0 {
            let basis =
                "from the bus of what must not stop, along rows with network, storage or management racks";
            all.push(line("essential busways", own, rating.0, "A", format!("{basis}; {busway}")));
        }
        let (frame, parallel) = ground.place.electrical.ratings.low_voltage_frame(rating);
        let pdus = facts.stages.iter().any(|known| known.kind == StageKind::PduTransformer);
        let place = if pdus { "PDU" } else { "switchboard" };
        let basis = format!("one in the {place} before each busway, {busway}{fault}");
        all.push(line("busway feeder breakers", parallel * (count + own), frame.0, "A", basis));
    }
    for (machine, draw) in ground.loads.iter().filter(|(_, draw)| draw.racks > 0) {
        // One side carries half of the shelves, and the whole rack when the other has failed.
        let side = (machine.rack.feed / paths as f64).max(machine.rack.heat);
        let (current, voltage) = facts.at_rack(apparent_of_racks(ground, side));
        let (frame, parallel) =
            ground.place.electrical.ratings.low_voltage_frame(current / facts.continuous.0);
        let shelves = brief(machine.rack.feed);
        let sides = if row_bus::at_racks(facts) && paths > 1 {
            format!(
                "two of each {} rack on the one bus of its row, half of its {shelves} shelves and the whole rack alone",
                machine.id
            )
        } else if paths > 1 {
            format!(
                "A and B of each {} rack, half of its {shelves} shelves and the whole rack alone",
                machine.id
            )
        } else {
            format!("one of each {} rack for its {shelves} shelves", machine.id)
        };
        let basis = format!("{sides}, {}{at_racks}", of(voltage, facts.racks_get));
        all.push(line("rack tap-offs", paths * parallel * draw.racks, frame.0, "A", basis));
    }
    all.extend(rack_batteries(ground));
    let others = ground.racks.network + ground.racks.storage + ground.racks.management;
    if others > 0 {
        let kinds = || NETWORK_RACKS.into_iter().chain(SERVER_RACKS);
        let floors = ground.layout.floors.iter().map(|floor| &floor.layout);
        let stands = floors.flat_map(|floor| kinds().map(move |kind| (floor, kind)));
        let heats = stands.filter(|(floor, kind)| floor.racks_of(*kind) > 0);
        let fullest = heats.map(|(floor, kind)| floor.demand.heat_of(kind)).fold(Watts(0.0), Watts::max);
        let each = apparent_of_racks(ground, fullest) / facts.continuous.0;
        let (frame, parallel) = ground.place.electrical.ratings.low_voltage_frame(facts.at_rack(each).0);
        let sides = if support_is_kept(ground) {
            "A of its row and B of the essential bus"
        } else if row_bus::at_racks(facts) {
            "two on the one bus of its row"
        } else {
            "A and B"
        };
        let basis =
            format!("{sides}, of each network, storage and management rack, either carries it{at_racks}");
        all.push(line("support rack tap-offs", PATHS * parallel * others, frame.0, "A", basis));
    }
    all
}

/// Battery shelves of like racks.
pub(super) struct Shelved {
    /// Their line in the schedule.
    name: &'static str,
    /// Whose they are.
    of: String,
    /// Racks.
    pub racks: u64,
    /// Power of one.
    power: Watts,
    /// Shelves in one.
    pub each: u64,
    /// Power of a shelf.
    shelf: Watts,
    /// How long it carries that.
    time: Seconds,
}

/// Battery shelves of all racks, where the design has them instead of a UPS: those of network, storage and management
/// racks too, for a rack without its network computes nothing.
pub(super) fn battery_shelves(ground: &Ground<'_>) -> Vec<Shelved> {
    let known = ground.place.electrical.stages.iter().find(|stage| stage.kind == StageKind::RackBattery);
    let Some((shelf, time)) = known.and_then(|stage| Some((stage.module, stage.hold_up?))) else {
        return Vec::new();
    };
    let of = |name, of: String, racks: u64, power: Watts| {
        let each = (power / shelf - 1e-9).ceil().max(1.0) as u64;
        (racks > 0 && power.0 > 0.0).then_some(Shelved { name, of, racks, power, each, shelf, time })
    };
    let stands = ground.loads.iter().filter(|(_, draw)| draw.racks > 0);
    let compute = stands.filter_map(|(machine, draw)| {
        of("rack batteries", machine.id.clone(), draw.racks, machine.compute_bound.rack)
    });
    let beside = [
        ("network rack batteries", "network", &NETWORK_RACKS[..]),
        ("support rack batteries", "storage or management", &SERVER_RACKS[..]),
    ];
    let beside = beside.into_iter().filter_map(|(name, what, kinds)| {
        let floors = ground.layout.floors.iter().map(|floor| &floor.layout);
        let (mut racks, mut heat) = (0, Watts(0.0));
        for (floor, kind) in floors.flat_map(|floor| kinds.iter().map(move |kind| (floor, *kind))) {
            racks += floor.racks_of(kind);
            heat += floor.demand.heat_of(kind) * floor.racks_of(kind) as f64;
        }
        of(name, what.into(), racks, heat / racks.max(1) as f64)
    });
    compute.chain(beside).collect()
}

/// Batteries in the racks.
fn rack_batteries(ground: &Ground<'_>) -> Vec<Equipment> {
    let of = |one: Shelved| {
        let energy = battery(one.shelf * one.each as f64, one.time, USABLE);
        let basis = format!(
            "in or beside each {} rack of {}: {} × {} for {}, {USABLE} of the energy usable",
            one.of,
            brief(one.power),
            one.each,
            brief(one.shelf),
            brief(one.time)
        );
        line(one.name, one.racks, energy.0, "J", basis)
    };
    battery_shelves(ground).into_iter().map(of).collect()
}

/// Energy that the stores of a schedule give.
pub(super) fn stored(schedule: &[Equipment]) -> Joules {
    let stores = schedule.iter().filter(|line| line.unit == "J");
    stores.map(|line| Joules(line.rating * line.count as f64)).sum::<Joules>() * USABLE.0
}

/// Pairs of switchboards of pumps, fans, chillers and house loads, A and B, either of which carries what hangs on both.
pub(super) struct PlantBoards {
    /// Pairs of the site.
    pub pairs: u64,
    /// What hangs on a pair.
    pub pair: VoltAmperes,
    /// Loading of what feeds one board while its partner is out.
    pub alone: f64,
}

/// The plant's switchboards: none is larger than the transformer that feeds it, and where that feeds racks too, the plant
/// is dealt over so many of them that one carries its racks and the whole of a pair.
///
/// ~~~text
/// ℓ + S_p/(2·k·S_u) ≤ 1      smallest k, at most half of a building's transformers
/// ~~~
///
/// ℓ normal loading [1] · S_p plant of a building, S_u rating of a transformer [VA] · k pairs.
pub(super) fn plant_boards(ground: &Ground<'_>) -> Option<PlantBoards> {
    let (load, buildings) = (ground.design.on_plant_boards(), ground.layout.buildings.max(1));
    let factor = ground.fields.electrical.plant_power_factor.0;
    let building = VoltAmperes(load.0 / factor / buildings as f64);
    if building.0 <= 0.0 {
        return None;
    }
    if let Some(unit) = plant_transformer(ground) {
        // A pair of boards for each pair of transformers.
        let pairs = (super::one_line::plant_transformers(ground) / PATHS).max(1);
        let pair = VoltAmperes(load.0 / factor / pairs as f64);
        return Some(PlantBoards { pairs, pair, alone: pair / unit });
    }
    let (unit, _) = unit_substation(ground)?;
    let flows = ground.place.electrical.stages.iter().zip(ground.design.path());
    let mut stages = flows.zip(&ground.place.stages);
    let least = (building / unit - 1e-9).ceil().max(1.0);
    let Some(((_, flow), design)) = stages.find(|((known, _), _)| known.kind == StageKind::UnitTransformer)
    else {
        let pair = building / least;
        return Some(PlantBoards { pairs: least as u64 * buildings, pair, alone: pair / unit });
    };
    let serving = flow.modules - design.redundancy.reserve(flow.modules).idle;
    let normal = flow.output / (flow.installed * (f64::from(serving) / f64::from(flow.modules.max(1))));
    let most = (f64::from(serving) / buildings as f64 / 2.0).floor().max(1.0);
    let room = (1.0 - normal) * 2.0 * unit.0;
    let pairs = if room > 0.0 { (building.0 / room).ceil() } else { most };
    let pairs = pairs.clamp(least.min(most), most);
    let pair = building / pairs;
    Some(PlantBoards { pairs: pairs as u64 * buildings, pair, alone: normal + pair / unit / 2.0 })
}

/// Voltage of the plant's switchboards: that of the halls, or the usual of motors where these have direct current.
pub(super) fn plant_voltage(facts: &ElectricalFacts) -> Volts {
    match facts.busway_carries {
        Current::Direct => PLANT_VOLTAGE,
        Current::ThreePhase => facts.switchboard_voltage,
    }
}

/// What hangs on the plant's switchboards, in words.
fn on_plant_boards(ground: &Ground<'_>) -> &'static str {
    if ground.design.kept_racks.0 > 0.0 {
        "cooling and house loads and the racks of the essential bus"
    } else {
        "cooling and house loads"
    }
}

/// Switchboards of pumps, fans, chillers and house loads: A and B in each building, either carries it.
fn plant_switchboards(ground: &Ground<'_>) -> Vec<Equipment> {
    let Some(boards) = plant_boards(ground) else { return Vec::new() };
    let facts = &ground.place.electrical;
    let voltage = plant_voltage(facts);
    // Breakers of switchboards carry their rating all day, as transformers do.
    let (frame, parallel) =
        ground.place.electrical.ratings.low_voltage_frame(line_current(boards.pair, voltage));
    let fault = low_voltage_breaks(ground, plant_fault(ground));
    let basis = format!(
        "{} pairs of A and B for {} of {}, each behind a transformer of its own, {}{fault}",
        boards.pairs,
        brief(ground.design.on_plant_boards()),
        on_plant_boards(ground),
        brief(voltage),
    );
    let count = PATHS * parallel * boards.pairs;
    let mains = format!("main of each switchboard of the plant, {}{fault}", brief(voltage));
    vec![
        line("plant switchboards", count, frame.0, "A", basis),
        line("plant main breakers", count, frame.0, "A", mains),
    ]
}

/// Transformers of plant and house alone, on A and B.
fn plant_transformers(ground: &Ground<'_>, load_flow: Option<&LoadFlow>) -> Vec<Equipment> {
    let flows = ground.design.to_plant.iter().filter(|flow| flow.output.0 > 0.0);
    let lines = flows.map(|flow| {
        let modules = u64::from(flow.modules.max(1));
        let apparent = plant_transformer(ground).unwrap_or_default();
        let whole = load_flow.map_or(0, |flow| flow.plant_transformers);
        let basis = format!(
            "{} of {} at {}, {} loaded, those of A and of B carry it alone",
            brief(flow.output),
            on_plant_boards(ground),
            brief(plant_voltage(&ground.place.electrical)),
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
    let (load, what) = match backup.covers {
        Covered::Everything => (meter, "racks, plant and house"),
        Covered::PlantAndNetwork => (meter - compute, "all but the accelerator racks"),
    };
    Some((backup.sized_for(load, &place.electrical.ratings), load, what))
}

/// Engines, how many sets there are, what they carry and that in words.
pub(super) fn engine_sets(ground: &Ground<'_>) -> Option<(BackupFacts, u64, Watts, &'static str)> {
    let compute: Watts = ground.loads.iter().map(|(_, draw)| draw.compute).sum();
    let (backup, load, what) = backed_load(ground.place, ground.design.meter, compute)?;
    Some((backup, u64::from(backup.redundancy.modules(load, backup.set)), load, what))
}
