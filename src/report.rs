//! Results → bytes: what a plan, a comparison or a check looks like to people and to programs.
//!
//! Formats for people (terminal, Markdown, HTML) draw the same [`Document`]; formats for programs (JSON, CSV)
//! come from the result itself, complete and in SI base units with the unit in the key.

pub mod bench;
pub mod bill;
pub mod calibration;
pub mod chart;
pub mod compare;
pub mod csv;
pub mod devices;
pub mod document;
pub mod drawing;
mod electrical;
pub mod heat_map;
pub mod html;
pub mod json;
pub mod markdown;
pub mod messages;
pub mod parquet;
pub mod plan;
pub mod records;
pub mod scatter;
pub mod sites;
pub mod sweep;
pub mod terminal;
pub mod validation;

#[cfg(test)]
pub(crate) mod sample;

pub use document::Document;
pub use plan::plan_document;
pub use records::Records;

/// Something that can be reported.
pub trait Report {
    /// As people read it.
    fn document(&self) -> Document;
    /// As programs read it: versioned, SI base units, the unit in the key.
    fn json(&self) -> serde_json::Value;
    /// As spreadsheets read it; key, value and unit unless the result is a table itself.
    fn csv(&self) -> String {
        csv::flattened(&self.json())
    }
    /// As rows with the same columns, if the result is a table.
    fn records(&self) -> Option<Records> {
        None
    }
    /// As a drawing, if the result has one.
    fn svg(&self) -> Option<String> {
        None
    }
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal, or a text file.
    Terminal,
    /// For a document or an issue.
    Markdown,
    /// One page that needs no other file.
    Html,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// For databases, of results that are tables.
    Parquet,
    /// A drawing, of results that have one.
    Svg,
}

/// Suffixes of file names and the formats they stand for.
pub const SUFFIXES: &[(&str, Format)] = &[
    ("txt", Format::Terminal),
    ("md", Format::Markdown),
    ("html", Format::Html),
    ("json", Format::Json),
    ("csv", Format::Csv),
];

/// Suffix of drawings, where a command makes one.
pub const DRAWN_SUFFIX: (&str, Format) = ("svg", Format::Svg);

/// Suffix of tables for databases, where a command makes one.
pub const TABLE_SUFFIX: (&str, Format) = ("parquet", Format::Parquet);

impl Format {
    /// The format that a file's suffix stands for.
    #[must_use]
    pub fn of_suffix(suffix: &str) -> Option<Self> {
        SUFFIXES.iter().find(|(name, _)| name.eq_ignore_ascii_case(suffix)).map(|(_, format)| *format)
    }
}

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal or page.
    pub width: usize,
    /// Whether colour may stand beside the words.
    pub color: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// Draws a result in a format of text; a table for databases is bytes, and none here.
#[must_use]
pub fn render(report: &dyn Report, format: Format, look: Look) -> String {
    match format {
        Format::Terminal => terminal::draw(&report.document(), look),
        Format::Markdown => markdown::draw(&report.document()),
        Format::Html => html::draw(&report.document()),
        Format::Json => json::text(&report.json()),
        Format::Csv => report.csv(),
        Format::Svg => report.svg().unwrap_or_default(),
        Format::Parquet => String::new(),
    }
}
