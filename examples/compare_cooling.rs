//! One envelope under every cooling design: what the plant leaves for accelerators, and what it drinks.
//!
//! Run it with `cargo run --release --example compare_cooling`.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use gigawatt::catalog::Catalog;
use gigawatt::plan::{Options, plan};
use gigawatt::scenario::{Flags, resolve};
use std::error::Error;

/// Plans 100 MW of GB300 NVL72 in Phoenix with each cooling design of the catalogue.
pub fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "{:<22} {:>12} {:>11} {:>7} {:>11}",
        "cooling", "accelerators", "peak ratio", "PUE", "WUE [L/kWh]"
    );
    for design in Catalog::default().ids("cooling") {
        // Settings of a scenario may reach into its catalogue, so each scenario gets its own.
        let mut catalog = Catalog::default();
        let flags = Flags {
            power: Some("100 MW".into()),
            site: Some("phoenix-az".into()),
            set: vec![format!("cooling.design={design}")],
            ..Flags::default()
        };
        let scenario = resolve(None, &flags, &mut catalog)?;
        let plan = plan(&scenario, &catalog, Options::default())?;
        // The peak ratio sizes the plant in the worst hour; PUE is the energy of the year.
        println!(
            "{design:<22} {:>12} {:>11.3} {:>7.3} {:>11.3}",
            plan.fleet.accelerators,
            plan.power.peak_ratio.0,
            plan.power.pue_annual.0,
            plan.power.wue_l_per_kwh
        );
    }
    Ok(())
}
