//! Where network racks stand best: every placement laid, the one with the shortest cables among those with room for
//! them first.

use super::{CableRun, CableSchedule, Cabling, MOST_PAIRS, Net, Runs, schedule, scheduled, total_length};
use crate::layout::{CorePlace, Layout, LayoutDemand, Placement, layout};
use crate::units::Meters;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

/// A placement that was tried, and the cables with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// Where network racks stand.
    pub placement: Placement,
    /// Cables of the scale-out that none of the media reaches.
    pub unreached: u64,
    /// Trays and ducts that it lacks room for; not counted where the shortest lacks none.
    pub overfull: Option<u64>,
    /// Length of all of them.
    pub length: Meters,
}

impl Tried {
    fn of(placement: Placement, runs: &[CableRun]) -> Self {
        let runs: Vec<CableRun> = runs.iter().copied().filter(|run| run.net == Net::ScaleOut).collect();
        let unreached = runs.iter().filter(|run| run.choice.is_none()).map(|run| run.count).sum();
        Self { placement, unreached, overfull: None, length: total_length(&runs) }
    }

    /// With its trays.
    fn laid(placement: Placement, laid: &CableSchedule) -> Self {
        let overfull = laid.trays.iter().map(|tray| tray.parallel.saturating_sub(tray.room)).sum();
        Self { overfull: Some(overfull), ..Self::of(placement, &laid.runs) }
    }

    /// Fewer cables out of reach, then fewer trays too many, then less length.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let lacking = |tried: &Self| (tried.unreached, tried.overfull.unwrap_or(0));
        lacking(self).cmp(&lacking(other)).then(self.length.0.total_cmp(&other.length.0))
    }
}

/// Part of the room for trays that a first look may find taken before all placements are laid in full: what it leaves out
/// may be as much as the rest.
const PLENTY: f64 = 0.75;

/// Lays a fleet out with every placement of its network racks, the best one first.
///
/// Of two placements, the one that leaves fewer cables out of reach is better whatever its length, and then the one with
/// room for its trays. The first of equals wins. Lengths are compared on a part of the spine and core racks, each for its
/// neighbours, which is right within a percent or so. Where trays of the shortest come near to what there is room
/// for, each placement is laid in full.
#[must_use]
pub fn placements(demand: &LayoutDemand, cabling: &Cabling) -> Vec<Tried> {
    let tried = |placement: Placement| {
        let plan = layout(demand, placement);
        // One network room, or none, lies in the same place whatever is said of cores.
        let same = plan.network_room.is_none() || plan.buildings == 1;
        let once = placement.core == CorePlace::EveryBuilding && same;
        (!once).then(|| Tried::of(placement, &Runs::of_scale_out(&plan, cabling, MOST_PAIRS[1]).all))
    };
    let mut all: Vec<Tried> = Placement::all().into_par_iter().filter_map(tried).collect();
    all.sort_by(Tried::order);
    let shortest = all[0].placement;
    let first_look = scheduled(&layout(demand, shortest), cabling, MOST_PAIRS[1]);
    if first_look.trays.iter().any(|tray| tray.parallel as f64 > PLENTY * tray.room as f64) {
        let laid =
            |one: &Tried| Tried::laid(one.placement, &schedule(&layout(demand, one.placement), cabling));
        all = all.par_iter().map(laid).collect();
        all.sort_by(Tried::order);
    }
    all
}

/// Lays a fleet out with the best of the placements tried, whose length is then that of the whole schedule.
#[must_use]
pub fn place(demand: &LayoutDemand, cabling: &Cabling, tried: &mut [Tried]) -> (Layout, CableSchedule) {
    let plan = layout(demand, tried[0].placement);
    let laid = schedule(&plan, cabling);
    tried[0] = Tried::laid(tried[0].placement, &laid);
    (plan, laid)
}
