//! Buildings and yards on the ground.
//!
//! ~~~text
//! line       buildings side by side, a street between them;  from line to line  power yard + building + cooling yard + road
//! yard       items in lines along the building, as many lines as their number needs
//! ~~~
//!
//! Generators and unit transformers stand on the low side of each building, coolers on its high side, the high
//! voltage transformers in a substation at the low end of the campus; half a street and half a road run about it all.
//! Left out: basins, fences, fuel, and coolers on roofs, which would save their yard.

use super::grid::{Rect, share_of};
use super::{BUILDING_GAP, Ducts, Gate, Layout};
use crate::units::Meters;

/// What stands outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum YardKind {
    /// Standby generator in its enclosure.
    Generator,
    /// Medium to low voltage transformer.
    Transformer,
    /// Medium voltage to direct current.
    Converter,
    /// What throws the heat of the coolant out: dry cooler, tower, or chiller where it is all there is.
    Cooler,
    /// Air-cooled chiller beside coolers.
    Chiller,
    /// Transformer of the substation.
    HighVoltage,
}

impl YardKind {
    /// All of them, in the order of a legend.
    pub const ALL: [Self; 6] =
        [Self::Generator, Self::Transformer, Self::Converter, Self::Cooler, Self::Chiller, Self::HighVoltage];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Transformer => "transformer to low voltage",
            Self::Converter => "solid-state transformer",
            Self::Cooler => "heat rejection unit",
            Self::Chiller => "chiller",
            Self::HighVoltage => "substation transformer",
        }
    }

    /// Ground that one takes along and away from the building, without the clearance [m].
    ///
    /// Assumptions: a 2.8 MW set in its enclosure 4 × 14 m; a pad of 3 × 3 m for 3 MVA; a converter of 5 MW in a
    /// container of 3 × 12 m; a cooler or chiller of 1.2 to
    /// 1.8 MW 2.5 × 13 m; the bay of a transformer of some 200 MVA 20 × 25 m.
    #[must_use]
    pub fn size(self) -> (f64, f64) {
        match self {
            Self::Generator => (4.0, 14.0),
            Self::Transformer => (3.0, 3.0),
            Self::Converter => (3.0, 12.0),
            Self::Cooler | Self::Chiller => (2.5, 13.0),
            Self::HighVoltage => (20.0, 25.0),
        }
    }
}

/// Clear distance between two items of a yard, and from line to line [m]: assumption, air and access.
const YARD_CLEARANCE: f64 = 2.0;

impl Yard {
    /// The part of it between two shares of the site, in whole things: parts that meet add up to the whole.
    #[must_use]
    pub fn between(&self, from: f64, to: f64) -> Self {
        let part = |count: u64| {
            let upto = |share: f64| (count as f64 * share.clamp(0.0, 1.0)).round() as u64;
            upto(to) - upto(from)
        };
        Self {
            generators: part(self.generators),
            transformers: part(self.transformers),
            converters: part(self.converters),
            coolers: part(self.coolers),
            chillers: part(self.chillers),
            high_voltage: part(self.high_voltage),
        }
    }
}

/// What stands in the yards of a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Yard {
    /// Standby generators.
    pub generators: u64,
    /// Medium to low voltage transformers.
    pub transformers: u64,
    /// Medium voltage to direct current.
    pub converters: u64,
    /// Heat rejection units.
    pub coolers: u64,
    /// Air-cooled chillers beside them.
    pub chillers: u64,
    /// Transformers of the substation.
    pub high_voltage: u64,
}

impl Yard {
    /// How many of a kind.
    #[must_use]
    pub fn count(&self, kind: YardKind) -> u64 {
        match kind {
            YardKind::Generator => self.generators,
            YardKind::Transformer => self.transformers,
            YardKind::Converter => self.converters,
            YardKind::Cooler => self.coolers,
            YardKind::Chiller => self.chillers,
            YardKind::HighVoltage => self.high_voltage,
        }
    }
}

/// An item of a yard on the plan of the campus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YardItem {
    /// What it is.
    pub kind: YardKind,
    /// Where it stands on the campus.
    pub at: Rect,
}

/// Lines of equal items along a side of so many metres.
#[derive(Clone, Copy, Debug)]
struct Lines {
    per_line: u64,
    count: u64,
    step: f64,
    pitch: f64,
}

fn lines(kind: YardKind, count: u64, along: f64) -> Lines {
    let (width, depth) = kind.size();
    let step = width + YARD_CLEARANCE;
    let per_line = ((along / step).floor() as u64).max(1);
    Lines { per_line, count: count.div_ceil(per_line), step, pitch: depth + YARD_CLEARANCE }
}

/// Depth of a yard with so many of these items for one building [m].
fn yard_depth(items: &[(YardKind, u64)], along: f64) -> f64 {
    items
        .iter()
        .map(|(kind, count)| lines(*kind, *count, along))
        .map(|lines| lines.count as f64 * lines.pitch)
        .sum()
}

/// Length of the ground over its depth that lines of buildings come close to: as a page lies.
const ALONG: f64 = 1.25;

/// Sets the buildings of a plan in lines.
pub(super) fn build(plan: &mut Layout) {
    let (x, y) = plan.pitch();
    let ideal = (ALONG * y * plan.buildings as f64 / x).sqrt().round() as u64;
    plan.building_columns = ideal.clamp(1, plan.buildings.max(1));
    plan.central_building = plan.nearest_to_the_middle();
}

/// What the fibre stated between buildings makes of all ducts between them.
///
/// ~~~text
/// s = max( 1, stated / longest way between two buildings along the streets )
/// ~~~
pub(super) fn duct_stretch(plan: &Layout) -> f64 {
    let stated = plan.demand.fibre.filter(|_| plan.buildings > 1);
    stated.map_or(1.0, |fibre| (fibre / Site::of([plan]).longest_way()).max(1.0))
}

/// Clear distance between the parts of a site that hold different systems [m]: assumption.
const BETWEEN_SYSTEMS: f64 = 40.0;

/// The grounds of several layouts side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// All of it, its corner at the origin.
    pub ground: Rect,
    /// Low corner of each layout's ground.
    pub corners: Vec<(f64, f64)>,
    /// Buildings of all layouts, one after the other.
    pub buildings: Vec<Rect>,
    /// Where ducts come into each of them, and the layout that it belongs to.
    pub gates: Vec<(usize, Gate)>,
    /// The road before the first line of all layouts, across the rows.
    pub front: f64,
    /// The substation, in the middle of the low side, where feeders begin.
    pub substation: Vec<YardItem>,
}

impl Site {
    /// Sets layouts side by side.
    #[must_use]
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a Layout>) -> Self {
        let plans: Vec<&Layout> = plans.into_iter().collect();
        let mut site = Self::default();
        let substation = plans.iter().map(|plan| plan.substation()).fold(0.0, f64::max);
        site.front = substation;
        for (at, plan) in plans.iter().enumerate() {
            let ground = plan.campus();
            let x = if site.corners.is_empty() { 0.0 } else { site.ground.width + BETWEEN_SYSTEMS };
            let y = substation - plan.substation();
            site.ground.width = x + ground.width;
            site.ground.depth = site.ground.depth.max(y + ground.depth);
            site.corners.push((x, y));
            site.buildings.extend((0..plan.buildings).map(|index| plan.building(index).moved(x, y)));
            site.gates.extend((0..plan.buildings).map(|index| (at, plan.gate(index).moved(x, y))));
        }
        site.transformers(plans.iter().map(|plan| plan.demand.yard.high_voltage).sum());
        site
    }

    /// Sets so many transformers into the substation.
    fn transformers(&mut self, count: u64) {
        let kind = YardKind::HighVoltage;
        let lines = lines(kind, count, self.ground.width);
        let (width, depth) = kind.size();
        let across = count.min(lines.per_line) as f64 * lines.step - YARD_CLEARANCE;
        let low = ((self.ground.width - across) / 2.0).max(0.0);
        let item = |item: u64| {
            let x = low + (item % lines.per_line) as f64 * lines.step;
            let y = (item / lines.per_line) as f64 * lines.pitch;
            YardItem { kind, at: Rect { x, y, width, depth } }
        };
        self.substation = (0..count).map(item).collect();
    }

    /// Ducts from a place in the corridor of one building to one in another's.
    ///
    /// Parts of the site that hold different systems have streets of their own; the road before the first line is common
    /// to them.
    #[must_use]
    pub fn ducts(&self, [from, to]: [usize; 2], [start, stop]: [f64; 2]) -> Ducts {
        self.gate_towards(from, to).to(start, &self.gates[to].1, stop)
    }

    /// The corners of those ducts.
    #[must_use]
    pub fn corners(&self, [from, to]: [usize; 2], [start, stop]: [f64; 2]) -> Vec<(f64, f64)> {
        self.gate_towards(from, to).corners(start, &self.gates[to].1, stop)
    }

    /// Where ducts leave a building, by roads that lead to another.
    fn gate_towards(&self, from: usize, to: usize) -> Gate {
        let ((own, gate), (other, _)) = (self.gates[from], self.gates[to]);
        if own == other { gate } else { Gate { roads: [self.front; 2], ..gate } }
    }

    /// Middle of the corridor of a building along the rows.
    #[must_use]
    pub fn middle(&self, building: usize) -> f64 {
        self.buildings[building].center().0
    }

    /// Longest way between the middles of two buildings, along the streets.
    #[must_use]
    pub fn longest_way(&self) -> Meters {
        let count = self.buildings.len();
        let pairs = (0..count).flat_map(|from| (from + 1..count).map(move |to| [from, to]));
        let run = |ends: [usize; 2]| self.ducts(ends, ends.map(|at| self.middle(at))).run;
        Meters(pairs.map(run).fold(0.0, f64::max))
    }

    /// Buildings of each of so many substations along the low side: neighbours, as evenly as whole buildings go; none where
    /// there are fewer buildings than substations.
    #[must_use]
    pub fn dealt(&self, substations: u32) -> Vec<Vec<usize>> {
        let (count, substations) = (self.buildings.len(), u64::from(substations.max(1)));
        if (count as u64) < substations {
            return Vec::new();
        }
        let mut along: Vec<usize> = (0..count).collect();
        along.sort_by(|a, b| self.middle(*a).total_cmp(&self.middle(*b)).then(a.cmp(b)));
        let own = |substation: u64| {
            let (from, to) = share_of(count as u64, substation, substations);
            let mut own = along[from as usize..to as usize].to_vec();
            own.sort_unstable();
            own
        };
        (0..substations).map(own).collect()
    }

    /// Where the substation of a building stands along the low side, of so many [m]: the nearest where a building hangs on
    /// several.
    fn substation_of(&self, building: usize, substations: u32, dealt: &[Vec<usize>]) -> f64 {
        let substations = substations.max(1);
        let step = self.ground.width / f64::from(substations);
        let nearest = (self.middle(building) / step).floor().clamp(0.0, f64::from(substations - 1));
        let own = dealt.iter().position(|own| own.contains(&building));
        (own.map_or(nearest, |at| at as f64) + 0.5) * step
    }

    /// The corners of the feeder of a building, from its own of so many substations along the low side.
    ///
    /// ~~~text
    /// substation → road before the first line → street beside the building → road below its line → its power yard
    /// ~~~
    ///
    /// Of the streets on both sides the one with the shorter way; a building of the first line needs none.
    #[must_use]
    pub fn feeder(&self, building: usize, substations: u32) -> Vec<(f64, f64)> {
        self.feeder_from(building, self.substation_of(building, substations, &self.dealt(substations)))
    }

    /// The same from a place along the low side [m].
    fn feeder_from(&self, building: usize, from: f64) -> Vec<(f64, f64)> {
        let (_, gate) = self.gates[building];
        let (middle, low, road) = (self.middle(building), self.buildings[building].y, gate.roads[0]);
        let about = |street: f64| (from - street).abs() + (street - middle).abs();
        let [one, other] = gate.streets;
        let street = if about(other) < about(one) { other } else { one };
        let mut all = vec![(from, 0.0), (from, self.front)];
        if road - self.front > 1e-6 {
            all.extend([(street, self.front), (street, road)]);
        }
        all.extend([(middle, road), (middle, low)]);
        all
    }

    /// Length of the feeder of each building.
    #[must_use]
    pub fn feeders(&self, substations: u32) -> Vec<Meters> {
        let dealt = self.dealt(substations);
        let from = |building| self.substation_of(building, substations, &dealt);
        (0..self.buildings.len())
            .map(|building| Meters(length(&self.feeder_from(building, from(building)))))
            .collect()
    }
}

/// Length of a way with right corners.
#[must_use]
pub fn length(corners: &[(f64, f64)]) -> f64 {
    corners.windows(2).map(|two| (two[0].0 - two[1].0).abs() + (two[0].1 - two[1].1).abs()).sum()
}

impl Layout {
    /// Halls of a building: they are shared out evenly.
    #[must_use]
    pub fn halls_of_building(&self, building: u64) -> std::ops::Range<u64> {
        let (from, to) = share_of(self.halls, building, self.buildings);
        from..to
    }

    /// Halls on one storey of the fullest building.
    #[must_use]
    pub fn halls_on_a_floor(&self) -> u64 {
        self.halls.div_ceil(self.buildings).div_ceil(self.demand.storeys)
    }

    /// Items of a kind that stand at one building.
    fn share_of_building(&self, kind: YardKind, building: u64) -> u64 {
        let (from, to) = share_of(self.demand.yard.count(kind), building, self.buildings);
        to - from
    }

    /// Depths of the power yard and of the cooling yard of the fullest building [m].
    fn yards(&self) -> (f64, f64) {
        let most = |kind: YardKind| (kind, self.demand.yard.count(kind).div_ceil(self.buildings.max(1)));
        (
            yard_depth(
                &[most(YardKind::Transformer), most(YardKind::Converter), most(YardKind::Generator)],
                self.building_x,
            ),
            yard_depth(&[most(YardKind::Cooler), most(YardKind::Chiller)], self.building_x),
        )
    }

    /// Distance from building to building along and across the lines [m].
    fn pitch(&self) -> (f64, f64) {
        let (power, cooling) = self.yards();
        let gap = BUILDING_GAP.value();
        (self.building_x + gap, self.building_y + power + cooling + gap)
    }

    /// Depth of the substation with the road before it, which lie below the first line [m].
    fn substation(&self) -> f64 {
        let count = self.demand.yard.high_voltage;
        if count == 0 {
            return 0.0;
        }
        lines(YardKind::HighVoltage, count, self.building_x).count as f64
            * (YardKind::HighVoltage.size().1 + YARD_CLEARANCE)
            + BUILDING_GAP.value()
    }

    /// The ground that buildings, yards, streets and substation take, its corner at the origin.
    #[must_use]
    pub fn campus(&self) -> Rect {
        let (x, y) = self.pitch();
        let columns = self.building_columns.max(1);
        let rows = self.buildings.div_ceil(columns).max(1);
        Rect { x: 0.0, y: 0.0, width: columns as f64 * x, depth: self.substation() + rows as f64 * y }
    }

    /// Column and line of a building: every other line is counted back, so that neighbours in number, which share a
    /// fabric, are neighbours on the ground.
    fn stand(&self, index: u64) -> (u64, u64) {
        let (line, along) = (index / self.building_columns, index % self.building_columns);
        (if line.is_multiple_of(2) { along } else { self.building_columns - 1 - along }, line)
    }

    /// A building on the plan of the campus.
    #[must_use]
    pub fn building(&self, index: u64) -> Rect {
        let (x, y) = self.pitch();
        let (column, line) = self.stand(index);
        let (power, _) = self.yards();
        let street = BUILDING_GAP.value() / 2.0;
        Rect {
            x: column as f64 * x + street,
            y: self.substation() + line as f64 * y + street + power,
            width: self.length_of(index),
            depth: self.building_y,
        }
    }

    /// Streets on both sides of a building, and the roads below and above its line.
    pub(super) fn streets_about(&self, index: u64) -> ([f64; 2], [f64; 2]) {
        let (x, y) = self.pitch();
        let (column, line) = self.stand(index);
        let (street, road) = (column as f64 * x, self.substation() + line as f64 * y);
        ([street, street + x], [road, road + y])
    }

    /// The building nearest to the middle of all of them.
    fn nearest_to_the_middle(&self) -> u64 {
        let (x, y) = self.pitch();
        let stands: Vec<(f64, f64)> = (0..self.buildings)
            .map(|index| self.stand(index))
            .map(|(column, line)| (column as f64 * x, line as f64 * y))
            .collect();
        let count = stands.len().max(1) as f64;
        let middle = (
            stands.iter().map(|at| at.0).sum::<f64>() / count,
            stands.iter().map(|at| at.1).sum::<f64>() / count,
        );
        let off = |index: &u64| {
            let (x, y) = stands[*index as usize];
            (x - middle.0).abs() + (y - middle.1).abs()
        };
        (0..self.buildings).min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0)
    }

    /// Everything that stands at the buildings; the substation is the site's.
    #[must_use]
    pub fn yard_items(&self) -> Vec<YardItem> {
        let mut all = Vec::new();
        for index in 0..self.buildings {
            let building = self.building(index);
            // Away from the wall: transformers first, generators behind them.
            let mut y = building.y;
            for kind in [YardKind::Transformer, YardKind::Converter, YardKind::Generator] {
                let count = self.share_of_building(kind, index);
                let lines = lines(kind, count, self.building_x);
                for item in 0..count {
                    let (width, depth) = kind.size();
                    let line = (item / lines.per_line + 1) as f64;
                    let x = building.x + (item % lines.per_line) as f64 * lines.step;
                    all.push(YardItem { kind, at: Rect { x, y: y - line * lines.pitch, width, depth } });
                }
                y -= lines.count as f64 * lines.pitch;
            }
            let mut y = building.y + building.depth + YARD_CLEARANCE;
            for kind in [YardKind::Cooler, YardKind::Chiller] {
                let count = self.share_of_building(kind, index);
                let lines = lines(kind, count, self.building_x);
                for item in 0..count {
                    let (width, depth) = kind.size();
                    let line = (item / lines.per_line) as f64;
                    let x = building.x + (item % lines.per_line) as f64 * lines.step;
                    all.push(YardItem { kind, at: Rect { x, y: y + line * lines.pitch, width, depth } });
                }
                y += lines.count as f64 * lines.pitch;
            }
        }
        all
    }
}
