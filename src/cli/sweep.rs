//! `gigawatt sweep`: the design spaces of serving and of training, the frontier and the scaling curve in them.

mod checkpoint;
mod shard;
mod training;

use super::arguments::{Common, FormatName, Overrides};
use super::diagnostic::{Failure, say};
use super::{Outcome, progress, source};
use crate::engine::{Engine, Run};
use crate::plan::equipment::{Equipment, Machine};
use crate::plan::result::Parallelism;
use crate::plan::workloads::{
    band_of, cache_of, mode_word, pools_of, precision_of, reserve_of, serving_chip, shape_of, speculation_of,
    split_of, why_none, workload_of,
};
use crate::plan::{Options, Plan};
use crate::report::sweep::shard::{ShardRecord, SweepPart, VERSION};
use crate::report::sweep::spread::histograms;
use crate::report::sweep::{Cache, DesignPoint, Leader, Misfits, Rows, Speculation, Split, SweepReport};
use crate::scenario::{Scenario, Serving};
use crate::search::shard::{Shard, digest};
use crate::search::{self, Axes, SearchError, explore};
use crate::throughput::parallelism::Layout;
use crate::units::text::group;
use crate::units::{Seconds, Watts};
use checkpoint::Checkpoint;
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    /// One part of the design space, for several processes or machines
    ///
    /// `sweep merge` joins the parts; they are the same bytes wherever and in however many goes they were made.
    /// Example: --shard 1/4 --output part1.json
    #[arg(long, value_name = "I/N", value_parser = shard_of)]
    shard: Option<Shard>,
    /// Design points of each serving sweep, at least: batches and chunks are cut finer until there are as many
    ///
    /// Or until every whole batch and chunk up to 16,384 is tried, or a layout has two thousand million points. Example:
    /// --points 1e9
    #[arg(long, value_name = "N", value_parser = points_of)]
    points: Option<u64>,
    /// File that keeps how far the sweep is; the same command goes on from there
    ///
    /// It is removed when the result is written. Example: --checkpoint part1.checkpoint
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Time between two writes of the checkpoint
    ///
    /// Example: --checkpoint-every 10s
    #[arg(long, value_name = "TIME", default_value = "30 s", requires = "checkpoint")]
    checkpoint_every: String,
    /// What CSV and Parquet hold [default: the frontier of serving, or training where nothing is served]
    ///
    /// Example: --table leaders --output leaders.csv
    #[arg(long, value_enum, global = true, value_name = "ROWS")]
    table: Option<TableName>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Join shards into the sweep that they are parts of, in any order
    ///
    /// The bytes are those of a single shard 1/1. Example: gigawatt sweep merge part*.json --output points.parquet
    Merge {
        /// Files of `sweep --shard I/N --output FILE.json`
        #[arg(required = true, value_name = "FILES")]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TableName {
    /// Points that no other beats both ways.
    Frontier,
    /// The best point of each leading layout.
    Leaders,
    /// How all points spread, bin by bin.
    Histograms,
    /// The best layouts of training runs by the number of accelerators.
    Training,
}

impl From<TableName> for Rows {
    fn from(name: TableName) -> Self {
        match name {
            TableName::Frontier => Self::Frontier,
            TableName::Leaders => Self::Leaders,
            TableName::Histograms => Self::Histograms,
            TableName::Training => Self::Training,
        }
    }
}

/// Whether a result is written as rows.
fn is_table(common: &Common) -> bool {
    let suffix = common.output.as_deref().and_then(|path| path.extension());
    let by_suffix =
        ["csv", "parquet"].iter().any(|table| suffix.is_some_and(|s| s.eq_ignore_ascii_case(table)));
    match common.format {
        Some(format) => matches!(format, FormatName::Csv),
        None => by_suffix,
    }
}

fn shard_of(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parsed {
        Some((index, of)) if index >= 1 && index <= of => Ok(Shard { index, of }),
        _ => Err("a shard looks like 1/4: the first of four".into()),
    }
}

/// More points than a year of any machine would score.
const MOST_POINTS: f64 = 1e15;

fn points_of(text: &str) -> Result<u64, String> {
    let plain = text.replace(['_', ','], "");
    match plain.parse::<f64>() {
        Ok(points) if (1.0..=MOST_POINTS).contains(&points) && points.fract() == 0.0 => Ok(points as u64),
        _ => Err("a number of points looks like 1000000, 1_000_000 or 1e9, up to 1e15".into()),
    }
}

/// A time that an option gives, above zero.
fn time(option: &str, text: &str, zero: &str) -> Result<Seconds, Failure> {
    match text.parse::<Seconds>() {
        Ok(time) if time.0 > 0.0 => Ok(time),
        Ok(_) => Err(Failure::bad(option, zero)),
        Err(error) => Err(Failure::bad(option, error.to_string())),
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let rows = arguments.table.map(Rows::from);
    if rows.is_some() && !is_table(&arguments.common) {
        let message =
            "says what rows hold: write them with `--format csv` or `--output FILE.csv` or `.parquet`";
        return Err(Failure::bad("--table", message));
    }
    if let Some(Action::Merge { files }) = &arguments.action {
        return shard::merged(files, rows);
    }
    progress::stop_when_asked();
    let output = arguments.common.output.as_deref().and_then(|path| path.extension());
    if arguments.shard.is_some() && output.is_some_and(|suffix| !suffix.eq_ignore_ascii_case("json")) {
        let message = "a shard is written as `.json`: nothing else can be merged";
        return Err(Failure::bad("--shard", message));
    }
    // Checked here so that the error names the option.
    let promise = |option, text: &Option<String>| {
        text.as_ref().map(|text| time(option, text, "a promise of no time at all can't be kept")).transpose()
    };
    let promises = (promise("--ttft", &arguments.ttft)?, promise("--tpot", &arguments.tpot)?);
    let every = time("--checkpoint-every", &arguments.checkpoint_every, "a checkpoint takes some time")?;
    let source = source::read(arguments.scenario.as_deref())?;
    let file = source.as_ref().map(|source| (source.name.as_str(), source.text.as_str()));
    let mut catalog = arguments.common.catalog()?;
    let mut scenario = crate::scenario::resolve(file, &arguments.overrides.into(), &mut catalog)?;
    for entry in &mut scenario.fields.serving {
        entry.ttft = promises.0.unwrap_or(entry.ttft);
        entry.tpot = promises.1.unwrap_or(entry.tpot);
    }
    if scenario.fields.serving.is_empty() && scenario.fields.training.is_empty() {
        return Err(Failure::bad(
            "serving",
            "the scenario serves and trains nothing: there is no `[[serving]]` and no `[[training]]` to sweep",
        ));
    }
    let started = Instant::now();
    let common = &arguments.common;
    // The plan says what an accelerator draws and costs with everything around it.
    let plan = crate::plan::plan(&scenario, &catalog, Options { seed: common.seed })?;
    let shard = arguments.shard.unwrap_or(Shard::WHOLE);
    let absolute = |path: &Option<PathBuf>| path.as_ref().and_then(|path| std::path::absolute(path).ok());
    if arguments.checkpoint.is_some() && absolute(&arguments.checkpoint) == absolute(&common.output) {
        return Err(Failure::bad("--checkpoint", "is the file of the result, too: name another one"));
    }
    let digest = digest_of(&scenario, &plan, arguments.points, common.seed);
    let checkpoint = match &arguments.checkpoint {
        Some(path) => Checkpoint::open(path, Duration::from_secs_f64(every.0.min(1e9)), &digest, shard)?,
        None => Checkpoint::none(),
    };
    let mut sweep = Sweep {
        scenario: &scenario,
        plan: &plan,
        equipment: &Equipment::gather(&scenario, &catalog)?,
        engine: common.engine(),
        shard,
        points: arguments.points,
        quiet: common.quiet,
        checkpoint,
        parts: Vec::new(),
        shortfalls: Vec::new(),
        lacks_a_point: false,
        runs: Vec::new(),
    };
    sweep.serving()?;
    sweep.training()?;
    let shown = |part: &SweepPart| !part.frontier.is_empty();
    if is_table(common) && rows.is_none() && !common.quiet && sweep.parts.iter().any(shown) {
        say(
            "the table holds the frontier of serving: `--table` writes leaders, histograms or training, JSON all\n",
        );
    }
    let record = arguments.shard.map(|Shard { index, of }| (index, of, digest));
    Ok(sweep.outcome(record, rows, started))
}

/// All that a result depends on besides the points themselves, whose sweeps have digests of their own.
///
/// Sums of the plan go in with single precision: another mathematics library may differ in the last place.
fn digest_of(scenario: &Scenario, plan: &Plan, points: Option<u64>, seed: u64) -> String {
    let whole = [
        plan.power.facility_mean.0 as f32,
        plan.economics.total_per_year.0 as f32,
        plan.fleet.accelerators as f32,
    ];
    let fields = serde_json::json!([VERSION, scenario.fields, whole, points, seed]);
    digest(fields.to_string().as_bytes())
}

/// Why points cannot run, in the order of the counts.
const REASONS: [&str; 4] = ["memory", "too few sequences", "prefill falls behind", "no prefill pool"];

/// Counts by their reasons.
fn counted(reasons: &[&str], counts: &[u64]) -> Misfits {
    reasons.iter().zip(counts).map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
}

/// The sweeps of a scenario while they run.
struct Sweep<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    equipment: &'a Equipment,
    engine: Engine,
    shard: Shard,
    points: Option<u64>,
    quiet: bool,
    checkpoint: Checkpoint,
    parts: Vec<SweepPart>,
    /// What all shards fall short of.
    shortfalls: Vec<String>,
    /// Whether a workload has no point under its promise.
    lacks_a_point: bool,
    runs: Vec<Run>,
}

impl Sweep<'_> {
    /// Whether the user has stopped one of the sweeps.
    fn is_stopped(&self) -> bool {
        self.runs.iter().any(|run| run.cancelled)
    }

    fn falls_short(&mut self, what: String) {
        say(&format!("{what}\n"));
        self.shortfalls.push(what);
    }

    /// Notes what the engine did; its warnings are told once.
    fn note(&mut self, run: Run) {
        let warned = self.runs.iter().any(|run| !run.warnings.is_empty());
        for warning in run.warnings.iter().filter(|_| !warned && !self.quiet) {
            say(&format!("warning: {warning}\n"));
        }
        self.runs.push(run);
    }

    fn failure(&self, error: &SearchError) -> Failure {
        match (error, self.checkpoint.path()) {
            (SearchError::Earlier, Some(path)) => Failure::bad(
                format!("--checkpoint {}", path.display()),
                "is of another catalogue: what the points rest on differs; remove it to begin anew",
            ),
            _ => Failure::bad("sweep", error.to_string()),
        }
    }

    /// Every serving workload on every system.
    fn serving(&mut self) -> Result<(), Failure> {
        let (equipment, scenario) = (self.equipment, self.scenario);
        for machine in &equipment.machines {
            for place in 0..scenario.fields.serving.len() {
                if !self.is_stopped() {
                    self.served(machine, place)?;
                }
            }
        }
        Ok(())
    }

    fn served(&mut self, machine: &Machine, place: usize) -> Result<(), Failure> {
        let entry = &self.scenario.fields.serving[place];
        let card = &self.equipment.serving[place].profile;
        let (precision, word) = precision_of(&entry.precision, &machine.accelerator, card)
            .map_err(|message| self.scenario.error(&format!("serving.{place}.precision"), message))?;
        let fine = Axes::fine(pools_of(entry.mode));
        let axes = Axes {
            shard: self.shard,
            reserve: reserve_of(entry),
            least_points: self.points.unwrap_or(fine.least_points),
            ..fine
        };
        let of = format!("{} on {}", card.id, machine.id);
        let found = explore(
            &shape_of(card),
            &serving_chip(machine, Watts(0.0), entry),
            precision,
            &workload_of(entry),
            &axes,
            &self.engine,
            self.checkpoint.watch(self.parts.len(), &of, self.quiet),
        );
        let found = found.map_err(|error| self.failure(&error))?;
        // One shard may have no point where another has; the whole may not.
        if found.best.is_none() && self.shard == Shard::WHOLE && !found.run.cancelled {
            say(&format!("{of}: {}\n", why_none(&found, entry, word, &machine.id)));
            self.lacks_a_point = true;
        }
        let there = found.searched.as_ref().map_or(0, |searched| searched.sweep.points);
        if self.points.is_some_and(|asked| there < asked) && !self.quiet {
            say(&format!("{of}: {} design points are all that its axes have\n", group(&there.to_string())));
        }
        let availability = machine.system.reliability.availability.value.0;
        let cost = Cost::of(self.plan, availability * entry.load_factor.0);
        let shown = |point: &search::DesignPoint| DesignPoint {
            error_band: band_of(machine, card),
            ..shown_point(point, entry, &card.id, &machine.id, word, &cost)
        };
        self.parts.push(SweepPart {
            of,
            searched: found.searched,
            evaluated: found.evaluated,
            feasible: found.feasible,
            misfits: counted(&REASONS, &found.misfits),
            frontier: found.frontier.iter().map(shown).collect(),
            leaders: (found.leaders.iter())
                .map(|(layout, point)| Leader { layout: *layout, point: shown(point) })
                .collect(),
            histograms: found.spread.as_ref().map(histograms).unwrap_or_default(),
            training: None,
        });
        self.note(found.run);
        Ok(())
    }

    /// The result, or word of how far it is.
    fn outcome(self, record: Option<(u32, u32, String)>, rows: Option<Rows>, started: Instant) -> Outcome {
        let stopped = self.is_stopped();
        if stopped {
            let evaluated: u64 = self.parts.iter().map(|part| part.evaluated).sum();
            let go_on = self.checkpoint.path().map_or_else(String::new, |path| {
                format!("; the same command goes on from {}", path.display())
            });
            say(&format!("stopped after {evaluated} points{go_on}\n"));
            if record.is_some() {
                return Outcome::Nothing;
            }
        }
        let whole = record.is_none() && self.checkpoint.path().is_none();
        let spent = self.checkpoint.path().filter(|_| !stopped).map(PathBuf::from);
        let shortfalls = self.shortfalls;
        let record = record.map(|(index, of, digest)| ShardRecord {
            index,
            of,
            version: VERSION.into(),
            digest,
            shortfalls: shortfalls.clone(),
            sweeps: self.parts.clone(),
            checksum: String::new(),
        });
        let record = record.map(ShardRecord::sealed);
        let mut report = SweepReport::of(self.parts);
        report.shard = record;
        report.rows = rows;
        report.complete = !stopped;
        if whole {
            report.seconds = Some(started.elapsed().as_secs_f64());
            report.backend = Some(backends(&self.runs));
        }
        // What a whole sweep falls short of is told when its shards are merged.
        let short = stopped || (report.shard.is_none() && (self.lacks_a_point || !shortfalls.is_empty()));
        Outcome::Report { report: Box::new(report), short, spent }
    }
}

/// What did the work, each backend once.
fn backends(runs: &[Run]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for run in runs {
        if !words.contains(&run.backend()) {
            words.push(run.backend());
        }
    }
    words.join(" + ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several() {
        assert_eq!(shard_of("2/4"), Ok(Shard { index: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"] {
            assert!(shard_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn points_are_a_whole_number() {
        for (text, points) in [("1e9", 1_000_000_000), ("1_000", 1_000), ("2,500,000", 2_500_000), ("1", 1)] {
            assert_eq!(points_of(text), Ok(points), "{text}");
        }
        for wrong in ["0", "-1", "1.5", "1e16", "many", "inf", "nan", ""] {
            assert!(points_of(wrong).is_err(), "{wrong}");
        }
    }
}
