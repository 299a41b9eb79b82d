//! The floor of a hall or a network room: racks, rows, aisles, trays, galleries, to scale.

use super::{
    Anchor, FIELD, INK, PAPER, Page, RULE, SOFT, Scale, View, cells, color, count, short, subtitle,
    text_width, watts,
};
use crate::layout::{GRAVITY, Hall, PlacedRack, RackKind, Rect};
use crate::plan::Plan;
use crate::plan::result::SystemFloor;
use crate::units::Watts;

const HOT: &str = "#fbe3d6";
const COLD: &str = "#e3f0fa";
const TRAY: &str = "#7a5c00";

/// Draws a hall or a network room of each system that has it; none without one.
pub(super) fn draw(plan: &Plan, view: View) -> Option<Page> {
    let room = |floor: &SystemFloor| match view.room {
        Some(room) => (room < floor.layout.network_rooms()).then(|| floor.layout.room(room)).flatten(),
        None => (view.hall < floor.layout.halls).then(|| floor.layout.hall(view.hall)),
    };
    let all = view.numbered(plan).filter_map(|(before, floor)| Some(((before, floor), room(floor)?)));
    let (numbered, halls): (Vec<(u64, &SystemFloor)>, Vec<Hall>) = all.unzip();
    let floors: Vec<&SystemFloor> = numbered.iter().map(|(_, floor)| *floor).collect();
    let place = |(before, floor): (u64, &SystemFloor)| {
        if let Some(room) = view.room {
            let building = before + floor.layout.building_of_room(room) + 1;
            return format!(
                "network room {} of {}, in building {building}",
                room + 1,
                floor.layout.network_rooms()
            );
        }
        let (building, storey, _) = floor.layout.place_of_hall(view.hall);
        let of = format!(
            "hall {} of {}, in building {}",
            view.hall + 1,
            count(floor.layout.halls),
            before + building + 1
        );
        if floor.layout.demand.storeys > 1 { format!("{of}, storey {}", storey + 1) } else { of }
    };
    let title = match &numbered[..] {
        [] => return None,
        [one] => format!("Floor plan: {}, {}", place(*one), one.1.rack_name),
        _ if view.room.is_some() => format!("Floor plans: a network room of {} systems", floors.len()),
        _ => format!("Floor plans: hall {} of each of {} systems", view.hall + 1, floors.len()),
    };
    let mut page = Page::new(&title, &subtitle(plan));
    // Room for the names of the sides and the numbers of positions.
    let cells: Vec<Rect> = cells(&FIELD, floors.len())
        .into_iter()
        .map(|cell| Rect {
            x: cell.x + 5.0,
            y: cell.y + 8.0,
            width: cell.width - 10.0,
            depth: cell.depth - 15.0,
        })
        .collect();
    let fitting = halls.iter().zip(&cells).map(|(hall, cell)| Scale::fitting(hall.width, hall.depth, cell));
    let scale = Scale::least(fitting)?;
    let contained = plan.scenario.fields["layout"]["containment"].as_str().unwrap_or("hot-aisle").to_owned();
    for ((floor, hall), cell) in floors.iter().zip(&halls).zip(&cells) {
        let corner = (
            cell.x + (cell.width - scale.mm(hall.width)) / 2.0,
            cell.y + (cell.depth - scale.mm(hall.depth)) / 2.0,
        );
        let corridor_is_low = match view.room {
            Some(_) => true,
            None => floor.layout.place_of_hall(view.hall).2.y > floor.layout.corridor_y(),
        };
        floor_plan(&mut page, hall, scale, corner, (&contained, corridor_is_low));
        let of = if floors.len() > 1 { format!("{}, ", floor.system) } else { String::new() };
        let below = (corner.0 + scale.mm(hall.width) / 2.0, corner.1 + scale.mm(hall.depth) + 5.0);
        let words = format!("{of}{} m", short(hall.width));
        let size = super::fitting(&words, cell.width, 3.0);
        page.text(below, size, Anchor::Middle, SOFT, &words);
    }
    column(&mut page, plan, (&floors, &halls), scale, &contained);
    Some(page)
}

/// One hall with its corner at a place.
fn floor_plan(
    page: &mut Page,
    hall: &Hall,
    scale: Scale,
    corner: (f64, f64),
    (contained, corridor_is_low): (&str, bool),
) {
    let walls = scale.at(&Rect { x: 0.0, y: 0.0, width: hall.width, depth: hall.depth }, corner);
    page.rect(walls, "#f7f8fa", None);
    aisles(page, hall, scale, corner, contained);
    page.rect(walls, "none", Some((INK, 0.8)));
    let fits = |rack: &PlacedRack| {
        let at = scale.at(&rack.at, corner);
        let least = text_width(&name(rack), super::SMALLEST) / 0.96;
        at.width.max(at.depth) >= least && at.width.min(at.depth) * 0.85 >= super::SMALLEST
    };
    let named = hall.racks.iter().all(fits);
    for rack in &hall.racks {
        let at = scale.at(&rack.at, corner);
        page.rect(at, color(rack.kind), Some((PAPER, 0.15)));
        let dark = matches!(
            rack.kind,
            RackKind::AirHandler | RackKind::Management | RackKind::Leaf | RackKind::EthernetCore
        );
        let ink = if dark { INK } else { PAPER };
        // All of a room or none; else its colour, its row and the ruler say which a rack is.
        let words = name(rack);
        let _ = named && (page.label(at, 2.6, ink, &words) || page.upright(at, 2.6, ink, &words));
        if rack.row.is_some() {
            // The front is the cold side.
            let y = if rack.faces_low { at.y } else { at.y + at.depth };
            page.line((at.x, y), (at.x + at.width, y), "#56b4e9", 0.5, false);
        }
    }
    trays(page, hall, scale, corner, corridor_is_low);
    row_names(page, hall, scale, corner);
    position_numbers(page, hall, scale, corner);
    let beside = (corner.0 - 2.5, corner.1 + scale.mm(hall.depth) / 2.0);
    page.turned(beside, 3.0, SOFT, &format!("{} m", short(hall.depth)));
}

/// The name of a rack: the letter of its sort and its number.
fn name(rack: &PlacedRack) -> String {
    format!("{}{}", rack.kind.letter(), rack.number + 1)
}

/// Numbers of the positions above each bank of rows, every fifth and the first.
fn position_numbers(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64)) {
    let mut banks: Vec<f64> = Vec::new();
    for row in &hall.rows {
        if banks.iter().all(|bank| (bank - row.at.x).abs() > 1e-6) {
            banks.push(row.at.x);
        }
    }
    let Some(length) = hall.rows.first().map(|row| row.at.width) else { return };
    let step = scale.mm(hall.position);
    let positions = (length / hall.position).round() as u64;
    for bank in banks {
        let start = corner.0 + scale.mm(bank);
        let mut free = f64::NEG_INFINITY;
        for position in (1..=positions).filter(|position| *position == 1 || position.is_multiple_of(5)) {
            let x = start + (position as f64 - 0.5) * step;
            let words = position.to_string();
            let half = text_width(&words, super::SMALLEST) / 2.0;
            if x - half > free {
                page.text((x, corner.1 - 1.6), super::SMALLEST, Anchor::Middle, SOFT, &words);
                page.line((x, corner.1 - 1.2), (x, corner.1), SOFT, 0.15, false);
                free = x + half + 0.3;
            }
        }
    }
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
        if !hot && at.depth < THREE_NAMES {
            continue;
        }
        let free = if *hot { at } else { Rect { x: at.x + name, width: (at.width - name).max(0.0), ..at } };
        page.label(
            Rect { depth: free.depth.min(3.4), y: free.y + (free.depth - free.depth.min(3.4)) / 2.0, ..free },
            2.6,
            SOFT,
            &words,
        );
    }
}

fn trays(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64), corridor_is_low: bool) {
    // From the farthest row to the corridor.
    let lines = || hall.rows.iter().map(|row| row.at.center().1);
    let (near, far) = if corridor_is_low {
        (0.0, lines().fold(0.0, f64::max))
    } else {
        (hall.depth, lines().fold(hall.depth, f64::min))
    };
    for main in &hall.mains {
        let x = corner.0 + scale.mm(*main);
        page.line((x, corner.1 + scale.mm(near)), (x, corner.1 + scale.mm(far)), TRAY, 0.5, true);
    }
    let y = corner.1 + scale.mm(near) + if corridor_is_low { -4.2 } else { 4.4 };
    page.text((corner.0, y), 2.6, Anchor::Start, SOFT, "corridor");
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

/// Depth of a cold aisle that takes the names of the rows on both of its sides above each other, and its own [mm].
const THREE_NAMES: f64 = 7.5;

fn row_names(page: &mut Page, hall: &Hall, scale: Scale, corner: (f64, f64)) {
    let cold = hall.aisles.iter().filter(|(_, hot)| !hot).map(|(aisle, _)| aisle.depth);
    let narrow = scale.mm(cold.fold(f64::INFINITY, f64::min)) < THREE_NAMES;
    for (number, row) in hall.rows.iter().enumerate() {
        let at = scale.at(&row.at, corner);
        let size = 2.3;
        // In the cold aisle in front of the row, above or below its racks; where that is narrow, rows that face each
        // other have their names at opposite ends.
        let y = if row.faces_low { at.y - 0.9 } else { at.y + at.depth + 2.6 };
        let room = if narrow { at.width * 0.48 } else { ROW_NAME.min(at.width) };
        let words = format!("row {} · {}", number + 1, watts(row.heat.0));
        let short = format!("{}", number + 1);
        let Some(words) = [words, short].into_iter().find(|words| text_width(words, size) <= room) else {
            continue;
        };
        if narrow && !row.faces_low {
            page.text((at.x + at.width - 0.5, y), size, Anchor::End, INK, &words);
        } else {
            page.text((at.x + 0.5, y), size, Anchor::Start, INK, &words);
        }
    }
}

fn column(
    page: &mut Page,
    plan: &Plan,
    (floors, halls): (&[&SystemFloor], &[Hall]),
    scale: Scale,
    contained: &str,
) {
    page.heading("Legend");
    for kind in RackKind::ALL {
        let racks = halls.iter().flat_map(|hall| &hall.racks);
        let number = racks.filter(|rack| rack.kind == kind).count();
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
    page.paragraph("A rack is named by the letter of its sort and its number, placed by row and position: a sort is numbered along the rows. `gigawatt bill --racks FILE` lists them all, and what is too small for its name here.", SOFT);
    page.scale_bar(scale);
    let alone = floors.len() == 1;
    for (floor, hall) in floors.iter().zip(halls) {
        page.heading(if alone { "Room" } else { &floor.system });
        let heat: f64 = hall.rows.iter().map(|row| row.heat.0).sum();
        let area = hall.width * hall.depth;
        page.fact("heat of its racks", &watts(heat));
        let length = hall.rows.first().map_or(0.0, |row| (row.at.width / hall.position).round());
        page.fact("rows × positions", &format!("{} × {length}", hall.rows.len()));
        let most = hall.rows.iter().map(|row| row.heat.0).fold(0.0, f64::max);
        page.fact("hottest row here", &watts(most));
        let (halls, rooms) = (floor.layout.hottest_row().0, floor.layout.room_row_power().0);
        let place = if rooms > halls { "hottest row, a network room's" } else { "hottest row of all halls" };
        page.fact(place, &watts(halls.max(rooms)));
        page.fact("area per MW", &format!("{} m²", short(area / (heat / 1e6).max(1e-9))));
        if alone {
            page.fact("fullest busways, site", &watts(floor.layout.fullest_busway(Watts(0.0)).load.0));
            page.fact("a pair of busways carries", &watts(floor.layout.demand.busway_rating().0));
            page.fact("area", &format!("{} m²", short(area)));
            let loads = hall.racks.iter().map(|rack| floor.layout.demand.floor_load_of(rack.kind).0);
            let load = loads.fold(0.0, f64::max) / GRAVITY;
            page.fact("floor load", &format!("{} kg/m²", short(load)));
            page.fact("positions left over, site", &count(plan.layout.leftover_positions));
            page.column += 2.0;
            let words = floor.layout.placement.describe(floor.layout.demand.switches.core > 0);
            page.paragraph(&format!("Network racks: {words}."), SOFT);
        }
    }
}
