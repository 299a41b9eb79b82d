//! What stands in electrical rooms, item by item.
//!
//! ~~~text
//! lines   items of a sort side by side along the room, as many as its length holds, line behind line
//! item    its body with the room to work before it, so that lines may follow each other
//! ~~~
//!
//! Sizes are those that the area of these rooms rests on ([`super::rooms`]). A room is filled from one corner; what it
//! has no room for is not placed. Left out: columns, doors, cable trenches.

use super::grid::Rect;

/// What stands in an electrical room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gear {
    /// A UPS block of 1.5 MW with its batteries.
    Ups,
    /// A low-voltage switchboard of 2.5 to 3 MVA.
    Switchboard,
}

impl Gear {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ups, Self::Switchboard];

    /// Length of one [m].
    #[must_use]
    pub fn length(self) -> f64 {
        match self {
            Self::Ups => 8.0,
            Self::Switchboard => 6.0,
        }
    }

    /// Depth of its body, and of that with the clearance about it [m]: assumptions.
    #[must_use]
    pub fn depths(self) -> [f64; 2] {
        match self {
            Self::Ups => [1.2, 2.7],
            Self::Switchboard => [1.2, 4.0],
        }
    }
}

/// Places items in a room, along the side that takes more of them.
#[must_use]
pub fn furnished(room: &Rect, items: &[(Gear, u64)]) -> Vec<(Gear, Rect)> {
    let along = lines(room.width, room.depth, items);
    let across = lines(room.depth, room.width, items);
    let turned = |at: Rect| Rect { x: at.y, y: at.x, width: at.depth, depth: at.width };
    let placed = if along.len() >= across.len() {
        along
    } else {
        across.into_iter().map(|(gear, at)| (gear, turned(at))).collect()
    };
    placed.into_iter().map(|(gear, at)| (gear, at.moved(room.x, room.y))).collect()
}

/// Lines of items in a room of this length and depth, its corner at the origin.
fn lines(length: f64, depth: f64, items: &[(Gear, u64)]) -> Vec<(Gear, Rect)> {
    let mut all = Vec::new();
    let mut y = 0.0;
    for (gear, count) in items {
        let ([body, pitch], long) = (gear.depths(), gear.length());
        let per_line = (length / long + 1e-9).floor() as u64;
        let lines = if per_line > 0 { count.div_ceil(per_line) } else { 0 };
        for line in (0..lines).take_while(|line| y + (*line + 1) as f64 * pitch <= depth + 1e-9) {
            let at = |item: u64| Rect {
                x: item as f64 * long,
                y: y + line as f64 * pitch + (pitch - body) / 2.0,
                width: long,
                depth: body,
            };
            let here = (count - line * per_line).min(per_line);
            all.extend((0..here).map(|item| (*gear, at(item))));
        }
        y += (lines as f64 * pitch).min(((depth - y) / pitch + 1e-9).floor() * pitch);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // 25 × 20 m: three blocks of 8 m a line, so 10 blocks in four lines of 2.7 m; four boards of 6 m in a line of 4 m.
    #[test]
    fn a_room_takes_lines_of_blocks_and_of_boards() {
        let room = Rect { x: 5.0, y: 7.0, width: 25.0, depth: 20.0 };
        let placed = furnished(&room, &[(Gear::Ups, 10), (Gear::Switchboard, 4)]);
        assert_eq!(placed.len(), 14);
        let last = placed[13].1;
        assert!((last.x - 23.0).abs() < 1e-9 && (last.y - (7.0 + 10.8 + 1.4)).abs() < 1e-9, "{last:?}");
        // A room that is too narrow one way is filled the other way.
        let narrow = Rect { x: 0.0, y: 0.0, width: 5.0, depth: 30.0 };
        assert_eq!(furnished(&narrow, &[(Gear::Ups, 10)]).len(), 3);
    }

    proptest! {
        #[test]
        fn no_two_items_overlap_and_all_lie_in_the_room(
            (width, depth) in (1.0_f64..60.0, 1.0_f64..60.0),
            (blocks, boards) in (0_u64..40, 0_u64..20),
        ) {
            let room = Rect { x: 3.0, y: 4.0, width, depth };
            let placed = furnished(&room, &[(Gear::Ups, blocks), (Gear::Switchboard, boards)]);
            prop_assert!(placed.len() as u64 <= blocks + boards);
            for (at, (_, one)) in placed.iter().enumerate() {
                prop_assert!(room.holds(one), "{one:?}");
                prop_assert!(placed[..at].iter().all(|(_, other)| !one.overlaps(other)));
            }
        }
    }
}
