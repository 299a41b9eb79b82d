//! A document as one HTML page that needs no other file: tables, and charts as inline SVG.

use super::chart::{self, escape};
use super::document::{Align, Block, Document, Table};
use super::scatter;
use std::fmt::Write as _;

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#667;--rule:#d5d9e0;--page:#fff;--level:#2f6db5;--loss:#c8553d;--part:#5b9a6f}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#9aa3ad;--rule:#3a4048;--page:#15181c;--level:#6ea8e6;--loss:#e58a73;--part:#86c79b}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;border-bottom:1px solid var(--rule);padding-bottom:.2rem;margin-top:2rem}
dl.lead{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.8rem}
dl.lead div{border-left:3px solid var(--level);padding-left:.7rem}
dl.lead dt,dl.lead .note{color:var(--soft);font-size:.85rem}dl.lead dd{margin:0}dl.lead dd.value{font-size:1.3rem;font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}th,td{padding:.2rem .7rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
.right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.remark{border-left:3px solid var(--rule);padding-left:.7rem}
svg{max-width:100%;height:auto;font:13px system-ui,sans-serif}svg:not(.paper) text{fill:var(--ink)}
.level{fill:var(--level)}.loss{fill:var(--loss)}.part{fill:var(--part)}";

/// Draws a document.
#[must_use]
pub fn draw(document: &Document) -> String {
    let title = escape(&document.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    if !document.lead.is_empty() {
        out.push_str("<dl class=\"lead\">\n");
        for figure in &document.lead {
            let _ = writeln!(
                out,
                "<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"note\">{}</dd></div>",
                escape(&figure.label),
                escape(&figure.value),
                escape(&figure.note)
            );
        }
        out.push_str("</dl>\n");
    }
    for section in &document.sections {
        let _ = writeln!(out, "<section>\n<h2>{}</h2>", escape(&section.heading));
        for block in &section.blocks {
            draw_block(&mut out, block);
        }
        out.push_str("</section>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn draw_block(out: &mut String, block: &Block) {
    match block {
        Block::Table(table) => draw_table(out, table),
        Block::Bars(bars) => {
            let _ = writeln!(out, "<p>{}</p>\n{}", escape(&bars.header), chart::bars_svg(bars));
        }
        Block::Cascade(cascade) => {
            let _ = writeln!(out, "<p>{}</p>\n{}", escape(&cascade.header), chart::cascade_svg(cascade));
        }
        Block::Scatter(plot) => out.push_str(&scatter::svg(plot)),
        Block::Text(text) => {
            let _ = writeln!(out, "<p>{}</p>", escape(text));
        }
        Block::Note(text) => {
            let _ = writeln!(out, "<p class=\"remark\">{}</p>", escape(text));
        }
        Block::KeyValues(pairs) => {
            out.push_str("<div class=\"scroll\"><table>\n");
            for (key, value) in pairs {
                let _ = writeln!(out, "<tr><th>{}</th><td>{}</td></tr>", escape(key), escape(value));
            }
            out.push_str("</table></div>\n");
        }
        Block::Verbatim(text) => {
            let _ = writeln!(out, "<pre>{}</pre>", escape(text));
        }
    }
}

fn draw_table(out: &mut String, table: &Table) {
    if table.rows() == 0 {
        return;
    }
    let class = |align| if align == Align::Right { " class=\"right\"" } else { "" };
    out.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for column in &table.columns {
        let _ = write!(out, "<th{}>{}</th>", class(column.align), escape(&column.header));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in 0..table.rows() {
        out.push_str("<tr>");
        for (index, column) in table.columns.iter().enumerate() {
            let _ = write!(out, "<td{}>{}</td>", class(column.align), escape(table.cell(row, index)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}
