//! What the site's power does over seconds and minutes.

use super::Ground;
use super::supply::rack_hold_up;
use crate::plan::result::{Dynamics, SwingRow};
use crate::power::StageFlow;
use crate::power::dynamics::{FASTEST, SLOWEST, Swing, behind_battery, ramp_energy, ramp_time};
use crate::units::{Joules, PerSecond, Watts, WattsPerSecond};

/// Paces at which swings are looked at [1/s].
const PACES: [f64; 8] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
/// Ramps that contracts commonly have, where none is agreed: 10 and 50 MW a minute.
const COMMON_RAMPS: [WattsPerSecond; 2] = [WattsPerSecond(10e6 / 60.0), WattsPerSecond(50e6 / 60.0)];

/// Power at the meter for each watt more at the racks, cooling left out: it does not follow within seconds.
fn losses(ground: &Ground<'_>) -> f64 {
    let through = |flow: &StageFlow| if flow.output.0 > 0.0 { flow.input / flow.output } else { 1.0 };
    ground.design.yard.iter().chain(&ground.design.indoors).map(through).product()
}

/// Swings, ramps and stores of the largest synchronous run. Racks that serve work each for itself: without training nothing
/// swings, and what is left is how long they outlast a dip.
pub(super) fn dynamics(ground: &Ground<'_>) -> Option<Dynamics> {
    let largest =
        ground.training.iter().filter(|run| run.accelerators > 0).max_by_key(|run| run.accelerators);
    let (machine, draw) = match largest {
        Some(run) => ground.loads.iter().find(|(machine, _)| machine.id == run.system)?,
        None => ground.loads.first()?,
    };
    if draw.racks == 0 {
        return None;
    }
    let per_rack = u64::from(machine.system.rack.accelerators).max(1);
    let racks = largest.map_or(0, |run| run.accelerators.div_ceil(per_rack)).min(draw.racks);
    let said = &ground.fields.dynamics;
    // A floor below what a capped rack may draw is what matters: bursts end at what a rack may draw.
    let high = machine.compute_bound.rack * racks as f64;
    let low = (machine.rack.heat * (racks as f64 * said.floor.0)).min(high);
    let swing = Swing { high, low, burst: said.burst };
    let store = machine.smoothing * racks as f64;
    let up = losses(ground);
    let electrical = &ground.fields.electrical;
    let battery = electrical.battery_power.unwrap_or(Watts(0.0));
    let energy = electrical.battery_energy.unwrap_or(Joules(0.0));
    let row = |pace: f64| {
        let behind_racks = swing.left_behind(store, PerSecond(pace)) * up;
        // A battery that is empty within half a period flattens nothing.
        let lasts = energy.0 * pace >= battery.0;
        let at_grid = if lasts { behind_battery(behind_racks, said.burst, battery) } else { behind_racks };
        SwingRow {
            pace: PerSecond(pace),
            at_racks: swing.height(),
            energy: swing.energy(PerSecond(pace)),
            behind_racks,
            at_grid,
        }
    };
    let swings: Vec<SwingRow> = PACES.into_iter().filter(|_| racks > 0).map(row).collect();
    let step = largest.map(|run| run.step_time).filter(|time| time.0 > 0.0);
    let pace = step.map(|time| 1.0 / time.0);
    let idle = machine.rack.heat * (racks as f64 * ground.fields.provisioning.idle.0);
    let stop = (high - idle).max(Watts(0.0)) * up;
    let ramps = match ground.fields.grid.ramp_limit {
        Some(limit) => vec![limit],
        None => COMMON_RAMPS.to_vec(),
    };
    let ramps = ramps.into_iter().filter(|_| stop.0 > 0.0);
    Some(Dynamics {
        run_accelerators: racks * per_rack,
        run_racks: racks,
        steady: machine.rack.heat * draw.racks as f64,
        peak: machine.rack.peak * draw.racks as f64,
        high,
        low,
        mean: swing.mean(),
        rack_store: store,
        steady_from: swing.steady_from(store),
        pace: pace.map(PerSecond),
        at_pace: pace.filter(|pace| (SLOWEST.0..=FASTEST.0).contains(pace)).map(row),
        swings,
        stop,
        ramps: ramps
            .map(|ramp| crate::plan::result::Ramp {
                limit: ramp,
                time: ramp_time(stop, ramp),
                energy: ramp_energy(stop, ramp),
            })
            .collect(),
        battery_power: battery,
        battery_energy: energy,
        hold_up: rack_hold_up(ground),
        ride_through: ground.fields.grid.ride_through,
    })
}
