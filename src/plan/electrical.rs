//! The electrical side of a plan beyond its losses: supply, topologies, swings, load flow, equipment.
//!
//! The formulas stand in [`crate::power`]; here they are asked with the figures of the design, the grid of the
//! scenario and the powers of the design hour.

pub(crate) mod cooled;
mod dip;
mod dynamics;
pub mod facts;
mod faults;
mod one_line;
mod policy;
mod row_bus;
mod schedule;
mod shelves;
mod sold;
mod stores;
mod supply;
mod ups;

use super::equipment::{Machine, Place};
use super::result::{Electrical, Layout, LoadFlow, Racks, Training};
use super::sizing::{Draw, FacilityHour};
use crate::catalog::profile::StageKind;
use crate::layout::YardKind;
use crate::scenario::Fields;
use crate::units::Share;

/// What the electrical side is made from.
pub struct Ground<'a> {
    /// The scenario.
    pub fields: &'a Fields,
    /// The place.
    pub place: &'a Place,
    /// Systems with their draws.
    pub loads: &'a [(&'a Machine, &'a Draw)],
    /// The design hour.
    pub design: &'a FacilityHour,
    /// The floor.
    pub layout: &'a Layout,
    /// The racks.
    pub racks: Racks,
    /// What is trained.
    pub training: &'a [Training],
}

pub(in crate::plan) use row_bus::{at_racks, rectifiers};
pub use schedule::{backed_load, busways_of};

/// What feeders lose at full load, over what they give.
#[must_use]
pub fn feeder_loss(ground: &Ground<'_>) -> Share {
    one_line::feeder_loss(ground)
}

/// The place with its modules in the sizes that they are sold in, chosen for the load of the design hour.
#[must_use]
pub fn with_sold(ground: &Ground<'_>) -> Place {
    sold::with_sold(ground)
}

/// Main transformers of the site: as many at each substation as at the fullest, which whole buildings make.
#[must_use]
pub fn main_transformers(ground: &Ground<'_>) -> (StageKind, u64) {
    (StageKind::MainTransformer, one_line::main_transformers(ground))
}

/// Stages whose modules are counted whole in each substation, building, row or rack, and how many stand there.
#[must_use]
pub fn whole(before: &Ground<'_>, racks: Racks) -> Vec<(StageKind, u64)> {
    let ground = &Ground { racks, training: &[], ..*before };
    let transformers = one_line::bought(ground);
    let of = |count: fn(&LoadFlow) -> u64| transformers.as_ref().map_or(0, count);
    let low_voltage = [
        StageKind::SolidStateTransformer,
        StageKind::Rectifier,
        StageKind::Ups,
        StageKind::PduTransformer,
        StageKind::EssentialUps,
    ];
    let mut all = low_voltage.map(|kind| (kind, one_line::in_buildings(ground, kind))).to_vec();
    for (kind, count) in &mut all {
        *count = (*count).max(sold::carrying_whole(ground, *kind));
    }
    all.push(main_transformers(ground));
    if let Some(count) = row_bus::counted(ground) {
        all.retain(|(kind, _)| *kind != StageKind::Rectifier);
        all.push((StageKind::Rectifier, count));
    }
    all.extend([
        (StageKind::UnitTransformer, of(|flow| flow.unit_substations)),
        (StageKind::PlantTransformer, of(|flow| flow.plant_transformers)),
        (StageKind::Bus, schedule::busway_count(ground)),
        (StageKind::RackBattery, schedule::battery_shelves(ground).iter().map(|of| of.racks * of.each).sum()),
    ]);
    all
}

/// Lines of the schedule that stand in a yard.
const YARD: [(&str, YardKind); 5] = [
    ("engines", YardKind::Generator),
    ("unit substations", YardKind::Transformer),
    ("solid-state transformers", YardKind::Converter),
    ("plant transformers", YardKind::Transformer),
    ("main transformers", YardKind::HighVoltage),
];

/// What the yards of the site hold: lines of the schedule by their names, and the units of heat rejection.
#[must_use]
pub fn yards(ground: &Ground<'_>) -> Vec<(YardKind, String, u64)> {
    let schedule = schedule::schedule(ground, one_line::bought(ground).as_ref(), None);
    let kind_of = |name: &str| YARD.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let (place, buildings) = (ground.place, ground.layout.buildings);
    let outside = super::mechanical::heat_rejection(place, ground.loads, ground.design, buildings);
    // Chillers that towers cool stand indoors.
    let own = super::mechanical::chillers(place, ground.loads, ground.design, buildings);
    let chillers = if place.plant.heat_rejection.has_towers() { 0 } else { own.all() };
    let cooling = [
        (YardKind::Cooler, super::standing::cooler_name(&place.plant), outside.all()),
        (YardKind::Chiller, super::mechanical::chiller_name(&place.plant), chillers),
    ];
    let mut all: Vec<_> = schedule
        .into_iter()
        .filter_map(|line| Some((kind_of(&line.name)?, line.name, line.count)))
        .chain(
            cooling
                .into_iter()
                .filter(|(.., count)| *count > 0)
                .map(|(kind, name, count)| (kind, name.to_owned(), count)),
        )
        .collect();
    all.sort_by_key(|(kind, ..)| *kind);
    all
}

/// Everything of the electrical side.
#[must_use]
pub fn electrical(ground: &Ground<'_>) -> Electrical {
    let (load_flow, faults) = (one_line::load_flow(ground), faults::faults(ground));
    let schedule = schedule::schedule(ground, load_flow.as_ref(), faults.as_ref());
    Electrical {
        supply: supply::supply(ground),
        cooled: cooled::cooled(ground),
        topologies: supply::topologies(ground),
        provisioning: policy::policy(ground),
        dynamics: dynamics::dynamics(ground, &schedule),
        shelves: shelves::shelves(ground),
        engine_steps: stores::engine_steps(ground),
        hall_voltage: ground.place.electrical.busway_voltage,
        switchboard_voltage: ground.place.electrical.switchboard_voltage,
        schedule,
        load_flow,
        faults,
    }
}

#[cfg(test)]
mod tests;
