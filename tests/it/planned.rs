//! Plans through the library, as a test asks for them.

use gigawatt::catalog::{Catalog, InputError};
use gigawatt::engine::Engine;
use gigawatt::plan::equipment::Equipment;
use gigawatt::plan::workloads::{chip_of, precision_of, shape_of, workload_of};
use gigawatt::plan::{Options, Plan, plan};
use gigawatt::scenario::{Flags, resolve};
use gigawatt::search::{Axes, DesignPoint, explore};
use gigawatt::units::Watts;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The example scenarios, sorted.
pub fn examples() -> Vec<PathBuf> {
    files(&root().join("examples/scenarios"), "toml")
}

/// The files of a folder with a suffix, sorted.
pub fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == suffix))
        .collect();
    all.sort();
    all
}

/// The built-in scenario with flags over it.
pub fn with(flags: &Flags) -> Result<Plan, InputError> {
    of(None, flags)
}

/// A scenario's text with flags over it.
pub fn of(text: Option<&str>, flags: &Flags) -> Result<Plan, InputError> {
    let mut catalog = Catalog::default();
    let scenario = resolve(text.map(|text| ("test.toml", text)), flags, &mut catalog)?;
    plan(&scenario, &catalog, Options::default())
}

/// So much power of one system.
pub fn filled(power: &str, at: &str, system: &str) -> Plan {
    let flags = Flags {
        power: Some(power.into()),
        at: Some(at.into()),
        system: Some(system.into()),
        ..Flags::default()
    };
    with(&flags).unwrap_or_else(|error| panic!("{power} of {system} at {at}: {error}"))
}

/// Every system of the catalogue, with each of its power profiles.
pub fn systems() -> Vec<String> {
    let catalog = Catalog::default();
    let mut all = Vec::new();
    for id in catalog.ids("systems") {
        if id == "vr-nvl72" {
            all.extend(["max-q", "max-p"].map(|profile| format!("{id}:{profile}")));
        }
        all.push(id);
    }
    all
}

/// The frontier of DeepSeek-R1 on a system, and what computed it.
pub fn frontier(system: &str, axes: &Axes, engine: &Engine) -> (Vec<DesignPoint>, &'static str) {
    let mut catalog = Catalog::default();
    let flags = Flags { system: Some(system.into()), ..Flags::default() };
    let scenario = resolve(None, &flags, &mut catalog).expect("it resolves");
    let equipment = Equipment::gather(&scenario, &catalog).expect("all profiles are there");
    let (machine, card) = (&equipment.machines[0], &equipment.serving[0].profile);
    let (precision, _) = precision_of("auto", &machine.accelerator, card).expect("a format in common");
    let found = explore(
        &shape_of(card),
        &chip_of(machine, Watts(0.0)),
        precision,
        &workload_of(&scenario.fields.serving[0]),
        axes,
        engine,
        |_| ControlFlow::Continue(()),
    )
    .expect("the sweep runs");
    (found.frontier, found.run.backend())
}
