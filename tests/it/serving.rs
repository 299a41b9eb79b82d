//! Serving as a scenario asks for it: speculation, memory, promises and modes reach every report, and more of what
//! helps never serves less.

use crate::cli::gigawatt;
use crate::planned::with;
use gigawatt::plan::Plan;
use gigawatt::plan::result::Serving;
use gigawatt::scenario::Flags;
use proptest::prelude::*;
use serde_json::Value;

/// What a pair of sums in another order may differ by.
const ROUNDING: f64 = 1e-9;

fn asked(model: &str, system: &str, settings: &[String]) -> Plan {
    let flags = Flags {
        model: Some(model.into()),
        system: Some(system.into()),
        set: settings.iter().map(|setting| format!("serving.0.{setting}")).collect(),
        ..Flags::default()
    };
    with(&flags).unwrap_or_else(|error| panic!("{flags:?}: {error}"))
}

fn served(model: &str, system: &str, settings: &[&str]) -> Serving {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    asked(model, system, &settings).serving[0].clone()
}

fn json(arguments: &[&str]) -> Value {
    let output = gigawatt(arguments).output().expect("the binary runs");
    assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn a_sweep_searches_the_depth_of_speculation() {
    let sweep = json(&["sweep", "--quiet", "--format", "json", "--set", "serving.0.drafted=3"]);
    let depths: Vec<u64> = sweep["frontier"]
        .as_array()
        .expect("a frontier")
        .iter()
        .filter(|point| point["model"] == "deepseek-r1")
        .map(|point| point["speculation"]["drafted"].as_u64().expect("a depth"))
        .collect();
    assert!(depths.iter().all(|depth| *depth <= 3), "{depths:?}");
    // A lone user gains from the deepest draft; a full machine has no arithmetic to spare for it.
    assert_eq!(depths.iter().max(), Some(&3));
    assert!(depths.first() < depths.iter().max(), "{depths:?}");
    let plan = json(&["plan", "--quiet", "--format", "json", "--set", "serving.0.drafted=3"]);
    let speculation = &plan["throughput"]["serving"][0]["speculation"];
    // 1.75 for one drafted token at 0.75, 2.3125 for two, 2.734 for three.
    let won = [1.0, 1.75, 2.312_5, 2.734_375][speculation["drafted"].as_u64().unwrap() as usize];
    assert!((speculation["tokens_per_step"].as_f64().unwrap() - won).abs() < 1e-9, "{speculation}");
    assert_eq!(speculation["acceptance"], 0.75);
}

#[test]
fn memory_adds_up_and_its_settings_are_used() {
    let work = served("llama-3.1-70b", "hgx-h200", &[]);
    let memory = work.cache.expect("it is served");
    let parts = memory.weights.0 + memory.activations.0 + memory.reserve.0 + memory.cache.0;
    assert!((parts / memory.available.0 - 1.0).abs() < ROUNDING);
    assert_eq!(memory.tokens, memory.blocks * 16);
    assert!(work.batch <= memory.sequences);
    let settings = ["memory_share=0.8", "runtime_reserve=\"5 GB\"", "step_tokens=16384", "block_tokens=64"];
    let changed = served("llama-3.1-70b", "hgx-h200", &settings).cache.expect("it is served");
    assert!((changed.available.0 / memory.available.0 - 0.8 / 0.92).abs() < ROUNDING);
    assert!((changed.reserve.0 - 5e9).abs() < 1.0 && changed.block_tokens == 64);
    assert!(changed.activations > memory.activations);
}

#[test]
fn every_mode_and_promise_has_its_words_and_its_times() {
    for mode in ["aggregated", "disaggregated", "static"] {
        let work = served("llama-3.1-70b", "hgx-h200", &[&format!("mode={mode}")]);
        assert_eq!(work.mode, mode, "{:?}", work.shortfall);
        assert!(work.ttft_p99 >= work.ttft + work.wait && work.tpot_p99 >= work.tpot, "{work:?}");
        assert_eq!(work.prefill_per_decode > 0.0, mode == "disaggregated");
        assert_eq!(work.hand_over.0 > 0.0, mode == "disaggregated");
    }
    let tight = ["promise=p99", "ttft=\"0.5 s\"", "mode=aggregated"];
    let work = served("llama-3.1-70b", "hgx-h200", &tight);
    assert!(work.ttft_p99.0 <= 0.5 && work.tpot_p99.0 <= 0.05, "{work:?}");
}

#[test]
fn a_longer_queue_waits_longer() {
    let mut last = -1.0;
    for load in [0.05, 0.3, 0.6, 0.9] {
        let settings = [format!("load_factor={load}"), "mode=disaggregated".into()];
        let work = &asked("llama-3.1-70b", "hgx-h200", &settings).serving[0];
        assert!(work.wait.0 > last, "{load}: {}", work.wait);
        last = work.wait.0;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_of_what_helps_never_serves_less(
        model in proptest::sample::select(vec!["llama-3.1-70b", "deepseek-r1", "gpt-oss-120b", "qwen3-32b"]),
        system in proptest::sample::select(vec!["hgx-h200", "hgx-b200", "gb200-nvl72", "mi355x"]),
        input in 64_u32..30_000,
        output in 64_u32..4_000,
        shallow in 1_u32..4,
        deeper in 1_u32..4,
        acceptance in 0.0_f64..1.0,
    ) {
        let rate = |more: &[String]| {
            let mut settings =
                vec![format!("isl={input}"), format!("osl={output}"), format!("acceptance={acceptance}")];
            settings.extend(more.iter().cloned());
            asked(model, system, &settings).serving[0].tokens_per_s_per_accelerator.0
        };
        let at_least = |more: f64, less: f64| more >= less * (1.0 - 1e-6);
        let usual = rate(&[]);
        prop_assert!(at_least(usual, rate(&["runtime_reserve=\"12 GB\"".into()])));
        prop_assert!(at_least(usual, rate(&["memory_share=0.7".into()])));
        prop_assert!(at_least(usual, rate(&["promise=p99".into()])));
        prop_assert!(at_least(usual, rate(&["mode=aggregated".into()])));
        let drafted = |depth: u32| rate(&[format!("drafted={depth}")]);
        prop_assert!(at_least(drafted(shallow + deeper), drafted(shallow)));
    }
}
