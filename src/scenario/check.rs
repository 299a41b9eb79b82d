//! Named consistency checks of a scenario: what its grammar can't say.

use super::{Origin, Policy, Scenario};
use crate::catalog::InputError;
use crate::scalar::SECONDS_PER_YEAR;
use crate::units::text::{Quantity, brief};
use crate::units::{Amperes, Meters, PerSecond, Seconds, Share, VoltAmperes, Volts, Watts};

/// The largest envelope that is planned: about what all data centres of the world draw.
const LARGEST_ENVELOPE_W: f64 = 1e11;
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
        return fail("envelope.power", format!("{power} is more than one site can have; at most 100 GW"));
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

    provisioning(scenario)?;
    networks(scenario)?;
    feed(scenario)?;
    building(scenario)?;
    for (place, serving) in fields.serving.iter().enumerate() {
        let at = |field: &str| format!("serving.{place}.{field}");
        check_precision(scenario, &at("precision"), &serving.precision, &["auto", "bf16", "fp8", "fp4"])?;
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
        let formats = ["auto", "bf16", "fp8", "mxfp8", "nvfp4", "fp4"];
        check_precision(scenario, &at("precision"), &training.precision, &formats)?;
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

/// The scale-out fabric, the networks beside it and the fibre between buildings.
fn networks(scenario: &Scenario) -> Result<(), InputError> {
    let fields = &scenario.fields;
    let fail = |path: &str, message: String| Err(scenario.error(path, message));
    if fields.fabric.oversubscription.0 < 1.0 || fields.fabric.oversubscription.0 > 64.0 {
        return fail("fabric.oversubscription", "lies outside 1 to 64".into());
    }
    let beside = &fields.support_networks;
    for (path, rate) in
        [("support_networks.front_end", beside.front_end), ("support_networks.storage", beside.storage)]
    {
        if rate.0 <= 0.0 {
            return fail(path, "a tray without a port can't be reached".into());
        }
    }
    if !(0.0..=20e3).contains(&beside.server_power.0) {
        return fail("support_networks.server_power", "nothing to 20 kW are possible".into());
    }
    if !(1.0..=64.0).contains(&beside.oversubscription.0) {
        return fail("support_networks.oversubscription", "lies outside 1 to 64".into());
    }
    if beside.management_ports == 0 || beside.management_ports > 64 {
        return fail("support_networks.management_ports", "1 to 64 are possible".into());
    }
    for (path, ports) in [
        ("support_networks.storage_rack_ports", beside.storage_rack_ports),
        ("support_networks.management_rack_ports", beside.management_rack_ports),
    ] {
        if !(1..=1_024).contains(&ports) {
            return fail(
                path,
                format!("{ports}: a rack without a port can't be reached; 1 to 1,024 are possible"),
            );
        }
    }
    if fields.campus.fibre.is_some_and(|fibre| fibre.0 <= 0.0 || fibre.0 > 2e7) {
        return fail("campus.fibre", "more than nothing and at most 20,000 km are possible".into());
    }
    if fields.campus.bandwidth.is_some_and(|rate| rate.0 <= 0.0) {
        return fail(
            "campus.bandwidth",
            "no traffic can cross: leave it out to keep runs inside a fabric".into(),
        );
    }
    Ok(())
}

/// What racks can be given, and how they draw it.
fn provisioning(scenario: &Scenario) -> Result<(), InputError> {
    let fail = |path: &str, message: String| Err(scenario.error(path, message));
    let p = &scenario.fields.provisioning;
    for (path, share) in [
        ("provisioning.cap", p.cap.0),
        ("provisioning.quantile", p.quantile.0),
        ("provisioning.duty_factor", p.duty_factor.0),
    ] {
        if share <= 0.0 {
            return fail(path, "has to be more than nothing".into());
        }
    }
    if p.policy == Policy::DutyQuantile && p.quantile.0 < 0.5 {
        let message =
            format!("{} of the time: racks would be held more often than not; 0.5 to 1", p.quantile);
        return fail("provisioning.quantile", message);
    }
    if p.idle.0 >= 1.0 {
        return fail("provisioning.idle", "an idle rack draws less than a busy one: below 1".into());
    }
    if p.duty_factor < p.idle {
        let message = format!(
            "a mean of {} is below the idle power of a rack, {}: no rack draws so little",
            p.duty_factor, p.idle
        );
        return fail(said(scenario, "provisioning.duty_factor", "provisioning.idle"), message);
    }
    if p.policy == Policy::Capped && p.cap <= p.idle {
        let message =
            format!("{} is not above the idle power of a rack, {}: no cap holds it there", p.cap, p.idle);
        return fail(said(scenario, "provisioning.cap", "provisioning.idle"), message);
    }
    if p.cap.0 < 0.55 {
        return fail("provisioning.cap", "below 0.55 no power-capping curve is known".into());
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

/// Of two fields that contradict each other, the first unless it is a default.
fn said<'a>(scenario: &Scenario, first: &'a str, other: &'a str) -> &'a str {
    match scenario.resolved.origins.get(first) {
        Some(Origin::Default) | None => other,
        _ => first,
    }
}

/// Refuses a quantity outside its span.
fn within<Q: Quantity + PartialOrd>(
    scenario: &Scenario,
    path: &str,
    value: Q,
    [least, most]: [Q; 2],
) -> Result<(), InputError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let message = format!("{}: {} to {} is possible", brief(value), brief(least), brief(most));
    Err(scenario.error(path, message))
}

/// The highest voltage that the buildings' switchgear and unit substations are built for: metal-clad switchgear ends at
/// 38 kV (IEEE C37.20.2) and metal-enclosed at 40.5 kV in this use (IEC 62271-200); both recalled.
const LARGEST_CAMPUS: Volts = Volts(40.5e3);

/// What grids, feeders and batteries can have.
fn feed(scenario: &Scenario) -> Result<(), InputError> {
    let (grid, electrical) = (&scenario.fields.grid, &scenario.fields.electrical);
    let fail = |path: &str, message: String| Err(scenario.error(path, message));
    let year = Seconds(SECONDS_PER_YEAR);
    let often = PerSecond(1e4 / SECONDS_PER_YEAR);
    if let Some(voltage) = grid.voltage {
        within(scenario, "grid.voltage", voltage, [Volts(1e3), Volts(1.5e6)])?;
    }
    if let Some(voltage) = grid.campus_voltage {
        within(scenario, "grid.campus_voltage", voltage, [Volts(1e3), LARGEST_CAMPUS]).map_err(|error| {
            error.with_help(
                "buildings are fed at medium voltage: switchgear and unit substations are built up to 38 kV in North \
                 America and 40.5 kV elsewhere; a higher `grid.voltage` ends at the substation",
            )
        })?;
    }
    if let Some(current) = grid.feeder_current {
        within(scenario, "grid.feeder_current", current, [Amperes(10.0), Amperes(10e3)])?;
    }
    if let Some(power) = grid.short_circuit {
        within(scenario, "grid.short_circuit", power, [VoltAmperes(1e6), VoltAmperes(1e12)])?;
    }
    within(scenario, "grid.ride_through", grid.ride_through, [Seconds(0.0), Seconds(3_600.0)])?;
    within(scenario, "grid.circuit_repair", grid.circuit_repair, [Seconds(0.0), year])?;
    within(scenario, "grid.common_repair", grid.common_repair, [Seconds(0.0), year])?;
    within(scenario, "grid.circuit_outages", grid.circuit_outages, [PerSecond(0.0), often])?;
    within(scenario, "grid.common_outages", grid.common_outages, [PerSecond(0.0), often])?;
    let cooling = &scenario.fields.cooling;
    within(scenario, "cooling.ride_through", cooling.ride_through, [Seconds(0.0), Seconds(86_400.0)])?;
    within(scenario, "grid.dip_voltage", grid.dip_voltage, [Share(0.0), Share(1.0)])?;
    within(scenario, "cooling.drive_voltage", cooling.drive_voltage, [Share(0.0), Share(1.0)])?;
    for (path, time) in [
        ("cooling.drive_restart", cooling.drive_restart),
        ("cooling.chiller_restart", cooling.chiller_restart),
        ("cooling.chilled_store", cooling.chilled_store),
    ] {
        within(scenario, path, time, [Seconds(0.0), Seconds(86_400.0)])?;
    }
    within(scenario, "cooling.pump_failures", cooling.pump_failures, [PerSecond(0.0), often])?;
    within(scenario, "cooling.pump_repair", cooling.pump_repair, [Seconds(0.0), year])?;
    within(scenario, "cooling.chiller_failures", cooling.chiller_failures, [PerSecond(0.0), often])?;
    within(scenario, "cooling.chiller_repair", cooling.chiller_repair, [Seconds(0.0), year])?;
    for (path, factor) in [
        ("grid.power_factor", grid.power_factor),
        ("electrical.rack_power_factor", electrical.rack_power_factor),
        ("electrical.plant_power_factor", electrical.plant_power_factor),
    ] {
        within(scenario, path, factor, [Share(0.5), Share(1.0)])?;
    }
    for (path, count, most) in
        [("grid.circuits", grid.circuits, 8), ("electrical.repair_teams", electrical.repair_teams, 1_000)]
    {
        if !(1..=most).contains(&count) {
            return fail(path, format!("{count}: 1 to {most} is possible"));
        }
    }
    if let (Some(campus), Some(voltage)) = (grid.campus_voltage, grid.voltage)
        && campus > voltage
    {
        // Of two that the user wrote, the flag was laid over the file.
        let flag = |path: &str| scenario.resolved.origins.get(path) == Some(&Origin::Flag);
        if flag("grid.voltage") && !flag("grid.campus_voltage") {
            return fail("grid.voltage", format!("{voltage} is below the {campus} of the campus"));
        }
        return fail("grid.campus_voltage", format!("{campus} is above the {voltage} of the grid"));
    }
    if grid.loss_limit.0 <= 0.0 {
        return fail("grid.loss_limit", "a grid that stands no loss can't serve a load".into());
    }
    if grid.ramp_limit.is_some_and(|ramp| ramp.0 <= 0.0) {
        return fail("grid.ramp_limit", "a site that may never change its power can't be switched on".into());
    }
    stores(scenario)
}

/// What UPS, batteries and floors can have.
fn stores(scenario: &Scenario) -> Result<(), InputError> {
    let (electrical, dynamics) = (&scenario.fields.electrical, &scenario.fields.dynamics);
    let fail = |path: &str, message: String| Err(scenario.error(path, message));
    for (path, size) in
        [("electrical.ups_module", electrical.ups_module), ("electrical.ups_block", electrical.ups_block)]
    {
        within(scenario, path, size.unwrap_or(Watts(1e6)), [Watts(1e3), Watts(1e9)])?;
    }
    if electrical.battery_energy.is_some() != electrical.battery_power.is_some() {
        let said = if electrical.battery_energy.is_some() { "battery_energy" } else { "battery_power" };
        return fail(
            &format!("electrical.{said}"),
            "a battery needs both `battery_power` and `battery_energy`".into(),
        );
    }
    if dynamics.burst.0 <= 0.0 {
        let message =
            format!("{}: a run that never bursts stays at its floor and does not swing", dynamics.burst);
        return fail("dynamics.burst", message);
    }
    let idle = scenario.fields.provisioning.idle;
    if dynamics.floor < idle {
        let message = format!("{} is below the idle power of a rack, {idle}", dynamics.floor);
        return fail(said(scenario, "dynamics.floor", "provisioning.idle"), message);
    }
    let provisioning = &scenario.fields.provisioning;
    if provisioning.policy == Policy::Capped && dynamics.floor > provisioning.cap {
        let message = format!(
            "{} is above the power cap of {}: between bursts racks cannot draw more than in them",
            dynamics.floor, provisioning.cap
        );
        return fail(said(scenario, "dynamics.floor", "provisioning.cap"), message);
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
        ("layout.rack_air", layout.rack_air.0),
        ("layout.building_area", layout.building_area.map_or(1.0, |area| area.0)),
    ] {
        if value <= 0.0 {
            return fail(path, "has to be more than nothing".into());
        }
    }
    let given = [("layout.hall_width", layout.hall_width), ("layout.hall_depth", layout.hall_depth)];
    for (place, (path, side)) in given.into_iter().enumerate() {
        let Some(side) = side else { continue };
        within(scenario, path, side, [Meters(1.0), Meters(1_000.0)])?;
        if given[1 - place].1.is_none() {
            let message = format!("`{}` is missing: a hall has both sides", given[1 - place].0);
            return fail(path, message);
        }
    }
    if layout.storeys > 2 {
        let message = format!("{} storeys: no hall of such racks is built higher than two", layout.storeys);
        let error = scenario.error("layout.storeys", message);
        return Err(
            error.with_help("allowed: 1 or 2; `layout.halls_per_building` sets how many halls they share")
        );
    }
    if layout.halls == Some(0) {
        return fail("layout.halls", "has to be more than nothing".into());
    }
    for (path, value, most) in [
        ("layout.halls_per_building", f64::from(layout.halls_per_building), 10_000.0),
        ("layout.rack_air", layout.rack_air.0, 1e6),
        ("layout.building_area", layout.building_area.map_or(0.0, |area| area.0), 1e7),
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

fn check_precision(scenario: &Scenario, path: &str, name: &str, formats: &[&str]) -> Result<(), InputError> {
    let allowed: Vec<String> = formats.iter().copied().map(String::from).collect();
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
