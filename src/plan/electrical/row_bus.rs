//! Buses of direct current behind rectifiers that stand with the racks.
//!
//! The rectifiers of a scalable unit feed one bus in parallel: along its rows, with a tie between each and the next, or along
//! the one row that whole units share. Spares count there alone, for no bus reaches the next unit.

use super::Ground;
use super::facts::ElectricalFacts;
use crate::catalog::profile::StageKind;
use crate::layout::RowBus;
use crate::power::{MARGIN, StageDesign};
use crate::units::Watts;

/// Whether rectifiers stand with the racks: these take direct current, and the busways above them carry three phases.
pub(in crate::plan) fn at_racks(facts: &ElectricalFacts) -> bool {
    facts.racks_get != facts.busway_carries
}

/// Whole rectifiers of a bus, its own spare ones among them.
pub(in crate::plan) fn rectifiers(stage: &StageDesign, load: Watts) -> u64 {
    let asked = load * MARGIN;
    let carrying = (asked / stage.capacity() - 1e-9).ceil().max(1.0);
    u64::from(stage.redundancy.within(carrying).modules(asked, stage.capacity()))
}

/// The rectifiers' stage, where they stand with the racks.
fn stage<'a>(ground: &'a Ground<'_>) -> Option<&'a StageDesign> {
    let facts = &ground.place.electrical;
    let at = facts.stages.iter().position(|known| known.kind == StageKind::Rectifier)?;
    ground.place.stages.get(at).filter(|_| at_racks(facts))
}

/// The buses of the site; none where no rectifier stands with the racks.
pub(super) fn buses(ground: &Ground<'_>) -> Vec<RowBus> {
    if stage(ground).is_none() {
        return Vec::new();
    }
    ground.layout.row_buses.clone()
}

/// Whole rectifiers of the site; none where they do not stand with the racks.
pub(super) fn counted(ground: &Ground<'_>) -> Option<u64> {
    let stage = stage(ground)?;
    Some(buses(ground).into_iter().map(|bus| rectifiers(stage, bus.load) * bus.count).sum())
}

/// Racks that hang on single modules of a kind; none where all of these feed one bus, which deals its load evenly.
pub(super) fn dealt(ground: &Ground<'_>, kind: StageKind) -> u64 {
    let shared = kind == StageKind::Rectifier && at_racks(&ground.place.electrical);
    if shared { 0 } else { ground.racks.compute }
}

/// Load of the fullest bus; none where no rectifier stands with the racks.
pub(super) fn fullest(ground: &Ground<'_>) -> Option<Watts> {
    buses(ground).into_iter().map(|bus| bus.load).reduce(Watts::max)
}

/// Rectifiers on the fullest bus.
pub(super) fn most_on_a_bus(ground: &Ground<'_>) -> u64 {
    stage(ground).zip(fullest(ground)).map_or(0, |(stage, fullest)| rectifiers(stage, fullest))
}

#[cfg(test)]
mod tests {
    use super::super::tests::planned;
    use crate::layout::{RackKind, Slot};

    #[test]
    fn rectifiers_of_a_unit_feed_its_rows_with_a_spare_of_their_own() {
        let plan = planned(&["electrical.design=dc-800-sidecar", "systems.0.id=rubin-ultra-mgx72"]);
        let line = |name: &str| {
            let found = plan.electrical.schedule.iter().find(|line| line.name == name);
            found.unwrap_or_else(|| panic!("no {name} in {:?}", plan.electrical.schedule))
        };
        let floor = &plan.layout.floors[0].layout;
        // A unit of 16 racks of 280 kW with its network takes between 4 and 5 MW: five of 1 MW and one more. A row of spines
        // in a hall, where they stand there, takes less than 1 MW, one of a network room less than 2.
        let spines =
            |row: &&Vec<Slot>| !row.is_empty() && row.iter().all(|slot| slot.kind == RackKind::Spine);
        let spine_rows = floor.hall.rows.iter().filter(spines).count() as u64;
        let room_rows = floor.network_room.as_ref().map_or(0, |room| room.rows.len() as u64);
        let asked = 6 * floor.units + 2 * floor.halls * spine_rows + 3 * room_rows;
        assert_eq!((floor.network_rooms(), line("rectifiers").count), (1, asked));
        // Power racks of that many stand on the floor.
        assert!(floor.demand.unit_power_racks >= 6, "{}", floor.demand.unit_power_racks);
        // Six of 1 MW at 800 V give 1.25 · 7,500 A = 9.375 kA into a fault, above the load of any bus.
        let bus = line("direct-current buses");
        assert!(bus.basis.contains("fault 9.375 kA") && bus.rating < 9_375.0, "{bus:?}");
        assert!(line("rack tap-offs").basis.contains("fault 9.375 kA"), "{:?}", line("rack tap-offs"));
        // A tie between each row of a unit and the next.
        assert!(line("direct-current bus ties").count < bus.count);
        let supply = plan.electrical.supply.unwrap();
        let block = |name: &str| supply.blocks.iter().find(|block| block.name == name).unwrap();
        assert_eq!(block("sidecar-rectifier").arrangement, "5+1");
        // 0.002 /y · 25 h + 0.004 /y · 40 h = 0.21 h a year of a bus section with its breaker.
        let minutes = block("row bus").down_time_per_year.0 / 60.0;
        assert!((minutes - 12.6).abs() < 0.01 && block("row bus").arrangement == "N", "{minutes}");
    }

    #[test]
    fn rectifiers_on_one_bus_share_its_load_evenly() {
        for redundancy in ["n", "n-plus1", "2n", "4-to-make-3", "block-redundant"] {
            for power in ["2 MW", "60 MW"] {
                let set = [format!("electrical.redundancy={redundancy}"), format!("envelope.power={power}")];
                let plan = planned(&[
                    "electrical.design=dc-800-sidecar",
                    "systems.0.id=kyber-nvl144",
                    &set[0],
                    &set[1],
                ]);
                let out = plan.electrical.load_flow.unwrap().outages;
                let out = out.into_iter().filter(|out| out.name.contains("rectifier"));
                assert!(
                    out.clone().all(|out| out.loading <= 1.0),
                    "{redundancy} {power}: {:?}",
                    out.collect::<Vec<_>>()
                );
            }
        }
    }
}
