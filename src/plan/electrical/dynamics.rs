//! What the site's power does over seconds and minutes.

use super::Ground;
use super::schedule::stored;
use super::supply::{rack_hold_up, support_hold_up};
use crate::plan::equipment::Machine;
use crate::plan::result::{Answer, Dynamics, Equipment, Ramp, RunSwing, SwingRow, Training};
use crate::plan::sizing::peak_above;
use crate::power::StageFlow;
use crate::power::dynamics::{FASTEST, SLOWEST, Swing, behind_battery, ramp_energy, ramp_time};
use crate::units::{Joules, PerSecond, Watts, WattsPerSecond};

/// Paces at which swings are looked at [1/s].
const PACES: [f64; 8] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
/// Ramps that contracts commonly have, where none is agreed: 10 and 50 MW a minute.
const COMMON_RAMPS: [WattsPerSecond; 2] = [WattsPerSecond(10e6 / 60.0), WattsPerSecond(50e6 / 60.0)];

/// Step of the power at the meter where that of the racks steps from the design hour, cooling left out: it does not follow
/// within seconds. Losses follow by their slope, which is steeper than their mean.
fn at_meter(ground: &Ground<'_>, step: Watts) -> Watts {
    let stages: Vec<&StageFlow> = ground.design.path().collect();
    stages.into_iter().rev().fold(step, |step, stage| stage.taken_more(step))
}

/// The same of a fall, which is felt as much as a rise.
fn fall_at_meter(ground: &Ground<'_>, fall: Watts) -> Watts {
    at_meter(ground, fall * -1.0) * -1.0
}

/// A synchronous run on its racks.
struct Run<'a> {
    of: &'a Training,
    machine: &'a Machine,
    racks: u64,
    swing: Swing,
    store: Joules,
}

impl Run<'_> {
    /// Steps per second.
    fn pace(&self) -> Option<PerSecond> {
        (self.of.step_time.0 > 0.0).then(|| PerSecond(1.0 / self.of.step_time.0))
    }

    /// Fall of the power at its racks when it stops.
    fn stop(&self, idle: f64) -> Watts {
        (self.swing.high - self.machine.rack.heat * (self.racks as f64 * idle)).max(Watts(0.0))
    }
}

/// The runs that step at the same time, the largest first: as many as the racks of their systems carry.
fn runs<'a>(ground: &'a Ground<'_>) -> Vec<Run<'a>> {
    let said = &ground.fields.dynamics;
    let mut wanted: Vec<&Training> = ground.training.iter().filter(|run| run.accelerators > 0).collect();
    wanted.sort_by_key(|run| std::cmp::Reverse(run.accelerators));
    let mut taken: Vec<(&str, u64)> = Vec::new();
    let mut all = Vec::new();
    for run in wanted {
        let Some((machine, draw)) = ground.loads.iter().find(|(machine, _)| machine.id == run.system) else {
            continue;
        };
        let per_rack = u64::from(machine.system.rack.accelerators).max(1);
        let busy: u64 = taken.iter().filter(|(id, _)| *id == run.system).map(|(_, racks)| racks).sum();
        let racks = run.accelerators.div_ceil(per_rack);
        if racks == 0 || busy + racks > draw.racks {
            continue;
        }
        taken.push((&run.system, racks));
        // A floor below what a capped rack may draw is what matters: bursts end at what a rack may draw.
        let high = machine.compute_bound.rack * racks as f64;
        let low = (machine.rack.heat * (racks as f64 * said.floor.0)).min(high);
        let swing = Swing { high, low, burst: said.burst };
        all.push(Run { of: run, machine, racks, swing, store: machine.smoothing * racks as f64 });
    }
    all
}

/// Swings, ramps and stores of the synchronous runs. Racks that serve work each for itself: without training nothing
/// swings, and what is left is how long they outlast a dip. Several runs are taken to step together, which is the worst
/// that they can do to the grid.
pub(super) fn dynamics(ground: &Ground<'_>, schedule: &[Equipment]) -> Option<Dynamics> {
    let runs = runs(ground);
    let (machine, draw) = match runs.first() {
        Some(run) => ground.loads.iter().find(|(machine, _)| machine.id == run.machine.id)?,
        None => ground.loads.first()?,
    };
    if draw.racks == 0 {
        return None;
    }
    let burst = ground.fields.dynamics.burst;
    let electrical = &ground.fields.electrical;
    let battery = electrical.battery_power.unwrap_or(Watts(0.0));
    let energy = electrical.battery_energy.unwrap_or(Joules(0.0));
    let row = |of: &[&Run<'_>], pace: PerSecond| {
        let behind = |run: &&Run<'_>| run.swing.left_behind(run.store, pace);
        let behind_racks = fall_at_meter(ground, of.iter().map(behind).sum::<Watts>());
        // A battery that is empty within half a period flattens nothing.
        let lasts = energy.0 * pace.0 >= battery.0;
        let at_grid = if lasts { behind_battery(behind_racks, burst, battery) } else { behind_racks };
        SwingRow {
            pace,
            at_racks: of.iter().map(|run| run.swing.height()).sum(),
            energy: of.iter().map(|run| run.swing.energy(pace)).sum(),
            behind_racks,
            at_grid,
        }
    };
    let all: Vec<&Run<'_>> = runs.iter().collect();
    let rows = PACES.into_iter().filter(|_| !all.is_empty());
    let swings: Vec<SwingRow> = rows.map(|pace| row(&all, PerSecond(pace))).collect();
    let stop = runs.iter().map(|run| run.stop(ground.fields.provisioning.idle.0)).sum::<Watts>();
    let stop = fall_at_meter(ground, stop);
    let ramps = match ground.fields.grid.ramp_limit {
        Some(limit) => vec![limit],
        None => COMMON_RAMPS.to_vec(),
    };
    let shaped = |step: Watts| -> Vec<Ramp> {
        let felt = ramps.iter().filter(|_| step.0 > 0.0);
        let one = |&limit: &WattsPerSecond| Ramp {
            limit,
            time: ramp_time(step, limit),
            energy: ramp_energy(step, limit),
        };
        felt.map(one).collect()
    };
    let dip = super::dip::loads(ground);
    let leaves = dip.iter().filter(|load| load.answer != Answer::StaysOn);
    let transfer: Watts = leaves.map(|load| load.power).sum();
    // The racks that give up first: those of the accelerators, or those that feed them.
    let hold_up = rack_hold_up(ground).min(support_hold_up(ground));
    let largest = runs.first();
    let felt = |pace: &PerSecond| (SLOWEST.0..=FASTEST.0).contains(&pace.0);
    Some(Dynamics {
        run_accelerators: largest.map_or(0, |run| run.of.accelerators),
        run_racks: largest.map_or(0, |run| run.racks),
        steady: machine.rack.heat * draw.racks as f64,
        peak: machine.rack.peak * draw.racks as f64,
        peak_at_meter: ground.design.meter + at_meter(ground, peak_above(ground.loads)),
        high: runs.iter().map(|run| run.swing.high).sum(),
        low: runs.iter().map(|run| run.swing.low).sum(),
        mean: runs.iter().map(|run| run.swing.mean()).sum(),
        rack_store: runs.iter().map(|run| run.store).sum(),
        steady_from: largest.and_then(|run| run.swing.steady_from(run.store)),
        pace: largest.and_then(Run::pace),
        at_pace: largest.and_then(|run| Some(row(&[run], run.pace().filter(felt)?))),
        swings,
        runs: runs
            .iter()
            .map(|run| RunSwing {
                model: run.of.model.clone(),
                system: run.of.system.clone(),
                accelerators: run.of.accelerators,
                racks: run.racks,
                height: run.swing.height(),
                pace: run.pace(),
                steady_from: run.swing.steady_from(run.store),
                at_pace: run.pace().filter(felt).map(|pace| row(&[run], pace)),
            })
            .collect(),
        stop,
        ramps: shaped(stop),
        transfer,
        loss_limit: ground.fields.grid.loss_limit,
        returns: shaped(transfer),
        stored: stored(schedule),
        battery_power: battery,
        battery_energy: energy,
        hold_up,
        dip,
        ride_through: ground.fields.grid.ride_through,
    })
}
