//! The one-line diagram: every busbar and stage from the grid to the racks by its symbol, with what hangs on it, its
//! breakers, ratings and loading. A diagram, not to scale.

use super::{Anchor, FIELD, INK, PAPER, Page, Rect, SOFT, count, spelled, subtitle, watts};
use crate::plan::Plan;
use crate::plan::result::Stage;
use crate::report::electrical::rating;
use crate::units::text::{brief, digits, show};

const WIRE: f64 = 0.6;
const BUS: f64 = 1.4;

/// What a stage is drawn as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Transformer,
    Converter(&'static str),
    Bus,
}

fn symbol(name: &str) -> Symbol {
    if name.contains("solid-state") {
        Symbol::Converter("~/=")
    } else if name.contains("transformer") {
        Symbol::Transformer
    } else if name.contains("ups") {
        Symbol::Converter("UPS")
    } else if name.contains("rectifier") {
        Symbol::Converter("~/=")
    } else {
        Symbol::Bus
    }
}

/// What hangs on a busbar beside the way to the racks.
enum Tap {
    Engines(String),
    Capacitors(String),
    Battery(String),
    Load(&'static str, String),
}

/// One step of the way from the grid to the racks.
struct Level {
    symbol: Symbol,
    title: String,
    lines: Vec<String>,
    taps: Vec<Tap>,
    /// Whether a breaker stands behind it.
    switched: bool,
}

/// A line of the equipment schedule as count and rating, with a word before it.
fn bought(plan: &Plan, word: &str, name: &str) -> Option<String> {
    let line = plan.electrical.schedule.iter().find(|line| line.name == name)?;
    Some(format!("{word} {} × {}", count(line.count), rating(line)).trim().to_owned())
}

/// What breakers have to break, as their line of the schedule says it.
fn faults(plan: &Plan, name: &str) -> Option<String> {
    let line = plan.electrical.schedule.iter().find(|line| line.name == name)?;
    line.basis.split_once("; ").map(|(_, fault)| fault.to_owned())
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The busbar of the grid and, behind main transformers, that of the campus.
fn grid(plan: &Plan) -> Level {
    let said = |field: &str| plan.scenario.fields["grid"][field].as_str().unwrap_or_default().to_owned();
    let circuits = plan.scenario.fields["grid"]["circuits"].as_u64().unwrap_or(1);
    Level {
        symbol: Symbol::Bus,
        title: format!("grid, {}", said("voltage")),
        lines: vec![
            format!("{circuits} circuits, {} of short circuit", said("short_circuit")),
            format!("{} in the design hour", watts(plan.power.facility_peak.0)),
            joined([bought(plan, "breakers", "grid breakers")]),
        ],
        taps: Vec::new(),
        switched: true,
    }
}

/// The busbar of the campus with its feeders, and what hangs on it.
fn campus(plan: &Plan, loads: Vec<Tap>) -> Level {
    let voltage = plan.scenario.fields["grid"]["campus_voltage"].as_str().unwrap_or_default();
    let flow = plan.electrical.load_flow.as_ref();
    let length = flow.map(|flow| format!("{} km in all", digits(flow.feeder_length.0 / 1e3)));
    let mains =
        joined([bought(plan, "main breakers", "campus main breakers"), faults(plan, "campus main breakers")]);
    let mut taps = Vec::new();
    taps.extend(bought(plan, "", "engines").map(Tap::Engines));
    taps.extend(bought(plan, "", "capacitor banks").map(Tap::Capacitors));
    taps.extend(bought(plan, "", "substation batteries").map(Tap::Battery));
    let plant =
        if loads.is_empty() { None } else { bought(plan, "plant transformers", "plant transformers") };
    taps.extend(loads);
    Level {
        symbol: Symbol::Bus,
        title: format!("campus busbar, {voltage}"),
        lines: vec![
            mains,
            joined([bought(plan, "feeders", "feeders"), length]),
            joined([bought(plan, "feeder breakers", "feeder breakers"), plant]),
        ],
        taps,
        switched: true,
    }
}

/// The switchboards of the halls.
fn switchboards(plan: &Plan, loads: Vec<Tap>) -> Level {
    Level {
        symbol: Symbol::Bus,
        title: format!("switchboards, {}", brief(plan.electrical.switchboard_voltage)),
        lines: vec![
            joined([
                bought(plan, "mains and ties", "low-voltage main breakers"),
                bought(plan, "mains", "direct-current main breakers"),
                faults(plan, "low-voltage main breakers"),
            ]),
            joined([bought(plan, "plant switchboards", "plant switchboards")]),
        ],
        taps: loads,
        switched: true,
    }
}

/// A stage of the chain, with what the load flow knows of it.
fn stage(plan: &Plan, stage: &Stage) -> Level {
    let symbol = symbol(&stage.name);
    let own = match symbol {
        Symbol::Transformer if stage.name.starts_with("hv") => bought(plan, "", "main transformers"),
        Symbol::Transformer => bought(plan, "", "unit substations"),
        Symbol::Bus => {
            let voltage = brief(plan.electrical.hall_voltage);
            bought(plan, "busways", "busways").map(|busways| format!("{busways} at {voltage}"))
        }
        Symbol::Converter(_) => None,
    };
    let modules = stage.modules.max(1);
    let plain = || format!("{} × {}", count(modules), watts(stage.installed.0 / modules as f64));
    let times = format!("{} times what they carry", digits(stage.installed.0 / stage.output.0.max(1.0)));
    let out = if stage.name.starts_with("hv") { "one main transformer" } else { "one unit substation" };
    let outage = plan.electrical.load_flow.as_ref().and_then(|flow| {
        let found = flow.outages.iter().find(|outage| outage.name.starts_with(out))?;
        Some(format!("without one the rest at {} %", digits(100.0 * found.loading)))
    });
    let outage = if symbol == Symbol::Transformer { outage } else { None };
    let lost = format!(
        "{} in, {} lost ({} %), paths at {} %",
        watts(stage.input.0),
        watts(stage.loss.0),
        digits(100.0 * stage.loss.0 / stage.input.0.max(1.0)),
        digits(100.0 * stage.load_fraction.0)
    );
    let taps = if stage.name.contains("ups") {
        bought(plan, "", "UPS batteries").map(Tap::Battery).into_iter().collect()
    } else {
        Vec::new()
    };
    Level {
        symbol,
        title: spelled(&stage.name),
        lines: vec![joined([Some(own.unwrap_or_else(plain)), Some(times)]), lost, outage.unwrap_or_default()],
        taps,
        switched: symbol != Symbol::Bus,
    }
}

/// The way from the grid to the racks.
fn levels(plan: &Plan) -> Vec<Level> {
    let stages = &plan.power.stages;
    let branch = branching(stages);
    let mut all = vec![grid(plan)];
    for (number, at) in stages.iter().enumerate() {
        all.push(stage(plan, at));
        let loads = if number == branch { plant(plan) } else { Vec::new() };
        if at.name.starts_with("hv") {
            all.push(campus(plan, loads));
        } else if at.name.starts_with("unit") || at.name.starts_with("solid-state") {
            all.push(switchboards(plan, loads));
        } else if let Some(last) = all.last_mut() {
            last.taps.extend(loads);
        }
    }
    all
}

/// Cooling and house loads.
fn plant(plan: &Plan) -> Vec<Tap> {
    let sum = |house: bool| -> f64 {
        let of = plan.power.overheads.iter().filter(|(name, _)| name.starts_with("lights") == house);
        of.filter(|(name, _)| name != "feeders").map(|(_, load)| load.0).sum()
    };
    vec![Tap::Load("cooling plant", watts(sum(false))), Tap::Load("house", watts(sum(true)))]
}

/// Draws the chain; none without IT.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let power = &plan.power;
    if power.it_provisioned.0 <= 0.0 {
        return None;
    }
    let mut page = Page::new("One-line diagram, design hour", &subtitle(plan));
    let levels = levels(plan);
    let step = (FIELD.depth - 16.0) / levels.len() as f64;
    let x = FIELD.x + 140.0;
    for (number, level) in levels.iter().enumerate() {
        let y = FIELD.y + step * number as f64;
        drawn(&mut page, level, (x, y), step, number == 0);
    }
    let end = FIELD.y + step * levels.len() as f64;
    page.line((x, end), (x, end + 3.0), INK, WIRE, false);
    breaker(&mut page, (x, end));
    let racks = Rect { x: x - 30.0, y: end + 3.0, width: 60.0, depth: 12.0 };
    page.rect(racks, "#0072b2", Some((INK, 0.4)));
    let names = format!("{} accelerator racks", count(plan.fleet.racks.compute));
    page.label(Rect { depth: 7.0, ..racks }, 3.4, PAPER, &names);
    let it = format!("IT {}", watts(power.it_provisioned.0));
    page.label(Rect { y: racks.y + 5.5, depth: 6.0, ..racks }, 3.0, PAPER, &it);
    let taps = plan.electrical.schedule.iter().filter(|line| line.name == "rack tap-offs");
    let taps: Vec<String> = taps.map(|line| format!("{} × {}", count(line.count), rating(line))).collect();
    if !taps.is_empty() {
        let words = format!("two taps a rack: {}", taps.join(", "));
        let size = super::fitting(&words, FIELD.x + FIELD.width - x - 35.0, 2.9);
        page.text((x + 34.0, end + 10.0), size, Anchor::Start, SOFT, &words);
    }
    column(&mut page, plan);
    Some(page)
}

/// A circuit breaker on a wire.
fn breaker(page: &mut Page, (x, y): (f64, f64)) {
    page.rect(Rect { x: x - 1.4, y: y - 1.4, width: 2.8, depth: 2.8 }, PAPER, Some((INK, 0.4)));
}

/// The stage behind which cooling and house loads branch off: where most is left out of what follows.
pub(super) fn branching(stages: &[Stage]) -> usize {
    let gap = |number: usize| {
        stages[number].output.0 - stages.get(number + 1).map_or(stages[number].output.0, |next| next.input.0)
    };
    (0..stages.len()).max_by(|a, b| gap(*a).total_cmp(&gap(*b))).unwrap_or(0)
}

/// A level below the point where the one before ends.
fn drawn(page: &mut Page, level: &Level, (x, y): (f64, f64), step: f64, first: bool) {
    let middle = y + step / 2.0;
    let top = if first { middle } else { y };
    let pitch = TAP_PITCH.min((x - FIELD.x - 2.0) / (level.taps.len() as f64 + 0.5));
    match level.symbol {
        Symbol::Transformer => {
            page.line((x, top), (x, middle - 5.6), INK, WIRE, false);
            page.circle((x, middle - 2.2), 3.4, "none", INK);
            page.circle((x, middle + 2.2), 3.4, "none", INK);
            page.line((x, middle + 5.6), (x, y + step), INK, WIRE, false);
        }
        Symbol::Converter(words) => {
            page.line((x, top), (x, middle - 5.0), INK, WIRE, false);
            let at = Rect { x: x - 9.0, y: middle - 5.0, width: 18.0, depth: 10.0 };
            page.rect(at, PAPER, Some((INK, WIRE)));
            page.label(at, 3.4, INK, words);
            page.line((x, middle + 5.0), (x, y + step), INK, WIRE, false);
        }
        Symbol::Bus => {
            page.line((x, top), (x, y + step), INK, WIRE, false);
            let left = x - 22.0_f64.max(pitch * level.taps.len() as f64 + 6.0);
            page.line((left.max(FIELD.x), middle), (x + 22.0, middle), INK, BUS, false);
        }
    }
    if level.switched {
        breaker(page, (x, y + step - 1.4));
    }
    for (number, tap) in level.taps.iter().enumerate() {
        let at = x - pitch * (number as f64 + 1.0);
        match level.symbol {
            Symbol::Bus => page.line((at, middle), (at, middle + 3.0), INK, WIRE, false),
            _ => page.line((x - 9.0, middle), (at, middle), INK, WIRE, false),
        }
        let below = if level.symbol == Symbol::Bus { middle + 3.0 } else { middle };
        hung(page, tap, (at, below), pitch);
    }
    let from = middle - 2.4 * (level.lines.iter().filter(|line| !line.is_empty()).count() as f64);
    page.text((x + 26.0, from), 3.6, Anchor::Start, INK, &level.title);
    for (number, line) in level.lines.iter().filter(|line| !line.is_empty()).enumerate() {
        let size = super::fitting(line, FIELD.x + FIELD.width - x - 27.0, 2.9);
        page.text((x + 26.0, from + 4.6 + 4.2 * number as f64), size, Anchor::Start, SOFT, line);
    }
}

/// Between things that hang on a busbar, at most [mm].
const TAP_PITCH: f64 = 34.0;

/// Something below the end of its wire.
fn hung(page: &mut Page, tap: &Tap, (x, y): (f64, f64), pitch: f64) {
    let words = |page: &mut Page, y: f64, words: &str| {
        let size = super::fitting(words, pitch - 2.0, 2.6);
        page.text((x, y), size, Anchor::Middle, SOFT, words);
    };
    match tap {
        Tap::Engines(text) => {
            page.circle((x, y + 3.4), 3.4, PAPER, INK);
            page.text((x, y + 4.6), 3.4, Anchor::Middle, INK, "G");
            words(page, y + 10.4, text);
        }
        Tap::Capacitors(text) => {
            page.line((x - 3.0, y + 1.0), (x + 3.0, y + 1.0), INK, WIRE, false);
            page.line((x - 3.0, y + 2.6), (x + 3.0, y + 2.6), INK, WIRE, false);
            page.line((x, y), (x, y + 1.0), INK, WIRE, false);
            page.line((x, y + 2.6), (x, y + 5.0), INK, WIRE, false);
            words(page, y + 10.4, text);
        }
        Tap::Battery(text) => {
            page.line((x, y), (x, y + 1.0), INK, WIRE, false);
            for (number, half) in [3.0, 1.5, 3.0, 1.5].into_iter().enumerate() {
                let at = y + 1.0 + 1.2 * number as f64;
                page.line((x - half, at), (x + half, at), INK, 0.4, false);
            }
            words(page, y + 9.2, text);
        }
        Tap::Load(name, power) => {
            let place = Rect { x: x - pitch / 2.0 + 1.5, y, width: pitch - 3.0, depth: 9.0 };
            page.rect(place, "#009e73", Some((INK, 0.4)));
            page.label(Rect { depth: 5.0, ..place }, 3.0, PAPER, name);
            page.label(Rect { y: place.y + 4.0, depth: 4.6, ..place }, 2.8, PAPER, power);
        }
    }
}

fn column(page: &mut Page, plan: &Plan) {
    page.heading("Legend");
    let y = page.column;
    page.circle((332.0, y - 1.0), 1.6, "none", INK);
    page.circle((334.2, y - 1.0), 1.6, "none", INK);
    page.text((337.5, y), super::USUAL, Anchor::Start, INK, "transformer");
    page.column += super::LINE;
    page.key(PAPER, INK, "UPS or rectifier (~/=)");
    page.line_key(INK, false, "bus, cables, busway");
    let y = page.column;
    page.circle((332.5, y - 1.0), 1.8, PAPER, INK);
    page.text((337.5, y), super::USUAL, Anchor::Start, INK, "engine sets (G)");
    page.column += super::LINE;
    let y = page.column;
    breaker(page, (332.5, y - 1.0));
    page.text((337.5, y), super::USUAL, Anchor::Start, INK, "circuit breaker");
    page.column += super::LINE;
    let y = page.column;
    for (number, half) in [1.8, 0.9, 1.8].into_iter().enumerate() {
        let at = y - 2.2 + 1.0 * number as f64;
        page.line((332.5 - half, at), (332.5 + half, at), INK, 0.4, false);
    }
    page.text((337.5, y), super::USUAL, Anchor::Start, INK, "battery");
    page.column += super::LINE;
    let y = page.column;
    page.line((330.7, y - 1.8), (334.3, y - 1.8), INK, 0.4, false);
    page.line((330.7, y - 0.6), (334.3, y - 0.6), INK, 0.4, false);
    page.text((337.5, y), super::USUAL, Anchor::Start, INK, "capacitor bank");
    page.column += super::LINE;
    page.key("#0072b2", INK, "IT");
    page.key("#009e73", INK, "cooling and house");
    page.heading("Scale");
    page.paragraph("A diagram, not to scale: one line stands for all phases and all parallel paths.", SOFT);
    page.heading("Design hour");
    let power = &plan.power;
    page.fact("at the meter", &watts(power.facility_peak.0));
    page.fact("at the rack inputs", &watts(power.it_provisioned.0));
    page.fact("ratio", &digits(power.peak_ratio.0));
    let loss: f64 = power.stages.iter().map(|stage| stage.loss.0).sum();
    page.fact("lost in the chain", &watts(loss));
    page.fact("left of the envelope", &watts(power.stranded.0));
    if let Some(flow) = &plan.electrical.load_flow {
        page.heading("Load flow");
        page.fact("power factor at delivery", &digits(flow.power_factor.0));
        page.fact("lowest voltage, full load", &format!("{:.3}", flow.lowest));
        page.fact("highest voltage, idle", &format!("{:.3}", flow.highest));
        page.fact("lost in feeders", &watts(flow.feeder_loss.0));
    }
    if let Some(supply) = &plan.electrical.supply {
        page.heading("A rack is fed");
        page.fact("of the time", &format!("{:.4} %", 100.0 * supply.availability));
        page.fact("failures a year", &digits(supply.failures_per_year));
        page.fact("ride-through of its stores", &show(supply.hold_up));
    }
}
