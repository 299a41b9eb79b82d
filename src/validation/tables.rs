//! Measured tables as text: a header, rows of cells, and where each stands in the file.
//!
//! A table is read once and never repaired: unknown columns are kept, an empty cell is unknown, and what is not a
//! number where one is due is an error with its file and line.

use crate::catalog::InputError;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// The largest table that is read: the embedded ones have at most one megabyte.
pub const LARGEST_TABLE_BYTES: u64 = 64 << 20;

/// A kind of table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Published serving throughput.
    Inference,
    /// Measured deployments with TTFT and TPOT.
    Points,
    /// Training runs.
    Training,
    /// Collectives.
    Collectives,
    /// Sites with their power and accelerators.
    Sites,
    /// Fabrics with their counts.
    Fabrics,
    /// Runs with their failures.
    Goodput,
    /// Reference designs and figures of facilities.
    Facility,
}

/// All kinds in the order they are checked.
pub const KINDS: [Kind; 8] = [
    Kind::Inference,
    Kind::Points,
    Kind::Training,
    Kind::Collectives,
    Kind::Sites,
    Kind::Fabrics,
    Kind::Goodput,
    Kind::Facility,
];

impl Kind {
    /// The word for it in options and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Points => "points",
            Self::Training => "training",
            Self::Collectives => "collectives",
            Self::Sites => "sites",
            Self::Fabrics => "fabrics",
            Self::Goodput => "goodput",
            Self::Facility => "facility",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.word() == word)
    }

    fn embedded(self) -> &'static str {
        match self {
            Self::Inference => include_str!("inference.csv"),
            Self::Points => include_str!("points.csv"),
            Self::Training => include_str!("training.csv"),
            Self::Collectives => include_str!("collectives.csv"),
            Self::Sites => include_str!("sites.csv"),
            Self::Fabrics => include_str!("fabrics.csv"),
            Self::Goodput => include_str!("goodput.csv"),
            Self::Facility => include_str!("facility.csv"),
        }
    }

    /// Columns without which no row means anything.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Inference => &["model_card", "metric_kind", "tokens_per_s_per_gpu"],
            Self::Points => &["system", "model_path", "mode", "isl", "osl", "silicon_tpot_ms", "concurrency"],
            Self::Training => &["accelerators", "model"],
            Self::Collectives => &["accelerator", "gpus", "collective"],
            Self::Sites => &["accelerator", "count", "power_mw", "power_measures", "truth_use"],
            Self::Facility => &["design", "quantity", "published", "use"],
            Self::Fabrics => {
                &["system", "accelerators", "leaf", "spine", "core", "host_leaf", "leaf_spine", "spine_core"]
            }
            Self::Goodput => {
                &["run", "accelerators", "failures_per_accelerator_hour", "metric_kind", "published"]
            }
        }
    }
}

/// A table as it was read.
#[derive(Debug, Clone)]
pub struct Table {
    /// What its rows are.
    pub kind: Kind,
    /// The file as the user named it.
    pub file: String,
    /// Names of the columns.
    pub header: Vec<String>,
    text: String,
    places: BTreeMap<String, usize>,
    rows: Vec<(Vec<String>, Range<usize>)>,
}

impl Table {
    /// The table that comes with the program.
    pub fn embedded(kind: Kind) -> Result<Self, InputError> {
        Self::parse(kind, &format!("validation/{}.csv", kind.word()), kind.embedded())
    }

    /// Reads a file of the same columns.
    pub fn read(kind: Kind, path: &Path) -> Result<Self, InputError> {
        let shown = path.display().to_string();
        let fault = |what: String| InputError::plain(&shown, what);
        if path.is_dir() {
            return Err(fault("is a folder, not a file".into()));
        }
        // The size of a pipe is not known beforehand, so what is read is bounded.
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| {
                std::io::Read::read_to_end(
                    &mut std::io::Read::take(file, LARGEST_TABLE_BYTES + 1),
                    &mut bytes,
                )
            })
            .map_err(|error| fault(format!("can't be read: {error}")))?;
        if bytes.len() as u64 > LARGEST_TABLE_BYTES {
            return Err(fault("has more than 64 MiB; a table of measurements has a few".into()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            fault(format!("is not text: byte {} is not UTF-8", error.utf8_error().valid_up_to()))
        })?;
        Self::parse(kind, &shown, &text)
    }

    /// Reads a text.
    pub fn parse(kind: Kind, file: &str, text: &str) -> Result<Self, InputError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.contains('\0') {
            return Err(InputError::plain(file, "is not text: it has NUL bytes"));
        }
        let mut table = Self {
            kind,
            file: file.to_owned(),
            header: Vec::new(),
            text: text.to_owned(),
            places: BTreeMap::new(),
            rows: Vec::new(),
        };
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        loop {
            let start = reader.position().byte() as usize;
            let more = reader
                .read_record(&mut record)
                .map_err(|error| table.fault(start..start + 1, &format!("can't be read: {error}")))?;
            if !more {
                break;
            }
            let end = reader.position().byte() as usize;
            table.take(&record, start..end)?;
        }
        if table.header.is_empty() {
            return Err(InputError::plain(file, "is empty").with_help(format!(
                "it needs the columns {} and rows below them",
                kind.required().join(", ")
            )));
        }
        Ok(table)
    }

    fn take(&mut self, record: &csv::StringRecord, span: Range<usize>) -> Result<(), InputError> {
        // Blank lines before a row count to its span; the line that is shown is the one with text.
        let blank = self.text.as_bytes()[span.clone()].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let span = (span.start + blank).min(span.end)..span.end;
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if self.header.is_empty() {
            for (place, name) in cells.iter().enumerate() {
                if self.places.insert(name.trim().to_owned(), place).is_some() {
                    return Err(self.fault(span, &format!("the column `{}` is there twice", name.trim())));
                }
            }
            self.header = cells.iter().map(|name| name.trim().to_owned()).collect();
            let absent: Vec<&str> = self
                .kind
                .required()
                .iter()
                .copied()
                .filter(|name| !self.places.contains_key(*name))
                .collect();
            if let Some(first) = absent.first() {
                let others: Vec<String> = self
                    .header
                    .iter()
                    .filter(|name| !self.kind.required().contains(&name.as_str()))
                    .cloned()
                    .collect();
                let near = crate::catalog::document::nearest(first, &others);
                let near = near.map_or_else(String::new, |near| format!("is `{near}` meant? "));
                let help = format!("{near}needed: {}", self.kind.required().join(", "));
                let names = absent.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let word = if absent.len() == 1 { "column" } else { "columns" };
                let message = format!("a table of {} lacks the {word} {names}", self.kind.word());
                return Err(self.fault(span, &message).with_help(help));
            }
            return Ok(());
        }
        if cells.len() != self.header.len() {
            let message = format!("has {} cells under {} columns", cells.len(), self.header.len());
            return Err(self.fault(span, &message));
        }
        self.rows.push((cells, span));
        Ok(())
    }

    fn fault(&self, span: Range<usize>, message: &str) -> InputError {
        let bound = |byte: usize| {
            let mut byte = byte.min(self.text.len());
            while !self.text.is_char_boundary(byte) {
                byte -= 1;
            }
            byte
        };
        let line = crate::catalog::document::line_of(&self.text, span.start);
        InputError {
            file: self.file.clone(),
            text: Some(self.text.clone()),
            span: Some(bound(span.start)..bound(span.end).max(bound(span.start))),
            message: format!("line {line}: {message}"),
            help: None,
        }
    }

    /// Rows in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    #[must_use]
    pub fn rows(&self) -> Vec<Row<'_>> {
        let row = |place: usize| Row { table: self, place };
        (0..self.rows.len()).map(row).collect()
    }
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    place: usize,
}

/// The largest count of anything in a row.
const LARGEST_COUNT: f64 = 1e7;
/// The largest degree of a split: three of them multiply to less than a `u32` holds.
const LARGEST_DEGREE: f64 = 1_024.0;

impl<'a> Row<'a> {
    /// The cells as they were read.
    #[must_use]
    pub fn cells(self) -> &'a [String] {
        &self.table.rows[self.place].0
    }

    /// Its place among the rows, from one.
    #[must_use]
    pub fn number_in_table(self) -> usize {
        self.place + 1
    }

    /// A cell, trimmed; an empty one and an absent column are unknown.
    #[must_use]
    pub fn text(self, column: &str) -> Option<&'a str> {
        let cell = self.cells().get(*self.table.places.get(column)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// A cell or nothing.
    #[must_use]
    pub fn word(self, column: &str) -> &'a str {
        self.text(column).unwrap_or_default()
    }

    /// An error at this row.
    #[must_use]
    pub fn error(self, message: impl Into<String>) -> InputError {
        self.table.fault(self.table.rows[self.place].1.clone(), &message.into())
    }

    /// A number; unknown where the cell is empty.
    pub fn number(self, column: &str) -> Result<Option<f64>, InputError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(self.error(format!("`{column}` is `{}`, not a number", shorten(text)))),
        }
    }

    /// A number above zero.
    pub fn positive(self, column: &str) -> Result<Option<f64>, InputError> {
        match self.number(column)? {
            Some(value) if value <= 0.0 => {
                Err(self.error(format!("`{column}` is {value}, it must be above zero")))
            }
            other => Ok(other),
        }
    }

    /// A number above zero; a zero is one too small for its digits, or nothing, and so unknown.
    pub fn nonzero(self, column: &str) -> Result<Option<f64>, InputError> {
        match self.number(column)? {
            Some(value) if value < 0.0 => {
                Err(self.error(format!("`{column}` is {value}, it must not be below zero")))
            }
            other => Ok(other.filter(|value| *value > 0.0)),
        }
    }

    fn whole(self, column: &str, largest: f64) -> Result<Option<u32>, InputError> {
        match self.number(column)? {
            None => Ok(None),
            Some(value) if value < 0.0 || value.fract() != 0.0 || value > largest => {
                Err(self.error(format!("`{column}` is {value}, it must be a whole number up to {largest}")))
            }
            Some(value) => Ok(Some(value as u32)),
        }
    }

    /// A count of things; zero counts as unknown.
    pub fn count(self, column: &str) -> Result<Option<u32>, InputError> {
        Ok(self.whole(column, LARGEST_COUNT)?.filter(|count| *count > 0))
    }

    /// A degree of a split; zero counts as unknown.
    pub fn degree(self, column: &str) -> Result<Option<u32>, InputError> {
        Ok(self.whole(column, LARGEST_DEGREE)?.filter(|count| *count > 0))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "system,accelerators,leaf,spine,core,host_leaf,leaf_spine,spine_core";

    #[test]
    fn embedded_tables_have_all_their_rows() {
        let rows: Vec<usize> = KINDS.into_iter().map(|kind| Table::embedded(kind).unwrap().len()).collect();
        assert_eq!(rows, [974, 3_879, 611, 287, 44, 23, 13, 80]);
    }

    #[test]
    fn an_empty_cell_is_unknown_and_not_zero() {
        let table =
            Table::parse(Kind::Fabrics, "f.csv", &format!("{HEAD}\nhgx-h100,1024,32,,0,,,\n")).unwrap();
        let row = table.rows()[0];
        assert_eq!(row.number("spine").unwrap(), None);
        assert_eq!(row.number("core").unwrap(), Some(0.0));
        assert_eq!(row.text("not_there"), None);
    }

    #[test]
    fn a_wrong_number_names_file_and_line() {
        let text = format!("{HEAD}\nhgx-h100,1024,32,16,0,1,1,0\nhgx-h100,many,1,1,1,1,1,1\n");
        let table = Table::parse(Kind::Fabrics, "f.csv", &text).unwrap();
        let error = table.rows()[1].count("accelerators").unwrap_err();
        assert_eq!((error.file.as_str(), error.line()), ("f.csv", Some(3)));
        assert!(error.message.contains("`accelerators` is `many`"), "{error}");
    }

    #[test]
    fn a_short_row_and_a_missing_column_are_refused() {
        let short = Table::parse(Kind::Fabrics, "f.csv", &format!("{HEAD}\na,b\n")).unwrap_err();
        assert_eq!(short.line(), Some(2));
        let missing = Table::parse(Kind::Fabrics, "f.csv", "system,leaf\n").unwrap_err();
        assert!(missing.message.contains("`accelerators`"), "{missing}");
        let near =
            Table::parse(Kind::Fabrics, "f.csv", &HEAD.replace("accelerators", "acelerators")).unwrap_err();
        assert!(near.message.ends_with("lacks the column `accelerators`"), "{near}");
        assert!(near.help.unwrap().starts_with("is `acelerators` meant? needed: system, "));
        assert!(Table::parse(Kind::Fabrics, "f.csv", "").is_err());
    }

    proptest! {
        #[test]
        fn junk_is_an_error_or_a_table_but_never_a_panic(text in "\\PC{0,200}", lines in 0_usize..4) {
            let _ = Table::parse(Kind::Fabrics, "junk", &text);
            let body = format!("{HEAD}\n{}", format!("{text}\n").repeat(lines));
            if let Ok(table) = Table::parse(Kind::Fabrics, "junk", &body) {
                for row in table.rows() {
                    let _ = (row.number("leaf"), row.count("spine"), row.degree("core"));
                }
            }
        }
    }
}
