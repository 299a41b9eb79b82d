//! A plan as JSON: schema `gigawatt.plan/1`, SI base units with the unit in the key, absent is null.

use super::csv;
use crate::layout::RackKind;
use crate::plan::Plan;
use crate::plan::result::{
    CduGroup, CollectiveTime, CoolantLoop, Cooling, Economics, Fabric, GroupFlow, Layout, OpticsChoice,
    Parallelism, RoutedTraffic, RunFailures, ScaleOut, Serving, StepLayout, SupportNetwork, TorusShape,
    Training, Verdict,
};
use crate::power::MeasuredAt;
use serde_json::{Map, Value, json};

/// JSON as text: indented, with a newline at the end.
#[must_use]
pub fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A whole plan.
#[must_use]
pub fn plan(plan: &Plan) -> Value {
    json!({
        "schema": "gigawatt.plan/1",
        "scenario": scenario(plan),
        "power": power(plan),
        "cooling": cooling(&plan.cooling),
        "fleet": fleet(plan),
        "layout": layout(&plan.layout),
        "fabric": fabric(&plan.fabric),
        "throughput": {
            "serving": plan.serving.iter().map(serving).collect::<Vec<_>>(),
            "training": plan.training.iter().map(training).collect::<Vec<_>>(),
        },
        "economics": economics(&plan.economics),
        "uncertainty": plan.uncertainty.iter().map(|range| {
            (range.key.clone(), json!({"p5": range.p5, "p50": range.p50, "p95": range.p95}))
        }).collect::<Map<_, _>>(),
        "verdicts": plan.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "assumptions": plan.assumptions.iter().map(|assumption| json!({
            "field": assumption.field,
            "value": assumption.value,
            "range": assumption.range,
            "source": assumption.source,
            "confidence": assumption.confidence.word(),
            "note": assumption.note,
        })).collect::<Vec<_>>(),
    })
}

fn scenario(plan: &Plan) -> Value {
    let mut fields = match &plan.scenario.fields {
        Value::Object(fields) => fields.clone(),
        _ => Map::new(),
    };
    let origins: Map<String, Value> = plan
        .scenario
        .origins
        .iter()
        .map(|(field, origin)| (field.clone(), Value::String(origin.to_string())))
        .collect();
    fields.insert("origins".into(), Value::Object(origins));
    Value::Object(fields)
}

/// The word for where an envelope is measured, as scenarios write it.
#[must_use]
pub fn measured_at(at: MeasuredAt) -> &'static str {
    match at {
        MeasuredAt::Utility => "utility",
        MeasuredAt::CriticalIt => "critical-it",
    }
}

fn power(plan: &Plan) -> Value {
    let power = &plan.power;
    let mut fields = json!({
        "envelope_w": power.envelope.0,
        "measured_at": measured_at(power.measured_at),
        "facility_peak_w": power.facility_peak.0,
        "facility_mean_w": power.facility_mean.0,
        "it_provisioned_w": power.it_provisioned.0,
        "kept_racks_w": power.kept_racks.0,
        "it_mean_w": power.it_mean.0,
        "pue_peak": known(power.peak_ratio.0),
        "pue_annual": known(power.pue_annual.0),
        "wue_l_per_kwh": power.wue_l_per_kwh,
        "stranded_w": power.stranded.0,
        "annual_energy_j": power.annual_energy.0,
        "chiller_hours": power.chiller_hours,
        "carbon_kg_per_year": power.carbon_kg_per_year,
        "stages": power.stages.iter().map(|stage| json!({
            "name": stage.name,
            "input_w": stage.input.0,
            "output_w": stage.output.0,
            "loss_w": stage.loss.0,
            "efficiency": stage.efficiency.0,
            "load_fraction": stage.load_fraction.0,
            "installed_w": stage.installed.0,
            "modules": stage.modules,
        })).collect::<Vec<_>>(),
        "overheads": power.overheads.iter()
            .map(|(name, watts)| json!({"name": name, "input_w": watts.0})).collect::<Vec<_>>(),
    });
    for (key, value) in super::electrical::json(&plan.electrical) {
        fields[key] = value;
    }
    fields
}

fn cooling(cooling: &Cooling) -> Value {
    json!({
        "design": cooling.design,
        "design_hour": {
            "dry_bulb_c": cooling.design_dry_bulb.0,
            "wet_bulb_c": cooling.design_wet_bulb.0,
            "mode": cooling.design_mode,
            "chilled_w": cooling.chilled.0,
            "on_chillers": cooling.on_chillers.iter().map(|(name, share)| json!({"loop": name, "share": share.0})).collect::<Vec<_>>(),
            "air_density_share": cooling.air_density.0,
        },
        "other_hour": {
            "dry_bulb_c": cooling.other_hour.0.0,
            "wet_bulb_c": cooling.other_hour.1.0,
            "chilled_w": cooling.other_hour.2.0,
        },
        "chillers_w": cooling.chillers.0,
        "installed_rejection_w": cooling.installed_rejection.0,
        "equipment": super::electrical::schedule_json(&cooling.schedule),
        "coolant": cooling.coolant.iter().map(coolant).collect::<Vec<_>>(),
        "dry_air": cooling.dry_air.map(|dry| json!({
            "dew_point_limit_c": dry.limit.dew_point.0,
            "humidity_limit_share": dry.limit.humidity.0,
            "hours": dry.hours,
            "lowest_humidity_share": dry.lowest_humidity.0,
            "moistening_m3_per_s": dry.most.0,
            "moistening_m3_per_year": dry.of_year.0,
        })),
        "trim_hours": cooling.trim_hours,
        "wet_hours": cooling.wet_hours,
        "peak_of_year_w": cooling.peak_of_year.0,
        "design_water_m3_per_s": cooling.design_water.0,
        "water_m3_per_year": cooling.water.0,
        "evaporated_m3_per_year": cooling.evaporated.0,
        "drift_m3_per_year": cooling.drift.0,
        "blown_down_m3_per_year": cooling.blown_down.0,
        "recoverable_heat_j_per_year": cooling.warm_water.0,
        "recoverable_heat_heating_season_j_per_year": cooling.heating_season.0,
        "recoverable_heat_c": cooling.warm_water_at.map(|at| at.0),
    })
}

/// The units of a hall's largest group, all running and with the worst one out.
fn cdu_group(group: &CduGroup) -> Value {
    let state = |flow: &GroupFlow| {
        json!({
            "running": flow.running,
            "pump_speed": flow.speed,
            "worst_rack_m3_per_s": flow.worst_rack.0,
            "head_pa": flow.head.0,
            "hydraulic_w": flow.hydraulic.0,
            "load": flow.load.0,
            "approach_k": flow.approach.0,
        })
    };
    let flows = group.flows.as_ref().ok();
    json!({
        "units": group.units,
        "capacity_w": group.capacity.0,
        "approach_k": group.approach.0,
        "rows": group.rows,
        "racks": group.racks,
        "header_nominal_diameter_m": flows.map(|flows| f64::from(flows.nominal_diameter) / 1e3),
        "all_running": flows.map(|flows| state(&flows.all)),
        "one_out": flows.and_then(|flows| flows.one_out.as_ref().map(state)),
    })
}

fn coolant(coolant: &CoolantLoop) -> Value {
    let row = coolant.row.as_ref().ok();
    json!({
        "system": coolant.system,
        "supply_c": coolant.supply.0,
        "return_c": coolant.leaving.0,
        "rack_flow_m3_per_s": coolant.rack_flow.0,
        "cdus": {"duty": coolant.cdus[0], "spare": coolant.cdus[1]},
        "row": {
            "racks": coolant.racks_of_row,
            "nominal_diameter_mm": row.map(|row| row.nominal_diameter),
            "nominal_diameter_m": row.map(|row| f64::from(row.nominal_diameter) / 1e3),
            "velocity_m_per_s": row.map(|row| row.velocity_m_per_s),
            "flow_m3_per_s": row.map(|row| row.flow.0),
            "worst_rack_m3_per_s": row.map(|row| row.worst_rack.0),
            "best_rack_m3_per_s": row.map(|row| row.best_rack.0),
            "head_pa": row.map(|row| row.head.0),
            "pump_power_w": row.map(|row| row.hydraulic.0 / coolant.pump_efficiency),
        },
        "rated_head_pa": coolant.rated_head.0,
        "pump_share": coolant.pump_share.0,
        "pump_basis": if coolant.pumps_are_solved { "solved-network" } else { "catalogue-share" },
        "group": cdu_group(&coolant.group),
    })
}

fn fleet(plan: &Plan) -> Value {
    let fleet = &plan.fleet;
    json!({
        "accelerators": fleet.accelerators,
        "cpus": fleet.cpus,
        "scalable_units": fleet.scalable_units,
        "spares": fleet.spares,
        "systems": fleet.systems.iter().map(|system| json!({
            "id": system.id,
            "name": system.name,
            "accelerators": system.accelerators,
            "accelerators_per_rack": system.accelerators_per_rack,
            "racks": system.racks,
            "rack_heat_w": system.rack_heat.0,
            "rack_peak_w": system.rack_peak.0,
            "rack_feed_w": system.rack_feed.0,
            "it_per_accelerator_w": system.it_per_accelerator.0,
            "support_w": system.support.0,
            "support_of_catalogue_w": system.support_said.0,
            "support_counted_w": system.support_counted.0,
        })).collect::<Vec<_>>(),
        "racks": {
            "compute": fleet.racks.compute,
            "network": fleet.racks.network,
            "storage": fleet.racks.storage,
            "management": fleet.racks.management,
            "power": fleet.racks.power,
            "cdu": fleet.racks.cdu,
            "total": fleet.racks.total(),
        },
    })
}

fn layout(layout: &Layout) -> Value {
    json!({
        "buildings": layout.buildings,
        "halls": layout.halls,
        "rows": layout.rows,
        "racks_per_row": layout.racks_per_row,
        "hall_m": layout.hall.map(|side| side.0),
        "area_m2": layout.area.0,
        "white_space_m2": layout.white_space.0,
        "areas": layout.areas.iter().map(|(name, area)| json!({"use": name, "area_m2": area.0})).collect::<Vec<_>>(),
        "network_rooms": layout.floors.iter().filter_map(|floor| floor.layout.network_room.as_ref().map(|room| json!({
            "system": floor.system,
            "count": floor.layout.network_rooms(),
            "room_m": [room.width, room.depth],
            "heat_w": floor.layout.room_heat().0,
            "air_handlers": room.air_handlers,
            "cdus": room.cdus,
        }))).collect::<Vec<_>>(),
        "circuit_switches": layout.floors.iter().filter(|floor| floor.layout.demand.circuit_switches > 0).map(|floor| {
            let demand = &floor.layout.demand;
            json!({
                "system": floor.system,
                "count": demand.circuit_switches,
                "racks": demand.circuit_racks(),
                "heat_per_rack_w": demand.heat_of(RackKind::Circuit).0,
            })
        }).collect::<Vec<_>>(),
        "ground_m2": layout.ground.0,
        "land_m2": layout.land.0,
        "border": layout.border.as_ref().map(|border| json!({
            "link": border.link.id,
            "links": border.links,
            "length_m": border.length.0,
            "length_total_m": border.length_total.0,
            "power_w": border.power.0,
            "counted_in": "support",
        })),
        "yards": layout.yards.iter().map(|(_, name, count)| json!({"name": name, "count": count})).collect::<Vec<_>>(),
        "positions": layout.positions,
        "leftover_positions": layout.leftover_positions,
        "cables": layout.cables.iter().map(|cable| json!({
            "system": cable.system,
            "network": cable.net.name(),
            "kind": cable.kind,
            "link": cable.link,
            "reached": cable.reached,
            "medium": cable.medium,
            "rate_bytes_per_s": cable.rate.0,
            "count": cable.count,
            "length_total_m": cable.length_total.0,
            "length_max_m": cable.length_max.0,
            "ends": cable.ends.iter().map(|end| json!({
                "at": end.place,
                "kind": end.kind.name(),
                "module": end.module,
                "ends": end.ends,
                "modules": end.modules,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "fibre_length_total_m": layout.fibre_length().0,
    })
}

fn fabric(fabric: &Fabric) -> Value {
    json!({
        "scale_up": {
            "domain_accelerators": fabric.scale_up.domain_accelerators,
            "bytes_per_s_per_accelerator": fabric.scale_up.bandwidth_per_accelerator.0,
            "direction": "per direction",
            "torus": fabric.scale_up.torus.as_ref().map(torus),
        },
        "scale_out": fabric.scale_out.first().map(scale_out),
        "scale_outs": fabric.scale_out.iter().map(scale_out).collect::<Vec<_>>(),
        "collectives": fabric.collectives.iter().map(collective).collect::<Vec<_>>(),
        "support_networks": fabric.networks.iter().map(support_network).collect::<Vec<_>>(),
        "between_buildings": {
            "buildings": fabric.between.buildings,
            "fabrics": fabric.between.fabrics,
            "fibre_m": fabric.between.fibre.0,
            "latency_s": fabric.between.latency.0,
            "bytes_per_s_per_accelerator": fabric.between.bandwidth_per_accelerator.map(|rate| rate.0),
        },
    })
}

fn torus(torus: &TorusShape) -> Value {
    json!({
        "shape": torus.shape,
        "shape_is_known": torus.known,
        "links": torus.links,
        "optical_links": torus.optical_links,
        "optical_switches": torus.optical_switches,
        "bisection_bytes_per_s": torus.bisection.0,
        "all_to_all_slow_down": torus.all_to_all_slow_down.0,
    })
}

fn support_network(network: &SupportNetwork) -> Value {
    json!({
        "system": network.system,
        "name": network.name,
        "switch": network.switch,
        "switches": network.switches,
        "leaf": network.tiers[0],
        "spine": network.tiers[1],
        "core": network.tiers[2],
        "links": network.links,
        "ports_kept_for_uplinks": network.kept_ports,
        "link_bytes_per_s": network.rate.0,
        "bytes_per_s_per_accelerator": network.per_accelerator.0,
        "power_w": network.power.0,
        "counted_in": "support",
    })
}

fn routed(traffic: &RoutedTraffic) -> Value {
    json!({
        "pattern": traffic.pattern,
        "routing": traffic.routing,
        "worst_link_load": traffic.worst.0,
        "mean_link_load": traffic.mean.0,
        "slow_down": traffic.slow_down.0,
    })
}

fn optics(choice: &OpticsChoice) -> Value {
    json!({
        "switch": choice.switch,
        "co_packaged": choice.co_packaged,
        "power_w": choice.power.0,
        "w_per_accelerator": choice.per_accelerator.0,
        "transceivers": choice.transceivers,
    })
}

fn collective(call: &CollectiveTime) -> Value {
    json!({
        "scope": call.scope,
        "operation": call.operation,
        "accelerators": call.accelerators,
        "bytes": call.message.0,
        "time_s": call.time.0,
        "bus_bytes_per_s": call.bus_bandwidth.0,
        "algorithm": call.algorithm,
    })
}

fn scale_out(network: &ScaleOut) -> Value {
    json!({
        "system": network.system,
        "topology": network.topology,
        "tiers": network.tiers,
        "planes": network.planes,
        "oversubscription": network.oversubscription.0,
        "islands": network.islands,
        "switch": network.switch,
        "switches": {"leaf": network.leaf, "spine": network.spine, "core": network.core},
        "links": {
            "host_leaf": network.host_leaf,
            "leaf_spine": network.leaf_spine,
            "spine_core": network.spine_core,
        },
        "transceivers": network.transceivers,
        "transceiver_modules": network.transceiver_modules,
        "copper_ends": network.copper_ends,
        "co_packaged_ends": network.co_packaged_ends,
        "power_w": network.power.0,
        "injection_bytes_per_s_per_accelerator": network.injection_per_accelerator.0,
        "bisection_bytes_per_s": network.bisection.0,
        "tier_bandwidth": network
            .tier_bandwidths
            .iter()
            .map(|(tier, rate)| (format!("{}_bytes_per_s", tier.replace('-', "_")), rate.0.into()))
            .collect::<serde_json::Map<String, Value>>(),
        "routing": {
            "pod_accelerators": network.pod_accelerators,
            "traffic": network.routing.iter().map(routed).collect::<Vec<_>>(),
        },
        "optics": network.optics.iter().map(optics).collect::<Vec<_>>(),
    })
}

fn parallelism(split: Parallelism) -> Value {
    json!({"tp": split.tp, "pp": split.pp, "ep": split.ep, "dp": split.dp, "cp": split.cp})
}

/// A result that is nothing only where there is none: absent is null.
fn known(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}

fn serving(serving: &Serving) -> Value {
    let served = serving.tpot.0 > 0.0;
    json!({
        "model": serving.model,
        "system": serving.system,
        "precision": serving.precision,
        "parallelism": parallelism(serving.parallelism),
        "mode": serving.mode,
        "isl": serving.isl,
        "osl": serving.osl,
        "batch": serving.batch,
        "ttft_s": known(serving.ttft.0),
        "tpot_s": known(serving.tpot.0),
        "tokens_per_s_per_user": known(serving.tokens_per_s_per_user.0),
        "tokens_per_s_per_accelerator": known(serving.tokens_per_s_per_accelerator.0),
        "output_tokens_per_s": serving.output_tokens_per_s.0,
        "input_tokens_per_s": serving.input_tokens_per_s.0,
        "j_per_token": known(serving.energy_per_token.0),
        "usd_per_mtok_output": known(serving.cost_per_token.0 * 1e6),
        "error_band": serving.error_band,
        "accelerators": serving.accelerators,
        "replicas": serving.replicas,
        "bound_by": serving.bound_by,
        "wait_s": served.then_some(serving.wait.0),
        "ttft_p99_s": known(serving.ttft_p99.0),
        "tpot_p99_s": known(serving.tpot_p99.0),
        "speculation": serving.speculation.map(|depth| json!({
            "drafted": depth.drafted,
            "acceptance": depth.acceptance.0,
            "tokens_per_step": depth.tokens_per_step,
        })),
        "kv": serving.cache.map(|memory| json!({
            "available_bytes": memory.available.0,
            "weights_bytes": memory.weights.0,
            "activations_bytes": memory.activations.0,
            "reserve_bytes": memory.reserve.0,
            "cache_bytes": memory.cache.0,
            "block_tokens": memory.block_tokens,
            "blocks": memory.blocks,
            "tokens": memory.tokens,
            "sequences": memory.sequences,
        })),
        "chunk_tokens": (serving.chunk > 0).then_some(serving.chunk),
        "prefill_parallelism": serving.prefill.map(parallelism),
        "prefill_per_decode": known(serving.prefill_per_decode),
        "hand_over_s": known(serving.hand_over.0),
        "shortfall": serving.shortfall,
    })
}

/// Seconds of a day.
const SECONDS_PER_DAY: f64 = 86_400.0;

fn training(training: &Training) -> Value {
    let run = training.run.as_ref();
    let of = |value: fn(&RunFailures) -> f64| run.map(value).filter(|value| value.is_finite());
    json!({
        "model": training.model,
        "system": training.system,
        "precision": training.precision,
        "parallelism": parallelism(training.parallelism),
        "accelerators": training.accelerators,
        "accelerators_available": training.available,
        "global_batch_tokens": training.global_batch_tokens,
        "tokens_per_s": known(training.tokens_per_s.0),
        "mfu": known(training.mfu.0),
        "goodput": known(training.goodput.0),
        "step_time_s": known(training.step_time.0),
        "fabrics": training.fabrics,
        "between_fabrics_s": known(training.between_fabrics.0),
        "run_time_s": known(training.run_time.0),
        "run_time_range_s": {
            "p5": of(|run| run.run_time[0].0),
            "p50": of(|run| run.run_time[1].0),
            "p95": of(|run| run.run_time[2].0),
        },
        "run_energy_j": of(|run| run.energy.0),
        "run_usd": of(|run| run.cost.0),
        "failures_per_day": of(|run| SECONDS_PER_DAY / run.between_failures.0),
        "mtbf_s": of(|run| run.between_failures.0),
        "checkpoint_interval_s": of(|run| run.checkpoint_interval.0),
        "checkpoint_stall_s": of(|run| run.checkpoint_stall.0),
        "checkpoint_write_s": of(|run| run.checkpoint_write.0),
        "checkpoint_bytes": of(|run| run.checkpoint.0),
        "spares": run.map(|run| run.spares),
        "swap_unit": run.map(|run| run.swap_unit),
        "lost_to": {
            "checkpoints": of(|run| run.lost_to_checkpoints.0),
            "rework": of(|run| run.lost_to_rework.0),
            "restarts": of(|run| run.lost_to_restarts.0),
            "waiting": of(|run| run.lost_to_waiting.0),
            "slow_nodes": of(|run| run.lost_to_slow_nodes.0),
        },
        "layout": training.layout.as_ref().map(step_layout),
        "runner_up": training.runner_up.as_ref().map(|second| {
            let mut told = step_layout(&second.layout);
            told["slower"] = second.slower.into();
            told["why"] = second.why.clone().into();
            told
        }),
        "bound_by": training.bound_by,
        "shortfall": training.shortfall,
    })
}

/// How a step is laid out: `{"parallelism", "step_time_s", "times_s": {…}, "memory_bytes", "held_bytes": {…}, …}`.
fn step_layout(layout: &StepLayout) -> Value {
    let key = |name: &str| name.replace(' ', "_");
    let times: Map<String, Value> =
        layout.times.iter().map(|(name, time)| (key(name), time.0.into())).collect();
    let held: Map<String, Value> =
        layout.held.iter().map(|(name, bytes)| (key(name), bytes.0.into())).collect();
    json!({
        "parallelism": parallelism(layout.parallelism),
        "micro_batch": layout.micro_batch,
        "interleave": layout.interleave,
        "sharded": layout.sharded,
        "step_time_s": known(layout.step.0),
        "times_s": times,
        "memory_bytes": known(layout.memory.0),
        "held_bytes": held,
        "usable_bytes": known(layout.room.0),
    })
}

fn economics(economics: &Economics) -> Value {
    let parts = |parts: &[(String, crate::units::Dollars)], key: &str| -> Vec<Value> {
        parts
            .iter()
            .map(|(name, dollars)| {
                let mut part = Map::new();
                part.insert("name".into(), name.clone().into());
                part.insert(key.into(), dollars.0.into());
                Value::Object(part)
            })
            .collect()
    };
    json!({
        "capex_usd": economics.capex.0,
        "opex_usd_per_year": economics.opex_per_year.0,
        "total_usd_per_year": economics.total_per_year.0,
        "tco_usd_per_accelerator_hour": economics.tco_per_accelerator_hour.0,
        "usd_per_mtok_output": economics.per_output_token.map(|price| price.0 * 1e6),
        "capex_usd_per_w": economics.capex_per_watt.0,
        "parts": parts(&economics.parts, "usd"),
        "opex_parts": parts(&economics.opex_parts, "usd_per_year"),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    json!({
        "constraint": verdict.constraint,
        "need": verdict.need,
        "limit": verdict.limit,
        "short_by": verdict.short_by,
        "unit": verdict.unit,
        "binds": verdict.binds,
        "note": verdict.note,
    })
}

/// One value of a plan by its dotted key: the value as text and its unit.
#[must_use]
pub fn value_of(plan_json: &Value, key: &str) -> Option<(String, &'static str)> {
    let found = key.split('.').try_fold(plan_json, |value, part| match part.parse::<usize>() {
        Ok(index) => value.get(index).or_else(|| value.get(part)),
        Err(_) => value.get(part),
    })?;
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Some((text, csv::unit(key)))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// Keys that outside programs rely on, as INTERFACE names them.
    const PROMISED: &[&str] = &[
        "power.envelope_w",
        "power.measured_at",
        "power.facility_peak_w",
        "power.facility_mean_w",
        "power.it_provisioned_w",
        "power.it_mean_w",
        "power.pue_peak",
        "power.pue_annual",
        "power.wue_l_per_kwh",
        "power.stranded_w",
        "power.annual_energy_j",
        "power.stages.0.name",
        "power.stages.0.input_w",
        "power.stages.0.output_w",
        "power.stages.0.loss_w",
        "power.stages.0.efficiency",
        "fleet.accelerators",
        "fleet.cpus",
        "fleet.scalable_units",
        "fleet.spares",
        "fleet.systems.0.id",
        "fleet.systems.0.accelerators",
        "fleet.systems.0.racks",
        "fleet.systems.0.rack_heat_w",
        "fleet.systems.0.rack_peak_w",
        "fleet.systems.0.rack_feed_w",
        "fleet.racks.compute",
        "fleet.racks.network",
        "fleet.racks.storage",
        "fleet.racks.management",
        "fleet.racks.power",
        "fleet.racks.cdu",
        "fleet.racks.total",
        "layout.buildings",
        "layout.halls",
        "layout.rows",
        "layout.racks_per_row",
        "layout.hall_m.0",
        "layout.hall_m.1",
        "layout.area_m2",
        "layout.cables.0.kind",
        "layout.cables.0.medium",
        "layout.cables.0.rate_bytes_per_s",
        "layout.cables.0.count",
        "layout.cables.0.length_total_m",
        "layout.cables.0.length_max_m",
        "fabric.scale_up.domain_accelerators",
        "fabric.scale_up.bytes_per_s_per_accelerator",
        "fabric.scale_up.direction",
        "fabric.scale_out.topology",
        "fabric.scale_out.tiers",
        "fabric.scale_out.planes",
        "fabric.scale_out.oversubscription",
        "fabric.scale_out.switches.leaf",
        "fabric.scale_out.switches.spine",
        "fabric.scale_out.switches.core",
        "fabric.scale_out.links.host_leaf",
        "fabric.scale_out.links.leaf_spine",
        "fabric.scale_out.links.spine_core",
        "fabric.scale_out.transceivers",
        "fabric.scale_out.power_w",
        "fabric.scale_out.injection_bytes_per_s_per_accelerator",
        "fabric.scale_out.bisection_bytes_per_s",
        "fabric.scale_out.tier_bandwidth.leaf_spine_bytes_per_s",
        "fabric.scale_out.routing.traffic.0.slow_down",
        "fabric.scale_out.optics.0.w_per_accelerator",
        "fabric.support_networks.0.switches",
        "fabric.between_buildings.latency_s",
        "fabric.collectives.0.scope",
        "fabric.collectives.0.operation",
        "fabric.collectives.0.accelerators",
        "fabric.collectives.0.bytes",
        "fabric.collectives.0.time_s",
        "fabric.collectives.0.bus_bytes_per_s",
        "fabric.collectives.0.algorithm",
        "throughput.serving.0.model",
        "throughput.serving.0.system",
        "throughput.serving.0.precision",
        "throughput.serving.0.parallelism.tp",
        "throughput.serving.0.parallelism.pp",
        "throughput.serving.0.parallelism.ep",
        "throughput.serving.0.parallelism.dp",
        "throughput.serving.0.mode",
        "throughput.serving.0.isl",
        "throughput.serving.0.osl",
        "throughput.serving.0.batch",
        "throughput.serving.0.ttft_s",
        "throughput.serving.0.tpot_s",
        "throughput.serving.0.tokens_per_s_per_user",
        "throughput.serving.0.tokens_per_s_per_accelerator",
        "throughput.serving.0.output_tokens_per_s",
        "throughput.serving.0.input_tokens_per_s",
        "throughput.serving.0.j_per_token",
        "throughput.serving.0.bound_by",
        "throughput.serving.0.error_band.kind",
        "throughput.serving.0.error_band.rows",
        "throughput.serving.0.error_band.median_ape",
        "throughput.serving.0.error_band.low",
        "throughput.serving.0.error_band.high",
        "throughput.serving.0.wait_s",
        "throughput.serving.0.ttft_p99_s",
        "throughput.serving.0.tpot_p99_s",
        "throughput.serving.0.speculation",
        "throughput.serving.0.kv.available_bytes",
        "throughput.serving.0.kv.weights_bytes",
        "throughput.serving.0.kv.activations_bytes",
        "throughput.serving.0.kv.reserve_bytes",
        "throughput.serving.0.kv.cache_bytes",
        "throughput.serving.0.kv.blocks",
        "throughput.serving.0.kv.tokens",
        "throughput.serving.0.kv.sequences",
        "throughput.serving.0.chunk_tokens",
        "throughput.serving.0.prefill_parallelism.tp",
        "throughput.serving.0.prefill_per_decode",
        "throughput.serving.0.hand_over_s",
        "throughput.training.0.model",
        "throughput.training.0.system",
        "throughput.training.0.precision",
        "throughput.training.0.parallelism",
        "throughput.training.0.tokens_per_s",
        "throughput.training.0.mfu",
        "throughput.training.0.goodput",
        "throughput.training.0.step_time_s",
        "economics.capex_usd",
        "economics.opex_usd_per_year",
        "economics.tco_usd_per_accelerator_hour",
        "economics.usd_per_mtok_output",
        "economics.capex_usd_per_w",
        "economics.parts.0.name",
        "economics.parts.0.usd",
        "uncertainty",
        "verdicts.0.constraint",
        "verdicts.0.need",
        "verdicts.0.limit",
        "verdicts.0.short_by",
        "verdicts.0.unit",
        "verdicts.0.binds",
        "assumptions.0.field",
        "assumptions.0.value",
        "assumptions.0.source",
        "assumptions.0.confidence",
        "scenario.origins",
    ];

    #[test]
    fn every_promised_key_is_there() {
        let value = plan(&sample::plan());
        assert_eq!(value["schema"], "gigawatt.plan/1");
        for key in PROMISED {
            assert!(value_of(&value, key).is_some(), "{key} is missing");
        }
    }

    #[test]
    fn counts_are_integers_and_what_is_not_finite_is_null() {
        let mut sample = sample::plan();
        sample.power.wue_l_per_kwh = f64::NAN;
        let value = plan(&sample);
        assert!(value["fleet"]["accelerators"].is_u64());
        assert!(value["layout"]["cables"][0]["count"].is_u64());
        assert!(value["power"]["wue_l_per_kwh"].is_null());
        assert_eq!(value["layout"]["cables"][0]["medium"], "single-mode");
    }

    #[test]
    fn text_reads_back() {
        let written = text(&plan(&sample::plan()));
        let read: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["power"]["envelope_w"].as_f64(), Some(1e9));
        assert_eq!(read["fleet"]["accelerators"].as_u64(), Some(360_000));
    }
}
