//! Doors of coil behind the racks: air leaves them as cool as it came in, so the hall stays neutral.
//!
//! A door takes a part of what its rack gives to the air; the rest, with the losses of electrical gear, is left to the
//! air handlers. Its water is warmer than theirs, since the air that meets the coil is the rack's hot exhaust.

use super::heat_rejection::HeatLoop;
use super::{HeatLoad, Plant, air};
use crate::units::{Celsius, Kelvin, Share, Watts};

/// Range of the water through a door. An assumption: 6 K, the middle of a usual 5 to 8 K.
pub const DOOR_WATER_RANGE: Kelvin = Kelvin(6.0);

/// The doors of a plant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RearDoor {
    /// Part of the hall's air-side heat that the doors take.
    pub share: Share,
    /// Water to the doors, above the dew point of the hall.
    pub water: Celsius,
    /// Power of the doors' own fans per heat; nothing where the servers' fans push the air through.
    pub fan_share: Share,
}

/// The water loop of the doors; without heat where there are none.
pub(super) fn door_loop(plant: &Plant, heat: Watts, load: &HeatLoad) -> HeatLoop {
    let water = plant.rear_door.map_or(plant.chilled_water, |door| door.water);
    air::water_for_coils(plant, heat, load, water, DOOR_WATER_RANGE)
}
