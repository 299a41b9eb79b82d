//! How the heat leaves, in words.

use super::{POWER, section};
use crate::plan::result::{CoolantLoop, Cooling, GroupFlows, RowFlow};
use crate::report::document::{Block, Column, Section, Table, Unit, count};
use crate::units::text::{digits, show};
use crate::units::{Celsius, Joules};

/// Air of less than this share of its density at sea level is worth a line: some 400 m.
const THIN_AIR: f64 = 0.95;

/// Water that heats buildings without a heat pump: floors and low-temperature networks want 45 °C and more (recalled).
const USEFUL_ALONE: Celsius = Celsius(45.0);

/// How the heat leaves: the design hour, coolant by system, what the year takes and gives.
pub(super) fn cooling(cooling: &Cooling) -> Section {
    let chilled = cooling.on_chillers.iter().filter(|(_, share)| share.0 > 0.0);
    let chilled: Vec<_> = chilled.map(|(name, share)| format!("{share} of the {name}")).collect();
    let by = if chilled.is_empty() {
        cooling.design_mode.to_owned()
    } else {
        format!("on chillers {}", chilled.join(", "))
    };
    let hour = format!(
        "{} dry bulb, {} wet bulb: {by}",
        show(cooling.design_dry_bulb),
        show(cooling.design_wet_bulb)
    );
    let (dry_bulb, wet_bulb, chilled) = cooling.other_hour;
    let other = format!(
        "{} dry bulb, {} wet bulb, less power: {} through chillers, which are bought for {}",
        show(dry_bulb),
        show(wet_bulb),
        POWER.show(chilled.0),
        POWER.show(cooling.chillers.0)
    );
    let hours = |hours: u32| format!("{} h", count(u64::from(hours)));
    let mut pairs = vec![
        ("cooling design".into(), cooling.design.clone()),
        ("design hour".into(), hour),
        ("through chillers in it".into(), POWER.show(cooling.chilled.0)),
        ("the other extreme hour".into(), other),
        ("heat rejection to install".into(), POWER.show(cooling.installed_rejection.0)),
        (format!("chillers help the {}", cooling.leading_loop()), hours(cooling.trim_hours)),
        ("water evaporates".into(), hours(cooling.wet_hours)),
        ("at the meter, hottest hour of the year".into(), POWER.show(cooling.peak_of_year.0)),
    ];
    if cooling.air_density.0 < THIN_AIR {
        let air = format!(
            "{} of the density at sea level, for which coolers and fans are stated: approaches wider, more air handlers, doors of racks faster",
            cooling.air_density
        );
        pairs.push(("outside air".into(), air));
    }
    if cooling.water.0 > 0.0 {
        let droplets = if cooling.drift.0 > 0.0 {
            format!("{} carried off as droplets, ", show(cooling.drift))
        } else {
            String::new()
        };
        let water = format!(
            "{} a year: {} evaporated, {droplets}{} blown down",
            show(cooling.water),
            show(cooling.evaporated),
            show(cooling.blown_down)
        );
        pairs.push(("water".into(), water));
        let hourly = format!("{} m3/h", digits(cooling.design_water.0 * 3_600.0));
        pairs.push(("water in the hour that takes most".into(), hourly));
    }
    if let Some(dry) = cooling.dry_air.filter(|dry| dry.hours > 0) {
        let air = format!(
            "{}, down to {} of humidity at the inlets; racks of the class allow {} and {} of dew point. Moistening it takes up to {} kg/s, {} a year, in no sum of this plan",
            hours(dry.hours),
            dry.lowest_humidity,
            dry.limit.humidity,
            show(dry.limit.dew_point),
            digits(dry.most.0 * 1e3),
            show(dry.of_year)
        );
        pairs.push(("outside air is too dry".into(), air));
    }
    if let Some(at) = cooling.warm_water_at {
        let watt_hours = |heat: Joules| Unit::Metric("Wh").show(heat.0 / 3_600.0);
        let heat = format!(
            "{} a year at {}{}, {} of it while buildings are heated",
            watt_hours(cooling.warm_water),
            show(at),
            if at < USEFUL_ALONE { ", which heat pumps have to lift" } else { "" },
            watt_hours(cooling.heating_season)
        );
        pairs.push(("heat for a network".into(), heat));
    }
    let loops = &cooling.coolant;
    let blocks = vec![Block::KeyValues(pairs), Block::Table(coolant(loops)), Block::Table(cdu_groups(loops))];
    section("How the heat leaves", blocks)
}

/// The coolant of each system, from its rack to the pump of a row.
fn coolant(loops: &[CoolantLoop]) -> Table {
    let row = |of: fn(&RowFlow) -> f64| {
        loops.iter().map(move |coolant| coolant.row.as_ref().ok().map(of)).collect::<Vec<_>>()
    };
    Table::of(vec![
        Column::words("coolant of", loops.iter().map(|coolant| coolant.system.clone())),
        Column::values("supply", Unit::Plain("°C"), loops.iter().map(|coolant| Some(coolant.supply.0))),
        Column::values("return", Unit::Plain("°C"), loops.iter().map(|coolant| Some(coolant.leaving.0))),
        Column::values("rack", Unit::Plain("L/min"), loops.iter().map(|c| Some(60_000.0 * c.rack_flow.0))),
        Column::words("CDUs", loops.iter().map(|c| format!("{} + {}", count(c.cdus[0]), count(c.cdus[1])))),
        Column::counts("racks of a row", loops.iter().map(|coolant| u64::from(coolant.racks_of_row))),
        Column::words(
            "pipe",
            loops.iter().map(|coolant| match &coolant.row {
                Ok(row) => format!("DN {}", row.nominal_diameter),
                Err(_) => String::new(),
            }),
        ),
        Column::values("speed", Unit::Plain("m/s"), row(|row| row.velocity_m_per_s)),
        Column::values("head", Unit::Metric("Pa"), row(|row| row.head.0)),
        Column::values(
            "pump of a row",
            POWER,
            loops
                .iter()
                .map(|coolant| Some(coolant.row.as_ref().ok()?.hydraulic.0 / coolant.pump_efficiency)),
        ),
    ])
}

/// The CDUs of a hall: how fast their pumps run, and what is left when one is out.
fn cdu_groups(loops: &[CoolantLoop]) -> Table {
    let group = |of: fn(&CoolantLoop, &GroupFlows) -> Option<f64>| {
        loops.iter().map(move |c| of(c, c.group.flows.as_ref().ok()?)).collect::<Vec<_>>()
    };
    let percent = Unit::Plain("%");
    Table::of(vec![
        Column::words("CDU group of", loops.iter().map(|coolant| coolant.system.clone())),
        Column::counts("units", loops.iter().map(|coolant| u64::from(coolant.group.units))),
        Column::counts("rows", loops.iter().map(|coolant| u64::from(coolant.group.rows))),
        Column::counts("racks", loops.iter().map(|coolant| u64::from(coolant.group.racks))),
        Column::words(
            "header",
            loops.iter().map(|coolant| match &coolant.group.flows {
                Ok(flows) => format!("DN {}", flows.nominal_diameter),
                Err(_) => String::new(),
            }),
        ),
        Column::values("pump speed", percent, group(|_, flows| Some(100.0 * flows.all.speed))),
        Column::values("one out", percent, group(|_, flows| Some(100.0 * flows.one_out?.speed))),
        Column::values("load of a unit then", percent, group(|_, flows| Some(100.0 * flows.one_out?.load.0))),
        Column::values(
            "flow kept",
            percent,
            group(|coolant, flows| Some(100.0 * (flows.one_out?.worst_rack / coolant.rack_flow))),
        ),
        Column::words(
            "pump power",
            loops.iter().map(|coolant| {
                let basis = if coolant.pumps_are_solved { "solved" } else { "catalogue" };
                format!("{} % of heat, {basis}", digits(100.0 * coolant.pump_share.0))
            }),
        ),
    ])
}
