//! A document as Markdown: tables as tables, charts as fenced text.

use super::chart;
use super::document::{Align, Block, Document, SCATTER_ELSEWHERE, Table};
use std::fmt::Write as _;

const WIDTH: usize = 96;

/// Draws a document.
#[must_use]
pub fn draw(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(&document.title));
    if !document.lead.is_empty() {
        out.push('\n');
        for figure in &document.lead {
            let note = if figure.note.is_empty() { String::new() } else { format!(" ({})", figure.note) };
            let _ =
                writeln!(out, "- {}: **{}**{}", escape(&figure.label), escape(&figure.value), escape(&note));
        }
    }
    for section in &document.sections {
        let _ = write!(out, "\n## {}\n", escape(&section.heading));
        for block in &section.blocks {
            out.push('\n');
            draw_block(&mut out, block);
        }
    }
    out
}

fn draw_block(out: &mut String, block: &Block) {
    match block {
        Block::Table(table) => draw_table(out, table),
        Block::Bars(bars) => fence(out, &bars.header, &chart::bar_lines(bars, WIDTH)),
        Block::Cascade(cascade) => fence(out, &cascade.header, &chart::cascade_lines(cascade, WIDTH)),
        Block::Scatter(_) => {
            let _ = writeln!(out, "> {SCATTER_ELSEWHERE}");
        }
        Block::Text(text) => {
            let _ = writeln!(out, "{}", escape(text));
        }
        Block::Note(text) => {
            let _ = writeln!(out, "> {}", escape(text));
        }
        Block::KeyValues(pairs) => {
            for (key, value) in pairs {
                let _ = writeln!(out, "- {}: {}", escape(key), escape(value));
            }
        }
        Block::Verbatim(text) => fence(out, "", &text.lines().map(str::to_owned).collect::<Vec<_>>()),
    }
}

fn draw_table(out: &mut String, table: &Table) {
    if table.rows() == 0 {
        return;
    }
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push_str(&row(table.columns.iter().map(|column| escape(&column.header)).collect()));
    let rule = |align| if align == Align::Right { "--:" } else { ":--" }.to_owned();
    out.push_str(&row(table.columns.iter().map(|column| rule(column.align)).collect()));
    for index in 0..table.rows() {
        out.push_str(&row((0..table.columns.len()).map(|c| escape(table.cell(index, c))).collect()));
    }
}

fn fence(out: &mut String, header: &str, lines: &[String]) {
    out.push_str("```text\n");
    for line in std::iter::once(header).filter(|h| !h.is_empty()).chain(lines.iter().map(String::as_str)) {
        out.push_str(&line.replace("```", "'''"));
        out.push('\n');
    }
    out.push_str("```\n");
}

/// A text that Markdown takes as text, on one line.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\n' => escaped.push(' '),
            '\\' | '|' | '*' | '_' | '`' | '<' | '#' | '[' | ']' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::document::{Column, Section};
    use super::*;

    #[test]
    fn cells_can_not_break_out_of_a_table() {
        let table = Table::of(vec![Column::words("a|b", ["x\ny"]), Column::counts("n", [1234])]);
        let document = Document {
            title: "t".into(),
            lead: vec![],
            sections: vec![Section { heading: "h".into(), blocks: vec![Block::Table(table)] }],
        };
        let text = draw(&document);
        assert!(text.contains("| a\\|b | n |\n| :-- | --: |\n| x y | 1,234 |"), "{text}");
    }
}
