//! The torus: accelerators joined to their neighbours in each dimension, ends joined to ends, without switches.
//!
//! ~~~text
//! links        d·n, one forward link for each accelerator and dimension longer than one
//! bisection    2·n / longest dimension links: a cut across the longest, which the ring crosses twice
//! all-to-all   every link of a ring of even length a carries a/8 of what one accelerator sends
//! optical      where cubes of 4·4·4 are joined by optical switches: 96 links leave each cube
//! ~~~
//!
//! The mean way round a ring of even length is a/4 hops; half of them go forward, so one link of the dimension
//! carries a/8 for each accelerator's unit of traffic, itself as a target included. Jouppi et al. 2023, TPU v4,
//! arXiv:2304.01433: pods of 4³ cubes, 48 optical switches for 64 cubes. Dimensions are multiples of the cube where
//! the count allows. Left out: twisted tori, slices that use a part of a pod.

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
}

/// Why no torus can be made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TorusError {
    /// A count that only a long line would make.
    #[error("{0} accelerators make no torus: no three factors of it are within eight of each other")]
    Count(u64),
}

impl Torus {
    /// The most compact torus of a number of accelerators, whole cubes where the number is one of cubes.
    ///
    /// Up to 256 chips that are no cubes it is flat, as TPU v5e and v6e are.
    ///
    /// # Errors
    ///
    /// A count whose factors lie too far apart.
    pub fn of(accelerators: u64) -> Result<Self, TorusError> {
        let flat = accelerators <= 256;
        let cubes = CUBE.pow(DIMENSIONS);
        let edge = if accelerators.is_multiple_of(cubes) && !flat { CUBE } else { 1 };
        let blocks = accelerators / edge.pow(DIMENSIONS);
        let mut best: Option<[u64; 3]> = None;
        let divisors = |n: u64| (1..=n.isqrt()).filter(move |d| n.is_multiple_of(*d));
        for a in divisors(blocks).filter(|a| !flat || *a == 1) {
            for b in divisors(blocks / a).filter(|b| *b >= a) {
                let shape = [a, b, blocks / a / b].map(|side| side * edge);
                let shorter = best.is_none_or(|best| shape.iter().sum::<u64>() < best.iter().sum());
                best = if shorter { Some(shape) } else { best };
            }
        }
        let compact = |shape: &[u64; 3]| shape[2] <= 8 * shape[1];
        best.filter(compact).map(|shape| Self { shape }).ok_or(TorusError::Count(accelerators))
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

    /// Links that leave cubes, and so are optical; none where it is not made of cubes.
    #[must_use]
    pub fn optical_links(&self) -> u64 {
        if self.shape.iter().all(|side| side.is_multiple_of(CUBE)) {
            self.accelerators() / CUBE.pow(DIMENSIONS) * 2 * u64::from(DIMENSIONS) * CUBE * CUBE / 2
        } else {
            0
        }
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

    /// Load of the busiest link over what one accelerator sends, in units of its links: the slow-down of all-to-all.
    #[must_use]
    pub fn all_to_all_slow_down(&self) -> f64 {
        let n = self.accelerators() as f64;
        let ring = |side: u64| {
            let a = side as f64;
            // The mean distance round a ring, even or odd, itself as a target left out.
            let mean = if side.is_multiple_of(2) { a / 4.0 } else { (a * a - 1.0) / (4.0 * a) };
            mean / 2.0 * n / (n - 1.0).max(1.0)
        };
        let busiest = self.shape.into_iter().map(ring).fold(0.0, f64::max);
        (busiest * (2 * self.dimensions()) as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::graph::{Graph, Leaf};
    use crate::fabric::routing::{Pattern, Routing, check};
    use crate::random::Stream;

    fn drawn(torus: Torus) -> Graph {
        let [a, b, c] = torus.shape;
        let mut graph = Graph::of(vec![Leaf { hosts: 1, rail: 0 }; torus.accelerators() as usize]);
        let node = |x: u64, y: u64, z: u64| (((x % a) * b + y % b) * c + z % c) as usize;
        for x in 0..a {
            for y in 0..b {
                for z in 0..c {
                    for (side, next) in
                        [(a, node(x + 1, y, z)), (b, node(x, y + 1, z)), (c, node(x, y, z + 1))]
                    {
                        if side > 1 {
                            graph.join(node(x, y, z), next);
                        }
                    }
                }
            }
        }
        graph
    }

    // arXiv:2304.01433: 4,096 chips are 64 cubes in 16³; 6 faces × 16 links × 64 cubes / 2 ends = 3,072 optical ways,
    // 48 switches × 64 of them.
    #[test]
    fn a_tpu_v4_pod_is_sixteen_cubed_on_48_optical_switches() {
        let pod = Torus::of(4_096).unwrap();
        assert_eq!((pod.shape, pod.links(), pod.optical_links()), ([16; 3], 12_288, 48 * 64));
        // 2 · 16² links of 50 GB/s each way.
        assert!((pod.bisection(ByteRate(300e9)).value() / 25.6e12 - 1.0).abs() < 1e-12);
    }

    // TPU v5p: 8,960 chips as 16 × 20 × 28; TPU v7: 9,216 as 16 × 24 × 24; TPU v5e: 256 as 16 × 16.
    #[test]
    fn pods_take_their_published_shapes() {
        let shape = |n| Torus::of(n).unwrap().shape;
        assert_eq!(shape(8_960), [16, 20, 28]);
        assert_eq!(shape(9_216), [16, 24, 24]);
        assert_eq!(shape(256), [1, 16, 16]);
        assert_eq!(Torus::of(8_191), Err(TorusError::Count(8_191)));
    }

    #[test]
    fn the_busiest_link_is_that_of_the_drawn_torus() {
        for shape in [[1, 4, 8], [4, 4, 8], [3, 4, 5]] {
            let torus = Torus { shape };
            let n = torus.accelerators();
            let loads =
                check(&drawn(torus), Pattern::AllToAll(n), Routing::Adaptive, Stream { seed: 1, stream: 1 });
            // Loads are over all that a node sends, slow-downs over one of its links.
            let measured = (loads.worst * (2 * torus.dimensions()) as f64).max(1.0);
            assert!(measured >= torus.all_to_all_slow_down() * (1.0 - 1e-9), "{shape:?}: {measured}");
            assert!(measured <= torus.all_to_all_slow_down() * 1.35, "{shape:?}: {measured}");
        }
    }
}
