//! What the provisioning policy buys, and what it risks.

use super::Ground;
use crate::plan::equipment::duty_spread;
use crate::plan::result::Oversubscription;
use crate::power::provisioning::{Bound, gain_at_cap};
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
    let spread = duty_spread(ground.fields);
    let racks = ground.racks.compute;
    let capped = said.policy == Policy::Capped;
    let kept = ground.loads.first().map_or(1.0, |(machine, _)| machine.compute_bound.performance.0);
    // At nameplate nothing is left to ask for.
    let nothing = share.0 >= 1.0 - 1e-12;
    let above = |part: Share| if nothing { Share(0.0) } else { part };
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
        work_gain_compute: Ratio(if capped { gain_at_cap(share, Bound::Compute) } else { kept / share.0 }),
        work_gain_memory: Ratio(if capped { gain_at_cap(share, Bound::Memory) } else { kept / share.0 }),
        exceeded: above(spread.exceeds(racks, share)),
        shed: above(spread.shed(racks, share)),
    }
}
