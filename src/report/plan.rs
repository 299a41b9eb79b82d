//! A plan as people read it: the answer, what binds, the building from meter to token, what it rests on.

use super::document::{Bars, Block, Column, Document, Figure, Section, Table, Unit, count, count_or_blank};
use super::{Report, csv, electrical, json, messages};
use crate::plan::Plan;
use crate::plan::result::{CableEnd, CacheMemory, Layout, Parallelism, Serving, Verdict};
use crate::power::MeasuredAt;
use crate::scenario::Origin;
use crate::throughput::bands::ErrorBand;
use crate::units::text::{digits, group, show};

use serde_json::Value;

mod chain;
mod heat;
mod networks;
mod training;

pub use chain::cascade;
use chain::chain;
use heat::cooling;

impl Report for Plan {
    fn document(&self) -> Document {
        plan_document(self)
    }
    fn json(&self) -> Value {
        json::plan(self)
    }
    fn csv(&self) -> String {
        csv::flattened(&json::plan(self))
    }
}

impl Plan {
    /// Whether something does not fit: a need above its limit, or a workload that can't be run.
    #[must_use]
    pub fn falls_short(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.short_by > 0.0)
    }
}

const POWER: Unit = Unit::Metric("W");
const RATE: Unit = Unit::Metric("B/s");
const TOKENS: Unit = Unit::Many("tokens/s");

/// The story of a plan, from the answer down to its assumptions.
#[must_use]
pub fn plan_document(plan: &Plan) -> Document {
    let mut sections = vec![verdicts(&plan.verdicts), chain(plan)];
    sections.extend(electrical::sections(plan));
    sections.extend([
        cooling(&plan.cooling),
        Section {
            heading: "Mechanical equipment".into(),
            blocks: electrical::schedule(&plan.cooling.schedule),
        },
        fleet(plan),
        layout(plan),
        fabric(plan),
        serving(&plan.serving),
        training::section_of(plan),
        economics(plan),
        uncertainty(plan),
        chosen(plan),
        assumptions(plan),
    ]);
    Document {
        title: title(plan),
        lead: lead(plan),
        sections: sections.into_iter().filter(|section| !section.blocks.is_empty()).collect(),
    }
}

/// A section without its empty tables.
fn section(heading: &str, blocks: Vec<Block>) -> Section {
    let drawn = |block: &Block| match block {
        Block::Table(table) => table.rows() > 0,
        Block::Bars(bars) => !bars.bars.is_empty(),
        Block::Cascade(cascade) => !cascade.steps.is_empty(),
        Block::Scatter(plot) => !plot.panels.is_empty(),
        Block::Text(text) | Block::Note(text) | Block::Verbatim(text) => !text.is_empty(),
        Block::KeyValues(pairs) => !pairs.is_empty(),
    };
    Section { heading: heading.into(), blocks: blocks.into_iter().filter(drawn).collect() }
}

/// Where an envelope is measured, in words.
#[must_use]
pub fn measured_at(at: MeasuredAt) -> &'static str {
    match at {
        MeasuredAt::Utility => "at the utility meter",
        MeasuredAt::CriticalIt => "of critical IT",
    }
}

/// The site that a scenario names, if it names one in a way that reads in a title.
fn site(plan: &Plan) -> Option<&str> {
    ["/site/name", "/site/market", "/site/id", "/site"]
        .iter()
        .find_map(|pointer| plan.scenario.fields.pointer(pointer).and_then(Value::as_str))
}

/// The systems of a plan by name, joined.
#[must_use]
pub fn systems(plan: &Plan) -> String {
    plan.fleet.systems.iter().map(|system| system.name.as_str()).collect::<Vec<_>>().join(" + ")
}

fn title(plan: &Plan) -> String {
    let place = site(plan).map_or_else(String::new, |site| format!(", {site}"));
    let envelope = POWER.show(plan.power.envelope.0);
    format!("{envelope} {}{place}: {}", measured_at(plan.power.measured_at), systems(plan))
}

fn figure(label: &str, value: String, note: String) -> Figure {
    Figure { label: label.into(), value, note }
}

fn lead(plan: &Plan) -> Vec<Figure> {
    let (fleet, power, layout, money) = (&plan.fleet, &plan.power, &plan.layout, &plan.economics);
    let kinds: Vec<String> =
        fleet.systems.iter().map(|s| format!("{} × {}", count(s.racks), s.name)).collect();
    let mut figures = vec![
        figure("accelerators", count(fleet.accelerators), kinds.join(", ")),
        figure(
            "racks",
            count(fleet.racks.total()),
            format!("{} of them compute", count(fleet.racks.compute)),
        ),
        figure(
            "halls",
            count(layout.halls),
            format!(
                "in {} building{}",
                count(layout.buildings),
                if layout.buildings == 1 { "" } else { "s" }
            ),
        ),
        figure(
            "IT power",
            POWER.show(power.it_provisioned.0),
            format!(
                "PUE {} over the year, {} × IT in the design hour",
                digits(power.pue_annual.0),
                digits(power.peak_ratio.0)
            ),
        ),
    ];
    for serving in &plan.serving {
        figures.push(match &serving.shortfall {
            Some(reason) => figure("output", "none".into(), format!("{}: {reason}", serving.model)),
            None => figure(
                "output",
                TOKENS.show(serving.output_tokens_per_s.0),
                format!(
                    "{} on {}, {} per user",
                    serving.model,
                    serving.system,
                    TOKENS.show(serving.tokens_per_s_per_user.0)
                ),
            ),
        });
    }
    // What a fleet would train instead of serving is told further down.
    for run in plan.training.iter().filter(|_| plan.serving.is_empty()) {
        figures.push(match &run.shortfall {
            Some(reason) => figure("training", "none".into(), format!("{}: {reason}", run.model)),
            None => figure(
                "training",
                TOKENS.show(run.tokens_per_s.0),
                format!(
                    "{} on {} × {}, MFU {} %, goodput {} %",
                    run.model,
                    count(run.accelerators),
                    run.system,
                    digits(100.0 * run.mfu.0),
                    digits(100.0 * run.goodput.0)
                ),
            ),
        });
    }
    figures.push(figure(
        "capex",
        Unit::Money("").show(money.capex.0),
        format!("{} of IT", Unit::Money("/W").show(money.capex_per_watt.0)),
    ));
    figures.push(figure(
        "cost in use",
        Unit::Money("/h").show(money.tco_per_accelerator_hour.0),
        "per accelerator, capital and operation".into(),
    ));
    if let Some(price) = money.per_output_token {
        figures.push(figure(
            "cost of output",
            Unit::Money("/Mtok").show(price.0 * 1e6),
            "all cost of serving over all output tokens".into(),
        ));
    }
    figures
}

/// A value of a constraint with its unit, as well as the unit is known.
fn amount(value: f64, unit: &str) -> String {
    match Unit::named(unit) {
        Some(known) => known.show(value),
        None if unit.is_empty() => digits(value),
        None if value.fract() == 0.0 && value.abs() < 1e15 => {
            format!("{} {unit}", group(&format!("{value:.0}")))
        }
        None => format!("{} {unit}", digits(value)),
    }
}

fn verdicts(verdicts: &[Verdict]) -> Section {
    let word = |verdict: &Verdict| {
        if verdict.short_by > 0.0 {
            "does not fit"
        } else if verdict.binds {
            "binds"
        } else {
            "fits"
        }
    };
    let short = |verdict: &Verdict| {
        if verdict.short_by > 0.0 { amount(verdict.short_by, &verdict.unit) } else { String::new() }
    };
    let table = Table::of(vec![
        Column::words("", verdicts.iter().map(word)),
        Column::words("constraint", verdicts.iter().map(|verdict| verdict.constraint.clone())),
        Column::numbers("need", verdicts.iter().map(|verdict| amount(verdict.need, &verdict.unit))),
        Column::numbers("limit", verdicts.iter().map(|verdict| amount(verdict.limit, &verdict.unit))),
        Column::numbers("short by", verdicts.iter().map(short)),
    ]);
    let mut blocks = vec![Block::Table(table)];
    let notes = verdicts.iter().filter(|verdict| verdict.binds || verdict.short_by > 0.0);
    blocks.extend(notes.map(|verdict| Block::Note(verdict.note.clone())));
    section("What binds, what is left over", blocks)
}

fn fleet(plan: &Plan) -> Section {
    let (fleet, racks) = (&plan.fleet, &plan.fleet.racks);
    let systems = &fleet.systems;
    let table = Table::of(vec![
        Column::words("system", systems.iter().map(|system| system.name.clone())),
        Column::counts("accelerators", systems.iter().map(|system| system.accelerators)),
        Column::counts("racks", systems.iter().map(|system| system.racks)),
        Column::counts("per rack", systems.iter().map(|system| u64::from(system.accelerators_per_rack))),
        Column::values("rack heat", POWER, systems.iter().map(|system| Some(system.rack_heat.0))),
        Column::values("rack peak", POWER, systems.iter().map(|system| Some(system.rack_peak.0))),
        Column::values("rack feed", POWER, systems.iter().map(|system| Some(system.rack_feed.0))),
        Column::values("IT per accelerator", POWER, systems.iter().map(|s| Some(s.it_per_accelerator.0))),
    ]);
    let sorts = [
        ("compute", racks.compute),
        ("network", racks.network),
        ("storage", racks.storage),
        ("management", racks.management),
        ("power", racks.power),
        ("CDU", racks.cdu),
    ];
    let standing = Bars {
        header: "racks by sort".into(),
        bars: sorts
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| ((*name).to_owned(), count(*n), *n as f64))
            .collect(),
    };
    let rest = vec![
        ("scalable units".into(), count(fleet.scalable_units)),
        ("CPU sockets".into(), count(fleet.cpus)),
        ("accelerators out of service on average".into(), count(fleet.spares)),
    ];
    section("Fleet", vec![Block::Table(table), Block::Bars(standing), Block::KeyValues(rest)])
}

fn layout(plan: &Plan) -> Section {
    let layout = &plan.layout;
    let facts = vec![
        ("buildings".into(), count(layout.buildings)),
        ("halls".into(), count(layout.halls)),
        ("rows".into(), format!("{}, {} positions each", count(layout.rows), count(layout.racks_per_row))),
        ("a hall".into(), format!("{} m × {} m", digits(layout.hall[0].0), digits(layout.hall[1].0))),
        (
            "positions left over".into(),
            format!("{} of {}", count(layout.leftover_positions), count(layout.positions)),
        ),
        ("halls and network rooms".into(), format!("{} m²", digits(layout.white_space.0))),
        ("buildings, all storeys".into(), format!("{} m²", digits(layout.area.0))),
        ("buildings, yards and roads".into(), format!("{} m² of ground", digits(layout.ground.0))),
        ("fibre in all cables".into(), format!("{} km", digits(layout.fibre_length().0 / 1e3))),
        ("land of announced sites like it".into(), format!("{} km²", digits(layout.land.0 / 1e6))),
    ];
    let mut facts: Vec<(String, String)> = facts;
    for floor in &layout.floors {
        let (plan, rooms) = (&floor.layout, floor.layout.network_rooms());
        if let Some(room) = &plan.network_room {
            let name = if layout.floors.len() > 1 {
                format!("network rooms, {}", floor.system)
            } else {
                "network rooms".into()
            };
            let of = format!(
                "{} of {} m × {} m with {}, {} air handlers and {} CDUs",
                count(rooms),
                digits(room.width),
                digits(room.depth),
                show(plan.room_heat()),
                count(room.air_handlers),
                count(room.cdus)
            );
            facts.push((name, of));
        }
    }
    let cables = &layout.cables;
    let medium = |medium| serde_json::to_value(medium).ok().and_then(|v| v.as_str().map(str::to_owned));
    let table = Table::of(vec![
        Column::words("cables", cables.iter().map(|cable| cable.kind.clone())),
        Column::words("link", cables.iter().map(|cable| cable.link.clone())),
        Column::words("medium", cables.iter().map(|cable| medium(cable.medium).unwrap_or_default())),
        Column::values("per direction", RATE, cables.iter().map(|cable| Some(cable.rate.0))),
        Column::counts("count", cables.iter().map(|cable| cable.count)),
        Column::values("all", Unit::Plain("km"), cables.iter().map(|cable| Some(cable.length_total.0 / 1e3))),
        Column::values("longest", Unit::Plain("m"), cables.iter().map(|cable| Some(cable.length_max.0))),
    ]);
    let areas = Table::of(vec![
        Column::words("floor", layout.areas.iter().map(|(name, _)| *name)),
        Column::values("area", Unit::Plain("m²"), layout.areas.iter().map(|(_, area)| Some(area.0))),
        Column::numbers(
            "of all",
            layout.areas.iter().map(|(_, area)| format!("{} %", digits(100.0 * area.0 / layout.area.0))),
        ),
    ]);
    let mut blocks =
        vec![Block::KeyValues(facts), Block::Table(areas), Block::Table(table), Block::Table(plugs(layout))];
    blocks.extend(layout.floors.iter().map(|floor| {
        let with_core = floor.layout.demand.switches.core > 0;
        let words = floor.layout.placement.describe(with_core);
        let taken = &floor.tried[0];
        let why = if floor.tried.iter().any(|other| other.length < taken.length) {
            "where cables are shortest of those in reach with most room for their trays, among"
        } else {
            "where cables are shortest of"
        };
        Block::Text(format!("{}: {words}, {why} {} placements.", floor.system, floor.tried.len()))
    }));
    section("Layout", blocks)
}

/// What is plugged at the ends of all cables.
fn plugs(layout: &Layout) -> Table {
    let mut sums: Vec<CableEnd> = Vec::new();
    for end in layout.cables.iter().flat_map(|cable| &cable.ends) {
        let same =
            |sum: &&mut CableEnd| (&sum.module, sum.place, sum.kind) == (&end.module, end.place, end.kind);
        match sums.iter_mut().find(same) {
            Some(sum) => (sum.ends, sum.modules) = (sum.ends + end.ends, sum.modules + end.modules),
            None => sums.push(end.clone()),
        }
    }
    Table::of(vec![
        Column::words("at the ends of cables", sums.iter().map(|end| end.module.clone())),
        Column::words("at the", sums.iter().map(|end| end.place)),
        Column::words("as", sums.iter().map(|end| end.kind.name())),
        Column::counts("ends", sums.iter().map(|end| end.ends)),
        Column::numbers("modules", sums.iter().map(|end| count_or_blank(end.modules))),
    ])
}

fn fabric(plan: &Plan) -> Section {
    let fabric = &plan.fabric;
    let inside = format!(
        "Scale-up domain: {} accelerators, {} each per direction.",
        count(fabric.scale_up.domain_accelerators),
        RATE.show(fabric.scale_up.bandwidth_per_accelerator.0)
    );
    let nets = &fabric.scale_out;
    let shape = Table::of(vec![
        Column::words("scale-out", nets.iter().map(|net| net.system.clone())),
        Column::words("topology", nets.iter().map(|net| net.topology.clone())),
        Column::words("switch", nets.iter().map(|net| net.switch.clone())),
        Column::counts("tiers", nets.iter().map(|net| u64::from(net.tiers))),
        Column::counts("planes", nets.iter().map(|net| u64::from(net.planes))),
        Column::counts("islands", nets.iter().map(|net| net.islands)),
        Column::numbers("oversubscription", nets.iter().map(|net| digits(net.oversubscription.0))),
        Column::values("power", POWER, nets.iter().map(|net| Some(net.power.0))),
        Column::values("injection", RATE, nets.iter().map(|net| Some(net.injection_per_accelerator.0))),
        Column::values("bisection", RATE, nets.iter().map(|net| Some(net.bisection.0))),
    ]);
    let counted = |header: &str, of: fn(&crate::plan::result::ScaleOut) -> u64| {
        Column::numbers(header, nets.iter().map(move |net| count_or_blank(of(net))))
    };
    let mut counts = vec![
        Column::words("counts", nets.iter().map(|net| net.system.clone())),
        counted("leaf", |net| net.leaf),
        counted("spine", |net| net.spine),
        counted("core", |net| net.core),
        counted("host–leaf", |net| net.host_leaf),
        counted("leaf–spine", |net| net.leaf_spine),
    ];
    counts.extend(networks::upper(nets).into_iter().map(|(header, links)| counted(header, links)));
    counts.extend([
        counted("transceivers", |net| net.transceivers),
        counted("in modules", |net| net.transceiver_modules),
    ]);
    let counts = Table::of(counts);
    let mut blocks = vec![Block::Text(inside)];
    blocks.extend(fabric.scale_up.torus.as_ref().map(networks::torus));
    blocks.extend([Block::Table(shape), Block::Table(counts)]);
    blocks.extend(networks::blocks(fabric));
    blocks.extend(messages::blocks(&fabric.collectives));
    section("Fabric", blocks)
}

/// The split of a replica in the letters of the trade, axes of one left out.
#[must_use]
pub fn split(parallelism: Parallelism) -> String {
    let axes = [
        ("TP", parallelism.tp),
        ("PP", parallelism.pp),
        ("EP", parallelism.ep),
        ("DP", parallelism.dp),
        ("CP", parallelism.cp),
    ];
    let parts: Vec<String> =
        axes.iter().filter(|(_, n)| *n > 1).map(|(name, n)| format!("{name}{n}")).collect();
    if parts.is_empty() { "one".into() } else { parts.join(" ") }
}

/// The ends of an error band: `-18 … +22 %`.
#[must_use]
pub fn band_ends(band: &ErrorBand) -> String {
    let end = |share: f64| {
        let percent = (share * 100.0).round();
        let sign = if percent < 0.0 { "-" } else { "+" };
        format!("{sign}{}", percent.abs())
    };
    format!("{} … {} %", end(band.low), end(band.high))
}

/// What error bands rest on, each kind once; nothing where there is none.
#[must_use]
pub fn band_text<'a>(bands: impl Iterator<Item = &'a ErrorBand>) -> Option<String> {
    let mut kinds: Vec<String> = Vec::new();
    for band in bands {
        let kind = format!(
            "{} ({} rows, median error {:.1} %)",
            band.kind,
            count(band.rows),
            band.median_ape * 100.0
        );
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let what = "Error band: measured over predicted tokens/s in eight rows of ten that `validate` counts";
    (!kinds.is_empty()).then(|| format!("{what}; {}.", kinds.join("; ")))
}

fn serving(serving: &[Serving]) -> Section {
    let runs =
        |value: fn(&Serving) -> f64| serving.iter().map(move |s| s.shortfall.is_none().then(|| value(s)));
    let bands: Vec<Option<&ErrorBand>> =
        serving.iter().map(|s| s.error_band.as_ref().filter(|_| s.shortfall.is_none())).collect();
    let names = || serving.iter().map(|s| s.model.clone());
    let system = || serving.iter().map(|s| s.system.clone());
    let campus = Table::of(vec![
        Column::words("model", names()),
        Column::words("system", system()),
        Column::counts("accelerators", serving.iter().map(|s| s.accelerators)),
        Column::counts("replicas", serving.iter().map(|s| s.replicas)),
        Column::values("output", TOKENS, runs(|s| s.output_tokens_per_s.0)),
        Column::numbers("error band", bands.iter().map(|band| band.map_or_else(String::new, band_ends))),
        Column::values("input", TOKENS, runs(|s| s.input_tokens_per_s.0)),
        Column::values("energy", Unit::Metric("J/token"), runs(|s| s.energy_per_token.0)),
        Column::values("cost", Unit::Money("/Mtok"), runs(|s| s.cost_per_token.0 * 1e6)),
    ]);
    let users = Table::of(vec![
        Column::words("model", names()),
        Column::words("system", system()),
        Column::words("precision", serving.iter().map(|s| s.precision.clone())),
        Column::words("split", serving.iter().map(|s| split(s.parallelism))),
        Column::words("prefill split", serving.iter().map(|s| s.prefill.map_or_else(String::new, split))),
        Column::numbers(
            "chunk [tokens]",
            serving.iter().map(|s| if s.chunk > 0 { group(&s.chunk.to_string()) } else { String::new() }),
        ),
        Column::words("mode", serving.iter().map(|s| s.mode.clone())),
        Column::numbers("in/out", serving.iter().map(|s| format!("{}/{}", count(s.isl), count(s.osl)))),
        Column::counts("batch", serving.iter().map(|s| s.batch)),
        Column::values("TTFT", Unit::Metric("s"), runs(|s| s.ttft.0)),
        Column::values("TPOT", Unit::Metric("s"), runs(|s| s.tpot.0)),
        Column::values("per user", Unit::Plain("tok/s"), runs(|s| s.tokens_per_s_per_user.0)),
        Column::values("per accel.", Unit::Plain("tok/s"), runs(|s| s.tokens_per_s_per_accelerator.0)),
        Column::words("bound by", serving.iter().map(|s| s.bound_by.clone())),
    ]);
    let drafted = |s: &&Serving| s.speculation.filter(|depth| depth.drafted > 0);
    let loaded = Table::of(vec![
        Column::words("under load", names()),
        Column::words("system", system()),
        Column::values("mean wait", Unit::Metric("s"), runs(|s| s.wait.0)),
        Column::values("TTFT p99", Unit::Metric("s"), runs(|s| s.ttft_p99.0)),
        Column::values("TPOT p99", Unit::Metric("s"), runs(|s| s.tpot_p99.0)),
        Column::numbers(
            "drafted",
            serving.iter().map(|s| drafted(&s).map_or_else(String::new, |depth| depth.drafted.to_string())),
        ),
        Column::values(
            "tokens a step",
            Unit::Plain(""),
            serving.iter().map(|s| drafted(&s).map(|depth| depth.tokens_per_step)),
        ),
        Column::values(
            "prefill per decode",
            Unit::Plain(""),
            serving.iter().map(|s| (s.prefill_per_decode > 0.0).then_some(s.prefill_per_decode)),
        ),
        Column::values(
            "hand-over",
            Unit::Metric("s"),
            serving.iter().map(|s| (s.hand_over.0 > 0.0).then_some(s.hand_over.0)),
        ),
    ]);
    let mut blocks =
        vec![Block::Table(campus), Block::Table(users), Block::Table(loaded), Block::Table(memory(serving))];
    blocks.extend(band_text(bands.into_iter().flatten()).map(Block::Text));
    blocks.extend(serving.iter().filter_map(|s| {
        s.shortfall.as_ref().map(|why| Block::Note(format!("{} on {}: {why}", s.model, s.system)))
    }));
    section("Serving", blocks)
}

/// Memory of the fullest rank of each replica, from what the engine may take down to the sequences in it.
fn memory(serving: &[Serving]) -> Table {
    let held: Vec<(&Serving, CacheMemory)> =
        serving.iter().filter_map(|s| s.cache.map(|memory| (s, memory))).collect();
    let bytes = |header: &str, of: fn(&CacheMemory) -> f64| {
        Column::values(header, Unit::Metric("B"), held.iter().map(|(_, memory)| Some(of(memory))))
    };
    Table::of(vec![
        Column::words("memory of a rank", held.iter().map(|(s, _)| s.model.clone())),
        Column::words("system", held.iter().map(|(s, _)| s.system.clone())),
        bytes("engine", |memory| memory.available.0),
        bytes("weights", |memory| memory.weights.0),
        bytes("activations", |memory| memory.activations.0),
        bytes("reserve", |memory| memory.reserve.0),
        bytes("cache", |memory| memory.cache.0),
        Column::counts("blocks", held.iter().map(|(_, memory)| memory.blocks)),
        Column::counts("tokens", held.iter().map(|(_, memory)| memory.tokens)),
        Column::counts("sequences", held.iter().map(|(_, memory)| memory.sequences)),
    ])
}

fn economics(plan: &Plan) -> Section {
    let money = &plan.economics;
    let list = |parts: &[(String, crate::units::Dollars)]| {
        parts.iter().map(|(name, dollars)| (name.clone(), dollars.0)).collect::<Vec<_>>()
    };
    let mut facts = vec![
        ("capex".into(), Unit::Money("").show(money.capex.0)),
        ("capex per watt of IT".into(), Unit::Money("/W").show(money.capex_per_watt.0)),
        ("opex, without depreciation and interest".into(), Unit::Money("/y").show(money.opex_per_year.0)),
        (
            "capital and operation per accelerator".into(),
            Unit::Money("/h").show(money.tco_per_accelerator_hour.0),
        ),
    ];
    if let Some(price) = money.per_output_token {
        facts.push(("output tokens".into(), Unit::Money("/Mtok").show(price.0 * 1e6)));
    }
    section(
        "Economics",
        vec![
            Block::KeyValues(facts),
            Block::Bars(Bars::of("capex", Unit::Money(""), list(&money.parts))),
            Block::Bars(Bars::of("opex", Unit::Money("/y"), list(&money.opex_parts))),
        ],
    )
}

fn uncertainty(plan: &Plan) -> Section {
    let ranges = &plan.uncertainty;
    let shown = |key: &str, value: f64| amount(value, csv::unit(key));
    let table = Table::of(vec![
        Column::words("result", ranges.iter().map(|range| range.key.clone())),
        Column::numbers("P5", ranges.iter().map(|range| shown(&range.key, range.p5))),
        Column::numbers("P50", ranges.iter().map(|range| shown(&range.key, range.p50))),
        Column::numbers("P95", ranges.iter().map(|range| shown(&range.key, range.p95))),
    ]);
    section("Ranges", vec![Block::Table(table)])
}

/// What the user chose: every field that does not come from the defaults or the catalogue.
fn chosen(plan: &Plan) -> Section {
    let fields: Vec<(&String, &Origin)> = plan
        .scenario
        .origins
        .iter()
        .filter(|(_, origin)| matches!(origin, Origin::File(..) | Origin::Flag))
        .collect();
    let value = |field: &str| {
        json::value_of(&plan.scenario.fields, field).map_or_else(String::new, |(value, _)| value)
    };
    let table = Table::of(vec![
        Column::words("field", fields.iter().map(|(field, _)| (*field).clone())),
        Column::words("value", fields.iter().map(|(field, _)| value(field))),
        Column::words("set by", fields.iter().map(|(_, origin)| origin.to_string())),
    ]);
    section("Set for this plan", vec![Block::Table(table)])
}

/// Values with a number for their source, each source once, and the reasoning behind what nobody published.
fn assumptions(plan: &Plan) -> Section {
    let list = &plan.assumptions;
    if list.is_empty() {
        return section("What it rests on", Vec::new());
    }
    let mut sources: Vec<&str> = Vec::new();
    let mut numbers = Vec::new();
    for assumption in list {
        let known = sources.iter().position(|source| *source == assumption.source);
        let place = known.unwrap_or_else(|| {
            sources.push(&assumption.source);
            sources.len() - 1
        });
        numbers.push(format!("({})", place + 1));
    }
    let open = list.iter().filter(|assumption| assumption.confidence.is_assumption());
    let mut trust: Vec<(&str, usize)> = Vec::new();
    for assumption in list {
        let word = assumption.confidence.word();
        match trust.iter_mut().find(|(known, _)| *known == word) {
            Some((_, times)) => *times += 1,
            None => trust.push((word, 1)),
        }
    }
    let trust: Vec<String> = trust.iter().map(|(word, times)| format!("{times} {word}")).collect();
    let line = format!("{} values of the catalogue: {}.", list.len(), trust.join(", "));
    let table = Table::of(vec![
        Column::words("value of", list.iter().map(|assumption| assumption.field.clone())),
        Column::numbers("is", list.iter().map(|assumption| assumption.value.clone())),
        Column::words("range", list.iter().map(|assumption| assumption.range.clone().unwrap_or_default())),
        Column::words("trust", list.iter().map(|assumption| assumption.confidence.word())),
        Column::numbers("source", numbers),
    ]);
    let sources = sources.iter().enumerate();
    let sources = sources.map(|(place, source)| (format!("({})", place + 1), (*source).to_owned()));
    let reasons = open.filter_map(|assumption| Some((assumption.field.clone(), assumption.note.clone()?)));
    section(
        "What it rests on",
        vec![
            Block::Text(line),
            Block::Table(table),
            Block::KeyValues(sources.collect()),
            Block::KeyValues(reasons.collect()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Look, chart, render, sample};
    use super::*;
    use crate::report::document::StepKind;

    #[test]
    fn the_answer_comes_before_what_binds_and_that_before_the_chain() {
        let text = render(&sample::plan(), Format::Terminal, Look::default());
        let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("no {needle} in:\n{text}"));
        assert!(at("accelerators") < at("What binds"));
        assert!(at("What binds") < at("From the meter"));
        assert!(at("From the meter") < at("Serving"));
        assert!(at("Economics") < at("What it rests on"));
    }

    #[test]
    fn a_cascade_accounts_for_every_watt() {
        let plan = sample::plan();
        let cascade = cascade(&plan);
        let losses: f64 =
            cascade.steps.iter().filter(|s| s.kind == StepKind::Loss).map(|s| s.to - s.from).sum();
        let expected = plan.power.envelope.0 - plan.power.it_provisioned.0;
        assert!((losses - expected).abs() < 1e-6 * expected, "{losses} lost of {expected}");
        let parts: f64 =
            cascade.steps.iter().filter(|s| s.kind == StepKind::Part).map(|s| s.to - s.from).sum();
        assert!((parts - plan.power.it_provisioned.0).abs() < 1e-6 * expected);
    }

    #[test]
    fn bars_of_a_cascade_are_proportional_to_watts() {
        // 1,000 MW on 50 cells: 20 MW a cell; 800 MW of IT are 40 cells.
        let plan = sample::plan();
        let cascade = cascade(&plan);
        let cells = |label: &str| {
            let step = cascade.steps.iter().find(|step| step.label == label).expect("a step of the sample");
            chart::step_bar(step, cascade.full, 50).chars().count()
        };
        assert_eq!(cells("envelope at the meter"), 50);
        assert_eq!(cells("IT at the rack inputs"), 40);
    }

    #[test]
    fn every_line_fits_the_width() {
        for width in [80, 100, 160] {
            let text = render(&sample::plan(), Format::Terminal, Look { width, color: false });
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{} > {width}: {line}", line.chars().count());
            }
        }
    }

    #[test]
    fn a_plan_that_fits_does_not_fall_short() {
        let mut plan = sample::plan();
        assert!(!plan.falls_short());
        plan.verdicts[0].short_by = 1.0;
        assert!(plan.falls_short());
    }

    #[test]
    fn all_formats_name_the_accelerators() {
        let plan = sample::plan();
        for format in [Format::Terminal, Format::Markdown, Format::Html] {
            assert!(render(&plan, format, Look::default()).contains("360,000"), "{format:?}");
        }
        assert!(render(&plan, Format::Csv, Look::default()).contains("fleet.accelerators,360000,\n"));
        assert!(render(&plan, Format::Json, Look::default()).contains("\"accelerators\": 360000"));
    }
}
