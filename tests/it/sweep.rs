//! Sweeps through the command line: shards, checkpoints, tables, and what is refused.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn gigawatt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gigawatt"));
    command.args(arguments).env_remove("GIGAWATT_CATALOG").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    gigawatt(arguments).current_dir(folder).output().expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command that has to end well.
fn done(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    output.stdout
}

/// Runs a command that has to be refused, and leaves nothing new behind.
fn refused(folder: &Path, arguments: &[&str], says: &str) {
    let files = || std::fs::read_dir(folder).expect("it is there").count();
    let before = files();
    let output = run(folder, arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(text.contains(says), "no {says:?} in: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(files(), before, "{arguments:?}");
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).expect("it is JSON")
}

const SWEEP: &[&str] = &["sweep", "--backend", "cpu", "--system", "hgx-h200", "--model", "llama-3.1-70b"];

#[test]
fn shards_in_any_number_and_order_are_the_whole_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut merged = Vec::new();
    for of in [1, 3] {
        let mut merge = vec!["sweep".to_owned(), "merge".into(), "--format".into(), "json".into()];
        for index in (1..=of).rev() {
            let (shard, file) = (format!("{index}/{of}"), format!("{index}of{of}.json"));
            done(at, &[SWEEP, &["--shard", &shard, "--output", &file]].concat());
            merge.push(file);
        }
        let merge: Vec<&str> = merge.iter().map(String::as_str).collect();
        merged.push(done(at, &merge));
    }
    assert!(merged[0] == merged[1], "one shard and three differ");
    let (merged, whole) = (json(&merged[0]), json(&done(at, &[SWEEP, &["--format", "json"]].concat())));
    for (key, value) in whole.as_object().unwrap() {
        let timed = ["seconds", "backend"].contains(&key.as_str());
        assert!(if timed { merged[key].is_null() } else { merged[key] == *value }, "{key} differs");
    }
    assert!(whole["frontier"].as_array().unwrap().len() > 10);
    let counts = &whole["sweeps"][0];
    assert!(counts["misfits"]["memory"].as_u64() > Some(0) && counts["evaluated"].as_u64() > Some(1_000_000));
    assert!(whole["complete"] == true && whole["evaluated"].as_u64() > Some(1_000_000));

    // The first of the leaders is the best point; every point that can run is in a bin of each measure.
    let rate = |point: &serde_json::Value| point["tokens_per_s_per_accelerator"].as_f64().unwrap();
    let leaders = whole["leaders"].as_array().unwrap();
    assert!(leaders.len() > 3 && leaders.windows(2).all(|pair| rate(&pair[0]) >= rate(&pair[1])));
    let best = &whole["best"]["tokens_per_s_per_accelerator"];
    assert!(rate(&leaders[0]).total_cmp(&rate(best)).is_eq());
    assert!(leaders.iter().all(|point| point["keeps_promise"] == true));
    for histogram in counts["histograms"].as_array().unwrap() {
        let bins = histogram["bins"].as_array().unwrap();
        let sum: u64 = bins.iter().filter_map(|bin| bin["count"].as_u64()).sum();
        assert_eq!(Some(sum), counts["feasible"].as_u64(), "{}", histogram["measure"]);
    }
}

#[test]
fn a_gpu_that_is_not_there_is_an_error_of_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let Err(error) = gigawatt::engine::find_device(&gigawatt::engine::DeviceWish::default()) else { return };
    let text = format!("--backend gpu: {error}");
    // The end may stand in the next line.
    let says = &text[..text.len().min(60)];
    let commands =
        [&["plan"][..], &["validate"], &["sites"], &["sweep"], &["bench", "--quick"], &["compare", "all"]];
    for command in commands {
        refused(folder.path(), &[command, &["--backend", "gpu"]].concat(), says);
    }
    refused(folder.path(), &["plan", "--device", "no such"], "--device no such: no usable GPU: looked for a");
    refused(folder.path(), &["plan", "--device", "1", "--backend", "cpu"], "is not for `--backend cpu`");
}

#[test]
fn files_that_make_no_whole_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let shard = |shard: &str, file: &str, more: &[&str]| {
        done(at, &[SWEEP, &["--shard", shard, "--output", file], more].concat());
    };
    shard("1/2", "a.json", &[]);
    shard("2/2", "b.json", &[]);
    shard("2/2", "other.json", &["--tpot", "40 ms"]);
    let whole = std::fs::read(at.join("a.json")).unwrap();
    std::fs::write(at.join("cut.json"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(at.join("copy.json"), &whole).unwrap();
    let mut hollow = json(&whole);
    hollow["shard"]["sweeps"][0]["evaluated"] = 7.into();
    std::fs::write(at.join("hollow.json"), hollow.to_string()).unwrap();
    std::fs::write(at.join("whole.json"), done(at, &[SWEEP, &["--format", "json"]].concat())).unwrap();
    for (files, says) in [
        (&["a.json"][..], "1 of 2 shards are missing: 2/2"),
        (&["a.json", "b.json", "copy.json"], "copy.json overlaps a.json: both are shard 1/2"),
        (&["a.json", "other.json"], "other.json is of another sweep than a.json: the scenario"),
        (&["cut.json", "b.json"], "cut.json: is cut off"),
        (&["hollow.json", "b.json"], "hollow.json is damaged"),
        (&["whole.json", "b.json"], "whole.json: is a whole sweep"),
        (&["none.json"], "none.json: can't be read"),
        (&["/dev/zero"], "is not a file"),
    ] {
        refused(at, &[&["sweep", "merge"], files].concat(), says);
    }
    #[cfg(target_os = "linux")]
    refused(
        at,
        &["sweep", "merge", "a.json", "b.json", "--output", "/dev/full", "--format", "json"],
        "can't be written",
    );
    refused(at, &[SWEEP, &["--shard", "1/2", "--output", "no/a.json"]].concat(), "can't be written");
}

#[test]
fn merged_points_are_a_table_for_spreadsheets_and_databases() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    done(at, &[SWEEP, &["--shard", "1/1", "--output", "a.json"]].concat());
    for name in ["a.csv", "a.parquet", "again.parquet"] {
        done(at, &["sweep", "merge", "a.json", "--output", name]);
    }
    let bytes = |name: &str| std::fs::read(at.join(name)).unwrap();
    assert!(bytes("a.parquet") == bytes("again.parquet"), "the same points give other bytes");
    let frontier = json(&bytes("a.json"))["frontier"].as_array().unwrap().clone();
    let reader = SerializedFileReader::new(std::fs::File::open(at.join("a.parquet")).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), frontier.len());
    let text = String::from_utf8(bytes("a.csv")).unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    for ((row, record), point) in rows.iter().zip(table.records()).zip(&frontier) {
        let names: Vec<&String> = row.get_column_iter().map(|(name, _)| name).collect();
        assert!(names.iter().zip(&header).all(|(a, b)| *a == b) && names.len() == header.len());
        let place = header.iter().position(|name| name == "tpot_s").unwrap();
        let cell: f64 = record.unwrap()[place].parse().unwrap();
        let stored = row.get_column_iter().nth(place).unwrap().1.to_string().parse::<f64>().unwrap();
        let exact = point["tpot_s"].as_f64().unwrap();
        assert_eq!((cell.to_bits(), stored.to_bits()), (exact.to_bits(), exact.to_bits()));
    }
    refused(at, &["plan", "--output", "plan.parquet"], "allowed: .txt");
    let whole = json(&bytes("a.json"));
    let bins = whole["sweeps"].as_array().unwrap().iter().flat_map(|sweep| {
        sweep["histograms"].as_array().unwrap().iter().flat_map(|known| known["bins"].as_array().unwrap())
    });
    let leaders = whole["leaders"].as_array().unwrap();
    let trained = whole["training"].as_array().unwrap().iter();
    let trained = trained.flat_map(|curve| curve["points"].as_array().unwrap());
    for (table, count, column) in [
        ("leaders", leaders.len(), "layout"),
        ("histograms", bins.count(), "measure"),
        ("training", trained.count(), "mfu"),
    ] {
        done(at, &["sweep", "merge", "a.json", "--table", table, "--output", "rows.csv"]);
        let text = String::from_utf8(bytes("rows.csv")).unwrap();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let there = rows.headers().unwrap().iter().any(|name| name.ends_with(column));
        assert!(there, "{table}: {text}");
        assert_eq!(rows.records().count(), count, "{table}");
    }
    assert!(!leaders.is_empty());
    refused(at, &["sweep", "merge", "a.json", "--table", "leaders"], "--table");
}

/// A shard that takes some seconds, with a checkpoint that is written often.
const LONG: &[&str] =
    &["--points", "8e6", "--shard", "1/2", "--checkpoint", "c", "--checkpoint-every", "0.05 s"];

/// Runs a long shard until its checkpoint holds something, then ends it by a signal.
#[cfg(unix)]
fn stopped(at: &Path, signal: &str, more: &[&str]) -> Output {
    let arguments = [SWEEP, LONG, more].concat();
    let text = || std::fs::read_to_string(at.join("c")).unwrap_or_default();
    let before = text();
    let child =
        gigawatt(&arguments).current_dir(at).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    let begun = || text() != before && text().contains("\"next\":");
    while !begun() && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(begun(), "no checkpoint");
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait_with_output().unwrap()
}

#[test]
#[cfg(unix)]
fn a_killed_shard_goes_on_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let unbroken = &LONG[..4];
    done(at, &[SWEEP, unbroken, &["--output", "unbroken.json"]].concat());
    let killed = stopped(at, "-KILL", &["--output", "a.json"]);
    assert!(killed.status.code().is_none(), "it ended before the kill: {:?}", killed.status);
    let asked = stopped(at, "-TERM", &["--output", "a.json"]);
    assert_eq!(asked.status.code(), Some(1), "{}", stderr(&asked));
    assert!(stderr(&asked).contains("the same command goes on from c"), "{}", stderr(&asked));
    assert!(!at.join("a.json").exists(), "half a shard was written");

    refused(at, &[SWEEP, LONG, &["--tpot", "30 ms"]].concat(), "is of another scenario, or of other options");
    refused(
        at,
        &[SWEEP, &["--points", "8e6", "--shard", "2/2", "--checkpoint", "c"]].concat(),
        "is of shard 1/2",
    );

    // Points that were never scored would be missing without a word.
    let mut other = json(&std::fs::read(at.join("c")).unwrap());
    other["sweeps"][0]["kept"] = serde_json::json!([]);
    std::fs::write(at.join("other"), other.to_string()).unwrap();
    refused(at, &[SWEEP, &LONG[..4], &["--checkpoint", "other"]].concat(), "is damaged");

    done(at, &[SWEEP, LONG, &["--output", "a.json"]].concat());
    let bytes = |name: &str| std::fs::read(at.join(name)).unwrap();
    assert!(bytes("a.json") == bytes("unbroken.json"), "a resumed shard differs");
    assert!(!at.join("c").exists(), "the checkpoint is left behind");
}

#[test]
#[cfg(unix)]
fn a_sweep_that_is_stopped_prints_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [SWEEP, &["--points", "1e9", "--format", "json"]].concat();
    let child = gigawatt(&arguments)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The handler is set at the start; the first points take some milliseconds more.
    std::thread::sleep(Duration::from_secs(2));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let found = json(&output.stdout);
    assert!(found["complete"] == false && stderr(&output).contains("stopped after"), "{}", stderr(&output));
    assert!(found["evaluated"].as_u64() > Some(0) && !found["frontier"].as_array().unwrap().is_empty());
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("text"), "hello").unwrap();
    std::fs::write(at.join("cut"), "{\"schema\": \"gigawatt.checkpoint/1\", \"ver").unwrap();
    std::fs::write(at.join("other"), "{\"schema\": \"gigawatt.plan/1\"}").unwrap();
    let with = |file: &'static str| [SWEEP, &["--checkpoint", file]].concat();
    refused(at, &with("text"), "text: is not JSON");
    refused(at, &with("cut"), "cut: is cut off");
    refused(at, &with("other"), "other: is not a checkpoint");
    refused(at, &with("no/c"), "can't be written");
    refused(at, &with("."), "is not a file");
    refused(at, &[&with("a.json")[..], &["--output", "./a.json"]].concat(), "is the file of the result, too");
    refused(at, &[SWEEP, &["--checkpoint-every", "1 s"]].concat(), "--checkpoint");
    refused(at, &[&with("c")[..], &["--checkpoint-every", "0 s"]].concat(), "--checkpoint-every");
    refused(at, &[SWEEP, &["--points", "1.5"]].concat(), "a number of points");
    #[cfg(target_os = "linux")]
    refused(at, &with("/dev/full"), "is not a file");
}

#[test]
#[cfg(unix)]
fn the_scripts_of_large_sweeps_ask_for_what_there_is() {
    // A stand-in for GNU parallel runs one job after the other; Slurm only sets variables.
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let scripts = crate::planned::root().join("examples/shards");
    let write = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = at.join("bin").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    write(
        "gigawatt",
        &format!("#!/bin/sh\nexec '{}' \"$@\" --backend cpu\n", env!("CARGO_BIN_EXE_gigawatt")),
    );
    write(
        "parallel",
        "#!/bin/sh\nwhile test $# -gt 1; do shift; done\n\
         while read -r job; do sh -c \"$(printf '%s' \"$1\" | sed \"s/{}/$job/g\")\" || exit 1; done\n",
    );
    std::fs::write(at.join("s.toml"), done(at, &["scenario", "new"])).unwrap();
    let path = format!("{}:{}", at.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let script = |name: &str, arguments: &[&str], task: &str| {
        let output = Command::new("sh")
            .arg(scripts.join(name))
            .args(arguments)
            .current_dir(at)
            .env("PATH", &path)
            .envs([("SLURM_ARRAY_TASK_ID", task), ("SLURM_CPUS_PER_TASK", "1")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", stderr(&output));
    };
    script("slurm.sh", &["s.toml", "1e6", "2"], "2");
    let of_slurm = std::fs::read(at.join("shard-2.json")).unwrap();
    std::fs::remove_file(at.join("shard-2.json")).unwrap();
    let named = |suffix: &str| {
        let files = std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| file.to_str().unwrap().ends_with(suffix)).collect::<Vec<_>>()
    };
    script("parallel.sh", &["s.toml", "1e6", "2"], "");
    assert!(of_slurm == std::fs::read(&named("-2.json")[0]).unwrap(), "the two scripts differ");
    assert!(std::fs::read(&named(".parquet")[0]).unwrap().starts_with(b"PAR1"));
    // Another scenario takes no file of this one.
    let other =
        std::fs::read_to_string(at.join("s.toml")).unwrap().replace("power = \"1 GW\"", "power = \"900 MW\"");
    std::fs::write(at.join("t.toml"), other).unwrap();
    script("parallel.sh", &["t.toml", "1e6", "2"], "");
    let [one, two] = &named(".parquet")[..] else { panic!("two results") };
    assert!(std::fs::read(one).unwrap() != std::fs::read(two).unwrap());
}
