//! What a dip of the grid does to each sort of load: it stays on, falls onto its store, or drops and starts again.
//!
//! A load stays on the grid while the voltage that is left is one that it works at. Below, a store carries it, and a load
//! without one that outlasts the dip drops. What falls onto stores leaves the grid all the same, and comes back with what
//! dropped. Left out: how deep motors pull the voltage while they start again, and dips of one phase.

use super::Ground;
use super::supply::{rack_hold_up, support_hold_up};
use crate::plan::result::{Answer, DipLoad};
use crate::power::StageFlow;
use crate::units::{Seconds, Share, Watts};

/// Voltage below which a UPS goes onto its battery and rack supplies onto theirs: the lower end of their input windows,
/// usually 10 to 20 % below nominal (makers' tables, recalled).
const WINDOW: Share = Share(0.85);
/// Voltage below which contactors of lights and small motors drop out: 50 to 70 % (recalled).
const CONTACTORS: Share = Share(0.6);

/// Time until a rack that lost its feed works again: supplies, firmware, links and operating system, 5 to 15 minutes
/// (recalled); what its work then takes to go on is not in it.
const BOOT: Seconds = Seconds(300.0);

/// What each sort of load does in the dip that the site has to ride through, grid side first.
pub(super) fn loads(ground: &Ground<'_>) -> Vec<DipLoad> {
    let (design, said, grid) = (ground.design, &ground.fields.cooling, &ground.fields.grid);
    let compute: Watts = ground.loads.iter().map(|(_, draw)| draw.compute).sum();
    let through = |flow: &StageFlow| if flow.output.0 > 0.0 { flow.input / flow.output } else { 1.0 };
    let trunk: f64 = design.trunk.iter().map(through).product();
    let to_racks: f64 = trunk * design.to_racks.iter().map(through).product::<f64>();
    let to_plant: f64 = trunk * design.to_plant.iter().map(through).product::<f64>();
    let kept = crate::plan::sizing::essential_load(ground.place, ground.loads);
    let support = design.it - compute;
    // Of what the small UPS carries, pumps and house are left when the racks on it are counted with the racks.
    let keeps_support = super::schedule::support_is_kept(ground);
    let pumps_and_house = if keeps_support { kept - support } else { kept };
    let coolant = (pumps_and_house - design.house).max(Watts(0.0));
    let essential = ground.place.electrical.essential.as_ref();
    let bridged = essential.and_then(|(known, _)| known.hold_up).unwrap_or(Seconds(0.0));
    let plant = &design.plant;
    let one = |name: &str, power: Watts, works_at: Share, store: Seconds, back: Seconds| {
        let answer = if grid.dip_voltage >= works_at {
            Answer::StaysOn
        } else if store >= grid.ride_through {
            Answer::OnItsStore
        } else {
            Answer::Drops
        };
        DipLoad { name: name.into(), power, works_at, store, back, answer }
    };
    let nothing = Seconds(0.0);
    let drives = plant.pumps - coolant + plant.fans + plant.air_handlers;
    let lost = design.essential_loss() * to_plant;
    let (house_store, house_at) = if bridged.0 > 0.0 { (bridged, WINDOW) } else { (nothing, CONTACTORS) };
    let all = [
        one("accelerator racks", compute * to_racks, WINDOW, rack_hold_up(ground), BOOT),
        one(
            "network, storage and management racks",
            support * if keeps_support { to_plant } else { to_racks },
            WINDOW,
            support_hold_up(ground),
            BOOT,
        ),
        one(
            "coolant pumps, lights and controls",
            (coolant + design.house) * to_plant + lost,
            house_at,
            house_store,
            said.drive_restart,
        ),
        one(
            "drives of other pumps and fans",
            drives.max(Watts(0.0)) * to_plant,
            said.drive_voltage,
            nothing,
            said.drive_restart,
        ),
        one("chillers", plant.compressors * to_plant, said.drive_voltage, nothing, said.chiller_restart),
    ];
    all.into_iter().filter(|load| load.power.0 > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::planned;
    use crate::plan::result::{Answer, DipLoad};

    fn dip(set: &[&str]) -> (Vec<DipLoad>, crate::plan::Plan) {
        let plan = planned(set);
        (plan.electrical.dynamics.clone().unwrap().dip, plan)
    }

    #[test]
    fn a_dip_to_nothing_takes_the_plant_with_it() {
        let (loads, plan) = dip(&[]);
        let answers: Vec<Answer> = loads.iter().map(|load| load.answer).collect();
        let (stored, drops) = (Answer::OnItsStore, Answer::Drops);
        assert_eq!(answers, [stored, stored, stored, drops, drops], "{loads:?}");
        // All that the meter sees leaves it.
        let all: f64 = loads.iter().map(|load| load.power.0).sum();
        assert!((all / plan.power.facility_peak.0 - 1.0).abs() < 2e-3, "{all} {}", plan.power.facility_peak);
        let dynamics = plan.electrical.dynamics.unwrap();
        assert!((dynamics.transfer.0 / all - 1.0).abs() < 1e-9, "{dynamics:?}");
    }

    #[test]
    fn drives_ride_a_dip_that_leaves_them_half_of_the_voltage() {
        let (loads, plan) = dip(&["grid.dip_voltage=0.55"]);
        let stays: Vec<&str> = loads
            .iter()
            .filter(|load| load.answer == Answer::StaysOn)
            .map(|load| load.name.as_str())
            .collect();
        assert_eq!(stays, ["drives of other pumps and fans", "chillers"]);
        let dynamics = plan.electrical.dynamics.unwrap();
        assert!(dynamics.transfer.0 < 0.95 * plan.power.facility_peak.0, "{dynamics:?}");
    }

    #[test]
    fn no_rack_is_left_without_a_store_where_racks_have_batteries() {
        for design in ["ac-415-bbu", "dc-800-sst", "dc-800-sidecar"] {
            let (loads, plan) = dip(&[&format!("electrical.design={design}")]);
            for load in &loads[..2] {
                assert!(load.answer == Answer::OnItsStore && (load.store.0 - 90.0).abs() < 1e-9, "{load:?}");
            }
            let racks = plan.fleet.racks;
            let lines = plan.electrical.schedule.iter().filter(|line| line.name.ends_with("rack batteries"));
            let shelved: u64 = lines.map(|line| line.count).sum();
            assert_eq!(shelved, racks.compute + racks.network + racks.storage + racks.management, "{design}");
        }
        let (loads, _) = dip(&["electrical.design=ac-415-no-ups"]);
        assert_eq!((loads[0].answer, loads[1].answer), (Answer::Drops, Answer::OnItsStore), "{loads:?}");
    }

    #[test]
    fn what_is_told_to_be_stored_is_what_is_bought() {
        for design in ["ac-415-ups", "ac-415-bbu", "ac-415-no-ups", "dc-800-sst"] {
            let (_, plan) = dip(&[&format!("electrical.design={design}")]);
            let bought: f64 = plan
                .electrical
                .schedule
                .iter()
                .filter(|line| line.unit == "J")
                .map(|line| line.rating * line.count as f64)
                .sum();
            let told = plan.electrical.dynamics.unwrap().stored.0;
            assert!(told > 0.0 && (told / (0.9 * bought) - 1.0).abs() < 1e-12, "{design}: {told} {bought}");
        }
    }
}
