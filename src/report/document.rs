//! What every format draws: sections of tables, charts and notes, already worded and scaled.
//!
//! A number becomes text here and nowhere later, so two formats can't disagree about it: four significant
//! digits, digits grouped in threes, one prefix for a column, nothing where a value is absent.

use crate::units::text;

/// A whole report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// What it is about, one line.
    pub title: String,
    /// The answer: headline figures, most important first.
    pub lead: Vec<Figure>,
    /// The rest, in reading order.
    pub sections: Vec<Section>,
}

/// A figure of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it counts.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// What to know beside it; may be empty.
    pub note: String,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// One thing in a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Rows and columns.
    Table(Table),
    /// Bars from a common zero, to one scale.
    Bars(Bars),
    /// What remains and what is lost along a chain, to one scale.
    Cascade(Cascade),
    /// Points of two numbers that ought to be equal; formats of plain text say where it is drawn.
    Scatter(Scatter),
    /// A paragraph.
    Text(String),
    /// A remark, set apart.
    Note(String),
    /// Names and values.
    KeyValues(Vec<(String, String)>),
    /// Text whose lines stay as they are.
    Verbatim(String),
}

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows and columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Columns from the left, each with all its cells.
    pub columns: Vec<Column>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What it holds, with the unit.
    pub header: String,
    /// How its cells stand.
    pub align: Align,
    /// From the top.
    pub cells: Vec<String>,
}

impl Column {
    /// A column of words.
    pub fn words<S: Into<String>>(header: &str, cells: impl IntoIterator<Item = S>) -> Self {
        Self { header: header.into(), align: Align::Left, cells: cells.into_iter().map(Into::into).collect() }
    }

    /// A column of counts, digits grouped.
    pub fn counts(header: &str, cells: impl IntoIterator<Item = u64>) -> Self {
        let cells = cells.into_iter().map(count).collect();
        Self { header: header.into(), align: Align::Right, cells }
    }

    /// A column of values in one unit with one prefix, which the header names; absent values are blank.
    pub fn values(header: &str, unit: Unit, cells: impl IntoIterator<Item = Option<f64>>) -> Self {
        let values: Vec<Option<f64>> = cells.into_iter().collect();
        let scale = unit.common_scale(values.iter().flatten().copied());
        let header =
            if scale.name.is_empty() { header.to_owned() } else { format!("{header} [{}]", scale.name) };
        let cells = values.into_iter().map(|value| value.map_or_else(String::new, |v| scale.digits(v)));
        Self { header, align: Align::Right, cells: cells.collect() }
    }

    /// A column of numbers that are already text.
    pub fn numbers<S: Into<String>>(header: &str, cells: impl IntoIterator<Item = S>) -> Self {
        Self { align: Align::Right, ..Self::words(header, cells) }
    }
}

impl Table {
    /// A table of these columns; those without any content are left out.
    #[must_use]
    pub fn of(columns: Vec<Column>) -> Self {
        let said = |column: &Column| column.cells.iter().any(|cell| !cell.is_empty());
        Self { columns: columns.into_iter().filter(said).collect() }
    }

    /// Rows of the table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.iter().map(|column| column.cells.len()).max().unwrap_or(0)
    }

    /// The cell in a row of a column, empty where there is none.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.columns.get(column).and_then(|column| column.cells.get(row)).map_or("", String::as_str)
    }
}

/// Bars from a common zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// What the numbers are, with the unit.
    pub header: String,
    /// Label, number as text, size; sizes are in one unit.
    pub bars: Vec<(String, String, f64)>,
}

impl Bars {
    /// Bars of values in one unit with one prefix.
    pub fn of(header: &str, unit: Unit, bars: impl IntoIterator<Item = (String, f64)>) -> Self {
        let bars: Vec<(String, f64)> = bars.into_iter().collect();
        let scale = unit.common_scale(bars.iter().map(|(_, value)| *value));
        Self {
            header: format!("{header} [{}]", scale.name),
            bars: bars
                .into_iter()
                .map(|(label, value)| {
                    let digits = scale.digits(value);
                    (label, digits, value.max(0.0))
                })
                .collect(),
        }
    }

    /// The size that fills the width.
    #[must_use]
    pub fn full(&self) -> f64 {
        self.bars.iter().map(|(_, _, size)| *size).fold(0.0, f64::max)
    }
}

/// What remains and what branches off along a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Cascade {
    /// What the numbers are, with the unit.
    pub header: String,
    /// What fills the width.
    pub full: f64,
    /// From the source down.
    pub steps: Vec<Step>,
}

/// One step of a cascade.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub label: String,
    /// The number beside it as text: what remains for a level, what goes for a loss.
    pub value: String,
    /// Share of the full width, as text.
    pub share: String,
    /// What it does to the flow.
    pub kind: StepKind,
    /// Where its bar starts, in the unit of `full`.
    pub from: f64,
    /// Where its bar ends.
    pub to: f64,
}

/// What a step of a cascade does to the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// All that flows at this point.
    Level,
    /// What branches off or is lost; its bar hangs where it leaves.
    Loss,
    /// A part of the last level; the parts stand side by side.
    Part,
}

/// Predicted against measured, on log axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// What it shows.
    pub title: String,
    /// Names of the kinds of points.
    pub kinds: &'static [&'static str],
    /// One panel a table.
    pub panels: Vec<Panel>,
}

/// What formats of plain text say in its place.
pub const SCATTER_ELSEWHERE: &str =
    "Row by row as a picture: `--output FILE.svg`, or `.html` for the page with it.";

/// One panel of a scatter.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What is compared.
    pub title: String,
    /// How many points there are and how far off they lie.
    pub caption: String,
    /// Unit of both axes.
    pub unit: &'static str,
    /// The points.
    pub points: Vec<Point>,
}

/// One point of a scatter; both numbers are finite and above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Place of its kind in the list.
    pub kind: usize,
    /// What was measured.
    pub measured: f64,
    /// What is predicted.
    pub predicted: f64,
}

/// What a column of numbers is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// With the prefixes k, M, G, … and m, µ, n: `W`, `J`, `B/s`.
    Metric(&'static str),
    /// Without prefix: `m`, `L/kWh`.
    Plain(&'static str),
    /// Dollars with k, M, B and T, and what they are paid for: `""`, `"/y"`.
    Money(&'static str),
    /// Tokens and the like, with thousand, million, … before the unit.
    Many(&'static str),
    /// Fractions of one, shown in percent.
    Share,
}

/// A unit with the prefix chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Prefix and unit as a header names them.
    pub name: String,
    /// What one of it is worth.
    pub factor: f64,
}

const METRIC: &[(&str, f64)] = &[
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("m", 1e-3),
    ("µ", 1e-6),
    ("n", 1e-9),
];
const LARGE: &[(&str, f64)] = &[("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15)];
const MONEY: &[(&str, f64)] = &[("k", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)];

impl Unit {
    /// The unit with the prefix that suits the largest of some values.
    #[must_use]
    pub fn scale(self, values: impl Iterator<Item = f64>) -> Scale {
        let largest = values.filter(|value| value.is_finite()).map(f64::abs).fold(0.0, f64::max);
        let (name, factor) = match self {
            Self::Metric(unit) => {
                let (prefix, factor) = text::best_prefix(largest, METRIC);
                (format!("{prefix}{unit}"), factor)
            }
            Self::Plain(unit) => (unit.to_owned(), 1.0),
            Self::Money(per) => {
                let (suffix, factor) = text::best_prefix(largest, MONEY);
                (format!("${suffix}{per}"), factor)
            }
            Self::Many(unit) => {
                let (prefix, factor) = text::best_prefix(largest, LARGE);
                (format!("{prefix}{}{unit}", if prefix.is_empty() { "" } else { " " }), factor)
            }
            Self::Share => ("%".to_owned(), 0.01),
        };
        Scale { name, factor }
    }

    /// The unit with the prefix that suits values of a column together: where the smallest is far below the
    /// largest, a smaller prefix, so that 1 GW and 5 MW read 1,000 and 5.000.
    #[must_use]
    pub fn common_scale(self, values: impl Iterator<Item = f64>) -> Scale {
        let sizes: Vec<f64> = values.map(f64::abs).filter(|size| *size > 0.0 && size.is_finite()).collect();
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        let smallest = sizes.iter().copied().fold(f64::INFINITY, f64::min);
        let scale = self.scale(std::iter::once(largest));
        if smallest < 0.1 * scale.factor { self.scale(std::iter::once(0.1 * largest)) } else { scale }
    }

    /// One value with its unit.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        let scale = self.scale(std::iter::once(value));
        let digits = text::digits(value / scale.factor);
        match self {
            Self::Money(per) => {
                let suffix = scale.name.trim_start_matches('$').trim_end_matches(per);
                format!("${digits}{}{suffix}{per}", if suffix.is_empty() { "" } else { " " })
            }
            Self::Plain("") => digits,
            Self::Metric(_) | Self::Plain(_) | Self::Many(_) | Self::Share => {
                format!("{digits} {}", scale.name)
            }
        }
    }

    /// The unit that a word stands for, as constraints name theirs.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "W" => Self::Metric("W"),
            "VA" => Self::Metric("VA"),
            "var" => Self::Metric("var"),
            "A" => Self::Metric("A"),
            "J" => Self::Metric("J"),
            "Pa" => Self::Metric("Pa"),
            "B" | "bytes" => Self::Metric("B"),
            "B/s" => Self::Metric("B/s"),
            "s" => Self::Metric("s"),
            "$" | "USD" | "usd" => Self::Money(""),
            "$/h" => Self::Money("/h"),
            "$/y" => Self::Money("/y"),
            "$/W" => Self::Money("/W"),
            "$/Mtok" => Self::Money("/Mtok"),
            "J/token" => Self::Metric("J/token"),
            "tokens/s" => Self::Many("tokens/s"),
            "share" | "%" => Self::Share,
            _ => return None,
        })
    }
}

impl Scale {
    /// A value in this scale, four significant digits; nothing for a zero in a column of others is the
    /// caller's choice, so zero is `0`.
    #[must_use]
    pub fn digits(&self, value: f64) -> String {
        text::digits(value / self.factor)
    }
}

/// A count, digits grouped.
#[must_use]
pub fn count(value: u64) -> String {
    text::group(&value.to_string())
}

/// A count, blank for none.
#[must_use]
pub fn count_or_blank(value: u64) -> String {
    if value == 0 { String::new() } else { count(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_prefix_and_its_header_names_it() {
        let column = Column::values("loss", Unit::Metric("W"), [Some(4.2e6), None, Some(9e8)]);
        assert_eq!(column.header, "loss [MW]");
        assert_eq!(column.cells, ["4.200", "", "900.0"]);
    }

    #[test]
    fn money_is_scaled_like_money() {
        assert_eq!(Unit::Money("").show(38.26e9), "$38.26 B");
        assert_eq!(Unit::Money("/y").show(1.5e6), "$1.500 M/y");
        assert_eq!(Unit::Money("/h").show(2.5), "$2.500/h");
    }

    #[test]
    fn shares_are_percent_and_tokens_count_in_millions() {
        assert_eq!(Unit::Share.show(0.857), "85.70 %");
        assert_eq!(Unit::Many("tokens/s").show(1.834e8), "183.4 M tokens/s");
        assert_eq!(Unit::Many("tokens/s").show(12.0), "12.00 tokens/s");
    }

    #[test]
    fn a_column_without_content_is_left_out() {
        let table = Table::of(vec![Column::words("a", ["x"]), Column::words("b", [""])]);
        assert_eq!(table.columns.len(), 1);
    }
}
