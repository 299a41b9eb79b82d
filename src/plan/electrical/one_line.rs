//! The plan's own one-line as a load-flow case: one substation with the buildings behind it.

use super::Ground;
use super::facts::{StageFacts, is_system};
use super::row_bus::dealt;
use crate::catalog::profile::StageKind;
use crate::layout::grid::share_of;
use crate::plan::result::{BranchResult, BusResult, LoadFlow, OutageResult};
use crate::power::one_line::{
    Bank, Behind, Building, Campus, ComplexPower, LARGEST_SUBSTATION, VOLTAGE_BAND, feeder_rating, load,
};
use crate::power::ratings::CapacitorBanks;
use crate::power::{Redundancy, Reserve, StageDesign, StageFlow};
use crate::units::{Meters, Share, VoltAmperes, Watts};
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
pub(super) fn unit_power_factor(ground: &Ground<'_>) -> f64 {
    let Loads { behind, transformers, .. } = loads(ground);
    if behind.re <= 0.0 {
        return 1.0;
    }
    let impedance = transformers.and_then(|stage| stage.facts.impedance).map_or(0.0, |impedance| impedance.0);
    let lowest = 1.0 - VOLTAGE_BAND;
    let tangent = (behind.im + impedance * behind.norm() / (lowest * lowest)) / behind.re;
    1.0 / (1.01 * (1.0 + tangent * tangent).sqrt())
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
    let asked = ground.fields.grid.power_factor.0;
    let (impedance, more, lost) =
        stage_of(ground, StageKind::MainTransformer).map_or((0.0, 0.0, 0.0), |main| {
            let impedance = main.facts.impedance.map_or(0.0, |impedance| impedance.0);
            (impedance, impedance * (1.0 - main.flow.load_fraction), main.flow.curve.at(1.0))
        });
    let at_grid = (1.0 - asked * asked).max(0.0).sqrt() / asked;
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

/// Load of each building of one substation: its halls as the floor deals them, network rooms where they lie.
///
/// Substations are alike, so a building between two of them is cut. Beyond [`MOST_BUILDINGS`] neighbours share a bus.
fn halls(ground: &Ground<'_>, substations: u32) -> Vec<f64> {
    let mut buildings: Vec<f64> = ground.layout.heat_of_buildings.iter().map(|heat| heat.0).collect();
    let most = MOST_BUILDINGS as usize;
    let each = buildings.len().div_ceil(substations as usize);
    if substations > 1 {
        let all: f64 = buildings.iter().sum();
        buildings = vec![all / f64::from(substations) / each as f64; each];
    }
    let together = buildings.len().div_ceil(most).max(1);
    buildings.chunks(together).map(|chunk| chunk.iter().sum()).collect()
}

/// Lengths of the feeders of the buildings of one substation: the means of neighbours that share a bus, and of buildings
/// as far from theirs at other substations.
fn distances(ground: &Ground<'_>, substations: u32, buildings: usize) -> Vec<Meters> {
    let mut all = ground.layout.site.feeders(substations);
    if substations > 1 {
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    (0..buildings)
        .map(|at| {
            let (from, to) = share_of(all.len() as u64, at as u64, buildings as u64);
            let near = &all[from as usize..to as usize];
            near.iter().copied().sum::<Meters>() / near.len().max(1) as f64
        })
        .collect()
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

/// The campus of one substation, and how many substations there are.
fn campus(ground: &Ground<'_>) -> Option<(Campus, u64)> {
    let (grid, service) = (&ground.fields.grid, &ground.place.service);
    if ground.design.it.0 <= 0.0 {
        return None;
    }
    let loads = loads(ground);
    let substations = substations(ground);
    let site = 1.0 / f64::from(substations);
    let halls = halls(ground, substations);
    let of_substation: f64 = halls.iter().sum();
    let factor = unit_power_factor(ground);
    let cooled = ground.fields.electrical.plant_power_factor.0;
    let ups = ups_block(ground);
    let places = distances(ground, substations, halls.len()).into_iter().zip(&halls);
    let buildings = places.enumerate().map(|(place, (distance, halls))| {
        let part = site * halls / of_substation;
        Building {
            name: format!("building {}", place + 1),
            behind: loads.behind * part,
            at_campus: loads.at_campus * part,
            distance,
            units: loads.transformers.and_then(|stage| stage.bank(stage.count_for(part), factor)),
            plant: loads
                .plant
                .and_then(|(plant, stage)| Some((plant * part, stage.bank(stage.count_for(part), cooled)?))),
            ups,
        }
    });
    let campus = Campus {
        short_circuit: service.short_circuit,
        main: main_bank(ground),
        voltage: service.campus_voltage,
        behind: loads.what,
        feeder_current: grid.feeder_current,
        power_factor: grid.power_factor,
        sections: sections(ground),
        ratings: Arc::clone(&ground.place.electrical.ratings),
        buildings: buildings.collect(),
    };
    Some((campus, u64::from(substations)))
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
    let of = alone.map(|stage| OutageResult {
        name: format!("one {}, nothing takes over", block_of(stage)),
        loading: 0.0,
        stands: 1.0,
        lowest,
        dark: stage.flow.output / f64::from(stage.flow.modules.max(1)),
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

/// Feeders of a campus times its substations.
fn feeders(campus: &Campus, substations: u64) -> Feeders {
    let mut all = Feeders::default();
    for building in &campus.buildings {
        let count = u64::from(campus.feeders(building)) * substations;
        all.count += count;
        all.length += building.distance * count as f64;
    }
    all
}

/// What feeders lose of what they give at full load; nothing where the one-line has no solution.
pub(super) fn feeder_loss(ground: &Ground<'_>) -> Share {
    let Some((campus, substations)) = campus(ground) else { return Share(0.0) };
    let given = stage_of(ground, StageKind::Feeders).map_or(Watts(0.0), |stage| stage.flow.output);
    match campus.feeder_loss() {
        Ok(lost) if given.0 > 0.0 => Share(lost * substations as f64 / given),
        _ => Share(0.0),
    }
}

/// Transformers of the plant's switchboards alone, whole in each building; none where they hang on those of the racks.
pub(super) fn plant_transformers(ground: &Ground<'_>) -> u64 {
    bought(ground).map_or(0, |flow| flow.plant_transformers)
}

/// The one-line as it is bought, before anything flows: voltages, feeders and transformers.
pub(super) fn bought(ground: &Ground<'_>) -> Option<LoadFlow> {
    let (campus, substations) = campus(ground)?;
    Some(unsolved(&campus, substations))
}

fn unsolved(campus: &Campus, substations: u64) -> LoadFlow {
    let feeders = feeders(campus, substations);
    let count = |of: fn(&Building) -> Option<Bank>| {
        substations * campus.buildings.iter().filter_map(of).map(|bank| u64::from(bank.count)).sum::<u64>()
    };
    let of_buildings = count(|building| building.units);
    let beside = count(|building| building.plant.map(|(_, bank)| bank));
    LoadFlow {
        substations,
        voltage: campus.voltage,
        feeders: feeders.count,
        feeder_length: feeders.length,
        feeder_rating: feeder_rating(campus.voltage, campus.feeder_current),
        unit_substations: if campus.behind == Behind::Halls { of_buildings } else { 0 },
        plant_transformers: if campus.behind == Behind::Plant { of_buildings } else { beside },
        ..LoadFlow::default()
    }
}

/// Solves the one-line of the plan; none where nothing stands.
pub(super) fn load_flow(ground: &Ground<'_>) -> Option<LoadFlow> {
    let (campus, substations) = campus(ground)?;
    let mut result = unsolved(&campus, substations);
    let provisioning = &ground.fields.provisioning;
    match campus.flow(provisioning.idle) {
        Ok(flow) => {
            let scale = substations as f64;
            result.delivered = Watts(flow.delivered.re * scale);
            result.loss = flow.branches.iter().map(|branch| branch.loss).sum::<Watts>() * scale;
            result.feeder_loss = flow
                .branches
                .iter()
                .filter(|branch| branch.name.starts_with("feeders"))
                .map(|branch| branch.loss)
                .sum::<Watts>()
                * scale;
            result.power_factor = flow.power_factor;
            let banks = flow.capacitors;
            result.capacitors = CapacitorBanks { count: banks.count * substations as u32, ..banks };
            result.tap = flow.tap;
            (result.lowest, result.highest) = (flow.lowest, flow.highest);
            result.buses = flow
                .buses
                .into_iter()
                .map(|bus| BusResult { name: bus.name, voltage: bus.voltage })
                .collect();
            result.branches = flow
                .branches
                .into_iter()
                .map(|branch| BranchResult {
                    name: branch.name,
                    count: u64::from(branch.count),
                    idle: u64::from(branch.idle),
                    power: branch.power,
                    loss: branch.loss,
                    loading: branch.loading,
                })
                .collect();
            result.outages = flow
                .outages
                .into_iter()
                .map(|outage| OutageResult {
                    stands: if outage.name.contains("UPS") { TRANSFORMERS_STAND } else { 1.0 },
                    name: outage.name,
                    loading: outage.loading,
                    lowest: outage.lowest,
                    dark: Watts(0.0),
                })
                .collect();
            result.outages.extend(systems_out(ground, result.lowest));
            result.outages.extend(dark(ground, result.lowest));
            result.outages.extend(plant_on_one_side(ground, result.lowest));
        }
        Err(error) => {
            result.carries = campus.carries();
            result.shortfall = Some(error.to_string());
        }
    }
    Some(result)
}
