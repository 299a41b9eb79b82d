//! The coolant distribution units of a hall: a group in parallel on two headers that feed the rows.
//!
//! ~~~text
//! return header ─► pump ─► exchanger ─► supply header ─► rows of racks ─► return header      as often as units run
//! ~~~
//!
//! Rows tap the headers one pitch apart; the units stand along them at equal distances. Drives hold all pumps at the
//! speed at which the rack that gets least has its flow. The group is solved with every unit running, and again with
//! each unit out in turn: the pumps left must reach the flow below full speed, and their exchangers the supply
//! temperature. Left out: valves that balance rows, strainers that clog.

use super::super::direct_to_chip::approach;
use super::row::{ROUGHNESS, RUN_OF_TEE};
use super::{Branch, HydraulicsError, Network, Node, RowFlow, RowManifold};
use crate::units::{CubicMetersPerSecond, Kelvin, Meters, Pascals, Share, Watts};

/// Head of a pump without flow over that at its rated flow: centrifugal pumps of this sort rise by 10 % to 30 % (recalled).
const SHUT_OFF: f64 = 1.2;
/// Rounds of the search for the speed: drops grow with about the square of the flow, so a few do.
const MOST_ROUNDS: u32 = 60;

/// One unit: its pump and its exchanger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CduUnit {
    /// Heat that it takes at its approach.
    pub capacity: Watts,
    /// Flow that its pump is rated for.
    pub rated_flow: CubicMetersPerSecond,
    /// Head at that flow and full speed.
    pub rated_head: Pascals,
    /// From facility water to coolant at its capacity.
    pub approach: Kelvin,
    /// Exchanger, strainer and valves inside.
    pub exchanger: Branch,
}

impl CduUnit {
    /// Head of the pump at a flow and full speed: a parabola from the shut-off head through the rated point.
    ///
    /// ~~~text
    /// H = H_r · (1.2 − 0.2·(Q/Q_r)²)
    /// ~~~
    #[must_use]
    pub fn head(&self, flow: CubicMetersPerSecond) -> Pascals {
        let part = flow / self.rated_flow;
        self.rated_head * (SHUT_OFF - (SHUT_OFF - 1.0) * part * part)
    }

    /// The pump at a part of its speed: affinity laws lower the head with the square of the speed.
    fn pump(&self, speed: f64) -> Branch {
        let rated = self.rated_flow.value();
        Branch::Pump {
            shut_off: self.rated_head * (SHUT_OFF * speed * speed),
            square: (SHUT_OFF - 1.0) * self.rated_head.value() / (rated * rated),
        }
    }
}

/// A group of units and the rows that it feeds.
#[derive(Debug, Clone, PartialEq)]
pub struct CduGroupLoop {
    /// Units that stand there, a spare among them where there is one.
    pub units: u32,
    /// What each is.
    pub unit: CduUnit,
    /// Rows, the last of which may be shorter.
    pub rows: Vec<RowManifold>,
    /// Distance from row to row along the headers.
    pub row_pitch: Meters,
    /// Liquid heat of all racks of the group.
    pub heat: Watts,
}

/// What flows in a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupFlow {
    /// Units that run.
    pub running: u32,
    /// Speed of their pumps over full speed; above one they can't.
    pub speed: f64,
    /// Flow of the rack that gets least at that speed, or at full speed where that is less.
    pub worst_rack: CubicMetersPerSecond,
    /// Head of the pump that works hardest.
    pub head: Pascals,
    /// Hydraulic power of all pumps: head times flow.
    pub hydraulic: Watts,
    /// Heat of a unit over its capacity.
    pub load: Share,
    /// From facility water to coolant at that load, pumps following the heat.
    pub approach: Kelvin,
}

/// A solved group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupFlows {
    /// Nominal diameter of the headers.
    pub nominal_diameter: u32,
    /// All units running.
    pub all: GroupFlow,
    /// The worst of the outages of one unit; nothing where there is only one.
    pub one_out: Option<GroupFlow>,
}

impl CduGroupLoop {
    /// Solves the group with all units and with each of them out.
    pub fn solve(&self) -> Result<GroupFlows, HydraulicsError> {
        // Most rows are alike: each kind is solved once.
        let mut rows: Vec<RowFlow> = Vec::with_capacity(self.rows.len());
        for (place, row) in self.rows.iter().enumerate() {
            let like = self.rows[..place].iter().position(|known| known == row);
            rows.push(like.map_or_else(|| row.solve(), |like| Ok(rows[like]))?);
        }
        let total = rows.iter().map(|row| row.flow.value()).sum::<f64>();
        // Fed along their length, headers carry at most half of the flow one way.
        let (nominal_diameter, diameter) = RowManifold::pipe(CubicMetersPerSecond(total / 2.0))?;
        let all = self.run(&rows, diameter, None)?;
        let mut one_out: Option<GroupFlow> = None;
        for out in (0..self.units).filter(|_| self.units > 1) {
            let found = self.run(&rows, diameter, Some(out))?;
            if one_out.is_none_or(|worst| found.speed > worst.speed) {
                one_out = Some(found);
            }
        }
        Ok(GroupFlows { nominal_diameter, all, one_out })
    }

    /// Where on the headers a unit stands, counted in rows.
    fn tap(&self, unit: u32) -> usize {
        let rows = self.rows.len();
        ((2 * unit as usize + 1) * rows / (2 * self.units as usize)).min(rows - 1)
    }

    /// The network at a speed: supply nodes, return nodes, one node between each pump and its exchanger.
    fn network(&self, rows: &[RowFlow], diameter: Meters, running: &[u32], speed: f64) -> Network {
        let count = rows.len();
        let free = Node::Supplied(CubicMetersPerSecond(0.0));
        let mut nodes = vec![free; 2 * count + running.len()];
        nodes[count] = Node::Held(Pascals(0.0));
        let header =
            Branch::Pipe { length: self.row_pitch, diameter, roughness: ROUGHNESS, fittings: RUN_OF_TEE };
        // Rows first, so that their flows come first.
        let mut branches: Vec<(usize, usize, Branch)> = rows
            .iter()
            .zip(&self.rows)
            .enumerate()
            .map(|(place, (row, known))| {
                let own = row.head - known.exchanger_drop(row.flow);
                (place, count + place, Branch::through(row.flow, own))
            })
            .collect();
        for (between, unit) in (2 * count..).zip(running) {
            let tap = self.tap(*unit);
            branches.push((count + tap, between, self.unit.pump(speed)));
            branches.push((between, tap, self.unit.exchanger));
        }
        for place in 1..count {
            branches.push((place - 1, place, header));
            branches.push((count + place, count + place - 1, header));
        }
        Network { nodes, branches }
    }

    /// Finds the speed at which the worst rack has its flow.
    fn run(
        &self,
        rows: &[RowFlow],
        diameter: Meters,
        out: Option<u32>,
    ) -> Result<GroupFlow, HydraulicsError> {
        let running: Vec<u32> = (0..self.units).filter(|unit| Some(*unit) != out).collect();
        let fluid = self.rows[0].fluid;
        // Worst rack over what every rack of its row wants: rows keep their shape, as drops go with about the square.
        let served = |flows: &[CubicMetersPerSecond]| {
            let parts = rows.iter().zip(flows).map(|(row, flow)| *flow / row.flow);
            parts.fold(f64::INFINITY, f64::min)
        };
        let mut speed = 1.0;
        let mut part = 0.0;
        for round in 0..MOST_ROUNDS {
            let found = self.network(rows, diameter, &running, speed).solve(&fluid)?;
            part = served(&found.flows);
            if (part - 1.0).abs() <= 1e-9 {
                let pumps = found.flows[rows.len()..].iter().step_by(2).take(running.len());
                let heads: Vec<(Pascals, CubicMetersPerSecond)> =
                    pumps.map(|flow| (self.unit.pump(speed).drop(&fluid, *flow) * -1.0, *flow)).collect();
                let load = self.heat / (self.unit.capacity * running.len() as f64);
                let wanted = self.rows[0].rack_flow;
                let at_full_speed = if speed > 1.0 {
                    served(&self.network(rows, diameter, &running, 1.0).solve(&fluid)?.flows)
                } else {
                    1.0
                };
                return Ok(GroupFlow {
                    running: running.len() as u32,
                    speed,
                    worst_rack: wanted * at_full_speed,
                    head: heads.iter().map(|(head, _)| *head).fold(Pascals(0.0), Pascals::max),
                    hydraulic: Watts(heads.iter().map(|(head, flow)| head.value() * flow.value()).sum()),
                    load: Share(load),
                    approach: approach(self.unit.approach, load, false),
                });
            }
            if part <= 0.0 || !part.is_finite() {
                return Err(HydraulicsError::Unsettled { steps: round, branch: 0, change: part });
            }
            speed /= part;
        }
        Err(HydraulicsError::Unsettled { steps: MOST_ROUNDS, branch: 0, change: part - 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fluid;
    use super::*;
    use crate::units::Celsius;

    const LPM: f64 = 1.0 / 60_000.0;

    /// Racks of 116 kW at 117.5 LPM as NVIDIA's template has them, 16 a row, and units of 2.3 MW rated for 1.5 LPM/kW.
    fn group(units: u32, rows: usize, rated_head: f64) -> CduGroupLoop {
        let rack_flow = CubicMetersPerSecond(117.5 * LPM);
        let row = RowManifold {
            racks: 16,
            pitch: Meters(0.6),
            feed: Meters(8.0),
            rack_flow,
            rack: Branch::Curve { linear: 61.7 / LPM, square: 4.8 / (LPM * LPM) },
            exchanger: Pascals(40e3),
            fluid: Fluid::propylene_glycol_25(Celsius(45.0)),
        };
        let rated_flow = CubicMetersPerSecond(2_300.0 * 1.5 * LPM);
        CduGroupLoop {
            units,
            unit: CduUnit {
                capacity: Watts(2.3e6),
                rated_flow,
                rated_head: Pascals(rated_head),
                approach: Kelvin(4.0),
                exchanger: Branch::through(
                    CubicMetersPerSecond(2_300.0 / 116.0 * 117.5 * LPM),
                    Pascals(40e3),
                ),
            },
            rows: vec![row; rows],
            row_pitch: Meters(2.7),
            heat: Watts(116e3 * 16.0 * rows as f64),
        }
    }

    #[test]
    fn a_pump_gives_its_rated_head_at_its_rated_flow() {
        let unit = group(2, 1, 260e3).unit;
        assert!((unit.head(unit.rated_flow).value() - 260e3).abs() < 1e-6);
        assert!((unit.head(CubicMetersPerSecond(0.0)).value() - 312e3).abs() < 1e-6);
        let flow = unit.rated_flow * 0.6;
        let fluid = Fluid::water(Celsius(40.0));
        assert!((unit.pump(1.0).drop(&fluid, flow) + unit.head(flow)).value().abs() < 1e-6);
    }

    #[test]
    fn every_rack_keeps_its_flow_when_one_of_six_units_stops() {
        // Six rows of 16 racks: 11.1 MW on five units and a spare.
        let found = group(6, 6, 260e3).solve().unwrap();
        let one_out = found.one_out.unwrap();
        assert_eq!((found.all.running, one_out.running), (6, 5));
        assert!(one_out.speed > found.all.speed && one_out.speed < 1.0, "{found:?}");
        assert!((one_out.worst_rack.value() / (117.5 * LPM) - 1.0).abs() < 1e-8);
        // 11.136 MW over 5 · 2.3: within the capacity, so at an approach of 4 · 0.96835^0.2 = 3.974 K.
        assert!((one_out.load.value() - 0.968_35).abs() < 1e-4);
        assert!((one_out.approach.value() - 3.974_3).abs() < 1e-3);
        // Rack 73.5 kPa, exchanger 40 · (0.807)² = 26, and tens for manifolds and headers; the rest of the pump is not used.
        assert!((100e3..140e3).contains(&found.all.head.value()), "{found:?}");
        assert!(one_out.head > found.all.head);
    }

    #[test]
    fn a_group_without_a_spare_loses_the_supply_temperature() {
        // Five units of 2.3 MW for 11.136 MW; four carry 1.2104 of their capacity: 4 K · 1.2104 = 4.842 K, 0.842 K warmer.
        let one_out = group(5, 6, 260e3).solve().unwrap().one_out.unwrap();
        assert!((one_out.approach.value() - 4.841_7).abs() < 1e-3, "{one_out:?}");
    }

    #[test]
    fn pumps_that_are_too_weak_say_how_much_flow_is_left() {
        let one_out = group(5, 6, 120e3).solve().unwrap().one_out.unwrap();
        assert!(one_out.speed > 1.0 && one_out.worst_rack.value() < 117.5 * LPM, "{one_out:?}");
        // Speed and flow go together where drops go with the square.
        let kept = one_out.worst_rack.value() / (117.5 * LPM);
        assert!((kept * one_out.speed - 1.0).abs() < 0.02, "{one_out:?}");
    }

    #[test]
    fn rows_keep_their_shape_at_other_flows() {
        // What the group takes of a row: a parabola of its head, and the same share for the rack that gets least.
        let row = group(1, 1, 260e3).rows[0];
        let full = row.solve().unwrap();
        for part in [0.85, 0.95] {
            let slower = RowManifold {
                rack_flow: row.rack_flow * part,
                exchanger: row.exchanger * (part * part),
                ..row
            };
            let found = slower.solve().unwrap();
            assert_eq!(found.nominal_diameter, full.nominal_diameter);
            let share = |flow: &RowFlow| flow.worst_rack / flow.flow;
            assert!((share(&found) / share(&full) - 1.0).abs() < 2e-3, "{found:?}");
            assert!((found.head / (full.head * (part * part)) - 1.0).abs() < 0.03, "{found:?} {full:?}");
        }
    }

    #[test]
    fn a_group_lifts_what_its_rows_and_headers_lose() {
        // One unit, one row, no header: the pump's head is the row's with its own exchanger in series.
        let one = group(1, 1, 400e3);
        let row = one.rows[0].solve().unwrap();
        let found = one.solve().unwrap();
        assert!(found.one_out.is_none());
        let exchanger = one.unit.exchanger.drop(&one.rows[0].fluid, row.flow);
        let wanted = row.head - one.rows[0].exchanger_drop(row.flow) + exchanger;
        assert!((found.all.head / wanted - 1.0).abs() < 1e-8, "{found:?} {wanted}");
        assert!((found.all.hydraulic.value() / (wanted.value() * row.flow.value()) - 1.0).abs() < 1e-8);
    }
}
