//! Predicted against measured as a picture: log–log panels drawn through `plotters`, on paper of their own.
//!
//! The paper is white whatever the page is, so the picture reads alike on light and dark pages. Coordinates of the
//! drawing crate are whole numbers, so it draws on a canvas [`FINE`] times as large as what is shown. Points of one
//! kind that fall on the same place are drawn once.

use super::chart::escape;
use super::document::{Panel, Scatter, count};
use plotters::coord::Shift;
use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::{
    ChartBuilder, Circle, DrawingArea, DrawingAreaErrorKind, DrawingBackend, IntoDrawingArea, IntoFont,
    IntoLogRange, PathElement, Polygon, RGBColor, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};
use std::collections::BTreeSet;

/// Units of the canvas to a unit of the picture.
const FINE: i32 = 4;
/// Width of a picture of one panel, and of several.
const WIDTHS: [i32; 2] = [760, 1_040];
const PANEL_HEIGHT: i32 = 480;
const HEAD: i32 = 84;
/// Panels beside each other.
const ACROSS: usize = 2;
/// Decades that have a tick each; longer axes have fewer.
const MOST_TICKS: i32 = 7;

/// Points above which marks are smaller.
const CROWD: usize = 500;

const INK: RGBColor = RGBColor(0x1b, 0x1f, 0x24);
const SOFT: RGBColor = RGBColor(0x57, 0x60, 0x6a);
const RULE: RGBColor = RGBColor(0xd5, 0xd9, 0xe0);
const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
const NEAR: RGBColor = RGBColor(0xcf, 0xd8, 0xe3);
const FAR: RGBColor = RGBColor(0xee, 0xf2, 0xf6);

/// Half-widths of the bands as factors, wide one first, with their names.
const BANDS: [(f64, f64, RGBColor, &str); 2] =
    [(0.5, 2.0, FAR, "within a factor of 2"), (0.75, 1.25, NEAR, "within ±25 %")];

/// Name of the diagonal.
const EQUAL: &str = "equal";

/// The mark of a kind: colours that colour-blind readers can tell apart (Okabe and Ito 2008), and a shape.
#[derive(Debug, Clone, Copy)]
struct Mark {
    color: RGBColor,
    /// Corners around the place, in eighths of the size; none is a disc.
    corners: &'static [(i32, i32)],
}

const MARKS: [Mark; 7] = [
    Mark { color: RGBColor(0x00, 0x72, 0xb2), corners: &[] },
    Mark { color: RGBColor(0xd5, 0x5e, 0x00), corners: &[(0, -9), (8, 6), (-8, 6)] },
    Mark { color: RGBColor(0x00, 0x9e, 0x73), corners: &[(-6, -6), (6, -6), (6, 6), (-6, 6)] },
    Mark { color: RGBColor(0xb8, 0x4a, 0x8c), corners: &[(0, -9), (9, 0), (0, 9), (-9, 0)] },
    Mark { color: RGBColor(0x8a, 0x6d, 0x00), corners: &[(0, 9), (8, -6), (-8, -6)] },
    Mark { color: RGBColor(0x3a, 0x3f, 0x47), corners: &[(-9, -4), (9, -4), (9, 4), (-9, 4)] },
    Mark { color: RGBColor(0x7d, 0x86, 0x90), corners: &[(-4, -9), (4, -9), (4, 9), (-4, 9)] },
];

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// The picture as SVG.
#[must_use]
pub fn svg(scatter: &Scatter) -> String {
    let across = scatter.panels.len().clamp(1, ACROSS);
    let down = scatter.panels.len().div_ceil(across).max(1);
    let width = WIDTHS[across - 1];
    let height = HEAD + PANEL_HEIGHT * i32::try_from(down).unwrap_or(1);
    let mut drawn = String::new();
    {
        let size = ((width * FINE) as u32, (height * FINE) as u32);
        let canvas = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
        // Drawing into a string fails for no input: an element off the canvas is cut off.
        let _ = draw(&canvas, scatter, width, (across, down));
    }
    let head = format!(
        "<svg class=\"paper\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>\n",
        width * FINE,
        height * FINE,
        escape(&scatter.title)
    );
    let body = drawn.split_once(">\n").map_or("", |(_, body)| body);
    head + body
}

fn style(size: i32, color: RGBColor, horizontal: HPos) -> TextStyle<'static> {
    let text = ("sans-serif", size * FINE).into_font().color(&color);
    text.pos(Pos::new(horizontal, VPos::Center))
}

fn draw<'a>(canvas: &Canvas<'a>, scatter: &Scatter, width: i32, (across, down): (usize, usize)) -> Drawn<'a> {
    canvas.fill(&PAPER)?;
    let (head, body) = canvas.split_vertically(HEAD * FINE);
    head.draw(&Text::new(scatter.title.clone(), (20 * FINE, 26 * FINE), style(19, INK, HPos::Left)))?;
    legend(&head, scatter, width)?;
    for (panel, area) in scatter.panels.iter().zip(body.split_evenly((down, across))) {
        draw_panel(&area, panel)?;
    }
    canvas.present()
}

/// The width of a text, a little more than a common sans-serif takes.
fn text_width(text: &str, size: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0) * size * 11 / 20
}

/// Kinds that have points, then the bands and the diagonal.
fn legend<'a>(head: &Canvas<'a>, scatter: &Scatter, width: i32) -> Drawn<'a> {
    let (mut x, y) = (28, 60);
    for (place, kind) in scatter.kinds.iter().enumerate() {
        if scatter.panels.iter().all(|panel| panel.points.iter().all(|point| point.kind != place)) {
            continue;
        }
        mark(head, place, [(x * FINE, y * FINE)].into_iter(), 5)?;
        head.draw(&Text::new(*kind, ((x + 10) * FINE, y * FINE), style(13, INK, HPos::Left)))?;
        x += 34 + text_width(kind, 13);
    }
    let mut right = width - 28;
    for (_, _, color, name) in BANDS {
        right -= text_width(name, 13);
        head.draw(&Text::new(name, (right * FINE, 26 * FINE), style(13, INK, HPos::Left)))?;
        let corners = [(right - 32, 19), (right - 10, 33)].map(|(x, y)| (x * FINE, y * FINE));
        head.draw(&Rectangle::new(corners, color.filled()))?;
        head.draw(&Rectangle::new(corners, RULE.stroke_width(FINE as u32)))?;
        right -= 52;
    }
    right -= text_width(EQUAL, 13);
    head.draw(&Text::new(EQUAL, (right * FINE, 26 * FINE), style(13, INK, HPos::Left)))?;
    let line = [(right - 32, 33), (right - 10, 19)].map(|(x, y)| (x * FINE, y * FINE));
    head.draw(&PathElement::new(line, SOFT.stroke_width(3 * FINE as u32 / 2)))?;
    Ok(())
}

/// Draws the mark of a kind at some places of an area of plain coordinates.
fn mark<'a>(
    area: &Canvas<'a>,
    kind: usize,
    places: impl Iterator<Item = (i32, i32)>,
    size: i32,
) -> Drawn<'a> {
    let Mark { color, corners } = MARKS[kind.min(MARKS.len() - 1)];
    let fill: ShapeStyle = color.mix(0.75).filled();
    for (x, y) in places {
        if corners.is_empty() {
            area.draw(&Circle::new((x, y), size * FINE * 7 / 8, fill))?;
        } else {
            let outline: Vec<(i32, i32)> =
                corners.iter().map(|(dx, dy)| (x + dx * size * FINE / 8, y + dy * size * FINE / 8)).collect();
            area.draw(&Polygon::new(outline, fill))?;
        }
    }
    Ok(())
}

/// Ends of both axes: from 1, 2 or 5 times a power of ten below the smallest value to one above the largest.
fn ends(panel: &Panel) -> (f64, f64) {
    let values = || panel.points.iter().flat_map(|point| [point.measured, point.predicted]);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let step = |value: f64, up: bool| {
        let decade = 10_f64.powf(value.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
        let above = steps.into_iter().find(|step| *step >= value);
        let below = steps.into_iter().rev().find(|step| *step <= value);
        if up { above.unwrap_or(10.0 * decade) } else { below.unwrap_or(decade) }
    };
    let (low, high) = (step(least * 0.9, false), step(most * 1.1, true));
    if low.is_normal() && high.is_finite() && low < high { (low, high) } else { (1.0, 10.0) }
}

/// Powers of ten between two ends; 1, 2 and 5 of each where there are few.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let every = ((last - first) / MOST_TICKS + 1).max(1) as usize;
    let steps: &[f64] = if last - first <= 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let powers = (first..=last).step_by(every).map(|power| 10_f64.powi(power));
    let inside = |tick: &f64| (low * 0.999..=high * 1.001).contains(tick);
    powers.flat_map(|power| steps.iter().map(move |step| step * power)).filter(inside).collect()
}

/// The label of a tick: `0.5`, `200`, `20,000`, `1e7`.
fn tick_text(value: f64) -> String {
    if (0.000_9..1e6).contains(&value) {
        if value >= 0.999 {
            count(value.round() as u64)
        } else {
            format!("{value:.3}").trim_end_matches('0').to_owned()
        }
    } else {
        format!("{value:.0e}")
    }
}

fn draw_panel<'a>(area: &Canvas<'a>, panel: &Panel) -> Drawn<'a> {
    area.draw(&Text::new(panel.title.clone(), (20 * FINE, 14 * FINE), style(15, INK, HPos::Left)))?;
    area.draw(&Text::new(panel.caption.clone(), (20 * FINE, 34 * FINE), style(12, SOFT, HPos::Left)))?;
    let (low, high) = ends(panel);
    let ticks = ticks((low, high));
    let range = || (low..high).log_scale().with_key_points(ticks.clone());
    let mut chart = ChartBuilder::on(area)
        .margin_left(14 * FINE)
        .margin_right(28 * FINE)
        .margin_top(48 * FINE)
        .margin_bottom(14 * FINE)
        .x_label_area_size(44 * FINE)
        .y_label_area_size(70 * FINE)
        .build_cartesian_2d(range(), range())?;
    let plane = chart.plotting_area();
    let place = |x: f64, y: f64| (x.clamp(low, high), y.clamp(low, high));
    for (below, above, color, _) in BANDS {
        // Straight between its corners on log axes; the corners of the square cut it off.
        let corners = [
            (low, low),
            (low, low * above),
            (high / above, high),
            (high, high),
            (high, high * below),
            (low / below, low),
        ];
        plane.draw(&Polygon::new(corners.map(|(x, y)| place(x, y)).to_vec(), color.filled()))?;
    }
    chart
        .configure_mesh()
        .x_labels(ticks.len())
        .y_labels(ticks.len())
        .x_max_light_lines(0)
        .y_max_light_lines(0)
        .bold_line_style(RULE.stroke_width(FINE as u32))
        .axis_style(SOFT.stroke_width(FINE as u32))
        .set_all_tick_mark_size(4 * FINE)
        .label_style(("sans-serif", 12 * FINE).into_font().color(&INK))
        .axis_desc_style(("sans-serif", 13 * FINE).into_font().color(&INK))
        .x_label_formatter(&|value| tick_text(*value))
        .y_label_formatter(&|value| tick_text(*value))
        .x_desc(format!("measured [{}]", panel.unit))
        .y_desc(format!("predicted [{}]", panel.unit))
        .draw()?;
    let plane = chart.plotting_area();
    plane.draw(&PathElement::new(vec![(low, low), (high, high)], SOFT.stroke_width(3 * FINE as u32 / 2)))?;
    // The rare kinds lie over the frequent ones.
    let mut kinds: Vec<(usize, usize)> = Vec::new();
    for kind in 0..MARKS.len() {
        kinds.push((panel.points.iter().filter(|point| point.kind == kind).count(), kind));
    }
    kinds.sort_by(|a, b| b.cmp(a));
    for (_, kind) in kinds {
        let places: BTreeSet<(i32, i32)> = panel
            .points
            .iter()
            .filter(|point| point.kind == kind)
            .map(|point| plane.map_coordinate(&(point.measured, point.predicted)))
            .map(|(x, y)| (x / 2 * 2, y / 2 * 2))
            .collect();
        let (left, top) = area.get_base_pixel();
        let size = if panel.points.len() > CROWD { 3 } else { 4 };
        mark(area, kind, places.into_iter().map(|(x, y)| (x - left, y - top)), size)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::document::Point;
    use super::*;

    const KINDS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "a kind with a longer name"];

    fn panel(values: &[(f64, f64)]) -> Panel {
        let points = values.iter().enumerate();
        let points = points.map(|(place, (measured, predicted))| Point {
            kind: place % KINDS.len(),
            measured: *measured,
            predicted: *predicted,
        });
        Panel { title: "T".into(), caption: "C & D".into(), unit: "tokens/s", points: points.collect() }
    }

    fn scatter(panels: Vec<Panel>) -> Scatter {
        Scatter { title: "A <title>".into(), kinds: &KINDS, panels }
    }

    /// A number of an attribute.
    fn attribute(tag: &str, name: &str) -> f64 {
        let start = tag.find(&format!(" {name}=\"")).expect("it has the attribute") + name.len() + 3;
        tag[start..].split('"').next().and_then(|text| text.parse().ok()).expect("it is a number")
    }

    /// Every text with its left and right end and its height in the picture; a letter is at most 0.62 of its size.
    fn texts(svg: &str) -> Vec<(String, [f64; 4])> {
        let fine = f64::from(FINE);
        svg.split("<text ")
            .skip(1)
            .map(|part| {
                let (tag, rest) = part.split_once('>').expect("the tag ends");
                let tag = format!(" {tag}");
                let words = rest.split('<').next().unwrap_or_default().trim().to_owned();
                let size = attribute(&tag, "font-size") / fine;
                let long = words.replace("&amp;", "&").chars().count() as f64 * size * 0.62;
                let (x, y) = (attribute(&tag, "x") / fine, attribute(&tag, "y") / fine);
                let before = if tag.contains("text-anchor=\"middle\"") {
                    0.5
                } else if tag.contains("text-anchor=\"end\"") {
                    1.0
                } else {
                    0.0
                };
                let ends = [x - before * long, x + (1.0 - before) * long, y - size, y + size];
                // A turned text runs along the height.
                let turned = [x - size, x + size, y - 0.5 * long, y + 0.5 * long];
                (words, if tag.contains("rotate") { turned } else { ends })
            })
            .collect()
    }

    #[test]
    fn every_text_stays_inside_the_page_and_off_the_others() {
        let wide = panel(&[(0.004, 0.005), (3.0, 2.0), (7e5, 1e6)]);
        let near = panel(&[(110.0, 100.0), (140.0, 150.0)]);
        for panels in [vec![wide.clone()], vec![wide.clone(), near.clone()], vec![near, wide.clone(), wide]] {
            let drawn = svg(&scatter(panels));
            let (width, height) = (attribute(&drawn, "width"), attribute(&drawn, "height"));
            let texts = texts(&drawn);
            assert!(texts.len() > 10);
            for (place, (words, [left, right, top, bottom])) in texts.iter().enumerate() {
                let inside = *left >= 0.0 && *right <= width && *top >= 0.0 && *bottom <= height;
                assert!(inside, "`{words}` leaves the page: {left} to {right}, {top} to {bottom}");
                for (others, [l, r, t, b]) in &texts[..place] {
                    // Half of the height is room between lines.
                    let apart =
                        right <= l || r <= left || (top + bottom - t - b).abs() >= (bottom - top) / 2.0;
                    assert!(apart, "`{words}` lies on `{others}`");
                }
            }
        }
    }

    #[test]
    fn values_that_nobody_measures_are_drawn_without_a_panic() {
        for values in [
            vec![(1e-300, 1e300)],
            vec![(f64::MIN_POSITIVE, f64::MIN_POSITIVE)],
            vec![(f64::MAX, f64::MAX)],
            vec![(5.0, 5.0)],
            vec![],
        ] {
            let drawn = svg(&scatter(vec![panel(&values)]));
            assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"), "{values:?}");
            assert!(!drawn.contains("NaN") && drawn.len() < 1_000_000, "{values:?}");
        }
        assert!(svg(&scatter(vec![])).ends_with("</svg>\n"));
    }

    #[test]
    fn a_point_on_the_diagonal_is_as_far_right_as_high() {
        let drawn = svg(&scatter(vec![panel(&[(1.0, 1.0), (100.0, 100.0), (10.0, 10.0)])]));
        let discs: Vec<&str> = drawn.split("<circle ").skip(1).collect();
        // The first of the legend; the second, of the first point.
        assert_eq!(discs.len(), 2);
        assert!(drawn.contains("A &lt;title&gt;") && drawn.contains("C &amp; D"), "names are escaped");
        assert_eq!(drawn, svg(&scatter(vec![panel(&[(1.0, 1.0), (100.0, 100.0), (10.0, 10.0)])])));
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks((1.0, 100.0)), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert!(ticks((1e-300, 1e300)).len() <= 8);
        assert_eq!([0.005, 0.5, 20.0, 50_000.0, 1e7].map(tick_text), ["0.005", "0.5", "20", "50,000", "1e7"]);
    }
}
