//! Fitted efficiency curves with their residuals.

use super::Report;
use super::document::{Block, Column, Document, Section, Table, count};
use crate::calibration::Calibration;
use crate::calibration::engines::EngineFit;
use crate::throughput::efficiency::FittedCurve;
use serde_json::{Value, json};

/// What a calibration found.
#[derive(Debug, Clone)]
pub struct CalibrateReport {
    /// The fit.
    pub calibration: Calibration,
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

impl Report for CalibrateReport {
    fn document(&self) -> Document {
        let set = &self.calibration.set;
        let each = |of: fn(&FittedCurve) -> String| set.curves.iter().map(of).collect::<Vec<_>>();
        let curves = Table::of(vec![
            Column::words("generation", each(|c| c.generation.clone())),
            Column::words("kernel", each(|c| format!("{:?}", c.class))),
            Column::words("format", each(|c| c.format.to_string())),
            Column::numbers("points", each(|c| c.residuals.points.to_string())),
            Column::numbers("plateau", each(|c| format!("{:.3}", c.curve.plateau))),
            Column::numbers("half rows", each(|c| format!("{:.0}", c.curve.half_rows))),
            Column::numbers("bandwidth", each(|c| format!("{:.3}", c.curve.bandwidth_share))),
            Column::numbers("launch [µs]", each(|c| format!("{:.1}", 1e6 * c.curve.launch_s))),
            Column::numbers("median [%]", each(|c| percent(c.residuals.median))),
            Column::numbers("p90 [%]", each(|c| percent(c.residuals.p90))),
            Column::numbers("bias [%]", each(|c| percent(c.residuals.bias))),
        ]);
        let inherited = set
            .inherit
            .iter()
            .map(|rule| (rule.generation.clone(), format!("as {}: {}", rule.from, rule.reason)))
            .collect();
        Document {
            title: format!(
                "{} curves fitted to {} measured kernels, {} left out",
                count(set.curves.len() as u64),
                count(self.calibration.used as u64),
                count(self.calibration.left as u64)
            ),
            lead: Vec::new(),
            sections: vec![
                Section {
                    heading: "Curves".into(),
                    blocks: vec![Block::Table(curves), Block::Text(set.note.clone())],
                },
                Section {
                    heading: "Generations without data".into(),
                    blocks: vec![Block::KeyValues(inherited)],
                },
            ],
        }
    }

    fn json(&self) -> Value {
        json!({
            "schema": "gigawatt.calibrate/1",
            "used": self.calibration.used,
            "left": self.calibration.left,
            "set": serde_json::to_value(&self.calibration.set).unwrap_or_default(),
        })
    }
}

/// What software adds to kernels, with the errors of groups left out.
#[derive(Debug, Clone)]
pub struct EngineReport {
    /// The fit.
    pub fit: EngineFit,
}

impl Report for EngineReport {
    fn document(&self) -> Document {
        let set = &self.fit.set;
        let known = &set.coefficients;
        let number = |x: f64| format!("{x:.3}");
        let coefficients = Table::of(vec![
            Column::words("coefficient", known.keys().cloned()),
            Column::numbers("value", known.values().map(|c| number(c.value))),
            Column::numbers("prior", known.values().map(|c| number(c.prior))),
            Column::numbers("low", known.values().map(|c| number(c.low))),
            Column::numbers("high", known.values().map(|c| number(c.high))),
            Column::words("meaning", known.values().map(|c| c.meaning.clone())),
        ]);
        let left = &set.left_out;
        let away = Table::of(vec![
            Column::words("left out", left.iter().map(|l| l.kind.clone())),
            Column::words("name", left.iter().map(|l| l.name.clone())),
            Column::words("table", left.iter().map(|l| l.table.clone())),
            Column::numbers("rows", left.iter().map(|l| l.rows.to_string())),
            Column::numbers("median, fitted [%]", left.iter().map(|l| percent(l.fitted_median_ape))),
            Column::numbers("median [%]", left.iter().map(|l| percent(l.median_ape))),
            Column::numbers("p90 [%]", left.iter().map(|l| percent(l.p90_ape))),
            Column::numbers("bias [%]", left.iter().map(|l| percent(l.bias))),
        ]);
        Document {
            title: format!(
                "{} coefficients of {} fitted to {} rows; loss {:.3}, before {:.3}",
                count(known.len() as u64),
                self.fit.subject.words(),
                count(set.rows as u64),
                self.fit.loss[1],
                self.fit.loss[0]
            ),
            lead: Vec::new(),
            sections: vec![
                Section {
                    heading: "Coefficients".into(),
                    blocks: vec![Block::Table(coefficients), Block::Text(set.note.clone())],
                },
                Section {
                    heading: "Predicted without having been seen".into(),
                    blocks: vec![Block::Table(away)],
                },
            ],
        }
    }

    fn json(&self) -> Value {
        json!({
            "schema": "gigawatt.calibrate-engines/1",
            "loss": self.fit.loss,
            "set": serde_json::to_value(&self.fit.set).unwrap_or_default(),
        })
    }
}
