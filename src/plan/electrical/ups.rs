//! UPS blocks with their modules, batteries and breakers: of the racks, and of what must not stop.

use super::Ground;
use super::facts::StageFacts;
use super::schedule::{USABLE, line, low_voltage_breaks, plant_fault, plant_voltage, unit_substation};
use crate::catalog::profile::Kept;
use crate::plan::result::Equipment;
use crate::power::StageFlow;
use crate::power::ratings::{Ratings, battery, line_current};
use crate::units::text::brief;
use crate::units::{Amperes, Seconds, Share, VoltAmperes, Volts, Watts};

/// Blocks, modules, batteries and breakers of the racks' UPS.
pub(super) fn blocks(
    ground: &Ground<'_>,
    known: &StageFacts,
    flow: &StageFlow,
    basis: String,
) -> Vec<Equipment> {
    let facts = &ground.place.electrical;
    let (blocks, block) = (u64::from(flow.modules), flow.installed / f64::from(flow.modules.max(1)));
    let (each, module) = known.modules.making(block);
    let mut all = vec![line("UPS blocks", blocks, block.0, "W", basis)];
    if each > 1 {
        let basis = format!("{each} in parallel in each block");
        all.push(line("UPS modules", blocks * each, module.0, "W", basis));
    }
    if let Some(time) = known.hold_up {
        all.push(ups_battery(&facts.ratings, "UPS batteries", blocks, block, time));
    }
    all.extend(ups_breakers(
        ground,
        &UpsFeed {
            name: "UPS",
            blocks,
            block,
            lost: flow.curve.at(1.0),
            stores: known.hold_up.is_some(),
            power_factor: ground.fields.electrical.rack_power_factor,
            voltage: facts.switchboard_voltage,
            fault: unit_substation(ground).and_then(|(_, fault)| fault),
        },
    ));
    all
}

/// The battery of each block, in whole cabinets.
fn ups_battery(ratings: &Ratings, name: &str, blocks: u64, block: Watts, time: Seconds) -> Equipment {
    let asked = battery(block, time, USABLE);
    let (energy, cabinets) = ratings.battery_cabinets(asked);
    let basis = format!(
        "{cabinets} cabinet{} a block: {} for {} at its full load, {USABLE} of the energy usable",
        if cabinets == 1 { "" } else { "s" },
        brief(asked),
        brief(time)
    );
    line(name, blocks, energy.0, "J", basis)
}

/// Breakers of a UPS block that carry what it gives: output and maintenance bypass.
const UPS_OUTPUT_BREAKERS: u64 = 2;
/// What a UPS takes more while it charges its battery again, over its rating: assumption, 10 % is usual in makers' tables.
const RECHARGE: Share = Share(0.1);

/// What the breakers of UPS blocks are sized for.
struct UpsFeed<'a> {
    name: &'a str,
    blocks: u64,
    block: Watts,
    /// Lost at full load, over the rating.
    lost: f64,
    /// Whether it has a battery.
    stores: bool,
    /// Of what it feeds, and alike at its input.
    power_factor: Share,
    /// Between lines, before and behind it: alternating current whatever the racks get.
    voltage: Volts,
    fault: Option<Amperes>,
}

/// Breakers at the input and the output of UPS blocks.
///
/// ~~~text
/// I_out = P/(√3·V·cos φ),  I_in = I_out·(1 + l + r)
/// ~~~
///
/// P rating of a block [W] · V voltage between lines [V] · cos φ power factor · l lost at full load, r recharge over the
/// rating [1].
fn ups_breakers(ground: &Ground<'_>, feed: &UpsFeed<'_>) -> [Equipment; 2] {
    let UpsFeed { name, blocks, block, lost, stores, power_factor, voltage, fault } = *feed;
    let ratings = &ground.place.electrical.ratings;
    let given = line_current(VoltAmperes(block.0 / power_factor.0), voltage);
    let recharge = if stores { RECHARGE.0 } else { 0.0 };
    let (into, inputs) = ratings.low_voltage_frame(given * (1.0 + lost + recharge));
    let (frame, parallel) = ratings.low_voltage_frame(given);
    let broken = low_voltage_breaks(ground, fault);
    let charges = if stores { format!(" and {RECHARGE} to charge its battery") } else { String::new() };
    let at_input = format!("input of each block with what it loses{charges}, {}{broken}", brief(voltage));
    let at_output = format!("output and bypass of each block, {}{broken}", brief(voltage));
    [
        line(&format!("{name} input breakers"), inputs * blocks, into.0, "A", at_input),
        line(&format!("{name} breakers"), UPS_OUTPUT_BREAKERS * parallel * blocks, frame.0, "A", at_output),
    ]
}

/// The UPS of what must not stop, with its batteries.
pub(super) fn essential(ground: &Ground<'_>) -> Vec<Equipment> {
    let (Some(flow), Some((known, keeps))) = (&ground.design.essential, &ground.place.electrical.essential)
    else {
        return Vec::new();
    };
    let what = match keeps {
        Kept::PumpsAndControls => "coolant pumps, lights and controls",
        Kept::PumpsControlsAndSupport => {
            "coolant pumps, lights and controls, network, storage and management racks"
        }
    };
    let (count, block) = (u64::from(flow.modules), flow.installed / f64::from(flow.modules.max(1)));
    let basis = format!("{what}: {} of load, {} loaded", brief(flow.output), Share(flow.load_fraction));
    let mut all = vec![line("essential UPS blocks", count, block.0, "W", basis)];
    all.extend(ups_breakers(
        ground,
        &UpsFeed {
            name: "essential UPS",
            blocks: count,
            block,
            lost: flow.curve.at(1.0),
            stores: known.hold_up.is_some(),
            power_factor: ground.fields.electrical.rack_power_factor,
            voltage: plant_voltage(&ground.place.electrical),
            fault: plant_fault(ground),
        },
    ));
    if let Some(time) = known.hold_up {
        all.push(ups_battery(
            &ground.place.electrical.ratings,
            "essential UPS batteries",
            count,
            block,
            time,
        ));
    }
    all
}
