//! What the cooling runs into: the weather, its water and air, and the network of its coolant.

use super::{Evidence, verdict};
use crate::cooling::air::COIL_APPROACH;
use crate::plan::equipment::Place;
use crate::plan::result::{CoolantLoop, Verdict};
use crate::units::text::show;
use crate::units::{Celsius, Watts};

/// Coldest and warmest air at rack inlets [°C]: what class A1 allows (ASHRAE TC 9.9, 5th ed., recalled).
const INLETS: (f64, f64) = (15.0, 32.0);
/// Highest dew point of a hall's own air [°C]: the end of the recommended envelope (ASHRAE TC 9.9, recalled).
const DEW_POINT: Celsius = Celsius(15.0);
/// Coolant above the dew point of the hall, at least [K]: what makers of CDUs hold, recalled.
const ABOVE_DEW_POINT: f64 = 2.0;
/// Coldest facility water [°C]: 2 °C is the lower end of every class W17 to W+ (ASHRAE TC 9.9, recalled).
const COLDEST_FACILITY_WATER: f64 = 2.0;

/// All of them.
pub(super) fn verdicts(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let mut all = weather(evidence.place);
    all.extend(temperatures(evidence));
    all.extend(evidence.coolant.iter().map(row_of_racks));
    all.extend(evidence.coolant.iter().flat_map(cdu_group));
    all
}

/// Water colder than the air that it cools, air that racks take, coolant that no pipe sweats from.
fn temperatures(evidence: &Evidence<'_>) -> Vec<Verdict> {
    let plant = &evidence.place.plant;
    let inlet = plant.inlet_air.0;
    let mut all = Vec::new();
    let air: Watts = evidence.loads.iter().map(|(_, draw)| draw.air).sum();
    if air.0 > 0.0 {
        let (coldest, warmest) = INLETS;
        let (need, limit, words) =
            if inlet < coldest { (coldest, inlet, "coldest") } else { (inlet, warmest, "warmest") };
        let note = format!(
            "{words} that racks of class A1 allow, {coldest} to {warmest} °C: `inlet_air` of the design"
        );
        all.push(verdict("air at the rack inlets", need, limit, "°C", false, note));
        let mut coil = |name: &str, water: Celsius, field: &str| {
            let damp = plant.dew_point_max.unwrap_or(DEW_POINT);
            let drips = if water < damp {
                format!("; air of the hall as damp as allowed, {} of dew point, drips from them", show(damp))
            } else {
                String::new()
            };
            let note = format!(
                "{} of water and at least {} of coil, against the air that leaves it: `{field}` of the design{drips}",
                show(water),
                show(COIL_APPROACH)
            );
            all.push(verdict(name, (water + COIL_APPROACH).0, inlet, "°C", false, note));
        };
        coil("air off the coils of air handlers", plant.chilled_water, "chilled_water");
        if let Some(door) = &plant.rear_door {
            coil("air off the rear doors", door.water, "rear_door.water");
        }
    }
    let dew_point = plant.dew_point_max.unwrap_or(DEW_POINT);
    let wet = || evidence.loads.iter().filter(|(_, draw)| draw.liquid.0 > 0.0);
    all.extend(wet().filter(|_| !plant.heat_rejection.is_outside_air()).map(|(machine, _)| {
        let water = machine.coolant.0 - plant.cdu_approach;
        let note = format!(
            "{} of coolant less {} of `cdu_approach`: facility water is no colder than that in any class of ASHRAE",
            show(machine.coolant.0),
            show(plant.cdu_approach)
        );
        let name = format!("facility water of {}, coldest", machine.id);
        verdict(&name, COLDEST_FACILITY_WATER, water.0, "°C", false, note)
    }));
    all.extend(wet().map(|(machine, _)| {
        let note = format!(
            "{} of dew point in the hall and {ABOVE_DEW_POINT} K, against the coolant: pipes sweat below it",
            show(dew_point)
        );
        let name = format!("dew point below the coolant of {}", machine.id);
        verdict(&name, dew_point.0 + ABOVE_DEW_POINT, machine.coolant.0.0, "°C", false, note)
    }));
    all
}

/// The part of a year that may be filled in a weather file before its bill is doubtful: 1 % of 8,760 hours.
const FILLED_HOURS: f64 = 87.6;

/// From the mean of a weather file to that of its market, at most [K]: an assumption, years differ by one or two and stations
/// of a region by as much again.
const SAME_CLIMATE: f64 = 5.0;

/// From the station of a weather file to its market, at most [m]: an assumption, that of weather services for one climate of
/// flat land.
const SAME_REGION: f64 = 100e3;
/// Between their heights, at most [m]: 300 m are 2 K of the standard atmosphere's 6.5 K/km.
const SAME_HEIGHT: f64 = 300.0;

/// How a weather file of the user's own goes with the weather that the site is sized for.
fn weather(place: &Place) -> Vec<Verdict> {
    let Some(own) = &place.weather else { return Vec::new() };
    let (hottest, dampest) = own.year.extremes();
    let design = &place.design_weather;
    let bulb = |name: &str, key: &str, need: Celsius, limit: Celsius| {
        let hotter = if need > limit {
            // Rounded up, so that what is said suffices.
            let enough = (need.0 * 10.0 - 1e-6).ceil() / 10.0;
            let id = &place.market;
            format!(
                ": size the site for it with `--set 'catalog.climates.{id}.design.{key}={enough} °C'`, or take the \
                 climate of the file's own place as `site.id`"
            )
        } else {
            String::new()
        };
        let note = format!("{} against the design hour of {}{hotter}", own.file, place.name);
        verdict(&format!("highest {name} of the weather file"), need.0, limit.0, "°C", false, note)
    };
    let mut all = vec![
        bulb("dry bulb", "dry_bulb_20y_max", hottest, design.dry_bulb_max),
        bulb("wet bulb", "wet_bulb_max", dampest, design.wet_bulb_max),
    ];
    let hours = own.year.hours.len().max(1) as f64;
    let mean = own.year.hours.iter().map(|hour| hour.dry_bulb.0).sum::<f64>() / hours;
    let known = place.climate.dry_bulb_mean_c.iter().sum::<f64>() / 12.0;
    let note = format!(
        "{}: {} in the mean of the year, {} in that of {}: another place, or another unit",
        own.file,
        show(Celsius(mean)),
        show(Celsius(known)),
        place.name
    );
    let apart = (mean - known).abs();
    all.push(verdict("mean of the weather file, off the market's", apart, SAME_CLIMATE, "K", false, note));
    let note = format!("{}: from its station to {}", own.file, place.name);
    let away = own.distance.0;
    all.push(verdict("distance of the weather file from the market", away, SAME_REGION, "m", false, note));
    let note = format!(
        "{}: {} above the sea, {} {}: thinner air, and 6.5 K colder each kilometre up",
        own.file,
        show(own.elevation),
        place.name,
        show(place.climate.elevation)
    );
    let apart = (own.elevation - place.climate.elevation).0.abs();
    all.push(verdict("height of the weather file, off the market's", apart, SAME_HEIGHT, "m", false, note));
    if own.filled > 0 {
        let note = format!("{} lacks them; filled on a straight line", own.file);
        all.push(verdict("filled hours of weather", f64::from(own.filled), FILLED_HOURS, "h", false, note));
    }
    all
}

/// The manifold of a row: the head that its worst rack needs, against what the plan's pump power lifts.
fn row_of_racks(coolant: &CoolantLoop) -> Verdict {
    let name = format!("coolant pumps of {}", coolant.system);
    match &coolant.row {
        Ok(row) => {
            let note = format!(
                "{} racks on DN {}: the last gets its flow, the first {:.1} % more",
                coolant.racks_of_row,
                row.nominal_diameter,
                100.0 * (row.best_rack / row.worst_rack - 1.0)
            );
            verdict(&name, row.head.0, coolant.rated_head.0, "Pa", false, note)
        }
        Err(reason) => verdict(&name, 1.0, 0.0, "row", false, reason.clone()),
    }
}

/// The units of a hall's group: whether every rack keeps its flow and its supply temperature when one is out.
fn cdu_group(coolant: &CoolantLoop) -> Vec<Verdict> {
    let (group, id) = (&coolant.group, &coolant.system);
    let name = format!("CDU pumps of {id}, one unit out");
    let flows = match &group.flows {
        Ok(flows) => flows,
        Err(reason) => return vec![verdict(&name, 1.0, 0.0, "group", false, reason.clone())],
    };
    let Some(out) = flows.one_out else {
        let note =
            "one unit alone feeds the group: `cdu_group` of the cooling design says how many share a spare";
        return vec![verdict(&name, 1.0, 0.0, "units left", false, note.into())];
    };
    let kept = 100.0 * out.worst_rack.0 / coolant.rack_flow.0;
    let note = format!(
        "{} of {} units feed {} racks in {} rows from DN {}: the rack that gets least keeps {kept:.0} % of its flow",
        out.running, group.units, group.racks, group.rows, flows.nominal_diameter
    );
    let approach = format!("CDU approach of {id}, one unit out");
    let heat = format!(
        "each unit left carries {:.0} % of its {}, and the approach follows: what is above the limit warms the supply \
         of {}",
        100.0 * out.load.0,
        show(group.capacity),
        show(coolant.supply)
    );
    vec![
        verdict(&name, out.speed, 1.0, "of full speed", false, note),
        verdict(&approach, out.approach.0, group.approach.0, "K", false, heat),
    ]
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::plan::{Options, plan};
    use crate::scenario::{Flags, resolve};

    /// Need, limit and note of the first verdict whose name begins so.
    fn of(set: &[&str], name: &str) -> Option<(f64, f64, String)> {
        let mut catalog = Catalog::default();
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags = Flags { power: Some("4 MW".into()), set, ..Flags::default() };
        let scenario =
            resolve(Some(("test", "serving = []\ntraining = []\n")), &flags, &mut catalog).unwrap();
        let plan = plan(&scenario, &catalog, Options::default()).unwrap();
        let found = plan.verdicts.into_iter().find(|verdict| verdict.constraint.starts_with(name))?;
        Some((found.need, found.limit, found.note))
    }

    #[test]
    fn facility_water_is_no_colder_than_any_class_has_it() {
        let of_approach = |kelvin: &str| {
            of(
                &[
                    &format!("catalog.cooling.warm-water-adiabatic.cdu_approach={kelvin}"),
                    "cooling.coolant_supply=40 °C",
                ],
                "facility water of",
            )
            .unwrap()
        };
        // 40 °C less 4 K, and less 40 K.
        let (need, limit, _) = of_approach("4 K");
        assert!((need - 2.0).abs() < 1e-9 && (limit - 36.0).abs() < 1e-9, "{need} {limit}");
        let (need, limit, _) = of_approach("40 K");
        assert!(need > limit && limit.abs() < 1e-9, "{need} {limit}");
        // Air-cooled racks have none.
        assert!(of(&["systems.0.id=hgx-h100"], "facility water of").is_none());
    }

    #[test]
    fn coils_colder_than_the_dew_point_of_the_hall_are_said_to_drip() {
        let note = |design: &str| {
            of(&[&format!("cooling.design={design}")], "air off the coils of air handlers").unwrap().2
        };
        assert!(note("water-cooled-chillers").contains("drips"), "12 °C of water, 15 °C of dew point");
        assert!(!note("warm-water-adiabatic").contains("drips"));
    }
}
