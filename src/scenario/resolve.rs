//! Lays file and flags over the defaults and keeps where every value comes from.

use super::{Fields, Origin, Resolved, Scenario, check};
use crate::catalog::document::{Document, InputError, join, read_table};
use crate::catalog::{Catalog, insert_path};
use crate::units::Watts;
use std::collections::BTreeMap;

/// The bottom layer, commented: the template of every scenario.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// What the command line may say over the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flags {
    /// `--power`.
    pub power: Option<String>,
    /// `--at`.
    pub at: Option<String>,
    /// `--system`.
    pub system: Option<String>,
    /// `--model`.
    pub model: Option<String>,
    /// `--site`.
    pub site: Option<String>,
    /// `--set path.to.field=value`, in order.
    pub set: Vec<String>,
}

/// Resolves a scenario: defaults ← file ← flags; settings of `catalog.…` go onto the catalogue.
///
/// `file` is the name and the text of the user's file, if any.
pub fn resolve(
    file: Option<(&str, &str)>,
    flags: &Flags,
    catalog: &mut Catalog,
) -> Result<Scenario, InputError> {
    let defaults = Document::parse("scenario/defaults.toml", DEFAULTS)?;
    let mut table = defaults.table.clone();
    let mut origins = BTreeMap::new();
    record(&table, "", &Origin::Default, &mut origins);

    let document = file.map(|(name, text)| Document::parse(name, text)).transpose()?;
    if let Some(document) = &document {
        // Workloads are one thing: a file that names some of them replaces all built-in ones.
        let names = |list: &str| document.table.contains_key(list);
        for (said, other) in [("serving", "training"), ("training", "serving")] {
            if names(said) && !names(other) {
                table.insert(other.into(), toml::Value::Array(Vec::new()));
                let below = format!("{other}.");
                origins.retain(|path, _| path != other && !path.starts_with(&below));
                origins.insert(other.into(), Origin::Default);
            }
        }
        lay(&mut table, &document.table, "", &mut origins, &|path| {
            Origin::File(document.file.clone(), document.line(path).unwrap_or(1))
        });
    }
    let flagged = flag_table(flags, &table)?;
    lay(&mut table, &flagged, "", &mut origins, &|_| Origin::Flag);
    for (list, template) in [("serving", "serving_defaults"), ("training", "training_defaults")] {
        fill_from_template(&mut table, list, template, &mut origins);
    }
    if let Some(toml::Value::Array(systems)) = table.get_mut("systems") {
        let alone = systems.len() == 1;
        for (place, system) in systems.iter_mut().enumerate() {
            if let toml::Value::Table(system) = system
                && alone
                && !system.contains_key("share")
            {
                system.insert("share".into(), toml::Value::Float(1.0));
                origins.insert(format!("systems.{place}.share"), Origin::Default);
            }
        }
    }

    let fields: Fields = read_table(&table).map_err(|fault| {
        let from_file = matches!(origin_of(&origins, &fault.path), Some(Origin::File(..)) | None);
        match &document {
            Some(document) if from_file => document.at_fault(fault),
            _ => {
                let message = format!("`{}`: {}", fault.path, fault.message);
                InputError { help: fault.help, ..InputError::plain("command line", message) }
            }
        }
    })?;
    for (path, value) in leaves(&fields.catalog) {
        catalog.set(&path, value).map_err(|fault| {
            match (&document, origins.get(&format!("catalog.{path}"))) {
                (Some(document), Some(Origin::File(..))) => {
                    document.error(&format!("catalog.{path}"), fault.message)
                }
                _ => InputError::plain("command line", fault.to_string()),
            }
        })?;
    }
    let shown = serde_json::to_value(&fields)
        .map_err(|error| InputError::plain("scenario", format!("can't be shown: {error}")))?;
    let scenario = Scenario { fields, resolved: Resolved { fields: shown, origins }, file: document };
    check::scenario(&scenario)?;
    Ok(scenario)
}

/// The origin of a path or of its nearest parent.
fn origin_of<'a>(origins: &'a BTreeMap<String, Origin>, path: &str) -> Option<&'a Origin> {
    let mut path = path;
    loop {
        if let Some(origin) = origins.get(path) {
            return Some(origin);
        }
        if let Some(cut) = path.rfind('.') {
            path = &path[..cut];
        } else {
            // A table of the file that no default knows: any leaf below it tells.
            let below = format!("{path}.");
            return origins.iter().find(|(key, _)| key.starts_with(&below)).map(|(_, origin)| origin);
        }
    }
}

/// The flags as a table of the same shape as a file.
fn flag_table(flags: &Flags, under: &toml::Table) -> Result<toml::Table, InputError> {
    let mut table = toml::Table::new();
    if let Some(power) = &flags.power {
        // Parsed here so that the error names the flag.
        power
            .parse::<Watts>()
            .map_err(|error| InputError::plain("command line", format!("`--power {power}`: {error}")))?;
        insert_path(&mut table, "envelope.power", power.clone().into());
    }
    if let Some(at) = &flags.at {
        insert_path(&mut table, "envelope.measured_at", at.clone().into());
    }
    if let Some(system) = &flags.system {
        let mut entry = toml::Table::new();
        entry.insert("id".into(), system.clone().into());
        entry.insert("share".into(), 1.0.into());
        table.insert("systems".into(), toml::Value::Array(vec![entry.into()]));
    }
    if let Some(site) = &flags.site {
        insert_path(&mut table, "site.id", site.clone().into());
    }
    if let Some(model) = &flags.model {
        // The model replaces the list; lengths and promises of its first entry stay.
        for list in ["serving", "training"] {
            let first = under.get(list).and_then(|entries| entries.get(0)).and_then(toml::Value::as_table);
            if let Some(mut entry) = first.cloned() {
                entry.insert("model".into(), model.clone().into());
                entry.insert("share".into(), 1.0.into());
                table.insert(list.into(), toml::Value::Array(vec![entry.into()]));
            }
        }
    }
    for setting in &flags.set {
        let (path, text) = setting.split_once('=').ok_or_else(|| {
            InputError::plain("command line", format!("`--set {setting}` has no `=`"))
                .with_help("write `--set envelope.power=\"250 MW\"`")
        })?;
        let (path, text) = (path.trim(), text.trim());
        if path.is_empty() {
            return Err(InputError::plain("command line", format!("`--set {setting}` names no field")));
        }
        let value = parse_value(text);
        if let Some((list, place, rest)) = element_of(path) {
            // A setting inside a list copies the list, then changes the element.
            if !table.contains_key(list) {
                let copy = under.get(list).cloned().unwrap_or_else(|| toml::Value::Array(Vec::new()));
                table.insert(list.into(), copy);
            }
            let entry = table.get_mut(list).and_then(|entries| entries.get_mut(place));
            let Some(toml::Value::Table(entry)) = entry else {
                return Err(InputError::plain(
                    "command line",
                    format!("`--set {path}`: `{list}` has no entry {place}"),
                ));
            };
            insert_path(entry, rest, value);
        } else {
            insert_path(&mut table, path, value);
        }
    }
    Ok(table)
}

/// `serving.0.isl` → (`serving`, 0, `isl`).
fn element_of(path: &str) -> Option<(&str, usize, &str)> {
    let (list, tail) = path.split_once('.')?;
    let (place, rest) = tail.split_once('.')?;
    matches!(list, "systems" | "serving" | "training").then_some(())?;
    Some((list, place.parse().ok()?, rest))
}

/// A value as TOML writes it, else the text itself: `--set site.id=abilene-tx` needs no quotes.
fn parse_value(text: &str) -> toml::Value {
    match format!("value = {text}").parse::<toml::Table>() {
        Ok(mut table) if table.len() == 1 => table.remove("value").unwrap_or_else(|| text.into()),
        _ => text.into(),
    }
}

/// Lays one table over another and records where each leaf comes from.
fn lay(
    under: &mut toml::Table,
    over: &toml::Table,
    path: &str,
    origins: &mut BTreeMap<String, Origin>,
    origin: &dyn Fn(&str) -> Origin,
) {
    for (key, value) in over {
        let here = join(path, key);
        match (under.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => {
                lay(inner, value, &here, origins, origin);
            }
            (_, toml::Value::Table(value)) => {
                let mut inner = toml::Table::new();
                lay(&mut inner, value, &here, origins, origin);
                origins.insert(here.clone(), origin(&here));
                under.insert(key.clone(), toml::Value::Table(inner));
            }
            _ => {
                let below = format!("{here}.");
                origins.retain(|path, _| path != &here && !path.starts_with(&below));
                origins.insert(here.clone(), origin(&here));
                if let toml::Value::Array(items) = value {
                    for (place, item) in items.iter().enumerate() {
                        record_with(item, &join(&here, &place.to_string()), origins, origin);
                    }
                }
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

fn record_with(
    value: &toml::Value,
    path: &str,
    origins: &mut BTreeMap<String, Origin>,
    origin: &dyn Fn(&str) -> Origin,
) {
    origins.insert(path.to_owned(), origin(path));
    if let toml::Value::Table(table) = value {
        for (key, value) in table {
            record_with(value, &join(path, key), origins, origin);
        }
    }
}

fn record(table: &toml::Table, path: &str, origin: &Origin, origins: &mut BTreeMap<String, Origin>) {
    for (key, value) in table {
        let here = join(path, key);
        match value {
            toml::Value::Table(inner) => record(inner, &here, origin, origins),
            _ => record_with(value, &here, origins, &|_| origin.clone()),
        }
    }
}

/// Fills what the entries of a list leave out.
fn fill_from_template(
    table: &mut toml::Table,
    list: &str,
    template: &str,
    origins: &mut BTreeMap<String, Origin>,
) {
    let Some(toml::Value::Table(defaults)) = table.get(template).cloned() else { return };
    let Some(toml::Value::Array(entries)) = table.get_mut(list) else { return };
    for (place, entry) in entries.iter_mut().enumerate() {
        let toml::Value::Table(entry) = entry else { continue };
        for (key, value) in &defaults {
            if !entry.contains_key(key) {
                entry.insert(key.clone(), value.clone());
                let from = origins.get(&join(template, key)).cloned().unwrap_or(Origin::Default);
                origins.insert(format!("{list}.{place}.{key}"), from);
            }
        }
    }
}

/// All plain values of a table with their dotted paths.
fn leaves(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut all = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                all.extend(leaves(inner).into_iter().map(|(path, value)| (join(key, &path), value)));
            }
            _ => all.push((key.clone(), value.clone())),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, flags: &Flags) -> Result<Scenario, InputError> {
        resolve(Some(("my.toml", text)), flags, &mut Catalog::default())
    }

    #[test]
    fn defaults_stand_alone() {
        let scenario = resolve(None, &Flags::default(), &mut Catalog::default()).unwrap();
        assert_eq!(scenario.fields.envelope.power, Watts(1e9));
        assert_eq!(scenario.fields.serving[0].isl, 1024);
        assert_eq!(scenario.resolved.origins["envelope.power"], Origin::Default);
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let text = "[envelope]\npower = \"20 MW\"\nmeasured_at = \"critical-it\"\n";
        let flags = Flags { power: Some("30MW".into()), ..Flags::default() };
        let scenario = resolved(text, &flags).unwrap();
        assert_eq!(scenario.fields.envelope.power, Watts(30e6));
        assert_eq!(scenario.resolved.origins["envelope.power"], Origin::Flag);
        assert_eq!(scenario.resolved.origins["envelope.measured_at"], Origin::File("my.toml".into(), 3));
        assert_eq!(scenario.resolved.origins["site.id"], Origin::Default);
    }

    #[test]
    fn a_list_replaces_the_built_in_list() {
        let scenario = resolved("[[serving]]\nmodel = \"qwen3-32b\"\n", &Flags::default()).unwrap();
        assert_eq!(scenario.fields.serving.len(), 1);
        assert_eq!(scenario.fields.serving[0].osl, 1024);
        assert_eq!(scenario.resolved.origins["serving.0.model"], Origin::File("my.toml".into(), 2));
    }

    #[test]
    fn an_unknown_field_has_a_line_and_a_near_name() {
        let error = resolved("[envelope]\npowr = \"1 GW\"\n", &Flags::default()).unwrap_err();
        assert_eq!((error.file.as_str(), error.line()), ("my.toml", Some(2)));
        assert!(error.help.unwrap().contains("did you mean `power`"));
    }

    #[test]
    fn an_unknown_section_has_a_line() {
        let error = resolved("[envelop]\npower = \"1 GW\"\n", &Flags::default()).unwrap_err();
        assert_eq!(error.line(), Some(1), "{error:?}");
    }

    #[test]
    fn settings_reach_into_lists_and_the_catalogue() {
        let flags = Flags { set: vec!["serving.0.isl=8192".into()], ..Flags::default() };
        let scenario = resolve(None, &flags, &mut Catalog::default()).unwrap();
        assert_eq!(scenario.fields.serving[0].isl, 8192);
        let flags = Flags { set: vec!["serving.9.isl=8192".into()], ..Flags::default() };
        assert!(resolve(None, &flags, &mut Catalog::default()).is_err());
    }

    #[test]
    fn a_wrong_flag_is_named() {
        for (power, part) in [("1 GB", "a power is wanted"), ("-5 MW", "negative"), ("NaN", "finite")] {
            let flags = Flags { power: Some(power.into()), ..Flags::default() };
            let error = resolve(None, &flags, &mut Catalog::default()).unwrap_err();
            assert!(error.message.contains("--power") && error.message.contains(part), "{error}");
        }
    }
}
