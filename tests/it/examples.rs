//! The programs in `examples/` run to their end.

#[path = "../../examples/compare_cooling.rs"]
mod compare_cooling;
#[path = "../../examples/frontier.rs"]
mod frontier;
#[path = "../../examples/gigawatt.rs"]
mod gigawatt;
#[path = "../../examples/own_system/main.rs"]
mod own_system;

use crate::planned::{files, root};

#[test]
fn the_tour_runs() {
    gigawatt::main().unwrap();
}

#[test]
fn cooling_designs_are_compared() {
    compare_cooling::main().unwrap();
}

#[test]
fn frontiers_are_printed() {
    frontier::main().unwrap();
}

#[test]
fn a_system_of_ones_own_is_planned() {
    own_system::main().unwrap();
}

#[test]
fn every_program_is_run_here() {
    let names: Vec<_> = files(&root().join("examples"), "rs")
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["compare_cooling", "frontier", "gigawatt"], "add the new one above");
}
