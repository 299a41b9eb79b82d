//! Made-up facilities for the parity tests and the benches: the shape and the magnitudes of real ones, no place's
//! weather and no maker's plant.

use super::{FacilityCase, FacilitySpace, YardStage};
use crate::cooling::heat_rejection::{ANY_VAPOUR_PA, vapour_pressure};
use crate::cooling::{HeatLoop, Weather};
use crate::kernel::serving_sweep::sample::Numbers;
use crate::units::{Celsius, Pascals};

fn flag(numbers: &mut Numbers) -> f64 {
    f64::from(u8::from(numbers.unit() < 0.5))
}

fn heat_loop(numbers: &mut Numbers) -> HeatLoop {
    let supply_c = 15.0 + 30.0 * numbers.unit();
    let heat_w = numbers.between(1e6, 1e9);
    let approach_k = numbers.between(1.0, 12.0);
    // Half of them are water, which does not mind damp air and has no coils to dry it.
    let dried = flag(numbers);
    let coil_c = dried * numbers.between(5.0, 20.0);
    HeatLoop {
        heat_w,
        coolers_w: heat_w * numbers.between(1.0, 2.0),
        supply_c,
        range_k: numbers.between(2.0, 30.0),
        wetness: flag(numbers),
        approach_k,
        wet_approach_k: approach_k * numbers.between(1.0, 1.5),
        pads: flag(numbers) * numbers.unit(),
        free: flag(numbers),
        damp_vapour_pa: if dried > 0.0 { numbers.between(700.0, 4_000.0) } else { ANY_VAPOUR_PA },
        coil_c,
        coil_vapour_pa: dried * vapour_pressure(coil_c),
        bypass: flag(numbers),
        joined: flag(numbers),
        cooler_fan_share: 0.03 * numbers.unit(),
        condenser_fan_share: 0.03 * numbers.unit(),
        carnot_share: 0.4 + 0.3 * numbers.unit(),
        chillers_w: heat_w * if flag(numbers) > 0.0 { numbers.between(0.2, 1.2) } else { 0.0 },
        evaporating_c: supply_c,
        condenser_wetness: flag(numbers),
        lift_k: numbers.between(3.0, 20.0),
        cooler_towers: flag(numbers),
        condenser_towers: flag(numbers),
        tower_approach_k: numbers.between(2.0, 8.0),
        tower_range_k: numbers.between(4.0, 20.0),
        tower_water_c: 15.0 + 25.0 * numbers.unit(),
        tower_pumps_w: heat_w * 0.02 * flag(numbers),
        chiller_pump_share: 0.02 * flag(numbers),
        blowdown: numbers.between(0.1, 1.0),
    }
}

/// So many facilities of three loops and two stages, each in a year of so many hours of weather of its own.
#[must_use]
pub fn facilities(seed: u64, cases: u32, hours: u32) -> FacilitySpace {
    let mut numbers = Numbers::new(seed);
    let mut space = FacilitySpace { hours, ..FacilitySpace::default() };
    for case in 0..cases {
        let loops: Vec<HeatLoop> = (0..3).map(|_| heat_loop(&mut numbers)).collect();
        let it_w: f64 = loops.iter().map(|heat| heat.heat_w).sum();
        space.loops.extend(loops);
        // Plant transformers, and what carries the racks with them.
        for beside_w in [0.0, it_w * (1.01 + 0.05 * numbers.unit())] {
            space.stages.push(YardStage {
                beside_w,
                rating_w: it_w * numbers.between(1.0, 3.0),
                no_load: 0.01 * numbers.unit(),
                proportional: 0.01 * numbers.unit(),
                square: 0.02 * numbers.unit(),
                idle_w: it_w * 0.001 * numbers.unit(),
            });
        }
        space.cases.push(FacilityCase {
            it_w,
            plant_w: it_w * (0.01 + 0.05 * numbers.unit()),
            first_loop: 3 * case,
            end_loop: 3 * case + 3,
            first_stage: 2 * case,
            end_stage: 2 * case + 2,
            first_hour: case * hours,
        });
        for _ in 0..hours {
            let dry = Celsius(-30.0 + 80.0 * numbers.unit());
            let wet = Celsius(dry.value() - 20.0 * numbers.unit());
            space.weather.push(Weather::of(dry, wet, Pascals(numbers.between(75e3, 103e3))).air());
        }
    }
    space
}
