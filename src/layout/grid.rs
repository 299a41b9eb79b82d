//! Rows on a grid: pairs of rows back to back about a hot aisle, cold aisles between the pairs.
//!
//! ~~~text
//! y of line i = cold + ⌊i/2⌋·(2·depth + hot + cold) + (i mod 2)·(depth + hot)
//! x of bank b = end + b·(row length + end)
//! ~~~
//!
//! Rows run along x and stand in banks side by side; in the passage at each end of a bank hangs a main tray. All
//! coordinates are metres from the low corner of the room. Left out: columns, doors, ramps.

use super::RackKind;

/// A rectangle on a plan [m], its low corner first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Low side along the rows.
    pub x: f64,
    /// Low side across the rows.
    pub y: f64,
    /// Along the rows.
    pub width: f64,
    /// Across the rows.
    pub depth: f64,
}

impl Rect {
    /// The middle.
    #[must_use]
    pub fn center(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.depth / 2.0)
    }

    /// The same rectangle on a plan whose origin lies elsewhere.
    #[must_use]
    pub fn moved(&self, x: f64, y: f64) -> Self {
        Self { x: self.x + x, y: self.y + y, ..*self }
    }

    /// Whether two rectangles share more than a seam of a micrometre.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        const SEAM: f64 = 1e-6;
        self.x + self.width > other.x + SEAM
            && other.x + other.width > self.x + SEAM
            && self.y + self.depth > other.y + SEAM
            && other.y + other.depth > self.y + SEAM
    }

    /// Whether another rectangle lies inside.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        const SEAM: f64 = 1e-6;
        other.x >= self.x - SEAM
            && other.y >= self.y - SEAM
            && other.x + other.width <= self.x + self.width + SEAM
            && other.y + other.depth <= self.y + self.depth + SEAM
    }

    /// Area [m²].
    #[must_use]
    pub fn area(&self) -> f64 {
        self.width * self.depth
    }
}

/// A rack position of a row, before it is known whether a rack takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What stands there.
    pub kind: RackKind,
    /// Unit of the hall that it belongs to; what belongs to none has the number behind the last.
    pub unit: u64,
    /// Which of its kind in the unit, or in the room.
    pub index: u64,
}

/// Rows of one room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Rows in all.
    pub rows: u64,
    /// Positions of the longest row.
    pub positions: u64,
    /// Banks side by side.
    pub banks: u64,
    /// Lines of rows behind each other.
    pub lines: u64,
    /// Width of a position [m].
    pub position: f64,
    /// Depth of a rack [m].
    pub rack: f64,
    /// Width of the aisle in front of racks [m].
    pub cold: f64,
    /// Width of the aisle behind racks [m].
    pub hot: f64,
    /// Passage at each end of a row [m].
    pub end: f64,
    /// Low corner of the grid in its room [m].
    pub origin: (f64, f64),
}

impl Grid {
    /// Places rows so that the room comes closest to a square.
    #[must_use]
    pub fn square(mut self) -> Self {
        let pitch = self.rack + f64::midpoint(self.cold, self.hot);
        let bank = self.row_length() + self.end;
        let ideal = if bank > 0.0 { (pitch * self.rows as f64 / bank).sqrt() } else { 1.0 };
        self.banks = (ideal.round() as u64).clamp(1, self.rows.max(1));
        self.lines = self.rows.div_ceil(self.banks);
        // A bank more than the last line needs stays away.
        self.banks = self.rows.div_ceil(self.lines.max(1)).max(1);
        self
    }

    /// Places rows in a room of a width: as many banks as fit side by side, at least one.
    #[must_use]
    pub fn within(mut self, width: f64) -> Self {
        let bank = self.row_length() + self.end;
        let fitting = if bank > 0.0 { ((width - self.end) / bank + 1e-9).floor() as u64 } else { 1 };
        self.banks = fitting.clamp(1, self.rows.max(1));
        self.lines = self.rows.div_ceil(self.banks);
        self
    }

    /// Places rows in more banks until they lie within a depth, as far as that helps.
    #[must_use]
    pub fn at_most(mut self, depth: f64) -> Self {
        while self.depth() > depth && self.banks < self.rows {
            self.banks += 1;
            self.lines = self.rows.div_ceil(self.banks);
        }
        self.banks = self.rows.div_ceil(self.lines.max(1)).max(1);
        self
    }

    /// Length of a row [m].
    #[must_use]
    pub fn row_length(&self) -> f64 {
        self.positions as f64 * self.position
    }

    /// Along the rows, passages included [m].
    #[must_use]
    pub fn width(&self) -> f64 {
        self.banks as f64 * (self.row_length() + self.end) + self.end
    }

    /// Across the rows, the outer aisles included [m].
    #[must_use]
    pub fn depth(&self) -> f64 {
        let (pairs, single) = ((self.lines / 2) as f64, (self.lines % 2) as f64);
        self.cold + pairs * (2.0 * self.rack + self.hot + self.cold) + single * (self.rack + self.hot)
    }

    /// Row of a number: lines fill one after the other, bank by bank.
    #[must_use]
    pub fn row(&self, number: u64) -> Rect {
        let (line, bank) = (number / self.banks.max(1), number % self.banks.max(1));
        let pair = 2.0 * self.rack + self.hot + self.cold;
        let x = self.end + bank as f64 * (self.row_length() + self.end);
        let y = self.cold + (line / 2) as f64 * pair + (line % 2) as f64 * (self.rack + self.hot);
        Rect { x, y, width: self.row_length(), depth: self.rack }.moved(self.origin.0, self.origin.1)
    }

    /// Whether the racks of a row turn their front to the low side.
    #[must_use]
    pub fn faces_low(&self, number: u64) -> bool {
        (number / self.banks.max(1)).is_multiple_of(2)
    }

    /// Where the main trays hang, along the rows [m].
    #[must_use]
    pub fn mains(&self) -> Vec<f64> {
        let step = self.row_length() + self.end;
        (0..=self.banks).map(|bank| self.origin.0 + bank as f64 * step + self.end / 2.0).collect()
    }

    /// The aisles beside the rows: the rectangle, and whether it is a hot one.
    #[must_use]
    pub fn aisles(&self) -> Vec<(Rect, bool)> {
        let mut all = Vec::new();
        let (end_x, end_y) = (self.origin.0 + self.width() - self.end, self.origin.1 + self.depth());
        for line in 0..=self.lines {
            // In front of an even line lies a cold aisle, behind it a hot one.
            let hot = line % 2 == 1;
            let below = if line == 0 {
                self.origin.1
            } else {
                let row = self.row((line - 1) * self.banks);
                row.y + row.depth
            };
            let above = if line == self.lines { end_y } else { self.row(line * self.banks).y };
            for bank in 0..self.banks {
                // The last line may have fewer rows than the others.
                let beside = |line: u64| line < self.lines && line * self.banks + bank < self.rows;
                let behind = line > 0 && beside(line - 1);
                if !(beside(line) || behind) {
                    continue;
                }
                let row = self.row(bank);
                let width = row.width.min(end_x - row.x);
                all.push((Rect { x: row.x, y: below, width, depth: above - below }, hot));
            }
        }
        all
    }
}

/// Parts `index` of `parts` of a count, as even as whole numbers allow: from, to.
#[must_use]
pub fn share_of(count: u64, index: u64, parts: u64) -> (u64, u64) {
    let cut = |at: u64| (u128::from(count) * u128::from(at) / u128::from(parts.max(1))) as u64;
    (cut(index), cut(index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: u64) -> Grid {
        Grid {
            rows,
            positions: 14,
            banks: 1,
            lines: 1,
            position: 0.6,
            rack: 1.2,
            cold: 1.8,
            hot: 1.4,
            end: 1.5,
            origin: (0.0, 0.0),
        }
        .square()
    }

    // Eleven rows of 8.4 m at a pitch of 2.8 m: √(2.8 · 11 / 9.9) = 1.8, two banks of six lines.
    #[test]
    fn rows_make_a_room_closest_to_a_square() {
        let room = grid(11);
        assert_eq!((room.banks, room.lines), (2, 6));
        assert!((room.width() - (2.0 * 9.9 + 1.5)).abs() < 1e-9);
        // 1.8 + 3 · (2.4 + 1.4 + 1.8) = 18.6 m.
        assert!((room.depth() - 18.6).abs() < 1e-9);
        assert_eq!(room.mains().len(), 3);
    }

    #[test]
    fn rows_and_aisles_fill_the_room_without_a_gap_or_an_overlap() {
        let room = grid(12);
        let rows: Vec<Rect> = (0..12).map(|number| room.row(number)).collect();
        let mut all: Vec<Rect> = room.aisles().into_iter().map(|(aisle, _)| aisle).collect();
        all.extend(&rows);
        for (at, one) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| !one.overlaps(other)), "{one:?}");
        }
        let passages = 3.0 * room.end * room.depth();
        let area: f64 = all.iter().map(Rect::area).sum();
        assert!((area + passages - room.width() * room.depth()).abs() < 1e-6);
    }

    #[test]
    fn shares_are_even_and_add_up() {
        let parts: Vec<_> = (0..3).map(|index| share_of(8, index, 3)).collect();
        assert_eq!(parts, [(0, 2), (2, 5), (5, 8)]);
    }
}
