//! The ways that a library has to reduce or gather, each with its time: ring, tree, low latency, switches that add.

use super::library::{Library, micros};
use super::{CallLatency, ring_part};
use crate::scalar::Real;
use crate::units::{ByteRate, Bytes, Seconds};

/// Link rate at which the share of switches that add is stated: NVLink 4.
const SHARE_RATE: f64 = 450e9;
/// Ranks at which it is stated.
const SHARE_RANKS: f64 = 8.0;

/// A positive base to a power.
#[inline(always)]
fn power<T: Real>(base: T, exponent: f64) -> T {
    (base.log2() * T::of(exponent)).exp2()
}

/// How a collective goes about its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Round a ring in the bulk protocol.
    Ring,
    /// Up and down a tree of domains in the bulk protocol.
    Tree,
    /// Up and down a tree in the low-latency protocol.
    Quick,
    /// Through the switches of the domains, which add.
    InDomain,
    /// Through the switches of the domains and those between them, which add.
    InNetwork,
    /// Every pair at once.
    Exchange,
    /// From one to the other.
    Copy,
}

impl Way {
    /// The way in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Tree => "tree",
            Self::Quick => "low-latency",
            Self::InDomain => "domain-switches",
            Self::InNetwork => "all-switches",
            Self::Exchange => "pairwise",
            Self::Copy => "copy",
        }
    }
}

/// What the ways of one collective share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways<T: Real> {
    pub(super) ranks: T,
    pub(super) local: T,
    pub(super) domains: T,
    /// Times that a buffer goes round: two for an all-reduce, one to gather or scatter.
    pub(super) rounds: T,
    pub(super) message: Bytes<T>,
    /// Achieved inside a domain.
    pub(super) inside: ByteRate<T>,
    /// Achieved by the ports of a domain together.
    pub(super) border: ByteRate<T>,
    pub(super) latency: CallLatency<T>,
    pub(super) library: Library,
}

impl<T: Real> Ways<T> {
    /// Bytes that pass a rank of a ring, at the rate inside the domain.
    fn near(&self) -> Seconds<T> {
        self.message * (ring_part(self.ranks) * self.rounds) / self.inside
    }

    /// The same at the least rate on the way: inside, and over several domains that of the border.
    fn wire(&self) -> Seconds<T> {
        let far = self.message * (ring_part(self.ranks) * self.rounds) / self.border;
        let near = self.near();
        let spread = self.domains > T::of(1.0);
        Seconds(T::select(spread, near.max(far).value(), near.value()))
    }

    /// Time to fill a pipe of chunks.
    ///
    /// ~~~text
    /// least( 2·√(φ·τ'), κ·φ ),  φ = passes·(d − 1)·a
    /// ~~~
    fn ramp(&self, wire: Seconds<T>, passes: T) -> Seconds<T> {
        let fill = micros::<T>(self.library.rank_step_us) * ((self.local - T::of(1.0)) * passes);
        let best = (fill.value() * wire.value()).sqrt() * T::of(2.0);
        Seconds(best).min(fill * T::of(self.library.longest_fill))
    }

    /// A ring of the bulk protocol.
    ///
    /// ~~~text
    /// t = β + r·((n − m)·h + (m − 1)·x) + τ + ramp(r·φ)
    /// ~~~
    pub(super) fn ring(&self) -> Seconds<T> {
        let hops = micros::<T>(self.library.bulk_hop_us) * (self.ranks - self.domains).max(T::of(0.0))
            + self.latency.crossing * (self.domains - T::of(1.0));
        let fixed = micros::<T>(self.library.bulk_base_us) + hops * self.rounds;
        fixed + self.wire() + self.ramp(self.near(), self.rounds)
    }

    /// Chains inside, two binary trees across, in the bulk protocol: each domain is a leaf of one tree and a branch of the
    /// other, so that its border carries the buffer twice, as in a ring.
    ///
    /// ~~~text
    /// t = β + r·((d − 1)·h + log2(m)·x) + τ/u + ramp(r·φ)
    /// ~~~
    pub(super) fn tree(&self) -> Seconds<T> {
        let hops = micros::<T>(self.library.bulk_hop_us) * (self.local - T::of(1.0))
            + self.latency.crossing * self.domains.log2();
        let fixed = micros::<T>(self.library.bulk_base_us) + hops * self.rounds;
        let wire = self.wire() / T::of(self.library.tree_share);
        fixed + wire + self.ramp(self.near(), self.rounds)
    }

    /// Chains inside, a tree across, in the low-latency protocol.
    ///
    /// ~~~text
    /// t = β + r·((d − 1)·h + log2(m)·x) + q·τ
    /// ~~~
    pub(super) fn quick(&self) -> Seconds<T> {
        let hops = micros::<T>(self.library.quick_hop_us) * (self.local - T::of(1.0))
            + self.latency.quick_crossing * self.domains.log2();
        let fixed = micros::<T>(self.library.quick_base_us) + hops * self.rounds;
        fixed + self.wire() * T::of(self.library.quick_cost)
    }

    /// Time that a link inside the domain is busy when the domain's switches add: every rank sends its buffer and the sums
    /// of its slice, and receives as much. What is gathered or scattered passes a rank as in a ring.
    ///
    /// ~~~text
    /// τ = (d + 1)/d · S / (B·s),   s = s₀ · (450 GB/s / B)^b · (8 / d)^c
    /// ~~~
    fn added(&self, scale_up: ByteRate<T>) -> Seconds<T> {
        let one = T::of(1.0);
        let share = T::of(self.library.in_network_share)
            * power(T::of(SHARE_RATE) / scale_up.value(), self.library.in_network_rate_exponent)
            * power(T::of(SHARE_RANKS) / self.local, self.library.in_network_ranks_exponent);
        let sums = self.message * ((self.local + one) / self.local) / (scale_up * share);
        Seconds(T::select(self.rounds > one, sums.value(), self.near().value()))
    }

    /// Through the switches of each domain, and across by the ports: once out and once in.
    ///
    /// ~~~text
    /// t = β + r·log2(m)·x + max(τ_in, S/B_border) + ramp(φ)
    /// ~~~
    pub(super) fn in_domain(&self, scale_up: ByteRate<T>) -> Seconds<T> {
        let one = T::of(1.0);
        let hops = self.latency.crossing * (self.domains.log2() * self.rounds);
        let part = T::select(self.rounds > one, one, ring_part(self.ranks));
        self.through_switches(scale_up, hops, self.message * part)
    }

    /// Through all switches: each domain sends its sum up once and receives the whole once, however many there are.
    ///
    /// An upper bound: an operator expects 450 GB/s of H100 with 8 × 400 Gb/s a node where this says 535, and no measured
    /// sweep tells which switches added.
    ///
    /// ~~~text
    /// t = β + r·x + max(τ_in, S/B_border) + ramp(φ)
    /// ~~~
    pub(super) fn in_network(&self, scale_up: ByteRate<T>) -> Seconds<T> {
        self.through_switches(scale_up, self.latency.crossing * self.rounds, self.message)
    }

    fn through_switches(&self, scale_up: ByteRate<T>, hops: Seconds<T>, across: Bytes<T>) -> Seconds<T> {
        let spread = self.domains > T::of(1.0);
        let across = Seconds(T::select(spread, (across / self.border).value(), T::of(0.0)));
        let inside = self.added(scale_up);
        let fixed = micros::<T>(self.library.in_network_base_us) + hops;
        fixed + inside.max(across) + self.ramp(inside, T::of(1.0))
    }
}
