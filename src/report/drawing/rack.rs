//! Elevations: the accelerator rack and a rack of leaf switches, to scale.

use super::{Anchor, FIELD, INK, PAPER, Page, RULE, SOFT, Scale, count, short, subtitle, watts, wrapped};
use crate::layout::{RackKind, Rect};
use crate::plan::Plan;
use crate::plan::result::{RackFace, StackedPart, SystemFloor};

/// A rack unit [m].
const RACK_UNIT: f64 = 0.044_45;

fn color(part: &str) -> &'static str {
    let has = |word: &str| part.contains(word);
    if has("power") {
        "#cc79a7"
    } else if has("management") {
        "#a9b4bf"
    } else if has("switch") {
        "#e69f00"
    } else {
        super::color(RackKind::Compute)
    }
}

/// Names of parts beside a rack [mm].
const NAMES: f64 = 62.0;
/// Ruler before a rack and gap behind its names [mm].
const MARGIN: f64 = 14.0;

/// Draws the racks of every system, one above the other; none without one.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let floors = &plan.layout.floors;
    let names: Vec<&str> = floors.iter().map(|floor| floor.rack_name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let mut page = Page::new(&format!("Rack elevations: {}", names.join("; ")), &subtitle(plan));
    let band = FIELD.depth / floors.len() as f64;
    // Both racks, each with its ruler and the names of its parts.
    let room = Rect { width: FIELD.width - 2.0 * (NAMES + MARGIN), depth: band - 22.0, ..FIELD };
    let fitting = floors.iter().map(|floor| {
        Scale::fitting(compute_width(floor) + floor.layout.demand.rack.width.0, floor.face.height.0, &room)
    });
    let scale = Scale::least(fitting)?;
    for (at, floor) in floors.iter().enumerate() {
        pair(&mut page, floor, scale, (FIELD.x + 12.0, FIELD.y + band * (at + 1) as f64 - 10.0));
    }
    column(&mut page, plan, scale);
    Some(page)
}

/// Width of an accelerator rack on the floor.
fn compute_width(floor: &SystemFloor) -> f64 {
    floor.layout.demand.rack.width.0 * floor.layout.demand.positions_per_compute_rack.max(1) as f64
}

/// An accelerator rack and a rack of leaf switches side by side.
fn pair(page: &mut Page, floor: &SystemFloor, scale: Scale, (x, bottom): (f64, f64)) {
    let (demand, width) = (&floor.layout.demand, compute_width(floor));
    elevation(page, &floor.face, width, scale, (x, bottom));
    let beside = x + scale.mm(width) + NAMES + MARGIN;
    caption(page, (x, bottom), beside - x - MARGIN, &format!("{}, front", floor.rack_name));
    let network = &demand.switches;
    if network.leaf > 0 {
        let switches = StackedPart {
            part: format!("{}, switch", floor.switch_name),
            count: network.leaf.div_ceil(floor.layout.leaf_racks().max(1)) as u32,
            units: f64::from(floor.switch_rack_units),
        };
        let face = RackFace { height: floor.face.height, parts: vec![switches], known: true, source: None };
        elevation(page, &face, demand.rack.width.0, scale, (beside, bottom));
        let room = FIELD.x + FIELD.width - beside;
        caption(page, (beside, bottom), room, "rack of leaf switches, front");
    }
}

fn column(page: &mut Page, plan: &Plan, scale: Scale) {
    let floors = &plan.layout.floors;
    page.heading("Legend");
    let mut seen: Vec<&str> = Vec::new();
    for part in floors.iter().flat_map(|floor| &floor.face.parts) {
        if !seen.contains(&color(&part.part)) {
            seen.push(color(&part.part));
            page.key(color(&part.part), INK, &part.part);
        }
    }
    if floors.iter().any(|floor| floor.layout.demand.switches.leaf > 0) {
        page.key(super::color(RackKind::Leaf), INK, "leaf switch, in the network rack");
    }
    page.key("#f7f8fa", RULE, "free: cables, manifolds, blanks");
    page.scale_bar(scale);
    let alone = floors.len() == 1;
    for floor in floors {
        let Some(fleet) = plan.fleet.systems.iter().find(|fleet| fleet.id == floor.system) else { continue };
        let (demand, width) = (&floor.layout.demand, compute_width(floor));
        page.heading(if alone { "Accelerator rack" } else { &floor.system });
        page.fact("accelerators", &count(u64::from(fleet.accelerators_per_rack)));
        page.fact("heat", &watts(fleet.rack_heat.0));
        page.fact("peak", &watts(fleet.rack_peak.0));
        page.fact("its power shelves feed", &watts(fleet.rack_feed.0));
        let size = [width, demand.rack.depth.0, floor.face.height.0];
        let size = size.map(|side| short(side * 1e3)).join(" × ");
        page.fact("width × depth × height", &format!("{size} mm"));
        page.fact(
            "mass",
            &format!("{} kg", short(demand.rack.mass.0 * demand.positions_per_compute_rack as f64)),
        );
        if alone {
            page.heading("Network rack");
        }
        page.fact(
            "leaf switches of a rack",
            &count(demand.switches.leaf.div_ceil(floor.layout.leaf_racks().max(1))),
        );
        page.fact("their heat", &watts(demand.heat_of(RackKind::Leaf).0));
        page.column += 2.0;
        page.paragraph(&note(&floor.face), SOFT);
    }
}

/// Where the parts of a rack come from.
fn note(face: &RackFace) -> String {
    match (&face.source, face.known) {
        (Some(source), true) => format!("Parts: {source}."),
        (Some(source), false) => {
            format!("Parts: {source}. How high they are is not known here: they share the rack evenly.")
        }
        (None, _) => "What is in the rack is not known here: nodes share it evenly.".to_owned(),
    }
}

fn caption(page: &mut Page, (x, bottom): (f64, f64), room: f64, words: &str) {
    page.text((x, bottom + 6.0), super::fitting(words, room, 3.2), Anchor::Start, INK, words);
}

/// A rack from its floor at `bottom`, with a ruler of rack units at its left and its parts named at its right.
fn elevation(page: &mut Page, face: &RackFace, width: f64, scale: Scale, (x, bottom): (f64, f64)) {
    let (wide, tall) = (scale.mm(width), scale.mm(face.height.0));
    page.rect(Rect { x, y: bottom - tall, width: wide, depth: tall }, "#f7f8fa", Some((INK, 0.6)));
    let units = ((face.height.0 - 0.1) / RACK_UNIT + 1e-6).floor().max(1.0);
    let unit = scale.mm(RACK_UNIT);
    let foot = bottom - (tall - units * unit) / 2.0;
    let used: f64 = face.parts.iter().map(|part| f64::from(part.count) * part.units).sum();
    // What is taller than the rack is drawn as tall as fits.
    let shrink = (units / used.max(1e-9)).min(1.0);
    let every = if 5.0 * unit < 3.0 { 10 } else { 5 };
    for number in (every..=units as u32).step_by(every as usize) {
        let y = foot - (f64::from(number) - 0.5) * unit;
        page.text((x - 1.5, y + 0.9), 2.3, Anchor::End, SOFT, &format!("{number}U"));
    }
    let rail = (wide * 0.06).min(3.0);
    let mut y = foot;
    let mut names = Vec::new();
    for part in &face.parts {
        let each = part.units * unit * shrink;
        let top = y - f64::from(part.count) * each;
        for _ in 0..part.count {
            y -= each;
            let at = Rect { x: x + rail, y, width: wide - 2.0 * rail, depth: each };
            page.rect(at, color(&part.part), Some((PAPER, 0.25)));
        }
        let (low, high) = (y + f64::from(part.count) * each - 0.4, top + 0.4);
        page.line((x + wide + 2.0, high), (x + wide + 2.0, low), SOFT, 0.35, false);
        let height = if face.known { format!(", {}U", short(part.units)) } else { String::new() };
        let words = format!("{} × {}{height}", part.count, part.part);
        names.push((f64::midpoint(low, high), wrapped(&words, NAMES - 8.0, 2.9)));
    }
    // From the floor up, each above the one before it, with a line to its bracket.
    let mut free = f64::INFINITY;
    for (middle, lines) in names {
        let above = 4.0 * (lines.len() - 1) as f64;
        let last = (middle + 1.0 + above / 2.0).min(free);
        page.line((x + wide + 2.0, middle), (x + wide + 4.5, last - 1.0 - above / 2.0), SOFT, 0.2, false);
        for (at, line) in lines.iter().enumerate() {
            let y = last - 4.0 * (lines.len() - 1 - at) as f64;
            page.text((x + wide + 5.0, y), 2.9, Anchor::Start, INK, line);
        }
        free = last - above - 4.0;
    }
}
