//! The bill of materials and the cable schedule as people and spreadsheets read them.

use super::document::{Block, Column, Document, Section, Table, Unit};
use super::{Report, csv};
use crate::layout::RackKind;
use crate::layout::cables::{CablePair, Net, each_pair};
use crate::layout::routes::Outlet;
use crate::plan::Plan;
use crate::plan::result::{BillItem, Cable, CableEnd, EndKind, SystemFloor};
use crate::units::text::digits;
use serde_json::{Value, json};

/// What a plan buys, item by item.
#[derive(Debug, Clone)]
pub struct BillReport {
    /// The plan.
    pub plan: Plan,
}

/// Columns of the bill as CSV.
const COLUMNS: [&str; 9] =
    ["part", "item", "rating", "count", "unit", "unit_cost_usd", "cost_usd", "source", "confidence"];

/// A count without the decimals that whole things do not have.
fn amount(count: f64) -> String {
    if (count - count.round()).abs() < 1e-9 { super::document::count(count as u64) } else { digits(count) }
}

/// Price of one; nothing where another line of the same part holds the cost.
fn unit_cost(item: &BillItem) -> Option<f64> {
    (item.cost.0 > 0.0 && item.count > 0.0).then(|| item.cost.0 / item.count)
}

impl Report for BillReport {
    fn document(&self) -> Document {
        let bill = &self.plan.bill;
        let table = Table::of(vec![
            Column::words("part", bill.iter().map(|item| item.part.clone())),
            Column::words("item", bill.iter().map(|item| item.item.clone())),
            Column::words("rating", bill.iter().map(|item| item.rating.clone())),
            Column::numbers("count", bill.iter().map(|item| amount(item.count))),
            Column::words("unit", bill.iter().map(|item| item.unit)),
            Column::values(
                "cost",
                Unit::Money(""),
                bill.iter().map(|item| (item.cost.0 > 0.0).then_some(item.cost.0)),
            ),
            Column::words("confidence", bill.iter().map(|item| item.confidence.word())),
        ]);
        let trays: Vec<_> = self
            .plan
            .layout
            .floors
            .iter()
            .flat_map(|floor| floor.trays.iter().map(move |tray| (floor, tray)))
            .collect();
        let fullest = Table::of(vec![
            Column::words("system", trays.iter().map(|(floor, _)| floor.system.clone())),
            Column::words("fullest section of", trays.iter().map(|(_, tray)| tray.sort.name())),
            Column::counts("cables", trays.iter().map(|(_, tray)| tray.cables)),
            Column::counts("side by side", trays.iter().map(|(_, tray)| tray.parallel)),
            Column::counts("room for", trays.iter().map(|(_, tray)| tray.room)),
            Column::numbers(
                "filled",
                trays.iter().map(|(_, tray)| format!("{} %", digits(100.0 * tray.fill))),
            ),
        ]);
        let tried: Vec<_> = self
            .plan
            .layout
            .floors
            .iter()
            .flat_map(|floor| floor.tried.iter().map(move |tried| (floor, tried)))
            .collect();
        let placements = Table::of(vec![
            Column::words("system", tried.iter().map(|(floor, _)| floor.system.clone())),
            Column::words(
                "network racks",
                tried.iter().map(|(floor, tried)| tried.placement.describe(with_core(floor))),
            ),
            Column::values(
                "all cables",
                Unit::Plain("km"),
                tried.iter().map(|(_, tried)| Some(tried.length.0 / 1e3)),
            ),
            Column::numbers(
                "out of reach",
                tried.iter().map(|(_, tried)| super::document::count_or_blank(tried.unreached)),
            ),
            Column::numbers(
                "trays too many",
                tried.iter().map(|(_, tried)| super::document::count_or_blank(tried.overfull.unwrap_or(0))),
            ),
        ]);
        let section = |heading: &str, block| Section { heading: heading.into(), blocks: vec![block] };
        Document {
            title: format!("{} of things to buy", Unit::Money("").show(self.plan.economics.capex.0)),
            lead: Vec::new(),
            sections: vec![
                section("Bill of materials", Block::Table(table)),
                section("Trays and ducts", Block::Table(fullest)),
                section("Where network racks may stand, the best first", Block::Table(placements)),
            ],
        }
    }

    fn json(&self) -> Value {
        let items: Vec<Value> = self
            .plan
            .bill
            .iter()
            .map(|item| {
                json!({
                    "part": item.part, "item": item.item, "rating": item.rating, "count": item.count,
                    "unit": item.unit, "unit_cost_usd": unit_cost(item), "cost_usd": item.cost.0,
                    "source": item.source, "confidence": item.confidence.word(),
                })
            })
            .collect();
        let floors: Vec<Value> = self.plan.layout.floors.iter().map(floor).collect();
        json!({
            "schema": "gigawatt.bill/1",
            "capex_usd": self.plan.economics.capex.0,
            "items": items,
            "cabling": floors,
        })
    }

    fn csv(&self) -> String {
        let rows = self.plan.bill.iter().map(|item| {
            [
                item.part.clone(),
                item.item.clone(),
                item.rating.clone(),
                item.count.to_string(),
                item.unit.to_owned(),
                unit_cost(item).map_or_else(String::new, |cost| cost.to_string()),
                item.cost.0.to_string(),
                item.source.clone(),
                item.confidence.word().to_owned(),
            ]
        });
        csv::table(&COLUMNS, rows)
    }
}

fn with_core(floor: &SystemFloor) -> bool {
    floor.layout.demand.switches.core > 0
}

fn floor(floor: &SystemFloor) -> Value {
    json!({
        "system": floor.system,
        "straight_total_m": floor.straight_total.0,
        "trays": floor.trays.iter().map(|tray| json!({
            "name": tray.sort.name(), "cables": tray.cables, "parallel": tray.parallel, "room": tray.room, "fill": tray.fill,
        })).collect::<Vec<_>>(),
        "placements": floor.tried.iter().map(|tried| json!({
            "placement": tried.placement.describe(with_core(floor)),
            "length_total_m": tried.length.0,
            "unreached": tried.unreached, "trays_too_many": tried.overfull,
        })).collect::<Vec<_>>(),
    })
}

/// Columns of the rack schedule.
const RACKS: [&str; 18] = [
    "system",
    "id",
    "kind",
    "building",
    "storey",
    "room",
    "row",
    "position",
    "x_m",
    "y_m",
    "x_in_room_m",
    "y_in_room_m",
    "width_m",
    "depth_m",
    "heat_w",
    "mass_kg",
    "busway",
    "cdu",
];

/// Every rack, CDU and air handler as CSV, named and placed as on the drawings and in the cable schedule.
///
/// Buildings are numbered over the site, halls, rooms and racks in each system. `x_m` and `y_m` are its low corner on the campus, the others in its room; a rack hangs on pair n of the busways of its
/// row, and on the CDUs of its room if a part of its heat is liquid's.
#[must_use]
pub fn racks_csv(plan: &Plan) -> String {
    let mut rows: Vec<[String; 18]> = Vec::new();
    for (at, (floor, ground)) in plan.layout.floors.iter().zip(&plan.layout.site.corners).enumerate() {
        let layout = &floor.layout;
        let before = plan.layout.buildings_before(at);
        let halls = (0..layout.halls).map(|index| {
            let (building, storey, place) = layout.place_of_hall(index);
            (format!("hall {}", index + 1), building, storey, place, layout.hall(index))
        });
        let rooms = (0..layout.network_rooms()).filter_map(|index| {
            let (place, room) = (layout.place_of_room()?, layout.room(index)?);
            Some((format!("network room {}", index + 1), layout.building_of_room(index), 0, place, room))
        });
        for (name, building, storey, place, hall) in halls.chain(rooms) {
            let outline = layout.building(building);
            let corner = (ground.0 + outline.x + place.x, ground.1 + outline.y + place.y);
            let units =
                hall.racks.iter().filter(|rack| rack.kind == RackKind::Cdu).map(|rack| rack.number + 1);
            let (first, last) = units.fold((u64::MAX, 0), |(low, high), at| (low.min(at), high.max(at)));
            let busways = layout.busways(&hall);
            for (rack, pair) in hall.racks.iter().zip(busways) {
                let (kind, at) = (rack.kind, rack.at);
                let known = |number: f64| if number > 0.0 { number.to_string() } else { String::new() };
                let liquid = layout.demand.split_of(kind)[0].0 > 0.0 && last > 0;
                rows.push([
                    floor.system.clone(),
                    format!("{}{}", kind.letter(), rack.number + 1),
                    kind.name().to_owned(),
                    (before + building + 1).to_string(),
                    (storey + 1).to_string(),
                    name.clone(),
                    rack.row.map_or_else(String::new, |row| (row + 1).to_string()),
                    rack.row.map_or_else(String::new, |_| (rack.position + 1).to_string()),
                    millimetres(corner.0 + at.x),
                    millimetres(corner.1 + at.y),
                    millimetres(at.x),
                    millimetres(at.y),
                    millimetres(at.width),
                    millimetres(at.depth),
                    known(layout.demand.heat_of(kind).0),
                    layout.demand.mass_of(kind).0.to_string(),
                    pair.map_or_else(String::new, |pair| (pair + 1).to_string()),
                    if liquid { format!("U{first}-U{last}") } else { String::new() },
                ]);
            }
        }
    }
    csv::table(&RACKS, rows)
}

/// Metres to the millimetre.
fn millimetres(meters: f64) -> String {
    ((meters * 1e3).round() / 1e3).to_string()
}

/// Columns of the cable schedule.
const SCHEDULE: [&str; 17] = [
    "system",
    "kind",
    "from",
    "from_room",
    "to",
    "to_room",
    "medium",
    "reached",
    "rate_bytes_per_s",
    "count",
    "length_m",
    "length_total_m",
    "from_place",
    "to_place",
    "link",
    "from_module",
    "to_module",
];

/// A row of the plan's table of cables as the schedule writes it: medium, then link and modules.
struct Laid<'a> {
    cable: &'a Cable,
    medium: String,
    plugged: [String; 3],
}

impl<'a> Laid<'a> {
    fn of(cable: &'a Cable) -> Self {
        Self { cable, medium: medium_name(cable), plugged: plugged(cable) }
    }

    /// Whether a pair of racks may be joined by it.
    fn joins(&self, system: &str, pair: &CablePair) -> bool {
        let own = self.cable;
        (own.net, own.tier, own.reached) == (pair.net, pair.kind, pair.choice.is_some())
            && (!own.reached || pair.length <= own.reach)
            && own.system == system
            && self.medium == pair.medium.name()
    }
}

fn medium_name(cable: &Cable) -> String {
    let medium = serde_json::to_value(cable.medium).ok();
    medium.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Link, and the modules at its lower and its upper end; none where nothing is plugged or the cable is one with its plugs.
fn plugged(cable: &Cable) -> [String; 3] {
    let module = |end: Option<&CableEnd>| {
        let plugged = end.filter(|end| end.kind == EndKind::Transceiver);
        plugged.map_or_else(String::new, |end| end.module.clone())
    };
    [cable.link.clone(), module(cable.ends.first()), module(cable.ends.last())]
}

/// The cable schedule as CSV: one row for each pair of racks and kind, racks named and placed as on the drawing of a
/// hall, by row and position.
#[must_use]
pub fn schedule_csv(plan: &Plan) -> String {
    let mut rows: Vec<[String; 17]> = Vec::new();
    let mut laid: Vec<Laid<'_>> = plan.layout.cables.iter().map(Laid::of).collect();
    laid.sort_by(|a, b| a.cable.reach.0.total_cmp(&b.cable.reach.0));
    for floor in &plan.layout.floors {
        let room = |room: u64| {
            let halls = floor.layout.halls;
            if room < halls {
                format!("hall {}", room + 1)
            } else {
                format!("network room {}", room - halls + 1)
            }
        };
        // CDUs stand in no row.
        let place = |(kind, _): (RackKind, u64), outlet: &Outlet| match kind {
            RackKind::Cdu => String::new(),
            _ => format!("{}.{}", outlet.row + 1, outlet.position + 1),
        };
        each_pair(&floor.layout, &floor.cabling, |pair: &CablePair| {
            let name = |(kind, number): (RackKind, u64)| format!("{}{}", kind.letter(), number + 1);
            // Of the links of its medium the shortest that reaches.
            let own = laid.iter().find(|laid| laid.joins(&floor.system, pair));
            let [link, below, above] = own.map(|laid| laid.plugged.clone()).unwrap_or_default();
            rows.push([
                floor.system.clone(),
                pair.net.cables(pair.kind),
                name(pair.from),
                room(pair.start.room),
                name(pair.to),
                room(pair.stop.room),
                pair.medium.name().to_owned(),
                pair.choice.is_some().to_string(),
                pair.rate.0.to_string(),
                pair.count.to_string(),
                pair.length.0.to_string(),
                (pair.length.0 * pair.count as f64).to_string(),
                place(pair.from, &pair.start),
                place(pair.to, &pair.stop),
                link,
                below,
                above,
            ]);
        });
    }
    if let Some(cable) = plan.layout.cables.iter().find(|cable| cable.net == Net::Border) {
        rows.extend(ring(cable, plan.fabric.between.fabrics));
    }
    csv::table(&SCHEDULE, rows)
}

/// The links from fabric to fabric, round the ring that sums of gradients take: of two fabrics there is one way.
fn ring(cable: &Cable, fabrics: u64) -> Vec<[String; 17]> {
    let ways = if fabrics > 2 { fabrics } else { 1 };
    let upto = |way: u64| (u128::from(cable.count) * u128::from(way) / u128::from(ways)) as u64;
    let (medium, [link, below, above]) = (medium_name(cable), plugged(cable));
    let row = |way: u64| {
        let count = upto(way + 1) - upto(way);
        [
            cable.system.clone(),
            cable.kind.clone(),
            format!("fabric {}", way + 1),
            String::new(),
            format!("fabric {}", (way + 1) % fabrics.max(1) + 1),
            String::new(),
            medium.clone(),
            cable.reached.to_string(),
            cable.rate.0.to_string(),
            count.to_string(),
            cable.length_max.0.to_string(),
            (cable.length_max.0 * count as f64).to_string(),
            String::new(),
            String::new(),
            link.clone(),
            below.clone(),
            above.clone(),
        ]
    };
    (0..ways).map(row).collect()
}
