//! Training runs: tokens per second of an accelerator, else step time, else FLOP/s, else time to train.
//!
//! How a row is read. The layout is the row's where it states tensor ranks and stages; interleaving that is not
//! stated is taken to about two layers a chunk for dense models and four for mixtures, as stated ones have; sharded weights where the
//! row says `fsdp` with neither. Without a layout, or where the model's arithmetic refuses the stated one, the fastest
//! legal layout that fits into memory is taken, and the row says so. Where recomputation is not stated, as many layers of
//! a dense model are computed again as memory asks for, and none of a mixture. Stages not stated on one node are one.
//! Accelerators of TPU rows are whole slices; of Trainium rows the degrees count half-chip cores.
//!
//! The software's age is that of the release, round or paper that the row names. Projects on plain `PyTorch` run its own
//! operations one by one; in papers of 2022 and before attention is not fused either. Weights are shared over the data
//! ranks too where one rank alone would need more than its memory for them and their gradients. A
//! precision that a benchmark round does not state is 8 bits where the accelerator has them, as its submitters run it;
//! elsewhere it is 16 bits. All linear layers take the stated format.
//!
//! FLOP/s are compared in the publisher's own FLOP: the predicted rate times the FLOP of a token of this model with
//! causal attention, four passes where the row says that recomputed work is counted. Time to train is steps or
//! samples times the step, and the row's convergence factor.
//!
//! Set apart: rows whose publisher calls the software early, and rows that average over a whole run (its tokens or GPU-hours, or from its start to its stop), since
//! restarts, evaluation and start-up are in them.

use super::hardware::{Card, Hardware, Rig};
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::search::training::best_layout;
use crate::throughput::precision::{Format, Precision};
use crate::throughput::training::{
    Recompute, Stack, TrainingJob, TrainingLayout, TrainingPoint, evaluate, training_memory,
};

/// Layers of a chunk where interleaving is not stated: dense models, and mixtures of experts.
const LAYERS_OF_A_CHUNK: [f64; 2] = [2.0, 4.0];

/// Accelerators of a node.
const NODE: u32 = 8;

/// The date to which the coefficients speak: software of mid 2026, as a year.
const CALIBRATED: f64 = 2026.45;

/// Releases, rounds and papers, as they are named in rows, and when their software was current, as a year.
const RELEASED: &[(&str, f64)] = &[
    ("mlperf_v4.0", 2024.4),
    ("mlperf_v4.1", 2024.8),
    ("mlperf_v5.0", 2025.4),
    ("mlperf_v5.1", 2025.8),
    ("mlperf_v6.0", 2026.45),
    ("mlperf_power_v4.0", 2024.4),
    ("mlperf_power_v5.0", 2025.4),
    ("mosaic_llm_foundry", 2024.0),
    ("torchtitan", 2025.0),
    ("paper_megatron2021", 2021.3),
    ("paper_seqpar2022", 2022.4),
    ("paper_opt", 2022.0),
    ("paper_palm", 2022.0),
    ("bloom", 2022.0),
    ("paper_megascale", 2024.1),
    ("paper_llama3", 2024.5),
    ("modelcard_llama3.1", 2024.5),
    ("paper_mcore_moe2026", 2026.0),
];

/// Sources whose runs are older than fused attention.
const UNFUSED: &[&str] = &["paper_megatron2021", "paper_seqpar2022", "bloom", "paper_opt"];

/// Sources on plain `PyTorch`: its own operations, and on Hopper attention written for the generation before.
const EAGER: &[&str] = &["mosaic_llm_foundry", "torchtitan"];

/// When a row's software was current where nothing of it is known, as a year.
const UNDATED: f64 = 2025.5;

/// When the software of a row was current, as a year: `25.05` in a reference is a release of May 2025.
fn released(row: Row<'_>) -> f64 {
    let group = row.word("source_group");
    if let Some((_, year)) = RELEASED.iter().find(|(name, _)| *name == group) {
        return *year;
    }
    let reference = row.word("source_ref");
    let numbers = reference.split(|c: char| !c.is_ascii_digit() && c != '.');
    let dated = numbers.filter_map(|word| {
        let (year, rest) = word.split_once('.')?;
        let month = rest.split('.').next()?;
        let two = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
        let (year, month) = (two(year)?, two(month)?);
        ((20..40).contains(&year) && (1..=12).contains(&month))
            .then(|| f64::from(2_000 + year) + (f64::from(month) - 0.5) / 12.0)
    });
    dated.into_iter().next().unwrap_or(UNDATED)
}

fn stack(row: Row<'_>) -> Stack {
    let group = row.word("source_group");
    if UNFUSED.contains(&group) {
        Stack::Unfused
    } else if EAGER.contains(&group) {
        Stack::Eager
    } else {
        Stack::Tuned
    }
}

/// The format of all linear layers, and a note where it had to be read.
fn precision(row: Row<'_>, rig: &Rig) -> (Precision, &'static str) {
    let words = row.word("precision").to_lowercase();
    let eight = rig.machine.accelerator.peak.fp8.is_some();
    let round = row.word("source_group").starts_with("mlperf") && !rig.id.starts_with("tpu");
    let (format, note) = if words.contains("mxfp8") {
        (Format::Mxfp8, "")
    } else if words.contains("fp4") {
        (Format::Nvfp4, "")
    } else if words.contains("fp8") {
        (Format::Fp8, "")
    } else if !words.is_empty()
        && !["bf16", "fp16", "tf32", "fp32", "16"].iter().any(|word| words.contains(word))
    {
        (Format::Bf16, "precision not known: counted as BF16")
    } else if words.is_empty() && round && eight {
        (Format::Fp8, "precision not stated: FP8, as submitters run it")
    } else {
        (Format::Bf16, "")
    };
    // What is cached in serving is an activation here, kept in 16 bits.
    (Precision::uniform(format).with_cache(Format::Bf16), note)
}

pub(super) fn predict(row: Row<'_>, hardware: &Hardware) -> (Names, Result<Forecast, Gap>) {
    let chip = row.word("accelerator");
    let label = format!("{chip} {}", row.word("system_family"));
    let rig = hardware.rig(chip).or_else(|| hardware.rig(&label));
    let card = hardware.card(row.word("model"));
    let names = Names {
        id: row.word("row_id").to_owned(),
        system: rig.as_ref().map_or_else(|| label.clone(), |rig| rig.id.clone()),
        model: card.as_ref().map_or_else(|| row.word("model").to_owned(), |card| card.id.clone()),
        source: row.word("source_group").to_owned(),
    };
    let outcome = match (rig, card) {
        (Some(rig), Some(card)) => forecast(row, hardware, &rig, &card),
        (None, _) => gap(format!("the catalogue has no system for `{}`", label.trim())),
        (_, None) => gap(format!("no shapes of `{}` are known", row.word("model"))),
    };
    (names, outcome)
}

/// What is published, in the order that decides.
#[derive(Debug, Clone, Copy)]
enum Published {
    Tokens(f64),
    Step(f64),
    Flops(f64),
    TimeToTrain(f64),
    WholeRun(f64),
}

fn published(row: Row<'_>) -> Result<Published, Gap> {
    if let Some(value) = row.positive("tokens_per_s_per_accel")? {
        Ok(Published::Tokens(value))
    } else if let Some(value) = row.positive("step_time_s")? {
        Ok(Published::Step(value))
    } else if let Some(value) = row.positive("model_tflops_per_accel")? {
        Ok(Published::Flops(value))
    } else if let Some(value) = row.positive("time_to_train_min")? {
        Ok(Published::TimeToTrain(value))
    } else if let Some(value) = row.positive("tokens_per_s_per_accel_whole_run")? {
        Ok(Published::WholeRun(value))
    } else {
        gap("neither rate nor time is published")
    }
}

/// What is computed again: as stated; else as many layers of a dense model as memory asks for, and of a mixture none,
/// whose recipes recompute inside layers.
fn recompute(row: Row<'_>, mixture: bool) -> Recompute {
    let noted = row.word("notes").to_lowercase();
    let notes = |words: &[&str]| words.iter().any(|word| noted.contains(word));
    match row.word("recompute") {
        "full" | "yes" => Recompute::Full,
        "" if notes(&["activation checkpointing true", "full activation", "full ac"]) => Recompute::Full,
        "" if notes(&["activation checkpointing false", "selective", "sac"]) => Recompute::Selective,
        "" if !mixture => Recompute::Needed,
        _ => Recompute::Selective,
    }
}

/// Whether a row carries a caveat, in the column for it or in the words of its source.
fn carries(row: Row<'_>, caveat: &str, column: &str, words: &str) -> bool {
    row.word("caveat").contains(caveat) || row.word(column).contains(words)
}

/// The layout that a row states.
fn layout(row: Row<'_>, card: &Card, accelerators: u32) -> Result<Option<TrainingLayout>, Gap> {
    let (tensor, stages) = (row.degree("tp")?, row.degree("pp")?);
    // Two cores of a chip share its memory and links: their tensor ranks are one of ours.
    let cores = carries(row, "parallelism-in-cores", "notes", "in NeuronCores");
    let tensor = tensor.map(|ranks| if cores { (ranks / 2).max(1) } else { ranks });
    let sharded = row.text("fsdp").is_some_and(|words| words != "0");
    // One node needs no pipeline: stages that are not stated beside tensor ranks are one.
    let node = tensor.is_some() && accelerators <= NODE;
    let (Some(tensor), Some(stages)) =
        (tensor.or(sharded.then_some(1)), stages.or((sharded || node).then_some(1)))
    else {
        return Ok(None);
    };
    let moe = card.shape.feed_forward.moe_layers > 0;
    let chunk = LAYERS_OF_A_CHUNK[usize::from(moe)];
    let usual = (f64::from(card.shape.layers) / (f64::from(stages) * chunk)).round().max(1.0) as u32;
    let chunks = row.degree("vp")?.unwrap_or(usual);
    let layout = TrainingLayout {
        interleave: if stages > 1 { chunks } else { 1 },
        context: row.degree("cp")?.unwrap_or(1),
        expert: if moe { row.degree("ep")?.unwrap_or(1) } else { 1 },
        sharded,
        micro_batch: row.count("micro_batch")?.unwrap_or(1).min(256),
        recompute: recompute(row, moe),
        ..TrainingLayout::new(tensor, stages)
    };
    Ok((layout.tensor * layout.stages * layout.context <= accelerators).then_some(layout))
}

fn forecast(row: Row<'_>, hardware: &Hardware, rig: &Rig, card: &Card) -> Result<Forecast, Gap> {
    let published = published(row)?;
    let Some(accelerators) = row.count("accelerators")? else {
        return gap("the number of accelerators is not stated");
    };
    let adapter = row.word("task").contains("lora");
    let stated_batch = row.positive("global_batch")?;
    let sequence = row.positive("seq_len")?;
    let mut notes = Vec::new();
    let sequence = sequence.unwrap_or_else(|| {
        notes.push("sequence not stated: 2,048".to_owned());
        2_048.0
    });
    let batch = stated_batch.unwrap_or_else(|| {
        notes.push("batch not stated: four sequences an accelerator".to_owned());
        4.0 * f64::from(accelerators)
    });
    let (precision, note) = precision(row, rig);
    if !note.is_empty() {
        notes.push(note.to_owned());
    }
    let job = TrainingJob {
        adapter,
        stack: stack(row),
        years_behind: (CALIBRATED - released(row)).max(0.0),
        factors: hardware.training,
        ..TrainingJob::new(accelerators, sequence, batch, precision)
    };
    let step = point(row, rig, card, &job, &mut notes)?.step.0;
    let rate = batch * sequence / step / f64::from(accelerators);
    let (published, predicted, what) = match published {
        Published::Tokens(value) => (value, rate, "tokens/s"),
        Published::WholeRun(value) => (value, rate, "tokens/s of the whole run"),
        Published::Step(value) => (value, step, "step time"),
        Published::Flops(value) => {
            let repeated =
                carries(row, "hardware-flops", "tflops_basis", "includes activation recomputation");
            let passes = if repeated { 4.0 } else { 3.0 };
            let flop = passes * card.shape.forward_flop_per_token(sequence / 2.0);
            (value, rate * flop / 1e12, "TFLOP/s")
        }
        Published::TimeToTrain(value) => {
            let steps = match (row.positive("steps_to_target")?, row.positive("samples_to_target")?) {
                (Some(steps), _) => steps,
                (None, Some(samples)) => samples / batch,
                (None, None) => return gap("time to train without the steps it took"),
            };
            let factor = row.positive("rcp_scaling")?.unwrap_or(1.0);
            (value, steps * step * factor / 60.0, "time to train")
        }
    };
    notes.insert(0, what.to_owned());
    if adapter {
        notes.push("adapter: no weight gradients of the base".to_owned());
    }
    let basis = row.word("basis");
    let whole = what.contains("whole run")
        || ["run_start to run_stop", "GPU-hours"].iter().any(|words| basis.contains(words));
    let early = carries(row, "early-software", "notes", "early software");
    if whole {
        notes.insert(0, "set apart: an average over a whole run".to_owned());
    } else if early {
        notes.insert(0, "set apart: its publisher calls the software early".to_owned());
    }
    let apart = whole || early;
    let reason = notes.join("; ");
    Ok(Forecast { published, predicted, reason, apart, measure: what, ..Forecast::default() })
}

fn point(
    row: Row<'_>,
    rig: &Rig,
    card: &Card,
    job: &TrainingJob,
    notes: &mut Vec<String>,
) -> Result<TrainingPoint, Gap> {
    let stated = layout(row, card, job.accelerators)?;
    if let Some(mut layout) = stated {
        // What nobody could have run unshared was shared.
        let alone = layout.tensor * layout.stages * layout.expert == 1 && !job.adapter;
        let memory = training_memory(&card.shape, &rig.chip, job, &layout);
        layout.sharded |= alone && memory.weights.0 + memory.gradients.0 > rig.chip.memory.0;
        if let Some(point) = evaluate(&card.shape, &rig.chip, job, &layout) {
            let split = format!("stated TP{} PP{} EP{}", layout.tensor, layout.stages, layout.expert);
            notes.push(split);
            let need = training_memory(&card.shape, &rig.chip, job, &layout).total;
            if need.0 > rig.chip.memory.0 {
                notes.push(format!("by this model's count it needs {need}"));
            }
            return Ok(point);
        }
        if let Some(reason) = layout.illegal(&card.shape, job) {
            notes.push(format!("stated layout refused: {reason}"));
        }
    }
    match best_layout(&card.shape, &rig.chip, job) {
        Ok((Some(point), _)) => {
            let layout = point.layout;
            notes.push(format!("best TP{} PP{} EP{}", layout.tensor, layout.stages, layout.expert));
            Ok(point)
        }
        Ok((None, _)) => gap("no legal layout fits into memory"),
        Err(error) => gap(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Table, check};
    use super::*;
    use crate::catalog::Catalog;

    fn one(cells: &str) -> super::super::RowReport {
        let head = "accelerator,accelerators,model,seq_len,global_batch,tp,pp,cp,precision,\
                    tokens_per_s_per_accel,step_time_s,time_to_train_min,steps_to_target";
        let table = Table::parse(Kind::Training, "t.csv", &format!("{head}\n{cells}\n")).unwrap();
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        check(&table, &hardware, &|| {}).unwrap().rows.remove(0)
    }

    #[test]
    fn rate_step_and_time_to_train_are_one_prediction() {
        let layout = "H100,64,llama3.1-8b,8192,128,1,1,1,BF16";
        let rate = one(&format!("{layout},1000,,,"));
        let step = one(&format!("{layout},,1,,"));
        let time = one(&format!("{layout},,,1,600"));
        // 128 · 8,192 tokens over 64 accelerators are 16,384 an accelerator and step; 600 steps are ten per minute.
        let step_s = step.predicted.unwrap();
        assert!((rate.predicted.unwrap() * step_s / 16_384.0 - 1.0).abs() < 1e-9);
        assert!((time.predicted.unwrap() / (10.0 * step_s) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn releases_are_dated_by_their_numbers() {
        let dated = |group: &str, reference: &str| {
            let text =
                format!("accelerators,model,source_group,source_ref\n8,llama3.1-8b,{group},{reference}\n");
            let table = Table::parse(Kind::Training, "t.csv", &text).unwrap();
            released(table.rows()[0])
        };
        assert!(
            (dated("nvidia_megatron_bridge", "NeMo container 26.04.01") - 2026.0 - 3.5 / 12.0).abs() < 1e-9
        );
        assert!((dated("nvidia_dgxc_benchmarking", "v25.02.02") - 2025.0 - 1.5 / 12.0).abs() < 1e-9);
        assert!((dated("mlperf_v4.0", "v4.0/NVIDIA") - 2024.4).abs() < 1e-9);
        assert!((dated("somebody", "a blog") - UNDATED).abs() < 1e-9);
    }

    // Tokens per second of an accelerator on many against few, predicted over published: strong scaling of MLPerf and
    // weak scaling of recipes, rows by their ids, from small to large.
    #[test]
    fn scaling_curves_keep_their_shape() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&Table::embedded(Kind::Training).unwrap(), &hardware, &|| {}).unwrap();
        let ratio = |id: &str| {
            let row = report.rows.iter().find(|row| row.id == id).unwrap();
            row.predicted.unwrap() / row.published.unwrap()
        };
        // The last is predicted too flat: its step is 0.8 s longer than its parts whatever the batch, which is not so on
        // GB300.
        for (few, many, tolerance, what) in [
            ("TD-0140", "TD-0143", 0.05, "405B FP8 on H100, 2,048 to 8,192"),
            ("TD-0136", "TD-0139", 0.05, "405B FP8 on GB200, 256 to 2,048"),
            ("TD-0069", "TD-0071", 0.06, "GPT-3 FP8 on H100, 512 to 11,616"),
            ("TD-0238", "TD-0239", 0.05, "DeepSeek-V3 MXFP8 on GB300, 256 to 4,096"),
            ("TD-0299", "TD-0301", 0.03, "GPT-3 BF16 on H100, 128 to 2,048, weak"),
            ("TD-0320", "TD-0323", 0.03, "405B BF16 on H100, 512 to 2,048, weak"),
            ("TD-0330", "TD-0334", 0.05, "70B BF16 on H100, 64 to 2,048, weak"),
            ("TD-0232", "TD-0235", 0.30, "DeepSeek-V3 MXFP8 on GB200, 512 to 8,192"),
        ] {
            let off = ratio(many) / ratio(few) - 1.0;
            assert!(off.abs() < tolerance, "{what}: {off:+.3}");
        }
    }

    #[test]
    fn unknown_models_and_systems_say_so() {
        assert!(one("H100,8,nobody-7b,2048,8,1,1,1,BF16,10,,,").reason.contains("nobody-7b"));
        assert!(one("Ascend 910B,8,llama3.1-8b,2048,8,1,1,1,BF16,10,,,").reason.contains("no system"));
    }

    #[test]
    fn nine_rows_of_ten_are_expressed() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        let report = check(&Table::embedded(Kind::Training).unwrap(), &hardware, &|| {}).unwrap();
        assert_eq!(report.rows.len(), 611);
        let found = report.statistics();
        assert!(found.not_expressible * 10 < found.rows, "{found:?}");
    }
}
