//! How long collectives of a plan take: inside a scale-up domain and over the whole scale-out network, by message size.

use super::equipment::Machine;
use super::result::{Assumption, CollectiveTime};
use super::sizing::{Draw, torus_of};
use super::workloads::chip_of;
use crate::catalog::profile::{Confidence, ScaleUpTopology, Transport};
use crate::fabric::collective::library::{self, Library};
use crate::fabric::collective::{CallLatency, Collective, CollectiveRun};
use crate::scenario::Fabric;
use crate::units::text::digits;
use crate::units::{ByteRate, Bytes, Watts};

/// Sizes shown, from a token's activations to a gradient [B].
pub const SIZES: [u64; 6] = [1 << 10, 1 << 15, 1 << 20, 1 << 25, 1 << 30, 1 << 34];

const OPERATIONS: [(Collective, &str); 5] = [
    (Collective::AllReduce, "all-reduce"),
    (Collective::AllGather, "all-gather"),
    (Collective::ReduceScatter, "reduce-scatter"),
    (Collective::AllToAll, "all-to-all"),
    (Collective::PointToPoint, "point-to-point"),
];

/// Times of all operations at all sizes: in one domain, then over all whole domains that one fabric connects.
///
/// Alone on the network, a process for each accelerator. What the leaf switches oversubscribe slows an exchange of all with
/// all; rings and trees cross the leaves too seldom.
#[must_use]
pub fn collectives(machine: &Machine, draw: &Draw, wish: &Fabric) -> Vec<CollectiveTime> {
    let chip = chip_of(machine, Watts(0.0));
    let library = Library::default();
    let latency = match machine.network.switch.transport {
        Transport::Lossless => CallLatency::lossless(&library),
        Transport::Efa => CallLatency::efa(&library),
    };
    let domain = u64::from(chip.domain.max(1));
    let connected = draw.accelerators.min(draw.fabric.accelerators_per_island) / domain * domain;
    let torus = (machine.system.scale_up.topology == ScaleUpTopology::Torus)
        .then(|| torus_of(machine).ok())
        .flatten();
    let scopes = [("domain", domain), ("network", connected)];
    let mut times = Vec::new();
    for (scope, accelerators) in scopes.into_iter().filter(|(_, accelerators)| *accelerators > 1) {
        let across = scope == "network";
        if across && accelerators <= domain {
            continue;
        }
        for (collective, operation) in OPERATIONS {
            let pair = collective == Collective::PointToPoint;
            let ranks = if pair { 2 } else { accelerators };
            // Of a domain that is a torus with a slower dimension.
            let kept = torus.map_or(1.0, |torus| torus.kept_of(collective == Collective::AllToAll));
            let slowed = if collective == Collective::AllToAll { draw.fabric.oversubscription } else { 1.0 };
            let run = CollectiveRun {
                collective,
                ranks: ranks as f64,
                domain: if pair && across { 1.0 } else { domain as f64 },
                message: Bytes(0.0),
                scale_up: chip.scale_up.bandwidth * if pair { 1.0 } else { kept },
                scale_out: ByteRate(draw.fabric.injection.0 / slowed),
                in_network_reduction: chip.in_network_reduction,
                network_reduction: wish.in_network_reduction && machine.network.switch.in_network_reduction,
                latency,
                library,
            };
            times.extend(SIZES.map(|bytes| {
                let run = CollectiveRun { message: Bytes(bytes as f64), ..run };
                CollectiveTime {
                    scope,
                    operation,
                    accelerators: ranks,
                    message: run.message,
                    time: run.time(),
                    bus_bandwidth: run.bus_bandwidth(),
                    algorithm: run.way().words(),
                }
            }));
        }
    }
    times
}

/// Coefficients of the library that rest on nothing published.
#[must_use]
pub fn assumptions() -> Vec<Assumption> {
    let set = library::embedded();
    let unsourced = set.coefficients.iter().filter(|(name, c)| {
        // Nothing in a plan runs under a framework.
        c.origin.starts_with("assumption") && name.as_str() != "framework_us"
    });
    unsourced
        .map(|(name, c)| Assumption {
            field: format!("collectives.{name}"),
            value: digits(c.value),
            range: Some(format!("{} … {}", digits(c.low), digits(c.high))),
            source: format!("{}; drawn to {} measured collectives", c.origin, set.rows),
            confidence: Confidence::Assumption,
            note: Some(c.meaning.clone()),
        })
        .collect()
}
