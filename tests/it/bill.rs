//! The bill of materials adds up, and so does the cable schedule.

use crate::cli::{gigawatt, stderr};
use crate::planned::{examples, filled, of, with};
use gigawatt::layout::cables::{CableKind, Net};
use gigawatt::plan::Plan;
use gigawatt::plan::result::{Cable, CableEnd, EndKind, RackFront};
use gigawatt::report::Report;
use gigawatt::report::bill::{BillReport, racks_csv, schedule_csv};
use gigawatt::scenario::Flags;
use std::collections::BTreeMap;

/// Modules that the cables of a plan end in, and copper cables.
fn plugged(plan: &Plan) -> [u64; 2] {
    let ends = plan.layout.cables.iter().flat_map(|cable| &cable.ends);
    let modules: u64 = ends.filter(|end| end.kind == EndKind::Transceiver).map(|end| end.modules).sum();
    let copper: u64 = plan.layout.cables.iter().map(|cable| cable.ends_of(EndKind::Copper) / 2).sum();
    [modules, copper]
}

#[track_caller]
fn adds_up(plan: &Plan, what: &str) {
    let total: f64 = plan.bill.iter().map(|item| item.cost.0).sum();
    let capex = plan.economics.capex.0;
    assert!((total / capex - 1.0).abs() < 1e-9, "{what}: {total} of {capex}");
    for (part, amount) in &plan.economics.parts {
        let lines: f64 = plan.bill.iter().filter(|item| item.part == *part).map(|item| item.cost.0).sum();
        assert!((lines - amount.0).abs() <= 1e-9 * capex, "{what}: {part} {lines} of {}", amount.0);
    }
    for item in &plan.bill {
        assert!(!item.source.is_empty() && !item.unit.is_empty() && item.count > 0.0, "{what}: {item:?}");
    }
    // Links × 2 ends = ends in transceivers + copper ends + ends inside switches; what they are plugged into is bought.
    for cable in &plan.layout.cables {
        let ends: u64 = cable.ends.iter().map(|end| end.ends).sum();
        assert_eq!(ends, 2 * cable.count, "{what}: {}", cable.kind);
    }
    let counted = |unit: &str| -> f64 {
        plan.bill.iter().filter(|item| item.unit == unit).map(|item| item.count).sum()
    };
    let [modules, copper] = plugged(plan);
    assert!((counted("transceivers") - modules as f64).abs() < 0.5, "{what}: {modules}");
    assert!((counted("cables") - copper as f64).abs() < 0.5, "{what}: {copper}");
    // Groups of a dragonfly+ have links of their own in the place of those to cores.
    let is =
        |cable: &Cable, kind: &str| cable.kind == kind || (kind == "spine-core" && cable.kind == "global");
    for (kind, of) in [("host-leaf", 0), ("leaf-spine", 1), ("spine-core", 2)] {
        let laid: u64 =
            plan.layout.cables.iter().filter(|cable| is(cable, kind)).map(|cable| cable.count).sum();
        let links: u64 =
            plan.fabric.scale_out.iter().map(|net| [net.host_leaf, net.leaf_spine, net.spine_core][of]).sum();
        assert_eq!(laid, links, "{what}: {kind}");
    }
    for net in &plan.fabric.networks {
        let own = |cable: &&Cable| cable.system == net.system && cable.net.name() == net.name;
        let laid: u64 = plan.layout.cables.iter().filter(own).map(|cable| cable.count).sum();
        assert_eq!(laid, net.links, "{what}: {}", net.name);
        assert!(plan.layout.cables.iter().filter(own).all(|cable| cable.reached), "{what}: {}", net.name);
        let bought = format!(", {} ", net.name);
        let switches: f64 = plan
            .bill
            .iter()
            .filter(|item| item.unit == "switches" && item.item.contains(&bought))
            .map(|item| item.count)
            .sum();
        let of_all: u64 =
            plan.fabric.networks.iter().filter(|other| other.name == net.name).map(|net| net.switches).sum();
        assert!((switches - of_all as f64).abs() < 0.5, "{what}: {}", net.name);
    }
    let racks = plan.fleet.racks;
    let standing: u64 = plan.layout.floors.iter().map(|floor| floor.layout.taken_positions()).sum();
    assert_eq!(plan.layout.positions - plan.layout.leftover_positions, standing, "{what}");
    assert!(standing >= racks.total() - racks.cdu, "{what}");
    for floor in &plan.layout.floors {
        let length: f64 =
            plan.layout.cables.iter().filter(|c| c.system == floor.system).map(|c| c.length_total.0).sum();
        assert!(length >= floor.straight_total.0, "{what}: {length} m of {}", floor.straight_total);
    }
}

#[test]
fn bills_of_examples_and_sizes_add_up_to_the_capex() {
    for path in examples() {
        let text = std::fs::read_to_string(&path).unwrap();
        adds_up(&of(Some(&text), &Flags::default()).unwrap(), &path.display().to_string());
    }
    for (power, system) in [
        ("20 MW", "gb300-nvl72"),
        ("1 GW", "gb300-nvl72"),
        ("250 MW", "vr-nvl72:max-q"),
        ("60 MW", "hgx-h100"),
    ] {
        adds_up(&filled(power, "utility", system), &format!("{power} of {system}"));
    }
    let set = vec!["fabric.host_link=auto".into(), "fabric.switch_link=auto".into()];
    adds_up(&with(&Flags { power: Some("20 MW".into()), set, ..Flags::default() }).unwrap(), "auto");
}

// Fabrics of 2,304 on a site of so many accelerators: each sends 50 Gb/s to the others, a link of 800 Gb/s takes that of
// sixteen each way, of thirty-two in all.
#[test]
fn fibre_between_fabrics_is_counted_priced_and_powered() {
    let crossing = |fibre: &str| {
        let set = ["fabric.cluster=2304", "campus.bandwidth=50 Gb/s", fibre].map(str::to_owned).to_vec();
        with(&Flags { power: Some("60 MW".into()), set, ..Flags::default() }).unwrap()
    };
    let plan = crossing("campus.fibre=3 km");
    adds_up(&plan, "crossing");
    let border = plan.layout.border.as_ref().unwrap();
    assert_eq!(border.links, plan.fleet.accelerators.div_ceil(32));
    // 3.3 km with slack: LR4, two ends of 18 W.
    assert_eq!(border.link.id, "osfp-800g-lr4");
    assert!((border.power.0 / (36.0 * border.links as f64) - 1.0).abs() < 1e-9);
    assert!(plan.economics.parts.iter().any(|(name, cost)| name == "fibre between fabrics" && cost.0 > 0.0));
    assert!(crossing("campus.fibre=1 km").layout.border.unwrap().link.id.ends_with("fr4"));
    // 88 km with slack: coherent, two ends of 30 W, in the bill like others; beyond their 120 km none reaches.
    let coherent = crossing("campus.fibre=80 km");
    adds_up(&coherent, "coherent");
    let border = coherent.layout.border.as_ref().unwrap();
    assert_eq!(border.link.id, "osfp-800g-zr");
    assert!((border.power.0 / (60.0 * border.links as f64) - 1.0).abs() < 1e-9);
    let fibre = coherent.verdicts.iter().find(|one| one.constraint == "fibre between fabrics").unwrap();
    assert!(fibre.short_by <= 0.0, "{fibre:?}");
    let far = crossing("campus.fibre=110 km");
    let verdict = far.verdicts.iter().find(|one| one.constraint == "fibre between fabrics").unwrap();
    assert!(verdict.short_by > 0.0 && far.falls_short(), "{verdict:?}");
    assert!(
        with(&Flags { power: Some("60 MW".into()), ..Flags::default() }).unwrap().layout.border.is_none()
    );
}

#[test]
fn links_chosen_for_each_cable_cost_less_than_optics_everywhere() {
    let network = |system: &str, set: &[&str]| {
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags =
            Flags { system: Some(system.into()), power: Some("20 MW".into()), set, ..Flags::default() };
        let plan = with(&flags).unwrap();
        assert!(
            plan.layout
                .cables
                .iter()
                .all(|cable| cable.reached && cable.length_max <= cable.reach.max(cable.length_max))
        );
        let parts = plan.economics.parts.iter().filter(|(name, _)| name.ends_with("scale-out network"));
        (parts.map(|(_, cost)| cost.0).sum::<f64>(), plan.layout.cables.len())
    };
    let auto = ["fabric.host_link=auto", "fabric.switch_link=auto"];
    let (optics, _) = network("hgx-h100", &[]);
    let (chosen, kinds) = network("hgx-h100", &auto);
    assert!(chosen < optics && kinds > 2, "{chosen} of {optics} with {kinds} kinds");
    // With lanes of 200 Gb/s nothing else reaches out of a rack.
    let fast = [network("gb300-nvl72", &[]).0, network("gb300-nvl72", &auto).0];
    assert!((fast[0] / fast[1] - 1.0).abs() < 1e-12, "{fast:?}");
}

// Links × ends = transceivers + copper ends + ends inside switches, tier by tier and of the whole; modules hold at most the
// ports of their cages.
#[test]
fn both_ends_of_every_link_are_plugged() {
    for (system, set) in [
        ("gb300-nvl72", &[][..]),
        ("gb300-nvl72", &["fabric.host_link=auto", "fabric.switch_link=auto"]),
        ("gb300-nvl72", &["fabric.switch=q3450-ld"]),
        ("gb300-nvl72", &["fabric.host_link=dac-800g-xdr"]),
        ("gb300-nvl72", &["fabric.topology=rail-only"]),
        ("gb300-nvl72", &["fabric.topology=dragonfly-plus"]),
        ("hgx-b300", &[]),
        ("hgx-h100", &["fabric.host_link=auto"]),
        ("trn2-ultraserver", &[]),
        ("tpu-v7", &[]),
        ("vr-nvl72", &["fabric.switch=q3400-ra"]),
    ] {
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags =
            Flags { system: Some(system.into()), power: Some("80 MW".into()), set, ..Flags::default() };
        let plan = with(&flags).unwrap();
        let out = &plan.fabric.scale_out[0];
        let plugged = out.transceivers + out.copper_ends + out.co_packaged_ends;
        let what = format!("{system} {:?}", flags.set);
        assert_eq!(plugged, 2 * (out.host_leaf + out.leaf_spine + out.spine_core), "{what}");
        assert!(out.transceiver_modules <= out.transceivers, "{what}");
        adds_up(&plan, &what);
    }
}

// A cage of Q3400 takes a 1.6T module for two ports of 800G, adapters one of 800G each; QM9700 an 800G module for two of
// 400G. The two ports of a B300 adapter leave by one 800G cage, which is one module at either end.
#[test]
fn a_switch_takes_the_module_of_its_own_cage() {
    let modules = |system: &str| {
        let plan = filled("60 MW", "utility", system);
        let cables = plan.layout.cables.into_iter();
        let hosts = cables.filter(|cable| cable.net == Net::ScaleOut && cable.tier == CableKind::HostLeaf);
        hosts.flat_map(|cable| cable.ends).map(|end| (end.place, end.module, end.ends, end.modules)).collect()
    };
    let of = |found: Vec<(&'static str, String, u64, u64)>, host: &str, switch: &str, ports: u64| {
        let [h, s] = &found[..] else { panic!("{found:?}") };
        assert_eq!((h.0, h.1.as_str(), h.3), ("host", host, h.2), "{found:?}");
        assert_eq!((s.0, s.1.as_str(), s.3), ("switch", switch, s.2.div_ceil(ports)), "{found:?}");
        assert_eq!(h.2, s.2);
    };
    of(modules("gb300-nvl72"), "osfp-800g-dr4", "osfp-1600g-dr8", 2);
    of(modules("hgx-h100"), "osfp-400g-dr4", "osfp-800g-2xdr4", 2);
    of(modules("hgx-b300"), "osfp-800g-2xdr4", "osfp-800g-2xdr4", 1);
}

#[test]
fn what_no_link_reaches_is_listed_without_a_price() {
    let set = vec!["fabric.host_link=dac-800g-xdr".into()];
    let plan = with(&Flags { power: Some("20 MW".into()), set, ..Flags::default() }).unwrap();
    let copper: Vec<_> = plan.bill.iter().filter(|item| item.item.contains("passive copper")).collect();
    assert!(copper.iter().any(|item| item.item.contains("out of reach")), "{copper:?}");
    assert!(copper.iter().all(|item| item.cost.0.abs() < 1e-9 || !item.item.contains("out of reach")));
    assert!(plan.falls_short());
}

/// Cables and metres of a schedule by kind, link, medium and whether they reach, with the modules at their ends.
fn scheduled(text: &str) -> BTreeMap<[String; 6], (u64, f64)> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let column = |name: &str| header.iter().position(|found| found == name).unwrap();
    let named = ["kind", "link", "medium", "reached", "from_module", "to_module"].map(column);
    let (count, length) = (column("count"), column("length_total_m"));
    let mut found = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let sum: &mut (u64, f64) = found.entry(named.map(|at| row[at].to_owned())).or_default();
        sum.0 += row[count].parse::<u64>().unwrap();
        sum.1 += row[length].parse::<f64>().unwrap();
    }
    found
}

// The plan's table and the schedule say the same of every cable, also of those that do not reach.
#[test]
fn the_schedule_lists_every_cable_once() {
    for (system, set) in [
        ("gb300-nvl72", &[][..]),
        ("gb300-nvl72", &["fabric.host_link=dac-800g-xdr"]),
        ("hgx-a100", &["fabric.switch_link=dac-200g"]),
        ("tpu-v7", &[]),
    ] {
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags =
            Flags { power: Some("20 MW".into()), system: Some(system.into()), set, ..Flags::default() };
        let plan = with(&flags).unwrap();
        let mut found = scheduled(&schedule_csv(&plan));
        for cable in &plan.layout.cables {
            let medium = serde_json::to_value(cable.medium).unwrap();
            let module = |end: Option<&CableEnd>| {
                let plugged = end.filter(|end| end.kind == EndKind::Transceiver);
                plugged.map_or_else(String::new, |end| end.module.clone())
            };
            let (first, last) = (module(cable.ends.first()), module(cable.ends.last()));
            let (medium, reached) = (medium.as_str().unwrap(), cable.reached.to_string());
            let key = [cable.kind.as_str(), &cable.link, medium, &reached, &first, &last];
            let (count, length) = found.remove(&key.map(str::to_owned)).unwrap_or_else(|| panic!("{key:?}"));
            assert_eq!(count, cable.count, "{system}: {key:?}");
            assert!((length - cable.length_total.0).abs() < 1e-3, "{system}: {key:?}");
        }
        assert!(found.is_empty(), "{system}: {found:?}");
    }
}

#[test]
fn the_bill_and_the_schedule_are_written_as_csv() {
    let folder = tempfile::tempdir().unwrap();
    let output = gigawatt(&["bill", "--power", "20MW", "--cables", "cables.csv", "--output", "bill.csv"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let bill = std::fs::read_to_string(folder.path().join("bill.csv")).unwrap();
    let plan = filled("20 MW", "utility", "gb300-nvl72");
    assert_eq!(bill, BillReport { plan }.csv());
    assert!(bill.starts_with("part,item,rating,count,unit,unit_cost_usd,cost_usd,source,confidence\n"));
    let cables = std::fs::read_to_string(folder.path().join("cables.csv")).unwrap();
    assert!(cables.starts_with("system,kind,from,from_room,to,to_room,medium,"));
}

#[test]
fn every_rack_of_a_plant_with_doors_has_one() {
    let set = vec!["cooling.design=rear-doors".into(), "systems.0.id=hgx-h100".into()];
    let plan = with(&Flags { power: Some("20 MW".into()), set, ..Flags::default() }).unwrap();
    let doors = plan.bill.iter().find(|item| item.item.starts_with("rear doors")).unwrap();
    let racks = plan.fleet.racks;
    let behind = racks.compute + racks.network + racks.storage + racks.management;
    assert!((doors.count - behind as f64).abs() < 0.5 && doors.part == "cooling", "{doors:?}");
    let plain = with(&Flags { power: Some("20 MW".into()), ..Flags::default() }).unwrap();
    assert!(plain.bill.iter().all(|item| !item.item.starts_with("rear doors")));
}

#[test]
fn batteries_in_racks_are_bought_for_every_rack() {
    let set = vec!["electrical.design=ac-415-bbu".into()];
    let plan = with(&Flags { power: Some("20 MW".into()), set, ..Flags::default() }).unwrap();
    adds_up(&plan, "battery shelves");
    let shelves: f64 = plan
        .bill
        .iter()
        .filter(|item| item.part == "ups" && item.item.ends_with("rack batteries"))
        .map(|item| item.count)
        .sum();
    let racks = plan.fleet.racks;
    let all = racks.compute + racks.network + racks.storage + racks.management;
    assert!((shelves - all as f64).abs() < 0.5, "{shelves} {all}");
    let ups = plan.economics.parts.iter().find(|(name, _)| name == "ups").unwrap().1;
    // 0.106 $/W of shelves at least as large as the racks.
    assert!(ups.0 > 0.106 * plan.power.it_provisioned.0, "{ups}");
}

// Pods of 9,216 chips are 144 cubes: 48 switches each with two ports for every cube. A Trn2 has none.
#[test]
fn optical_switches_of_a_torus_are_in_the_bill() {
    let switches = |system: &str| {
        let plan = filled("250 MW", "utility", system);
        let own = plan.bill.iter().filter(|item| item.item.starts_with("optical circuit switches"));
        let own: Vec<(f64, String)> = own.map(|item| (item.count, item.rating.clone())).collect();
        adds_up(&plan, system);
        (own, plan.fleet.accelerators.div_ceil(9_216))
    };
    let (own, pods) = switches("tpu-v7");
    assert!(pods > 1 && own.len() == 1, "{own:?}");
    assert!((own[0].0 - 48.0 * pods as f64).abs() < 1e-9, "{own:?} of {pods} pods");
    assert!(own[0].1.starts_with("288 ports in use"), "{own:?}");
    assert!(switches("trn2-ultraserver").0.is_empty());
}

#[test]
fn racks_give_off_the_provisioned_power_and_no_more() {
    for (power, system) in [
        ("100 MW", "gb300-nvl72"),
        ("33 MW", "gb300-nvl72"),
        ("60 MW", "hgx-h100"),
        ("250 MW", "hgx-h100"),
        ("80 MW", "trn2-ultraserver"),
        ("40 MW", "tpu-v7"),
    ] {
        let plan = filled(power, "utility", system);
        let text = racks_csv(&plan);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let at = reader.headers().unwrap().iter().position(|column| column == "heat_w").unwrap();
        let heat: f64 = reader.records().map(|row| row.unwrap()[at].parse::<f64>().unwrap_or(0.0)).sum();
        let asked = plan.power.it_provisioned.0;
        assert!((heat / asked - 1.0).abs() < 1e-9, "{power} of {system}: {heat} W of {asked} W");
    }
}

#[test]
fn the_fronts_of_all_racks_hold_the_management_switches_of_the_bill() {
    for (power, system) in [
        ("250 MW", "gb300-nvl72"),
        ("1 GW", "gb300-nvl72"),
        ("60 MW", "hgx-h100"),
        ("80 MW", "trn2-ultraserver"),
    ] {
        let plan = filled(power, "utility", system);
        let bought: f64 = plan
            .bill
            .iter()
            .filter(|item| item.unit == "switches" && item.item.contains(Net::OutOfBand.name()))
            .map(|item| item.count)
            .sum();
        let floor = &plan.layout.floors[0];
        let shown = |front: &RackFront| -> u64 {
            let parts = front.face.parts.iter().filter(|part| part.part.starts_with("management switch"));
            parts.map(|part| u64::from(part.count)).sum::<u64>() * floor.layout.racks_of(front.kind)
        };
        let stands: u64 = floor.fronts.iter().map(shown).sum();
        assert!(
            bought > 0.0 && (stands as f64 - bought).abs() < 0.5,
            "{power} of {system}: {stands} of {bought}"
        );
    }
}

#[test]
fn trays_and_ducts_of_usual_campuses_fit_their_corridors() {
    for system in ["gb300-nvl72", "gb200-nvl72", "vr-nvl72", "hgx-h100", "tpu-v7", "mi355x"] {
        let plan = filled("1 GW", "utility", system);
        for floor in &plan.layout.floors {
            assert_eq!(floor.trays.len(), 4);
            for tray in &floor.trays {
                assert!(tray.room > 0 && tray.parallel <= tray.room, "{system}: {tray:?}");
            }
        }
        let metres =
            plan.bill.iter().find(|item| item.item == "ducts under streets").expect("ducts are bought");
        assert!(metres.unit == "m" && metres.count > 1e3, "{system}: {metres:?}");
    }
}

#[test]
fn the_rack_schedule_lists_everything_that_stands_once() {
    let mix = "[envelope]\npower = \"60 MW\"\n\n[[systems]]\nid = \"hgx-h200\"\nshare = 0.5\n\n[[systems]]\nid = \"gb300-nvl72\"\nshare = 0.5\n";
    for plan in [filled("250 MW", "utility", "gb300-nvl72"), of(Some(mix), &Flags::default()).unwrap()] {
        let text = racks_csv(&plan);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().unwrap().clone();
        let of = |row: &csv::StringRecord, name: &str| {
            let at = columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}"));
            row[at].to_owned()
        };
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let handlers: u64 = plan.layout.floors.iter().map(|floor| floor.layout.air_handlers()).sum();
        assert_eq!(rows.len() as u64, plan.fleet.racks.total() + handlers);
        let names: std::collections::BTreeSet<_> =
            rows.iter().map(|row| (of(row, "system"), of(row, "id"))).collect();
        assert_eq!(names.len(), rows.len(), "names are unique");
        let places: std::collections::BTreeSet<_> =
            rows.iter().map(|row| (of(row, "storey"), of(row, "x_m"), of(row, "y_m"))).collect();
        assert_eq!(places.len(), rows.len(), "places are unique");
        for row in &rows {
            let kind = of(row, "kind");
            let number =
                |name: &str| of(row, name).parse::<f64>().unwrap_or_else(|_| panic!("{name} of {row:?}"));
            assert!(number("width_m") > 0.0 && number("depth_m") > 0.0 && number("mass_kg") > 500.0);
            if !["CDU", "air handler", "power rack"].contains(&kind.as_str()) {
                assert!(number("heat_w") > 0.0 && number("busway") >= 1.0 && number("row") >= 1.0, "{row:?}");
            }
            if kind == "accelerator rack" {
                let liquid = of(row, "system") == "gb300-nvl72";
                assert_eq!(!of(row, "cdu").is_empty(), liquid, "{row:?}");
            }
        }
        // The cable schedule knows each rack by the same name in the same place.
        let schedule = schedule_csv(&plan);
        let mut cables = csv::Reader::from_reader(schedule.as_bytes());
        let known: std::collections::BTreeSet<_> = rows
            .iter()
            .map(|row| {
                let [at, position] = ["row", "position"].map(|name| of(row, name));
                let place = if at.is_empty() { String::new() } else { format!("{at}.{position}") };
                (of(row, "system"), of(row, "id"), of(row, "room"), place)
            })
            .collect();
        for cable in cables.records().map(Result::unwrap).step_by(97) {
            let end = |id: usize, room: usize, place: usize| {
                (cable[0].to_owned(), cable[id].to_owned(), cable[room].to_owned(), cable[place].to_owned())
            };
            assert!(known.contains(&end(2, 3, 12)) && known.contains(&end(4, 5, 13)), "{cable:?}");
        }
    }
}
