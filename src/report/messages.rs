//! Times of collectives by message size: what a plan's fabric section says of them.

use super::document::{Bars, Block, Column, Table, Unit, count};
use crate::plan::result::CollectiveTime;
use crate::units::text::digits;

const RATE: Unit = Unit::Metric("B/s");

/// A size in powers of 1,024: `32 KiB`; whole numbers without decimals.
#[allow(clippy::float_cmp, reason = "whether a number is whole is an exact question")]
fn size(bytes: f64) -> String {
    let (prefix, unit) = [("Gi", 30), ("Mi", 20), ("Ki", 10), ("", 0)]
        .into_iter()
        .find(|(_, power)| bytes >= 2.0_f64.powi(*power))
        .unwrap_or(("", 0));
    let value = bytes / 2.0_f64.powi(unit);
    let text = if value.fract() == 0.0 { format!("{value:.0}") } else { digits(value) };
    format!("{text} {prefix}B")
}

fn where_of(call: &CollectiveTime) -> String {
    format!("{} of {}", call.scope, count(call.accelerators))
}

/// All-reduces by size, their bus bandwidth drawn, and the other operations at both ends; nothing where nothing is known.
#[must_use]
pub fn blocks(calls: &[CollectiveTime]) -> Vec<Block> {
    let Some(first) = calls.first() else { return Vec::new() };
    let reduces: Vec<&CollectiveTime> =
        calls.iter().filter(|call| call.operation == first.operation).collect();
    let by_size = Table::of(vec![
        Column::words(first.operation, reduces.iter().map(|call| where_of(call))),
        Column::numbers("message", reduces.iter().map(|call| size(call.message.0))),
        Column::values("time", Unit::Plain("µs"), reduces.iter().map(|call| Some(call.time.0 * 1e6))),
        Column::values("bus bandwidth", RATE, reduces.iter().map(|call| Some(call.bus_bandwidth.0))),
        Column::words("way", reduces.iter().map(|call| call.algorithm)),
    ]);
    let drawn = Bars::of(
        &format!("bus bandwidth of {} by message", first.operation),
        RATE,
        reduces
            .iter()
            .map(|call| (format!("{}, {}", where_of(call), size(call.message.0)), call.bus_bandwidth.0)),
    );
    // The smallest and the largest size of each operation in each place.
    let mut ends: Vec<(&CollectiveTime, &CollectiveTime)> = Vec::new();
    for call in calls {
        match ends.last_mut() {
            Some((from, to)) if (from.scope, from.operation) == (call.scope, call.operation) => *to = call,
            _ => ends.push((call, call)),
        }
    }
    let operations = Table::of(vec![
        Column::words("operation", ends.iter().map(|(call, _)| call.operation)),
        Column::words("over", ends.iter().map(|(call, _)| where_of(call))),
        Column::values(
            &format!("time of {}", size(first.message.0)),
            Unit::Plain("µs"),
            ends.iter().map(|(call, _)| Some(call.time.0 * 1e6)),
        ),
        Column::words("way", ends.iter().map(|(call, _)| call.algorithm)),
        Column::values(
            &format!(
                "bus bandwidth of {}",
                ends.first().map_or_else(String::new, |(_, to)| size(to.message.0))
            ),
            RATE,
            ends.iter().map(|(_, call)| Some(call.bus_bandwidth.0)),
        ),
        Column::words("way", ends.iter().map(|(_, call)| call.algorithm)),
    ]);
    vec![Block::Table(by_size), Block::Bars(drawn), Block::Table(operations)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (bytes, text) in
            [(1_024.0, "1 KiB"), (32_768.0, "32 KiB"), (17_179_869_184.0, "16 GiB"), (8.0, "8 B")]
        {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_plan_without_a_domain_says_nothing() {
        assert!(blocks(&[]).is_empty());
    }
}
