//! The frontier of one model on two systems: tokens/s per accelerator against tokens/s per user.
//!
//! Run it with `cargo run --release --example frontier`.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use gigawatt::catalog::Catalog;
use gigawatt::engine::{Backend, Engine};
use gigawatt::plan::equipment::Equipment;
use gigawatt::plan::workloads::{chip_of, precision_of, shape_of, workload_of};
use gigawatt::scenario::{Flags, resolve};
use gigawatt::search::{Axes, DesignPoint, Pools, explore};
use gigawatt::units::Watts;
use std::error::Error;
use std::ops::ControlFlow;

/// Rates of a user at which the frontiers are compared [tokens/s].
const RATES: [f64; 5] = [20.0, 40.0, 60.0, 80.0, 100.0];

/// Searches the design space of DeepSeek-R1 on H200 and GB300 and prints both frontiers.
pub fn main() -> Result<(), Box<dyn Error>> {
    println!("deepseek-r1, 1,024 tokens in and out: output tokens/s per accelerator at a rate per user");
    println!("{:<14} {}", "tokens/s", RATES.map(|rate| format!("{rate:>8}")).join(""));
    for system in ["hgx-h200", "gb300-nvl72"] {
        let points = frontier(system, "deepseek-r1")?;
        let most = RATES.map(|rate| {
            points
                .iter()
                .filter(|point| point.tokens_per_s_per_user >= rate)
                .map(|point| point.tokens_per_s_per_accelerator)
                .fold(0.0, f64::max)
        });
        println!("{system:<14} {}", most.map(|rate| format!("{rate:>8.0}")).join(""));
    }
    Ok(())
}

/// The points of a model on a system that no other point beats in both rates.
fn frontier(system: &str, model: &str) -> Result<Vec<DesignPoint>, Box<dyn Error>> {
    let mut catalog = Catalog::default();
    let flags = Flags { system: Some(system.into()), model: Some(model.into()), ..Flags::default() };
    let scenario = resolve(None, &flags, &mut catalog)?;
    let equipment = Equipment::gather(&scenario, &catalog)?;
    let (machine, card) = (&equipment.machines[0], &equipment.serving[0].profile);
    let (precision, _) = precision_of("auto", &machine.accelerator, card)?;
    let found = explore(
        &shape_of(card),
        &chip_of(machine, Watts(0.0)),
        precision,
        &workload_of(&scenario.fields.serving[0]),
        &Axes::coarse(Pools::Either),
        // `Backend::Auto` takes a GPU where there is one; the points shown are the same.
        &Engine::new(Backend::Cpu),
        |_| ControlFlow::Continue(()),
    )?;
    Ok(found.frontier)
}
