//! Coolant in pipes: flows and pressures of a network.
//!
//! ~~~text
//! node     Σ Q in − Σ Q out + supply = 0
//! branch   p_from − p_to = Δp(Q)        pipe, measured curve or pump, odd in Q and rising
//! ~~~
//!
//! Both sets are solved together by Newton steps on flows and pressures (Todini and Pilati 1988, the "global gradient"),
//! which has the fixed points of Hardy Cross's loop corrections and needs no loops. Steady, one fluid at one
//! temperature; left out: heights (a closed loop gains none), air, valves that control, water hammer.

pub mod cdu_group;
mod row;

use crate::units::{Celsius, CubicMetersPerSecond, Meters, Pascals};
use nalgebra::{DMatrix, DVector};
pub use row::{PipeSize, ROUGHNESS as STEEL, RowFlow, RowManifold, rack_curve};
use std::f64::consts::{LN_10, PI};

/// 0 °C on the absolute scale [K].
const ICE_POINT_K: f64 = 273.15;

/// Density and viscosity at a temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fluid {
    /// Mass per volume [kg/m³].
    pub density: f64,
    /// Dynamic viscosity [Pa·s].
    pub viscosity: f64,
}

impl Fluid {
    /// Water.
    ///
    /// ~~~text
    /// ρ = 1000·(1 − (t + 288.9414)·(t − 3.9863)² / (508929.2·(t + 68.12963)))
    /// μ = 2.414e-5 · 10^(247.8 / (T − 140))
    /// ~~~
    ///
    /// t [°C] · T [K]. McCutcheon, Martin and Barnwell 1993 (0 °C to 100 °C, 0.02 %); the viscosity of Vogel's form with
    /// usual constants (0 °C to 370 °C, 2.5 %).
    #[must_use]
    pub fn water(temperature: Celsius) -> Self {
        let t = temperature.value().clamp(0.0, 100.0);
        let cold = t - 3.986_3;
        Self {
            density: 1_000.0 * (1.0 - (t + 288.941_4) * cold * cold / (508_929.2 * (t + 68.129_63))),
            viscosity: 2.414e-5 * 10.0_f64.powf(247.8 / (t + ICE_POINT_K - 140.0)),
        }
    }

    /// A quarter of propylene glycol by volume, inhibited: the coolant of most racks.
    ///
    /// Density of a chiller maker's table (Airedale DeltaChill manual, 25 %), a straight line from 1,023.7 at 20 °C to
    /// 1,014.3 kg/m³ at 40 °C. Viscosity recalled from glycol makers' tables, 2.1, 1.2 and 0.78 mPa·s at 20, 40 and 60 °C, to
    /// some 10 %, which is 2 % of a pressure drop; its logarithm is joined by lines and goes on beyond the ends.
    #[must_use]
    pub fn propylene_glycol_25(temperature: Celsius) -> Self {
        const POINTS: [(f64, f64); 3] = [(20.0, 2.1e-3), (40.0, 1.2e-3), (60.0, 0.78e-3)];
        let t = temperature.value().clamp(-10.0, 90.0);
        let [(cold, thick), (warm, thin)] =
            if t < POINTS[1].0 { [POINTS[0], POINTS[1]] } else { [POINTS[1], POINTS[2]] };
        let part = (t - cold) / (warm - cold);
        Self {
            density: 1_023.7 - 0.47 * (t - 20.0),
            viscosity: (thick.ln() + (thin / thick).ln() * part).exp(),
        }
    }
}

/// Reynolds number below which flow is laminar, and above which it is turbulent.
const TRANSITION: [f64; 2] = [2_300.0, 4_000.0];

/// Friction factor of Darcy and Weisbach.
///
/// ~~~text
/// laminar    f = 64/Re
/// turbulent  1/√f = −2·lg( ε/(3.7·D) + 2.51/(Re·√f) )      Colebrook 1939
/// start      f = 0.25 / lg( ε/(3.7·D) + 5.74/Re^0.9 )²       Swamee and Jain 1976
/// ~~~
///
/// Re Reynolds number · ε/D roughness over diameter [1]. Between 2,300 and 4,000 the two are joined by a line.
#[must_use]
pub fn friction_factor(reynolds: f64, relative_roughness: f64) -> f64 {
    friction(reynolds, relative_roughness).0
}

/// The friction factor, and how fast it changes with the Reynolds number.
///
/// ~~~text
/// r = 1/√f,  s = ε/(3.7·D) + 2.51·r/Re
/// step       r ← r − (r + 2·lg s) / (1 + k),               k = 2·2.51 / (ln 10·Re·s)       Newton on Colebrook
/// slope      df/dRe = −2·r⁻³ · (k·r/Re) / (1 + k)
/// ~~~
fn friction(reynolds: f64, relative_roughness: f64) -> (f64, f64) {
    let laminar = |reynolds: f64| 64.0 / reynolds.max(1e-9);
    let turbulent = |reynolds: f64| {
        let rough = relative_roughness / 3.7;
        let mut root = -2.0 * (rough + 5.74 / reynolds.powf(0.9)).log10();
        let steep = |root: f64| 2.0 * 2.51 / (LN_10 * reynolds * (rough + 2.51 * root / reynolds));
        // The start is some percent off, and each step squares that.
        for _ in 0..4 {
            let off = root + 2.0 * (rough + 2.51 * root / reynolds).log10();
            let step = off / (1.0 + steep(root));
            root -= step;
            if step.abs() <= 1e-9 * root {
                break;
            }
        }
        let slope = -2.0 / (root * root * reynolds) * steep(root) / (1.0 + steep(root));
        (1.0 / (root * root), slope)
    };
    let [low, high] = TRANSITION;
    if reynolds <= low {
        let factor = laminar(reynolds);
        (factor, -factor / reynolds.max(1e-9))
    } else if reynolds >= high {
        turbulent(reynolds)
    } else {
        let slope = (turbulent(high).0 - laminar(low)) / (high - low);
        (laminar(low) + slope * (reynolds - low), slope)
    }
}

/// What stands between two nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Branch {
    /// A straight round pipe with its fittings.
    Pipe {
        /// Length.
        length: Meters,
        /// Inner diameter.
        diameter: Meters,
        /// Height of the roughness of its wall.
        roughness: Meters,
        /// Loss coefficients of bends, tees and valves, added up [1].
        fittings: f64,
    },
    /// A measured curve: a rack, a heat exchanger, a hose.
    Curve {
        /// Pressure drop in proportion to the flow [Pa·s/m³].
        linear: f64,
        /// Pressure drop with its square [Pa·s²/m⁶].
        square: f64,
    },
    /// A pump that lifts pressure along its direction.
    Pump {
        /// Head without flow.
        shut_off: Pascals,
        /// What the head loses with the square of the flow [Pa·s²/m⁶].
        square: f64,
    },
}

impl Branch {
    /// The curve through one known point, with the square of the flow.
    #[must_use]
    pub fn through(flow: CubicMetersPerSecond, drop: Pascals) -> Self {
        Self::Curve {
            linear: 0.0,
            square: drop.value() / (flow.value() * flow.value()).max(f64::MIN_POSITIVE),
        }
    }

    /// Pressure that flow loses along the branch.
    ///
    /// ~~~text
    /// pipe   Δp = (f·L/D + K) · ρ·v²/2,  v = Q / (π·D²/4)
    /// curve  Δp = a·Q + b·Q²
    /// pump   Δp = −(p₀ − c·Q²)
    /// ~~~
    ///
    /// Odd in Q but for the pump's head. Darcy–Weisbach: see [`friction_factor`].
    #[must_use]
    pub fn drop(&self, fluid: &Fluid, flow: CubicMetersPerSecond) -> Pascals {
        Pascals(self.drop_and_slope(fluid, flow.value(), 0.0).0)
    }

    /// That pressure at a flow [m³/s], and how fast it rises with the flow [Pa·s/m³] there or at a small part of `scale`.
    ///
    /// ~~~text
    /// pipe   dΔp/dQ = ( (f·L/D + K)·ρ·v + df/dRe · ρ·D/μ · L/D · ρ·v²/2 ) / (π·D²/4)
    /// ~~~
    fn drop_and_slope(&self, fluid: &Fluid, q: f64, scale: f64) -> (f64, f64) {
        let near = q.abs().max(1e-6 * scale);
        let (drop, slope) = match *self {
            Self::Pipe { length, diameter, roughness, fittings } => {
                let d = diameter.value();
                let (area, long) = (PI * d * d / 4.0, length.value() / d);
                let at = |flow: f64| {
                    let velocity = flow / area;
                    let by_velocity = fluid.density * d / fluid.viscosity;
                    // f·v stays finite where the flow stops: laminar friction is in proportion to it.
                    let (factor, bend) = friction((by_velocity * velocity).max(1e-6), roughness.value() / d);
                    let lost = (factor * long + fittings) * fluid.density * velocity;
                    let less = bend * by_velocity * long * fluid.density * velocity * velocity / 2.0;
                    (lost * velocity / 2.0, (lost + less) / area)
                };
                let (drop, slope) = at(q.abs());
                (q.signum() * drop, if near > q.abs() { at(near).1 } else { slope })
            }
            Self::Curve { linear, square } => {
                (linear * q + square * q * q.abs(), linear + 2.0 * square * near)
            }
            Self::Pump { shut_off, square } => (square * q * q.abs() - shut_off.value(), 2.0 * square * near),
        };
        (drop, slope.max(1e-9))
    }

    fn is_sound(&self) -> bool {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let not_negative = |value: f64| value >= 0.0 && value.is_finite();
        match *self {
            Self::Pipe { length, diameter, roughness, fittings } => {
                positive(length.value())
                    && positive(diameter.value())
                    && not_negative(roughness.value())
                    && roughness.value() < 0.1 * diameter.value()
                    && not_negative(fittings)
            }
            Self::Curve { linear, square } => {
                not_negative(linear) && not_negative(square) && positive(linear + square)
            }
            Self::Pump { shut_off, square } => not_negative(shut_off.value()) && positive(square),
        }
    }
}

/// What is known of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// Flow that comes in from outside; negative where it leaves.
    Supplied(CubicMetersPerSecond),
    /// A pressure that is held, whatever flows.
    Held(Pascals),
}

/// Pipes between nodes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// From, to, and what stands between.
    pub branches: Vec<(usize, usize, Branch)>,
}

/// What flows in a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Flows {
    /// Pressure of each node.
    pub pressures: Vec<Pascals>,
    /// Flow of each branch, positive from its first node to its second.
    pub flows: Vec<CubicMetersPerSecond>,
    /// Newton steps taken.
    pub steps: u32,
}

/// Why a network has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HydraulicsError {
    /// No pressure to count from.
    #[error("no node of the network holds a pressure: all would float")]
    Floating,
    /// A branch that no pipe is like, or that ends nowhere.
    #[error("branch {branch} has a size that no pipe, curve or pump has, or a node that is not there")]
    Impossible {
        /// Its place.
        branch: usize,
    },
    /// A flow that no pipe carries.
    #[error(
        "a flow of {flow:.3} m³/s is too much for one pipe: the widest carries {most:.3} m³/s at 2.5 m/s"
    )]
    NoPipe {
        /// The flow [m³/s].
        flow: f64,
        /// What the widest pipe carries [m³/s].
        most: f64,
    },
    /// Nodes that no branch joins to a held pressure.
    #[error("a part of the network is joined to no node that holds a pressure")]
    Apart,
    /// Newton steps that do not settle.
    #[error(
        "the flows do not settle in {steps} steps: branch {branch} still changes by {change:e} m³/s; look for a pump \
         that meets no resistance or a pipe far too narrow"
    )]
    Unsettled {
        /// Steps taken.
        steps: u32,
        /// The branch that changes most.
        branch: usize,
        /// How much.
        change: f64,
    },
}

/// Newton steps at most: a dozen settle any network of pipes.
const MOST_STEPS: u32 = 200;
/// Change of the flows that counts as settled, over the largest flow: rounding of the pressures leaves no less in wide pipes.
const SETTLED: f64 = 1e-10;

impl Network {
    /// Solves for all flows and pressures.
    ///
    /// ~~~text
    /// Q' = Q + (p_from − p_to − Δp(Q)) / Δp'(Q)           each branch, linear around Q
    /// Σ Q' in − Σ Q' out + supply = 0                       each free node: a linear system for the pressures
    /// ~~~
    pub fn solve(&self, fluid: &Fluid) -> Result<Flows, HydraulicsError> {
        for (branch, (from, to, kind)) in self.branches.iter().enumerate() {
            let there = from.max(to) < &self.nodes.len() && from != to;
            if !there || !kind.is_sound() {
                return Err(HydraulicsError::Impossible { branch });
            }
        }
        // The free nodes are numbered for the linear system.
        let mut free = 0;
        let place: Vec<Option<usize>> = self
            .nodes
            .iter()
            .map(|node| {
                matches!(node, Node::Supplied(_)).then(|| {
                    free += 1;
                    free - 1
                })
            })
            .collect();
        if free == self.nodes.len() {
            return Err(HydraulicsError::Floating);
        }
        if !self.is_joined() {
            return Err(HydraulicsError::Apart);
        }
        let scale = self.guess();
        let mut flows = vec![scale; self.branches.len()];
        let mut pressures = vec![0.0; self.nodes.len()];
        let (mut worst, mut change) = (0, f64::INFINITY);
        for steps in 1..=MOST_STEPS {
            let linear = self.branches.iter().zip(&flows);
            let (drops, slopes): (Vec<f64>, Vec<f64>) =
                linear.map(|((_, _, kind), flow)| kind.drop_and_slope(fluid, *flow, scale)).unzip();
            pressures = self.pressures(&place, free, &flows, &slopes, &drops)?;
            (worst, change) = (0, 0.0);
            let largest = flows.iter().fold(scale, |most: f64, flow| most.max(flow.abs()));
            for (branch, (from, to, _)) in self.branches.iter().enumerate() {
                let step = (pressures[*from] - pressures[*to] - drops[branch]) / slopes[branch];
                flows[branch] += step;
                if step.abs() > change {
                    (worst, change) = (branch, step.abs());
                }
            }
            if change <= SETTLED * largest {
                return Ok(Flows {
                    pressures: pressures.into_iter().map(Pascals).collect(),
                    flows: flows.into_iter().map(CubicMetersPerSecond).collect(),
                    steps,
                });
            }
        }
        // Rounding may keep the last digits moving; anything more is no answer.
        let largest = flows.iter().fold(scale, |most: f64, flow| most.max(flow.abs()));
        if change <= 1e-8 * largest {
            return Ok(Flows {
                pressures: pressures.into_iter().map(Pascals).collect(),
                flows: flows.into_iter().map(CubicMetersPerSecond).collect(),
                steps: MOST_STEPS,
            });
        }
        Err(HydraulicsError::Unsettled { steps: MOST_STEPS, branch: worst, change })
    }

    /// The pressures at which the linearised flows balance in every free node.
    fn pressures(
        &self,
        place: &[Option<usize>],
        free: usize,
        flows: &[f64],
        slopes: &[f64],
        drops: &[f64],
    ) -> Result<Vec<f64>, HydraulicsError> {
        let mut matrix = DMatrix::<f64>::zeros(free, free);
        let mut right = DVector::<f64>::zeros(free);
        for (node, known) in self.nodes.iter().enumerate() {
            if let (Node::Supplied(flow), Some(row)) = (known, place[node]) {
                right[row] += flow.value();
            }
        }
        for (branch, (from, to, _)) in self.branches.iter().enumerate() {
            let conductance = 1.0 / slopes[branch];
            // What flows at equal pressures of both ends.
            let rest = flows[branch] - drops[branch] * conductance;
            for (node, other, sign) in [(*from, *to, 1.0), (*to, *from, -1.0)] {
                let Some(row) = place[node] else { continue };
                right[row] -= sign * rest;
                matrix[(row, row)] += conductance;
                match (place[other], self.nodes[other]) {
                    (Some(column), _) => matrix[(row, column)] -= conductance,
                    (None, Node::Held(pressure)) => right[row] += conductance * pressure.value(),
                    (None, Node::Supplied(_)) => {}
                }
            }
        }
        let solved = match free {
            0 => right,
            _ => matrix.cholesky().ok_or(HydraulicsError::Apart)?.solve(&right),
        };
        Ok(self
            .nodes
            .iter()
            .zip(place)
            .map(|(node, place)| match (node, place) {
                (Node::Held(pressure), _) => pressure.value(),
                (Node::Supplied(_), Some(row)) => solved[*row],
                (Node::Supplied(_), None) => 0.0,
            })
            .collect())
    }

    /// Whether branches join every node to a held pressure: spread from those until nothing new is reached.
    fn is_joined(&self) -> bool {
        let mut reached: Vec<bool> = self.nodes.iter().map(|node| matches!(node, Node::Held(_))).collect();
        loop {
            let mut grew = false;
            for (from, to, _) in &self.branches {
                if reached[*from] != reached[*to] {
                    (reached[*from], reached[*to], grew) = (true, true, true);
                }
            }
            if !grew {
                return reached.into_iter().all(|reached| reached);
            }
        }
    }

    /// A flow of the network's order of magnitude to start from.
    fn guess(&self) -> f64 {
        let supplied = self.nodes.iter().map(|node| match node {
            Node::Supplied(flow) => flow.value().abs(),
            Node::Held(_) => 0.0,
        });
        let largest = supplied.fold(0.0, f64::max);
        if largest > 0.0 { largest } else { 1e-3 }
    }
}

#[cfg(test)]
mod tests {
    use super::row::ROUGHNESS;
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    pub(super) const WATER: Fluid = Fluid { density: 998.2, viscosity: 1.002e-3 };

    pub(super) fn flow(value: f64) -> CubicMetersPerSecond {
        CubicMetersPerSecond(value)
    }

    fn square(square: f64) -> Branch {
        Branch::Curve { linear: 0.0, square }
    }

    fn supplied(value: f64) -> Node {
        Node::Supplied(flow(value))
    }

    pub(super) fn near(found: CubicMetersPerSecond, wanted: f64, tolerance: f64) {
        assert!(
            (found.value() - wanted).abs() <= tolerance * wanted.abs().max(1e-12),
            "{found} for {wanted}"
        );
    }

    #[test]
    fn water_and_glycol_are_as_tabulated() {
        // Water (IAPWS): 998.2 kg/m³ and 1.002 mPa·s at 20 °C, 992.2 and 0.653 at 40 °C.
        for (t, density, viscosity) in [(20.0, 998.2, 1.002e-3), (40.0, 992.2, 0.653e-3)] {
            let water = Fluid::water(Celsius(t));
            assert!(
                (water.density / density - 1.0).abs() < 2e-4
                    && (water.viscosity / viscosity - 1.0).abs() < 0.025
            );
        }
        let coolant = Fluid::propylene_glycol_25(Celsius(40.0));
        assert!((coolant.density - 1_014.3).abs() < 0.1 && (coolant.viscosity - 1.2e-3).abs() < 1e-9);
        assert!(Fluid::propylene_glycol_25(Celsius(30.0)).viscosity > coolant.viscosity);
    }

    #[test]
    fn friction_is_that_of_the_moody_chart() {
        // Laminar: 64/1,000. Turbulent, read off Colebrook's equation: Re 1e5 and ε/D 1e-3 give 0.0222, Re 1e6 smooth 0.0116.
        assert!((friction_factor(1e3, 1e-3) - 0.064).abs() < 1e-12);
        assert!((friction_factor(1e5, 1e-3) - 0.022_2).abs() < 5e-5);
        assert!((friction_factor(1e6, 0.0) - 0.011_6).abs() < 5e-5);
        for (reynolds, rough) in [(5e3, 1e-4), (1e5, 1e-3), (1e7, 1e-2)] {
            let f = friction_factor(reynolds, rough);
            let colebrook = -2.0 * (rough / 3.7 + 2.51 / (reynolds * f.sqrt())).log10() - 1.0 / f.sqrt();
            assert!(colebrook.abs() < 1e-12, "{reynolds}: {colebrook}");
            let swamee_jain = 0.25 / (rough / 3.7 + 5.74 / reynolds.powf(0.9)).log10().powi(2);
            assert!((swamee_jain / f - 1.0).abs() < 0.03);
        }
    }

    #[test]
    fn a_pipe_loses_what_darcy_and_weisbach_say() {
        // 10 L/s of water in 100 m of 100 mm: v = 1.2732 m/s, Re = 126,842, smooth f = 0.01713 (Colebrook);
        // Δp = 0.01713 · 1,000 · 998.2 · 1.2732²/2 = 13.86 kPa.
        let pipe = Branch::Pipe {
            length: Meters(100.0),
            diameter: Meters(0.1),
            roughness: Meters(0.0),
            fittings: 0.0,
        };
        let drop = pipe.drop(&WATER, flow(0.01)).value();
        assert!((drop / 13_858.6 - 1.0).abs() < 5e-4, "{drop}");
        let back = pipe.drop(&WATER, flow(-0.01)).value();
        assert!((back + drop).abs() < 1e-9);
        // Poiseuille: 128·μ·L·Q/(π·D⁴) = 128 · 1.002e-3 · 100 · 1e-5 / (π · 1e-4) = 0.408 Pa.
        let slow = pipe.drop(&WATER, flow(1e-5)).value();
        assert!((slow / 0.408_3 - 1.0).abs() < 1e-3, "{slow}");
    }

    #[test]
    fn pressure_rises_with_the_flow_as_differences_say() {
        let pipe = Branch::Pipe {
            length: Meters(100.0),
            diameter: Meters(0.1),
            roughness: Meters(4.5e-5),
            fittings: 3.0,
        };
        let curve = Branch::Curve { linear: 2e5, square: 3e7 };
        // Without a head, next to which differences of a small flow would be rounded away.
        let pump = Branch::Pump { shut_off: Pascals(0.0), square: 4e7 };
        // Laminar, between (Re 3,000) and turbulent, both ways.
        for q in [1e-5, 1e-4, 2.36e-4, 1e-2, -1e-5, -2.36e-4, -1e-2] {
            for branch in [pipe, curve, pump] {
                let at = |part: f64| branch.drop(&WATER, flow(q * part)).value();
                let by_differences = (at(1.0 + 1e-6) - at(1.0 - 1e-6)) / (2e-6 * q);
                let (drop, slope) = branch.drop_and_slope(&WATER, q, 0.0);
                assert!((drop - at(1.0)).abs() <= 1e-12 * drop.abs());
                assert!((slope / by_differences - 1.0).abs() < 1e-5, "{branch:?} at {q}: {slope}");
            }
        }
        // Where nothing flows the slope is that of a small flow, not zero.
        assert!(
            pump.drop_and_slope(&WATER, 0.0, 1e-3).1 > 0.0 && pipe.drop_and_slope(&WATER, 0.0, 1e-3).1 > 0.0
        );
    }

    #[test]
    fn resistances_in_series_add_up() {
        // 2 + 3 + 4 = 9 Pa·s²/m⁶ between 900 Pa and 0: Q = √(900/9) = 10.
        let network = Network {
            nodes: vec![Node::Held(Pascals(900.0)), supplied(0.0), supplied(0.0), Node::Held(Pascals(0.0))],
            branches: vec![(0, 1, square(2.0)), (1, 2, square(3.0)), (2, 3, square(4.0))],
        };
        let found = network.solve(&WATER).unwrap();
        found.flows.iter().for_each(|q| near(*q, 10.0, 1e-9));
        assert!((found.pressures[1].value() - 700.0).abs() < 1e-6);
    }

    #[test]
    fn parallel_branches_share_with_the_root_of_their_resistance() {
        // 1/√r adds up: 1/√4 + 1/√9 = 5/6; 10 in splits 6 and 4; Δp = 4 · 36 = 144.
        let network = Network {
            nodes: vec![supplied(10.0), Node::Held(Pascals(0.0))],
            branches: vec![(0, 1, square(4.0)), (0, 1, square(9.0))],
        };
        let found = network.solve(&WATER).unwrap();
        near(found.flows[0], 6.0, 1e-9);
        near(found.flows[1], 4.0, 1e-9);
        assert!((found.pressures[0].value() - 144.0).abs() < 1e-6);
    }

    #[test]
    fn a_textbook_network_solved_by_hardy_cross_has_the_same_flows() {
        // Course notes CE 3620, lecture 9 (2013): reservoir A 10 ft above B, demands 2, 4, 1 and 3 ft³/s, seven pipes h = K·Q².
        // After 16 rounds of Hardy Cross: 1–2 2.13, 4–2 0.32, 1–4 2.16; the rest by continuity. The 10 ft close its third
        // loop: 0.38·6.29² + 2.89·2.13² − 2.17·1.55² − 0.94·3.71² = 9.99.
        let (a, b, one, two, three, four) = (0, 1, 2, 3, 4, 5);
        let network = Network {
            nodes: vec![
                Node::Held(Pascals(10.0)),
                Node::Held(Pascals(0.0)),
                supplied(-2.0),
                supplied(-4.0),
                supplied(-1.0),
                supplied(-3.0),
            ],
            branches: vec![
                (a, one, square(0.38)),
                (one, two, square(2.89)),
                (one, four, square(2.53)),
                (four, two, square(12.13)),
                (three, two, square(2.17)),
                (three, four, square(2.89)),
                (b, three, square(0.94)),
            ],
        };
        let found = network.solve(&WATER).unwrap();
        for (q, published) in found.flows.iter().zip([6.29, 2.13, 2.16, 0.32, 1.55, 1.16, 3.71]) {
            assert!((q.value() - published).abs() < 0.012, "{q} for {published}");
        }
        assert!(found.steps < 30, "{}", found.steps);
    }

    #[test]
    fn a_pump_works_where_its_curve_meets_the_pipe() {
        // 300 − 2·Q² = 1·Q²: Q = 10, head 100.
        let network = Network {
            nodes: vec![Node::Held(Pascals(0.0)), supplied(0.0)],
            branches: vec![
                (0, 1, Branch::Pump { shut_off: Pascals(300.0), square: 2.0 }),
                (1, 0, square(1.0)),
            ],
        };
        let found = network.solve(&WATER).unwrap();
        near(found.flows[0], 10.0, 1e-9);
        assert!((found.pressures[1].value() - 100.0).abs() < 1e-6);
    }

    #[test]
    fn what_has_no_answer_says_why() {
        let floating =
            Network { nodes: vec![supplied(1.0), supplied(-1.0)], branches: vec![(0, 1, square(1.0))] };
        assert_eq!(floating.solve(&WATER).unwrap_err(), HydraulicsError::Floating);
        let apart = Network {
            nodes: vec![Node::Held(Pascals(0.0)), supplied(1.0), supplied(-1.0)],
            branches: vec![(1, 2, square(1.0))],
        };
        assert_eq!(apart.solve(&WATER).unwrap_err(), HydraulicsError::Apart);
        let nowhere = Network { nodes: vec![Node::Held(Pascals(0.0))], branches: vec![(0, 7, square(1.0))] };
        assert_eq!(nowhere.solve(&WATER).unwrap_err(), HydraulicsError::Impossible { branch: 0 });
        let none = Network { branches: vec![(0, 1, square(0.0))], ..floating };
        assert_eq!(none.solve(&WATER).unwrap_err(), HydraulicsError::Impossible { branch: 0 });
    }

    proptest! {
        #[test]
        fn what_flows_in_flows_out_and_pressures_agree_around_every_loop(
            resistances in proptest::collection::vec(1e3..1e9_f64, 12),
            demands in proptest::collection::vec(-0.02..0.02_f64, 6),
        ) {
            // A ladder of two rows of three nodes behind a held one, with curves and pipes in turn.
            let ends = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (1, 6), (2, 5), (1, 4), (3, 6), (0, 6), (0, 4)];
            let branches: Vec<_> = ends.iter().zip(&resistances).enumerate().map(|(place, ((from, to), r))| {
                let branch = if place % 2 == 0 {
                    square(*r)
                } else {
                    let diameter = Meters(0.05 + 1e-10 * r);
                    Branch::Pipe { length: Meters(20.0), diameter, roughness: ROUGHNESS, fittings: 1.0 }
                };
                (*from, *to, branch)
            }).collect();
            let mut nodes = vec![Node::Held(Pascals(2e5))];
            nodes.extend(demands.iter().map(|demand| supplied(*demand)));
            let network = Network { nodes, branches };
            let found = network.solve(&WATER).unwrap();
            let largest = found.flows.iter().map(|q| q.value().abs()).fold(1e-9, f64::max);
            for (node, demand) in (1..).zip(&demands) {
                let through: f64 = network.branches.iter().zip(&found.flows).map(|((from, to, _), q)| {
                    f64::from(u8::from(*to == node)) * q.value() - f64::from(u8::from(*from == node)) * q.value()
                }).sum();
                prop_assert!((through + demand).abs() < 1e-9 * largest, "node {node}: {through} {demand}");
            }
            for ((from, to, branch), q) in network.branches.iter().zip(&found.flows) {
                let between = found.pressures[*from] - found.pressures[*to];
                let drop = branch.drop(&WATER, *q);
                prop_assert!((between - drop).value().abs() < 1e-6 * drop.value().abs().max(1.0));
            }
        }
    }
}
