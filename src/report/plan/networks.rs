//! Bandwidth of the tiers, link loads, optics either way, the networks beside the scale-out and between buildings.

use super::{POWER, RATE, count, digits};
use crate::plan::result::{EXCHANGE, Fabric, RoutedTraffic, ScaleOut, TorusShape};
use crate::report::document::{Block, Column, Table, Unit, count_or_blank};

/// The torus of the domain in a sentence.
pub(super) fn torus(torus: &TorusShape) -> Block {
    let sides: Vec<String> = torus.shape.iter().filter(|side| **side > 1).map(ToString::to_string).collect();
    let guessed = if torus.known { "" } else { " (the most compact; its maker names none)" };
    let optical = if torus.optical_links > 0 {
        format!(
            ", {} of them over {} optical switches",
            count(torus.optical_links),
            count(torus.optical_switches)
        )
    } else {
        String::new()
    };
    Block::Text(format!(
        "It is a torus of {}{guessed}: {} links{optical}, bisection {}; all-to-all takes {} times as long as \
         full links would.",
        sides.join(" × "),
        count(torus.links),
        RATE.show(torus.bisection.0),
        digits(torus.all_to_all_slow_down.0)
    ))
}

/// A count of a network.
type Count = fn(&ScaleOut) -> u64;

/// Links above the spines by what they lead to: to cores, and to the spines of other groups.
pub(super) fn upper(nets: &[ScaleOut]) -> Vec<(&'static str, Count)> {
    let to_cores: Count = |net| if net.has_global_links() { 0 } else { net.spine_core };
    let global: Count = |net| if net.has_global_links() { net.spine_core } else { 0 };
    let any = |of: Count| nets.iter().any(|net| of(net) > 0);
    let mut all = Vec::new();
    if any(to_cores) || !any(global) {
        all.push(("spine–core", to_cores));
    }
    if any(global) {
        all.push(("global", global));
    }
    all
}

/// Everything of the networks that is not a count of the scale-out.
pub(super) fn blocks(fabric: &Fabric) -> Vec<Block> {
    let nets = &fabric.scale_out;
    let tier = |place: usize| {
        nets.iter().map(move |net| Some(net.tier_bandwidths[place].1.0).filter(|rate| *rate > 0.0))
    };
    let mut tiers = vec![
        Column::words("bandwidth per direction", nets.iter().map(|net| net.system.clone())),
        Column::values("host–leaf", RATE, tier(0)),
        Column::values("leaf–spine", RATE, tier(1)),
    ];
    tiers.extend(upper(nets).into_iter().map(|(header, links)| {
        let own = nets.iter().zip(tier(2)).map(|(net, rate)| rate.filter(|_| links(net) > 0));
        Column::values(header, RATE, own)
    }));
    let mut blocks = vec![Block::Table(Table::of(tiers))];
    blocks.extend(nets.iter().map(loads));
    let choices: Vec<_> = nets.iter().flat_map(|net| &net.optics).collect();
    if !choices.is_empty() {
        blocks.push(Block::Table(Table::of(vec![
            Column::words("optics", choices.iter().map(|choice| choice.switch.clone())),
            Column::words(
                "kind",
                choices.iter().map(|choice| if choice.co_packaged { "co-packaged" } else { "pluggable" }),
            ),
            Column::values("power", POWER, choices.iter().map(|choice| Some(choice.power.0))),
            Column::values(
                "per accelerator",
                Unit::Plain("W"),
                choices.iter().map(|choice| Some(choice.per_accelerator.0)),
            ),
            Column::numbers("transceivers", choices.iter().map(|choice| count_or_blank(choice.transceivers))),
        ])));
    }
    let beside = &fabric.networks;
    blocks.push(Block::Table(Table::of(vec![
        Column::words("beside it", beside.iter().map(|net| net.name)),
        Column::words("of", beside.iter().map(|net| net.system.clone())),
        Column::words("switch", beside.iter().map(|net| net.switch.clone())),
        Column::counts("switches", beside.iter().map(|net| net.switches)),
        Column::counts("links", beside.iter().map(|net| net.links)),
        Column::values("per accelerator", RATE, beside.iter().map(|net| Some(net.per_accelerator.0))),
        Column::values("power, within support", POWER, beside.iter().map(|net| Some(net.power.0))),
    ])));
    blocks.push(Block::Text(between(fabric)));
    blocks
}

/// Link loads of one network's pod.
fn loads(net: &ScaleOut) -> Block {
    let rows = &net.routing;
    let header = format!("links of a pod of {}", count(net.pod_accelerators));
    // A torus has one row, which is of the whole pod.
    let pattern = |row: &RoutedTraffic| match row.pattern {
        "all-to-all" if rows.len() > 1 => format!("all-to-all of {EXCHANGE} on a rail"),
        other => other.to_owned(),
    };
    Block::Table(Table::of(vec![
        Column::words(&header, rows.iter().map(pattern)),
        Column::words("routing", rows.iter().map(|row| row.routing)),
        Column::numbers("busiest", rows.iter().map(|row| digits(row.worst.0))),
        Column::numbers("mean", rows.iter().map(|row| digits(row.mean.0))),
        Column::numbers("slow-down", rows.iter().map(slow_down)),
    ]))
}

/// The slow-down of a row; where all hosts of a rail share a switch, no link is used.
fn slow_down(row: &RoutedTraffic) -> String {
    if row.crosses_links() { digits(row.slow_down.0) } else { "no link used".to_owned() }
}

/// What lies between buildings, and whether training crosses it.
fn between(fabric: &Fabric) -> String {
    let between = &fabric.between;
    let crossing = match between.bandwidth_per_accelerator {
        Some(rate) if between.fabrics > 1 => {
            format!("{} of each accelerator cross from fabric to fabric", RATE.show(rate.0))
        }
        _ => "runs stay within one fabric".to_owned(),
    };
    format!(
        "Between {} building(s), {} fabric(s): {} km of fibre, {} µs one way; {crossing}.",
        count(between.buildings),
        count(between.fabrics),
        digits(between.fibre.0 / 1e3),
        digits(between.latency.0 * 1e6)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::units::{ByteRate, Ratio};

    #[test]
    fn nothing_crosses_where_there_is_one_fabric() {
        let mut fabric = sample::plan().fabric;
        fabric.between.bandwidth_per_accelerator = Some(ByteRate(6.25e9));
        fabric.between.fabrics = 2;
        assert!(between(&fabric).contains("cross from fabric to fabric"));
        fabric.between.fabrics = 1;
        assert!(between(&fabric).ends_with("runs stay within one fabric."));
    }

    #[test]
    fn links_between_groups_are_not_called_those_to_cores() {
        let mut nets = sample::plan().fabric.scale_out;
        let headers = |nets: &[ScaleOut]| upper(nets).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(headers(&nets), ["spine–core"]);
        let mut groups = nets[0].clone();
        groups.core = 0;
        nets.push(groups.clone());
        assert_eq!(headers(&nets), ["spine–core", "global"]);
        assert_eq!(headers(&[groups]), ["global"]);
    }

    #[test]
    fn traffic_on_no_link_has_no_slow_down() {
        let row = |worst| RoutedTraffic {
            pattern: "ring",
            routing: "ECMP",
            worst: Ratio(worst),
            mean: Ratio(worst / 2.0),
            slow_down: Ratio(1.0),
        };
        assert_eq!(slow_down(&row(0.0)), "no link used");
        assert_eq!(slow_down(&row(0.5)), "1.000");
    }
}
