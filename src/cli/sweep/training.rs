//! The training part of a sweep: for each run the best layouts on powers of two, and three times them, of accelerators.

use super::Shard;
use crate::cli::arguments::Common;
use crate::cli::diagnostic::{Failure, say};
use crate::cli::progress::Progress;
use crate::engine::Engine;
use crate::plan::Plan;
use crate::plan::equipment::{Equipment, Machine};
use crate::plan::runs::{chip_of_run, job_of, sustained_share};
use crate::plan::workloads::shape_of;
use crate::report::sweep::Split;
use crate::report::sweep::training::{CurvePoint, TrainingCurve, TrainingDesign};
use crate::scenario::Scenario;
use crate::search::training::{self, explore};
use crate::throughput::training::{TrainingJob, TrainingPoint};
use std::ops::ControlFlow;

/// Accelerators of the smallest run on a curve: a node.
const LEAST_ACCELERATORS: u32 = 8;

/// What the sweeps of all runs found.
#[derive(Debug, Default)]
pub(super) struct Trained {
    pub curves: Vec<TrainingCurve>,
    pub evaluated: u64,
    pub feasible: u64,
    pub backends: Vec<&'static str>,
    pub warnings: Vec<String>,
    pub short: bool,
}

/// Numbers of accelerators up to that of the plan's run, which comes last.
fn scales(most: u32) -> Vec<u32> {
    let doubled = (0..32).map(|power| LEAST_ACCELERATORS.checked_shl(power).unwrap_or(u32::MAX));
    let mut all: Vec<u32> =
        doubled.take_while(|scale| *scale < most).flat_map(|scale| [scale, scale / 2 * 3]).collect();
    all.retain(|scale| *scale < most);
    all.push(most);
    all
}

/// Sweeps every training run on every system.
pub(super) fn curves(
    scenario: &Scenario,
    plan: &Plan,
    equipment: &Equipment,
    engine: &Engine,
    shard: Shard,
    common: &Common,
) -> Result<Trained, Failure> {
    let mut trained = Trained::default();
    let mut planned = plan.training.iter();
    for machine in &equipment.machines {
        for (place, entry) in scenario.fields.training.iter().enumerate() {
            let card = &equipment.training[place].profile;
            // The plan has one run for each system and entry, in this order.
            let Some(run) = planned.next() else { continue };
            if run.accelerators == 0 {
                let reason = run.shortfall.as_deref().unwrap_or("nothing can be trained");
                say(&format!("{} on {}: {reason}\n", card.id, machine.id));
                trained.short = true;
                continue;
            }
            let (job, word) = job_of(scenario, machine, place, entry)?;
            let part = training::Shard { index: shard.index as usize - 1, of: shard.of as usize };
            let bar = std::cell::OnceCell::new();
            let shown = std::cell::Cell::new(0);
            let found = explore(
                &shape_of(card),
                &chip_of_run(machine, scenario.fields.fabric.oversubscription.0, run.accelerators),
                &job,
                &scales(u32::try_from(run.accelerators).unwrap_or(u32::MAX)),
                part,
                engine,
                |progress| {
                    let what = format!("training {} on {}", card.id, machine.id);
                    let bar = bar.get_or_init(|| Progress::of(&what, progress.total, common.quiet));
                    bar.advance(progress.done.saturating_sub(shown.replace(progress.done)));
                    ControlFlow::Continue(())
                },
            )
            .map_err(|error| Failure::bad("sweep", error.to_string()))?;
            trained.evaluated += found.evaluated;
            trained.feasible += found.feasible;
            if found.run.points > 0 && !trained.backends.contains(&found.run.backend()) {
                trained.backends.push(found.run.backend());
            }
            trained.warnings.extend(found.run.warnings);
            let points = found.curve.iter().filter_map(|point| {
                Some(CurvePoint {
                    accelerators: point.accelerators,
                    on_frontier: false,
                    best: design(&point.best?, machine, &job, point.accelerators),
                    runner_up: point
                        .runner_up
                        .map(|point_of| design(&point_of, machine, &job, point.accelerators)),
                })
            });
            trained.curves.push(
                TrainingCurve {
                    model: card.id.clone(),
                    system: machine.id.clone(),
                    precision: word.into(),
                    sequence: entry.sequence,
                    global_batch_tokens: (job.global_batch * job.sequence) as u64,
                    evaluated: found.evaluated,
                    feasible: found.feasible,
                    points: points.collect(),
                }
                .with_frontier(),
            );
        }
    }
    Ok(trained)
}

fn design(point: &TrainingPoint, machine: &Machine, job: &TrainingJob, accelerators: u32) -> TrainingDesign {
    let layout = &point.layout;
    let tokens = job.global_batch * job.sequence;
    TrainingDesign {
        parallelism: Split {
            tp: layout.tensor,
            pp: layout.stages,
            ep: layout.expert,
            dp: layout.data(accelerators),
            cp: layout.context,
        },
        interleave: layout.interleave,
        micro_batch: layout.micro_batch,
        sharded: layout.sharded,
        step_time_s: point.step.0,
        tokens_per_s: tokens / point.step.0,
        tokens_per_s_per_accelerator: tokens / point.step.0 / f64::from(accelerators),
        mfu: (point.mfu * sustained_share(machine)).min(1.0),
        memory_bytes: point.memory.total.0,
        compute_s: point.compute.0,
        messages_s: point.messages.0,
        bubble_s: point.bubble.0,
        gradients_s: point.gradients.0,
        rest_s: point.rest.0,
        bound_by: point.longest_part().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_rise_to_that_of_the_run() {
        assert_eq!(scales(64), [8, 12, 16, 24, 32, 48, 64]);
        assert_eq!(scales(4), [4]);
        assert_eq!(scales(20), [8, 12, 16, 20]);
    }
}
