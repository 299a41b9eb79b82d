//! What a rack is given: three powers that are never mixed up, and the policy that says which share of heat counts.
//!
//! *Heat* is what the rack turns into heat in steady full work (TDP at the rack input): envelope and cooling are
//! sized with it. *Peak* is the electrical design point of some milliseconds to seconds: breakers and
//! ride-through. *Feed* is the installed capacity of the power shelves: what the busway taps must be able to
//! give. Oversubscription lowers the first one only.

use crate::units::{Share, Watts};

/// The three powers of a rack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RackPower {
    /// Steady heat at full work.
    pub heat: Watts,
    /// Electrical design point: the highest power that breakers see.
    pub peak: Watts,
    /// Installed capacity of the shelves.
    pub feed: Watts,
}

impl RackPower {
    /// Whether the powers stand in their only possible order: heat, peak, feed.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self.heat <= self.peak && self.peak <= self.feed
    }
}

/// How much of a rack's heat the envelope sets aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Provisioning {
    /// All of it, always.
    Nameplate,
    /// What many racks together rarely exceed, as a share of their heat; above it, capping steps in.
    DutyQuantile(Share),
    /// A lasting power cap, as a share of heat, with the performance that it costs.
    Capped {
        /// Capped power over heat.
        cap: Share,
    },
}

/// What work is bound by, and so what a power cap costs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Arithmetic: training, prefill.
    Compute,
    /// Memory traffic: decoding.
    Memory,
}

/// What a rack gets, and how fast it works with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Provisioned {
    /// Set aside for each rack in the envelope.
    pub power: Watts,
    /// Performance kept, as a share of that without cap.
    pub performance: Share,
}

/// Why a policy cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ProvisioningError {
    /// The cap lies outside the range of the curve.
    #[error("a power cap of {cap} lies outside {lowest} to 100 %, where its cost in performance is known")]
    CapOutsideCurve {
        /// What was asked.
        cap: Share,
        /// The lowest cap that the curve covers.
        lowest: Share,
    },
    /// A quantile of nothing, or of more than everything.
    #[error("a duty quantile of {quantile} is not between 0 and 100 % of the rack's heat")]
    NotAQuantile {
        /// What was asked.
        quantile: Share,
    },
}

/// The lowest power cap that the curve of [`performance_at_cap`] covers.
pub const LOWEST_CAP: Share = Share(0.55);

/// Performance kept under a power cap.
///
/// ~~~text
/// f = 1 − a·(1 − p)^b    compute-bound a = 0.6, b = 1.4 · memory-bound a = 0.25, b = 1.5
/// ~~~
///
/// p capped power over heat [1], 0.55 ≤ p ≤ 1. An estimate that lies within two points of what the vendor states for
/// Blackwell and Rubin power profiles (97 % at 85 %; 96–97 % at 72 % in inference); nobody published a curve.
#[must_use]
pub fn performance_at_cap(cap: Share, bound: Bound) -> Share {
    let (a, b) = match bound {
        Bound::Compute => (0.6, 1.4),
        Bound::Memory => (0.25, 1.5),
    };
    Share(1.0 - a * (1.0 - cap.value()).max(0.0).powf(b))
}

/// Applies a policy to a rack.
pub fn provision(
    rack: RackPower,
    policy: Provisioning,
    bound: Bound,
) -> Result<Provisioned, ProvisioningError> {
    match policy {
        Provisioning::Nameplate => Ok(Provisioned { power: rack.heat, performance: Share(1.0) }),
        Provisioning::DutyQuantile(quantile) => {
            if !(quantile.value() > 0.0 && quantile.value() <= 1.0) {
                return Err(ProvisioningError::NotAQuantile { quantile });
            }
            Ok(Provisioned { power: rack.heat * quantile.value(), performance: Share(1.0) })
        }
        Provisioning::Capped { cap } => {
            if !(cap >= LOWEST_CAP && cap.value() <= 1.0) {
                return Err(ProvisioningError::CapOutsideCurve { cap, lowest: LOWEST_CAP });
            }
            Ok(Provisioned { power: rack.heat * cap.value(), performance: performance_at_cap(cap, bound) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RACK: RackPower = RackPower { heat: Watts(132e3), peak: Watts(192e3), feed: Watts(264e3) };

    #[test]
    fn nameplate_sets_aside_the_heat_and_not_the_peak() {
        let given = provision(RACK, Provisioning::Nameplate, Bound::Compute).unwrap();
        assert!((given.power.value() - 132e3).abs() < 1e-9);
        assert!((given.performance.value() - 1.0).abs() < 1e-12);
        assert!(RACK.is_ordered());
    }

    #[test]
    fn a_cap_at_72_percent_keeps_96_percent_of_decoding() {
        // 1 − 0.25 · 0.28^1.5 = 1 − 0.25 · 0.14816 = 0.96296; the vendor shows 0.96 to 0.97.
        let given = provision(RACK, Provisioning::Capped { cap: Share(0.72) }, Bound::Memory).unwrap();
        assert!((given.performance.value() - 0.962_96).abs() < 1e-5);
        assert!((given.power.value() - 95_040.0).abs() < 1e-6);
        // 1 − 0.6 · 0.28^1.4 = 1 − 0.6 · 0.16827 = 0.89904.
        let compute = performance_at_cap(Share(0.72), Bound::Compute).value();
        assert!((compute - 0.899_04).abs() < 1e-4, "{compute}");
    }

    #[test]
    fn a_cap_always_costs_less_performance_than_power() {
        for step in 55..100 {
            let cap = f64::from(step) / 100.0;
            for bound in [Bound::Compute, Bound::Memory] {
                assert!(performance_at_cap(Share(cap), bound).value() > cap);
            }
        }
    }

    #[test]
    fn caps_that_nobody_measured_are_refused() {
        for cap in [0.0, 0.3, 0.549, 1.01, f64::NAN] {
            assert!(provision(RACK, Provisioning::Capped { cap: Share(cap) }, Bound::Memory).is_err());
        }
        for quantile in [0.0, 1.1, f64::NAN] {
            assert!(provision(RACK, Provisioning::DutyQuantile(Share(quantile)), Bound::Memory).is_err());
        }
    }
}
