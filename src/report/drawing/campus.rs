//! The campus: buildings with their halls, yards, substation and ducts, to scale.

use super::{FIELD, INK, PAPER, Page, RULE, SOFT, Scale, count, subtitle, watts};
use crate::layout::{Rect, RoomKind, YardKind};
use crate::plan::Plan;
use crate::plan::result::SystemFloor;
use crate::units::text::digits;

/// Walls, and what lies below the rooms.
pub(super) const BUILDING: &str = "#5d6873";
pub(super) const HALL: &str = "#7fb3d5";
pub(super) const ROOM: &str = "#d9a0bd";
const DUCT: &str = "#d55e00";
const FEEDER: &str = "#6a3d9a";
/// Distance on paper between fibre and feeders in one street [mm].
const BESIDE: f64 = 0.7;

pub(super) fn side_room(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Electrical => "#f2c14e",
        RoomKind::Mechanical => "#8fcfb5",
        RoomKind::Staging => "#c8b8e6",
        RoomKind::Loading => "#b9a48c",
        RoomKind::Office => "#f5d7c4",
        RoomKind::Stairs => "#9aa5b1",
        RoomKind::Corridor => "#ffffff",
        RoomKind::Reserve => "#eef1f4",
    }
}

fn color(kind: YardKind) -> &'static str {
    match kind {
        YardKind::Generator => "#b8860b",
        YardKind::Transformer => "#cc79a7",
        YardKind::Converter => "#56b4e9",
        YardKind::Cooler => "#009e73",
        YardKind::Chiller => "#0072b2",
        YardKind::HighVoltage => "#6a3d9a",
    }
}

/// Draws the campus with a storey of its buildings; none without a rack.
pub(super) fn draw(plan: &Plan, storey: u64) -> Option<Page> {
    let floors = &plan.layout.floors;
    if floors.is_empty() {
        return None;
    }
    let site = &plan.layout.site;
    let (width, depth) = (site.ground.width, site.ground.depth);
    let storeys = floors.iter().map(|floor| floor.layout.demand.storeys).max().unwrap_or(1);
    let of = match (storeys, storey) {
        (1, _) => String::new(),
        (_, 0) => format!(", ground floor of {storeys} storeys"),
        _ => format!(", storey {} of {storeys}", storey + 1),
    };
    let mut page = Page::new(&format!("Campus plan{of}"), &subtitle(plan));
    // Room for the names of systems above their part.
    let room = Rect { y: FIELD.y + 6.0, depth: FIELD.depth - 6.0, ..FIELD };
    let scale = Scale::fitting(width, depth, &room);
    let x = room.x + (room.width - scale.mm(width)) / 2.0;
    let y = room.y + (room.depth - scale.mm(depth)) / 2.0;
    for item in &site.substation {
        page.rect(scale.at(&item.at, (x, y)), color(item.kind), None);
    }
    for (floor, corner) in floors.iter().zip(&site.corners) {
        let corner = (x + scale.mm(corner.0), y + scale.mm(corner.1));
        block(&mut page, floor, (scale, corner), storey);
        if floors.len() > 1 {
            let across = scale.mm(floor.layout.campus().width);
            page.label(Rect { x: corner.0, y: y - 5.0, width: across, depth: 4.5 }, 3.2, INK, &floor.system);
        }
    }
    ways(&mut page, plan, scale, (x, y));
    for (at, (floor, corner)) in floors.iter().zip(&site.corners).enumerate() {
        let first = plan.layout.buildings_before(at) + 1;
        names(&mut page, floor, (scale, (x + scale.mm(corner.0), y + scale.mm(corner.1))), first);
    }
    column(&mut page, plan, (scale, storey), (width, depth));
    Some(page)
}

/// The buildings and yards of one system.
fn block(page: &mut Page, floor: &SystemFloor, (scale, corner): (Scale, (f64, f64)), storey: u64) {
    let plan = &floor.layout;
    for item in plan.yard_items() {
        page.rect(scale.at(&item.at, corner), color(item.kind), None);
    }
    for index in 0..plan.buildings {
        let building = plan.building(index);
        page.rect(scale.at(&building, corner), BUILDING, Some((INK, 0.3)));
        for room in plan.side_rooms(index).into_iter().filter(|room| room.storey == storey) {
            let at = scale.at(&room.at.moved(building.x, building.y), corner);
            page.rect(at, side_room(room.kind), Some((PAPER, 0.1)));
        }
    }
    for hall in 0..plan.halls {
        let (building, level, place) = plan.place_of_hall(hall);
        if level == storey {
            let building = plan.building(building);
            let at = scale.at(&place.moved(building.x, building.y), corner);
            page.rect(at, HALL, Some((PAPER, 0.15)));
        }
    }
    for room in (0..plan.network_rooms()).filter(|_| storey == 0) {
        let building = plan.building(plan.building_of_room(room));
        let place = plan.place_of_room().unwrap_or_default();
        page.rect(scale.at(&place.moved(building.x, building.y), corner), ROOM, Some((PAPER, 0.15)));
    }
}

/// The buildings of one system by number, the first with this one.
fn names(page: &mut Page, floor: &SystemFloor, (scale, corner): (Scale, (f64, f64)), first: u64) {
    let plan = &floor.layout;
    for index in 0..plan.buildings {
        let building = plan.building(index);
        let halls = plan.halls_of_building(index);
        // On its first hall: every other place is as wide as a room.
        let (_, _, place) = plan.place_of_hall(halls.start);
        let at = scale.at(&place.moved(building.x, building.y), corner);
        let number = halls.end - halls.start;
        let words = if number == 1 { "hall" } else { "halls" };
        let name = format!("building {}: {number} {words}", first + index);
        let _ = page.label(at, 3.4, INK, &name) || page.label(at, 3.4, INK, &format!("{}", first + index));
    }
}

/// Pairs of buildings that fibre joins: each with the central one of its system, and from fabric to fabric.
fn joined(plan: &Plan) -> Vec<[usize; 2]> {
    let mut all = Vec::new();
    let mut first = 0;
    for floor in &plan.layout.floors {
        let own = &floor.layout;
        let central = first + own.central_building as usize;
        let others = (first..first + own.buildings as usize).filter(|at| *at != central);
        all.extend(others.map(|at| [at, central]));
        first += own.buildings as usize;
    }
    let between = plan.layout.border.iter().flat_map(|border| border.pairs.iter().copied());
    all.extend(between.filter(|[from, to]| from != to));
    all
}

/// Substations along the low side of the site.
fn substations(plan: &Plan) -> u32 {
    plan.electrical.load_flow.as_ref().map_or(1, |flow| u32::try_from(flow.substations).unwrap_or(u32::MAX))
}

/// Ducts and feeders along the streets, as they are measured.
fn ways(page: &mut Page, plan: &Plan, scale: Scale, corner: (f64, f64)) {
    let site = &plan.layout.site;
    let on_paper = |(x, y): (f64, f64)| (corner.0 + scale.mm(x), corner.1 + scale.mm(y));
    for ends in joined(plan) {
        let corners = site.corners(ends, ends.map(|at| site.middle(at)));
        let corners: Vec<_> = corners.into_iter().map(on_paper).collect();
        page.corners(&corners, DUCT, 0.35);
    }
    for building in (0..site.buildings.len()).filter(|_| !site.substation.is_empty()) {
        let corners = site.feeder(building, substations(plan)).into_iter().map(on_paper);
        let corners: Vec<_> = corners.map(|(x, y)| (x + BESIDE, y + BESIDE)).collect();
        page.corners(&corners, FEEDER, 0.35);
    }
}

/// Sorts of rooms that some building has.
pub(super) fn rooms_of(floors: &[SystemFloor]) -> Vec<RoomKind> {
    let named = |kind: RoomKind| {
        let areas = floors.iter().flat_map(|floor| floor.layout.areas());
        areas.into_iter().any(|(name, area)| name == kind.name() && area > 0.0)
    };
    RoomKind::ALL.into_iter().filter(|kind| named(*kind)).collect()
}

fn column(page: &mut Page, plan: &Plan, (scale, storey): (Scale, u64), (width, depth): (f64, f64)) {
    let layout = &plan.layout;
    page.heading("Legend");
    page.key(BUILDING, INK, "building: outer walls");
    page.key(HALL, PAPER, "data hall");
    if storey == 0 && layout.floors.iter().any(|floor| floor.layout.network_rooms() > 0) {
        page.key(ROOM, INK, "network room");
    }
    // Docks and network rooms are on the ground floor alone.
    let drawn = |kind: RoomKind| {
        let rooms = layout.floors.iter().flat_map(|floor| {
            (0..floor.layout.buildings).flat_map(|building| floor.layout.side_rooms(building))
        });
        rooms.into_iter().any(|room| room.kind == kind && room.storey == storey)
    };
    for kind in RoomKind::ALL.into_iter().filter(|kind| drawn(*kind)) {
        page.key(side_room(kind), RULE, kind.name());
    }
    for (kind, name, number) in &layout.yards {
        page.key(color(*kind), color(*kind), &format!("{name}: {}", count(*number)));
    }
    if !joined(plan).is_empty() {
        page.line_key(DUCT, true, "fibre ducts and corridor trays");
    }
    if !layout.site.substation.is_empty() {
        page.line_key(FEEDER, true, "feeders to the buildings");
    }
    page.scale_bar(scale);
    page.heading("Site");
    page.fact("critical IT", &watts(plan.power.it_provisioned.0));
    page.fact("buildings", &count(layout.buildings));
    page.fact("halls", &count(layout.halls));
    let storeys = layout.floors.iter().map(|floor| floor.layout.demand.storeys).max().unwrap_or(1);
    page.fact("storeys", &count(storeys));
    for floor in &layout.floors {
        let (x, y) = (digits(floor.layout.building_x), digits(floor.layout.building_y));
        let name = if layout.floors.len() > 1 {
            format!("a building of {}", floor.system)
        } else {
            "a building".to_owned()
        };
        page.fact(&name, &format!("{x} × {y} m"));
    }
    page.fact("buildings, all storeys", &format!("{} m²", digits(layout.area.0)));
    for (name, area) in layout.areas.iter().filter(|(_, area)| area.0 > 0.0) {
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
