//! What the README says of accuracy is what the embedded tables give today: its table and its picture.
//!
//! `GIGAWATT_UPDATE_SNAPSHOTS=1 cargo test --test it readme` writes both anew.

use crate::planned::root;
use gigawatt::catalog::Catalog;
use gigawatt::fabric::collective::library;
use gigawatt::report::Report;
use gigawatt::report::validation::ValidateReport;
use gigawatt::throughput::engines;
use gigawatt::throughput::training::factors;
use gigawatt::validation::{Request, Statistics, TableReport, run};
use std::fmt::Write as _;
use std::path::PathBuf;

const PICTURE: &str = "examples/predicted-against-measured.svg";

/// Rows of the README in their order: the table and what the README calls it.
const ROWS: [(&str, &str); 8] = [
    ("sites", "sites: accelerators from megawatts"),
    ("fabrics", "fabrics: switches and links"),
    ("facility", "facilities: power, modules, counts and cost of reference designs"),
    ("inference", "serving: published tokens/s (MLPerf, TensorRT-LLM, InferenceX, …)"),
    ("points", "serving: measured deployments, time per output token"),
    ("training", "training: tokens/s"),
    ("collectives", "collectives: time"),
    ("goodput", "goodput: useful time, hours between failures"),
];
const HEAD: &str = "| table | rows | predicted | median error | system left out | 90th percentile | bias |\n\
                    |---|---:|---:|---:|---:|---:|---:|\n";

fn checked() -> ValidateReport {
    let tables = run(&Request::embedded(), &Catalog::default(), &|_, _| {}).expect("the tables are sound");
    ValidateReport { tables }
}

/// The README, read as it stands.
fn readme() -> (PathBuf, String) {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).expect("there is a README").replace("\r\n", "\n");
    (path, text)
}

fn updates() -> bool {
    std::env::var_os("GIGAWATT_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1")
}

/// A signed percentage without decimals; what rounds to nothing has no sign.
fn signed(share: f64) -> String {
    match (share * 100.0).round() {
        0.0 => "0 %".into(),
        percent if percent < 0.0 => format!("−{:.0} %", -percent),
        percent => format!("+{percent:.0} %"),
    }
}

fn grouped(count: u64) -> String {
    gigawatt::units::text::group(&count.to_string())
}

/// Median error of the rows of a table, each predicted by coefficients that saw no row of its system.
fn left_out(table: &str) -> Option<f64> {
    let files = [engines::embedded(), factors::embedded(), library::embedded()];
    let all = files.into_iter().flat_map(|set| &set.left_out);
    let mut own = all.filter(|left| left.kind == "system" && left.name == "all" && left.table == table);
    own.next().map(|left| left.median_ape)
}

fn line(name: &str, found: Statistics, left_out: Option<f64>) -> String {
    let share = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(String::new, text);
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} |\n",
        grouped(found.rows),
        grouped(found.predicted),
        share(found.median_ape, |share| format!("{:.1} %", share * 100.0)),
        share(left_out, |share| format!("{:.1} %", share * 100.0)),
        share(found.p90_ape, |share| format!("{:.0} %", share * 100.0)),
        share(found.bias, signed),
    )
}

/// The table as it has to stand there.
fn table(report: &ValidateReport) -> String {
    let found =
        |name: &str| report.tables.iter().find(|table| table.table == name).map(TableReport::statistics);
    let lines = ROWS
        .iter()
        .map(|(name, words)| line(words, found(name).expect("it is an embedded table"), left_out(name)));
    HEAD.to_owned() + &lines.collect::<String>()
}

#[test]
fn the_error_table_is_what_validate_finds_today() {
    let now = table(&checked());
    let (path, text) = readme();
    let start = text.find("| table | rows |").expect("the README has the table");
    let length = text[start..].find("\n\n").map_or(text.len() - start, |end| end + 1);
    let stands = &text[start..start + length];
    if updates() {
        std::fs::write(path, text.replace(stands, &now)).expect("the README can be written");
        return;
    }
    assert!(
        stands == now,
        "README.md is out of date. Its table has to read:\n\n{now}\nand reads:\n\n{stands}"
    );
}

/// The picture may differ by a point that another processor rounds otherwise; what it says in words may not.
#[test]
fn the_picture_says_what_validate_finds_today() {
    let report = checked();
    let (path, scatter) = (root().join(PICTURE), report.scatter().expect("there is something to draw"));
    if updates() {
        std::fs::write(&path, report.svg().unwrap_or_default()).expect("the picture can be written");
        return;
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    for panel in &scatter.panels {
        for words in [&panel.title, &panel.caption] {
            assert!(
                stands.contains(words.as_str()),
                "{PICTURE} does not say `{words}`; draw it anew: cargo run --release -- validate --output {PICTURE}"
            );
        }
    }
    assert!(readme().1.contains(PICTURE), "the README shows the picture");
}

/// A run of `gigawatt bench` that was kept, with the machine that it was made on.
const KEPT_RUN: &str = "benches/results/epyc-2-cores.json";
const KERNEL_HEAD: &str = "| kernel | points a second, one thread | two threads, reduced | × scalar loop | threads × one | of its roof |\n\
                           |---|---:|---:|---:|---:|---:|\n";

/// Kernels in the order of the README, with what a point is.
const KERNELS: [(&str, &str); 3] = [
    ("serving_sweep", "serving: 24 operations, two steps"),
    ("training_sweep", "training: a layout"),
    ("facility_year", "facility: an hour"),
];

/// The table of kernels and the line of commands as they have to stand in the README, from the kept run.
fn kernel_table() -> String {
    let text = std::fs::read_to_string(root().join(KEPT_RUN)).expect("a run is kept");
    let run: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((&run["right"], &run["quick"]), (&true.into(), &false.into()), "a whole run, all of it right");
    let readings = run["readings"].as_array().expect("a list");
    let of = |group: &str, name: &str, path: &str| {
        // The largest size comes last.
        let own = |reading: &&serde_json::Value| {
            reading["group"] == group && reading["name"] == name && reading["path"] == path
        };
        readings.iter().rfind(own).unwrap_or_else(|| panic!("{group} {name} {path}"))
    };
    let fastest = |reading: &serde_json::Value| {
        reading["amounts"]["points"].as_f64().unwrap() / reading["least_s"].as_f64().unwrap()
    };
    let mut table = KERNEL_HEAD.to_owned();
    for (kernel, what) in KERNELS {
        let [scalar, simd, one, all] =
            ["scalar", "simd", "1 thread", "cpu"].map(|path| of("kernel", kernel, path));
        if kernel == "serving_sweep" {
            // What is promised of this machine.
            let promised = all["points_per_s"].as_f64().unwrap() >= 10e6
                && fastest(simd) >= 6.0 * fastest(scalar)
                && fastest(all) >= 1.8 * fastest(one)
                && simd["roof_share"].as_f64().unwrap() >= 0.3;
            assert!(promised, "the kept run is slower than what is promised");
        }
        let _ = writeln!(
            table,
            "| {what} | {:.1} million | {:.1} million | {:.1} | {:.2} | {:.0} % |",
            simd["points_per_s"].as_f64().unwrap() / 1e6,
            all["points_per_s"].as_f64().unwrap() / 1e6,
            fastest(simd) / fastest(scalar),
            fastest(all) / fastest(one),
            simd["roof_share"].as_f64().unwrap() * 100.0,
        );
    }
    let milliseconds = |name: &str, which: &str| of("command", name, "cpu")[which].as_f64().unwrap() * 1e3;
    table
        + &format!(
            "\nA cold `plan`, its floor plan and every cable included, takes {:.0} ms at the fastest there and {:.0} at the median, the start of \
             the program {:.1} ms.\n",
            milliseconds("cold plan", "least_s"),
            milliseconds("cold plan", "median_s"),
            milliseconds("start of the program", "median_s"),
        )
}

#[test]
fn the_speeds_are_those_of_the_kept_run() {
    let now = kernel_table();
    let (path, text) = readme();
    let start = text.find("| kernel | points a second").expect("the README has the table");
    let last = "the start of the program";
    let line = start + text[start..].find(last).expect("the README has the commands");
    let end = line + text[line..].find('\n').map_or(text.len() - line, |end| end + 1);
    let stands = &text[start..end];
    if updates() {
        std::fs::write(path, text.replace(stands, &now)).expect("the README can be written");
        return;
    }
    assert!(stands == now, "README.md is out of date. It has to read:\n\n{now}\nand reads:\n\n{stands}");
}
