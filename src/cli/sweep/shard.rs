//! Files of shards: read, checked, merged.

use crate::catalog::InputError;
use crate::cli::Outcome;
use crate::cli::diagnostic::{Failure, say};
use crate::report::sweep::Rows;
use crate::report::sweep::shard::{MergeError, ShardRecord, merge};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Largest shard or checkpoint that is read.
pub(super) const LARGEST_BYTES: u64 = 1 << 30;

/// Joins the shards in some files.
pub(super) fn merged(files: &[PathBuf], rows: Option<Rows>) -> Result<Outcome, Failure> {
    let shards = files
        .iter()
        .map(|path| Ok((path.display().to_string(), read(path)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let (mut report, shortfalls) = merge(shards).map_err(|error| told(&error))?;
    report.rows = rows;
    for shortfall in &shortfalls {
        say(&format!("{shortfall}\n"));
    }
    Ok(Outcome::Report { report: Box::new(report), short: !shortfalls.is_empty(), spent: None })
}

fn told(error: &MergeError) -> Failure {
    let fault = InputError::plain("sweep merge", error.to_string());
    match error {
        MergeError::Missing { .. } => fault.with_help(
            "a shard is written when it is complete: run those that are missing, then merge all files",
        ),
        MergeError::Damaged { .. } => fault.with_help("run this shard again, or copy its file again"),
        MergeError::Overlap { .. } => fault.with_help("name each shard once"),
        MergeError::Different { .. } => {
            fault.with_help("all shards need the same scenario, catalogue, options and number of shards")
        }
        _ => fault,
    }
    .into()
}

/// The JSON of a file with one of our schemas.
pub(super) fn read_json(path: &Path, schema: &str, what: &str) -> Result<Value, Failure> {
    let name = path.display().to_string();
    let bad = |message: String| Failure::from(InputError::plain(&name, message));
    let about = std::fs::metadata(path).map_err(|error| bad(format!("can't be read: {error}")))?;
    if !about.is_file() {
        return Err(bad("is not a file".into()));
    }
    if about.len() > LARGEST_BYTES {
        return Err(bad(format!("is larger than the {} MiB of any sweep", LARGEST_BYTES >> 20)));
    }
    let text = std::fs::read_to_string(path).map_err(|error| bad(format!("can't be read: {error}")))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        let cut = if error.is_eof() { "is cut off" } else { "is not JSON" };
        bad(format!("{cut}: {error}"))
    })?;
    if value["schema"] != schema {
        return Err(bad(format!("is not {what}")));
    }
    Ok(value)
}

fn read(path: &Path) -> Result<ShardRecord, Failure> {
    let what = "a shard: those are written by `gigawatt sweep --shard I/N --output FILE.json`";
    let mut value = read_json(path, "gigawatt.sweep/1", what)?;
    let bad = |message: String| Failure::bad(path.display().to_string(), message);
    if value["complete"] == false {
        return Err(bad("is of a sweep that was stopped: run it to its end first".into()));
    }
    match value["shard"].take() {
        Value::Null => Err(bad("is a whole sweep, not a shard of one".into())),
        shard => serde_json::from_value(shard).map_err(|error| bad(format!("is no complete shard: {error}"))),
    }
}
