//! The electrical side of a plan: supply, topologies, swings, the one-line and its equipment.

use super::document::{Block, Column, Section, Table, Unit, count};
use crate::plan::Plan;
use crate::plan::result::{
    Answer, DipLoad, Dynamics, Electrical, EngineSteps, Equipment, FaultLevels, LoadFlow, RackShelves, Ramp,
    Supply, SwingRow, Topology,
};
use crate::units::text::digits;
use serde_json::{Value, json};

const POWER: Unit = Unit::Metric("W");

/// An availability, with as many digits as it has nines.
fn nines(availability: f64) -> String {
    let places = (-(1.0 - availability).max(1e-9).log10()).ceil().max(1.0) as usize;
    format!("{:.*} %", places.clamp(2, 7), 100.0 * availability)
}

/// A voltage over nominal.
fn over_nominal(voltage: f64) -> String {
    format!("{voltage:.3}")
}

/// The sections of a plan's electrical side.
pub(super) fn sections(plan: &Plan) -> Vec<Section> {
    let electrical = &plan.electrical;
    vec![
        Section { heading: "How surely racks are fed and cooled".into(), blocks: supply(electrical) },
        Section {
            heading: "Power over seconds".into(),
            blocks: electrical
                .dynamics
                .as_ref()
                .map_or_else(Vec::new, |of| dynamics(of, rest_of(electrical))),
        },
        Section {
            heading: "One-line of the campus".into(),
            blocks: electrical
                .load_flow
                .as_ref()
                .map_or_else(Vec::new, |flow| load_flow(flow, electrical.faults.as_ref())),
        },
        Section { heading: "Electrical equipment".into(), blocks: schedule(&electrical.schedule) },
    ]
}

/// Who carries what stores do not while the site comes back.
fn rest_of(electrical: &Electrical) -> &'static str {
    let engines = electrical.schedule.iter().find(|line| line.name == "engines");
    match engines {
        Some(line) if line.basis.contains("all but the accelerator racks") => {
            "engines the plant and the racks beside the accelerators, whose own wait"
        }
        Some(_) => "engines the rest",
        None => "the rest waits",
    }
}

fn supply(electrical: &Electrical) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(supply) = &electrical.supply {
        blocks.push(Block::Table(path("from the grid to a rack", supply)));
        blocks.push(Block::Text(format!(
            "A rack is fed {} of the time: {} failures a year of {} each.",
            nines(supply.availability),
            digits(supply.failures_per_year),
            supply.mean_down_time
        )));
    }
    if let Some(cooled) = &electrical.cooled {
        blocks.push(Block::Table(path("from the grid to a rack's cooling", cooled)));
        let fed = electrical.supply.as_ref().map_or(1.0, |supply| supply.availability);
        blocks.push(Block::Text(format!(
            "Its heat is taken {} of the time, and it is fed and cooled {}: what both share, the grid, counts twice.",
            nines(cooled.availability),
            nines(fed * cooled.availability)
        )));
    }
    if !electrical.topologies.is_empty() {
        blocks.push(Block::Table(topologies(&electrical.topologies)));
        blocks.push(Block::Text(compared(&electrical.topologies)));
    }
    if !electrical.shelves.is_empty() {
        blocks.push(Block::Table(shelves(&electrical.shelves)));
    }
    let policy = &electrical.provisioning;
    if policy.oversubscription.0 > 1.0 + 1e-9 {
        blocks.push(Block::KeyValues(vec![
            ("compute racks at nameplate".into(), POWER.show(policy.nameplate.0)),
            ("set aside for them".into(), POWER.show(policy.provisioned.0)),
            ("work of that power over nameplate, compute-bound".into(), digits(policy.work_gain_compute.0)),
            ("the same, memory-bound".into(), digits(policy.work_gain_memory.0)),
            ("time that racks would ask for more".into(), Unit::Share.show(policy.exceeded.0)),
            ("work that capping then takes".into(), Unit::Share.show(policy.shed.0)),
        ]));
    }
    blocks
}

fn shelves(all: &[RackShelves]) -> Table {
    let share = |value: fn(&RackShelves) -> f64| all.iter().map(move |one| Some(value(one)));
    let spare = |one: &RackShelves| {
        if one.known { format!("N + {}", one.count.saturating_sub(one.needed)) } else { "assumed".into() }
    };
    Table::of(vec![
        Column::words(
            "shelves of a rack, or halves of its supplies",
            all.iter().map(|one| one.system.clone()),
        ),
        Column::counts("shelves", all.iter().map(|one| u64::from(one.count))),
        Column::values("rating of one", POWER, share(|one| one.rating.0)),
        Column::values("rack", POWER, share(|one| one.heat.0)),
        Column::words("doubled as", all.iter().map(spare)),
        Column::values("one feed lost: left", POWER, share(|one| one.one_side.0)),
        Column::values("held to", Unit::Share, share(|one| one.kept.0)),
        Column::values("compute-bound work kept", Unit::Share, share(|one| one.performance_compute.0)),
        Column::values("memory-bound work kept", Unit::Share, share(|one| one.performance_memory.0)),
    ])
}

fn path(what: &str, supply: &Supply) -> Table {
    let blocks = &supply.blocks;
    Table::of(vec![
        Column::words(what, blocks.iter().map(|block| block.name.clone())),
        Column::words("doubled as", blocks.iter().map(|block| block.arrangement.clone())),
        Column::numbers("up", blocks.iter().map(|block| nines(block.availability))),
        Column::numbers("failures a year", blocks.iter().map(|block| digits(block.failures_per_year))),
        Column::values(
            "minutes a year down",
            Unit::Plain(""),
            blocks.iter().map(|block| Some(block.down_time_per_year.0 / 60.0)),
        ),
    ])
}

/// Of which stages the topologies are.
fn compared(all: &[Topology]) -> String {
    let (stage, kept) = (&all[0].stage, all[0].kept.join(", "));
    let mut text = if kept.is_empty() {
        format!("Topologies of {stage}.")
    } else {
        format!(
            "Topologies of {stage} alone, before it {kept} as planned; the last column has all of them so, as \
             `electrical.redundancy` sets them."
        )
    };
    if all.iter().any(|one| one.modules == 0) {
        text.push_str(" The last row has neither UPS nor engines nor second paths.");
    }
    text
}

fn topologies(all: &[Topology]) -> Table {
    let minutes = |one: &Topology| one.down_time_per_year.map(|time| time.0 / 60.0);
    let all_so = |one: &Topology| one.all_so_down_time_per_year.map(|time| time.0 / 60.0);
    let mut columns = vec![
        Column::words("topology", all.iter().map(|one| one.name.clone())),
        Column::words("", all.iter().map(|one| if one.chosen { "planned" } else { "" })),
        Column::values(
            &format!("{} installed", all[0].stage),
            POWER,
            all.iter().map(|one| Some(one.installed.0)),
        ),
        Column::counts("modules", all.iter().map(|one| one.modules)),
        Column::values("load", Unit::Share, all.iter().map(|one| Some(one.normal_load.0))),
        Column::values("stranded", POWER, all.iter().map(|one| Some(one.stranded.0))),
        Column::values(
            "fullest survivor",
            Unit::Share,
            all.iter().map(|one| one.fullest_survivor.map(|load| load.0)),
        ),
        Column::values("loss", POWER, all.iter().map(|one| Some(one.loss.0))),
        Column::values("minutes a year down", Unit::Plain(""), all.iter().map(minutes)),
    ];
    if !all[0].kept.is_empty() {
        columns.push(Column::values("all systems so", Unit::Plain(""), all.iter().map(all_so)));
    }
    Table::of(columns)
}

fn dynamics(dynamics: &Dynamics, backed: &str) -> Vec<Block> {
    let rest = backed;
    let mut pairs = Vec::new();
    for run in &dynamics.runs {
        let mut text = format!("{} accelerators in {} racks", count(run.accelerators), count(run.racks));
        if let Some(pace) = run.pace {
            text = format!("{text}, {} steps a second", digits(pace.0));
        }
        pairs.push((format!("{} on {} in step", run.model, run.system), text));
    }
    if !dynamics.runs.is_empty() {
        let run = [dynamics.high, dynamics.low, dynamics.mean].map(|power| POWER.show(power.0)).join(", ");
        pairs.push(("burst, floor, mean".into(), run));
    }
    pairs.extend([
        ("all racks, heat".into(), POWER.show(dynamics.steady.0)),
        ("all racks, electrical design point at once".into(), POWER.show(dynamics.peak.0)),
        ("the site at the meter then".into(), POWER.show(dynamics.peak_at_meter.0)),
    ]);
    if let Some(pace) = dynamics.steady_from {
        let store = Unit::Metric("J").show(dynamics.rack_store.0);
        pairs.push(("steadied in the racks".into(), format!("from {} Hz up, with {store}", digits(pace.0))));
    }
    pairs.push(("all racks outlast a dip of".into(), dynamics.hold_up.to_string()));
    for ramp in &dynamics.ramps {
        pairs.push((
            format!("that run stops, as a ramp of {}", ramp.limit),
            format!(
                "{} in {}: {} to absorb",
                POWER.show(dynamics.stop.0),
                ramp.time,
                Unit::Metric("Wh").show(ramp.energy.0 / 3_600.0)
            ),
        ));
    }
    pairs.push((
        "leaves the grid at once in a dip".into(),
        format!(
            "{} of {} that it stands",
            POWER.show(dynamics.transfer.0),
            POWER.show(dynamics.loss_limit.0)
        ),
    ));
    for ramp in &dynamics.returns {
        let given = dynamics.stored.0.min(ramp.energy.0);
        let [asked, stored] = [ramp.energy.0, given].map(|e| Unit::Metric("Wh").show(e / 3_600.0));
        pairs.push((
            format!("comes back from its stores, as a ramp of {}", ramp.limit),
            format!("in {}: {asked} meanwhile, stores give {stored}, {rest}", ramp.time),
        ));
    }
    let rows = &dynamics.swings;
    let of = |value: fn(&SwingRow) -> f64| rows.iter().map(move |row| Some(value(row)));
    let table = Table::of(vec![
        Column::numbers("swings [Hz]", rows.iter().map(|row| digits(row.pace.0))),
        Column::values("at the accelerators", POWER, of(|row| row.at_racks.0)),
        Column::values("energy to steady it", Unit::Metric("J"), of(|row| row.energy.0)),
        Column::values("behind the racks", POWER, of(|row| row.behind_racks.0)),
        Column::values("at the grid", POWER, of(|row| row.at_grid.0)),
    ]);
    vec![Block::KeyValues(pairs), Block::Table(dip(dynamics)), Block::Table(table)]
}

/// What each sort of load does in a dip.
fn dip(dynamics: &Dynamics) -> Table {
    let of = &dynamics.dip;
    let time = |value: fn(&DipLoad) -> f64| of.iter().map(move |load| Some(value(load)));
    Table::of(vec![
        Column::words(
            &format!("in a dip of {}", dynamics.ride_through),
            of.iter().map(|load| load.name.clone()),
        ),
        Column::values("at the meter", POWER, of.iter().map(|load| Some(load.power.0))),
        Column::values("works down to, of nominal", Unit::Share, of.iter().map(|load| Some(load.works_at.0))),
        Column::words("below that", of.iter().map(|load| load.answer.name())),
        Column::values("outlasts [s]", Unit::Plain(""), time(|load| load.store.0)),
        Column::values(
            "back after [s]",
            Unit::Plain(""),
            of.iter().map(|load| Some(if load.answer == Answer::Drops { load.back.0 } else { 0.0 })),
        ),
    ])
}

fn load_flow(flow: &LoadFlow, faults: Option<&FaultLevels>) -> Vec<Block> {
    if let Some(reason) = &flow.shortfall {
        return vec![Block::Note(reason.clone())];
    }
    let mut pairs = vec![
        ("substations, of which the fullest is shown".into(), count(flow.substations)),
        (
            "power factor at the point of delivery".into(),
            format!(
                "{}{}",
                digits(flow.power_factor.0),
                if flow.reactive.0 < 0.0 { ", leading" } else { "" }
            ),
        ),
        ("capacitors for it".into(), Unit::Metric("var").show(flow.capacitors.at_work().0)),
        ("lost in transformers and feeders".into(), POWER.show(flow.loss.0)),
        ("of that in feeders".into(), POWER.show(flow.feeder_loss.0)),
        (
            "voltage in the halls over nominal, full load and idle".into(),
            format!("{} and {}", over_nominal(flow.full.lowest), over_nominal(flow.idle.highest)),
        ),
    ];
    if flow.branches.iter().any(|branch| branch.name == "main transformers") {
        pairs.push(("tap of the main transformers".into(), over_nominal(flow.tap)));
    }
    if let Some(faults) = faults {
        let amperes = |current: f64| Unit::Metric("A").show(current);
        let of = |grid: f64, engines: f64| {
            format!("{}, with engines beside it {}", amperes(grid), amperes(grid + engines))
        };
        let run = |open: bool| if open == faults.ties_open { "run so" } else { "not run so" };
        pairs.push(("sections of the campus busbar".into(), count(faults.sections)));
        pairs.push((
            format!("fault on it, ties open ({})", run(true)),
            of(faults.grid_open.0, faults.engines_open.0),
        ));
        pairs.push((
            format!("fault on it, ties closed ({})", run(false)),
            of(faults.grid_closed.0, faults.engines_closed.0),
        ));
        let class = faults.breaks.map_or_else(|| "none breaks it".into(), |class| amperes(class.0));
        pairs.push(("breakers for it".into(), class));
    }
    let branches = &flow.branches;
    let table = Table::of(vec![
        Column::words("branch", branches.iter().map(|branch| branch.name.clone())),
        Column::counts("parallel", branches.iter().map(|branch| branch.count - branch.idle)),
        Column::numbers("standing by", branches.iter().map(|branch| some(branch.idle))),
        Column::values("power", POWER, branches.iter().map(|branch| Some(branch.power.0))),
        Column::values("loss", POWER, branches.iter().map(|branch| Some(branch.loss.0))),
        Column::values("loading", Unit::Share, branches.iter().map(|branch| Some(branch.loading))),
    ]);
    let outages = &flow.outages;
    let out = Table::of(vec![
        Column::words("out of service", outages.iter().map(|outage| outage.name.clone())),
        Column::values("loading of the rest", Unit::Share, outages.iter().map(|outage| Some(outage.loading))),
        Column::values("it stands", Unit::Share, outages.iter().map(|outage| Some(outage.stands))),
        Column::values("dark", POWER, outages.iter().map(|outage| Some(outage.dark.0))),
        Column::numbers("lowest voltage", outages.iter().map(|outage| over_nominal(outage.lowest))),
    ]);
    vec![Block::KeyValues(pairs), Block::Table(table), Block::Table(out)]
}

/// A count, blank where there is none.
fn some(number: u64) -> String {
    if number > 0 { count(number) } else { String::new() }
}

/// The rating of a line of the schedule, with its unit.
pub(super) fn rating(line: &Equipment) -> String {
    let value = line.rating;
    match line.unit.as_str() {
        "J" => Unit::Metric("Wh").show(value / 3_600.0),
        "m3" => Unit::Many("L").show(value * 1_000.0),
        "W" => POWER.show(value),
        "VA" => Unit::Metric("VA").show(value),
        "var" => Unit::Metric("var").show(value),
        "A" => Unit::Metric("A").show(value),
        "m" => format!("DN {}", (1e3 * value).round()),
        "m3/s" => format!("{} L/s", digits(1e3 * value)),
        _ => digits(value),
    }
}

/// A schedule of equipment, electrical or mechanical.
pub(super) fn schedule(all: &[Equipment]) -> Vec<Block> {
    if all.is_empty() {
        return Vec::new();
    }
    let table = Table::of(vec![
        Column::words("equipment", all.iter().map(|item| item.name.clone())),
        Column::counts("count", all.iter().map(|item| item.count)),
        Column::numbers("rating", all.iter().map(rating)),
        Column::words("sized by", all.iter().map(|item| item.basis.clone())),
    ]);
    vec![Block::Table(table)]
}

/// Keys that stand under `power` in the JSON of a plan.
pub(super) fn json(electrical: &Electrical) -> [(&'static str, Value); 12] {
    [
        ("supply", electrical.supply.as_ref().map(supply_json).into()),
        ("cooled", electrical.cooled.as_ref().map(supply_json).into()),
        ("hall_voltage_v", electrical.hall_voltage.0.into()),
        ("switchboard_voltage_v", electrical.switchboard_voltage.0.into()),
        ("topologies", electrical.topologies.iter().map(topology_json).collect()),
        ("provisioning", provisioning_json(electrical)),
        ("dynamics", electrical.dynamics.as_ref().map(dynamics_json).into()),
        ("load_flow", electrical.load_flow.as_ref().map(load_flow_json).into()),
        ("engine_steps", electrical.engine_steps.as_ref().map(engine_steps_json).into()),
        ("shelves", electrical.shelves.iter().map(shelves_json).collect()),
        ("fault_levels", electrical.faults.as_ref().map(faults_json).into()),
        ("equipment", schedule_json(&electrical.schedule)),
    ]
}

/// The same as `equipment[]` of the JSON of a plan.
pub(super) fn schedule_json(all: &[Equipment]) -> Value {
    let line = |item: &Equipment| {
        json!({
            "name": item.name, "count": item.count, "rating": item.rating, "unit": item.unit,
            "basis": item.basis,
        })
    };
    all.iter().map(line).collect()
}

fn supply_json(supply: &Supply) -> Value {
    json!({
        "availability": supply.availability,
        "failures_per_year": supply.failures_per_year,
        "down_time_s_per_year": supply.down_time_per_year.0,
        "mean_down_time_s": supply.mean_down_time.0,
        "hold_up_s": supply.hold_up.0,
        "blocks": supply.blocks.iter().map(|block| json!({
            "name": block.name,
            "arrangement": block.arrangement,
            "availability": block.availability,
            "failures_per_year": block.failures_per_year,
            "down_time_s_per_year": block.down_time_per_year.0,
        })).collect::<Vec<_>>(),
    })
}

fn topology_json(one: &Topology) -> Value {
    json!({
        "name": one.name,
        "stage": one.stage,
        "chosen": one.chosen,
        "kept": one.kept,
        "installed_w": one.installed.0,
        "modules": one.modules,
        "load_fraction": one.normal_load.0,
        "stranded_w": one.stranded.0,
        "fullest_survivor": one.fullest_survivor.map(|load| load.0),
        "loss_w": one.loss.0,
        "availability": one.availability,
        "down_time_s_per_year": one.down_time_per_year.map(|time| time.0),
        "all_so_down_time_s_per_year": one.all_so_down_time_per_year.map(|time| time.0),
    })
}

fn provisioning_json(electrical: &Electrical) -> Value {
    let policy = &electrical.provisioning;
    json!({
        "nameplate_w": policy.nameplate.0,
        "provisioned_w": policy.provisioned.0,
        "oversubscription": policy.oversubscription.0,
        "performance_compute": policy.performance_compute.0,
        "performance_memory": policy.performance_memory.0,
        "work_gain_compute": policy.work_gain_compute.0,
        "work_gain_memory": policy.work_gain_memory.0,
        "exceeded": policy.exceeded.0,
        "shed": policy.shed.0,
    })
}

fn swing_json(row: &SwingRow) -> Value {
    json!({
        "pace_per_s": row.pace.0,
        "at_racks_w": row.at_racks.0,
        "energy_j": row.energy.0,
        "behind_racks_w": row.behind_racks.0,
        "at_grid_w": row.at_grid.0,
    })
}

fn dynamics_json(dynamics: &Dynamics) -> Value {
    let ramp = |ramp: &Ramp| json!({"limit_w_per_s": ramp.limit.0, "time_s": ramp.time.0, "energy_j": ramp.energy.0});
    json!({
        "run_accelerators": dynamics.run_accelerators,
        "run_racks": dynamics.run_racks,
        "steady_w": dynamics.steady.0,
        "edp_peak_w": dynamics.peak.0,
        "edp_peak_at_meter_w": dynamics.peak_at_meter.0,
        "burst_w": dynamics.high.0,
        "floor_w": dynamics.low.0,
        "mean_w": dynamics.mean.0,
        "rack_store_j": dynamics.rack_store.0,
        "steady_from_per_s": dynamics.steady_from.map(|pace| pace.0),
        "pace_per_s": dynamics.pace.map(|pace| pace.0),
        "at_pace": dynamics.at_pace.as_ref().map(swing_json),
        "swings": dynamics.swings.iter().map(swing_json).collect::<Vec<_>>(),
        "runs": dynamics.runs.iter().map(|run| json!({
            "model": run.model,
            "system": run.system,
            "accelerators": run.accelerators,
            "racks": run.racks,
            "height_w": run.height.0,
            "pace_per_s": run.pace.map(|pace| pace.0),
            "steady_from_per_s": run.steady_from.map(|pace| pace.0),
            "at_pace": run.at_pace.as_ref().map(swing_json),
        })).collect::<Vec<_>>(),
        "stop_w": dynamics.stop.0,
        "ramps": dynamics.ramps.iter().map(ramp).collect::<Vec<_>>(),
        "transfer_w": dynamics.transfer.0,
        "loss_limit_w": dynamics.loss_limit.0,
        "returns": dynamics.returns.iter().map(ramp).collect::<Vec<_>>(),
        "stored_j": dynamics.stored.0,
        "battery_w": dynamics.battery_power.0,
        "battery_j": dynamics.battery_energy.0,
        "hold_up_s": dynamics.hold_up.0,
        "dip": dynamics.dip.iter().map(|load| json!({
            "name": load.name,
            "power_w": load.power.0,
            "works_at": load.works_at.0,
            "store_s": load.store.0,
            "back_s": load.back.0,
            "answer": load.answer.name(),
        })).collect::<Vec<_>>(),
        "ride_through_s": dynamics.ride_through.0,
    })
}

fn shelves_json(shelves: &RackShelves) -> Value {
    json!({
        "system": shelves.system,
        "known": shelves.known,
        "count": shelves.count,
        "rating_w": shelves.rating.0,
        "needed": shelves.needed,
        "rack_w": shelves.heat.0,
        "one_side_w": shelves.one_side.0,
        "kept": shelves.kept.0,
        "performance_compute": shelves.performance_compute.0,
        "performance_memory": shelves.performance_memory.0,
    })
}

fn engine_steps_json(steps: &EngineSteps) -> Value {
    json!({
        "sets": steps.sets,
        "steps": steps.steps,
        "each_w": steps.each.0,
        "limit_w": steps.limit.0,
        "pause_s": steps.pause.0,
        "plant_until_s": steps.plant_until.0,
        "until_s": steps.until.0,
    })
}

fn faults_json(faults: &FaultLevels) -> Value {
    json!({
        "voltage_v": faults.voltage.0,
        "ties_open": faults.ties_open,
        "sections": faults.sections,
        "at_grid_a": faults.at_grid.0,
        "grid_breaks_a": faults.grid_breaks.map(|rating| rating.0),
        "low_voltage_a": faults.low_voltage.map(|fault| fault.0),
        "low_voltage_breaks_a": faults.low_voltage_breaks.map(|rating| rating.0),
        "grid_open_a": faults.grid_open.0,
        "engines_open_a": faults.engines_open.0,
        "grid_closed_a": faults.grid_closed.0,
        "engines_closed_a": faults.engines_closed.0,
        "run_a": faults.run.0,
        "breaks_a": faults.breaks.map(|class| class.0),
    })
}

fn load_flow_json(flow: &LoadFlow) -> Value {
    json!({
        "converged": flow.shortfall.is_none(),
        "reason": flow.shortfall,
        "carries": flow.shortfall.as_ref().map(|_| flow.carries.0),
        "substations": flow.substations,
        "voltage_v": flow.voltage.0,
        "feeders": flow.feeders,
        "feeder_length_m": flow.feeder_length.0,
        "unit_substations": flow.unit_substations,
        "plant_transformers": flow.plant_transformers,
        "feeder_rating_va": flow.feeder_rating.0,
        "delivered_w": flow.delivered.0,
        "loss_w": flow.loss.0,
        "feeder_loss_w": flow.feeder_loss.0,
        "settled": !flow.unsettled,
        "reactive_var": flow.reactive.0,
        "apparent_fullest_substation_va": flow.fullest.0,
        "power_factor": flow.power_factor.0,
        "power_factor_needed": flow.needed_factor.0,
        "capacitors_va": flow.capacitors.at_work().0,
        "capacitors_var": flow.capacitors.at_work().0,
        "capacitor_banks": flow.capacitors.count,
        "capacitor_bank_var": flow.capacitors.each.0,
        "capacitor_steps": flow.capacitors.all_steps(),
        "capacitor_steps_at_work": flow.capacitors.on,
        "tap": flow.tap,
        "lowest_voltage": flow.full.lowest,
        "highest_voltage": flow.idle.highest,
        "highest_voltage_full_load": flow.full.highest,
        "lowest_voltage_idle": flow.idle.lowest,
        "voltage_delivery": [flow.delivery.lowest, flow.delivery.highest],
        "voltage_campus_busbar": [flow.busbar.lowest, flow.busbar.highest],
        "buses": flow.buses.iter()
            .map(|bus| json!({"name": bus.name, "voltage": bus.voltage})).collect::<Vec<_>>(),
        "branches": flow.branches.iter().map(|branch| json!({
            "name": branch.name, "count": branch.count, "standing_by": branch.idle, "power_w": branch.power.0, "loss_w": branch.loss.0,
            "loading": branch.loading,
        })).collect::<Vec<_>>(),
        "outages": flow.outages.iter().map(|outage| json!({
            "name": outage.name, "loading": outage.loading, "stands": outage.stands,
            "lowest_voltage": outage.lowest, "dark_w": outage.dark.0,
        })).collect::<Vec<_>>(),
    })
}
