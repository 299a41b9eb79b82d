//! Measured deployments: time per output token, and time to the first.
//!
//! How a row is read. Aggregated rows run `concurrency` requests on one replica of the stated layout, a closed
//! loop ([`super::running`]). Disaggregated rows share them out over the decode workers; prompts are computed
//! elsewhere, so decode steps carry none, and the time to the first token is a prompt alone on a prefill worker.
//! Nominal lengths of 1,024 and 8,192 are those of InferenceX, drawn at 80 to 100 %: 0.9 of them is the mean.
//!
//! Layout columns that were multiplied on their way into the source are read back:
//!
//! | columns | meaning |
//! |---|---|
//! | `tp` 16 or 64, `moe_tp` = `moe_ep` = 4 or 8 | tensor ranks and expert ranks 4 or 8 |
//! | `attention_dp` 16 or 64, `moe_tp` = `moe_ep` = 4 or 8 | attention copies and expert ranks 4 or 8 |
//! | `tp` = `attention_dp` = n, `moe_ep` = n² | n accelerators, attention copied on each, experts over all |
//! | attention copied without experts spread over all ranks | experts over all ranks |
//!
//! Set apart, never for their residual: rows that repeat another to the digit; repeated configurations whose times
//! differ by more than 1.3 times, both (one of them ran something unstated, most likely speculative decoding);
//! aggregated rows of more tensor ranks than a tray has that are totals of disaggregated ones; runs whose first
//! token took longer than the whole answer, or whose requests would take more arithmetic than the dense peak, so that
//! concurrency is not batch; DeepSeek rows of exports whose repeats show
//! multi-token prediction, which are predicted with it; and rows with a reason in the column `suspect`.
//!
//! The time to the first token of a closed loop holds a wait: what of the other requests' prompts does not fall between
//! tokens comes before the first one. Queues of schedulers, tokenisers and networks are not in it.
//!
//! Formats that a row does not list are those of the checkpoint, 16 bits. The engines' date sets their maturity
//! (`throughput/software.toml`), their name what they add to kernels (`throughput/engines.toml`).

use super::hardware::{Hardware, engine_of, formats_of, plain};
use super::running::{ASSUMED_DRAFT, DRAWN_LENGTH, Setting};
use super::tables::{Row, Table};
use super::{Forecast, Gap, Names, gap};
use crate::throughput::engines::{Delivery, Software};
use crate::throughput::parallelism::Layout;
use crate::throughput::serving::Workload;
use crate::throughput::shape::ModelShape;
use crate::throughput::software;
use std::collections::BTreeMap;

/// Times of one configuration that differ by more contradict each other.
const CONTRADICTION: f64 = 1.3;

/// What the columns of the layout are.
const SPLIT: [&str; 5] = ["tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size"];

/// Why each row is set apart, if it is, in the order of the table.
#[must_use]
pub fn marks(table: &Table) -> Vec<Option<String>> {
    let rows = table.rows();
    let text = |row: &Row<'_>, column: &str| row.word(column).to_owned();
    let configuration = |row: &Row<'_>| {
        let mut key = vec![model_family(row.word("model_path"))];
        for column in
            ["system", "backend", "backend_version", "precision", "mode", "isl", "osl", "concurrency"]
        {
            key.push(text(row, column));
        }
        for prefix in ["", "prefill_", "decode_"] {
            key.extend(SPLIT.iter().map(|column| text(row, &format!("{prefix}{column}"))));
        }
        key.extend(["prefill_num_workers", "decode_num_workers"].map(|column| text(row, column)));
        key
    };
    let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut same: BTreeMap<Vec<String>, Vec<(usize, f64)>> = BTreeMap::new();
    let mut marks: Vec<Option<String>> = vec![None; rows.len()];
    for (place, row) in rows.iter().enumerate() {
        let time = |column| row.number(column).ok().flatten();
        let mut whole = configuration(row);
        same.entry(whole.clone())
            .or_default()
            .extend(time("silicon_tpot_ms").filter(|t| *t > 0.0).map(|t| (place, t)));
        whole.extend(["silicon_tpot_ms", "silicon_ttft_ms"].map(|column| text(row, column)));
        if let Some(first) = seen.get(&whole) {
            marks[place] = Some(format!("repeats row {}", first + 1));
        } else {
            seen.insert(whole, place);
        }
        let answer = time("silicon_tpot_ms").zip(time("osl")).map(|(tpot, osl)| tpot * osl);
        if let (Some(answer), Some(first)) = (answer, time("silicon_ttft_ms"))
            && first > answer
            && row.word("mode") == "agg"
        {
            marks[place].get_or_insert_with(|| {
                "the first token took longer than the answer: concurrency is not batch".into()
            });
        }
    }
    for times in same.into_values().filter(|times| times.len() > 1) {
        let least = times.iter().map(|(_, t)| *t).fold(f64::INFINITY, f64::min);
        let most = times.iter().map(|(_, t)| *t).fold(0.0, f64::max);
        if most > CONTRADICTION * least {
            for (place, _) in times {
                marks[place].get_or_insert_with(|| {
                    format!(
                        "the same configuration took {least:.4} to {most:.4} ms: one ran something unstated"
                    )
                });
            }
        }
    }
    marks
}

/// DeepSeek-R1 and -V3 are one network under two labels.
fn model_family(label: &str) -> String {
    let plain = plain(label);
    if plain.contains("deepseekr1") || plain.contains("deepseekv3") { "deepseek-v3".into() } else { plain }
}

pub(super) fn predict(
    row: Row<'_>,
    hardware: &Hardware,
    marks: &[Option<String>],
) -> (Names, Result<Forecast, Gap>) {
    let rig = hardware.rig(row.word("system"));
    let card = hardware.card(row.word("model_path"));
    let names = Names {
        id: row.word("id").to_owned(),
        system: rig.as_ref().map_or_else(|| row.word("system").to_owned(), |rig| rig.id.clone()),
        model: card.as_ref().map_or_else(|| row.word("model_path").to_owned(), |card| card.id.clone()),
        source: row.word("backend").to_owned(),
    };
    let mark = marks.get(row.number_in_table() - 1).and_then(Option::as_deref);
    (names, forecast(row, hardware, mark))
}

/// Days whose TensorRT-LLM rows of DeepSeek ran multi-token prediction without saying so: the same configurations stand
/// in other exports with times 1.5 to 2 times longer, and no time of these days is as long.
const UNMARKED: [&str; 3] = ["2026-01-14", "2026-02-05", "2026-02-06"];

/// Whether a row is of an export with unmarked speculation.
fn unmarked_speculation(row: Row<'_>) -> bool {
    row.word("backend") == "trtllm"
        && model_family(row.word("model_path")) == "deepseek-v3"
        && row.word("mode") == "agg"
        && UNMARKED.contains(&row.word("measured_on"))
}

/// The layout that the columns with a prefix mean.
fn layout(row: Row<'_>, prefix: &str, shape: &ModelShape) -> Result<Option<Layout>, Gap> {
    let mut degrees = [None; 5];
    for (degree, column) in degrees.iter_mut().zip(SPLIT) {
        *degree = row.degree(&format!("{prefix}{column}"))?;
    }
    let [tensor, stages, copies, wide, expert] = degrees;
    let Some(tensor) = tensor else { return Ok(None) };
    let (copies, wide, expert) = (copies.unwrap_or(1), wide.unwrap_or(1), expert.unwrap_or(1));
    let (tensor, copies, expert) = if wide == expert && expert >= 4 && tensor == wide * expert {
        (expert, 1, expert)
    } else if wide == expert && expert >= 4 && tensor == 1 && copies == wide * expert {
        (1, expert, expert)
    } else if tensor > 1 && tensor == copies && expert == tensor * copies {
        (1, tensor, tensor)
    } else {
        (tensor, copies, expert)
    };
    let moe = shape.feed_forward.moe_layers > 0;
    let expert = match (moe, copies > 1) {
        (false, _) => 1,
        (true, true) => tensor * copies,
        (true, false) => expert,
    };
    let copies = if moe { copies } else { 1 };
    Ok(Some(Layout {
        tensor,
        stages: stages.unwrap_or(1),
        expert,
        attention_replicas: copies,
        context: 1,
        routing_skew: 0.0,
    }))
}

fn forecast(row: Row<'_>, hardware: &Hardware, mark: Option<&str>) -> Result<Forecast, Gap> {
    let Some(rig) = hardware.rig(row.word("system")) else {
        return gap(format!("the catalogue has no system for `{}`", row.word("system")));
    };
    let Some(card) = hardware.card(row.word("model_path")) else {
        return gap(format!("the catalogue has no card for `{}`", row.word("model_path")));
    };
    let Some(published) = row.positive("silicon_tpot_ms")? else {
        return gap("no time per output token is published");
    };
    let (Some(isl), Some(osl)) = (row.positive("isl")?, row.positive("osl")?) else {
        return gap("the lengths are not stated");
    };
    let Some(concurrency) = row.positive("concurrency")?.or(row.positive("batch_size")?) else {
        return gap("the concurrency is not stated");
    };
    let drawn = [1_024.0, 8_192.0].iter().any(|n: &f64| n.total_cmp(&isl).is_eq());
    let scale = if drawn { DRAWN_LENGTH } else { 1.0 };
    let words = format!("{} {}", row.word("precision"), row.word("moe_quant_mode"));
    // A run whose formats are not listed serves the checkpoint as published: 16 bits.
    let words = if words.trim().is_empty() { "bf16".to_owned() } else { words };
    let (precision, _) = formats_of(&words, &rig.machine.accelerator.peak, &card);
    let speculative = unmarked_speculation(row);
    let (drafted, acceptance) = if speculative { ASSUMED_DRAFT } else { (0.0, 0.0) };
    let workload =
        Workload { drafted, acceptance, ..Workload::fixed((isl * scale).max(1.0), (osl * scale).max(1.0)) };
    let mut chip = rig.chip.clone();
    let engine = engine_of(row.word("backend"), &rig);
    chip.software = Software {
        maturity: software::maturity(row.word("measured_on"), &card.shape, engine),
        ..Software::of(&hardware.engines, engine, Delivery::Streamed)
    };
    let setting = Setting { chip: &chip, shape: &card.shape, precision, workload };
    let (steady, reason, total) = if row.word("mode").starts_with("dis") {
        disaggregated(row, &setting, concurrency)?
    } else {
        aggregated(row, &setting, concurrency)?
    };
    let measured = row.positive("silicon_ttft_ms")?;
    let measured_s = measured.unwrap_or(0.0) / 1e3;
    let mark = mark
        .or(row.text("suspect"))
        .map(str::to_owned)
        .or_else(|| {
            speculative.then(|| {
                "of an export whose repeats show multi-token prediction that it does not state".to_owned()
            })
        })
        .or_else(|| {
            impossible(&setting, measured_s, published / 1e3, concurrency, total_gpus(row, &card.shape))
        })
        .or_else(|| total.then(|| "a total of a disaggregated deployment listed as aggregated".to_owned()));
    let first = steady.1 * 1e3;
    let apart = mark.is_some();
    let reason = match mark {
        Some(mark) => format!("set apart: {mark}; {reason}"),
        None => reason,
    };
    let error = measured.map_or_else(String::new, |measured| (first / measured - 1.0).to_string());
    Ok(Forecast {
        published,
        predicted: steady.0 * 1e3,
        reason,
        apart,
        measure: "",
        extra: vec![first.to_string(), error, (steady.2 * 1e3).to_string()],
    })
}

/// Accelerators of an aggregated row; none where pools serve.
fn total_gpus(row: Row<'_>, shape: &ModelShape) -> Option<f64> {
    if row.word("mode").starts_with("dis") {
        return None;
    }
    layout(row, "", shape).ok().flatten().map(|layout| f64::from(layout.accelerators()))
}

/// Why a row cannot be what it says: its requests would need more arithmetic than the accelerators have.
///
/// ~~~text
/// C / (TTFT + O·TPOT) · (I + O) · 2 · active parameters  >  dense peak · accelerators
/// ~~~
fn impossible(
    setting: &Setting<'_>,
    ttft: f64,
    tpot: f64,
    concurrency: f64,
    accelerators: Option<f64>,
) -> Option<String> {
    let w = &setting.workload;
    let requests = concurrency / (ttft + w.output * tpot);
    let needed = requests * (w.input + w.output) * 2.0 * setting.shape.active_parameters();
    let peaks = &setting.chip.peak;
    let peak = [Some(peaks.bf16), peaks.fp8, peaks.fp4].into_iter().flatten().map(|rate| rate.0);
    let most = peak.fold(0.0, f64::max) * accelerators?;
    (needed > most).then(|| {
        format!("its requests would take {:.1} times the dense peak: concurrency is not batch", needed / most)
    })
}

/// TPOT, TTFT and the wait in it [s], how it was read, and whether the row is a total.
type Read = ((f64, f64, f64), String, bool);

fn aggregated(row: Row<'_>, setting: &Setting<'_>, concurrency: f64) -> Result<Read, Gap> {
    let Some(layout) = layout(row, "", setting.shape)? else { return gap("the layout is not stated") };
    // A tray holds four accelerators, and nobody splits heads over a dozen: these are sums over pools.
    let total = layout.tensor >= 12 && setting.chip.domain >= 72;
    let layout = if total && setting.replica(layout).is_none() {
        let whole = layout.accelerators() / 8 * 8;
        Layout { expert: whole, ..Layout::attention_data_parallel(whole.max(8)) }
    } else {
        layout
    };
    let Some(replica) = setting.ran(layout) else { return gap(setting.refusal(layout)) };
    let w = &setting.workload;
    let slots = setting.slots(&replica, w.input + w.output);
    let steady = setting.closed_loop(&replica, concurrency, slots, true, None);
    Ok(((steady.tpot, steady.ttft, steady.wait), format!("{layout} at {:.4} running", steady.running), total))
}

fn disaggregated(row: Row<'_>, setting: &Setting<'_>, concurrency: f64) -> Result<Read, Gap> {
    let (Some(workers), Some(_)) = (row.count("decode_num_workers")?, row.count("prefill_num_workers")?)
    else {
        return gap("disaggregated, and the numbers of workers are not stated");
    };
    let (Some(decode), Some(prefill)) =
        (layout(row, "decode_", setting.shape)?, layout(row, "prefill_", setting.shape)?)
    else {
        return gap("the layout of the pools is not stated");
    };
    let Some(replica) = setting.ran(decode) else { return gap(setting.refusal(decode)) };
    let Some(prompts) = setting.ran(prefill) else { return gap(setting.refusal(prefill)) };
    let w = &setting.workload;
    let slots = setting.slots(&replica, w.input + w.output);
    let (_, alone) = prompts.prefill(w);
    let each = concurrency / f64::from(workers);
    let steady = setting.closed_loop(&replica, each, slots, false, Some(alone));
    let reason = format!("decode {decode} at {:.4} running, prefill {prefill}", steady.running);
    Ok(((steady.tpot, alone, 0.0), reason, false))
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, check};
    use super::*;
    use crate::catalog::Catalog;

    const HEAD: &str = "system,model_path,precision,mode,isl,osl,tp_size,pp_size,attention_dp_size,moe_tp_size,\
                        moe_ep_size,silicon_ttft_ms,silicon_tpot_ms,concurrency,backend,note";

    fn table(rows: &str) -> Table {
        Table::parse(Kind::Points, "p.csv", &format!("{HEAD}\n{rows}")).unwrap()
    }

    #[test]
    fn multiplied_degrees_are_read_back() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let card = hardware.card("deepseek-r1").unwrap();
        for (degrees, expected) in [
            ("64,1,1,8,8", (8, 8, 1)),
            ("1,1,64,8,8", (1, 8, 8)),
            ("4,1,4,1,16", (1, 4, 4)),
            ("8,1,,8,1", (8, 1, 1)),
        ] {
            let table =
                table(&format!("b200_sxm,deepseek-ai/DeepSeek-R1,fp8,agg,1024,1024,{degrees},1,10,4,x,\n"));
            let found = layout(table.rows()[0], "", &card.shape).unwrap().unwrap();
            let ranks = if found.attention_replicas > 1 { found.ranks() } else { found.expert };
            assert_eq!((found.tensor, ranks, found.attention_replicas), (expected.0, expected.1, expected.2));
        }
    }

    #[test]
    fn repeats_and_contradictions_are_set_apart_with_their_reason() {
        let one = "b200_sxm,meta-llama/Llama-3.1-70B,fp8,agg,1024,1024,8,1,,1,1,50";
        let marks = marks(&table(&format!("{one},10,4,x,a\n{one},10,4,x,b\n{one},20,4,x,c\n")));
        assert!(marks[0].as_ref().is_some_and(|mark| mark.contains("10.0000 to 20.0000")), "{marks:?}");
        assert_eq!(marks[1].as_deref(), Some("repeats row 1"));
        assert!(marks[2].is_some());
    }

    #[test]
    fn unknown_columns_are_kept_and_ttft_stands_behind() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let rows = "b200_sxm,meta-llama/Llama-3.1-70B,fp8,agg,1024,1024,8,1,,1,1,,10,4,x,kept\n";
        let report = check(&table(rows), &hardware, &|| {}).unwrap();
        assert_eq!(report.rows[0].cells.last().map(String::as_str), Some("kept"));
        assert_eq!(report.extra, ["predicted_ttft_ms", "error_ttft", "predicted_wait_ms"]);
        // No TTFT is published: it is predicted, and its error unknown.
        assert!(!report.rows[0].extra[0].is_empty() && report.rows[0].extra[1].is_empty());
        assert!(report.rows[0].error.is_some(), "{:?}", report.rows[0]);
    }
}
