//! The search for a site: every market × every cooling plant for one envelope.
//!
//! How many racks fit is sized in `f64` for each pair: it hangs on the design hour alone. The 8,760 hours of all pairs
//! are the facility-year kernel's work; its `f32` sums choose who is looked at again, and whoever is shown is computed
//! again in `f64`. Plants that cannot take a system's heat, and pairs in which not one rack fits, are named, not
//! ranked. Left out: that buildings and rows take whole equipment, which a plan counts and which loads it a little less
//! (one to two and a half thousandths of the facility's power at 100 MW); land, grid, taxes, latency, and whether the water may be had.

use crate::catalog::{Catalog, InputError};
use crate::cooling::{Weather, Year};
use crate::engine::{Engine, Progress, Run};
use crate::fleet::CduGroup;
use crate::kernel::facility_year::{
    FacilityCase, FacilitySpace, FacilityYears, RoughYear, YardStage, YearSums,
};
use crate::plan::equipment::{Cooling, Equipment, Location, Machine, Place, cooling, location};
use crate::plan::sizing::{self, Draw, FacilityAtPart, FacilityHour, FacilityYear};
use crate::plan::{draws, feeder_loss, settle_pumps};
use crate::power::StageFlow;
use crate::scalar::SECONDS_PER_YEAR;
use crate::scenario::Scenario;
use crate::units::{Celsius, CubicMeters, Joules, Kelvin, Share, Watts};
use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use std::ops::ControlFlow;

/// What a pair of market and plant is ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rank {
    /// Most accelerators, cheaper energy first among equals.
    #[default]
    Accelerators,
    /// Least energy per energy of IT.
    Pue,
    /// Least water, better PUE first among equals.
    Water,
    /// Least cost of electricity and water for each accelerator.
    Cost,
    /// Least carbon of the year for each accelerator.
    Carbon,
}

/// What a ranking is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteOptions {
    /// What it is by.
    pub by: Rank,
    /// Pairs to compute again and show, at most.
    pub top: usize,
    /// Seed of the synthesised years.
    pub seed: u64,
    /// Whether the coolant's supply temperature is chosen for each pair, rather than what the systems plan with.
    pub choose_supply: bool,
}

/// One market with one plant.
#[derive(Debug, Clone)]
pub struct SiteRow {
    /// Id of the market.
    pub market: String,
    /// Its name.
    pub name: String,
    /// Id of the cooling design.
    pub design: String,
    /// Coolant to the racks of the first system that has any.
    pub coolant_supply: Option<Celsius>,
    /// Accelerators that fit.
    pub accelerators: u64,
    /// Their racks.
    pub racks: u64,
    /// Power at the rack inputs.
    pub it: Watts,
    /// Facility over IT in the design hour: not a PUE.
    pub peak_ratio: f64,
    /// Energy of the year over IT energy of the year.
    pub pue: f64,
    /// Water per IT energy [L/kWh].
    pub wue_l_per_kwh: f64,
    /// Water of the year.
    pub water: CubicMeters,
    /// Hours with chillers running for anything.
    pub chiller_hours: u32,
    /// Hours in which chillers help the coolant.
    pub trim_hours: u32,
    /// Energy of the year at the meter.
    pub energy: Joules,
    /// Electricity and water of a year [$], where prices are known.
    pub usd_per_year: Option<f64>,
    /// Carbon of a year [kg], where the grid is known.
    pub carbon_kg_per_year: Option<f64>,
    /// Heat of a year in the facility water of the liquid loops.
    pub warm_water: Joules,
    /// Of that, in hours in which buildings are heated.
    pub heating_season: Joules,
    /// The temperature that it leaves the liquid loops at; nothing without them.
    pub warm_water_at: Option<Celsius>,
}

/// A pair that is not ranked, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Id of the market; nothing where the plant is left out everywhere.
    pub market: Option<String>,
    /// Id of the cooling design.
    pub design: String,
    /// Why.
    pub reason: String,
}

/// The ranking.
#[derive(Debug, Clone)]
pub struct SiteRanking {
    /// The best pairs, best first.
    pub rows: Vec<SiteRow>,
    /// Pairs that were ranked.
    pub pairs: usize,
    /// Markets among them.
    pub markets: usize,
    /// Plants among them.
    pub designs: usize,
    /// Pairs that were not.
    pub left_out: Vec<LeftOut>,
    /// What the engine did.
    pub run: Run,
}

/// Relative distance by which a pair must be beaten to be dropped before it is computed again.
const GUARD: f64 = 1e-4;

/// Coldest supply that is tried, and the step up from it to the racks' limit.
const SUPPLIES: (Celsius, Kelvin) = (Celsius(20.0), Kelvin(5.0));

/// The systems at each supply temperature that is tried.
fn variants(machines: &[Machine], choose_supply: bool) -> Vec<Vec<Machine>> {
    let limits = machines.iter().filter(|machine| machine.liquid_share.0 > 0.0).map(|machine| {
        machine.system.rack.coolant_supply_max.as_ref().map_or(machine.coolant.0, |limit| limit.value)
    });
    let limit = limits.fold(Celsius(f64::INFINITY), Celsius::min);
    let mut all = vec![machines.to_vec()];
    if !choose_supply || !limit.0.is_finite() {
        return all;
    }
    let mut supply = SUPPLIES.0;
    while supply <= limit {
        all.push(machines.iter().map(|machine| machine.at_supply(supply)).collect());
        supply = supply + SUPPLIES.1;
    }
    all
}

/// What a plant's coolant pumps hang on.
type Pumps = (CduGroup, Share, Kelvin);
/// The systems at each temperature with such pumps.
type Fitted = (Pumps, Vec<Vec<Machine>>);

fn pumps_of(cooling: &Cooling) -> Pumps {
    (cooling.cdus, cooling.plant.coolant_pump_share, cooling.plant.cdu_approach)
}

/// The systems at each temperature with the pumps of each sort of CDU: most plants share one.
fn fitted(
    scenario: &Scenario,
    place: &Place,
    variants: &[Vec<Machine>],
    plants: &[Cooling],
) -> Result<Vec<Fitted>, InputError> {
    let mut all: Vec<Fitted> = Vec::new();
    for cooling in plants {
        if all.iter().any(|(pumps, _)| *pumps == pumps_of(cooling)) {
            continue;
        }
        let place = Place { plant: cooling.plant, cdus: cooling.cdus, ..place.clone() };
        let mut machines = variants.to_vec();
        for variant in &mut machines {
            settle_pumps(scenario, &place, variant)?;
        }
        all.push((pumps_of(cooling), machines));
    }
    Ok(all)
}

/// A sized pair at one supply temperature.
struct Pair<'a> {
    machines: &'a [Machine],
    location: &'a Location,
    cooling: &'a Cooling,
    place: Place,
    draws: Vec<Draw>,
    design: FacilityHour,
}

impl Pair<'_> {
    fn loads(&self) -> Vec<(&Machine, &Draw)> {
        self.machines.iter().zip(&self.draws).collect()
    }

    fn accelerators(&self) -> u64 {
        self.draws.iter().map(|draw| draw.accelerators).sum()
    }

    /// Cost and carbon of a year with so much energy at the meter [J] and water [m³].
    fn bill(&self, meter_j: f64, water_m3: f64) -> Option<(f64, f64)> {
        let prices = self.location.prices?;
        let usd = meter_j * prices.electricity.0 + water_m3 * prices.water.0;
        Some((usd, meter_j * prices.carbon.0))
    }
}

/// Ranks markets and plants for the envelope of a scenario.
///
/// `markets` and `designs` are ids, or paths of files of the same kind.
pub fn rank_sites(
    scenario: &Scenario,
    catalog: &Catalog,
    engine: &Engine,
    (markets, designs): (&[String], &[String]),
    options: SiteOptions,
    progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<SiteRanking, InputError> {
    let mut equipment = Equipment::gather(scenario, catalog)?;
    // Feeders lose much the same everywhere: solved once here, and again for each pair that is shown.
    settle_pumps(scenario, &equipment.place, &mut equipment.machines)?;
    let lost = feeder_loss(scenario, &equipment.place, &equipment.machines)?;
    equipment.place = equipment.place.with_feeder_loss(lost);
    // The ranking shows no ledger: what is noted on the way is dropped.
    let noted = &mut Vec::new();
    let locations: Vec<Location> =
        markets.iter().map(|id| location(scenario, catalog, id, noted)).collect::<Result<_, _>>()?;
    let plants: Vec<Cooling> =
        designs.iter().map(|id| cooling(scenario, catalog, id, noted)).collect::<Result<_, _>>()?;

    let variants = variants(&equipment.machines, options.choose_supply);
    let fitted = fitted(scenario, &equipment.place, &variants, &plants)?;
    let mut left_out = Vec::new();
    // Pairs of the same market and plant at several temperatures stand together.
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    let mut wanted = Vec::new();
    for cooling in &plants {
        if let Some(reason) = misfit(cooling, &equipment.machines) {
            left_out.push(LeftOut { market: None, design: cooling.id.clone(), reason });
            continue;
        }
        let variants = &fitted.iter().find(|(pumps, _)| *pumps == pumps_of(cooling)).unwrap_or(&fitted[0]).1;
        wanted.extend(locations.iter().map(|location| (cooling, location, variants)));
    }
    let found: Vec<Vec<Pair<'_>>> = wanted
        .par_iter()
        .map(|&(cooling, location, variants)| {
            let place = &equipment.place;
            let all = variants.iter().map(|machines| sized(scenario, place, machines, location, cooling));
            all.collect::<Result<Vec<_>, _>>()
        })
        .collect::<Result<_, _>>()?;
    for ((cooling, location, _), of) in wanted.iter().zip(found) {
        let first = pairs.len();
        pairs.extend(of.into_iter().filter(|pair| pair.accelerators() > 0));
        if pairs.len() > first {
            groups.push(first..pairs.len());
        } else {
            let reason = "not one rack fits".to_owned();
            let market = Some(location.market.clone());
            left_out.push(LeftOut { market, design: cooling.id.clone(), reason });
        }
    }
    let years: Vec<Year> =
        locations.par_iter().map(|location| Year::synthesize(&location.climate, options.seed)).collect();
    let year_of = |pair: &Pair<'_>| {
        let place = locations.iter().position(|location| std::ptr::eq(location, pair.location));
        place.unwrap_or_default()
    };
    let part = pairs.first().map_or(1.0, |pair| sizing::duty(&pair.loads()));
    let (rough, run) = if pairs.is_empty() {
        (Vec::new(), Run::default())
    } else {
        rough_years(&pairs, &years, year_of, part, engine, progress)
            .map_err(|message| InputError::plain("sites", message))?
    };

    let keys: Vec<[f64; 2]> = pairs
        .iter()
        .zip(&rough)
        .map(|(pair, year)| {
            let it_j = pair.design.it.0 * part * SECONDS_PER_YEAR;
            key(options.by, pair, year.pue, year.wue_l_per_kwh, it_j)
        })
        .collect();
    let best: Vec<[f64; 2]> =
        groups.iter().filter_map(|group| keys[group.clone()].iter().copied().min_by(order)).collect();
    let computed = |index: usize| -> Result<([f64; 2], SiteRow), InputError> {
        let mut machines = pairs[index].machines.to_vec();
        settle_pumps(scenario, &pairs[index].place, &mut machines)?;
        let pair = refined(scenario, &pairs[index], &machines)?;
        let year = sizing::year(&pair.place, &pair.loads(), &pair.design, part, &years[year_of(&pair)]);
        let row = shown(&pair, part, &year);
        Ok((key(options.by, &pair, row.pue, row.wue_l_per_kwh, year.it_j), row))
    };
    // Each is a plan of its own with its own load flow: they are computed side by side.
    let again = |place: usize| {
        let group = groups[place].clone();
        let near = shortlist(&keys[group.clone()], 1).into_iter().map(|index| computed(group.start + index));
        let near = near.collect::<Result<Vec<_>, InputError>>()?;
        Ok(near.into_iter().min_by(|(a, _), (b, _)| order(a, b)))
    };
    let again: Vec<_> =
        shortlist(&best, options.top).into_par_iter().map(again).collect::<Result<_, InputError>>()?;
    let mut rows: Vec<([f64; 2], SiteRow)> = again.into_iter().flatten().collect();
    rows.sort_by(|(a, _), (b, _)| order(a, b));
    rows.truncate(options.top);
    Ok(SiteRanking {
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        pairs: groups.len(),
        markets: locations.len(),
        designs: plants.len(),
        left_out,
        run,
    })
}

/// Why a plant cannot take the heat of the systems, if it cannot.
fn misfit(cooling: &Cooling, machines: &[Machine]) -> Option<String> {
    let wet = machines.iter().find(|machine| machine.liquid_share.0 > 0.0)?;
    cooling
        .plant
        .heat_rejection
        .is_outside_air()
        .then(|| format!("outside air cools air-cooled racks only, and {} gives its heat to coolant", wet.id))
}

fn sized<'a>(
    scenario: &Scenario,
    place: &Place,
    machines: &'a [Machine],
    location: &'a Location,
    cooling: &'a Cooling,
) -> Result<Pair<'a>, InputError> {
    filled(scenario, place.at(location, cooling), machines, location, cooling)
}

/// A pair at a place that is known.
fn filled<'a>(
    scenario: &Scenario,
    place: Place,
    machines: &'a [Machine],
    location: &'a Location,
    cooling: &'a Cooling,
) -> Result<Pair<'a>, InputError> {
    let draws = draws(scenario, &place, machines)?;
    let loads: Vec<_> = machines.iter().zip(&draws).collect();
    let design = sizing::design_hour(&place, &loads);
    Ok(Pair { machines, location, cooling, place, draws, design })
}

/// A pair with what its own feeders lose, as a plan has it.
fn refined<'a>(
    scenario: &Scenario,
    pair: &Pair<'a>,
    machines: &'a [Machine],
) -> Result<Pair<'a>, InputError> {
    let lost = feeder_loss(scenario, &pair.place, machines)?;
    let place = pair.place.clone().with_feeder_loss(lost);
    filled(scenario, place, machines, pair.location, pair.cooling)
}

/// The stages of a facility from its plant to the meter as the kernel sees them; the racks join at the trunk.
fn yard(at_part: &FacilityAtPart<'_>) -> Vec<YardStage> {
    let row = |stage: &StageFlow| YardStage {
        beside_w: 0.0,
        rating_w: stage.rating.0,
        no_load: stage.curve.no_load.0,
        proportional: stage.curve.proportional.0,
        square: stage.curve.square.0,
        idle_w: stage.idle_rating.0 * stage.curve.no_load.0,
    };
    let rows = |flows: &[StageFlow]| -> Vec<YardStage> {
        flows.iter().rev().filter(|stage| stage.rating.0 > 0.0).map(row).collect()
    };
    let mut all = rows(at_part.to_plant);
    let joint = all.len();
    all.extend(rows(at_part.trunk));
    // A chain without a trunk meets at the meter itself.
    if all.len() == joint {
        all.push(YardStage { rating_w: 1.0, ..YardStage::default() });
    }
    all[joint].beside_w = at_part.racks.0;
    all
}

/// The years of all pairs as the kernel sees them, in the order of the pairs.
fn rough_years(
    pairs: &[Pair<'_>],
    years: &[Year],
    year_of: impl Fn(&Pair<'_>) -> usize,
    part: f64,
    engine: &Engine,
    progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<(Vec<RoughYear>, Run), String> {
    let hours = years.first().map_or(0, |year| year.hours.len());
    let mut space = FacilitySpace { hours: hours as u32, ..FacilitySpace::default() };
    let air = years.iter().flat_map(|year| &year.hours);
    space.weather = air.map(Weather::air).collect();
    for pair in pairs {
        let at_part = sizing::at_part(&pair.place, &pair.loads(), &pair.design, part);
        let (first_loop, first_stage) = (space.loops.len() as u32, space.stages.len() as u32);
        let loops = at_part.loops.iter().flat_map(|plant| plant.loops);
        space.loops.extend(loops.filter(|heat| heat.heat_w > 0.0));
        space.stages.extend(yard(&at_part));
        let running: f64 = at_part.loops.iter().map(|plant| (plant.pumps + plant.air_handlers).0).sum();
        space.cases.push(FacilityCase {
            it_w: at_part.it.0,
            plant_w: at_part.house.0 + running,
            first_loop,
            end_loop: space.loops.len() as u32,
            first_stage,
            end_stage: space.stages.len() as u32,
            first_hour: (year_of(pair) * hours) as u32,
        });
    }
    let kernel = FacilityYears::new(space).map_err(|error| error.to_string())?;
    let mut sums = YearSums::of(&kernel);
    let run = engine.run(&kernel, &mut sums, progress).map_err(|error| error.to_string())?;
    let years = (0..pairs.len()).map(|case| sums.year(case).unwrap_or_default());
    Ok((years.collect(), run))
}

/// What a pair is sorted by: smaller is better, the second where the first is equal.
fn key(by: Rank, pair: &Pair<'_>, pue: f64, wue_l_per_kwh: f64, it_j: f64) -> [f64; 2] {
    let accelerators = pair.accelerators() as f64;
    let water_m3 = wue_l_per_kwh * 1e-3 * it_j / 3.6e6;
    let bill = pair.bill(pue * it_j, water_m3);
    let (usd, carbon) =
        bill.map_or((f64::MAX, f64::MAX), |(usd, kg)| (usd / accelerators, kg / accelerators));
    match by {
        Rank::Accelerators => [-accelerators, usd],
        Rank::Pue => [pue, usd],
        Rank::Water => [wue_l_per_kwh, pue],
        Rank::Cost => [usd, pue],
        Rank::Carbon => [carbon, pue],
    }
}

fn order(a: &[f64; 2], b: &[f64; 2]) -> std::cmp::Ordering {
    a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))
}

/// The pairs that may be among the best so many, by their rough keys.
///
/// Kept is whoever is not worse than the last of them by more than the guard in the first key; among equals of the
/// first key the second decides, with the same guard.
fn shortlist(keys: &[[f64; 2]], top: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..keys.len()).collect();
    all.sort_by(|a, b| order(&keys[*a], &keys[*b]));
    let Some(last) = top.checked_sub(1).and_then(|last| all.get(last)).map(|index| keys[*index]) else {
        return if top == 0 { Vec::new() } else { all };
    };
    let reach = |value: f64| value + GUARD * value.abs() + f64::MIN_POSITIVE;
    let worst = [reach(last[0]), reach(last[1])];
    let exact = |value: f64| value.fract() == 0.0 && value <= 0.0;
    all.retain(|index| {
        let [first, second] = keys[*index];
        // Counts and no water at all are exact: equals leave the choice to the second key.
        if exact(last[0]) && first >= last[0] {
            first <= last[0] && second <= worst[1]
        } else {
            first <= worst[0]
        }
    });
    all
}

fn shown(pair: &Pair<'_>, part: f64, year: &FacilityYear) -> SiteRow {
    let bill = pair.bill(year.meter_j, year.water_m3);
    let loads = pair.loads();
    let at_part = sizing::at_part(&pair.place, &loads, &pair.design, part);
    let liquid = at_part.loops.iter().map(|plant| plant.loops[0]).filter(|heat| heat.heat_w > 0.0);
    let leaving = liquid.map(|heat| heat.supply_c + heat.range_k).fold(f64::INFINITY, f64::min);
    SiteRow {
        market: pair.location.market.clone(),
        name: pair.location.name.clone(),
        design: pair.cooling.id.clone(),
        coolant_supply: loads
            .iter()
            .find(|(machine, _)| machine.liquid_share.0 > 0.0)
            .map(|(machine, _)| machine.coolant.0),
        accelerators: pair.accelerators(),
        racks: pair.draws.iter().map(|draw| draw.racks).sum(),
        it: pair.design.it,
        peak_ratio: pair.design.meter / pair.design.it,
        pue: year.meter_j / year.it_j,
        wue_l_per_kwh: 1e3 * year.water_m3 / (year.it_j / 3.6e6),
        water: CubicMeters(year.water_m3),
        chiller_hours: year.chiller_hours,
        trim_hours: year.trim_hours,
        energy: Joules(year.meter_j),
        usd_per_year: bill.map(|(usd, _)| usd),
        carbon_kg_per_year: bill.map(|(_, kg)| kg),
        warm_water: Joules(year.warm_water_j),
        heating_season: Joules(year.heating_season_j),
        warm_water_at: leaving.is_finite().then_some(Celsius(leaving)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Backend;
    use crate::kernel::facility_year::stage_input;
    use crate::scenario::{Flags, resolve};
    use crate::units::Share;

    fn ranking(flags: &Flags, by: Rank, top: usize) -> SiteRanking {
        let mut catalog = Catalog::default();
        let scenario = resolve(None, flags, &mut catalog).unwrap();
        let engine = Engine::new(Backend::Cpu);
        let options = SiteOptions { by, top, seed: 1, choose_supply: false };
        let lists = (catalog.ids("climates"), catalog.ids("cooling"));
        let go_on = |_| ControlFlow::Continue(());
        rank_sites(&scenario, &catalog, &engine, (&lists.0, &lists.1), options, go_on).unwrap()
    }

    #[test]
    fn a_pair_is_what_the_plan_of_its_site_and_design_says() {
        let flags = Flags { power: Some("100 MW".into()), ..Flags::default() };
        let best = ranking(&flags, Rank::Accelerators, 1).rows.remove(0);
        let mut catalog = Catalog::default();
        let flags = Flags {
            site: Some(best.market.clone()),
            set: vec![format!("cooling.design={}", best.design)],
            ..flags
        };
        let scenario = resolve(None, &flags, &mut catalog).unwrap();
        let plan = crate::plan::plan(&scenario, &catalog, crate::plan::Options { seed: 1 }).unwrap();
        assert_eq!(plan.fleet.accelerators, best.accelerators);
        // A plan counts whole equipment in buildings and rows: more of it, each loaded a little less.
        let near = |plan: f64, ranked: f64| (ranked / plan - 1.0).abs() < 1e-3;
        let (pue, ratio) = (plan.power.pue_annual.0, plan.power.peak_ratio.0);
        assert!(near(pue, best.pue), "{pue} {}", best.pue);
        assert!(near(ratio, best.peak_ratio), "{ratio} {}", best.peak_ratio);
        assert_eq!(plan.power.chiller_hours, best.chiller_hours);
    }

    #[test]
    fn the_shortlist_finds_what_computing_everything_in_f64_finds() {
        let flags = Flags { power: Some("50 MW".into()), ..Flags::default() };
        for by in [Rank::Accelerators, Rank::Pue, Rank::Water, Rank::Cost, Rank::Carbon] {
            let names = |ranking: SiteRanking| -> Vec<(String, String)> {
                ranking.rows.into_iter().take(5).map(|row| (row.market, row.design)).collect()
            };
            assert_eq!(names(ranking(&flags, by, 5)), names(ranking(&flags, by, usize::MAX)), "{by:?}");
        }
    }

    #[test]
    fn outside_air_is_left_out_for_racks_with_coolant_and_ranked_for_others() {
        let flags = |system: &str| Flags { system: Some(system.into()), ..Flags::default() };
        let wet = ranking(&flags("gb300-nvl72"), Rank::Pue, 3);
        assert!(wet.left_out.iter().any(|pair| pair.design == "outside-air" && pair.market.is_none()));
        let dry = ranking(&flags("hgx-h100"), Rank::Pue, usize::MAX);
        assert!(dry.left_out.is_empty(), "{:?}", dry.left_out);
        assert!(dry.rows.iter().any(|row| row.design == "outside-air"));
        assert_eq!(dry.rows.len(), dry.pairs);
    }

    #[test]
    fn a_chosen_supply_is_never_worse_than_the_planned_one() {
        let mut catalog = Catalog::default();
        let scenario = resolve(None, &Flags::default(), &mut catalog).unwrap();
        let engine = Engine::new(Backend::Cpu);
        let markets = ["lulea", "abilene-tx", "singapore"].map(String::from);
        let designs = ["warm-water-dry", "towers"].map(String::from);
        let ranked = |choose_supply| {
            let options = SiteOptions { by: Rank::Pue, top: 9, seed: 1, choose_supply };
            let go_on = |_| ControlFlow::Continue(());
            rank_sites(&scenario, &catalog, &engine, (&markets, &designs), options, go_on).unwrap().rows
        };
        let (planned, chosen) = (ranked(false), ranked(true));
        assert_eq!((planned.len(), chosen.len()), (6, 6));
        for row in &planned {
            let same = |other: &&SiteRow| (&other.market, &other.design) == (&row.market, &row.design);
            let better = chosen.iter().find(same).unwrap();
            assert!(better.pue <= row.pue, "{better:?} {row:?}");
        }
        // Where it is cold anyway, colder coolant runs slower and costs nothing; in the tropics warmth saves chillers.
        let supply = |market: &str| {
            let row = chosen.iter().find(|row| row.market == market && row.design == "warm-water-dry");
            row.unwrap().coolant_supply.unwrap()
        };
        assert!(supply("lulea") < supply("singapore"), "{:?} {:?}", supply("lulea"), supply("singapore"));
    }

    #[test]
    fn the_yard_of_the_kernel_takes_at_the_meter_what_the_plan_takes() {
        // With and without plant transformers and a substation.
        for (system, design, power) in [
            ("gb300-nvl72", "ac-415-ups", "1 GW"),
            ("rubin-ultra-mgx72", "dc-800-sst", "1 GW"),
            ("rubin-ultra-mgx72", "dc-800-sst", "5 MW"),
            ("gb300-nvl72", "ac-480-legacy", "20 MW"),
        ] {
            let mut catalog = Catalog::default();
            let set = vec![format!("electrical.design={design}")];
            let flags =
                Flags { system: Some(system.into()), power: Some(power.into()), set, ..Flags::default() };
            let scenario = resolve(None, &flags, &mut catalog).unwrap();
            let equipment = Equipment::gather(&scenario, &catalog).unwrap();
            let place = equipment.place.clone().with_feeder_loss(Share(0.002));
            let machine = &equipment.machines[0];
            let draw = sizing::fill(&scenario.fields, &place, machine).unwrap();
            let loads = [(machine, &draw)];
            let whole = sizing::design_hour(&place, &loads);
            let at_part = sizing::at_part(&place, &loads, &whole, 0.75);
            for weather in place.year(1).hours.iter().step_by(877) {
                let (plant, meter) = at_part.hour(weather);
                let plant = (at_part.house + plant.power()).0;
                let taken = yard(&at_part).iter().fold(plant, |power, stage| stage_input(stage, power));
                assert!((taken / meter.0 - 1.0).abs() < 1e-12, "{design} {power}: {taken} {meter}");
            }
        }
    }

    #[test]
    fn a_shortlist_keeps_whoever_may_be_among_the_first() {
        let keys = [[1.0, 5.0], [1.000_05, 1.0], [1.01, 0.0], [0.5, 0.0]];
        assert_eq!(shortlist(&keys, 2), [3, 0, 1]);
        // Equal counts: the second key decides.
        let counts = [[-10.0, 3.0], [-10.0, 1.0], [-20.0, 9.0], [-5.0, 0.0]];
        assert_eq!(shortlist(&counts, 2), [2, 1]);
        assert_eq!(shortlist(&counts, 9).len(), 4);
        assert!(shortlist(&counts, 0).is_empty());
    }
}
