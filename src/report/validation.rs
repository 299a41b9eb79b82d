//! Predicted against published, row by row, with what is off by how much and where.
//!
//! ~~~text
//! error = (predicted − published) / published
//! APE = |error|;  bias = mean of the signed errors
//! ~~~

use super::document::{Bars, Block, Column, Document, Panel, Point, Scatter, Section, Table, Unit, count};
use super::{Report, csv, scatter};
use crate::units::text::digits;
use crate::validation::{Check, RowReport, Statistics, TableReport};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// All tables that were checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValidateReport {
    /// In the order they were read.
    pub tables: Vec<TableReport>,
}

/// What a row is grouped by.
type Group = (&'static str, fn(&RowReport) -> &str);

const GROUPS: [Group; 3] =
    [("system", |row| &row.system), ("model", |row| &row.model), ("source", |row| &row.source)];

fn statistics_json(found: Statistics) -> Map<String, Value> {
    let Value::Object(fields) = json!({
        "rows": found.rows,
        "predicted": found.predicted,
        "not_expressible": found.not_expressible,
        "median_ape": found.median_ape,
        "mean_ape": found.mean_ape,
        "p90_ape": found.p90_ape,
        "bias": found.bias,
    }) else {
        return Map::new();
    };
    fields
}

fn table_json(table: &TableReport) -> Value {
    let mut fields = Map::new();
    fields.insert("table".into(), table.table.clone().into());
    fields.extend(statistics_json(table.statistics()));
    if let Some(first) = table.first_token() {
        let mut ttft = statistics_json(first.errors);
        ttft.insert("predicted_wait_share".into(), first.predicted_wait_share.into());
        ttft.insert("measured_beyond_prompt_share".into(), first.measured_beyond_prompt_share.into());
        fields.insert("ttft".into(), Value::Object(ttft));
    }
    let by: Map<String, Value> = GROUPS
        .iter()
        .map(|(key, name)| {
            let groups = table.grouped(*name);
            let groups: Map<String, Value> =
                groups.into_iter().map(|(id, found)| (id, Value::Object(statistics_json(found)))).collect();
            ((*key).to_owned(), Value::Object(groups))
        })
        .collect();
    fields.insert("by".into(), Value::Object(by));
    let row = |row: &RowReport| {
        json!({
            "id": row.id, "system": row.system, "model": row.model, "source": row.source,
            "published": row.published, "predicted": row.predicted, "error": row.error,
            "status": row.status(), "reason": row.reason,
        })
    };
    fields.insert("worst".into(), table.worst().into_iter().map(row).collect());
    let apart = table.rows.iter().filter(|r| !r.counted && r.error.is_some()).map(row);
    fields.insert("apart".into(), apart.collect());
    let checks = table.rows.iter().filter_map(|row| {
        let check = row.check.as_ref()?;
        Some(json!({
            "check": check.name, "id": row.id, "published": row.published, "predicted": row.predicted,
            "error": row.error, "tolerance": check.tolerance, "low": check.bounds.0, "high": check.bounds.1,
            "passed": row.passed(),
        }))
    });
    fields.insert("checks".into(), checks.collect());
    Value::Object(fields)
}

fn table_csv(table: &TableReport) -> String {
    let mut header = table.header.clone();
    header.extend(["predicted", "error", "status", "reason"].map(str::to_owned));
    header.extend(table.extra.iter().cloned());
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    let rows = table.rows.iter().map(|row| {
        let mut cells = row.cells.clone();
        cells.resize(table.header.len(), String::new());
        cells.extend([number(row.predicted), number(row.error)]);
        cells.extend([row.status().to_owned(), row.reason.clone()]);
        cells.extend(row.extra.iter().cloned());
        cells
    });
    csv::table(&header, rows)
}

/// Tables that are drawn: name, title, unit, and the measure if the table mixes several.
const DRAWN: [(&str, &str, &str, &str); 4] = [
    ("inference", "Serving, published: output per accelerator", "tokens/s", ""),
    ("points", "Serving, deployments: time per output token", "ms", ""),
    ("training", "Training: rate per accelerator", "tokens/s", "tokens/s"),
    ("collectives", "Collectives: time", "µs", "time"),
];

/// Kinds of points: the generation of the accelerators.
const KINDS: [&str; 7] =
    ["Hopper", "Blackwell", "Blackwell Ultra", "AMD CDNA 3 and 4", "Ampere", "TPU", "others"];

fn kind_of(generation: &str) -> usize {
    match generation {
        "hopper" => 0,
        "blackwell" => 1,
        "blackwell-ultra" => 2,
        "cdna3" | "cdna4" => 3,
        "ampere" => 4,
        "tpu" => 5,
        _ => 6,
    }
}

/// The panel of a table, if it is one that is drawn and has a point; only rows that count.
fn panel(table: &TableReport) -> Option<Panel> {
    let (_, title, unit, measure) = DRAWN.into_iter().find(|(name, ..)| *name == table.table)?;
    let drawn: Vec<&RowReport> = table
        .rows
        .iter()
        .filter(|row| row.counted && row.error.is_some() && (measure.is_empty() || row.measure == measure))
        .collect();
    let above = |value: f64| value.is_normal() && value > 0.0;
    let points: Vec<Point> = drawn
        .iter()
        .filter_map(|row| {
            let (measured, predicted) = (row.published?, row.predicted?);
            let kind = kind_of(&row.generation);
            (above(measured) && above(predicted)).then_some(Point { kind, measured, predicted })
        })
        .collect();
    let median = Statistics::of(drawn.iter().copied()).median_ape?;
    let within = |low: f64, high: f64| {
        let inside = points.iter().filter(|point| (low..=high).contains(&(point.predicted / point.measured)));
        inside.count() as f64 / points.len().max(1) as f64 * 100.0
    };
    let caption = format!(
        "{} of {} rows; median error {:.1} %; {:.0} % within ±25 %, {:.0} % within a factor of 2",
        count(points.len() as u64),
        count(table.rows.len() as u64),
        median * 100.0,
        within(0.75, 1.25).floor(),
        within(0.5, 2.0).floor()
    );
    (!points.is_empty()).then(|| Panel { title: title.into(), caption, unit, points })
}

impl ValidateReport {
    /// Predicted against measured as a picture, if a table with rates or times has a prediction that counts.
    #[must_use]
    pub fn scatter(&self) -> Option<Scatter> {
        let panels: Vec<Panel> = self.tables.iter().filter_map(panel).collect();
        let title = "Predicted against measured".to_owned();
        (!panels.is_empty()).then_some(Scatter { title, kinds: &KINDS, panels })
    }

    /// Tables of which no row that counts could be predicted.
    #[must_use]
    pub fn unpredicted(&self) -> Vec<&str> {
        let none = self.tables.iter().filter(|table| table.statistics().median_ape.is_none());
        none.map(|table| table.table.as_str()).collect()
    }

    /// Tables whose median error is above a limit, with it.
    #[must_use]
    pub fn above(&self, limit: f64) -> Vec<(&str, f64)> {
        self.tables
            .iter()
            .filter_map(|table| Some((table.table.as_str(), table.statistics().median_ape?)))
            .filter(|(_, median)| *median > limit)
            .collect()
    }
}

impl Report for ValidateReport {
    fn document(&self) -> Document {
        let statistics: Vec<Statistics> = self.tables.iter().map(TableReport::statistics).collect();
        let summary = summary(
            "table",
            &self.tables.iter().map(|t| t.table.clone()).zip(statistics).collect::<Vec<_>>(),
        );
        let mut blocks = vec![Block::Table(summary)];
        blocks.extend(self.scatter().map(Block::Scatter));
        let mut sections = vec![Section { heading: "All tables".into(), blocks }];
        sections.extend(self.tables.iter().map(table_section));
        Document { title: "Predicted against published".into(), lead: Vec::new(), sections }
    }
    fn json(&self) -> Value {
        let tables: Vec<Value> = self.tables.iter().map(table_json).collect();
        json!({"schema": "gigawatt.validate/1", "tables": tables})
    }
    /// Each table with its own header; an empty line between tables.
    fn csv(&self) -> String {
        self.tables.iter().map(table_csv).collect::<Vec<_>>().join("\n")
    }
    fn svg(&self) -> Option<String> {
        self.scatter().as_ref().map(scatter::svg)
    }
}

fn summary(name: &str, found: &[(String, Statistics)]) -> Table {
    let share = |of: fn(&Statistics) -> Option<f64>| {
        found.iter().map(|(_, statistics)| of(statistics)).collect::<Vec<_>>()
    };
    Table::of(vec![
        Column::words(name, found.iter().map(|(name, _)| name.clone())),
        Column::counts("rows", found.iter().map(|(_, s)| s.rows)),
        Column::counts("predicted", found.iter().map(|(_, s)| s.predicted)),
        Column::counts("not expressible", found.iter().map(|(_, s)| s.not_expressible)),
        Column::values("median", Unit::Share, share(|s| s.median_ape)),
        Column::values("mean", Unit::Share, share(|s| s.mean_ape)),
        Column::values("P90", Unit::Share, share(|s| s.p90_ape)),
        Column::values("bias", Unit::Share, share(|s| s.bias)),
    ])
}

/// How far times to the first token are off, and what of them is waiting.
fn first_token(table: &TableReport) -> Option<[Block; 2]> {
    let found = table.first_token()?;
    let percent = |share: Option<f64>| digits(100.0 * share.unwrap_or(0.0));
    let said = format!(
        "Of a predicted time to the first token {} % is waiting for the prompts of others, at the median. Of a measured \
         one {} % is more than its own prompt takes alone: queueing, hosts and networks.",
        percent(found.predicted_wait_share),
        percent(found.measured_beyond_prompt_share)
    );
    let errors = [("time to first token".to_owned(), found.errors)];
    Some([Block::Table(summary("reported, not counted", &errors)), Block::Text(said)])
}

fn table_section(table: &TableReport) -> Section {
    let mut blocks: Vec<Block> = first_token(table).into_iter().flatten().collect();
    for (key, name) in GROUPS {
        let groups = table.grouped(name);
        if !groups.is_empty() {
            blocks.push(Block::Table(summary(&format!("by {key}"), &groups.into_iter().collect::<Vec<_>>())));
        }
    }
    blocks.extend(checks(table).into_iter().flatten());
    let worst = table.worst();
    if !worst.is_empty() {
        blocks.push(Block::Table(row_table("largest errors", &worst)));
    }
    let apart: Vec<&RowReport> = table.rows.iter().filter(|r| !r.counted && r.error.is_some()).collect();
    if !apart.is_empty() {
        blocks.push(Block::Table(row_table("shown apart, not counted", &apart)));
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for row in table.rows.iter().filter(|row| row.error.is_none()) {
        *reasons.entry(row.reason.as_str()).or_default() += 1;
    }
    if !reasons.is_empty() {
        let mut bars: Vec<(String, String, f64)> =
            reasons.into_iter().map(|(why, n)| (why.to_owned(), count(n), n as f64)).collect();
        bars.sort_by(|a, b| b.2.total_cmp(&a.2));
        blocks.push(Block::Bars(Bars { header: "not expressible, rows by reason".into(), bars }));
    }
    Section { heading: table.table.clone(), blocks }
}

/// The rows that are checks, each with what it may be off by and whether it is not.
fn checks(table: &TableReport) -> Option<[Block; 2]> {
    let all: Vec<(&RowReport, &Check)> =
        table.rows.iter().filter_map(|row| row.check.as_ref().map(|check| (row, check))).collect();
    let short = all.iter().filter(|(row, _)| row.passed() == Some(false)).count();
    let number = |value: Option<f64>| value.map_or_else(String::new, digits);
    let bound = |check: &Check| match check.tolerance {
        Some(part) => format!("± {} %", digits(100.0 * part)),
        None => format!("{} to {}", digits(check.bounds.0), digits(check.bounds.1)),
    };
    let passes = |row: &RowReport| if row.passed() == Some(true) { "passes" } else { "falls short" };
    let told = Table::of(vec![
        Column::words("check", all.iter().map(|(_, check)| check.name.clone())),
        Column::words("of", all.iter().map(|(row, _)| row.id.clone())),
        Column::numbers("published", all.iter().map(|(row, _)| number(row.published))),
        Column::numbers("predicted", all.iter().map(|(row, _)| number(row.predicted))),
        Column::values("error", Unit::Share, all.iter().map(|(row, _)| row.error)),
        Column::words("within", all.iter().map(|(_, check)| bound(check))),
        Column::words("", all.iter().map(|(row, _)| passes(row))),
    ]);
    let sum = format!("{} of {} checks pass.", all.len() - short, all.len());
    (!all.is_empty()).then_some([Block::Table(told), Block::Text(sum)])
}

fn row_table(name: &str, rows: &[&RowReport]) -> Table {
    let number = |value: Option<f64>| value.map_or_else(String::new, digits);
    Table::of(vec![
        Column::words(name, rows.iter().map(|row| row.id.clone())),
        Column::words("system", rows.iter().map(|row| row.system.clone())),
        Column::words("model", rows.iter().map(|row| row.model.clone())),
        Column::numbers("published", rows.iter().map(|row| number(row.published))),
        Column::numbers("predicted", rows.iter().map(|row| number(row.predicted))),
        Column::values("error", Unit::Share, rows.iter().map(|row| row.error)),
        Column::words("note", rows.iter().map(|row| row.reason.clone())),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Look, render};
    use super::*;

    fn row(id: &str, error: Option<f64>) -> RowReport {
        RowReport {
            id: id.into(),
            cells: vec![id.into()],
            system: "h100".into(),
            error,
            published: Some(100.0),
            predicted: error.map(|e| 100.0 * (1.0 + e)),
            reason: if error.is_none() { "unknown model".into() } else { String::new() },
            counted: true,
            ..RowReport::default()
        }
    }

    fn report() -> ValidateReport {
        let mut apart = row("e", Some(9.0));
        apart.counted = false;
        let rows =
            vec![row("a", Some(0.1)), row("b", Some(-0.3)), row("c", Some(0.2)), row("d", None), apart];
        let header = vec!["id".into()];
        ValidateReport {
            tables: vec![TableReport { table: "inference".into(), header, extra: vec![], rows }],
        }
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        // Three values: the 90th percentile lies at 0.9·2 = 1.8, so 0.2 + 0.8·0.1 = 0.28.
        assert!(
            (crate::validation::statistics::quantile(&[0.1, 0.2, 0.3], 0.9).unwrap() - 0.28).abs() < 1e-12
        );
        assert_eq!(crate::validation::statistics::quantile(&[], 0.5), None);
    }

    #[test]
    fn rows_that_do_not_count_change_no_statistic() {
        let found = report().tables[0].statistics();
        assert_eq!((found.rows, found.predicted, found.not_expressible), (5, 3, 1));
        assert!((found.median_ape.unwrap() - 0.2).abs() < 1e-12);
        assert!(found.bias.unwrap().abs() < 1e-12);
    }

    #[test]
    fn no_row_is_dropped_from_the_csv() {
        let text = report().csv();
        assert!(text.starts_with("id,predicted,error,status,reason\na,110"), "{text}");
        assert!(text.contains("d,,,not_expressible,unknown model"), "{text}");
        assert_eq!(text.lines().count(), 6);
    }

    #[test]
    fn json_has_the_promised_keys() {
        let value = report().json();
        let table = &value["tables"][0];
        for key in
            ["table", "rows", "predicted", "not_expressible", "median_ape", "mean_ape", "p90_ape", "bias"]
        {
            assert!(!table[key].is_null(), "{key}");
        }
        assert_eq!(table["by"]["system"]["h100"]["predicted"], 3);
        assert!(table["by"]["model"].is_object() && table["by"]["source"].is_object());
        assert_eq!(table["worst"][0]["id"], "b");
    }

    #[test]
    fn a_median_above_the_limit_is_named() {
        assert_eq!(report().above(0.19).len(), 1);
        assert!(report().above(0.21).is_empty());
        assert!(render(&report(), Format::Terminal, Look::default()).contains("unknown model"));
    }
}
