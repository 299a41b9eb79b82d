//! The campus: buildings with their halls, yards, substation and ducts, to scale.

use super::{FIELD, INK, PAPER, Page, SOFT, Scale, count, subtitle, watts};
use crate::layout::{Rect, YardKind};
use crate::plan::Plan;
use crate::plan::result::SystemFloor;
use crate::units::text::digits;

/// Clear distance between the parts of the campus that hold different systems [m].
const BETWEEN_SYSTEMS: f64 = 40.0;
const BUILDING: &str = "#e9edf1";
const HALL: &str = "#7fb3d5";
const ROOM: &str = "#d9a0bd";

fn color(kind: YardKind) -> &'static str {
    match kind {
        YardKind::Generator => "#b8860b",
        YardKind::Transformer => "#cc79a7",
        YardKind::Converter => "#56b4e9",
        YardKind::Cooler => "#009e73",
        YardKind::HighVoltage => "#6a3d9a",
    }
}

/// Draws the campus; none without a rack.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let floors = &plan.layout.floors;
    let grounds: Vec<Rect> = floors.iter().map(|floor| floor.layout.campus()).collect();
    let width = grounds.iter().map(|ground| ground.width).sum::<f64>()
        + BETWEEN_SYSTEMS * grounds.len().checked_sub(1)? as f64;
    let depth = grounds.iter().map(|ground| ground.depth).fold(0.0, f64::max);
    let mut page = Page::new("Campus plan", &subtitle(plan));
    let scale = Scale::fitting(width, depth, &FIELD);
    let mut x = FIELD.x + (FIELD.width - scale.mm(width)) / 2.0;
    let y = FIELD.y + (FIELD.depth - scale.mm(depth)) / 2.0;
    let mut first = 1;
    for (floor, ground) in floors.iter().zip(&grounds) {
        block(&mut page, floor, scale, (x, y), first);
        first += floor.layout.buildings;
        x += scale.mm(ground.width + BETWEEN_SYSTEMS);
    }
    column(&mut page, plan, scale, (width, depth));
    Some(page)
}

/// The buildings and yards of one system.
fn block(page: &mut Page, floor: &SystemFloor, scale: Scale, corner: (f64, f64), first: u64) {
    let plan = &floor.layout;
    for item in plan.yard_items() {
        page.rect(scale.at(&item.at, corner), color(item.kind), None);
    }
    for index in 0..plan.buildings {
        page.rect(scale.at(&plan.building(index), corner), BUILDING, Some((INK, 0.3)));
    }
    for hall in 0..plan.halls {
        let (building, storey, place) = plan.place_of_hall(hall);
        // Upper storeys lie over the first.
        if storey == 0 {
            let building = plan.building(building);
            let at = scale.at(&place.moved(building.x, building.y), corner);
            page.rect(at, HALL, Some((PAPER, 0.15)));
        }
    }
    for room in 0..plan.network_rooms() {
        let building = plan.building(plan.building_of_room(room));
        let place = plan.place_of_room().unwrap_or_default();
        page.rect(scale.at(&place.moved(building.x, building.y), corner), ROOM, Some((INK, 0.15)));
    }
    ducts(page, floor, scale, corner);
    for index in 0..plan.buildings {
        let at = scale.at(&plan.building(index), corner);
        // Above the halls, which stand along the middle.
        let halls = scale.mm(plan.hall.depth) + scale.mm(crate::layout::CORRIDOR.0) / 2.0;
        let room = plan.network_room.as_ref().map_or(0.0, |room| scale.mm(room.depth) / 2.0);
        // Ducts leave through the middle.
        let free = Rect { depth: (at.depth / 2.0 - halls.max(room)).max(0.0), width: at.width * 0.48, ..at };
        let halls = plan.halls_of_building(index);
        let halls = halls.end - halls.start;
        let words = if halls == 1 { "hall" } else { "halls" };
        let name = format!("building {}: {halls} {words}", first + index);
        if !page.label(free, 3.4, INK, &name) {
            page.label(free, 3.4, INK, &format!("{}", first + index));
        }
    }
}

/// Ducts from building to building, along the streets.
fn ducts(page: &mut Page, floor: &SystemFloor, scale: Scale, corner: (f64, f64)) {
    let plan = &floor.layout;
    let on_paper = |(x, y): (f64, f64)| (corner.0 + scale.mm(x), corner.1 + scale.mm(y));
    let middle = on_paper(plan.building(plan.central_building()).center());
    for index in 0..plan.buildings {
        let from = on_paper(plan.building(index).center());
        page.line(from, (middle.0, from.1), "#d55e00", 0.35, true);
        page.line((middle.0, from.1), middle, "#d55e00", 0.35, true);
    }
}

fn column(page: &mut Page, plan: &Plan, scale: Scale, (width, depth): (f64, f64)) {
    let layout = &plan.layout;
    page.heading("Legend");
    page.key(BUILDING, INK, "building: electrical and mechanical rooms, offices");
    page.key(HALL, PAPER, "data hall");
    if layout.floors.iter().any(|floor| floor.layout.network_rooms() > 0) {
        page.key(ROOM, INK, "network room");
    }
    for kind in YardKind::ALL {
        let number: u64 = layout.floors.iter().map(|floor| floor.layout.demand.yard.count(kind)).sum();
        if number > 0 {
            page.key(color(kind), color(kind), &format!("{}: {}", kind.name(), count(number)));
        }
    }
    if layout.buildings > 1 {
        page.line_key("#d55e00", true, "fibre ducts");
    }
    page.scale_bar(scale);
    page.heading("Site");
    page.fact("critical IT", &watts(plan.power.it_provisioned.0));
    page.fact("buildings", &count(layout.buildings));
    page.fact("halls", &count(layout.halls));
    let storeys = layout.floors.iter().map(|floor| floor.layout.demand.storeys).max().unwrap_or(1);
    page.fact("storeys", &count(storeys));
    if let Some(floor) = layout.floors.first() {
        let (x, y) = (digits(floor.layout.building_x), digits(floor.layout.building_y));
        page.fact("a building", &format!("{x} × {y} m"));
    }
    page.fact("buildings, all storeys", &format!("{} m²", digits(layout.area.0)));
    page.fact("ground", &format!("{} × {} m", digits(width), digits(depth)));
    page.fact(
        "ground per MW of IT",
        &format!("{} m²", digits(width * depth / (plan.power.it_provisioned.0 / 1e6))),
    );
    page.fact(
        "fibre and copper",
        &format!("{} km", digits(layout.cables.iter().map(|c| c.length_total.0).sum::<f64>() / 1e3)),
    );
    page.column += 2.0;
    page.paragraph("Sizes of yard items and roads are assumptions; each stands at its building as often as the plan needs it.", SOFT);
}
