//! Training against scale: the best layout of a run on each number of accelerators, its batch the same on all.

use super::Split;
use crate::report::Records;
use crate::report::document::{Bars, Block, Column, Section, Table, Unit, count};
use crate::units::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One run on one system over numbers of accelerators.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingCurve {
    /// The model.
    pub model: String,
    /// The system.
    pub system: String,
    /// Number format of the products.
    pub precision: String,
    /// Tokens of a sequence.
    pub sequence: u64,
    /// Tokens of a step.
    pub global_batch_tokens: u64,
    /// Points that were evaluated.
    pub evaluated: u64,
    /// Points that divide and fit.
    pub feasible: u64,
    /// One for each number of accelerators that the run fits on, fewest first.
    pub points: Vec<CurvePoint>,
}

/// The best layouts on a number of accelerators.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Accelerators.
    pub accelerators: u32,
    /// Whether no other number has more tokens/s in all and as many per accelerator.
    pub on_frontier: bool,
    /// The fastest.
    pub best: TrainingDesign,
    /// The fastest of another split.
    pub runner_up: Option<TrainingDesign>,
}

/// One way to train a model, with what it gives; keys as in a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingDesign {
    /// Accelerators along each axis.
    pub parallelism: Split,
    /// Model chunks of a stage.
    pub interleave: u32,
    /// Sequences of a micro-batch.
    pub micro_batch: u32,
    /// Whether weights and gradients are shared over the data ranks (FSDP).
    pub sharded: bool,
    /// Time of a step [s].
    pub step_time_s: f64,
    /// Tokens per second of the run.
    pub tokens_per_s: f64,
    /// Tokens per second of an accelerator.
    pub tokens_per_s_per_accelerator: f64,
    /// Model FLOP/s over dense peak.
    pub mfu: f64,
    /// Memory of the fullest rank [bytes].
    pub memory_bytes: f64,
    /// Arithmetic and memory work of a step [s].
    pub compute_s: f64,
    /// Messages of tensor, context and expert ranks [s].
    pub messages_s: f64,
    /// Idle time of the pipeline [s].
    pub bubble_s: f64,
    /// Gradient and parameter traffic that computation does not hide [s].
    pub gradients_s: f64,
    /// Optimiser and fixed time, and waiting for the slowest rank [s].
    pub rest_s: f64,
    /// What the step spends most of its time on.
    pub bound_by: String,
}

impl TrainingDesign {
    fn split(&self) -> String {
        let Split { tp, pp, ep, dp, cp } = self.parallelism;
        let split = crate::report::plan::split(crate::plan::result::Parallelism { tp, pp, ep, dp, cp });
        if self.sharded { format!("{split} FSDP") } else { split }
    }
}

impl TrainingCurve {
    /// The curve with its frontier marked: points that no other beats in tokens/s without losing tokens/s per accelerator.
    #[must_use]
    pub fn with_frontier(mut self) -> Self {
        let rates: Vec<(f64, f64)> =
            self.points.iter().map(|p| (p.best.tokens_per_s, p.best.tokens_per_s_per_accelerator)).collect();
        for (point, own) in self.points.iter_mut().zip(&rates) {
            point.on_frontier = !rates.iter().any(|other| other.0 > own.0 && other.1 >= own.1);
        }
        self
    }

    /// Takes in the points of the same curve in the next shard.
    pub(super) fn join(&mut self, next: Self) {
        self.evaluated = self.evaluated.saturating_add(next.evaluated);
        self.feasible = self.feasible.saturating_add(next.feasible);
        self.points.extend(next.points);
    }

    /// One row for each number of accelerators, with the same keys in each.
    fn rows(&self) -> impl Iterator<Item = Value> {
        self.points.iter().map(|point| {
            let mut row = json!({
                "model": self.model,
                "system": self.system,
                "precision": self.precision,
                "sequence": self.sequence,
                "global_batch_tokens": self.global_batch_tokens,
                "accelerators": point.accelerators,
                "on_frontier": point.on_frontier,
                "runner_up": point.runner_up.as_ref().map(TrainingDesign::split),
                "runner_up_step_time_s": point.runner_up.as_ref().map(|design| design.step_time_s),
            });
            if let (Value::Object(fields), Ok(Value::Object(best))) =
                (&mut row, serde_json::to_value(&point.best))
            {
                fields.extend(best);
            }
            row
        })
    }

    /// Bars of tokens/s per accelerator over the numbers of accelerators, and the layouts.
    pub(super) fn section(&self) -> Section {
        let heading = format!(
            "Training against scale: {} on {}, {}, {} tokens a step",
            self.model,
            self.system,
            self.precision,
            count(self.global_batch_tokens)
        );
        let points = &self.points;
        let bars = points.iter().map(|point| {
            let mark = if point.on_frontier { "" } else { " (beaten)" };
            let label = format!("{} accelerators{mark}", count(u64::from(point.accelerators)));
            (label, point.best.tokens_per_s_per_accelerator)
        });
        let slower = |point: &CurvePoint| {
            point.runner_up.as_ref().map(|design| design.step_time_s / point.best.step_time_s - 1.0)
        };
        let columns = vec![
            Column::counts("accel.", points.iter().map(|point| u64::from(point.accelerators))),
            Column::words("best split", points.iter().map(|point| point.best.split())),
            Column::counts("chunks", points.iter().map(|point| u64::from(point.best.interleave))),
            Column::counts("micro-batch", points.iter().map(|point| u64::from(point.best.micro_batch))),
            Column::values("step", Unit::Metric("s"), points.iter().map(|p| Some(p.best.step_time_s))),
            Column::values(
                "per accel.",
                Unit::Plain("tok/s"),
                points.iter().map(|p| Some(p.best.tokens_per_s_per_accelerator)),
            ),
            Column::values("MFU", Unit::Share, points.iter().map(|p| Some(p.best.mfu))),
            Column::words(
                "runner-up",
                points.iter().map(|p| p.runner_up.as_ref().map_or_else(String::new, TrainingDesign::split)),
            ),
            Column::values("slower by", Unit::Share, points.iter().map(slower)),
        ];
        let mut blocks = Vec::new();
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            blocks.push(Block::Bars(Bars::of("tokens/s per accelerator", Unit::Plain("tok/s"), bars)));
            blocks.push(Block::Table(Table::of(columns)));
            let kept = last.best.tokens_per_s_per_accelerator / first.best.tokens_per_s_per_accelerator;
            blocks.push(Block::Text(format!(
                "Strong scaling: the batch is the same on every number of accelerators. {} times as many keep {} % of the \
                 tokens/s of each. {} layouts were tried, {} divide and fit; failures are not in these rates. JSON has \
                 memory and the parts of the steps.",
                text::digits(f64::from(last.accelerators) / f64::from(first.accelerators)),
                text::digits(100.0 * kept),
                count(self.evaluated),
                count(self.feasible)
            )));
        } else {
            blocks.push(Block::Text("No layout fits on any number of accelerators.".into()));
        }
        Section { heading, blocks }
    }
}

/// All points of some curves, with the columns of one that lacks nothing.
pub(super) fn records(curves: &[TrainingCurve]) -> Records {
    let point = CurvePoint { runner_up: Some(TrainingDesign::default()), ..CurvePoint::default() };
    let whole = TrainingCurve { points: vec![point], ..TrainingCurve::default() };
    let exemplar = whole.rows().next().unwrap_or_default();
    Records::of(&exemplar, curves.iter().flat_map(TrainingCurve::rows))
}

/// The curve of joined shards: of all layouts on a number of accelerators the fastest, and the fastest of another split.
pub(super) fn settled(mut curve: TrainingCurve) -> TrainingCurve {
    curve.points.sort_by_key(|point| point.accelerators);
    let groups = curve.points.chunk_by(|a, b| a.accelerators == b.accelerators);
    curve.points = groups.filter_map(one_point).collect();
    curve.with_frontier()
}

fn one_point(points: &[CurvePoint]) -> Option<CurvePoint> {
    let mut designs: Vec<&TrainingDesign> =
        points.iter().flat_map(|point| std::iter::once(&point.best).chain(&point.runner_up)).collect();
    designs.sort_by(|a, b| a.step_time_s.total_cmp(&b.step_time_s));
    let best = *designs.first()?;
    let other = designs
        .iter()
        .find(|design| (design.parallelism, design.sharded) != (best.parallelism, best.sharded));
    Some(CurvePoint {
        accelerators: points[0].accelerators,
        on_frontier: false,
        best: best.clone(),
        runner_up: other.map(|design| (*design).clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(tp: u32, step_time_s: f64, accelerators: u32) -> TrainingDesign {
        let tokens_per_s = 1e6 / step_time_s;
        TrainingDesign {
            parallelism: Split { tp, pp: 1, ep: 1, dp: accelerators / tp, cp: 1 },
            interleave: 1,
            micro_batch: 1,
            sharded: false,
            step_time_s,
            tokens_per_s,
            tokens_per_s_per_accelerator: tokens_per_s / f64::from(accelerators),
            mfu: 0.4,
            memory_bytes: 7e10,
            compute_s: 0.8 * step_time_s,
            messages_s: 0.1 * step_time_s,
            bubble_s: 0.0,
            gradients_s: 0.05 * step_time_s,
            rest_s: 0.05 * step_time_s,
            bound_by: "arithmetic and memory".into(),
        }
    }

    fn curve(points: &[(u32, &[(u32, f64)])]) -> TrainingCurve {
        TrainingCurve {
            model: "m".into(),
            system: "s".into(),
            precision: "fp8".into(),
            sequence: 8_192,
            global_batch_tokens: 1_000_000,
            evaluated: 10,
            feasible: 5,
            points: points
                .iter()
                .map(|(accelerators, designs)| CurvePoint {
                    accelerators: *accelerators,
                    on_frontier: false,
                    best: design(designs[0].0, designs[0].1, *accelerators),
                    runner_up: designs.get(1).map(|(tp, step)| design(*tp, *step, *accelerators)),
                })
                .collect(),
        }
    }

    #[test]
    fn merged_curves_have_the_fastest_of_all_shards() {
        let a = curve(&[(8, &[(1, 4.0), (2, 5.0)]), (16, &[(2, 2.5)])]);
        let b = curve(&[(8, &[(4, 3.0), (8, 4.5)]), (32, &[(4, 2.0)])]);
        let mut merged = a;
        merged.join(b);
        let expected =
            curve(&[(8, &[(4, 3.0), (1, 4.0)]), (16, &[(2, 2.5)]), (32, &[(4, 2.0)])]).with_frontier();
        assert_eq!(settled(merged), TrainingCurve { evaluated: 20, feasible: 10, ..expected });
    }

    #[test]
    fn more_accelerators_that_are_slower_in_all_are_beaten() {
        // 16 are faster than 8 at nearly the same rate each; 32 are slower than 16 in all.
        let curve = curve(&[(8, &[(1, 4.0)]), (16, &[(1, 2.1)]), (32, &[(1, 2.2)])]).with_frontier();
        let marks: Vec<bool> = curve.points.iter().map(|point| point.on_frontier).collect();
        assert_eq!(marks, [true, true, false]);
    }

    #[test]
    fn rows_are_alike_with_and_without_a_runner_up() {
        let curve = curve(&[(8, &[(1, 4.0), (2, 5.0)]), (16, &[(2, 2.5)])]);
        let keys: Vec<Vec<String>> =
            curve.rows().map(|row| row.as_object().expect("an object").keys().cloned().collect()).collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0], keys[1]);
    }
}
