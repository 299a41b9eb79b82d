//! Whole cables dealt to racks by their shares.
//!
//! ~~~text
//! share of a rack = cables · its switches / all switches;   ⌊share⌋ ≤ dealt ≤ ⌈share⌉
//! ~~~
//!
//! So no rack has more cables than its switches have ports.

/// Racks that hold some of a range of switches, and how many each holds: fractions where a range cuts a rack.
pub(super) fn holders(from: f64, to: f64, switches: u64, racks: u64) -> Vec<(usize, f64)> {
    let to = to.min(switches as f64);
    let per_rack = switches as f64 / racks.max(1) as f64;
    if to <= from {
        return Vec::new();
    }
    ((from / per_rack).floor() as usize..=((to / per_rack).ceil() as usize).saturating_sub(1))
        .map(|rack| {
            let (low, high) = (rack as f64 * per_rack, (rack as f64 + 1.0) * per_rack);
            (rack, high.min(to) - low.max(from))
        })
        .filter(|(_, held)| *held > 1e-9)
        .collect()
}

/// Tolerance of sums of shares of cables.
pub(super) const ROUNDING: f64 = 1e-6;

/// Cables of the racks of one tier: what is due to each so far, and what was dealt to it.
#[derive(Default)]
pub(super) struct Account {
    due: Vec<f64>,
    dealt: Vec<u64>,
}

impl Account {
    /// Deals whole cables to racks to which a share of them is due.
    ///
    /// ~~~text
    /// ⌊due⌋ ≤ dealt ≤ ⌈due⌉ after every bundle, for each rack
    /// ~~~
    ///
    /// Beyond the whole cables that are due, those go first whose next one is due soonest: the earliest deadline first,
    /// which finds such a deal where there is one: the chairman assignment problem.
    pub(super) fn deal(&mut self, racks: &[(usize, f64)], share: f64, cables: u64) -> Vec<u64> {
        let most = racks.iter().map(|(rack, _)| rack + 1).max().unwrap_or(0).max(self.due.len());
        self.due.resize(most, 0.0);
        self.dealt.resize(most, 0);
        let whole: f64 = racks.iter().map(|(_, weight)| weight).sum();
        let mut given = Vec::with_capacity(racks.len());
        for (rack, weight) in racks {
            self.due[*rack] += share * weight / whole;
            given.push(((self.due[*rack] + ROUNDING) as u64).saturating_sub(self.dealt[*rack]));
        }
        let sum: u64 = given.iter().sum();
        if sum != cables {
            let waits = |at: usize| {
                let (rack, weight) = racks[at];
                let waits = (self.dealt[rack] + given[at] + 1) as f64 - self.due[rack];
                (waits >= 1.0 - ROUNDING, waits / weight, at)
            };
            let mut next: Vec<(bool, f64, usize)> = (0..racks.len()).map(waits).collect();
            let sooner = |a: &(bool, f64, usize), b: &(bool, f64, usize)| {
                a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
            };
            match usize::try_from(cables.saturating_sub(sum)) {
                // One more for the first so many, in whatever order.
                Ok(more) if more > 0 && more <= next.len() => {
                    next.select_nth_unstable_by(more - 1, sooner);
                    next[..more].iter().for_each(|(.., at)| given[*at] += 1);
                }
                _ => {
                    next.sort_by(sooner);
                    top_up(&mut given, cables, next.iter().map(|(.., at)| *at));
                }
            }
        }
        for ((rack, _), given) in racks.iter().zip(&given) {
            self.dealt[*rack] += given;
        }
        given
    }
}

/// Deals the cables of a bundle from one number to another to racks in their order.
///
/// The running sum is cut to whole cables at every rack. A rack that two bundles share is the last of one and the first
/// of the next, so that it has its share of both together.
pub(super) fn in_order(racks: &[(usize, f64)], start: f64, share: f64, [from, to]: [u64; 2]) -> Vec<u64> {
    let whole: f64 = racks.iter().map(|(_, weight)| weight).sum();
    let (mut seen, mut dealt) = (start, from);
    let deal = |(at, (_, weight)): (usize, &(usize, f64))| {
        seen += share * weight / whole;
        let upto = if at + 1 == racks.len() { to } else { ((seen + ROUNDING) as u64).clamp(dealt, to) };
        let own = upto - dealt;
        dealt = upto;
        own
    };
    racks.iter().enumerate().map(deal).collect()
}

/// Adds one each in this order, or takes one each away in the other, until they add up to `cables`.
fn top_up(given: &mut [u64], cables: u64, order: impl DoubleEndedIterator<Item = usize> + Clone) {
    let mut sum: u64 = given.iter().sum();
    for at in order.clone().cycle() {
        if sum >= cables {
            break;
        }
        given[at] += 1;
        sum += 1;
    }
    for at in order.rev().cycle() {
        if sum <= cables {
            break;
        }
        let one = given[at].min(1);
        given[at] -= one;
        sum -= one;
    }
}

/// Shows how many cables each rack of one side has to each of the other, so that both have what was dealt to them.
pub(super) fn spread(from: &[u64], to: &[u64], mut show: impl FnMut(usize, usize, u64)) {
    let cables: u64 = from.iter().sum();
    let racks = to.iter().map(|cables| *cables as f64).enumerate().filter(|(_, cables)| *cables > 0.0);
    let racks: Vec<(usize, f64)> = racks.collect();
    if cables == 0 || racks.is_empty() {
        return;
    }
    let mut sides = Account::default();
    for (a, own) in from.iter().enumerate().filter(|(_, own)| **own > 0) {
        let given = sides.deal(&racks, *own as f64, *own);
        for ((b, _), count) in racks.iter().zip(given) {
            show(a, *b, count);
        }
    }
}
