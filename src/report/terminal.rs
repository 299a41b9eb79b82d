//! A document as text for a terminal: tables to the width, bars of block characters, colour only beside words.

use super::Look;
use super::chart;
use super::document::{Align, Block, Column, Document, SCATTER_ELSEWHERE, Table};
use comfy_table::{
    Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width,
};
use std::fmt::Write as _;

const RULES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// Rows up to which a table that is too wide is drawn on its side instead of broken into narrow columns.
const TURNED_ROWS: usize = 6;
const GAP: usize = 2;
/// Longest word that a column of words is made wide enough for.
const WORD: usize = 32;

/// Draws a document.
#[must_use]
pub fn draw(document: &Document, look: Look) -> String {
    let look = Look { width: look.width.clamp(40, 400), ..look };
    let mut out = String::new();
    for line in wrap(&document.title, look.width) {
        let _ = writeln!(out, "{}", bold(&line, look));
    }
    if !document.lead.is_empty() {
        out.push('\n');
        let labels = widest(document.lead.iter().map(|figure| figure.label.as_str()));
        let values = widest(document.lead.iter().map(|figure| figure.value.as_str()));
        for figure in &document.lead {
            let value = bold(&format!("{:>values$}", figure.value), look);
            let indent = labels + values + 6;
            let mut notes = wrap(&figure.note, look.width.saturating_sub(indent).max(20)).into_iter();
            let first = notes.next().unwrap_or_default();
            let _ = writeln!(out, "{}", format!("  {:<labels$}  {value}  {first}", figure.label).trim_end());
            for note in notes {
                let _ = writeln!(out, "{}{note}", " ".repeat(indent));
            }
        }
    }
    for section in &document.sections {
        out.push('\n');
        let _ = writeln!(out, "{}", bold(&section.heading, look));
        let _ = writeln!(out, "{}", "═".repeat(section.heading.chars().count().min(look.width)));
        for (index, block) in section.blocks.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            draw_block(&mut out, block, look);
        }
    }
    out
}

fn draw_block(out: &mut String, block: &Block, look: Look) {
    match block {
        Block::Table(table) => draw_table(out, table, look),
        Block::Bars(bars) => {
            let _ = writeln!(out, "{}", bars.header);
            push_lines(out, &chart::bar_lines(bars, look.width));
        }
        Block::Cascade(cascade) => {
            let _ = writeln!(out, "{}", cascade.header);
            push_lines(out, &chart::cascade_lines(cascade, look.width));
        }
        Block::Scatter(_) => push_lines(out, &wrap(SCATTER_ELSEWHERE, look.width)),
        Block::Text(text) => push_lines(out, &wrap(text, look.width)),
        Block::Note(text) => {
            for (index, line) in wrap(text, look.width.saturating_sub(2)).iter().enumerate() {
                let _ = writeln!(out, "{}{line}", if index == 0 { "→ " } else { "  " });
            }
        }
        Block::KeyValues(pairs) => {
            let keys = widest(pairs.iter().map(|(key, _)| key.as_str())).min(look.width / 2);
            for (key, value) in pairs {
                let mut lines = wrap(value, look.width.saturating_sub(keys + 2).max(20)).into_iter();
                // A key that is wider than its column has a line of its own.
                if key.chars().count() > keys {
                    let _ = writeln!(out, "{key}");
                } else {
                    let first = lines.next().unwrap_or_default();
                    let _ = writeln!(out, "{}", format!("{key:<keys$}  {first}").trim_end());
                }
                for line in lines {
                    let _ = writeln!(out, "{}{line}", " ".repeat(keys + 2));
                }
            }
        }
        Block::Verbatim(text) => push_lines(out, &text.lines().map(str::to_owned).collect::<Vec<_>>()),
    }
}

fn draw_table(out: &mut String, table: &Table, look: Look) {
    if table.rows() == 0 {
        return;
    }
    if width(table) > look.width && table.rows() <= TURNED_ROWS {
        let turned = turned(table);
        if width(&turned) <= look.width {
            return draw_grid(out, &turned, look);
        }
    }
    draw_grid(out, table, look);
}

/// Characters that a column needs at least: its widest cell, or the longest word of its header.
fn column_width(column: &Column) -> usize {
    let header = widest(column.header.split_whitespace());
    header.max(widest(column.cells.iter().map(String::as_str)))
}

fn longest_word(column: &Column) -> usize {
    widest(column.cells.iter().chain([&column.header]).flat_map(|cell| cell.split_whitespace()))
}

fn width(table: &Table) -> usize {
    table.columns.iter().map(|column| column_width(column) + GAP).sum::<usize>().saturating_sub(GAP)
}

/// A table on its side: a row for each column.
fn turned(table: &Table) -> Table {
    let mut columns = table.columns.iter();
    let Some(first) = columns.next() else { return Table::default() };
    let rest: Vec<&Column> = columns.collect();
    let mut turned = vec![Column::words(&first.header, rest.iter().map(|column| column.header.clone()))];
    for (row, name) in first.cells.iter().enumerate() {
        let cells = rest.iter().map(|column| column.cells.get(row).cloned().unwrap_or_default());
        turned.push(Column::numbers(name, cells));
    }
    Table { columns: turned }
}

fn draw_grid(out: &mut String, table: &Table, look: Look) {
    let mut grid = comfy_table::Table::new();
    grid.force_no_tty().load_style(RULES);
    grid.set_content_arrangement(ContentArrangement::Dynamic);
    // The gap behind the last column is trimmed.
    grid.set_width(u16::try_from(look.width + GAP).unwrap_or(u16::MAX));
    if look.color {
        grid.enforce_styling();
    }
    grid.set_header(table.columns.iter().map(|column| {
        let cell = Cell::new(&column.header).set_alignment(alignment(column.align));
        if look.color { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for row in 0..table.rows() {
        grid.add_row(table.columns.iter().enumerate().map(|(index, column)| {
            Cell::new(printable(table.cell(row, index))).set_alignment(alignment(column.align))
        }));
    }
    // Numbers are never broken while words can be; words are not, where there is room.
    let least: Vec<usize> = table
        .columns
        .iter()
        .map(|column| match column.align {
            Align::Right => column_width(column) + GAP,
            Align::Left => longest_word(column).min(WORD) + GAP,
        })
        .collect();
    let keep = least.iter().sum::<usize>() <= look.width;
    for (least, column) in least.into_iter().zip(grid.column_iter_mut()) {
        column.set_padding((0, GAP as u16));
        if keep {
            let least = u16::try_from(least).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
    }
    for line in grid.lines() {
        let _ = writeln!(out, "{}", cut(line.trim_end(), look));
    }
}

/// A line without what reaches beyond the width; styled lines keep their escape sequences whole.
fn cut(line: &str, look: Look) -> String {
    if look.color || line.chars().count() <= look.width {
        line.to_owned()
    } else {
        line.chars().take(look.width).collect()
    }
}

fn alignment(align: Align) -> CellAlignment {
    match align {
        Align::Left => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    }
}

fn push_lines(out: &mut String, lines: &[String]) {
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
}

fn bold(text: &str, look: Look) -> String {
    if look.color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// A text without the control characters that would steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Breaks a text into lines of at most `width` characters, at spaces where there are any.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in printable(text).lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::document::{Section, Unit};
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let table = Table::of(vec![
            Column::words("name", ["a", "bbbb"]),
            Column::values("power", Unit::Metric("W"), [Some(5e6), Some(1e9)]),
        ]);
        let document = Document {
            title: "t".into(),
            lead: vec![],
            sections: vec![Section { heading: "h".into(), blocks: vec![Block::Table(table)] }],
        };
        let text = draw(&document, Look::default());
        assert!(text.contains("power [MW]"), "{text}");
        let ends: Vec<usize> =
            text.lines().filter(|l| l.contains("5.000") || l.contains("1,000")).map(str::len).collect();
        assert_eq!(ends.len(), 2);
        assert_eq!(ends[0], ends[1], "{text}");
    }

    #[test]
    fn no_escape_sequence_without_colour() {
        let document = Document { title: "title".into(), ..Document::default() };
        assert!(!draw(&document, Look { width: 80, color: false }).contains('\u{1b}'));
        assert!(draw(&document, Look { width: 80, color: true }).contains('\u{1b}'));
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }

    #[test]
    fn long_text_breaks_at_spaces() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert!(wrap("", 8).is_empty());
    }
}
