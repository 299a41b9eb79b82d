//! The one-line diagram: from the circuits of the grid over the sections of each busbar and the systems of each stage to
//! racks with two cords, with breakers, ties, ratings and loading. A diagram, not to scale.
//!
//! A row is a stage with as many columns as its doubling has sorts of systems: all of 2N and of a distributed design, the
//! first, the others and the spare of a shared or block-redundant one. Below it lies the busbar that it feeds.

mod symbols;

use super::{Anchor, FIELD, INK, Page, SOFT, count, spelled, subtitle, watts};
use crate::catalog::profile::StageKind;
use crate::plan::Plan;
use crate::plan::result::{Stage, SystemFleet};
use crate::power::Redundancy;
use crate::report::electrical::rating;
use crate::units::text::{brief, digits, show};
use symbols::{Symbol, WIRE, breaker, dot, hung, rack, symbol};

/// Where systems stand, along the page [mm].
const CENTER: (f64, f64) = (84.0, 204.0);
/// Where words begin [mm].
const WORDS: f64 = 211.0;
/// Between two sections of a busbar [mm].
const GAP: f64 = 8.0;
/// From the middle of such a gap to the next wire [mm].
const CLEAR: f64 = 0.5 * GAP + 2.5;
/// Depth that what stands between busway and rack takes [mm].
const CONVERTER: f64 = 12.0;
/// Racks that stand for all.
const RACKS: usize = 3;

/// A title with lines below it.
#[derive(Default)]
struct Words {
    title: String,
    lines: Vec<String>,
}

impl Words {
    fn of(title: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        let lines = lines.into_iter().filter(|line| !line.is_empty()).collect();
        Self { title: title.into(), lines }
    }

    /// Depth of the block [mm].
    fn depth(&self) -> f64 {
        if self.title.is_empty() { 0.0 } else { 4.4 + 4.0 * self.lines.len() as f64 }
    }
}

/// What hangs on a busbar beside the way to the racks.
enum Tap {
    Engines(String),
    Capacitors(String),
    Battery(String),
    Plant(Boards),
}

/// The switchboards of plant and house.
struct Boards {
    /// Power of plant and house.
    power: String,
    /// Transformers of their own.
    transformers: Option<String>,
    /// The UPS of what must not stop, and what hangs on it.
    essential: Option<[String; 2]>,
}

impl Tap {
    /// Places that it takes along the busbar.
    fn places(&self) -> f64 {
        if matches!(self, Self::Plant(Boards { essential: Some(_), .. })) { 2.0 } else { 1.0 }
    }
}

/// How the sections of a busbar are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// Not at all: separate systems.
    Apart,
    /// By ties that are open.
    Open,
    /// By ties that are closed.
    Closed,
}

/// One system, or several alike, of a stage.
#[derive(Clone)]
struct Column {
    label: String,
    /// Stands by without load.
    idle: bool,
}

/// A stage with the busbar that it feeds.
struct Row {
    symbol: Symbol,
    columns: Vec<Column>,
    words: Words,
    joined: Joined,
    board: Words,
    taps: Vec<Tap>,
}

impl Row {
    /// Depth that its words and symbols ask for below a busbar of which so much is said [mm].
    fn depth(&self, above: f64) -> f64 {
        let symbol = if self.symbol == Symbol::Wire { 12.0 } else { 19.0 };
        f64::max(symbol, 0.5 * above + self.words.depth() + 0.5 * self.board.depth() + 3.0)
    }
}

/// Letters of systems.
fn letter(place: usize) -> String {
    char::from(b'A' + (place % 26) as u8).to_string()
}

/// The columns of so many modules that are doubled like this.
fn columns(redundancy: Redundancy, modules: u64, standby: &str) -> Vec<Column> {
    let plain = |label: String| Column { label, idle: false };
    let shared = |carrying: u64, last: Option<Column>| {
        let mut all = vec![plain("1".into())];
        match carrying {
            0 | 1 => {}
            2 => all.push(plain("2".into())),
            more => all.push(plain(format!("2 … {}", count(more)))),
        }
        all.extend(last);
        all
    };
    let carrying = |parts: u32| u64::from(parts.max(1)).min(modules.saturating_sub(1).max(1));
    match redundancy {
        // Like ones side by side, of which none takes over from another.
        Redundancy::N => {
            vec![plain(if modules > 1 { format!("1 … {}", count(modules)) } else { "1".into() })]
        }
        Redundancy::TwoN => (0..2).map(|place| plain(letter(place))).collect(),
        Redundancy::MakeK { needed } => (0..=needed as usize).map(|place| plain(letter(place))).collect(),
        Redundancy::NPlus1 { needed } => shared(carrying(needed), Some(plain("+ 1".into()))),
        Redundancy::BlockRedundant { blocks } => {
            shared(carrying(blocks), Some(Column { label: standby.into(), idle: true }))
        }
    }
}

/// How the outputs of such systems are joined.
fn joined(redundancy: Redundancy) -> Joined {
    match redundancy {
        Redundancy::TwoN | Redundancy::MakeK { .. } => Joined::Apart,
        Redundancy::N | Redundancy::NPlus1 { .. } | Redundancy::BlockRedundant { .. } => Joined::Open,
    }
}

/// A line of the equipment schedule as count and rating, with a word before it.
fn bought(plan: &Plan, word: &str, name: &str) -> Option<String> {
    let line = plan.electrical.schedule.iter().find(|line| line.name == name)?;
    Some(format!("{word} {} × {}", count(line.count), rating(line)).trim().to_owned())
}

/// What breakers have to break, as their line of the schedule says it.
fn faults(plan: &Plan, name: &str) -> Option<String> {
    let line = plan.electrical.schedule.iter().find(|line| line.name == name)?;
    line.basis.rsplit_once("; ").map(|(_, fault)| fault.to_owned())
}

fn parts(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn said(plan: &Plan, field: &str) -> String {
    plan.scenario.fields["grid"][field].as_str().unwrap_or_default().to_owned()
}

/// Whether main transformers stand between grid and campus.
fn has_substation(plan: &Plan) -> bool {
    plan.power.stages.iter().any(|stage| stage.kind == StageKind::MainTransformer)
}

/// The circuits of the grid and the busbar that they end on.
fn grid(plan: &Plan) -> Row {
    let circuits = plan.scenario.fields["grid"]["circuits"].as_u64().unwrap_or(1).clamp(1, 4);
    let substations = plan.electrical.load_flow.as_ref().map_or(1, |flow| flow.substations);
    let of = if substations > 1 { format!(", one of {substations} substations") } else { String::new() };
    let words = Words::of(
        format!("grid, {}{of}", said(plan, "voltage")),
        [
            format!(
                "{circuits} circuits that each carry it, {} of short circuit",
                said(plan, "short_circuit")
            ),
            format!("{} in the design hour", watts(plan.power.facility_peak.0)),
        ],
    );
    let columns = (1..=circuits).map(|number| Column { label: format!("{number}"), idle: false }).collect();
    let (symbol, at_campus) = (Symbol::Grid, !has_substation(plan));
    let board = if at_campus {
        campus(plan)
    } else {
        Words::of("busbar of the grid", [parts([bought(plan, "breakers", "grid breakers")])])
    };
    let joined = if at_campus { campus_ties(plan) } else { Joined::Closed };
    let taps = if at_campus { campus_taps(plan) } else { Vec::new() };
    Row { symbol, columns, words, joined, board, taps }
}

/// How the sections of the campus busbar are joined; where they are not, feeders do not join them in the buildings.
fn campus_ties(plan: &Plan) -> Joined {
    if plan.electrical.faults.is_some_and(|faults| !faults.ties_open) { Joined::Closed } else { Joined::Open }
}

/// The busbar of the campus.
fn campus(plan: &Plan) -> Words {
    let ties = plan.electrical.faults.map(|faults| {
        let many = if faults.sections == 1 { "" } else { "s" };
        let ties = if faults.ties_open { "open" } else { "closed" };
        format!("{} section{many}, ties {ties}", count(faults.sections))
    });
    Words::of(
        format!("campus busbar, {}", said(plan, "campus_voltage")),
        [
            parts([ties, bought(plan, "main breakers", "campus main breakers")]),
            parts([faults(plan, "campus main breakers")]),
        ],
    )
}

/// What hangs on the campus busbar.
fn campus_taps(plan: &Plan) -> Vec<Tap> {
    let mut taps: Vec<Tap> = bought(plan, "", "engines").map(Tap::Engines).into_iter().collect();
    // One symbol stands for all sections: what hangs on each of them alike is said of one.
    let sections = plan.electrical.faults.map_or(1, |faults| faults.sections.max(1));
    let banks = plan.electrical.schedule.iter().find(|line| line.name == "capacitor banks");
    taps.extend(banks.map(|banks| {
        let each = if sections > 1 { " a section" } else { "" };
        Tap::Capacitors(format!("{} × {}{each}", count(banks.count / sections), rating(banks)))
    }));
    taps.extend(bought(plan, "", "substation batteries").map(Tap::Battery));
    taps
}

/// Cooling and house loads.
fn plant(plan: &Plan) -> Vec<Tap> {
    let loads = plan.power.overheads.iter().filter(|(name, _)| !name.ends_with("loss"));
    let power: f64 = loads.map(|(_, load)| load.0).sum();
    let racks = if plan.power.kept_racks.0 > 0.0 { "switches, storage, pumps" } else { "pumps, controls" };
    let essential = bought(plan, "", "essential UPS blocks").map(|ups| [ups, racks.to_owned()]);
    vec![Tap::Plant(Boards {
        power: watts(power),
        transformers: bought(plan, "", "plant transformers"),
        essential,
    })]
}

/// What a stage carries and loses, and what its rest carries when one is out.
fn carried(plan: &Plan, stage: &Stage) -> [String; 2] {
    let out = match stage.kind {
        StageKind::MainTransformer => "one main transformer",
        StageKind::Feeders => "one feeder",
        StageKind::UnitTransformer => "one unit substation",
        StageKind::Ups => "one UPS block, those",
        _ => "one of none",
    };
    let named = format!("one {},", stage.name.replace('-', " "));
    let outage = plan.electrical.load_flow.as_ref().and_then(|flow| {
        let mut found = flow.outages.iter();
        let found = found.find(|outage| outage.name.starts_with(out) || outage.name.starts_with(&named))?;
        Some(if found.dark.0 > 0.0 {
            format!("without one {} are dark", watts(found.dark.0))
        } else {
            format!("without one the rest at {} %", digits(100.0 * found.loading))
        })
    });
    let lost = format!(
        "{} in, {} lost ({} %), at {} %",
        watts(stage.input.0),
        watts(stage.loss.0),
        digits(100.0 * stage.loss.0 / stage.input.0.max(1.0)),
        digits(100.0 * stage.load_fraction.0)
    );
    [lost, outage.unwrap_or_default()]
}

/// A stage of the chain as a row.
fn row(plan: &Plan, stage: &Stage) -> Row {
    let modules = stage.modules.max(1);
    let plain = || Some(format!("{} × {}", count(modules), watts(stage.installed.0 / modules as f64)));
    let own = |name: &str| bought(plan, "", name).or_else(plain);
    let [lost, outage] = carried(plan, stage);
    let words = |title: String, own: Option<String>, more: Option<String>| {
        let doubled = arrangement(stage.redundancy, modules).map(|how| format!("{how} "));
        Words::of(
            title,
            [parts([own.map(|own| format!("{}{own}", doubled.unwrap_or_default())), more]), lost, outage],
        )
    };
    let name = spelled(&stage.name);
    let all = columns(stage.redundancy, modules, "catcher");
    let joined = joined(stage.redundancy);
    match stage.kind {
        StageKind::MainTransformer => Row {
            symbol: Symbol::Transformer,
            columns: columns(stage.redundancy, modules, "spare"),
            words: words("main transformers".into(), own("main transformers"), None),
            joined: campus_ties(plan),
            board: campus(plan),
            taps: campus_taps(plan),
        },
        StageKind::Feeders => {
            let buildings = plan.layout.buildings.max(1);
            let each = modules.div_ceil(buildings);
            let length = plan.electrical.load_flow.as_ref();
            let length = length.map(|flow| format!("{} km in all", digits(flow.feeder_length.0 / 1e3)));
            let title =
                format!("feeders to {} building{}", count(buildings), if buildings > 1 { "s" } else { "" });
            Row {
                symbol: Symbol::Wire,
                columns: columns(Redundancy::NPlus1 { needed: u32::try_from(each).unwrap_or(2) }, each, ""),
                words: Words::of(title, [parts([own("feeders"), length]), carried(plan, stage)[0].clone()]),
                joined: campus_ties(plan),
                board: Words::of(
                    format!("switchgear of the buildings, {}", said(plan, "campus_voltage")),
                    [parts([
                        bought(plan, "sections", "building switchgear"),
                        bought(plan, "ties", "building tie breakers"),
                    ])],
                ),
                taps: Vec::new(),
            }
        }
        StageKind::UnitTransformer | StageKind::SolidStateTransformer => {
            let converter = stage.kind == StageKind::SolidStateTransformer;
            let (symbol, title) = if converter {
                (Symbol::Converter("~/="), "solid-state transformers")
            } else {
                (Symbol::Transformer, "unit substations")
            };
            let volts = brief(plan.electrical.switchboard_voltage);
            let tied =
                matches!(stage.redundancy, Redundancy::NPlus1 { .. } | Redundancy::BlockRedundant { .. });
            let mains = if tied { "mains and ties" } else { "mains" };
            let board = Words::of(
                format!("switchboards, {volts}{}", if converter { " of direct current" } else { "" }),
                [parts([
                    bought(plan, mains, "low-voltage main breakers"),
                    bought(plan, mains, "direct-current main breakers"),
                    faults(plan, "low-voltage main breakers"),
                ])],
            );
            Row {
                symbol,
                columns: all,
                words: words(title.into(), own(title), None),
                joined,
                board,
                taps: Vec::new(),
            }
        }
        StageKind::Ups => Row {
            symbol: Symbol::Converter("UPS"),
            columns: all,
            words: words(
                "UPS blocks".into(),
                own("UPS blocks"),
                bought(plan, "static switches", "static transfer switches")
                    .or_else(|| bought(plan, "batteries", "UPS batteries")),
            ),
            joined,
            board: Words::default(),
            taps: Vec::new(),
        },
        _ => Row {
            symbol: if stage.kind.converts() { Symbol::Converter("~/=") } else { Symbol::Transformer },
            columns: all,
            words: words(name, plain(), None),
            joined,
            board: Words::default(),
            taps: Vec::new(),
        },
    }
}

/// How so many modules are doubled, as people write it.
fn arrangement(redundancy: Redundancy, modules: u64) -> Option<String> {
    let needed = redundancy.reserve(u32::try_from(modules).unwrap_or(u32::MAX)).needed;
    match redundancy {
        Redundancy::N => None,
        Redundancy::TwoN => Some("2N:".into()),
        Redundancy::NPlus1 { .. } => Some(format!("{needed} + 1:")),
        Redundancy::MakeK { needed } => Some(format!("{} to make {needed}:", needed + 1)),
        Redundancy::BlockRedundant { .. } => Some(format!("one standby for {needed}:")),
    }
}

/// The number of stages before the point where cooling and house loads branch off.
pub(super) fn branching(stages: &[Stage]) -> usize {
    stages.iter().position(|stage| stage.racks_only).unwrap_or(stages.len())
}

/// The rows above the busways, and the stage that hangs below them.
fn rows(plan: &Plan) -> (Vec<Row>, Option<&Stage>, Option<&Stage>) {
    let stages = &plan.power.stages;
    let branch = branching(stages);
    let busway = stages.iter().rposition(|stage| stage.kind == StageKind::Bus);
    let mut all = vec![grid(plan)];
    for (number, stage) in stages.iter().enumerate().take(busway.unwrap_or(stages.len())) {
        if number == branch {
            hang(plan, &mut all);
        }
        all.push(row(plan, stage));
    }
    if branch >= busway.unwrap_or(stages.len()) {
        hang(plan, &mut all);
    }
    let busway = busway.map(|at| (at, &stages[at]));
    let below = busway.and_then(|(at, _)| stages[at + 1..].iter().find(|stage| stage.kind.converts()));
    (all, busway.map(|(_, stage)| stage), below)
}

/// Hangs the plant on the busbar of the last row: the switchboards, or that of the buildings at campus voltage.
fn hang(plan: &Plan, rows: &mut [Row]) {
    if let Some(row) = rows.last_mut() {
        row.taps.extend(plant(plan));
    }
}

/// Draws the chain; none without IT.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    if plan.power.it_provisioned.0 <= 0.0 {
        return None;
    }
    let mut page = Page::new("One-line diagram, design hour", &subtitle(plan));
    let (rows, busway, below) = rows(plan);
    let lines = busways(&rows, busway);
    let last = rows.last()?;
    // What hangs on the last busbar, and what is said of it, stands above the busways.
    let lead = (0.5 * last.board.depth() + 4.0).max(if last.taps.is_empty() { 8.0 } else { 17.0 });
    let converter = if below.is_some() { CONVERTER } else { 0.0 };
    let rack_words = rack_words(plan, below);
    // Words beside the racks begin above them, and may reach below them.
    let rest = (30.0 + converter).max(rack_words.depth() + 9.0);
    let foot = lead + 5.0 * lines as f64 + rest;
    let boards = std::iter::once(0.0).chain(rows.iter().map(|row| row.board.depth()));
    let depths: Vec<f64> = rows.iter().zip(boards.clone()).map(|(row, above)| row.depth(above)).collect();
    let stretch = ((FIELD.depth - foot) / depths.iter().sum::<f64>()).min(2.2);
    let mut y = FIELD.y - 2.0;
    let mut above: Option<(Vec<f64>, Joined)> = None;
    for (number, ((row, said), depth)) in rows.iter().zip(boards).zip(depths).enumerate() {
        let bottom = y + depth * stretch;
        let xs = places(row.columns.len(), above.as_ref());
        let goes_on = number + 1 == rows.len() && lines == row.columns.len() && row.joined == Joined::Apart;
        drawn(&mut page, row, &xs, (y, bottom), goes_on);
        let room = (y + 0.5 * said, bottom - 0.5 * row.board.depth());
        written(&mut page, &row.words, f64::midpoint(room.0, room.1) - 0.5 * row.words.depth() + 3.0);
        written(&mut page, &row.board, room.1 + 3.0);
        above = Some((xs, row.joined));
        y = bottom;
    }
    let (xs, joined) = above?;
    racks(&mut page, plan, (busway, converter), (&xs, joined, lines), (y, lead));
    let from = y + lead + (5.0 * lines as f64 + 9.0).max(15.0);
    written(&mut page, &rack_words, from);
    column(&mut page, plan);
    Some(page)
}

/// Busways above a row: one of each separate system, A and B of a shared one, a single one where nothing is doubled.
fn busways(rows: &[Row], busway: Option<&Stage>) -> usize {
    let last = rows.last();
    let apart = last.filter(|row| row.joined == Joined::Apart).map(|row| row.columns.len());
    apart.unwrap_or(if busway.is_some_and(|stage| stage.redundancy == Redundancy::N) { 1 } else { 2 })
}

/// Where the columns of a row stand: evenly, but never below the gap between two sections above.
fn places(columns: usize, above: Option<&(Vec<f64>, Joined)>) -> Vec<f64> {
    let step = (CENTER.1 - CENTER.0) / columns.max(1) as f64;
    let gaps: Vec<f64> = above.map_or_else(Vec::new, |(xs, _)| gaps(xs));
    (0..columns)
        .map(|place| {
            let x = CENTER.0 + step * (place as f64 + 0.5);
            let gap = gaps.iter().find(|gap| (**gap - x).abs() < CLEAR);
            gap.map_or(x, |gap| gap + if x < *gap { -CLEAR } else { CLEAR })
        })
        .collect()
}

/// The middles between columns.
fn gaps(xs: &[f64]) -> Vec<f64> {
    xs.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect()
}

/// A row between the busbar above and its own, whose sections are drawn unless wires go on from here.
fn drawn(page: &mut Page, row: &Row, xs: &[f64], (top, bottom): (f64, f64), open: bool) {
    let middle = f64::midpoint(top, bottom);
    for (column, &x) in row.columns.iter().zip(xs) {
        symbol(page, row.symbol, (x, top, bottom), column.idle);
        let label =
            if row.symbol == Symbol::Wire { (x + 2.6, middle + 1.0) } else { (x + 6.2, middle + 1.0) };
        let at = if matches!(row.symbol, Symbol::Converter(_)) { (x + 10.4, middle + 1.0) } else { label };
        page.text(at, 2.7, Anchor::Start, SOFT, &column.label);
    }
    if !open {
        busbar(page, row, xs, bottom);
    }
}

/// The sections of a row's busbar with their ties, and what hangs on the first.
fn busbar(page: &mut Page, row: &Row, xs: &[f64], y: f64) {
    let ends: Vec<f64> = std::iter::once(CENTER.0).chain(gaps(xs)).chain([CENTER.1]).collect();
    let places: f64 = row.taps.iter().map(Tap::places).sum();
    let pitch = ((CENTER.0 - FIELD.x - 4.0) / places.max(1.0)).min(30.0);
    for (place, pair) in ends.windows(2).enumerate() {
        let first = if place == 0 { 0.0 } else { 0.5 * GAP };
        let last = if place + 2 == ends.len() { 0.0 } else { 0.5 * GAP };
        let left = if place == 0 && !row.taps.is_empty() {
            CENTER.0 - 4.0 - pitch * (places - 0.5)
        } else {
            pair[0] + first
        };
        page.line((left, y), (pair[1] - last, y), INK, symbols::BUS, false);
    }
    if row.joined != Joined::Apart {
        for gap in gaps(xs) {
            page.line((gap - 0.5 * GAP, y), (gap + 0.5 * GAP, y), INK, WIRE, row.joined == Joined::Open);
            breaker(page, (gap, y), row.joined == Joined::Closed);
        }
    }
    let mut right = CENTER.0 - 4.0;
    for tap in &row.taps {
        let x = right - 0.5 * pitch;
        page.line((x, y), (x, y + 3.0), INK, WIRE, false);
        hung(page, tap, (x, y + 3.0), pitch);
        right -= pitch * tap.places();
    }
}

/// A block of words beside the drawing.
fn written(page: &mut Page, words: &Words, from: f64) {
    if words.title.is_empty() {
        return;
    }
    let room = FIELD.x + FIELD.width - WORDS;
    let size = super::fitting(&words.title, room, 3.4);
    page.text((WORDS, from), size, Anchor::Start, INK, &words.title);
    for (number, line) in words.lines.iter().enumerate() {
        let size = super::fitting(line, room, 2.7);
        page.text((WORDS, from + 4.2 + 4.0 * number as f64), size, Anchor::Start, SOFT, line);
    }
}

/// Pairs of busways that racks are dealt over, those of the first racks: each system once before any comes twice.
fn pair(lines: usize, rack: usize) -> (usize, usize) {
    match lines {
        0 | 1 => (0, 0),
        2 => (0, 1),
        3 => [(0, 1), (1, 2), (0, 2)][rack % 3],
        _ => [(0, 1), (2, 3), (0, 2)][rack % 3],
    }
}

/// The busways, and racks with a cord on two of them.
fn racks(
    page: &mut Page,
    plan: &Plan,
    (busway, converter): (Option<&Stage>, f64),
    (xs, joined, lines): (&[f64], Joined, usize),
    (top, lead): (f64, f64),
) {
    let at = |line: usize| top + lead + 5.0 * line as f64;
    // From separate systems each to its own busway, from a common busbar one at each end.
    let feeds: Vec<(f64, usize)> = if joined == Joined::Apart && xs.len() == lines {
        xs.iter().copied().zip(0..).collect()
    } else {
        let ends = [xs[0], xs[xs.len() - 1]];
        (0..lines).map(|line| (ends[line.min(1)] - 9.0 + 18.0 * line as f64, line)).collect()
    };
    for line in 0..lines {
        page.line((CENTER.0, at(line)), (CENTER.1, at(line)), INK, symbols::BUS, false);
        let name = if lines == 1 { "busway".to_owned() } else { format!("busway {}", letter(line)) };
        page.text((CENTER.0 - 2.0, at(line) + 1.0), 2.7, Anchor::End, INK, &name);
    }
    for (x, line) in &feeds {
        page.line((*x, top), (*x, at(*line)), INK, WIRE, false);
        breaker(page, (*x, top + 3.2), true);
        dot(page, (*x, at(*line)));
    }
    let step = (CENTER.1 - CENTER.0) / RACKS as f64;
    let clear = |half: &f64| {
        let cords =
            (0..RACKS).flat_map(|rack| [-half, *half].map(|off| CENTER.0 + step * (rack as f64 + 0.5) + off));
        cords
            .into_iter()
            .flat_map(|cord| feeds.iter().map(move |(x, _)| (x - cord).abs()))
            .fold(f64::INFINITY, f64::min)
    };
    let half = [7.5, 6.0, 9.0, 5.0]
        .into_iter()
        .max_by(|a, b| clear(a).min(2.5).total_cmp(&clear(b).min(2.5)))
        .unwrap_or(7.5);
    let y = at(lines.max(1) - 1) + 8.0 + converter;
    for number in 0..RACKS {
        let x = CENTER.0 + step * (number as f64 + 0.5);
        let (one, other) = pair(lines, number);
        let cords = if lines == 1 { vec![(x, one)] } else { vec![(x - half, one), (x + half, other)] };
        for &(cord, line) in &cords {
            page.line((cord, at(line)), (cord, y), INK, WIRE, false);
            dot(page, (cord, at(line)));
            breaker(page, (cord, at(lines.max(1) - 1) + 3.6), true);
        }
        let letters: Vec<String> =
            cords.iter().map(|(_, line)| if lines == 1 { String::new() } else { letter(*line) }).collect();
        if converter > 0.0 {
            symbols::converter(page, (x, y - 8.0), 2.0 * half + 9.0, "~/=");
        }
        rack(page, (x, y), half, &letters);
    }
    if let Some(stage) = busway {
        let [lost, _] = carried(plan, stage);
        let own =
            parts([bought(plan, "", "busways"), bought(plan, "feeder breakers", "busway feeder breakers")]);
        let title = format!("busways, {}", brief(plan.electrical.hall_voltage));
        let words = Words::of(title, [own, lost]);
        written(page, &words, at(0) + 1.0);
    }
}

/// What is said of the racks, and of what stands between busway and rack.
fn rack_words(plan: &Plan, below: Option<&Stage>) -> Words {
    let beside = below.map(|stage| {
        let modules = stage.modules.max(1);
        let each = watts(stage.installed.0 / modules as f64);
        let doubled =
            arrangement(stage.redundancy, modules).map_or_else(String::new, |how| format!("{how} "));
        format!(
            "{}: {doubled}{} × {each}, modules of a sidecar on one bus, {} lost",
            spelled(&stage.name),
            count(modules),
            watts(stage.loss.0)
        )
    });
    let batteries = plan.power.stages.iter().find(|stage| stage.kind == StageKind::RackBattery);
    let stored = batteries.map(|stage| {
        let each = watts(stage.installed.0 / stage.modules.max(1) as f64);
        format!("battery shelves in all racks: {} × {each}", count(stage.modules))
    });
    Words::of(
        format!(
            "{} accelerator racks, IT {}",
            count(plan.fleet.racks.compute),
            watts(plan.power.it_provisioned.0)
        ),
        plan.fleet
            .systems
            .iter()
            .flat_map(|system| fed(plan, system))
            .chain([beside, stored].into_iter().flatten()),
    )
}

/// How the racks of one system are fed: their heat and taps, and the shelves behind the cords.
fn fed(plan: &Plan, system: &SystemFleet) -> [String; 2] {
    let racks = format!("{} × {} of {}", count(system.racks), system.id, watts(system.rack_heat.0));
    // A line of taps names the racks that it feeds.
    let of = format!(" of each {} rack", system.id);
    let own = plan.electrical.schedule.iter().filter(|line| line.name == "rack tap-offs");
    let taps = own.filter(|line| line.basis.contains(&of));
    let taps: Vec<String> = taps.map(|line| format!("{} × {}", count(line.count), rating(line))).collect();
    let shelves = plan.electrical.shelves.iter().find(|shelves| shelves.system == system.id);
    let alone = shelves.is_some_and(|shelves| shelves.one_side.0 <= 0.0);
    let cords = if alone { "one cord" } else { "two cords" };
    let cords = (!taps.is_empty()).then(|| format!("{cords} a rack, taps {}", taps.join(", ")));
    let shelves = shelves.filter(|shelves| shelves.known && !alone).map(|shelves| {
        format!(
            "{} shelves of {}: N + {}; on one cord held to {} %",
            shelves.count,
            watts(shelves.rating.0),
            shelves.count.saturating_sub(shelves.needed),
            digits(100.0 * shelves.kept.0)
        )
    });
    [parts([Some(racks), cords]), shelves.unwrap_or_default()]
}

fn column(page: &mut Page, plan: &Plan) {
    page.heading("Legend");
    symbols::legend(page);
    page.heading("Scale");
    page.paragraph("A diagram, not to scale: one line stands for all phases; three racks for all.", SOFT);
    page.heading("Design hour");
    let power = &plan.power;
    page.fact("at the meter", &watts(power.facility_peak.0));
    page.fact("at the rack inputs", &watts(power.it_provisioned.0));
    page.fact("ratio", &digits(power.peak_ratio.0));
    // Transformers of the plant and the UPS of what must not stop stand beside the chain.
    let beside = power.overheads.iter().filter(|(name, _)| name.ends_with("loss") || name.starts_with("UPS"));
    let loss: f64 = power.stages.iter().map(|stage| stage.loss.0).chain(beside.map(|(_, lost)| lost.0)).sum();
    page.fact("lost in the chain", &watts(loss));
    page.fact("left of the envelope", &watts(power.stranded.0));
    if let Some(ups) = bought(plan, "", "essential UPS blocks") {
        let racks = plan.electrical.schedule.iter().any(|line| line.name == "essential busways");
        page.fact(if racks { "UPS of support, pumps" } else { "UPS of pumps, controls" }, &ups);
    }
    if let Some(flow) = &plan.electrical.load_flow {
        page.heading("Load flow");
        page.fact("power factor at delivery", &digits(flow.power_factor.0));
        page.fact("lowest voltage, full load", &format!("{:.3}", flow.full.lowest));
        page.fact("highest voltage, idle", &format!("{:.3}", flow.idle.highest));
    }
    if let Some(supply) = &plan.electrical.supply {
        page.heading("A rack is fed");
        page.fact("of the time", &format!("{:.4} %", 100.0 * supply.availability));
        page.fact("failures a year", &digits(supply.failures_per_year));
        page.fact("ride-through of its stores", &show(supply.hold_up));
    }
}
