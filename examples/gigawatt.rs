//! What does 1 GW buy? The way from the meter to the token, stop by stop.
//!
//! Run it with `cargo run --release --example gigawatt`.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use gigawatt::catalog::Catalog;
use gigawatt::plan::{Options, plan};
use gigawatt::scenario::{Flags, resolve};
use std::error::Error;

/// Plans 1 GW of GB300 NVL72 in Abilene and prints each stop of the chain.
pub fn main() -> Result<(), Box<dyn Error>> {
    // A scenario is a file, flags over it, and defaults below it; here the flags say everything.
    let mut catalog = Catalog::default();
    let flags = Flags {
        power: Some("1 GW".into()),
        system: Some("gb300-nvl72".into()),
        site: Some("abilene-tx".into()),
        ..Flags::default()
    };
    let scenario = resolve(None, &flags, &mut catalog)?;
    let plan = plan(&scenario, &catalog, Options::default())?;

    println!("envelope      {} at the utility meter", plan.power.envelope);
    for stage in &plan.power.stages {
        println!("  {:<18} loses {} at {} load", stage.name, stage.loss, stage.load_fraction);
    }
    println!("IT            {} at the rack inputs", plan.power.it_provisioned);
    println!(
        "fleet         {} accelerators in {} racks",
        plan.fleet.accelerators, plan.fleet.systems[0].racks
    );
    println!("stands in     {} halls of {} buildings", plan.layout.halls, plan.layout.buildings);
    for network in &plan.fabric.scale_out {
        println!(
            "network       {}: {} leaf, {} spine, {} core switches, {}",
            network.topology, network.leaf, network.spine, network.core, network.power
        );
    }
    for work in &plan.serving {
        println!(
            "serves        {}: {}, first token in {}, then one every {}",
            work.model, work.output_tokens_per_s, work.ttft, work.tpot
        );
    }
    println!(
        "costs         {} to build, {} of output",
        plan.economics.capex,
        plan.economics.per_output_token.ok_or("nothing is served")?
    );
    for verdict in plan.verdicts.iter().filter(|verdict| verdict.binds) {
        println!("bound by      {}: {}", verdict.constraint, verdict.note);
    }
    Ok(())
}
