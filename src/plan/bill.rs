//! The bill of materials: every part of the capex as things that are bought, with count, rating, price and source.
//!
//! ~~~text
//! links    ends = 2 · cables;  copper is bought with both ends, light as the modules that serve its ends and metres of
//!          fibre; an end at a switch with co-packaged optics is part of the switch
//! ~~~
//!
//! Lines of one part add up to what the economics give it. Where a part is priced by power, a lump sum
//! holds its cost and the other lines are counts.

use super::beside::link_of;
use super::equipment::{Equipment, Machine, Network};
use super::result::{BillItem, Border, Cable, EndKind, Equipment as Scheduled, Layout, Plan};
use super::sizing::{Draw, FacilityHour, torus_of};
use crate::catalog::profile::{Confidence, Datum, Link, Sources};
use crate::layout::cables::Net;
use crate::scenario::Origin;
use crate::units::text::{digits, group, show};
use crate::units::{Amperes, ByteRate, CubicMeters, Dollars, Joules, Vars, VoltAmperes, Watts};

/// The title of a figure's source.
fn source<Q>(sources: &Sources, datum: &Datum<Q>) -> String {
    sources.get(&datum.source).map_or_else(|| datum.source.clone(), |source| source.title.clone())
}

/// Switches, transceivers and cables of one system.
pub(super) fn network(machine: &Machine, draw: &Draw, layout: &Layout) -> Vec<BillItem> {
    let part = format!("{} scale-out network", machine.id);
    let switch = &machine.network.switch;
    let mut items: Vec<BillItem> =
        [("leaf", draw.fabric.leaf), ("spine", draw.fabric.spine), ("core", draw.fabric.core)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(tier, count)| BillItem {
                part: part.clone(),
                item: format!("{}, {tier}", switch.name),
                rating: format!(
                    "{} × {}, {}",
                    switch.ports.value,
                    bits(switch.port_bandwidth.value),
                    show(machine.network.kind.power)
                ),
                count: count as f64,
                unit: "switches",
                cost: machine.network.kind.price * count as f64,
                source: source(&switch.sources, &switch.price),
                confidence: switch.price.confidence,
            })
            .collect();
    for cable in layout.cables.iter().filter(|cable| cable.net == Net::ScaleOut && cable.system == machine.id)
    {
        let link = link_of(machine.network.links_of(cable.net, cable.tier), &cable.link);
        items.extend(cables(&part, &machine.network, link, cable));
    }
    items
}

/// A rate as links are sold.
fn bits(rate: ByteRate) -> String {
    format!("{} Gb/s", digits(rate.0 * 8.0 / 1e9))
}

/// Cables of one kind and link, with what is plugged at their ends.
///
/// What runs further than any link reaches cannot be bought: it is listed without a price, and the plan falls short.
fn cables(part: &str, network: &Network, link: &Link, cable: &Cable) -> Vec<BillItem> {
    let line = |of: &Link, item: String, count: f64, unit, cost: Dollars, datum: &Datum<Dollars>| BillItem {
        part: part.to_owned(),
        item: if cable.reached { item } else { format!("{item}, out of reach: not to be had") },
        rating: format!("{}, {} at most", bits(of.bandwidth.value), show(cable.length_max)),
        count,
        unit,
        cost: if cable.reached { cost } else { Dollars(0.0) },
        source: source(&of.sources, datum),
        confidence: datum.confidence,
    };
    if !cable.medium.is_fiber() {
        let plugs = link.price_per_end.value * cable.ends_of(EndKind::Copper) as f64;
        let cost = plugs + link.price_per_meter.value * cable.length_total.value();
        let name = format!("{}, {} cables", link.name, cable.kind);
        return vec![line(link, name, cable.count as f64, "cables", cost, &link.price_per_end)];
    }
    let mut lines = Vec::new();
    // Ends inside switches are not bought.
    for end in cable.ends.iter().filter(|end| end.modules > 0) {
        let module = network.shelf.get(&end.module).unwrap_or(link);
        let (count, name) = (
            end.modules as f64,
            format!("{}, {} transceivers at the {}", module.name, cable.kind, end.place),
        );
        let cost = module.price_per_end.value * count;
        let rating = format!("{}, for {} ends", bits(module.bandwidth.value), group(&end.ends.to_string()));
        lines.push(BillItem {
            rating,
            ..line(module, name, count, "transceivers", cost, &module.price_per_end)
        });
    }
    let meters = cable.length_total.value();
    let name = format!("{}, {} fibre", link.name, cable.kind);
    let cost = link.price_per_meter.value * meters;
    lines.push(line(link, name, meters, "m", cost, &link.price_per_meter));
    lines
}

/// Everything that is bought.
pub(super) fn bill(
    plan: &Plan,
    equipment: &Equipment,
    draws: &[Draw],
    design: &FacilityHour,
) -> Vec<BillItem> {
    let mut items = Vec::new();
    for (machine, draw) in equipment.machines.iter().zip(draws).filter(|(_, draw)| draw.racks > 0) {
        items.extend(racks(plan, machine, draw));
        items.extend(network(machine, draw, &plan.layout));
    }
    items.extend(plan.layout.border.iter().flat_map(border));
    items.extend(facility(plan, equipment, design));
    items
}

/// The part of the capex that joins fabrics.
pub(super) const BORDER: &str = "fibre between fabrics";

/// What the links from fabric to fabric cost.
pub(super) fn border_cost(of: &Border) -> Dollars {
    border(of).iter().map(|item| item.cost).sum()
}

/// Transceivers and fibre from fabric to fabric.
fn border(of: &Border) -> Vec<BillItem> {
    let (link, ends, meters) = (&of.link, (2 * of.links) as f64, of.length_total.value());
    let line = |what: &str, count: f64, unit: &'static str, datum: &Datum<Dollars>| BillItem {
        part: BORDER.to_owned(),
        item: format!("{}, fabric to fabric, {what}", link.name),
        rating: format!("{}, {}, {} in all", bits(link.bandwidth.value), show(of.length), show(of.power)),
        count,
        unit,
        cost: datum.value * count,
        source: source(&link.sources, datum),
        confidence: datum.confidence,
    };
    vec![
        line("transceivers", ends, "transceivers", &link.price_per_end),
        line("fibre", meters, "m", &link.price_per_meter),
    ]
}

fn amount(plan: &Plan, part: &str) -> Dollars {
    plan.economics.parts.iter().filter(|(name, _)| name == part).map(|(_, dollars)| *dollars).sum()
}

/// Racks and support nodes of one system.
fn racks(plan: &Plan, machine: &Machine, draw: &Draw) -> Vec<BillItem> {
    let system = &machine.system;
    let (rack_part, support_part) =
        (format!("{} racks", machine.id), format!("{} storage and management", machine.id));
    let origin = plan.scenario.origins.get("economics.rack_price");
    let own_price = matches!(origin, Some(Origin::File(..) | Origin::Flag));
    let networks = beside(machine, &plan.layout, &support_part);
    let mut items = vec![
        BillItem {
            item: system.name.clone(),
            rating: format!("{} accelerators, {}", system.rack.accelerators, show(machine.rack.heat)),
            count: draw.racks as f64,
            unit: "racks",
            cost: amount(plan, &rack_part),
            source: if own_price {
                "economics.rack_price of the scenario".into()
            } else {
                source(&system.sources, &system.rack.price)
            },
            confidence: if own_price { Confidence::User } else { system.rack.price.confidence },
            part: rack_part,
        },
        BillItem {
            item: format!("storage, management and CPU nodes of a unit of {} racks", machine.unit_racks),
            rating: show(draw.support * (machine.unit_racks as f64 / draw.racks.max(1) as f64)),
            count: draw.racks as f64 / machine.unit_racks as f64,
            unit: "units",
            // What the networks beside the scale-out cost is part of the units' support.
            cost: (amount(plan, &support_part) - networks.iter().map(|item| item.cost).sum())
                .max(Dollars(0.0)),
            source: source(&system.sources, &system.unit.support_price),
            confidence: system.unit.support_price.confidence,
            part: support_part.clone(),
        },
    ];
    items.extend(networks);
    items.extend(circuits(machine, &plan.layout, &support_part));
    items.retain(|item| item.count > 0.0);
    items
}

/// Whether a network stands beside the scale-out, in the units' support.
fn is_beside(net: Net) -> bool {
    matches!(net, Net::FrontEnd | Net::Storage | Net::OutOfBand)
}

/// Optical switches, optics and fibre between the cubes of a torus, whose price racks and the units' support hold.
fn circuits(machine: &Machine, layout: &Layout, part: &str) -> Vec<BillItem> {
    let own = layout.cables.iter().filter(|cable| cable.net == Net::ScaleUp && cable.system == machine.id);
    let lines = own.flat_map(|cable| {
        let link = link_of(machine.network.links_of(cable.net, cable.tier), &cable.link);
        cables(part, &machine.network, link, cable)
    });
    let free = |line: BillItem| BillItem {
        item: format!("{}, in the price of racks", line.item),
        cost: Dollars(0.0),
        ..line
    };
    optical_switches(machine, layout, part).into_iter().chain(lines).map(free).collect()
}

/// Optical circuit switches of all pods of a torus, with the ports that a full pod uses of each.
///
/// Those of TPU v4 have 136 ports, 8 of them spare (Jouppi et al. 2023, arXiv:2304.01433, section 2); pods of more cubes
/// than its 64 ask for larger ones.
fn optical_switches(machine: &Machine, layout: &Layout, part: &str) -> Option<BillItem> {
    let floor = layout.floors.iter().find(|floor| floor.system == machine.id)?;
    let own = floor.cabling.optical.as_ref()?;
    let ports = torus_of(machine).ok()?.optical_ports();
    let known = machine.system.scale_up.optical_switch_ports.as_ref();
    Some(BillItem {
        part: part.to_owned(),
        item: "optical circuit switches".to_owned(),
        rating: format!("{ports} ports in use, {}", bits(own.rate)),
        count: own.switches as f64,
        unit: "switches",
        cost: Dollars(0.0),
        source: known.map_or_else(String::new, |ports| source(&machine.system.sources, ports)),
        confidence: known.map_or(Confidence::Derived, |ports| ports.confidence),
    })
}

/// What the networks beside the scale-out of one system cost.
pub(super) fn beside_cost(machine: &Machine, layout: &Layout) -> Dollars {
    beside(machine, layout, "").iter().map(|item| item.cost).sum()
}

/// Switches, transceivers and cables of the networks beside the scale-out of one system.
fn beside(machine: &Machine, layout: &Layout, part: &str) -> Vec<BillItem> {
    let mut items = Vec::new();
    let Some(floor) = layout.floors.iter().find(|floor| floor.system == machine.id) else { return items };
    let network = &machine.network;
    let trees = floor.cabling.beside.iter().map(|tree| (tree.net, &network.support_switch, tree.switches));
    let own = floor.cabling.out_of_band.iter();
    let own = own.map(|own| (Net::OutOfBand, &network.management_switch, [own.switches, 0, 0]));
    for (net, switch, tiers) in trees.chain(own) {
        for (tier, count) in ["leaf", "spine", "core"].into_iter().zip(tiers) {
            items.push(BillItem {
                part: part.to_owned(),
                item: format!("{}, {} {tier}", switch.name, net.name()),
                rating: format!(
                    "{} × {}, {}",
                    switch.ports.value,
                    bits(switch.port_bandwidth.value),
                    show(switch.power_populated.value)
                ),
                count: count as f64,
                unit: "switches",
                cost: switch.price.value * count as f64,
                source: source(&switch.sources, &switch.price),
                confidence: switch.price.confidence,
            });
        }
    }
    for cable in layout.cables.iter().filter(|cable| is_beside(cable.net) && cable.system == machine.id) {
        let link = link_of(network.links_of(cable.net, cable.tier), &cable.link);
        items.extend(cables(part, network, link, cable));
    }
    items.retain(|item| item.count > 0.0);
    items
}

/// The part of the capex that a line of the equipment schedule is bought under.
fn part_of(equipment: &str) -> &'static str {
    match equipment {
        "grid breakers" | "main transformers" | "campus main breakers" | "capacitor banks" => {
            "grid connection"
        }
        "unit substations"
        | "solid-state transformers"
        | "plant transformers"
        | "PDUs"
        | "substation battery transformers" => "transformers",
        "UPS blocks"
        | "UPS modules"
        | "UPS batteries"
        | "substation batteries"
        | "substation battery cells"
        | "substation battery converters"
        | "rack batteries"
        | "network rack batteries"
        | "support rack batteries"
        | "essential UPS blocks"
        | "essential UPS batteries" => "ups",
        "engines"
        | "engine breakers"
        | "engine transformers"
        | "engine transfer breakers"
        | "fuel stores" => "generators",
        "busways"
        | "essential busways"
        | "direct-current buses"
        | "direct-current bus ties"
        | "busway feeder breakers"
        | "rack tap-offs"
        | "support rack tap-offs"
        | "rectifiers" => "busway",
        _ => "switchgear",
    }
}

/// The rating of a line of the equipment schedule, with its unit.
fn rating(line: &Scheduled) -> String {
    match line.unit.as_str() {
        "J" => show(Joules(line.rating)),
        "m3" => show(CubicMeters(line.rating)),
        "W" => show(Watts(line.rating)),
        "VA" => show(VoltAmperes(line.rating)),
        "var" => show(Vars(line.rating)),
        "m" => format!("DN {}", (1e3 * line.rating).round()),
        "m3/s" => format!("{} L/s", digits(1e3 * line.rating)),
        _ => show(Amperes(line.rating)),
    }
}

/// A line of a part that is priced as one: what, of which rating, how much of what.
type Line = (String, String, f64, &'static str);

/// Cabinets of the network, and the trays and ducts of its cables.
fn racks_and_trays(plan: &Plan) -> Vec<Line> {
    let mut lines = vec![("network racks".into(), "48U".into(), plan.fleet.racks.network as f64, "racks")];
    let (tray, duct) = ("600 × 100 mm", "100 mm");
    let sorts =
        [("row trays", tray), ("main trays", tray), ("corridor trays", tray), ("ducts under streets", duct)];
    for (at, (name, size)) in sorts.into_iter().enumerate() {
        let trays = plan.layout.floors.iter().filter_map(|floor| floor.trays.get(at));
        let length: f64 = trays.map(|tray| tray.length.0).sum();
        lines.push((name.into(), size.into(), length.ceil(), "m"));
    }
    lines
}

/// Lines of a schedule; what is bought by the metre says so in its name there, and in its unit here.
fn scheduled<'a>(lines: impl Iterator<Item = &'a Scheduled>) -> Vec<Line> {
    let line = |line: &Scheduled| match line.name.strip_suffix(" [m]") {
        Some(name) => (name.to_owned(), rating(line), line.count as f64, "m"),
        None => (line.name.clone(), rating(line), line.count as f64, "pieces"),
    };
    lines.map(line).collect()
}

/// Building, power and cooling.
fn facility(plan: &Plan, equipment: &Equipment, design: &FacilityHour) -> Vec<BillItem> {
    let costs = &equipment.place.costs;
    let mut items = Vec::new();
    let mut part = |name: &str, datum: Option<&Datum<_>>, lines: Vec<Line>| {
        let mut lines: Vec<_> = lines
            .into_iter()
            .enumerate()
            .filter(|(place, line)| *place == 0 || line.2 > 0.0)
            .map(|(_, line)| line)
            .collect();
        // What is priced as one is a line of its own before the counts.
        if lines.len() > 1 {
            lines.insert(0, (format!("{name}, all lines below"), String::new(), 1.0, "lump sum"));
        }
        for (place, (item, rating, count, unit)) in lines.into_iter().enumerate() {
            items.push(BillItem {
                part: name.to_owned(),
                item,
                rating,
                count,
                unit,
                cost: if place == 0 { amount(plan, name) } else { Dollars(0.0) },
                source: datum.map_or_else(|| costs.name.clone(), |datum| source(&costs.sources, datum)),
                confidence: datum.map_or(Confidence::Derived, |datum| datum.confidence),
            });
        }
    };
    let electrical_of =
        |part: &str| scheduled(plan.electrical.schedule.iter().filter(|line| part_of(&line.name) == part));
    let it = show(design.it);
    let meter = show(design.meter);
    let or_lump = |lines: Vec<Line>, what: &str, rating: &str| {
        if lines.is_empty() { vec![(what.to_owned(), rating.to_owned(), 1.0, "lump sum")] } else { lines }
    };
    let mut fit_out = vec![("shell, fit-out and site work".into(), it.clone(), plan.layout.area.0, "m²")];
    fit_out.extend(racks_and_trays(plan));
    part("building", Some(&costs.building), fit_out);
    let electrical = [
        ("grid connection", &costs.grid_connection, "substation", &meter),
        ("transformers", &costs.transformers, "transformers", &meter),
        ("switchgear", &costs.switchgear, "medium and low voltage switchgear and cables", &meter),
        ("ups", &costs.ups, "batteries", &it),
        ("generators", &costs.generators, "engines with fuel and paralleling", &meter),
        ("busway", &costs.busway, "busway and distribution", &it),
    ];
    for (name, datum, what, of) in electrical {
        if amount(plan, name).0 > 0.0 || !electrical_of(name).is_empty() {
            part(name, Some(datum), or_lump(electrical_of(name), what, of));
        }
    }
    let mechanical = scheduled(plan.cooling.schedule.iter());
    part("cooling", Some(&costs.cooling), or_lump(mechanical, "cooling plant", &it));
    part(
        "design, contractor, contingency",
        None,
        vec![(
            "soft costs".into(),
            format!("{} of the facility", costs.soft_cost_share.value),
            1.0,
            "lump sum",
        )],
    );
    part("land", Some(&costs.land), vec![("land".into(), it, 1.0, "lump sum")]);
    items
}
