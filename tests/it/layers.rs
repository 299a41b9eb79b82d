//! Who may use whom: the table of layers, read from the `crate::` paths of `src/`.

use crate::planned::root;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const ZERO: &[&str] = &["scalar", "random", "units", "coefficients", "media"];
const FORMULAS: &[&str] = &["power", "cooling", "fleet", "layout", "fabric", "throughput", "economics"];
const KNOWN: &[&str] = &["catalog", "scenario"];

/// What a module may use; nothing said means everything.
fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let with = |sets: &[&[&'static str]]| Some(sets.concat());
    match module {
        "fleet" => with(&[ZERO, &["power"]]),
        "layout" => with(&[ZERO, &["fleet"]]),
        "throughput" => with(&[ZERO, &["fabric"]]),
        "scalar" | "random" | "units" | "coefficients" | "media" | "power" | "cooling" | "fabric"
        | "economics" | "catalog" => with(&[ZERO]),
        "scenario" => with(&[ZERO, &["catalog"]]),
        "plan" => with(&[ZERO, FORMULAS, KNOWN]),
        "kernel" => with(&[ZERO, FORMULAS]),
        "engine" => with(&[ZERO, &["kernel"]]),
        "search" | "uncertainty" => with(&[ZERO, FORMULAS, KNOWN, &["plan", "engine"]]),
        "validation" | "calibration" => {
            with(&[ZERO, FORMULAS, KNOWN, &["plan", "kernel", "engine", "search", "uncertainty"]])
        }
        "bench" => with(&[ZERO, FORMULAS, KNOWN, &["plan", "kernel", "engine", "validation"]]),
        "report" => with(&[
            &["units"],
            &["plan", "kernel", "engine", "search", "uncertainty"],
            &["validation", "calibration", "bench"],
        ]),
        "cli" | "main" | "lib" => None,
        other => panic!("no layer is known for `{other}`: add it to the table"),
    }
}

/// Uses outside the table: who, what, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("scenario", "power", "`MeasuredAt` as a word of the file turns into the one of the trade"),
    ("report", "layout", "drawings show the floor itself, rack by rack"),
    ("plan", "search", "the best point of a plan is the one that the sweep finds, so they cannot disagree"),
    ("plan", "engine", "the search runs on the CPU path of the engine; a plan never touches a device"),
    (
        "search",
        "kernel",
        "the engine's results are scores of a kernel, and the shortlist is a reduction of them",
    ),
    (
        "calibration",
        "validation",
        "serving engines are fitted to the rows that validation predicts, read by the same rules",
    ),
    ("report", "power", "a plan's result says where its envelope is measured in the type of the trade"),
    ("report", "scenario", "a plan's result holds the resolved scenario with its origins"),
    ("report", "throughput", "the result of a calibration is the fitted curve itself"),
    ("report", "catalog", "a plan's result says how far each value is to be trusted"),
];

/// Outside crates and the only places that may name them.
const DOORS: &[(&str, &[&str], &str)] = &[
    ("wgpu", &["engine/gpu"], ""),
    ("pollster", &["engine/gpu"], ""),
    ("pulp", &["engine/cpu"], ""),
    (
        "rayon",
        &["engine/cpu", "validation.rs", "plan.rs", "plan/equipment.rs", "layout/cables", "search/sites.rs"],
        "rows of measured tables are plans, and parts of a plan wait for none of the others: neither are points of a kernel",
    ),
    ("clap", &["cli"], ""),
    ("miette", &["cli"], ""),
    ("ctrlc", &["cli/progress.rs"], ""),
    ("parquet", &["report/parquet.rs"], ""),
    ("plotters", &["report/scatter.rs"], ""),
    ("svg", &["report/drawing"], ""),
    ("sha2", &["search/shard.rs"], ""),
    ("indicatif", &["cli"], ""),
    ("anstream", &["cli"], ""),
    (
        "toml",
        &[
            "catalog",
            "scenario",
            "throughput/efficiency.rs",
            "throughput/bands.rs",
            "coefficients.rs",
            "throughput/software.rs",
            "calibration",
            "cli/catalog.rs",
        ],
        "calibration writes the file of fitted curves that efficiency reads; `catalog show` prints a profile",
    ),
    ("comfy_table", &["report", "cli/output.rs"], "the width of the terminal is asked there"),
    (
        "nalgebra",
        &["calibration", "uncertainty", "cooling/hydraulics.rs", "power/load_flow.rs", "power/one_line.rs"],
        "pressures of a pipe network and voltages of a grid are linear systems",
    ),
    ("include_dir", &["catalog.rs", "cli/scenario.rs"], "the examples are listed by the command"),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            into.push(path);
        }
    }
}

/// The code of each file by its path below `src/`: without comments, strings' insides kept, tests cut off.
fn code() -> BTreeMap<String, String> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut all = BTreeMap::new();
    for path in files {
        let name = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        if name.ends_with("/tests.rs") || name.ends_with("/sample.rs") || name.ends_with("/samples.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it is text");
        let tests = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"];
        let end = tests.iter().filter_map(|opening| text.find(opening)).min().unwrap_or(text.len());
        let shipped = &text[..end];
        let lines = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
        all.insert(name, lines.collect::<Vec<_>>().join("\n"));
    }
    all
}

/// The top module that a file belongs to.
fn module_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or(file)
}

/// The names that follow `prefix` in a text.
fn names_after<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    text.split(prefix)
        .skip(1)
        .map(|rest| &rest[..rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())])
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    let mut needed = vec![false; EXCEPTIONS.len()];
    for (file, text) in code() {
        let module = module_of(&file);
        let Some(allowed) = allowed(module) else { continue };
        for used in names_after(&text, "crate::") {
            // Macros live at the top of the crate under the name of what they make.
            if used == module || used.starts_with("shader_") || allowed.contains(&used) {
                continue;
            }
            match EXCEPTIONS.iter().position(|(who, what, _)| (*who, *what) == (module, used)) {
                Some(place) => needed[place] = true,
                None => wrong.push(format!("src/{file} uses `{used}`")),
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "against the table of layers:\n{}", wrong.join("\n"));
    for ((who, what, why), needed) in EXCEPTIONS.iter().zip(needed) {
        // Result types of the report may reach these through the plan's types alone.
        assert!(needed || *who == "report", "the exception `{who}` → `{what}` ({why}) is no longer needed");
    }
}

#[test]
fn outside_crates_have_one_door_each() {
    let mut wrong = Vec::new();
    for (file, text) in code() {
        for (name, doors, _) in DOORS {
            let named =
                [format!("use {name}::"), format!(" {name}::"), format!("({name}::"), format!("<{name}::")]
                    .iter()
                    .any(|form| text.contains(form.as_str()));
            if named && !doors.iter().any(|door| file.starts_with(door)) {
                wrong.push(format!("src/{file} uses `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "beside the doors:\n{}", wrong.join("\n"));
}

#[test]
fn the_library_has_no_globs_and_no_module_files_called_mod() {
    let wrong: Vec<String> = code()
        .into_iter()
        .filter(|(file, text)| text.contains("::*;") || file.ends_with("mod.rs"))
        .map(|(file, _)| file)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
