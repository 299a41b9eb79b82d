//! `gigawatt catalog`: what is known, and where each value comes from.

use super::Outcome;
use super::arguments::Common;
use super::diagnostic::Failure;
use crate::catalog::document::suggest;
use crate::catalog::profile::Confidence;
use crate::catalog::{Catalog, Document as Profile, FOLDERS, InputError, Listed, check, is_path, read_text};
use crate::report::Report;
use crate::report::document::{Align, Block, Column, Document, Section, Table};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// List, show and check profiles: systems, models, sites, network parts, plants, prices
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List what is known, all of it or one kind
    ///
    /// Example: gigawatt catalog list systems
    List {
        /// Kind: systems, accelerators, models, climates, prices, cooling, …
        #[arg(value_name = "KIND")]
        kind: Option<String>,
    },
    /// Show a profile: each value with its range, confidence and source
    ///
    /// Example: gigawatt catalog show gb300-nvl72
    Show {
        /// Id, or a TOML file
        #[arg(value_name = "ID or FILE")]
        id: String,
    },
    /// Check all profiles, or one
    ///
    /// Example: gigawatt catalog check my-system.toml
    Check {
        /// Id, or a TOML file
        #[arg(value_name = "ID or FILE")]
        id: Option<String>,
    },
    /// Print where a profile's file lies, or the layers of the catalogue
    ///
    /// Example: gigawatt catalog path gb300-nvl72
    Path {
        /// Id, or a TOML file
        #[arg(value_name = "ID or FILE")]
        id: Option<String>,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let catalog = arguments.common.catalog()?;
    match arguments.action {
        Action::List { kind } => {
            let mut list = catalog.list();
            if let Some(kind) = kind {
                list.retain(|listed| {
                    listed.folder == kind || listed.folder.rsplit('/').next() == Some(&kind)
                });
                if list.is_empty() {
                    let kinds: Vec<String> = FOLDERS.iter().map(|(folder, _)| (*folder).to_owned()).collect();
                    let error = InputError::plain("catalog", format!("there is no kind `{kind}`"));
                    return Err(error.with_help(suggest(&kind, &kinds)).into());
                }
            }
            Ok(Outcome::report(List(list)))
        }
        Action::Show { id } => {
            Ok(Outcome::report(Shown(found(&catalog, &id)?.into_iter().map(|(_, shown)| shown).collect())))
        }
        Action::Check { id } => {
            let (checked, faults) = catalog.check(id.as_deref());
            if faults.is_empty() { Ok(Outcome::report(Checked(checked))) } else { Err(Failure::Bad(faults)) }
        }
        Action::Path { id: None } => {
            let named = std::env::var_os("GIGAWATT_CATALOG");
            let mut layers = String::from("built in\n");
            let folders = named.iter().flat_map(std::env::split_paths).chain(arguments.common.folders);
            for folder in folders.filter(|folder| !folder.as_os_str().is_empty()) {
                let _ = writeln!(layers, "{}", folder.display());
            }
            Ok(Outcome::Text(layers))
        }
        Action::Path { id: Some(id) } => {
            let mut paths = String::new();
            for (listed, _) in found(&catalog, &id)? {
                let layer = if listed.built_in { "built in: " } else { "" };
                let _ = writeln!(paths, "{layer}{}", listed.file);
            }
            Ok(Outcome::Text(paths))
        }
    }
}

/// All profiles of an id (a market has a climate and prices), or the one in a file.
fn found(catalog: &Catalog, id: &str) -> Result<Vec<(Listed, Profile)>, InputError> {
    if is_path(id) {
        let profile = Profile::parse(id, &read_text(Path::new(id))?)?;
        let folder = check::folder_of(&profile, Path::new(id))?;
        return Ok(vec![(Listed { folder, id: id.into(), file: id.into(), built_in: false }, profile)]);
    }
    // A power profile of a system stands in the system's file.
    let id = id.split_once(':').map_or(id, |(system, _)| system);
    let list = catalog.list();
    let mut found = Vec::new();
    for listed in list.iter().filter(|listed| listed.id == id) {
        let (profile, _) = catalog.document(listed.folder, "profile", id)?;
        found.push((listed.clone(), profile));
    }
    if found.is_empty() {
        let ids: Vec<String> = list.into_iter().map(|listed| listed.id).collect();
        let error = InputError::plain("catalog", format!("there is nothing called `{id}`"));
        return Err(error.with_help(suggest(id, &ids)));
    }
    Ok(found)
}

/// The outcome of a check.
struct Checked(usize);

impl Report for Checked {
    fn document(&self) -> Document {
        Document { title: format!("{} profiles checked, all sound", self.0), ..Document::default() }
    }
    fn json(&self) -> Value {
        json!({"schema": "gigawatt.catalog-check/1", "checked": self.0, "faults": 0})
    }
}

/// What there is.
struct List(Vec<Listed>);

impl Report for List {
    fn document(&self) -> Document {
        let mut sections = Vec::new();
        for (folder, word) in FOLDERS {
            let of: Vec<&Listed> = self.0.iter().filter(|listed| listed.folder == *folder).collect();
            if of.is_empty() {
                continue;
            }
            let table = Table::of(vec![
                Column::words(word, of.iter().map(|listed| listed.id.clone())),
                Column::words("file", of.iter().map(|listed| listed.file.clone())),
            ]);
            sections.push(Section { heading: (*folder).into(), blocks: vec![Block::Table(table)] });
        }
        Document { title: format!("Catalogue: {} profiles", self.0.len()), lead: Vec::new(), sections }
    }
    fn json(&self) -> Value {
        let all: Vec<Value> = self
            .0
            .iter()
            .map(|l| json!({"kind": l.folder, "id": l.id, "file": l.file, "built_in": l.built_in}))
            .collect();
        json!({"schema": "gigawatt.catalog/1", "profiles": all})
    }
    fn csv(&self) -> String {
        let rows =
            self.0.iter().map(|l| [l.folder, &l.id, &l.file, if l.built_in { "true" } else { "false" }]);
        crate::report::csv::table(&["kind", "id", "file", "built_in"], rows)
    }
}

/// Profiles with their values.
struct Shown(Vec<Profile>);

/// One value of a profile: field, value, range, confidence, source, note.
type Row = [String; 6];

fn rows(path: &str, value: &toml::Value, sources: Option<&toml::Value>, rows_of: &mut Vec<Row>) {
    let word = |value: Option<&toml::Value>| {
        value.map_or_else(String::new, |value| match value {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    match value {
        toml::Value::Table(table) if table.contains_key("value") => {
            let (low, high) = (word(table.get("low")), word(table.get("high")));
            let range = if low.is_empty() && high.is_empty() { low } else { format!("{low} to {high}") };
            let key = word(table.get("source"));
            let title = sources.and_then(|all| all.get(&key)).and_then(|source| source.get("title"));
            let source = title.map_or(key, |title| word(Some(title)));
            let confidence =
                table.get("confidence").and_then(|word| Confidence::deserialize(word.clone()).ok());
            let confidence = confidence.map_or("", Confidence::word).to_owned();
            let note = word(table.get("note"));
            rows_of.push([path.into(), word(table.get("value")), range, confidence, source, note]);
        }
        toml::Value::Table(table) => {
            for (key, inner) in table.iter().filter(|(key, _)| !(path.is_empty() && *key == "sources")) {
                rows(&crate::catalog::document::join(path, key), inner, sources, rows_of);
            }
        }
        toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
            for (place, item) in items.iter().enumerate() {
                rows(&format!("{path}.{place}"), item, sources, rows_of);
            }
        }
        plain => {
            let empty = String::new;
            rows_of.push([path.into(), word(Some(plain)), empty(), empty(), empty(), empty()]);
        }
    }
}

fn all_rows(profile: &Profile) -> Vec<Row> {
    let mut all = Vec::new();
    let sources = profile.table.get("sources");
    rows("", &toml::Value::Table(profile.table.clone()), sources, &mut all);
    all
}

impl Report for Shown {
    fn document(&self) -> Document {
        let sections = self.0.iter().map(|profile| {
            let rows = all_rows(profile);
            let column = |header: &str, place: usize, align| Column {
                header: header.into(),
                align,
                cells: rows.iter().map(|row| row[place].clone()).collect(),
            };
            let table = Table::of(vec![
                column("field", 0, Align::Left),
                column("value", 1, Align::Right),
                column("range", 2, Align::Right),
                column("trust", 3, Align::Left),
                column("source", 4, Align::Left),
            ]);
            let noted = rows.iter().filter(|row| !row[5].is_empty());
            let notes: Vec<_> = noted.map(|row| (row[0].clone(), row[5].clone())).collect();
            let blocks = if notes.is_empty() {
                vec![Block::Table(table)]
            } else {
                vec![Block::Table(table), Block::KeyValues(notes)]
            };
            Section { heading: profile.file.clone(), blocks }
        });
        let title =
            self.0.first().and_then(|profile| profile.table.get("name")).and_then(toml::Value::as_str);
        let file = self.0.first().map_or("", |profile| profile.file.as_str());
        Document { title: title.unwrap_or(file).into(), lead: Vec::new(), sections: sections.collect() }
    }
    fn json(&self) -> Value {
        let profiles: Vec<Value> =
            self.0.iter().map(|profile| json!({"file": profile.file, "values": profile.table})).collect();
        json!({"schema": "gigawatt.catalog-profile/1", "profiles": profiles})
    }
    fn csv(&self) -> String {
        let rows = self.0.iter().flat_map(all_rows);
        crate::report::csv::table(&["field", "value", "range", "confidence", "source", "note"], rows)
    }
}
