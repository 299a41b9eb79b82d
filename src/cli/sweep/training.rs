//! The training part of a sweep: for each run the best layouts on powers of two, and three times them, of accelerators.

use super::{Sweep, counted};
use crate::cli::diagnostic::Failure;
use crate::plan::equipment::Machine;
use crate::plan::result::Training;
use crate::plan::runs::{chip_of_run, job_of, sustained_share};
use crate::plan::workloads::shape_of;
use crate::report::sweep::Split;
use crate::report::sweep::shard::SweepPart;
use crate::report::sweep::training::{CurvePoint, TrainingCurve, TrainingDesign};
use crate::search::training::explore;
use crate::throughput::training::{TrainingJob, TrainingPoint};

/// Accelerators of the smallest run on a curve: a node.
const LEAST_ACCELERATORS: u32 = 8;

/// Numbers of accelerators up to that of the plan's run, which comes last.
fn scales(most: u32) -> Vec<u32> {
    let doubled = (0..32).map(|power| LEAST_ACCELERATORS.checked_shl(power).unwrap_or(u32::MAX));
    let mut all: Vec<u32> =
        doubled.take_while(|scale| *scale < most).flat_map(|scale| [scale, scale / 2 * 3]).collect();
    all.retain(|scale| *scale < most);
    all.push(most);
    all
}

impl Sweep<'_> {
    /// Every training run on every system.
    pub(super) fn training(&mut self) -> Result<(), Failure> {
        let (equipment, scenario) = (self.equipment, self.scenario);
        // The plan has one run for each system and entry, in this order.
        let mut planned = self.plan.training.iter();
        for machine in &equipment.machines {
            for place in 0..scenario.fields.training.len() {
                let Some(run) = planned.next() else { continue };
                if !self.is_stopped() {
                    self.trained(machine, place, run)?;
                }
            }
        }
        Ok(())
    }

    fn trained(&mut self, machine: &Machine, place: usize, run: &Training) -> Result<(), Failure> {
        let entry = &self.scenario.fields.training[place];
        let card = &self.equipment.training[place].profile;
        if run.accelerators == 0 {
            let reason = run.shortfall.as_deref().unwrap_or("nothing can be trained");
            self.falls_short(format!("{} on {}: {reason}", card.id, machine.id));
            return Ok(());
        }
        let (job, word) = job_of(self.scenario, machine, place, entry)?;
        let of = format!("training {} on {}", card.id, machine.id);
        let found = explore(
            &shape_of(card),
            &chip_of_run(machine, self.scenario.fields.fabric.oversubscription.0, run.accelerators),
            &job,
            &scales(u32::try_from(run.accelerators).unwrap_or(u32::MAX)),
            self.shard,
            &self.engine,
            self.checkpoint.watch(self.parts.len(), &of, self.quiet),
        );
        let found = found.map_err(|error| self.failure(&error))?;
        let points = found.curve.iter().filter_map(|point| {
            let shown = |of: &TrainingPoint| design(of, machine, &job, point.accelerators);
            Some(CurvePoint {
                accelerators: point.accelerators,
                on_frontier: false,
                best: shown(&point.best?),
                runner_up: point.runner_up.as_ref().map(shown),
            })
        });
        let curve = TrainingCurve {
            model: card.id.clone(),
            system: machine.id.clone(),
            precision: word.into(),
            sequence: entry.sequence,
            global_batch_tokens: (job.global_batch * job.sequence) as u64,
            evaluated: found.evaluated,
            feasible: found.feasible,
            points: points.collect(),
        };
        self.parts.push(SweepPart {
            of,
            searched: found.searched,
            evaluated: found.evaluated,
            feasible: found.feasible,
            misfits: counted(&["does not divide", "memory"], &found.misfits),
            frontier: Vec::new(),
            leaders: Vec::new(),
            histograms: Vec::new(),
            training: Some(curve.with_frontier()),
        });
        self.note(found.run);
        Ok(())
    }
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
