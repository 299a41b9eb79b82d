//! Circuits of water: what flows, pumps with their head and motors, mains with their diameters.

use super::{LoopUnits, line};
use crate::cooling::HeatLoop;
use crate::cooling::heat_rejection::WATER_HEAT_CAPACITY;
use crate::cooling::hydraulics::{Branch, Fluid, PipeSize, STEEL};
use crate::plan::coolant::{MOTOR_EFFICIENCY, PUMP_EFFICIENCY};
use crate::plan::result::Equipment;
use crate::plan::standing::Standing;
use crate::units::text::{brief, digits};
use crate::units::{Celsius, CubicMetersPerSecond, Kelvin, Meters, Pascals, Share, Watts};

/// Motor over the shaft power that it is bought for: the usual margin of 10 % to 15 % (recalled).
const MOTOR_MARGIN: f64 = 1.1;

/// Rated outputs of motors [kW]: the preferred values of IEC 60072-1 from 0.75 kW up, recalled; makers of motors of IEC 60034
/// list the same. Basis lines name them, so that a reader of the schedule knows where a rating comes from.
const MOTORS: [f64; 24] = [
    0.75, 1.1, 1.5, 2.2, 3.0, 4.0, 5.5, 7.5, 11.0, 15.0, 18.5, 22.0, 30.0, 37.0, 45.0, 55.0, 75.0, 90.0,
    110.0, 132.0, 160.0, 200.0, 250.0, 315.0,
];

/// What water loses in the unit that cools it: a cooler's coil, an evaporator, plates, or the lift and the nozzles of a tower.
/// An assumption: 50 kPa to 100 kPa are usual (recalled).
const LOST_IN_UNITS: Pascals = Pascals(80e3);

/// What it loses at the other end, control valve and strainer included: a CDU, coils of air handlers or doors, plates or a
/// condenser. An assumption: 80 kPa to 150 kPa are usual (recalled).
const LOST_IN_HALLS: Pascals = Pascals(100e3);

/// Loss of bends, tees and valves of a main or a branch, either way [1]: an assumption, five bends, three tees, two valves.
pub(super) const MAIN_FITTINGS: f64 = 4.0;

/// Water at which mains are reckoned: from 15 °C to 45 °C their loss changes by 5 %.
pub(super) const MAIN_WATER: Celsius = Celsius(25.0);

/// A circuit of water: what flows, what its pumps take.
pub(super) struct Circuit {
    pub(super) flow: CubicMetersPerSecond,
    pub(super) pumps: Watts,
}

impl Circuit {
    /// The circuit of some loops, whose pumps take this for each watt.
    pub(super) fn of<'a>(loops: impl Iterator<Item = &'a HeatLoop>, share: f64) -> Self {
        let (mut heat, mut flow) = (0.0, 0.0);
        for water in loops.filter(|water| water.heat_w > 0.0) {
            heat += water.heat_w;
            flow += water.heat_w / (WATER_HEAT_CAPACITY * water.range_k.max(f64::MIN_POSITIVE));
        }
        Self { flow: CubicMetersPerSecond(flow), pumps: Watts(heat * share) }
    }

    /// A circuit of a heat over one range.
    pub(super) fn over(heat: Watts, range: Kelvin, pumps: Watts) -> Self {
        Self { flow: CubicMetersPerSecond(heat.0 / (WATER_HEAT_CAPACITY * range.0)), pumps }
    }

    /// One pump with each unit of some loops.
    ///
    /// The power is the share of the heat that the design states, and the head what it leaves: no duty point. What the pipes of
    /// the schedule and the units lose stands beside it.
    pub(super) fn pumps(&self, name: &str, units: LoopUnits, lost: Option<Lost>) -> Option<Equipment> {
        let duty = units.on_duty() as f64;
        if self.pumps.0 <= 0.0 || self.flow.0 <= 0.0 || duty <= 0.0 {
            return None;
        }
        let (power, flow) = (self.pumps / duty, self.flow / duty);
        let head = Pascals(power.0 * PUMP_EFFICIENCY * MOTOR_EFFICIENCY / flow.0);
        let basis = format!(
            "one with each unit, one of each loop out: {} and {}, the design's share of the heat, {} efficient with motor and \
             drive: it leaves {} of head{}; motors of the outputs of IEC 60072-1",
            liters(flow),
            brief(power),
            Share(PUMP_EFFICIENCY * MOTOR_EFFICIENCY),
            brief(head),
            lost.map_or_else(String::new, |lost| lost.against(head)),
        );
        Some(line(name, units.all(), motor(power * MOTOR_EFFICIENCY).0, "W", basis))
    }

    /// What the circuit loses on the longest way there and back, at its flow with all units.
    ///
    /// ~~~text
    /// Δp = 2·( (f·L/D + K)·ρ·v²/2 of a main + the same of a branch ) + units + halls
    /// ~~~
    ///
    /// Darcy–Weisbach with Colebrook. A main is taken at its whole flow from end to end, where tees take it off on the way: an
    /// upper bound.
    pub(super) fn lost(&self, units: LoopUnits, standing: &Standing) -> Option<Lost> {
        let (loops, halls) = (units.loops(), standing.layout.halls);
        if self.flow.0 <= 0.0 || loops == 0 || halls == 0 {
            return None;
        }
        let ways = Ways::of(standing);
        let pipe = |of: u64, length: f64| {
            let flow = self.flow / of as f64;
            let size = PipeSize::of(flow);
            let branch = Branch::Pipe {
                length: Meters(2.0 * length),
                diameter: size.inner,
                roughness: STEEL,
                fittings: 2.0 * MAIN_FITTINGS,
            };
            branch.drop(&Fluid::water(MAIN_WATER), flow / f64::from(size.parallel))
        };
        let pipes = pipe(loops, ways.along / loops as f64) + pipe(halls, ways.farthest);
        Some(Lost { pipes, ends: LOST_IN_UNITS + LOST_IN_HALLS })
    }

    /// Supply and return: along the cooling yard of each building, and from there into its halls, by the metre. Plates and chillers
    /// on towers stand in the mechanical rooms behind the halls ([`crate::layout`]), as far away.
    pub(super) fn mains(
        &self,
        name: &str,
        to: &str,
        units: LoopUnits,
        standing: &Standing,
    ) -> Vec<Equipment> {
        let (loops, halls) = (units.loops(), standing.layout.halls);
        if self.flow.0 <= 0.0 || loops == 0 || halls == 0 {
            return Vec::new();
        }
        let ways = Ways::of(standing);
        let pipe = |what: &str, length: f64, of: u64, each: &str| {
            let flow = self.flow / of as f64;
            let size = PipeSize::of(flow);
            let pairs = if of == 1 { "a pair".to_owned() } else { format!("{of} pairs") };
            let beside = if size.parallel == 1 {
                String::new()
            } else {
                format!(" in {} pipes side by side", size.parallel)
            };
            let basis =
                format!("{pairs}, {each}: {}{beside} at {} m/s", liters(flow), digits(size.speed(flow)));
            let laid = 2.0 * length * f64::from(size.parallel);
            line(&format!("{name} {what} [m]"), laid.ceil() as u64, f64::from(size.nominal) / 1e3, "m", basis)
        };
        let across = format!("branches to {to}");
        vec![
            pipe(
                "mains in the yards",
                ways.along,
                loops,
                "one for each loop, end to end along the buildings",
            ),
            pipe(&across, ways.across, halls, "one for each hall, from the yard across it"),
        ]
    }
}

/// How far water is led: along the cooling yards, from there across the halls, and to the farthest of these [m].
pub(super) struct Ways {
    along: f64,
    across: f64,
    farthest: f64,
}

impl Ways {
    pub(super) fn of(standing: &Standing) -> Self {
        let mut ways = Self { along: 0.0, across: 0.0, farthest: 0.0 };
        for floor in standing.layout.floors.iter().map(|floor| &floor.layout) {
            ways.along += (0..floor.buildings).map(|building| floor.length_of(building)).sum::<f64>();
            for hall in 0..floor.halls {
                let way = floor.building_y - floor.place_of_hall(hall).2.y;
                ways.across += way;
                ways.farthest = ways.farthest.max(way);
            }
        }
        ways
    }
}

/// Pressure that a circuit loses: in its pipes, and in units and halls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    pub(super) pipes: Pascals,
    pub(super) ends: Pascals,
}

impl Lost {
    /// In words, beside the head that the design's pump power leaves.
    pub(super) fn against(self, head: Pascals) -> String {
        let all = self.pipes + self.ends;
        let enough = if all > head { "more than that: the design's share is too small" } else { "within it" };
        format!(
            ", where pipes lose {} and units, coils and valves some {} (assumed), {enough}",
            brief(self.pipes),
            brief(self.ends)
        )
    }
}

/// A flow as pumps are sold by it.
pub(super) fn liters(flow: CubicMetersPerSecond) -> String {
    format!("{} L/s", digits(flow.0 * 1e3))
}

/// The motor that is bought for a power at its shaft; above the largest frame, that with its margin.
pub(super) fn motor(shaft: Watts) -> Watts {
    let needed = shaft * MOTOR_MARGIN;
    MOTORS.iter().map(|output| Watts(output * 1e3)).find(|output| *output >= needed).unwrap_or(needed)
}
