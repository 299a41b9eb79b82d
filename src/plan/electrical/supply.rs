//! How surely a rack is fed, and what each topology would install, strand and promise.

use super::Ground;
use super::facts::{BackupFacts, is_system};
use crate::catalog::profile::Covered;
use crate::plan::result::{Supply, SupplyBlock, Topology};
use crate::power::availability::{Block, Engines, backed_up, k_of_n, supplied};
use crate::power::dynamics::hold_up;
use crate::power::{Redundancy, StageFlow, chain};
use crate::scalar::SECONDS_PER_YEAR;
use crate::units::{Seconds, Share, Watts};

/// The topologies that are set side by side.
const TOPOLOGIES: [(&str, Redundancy); 7] = [
    ("N", Redundancy::N),
    ("N+1", Redundancy::NPlus1 { needed: 10 }),
    ("2N", Redundancy::TwoN),
    ("3-to-make-2", Redundancy::MakeK { needed: 2 }),
    ("4-to-make-3", Redundancy::MakeK { needed: 3 }),
    ("5-to-make-4", Redundancy::MakeK { needed: 4 }),
    ("block redundant", Redundancy::BlockRedundant { blocks: 6 }),
];

/// A redundancy in the words of the trade.
fn arrangement(redundancy: Redundancy) -> String {
    match redundancy {
        Redundancy::N => "N".into(),
        Redundancy::NPlus1 { needed } => format!("{needed}+1"),
        Redundancy::TwoN => "2N".into(),
        Redundancy::MakeK { needed } => format!("{}-to-make-{needed}", needed + 1),
        Redundancy::BlockRedundant { blocks } => format!("{blocks} blocks and a catcher"),
    }
}

/// How long racks outlast a failure of everything before their hall.
pub(in crate::plan) fn rack_hold_up(ground: &Ground<'_>) -> Seconds {
    let facts = &ground.place.electrical;
    hold_up(facts.stages.iter().filter_map(|stage| stage.hold_up).chain([facts.rack_hold_up]))
}

/// The grid as a rack sees it through its circuits.
fn grid(ground: &Ground<'_>) -> Block {
    let grid = &ground.fields.grid;
    let circuit = Block::of(grid.circuit_outages, grid.circuit_repair);
    if grid.circuits <= 1 {
        return circuit;
    }
    let common = Block::of(grid.common_outages, grid.common_repair);
    k_of_n(circuit, 1, grid.circuits, grid.circuits).then(common)
}

/// Sets of one group of engines.
fn engines(backup: &BackupFacts, load: Watts) -> Engines {
    let carrying = (load / backup.set - 1e-9).ceil().max(1.0);
    let (needed, installed) = match backup.redundancy.within(carrying) {
        Redundancy::N => (1, 1),
        Redundancy::TwoN => (1, 2),
        Redundancy::NPlus1 { needed }
        | Redundancy::MakeK { needed }
        | Redundancy::BlockRedundant { blocks: needed } => (needed, needed + 1),
    };
    Engines {
        needed,
        installed,
        start_failure: backup.start_failure.0,
        availability: backup.set_block.availability,
        start_time: backup.start_time,
    }
}

fn shown(name: &str, arrangement: String, block: Block) -> SupplyBlock {
    SupplyBlock {
        name: name.into(),
        arrangement,
        availability: block.availability,
        failures_per_year: block.frequency.0 * SECONDS_PER_YEAR,
        down_time_per_year: Seconds(block.unavailability() * SECONDS_PER_YEAR),
    }
}

/// The blocks from the grid to a rack with this redundancy of its systems; none where a stage's failures are unknown.
///
/// Stages side by side that are doubled alike form one system: a path is lost as a whole, not crosswise.
fn blocks(ground: &Ground<'_>, systems: Option<Redundancy>) -> Option<Vec<(String, String, Block)>> {
    let (place, teams) = (ground.place, ground.fields.electrical.repair_teams);
    let facts = &place.electrical;
    let flows: Vec<&StageFlow> = ground.design.yard.iter().chain(&ground.design.indoors).collect();
    let mut all = Vec::new();
    let mut source = grid(ground);
    let mut names =
        format!("grid, {} circuit{}", ground.fields.grid.circuits, plural(ground.fields.grid.circuits));
    let mut stages = place.stages.iter().zip(&facts.stages).zip(flows).peekable();
    let mut first = true;
    while let Some(((stage, known), flow)) = stages.next() {
        let mut system = known.parts?;
        let mut name = stage.name.clone();
        let mut redundancy =
            if is_system(known.kind) { systems.unwrap_or(stage.redundancy) } else { stage.redundancy };
        let distributed = |r: Redundancy| matches!(r, Redundancy::TwoN | Redundancy::MakeK { .. });
        while let Some(((next, known), _)) = stages.peek() {
            let own =
                if is_system(known.kind) { systems.unwrap_or(next.redundancy) } else { next.redundancy };
            if !(distributed(redundancy) && own == redundancy) {
                break;
            }
            system = system.then(known.parts?);
            name = format!("{name} and {}", next.name);
            stages.next();
        }
        redundancy = redundancy.within((flow.output / stage.module - 1e-9).ceil().max(1.0));
        let block = supplied(system, redundancy, facts.transfer_switch, teams);
        // Main transformers stand before the engines: what they feed is lost and taken over like the grid.
        let main = known.kind == crate::catalog::profile::StageKind::MainTransformer;
        if first && main {
            source = source.then(block);
            names = format!("{names}, {name} {}", arrangement(redundancy));
            first = false;
            continue;
        }
        if all.is_empty() {
            all.push(backed(ground, &names, source));
        }
        first = false;
        all.push((name, arrangement(redundancy), block));
    }
    if all.is_empty() {
        all.push(backed(ground, &names, source));
    }
    Some(all)
}

fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// What stands before the unit substations, with the engines and stores that bridge it.
fn backed(ground: &Ground<'_>, names: &str, source: Block) -> (String, String, Block) {
    let backup = ground.place.electrical.backup.filter(|backup| backup.covers == Covered::Everything);
    let engines = backup.as_ref().map(|backup| engines(backup, ground.design.meter));
    let block = backed_up(source, rack_hold_up(ground), engines);
    let how = match engines {
        Some(engines) => format!("with engines, {} of {}", engines.needed, engines.installed),
        None => "without engines".into(),
    };
    (names.to_owned(), how, block)
}

/// How surely a rack is fed.
pub(super) fn supply(ground: &Ground<'_>) -> Option<Supply> {
    let blocks = blocks(ground, None)?;
    let path = Block::series(blocks.iter().map(|(_, _, block)| *block));
    let total = shown("rack", String::new(), path);
    Some(Supply {
        availability: total.availability,
        failures_per_year: total.failures_per_year,
        down_time_per_year: total.down_time_per_year,
        mean_down_time: path.down_time(),
        hold_up: rack_hold_up(ground),
        blocks: blocks.into_iter().map(|(name, how, block)| shown(&name, how, block)).collect(),
    })
}

/// The topologies side by side, on the last of the systems that they double.
pub(super) fn topologies(ground: &Ground<'_>) -> Vec<Topology> {
    let place = ground.place;
    let known = place.electrical.stages.iter();
    let Some(at) = known.enumerate().filter(|(_, stage)| is_system(stage.kind)).map(|(at, _)| at).next_back()
    else {
        return Vec::new();
    };
    let stage = &place.stages[at];
    let flows: Vec<&StageFlow> = ground.design.yard.iter().chain(&ground.design.indoors).collect();
    let load = flows[at].output;
    if load.0 <= 0.0 {
        return Vec::new();
    }
    TOPOLOGIES
        .into_iter()
        .map(|(name, redundancy)| {
            let mut alone = stage.clone();
            alone.redundancy = redundancy;
            let flow = &chain(load, std::slice::from_ref(&alone))[0];
            let path = blocks(ground, Some(redundancy))
                .map(|blocks| Block::series(blocks.iter().map(|(_, _, block)| *block)));
            Topology {
                name: name.into(),
                stage: stage.name.clone(),
                chosen: stage.redundancy == redundancy,
                installed: flow.installed,
                modules: u64::from(flow.modules),
                normal_load: Share(flow.load_fraction),
                stranded: flow.stranded,
                loss: flow.loss,
                availability: path.map(|path| path.availability),
                down_time_per_year: path.map(|path| Seconds(path.unavailability() * SECONDS_PER_YEAR)),
            }
        })
        .collect()
}
