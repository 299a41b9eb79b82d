//! What a rack keeps when a shelf or one of its two feeds is lost.
//!
//! Where shelves are not known, half of the installed supplies is taken to hang on each feed; a rack that takes 800 V of
//! direct current as it comes has one bus that either feed carries, because either tap is sized for the whole rack.

use super::Ground;
use crate::catalog::profile::Current;
use crate::plan::result::RackShelves;
use crate::power::provisioning::{LOWEST_CAP, performance_at_cap};
use crate::power::{Bound, Shelves};
use crate::units::{Share, Watts};

/// The shelves of each system, or what is taken for them.
pub(super) fn shelves(ground: &Ground<'_>) -> Vec<RackShelves> {
    let standing = ground.loads.iter().filter(|(_, draw)| draw.racks > 0);
    let of = standing.map(|(machine, _)| {
        let direct = machine.system.rack.currents == [Current::Direct];
        let side = if direct { machine.rack.feed } else { machine.rack.feed / 2.0 };
        let shelves = machine.shelves.unwrap_or(Shelves { count: 2, rating: side });
        let heat = machine.compute_bound.rack;
        // A rack on one path alone goes dark with it.
        let alone = super::schedule::paths(ground.place) == 1;
        let one_side = if alone { Watts(0.0) } else { shelves.one_side() };
        let kept = Share((one_side / heat).min(1.0));
        // Below the curve, work goes with power.
        let keeps = |bound| if kept < LOWEST_CAP { kept } else { performance_at_cap(kept, bound) };
        RackShelves {
            system: machine.id.clone(),
            known: machine.shelves.is_some(),
            count: shelves.count,
            rating: shelves.rating,
            needed: shelves.needed(heat),
            heat,
            one_side,
            kept,
            performance_compute: keeps(Bound::Compute),
            performance_memory: keeps(Bound::Memory),
        }
    });
    of.collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::planned;

    #[test]
    fn a_rack_of_gb300_is_held_to_132_kilowatts_on_one_feed() {
        let plan = planned(&[]);
        let shelves = &plan.electrical.shelves[0];
        assert_eq!((shelves.count, shelves.needed), (8, 5));
        assert!((shelves.kept.0 - 132.0 / 140.0).abs() < 1e-12, "{shelves:?}");
        assert!(shelves.performance_compute.0 < 1.0 && shelves.performance_compute >= shelves.kept);
        let verdict = |name: &str| {
            let found = plan.verdicts.iter().find(|one| one.constraint.starts_with(name));
            found.unwrap_or_else(|| panic!("{name}: {:?}", plan.verdicts)).clone()
        };
        let one = verdict("one shelf of gb300-nvl72");
        assert!((one.limit - 7.0 * 33e3).abs() < 1e-6 && one.short_by <= 0.0, "{one:?}");
        let side = verdict("one feed of gb300-nvl72");
        assert!(
            side.note.contains("94 %") && (side.limit - 132e3).abs() < 1e-6 && side.short_by <= 0.0,
            "{side:?}"
        );
        // Nobody says what hangs on which feed: half of 52.8 kW for a rack of 40.8, all of Kyber's on either.
        let taken = |system: &str, design: &str| {
            let set = [format!("systems.0.id={system}"), format!("electrical.design={design}")];
            planned(&[&set[0], &set[1]]).electrical.shelves[0].clone()
        };
        let node = taken("hgx-h100", "ac-415-ups");
        assert!(!node.known && (node.one_side.0 - 26.4e3).abs() < 1e-6 && node.kept.0 < 0.65, "{node:?}");
        let kyber = taken("kyber-nvl144", "dc-800-sst");
        assert!(!kyber.known && (kyber.kept.0 - 1.0).abs() < 1e-12, "{kyber:?}");
        // A rack that idles above what one side carries goes dark with it.
        let weak = planned(&[
            "provisioning.idle=0.96",
            "provisioning.duty_factor=0.97",
            "provisioning.cap=0.98",
            "dynamics.floor=0.97",
        ]);
        assert!(
            weak.verdicts.iter().any(|one| one.constraint.starts_with("one feed of") && one.short_by > 0.0)
        );
    }
}
