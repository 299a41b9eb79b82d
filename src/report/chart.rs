//! Bars and cascades, to scale: characters for text, SVG for pages.
//!
//! ~~~text
//! cells = round( width · value / full )
//! ~~~
//!
//! Both ends of a bar are rounded on the same grid, so a loss starts in the cell where what remains ends and
//! no rounding adds up along a chain.

use super::document::{Bars, Cascade, Step, StepKind};
use std::fmt::Write as _;

/// The cell in which a value ends on a scale of `width` cells.
#[must_use]
pub fn cell(value: f64, full: f64, width: usize) -> usize {
    if !(full > 0.0 && value.is_finite() && value > 0.0) {
        return 0;
    }
    ((value / full * width as f64).round() as usize).min(width)
}

/// A bar from zero in eighths of a cell; anything above zero shows at least an eighth.
#[must_use]
pub fn bar(value: f64, full: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = cell(value, full, width * 8).max(usize::from(value > 0.0 && full > 0.0));
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// A line of bars, one character each; anything above zero shows, and zero is a blank.
#[must_use]
pub fn sparkline(values: &[f64]) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let full = values.iter().copied().fold(0.0, f64::max);
    let height = |value: &f64| match cell(*value, full, HEIGHTS.len()) {
        0 if *value > 0.0 => HEIGHTS[0],
        0 => ' ',
        height => HEIGHTS[height - 1],
    };
    values.iter().map(height).collect()
}

/// The bar of one step: solid for what flows, shaded where something leaves, at its place on the scale.
#[must_use]
pub fn step_bar(step: &Step, full: f64, width: usize) -> String {
    let (from, to) = (cell(step.from, full, width), cell(step.to, full, width));
    match step.kind {
        StepKind::Level => "█".repeat(to),
        StepKind::Part => hang(" ", "▒", from, to, width),
        StepKind::Loss => hang("·", "░", from, to, width),
    }
}

/// Cells between two ends behind a leader; a thin mark where the ends share a cell.
fn hang(leader: &str, fill: &str, from: usize, to: usize, width: usize) -> String {
    if to > from {
        format!("{}{}", leader.repeat(from), fill.repeat(to - from))
    } else {
        format!("{}▏", leader.repeat(from.min(width.saturating_sub(1))))
    }
}

/// Lines of a bar chart in `width` columns.
#[must_use]
pub fn bar_lines(bars: &Bars, width: usize) -> Vec<String> {
    let labels = widest(bars.bars.iter().map(|(label, _, _)| label.as_str()), 34);
    let values = widest(bars.bars.iter().map(|(_, value, _)| value.as_str()), 20);
    let room = width.saturating_sub(labels + values + 4).max(8);
    let full = bars.full();
    bars.bars
        .iter()
        .map(|(label, value, size)| {
            let label = pad(label, labels);
            format!("{label}  {value:>values$}  {}", bar(*size, full, room)).trim_end().to_owned()
        })
        .collect()
}

/// Lines of a cascade in `width` columns.
#[must_use]
pub fn cascade_lines(cascade: &Cascade, width: usize) -> Vec<String> {
    let indent = |step: &Step| if step.kind == StepKind::Level { "" } else { "  " };
    let names: Vec<String> = cascade.steps.iter().map(|s| format!("{}{}", indent(s), s.label)).collect();
    let labels = widest(names.iter().map(String::as_str), 34);
    let values = widest(cascade.steps.iter().map(|step| step.value.as_str()), 20);
    let shares = widest(cascade.steps.iter().map(|step| step.share.as_str()), 8);
    let room = width.saturating_sub(labels + values + shares + 6).max(8);
    cascade
        .steps
        .iter()
        .zip(&names)
        .map(|(step, name)| {
            let (name, drawn) = (pad(name, labels), step_bar(step, cascade.full, room));
            format!("{name}  {:>values$}  {:>shares$}  {drawn}", step.value, step.share).trim_end().to_owned()
        })
        .collect()
}

/// The widest of some texts in characters, at most `limit`.
fn widest<'a>(texts: impl Iterator<Item = &'a str>, limit: usize) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0).min(limit)
}

/// A text filled or cut to a width.
fn pad(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:<width$}");
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

const ROW: usize = 24;
const LABELS: usize = 250;
const VALUES: usize = 110;
const DRAWN: usize = 540;

/// A bar chart as SVG.
#[must_use]
pub fn bars_svg(bars: &Bars) -> String {
    let mut svg = open(bars.bars.len(), &bars.header);
    let full = bars.full();
    for (row, (label, value, size)) in bars.bars.iter().enumerate() {
        text_cells(&mut svg, row, label, value);
        rectangle(&mut svg, row, 0.0, *size, full, "level");
    }
    svg.push_str("</svg>\n");
    svg
}

/// A cascade as SVG.
#[must_use]
pub fn cascade_svg(cascade: &Cascade) -> String {
    let mut svg = open(cascade.steps.len(), &cascade.header);
    for (row, step) in cascade.steps.iter().enumerate() {
        text_cells(&mut svg, row, &step.label, &format!("{}  {}", step.value, step.share));
        let class = match step.kind {
            StepKind::Level => "level",
            StepKind::Loss => "loss",
            StepKind::Part => "part",
        };
        rectangle(&mut svg, row, step.from, step.to, cascade.full, class);
    }
    svg.push_str("</svg>\n");
    svg
}

fn open(rows: usize, title: &str) -> String {
    let (width, height) = (LABELS + VALUES + DRAWN, rows * ROW);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\"><title>{}</title>\n",
        escape(title)
    )
}

fn text_cells(svg: &mut String, row: usize, label: &str, value: &str) {
    let y = row * ROW + ROW * 2 / 3;
    let _ = writeln!(svg, "<text x=\"0\" y=\"{y}\">{}</text>", escape(pad(label, 36).trim_end()));
    let x = LABELS + VALUES - 8;
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{}</text>", escape(value));
}

fn rectangle(svg: &mut String, row: usize, from: f64, to: f64, full: f64, class: &str) {
    let place = |value: f64| if full > 0.0 { (value / full).clamp(0.0, 1.0) * DRAWN as f64 } else { 0.0 };
    let (x, end) = (place(from), place(to));
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{:.2}\" y=\"{}\" width=\"{:.2}\" height=\"{}\"/>",
        (LABELS + VALUES) as f64 + x,
        row * ROW + 4,
        end - x,
        ROW - 8
    );
}

/// A text as HTML and SVG take it.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_sparkline_is_to_scale_and_shows_the_least() {
        assert_eq!(super::sparkline(&[0.0, 1e-9, 4.0, 8.0]), " ▁▄█");
        assert_eq!(super::sparkline(&[]), "");
        assert_eq!(super::sparkline(&[0.0]), " ");
    }

    use super::*;

    fn step(kind: StepKind, from: f64, to: f64) -> Step {
        Step { label: "x".into(), value: String::new(), share: String::new(), kind, from, to }
    }

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        // 500 of 1000 on 40 cells are 20 cells; 12.5 of 1000 are half a cell.
        assert_eq!(bar(500.0, 1000.0, 40), "█".repeat(20));
        assert_eq!(bar(12.5, 1000.0, 40), "▌");
        assert_eq!(bar(1000.0, 1000.0, 40).chars().count(), 40);
        assert_eq!(bar(0.0, 1000.0, 40), "");
        assert_eq!(bar(f64::NAN, 1000.0, 40), "");
    }

    #[test]
    fn a_loss_starts_where_what_remains_ends() {
        let full = 1000.0;
        for remains in [0.0, 3.0, 333.3, 617.0, 979.9] {
            let level = step_bar(&step(StepKind::Level, 0.0, remains), full, 60).chars().count();
            let loss = step_bar(&step(StepKind::Loss, remains, full), full, 60);
            let dots = loss.chars().filter(|c| *c == '·').count();
            assert_eq!(dots, level);
            let shaded = loss.chars().filter(|c| *c == '░').count();
            assert_eq!(dots + shaded, 60);
        }
    }

    #[test]
    fn a_chart_stays_within_its_width() {
        let bars = Bars {
            header: String::new(),
            bars: vec![("a".repeat(80), "1,000".into(), 1.0), ("b".into(), "5".into(), 0.5)],
        };
        assert!(bar_lines(&bars, 80).iter().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn rectangles_of_a_page_are_to_scale() {
        let cascade = Cascade {
            header: String::new(),
            full: 200.0,
            steps: vec![step(StepKind::Level, 0.0, 200.0), step(StepKind::Loss, 150.0, 200.0)],
        };
        let svg = cascade_svg(&cascade);
        assert!(svg.contains("width=\"540.00\""), "{svg}");
        assert!(svg.contains("x=\"765.00\"") && svg.contains("width=\"135.00\""), "{svg}");
    }

    #[test]
    fn markup_in_names_is_escaped() {
        assert_eq!(escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
