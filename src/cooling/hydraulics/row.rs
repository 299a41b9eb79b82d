//! The manifold that feeds a row of racks, and what a rack loses.

use super::{Branch, Fluid, HydraulicsError, MOST_STEPS, Network, Node};
use crate::units::{CubicMetersPerSecond, Meters, Pascals, Watts};
use std::f64::consts::PI;

/// Inner diameters of pipe [mm]: outer diameter less two walls.
///
/// DN 50 to DN 400 stainless, schedule 10S (ASME B36.19M); above it steel of standard wall, 9.53 mm (ASME B36.10M, the outer
/// diameters of EN 10220 series 1), recalled: 457 mm less 19.06 is 437.9.
const PIPES: [(u32, f64); 17] = [
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
    (450, 437.9),
    (500, 488.9),
    (600, 590.9),
    (700, 691.9),
    (800, 793.9),
    (900, 894.9),
];
/// Fastest coolant or water in a pipe [m/s]: 2.5 m/s, a usual limit against erosion and noise. An assumption.
const FASTEST: f64 = 2.5;
/// Roughness of drawn and welded steel pipe, stainless or not: 0.045 mm, the upper end of what is quoted for stainless and
/// Moody's value for commercial steel.
pub const ROUGHNESS: Meters = Meters(45e-6);
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

/// A pipe as it is bought, or some of them side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PipeSize {
    /// Nominal diameter [mm].
    pub nominal: u32,
    /// Inner diameter.
    pub inner: Meters,
    /// How many side by side: one, or as few as carry the flow where no pipe is wide enough.
    pub parallel: u32,
}

/// Flow of a pipe of an inner diameter [mm] at the fastest speed allowed [m³/s].
fn fastest_flow(millimeters: f64) -> f64 {
    let d = millimeters * 1e-3;
    PI * d * d / 4.0 * FASTEST
}

impl PipeSize {
    /// The narrowest pipe that carries a flow no faster than allowed; where the widest does not, as few of them as do, each as
    /// narrow as its part of the flow allows.
    ///
    /// ~~~text
    /// n = ⌈V / (π/4·d_max²·v)⌉,  d = min { d : V/n ≤ π/4·d²·v }
    /// ~~~
    #[must_use]
    pub fn of(flow: CubicMetersPerSecond) -> Self {
        let (nominal, widest) = PIPES[PIPES.len() - 1];
        let parallel = (flow.value() / fastest_flow(widest) - 1e-12).ceil().clamp(1.0, f64::from(u32::MAX));
        let each = flow.value() / parallel;
        let chosen = PIPES.iter().find(|(_, inner)| each <= fastest_flow(*inner));
        let (nominal, inner) = chosen.copied().unwrap_or((nominal, widest));
        Self { nominal, inner: Meters(inner * 1e-3), parallel: parallel as u32 }
    }

    /// How fast a flow runs in them [m/s].
    #[must_use]
    pub fn speed(&self, flow: CubicMetersPerSecond) -> f64 {
        let d = self.inner.value();
        flow.value() / f64::from(self.parallel) / (PI * d * d / 4.0)
    }
}

impl RowManifold {
    /// The pipe of a manifold or a header: one, as a network of pipes has it.
    pub(super) fn pipe(flow: CubicMetersPerSecond) -> Result<(u32, Meters), HydraulicsError> {
        let size = PipeSize::of(flow);
        if size.parallel > 1 {
            let [flow, most] = [flow.value(), fastest_flow(PIPES[PIPES.len() - 1].1)];
            return Err(HydraulicsError::NoPipe { flow, most });
        }
        Ok((size.nominal, size.inner))
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
        let (nominal_diameter, diameter) = Self::pipe(self.rack_flow * f64::from(self.racks))?;
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
    fn no_flow_is_faster_than_allowed_in_the_pipe_that_is_chosen() {
        // 0.5 m³/s at 2.5 m/s want 0.2 m², 504.6 mm: DN 600 of 590.9 mm, 1.823 m/s; DN 500 of 488.9 mm would be 2.66 m/s.
        let of = |flow: f64| PipeSize::of(CubicMetersPerSecond(flow));
        assert_eq!((of(0.5).nominal, of(0.5).parallel), (600, 1));
        assert!((of(0.5).speed(CubicMetersPerSecond(0.5)) - 1.823).abs() < 1e-3);
        // One DN 900 carries π/4 · 0.8949² · 2.5 = 1.5725 m³/s; 2 m³/s go in two of DN 800: 1 m³/s wants 713.6 mm.
        assert_eq!((of(1.57).nominal, of(1.57).parallel), (900, 1));
        assert_eq!((of(2.0).nominal, of(2.0).parallel), (800, 2));
        for step in 1..400 {
            let flow = CubicMetersPerSecond(0.05 * f64::from(step));
            assert!(PipeSize::of(flow).speed(flow) <= FASTEST * (1.0 + 1e-9), "{flow:?}");
        }
        // A network of pipes has one for each stretch, and says so where none is wide enough.
        assert!(matches!(RowManifold::pipe(flow(1.6)), Err(HydraulicsError::NoPipe { .. })));
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
