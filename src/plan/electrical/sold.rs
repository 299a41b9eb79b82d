//! Modules in the sizes that they are sold in.
//!
//! A design names the largest module; the smallest sold size that carries the load of each building with as few of them, in
//! whole groups, is bought for all of them, and how it is loaded is a result. Transformers are bought by apparent power: what they carry of their load is less by its power
//! factor.

use super::Ground;
use super::one_line::{
    fullest_part, main_power_factor, parts_of_buildings, plant_power_factor, unit_power_factor,
};
use crate::catalog::profile::StageKind;
use crate::plan::equipment::Place;
use crate::power::ratings::Ratings;
use crate::power::{MARGIN, Portion, Sold, StageDesign, StageFlow};
use std::sync::Arc;

/// Ratings that modules of a kind are sold in; none where the design's own is the only one.
pub(super) fn sizes(kind: StageKind, ratings: &Ratings) -> Arc<[f64]> {
    let list = match kind {
        StageKind::MainTransformer => &ratings.main_transformers,
        StageKind::UnitTransformer | StageKind::PlantTransformer => &ratings.transformers,
        StageKind::PduTransformer => &ratings.pdus,
        StageKind::Ups | StageKind::EssentialUps => &ratings.ups,
        StageKind::SolidStateTransformer | StageKind::Rectifier => &ratings.converters,
        StageKind::Feeders | StageKind::Bus | StageKind::RackBattery | StageKind::Other => {
            return Arc::from([]);
        }
    };
    Arc::clone(list)
}

/// Whether a stage is iron and copper, rated in volt-amperes.
pub(super) fn is_transformer(kind: StageKind) -> bool {
    matches!(
        kind,
        StageKind::MainTransformer
            | StageKind::UnitTransformer
            | StageKind::PlantTransformer
            | StageKind::PduTransformer
    )
}

/// The module that a stage buys for what it carries; none where it carries nothing or nobody says what it is.
fn bought(
    ground: &Ground<'_>,
    kind: StageKind,
    stage: &StageDesign,
    flow: &StageFlow,
    factor: f64,
) -> Option<Sold> {
    let buys = kind != StageKind::Other && stage.module.0.is_finite() && flow.output.0 > 0.0;
    let racks: u64 = ground.loads.iter().map(|(_, draw)| draw.racks).sum();
    let buses = super::row_bus::buses(ground);
    let place = |part: f64| Portion { load: flow.output * part, racks: (racks as f64 * part) as u64 };
    buys.then(|| match kind {
        StageKind::MainTransformer => stage.bought([place(fullest_part(ground, flow.sites))], factor),
        StageKind::Rectifier if !buses.is_empty() => {
            stage.bought(buses.iter().map(|bus| Portion { load: bus.load, racks: 0 }), factor)
        }
        _ => stage.bought(parts_of_buildings(ground).into_iter().map(place), factor),
    })
}

/// The place with its modules chosen for the load.
pub(super) fn with_sold(ground: &Ground<'_>) -> Place {
    let (wish, design) = (&ground.fields.electrical, ground.design);
    let factor = |kind| match kind {
        StageKind::MainTransformer => main_power_factor(ground),
        StageKind::UnitTransformer => unit_power_factor(ground),
        StageKind::PduTransformer => wish.rack_power_factor.0,
        _ => 1.0,
    };
    let fullest = super::row_bus::fullest(ground);
    let mut place = ground.place.clone();
    let kinds = place.electrical.stages.iter().map(|known| known.kind);
    for ((stage, kind), flow) in place.stages.iter_mut().zip(kinds).zip(design.path()) {
        stage.sold = bought(ground, kind, stage, flow, factor(kind));
        if let Some(fullest) = fullest.filter(|_| kind == StageKind::Rectifier) {
            // A spare serves its own bus alone.
            let carrying = (fullest * MARGIN / stage.capacity() - 1e-9).ceil().max(1.0);
            stage.redundancy = stage.redundancy.within(carrying);
        }
    }
    for (stage, flow) in place.plant_feed.iter_mut().zip(&design.to_plant) {
        stage.sold = bought(ground, StageKind::PlantTransformer, stage, flow, plant_power_factor(ground));
    }
    for (stage, flow) in place.essential.iter_mut().zip(&design.essential) {
        stage.sold = bought(ground, StageKind::EssentialUps, stage, flow, 1.0);
    }
    place
}

/// Modules with their spares where each rack hangs on one of them alone: as many as carry whole racks in each building; none
/// where that is not how racks hang.
pub(super) fn carrying_whole(ground: &Ground<'_>, kind: StageKind) -> u64 {
    let place = ground.place;
    let known = place.electrical.stages.iter().zip(&place.stages).zip(ground.design.path());
    let mut found = known.filter(|((known, _), _)| known.kind == kind);
    let hangs = matches!(kind, StageKind::Ups | StageKind::SolidStateTransformer | StageKind::PduTransformer);
    let Some(((_, stage), flow)) = found.next().filter(|(_, flow)| hangs && flow.output.0 > 0.0) else {
        return 0;
    };
    let racks: u64 = ground.loads.iter().map(|(_, draw)| draw.racks).sum();
    if racks == 0 {
        return 0;
    }
    // What stands beside the accelerators hangs with them.
    let (rack, module) = (flow.output / racks as f64 * MARGIN, stage.capacity());
    let of = |part: f64| {
        let carrying =
            stage.redundancy.carrying_whole((racks as f64 * part - 1e-9).ceil() as u64, rack, module);
        carrying.map_or(0, |carrying| {
            let redundancy = stage.redundancy.within(carrying as f64);
            u64::from(redundancy.modules(module * carrying as f64, module))
        })
    };
    parts_of_buildings(ground).into_iter().map(of).sum()
}
