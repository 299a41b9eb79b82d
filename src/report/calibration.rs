//! Fitted efficiency curves with their residuals.

use super::Report;
use super::document::{Block, Column, Document, Section, Table, count};
use crate::calibration::Calibration;
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
