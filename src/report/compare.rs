//! Plans side by side: one column a plan, one row a result.

use super::document::{Align, Block, Column, Document, Section, Table, Unit, count};
use super::plan::{band_text, measured_at, systems};
use super::{Report, csv, json};
use crate::plan::Plan;
use crate::throughput::bands::ErrorBand;
use serde_json::{Value, json};

/// Plans of one envelope and workload that differ in the system.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// In the order asked for, each under the name it was asked by.
    pub plans: Vec<(String, Plan)>,
}

impl Report for Comparison {
    fn document(&self) -> Document {
        document(self)
    }
    fn json(&self) -> Value {
        let plans: Vec<Value> = self.plans.iter().map(|(_, plan)| json::plan(plan)).collect();
        json!({"schema": "gigawatt.compare/1", "plans": plans})
    }
    fn csv(&self) -> String {
        let rows = self.plans.iter().flat_map(|(id, plan)| {
            let rows = csv::flat_rows(&json::plan(plan));
            rows.into_iter().map(move |(key, value, unit)| [id.clone(), key, value, unit.to_owned()])
        });
        csv::table(&["plan", "key", "value", "unit"], rows)
    }
}

/// One row of a comparison before it is laid out: name, unit, value of each plan.
type Row<'a> = (String, Unit, Box<dyn Fn(&Plan) -> Option<f64> + 'a>);

fn document(comparison: &Comparison) -> Document {
    let Some((_, first)) = comparison.plans.first() else {
        return Document { title: "Nothing to compare".into(), ..Document::default() };
    };
    let envelope = Unit::Metric("W").show(first.power.envelope.0);
    let title =
        format!("{envelope} {}, {} ways", measured_at(first.power.measured_at), comparison.plans.len());
    let mut sections = vec![Section {
        heading: "Side by side".into(),
        blocks: vec![Block::Table(side_by_side(comparison, &rows()))],
    }];
    let models: Vec<String> = first.serving.iter().map(|serving| serving.model.clone()).collect();
    for model in models {
        let mut blocks = vec![Block::Table(side_by_side(comparison, &serving_rows(&model)))];
        let served = comparison.plans.iter().flat_map(|(_, plan)| &plan.serving);
        let bands = served.filter(|s| s.model == model && s.shortfall.is_none());
        let bands = bands.filter_map(|s| s.error_band.as_ref());
        blocks.extend(band_text(bands).map(Block::Text));
        sections.push(Section { heading: format!("Serving {model}"), blocks });
    }
    let notes: Vec<Block> = comparison
        .plans
        .iter()
        .flat_map(|(id, plan)| {
            plan.verdicts
                .iter()
                .filter(|verdict| verdict.binds || verdict.short_by > 0.0)
                .map(move |verdict| Block::Note(format!("{id}: {}", verdict.note)))
        })
        .collect();
    if !notes.is_empty() {
        sections.push(Section { heading: "What binds".into(), blocks: notes });
    }
    Document { title, lead: Vec::new(), sections }
}

fn row<'a>(name: &str, unit: Unit, value: impl Fn(&Plan) -> Option<f64> + 'a) -> Row<'a> {
    (name.into(), unit, Box::new(value))
}

fn rows() -> Vec<Row<'static>> {
    let watts = Unit::Metric("W");
    let none = Unit::Plain("");
    let tokens = Unit::Many("tokens/s");
    vec![
        row("accelerators", none, |plan| Some(plan.fleet.accelerators as f64)),
        row("compute racks", none, |plan| Some(plan.fleet.racks.compute as f64)),
        row("racks", none, |plan| Some(plan.fleet.racks.total() as f64)),
        row("halls", none, |plan| Some(plan.layout.halls as f64)),
        row("IT power", watts, |plan| Some(plan.power.it_provisioned.0)),
        row("IT per accelerator", watts, |plan| plan.fleet.systems.first().map(|s| s.it_per_accelerator.0)),
        row("stranded", watts, |plan| Some(plan.power.stranded.0)),
        row("facility over IT, design hour", none, |plan| Some(plan.power.peak_ratio.0)),
        row("PUE of the year", none, |plan| Some(plan.power.pue_annual.0)),
        row("output", tokens, |plan| Some(plan.serving.iter().map(|s| s.output_tokens_per_s.0).sum())),
        row("training", tokens, |plan| plan.training.first().map(|run| run.tokens_per_s.0)),
        row("capex", Unit::Money(""), |plan| Some(plan.economics.capex.0)),
        row("opex", Unit::Money("/y"), |plan| Some(plan.economics.opex_per_year.0)),
        row("cost per accelerator", Unit::Money("/h"), |p| Some(p.economics.tco_per_accelerator_hour.0)),
        row("cost of output", Unit::Money("/Mtok"), |plan| {
            plan.economics.per_output_token.map(|price| price.0 * 1e6)
        }),
    ]
}

fn serving_rows(model: &str) -> Vec<Row<'_>> {
    let of = move |value: fn(&crate::plan::result::Serving) -> f64| {
        move |plan: &Plan| plan.serving.iter().find(|s| s.model == model && s.shortfall.is_none()).map(value)
    };
    let end = move |end: fn(&ErrorBand) -> f64| {
        move |plan: &Plan| {
            let serving = plan.serving.iter().find(|s| s.model == model && s.shortfall.is_none())?;
            let band = serving.error_band.as_ref()?;
            Some(serving.tokens_per_s_per_accelerator.0 * (1.0 + end(band)))
        }
    };
    let tokens = Unit::Many("tokens/s");
    vec![
        row("output", tokens, of(|s| s.output_tokens_per_s.0)),
        row("per accelerator", Unit::Plain("tokens/s"), of(|s| s.tokens_per_s_per_accelerator.0)),
        row("per accelerator, low end", Unit::Plain("tokens/s"), end(|band| band.low)),
        row("per accelerator, high end", Unit::Plain("tokens/s"), end(|band| band.high)),
        row("per user", Unit::Plain("tokens/s"), of(|s| s.tokens_per_s_per_user.0)),
        row("TTFT", Unit::Metric("s"), of(|s| s.ttft.0)),
        row("TPOT", Unit::Metric("s"), of(|s| s.tpot.0)),
        row("energy", Unit::Metric("J/token"), of(|s| s.energy_per_token.0)),
        row("cost", Unit::Money("/Mtok"), of(|s| s.cost_per_token.0 * 1e6)),
    ]
}

/// One column a plan; each row has one unit, named at its left.
fn side_by_side(comparison: &Comparison, rows: &[Row<'_>]) -> Table {
    let mut names = Vec::new();
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); comparison.plans.len()];
    for (name, unit, value) in rows {
        let values: Vec<Option<f64>> = comparison.plans.iter().map(|(_, plan)| value(plan)).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let scale = unit.scale(values.iter().flatten().copied());
        names.push(if scale.name.is_empty() { name.clone() } else { format!("{name} [{}]", scale.name) });
        for (column, value) in cells.iter_mut().zip(values) {
            column.push(value.map_or_else(String::new, |value| whole_or_digits(*unit, &scale, value)));
        }
    }
    let mut columns = vec![Column { header: String::new(), align: Align::Left, cells: names }];
    for ((id, plan), cells) in comparison.plans.iter().zip(cells) {
        let header = if id.is_empty() { systems(plan) } else { id.clone() };
        columns.push(Column { header, align: Align::Right, cells });
    }
    Table { columns }
}

/// Counts whole, everything else with four digits.
fn whole_or_digits(unit: Unit, scale: &super::document::Scale, value: f64) -> String {
    if unit == Unit::Plain("") && value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        count(value as u64)
    } else {
        scale.digits(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Look, render, sample};
    use super::*;

    #[test]
    fn plans_stand_side_by_side() {
        let plans = vec![("a".to_owned(), sample::plan()), ("b".to_owned(), sample::plan())];
        let comparison = Comparison { plans };
        let text = render(&comparison, Format::Terminal, Look::default());
        let line = text.lines().find(|line| line.contains("accelerators")).unwrap();
        assert_eq!(line.matches("360,000").count(), 2, "{text}");
        let value = comparison.json();
        assert_eq!(value["schema"], "gigawatt.compare/1");
        assert_eq!(value["plans"].as_array().map(Vec::len), Some(2));
        assert!(comparison.csv().starts_with("plan,key,value,unit\na,schema,"));
    }
}
