//! What the provisioning policy buys, and what it risks.

use super::Ground;
use crate::plan::result::Oversubscription;
use crate::power::provisioning::{Bound, DutySpread, gain_at_cap};
use crate::scenario::Policy;
use crate::units::{Ratio, Share, Watts};

/// What is set aside against what stands there. The spread is of what racks would ask for if nothing held them, over their heat.
pub(super) fn policy(ground: &Ground<'_>) -> Oversubscription {
    let said = &ground.fields.provisioning;
    let sum = |power: fn(&crate::plan::equipment::Machine) -> Watts| -> Watts {
        ground.loads.iter().map(|(machine, draw)| power(machine) * draw.racks as f64).sum()
    };
    let nameplate = sum(|machine| machine.rack.heat);
    let provisioned = sum(|machine| machine.compute_bound.power);
    let share = if nameplate.0 > 0.0 { Share(provisioned / nameplate) } else { Share(1.0) };
    let spread = DutySpread {
        mean: said.duty_factor,
        deviation: said.duty_deviation,
        correlation: said.duty_correlation,
    };
    let racks = ground.racks.compute;
    let capped = said.policy == Policy::Capped;
    Oversubscription {
        nameplate,
        provisioned,
        oversubscription: Ratio(1.0 / share.0),
        performance_compute: ground
            .loads
            .first()
            .map_or(Share(1.0), |(machine, _)| machine.compute_bound.performance),
        performance_memory: ground
            .loads
            .first()
            .map_or(Share(1.0), |(machine, _)| machine.memory_bound.performance),
        work_gain_compute: Ratio(if capped { gain_at_cap(share, Bound::Compute) } else { 1.0 / share.0 }),
        work_gain_memory: Ratio(if capped { gain_at_cap(share, Bound::Memory) } else { 1.0 / share.0 }),
        exceeded: spread.exceeds(racks, share),
        shed: spread.shed(racks, share),
    }
}
