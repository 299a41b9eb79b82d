//! The one-line diagram: every stage from the utility to the racks by its symbol. A diagram, not to scale.

use super::{Anchor, FIELD, INK, PAPER, Page, Rect, SOFT, count, spelled, subtitle, watts};
use crate::layout::YardKind;
use crate::plan::Plan;
use crate::plan::result::Stage;
use crate::units::text::digits;

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

/// Draws the chain; none without IT.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let power = &plan.power;
    if power.it_provisioned.0 <= 0.0 {
        return None;
    }
    let mut page = Page::new("One-line diagram, design hour", &subtitle(plan));
    let steps = power.stages.len() as f64 + 1.0;
    let step = (FIELD.depth - 16.0) / steps;
    let x = FIELD.x + 120.0;
    let mut y = FIELD.y + 8.0;
    page.line((x - 22.0, y), (x + 22.0, y), INK, BUS, false);
    page.text((x + 26.0, y + 1.2), 3.6, Anchor::Start, INK, "utility feed");
    page.text(
        (x + 26.0, y + 5.6),
        2.9,
        Anchor::Start,
        SOFT,
        &format!("{} in the design hour", watts(power.facility_peak.0)),
    );
    let branch = branching(&power.stages);
    for (number, stage) in power.stages.iter().enumerate() {
        drawn(&mut page, stage, (x, y), step);
        y += step;
        if number == branch {
            branches(&mut page, plan, (x, y), step);
        }
    }
    page.line((x, y), (x, y + step - 8.0), INK, WIRE, false);
    y += step;
    let racks = Rect { x: x - 30.0, y: y - 8.0, width: 60.0, depth: 12.0 };
    page.rect(racks, "#0072b2", Some((INK, 0.4)));
    page.label(
        Rect { depth: 7.0, ..racks },
        3.4,
        PAPER,
        &format!("{} racks", count(plan.fleet.racks.compute)),
    );
    page.label(
        Rect { y: racks.y + 5.5, depth: 6.0, ..racks },
        3.0,
        PAPER,
        &format!("IT {}", watts(power.it_provisioned.0)),
    );
    column(&mut page, plan);
    Some(page)
}

/// The stage behind which cooling and house loads branch off: where most is left out of what follows.
pub(super) fn branching(stages: &[Stage]) -> usize {
    let gap = |number: usize| {
        stages[number].output.0 - stages.get(number + 1).map_or(stages[number].output.0, |next| next.input.0)
    };
    (0..stages.len()).max_by(|a, b| gap(*a).total_cmp(&gap(*b))).unwrap_or(0)
}

/// A stage below the point where the one before ends.
fn drawn(page: &mut Page, stage: &Stage, (x, y): (f64, f64), step: f64) {
    let middle = y + step / 2.0;
    match symbol(&stage.name) {
        Symbol::Transformer => {
            page.line((x, y), (x, middle - 7.5), INK, WIRE, false);
            page.circle((x, middle - 3.0), 4.5, "none", INK);
            page.circle((x, middle + 3.0), 4.5, "none", INK);
            page.line((x, middle + 7.5), (x, y + step), INK, WIRE, false);
        }
        Symbol::Converter(words) => {
            page.line((x, y), (x, middle - 6.0), INK, WIRE, false);
            let at = Rect { x: x - 9.0, y: middle - 6.0, width: 18.0, depth: 12.0 };
            page.rect(at, PAPER, Some((INK, WIRE)));
            page.label(at, 3.4, INK, words);
            page.line((x, middle + 6.0), (x, y + step), INK, WIRE, false);
        }
        Symbol::Bus => {
            page.line((x, y), (x, y + step), INK, WIRE, false);
            page.line((x - 22.0, middle), (x + 22.0, middle), INK, BUS, false);
        }
    }
    let at = x + 26.0;
    let modules = stage.modules.max(1);
    let rating = watts(stage.installed.0 / modules as f64);
    page.text((at, middle - 3.4), 3.6, Anchor::Start, INK, &spelled(&stage.name));
    page.text(
        (at, middle + 1.2),
        2.9,
        Anchor::Start,
        SOFT,
        &format!(
            "{} × {rating}, {} times what they carry",
            count(modules),
            digits(stage.installed.0 / stage.output.0.max(1.0))
        ),
    );
    let words = format!(
        "{} in, {} lost ({} %), paths at {} %",
        watts(stage.input.0),
        watts(stage.loss.0),
        digits(100.0 * stage.loss.0 / stage.input.0.max(1.0)),
        digits(100.0 * stage.load_fraction.0)
    );
    page.text((at, middle + 5.4), 2.9, Anchor::Start, SOFT, &words);
}

/// Generators to the left and the loads beside the racks further below, at a point of the chain.
fn branches(page: &mut Page, plan: &Plan, (x, y): (f64, f64), step: f64) {
    page.line((x - 100.0, y), (x, y), INK, WIRE, false);
    let generators: u64 =
        plan.layout.floors.iter().map(|floor| floor.layout.demand.yard.count(YardKind::Generator)).sum();
    let left = x - 46.0;
    if generators > 0 {
        page.line((left, y - step / 2.0 + 5.0), (left, y), INK, WIRE, false);
        page.circle((left, y - step / 2.0), 5.0, PAPER, INK);
        page.text((left, y - step / 2.0 + 1.3), 3.6, Anchor::Middle, INK, "G");
        let words = format!("{} generators", count(generators));
        page.text((left - 8.0, y - step / 2.0 + 1.0), 2.9, Anchor::End, SOFT, &words);
    }
    // Cooling and house below the branch, one box each.
    let loads = [
        (
            "cooling plant",
            plan.power
                .overheads
                .iter()
                .filter(|(name, _)| !name.starts_with("lights"))
                .map(|(_, load)| load.0)
                .sum::<f64>(),
        ),
        (
            "house",
            plan.power
                .overheads
                .iter()
                .filter(|(name, _)| name.starts_with("lights"))
                .map(|(_, load)| load.0)
                .sum(),
        ),
    ];
    for (number, (name, load)) in loads.into_iter().enumerate() {
        let at = x - 100.0 + 46.0 * number as f64;
        page.line((at, y), (at, y + 6.0), INK, WIRE, false);
        let from = at - 19.0;
        let place = Rect { x: from, y: y + 6.0, width: 38.0, depth: 12.0 };
        page.rect(place, "#009e73", Some((INK, 0.4)));
        page.label(Rect { depth: 7.0, ..place }, 3.2, PAPER, name);
        page.label(Rect { y: place.y + 5.5, depth: 6.0, ..place }, 3.0, PAPER, &watts(load));
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
    page.text((337.5, y), super::USUAL, Anchor::Start, INK, "generators (G)");
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
}
