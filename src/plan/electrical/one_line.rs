//! The plan's own one-line as a load-flow case: each substation with the buildings behind it.
//!
//! Substations have like equipment, for the fullest of them; whole buildings hang on each, so they are not loaded alike.

use super::Ground;
use super::facts::{StageFacts, is_system};
use super::row_bus::dealt;
use crate::catalog::profile::StageKind;
use crate::plan::result::{BranchResult, BusResult, LoadFlow, OutageResult};
use crate::power::load_flow::LoadFlowError;
use crate::power::one_line::{
    Bank, Behind, BranchLoad, Building, BusVoltage, Campus, CampusFlow, ComplexPower, LARGEST_SUBSTATION,
    VOLTAGE_BAND, feeder_rating, load,
};
use crate::power::ratings::CapacitorBanks;
use crate::power::{Redundancy, Reserve, StageDesign, StageFlow};
use crate::units::text::brief;
use crate::units::{Meters, Share, Vars, VoltAmperes, Watts};
use std::sync::Arc;

/// Buildings of one substation that are looked at one by one; beyond that, neighbours share a bus.
const MOST_BUILDINGS: u32 = 16;

/// Feeders of all substations: how many, and how long they are together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Feeders {
    pub count: u64,
    pub length: Meters,
}

/// A stage of the path or of the plant with what is known of it and what flows.
#[derive(Clone, Copy)]
struct Staged<'a> {
    facts: &'a StageFacts,
    design: &'a StageDesign,
    flow: &'a StageFlow,
}

impl Staged<'_> {
    /// Apparent rating of one: as sold, or for the power factor that it sees before one is chosen.
    fn module(&self, factor: f64) -> VoltAmperes {
        let module = self.flow.installed / f64::from(self.flow.modules.max(1));
        self.design.sold.map_or(VoltAmperes(module.0 / factor), |sold| sold.rating)
    }

    /// So many of its transformers in parallel, bought for the power factor that they see.
    fn bank(&self, count: u32, factor: f64) -> Option<Bank> {
        let impedance = self.facts.impedance?;
        let Reserve { needed, carrying, idle } = self.design.redundancy.reserve(count);
        Some(Bank {
            rating: self.module(factor) * f64::from(count),
            count,
            idle,
            needed,
            carrying,
            impedance,
            no_load: self.flow.curve.no_load,
            full_load: self.flow.curve.square,
        })
    }

    /// Whole transformers for a part of the load, each group with its own reserve.
    fn count_for(&self, part: f64) -> u32 {
        if part >= 1.0 - 1e-9 {
            return self.flow.modules;
        }
        // Voltages differ from building to building, and currents with them.
        let load = self.flow.output * (part * 1.005);
        let module = self.flow.installed / f64::from(self.flow.modules.max(1));
        let carrying = (load / module - 1e-9).ceil().max(1.0);
        self.design.redundancy.within(carrying).modules(load, module)
    }
}

/// The stages of the path, in its order.
fn path<'a>(ground: &'a Ground<'_>) -> impl Iterator<Item = Staged<'a>> {
    let known = ground.place.electrical.stages.iter().zip(&ground.place.stages).zip(ground.design.path());
    known.map(|((facts, design), flow)| Staged { facts, design, flow })
}

/// The stage of this kind on the path, where it carries anything.
fn stage_of<'a>(ground: &'a Ground<'_>, kind: StageKind) -> Option<Staged<'a>> {
    path(ground).find(|stage| stage.facts.kind == kind && stage.flow.output.0 > 0.0)
}

/// The transformers of the plant's switchboards alone.
fn plant_feed<'a>(ground: &'a Ground<'_>) -> Option<Staged<'a>> {
    let (place, design) = (ground.place, ground.design);
    let flow = design.to_plant.first().filter(|flow| flow.output.0 > 0.0)?;
    Some(Staged { facts: place.electrical.plant_feed.as_ref()?, design: place.plant_feed.as_ref()?, flow })
}

/// What hangs on the campus busbar of all substations.
struct Loads<'a> {
    /// Behind the buildings' transformers.
    behind: ComplexPower,
    /// At campus voltage: converters, and the plant where its transformers are no bank of their own.
    at_campus: ComplexPower,
    /// The buildings' transformers.
    transformers: Option<Staged<'a>>,
    what: Behind,
    /// Switchboards of the plant behind transformers of their own beside those.
    plant: Option<(ComplexPower, Staged<'a>)>,
}

impl Loads<'_> {
    fn all(&self) -> ComplexPower {
        self.behind + self.at_campus + self.plant.map_or(load(Watts(0.0), Share(1.0)), |(plant, _)| plant)
    }
}

/// The loads of the design hour behind the campus busbar.
///
/// Behind unit substations stand the halls, and the plant where it has no transformers of its own; converters take what
/// they lose with the load, so beside them the plant's transformers are those of the network.
fn loads<'a>(ground: &'a Ground<'_>) -> Loads<'a> {
    let (design, factors) = (ground.design, &ground.fields.electrical);
    let rack = |power: Watts| load(power, factors.rack_power_factor);
    let cooled = |power: Watts| load(power, factors.plant_power_factor);
    let plant = design.on_plant_boards();
    let own = plant_feed(ground);
    match (stage_of(ground, StageKind::UnitTransformer), own) {
        (Some(unit), _) if !unit.design.racks_only => Loads {
            behind: rack(unit.flow.output - plant) + cooled(plant),
            at_campus: cooled(Watts(0.0)),
            transformers: Some(unit),
            what: Behind::Halls,
            plant: None,
        },
        (Some(unit), own) => Loads {
            behind: rack(unit.flow.output),
            at_campus: cooled(if own.is_some() { Watts(0.0) } else { plant }),
            transformers: Some(unit),
            what: Behind::Halls,
            plant: own.map(|own| (cooled(plant), own)),
        },
        (None, own) => {
            let racks = design.to_racks.first().map_or(design.it - design.kept_racks, |flow| flow.input);
            Loads {
                behind: cooled(if own.is_some() { plant } else { Watts(0.0) }),
                at_campus: rack(racks) + cooled(if own.is_some() { Watts(0.0) } else { plant }),
                transformers: own,
                what: Behind::Plant,
                plant: None,
            }
        }
    }
}

/// Power factor that a building's transformers are bought for: that of their load, and what they take themselves at full
/// load and the lowest voltage that equipment is built for.
///
/// ~~~text
/// tan φ = tan φ_load + z/(cos φ_load·(1 − b)²),  f = cos φ/1.01
/// ~~~
///
/// z impedance, b voltage band [1]; a hundredth for what they lose.
fn behind_transformers(load: ComplexPower, stage: Option<Staged<'_>>) -> f64 {
    if load.re <= 0.0 {
        return 1.0;
    }
    let with = with_transformers(load, stage);
    let tangent = with.im / with.re;
    1.0 / (1.01 * (1.0 + tangent * tangent).sqrt())
}

/// A load with the reactive power that its transformers take at full load and the lowest voltage.
fn with_transformers(load: ComplexPower, stage: Option<Staged<'_>>) -> ComplexPower {
    let impedance = stage.and_then(|stage| stage.facts.impedance).map_or(0.0, |impedance| impedance.0);
    let lowest = 1.0 - VOLTAGE_BAND;
    load + ComplexPower::new(0.0, impedance * load.norm() / (lowest * lowest))
}

/// The same of the buildings' transformers.
pub(super) fn unit_power_factor(ground: &Ground<'_>) -> f64 {
    let Loads { behind, transformers, .. } = loads(ground);
    behind_transformers(behind, transformers)
}

/// The same of transformers of the plant alone.
pub(super) fn plant_power_factor(ground: &Ground<'_>) -> f64 {
    let plant = ground.design.on_plant_boards();
    behind_transformers(load(plant, ground.fields.electrical.plant_power_factor), plant_feed(ground))
}

/// Reactive over active power at the point of delivery: what loads and transformers take, or what the grid gives if that
/// is less, for capacitors bring it down to that.
///
/// ~~~text
/// tan φ = min( tan φ_asked, (Σ Q + z·|S|)/P )
/// ~~~
///
/// Q of the loads with the transformers of the buildings at full load [var] · z impedance of the main transformers [1], S
/// what they carry [VA]. An upper bound: losses, which only add to P, and the charging of feeders are left out.
fn tangent_at_grid(ground: &Ground<'_>) -> f64 {
    let asked = ground.fields.grid.power_factor.0;
    let asked = (1.0 - asked * asked).max(0.0).sqrt() / asked;
    let Loads { behind, at_campus, transformers, plant, .. } = loads(ground);
    let beside = plant.map_or(ComplexPower::new(0.0, 0.0), |(load, own)| with_transformers(load, Some(own)));
    let all = with_transformers(behind, transformers) + beside + at_campus;
    let main = stage_of(ground, StageKind::MainTransformer).and_then(|main| main.facts.impedance);
    let taken = all.im + main.map_or(0.0, |impedance| impedance.0) * all.norm();
    if all.re > 0.0 { asked.min(taken / all.re) } else { asked }
}

/// Power factor that main transformers are bought for: that of the point of delivery, and what the rest of them take
/// more themselves when one is out.
///
/// ~~~text
/// tan φ = max( tan φ_grid + z·(1 − u), z − tan φ_grid ),  f = cos φ/(1 + l)
/// ~~~
///
/// z impedance, u normal load of the bank, l lost at full load [1]. The second is the campus side, where what the bank itself
/// takes has to come from: it rules where next to none is asked of the grid.
pub(super) fn main_power_factor(ground: &Ground<'_>) -> f64 {
    let (impedance, more, lost) =
        stage_of(ground, StageKind::MainTransformer).map_or((0.0, 0.0, 0.0), |main| {
            let impedance = main.facts.impedance.map_or(0.0, |impedance| impedance.0);
            (impedance, impedance * (1.0 - main.flow.load_fraction), main.flow.curve.at(1.0))
        });
    let at_grid = tangent_at_grid(ground);
    let tangent = (at_grid + more).max(impedance - at_grid);
    // A hundredth for the steps of capacitors and taps.
    1.0 / (1.01 * (1.0 + lost) * (1.0 + tangent * tangent).sqrt())
}

/// Substations that the site hangs on.
pub(super) fn substations(ground: &Ground<'_>) -> u32 {
    stage_of(ground, StageKind::MainTransformer).map_or_else(
        || (loads(ground).all().norm() / LARGEST_SUBSTATION.0).ceil().max(1.0) as u32,
        |main| main.flow.sites,
    )
}

/// The main transformers of one substation; none where the grid's voltage goes on to the buildings.
pub(super) fn main_bank(ground: &Ground<'_>) -> Option<Bank> {
    let main = stage_of(ground, StageKind::MainTransformer)?;
    main.bank(main.flow.modules / main.flow.sites.max(1), main_power_factor(ground))
}

/// Sections of the campus busbar of one substation while its ties are open: one behind each transformer that carries,
/// or behind each circuit of the grid.
pub(super) fn sections(ground: &Ground<'_>) -> u32 {
    main_bank(ground).map_or(ground.fields.grid.circuits, |bank| bank.count - bank.idle).max(1)
}

/// Buildings that share a bus of the network.
struct Neighbours {
    /// What they are called.
    name: String,
    /// Part of the site's load that each has.
    parts: Vec<f64>,
    /// Mean length of their feeders.
    distance: Meters,
}

/// Buildings of each substation, the substation with the largest load first.
///
/// Where there are fewer buildings than substations each is cut alike, and substations have equal parts of it. Beyond
/// [`MOST_BUILDINGS`] neighbours share a bus.
fn substations_with_buildings(ground: &Ground<'_>, substations: u32) -> Vec<Vec<Neighbours>> {
    let (site, parts) = (&ground.layout.site, parts_of_buildings(ground));
    let lengths = site.feeders(substations);
    let of = |own: Vec<usize>, cut: f64| {
        let together = own.len().div_ceil(MOST_BUILDINGS as usize).max(1);
        let bus = |chunk: &[usize]| {
            let lengths = chunk.iter().filter_map(|at| lengths.get(*at).copied());
            let more = chunk.len() - 1;
            let more = if more > 0 { format!(" and {more} beside it") } else { String::new() };
            Neighbours {
                name: format!("building {}{more}", chunk[0] + 1),
                parts: chunk.iter().map(|at| parts.get(*at).copied().unwrap_or(0.0) / cut).collect(),
                distance: lengths.sum::<Meters>() / chunk.len() as f64,
            }
        };
        own.chunks(together).map(bus).collect::<Vec<_>>()
    };
    let mut dealt = site.dealt(substations);
    if dealt.is_empty() {
        let all = || (0..parts.len()).collect::<Vec<_>>();
        return (0..substations).map(|_| of(all(), f64::from(substations))).collect();
    }
    let load = |own: &Vec<usize>| own.iter().filter_map(|at| parts.get(*at)).sum::<f64>();
    dealt.sort_by(|a, b| load(b).total_cmp(&load(a)));
    dealt.into_iter().map(|own| of(own, 1.0)).collect()
}

/// Part of the site's load that the fullest of so many substations carries.
pub(super) fn fullest_part(ground: &Ground<'_>, substations: u32) -> f64 {
    let parts = parts_of_buildings(ground);
    let dealt = ground.layout.site.dealt(substations);
    let load = |own: &Vec<usize>| own.iter().filter_map(|at| parts.get(*at)).sum::<f64>();
    dealt.iter().map(load).fold(1.0 / f64::from(substations.max(1)), f64::max)
}

/// Main transformers of the site: as many at each substation as at the fullest.
pub(super) fn main_transformers(ground: &Ground<'_>) -> u64 {
    let Some(main) = stage_of(ground, StageKind::MainTransformer) else { return 0 };
    let load = main.flow.output * fullest_part(ground, main.flow.sites);
    let capacity = main.design.capacity();
    let carrying = main.design.carrying(load, capacity);
    u64::from(main.design.redundancy.within(carrying).modules(load, capacity)) * u64::from(main.flow.sites)
}

/// Load of one UPS block at the switchboards, and how many share it when it fails; none where no UPS stands.
fn ups_block(ground: &Ground<'_>) -> Option<(ComplexPower, u32)> {
    let ups = stage_of(ground, StageKind::Ups)?;
    let redundancy = ups.design.redundancy;
    let Reserve { needed, idle, .. } = redundancy.reserve(ups.flow.modules);
    let block = ups.flow.input / f64::from(ups.flow.modules.saturating_sub(idle).max(1));
    // A catcher takes the whole block.
    let sharing = if idle > 0 { 1 } else { needed };
    Some((load(block, ground.fields.electrical.rack_power_factor), sharing))
}

/// The UPS of what must not stop, where it carries anything.
fn essential<'a>(ground: &'a Ground<'_>) -> Option<Staged<'a>> {
    let (place, design) = (ground.place, ground.design);
    let (facts, _) = place.electrical.essential.as_ref()?;
    Some(Staged { facts, design: place.essential.as_ref()?, flow: design.essential.as_ref()? })
}

/// Whole modules of a low-voltage stage: each building has its own groups, with their own reserve.
pub(super) fn in_buildings(ground: &Ground<'_>, kind: StageKind) -> u64 {
    let stage = if kind == StageKind::EssentialUps { essential(ground) } else { stage_of(ground, kind) };
    let Some(stage) = stage else { return 0 };
    parts_of_buildings(ground).into_iter().map(|part| u64::from(stage.count_for(part))).sum()
}

/// Part of the racks' power that each building of the site has.
pub(super) fn parts_of_buildings(ground: &Ground<'_>) -> Vec<f64> {
    let heats = &ground.layout.heat_of_buildings;
    let all: f64 = heats.iter().map(|heat| heat.0).sum();
    heats.iter().map(|heat| heat.0 / all.max(f64::MIN_POSITIVE)).collect()
}

/// The campus of each substation, that with the largest load first; none where nothing stands.
fn campuses(ground: &Ground<'_>) -> Vec<Campus> {
    let (grid, service) = (&ground.fields.grid, &ground.place.service);
    if ground.design.it.0 <= 0.0 {
        return Vec::new();
    }
    let loads = loads(ground);
    let (factor, of_plant) = (unit_power_factor(ground), plant_power_factor(ground));
    let ups = ups_block(ground);
    let bank = |stage: Staged<'_>, parts: &[f64], factor: f64| {
        stage.bank(parts.iter().map(|part| stage.count_for(*part)).sum(), factor)
    };
    let building = |own: Neighbours| {
        let part: f64 = own.parts.iter().sum();
        Building {
            name: own.name,
            behind: loads.behind * part,
            at_campus: loads.at_campus * part,
            distance: own.distance,
            alike: own.parts.len() as u32,
            units: loads.transformers.and_then(|stage| bank(stage, &own.parts, factor)),
            plant: loads
                .plant
                .and_then(|(plant, stage)| Some((plant * part, bank(stage, &own.parts, of_plant)?))),
            ups,
        }
    };
    let campus = |buildings: Vec<Neighbours>| Campus {
        short_circuit: service.short_circuit,
        main: main_bank(ground),
        voltage: service.campus_voltage,
        behind: loads.what,
        feeder_current: service.feeder_current,
        power_factor: grid.power_factor,
        sections: sections(ground),
        ratings: Arc::clone(&ground.place.electrical.ratings),
        buildings: buildings.into_iter().map(building).collect(),
    };
    substations_with_buildings(ground, substations(ground)).into_iter().map(campus).collect()
}

/// What UPS, rectifiers and converters stand while a partner is repaired: 110 % for an hour, in which racks can be capped
/// or shed (makers' tables, recalled).
const ELECTRONICS_STAND: f64 = 1.1;
/// What liquid-filled transformers stand for the hours of a UPS repair at little cost of life (IEEE C57.91, recalled).
const TRANSFORMERS_STAND: f64 = 1.05;

/// Systems of which one fails: what the topology loads its partners to, beyond what the network shows.
pub(super) fn systems_out(ground: &Ground<'_>, lowest: f64) -> Vec<OutageResult> {
    let systems = path(ground).filter(|stage| {
        is_system(stage.facts.kind)
            && stage.facts.kind != StageKind::UnitTransformer
            && stage.flow.output.0 > 0.0
    });
    let of = systems.filter_map(|stage| {
        let loading = stage.flow.one_out(stage.design.redundancy, dealt(ground, stage.facts.kind))?;
        let name = format!("one {}, those that take over", block_of(stage));
        Some(OutageResult { name, loading, stands: ELECTRONICS_STAND, lowest, dark: Watts(0.0) })
    });
    of.collect()
}

/// What liquid-filled transformers stand for the hours in which a switchboard of the plant is repaired, at some cost of
/// life; racks behind them can be capped meanwhile (IEEE C57.91, recalled).
const PLANT_STANDS: f64 = 1.2;

/// Modules that nothing takes over from: what is dark without one.
fn dark(ground: &Ground<'_>, lowest: f64) -> Vec<OutageResult> {
    let alone = path(ground).filter(|stage| {
        let feeds = is_system(stage.facts.kind) || stage.facts.kind == StageKind::Bus;
        feeds && stage.design.redundancy == Redundancy::N && stage.flow.output.0 > 0.0
    });
    // Racks kept going on the plant's boards do not hang on what feeds the racks alone.
    let racks = |stage: &Staged<'_>| {
        ground.design.it - if stage.design.racks_only { ground.design.kept_racks } else { Watts(0.0) }
    };
    let of = alone.map(|stage| OutageResult {
        name: format!("one {}, nothing takes over", block_of(stage)),
        loading: 0.0,
        stands: 1.0,
        lowest,
        dark: racks(&stage) / f64::from(stage.flow.modules.max(1)),
    });
    of.collect()
}

/// One switchboard of the plant is out, and its partner carries what hung on both.
fn plant_on_one_side(ground: &Ground<'_>, lowest: f64) -> Option<OutageResult> {
    let boards = super::schedule::plant_boards(ground)?;
    let name = "one switchboard of the plant, the transformer of its partner".into();
    let stands = if plant_feed(ground).is_some() { 1.0 } else { PLANT_STANDS };
    Some(OutageResult { name, loading: boards.alone, stands, lowest, dark: Watts(0.0) })
}

/// What one module of a stage is called.
fn block_of(stage: Staged<'_>) -> String {
    match stage.facts.kind {
        StageKind::Ups => "UPS block".into(),
        StageKind::UnitTransformer => "unit substation".into(),
        StageKind::Bus => "busway".into(),
        _ => stage.flow.name.replace('-', " "),
    }
}

/// Feeders of all substations.
fn feeders(campuses: &[Campus]) -> Feeders {
    let mut all = Feeders::default();
    for (campus, building) in campuses.iter().flat_map(|one| one.buildings.iter().map(move |of| (one, of))) {
        let count = u64::from(campus.feeders(building));
        all.count += count;
        all.length += building.distance * count as f64;
    }
    all
}

/// What feeders lose of what they give at full load; nothing where the one-line has no solution.
pub(super) fn feeder_loss(ground: &Ground<'_>) -> Share {
    let given = stage_of(ground, StageKind::Feeders).map_or(Watts(0.0), |stage| stage.flow.output);
    let lost: Result<Vec<Watts>, _> = campuses(ground).iter().map(Campus::feeder_loss).collect();
    match lost {
        Ok(lost) if given.0 > 0.0 => Share(lost.into_iter().sum::<Watts>() / given),
        _ => Share(0.0),
    }
}

/// Transformers of the plant's switchboards alone, whole in each building; none where they hang on those of the racks.
pub(super) fn plant_transformers(ground: &Ground<'_>) -> u64 {
    bought(ground).map_or(0, |flow| flow.plant_transformers)
}

/// The one-line as it is bought, before anything flows: voltages, feeders and transformers.
pub(super) fn bought(ground: &Ground<'_>) -> Option<LoadFlow> {
    unsolved(&campuses(ground))
}

fn unsolved(campuses: &[Campus]) -> Option<LoadFlow> {
    let campus = campuses.first()?;
    let feeders = feeders(campuses);
    let buildings = || campuses.iter().flat_map(|campus| &campus.buildings);
    let count = |of: fn(&Building) -> Option<Bank>| {
        buildings().filter_map(of).map(|bank| u64::from(bank.count)).sum::<u64>()
    };
    let of_buildings = count(|building| building.units);
    let beside = count(|building| building.plant.map(|(_, bank)| bank));
    Some(LoadFlow {
        substations: campuses.len() as u64,
        voltage: campus.voltage,
        feeders: feeders.count,
        feeder_length: feeders.length,
        feeder_rating: feeder_rating(campus.voltage, campus.feeder_current),
        unit_substations: if campus.behind == Behind::Halls { of_buildings } else { 0 },
        plant_transformers: if campus.behind == Behind::Plant { of_buildings } else { beside },
        ..LoadFlow::default()
    })
}

/// Solves the one-line of the plan; none where nothing stands.
pub(super) fn load_flow(ground: &Ground<'_>) -> Option<LoadFlow> {
    let campuses = campuses(ground);
    let mut result = unsolved(&campuses)?;
    let light = ground.fields.provisioning.idle;
    match solved(&campuses, light) {
        Ok(flows) => flows.into_iter().for_each(|flow| add(&mut result, flow)),
        Err((campus, error)) => {
            result.carries = campus.carries();
            let weak = weak_grid(campus.short_circuit, campus.grid_carries(), campus.load().re);
            result.shortfall = Some(weak.unwrap_or_else(|| error.to_string()));
            return Some(result);
        }
    }
    result.outages.extend(systems_out(ground, result.full.lowest));
    result.outages.extend(dark(ground, result.full.lowest));
    result.outages.extend(plant_on_one_side(ground, result.full.lowest));
    Some(result)
}

/// The one-line of every substation, with capacitor banks that are alike at all of them: those of the one that needs most.
fn solved(campuses: &[Campus], light: Share) -> Result<Vec<CampusFlow>, (&Campus, LoadFlowError)> {
    let with = |banks: Option<CapacitorBanks>| {
        let flow = |campus| Campus::flow(campus, light, banks).map_err(|error| (campus, error));
        campuses.iter().map(flow).collect::<Result<Vec<_>, _>>()
    };
    let Some(fullest) = campuses.first().filter(|_| campuses.len() > 1) else { return with(None) };
    let own = fullest.flow(light, None).map_err(|error| (fullest, error))?.capacitors;
    let flows = with(Some(own))?;
    let enough = |flow: &CampusFlow| flow.held && flow.power_factor.0 >= flow.needed_factor.0 * (1.0 - 1e-9);
    if flows.iter().all(enough) {
        return Ok(flows);
    }
    // Another one, on longer feeders, asks for more than the fullest.
    let power = |flow: &CampusFlow| flow.capacitors.each.0 * f64::from(flow.capacitors.count);
    let own = with(None)?.into_iter().max_by(|a, b| power(a).total_cmp(&power(b)));
    with(own.map(|flow| flow.capacitors))
}

/// Part of what a grid carries at most from which it is the grid that fails where nothing flows: losses, what transformers
/// take, and whole steps of capacitors and taps come on top of the load; an assumption.
const NEAR_THE_MOST: f64 = 0.9;

/// Why a grid carries no such load, whatever stands behind it; none where it may.
fn weak_grid(short_circuit: VoltAmperes, most: Watts, load: f64) -> Option<String> {
    (load > NEAR_THE_MOST * most.0).then(|| {
        format!(
            "a grid with {} of short circuit carries {} at most, a fifth below the nose of its voltage curve at a power factor of one, and this \
             substation asks {} before losses: a stronger point of delivery (`grid.short_circuit`), a higher \
             `grid.voltage`, which has one, or less behind it (`envelope.power`)",
            brief(short_circuit),
            brief(most),
            brief(Watts(load))
        )
    })
}

/// Adds the solved one-line of a substation: sums of all of them, and the details of the first, which is the fullest.
fn add(result: &mut LoadFlow, flow: CampusFlow) {
    let branch = |branch: BranchLoad| BranchResult {
        name: branch.name,
        count: u64::from(branch.count),
        idle: u64::from(branch.idle),
        power: branch.power,
        loss: branch.loss,
        loading: branch.loading,
    };
    let lost = |branches: &[BranchLoad], of: &str| {
        let own = branches.iter().filter(|branch| branch.name.starts_with(of));
        own.map(|branch| branch.loss).sum::<Watts>()
    };
    let first = result.branches.is_empty();
    result.loss += lost(&flow.branches, "");
    result.feeder_loss += lost(&flow.branches, "feeders");
    result.delivered += Watts(flow.delivered.re);
    result.reactive += Vars(flow.delivered.im);
    result.fullest = result.fullest.max(VoltAmperes(flow.delivered.norm()));
    let on = result.capacitors.on + flow.capacitors.on;
    let count = result.capacitors.count + flow.capacitors.count;
    result.capacitors = CapacitorBanks { count, on, ..flow.capacitors };
    let outages = flow.outages.into_iter().map(|outage| OutageResult {
        stands: if outage.name.contains("UPS") { TRANSFORMERS_STAND } else { 1.0 },
        name: outage.name,
        loading: outage.loading,
        lowest: outage.lowest,
        dark: Watts(0.0),
    });
    result.unsettled |= !flow.settled;
    if !first {
        result.others.extend(flow.branches.into_iter().map(branch));
        (result.full, result.idle) = (result.full.and(flow.full), result.idle.and(flow.idle));
        result.delivery = result.delivery.and(flow.delivery);
        result.busbar = result.busbar.and(flow.busbar);
        // The worst of them stands for all; a substation that misses what is asked of it is told.
        if flow.power_factor.0 - flow.needed_factor.0 < result.power_factor.0 - result.needed_factor.0 {
            (result.power_factor, result.needed_factor) = (flow.power_factor, flow.needed_factor);
        }
        for (worst, other) in result.outages.iter_mut().zip(outages) {
            if other.loading > worst.loading {
                *worst = other;
            }
        }
        return;
    }
    (result.power_factor, result.needed_factor) = (flow.power_factor, flow.needed_factor);
    (result.tap, result.full, result.idle) = (flow.tap, flow.full, flow.idle);
    (result.delivery, result.busbar) = (flow.delivery, flow.busbar);
    let bus = |bus: BusVoltage| BusResult { name: bus.name, voltage: bus.voltage };
    result.buses = flow.buses.into_iter().map(bus).collect();
    result.branches = flow.branches.into_iter().map(branch).collect();
    result.outages = outages.collect();
}
