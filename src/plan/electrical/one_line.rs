//! The plan's own one-line as a load-flow case: one substation with the buildings behind it.

use super::Ground;
use crate::catalog::profile::StageKind;
use crate::layout::grid::share_of;
use crate::plan::result::{BranchResult, BusResult, LoadFlow, OutageResult};
use crate::power::StageFlow;
use crate::power::one_line::{
    Bank, Building, Campus, ComplexPower, LARGEST_SUBSTATION, VOLTAGE_BAND, feeder_rating, load,
};
use crate::units::{Meters, VoltAmperes, Watts};

/// Buildings of one substation that are looked at one by one; beyond that, neighbours share a bus.
const MOST_BUILDINGS: u32 = 16;

/// Feeders of all substations: how many, and how long they are together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Feeders {
    pub count: u64,
    pub length: Meters,
}

/// A flow of a stage of this kind, with its place in the chain.
fn stage_of(ground: &Ground<'_>, kinds: &[StageKind]) -> Option<(usize, StageFlow)> {
    let facts = &ground.place.electrical.stages;
    let at = facts.iter().position(|stage| kinds.contains(&stage.kind))?;
    let flow = ground.design.yard.iter().chain(&ground.design.indoors).nth(at)?;
    (flow.output.0 > 0.0).then(|| (at, flow.clone()))
}

/// Like transformers of a stage, bought for the power factor that they see.
fn bank(ground: &Ground<'_>, at: usize, flow: &StageFlow, count: u32, factor: f64) -> Option<Bank> {
    let impedance = ground.place.electrical.stages[at].impedance?;
    let module = flow.installed / f64::from(flow.modules.max(1));
    Some(Bank {
        rating: VoltAmperes(module.0 * f64::from(count) / factor),
        count,
        impedance,
        // The losses of the chain are those of the rated power, which is less than the apparent power.
        no_load: flow.curve.no_load * factor,
        full_load: flow.curve.square * factor,
    })
}

/// What hangs on the campus busbar.
struct Loads {
    /// Behind unit substations or converters.
    halls: ComplexPower,
    /// At campus voltage.
    plant: ComplexPower,
}

/// The loads of the design hour behind the campus busbar.
fn loads(ground: &Ground<'_>) -> Loads {
    let (design, factors) = (ground.design, &ground.fields.electrical);
    let main = stage_of(ground, &[StageKind::MainTransformer]);
    let unit = stage_of(ground, &[StageKind::UnitTransformer]);
    let converter = stage_of(ground, &[StageKind::SolidStateTransformer]);
    let campus = main.map_or(design.meter, |(_, flow)| flow.output);
    // A converter takes what it loses with the load; the losses of transformers and feeders are the network's own.
    let campus = campus - design.feeders;
    let (behind, through) = match (unit, converter) {
        (Some((_, flow)), _) => (flow.output - design.feeders, flow.input - design.feeders),
        (None, Some((_, flow))) => (flow.input - design.feeders, flow.input - design.feeders),
        (None, None) => (campus, campus),
    };
    let direct = (campus - through).max(Watts(0.0));
    // The plant hangs on the unit substations where they carry it.
    let all = design.plant.power() + design.house;
    let plant = if direct.0 > 1e-9 * campus.0 { Watts(0.0) } else { all.min(behind) };
    Loads {
        halls: load(behind - plant, factors.rack_power_factor) + load(plant, factors.plant_power_factor),
        plant: load(direct, factors.plant_power_factor),
    }
}

/// Whether coolers and house loads hang on the campus busbar rather than behind unit substations or converters.
pub(super) fn plant_at_campus_voltage(ground: &Ground<'_>) -> bool {
    loads(ground).plant.norm() > 0.0
}

/// Power factor that unit substations are bought for: that of the halls, and what the transformers take themselves at
/// full load and the lowest voltage that equipment is built for.
///
/// ~~~text
/// tan φ = tan φ_halls + z/(cos φ_halls·(1 − b)²)
/// ~~~
///
/// z impedance, b voltage band [1].
pub(super) fn unit_power_factor(ground: &Ground<'_>) -> f64 {
    let halls = loads(ground).halls;
    if halls.re <= 0.0 {
        return 1.0;
    }
    let impedance = stage_of(ground, &[StageKind::UnitTransformer])
        .and_then(|(at, _)| ground.place.electrical.stages[at].impedance)
        .map_or(0.0, |impedance| impedance.0);
    let lowest = 1.0 - VOLTAGE_BAND;
    let tangent = (halls.im + impedance * halls.norm() / (lowest * lowest)) / halls.re;
    1.0 / (1.0 + tangent * tangent).sqrt()
}

/// Power factor that main transformers are bought for: that of the point of delivery, and what the rest of them take
/// more themselves when one is out.
///
/// ~~~text
/// tan φ = tan φ_grid + z·(1 − u),  f = cos φ/(1 + l)
/// ~~~
///
/// z impedance, u normal load of the bank, l lost at full load [1].
pub(super) fn main_power_factor(ground: &Ground<'_>) -> f64 {
    let asked = ground.fields.grid.power_factor.0;
    let main = stage_of(ground, &[StageKind::MainTransformer]);
    let (more, lost) = main.map_or((0.0, 0.0), |(at, flow)| {
        let impedance = ground.place.electrical.stages[at].impedance.map_or(0.0, |impedance| impedance.0);
        (impedance * (1.0 - flow.load_fraction), flow.curve.at(1.0))
    });
    let tangent = (1.0 - asked * asked).max(0.0).sqrt() / asked + more;
    // A hundredth for the steps of capacitors and taps.
    1.0 / (1.01 * (1.0 + lost) * (1.0 + tangent * tangent).sqrt())
}

/// Substations that the site hangs on.
fn substations(ground: &Ground<'_>) -> u32 {
    stage_of(ground, &[StageKind::MainTransformer]).map_or_else(
        || {
            let loads = loads(ground);
            ((loads.halls + loads.plant).norm() / LARGEST_SUBSTATION.0).ceil().max(1.0) as u32
        },
        |(_, flow)| flow.sites,
    )
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

/// Whole unit substations for a part of their load, each group with its own reserve.
fn units_for(ground: &Ground<'_>, at: usize, flow: &StageFlow, part: f64) -> u32 {
    // Voltages differ from building to building, and currents with them.
    let load = flow.output * (part * 1.004);
    let module = flow.installed / f64::from(flow.modules.max(1));
    let carrying = (load / module - 1e-9).ceil().max(1.0);
    ground.place.stages[at].redundancy.within(carrying).modules(load, module)
}

/// The campus of one substation, and how many substations there are.
fn campus(ground: &Ground<'_>) -> Option<(Campus, u64)> {
    let grid = &ground.fields.grid;
    if ground.design.it.0 <= 0.0 {
        return None;
    }
    let loads = loads(ground);
    let substations = substations(ground);
    let site = 1.0 / f64::from(substations);
    let halls = halls(ground, substations);
    let of_substation: f64 = halls.iter().sum();
    let unit = stage_of(ground, &[StageKind::UnitTransformer]);
    let factor = unit_power_factor(ground);
    let places = distances(ground, substations, halls.len()).into_iter().zip(&halls);
    let buildings = places.enumerate().map(|(place, (distance, halls))| {
        let part = site * halls / of_substation;
        Building {
            name: format!("building {}", place + 1),
            halls: loads.halls * part,
            plant: loads.plant * part,
            distance,
            units: unit
                .as_ref()
                .and_then(|(at, flow)| bank(ground, *at, flow, units_for(ground, *at, flow, part), factor)),
        }
    });
    let main = stage_of(ground, &[StageKind::MainTransformer]).and_then(|(at, flow)| {
        bank(ground, at, &flow, flow.modules / flow.sites.max(1), main_power_factor(ground))
    });
    let campus = Campus {
        short_circuit: grid.short_circuit,
        main,
        voltage: grid.campus_voltage,
        feeder_current: grid.feeder_current,
        power_factor: grid.power_factor,
        buildings: buildings.collect(),
    };
    Some((campus, u64::from(substations)))
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

/// What the one-line takes from the grid beyond the chain, over what the feeders carry; nothing where it has no solution.
///
/// That is the loss of the feeders, and what the voltages of the network change in that of its transformers. A
/// twentieth is added, so that the sum at the meter is not exceeded by the rounding of taps, and a hundred-thousandth
/// of all that is carried, for buildings that stand a little further once their yards are counted.
pub(super) fn beyond_chain(ground: &Ground<'_>) -> f64 {
    const SPARE: f64 = 1.05;
    const FURTHER: f64 = 1e-5;
    let Some((campus, substations)) = campus(ground) else { return 0.0 };
    let design = ground.design;
    let carried = design.yard.last().map_or(design.meter, |flow| flow.output) - design.feeders;
    match campus.delivered() {
        Ok(delivered) => {
            let own = delivered.re * substations as f64 - (design.meter.0 - design.feeders.0);
            (SPARE * own / carried.0 + FURTHER).max(0.0)
        }
        Err(_) => 0.0,
    }
}

/// Solves the one-line of the plan; none where nothing stands.
pub(super) fn load_flow(ground: &Ground<'_>) -> Option<LoadFlow> {
    let (campus, substations) = campus(ground)?;
    let feeders = feeders(&campus, substations);
    let mut result = LoadFlow {
        substations,
        voltage: campus.voltage,
        feeders: feeders.count,
        feeder_length: feeders.length,
        feeder_rating: feeder_rating(campus.voltage, campus.feeder_current),
        unit_substations: substations
            * campus
                .buildings
                .iter()
                .filter_map(|b| b.units)
                .map(|units| u64::from(units.count))
                .sum::<u64>(),
        ..LoadFlow::default()
    };
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
            result.capacitors = flow.capacitors * scale;
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
                    power: branch.power,
                    loss: branch.loss,
                    loading: branch.loading,
                })
                .collect();
            result.outages = flow
                .outages
                .into_iter()
                .map(|outage| OutageResult {
                    name: outage.name,
                    loading: outage.loading,
                    lowest: outage.lowest,
                })
                .collect();
        }
        Err(error) => {
            result.carries = campus.carries();
            result.shortfall = Some(error.to_string());
        }
    }
    Some(result)
}
