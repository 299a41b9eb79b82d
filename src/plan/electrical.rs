//! The electrical side of a plan beyond its losses: supply, topologies, swings, load flow, equipment.
//!
//! The formulas stand in [`crate::power`]; here they are asked with the figures of the design, the grid of the
//! scenario and the powers of the design hour.

pub(crate) mod dynamics;
pub mod facts;
mod one_line;
mod policy;
mod schedule;
mod supply;

use super::equipment::{Machine, Place};
use super::result::{Electrical, Layout, Racks, Training};
use super::sizing::{Draw, FacilityHour};
use crate::scenario::Fields;

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

/// Everything of the electrical side.
#[must_use]
pub fn electrical(ground: &Ground<'_>) -> Electrical {
    let load_flow = one_line::load_flow(ground);
    Electrical {
        supply: supply::supply(ground),
        topologies: supply::topologies(ground),
        provisioning: policy::policy(ground),
        dynamics: dynamics::dynamics(ground),
        schedule: schedule::schedule(ground, load_flow.as_ref()),
        load_flow,
    }
}
