//! What a rack is given: three powers that are never mixed up, and the policy that says which share of heat counts.
//!
//! *Heat* is what the rack turns into heat in steady full work (TDP at the rack input): envelope and cooling are
//! sized with it. *Peak* is the electrical design point of some milliseconds to seconds: breakers and
//! ride-through. *Feed* is the installed capacity of the power shelves: what the busway taps must be able to
//! give. Oversubscription lowers the first one only.
//!
//! A policy holds the compute racks alone. Switches and the optics in them draw nearly the same whatever passes through them,
//! for their links stay up (recalled), so neither a cap nor the duty of racks is theirs: network, storage and management keep
//! what they draw populated. Counts of a vendor that scale a whole site by less than the cap of its accelerators, as 164 kW a
//! rack all told with a rack of 227 kW held at 72 %, 163 kW, leave nothing for them and are not reached.

use crate::random::normal_quantile;
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

/// Power shelves of a rack, half of them on each of its two feeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shelves {
    /// How many.
    pub count: u32,
    /// Rating of one.
    pub rating: Watts,
}

impl Shelves {
    /// Shelves that carry a rack's heat.
    #[must_use]
    pub fn needed(self, heat: Watts) -> u32 {
        (heat / self.rating - 1e-9).ceil().max(0.0) as u32
    }

    /// What is left when one feed is lost: the smaller half.
    ///
    /// ~~~text
    /// P = ⌊n/2⌋·S
    /// ~~~
    #[must_use]
    pub fn one_side(self) -> Watts {
        self.rating * f64::from(self.count / 2)
    }
}

/// How much of a rack's heat the envelope sets aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Provisioning {
    /// All of it, always.
    Nameplate,
    /// What many racks together stay within for this part of the time; above it, capping steps in.
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
    /// Highest lasting power of a single rack: what its row and its coolant have to carry.
    pub rack: Watts,
    /// Performance kept, as a share of that without cap.
    pub performance: Share,
    /// Mean power over what is set aside.
    pub duty: Share,
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
    /// A quantile below the median, or beyond all time.
    #[error("a duty quantile of {quantile} is not between 50 and 100 % of the time")]
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

/// Applies a policy to one of many racks whose power is spread.
///
/// ~~~text
/// nameplate      P = Q              f = 1                    d = m
/// duty-quantile  P = min(q, 1)·Q    f = 1 − E[(x − q)⁺]/m    d = (m − E[(x − q)⁺])/q    x of all racks together
/// capped         P = p·Q            f of the curve           d = (m − E[(x − p)⁺])/p    x of each rack alone
/// ~~~
///
/// Q heat [W] · m mean power over heat, if nothing holds it · f performance kept · d mean power over what is set aside.
/// Work that a quantile sheds is taken as lost in proportion to its power. A single rack may draw all of its heat
/// under a quantile, which holds the sum of them only; a cap holds each rack.
pub fn provision(
    rack: RackPower,
    policy: Provisioning,
    spread: DutySpread,
    racks: u64,
    bound: Bound,
) -> Result<Provisioned, ProvisioningError> {
    let heat = rack.heat;
    match policy {
        Provisioning::Nameplate => {
            Ok(Provisioned { power: heat, rack: heat, performance: Share(1.0), duty: spread.mean })
        }
        Provisioning::DutyQuantile(quantile) => {
            if !(0.5..=1.0).contains(&quantile.value()) {
                return Err(ProvisioningError::NotAQuantile { quantile });
            }
            let limit = spread.within(racks, quantile);
            let shed = spread.shed(racks, limit).0;
            Ok(Provisioned {
                power: heat * limit.0,
                rack: heat,
                performance: Share(1.0 - shed / spread.mean.0),
                duty: Share((spread.mean.0 - shed) / limit.0),
            })
        }
        Provisioning::Capped { cap } => {
            if !(cap >= LOWEST_CAP && cap.value() <= 1.0) {
                return Err(ProvisioningError::CapOutsideCurve { cap, lowest: LOWEST_CAP });
            }
            let power = heat * cap.value();
            let duty = Share((spread.mean.0 - spread.shed(1, cap).0) / cap.0);
            Ok(Provisioned { power, rack: power, performance: performance_at_cap(cap, bound), duty })
        }
    }
}

/// How the power of racks is spread over time.
///
/// Each rack's power over its heat has the same mean and deviation, any two racks the same correlation; many together
/// are near enough to a normal distribution. Correlation is what oversubscription lives and dies by: independent racks
/// even each other out, racks of one training run do not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DutySpread {
    /// Mean power over heat.
    pub mean: Share,
    /// Standard deviation of one rack's power over heat.
    pub deviation: Share,
    /// Correlation between any two racks.
    pub correlation: Share,
}

impl DutySpread {
    /// Standard deviation of the mean of many racks.
    ///
    /// ~~~text
    /// σ_n = σ·√( ρ + (1 − ρ)/n )
    /// ~~~
    #[must_use]
    pub fn together(self, racks: u64) -> f64 {
        let alone = (1.0 - self.correlation.0) / racks.max(1) as f64;
        self.deviation.0 * (self.correlation.0 + alone).sqrt()
    }

    /// Part of the time that racks together ask for more than this part of their heat.
    ///
    /// ~~~text
    /// 1 − Φ( (q − m)/σ_n )
    /// ~~~
    #[must_use]
    pub fn exceeds(self, racks: u64, limit: Share) -> Share {
        let together = self.together(racks);
        let above = limit.0 - self.mean.0;
        if together <= 0.0 {
            return Share(if above < 0.0 { 1.0 } else { 0.0 });
        }
        Share(0.5 * libm::erfc(above / together / std::f64::consts::SQRT_2))
    }

    /// Part of their heat that racks together stay within for a part of the time, at most all of it.
    ///
    /// ~~~text
    /// q = min( m + σ_n·Φ⁻¹(p), 1 )
    /// ~~~
    #[must_use]
    pub fn within(self, racks: u64, part_of_time: Share) -> Share {
        let together = self.together(racks);
        if together <= 0.0 {
            return self.mean;
        }
        if part_of_time.0 >= 1.0 {
            return Share(1.0);
        }
        Share((self.mean.0 + together * normal_quantile(part_of_time.0)).min(1.0))
    }

    /// Part of their heat that racks together ask for above the limit, over all time: what capping takes away.
    ///
    /// ~~~text
    /// E[(x − q)⁺] = σ_n·φ(z) − (q − m)·(1 − Φ(z)),  z = (q − m)/σ_n
    /// ~~~
    #[must_use]
    pub fn shed(self, racks: u64, limit: Share) -> Share {
        let together = self.together(racks);
        let above = limit.0 - self.mean.0;
        if together <= 0.0 {
            return Share((-above).max(0.0));
        }
        let z = above / together;
        let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        Share((together * density - above * self.exceeds(racks, limit).0).max(0.0))
    }
}

/// Machines that a budget carries over those at nameplate, where the highest observed load leaves headroom.
///
/// ~~~text
/// n/n₀ = 1/(1 − h)
/// ~~~
///
/// h headroom: nameplate less the highest load, over nameplate [1].
#[must_use]
pub fn oversubscription(headroom: Share) -> f64 {
    1.0 / (1.0 - headroom.0)
}

/// Work of a budget over that at nameplate, where every rack is held at a cap.
///
/// ~~~text
/// g = f(p)/p
/// ~~~
///
/// p cap over heat, f performance kept at it [1].
#[must_use]
pub fn gain_at_cap(cap: Share, bound: Bound) -> f64 {
    performance_at_cap(cap, bound).0 / cap.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_shelves_of_33_kilowatts_carry_140_with_three_spare_but_not_on_one_side() {
        let shelves = Shelves { count: 8, rating: Watts(33e3) };
        // 140/33 = 4.24; 4 · 33 = 132 kW.
        assert_eq!(shelves.needed(Watts(140e3)), 5);
        assert!((shelves.one_side().0 - 132e3).abs() < 1e-9);
        assert_eq!(Shelves { count: 4, rating: Watts(110e3) }.needed(Watts(227e3)), 3);
    }

    const SPREAD: DutySpread =
        DutySpread { mean: Share(0.75), deviation: Share(0.1), correlation: Share(0.3) };

    fn given(policy: Provisioning, bound: Bound) -> Result<Provisioned, ProvisioningError> {
        provision(RACK, policy, SPREAD, 10_000, bound)
    }

    const RACK: RackPower = RackPower { heat: Watts(132e3), peak: Watts(192e3), feed: Watts(264e3) };

    #[test]
    fn nameplate_sets_aside_the_heat_and_not_the_peak() {
        let given = given(Provisioning::Nameplate, Bound::Compute).unwrap();
        assert!((given.power.value() - 132e3).abs() < 1e-9);
        assert!((given.performance.value() - 1.0).abs() < 1e-12);
        assert!(RACK.is_ordered());
    }

    #[test]
    fn a_cap_at_72_percent_keeps_96_percent_of_decoding() {
        // 1 − 0.25 · 0.28^1.5 = 1 − 0.25 · 0.14816 = 0.96296; the vendor shows 0.96 to 0.97.
        let given = given(Provisioning::Capped { cap: Share(0.72) }, Bound::Memory).unwrap();
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
    fn many_independent_racks_never_peak_together_and_correlated_ones_do() {
        let free = DutySpread { mean: Share(0.75), deviation: Share(0.1), correlation: Share(0.0) };
        let tied = DutySpread { correlation: Share(1.0), ..free };
        // 10,000 racks: 0.1 / 100 = 0.001, so 0.85 lies 100 deviations out; tied ones keep 0.1: one deviation.
        assert!((free.together(10_000) - 0.001).abs() < 1e-12);
        assert!(free.exceeds(10_000, Share(0.85)).0 < 1e-12);
        assert!((tied.exceeds(10_000, Share(0.85)).0 - 0.158_655).abs() < 1e-6);
        // σ·φ(1) − 0.1·0.158655 = 0.0241971 − 0.0158655.
        assert!((tied.shed(10_000, Share(0.85)).0 - 0.008_331_5).abs() < 1e-6);
        let certain = DutySpread { deviation: Share(0.0), ..free };
        assert!((certain.exceeds(5, Share(0.7)).0 - 1.0).abs() < 1e-12);
        assert!((certain.shed(5, Share(0.7)).0 - 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_quantile_sets_aside_what_is_exceeded_for_the_rest_of_the_time() {
        // σ_n = 0.1·√(0.3 + 0.7/10,000) = 0.054779; Φ⁻¹(0.99) = 2.32635: 0.75 + 0.12743 of the heat.
        let given = given(Provisioning::DutyQuantile(Share(0.99)), Bound::Compute).unwrap();
        let limit = given.power / RACK.heat;
        assert!((limit - 0.877_43).abs() < 1e-4, "{limit}");
        assert!((SPREAD.exceeds(10_000, Share(limit)).0 - 0.01).abs() < 1e-9);
        // Shed σ_n·(φ(z) − z·0.01) = 0.054779·(0.026652 − 0.023264) = 0.00018562, over the mean 0.75.
        assert!((1.0 - given.performance.0 - 0.000_247_5).abs() < 1e-6, "{}", given.performance.0);
        assert!((given.rack.0 - RACK.heat.0).abs() < 1e-9);
        // Joules over heat: what was asked less what was shed.
        assert!((given.duty.0 * limit - (0.75 - 0.000_185_62)).abs() < 1e-7);
        let all = self::given(Provisioning::DutyQuantile(Share(1.0)), Bound::Compute).unwrap();
        assert!((all.power.0 - RACK.heat.0).abs() < 1e-9);
    }

    #[test]
    fn racks_that_peak_together_are_set_aside_more() {
        let tied = |correlation| {
            let spread = DutySpread { correlation: Share(correlation), ..SPREAD };
            spread.within(10_000, Share(0.99)).0
        };
        assert!(tied(0.0) < 0.76 && tied(0.3) > 0.87 && tied(1.0) > 0.98, "{} {}", tied(0.0), tied(1.0));
    }

    #[test]
    fn a_fifth_of_headroom_carries_a_quarter_more_servers() {
        // POLCA sees 21 % in inference: 1/0.79 = 1.266; 3 % in training: 1.031.
        assert!((oversubscription(Share(0.21)) - 1.265_8).abs() < 1e-4);
        assert!((oversubscription(Share(0.03)) - 1.030_9).abs() < 1e-4);
    }

    #[test]
    fn three_quarters_of_the_power_do_a_third_more_work() {
        // 0.96296 / 0.72 = 1.3374; the vendor states 1.35.
        assert!((gain_at_cap(Share(0.72), Bound::Memory) - 1.337_4).abs() < 1e-4);
    }

    #[test]
    fn caps_that_nobody_measured_are_refused() {
        for cap in [0.0, 0.3, 0.549, 1.01, f64::NAN] {
            assert!(given(Provisioning::Capped { cap: Share(cap) }, Bound::Memory).is_err());
        }
        for quantile in [0.0, 0.49, 1.1, f64::NAN] {
            assert!(given(Provisioning::DutyQuantile(Share(quantile)), Bound::Memory).is_err());
        }
    }
}
