//! Scenarios: each example plans, each system, site and size too; each invalid file is refused as reviewed.

use crate::cli::{gigawatt, stderr};
use crate::planned::{examples, files, filled, of, root, systems, with};
use crate::snapshot;
use gigawatt::catalog::Catalog;
use gigawatt::plan::Plan;
use gigawatt::scenario::Flags;

/// What every plan keeps to.
#[track_caller]
fn sound(plan: &Plan, what: &str) {
    let (power, fleet) = (&plan.power, &plan.fleet);
    for system in &fleet.systems {
        let per_rack = u64::from(system.accelerators_per_rack);
        assert_eq!(system.accelerators, system.racks * per_rack, "{what}: {} has broken racks", system.id);
    }
    assert_eq!(
        fleet.accelerators,
        fleet.systems.iter().map(|system| system.accelerators).sum::<u64>(),
        "{what}"
    );
    assert!(
        power.stranded.0 >= 0.0 && power.stranded <= power.envelope,
        "{what}: {} stranded",
        power.stranded
    );
    if fleet.accelerators > 0 {
        assert!(power.pue_annual.0 > 1.0 && power.pue_annual.0 < 2.0, "{what}: PUE {}", power.pue_annual);
        assert!(power.peak_ratio.0 > 1.0 && power.peak_ratio.0 < 2.5, "{what}: {}", power.peak_ratio);
        assert!(power.facility_mean <= power.facility_peak, "{what}");
        assert!(plan.economics.capex.0 > 0.0 && plan.economics.capex.0.is_finite(), "{what}");
        assert!(plan.layout.halls >= 1 && plan.layout.buildings >= 1, "{what}");
    }
    assert_eq!(
        plan.verdicts.iter().filter(|verdict| verdict.binds).count().min(1),
        1,
        "{what}: nothing binds"
    );
    for work in &plan.serving {
        let nothing = work.output_tokens_per_s.0 <= 0.0;
        assert_eq!(nothing, work.shortfall.is_some(), "{what}: {} on {}", work.model, work.system);
        if work.shortfall.is_none() {
            assert!(!work.bound_by.is_empty(), "{what}: {} has no bound", work.model);
        }
    }
}

#[test]
fn every_example_scenario_plans_and_says_what_it_is() {
    let all = examples();
    assert!(all.len() >= 5);
    for path in all {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{name} has no first line that describes it");
        let plan = of(Some(&text), &Flags::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        sound(&plan, &name);
        assert!(!plan.falls_short(), "{name}: {:?}", plan.verdicts);
        assert!(!plan.serving.is_empty(), "{name} serves nothing");
    }
}

#[test]
fn every_example_scenario_is_listed() {
    let list = String::from_utf8(gigawatt(&["scenario", "list"]).output().unwrap().stdout).unwrap();
    for path in examples() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(list.contains(&name), "the build has not seen {name}: touch src/cli/scenario.rs");
    }
}

#[test]
fn every_system_plans_at_the_default_scenario() {
    for id in systems() {
        let plan = filled("1 GW", "utility", &id);
        sound(&plan, &id);
        assert!(plan.fleet.accelerators > 0, "{id}");
    }
}

#[test]
fn every_site_plans() {
    let sites = Catalog::default().ids("climates");
    assert!(sites.len() >= 48, "{} sites", sites.len());
    for site in sites {
        let plan = with(&Flags { site: Some(site.clone()), ..Flags::default() });
        sound(&plan.unwrap_or_else(|error| panic!("{site}: {error}")), &site);
    }
}

#[test]
fn every_cooling_and_electrical_design_plans() {
    let catalog = Catalog::default();
    for folder in ["cooling", "electrical"] {
        for design in catalog.ids(folder) {
            let flags = Flags { set: vec![format!("{folder}.design={design}")], ..Flags::default() };
            sound(&with(&flags).unwrap_or_else(|error| panic!("{design}: {error}")), &design);
        }
    }
}

#[test]
fn every_topology_plans() {
    for (topology, systems) in [
        ("fat-tree", ["gb300-nvl72", "vr-nvl72", "hgx-h100", "tpu-v7"]),
        ("rail-only", ["gb300-nvl72", "vr-nvl72", "hgx-h100", "gb200-nvl72"]),
        ("dragonfly-plus", ["gb300-nvl72", "vr-nvl72", "hgx-h100", "gb200-nvl72"]),
        ("torus", ["tpu-v7", "tpu-v5e", "tpu-v5p", "trn2-ultraserver"]),
    ] {
        for system in systems {
            let flags = Flags {
                system: Some(system.into()),
                set: vec![format!("fabric.topology={topology}")],
                ..Flags::default()
            };
            let plan = with(&flags).unwrap_or_else(|error| panic!("{topology} of {system}: {error}"));
            sound(&plan, &format!("{topology} of {system}"));
            let out = &plan.fabric.scale_out[0];
            assert_eq!(out.leaf == 0, topology == "torus", "{topology} of {system}");
            let half = out.injection_per_accelerator.0 * plan.fleet.accelerators as f64 / 2.0;
            assert!(
                out.bisection.0 > 0.0 && out.bisection.0 <= half * (1.0 + 1e-9),
                "{topology} of {system}"
            );
            for row in &out.routing {
                assert!(
                    row.worst.0 >= row.mean.0 * (1.0 - 1e-9) && row.slow_down.0 >= 1.0,
                    "{topology} of {system}: {row:?}"
                );
            }
        }
    }
}

#[test]
fn every_model_is_planned_for() {
    for model in Catalog::default().ids("models") {
        let plan = with(&Flags { model: Some(model.clone()), ..Flags::default() });
        sound(&plan.unwrap_or_else(|error| panic!("{model}: {error}")), &model);
    }
}

#[test]
fn every_size_plans_at_the_meter_and_at_critical_it() {
    for system in ["gb300-nvl72", "hgx-h100", "tpu-v7"] {
        for power in ["1 MW", "20 MW", "250 MW", "1 GW", "10 GW"] {
            let at_meter = filled(power, "utility", system);
            let critical = filled(power, "critical-it", system);
            sound(&at_meter, &format!("{power} of {system}"));
            sound(&critical, &format!("{power} of critical IT of {system}"));
            assert!(at_meter.power.facility_peak <= at_meter.power.envelope, "{power} of {system}");
            assert!(critical.power.it_provisioned <= critical.power.envelope, "{power} of {system}");
            let (less, more) = (at_meter.fleet.accelerators, critical.fleet.accelerators);
            assert!(less <= more, "{power} of {system}: {less} at the meter, {more} of critical IT");
        }
    }
}

#[test]
fn an_envelope_too_small_for_a_rack_falls_short() {
    let plan = filled("100 kW", "utility", "gb300-nvl72");
    assert_eq!(plan.fleet.accelerators, 0);
    assert!(plan.falls_short() && plan.verdicts[0].short_by > 0.0);
}

#[test]
fn a_floor_that_does_not_hold_its_racks_falls_short() {
    for (set, constraint) in [
        ("layout.hall_power=\"500 kW\"", "IT power of a hall"),
        ("layout.row_length=\"30 cm\"", "row length"),
        ("layout.floor_load=\"500 kg/m2\"", "floor load"),
        ("layout.cold_aisle=\"50 cm\"", "working depth in the aisles"),
        ("layout.halls=2", "halls of the site"),
        ("fabric.host_link=dac-800g-xdr", "host-leaf cables of gb300-nvl72"),
        ("fabric.switch_link=aec-800g-xdr", "leaf-spine cables of gb300-nvl72"),
    ] {
        let flags = Flags { power: Some("40 MW".into()), set: vec![set.into()], ..Flags::default() };
        let plan = with(&flags).unwrap_or_else(|error| panic!("{set}: {error}"));
        let short: Vec<&str> =
            plan.verdicts.iter().filter(|v| v.short_by > 0.0).map(|v| v.constraint.as_str()).collect();
        assert!(short.contains(&constraint), "{set}: {short:?}");
        let unset = with(&Flags { set: vec![], ..flags }).unwrap();
        assert!(!unset.falls_short(), "{set}: {:?}", unset.verdicts);
    }
}

#[test]
fn a_hall_that_is_there_says_what_it_holds_and_what_does_not_fit() {
    let of = |sides: [&str; 2]| {
        let set = vec![
            format!("layout.hall_width=\"{} m\"", sides[0]),
            format!("layout.hall_depth=\"{} m\"", sides[1]),
        ];
        with(&Flags { power: Some("40 MW".into()), set, ..Flags::default() }).unwrap()
    };
    let small = of(["6", "6"]);
    let short: Vec<&str> =
        small.verdicts.iter().filter(|v| v.short_by > 0.0).map(|v| v.constraint.as_str()).collect();
    assert!(short.contains(&"width of a hall for gb300-nvl72"), "{short:?}");
    let fits = of(["15.5", "11"]);
    assert!(!fits.falls_short(), "{:?}", fits.verdicts);
    let large = of(["60", "40"]);
    assert!(fits.layout.halls > large.layout.halls, "{} {}", fits.layout.halls, large.layout.halls);
    assert!((large.layout.hall[0].0 - 60.0).abs() < 1e-9 && (large.layout.hall[1].0 - 40.0).abs() < 1e-9);
}

#[test]
fn a_fleet_smaller_than_its_domain_serves() {
    // A pod of 9,216 chips is the domain; a few racks of it serve as well.
    let plan = filled("2 MW", "utility", "tpu-v7");
    assert!(plan.fleet.accelerators < 9_216);
    for work in &plan.serving {
        assert!(work.replicas > 0, "{}: {:?}", work.model, work.shortfall);
    }
}

#[test]
fn each_invalid_file_is_refused_as_reviewed() {
    let folder = root().join("tests/scenarios/invalid");
    for path in files(&folder, "toml") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let output = gigawatt(&["plan", &name]).current_dir(&folder).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{name} wrote to stdout");
        snapshot::matches(&format!("invalid/{}", name.replace(".toml", ".txt")), &stderr(&output));
    }
}

#[test]
fn what_does_not_fit_is_an_answer() {
    let folder = root().join("tests/scenarios/short");
    for path in files(&folder, "toml") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let output = gigawatt(&["plan", &name]).current_dir(&folder).output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
        let report = String::from_utf8(output.stdout).unwrap();
        let verdict = report.lines().find(|line| line.starts_with("does not fit"));
        assert!(verdict.is_some(), "{name} does not say what does not fit:\n{report}");
    }
}

#[test]
fn co_packaged_optics_that_do_not_cross_the_campus_say_how_far_they_reach() {
    // Buildings with room to spare, so that five gigawatts spread far.
    let set = [
        "fabric.switch=q3450-ld",
        "fabric.host_link=auto",
        "fabric.switch_link=auto",
        "layout.building_area=120000 m2",
    ];
    let of = |fibre: &str| {
        let set = set.map(str::to_owned).into_iter().chain([fibre.to_owned()]).collect();
        with(&Flags { power: Some("5 GW".into()), set, ..Flags::default() }).unwrap()
    };
    // Five gigawatts are several campuses: fabrics span more than the 2 km of the farthest co-packaged link.
    let plan = of("fabric.cluster=all");
    let verdict =
        plan.verdicts.iter().find(|one| one.constraint == "spine-core cables of gb300-nvl72").unwrap();
    assert!(verdict.need > 2_000.0 && (verdict.limit - 2_000.0).abs() < 1e-9 && verdict.short_by > 0.0);
    assert!(verdict.note.contains("`cpo-800g-fr`") && verdict.note.contains("fabric.cluster"), "{verdict:?}");
    let smaller = of("fabric.cluster=20736");
    assert!(smaller.layout.cables.iter().all(|cable| cable.reached), "{:?}", smaller.verdicts);
}
