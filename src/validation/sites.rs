//! Sites: how many accelerators a published power buys.
//!
//! How `power_measures` is read, the one place where it is said:
//!
//! | word | envelope | what it carries |
//! |---|---|---|
//! | `it`, `critical`, `billable_critical`, `active_power`, `contracted` | at the rack inputs | racks, support nodes, switches |
//! | `utility`, `facility`, `site_capacity`, `facility_unspecified` | at the meter | the same, cooling and losses |
//! | `it_pod`, `hpl_measured` | at the rack inputs | compute racks alone: a pod or machine as measured, no halls around it |
//! | `server` | at the rack inputs | compute racks alone: IT power is 1.14 times that of its servers, with network, storage and CPU racks |
//!
//! The place is the row's market, else the default scenario's; a market that the catalogue has not is refused. The
//! cooling plant is the one that the operator is known to build ([`PLANTS`]), else the usual one ([`USUAL_PLANT`]), and
//! the default's for a count that is only planned. Racks come whole, in units of one rack, since a published count is
//! not rounded to scalable units. A count that names several systems without their shares (`H100+H200+GB200`) is
//! predicted with the median of what each of them alone draws per accelerator; generations not named (`NVIDIA (Vera
//! Rubin on)`) with the one that is. A row of `truth_use` other than `yes` is set apart; one that has powers but no
//! count is compared by its ratio of facility to IT power, apart too, with the system that it names, a TPU v6e for TPUs
//! of no generation, else a GB300 NVL72.

use super::hardware::{Hardware, Rig};
use super::tables::{Kind, Row, Table};
use super::{Forecast, Gap, Names, gap};
use crate::catalog::InputError;
use crate::catalog::document::{nearest, suggest};
use crate::plan::equipment::{Equipment, Machine, Place};
use crate::plan::{settle_pumps, sizing};
use crate::power::{MeasuredAt, PowerEnvelope};
use crate::scenario::{Fields, Flags, Granularity, resolve};
use crate::units::Watts;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Plants that operators build: a market's id and a word of the operator's name, either of which may be any (empty), and a
/// cooling design. The first that is met holds.
///
/// From the designs that Epoch AI's satellite and permit work names for campuses ("AI data centers", CC BY 4.0): closed loops
/// on air-cooled chillers at Abilene, Fairwater and Meta's large campuses, water at Google's and hybrids, coolers with
/// pads here, at those in deserts; outside air with evaporative assist at Amazon's, sea water at Sines, which stands for towers
/// here, and chillers all year at Johor. None of it is a number.
const PLANTS: &[(&str, &str, &str)] = &[
    ("johor", "", USUAL_PLANT),
    ("lisbon-sines", "", "towers"),
    ("", "crusoe", USUAL_PLANT),
    ("", "microsoft", USUAL_PLANT),
    ("", "meta", USUAL_PLANT),
    ("el-paso-tx-santa-teresa-nm", "google", "warm-water-adiabatic"),
    ("las-vegas-nv", "google", "warm-water-adiabatic"),
    ("phoenix-az", "google", "warm-water-adiabatic"),
    ("", "google", "towers"),
    ("", "amazon", "outside-air"),
    ("", "aws", "outside-air"),
];
/// What everyone else builds, by the same work: closed loops on air-cooled chillers at Abilene, Atlanta, Denton, Johor and in
/// Meta's and xAI's campuses. The default scenario's own plant is newer than any of them.
const USUAL_PLANT: &str = "air-cooled-chillers";

/// The plant of a row: that of its market or its operator, else the usual one; the default's for a count that is only
/// planned, as its plant will be new. Powers without a count are by the work that names the plants.
fn plant_of(row: Row<'_>) -> &'static str {
    let known = plant(row.word("operator"), row.word("climate_market"));
    let announced = row.word("status") == "planned" && !row.word("count").is_empty();
    known.unwrap_or(if announced { "" } else { USUAL_PLANT })
}

/// The plant of a market, else of the first of the operators that is known: `QTS / Meta` builds like Meta.
fn plant(operator: &str, market: &str) -> Option<&'static str> {
    let (market, operator) = (slug(market), operator.to_lowercase());
    let mut words = operator.split(|letter: char| !letter.is_alphanumeric());
    let met = |word: &str| {
        let known = |own: &str, given: &str| own.is_empty() || own == given;
        PLANTS.iter().find(|(place, name, _)| known(place, &market) && known(name, word))
    };
    words.find_map(met).map(|(.., design)| *design)
}

/// Places that the rows name, by market and cooling design, and the network wish of the default scenario.
#[derive(Debug, Default)]
pub struct Yard {
    places: BTreeMap<(String, &'static str), Place>,
    fields: Option<Fields>,
}

/// Site id of a market's name: `Columbus / New Albany OH` → `columbus-new-albany-oh`.
fn slug(market: &str) -> String {
    let mut slug = String::new();
    for letter in market.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

impl Yard {
    /// The places of a table of sites; empty for any other.
    #[must_use]
    pub fn new(table: &Table, hardware: &Hardware) -> Self {
        let mut yard = Self::default();
        if table.kind != Kind::Sites {
            return yard;
        }
        // Every market with the default's plant too: a system may not go with the operator's.
        let mut wanted = vec![(String::new(), "")];
        for row in table.rows() {
            let (market, plant) = (slug(row.word("climate_market")), plant_of(row));
            wanted.extend([(market.clone(), plant), (market, ""), (String::new(), plant)]);
        }
        wanted.sort();
        wanted.dedup();
        for (market, plant) in wanted {
            if let Ok((place, fields)) = place_at(&market, plant, hardware) {
                yard.places.insert((market, plant), place);
                yard.fields.get_or_insert(fields);
            }
        }
        yard
    }

    /// The place of a market with a plant, else the default one; and whether the market is known.
    fn place(&self, market: &str, plant: &'static str) -> Option<(&Place, bool)> {
        self.places
            .get(&(slug(market), plant))
            .map(|place| (place, true))
            .or_else(|| self.places.get(&(String::new(), plant)).map(|place| (place, false)))
    }
}

/// The default scenario's place at a market, with another plant if one is named.
fn place_at(market: &str, plant: &str, hardware: &Hardware) -> Result<(Place, Fields), InputError> {
    let mut catalog = hardware.catalog.clone();
    let design = (!plant.is_empty()).then(|| format!("cooling.design={plant}"));
    let flags = Flags {
        site: (!market.is_empty()).then(|| market.to_owned()),
        set: design.into_iter().collect(),
        ..Flags::default()
    };
    let scenario = resolve(None, &flags, &mut catalog)?;
    let equipment = Equipment::gather(&scenario, &catalog)?;
    Ok((equipment.place, scenario.fields))
}

/// What an envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Everything, measured there.
    At(MeasuredAt),
    /// Compute racks alone.
    Racks,
}

fn reading_of(word: &str) -> Option<Reading> {
    Some(match word {
        "it" | "critical" | "critical_it" | "billable_critical" | "active_power" | "contracted" => {
            Reading::At(MeasuredAt::CriticalIt)
        }
        "utility" | "facility" | "site_capacity" | "facility_unspecified" => Reading::At(MeasuredAt::Utility),
        "it_pod" | "hpl_measured" | "server" => Reading::Racks,
        _ => return None,
    })
}

/// Systems that a label names, without repeats.
fn systems_in(label: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    let mut last = "";
    for part in label.split(['+', '/', ',']) {
        let plain = super::hardware::plain(part);
        // "Trainium2/3" and "TPU v6e+v5e": a part that is a number alone continues the name before it.
        let named = if plain.len() == 1 && !last.is_empty() {
            super::hardware::system_of(&format!("{}{plain}", last.trim_end_matches(|c: char| c.is_numeric())))
        } else {
            last = part.trim();
            match super::hardware::system_of(part) {
                // A superchip of a site stands in nodes of four.
                Some("gh200-96" | "gh200-144") => Some("gh200-quad"),
                other => other,
            }
        };
        if let Some(id) = named
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}

pub(super) fn predict(row: Row<'_>, hardware: &Hardware, yard: &Yard) -> (Names, Result<Forecast, Gap>) {
    let systems = systems_in(row.word("accelerator"));
    let names = Names {
        id: format!("{} {}", row.word("site"), row.word("date")).trim().to_owned(),
        system: if systems.is_empty() { row.word("accelerator").to_owned() } else { systems.join("+") },
        model: String::new(),
        source: row.word("operator").to_owned(),
    };
    (names, forecast(row, hardware, yard, &systems))
}

/// A system with the coolant pumps of the halls that the default scenario builds at a place.
fn settled(rig: &Rig, place: &Place, hardware: &Hardware) -> Result<Machine, Gap> {
    let mut machines = [rig.machine.clone()];
    settle_pumps(hardware.scenario(), place, &mut machines)
        .map_err(|error| Gap::NotExpressible(error.message))?;
    let [machine] = machines;
    Ok(machine)
}

/// Accelerators of one system that an envelope carries.
fn accelerators(
    machine: &Machine,
    place: &Place,
    fields: &Fields,
    envelope: Watts,
    reading: Reading,
) -> Result<u64, String> {
    let racks = match reading {
        Reading::Racks => (envelope / machine.compute_bound.power).floor() as u64,
        Reading::At(measured_at) => {
            let envelope = PowerEnvelope { power: envelope, measured_at };
            sizing::racks_that_fit(place, machine, fields, envelope, Granularity::Rack)
                .map_err(|error| error.to_string())?
        }
    };
    Ok(racks * u64::from(machine.system.rack.accelerators))
}

/// What a published site may be taken for, as the table's column has it.
const TRUTH_USES: [&str; 4] = ["yes", "weak", "power-only", "no"];

/// Refuses a use and a market that nobody knows; an empty cell is unknown, and its row apart or at the default place.
fn known_words(row: Row<'_>, hardware: &Hardware) -> Result<(), InputError> {
    if let Some(word) = row.text("truth_use").filter(|word| !TRUTH_USES.contains(word)) {
        let error = row.error(format!("`truth_use` is `{word}`, which says not how the row is used"));
        return Err(error.with_help(suggest(word, &TRUTH_USES.map(str::to_owned))));
    }
    let markets = hardware.catalog.ids("climates");
    if let Some(market) = row.text("climate_market").filter(|market| !markets.contains(&slug(market))) {
        let error = row.error(format!("`climate_market` is `{market}`, whose climate the catalogue has not"));
        let near =
            nearest(&slug(market), &markets).map_or_else(String::new, |id| format!("is `{id}` meant? "));
        return Err(error.with_help(format!("{near}allowed: nothing, or one of {}", markets.join(", "))));
    }
    Ok(())
}

fn forecast(
    row: Row<'_>,
    hardware: &Hardware,
    yard: &Yard,
    systems: &[&'static str],
) -> Result<Forecast, Gap> {
    known_words(row, hardware)?;
    let apart = row.word("truth_use") != "yes";
    let set_apart =
        if apart { format!("set apart: truth_use is `{}`; ", row.word("truth_use")) } else { String::new() };
    // Outside air takes no coolant's heat: such systems stand on the default plant.
    let by_air = |id: &&str| hardware.rig_of(id).is_some_and(|rig| rig.machine.liquid_share.0 <= 0.0);
    let plant = match plant_of(row) {
        "outside-air" if systems.is_empty() || !systems.iter().all(by_air) => "",
        plant => plant,
    };
    let Some((place, named)) = yard.place(row.word("climate_market"), plant) else {
        return gap("the catalogue has no default place");
    };
    let Some(fields) = &yard.fields else { return gap("the catalogue has no default place") };
    let Some(published) = row.positive("count")? else {
        let with = if plant.is_empty() { set_apart } else { format!("{set_apart}cooling plant {plant}; ") };
        return ratio(row, hardware, place, fields, systems, &with);
    };
    let Some(power) = row.positive("power_mw")? else { return gap("no power is published") };
    if power > 1e6 {
        return Err(row.error(format!("`power_mw` is {power}, at most a terawatt is planned")).into());
    }
    let Some(reading) = reading_of(row.word("power_measures")) else {
        return gap(format!("`{}` says not where the power is measured", row.word("power_measures")));
    };
    if systems.is_empty() {
        return gap(format!("`{}` names no system of the catalogue", row.word("accelerator")));
    }
    let mut counts = Vec::new();
    for id in systems {
        let Some(rig) = hardware.rig_of(id) else {
            return gap(format!("the catalogue has no system `{id}`"));
        };
        let machine = settled(&rig, place, hardware)?;
        match accelerators(&machine, place, fields, Watts(power * 1e6), reading) {
            Ok(count) => counts.push(count as f64),
            Err(reason) => return gap(reason),
        }
    }
    counts.sort_by(f64::total_cmp);
    // The median power per accelerator is the median of the reciprocal counts.
    let middle = counts.len() / 2;
    let predicted = if counts.len() % 2 == 1 {
        counts[middle]
    } else {
        let (a, b) = (counts[middle - 1], counts[middle]);
        if a > 0.0 && b > 0.0 { 2.0 / (1.0 / a + 1.0 / b) } else { 0.0 }
    };
    let mut reason = set_apart;
    reason.push_str(match reading {
        Reading::At(MeasuredAt::CriticalIt) => "at the rack inputs",
        Reading::At(MeasuredAt::Utility) => "at the meter",
        Reading::Racks => "compute racks alone",
    });
    if systems.len() > 1 {
        reason.push_str("; shares unknown: median power per accelerator of the systems named");
    }
    if !named && !row.word("climate_market").is_empty() {
        reason.push_str("; market unknown: the default place");
    }
    if !plant.is_empty() && reading == Reading::At(MeasuredAt::Utility) {
        let _ = write!(reason, "; cooling plant {plant}");
    }
    Ok(Forecast { published, predicted, reason, apart, ..Forecast::default() })
}

/// Facility over IT power of a row that states both.
fn ratio(
    row: Row<'_>,
    hardware: &Hardware,
    place: &Place,
    fields: &Fields,
    systems: &[&'static str],
    set_apart: &str,
) -> Result<Forecast, Gap> {
    let (Some(it), Some(facility)) = (row.positive("it_mw")?, row.positive("facility_mw")?) else {
        return gap("no count of accelerators, and not both of facility and IT power");
    };
    if it > 1e6 {
        return Err(row.error(format!("`it_mw` is {it}, at most a terawatt is planned")).into());
    }
    let unnamed = if row.word("accelerator").starts_with("TPU") { "tpu-v6e" } else { "gb300-nvl72" };
    let id = systems.first().copied().unwrap_or(unnamed);
    let Some(rig) = hardware.rig_of(id) else { return gap(format!("the catalogue has no system `{id}`")) };
    let machine = settled(&rig, place, hardware)?;
    let sized = sizing::racks_that_fit(
        place,
        &machine,
        fields,
        PowerEnvelope { power: Watts(it * 1e6), measured_at: MeasuredAt::CriticalIt },
        Granularity::Rack,
    )
    .and_then(|racks| sizing::draw(&machine, racks, fields));
    let draw = match sized {
        Ok(draw) => draw,
        Err(error) => return gap(error.to_string()),
    };
    let hour = sizing::design_hour(place, &[(&machine, &draw)]);
    if hour.it.0 <= 0.0 {
        return gap("not one rack fits");
    }
    let reason = format!("{set_apart}facility over IT power in the design hour, with {id}");
    Ok(Forecast {
        published: facility / it,
        predicted: hour.meter / hour.it,
        reason,
        apart: true,
        ..Forecast::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_market_becomes_a_site_id() {
        assert_eq!(slug("Columbus / New Albany OH"), "columbus-new-albany-oh");
        assert_eq!(slug("Abu Dhabi"), "abu-dhabi");
    }

    #[test]
    fn a_use_or_a_market_that_nobody_knows_is_refused_with_its_line() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let checked = |truth: &str, market: &str| {
            let header = "site,climate_market,accelerator,count,power_mw,power_measures,truth_use";
            let known = "one,Abilene TX,GB200,70000,150,it,yes";
            let text = format!("{header}\n{known}\ntwo,{market},GB200,70000,150,it,{truth}\n");
            check(&Table::parse(Kind::Sites, "mine.csv", &text).unwrap(), &hardware, &|| {})
        };
        for (truth, market, word, meant) in [
            ("yess", "Abilene TX", "truth_use", "`yes`, `weak`, `power-only`, `no`"),
            ("yes", "Abilen TX", "climate_market", "is `abilene-tx` meant?"),
            ("no", "Atlantis", "climate_market", "ashburn-va"),
        ] {
            let error = checked(truth, market).unwrap_err();
            assert_eq!((error.line(), error.file.as_str()), (Some(3), "mine.csv"));
            assert!(error.message.contains(word), "{}", error.message);
            assert!(error.help.as_ref().unwrap().contains(meant), "{:?}", error.help);
        }
        // Nothing said is no fault: the row stands apart, at the default place.
        let report = checked("", "").unwrap();
        assert!(report.rows[0].counted && !report.rows[1].counted && report.rows[1].predicted.is_some());
    }

    #[test]
    fn a_mix_names_its_systems() {
        assert_eq!(systems_in("H100+H200+GB200"), ["hgx-h100", "hgx-h200", "gb200-nvl72"]);
        assert_eq!(systems_in("H100/H200/A100 mix"), ["hgx-h100", "hgx-h200", "hgx-a100"]);
        assert_eq!(systems_in("Trainium2/3"), ["trn2-ultraserver", "trn3-gen2-ultraserver"]);
        assert_eq!(systems_in("GH200"), ["gh200-quad"]);
        assert!(systems_in("others").is_empty());
    }

    #[test]
    fn operators_are_known_by_a_whole_word_anywhere() {
        assert_eq!(plant("AWS", ""), plant("Amazon / Anthropic", "New Carlisle IN"));
        assert_eq!(plant("QTS / Meta", "Atlanta GA"), Some(USUAL_PLANT));
        assert_eq!(plant("Metaphor", "Atlanta GA"), None);
        assert_eq!(plant("Start Campus / Nscale / Microsoft", "Lisbon / Sines"), Some("towers"));
        assert_eq!(plant("Google", "Johor"), Some(USUAL_PLANT));
        assert_eq!(plant("", "Johor"), Some(USUAL_PLANT));
        assert_eq!(plant("Google", "Council Bluffs IA / Omaha NE"), Some("towers"));
        assert_eq!(plant("Google", "Phoenix AZ"), Some("warm-water-adiabatic"));
        assert_eq!(plant("Amazon", "Phoenix AZ"), Some("outside-air"));
    }

    #[test]
    fn servers_are_compute_racks_without_network_and_storage() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let (place, fields) = place_at("", "", &hardware).unwrap();
        let rig = hardware.rig_of("gb200-nvl72").unwrap();
        let count = |word: &str| {
            let reading = reading_of(word).unwrap();
            accelerators(&rig.machine, &place, &fields, Watts(100e6), reading).unwrap() as f64
        };
        // 100 MW / 132 kW of heat = 757 racks of 72; the same IT power has 1.14 times fewer, by the reference.
        assert!((count("server") - 757.0 * 72.0).abs() < 1.5 * 72.0, "{}", count("server"));
        let more = count("server") / count("it");
        assert!((1.05..1.2).contains(&more), "{more}");
    }

    #[test]
    fn tpus_of_no_generation_are_no_blackwells() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&Table::embedded(Kind::Sites).unwrap(), &hardware, &|| {}).unwrap();
        let bristow = report.rows.iter().find(|row| row.id.starts_with("Bristow")).unwrap();
        assert!(bristow.reason.ends_with("with tpu-v6e"), "{}", bristow.reason);
    }

    #[test]
    fn facility_over_it_is_met_within_eight_per_cent_where_both_are_published() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&Table::embedded(Kind::Sites).unwrap(), &hardware, &|| {}).unwrap();
        let ratios = report.rows.iter().filter(|row| row.reason.contains("facility over IT power"));
        let errors: Vec<(f64, &str)> = ratios.map(|row| (row.error.unwrap(), row.id.as_str())).collect();
        assert!(errors.len() >= 5, "{errors:?}");
        assert!(errors.iter().all(|(error, _)| error.abs() < 0.08), "{errors:?}");
    }

    #[test]
    fn disclosed_sites_are_met_within_ten_per_cent_at_the_median() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&Table::embedded(Kind::Sites).unwrap(), &hardware, &|| {}).unwrap();
        assert_eq!(report.rows.len(), 44);
        let found = report.statistics();
        assert!(found.predicted >= 13, "{found:?}");
        assert!(found.median_ape.unwrap() < 0.1, "{found:?}");
    }
}
