//! Training estimates: the fastest legal layout on a power of two of accelerators, and what failures leave of it.

use super::equipment::Machine;
use super::result::{Parallelism, Training};
use super::sizing::Draw;
use super::workloads::{chip_of, precision_of, shape_of};
use crate::catalog::InputError;
use crate::catalog::profile;
use crate::scenario::{self, Scenario};
use crate::throughput::training::{TrainingJob, TrainingPoint, best_layout, goodput};
use crate::units::{Seconds, Share, TokenRate, Watts};

/// Estimates one training workload on one system.
pub(super) fn train(
    scenario: &Scenario,
    machine: &Machine,
    draw: &Draw,
    place: usize,
    entry: &scenario::Training,
    card: &profile::Model,
) -> Result<Training, InputError> {
    // Published training recipes stop at 8 bits unless asked: the 4-bit ones are few and new.
    let wish = match entry.precision.as_str() {
        "auto" if machine.accelerator.peak.fp8.is_some() => "fp8",
        "auto" => "bf16",
        other => other,
    };
    let (precision, word) = precision_of(wish, &machine.accelerator, card)
        .map_err(|message| scenario.error(&format!("training.{place}.precision"), message))?;
    // A run does not cross from one fabric to another: there is no path between them.
    let available = ((draw.accelerators as f64 * entry.share.0) as u64)
        .min(entry.accelerators)
        .min(draw.fabric.accelerators_per_island);
    let accelerators = if available == 0 { 0 } else { 1 << available.ilog2().min(30) };
    let sequences = (entry.global_batch / entry.sequence).max(1);
    let mut job = TrainingJob::new(accelerators as u32, entry.sequence as f64, sequences as f64, precision);
    let found = if accelerators == 0 {
        None
    } else {
        // More accelerators than sequences to give them: the largest run that the batch feeds.
        let shape = shape_of(card);
        let chip = chip_of(machine, Watts(0.0));
        loop {
            let (best, _) = best_layout(&shape, &chip, &job);
            if best.is_some() || job.accelerators <= 1 {
                break best;
            }
            job.accelerators /= 2;
        }
    };
    let run = Training {
        model: card.id.clone(),
        system: machine.id.clone(),
        precision: word.into(),
        parallelism: Parallelism::default(),
        accelerators: 0,
        tokens_per_s: TokenRate(0.0),
        mfu: Share(0.0),
        goodput: Share(0.0),
        step_time: Seconds(0.0),
        global_batch_tokens: sequences * entry.sequence,
        run_time: Seconds(0.0),
        bound_by: String::new(),
        shortfall: Some(if accelerators == 0 {
            "no accelerators are left for it".into()
        } else {
            format!(
                "no split of {} on {accelerators} accelerators of {} fits into memory",
                card.id, machine.id
            )
        }),
    };
    let Some(point) = found else { return Ok(run) };
    let useful = goodput(
        job.accelerators,
        machine.system.reliability.interruption_rate.value,
        entry.checkpoint_stall,
        entry.restart,
    );
    if useful.share <= 0.0 {
        let reason =
            format!("failures on {} accelerators come faster than checkpoint and restart", job.accelerators);
        return Ok(Training { shortfall: Some(reason), ..run });
    }
    let rate = point.tokens_per_s;
    Ok(Training {
        parallelism: Parallelism {
            tp: point.layout.tensor,
            pp: point.layout.stages,
            ep: point.layout.expert,
            dp: point.layout.data(job.accelerators),
            cp: 1,
        },
        accelerators: u64::from(job.accelerators),
        tokens_per_s: TokenRate(rate),
        mfu: Share((point.mfu * machine.compute_share.0 * machine.compute_bound.performance.0).min(1.0)),
        goodput: Share(useful.share),
        step_time: point.step,
        run_time: Seconds(entry.tokens.0 / (rate * useful.share).max(1e-9)),
        bound_by: longest_part(&point).into(),
        shortfall: None,
        ..run
    })
}

/// What a step spends most of its time on.
fn longest_part(point: &TrainingPoint) -> &'static str {
    let parts = [
        (point.compute.0, "arithmetic and memory"),
        (point.messages.0, "interconnect"),
        (point.bubble.0, "pipeline bubble"),
        (point.gradients.0, "gradient traffic"),
        (point.rest.0, "optimiser and waiting"),
    ];
    parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).map_or("arithmetic and memory", |(_, name)| name)
}
