//! A year of PUE: every hour by its colour, days along, hours down.

use super::{Anchor, FIELD, INK, Page, Rect, SOFT, round, subtitle};
use crate::plan::Plan;
use std::fmt::Write as _;

const DAYS: usize = 365;
const MONTHS: [(&str, usize); 12] = [
    ("Jan", 31),
    ("Feb", 28),
    ("Mar", 31),
    ("Apr", 30),
    ("May", 31),
    ("Jun", 30),
    ("Jul", 31),
    ("Aug", 31),
    ("Sep", 30),
    ("Oct", 31),
    ("Nov", 30),
    ("Dec", 31),
];
/// From low to high, evenly lighter: sampled from the colour map viridis, public domain.
const LEVELS: [&str; 10] = [
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b",
    "#fde725",
];

/// Draws the year; none without IT.
pub(super) fn draw(plan: &Plan) -> Option<Page> {
    let hours = &plan.pue_hours;
    if hours.len() < DAYS * 24 {
        return None;
    }
    let (least, most) = hours.iter().fold((f32::MAX, f32::MIN), |(a, b), pue| (a.min(*pue), b.max(*pue)));
    let span = (most - least).max(1e-6);
    let level = |pue: f32| (((pue - least) / span * LEVELS.len() as f32) as usize).min(LEVELS.len() - 1);
    let mut page = Page::new("PUE of every hour of the year", &subtitle(plan));
    let map = Rect { x: FIELD.x + 14.0, y: FIELD.y + 8.0, width: FIELD.width - 16.0, depth: 204.0 };
    let (wide, tall) = (map.width / DAYS as f64, map.depth / 24.0);
    let mut cells: Vec<String> = vec![String::new(); LEVELS.len()];
    for day in 0..DAYS {
        let mut hour = 0;
        while hour < 24 {
            // Hours of one colour in one day are one rectangle.
            let this = level(hours[day * 24 + hour]);
            let run = (hour..24).take_while(|next| level(hours[day * 24 + next]) == this).count();
            let (x, y) = (round(map.x + day as f64 * wide), round(map.y + hour as f64 * tall));
            let (right, depth) = (round(map.x + (day + 1) as f64 * wide), round(run as f64 * tall));
            let _ = write!(cells[this], "M{x} {y}H{right}v{depth}H{x}z");
            hour += run;
        }
    }
    for (data, color) in cells.into_iter().zip(LEVELS) {
        if !data.is_empty() {
            page.cells(data, color);
        }
    }
    page.rect(map, "none", Some((INK, 0.3)));
    axes(&mut page, plan, map, (wide, tall));
    column(&mut page, plan, (least, span));
    Some(page)
}

fn axes(page: &mut Page, plan: &Plan, map: Rect, (wide, tall): (f64, f64)) {
    for hour in (0..=24).step_by(3) {
        let y = map.y + f64::from(hour) * tall;
        page.line((map.x - 1.5, y), (map.x, y), INK, 0.3, false);
        page.text((map.x - 2.5, y + 1.0), 2.9, Anchor::End, SOFT, &format!("{hour}:00"));
    }
    page.text((map.x, map.y - 3.0), 2.9, Anchor::Start, SOFT, "hour of the day, local solar time");
    let below = map.y + map.depth;
    page.text((map.x - 2.5, below + 11.0), 2.6, Anchor::End, SOFT, "PUE");
    let mut day = 0;
    for (name, days) in MONTHS {
        let x = map.x + day as f64 * wide;
        page.line((x, below), (x, below + 1.5), INK, 0.3, false);
        let middle = x + days as f64 * wide / 2.0;
        page.text((middle, below + 5.0), 3.0, Anchor::Middle, INK, name);
        let part = &plan.pue_hours[day * 24..(day + days) * 24];
        let mean = part.iter().map(|pue| f64::from(*pue)).sum::<f64>() / part.len() as f64;
        page.text((middle, below + 11.0), 2.9, Anchor::Middle, SOFT, &format!("{mean:.3}"));
        day += days;
    }
    let x = f64::midpoint(map.x, map.x + map.width);
    page.text((x, below + 17.0), 2.9, Anchor::Middle, SOFT, "day of the year, means of the months");
}

fn column(page: &mut Page, plan: &Plan, (least, span): (f32, f32)) {
    page.heading("Legend: facility over IT power");
    let step = span / LEVELS.len() as f32;
    for (number, color) in LEVELS.iter().enumerate().rev() {
        let low = least + number as f32 * step;
        page.key(color, color, &format!("{low:.4} – {:.4}", low + step));
    }
    page.heading("Scale");
    page.paragraph("One column is a day, one row an hour.", INK);
    page.heading("Year");
    page.fact("PUE of the year's energy", &format!("{:.4}", plan.power.pue_annual.0));
    page.fact("best hour", &format!("{least:.4}"));
    page.fact("worst hour", &format!("{:.4}", least + span));
    page.fact("hours with chillers", &super::count(u64::from(plan.power.chiller_hours)));
    page.fact("water per IT energy", &format!("{:.3} L/kWh", plan.power.wue_l_per_kwh));
    page.column += 2.0;
    page.paragraph(
        "Hours are put together from monthly statistics of the site, so spells of heat are shorter than real ones; the site is sized with design values.",
        SOFT,
    );
}
