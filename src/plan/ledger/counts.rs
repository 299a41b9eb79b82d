//! How counts, areas and shares came to be.

use super::{Row, Writer, result};
use crate::plan::result::Entry;
use crate::units::text::{digits, group, show};

/// Counts, areas and shares that follow from the results above.
#[allow(clippy::too_many_lines, reason = "a list: one row a result")]
pub(super) fn entries(w: &mut Writer<'_>) {
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
