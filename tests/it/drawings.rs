//! Drawings: every text on the page, none on another, with legend and scale, and to scale.

use crate::planned::{examples, filled, of, with};
use gigawatt::plan::Plan;
use gigawatt::report::drawing::{Kind, View, draw, draw_view, text_width};
use gigawatt::scenario::Flags;
use std::collections::BTreeMap;

/// A text of a drawing with the box that it fills: left, top, right, bottom [mm].
struct Words {
    text: String,
    sides: [f64; 4],
}

fn number(node: &roxmltree::Node<'_, '_>, name: &str) -> f64 {
    let value = node.attribute(name).unwrap_or_else(|| panic!("{node:?} has no {name}"));
    value.parse().unwrap_or_else(|_| panic!("{name} is {value}"))
}

/// The texts of a drawing; letters rise three quarters of their size above the line and fall a quarter below.
fn words(drawing: &roxmltree::Document<'_>) -> Vec<Words> {
    drawing
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .map(|node| {
            let text = node.text().unwrap_or_default().trim().to_owned();
            let (x, y, size) = (number(&node, "x"), number(&node, "y"), number(&node, "font-size"));
            let wide = text_width(&text, size);
            let before = match node.attribute("text-anchor") {
                Some("middle") => 0.5,
                Some("end") => 1.0,
                _ => 0.0,
            };
            let sides = if node.attribute("transform").is_some_and(|turn| turn.starts_with("rotate(-90 ")) {
                [x - 0.75 * size, y - 0.5 * wide, x + 0.25 * size, y + 0.5 * wide]
            } else {
                [x - before * wide, y - 0.75 * size, x + (1.0 - before) * wide, y + 0.25 * size]
            };
            assert!(size >= 2.0 - 1e-9, "`{text}` is {size} mm high: nobody reads that");
            Words { text, sides }
        })
        .collect()
}

#[track_caller]
fn legible(plan: &Plan, what: &str) {
    for kind in Kind::ALL {
        legible_of(plan, kind, what);
    }
}

#[track_caller]
fn legible_of(plan: &Plan, kind: Kind, what: &str) {
    legible_view(plan, kind, View::default(), what);
}

#[track_caller]
fn legible_view(plan: &Plan, kind: Kind, view: View, what: &str) {
    let what = format!("{} of {what}, {view:?}", kind.name());
    let svg = draw_view(plan, kind, view).unwrap_or_else(|| panic!("{what} is not drawn"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{what}");
    assert!(svg.len() < 3_000_000, "{what}: {} bytes", svg.len());
    let drawing = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{what}: {error}"));
    let root = drawing.root_element();
    assert_eq!(root.attribute("viewBox"), Some("0 0 420 297"), "{what}");
    let words = words(&drawing);
    let has = |start: &str| words.iter().any(|words| words.text.starts_with(start));
    assert!(has("Legend") && has("Scale"), "{what} has no legend or no scale");
    for (place, one) in words.iter().enumerate() {
        let [left, top, right, bottom] = one.sides;
        let inside = left >= 6.0 && top >= 6.0 && right <= 414.0 && bottom <= 291.0;
        assert!(inside, "{what}: `{}` leaves the page: {:?}", one.text, one.sides);
        for other in &words[..place] {
            let [l, t, r, b] = other.sides;
            let apart = right <= l + 0.05 || r <= left + 0.05 || bottom <= t + 0.05 || b <= top + 0.05;
            assert!(
                apart,
                "{what}: `{}` {:?} lies on `{}` {:?}",
                one.text, one.sides, other.text, other.sides
            );
        }
    }
    for shape in drawing.descendants().filter(|node| node.has_tag_name("rect")) {
        let (x, y) = (number(&shape, "x"), number(&shape, "y"));
        let (width, height) = (number(&shape, "width"), number(&shape, "height"));
        let inside = x >= 0.0 && y >= 0.0 && x + width <= 420.01 && y + height <= 297.01;
        assert!(
            inside && width >= 0.0 && height >= 0.0,
            "{what}: a rectangle at {x}, {y} of {width} × {height}"
        );
    }
    if [Kind::Campus, Kind::Building, Kind::Hall, Kind::Rack, Kind::Power].contains(&kind) {
        explained(&drawing, &what);
    }
}

/// Every colour of the field stands in the legend, ink and paper aside.
#[track_caller]
fn explained(drawing: &roxmltree::Document<'_>, what: &str) {
    let plain = ["#ffffff", "#1b1f24", "#f7f8fa", "none"];
    let shapes = drawing.descendants().filter(|node| node.has_tag_name("rect") || node.has_tag_name("path"));
    let (legend, field): (Vec<_>, Vec<_>) = shapes.partition(|shape| {
        shape.has_tag_name("rect") && number(shape, "x") >= 325.0 && number(shape, "width") < 10.0
    });
    let fill = |shape: &roxmltree::Node<'_, '_>| shape.attribute("fill").unwrap_or_default().to_owned();
    let known: Vec<String> = legend.iter().map(fill).collect();
    let drawn: Vec<String> = field.iter().map(fill).collect();
    for known in known.iter().filter(|known| !plain.contains(&known.as_str())) {
        assert!(drawn.contains(known), "{what}: the legend has {known}, which is not drawn");
    }
    for shape in &field {
        let fill = fill(shape);
        assert!(plain.contains(&fill.as_str()) || known.contains(&fill), "{what}: {fill} is in no legend");
    }
    // Lines likewise: trays, ducts, fronts of racks.
    let lines = || drawing.descendants().filter(|node| node.has_tag_name("line"));
    let stroke = |line: &roxmltree::Node<'_, '_>| line.attribute("stroke").unwrap_or_default().to_owned();
    let known: Vec<String> =
        lines().filter(|line| number(line, "x1") >= 325.0).map(|line| stroke(&line)).collect();
    let drawn: Vec<String> =
        lines().filter(|line| number(line, "x2") < 325.0).map(|line| stroke(&line)).collect();
    let rules = ["#57606a", "#c3c9d1", "#1b1f24"];
    for known in known.iter().filter(|known| !rules.contains(&known.as_str())) {
        assert!(drawn.contains(known), "{what}: the legend has lines of {known}, which are not drawn");
    }
    for line in lines().filter(|line| number(line, "x2") < 325.0) {
        let stroke = stroke(&line);
        let plain = rules.contains(&stroke.as_str());
        assert!(plain || known.contains(&stroke), "{what}: lines of {stroke} are in no legend");
    }
}

#[test]
fn drawings_of_three_sizes_are_legible() {
    for power in ["20 MW", "250 MW", "1 GW"] {
        legible(&filled(power, "utility", "gb300-nvl72"), power);
    }
}

#[test]
fn drawings_of_other_buildings_are_legible() {
    for (power, system) in [
        ("2 MW", "hgx-h100"),
        ("100 MW", "vr-nvl72:max-p"),
        ("50 MW", "tpu-v7"),
        ("300 MW", "mi455x-helios"),
        ("40 MW", "kyber-nvl144"),
        ("250 MW", "hgx-h100"),
        ("1 GW", "trn2-ultraserver"),
        ("30 MW", "mi355x"),
        ("20 MW", "vr-nvl72"),
        ("250 MW", "vr-nvl72"),
        ("1 GW", "vr-nvl72"),
        ("20 MW", "tpu-v7"),
        ("250 MW", "tpu-v7"),
        ("1 GW", "tpu-v7"),
        ("20 MW", "trn2-ultraserver"),
        ("250 MW", "mi355x"),
        ("1 GW", "hgx-h100"),
        ("1 GW", "kyber-nvl144"),
    ] {
        legible(&filled(power, "utility", system), &format!("{power} of {system}"));
    }
    for path in examples() {
        let text = std::fs::read_to_string(&path).unwrap();
        let plan = of(Some(&text), &Flags::default()).unwrap();
        legible(&plan, &path.file_name().unwrap().to_string_lossy());
    }
    for design in ["ac-480-legacy", "dc-800-sidecar", "dc-800-sst"] {
        let set = vec![format!("electrical.design={design}"), "layout.storeys=2".into()];
        let plan = with(&Flags { power: Some("120 MW".into()), set, ..Flags::default() }).unwrap();
        legible(&plan, design);
    }
}

#[test]
fn drawings_of_halls_that_are_there_and_of_fabrics_apart_are_legible() {
    for (power, set) in [
        ("20 MW", &["layout.hall_width=40 m", "layout.hall_depth=30 m"][..]),
        ("250 MW", &["layout.hall_width=60 m", "layout.hall_depth=40 m", "layout.storeys=2"]),
        ("1 GW", &["layout.storeys=2"]),
        ("1 GW", &["fabric.cluster=4608", "campus.bandwidth=50 Gb/s"]),
    ] {
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let plan = with(&Flags { power: Some(power.into()), set, ..Flags::default() }).unwrap();
        legible(&plan, power);
    }
}

/// Half of the site each of two systems.
fn mixed(power: &str, systems: [&str; 2]) -> Plan {
    let systems = systems.map(|id| format!("[[systems]]\nid = \"{id}\"\nshare = 0.5\n")).concat();
    of(Some(&format!("[envelope]\npower = \"{power}\"\n\n{systems}")), &Flags::default()).unwrap()
}

/// 250 MW of three systems.
fn three() -> Plan {
    let shares = [("gb300-nvl72", 0.5), ("hgx-h100", 0.3), ("tpu-v7", 0.2)];
    let systems = shares.map(|(id, share)| format!("[[systems]]\nid = \"{id}\"\nshare = {share}\n")).concat();
    of(Some(&format!("[envelope]\npower = \"250 MW\"\n\n{systems}")), &Flags::default()).unwrap()
}

fn texts(svg: &str) -> Vec<String> {
    let drawing = roxmltree::Document::parse(svg).unwrap();
    words(&drawing).into_iter().map(|words| words.text).collect()
}

#[test]
fn a_one_line_of_a_mix_has_each_system_with_its_own_taps_and_shelves() {
    let plan = three();
    legible_of(&plan, Kind::OneLine, "three systems");
    let texts = texts(&draw(&plan, Kind::OneLine).unwrap());
    let grouped = |number: u64| gigawatt::units::text::group(&number.to_string());
    for system in &plan.fleet.systems {
        let start = format!("{} × {} of ", grouped(system.racks), system.id);
        let at = texts.iter().position(|text| text.starts_with(&start)).expect(&start);
        let feeds = plan.electrical.schedule.iter().filter(|line| line.name == "rack tap-offs");
        let own = feeds.filter(|line| line.basis.contains(&format!(" {} ", system.id)));
        let taps: u64 = own.map(|line| line.count).sum();
        assert!(
            taps >= system.racks && texts[at].contains(&format!("taps {} × ", grouped(taps))),
            "{texts:?}"
        );
        let shelves = plan.electrical.shelves.iter().find(|shelves| shelves.system == system.id);
        let known = shelves.filter(|shelves| shelves.known && shelves.one_side.0 > 0.0);
        let said = texts[at + 1].contains(" shelves of ");
        assert_eq!(said, known.is_some(), "{}: {}", system.id, texts[at + 1]);
        assert!(known.is_none_or(|own| texts[at + 1].starts_with(&format!("{} shelves", own.count))));
    }
    assert!(plan.electrical.shelves.iter().any(|shelves| shelves.known));
}

#[test]
fn buildings_of_a_mix_are_numbered_over_the_site() {
    let plan = three();
    let named = texts(&draw(&plan, Kind::Campus).unwrap());
    let mut before = 0;
    for (system, floor) in plan.layout.floors.iter().enumerate() {
        let (own, only) = (&floor.layout, Some(system));
        let title = |kind, view| texts(&draw_view(&plan, kind, view).unwrap()).swap_remove(0);
        let hall = title(Kind::Hall, View { hall: own.halls - 1, system: only, ..View::default() });
        let number = before + own.place_of_hall(own.halls - 1).0 + 1;
        assert!(hall.contains(&format!(", in building {number}")), "{hall}");
        let last = before + own.buildings;
        let building = title(Kind::Building, View { building: Some(last - 1), ..View::default() });
        assert_eq!(building, format!("Building {last} of {}: floor plans", plan.layout.buildings));
        assert!(
            named
                .iter()
                .any(|text| text.starts_with(&format!("building {last}")) || *text == last.to_string())
        );
        // It is no building of another system.
        let other = View { building: Some(last - 1), system: Some((system + 1) % 3), ..View::default() };
        assert!(draw_view(&plan, Kind::Building, other).is_none());
        before = last;
    }
    assert_eq!(before, plan.layout.buildings);
    let racks = gigawatt::report::bill::racks_csv(&plan);
    let buildings: std::collections::BTreeSet<u64> =
        racks.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse().unwrap()).collect();
    assert!(buildings.into_iter().eq(1..=plan.layout.buildings));
}

#[test]
fn names_of_network_rooms_lie_on_no_row_and_the_legend_has_them() {
    for (power, system) in
        [("250 MW", "gb300-nvl72"), ("250 MW", "trn2-ultraserver"), ("1 GW", "gb300-nvl72")]
    {
        let plan = filled(power, "utility", system);
        let floor = &plan.layout.floors[0].layout;
        assert_eq!(floor.network_rooms(), 1, "{power} of {system}");
        let building = floor.building_of_room(0);
        let svg =
            draw_view(&plan, Kind::Building, View { building: Some(building), ..View::default() }).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let named: Vec<Words> =
            words(&drawing).into_iter().filter(|words| words.text == "network room 1").collect();
        assert!(named.iter().any(|words| words.sides[0] > 325.0), "{power} of {system}: not in the legend");
        // Rows, CDUs and air handlers by their colours.
        let stands = drawing.descendants().filter(|node| {
            let fill = node.attribute("fill").unwrap_or_default();
            node.has_tag_name("rect") && ["#0072b2", "#009e73", "#8fd0f5"].contains(&fill)
        });
        let stands: Vec<[f64; 4]> = stands
            .map(|node| ["x", "y", "width", "height"].map(|name| number(&node, name)))
            .map(|[x, y, width, height]| [x, y, x + width, y + height])
            .collect();
        assert!(stands.len() > 20, "{}", stands.len());
        for name in &named {
            let [left, top, right, bottom] = name.sides;
            let under = stands.iter().find(|[l, t, r, b]| left < *r && *l < right && top < *b && *t < bottom);
            assert!(under.is_none(), "{power} of {system}: {:?} lies on {under:?}", name.sides);
        }
    }
}

#[test]
fn every_system_of_a_mix_is_drawn() {
    for (power, systems) in [
        ("250 MW", ["gb300-nvl72", "hgx-h100"]),
        ("1 GW", ["vr-nvl72:max-q", "gb300-nvl72"]),
        ("60 MW", ["hgx-b300", "mi355x"]),
        ("20 MW", ["gb300-nvl72", "tpu-v7"]),
    ] {
        let plan = mixed(power, systems);
        legible(&plan, &systems.join(" and "));
        assert_eq!(plan.layout.floors.len(), 2);
        for system in 0..2 {
            for kind in [Kind::Hall, Kind::Building, Kind::Rack] {
                let view = View { system: Some(system), ..View::default() };
                legible_view(&plan, kind, view, &systems.join(" and "));
            }
        }
        for (kind, shown) in [
            (Kind::Hall, plan.layout.floors.iter().map(|floor| floor.system.clone()).collect::<Vec<_>>()),
            (Kind::Campus, plan.layout.floors.iter().map(|floor| floor.system.clone()).collect()),
            (
                Kind::Rack,
                plan.layout.floors.iter().map(|floor| format!("{}, front", floor.rack_name)).collect(),
            ),
        ] {
            let svg = draw(&plan, kind).unwrap();
            let drawing = roxmltree::Document::parse(&svg).unwrap();
            let words = words(&drawing);
            for name in shown {
                // A name may go on in the next line.
                let all: Vec<&str> = words.iter().map(|words| words.text.as_str()).collect();
                let found = all.join(" ").contains(&name);
                assert!(found, "{} of {power} does not show `{name}`", kind.name());
            }
        }
    }
}

/// A plan of a design with a topology.
fn doubled(power: &str, design: &str, redundancy: Option<&str>) -> Plan {
    let mut set = vec![format!("electrical.design={design}"), "serving=[]".into(), "training=[]".into()];
    set.extend(redundancy.map(|topology| format!("electrical.redundancy={topology}")));
    with(&Flags { power: Some(power.into()), set, ..Flags::default() }).unwrap()
}

#[test]
fn one_lines_of_every_chain_and_topology_are_legible() {
    for design in gigawatt::catalog::Catalog::default().ids("electrical") {
        for power in ["1 MW", "20 MW", "250 MW", "3 GW"] {
            legible_of(&doubled(power, &design, None), Kind::OneLine, &format!("{power} {design}"));
        }
    }
    for redundancy in ["n", "n-plus1", "2n", "3-to-make-2", "4-to-make-3", "5-to-make-4", "block-redundant"] {
        for design in ["ac-415-ups", "ac-480-legacy", "dc-800-sst"] {
            let plan = doubled("80 MW", design, Some(redundancy));
            legible_of(&plan, Kind::OneLine, &format!("{redundancy} {design}"));
        }
    }
}

#[test]
fn yards_are_drawn_and_counted_as_in_the_schedule() {
    for plan in [
        filled("1 GW", "utility", "gb300-nvl72"),
        mixed("1 GW", ["gb300-nvl72", "vr-nvl72:max-q"]),
        with(&Flags {
            power: Some("250 MW".into()),
            set: vec!["electrical.design=dc-800-sst".into()],
            ..Flags::default()
        })
        .unwrap(),
    ] {
        let svg = draw(&plan, Kind::Campus).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let words = words(&drawing);
        let shown = |name: &str| {
            words.iter().find_map(|words| {
                let count = words.text.strip_prefix(name)?.strip_prefix(": ")?;
                count.replace(',', "").parse::<u64>().ok()
            })
        };
        let mut found = 0;
        for line in &plan.electrical.schedule {
            if [
                "engines",
                "unit substations",
                "solid-state transformers",
                "plant transformers",
                "main transformers",
            ]
            .contains(&line.name.as_str())
            {
                assert_eq!(shown(&line.name), Some(line.count), "{}", line.name);
                found += line.count;
            }
        }
        assert!(found > 0);
        let stands: u64 = plan.layout.yards.iter().map(|(.., count)| count).sum();
        let laid: usize = plan.layout.floors.iter().map(|floor| floor.layout.yard_items().len()).sum();
        assert_eq!(stands, (laid + plan.layout.site.substation.len()) as u64);
    }
}

#[test]
fn every_row_of_a_hall_has_its_number_and_every_position_its_ruler() {
    for system in ["hgx-h100", "tpu-v7", "gb300-nvl72"] {
        let plan = filled("250 MW", "utility", system);
        let svg = draw(&plan, Kind::Hall).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let words = words(&drawing);
        let hall = plan.layout.floors[0].layout.hall(0);
        for row in 1..=hall.rows.len() {
            let named = |text: &str| text == row.to_string() || text.starts_with(&format!("row {row} "));
            assert!(words.iter().any(|words| named(&words.text)), "{system}: row {row}");
        }
        let top = words.iter().map(|words| words.sides[1]).fold(f64::INFINITY, f64::min);
        assert!(top > 0.0 && words.iter().any(|words| words.text == "5"), "{system}: no ruler");
    }
}

#[test]
fn every_part_of_a_plan_can_be_drawn() {
    let large = filled("1 GW", "utility", "gb300-nvl72");
    let floor = &large.layout.floors[0].layout;
    legible_view(&large, Kind::Hall, View { room: Some(0), ..View::default() }, "1 GW");
    legible_view(&large, Kind::Hall, View { hall: floor.halls - 1, ..View::default() }, "1 GW");
    assert!(draw_view(&large, Kind::Hall, View { hall: floor.halls, ..View::default() }).is_none());
    assert!(draw_view(&large, Kind::Hall, View { room: Some(1), ..View::default() }).is_none());
    let set = vec!["layout.storeys=2".into(), "layout.halls_per_building=6".into()];
    let high = with(&Flags { power: Some("250 MW".into()), set, ..Flags::default() }).unwrap();
    let floor = &high.layout.floors[0].layout;
    assert_eq!(floor.demand.storeys, 2);
    for building in 0..floor.buildings {
        let view = View { building: Some(building), ..View::default() };
        legible_view(&high, Kind::Building, view, "two storeys");
        let svg = draw_view(&high, Kind::Building, view).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let words = words(&drawing);
        let shows = |name: &str| words.iter().any(|words| words.text == name);
        assert!(shows("ground floor") && shows("storey 2"));
        for hall in floor.halls_of_building(building) {
            assert!(shows(&format!("hall {}", hall + 1)), "hall {hall} of building {building}");
        }
    }
    // Halls of the upper storey alone.
    let blue = |storey| {
        let svg = draw_view(&high, Kind::Campus, View { storey, ..View::default() }).unwrap();
        svg.matches("#7fb3d5").count() as u64 - 1
    };
    legible_view(&high, Kind::Campus, View { storey: 1, ..View::default() }, "two storeys");
    assert!(blue(0) > 0 && blue(1) > 0);
    assert_eq!(blue(0) + blue(1), floor.halls);
}

#[test]
fn the_fullest_busways_of_a_drawing_are_those_of_the_verdict() {
    for power in ["20 MW", "1 GW"] {
        let plan = filled(power, "utility", "gb300-nvl72");
        let verdict = plan.verdicts.iter().find(|verdict| verdict.constraint == "row busway").unwrap();
        let need = gigawatt::units::text::show(gigawatt::units::Watts(verdict.need));
        let svg = draw(&plan, Kind::Hall).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let words = words(&drawing);
        let at = words.iter().position(|words| words.text == "fullest busways, site");
        assert_eq!(words[at.expect("the fullest busways are shown") + 1].text, need, "{power}");
        // Racks on some pair above some row of the site draw that much together.
        let floor = &plan.layout.floors[0].layout;
        let mut rooms = (0..floor.halls)
            .map(|hall| floor.hall(hall))
            .chain((0..floor.network_rooms()).filter_map(|room| floor.room(room)));
        assert!(rooms.any(|room| {
            let mut loads = BTreeMap::<_, f64>::new();
            for (rack, pair) in room.racks.iter().zip(floor.busways(&room)) {
                if pair.is_some() {
                    *loads.entry((rack.row, pair)).or_default() += floor.demand.heat_of(rack.kind).0;
                }
            }
            loads.values().any(|load| (load / verdict.need - 1.0).abs() < 1e-9)
        }));
    }
}

#[test]
fn racks_of_every_sort_are_shown_from_the_front() {
    for (system, own) in
        [("gb300-nvl72", "2 × management"), ("hgx-h100", "1 × management"), ("tpu-v7", "1 × management")]
    {
        let plan = filled("300 MW", "utility", system);
        let floor = &plan.layout.floors[0];
        let svg = draw(&plan, Kind::Rack).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let words = words(&drawing);
        let shows = |start: &str| words.iter().any(|words| words.text.starts_with(start));
        assert!(shows(own), "{system} has no management switch in its rack");
        let demand = &floor.layout.demand;
        for (name, stands) in [
            ("rack of leaf switches", demand.switches.leaf > 0),
            ("rack of spine switches", demand.switches.spine > 0),
            ("rack of core switches", demand.switches.core > 0),
            ("rack of storage", demand.unit_storage_racks > 0),
            ("rack of management", demand.unit_management_racks > 0),
        ] {
            assert_eq!(shows(name), stands, "{system}: {name}");
        }
    }
    // Switches of the domain have a colour of their own.
    let svg = draw(&filled("300 MW", "utility", "gb300-nvl72"), Kind::Rack).unwrap();
    assert!(svg.contains("#6a3d9a") && svg.contains("#e69f00"));
}

#[test]
fn a_one_line_shows_every_system_and_the_two_cords_of_a_rack() {
    let texts = |plan: &Plan| -> Vec<String> {
        let svg = draw(plan, Kind::OneLine).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        words(&drawing).into_iter().map(|words| words.text).collect()
    };
    let times = |all: &[String], what: &str| all.iter().filter(|text| *text == what).count();
    let four = texts(&doubled("1 GW", "ac-415-ups", None));
    // Four systems, a busway of each, two circuits, A and B of three racks.
    assert_eq!(times(&four, "UPS"), 4);
    assert!(["busway A", "busway B", "busway C", "busway D"].iter().all(|name| times(&four, name) == 1));
    assert_eq!((times(&four, "grid"), times(&four, "rack")), (2, 3));
    assert!(times(&four, "spare") == 1 && four.iter().any(|text| text.starts_with("main transformers")));
    let two = texts(&doubled("20 MW", "ac-415-ups", Some("2n")));
    assert!(times(&two, "UPS") == 2 && times(&two, "busway C") == 0 && times(&two, "busway B") == 1);
    // On distribution there is no substation, and nothing of one is drawn.
    assert!(times(&two, "spare") == 0 && two.iter().all(|text| !text.starts_with("main transformers")));
    let caught = texts(&doubled("80 MW", "ac-415-ups", Some("block-redundant")));
    assert_eq!(times(&caught, "catcher"), 2);
    let bare = texts(&doubled("80 MW", "ac-415-no-ups", None));
    assert!(times(&bare, "busway") == 1 && times(&bare, "busway A") == 0);
    let direct = texts(&doubled("1 GW", "dc-800-sst", None));
    assert!(times(&direct, "~/=") == 3 && direct.iter().all(|text| !text.starts_with("unit")));
}

#[test]
fn a_hall_is_drawn_to_its_scale() {
    let plan = filled("20 MW", "utility", "gb300-nvl72");
    let svg = draw(&plan, Kind::Hall).unwrap();
    let drawing = roxmltree::Document::parse(&svg).unwrap();
    let scale = words(&drawing).into_iter().find_map(|words| {
        words.text.strip_prefix("1 : ")?.strip_suffix(" on A3")?.replace(',', "").parse::<f64>().ok()
    });
    let per_meter = 1e3 / scale.expect("the scale is printed");
    let hall = &plan.layout.floors[0].layout.hall;
    let (wide, deep) = (hall.width * per_meter, hall.depth * per_meter);
    let found = drawing.descendants().filter(|node| node.has_tag_name("rect")).any(|shape| {
        (number(&shape, "width") - wide).abs() < 0.02 && (number(&shape, "height") - deep).abs() < 0.02
    });
    assert!(found, "no rectangle of {wide} × {deep} mm");
}

#[test]
fn the_year_of_the_map_is_the_year_of_the_plan() {
    let plan = filled("20 MW", "utility", "gb300-nvl72");
    assert_eq!(plan.pue_hours.len(), 8_760);
    let mean = plan.pue_hours.iter().map(|pue| f64::from(*pue)).sum::<f64>() / 8_760.0;
    // IT draws the same in every hour, so the mean of the ratios is the ratio of the sums.
    assert!((mean / plan.power.pue_annual.0 - 1.0).abs() < 1e-6);
}

#[test]
fn nothing_is_drawn_where_not_one_rack_fits() {
    let plan = filled("100 kW", "utility", "gb300-nvl72");
    assert!(Kind::ALL.iter().all(|kind| draw(&plan, *kind).is_none()));
}
