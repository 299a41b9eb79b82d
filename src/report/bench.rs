//! A run of the benchmarks: rates with their spread, shares of claims and roofs, and another run beside it.

use super::document::{Bars, Block, Column, Document, Figure, Section, Table, Unit};
use super::{Report, csv};
use crate::bench::recorded::{Kept, SCHEMA};
use crate::bench::significance::{Comparison, LEVEL, NEAR, compare};
use crate::bench::{Bench, Group, Reading, Spread, path, threads_in_words};
use crate::kernel::tally::POWER_OPERATIONS;
use crate::units::text::digits;
use serde_json::{Map, Value, json};

/// What a profile claims and what was reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What it is about.
    pub what: &'static str,
    /// `B/s` or `FLOP/s`.
    pub unit: &'static str,
    /// As the profile has it.
    pub claimed: f64,
    /// As measured.
    pub reached: Spread,
    /// The benchmark that reached it.
    pub by: String,
}

/// A run with what it is held against.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchReport {
    /// The run.
    pub bench: Bench,
    /// The profile that was named, and its claims.
    pub claims: Option<(String, Vec<Claim>)>,
    /// Another run: its file and what it holds.
    pub against: Option<(String, Kept)>,
}

const RATE: Unit = Unit::Metric("B/s");
const WORK: Unit = Unit::Metric("FLOP/s");

/// Half of the middle half's width over the median.
fn plus_minus(spread: Spread) -> String {
    format!("±{}", digits(50.0 * spread.relative()))
}

fn check(reading: &Reading) -> String {
    match reading.check {
        None => String::new(),
        Some(check) if check.wrong == 0 => "right".into(),
        Some(check) => format!("{} of {} WRONG", check.wrong, check.compared),
    }
}

fn microbenchmarks(bench: &Bench, side: &str) -> Table {
    let rows: Vec<&Reading> =
        bench.group(Group::Microbenchmark).filter(|reading| reading.path == side).collect();
    let each = |of: fn(&Reading) -> String| rows.iter().map(|reading| of(reading)).collect::<Vec<_>>();
    Table::of(vec![
        Column::words("pattern", each(|reading| reading.name.clone())),
        Column::words("size", each(|reading| reading.shape.clone())),
        Column::numbers("time [µs]", each(|reading| digits(reading.time().median * 1e6))),
        Column::numbers("[%]", each(|reading| plus_minus(reading.time()))),
        Column::values(
            "memory",
            RATE,
            rows.iter().map(|reading| reading.rate(reading.amounts.bytes).map(|rate| rate.median)),
        ),
        Column::values(
            "arithmetic",
            WORK,
            rows.iter().map(|reading| reading.rate(reading.amounts.flop).map(|rate| rate.median)),
        ),
        Column::words("result", each(check)),
    ])
}

fn kernels(bench: &Bench) -> Table {
    let rows: Vec<&Reading> = bench.group(Group::Kernel).collect();
    let each = |of: &dyn Fn(&Reading) -> String| rows.iter().map(|reading| of(reading)).collect::<Vec<_>>();
    let times = |ratio: Option<f64>| ratio.map_or_else(String::new, digits);
    Table::of(vec![
        Column::words("kernel", each(&|reading| reading.name.clone())),
        Column::words("size", each(&|reading| reading.shape.clone())),
        Column::words("on", each(&|reading| on(bench, &reading.path))),
        Column::values(
            "speed",
            Unit::Many("points/s"),
            rows.iter().map(|reading| reading.rate(reading.amounts.points).map(|rate| rate.median)),
        ),
        Column::numbers("[%]", each(&|reading| plus_minus(reading.time()))),
        Column::numbers("× scalar", each(&|reading| times(bench.over(reading, path::SCALAR)))),
        Column::numbers(
            "× 1 thread",
            each(&|reading| {
                let threads = reading.path == path::CPU;
                times(threads.then(|| bench.over(reading, path::ONE_THREAD)).flatten())
            }),
        ),
        Column::values("of the roof", Unit::Share, rows.iter().map(|reading| bench.roof_share(reading))),
        Column::words("result", each(&check)),
    ])
}

fn on(bench: &Bench, path: &str) -> String {
    match path {
        path::CPU => threads_in_words(bench.host.threads),
        path::SIMD => "1 thread, SIMD".into(),
        path::ONE_THREAD => "1 thread, engine".into(),
        other => other.to_owned(),
    }
}

/// What to make of shares above one.
fn above_roof(bench: &Bench) -> Option<String> {
    let above = |reading: &&Reading| bench.roof_share(reading).is_some_and(|share| share > 1.0);
    let mut names: Vec<&str> =
        bench.group(Group::Kernel).filter(above).map(|reading| reading.name.as_str()).collect();
    names.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "Above its roof: {}. A roof is a loop that was measured, not a bound: a kernel whose operations wait for one \
             another less passes it, and so does one that ran while the clock was faster. Measure again on an idle machine \
             before trusting a share far above 100 %.",
            names.join(", ")
        )
    })
}

fn roofs(bench: &Bench) -> Table {
    let rows: Vec<&Reading> = bench.group(Group::Roof).collect();
    Table::of(vec![
        Column::words("roof for", rows.iter().map(|reading| reading.name.clone())),
        Column::words("steps of a round", rows.iter().map(|reading| reading.shape.clone())),
        Column::words(
            "on",
            rows.iter().map(|reading| match reading.path.as_str() {
                path::SIMD => "1 thread".to_owned(),
                other => on(bench, other),
            }),
        ),
        Column::values(
            "operations",
            Unit::Metric("op/s"),
            rows.iter().map(|reading| reading.rate(reading.amounts.flop).map(|rate| rate.median)),
        ),
        Column::numbers("[%]", rows.iter().map(|reading| plus_minus(reading.time()))),
        Column::words("result", rows.iter().map(|reading| check(reading))),
    ])
}

fn commands(bench: &Bench) -> Table {
    let rows: Vec<&Reading> = bench.group(Group::Command).collect();
    Table::of(vec![
        Column::words("command", rows.iter().map(|reading| reading.name.clone())),
        Column::numbers("time [ms]", rows.iter().map(|reading| digits(reading.time().median * 1e3))),
        Column::numbers("[%]", rows.iter().map(|reading| plus_minus(reading.time()))),
    ])
}

fn claims(profile: &str, claims: &[Claim]) -> Section {
    let show = |claim: &Claim, value: f64| Unit::Metric(claim.unit).show(value);
    let table = Table::of(vec![
        Column::words("claim", claims.iter().map(|claim| claim.what)),
        Column::numbers("claimed", claims.iter().map(|claim| show(claim, claim.claimed))),
        Column::numbers("reached", claims.iter().map(|claim| show(claim, claim.reached.median))),
        Column::values(
            "share",
            Unit::Share,
            claims.iter().map(|claim| Some(claim.reached.median / claim.claimed)),
        ),
        Column::words("by", claims.iter().map(|claim| claim.by.clone())),
    ]);
    let note = "Baseline WGSL reaches no matrix units: where a claim counts them, its share is a floor of what a vendor's \
                library reaches.";
    Section {
        heading: format!("Against the profile {profile}"),
        blocks: vec![Block::Table(table), Block::Note(note.into())],
    }
}

fn comparison(bench: &Bench, here: &str, file: &str, kept: &Kept) -> Section {
    let compared = compare(&bench.readings, &kept.readings);
    let size = |one: &Comparison<'_>| {
        let (here, there) = (&one.here.shape, &one.there.shape);
        if here == there { here.clone() } else { format!("{here}; there {there}") }
    };
    let table = Table::of(vec![
        Column::words("what", compared.iter().map(|one| format!("{}, {}", one.here.name, one.here.path))),
        Column::words("size", compared.iter().map(size)),
        Column::numbers("here [µs]", compared.iter().map(|one| digits(one.here.time().median * 1e6))),
        Column::numbers("there [µs]", compared.iter().map(|one| digits(one.there.time().median * 1e6))),
        Column::numbers("speed here/there", compared.iter().map(|one| digits(one.speed_ratio))),
        Column::numbers(
            "p",
            compared.iter().map(|one| if one.p < 1e-4 { "<0.0001".into() } else { digits(one.p) }),
        ),
        Column::words("finding", compared.iter().map(|one| one.finding().word())),
    ]);
    let there = match &kept.device {
        Some(device) => format!("{device} beside {}", kept.host),
        None => kept.host.clone(),
    };
    let mut blocks = vec![Block::KeyValues(vec![("here".into(), here.into()), ("there".into(), there)])];
    let differ = [
        (kept.threads.is_some_and(|threads| threads != bench.host.threads), "the number of threads"),
        (kept.quick != bench.options.quick, "--quick"),
    ];
    for (_, what) in differ.iter().filter(|(differs, _)| *differs) {
        blocks.push(Block::Note(format!("The runs differ in {what}.")));
    }
    if !kept.right {
        blocks.push(Block::Note(format!("Some results of {file} were WRONG: their speed says nothing.")));
    }
    blocks.push(Block::Table(table));
    blocks.push(Block::Note(format!(
        "Speeds are amounts over times. Two-sided rank-sum test of the samples (Mann and Whitney 1947), p raised for the number \
         of comparisons (Holm 1979). A difference is one if p < {LEVEL} and the speeds are {} % apart; p knows the scatter within \
         these two runs, not what else changed between them.",
        100.0 * NEAR
    )));
    let missing = bench.readings.len() - compared.len();
    if missing > 0 {
        blocks.push(Block::Note(format!("{missing} readings have no counterpart in {file}.")));
    }
    Section { heading: format!("Against {file}"), blocks }
}

const READING: &str = "Times are medians of samples after warm-up; [%] is half the width of the middle half of the samples. \
    A result is right where every value compared lies within its bound of the CPU twin's, or where checksums are equal.";

impl BenchReport {
    fn machine(&self) -> String {
        let host = &self.bench.host;
        let name = host.name.clone().unwrap_or_else(|| "CPU".into());
        let host = format!("{name}, {}, {}", threads_in_words(host.threads), host.instruction_set);
        match &self.bench.device {
            Some(device) if device.software => format!("{} (software) on {host}", device.name),
            Some(device) => format!("{} beside {host}", device.name),
            None => host,
        }
    }

    fn lead(&self) -> Vec<Figure> {
        let bench = &self.bench;
        let figure = |label: &str, value: String, note: String| Figure { label: label.into(), value, note };
        let mut lead = Vec::new();
        if let Some((reading, rate)) = bench.memory() {
            lead.push(figure(
                "memory",
                RATE.show(rate.median),
                format!("{}, {}", reading.name, reading.path),
            ));
        }
        if let Some((reading, rate)) = bench.arithmetic() {
            let note = format!("{}, {}", reading.name, reading.path);
            lead.push(figure("arithmetic", WORK.show(rate.median), note));
        }
        let mut told: Vec<&str> = Vec::new();
        // The largest size of each kernel stands for it.
        for reading in bench.group(Group::Kernel).collect::<Vec<_>>().into_iter().rev() {
            let told_already = told.contains(&reading.name.as_str());
            if reading.path != path::CPU || told_already {
                continue;
            }
            told.push(&reading.name);
            if let Some(rate) = reading.rate(reading.amounts.points) {
                let share = bench.roof_share(reading);
                let share = share.map_or_else(String::new, |share| {
                    format!(", {} of the roof of its mix", Unit::Share.show(share))
                });
                let note = format!("{}{share}", on(bench, &reading.path));
                lead.push(figure(&reading.name, Unit::Many("points/s").show(rate.median), note));
            }
        }
        for reading in bench.group(Group::Command) {
            lead.push(figure(&reading.name, Unit::Metric("s").show(reading.time().median), String::new()));
        }
        lead
    }
}

impl Report for BenchReport {
    fn document(&self) -> Document {
        let bench = &self.bench;
        let mut sections = Vec::new();
        if let Some((profile, list)) = &self.claims {
            sections.push(claims(profile, list));
        }
        if let Some((file, there)) = &self.against {
            sections.push(comparison(bench, &self.machine(), file, there));
        }
        if let Some(device) = &bench.device {
            let mut blocks = vec![Block::Table(microbenchmarks(bench, path::GPU))];
            if device.software {
                let text = "The CPU plays this device: its results are checked, its speed says nothing.";
                blocks.push(Block::Note(text.into()));
            }
            if !device.f16 {
                let text = "The adapter has no 16-bit floats in shaders: no product of them.";
                blocks.push(Block::Note(text.into()));
            }
            sections.push(Section { heading: format!("Patterns on {}", device.name), blocks });
        }
        let drawn = bench
            .group(Group::Microbenchmark)
            .filter(|reading| reading.path == path::CPU)
            .filter_map(|reading| {
                let rate = reading.rate(reading.amounts.bytes)?;
                (!reading.name.starts_with("product"))
                    .then(|| (format!("{}, {}", reading.name, reading.shape), rate.median))
            });
        let blocks = vec![
            Block::Table(microbenchmarks(bench, path::CPU)),
            Block::Bars(Bars::of("memory, all threads", RATE, drawn)),
            Block::Text(READING.into()),
        ];
        sections.push(Section { heading: "Patterns on the CPU".into(), blocks });
        let roof = format!(
            "A kernel's operations (additions, products, divisions, choices; {POWER_OPERATIONS} for a power of two) are counted \
             by running its body on counting numbers. The roof is the same mix in a loop that stays in registers. No \
             multiply-adds are fused on either side: scalar and vector results agree bit for bit. Ratios and shares are of the \
             fastest samples: what other programs take of a machine makes no kernel slower.",
        );
        let mut blocks = vec![Block::Table(kernels(bench)), Block::Table(roofs(bench)), Block::Text(roof)];
        blocks.extend(above_roof(bench).map(Block::Text));
        sections.push(Section { heading: "Kernels".into(), blocks });
        if bench.group(Group::Command).next().is_some() {
            let blocks = vec![
                Block::Table(commands(bench)),
                Block::Text("From the start of the process to its end, output thrown away.".into()),
            ];
            sections.push(Section { heading: "Commands".into(), blocks });
        }
        Document { title: format!("bench of {}", self.machine()), lead: self.lead(), sections }
    }

    fn json(&self) -> Value {
        let bench = &self.bench;
        let mut value = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "quick": bench.options.quick,
            "seed": bench.options.seed,
            "device": bench.device.as_ref().map(|device| json!({
                "name": device.name, "software": device.software, "f16": device.f16,
            })),
            "host": {
                "name": bench.host.name,
                "threads": bench.host.threads,
                "instruction_set": bench.host.instruction_set,
            },
            "right": bench.is_right(),
            "readings": bench.readings.iter().map(|reading| of_reading(bench, reading)).collect::<Vec<_>>(),
        });
        if let Some((profile, claims)) = &self.claims {
            value["profile"] = json!({"id": profile, "claims": claims.iter().map(|claim| {
                let unit = if claim.unit == "B/s" { "bytes_per_s" } else { "flop_per_s" };
                let mut fields = Map::new();
                fields.insert("what".into(), claim.what.into());
                fields.insert(format!("claimed_{unit}"), claim.claimed.into());
                fields.insert(format!("reached_{unit}"), claim.reached.median.into());
                fields.insert("share".into(), (claim.reached.median / claim.claimed).into());
                fields.insert("by".into(), claim.by.clone().into());
                fields
            }).collect::<Vec<_>>()});
        }
        if let Some((file, there)) = &self.against {
            value["against"] = json!({"file": file, "host": there.host, "threads": there.threads, "device": there.device,
                "quick": there.quick, "right": there.right,
                "readings": compare(&bench.readings, &there.readings).iter().map(|one| json!({
                "there_shape": one.there.shape,
                "group": one.here.group, "name": one.here.name, "shape": one.here.shape, "path": one.here.path,
                "here_s": one.here.time().median, "there_s": one.there.time().median,
                "speed_ratio": one.speed_ratio, "p": one.p, "finding": one.finding().word(),
            })).collect::<Vec<_>>()});
        }
        value
    }

    fn csv(&self) -> String {
        let header = [
            "group",
            "name",
            "shape",
            "path",
            "median_s",
            "low_s",
            "high_s",
            "least_s",
            "bytes_per_s",
            "flop_per_s",
            "points_per_s",
            "roof_share",
            "compared",
            "wrong",
            "worst_share_of_bound",
        ];
        csv::table(
            &header,
            self.bench.readings.iter().map(|reading| {
                let (time, amounts) = (reading.time(), reading.amounts);
                let group = json!(reading.group);
                let rate =
                    |amount| reading.rate(amount).map_or_else(String::new, |rate| rate.median.to_string());
                let checked =
                    |of: &dyn Fn(crate::bench::Check) -> String| reading.check.map_or_else(String::new, of);
                [
                    group.as_str().unwrap_or_default().to_owned(),
                    reading.name.clone(),
                    reading.shape.clone(),
                    reading.path.clone(),
                    time.median.to_string(),
                    time.low.to_string(),
                    time.high.to_string(),
                    reading.least().to_string(),
                    rate(amounts.bytes),
                    rate(amounts.flop),
                    rate(amounts.points),
                    self.bench.roof_share(reading).map_or_else(String::new, |share| share.to_string()),
                    checked(&|check| check.compared.to_string()),
                    checked(&|check| check.wrong.to_string()),
                    checked(&|check| check.worst.to_string()),
                ]
            }),
        )
    }
}

fn of_reading(bench: &Bench, reading: &Reading) -> Value {
    let (time, amounts) = (reading.time(), reading.amounts);
    let rate = |amount| reading.rate(amount).map(|rate| rate.median);
    json!({
        "group": reading.group,
        "name": reading.name,
        "shape": reading.shape,
        "path": reading.path,
        "amounts": amounts,
        "median_s": time.median,
        "low_s": time.low,
        "high_s": time.high,
        "least_s": reading.least(),
        "bytes_per_s": rate(amounts.bytes),
        "flop_per_s": rate(amounts.flop),
        "points_per_s": rate(amounts.points),
        "roof_share": bench.roof_share(reading),
        "check": reading.check,
        "seconds": reading.seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Amounts, Check, DeviceFacts, HostFacts, Options};
    use crate::report::{Format, Look, render};

    fn reading(group: Group, name: &str, path: &str, amounts: Amounts, second: f64) -> Reading {
        let wrong = u64::from(name == "stream triad" && path == path::GPU);
        let check = (path == path::GPU).then_some(Check { compared: 16, wrong, worst: 0.5 });
        let seconds = [1.0, 1.1, 0.9, 1.0].map(|factor| factor * second).to_vec();
        Reading { group, name: name.into(), shape: "1 Mi".into(), path: path.into(), amounts, seconds, check }
    }

    fn kept(readings: Vec<Reading>) -> Kept {
        Kept {
            readings,
            quick: true,
            right: true,
            host: "Another, 2 threads".into(),
            threads: Some(2),
            device: None,
        }
    }

    fn report() -> BenchReport {
        let bytes = Amounts { bytes: 1e9, ..Amounts::default() };
        let flop = Amounts { flop: 1e9, ..Amounts::default() };
        let points = Amounts { points: 1e6, flop: 1e9, ..Amounts::default() };
        let readings = vec![
            reading(Group::Microbenchmark, "stream triad", path::GPU, bytes, 1e-3),
            reading(Group::Microbenchmark, "product f32", path::GPU, flop, 1e-4),
            reading(Group::Microbenchmark, "stream triad", path::CPU, bytes, 1e-1),
            reading(Group::Kernel, "serving_sweep", path::SCALAR, points, 1.0),
            reading(Group::Kernel, "serving_sweep", path::ONE_THREAD, points, 0.1),
            reading(Group::Kernel, "serving_sweep", path::CPU, points, 0.05),
            reading(Group::Roof, "serving_sweep", path::CPU, flop, 0.02),
            reading(Group::Command, "cold plan", path::CPU, Amounts::default(), 0.02),
        ];
        let bench = Bench {
            options: Options { quick: true, seed: 1, threads: None },
            device: Some(DeviceFacts { name: "A device".into(), software: true, f16: false }),
            host: HostFacts { name: Some("A processor".into()), threads: 2, instruction_set: "vectors" },
            readings,
        };
        let (reading, reached) = bench.memory().map(|(reading, rate)| (reading.name.clone(), rate)).unwrap();
        let claim = Claim { what: "memory bandwidth", unit: "B/s", claimed: 2e12, reached, by: reading };
        let mut other = bench.readings.clone();
        other[1].seconds.iter_mut().for_each(|second| *second *= 2.0);
        other.pop();
        BenchReport {
            claims: Some(("h100-sxm".into(), vec![claim])),
            against: Some(("other.json".into(), kept(other))),
            bench,
        }
    }

    #[test]
    fn every_format_tells_the_rates_the_ratios_and_what_is_wrong() {
        let report = report();
        for format in [Format::Terminal, Format::Markdown, Format::Html] {
            let text = render(&report, format, Look::default());
            // 1 GB in 1 ms, half of the claim; 1 M points in 50 ms; ten scalar loops in each of two threads; 20 of 50 Gop/s.
            for part in
                ["1.000 TB/s", "50.00", "20.00", "2.000", "40.00", "1 of 16 WRONG", "1 readings have no"]
            {
                assert!(text.contains(part), "{format:?} lacks {part}:\n{text}");
            }
        }
        let narrow = render(&report, Format::Terminal, Look::default());
        assert!(narrow.lines().all(|line| line.chars().count() <= 100), "{narrow}");
    }

    #[test]
    fn a_kernel_above_its_roof_is_named_and_explained() {
        let mut report = report();
        assert!(!render(&report, Format::Terminal, Look::default()).contains("Above its roof"));
        report.bench.readings[5].seconds.iter_mut().for_each(|second| *second /= 4.0);
        assert!(report.bench.roof_share(&report.bench.readings[5]).unwrap() > 1.0);
        assert!(render(&report, Format::Markdown, Look::default()).contains("Above its roof: "));
    }

    #[test]
    fn json_holds_every_sample_and_reads_back() {
        let report = report();
        let value = report.json();
        assert_eq!(value["schema"], "gigawatt.bench/1");
        assert_eq!(value["right"], false);
        assert_eq!(value["readings"].as_array().unwrap().len(), report.bench.readings.len());
        let share = value["readings"][5]["roof_share"].as_f64().unwrap();
        assert!((share - 0.4).abs() < 1e-9);
        let ratio = value["against"]["readings"][1]["speed_ratio"].as_f64().unwrap();
        assert!((ratio - 2.0).abs() < 1e-9);
        assert!((value["profile"]["claims"][0]["share"].as_f64().unwrap() - 0.5).abs() < 1e-9);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        std::fs::write(&path, crate::report::json::text(&value)).unwrap();
        let read = crate::bench::recorded::read(&path).unwrap();
        assert!(!read.right && read.quick, "a reading was wrong");
        assert_eq!((read.threads, read.device.as_deref()), (Some(2), Some("A device")));
        assert_eq!(read.host, "A processor, 2 threads, vectors");
        assert_eq!(read.readings.len(), report.bench.readings.len());
        for (read, written) in read.readings.iter().zip(&report.bench.readings) {
            assert!(
                read.is_of_kind(written)
                    && read.shape == written.shape
                    && read.check == written.check
                    && read.amounts == written.amounts
            );
            // Numbers are read to the last unit but one.
            let near = |(a, b): (&f64, &f64)| (a / b - 1.0).abs() < 1e-15;
            assert!(read.seconds.iter().zip(&written.seconds).all(near), "{read:?}");
        }
    }

    #[test]
    fn csv_has_a_row_a_reading() {
        let text = report().csv();
        let mut rows = ::csv::Reader::from_reader(text.as_bytes());
        assert_eq!(rows.records().map(|row| row.unwrap().len()).collect::<Vec<_>>(), [15; 8]);
    }
}
