//! Markets down, plants across: one cell a pair, shaded from the worst to the best, the number in it.

use super::chart::escape;
use super::sites::SitesReport;
use crate::units::text::digits;
use std::fmt::Write as _;

const LABEL_WIDTH: usize = 240;
const CELL_WIDTH: usize = 150;
const CELL_HEIGHT: usize = 22;
const HEADER_HEIGHT: usize = 64;
/// Worst and best cell [red, green, blue].
const SHADES: [[f64; 3]; 2] = [[245.0, 238.0, 228.0], [64.0, 140.0, 190.0]];

/// Cells of a map: what stands in each, and what it is shaded by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeatMap {
    /// What the numbers are, with the unit.
    pub title: String,
    /// From the left.
    pub columns: Vec<String>,
    /// From the top: label, and one value a column where there is one.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
    /// Whether a larger value is better.
    pub more_is_better: bool,
}

impl HeatMap {
    /// The map of a ranking: markets in the order of their best pair.
    #[must_use]
    pub fn of(report: &SitesReport) -> Self {
        let (title, more_is_better) = report.measure();
        let mut map = Self { title: title.into(), more_is_better, ..Self::default() };
        for (market, design, value) in report.cells() {
            let column = map.columns.iter().position(|known| *known == design).unwrap_or_else(|| {
                map.columns.push(design.clone());
                map.columns.len() - 1
            });
            let row = map.rows.iter().position(|(known, _)| *known == market).unwrap_or_else(|| {
                map.rows.push((market.clone(), Vec::new()));
                map.rows.len() - 1
            });
            let cells = &mut map.rows[row].1;
            cells.resize(cells.len().max(column + 1), None);
            cells[column] = value;
        }
        map
    }

    /// The drawing.
    #[must_use]
    pub fn svg(&self) -> String {
        let (width, height) = (
            LABEL_WIDTH + CELL_WIDTH * self.columns.len(),
            HEADER_HEIGHT + CELL_HEIGHT * self.rows.len() + 8,
        );
        let mut svg = format!(
            "<svg class=\"paper\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" font-family=\"system-ui,sans-serif\" font-size=\"12\">\n\
             <title>{title}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"8\" y=\"20\" font-size=\"14\" font-weight=\"600\">{title}</text>\n",
            title = escape(&self.title)
        );
        for (column, name) in self.columns.iter().enumerate() {
            let x = LABEL_WIDTH + CELL_WIDTH * column + CELL_WIDTH / 2;
            let y = HEADER_HEIGHT - 8;
            let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", escape(name));
        }
        let values = || self.rows.iter().flat_map(|(_, cells)| cells.iter().flatten().copied());
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        for (row, (label, cells)) in self.rows.iter().enumerate() {
            let y = HEADER_HEIGHT + CELL_HEIGHT * row;
            let text_y = y + CELL_HEIGHT - 7;
            let _ = writeln!(svg, "<text x=\"8\" y=\"{text_y}\">{}</text>", escape(label));
            for (column, value) in cells.iter().enumerate() {
                let Some(value) = value else { continue };
                let x = LABEL_WIDTH + CELL_WIDTH * column;
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL_WIDTH}\" height=\"{CELL_HEIGHT}\" fill=\"{}\"/>\n\
                     <text x=\"{}\" y=\"{text_y}\" text-anchor=\"middle\">{}</text>",
                    self.shade(*value, low, high),
                    x + CELL_WIDTH / 2,
                    digits(*value)
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The shade of a value on the way from the worst to the best.
    fn shade(&self, value: f64, low: f64, high: f64) -> String {
        let part = if high > low { (value - low) / (high - low) } else { 1.0 };
        let good = if self.more_is_better { part } else { 1.0 - part };
        let [worst, best] = SHADES;
        let mixed = [0, 1, 2].map(|color| (worst[color] + (best[color] - worst[color]) * good).round() as u8);
        format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_cell_is_darkest_and_an_absent_one_is_blank() {
        let map = HeatMap {
            title: "PUE <of the year>".into(),
            columns: vec!["towers".into(), "dry".into()],
            rows: vec![("a".into(), vec![Some(1.1), None]), ("b".into(), vec![Some(1.3), Some(1.2)])],
            more_is_better: false,
        };
        let svg = map.svg();
        assert_eq!(svg.matches("<rect x=").count(), 3);
        assert!(svg.contains("PUE &lt;of the year&gt;"), "{svg}");
        assert_eq!(map.shade(1.1, 1.1, 1.3), "#408cbe");
        assert_eq!(map.shade(1.3, 1.1, 1.3), "#f5eee4");
    }
}
