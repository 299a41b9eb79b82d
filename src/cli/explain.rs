//! `gigawatt explain`: how one result came to be.

use super::Outcome;
use super::arguments::{Common, Overrides};
use super::diagnostic::Failure;
use crate::catalog::InputError;
use crate::catalog::document::nearest;
use crate::plan::Plan;
use crate::report::document::{Block, Column, Document, Section, Table};
use crate::report::{Report, csv, json};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Explain how a result or a field came to be: formula, inputs, sources
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Key of a result in the JSON plan, of a scenario field, or of a catalogue value
    ///
    /// Without one, lists the keys. Example: gigawatt explain power.pue_annual
    key: Option<String>,
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Example: gigawatt explain fleet.accelerators campus.toml
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let flags = arguments.overrides.into();
    let plan = super::plan::planned(arguments.scenario.as_deref(), &flags, &arguments.common)?;
    let Some(key) = arguments.key.as_deref().map(str::trim) else {
        return Ok(Outcome::report(Keys(plan)));
    };
    if let Some(explanation) = Explanation::of(&plan, key) {
        return Ok(Outcome::report(explanation));
    }
    let branch = Branch::of(&plan, key).ok_or_else(|| {
        InputError::plain("explain", format!("nothing in the plan is called `{key}`"))
            .with_help(advice(&plan, key))
    })?;
    Ok(Outcome::report(branch))
}

/// All results below a word of their keys: `supply` stands for `power.supply.availability` and its like.
struct Branch {
    word: String,
    /// Key, value, meaning where one is known.
    results: Vec<(String, String, String)>,
}

impl Branch {
    fn of(plan: &Plan, word: &str) -> Option<Self> {
        let below = |key: &str| format!(".{key}").contains(&format!(".{word}."));
        let results: Vec<_> = csv::flat_rows(&json::plan(plan))
            .into_iter()
            .filter(|(key, _, _)| below(key) && !key.starts_with("assumptions."))
            .map(|(key, value, unit)| {
                let meaning = plan.ledger.find(&key).map_or_else(String::new, |entry| entry.meaning.clone());
                (key, format!("{value} {unit}").trim().to_owned(), meaning)
            })
            .collect();
        (!results.is_empty()).then(|| Self { word: word.to_owned(), results })
    }
}

impl Report for Branch {
    fn document(&self) -> Document {
        let table = Table::of(vec![
            Column::words("result", self.results.iter().map(|(key, _, _)| key.clone())),
            Column::numbers("is", self.results.iter().map(|(_, value, _)| value.clone())),
            Column::words("meaning", self.results.iter().map(|(_, _, meaning)| meaning.clone())),
        ]);
        let heading = "Results below it: name one to see its formula and inputs".to_owned();
        let sections = vec![Section { heading, blocks: vec![Block::Table(table)] }];
        Document { title: self.word.clone(), lead: Vec::new(), sections }
    }

    fn json(&self) -> Value {
        let results: Vec<Value> = self
            .results
            .iter()
            .map(|(key, value, meaning)| json!({"key": key, "value": value, "meaning": meaning}))
            .collect();
        json!({"schema": "gigawatt.explain.keys/1", "results": results})
    }
}

/// What can be explained.
struct Keys(Plan);

impl Report for Keys {
    fn document(&self) -> Document {
        let entries = &self.0.ledger.entries;
        let results = Table::of(vec![
            Column::words("result", entries.iter().map(|entry| entry.key.clone())),
            Column::numbers("is", entries.iter().map(|entry| entry.value.clone())),
            Column::words("meaning", entries.iter().map(|entry| entry.meaning.clone())),
        ]);
        let origins = &self.0.scenario.origins;
        let fields = Table::of(vec![
            Column::words("field of the scenario", origins.keys().cloned()),
            Column::words("set by", origins.values().map(ToString::to_string)),
        ]);
        let blocks = |table| vec![Block::Table(table)];
        Document {
            title: "What can be explained".into(),
            lead: Vec::new(),
            sections: vec![
                Section { heading: "Results".into(), blocks: blocks(results) },
                Section { heading: "Fields".into(), blocks: blocks(fields) },
            ],
        }
    }

    fn json(&self) -> Value {
        let results: Vec<Value> = self
            .0
            .ledger
            .entries
            .iter()
            .map(|entry| json!({"key": entry.key, "value": entry.value, "meaning": entry.meaning}))
            .collect();
        json!({"schema": "gigawatt.explain.keys/1", "results": results})
    }
}

/// What is known of one key.
#[derive(Debug, Default, PartialEq)]
struct Explanation {
    key: String,
    value: String,
    meaning: String,
    formula: String,
    origin: String,
    /// Name, value, origin or source.
    inputs: Vec<(String, String, String)>,
}

impl Explanation {
    /// Looks a key up: first how it was computed, then where it was set, then what was taken.
    fn of(plan: &Plan, key: &str) -> Option<Self> {
        let bare = key.strip_prefix("scenario.").unwrap_or(key);
        if let Some(entry) = plan.ledger.find(key) {
            return Some(Self {
                key: entry.key.clone(),
                value: entry.value.clone(),
                meaning: entry.meaning.clone(),
                formula: entry.formula.clone(),
                origin: String::new(),
                inputs: entry.inputs.clone(),
            });
        }
        if let Some(origin) = plan.scenario.origins.get(bare) {
            let value = json::value_of(&plan.scenario.fields, bare).unwrap_or_default().0;
            return Some(Self {
                key: bare.into(),
                value,
                meaning: "A field of the scenario.".into(),
                origin: origin.to_string(),
                ..Self::default()
            });
        }
        if let Some(taken) = plan.assumptions.iter().find(|assumption| assumption.field == key) {
            return Some(Self {
                key: key.into(),
                value: taken.value.clone(),
                meaning: taken.note.clone().unwrap_or_else(|| "A value of the catalogue.".into()),
                origin: format!("{} ({})", taken.source, taken.confidence.word()),
                ..Self::default()
            });
        }
        let (value, unit) = json::value_of(&json::plan(plan), key)?;
        Some(Self {
            key: key.into(),
            value: format!("{value} {unit}").trim().to_owned(),
            meaning: "A result of the plan.".into(),
            ..Self::default()
        })
    }
}

/// Keys that look like the one asked for, else those that can be explained best.
fn advice(plan: &Plan, key: &str) -> String {
    let explained: Vec<String> = plan.ledger.entries.iter().map(|entry| entry.key.clone()).collect();
    let mut known = explained.clone();
    known.extend(plan.scenario.origins.keys().cloned());
    known.extend(plan.assumptions.iter().map(|assumption| assumption.field.clone()));
    known.extend(csv::flat_rows(&json::plan(plan)).into_iter().map(|(key, _, _)| key));
    nearest(key, &known)
        .map_or_else(|| format!("such as {}", explained.join(", ")), |near| format!("did you mean `{near}`?"))
}

impl Report for Explanation {
    fn document(&self) -> Document {
        let facts: Vec<(String, String)> = [
            ("value", &self.value),
            ("meaning", &self.meaning),
            ("formula", &self.formula),
            ("from", &self.origin),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), text.clone()))
        .collect();
        let mut blocks = vec![Block::KeyValues(facts)];
        if !self.inputs.is_empty() {
            blocks.push(Block::Table(Table::of(vec![
                Column::words("input", self.inputs.iter().map(|(name, _, _)| name.clone())),
                Column::numbers("value", self.inputs.iter().map(|(_, value, _)| value.clone())),
                Column::words("from", self.inputs.iter().map(|(_, _, from)| from.clone())),
            ])));
        }
        let sections = vec![Section { heading: "How it came to be".into(), blocks }];
        Document { title: self.key.clone(), lead: Vec::new(), sections }
    }
    fn json(&self) -> Value {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        json!({
            "schema": "gigawatt.explain/1",
            "key": self.key,
            "value": self.value,
            "meaning": some(&self.meaning),
            "formula": some(&self.formula),
            "origin": some(&self.origin),
            "inputs": self.inputs.iter()
                .map(|(name, value, from)| json!({"name": name, "value": value, "from": from}))
                .collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn results_fields_and_catalogue_values_can_be_explained() {
        let plan = sample::plan();
        let found = |key: &str| Explanation::of(&plan, key).unwrap_or_else(|| panic!("no {key}"));
        assert!(found("power.pue_annual").formula.contains("E_facility"));
        assert_eq!(found("site").origin, "default");
        assert_eq!(found("scenario.power").origin, "flag");
        assert_eq!(found("systems.gb300-nvl72.rack_heat").value, "135 kW");
        assert_eq!(found("fleet.accelerators").value, "360000");
        assert!(found("power.envelope_w").value.ends_with(" W"));
        assert!(Explanation::of(&plan, "no.such.key").is_none());
    }

    #[test]
    fn a_word_of_the_keys_lists_what_stands_below_it() {
        let plan = sample::plan();
        let power = Branch::of(&plan, "power").unwrap();
        assert!(power.results.iter().any(|(key, _, _)| key == "power.pue_annual"));
        let racks = Branch::of(&plan, "racks").unwrap();
        assert!(racks.results.iter().any(|(key, _, _)| key == "fleet.racks.compute"));
        assert!(Branch::of(&plan, "pow").is_none());
    }

    #[test]
    fn near_keys_are_suggested() {
        assert!(advice(&sample::plan(), "power.pue_anual").contains("power.pue_annual"));
    }
}
