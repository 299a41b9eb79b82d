//! Where the time of a step goes, and what binds it.

use crate::throughput::operations::{Part, StepTable};
use crate::throughput::roofline::{StepLoad, operation_time};

/// What keeps a design point from being faster or larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// Dense arithmetic.
    Arithmetic,
    /// Reading weights.
    WeightTraffic,
    /// Reading the cache.
    CacheTraffic,
    /// Other memory traffic.
    ActivationTraffic,
    /// Messages between accelerators.
    Interconnect,
    /// Launches of kernels and latencies.
    Launch,
    /// Host time.
    Host,
}

impl Bound {
    /// The words for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::WeightTraffic => "weight traffic",
            Self::CacheTraffic => "cache traffic",
            Self::ActivationTraffic => "activation traffic",
            Self::Interconnect => "interconnect",
            Self::Launch => "launch latency",
            Self::Host => "host",
        }
    }
}

/// All bounds in the order of [`Bound`]'s variants.
pub const BOUNDS: [Bound; 7] = [
    Bound::Arithmetic,
    Bound::WeightTraffic,
    Bound::CacheTraffic,
    Bound::ActivationTraffic,
    Bound::Interconnect,
    Bound::Launch,
    Bound::Host,
];

/// Time of a step by what binds each row.
#[must_use]
pub fn time_by_bound(table: &StepTable, load: &StepLoad) -> [f64; 7] {
    let mut times = [0.0; 7];
    for (row, part) in table.rows.iter().zip(&table.parts) {
        let time = operation_time(row, load);
        let busy = time.total - time.fixed;
        let (roof, fixed) = match part {
            Part::AllReduce
            | Part::AllToAll
            | Part::PipelineSend
            | Part::ContextRing
            | Part::ContextCombine => (Bound::Interconnect, Bound::Interconnect),
            Part::Host => (Bound::Host, Bound::Host),
            _ if time.arithmetic > time.traffic => (Bound::Arithmetic, Bound::Launch),
            Part::DecodeAttention | Part::Indexer => (Bound::CacheTraffic, Bound::Launch),
            _ if row.weight_bytes > row.bytes_per_token * load.sequences => {
                (Bound::WeightTraffic, Bound::Launch)
            }
            _ => (Bound::ActivationTraffic, Bound::Launch),
        };
        times[roof as usize] += busy;
        times[fixed as usize] += time.fixed;
    }
    times
}

/// Time of a step by what each row is.
#[must_use]
pub fn time_by_part(table: &StepTable, load: &StepLoad) -> Vec<(Part, f64)> {
    let mut times: Vec<(Part, f64)> = Vec::new();
    for (row, part) in table.rows.iter().zip(&table.parts) {
        let total = operation_time(row, load).total;
        match times.iter_mut().find(|(known, _)| known == part) {
            Some((_, sum)) => *sum += total,
            None => times.push((*part, total)),
        }
    }
    times
}

/// The bound with the largest share of a step.
#[must_use]
pub fn binding(table: &StepTable, load: &StepLoad) -> Bound {
    let times = time_by_bound(table, load);
    let largest = (0..times.len()).max_by(|a, b| times[*a].total_cmp(&times[*b])).unwrap_or(0);
    BOUNDS[largest]
}
