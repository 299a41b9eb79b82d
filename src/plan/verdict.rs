//! What binds, what is stranded, what falls short.
//!
//! Not fitting is an answer: a verdict has a need, a limit and what is short. The envelope always binds, unless
//! nothing fits into it at all; every other constraint is listed with its slack, so that a planner sees which is
//! next.

mod cooling;

use super::equipment::{Machine, Place};
use super::result::{
    Answer, CoolantLoop, Dynamics, Electrical, Layout, LoadFlow, RackShelves, Serving, SystemFloor, Training,
    Verdict,
};
use super::sizing::{Draw, FacilityHour, cluster_of, peak_above};
use crate::catalog::profile::{Covered, Current, StageKind};
use crate::fleet::NETWORK_RACK_UNITS;
use crate::layout::cables::{MOST_FILL, Net, TraySort};
use crate::layout::{FullestBusway, RackKind};
use crate::power::one_line::{DELIVERY_BAND, VOLTAGE_BAND};
use crate::power::service::ServiceClass;
use crate::power::{MeasuredAt, PowerEnvelope};
use crate::scenario::{Cluster, Fields, Policy};
use crate::units::text::{digits, group, show};
use crate::units::{Amperes, Vars, VoltAmperes, Watts};

/// A constraint with need and limit in one unit.
fn verdict(constraint: &str, need: f64, limit: f64, unit: &str, binds: bool, note: String) -> Verdict {
    let short_by = if need > limit * (1.0 + 1e-9) { need - limit } else { 0.0 };
    Verdict { constraint: constraint.into(), need, limit, short_by, unit: unit.into(), binds, note }
}

/// What the verdicts look at.
pub struct Evidence<'a> {
    /// The scenario.
    pub fields: &'a Fields,
    /// The place.
    pub place: &'a Place,
    /// Systems with their draws.
    pub loads: &'a [(&'a Machine, &'a Draw)],
    /// The design hour.
    pub design: &'a FacilityHour,
    /// The layout.
    pub layout: &'a Layout,
    /// Load on the floor below and around a rack [kg/m²].
    pub floor_load: f64,
    /// The fullest pair of busways, and what it carries at the electrical design point.
    pub busway: FullestBusway,
    /// Loops of coolant.
    pub coolant: &'a [CoolantLoop],
    /// Serving results.
    pub serving: &'a [Serving],
    /// Training results.
    pub training: &'a [Training],
    /// The electrical side.
    pub electrical: &'a Electrical,
}

/// All verdicts, the binding one first.
#[must_use]
pub fn verdicts(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let mut all = vec![envelope(evidence)];
    for (machine, draw) in evidence.loads {
        all.extend(system(evidence, machine, draw));
    }
    all.extend(floor(evidence));
    all.extend(feed(evidence));
    all.extend(provisioned(evidence));
    all.extend(design_point(evidence));
    all.extend(cooling::verdicts(evidence));
    let unmet = |what: &str, model: &str, system: &str, unit: &str, reason: &String| Verdict {
        constraint: format!("{what} {model} on {system}"),
        need: 1.0,
        limit: 0.0,
        short_by: 1.0,
        unit: unit.into(),
        binds: false,
        note: reason.clone(),
    };
    for result in evidence.serving {
        let reason = result.shortfall.as_ref();
        all.extend(reason.map(|why| unmet("serving", &result.model, &result.system, "replica", why)));
    }
    for result in evidence.training {
        let reason = result.shortfall.as_ref();
        all.extend(reason.map(|why| unmet("training", &result.model, &result.system, "run", why)));
    }
    // What is short comes first, then what binds, then the tightest of the rest.
    all.sort_by(|a, b| {
        let rank = |v: &Verdict| (v.short_by <= 0.0, !v.binds);
        let use_of = |v: &Verdict| if v.limit > 0.0 { v.need / v.limit } else { 0.0 };
        rank(a).cmp(&rank(b)).then(use_of(b).total_cmp(&use_of(a)))
    });
    all
}

/// The envelope itself: it always binds.
fn envelope(evidence: &Evidence<'_>) -> Verdict {
    let Evidence { fields, loads, design, .. } = evidence;
    let power = fields.envelope.power;
    let measured_at = fields.envelope.measured_at.into();
    let drawn = PowerEnvelope { power, measured_at }.drawn(design.meter, design.it);
    let place = match measured_at {
        MeasuredAt::Utility => "at the utility meter, design hour",
        MeasuredAt::CriticalIt => "at the rack inputs",
    };
    let name = format!("envelope {place}");
    if loads.iter().all(|(_, draw)| draw.racks == 0) {
        let smallest = smallest_need(loads);
        let note = format!(
            "not one rack fits: the smallest draws {} before network, support and cooling",
            show(smallest)
        );
        // A rack below the envelope that still does not fit is short of what stands beside it.
        return verdict(&name, smallest.0.max(power.0 * 1.000_001), power.0, "W", true, note);
    }
    let step = loads.iter().map(|(machine, draw)| next_step(machine, draw)).collect::<Vec<_>>().join("; ");
    let note = format!("{} of the envelope is left: {step}", show(power - drawn));
    verdict(&name, drawn.0, power.0, "W", true, note)
}

/// What one system runs into.
fn system(evidence: &Evidence<'_>, machine: &Machine, draw: &Draw) -> Vec<Verdict> {
    let mut all = Vec::new();
    if draw.racks == 0 && evidence.loads.len() > 1 {
        let slice = evidence.fields.envelope.power.0 * machine.share.0;
        let need = machine.compute_bound.power.0.max(slice * 1.000_001);
        let name = format!("share of {} in the envelope", machine.id);
        all.push(verdict(&name, need, slice, "W", true, "its share does not carry one rack".into()));
    }
    if draw.fabric.islands > 1 {
        let most = group(&draw.fabric.accelerators_per_island.to_string());
        let islands = draw.fabric.islands;
        let cause = if draw.fabric.switches() > 0 {
            format!("{} ports of {}", machine.network.radix, machine.network.switch.name)
        } else {
            "no switches between pods".to_owned()
        };
        let note = format!("{cause}: {islands} separate fabrics of at most {most} accelerators");
        let name = format!("fabrics of {}", machine.id);
        all.push(verdict(&name, islands as f64, islands as f64, "fabrics", false, note));
    }
    all.extend(as_built(evidence, machine, draw));
    if evidence.place.plant.heat_rejection.is_outside_air() && draw.liquid.0 > 0.0 {
        let name = format!("liquid heat of {}", machine.id);
        let note =
            "outside air through the hall cools air-cooled racks only: choose a design with a liquid loop"
                .into();
        all.push(verdict(&name, draw.liquid.0, 0.0, "W", false, note));
    }
    let (takes, given) = (&machine.system.rack.currents, evidence.place.electrical.racks_get);
    if draw.racks > 0 && !takes.contains(&given) {
        let word = |current: Current| match current {
            Current::ThreePhase => "three phases",
            Current::Direct => "800 V of direct current",
        };
        let takes = takes.iter().map(|one| word(*one)).collect::<Vec<_>>().join(" or ");
        let note = format!(
            "`{}` brings {}, the shelves take {takes}: another `electrical.design`, or racks ordered with other shelves (`rack.currents` of the system)",
            evidence.fields.electrical.design,
            word(given)
        );
        all.push(verdict(&format!("feed of {}", machine.id), 1.0, 0.0, "fitting feed", false, note));
    }
    if machine.unit_support_stands && draw.counted > draw.support {
        let note = format!(
            "`unit.support_power` of the system stands as it is {}: switches beside the scale-out and servers at {} \
             each are more",
            machine.system.unit.support_power.confidence.word(),
            show(evidence.fields.support_networks.server_power)
        );
        let name = format!("support power of {}", machine.id);
        all.push(verdict(&name, draw.counted.0, draw.support.0, "W", false, note));
    }
    if let Some(limit) = machine.system.rack.coolant_supply_max.as_ref()
        && machine.liquid_share.0 > 0.0
    {
        let name = format!("coolant supply of {}", machine.id);
        let note = "warmest supply that the rack allows".into();
        all.push(verdict(&name, machine.coolant.0.0, limit.value.0, "°C", false, note));
    }
    all
}

/// Where a fabric is built otherwise than asked: clusters in whole racks, leaves with whole uplinks.
fn as_built(evidence: &Evidence<'_>, machine: &Machine, draw: &Draw) -> Vec<Verdict> {
    let (wish, tree) = (&evidence.fields.fabric, &draw.fabric);
    let mut all = Vec::new();
    if let Cluster::AtMost(asked) = wish.cluster
        && draw.accelerators > asked
        && cluster_of(&machine.system, asked) < asked
    {
        let built = cluster_of(&machine.system, asked);
        let [said, stands] = [asked, built].map(|count| group(&count.to_string()));
        let note = format!("{said} asked, {stands} built: a fabric is whole scale-up domains in whole racks");
        let name = format!("cluster of {}", machine.id);
        all.push(verdict(&name, built as f64, asked as f64, "accelerators", false, note));
    }
    let asked = wish.oversubscription.0;
    if tree.spine > 0 && tree.oversubscription < asked * (1.0 - SAME_RATIO) {
        let note = format!(
            "{} asked, {} built: a leaf has whole uplinks, at least one for the hosts that it feeds",
            digits(asked),
            digits(tree.oversubscription)
        );
        let name = format!("oversubscription of {}", machine.id);
        all.push(verdict(&name, tree.oversubscription, asked, "down over up", false, note));
    }
    all
}

/// Ratios that are told apart: a percent.
const SAME_RATIO: f64 = 0.01;

/// What the floor and its rows carry.
fn floor(evidence: &Evidence<'_>) -> Vec<Verdict> {
    if evidence.layout.halls == 0 {
        return Vec::new();
    }
    let (full, rating) = (evidence.busway, busway_rating(evidence));
    let place = if full.in_network_room { "network room" } else { "hall" };
    let note = format!(
        "the fullest pair of busways, above a row of a {place}, against what one carries all day; {} pairs may hang above \
         a row (`layout.busways_per_row`)",
        evidence.fields.layout.busways_per_row
    );
    let busway = verdict("row busway", full.load.0, rating.0, "W", false, note);
    let hall = verdict(
        "IT power of a hall",
        evidence.layout.floors.iter().map(|floor| floor.layout.fullest_hall().0).fold(0.0, f64::max),
        evidence.fields.layout.hall_power.0,
        "W",
        false,
        "the fullest hall; a hall holds at least one scalable unit, whole".into(),
    );
    let widest = evidence
        .loads
        .iter()
        .map(|(machine, _)| machine.system.rack.width.value.0 * f64::from(machine.system.rack.positions))
        .fold(0.0, f64::max);
    let rooms = evidence
        .layout
        .floors
        .iter()
        .flat_map(|floor| std::iter::once(&floor.layout.hall).chain(floor.layout.network_room.as_ref()));
    let longest = rooms.map(|room| room.grid.row_length()).fold(widest, f64::max);
    let row = verdict(
        "row length",
        longest,
        evidence.fields.layout.row_length.0,
        "m",
        false,
        "the longest row against what may lie between cross aisles; a row has one rack of each sort at least"
            .into(),
    );
    let slab = verdict(
        "floor load",
        evidence.floor_load,
        evidence.fields.layout.floor_load.0,
        "kg/m²",
        false,
        "heaviest rack, CDU or air handler on its own footprint and half of what is free beside it".into(),
    );
    let narrowest = evidence.fields.layout.cold_aisle.min(evidence.fields.layout.hot_aisle);
    let aisle = verdict(
        "working depth in the aisles",
        WORKING_DEPTH,
        narrowest.0,
        "m",
        false,
        "what electrical rules ask before live parts up to 600 V at least, against the narrower aisle".into(),
    );
    let mut all = vec![busway, hall, row, slab, aisle];
    all.extend(hottest_in_air(evidence));
    all.extend(given_halls(evidence));
    all.extend(cables(evidence));
    all.extend(trays(evidence.layout));
    all.extend(evidence.layout.floors.iter().filter_map(|floor| homes(evidence, floor)));
    all.extend(border(evidence.layout));
    all.extend(too_near(evidence));
    all
}

/// What a pair of busways carries continuously.
fn busway_rating(evidence: &Evidence<'_>) -> Watts {
    evidence.place.busway / f64::from(evidence.fields.layout.busways_per_row.max(1))
}

/// The rack that gives most heat to the air of its room, against what aisles and fan walls take of one.
fn hottest_in_air(evidence: &Evidence<'_>) -> Option<Verdict> {
    let floors = evidence.layout.floors.iter();
    let hottest = floors.filter_map(|floor| floor.layout.hottest_in_air().map(|found| (floor, found)));
    let (floor, (kind, air)) = hottest.max_by(|a, b| a.1.1.0.total_cmp(&b.1.1.0))?;
    let what = match kind {
        RackKind::Compute => floor.rack_name.clone(),
        other => format!("{} of {}", other.name(), floor.system),
    };
    let doors = if floor.layout.demand.door_share.0 > 0.0 {
        "past its rear door"
    } else {
        "no door behind it takes a part: `cooling.design = \"rear-doors\"` has them"
    };
    let note = format!("{what}, each position of it, {doors}; `layout.rack_air` sets the limit");
    Some(verdict("air heat of a rack", air.0, evidence.fields.layout.rack_air.0, "W", false, note))
}

/// Clear depth before live parts [m]: the least that NFPA 70 article 110.26 asks at up to 600 V, 0.9 to 1.2 m.
const WORKING_DEPTH: f64 = 0.9;

/// Halls that are there already: whether a unit fits between their walls, and all units into them.
fn given_halls(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let layout = &evidence.fields.layout;
    let mut all = Vec::new();
    for floor in &evidence.layout.floors {
        let (hall, unit) = (&floor.layout.hall, floor.layout.demand.unit_compute_racks);
        for (side, need, limit) in
            [("width", hall.width, layout.hall_width), ("depth", hall.depth, layout.hall_depth)]
        {
            if let (Some(limit), Some(_), Some(_)) = (limit, layout.hall_width, layout.hall_depth) {
                let note =
                    format!("the rows of a unit of {unit} racks with their aisles, galleries and fan walls");
                let name = format!("{side} of a hall for {}", floor.system);
                all.push(verdict(&name, need, limit.0, "m", false, note));
            }
        }
    }
    if let Some(halls) = layout.halls {
        let need = evidence.layout.halls;
        let standing: u64 = evidence
            .layout
            .floors
            .iter()
            .map(|floor| floor.layout.units_per_hall * floor.layout.demand.unit_compute_racks)
            .max()
            .unwrap_or(0);
        let note = format!("a hall holds {standing} accelerator racks at most");
        all.push(verdict("halls of the site", need as f64, f64::from(halls), "halls", false, note));
    }
    all
}

/// Cables that none of the links asked for reaches.
fn cables(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let short = evidence.layout.cables.iter().filter(|cable| !cable.reached && cable.net != Net::Border);
    short
        .map(|cable| {
            let machine = evidence.loads.iter().find(|(machine, _)| machine.id == cable.system);
            let offered =
                machine.map_or(0, |(machine, _)| machine.network.links_of(cable.net, cable.tier).len());
            let way_out = if offered > 1 {
                "no link of the catalogue for this switch and rate does: smaller fabrics (`fabric.cluster`), or a switch \
                 with pluggable optics"
            } else {
                "`auto` takes a link that does, where there is one"
            };
            let note = format!(
                "{} of them run further than `{}` reaches and are not in the bill; {way_out}",
                group(&cable.count.to_string()),
                cable.link
            );
            let name = format!("{} cables of {}", cable.kind, cable.system);
            verdict(&name, cable.length_max.0, cable.reach.0, "m", false, note)
        })
        .collect()
}

/// The fibre from fabric to fabric, against the link that reaches farthest.
fn border(layout: &Layout) -> Option<Verdict> {
    let border = layout.border.as_ref()?;
    let note = format!(
        "{} links of `{}` join the fabrics, {} with both ends",
        group(&border.links.to_string()),
        border.link.id,
        show(border.power)
    );
    Some(verdict("fibre between fabrics", border.length.0, border.link.reach.value.0, "m", false, note))
}

/// The streets between buildings of one fabric, where less fibre than that is stated.
fn too_near(evidence: &Evidence<'_>) -> Option<Verdict> {
    let stated = evidence.fields.campus.fibre?;
    let laid = evidence.layout.site.longest_way();
    let [floor] = &evidence.layout.floors[..] else { return None };
    let short = floor.layout.demand.fibre.is_some() && laid > stated;
    let note =
        "the buildings as laid out stand further apart than `campus.fibre`; cables run as the streets do";
    short.then(|| verdict("fibre between buildings", laid.0, stated.0, "m", false, note.into()))
}

/// Height of the switches of front end and storage in the fullest of the racks of a unit that hold them.
fn homes(evidence: &Evidence<'_>, floor: &SystemFloor) -> Option<Verdict> {
    let (machine, _) = evidence.loads.iter().find(|(machine, _)| machine.id == floor.system)?;
    let (kind, racks) = floor.layout.support_home();
    let of_unit = |switches: u64| switches.div_ceil(floor.layout.units.max(1));
    let of_network =
        floor.cabling.beside.iter().map(|net| of_unit(net.switches[0]) + of_unit(net.switches[1]));
    // One network in each rack where there are racks enough, else all in one.
    let most = if racks > 1 { of_network.max() } else { Some(of_network.sum()) };
    let need = most? * u64::from(machine.network.support_switch.rack_units);
    let note = format!("leaves and spines of front end and storage that a {} of a unit holds", kind.name());
    let name = format!("switches beside the scale-out of {}", floor.system);
    Some(verdict(&name, need as f64, NETWORK_RACK_UNITS as f64, "U of a rack", false, note))
}

/// Trays and ducts where they are fullest, against the room for them.
fn trays(layout: &Layout) -> Vec<Verdict> {
    let all = layout.floors.iter().flat_map(|floor| floor.trays.iter().map(move |tray| (floor, tray)));
    all.filter(|(_, tray)| tray.parallel > 0)
        .map(|(floor, tray)| {
            let name = format!("{} of {}", tray.sort.name(), floor.system);
            let size =
                if tray.sort == TraySort::Ducts { "ducts of 100 mm" } else { "trays of 600 × 100 mm" };
            let way_out = if tray.parallel > tray.room { relief(tray.sort) } else { "" };
            let note = format!(
                "{} cables through its fullest section, in {size}, {:.0} % filled at most{way_out}",
                group(&tray.cables.to_string()),
                100.0 * MOST_FILL
            );
            verdict(&name, tray.parallel as f64, tray.room as f64, "side by side", false, note)
        })
        .collect()
}

/// What makes room for trays that have none, where no placement of the network's racks does.
fn relief(sort: TraySort) -> &'static str {
    match sort {
        TraySort::Row => {
            "; no placement of the network's racks has room: shorter rows (`layout.row_length`) share the cables, a wider \
             `layout.cold_aisle` has trays side by side, `fabric.oversubscription` saves cables"
        }
        TraySort::Main => {
            "; no placement of the network's racks has room: smaller halls (`layout.hall_power`) share the cables, as does \
             a smaller `fabric.cluster`"
        }
        TraySort::Corridor | TraySort::Ducts => {
            "; no placement of the network's racks has room: fewer halls in each building (`layout.halls_per_building`) \
             share the cables, as do smaller fabrics (`fabric.cluster`)"
        }
    }
}

/// What a quantile of the duty promises.
fn provisioned(evidence: &Evidence<'_>) -> Option<Verdict> {
    let said = &evidence.fields.provisioning;
    let racks = evidence.loads.iter().any(|(_, draw)| draw.racks > 0);
    (said.policy == Policy::DutyQuantile && racks).then(|| {
        let provisioning = &evidence.electrical.provisioning;
        let kept = provisioning.performance_compute;
        let note =
            format!("racks together ask for more than is set aside; held, they keep {kept} of their work");
        let (need, limit) = (provisioning.exceeded.0, 1.0 - said.quantile.0);
        verdict("time above what is set aside", need, limit, "of the time", false, note)
    })
}

/// What a stage carries for the seconds of an electrical design point, over its rating.
///
/// Usual of makers' tables, recalled: a UPS 150 % for ten seconds and more; rectifiers and solid-state transformers, whose
/// semiconductors heat up in milliseconds, 125 %; oil-filled and dry transformers 150 % for minutes (IEEE C57.91; IEC
/// 60076-7 for large ones).
fn overload(kind: StageKind) -> Option<f64> {
    match kind {
        StageKind::Ups
        | StageKind::MainTransformer
        | StageKind::UnitTransformer
        | StageKind::PlantTransformer
        | StageKind::PduTransformer => Some(1.5),
        StageKind::Rectifier | StageKind::SolidStateTransformer => Some(1.25),
        StageKind::Feeders
        | StageKind::Bus
        | StageKind::RackBattery
        | StageKind::EssentialUps
        | StageKind::Other => None,
    }
}

/// What a busway's breaker carries for seconds over its rated current: UL 489 lets it trip at 135 % within an hour or two.
const BUSWAY_OVERLOAD: f64 = 1.35;

/// What the equipment sees when all racks stand at their electrical design point at once.
fn design_point(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let more = peak_above(evidence.loads);
    let flows = evidence.design.path();
    let mut all = Vec::new();
    for (known, flow) in evidence.place.electrical.stages.iter().zip(flows) {
        if let Some(overload) = overload(known.kind).filter(|_| flow.output.0 > 0.0) {
            let note = format!(
                "the electrical design point of all racks at once, against {:.0} % of what is installed",
                100.0 * overload
            );
            let (need, limit) = (flow.output + more, flow.installed * overload);
            all.push(verdict(&format!("design point at {}", flow.name), need.0, limit.0, "W", false, note));
        }
    }
    if evidence.busway.peak.0 > 0.0 {
        let limit = busway_rating(evidence) / evidence.place.electrical.continuous.0 * BUSWAY_OVERLOAD;
        let note = format!(
            "the electrical design point of the racks on the fullest pair of busways of a row, against {:.0} % of its rating",
            100.0 * BUSWAY_OVERLOAD
        );
        all.push(verdict("design point of a row", evidence.busway.peak.0, limit.0, "W", false, note));
    }
    all
}

/// Whether racks ride through a dip, and whether the grid stands what leaves it at once.
fn dip(dynamics: &Dynamics) -> [Verdict; 2] {
    let shed: Vec<String> = dynamics
        .dip
        .iter()
        .filter(|load| load.answer == Answer::Drops)
        .map(|load| format!("{} of {}", show(load.power), load.name))
        .collect();
    let mut note =
        "longest dip in which no rack may be lost, against the shortest store of UPS and racks".to_owned();
    if !shed.is_empty() {
        note = format!("{note}; what drops and starts again: {}", shed.join(", "));
    }
    // Racks come first among the loads of a dip.
    let ride = dynamics.dip.iter().take(2).all(|load| load.answer == Answer::StaysOn);
    let (need, held) = (dynamics.ride_through.0, dynamics.hold_up.0);
    let limit = if ride { held.max(need) } else { held };
    let lost = "what goes onto its stores in one dip and what drops, against the largest loss that the grid stands; \
                other sites fall with it";
    [
        verdict("ride-through of a dip", need, limit, "s", false, note),
        verdict("loss of load in a dip", dynamics.transfer.0, dynamics.loss_limit.0, "W", false, lost.into()),
    ]
}

/// Fastest that a battery is emptied, over its energy [1/h]: assumption, 0.25 to 4 an hour are usual, 10 of cells for power alone.
const FASTEST_DISCHARGE: f64 = 10.0;

/// Whether the cells of the substation's battery give its power.
fn discharge(evidence: &Evidence<'_>) -> Option<Verdict> {
    let wish = &evidence.fields.electrical;
    let (power, energy) = wish.battery_power.zip(wish.battery_energy).filter(|(power, _)| power.0 > 0.0)?;
    let note = "its power over its energy, against what cells stand; an assumption".into();
    let name = "discharge rate of the substation's battery";
    // A battery of no energy is emptied at once, and a verdict has a number.
    let per_hour = (power.0 * 3_600.0 / energy.0).min(f64::MAX);
    Some(verdict(name, per_hour, FASTEST_DISCHARGE, "an hour", false, note))
}

/// Whether the busway before rectifiers that stand with the racks carries one of them.
fn rectifier_on_its_busway(evidence: &Evidence<'_>) -> Option<Verdict> {
    let facts = &evidence.place.electrical;
    let at = |kind| facts.stages.iter().position(|stage| stage.kind == kind);
    let own = at(StageKind::Rectifier).filter(|own| at(StageKind::Bus).is_some_and(|bus| bus < *own))?;
    let flow = evidence.design.path().nth(own).filter(|flow| flow.modules > 0)?;
    let taken = flow.installed / f64::from(flow.modules) * (1.0 + flow.curve.at(1.0));
    let apparent = VoltAmperes(taken.0 / evidence.fields.electrical.rack_power_factor.0);
    let (need, limit) = (facts.on_busway(apparent), facts.busway_current * facts.continuous.0);
    let note =
        "one rectifier at full load on either side of its busway, which carries so much continuously".into();
    Some(verdict("rectifier on its busway", need.0, limit.0, "A", false, note))
}

/// Whether the site takes what the substation's battery gives.
fn battery(evidence: &Evidence<'_>) -> Option<Verdict> {
    let power = evidence.fields.electrical.battery_power.filter(|power| power.0 > 0.0)?;
    let note = "against what the site draws: more is neither charged beside it nor given to it".into();
    let name = "power of the substation's battery";
    Some(verdict(name, power.0, evidence.design.meter.0, "W", false, note))
}

/// Whether the unit substation that a UPS block hangs on gives what it takes with the spare ones out.
fn ups_block(evidence: &Evidence<'_>) -> Option<Verdict> {
    let stages = &evidence.place.electrical.stages;
    // What is bought, not the largest that the design has.
    let at = stages.iter().position(|stage| stage.kind == StageKind::UnitTransformer)?;
    let unit = evidence.place.stages[at].sold?.power;
    let at = stages.iter().position(|stage| stage.kind == StageKind::Ups)?;
    let (design, flow) = (&evidence.place.stages[at], evidence.design.path().nth(at)?);
    let carrying = Some(design.redundancy.reserve(flow.modules).carrying).filter(|carrying| *carrying > 0)?;
    let block = flow.input / f64::from(carrying);
    let note =
        "what a block takes with the spare ones out, from the one unit substation that it hangs on".into();
    Some(verdict("UPS block on its substation", block.0, unit.0, "W", false, note))
}

/// What the grid asks and the feed gives.
fn feed(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let mut all = Vec::new();
    if let Some(flow) = &evidence.electrical.load_flow {
        all.extend(voltages(flow, evidence.design.it));
    }
    all.extend(service(evidence));
    all.extend(discharge(evidence));
    all.extend(battery(evidence));
    all.extend(evidence.electrical.shelves.iter().flat_map(|shelves| shelf(evidence, shelves)));
    all.extend(ups_block(evidence));
    all.extend(rectifier_on_its_busway(evidence));
    if let Some(dynamics) = &evidence.electrical.dynamics {
        all.extend(dip(dynamics));
        let place = &evidence.place.electrical;
        let engines = place.backup.filter(|backup| backup.covers == Covered::Everything);
        if let (Some(back), None, true) =
            (dynamics.returns.first(), engines, evidence.fields.grid.ramp_limit.is_some())
        {
            let note = format!(
                "{} come back from their stores as a ramp of {}, without engines",
                show(dynamics.transfer),
                show(back.limit)
            );
            let stored = dynamics.stored.0;
            all.push(verdict("energy of the ramp back", back.energy.0, stored, "J", false, note));
        }
        if let Some(backup) = place.backup.filter(|backup| backup.covers == Covered::Everything) {
            let steps = evidence.electrical.engine_steps.filter(|steps| steps.steps > 1);
            let note = steps.map_or_else(
                || "start of the engines, against the stores that bridge it".into(),
                |steps| {
                    format!(
                        "start of the engines in {}, then {} steps of {} a set {} apart, {} at most, against the stores that bridge them",
                        show(backup.start_time),
                        steps.steps,
                        show(steps.each),
                        show(steps.pause),
                        show(steps.limit)
                    )
                },
            );
            all.push(verdict(
                "bridge to the engines",
                steps.map_or(backup.start_time, |steps| steps.until).0,
                dynamics.hold_up.0,
                "s",
                false,
                note,
            ));
        }
        if let Some(backup) = place.backup {
            let said = &evidence.fields.cooling;
            // The plant comes first, in as many steps as it needs.
            let back = evidence.electrical.engine_steps.map_or(backup.start_time, |steps| steps.plant_until);
            let note = format!(
                "start of the engines up to the step that carries the plant and then of the drives, {}, against what pumps and water of the cooling bridge",
                show(said.drive_restart)
            );
            let (need, bridged) = (back + said.drive_restart, said.ride_through);
            all.push(verdict("cooling to the engines", need.0, bridged.0, "s", false, note));
            if evidence.design.chilled().0 > 0.0 {
                let note = format!(
                    "start of the engines up to the step that carries the plant and then of the chillers, {}, against the tanks of chilled water that carry {}",
                    show(said.chiller_restart),
                    show(evidence.design.chilled())
                );
                let (need, bridged) = (back + said.chiller_restart, said.chilled_store);
                all.push(verdict("chilled water to the chillers", need.0, bridged.0, "s", false, note));
            }
        }
        if evidence.fields.grid.ramp_limit.is_some() {
            for ramp in &dynamics.ramps {
                let note = format!(
                    "{} that stop at once, as a ramp of {}: a battery takes it, or accelerators that burn it",
                    show(dynamics.stop),
                    show(ramp.limit)
                );
                let (need, limit) = (ramp.energy.0, dynamics.battery_energy.0);
                all.push(verdict("energy of a ramp down", need, limit, "J", false, note));
                let note = "power of that battery".into();
                all.push(verdict(
                    "power of a ramp down",
                    dynamics.stop.0,
                    dynamics.battery_power.0,
                    "W",
                    false,
                    note,
                ));
            }
        }
        if let Some(limit) = evidence.fields.grid.swing_limit {
            let worst = dynamics.swings.iter().map(|row| row.at_grid.0).fold(0.0, f64::max);
            let note = "largest swing between 0.1 and 20 Hz behind the stores of racks and substation".into();
            all.push(verdict("swing at the grid", worst, limit.0, "W", false, note));
        }
    }
    all
}

/// What a rack keeps without one of its shelves, and without one of its feeds.
fn shelf(evidence: &Evidence<'_>, shelves: &RackShelves) -> Vec<Verdict> {
    let RackShelves { system, count, rating, needed, heat, one_side, kept, .. } = shelves;
    let note = format!(
        "{count} of {}, {needed} of them carry the rack: N + {}",
        show(*rating),
        count.saturating_sub(*needed)
    );
    let rest = *rating * f64::from(count.saturating_sub(1));
    let one = verdict(&format!("one shelf of {system} lost"), heat.0, rest.0, "W", false, note);
    // Held to what is left, a rack works on as long as that is more than it draws idle.
    let idle = *heat * evidence.fields.provisioning.idle.0;
    let held = if kept.0 < 1.0 {
        format!(
            "{} of {} are left, and the rack is held to {:.0} % of its power: {:.0} % of compute-bound and {:.0} % of \
             memory-bound work; here against its idle power",
            show(*one_side),
            show(*heat),
            100.0 * kept.0,
            100.0 * shelves.performance_compute.0,
            100.0 * shelves.performance_memory.0
        )
    } else {
        format!("{} are left and carry the whole rack; here against its idle power", show(*one_side))
    };
    let side = verdict(&format!("one feed of {system} lost"), idle.0, one_side.0, "W", false, held);
    if one_side.0 <= 0.0 {
        return if shelves.known { vec![one] } else { Vec::new() };
    }
    if shelves.known { vec![one, side] } else { vec![side] }
}

/// What a feeder carries all day, against the largest breaker in one frame.
fn feeder_breaker(evidence: &Evidence<'_>) -> Verdict {
    let largest = evidence.place.electrical.ratings.high_voltage_frames.last().copied();
    let (need, limit) = (evidence.place.service.feeder_current, Amperes(largest.unwrap_or(f64::INFINITY)));
    let note = "`grid.feeder_current`, against the largest frame of one breaker of switchgear";
    verdict("current of a feeder", need.0, limit.0, "A", false, note.into())
}

/// Whether the voltage of the service suits the load, and whether breakers break a fault on the campus busbar.
fn service(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let (service, grid) = (&evidence.place.service, &evidence.fields.grid);
    let Some(flow) = &evidence.electrical.load_flow else { return Vec::new() };
    let class = ServiceClass::of(service.voltage);
    // Where nothing is solved, what the grid gives at most.
    let at_most = evidence.design.meter.0 / grid.power_factor.0 / flow.substations as f64;
    let load = if flow.fullest.0 > 0.0 { flow.fullest.0 } else { at_most };
    let at = show(service.voltage);
    let note =
        format!("a circuit carries a whole substation; usual ones of {at} carry {}", show(class.circuit));
    let rating = class.rating(service.voltage);
    let mut at_once = load;
    let mut all = vec![verdict(&format!("service circuit of {at}"), load, rating.0, "VA", false, note)];
    if let Some(dynamics) = &evidence.electrical.dynamics {
        let note = format!(
            "all racks at their electrical design point at once, {} at the meter for seconds, through one circuit a \
             substation; demand is billed by its mean over a quarter of an hour and stays that of the design hour",
            show(dynamics.peak_at_meter)
        );
        let need = load * (dynamics.peak_at_meter / evidence.design.meter);
        at_once = at_once.max(need);
        all.push(verdict("design point at the meter", need, rating.0, "VA", false, note));
    }
    let (least, suits) =
        (class.least(), ServiceClass::that_carries(VoltAmperes(at_once), service.campus_voltage));
    if grid.voltage.is_some() && least.0 > load {
        let note = format!(
            "what a switchyard of {at} is built for at least; a load like this is served at {}: leave `grid.voltage` out",
            show(suits.voltage)
        );
        all.push(verdict(&format!("load for a service of {at}"), least.0, load, "VA", false, note));
    }
    all.push(feeder_breaker(evidence));
    if let Some(faults) = &evidence.electrical.faults {
        let note = format!(
            "{} through the grid and {} from engines beside it with ties {}; {} with all ties closed",
            show(if faults.ties_open { faults.grid_open } else { faults.grid_closed }),
            show(if faults.ties_open { faults.engines_open } else { faults.engines_closed }),
            if faults.ties_open { "open" } else { "closed" },
            show(faults.grid_closed + faults.engines_closed)
        );
        let largest = evidence.place.electrical.ratings.largest_interrupting().0;
        all.push(verdict("fault on the campus busbar", faults.run.0, largest, "A", false, note));
        if let Some(fault) = faults.low_voltage {
            let note = "the largest behind a transformer up to 1 kV, against what any breaker there breaks";
            let largest = evidence.place.electrical.ratings.largest_low_voltage_interrupting();
            all.push(verdict("fault on the switchboards", fault.0, largest.0, "A", false, note.into()));
        }
        if service.voltage > service.campus_voltage {
            let note =
                "the grid itself, and engines through the main transformers while they run beside it".into();
            all.push(verdict("fault on the grid's busbar", faults.at_grid.0, largest, "A", false, note));
        }
    }
    all
}

/// A power factor that is missed, and taps that do not come to rest; nothing where neither is.
fn power_factor(flow: &LoadFlow) -> Vec<Verdict> {
    let mut all = Vec::new();
    let (needed, has) = (flow.needed_factor.0, flow.power_factor.0);
    if has < needed * (1.0 - 1e-9) {
        let way = if flow.reactive.0 < 0.0 { "leading: given back" } else { "lagging: taken" };
        let note = format!(
            "asked by `grid.power_factor`; {} are {way}, with {} of the {} steps of the capacitors at work",
            show(Vars(flow.reactive.0.abs())),
            flow.capacitors.on,
            flow.capacitors.all_steps()
        );
        all.push(verdict("power factor at the point of delivery", needed, has, "", false, note));
    }
    if flow.unsettled {
        let note = "they hunt with one another; what the load flow says is where they were stopped".into();
        all.push(verdict("rest of the taps", 1.0, 0.0, "at rest", false, note));
    }
    all
}

/// Voltages and loadings of the one-line.
fn voltages(flow: &LoadFlow, it: Watts) -> Vec<Verdict> {
    if let Some(reason) = &flow.shortfall {
        let note = format!("{reason}; it carries {} of its load", flow.carries);
        return vec![verdict("load flow of the campus", 1.0, flow.carries.0, "of the load", false, note)];
    }
    let band =
        format!("the one farthest from nominal; equipment is built for ± {:.0} %", 100.0 * VOLTAGE_BAND);
    let mut all = power_factor(flow);
    for (name, halls) in [("voltage of a hall, full load", flow.full), ("voltage of a hall, idle", flow.idle)]
    {
        all.push(verdict(name, halls.off(), VOLTAGE_BAND, "of nominal", false, band.clone()));
    }
    for (name, at) in
        [("voltage at the point of delivery", flow.delivery), ("voltage of the campus busbar", flow.busbar)]
    {
        if at.off() > DELIVERY_BAND {
            let note = format!(
                "{:.3} to {:.3} of nominal from full load to idle, and grid codes have ± {:.0} %: a stronger grid \
                 (`grid.short_circuit`, `grid.voltage`) or less behind it (`envelope.power`)",
                at.lowest,
                at.highest,
                100.0 * DELIVERY_BAND
            );
            all.push(verdict(name, at.off(), DELIVERY_BAND, "of nominal", false, note));
        }
    }
    let loaded = flow.branches.iter().chain(&flow.others).filter(|branch| branch.loading > 0.0);
    if let Some(branch) = loaded.max_by(|a, b| a.loading.total_cmp(&b.loading)) {
        let name = format!("loading of the {}", branch.name);
        let note = "the fullest branch of the one-line at full load".into();
        all.push(verdict(&name, branch.loading, 1.0, "of rating", false, note));
    }
    for outage in &flow.outages {
        if outage.dark.0 > 0.0 {
            let name = format!("dark without {}", outage.name);
            let note = "of the IT power, until it is repaired".into();
            all.push(verdict(&name, outage.dark.0, it.0, "W", false, note));
            continue;
        }
        let name = format!("loading without {}", outage.name);
        all.push(verdict(
            &name,
            outage.loading,
            outage.stands,
            "of rating",
            false,
            if outage.stands > 1.0 {
                "what takes over, against what it stands until that is repaired; racks are indivisible".into()
            } else {
                "what is left carries it all".into()
            },
        ));
    }
    all
}

fn smallest_need(loads: &[(&Machine, &Draw)]) -> Watts {
    Watts(loads.iter().map(|(machine, _)| machine.compute_bound.power.0).fold(f64::MAX, f64::min))
}

fn next_step(machine: &Machine, draw: &Draw) -> String {
    let whole_units = draw.racks >= machine.unit_racks && draw.racks.is_multiple_of(machine.unit_racks);
    if whole_units {
        let units = draw.racks as f64 / machine.unit_racks as f64;
        let unit = show(draw.it() / units);
        format!(
            "a unit of {} {} racks takes {unit} of IT, its network included",
            machine.unit_racks, machine.id
        )
    } else {
        let rack = show(draw.it() / draw.racks.max(1) as f64);
        format!("a {} rack takes {rack} of IT, its network included", machine.id)
    }
}

#[cfg(test)]
mod tests;
