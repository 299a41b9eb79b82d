//! A profile of a machine that was measured rather than looked up.
//!
//! A benchmark knows two figures of an accelerator: what its memory and its arithmetic reach. All else a plan needs (power,
//! price, rack, links, how often it breaks) comes from another system. Where that system is the machine itself its figures
//! stay as they are; where it only stands in, each becomes an assumption that says so. Two files, since one thing is one file:
//! the system, and its accelerator beside it.

use super::Found;
use super::profile::{Accelerator, Confidence, Datum, Source, System};
use crate::units::{ByteRate, FlopRate};
use std::fmt::Write as _;

/// Key of the source that measured figures have.
const SOURCE: &str = "bench";

/// A rate that was reached: the median and the middle half of its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Achieved<Q> {
    /// The median.
    pub value: Q,
    /// A quarter of the samples lie below.
    pub low: Q,
    /// A quarter of the samples lie above.
    pub high: Q,
    /// What reached it, and what it leaves out.
    pub note: String,
}

/// What a benchmark knows of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The device, as its driver names it.
    pub device: String,
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// What matrix products reach.
    pub arithmetic: Achieved<FlopRate>,
    /// What memory reaches.
    pub memory: Achieved<ByteRate>,
}

/// Where the figures come from that no benchmark knows.
#[derive(Debug, Clone)]
pub struct Rest<'a> {
    /// The system.
    pub system: &'a Found<System>,
    /// Its accelerator.
    pub accelerator: &'a Found<Accelerator>,
    /// Whether it is the machine that was measured.
    pub is_the_machine: bool,
}

/// The name of the accelerator's file beside a system's.
#[must_use]
pub fn accelerator_stem(stem: &str) -> String {
    format!("{stem}-accelerator")
}

/// The texts of both files, the system's first; `stem` is the name of its file without the suffix.
#[must_use]
pub fn profiles(stem: &str, measured: &Measured, rest: &Rest<'_>) -> [String; 2] {
    let chip_stem = accelerator_stem(stem);
    let mut system = rest.system.document.table.clone();
    set(&mut system, "id", stem);
    set(&mut system, "name", &format!("{}, measured", measured.device));
    set(&mut system, "accelerator", &format!("{chip_stem}.toml"));
    // A power profile would put its own rates over the measured ones.
    for key in ["profiles", "default_profile"] {
        system.remove(key);
    }

    let mut chip = rest.accelerator.document.table.clone();
    set(&mut chip, "id", &chip_stem);
    set(&mut chip, "name", &measured.device);
    // What was reached is what the board sustains.
    chip.remove("sustained_share");
    if !rest.is_the_machine {
        set(&mut system, "maker", "not known");
        set(&mut chip, "maker", "not known");
        chip.insert("peak".into(), toml::Table::new().into());
        for (table, id) in [(&mut system, &rest.system.profile.id), (&mut chip, &rest.accelerator.profile.id)]
        {
            assume(table, id);
        }
    }
    for (part, key, figure) in
        [("peak", "bf16", figure(&measured.arithmetic)), ("memory", "bandwidth", figure(&measured.memory))]
    {
        if let (Some(toml::Value::Table(table)), Some(figure)) = (chip.get_mut(part), figure) {
            table.insert(key.into(), figure);
        }
    }
    let source = Source {
        title: format!("gigawatt bench on {}", measured.device),
        url: None,
        read: measured.day.clone(),
    };
    if let (Some(toml::Value::Table(sources)), Ok(source)) =
        (chip.get_mut("sources"), toml::Value::try_from(source))
    {
        sources.insert(SOURCE.into(), source);
    }
    let from = &rest.system.profile.id;
    let head = if rest.is_the_machine {
        format!("# Measured by `gigawatt bench`; what was not measured is as in {from}.\n")
    } else {
        format!(
            "# Measured by `gigawatt bench`; what was not measured is taken over from {from}: replace it by your own.\n\
             # Figures say so themselves; status, counts, links and `generation`, whose efficiency curves are used, stand in too.\n"
        )
    };
    [format!("{head}{}", text(&system)), format!("{head}{}", text(&chip))]
}

fn set(table: &mut toml::Table, key: &str, value: &str) {
    table.insert(key.into(), value.into());
}

fn figure<Q: Clone + serde::Serialize>(achieved: &Achieved<Q>) -> Option<toml::Value> {
    let datum = Datum {
        value: achieved.value.clone(),
        low: Some(achieved.low.clone()),
        high: Some(achieved.high.clone()),
        source: SOURCE.into(),
        confidence: Confidence::Measured,
        note: Some(achieved.note.clone()),
    };
    // Fails for no datum: every field is text or a quantity, which is written as text.
    toml::Value::try_from(datum).ok()
}

fn is_figure(table: &toml::Table) -> bool {
    table.contains_key("value") && table.contains_key("confidence")
}

/// Marks every figure below as taken over from another profile.
fn assume(table: &mut toml::Table, from: &str) {
    for value in table.iter_mut().map(|(_, value)| value) {
        let toml::Value::Table(inner) = value else { continue };
        if is_figure(inner) {
            let note = inner.get("note").and_then(toml::Value::as_str).unwrap_or_default();
            let note = format!("Not measured: taken over from {from}. {note}");
            set(inner, "note", note.trim_end());
            set(inner, "confidence", "assumption");
        } else {
            assume(inner, from);
        }
    }
}

/// A profile as people write it: a figure a line, a section a part.
fn text(table: &toml::Table) -> String {
    let mut out = String::new();
    section(table, "", &mut out);
    out
}

fn section(table: &toml::Table, path: &str, out: &mut String) {
    let is_section = |value: &toml::Value| value.as_table().is_some_and(|inner| !is_figure(inner));
    let (sections, lines): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| is_section(value));
    if !path.is_empty() && !lines.is_empty() {
        let _ = write!(out, "\n[{path}]\n");
    }
    for (key, value) in lines {
        let _ = writeln!(out, "{} = {value}", quoted(key));
    }
    for (key, value) in sections {
        let below = if path.is_empty() { quoted(key) } else { format!("{path}.{}", quoted(key)) };
        if let toml::Value::Table(inner) = value {
            section(inner, &below, out);
        }
    }
}

/// A key, quoted where it has to be.
fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { toml::Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Document};

    fn measured() -> Measured {
        Measured {
            device: "A \"quoted\" device".into(),
            day: "2026-11-26".into(),
            arithmetic: Achieved {
                value: FlopRate(20e12),
                low: FlopRate(19e12),
                high: FlopRate(20.5e12),
                note: "product f16".into(),
            },
            memory: Achieved {
                value: ByteRate(2.5e12),
                low: ByteRate(2.4e12),
                high: ByteRate(2.6e12),
                note: "stream triad".into(),
            },
        }
    }

    fn written(system: &str, is_the_machine: bool) -> (toml::Table, toml::Table) {
        let catalog = Catalog::default();
        let system = catalog.get::<System>(system).unwrap();
        let accelerator = catalog.get::<Accelerator>(&system.profile.accelerator).unwrap();
        let rest = Rest { system: &system, accelerator: &accelerator, is_the_machine };
        let [system, chip] = profiles("mine", &measured(), &rest);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), &system).unwrap();
        std::fs::write(folder.path().join("mine-accelerator.toml"), &chip).unwrap();
        let path = folder.path().join("mine.toml");
        let (checked, faults) = catalog.check(path.to_str());
        assert!(checked == 1 && faults.is_empty(), "{faults:?}\n{system}\n{chip}");
        let table = |text: &str| Document::parse("x", text).unwrap().table;
        (table(&system), table(&chip))
    }

    #[test]
    fn a_stand_in_becomes_assumptions_and_its_narrow_formats_go() {
        let (system, chip) = written("hgx-h100", false);
        assert_eq!(chip["peak"].as_table().unwrap().keys().collect::<Vec<_>>(), ["bf16"]);
        assert_eq!(chip["peak"]["bf16"]["confidence"].as_str(), Some("measured"));
        assert_eq!(chip["memory"]["bandwidth"]["low"].as_str(), Some("2.4 TB/s"));
        let heat = system["rack"]["heat"].as_table().unwrap();
        assert_eq!(heat["confidence"].as_str(), Some("assumption"));
        assert!(heat["note"].as_str().unwrap().starts_with("Not measured: taken over from hgx-h100."));
    }

    #[test]
    fn the_machine_itself_keeps_what_is_known_of_it() {
        let (system, chip) = written("vr-nvl72", true);
        assert!(chip["peak"].as_table().unwrap().contains_key("fp8"));
        assert_eq!(chip["memory"]["bandwidth"]["source"].as_str(), Some("bench"));
        assert!(!system.contains_key("profiles"), "a power profile hides what was measured");
        assert!(system["rack"]["heat"]["confidence"].as_str() != Some("assumption"));
    }
}
