//! Runs that were kept as JSON, read back.

use super::{Amounts, Check, Group, Reading, threads_in_words};
use crate::catalog::{InputError, read_text};
use serde::Deserialize;
use std::path::Path;

/// The schema that is written and read.
pub const SCHEMA: &str = "gigawatt.bench/1";

/// What of a kept run is read; the rest follows from it.
#[derive(Debug, Deserialize)]
struct Recorded {
    schema: String,
    readings: Vec<RecordedReading>,
    #[serde(default)]
    quick: bool,
    #[serde(default)]
    right: Option<bool>,
    #[serde(default)]
    host: RecordedHost,
    #[serde(default)]
    device: Option<RecordedDevice>,
}

#[derive(Debug, Default, Deserialize)]
struct RecordedHost {
    name: Option<String>,
    threads: Option<usize>,
    instruction_set: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RecordedDevice {
    name: String,
}

/// A run that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Everything measured, in the order of measuring.
    pub readings: Vec<Reading>,
    /// Whether it had small sizes and few samples.
    pub quick: bool,
    /// Whether all that was checked was right.
    pub right: bool,
    /// The CPU, as far as it is told.
    pub host: String,
    /// Threads of the CPU that were used, if told.
    pub threads: Option<usize>,
    /// The adapter, if one was measured.
    pub device: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RecordedReading {
    group: Group,
    name: String,
    shape: String,
    path: String,
    amounts: Amounts,
    seconds: Vec<f64>,
    #[serde(default)]
    check: Option<Check>,
}

/// Reads a kept run.
pub fn read(path: &Path) -> Result<Kept, InputError> {
    let file = path.display().to_string();
    parse(&file, read_text(path)?)
}

fn parse(file: &str, text: String) -> Result<Kept, InputError> {
    let help = "`gigawatt bench --output FILE.json` writes such a file";
    let recorded: Recorded = match serde_json::from_str(&text) {
        Ok(recorded) => recorded,
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            // Lines of JSON count from 1, columns in bytes.
            let line: usize =
                text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = (line + error.column().saturating_sub(1)).min(text.len().saturating_sub(1));
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = text[at..].chars().next().map_or(at, |character| at + character.len_utf8());
            return Err(InputError {
                file: file.into(),
                span: Some(at..end),
                text: Some(text),
                message: format!("is no run of `gigawatt bench`: {message}"),
                help: Some(help.into()),
            });
        }
    };
    if recorded.schema != SCHEMA {
        let message = format!("has the schema `{}`; `{SCHEMA}` is read", recorded.schema);
        return Err(InputError::plain(file, message).with_help(help));
    }
    if recorded.readings.is_empty() {
        return Err(InputError::plain(file, "holds no reading").with_help(help));
    }
    let soundness = |reading: &RecordedReading| {
        let positive = |seconds: &f64| seconds.is_finite() && *seconds > 0.0;
        !reading.seconds.is_empty() && reading.seconds.iter().all(positive)
    };
    if let Some(place) = recorded.readings.iter().position(|reading| !soundness(reading)) {
        let message = format!("`readings[{place}].seconds` has to hold samples above zero");
        return Err(InputError::plain(file, message).with_help(help));
    }
    let reading = |recorded: RecordedReading| {
        let RecordedReading { group, name, shape, path, amounts, seconds, check } = recorded;
        Reading { group, name, shape, path, amounts, seconds, check }
    };
    let RecordedHost { name, threads, instruction_set } = recorded.host;
    let facts = [name, threads.map(threads_in_words), instruction_set];
    let readings: Vec<Reading> = recorded.readings.into_iter().map(reading).collect();
    let is_right = readings.iter().filter_map(|reading| reading.check).all(|check| check.wrong == 0);
    Ok(Kept {
        quick: recorded.quick,
        right: recorded.right.unwrap_or(true) && is_right,
        host: facts.into_iter().flatten().collect::<Vec<_>>().join(", "),
        threads,
        device: recorded.device.map(|device| device.name),
        readings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_run_is_refused_with_its_line() {
        let refused = |text: &str| parse("x.json", text.to_owned()).unwrap_err();
        let error = refused("{\n  \"schema\": \"gigawatt.bench/1\",\n  \"readings\": 5\n}");
        assert_eq!(error.line(), Some(3));
        assert!(error.message.contains("expected a sequence"), "{error}");
        assert!(
            refused("{\"schema\": \"gigawatt.plan/1\", \"readings\": []}")
                .message
                .contains("gigawatt.bench/1")
        );
        assert!(refused("é").line().is_some());
        let empty = r#"{"schema": "gigawatt.bench/1", "readings": [{"group": "kernel", "name": "n",
            "shape": "s", "path": "gpu", "amounts": {}, "seconds": []}]}"#;
        assert!(refused(empty).message.contains("readings[0].seconds"));
    }
}
