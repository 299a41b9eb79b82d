//! What binds, what is stranded, what falls short.
//!
//! Not fitting is an answer: a verdict has a need, a limit and what is short. The envelope always binds, unless
//! nothing fits into it at all; every other constraint is listed with its slack, so that a planner sees which is
//! next.

use super::equipment::{Machine, Place};
use super::result::{Layout, Serving, Training, Verdict};
use super::sizing::{Draw, FacilityHour};
use crate::cooling::HeatRejection;
use crate::power::{MeasuredAt, PowerEnvelope};
use crate::scenario::Fields;
use crate::units::Watts;
use crate::units::text::{group, show};

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
    /// Heat of the most loaded row.
    pub row_power: Watts,
    /// Serving results.
    pub serving: &'a [Serving],
    /// Training results.
    pub training: &'a [Training],
}

/// All verdicts, the binding one first.
#[must_use]
pub fn verdicts(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let mut all = vec![envelope(evidence)];
    for (machine, draw) in evidence.loads {
        all.extend(system(evidence, machine, draw));
    }
    all.extend(floor(evidence));
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
        let note = format!(
            "{} ports of {}: {islands} separate fabrics of at most {most} accelerators",
            machine.network.radix, machine.network.switch.name
        );
        let name = format!("fabrics of {}", machine.id);
        all.push(verdict(&name, islands as f64, islands as f64, "fabrics", false, note));
    }
    if evidence.place.plant.heat_rejection == HeatRejection::OutsideAir && draw.liquid.0 > 0.0 {
        let name = format!("liquid heat of {}", machine.id);
        let note =
            "outside air through the hall cools air-cooled racks only: choose a design with a liquid loop"
                .into();
        all.push(verdict(&name, draw.liquid.0, 0.0, "W", false, note));
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

/// What the floor and its rows carry.
fn floor(evidence: &Evidence<'_>) -> Vec<Verdict> {
    if evidence.layout.halls == 0 {
        return Vec::new();
    }
    let busway = verdict(
        "row busway",
        evidence.row_power.0,
        evidence.place.busway.0 * f64::from(evidence.fields.layout.busways_per_row),
        "W",
        false,
        "the most loaded row against what its busways carry all day".into(),
    );
    let hall = verdict(
        "IT power of a hall",
        evidence.design.it.0 / evidence.layout.halls as f64,
        evidence.fields.layout.hall_power.0,
        "W",
        false,
        "a hall holds at least one scalable unit, whole".into(),
    );
    let widest = evidence
        .loads
        .iter()
        .map(|(machine, _)| machine.system.rack.width.value.0 * f64::from(machine.system.rack.positions))
        .fold(0.0, f64::max);
    let row = verdict(
        "row length for one rack",
        widest,
        evidence.fields.layout.row_length.0,
        "m",
        false,
        "the widest rack against the longest row between cross aisles".into(),
    );
    let slab = verdict(
        "floor load",
        evidence.floor_load,
        evidence.fields.layout.floor_load.0,
        "kg/m²",
        false,
        "heaviest rack on its own footprint and half of each aisle".into(),
    );
    let mut all = vec![busway, hall, row, slab];
    all.extend(cables(evidence.layout));
    all
}

/// Cables that none of the links asked for reaches.
fn cables(layout: &Layout) -> Vec<Verdict> {
    let short = layout.cables.iter().filter(|cable| !cable.reached);
    short
        .map(|cable| {
            let note = format!(
                "{} of them run further than `{}` reaches; `auto` takes a link that does",
                group(&cable.count.to_string()),
                cable.link
            );
            let name = format!("{} cables of {}", cable.kind, cable.system);
            verdict(&name, cable.length_max.0, cable.reach.0, "m", false, note)
        })
        .collect()
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
