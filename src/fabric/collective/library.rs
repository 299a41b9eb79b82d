//! What a communication library reaches of links, and what its ways cost: the coefficients of `collective.toml`.
//!
//! Shares, hops and fixed costs are no physics of a building but properties of software on its links. Each has a prior
//! with its origin, mostly the library's own tuner, and bounds; `gigawatt calibrate --collectives` draws them to measured
//! times and writes the errors of systems and operations left out. None belongs to a system, a benchmark or a row.

use crate::coefficients::CoefficientSet;
use crate::scalar::Real;
use crate::units::Seconds;
use std::sync::OnceLock;

/// The coefficients, each described in `collective.toml`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "each is described in the file that it is read from")]
pub struct Library {
    pub copy_share: f64,
    pub ring_share: f64,
    pub tree_share: f64,
    pub in_network_share: f64,
    pub in_network_rate_exponent: f64,
    pub in_network_ranks_exponent: f64,
    pub port_ring_share: f64,
    pub port_exchange_share: f64,
    pub fan_share: f64,
    pub domain_ports: f64,
    pub launch_us: f64,
    pub framework_us: f64,
    pub quick_base_us: f64,
    pub quick_hop_us: f64,
    pub quick_crossing_us: f64,
    pub efa_quick_crossing_us: f64,
    pub quick_cost: f64,
    pub bulk_base_us: f64,
    pub bulk_hop_us: f64,
    pub bulk_crossing_us: f64,
    pub efa_crossing_us: f64,
    pub in_network_base_us: f64,
    pub exchange_us: f64,
    pub rank_step_us: f64,
    pub longest_fill: f64,
}

const EMBEDDED: &str = include_str!("../collective.toml");

/// The coefficients that come with the program.
#[must_use]
pub fn embedded() -> &'static CoefficientSet {
    static SET: OnceLock<CoefficientSet> = OnceLock::new();
    SET.get_or_init(|| CoefficientSet::shipped(EMBEDDED))
}

impl Default for Library {
    fn default() -> Self {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        *LIBRARY.get_or_init(|| Self::of(embedded()))
    }
}

impl Library {
    /// The coefficients of a file; one it does not have counts as 1.
    #[must_use]
    pub fn of(set: &CoefficientSet) -> Self {
        let of = |name: &str| set.value(name, 1.0);
        Self {
            copy_share: of("copy_share"),
            ring_share: of("ring_share"),
            tree_share: of("tree_share"),
            in_network_share: of("in_network_share"),
            in_network_rate_exponent: of("in_network_rate_exponent"),
            in_network_ranks_exponent: of("in_network_ranks_exponent"),
            port_ring_share: of("port_ring_share"),
            port_exchange_share: of("port_exchange_share"),
            fan_share: of("fan_share"),
            domain_ports: of("domain_ports"),
            launch_us: of("launch_us"),
            framework_us: of("framework_us"),
            quick_base_us: of("quick_base_us"),
            quick_hop_us: of("quick_hop_us"),
            quick_crossing_us: of("quick_crossing_us"),
            efa_quick_crossing_us: of("efa_quick_crossing_us"),
            quick_cost: of("quick_cost"),
            bulk_base_us: of("bulk_base_us"),
            bulk_hop_us: of("bulk_hop_us"),
            bulk_crossing_us: of("bulk_crossing_us"),
            efa_crossing_us: of("efa_crossing_us"),
            in_network_base_us: of("in_network_base_us"),
            exchange_us: of("exchange_us"),
            rank_step_us: of("rank_step_us"),
            longest_fill: of("longest_fill"),
        }
    }
}

/// Microseconds as a time.
pub(super) fn micros<T: Real>(value: f64) -> Seconds<T> {
    Seconds(T::of(value * 1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_coefficients_are_sound_and_inside_their_bounds() {
        let set = embedded();
        assert!((20..=30).contains(&set.coefficients.len()), "{}", set.coefficients.len());
        for (name, c) in &set.coefficients {
            assert!(c.low <= c.value && c.value <= c.high, "{name} = {}", c.value);
            assert!(c.low <= c.prior && c.prior <= c.high && c.spread > 0.0, "{name}");
            assert!(!c.meaning.is_empty() && !c.origin.is_empty(), "{name}");
        }
    }

    #[test]
    fn unseen_rows_and_seen_ones_tell_the_same_story() {
        for kind in ["system", "operation"] {
            let all = embedded().left_out.iter().find(|l| l.kind == kind && l.name == "all").expect("there");
            assert!(all.median_ape < 0.1 && all.median_ape < 1.7 * all.fitted_median_ape, "{all:?}");
        }
    }

    // A coefficient that nothing reads would be fitted in vain.
    #[test]
    fn every_coefficient_of_the_file_is_read() {
        for name in embedded().coefficients.keys() {
            let mut moved = embedded().clone();
            moved.coefficients.get_mut(name).expect("its own key").value += 0.5;
            assert_ne!(Library::of(&moved), Library::default(), "{name} changes nothing");
        }
    }
}
