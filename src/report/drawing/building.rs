//! A building: its storeys one above the other, halls and rooms by name, rows as they stand, to scale.

use super::campus::{BUILDING, HALL, ROOM, rooms_of, side_room};
use super::{
    Anchor, FIELD, INK, PAPER, Page, RULE, SOFT, Scale, View, cells, color, count, fitting, short, subtitle,
    watts,
};
use crate::layout::{Hall, RackKind, Rect, RoomKind};
use crate::plan::Plan;
use crate::plan::result::{HANDLERS_OF_GEAR, SystemFloor};
use crate::units::text::digits;

const TRAY: &str = "#7a5c00";
/// Above and below a storey, for its name and its length [mm].
const NAME: f64 = 8.0;

/// A building that is drawn.
#[derive(Clone, Copy)]
struct Shown<'a> {
    floor: &'a SystemFloor,
    /// Counted from zero in its system.
    building: u64,
    /// Counted from one over the site.
    number: u64,
}

impl Shown<'_> {
    /// Along and across its rows [m].
    fn size(&self) -> (f64, f64) {
        (self.floor.layout.length_of(self.building), self.floor.layout.building_y)
    }
}

/// Draws a building of each system: the one asked for, or the one in the middle of the campus; none without a rack.
pub(super) fn draw(plan: &Plan, view: View) -> Option<Page> {
    let floors: Vec<Shown<'_>> = view
        .numbered(plan)
        .filter_map(|(before, floor)| {
            let building = match view.building {
                Some(number) => number.checked_sub(before)?,
                None => floor.layout.central_building,
            };
            (building < floor.layout.buildings).then_some(Shown {
                floor,
                building,
                number: before + building + 1,
            })
        })
        .collect();
    let storeys: Vec<(Shown<'_>, u64)> = floors
        .iter()
        .flat_map(|shown| (0..shown.floor.layout.demand.storeys).map(move |storey| (*shown, storey)))
        .collect();
    let title = match &floors[..] {
        [] => return None,
        [one] => format!("Building {} of {}: floor plans", one.number, count(plan.layout.buildings)),
        _ => format!("A building of each of {} systems: floor plans", floors.len()),
    };
    let mut page = Page::new(&title, &subtitle(plan));
    let cells: Vec<Rect> = if floors.len() == 1 {
        // The upper storey above the ground floor, as a section would have them.
        let depth = FIELD.depth / storeys.len() as f64;
        let cell = |at: usize| Rect { y: FIELD.y + (storeys.len() - 1 - at) as f64 * depth, depth, ..FIELD };
        (0..storeys.len()).map(cell).collect()
    } else {
        cells(&FIELD, storeys.len())
    };
    let room = |cell: &Rect| Rect {
        x: cell.x + 3.0,
        width: cell.width - 6.0,
        y: cell.y + NAME,
        depth: cell.depth - 2.0 * NAME,
    };
    let fitting_scales = storeys.iter().zip(&cells).map(|((shown, _), cell)| {
        let (x, y) = shown.size();
        Scale::fitting(x, y, &room(cell))
    });
    let scale = Scale::least(fitting_scales)?;
    for ((shown, storey), cell) in storeys.iter().zip(&cells) {
        let (x, y) = shown.size();
        let corner = (cell.x + (cell.width - scale.mm(x)) / 2.0, cell.y + (cell.depth - scale.mm(y)) / 2.0);
        let place = (shown.building, *storey);
        storey_plan(&mut page, shown.floor, place, handlers_of_gear(plan), scale, corner);
        let name = if *storey == 0 { "ground floor".into() } else { format!("storey {}", storey + 1) };
        let name = if floors.len() > 1 {
            format!("{}, building {}, {name}", shown.floor.system, shown.number)
        } else {
            name
        };
        let above = (corner.0, corner.1 - 2.0);
        page.text(above, fitting(&name, cell.width - 6.0, 3.2), Anchor::Start, INK, &name);
        let below = (corner.0 + scale.mm(x) / 2.0, corner.1 + scale.mm(y) + 4.5);
        page.text(below, 2.9, Anchor::Middle, SOFT, &format!("{} × {} m", short(x), short(y)));
    }
    let buildings: Vec<(&SystemFloor, u64)> =
        floors.iter().map(|shown| (shown.floor, shown.building)).collect();
    column(&mut page, plan, &buildings, scale);
    Some(page)
}

/// Air handlers in the electrical rooms of a building, as they are bought.
fn handlers_of_gear(plan: &Plan) -> u64 {
    let line = plan.cooling.schedule.iter().find(|line| line.name == HANDLERS_OF_GEAR);
    line.map_or(0, |line| line.count / plan.layout.buildings.max(1))
}

/// One storey of a building with its corner at a place.
fn storey_plan(
    page: &mut Page,
    floor: &SystemFloor,
    (building, storey): (u64, u64),
    handlers: u64,
    scale: Scale,
    corner: (f64, f64),
) {
    let plan = &floor.layout;
    let outline = Rect { x: 0.0, y: 0.0, width: plan.length_of(building), depth: plan.building_y };
    page.rect(scale.at(&outline, corner), BUILDING, Some((INK, 0.4)));
    let of_gear = plan.air_handlers_of_gear(building, handlers);
    for room in plan.side_rooms(building).into_iter().filter(|room| room.storey == storey) {
        let at = scale.at(&room.at, corner);
        page.rect(at, side_room(room.kind), Some((RULE, 0.15)));
        for (_, own) in of_gear.iter().filter(|(level, own)| *level == storey && room.at.holds(own)) {
            page.rect(scale.at(own, corner), color(RackKind::AirHandler), None);
        }
        if room.kind == RoomKind::Corridor {
            continue;
        }
        let area = format!("{} m²", digits(room.at.area()));
        let half = Rect { depth: at.depth / 2.0, ..at };
        if page.label(half, 2.8, INK, room.kind.name()) {
            page.label(Rect { y: at.y + at.depth / 2.0, ..half }, 2.6, SOFT, &area);
        } else if !page.label(at, 2.6, INK, room.kind.name()) {
            page.upright(at, 2.6, INK, room.kind.name());
        }
    }
    let corridor = plan.corridor_y();
    let mut furnish = |place: Rect, hall: &Hall, name: &str, fill: &str| {
        page.rect(scale.at(&place, corner), fill, Some((INK, 0.25)));
        let inner = (corner.0 + scale.mm(place.x), corner.1 + scale.mm(place.y));
        for row in &hall.rows {
            page.rect(scale.at(&row.at, inner), color(RackKind::Compute), None);
        }
        for rack in hall.racks.iter().filter(|rack| rack.row.is_none()) {
            page.rect(scale.at(&rack.at, inner), color(rack.kind), None);
        }
        for main in &hall.mains {
            let x = inner.0 + scale.mm(*main);
            let far = if place.y > corridor { place.y + place.depth } else { place.y };
            page.line((x, corner.1 + scale.mm(far)), (x, corner.1 + scale.mm(corridor)), TRAY, 0.2, true);
        }
        let at = scale.at(&place, corner);
        let stands = hall.rows.iter().map(|row| row.at);
        let stands = stands.chain(hall.racks.iter().filter(|rack| rack.row.is_none()).map(|rack| rack.at));
        let stands: Vec<Rect> = stands.map(|stands| scale.at(&stands, inner)).collect();
        if let Some(plate) = plate(name, &at, &stands) {
            let size = plate.depth / PLATE;
            let (x, y) = plate.center();
            page.rect(plate, PAPER, None);
            page.text((x, y + 0.36 * size), size, Anchor::Middle, INK, name);
        } else if fill == HALL {
            // Halls are many and have no other name here: in the middle, over what stands there.
            named_over(page, &at, name);
        }
    };
    for hall in plan.halls_of_building(building) {
        let (_, level, place) = plan.place_of_hall(hall);
        if level == storey {
            furnish(place, &plan.hall(hall), &format!("hall {}", hall + 1), HALL);
        }
    }
    for room in (0..plan.network_rooms()).filter(|room| plan.building_of_room(*room) == building) {
        if let (0, Some(place), Some(hall)) = (storey, plan.place_of_room(), plan.room(room)) {
            furnish(place, &hall, &format!("network room {}", room + 1), ROOM);
        }
    }
    let y = corner.1 + scale.mm(corridor);
    page.line((corner.0, y), (corner.0 + scale.mm(outline.width), y), TRAY, 0.4, true);
}

/// Depth of the plate of a name in sizes of its text.
const PLATE: f64 = 1.5;

/// The plate of a name in the free part of a room, next to its middle, as large as one fits; none where all is taken.
fn plate(name: &str, room: &Rect, stands: &[Rect]) -> Option<Rect> {
    /// Places tried along a room.
    const STEPS: u32 = 40;
    let (x, y) = room.center();
    let at = |size: f64| {
        let (width, depth) = (super::text_width(name, size) + 1.0, PLATE * size);
        let along =
            (0..=STEPS).map(|step| room.x + (room.width - width) * f64::from(step) / f64::from(STEPS));
        // In the middle, or against what stands there or a wall.
        let against = stands
            .iter()
            .chain([room])
            .flat_map(|at| [at.y - depth, at.y, at.y + at.depth - depth, at.y + at.depth]);
        let across: Vec<f64> = against.chain([y - depth / 2.0]).collect();
        let plates = along.flat_map(|x| across.iter().map(move |y| Rect { x, y: *y, width, depth }));
        let free = plates.filter(|plate| room.holds(plate) && stands.iter().all(|at| apart(at, plate)));
        let far = |plate: &Rect| (plate.center().0 - x).hypot(plate.center().1 - y);
        free.min_by(|a, b| far(a).total_cmp(&far(b)))
    };
    [3.0, 2.6, 2.3, super::SMALLEST].into_iter().find_map(at)
}

/// Whether two rectangles share nothing.
fn apart(a: &Rect, b: &Rect) -> bool {
    const TOUCHING: f64 = 1e-6;
    let before = |from: f64, length: f64, to: f64| from + length <= to + TOUCHING;
    before(a.x, a.width, b.x)
        || before(b.x, b.width, a.x)
        || before(a.y, a.depth, b.y)
        || before(b.y, b.depth, a.y)
}

/// A name on paper in the middle of a room.
fn named_over(page: &mut Page, at: &Rect, name: &str) {
    let size = fitting(name, at.width * 0.9, 3.0);
    if size >= super::SMALLEST {
        let wide = super::text_width(name, size) + 1.0;
        let (x, y) = at.center();
        let plate = Rect { x: x - wide / 2.0, y: y - PLATE / 2.0 * size, width: wide, depth: PLATE * size };
        page.rect(plate, PAPER, None);
        page.text((x, y + 0.36 * size), size, Anchor::Middle, INK, name);
    }
}

/// The network rooms of some buildings by number, as the legend has them: where one has no place for its name, that is it.
fn rooms_named(buildings: &[(&SystemFloor, u64)]) -> Option<String> {
    let rooms = buildings.iter().flat_map(|(floor, building)| {
        let own = &floor.layout;
        (0..own.network_rooms()).filter(|room| own.building_of_room(*room) == *building)
    });
    let numbers: std::collections::BTreeSet<String> = rooms.map(|room| (room + 1).to_string()).collect();
    let numbers: Vec<String> = numbers.into_iter().collect();
    (!numbers.is_empty()).then(|| format!("network room {}", numbers.join(", ")))
}

fn column(page: &mut Page, plan: &Plan, buildings: &[(&SystemFloor, u64)], scale: Scale) {
    page.heading("Legend");
    page.key(HALL, INK, "data hall");
    if let Some(rooms) = rooms_named(buildings) {
        page.key(ROOM, INK, &rooms);
    }
    page.key(color(RackKind::Compute), RULE, "row of racks");
    for kind in [RackKind::Cdu, RackKind::AirHandler] {
        let stands = |room: &crate::layout::Room| {
            if kind == RackKind::Cdu { room.cdus > 0 } else { room.air_handlers > 0 }
        };
        let rooms = buildings.iter().flat_map(|(floor, _)| {
            std::iter::once(&floor.layout.hall).chain(floor.layout.network_room.as_ref())
        });
        let of_gear = kind == RackKind::AirHandler && handlers_of_gear(plan) > 0;
        if of_gear || rooms.into_iter().any(stands) {
            page.key(color(kind), RULE, kind.name());
        }
    }
    for kind in rooms_of(&plan.layout.floors) {
        page.key(side_room(kind), RULE, kind.name());
    }
    page.key(BUILDING, INK, "outer walls");
    page.line_key(TRAY, true, "main trays and corridor trays");
    page.scale_bar(scale);
    for (floor, building) in buildings {
        let layout = &floor.layout;
        page.heading(if buildings.len() == 1 { "Building" } else { &floor.system });
        let heat = layout.heat_of_buildings()[*building as usize];
        page.fact("heat of its racks", &watts(heat.0));
        let halls = layout.halls_of_building(*building);
        page.fact("halls", &count(halls.end - halls.start));
        let storeys = layout.demand.storeys as f64;
        let gross = storeys * layout.length_of(*building) * layout.building_y;
        page.fact("floor of all storeys", &format!("{} m²", digits(gross)));
        let per = |area: f64| format!("{} m²", digits(area / (heat.0 / 1e6).max(1e-9)));
        page.fact("floor per MW", &per(gross));
        let white = (halls.end - halls.start) as f64 * layout.hall.width * layout.hall.depth;
        page.fact("its halls per MW", &per(white));
    }
    page.column += 2.0;
    page.paragraph(
        "Rooms are sized by what they serve. Published buildings take 430 m² and more per MW and do not say of what.",
        SOFT,
    );
}
