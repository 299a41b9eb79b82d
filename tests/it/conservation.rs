//! What holds for every scenario: power in is power out, nothing exceeds its budget, more never buys less.

use crate::planned::{of, systems, with};
use gigawatt::catalog::Catalog;
use gigawatt::layout::RackKind;
use gigawatt::plan::Plan;
use gigawatt::scenario::Flags;
use gigawatt::units::Watts;
use proptest::prelude::*;

/// Relative rounding that a sum of a dozen terms may leave.
const ROUNDING: f64 = 1e-9;

/// A scenario drawn at random, as flags: every site, plant, chain and system may meet.
fn any_flags() -> impl Strategy<Value = Flags> {
    let catalog = Catalog::default();
    let one_of = |folder: &str| proptest::sample::select(catalog.ids(folder));
    let policy = proptest::sample::select(vec!["nameplate", "capped", "duty-quantile"]);
    let at = proptest::sample::select(vec!["utility", "critical-it"]);
    (
        6.3_f64..9.7,
        at,
        one_of("systems"),
        one_of("climates"),
        one_of("cooling"),
        one_of("electrical"),
        policy,
        1.0_f64..4.0,
    )
        .prop_map(|(log_watts, at, system, site, cooling, electrical, policy, oversubscription)| Flags {
            power: Some(format!("{} W", 10_f64.powf(log_watts).round())),
            at: Some(at.into()),
            system: Some(system),
            site: Some(site),
            model: None,
            set: vec![
                format!("cooling.design={cooling}"),
                format!("electrical.design={electrical}"),
                format!("provisioning.policy={policy}"),
                format!("fabric.oversubscription={oversubscription}"),
            ],
        })
}

fn planned(flags: &Flags) -> Plan {
    with(flags).unwrap_or_else(|error| panic!("{flags:?}: {error}"))
}

/// The same scenario with its power in another number and unit.
fn powered(flags: &Flags, power: String) -> Flags {
    Flags { power: Some(power), ..flags.clone() }
}

fn watts(flags: &Flags) -> f64 {
    let text = flags.power.as_deref().unwrap_or_default();
    text.parse::<Watts>().expect("a power").0
}

fn tokens_per_s(plan: &Plan) -> f64 {
    plan.serving.iter().map(|work| work.output_tokens_per_s.0).sum()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * a.abs().max(b.abs())
}

#[track_caller]
fn power_is_conserved(plan: &Plan) {
    let power = &plan.power;
    for stage in &power.stages {
        assert!(near((stage.output + stage.loss).0, stage.input.0), "{}: {stage:?}", stage.name);
        assert!(stage.loss.0 >= 0.0, "{} makes power: {stage:?}", stage.name);
        // Ratings are of what a stage gives.
        assert!(
            stage.output.0 <= stage.installed.0 * (1.0 + 1e-12),
            "{} gives more than is installed: {stage:?}",
            stage.name
        );
    }
    // The load flow knows voltages and reactive power, and feeders that the chain leaves out; else both lose alike.
    if let Some(flow) = plan.electrical.load_flow.as_ref().filter(|flow| flow.shortfall.is_none()) {
        let more = (flow.delivered - flow.feeder_loss) / power.facility_peak - 1.0;
        assert!(more.abs() < 5e-3, "the load flow takes {more} more than the chain");
    }
    let losses: Watts = power.stages.iter().map(|stage| stage.loss).sum();
    let overheads: Watts = power.overheads.iter().map(|(_, watts)| *watts).sum();
    assert!(near((power.it_provisioned + losses + overheads).0, power.facility_peak.0), "{power:?}");
    assert!(power.overheads.iter().all(|(_, watts)| watts.0 >= 0.0), "{power:?}");
    assert!(power.facility_mean <= power.facility_peak && power.it_mean <= power.it_provisioned);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn power_in_equals_power_out_at_each_stage(flags in any_flags()) {
        let plan = planned(&flags);
        power_is_conserved(&plan);
        let used = if flags.at.as_deref() == Some("utility") {
            plan.power.facility_peak
        } else {
            plan.power.it_provisioned
        };
        prop_assert!(used <= plan.power.envelope);
        prop_assert!(near((used + plan.power.stranded).0, plan.power.envelope.0));
    }

    #[test]
    fn more_power_never_buys_fewer_accelerators_nor_tokens(flags in any_flags(), more in 1.0_f64..3.0) {
        let less = planned(&flags);
        let more = planned(&powered(&flags, format!("{} W", (more * watts(&flags)).round())));
        prop_assert!(more.fleet.accelerators >= less.fleet.accelerators);
        prop_assert!(tokens_per_s(&more) >= tokens_per_s(&less) * (1.0 - ROUNDING));
    }

    #[test]
    fn the_unit_that_power_is_written_in_changes_nothing(flags in any_flags()) {
        let watts = watts(&flags);
        let (base, milli) = (planned(&flags), planned(&powered(&flags, format!("{} MW", watts / 1e6))));
        prop_assert_eq!(base.fleet.accelerators, milli.fleet.accelerators);
        prop_assert!(near(base.power.facility_peak.0, milli.power.facility_peak.0));
        prop_assert!(near(base.economics.capex.0, milli.economics.capex.0));
        prop_assert!(near(tokens_per_s(&base), tokens_per_s(&milli)));
    }

    #[test]
    fn no_workload_has_more_accelerators_than_there_are(flags in any_flags()) {
        let plan = planned(&flags);
        let serving: u64 = plan.serving.iter().map(|work| work.accelerators).sum();
        prop_assert!(serving <= plan.fleet.accelerators);
        for run in &plan.training {
            prop_assert!(run.accelerators <= plan.fleet.accelerators);
            prop_assert!(run.mfu.0 <= 1.0 && run.goodput.0 <= 1.0);
        }
    }
}

#[test]
fn more_envelope_never_buys_fewer_accelerators() {
    for id in ["gb300-nvl72", "vr-nvl72", "hgx-h100", "trn2-ultraserver"] {
        let mut last = 0;
        for megawatts in [1, 2, 3, 4, 5, 8, 13, 20, 33, 70, 140, 250, 251, 600, 1_000, 1_001, 4_000, 10_000] {
            let flags =
                Flags { power: Some(format!("{megawatts} MW")), system: Some(id.into()), ..Flags::default() };
            let accelerators = planned(&flags).fleet.accelerators;
            assert!(accelerators >= last, "{id} at {megawatts} MW: {accelerators} after {last}");
            last = accelerators;
        }
    }
}

#[test]
fn a_mix_has_no_more_than_its_parts_alone() {
    let mixed = |first: f64| {
        format!(
            "[[systems]]\nid = \"gb300-nvl72\"\nshare = {first}\n[[systems]]\nid = \"hgx-h100\"\nshare = {}\n",
            1.0 - first
        )
    };
    let alone = |id: &str| planned(&Flags { system: Some(id.into()), ..Flags::default() });
    let (first, second) = (alone("gb300-nvl72"), alone("hgx-h100"));
    for share in [0.25, 0.5, 0.75] {
        let plan = of(Some(&mixed(share)), &Flags::default()).unwrap();
        power_is_conserved(&plan);
        assert!(plan.power.facility_peak <= plan.power.envelope);
        assert!(plan.fleet.systems[0].accelerators <= first.fleet.accelerators);
        assert!(plan.fleet.systems[1].accelerators <= second.fleet.accelerators);
    }
}

// What stands in the racks beside the accelerators draws what the plan says of their support, in the racks that hold it.
#[test]
fn support_power_is_the_heat_of_what_stands_in_each_rack() {
    for power in ["20 MW", "250 MW", "1 GW"] {
        for system in systems() {
            let flags = Flags { power: Some(power.into()), system: Some(system.clone()), ..Flags::default() };
            let plan = of(Some("serving = []\ntraining = []\n"), &flags)
                .unwrap_or_else(|error| panic!("{power} of {system}: {error}"));
            let case = format!("{power} of {system}");
            let own = &plan.fleet.systems[0];
            let switches: f64 = plan.fabric.networks.iter().map(|network| network.power.0).sum();
            assert!(switches > 0.0 && switches <= own.support.0, "{case}: {switches} W of {}", own.support);
            assert!(own.support_counted >= Watts(switches) && own.support >= own.support_counted, "{case}");
            let floor = &plan.layout.floors[0].layout;
            let heat_of = |kind| {
                let [liquid, air] = floor.demand.support_heat.split_of(kind);
                liquid.0 + air.0
            };
            let stands: f64 =
                RackKind::ALL.into_iter().map(|kind| heat_of(kind) * floor.racks_of(kind) as f64).sum();
            // Optical circuit switches have racks of their own.
            let circuits = floor.demand.heat_of(RackKind::Circuit) * floor.racks_of(RackKind::Circuit) as f64;
            let stands = stands + circuits.0;
            assert!((stands / own.support.0 - 1.0).abs() < ROUNDING, "{case}: {stands} W of {}", own.support);
            // The switches of front end and storage that its drawing shows in a rack draw no more than its heat.
            let each = plan.fabric.networks[0].power.0 / plan.fabric.networks[0].switches as f64;
            for front in &plan.layout.floors[0].fronts {
                let parts =
                    front.face.parts.iter().filter(|part| part.part.ends_with("front end and storage"));
                let switches = each * parts.map(|part| f64::from(part.count)).sum::<f64>();
                let heat = floor.demand.heat_of(front.kind).0;
                assert!(
                    switches <= heat * (1.0 + ROUNDING),
                    "{case}: {switches} W in {} of {heat} W",
                    front.name
                );
            }
        }
    }
}
