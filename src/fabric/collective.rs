//! How long a collective takes: latency, bytes on the busiest link, and the filling of the pipe.
//!
//! ~~~text
//! t = α + τ + 2·√(φ·τ)
//! τ = bytes that the busiest link carries / (B·s)      φ = (n − 1)·a
//! ~~~
//!
//! α fixed cost of a call · B bandwidth per direction · s achieved share · n ranks · a cost of passing one rank.
//! The root is what pipelining costs at the best chunk size: c chunks take τ + c·a + (n − 1)·τ/c, least where both
//! extra terms are equal. It makes the ramp between latency and bandwidth that measured curves show from 1 MB to
//! 1 GB. Sizes follow nccl-tests: `message` is the whole buffer of one rank, for all-gather the gathered one, for
//! reduce-scatter the one before it is scattered.
//!
//! All functions are generic over [`Real`] and free of branches on values, so that kernels can mirror them. Left
//! out: contention between jobs, unequal routes, and whatever halves measured bandwidth at 20 racks.

#![allow(
    clippy::inline_always,
    reason = "a kernel's loop is compiled for several targets and must take these in"
)]

use crate::scalar::Real;
use crate::units::{ByteRate, Bytes, Seconds};

/// Share of one direction that a copy between two accelerators of a domain reaches.
///
/// 274–396 of 300–450 GB/s on A100 to H200, 747–770 of 900 on GB200: 0.83–0.92 (nvbandwidth and
/// p2pBandwidthLatencyTest, Azure AI-benchmarking-guide). Expert exchange inside a domain: 0.72–0.97 (DeepEP).
pub const POINT_TO_POINT_SHARE: f64 = 0.85;
/// Share of one direction that a ring all-reduce reaches inside a domain.
///
/// Bus bandwidth over one-way rate with in-network reduction off: A100 0.78, H200 0.81, B200 0.76 (nccl-tests).
pub const RING_SHARE: f64 = 0.78;
/// How much faster an all-reduce is when the switches of the domain do the sums.
///
/// H200 480 against 367 GB/s of bus bandwidth, B200 838 against 682: 1.31 and 1.23 (nccl-tests).
pub const IN_NETWORK_GAIN: f64 = 1.3;
/// Fewest ranks with which the library reduces in the network: below, it takes a ring (nccl-tests on H200).
pub const IN_NETWORK_RANKS: f64 = 5.0;
/// Share of a host port that a ring reaches: 46–49 of 50 GB/s on one 400G port.
pub const PORT_RING_SHARE: f64 = 0.95;
/// Share of a host port that an exchange of all with all reaches.
///
/// DeepEP low-latency dispatch: 39–43 of 50 GB/s from 64 to 256 ranks, the part that stays in the node taken off.
pub const PORT_EXCHANGE_SHARE: f64 = 0.80;
/// Fixed cost of a call inside a domain [s]: small all-reduces take 14–43 µs on 8 accelerators; their geometric mean.
pub const DOMAIN_LATENCY: f64 = 25e-6;
/// Fixed cost added for each doubling of the domains in a call [s]: 62–71 µs on 32 nodes, 47 µs on 2.
pub const CROSSING_LATENCY: f64 = 8e-6;
/// Fixed cost of a kernel that exchanges all with all over ports [s]: 77 µs on 8 ranks of which 47 µs are bytes.
pub const EXCHANGE_LATENCY: f64 = 20e-6;
/// Cost of passing one rank of a pipeline [s].
///
/// From the half-bandwidth sizes of 8, 72 and 144 ranks (nccl-tests on H100 and GB200); 0.8–1.4 µs fit alike.
pub const RANK_STEP: f64 = 1.1e-6;

/// What a link lets through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkRoof<T: Real = f64> {
    /// Fixed cost of a call.
    pub latency: Seconds<T>,
    /// Cost of passing one rank when a message is pipelined.
    pub step: Seconds<T>,
    /// Bandwidth of one accelerator, per direction.
    pub bandwidth: ByteRate<T>,
    /// Share of the bandwidth that the collective reaches.
    pub share: T,
}

impl<T: Real> LinkRoof<T> {
    /// A link inside a domain, with the default latency and pipeline step.
    #[must_use]
    pub fn scale_up(bandwidth: ByteRate<T>, share: f64) -> Self {
        let (latency, step) = (Seconds(T::of(DOMAIN_LATENCY)), Seconds(T::of(RANK_STEP)));
        Self { latency, step, bandwidth, share: T::of(share) }
    }

    /// A link between domains, all ports of one accelerator together, with the default latency and pipeline step.
    #[must_use]
    pub fn scale_out(bandwidth: ByteRate<T>, share: f64) -> Self {
        let (latency, step) = (Seconds(T::of(CROSSING_LATENCY)), Seconds(T::of(RANK_STEP)));
        Self { latency, step, bandwidth, share: T::of(share) }
    }

    /// The bandwidth that is reached.
    #[must_use]
    pub fn achieved(self) -> ByteRate<T> {
        self.bandwidth * self.share
    }
}

/// Time of a transfer that is pipelined in chunks over a number of ranks; nothing where there is one rank.
///
/// ~~~text
/// t = α + τ + 2·√(φ·τ),  φ = (n − 1)·a
/// ~~~
#[inline(always)]
pub fn pipelined<T: Real>(latency: Seconds<T>, wire: Seconds<T>, step: Seconds<T>, ranks: T) -> Seconds<T> {
    let one = T::of(1.0);
    let fill = step * (ranks.max(one) - one);
    let ramp = Seconds((fill.value() * wire.value()).sqrt());
    let time = latency + wire + ramp * T::of(2.0);
    Seconds(T::select(ranks > one, time.value(), T::of(0.0)))
}

/// Share of a buffer that a rank of a ring passes on: (n − 1)/n.
#[inline(always)]
fn ring_part<T: Real>(ranks: T) -> T {
    let one = T::of(1.0);
    let ranks = ranks.max(one);
    (ranks - one) / ranks
}

/// Time from one accelerator to another.
///
/// ~~~text
/// t = α + S / (B·s)
/// ~~~
#[inline(always)]
pub fn point_to_point<T: Real>(message: Bytes<T>, link: LinkRoof<T>) -> Seconds<T> {
    link.latency + message / link.achieved()
}

/// Time of an all-reduce over one kind of link.
///
/// ~~~text
/// τ = 2·(n − 1)/n · S / (B·s)
/// ~~~
///
/// Patarasuk and Yuan 2009, doi:10.1016/j.jpdc.2008.09.002. In-network reduction is a larger share
/// ([`IN_NETWORK_GAIN`]): the equivalent bus bandwidth may then exceed what the link carries.
#[inline(always)]
pub fn all_reduce<T: Real>(message: Bytes<T>, ranks: T, link: LinkRoof<T>) -> Seconds<T> {
    let wire = message * (ring_part(ranks) * T::of(2.0)) / link.achieved();
    pipelined(link.latency, wire, link.step, ranks)
}

/// Time of an all-gather; `message` is the gathered buffer.
///
/// ~~~text
/// τ = (n − 1)/n · S / (B·s)
/// ~~~
#[inline(always)]
pub fn all_gather<T: Real>(message: Bytes<T>, ranks: T, link: LinkRoof<T>) -> Seconds<T> {
    let wire = message * ring_part(ranks) / link.achieved();
    pipelined(link.latency, wire, link.step, ranks)
}

/// Time of a reduce-scatter; `message` is the buffer before it is scattered. The mirror of [`all_gather`].
#[inline(always)]
pub fn reduce_scatter<T: Real>(message: Bytes<T>, ranks: T, link: LinkRoof<T>) -> Seconds<T> {
    all_gather(message, ranks, link)
}

/// Time of an exchange of all with all inside a domain; `message` is what one rank holds for all ranks.
///
/// ~~~text
/// t = α + (n − 1)/n · S / (B·s)
/// ~~~
///
/// Every pair talks at once, so there is no pipe to fill.
#[inline(always)]
pub fn all_to_all<T: Real>(message: Bytes<T>, ranks: T, link: LinkRoof<T>) -> Seconds<T> {
    pipelined(link.latency, message * ring_part(ranks) / link.achieved(), Seconds(T::of(0.0)), ranks)
}

/// Time of an exchange of all with all over several domains.
///
/// ~~~text
/// t = α + max( (d − 1)/n · S / (B_in·s),  (n − d)/n · S / (B_out·s) ),  d = min(domain, n)
/// ~~~
///
/// Both kinds of links work at once; `latency` is the fixed cost of the whole exchange.
#[inline(always)]
pub fn all_to_all_across<T: Real>(
    message: Bytes<T>,
    ranks: T,
    domain: T,
    (inside, outside): (LinkRoof<T>, LinkRoof<T>),
    latency: Seconds<T>,
) -> Seconds<T> {
    let one = T::of(1.0);
    let ranks = ranks.max(one);
    let local = domain.min(ranks).max(one);
    let near = message * ((local - one) / ranks) / inside.achieved();
    let far = message * ((ranks - local) / ranks) / outside.achieved();
    pipelined(latency, near.max(far), Seconds(T::of(0.0)), ranks)
}

/// Number of domains that the ranks span, at least one.
#[inline(always)]
pub fn domains<T: Real>(ranks: T, domain: T) -> T {
    (ranks / domain.max(T::of(1.0))).ceil().max(T::of(1.0))
}

/// Latency and achieved bandwidth of a ring that enters and leaves a domain by all its ports at once.
///
/// ~~~text
/// B·s = min( B_in·s_in,  d·B_out·s_out )  over several domains,  B_in·s_in in one
/// α   = α_in + α_out · log2(domains)
/// ~~~
#[inline(always)]
pub fn ring_roof<T: Real>(ranks: T, domain: T, inside: LinkRoof<T>, outside: LinkRoof<T>) -> LinkRoof<T> {
    let domains = domains(ranks, domain);
    let near = inside.achieved();
    let far = outside.achieved() * domain.min(ranks);
    let bandwidth = T::select(domains > T::of(1.0), near.min(far).value(), near.value());
    LinkRoof {
        latency: inside.latency + outside.latency * domains.log2(),
        step: inside.step,
        bandwidth: ByteRate(bandwidth),
        share: T::of(1.0),
    }
}

/// Time of a hierarchical all-reduce: reduce-scatter inside each domain, all-reduce across with what is left, all-gather
/// inside.
///
/// ~~~text
/// t = t_rs(S, d) + t_ar(S/d, m) + t_ag(S, d),  m = ceil(n / d)
/// ~~~
///
/// The stages follow one another: an upper bound where a library overlaps them.
#[inline(always)]
pub fn hierarchical_all_reduce<T: Real>(
    message: Bytes<T>,
    ranks: T,
    domain: T,
    inside: LinkRoof<T>,
    outside: LinkRoof<T>,
) -> Seconds<T> {
    let local = domain.min(ranks).max(T::of(1.0));
    let across = all_reduce(message / local, domains(ranks, domain), outside);
    reduce_scatter(message, local, inside) + across + all_gather(message, local, inside)
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
    /// Fixed cost of a call inside a domain.
    pub domain_latency: Seconds<T>,
    /// Fixed cost added for each doubling of the domains.
    pub crossing_latency: Seconds<T>,
}

impl<T: Real> CollectiveRun<T> {
    /// Time of the run with the default shares.
    #[must_use]
    pub fn time(&self) -> Seconds<T> {
        let (n, domain) = (self.ranks, self.domain);
        let link = |latency, bandwidth, share| LinkRoof {
            latency,
            step: Seconds(T::of(RANK_STEP)),
            bandwidth,
            share: T::of(share),
        };
        let spread = domains(n, domain) > T::of(1.0);
        let reduces = self.in_network_reduction && n >= T::of(IN_NETWORK_RANKS);
        let share = if reduces && self.collective == Collective::AllReduce {
            RING_SHARE * IN_NETWORK_GAIN
        } else {
            RING_SHARE
        };
        let ring = ring_roof(
            n,
            domain,
            link(self.domain_latency, self.scale_up, share),
            link(self.crossing_latency, self.scale_out, PORT_RING_SHARE),
        );
        let copy = link(self.domain_latency, self.scale_up, POINT_TO_POINT_SHARE);
        let port = link(self.crossing_latency, self.scale_out, PORT_EXCHANGE_SHARE);
        match self.collective {
            Collective::AllReduce => all_reduce(self.message, n, ring),
            Collective::AllGather => all_gather(self.message, n, ring),
            Collective::ReduceScatter => reduce_scatter(self.message, n, ring),
            Collective::AllToAll => {
                let latency = Seconds(T::of(EXCHANGE_LATENCY));
                all_to_all_across(self.message, n, domain, (copy, port), latency)
            }
            Collective::PointToPoint if spread => {
                point_to_point(self.message, LinkRoof { share: T::of(PORT_RING_SHARE), ..port })
            }
            Collective::PointToPoint => point_to_point(self.message, copy),
        }
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

    const NVLINK4: LinkRoof =
        LinkRoof { latency: Seconds(20e-6), step: Seconds(1e-6), bandwidth: ByteRate(450e9), share: 0.8 };
    const PORT: LinkRoof =
        LinkRoof { latency: Seconds(8e-6), step: Seconds(1e-6), bandwidth: ByteRate(50e9), share: 0.9 };

    fn close(time: Seconds, expected: f64) -> bool {
        (time.value() / expected - 1.0).abs() < 1e-9
    }

    // τ = 2·7/8·360 MB / (450 GB/s · 0.8) = 1.75 ms; φ = 7 µs; 20 µs + 1.75 ms + 2·√(7 µs · 1.75 ms).
    #[test]
    fn a_ring_all_reduce_adds_latency_bytes_and_ramp() {
        let expected = 20e-6 + 1.75e-3 + 2.0 * (7e-6_f64 * 1.75e-3).sqrt();
        assert!(close(all_reduce(Bytes(360e6), 8.0, NVLINK4), expected));
    }

    #[test]
    fn an_all_reduce_of_many_bytes_is_a_reduce_scatter_and_an_all_gather() {
        let bytes = Bytes(1e13);
        let parts = reduce_scatter(bytes, 8.0, NVLINK4) + all_gather(bytes, 8.0, NVLINK4);
        assert!((all_reduce(bytes, 8.0, NVLINK4) / parts - 1.0).abs() < 1e-3);
    }

    // 80 MB: 7/8 · 80 MB / 360 GB/s = 194.44 µs, plus 20 µs.
    #[test]
    fn an_exchange_sends_all_but_the_own_part() {
        assert!(close(all_to_all(Bytes(80e6), 8.0, NVLINK4), 20e-6 + 70e6 / 360e9));
    }

    // 64 ranks in domains of 8: 56/64 · 80 MB / 45 GB/s = 1.5556 ms hides 7/64 · 80 MB / 360 GB/s.
    #[test]
    fn ports_bind_an_exchange_over_many_domains() {
        let time = all_to_all_across(Bytes(80e6), 64.0, 8.0, (NVLINK4, PORT), Seconds(20e-6));
        assert!(close(time, 20e-6 + 70e6 / 45e9));
    }

    // One domain: the ring is NVLink's. Two of 8: 8 · 45 = 360 GB/s of ports against 360 inside; latency 20 + 8 µs.
    #[test]
    fn a_ring_over_domains_is_bound_by_its_ports() {
        let one = ring_roof(8.0, 8.0, NVLINK4, PORT);
        assert!((one.achieved().value() / 360e9 - 1.0).abs() < 1e-12);
        let slow = LinkRoof { bandwidth: ByteRate(25e9), ..PORT };
        let two = ring_roof(16.0, 8.0, NVLINK4, slow);
        assert!((two.achieved().value() / 180e9 - 1.0).abs() < 1e-12);
        assert!(close(two.latency, 28e-6));
    }

    #[test]
    fn one_rank_alone_waits_for_nobody() {
        assert!(all_reduce(Bytes(1e9), 1.0, NVLINK4).value().abs() < f64::MIN_POSITIVE);
        assert!(all_to_all(Bytes(1e9), 1.0, NVLINK4).value().abs() < f64::MIN_POSITIVE);
    }

    fn gb200(ranks: f64, message: f64) -> CollectiveRun {
        CollectiveRun {
            collective: Collective::AllReduce,
            ranks,
            domain: 72.0,
            message: Bytes(message),
            scale_up: ByteRate(900e9),
            scale_out: ByteRate(50e9),
            in_network_reduction: true,
            domain_latency: Seconds(DOMAIN_LATENCY),
            crossing_latency: Seconds(CROSSING_LATENCY),
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

    proptest! {
        #[test]
        fn the_single_precision_twin_agrees(
            bytes in 1.0_f64..1e12, ranks in 1_u32..2_000, domain in 1_u32..144, which in 0_usize..5,
        ) {
            let kinds = [
                Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter,
                Collective::AllToAll, Collective::PointToPoint,
            ];
            let run = CollectiveRun {
                collective: kinds[which], domain: f64::from(domain), ..gb200(f64::from(ranks), bytes)
            };
            let twin = CollectiveRun::<f32> {
                collective: run.collective,
                ranks: ranks as f32,
                domain: domain as f32,
                message: Bytes(bytes as f32),
                scale_up: ByteRate(900e9),
                scale_out: ByteRate(50e9),
                in_network_reduction: true,
                domain_latency: Seconds(DOMAIN_LATENCY as f32),
                crossing_latency: Seconds(CROSSING_LATENCY as f32),
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
        fn a_hierarchy_is_never_faster_than_its_stages(bytes in 1e3_f64..1e11, domains in 1_u32..64) {
            let ranks = 8.0 * f64::from(domains);
            let time = hierarchical_all_reduce(Bytes(bytes), ranks, 8.0, NVLINK4, PORT);
            prop_assert!(time >= reduce_scatter(Bytes(bytes), 8.0, NVLINK4) * 2.0);
            prop_assert!(time >= all_reduce(Bytes(bytes / 8.0), f64::from(domains), PORT));
        }
    }
}
