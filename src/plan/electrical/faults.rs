//! What a fault on the campus busbar draws, as its ties are run and as they could be.
//!
//! ~~~text
//! I = I_grid + I_engines
//! I_grid    = c/( c/S_k + z/(n·S) ) / (√3·V)      n main transformers on the busbar: one with ties open
//! I_engines = c·m·S_e/( x″ + z_e ) / (√3·V)       m sets on it, running in parallel with the grid
//! ~~~
//!
//! S_k short-circuit power of the grid [VA] · c voltage factor of IEC 60909 · S rating, z impedance of a main transformer ·
//! S_e rating of a set [VA], x″ its subtransient reactance, z_e impedance of its transformer on that rating. Sets run beside
//! the grid for seconds, when they hand the load back without a break, and in tests; breakers have to break both, on either
//! side of the main transformers. Left out: motors, which hang on drives that feed nothing back, converters, which limit
//! themselves to little more than their rated current, resistances, and the correction of impedances by rated voltages.

use super::Ground;
use super::one_line::{main_bank, sections};
use super::schedule::{ENGINE_POWER_FACTOR, engine_sets, low_voltage_fault};
use crate::plan::result::FaultLevels;
use crate::power::ratings::{fault_current, fault_on_grid, line_current, voltage_factor};
use crate::scenario::Ties;
use crate::units::{Amperes, Share, VoltAmperes};

/// Subtransient reactance of a set of some megawatts and impedance of its transformer on its rating: usual of makers'
/// tables, recalled.
const ENGINE_REACTANCE: Share = Share(0.15 + 0.06);

/// Fault currents at the campus busbar; none where nothing stands.
pub(super) fn faults(ground: &Ground<'_>) -> Option<FaultLevels> {
    if ground.design.it.0 <= 0.0 {
        return None;
    }
    let (service, substations) = (&ground.place.service, super::one_line::substations(ground));
    let voltage = service.campus_voltage;
    let sections = sections(ground);
    let through = |count: u32| match main_bank(ground) {
        Some(bank) => {
            let rating = bank.rating / f64::from(bank.count.max(1)) * f64::from(count);
            fault_on_grid(service.short_circuit, rating, voltage, bank.impedance)
        }
        None => service.fault(),
    };
    let all = main_bank(ground).map_or(1, |bank| bank.count);
    let sets = engine_sets(ground).map_or(0.0, |(backup, sets, ..)| {
        sets as f64 * backup.set.0 / ENGINE_POWER_FACTOR / f64::from(substations)
    });
    let engines = |sections: u32| {
        let rating = VoltAmperes(sets / f64::from(sections.max(1)));
        if rating.0 > 0.0 { fault_current(rating, voltage, ENGINE_REACTANCE) } else { Amperes(0.0) }
    };
    let (open, closed) = ((through(1), engines(sections)), (through(all), engines(1)));
    let ties = ground.fields.grid.ties;
    let run = if ties == Ties::Open { open } else { closed };
    // All sets of a substation, through all its transformers, beside the grid itself.
    let back = main_bank(ground).filter(|_| sets > 0.0).map_or(Amperes(0.0), |bank| {
        let sets = VoltAmperes(sets / ENGINE_REACTANCE.0);
        let carrying = bank.rating * (f64::from(bank.count - bank.idle) / f64::from(bank.count.max(1)));
        let behind = 1.0 / (1.0 / sets.0 + bank.impedance.0 / carrying.0);
        line_current(VoltAmperes(behind), service.voltage) * voltage_factor(service.voltage)
    });
    let (at_grid, ratings) = (service.fault() + back, &ground.place.electrical.ratings);
    let low_voltage = low_voltage_fault(ground);
    Some(FaultLevels {
        low_voltage,
        low_voltage_breaks: low_voltage.and_then(|fault| ratings.low_voltage_interrupting(fault)),
        at_grid,
        grid_breaks: ratings.high_voltage_interrupting(at_grid),
        voltage,
        ties_open: ties == Ties::Open,
        sections: u64::from(sections) * u64::from(substations),
        grid_open: open.0,
        engines_open: open.1,
        grid_closed: closed.0,
        engines_closed: closed.1,
        run: run.0 + run.1,
        breaks: ratings.high_voltage_interrupting(run.0 + run.1),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::planned;

    #[test]
    fn one_transformer_and_the_engines_of_its_section_feed_a_fault_behind_open_ties() {
        let faults = |set: &[&str]| planned(set).electrical.faults.unwrap();
        let plan = planned(&[]);
        let open = plan.electrical.faults.unwrap();
        let main = plan.electrical.schedule.iter().find(|line| line.name == "main transformers").unwrap();
        // 345 kV · √3 · 33 kA = 19.7 GVA, 12 % of a transformer behind it, from 1.1 times the voltage.
        let through = 1.1 / (1.1 / 19.7e9 + 0.12 / main.rating);
        let expected = through / (3.0_f64.sqrt() * 34.5e3);
        assert!((open.grid_open.0 / expected - 1.0).abs() < 1e-3, "{open:?} {expected}");
        let engines = plan.electrical.schedule.iter().find(|line| line.name == "engines").unwrap();
        let sets = engines.count as f64 / (main.count - 1) as f64;
        let own = 1.1 * sets * 3.5e6 / 0.21 / (3.0_f64.sqrt() * 34.5e3);
        assert!((open.engines_open.0 / own - 1.0).abs() < 1e-9, "{open:?} {own}");
        assert!((open.run.0 - open.grid_open.0 - open.engines_open.0).abs() < 1e-6 && open.breaks.is_some());
        // At the grid, its own 33 kA and what all sets send back through the six transformers that carry.
        let all = engines.count as f64 * 3.5e6 / 0.21;
        let back = 1.1 / (1.0 / all + 0.12 / (6.0 * main.rating)) / (3.0_f64.sqrt() * 345e3);
        assert!((open.at_grid.0 - 33e3 - back).abs() < 0.01 * back && open.grid_breaks > Some(open.at_grid));
        let grid = plan.electrical.schedule.iter().find(|line| line.name == "grid breakers").unwrap();
        assert!(grid.basis.contains("breaks 50"), "{grid:?}");
        let closed = faults(&["grid.ties=closed"]);
        assert!(closed.run > open.run && closed.breaks.is_none(), "{closed:?}");
        assert!(planned(&["grid.ties=closed"]).falls_short());
        // Racks without engines behind them leave the fault to the grid, and the plant's few sets.
        let bare = faults(&["electrical.design=ac-415-no-ups"]);
        assert!(bare.engines_open.0 < 0.3 * open.engines_open.0, "{bare:?}");
    }

    #[test]
    fn the_load_flow_runs_the_ties_as_the_fault_level_does() {
        let main = |set: &[&str]| {
            let flow = planned(set).electrical.load_flow.unwrap();
            let found =
                flow.branches.iter().find(|branch| branch.name == "main transformers").unwrap().clone();
            (found.loading, flow.outages[0].loading, found.count)
        };
        let (open, out, count) = main(&[]);
        // The spare stands by: what takes over is loaded like what failed.
        assert!((open / out - 1.0).abs() < 5e-3, "{open} {out}");
        let (closed, out, _) = main(&["grid.ties=closed"]);
        assert!((out / closed / (count as f64 / (count - 1) as f64) - 1.0).abs() < 0.02, "{closed} {out}");
    }

    #[test]
    fn breakers_up_to_a_kilovolt_that_break_too_little_are_a_verdict() {
        let verdict = |set: &[&str]| {
            let plan = planned(set);
            let found = plan.verdicts.iter().find(|one| one.constraint == "fault on the switchboards");
            found.unwrap_or_else(|| panic!("{:?}", plan.verdicts)).clone()
        };
        // 3 MVA / (√3 · 415 V) · 1.05 / 5.75 % = 76.2 kA, of 150.
        let usual = verdict(&[]);
        assert!((usual.need - 76_213.0).abs() < 5.0 && (usual.limit - 150e3).abs() < 1e-6, "{usual:?}");
        let few = verdict(&[r#"catalog.ratings.sold.low_voltage_interrupting=["10 kA"]"#]);
        assert!(few.short_by > 0.0 && (few.limit - 10e3).abs() < 1e-6, "{few:?}");
    }

    #[test]
    fn a_site_on_distribution_has_the_fault_level_of_the_grid_itself() {
        let plan = planned(&["envelope.power=10 MW"]);
        let faults = plan.electrical.faults.unwrap();
        assert!(
            (faults.grid_open.0 / 12.5e3 - 1.0).abs() < 5e-3 && faults.engines_open.0 > 100.0,
            "{faults:?}"
        );
        assert!(plan.electrical.schedule.iter().all(|line| line.name != "main transformers"));
    }
}
