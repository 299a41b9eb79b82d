//! A system that the catalogue does not have, from a file of your own.
//!
//! Run it with `cargo run --release --example own_system`. `gigawatt catalog show hgx-h200` prints a profile to
//! start from, `gigawatt catalog check FILE` says what is wrong with yours.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use gigawatt::catalog::Catalog;
use gigawatt::plan::{Options, plan};
use gigawatt::scenario::{Flags, resolve};
use std::error::Error;

/// The profile: a path works wherever an id does.
const RACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/own_system/lab-rack.toml");

/// Plans 5 MW of a rack of one's own beside the catalogue's nearest one.
pub fn main() -> Result<(), Box<dyn Error>> {
    for system in [RACK, "hgx-h200"] {
        let mut catalog = Catalog::default();
        let flags = Flags { power: Some("5 MW".into()), system: Some(system.into()), ..Flags::default() };
        let scenario = resolve(None, &flags, &mut catalog)?;
        let plan = plan(&scenario, &catalog, Options::default())?;
        let fleet = &plan.fleet.systems[0];
        println!(
            "{}: {} accelerators in {} racks of {}",
            fleet.name, fleet.accelerators, fleet.racks, fleet.rack_heat
        );
    }
    Ok(())
}
