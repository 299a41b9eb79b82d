//! Where the watts of the design hour go: a Sankey diagram, widths to scale.

use super::{Anchor, FIELD, INK, PAPER, Page, Rect, SOFT, round, spelled, subtitle, watts, wrapped};
use crate::plan::Plan;
use crate::units::text::digits;

const FLOW: &str = "#8fb8d8";
const LOSS: &str = "#d98c5f";
const PLANT: &str = "#5fb59a";
const IT: &str = "#0072b2";
const NETWORK: &str = "#e69f00";
const SUPPORT: &str = "#6b7785";
/// Racks that leave with the plant.
const KEPT: &str = "network, storage, management";
/// Height of the whole [mm].
const FULL: f64 = 120.0;
/// Where losses end [mm].
const FLOOR: f64 = 240.0;

/// What leaves on the way, or arrives.
#[derive(Clone)]
struct Flow {
    name: String,
    watts: f64,
    color: &'static str,
}

/// What leaves before the racks, in the order of the current.
fn leaving(plan: &Plan) -> Vec<Flow> {
    let power = &plan.power;
    let mut all = Vec::new();
    let branch = super::one_line::branching(&power.stages);
    let overheads = power.overheads.iter().map(|(name, load)| Flow {
        name: name.clone(),
        watts: load.0,
        color: if name.ends_with("loss") { LOSS } else { PLANT },
    });
    let kept = Flow { name: KEPT.into(), watts: power.kept_racks.0, color: SUPPORT };
    let overheads = overheads.chain([kept]);
    for (number, stage) in power.stages.iter().enumerate() {
        if number == branch {
            all.extend(overheads.clone());
        }
        all.push(Flow { name: format!("{} loss", spelled(&stage.name)), watts: stage.loss.0, color: LOSS });
    }
    if branch == power.stages.len() {
        all.extend(overheads);
    }
    all.retain(|flow| flow.watts > 0.0);
    all
}

/// What arrives at the rack inputs.
fn arriving(plan: &Plan) -> Vec<Flow> {
    let mut all: Vec<Flow> = plan
        .fleet
        .systems
        .iter()
        .map(|system| Flow {
            name: format!("{} racks", system.id),
            watts: system.rack_heat.0 * system.racks as f64,
            color: IT,
        })
        .collect();
    if plan.power.kept_racks.0 > 0.0 {
        // The others have left with the plant.
        return all;
    }
    let network = plan.fabric.scale_out.iter().map(|net| net.power.0).sum();
    all.push(Flow { name: "scale-out switches".into(), watts: network, color: NETWORK });
    let known: f64 = all.iter().map(|flow| flow.watts).sum();
    all.push(Flow {
        name: "storage, management".into(),
        watts: plan.power.it_provisioned.0 - known,
        color: SUPPORT,
    });
    all.retain(|flow| flow.watts > plan.power.it_provisioned.0 * 1e-9);
    all
}

/// Draws the flows; none without IT.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let total = plan.power.facility_peak.0;
    if plan.power.it_provisioned.0 <= 0.0 || total <= 0.0 {
        return None;
    }
    let mut page = Page::new("Power cascade, design hour", &subtitle(plan));
    let thick = |watts: f64| watts / total * FULL;
    let (leaving, arriving) = (leaving(plan), arriving(plan));
    let (left, top) = (FIELD.x + 30.0, FIELD.y + 18.0);
    let end = FIELD.x + 238.0;
    // Each has room for its own width and as much more as the others.
    let wide: f64 = leaving.iter().map(|part| thick(part.watts)).sum();
    let more = (end - left - 8.0 - wide) / leaving.len().max(1) as f64;
    page.text((FIELD.x, top + FULL / 2.0 - 1.0), 3.6, Anchor::Start, INK, "meter");
    page.text((FIELD.x, top + FULL / 2.0 + 3.6), 3.0, Anchor::Start, SOFT, &watts(total));
    let mut flow = total;
    let mut x = left;
    page.rect(Rect { x: left - 6.0, y: top, width: 6.2, depth: FULL }, FLOW, None);
    for (number, part) in leaving.iter().enumerate() {
        let (whole, rest) = (thick(flow), thick(flow - part.watts));
        let step = more + whole - rest;
        // A little over the next one, so that no seam shows.
        page.rect(Rect { x, y: top, width: step + 0.2, depth: rest }, FLOW, None);
        // The part that leaves turns down at the lower side of what goes on.
        let (from, to) = (top + rest, top + whole);
        let width = to - from;
        let (near, far) = (x + more * 0.35, x + more * 0.35 + width);
        let data = format!(
            "M{} {} L{} {} Q{} {} {} {} L{} {} L{} {} L{} {} Q{} {} {} {} L{} {} Z",
            round(x),
            round(from),
            round(near),
            round(from),
            round(far),
            round(from),
            round(far),
            round(to + 4.0),
            round(far),
            round(FLOOR),
            round(near),
            round(FLOOR),
            round(near),
            round(to + 4.0),
            round(near),
            round(to),
            round(near),
            round(to),
            round(x),
            round(to)
        );
        page.path(data, part.color);
        let middle = f64::midpoint(near, far);
        let mut y = FLOOR + 4.6 + 17.0 * (number % 2) as f64;
        if number % 2 == 1 {
            page.line((middle, FLOOR + 0.6), (middle, y - 3.2), SOFT, 0.2, false);
        }
        for line in wrapped(&part.name, 2.0 * more - 3.0, 2.6) {
            page.text((middle, y), 2.6, Anchor::Middle, INK, &line);
            y += 3.6;
        }
        page.text((middle, y), 2.6, Anchor::Middle, SOFT, &watts(part.watts));
        flow -= part.watts;
        x += step;
    }
    page.rect(Rect { x, y: top, width: end - x, depth: thick(flow) }, FLOW, None);
    fan(&mut page, &arriving, (end, top), thick, total);
    column(&mut page, plan, &leaving, &arriving);
    Some(page)
}

/// What arrives, fanned out so that names have room.
fn fan(page: &mut Page, flows: &[Flow], (x, top): (f64, f64), thick: impl Fn(f64) -> f64, total: f64) {
    let (to, mut from, mut y) = (x + 14.0, top, top - 6.0);
    for flow in flows {
        let wide = thick(flow.watts);
        let bend = f64::midpoint(x, to);
        let data = format!(
            "M{} {} C{} {} {} {} {} {} L{} {} L{} {} L{} {} C{} {} {} {} {} {} Z",
            round(x),
            round(from),
            round(bend),
            round(from),
            round(bend),
            round(y),
            round(to),
            round(y),
            round(to + 5.0),
            round(y),
            round(to + 5.0),
            round(y + wide),
            round(to),
            round(y + wide),
            round(bend),
            round(y + wide),
            round(bend),
            round(from + wide),
            round(x),
            round(from + wide)
        );
        page.path(data, flow.color);
        let middle = y + wide.max(9.0) / 2.0;
        let room = FIELD.x + FIELD.width - to - 7.0;
        let size = super::fitting(&flow.name, room, 3.2);
        page.text((to + 7.0, middle - 0.8), size, Anchor::Start, INK, &flow.name);
        let share = format!("{}, {} %", watts(flow.watts), digits(100.0 * flow.watts / total));
        page.text((to + 7.0, middle + 3.4), super::fitting(&share, room, 2.9), Anchor::Start, SOFT, &share);
        from += wide;
        y += wide.max(9.0) + 4.0;
    }
}

fn column(page: &mut Page, plan: &Plan, leaving: &[Flow], arriving: &[Flow]) {
    page.heading("Legend");
    page.key(FLOW, FLOW, "on the way to the racks");
    page.key(LOSS, LOSS, "lost in conversion and conductors");
    page.key(PLANT, PLANT, "cooling and house");
    let kept = plan.power.kept_racks;
    let support = if kept.0 > 0.0 { KEPT } else { "storage, management" };
    for (color, meaning) in [(IT, "accelerator racks"), (NETWORK, "scale-out switches"), (SUPPORT, support)] {
        if leaving.iter().chain(arriving).any(|flow| flow.color == color) {
            page.key(color, color, meaning);
        }
    }
    page.heading("Scale");
    let total = plan.power.facility_peak.0;
    let mut bar = 10_f64.powf((total / 2.0).log10().floor());
    if bar * 5.0 <= total / 2.0 {
        bar *= 5.0;
    }
    let tall = bar / total * FULL;
    let at = Rect { x: 331.0, y: page.column - 2.0, width: 5.0, depth: tall };
    page.rect(at, INK, Some((PAPER, 0.1)));
    page.text((339.0, at.y + tall / 2.0 + 1.0), 2.9, Anchor::Start, INK, &format!("{} of width", watts(bar)));
    page.column += tall + 5.0;
    page.heading("Shares of the meter");
    for flow in leaving {
        page.fact(&flow.name, &format!("{} %", digits(100.0 * flow.watts / total)));
    }
    let racks = if kept.0 > 0.0 { "other racks" } else { "rack inputs" };
    let share = 100.0 * (plan.power.it_provisioned - kept).0 / total;
    page.fact(racks, &format!("{} %", digits(share)));
    page.column += 2.0;
    page.paragraph(&format!("{} of the envelope is left over.", watts(plan.power.stranded.0)), SOFT);
}
