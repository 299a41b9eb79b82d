//! Elevations: the accelerator rack and a rack of leaf switches, to scale.

use super::{Anchor, FIELD, INK, PAPER, Page, RULE, SOFT, Scale, count, short, subtitle, watts, wrapped};
use crate::layout::{RackKind, Rect};
use crate::plan::Plan;
use crate::plan::result::{RackFace, StackedPart};

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

/// Draws the racks of the first system; none without one.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let floor = plan.layout.floors.first()?;
    let fleet = plan.fleet.systems.first()?;
    let mut page = Page::new(&format!("Rack elevations: {}", floor.rack_name), &subtitle(plan));
    let demand = &floor.layout.demand;
    let width = demand.rack.width.0 * demand.positions_per_compute_rack.max(1) as f64;
    // Both racks, each with its ruler and the names of its parts.
    let names = 62.0;
    let room = Rect { width: FIELD.width - 2.0 * (names + 14.0), depth: FIELD.depth - 22.0, ..FIELD };
    let scale = Scale::fitting(width + demand.rack.width.0, floor.face.height.0, &room);
    let bottom = FIELD.y + FIELD.depth - 10.0;
    let mut x = FIELD.x + 12.0;
    elevation(&mut page, &floor.face, width, scale, (x, bottom));
    caption(&mut page, (x, bottom), &format!("{}, front", floor.rack_name));
    x += scale.mm(width) + names + 14.0;
    let network = &demand.switches;
    if network.leaf > 0 {
        let units = f64::from(floor.switch_rack_units);
        let switches = StackedPart {
            part: format!("{}, switch", floor.switch_name),
            count: network.leaf.div_ceil(floor.layout.leaf_racks().max(1)) as u32,
            units,
        };
        let face = RackFace { height: floor.face.height, parts: vec![switches], source: None };
        elevation(&mut page, &face, demand.rack.width.0, scale, (x, bottom));
        caption(&mut page, (x, bottom), "rack of leaf switches, front");
    }
    page.heading("Legend");
    let mut seen: Vec<&str> = Vec::new();
    for part in &floor.face.parts {
        if !seen.contains(&color(&part.part)) {
            seen.push(color(&part.part));
            page.key(color(&part.part), INK, &part.part);
        }
    }
    if network.leaf > 0 {
        page.key(super::color(RackKind::Leaf), INK, "leaf switch, in the network rack");
    }
    page.key("#f7f8fa", RULE, "free: cables, manifolds, blanks");
    page.scale_bar(scale);
    page.heading("Accelerator rack");
    page.fact("accelerators", &count(u64::from(fleet.accelerators_per_rack)));
    page.fact("heat", &watts(fleet.rack_heat.0));
    page.fact("peak", &watts(fleet.rack_peak.0));
    page.fact("power shelves installed", &watts(fleet.rack_feed.0));
    let size = [width, demand.rack.depth.0, floor.face.height.0].map(|side| short(side * 1e3)).join(" × ");
    page.fact("width × depth × height", &format!("{size} mm"));
    page.fact(
        "mass",
        &format!("{} kg", short(demand.rack.mass.0 * demand.positions_per_compute_rack as f64)),
    );
    page.heading("Network rack");
    page.fact("switches", &count(network.leaf.div_ceil(floor.layout.leaf_racks().max(1))));
    page.fact("heat", &watts(demand.heat_of(RackKind::Leaf).0));
    page.column += 2.0;
    let note = floor.face.source.clone().map_or_else(
        || "Heights of the parts are not published: nodes share the rack evenly.".to_owned(),
        |source| format!("Parts: {source}."),
    );
    page.paragraph(&note, SOFT);
    Some(page)
}

fn caption(page: &mut Page, (x, bottom): (f64, f64), words: &str) {
    page.text((x, bottom + 6.0), 3.2, Anchor::Start, INK, words);
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
    for number in (5..=units as u32).step_by(5) {
        let y = foot - (f64::from(number) - 0.5) * unit;
        page.text((x - 1.5, y + 0.9), 2.3, Anchor::End, SOFT, &format!("{number}U"));
    }
    let rail = (wide * 0.06).min(3.0);
    let mut y = foot;
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
        let height = if part.units > 0.0 { format!(", {}U", short(part.units)) } else { String::new() };
        let words = format!("{} × {}{height}", part.count, part.part);
        let lines = wrapped(&words, 56.0, 2.9);
        let mut at = f64::midpoint(low, high) + 1.0 - 2.0 * (lines.len() - 1) as f64;
        for line in lines {
            page.text((x + wide + 4.0, at), 2.9, Anchor::Start, INK, &line);
            at += 4.0;
        }
    }
}
