//! How long a collective takes: latency, bytes on the busiest link, and the filling of the pipe.
//!
//! ~~~text
//! t = max( host, least of the ways there are ) + framework
//! ring, large       β + 2·(n − m)·h + 2·(m − 1)·x + τ + 2·√(φ·τ)
//! small             β + 2·((d − 1)·h + log2(m)·x) + 4·τ
//! in the network    β + 2·log2(m)·x + τ + 2·√(φ·τ)                  up to two domains
//! τ = bytes that the busiest link carries / (B·s)      φ = (d − 1)·a
//! ~~~
//!
//! n ranks in m domains of d · β fixed cost of a way · h cost of a hop inside a domain · x of one across · B bandwidth
//! per direction · s achieved share · a cost of passing one rank. That is an all-reduce; gathering and scattering
//! take half the hops and half the bytes. The library takes whichever way is fastest, which makes the switch points
//! between protocols and algorithms. The host bounds from below: calls that end sooner than the next one starts wait
//! for it.
//!
//! The root is what pipelining costs at the best chunk size: c chunks take τ + c·a + (d − 1)·τ/c, least where both
//! extra terms are equal. It makes the ramp between latency and bandwidth that measured curves show from 1 MB to
//! 1 GB. Sizes follow nccl-tests: `message` is the whole buffer of one rank, for all-gather the gathered one, for
//! reduce-scatter the one before it is scattered.
//!
//! All functions are generic over [`Real`] and free of branches on values, so that kernels can mirror them. Left
//! out: contention between jobs, unequal routes, reduction in the switches of the network.

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
/// Size of the buffer over time and one-way rate when the switches of the domain do the sums.
///
/// Every rank sends its buffer once and receives the sum once, whatever the number of ranks: H200 0.58 to 0.61 from 5
/// to 8 ranks, B200 0.52 to 0.53 from 6 to 8, GB200 0.47 and GB300 0.53 on 72 (nccl-tests); their middle.
pub const IN_NETWORK_SHARE: f64 = 0.565;
/// Fewest ranks with which the library reduces in the network: below, it takes a ring (nccl-tests on H200).
pub const IN_NETWORK_RANKS: f64 = 5.0;
/// Share of a host port that a ring reaches: 46–49 of 50 GB/s on one 400G port.
pub const PORT_RING_SHARE: f64 = 0.95;
/// Share of a host port that an exchange of all with all reaches.
///
/// DeepEP: 43–45 of 50 GB/s with the part that stays in the node taken off; 39–43 in its low-latency kernels.
pub const PORT_EXCHANGE_SHARE: f64 = 0.88;
/// Share of scale-up bandwidth at which tokens are copied to the ranks of a domain: 153–158 of 200 GB/s on 8 H800
/// (DeepEP), the copy that stays on the rank counted.
pub const COPY_SHARE: f64 = 0.77;
/// Most ports of a domain that one collective drives.
///
/// All-reduces gain 408 GB/s of buffer at 2 racks of 72 GB200 and 217 at 20, where twice the buffer leaves: 8.6 and 9.1
/// ports of 47.5 GB/s (nccl-tests). Smaller domains have no more than 8.
pub const DOMAIN_PORTS: f64 = 9.0;
/// Time between two calls of a host that starts one collective after the other [s]: sweeps level off at 13 to 45 µs
/// on 8 accelerators, the less where each has its own process; their geometric mean.
pub const HOST_LATENCY: f64 = 32e-6;
/// What a training framework adds to a call [s]: 38–50 µs where the same machines take 31–33 µs without it.
pub const FRAMEWORK_LATENCY: f64 = 15e-6;
/// Fixed cost of the low-latency protocol [s]: the tuner of the library says 6.6 in a ring, 6.8 in a tree (NCCL 2.19 and
/// later, `src/graph/tuning.cc`).
pub const QUICK_BASE: f64 = 6.7e-6;
/// Its hop inside a domain [s]: 0.6 there; 8 ranks then take 15 µs, measured 13 to 17.
pub const QUICK_HOP: f64 = 0.6e-6;
/// Its hop across domains [s]: 5.0 there; 32 nodes of 8 then take 65 µs, measured 62 to 71.
pub const QUICK_CROSSING: f64 = 5e-6;
/// How many times longer bytes take with a flag in every other word and no copy in bulk: the tuner's quarter.
pub const QUICK_COST: f64 = 4.0;
/// Fixed cost of the bulk protocol [s] (NCCL, `src/graph/tuning.cc`).
pub const RING_BASE: f64 = 8.4e-6;
/// Its hop inside a domain [s]: 4.6 ms of 2,878 hops on 1,440 GB200; the tuner assumes 3.4.
pub const RING_HOP: f64 = 1.6e-6;
/// Its hop across domains over InfiniBand or lossless Ethernet [s]: the tuner's 14.
pub const RING_CROSSING: f64 = 14e-6;
/// The same over EFA [s], whose datagrams arrive out of order: 360 µs of six crossings and 56 hops on 32 B200.
pub const EFA_CROSSING: f64 = 45e-6;
/// The low-latency protocol's hop over EFA [s], as the tuner of its plugin assumes (aws-ofi-nccl).
pub const EFA_QUICK_CROSSING: f64 = 75e-6;
/// Fixed cost of a reduction in the network of a domain [s]: 30–35 µs for 1 MB on 8 H200, of which 15 are bytes.
pub const IN_NETWORK_BASE: f64 = 20e-6;
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
    /// A link without latency of its own, with the default pipeline step.
    #[must_use]
    pub fn plain(bandwidth: ByteRate<T>, share: f64) -> Self {
        let (latency, step) = (Seconds(T::of(0.0)), Seconds(T::of(RANK_STEP)));
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
/// Patarasuk and Yuan 2009, doi:10.1016/j.jpdc.2008.09.002.
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

/// Bandwidth by which a domain of a group is left and entered, for the buffer of one of its ranks.
///
/// ~~~text
/// B = min(d, n, 9)·B_out·s
/// ~~~
#[inline(always)]
pub fn border<T: Real>(ranks: T, domain: T, outside: LinkRoof<T>) -> ByteRate<T> {
    outside.achieved() * domain.min(ranks).min(T::of(DOMAIN_PORTS)).max(T::of(1.0))
}

/// Bandwidth of a ring that enters and leaves a domain by its ports: the least of its links.
///
/// ~~~text
/// B·s = min( B_in·s_in,  min(d, 9)·B_out·s_out )  over several domains,  B_in·s_in in one
/// ~~~
#[inline(always)]
pub fn ring_roof<T: Real>(ranks: T, domain: T, inside: LinkRoof<T>, outside: LinkRoof<T>) -> LinkRoof<T> {
    let near = inside.achieved();
    let far = border(ranks, domain, outside);
    let spread = domains(ranks, domain) > T::of(1.0);
    let bandwidth = T::select(spread, near.min(far).value(), near.value());
    LinkRoof { bandwidth: ByteRate(bandwidth), share: T::of(1.0), ..inside }
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
    /// t = α + max( c_d·(m − 1)/m · S / (B_out·s),  c_r · S / (B_in·s_in) )
    /// ~~~
    ///
    /// c_d domains and c_r ranks that a token reaches. DeepEP, arXiv:2412.19437 section 3.2.2.
    #[must_use]
    pub fn time(&self) -> Seconds<T> {
        let (by_domain, by_rank) = self.copies();
        let m = domains(self.ranks, self.domain);
        let away = self.tokens * (by_domain * ring_part(m)) / (self.scale_out * T::of(PORT_EXCHANGE_SHARE));
        let near = self.tokens * by_rank / (self.scale_up * T::of(COPY_SHARE));
        Seconds(T::of(EXCHANGE_LATENCY)) + away.max(near)
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
    /// What starts the call and what carries it between domains.
    pub latency: CallLatency<T>,
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
    /// The library alone on InfiniBand or lossless Ethernet.
    #[must_use]
    pub fn lossless() -> Self {
        Self {
            host: Seconds(T::of(HOST_LATENCY)),
            framework: Seconds(T::of(0.0)),
            crossing: Seconds(T::of(RING_CROSSING)),
            quick_crossing: Seconds(T::of(QUICK_CROSSING)),
        }
    }

    /// The library alone on EFA.
    #[must_use]
    pub fn efa() -> Self {
        Self {
            crossing: Seconds(T::of(EFA_CROSSING)),
            quick_crossing: Seconds(T::of(EFA_QUICK_CROSSING)),
            ..Self::lossless()
        }
    }
}

/// What the ways of one collective share.
#[derive(Clone, Copy, Debug)]
struct Ways<T: Real> {
    ranks: T,
    local: T,
    domains: T,
    /// Times that a buffer goes round: two for an all-reduce, one to gather or scatter.
    rounds: T,
    ring: LinkRoof<T>,
    latency: CallLatency<T>,
}

impl<T: Real> Ways<T> {
    /// Bytes of a ring over its bandwidth.
    fn wire(&self, message: Bytes<T>) -> Seconds<T> {
        message * (ring_part(self.ranks) * self.rounds) / self.ring.achieved()
    }

    fn filled(&self, latency: Seconds<T>, wire: Seconds<T>) -> Seconds<T> {
        // One rank alone in its domain still has a pipe to fill across: none inside, so no ramp.
        let one = T::of(1.0);
        let fill = self.ring.step * (self.local - one);
        latency + wire + Seconds((fill.value() * wire.value()).sqrt()) * T::of(2.0)
    }

    /// A ring of the bulk protocol.
    ///
    /// ~~~text
    /// t = β + r·((n − m)·h + (m − 1)·x) + τ + 2·√(φ·τ)
    /// ~~~
    fn bulk(&self, message: Bytes<T>) -> Seconds<T> {
        let hops = Seconds(T::of(RING_HOP)) * (self.ranks - self.domains).max(T::of(0.0))
            + self.latency.crossing * (self.domains - T::of(1.0));
        self.filled(Seconds(T::of(RING_BASE)) + hops * self.rounds, self.wire(message))
    }

    /// Rings inside, a tree across, in the low-latency protocol.
    ///
    /// ~~~text
    /// t = β + r·((d − 1)·h + log2(m)·x) + 4·τ
    /// ~~~
    fn quick(&self, message: Bytes<T>) -> Seconds<T> {
        let hops = Seconds(T::of(QUICK_HOP)) * (self.local - T::of(1.0))
            + self.latency.quick_crossing * self.domains.log2();
        Seconds(T::of(QUICK_BASE)) + hops * self.rounds + self.wire(message) * T::of(QUICK_COST)
    }

    /// Through the switches of each domain, and across by the ports.
    ///
    /// ~~~text
    /// t = β + r·log2(m)·x + τ + 2·√(φ·τ),   τ = max( inside, across )
    /// ~~~
    fn in_network(&self, inside: Seconds<T>, across: Seconds<T>) -> Seconds<T> {
        let hops = self.latency.crossing * (self.domains.log2() * self.rounds);
        self.filled(Seconds(T::of(IN_NETWORK_BASE)) + hops, inside.max(across))
    }
}

impl<T: Real> CollectiveRun<T> {
    /// Time of the run with the default shares.
    ///
    /// Over more than two domains a ring is taken even where the domain's switches reduce: a tree then sends a buffer
    /// twice through each border, and forcing it took 310 against 365 GB/s on 4 nodes of H200 (nccl-tests).
    #[must_use]
    pub fn time(&self) -> Seconds<T> {
        let (n, domain) = (self.ranks, self.domain);
        let one = T::of(1.0);
        let copy = LinkRoof::plain(self.scale_up, POINT_TO_POINT_SHARE);
        let port = LinkRoof::plain(self.scale_out, PORT_EXCHANGE_SHARE);
        let time = match self.collective {
            Collective::AllReduce => self.fastest(T::of(2.0)),
            Collective::AllGather | Collective::ReduceScatter => self.fastest(one),
            Collective::AllToAll => {
                let latency = Seconds(T::of(EXCHANGE_LATENCY));
                all_to_all_across(self.message, n, domain, (copy, port), latency)
            }
            Collective::PointToPoint if domains(n, domain) > one => {
                point_to_point(self.message, LinkRoof { share: T::of(PORT_RING_SHARE), ..port })
            }
            Collective::PointToPoint => point_to_point(self.message, copy),
        };
        let time = time.max(self.latency.host) + self.latency.framework;
        Seconds(T::select(n > one, time.value(), T::of(0.0)))
    }

    /// The fastest way that the library has; `rounds` is two for an all-reduce, one to gather or scatter.
    fn fastest(&self, rounds: T) -> Seconds<T> {
        let (n, domain) = (self.ranks.max(T::of(1.0)), self.domain.max(T::of(1.0)));
        let outside = LinkRoof::plain(self.scale_out, PORT_RING_SHARE);
        let ring = ring_roof(n, domain, LinkRoof::plain(self.scale_up, RING_SHARE), outside);
        let m = domains(n, domain);
        let ways = Ways { ranks: n, local: domain.min(n), domains: m, rounds, ring, latency: self.latency };
        let plain = ways.quick(self.message).min(ways.bulk(self.message));
        let spread = m > T::of(1.0);
        if !self.in_network_reduction || n < T::of(IN_NETWORK_RANKS) || m > T::of(2.0) {
            return plain;
        }
        // Sums come back to every rank once; gathered or scattered parts cross the link of a rank as in a ring.
        let reduces = self.collective == Collective::AllReduce;
        let (part, share) = if reduces { (T::of(1.0), IN_NETWORK_SHARE) } else { (ring_part(n), RING_SHARE) };
        let inside = self.message * part / (self.scale_up * T::of(share));
        let across = self.message * part / border(n, domain, outside);
        let across = Seconds(T::select(spread, across.value(), T::of(0.0)));
        plain.min(ways.in_network(inside, across))
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

    // One domain: the ring is NVLink's. Two of 8: 8 · 22.5 = 180 GB/s of ports against 360 inside. Two of 72: 9 ports.
    #[test]
    fn a_ring_over_domains_is_bound_by_its_ports() {
        let one = ring_roof(8.0, 8.0, NVLINK4, PORT);
        assert!((one.achieved().value() / 360e9 - 1.0).abs() < 1e-12);
        let slow = LinkRoof { bandwidth: ByteRate(25e9), ..PORT };
        let two = ring_roof(16.0, 8.0, NVLINK4, slow);
        assert!((two.achieved().value() / 180e9 - 1.0).abs() < 1e-12);
        let racks = ring_roof(144.0, 72.0, LinkRoof { bandwidth: ByteRate(900e9), ..NVLINK4 }, slow);
        assert!((racks.achieved().value() / (9.0 * 22.5e9) - 1.0).abs() < 1e-12);
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
            latency: CallLatency::lossless(),
        }
    }

    // 8 B on 256 A100: 6.7 + 2·(7 · 0.6 + 5 · 5) = 65.1 µs; issue 1244 of NCCL reports 62 to 71.
    #[test]
    fn small_messages_climb_a_tree() {
        let run = CollectiveRun { domain: 8.0, in_network_reduction: false, ..gb200(256.0, 8.0) };
        assert!((run.time().value() / 65.1e-6 - 1.0).abs() < 1e-3, "{}", run.time());
        // Inside a domain the host is slower than the links: 6.7 + 14 · 0.6 = 15.1 µs.
        let alone = CollectiveRun { ranks: 8.0, ..run };
        assert!(close(alone.time(), HOST_LATENCY));
        let quick = CallLatency { host: Seconds(0.0), ..CallLatency::lossless() };
        assert!((CollectiveRun { latency: quick, ..alone }.time().value() / 15.1e-6 - 1.0).abs() < 1e-3);
    }

    // 32 ranks in 4 nodes over EFA: 6.7 + 2·(7 · 0.6 + 2 · 75) = 315 µs up the tree, before the first byte; in bulk
    // 8.4 + 2·(28 · 1.6 + 3 · 45) = 368 µs round the ring. 64 MiB go round, measured in 830 µs.
    #[test]
    fn a_slow_network_is_crossed_as_seldom_as_can_be() {
        let run = CollectiveRun { domain: 8.0, latency: CallLatency::efa(), ..gb200(32.0, 8.0) };
        assert!((run.time().value() / 315e-6 - 1.0).abs() < 0.01, "{}", run.time());
        let large = CollectiveRun { message: Bytes(67_108_864.0), ..run };
        assert!((large.time().value() / 830e-6 - 1.0).abs() < 0.1, "{}", large.time());
    }

    // 16 GiB on 8 accelerators of 900 GB/s: sums in the network 17.18 GB / 508.5 GB/s = 33.8 ms, a ring
    // 1.75 · 17.18 GB / 702 GB/s = 42.8 ms.
    #[test]
    fn switches_that_reduce_beat_the_ring() {
        let run = gb200(8.0, 17_179_869_184.0);
        let ring = CollectiveRun { in_network_reduction: false, ..run };
        assert!((run.time().value() / 33.8e-3 - 1.0).abs() < 0.05, "{}", run.time());
        assert!((ring.time().value() / 42.8e-3 - 1.0).abs() < 0.05, "{}", ring.time());
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
                latency: CallLatency::lossless(),
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
            let kinds = [
                Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter,
                Collective::AllToAll, Collective::PointToPoint,
            ];
            let run = CollectiveRun { collective: kinds[which], ..gb200(f64::from(ranks), bytes) };
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
        fn a_hierarchy_is_never_faster_than_its_stages(bytes in 1e3_f64..1e11, domains in 1_u32..64) {
            let ranks = 8.0 * f64::from(domains);
            let time = hierarchical_all_reduce(Bytes(bytes), ranks, 8.0, NVLINK4, PORT);
            prop_assert!(time >= reduce_scatter(Bytes(bytes), 8.0, NVLINK4) * 2.0);
            prop_assert!(time >= all_reduce(Bytes(bytes / 8.0), f64::from(domains), PORT));
        }
    }
}
