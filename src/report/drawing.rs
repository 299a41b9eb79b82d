//! Drawings of a plan on a page: A3, landscape, millimetres, one SVG each.
//!
//! Plans and elevations are to scale; their scale is a round one, printed and drawn as a bar. Every text is measured
//! before it is set: what does not fit its place is made smaller down to [`SMALLEST`], then left out in favour of the
//! column at the right, which says the same in words. Widths are those of DejaVu Sans, the widest of the usual fonts.

mod building;
mod campus;
mod hall;
mod one_line;
mod power;
mod rack;
mod year;

use crate::layout::{RackKind, Rect};
use crate::plan::Plan;
use crate::plan::result::SystemFloor;
use crate::units::text::{digits, group};
use svg::node::element::{Circle, Group, Line, Path, Rectangle, Text};

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Buildings, yards, streets and ducts on the ground.
    Campus,
    /// Halls and rooms of a building, storey by storey.
    Building,
    /// Racks of a hall or a network room.
    Hall,
    /// What is in a rack.
    Rack,
    /// From the utility to the racks, symbol by symbol.
    OneLine,
    /// Where the watts of the design hour go.
    Power,
    /// Facility over IT power of every hour.
    Year,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Campus, Self::Building, Self::Hall, Self::Rack, Self::OneLine, Self::Power, Self::Year];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Campus => "campus",
            Self::Building => "building",
            Self::Hall => "hall",
            Self::Rack => "rack",
            Self::OneLine => "one-line",
            Self::Power => "power",
            Self::Year => "year",
        }
    }
}

/// Which part of a plan is drawn, counted from zero: halls and rooms in each system, buildings over the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The hall.
    pub hall: u64,
    /// The network room that is drawn instead of a hall.
    pub room: Option<u64>,
    /// The building; else the one that holds the network room.
    pub building: Option<u64>,
    /// The storey of a campus plan.
    pub storey: u64,
    /// The one system of a mix whose hall, building or racks are drawn.
    pub system: Option<usize>,
}

impl View {
    /// The floors of the systems that are drawn.
    fn floors<'a>(&self, plan: &'a Plan) -> impl Iterator<Item = &'a SystemFloor> {
        self.numbered(plan).map(|(_, floor)| floor)
    }

    /// The same, each with the buildings of the systems before it.
    fn numbered<'a>(&self, plan: &'a Plan) -> impl Iterator<Item = (u64, &'a SystemFloor)> {
        let only = self.system;
        let all = plan.layout.floors.iter().enumerate();
        all.filter(move |(at, _)| only.is_none_or(|only| only == *at))
            .map(|(at, floor)| (plan.layout.buildings_before(at), floor))
    }
}

/// Draws a plan; none where nothing stands that could be drawn.
#[must_use]
pub fn draw(plan: &Plan, kind: Kind) -> Option<String> {
    draw_view(plan, kind, View::default())
}

/// Draws a part of a plan; none where it has no such part.
#[must_use]
pub fn draw_view(plan: &Plan, kind: Kind, view: View) -> Option<String> {
    let page = match kind {
        Kind::Campus => campus::draw(plan, view.storey)?,
        Kind::Building => building::draw(plan, view)?,
        Kind::Hall => hall::draw(plan, view)?,
        Kind::Rack => rack::draw(plan, view)?,
        Kind::OneLine => one_line::draw(plan)?,
        Kind::Power => power::draw(plan)?,
        Kind::Year => year::draw(plan)?,
    };
    Some(page.finish())
}

/// Page along and down [mm].
const PAGE: (f64, f64) = (420.0, 297.0);
/// Where a drawing may go [mm].
const FIELD: Rect = Rect { x: 12.0, y: 30.0, width: 308.0, depth: 252.0 };
/// The column of legend and facts [mm].
const COLUMN: Rect = Rect { x: 330.0, y: 30.0, width: 78.0, depth: 252.0 };
/// Smallest text [mm]: 5.7 points.
const SMALLEST: f64 = 2.0;
/// Usual text [mm].
const USUAL: f64 = 2.9;

const INK: &str = "#1b1f24";
const SOFT: &str = "#57606a";
const RULE: &str = "#c3c9d1";
const PAPER: &str = "#ffffff";

/// Colours that colour-blind readers can tell apart (Okabe and Ito 2008), greys for what stands beside.
fn color(kind: RackKind) -> &'static str {
    match kind {
        RackKind::Compute => "#0072b2",
        RackKind::Leaf => "#e69f00",
        RackKind::Spine => "#d55e00",
        RackKind::Core => "#a0305f",
        RackKind::EthernetCore => "#f0e442",
        RackKind::Circuit => "#7b4fb5",
        RackKind::Storage => "#6b7785",
        RackKind::Management => "#a9b4bf",
        RackKind::Power => "#cc79a7",
        RackKind::Cdu => "#009e73",
        RackKind::AirHandler => "#8fd0f5",
    }
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Width of a text [mm]: the widest of the usual sans-serif fonts, or a little more.
#[must_use]
pub fn text_width(text: &str, size: f64) -> f64 {
    let of = |letter: char| match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' | '·' | 'f' | 't' | '('
        | ')' => 0.40,
        'm' | 'w' | 'M' | 'W' | '%' | '→' | '×' => 0.99,
        _ if letter.is_uppercase() => 0.79,
        _ => 0.645,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// A page being drawn.
struct Page {
    body: Group,
    /// Where the next line of the column goes [mm].
    column: f64,
}

impl Page {
    /// An empty page with its title and what it shows.
    fn new(title: &str, subtitle: &str) -> Self {
        let mut page = Self { body: Group::new(), column: COLUMN.y + 4.0 };
        page.rect(Rect { x: 0.0, y: 0.0, width: PAGE.0, depth: PAGE.1 }, PAPER, None);
        page.rect(
            Rect { x: 6.0, y: 6.0, width: PAGE.0 - 12.0, depth: PAGE.1 - 12.0 },
            "none",
            Some((INK, 0.35)),
        );
        page.line((325.0, 24.0), (325.0, PAGE.1 - 6.0), RULE, 0.25, false);
        page.line((6.0, 24.0), (PAGE.0 - 6.0, 24.0), RULE, 0.25, false);
        let size = fitting(title, PAGE.0 - 24.0, 5.6);
        page.text((12.0, 14.0), size, Anchor::Start, INK, title);
        let size = fitting(subtitle, PAGE.0 - 24.0, 3.2);
        page.text((12.0, 20.0), size, Anchor::Start, SOFT, subtitle);
        page
    }

    fn finish(self) -> String {
        let document = svg::Document::new()
            .set("width", format!("{}mm", PAGE.0))
            .set("height", format!("{}mm", PAGE.1))
            .set("viewBox", (0, 0, PAGE.0, PAGE.1))
            .set("role", "img")
            .set("font-family", "Helvetica, Arial, 'DejaVu Sans', sans-serif")
            .add(self.body);
        format!("{document}\n")
    }

    fn add(&mut self, node: impl Into<Box<dyn svg::Node>>) {
        self.body = std::mem::take(&mut self.body).add(node);
    }

    fn rect(&mut self, at: Rect, fill: &str, stroke: Option<(&str, f64)>) {
        let (color, width) = stroke.unwrap_or(("none", 0.0));
        self.add(
            Rectangle::new()
                .set("x", round(at.x))
                .set("y", round(at.y))
                .set("width", round(at.width))
                .set("height", round(at.depth))
                .set("fill", fill)
                .set("stroke", color)
                .set("stroke-width", width),
        );
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64, dashed: bool) {
        let line = Line::new()
            .set("x1", round(from.0))
            .set("y1", round(from.1))
            .set("x2", round(to.0))
            .set("y2", round(to.1))
            .set("stroke", color)
            .set("stroke-width", width);
        self.add(if dashed { line.set("stroke-dasharray", "1.6 1.2") } else { line });
    }

    fn circle(&mut self, at: (f64, f64), radius: f64, fill: &str, stroke: &str) {
        self.add(
            Circle::new()
                .set("cx", round(at.0))
                .set("cy", round(at.1))
                .set("r", round(radius))
                .set("fill", fill)
                .set("stroke", stroke)
                .set("stroke-width", 0.4),
        );
    }

    fn path(&mut self, data: String, fill: &str) {
        self.add(Path::new().set("d", data).set("fill", fill));
    }

    /// Cells side by side, without a seam between them.
    fn cells(&mut self, data: String, fill: &str) {
        self.add(Path::new().set("d", data).set("fill", fill).set("shape-rendering", "crispEdges"));
    }

    fn text(&mut self, at: (f64, f64), size: f64, anchor: Anchor, color: &str, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.add(
            Text::new(words)
                .set("x", round(at.0))
                .set("y", round(at.1))
                .set("font-size", round(size))
                .set("text-anchor", anchor)
                .set("fill", color),
        );
    }

    /// A text turned to read upwards, its middle at a place.
    fn turned(&mut self, at: (f64, f64), size: f64, color: &str, words: &str) {
        let (x, y) = (round(at.0), round(at.1));
        self.add(
            Text::new(words)
                .set("x", x)
                .set("y", y)
                .set("font-size", round(size))
                .set("text-anchor", "middle")
                .set("fill", color)
                .set("transform", format!("rotate(-90 {x} {y})")),
        );
    }

    /// Words in the middle of a place, as large as fits up to a size; nothing where even the smallest do not fit.
    fn label(&mut self, at: Rect, most: f64, color: &str, words: &str) -> bool {
        let size = (most * at.width * 0.96 / text_width(words, most)).min(most).min(at.depth * 0.85);
        if size < SMALLEST {
            return false;
        }
        let (x, y) = at.center();
        self.text((x, y + 0.36 * size), size, Anchor::Middle, color, words);
        true
    }

    /// Words that read upwards in the middle of a place, like [`Self::label`].
    fn upright(&mut self, at: Rect, most: f64, color: &str, words: &str) -> bool {
        let size = (most * at.depth * 0.96 / text_width(words, most)).min(most).min(at.width * 0.85);
        if size < SMALLEST {
            return false;
        }
        let (x, y) = at.center();
        self.turned((x + 0.36 * size, y), size, color, words);
        true
    }

    /// A line through corners, dashed.
    fn corners(&mut self, corners: &[(f64, f64)], color: &str, width: f64) {
        for pair in corners.windows(2) {
            self.line(pair[0], pair[1], color, width, true);
        }
    }

    /// A heading in the column.
    fn heading(&mut self, words: &str) {
        self.column += 2.5;
        self.text((COLUMN.x, self.column), 3.4, Anchor::Start, INK, words);
        self.line(
            (COLUMN.x, self.column + 1.4),
            (COLUMN.x + COLUMN.width, self.column + 1.4),
            RULE,
            0.25,
            false,
        );
        self.column += 6.2;
    }

    /// A name and its value in the column; on two lines where one is too short.
    fn fact(&mut self, name: &str, value: &str) {
        let room = COLUMN.width - 2.0;
        let apart = text_width(name, USUAL) + text_width(value, USUAL) > room;
        self.paragraph(name, SOFT);
        if !apart {
            self.column -= LINE;
        }
        let size = fitting(value, room, USUAL);
        self.text((COLUMN.x + COLUMN.width, self.column), size, Anchor::End, INK, value);
        self.column += LINE;
    }

    /// A paragraph in the column.
    fn paragraph(&mut self, words: &str, color: &str) {
        for line in wrapped(words, COLUMN.width, USUAL) {
            self.text((COLUMN.x, self.column), USUAL, Anchor::Start, color, &line);
            self.column += LINE;
        }
    }

    /// A swatch with its meaning in the column.
    fn key(&mut self, fill: &str, stroke: &str, meaning: &str) {
        self.rect(
            Rect { x: COLUMN.x, y: self.column - 2.6, width: 5.0, depth: 3.2 },
            fill,
            Some((stroke, 0.2)),
        );
        for line in wrapped(meaning, COLUMN.width - 8.0, USUAL) {
            self.text((COLUMN.x + 7.5, self.column), USUAL, Anchor::Start, INK, &line);
            self.column += LINE;
        }
    }

    /// A line with its meaning in the column.
    fn line_key(&mut self, color: &str, dashed: bool, meaning: &str) {
        let y = self.column - 1.0;
        self.line((COLUMN.x, y), (COLUMN.x + 5.0, y), color, 0.5, dashed);
        self.text((COLUMN.x + 7.5, self.column), USUAL, Anchor::Start, INK, meaning);
        self.column += LINE;
    }

    /// The scale as a ratio and as a bar in the column.
    fn scale_bar(&mut self, scale: Scale) {
        self.heading("Scale");
        let ratio = group(&format!("{:.0}", scale.ratio));
        self.paragraph(&format!("1 : {ratio} on A3"), INK);
        // The longest round length that fits the column.
        let length = ROUND
            .iter()
            .flat_map(|round| (-2..4).map(move |power| round * 10_f64.powi(power)))
            .filter(|meters| scale.mm(*meters) <= COLUMN.width - 14.0)
            .fold(0.0, f64::max);
        let (x, y, part) = (COLUMN.x + 1.0, self.column, scale.mm(length) / 4.0);
        for index in 0..4 {
            let fill = if index % 2 == 0 { INK } else { PAPER };
            let at = Rect { x: x + f64::from(index) * part, y, width: part, depth: 1.6 };
            self.rect(at, fill, Some((INK, 0.2)));
        }
        self.text((x, y + 5.0), USUAL, Anchor::Start, INK, "0");
        self.text((x + 4.0 * part, y + 5.0), USUAL, Anchor::Middle, INK, &format!("{} m", short(length)));
        self.column += 11.0;
    }
}

/// Distance between lines of the column [mm].
const LINE: f64 = 4.3;
/// Mantissas of round scales.
const SCALES: [f64; 9] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5];
/// Mantissas of round bars.
const ROUND: [f64; 3] = [1.0, 2.0, 5.0];

/// The scale of a plan or elevation.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Metres in the world for a metre on paper.
    ratio: f64,
}

impl Scale {
    /// The largest round scale at which a rectangle of metres fits a rectangle of millimetres.
    fn fitting(width_m: f64, depth_m: f64, room: &Rect) -> Self {
        let least = (width_m * 1e3 / room.width).max(depth_m * 1e3 / room.depth).max(1e-3);
        let ratio = (-3..9)
            .flat_map(|power| SCALES.iter().map(move |round| round * 10_f64.powi(power)))
            .find(|ratio| *ratio >= least * (1.0 - 1e-9))
            .unwrap_or(least);
        Self { ratio }
    }

    /// The smallest of some scales: all of them fit at it.
    fn least(scales: impl Iterator<Item = Self>) -> Option<Self> {
        scales.max_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }

    /// Millimetres on paper.
    fn mm(self, meters: f64) -> f64 {
        meters * 1e3 / self.ratio
    }

    /// A rectangle of metres on paper, beside a corner.
    fn at(self, rect: &Rect, corner: (f64, f64)) -> Rect {
        Rect {
            x: corner.0 + self.mm(rect.x),
            y: corner.1 + self.mm(rect.y),
            width: self.mm(rect.width),
            depth: self.mm(rect.depth),
        }
    }
}

/// Places for so many drawings on a field: in lines, as wide as they are many.
fn cells(field: &Rect, count: usize) -> Vec<Rect> {
    let columns = (count as f64).sqrt().ceil().max(1.0) as usize;
    let lines = count.div_ceil(columns).max(1);
    let (width, depth) = (field.width / columns as f64, field.depth / lines as f64);
    let cell = |at: usize| Rect {
        x: field.x + (at % columns) as f64 * width,
        y: field.y + (at / columns) as f64 * depth,
        width,
        depth,
    };
    (0..count).map(cell).collect()
}

/// The size at which a text fits a width, at most the one asked for.
fn fitting(words: &str, width: f64, most: f64) -> f64 {
    let wide = text_width(words, most);
    if wide > width { most * width / wide } else { most }
}

/// Words in lines that fit a width.
fn wrapped(words: &str, width: f64, size: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if text_width(&longer, size) <= width || line.is_empty() {
            *line = longer;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// A size without the zeros that say nothing.
fn short(value: f64) -> String {
    let text = digits(value);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A stage or part as people write it: abbreviations in capitals.
fn spelled(name: &str) -> String {
    let word = |word: &str| match word {
        "hv" | "mv" | "lv" | "dc" | "ac" | "ups" | "pdu" => word.to_uppercase(),
        _ => word.to_owned(),
    };
    name.split(['-', ' ']).map(word).collect::<Vec<_>>().join(" ")
}

/// A coordinate as it is written: to a hundredth of a millimetre.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// What every drawing says below its title.
fn subtitle(plan: &Plan) -> String {
    let said = |path: &[&str]| {
        let mut value = &plan.scenario.fields;
        for key in path {
            value = &value[*key];
        }
        value.as_str().unwrap_or_default().to_owned()
    };
    let systems: Vec<String> = plan
        .fleet
        .systems
        .iter()
        .map(|system| format!("{} {}", group(&system.racks.to_string()), system.id))
        .collect();
    format!(
        "{} at {} · {} · {} racks · gigawatt {}",
        said(&["envelope", "power"]),
        if said(&["envelope", "measured_at"]) == "utility" { "the utility meter" } else { "the rack inputs" },
        said(&["site", "id"]),
        systems.join(", "),
        env!("CARGO_PKG_VERSION"),
    )
}

/// Watts with their prefix.
fn watts(value: f64) -> String {
    crate::units::text::show(crate::units::Watts(value))
}

/// A count with its digits in groups.
fn count(number: u64) -> String {
    group(&number.to_string())
}
