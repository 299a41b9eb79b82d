//! What binds, what is stranded, what falls short.
//!
//! Not fitting is an answer: a verdict has a need, a limit and what is short. The envelope always binds, unless
//! nothing fits into it at all; every other constraint is listed with its slack, so that a planner sees which is
//! next.

use super::equipment::{Machine, Place};
use super::result::{Layout, Serving, Training, Verdict};
use super::sizing::{Draw, FacilityHour};
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
    let Evidence { fields, place, loads, design, layout, floor_load, row_power, serving, training } =
        evidence;
    let mut all = Vec::new();
    let envelope = fields.envelope.power;
    let measured_at = fields.envelope.measured_at.into();
    let drawn = PowerEnvelope { power: envelope, measured_at }.drawn(design.meter, design.it);
    let where_ = match measured_at {
        MeasuredAt::Utility => "at the utility meter, design hour",
        MeasuredAt::CriticalIt => "at the rack inputs",
    };
    let racks: u64 = loads.iter().map(|(_, draw)| draw.racks).sum();
    let left = envelope - drawn;
    let note = if racks == 0 {
        let smallest =
            loads.iter().map(|(machine, _)| machine.compute_bound.power.0).fold(f64::MAX, f64::min);
        format!(
            "not one rack fits: the smallest draws {} before network, support and cooling",
            show(Watts(smallest))
        )
    } else {
        let step =
            loads.iter().map(|(machine, draw)| next_step(machine, draw)).collect::<Vec<_>>().join("; ");
        format!("{} of the envelope is left: {step}", show(left))
    };
    let need = if racks == 0 { smallest_need(loads).0.max(envelope.0 * 1.000_001) } else { drawn.0 };
    all.push(verdict(&format!("envelope {where_}"), need, envelope.0, "W", true, note));

    for (machine, draw) in *loads {
        if draw.racks == 0 && loads.len() > 1 {
            all.push(verdict(
                &format!("share of {} in the envelope", machine.id),
                machine.compute_bound.power.0,
                envelope.0 * machine.share.0,
                "W",
                true,
                "its share does not carry one rack".into(),
            ));
        }
        if draw.fabric.islands > 1 {
            all.push(verdict(
                &format!("one fabric for {}", machine.id),
                draw.fabric.islands as f64,
                draw.fabric.islands as f64,
                "fabrics",
                false,
                format!(
                    "{} ports of {} carry at most {} accelerators in three tiers: {} separate fabrics",
                    machine.radix,
                    machine.switch.name,
                    group(&draw.fabric.accelerators_per_island.to_string()),
                    draw.fabric.islands
                ),
            ));
        }
        if let Some(limit) = machine.system.rack.coolant_supply_max.as_ref()
            && machine.liquid_share.0 > 0.0
        {
            all.push(verdict(
                &format!("coolant supply of {}", machine.id),
                machine.coolant.0.0,
                limit.value.0,
                "°C",
                false,
                "warmest supply that the rack allows".into(),
            ));
        }
    }
    if layout.halls > 0 {
        all.push(verdict(
            "row busway",
            row_power.0,
            place.busway.0,
            "W",
            false,
            "the most loaded row against what its busways carry all day".into(),
        ));
        all.push(verdict(
            "floor load",
            *floor_load,
            fields.layout.floor_load.0,
            "kg/m²",
            false,
            "heaviest rack on its own footprint and half of each aisle".into(),
        ));
    }
    for result in *serving {
        if let Some(reason) = &result.shortfall {
            all.push(Verdict {
                constraint: format!("serving {} on {}", result.model, result.system),
                need: 1.0,
                limit: 0.0,
                short_by: 1.0,
                unit: "replica".into(),
                binds: false,
                note: reason.clone(),
            });
        }
    }
    for result in *training {
        if let Some(reason) = &result.shortfall {
            all.push(Verdict {
                constraint: format!("training {} on {}", result.model, result.system),
                need: 1.0,
                limit: 0.0,
                short_by: 1.0,
                unit: "run".into(),
                binds: false,
                note: reason.clone(),
            });
        }
    }
    // What is short comes first, then what binds, then the tightest of the rest.
    all.sort_by(|a, b| {
        let rank = |v: &Verdict| (v.short_by <= 0.0, !v.binds);
        let use_of = |v: &Verdict| if v.limit > 0.0 { v.need / v.limit } else { 0.0 };
        rank(a).cmp(&rank(b)).then(use_of(b).total_cmp(&use_of(a)))
    });
    all
}

fn smallest_need(loads: &[(&Machine, &Draw)]) -> Watts {
    Watts(loads.iter().map(|(machine, _)| machine.compute_bound.power.0).fold(f64::MAX, f64::min))
}

fn next_step(machine: &Machine, draw: &Draw) -> String {
    let whole_units = draw.racks >= machine.unit_racks && draw.racks.is_multiple_of(machine.unit_racks);
    if whole_units {
        let unit = machine.compute_bound.power * machine.unit_racks as f64 + machine.unit_support;
        format!("the next unit of {} {} racks needs {} of IT", machine.unit_racks, machine.id, show(unit))
    } else {
        format!("the next {} rack needs {} of IT", machine.id, show(machine.compute_bound.power))
    }
}
