//! `gigawatt scenario`: a file to start from, and the built-in examples.

use super::Outcome;
use super::arguments::Common;
use super::diagnostic::Failure;
use crate::catalog::InputError;
use crate::catalog::document::suggest;
use crate::report::Report;
use crate::report::document::{Block, Column, Document, Section, Table};
use include_dir::{Dir, include_dir};
use serde_json::{Value, json};

static EXAMPLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/examples/scenarios");

/// Print a scenario to start from, or one of the examples
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the built-in 1 GW scenario, commented: every field with its default
    ///
    /// Example: gigawatt scenario new > campus.toml
    New,
    /// List the example scenarios
    List,
    /// Print an example scenario
    Show {
        /// Its name, as `scenario list` prints it
        name: String,
    },
}

/// Names and texts of the examples, sorted by name.
pub fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut all: Vec<(&str, &str)> = EXAMPLES
        .files()
        .filter(|file| file.path().extension().is_some_and(|suffix| suffix == "toml"))
        .filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)))
        .collect();
    all.sort_unstable();
    all.into_iter()
}

/// The first comment of a scenario: what it is about.
fn about(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix('#')).unwrap_or_default().trim()
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    match arguments.action {
        Action::New => Ok(Outcome::Text(crate::scenario::DEFAULTS.to_owned())),
        Action::List => Ok(Outcome::report(Examples)),
        Action::Show { name } => {
            let (_, text) = examples().find(|(known, _)| *known == name).ok_or_else(|| {
                let known: Vec<String> = examples().map(|(name, _)| name.to_owned()).collect();
                InputError::plain("scenario", format!("there is no example `{name}`"))
                    .with_help(suggest(&name, &known))
            })?;
            Ok(Outcome::Text(text.to_owned()))
        }
    }
}

/// The list of examples.
struct Examples;

impl Report for Examples {
    fn document(&self) -> Document {
        let table = Table::of(vec![
            Column::words("scenario", examples().map(|(name, _)| name)),
            Column::words("about", examples().map(|(_, text)| about(text))),
        ]);
        Document {
            title: "Example scenarios".into(),
            lead: Vec::new(),
            sections: vec![Section { heading: "Examples".into(), blocks: vec![Block::Table(table)] }],
        }
    }
    fn json(&self) -> Value {
        let list: Vec<Value> =
            examples().map(|(name, text)| json!({"name": name, "about": about(text)})).collect();
        json!({"schema": "gigawatt.scenarios/1", "scenarios": list})
    }
    fn csv(&self) -> String {
        crate::report::csv::table(&["name", "about"], examples().map(|(name, text)| [name, about(text)]))
    }
}
