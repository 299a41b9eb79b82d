//! Static batches, few enough to be computed at once.

use super::axes::{Axes, depths};
use super::shard::{Searched, SweepId};
use super::{DesignPoint, Found, SearchError, design_space, spread_of};
use crate::kernel::serving_sweep::{DesignSpace, Score, ServingSweep};
use crate::kernel::spread::Spread;
use crate::throughput::queueing::tail_tpot;
use crate::throughput::serving::{Bound, Mode, Replica, Workload, batches, evaluate};
use crate::units::Seconds;

/// Every layout × batch × depth as a static batch.
pub(super) fn static_batches(
    replicas: &[Replica],
    workload: &Workload,
    axes: &Axes,
    found: &mut Found,
) -> Result<(), SearchError> {
    if replicas.is_empty() {
        return Ok(());
    }
    let batches = batches(axes.batches_per_doubling, axes.most_sequences);
    let depths = depths(workload);
    let within = batches.len() * depths.len();
    // The space that a kernel would get says what the points depend on.
    let space = DesignSpace { chunks: vec![1.0], ..design_space(replicas, None, workload, axes) };
    let points = (replicas.len() * within) as u64;
    let sweep =
        SweepId { kernel: "static_batches".into(), points, ..SweepId::of(&ServingSweep::new(space)?) };
    let range = axes.shard.range(points);
    found.searched = Some(Searched { sweep, first: range.start, end: range.end });
    found.evaluated = range.end - range.start;
    let mut points = Vec::new();
    for index in range {
        let (replica, setting) = (&replicas[index as usize / within], index as usize % within);
        let (batch, drafted) = (batches[setting / depths.len()], depths[setting % depths.len()]);
        let least = f64::from(replica.layout.attention_replicas * replica.layout.stages);
        if batch > replica.most_sequences() {
            found.misfits[0] += 1;
        } else if batch < least {
            found.misfits[1] += 1;
        } else {
            found.feasible += 1;
            let layout = index / within as u64;
            points.push((layout, static_batch(replica, workload, batch, drafted)));
        }
    }
    let in_time = points.iter().filter(|(_, point)| point.in_time(workload));
    found.fastest = in_time.map(|(_, point)| point.promised(workload).1).reduce(Seconds::min);
    let mut spread = Spread::default();
    let scores = points.iter().map(|(_, point)| Score {
        ttft_s: point.ttft.0 as f32,
        tpot_s: point.tpot.0 as f32,
        tokens_per_s_per_user: point.tokens_per_s_per_user as f32,
        tokens_per_s_per_accelerator: point.tokens_per_s_per_accelerator as f32,
        ..Score::default()
    });
    scores.for_each(|score| spread.absorb(&[score]));
    found.spread = Some(spread);
    found.choose(points.iter().map(|(_, point)| *point).collect(), workload);
    found.lead(points, workload, axes.leaders);
    Ok(())
}

/// One static batch of one layout.
fn static_batch(replica: &Replica, workload: &Workload, batch: f64, drafted: f64) -> DesignPoint {
    let depth = workload.drafting(drafted);
    let point = evaluate(replica, &depth, batch, Mode::Static);
    DesignPoint {
        layout: replica.layout,
        prefill_layout: None,
        prefill_per_decode: 0.0,
        batch,
        chunk: 0.0,
        drafted,
        tokens_per_step: depth.tokens_per_step(),
        ttft: point.ttft,
        wait: Seconds(0.0),
        ttft_p99: point.ttft,
        tpot: point.tpot,
        tpot_p99: Seconds(tail_tpot(point.tpot.0, 0.0, batch, spread_of(&depth))),
        hand_over: Seconds(0.0),
        tokens_per_s_per_user: point.tokens_per_s_per_user,
        tokens_per_s_per_accelerator: point.tokens_per_s_per_accelerator,
        bound: match point.bound {
            Bound::Arithmetic => "arithmetic",
            Bound::WeightTraffic | Bound::CacheTraffic | Bound::ActivationTraffic => "memory traffic",
            Bound::Interconnect => "interconnect",
            Bound::Launch | Bound::Host => "launch and host",
        },
        mode: Mode::Static,
        memory: replica.memory,
    }
}
