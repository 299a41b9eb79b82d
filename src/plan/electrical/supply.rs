//! How surely a rack is fed, and what each topology would install, strand and promise.

use super::Ground;
use super::facts::{BackupFacts, is_system};
use super::row_bus;
use crate::catalog::profile::{Covered, StageKind};
use crate::plan::result::{Supply, SupplyBlock, Topology};
use crate::power::availability::{Block, Engines, backed_up, k_of_n, supplied};
use crate::power::dynamics::hold_up;
use crate::power::ratings::Ratings;
use crate::power::{Redundancy, chain};
use crate::scalar::SECONDS_PER_YEAR;
use crate::units::{Ratio, Seconds, Share, Watts};

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

/// The same of network, storage and management racks: where they hang on the bus of what must not stop, its UPS counts.
pub(super) fn support_hold_up(ground: &Ground<'_>) -> Seconds {
    let kept = super::schedule::support_is_kept(ground);
    let essential = ground.place.electrical.essential.as_ref().filter(|_| kept);
    hold_up(essential.and_then(|(known, _)| known.hold_up).into_iter().chain([rack_hold_up(ground)]))
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

/// The grid with the main transformers that stand before the engines, in words and as a block; none where their failures
/// are unknown.
pub(super) fn named_grid(ground: &Ground<'_>) -> Option<(String, Block)> {
    let facts = &ground.place.electrical;
    let (circuits, teams) = (ground.fields.grid.circuits, ground.fields.electrical.repair_teams);
    let mut source = grid(ground);
    let mut names = format!("grid, {circuits} circuit{}", if circuits == 1 { "" } else { "s" });
    // What stands before the engines has no bypass that hangs on a feed.
    let all = groups(ground, Wish::Planned, Block::PERFECT)?;
    for group in all.iter().filter(|group| group.before_engines) {
        source = source.then(supplied(group.system, group.redundancy, facts.transfer_switch, teams));
        names = format!("{names}, {} {}", group.name, arrangement(group.redundancy));
    }
    Some((names, source))
}

/// Sets of one group of engines.
pub(super) fn engines_of(backup: &BackupFacts, load: Watts, ratings: &Ratings) -> Engines {
    let backup = backup.sized_for(load, ratings);
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

/// A block as the plan tells it.
pub(super) fn shown(name: &str, arrangement: String, block: Block) -> SupplyBlock {
    SupplyBlock {
        name: name.into(),
        arrangement,
        availability: block.availability,
        failures_per_year: block.frequency.0 * SECONDS_PER_YEAR,
        down_time_per_year: Seconds(block.unavailability() * SECONDS_PER_YEAR),
    }
}

/// What stands between the grid and a rack.
#[derive(Debug, Clone, Copy)]
enum Wish {
    /// What is planned.
    Planned,
    /// The same with this topology of the last of its systems.
    Instead(Redundancy),
    /// The same with this topology of all systems that `electrical.redundancy` doubles.
    All(Redundancy),
    /// Neither UPS nor engines nor second paths for the accelerators.
    Bare,
}

/// Stages that fail and are doubled together.
struct Group {
    name: String,
    redundancy: Redundancy,
    system: Block,
    /// Main transformers stand before the engines: what they feed is lost and taken over like the grid.
    before_engines: bool,
}

/// The groups from the grid to a rack; none where a stage's failures are unknown.
///
/// Stages side by side that are doubled alike form one system: a path is lost as a whole, not crosswise. A bypass hangs on
/// the feed that its stage has without stores.
fn groups(ground: &Ground<'_>, wish: Wish, feed: Block) -> Option<Vec<Group>> {
    let place = ground.place;
    let flows = ground.design.path();
    let compared = compared(ground);
    let mut all: Vec<Group> = Vec::new();
    for (at, ((stage, known), flow)) in
        place.stages.iter().zip(&place.electrical.stages).zip(flows).enumerate()
    {
        // The spare main transformer takes over by its tie, and stores and engines bridge the time that it takes.
        let planned = match (known.kind, stage.redundancy) {
            (StageKind::MainTransformer, Redundancy::BlockRedundant { blocks }) => {
                Redundancy::NPlus1 { needed: blocks }
            }
            (_, planned) => planned,
        };
        let redundancy = match wish {
            Wish::Bare if known.kind == StageKind::Ups => continue,
            Wish::Bare if is_system(known.kind) => Redundancy::N,
            Wish::Instead(other) if compared == Some(at) => other,
            Wish::All(other) if is_system(known.kind) => other,
            _ => planned,
        };
        // Feeders fail with what they feed; a battery shelf that fails leaves its rack fed.
        if matches!(known.kind, StageKind::Feeders | StageKind::RackBattery) {
            continue;
        }
        let system = known.module_on(feed)?;
        let of_site = flow.output / f64::from(flow.sites.max(1));
        let fullest = if known.kind == StageKind::Rectifier { row_bus::fullest(ground) } else { None };
        let together = fullest.map_or(of_site, |fullest| fullest.min(of_site));
        let asked = (together / stage.capacity() - 1e-9).ceil().max(1.0);
        // Blocks that racks hang on whole are more than the load asks for.
        let whole = matches!(redundancy, Redundancy::BlockRedundant { .. }) && redundancy == planned;
        let carrying = if whole { (asked * stage.whole).ceil() } else { asked };
        let paths = matches!(redundancy, Redundancy::TwoN | Redundancy::MakeK { .. });
        match all.last_mut() {
            Some(last) if paths && last.redundancy == redundancy => {
                last.system = last.system.then(system);
                last.name = format!("{} and {}", last.name, stage.name);
            }
            _ => all.push(Group {
                name: stage.name.clone(),
                redundancy: redundancy.within(carrying),
                system,
                before_engines: all.is_empty() && known.kind == StageKind::MainTransformer,
            }),
        }
    }
    // A rack has but one bus of direct current behind rectifiers that stand with it.
    all.extend(place.electrical.row_bus.map(|system| Group {
        name: "row bus".into(),
        redundancy: Redundancy::N,
        system,
        before_engines: false,
    }));
    Some(all)
}

/// The blocks in series from the grid to a rack, each with its name and how it is doubled.
fn path(ground: &Ground<'_>, wish: Wish) -> Option<Vec<(String, String, Block)>> {
    let facts = &ground.place.electrical;
    let teams = ground.fields.electrical.repair_teams;
    let (names, source) = named_grid(ground)?;
    let bare = matches!(wish, Wish::Bare);
    let backup = facts.backup.filter(|backup| backup.covers == Covered::Everything && !bare);
    let engines = backup.as_ref().map(|backup| engines_of(backup, ground.design.meter, &facts.ratings));
    let feed = backed_up(source, facts.rack_hold_up, engines);
    let behind = groups(ground, wish, feed)?.into_iter().filter(|group| !group.before_engines);
    let behind = behind.map(|group| {
        let block = supplied(group.system, group.redundancy, facts.transfer_switch, teams);
        (group.name, arrangement(group.redundancy), block)
    });
    let store = if bare { facts.rack_hold_up } else { rack_hold_up(ground) };
    let how = match engines {
        Some(engines) => format!("with engines, {} of {}", engines.needed, engines.installed),
        None => "without engines".into(),
    };
    let mut all = vec![(names, how, backed_up(source, store, engines))];
    all.extend(behind);
    Some(all)
}

/// A path as one block.
fn whole(path: &[(String, String, Block)]) -> Block {
    Block::series(path.iter().map(|(_, _, block)| *block))
}

/// How surely a rack is fed.
pub(super) fn supply(ground: &Ground<'_>) -> Option<Supply> {
    let blocks = path(ground, Wish::Planned)?;
    let path = whole(&blocks);
    let shown = blocks.into_iter().map(|(name, how, block)| shown(&name, how, block));
    Some(sum(path, rack_hold_up(ground), shown))
}

/// A path with its blocks.
pub(super) fn sum(path: Block, hold_up: Seconds, blocks: impl Iterator<Item = SupplyBlock>) -> Supply {
    let total = shown("", String::new(), path);
    Supply {
        availability: total.availability,
        failures_per_year: total.failures_per_year,
        down_time_per_year: total.down_time_per_year,
        mean_down_time: path.down_time(),
        hold_up,
        blocks: blocks.collect(),
    }
}

/// The last of the systems on the path, whose topologies are compared.
fn compared(ground: &Ground<'_>) -> Option<usize> {
    ground.place.electrical.stages.iter().rposition(|stage| is_system(stage.kind))
}

/// The systems before a stage, each as it is planned.
fn before(ground: &Ground<'_>, at: usize) -> Vec<String> {
    let place = ground.place;
    let stages = place.stages.iter().zip(&place.electrical.stages).take(at);
    let systems = stages.filter(|(_, known)| is_system(known.kind));
    systems.map(|(stage, _)| format!("{} {}", stage.name, arrangement(stage.redundancy))).collect()
}

/// Modules with their spares that carry whole racks, where each hangs on one of them alone.
fn whole_racks(redundancy: Redundancy, load: Watts, racks: u64, module: Watts) -> Option<u32> {
    if racks == 0 {
        return None;
    }
    let carrying = redundancy.carrying_whole(racks, load / racks as f64, module)? as f64;
    Some(redundancy.within(carrying).modules(module * carrying, module))
}

/// The topologies side by side, on the last of the systems that are doubled, and none of them.
///
/// What stands before it stays as planned in every row, so that rows differ by this stage alone and the row that is planned
/// with is the plan's own supply; beside that stands what each gives where all systems are doubled so.
pub(super) fn topologies(ground: &Ground<'_>) -> Vec<Topology> {
    let place = ground.place;
    let Some(at) = compared(ground) else { return Vec::new() };
    let stage = &place.stages[at];
    let Some(load) = ground.design.path().nth(at).map(|flow| flow.output) else {
        return Vec::new();
    };
    if load.0 <= 0.0 {
        return Vec::new();
    }
    let kept = before(ground, at);
    let racks = row_bus::dealt(ground, place.electrical.stages[at].kind);
    let row = |name: &str, redundancy: Redundancy, wish: Wish| {
        let redundancy = if redundancy.is_kind_of(stage.redundancy) { stage.redundancy } else { redundancy };
        let mut alone = stage.clone();
        alone.redundancy = redundancy;
        if !redundancy.is_kind_of(stage.redundancy) {
            // How many whole ones buildings would take of another topology is not counted.
            alone.whole = 1.0;
        }
        let mut flow = chain(load, racks, std::slice::from_ref(&alone)).remove(0);
        if let Some(count) = whole_racks(redundancy, load, racks, stage.capacity())
            .filter(|count| !redundancy.is_kind_of(stage.redundancy) && *count > flow.modules)
        {
            alone.whole = f64::from(count) / f64::from(flow.modules.max(1));
            flow = chain(load, racks, std::slice::from_ref(&alone)).remove(0);
        }
        let down = |path: Block| Seconds(path.unavailability() * SECONDS_PER_YEAR);
        let all_so = match wish {
            Wish::Bare => None,
            _ => path(ground, Wish::All(redundancy)).map(|path| down(whole(&path))),
        };
        let path = path(ground, wish).map(|path| whole(&path));
        Topology {
            name: name.into(),
            stage: stage.name.clone(),
            chosen: redundancy.is_kind_of(stage.redundancy),
            kept: kept.clone(),
            installed: flow.installed,
            modules: u64::from(flow.modules),
            normal_load: Share(flow.load_fraction),
            // Below a watt it is the rounding of sums.
            stranded: if flow.stranded.0.abs() < 1.0 { Watts(0.0) } else { flow.stranded },
            fullest_survivor: flow.one_out(redundancy, racks).map(Ratio),
            loss: flow.loss,
            availability: path.map(|path| path.availability),
            down_time_per_year: path.map(down),
            all_so_down_time_per_year: all_so,
        }
    };
    let instead = |other: Redundancy| {
        if other.is_kind_of(stage.redundancy) { Wish::Planned } else { Wish::Instead(other) }
    };
    let mut all: Vec<Topology> =
        TOPOLOGIES.into_iter().map(|(name, other)| row(name, other, instead(other))).collect();
    if place.electrical.stages[at].kind == StageKind::Ups {
        let nothing = Watts(0.0);
        all.push(Topology {
            chosen: false,
            installed: nothing,
            modules: 0,
            normal_load: Share(0.0),
            stranded: nothing,
            loss: nothing,
            ..row("none on the racks", Redundancy::N, Wish::Bare)
        });
    }
    all
}

#[cfg(test)]
mod tests {
    fn planned(set: &[&str]) -> crate::plan::result::Electrical {
        super::super::tests::planned(set).electrical
    }

    #[test]
    fn a_rack_of_the_default_design_is_fed_five_nines_less_a_little() {
        let supply = planned(&[]).supply.unwrap();
        assert!((0.999_95..0.999_999).contains(&supply.availability), "{}", supply.availability);
        let product: f64 = supply.blocks.iter().map(|block| block.availability).product();
        assert!((supply.availability - product).abs() < 1e-12);
        // Unit substations in ten and one, λ = 0.02 + 0.006 + 2·0.004 = 0.034 /y each, with long repairs.
        let units = &supply.blocks[1];
        assert!(units.arrangement == "10+1" && units.down_time_per_year.0 / 60.0 > 1.0, "{units:?}");
    }

    #[test]
    fn two_paths_are_one_system_from_unit_substation_to_busway() {
        let supply = planned(&["electrical.redundancy=2n"]).supply.unwrap();
        assert_eq!(supply.blocks[1].name, "unit-transformer and ups and lv-bus");
        let legacy = planned(&["electrical.design=ac-480-legacy"]).supply.unwrap();
        assert_eq!(legacy.blocks.len(), 2, "{:?}", legacy.blocks);
    }

    #[test]
    fn the_topology_planned_with_is_the_supply() {
        let planned = planned(&["electrical.redundancy=3-to-make-2"]);
        let chosen = planned.topologies.iter().find(|one| one.chosen).unwrap();
        assert_eq!(chosen.name, "3-to-make-2");
        let supply = planned.supply.unwrap();
        assert!((chosen.availability.unwrap() - supply.availability).abs() < 1e-12);
        // 3-to-make-2 strands a third, 4-to-make-3 a quarter, 2N half, by hand; whole groups in each building add to the first.
        let extra = chosen.stranded / chosen.installed - 1.0 / 3.0;
        assert!((0.0..0.02).contains(&extra), "{extra}");
        let four = planned.topologies.iter().find(|one| one.name == "4-to-make-3").unwrap();
        // Whole groups of four: up to three of some 575 that carry are more than the load asks for.
        let extra = four.stranded / four.installed - 0.25;
        assert!((0.0..0.75 * 3.0 / 575.0).contains(&extra), "{extra}");
        let double = planned.topologies.iter().find(|one| one.name == "2N").unwrap();
        assert!((double.stranded / double.installed - 0.5).abs() < 2e-3);
    }

    #[test]
    fn every_design_is_promised_in_its_row_what_its_supply_says() {
        for design in crate::catalog::Catalog::default().ids("electrical") {
            let planned = planned(&[&format!("electrical.design={design}")]);
            let supply = planned.supply.unwrap().availability;
            let chosen = planned.topologies.iter().find(|one| one.chosen).unwrap();
            assert!((chosen.availability.unwrap() - supply).abs() < 1e-12, "{design}: {chosen:?} {supply}");
        }
    }

    #[test]
    fn a_circuit_that_is_repaired_at_once_never_fails_the_supply() {
        let usual = planned(&[]).supply.unwrap();
        let ideal = planned(&["grid.circuit_repair=0 h"]).supply.unwrap();
        assert!(ideal.availability >= usual.availability && ideal.availability < 1.0, "{ideal:?}");
        assert!(ideal.failures_per_year.is_finite() && ideal.down_time_per_year.0 > 0.0, "{ideal:?}");
    }

    #[test]
    fn racks_on_the_bare_grid_feel_every_outage() {
        let bare = planned(&["electrical.design=ac-415-no-ups"]).supply.unwrap();
        // The common outages of two circuits, 0.25 a year, are felt one by one; so is each unit substation.
        assert!(bare.blocks[0].failures_per_year > 0.249 && bare.failures_per_year > 0.28, "{bare:?}");
        let none = planned(&[]).topologies.pop().unwrap();
        assert_eq!(none.name, "none on the racks");
        assert!((none.availability.unwrap() - bare.availability).abs() < 1e-4);
    }

    #[test]
    fn a_second_team_repairs_more_at_once() {
        let one = planned(&[]).supply.unwrap();
        let two = planned(&["electrical.repair_teams=2"]).supply.unwrap();
        assert!(two.availability > one.availability);
    }
}
