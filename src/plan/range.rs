//! How sure the headline is: the plan's sizing repeated over the ranges that the catalogue gives.
//!
//! Each figure with a low and a high end becomes a triangular distribution with its value as the mode; racks,
//! support nodes, switches and prices are drawn together, sample by sample, from counter-based numbers, and the
//! integer search runs again for each sample. Ranges of throughput are not in here: what the model is off by is
//! what `gigawatt validate` shows.

use super::equipment::{Equipment, Machine};
use super::result::{Economics, Serving, Uncertain};
use super::sizing::racks_that_fit;
use crate::catalog::profile::Datum;
use crate::power::PowerEnvelope;
use crate::random::Stream;
use crate::scenario::Scenario;
use crate::units::text::Quantity;

/// Samples: enough for a 5th and a 95th percentile to a few per cent of the spread, in a few milliseconds.
const SAMPLES: u64 = 128;

/// The value of a triangular distribution at a cumulative probability.
///
/// ~~~text
/// u ≤ (m − a)/(b − a):  x = a + √(u·(b − a)·(m − a)),  else  x = b − √((1 − u)·(b − a)·(b − m))
/// ~~~
fn triangular(low: f64, mode: f64, high: f64, u: f64) -> f64 {
    let width = high - low;
    if width <= 0.0 {
        return mode;
    }
    if u * width <= mode - low {
        low + (u * width * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * width * (high - mode)).sqrt()
    }
}

/// A figure at a cumulative probability, over its value: 1 where it has no range.
pub(super) fn factor<Q: Quantity>(datum: &Datum<Q>, u: f64) -> f64 {
    let value = datum.value.si();
    let low = datum.low.map_or(value, Quantity::si);
    let high = datum.high.map_or(value, Quantity::si);
    if value > 0.0 { triangular(low, value, high, u) / value } else { 1.0 }
}

/// Ranges of the headline results.
pub(super) fn ranges(
    scenario: &Scenario,
    equipment: &Equipment,
    economics: &Economics,
    serving: &[Serving],
    seed: u64,
) -> Vec<Uncertain> {
    let fields = &scenario.fields;
    let mut accelerators = Vec::new();
    let mut rack_price = Vec::new();
    for sample in 0..SAMPLES {
        let mut total = 0;
        let mut price = 0.0;
        for (place, machine) in equipment.machines.iter().enumerate() {
            let draw = |what: u64| Stream { seed, stream: 1_000 + 16 * place as u64 + what }.uniform(sample);
            let sampled = sampled(machine, &draw);
            let slice = PowerEnvelope {
                power: fields.envelope.power * machine.share.0,
                measured_at: fields.envelope.measured_at.into(),
            };
            let racks =
                racks_that_fit(&equipment.place, &sampled, fields, slice, fields.provisioning.granularity);
            let racks = racks.unwrap_or(0);
            total += racks * u64::from(machine.system.rack.accelerators);
            price += racks as f64
                * machine.system.rack.price.value.0
                * factor(&machine.system.rack.price, draw(3));
        }
        accelerators.push(total as f64);
        rack_price.push(price);
    }
    let mut all = vec![percentiles("fleet.accelerators", accelerators.clone())];
    // What is not racks keeps its cost per watt, and the watts are the envelope's.
    let racks: f64 =
        economics.parts.iter().filter(|(name, _)| name.ends_with(" racks")).map(|(_, usd)| usd.0).sum();
    let rest = economics.capex.0 - racks;
    all.push(percentiles("economics.capex_usd", rack_price.iter().map(|price| price + rest).collect()));
    let planned: u64 = serving.iter().map(|result| result.accelerators).sum();
    let output: f64 = serving.iter().map(|result| result.output_tokens_per_s.0).sum();
    if planned > 0 && output > 0.0 {
        let fleet = all[0].p50.max(1.0);
        let scaled = accelerators.iter().map(|count| output * count / fleet).collect();
        all.push(percentiles("throughput.output_tokens_per_s", scaled));
    }
    all
}

/// The machine with its powers drawn from their ranges.
fn sampled(machine: &Machine, draw: &dyn Fn(u64) -> f64) -> Machine {
    let mut sample = machine.clone();
    let heat = match machine.id.rsplit_once(':').and_then(|(_, name)| machine.system.profiles.get(name)) {
        Some(profile) => factor(&profile.heat, draw(0)),
        None => factor(&machine.system.rack.heat, draw(0)),
    };
    sample.compute_bound.power = sample.compute_bound.power * heat;
    sample.compute_bound.rack = sample.compute_bound.rack * heat;
    sample.unit_support = sample.unit_support * factor(&machine.system.unit.support_power, draw(1));
    sample.network.kind.power =
        sample.network.kind.power * factor(&machine.network.switch.power_populated, draw(2));
    sample
}

fn percentiles(key: &str, mut values: Vec<f64>) -> Uncertain {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    Uncertain { key: key.into(), p5: at(0.05), p50: at(0.5), p95: at(0.95) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_has_its_ends_and_its_mode() {
        assert!((triangular(1.0, 2.0, 4.0, 0.0) - 1.0).abs() < 1e-12);
        assert!((triangular(1.0, 2.0, 4.0, 1.0) - 4.0).abs() < 1e-12);
        // One third of the mass lies below the mode: (2 − 1)/(4 − 1).
        assert!((triangular(1.0, 2.0, 4.0, 1.0 / 3.0) - 2.0).abs() < 1e-9);
        assert!((triangular(2.0, 2.0, 2.0, 0.7) - 2.0).abs() < 1e-12);
    }
}
