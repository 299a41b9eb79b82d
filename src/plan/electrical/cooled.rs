//! How surely the heat of a rack is taken: pumps, coolers and what feeds them.
//!
//! The plant has neither UPS nor batteries of its own but what `cooling.ride_through` says, so an outage of the grid is
//! felt until the engines carry it. Behind its feed stand the coolers of a loop, the CDUs or air handlers of a hall,
//! each group with its spares. Left out: leaks, controls, valves and pipes, and spares lent between buildings.

use super::Ground;
use super::schedule::engine_sets;
use super::supply::{engines_of, named_grid, shown, sum};
use crate::catalog::profile::StageKind;
use crate::cooling::HeatRejection;
use crate::fleet::cdus;
use crate::plan::mechanical;
use crate::plan::result::Supply;
use crate::power::availability::{Block, backed_up, k_of_n};
use crate::units::{Seconds, Watts};

/// What chillers are called, outside or behind coolers.
const CHILLERS: &str = "chillers, each with its pump";

/// How long racks work on before their cooling has to be fed again: what water and pumps bridge less the start of the
/// drives, and, where chillers run in the design hour, what the chilled water bridges less theirs.
pub(in crate::plan) fn bridged(ground: &Ground<'_>) -> Seconds {
    let said = &ground.fields.cooling;
    let drives = said.ride_through - said.drive_restart;
    let chillers = said.chilled_store - said.chiller_restart;
    let chills = ground.design.chilled().0 > 0.0;
    (if chills { drives.min(chillers) } else { drives }).max(Seconds(0.0))
}

/// How surely the heat of a rack is taken; none where the failures of the main transformers are unknown.
pub(super) fn cooled(ground: &Ground<'_>) -> Option<Supply> {
    let (said, place) = (&ground.fields.cooling, ground.place);
    let teams = ground.fields.electrical.repair_teams;
    let (names, source) = named_grid(ground)?;
    let ratings = &ground.place.electrical.ratings;
    let engines = engine_sets(ground).map(|(backup, _, load, _)| engines_of(&backup, load, ratings));
    let how = engines.map_or_else(
        || "without engines".to_owned(),
        |engines| format!("with engines, {} of {}", engines.needed, engines.installed),
    );
    let mut blocks = vec![(names, how, backed_up(source, bridged(ground), engines))];

    // Switchboards A and B of a building, each behind a transformer of the plant's own, or the unit substations it hangs on.
    let unit = place.electrical.stages.iter().find(|stage| stage.kind == StageKind::UnitTransformer);
    let feed = match &place.electrical.plant_feed {
        Some(own) => own.parts.map(|path| ("plant transformers", path)),
        None => unit.and_then(|stage| stage.parts).map(|path| ("unit substations of the plant", path)),
    };
    if let Some((name, path)) = feed {
        blocks.push((name.into(), "2N".into(), k_of_n(path, 1, 2, teams)));
    }

    let pump = Block::of(said.pump_failures, said.pump_repair);
    let chiller = Block::of(said.chiller_failures, said.chiller_repair);
    let chills = ground.design.chilled().0 > 0.0;
    let cooler = match place.plant.heat_rejection {
        HeatRejection::AirCooledChiller if chills => (CHILLERS, chiller.then(pump)),
        _ => ("coolers, each with its fans and pump", pump.then(pump)),
    };
    let outside = mechanical::heat_rejection(place, ground.loads, ground.design, ground.layout.buildings);
    let own = mechanical::chillers(place, ground.loads, ground.design, ground.layout.buildings);
    for ((name, unit), units) in [(cooler, outside), ((CHILLERS, chiller.then(pump)), own)] {
        let of_loop = units.of_loop();
        if of_loop > 1 {
            let arrangement = format!("{}+1 a loop", of_loop - 1);
            blocks.push((name.into(), arrangement, k_of_n(unit, of_loop - 1, of_loop, teams)));
        }
    }

    let halls = ground.layout.halls.max(1) as f64;
    let liquid: Watts = ground.loads.iter().map(|(_, draw)| draw.liquid).sum();
    let group = cdus(liquid / halls, place.cdus);
    if group.total() > 0 {
        let (duty, all) = (counted(group.duty), counted(group.total()));
        let arrangement = format!("{duty}+{} a hall", group.spare);
        blocks.push(("CDUs, each with its pump".into(), arrangement, k_of_n(pump, duty, all, teams)));
    }
    let handlers = ground.layout.floors.iter().map(|floor| floor.layout.hall.air_handlers).max().unwrap_or(0);
    if handlers > 1 {
        let all = counted(handlers);
        let arrangement = format!("{}+1 a hall", all - 1);
        blocks.push((
            "air handlers, each with its fans".into(),
            arrangement,
            k_of_n(pump, all - 1, all, teams),
        ));
    }

    let path = Block::series(blocks.iter().map(|(_, _, block)| *block));
    Some(sum(path, said.ride_through, blocks.into_iter().map(|(name, how, block)| shown(&name, how, block))))
}

fn counted(units: u64) -> u32 {
    u32::try_from(units).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tests::planned;

    #[test]
    fn cooling_without_spares_fails_as_often_as_any_of_its_parts() {
        let with = planned(&[]).electrical.cooled.unwrap();
        let parts: f64 = with.blocks.iter().map(|block| 1.0 - block.availability).sum();
        assert!(((1.0 - with.availability) / parts - 1.0).abs() < 1e-3, "{with:?}");
        // Pumps that never fail leave what feeds them.
        let set = ["cooling.pump_failures=0 /y", "cooling.chiller_failures=0 /y"];
        let fed = planned(&set).electrical.cooled.unwrap();
        let feed: f64 = fed.blocks[..2].iter().map(|block| block.availability).product();
        assert!((fed.availability - feed).abs() < 1e-12, "{fed:?}");
        assert!(fed.availability > with.availability);
    }

    #[test]
    fn a_plant_that_waits_for_its_engines_is_down_at_every_outage_of_the_grid() {
        let of = |time: &str| planned(&[&format!("cooling.ride_through={time}")]).electrical.cooled.unwrap();
        let (none, minute) = (of("0 s"), of("60 s"));
        // Two circuits with a common cause: about 0.25 outages a year.
        assert!((0.2..0.35).contains(&none.blocks[0].failures_per_year), "{none:?}");
        assert!(minute.blocks[0].failures_per_year < 0.01 * none.blocks[0].failures_per_year, "{minute:?}");
    }
}
