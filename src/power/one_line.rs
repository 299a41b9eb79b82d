//! The one-line of a campus as a load-flow case: grid, substation, feeders, unit substations, halls.
//!
//! ~~~text
//! grid ─(short-circuit reactance)─ busbar ─(main transformers)─ campus busbar ─(feeders)─ building ─(transformers)─ halls
//!                                                                                            └ converters, plant
//! ~~~
//!
//! Main transformers hold the campus busbar with their tap changers; unit transformers stand on the off-load tap that
//! suits full load; steps of the capacitor banks on the sections of the campus busbar, one bank after another, bring the
//! power factor at the point of delivery to what the grid asks, and on a weak grid the voltages to their bands. That point is the substation's busbar at the grid's
//! voltage: what the operator's own reactance takes before it is not the customer's. One main transformer, one feeder, one unit substation and one UPS system at a time are taken out to see what
//! the rest then carries. Equal equipment in parallel is one branch: sections of a split busbar are loaded alike, so
//! they have one voltage. Left out: unbalance, harmonics, the low-voltage side behind the halls' switchboards.

use super::load_flow::{Branch, Bus, Flow, Hold, LoadFlowError, Network, largest_load, solve};
use super::ratings::{CapacitorBanks, Ratings};
use crate::units::{Amperes, Meters, Share, Vars, VoltAmperes, Volts, Watts};
use nalgebra::Complex;
use std::sync::Arc;

/// Active and reactive power of a load [W, var].
pub type ComplexPower = Complex<f64>;

/// Base power of the per-unit system [VA].
const BASE_VA: f64 = 100e6;
/// Frequency of the grid [Hz]; only the charging of cables depends on it.
const FREQUENCY_HZ: f64 = 60.0;
/// Series resistance and reactance [Ω/m] and capacitance [F/m] of an aluminium cable of 500–630 mm² for 20–35 kV, usual values
/// of makers' tables, recalled.
const CABLE: (f64, f64, f64) = (8e-5, 1.2e-4, 2.5e-10);
/// What that cable carries all day in ducts: usual of makers' tables, recalled.
const CABLE_CARRIES: Amperes = Amperes(600.0);
/// Voltage that tap changers hold at the campus busbar [pu].
const CAMPUS_TARGET: f64 = 1.02;
/// Step and range of a tap changer under load: 16 steps of 5/8 % up and down.
const CHANGER: (f64, f64) = (0.006_25, 0.1);
/// Step and range of the off-load taps of a unit transformer: two of 2.5 % up and down.
const OFF_LOAD: (f64, f64) = (0.025, 0.05);
/// How far off an off-load tap is, in its steps, before it is set once more: further than the half step that it is set by
/// first, so that it does not hunt with the tap changers.
const OFF_LOAD_HOLDS: f64 = 0.7;
/// How near to a wished power factor of one the steps of capacitors come, in steps: a half, and a fifth of that more, for a
/// step gives its power times the square of a voltage above nominal, and spares the transformers before it some.
const GRAIN: f64 = 0.6;
/// Range of a voltage that equipment is built for, around nominal (ANSI C84.1, range A).
pub const VOLTAGE_BAND: f64 = 0.05;
/// Range of the voltage at a point of delivery and on a campus busbar, around nominal: grid codes have 5 to 10 % (recalled).
pub const DELIVERY_BAND: f64 = 0.1;
/// Voltages of those two that pass for a solution [pu]: beyond them it is one of arithmetic alone, for protection trips and
/// transformers saturate; an assumption.
const SOLUTION: (f64, f64) = (0.8, 1.15);
/// Kept from the nose of the grid's voltage curve: nearer to it one step of a tap or a capacitor moves the voltage further than
/// its band, and taps hunt; an assumption.
const NOSE_MARGIN: f64 = 0.2;
/// Land of a campus per power at the meter [m²/W]: 750 acres per gigawatt, 450–1,000 in announced ones.
pub const LAND_PER_WATT: f64 = 3.035e-3;
/// Largest substation [VA]: campus substations have 0.3–1.2 GVA.
pub const LARGEST_SUBSTATION: VoltAmperes = VoltAmperes(1.2e9);

/// Like transformers in parallel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bank {
    /// Rating of all together.
    pub rating: VoltAmperes,
    /// How many there are.
    pub count: u32,
    /// Of those, under voltage without load: each takes over from one that fails.
    pub idle: u32,
    /// That carry the load of one that has failed: the rest of its group; none where nothing takes over.
    pub needed: u32,
    /// That carry the whole load while every group has lost one.
    pub carrying: u32,
    /// Short-circuit impedance on the rating.
    pub impedance: Share,
    /// Lost at any load, over the rating.
    pub no_load: Share,
    /// Lost at full load over the rating: the resistance.
    pub full_load: Share,
}

impl Bank {
    /// Series impedance [pu of the base] while some are out of service.
    fn series(self, out: u32) -> Complex<f64> {
        let r = self.full_load.0;
        let x = (self.impedance.0 * self.impedance.0 - r * r).max(1e-8).sqrt();
        Complex::new(r, x) * BASE_VA / self.serving(out).0
    }

    /// Rating of one.
    fn one(self) -> VoltAmperes {
        self.rating / f64::from(self.count.max(1))
    }

    /// Rating of those that carry load while some are out of service.
    fn serving(self, out: u32) -> VoltAmperes {
        self.one() * f64::from(self.count.saturating_sub(out.max(self.idle)).max(1))
    }

    /// Conductance of the no-load loss [pu of the base].
    fn shunt(self) -> Complex<f64> {
        Complex::new(self.no_load.0 * self.rating.0 / BASE_VA, 0.0)
    }
}

/// What one building draws, and how far it is from the substation.
#[derive(Debug, Clone, PartialEq)]
pub struct Building {
    /// What it is called.
    pub name: String,
    /// Behind its transformers [VA].
    pub behind: Complex<f64>,
    /// At campus voltage [VA]: converters, and plant whose transformers are left out.
    pub at_campus: Complex<f64>,
    /// Length of its feeders.
    pub distance: Meters,
    /// Neighbours that share its bus in the network, itself among them, each with feeders of its own.
    pub alike: u32,
    /// Its transformers to low voltage: unit substations, or those of the plant alone.
    pub units: Option<Bank>,
    /// Switchboards of the plant behind transformers of their own, beside unit substations.
    pub plant: Option<(Complex<f64>, Bank)>,
    /// Load of one UPS block, and how many share it when it fails.
    pub ups: Option<(Complex<f64>, u32)>,
}

impl Building {
    /// All that hangs on its feeders [VA].
    fn load(&self) -> Complex<f64> {
        self.behind + self.at_campus + self.plant.map_or(Complex::new(0.0, 0.0), |(load, _)| load)
    }
}

/// Active and reactive power [VA] of a load.
///
/// ~~~text
/// S = P·(1 + j·tan(arccos f))
/// ~~~
#[must_use]
pub fn load(power: Watts, factor: Share) -> Complex<f64> {
    let tangent = (1.0 - factor.0 * factor.0).max(0.0).sqrt() / factor.0;
    Complex::new(power.0, power.0 * tangent)
}

/// What stands behind the transformers of a building.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// Halls, behind unit substations.
    Halls,
    /// The plant alone: converters feed the halls.
    Plant,
}

impl Behind {
    /// What the transformers are called.
    #[must_use]
    pub fn transformers(self) -> &'static str {
        match self {
            Self::Halls => "unit substations",
            Self::Plant => "plant transformers",
        }
    }

    /// What hangs on them.
    fn load(self) -> &'static str {
        match self {
            Self::Halls => "halls",
            Self::Plant => "plant",
        }
    }
}

/// One substation with the buildings behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Campus {
    /// Short-circuit power of the grid.
    pub short_circuit: VoltAmperes,
    /// Main transformers; none where the grid has campus voltage.
    pub main: Option<Bank>,
    /// From the substation to the buildings.
    pub voltage: Volts,
    /// What stands behind the buildings' transformers.
    pub behind: Behind,
    /// That a feeder carries all day.
    pub feeder_current: Amperes,
    /// At the point of delivery, at least.
    pub power_factor: Share,
    /// Sections of the campus busbar, with capacitors alike on each.
    pub sections: u32,
    /// What capacitors are sold in.
    pub ratings: Arc<Ratings>,
    /// The buildings.
    pub buildings: Vec<Building>,
}

/// Cables in parallel that each phase of a feeder has.
#[must_use]
pub fn cables(current: Amperes) -> u32 {
    (current / CABLE_CARRIES - 1e-9).ceil().max(1.0) as u32
}

/// Series resistance and reactance [Ω/m] and capacitance [F/m] of a feeder: of cables in parallel, each thinner than the
/// largest where it carries less, with as much more resistance; reactance and capacitance hardly change.
///
/// ~~~text
/// r = r₁·I₁/I,  x = x₁/n,  c = n·c₁        n = ⌈I/I₁⌉
/// ~~~
fn feeder(current: Amperes) -> (f64, f64, f64) {
    let ((ohm_r, ohm_x, farad), count) = (CABLE, f64::from(cables(current)));
    (ohm_r * (CABLE_CARRIES / current), ohm_x / count, farad * count)
}

/// Apparent power of one feeder.
///
/// ~~~text
/// S = √3·V·I
/// ~~~
#[must_use]
pub fn feeder_rating(voltage: Volts, current: Amperes) -> VoltAmperes {
    VoltAmperes(3.0_f64.sqrt() * voltage.0 * current.0)
}

/// Voltage at one bus.
#[derive(Debug, Clone, PartialEq)]
pub struct BusVoltage {
    /// Which.
    pub name: String,
    /// Over nominal.
    pub voltage: f64,
}

/// Lowest and highest voltage over nominal.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// The lowest.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
}

impl Range {
    /// Of some voltages.
    fn of(voltages: impl IntoIterator<Item = f64>) -> Self {
        let of = |all: Option<Self>, at: f64| {
            Some(all.map_or(Self { lowest: at, highest: at }, |all| Self {
                lowest: all.lowest.min(at),
                highest: all.highest.max(at),
            }))
        };
        voltages.into_iter().fold(None, of).unwrap_or_default()
    }

    /// Of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of([self.lowest, self.highest, other.lowest, other.highest])
    }

    /// Largest deviation from nominal.
    #[must_use]
    pub fn off(self) -> f64 {
        (self.highest - 1.0).max(1.0 - self.lowest)
    }
}

/// What one branch carries.
#[derive(Debug, Clone, PartialEq)]
pub struct BranchLoad {
    /// Which.
    pub name: String,
    /// Equal ones.
    pub count: u32,
    /// Of those, that stand by.
    pub idle: u32,
    /// Into it, active.
    pub power: Watts,
    /// Lost in it, no-load loss included.
    pub loss: Watts,
    /// Apparent power over rating.
    pub loading: f64,
}

/// The campus with one thing out of service.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// What is out.
    pub name: String,
    /// Loading of what is left of it; where its voltage collapses, the load over the largest that it can carry.
    pub loading: f64,
    /// Lowest voltage of any bus over nominal; zero where it collapses.
    pub lowest: f64,
}

/// A solved campus.
#[derive(Debug, Clone, PartialEq)]
pub struct CampusFlow {
    /// Voltages at full load.
    pub buses: Vec<BusVoltage>,
    /// Branches at full load.
    pub branches: Vec<BranchLoad>,
    /// Taken at the point of delivery [VA]; reactive power below zero is given back to the grid.
    pub delivered: Complex<f64>,
    /// Power factor there, lagging or leading.
    pub power_factor: Share,
    /// Power factor that is needed there: what is asked, as far as half a step of a capacitor bank comes to it.
    pub needed_factor: Share,
    /// Whether the off-load taps came to rest.
    pub settled: bool,
    /// Capacitors at the campus busbar.
    pub capacitors: CapacitorBanks,
    /// Turns ratio that the tap changers stand at.
    pub tap: f64,
    /// Voltages of the halls at full load.
    pub full: Range,
    /// Voltages of the halls at light load.
    pub idle: Range,
    /// Voltages at the point of delivery, full and light load.
    pub delivery: Range,
    /// Voltages of the campus busbar, full and light load.
    pub busbar: Range,
    /// Whether capacitors hold voltages in their bands as far as it is theirs.
    pub held: bool,
    /// One thing out at a time, at full load.
    pub outages: Vec<Outage>,
}

/// What can be set.
#[derive(Debug, Clone, PartialEq)]
struct Settings {
    tap: f64,
    unit_taps: Vec<f64>,
    capacitors: CapacitorBanks,
}

/// A solved network with what is set in it.
#[derive(Debug, Clone)]
struct State {
    network: Network,
    flow: Flow,
    settings: Settings,
    /// Whether off-load taps came to rest.
    settled: bool,
}

/// Taken from the grid at the point of delivery [pu]: behind the grid's own reactance, which is the first branch.
fn delivered(flow: &Flow) -> Complex<f64> {
    -flow.branches[0].to
}

/// Voltages at the point of delivery and on the campus busbar [pu].
fn feeding(flow: &Flow) -> [f64; 2] {
    [1, CAMPUS_BUS].map(|bus| flow.voltages[bus].norm())
}

/// Whether a solution is one that a campus can stand at.
fn physical(flow: &Flow) -> Result<(), LoadFlowError> {
    let names = ["the point of delivery", "the campus busbar"];
    let off = names.into_iter().zip(feeding(flow)).find(|(_, at)| !(SOLUTION.0..=SOLUTION.1).contains(at));
    match off {
        Some((bus, voltage)) => Err(LoadFlowError::OutOfRange { bus: bus.into(), voltage }),
        None => Ok(()),
    }
}

/// What is out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Out {
    Nothing,
    MainTransformer,
    FeederOf(usize),
    UnitOf(usize),
    UpsOf(usize),
}

/// Where the buses of a campus stand in its network.
const CAMPUS_BUS: usize = 2;

impl Campus {
    /// Feeders of a building: as many as its load asks for, with what its transformers and they themselves take at the
    /// lowest voltage that equipment is built for, and one more; of neighbours that share a bus, those of each.
    ///
    /// ~~~text
    /// |S + z·l·|S|²/(n·V²)| ≤ n·S_r
    /// ~~~
    ///
    /// S of the building with its transformers [VA], z of a feeder [Ω/m], l its length [m], V the lowest voltage [V], S_r its
    /// rating [VA].
    ///
    /// Each ends on a section of the building's switchgear, and a tie joins each section with the next. Feeders follow one
    /// another along the sections of the campus busbar, so that these are loaded alike, and a tie is open where the feeders
    /// of two such sections meet: nothing joins them but their own tie. Where a feeder is lost that place moves by a
    /// section, and the others carry its load as evenly as whole sections go; the network takes them as even.
    #[must_use]
    pub fn feeders(&self, building: &Building) -> u32 {
        let rating = feeder_rating(self.voltage, self.feeder_current);
        let lowest = 1.0 - VOLTAGE_BAND;
        let taken = |(load, bank): (Complex<f64>, Bank)| {
            let own = Complex::new(bank.no_load.0 + bank.full_load.0, bank.impedance.0);
            load + own * (load.norm() / (lowest * lowest))
        };
        let units = building.units.map_or(building.behind, |bank| taken((building.behind, bank)));
        let plant = building.plant.map_or(Complex::new(0.0, 0.0), taken);
        let alike = building.alike.max(1);
        let each = (units + plant + building.at_campus) / f64::from(alike);
        let (ohm_r, ohm_x, _) = feeder(self.feeder_current);
        let end = lowest * self.voltage.0;
        let lost = Complex::new(ohm_r, ohm_x) * (building.distance.0 * each.norm_sqr() / (end * end));
        let carries = |count: u32| (each + lost / f64::from(count)).norm() <= f64::from(count) * rating.0;
        let mut count = (each.norm() / rating.0).ceil().max(1.0) as u32;
        while count < u32::MAX && !carries(count) {
            count += 1;
        }
        alike.saturating_mul(count.saturating_add(1))
    }

    /// The load-flow case at a part of the loads.
    fn network(&self, settings: &Settings, part: f64, out: Out) -> Network {
        let bus = |name: String, injection: Complex<f64>, shunt: Complex<f64>| Bus {
            name,
            hold: Hold::Power,
            injection,
            shunt,
        };
        let nothing = Complex::new(0.0, 0.0);
        let mut network = Network::default();
        network
            .buses
            .push(Bus { hold: Hold::Slack { voltage: 1.0 }, ..bus("grid".into(), nothing, nothing) });
        let no_load = self.main.map_or(nothing, Bank::shunt);
        network.buses.push(bus("substation".into(), nothing, no_load));
        let capacitors = Complex::new(0.0, settings.capacitors.at_work().0 / BASE_VA);
        network.buses.push(bus("campus busbar".into(), nothing, capacitors));
        let branch = |name: String, from, to, series, rating: VoltAmperes| Branch {
            name,
            from,
            to,
            series,
            charging: 0.0,
            tap: 1.0,
            rating: rating.0 / BASE_VA,
        };
        let source = Complex::new(0.0, BASE_VA / self.short_circuit.0);
        network.branches.push(branch("grid".into(), 0, 1, source, VoltAmperes(f64::INFINITY)));
        let gone = u32::from(out == Out::MainTransformer);
        network.branches.push(match self.main {
            Some(bank) => Branch {
                tap: settings.tap,
                ..branch("main transformers".into(), 1, CAMPUS_BUS, bank.series(gone), bank.serving(gone))
            },
            // A busbar's own reactance keeps the two apart.
            None => {
                branch("busbar".into(), 1, CAMPUS_BUS, Complex::new(0.0, 1e-6), VoltAmperes(f64::INFINITY))
            }
        });
        for (place, building) in self.buildings.iter().enumerate() {
            self.add(&mut network, settings, building, place, part, out);
        }
        network
    }

    /// Adds a building's feeders, unit substations and loads.
    fn add(
        &self,
        network: &mut Network,
        settings: &Settings,
        building: &Building,
        place: usize,
        part: f64,
        out: Out,
    ) {
        // Of neighbours on one bus each loses one.
        let lost = if out == Out::FeederOf(place) { building.alike.max(1) } else { 0 };
        let feeders = f64::from(self.feeders(building) - lost);
        let base_ohm = self.voltage.0 * self.voltage.0 / BASE_VA;
        let (ohm_r, ohm_x, farad) = feeder(self.feeder_current);
        let length = building.distance.0.max(1.0);
        let end = network.buses.len();
        let own = Complex::new(part / BASE_VA, 0.0);
        let nothing = Complex::new(0.0, 0.0);
        let banks = building.units.into_iter().chain(building.plant.map(|(_, bank)| bank));
        let shunt = banks.map(Bank::shunt).sum();
        let at_end = building.at_campus + if building.units.is_some() { nothing } else { building.behind };
        network.buses.push(Bus {
            name: building.name.clone(),
            hold: Hold::Power,
            injection: -at_end * own,
            shunt,
        });
        network.branches.push(Branch {
            name: format!("feeders of {}", building.name),
            from: CAMPUS_BUS,
            to: end,
            series: Complex::new(ohm_r, ohm_x) * (length / base_ohm / feeders),
            charging: std::f64::consts::TAU * FREQUENCY_HZ * farad * length * base_ohm * feeders,
            tap: 1.0,
            rating: feeder_rating(self.voltage, self.feeder_current).0 * feeders / BASE_VA,
        });
        if let Some((load, bank)) = building.plant {
            network.branches.push(Branch {
                name: format!("{} of {}", Behind::Plant.transformers(), building.name),
                from: end,
                to: network.buses.len(),
                series: bank.series(0),
                charging: 0.0,
                tap: settings.unit_taps[place],
                rating: bank.serving(0).0 / BASE_VA,
            });
            network.buses.push(Bus {
                name: format!("{} of {}", Behind::Plant.load(), building.name),
                hold: Hold::Power,
                injection: -load * own,
                shunt: nothing,
            });
        }
        let Some(bank) = building.units else { return };
        let group = Group::after(building, bank, out, place);
        let low = |name: &str, load: Complex<f64>, rating: VoltAmperes| {
            let bus = Bus {
                name: format!("{} of {}{name}", self.behind.load(), building.name),
                hold: Hold::Power,
                injection: -load * own,
                shunt: nothing,
            };
            let branch = Branch {
                name: format!("{} of {}{name}", self.behind.transformers(), building.name),
                from: end,
                to: 0,
                series: bank.series(0) * (bank.serving(0).0 / rating.0),
                charging: 0.0,
                tap: settings.unit_taps[place],
                rating: rating.0 / BASE_VA,
            };
            (bus, branch)
        };
        let rest = (building.behind - group.load, bank.serving(0) - group.rating - group.lost);
        let parts = [("", rest), (", the group that lost one", (group.load, group.rating))];
        for (name, (load, rating)) in parts.into_iter().filter(|(_, (_, rating))| rating.0 > 1.0) {
            let (bus, branch) = low(name, load, rating);
            network.branches.push(Branch { to: network.buses.len(), ..branch });
            network.buses.push(bus);
        }
    }

    /// Places of the buses that halls hang on, in the order of the buildings.
    fn hall_buses(&self) -> Vec<usize> {
        let mut next = CAMPUS_BUS + 1;
        let mut all = Vec::new();
        for building in &self.buildings {
            next += usize::from(building.units.is_some()) + usize::from(building.plant.is_some());
            all.push(next);
            next += 1;
        }
        all
    }

    /// Turns the tap changers under load to the step that holds the campus busbar nearest to its target.
    ///
    /// A higher ratio gives less voltage, so each step that was tried bounds the wanted one from a side. The answer to a turn
    /// is not exactly a turn's, on a weak grid it is more: where that leads past a bound, the step next to it is tried. Where
    /// nothing flows the voltage is too low, for capacitors give more at a higher one.
    fn regulated(&self, mut settings: Settings, part: f64, out: Out) -> Result<State, LoadFlowError> {
        let (step, range) = CHANGER;
        let (mut least, mut most) = (1.0 - range - step, 1.0 + range + step);
        let mut nearest: Option<(f64, State)> = None;
        let mut first = None;
        loop {
            let network = self.network(&settings, part, out);
            let wanted = match solve(&network) {
                Ok(flow) => {
                    let over = flow.voltages[CAMPUS_BUS].norm() / CAMPUS_TARGET;
                    if over > 1.0 {
                        least = settings.tap;
                    } else {
                        most = settings.tap;
                    }
                    let off = (over - 1.0).abs();
                    let wanted = stepped(settings.tap * over, CHANGER);
                    if nearest.as_ref().is_none_or(|(least, _)| off < *least) {
                        let state = State { network, flow, settings: settings.clone(), settled: true };
                        nearest = Some((off, state));
                    }
                    wanted
                }
                Err(error) => {
                    most = settings.tap;
                    let error = first.get_or_insert(error);
                    if nearest.is_none() && (self.main.is_none() || most - least < 1.5 * step) {
                        return Err(error.clone());
                    }
                    stepped(f64::midpoint(least, most), CHANGER)
                }
            };
            let done = self.main.is_none() || (wanted - settings.tap).abs() < 1e-9;
            match nearest {
                Some((_, nearest)) if done || most - least < 1.5 * step => return Ok(nearest),
                _ => settings.tap = stepped(wanted.max(least + step).min(most - step), CHANGER),
            }
        }
    }

    /// Solves with tap changers under load at work, and where wished with off-load taps chosen anew: for nominal voltage at full
    /// load, but none so low that the voltage without load would leave the band.
    ///
    /// ~~~text
    /// t ≥ V₀/(1 + b)
    /// ~~~
    ///
    /// V₀ that of the campus busbar without load, b band of the voltage [1].
    fn settle(&self, settings: Settings, part: f64, out: Out, choose: bool) -> Result<State, LoadFlowError> {
        const MOST_ROUNDS: u32 = 12;
        let halls = self.hall_buses();
        let without_load = if self.main.is_some() { CAMPUS_TARGET } else { 1.0 };
        let below = (1.0 - without_load / (1.0 + VOLTAGE_BAND)) / OFF_LOAD.0;
        let least = 1.0 - below.floor() * OFF_LOAD.0;
        let mut state = self.regulated(settings, part, out)?;
        if !choose {
            return Ok(state);
        }
        for round in 0..MOST_ROUNDS {
            let mut settings = state.settings.clone();
            let holds = if round == 0 { 0.5 } else { OFF_LOAD_HOLDS };
            for (tap, &bus) in settings.unit_taps.iter_mut().zip(&halls) {
                let voltage = state.flow.voltages[bus].norm();
                if (voltage - 1.0).abs() > holds * OFF_LOAD.0 {
                    *tap = stepped(*tap * voltage, OFF_LOAD).max(least);
                }
            }
            if settings == state.settings {
                return Ok(state);
            }
            state = self.regulated(settings, part, out)?;
        }
        Ok(State { settled: false, ..state })
    }

    /// Reactive power that capacitors have to give beside what is at work [var]; below zero what they could spare.
    ///
    /// What is taken at the point of delivery beyond what the grid gives with the active power, or what lifts voltages into
    /// their bands if that is more.
    fn missing(&self, flow: &Flow) -> Vars {
        let taken = delivered(flow);
        let beyond = (taken.im - load(Watts(taken.re), self.power_factor).im) * BASE_VA;
        Vars(beyond).max(self.sagging(flow))
    }

    /// Reactive power that lifts the voltages into their bands [var]: by the short-circuit power, so near enough to step by;
    /// above zero where one is below its band.
    ///
    /// ~~~text
    /// ΔQ = S_k·ΔV,  1/S_k,busbar = 1/S_k + z/S_r
    /// ~~~
    ///
    /// Capacitors lift the halls as far as the tap changers would, had they the range: what then is lost behind the busbar is
    /// not for them.
    fn sagging(&self, flow: &Flow) -> Vars {
        let grid = self.short_circuit.0;
        let behind = 1.0 / (1.0 / grid + self.main.map_or(0.0, |bank| bank.impedance.0 / bank.rating.0));
        let [delivery, busbar] = feeding(flow);
        let halls = self.hall_buses().into_iter().map(|bus| flow.voltages[bus].norm());
        let lowest = halls.fold(f64::INFINITY, f64::min);
        let held = if self.main.is_some() { CAMPUS_TARGET * (1.0 - CHANGER.0) } else { 1.0 };
        let equipment = 1.0 - VOLTAGE_BAND;
        let behind_busbar = (equipment - lowest).min(held - busbar);
        Vars((grid * (1.0 - DELIVERY_BAND - delivery)).max(behind * (equipment - busbar).max(behind_busbar)))
    }

    /// What a grid carries at most: the nose of the voltage curve behind a reactance alone at a power factor of one (Kundur,
    /// Power System Stability and Control, 1994, chapter 14), less a margin.
    ///
    /// ~~~text
    /// P_max = (1 − m)·S_k/2
    /// ~~~
    ///
    /// m margin [1]. More could be carried at a leading one, with a nose as high as the voltage that is wished.
    #[must_use]
    pub fn grid_carries(&self) -> Watts {
        Watts((1.0 - NOSE_MARGIN) * self.short_circuit.0 / 2.0)
    }

    /// What capacitors give by which a weak grid that carries nothing without them carries the load; none where none do.
    ///
    /// Looked for in equal parts of what would be all reactive power of the loads, of transformers, and what may be given back.
    fn lifting(&self, with: impl Fn(CapacitorBanks) -> Result<State, LoadFlowError>) -> Option<Vars> {
        const PARTS: u32 = 16;
        let all = self.estimate();
        (1..=PARTS).find_map(|part| {
            let each = all * (f64::from(part) / f64::from(PARTS));
            let state = with(CapacitorBanks { count: 1, each, steps: 1, on: 1 }).ok()?;
            physical(&state.flow).ok()?;
            Some(each + self.missing(&state.flow))
        })
    }

    /// Full load with as few steps of the capacitor banks as bring the power factor to what is asked and voltages into their
    /// bands; of the banks given, or of the smallest that are enough.
    ///
    /// Taps settle anew for each number of steps, so that what is found hangs on that number alone. Where the grid gives
    /// next to no reactive power a step may be more than it takes back: then the nearer of the two neighbours stays.
    fn compensated(&self, given: Option<CapacitorBanks>) -> Result<State, LoadFlowError> {
        if self.load().re > self.grid_carries().0 {
            return Err(LoadFlowError::WeakGrid);
        }
        let with = |capacitors| self.settle(Settings { capacitors, ..self.start() }, 1.0, Out::Nothing, true);
        let bare = with(CapacitorBanks::default());
        let first = match &bare {
            Ok(state) => self.missing(&state.flow),
            // Capacitors may be what a weak grid lacks.
            Err(LoadFlowError::Diverged { .. }) => match self.lifting(with) {
                Some(power) => power.max(Vars(1.0)),
                None => return bare,
            },
            Err(_) => return bare,
        };
        let found = if first.0 <= 0.0 || given.is_some_and(|banks| banks.count == 0) {
            bare
        } else {
            self.stepped_up(given, first, bare, with)
        }?;
        physical(&found.flow)?;
        Ok(found)
    }

    /// The same from a first guess of what capacitors have to give; without them it is not enough.
    fn stepped_up(
        &self,
        given: Option<CapacitorBanks>,
        first: Vars,
        bare: Result<State, LoadFlowError>,
        with: impl Fn(CapacitorBanks) -> Result<State, LoadFlowError>,
    ) -> Result<State, LoadFlowError> {
        const MOST_ROUNDS: u32 = 40;
        let mut banks = match given {
            Some(given) => given.with(first),
            None => self.ratings.capacitors(first, self.sections),
        };
        // Steps that are too few, and the state with the fewest that are known to be enough.
        let (mut few, mut enough): (u32, Option<State>) = (0, None);
        let mut last = bare;
        for _ in 0..MOST_ROUNDS {
            let step = banks.step().0.max(1.0);
            let state = with(banks);
            let missing = state.as_ref().map_or(step, |state| self.missing(&state.flow).0);
            if missing > 0.0 {
                (few, last) = (banks.on, state);
                if few >= banks.all_steps() && enough.is_none() {
                    if given.is_some() {
                        break;
                    }
                    banks = self.ratings.capacitors(banks.at_work() + Vars(missing), self.sections);
                    few = 0;
                    continue;
                }
                banks.on = few.saturating_add((missing / step).ceil() as u32);
            } else {
                let state = state?;
                // What voltages would spare is near enough to step by, but not to stop at.
                let least = u32::from(self.sagging(&state.flow).0 >= missing);
                enough = Some(state);
                let fewer = ((-missing / step).floor() as u32).max(least);
                if fewer == 0 {
                    break;
                }
                banks.on = banks.on.saturating_sub(fewer);
            }
            let most = enough.as_ref().map_or(banks.all_steps(), |one| one.settings.capacitors.on - 1);
            if few >= most {
                break;
            }
            banks.on = banks.on.clamp(few + 1, most);
        }
        enough.map_or(last, |found| Ok(self.nearer(found)))
    }

    /// Of a state that gives more back than the grid takes, and the one with a step less, the nearer.
    fn nearer(&self, found: State) -> State {
        let taken = delivered(&found.flow);
        let asked = load(Watts(taken.re), self.power_factor).im;
        let banks = found.settings.capacitors;
        if taken.im >= -asked || banks.on == 0 {
            return found;
        }
        let capacitors = CapacitorBanks { on: banks.on - 1, ..banks };
        match self.settle(Settings { capacitors, ..self.start() }, 1.0, Out::Nothing, true) {
            Ok(less)
                if delivered(&less.flow).im.abs() < taken.im.abs() && self.sagging(&less.flow).0 <= 0.0 =>
            {
                less
            }
            _ => found,
        }
    }

    /// What capacitors give at most: the reactive power of the loads and of their transformers at full load and the lowest
    /// voltage of the grid, and what may be given back at the power factor that is asked.
    fn estimate(&self) -> Vars {
        let all = self.load();
        let main = self.main.map_or(0.0, |bank| bank.impedance.0);
        let units = self.buildings.iter().filter_map(|one| one.units);
        let units = units.map(|bank| bank.impedance.0).fold(0.0, f64::max);
        let lowest = 1.0 - DELIVERY_BAND;
        let asked = load(Watts(all.re), self.power_factor).im;
        Vars(all.im + (main + units) * all.norm() / (lowest * lowest) + asked)
    }

    /// Lost in the feeders at full load.
    pub fn feeder_loss(&self) -> Result<Watts, LoadFlowError> {
        let full = self.compensated(None)?.flow;
        let lost = (0..self.buildings.len()).map(|at| full.branches[self.feeder_branch(at)].loss().re);
        Ok(Watts(lost.sum::<f64>() * BASE_VA))
    }

    /// Before anything is set.
    fn start(&self) -> Settings {
        Settings {
            tap: 1.0,
            unit_taps: vec![1.0; self.buildings.len()],
            capacitors: CapacitorBanks::default(),
        }
    }

    /// All that hangs on its busbar [VA].
    #[must_use]
    pub fn load(&self) -> ComplexPower {
        self.buildings.iter().map(Building::load).sum()
    }

    /// Solves the campus at full load, at light load, and with one thing out at a time; with the capacitor banks given, or
    /// those that it needs.
    pub fn flow(&self, light: Share, banks: Option<CapacitorBanks>) -> Result<CampusFlow, LoadFlowError> {
        let State { network, flow: full, mut settings, settled } = self.compensated(banks)?;
        if settings.capacitors.on == 0 {
            settings.capacitors =
                banks.map_or(settings.capacitors, |banks| CapacitorBanks { on: 0, ..banks });
        }
        // Capacitors are switched off with the load.
        let dimmed = Settings { capacitors: settings.capacitors.dimmed(light), ..settings.clone() };
        let faint = self.settle(dimmed, light.0, Out::Nothing, false)?;
        physical(&faint.flow)?;
        let halls = self.hall_buses();
        let at = |flow: &Flow| Range::of(halls.iter().map(|&bus| flow.voltages[bus].norm()));
        let ([full_delivery, full_busbar], [idle_delivery, idle_busbar]) =
            (feeding(&full), feeding(&faint.flow));
        let outages = self.outages(&full, &settings)?;
        let delivered = delivered(&full) * BASE_VA;
        let grain = delivered.re.hypot(GRAIN * settings.capacitors.step().0);
        Ok(CampusFlow {
            buses: network
                .buses
                .iter()
                .zip(&full.voltages)
                .map(|(bus, voltage)| BusVoltage { name: bus.name.clone(), voltage: voltage.norm() })
                .collect(),
            branches: self.loads(&network, &full),
            delivered,
            power_factor: Share((delivered.re / delivered.norm().max(1e-9)).clamp(0.0, 1.0)),
            needed_factor: self.power_factor.min(Share(delivered.re / grain.max(1e-9))),
            settled,
            capacitors: settings.capacitors,
            tap: settings.tap,
            full: at(&full),
            idle: at(&faint.flow),
            delivery: Range::of([full_delivery, idle_delivery]),
            busbar: Range::of([full_busbar, idle_busbar]),
            held: self.sagging(&full).0 <= 0.0,
            outages,
        })
    }

    /// What is left carries when one main transformer, one feeder, one unit substation or one UPS block is out: that of
    /// the building where it is fullest.
    fn outages(&self, full: &Flow, settings: &Settings) -> Result<Vec<Outage>, LoadFlowError> {
        let mut all = Vec::new();
        let mut lose = |name: String, out: Out, looked_at: &str| -> Result<(), LoadFlowError> {
            let settled = self.settle(settings.clone(), 1.0, out, false);
            let settled = settled.and_then(|state| physical(&state.flow).map(|()| state));
            let State { network, flow, .. } = match settled {
                // The whole site stands as solved; what one failure brings down is told as that.
                Err(LoadFlowError::Diverged { .. } | LoadFlowError::OutOfRange { .. }) => {
                    let network = self.network(settings, 1.0, out);
                    let part = largest_load(&network, |flow| physical(flow).is_ok());
                    let part = part.clamp(1e-3, 1.0 - 1e-3);
                    let name = format!("{name}: the voltage of what takes over collapses");
                    all.push(Outage { name, loading: 1.0 / part, lowest: 0.0 });
                    return Ok(());
                }
                settled => settled?,
            };
            let halls = network.buses.iter().zip(&flow.voltages).skip(CAMPUS_BUS + 1);
            let lowest = halls.map(|(_, voltage)| voltage.norm()).fold(f64::INFINITY, f64::min);
            let of = network.branches.iter().zip(&flow.branches);
            let mut left =
                of.filter(|(branch, _)| branch.name == looked_at).map(|(_, carried)| carried.loading);
            // A group of which nothing is left is dark.
            all.extend(left.next().map(|loading| Outage { name, loading, lowest }));
            Ok(())
        };
        if self.main.is_some_and(|bank| bank.count > 1) {
            lose("one main transformer".into(), Out::MainTransformer, "main transformers")?;
        }
        let fullest = |offset: usize| {
            let places =
                (0..self.buildings.len()).filter(|at| offset == 0 || self.buildings[*at].units.is_some());
            let loading = |at: &usize| {
                let beside = offset * usize::from(self.buildings[*at].plant.is_some());
                full.branches[self.feeder_branch(*at) + offset + beside].loading
            };
            places.max_by(|a, b| loading(a).total_cmp(&loading(b)))
        };
        if let Some(at) = fullest(0) {
            let name = &self.buildings[at].name;
            lose(format!("one feeder of {name}"), Out::FeederOf(at), &format!("feeders of {name}"))?;
        }
        if let Some(at) = fullest(1) {
            let name = &self.buildings[at].name;
            let what = self.behind.transformers();
            let group = format!("{what} of {name}, the group that lost one");
            let one = what.strip_suffix('s').unwrap_or(what);
            lose(format!("one {one} of {name}"), Out::UnitOf(at), &group)?;
            if self.buildings[at].ups.is_some_and(|(_, sharing)| sharing > 0) {
                // A catcher takes the block over behind a unit that stood by; the others stay as they are.
                let idle = self.buildings[at].units.is_some_and(|bank| bank.idle > 0);
                let before = if idle {
                    format!("the {one} before its catcher")
                } else {
                    format!("{what} before the others")
                };
                let words = format!("one UPS block of {name}, {before}");
                lose(words, Out::UpsOf(at), &group)?;
            }
        }
        Ok(all)
    }

    /// The branch that the feeders of a building stand for.
    fn feeder_branch(&self, building: usize) -> usize {
        let before = self.buildings[..building].iter();
        let banks = before.map(|one| usize::from(one.units.is_some()) + usize::from(one.plant.is_some()));
        2 + building + banks.sum::<usize>()
    }

    /// The building whose feeders a branch stands for.
    fn building_of(&self, branch: usize) -> Option<usize> {
        (0..self.buildings.len()).find(|at| self.feeder_branch(*at) == branch)
    }

    /// What each branch carries, with the no-load loss of its transformers.
    fn loads(&self, network: &Network, flow: &Flow) -> Vec<BranchLoad> {
        // The grid's own reactance is no equipment of the site, nor is a busbar.
        let own = if self.main.is_some() { 1 } else { 2 };
        let all = network.branches.iter().zip(&flow.branches).enumerate().skip(own);
        all.map(|(place, (branch, carried))| {
            let (mut count, mut idle, mut magnetised) = (1, 0, 0.0);
            if let Some(bank) = self.bank_of(place) {
                (count, idle) = (bank.count, bank.idle);
                magnetised = bank.shunt().re * flow.voltages[branch.from].norm_sqr();
            } else if let Some(building) = self.building_of(place) {
                count = self.feeders(&self.buildings[building]);
            }
            BranchLoad {
                name: branch.name.clone(),
                count,
                idle,
                power: Watts(carried.from.re * BASE_VA),
                loss: Watts((carried.loss().re + magnetised) * BASE_VA),
                loading: carried.loading,
            }
        })
        .collect()
    }

    /// The transformers that a branch stands for.
    fn bank_of(&self, place: usize) -> Option<Bank> {
        if place == 1 {
            return self.main;
        }
        self.buildings.iter().enumerate().find_map(|(at, building)| {
            let mut banks = building.plant.map(|(_, bank)| bank).into_iter().chain(building.units);
            banks.nth(place.checked_sub(self.feeder_branch(at) + 1)?)
        })
    }

    /// The part of its load that a campus can carry, where it cannot carry all of it.
    #[must_use]
    pub fn carries(&self) -> Share {
        let part =
            largest_load(&self.network(&self.start(), 1.0, Out::Nothing), |flow| physical(flow).is_ok());
        // What is not solved with taps and capacitors at work is not carried without them.
        Share(part.min(self.grid_carries().0 / self.load().re.max(1.0)).min(1.0 - 1e-3))
    }
}

/// Transformers of a building that one failure loads, apart from the rest.
struct Group {
    /// What they carry then.
    load: Complex<f64>,
    /// Rating of those that carry it.
    rating: VoltAmperes,
    /// Rating that is out of service.
    lost: VoltAmperes,
}

impl Group {
    /// The group that an outage in a building loads; of nothing where it is elsewhere.
    ///
    /// ~~~text
    /// one unit out:   the n others of its group carry all of it,  S·n/m on n of them
    /// one UPS out:    the k blocks that share its load, each before a unit of its own,  S/u·k + s on k of them;
    ///                 a catcher's before a unit that stood by,  s on one
    /// ~~~
    ///
    /// S load of the building [VA] · n units of a group that have to carry it · m that carry the building when every
    /// group has lost one · u units that carry it now · s load of a UPS block [VA].
    fn after(building: &Building, bank: Bank, out: Out, place: usize) -> Self {
        let nothing = Self { load: Complex::new(0.0, 0.0), rating: VoltAmperes(0.0), lost: VoltAmperes(0.0) };
        match (out, building.ups) {
            (Out::UnitOf(at), _) if at == place && bank.needed > 0 => {
                let part = f64::from(bank.needed) / f64::from(bank.carrying.max(bank.needed));
                let rating = bank.one() * f64::from(bank.needed);
                // A spare that stood by carried nothing before.
                let lost = if bank.idle > 0 { VoltAmperes(0.0) } else { bank.one() };
                Self { load: building.behind * part, rating, lost }
            }
            // A catcher's units stood by and carried nothing before.
            (Out::UpsOf(at), Some((block, _))) if at == place && bank.idle > 0 => {
                Self { load: block, rating: bank.one(), ..nothing }
            }
            (Out::UpsOf(at), Some((block, sharing))) if at == place => {
                let serving = bank.count.saturating_sub(bank.idle).max(1);
                let units = sharing.min(serving.saturating_sub(1)).max(1);
                let part = f64::from(units) / f64::from(serving);
                Self {
                    load: building.behind * part + block,
                    rating: bank.one() * f64::from(units),
                    ..nothing
                }
            }
            _ => nothing,
        }
    }
}

/// The nearest step of a tap, within its range around one.
fn stepped(ratio: f64, (step, range): (f64, f64)) -> f64 {
    (1.0 + ((ratio - 1.0) / step).round() * step).clamp(1.0 - range, 1.0 + range)
}

#[cfg(test)]
mod tests;
