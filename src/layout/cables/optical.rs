//! The optical side of a torus: fibres from each cube to the optical circuit switches of its pod.
//!
//! ~~~text
//! fibres of a cube   6 faces · 4 · 4 = 96, each with both directions in it
//! switches of a pod  3 dimensions · 4 · 4 = 48, each with two ports for every cube
//! ~~~
//!
//! The switches stand in racks of their own, spread over the units of all pods. Jouppi et al. 2023, arXiv:2304.01433, section 2. Left
//! out: copper within a cube, which is the rack's own.

use super::{CableCounts, CablePair, MOST_PAIRS, Net, Outlets, Reach, Tier, Tree, lay};
use crate::layout::{Layout, RackKind};
use crate::units::ByteRate;

/// What the cubes of a torus are joined by.
#[derive(Clone, Debug, PartialEq)]
pub struct OpticalCabling {
    /// Fibres to optical switches of all cubes.
    pub fibres: u64,
    /// Optical switches of all pods.
    pub switches: u64,
    /// Units of a pod.
    pub pod_units: u64,
    /// Rate of a fibre, per direction.
    pub rate: ByteRate,
    /// Media for them, the preferred first.
    pub media: Vec<Reach>,
}

/// Lays the fibres of all cubes and shows each pair of racks with its own.
pub(super) fn each_pair(
    layout: &Layout,
    own: &OpticalCabling,
    outlets: &Outlets,
    show: &mut impl FnMut(&CablePair),
) {
    let tier = |kind, count| Tier { kind, count, numbers: None, outlets: outlets.of_kind(kind) };
    let tree = Tree {
        net: Net::ScaleUp,
        tiers: [
            tier(RackKind::Compute, layout.demand.compute_racks),
            tier(RackKind::Circuit, own.switches),
            tier(RackKind::Spine, 0),
            tier(RackKind::Core, 0),
        ],
        counts: CableCounts { host_leaf: own.fibres, ..CableCounts::default() },
        leaf_units: own.pod_units,
        group_units: own.pod_units,
        island_units: own.pod_units,
        groups: [1, 0],
        rate: own.rate,
        host_media: &own.media,
        switch_media: &own.media,
    };
    lay(layout, outlets, &tree, MOST_PAIRS[0], show);
}
