use super::*;
use crate::scenario::{Flags, resolve};

fn planned(flags: &Flags) -> Plan {
    let mut catalog = Catalog::default();
    let scenario = resolve(None, flags, &mut catalog).unwrap();
    plan(&scenario, &catalog, Options::default()).unwrap()
}

fn system(id: &str) -> Flags {
    Flags { system: Some(id.into()), ..Flags::default() }
}

#[test]
fn a_gigawatt_of_vera_rubin_is_within_a_tenth_of_what_its_maker_shows() {
    // NVIDIA's display: 274,968 at 1 GW without oversubscription.
    let accelerators = planned(&system("vr-nvl72:max-p")).fleet.accelerators as f64;
    assert!((accelerators / 274_968.0 - 1.0).abs() < 0.10, "{accelerators}");
}

#[test]
fn a_gigawatt_of_gb200_lies_between_340_and_430_thousand() {
    let accelerators = planned(&system("gb200-nvl72")).fleet.accelerators;
    assert!((340_000..=430_000).contains(&accelerators), "{accelerators}");
}

#[test]
fn power_in_equals_power_out_at_each_stage() {
    for flags in [Flags::default(), system("hgx-h100"), system("vr-nvl72:max-q")] {
        let plan = planned(&flags);
        let p = &plan.power;
        for stage in &p.stages {
            assert!(((stage.output + stage.loss) / stage.input - 1.0).abs() < 1e-9, "{}", stage.name);
        }
        assert!((p.stages[0].input / p.facility_peak - 1.0).abs() < 1e-9);
        let losses: Watts = p.stages.iter().map(|stage| stage.loss).sum();
        let overheads: Watts = p.overheads.iter().map(|(_, watts)| *watts).sum();
        assert!(((p.it_provisioned + losses + overheads) / p.facility_peak - 1.0).abs() < 1e-9);
        assert!(p.facility_peak <= p.envelope);
    }
}

#[test]
fn counts_are_whole_racks() {
    for id in Catalog::default().ids("systems") {
        let plan = planned(&system(&id));
        let fleet = &plan.fleet.systems[0];
        assert_eq!(fleet.accelerators, fleet.racks * u64::from(fleet.accelerators_per_rack), "{id}");
        assert!(plan.fleet.accelerators > 0, "{id}");
    }
}

#[test]
fn more_envelope_never_buys_fewer_accelerators() {
    for id in ["gb300-nvl72", "vr-nvl72", "hgx-h100", "trn2-ultraserver"] {
        let mut last = 0;
        for megawatts in [1, 2, 3, 4, 5, 8, 13, 20, 33, 70, 140, 250, 251, 600, 1_000, 1_001, 4_000, 10_000] {
            let flags = Flags { power: Some(format!("{megawatts} MW")), ..system(id) };
            let accelerators = planned(&flags).fleet.accelerators;
            assert!(accelerators >= last, "{id} at {megawatts} MW: {accelerators} after {last}");
            last = accelerators;
        }
    }
}

#[test]
fn critical_it_buys_more_than_the_same_power_at_the_meter() {
    let at_meter = planned(&Flags::default()).fleet.accelerators;
    let flags = Flags { at: Some("critical-it".into()), ..Flags::default() };
    assert!(planned(&flags).fleet.accelerators > at_meter);
}

#[test]
fn an_envelope_too_small_for_a_rack_says_so() {
    let flags = Flags { power: Some("100 kW".into()), ..Flags::default() };
    let plan = planned(&flags);
    assert_eq!(plan.fleet.accelerators, 0);
    assert!(plan.verdicts[0].short_by > 0.0);
}
