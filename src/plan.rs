//! The chain and its fixed point: from an envelope to whole racks, and what they do.
//!
//! ~~~text
//! scenario ─► equipment ─► sizing ─► layout ─► workloads ─► money ─► verdicts, ledger
//! ~~~
//!
//! [`plan`] runs it once, in `f64`, in milliseconds, and touches no device.

mod bill;
pub mod equipment;
mod ledger;
mod money;
mod range;
pub mod result;
mod runs;
pub mod sizing;
mod standing;
mod verdict;
pub mod workloads;

pub use result::Plan;

use crate::catalog::{Catalog, InputError};
use crate::cooling::Year;
use crate::power::PowerEnvelope;
use crate::scenario::Scenario;
use crate::units::{Joules, Ratio, Share, Watts};
use equipment::{Equipment, Machine};
use result::{Fabric, Fleet, Power, Racks, ScaleOut, ScaleUp, Stage, SystemFleet};
use sizing::{Draw, FacilityHour};

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
    let place = &equipment.place;

    let mut draws = Vec::new();
    for machine in &equipment.machines {
        draws.push(fill(scenario, place, machine)?);
    }
    let loads: Vec<(&Machine, &Draw)> = equipment.machines.iter().zip(&draws).collect();
    let design = sizing::design_hour(place, &loads);
    let year = Year::synthesize(&place.climate, options.seed);
    let duty = fields.provisioning.duty_factor.0;
    let energy = sizing::year(place, &loads, &design, duty, &year);

    let power = power(scenario, place, &design, &energy);
    let standing = standing::stand(fields, place, &loads, &design);
    let fleet = fleet(&loads, standing.racks);
    let fabric = fabric(&loads);
    let facility_per_it = if energy.it_j > 0.0 { energy.meter_j / energy.it_j } else { 1.0 };
    let (mut serving, mut training) =
        workloads::run(scenario, &equipment, &draws, facility_per_it, options.seed)?;
    let economics =
        money::economics(scenario, &equipment, &draws, &design, &energy, &standing.layout, &mut serving);
    runs::bill(&mut training, &power, &economics, &fleet);
    let verdicts = verdict::verdicts(&verdict::Evidence {
        fields,
        place,
        loads: &loads,
        design: &design,
        layout: &standing.layout,
        floor_load: standing.floor_load,
        row_power: standing.row_power,
        serving: &serving,
        training: &training,
    });
    let uncertainty = range::ranges(scenario, &equipment, &economics, &serving, options.seed);
    let assumptions = ledger::assumptions(std::mem::take(&mut equipment.taken));
    let mut resolved = scenario.resolved.clone();
    for (path, value, file) in &equipment.filled {
        resolved.fill(path, value, crate::scenario::Origin::Catalog(file.clone()));
    }
    let mut plan = Plan {
        scenario: resolved,
        power,
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

/// Fills a system's slice of the envelope.
fn fill(scenario: &Scenario, place: &equipment::Place, machine: &Machine) -> Result<Draw, InputError> {
    let fields = &scenario.fields;
    let racks = sizing::racks_that_fit(
        place,
        machine,
        &fields.fabric,
        PowerEnvelope {
            power: fields.envelope.power * machine.share.0,
            measured_at: fields.envelope.measured_at.into(),
        },
        fields.provisioning.granularity,
    );
    racks
        .and_then(|racks| sizing::draw(machine, racks, &fields.fabric))
        .map_err(|error| scenario.error("fabric.switch", error.to_string()))
}

fn power(
    scenario: &Scenario,
    place: &equipment::Place,
    design: &FacilityHour,
    energy: &sizing::FacilityYear,
) -> Power {
    let said = &scenario.fields.envelope;
    let envelope = PowerEnvelope { power: said.power, measured_at: said.measured_at.into() };
    let stages = design
        .yard
        .iter()
        .chain(&design.indoors)
        .map(|flow| Stage {
            name: flow.name.clone(),
            input: flow.input,
            output: flow.output,
            loss: flow.loss,
            efficiency: Share(flow.efficiency),
            load_fraction: Share(flow.load_fraction),
            installed: flow.installed,
            modules: u64::from(flow.modules),
        })
        .collect();
    let overheads = vec![
        ("heat rejection fans".to_owned(), design.plant.fans),
        ("pumps".to_owned(), design.plant.pumps),
        ("chillers".to_owned(), design.plant.compressors),
        ("air handlers".to_owned(), design.plant.air_handlers),
        ("lights, offices, controls".to_owned(), design.house),
    ];
    let it_kwh = energy.it_j / 3.6e6;
    Power {
        envelope: envelope.power,
        measured_at: envelope.measured_at,
        facility_peak: design.meter,
        facility_mean: Watts(energy.meter_j / crate::scalar::SECONDS_PER_YEAR),
        it_provisioned: design.it,
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
                rack_heat: machine.compute_bound.power,
                rack_peak: machine.rack.peak,
                rack_feed: machine.rack.feed,
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

fn fabric(loads: &[(&Machine, &Draw)]) -> Fabric {
    let scale_up = loads.first().map_or(
        ScaleUp { domain_accelerators: 0, bandwidth_per_accelerator: crate::units::ByteRate(0.0) },
        |(machine, _)| ScaleUp {
            domain_accelerators: u64::from(machine.system.scale_up.domain),
            bandwidth_per_accelerator: machine.scale_up_bandwidth,
        },
    );
    let scale_out = loads
        .iter()
        .filter(|(_, draw)| draw.racks > 0)
        .map(|(machine, draw)| {
            let tree = &draw.fabric;
            ScaleOut {
                system: machine.id.clone(),
                topology: tree.topology().to_owned(),
                tiers: tree.tiers,
                planes: tree.planes,
                oversubscription: Ratio(tree.oversubscription),
                islands: tree.islands,
                switch: machine.network.switch.name.clone(),
                leaf: tree.leaf,
                spine: tree.spine,
                core: tree.core,
                host_leaf: tree.host_leaf,
                leaf_spine: tree.leaf_spine,
                spine_core: tree.spine_core,
                transceivers: tree.transceivers(machine.network.switch.co_packaged_optics),
                power: draw.network,
                injection_per_accelerator: tree.injection,
                bisection: tree.bisection,
            }
        })
        .collect();
    Fabric { scale_up, scale_out }
}
