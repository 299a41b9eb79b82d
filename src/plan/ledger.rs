//! What each number rests on: the list of assumptions, and how each result came to be.

mod electrical;

use super::equipment::Equipment;
use super::result::{Assumption, Entry, Ledger, Plan, RunFailures, Serving, Training};
use crate::power::MeasuredAt;
use crate::scenario::Origin;
use crate::throughput::bands::ErrorBand;
use crate::units::Share;
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
    fabric_entries(&mut w);
    workload_entries(&mut w);
    money_entries(&mut w, equipment);
    count_entries(&mut w);
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
            "heat of the design hour, without what compressors add × installed ratio",
            [hour, w.taken("installed_ratio")].concat(),
        ),
        (
            "cooling.trim_hours",
            group(&cooling.trim_hours.to_string()),
            "hours in which compressors help the coolant",
            "count of hours in which coolers alone do not reach the coolant's supply",
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

/// Key, value, meaning, formula and inputs of a result.
type Row = (&'static str, String, &'static str, &'static str, Vec<[String; 3]>);

/// Counts, areas and shares that follow from the results above.
#[allow(clippy::too_many_lines, reason = "a list: one row a result")]
fn count_entries(w: &mut Writer<'_>) {
    let (fleet, power, layout) = (&w.plan.fleet, &w.plan.power, &w.plan.layout);
    let count = |count: u64| group(&count.to_string());
    let racks = result("fleet.racks.compute", count(fleet.racks.compute));
    let accelerators = result("fleet.accelerators", count(fleet.accelerators));
    let it = result("power.it_provisioned_w", show(power.it_provisioned));
    let energy = result("power.annual_energy_j", show(power.annual_energy));
    let kinds: Vec<[String; 3]> = layout
        .cables
        .iter()
        .map(|cable| result(&format!("{} cables", cable.kind), count(cable.count)))
        .collect();
    let design = [w.said("cooling.design"), w.said("site.id")].to_vec();
    let halls = [w.said("layout.hall_power"), w.said("layout.halls_per_building")].to_vec();
    let rows = [
        w.said("layout.row_length"),
        w.said("layout.busways_per_row"),
        result("row busway", "electrical design".into()),
    ]
    .to_vec();
    let transceivers: u64 = w.plan.fabric.scale_out.iter().map(|out| out.transceivers).sum();
    let duty = vec![it.clone(), w.said("provisioning.duty_factor")];
    let carbon = vec![energy.clone(), w.said("site.carbon")];
    let all: Vec<Row> = vec![
        (
            "fleet.cpus",
            count(fleet.cpus),
            "CPU sockets in compute racks",
            "racks × sockets of a rack",
            vec![racks.clone()],
        ),
        (
            "fleet.spares",
            count(fleet.spares),
            "accelerators out of service on average",
            "⌈accelerators × (1 − availability)⌉",
            vec![accelerators],
        ),
        (
            "fleet.scalable_units",
            count(fleet.scalable_units),
            "units, the last of which may be partial",
            "⌈racks / racks of a unit⌉",
            vec![racks.clone()],
        ),
        (
            "fleet.racks.network",
            count(fleet.racks.network),
            "racks of the scale-out switches",
            "Σ over leaf, spine, core of ⌈switches / switches that a 48U rack of 56 kW holds⌉",
            Vec::new(),
        ),
        (
            "fleet.racks.cdu",
            count(fleet.racks.cdu),
            "coolant distribution units, spares included",
            "Σ over halls of ⌈liquid heat / capacity⌉ and one spare for each group",
            Vec::new(),
        ),
        ("power.it_mean_w", show(power.it_mean), "mean power of the racks", "P_IT × duty factor", duty),
        (
            "power.facility_mean_w",
            show(power.facility_mean),
            "mean power at the meter",
            "E_facility / 8,760 h",
            vec![energy.clone()],
        ),
        (
            "power.annual_energy_j",
            show(power.annual_energy),
            "energy at the meter of a year",
            "Σ over 8,760 hours of yard( indoor(P_IT·duty) + cooling(hour) + house )",
            design.clone(),
        ),
        (
            "power.chiller_hours",
            group(&power.chiller_hours.to_string()),
            "hours in which a compressor runs, for air or for trim",
            "count of hours in which free cooling does not carry everything",
            design,
        ),
        (
            "power.carbon_kg_per_year",
            digits(power.carbon_kg_per_year),
            "direct emissions of the grid [kg]",
            "E_facility × carbon of the grid",
            carbon,
        ),
        (
            "layout.halls",
            count(layout.halls),
            "halls of whole scalable units",
            "⌈units / units that the power of a hall admits⌉",
            halls.clone(),
        ),
        ("layout.buildings", count(layout.buildings), "buildings", "⌈halls / halls of a building⌉", halls),
        (
            "layout.rows",
            count(layout.rows),
            "rows of halls and network rooms",
            "whole units while length and busways of a row carry them; else the fewest rows that hold a unit",
            rows.clone(),
        ),
        (
            "layout.leftover_positions",
            count(layout.leftover_positions),
            "positions that no rack takes: rows of the last halls, slots of switch racks, ends of network rooms",
            "positions of all rows − positions of all racks",
            rows,
        ),
        (
            "layout.white_space_m2",
            show(layout.white_space),
            "halls and network rooms: rows, aisles, galleries of CDUs, fan walls",
            "halls × (rows and aisles + galleries + fan walls) + network rooms",
            Vec::new(),
        ),
        (
            "layout.area_m2",
            show(layout.area),
            "floor of all buildings and storeys; `layout.areas` names each square metre",
            "halls + network rooms + electrical 40 m²/MW + mechanical 15 m²/MW + staging 10 % of halls + dock, offices, stairs, corridors, walls, reserve; buildings that others published take 430 m²/MW and more",
            vec![it],
        ),
        (
            "layout.ground_m2",
            show(layout.ground),
            "buildings, yards and roads, as they are drawn",
            "the campus laid out: buildings in lines, each between its power yard and its cooling yard",
            Vec::new(),
        ),
        (
            "layout.land_m2",
            show(layout.land),
            "land of announced sites of this power: setbacks, storm water, the grid's substation, generation, reserve",
            "power at the meter × 750 acres/GW, 450 to 1,000 in announced ones",
            Vec::new(),
        ),
        (
            "fabric.scale_out.transceivers",
            count(transceivers),
            "pluggable transceivers of the scale-out network",
            "two ends of each link; one where the switch has co-packaged optics on that end",
            kinds,
        ),
    ];
    for (key, value, meaning, formula, inputs) in all {
        w.entry(key, value, meaning, formula, inputs);
    }
    for (place, range) in w.plan.uncertainty.iter().enumerate() {
        let ends = format!("{} – {} – {}", digits(range.p5), digits(range.p50), digits(range.p95));
        let formula =
            "128 quasi-independent samples of the catalogue's low–value–high triangles, sized again each";
        w.entries.push(Entry {
            key: format!("uncertainty.{}", range.key),
            value: ends,
            meaning:
                "5th, 50th and 95th percentile; the triangles are skewed, so the middle is not the headline"
                    .into(),
            formula: formula.into(),
            inputs: vec![("place in the list".into(), place.to_string(), "result".into())],
        });
    }
}

/// The domain that is a torus.
fn torus_entries(w: &mut Writer<'_>) {
    let Some(torus) = &w.plan.fabric.scale_up.torus else { return };
    let (switches, bisection, slow_down) =
        (torus.optical_switches, torus.bisection.to_string(), digits(torus.all_to_all_slow_down.0));
    let inputs = || w.taken("scale_up.");
    let mut rates = inputs();
    if rates.iter().any(|[name, ..]| name.contains("last_dimension")) {
        let alone = "serving and training take the rate of the other dimensions alone";
        rates.push(["left out".into(), alone.into(), "limit of the model".into()]);
    }
    let ports = inputs();
    w.entry(
        "fabric.scale_up.torus.bisection_bytes_per_s",
        bisection,
        "bandwidth between halves of a domain, a slower last dimension with its own links",
        "least over dimensions of 2·n / side × rate of a link",
        rates.clone(),
    );
    w.entry(
        "fabric.scale_up.torus.all_to_all_slow_down",
        slow_down,
        "time of the busiest link over an all-to-all, over that of all links full",
        "greatest over dimensions of mean hops / 2 / rate of a link × all that an accelerator sends",
        rates,
    );
    if switches > 0 {
        w.entry(
            "fabric.scale_up.torus.optical_switches",
            group(&switches.to_string()),
            "optical circuit switches of a pod: published for TPU v4 (48 of 136 ports for 64 cubes of 96 links), by the same \
             rule for others",
            "3 dimensions · 16 places of a face · ⌈2·cubes / ports⌉",
            ports,
        );
    }
}

fn fabric_entries(w: &mut Writer<'_>) {
    torus_entries(w);
    let Some(out) = w.plan.fabric.scale_out.first() else { return };
    let switches = out.leaf + out.spine + out.core;
    let value = format!("{} leaf, {} spine, {} core", out.leaf, out.spine, out.core);
    let inputs = vec![
        w.said("fabric.oversubscription"),
        w.said("fabric.cluster"),
        result("fleet.accelerators", w.plan.fleet.accelerators.to_string()),
        ["switch".into(), out.switch.clone(), "catalog".into()],
    ];
    w.entry(
        "fabric.scale_out.switches",
        value,
        "whole switches of a rail-optimised fat tree, unit by unit",
        "leaves per unit, plane and rail; uplinks spread evenly over the spines; cores when leaves exceed the radix",
        inputs,
    );
    let inputs =
        vec![result("switches", switches.to_string()), result("transceivers", out.transceivers.to_string())];
    w.entry(
        "fabric.scale_out.power_w",
        show(out.power),
        "switches with what is plugged into them",
        "N switches × power with every port populated",
        inputs,
    );
    routing_entry(w);
    beside_entries(w);
    collective_entry(w);
}

fn routing_entry(w: &mut Writer<'_>) {
    let Some(out) = w.plan.fabric.scale_out.first() else { return };
    let told = out.routing.iter().map(|row| {
        let slow_down = if row.crosses_links() { digits(row.slow_down.0) } else { "uses no link".into() };
        format!("{} under {} {slow_down}", row.pattern, row.routing)
    });
    let value = told.collect::<Vec<_>>().join(", ");
    let inputs = vec![
        w.said("fabric.topology"),
        w.said("fabric.oversubscription"),
        result("fabric.scale_out.routing.pod_accelerators", out.pod_accelerators.to_string()),
    ];
    w.entry(
        "fabric.scale_out.routing",
        value,
        "how much longer traffic takes than full ports would, on the busiest link between switches of a pod",
        "flows on their rail over shortest ways, by hash (ECMP) or in equal parts (adaptive): max(1, load of the busiest link)",
        inputs,
    );
}

fn beside_entries(w: &mut Writer<'_>) {
    let fabric = &w.plan.fabric;
    let switches: u64 = fabric.networks.iter().map(|network| network.switches).sum();
    let latency = fabric.between.latency.to_string();
    let inputs = [
        "front_end",
        "storage",
        "oversubscription",
        "switch",
        "management_switch",
        "management_ports",
        "storage_rack_ports",
        "management_rack_ports",
    ]
    .map(|field| w.said(&format!("support_networks.{field}")))
    .to_vec();
    w.entry(
        "fabric.support_networks",
        format!("{switches} switches"),
        "front-end, storage and out-of-band networks; their power and price are part of the units' support",
        "a fat tree each of one port a tray and those of support racks; out of band by the rack: ports / ports of a switch",
        inputs,
    );
    let said = w.plan.scenario.origins.contains_key("campus.fibre").then(|| w.said("campus.fibre"));
    let laid = || ["layout.site".into(), w.plan.layout.fibre.to_string(), "the campus as laid out".into()];
    let inputs = vec![said.unwrap_or_else(laid)];
    w.entry(
        "fabric.between_buildings.latency_s",
        latency,
        "light through fibre from one building to the farthest, one way",
        "length × group index / speed of light",
        inputs,
    );
}

fn collective_entry(w: &mut Writer<'_>) {
    let Some(call) = w.plan.fabric.collectives.first() else { return };
    let from = "src/fabric/collective.toml, written by `gigawatt calibrate --collectives`";
    let set = crate::fabric::collective::library::embedded();
    let known = set.coefficients.iter().map(|(name, c)| {
        [
            format!("{name}: {}", c.meaning),
            digits(c.value),
            format!("{from}; prior {}: {}", digits(c.prior), c.origin),
        ]
    });
    let mut inputs = vec![
        result(
            "fabric.scale_up.bytes_per_s_per_accelerator",
            w.plan.fabric.scale_up.bandwidth_per_accelerator.to_string(),
        ),
        w.said("fabric.in_network_reduction"),
    ];
    inputs.extend(known);
    let value = call.time.to_string();
    w.entry(
        "fabric.collectives.0.time_s",
        value,
        "time of the first collective listed, a process for each accelerator, alone on the network",
        "longest of host and the fastest way of the library: hops · latency + bytes on the busiest link / (bandwidth · share) + filling of the pipe",
        inputs,
    );
}

fn band_entry(w: &mut Writer<'_>, place: usize, band: &ErrorBand) {
    let percent = |share: f64| format!("{:+.1} %", share * 100.0);
    let from = "src/throughput/bands.toml, written by `gigawatt validate --bands`";
    w.entry(
        &format!("throughput.serving.{place}.error_band"),
        format!("{} … {}", percent(band.low), percent(band.high)),
        "how far measured tokens/s lay from predicted ones in eight rows of ten of this kind",
        "10th and 90th percentile of measured / predicted − 1; too few rows: all models of the generation, else the widest of all generations",
        vec![
            ["kind".into(), band.kind.clone(), from.into()],
            ["rows".into(), group(&band.rows.to_string()), from.into()],
            ["median error".into(), format!("{:.1} %", band.median_ape * 100.0), from.into()],
        ],
    );
}

/// What a workload is like under load, and the memory that holds it: key, value, meaning and formula.
fn under_load(result_: &Serving) -> [(&'static str, String, &'static str, &'static str); 4] {
    [
        (
            "wait_s",
            show(result_.wait),
            "mean wait of a request before its prefill, at the load factor",
            "ρ·S / (2·(1 − ρ)): arrivals by chance, ρ the load of prefill, S the time of a prompt (Pollaczek and Khinchine)",
        ),
        (
            "ttft_p99_s",
            show(result_.ttft_p99),
            "time to the first token that 99 of 100 requests keep",
            "TTFT + S / (2·(1 − ρ)) · ln(100·ρ): those that wait do so with an exponential tail",
        ),
        (
            "tpot_p99_s",
            show(result_.tpot_p99),
            "time per output token that 99 of 100 requests keep",
            "TPOT · (1 + 2.326·√((prompts' part)² / batch + variance of accepted drafts / tokens))",
        ),
        (
            "kv.sequences",
            result_.cache.map_or_else(String::new, |memory| group(&memory.sequences.to_string())),
            "sequences of full length that the memory of a replica holds",
            "(memory share · memory − weights − activations − runtime reserve) / cache of a sequence in whole blocks",
        ),
    ]
}

fn workload_entries(w: &mut Writer<'_>) {
    for (place, result_) in w.plan.serving.clone().iter().enumerate() {
        let p = result_.parallelism;
        let inputs = vec![
            ["model".into(), result_.model.clone(), "catalog".into()],
            ["system".into(), result_.system.clone(), "catalog".into()],
            ["layout".into(), format!("tp {} pp {} ep {} dp {}", p.tp, p.pp, p.ep, p.dp), "search".into()],
            ["batch of a replica".into(), result_.batch.to_string(), "search".into()],
            ["TTFT".into(), show(result_.ttft), "model".into()],
            ["TPOT".into(), show(result_.tpot), "model".into()],
            ["waits for".into(), result_.bound_by.clone(), "model".into()],
            ["accelerators".into(), group(&result_.accelerators.to_string()), "result".into()],
        ];
        w.entry(
            &format!("throughput.serving.{place}.output_tokens_per_s"),
            show(result_.output_tokens_per_s),
            "output tokens per second of the fleet at the mean load, availability included",
            "tokens/s of an accelerator × accelerators in whole replicas × availability × load factor; the design point is the best under the latency promise",
            inputs.clone(),
        );
        let parts: [(&str, String, &str, &str); 5] = [
            (
                "ttft_s",
                show(result_.ttft),
                "time to the first token of a request that finds a free slot",
                "chunks of the prompt, stage by stage, each a mixed step; with a prefill pool its time, the hand-over of the cache and one step",
            ),
            (
                "tpot_s",
                show(result_.tpot),
                "mean time per output token",
                "Σ rows of the step: repeats · (max(FLOP/rate, bytes/bandwidth) + launch)",
            ),
            (
                "tokens_per_s_per_accelerator",
                show(result_.tokens_per_s_per_accelerator),
                "output rate of an accelerator at full load, all pools counted",
                "batch / (TPOT × accelerators of a replica), less the prefill pool's part",
            ),
            (
                "j_per_token",
                show(result_.energy_per_token),
                "facility energy of an output token",
                "facility mean power of these accelerators / output tokens/s",
            ),
            (
                "usd_per_mtok_output",
                show(result_.cost_per_token),
                "what a million output tokens cost",
                "these accelerators' part of capital and operation / output tokens/s",
            ),
        ];
        for (name, value, meaning, formula) in parts.into_iter().chain(under_load(result_)) {
            w.entry(&format!("throughput.serving.{place}.{name}"), value, meaning, formula, inputs.clone());
        }
        if let Some(band) = &result_.error_band {
            band_entry(w, place, band);
        }
    }
    training_entries(w);
}

/// How each run came to be.
fn training_entries(w: &mut Writer<'_>) {
    for (place, run) in w.plan.training.clone().iter().enumerate() {
        let mut inputs = vec![
            ["step".into(), show(run.step_time), "model".into()],
            ["MFU".into(), show(run.mfu), "model".into()],
            ["goodput".into(), show(run.goodput), "failure rates".into()],
            ["accelerators".into(), group(&run.accelerators.to_string()), "result".into()],
        ];
        if let Some(told) = &run.run {
            let lost = lost_parts(told).map(|(name, share, ..)| {
                result(&format!("throughput.training.{place}.lost_to.{name}"), show(share))
            });
            inputs.extend(lost);
        }
        w.entry(
            &format!("throughput.training.{place}.tokens_per_s"),
            show(run.tokens_per_s),
            "tokens per second of a run while it steps",
            "global batch / step time; the layout is the fastest legal one that fits into memory",
            inputs.clone(),
        );
        let parts: [(&str, String, &str, &str); 3] = [
            (
                "step_time_s",
                show(run.step_time),
                "time of one optimiser step",
                "compute + exposed messages + pipeline bubble + gradients + optimiser, slowest rank awaited",
            ),
            (
                "mfu",
                show(run.mfu),
                "model FLOP/s over dense peak of the format",
                "FLOP of the model per token × tokens/s / (accelerators × peak)",
            ),
            (
                "goodput",
                show(run.goodput),
                "useful part of the wall clock",
                "(1 − w)·(1 − s)·τ / (M·e^(R/M)·(e^((τ+δ)/M) − 1)): Daly 2006; waiting w by Erlang's loss formula",
            ),
        ];
        for (name, value, meaning, formula) in parts {
            w.entry(&format!("throughput.training.{place}.{name}"), value, meaning, formula, inputs.clone());
        }
        if let Some(told) = &run.run {
            run_entries(w, place, run, told);
        }
    }
}

/// What failures do to a run, and what the run takes.
fn run_entries(w: &mut Writer<'_>, place: usize, run: &Training, told: &RunFailures) {
    let key = |name: &str| format!("throughput.training.{place}.{name}");
    // Runs stand system by system, each with every entry of the scenario.
    let entries = w.plan.scenario.fields["training"].as_array().map_or(1, Vec::len).max(1);
    let entry = place % entries;
    let system = run.system.split(':').next().unwrap_or_default();
    let mut known = w.taken(&format!("systems.{system}.reliability"));
    known.push(result(&key("accelerators"), group(&run.accelerators.to_string())));
    let mtbf = result(&key("mtbf_s"), show(told.between_failures));
    w.entry(
        &key("mtbf_s"),
        show(told.between_failures),
        "mean time between interruptions of the run",
        "M = 1/(λ·N), λ of the system, N accelerators",
        known.clone(),
    );
    w.entry(
        &key("failures_per_day"),
        digits(86_400.0 / told.between_failures.0),
        "interruptions of the run in a day",
        "86,400 s / M",
        vec![mtbf.clone()],
    );
    let said = |fields: &[&str]| -> Vec<[String; 3]> {
        fields.iter().map(|field| w.said(&format!("training.{entry}.{field}"))).collect()
    };
    let mut inputs = said(&["checkpoint", "checkpoint_interval", "checkpoint_stall", "storage"]);
    inputs.push(mtbf);
    inputs.push(result(&key("checkpoint_bytes"), show(told.checkpoint)));
    let interval = inputs.clone();
    inputs.extend(said(&["detection", "restart", "silent_detection", "spares", "swap", "without_spares"]));
    inputs.extend(known);
    w.entry(
        &key("checkpoint_interval_s"),
        show(told.checkpoint_interval),
        "useful time between checkpoints",
        "as set, else (1 − τ/M)·exp((τ + δ)/M) = 1, which Young's √(2δM) approaches; no shorter than it takes to write",
        interval,
    );
    for (name, share, meaning, formula) in lost_parts(told) {
        w.entry(&key(&format!("lost_to.{name}")), show(share), meaning, formula, inputs.clone());
    }
    run_bill(w, &key, entry, run, told);
}

/// Each part of the lost time: name, share, meaning, formula.
fn lost_parts(told: &RunFailures) -> [(&'static str, Share, &'static str, &'static str); 5] {
    [
        (
            "checkpoints",
            told.lost_to_checkpoints,
            "standing still while checkpoints are taken",
            "(1 − w)·δ/E, E = M·e^(R/M)·(e^((τ+δ)/M) − 1) the mean time of an interval",
        ),
        (
            "rework",
            told.lost_to_rework,
            "steps done again",
            "(1 − w)·(M·(e^((τ+δ)/M) − 1) − τ − δ + what was not yet written or spoilt)/E",
        ),
        (
            "restarts",
            told.lost_to_restarts,
            "detection and restart",
            "(1 − w)·M·(e^((τ+δ)/M) − 1)·(e^(R/M) − 1)/E, rework of stale state aside",
        ),
        (
            "waiting",
            told.lost_to_waiting,
            "waiting for repairs with no spare left",
            "w = 1 − (1 − B(s + 1, a))^g, Erlang's B, a = broken units under repair of a group",
        ),
        ("slow_nodes", told.lost_to_slow_nodes, "nodes slower than their kind", "as set, of what is left"),
    ]
}

/// Time, energy and dollars of a run.
fn run_bill(
    w: &mut Writer<'_>,
    key: &impl Fn(&str) -> String,
    entry: usize,
    run: &Training,
    told: &RunFailures,
) {
    let time = result(&key("run_time_s"), show(run.run_time));
    let tokens = w.said(&format!("training.{entry}.tokens"));
    w.entry(
        &key("run_time_s"),
        show(run.run_time),
        "time of the run",
        "tokens / (tokens/s × goodput); P5, P50 and P95 from 200 simulated runs over the range of λ",
        vec![
            tokens,
            result(&key("tokens_per_s"), show(run.tokens_per_s)),
            result(&key("goodput"), show(run.goodput)),
            result("P5, P50, P95", told.run_time.map(show).join(", ")),
        ],
    );
    let held = result("accelerators and spares", group(&(run.accelerators + told.spares).to_string()));
    let pue = result("power.pue_annual", show(w.plan.power.pue_annual));
    w.entry(
        &key("run_energy_j"),
        show(told.energy),
        "facility energy of the run's accelerators and spares",
        "(N + spares) × IT power of an accelerator × mean over provisioned power × PUE × time",
        vec![held.clone(), pue, time.clone()],
    );
    let yearly = result("economics.total_per_year", show(w.plan.economics.total_per_year));
    w.entry(
        &key("run_usd"),
        show(told.cost),
        "cost of the run's accelerators and spares over its time",
        "(N + spares) × capital and operation of a year / accelerators × time / a year",
        vec![held, yearly, time],
    );
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
