//! Training in a plan: runs, the layout that each was given, the one that came second, and what failures take.

use super::{TOKENS, section, split};
use crate::plan::Plan;
use crate::plan::result::{RunFailures, StepLayout, Training};
use crate::report::document::{Block, Column, Section, Table, Unit, count};
use crate::units::text::digits;

const BYTES: Unit = Unit::Metric("B");

/// Runs, the layouts that they were chosen from, and what failures do to them.
pub(super) fn section_of(plan: &Plan) -> Section {
    let runs = &plan.training;
    let done =
        |value: fn(&Training) -> f64| runs.iter().map(move |run| run.shortfall.is_none().then(|| value(run)));
    let table = Table::of(vec![
        Column::words("model", runs.iter().map(|run| run.model.clone())),
        Column::words("system", runs.iter().map(|run| run.system.clone())),
        Column::words("precision", runs.iter().map(|run| run.precision.clone())),
        Column::words("split", runs.iter().map(|run| split(run.parallelism))),
        Column::counts("accelerators", runs.iter().map(|run| run.accelerators)),
        Column::values("throughput", TOKENS, done(|run| run.tokens_per_s.0)),
        Column::values("MFU", Unit::Share, done(|run| run.mfu.0)),
        Column::values("goodput", Unit::Share, done(|run| run.goodput.0)),
        Column::values("step", Unit::Metric("s"), done(|run| run.step_time.0)),
        Column::values("run", Unit::Plain("days"), done(|run| run.run_time.0 / 86_400.0)),
        Column::words("bound by", runs.iter().map(|run| run.bound_by.clone())),
    ]);
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(runs.iter().filter_map(crossing).map(Block::Note));
    blocks.extend(runs.iter().filter_map(layouts).map(Block::Table));
    blocks.extend(runs.iter().filter_map(verdict).map(Block::Note));
    blocks.extend(runs.iter().filter_map(idle).map(Block::Note));
    if runs.iter().any(|run| run.run.is_some()) {
        blocks.push(Block::Table(failures(runs)));
    }
    blocks.extend(runs.iter().filter_map(|run| {
        run.shortfall.as_ref().map(|why| Block::Note(format!("{} on {}: {why}", run.model, run.system)))
    }));
    section("Training", blocks)
}

/// What crossing from fabric to fabric takes of a run that does.
fn crossing(run: &Training) -> Option<String> {
    (run.fabrics > 1 && run.shortfall.is_none()).then(|| {
        format!(
            "{} on {} spans {} fabrics: summing gradients between them takes {:.1} % of a step",
            run.model,
            run.system,
            run.fabrics,
            100.0 * (run.between_fabrics / run.step_time)
        )
    })
}

/// What failures take of each run, and what the run takes.
fn failures(runs: &[Training]) -> Table {
    let told: Vec<(&Training, &RunFailures)> =
        runs.iter().filter_map(|run| run.run.as_ref().map(|told| (run, told))).collect();
    let of = |value: fn(&RunFailures) -> f64| told.iter().map(move |(_, told)| Some(value(told)));
    let days =
        |value: fn(&RunFailures) -> f64| told.iter().map(move |(_, told)| Some(value(told) / 86_400.0));
    Table::of(vec![
        Column::words("failures of", told.iter().map(|(run, _)| run.model.clone())),
        Column::values("MTBF", Unit::Plain("h"), of(|told| told.between_failures.0 / 3_600.0)),
        Column::values("checkpoint every", Unit::Metric("s"), of(|told| told.checkpoint_interval.0)),
        Column::counts("spares", told.iter().map(|(_, told)| told.spares)),
        Column::values("lost to checkpoints", Unit::Share, of(|told| told.lost_to_checkpoints.0)),
        Column::values("rework", Unit::Share, of(|told| told.lost_to_rework.0)),
        Column::values("restarts", Unit::Share, of(|told| told.lost_to_restarts.0)),
        Column::values("waiting", Unit::Share, of(|told| told.lost_to_waiting.0)),
        Column::values("run P5", Unit::Plain("days"), days(|told| told.run_time[0].0)),
        Column::values("run P95", Unit::Plain("days"), days(|told| told.run_time[2].0)),
        Column::values("energy", Unit::Plain("GWh"), of(|told| told.energy.0 / 3.6e12)),
        Column::values("cost", Unit::Money(""), of(|told| told.cost.0)),
    ])
}

/// The best layout beside the second, part by part.
fn layouts(run: &Training) -> Option<Table> {
    let best = run.layout.as_ref()?;
    let both: Vec<&StepLayout> =
        std::iter::once(best).chain(run.runner_up.as_ref().map(|r| &r.layout)).collect();
    let of = |value: fn(&StepLayout) -> f64| both.iter().map(move |layout| Some(value(layout)));
    let mut columns = vec![
        Column::words(
            "layout",
            [format!("{}, best", run.model), "second".into()].into_iter().take(both.len()),
        ),
        Column::words("split", both.iter().map(|layout| told(layout))),
        Column::values("step", Unit::Metric("s"), of(|layout| layout.step.0)),
    ];
    for (place, (name, _)) in best.times.iter().enumerate() {
        let share = both.iter().map(move |layout| Some(layout.times[place].1.0 / layout.step.0));
        columns.push(Column::values(name, Unit::Share, share));
    }
    columns.push(Column::values("memory", BYTES, of(|layout| layout.memory.0)));
    columns.push(Column::values("usable", BYTES, of(|layout| layout.room.0)));
    Some(Table::of(columns))
}

/// A split with what is not an axis: sequences of a micro-batch, chunks of a stage, sharded weights.
fn told(layout: &StepLayout) -> String {
    let sharded = if layout.sharded { " FSDP".into() } else { String::new() };
    let chunks = if layout.interleave > 1 { format!(" VP{}", layout.interleave) } else { String::new() };
    format!("{}{sharded}{chunks} MB{}", split(layout.parallelism), layout.micro_batch)
}

/// Why the second is second.
fn verdict(run: &Training) -> Option<String> {
    let second = run.runner_up.as_ref()?;
    Some(format!(
        "{}: {} comes second by {} % of a step: {}",
        run.model,
        told(&second.layout),
        digits(100.0 * second.slower),
        second.why
    ))
}

/// Why a run leaves accelerators that it could have had.
fn idle(run: &Training) -> Option<String> {
    (run.accelerators > 0 && run.available > run.accelerators + run.accelerators / 2).then(|| {
        format!(
            "{}: {} of {} accelerators: on more it would finish later, as batch, messages and failures have it",
            run.model,
            count(run.accelerators),
            count(run.available)
        )
    })
}
