//! The manifold that feeds a row of racks, and what a rack loses.

use super::{Branch, Fluid, HydraulicsError, MOST_STEPS, Network, Node};
use crate::units::{CubicMetersPerSecond, Meters, Pascals, Watts};
use std::f64::consts::PI;

/// Inner diameters of stainless pipe, schedule 10S, DN 50 to DN 400 [mm]: ASME B36.19M outer diameter less two walls.
const PIPES: [(u32, f64); 11] = [
    (50, 54.8),
    (65, 66.9),
    (80, 82.8),
    (100, 108.2),
    (125, 134.5),
    (150, 161.5),
    (200, 211.6),
    (250, 264.7),
    (300, 314.7),
    (350, 346.0),
    (400, 396.8),
];
/// Fastest coolant in a manifold: 2.5 m/s, a usual limit against erosion and noise. An assumption.
const FASTEST: f64 = 2.5;
/// Roughness of drawn and welded stainless pipe: 0.045 mm, the upper end of what is quoted.
pub(super) const ROUGHNESS: Meters = Meters(45e-6);
/// Loss of bends and valves between a CDU and its manifold, either way [1]: four bends and two valves. An assumption.
const FEED_FITTINGS: f64 = 2.0;
/// Loss of a tee's straight run [1].
pub(super) const RUN_OF_TEE: f64 = 0.1;

/// A row of racks on one supply and one return pipe, fed from one end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowManifold {
    /// Racks along it.
    pub racks: u32,
    /// Distance from rack to rack.
    pub pitch: Meters,
    /// Pipe from the CDU to the first rack, and back again.
    pub feed: Meters,
    /// Flow that each rack needs at least.
    pub rack_flow: CubicMetersPerSecond,
    /// Pressure drop of a rack with its hoses.
    pub rack: Branch,
    /// Pressure drop inside the CDU at the flow of the row.
    pub exchanger: Pascals,
    /// The coolant.
    pub fluid: Fluid,
}

/// What flows in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowFlow {
    /// Nominal diameter of the manifold.
    pub nominal_diameter: u32,
    /// Coolant at its fastest.
    pub velocity_m_per_s: f64,
    /// Flow of the whole row.
    pub flow: CubicMetersPerSecond,
    /// Flow of the rack that gets least: what every rack needs.
    pub worst_rack: CubicMetersPerSecond,
    /// Flow of the rack that gets most.
    pub best_rack: CubicMetersPerSecond,
    /// Head of the pump, the CDU's own drop included.
    pub head: Pascals,
    /// Hydraulic power: head times flow, the pump's own losses aside.
    pub hydraulic: Watts,
}

impl RowManifold {
    /// The narrowest pipe that carries a flow at the fastest speed allowed, else the widest there is.
    #[must_use]
    pub fn pipe(flow: CubicMetersPerSecond) -> (u32, Meters) {
        let fits = |millimeters: f64| {
            let d = millimeters * 1e-3;
            flow.value() / (PI * d * d / 4.0) <= FASTEST
        };
        let chosen = PIPES.iter().find(|(_, inner)| fits(*inner)).unwrap_or(&PIPES[PIPES.len() - 1]);
        (chosen.0, Meters(chosen.1 * 1e-3))
    }

    /// The row as a network: CDU, supply nodes, return nodes; the return runs back beside the supply.
    fn network(&self, diameter: Meters, head: Pascals) -> Network {
        let racks = self.racks as usize;
        let pipe =
            |length: Meters, fittings: f64| Branch::Pipe { length, diameter, roughness: ROUGHNESS, fittings };
        let mut nodes = vec![Node::Held(head), Node::Held(Pascals(0.0))];
        nodes.resize(2 + 2 * racks, Node::Supplied(CubicMetersPerSecond(0.0)));
        let mut branches =
            vec![(0, 2, pipe(self.feed, FEED_FITTINGS)), (2 + racks, 1, pipe(self.feed, FEED_FITTINGS))];
        for rack in 0..racks {
            branches.push((2 + rack, 2 + racks + rack, self.rack));
            if rack > 0 {
                branches.push((1 + rack, 2 + rack, pipe(self.pitch, RUN_OF_TEE)));
                branches.push((2 + racks + rack, 1 + racks + rack, pipe(self.pitch, RUN_OF_TEE)));
            }
        }
        Network { nodes, branches }
    }

    /// Drop inside the CDU at a flow of the row: with the square of it.
    pub(super) fn exchanger_drop(&self, flow: CubicMetersPerSecond) -> Pascals {
        let over = flow / (self.rack_flow * f64::from(self.racks));
        self.exchanger * (over * over)
    }

    /// Finds the head at which the worst rack of the row gets its flow.
    ///
    /// ~~~text
    /// p ← p · (Q_wanted / Q_worst)²      until the worst rack is there to 1e-9
    /// ~~~
    ///
    /// Drops grow with about the square of the flow, so a few rounds do.
    pub fn solve(&self) -> Result<RowFlow, HydraulicsError> {
        let (nominal_diameter, diameter) = Self::pipe(self.rack_flow * f64::from(self.racks));
        let wanted = self.rack_flow.value();
        let mut head = self.rack.drop(&self.fluid, self.rack_flow) * 1.2;
        let mut rounds = 0;
        loop {
            let found = self.network(diameter, head).solve(&self.fluid)?;
            let rack_flows = self
                .network(diameter, head)
                .branches
                .iter()
                .zip(&found.flows)
                .filter(|((from, to, _), _)| *from >= 2 && *to == *from + self.racks as usize)
                .map(|(_, flow)| flow.value())
                .collect::<Vec<_>>();
            let worst = rack_flows.iter().copied().fold(f64::INFINITY, f64::min);
            let best = rack_flows.iter().copied().fold(0.0, f64::max);
            rounds += 1;
            if (worst / wanted - 1.0).abs() <= 1e-9 {
                let flow = CubicMetersPerSecond(rack_flows.iter().sum());
                let total = head + self.exchanger_drop(flow);
                let d = diameter.value();
                return Ok(RowFlow {
                    nominal_diameter,
                    velocity_m_per_s: flow.value() / (PI * d * d / 4.0),
                    flow,
                    worst_rack: CubicMetersPerSecond(worst),
                    best_rack: CubicMetersPerSecond(best),
                    head: total,
                    hydraulic: Watts(total.value() * flow.value()),
                });
            }
            if rounds == MOST_STEPS || worst <= 0.0 || !worst.is_finite() {
                return Err(HydraulicsError::Unsettled { steps: rounds, branch: 0, change: worst - wanted });
            }
            head = head * (wanted / worst) * (wanted / worst);
        }
    }
}

/// A rack's curve from measured points: pressure drop over flow is taken as a straight line of the flow.
///
/// ~~~text
/// Δp = a·Q + b·Q²,  least squares of Δp/Q over Q, a ≥ 0 and b ≥ 0
/// ~~~
///
/// Without two points of different flow there is no answer.
#[must_use]
pub fn rack_curve(points: &[(CubicMetersPerSecond, Pascals)]) -> Option<Branch> {
    let pairs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(flow, _)| flow.value() > 0.0)
        .map(|(flow, drop)| (flow.value(), drop.value() / flow.value()))
        .collect();
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (flow, resistance) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let spread: f64 = pairs.iter().map(|pair| (pair.0 - flow) * (pair.0 - flow)).sum();
    if pairs.len() < 2 || spread <= 0.0 {
        return None;
    }
    let slope = pairs.iter().map(|pair| (pair.0 - flow) * (pair.1 - resistance)).sum::<f64>() / spread;
    let (mut linear, mut square) = (resistance - slope * flow, slope);
    if linear < 0.0 {
        (linear, square) = (0.0, resistance / flow);
    } else if square < 0.0 {
        (linear, square) = (resistance, 0.0);
    }
    Some(Branch::Curve { linear, square })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{WATER, flow, near};
    use super::*;
    use crate::units::Celsius;

    fn gb300_row(racks: u32) -> RowManifold {
        // NVIDIA's rack template: Δp[kPa] = 0.0048·Q² + 0.0617·Q, Q in LPM; 117.5 LPM at 40 °C.
        let lpm = 1.0 / 60_000.0;
        RowManifold {
            racks,
            pitch: Meters(0.6),
            feed: Meters(8.0),
            rack_flow: flow(117.5 * lpm),
            rack: Branch::Curve { linear: 61.7 / lpm, square: 4.8 / (lpm * lpm) },
            exchanger: Pascals(40e3),
            fluid: Fluid::propylene_glycol_25(Celsius(45.0)),
        }
    }

    #[test]
    fn the_last_rack_of_a_row_gets_its_flow_and_the_first_some_more() {
        let row = gb300_row(8).solve().unwrap();
        near(row.worst_rack, 117.5 / 60_000.0, 1e-8);
        assert!(
            row.best_rack > row.worst_rack && row.best_rack.value() < 1.2 * row.worst_rack.value(),
            "{row:?}"
        );
        // Rack 73.5 and CDU 40 kPa at the least; pipes and the surplus of near racks add tens of kPa, not more.
        assert!((114e3..160e3).contains(&row.head.value()), "{row:?}");
        // 8 × 117.5 LPM = 15.7 L/s: DN 80 at 2.9 m/s is too fast, DN 100 at 1.7 m/s is not.
        assert_eq!(row.nominal_diameter, 100);
        // Hydraulic power 15.7 L/s · 130 kPa = 2 kW for 8 · 120 kW of heat: two thousandths.
        assert!((1.5e3..2.8e3).contains(&row.hydraulic.value()), "{row:?}");
    }

    #[test]
    fn a_longer_row_needs_more_head() {
        let head = |racks| gb300_row(racks).solve().unwrap().head.value();
        assert!(head(10) > head(9) && head(9) > head(8));
    }

    #[test]
    fn a_racks_curve_gives_its_points_back() {
        let lpm = |q: f64| flow(q / 60_000.0);
        let points =
            [(lpm(65.1), Pascals(24.36e3)), (lpm(117.5), Pascals(73.52e3)), (lpm(160.0), Pascals(132.75e3))];
        let curve = rack_curve(&points).unwrap();
        for (q, drop) in points {
            assert!((curve.drop(&WATER, q) / drop - 1.0).abs() < 1e-3);
        }
        assert!(rack_curve(&points[..1]).is_none() && rack_curve(&[]).is_none());
    }
}
