//! Alternating-current load flow of a one-line: voltages, flows, losses, overloads.
//!
//! Each bus is told what it injects or which voltage it holds; the complex voltages that balance power everywhere are
//! found by Newton and Raphson's method in polar form. Everything is per unit of one base power and of each bus's own
//! base voltage. Balanced three phases, steady state. Left out: reactive limits of generators, tap controllers (the
//! caller sets taps), unbalance and harmonics.
//!
//! ~~~text
//! S_i = V_i · conj( Σ_k Y_ik·V_k )                       power injected at bus i
//! 0   = ΔP_i at every bus but the slack, ΔQ_i at every load bus
//! J·(Δθ, Δ|V|) = −(ΔP, ΔQ)                               one step
//! ~~~
//!
//! Tinney and Hart 1967, doi:10.1109/TPAS.1967.291823; derivatives in complex matrix form.

use nalgebra::{Complex, DMatrix, DVector};

/// What a bus holds fixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hold {
    /// The grid: this voltage at angle zero, whatever power that takes.
    Slack {
        /// Voltage [pu].
        voltage: f64,
    },
    /// A machine that holds this voltage with reactive power.
    Voltage {
        /// Voltage [pu].
        voltage: f64,
    },
    /// Nothing: power is given, the voltage follows.
    Power,
}

/// A bus: a busbar, or the end of a feeder.
#[derive(Debug, Clone, PartialEq)]
pub struct Bus {
    /// What it is.
    pub name: String,
    /// What it holds fixed.
    pub hold: Hold,
    /// Generation less load [pu]; at a bus that holds its voltage the imaginary part is not used.
    pub injection: Complex<f64>,
    /// Shunt to ground at nominal voltage [pu]: G + jB, capacitors positive.
    pub shunt: Complex<f64>,
}

/// A line, a cable or a transformer.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// What it is.
    pub name: String,
    /// Bus on the side of the tap.
    pub from: usize,
    /// Bus on the other side.
    pub to: usize,
    /// Series impedance r + jx [pu].
    pub series: Complex<f64>,
    /// Total charging susceptance [pu].
    pub charging: f64,
    /// Off-nominal turns ratio of the tap side; 1 for lines.
    pub tap: f64,
    /// Apparent power that it carries all day [pu]; infinite if nobody says.
    pub rating: f64,
}

/// A network in one per-unit system.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    /// Buses.
    pub buses: Vec<Bus>,
    /// Branches between them.
    pub branches: Vec<Branch>,
}

/// What a branch carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BranchFlow {
    /// Into the branch at its tap side [pu].
    pub from: Complex<f64>,
    /// Into the branch at its other side [pu].
    pub to: Complex<f64>,
    /// The larger apparent power of both ends over the rating.
    pub loading: f64,
}

impl BranchFlow {
    /// What stays in the branch [pu]: losses, and the reactive power that its reactance takes.
    #[must_use]
    pub fn loss(&self) -> Complex<f64> {
        self.from + self.to
    }
}

/// A solved network.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Complex voltages [pu], in the order of the buses.
    pub voltages: Vec<Complex<f64>>,
    /// Power injected at each bus [pu], shunts not included.
    pub injections: Vec<Complex<f64>>,
    /// What each branch carries.
    pub branches: Vec<BranchFlow>,
    /// Steps taken.
    pub iterations: u32,
    /// Largest mismatch left [pu].
    pub mismatch: f64,
}

/// Why a network has no solution that was found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LoadFlowError {
    /// Not exactly one bus holds the angle.
    #[error("a load flow needs exactly one grid connection that holds the voltage, found {0}")]
    Slacks(usize),
    /// A branch without impedance.
    #[error("the branch `{0}` has no impedance: join its two buses into one")]
    NoImpedance(String),
    /// A branch that ends nowhere.
    #[error("the branch `{0}` ends at a bus that is not in the network")]
    NoBus(String),
    /// A bus that no path joins with the grid.
    #[error("the bus `{0}` is not connected with the grid")]
    Island(String),
    /// The mismatch does not fall.
    #[error(
        "the load flow does not converge: after {iterations} steps `{bus}` is still {mismatch:.3} pu off; \
         it has to carry more than its feed can: lower its load, put more feeders or transformers in parallel, \
         raise the tap before it or add capacitors at it"
    )]
    Diverged {
        /// Steps taken.
        iterations: u32,
        /// Bus with the largest mismatch.
        bus: String,
        /// That mismatch [pu].
        mismatch: f64,
    },
    /// The load is too near to what the grid's reactance carries at all.
    #[error("the load is more than the grid carries with a margin: a stronger grid, or less behind it")]
    WeakGrid,
    /// It balances, at a voltage that nothing stands.
    #[error(
        "the load flow has no solution that can be run: it balances with {bus} at {voltage:.3} of nominal voltage alone"
    )]
    OutOfRange {
        /// Where.
        bus: String,
        /// Over nominal.
        voltage: f64,
    },
}

/// Largest mismatch of a solution [pu].
const TOLERANCE: f64 = 1e-11;
/// A mismatch that rounding keeps a large network from improving, small enough all the same [pu].
const ROUNDING: f64 = 1e-8;
/// Steps after which a network that has not converged will not: convergence is quadratic.
const MOST_STEPS: u32 = 30;

/// Admittance matrix: what flows into each bus at given voltages. A bus knows itself and its neighbours; the rest is zero.
///
/// ~~~text
/// branch:  Y_ff = (y + jb/2)/t²,  Y_tt = y + jb/2,  Y_ft = Y_tf = −y/t      y = 1/(r + jx)
/// ~~~
///
/// b charging [pu], t tap [1]; shunts add to the diagonal.
#[derive(Debug, Clone, PartialEq)]
struct Admittance {
    /// Of each bus: the other bus, or itself first, and the admittance.
    rows: Vec<Vec<(usize, Complex<f64>)>>,
}

impl Admittance {
    fn of(network: &Network) -> Self {
        let buses = network.buses.iter().enumerate();
        let mut rows: Vec<Vec<_>> = buses.map(|(place, bus)| vec![(place, bus.shunt)]).collect();
        for branch in &network.branches {
            let [near, far, across] = two_port(branch);
            rows[branch.from][0].1 += near;
            rows[branch.to][0].1 += far;
            // Parallel branches stand side by side: sums do not mind.
            rows[branch.from].push((branch.to, across));
            rows[branch.to].push((branch.from, across));
        }
        Self { rows }
    }

    /// Current into every bus.
    fn currents(&self, voltages: &[Complex<f64>]) -> Vec<Complex<f64>> {
        let row = |row: &Vec<(usize, Complex<f64>)>| row.iter().map(|(bus, y)| y * voltages[*bus]).sum();
        self.rows.iter().map(row).collect()
    }

    /// Power injected at every bus.
    fn injected(&self, voltages: &[Complex<f64>]) -> Vec<Complex<f64>> {
        let currents = self.currents(voltages);
        voltages.iter().zip(currents).map(|(voltage, current)| voltage * current.conj()).collect()
    }
}

/// Admittances of a branch: tap side, other side, across.
fn two_port(branch: &Branch) -> [Complex<f64>; 3] {
    let series = branch.series.inv();
    let own = series + Complex::new(0.0, branch.charging / 2.0);
    [own / (branch.tap * branch.tap), own, -series / branch.tap]
}

/// Finds the voltages that balance the power at every bus.
pub fn solve(network: &Network) -> Result<Flow, LoadFlowError> {
    check(network)?;
    let admittance = Admittance::of(network);
    let unknown = Unknowns::of(network);
    let mut angle: Vec<f64> = vec![0.0; network.buses.len()];
    let mut magnitude: Vec<f64> = network.buses.iter().map(start).collect();
    let (mut last, mut iterations) = (f64::INFINITY, 0);
    loop {
        let voltages = polar(&magnitude, &angle);
        let given = network.buses.iter().zip(admittance.injected(&voltages));
        let off: Vec<_> = given.map(|(bus, injected)| injected - bus.injection).collect();
        let (mismatch, place) = unknown.worst(&off);
        let settled = mismatch <= TOLERANCE || (mismatch <= ROUNDING && mismatch >= 0.5 * last);
        if settled {
            return Ok(flow(network, &admittance, &voltages, iterations, mismatch));
        }
        let step = (iterations < MOST_STEPS && mismatch.is_finite())
            .then(|| unknown.step(&admittance, &voltages, &magnitude, &off))
            .flatten();
        let Some(step) = step else {
            let bus = network.buses[place].name.clone();
            return Err(LoadFlowError::Diverged { iterations, bus, mismatch });
        };
        for (row, &bus) in unknown.angles.iter().enumerate() {
            angle[bus] -= step[row];
        }
        for (row, &bus) in unknown.magnitudes.iter().enumerate() {
            magnitude[bus] -= step[unknown.angles.len() + row];
        }
        last = mismatch;
        iterations += 1;
    }
}

/// Voltage to start from: what is held, else nominal.
fn start(bus: &Bus) -> f64 {
    match bus.hold {
        Hold::Slack { voltage } | Hold::Voltage { voltage } => voltage,
        Hold::Power => 1.0,
    }
}

fn polar(magnitude: &[f64], angle: &[f64]) -> Vec<Complex<f64>> {
    magnitude.iter().zip(angle).map(|(&size, &turn)| Complex::from_polar(size, turn)).collect()
}

/// What a solution has to hold before it is looked for.
fn check(network: &Network) -> Result<(), LoadFlowError> {
    let slacks = network.buses.iter().filter(|bus| matches!(bus.hold, Hold::Slack { .. })).count();
    if slacks != 1 {
        return Err(LoadFlowError::Slacks(slacks));
    }
    let count = network.buses.len();
    for branch in &network.branches {
        if branch.from >= count || branch.to >= count {
            return Err(LoadFlowError::NoBus(branch.name.clone()));
        }
        let usable = branch.series.norm() > 0.0 && branch.tap > 0.0;
        if !usable {
            return Err(LoadFlowError::NoImpedance(branch.name.clone()));
        }
    }
    // Spread from the grid until nothing new is reached.
    let mut reached: Vec<bool> =
        network.buses.iter().map(|bus| matches!(bus.hold, Hold::Slack { .. })).collect();
    loop {
        let mut grew = false;
        for branch in &network.branches {
            if reached[branch.from] != reached[branch.to] {
                (reached[branch.from], reached[branch.to], grew) = (true, true, true);
            }
        }
        if !grew {
            break;
        }
    }
    match reached.iter().position(|reached| !reached) {
        Some(place) => Err(LoadFlowError::Island(network.buses[place].name.clone())),
        None => Ok(()),
    }
}

/// Which angles and magnitudes are looked for.
struct Unknowns {
    angles: Vec<usize>,
    magnitudes: Vec<usize>,
}

impl Unknowns {
    fn of(network: &Network) -> Self {
        let places = |wanted: fn(&Hold) -> bool| {
            let all = network.buses.iter().enumerate();
            all.filter(|(_, bus)| wanted(&bus.hold)).map(|(place, _)| place).collect()
        };
        Self {
            angles: places(|hold| !matches!(hold, Hold::Slack { .. })),
            magnitudes: places(|hold| matches!(hold, Hold::Power)),
        }
    }

    /// The largest mismatch and its bus; what is not a number is the largest.
    fn worst(&self, off: &[Complex<f64>]) -> (f64, usize) {
        let active = self.angles.iter().map(|&bus| (off[bus].re.abs(), bus));
        let reactive = self.magnitudes.iter().map(|&bus| (off[bus].im.abs(), bus));
        active.chain(reactive).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0))
    }

    /// One step of the method; none where the network has no slope left.
    ///
    /// ~~~text
    /// ∂S/∂θ = j·diag(V)·conj( diag(I) − Y·diag(V) )
    /// ∂S/∂|V| = diag(V)·conj( Y·diag(V/|V|) ) + conj(diag(I))·diag(V/|V|)
    /// ~~~
    fn step(
        &self,
        admittance: &Admittance,
        voltages: &[Complex<f64>],
        magnitude: &[f64],
        off: &[Complex<f64>],
    ) -> Option<DVector<f64>> {
        let (angles, size) = (self.angles.len(), self.angles.len() + self.magnitudes.len());
        // Where the angle and the magnitude of a bus stand among the unknowns, and its two balances among the rows.
        let mut places = vec![(None, None); voltages.len()];
        for (place, &bus) in self.angles.iter().enumerate() {
            places[bus].0 = Some(place);
        }
        for (place, &bus) in self.magnitudes.iter().enumerate() {
            places[bus].1 = Some(angles + place);
        }
        let mut jacobian = DMatrix::zeros(size, size);
        let mut add = |row: usize, column: usize, by_angle: Complex<f64>, by_magnitude: Complex<f64>| {
            let ((active, reactive), (angle, length)) = (places[row], places[column]);
            for (unknown, derivative) in [(angle, by_angle), (length, by_magnitude)] {
                let Some(unknown) = unknown else { continue };
                for (balance, part) in [(active, derivative.re), (reactive, derivative.im)] {
                    if let Some(balance) = balance {
                        jacobian[(balance, unknown)] += part;
                    }
                }
            }
        };
        let turn = Complex::new(0.0, 1.0);
        for (bus, current) in admittance.currents(voltages).into_iter().enumerate() {
            let unit = voltages[bus] / magnitude[bus];
            add(bus, bus, turn * voltages[bus] * current.conj(), current.conj() * unit);
            for &(other, y) in &admittance.rows[bus] {
                let by_angle = -turn * voltages[bus] * (y * voltages[other]).conj();
                let by_magnitude = voltages[bus] * (y * (voltages[other] / magnitude[other])).conj();
                add(bus, other, by_angle, by_magnitude);
            }
        }
        let active = self.angles.iter().map(|&bus| off[bus].re);
        let reactive = self.magnitudes.iter().map(|&bus| off[bus].im);
        jacobian.lu().solve(&DVector::from_iterator(size, active.chain(reactive)))
    }
}

/// What follows from the voltages.
fn flow(
    network: &Network,
    admittance: &Admittance,
    voltages: &[Complex<f64>],
    iterations: u32,
    mismatch: f64,
) -> Flow {
    let branches = network.branches.iter().map(|branch| {
        let [near, far, across] = two_port(branch);
        let (from, to) = (voltages[branch.from], voltages[branch.to]);
        let into_from = from * (near * from + across * to).conj();
        let into_to = to * (far * to + across * from).conj();
        let loading = into_from.norm().max(into_to.norm()) / branch.rating;
        BranchFlow { from: into_from, to: into_to, loading }
    });
    Flow {
        branches: branches.collect(),
        injections: admittance.injected(voltages),
        voltages: voltages.to_vec(),
        iterations,
        mismatch,
    }
}

/// The largest part of its loads that a network can carry, to a thousandth, if it cannot carry them all.
///
/// Every load bus is scaled alike and solved from nominal voltage; the part is the nose of its voltage curve as far as
/// the method reaches it, or what comes before it where not every solution stands.
#[must_use]
pub fn largest_load(network: &Network, stands: impl Fn(&Flow) -> bool) -> f64 {
    let carries = |part: f64| {
        let mut scaled = network.clone();
        for bus in scaled.buses.iter_mut().filter(|bus| bus.hold == Hold::Power) {
            bus.injection *= part;
        }
        solve(&scaled).is_ok_and(|flow| stands(&flow))
    };
    if carries(1.0) {
        return 1.0;
    }
    let (mut least, mut most) = (0.0, 1.0);
    while most - least > 1e-3 {
        let middle = f64::midpoint(least, most);
        if carries(middle) {
            least = middle;
        } else {
            most = middle;
        }
    }
    least
}

#[cfg(test)]
mod tests;
