//! How the results of the networks came to be.

use super::{Writer, result};
use crate::units::text::{digits, group, show};

pub(super) fn entries(w: &mut Writer<'_>) {
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
