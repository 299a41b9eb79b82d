//! The torus: accelerators joined to their neighbours in each dimension, ends joined to ends, without switches.
//!
//! ~~~text
//! links        d·n, one forward link for each accelerator and dimension longer than one
//! bisection    2·n / longest dimension links: a cut across the longest, which the ring crosses twice
//! all-to-all   every link of a ring of even length a carries a/8 of what one accelerator sends
//! optical      where a system joins cubes of 4·4·4 by optical switches: 96 links leave each cube
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torus {
    /// Accelerators along each dimension, rising.
    pub shape: [u64; 3],
    /// Whether its cubes are joined by optical switches.
    pub optical_cubes: bool,
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
                Self { shape, optical_cubes: false }
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

    /// Optical switches of a pod: one for each place on a face of a cube and dimension, with two ports for every cube.
    #[must_use]
    pub fn optical_switches(&self) -> u64 {
        if self.optical_links() > 0 { u64::from(DIMENSIONS) * CUBE * CUBE } else { 0 }
    }

    /// Ports in use of each optical switch of a full pod.
    #[must_use]
    pub fn optical_ports(&self) -> u64 {
        self.optical_fibres(self.accelerators()) / self.optical_switches().max(1)
    }

    /// Fibres from so many accelerators to optical switches, whole cubes, both directions in each.
    #[must_use]
    pub fn optical_fibres(&self, accelerators: u64) -> u64 {
        let faces = 2 * u64::from(DIMENSIONS) * CUBE * CUBE;
        if self.optical_links() > 0 { accelerators.div_ceil(CUBE.pow(DIMENSIONS)) * faces } else { 0 }
    }

    /// Rate of a link, per direction: what one accelerator sends in all, over two links of each dimension.
    #[must_use]
    pub fn link_rate(&self, accelerator: ByteRate) -> ByteRate {
        accelerator / (2 * self.dimensions()).max(1) as f64
    }

    /// Bandwidth between two halves, per direction, from what one accelerator sends in all.
    #[must_use]
    pub fn bisection(&self, accelerator: ByteRate) -> ByteRate {
        let longest = self.shape.iter().copied().max().unwrap_or(1);
        self.link_rate(accelerator) * (2 * self.accelerators() / longest) as f64
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

    /// Load of the busiest link over what one accelerator sends, in units of its links: the slow-down of all-to-all.
    #[must_use]
    pub fn all_to_all_slow_down(&self) -> f64 {
        let busiest = self.shape.into_iter().map(|side| self.ring_load(side)).fold(0.0, f64::max);
        (busiest * (2 * self.dimensions()) as f64).max(1.0)
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
            let torus = Torus { shape, optical_cubes: false };
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
