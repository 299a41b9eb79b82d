//! Named consistency checks of a scenario: what its grammar can't say.

use super::Scenario;
use crate::catalog::InputError;

/// The largest envelope that is planned: more than all data centres of the world draw.
const LARGEST_ENVELOPE_W: f64 = 1e12;
/// The smallest: below it stands not even one accelerator.
const SMALLEST_ENVELOPE_W: f64 = 1e3;

/// The first thing wrong with a scenario.
pub(super) fn scenario(scenario: &Scenario) -> Result<(), InputError> {
    let fields = &scenario.fields;
    let fail = |path: &str, message: String| Err(scenario.error(path, message));

    let power = fields.envelope.power;
    if power.0 < SMALLEST_ENVELOPE_W {
        return fail("envelope.power", format!("{power} buys no rack; at least 1 kW"));
    }
    if power.0 > LARGEST_ENVELOPE_W {
        return fail("envelope.power", format!("{power} is more than the world has to give; at most 1 TW"));
    }
    if fields.systems.is_empty() {
        return fail("systems", "names no system; at least one `[[systems]]` with an `id`".into());
    }
    shares_fit(scenario, "systems", fields.systems.iter().map(|system| system.share.0))?;
    if let Some(place) = fields.systems.iter().position(|system| system.share.0 <= 0.0) {
        return fail(&format!("systems.{place}.share"), "has to be more than nothing".into());
    }
    let working = fields
        .training
        .iter()
        .filter(|training| !training.alternative)
        .map(|training| training.share.0)
        .chain(fields.serving.iter().map(|serving| serving.share.0));
    let list = if fields.serving.is_empty() { "training" } else { "serving" };
    shares_fit(scenario, list, working)?;

    let p = &fields.provisioning;
    for (path, share) in [
        ("provisioning.cap", p.cap.0),
        ("provisioning.quantile", p.quantile.0),
        ("provisioning.duty_factor", p.duty_factor.0),
    ] {
        if share <= 0.0 {
            return fail(path, "has to be more than nothing".into());
        }
    }
    if p.cap.0 < 0.55 {
        return fail("provisioning.cap", "below 0.55 no power-capping curve is known".into());
    }
    if fields.fabric.oversubscription.0 < 1.0 || fields.fabric.oversubscription.0 > 64.0 {
        return fail("fabric.oversubscription", "lies outside 1 to 64".into());
    }
    building(scenario)?;
    for (place, serving) in fields.serving.iter().enumerate() {
        let at = |field: &str| format!("serving.{place}.{field}");
        check_precision(scenario, &at("precision"), &serving.precision)?;
        for (field, tokens) in [("isl", serving.isl), ("osl", serving.osl)] {
            if tokens == 0 || tokens > 100_000_000 {
                return fail(&at(field), format!("{tokens} tokens: 1 to 100,000,000 are possible"));
            }
        }
        for (field, limit) in [("ttft", serving.ttft), ("tpot", serving.tpot)] {
            if limit.0 <= 0.0 {
                return fail(&at(field), "a promise of no time at all can't be kept".into());
            }
        }
        if serving.prefix_hit.0 >= 1.0 {
            return fail(&at("prefix_hit"), "at least one input token has to be computed: below 1".into());
        }
        engine(scenario, place, serving)?;
    }
    for (place, training) in fields.training.iter().enumerate() {
        let at = |field: &str| format!("training.{place}.{field}");
        check_precision(scenario, &at("precision"), &training.precision)?;
        for (field, count) in [
            ("sequence", training.sequence),
            ("global_batch", training.global_batch),
            ("accelerators", training.accelerators),
        ] {
            if count == 0 || count > 1_000_000_000_000 {
                return fail(&at(field), format!("{count} is outside 1 to 10^12"));
            }
        }
        if training.global_batch < training.sequence {
            return fail(&at("global_batch"), "holds not even one sequence".into());
        }
        if training.tokens.0 < training.global_batch as f64 {
            return fail(&at("tokens"), "are not even one step".into());
        }
        failures(scenario, place, training)?;
    }
    Ok(())
}

/// The most tokens that are drafted for one: beyond it no published system goes.
const MOST_DRAFTED: u32 = 16;
/// The most memory that a runtime may keep: more than any accelerator has.
const MOST_RESERVE_BYTES: f64 = 1e12;

/// How an engine can be set.
fn engine(scenario: &Scenario, place: usize, serving: &super::Serving) -> Result<(), InputError> {
    let at = |field: &str| format!("serving.{place}.{field}");
    let fail = |field: &str, message: String| Err(scenario.error(&at(field), message));
    if serving.drafted > MOST_DRAFTED {
        let drafted = serving.drafted;
        return fail("drafted", format!("{drafted} tokens: 0 to {MOST_DRAFTED} can be drafted"));
    }
    if serving.longest_answer.0 < 1.0 || serving.longest_answer.0 > 1_000.0 {
        let ratio = serving.longest_answer.0;
        return fail("longest_answer", format!("{ratio} times the mean answer: 1 to 1,000 is possible"));
    }
    for (field, spread) in [("isl_spread", serving.isl_spread), ("osl_spread", serving.osl_spread)] {
        if !(1.0..=1_000.0).contains(&spread.0) {
            let spread = spread.0;
            return fail(field, format!("{spread}: a mean square is 1 to 1,000 times the squared mean"));
        }
    }
    if serving.expert_skew.0 < 0.0 || serving.expert_skew.0 > 100.0 {
        let skew = serving.expert_skew.0;
        return fail("expert_skew", format!("{skew} times the mean on top: 0 (even) to 100 is possible"));
    }
    if serving.memory_share.0 <= 0.0 {
        return fail("memory_share", "the engine needs some memory: more than 0, at most 1".into());
    }
    if serving.runtime_reserve.0 > MOST_RESERVE_BYTES {
        return fail("runtime_reserve", format!("{} exceeds 1 TB", serving.runtime_reserve));
    }
    for (field, count, most) in [
        ("step_tokens", serving.step_tokens, 1_000_000),
        ("step_sequences", serving.step_sequences, 100_000),
        ("block_tokens", serving.block_tokens, 65_536),
    ] {
        if count == 0 || count > most {
            return fail(field, format!("{count} is outside 1 to {most}"));
        }
    }
    Ok(())
}

/// The longest time that a part of a recovery is given: a day.
const LONGEST_RECOVERY_S: f64 = 86_400.0;

/// How a run meets failures.
fn failures(scenario: &Scenario, place: usize, training: &super::Training) -> Result<(), InputError> {
    let fail =
        |field: &str, message: String| Err(scenario.error(&format!("training.{place}.{field}"), message));
    for (field, time) in [
        ("checkpoint_stall", training.checkpoint_stall),
        ("detection", training.detection),
        ("restart", training.restart),
        ("silent_detection", training.silent_detection),
    ] {
        if !(0.0..=LONGEST_RECOVERY_S).contains(&time.0) {
            return fail(field, format!("{time}: 0 s to 1 day is possible"));
        }
    }
    if let super::Interval::Every(time) = training.checkpoint_interval
        && !(1.0..=30.0 * LONGEST_RECOVERY_S).contains(&time.0)
    {
        return fail("checkpoint_interval", format!("{time}: 1 s to 30 days is possible, or \"auto\""));
    }
    if training.storage.0 < 1e6 {
        return fail("storage", format!("{} writes no checkpoint; at least 1 MB/s", training.storage));
    }
    if training.slow_nodes.0 >= 1.0 {
        return fail("slow_nodes", "nothing would be left: below 1".into());
    }
    Ok(())
}

/// Sizes that a building and its prices can have.
fn building(scenario: &Scenario) -> Result<(), InputError> {
    let fields = &scenario.fields;
    let fail = |path: &str, message: String| Err(scenario.error(path, message));
    let layout = &fields.layout;
    for (path, value) in [
        ("layout.hall_power", layout.hall_power.0),
        ("layout.halls_per_building", f64::from(layout.halls_per_building)),
        ("layout.storeys", f64::from(layout.storeys)),
        ("layout.busways_per_row", f64::from(layout.busways_per_row)),
        ("layout.cold_aisle", layout.cold_aisle.0),
        ("layout.hot_aisle", layout.hot_aisle.0),
        ("layout.row_length", layout.row_length.0),
    ] {
        if value <= 0.0 {
            return fail(path, "has to be more than nothing".into());
        }
    }
    for (path, value, most) in [
        ("layout.halls_per_building", f64::from(layout.halls_per_building), 10_000.0),
        ("layout.storeys", f64::from(layout.storeys), 100.0),
        ("layout.cold_aisle", layout.cold_aisle.0, 100.0),
        ("layout.hot_aisle", layout.hot_aisle.0, 100.0),
        ("layout.row_length", layout.row_length.0, 1_000.0),
        ("layout.busways_per_row", f64::from(layout.busways_per_row), 100.0),
        ("site.electricity", fields.site.electricity.map_or(0.0, |price| price.0 * 3.6e6), 100.0),
        ("economics.rack_price", fields.economics.rack_price.map_or(0.0, |price| price.0), 1e9),
    ] {
        if value > most {
            return fail(path, format!("{value} is more than any building has; at most {most}"));
        }
    }
    for (path, supply) in [("cooling.coolant_supply", fields.cooling.coolant_supply)] {
        if supply.is_some_and(|supply| !(2.0..=70.0).contains(&supply.0)) {
            return fail(path, "lies outside 2 °C to 70 °C, where coolant is run".into());
        }
    }
    Ok(())
}

fn check_precision(scenario: &Scenario, path: &str, name: &str) -> Result<(), InputError> {
    let allowed: Vec<String> = ["auto", "bf16", "fp8", "fp4"].map(String::from).to_vec();
    if allowed.iter().any(|one| one == name) {
        return Ok(());
    }
    let help = crate::catalog::document::suggest(name, &allowed);
    Err(scenario.error(path, format!("`{name}` is no number format")).with_help(help))
}

fn shares_fit(scenario: &Scenario, list: &str, shares: impl Iterator<Item = f64>) -> Result<(), InputError> {
    let total: f64 = shares.sum();
    if total > 1.0 + 1e-9 {
        return Err(scenario
            .error(list, format!("the shares add up to {:.1} %: more than there is", 100.0 * total))
            .with_help("shares are parts of one; what is left over stays empty"));
    }
    Ok(())
}
