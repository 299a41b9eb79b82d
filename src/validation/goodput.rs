//! Goodput: what failures leave of a run, or the time between them, from the rate at which its accelerators fail.
//!
//! How a row is read: the rate, the time that a checkpoint stops the run, the time between checkpoints (the best one
//! where none is stated) and recovery (detection, diagnosis, restart) are the row's; spares are enough, since no source
//! tells of waiting for repairs. `goodput` is useful over wall-clock time, `goodput_at_least` a lower bound, set apart, `mtbf_h`
//! the hours between failures. A value that a source leaves open is named in `assumed`; a row whose rate or recovery is so
//! filled in is set apart, it shows agreement and proves little. The stall of a checkpoint matters less. So is one with a `caveat`: times between
//! failures of small jobs hold the faults of their users, which no rate of accelerators has. Beside the closed form the
//! column `simulated` has the mean of runs walked through failure by failure.

use super::hardware::Hardware;
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::random::Stream;
use crate::throughput::goodput::{Checkpoints, FailingRun, Spares, goodput, simulation};
use crate::units::{PerSecond, Seconds};

/// Undisturbed time of a simulated run: two months.
const SIMULATED: Seconds = Seconds(60.0 * 86_400.0);
/// Simulated runs of a row.
const SAMPLES: u64 = 16;

pub(super) fn predict(row: Row<'_>, hardware: &Hardware) -> (Names, Result<Forecast, Gap>) {
    let label = row.word("accelerator");
    let names = Names {
        id: row.word("run").to_owned(),
        system: hardware.rig(label).map_or_else(|| label.to_owned(), |rig| rig.id.clone()),
        model: String::new(),
        source: row.word("source_url").to_owned(),
    };
    (names, forecast(row))
}

/// A run with spares enough; what breaks and how long a repair takes does not matter to it.
fn failing(rate: PerSecond, stall: Seconds, recovery: Seconds, interval: Option<Seconds>) -> FailingRun {
    FailingRun {
        interruptions: rate,
        broken: 0.0,
        silent: 0.0,
        silent_for: Seconds(0.0),
        detection: Seconds(0.0),
        restart: recovery,
        repair: Seconds(0.0),
        spares: Spares { groups: 1, units: 0, unit_share: 0.0, shrinks: false },
        checkpoints: Checkpoints { interval, ..Checkpoints::asynchronous(stall, Seconds(0.0)) },
        slow: 0.0,
    }
}

fn simulated(run: &FailingRun) -> f64 {
    let time: f64 =
        (0..SAMPLES).map(|stream| simulation::run_time(run, SIMULATED, Stream { seed: 0, stream }).0).sum();
    SAMPLES as f64 * SIMULATED.0 / time
}

fn forecast(row: Row<'_>) -> Result<Forecast, Gap> {
    let Some(published) = row.positive("published")? else { return gap("nothing is published") };
    let Some(accelerators) = row.count("accelerators")? else {
        return gap("the number of accelerators is not stated");
    };
    let Some(rate) = row.number("failures_per_accelerator_hour")? else {
        return gap("the rate of failures is not stated");
    };
    if rate < 0.0 {
        return Err(row.error("a rate of failures can't be negative").into());
    }
    let rate = PerSecond(f64::from(accelerators) * rate / 3_600.0);
    let kind = row.word("metric_kind");
    let (assumed, caveat) = (row.word("assumed"), row.word("caveat"));
    let open = ["rate", "recovery"].iter().any(|value| assumed.contains(value));
    let bound = kind == "goodput_at_least";
    let apart = open || bound || !caveat.is_empty();
    let remarks: Vec<String> = [
        apart.then(|| "set apart".to_owned()),
        bound.then(|| "a lower bound".to_owned()),
        (!assumed.is_empty()).then(|| format!("assumed: {assumed}")),
        (!caveat.is_empty()).then(|| caveat.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let told = |predicted: f64, measure: &'static str, simulated: String| Forecast {
        published,
        predicted,
        apart,
        measure,
        reason: remarks.iter().map(String::as_str).chain([measure]).collect::<Vec<_>>().join("; "),
        extra: vec![simulated],
    };
    if kind == "mtbf_h" {
        let hours = failing(rate, Seconds(0.0), Seconds(0.0), None).between_failures().0 / 3_600.0;
        return Ok(told(hours, "hours between failures", String::new()));
    }
    let (Some(stall), Some(recovery)) = (row.number("checkpoint_stall_s")?, row.number("recovery_s")?) else {
        return gap("goodput needs the stall of a checkpoint and the time to recover");
    };
    let interval = row.positive("checkpoint_interval_s")?.map(Seconds);
    let run = failing(rate, Seconds(stall.max(0.0)), Seconds(recovery.max(0.0)), interval);
    let share = goodput(&run).share;
    let shown = format!("{:.4}", simulated(&run));
    match kind {
        "goodput" => Ok(told(share, "useful share of the time", shown)),
        "goodput_at_least" => Ok(told(share, "useful share, at least", shown)),
        other => gap(format!("`{other}` is none of goodput, goodput_at_least, mtbf_h")),
    }
}
