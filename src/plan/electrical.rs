//! The electrical side of a plan beyond its losses: supply, topologies, swings, load flow, equipment.
//!
//! The formulas stand in [`crate::power`]; here they are asked with the figures of the design, the grid of the
//! scenario and the powers of the design hour.

pub(crate) mod cooled;
mod dynamics;
pub mod facts;
mod one_line;
mod policy;
mod schedule;
mod supply;

use super::equipment::{Machine, Place};
use super::result::{Electrical, Layout, Racks, Training};
use super::sizing::{Draw, FacilityHour};
use crate::layout::YardKind;
use crate::scenario::Fields;
use crate::units::Share;

/// What the electrical side is made from.
pub struct Ground<'a> {
    /// The scenario.
    pub fields: &'a Fields,
    /// The place.
    pub place: &'a Place,
    /// Systems with their draws.
    pub loads: &'a [(&'a Machine, &'a Draw)],
    /// The design hour.
    pub design: &'a FacilityHour,
    /// The floor.
    pub layout: &'a Layout,
    /// The racks.
    pub racks: Racks,
    /// What is trained.
    pub training: &'a [Training],
}

pub use schedule::backed_load;

/// What feeders lose at full load, over what they carry.
#[must_use]
pub fn feeder_loss(ground: &Ground<'_>) -> Share {
    Share(one_line::beyond_chain(ground))
}

/// Lines of the schedule that stand in a yard.
const YARD: [(&str, YardKind); 5] = [
    ("engines", YardKind::Generator),
    ("unit substations", YardKind::Transformer),
    ("solid-state transformers", YardKind::Transformer),
    ("plant transformers", YardKind::Transformer),
    ("main transformers", YardKind::HighVoltage),
];

/// What the yards of the site hold: lines of the schedule by their names, and the units of heat rejection.
#[must_use]
pub fn yards(ground: &Ground<'_>) -> Vec<(YardKind, String, u64)> {
    let load_flow = one_line::load_flow(ground);
    let schedule = schedule::schedule(ground, load_flow.as_ref());
    let kind_of = |name: &str| YARD.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let coolers = super::standing::coolers(ground.place, ground.design);
    let mut all: Vec<_> = schedule
        .into_iter()
        .filter_map(|line| Some((kind_of(&line.name)?, line.name, line.count)))
        .chain((coolers > 0).then(|| {
            (
                YardKind::Cooler,
                super::standing::cooler_name(ground.place.plant.heat_rejection).to_owned(),
                coolers,
            )
        }))
        .collect();
    all.sort_by_key(|(kind, ..)| *kind);
    all
}

/// Everything of the electrical side.
#[must_use]
pub fn electrical(ground: &Ground<'_>) -> Electrical {
    let load_flow = one_line::load_flow(ground);
    Electrical {
        supply: supply::supply(ground),
        cooled: cooled::cooled(ground),
        topologies: supply::topologies(ground),
        provisioning: policy::policy(ground),
        dynamics: dynamics::dynamics(ground),
        hall_voltage: ground.place.electrical.busway_voltage,
        switchboard_voltage: ground.place.electrical.switchboard_voltage,
        schedule: schedule::schedule(ground, load_flow.as_ref()),
        load_flow,
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::plan::{Options, Plan, plan};
    use crate::scenario::{Flags, resolve};

    /// The default scenario without work, with fields set over it.
    pub(in crate::plan::electrical) fn planned(set: &[&str]) -> Plan {
        worked("serving = []\ntraining = []\n", set)
    }

    /// A scenario with fields set over it.
    fn worked(text: &str, set: &[&str]) -> Plan {
        let mut catalog = Catalog::default();
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags = Flags { set, ..Flags::default() };
        let scenario = resolve(Some(("test", text)), &flags, &mut catalog).unwrap();
        plan(&scenario, &catalog, Options::default()).unwrap()
    }

    fn equipment<'a>(plan: &'a Plan, name: &str) -> &'a crate::plan::result::Equipment {
        let found = plan.electrical.schedule.iter().find(|item| item.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", plan.electrical.schedule))
    }

    #[test]
    fn the_load_flow_loses_in_transformers_what_the_chain_loses() {
        let plan = planned(&[]);
        let flow = plan.electrical.load_flow.as_ref().unwrap();
        let transformers = flow.loss.0 - flow.feeder_loss.0;
        let chained: f64 = plan
            .power
            .stages
            .iter()
            .filter(|stage| stage.name.contains("transformer"))
            .map(|s| s.loss.0)
            .sum();
        assert!((transformers / chained - 1.0).abs() < 0.08, "{transformers} {chained}");
        // At the meter the two agree, feeders and all, and the envelope holds.
        let more = flow.delivered.0 / plan.power.facility_peak.0 - 1.0;
        assert!((-1e-4..=0.0).contains(&more), "{more}");
        assert!(flow.delivered <= plan.power.envelope, "{}", flow.delivered);
        let (_, feeders) = plan.power.overheads.iter().find(|(name, _)| name == "feeders").unwrap();
        // What voltages change in the transformers is counted with the feeders.
        let own = flow.feeder_loss.0 + (transformers - chained);
        assert!(
            (feeders.0 - own).abs() < 0.1 * flow.feeder_loss.0,
            "{feeders} {own} of {}",
            flow.feeder_loss
        );
        assert!(flow.shortfall.is_none() && flow.power_factor.0 >= 0.95 - 1e-6);
    }

    #[test]
    fn every_design_of_any_size_has_a_supply_a_load_flow_and_a_schedule() {
        for design in Catalog::default().ids("electrical") {
            for power in ["2 MW", "80 MW", "5 GW"] {
                let set = [format!("electrical.design={design}"), format!("envelope.power={power}")];
                let plan = planned(&[&set[0], &set[1]]);
                let electrical = &plan.electrical;
                let supply = electrical.supply.as_ref().unwrap();
                assert!((0.99..1.0).contains(&supply.availability), "{design} {power}: {supply:?}");
                let flow = electrical.load_flow.as_ref().unwrap();
                assert!(flow.shortfall.is_none(), "{design} {power}: {:?}", flow.shortfall);
                let more = flow.delivered.0 / plan.power.facility_peak.0 - 1.0;
                assert!(more < 1e-6 && more > -0.01, "{design} {power}: {more}");
                assert!(flow.lowest > 0.95 && flow.highest < 1.05, "{design} {power}: {flow:?}");
                assert!(electrical.topologies.len() >= 7, "{design}");
                assert!(equipment(&plan, "engines").count >= 1, "{design} {power}");
            }
        }
    }

    #[test]
    fn five_gigawatts_hang_on_five_substations() {
        let plan = planned(&["envelope.power=5 GW"]);
        let flow = plan.electrical.load_flow.as_ref().unwrap();
        // 5 GW / 0.97 / 1.2 GVA = 4.3.
        assert_eq!(flow.substations, 5);
        assert!((flow.delivered.0 / 5e9 - 1.0).abs() < 0.01, "{}", flow.delivered);
    }

    #[test]
    fn every_substation_carries_its_load_without_one_transformer() {
        for power in ["1.3 GW", "2 GW", "3 GW", "10 GW"] {
            let plan = planned(&[&format!("envelope.power={power}")]);
            assert!(!plan.falls_short(), "{power}: {:?}", plan.verdicts);
            let flow = plan.electrical.load_flow.as_ref().unwrap();
            let main = plan.power.stages.iter().find(|stage| stage.name == "hv-transformer").unwrap();
            let bought = equipment(&plan, "main transformers").count;
            assert_eq!((bought, bought % flow.substations), (main.modules, 0), "{power}");
            let solved = flow.branches.iter().find(|branch| branch.name == "main transformers").unwrap();
            assert_eq!(solved.count * flow.substations, bought, "{power}");
            assert!(flow.outages.iter().all(|outage| outage.loading < 1.0), "{power}: {:?}", flow.outages);
        }
    }

    #[test]
    fn equipment_stands_the_design_point_of_all_racks_or_says_what_does_not() {
        let plan = planned(&["systems.0.id=gb200-nvl72", "electrical.redundancy=n"]);
        let of = |plan: &Plan, name: &str| {
            let found = plan.verdicts.iter().find(|one| one.constraint == format!("design point {name}"));
            found.unwrap_or_else(|| panic!("{name} in {:?}", plan.verdicts)).clone()
        };
        // 192 kW against 132 kW of heat: 60 kW more of each rack, on a UPS without reserve.
        let ups = plan.power.stages.iter().find(|stage| stage.name == "ups").unwrap();
        let need = ups.output.0 + 60e3 * plan.fleet.racks.compute as f64;
        let verdict = of(&plan, "at ups");
        assert!((verdict.need / need - 1.0).abs() < 1e-9, "{verdict:?}");
        assert!((verdict.limit / (1.5 * ups.installed.0) - 1.0).abs() < 1e-9 && verdict.short_by <= 0.0);
        // Semiconductors stand less: the same racks overload converters without a spare.
        let set = ["systems.0.id=gb200-nvl72", "electrical.design=dc-800-sst", "electrical.redundancy=n"];
        let direct = planned(&set);
        let verdict = direct.verdicts.iter().find(|one| one.constraint.contains("solid-state")).unwrap();
        assert!(verdict.short_by > 0.0 && direct.falls_short(), "{verdict:?}");
        let row = of(&plan, "of a row");
        let heat = plan.verdicts.iter().find(|one| one.constraint == "row busway").unwrap();
        // √3·V·I is the continuous power over 0.8; a breaker holds 1.35 times that for seconds.
        assert!(
            (row.limit / (heat.limit / 0.8 * 1.35) - 1.0).abs() < 1e-9 && row.need >= heat.need,
            "{row:?}"
        );
        let plain = planned(&[]);
        assert!(!plain.falls_short(), "{:?}", plain.verdicts);
    }

    #[test]
    fn buildings_take_whole_unit_substations_by_their_halls() {
        let set = ["electrical.redundancy=n", "electrical.design=ac-415-ups"];
        for set in [&set[1..], &set[..], &["electrical.design=ac-415-no-ups"]] {
            let plan = planned(set);
            let flow = plan.electrical.load_flow.as_ref().unwrap();
            let units: Vec<_> =
                flow.branches.iter().filter(|branch| branch.name.starts_with("unit substations")).collect();
            assert_eq!(units.len() as u64, plan.layout.buildings, "{set:?}");
            let all: u64 = units.iter().map(|branch| branch.count).sum();
            let chained = plan.power.stages.iter().find(|stage| stage.name == "unit-transformer").unwrap();
            assert_eq!(equipment(&plan, "unit substations").count, all, "{set:?}");
            assert_eq!(chained.modules, all, "{set:?}");
            assert!(units.iter().all(|branch| branch.loading < 1.0), "{set:?}: {units:?}");
            // Loads as the floor deals halls and network rooms.
            let heats = &plan.layout.heat_of_buildings;
            for (branch, heat) in units.iter().zip(heats) {
                let parts = (branch.power / units[0].power) / (*heat / heats[0]);
                assert!((parts - 1.0).abs() < 0.02, "{set:?}: {parts}");
            }
            let hall = plan.power.it_provisioned / plan.layout.halls as f64;
            assert!(heats.iter().any(|heat| *heat > hall * 8.0), "{set:?}: {heats:?}");
        }
    }

    #[test]
    fn the_schedule_counts_what_the_chain_sizes() {
        let plan = planned(&["electrical.ups_module=500 kW"]);
        let ups = plan.power.stages.iter().find(|stage| stage.name == "ups").unwrap();
        assert_eq!(equipment(&plan, "UPS blocks").count, ups.modules);
        assert_eq!(equipment(&plan, "UPS modules").count, 3 * ups.modules);
        let battery = equipment(&plan, "UPS batteries");
        // 5 min of a block at 90 % usable.
        let expected = ups.installed.0 / ups.modules as f64 * 300.0 / 0.9;
        assert!((battery.rating / expected - 1.0).abs() < 1e-9, "{battery:?}");
        // 1.24 MW of a row on busways of 690 kW: two pairs; 33 network racks of 56 kW: three.
        let floor = &plan.layout.floors[0].layout;
        let of_halls = floor.halls * floor.hall.rows.len() as u64;
        let busways = 2 * (2 * of_halls + 3 * (plan.layout.rows - of_halls));
        assert_eq!(equipment(&plan, "busways").count, busways);
        let large = planned(&["electrical.ups_block=2.5 MW"]);
        assert!(equipment(&large, "UPS blocks").count < equipment(&plan, "UPS blocks").count);
    }

    #[test]
    fn a_battery_and_the_joules_of_racks_take_the_swings_away() {
        let trained = |set: &[&str]| {
            worked("[[training]]\nmodel = \"llama-3.1-405b\"\n", set).electrical.dynamics.unwrap()
        };
        let bare = trained(&[]);
        // 16,384 accelerators in 228 racks of 72.
        assert_eq!(bare.run_racks, 228);
        let racks = bare.run_racks as f64;
        assert!((bare.rack_store.0 / racks - 4_680.0).abs() < 1e-6, "{}", bare.rack_store);
        let (slow, fast) = (bare.swings[0], bare.swings[7]);
        assert!(slow.at_grid.0 > 0.9 * slow.at_racks.0 && fast.at_grid.0.abs() < 1.0, "{slow:?} {fast:?}");
        let held = trained(&["electrical.battery_power=20 MW", "electrical.battery_energy=40 MWh"]);
        assert!(held.swings[0].at_grid.0.abs() < 1.0, "{:?}", held.swings[0]);
        // A battery of a second cannot hold a swing of ten.
        let empty = trained(&["electrical.battery_power=20 MW", "electrical.battery_energy=20 MJ"]);
        assert!((empty.swings[0].at_grid.0 / slow.at_grid.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn runs_side_by_side_swing_together() {
        let run = "[[training]]\nmodel = \"llama-3.1-405b\"\nshare = 0.4\n";
        let of = |text: &str| worked(text, &[]).electrical.dynamics.unwrap();
        let (one, two) = (of(run), of(&run.repeat(2)));
        assert_eq!((one.runs.len(), two.runs.len()), (1, 2), "{:?}", two.runs);
        assert!((two.swings[0].behind_racks / one.swings[0].behind_racks - 2.0).abs() < 1e-9);
        assert!((two.stop / one.stop - 2.0).abs() < 1e-9 && two.run_racks == one.run_racks);
    }

    #[test]
    fn direct_current_feeds_racks_that_take_it_and_no_others() {
        let of = |system: &str, design: &str| {
            planned(&[&format!("systems.0.id={system}"), &format!("electrical.design={design}")])
        };
        let feed = |plan: &Plan| plan.verdicts.iter().any(|one| one.constraint.starts_with("feed of"));
        for (system, design, fits) in [
            ("gb300-nvl72", "ac-415-ups", true),
            ("gb300-nvl72", "dc-800-sst", false),
            ("gb300-nvl72", "dc-800-sidecar", false),
            ("kyber-nvl144", "dc-800-sst", true),
            ("kyber-nvl144", "dc-800-sidecar", true),
            ("kyber-nvl144", "ac-415-ups", false),
            ("rubin-ultra-mgx72", "ac-415-ups", true),
            ("rubin-ultra-mgx72", "dc-800-sst", true),
        ] {
            assert_eq!(feed(&of(system, design)), !fits, "{system} on {design}");
        }
        let plan = of("kyber-nvl144", "dc-800-sst");
        // The rack alone on one side: 600 kW over 800 V and 0.8 are 937.5 A.
        assert!((equipment(&plan, "rack tap-offs").rating - 1_000.0).abs() < 1e-9);
        // 5 MW over 800 V are 6,250 A: one frame of 6,300.
        assert!((equipment(&plan, "direct-current main breakers").rating - 6_300.0).abs() < 1e-9);
        let row = plan.verdicts.iter().find(|one| one.constraint == "row busway").unwrap();
        assert!((row.limit / (3.0 * 800.0 * 1_200.0 * 0.8) - 1.0).abs() < 1e-9, "{row:?}");
    }

    #[test]
    fn switches_batteries_and_plant_boards_are_in_the_schedule() {
        let none = planned(&[]);
        assert!(none.electrical.schedule.iter().all(|line| line.name != "static transfer switches"));
        let plan = planned(&["electrical.redundancy=block-redundant"]);
        let ups = plan.power.stages.iter().find(|stage| stage.name == "ups").unwrap();
        let switches = equipment(&plan, "static transfer switches").count;
        // A catcher for six: each block but the catchers has a switch.
        assert_eq!(switches, ups.modules - ups.modules.div_ceil(7));
        let own = planned(&["electrical.design=ac-415-bbu"]);
        let battery = equipment(&own, "rack batteries");
        assert_eq!(battery.count, own.fleet.racks.compute);
        let boards = equipment(&own, "plant switchboards");
        assert!(boards.count >= 2 * own.layout.buildings && boards.count.is_multiple_of(2), "{boards:?}");
        let busways = equipment(&own, "busways").count;
        assert_eq!(equipment(&own, "busway feeder breakers").count, busways);
    }

    #[test]
    fn racks_that_serve_do_not_swing_together() {
        let dynamics = planned(&[]).electrical.dynamics.unwrap();
        assert!(dynamics.swings.is_empty() && dynamics.ramps.is_empty() && dynamics.run_accelerators == 0);
        assert!((dynamics.hold_up.0 - 300.0).abs() < 1e-9);
    }

    #[test]
    fn what_a_policy_buys_is_what_it_sets_aside_less() {
        let plain = planned(&[]).electrical.provisioning;
        assert!((plain.oversubscription.0 - 1.0).abs() < 1e-12 && plain.exceeded.0 < 1e-3, "{plain:?}");
        let held = |correlation: &str| {
            let correlation = format!("provisioning.duty_correlation={correlation}");
            planned(&["provisioning.policy=duty-quantile", "provisioning.quantile=0.9", &correlation])
        };
        let plan = held("0.3");
        let tight = &plan.electrical.provisioning;
        // 0.1·√0.3 = 0.0548 together, 1.2816 deviations above 0.75: 0.8202 of the heat.
        assert!((tight.oversubscription.0 - 1.0 / 0.8202).abs() < 2e-3, "{tight:?}");
        assert!((tight.exceeded.0 - 0.1).abs() < 1e-3 && tight.performance_memory.0 < 1.0, "{tight:?}");
        let lost = 1.0 - tight.performance_compute.0;
        assert!((lost - tight.shed.0 / 0.75).abs() < 1e-4, "{tight:?}");
        let above = plan.verdicts.iter().find(|one| one.constraint.starts_with("time above")).unwrap();
        assert!(above.short_by <= 0.0 && (above.limit - 0.1).abs() < 1e-12, "{above:?}");
        // The rows and the racks' coolant see single racks at full heat.
        let plain_plan = planned(&[]);
        assert!(
            (plan.fleet.systems[0].rack_heat.0 / plain_plan.fleet.systems[0].rack_heat.0 - 1.0).abs() < 1e-12
        );
        let flow = |plan: &Plan| plan.cooling.coolant[0].rack_flow.0;
        assert!((flow(&plan) / flow(&plain_plan) - 1.0).abs() < 1e-12);
        // Energy has one denominator, heat: 0.75 of it less what is shed.
        let mean = plan.power.it_mean / plan.power.it_provisioned;
        assert!((mean * 0.8202 - (0.75 - tight.shed.0)).abs() < 1e-3, "{mean}");
        let (free, tied) = (held("0"), held("1"));
        assert!(free.fleet.accelerators > plan.fleet.accelerators, "{}", free.fleet.accelerators);
        assert!(tied.fleet.accelerators < plan.fleet.accelerators, "{}", tied.fleet.accelerators);
        let capped = planned(&["provisioning.policy=capped", "provisioning.cap=0.72"]);
        let capped = capped.electrical.provisioning;
        assert!((capped.work_gain_memory.0 - 1.3374).abs() < 1e-3, "{capped:?}");
    }
}
