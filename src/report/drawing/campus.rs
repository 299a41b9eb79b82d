//! The campus: buildings with their halls, yards, substation and ducts, to scale.

use super::{FIELD, INK, PAPER, Page, SOFT, Scale, count, subtitle, watts};
use crate::layout::{Rect, RoomKind, YardKind};
use crate::plan::Plan;
use crate::plan::result::SystemFloor;
use crate::units::text::digits;

const BUILDING: &str = "#e9edf1";
const HALL: &str = "#7fb3d5";
const ROOM: &str = "#d9a0bd";

fn side_room(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Electrical => "#f2c48d",
        RoomKind::Mechanical => "#a8d5c2",
        RoomKind::Staging => "#c9c3e6",
        RoomKind::Loading => "#8c8c8c",
        RoomKind::Office => "#f6f0b5",
    }
}

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
    if floors.is_empty() {
        return None;
    }
    let site = &plan.layout.site;
    let (width, depth) = (site.ground.width, site.ground.depth);
    let mut page = Page::new("Campus plan", &subtitle(plan));
    // Room for the names of systems above their part.
    let room = Rect { y: FIELD.y + 6.0, depth: FIELD.depth - 6.0, ..FIELD };
    let scale = Scale::fitting(width, depth, &room);
    let x = room.x + (room.width - scale.mm(width)) / 2.0;
    let y = room.y + (room.depth - scale.mm(depth)) / 2.0;
    for item in &site.substation {
        page.rect(scale.at(&item.at, (x, y)), color(item.kind), None);
    }
    let mut first = 1;
    for (floor, corner) in floors.iter().zip(&site.corners) {
        let corner = (x + scale.mm(corner.0), y + scale.mm(corner.1));
        block(&mut page, floor, scale, corner, first);
        if floors.len() > 1 {
            let across = scale.mm(floor.layout.campus().width);
            page.label(Rect { x: corner.0, y: y - 5.0, width: across, depth: 4.5 }, 3.2, INK, &floor.system);
        }
        first += floor.layout.buildings;
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
    for index in 0..plan.buildings {
        let building = plan.building(index);
        for room in plan.side_rooms(index).into_iter().filter(|room| room.storey == 0) {
            let at = scale.at(&room.at.moved(building.x, building.y), corner);
            page.rect(at, side_room(room.kind), Some((PAPER, 0.1)));
        }
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
        // Above the rooms behind the halls, which stand along the middle.
        let building = plan.building(index);
        let rooms = plan.side_rooms(index).into_iter().map(|room| room.at.y);
        let network = plan.place_of_room().filter(|_| plan.building_of_rooms(index)).map(|room| room.y);
        let lowest = rooms.chain(network).fold(building.depth / 2.0, f64::min);
        // Ducts leave through the middle.
        let free = Rect { depth: scale.mm(lowest.max(0.0)), width: at.width * 0.48, ..at };
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
    page.key(BUILDING, INK, "building: walls, stairs, shafts, free");
    page.key(HALL, PAPER, "data hall");
    if layout.floors.iter().any(|floor| floor.layout.network_rooms() > 0) {
        page.key(ROOM, INK, "network room");
    }
    for kind in RoomKind::ALL {
        page.key(side_room(kind), PAPER, kind.name());
    }
    for (kind, name, number) in &layout.yards {
        page.key(color(*kind), color(*kind), &format!("{name}: {}", count(*number)));
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
    for (name, area) in &layout.areas {
        page.fact(&format!("· {name}"), &format!("{} m²", digits(area.0)));
    }
    page.fact("ground", &format!("{} × {} m", digits(width), digits(depth)));
    page.fact(
        "ground per MW of IT",
        &format!("{} m²", digits(width * depth / (plan.power.it_provisioned.0 / 1e6))),
    );
    page.fact("land of such a site", &format!("{} km²", digits(layout.land.0 / 1e6)));
    page.fact("farthest buildings, by fibre", &format!("{} m", digits(layout.fibre.0)));
    page.fact(
        "fibre and copper",
        &format!("{} km", digits(layout.cables.iter().map(|c| c.length_total.0).sum::<f64>() / 1e3)),
    );
    page.column += 2.0;
    let out = "Sizes of yard items, rooms and roads are assumptions. The ground is what is drawn; announced sites have 750 acres a gigawatt, with setbacks, storm water, the grid's substation, generation and land for more.";
    page.paragraph(out, SOFT);
}
