//! Published serving results: output tokens per second of an accelerator, as `metric_kind` defines them.
//!
//! How a row is read:
//!
//! | row | question |
//! |---|---|
//! | offline, saturated | as many as memory holds, prompts mixed in. TensorRT-LLM tables keep input + output of every request and work off the number that their recipe states; MLPerf what running requests hold on average, long answers weighing most |
//! | concurrency stated | a closed loop of that many requests, shared out over the replicas that fill the row's accelerators |
//! | neither | the best batch that keeps the row's TTFT and TPOT limits, or its tokens/s per user |
//! | `decode_output_tokens_per_s` | the decode pool alone, no prompts in its steps |
//! | `prefill_input_tokens_per_s` | prompt tokens per second of the prefill pool alone |
//! | prefill and decode pools stated | the slower of both pools over the accelerators of both |
//!
//! Layout: `tp`, `pp`, `ep`; "DEP n", "attention DP n" or EP alone mean attention copied on n accelerators with
//! experts over all of them. A mixture of 64 and more experts of which only "TP n, expert parallel degree not stated"
//! is known is read the same way; fewer experts as tensor ranks. Without a layout the best of all legal ones
//! within the row's accelerators and one domain is taken that leave a quarter of the engine's memory to the cache. Limits of MLPerf are 99th
//! percentiles of requests that come by chance: the mean with the wait for other prompts has to keep them by the ratio
//! of the two that its logs show; other limits are tested at the mean. Lengths of InferenceX are 0.9 of nominal.
//! Where speculative decoding is on and its gain not stated, two drafted tokens of which three quarters hold are
//! assumed. A point of a sweep without a size has the one, a power of two, that Little's law
//! gives from its own load, speed and rate; it is predicted, but counted apart.
//!
//! Not expressible: rows with neither load nor limit, latencies alone, tokens per utility megawatt and agentic traces, whose cached input is unknown.

use super::hardware::{Card, Hardware, Rig, engine_of, file_of, formats_of, system_of};
use super::running::{ASSUMED_DRAFT, DRAWN_LENGTH, Setting, Steady};
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::coefficients::CoefficientSet;
use crate::throughput::engines::{Delivery, Software};
use crate::throughput::parallelism::{Layout, layouts};
use crate::throughput::serving::{Mode, Replica, Workload, evaluate};
use crate::throughput::shape::ModelShape;
use crate::throughput::software::{self, MANY_EXPERTS};

/// Mean square over squared mean of input and output lengths of MLPerf's datasets.
///
/// Inputs from the means and medians (log-normal: squared ratio) or the 90th percentiles (normal) of the token-length
/// tables. Outputs: DeepSeek-R1 log-normal through its median of 2,192 and 90th percentile of 9,471, cut at 20,000;
/// Llama-3.1-8B always 128; of the others only mean and maximum are known: exponential, cut there (assumption).
const SPREADS: [(&str, [f64; 2]); 7] = [
    ("llama2-70b", [2.14, 1.82]),
    ("mixtral-8x7b", [2.28, 1.99]),
    ("llama3.1-405b", [1.15, 1.73]),
    ("llama3.1-8b", [1.30, 1.0]),
    ("deepseek-r1", [1.21, 2.33]),
    ("gpt-oss-120b", [1.19, 2.0]),
    ("qwen3-vl", [1.0, 2.0]),
];

/// Arithmetic of Qwen3-VL's image encoder per prompt token of its benchmark [FLOP].
///
/// 27 layers, 1,152 wide, 4,304 inside, four patches of 16 pixels a token (its published configuration): 3.3 GFLOP in
/// weights and about 4.0 GFLOP in attention over the 8,000 patches of an image of 2,000 tokens; nine tokens of ten are
/// an image's (assumption; prompt texts of the dataset are short).
const IMAGE_TOKEN_FLOP: f64 = 6.5e9;
/// Longest whole request of the vision benchmark's server scenario [s] (MLPerf Inference v6.0 rules).
const WHOLE_LIMIT: f64 = 12.0;
/// Requests of a run of TensorRT-LLM's tables by input and output length, all queued at once: the benchmark's recipe
/// (`perf-overview.md` of NVIDIA/TensorRT-LLM, sections on preparing a data set, releases 1.0 and later).
const BULK_REQUESTS: [([f64; 2], f64); 15] = [
    ([128.0, 128.0], 30_000.0),
    ([128.0, 2_048.0], 3_000.0),
    ([128.0, 4_096.0], 1_500.0),
    ([500.0, 2_000.0], 3_000.0),
    ([1_000.0, 1_000.0], 3_000.0),
    ([1_000.0, 2_000.0], 1_500.0),
    ([1_024.0, 1_024.0], 3_000.0),
    ([1_024.0, 8_192.0], 1_500.0),
    ([1_024.0, 32_768.0], 1_000.0),
    ([2_048.0, 128.0], 3_000.0),
    ([2_048.0, 2_048.0], 1_500.0),
    ([5_000.0, 500.0], 1_500.0),
    ([8_192.0, 1_024.0], 1_500.0),
    ([20_000.0, 2_000.0], 1_000.0),
    ([32_768.0, 1_024.0], 1_000.0),
];

fn spreads_of(benchmark: &str) -> [f64; 2] {
    let found = SPREADS.iter().find(|(name, _)| benchmark.starts_with(name));
    found.map_or([1.0, 1.0], |(_, spreads)| *spreads)
}

fn requests_of(input: f64, output: f64) -> Option<f64> {
    let same = |a: f64, b: f64| (a - b).abs() < 0.5;
    let found = BULK_REQUESTS.iter().find(|([i, o], _)| same(*i, input) && same(*o, output));
    found.map(|(_, requests)| *requests)
}

/// Weights take at most this part of the engine's memory in a layout that an operator chooses, where any layout allows it:
/// answers differ in length, and what is cached swings about its mean.
const MOST_WEIGHTS: f64 = 0.75;
/// Accelerators tried where the row does not say how many there are: a server.
const SERVER: u32 = 8;

pub(super) fn predict(row: Row<'_>, hardware: &Hardware) -> (Names, Result<Forecast, Gap>) {
    let label = label(row);
    let rig = hardware.rig(&label);
    let card = hardware.card(row.word("model_card")).or_else(|| hardware.card(row.word("model")));
    let names = Names {
        id: row.word("id").to_owned(),
        system: rig.as_ref().map_or_else(|| label.clone(), |rig| rig.id.clone()),
        model: card.as_ref().map_or_else(|| row.word("model_card").to_owned(), |card| card.id.clone()),
        source: row.word("source_family").to_owned(),
    };
    let outcome = match (rig, card) {
        (Some(rig), Some(card)) => forecast(row, &hardware.engines, &rig, &card),
        (None, _) => gap(format!("the catalogue has no system for `{label}`")),
        (_, None) => gap(format!("the catalogue has no card for `{}`", row.word("model_card"))),
    };
    (names, outcome)
}

/// The columns that name the hardware, the ones with a memory size last.
fn label(row: Row<'_>) -> String {
    let class = row.word("system_class");
    if let Some(file) = file_of(class) {
        return file.to_owned();
    }
    let chip = row.word("accelerator");
    if system_of(class).is_some_and(|id| !id.starts_with("gh200")) {
        return class.to_owned();
    }
    let all = format!("{class} {chip} {} {}", row.word("accelerator_full"), row.word("platform"));
    if all.trim().is_empty() { row.word("system").to_owned() } else { all }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Output,
    Decode,
    Prefill,
}

fn metric_of(row: Row<'_>) -> Result<Metric, Gap> {
    if row.word("scenario").contains("agentic") {
        return gap("an agentic trace: its cached input is not stated");
    }
    match row.word("metric_kind") {
        "output_tokens_per_s" | "total_tokens_per_s" | "samples_per_s" => Ok(Metric::Output),
        "decode_output_tokens_per_s" => Ok(Metric::Decode),
        "prefill_input_tokens_per_s" => Ok(Metric::Prefill),
        "ttft_ms" => gap("a latency is published, no rate"),
        other => gap(format!("`{other}` is no rate per accelerator")),
    }
}

/// Drafted tokens and the chance that one holds.
fn speculation(words: &str) -> (f64, f64) {
    if !words.contains("MTP") && !words.to_lowercase().contains("eagle") {
        return (0.0, 0.0);
    }
    // "MTP1, 1.780816 tokens/step": one token drafted, 0.78 of them hold.
    let gain = words
        .split_once(", ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .and_then(|number| number.parse::<f64>().ok())
        .filter(|gain| (1.0..=2.0).contains(gain));
    match gain {
        Some(gain) if words.starts_with("MTP1") => (1.0, gain - 1.0),
        _ => ASSUMED_DRAFT,
    }
}

/// A number right behind a word: `number_after("prefill 4 GPU (TP4)", "TP")` is 4.
fn number_after(text: &str, word: &str) -> Option<u32> {
    let start = text.find(word)? + word.len();
    let digits: String =
        text[start..].trim_start().chars().take_while(char::is_ascii_digit).take(5).collect();
    digits.parse().ok().filter(|number| (1..=1_024).contains(number))
}

/// What a row says about its layout.
#[derive(Debug, Clone, Copy)]
enum Stated {
    One(Layout),
    /// Prefill and decode pools with their accelerators; a layout may be unknown.
    Pools([(u32, Option<Layout>); 2]),
    Nothing,
}

/// The accelerators and the layout of a pool in words such as `26 x [TP2 EP1 attnDP=false max_batch 64]`.
fn counted_pool(words: &str, card: &Card) -> Option<(u32, Option<Layout>)> {
    let (workers, each) = words.split_once(" x [")?;
    let workers: u32 = workers.trim().parse().ok().filter(|n| (1..=1_024).contains(n))?;
    let tensor = number_after(each, "TP")?;
    let moe = card.shape.feed_forward.moe_layers > 0;
    let expert = number_after(each, "EP").filter(|_| moe).unwrap_or(1);
    let layout = if moe && each.contains("attnDP=true") {
        Layout::attention_data_parallel(tensor.max(expert))
    } else {
        Layout { expert, ..Layout::tensor(tensor) }
    };
    Some((workers * layout.accelerators(), Some(layout)))
}

/// A layout from words such as `TP4` or `EP8` on a number of accelerators.
fn pool_layout(words: &str, gpus: u32, card: &Card) -> Option<Layout> {
    let moe = card.shape.feed_forward.moe_layers > 0;
    if let Some(ranks) = number_after(words, "EP").filter(|ranks| moe && *ranks > 1) {
        return Some(Layout::attention_data_parallel(ranks));
    }
    // A split that does not divide its pool, or the heads, is a sum over workers and not the split of one.
    let ranks = number_after(words, "TP").filter(|ranks| {
        gpus.is_multiple_of(*ranks) && card.shape.attention.heads.is_multiple_of((*ranks).max(1))
    })?;
    let copied = ranks > 1 && card.shape.feed_forward.experts >= MANY_EXPERTS;
    Some(if copied { Layout::attention_data_parallel(ranks) } else { Layout::tensor(ranks) })
}

fn stated(row: Row<'_>, card: &Card) -> Result<Stated, Gap> {
    let words = row.word("parallelism");
    let moe = card.shape.feed_forward.moe_layers > 0;
    if let (Some(rest), true) = (words.strip_prefix("prefill "), words.contains("decode "))
        && let Some((prompts, answers)) = rest.split_once("decode ")
        && let (Some(p), Some(d)) = (number_after(prompts, ""), number_after(answers, ""))
        && prompts.contains("GPU")
    {
        return Ok(Stated::Pools([(p, pool_layout(prompts, p, card)), (d, pool_layout(answers, d, card))]));
    }
    if let Some((prompts, answers)) = words.strip_prefix("prefill ").and_then(|w| w.split_once("; decode "))
        && let (Some(p), Some(d)) = (counted_pool(prompts, card), counted_pool(answers, card))
    {
        return Ok(Stated::Pools([p, d]));
    }
    let (tp, pp, ep) = (row.degree("tp")?, row.degree("pp")?, row.degree("ep")?);
    let copied = words.contains("attention data-parallel")
        || words.contains("attention DP")
        || words.contains("attention-DP")
        || words.contains("DEP");
    let ranks = ep.unwrap_or(1).max(tp.unwrap_or(1));
    if moe && (copied || tp.is_none()) && ranks > 1 {
        let layout = Layout { stages: pp.unwrap_or(1), ..Layout::attention_data_parallel(ranks) };
        return Ok(Stated::One(layout));
    }
    let unclear = words.contains("expert parallel degree not stated");
    if moe && unclear && card.shape.feed_forward.experts >= MANY_EXPERTS && ranks > 1 {
        return Ok(Stated::One(Layout::attention_data_parallel(ranks)));
    }
    match tp {
        Some(tensor) if !copied => Ok(Stated::One(Layout {
            stages: pp.unwrap_or(1),
            expert: if moe { ep.unwrap_or(1) } else { 1 },
            ..Layout::tensor(tensor)
        })),
        _ => Ok(Stated::Nothing),
    }
}

/// What limits a row beside memory.
#[derive(Debug, Clone, Copy)]
enum Load {
    Saturated,
    Requests(f64),
    Limits,
}

/// The 99th percentile of a time over its mean where requests arrive by chance: medians of the 214 MLPerf logs in the
/// table that give both are 2.2 for the first token and 1.15 for each further one.
const TAIL_TTFT: f64 = 2.2;
const TAIL_TPOT: f64 = 1.15;

/// The date of a row; tables of TensorRT-LLM tell their release instead.
fn date_of(row: Row<'_>) -> &str {
    match row.word("date") {
        "" if row.word("round").contains("v0.9") => "2024-04",
        "" if row.word("round").contains("v1.0") => "2025-09",
        date => date,
    }
}

struct Question<'a> {
    setting: Setting<'a>,
    metric: Metric,
    load: Load,
    accelerators: Option<u32>,
    /// Positions that the cache of a request takes.
    kept: f64,
    /// Engine's limit on running sequences of a replica.
    most: Option<f64>,
    /// Whether the limits are 99th percentiles.
    tails: bool,
    /// Longest time of a whole request [s].
    whole_limit: Option<f64>,
    /// Requests of the whole run, all there at the start.
    run: Option<f64>,
}

impl Question<'_> {
    fn slots(&self, replica: &Replica) -> f64 {
        let slots = self.setting.slots(replica, self.kept);
        self.most
            .map_or(slots, |most| slots.min(most * f64::from(replica.layout.attention_replicas)).max(1.0))
    }

    /// Replicas that the row's accelerators make; one where it does not say.
    fn replicas(&self, layout: &Layout) -> f64 {
        let size = f64::from(layout.accelerators());
        self.accelerators.map_or(1.0, |all| (f64::from(all) / size).max(1.0))
    }

    /// Rate of one accelerator on a layout and how it runs; whether the limits hold.
    fn answer(&self, layout: Layout, ran: bool) -> Option<(f64, Steady, bool)> {
        let replica = if ran { self.setting.ran(layout) } else { self.setting.replica(layout) }?;
        let size = f64::from(layout.accelerators());
        let w = &self.setting.workload;
        if self.metric == Metric::Prefill {
            let point = evaluate(&replica, w, 1.0, Mode::PrefillOnly);
            let steady = Steady { running: 1.0, tpot: 1.0, ttft: point.ttft.0, wait: 0.0 };
            return Some((point.input_tokens_per_s_per_accelerator, steady, true));
        }
        let mixed = self.metric == Metric::Output;
        let slots = self.slots(&replica);
        let [tail_first, tail_each] = if self.tails { [TAIL_TTFT, TAIL_TPOT] } else { [1.0, 1.0] };
        let keeps = |steady: &Steady| {
            let wait =
                if self.tails { replica.wait(w, steady.running, steady.rate() / w.output) } else { 0.0 };
            let first = (steady.ttft + wait) * tail_first;
            let each = steady.tpot * tail_each;
            w.tpot_limit.is_none_or(|limit| each <= limit.0)
                && (!mixed || w.ttft_limit.is_none_or(|limit| first <= limit.0))
                && self.whole_limit.is_none_or(|limit| first + w.output * each <= limit)
        };
        let (steady, kept) = match self.load {
            Load::Saturated => (self.bulk(&replica, slots, mixed), true),
            Load::Requests(all) => {
                let each = all / self.replicas(&layout);
                let first = (!mixed).then_some(0.0);
                let steady = self.setting.closed_loop(&replica, each, slots, mixed, first);
                // A layout without room for the load would have let requests wait.
                (steady, each <= slots && keeps(&steady))
            }
            Load::Limits => match self.setting.fastest(&replica, slots, mixed, keeps) {
                Some(steady) => (steady, true),
                None => (self.setting.closed_loop(&replica, 1.0, slots, mixed, None), false),
            },
        };
        Some((steady.rate() / size, steady, kept))
    }

    /// A run that is worked off as fast as memory allows.
    fn bulk(&self, replica: &Replica, slots: f64, mixed: bool) -> Steady {
        let Some(requests) = self.run.filter(|_| mixed) else {
            return self.setting.saturated(replica, slots, mixed);
        };
        let running = slots.min(requests);
        let rate = replica.bulk_rate(&self.setting.workload, running, requests);
        Steady { running, tpot: running / rate, ttft: 0.0, wait: 0.0 }
    }

    /// The best legal layout: most tokens where limits hold, else the shortest time per token.
    fn search(&self) -> Option<(Layout, f64, Steady, bool)> {
        let most = self.accelerators.unwrap_or(SERVER).min(self.setting.chip.domain.max(SERVER));
        let mut best: Option<(Layout, f64, Steady, bool)> = None;
        let roomy = |layout: &Layout| self.setting.weights_share(*layout) <= MOST_WEIGHTS;
        let all = layouts(self.setting.shape, most);
        let any = all.iter().any(roomy);
        for layout in all {
            if any && !roomy(&layout) {
                continue;
            }
            let Some((rate, steady, kept)) = self.answer(layout, false) else { continue };
            let better = best.as_ref().is_none_or(|(_, known, other, held)| match (kept, held) {
                (true, true) => rate > *known,
                (true, false) => true,
                (false, true) => false,
                (false, false) => steady.tpot < other.tpot,
            });
            if better {
                best = Some((layout, rate, steady, kept));
            }
        }
        // Where no layout keeps the tail of a stated load, the means have to do: the load did run.
        let tail_missed = self.tails && best.as_ref().is_some_and(|(.., kept)| !kept);
        if tail_missed && matches!(self.load, Load::Requests(_)) {
            return Question { tails: false, ..*self }.search();
        }
        best
    }

    /// Two pools: what the slower of both gives over the accelerators of both.
    fn pools(&self, pools: [(u32, Option<Layout>); 2]) -> Option<(f64, String)> {
        let [(prefill, prompts), (decode, answers)] = pools;
        let of = |count: u32, layout: Option<Layout>, metric: Metric, load: Load| {
            let part = Question { setting: self.setting, metric, load, accelerators: Some(count), ..*self };
            let fits = layout.filter(|layout| layout.accelerators() <= count);
            match fits.and_then(|layout| part.answer(layout, true).map(|(rate, ..)| (layout, rate))) {
                Some(found) => Some(found),
                None => part.search().map(|(layout, rate, ..)| (layout, rate)),
            }
        };
        let (p, input) = of(prefill, prompts, Metric::Prefill, Load::Saturated)?;
        let (d, output) = of(decode, answers, Metric::Decode, self.load)?;
        let w = &self.setting.workload;
        let prompts_allow = input * f64::from(prefill) * w.output / w.input.max(1.0);
        let decode_allows = output * f64::from(decode);
        let rate = prompts_allow.min(decode_allows) / f64::from(prefill + decode);
        let slower = if prompts_allow < decode_allows { "prefill" } else { "decode" };
        Some((rate, format!("stated pools, prefill {p} and decode {d}; {slower} is the slower")))
    }
}

fn lengths(row: Row<'_>, metric: Metric) -> Result<(f64, f64), Gap> {
    let (isl, osl) = (row.positive("isl")?, row.nonzero("osl")?);
    let drawn = row.word("isl_source").contains("80-100 %");
    let scale = if drawn { DRAWN_LENGTH } else { 1.0 };
    match (isl, osl, metric) {
        (Some(isl), Some(osl), _) => Ok(((isl * scale).max(1.0), (osl * scale).max(1.0))),
        // A prompt's speed does not depend on the answer; a decode pool whose cached length is stated needs no more.
        (Some(isl), None, Metric::Prefill | Metric::Decode) => Ok((isl, 1.0)),
        _ => gap("the lengths are not stated"),
    }
}

fn forecast(row: Row<'_>, engines: &CoefficientSet, rig: &Rig, card: &Card) -> Result<Forecast, Gap> {
    let metric = metric_of(row)?;
    let Some(published) = row.positive("tokens_per_s_per_gpu")? else {
        return gap("no rate per accelerator is published");
    };
    let (input, output) = lengths(row, metric)?;
    let hint = row.text("precision_effective").filter(|words| *words != "not stated");
    // Summaries of MLPerf list weights by the type of the reference; what was run is in the settings, if anywhere.
    let reported = row.text("precision_reported").filter(|words| {
        row.word("source_family") != "mlperf" || words.contains("fp8") || words.contains("fp4")
    });
    let words = hint.or(row.text("engine_precision_hint")).or(reported).unwrap_or_default();
    let words = if words == "fp4" && row.word("precision_reported").contains("attention") {
        row.word("precision_reported")
    } else {
        words
    };
    let (precision, precision_note) = formats_of(words, &rig.machine.accelerator.peak, card);
    let milli = |column: &str| -> Result<Option<crate::units::Seconds>, Gap> {
        Ok(row.positive(column)?.map(|ms| crate::units::Seconds(ms / 1e3)))
    };
    let user = row.positive("interactivity_tok_s_user")?.map(|rate| crate::units::Seconds(1.0 / rate));
    let mlperf = row.word("source_family") == "mlperf";
    // The rules allow multi-token prediction in this scenario alone; who keeps its promise uses it.
    let allowed = row.word("benchmark").starts_with("deepseek-r1") && row.word("scenario") == "interactive";
    let (drafted, acceptance) = match row.text("spec_decoding") {
        None if allowed => ASSUMED_DRAFT,
        words => speculation(words.unwrap_or_default()),
    };
    let [input_spread, output_spread] = if mlperf { spreads_of(row.word("benchmark")) } else { [1.0, 1.0] };
    let workload = Workload {
        input_spread,
        output_spread,
        drafted,
        acceptance,
        ttft_limit: milli("ttft_limit_ms")?,
        tpot_limit: milli("tpot_limit_ms")?.or(user),
        ..Workload::fixed(input, output)
    };
    let sweep = row.word("scenario") == "concurrency sweep";
    let counted = row.count("n_accelerators")?;
    // Requests in flight are rate times time: load, speed for the user and rate of an accelerator tell the size.
    let inferred = row.positive("concurrency")?.zip(user).filter(|_| sweep && counted.is_none());
    let accelerators = counted.or_else(|| {
        let (requests, time) = inferred?;
        Some((requests / (published * time.0)).log2().round().clamp(0.0, 10.0).exp2() as u32)
    });
    let batch = row.positive("batch_per_gpu")?.map(|each| each * f64::from(accelerators.unwrap_or(1)));
    let concurrency = row.positive("concurrency")?.or(batch);
    let offline = row.word("scenario") == "offline" && row.word("load") != "static-batch";
    let load = match concurrency {
        _ if offline => Load::Saturated,
        Some(requests) => Load::Requests(requests),
        None => Load::Limits,
    };
    let mut chip = rig.chip.clone();
    let names = format!("{} {} {}", row.word("software"), row.word("source_family"), row.word("system"));
    let engine = engine_of(&names, rig);
    let delivery = if offline { Delivery::Bulk } else { Delivery::Streamed };
    chip.software = Software {
        maturity: software::maturity(date_of(row), &card.shape, engine),
        ..Software::of(engines, engine, delivery)
    };
    if mlperf && !offline {
        // Requests come by chance: none start together.
        chip.software.prompt_share = 1.0;
    }
    let images = row.word("benchmark").contains("qwen3-vl");
    let encoder = if images { IMAGE_TOKEN_FLOP } else { 0.0 };
    let shape = ModelShape { encoder_flop_per_token: encoder, ..card.shape };
    let whole_limit = (row.word("benchmark").starts_with("qwen3-vl") && row.word("scenario") == "server")
        .then_some(WHOLE_LIMIT);
    let limited = workload.ttft_limit.is_some() || workload.tpot_limit.is_some() || whole_limit.is_some();
    if matches!(load, Load::Limits) && metric == Metric::Output && !limited {
        return gap("neither a load nor a limit is stated");
    }
    let question = Question {
        setting: Setting { chip: &chip, shape: &shape, precision, workload },
        metric,
        load,
        accelerators,
        kept: if mlperf { workload.decode_context() } else { workload.kept() },
        most: row.positive("max_batch_per_gpu_or_engine")?,
        tails: mlperf,
        whole_limit,
        run: (row.word("source_family") == "trtllm_perf_overview")
            .then(|| requests_of(input, output))
            .flatten(),
    };
    let (predicted, mut reason) = ask(&question, stated(row, card)?)?;
    for note in [precision_note, if drafted > 1.0 { "speculation assumed: 2 drafted, 0.75 hold" } else { "" }]
    {
        if !note.is_empty() {
            reason = format!("{reason}; {note}");
        }
    }
    let own = inferred.map(|_| {
        let size = accelerators.unwrap_or(1);
        format!("its size, {size}, follows from its own load, speed and rate, so its rate proves little")
    });
    let apart = row.text("suspect").map(str::to_owned).or(own);
    if let Some(why) = &apart {
        reason = format!("set apart: {why}; {reason}");
    }
    Ok(Forecast { published, predicted, reason, apart: apart.is_some(), ..Forecast::default() })
}

fn ask(question: &Question<'_>, stated: Stated) -> Result<(f64, String), Gap> {
    let how = match question.load {
        Load::Saturated => "saturated",
        Load::Requests(_) => "at the stated concurrency",
        Load::Limits => "within the limits",
    };
    match stated {
        Stated::Pools(pools) if question.metric == Metric::Output => match question.pools(pools) {
            Some(found) => Ok(found),
            None => gap("the stated pools do not hold the model"),
        },
        Stated::One(layout) => match question.answer(layout, true) {
            Some((rate, steady, kept)) => {
                let held = if kept { "" } else { "; more requests than slots, or no batch keeps the limits" };
                Ok((rate, format!("stated {layout}, {how}, {:.4} running{held}", steady.running)))
            }
            // A degree that is not the whole layout: the best one is the answer.
            None => match question.search() {
                Some((layout, rate, ..)) => {
                    Ok((rate, format!("stated split does not fit; best {layout}, {how}")))
                }
                None => gap(question.setting.refusal(layout)),
            },
        },
        _ => match question.search() {
            Some((layout, rate, steady, kept)) => {
                let held = if kept { "" } else { "; none keeps the limits" };
                Ok((rate, format!("best layout {layout}, {how}, {:.4} running{held}", steady.running)))
            }
            None => gap("the model does not fit into the accelerators"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Table, check};
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn numbers_are_found_behind_their_words() {
        assert_eq!(number_after("4 GPU (TP4), ", ""), Some(4));
        assert_eq!(number_after("40 GPU (EP8)", "EP"), Some(8));
        assert_eq!(number_after("DEP", "EP"), None);
    }

    // MTP1 with 1.78 tokens a step: one drafted, 0.78 of them hold.
    #[test]
    fn a_stated_gain_of_speculation_is_used() {
        let (drafted, acceptance) = speculation("MTP1, 1.780816 tokens/step");
        assert!((drafted - 1.0).abs() < 1e-12 && (acceptance - 0.780_816).abs() < 1e-12);
        assert_eq!(speculation("none"), (0.0, 0.0));
    }

    #[test]
    fn a_row_without_a_known_card_says_so_and_is_kept() {
        let head = "model_card,metric_kind,tokens_per_s_per_gpu,system_class,isl,osl,mine";
        let text = format!("{head}\nNobody-7B,output_tokens_per_s,10,HGX H100,100,100,x\n");
        let table = Table::parse(Kind::Inference, "i.csv", &text).unwrap();
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&table, &hardware, &|| {}).unwrap();
        assert_eq!(report.rows[0].status(), "not_expressible");
        assert!(report.rows[0].reason.contains("Nobody-7B"));
        assert_eq!(report.rows[0].cells.last().map(String::as_str), Some("x"));
    }

    #[test]
    fn nine_rows_of_ten_are_expressed() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&Table::embedded(Kind::Inference).unwrap(), &hardware, &|| {}).unwrap();
        assert_eq!(report.rows.len(), 974);
        let found = report.statistics();
        assert!(found.not_expressible * 10 < found.rows, "{found:?}");
    }
}
