//! The symbols of the one-line diagram.

use super::super::{Anchor, COLUMN, INK, LINE, PAPER, Page, Rect, SOFT, USUAL, fitting};
use super::{Boards, Tap};

/// Width of a wire [mm].
pub(super) const WIRE: f64 = 0.5;
/// Width of a busbar [mm].
pub(super) const BUS: f64 = 1.3;
const PLANT: &str = "#009e73";
const IT: &str = "#0072b2";

/// What a stage is drawn as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    /// A circuit of the grid.
    Grid,
    Transformer,
    /// With what stands in its box.
    Converter(&'static str),
    /// Nothing but the wire.
    Wire,
}

/// A symbol on its wire from the busbar above to the one below, with a breaker at each end; what stands by is dashed.
pub(super) fn symbol(page: &mut Page, symbol: Symbol, (x, top, bottom): (f64, f64, f64), idle: bool) {
    let middle = f64::midpoint(top, bottom);
    let half = match symbol {
        Symbol::Grid => 3.2,
        Symbol::Transformer => 4.6,
        Symbol::Converter(_) => 4.2,
        Symbol::Wire => 0.0,
    };
    if symbol != Symbol::Grid {
        page.line((x, top), (x, middle - half), INK, WIRE, idle);
        breaker(page, (x, top + 2.6), true);
    }
    page.line((x, middle + half), (x, bottom), INK, WIRE, idle);
    breaker(page, (x, bottom - 2.6), !idle);
    match symbol {
        Symbol::Grid => {
            let at = Rect { x: x - 4.6, y: middle - 3.2, width: 9.2, depth: 6.4 };
            page.rect(at, PAPER, Some((INK, WIRE)));
            page.label(at, 2.8, INK, "grid");
        }
        Symbol::Transformer => transformer(page, (x, middle), 2.7),
        Symbol::Converter(words) => converter(page, (x, middle), 17.0, words),
        Symbol::Wire => {}
    }
}

fn transformer(page: &mut Page, (x, y): (f64, f64), radius: f64) {
    page.circle((x, y - 0.7 * radius), radius, "none", INK);
    page.circle((x, y + 0.7 * radius), radius, "none", INK);
}

/// A box with what it does.
pub(super) fn converter(page: &mut Page, (x, y): (f64, f64), width: f64, words: &str) {
    let at = Rect { x: x - 0.5 * width, y: y - 4.2, width, depth: 8.4 };
    page.rect(at, PAPER, Some((INK, WIRE)));
    page.label(at, 3.2, INK, words);
}

/// A circuit breaker on a wire: filled where it is closed.
pub(super) fn breaker(page: &mut Page, (x, y): (f64, f64), closed: bool) {
    let fill = if closed { INK } else { PAPER };
    page.rect(Rect { x: x - 1.1, y: y - 1.1, width: 2.2, depth: 2.2 }, fill, Some((INK, 0.4)));
}

/// Where a wire ends on a busbar that others cross.
pub(super) fn dot(page: &mut Page, at: (f64, f64)) {
    page.circle(at, 0.9, INK, INK);
}

/// A rack whose halves of shelves hang on the cords of two busways.
pub(super) fn rack(page: &mut Page, (x, y): (f64, f64), half: f64, letters: &[String]) {
    let width = 2.0 * half + 9.0;
    page.rect(Rect { x: x - 0.5 * width, y, width, depth: 18.0 }, IT, Some((INK, 0.4)));
    let part = (width - 3.0) / letters.len().max(1) as f64;
    for (number, letter) in letters.iter().enumerate() {
        let at = Rect {
            x: x - 0.5 * width + 1.0 + (part + 1.0) * number as f64,
            y: y + 1.6,
            width: part,
            depth: 6.4,
        };
        page.rect(at, PAPER, Some((INK, 0.2)));
        if !page.label(at, 2.8, INK, &format!("shelves {letter}")) {
            page.label(at, 2.8, INK, letter);
        }
    }
    page.label(Rect { x: x - 0.5 * width, y: y + 9.0, width, depth: 8.0 }, 3.2, PAPER, "rack");
}

/// Something below the end of its wire.
pub(super) fn hung(page: &mut Page, tap: &Tap, (x, y): (f64, f64), pitch: f64) {
    let words = |page: &mut Page, y: f64, words: &str| below(page, (x, y), pitch, words);
    match tap {
        Tap::Engines(text) => {
            breaker(page, (x, y), true);
            page.circle((x, y + 4.6), 3.2, PAPER, INK);
            page.text((x, y + 5.7), 3.2, Anchor::Middle, INK, "G");
            words(page, y + 11.2, text);
        }
        Tap::Capacitors(text) => {
            breaker(page, (x, y), true);
            capacitors(page, (x, y + 1.1), 3.0);
            words(page, y + 9.2, text);
        }
        Tap::Battery(text) => {
            battery(page, (x, y), 3.0);
            words(page, y + 8.6, text);
        }
        Tap::Plant(boards) => plant(page, boards, (x, y), pitch),
    }
}

/// Words below something that hangs.
fn below(page: &mut Page, (x, y): (f64, f64), pitch: f64, words: &str) {
    let size = fitting(words, pitch - 1.5, 2.6);
    page.text((x, y), size.max(2.0), Anchor::Middle, SOFT, words);
}

/// Plant and house, behind transformers of their own where there are, and the UPS of what must not stop beside them.
fn plant(page: &mut Page, boards: &Boards, (x, y): (f64, f64), pitch: f64) {
    breaker(page, (x, y), true);
    let top = if boards.transformers.is_some() {
        page.line((x, y + 1.1), (x, y + 2.5), INK, WIRE, false);
        transformer(page, (x, y + 5.5), 1.9);
        y + 8.8
    } else if boards.essential.is_some() {
        page.line((x, y + 1.1), (x, y + 2.5), INK, WIRE, false);
        y + 2.5
    } else {
        y + 1.1
    };
    let mut block = |x: f64, color: &str, ink: &str, lines: [&str; 2], words: Option<&str>| {
        page.line((x, top), (x, top + 2.0), INK, WIRE, false);
        let place = Rect { x: x - pitch / 2.0 + 1.0, y: top + 2.0, width: pitch - 2.0, depth: 9.0 };
        page.rect(place, color, Some((INK, 0.4)));
        page.label(Rect { depth: 5.0, ..place }, 2.8, ink, lines[0]);
        page.label(Rect { y: place.y + 4.0, depth: 4.6, ..place }, 2.8, ink, lines[1]);
        if let Some(words) = words {
            below(page, (x, place.y + place.depth + 3.4), pitch, words);
        }
    };
    block(x, PLANT, PAPER, ["plant, house", &boards.power], boards.transformers.as_deref());
    if let Some([ups, what]) = &boards.essential {
        block(x - pitch, PAPER, INK, ["essential UPS", ups], Some(what));
        page.line((x - pitch, top), (x, top), INK, BUS, false);
    }
}

fn capacitors(page: &mut Page, (x, y): (f64, f64), half: f64) {
    page.line((x, y), (x, y + 1.0), INK, WIRE, false);
    page.line((x - half, y + 1.0), (x + half, y + 1.0), INK, WIRE, false);
    page.line((x - half, y + 2.6), (x + half, y + 2.6), INK, WIRE, false);
    page.line((x, y + 2.6), (x, y + 4.6), INK, WIRE, false);
}

fn battery(page: &mut Page, (x, y): (f64, f64), half: f64) {
    page.line((x, y), (x, y + 1.0), INK, WIRE, false);
    for (number, part) in [1.0, 0.5, 1.0, 0.5].into_iter().enumerate() {
        let at = y + 1.0 + 1.2 * number as f64;
        page.line((x - part * half, at), (x + part * half, at), INK, 0.4, false);
    }
}

/// What the symbols mean, in the column.
pub(super) fn legend(page: &mut Page) {
    let x = COLUMN.x + 2.5;
    let mut entry = |drawn: &dyn Fn(&mut Page, f64), meaning: &str| {
        let y = page.column;
        drawn(page, y - 1.0);
        page.text((COLUMN.x + 7.5, y), USUAL, Anchor::Start, INK, meaning);
        page.column += LINE;
    };
    entry(&|page, y| transformer(page, (x, y), 1.2), "transformer");
    entry(&|page, y| breaker(page, (x, y), true), "breaker, closed");
    entry(&|page, y| breaker(page, (x, y), false), "tie or breaker, open");
    entry(&|page, y| page.line((x - 2.5, y), (x + 2.5, y), INK, BUS, false), "busbar, busway");
    entry(&|page, y| page.line((x - 2.5, y), (x + 2.5, y), INK, WIRE, true), "stands by, or open");
    entry(&|page, y| dot(page, (x, y)), "tapped; lines that cross are not");
    entry(&|page, y| page.circle((x, y), 1.7, PAPER, INK), "engine sets (G)");
    let plates = |page: &mut Page, y: f64, parts: &[(f64, f64)]| {
        for (off, half) in parts {
            page.line((x - half, y + off), (x + half, y + off), INK, 0.4, false);
        }
    };
    entry(&|page, y| plates(page, y, &[(-0.7, 1.8), (0.7, 1.8)]), "capacitor bank");
    entry(&|page, y| plates(page, y, &[(-1.2, 1.8), (0.0, 0.9), (1.2, 1.8)]), "battery");
    page.key(PAPER, INK, "UPS, rectifier (~/=)");
    page.key(IT, INK, "IT");
    page.key(PLANT, INK, "cooling and house");
}
