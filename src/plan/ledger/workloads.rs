//! How the results of models that are served and trained came to be.

use super::{Writer, result};
use crate::plan::result::{RunFailures, Serving, Training};
use crate::throughput::bands::ErrorBand;
use crate::units::Share;
use crate::units::text::{digits, group, show};

fn band_entry(w: &mut Writer<'_>, place: usize, band: &ErrorBand) {
    let percent = |share: f64| format!("{:+.1} %", share * 100.0);
    let from = "src/throughput/bands.toml, written by `gigawatt validate --bands`";
    w.entry(
        &format!("throughput.serving.{place}.error_band"),
        format!("{} … {}", percent(band.low), percent(band.high)),
        "how far measured tokens/s lay from predicted ones in eight rows of ten of this kind",
        "10th and 90th percentile of measured / predicted − 1; too few rows: all models of the generation, else the widest of all generations",
        vec![
            ["kind".into(), band.kind.clone(), from.into()],
            ["rows".into(), group(&band.rows.to_string()), from.into()],
            ["median error".into(), format!("{:.1} %", band.median_ape * 100.0), from.into()],
        ],
    );
}

/// What a workload is like under load, and the memory that holds it: key, value, meaning and formula.
fn under_load(result_: &Serving) -> [(&'static str, String, &'static str, &'static str); 4] {
    [
        (
            "wait_s",
            show(result_.wait),
            "mean wait of a request before its prefill, at the load factor",
            "ρ·S / (2·(1 − ρ)): arrivals by chance, ρ the load of prefill, S the time of a prompt (Pollaczek and Khinchine)",
        ),
        (
            "ttft_p99_s",
            show(result_.ttft_p99),
            "time to the first token that 99 of 100 requests keep",
            "TTFT + S / (2·(1 − ρ)) · ln(100·ρ): those that wait do so with an exponential tail",
        ),
        (
            "tpot_p99_s",
            show(result_.tpot_p99),
            "time per output token that 99 of 100 requests keep",
            "TPOT · (1 + 2.326·√((prompts' part)² / batch + variance of accepted drafts / tokens))",
        ),
        (
            "kv.sequences",
            result_.cache.map_or_else(String::new, |memory| group(&memory.sequences.to_string())),
            "sequences of full length that the memory of a replica holds",
            "(memory share · memory − weights − activations − runtime reserve) / cache of a sequence in whole blocks",
        ),
    ]
}

pub(super) fn entries(w: &mut Writer<'_>) {
    for (place, result_) in w.plan.serving.clone().iter().enumerate() {
        let p = result_.parallelism;
        let inputs = vec![
            ["model".into(), result_.model.clone(), "catalog".into()],
            ["system".into(), result_.system.clone(), "catalog".into()],
            ["layout".into(), format!("tp {} pp {} ep {} dp {}", p.tp, p.pp, p.ep, p.dp), "search".into()],
            ["batch of a replica".into(), result_.batch.to_string(), "search".into()],
            ["TTFT".into(), show(result_.ttft), "model".into()],
            ["TPOT".into(), show(result_.tpot), "model".into()],
            ["waits for".into(), result_.bound_by.clone(), "model".into()],
            ["accelerators".into(), group(&result_.accelerators.to_string()), "result".into()],
        ];
        w.entry(
            &format!("throughput.serving.{place}.output_tokens_per_s"),
            show(result_.output_tokens_per_s),
            "output tokens per second of the fleet at the mean load, availability included",
            "tokens/s of an accelerator × accelerators in whole replicas × availability × load factor; the design point is the best under the latency promise",
            inputs.clone(),
        );
        let parts: [(&str, String, &str, &str); 5] = [
            (
                "ttft_s",
                show(result_.ttft),
                "time to the first token of a request that finds a free slot",
                "chunks of the prompt, stage by stage, each a mixed step; with a prefill pool its time, the hand-over of the cache and one step",
            ),
            (
                "tpot_s",
                show(result_.tpot),
                "mean time per output token",
                "Σ rows of the step: repeats · (max(FLOP/rate, bytes/bandwidth) + launch)",
            ),
            (
                "tokens_per_s_per_accelerator",
                show(result_.tokens_per_s_per_accelerator),
                "output rate of an accelerator at full load, all pools counted",
                "batch / (TPOT × accelerators of a replica), less the prefill pool's part",
            ),
            (
                "j_per_token",
                show(result_.energy_per_token),
                "facility energy of an output token",
                "facility mean power of these accelerators / output tokens/s",
            ),
            (
                "usd_per_mtok_output",
                show(result_.cost_per_token),
                "what a million output tokens cost",
                "these accelerators' part of capital and operation / output tokens/s",
            ),
        ];
        for (name, value, meaning, formula) in parts.into_iter().chain(under_load(result_)) {
            w.entry(&format!("throughput.serving.{place}.{name}"), value, meaning, formula, inputs.clone());
        }
        if let Some(band) = &result_.error_band {
            band_entry(w, place, band);
        }
    }
    training_entries(w);
}

/// How each run came to be.
fn training_entries(w: &mut Writer<'_>) {
    for (place, run) in w.plan.training.clone().iter().enumerate() {
        let mut inputs = vec![
            ["step".into(), show(run.step_time), "model".into()],
            ["MFU".into(), show(run.mfu), "model".into()],
            ["goodput".into(), show(run.goodput), "failure rates".into()],
            ["accelerators".into(), group(&run.accelerators.to_string()), "result".into()],
        ];
        if let Some(told) = &run.run {
            let lost = lost_parts(told).map(|(name, share, ..)| {
                result(&format!("throughput.training.{place}.lost_to.{name}"), show(share))
            });
            inputs.extend(lost);
        }
        w.entry(
            &format!("throughput.training.{place}.tokens_per_s"),
            show(run.tokens_per_s),
            "tokens per second of a run while it steps",
            "global batch / step time; the layout is the fastest legal one that fits into memory",
            inputs.clone(),
        );
        let parts: [(&str, String, &str, &str); 3] = [
            (
                "step_time_s",
                show(run.step_time),
                "time of one optimiser step",
                "compute + exposed messages + pipeline bubble + gradients + optimiser, slowest rank awaited",
            ),
            (
                "mfu",
                show(run.mfu),
                "model FLOP/s over dense peak of the format",
                "FLOP of the model per token × tokens/s / (accelerators × peak)",
            ),
            (
                "goodput",
                show(run.goodput),
                "useful part of the wall clock",
                "(1 − w)·(1 − s)·τ / (M·e^(R/M)·(e^((τ+δ)/M) − 1)): Daly 2006; waiting w by Erlang's loss formula",
            ),
        ];
        for (name, value, meaning, formula) in parts {
            w.entry(&format!("throughput.training.{place}.{name}"), value, meaning, formula, inputs.clone());
        }
        if let Some(told) = &run.run {
            run_entries(w, place, run, told);
        }
    }
}

/// What failures do to a run, and what the run takes.
fn run_entries(w: &mut Writer<'_>, place: usize, run: &Training, told: &RunFailures) {
    let key = |name: &str| format!("throughput.training.{place}.{name}");
    // Runs stand system by system, each with every entry of the scenario.
    let entries = w.plan.scenario.fields["training"].as_array().map_or(1, Vec::len).max(1);
    let entry = place % entries;
    let system = run.system.split(':').next().unwrap_or_default();
    let mut known = w.taken(&format!("systems.{system}.reliability"));
    known.push(result(&key("accelerators"), group(&run.accelerators.to_string())));
    let mtbf = result(&key("mtbf_s"), show(told.between_failures));
    w.entry(
        &key("mtbf_s"),
        show(told.between_failures),
        "mean time between interruptions of the run",
        "M = 1/(λ·N), λ of the system, N accelerators",
        known.clone(),
    );
    w.entry(
        &key("failures_per_day"),
        digits(86_400.0 / told.between_failures.0),
        "interruptions of the run in a day",
        "86,400 s / M",
        vec![mtbf.clone()],
    );
    let said = |fields: &[&str]| -> Vec<[String; 3]> {
        fields.iter().map(|field| w.said(&format!("training.{entry}.{field}"))).collect()
    };
    let mut inputs = said(&["checkpoint", "checkpoint_interval", "checkpoint_stall", "storage"]);
    inputs.push(mtbf);
    inputs.push(result(&key("checkpoint_bytes"), show(told.checkpoint)));
    let interval = inputs.clone();
    inputs.extend(said(&["detection", "restart", "silent_detection", "spares", "swap", "without_spares"]));
    inputs.extend(known);
    w.entry(
        &key("checkpoint_interval_s"),
        show(told.checkpoint_interval),
        "useful time between checkpoints",
        "as set, else (1 − τ/M)·exp((τ + δ)/M) = 1, which Young's √(2δM) approaches; no shorter than it takes to write",
        interval,
    );
    for (name, share, meaning, formula) in lost_parts(told) {
        w.entry(&key(&format!("lost_to.{name}")), show(share), meaning, formula, inputs.clone());
    }
    run_bill(w, &key, entry, run, told);
}

/// Each part of the lost time: name, share, meaning, formula.
fn lost_parts(told: &RunFailures) -> [(&'static str, Share, &'static str, &'static str); 5] {
    [
        (
            "checkpoints",
            told.lost_to_checkpoints,
            "standing still while checkpoints are taken",
            "(1 − w)·δ/E, E = M·e^(R/M)·(e^((τ+δ)/M) − 1) the mean time of an interval",
        ),
        (
            "rework",
            told.lost_to_rework,
            "steps done again",
            "(1 − w)·(M·(e^((τ+δ)/M) − 1) − τ − δ + what was not yet written or spoilt)/E",
        ),
        (
            "restarts",
            told.lost_to_restarts,
            "detection and restart",
            "(1 − w)·M·(e^((τ+δ)/M) − 1)·(e^(R/M) − 1)/E, rework of stale state aside",
        ),
        (
            "waiting",
            told.lost_to_waiting,
            "waiting for repairs with no spare left",
            "w = 1 − (1 − B(s + 1, a))^g, Erlang's B, a = broken units under repair of a group",
        ),
        ("slow_nodes", told.lost_to_slow_nodes, "nodes slower than their kind", "as set, of what is left"),
    ]
}

/// Time, energy and dollars of a run.
fn run_bill(
    w: &mut Writer<'_>,
    key: &impl Fn(&str) -> String,
    entry: usize,
    run: &Training,
    told: &RunFailures,
) {
    let time = result(&key("run_time_s"), show(run.run_time));
    let tokens = w.said(&format!("training.{entry}.tokens"));
    w.entry(
        &key("run_time_s"),
        show(run.run_time),
        "time of the run",
        "tokens / (tokens/s × goodput); P5, P50 and P95 from 200 simulated runs over the range of λ",
        vec![
            tokens,
            result(&key("tokens_per_s"), show(run.tokens_per_s)),
            result(&key("goodput"), show(run.goodput)),
            result("P5, P50, P95", told.run_time.map(show).join(", ")),
        ],
    );
    let held = result("accelerators and spares", group(&(run.accelerators + told.spares).to_string()));
    let pue = result("power.pue_annual", show(w.plan.power.pue_annual));
    w.entry(
        &key("run_energy_j"),
        show(told.energy),
        "facility energy of the run's accelerators and spares",
        "(N + spares) × IT power of an accelerator × mean over provisioned power × PUE × time",
        vec![held.clone(), pue, time.clone()],
    );
    let yearly = result("economics.total_per_year", show(w.plan.economics.total_per_year));
    w.entry(
        &key("run_usd"),
        show(told.cost),
        "cost of the run's accelerators and spares over its time",
        "(N + spares) × capital and operation of a year / accelerators × time / a year",
        vec![held, yearly, time],
    );
}
