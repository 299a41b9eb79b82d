//! Reports: each example in each format; keys, width, bytes.

use crate::cli::{run, stderr};
use crate::planned::{examples, root};
use crate::snapshot;
use gigawatt::report::{Format, Look, render};
use serde_json::Value;
use std::collections::BTreeSet;

/// The keys of each part of a plan, in the order of the interface; more may be added, none may go.
const PLAN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "schema",
            "scenario",
            "power",
            "fleet",
            "layout",
            "fabric",
            "throughput",
            "economics",
            "uncertainty",
            "verdicts",
            "assumptions",
        ],
    ),
    (
        "/scenario",
        &["origins", "envelope", "site", "electrical", "cooling", "provisioning", "systems", "serving"],
    ),
    (
        "/power",
        &[
            "envelope_w",
            "measured_at",
            "facility_peak_w",
            "facility_mean_w",
            "it_provisioned_w",
            "it_mean_w",
            "pue_peak",
            "pue_annual",
            "wue_l_per_kwh",
            "stranded_w",
            "annual_energy_j",
            "stages",
        ],
    ),
    ("/power/stages/0", &["name", "input_w", "output_w", "loss_w", "efficiency"]),
    ("/fleet", &["accelerators", "cpus", "scalable_units", "spares", "systems", "racks"]),
    ("/fleet/systems/0", &["id", "accelerators", "racks", "rack_heat_w", "rack_peak_w", "rack_feed_w"]),
    ("/fleet/racks", &["compute", "network", "storage", "management", "power", "cdu", "total"]),
    ("/layout", &["buildings", "halls", "rows", "racks_per_row", "hall_m", "area_m2", "cables"]),
    ("/layout/cables/0", &["kind", "medium", "rate_bytes_per_s", "count", "length_total_m", "length_max_m"]),
    ("/fabric", &["scale_up", "scale_out"]),
    ("/fabric/scale_up", &["domain_accelerators", "bytes_per_s_per_accelerator", "direction"]),
    (
        "/fabric/scale_out",
        &[
            "topology",
            "tiers",
            "planes",
            "oversubscription",
            "switches",
            "links",
            "transceivers",
            "power_w",
            "injection_bytes_per_s_per_accelerator",
            "bisection_bytes_per_s",
        ],
    ),
    ("/fabric/scale_out/switches", &["leaf", "spine", "core"]),
    ("/fabric/scale_out/links", &["host_leaf", "leaf_spine", "spine_core"]),
    ("/throughput", &["serving", "training"]),
    (
        "/throughput/serving/0",
        &[
            "model",
            "system",
            "precision",
            "parallelism",
            "mode",
            "isl",
            "osl",
            "batch",
            "ttft_s",
            "tpot_s",
            "tokens_per_s_per_user",
            "tokens_per_s_per_accelerator",
            "output_tokens_per_s",
            "input_tokens_per_s",
            "j_per_token",
            "bound_by",
            "error_band",
        ],
    ),
    ("/throughput/serving/0/error_band", &["kind", "inherited", "rows", "median_ape", "low", "high"]),
    ("/throughput/serving/0/parallelism", &["tp", "pp", "ep", "dp"]),
    (
        "/throughput/training/0",
        &["model", "system", "precision", "parallelism", "tokens_per_s", "mfu", "goodput", "step_time_s"],
    ),
    (
        "/economics",
        &[
            "capex_usd",
            "opex_usd_per_year",
            "tco_usd_per_accelerator_hour",
            "usd_per_mtok_output",
            "capex_usd_per_w",
            "parts",
        ],
    ),
    ("/economics/parts/0", &["name", "usd"]),
    ("/verdicts/0", &["constraint", "need", "limit", "short_by", "unit", "binds"]),
    ("/assumptions/0", &["field", "value", "source", "confidence"]),
];

/// Counts have no unit and are integers.
const COUNTS: &[&str] = &[
    "accelerators",
    "cpus",
    "scalable_units",
    "spares",
    "racks",
    "buildings",
    "halls",
    "rows",
    "racks_per_row",
    "count",
    "tiers",
    "planes",
    "transceivers",
    "isl",
    "osl",
    "batch",
    "tp",
    "pp",
    "ep",
    "dp",
    "total",
];

fn json(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

#[track_caller]
fn has_keys(value: &Value, at: &str, keys: &[&str]) {
    let part = value.pointer(at).unwrap_or_else(|| panic!("there is no {at}"));
    let found: BTreeSet<&str> =
        part.as_object().unwrap_or_else(|| panic!("{at} is no object")).keys().map(String::as_str).collect();
    for key in keys {
        assert!(found.contains(key), "{at} lacks `{key}`");
    }
}

fn each_field(value: &Value, name: &str, see: &mut dyn FnMut(&str, &Value)) {
    see(name, value);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| each_field(value, key, see)),
        Value::Array(items) => items.iter().for_each(|item| each_field(item, name, see)),
        _ => {}
    }
}

fn all_paths(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| all_paths(value, &format!("{path}.{key}"), into));
        }
        Value::Array(items) => items.iter().for_each(|item| all_paths(item, &format!("{path}[]"), into)),
        _ => {
            into.insert(path.to_owned());
        }
    }
}

#[test]
fn a_plan_has_the_keys_of_the_interface() {
    let plan = json(&["plan", "--format", "json"]);
    assert_eq!(plan["schema"], "gigawatt.plan/1");
    for (at, keys) in PLAN {
        has_keys(&plan, at, keys);
    }
    each_field(&plan["uncertainty"], "", &mut |_, value| {
        if value.get("p50").is_some() {
            has_keys(value, "", &["p5", "p50", "p95"]);
        }
    });
    for part in ["fleet", "layout", "fabric", "throughput"] {
        each_field(&plan[part], part, &mut |name, value| {
            if COUNTS.contains(&name) && value.is_number() {
                assert!(value.is_u64(), "{part}: the count `{name}` is {value}");
            }
        });
    }
}

#[test]
fn a_key_of_a_plan_that_comes_or_goes_is_seen() {
    let mut paths = BTreeSet::new();
    let mut plan = json(&["plan", "--format", "json"]);
    // Origins have a key for each field of the scenario, ranges one for each result: data, not shape.
    plan["scenario"].take();
    all_paths(&plan, "", &mut paths);
    snapshot::matches("plan-keys.txt", &paths.into_iter().map(|path| path + "\n").collect::<String>());
}

#[test]
fn a_comparison_is_a_list_of_plans() {
    let comparison = json(&["compare", "gb300-nvl72", "hgx-h100", "--format", "json"]);
    assert_eq!(comparison["schema"], "gigawatt.compare/1");
    let plans = comparison["plans"].as_array().expect("a list");
    assert_eq!(plans.len(), 2);
    for plan in plans {
        for (at, keys) in PLAN {
            has_keys(plan, at, keys);
        }
    }
    assert_eq!(
        plans[1],
        json(&["plan", "--system", "hgx-h100", "--format", "json"]),
        "compare and plan disagree"
    );
}

#[test]
fn a_sweep_has_the_keys_of_the_interface() {
    let sweep = json(&["sweep", "--backend", "cpu", "--format", "json", "--quiet"]);
    assert_eq!(sweep["schema"], "gigawatt.sweep/1");
    has_keys(&sweep, "", &["schema", "evaluated", "feasible", "seconds", "backend", "frontier", "best"]);
    has_keys(
        &sweep,
        "/frontier/0",
        &[
            "model",
            "system",
            "precision",
            "parallelism",
            "mode",
            "batch",
            "ttft_s",
            "tpot_s",
            "tokens_per_s_per_user",
            "tokens_per_s_per_accelerator",
        ],
    );
    assert!(sweep["evaluated"].is_u64() && sweep["feasible"].is_u64());
    let curve = ["model", "system", "precision", "sequence", "global_batch_tokens", "evaluated", "feasible"];
    has_keys(&sweep, "/training/0", &curve);
    has_keys(&sweep, "/training/0/points/0", &["accelerators", "on_frontier", "best", "runner_up"]);
    has_keys(
        &sweep,
        "/training/0/points/0/best",
        &[
            "parallelism",
            "step_time_s",
            "tokens_per_s",
            "tokens_per_s_per_accelerator",
            "mfu",
            "memory_bytes",
        ],
    );
}

// The run of a plan and the last point of the sweep's curve are one search.
#[test]
fn the_curve_of_a_sweep_ends_at_the_run_of_the_plan() {
    let sweep = json(&["sweep", "--backend", "cpu", "--format", "json", "--quiet"]);
    let plan = json(&["plan", "--format", "json", "--quiet"]);
    let run = &plan["throughput"]["training"][0];
    let points = sweep["training"][0]["points"].as_array().expect("a list");
    assert!(points.len() > 8);
    let (first, last) = (&points[0], &points[points.len() - 1]);
    for key in ["step_time_s", "tokens_per_s", "mfu"] {
        let (swept, planned) = (last["best"][key].as_f64().unwrap(), run[key].as_f64().unwrap());
        assert!((swept / planned - 1.0).abs() < 1e-9, "{key}: {swept} against {planned}");
    }
    assert_eq!(last["best"]["parallelism"]["tp"], run["parallelism"]["tp"]);
    assert!(last["runner_up"]["step_time_s"].as_f64() >= last["best"]["step_time_s"].as_f64());
    let rate = |point: &Value| point["best"]["tokens_per_s_per_accelerator"].as_f64().unwrap();
    assert!(rate(first) > rate(last));
}

#[test]
fn a_validation_has_the_keys_of_the_interface() {
    let validation = json(&["validate", "--format", "json", "--quiet"]);
    assert_eq!(validation["schema"], "gigawatt.validate/1");
    let tables = validation["tables"].as_array().expect("a list");
    let names: Vec<_> = tables.iter().filter_map(|table| table["table"].as_str()).collect();
    assert_eq!(
        names,
        ["inference", "points", "training", "collectives", "sites", "fabrics", "goodput", "facility"]
    );
    for table in tables {
        has_keys(
            table,
            "",
            &[
                "table",
                "rows",
                "predicted",
                "not_expressible",
                "median_ape",
                "mean_ape",
                "p90_ape",
                "bias",
                "by",
                "worst",
            ],
        );
        has_keys(table, "/by", &["system", "model", "source"]);
        let count = |key: &str| table[key].as_u64().unwrap_or_default();
        let apart = table["apart"].as_array().map_or(0, Vec::len) as u64;
        assert!(count("predicted") + count("not_expressible") <= count("rows"), "{}", table["table"]);
        assert!(
            count("predicted") + count("not_expressible") + apart >= count("rows"),
            "{} drops rows",
            table["table"]
        );
    }
}

#[test]
fn each_example_draws_in_each_format_and_the_same_bytes_twice() {
    for path in examples() {
        let file = path.to_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for format in ["terminal", "markdown", "json", "csv"] {
            let arguments = ["plan", file, "--format", format];
            let (once, twice) = (run(&arguments), run(&arguments));
            assert_eq!(once.status.code(), Some(0), "{file}: {}", stderr(&once));
            assert!(once.stderr.is_empty(), "{file} as {format}: {}", stderr(&once));
            assert!(once.stdout == twice.stdout, "{file} as {format} differs from run to run");
            let text = String::from_utf8(once.stdout).expect("text");
            let full = text.len() > 1_000 && text.ends_with('\n');
            assert!(full, "{file} as {format} has {} bytes", text.len());
            match format {
                "terminal" => legible(&text, file),
                "markdown" => assert!(text.starts_with("# ") && text.contains("| :--"), "{file}"),
                "json" => assert!(serde_json::from_str::<Value>(&text).is_ok(), "{file}"),
                _ => rectangular(&text, file),
            }
        }
        let page = folder.path().join("plan.html");
        assert_eq!(run(&["plan", file, "--output", page.to_str().unwrap()]).status.code(), Some(0));
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{file}");
        assert!(!page.contains("src=\"http") && !page.contains("<script"), "{file} needs another file");
    }
}

/// A report in a pipe: no colour, no tabs, no more than 100 columns, no number that is none.
#[track_caller]
fn legible(text: &str, what: &str) {
    for (place, line) in text.lines().enumerate() {
        let width = line.chars().count();
        // A link is never broken: it has to stay one that can be followed.
        let link = line.contains("<http");
        assert!(width <= 100 || link, "{what}:{}: {width} columns: {line}", place + 1);
        assert!(!line.contains(['\u{1b}', '\t', '\r']), "{what}:{}: {line:?}", place + 1);
        assert_eq!(line, line.trim_end(), "{what}:{}: blanks at the end", place + 1);
    }
    for word in ["NaN", "inf ", "Some(", "None", "-0 "] {
        assert!(!text.contains(word), "{what} says {word}");
    }
}

#[track_caller]
fn rectangular(text: &str, what: &str) {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let widths: BTreeSet<usize> = rows.records().map(|row| row.expect(what).len()).collect();
    assert_eq!(widths.len(), 1, "{what}");
}

#[test]
fn every_command_is_legible_in_a_pipe() {
    for arguments in [
        &["compare", "gb200-nvl72", "vr-nvl72:max-q", "hgx-h100", "tpu-v7"][..],
        &["catalog", "list"],
        &["catalog", "list", "systems"],
        &["explain", "fleet.accelerators"],
        &["explain", "power.pue_annual"],
        &["scenario", "list"],
        &["validate", "--quiet"],
    ] {
        let output = run(arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {}", stderr(&output));
        legible(&String::from_utf8(output.stdout).expect("text"), &format!("{arguments:?}"));
    }
}

#[test]
fn every_serving_result_says_how_far_off_its_kind_was() {
    let all = json(&["compare", "hgx-h100", "vr-nvl72:max-p", "--model", "deepseek-r1", "--format", "json"]);
    let band = |place: usize| all["plans"][place]["throughput"]["serving"][0]["error_band"].clone();
    let (measured, inherited) = (band(0), band(1));
    assert_eq!((&measured["inherited"], &inherited["inherited"]), (&Value::Bool(false), &Value::Bool(true)));
    assert!(measured["kind"].as_str().is_some_and(|kind| kind.contains("on hopper")), "{measured}");
    assert!(inherited["kind"].as_str().is_some_and(|kind| kind.contains("measured rows on rubin")));
    let wide = |band: &Value| band["high"].as_f64().unwrap() - band["low"].as_f64().unwrap();
    assert!(wide(&inherited) >= wide(&measured) && wide(&measured) > 0.0);
    let sweep = json(&["sweep", "--backend", "cpu", "--format", "json", "--quiet"]);
    assert!(sweep["frontier"][0]["error_band"]["rows"].as_u64().is_some_and(|rows| rows >= 20));
    let page = run(&["plan", "--format", "markdown"]);
    let text = String::from_utf8(page.stdout).expect("text");
    assert!(
        text.contains("error band") && text.contains(" … +") && text.contains("Error band: measured over")
    );
}

#[test]
fn narrow_and_wide_terminals_are_kept_to() {
    let text =
        std::fs::read_to_string(root().join("examples/scenarios/mixed-serving-training.toml")).unwrap();
    let plan = crate::planned::of(Some(&text), &gigawatt::scenario::Flags::default()).unwrap();
    for width in [80, 100, 140] {
        let report = render(&plan, Format::Terminal, Look { width, color: false });
        for line in report.lines().filter(|line| !line.contains("http")) {
            assert!(line.chars().count() <= width, "{} columns of {width}: {line}", line.chars().count());
        }
    }
}

/// A sweep without what may differ between runs.
fn timeless(mut sweep: Value) -> Value {
    for key in ["seconds", "backend"] {
        sweep[key].take();
    }
    sweep
}

#[test]
fn shards_of_a_sweep_join_to_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let whole = json(&["sweep", "--backend", "cpu", "--format", "json", "--quiet"]);
    let parts = ["1/3", "2/3", "3/3"].map(|shard| {
        let path = folder.path().join(format!("{}.json", &shard[..1]));
        let file = path.to_str().unwrap().to_owned();
        run(&["sweep", "--backend", "cpu", "--quiet", "--shard", shard, "--output", &file]);
        file
    });
    let merged = json(&["sweep", "merge", &parts[0], &parts[1], &parts[2], "--format", "json"]);
    assert_eq!(merged["training"], whole["training"]);
    assert_eq!(timeless(merged)["frontier"], timeless(whole)["frontier"]);
}

#[test]
#[ignore = "needs a Vulkan adapter; tests/run installs one"]
fn the_sweep_is_the_same_bytes_with_and_without_a_device() {
    use gigawatt::engine::{Backend, Engine};
    use gigawatt::search::{Axes, DesignPoint, Pools};
    // Software Vulkan is no device on the command line, so the engine is asked here.
    let engine = Engine::new(Backend::Gpu).allow_software(true);
    let (device, backend) = crate::planned::frontier("hgx-h200", &Axes::coarse(Pools::Either), &engine);
    let (host, _) =
        crate::planned::frontier("hgx-h200", &Axes::coarse(Pools::Either), &Engine::new(Backend::Cpu));
    assert_eq!(backend, "gpu");
    let bytes = |points: &[DesignPoint]| format!("{points:#?}");
    assert!(!host.is_empty());
    assert_eq!(bytes(&device), bytes(&host));
}
