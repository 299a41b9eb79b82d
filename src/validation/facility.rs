//! Facilities: reference designs and published figures of power, counts and cost, from the same functions as a plan.
//!
//! How `quantity` is read:
//!
//! | word | predicted by | given |
//! |---|---|---|
//! | `it_power` | draw of `racks` racks (or `given` accelerators) with their support nodes and network | `system`, `set` |
//! | `compute_power` | heat of the racks alone | `system`, `given` accelerators |
//! | `modules` | whole modules for a load in a redundancy | `load_mw`, `rating_mw`, `redundancy` |
//! | `racks_per_unit` | units that carry whole racks at their electrical peak | `system`, `racks`, `rating_mw` |
//! | `fuel` | fuel of the default design's engines | `load_mw`, `given` hours |
//! | `oversubscription` | machines over those at nameplate | `given` headroom |
//! | `work_gain_memory`, `work_gain_compute` | work over that at nameplate, held at a cap | `given` cap |
//! | `swing` | largest swing of synchronous accelerators | `system`, `given` accelerators |
//! | `accelerators`, `pue_annual`, `chain_efficiency`, `heat_rejection`, `capex_outside_racks` | a plan | `set`: fields of the scenario, by `;` |
//! | `pue_over_climates`, `wue_over_climates` | median over the US markets of the catalogue, each in its own year | `set` |
//! | `wue_all_evaporated` | the same of towers in whose air nothing is warmed: all heat that is thrown out evaporates water | `set` |
//! | `racks_per_row`, `white_space`, `gross_area` | accelerator racks of the fullest row; m² of halls and of buildings for each MW of IT | `set` |
//! | `chip_efficiency` | efficiency of a plan's chain times `given`, that of all behind the rack's inlet | `set`, `given` |
//! | `ground_area` | km² of buildings, yards and roads | `set` |
//!
//! A row with `use` other than `yes` is set apart: it is derived rather than published, leaves open what it holds for,
//! or restates arithmetic, its redundancy, load or headroom being read from the count that it is compared with.
//! `low` and `high` are the published range; whether the prediction lies inside is said beside it. A row with a `check` has
//! to keep within `tolerance` of what is published, or within the range; it is listed as passed or short. Where the
//! reference facts state no tolerance it is 5 %, the usual of those that they state, and 25 % for cost, the spread that they
//! find between serious estimates. What is known of those that fall short stands in their notes: nothing is fitted to them.

use super::hardware::{Hardware, Rig};
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::catalog::document::suggest;
use crate::catalog::profile::Climate;
use crate::catalog::{Catalog, InputError};
use crate::cooling::heat_rejection::evaporation;
use crate::layout::RackKind;
use crate::plan::electrical::facts::redundancy;
use crate::plan::equipment::{Equipment, cooling, location};
use crate::plan::{DEFAULT_SEED, Options, Plan, plan, settle_pumps, sizing};
use crate::power::PowerEnvelope;
use crate::power::provisioning::{Bound, LOWEST_CAP, gain_at_cap, oversubscription};
use crate::power::ratings::fuel;
use crate::scenario::{Flags, Granularity, Scenario, resolve};
use crate::units::{Seconds, Share, Watts};
use std::sync::Arc;

/// The words that `quantity` may have.
const QUANTITIES: [&str; 22] = [
    "it_power",
    "compute_power",
    "modules",
    "racks_per_unit",
    "fuel",
    "oversubscription",
    "work_gain_memory",
    "work_gain_compute",
    "swing",
    "accelerators",
    "pue_annual",
    "pue_over_climates",
    "wue_over_climates",
    "wue_all_evaporated",
    "chain_efficiency",
    "chip_efficiency",
    "heat_rejection",
    "capex_outside_racks",
    "racks_per_row",
    "white_space",
    "gross_area",
    "ground_area",
];

/// Joules and watts of the table's units: megawatts.
const MEGAWATT: f64 = 1e6;

pub(super) fn predict(row: Row<'_>, hardware: &Hardware) -> (Names, Result<Forecast, Gap>) {
    let names = Names {
        id: format!("{}: {}", row.word("design"), row.word("quantity").replace('_', " ")),
        system: row.word("system").to_owned(),
        model: String::new(),
        source: row.word("design").to_owned(),
    };
    (names, forecast(row, hardware))
}

/// A megawatt column in watts.
fn watts(row: Row<'_>, column: &str) -> Result<Watts, Gap> {
    match row.positive(column)? {
        Some(megawatts) if megawatts <= 1e6 => Ok(Watts(megawatts * MEGAWATT)),
        Some(megawatts) => {
            Err(row.error(format!("`{column}` is {megawatts}, at most a terawatt is planned")).into())
        }
        None => gap(format!("`{column}` is not given")),
    }
}

/// A number that the quantity needs.
fn given(row: Row<'_>) -> Result<f64, Gap> {
    row.positive("given")?.map_or_else(|| gap("`given` is not given"), Ok)
}

fn rig(row: Row<'_>, hardware: &Hardware) -> Result<Arc<Rig>, Gap> {
    let id = row.word("system");
    match hardware.rig_of(id) {
        Some(rig) => Ok(rig),
        None => gap(format!("the catalogue has no system `{id}`")),
    }
}

/// The racks of a row: stated, or those of so many accelerators.
fn racks(row: Row<'_>, rig: &Rig) -> Result<u64, Gap> {
    if let Some(racks) = row.count("racks")? {
        return Ok(u64::from(racks));
    }
    let accelerators = given(row)?;
    if accelerators > 1e9 {
        return Err(row.error(format!("`given` is {accelerators}: more accelerators than there are")).into());
    }
    Ok((accelerators / f64::from(rig.machine.system.rack.accelerators)).ceil() as u64)
}

fn forecast(row: Row<'_>, hardware: &Hardware) -> Result<Forecast, Gap> {
    known_quantity(row)?;
    let Some(published) = row.positive("published")? else { return gap("nothing is published") };
    let mut notes = Vec::new();
    let predicted = match row.word("quantity") {
        "it_power" => it_power(row, hardware)? / MEGAWATT,
        "compute_power" => {
            let rig = rig(row, hardware)?;
            rig.machine.rack.heat.0 * racks(row, &rig)? as f64 / MEGAWATT
        }
        "modules" => modules(row)?,
        "racks_per_unit" => units(row, hardware)?,
        "fuel" => stored_fuel(row, hardware)? / 1e3,
        "oversubscription" => {
            let headroom = given(row)?;
            if headroom >= 1.0 {
                return Err(row.error(format!("a headroom of {headroom} leaves no load: below 1")).into());
            }
            oversubscription(Share(headroom))
        }
        "work_gain_memory" => gain(row, Bound::Memory)?,
        "work_gain_compute" => gain(row, Bound::Compute)?,
        "swing" => swing(row, hardware)? / MEGAWATT,
        "accelerators" => planned(row, hardware)?.fleet.accelerators as f64,
        "pue_annual" => planned(row, hardware)?.power.pue_annual.0,
        "pue_over_climates" => over_climates(row, hardware, |year| year.meter_j / year.it_j, &mut notes)?,
        "wue_over_climates" => {
            over_climates(row, hardware, |year| wue(year, year.evaporated_m3), &mut notes)?
        }
        "wue_all_evaporated" => {
            let all = |year: &sizing::FacilityYear| wue(year, year.rejected_j * evaporation().0);
            over_climates(row, hardware, all, &mut notes)?
        }
        "chain_efficiency" => {
            let plan = planned(row, hardware)?;
            plan.power.stages.iter().map(|stage| stage.efficiency.0).product()
        }
        "racks_per_row" => {
            let plan = planned(row, hardware)?;
            let rows = plan.layout.floors.iter().flat_map(|floor| &floor.layout.hall.rows);
            let compute = rows.map(|row| row.iter().filter(|slot| slot.kind == RackKind::Compute).count());
            compute.max().unwrap_or(0) as f64
        }
        "white_space" | "gross_area" => {
            let plan = planned(row, hardware)?;
            let layout = &plan.layout;
            let area = if row.word("quantity") == "gross_area" { layout.area } else { layout.white_space };
            area.0 / (plan.power.it_provisioned.0 / MEGAWATT)
        }
        "ground_area" => planned(row, hardware)?.layout.ground.0 / 1e6,
        "heat_rejection" => rejection(row, hardware)?.0 / MEGAWATT,
        "capex_outside_racks" => {
            let plan = planned(row, hardware)?;
            // Storage and the scale-out network are in the published price of a rack.
            let rack = |name: &str| {
                ["racks", "storage and management", "scale-out network"]
                    .iter()
                    .any(|part| name.ends_with(part))
            };
            let outside = plan.economics.parts.iter().filter(|(name, _)| !rack(name));
            outside.map(|(_, price)| price.0).sum::<f64>() / 1e9
        }
        "chip_efficiency" => {
            if row.text("set").is_none() {
                return gap(row.word("note"));
            }
            let behind = given(row)?;
            let plan = planned(row, hardware)?;
            behind * plan.power.stages.iter().map(|stage| stage.efficiency.0).product::<f64>()
        }
        other => return gap(format!("`{other}` is not predicted yet")),
    };
    let apart = row.word("use") != "yes";
    if apart {
        notes.insert(0, format!("set apart: use is `{}`", row.word("use")));
    }
    if let (Some(low), Some(high)) = (row.number("low")?, row.number("high")?) {
        let inside = (low..=high).contains(&predicted);
        notes.push(format!("{} the range of {low} to {high}", if inside { "inside" } else { "outside" }));
    }
    notes.extend(row.text("note").map(str::to_owned));
    Ok(Forecast { published, predicted, reason: notes.join("; "), apart, ..Forecast::default() })
}

/// Refuses a word that is no quantity of a facility.
fn known_quantity(row: Row<'_>) -> Result<(), InputError> {
    let word = row.word("quantity");
    if QUANTITIES.contains(&word) {
        return Ok(());
    }
    let known: Vec<String> = QUANTITIES.iter().map(|&word| word.to_owned()).collect();
    let error = row.error(format!("`quantity` is `{word}`, which is none of a facility"));
    Err(error.with_help(format!("{}; there are {}", suggest(word, &known), QUANTITIES.join(", "))))
}

/// Racks with all that stands beside them; `set` may give what the design states of them, as the heat of a rack.
fn it_power(row: Row<'_>, hardware: &Hardware) -> Result<f64, Gap> {
    let rig = rig(row, hardware)?;
    let (scenario, equipment, _) = equipment_with(row, hardware, Some(&rig.id))?;
    match sizing::draw(&equipment.machines[0], racks(row, &rig)?, &scenario.fields) {
        Ok(draw) => Ok(draw.it().0),
        Err(error) => gap(error.to_string()),
    }
}

/// Whole modules for a load.
fn modules(row: Row<'_>) -> Result<f64, Gap> {
    let word = row.word("redundancy");
    let Ok(named) = serde_json::from_value(word.into()) else {
        return Err(row.error(format!("`{word}` is no redundancy: n, n-plus1, 2n, 3-to-make-2, …")).into());
    };
    let (load, rating) = (watts(row, "load_mw")?, watts(row, "rating_mw")?);
    let carrying = (load / rating - 1e-9).ceil().max(1.0);
    Ok(f64::from(redundancy(named).within(carrying).modules(load, rating)))
}

/// Units that carry as many whole racks as their electrical peak allows.
fn units(row: Row<'_>, hardware: &Hardware) -> Result<f64, Gap> {
    let rig = rig(row, hardware)?;
    let each = (watts(row, "rating_mw")? / rig.machine.rack.peak).floor();
    if each < 1.0 {
        return gap("not one rack fits on a unit");
    }
    Ok((racks(row, &rig)? as f64 / each).ceil())
}

/// Cubic metres of fuel for a load.
fn stored_fuel(row: Row<'_>, hardware: &Hardware) -> Result<f64, Gap> {
    let load = watts(row, "load_mw")?;
    let hours = given(row)?;
    let Some(backup) = equipment(row, hardware)?.1.place.electrical.backup else {
        return gap("the default design has no engines");
    };
    Ok(fuel(load, Seconds(hours * 3_600.0), backup.fuel).0)
}

fn gain(row: Row<'_>, bound: Bound) -> Result<f64, Gap> {
    let cap = given(row)?;
    if !(LOWEST_CAP.0..=1.0).contains(&cap) {
        return Err(row.error(format!("a cap of {cap} lies outside {} to 1", LOWEST_CAP.0)).into());
    }
    Ok(gain_at_cap(Share(cap), bound))
}

/// The swing of synchronous accelerators between their burst and the default floor.
fn swing(row: Row<'_>, hardware: &Hardware) -> Result<f64, Gap> {
    let rig = rig(row, hardware)?;
    let heat = rig.machine.rack.heat * racks(row, &rig)? as f64;
    Ok(heat.0 * (1.0 - hardware.scenario().fields.dynamics.floor.0))
}

/// The default scenario with the row's settings over it, and the profiles that it names.
fn equipment(row: Row<'_>, hardware: &Hardware) -> Result<(Scenario, Equipment, Catalog), Gap> {
    equipment_with(row, hardware, None)
}

/// The same, with racks of one system where the row names it in a column of its own.
fn equipment_with(
    row: Row<'_>,
    hardware: &Hardware,
    system: Option<&str>,
) -> Result<(Scenario, Equipment, Catalog), Gap> {
    let set = row.word("set").split(';').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned);
    let set = system.map(|id| format!("systems.0.id={id}")).into_iter().chain(set);
    // Nothing is served or trained: the question is what stands there.
    let text = "serving = []\ntraining = []\n";
    let flags = Flags { set: set.collect(), ..Flags::default() };
    let mut catalog = hardware.catalog.clone();
    let made = resolve(Some(("facility", text)), &flags, &mut catalog).and_then(|scenario| {
        let mut equipment = Equipment::gather(&scenario, &catalog)?;
        settle_pumps(&scenario, &equipment.place, &mut equipment.machines)?;
        Ok((scenario, equipment))
    });
    match made {
        Ok((scenario, equipment)) => Ok((scenario, equipment, catalog)),
        Err(error) => Err(row.error(format!("`set` makes no plan: {}", error.message)).into()),
    }
}

/// The plan of a row's settings.
fn planned(row: Row<'_>, hardware: &Hardware) -> Result<Plan, Gap> {
    let (scenario, _, catalog) = equipment(row, hardware)?;
    let made = plan(&scenario, &catalog, Options::default());
    made.map_err(|error| row.error(format!("`set` makes no plan: {}", error.message)).into())
}

/// The middle of what a design takes over the US markets; notes the ends, and how many lie within the published range.
///
/// Published spreads are over US climates, so no market is chosen.
fn over_climates(
    row: Row<'_>,
    hardware: &Hardware,
    of: fn(&sizing::FacilityYear) -> f64,
    notes: &mut Vec<String>,
) -> Result<f64, Gap> {
    let (scenario, equipment, catalog) = equipment(row, hardware)?;
    let (fields, machine, noted) = (&scenario.fields, &equipment.machines[0], &mut Vec::new());
    let unread = |error: InputError| Gap::from(row.error(error.message));
    let design = cooling(&scenario, &catalog, &fields.cooling.design, noted).map_err(unread)?;
    let mut found = Vec::new();
    for id in catalog.ids("climates") {
        if catalog.get::<Climate>(&id).map_err(unread)?.profile.country != "US" {
            continue;
        }
        let location = location(&scenario, &catalog, &id, noted).map_err(unread)?;
        let place = equipment.place.at(&location, &design);
        let draw = match sizing::fill(fields, &place, machine) {
            Ok(draw) => draw,
            Err(error) => return gap(error.to_string()),
        };
        let loads = [(machine, &draw)];
        let hour = sizing::design_hour(&place, &loads);
        let year = sizing::year(&place, &loads, &hour, sizing::duty(&loads), &place.year(DEFAULT_SEED));
        found.push((of(&year), id));
    }
    found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (Some(least), Some(most)) = (found.first(), found.last()) else { return gap("no US market") };
    notes.push(format!("{:.3} at {} to {:.3} at {}", least.0, least.1, most.0, most.1));
    if let (Some(low), Some(high)) = (row.number("low")?, row.number("high")?) {
        let inside = found.iter().filter(|(value, _)| (low..=high).contains(value)).count();
        notes.push(format!("{inside} of {} markets inside the published range", found.len()));
    }
    Ok(found[found.len() / 2].0)
}

/// Water of a year for each kilowatt-hour of IT [L/kWh], blowdown in proportion to what evaporates.
fn wue(year: &sizing::FacilityYear, evaporated_m3: f64) -> f64 {
    let made_up = if year.evaporated_m3 > 0.0 { year.water_m3 / year.evaporated_m3 } else { 0.0 };
    1e3 * evaporated_m3 * made_up / (year.it_j / 3.6e6)
}

/// Installed heat rejection of the first system that fills a row's envelope.
fn rejection(row: Row<'_>, hardware: &Hardware) -> Result<Watts, Gap> {
    let (scenario, equipment, _) = equipment(row, hardware)?;
    let (place, machine, fields) = (&equipment.place, &equipment.machines[0], &scenario.fields);
    let envelope =
        PowerEnvelope { power: fields.envelope.power, measured_at: fields.envelope.measured_at.into() };
    let draw = sizing::racks_that_fit(place, machine, fields, envelope, Granularity::Rack)
        .and_then(|racks| sizing::draw(machine, racks, fields));
    match draw {
        Ok(draw) => {
            let hour = sizing::design_hour(place, &[(machine, &draw)]);
            Ok(place.plant.installed_rejection(&hour.plant))
        }
        Err(error) => gap(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::tables::{Kind, Table};
    use super::*;

    fn report() -> super::super::TableReport {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        check(&Table::embedded(Kind::Facility).unwrap(), &hardware, &|| {}).unwrap()
    }

    #[test]
    fn reference_designs_are_met_within_ten_per_cent_at_the_median() {
        let found = report().statistics();
        assert!(found.predicted >= 17 && found.median_ape.unwrap() < 0.1, "{found:?}");
    }

    #[test]
    fn a_word_that_is_no_quantity_is_an_error_with_its_line() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let text = "design,quantity,published,use\nmine,chain_efficiency,0.9,yes\nmine,it_powr,1,yes\n";
        let table = Table::parse(Kind::Facility, "mine.csv", text).unwrap();
        let error = check(&table, &hardware, &|| {}).unwrap_err();
        assert_eq!((error.line(), error.file.as_str()), (Some(3), "mine.csv"));
        let help = error.help.unwrap();
        assert!(help.contains("`it_power`") && help.contains("ground_area"), "{help}");
    }

    #[test]
    fn a_check_passes_within_its_tolerance_and_only_there() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let passed = |bounds: &str| {
            let header = "design,quantity,system,given,published,low,high,check,tolerance,use";
            // 9,216 chips in 144 racks of 69.4 kW: 9.99 MW.
            let text = format!("{header}\npod,compute_power,tpu-v7,9216,{bounds},yes\n");
            let table = Table::parse(Kind::Facility, "mine.csv", &text).unwrap();
            check(&table, &hardware, &|| {}).map(|report| report.rows[0].passed())
        };
        assert_eq!(passed("10,,,a pod,0.05").unwrap(), Some(true));
        assert_eq!(passed("12,,,a pod,0.05").unwrap(), Some(false));
        assert_eq!(passed("12,9,11,a pod,").unwrap(), Some(true));
        assert_eq!(passed("10,,,,").unwrap(), None);
        assert!(passed("10,,,a pod,").is_err(), "a check without bounds");
        // Each of the ten closing checks of the reference facts is there.
        let table = report();
        let named = |number: u32| {
            let starts = format!("{number}: ");
            table
                .rows
                .iter()
                .any(|row| row.check.as_ref().is_some_and(|check| check.name.starts_with(&starts)))
        };
        assert!((1..=10).all(named));
    }

    #[test]
    fn racks_of_a_stated_heat_draw_it() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let power = |set: &str| {
            let header = "design,quantity,system,racks,set,published,use";
            let text = format!("{header}\nmine,it_power,gb200-nvl72,48,{set},7,yes\n");
            let table = Table::parse(Kind::Facility, "mine.csv", &text).unwrap();
            check(&table, &hardware, &|| {}).map(|report| report.rows[0].predicted.unwrap())
        };
        let stated = |heat: &str| power(&format!("catalog.systems.gb200-nvl72.rack.heat={heat}")).unwrap();
        let (catalogue, cooler) = (power("").unwrap(), stated("130 kW"));
        assert!((stated("132 kW") / catalogue - 1.0).abs() < 1e-12);
        // 48 racks of 2 kW less; what stands beside them does not ask for the racks' heat.
        assert!((catalogue - cooler - 0.096).abs() < 1e-9, "{catalogue} {cooler}");
        let error = power("catalog.systems.gb200-nvl72.rack.heat=130 m").unwrap_err();
        assert_eq!(error.line(), Some(2));
        assert!(error.message.contains("`set` makes no plan"), "{}", error.message);
    }

    #[test]
    fn engines_fuel_and_paths_of_the_reference_designs_are_counted_alike() {
        let report = report();
        let counts = report.rows.iter().filter(|row| row.id.contains("RD#026: modules"));
        let errors: Vec<f64> = counts.filter_map(|row| row.error).collect();
        assert_eq!(errors.len(), 3);
        assert!(errors.iter().all(|error| error.abs() < 1e-9), "{errors:?}");
        let fuel = report.rows.iter().find(|row| row.id.ends_with("fuel")).unwrap();
        assert!(fuel.error.unwrap().abs() < 0.01, "{fuel:?}");
    }
}
