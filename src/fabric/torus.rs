//! The torus: accelerators joined to their neighbours in each dimension, ends joined to ends, without switches.
//!
//! ~~~text
//! links        d·n, one forward link for each accelerator and dimension longer than one
//! bisection    the least of 2·n / a links of a dimension of length a: a cut across it, which each ring crosses twice
//! all-to-all   every link of a ring of even length a carries a/8 of what one accelerator sends
//! optical      where a system joins cubes of 4·4·4 by optical switches: 96 links leave each cube, one for each of the 16
//!              places of its six faces; a place and the one across share switches, 48·⌈2·cubes / ports⌉ in all
//! slower       links of the last dimension may be slower than the others: Trn2 joins four servers of 4·4 so
//! ~~~
//!
//! The mean way round a ring of even length is a/4 hops; half of them go forward, so one link of the dimension
//! carries a/8 for each accelerator's unit of traffic, itself as a target included. Jouppi et al. 2023, TPU v4,
//! arXiv:2304.01433: pods of 4³ cubes, 48 optical switches for 64 cubes. Where no shape is known
//! the most compact one is taken. Left out: twisted tori, slices that use a part of a pod.

use super::scale_out::{FabricDemand, FatTree, Topology};
use crate::units::ByteRate;
use thiserror::Error;

/// Edge of the cube that a rack of TPU v4 and later is.
const CUBE: u64 = 4;
/// Dimensions of the torus.
const DIMENSIONS: u32 = 3;

/// A torus of three dimensions, a flat one with the last of them 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Torus {
    /// Accelerators along each dimension, rising.
    pub shape: [u64; 3],
    /// Whether its cubes are joined by optical switches.
    pub optical_cubes: bool,
    /// Ports of an optical switch for cubes; as many as they need where it is not said.
    pub optical_switch_ports: Option<u32>,
    /// What an accelerator sends along the last dimension over what it sends along the others together, where its links
    /// are slower.
    pub last_over_others: Option<f64>,
}

/// Why no torus can be made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TorusError {
    /// A count that only a long line would make.
    #[error("{0} accelerators make no torus: its factors lie too far apart")]
    Count(u64),
}

impl Torus {
    /// The most compact torus of a number of accelerators, of whole cubes where the number allows, without optical
    /// switches.
    ///
    /// # Errors
    ///
    /// A count whose factors lie too far apart.
    pub fn compact(accelerators: u64) -> Result<Self, TorusError> {
        let edge = if accelerators.is_multiple_of(CUBE.pow(DIMENSIONS)) { CUBE } else { 1 };
        let blocks = accelerators / edge.pow(DIMENSIONS);
        let divisors = |n: u64| (1..=n.isqrt()).filter(move |d| n.is_multiple_of(*d));
        divisors(blocks)
            .flat_map(|a| divisors(blocks / a).map(move |b| [a, b, blocks / a / b].map(|side| side * edge)))
            .min_by_key(|shape| shape.iter().sum::<u64>())
            .map(|mut shape| {
                shape.sort_unstable();
                Self { shape, ..Self::default() }
            })
            .filter(|torus| torus.shape[2] <= 8 * torus.shape[1])
            .ok_or(TorusError::Count(accelerators))
    }

    /// Accelerators.
    #[must_use]
    pub fn accelerators(&self) -> u64 {
        self.shape.iter().product()
    }

    /// Dimensions longer than one.
    #[must_use]
    pub fn dimensions(&self) -> u64 {
        self.shape.iter().filter(|side| **side > 1).count() as u64
    }

    /// Links, each of both directions.
    #[must_use]
    pub fn links(&self) -> u64 {
        self.dimensions() * self.accelerators()
    }

    /// Links that leave cubes joined by optical switches.
    #[must_use]
    pub fn optical_links(&self) -> u64 {
        if self.optical_cubes && self.shape.iter().all(|side| side.is_multiple_of(CUBE)) {
            self.accelerators() / CUBE.pow(DIMENSIONS) * 2 * u64::from(DIMENSIONS) * CUBE * CUBE / 2
        } else {
            0
        }
    }

    /// Optical switches of a pod: for each place on a face of a cube and dimension as many as have two ports for every cube.
    ///
    /// ~~~text
    /// 3·16·⌈ 2·cubes / ports ⌉
    /// ~~~
    ///
    /// TPU v4: 48 of 136 ports, 8 of them spare, for 64 cubes. Where one does not take all cubes, those of its place are parted
    /// over several, and slices cannot be made of any cubes of the pod.
    #[must_use]
    pub fn optical_switches(&self) -> u64 {
        if self.optical_links() == 0 {
            return 0;
        }
        let ports = 2 * self.accelerators() / CUBE.pow(DIMENSIONS);
        let of_place = self.optical_switch_ports.map_or(1, |own| ports.div_ceil(u64::from(own.max(1))));
        u64::from(DIMENSIONS) * CUBE * CUBE * of_place
    }

    /// Ports in use of each optical switch of a full pod.
    #[must_use]
    pub fn optical_ports(&self) -> u64 {
        self.optical_fibres(self.accelerators()).div_ceil(self.optical_switches().max(1))
    }

    /// Fibres from so many accelerators to optical switches, whole cubes, both directions in each.
    #[must_use]
    pub fn optical_fibres(&self, accelerators: u64) -> u64 {
        let faces = 2 * u64::from(DIMENSIONS) * CUBE * CUBE;
        if self.optical_links() > 0 { accelerators.div_ceil(CUBE.pow(DIMENSIONS)) * faces } else { 0 }
    }

    /// Rate of a link, per direction: what one accelerator sends over two links of each dimension, a slower last one left
    /// out.
    #[must_use]
    pub fn link_rate(&self, accelerator: ByteRate) -> ByteRate {
        let alike = self.dimensions() - u64::from(self.last_over_others.is_some());
        accelerator / (2 * alike).max(1) as f64
    }

    /// Dimensions longer than one with the rate of their links.
    fn sides(&self, accelerator: ByteRate) -> impl Iterator<Item = (u64, ByteRate)> {
        let rates = [None, None, self.last_over_others];
        let link = self.link_rate(accelerator);
        let sides = self.shape.into_iter().zip(rates).filter(|(side, _)| *side > 1);
        sides.map(move |(side, slower)| (side, slower.map_or(link, |share| accelerator * (share / 2.0))))
    }

    /// Bandwidth between two halves, per direction, from what one accelerator sends, a slower last dimension left out.
    #[must_use]
    pub fn bisection(&self, accelerator: ByteRate) -> ByteRate {
        let across = |(side, link): (u64, ByteRate)| link * (2 * self.accelerators() / side) as f64;
        let least = self.sides(accelerator).map(across).reduce(ByteRate::min);
        least.unwrap_or(ByteRate(0.0))
    }

    /// Load of a link on average under all-to-all: hops times what is sent over the links that there are.
    #[must_use]
    pub fn mean_load(&self) -> f64 {
        self.shape.into_iter().map(|side| self.ring_load(side)).sum::<f64>() * 2.0
    }

    /// What a link along a dimension carries of all-to-all, over all that one accelerator sends.
    fn ring_load(&self, side: u64) -> f64 {
        let (a, n) = (side as f64, self.accelerators() as f64);
        // The mean distance round a ring, even or odd, itself as a target left out.
        let mean = if side.is_multiple_of(2) { a / 4.0 } else { (a * a - 1.0) / (4.0 * a) };
        mean / 2.0 * n / (n - 1.0).max(1.0)
    }

    /// How much longer the busiest link takes over an all-to-all than all links of an accelerator would, were they full.
    #[must_use]
    pub fn all_to_all_slow_down(&self) -> f64 {
        let all: f64 = self.sides(ByteRate(1.0)).map(|(_, link)| 2.0 * link.0).sum();
        let times = self.sides(ByteRate(1.0)).map(|(side, link)| self.ring_load(side) / link.0);
        (times.fold(0.0, f64::max) * all).max(1.0)
    }

    /// Part of the bandwidth of the other dimensions that a collective over the whole torus keeps where the last one is
    /// slower.
    ///
    /// ~~~text
    /// sums, gathers   (n−1)/n / ( (k−1)/k + (m−1)/(n·r) )     first over k·1, then over m with a k-th of the data
    /// exchange        (n−1)/n · r/2 / load of a link along m
    /// ~~~
    ///
    /// n = k·m accelerators, m along the last dimension · r what it carries over the others.
    #[must_use]
    pub fn kept_of(&self, exchange: bool) -> f64 {
        let Some(slower) = self.last_over_others.filter(|share| *share > 0.0) else { return 1.0 };
        let (n, last) = (self.accelerators() as f64, self.shape[2]);
        let (m, sent) = (last as f64, (n - 1.0) / n);
        let kept = if exchange {
            sent * slower / 2.0 / self.ring_load(last)
        } else {
            let k = n / m;
            sent / ((k - 1.0) / k + (m - 1.0) / (n * slower))
        };
        kept.min(1.0)
    }
}

/// Counts what pods of a torus amount to: islands without switches.
///
/// Ports and their rate are those of an accelerator into the torus. The bisection is that of one pod; from pod to pod
/// the data-centre network carries what there is of it.
#[must_use]
pub fn pods(torus: Torus, demand: &FabricDemand) -> FatTree {
    let injection = demand.port_rate * f64::from(demand.ports_per_accelerator);
    let pod = torus.accelerators().max(1);
    FatTree {
        topology: Topology::Torus(torus),
        accelerators: demand.accelerators,
        tiers: 0,
        planes: 1,
        rails: 1,
        oversubscription: 1.0,
        leaf: 0,
        spine: 0,
        core: 0,
        host_leaf: 0,
        leaf_spine: 0,
        spine_core: 0,
        links_per_cable: 1,
        links_per_uplink: 1,
        groups: 0,
        islands: demand.accelerators.div_ceil(pod),
        accelerators_per_island: demand.accelerators.min(pod),
        injection,
        units_per_leaf: 1,
        bisection: torus.bisection(injection),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::graph::{Graph, plane};
    use crate::fabric::routing::{Pattern, Router, Routing};
    use crate::fabric::scale_out::Tiers;
    use crate::random::Stream;

    fn demand(torus: Torus) -> FabricDemand {
        FabricDemand {
            topology: Topology::Torus(torus),
            accelerators: torus.accelerators(),
            ports_per_accelerator: 1,
            port_rate: ByteRate(1.0),
            planes: 1,
            rails: 1,
            radix: 2,
            upper_radix: [None; 2],
            unit_accelerators: 1,
            group_accelerators: 0,
            oversubscription: 1.0,
            tiers: Tiers::Auto,
            links_per_cable: 1,
            links_per_uplink: 1,
            core_oversubscription: 1.0,
        }
    }

    fn drawn(torus: Torus) -> Graph {
        plane(&demand(torus)).unwrap()
    }

    // arXiv:2304.01433: 4,096 chips are 64 cubes in 16³; 6 faces × 16 links × 64 cubes / 2 ends = 3,072 optical ways,
    // 48 switches × 64 of them.
    #[test]
    fn a_tpu_v4_pod_is_sixteen_cubed_on_48_optical_switches() {
        let pod = Torus { optical_cubes: true, ..Torus::compact(4_096).unwrap() };
        assert_eq!((pod.shape, pod.links(), pod.optical_links()), ([16; 3], 12_288, 48 * 64));
        // 64 cubes with 96 fibres are the 128 ports in use of each of 48 switches.
        assert_eq!(
            (pod.optical_switches(), pod.optical_fibres(4_096), pod.optical_ports()),
            (48, 48 * 128, 128)
        );
        // 2 · 16² links of 50 GB/s each way.
        assert!((pod.bisection(ByteRate(300e9)).value() / 25.6e12 - 1.0).abs() < 1e-12);
    }

    // Trn2 UltraServer: 4 × 4 × 4 chips in two racks, wired without optical switches.
    #[test]
    fn a_cube_is_optical_only_where_its_system_is() {
        let wired = Torus::compact(64).unwrap();
        assert_eq!((wired.optical_links(), wired.optical_switches(), wired.optical_fibres(64)), (0, 0, 0));
        let optical = Torus { optical_cubes: true, ..wired };
        assert_eq!(
            (optical.optical_links(), optical.optical_switches(), optical.optical_fibres(64)),
            (48, 48, 96)
        );
    }

    // Trn2 UltraServer: 640 GB/s over four links in a server of 4 × 4, 128 over two across: 160 and 64 GB/s each. Across, 32
    // links of 64 GB/s; all-to-all puts 4/8 · 64/63 of what a chip sends on each of them, of the 768 GB/s that it has. A sum
    // over 64: 63/64 over 15/16 + 3/(64 · 0.2).
    #[test]
    fn a_slower_dimension_is_what_bisection_and_exchanges_meet() {
        let server = ByteRate(640e9);
        let even = Torus::compact(64).unwrap();
        let trn2 = Torus { last_over_others: Some(0.2), ..even };
        assert!((trn2.bisection(server).0 / (32.0 * 64e9) - 1.0).abs() < 1e-12);
        assert!((trn2.all_to_all_slow_down() / (0.5 * 64.0 / 63.0 * 768.0 / 64.0) - 1.0).abs() < 1e-12);
        assert!((trn2.kept_of(false) - (63.0 / 64.0) / (15.0 / 16.0 + 3.0 / 12.8)).abs() < 1e-12);
        assert!((trn2.kept_of(true) - (63.0 / 64.0) * 0.1 / (0.5 * 64.0 / 63.0)).abs() < 1e-12);
        assert!((even.kept_of(true) - 1.0).abs() < 1e-12);
        // As fast as the other links it is a torus like any.
        let alike = Torus { last_over_others: Some(0.5), ..even };
        assert!((alike.bisection(ByteRate(400e9)) / even.bisection(ByteRate(600e9)) - 1.0).abs() < 1e-12);
        assert!((alike.all_to_all_slow_down() / even.all_to_all_slow_down() - 1.0).abs() < 1e-12);
    }

    // 144 cubes have 288 fibres at each of 48 places: one switch of 288 ports each, or three of 128.
    #[test]
    fn larger_pods_take_larger_optical_switches_or_more() {
        let pod = Torus { optical_cubes: true, ..Torus::compact(9_216).unwrap() };
        let of = |ports| {
            let torus = Torus { optical_switch_ports: ports, ..pod };
            (torus.optical_switches(), torus.optical_ports())
        };
        assert_eq!((of(None), of(Some(288)), of(Some(128))), ((48, 288), (48, 288), (144, 96)));
    }

    // Ten pods are joined by no link of theirs: what is cut in two is a pod.
    #[test]
    fn pods_side_by_side_bisect_as_one() {
        let torus = Torus::compact(4_096).unwrap();
        let pods = |accelerators| {
            pods(torus, &FabricDemand { accelerators, port_rate: ByteRate(300e9), ..demand(torus) })
        };
        assert_eq!(pods(40_960).islands, 10);
        assert!((pods(40_960).bisection / torus.bisection(ByteRate(300e9)) - 1.0).abs() < 1e-12);
    }

    // TPU v5p: 8,960 chips as 16 × 20 × 28, 140 cubes of 4³.
    #[test]
    fn a_compact_torus_is_made_of_whole_cubes() {
        let shape = |n| Torus::compact(n).unwrap().shape;
        assert_eq!((shape(8_960), shape(9_216), shape(27)), ([16, 20, 28], [16, 24, 24], [3, 3, 3]));
        assert_eq!(Torus::compact(8_191), Err(TorusError::Count(8_191)));
    }

    #[test]
    fn the_busiest_link_is_that_of_the_drawn_torus() {
        for shape in [[1, 4, 8], [4, 4, 8], [3, 4, 5]] {
            let torus = Torus { shape, ..Torus::default() };
            let n = torus.accelerators();
            let loads = Router::new(&drawn(torus), Stream { seed: 1, stream: 1 })
                .check(Pattern::AllToAll(n), Routing::Adaptive);
            // Loads are over all that a node sends, slow-downs over one of its links.
            let measured = (loads.worst * (2 * torus.dimensions()) as f64).max(1.0);
            assert!(measured >= torus.all_to_all_slow_down() * (1.0 - 1e-9), "{shape:?}: {measured}");
            assert!(measured <= torus.all_to_all_slow_down() * 1.35, "{shape:?}: {measured}");
        }
    }
}
