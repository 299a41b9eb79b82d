//! A swept design space: the frontier of tokens/s per accelerator against tokens/s per user, and training against scale.

pub mod shard;
pub mod spread;
pub mod training;

use super::document::{Bars, Block, Column, Document, Section, Table, Unit, count, count_or_blank};
use super::{Records, Report};
use crate::throughput::bands::ErrorBand;
use crate::units::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shard::{ShardRecord, SweepPart};
use spread::Histogram;
use std::collections::BTreeMap;
use training::TrainingCurve;

/// What a sweep found; its JSON is `gigawatt.sweep/1`, with a `shard` in it where there are others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepReport {
    /// Points that were evaluated.
    pub evaluated: u64,
    /// Points that fit memory and keep the latency promise.
    pub feasible: u64,
    /// Time the evaluation took [s]; nothing where it may have had several goes, so that those give the same bytes.
    pub seconds: Option<f64>,
    /// What evaluated them; nothing likewise.
    pub backend: Option<String>,
    /// Whether all points were evaluated: not where the user stopped it.
    pub complete: bool,
    /// Points that no other beats both ways, slowest for the user first.
    pub frontier: Vec<DesignPoint>,
    /// The best point by each measure.
    pub best: Best,
    /// The layouts that give most per accelerator under the promise, each at its best point; best first for each model and system.
    pub leaders: Vec<Leader>,
    /// The points of each sweep, and why some cannot run.
    pub sweeps: Vec<PointCounts>,
    /// Layouts of each training run by the number of accelerators.
    pub training: Vec<TrainingCurve>,
    /// What others of its kind are merged by, if it is a shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardRecord>,
    /// What CSV and Parquet hold; by itself the frontier, or the training curves where nothing is served.
    #[serde(skip)]
    pub rows: Option<Rows>,
}

/// The part of a sweep that a table of rows holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Points of the frontier of serving.
    Frontier,
    /// Leading layouts.
    Leaders,
    /// Bins of the histograms.
    Histograms,
    /// Layouts of training runs by the number of accelerators.
    Training,
}

/// Points that cannot run, by reason.
pub type Misfits = BTreeMap<String, u64>;

/// A layout at its best point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leader {
    /// The number of the layout in its sweep.
    pub layout: u64,
    /// The point, its fields beside the number.
    #[serde(flatten)]
    pub point: DesignPoint,
}

/// How many points a sweep has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointCounts {
    /// The model and the system.
    pub of: String,
    /// Points that were evaluated.
    pub evaluated: u64,
    /// Points that can run.
    pub feasible: u64,
    /// Points that cannot, by reason; a point may count more than once.
    pub misfits: Misfits,
    /// How those that can run spread; nothing of training.
    #[serde(default)]
    pub histograms: Vec<Histogram>,
}

impl SweepReport {
    /// All sweeps of a scenario together.
    #[must_use]
    pub fn of(sweeps: Vec<SweepPart>) -> Self {
        let sum = |of: fn(&SweepPart) -> u64| sweeps.iter().map(of).fold(0, u64::saturating_add);
        let (evaluated, feasible) = (sum(|part| part.evaluated), sum(|part| part.feasible));
        let (mut points, mut curves, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let mut leaders = Vec::new();
        for part in sweeps {
            let SweepPart { of, evaluated, feasible, misfits, histograms, .. } = part;
            counts.push(PointCounts { of, evaluated, feasible, misfits, histograms });
            leaders.extend(part.leaders);
            points.extend(part.frontier);
            curves.extend(part.training);
        }
        // The best point under a promise to 99 of 100 may lie off the frontier, which is that of means.
        let led = leaders.iter().map(|leader: &Leader| &leader.point);
        let shown: Vec<DesignPoint> = points.iter().chain(led).cloned().collect();
        Self {
            evaluated,
            feasible,
            seconds: None,
            backend: None,
            complete: true,
            best: Best::of(&shown),
            frontier: frontier(points),
            leaders,
            sweeps: counts,
            training: curves,
            shard: None,
            rows: None,
        }
    }
}

/// The best points.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Most tokens per second and accelerator.
    pub tokens_per_s_per_accelerator: Option<DesignPoint>,
    /// Most tokens per second and user.
    pub tokens_per_s_per_user: Option<DesignPoint>,
    /// Least energy per token.
    pub j_per_token: Option<DesignPoint>,
    /// Least cost per token.
    pub usd_per_mtok_output: Option<DesignPoint>,
}

/// Accelerators along each axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Tensor.
    pub tp: u32,
    /// Pipeline.
    pub pp: u32,
    /// Expert.
    pub ep: u32,
    /// Data.
    pub dp: u32,
    /// Context.
    #[serde(default = "one")]
    pub cp: u32,
}

fn one() -> u32 {
    1
}

/// One way to serve a model, with what it gives; keys as in a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DesignPoint {
    /// The model.
    pub model: String,
    /// The system.
    pub system: String,
    /// Number format.
    pub precision: String,
    /// Accelerators of a replica along each axis.
    pub parallelism: Split,
    /// Aggregated or disaggregated.
    pub mode: String,
    /// Input tokens.
    pub isl: u64,
    /// Output tokens.
    pub osl: u64,
    /// Requests in flight on a replica.
    pub batch: u64,
    /// Time to first token [s].
    pub ttft_s: f64,
    /// Time per output token [s].
    pub tpot_s: f64,
    /// Output tokens per second seen by a user.
    pub tokens_per_s_per_user: f64,
    /// Output tokens per second of an accelerator.
    pub tokens_per_s_per_accelerator: f64,
    /// Energy per output token at the meter [J].
    pub j_per_token: Option<f64>,
    /// Cost of a million output tokens [$].
    pub usd_per_mtok_output: Option<f64>,
    /// What the step waits for.
    pub bound_by: String,
    /// How far rates of its kind were off where they were measured.
    #[serde(default)]
    pub error_band: Option<ErrorBand>,
    /// Whether it keeps both promises on latency.
    pub keeps_promise: bool,
    /// Mean wait before prefill, at the load factor [s].
    #[serde(default)]
    pub wait_s: f64,
    /// 99th percentile of the time to first token, the wait included [s].
    #[serde(default)]
    pub ttft_p99_s: Option<f64>,
    /// 99th percentile over requests of the time per output token [s].
    #[serde(default)]
    pub tpot_p99_s: Option<f64>,
    /// Speculative decoding.
    #[serde(default)]
    pub speculation: Speculation,
    /// Memory of the fullest rank.
    #[serde(default)]
    pub kv: Cache,
    /// Prefill tokens of a step with prompts; absent where a pool of its own prefills.
    #[serde(default)]
    pub chunk_tokens: Option<u64>,
    /// Split of the prefill pool.
    #[serde(default)]
    pub prefill_parallelism: Option<Split>,
    /// Accelerators of the prefill pool for each of the decode pool.
    #[serde(default)]
    pub prefill_per_decode: Option<f64>,
    /// Time to hand a prompt's cache over from pool to pool [s].
    #[serde(default)]
    pub hand_over_s: Option<f64>,
}

/// Speculative decoding of a point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Speculation {
    /// Tokens drafted for each decoded one, 0 for none.
    pub drafted: u32,
    /// Chance that a drafted token holds, given those before it.
    pub acceptance: f64,
    /// Tokens that a step wins for a sequence.
    pub tokens_per_step: f64,
}

/// Memory of the fullest rank of a point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// What the engine may take [bytes].
    pub available_bytes: f64,
    /// Weights [bytes].
    pub weights_bytes: f64,
    /// Activations of the largest step, logits included [bytes].
    pub activations_bytes: f64,
    /// The runtime's own [bytes].
    pub reserve_bytes: f64,
    /// Room for the cache [bytes].
    pub cache_bytes: f64,
    /// Positions of a block.
    pub block_tokens: u64,
    /// Whole blocks in it.
    pub blocks: u64,
    /// Positions in them.
    pub tokens: u64,
    /// Sequences of full length that the replica holds.
    pub sequences: u64,
}

/// What has to be alike for two points to be compared.
type Case = (String, String, String, u64, u64);

impl DesignPoint {
    fn case(&self) -> Case {
        (self.model.clone(), self.system.clone(), self.precision.clone(), self.isl, self.osl)
    }

    fn case_words(&self) -> String {
        let Self { model, system, precision, isl, osl, .. } = self;
        format!("{model} on {system}, {precision}, {isl} in, {osl} out")
    }
}

/// The points that no other of the same model, system, format and lengths beats in both tokens/s per user and
/// tokens/s per accelerator; cases in the order they come, slowest for the user first.
#[must_use]
pub fn frontier(points: Vec<DesignPoint>) -> Vec<DesignPoint> {
    let mut cases: Vec<(Case, Vec<DesignPoint>)> = Vec::new();
    for point in points {
        let case = point.case();
        match cases.iter_mut().find(|(known, _)| *known == case) {
            Some((_, known)) => known.push(point),
            None => cases.push((case, vec![point])),
        }
    }
    cases.into_iter().flat_map(|(_, points)| one_frontier(points)).collect()
}

fn one_frontier(points: Vec<DesignPoint>) -> Vec<DesignPoint> {
    let mut points = fastest_first(points);
    points.reverse();
    points
}

/// The points that no other beats in both rates, fastest for the user first; of equal ones the first.
fn fastest_first(mut points: Vec<DesignPoint>) -> Vec<DesignPoint> {
    points.sort_by(|a, b| {
        b.tokens_per_s_per_user
            .total_cmp(&a.tokens_per_s_per_user)
            .then(b.tokens_per_s_per_accelerator.total_cmp(&a.tokens_per_s_per_accelerator))
    });
    let mut best = f64::NEG_INFINITY;
    points.retain(|point| {
        let better = point.tokens_per_s_per_accelerator > best;
        best = best.max(point.tokens_per_s_per_accelerator);
        better
    });
    points
}

impl Best {
    /// The best by each measure of those points that keep the promises.
    #[must_use]
    pub fn of(points: &[DesignPoint]) -> Self {
        let points: Vec<DesignPoint> = points.iter().filter(|point| point.keeps_promise).cloned().collect();
        let most =
            |of: fn(&DesignPoint) -> f64| points.iter().max_by(|a, b| of(a).total_cmp(&of(b))).cloned();
        let least = |of: fn(&DesignPoint) -> Option<f64>| {
            let known = points.iter().filter_map(|point| Some((of(point)?, point)));
            known.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, point)| point.clone())
        };
        Self {
            tokens_per_s_per_accelerator: most(|point| point.tokens_per_s_per_accelerator),
            tokens_per_s_per_user: most(|point| point.tokens_per_s_per_user),
            j_per_token: least(|point| point.j_per_token),
            usd_per_mtok_output: least(|point| point.usd_per_mtok_output),
        }
    }

    /// The points themselves.
    pub fn points(&self) -> impl Iterator<Item = &DesignPoint> {
        [
            &self.tokens_per_s_per_accelerator,
            &self.tokens_per_s_per_user,
            &self.j_per_token,
            &self.usd_per_mtok_output,
        ]
        .into_iter()
        .flatten()
    }
}

impl Report for SweepReport {
    fn document(&self) -> Document {
        let best = [
            ("most per accelerator", &self.best.tokens_per_s_per_accelerator),
            ("most per user", &self.best.tokens_per_s_per_user),
            ("least energy", &self.best.j_per_token),
            ("least cost", &self.best.usd_per_mtok_output),
        ];
        let named: Vec<(&str, &DesignPoint)> =
            best.iter().filter_map(|(name, point)| point.as_ref().map(|point| (*name, point))).collect();
        let on = self.backend.as_ref().map_or_else(String::new, |backend| format!(" on {backend}"));
        let part = match &self.shard {
            Some(ShardRecord { index, of, .. }) => format!("Shard {index} of {of}: "),
            None if self.complete => String::new(),
            None => "Stopped: ".into(),
        };
        let title = format!(
            "{part}{} design points{on}, {} feasible, {} on the frontier",
            count(self.evaluated),
            count(self.feasible),
            count(self.frontier.len() as u64)
        );
        let mut columns = vec![Column::words("best", named.iter().map(|(name, _)| *name))];
        columns.extend(point_columns(&named.iter().map(|(_, point)| *point).collect::<Vec<_>>()));
        let mut sections = Vec::new();
        if !named.is_empty() {
            let blocks = vec![Block::Table(Table::of(columns))];
            sections.push(Section { heading: "Best points under the promise".into(), blocks });
        }
        let alike = |a: &Leader, b: &Leader| a.point.case() == b.point.case();
        sections.extend(self.leaders.chunk_by(alike).map(leaders_section));
        let alike = |a: &DesignPoint, b: &DesignPoint| a.case() == b.case();
        sections.extend(self.frontier.chunk_by(alike).map(frontier_section));
        sections.extend(self.training.iter().map(TrainingCurve::section));
        if !self.sweeps.is_empty() {
            sections.push(counts_section(&self.sweeps));
            let spreads = self.sweeps.iter().map(|sweep| (sweep.of.as_str(), sweep.histograms.as_slice()));
            sections.extend(spread::section(spreads));
        }
        Document { title, lead: Vec::new(), sections }
    }
    fn json(&self) -> Value {
        let mut value = json!({"schema": "gigawatt.sweep/1"});
        if let (Value::Object(fields), Ok(Value::Object(found))) = (&mut value, serde_json::to_value(self)) {
            fields.extend(found);
        }
        value
    }
    fn csv(&self) -> String {
        self.records().map_or_else(String::new, |records| records.csv())
    }
    fn records(&self) -> Option<Records> {
        Some(match self.held() {
            Rows::Frontier => Records::of(&row(&DesignPoint::exemplar()), self.frontier.iter().map(row)),
            Rows::Leaders => {
                let exemplar = Leader { layout: 1, point: DesignPoint::exemplar() };
                Records::of(&row(&exemplar), self.leaders.iter().map(row))
            }
            Rows::Histograms => spread::records(
                self.sweeps.iter().map(|sweep| (sweep.of.as_str(), sweep.histograms.as_slice())),
            ),
            Rows::Training => training::records(&self.training),
        })
    }
}

/// A row of a table.
fn row(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl SweepReport {
    /// What a table of rows holds.
    #[must_use]
    pub fn held(&self) -> Rows {
        let trained_only = self.frontier.is_empty() && !self.training.is_empty();
        self.rows.unwrap_or(if trained_only { Rows::Training } else { Rows::Frontier })
    }
}

impl DesignPoint {
    /// A point that lacks nothing: its fields are the columns of a table.
    fn exemplar() -> Self {
        let number = Some(0.5);
        Self {
            j_per_token: number,
            usd_per_mtok_output: number,
            error_band: Some(ErrorBand::default()),
            ttft_p99_s: number,
            tpot_p99_s: number,
            chunk_tokens: Some(1),
            prefill_parallelism: Some(Split::default()),
            prefill_per_decode: number,
            hand_over_s: number,
            ..Self::default()
        }
    }
}

/// Points of one frontier that a person reads; JSON and CSV have them all.
const SHOWN: usize = 24;

/// The points of each sweep and what keeps some from running, most first.
fn counts_section(sweeps: &[PointCounts]) -> Section {
    let reasons = sweeps.iter().map(|sweep| {
        let mut reasons: Vec<(&String, &u64)> =
            sweep.misfits.iter().filter(|(_, count)| **count > 0).collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1));
        let share = |count: u64| text::digits(100.0 * count as f64 / sweep.evaluated.max(1) as f64);
        let words = reasons.iter().map(|(reason, count)| format!("{reason} {} %", share(**count)));
        words.collect::<Vec<_>>().join(", ")
    });
    let columns = vec![
        Column::words("sweep", sweeps.iter().map(|sweep| sweep.of.clone())),
        Column::counts("points", sweeps.iter().map(|sweep| sweep.evaluated)),
        Column::counts("can run", sweeps.iter().map(|sweep| sweep.feasible)),
        Column::words("others cannot", reasons),
    ];
    Section { heading: "Points".into(), blocks: vec![Block::Table(Table::of(columns))] }
}

/// The leading layouts of one sweep: what else comes close, and how close.
fn leaders_section(leaders: &[Leader]) -> Section {
    let first = &leaders[0].point;
    let points: Vec<&DesignPoint> = leaders.iter().map(|leader| &leader.point).collect();
    let most = first.tokens_per_s_per_accelerator;
    let mut columns = point_columns(&points);
    let left_out = ["model", "system", "precision", "p99"];
    columns.retain(|column| !left_out.iter().any(|name| column.header.split(" [").next() == Some(name)));
    let place = columns.iter().position(|column| column.header.starts_with("per accel.")).unwrap_or(0);
    let shares = points.iter().map(|point| Some(point.tokens_per_s_per_accelerator / most));
    columns.insert(place + 1, Column::values("of best", Unit::Share, shares));
    Section {
        heading: format!("Leading layouts under the promise: {}", first.case_words()),
        blocks: vec![Block::Table(Table::of(columns))],
    }
}

/// One frontier: thinned evenly, with bars of throughput so that its shape shows.
fn frontier_section(points: &[DesignPoint]) -> Section {
    let first = &points[0];
    let heading = format!("Frontier: {}", first.case_words());
    let step = points.len().div_ceil(SHOWN).max(1);
    let last = points.len() - 1;
    let shown: Vec<&DesignPoint> = points
        .iter()
        .enumerate()
        .filter(|(place, _)| place % step == 0 || *place == last)
        .map(|(_, p)| p)
        .collect();
    let bars = shown.iter().map(|point| {
        let label = format!("{} tok/s per user", text::digits(point.tokens_per_s_per_user));
        (label, point.tokens_per_s_per_accelerator)
    });
    let mut blocks =
        vec![Block::Bars(Bars::of("output tokens/s per accelerator", Unit::Plain("tok/s"), bars))];
    let case_columns = ["model", "system", "precision"];
    let columns = point_columns(&shown);
    let columns = columns.into_iter().filter(|column| !case_columns.contains(&column.header.as_str()));
    blocks.push(Block::Table(Table::of(columns.collect())));
    if let Some(band) = &first.error_band {
        let text = super::plan::band_text(std::iter::once(band)).unwrap_or_default();
        blocks.push(Block::Text(format!("{} per accelerator. {text}", super::plan::band_ends(band))));
    }
    if shown.len() < points.len() {
        let note = format!("{} of {} points; JSON and CSV have them all.", shown.len(), points.len());
        blocks.push(Block::Text(note));
    }
    Section { heading, blocks }
}

fn point_columns(points: &[&DesignPoint]) -> Vec<Column> {
    let split = |point: &DesignPoint| {
        let Split { tp, pp, ep, dp, cp } = point.parallelism;
        super::plan::split(crate::plan::result::Parallelism { tp, pp, ep, dp, cp })
    };
    vec![
        Column::words("model", points.iter().map(|p| p.model.clone())),
        Column::words("system", points.iter().map(|p| p.system.clone())),
        Column::words("precision", points.iter().map(|p| p.precision.clone())),
        Column::words("split", points.iter().map(|p| split(p))),
        Column::words("mode", points.iter().map(|p| p.mode.clone())),
        Column::counts("batch", points.iter().map(|p| p.batch)),
        Column::numbers("drafted", points.iter().map(|p| count_or_blank(u64::from(p.speculation.drafted)))),
        Column::values(
            "per user",
            Unit::Plain("tok/s"),
            points.iter().map(|p| Some(p.tokens_per_s_per_user)),
        ),
        Column::values(
            "per accel.",
            Unit::Plain("tok/s"),
            points.iter().map(|p| Some(p.tokens_per_s_per_accelerator)),
        ),
        Column::values("TTFT", Unit::Metric("s"), points.iter().map(|p| Some(p.ttft_s))),
        Column::values("p99", Unit::Metric("s"), points.iter().map(|p| p.ttft_p99_s)),
        Column::values("TPOT", Unit::Metric("s"), points.iter().map(|p| Some(p.tpot_s))),
        Column::values("p99", Unit::Metric("s"), points.iter().map(|p| p.tpot_p99_s)),
        Column::values("energy", Unit::Metric("J/token"), points.iter().map(|p| p.j_per_token)),
        Column::values("cost", Unit::Money("/Mtok"), points.iter().map(|p| p.usd_per_mtok_output)),
        Column::words("bound by", points.iter().map(|p| p.bound_by.clone())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::shard::{Searched, SweepId};

    pub(super) fn point(per_user: f64, per_accelerator: f64) -> DesignPoint {
        DesignPoint {
            model: "m".into(),
            system: "s".into(),
            precision: "fp8".into(),
            parallelism: Split { tp: 8, pp: 1, ep: 1, dp: 1, cp: 1 },
            mode: "aggregated".into(),
            isl: 1024,
            osl: 128,
            batch: 8,
            ttft_s: 0.1,
            tpot_s: 1.0 / per_user,
            tokens_per_s_per_user: per_user,
            tokens_per_s_per_accelerator: per_accelerator,
            j_per_token: Some(1.0 / per_accelerator),
            usd_per_mtok_output: None,
            bound_by: "memory".into(),
            error_band: None,
            keeps_promise: true,
            wait_s: 0.01,
            ttft_p99_s: Some(0.2),
            tpot_p99_s: Some(1.1 / per_user),
            speculation: Speculation::default(),
            kv: Cache::default(),
            chunk_tokens: Some(2_048),
            prefill_parallelism: None,
            prefill_per_decode: None,
            hand_over_s: None,
        }
    }

    /// A range of the points of one sweep.
    pub(super) fn part(points: u64, range: std::ops::Range<u64>, frontier: Vec<DesignPoint>) -> SweepPart {
        let sweep = SweepId { kernel: "k".into(), points, digest: "d".into() };
        SweepPart {
            of: "m on s".into(),
            searched: Some(Searched { sweep, first: range.start, end: range.end }),
            evaluated: range.end - range.start,
            feasible: range.end - range.start,
            misfits: Misfits::from([("memory".into(), range.end - range.start)]),
            frontier,
            leaders: Vec::new(),
            histograms: Vec::new(),
            training: None,
        }
    }

    #[test]
    fn the_frontier_keeps_what_nothing_beats() {
        let kept =
            frontier(vec![point(10.0, 100.0), point(20.0, 50.0), point(15.0, 40.0), point(10.0, 90.0)]);
        let shown: Vec<(f64, f64)> =
            kept.iter().map(|p| (p.tokens_per_s_per_user, p.tokens_per_s_per_accelerator)).collect();
        assert_eq!(shown, [(10.0, 100.0), (20.0, 50.0)]);
    }

    #[test]
    fn a_sweep_reads_back_from_its_json() {
        let sweep = SweepReport::of(vec![part(2, 0..2, vec![point(20.0, 50.0), point(10.0, 100.0)])]);
        let value = sweep.json();
        assert_eq!(value["schema"], "gigawatt.sweep/1");
        assert_eq!(serde_json::from_value::<SweepReport>(value).unwrap(), sweep);
        let lines: Vec<String> = sweep.csv().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        let columns = |line: &str| line.split(',').count();
        assert!(lines.iter().all(|line| columns(line) == columns(&lines[0])), "{lines:?}");
        assert!(lines[0].contains("error_band.median_ape") && lines[0].contains("prefill_parallelism.tp"));
    }
}
