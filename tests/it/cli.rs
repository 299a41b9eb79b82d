//! The command line as a user meets it: exit codes, streams, bad input.

use crate::planned::root;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(crate) fn gigawatt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gigawatt"));
    command.args(arguments).env_remove("GIGAWATT_CATALOG").stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    gigawatt(arguments).output().expect("the binary runs")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Bad input: exit code 2, nothing on stdout, a reason on stderr that names `part`, no panic.
#[track_caller]
fn refused(arguments: &[&str], part: &str) {
    let output = run(arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?} wrote to stdout");
    assert!(text.contains(part), "{arguments:?}: no `{part}` in:\n{text}");
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn help_and_version_go_to_stdout() {
    for arguments in [["--help"], ["--version"]] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[test]
fn unknown_words_are_bad_input() {
    refused(&["plam"], "plan");
    refused(&["plan", "--powr", "1GW"], "--power");
    refused(&["plan", "--at", "somewhere"], "critical-it");
    refused(&["plan", "--format", "pdf"], "markdown");
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn wrong_quantities_are_bad_input() {
    refused(&["plan", "--power", "1 GB"], "amount of data");
    refused(&["plan", "--power", "-5 MW"], "negative");
    refused(&["plan", "--power=-5MW"], "negative");
    refused(&["plan", "--power", "NaN"], "finite");
    refused(&["plan", "--power", "5"], "no unit");
    refused(&["plan", "--set", "nonsense"], "--set");
    refused(&["plan", "--set", "envelope.powr=1"], "powr");
}

#[test]
fn an_unknown_suffix_is_refused_with_the_allowed_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.pdf");
    refused(&["plan", "--output", path.to_str().unwrap()], ".html");
    assert!(!path.exists());
}

#[test]
fn only_what_has_a_picture_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    refused(&["plan", "--output", &path("plan.svg")], "the suffix `.svg`");
    refused(&["validate", "--output", &path("x.pdf")], ".svg");
    let sites = root().join("src/validation/sites.csv");
    let sites = ["validate", "--sites", sites.to_str().unwrap(), "--output", &path("sites.svg")];
    refused(&sites, "nothing to draw");
    refused(&[&sites[..3], &["--bands", &path("bands.toml")]].concat(), "no kind of system and model");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_site_of_a_use_or_market_that_nobody_knows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sites.csv");
    let header = "site,climate_market,accelerator,count,power_mw,power_measures,truth_use";
    for (row, hint) in [
        ("one,Abilene TX,GB200,70000,150,it,yess", "power-only"),
        ("one,Abilen TX,GB200,70000,150,it,yes", "abilene-tx"),
    ] {
        std::fs::write(&path, format!("{header}\n{row}\n")).unwrap();
        refused(&["validate", "--sites", path.to_str().unwrap()], "line 2");
        refused(&["validate", "--sites", path.to_str().unwrap()], hint);
    }
}

#[test]
fn a_scatter_is_the_same_file_and_the_same_picture_on_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = |name: &str| {
        let path = folder.path().join(name);
        let table = root().join("src/validation/collectives.csv");
        let arguments = ["validate", "--collectives", table.to_str().unwrap(), "--output"];
        let output = run(&[&arguments[..], &[path.to_str().unwrap()]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        std::fs::read_to_string(path).unwrap()
    };
    let picture = drawn("a.svg");
    assert!(picture.starts_with("<svg ") && picture.contains("measured [µs]"), "{}", &picture[..400]);
    assert_eq!(picture, drawn("b.svg"));
    assert!(drawn("c.html").contains(&picture), "the page has the same picture");
}

#[test]
fn an_output_that_can_not_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/plan.json");
    refused(&["plan", "--output", path.to_str().unwrap()], "can't be written");
    refused(&["plan", "--output", folder.path().to_str().unwrap(), "--format", "json"], "is a folder");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_output_file_holds_what_stdout_would() {
    let folder = tempfile::tempdir().unwrap();
    for (suffix, format) in [("json", "json"), ("csv", "csv"), ("md", "markdown"), ("txt", "terminal")] {
        let path = folder.path().join(format!("plan.{suffix}"));
        let file = run(&["plan", "--output", path.to_str().unwrap()]);
        let direct = run(&["plan", "--format", format]);
        assert_eq!(file.status.code(), direct.status.code());
        assert!(file.stdout.is_empty());
        assert!(std::fs::read(&path).unwrap() == direct.stdout, "{format} differs between file and stdout");
        assert!(!direct.stdout.is_empty(), "{}", stderr(&direct));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "temporary files are left");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = gigawatt(&["plan", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let code = child.wait().unwrap().code();
    // The plan of the defaults may fall short, which is 1; anything else is a fault.
    assert!(matches!(code, Some(0 | 1)), "{code:?}: {text}");
    assert!(text.is_empty(), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    for arguments in [&["plan"][..], &["--help"][..], &["scenario", "new"][..]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = gigawatt(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    assert_eq!(
        run(&["scenario", "list", "--output", "/dev/null", "--format", "json"]).status.code(),
        Some(0)
    );
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    refused(&["scenario", "list", "--output", "/dev/full", "--format", "json"], "can't be written");
}

fn scenario_file(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn files_that_are_no_scenario_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| scenario_file(folder.path(), name, bytes);
    refused(&["plan", &file("empty.toml", b"")], "scenario new");
    refused(&["plan", &file("blank.toml", b" \n\t\n")], "is empty");
    refused(&["plan", &file("junk.toml", b"\xff\xfe\x00\x9f\x92")], "not text");
    refused(&["plan", &file("nul.toml", b"a = 1\0\n")], "NUL");
    refused(&["plan", &file("large.toml", &vec![b'#'; (1 << 20) + 1])], "1 MiB");
    refused(&["plan", &file("broken.toml", b"[envelope\n")], "broken.toml");
    refused(&["plan", &file("typo.toml", b"[envelope]\npowr = \"1 GW\"\n")], "typo.toml:2");
    refused(&["plan", folder.path().to_str().unwrap()], "folder");
    let missing = folder.path().join("typos.toml");
    refused(&["plan", missing.to_str().unwrap()], "did you mean");
    refused(&["plan", "--catalog", missing.to_str().unwrap()], "does not exist");
}

#[test]
fn a_scenario_can_come_from_stdin() {
    let mut child = gigawatt(&["explain", "envelope.power", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().unwrap().write_all(b"[envelope]\npower = \"20 MW\"\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("stdin:2") && text.contains("20 MW"), "{text}");
}

#[test]
fn an_endless_input_is_refused() {
    let mut child = gigawatt(&["plan", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().unwrap();
    let chunk = vec![b'#'; 1 << 16];
    // Writing fails as soon as the reader has seen enough.
    while stdin.write_all(&chunk).is_ok() {}
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn unknown_ids_get_near_names() {
    refused(&["catalog", "show", "gb300-nvl7"], "gb300-nvl72");
    refused(&["catalog", "list", "sistems"], "systems");
    refused(&["explain", "power.pue_anual"], "power.pue_annual");
    refused(&["compare"], "ID");
}

#[test]
fn profiles_are_listed_shown_and_checked() {
    let list = run(&["catalog", "list", "systems", "--format", "json"]);
    assert_eq!(list.status.code(), Some(0), "{}", stderr(&list));
    assert!(String::from_utf8_lossy(&list.stdout).contains("gb300-nvl72"));
    let shown = run(&["catalog", "show", "gb300-nvl72"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("140 kW"), "{}", stderr(&shown));
    assert_eq!(run(&["catalog", "check"]).status.code(), Some(0));
    let path = run(&["catalog", "path", "gb300-nvl72"]);
    assert!(String::from_utf8_lossy(&path.stdout).contains("systems/gb300-nvl72.toml"));
}

#[test]
fn the_printed_scenario_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = run(&["scenario", "new"]).stdout;
    let path = scenario_file(folder.path(), "new.toml", &text);
    let output = run(&["plan", &path, "--format", "json"]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
}

#[test]
fn completions_and_the_manual_are_printed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success() && output.stdout.len() > 1_000, "{shell}");
    }
    assert!(String::from_utf8_lossy(&run(&["man"]).stdout).contains(".TH"));
}

#[test]
fn a_pipe_gets_no_colour() {
    let output = gigawatt(&["plan"]).env_remove("NO_COLOR").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_drawing_of_what_is_not_there_is_refused() {
    for (arguments, part) in [
        (vec!["hall", "--hall", "0"], "from 1 to 2"),
        (vec!["hall", "--hall", "3"], "from 1 to 2"),
        (vec!["hall", "--room", "network-9"], "network room"),
        (vec!["hall", "--room", "attic"], "network room"),
        (vec!["building", "--building", "2"], "from 1 to 1"),
        (vec!["campus", "--storey", "2"], "from 1 to 1"),
        (vec!["rack", "--hall", "1"], "goes with `draw hall`"),
        (vec!["campus", "--room", "network-1"], "goes with `draw hall`"),
        (vec!["hall", "--only", "tpu-v9"], "gb300-nvl72"),
        (vec!["year", "--only", "gb300-nvl72"], "goes with `draw hall`"),
    ] {
        refused(&[vec!["draw", "--power", "20MW"], arguments].concat(), part);
    }
}
