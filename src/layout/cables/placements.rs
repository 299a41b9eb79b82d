//! Where network racks stand best: every placement laid, the one with the shortest cables first.

use super::{CableRun, CableSchedule, Cabling, MOST_PAIRS, Net, Runs, schedule, total_length};
use crate::layout::{CorePlace, Layout, LayoutDemand, Placement, layout};
use crate::units::Meters;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// A placement that was tried, and the cables with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// Where network racks stand.
    pub placement: Placement,
    /// Cables of the scale-out that none of the media reaches.
    pub unreached: u64,
    /// Length of all of them.
    pub length: Meters,
}

impl Tried {
    fn of(placement: Placement, runs: &[CableRun]) -> Self {
        let runs: Vec<CableRun> = runs.iter().copied().filter(|run| run.net == Net::ScaleOut).collect();
        let unreached = runs.iter().filter(|run| run.choice.is_none()).map(|run| run.count).sum();
        Self { placement, unreached, length: total_length(&runs) }
    }

    /// Fewer cables out of reach, then less length.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.unreached.cmp(&other.unreached).then(self.length.0.total_cmp(&other.length.0))
    }
}

/// Lays a fleet out with every placement of its network racks, the one with the shortest cables first.
///
/// Of two placements, the one that leaves fewer cables out of reach is better whatever its length. The first of
/// equals wins. Placements are compared on a part of the spine and core racks, each for its neighbours, which is
/// right within a percent or so.
#[must_use]
pub fn placements(demand: &LayoutDemand, cabling: &Cabling) -> Vec<Tried> {
    let tried = |placement: Placement| {
        let plan = layout(demand, placement);
        // One network room, or none, lies in the same place whatever is said of cores.
        let same = plan.network_room.is_none() || plan.buildings == 1;
        let once = placement.core == CorePlace::EveryBuilding && same;
        (!once).then(|| Tried::of(placement, &Runs::of_scale_out(&plan, cabling, MOST_PAIRS[1]).all))
    };
    let mut tried: Vec<Tried> = Placement::all().into_par_iter().filter_map(tried).collect();
    tried.sort_by(Tried::order);
    tried
}

/// Lays a fleet out with the best of the placements tried, whose length is then that of the whole schedule.
#[must_use]
pub fn place(demand: &LayoutDemand, cabling: &Cabling, tried: &mut [Tried]) -> (Layout, CableSchedule) {
    let plan = layout(demand, tried[0].placement);
    let laid = schedule(&plan, cabling);
    tried[0] = Tried::of(tried[0].placement, &laid.runs);
    (plan, laid)
}
