//! The bill of materials: every part of the capex as things that are bought, with count, rating, price and source.
//!
//! ~~~text
//! links    ends = 2 · cables;  copper is bought with both ends, light as a transceiver for each end and metres of
//!          fibre; an end at a switch with co-packaged optics is part of the switch
//! ~~~
//!
//! Lines of one part add up to what the economics give it. Where a part is priced by power, the first of its lines
//! holds the cost and the others are counts.

use super::equipment::{Equipment, Machine};
use super::result::{BillItem, Cable, Layout, Plan};
use super::sizing::{Draw, FacilityHour};
use super::standing::{COOLER_POWER, GENERATOR_POWER};
use crate::catalog::profile::{Confidence, Datum, Link, Medium, Sources};
use crate::layout::YardKind;
use crate::layout::cables::CableKind;
use crate::scenario::Origin;
use crate::units::text::show;
use crate::units::{Dollars, Watts};

/// The title of a figure's source.
fn source<Q>(sources: &Sources, datum: &Datum<Q>) -> String {
    sources.get(&datum.source).map_or_else(|| datum.source.clone(), |source| source.title.clone())
}

/// Whether light runs in a medium.
fn is_fiber(medium: Medium) -> bool {
    matches!(medium, Medium::Multimode | Medium::SingleMode | Medium::LongSingleMode)
}

/// Ends of some cables that a transceiver or a copper plug is bought for.
fn ends(cable: &Cable, co_packaged: bool) -> u64 {
    match (co_packaged && is_fiber(cable.medium), cable.kind == CableKind::HostLeaf.name()) {
        (false, _) => 2 * cable.count,
        (true, true) => cable.count,
        (true, false) => 0,
    }
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
                    switch.port_bandwidth.value,
                    show(machine.network.kind.power)
                ),
                count: count as f64,
                unit: "switches",
                cost: machine.network.kind.price * count as f64,
                source: source(&switch.sources, &switch.price),
                confidence: switch.price.confidence,
            })
            .collect();
    for cable in layout.cables.iter().filter(|cable| cable.system == machine.id) {
        let kind = [CableKind::HostLeaf, CableKind::LeafSpine, CableKind::SpineCore]
            .into_iter()
            .find(|kind| kind.name() == cable.kind)
            .unwrap_or(CableKind::SpineCore);
        let links = machine.network.links_of(kind);
        let link = links.iter().find(|link| link.id == cable.link).unwrap_or(&links[0]);
        items.extend(cables(&part, link, cable, switch.co_packaged_optics));
    }
    items
}

/// Cables of one kind and link, with what is plugged at their ends.
fn cables(part: &str, link: &Link, cable: &Cable, co_packaged: bool) -> Vec<BillItem> {
    let ends = ends(cable, co_packaged) as f64;
    let line = |item: String, count: f64, unit, cost, datum: &Datum<Dollars>| BillItem {
        part: part.to_owned(),
        item,
        rating: format!("{}, {} at most", cable.rate, show(cable.length_max)),
        count,
        unit,
        cost,
        source: source(&link.sources, datum),
        confidence: datum.confidence,
    };
    let plugs = link.price_per_end.value * ends;
    let meters = cable.length_total.value();
    let fiber = link.price_per_meter.value * meters;
    let mut lines = if is_fiber(cable.medium) {
        vec![
            line(
                format!("{}, {} transceivers", link.name, cable.kind),
                ends,
                "transceivers",
                plugs,
                &link.price_per_end,
            ),
            line(format!("{}, {} fibre", link.name, cable.kind), meters, "m", fiber, &link.price_per_meter),
        ]
    } else {
        let name = format!("{}, {} cables", link.name, cable.kind);
        vec![line(name, cable.count as f64, "cables", plugs + fiber, &link.price_per_end)]
    };
    // Ends inside switches are not bought.
    lines.retain(|line| line.count > 0.0);
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
    items.extend(facility(plan, equipment, design));
    items
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
    vec![
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
            rating: show(machine.unit_support),
            count: draw.racks as f64 / machine.unit_racks as f64,
            unit: "units",
            cost: amount(plan, &support_part),
            source: source(&system.sources, &system.unit.support_price),
            confidence: system.unit.support_price.confidence,
            part: support_part,
        },
    ]
}

/// Building, power and cooling.
fn facility(plan: &Plan, equipment: &Equipment, design: &FacilityHour) -> Vec<BillItem> {
    let costs = &equipment.place.costs;
    let yard = |kind: YardKind| {
        plan.layout.floors.iter().map(|floor| floor.layout.demand.yard.count(kind)).sum::<u64>()
    };
    let mut items = Vec::new();
    let mut part = |name: &str, datum: Option<&Datum<_>>, lines: Vec<(String, String, f64, &'static str)>| {
        let lines = lines.into_iter().enumerate().filter(|(place, line)| *place == 0 || line.2 > 0.0);
        for (place, (item, rating, count, unit)) in lines {
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
    let stage = |sort: &dyn Fn(&str) -> bool| -> Vec<(String, String, f64, &'static str)> {
        let stages = design.yard.iter().chain(&design.indoors).filter(|flow| sort(&flow.name));
        stages
            .map(|flow| {
                let modules = f64::from(flow.modules);
                let rating = if modules > 0.0 { flow.installed / modules } else { Watts(0.0) };
                (flow.name.clone(), show(rating), modules, "modules")
            })
            .collect()
    };
    let it = show(design.it);
    let meter = show(design.meter);
    let or_lump = |lines: Vec<(String, String, f64, &'static str)>, what: &str, rating: &str| {
        if lines.is_empty() { vec![(what.to_owned(), rating.to_owned(), 1.0, "lump sum")] } else { lines }
    };
    part(
        "building",
        Some(&costs.building),
        vec![("shell, fit-out and site work".into(), it.clone(), plan.layout.area.0, "m²")],
    );
    part(
        "grid connection",
        Some(&costs.grid_connection),
        or_lump(stage(&|name| name.starts_with("hv")), "substation", &meter),
    );
    let transformers = stage(&|name| name.ends_with("transformer") && !name.starts_with("hv"));
    part("transformers", Some(&costs.transformers), or_lump(transformers, "transformers", &meter));
    part(
        "switchgear",
        Some(&costs.switchgear),
        vec![("medium and low voltage switchgear and cables".into(), meter.clone(), 1.0, "lump sum")],
    );
    part("ups", Some(&costs.ups), stage(&|name| name.contains("ups")));
    part(
        "generators",
        Some(&costs.generators),
        vec![(
            "generator with fuel and paralleling".into(),
            show(GENERATOR_POWER),
            yard(YardKind::Generator) as f64,
            "sets",
        )],
    );
    let mut busways = stage(&|name| name.contains("bus"));
    busways.extend(stage(&|name| name.contains("rectifier")));
    part("busway", Some(&costs.busway), or_lump(busways, "busway and distribution", &it));
    part(
        "cooling",
        Some(&costs.cooling),
        vec![
            ("heat rejection unit".into(), show(COOLER_POWER), yard(YardKind::Cooler) as f64, "units"),
            (
                "coolant distribution unit".into(),
                show(equipment.place.cdus.capacity),
                plan.fleet.racks.cdu as f64,
                "units",
            ),
        ],
    );
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
