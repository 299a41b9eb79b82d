//! `gigawatt sweep`: the design spaces of serving and of training, the frontier and the scaling curve in them.

mod training;

use super::arguments::{Common, Overrides};
use super::diagnostic::{Failure, say};
use super::progress::Progress;
use super::{Outcome, source};
use crate::catalog::{Catalog, InputError};
use crate::engine::Engine;
use crate::plan::Options;
use crate::plan::equipment::Equipment;
use crate::plan::result::Parallelism;
use crate::plan::workloads::{
    band_of, cache_of, mode_word, pools_of, precision_of, reserve_of, serving_chip, shape_of, speculation_of,
    split_of, why_none, workload_of,
};
use crate::report::sweep::{Best, Cache, DesignPoint, Speculation, Split, SweepReport, frontier, merge};
use crate::scenario::{Scenario, Serving};
use crate::search::{self, Axes, explore};
use crate::throughput::parallelism::Layout;
use crate::units::{Seconds, Watts};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Largest shard file that `sweep merge` reads.
const LARGEST_SHARD_BYTES: u64 = 1 << 28;

/// Sweep the design space: tokens/s per accelerator against tokens/s per user, and training against scale
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Example: gigawatt sweep campus.toml
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// Time to first token, at most
    ///
    /// Example: --ttft 2s
    #[arg(long, value_name = "TIME")]
    ttft: Option<String>,
    /// Time per output token, at most
    ///
    /// Example: --tpot "50 ms"
    #[arg(long, value_name = "TIME")]
    tpot: Option<String>,
    /// One part of the design space, for several machines
    ///
    /// `sweep merge` joins the parts. Example: --shard 1/4 --output part1.json
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Join the JSON results of shards
    Merge {
        /// Results of `sweep --shard I/N --format json`
        #[arg(required = true, value_name = "FILES")]
        files: Vec<PathBuf>,
    },
}

/// One part of several, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parsed {
        Some((index, of)) if index >= 1 && index <= of => Ok(Shard { index, of }),
        _ => Err("a shard looks like 1/4: the first of four".into()),
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    if let Some(Action::Merge { files }) = &arguments.action {
        let shards = files.iter().map(|path| read_shard(path)).collect::<Result<Vec<_>, _>>()?;
        return Ok(Outcome::report(merge(shards)));
    }
    let promise = |name: &str, text: Option<&String>| {
        // Checked here so that the error names the option.
        text.map(|text| match text.parse::<Seconds>() {
            Ok(limit) if limit.0 > 0.0 => Ok(limit),
            Ok(_) => Err(Failure::bad(format!("--{name}"), "a promise of no time at all can't be kept")),
            Err(error) => Err(Failure::bad(format!("--{name}"), error.to_string())),
        })
        .transpose()
    };
    let promises = (promise("ttft", arguments.ttft.as_ref())?, promise("tpot", arguments.tpot.as_ref())?);
    let source = source::read(arguments.scenario.as_deref())?;
    let file = source.as_ref().map(|source| (source.name.as_str(), source.text.as_str()));
    let mut catalog = arguments.common.catalog()?;
    let mut scenario = crate::scenario::resolve(file, &arguments.overrides.into(), &mut catalog)?;
    for entry in &mut scenario.fields.serving {
        entry.ttft = promises.0.unwrap_or(entry.ttft);
        entry.tpot = promises.1.unwrap_or(entry.tpot);
    }
    let shard = arguments.shard.unwrap_or(Shard { index: 1, of: 1 });
    swept(&scenario, &catalog, shard, &arguments.common)
}

/// Sweeps every serving workload on every system of a scenario.
fn swept(scenario: &Scenario, catalog: &Catalog, shard: Shard, common: &Common) -> Result<Outcome, Failure> {
    if scenario.fields.serving.is_empty() && scenario.fields.training.is_empty() {
        return Err(Failure::bad(
            "serving",
            "the scenario serves and trains nothing: there is no `[[serving]]` and no `[[training]]` to sweep",
        ));
    }
    let started = std::time::Instant::now();
    // The plan says what an accelerator draws and costs with everything around it.
    let plan = crate::plan::plan(scenario, catalog, Options { seed: common.seed })?;
    let equipment = Equipment::gather(scenario, catalog)?;
    let engine = Engine::new(common.backend.into());
    let mut points = Vec::new();
    let (mut evaluated, mut feasible) = (0, 0);
    let mut backends: Vec<&str> = Vec::new();
    let (mut warned, mut short) = (false, false);
    for machine in &equipment.machines {
        for (place, entry) in scenario.fields.serving.iter().enumerate() {
            let card = &equipment.serving[place].profile;
            let (precision, word) = precision_of(&entry.precision, &machine.accelerator, card)
                .map_err(|message| scenario.error(&format!("serving.{place}.precision"), message))?;
            let workload = workload_of(entry);
            let axes = Axes {
                shard: shard.index - 1,
                shards: shard.of,
                reserve: reserve_of(entry),
                ..Axes::fine(pools_of(entry.mode))
            };
            let bar = std::cell::OnceCell::new();
            let shown = std::cell::Cell::new(0);
            let found = explore(
                &shape_of(card),
                &serving_chip(machine, Watts(0.0), entry),
                precision,
                &workload,
                &axes,
                &engine,
                |progress| {
                    let what = format!("{} on {}", card.id, machine.id);
                    let bar = bar.get_or_init(|| Progress::of(&what, progress.total, common.quiet));
                    bar.advance(progress.done.saturating_sub(shown.replace(progress.done)));
                    ControlFlow::Continue(())
                },
            )
            .map_err(|error| Failure::bad("sweep", error.to_string()))?;
            if !warned && !common.quiet {
                for warning in &found.run.warnings {
                    say(&format!("warning: {warning}\n"));
                    warned = true;
                }
            }
            evaluated += found.evaluated;
            feasible += found.feasible;
            if !backends.contains(&found.run.backend()) {
                backends.push(found.run.backend());
            }
            // One shard may have no point where another has; the whole may not.
            if found.best.is_none() && shard.of == 1 {
                say(&format!(
                    "{} on {}: {}\n",
                    card.id,
                    machine.id,
                    why_none(&found, entry, word, &machine.id)
                ));
                short = true;
            }
            let availability = machine.system.reliability.availability.value.0;
            let cost = Cost::of(&plan, availability * entry.load_factor.0);
            for point in &found.frontier {
                let point = shown_point(point, entry, &card.id, &machine.id, word, &cost);
                points.push(DesignPoint { error_band: band_of(machine, card), ..point });
            }
        }
    }
    let trained = training::curves(scenario, &plan, &equipment, &engine, shard, common)?;
    evaluated += trained.evaluated;
    feasible += trained.feasible;
    for backend in trained.backends {
        if !backends.contains(&backend) {
            backends.push(backend);
        }
    }
    if !warned && !common.quiet {
        for warning in &trained.warnings {
            say(&format!("warning: {warning}\n"));
        }
    }
    let report = SweepReport {
        evaluated,
        feasible,
        seconds: started.elapsed().as_secs_f64(),
        backend: backends.join(" + "),
        best: Best::of(&points),
        frontier: frontier(points),
        training: trained.curves,
    };
    Ok(Outcome::Report { report: Box::new(report), short: short || trained.short })
}

/// What an accelerator draws and costs with everything around it, per second at the load of the promise: as a plan
/// counts it, mean load and outages included.
struct Cost {
    watts: f64,
    usd_per_s: f64,
}

impl Cost {
    fn of(plan: &crate::plan::Plan, load: f64) -> Self {
        let busy = plan.fleet.accelerators.max(1) as f64 * load.max(f64::MIN_POSITIVE);
        Self {
            watts: plan.power.facility_mean.0 / busy,
            usd_per_s: plan.economics.total_per_year.0 / crate::scalar::SECONDS_PER_YEAR / busy,
        }
    }
}

fn split(layout: &Layout) -> Split {
    let Parallelism { tp, pp, ep, dp, cp } = split_of(layout);
    Split { tp, pp, ep, dp, cp }
}

fn shown_point(
    point: &search::DesignPoint,
    entry: &Serving,
    model: &str,
    system: &str,
    word: &str,
    cost: &Cost,
) -> DesignPoint {
    let rate = point.tokens_per_s_per_accelerator;
    let (memory, depth) = (cache_of(point), speculation_of(point, entry));
    let separate = point.prefill_layout.is_some();
    let per_token = |amount: f64| (rate > 0.0 && amount > 0.0).then(|| amount / rate);
    DesignPoint {
        model: model.to_owned(),
        system: system.to_owned(),
        precision: word.to_owned(),
        parallelism: split(&point.layout),
        mode: mode_word(point).into(),
        isl: entry.isl,
        osl: entry.osl,
        batch: point.batch as u64,
        ttft_s: point.ttft.0,
        tpot_s: point.tpot.0,
        tokens_per_s_per_user: point.tokens_per_s_per_user,
        tokens_per_s_per_accelerator: rate,
        j_per_token: per_token(cost.watts),
        usd_per_mtok_output: per_token(cost.usd_per_s * 1e6),
        bound_by: point.bound.to_owned(),
        error_band: None,
        keeps_promise: point.keeps(&workload_of(entry)),
        wait_s: point.wait.0,
        ttft_p99_s: Some(point.ttft_p99.0),
        tpot_p99_s: Some(point.tpot_p99.0),
        speculation: Speculation {
            drafted: depth.drafted,
            acceptance: depth.acceptance.0,
            tokens_per_step: depth.tokens_per_step,
        },
        kv: Cache {
            available_bytes: memory.available.0,
            weights_bytes: memory.weights.0,
            activations_bytes: memory.activations.0,
            reserve_bytes: memory.reserve.0,
            block_tokens: memory.block_tokens,
            cache_bytes: memory.cache.0,
            blocks: memory.blocks,
            tokens: memory.tokens,
            sequences: memory.sequences,
        },
        chunk_tokens: (point.chunk > 0.0).then_some(point.chunk as u64),
        prefill_parallelism: point.prefill_layout.as_ref().map(split),
        prefill_per_decode: separate.then_some(point.prefill_per_decode),
        hand_over_s: separate.then_some(point.hand_over.0),
    }
}

fn read_shard(path: &Path) -> Result<SweepReport, Failure> {
    let name = path.display().to_string();
    let bad = |message: String| Failure::from(InputError::plain(&name, message));
    let size = std::fs::metadata(path).map_err(|error| bad(format!("can't be read: {error}")))?.len();
    if size > LARGEST_SHARD_BYTES {
        return Err(bad("is too large for the result of a sweep".into()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| bad(format!("can't be read: {error}")))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| bad(format!("is not JSON: {error}")))?;
    if value["schema"] != "gigawatt.sweep/1" {
        return Err(bad("is not the result of `gigawatt sweep --format json`".into()));
    }
    serde_json::from_value(value).map_err(|error| bad(format!("is no complete sweep: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several() {
        assert_eq!(shard("2/4"), Ok(Shard { index: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
