//! The chain and its fixed point: from an envelope to whole racks, and what they do.
//!
//! ~~~text
//! scenario ─► equipment ─► sizing ─► layout ─► workloads ─► money ─► verdicts, ledger
//! ~~~
//!
//! [`plan`] runs it once, in `f64`, in milliseconds, and touches no device.

mod beside;
mod bill;
mod border;
pub mod coolant;
mod dry_air;
pub mod electrical;
pub mod equipment;
mod fabric;
mod fronts;
mod ledger;
mod links;
mod mechanical;
mod messages;
mod money;
mod range;
pub mod result;
pub mod runs;
pub mod sizing;
mod standing;
mod verdict;
pub mod workloads;

pub use result::Plan;

use crate::catalog::profile::{Kept, StageKind};
use crate::catalog::{Catalog, InputError};
use crate::power::PowerEnvelope;
use crate::scenario::{Fields, Scenario};
use crate::units::{Joules, Ratio, Share, Watts};
use equipment::{Equipment, Machine, Place};
use result::{Fleet, Power, Racks, Stage, SystemFleet};
use sizing::{Draw, FacilityHour, Unbuildable};
use standing::{Draft, Standing};

/// Seed of the synthesised year when nobody asks for another.
pub const DEFAULT_SEED: u64 = 1;

/// What a run may be told besides the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Seed of the synthesised year and of sampling.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: DEFAULT_SEED }
    }
}

/// Plans: what the envelope of a scenario buys.
pub fn plan(scenario: &Scenario, catalog: &Catalog, options: Options) -> Result<Plan, InputError> {
    let mut equipment = Equipment::gather(scenario, catalog)?;
    let fields = &scenario.fields;
    settle_pumps(scenario, &equipment.place, &mut equipment.machines)?;
    let lost = feeder_loss(scenario, &equipment.place, &equipment.machines)?;
    equipment.place = equipment.place.with_feeder_loss(lost);

    let draws = draws(scenario, &equipment.place, &equipment.machines)?;
    let loads: Vec<(&Machine, &Draw)> = equipment.machines.iter().zip(&draws).collect();
    let design = sizing::design_hour(&equipment.place, &loads);
    let (mut draft, year) = rayon::join(
        || standing::draft(fields, &equipment.place, &loads, &design),
        || equipment.place.year(options.seed),
    );
    let (mut standing, design) = stand(fields, &mut equipment.place, &loads, &design, (&mut draft, lost));
    // Buildings, rows and racks take whole ones, a few more than the load asks for: all that follows counts those.
    let place = &equipment.place;
    let whole = electrical::whole(&drafted(fields, place, &loads, &design, &standing.layout), standing.racks);
    equipment.place = equipment.place.with_whole(&whole, &design);
    let place = &equipment.place;
    let design = sizing::design_hour(place, &loads);
    // Whole ones lose otherwise than drafted, which may move a unit substation or two.
    let yards = electrical::yards(&drafted(fields, place, &loads, &design, &standing.layout));
    if yards != standing.layout.yards {
        standing = draft.stand(fields, yards, design.meter).unwrap_or(standing);
    }
    let energy = sizing::year(place, &loads, &design, sizing::duty(&loads), &year);

    let mut power = power(scenario, place, &design, &energy);
    let fleet = fleet(&loads, standing.racks);
    let facility_per_it = if energy.it_j > 0.0 { energy.meter_j / energy.it_j } else { 1.0 };
    let networks = std::mem::take(&mut standing.networks);
    // What none of the others waits for runs beside them.
    let (fabric, (cooling, worked)) = rayon::join(
        || fabric::fabric(scenario, &loads, networks, &standing.layout, options.seed),
        || {
            let around = (facility_per_it, standing.layout.fibre);
            rayon::join(
                || coolant::cooling(fields, place, &loads, &design, (&year, &energy), &standing),
                || workloads::run(scenario, &equipment, &draws, around, options.seed),
            )
        },
    );
    let (fabric, (mut serving, mut training)) = (fabric?, worked?);
    let economics =
        money::economics(scenario, &equipment, &draws, &design, &energy, &standing.layout, &mut serving);
    runs::bill(&mut training, &power, &economics, &fleet);
    let (electrical, uncertainty) = rayon::join(
        || {
            electrical::electrical(&electrical::Ground {
                fields,
                place,
                loads: &loads,
                design: &design,
                layout: &standing.layout,
                racks: standing.racks,
                training: &training,
            })
        },
        || range::ranges(scenario, &equipment, &economics, &serving, options.seed),
    );
    whole_in_buildings(&mut power, place, &electrical);
    let verdicts = verdict::verdicts(&verdict::Evidence {
        fields,
        place,
        loads: &loads,
        design: &design,
        layout: &standing.layout,
        floor_load: standing.floor_load,
        busway: standing.busway,
        coolant: &cooling.coolant,
        serving: &serving,
        training: &training,
        electrical: &electrical,
    });
    equipment.taken.extend(messages::assumptions());
    let assumptions = ledger::assumptions(std::mem::take(&mut equipment.taken));
    let mut resolved = scenario.resolved.clone();
    for (path, value, origin) in &equipment.filled {
        resolved.fill(path, value, origin.clone());
    }
    let mut plan = Plan {
        scenario: resolved,
        power,
        electrical,
        cooling,
        fleet,
        layout: standing.layout,
        fabric,
        serving,
        training,
        economics,
        uncertainty,
        verdicts,
        assumptions,
        ledger: result::Ledger::default(),
        bill: Vec::new(),
        pue_hours: energy.pue_hours,
    };
    plan.bill = bill::bill(&plan, &equipment, &draws, &design);
    plan.ledger = ledger::ledger(&plan, &equipment);
    Ok(plan)
}

/// Equips the place for a drafted floor, and stands the floor: the design hour goes with what is bought.
///
/// Where racks stand elsewhere than drafted, what counts on the draft is counted again.
fn stand(
    fields: &Fields,
    place: &mut Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    (draft, lost): (&mut Draft<'_>, Share),
) -> (Standing, FacilityHour) {
    let unsold = place.clone();
    loop {
        // Modules are bought in sizes, once it is known what they carry.
        let sold = electrical::with_sold(&drafted(fields, &unsold, loads, design, &draft.outline));
        let hour = sizing::design_hour(&sold, loads);
        // Network racks stand where their cables are shortest now, not all in one building, which is what feeders lose
        // most by.
        let spread = electrical::feeder_loss(&drafted(fields, &sold, loads, &hour, &draft.outline));
        // What busways lose is behind the unit substations, whose number it moves: they come first.
        let main = electrical::main_transformers(&drafted(fields, &sold, loads, &hour, &draft.outline));
        let whole = [(StageKind::Bus, draft.busways), main];
        *place = sold.with_feeder_loss(spread.min(lost)).with_whole(&whole, &hour);
        let hour = sizing::design_hour(place, loads);
        let yards = electrical::yards(&drafted(fields, place, loads, &hour, &draft.outline));
        match draft.stand(fields, yards, hour.meter) {
            Some(standing) => return (standing, hour),
            None => draft.trace(&unsold),
        }
    }
}

/// What the electrical side rests on before racks stand and runs are known.
fn drafted<'a>(
    fields: &'a Fields,
    place: &'a Place,
    loads: &'a [(&'a Machine, &'a Draw)],
    design: &'a FacilityHour,
    layout: &'a result::Layout,
) -> electrical::Ground<'a> {
    electrical::Ground { fields, place, loads, design, layout, racks: Racks::default(), training: &[] }
}

/// The draws of all systems, each in its slice of the envelope.
pub(crate) fn draws(
    scenario: &Scenario,
    place: &Place,
    machines: &[Machine],
) -> Result<Vec<Draw>, InputError> {
    let refused = |error: Unbuildable| scenario.error(error.field, error.to_string());
    let all: Result<Vec<_>, _> =
        machines.iter().map(|machine| sizing::fill(&scenario.fields, place, machine)).collect();
    let mut all = all.map_err(refused)?;
    if machines.len() > 1 {
        sizing::trim(&scenario.fields, place, machines, &mut all).map_err(refused)?;
    }
    Ok(all)
}

/// What the coolant pumps of each system take, from the network of its halls.
pub(crate) fn settle_pumps(
    scenario: &Scenario,
    place: &Place,
    machines: &mut [Machine],
) -> Result<(), InputError> {
    coolant::settle_pumps(&scenario.fields, place, machines)
        .map_err(|error| scenario.error(error.field, error.to_string()))
}

/// What feeders lose over what they carry, from the one-line of what fits without that loss, and again with it.
pub(crate) fn feeder_loss(
    scenario: &Scenario,
    place: &Place,
    machines: &[Machine],
) -> Result<Share, InputError> {
    const ROUNDS: usize = 2;
    let (mut place, mut lost) = (place.clone(), Share(0.0));
    place = place.with_feeder_loss(lost);
    for _ in 0..ROUNDS {
        let draws = draws(scenario, &place, machines)?;
        let loads: Vec<(&Machine, &Draw)> = machines.iter().zip(&draws).collect();
        let design = sizing::design_hour(&place, &loads);
        let outline = standing::outline(&scenario.fields, &place, &loads, &design);
        lost = electrical::feeder_loss(&electrical::Ground {
            fields: &scenario.fields,
            place: &place,
            loads: &loads,
            design: &design,
            layout: &outline.layout,
            racks: outline.racks,
            training: &[],
        });
        place = place.with_feeder_loss(lost);
    }
    Ok(lost)
}

fn power(scenario: &Scenario, place: &Place, design: &FacilityHour, energy: &sizing::FacilityYear) -> Power {
    let said = &scenario.fields.envelope;
    let envelope = PowerEnvelope { power: said.power, measured_at: said.measured_at.into() };
    let stages = design
        .path()
        .zip(place.stages.iter().zip(&place.electrical.stages))
        .map(|(flow, (designed, known))| Stage {
            name: flow.name.clone(),
            kind: known.kind,
            redundancy: designed.redundancy,
            racks_only: designed.racks_only,
            input: flow.input,
            output: flow.output,
            loss: flow.loss,
            efficiency: Share(flow.efficiency),
            load_fraction: Share(flow.load_fraction),
            installed: flow.installed,
            modules: u64::from(flow.modules),
        })
        .collect();
    let mut overheads = vec![
        ("heat rejection fans".to_owned(), design.plant.fans),
        ("pumps".to_owned(), design.plant.pumps),
        ("chillers".to_owned(), design.plant.compressors),
        ("air handlers".to_owned(), design.plant.air_handlers),
        ("lights, offices, controls".to_owned(), design.house),
    ];
    let keeps = place.electrical.essential.as_ref().map(|(_, keeps)| match keeps {
        Kept::PumpsAndControls => "UPS of pumps and controls",
        Kept::PumpsControlsAndSupport => "UPS of pumps, controls and support racks",
    });
    overheads.extend(design.essential.iter().zip(keeps).map(|(ups, name)| (name.to_owned(), ups.loss)));
    overheads.extend(design.to_plant.iter().map(|flow| (format!("{} loss", flow.name), flow.loss)));
    let it_kwh = energy.it_j / 3.6e6;
    Power {
        envelope: envelope.power,
        measured_at: envelope.measured_at,
        facility_peak: design.meter,
        facility_mean: Watts(energy.meter_j / crate::scalar::SECONDS_PER_YEAR),
        it_provisioned: design.it,
        kept_racks: design.kept_racks,
        it_mean: Watts(energy.it_j / crate::scalar::SECONDS_PER_YEAR),
        peak_ratio: Ratio(if design.it.0 > 0.0 { design.meter / design.it } else { 0.0 }),
        pue_annual: Ratio(if energy.it_j > 0.0 { energy.meter_j / energy.it_j } else { 0.0 }),
        wue_l_per_kwh: if it_kwh > 0.0 { 1e3 * energy.water_m3 / it_kwh } else { 0.0 },
        stranded: envelope.left(design.meter, design.it).max(Watts(0.0)),
        annual_energy: Joules(energy.meter_j),
        stages,
        overheads,
        chiller_hours: energy.chiller_hours,
        carbon_kg_per_year: energy.meter_j * place.carbon.0,
    }
}

/// Counts unit substations and feeders whole in each building, which the chain does not know, and loads them and the main
/// transformers as the load flow does: by apparent power.
fn whole_in_buildings(power: &mut Power, place: &Place, electrical: &result::Electrical) {
    let Some(flow) = &electrical.load_flow else { return };
    let kinds = place.electrical.stages.iter().map(|stage| stage.kind);
    for (stage, kind) in power.stages.iter_mut().zip(kinds).filter(|(stage, _)| stage.modules > 0) {
        let (branch, counted) = match kind {
            StageKind::MainTransformer => ("main transformers", stage.modules),
            StageKind::UnitTransformer => ("unit substations", flow.unit_substations),
            StageKind::Feeders => ("feeders", flow.feeders),
            _ => continue,
        };
        if counted > 0 {
            stage.installed = stage.installed * (counted as f64 / stage.modules as f64);
            stage.modules = counted;
        }
        if let Some(loading) = flow.loading(branch) {
            // What they carry at the power factor that they have.
            let idle =
                u64::from(stage.redundancy.reserve(u32::try_from(stage.modules).unwrap_or(u32::MAX)).idle);
            let idle = if kind == StageKind::MainTransformer { idle } else { 0 };
            stage.load_fraction = Share(loading);
            let carrying = stage.modules.saturating_sub(idle).max(1) as f64 / stage.modules as f64;
            stage.installed = stage.output / (loading * carrying);
        }
    }
}

fn fleet(loads: &[(&Machine, &Draw)], racks: Racks) -> Fleet {
    let accelerators = loads.iter().map(|(_, draw)| draw.accelerators).sum();
    let out_of_service = |(machine, draw): &(&Machine, &Draw)| {
        let idle = 1.0 - machine.system.reliability.availability.value.0;
        (draw.accelerators as f64 * idle).ceil() as u64
    };
    Fleet {
        accelerators,
        cpus: loads.iter().map(|(machine, draw)| draw.racks * u64::from(machine.system.rack.cpus)).sum(),
        scalable_units: loads.iter().map(|(machine, draw)| machine.unit.units_for(draw.racks)).sum(),
        spares: loads.iter().map(out_of_service).sum(),
        systems: loads
            .iter()
            .map(|(machine, draw)| SystemFleet {
                id: machine.id.clone(),
                name: machine.system.name.clone(),
                accelerators: draw.accelerators,
                racks: draw.racks,
                accelerators_per_rack: machine.system.rack.accelerators,
                rack_heat: machine.compute_bound.rack,
                rack_peak: machine.rack.peak,
                rack_feed: machine.rack.feed,
                support: draw.support,
                support_said: machine.unit_support * (draw.racks as f64 / machine.unit_racks as f64),
                support_counted: draw.counted,
                it_per_accelerator: if draw.accelerators > 0 {
                    draw.it() / draw.accelerators as f64
                } else {
                    Watts(0.0)
                },
            })
            .collect(),
        racks,
    }
}
