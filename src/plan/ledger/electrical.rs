//! How the results of the electrical side came to be.

use super::{Writer, result};
use crate::units::text::{digits, show};

/// Entries of supply, policy, swings and load flow.
pub(super) fn entries(w: &mut Writer<'_>) {
    let electrical = &w.plan.electrical;
    let design =
        format!("electrical.{}", w.plan.scenario.fields["electrical"]["design"].as_str().unwrap_or_default());
    if let Some(supply) = &electrical.supply {
        let mut inputs: Vec<[String; 3]> = supply
            .blocks
            .iter()
            .map(|block| {
                result(&format!("{}, {}", block.name, block.arrangement), block.availability.to_string())
            })
            .collect();
        inputs.extend([
            w.said("grid.circuits"),
            w.said("grid.common_outages"),
            w.said("electrical.repair_teams"),
        ]);
        inputs.extend(w.taken("failure_rate").into_iter().filter(|[field, ..]| field.starts_with(&design)));
        inputs.extend(w.taken("repair_time").into_iter().filter(|[field, ..]| field.starts_with(&design)));
        w.entry(
            "power.supply.availability",
            supply.availability.to_string(),
            "part of the time that a rack is fed",
            "Π A of the blocks in series; groups by their birth–death chain, the grid with stores and engines behind it",
            inputs,
        );
    }
    if let Some(cooled) = &electrical.cooled {
        let mut inputs: Vec<[String; 3]> = cooled
            .blocks
            .iter()
            .map(|block| {
                result(&format!("{}, {}", block.name, block.arrangement), block.availability.to_string())
            })
            .collect();
        for field in ["ride_through", "pump_failures", "pump_repair", "chiller_failures", "chiller_repair"] {
            inputs.push(w.said(&format!("cooling.{field}")));
        }
        w.entry(
            "power.cooled.availability",
            cooled.availability.to_string(),
            "part of the time that the heat of a rack is taken",
            "Π A of the plant's feed, the coolers of a loop, the CDUs and air handlers of a hall",
            inputs,
        );
    }
    let policy = &electrical.provisioning;
    w.entry(
        "power.provisioning.work_gain_memory",
        digits(policy.work_gain_memory.0),
        "memory-bound work of the racks' power over that at nameplate",
        "f(p)/p with a cap p and the performance f kept at it; 1/q at a quantile q",
        vec![
            w.said("provisioning.policy"),
            w.said("provisioning.cap"),
            w.said("provisioning.quantile"),
            result("racks at nameplate", show(policy.nameplate)),
        ],
    );
    if let Some(dynamics) = &electrical.dynamics {
        w.entry(
            "power.dynamics.stop_w",
            show(dynamics.stop),
            "fall of the site's power when the largest synchronous run stops",
            "racks of the run × (provisioned − idle power), with the losses of the chain",
            vec![result("racks in step", dynamics.run_racks.to_string()), w.said("provisioning.idle")],
        );
        w.entry(
            "power.dynamics.edp_peak_at_meter_w",
            show(dynamics.peak_at_meter),
            "power at the meter with all racks of all systems at their electrical design points at once, for seconds",
            "P_meter + Σ racks·(design point − provisioned power) × what the chain takes for a watt more of the racks",
            vec![
                result("power.facility_peak_w", show(w.plan.power.facility_peak)),
                result("power.dynamics.edp_peak_w", show(dynamics.peak)),
                result("power.it_provisioned_w", show(w.plan.power.it_provisioned)),
            ],
        );
        let mut inputs = vec![w.said("dynamics.floor"), w.said("dynamics.burst")];
        inputs.extend(w.taken("smoothing_energy"));
        w.entry(
            "power.dynamics.rack_store_j",
            show(dynamics.rack_store),
            "energy of the run's racks that smooths its swings",
            "ΔP' = ΔP·max(0, 1 − E_s·f/(ΔP·d·(1 − d))), d the burst share, f the pace",
            inputs,
        );
    }
    load_flow(w);
}

/// Losses and capacitors of the one-line.
fn load_flow(w: &mut Writer<'_>) {
    if let Some(flow) = &w.plan.electrical.load_flow {
        let mut inputs = vec![
            w.said("grid.short_circuit"),
            w.said("grid.campus_voltage"),
            w.said("grid.feeder_current"),
            w.said("grid.power_factor"),
            result("layout.buildings", w.plan.layout.buildings.to_string()),
        ];
        inputs.extend(w.taken("impedance"));
        let banks = flow.capacitors;
        let mut of_banks = inputs.clone();
        of_banks.extend([
            result("power.load_flow.capacitor_banks", banks.count.to_string()),
            result("steps of each at work", format!("{} of {}", banks.on, banks.steps)),
        ]);
        of_banks.extend(w.taken("capacitor_banks"));
        w.entry(
            "power.load_flow.capacitors_var",
            show(banks.at_work()),
            "reactive power of the capacitors at work at full load",
            "banks × rating × steps at work / steps: the least that hold the power factor asked for at the grid",
            of_banks.clone(),
        );
        w.entry(
            "power.load_flow.capacitor_bank_var",
            show(banks.each),
            "rating of one capacitor bank",
            "the smallest that is sold for Q / (sections · banks): Q what the power factor asks at full load",
            of_banks,
        );
        w.entry(
            "power.load_flow.loss_w",
            show(flow.loss),
            "lost in main transformers, feeders and unit substations at full load",
            "Newton–Raphson load flow of one substation: Σ S_from + S_to of its branches, and no-load losses",
            inputs,
        );
    }
}
