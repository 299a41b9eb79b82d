//! Training estimates: the fastest legal layout on a power of two of accelerators, and what failures leave of it.

use super::equipment::Machine;
use super::result::{Economics, Fleet, Parallelism, Power, RunFailures, RunnerUp, StepLayout, Training};
use super::sizing::Draw;
use super::workloads::{chip_of, shape_of};
use crate::catalog::InputError;
use crate::catalog::profile;
use crate::fabric::between::exchange_time;
use crate::random::Stream;
use crate::scalar::SECONDS_PER_YEAR;
use crate::scenario::{self, CheckpointKind, Interval, Scenario, Swap, WithoutSpares};
use crate::search::training::{best_layout, leanest_layout};
use crate::throughput::goodput::{Checkpoints, FailingRun, Goodput, Spares, goodput, simulation};
use crate::throughput::machine::Machine as Chip;
use crate::throughput::precision::{Format, Precision};
use crate::throughput::shape::ModelShape;
use crate::throughput::training::{TrainingJob, TrainingPoint, USABLE_SHARE};
use crate::units::text::{digits, group};
use crate::units::{Bytes, Dollars, Joules, Meters, Seconds, Share, TokenRate, Watts};

/// The job of a training entry on a system, its accelerators left out, and the word for its number format.
pub fn job_of(
    scenario: &Scenario,
    machine: &Machine,
    place: usize,
    entry: &scenario::Training,
) -> Result<(TrainingJob, &'static str), InputError> {
    let (format, word) = format_of(&entry.precision, &machine.accelerator)
        .map_err(|message| scenario.error(&format!("training.{place}.precision"), message))?;
    // What is cached in serving is an activation here, kept in 16 bits.
    let precision = Precision::uniform(format).with_cache(Format::Bf16);
    let sequences = (entry.global_batch / entry.sequence).max(1);
    Ok((TrainingJob::new(0, entry.sequence as f64, sequences as f64, precision), word))
}

/// The format of products that a wish means on an accelerator, and the word for reports.
///
/// Published recipes stop at 8 bits unless asked: the 4-bit ones are few and new. A recipe has nothing to do with the
/// formats that a checkpoint is served in.
fn format_of(wish: &str, accelerator: &profile::Accelerator) -> Result<(Format, &'static str), String> {
    let peak = &accelerator.peak;
    // Block scales came with 4-bit arithmetic.
    match wish {
        "bf16" => Ok((Format::Bf16, "bf16")),
        "auto" if peak.fp8.is_none() => Ok((Format::Bf16, "bf16")),
        "auto" | "fp8" if peak.fp8.is_some() => Ok((Format::Fp8, "fp8")),
        "mxfp8" if peak.fp8.is_some() && peak.fp4.is_some() => Ok((Format::Mxfp8, "mxfp8")),
        "nvfp4" if peak.fp4.is_some() => Ok((Format::Nvfp4, "nvfp4")),
        "fp4" if peak.fp4.is_some() => Ok((Format::Nvfp4, "fp4")),
        other => Err(format!("{} has no {other} arithmetic", accelerator.name)),
    }
}

/// Numbers of accelerators that a run is tried on, the largest first: powers of two, and three times one.
fn sizes(available: u64) -> impl Iterator<Item = u32> {
    (0..31_u32)
        .rev()
        .flat_map(|power| [1_u32 << power, (1 << power) / 4 * 3])
        .filter(move |size| *size > 0 && u64::from(*size) <= available)
}

/// Sizes in a row that finish later than a larger one, after which none is tried any more.
const LATER_SIZES: usize = 3;
/// Useful part of its time below which a run is none.
const LEAST_GOODPUT: f64 = 0.01;

/// A size with what it reaches.
struct Sized {
    accelerators: u32,
    fabrics: u64,
    between: Seconds,
    best: TrainingPoint,
    second: Option<TrainingPoint>,
    exposed: Exposed,
    useful: Goodput,
}

impl Sized {
    /// Useful tokens per second, failures counted.
    fn rate(&self) -> f64 {
        self.best.tokens_per_s * self.useful.share
    }
}

/// Sustained arithmetic of a system's power profile over the nominal peak, which utilisation is shares of.
#[must_use]
pub fn sustained_share(machine: &Machine) -> f64 {
    machine.compute_share.0 * machine.compute_bound.performance.0
}

/// Estimates one training workload on one system.
pub(super) fn train(
    scenario: &Scenario,
    machine: &Machine,
    (draw, fibre): (&Draw, Meters),
    (place, entry): (usize, &scenario::Training),
    card: &profile::Model,
    seed: u64,
) -> Result<Training, InputError> {
    let (job, word) = job_of(scenario, machine, place, entry)?;
    let span = span(scenario, draw, entry, job.global_batch as u64);
    let shape = shape_of(card);
    let chip =
        |accelerators: u32| chip_of_run(machine, draw.fabric.oversubscription, u64::from(accelerators));
    let gradients = Bytes(job.gradient_bytes * card.published.computed_parameters);
    // The size that finishes first: more than the batch feeds, or than failures let work, finish later.
    let mut chosen: Option<Sized> = None;
    for fabrics in [span.fabrics, 1].into_iter().take(if span.fabrics > 1 { 2 } else { 1 }) {
        let mut later = 0;
        for each in sizes(span.each) {
            // Each fabric trains on its part of the batch.
            let part =
                TrainingJob { accelerators: each, global_batch: job.global_batch / fabrics as f64, ..job };
            let (best, second) = best_layout(&shape, &chip(each), &part).map_err(|error| {
                scenario.error(&format!("training.{place}.global_batch"), error.to_string())
            })?;
            let Some(best) = best else { continue };
            let between = between_fabrics(&scenario.fields.campus, fibre, fabrics, gradients, each);
            let across = |point| crossed(point, fabrics, between);
            let accelerators = u32::try_from(u64::from(each) * fabrics).unwrap_or(u32::MAX);
            let exposed = failing_run(machine, entry, card, accelerators, span.own - u64::from(accelerators));
            let useful = goodput(&exposed.run);
            let (best, second) = (across(best), second.map(across));
            let sized = Sized { accelerators, fabrics, between, best, second, exposed, useful };
            if chosen.as_ref().is_none_or(|known| sized.rate() > known.rate()) {
                (chosen, later) = (Some(sized), 0);
            } else {
                later += 1;
            }
            if later >= LATER_SIZES {
                break;
            }
        }
    }
    let run = Training {
        model: card.id.clone(),
        system: machine.id.clone(),
        precision: word.into(),
        parallelism: Parallelism::default(),
        accelerators: 0,
        available: span.each * span.fabrics,
        tokens_per_s: TokenRate(0.0),
        mfu: Share(0.0),
        goodput: Share(0.0),
        step_time: Seconds(0.0),
        global_batch_tokens: (job.global_batch * job.sequence) as u64,
        run_time: Seconds(0.0),
        run: None,
        fabrics: 1,
        between_fabrics: Seconds(0.0),
        bound_by: String::new(),
        layout: None,
        runner_up: None,
        shortfall: None,
    };
    let Some(sized) = chosen else {
        let reason = if span.each == 0 {
            "no accelerators are left for it".into()
        } else {
            let largest = sizes(span.each).next().unwrap_or(1);
            too_large(&shape, &chip, &TrainingJob { accelerators: largest, ..job })
        };
        return Ok(Training { shortfall: Some(reason), ..run });
    };
    let Sized { accelerators, fabrics, between, best: point, second, exposed, useful } = sized;
    if useful.share < LEAST_GOODPUT {
        let reason = format!(
            "failures leave {} % of the time of {accelerators} accelerators: they come faster than checkpoint and restart",
            digits(100.0 * useful.share)
        );
        return Ok(Training { shortfall: Some(reason), ..run });
    }
    let rate = point.tokens_per_s;
    let room = machine.memory * USABLE_SHARE;
    let layout = laid_out(&point, accelerators, room);
    let runner_up = second.map(|second| {
        let second = laid_out(&second, accelerators, room);
        RunnerUp { slower: second.step / layout.step - 1.0, why: why(&layout, &second), layout: second }
    });
    Ok(Training {
        parallelism: layout.parallelism,
        accelerators: u64::from(accelerators),
        tokens_per_s: TokenRate(rate),
        mfu: Share((point.mfu * sustained_share(machine)).min(1.0)),
        goodput: Share(useful.share),
        step_time: point.step,
        fabrics,
        between_fabrics: between,
        run_time: Seconds(entry.tokens.0 / (rate * useful.share).max(1e-9)),
        run: Some(told(machine, entry, &exposed, &useful, rate, seed)),
        bound_by: point.longest_part().into(),
        layout: Some(layout),
        runner_up,
        ..run
    })
}

/// Where a run stands.
struct Span {
    /// Accelerators that it may have, spares with them.
    own: u64,
    /// Accelerators that it may have in each fabric.
    each: u64,
    /// Fabrics.
    fabrics: u64,
}

/// The fabrics that a run spans: one where nothing links them, else as many as hold its accelerators and take equal
/// parts of the sequences.
fn span(scenario: &Scenario, draw: &Draw, entry: &scenario::Training, sequences: u64) -> Span {
    let all = (draw.accelerators as f64 * entry.share.0) as u64;
    let largest = draw.fabric.accelerators_per_island;
    let wished = all.min(entry.accelerators);
    let alone = wished.min(largest);
    if scenario.fields.campus.bandwidth.is_none() {
        return Span { own: all.min(largest), each: alone, fabrics: 1 };
    }
    // Enough fabrics that powers of two in each make up what is wished for.
    let granule = alone.checked_ilog2().map_or(1, |power| 1 << power);
    let most = (wished / granule).min(draw.fabric.islands).max(1);
    let fabrics = (1..=most).rev().find(|count| sequences.is_multiple_of(*count)).unwrap_or(1);
    Span { own: all, each: alone.min(wished / fabrics), fabrics }
}

/// Time of a step that summing gradients between fabrics takes.
fn between_fabrics(
    campus: &scenario::Campus,
    fibre: Meters,
    fabrics: u64,
    gradients: Bytes,
    each: u32,
) -> Seconds {
    campus.bandwidth.map_or(Seconds(0.0), |bandwidth| {
        exchange_time(fabrics, gradients, u64::from(each), bandwidth, fibre)
    })
}

/// A step of one fabric as that of several, which sum their gradients after it.
fn crossed(point: TrainingPoint, fabrics: u64, between: Seconds) -> TrainingPoint {
    let step = point.step + between;
    let slowed = point.step / step;
    TrainingPoint {
        step,
        gradients: point.gradients + between,
        tokens_per_s: point.tokens_per_s * fabrics as f64 * slowed,
        mfu: point.mfu * slowed,
        ..point
    }
}

/// The accelerator of a run: beyond one scalable unit, its part of the network is what oversubscription leaves.
#[must_use]
pub fn chip_of_run(machine: &Machine, oversubscription: f64, accelerators: u64) -> Chip {
    let mut chip = chip_of(machine, Watts(0.0));
    if accelerators > machine.unit.accelerators() {
        chip.scale_out.bandwidth = chip.scale_out.bandwidth / oversubscription.max(1.0);
    }
    chip
}

/// Most accelerators that a run is tried on to say where it would fit.
const MOST_TRIED: u32 = 1 << 20;

/// By how much a model does not fit, and what would make it fit.
fn too_large(shape: &ModelShape, chip: &dyn Fn(u32) -> Chip, job: &TrainingJob) -> String {
    let machine = chip(job.accelerators);
    let room = machine.memory * USABLE_SHARE;
    let gigabytes = |bytes: Bytes| digits(bytes.0 / 1e9);
    let on = group(&job.accelerators.to_string());
    let Some(lean) = leanest_layout(shape, &machine, job) else {
        return format!(
            "no split is legal on {on} accelerators with {} sequences a step: choose a batch that divides over them",
            digits(job.global_batch)
        );
    };
    let need = lean.memory.total;
    if need.0 <= room.0 {
        return format!("no split of {on} accelerators fits into memory with a legal batch");
    }
    let grown = (1..).map_while(|power| job.accelerators.checked_shl(power)).take_while(|n| *n <= MOST_TRIED);
    let fits = grown.into_iter().find(|more| {
        let larger = TrainingJob { accelerators: *more, ..*job };
        leanest_layout(shape, &chip(*more), &larger).is_some_and(|point| point.memory.total.0 <= room.0)
    });
    let cure = match fits {
        Some(count) => format!("{} accelerators would hold it", group(&count.to_string())),
        None => "more accelerators alone don't help: shorter sequences or more memory would".into(),
    };
    format!(
        "the leanest split on {on} accelerators (TP{} PP{}, everything computed again) needs {} GB of each, {} GB are \
         usable, {} GB short; {cure}",
        lean.layout.tensor,
        lean.layout.stages,
        gigabytes(need),
        gigabytes(room),
        gigabytes(need - room)
    )
}

/// A step as it is told.
fn laid_out(point: &TrainingPoint, accelerators: u32, room: Bytes) -> StepLayout {
    let (layout, memory) = (&point.layout, &point.memory);
    let named = memory.weights + memory.gradients + memory.optimizer + memory.activations + memory.passing;
    StepLayout {
        parallelism: Parallelism {
            tp: layout.tensor,
            pp: layout.stages,
            ep: layout.expert,
            dp: layout.data(accelerators),
            cp: layout.context,
        },
        micro_batch: layout.micro_batch,
        interleave: layout.interleave,
        sharded: layout.sharded,
        step: point.step,
        times: vec![
            ("arithmetic and memory", point.compute),
            ("interconnect", point.messages),
            ("pipeline bubble", point.bubble),
            ("gradient traffic", point.gradients),
            ("optimiser and waiting", point.rest),
        ],
        memory: memory.total,
        held: vec![
            ("weights", memory.weights),
            ("gradients", memory.gradients),
            ("optimiser", memory.optimizer),
            ("activations", memory.activations),
            ("logits", memory.passing),
            ("runtime", memory.total - named),
        ],
        room,
    }
}

/// What the second loses and gains against the best, in shares of the best step, largest first.
fn why(best: &StepLayout, second: &StepLayout) -> String {
    let mut parts: Vec<(&str, f64)> = best
        .times
        .iter()
        .zip(&second.times)
        .map(|((name, one), (_, other))| (*name, (other.0 - one.0) / best.step.0))
        .filter(|(_, share)| share.abs() >= 5e-4)
        .collect();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let told = |(name, share): &(&str, f64)| {
        let sign = if *share < 0.0 { '-' } else { '+' };
        format!("{name} {sign}{:.1} %", 100.0 * share.abs())
    };
    if parts.is_empty() {
        return "the same time to 0.05 %".into();
    }
    parts.iter().map(told).collect::<Vec<_>>().join(", ")
}

/// Bytes of a checkpoint for each parameter: a 16-bit weight, a master weight and two moments of 32 bits.
const CHECKPOINT_BYTES: f64 = 14.0;
/// Simulated runs of one workload.
const SAMPLED_RUNS: u64 = 200;
/// Stream of the first of them: apart from those of the other ranges.
const FIRST_STREAM: u64 = 1 << 32;

/// A run as failures see it, with what is swapped and kept.
struct Exposed {
    run: FailingRun,
    /// Accelerators that are swapped as one.
    unit: u64,
    /// Spare accelerators kept.
    spares: u64,
    /// Size of a checkpoint.
    checkpoint: Bytes,
}

/// A run as failures see it, with spares of the accelerators that are left.
fn failing_run(
    machine: &Machine,
    entry: &scenario::Training,
    card: &profile::Model,
    accelerators: u32,
    left: u64,
) -> Exposed {
    let known = &machine.system.reliability;
    let (tray, swap) = (known.tray.value.max(1), known.swap_unit.value.max(1));
    let wished = entry.spares.0 * f64::from(accelerators);
    let (groups, units, unit) = match entry.swap {
        Swap::Tray if tray < swap => {
            // Every domain keeps its own: part of a tray spares nothing.
            let domains = accelerators.div_ceil(swap);
            let each = (entry.spares.0 * f64::from(swap) / f64::from(tray)).ceil();
            let fit = (left / (u64::from(domains) * u64::from(tray))) as f64;
            (domains, each.min(fit) as u32, tray)
        }
        _ => {
            let fit = (left / u64::from(swap)) as f64;
            (1, (wished / f64::from(swap)).ceil().min(fit) as u32, swap)
        }
    };
    let checkpoint = Bytes(CHECKPOINT_BYTES * card.published.computed_parameters);
    let write = checkpoint / entry.storage;
    let interval = match entry.checkpoint_interval {
        Interval::Auto => None,
        Interval::Every(time) => Some(time),
    };
    let checkpoints = match entry.checkpoint {
        CheckpointKind::Asynchronous => Checkpoints::asynchronous(entry.checkpoint_stall, write),
        CheckpointKind::Blocking => Checkpoints::blocking(entry.checkpoint_stall, write),
    };
    let run = FailingRun {
        interruptions: known.interruption_rate.value * f64::from(accelerators),
        broken: known.causes.broken().min(1.0),
        silent: known.causes.silent.value.0,
        silent_for: entry.silent_detection,
        detection: entry.detection,
        restart: entry.restart,
        repair: known.repair.value,
        spares: Spares {
            groups,
            units,
            unit_share: f64::from(unit) / f64::from(accelerators),
            shrinks: entry.without_spares == WithoutSpares::Shrink,
        },
        checkpoints: Checkpoints { interval, ..checkpoints },
        slow: entry.slow_nodes.0,
    };
    let spares = u64::from(groups) * u64::from(units) * u64::from(unit);
    Exposed { run, unit: u64::from(unit), spares, checkpoint }
}

/// What is told of a run; energy and cost are filled in when the building is known.
fn told(
    machine: &Machine,
    entry: &scenario::Training,
    exposed: &Exposed,
    useful: &Goodput,
    rate: f64,
    seed: u64,
) -> RunFailures {
    let failing = &exposed.run;
    let work = Seconds(entry.tokens.0 / rate.max(1e-9));
    let frequency = &machine.system.reliability.interruption_rate;
    let times = (0..SAMPLED_RUNS).map(|sample| {
        // Even draws of the rate, random failures: the rate is what the spread is made of.
        let share = (sample as f64 + 0.5) / SAMPLED_RUNS as f64;
        let interruptions = failing.interruptions * super::range::factor(frequency, share);
        let stream = Stream { seed, stream: FIRST_STREAM + sample };
        simulation::run_time(&FailingRun { interruptions, ..*failing }, work, stream).0
    });
    RunFailures {
        between_failures: failing.between_failures(),
        checkpoint_interval: useful.interval,
        checkpoint_stall: failing.checkpoints.stall,
        checkpoint_write: failing.checkpoints.write,
        checkpoint: exposed.checkpoint,
        spares: exposed.spares,
        swap_unit: exposed.unit,
        lost_to_checkpoints: Share(useful.lost.checkpoints),
        lost_to_rework: Share(useful.lost.rework),
        lost_to_restarts: Share(useful.lost.restarts),
        lost_to_waiting: Share(useful.lost.waiting),
        lost_to_slow_nodes: Share(useful.lost.slow),
        run_time: simulation::percentiles(times.collect()).map(Seconds),
        energy: Joules(0.0),
        cost: Dollars(0.0),
    }
}

/// Energy and cost of the runs, once the building stands.
pub(super) fn bill(training: &mut [Training], power: &Power, economics: &Economics, fleet: &Fleet) {
    for result in training {
        let Some(run) = &mut result.run else { continue };
        let held = (result.accelerators + run.spares) as f64;
        let rack = fleet.systems.iter().find(|system| system.id == result.system);
        let drawn = rack.map_or(Watts(0.0), |system| system.it_per_accelerator * held);
        let duty = if power.it_provisioned.0 > 0.0 { power.it_mean / power.it_provisioned } else { 0.0 };
        run.energy = drawn * duty * power.pue_annual.0 * result.run_time;
        let each = economics.total_per_year / (fleet.accelerators.max(1) as f64);
        run.cost = each * held * (result.run_time.0 / SECONDS_PER_YEAR);
    }
}

#[cfg(test)]
mod tests {
    use super::sizes;

    #[test]
    fn sizes_fall_and_stay_within_what_is_there() {
        assert_eq!(sizes(100).collect::<Vec<_>>(), [96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1]);
        assert_eq!(sizes(1).collect::<Vec<_>>(), [1]);
        assert_eq!(sizes(0).count(), 0);
        assert_eq!(sizes(u64::MAX).next(), Some(1 << 30));
    }
}
