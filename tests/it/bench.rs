//! `gigawatt bench` as a user meets it, and every microbenchmark on a device.

use crate::cli::{run, stderr};
use serde_json::Value;
use std::collections::BTreeSet;

fn names<'a>(bench: &'a Value, group: &str, path: &str) -> BTreeSet<&'a str> {
    let readings = bench["readings"].as_array().expect("a list").iter();
    readings
        .filter(|reading| reading["group"] == group && reading["path"] == path)
        .map(|reading| reading["name"].as_str().expect("a word"))
        .collect()
}

const PATTERNS: &[&str] = &[
    "attention decode",
    "launch",
    "matrix–vector",
    "product f32",
    "reduction",
    "stream add",
    "stream copy",
    "stream scale",
    "stream triad",
];

#[test]
fn a_run_measures_and_checks_all_and_compares_with_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let first = run(&["bench", "--quick", "--backend", "cpu", "--quiet", "--output", &file("a.json")]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(first.stderr.is_empty() && first.stdout.is_empty());
    let text = std::fs::read_to_string(file("a.json")).unwrap();
    let bench: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(bench["schema"], "gigawatt.bench/1");
    assert_eq!(bench["right"], true);
    assert!(bench["device"].is_null());
    let patterns = names(&bench, "microbenchmark", "cpu");
    assert!(PATTERNS.iter().all(|name| patterns.contains(name)), "{patterns:?}");
    for kernel in ["serving_sweep", "training_sweep", "facility_year"] {
        for path in ["scalar", "simd", "1 thread", "cpu"] {
            assert!(names(&bench, "kernel", path).contains(kernel), "{kernel} on {path}");
        }
        assert!(names(&bench, "roof", "simd").contains(kernel), "{kernel}");
    }
    assert_eq!(names(&bench, "command", "cpu").len(), 2);
    for reading in bench["readings"].as_array().unwrap() {
        let of = |key: &str| reading[key].as_f64().unwrap();
        assert!(of("least_s") > 0.0 && of("low_s") <= of("median_s") && of("median_s") <= of("high_s"));
    }

    // The same run twice over: every reading has its counterpart, and none differs from itself.
    let again =
        ["bench", "--quick", "--backend", "cpu", "--quiet", "--format", "json", "--against", &file("a.json")];
    let again = run(&again);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    let compared = again["against"]["readings"].as_array().unwrap();
    assert_eq!(compared.len(), bench["readings"].as_array().unwrap().len());
    for one in compared {
        let p = one["p"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&p) && one["speed_ratio"].as_f64().unwrap() > 0.0, "{one}");
    }
}

/// Bad input: refused with exit code 2 and a reason, before anything is measured.
#[track_caller]
fn refused(arguments: &[&str], part: &str) {
    let output = run(&[&["bench", "--quick"], arguments].concat());
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(text.contains(part), "{arguments:?}: no `{part}` in:\n{text}");
}

#[test]
fn bad_input_is_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    std::fs::write(&file, "{\n  \"schema\": \"gigawatt.plan/1\",\n  \"readings\": []\n}").unwrap();
    let file = file.to_str().unwrap();
    refused(&["--profile", "h100-sxn"], "h100-sxm");
    refused(&["--save", "profile.json"], ".toml");
    refused(&["--save", "no-such-folder/mine.toml"], "folder");
    refused(&["--against", file], "gigawatt.bench/1");
    refused(&["--against", "none.json"], "none.json");
    refused(&["--threads", "0"], "1..");
}

#[test]
#[ignore = "needs a Vulkan adapter; tests/run installs one"]
fn a_saved_profile_is_planned_compared_and_validated_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mine = file("my-gpu.toml");
    let bench =
        run(&["bench", "--quick", "--quiet", "--save", &mine, "--format", "json", "--profile", "l40s"]);
    assert_eq!(bench.status.code(), Some(0), "{}", stderr(&bench));
    let bench: Value = serde_json::from_slice(&bench.stdout).expect("JSON");
    assert_eq!(bench["profile"]["claims"].as_array().map(Vec::len), Some(2));
    let patterns = names(&bench, "microbenchmark", "gpu");
    assert!(PATTERNS.iter().all(|name| patterns.contains(name)), "{patterns:?}");
    let kernels = names(&bench, "kernel", "gpu");
    for kernel in ["serving_sweep", "training_sweep", "facility_year"] {
        assert!(kernels.contains(kernel), "{kernel} in {kernels:?}");
    }

    let checked = run(&["catalog", "check", &mine]);
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    let plan = run(&["plan", "--system", &mine, "--power", "5 MW", "--format", "json"]);
    assert!(matches!(plan.status.code(), Some(0 | 1)), "{}", stderr(&plan));
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    assert!(plan["fleet"]["accelerators"].as_u64() > Some(0));
    let said = |field: &str| {
        let all = plan["assumptions"].as_array().unwrap();
        let found = all.iter().find(|one| one["field"].as_str().is_some_and(|name| name.ends_with(field)));
        found.unwrap_or_else(|| panic!("no {field}")).clone()
    };
    let bandwidth = said("my-gpu-accelerator.memory.bandwidth");
    assert_eq!(bandwidth["confidence"], "measured");
    assert!(bandwidth["range"].is_array() || bandwidth["range"].is_string(), "{bandwidth}");
    assert_eq!(said("my-gpu.rack.heat")["confidence"], "assumption");

    let compared = run(&["compare", &mine, "l40s", "--power", "5 MW", "--format", "json"]);
    assert!(matches!(compared.status.code(), Some(0 | 1)), "{}", stderr(&compared));

    let table = file("measured.csv");
    let rows = format!(
        "id,system_class,n_accelerators,model_card,metric_kind,tokens_per_s_per_gpu,precision_effective,isl,osl,concurrency\n\
         mine,{mine},1,llama-3.1-8b,output_tokens_per_s,1,fp16,128,128,1\n"
    );
    std::fs::write(&table, rows).unwrap();
    let validated = run(&["validate", "--inference", &table, "--format", "json", "--quiet"]);
    assert_eq!(validated.status.code(), Some(0), "{}", stderr(&validated));
    let validated: Value = serde_json::from_slice(&validated.stdout).expect("JSON");
    assert_eq!(validated["tables"][0]["predicted"], 1, "{validated:#}");
}

#[cfg(feature = "gpu")]
mod on_a_device {
    use gigawatt::bench::microbench::check;
    use gigawatt::engine::measure::{Device, Effort, twin};
    use gigawatt::kernel::microbench::Microbench;
    use gigawatt::kernel::microbench::attention::Attention;
    use gigawatt::kernel::microbench::launch::Launch;
    use gigawatt::kernel::microbench::matrix_vector::MatrixVector;
    use gigawatt::kernel::microbench::mix::{Lanes, Mix};
    use gigawatt::kernel::microbench::product::Product;
    use gigawatt::kernel::microbench::reduction::Reduction;
    use gigawatt::kernel::microbench::stream::Arrays;
    use gigawatt::kernel::tally::Operations;
    use std::time::Duration;

    #[track_caller]
    fn agrees(device: &Device, bench: &impl Microbench) {
        let effort = Effort { warm_up: 0, samples: 1, sample: Duration::ZERO };
        let timing = device.time(bench, effort).expect("the device runs it");
        let twin = twin(bench);
        let found = check(bench, &timing.results, &twin, 1);
        assert!(found.wrong == 0 && found.compared > 0, "{} {}: {found:?}", bench.name(), bench.shape());
        // A device that wrote nothing would leave zeros.
        assert!(twin.iter().any(|value| *value != 0.0), "{}", bench.name());
    }

    #[test]
    #[ignore = "needs a Vulkan adapter; tests/run installs one"]
    fn every_microbenchmark_computes_what_its_twin_does() {
        let device = Device::open(&gigawatt::engine::DeviceWish { allow_software: true, named: None })
            .expect("an adapter");
        for seed in 1..4 {
            for count in [1, 5_000, 70_000] {
                Arrays::new(seed, count).benches().iter().for_each(|bench| agrees(&device, bench));
            }
            for side in [64, 192] {
                agrees(&device, &Product::single(seed, side));
                if device.has_f16() {
                    agrees(&device, &Product::half(seed, side));
                }
            }
            for (rows, columns) in [(1, 1), (77, 1_000), (300, 256)] {
                agrees(&device, &MatrixVector::new(seed, rows, columns));
            }
            for (sequences, heads, context) in [(1, 1, 1), (3, 5, 320), (2, 8, 64)] {
                agrees(&device, &Attention::new(seed, sequences, heads, context));
            }
            agrees(&device, &Reduction::new(seed, 1 << 19));
        }
        agrees(&device, &Launch);
        let operations = Operations { plain: 30.0, divisions: 3.0, choices: 7.0, powers: 1.0 };
        for lanes in [Lanes::Few, Lanes::Many] {
            agrees(&device, &Mix::of(&operations, 1_000, 3, lanes));
        }
    }
}
