//! Battery of the substation, engines with their fuel, and in which steps these take their load.

use super::Ground;
use super::schedule::{ENGINE_POWER_FACTOR, USABLE, breaks, engine_sets, line, plant_transformer};
use crate::catalog::profile::Covered;
use crate::plan::result::{EngineSteps, Equipment, FaultLevels, LoadFlow};
use crate::power::ratings::{fuel, line_current, sold_size};
use crate::units::text::brief;
use crate::units::{CubicMeters, Seconds, VoltAmperes, Watts};

/// Largest converter of a battery that stands with a transformer of its own: assumption, skids of 2.5 to 5 MW are usual.
const BATTERY_CONVERTER: Watts = Watts(5e6);

/// The battery of the substation: converters with their transformers on circuits from the campus busbar, and its cells.
pub(super) fn substation_battery(ground: &Ground<'_>, faults: Option<&FaultLevels>) -> Vec<Equipment> {
    let (wish, ratings) = (&ground.fields.electrical, &ground.place.electrical.ratings);
    let (Some(power), Some(energy)) = (wish.battery_power, wish.battery_energy) else { return Vec::new() };
    if power.0 <= 0.0 {
        return Vec::new();
    }
    let largest = sold_size(&ratings.converters, BATTERY_CONVERTER.0, BATTERY_CONVERTER.0);
    let count = (power.0 / largest - 1e-9).ceil().max(1.0);
    let each = sold_size(&ratings.converters, largest, power.0 / count);
    let own = ratings.transformers.iter().copied().find(|size| *size >= each * (1.0 - 1e-9));
    let (voltage, count) = (ground.place.service.campus_voltage, count as u64);
    // Where none so large is on the list, one of its converter's own rating.
    let transformer = VoltAmperes(own.unwrap_or(each));
    let current = line_current(VoltAmperes(each * count as f64), voltage);
    let circuits = (current / ground.place.service.feeder_current - 1e-9).ceil().max(1.0);
    let (frame, parallel) = ratings.high_voltage_breaker(current / circuits, faults.map(|faults| faults.run));
    let broken = faults.map_or_else(String::new, |faults| breaks(faults.run, faults.breaks));
    let circuits = circuits as u64;
    vec![
        line("substation batteries", 1, power.0, "W", format!("of {}, as the scenario says", brief(energy))),
        line(
            "substation battery cells",
            1,
            energy.0 / USABLE.0,
            "J",
            format!("cells of the substation's battery for that, {USABLE} of the energy usable"),
        ),
        line(
            "substation battery converters",
            count,
            each,
            "W",
            format!("of the substation's battery, none larger than {}", brief(Watts(largest))),
        ),
        line(
            "substation battery transformers",
            count,
            transformer.0,
            "VA",
            format!("one a converter, up to {}", brief(voltage)),
        ),
        line(
            "substation battery breakers",
            parallel * circuits,
            frame.0,
            "A",
            format!(
                "a circuit of up to {} of converters each, {}{broken}",
                brief(ground.place.service.feeder_current),
                brief(voltage)
            ),
        ),
    ]
}

/// Engines with their breakers, transformers and fuel.
pub(super) fn engines(
    ground: &Ground<'_>,
    load_flow: Option<&LoadFlow>,
    faults: Option<&FaultLevels>,
) -> Vec<Equipment> {
    let Some((backup, sets, load, what)) = engine_sets(ground) else { return Vec::new() };
    let basis = format!("for {}: {what}", brief(load));
    let apparent = VoltAmperes(backup.set.0 / ENGINE_POWER_FACTOR);
    let (voltage, ratings) = (ground.place.service.campus_voltage, &ground.place.electrical.ratings);
    let on_busbar = faults.map(|faults| faults.run);
    let (frame, parallel) = ratings.high_voltage_breaker(line_current(apparent, voltage), on_busbar);
    let broken = faults.map_or_else(String::new, |faults| breaks(faults.run, faults.breaks));
    let parallels = format!("one a set, paralleled at {}{broken}", brief(voltage));
    let mut all = vec![
        line("engines", sets, backup.set.0, "W", basis),
        line("engine breakers", parallel * sets, frame.0, "A", parallels),
        line("engine transformers", sets, apparent.0, "VA", format!("one a set, up to {}", brief(voltage))),
    ];
    let own = plant_transformer(ground).zip(load_flow.filter(|flow| flow.plant_transformers > 0));
    if let (Covered::PlantAndNetwork, Some((rating, flow))) = (backup.covers, own) {
        // The racks stay on the grid, so what the engines carry changes over by itself.
        let (frame, parallel) = ratings.high_voltage_breaker(line_current(rating, voltage), on_busbar);
        let basis = format!(
            "from the engines to each transformer of the plant, interlocked with its breaker to the grid, {}{broken}",
            brief(voltage)
        );
        all.push(line("engine transfer breakers", parallel * flow.plant_transformers, frame.0, "A", basis));
    }
    all.push(fuel_stores(ground, fuel(load, backup.autonomy, backup.fuel), backup.autonomy));
    all
}

/// Tanks of a size that is sold, alike in each building, the fewest that hold its part.
fn fuel_stores(ground: &Ground<'_>, volume: CubicMeters, autonomy: Seconds) -> Equipment {
    let sizes = &ground.place.electrical.ratings.fuel_tanks;
    let largest = sizes.last().copied().unwrap_or(f64::INFINITY);
    let buildings = ground.layout.buildings.max(1);
    let of_building = volume.0 / buildings as f64;
    let tanks = (of_building / largest - 1e-9).ceil().max(1.0);
    let each = sold_size(sizes, largest, of_building / tanks);
    let basis = format!(
        "{tanks} at each of {buildings} building{}, {} of fuel in all: {} at full load",
        if buildings == 1 { "" } else { "s" },
        brief(volume),
        brief(autonomy)
    );
    line("fuel stores", tanks as u64 * buildings, each, "m3", basis)
}

/// Steps in which the engines take their load; none where there are no engines or the design does not say what a set takes.
///
/// ~~~text
/// n = ⌈P/(m·S·s)⌉,  t = t_start + (n − 1)·t_step
/// ~~~
///
/// P load, S rating of a set [W] · m sets without the spare ones · s part of its rating that a set takes at once [1] · t_step
/// time until its frequency is back [s]. ISO 8528-5 has the classes of performance, NFPA 110 the time to the first step.
pub(super) fn engine_steps(ground: &Ground<'_>) -> Option<EngineSteps> {
    let (backup, sets, load, _) = engine_sets(ground)?;
    let (share, pause) = backup.step?;
    let carrying = u64::from(backup.redundancy.reserve(u32::try_from(sets).ok()?).carrying.max(1));
    let at_once = backup.set * (carrying as f64 * share.0);
    let steps = (load / at_once - 1e-9).ceil().max(1.0);
    let each = load / steps;
    let of_plant = (ground.design.on_plant_boards() / each - 1e-9).ceil().clamp(1.0, steps);
    Some(EngineSteps {
        sets: carrying,
        steps: steps as u64,
        each: each / carrying as f64,
        limit: backup.set * share.0,
        pause,
        plant_until: backup.start_time + pause * (of_plant - 1.0),
        until: backup.start_time + pause * (steps - 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::planned;
    use crate::plan::Plan;
    use crate::plan::result::Equipment;

    fn line<'a>(plan: &'a Plan, name: &str) -> &'a Equipment {
        let found = plan.electrical.schedule.iter().find(|line| line.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", plan.electrical.schedule))
    }

    #[test]
    fn a_battery_of_100_megawatts_has_twenty_converters_and_two_circuits() {
        let set = ["electrical.battery_power=100 MW", "electrical.battery_energy=200 MWh"];
        let plan = planned(&set);
        let converters = line(&plan, "substation battery converters");
        assert!(converters.count == 20 && (converters.rating - 5e6).abs() < 1e-3, "{converters:?}");
        let transformers = line(&plan, "substation battery transformers");
        assert!(transformers.count == 20 && (transformers.rating - 5e6).abs() < 1e-3, "{transformers:?}");
        // 100 MVA / (√3 · 34.5 kV) = 1,673 A on circuits of 600: three.
        let breakers = line(&plan, "substation battery breakers");
        assert!(breakers.count == 3 && breakers.basis.contains("breaks"), "{breakers:?}");
        let rate = |plan: &Plan| {
            let name = "discharge rate of the substation's battery";
            plan.verdicts.iter().find(|one| one.constraint == name).unwrap().clone()
        };
        assert!((rate(&plan).need - 0.5).abs() < 1e-9 && rate(&plan).short_by <= 0.0, "{:?}", rate(&plan));
        let absurd = planned(&["electrical.battery_power=100 MW", "electrical.battery_energy=1 kWh"]);
        assert!((rate(&absurd).need - 1e5).abs() < 1e-3 && absurd.falls_short(), "{:?}", rate(&absurd));
    }

    #[test]
    fn fuel_stands_at_each_building_in_tanks_that_are_sold() {
        let plan = planned(&[]);
        let tanks = line(&plan, "fuel stores");
        assert_eq!(tanks.count % plan.layout.buildings, 0, "{tanks:?}");
        // 265 L/MWh for 48 h of what the engines carry, in tanks of up to 114 m³, none of them nearly empty.
        let volume = plan.power.facility_peak.0 * 48.0 * 0.265e-6;
        let held = tanks.rating * tanks.count as f64;
        assert!(held >= volume * 0.99 && held < volume * 1.2 && tanks.rating <= 114.0 + 1e-9, "{tanks:?}");
    }

    #[test]
    fn engines_take_the_site_in_two_steps_that_the_ups_bridges() {
        let plan = planned(&[]);
        let steps = plan.electrical.engine_steps.unwrap();
        // Loaded to nearly all of their rating without the spare ones, half of it at once: two steps, 15 s + 5 s.
        assert_eq!(steps.steps, 2);
        assert!((steps.until.0 - 20.0).abs() < 1e-9 && steps.each <= steps.limit, "{steps:?}");
        let carried = steps.each.0 * (steps.steps * steps.sets) as f64;
        assert!((carried / plan.power.facility_peak.0 - 1.0).abs() < 1e-3, "{steps:?}");
        let bridge = plan.verdicts.iter().find(|one| one.constraint == "bridge to the engines").unwrap();
        assert!((bridge.need - 20.0).abs() < 1e-9 && bridge.short_by <= 0.0, "{bridge:?}");
    }

    #[test]
    fn what_the_engines_carry_alone_changes_over_by_itself() {
        let plan = planned(&["electrical.design=ac-415-no-ups"]);
        let gear = line(&plan, "engine transfer breakers");
        assert!(gear.count == line(&plan, "plant transformers").count && gear.basis.contains("breaks"));
        let whole = planned(&[]);
        assert!(whole.electrical.schedule.iter().all(|line| line.name != "engine transfer breakers"));
    }
}
