//! Where network racks stand best: every placement laid, the one with the shortest cables among those with room for
//! them first.

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
    /// Trays and ducts that it lacks room for; counted of those alone that were laid in full.
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

/// Every placement of a fleet's network racks, that with the shortest cables first.
///
/// Of two placements, the one that leaves fewer cables out of reach is better whatever its length. The first of equals
/// wins. Lengths are compared on a part of the spine and core racks, each for its neighbours, which is right within a
/// percent or so. Whether there is room for their trays is asked where they are laid: [`place`].
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
    all
}

/// Lays a fleet out with the best of the placements tried, and puts that first, with the length of its scale-out laid in full.
///
/// ~~~text
/// the first, in order of length, with room for all its trays; where none has it, the one that lacks least
/// ~~~
///
/// None is better, as those behind it are longer and leave no fewer cables out of reach. What was laid before is not
/// compared again.
#[must_use]
pub fn place(demand: &LayoutDemand, cabling: &Cabling, tried: &mut [Tried]) -> (Layout, CableSchedule) {
    let lay = |one: &mut Tried| {
        let plan = layout(demand, one.placement);
        let laid = schedule(&plan, cabling);
        *one = Tried::laid(one.placement, &laid);
        (plan, laid)
    };
    let compared = tried[0].overfull.is_some();
    let (mut best, mut found) = (0, lay(&mut tried[0]));
    for at in 1..tried.len() {
        let fewest = tried[at..].iter().map(|longer| longer.unreached).min().unwrap_or(0);
        if compared || (tried[best].overfull == Some(0) && tried[best].unreached <= fewest) {
            break;
        }
        let other = lay(&mut tried[at]);
        if tried[at].order(&tried[best]).is_lt() {
            (best, found) = (at, other);
        }
    }
    tried[..=best].rotate_right(1);
    found
}
