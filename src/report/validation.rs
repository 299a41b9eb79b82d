//! Predicted against published, row by row, with what is off by how much and where.
//!
//! ~~~text
//! error = (predicted − published) / published
//! APE = |error|;  bias = mean of the signed errors
//! ~~~

use super::document::{Bars, Block, Column, Document, Section, Table, Unit, count};
use super::{Report, csv};
use crate::units::text::digits;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Rows of a `worst` list.
const WORST: usize = 10;

/// All tables that were checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValidateReport {
    /// In the order they were read.
    pub tables: Vec<TableReport>,
}

/// One measured table, predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct TableReport {
    /// Which: `inference`, `points`, `training`, `collectives`, `sites`, `fabrics`.
    pub table: String,
    /// Columns of the input.
    pub header: Vec<String>,
    /// Columns that follow `predicted`, `error`, `status` and `reason`.
    pub extra: Vec<String>,
    /// In the order of the input.
    pub rows: Vec<RowReport>,
}

/// One measured row, predicted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowReport {
    /// What names it: its id or place in the table.
    pub id: String,
    /// The input as it was read.
    pub cells: Vec<String>,
    /// The system it ran on, for grouping.
    pub system: String,
    /// The model it ran, for grouping.
    pub model: String,
    /// Who published it, for grouping.
    pub source: String,
    /// What was published, in the table's unit.
    pub published: Option<f64>,
    /// What is predicted, in the same unit.
    pub predicted: Option<f64>,
    /// Signed error as a fraction.
    pub error: Option<f64>,
    /// Why it can't be expressed, or what to know about it.
    pub reason: String,
    /// Whether it counts in the statistics.
    pub counted: bool,
    /// Values of the extra columns.
    pub extra: Vec<String>,
}

/// How far a set of rows is off.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// Rows of the set.
    pub rows: u64,
    /// Those with a prediction that counts.
    pub predicted: u64,
    /// Those that the model cannot express.
    pub not_expressible: u64,
    /// Median of the absolute errors.
    pub median_ape: Option<f64>,
    /// Mean of the absolute errors.
    pub mean_ape: Option<f64>,
    /// 90th percentile of the absolute errors.
    pub p90_ape: Option<f64>,
    /// Mean of the signed errors.
    pub bias: Option<f64>,
}

/// A quantile of sorted values, linear between neighbours.
///
/// ~~~text
/// h = q·(n − 1);  x = x[⌊h⌋] + (h − ⌊h⌋)·(x[⌊h⌋+1] − x[⌊h⌋])
/// ~~~
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

impl Statistics {
    /// The statistics of some rows.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a RowReport>) -> Self {
        let mut found = Self::default();
        let mut errors = Vec::new();
        for row in rows {
            found.rows += 1;
            match row.error {
                Some(error) if row.counted && error.is_finite() => errors.push(error),
                Some(_) => {}
                None => found.not_expressible += 1,
            }
        }
        found.predicted = errors.len() as u64;
        if errors.is_empty() {
            return found;
        }
        let n = errors.len() as f64;
        found.bias = Some(errors.iter().sum::<f64>() / n);
        let mut sizes: Vec<f64> = errors.into_iter().map(f64::abs).collect();
        sizes.sort_by(f64::total_cmp);
        found.mean_ape = Some(sizes.iter().sum::<f64>() / n);
        found.median_ape = quantile(&sizes, 0.5);
        found.p90_ape = quantile(&sizes, 0.9);
        found
    }

    fn json(&self) -> Map<String, Value> {
        let Value::Object(fields) = json!({
            "rows": self.rows,
            "predicted": self.predicted,
            "not_expressible": self.not_expressible,
            "median_ape": self.median_ape,
            "mean_ape": self.mean_ape,
            "p90_ape": self.p90_ape,
            "bias": self.bias,
        }) else {
            return Map::new();
        };
        fields
    }
}

/// What a row is grouped by.
type Group = (&'static str, fn(&RowReport) -> &str);

const GROUPS: [Group; 3] =
    [("system", |row| &row.system), ("model", |row| &row.model), ("source", |row| &row.source)];

impl TableReport {
    /// The statistics of all rows.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics::of(&self.rows)
    }

    /// The statistics of the rows that share a name; rows without one are left out.
    #[must_use]
    pub fn grouped(&self, name: fn(&RowReport) -> &str) -> BTreeMap<String, Statistics> {
        let mut groups: BTreeMap<String, Vec<&RowReport>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| !name(row).is_empty()) {
            groups.entry(name(row).to_owned()).or_default().push(row);
        }
        groups.into_iter().map(|(key, rows)| (key, Statistics::of(rows))).collect()
    }

    /// The counted rows with the largest errors, largest first.
    #[must_use]
    pub fn worst(&self) -> Vec<&RowReport> {
        let size = |row: &RowReport| row.error.map_or(0.0, f64::abs);
        let mut rows: Vec<&RowReport> =
            self.rows.iter().filter(|row| row.counted && row.error.is_some_and(f64::is_finite)).collect();
        rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
        rows.truncate(WORST);
        rows
    }

    fn json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("table".into(), self.table.clone().into());
        fields.extend(self.statistics().json());
        let by: Map<String, Value> = GROUPS
            .iter()
            .map(|(key, name)| {
                let groups = self.grouped(*name);
                let groups: Map<String, Value> =
                    groups.into_iter().map(|(id, found)| (id, Value::Object(found.json()))).collect();
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
        fields.insert("worst".into(), self.worst().into_iter().map(row).collect());
        let apart = self.rows.iter().filter(|r| !r.counted && r.error.is_some()).map(row);
        fields.insert("apart".into(), apart.collect());
        Value::Object(fields)
    }

    fn csv(&self) -> String {
        let mut header = self.header.clone();
        header.extend(["predicted", "error", "status", "reason"].map(str::to_owned));
        header.extend(self.extra.iter().cloned());
        let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
        let rows = self.rows.iter().map(|row| {
            let mut cells = row.cells.clone();
            cells.resize(self.header.len(), String::new());
            cells.extend([number(row.predicted), number(row.error)]);
            cells.extend([row.status().to_owned(), row.reason.clone()]);
            cells.extend(row.extra.iter().cloned());
            cells
        });
        csv::table(&header, rows)
    }
}

impl RowReport {
    /// `predicted` or `not_expressible`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.error.is_some() { "predicted" } else { "not_expressible" }
    }
}

impl ValidateReport {
    /// The tables whose median is above a limit, with their medians.
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
        let mut sections =
            vec![Section { heading: "All tables".into(), blocks: vec![Block::Table(summary)] }];
        sections.extend(self.tables.iter().map(table_section));
        Document { title: "Predicted against published".into(), lead: Vec::new(), sections }
    }
    fn json(&self) -> Value {
        let tables: Vec<Value> = self.tables.iter().map(TableReport::json).collect();
        json!({"schema": "gigawatt.validate/1", "tables": tables})
    }
    /// Each table with its own header; an empty line between tables.
    fn csv(&self) -> String {
        self.tables.iter().map(TableReport::csv).collect::<Vec<_>>().join("\n")
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

fn table_section(table: &TableReport) -> Section {
    let mut blocks = Vec::new();
    for (key, name) in GROUPS {
        let groups = table.grouped(name);
        if !groups.is_empty() {
            blocks.push(Block::Table(summary(&format!("by {key}"), &groups.into_iter().collect::<Vec<_>>())));
        }
    }
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
        assert!((quantile(&[0.1, 0.2, 0.3], 0.9).unwrap() - 0.28).abs() < 1e-12);
        assert_eq!(quantile(&[], 0.5), None);
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
