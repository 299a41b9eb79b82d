//! How long a collective takes: latency, bytes on the busiest link, and the filling of the pipe.
//!
//! ~~~text
//! t = max( host, least of the ways there are ) + framework
//! ring              β + r·((n − m)·h + (m − 1)·x) + τ + ramp(r·φ)
//! tree              β + r·((d − 1)·h + log2(m)·x) + τ/u + ramp(r·φ)        all-reduce over several domains
//! quick             β + r·((d − 1)·h + log2(m)·x) + q·τ
//! in the domain     β + r·log2(m)·x + τ + ramp(φ)                          all-reduce, up to two domains
//! in the network    β + r·x + τ + ramp(φ)                                  all-reduce, if switches between domains add
//! τ = bytes that the busiest link carries / (B·s)      ramp = least( 2·√(φ·τ'), κ·φ )      φ = (d − 1)·a
//! host = l · accelerators of a process
//! ~~~
//!
//! n ranks in m domains of d · r rounds: two for an all-reduce, one to gather or scatter · β fixed cost of a way · h cost
//! of a hop inside a domain · x of one across · B bandwidth per direction · s achieved share · u share of a tree · q cost
//! of flags · a cost of passing one rank · τ' the bytes at the rate inside the domain · κ longest fill · l time to start
//! one accelerator. The library takes whichever way is fastest, which makes the switch points between protocols and
//! algorithms. The host bounds from below: a process that drives eight accelerators starts eight kernels, and calls that
//! end sooner than the next one starts wait for it. That is why one node of H100 takes 13 to 17 µs for a few bytes with a
//! process each, and 25 to 42 µs with one for all.
//!
//! The root is what pipelining costs at the best chunk size: c chunks take τ + c·a + (d − 1)·τ/c, least where both
//! extra terms are equal. It makes the ramp between latency and bandwidth that measured curves show from 1 MB to
//! 100 MB; chunks end at the library's buffer, and with them the ramp. Switches that add serve n requests: every rank
//! fetches the sums of its slice, so its link carries (n + 1)/n of the buffer each way. Sizes follow nccl-tests:
//! `message` is the whole buffer of one rank, for all-gather the gathered one, for reduce-scatter the one before it is
//! scattered.
//!
//! What the library reaches and adds stands in [`Library`], with priors and bounds. All functions are generic over
//! [`Real`], so that kernels can mirror them. Left out: contention between jobs, unequal
//! routes, captured graphs, symmetric memory.

#![allow(
    clippy::inline_always,
    reason = "a kernel's loop is compiled for several targets and must take these in"
)]

pub mod library;
mod ways;

pub use library::Library;
pub use ways::Way;

use crate::scalar::Real;
use crate::units::{ByteRate, Bytes, Seconds};
use library::micros;
use ways::Ways;

/// Fewest ranks with which the library reduces in the network: below, it takes a ring (nccl-tests on H200).
pub const IN_NETWORK_RANKS: f64 = 5.0;
/// Smallest frame that a port sends [B] (IEEE 802.3).
const LEAST_FRAME: f64 = 64.0;
/// Share of a buffer that a rank of a ring passes on: (n − 1)/n.
#[inline(always)]
fn ring_part<T: Real>(ranks: T) -> T {
    let one = T::of(1.0);
    let ranks = ranks.max(one);
    (ranks - one) / ranks
}

/// Number of domains that the ranks span, at least one.
#[inline(always)]
pub fn domains<T: Real>(ranks: T, domain: T) -> T {
    (ranks / domain.max(T::of(1.0))).ceil().max(T::of(1.0))
}

/// Time of an exchange of all with all over several domains; `message` is what one rank holds for all ranks.
///
/// ~~~text
/// t = max( (d − 1) · S/n / B_in,  (n − d) · max(S/n, 64 B) / B_out ),  d = min(domain, n)
/// ~~~
///
/// B_in and B_out are achieved rates. A pair of different domains exchanges a frame at least. Both kinds of links work at
/// once, and every pair talks at once: no pipe to fill.
#[inline(always)]
pub fn exchange_time<T: Real>(
    message: Bytes<T>,
    ranks: T,
    domain: T,
    (inside, outside): (ByteRate<T>, ByteRate<T>),
) -> Seconds<T> {
    let one = T::of(1.0);
    let ranks = ranks.max(one);
    let local = domain.min(ranks).max(one);
    let near = message * ((local - one) / ranks) / inside;
    let part = message / ranks;
    let far = part.max(Bytes(T::of(LEAST_FRAME))) * (ranks - local) / outside;
    near.max(far)
}

/// Different places that k draws over n equally likely ones hit on average.
///
/// ~~~text
/// n·(1 − (1 − 1/n)^k)
/// ~~~
#[inline(always)]
pub fn places_hit<T: Real>(places: T, draws: T) -> T {
    let one = T::of(1.0);
    let places = places.max(one);
    // One place is hit for certain; two keep the logarithm finite.
    let missed = (draws * (one - one / places.max(T::of(2.0))).log2()).exp2();
    T::select(places > one, places * (one - missed), one)
}

/// An exchange of tokens with their experts that sends one copy to each domain and copies on inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpertExchange<T: Real = f64> {
    /// Bytes of the tokens of one rank, each counted once.
    pub tokens: Bytes<T>,
    /// Experts that a token goes to.
    pub experts: T,
    /// Most domains that a token goes to, if the router is limited.
    pub domain_limit: T,
    /// Accelerators that hold experts.
    pub ranks: T,
    /// Accelerators of a domain.
    pub domain: T,
    /// Scale-up bandwidth of an accelerator, per direction.
    pub scale_up: ByteRate<T>,
    /// Scale-out bandwidth of an accelerator, per direction.
    pub scale_out: ByteRate<T>,
    /// The library that runs it.
    pub library: Library,
}

impl<T: Real> ExpertExchange<T> {
    /// Copies of a token by domain and by rank, its own place included.
    #[must_use]
    pub fn copies(&self) -> (T, T) {
        let reached = domains(self.ranks, self.domain).min(self.domain_limit);
        let ranks = self.ranks.min(reached * self.domain);
        (places_hit(reached, self.experts), places_hit(ranks, self.experts))
    }

    /// Time of the exchange.
    ///
    /// ~~~text
    /// t = β + max( c_d·(m − 1)/m · S / (B_out·s),  c_r · S / (B_in·s_in) )
    /// ~~~
    ///
    /// c_d domains and c_r ranks that a token reaches. DeepEP, arXiv:2412.19437 section 3.2.2.
    #[must_use]
    pub fn time(&self) -> Seconds<T> {
        let (by_domain, by_rank) = self.copies();
        let m = domains(self.ranks, self.domain);
        let port = self.scale_out * T::of(self.library.port_exchange_share);
        let away = self.tokens * (by_domain * ring_part(m)) / port;
        let near = self.tokens * by_rank / (self.scale_up * T::of(self.library.fan_share));
        micros::<T>(self.library.exchange_us) + away.max(near)
    }
}

/// A kind of collective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collective {
    /// Every rank ends with the sum of all buffers.
    AllReduce,
    /// Every rank ends with the parts of all ranks.
    AllGather,
    /// Every rank ends with its part of the sum.
    ReduceScatter,
    /// Every rank sends a different part to each other rank.
    AllToAll,
    /// One rank sends to one other.
    PointToPoint,
}

/// One run of a collective on a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollectiveRun<T: Real = f64> {
    /// What is run.
    pub collective: Collective,
    /// Accelerators that take part.
    pub ranks: T,
    /// Accelerators of a scale-up domain.
    pub domain: T,
    /// Size of the buffer, as nccl-tests counts it.
    pub message: Bytes<T>,
    /// Scale-up bandwidth of each accelerator, per direction.
    pub scale_up: ByteRate<T>,
    /// Scale-out bandwidth of each accelerator, per direction.
    pub scale_out: ByteRate<T>,
    /// Whether the switches of the domain reduce.
    pub in_network_reduction: bool,
    /// Whether the switches between domains reduce.
    pub network_reduction: bool,
    /// What starts the call and what carries it between domains.
    pub latency: CallLatency<T>,
    /// The library that runs it.
    pub library: Library,
}

/// What a call costs beside bytes, apart from what the library's ways cost themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallLatency<T: Real = f64> {
    /// Time between two calls of the host.
    pub host: Seconds<T>,
    /// What a framework adds.
    pub framework: Seconds<T>,
    /// A hop of the bulk protocol across domains.
    pub crossing: Seconds<T>,
    /// A hop of the low-latency protocol across domains.
    pub quick_crossing: Seconds<T>,
}

impl<T: Real> CallLatency<T> {
    /// The library alone on InfiniBand or lossless Ethernet, a process for each accelerator.
    #[must_use]
    pub fn lossless(library: &Library) -> Self {
        Self {
            host: micros(library.launch_us),
            framework: Seconds(T::of(0.0)),
            crossing: micros(library.bulk_crossing_us),
            quick_crossing: micros(library.quick_crossing_us),
        }
    }

    /// The same on EFA.
    #[must_use]
    pub fn efa(library: &Library) -> Self {
        Self {
            crossing: micros(library.efa_crossing_us),
            quick_crossing: micros(library.efa_quick_crossing_us),
            ..Self::lossless(library)
        }
    }

    /// The same where a process drives several accelerators, one after the other.
    #[must_use]
    pub fn driving(self, accelerators: T) -> Self {
        Self { host: self.host * accelerators, ..self }
    }
}

impl<T: Real> CollectiveRun<T> {
    /// Time of the run.
    #[must_use]
    pub fn time(&self) -> Seconds<T> {
        self.fastest().1
    }

    /// The way that the library takes.
    #[must_use]
    pub fn way(&self) -> Way {
        self.fastest().0
    }

    /// The fastest way that the library has, and its time with what the host adds.
    ///
    /// Over more than two domains whose own switches add, and those between them do not, a ring or a tree is taken: sums
    /// would cross each border twice.
    fn fastest(&self) -> (Way, Seconds<T>) {
        let one = T::of(1.0);
        let (n, domain) = (self.ranks, self.domain);
        let library = &self.library;
        let copy = self.scale_up * T::of(library.copy_share);
        let (way, time) = match self.collective {
            Collective::AllReduce => self.reduced_or_gathered(T::of(2.0)),
            Collective::AllGather | Collective::ReduceScatter => self.reduced_or_gathered(one),
            Collective::AllToAll => {
                let rates = (copy, self.scale_out * T::of(library.port_exchange_share));
                let bytes = exchange_time(self.message, n, domain, rates);
                (Way::Exchange, micros::<T>(library.exchange_us) + bytes)
            }
            Collective::PointToPoint => {
                let away = domains(n, domain) > one;
                let port = self.scale_out * T::of(library.port_ring_share);
                let rate = ByteRate(T::select(away, port.value(), copy.value()));
                let hop = micros::<T>(library.quick_hop_us).value();
                let hop = Seconds(T::select(away, self.latency.quick_crossing.value(), hop));
                (Way::Copy, micros::<T>(library.quick_base_us) + hop + self.message / rate)
            }
        };
        let time = time.max(self.latency.host) + self.latency.framework;
        (way, Seconds(T::select(n > one, time.value(), T::of(0.0))))
    }

    /// `rounds` is two for an all-reduce, one to gather or scatter.
    fn reduced_or_gathered(&self, rounds: T) -> (Way, Seconds<T>) {
        let one = T::of(1.0);
        let (ranks, domain) = (self.ranks.max(one), self.domain.max(one));
        let (local, m) = (domain.min(ranks), domains(ranks, domain));
        let ports = local.min(T::of(self.library.domain_ports));
        let ways = Ways {
            ranks,
            local,
            domains: m,
            rounds,
            message: self.message,
            inside: self.scale_up * T::of(self.library.ring_share),
            border: self.scale_out * (T::of(self.library.port_ring_share) * ports),
            latency: self.latency,
            library: self.library,
        };
        let mut best = (Way::Quick, ways.quick());
        let mut offer = |way: Way, time: Seconds<T>| {
            best = if time < best.1 { (way, time) } else { best };
        };
        offer(Way::Ring, ways.ring());
        if m > one {
            offer(Way::Tree, ways.tree());
        }
        let adds = self.in_network_reduction && ranks >= T::of(IN_NETWORK_RANKS);
        if adds && m <= T::of(2.0) {
            offer(Way::InDomain, ways.in_domain(self.scale_up));
        }
        if adds && self.network_reduction && m > one && rounds > one {
            offer(Way::InNetwork, ways.in_network(self.scale_up));
        }
        best
    }

    /// Bytes for each byte of message that the nccl-tests bus bandwidth counts.
    ///
    /// ~~~text
    /// all-reduce 2·(n − 1)/n;  all-gather, reduce-scatter (n − 1)/n;  all-to-all and point to point 1
    /// ~~~
    ///
    /// All-to-all counts the whole message, as expert dispatch benchmarks do.
    #[must_use]
    pub fn bus_factor(&self) -> T {
        match self.collective {
            Collective::AllReduce => ring_part(self.ranks) * T::of(2.0),
            Collective::AllGather | Collective::ReduceScatter => ring_part(self.ranks),
            Collective::AllToAll | Collective::PointToPoint => T::of(1.0),
        }
    }

    /// Bus bandwidth of the run as nccl-tests reports it.
    #[must_use]
    pub fn bus_bandwidth(&self) -> ByteRate<T> {
        self.message * self.bus_factor() / self.time()
    }

    /// Bytes of message per second, whatever links they cross.
    #[must_use]
    pub fn algorithm_bandwidth(&self) -> ByteRate<T> {
        self.message / self.time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The priors in round numbers, so that sums can be written down.
    fn plain() -> Library {
        Library {
            copy_share: 0.8,
            ring_share: 0.8,
            tree_share: 0.8,
            in_network_share: 0.7,
            in_network_rate_exponent: 0.0,
            in_network_ranks_exponent: 0.0,
            port_ring_share: 0.9,
            port_exchange_share: 0.9,
            fan_share: 0.77,
            domain_ports: 9.0,
            launch_us: 4.0,
            framework_us: 15.0,
            quick_base_us: 6.7,
            quick_hop_us: 0.6,
            quick_crossing_us: 5.0,
            efa_quick_crossing_us: 18.0,
            quick_cost: 4.0,
            bulk_base_us: 8.0,
            bulk_hop_us: 2.0,
            bulk_crossing_us: 14.0,
            efa_crossing_us: 21.0,
            in_network_base_us: 20.0,
            exchange_us: 20.0,
            rank_step_us: 1.0,
            longest_fill: 10.0,
        }
    }

    fn close(time: Seconds, micros: f64) {
        assert!((time.value() * 1e6 / micros - 1.0).abs() < 1e-6, "{} µs, not {micros}", time.value() * 1e6);
    }

    fn nvlink4(message: f64) -> CollectiveRun {
        CollectiveRun {
            collective: Collective::AllReduce,
            ranks: 8.0,
            domain: 8.0,
            message: Bytes(message),
            scale_up: ByteRate(450e9),
            scale_out: ByteRate(50e9),
            in_network_reduction: false,
            network_reduction: false,
            latency: CallLatency::lossless(&plain()),
            library: plain(),
        }
    }

    // Below the longest fill: φ = 2 · 7 · 1 µs = 14 µs, τ = 2 · 7/8 · 36 MB / 360 GB/s = 175 µs, 2·√(14 · 175) = 98.99 µs;
    // 8 + 14 · 2 = 36 µs of hops. At 3.6 GB the fill ends at 10 · 14 = 140 µs.
    #[test]
    fn a_ring_adds_hops_bytes_and_the_filling_of_the_pipe() {
        close(nvlink4(36e6).time(), 36.0 + 175.0 + 2.0 * (14.0_f64 * 175.0).sqrt());
        close(nvlink4(3.6e9).time(), 36.0 + 17_500.0 + 140.0);
        assert_eq!(nvlink4(3.6e9).way(), Way::Ring);
    }

    // Every rank sends the buffer and a slice of sums: 9/8 · 3.15 GB / (450 · 0.7 GB/s) = 11,250 µs, 20 + 10 · 7 µs.
    #[test]
    fn switches_that_add_carry_a_slice_more_than_the_buffer() {
        let run = CollectiveRun { in_network_reduction: true, ..nvlink4(3.15e9) };
        close(run.time(), 20.0 + 11_250.0 + 70.0);
        assert_eq!(run.way(), Way::InDomain);
        // At twice the rate and an exponent of a fifth, 2^0.2 = 1.149 times half as long.
        let library = Library { in_network_rate_exponent: 0.2, ..plain() };
        let faster = CollectiveRun { scale_up: ByteRate(900e9), library, ..run };
        close(faster.time(), 20.0 + 5_625.0 * 2.0_f64.powf(0.2) + 70.0);
    }

    // 64 ranks in 8 domains of 8 ports: a ring carries 2 · 63/64 · 3.6 GB over 8 · 45 GB/s = 19,687.5 µs; switches between
    // the domains carry the buffer once, 10,000 µs, less than 9/8 · 3.6 GB / 315 GB/s = 12,857 µs inside; 20 + 2 · 14 + 70.
    #[test]
    fn switches_between_domains_halve_what_crosses_a_border() {
        let run = CollectiveRun { ranks: 64.0, in_network_reduction: true, ..nvlink4(3.6e9) };
        close(run.time(), 8.0 + 2.0 * (56.0 * 2.0 + 7.0 * 14.0) + 19_687.5 + 140.0);
        let sharp = CollectiveRun { network_reduction: true, ..run };
        close(sharp.time(), 20.0 + 28.0 + 1.125 * 3.6e9 / 315e9 * 1e6 + 70.0);
        assert_eq!(sharp.way(), Way::InNetwork);
        let alone = CollectiveRun { ranks: 8.0, ..sharp };
        assert_eq!(alone.way(), Way::InDomain);
    }

    // 8,192 ranks in 1,024 domains: a ring hops 2 · (7,168 · 2 + 1,023 · 14) µs = 57 ms, a tree 2 · (7 · 2 + 10 · 14) µs.
    #[test]
    fn a_tree_beats_the_ring_over_many_domains() {
        let run = CollectiveRun { ranks: 8_192.0, ..nvlink4(36e6) };
        assert_eq!(run.way(), Way::Tree);
        // τ = 2 · 36 MB / 360 GB/s = 200 µs, over 0.8: 250 µs; the ramp at the rate inside, 200 µs as well: 105.8 µs.
        let part = 8_191.0 / 8_192.0;
        close(run.time(), 8.0 + 308.0 + 250.0 * part + 2.0 * (14.0 * 200.0 * part).sqrt());
    }

    // 64 ranks in domains of 8: 56/64 · 80 MB / 45 GB/s = 1,555.6 µs hides 7/64 · 80 MB / 360 GB/s.
    #[test]
    fn ports_bind_an_exchange_over_many_domains() {
        let run = CollectiveRun { collective: Collective::AllToAll, ranks: 64.0, ..nvlink4(80e6) };
        close(run.time(), 20.0 + 70e6 / 45e9 * 1e6);
        close(CollectiveRun { ranks: 8.0, ..run }.time(), 20.0 + 70e6 / 360e9 * 1e6);
    }

    // 1 KB to 6,400 ranks: 6,392 frames of 64 B at 45 GB/s, 9.09 µs.
    #[test]
    fn an_exchange_sends_each_pair_a_frame() {
        let run = CollectiveRun { collective: Collective::AllToAll, ranks: 6_400.0, ..nvlink4(1e3) };
        close(run.time(), 20.0 + 6_392.0 * 64.0 / 45e9 * 1e6);
    }

    // 45 MB at 45 GB/s of a port take 1,000 µs, at 360 GB/s of a link 125 µs, after 6.7 µs and a hop of 5 or 0.6.
    #[test]
    fn a_copy_takes_a_hop_and_its_bytes() {
        let run = CollectiveRun { collective: Collective::PointToPoint, ranks: 2.0, ..nvlink4(45e6) };
        close(run.time(), 6.7 + 0.6 + 125.0);
        close(CollectiveRun { domain: 1.0, ..run }.time(), 6.7 + 5.0 + 1_000.0);
    }

    // 8 B take 6.7 + 14 · 0.6 = 15.1 µs where a process drives one accelerator. One that drives eight needs 8 · 4 µs to start
    // them, more than the message takes.
    #[test]
    fn a_process_that_drives_eight_starts_them_one_after_the_other() {
        close(nvlink4(8.0).time(), 15.1 + 4.0 * 14.0 / 360e9 * 1e6);
        let run = nvlink4(8.0);
        close(CollectiveRun { latency: run.latency.driving(8.0), ..run }.time(), 32.0);
        assert_eq!(run.way(), Way::Quick);
    }

    // 8 B on 32 nodes of 8: 6.7 + 2 · (7 · 0.6 + 5 · 5) = 65.1 µs; issue 652 of NCCL reports 62 to 71 on A100.
    #[test]
    fn small_messages_climb_a_tree() {
        let time = CollectiveRun { ranks: 256.0, ..nvlink4(8.0) }.time();
        assert!((time.value() / 65.1e-6 - 1.0).abs() < 1e-3, "{time}");
    }

    #[test]
    fn one_rank_alone_waits_for_nobody() {
        for collective in ALL {
            let run = CollectiveRun { collective, ranks: 1.0, ..nvlink4(1e9) };
            assert!(run.time().value().abs() < f64::MIN_POSITIVE, "{collective:?}");
        }
    }

    const ALL: [Collective; 5] = [
        Collective::AllReduce,
        Collective::AllGather,
        Collective::ReduceScatter,
        Collective::AllToAll,
        Collective::PointToPoint,
    ];

    fn gb200(ranks: f64, message: f64) -> CollectiveRun {
        CollectiveRun {
            collective: Collective::AllReduce,
            ranks,
            domain: 72.0,
            message: Bytes(message),
            scale_up: ByteRate(900e9),
            scale_out: ByteRate(50e9),
            in_network_reduction: true,
            network_reduction: false,
            latency: CallLatency::lossless(&Library::default()),
            library: Library::default(),
        }
    }

    // nccl-tests on 20 racks: 2 GiB in 14,980 µs, 16 GiB in 84,625 µs.
    #[test]
    fn twenty_racks_are_bound_by_the_ports_of_a_domain() {
        for (gib, micros) in [(2.0, 14_980.0), (16.0, 84_625.0)] {
            let ratio = gb200(1_440.0, gib * 1_073_741_824.0).time().value() * 1e6 / micros;
            assert!((ratio - 1.0).abs() < 0.2, "{gib} GiB: {ratio}");
        }
    }

    // nccl-tests on one and two NVL72 racks (github.com/coreweave/nccl-tests/pull/43): 0.5 and 8 GiB in 1,807 and
    // 20,299 µs; 16 GiB on 144 ranks in 42,067 µs.
    #[test]
    fn measured_all_reduces_of_nvl72_racks_are_within_fifteen_percent() {
        for (ranks, gib, micros) in [(72.0, 0.5, 1_806.7), (72.0, 8.0, 20_299.0), (144.0, 16.0, 42_067.0)] {
            let run = gb200(ranks, gib * 1_073_741_824.0);
            let ratio = run.time().value() * 1e6 / micros;
            assert!((ratio - 1.0).abs() < 0.15, "{ranks} ranks, {gib} GiB: {ratio}");
        }
    }

    // DeepEP low-latency dispatch, 7,340,032 bytes on H800: 155, 173 and 194 µs on 32, 64 and 256 ranks.
    #[test]
    fn measured_expert_dispatches_are_within_fifteen_percent() {
        for (ranks, micros) in [(32.0, 155.0), (64.0, 173.0), (256.0, 194.0)] {
            let run = CollectiveRun {
                collective: Collective::AllToAll,
                domain: 8.0,
                scale_up: ByteRate(160e9),
                ..gb200(ranks, 7_340_032.0)
            };
            let ratio = run.time().value() * 1e6 / micros;
            assert!((ratio - 1.0).abs() < 0.15, "{ranks} ranks: {ratio}");
        }
    }

    // DeepEP normal kernels on H800: 43, 58 and 51 GB/s of copies by domain on 16, 32 and 64 ranks. On 16 the copies
    // inside bind: 2 · (1 − 0.5^8) = 1.99 by domain, 16 · (1 − (15/16)^8) = 6.45 by rank; on the others the ports do.
    #[test]
    fn one_copy_goes_to_each_domain() {
        for (ranks, published) in [(16.0_f64, 43.0), (32.0, 58.0), (64.0, 51.0)] {
            let exchange = ExpertExchange {
                tokens: Bytes(4_096.0 * 7_168.0),
                experts: 8.0,
                domain_limit: 4.0,
                ranks,
                domain: 8.0,
                scale_up: ByteRate(200e9),
                scale_out: ByteRate(50e9),
                library: Library::default(),
            };
            let rate = exchange.tokens * exchange.copies().0 / exchange.time();
            assert!((rate.value() / 1e9 / published - 1.0).abs() < 0.15, "{ranks} ranks: {rate}");
        }
        assert!((places_hit(2.0_f64, 8.0) - 2.0 * (1.0 - 0.5_f64.powi(8))).abs() < 1e-6);
        assert!((places_hit(1.0_f64, 8.0) - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_single_precision_twin_agrees(
            bytes in 1.0_f64..1e12, ranks in 1_u32..2_000, domain in 1_u32..144, which in 0_usize..5, sharp: bool,
        ) {
            let run = CollectiveRun {
                collective: ALL[which], domain: f64::from(domain), network_reduction: sharp, ..gb200(f64::from(ranks), bytes)
            };
            let twin = CollectiveRun::<f32> {
                collective: run.collective,
                ranks: ranks as f32,
                domain: domain as f32,
                message: Bytes(bytes as f32),
                scale_up: ByteRate(900e9),
                scale_out: ByteRate(50e9),
                in_network_reduction: true,
                network_reduction: sharp,
                latency: CallLatency::lossless(&run.library),
                library: run.library,
            };
            let (exact, single) = (run.time().value(), f64::from(twin.time().value()));
            prop_assert!((exact - single).abs() <= 1e-5 * exact, "{exact} {single}");
        }

        #[test]
        fn more_bytes_never_take_less_time(
            bytes in 1.0_f64..1e12, factor in 1.0_f64..100.0, ranks in 1_u32..2_000,
        ) {
            let run = |bytes| gb200(f64::from(ranks), bytes).time();
            prop_assert!(run(bytes) <= run(bytes * factor));
        }

        #[test]
        fn more_bandwidth_never_takes_more_time(
            bytes in 1.0_f64..1e12, factor in 1.0_f64..10.0, ranks in 1_u32..2_000, which in 0_usize..5,
        ) {
            let run = CollectiveRun { collective: ALL[which], ..gb200(f64::from(ranks), bytes) };
            let up = CollectiveRun { scale_up: run.scale_up * factor, ..run };
            let out = CollectiveRun { scale_out: run.scale_out * factor, ..run };
            prop_assert!(up.time() <= run.time() && out.time() <= run.time());
        }

        #[test]
        fn reducing_for_all_takes_at_least_as_long_as_reducing_to_parts(
            bytes in 1.0_f64..1e12, ranks in 1_u32..2_000, domain in 1_u32..144, reduces: bool,
        ) {
            let run = CollectiveRun {
                domain: f64::from(domain), in_network_reduction: reduces, ..gb200(f64::from(ranks), bytes)
            };
            let parts = CollectiveRun { collective: Collective::ReduceScatter, ..run };
            prop_assert!(run.time() >= parts.time(), "{} {}", run.time(), parts.time());
        }

        #[test]
        fn more_ways_never_take_more_time(
            bytes in 1.0_f64..1e12, ranks in 1_u32..20_000, domain in 1_u32..144,
        ) {
            let plain = CollectiveRun {
                domain: f64::from(domain), in_network_reduction: false, ..gb200(f64::from(ranks), bytes)
            };
            let inside = CollectiveRun { in_network_reduction: true, ..plain };
            let everywhere = CollectiveRun { network_reduction: true, ..inside };
            prop_assert!(inside.time() <= plain.time() && everywhere.time() <= inside.time());
        }
    }
}
