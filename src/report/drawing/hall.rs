//! The floor of a hall: racks, rows, aisles, trays, galleries, to scale.

use super::{
    Anchor, FIELD, INK, PAPER, Page, RULE, SOFT, Scale, color, count, short, subtitle, text_width, watts,
};
use crate::layout::{Hall, RackKind, Rect};
use crate::plan::Plan;

const HOT: &str = "#fbe3d6";
const COLD: &str = "#e3f0fa";
const TRAY: &str = "#7a5c00";

/// Draws the first hall; none without a rack.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let floor = plan.layout.floors.first()?;
    let hall = floor.layout.hall(0);
    let title = format!("Hall floor plan: hall 1 of {}, {}", count(floor.layout.halls), floor.rack_name);
    let mut page = Page::new(&title, &subtitle(plan));
    // Room for the names of the sides.
    let room =
        Rect { x: FIELD.x + 5.0, y: FIELD.y + 5.0, width: FIELD.width - 10.0, depth: FIELD.depth - 12.0 };
    let scale = Scale::fitting(hall.width, hall.depth, &room);
    let corner = (
        room.x + (room.width - scale.mm(hall.width)) / 2.0,
        room.y + (room.depth - scale.mm(hall.depth)) / 2.0,
    );
    let contained = plan.scenario.fields["layout"]["containment"].as_str().unwrap_or("hot-aisle").to_owned();
    walls(&mut page, &hall, scale, corner);
    aisles(&mut page, &hall, scale, corner, &contained);
    for rack in &hall.racks {
        let at = scale.at(&rack.at, corner);
        page.rect(at, color(rack.kind), Some((PAPER, 0.15)));
        let words = format!("{}{}", rack.kind.letter(), rack.number + 1);
        let dark = matches!(rack.kind, RackKind::AirHandler | RackKind::Management | RackKind::Leaf);
        let ink = if dark { INK } else { PAPER };
        if !page.label(at, 2.6, ink, &words) {
            page.label(at, 2.2, ink, &rack.kind.letter().to_string());
        }
        if rack.row.is_some() {
            // The front is the cold side.
            let y = if rack.faces_low { at.y } else { at.y + at.depth };
            page.line((at.x, y), (at.x + at.width, y), "#56b4e9", 0.5, false);
        }
    }
    trays(&mut page, &hall, scale, corner);
    row_names(&mut page, &hall, scale, corner);
    let below = corner.1 + scale.mm(hall.depth) + 5.0;
    let middle = corner.0 + scale.mm(hall.width) / 2.0;
    page.text((middle, below), 3.0, Anchor::Middle, SOFT, &format!("{} m", short(hall.width)));
    let beside = (corner.0 - 2.5, corner.1 + scale.mm(hall.depth) / 2.0);
    page.turned(beside, 3.0, SOFT, &format!("{} m", short(hall.depth)));
    column(&mut page, plan, &hall, scale, &contained);
    Some(page)
}

fn walls(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64)) {
    let walls = Rect { x: 0.0, y: 0.0, width: hall.width, depth: hall.depth };
    page.rect(scale.at(&walls, corner), "#f7f8fa", Some((INK, 0.8)));
}

fn aisles(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64), contained: &str) {
    for (aisle, hot) in &hall.aisles {
        let closed = *hot == (contained == "hot-aisle");
        let at = scale.at(aisle, corner);
        let stroke = if closed { Some(("#b04a00", 0.45)) } else { None };
        page.rect(at, if *hot { HOT } else { COLD }, stroke);
        let words = format!("{} aisle {} m", if *hot { "hot" } else { "cold" }, short(aisle.depth));
        // The names of rows stand at the left end of cold aisles.
        let name = ROW_NAME + 2.0;
        let free = if *hot { at } else { Rect { x: at.x + name, width: (at.width - name).max(0.0), ..at } };
        page.label(
            Rect { depth: free.depth.min(3.4), y: free.y + (free.depth - free.depth.min(3.4)) / 2.0, ..free },
            2.6,
            SOFT,
            &words,
        );
    }
}

fn trays(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64)) {
    for main in &hall.mains {
        let x = corner.0 + scale.mm(*main);
        page.line((x, corner.1), (x, corner.1 + scale.mm(hall.depth)), TRAY, 0.5, true);
    }
    if let (Some(low), Some(high)) = (hall.mains.first(), hall.mains.last()) {
        let mut lines: Vec<f64> = hall.rows.iter().map(|row| row.at.center().1).collect();
        lines.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
        for y in lines {
            let y = corner.1 + scale.mm(y) + scale.mm(0.3);
            page.line((corner.0 + scale.mm(*low), y), (corner.0 + scale.mm(*high), y), TRAY, 0.25, true);
        }
    }
}

/// Room for the name of a row [mm].
const ROW_NAME: f64 = 27.0;

fn row_names(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64)) {
    for (number, row) in hall.rows.iter().enumerate() {
        let at = scale.at(&row.at, corner);
        let words = format!("row {} · {}", number + 1, watts(row.heat.0));
        let size = 2.3;
        // In the cold aisle in front of the row, above or below its racks.
        let y = if row.faces_low { at.y - 0.9 } else { at.y + at.depth + 2.6 };
        if text_width(&words, size) <= ROW_NAME.min(at.width) {
            page.text((at.x + 0.5, y), size, Anchor::Start, INK, &words);
        } else if text_width(&format!("{}", number + 1), size) <= at.width {
            page.text((at.x + 0.5, y), size, Anchor::Start, INK, &format!("{}", number + 1));
        }
    }
}

fn column(page: &mut Page, plan: &Plan, hall: &Hall, scale: Scale, contained: &str) {
    let floor = &plan.layout.floors[0];
    page.heading("Legend");
    for kind in RackKind::ALL {
        let number = hall.racks.iter().filter(|rack| rack.kind == kind).count();
        if number > 0 {
            let words = format!("{} {}: {}", kind.letter(), kind.name(), count(number as u64));
            page.key(color(kind), RULE, &words);
        }
    }
    let closed = |hot: bool| if hot == (contained == "hot-aisle") { ", contained" } else { "" };
    page.key(HOT, "#b04a00", &format!("hot aisle{}", closed(true)));
    page.key(COLD, RULE, &format!("cold aisle{}", closed(false)));
    page.line_key("#56b4e9", false, "front of a rack");
    page.line_key(TRAY, true, "cable trays, overhead");
    page.scale_bar(scale);
    page.heading("Hall");
    let heat: f64 = hall.rows.iter().map(|row| row.heat.0).sum();
    let area = hall.width * hall.depth;
    page.fact("heat of its racks", &watts(heat));
    page.fact("rows", &count(hall.rows.len() as u64));
    page.fact("positions of a row", &count(floor.layout.racks_per_row()));
    let most = hall.rows.iter().map(|row| row.heat.0).fold(0.0, f64::max);
    page.fact("hottest row", &watts(most));
    page.fact("busways of a row", &watts(floor.layout.demand.busway.0));
    page.fact("area", &format!("{} m²", short(area)));
    page.fact("area per MW", &format!("{} m²", short(area / (heat / 1e6).max(1e-9))));
    page.fact("floor load", &format!("{} kg/m²", short(floor.layout.floor_load.0 / crate::layout::GRAVITY)));
    page.fact("positions left over, site", &count(plan.layout.leftover_positions));
    page.column += 2.0;
    let words = floor.layout.placement.describe(floor.cabling.counts.spine_core > 0);
    page.paragraph(&format!("Shortest cables: {words}."), SOFT);
}
