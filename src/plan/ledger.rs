//! What each number rests on: the list of assumptions, and how each result came to be.

mod counts;
mod electrical;
mod networks;
mod workloads;

use super::equipment::Equipment;
use super::result::{Assumption, Entry, Ledger, Plan};
use crate::power::MeasuredAt;
use crate::scenario::Origin;
use crate::units::text::{digits, group, show};

/// Orders what was taken from the catalogue: figures that nobody stands behind first, each once.
#[must_use]
pub fn assumptions(mut taken: Vec<Assumption>) -> Vec<Assumption> {
    let mut seen = std::collections::BTreeSet::new();
    taken.retain(|one| seen.insert(one.field.clone()));
    taken.sort_by(|a, b| {
        let rank = |one: &Assumption| std::cmp::Reverse(one.confidence);
        rank(a).cmp(&rank(b)).then_with(|| a.field.cmp(&b.field))
    });
    taken
}

/// Collects entries with less noise.
struct Writer<'a> {
    plan: &'a Plan,
    entries: Vec<Entry>,
}

impl Writer<'_> {
    fn entry(&mut self, key: &str, value: String, meaning: &str, formula: &str, inputs: Vec<[String; 3]>) {
        self.entries.push(Entry {
            key: key.into(),
            value,
            meaning: meaning.into(),
            formula: formula.into(),
            inputs: inputs.into_iter().map(|[name, value, origin]| (name, value, origin)).collect(),
        });
    }

    /// An input that the scenario gives.
    fn said(&self, path: &str) -> [String; 3] {
        let mut value = &self.plan.scenario.fields;
        for key in path.split('.') {
            value = match key.parse::<usize>() {
                Ok(place) => &value[place],
                Err(_) => &value[key],
            };
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let origin = self.plan.scenario.origins.get(path).map_or_else(|| "default".into(), Origin::to_string);
        [path.into(), text, origin]
    }

    /// Figures of the catalogue whose path has this in it.
    fn taken(&self, part: &str) -> Vec<[String; 3]> {
        self.plan
            .assumptions
            .iter()
            .filter(|one| one.field.contains(part))
            .map(|one| {
                let value =
                    one.range.as_ref().map_or(one.value.clone(), |range| format!("{} ({range})", one.value));
                [one.field.clone(), value, format!("{} [{}]", one.source, one.confidence.word())]
            })
            .collect()
    }
}

/// Key, value, meaning, formula and inputs of a result.
type Row = (&'static str, String, &'static str, &'static str, Vec<[String; 3]>);

/// An input that another result gives.
fn result(key: &str, value: String) -> [String; 3] {
    [key.into(), value, "result".into()]
}

/// How each headline result came to be.
#[must_use]
pub fn ledger(plan: &Plan, equipment: &Equipment) -> Ledger {
    let mut w = Writer { plan, entries: Vec::new() };
    let p = &plan.power;
    power_entries(&mut w, equipment);
    let measured = match p.measured_at {
        MeasuredAt::Utility => "at the utility meter",
        MeasuredAt::CriticalIt => "at the rack inputs",
    };
    let mut inputs = vec![w.said("envelope.power"), w.said("envelope.measured_at")];
    inputs.push(result("power.pue_peak", digits(p.peak_ratio.0)));
    for machine in &equipment.machines {
        inputs.extend(w.taken(&format!("systems.{}.rack.heat", machine.system.id)));
        inputs.extend(w.taken(&format!("systems.{}.profiles", machine.system.id)));
        inputs.extend(w.taken(&format!("systems.{}.unit", machine.system.id)));
        inputs.extend(w.taken(&format!("networks.switches.{}.power", machine.network.switch.id)));
    }
    w.entry(
        "fleet.accelerators",
        group(&plan.fleet.accelerators.to_string()),
        "accelerators in whole racks that the envelope carries in the design hour",
        &format!("accelerators per rack × max {{ n : P(n) ≤ E }}, P the draw of n racks {measured}, with support nodes, switches, losses and cooling"),
        inputs,
    );
    electrical::entries(&mut w);
    cooling_entries(&mut w);
    networks::entries(&mut w);
    workloads::entries(&mut w);
    money_entries(&mut w, equipment);
    counts::entries(&mut w);
    Ledger { entries: w.entries }
}

fn power_entries(w: &mut Writer<'_>, equipment: &Equipment) {
    let p = &w.plan.power;
    let place = &equipment.place;
    let it = result("power.it_provisioned_w", show(p.it_provisioned));
    let mut inputs = vec![it.clone()];
    for stage in &p.stages {
        let what = format!(
            "{} lost of {} in, loaded to {}",
            show(stage.loss),
            show(stage.input),
            stage.load_fraction
        );
        inputs.push(result(&stage.name, what));
    }
    for (name, watts) in &p.overheads {
        inputs.push(result(name, show(*watts)));
    }
    inputs.push(w.said("electrical.design"));
    inputs.push(w.said("cooling.design"));
    inputs.extend(
        w.taken(&format!("climates.{}", w.plan.scenario.fields["site"]["id"].as_str().unwrap_or_default())),
    );
    w.entry(
        "power.facility_peak_w",
        show(p.facility_peak),
        "power at the meter in the design hour: the hotter or the damper of two extreme hours",
        "yard stages( indoor stages(IT) + cooling + house loads ), each stage losing rated·(a + b·x + c·x²)",
        inputs,
    );
    w.entry(
        "power.pue_peak",
        digits(p.peak_ratio.0),
        "facility over IT power in the design hour: sizes the site, is not a PUE",
        "P_facility / P_IT in the design hour",
        vec![result("power.facility_peak_w", show(p.facility_peak)), it.clone()],
    );
    w.entry(
        "power.pue_annual",
        digits(p.pue_annual.0),
        "facility over IT energy of 8,760 synthesised hours at the duty factor",
        "E_facility / E_IT",
        vec![
            result("power.annual_energy_j", show(p.annual_energy)),
            w.said("provisioning.duty_factor"),
            w.said("site.id"),
            ["hours with chillers".into(), group(&p.chiller_hours.to_string()), "result".into()],
        ],
    );
    w.entry(
        "power.wue_l_per_kwh",
        digits(p.wue_l_per_kwh),
        "water taken by the plant per IT energy of the year",
        "V_water / E_IT",
        w.taken("cycles_of_concentration"),
    );
    w.entry(
        "power.stranded_w",
        show(p.stranded),
        "envelope that whole racks and units leave over",
        "E − P(n*)",
        vec![w.said("envelope.power"), w.said("provisioning.granularity")],
    );
    let mut inputs = vec![result("racks.compute", w.plan.fleet.racks.compute.to_string())];
    inputs.push(w.said("provisioning.policy"));
    for machine in &equipment.machines {
        inputs
            .push(result(&format!("provisioned rack of {}", machine.id), show(machine.compute_bound.power)));
    }
    for (place, system) in w.plan.fleet.systems.iter().enumerate() {
        inputs.push(result(&format!("fleet.systems.{place}.support_w"), show(system.support)));
    }
    inputs.push(["house load".into(), show(place.house_load), "catalog".into()]);
    w.entry(
        "power.it_provisioned_w",
        show(p.it_provisioned),
        "power at the rack inputs: accelerator racks, support nodes and switches",
        "n·q + S + N·p  (racks, support nodes, N switches)",
        inputs,
    );
    support_entries(w, equipment);
}

/// Whether the catalogue's figure or the count rules the support power of each system.
fn support_entries(w: &mut Writer<'_>, equipment: &Equipment) {
    for (place, (system, machine)) in w.plan.fleet.systems.iter().zip(&equipment.machines).enumerate() {
        let (said, counted) = (system.support_said, system.support_counted);
        let word = machine.system.unit.support_power.confidence.word();
        let rule = match (counted > said, machine.unit_support_stands) {
            (false, _) => format!("the catalogue's figure ({word}) holds what is counted"),
            (true, false) => format!("the count, as the catalogue's figure ({word}) is below it"),
            (true, true) => format!("the figure stands, as it is {word}: see the verdicts"),
        };
        let own = w.plan.fabric.networks.iter().filter(|network| network.system == system.id);
        let switches: crate::units::Watts = own.map(|network| network.power).sum();
        let mut inputs = vec![
            result("what rules", rule),
            result("by the catalogue", show(said)),
            result("counted", show(counted)),
            result("of that, switches beside the scale-out", show(switches)),
            w.said("support_networks.server_power"),
        ];
        inputs.extend(w.taken(&format!("systems.{}.unit.support_power", machine.system.id)));
        w.entry(
            &format!("fleet.systems.{place}.support_w"),
            show(system.support),
            "power of storage, management and CPU nodes with the networks beside the scale-out",
            "max( n/m·s, S·p_s + M·p_m + V·v ), the first alone where it is published or said: n racks in units of m with s \
             each; S, M switches of p_s, p_m; V servers of v at least",
            inputs,
        );
    }
}

/// What the plant takes and gives.
fn cooling_entries(w: &mut Writer<'_>) {
    let cooling = &w.plan.cooling;
    let weather = match w.plan.scenario.fields["site"]["weather"].as_str() {
        Some(_) => w.said("site.weather"),
        None => w.said("site.id"),
    };
    let year = || vec![w.said("cooling.design"), weather.clone(), w.said("provisioning.duty_factor")];
    let hour = vec![w.said("cooling.design"), w.said("site.id")];
    let mut entries: Vec<Row> = vec![
        (
            "cooling.design_hour.chilled_w",
            show(cooling.chilled),
            "heat through evaporators in the design hour: what chillers are installed for",
            "Σ over loops Q·(T_air + a − d − T_supply) / range, within 0 and Q; d what pads cool",
            hour.clone(),
        ),
        (
            "cooling.installed_rejection_w",
            show(cooling.installed_rejection),
            "heat rejection to install, with spares and derating for hot days",
            "max( (heat of the design hour without what compressors add) × installed ratio, nameplates of the units of `cooling.equipment` )",
            [hour.clone(), w.taken("installed_ratio")].concat(),
        ),
        (
            "cooling.trim_hours",
            group(&cooling.trim_hours.to_string()),
            "hours in which compressors help the coolant; the air of the halls, where there is no coolant",
            "count of hours in which coolers alone do not reach the supply of that loop",
            year(),
        ),
        (
            "cooling.wet_hours",
            group(&cooling.wet_hours.to_string()),
            "hours in which water evaporates",
            "count of hours with wetted pads or towers",
            year(),
        ),
        (
            "cooling.water_m3_per_year",
            show(cooling.water),
            "water of a year: evaporated, carried off as droplets, blown down",
            "Σ over 8,760 hours of E + max(E/(c − 1), drift); towers E = Q·Δw/Δh of their air, pads E = Q_air/h_fg",
            [year(), w.taken("cycles_of_concentration")].concat(),
        ),
        (
            "cooling.recoverable_heat_j_per_year",
            show(cooling.warm_water),
            "heat of a year in the facility water of the liquid loops: what a network could take",
            "Σ over 8,760 hours of liquid heat and what its pumps add",
            year(),
        ),
    ];
    entries.extend(in_the_design_hour(w, &hour));
    if let Some(loops) = cooling.coolant.first()
        && let Ok(row) = &loops.row
    {
        let inputs = vec![
            result("racks of a row", loops.racks_of_row.to_string()),
            result("flow of a rack [L/min]", digits(60_000.0 * loops.rack_flow.0)),
            result("pipe", format!("DN {}, {} m/s", row.nominal_diameter, digits(row.velocity_m_per_s))),
            ["rack".into(), "published curve, else 100 kPa at its flow".into(), "systems".into()],
            ["hoses, CDU".into(), "25 kPa, 40 kPa at the planned flow".into(), "assumption".into()],
        ];
        if let (true, Ok(flows)) = (loops.pumps_are_solved, &loops.group.flows) {
            let inputs = vec![
                result("units running", flows.all.running.to_string()),
                result("heat of a unit over its capacity", digits(flows.all.load.0)),
                result("head", show(flows.all.head)),
                ["pump, motor and drive".into(), digits(loops.pump_efficiency), "assumption".into()],
            ];
            entries.push((
                "cooling.coolant.0.pump_share",
                digits(loops.pump_share.0),
                "power of the coolant pumps over the liquid heat",
                "Σ head × flow of a group's pumps / (efficiency · heat): network of CDUs, headers and rows",
                inputs,
            ));
        }
        entries.push((
            "cooling.coolant.0.row.head_pa",
            show(row.head),
            "head at which the last rack of a row gets its flow",
            "network of manifold, racks and CDU: Σ Q = 0 in nodes, Δp of Darcy–Weisbach with Colebrook",
            inputs,
        ));
    }
    for (key, value, meaning, formula, inputs) in entries {
        w.entry(key, value, meaning, formula, inputs);
    }
}

/// Weather, water and loops of the design hour, and outside air that is too dry.
fn in_the_design_hour(w: &Writer<'_>, hour: &[[String; 3]]) -> Vec<Row> {
    let cooling = &w.plan.cooling;
    let chilled: Vec<_> =
        cooling.on_chillers.iter().map(|(name, share)| format!("{share} of the {name}")).collect();
    let mut all: Vec<Row> = vec![
        (
            "cooling.design_water_m3_per_s",
            show(cooling.design_water),
            "make-up water in the design hour: what connections are sized for",
            "Σ over loops E + max(E/(c − 1), drift); towers E = Q·Δw/Δh of their air, pads E = Q_air/h_fg",
            [hour.to_vec(), w.taken("cycles_of_concentration")].concat(),
        ),
        (
            "cooling.design_hour.on_chillers",
            chilled.join(", "),
            "heat of each loop that goes through evaporators in the design hour",
            "(T_air + a − d − T_supply) / range within 0 and 1, all where chillers alone take less power; d what pads cool",
            [hour.to_vec(), vec![result("cooling.design_hour.chilled_w", show(cooling.chilled))]].concat(),
        ),
        (
            "cooling.design_hour.air_density_share",
            cooling.air_density.to_string(),
            "density of outside air over that at sea level, for which coolers and fans are stated",
            "p/p_0 with p = 101,325·(1 − 2.25577e-5·z)^5.2559 at the height z (ASHRAE Fundamentals, chapter 1)",
            w.taken("elevation").into_iter().chain([w.said("site.id")]).collect(),
        ),
    ];
    if let Some(dry) = &cooling.dry_air {
        all.push((
            "cooling.dry_air.hours",
            group(&dry.hours.to_string()),
            "hours of the year in which outside air is drier than racks allow",
            "count of w < max( w(p_s(t_d)), w(φ·p_s(T_inlet)) )",
            [w.taken("dew_point_min"), w.taken("humidity_min"), w.taken("inlet_air")].concat(),
        ));
        all.push((
            "cooling.dry_air.moistening_m3_per_year",
            show(dry.of_year),
            "water that would moisten that air to the limit, in no other sum",
            "Σ (Q − Q_chilled)/(h(T_exhaust, w_min) − h(T, w)) · (w_min − w), less what pads evaporate anyway",
            [w.taken("dew_point_min"), w.taken("humidity_min"), w.taken("inlet_air")].concat(),
        ));
    }
    all
}

fn money_entries(w: &mut Writer<'_>, equipment: &Equipment) {
    let e = &w.plan.economics;
    let (capex, hour, opex) = (e.capex, e.tco_per_accelerator_hour, e.opex_per_year);
    let parts: Vec<[String; 3]> = e.parts.iter().map(|(name, usd)| result(name, show(*usd))).collect();
    let yearly: Vec<[String; 3]> = e.opex_parts.iter().map(|(name, usd)| result(name, show(*usd))).collect();
    let per_token = e.per_output_token;
    let costs = format!("costs.{}", equipment.place.costs.id);
    w.entry("economics.capex_usd", show(capex), "to build and fill", "sum of the parts", parts);
    w.entry(
        "economics.opex_usd_per_year",
        show(opex),
        "each year, without capital",
        "sum of the parts",
        yearly,
    );
    let mut inputs = vec![
        result("economics.capex_usd", show(capex)),
        result("economics.opex_usd_per_year", show(opex)),
        result("fleet.accelerators", w.plan.fleet.accelerators.to_string()),
    ];
    inputs.extend(w.taken(&costs).into_iter().filter(|[field, ..]| {
        ["life", "cost_of_capital", "utilization"].iter().any(|part| field.contains(part))
    }));
    w.entry(
        "economics.tco_usd_per_accelerator_hour",
        show(hour),
        "capital and operation per accelerator-hour in use",
        "(Σ capex·CRF(r, life) + opex) / (accelerators × 8,760 h × utilization)",
        inputs,
    );
    if let Some(price) = per_token {
        let inputs = vec![result("economics.tco_usd_per_accelerator_hour", show(hour))];
        w.entry(
            "economics.usd_per_mtok_output",
            show(price),
            "all cost of the serving accelerators over all their output tokens",
            "cost per year of serving accelerators / output tokens per year",
            inputs,
        );
    }
}
