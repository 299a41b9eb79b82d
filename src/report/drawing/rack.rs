//! Elevations: an accelerator rack and one of each sort that stands beside it, to scale.

use super::{
    Anchor, FIELD, INK, PAPER, Page, RULE, SOFT, Scale, View, cells, count, short, subtitle, watts, wrapped,
};
use crate::layout::{RackKind, Rect};
use crate::plan::Plan;
use crate::plan::result::{RackFace, RackFront, StackedPart, SystemFloor};

/// A rack unit [m].
const RACK_UNIT: f64 = 0.044_45;
/// Switches of the scale-up domain.
const SCALE_UP: &str = "#6a3d9a";
/// Switches of the out-of-band network.
const MANAGEMENT: &str = "#2f4b5c";

/// The colour of a part, and what it stands for: its sort in the hall, unless it is a special one.
fn color(kind: RackKind, part: &str) -> (&'static str, &'static str) {
    let has = |word: &str| part.contains(word);
    if has("power") {
        (super::color(RackKind::Power), "power shelf")
    } else if has("management switch") {
        (MANAGEMENT, "management switch")
    } else if kind == RackKind::Circuit {
        (super::color(kind), "optical circuit switch")
    } else if has("switch") {
        (SCALE_UP, "scale-up switch tray")
    } else {
        match kind {
            RackKind::Compute => (super::color(kind), "compute tray or node"),
            RackKind::Leaf => (super::color(kind), "leaf switch"),
            RackKind::Spine => (super::color(kind), "spine switch"),
            RackKind::Core => (super::color(kind), "core switch"),
            RackKind::Storage if has("nodes") => (super::color(kind), "storage nodes"),
            RackKind::Management if has("nodes") => (super::color(kind), "management nodes and switches"),
            _ => (super::color(RackKind::EthernetCore), "front-end and storage switch"),
        }
    }
}

/// Ruler before a rack and gap behind its names [mm].
const MARGIN: f64 = 14.0;
/// Above a rack and below it, for its name [mm].
const BESIDE: f64 = 16.0;
/// Names of parts beside a rack at least [mm].
const NAMES: f64 = 30.0;

/// The racks that a page shows: all of one system; of several the accelerators' and the scale-out's, and what is alike
/// in all of them once.
fn shown<'a>(floors: &[&'a SystemFloor]) -> Vec<(&'a SystemFloor, &'a RackFront)> {
    let mut all = Vec::new();
    for (at, floor) in floors.iter().enumerate() {
        for front in &floor.fronts {
            let own = matches!(
                front.kind,
                RackKind::Compute | RackKind::Leaf | RackKind::Spine | RackKind::Core | RackKind::Circuit
            );
            if own || at == 0 {
                all.push((*floor, front));
            }
        }
    }
    all
}

/// Places for so many racks: two lines as long as names have room, then as for any drawing.
fn places(count: usize) -> Vec<Rect> {
    let columns = count.div_ceil(2);
    if !(2..=4).contains(&columns) {
        return cells(&FIELD, count);
    }
    let (width, depth) = (FIELD.width / columns as f64, FIELD.depth / 2.0);
    let place = |at: usize| Rect {
        x: FIELD.x + (at % columns) as f64 * width,
        y: FIELD.y + (at / columns) as f64 * depth,
        width,
        depth,
    };
    (0..count).map(place).collect()
}

/// Draws the racks of every system; none without one.
pub(super) fn draw(plan: &Plan, view: View) -> Option<Page> {
    let floors: Vec<&SystemFloor> = view.floors(plan).collect();
    let names: Vec<&str> = floors.iter().map(|floor| floor.rack_name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let mut page = Page::new(&format!("Rack elevations: {}", names.join("; ")), &subtitle(plan));
    let racks = shown(&floors);
    let cells = places(racks.len());
    let fitting = racks.iter().zip(&cells).map(|((floor, front), cell)| {
        let room = Rect { width: cell.width - MARGIN - NAMES, depth: cell.depth - BESIDE, ..*cell };
        Scale::fitting(width_of(floor, front.kind), front.face.height.0, &room)
    });
    let scale = Scale::least(fitting)?;
    for ((floor, front), cell) in racks.iter().zip(&cells) {
        let (x, bottom) = (cell.x + 10.0, cell.y + cell.depth - 10.0);
        let width = width_of(floor, front.kind);
        elevation(&mut page, front, width, scale, (x, bottom), cell.width - MARGIN - scale.mm(width));
        let name = match front.kind {
            RackKind::Compute => format!("{}, front", front.name),
            _ if floors.len() > 1 => format!("rack of {} of {}, front", front.name, floor.system),
            _ => format!("rack of {}, front", front.name),
        };
        let room = cell.width - MARGIN;
        let size = super::fitting(&name, room, 3.2);
        let (size, lines) = if size < 2.4 { (2.4, wrapped(&name, room, 2.4)) } else { (size, vec![name]) };
        for (at, line) in lines.iter().enumerate() {
            page.text((x, bottom + 5.0 + 3.2 * at as f64), size, Anchor::Start, INK, line);
        }
    }
    column(&mut page, plan, &floors, &racks, scale);
    Some(page)
}

/// Width of a rack on the floor.
fn width_of(floor: &SystemFloor, kind: RackKind) -> f64 {
    let demand = &floor.layout.demand;
    let positions = if kind == RackKind::Compute { demand.positions_per_compute_rack.max(1) } else { 1 };
    demand.rack.width.0 * positions as f64
}

fn column(
    page: &mut Page,
    plan: &Plan,
    floors: &[&SystemFloor],
    racks: &[(&SystemFloor, &RackFront)],
    scale: Scale,
) {
    page.heading("Legend");
    let mut seen: Vec<&str> = Vec::new();
    for (_, front) in racks {
        for part in &front.face.parts {
            let (fill, meaning) = color(front.kind, &part.part);
            if !seen.contains(&meaning) {
                seen.push(meaning);
                page.key(fill, INK, meaning);
            }
        }
    }
    page.key("#f7f8fa", RULE, "free: cables, manifolds, blanks");
    page.scale_bar(scale);
    let alone = floors.len() == 1;
    for floor in floors {
        let Some(fleet) = plan.fleet.systems.iter().find(|fleet| fleet.id == floor.system) else { continue };
        let Some(front) = floor.fronts.first() else { continue };
        let (demand, width) = (&floor.layout.demand, width_of(floor, RackKind::Compute));
        page.heading(if alone { "Accelerator rack" } else { &floor.system });
        page.fact("accelerators", &count(u64::from(fleet.accelerators_per_rack)));
        page.fact("heat", &watts(fleet.rack_heat.0));
        page.fact("peak", &watts(fleet.rack_peak.0));
        page.fact("its power shelves feed", &watts(fleet.rack_feed.0));
        let size = [width, demand.rack.depth.0, front.face.height.0];
        let size = size.map(|side| short(side * 1e3)).join(" × ");
        page.fact("width × depth × height", &format!("{size} mm"));
        page.fact(
            "mass",
            &format!("{} kg", short(demand.rack.mass.0 * demand.positions_per_compute_rack as f64)),
        );
        if alone {
            page.heading("Heat of a rack beside it");
            for other in &floor.fronts[1..] {
                page.fact(&other.name, &watts(demand.heat_of(other.kind).0));
            }
        }
        page.column += 2.0;
        page.paragraph(&note(&front.face), SOFT);
    }
    if racks.iter().any(|(_, front)| front.kind != RackKind::Compute && !front.face.known) {
        page.paragraph("Which nodes storage and management racks hold is not known here.", SOFT);
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

/// What stands beside a part.
fn name(front: &RackFront, part: &StackedPart) -> String {
    let exact = front.face.known || !part.part.contains("node");
    let height = if exact { format!(", {}U", short(part.units)) } else { String::new() };
    if exact || front.kind == RackKind::Compute {
        format!("{} × {}{height}", part.count, part.part)
    } else {
        part.part.clone()
    }
}

/// A rack from its floor at `bottom`, with a ruler of rack units at its left and its parts named at its right, within
/// so much room.
fn elevation(
    page: &mut Page,
    front: &RackFront,
    width: f64,
    scale: Scale,
    (x, bottom): (f64, f64),
    room: f64,
) {
    let face = &front.face;
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
            page.rect(at, color(front.kind, &part.part).0, Some((PAPER, 0.25)));
        }
        let (low, high) = (y + f64::from(part.count) * each - 0.2, top + 0.2);
        page.line((x + wide + 2.0, high), (x + wide + 2.0, low.max(high)), SOFT, 0.35, false);
        let names_room = room - 6.0;
        names.push((f64::midpoint(low, high), wrapped(&name(front, part), names_room, 2.6)));
    }
    // From the floor up, each above the one before it, with a line to its bracket.
    let mut free = f64::INFINITY;
    for (middle, lines) in names {
        let above = 3.6 * (lines.len() - 1) as f64;
        let last = (middle + 1.0 + above / 2.0).min(free);
        page.line((x + wide + 2.0, middle), (x + wide + 4.0, last - 1.0 - above / 2.0), SOFT, 0.2, false);
        for (at, line) in lines.iter().enumerate() {
            let y = last - 3.6 * (lines.len() - 1 - at) as f64;
            let size = super::fitting(line, room - 6.0, 2.6);
            page.text((x + wide + 4.5, y), size, Anchor::Start, INK, line);
        }
        free = last - above - 3.6;
    }
}
