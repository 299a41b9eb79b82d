//! The mechanical schedule: what is bought to carry the heat out, by rating and count.
//!
//! ~~~text
//! units     least n with  n·C ≥ r·Q  and  (n − ⌈n/11⌉)·C ≥ D        of a building: nameplate, and one of each loop out
//! pump      V = Q/(ρc·ΔT)/(n − loops),  H = η·P/V                     one with each unit; those left carry all
//! pipe      the narrowest of those sold with V ≤ 2.5 m/s·π/4·d²        mains a loop, branches a hall
//! motor     the frame above 1.1·η_m·P
//! ~~~
//!
//! Q heat that leaves by these units in the design hour, D the same with what compressors add to towers · C rating of a unit
//! · r installed ratio · P power of the pump, the plant's share of the heat · H the head that this power lifts.
//! Loops, groups of CDUs and air handlers are those that availability counts ([`super::electrical`]), yards hold these
//! units, and the bill of materials lists these lines. Left out: valves, expansion vessels, water treatment, tanks of
//! make-up water and basins of blowdown, glycol.

use super::coolant::{MOTOR_EFFICIENCY, PUMP_EFFICIENCY};
use super::equipment::{Machine, Place};
use super::result::{CoolantLoop, Equipment, HANDLERS_OF_GEAR};
use super::sizing::{self, Draw, FacilityHour};
use super::standing::{COOLER_POWER, Standing, cooler_name};
use crate::cooling::air::CHILLED_WATER_RANGE;
use crate::cooling::heat_rejection::{CONDENSER_RANGE, WATER_HEAT_CAPACITY};
use crate::cooling::hydraulics::{Branch, Fluid, PipeSize, STEEL};
use crate::cooling::{HeatLoop, HeatRejection, Plant as CoolingPlant, PlantHour, PlantLoops};
use crate::power::indoor_loss;
use crate::units::text::{brief, digits};
use crate::units::{Celsius, CubicMeters, CubicMetersPerSecond, Kelvin, Meters, Pascals, Share, Watts};

/// Units that share a loop of water, one of them spare: an assumption. The rest of what is installed over the heat is for
/// hot days and no spare.
const LOOP: u64 = 11;
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
const MAIN_FITTINGS: f64 = 4.0;
/// Water at which mains are reckoned: from 15 °C to 45 °C their loss changes by 5 %.
const MAIN_WATER: Celsius = Celsius(25.0);

/// Units in loops of water, the same in every building; each loop works with one of its units out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LoopUnits {
    /// Buildings.
    buildings: u64,
    /// Units of one.
    of_building: u64,
}

impl LoopUnits {
    /// Units for a nameplate that carry what they have to in the design hour with one of each loop out.
    fn carrying(nameplate: Watts, needed: Watts, buildings: u64) -> Self {
        let buildings = buildings.max(1);
        if nameplate.max(needed).0 <= 0.0 {
            return Self { buildings, of_building: 0 };
        }
        let each = |heat: Watts| heat / COOLER_POWER / buildings as f64;
        let mut units = (each(nameplate) - 1e-9).ceil().max(2.0) as u64;
        while ((units - units.div_ceil(LOOP)) as f64) < each(needed) - 1e-9 {
            units += 1;
        }
        Self { buildings, of_building: units }
    }

    /// All of them.
    pub fn all(self) -> u64 {
        self.buildings * self.of_building
    }

    /// Loops of the site.
    pub fn loops(self) -> u64 {
        self.buildings * self.of_building.div_ceil(LOOP)
    }

    /// Units of the largest loop, the spare one among them.
    pub fn of_loop(self) -> u32 {
        let loops = self.of_building.div_ceil(LOOP).max(1);
        self.of_building.div_ceil(loops) as u32
    }

    /// Those that carry the heat while one of each loop is out.
    pub fn on_duty(self) -> u64 {
        self.all() - self.loops()
    }

    /// Words for how they are grouped.
    fn grouped(self) -> String {
        let (loops, largest) = (self.loops(), u64::from(self.of_loop()));
        let each = format!("{} + 1", largest.saturating_sub(1));
        if loops == 1 { format!("a loop of {each}") } else { format!("{loops} loops of up to {each}") }
    }
}

/// Of the heat that leaves, a part below this is rounding and no machine's.
const ROUNDING: f64 = 1e-9;

/// Units outside that throw the heat out. Towers take what compressors add, for the others it is no part of the rating.
pub(super) fn heat_rejection(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    buildings: u64,
) -> LoopUnits {
    let [nameplate, _] = nameplates(place, loads, design);
    LoopUnits::carrying(nameplate, by_units(place, loads, design), buildings)
}

/// Nameplates that the ratio of the design asks of the units outside and of the chillers beside them.
pub(super) fn nameplates(place: &Place, loads: &[(&Machine, &Draw)], design: &FacilityHour) -> [Watts; 2] {
    let ratio = place.plant.installed_ratio.value();
    let elsewhere = leaving(place, design) - by_units(place, loads, design);
    let outside = place.plant.installed_rejection(&design.plant) - elsewhere * ratio;
    [outside.max(Watts(0.0)), by_chillers(place, loads, design) * ratio]
}

/// Of the heat that leaves, what coolers take where air-cooled chillers throw out their own: the coolant's with what its pumps
/// add, which comes to them alone in cooler hours; all of it where no chillers stand beside them.
pub(super) fn by_units(place: &Place, loads: &[(&Machine, &Draw)], design: &FacilityHour) -> Watts {
    match place.plant.heat_rejection {
        HeatRejection::DryCooler | HeatRejection::AdiabaticCooler
            if by_chillers(place, loads, design).0 > 0.0 =>
        {
            heat_of_loops(place, loads, design)[0]
        }
        _ => leaving(place, design),
    }
}

/// Heat of coolant, rear doors and air of the halls in the design hour, with what their pumps and fans add.
fn heat_of_loops(place: &Place, loads: &[(&Machine, &Draw)], design: &FacilityHour) -> [Watts; 3] {
    let mut sums = [0.0; 3];
    for plant in sizing::at_part(place, loads, design, 1.0).loops {
        for (sum, heat) in sums.iter_mut().zip(plant.loops) {
            *sum += heat.heat_w;
        }
    }
    sums.map(Watts)
}

/// Heat that the units outside have to take in the worse of the design hours.
fn leaving(place: &Place, design: &FacilityHour) -> Watts {
    let towers = place.plant.heat_rejection.has_towers();
    let of = |hour: &PlantHour| hour.rejected - if towers { Watts(0.0) } else { hour.compressors };
    of(&design.plant).max(of(&design.other.1))
}

/// Heat that chillers of their own are bought for; none where the units outside are chillers themselves, or none run.
///
/// ~~~text
/// max( through evaporators in the design hour, doors and air of the halls )      the second where they have free-cooling coils
/// ~~~
///
/// An economiser is a coil before the condensers of the same chillers, rated for the heat that their evaporators are (an
/// assumption): in cool hours it takes all heat of doors and air handlers, also where the design hour is too cool to ask for
/// compressors for all of it.
pub(super) fn by_chillers(place: &Place, loads: &[(&Machine, &Draw)], design: &FacilityHour) -> Watts {
    let chilled = design.chilled();
    let none = chilled.0 <= ROUNDING * design.plant.rejected.0;
    if none || place.plant.heat_rejection == HeatRejection::AirCooledChiller {
        return Watts(0.0);
    }
    if !has_coils(&place.plant) {
        return chilled;
    }
    let [_, doors, air] = heat_of_loops(place, loads, design);
    chilled.max(doors + air)
}

/// Whether chillers beside coolers have free-cooling coils.
fn has_coils(plant: &CoolingPlant) -> bool {
    let beside = matches!(plant.heat_rejection, HeatRejection::DryCooler | HeatRejection::AdiabaticCooler);
    beside && plant.economizer
}

/// Chillers that are machines of their own.
pub(super) fn chillers(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    buildings: u64,
) -> LoopUnits {
    let [_, nameplate] = nameplates(place, loads, design);
    LoopUnits::carrying(nameplate, by_chillers(place, loads, design), buildings)
}

/// What those chillers are called, as they are bought.
pub(super) fn chiller_name(plant: &CoolingPlant) -> &'static str {
    match plant.heat_rejection {
        kind if kind.has_towers() => "water-cooled chillers",
        HeatRejection::AdiabaticCooler if has_coils(plant) && plant.pad_effectiveness.0 > 0.0 => {
            "air-cooled chillers with free-cooling coils and wetted pads"
        }
        _ if has_coils(plant) => "air-cooled chillers with free-cooling coils",
        _ => "air-cooled chillers",
    }
}

/// Heat rejection to install: by the ratio of the design, and no less than the nameplates of what is bought.
///
/// ~~~text
/// max( r·Q, C·(n + m) )      n units outside, m chillers beside coolers, which throw out heat of their own
/// ~~~
///
/// Heat that passes several of these machines is bought, and priced, once: chillers on towers hand theirs to the towers, and
/// outside-air units, the air handlers of their plant, carry by turns with the chillers behind them what these do.
pub(super) fn installed(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    buildings: u64,
) -> Watts {
    let outside = heat_rejection(place, loads, design, buildings).all();
    let own = chillers(place, loads, design, buildings).all();
    let units = match place.plant.heat_rejection {
        HeatRejection::DryCooler | HeatRejection::AdiabaticCooler => outside + own,
        _ => outside.max(own),
    };
    place.plant.installed_rejection(&design.plant).max(COOLER_POWER * units as f64)
}

/// One line of the schedule.
fn line(name: &str, count: u64, rating: f64, unit: &str, basis: String) -> Equipment {
    Equipment { name: name.into(), count, rating, unit: unit.into(), basis }
}

/// What the schedule is made from.
struct Plant<'a> {
    place: &'a Place,
    loads: &'a [(&'a Machine, &'a Draw)],
    design: &'a FacilityHour,
    wettest: &'a PlantHour,
    standing: &'a Standing,
}

/// A circuit of water: what flows, what its pumps take.
struct Circuit {
    flow: CubicMetersPerSecond,
    pumps: Watts,
}

impl Circuit {
    /// The circuit of some loops, whose pumps take this for each watt.
    fn of<'a>(loops: impl Iterator<Item = &'a HeatLoop>, share: f64) -> Self {
        let (mut heat, mut flow) = (0.0, 0.0);
        for water in loops.filter(|water| water.heat_w > 0.0) {
            heat += water.heat_w;
            flow += water.heat_w / (WATER_HEAT_CAPACITY * water.range_k.max(f64::MIN_POSITIVE));
        }
        Self { flow: CubicMetersPerSecond(flow), pumps: Watts(heat * share) }
    }

    /// A circuit of a heat over one range.
    fn over(heat: Watts, range: Kelvin, pumps: Watts) -> Self {
        Self { flow: CubicMetersPerSecond(heat.0 / (WATER_HEAT_CAPACITY * range.0)), pumps }
    }

    /// One pump with each unit of some loops.
    ///
    /// The power is the share of the heat that the design states, and the head what it leaves: no duty point. What the pipes of
    /// the schedule and the units lose stands beside it.
    fn pumps(&self, name: &str, units: LoopUnits, lost: Option<Lost>) -> Option<Equipment> {
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
    fn lost(&self, units: LoopUnits, standing: &Standing) -> Option<Lost> {
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
    fn mains(&self, name: &str, to: &str, units: LoopUnits, standing: &Standing) -> Vec<Equipment> {
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
struct Ways {
    along: f64,
    across: f64,
    farthest: f64,
}

impl Ways {
    fn of(standing: &Standing) -> Self {
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
struct Lost {
    pipes: Pascals,
    ends: Pascals,
}

impl Lost {
    /// In words, beside the head that the design's pump power leaves.
    fn against(self, head: Pascals) -> String {
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
fn liters(flow: CubicMetersPerSecond) -> String {
    format!("{} L/s", digits(flow.0 * 1e3))
}

/// The motor that is bought for a power at its shaft; above the largest frame, that with its margin.
fn motor(shaft: Watts) -> Watts {
    let needed = shaft * MOTOR_MARGIN;
    MOTORS.iter().map(|output| Watts(output * 1e3)).find(|output| *output >= needed).unwrap_or(needed)
}

/// The whole schedule, from the yard to the racks.
pub(super) fn schedule(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    (design, wettest): (&FacilityHour, &PlantHour),
    standing: &Standing,
    coolant: &[CoolantLoop],
    tanks: CubicMeters,
) -> Vec<Equipment> {
    if design.it.0 <= 0.0 {
        return Vec::new();
    }
    let plant = Plant { place, loads, design, wettest, standing };
    let mut all = plant.outside();
    all.extend(plant.water());
    if tanks.0 > 0.0 {
        let buildings = standing.layout.buildings.max(1);
        let basis = format!("one in each building, {} in all, until chillers are back", brief(tanks));
        all.push(line("chilled-water tanks", buildings, tanks.0 / buildings as f64, "m3", basis));
    }
    all.extend(plant.make_up());
    all.extend(units_of_coolant(place, coolant));
    all.extend(pipes_of_coolant(standing, coolant));
    all.extend(plant.air());
    all
}

impl Plant<'_> {
    fn buildings(&self) -> u64 {
        self.standing.layout.buildings
    }

    /// Coolers, towers with their plates, and chillers.
    fn outside(&self) -> Vec<Equipment> {
        let (place, design) = (self.place, self.design);
        let kind = place.plant.heat_rejection;
        let mut all = Vec::new();
        let mut units = |name: &str, units: LoopUnits, needed: Watts, what: &str| {
            if units.all() > 0 {
                let loaded = |count: u64| Share(needed / (COOLER_POWER * count as f64));
                let basis = format!(
                    "{what}: {} loaded, {} with one of each loop out; {}",
                    loaded(units.all()),
                    loaded(units.on_duty()),
                    units.grouped(),
                );
                all.push(line(name, units.all(), COOLER_POWER.0, "W", basis));
            }
        };
        let outside = heat_rejection(place, self.loads, design, self.buildings());
        let needed = by_units(place, self.loads, design);
        let what = format!("{} to throw out in the design hour", brief(needed));
        units(cooler_name(&place.plant), outside, needed, &what);
        // Without an economiser all water comes from chillers, and towers cool their condensers alone.
        if kind == HeatRejection::Tower && place.plant.economizer {
            let needed = leaving(place, design);
            let what = format!("{} from facility to tower water in the design hour", brief(needed));
            units("plate heat exchangers", outside, needed, &what);
        }
        let own = chillers(place, self.loads, design, self.buildings());
        let needed = by_chillers(place, self.loads, design);
        let chilled = design.chilled();
        let work = Share(design.compressors() / chilled.max(Watts(f64::MIN_POSITIVE)));
        let coils = if has_coils(&place.plant) {
            let [_, doors, air] = heat_of_loops(place, self.loads, design);
            format!(
                "; coils for {} of halls and doors in cool hours, {} of what these are bought for",
                brief(doors + air),
                Share((doors + air) / needed.max(Watts(f64::MIN_POSITIVE)))
            )
        } else {
            String::new()
        };
        let what = format!(
            "{} through evaporators, {work} of it as compressor power, in the design hour{coils}",
            brief(chilled)
        );
        units(chiller_name(&place.plant), own, needed, &what);
        all
    }

    /// Pumps of a circuit, beside what its pipes lose.
    fn pumps(&self, circuit: &Circuit, name: &str, units: LoopUnits) -> Option<Equipment> {
        circuit.pumps(name, units, circuit.lost(units, self.standing))
    }

    /// Pumps and mains of facility, chilled and tower water.
    fn water(&self) -> Vec<Equipment> {
        let outside = heat_rejection(self.place, self.loads, self.design, self.buildings());
        let own = chillers(self.place, self.loads, self.design, self.buildings());
        if self.place.plant.heat_rejection.is_outside_air() {
            return self.water_of_chillers(own);
        }
        let loops = sizing::at_part(self.place, self.loads, self.design, 1.0).loops;
        let pumps: Watts = loops.iter().map(PlantLoops::water_pumps).sum();
        let waters = || loops.iter().flat_map(|plant| plant.loops.iter().enumerate());
        let whole: f64 = waters().map(|(_, water)| water.heat_w).sum();
        let share = if whole > 0.0 { pumps.0 / whole } else { 0.0 };
        // Chillers of their own carry air handlers and doors, and the coolant where no outside air may cool it.
        let parted = own.all() > 0;
        let chilled = |(place, water): &(usize, &HeatLoop)| parted && (*place > 0 || water.free <= 0.0);
        let facility = Circuit::of(waters().filter(|water| !chilled(water)).map(|(_, water)| water), share);
        let mut all: Vec<_> = self.pumps(&facility, "facility-water pumps", outside).into_iter().collect();
        all.extend(facility.mains("facility-water", "the halls", outside, self.standing));
        if parted {
            let chilled = Circuit::of(waters().filter(chilled).map(|(_, water)| water), share);
            all.extend(self.pumps(&chilled, "chilled-water pumps", own));
            all.extend(chilled.mains("chilled-water", "the halls", own, self.standing));
        }
        if self.place.plant.heat_rejection.has_towers() {
            let pumps = loops.iter().map(|plant| plant.tower_pumps).sum();
            let tower = Circuit::over(leaving(self.place, self.design), CONDENSER_RANGE, pumps);
            all.extend(self.pumps(&tower, "tower-water pumps", outside));
            let to = if self.place.plant.economizer { "plates and chillers" } else { "chillers" };
            all.extend(tower.mains("tower-water", to, outside, self.standing));
        }
        all
    }

    /// Water of chillers behind outside air, which alone has any: to the coils of the halls, and from condensers to towers.
    ///
    /// ~~~text
    /// V = Q/(ρc·10 K) to the coils,  (Q + W)/(ρc·5.5 K) to the towers
    /// ~~~
    ///
    /// Q heat through evaporators, W work of compressors in the design hour · pumps take the shares of Q that the design states.
    fn water_of_chillers(&self, own: LoopUnits) -> Vec<Equipment> {
        let plant = &self.place.plant;
        let (chilled, work) = (self.design.chilled(), self.design.compressors());
        if own.all() == 0 {
            return Vec::new();
        }
        let coils = Circuit::over(chilled, CHILLED_WATER_RANGE, chilled * plant.facility_pump_share.0);
        let mut all: Vec<_> = self.pumps(&coils, "chilled-water pumps", own).into_iter().collect();
        all.extend(coils.mains("chilled-water", "the halls", own, self.standing));
        if plant.heat_rejection.has_towers() {
            let pumps = chilled * plant.condenser_pump_share.0;
            let tower = Circuit::over(chilled + work, CONDENSER_RANGE, pumps);
            all.extend(self.pumps(&tower, "tower-water pumps", own));
            all.extend(tower.mains("tower-water", "chillers", own, self.standing));
        }
        all
    }

    /// Connections for make-up water and for what is blown down, by their flow in the hour that takes most.
    fn make_up(&self) -> Vec<Equipment> {
        let (plant, buildings) = (self.wettest, self.buildings().max(1));
        let connection = |name: &str, flow: CubicMetersPerSecond| {
            let basis = format!(
                "one in each building, {} in all at full load in the hour that takes most",
                liters(flow)
            );
            (flow.0 > 0.0).then(|| line(name, buildings, flow.0 / buildings as f64, "m3/s", basis))
        };
        let of = [("make-up water connections", plant.water), ("blowdown drains", plant.blown_down())];
        of.into_iter().filter_map(|(name, flow)| connection(name, flow)).collect()
    }

    /// What electrical gear, lights and controls give to the air of their rooms.
    fn indoor(&self) -> Watts {
        let kept =
            self.design.essential.as_ref().map_or(Watts(0.0), |ups| indoor_loss(std::slice::from_ref(ups)));
        indoor_loss(&self.design.to_racks) + kept + self.design.house
    }

    /// Air handlers, and doors of coil.
    fn air(&self) -> Vec<Equipment> {
        let mut all = Vec::new();
        let layout = &self.standing.layout;
        let handlers: u64 = layout.floors.iter().map(|floor| floor.layout.air_handlers()).sum();
        if handlers > 0 {
            let fans = if self.place.plant.rear_door.is_some() { "fans and those of doors" } else { "fans" };
            let basis = format!(
                "for what racks give to the air, one spare in each hall and network room, bought by volume: heat in the \
                 air of the site; all {fans} take {} in the design hour",
                brief(self.design.plant.air_handlers)
            );
            all.push(line("air handlers", handlers, self.place.air_handler().0, "W", basis));
        }
        let indoor = self.indoor();
        if indoor.0 > 0.0 {
            let buildings = self.buildings().max(1);
            let each = (indoor / self.place.air_handler() / buildings as f64 - 1e-9).ceil() as u64 + 1;
            let basis = format!(
                "for {} that electrical gear, lights and controls give off indoors, one spare in each building",
                brief(indoor)
            );
            all.push(line(HANDLERS_OF_GEAR, each * buildings, self.place.air_handler().0, "W", basis));
        }
        if let Some(doors) = self.place.plant.rear_door {
            let racks = self.standing.racks;
            let racks = racks.compute + racks.network + racks.storage + racks.management;
            let air: Watts = self.loads.iter().map(|(_, draw)| draw.air).sum();
            let each = air * doors.share.0 / racks.max(1) as f64;
            let basis = format!("one a rack, {} of what racks give to the air; the mean of all", doors.share);
            all.push(line("rear doors", racks, each.0, "W", basis));
        }
        all
    }
}

/// CDUs and their pumps.
///
/// Pumps are bought by the catalogue's share of the heat, which makers' nameplates state, for 1.5 L/min a kilowatt. What they
/// draw is less by two factors: racks ask for less flow than units are rated for (GB300 racks at 40 °C 0.98 L/min a
/// kilowatt, 0.65 of it), and that flow loses 129 kPa in racks, hoses and pipes where the nameplate lifts 259 kPa, 0.50 of
/// it: 0.65 · 0.50 of 1 % is 0.33 %. At 45 °C, or with a unit out, the same pumps run faster.
fn units_of_coolant(place: &Place, coolant: &[CoolantLoop]) -> Vec<Equipment> {
    let [duty, spare] = coolant.iter().fold([0, 0], |sum, own| [sum[0] + own.cdus[0], sum[1] + own.cdus[1]]);
    let all = duty + spare;
    if all == 0 {
        return Vec::new();
    }
    let capacity = place.cdus.capacity;
    let basis =
        format!("{duty} that carry the heat of the coolant and {spare} that stand by, one for each group");
    let drawn: Vec<String> = coolant.iter().map(drawn).collect();
    let bought = capacity * place.plant.coolant_pump_share.0;
    let rated = super::coolant::RATED_FLOW * capacity;
    let head = Pascals(bought.0 * PUMP_EFFICIENCY * MOTOR_EFFICIENCY / rated.0);
    let pumps = format!(
        "one in each CDU, {} of its heat, which lifts {} by {}; {}",
        place.plant.coolant_pump_share,
        liters(rated),
        brief(head),
        drawn.join("; ")
    );
    vec![line("CDUs", all, capacity.0, "W", basis), line("CDU pumps", all, bought.0, "W", pumps)]
}

/// What the racks of a system ask of the pumps, beside what they are bought for.
fn drawn(own: &CoolantLoop) -> String {
    let group = own.group.flows.as_ref().ok().filter(|_| own.pumps_are_solved);
    let Some(all) = group.map(|flows| flows.all) else {
        return format!("{} is taken to draw {} of the heat", own.system, own.pump_share);
    };
    // What flows is what the hydraulic power lifts by the head of the pumps.
    let each =
        CubicMetersPerSecond(all.hydraulic.0 / all.head.0.max(f64::MIN_POSITIVE) / f64::from(all.running));
    format!(
        "{} asks for {} against {} of each of {} running, {} loaded, and so draws {} of the heat",
        own.system,
        liters(each),
        brief(all.head),
        all.running,
        all.load,
        own.pump_share,
    )
}

/// Manifolds of rows and headers of halls, by the metre.
fn pipes_of_coolant(standing: &Standing, coolant: &[CoolantLoop]) -> Vec<Equipment> {
    let mut all = Vec::new();
    for own in coolant {
        let Some(floor) = standing.layout.floors.iter().find(|floor| floor.system == own.system) else {
            continue;
        };
        let (hall, halls) = (&floor.layout.hall, floor.layout.halls);
        let mut pipe = |name: &str, nominal: u32, length: f64, each: String| {
            let name = format!("{name} of {} [m]", own.system);
            all.push(line(&name, (2.0 * length).ceil() as u64, f64::from(nominal) / 1e3, "m", each));
        };
        let rows = halls * hall.rows.len() as u64;
        if let Ok(row) = &own.row {
            let each = format!("supply and return of {rows} rows, {} each", liters(row.flow));
            pipe("row manifolds", row.nominal_diameter, rows as f64 * hall.grid.row_length(), each);
        }
        if let Ok(flows) = &own.group.flows {
            let each = format!("supply and return about {halls} halls, fed along their length");
            pipe("hall headers", flows.nominal_diameter, halls as f64 * (hall.width + hall.depth), each);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::plan::{Options, Plan, plan};
    use crate::scenario::{Flags, resolve};

    fn planned(power: &str, set: &[&str]) -> Plan {
        let mut catalog = Catalog::default();
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags = Flags { power: Some(power.into()), set, ..Flags::default() };
        let scenario =
            resolve(Some(("test", "serving = []\ntraining = []\n")), &flags, &mut catalog).unwrap();
        plan(&scenario, &catalog, Options::default()).unwrap()
    }

    fn of<'a>(plan: &'a Plan, name: &str) -> Option<&'a Equipment> {
        plan.cooling.schedule.iter().find(|line| line.name == name)
    }

    /// Units that are left with one of each loop of a building out.
    fn left(plan: &Plan, line: &Equipment) -> (f64, u64) {
        let buildings = plan.layout.buildings;
        assert_eq!(line.count % buildings, 0, "{line:?}");
        let loops = (line.count / buildings).div_ceil(LOOP);
        ((line.count - loops * buildings) as f64 * line.rating, (line.count / buildings).div_ceil(loops))
    }

    #[test]
    fn units_carry_their_heat_with_one_of_each_loop_out() {
        let all = |nameplate: f64, needed: f64, buildings| {
            let units = LoopUnits::carrying(Watts(nameplate * 1e6), Watts(needed * 1e6), buildings);
            (units.all(), units.loops(), units.of_loop())
        };
        // 13 / 1.47 = 8.8: nine, of which eight carry 11.8 MW.
        assert_eq!(all(13.0, 10.0, 1), (9, 1, 9));
        // Two units would leave 1.47 MW of 2.8.
        assert_eq!(all(2.9, 2.8, 1), (3, 1, 3));
        assert_eq!(all(0.1, 0.1, 1), (2, 1, 2));
        // 130 / 1.47 / 4 = 22.1 in each of four buildings: 23 in three loops of up to eight.
        assert_eq!(all(130.0, 100.0, 4), (92, 12, 8));
        assert_eq!(all(0.0, 0.0, 4), (0, 0, 0));
        // Whatever the nameplate, the heat is carried.
        assert_eq!(all(0.0, 2.8, 1), (3, 1, 3));
    }

    #[test]
    fn a_pump_lifts_what_its_power_does() {
        // 14.7 MW over 10 K is 351.7 L/s for ten of eleven: 35.17 L/s each, and 1 % of the heat 14.7 kW each.
        // 14.7 kW · 0.72 · 0.9 / 35.17 L/s = 270.9 kPa; shaft 13.23 kW, with 10 % 14.55: a motor of 15 kW.
        let water = HeatLoop { heat_w: 14.7e6, range_k: 10.0, ..HeatLoop::default() };
        let circuit = Circuit::of([water].iter(), 0.01);
        let line = circuit.pumps("pumps", LoopUnits { buildings: 1, of_building: 11 }, None).unwrap();
        assert_eq!(line.count, 11);
        assert!((line.rating - 15e3).abs() < 1e-6, "{line:?}");
        assert!(
            line.basis.contains("35.17 L/s and 14.7 kW") && line.basis.contains("leaves 270.9 kPa"),
            "{}",
            line.basis
        );
        assert!((motor(Watts(1e6)).0 - 1.1e6).abs() < 1e-3);
    }

    #[test]
    fn what_pipes_lose_is_told_beside_the_head_that_the_share_leaves() {
        let plan = planned("150 MW", &[]);
        let pumps = of(&plan, "facility-water pumps").unwrap();
        assert!(pumps.basis.contains("some 180 kPa (assumed), within it"), "{}", pumps.basis);
        // A pump power of a tenth lifts a tenth, which no circuit is content with.
        let plan = planned("150 MW", &["catalog.cooling.warm-water-adiabatic.facility_pump_share=0.1 %"]);
        let pumps = of(&plan, "facility-water pumps").unwrap();
        assert!(pumps.basis.contains("the design's share is too small"), "{}", pumps.basis);
        // 100 L/s in DN 250 of 264.7 mm: 1.817 m/s, Re 5.4e5, f 0.0147; 2·50 m lose (0.0147·100/0.2647 + 8)·997·1.817²/2
        // = 22.3 kPa.
        let pipe = Branch::Pipe {
            length: Meters(100.0),
            diameter: Meters(0.264_7),
            roughness: STEEL,
            fittings: 2.0 * MAIN_FITTINGS,
        };
        let drop = pipe.drop(&Fluid::water(MAIN_WATER), CubicMetersPerSecond(0.1));
        assert!((drop.0 / 22.3e3 - 1.0).abs() < 0.02, "{drop:?}");
    }

    #[test]
    fn every_plant_buys_what_its_heat_balance_needs_with_one_out_of_each_group() {
        for design in Catalog::default().ids("cooling") {
            let system = if design.starts_with("outside-air") { "hgx-h100" } else { "gb300-nvl72" };
            for power in ["4 MW", "150 MW"] {
                let set = [format!("cooling.design={design}"), format!("systems.0.id={system}")];
                let plan = planned(power, &set.each_ref().map(String::as_str));
                let what = format!("{design} {power}");
                let over = |name: &str| {
                    plan.power
                        .overheads
                        .iter()
                        .filter(|(known, _)| known == name)
                        .map(|(_, load)| load.0)
                        .sum::<f64>()
                };
                let blocks = &plan.electrical.cooled.as_ref().unwrap().blocks;
                let agrees = |name: &str, of_loop: u64| {
                    let block = blocks.iter().find(|block| block.name.starts_with(name)).unwrap();
                    assert_eq!(block.arrangement, format!("{}+1 a loop", of_loop - 1), "{what}");
                };
                // All power of racks is heat, and so is what pumps and fans of the halls take.
                let outside = &plan.cooling.schedule[0];
                let inside = plan.power.it_provisioned.0 + over("pumps") + over("air handlers");
                let (carried, of_loop) = left(&plan, outside);
                // Air-cooled chillers beside coolers throw out their own.
                let beside = if outside.name.ends_with("coolers") { plan.cooling.chilled.0 } else { 0.0 };
                assert!(carried + beside >= inside, "{what}: {carried} {beside} {inside}");
                let is_chiller = plan.cooling.chilled.0 > 0.0 && outside.name.contains("chiller");
                agrees(if is_chiller { "chillers" } else { "coolers" }, of_loop);
                let own =
                    plan.cooling.schedule[1..].iter().find(|line| line.name.contains("-cooled chillers"));
                assert_eq!(own.is_some(), plan.cooling.chilled.0 > 0.0 && !is_chiller, "{what}");
                if let Some(chillers) = own {
                    let (carried, of_loop) = left(&plan, chillers);
                    assert!(carried >= plan.cooling.chilled.0 * (1.0 - 1e-9), "{what}");
                    agrees("chillers", of_loop);
                    assert_eq!(of(&plan, "chilled-water pumps").unwrap().count, chillers.count, "{what}");
                    assert!(of(&plan, "chilled-water mains in the yards [m]").is_some(), "{what}");
                }
                let towers = of(&plan, "tower-water pumps").is_some();
                assert_eq!(towers, design.contains("tower") || design == "water-cooled-chillers", "{what}");
                assert_eq!(towers, of(&plan, "tower-water mains in the yards [m]").is_some(), "{what}");
                // Chillers beside coolers throw out their own; those behind towers or outside air the same heat again.
                let second = own.filter(|_| outside.name.ends_with(" coolers"));
                let bought = [Some(outside), second].into_iter().flatten();
                let bought: f64 = bought.map(|line| line.count as f64 * line.rating).sum();
                assert!(plan.cooling.installed_rejection.0 >= bought * (1.0 - 1e-12), "{what}");
                if let Some(pumps) = of(&plan, "facility-water pumps") {
                    assert_eq!(pumps.count, outside.count, "{what}");
                }
                // Units of coolant and of air, as the halls hold them.
                let spare: u64 = plan.cooling.coolant.iter().map(|own| own.cdus[1]).sum();
                let cdus = of(&plan, "CDUs").map_or(0, |line| line.count);
                assert_eq!(cdus, plan.fleet.racks.cdu, "{what}");
                let liquid: f64 = plan
                    .layout
                    .floors
                    .iter()
                    .map(|floor| {
                        let demand = &floor.layout.demand;
                        demand.unit_liquid.0 * demand.compute_racks as f64 / demand.unit_compute_racks as f64
                    })
                    .sum();
                assert!(beside <= 0.0 || carried >= liquid, "{what}: all coolant in cooler hours");
                if cdus > 0 {
                    let capacity = of(&plan, "CDUs").unwrap().rating;
                    assert!((cdus - spare) as f64 * capacity >= liquid * (1.0 - 1e-9), "{what}");
                }
                assert!(
                    plan.cooling.schedule.iter().all(|line| line.count > 0 && line.rating > 0.0),
                    "{what}"
                );
            }
        }
    }

    #[test]
    fn chillers_behind_outside_air_have_water_of_their_own() {
        let plan = planned("150 MW", &["cooling.design=outside-air-towers", "systems.0.id=hgx-h100"]);
        let chilled = plan.cooling.chilled.0;
        let work = plan.power.overheads.iter().find(|(name, _)| name == "chillers").unwrap().1.0;
        let flow = |name: &str, loops: u64| {
            let basis = &of(&plan, name).unwrap().basis;
            let each = basis.split("out: ").nth(1).unwrap().split(" L/s").next().unwrap();
            each.replace([' ', ','], "").parse::<f64>().unwrap() / 1e3 * loops as f64
        };
        let chillers = of(&plan, "water-cooled chillers").unwrap().count;
        let duty = chillers - (chillers / plan.layout.buildings).div_ceil(LOOP) * plan.layout.buildings;
        // Q/(4.18 MJ/(m³·K) · 10 K) to the coils, (Q + W)/(4.18 · 5.5) to the towers; four digits are shown.
        let coils = flow("chilled-water pumps", duty) / (chilled / 41.8e6);
        let towers = flow("tower-water pumps", duty) / ((chilled + work) / 22.99e6);
        assert!((coils - 1.0).abs() < 1e-3 && (towers - 1.0).abs() < 1e-3, "{coils} {towers}");
        // Branches as wide as their flow asks: no speed above 2.5 m/s.
        for line in
            plan.cooling.schedule.iter().filter(|line| line.name.contains("-water") && line.unit == "m")
        {
            let speed = line.basis.split(" at ").nth(1).unwrap().split(" m/s").next().unwrap();
            assert!(speed.parse::<f64>().unwrap() <= 2.5, "{line:?}");
        }
    }

    #[test]
    fn what_no_coolant_needs_is_not_bought_and_coils_come_with_the_chillers() {
        let set = ["site.id=phoenix-az", "cooling.design=warm-water-adiabatic", "systems.0.id=hgx-h100"];
        let plan = planned("250 MW", &set);
        assert!(of(&plan, "adiabatic coolers").is_none(), "air-cooled racks have no coolant to cool");
        let chillers = of(&plan, "air-cooled chillers with free-cooling coils and wetted pads").unwrap();
        assert_eq!(plan.cooling.schedule[0].name, chillers.name);
        // Where the design hour asks little of compressors, the coils still carry the halls: 4 % of fans over their heat.
        let plan = planned("150 MW", &["site.id=lulea", "cooling.design=warm-water-dry"]);
        let name = "air-cooled chillers with free-cooling coils";
        let fans = plan.power.overheads.iter().find(|(name, _)| name == "air handlers").unwrap().1.0;
        let air = fans / 0.04 * 1.04;
        if let Some(chillers) = of(&plan, name) {
            assert!(left(&plan, chillers).0 >= air * (1.0 - 1e-9), "{chillers:?} {air}");
        } else {
            assert!(plan.cooling.chilled.0 <= 0.0);
        }
    }

    #[test]
    fn what_is_to_install_and_its_price_are_no_less_than_what_is_bought() {
        let of_ratio = |ratio: &str| {
            planned("150 MW", &[&format!("catalog.cooling.warm-water-adiabatic.installed_ratio={ratio}")])
        };
        let (least, usual) = (of_ratio("1.0"), of_ratio("1.24"));
        let bought = |plan: &Plan| -> f64 {
            plan.cooling.schedule[..2].iter().map(|line| line.count as f64 * line.rating).sum()
        };
        for plan in [&least, &usual] {
            assert!(plan.cooling.schedule[1].name.contains("chillers"));
            assert!((plan.cooling.installed_rejection.0 / bought(plan) - 1.0).abs() < 1e-12);
        }
        // One of eleven stands by: 11/10 of the heat is the least that any ratio buys.
        assert!(bought(&least) < bought(&usual) && bought(&least) > 1.05 * bought(&usual) / 1.24);
    }

    #[test]
    fn air_handlers_carry_what_racks_and_electrical_gear_give_to_the_air() {
        let plan = planned("150 MW", &[]);
        // Fans take 4 % of the heat that the handlers carry.
        let fans = plan.power.overheads.iter().find(|(name, _)| name == "air handlers").unwrap().1;
        let heat = fans.0 / 0.04;
        let each = of(&plan, "air handlers").unwrap().rating;
        assert!((each / (400e3 * plan.cooling.air_density.0) - 1.0).abs() < 1e-12, "{each}");
        let (halls, rooms) =
            (of(&plan, "air handlers").unwrap(), of(&plan, "air handlers of electrical rooms").unwrap());
        let floor = &plan.layout.floors[0].layout;
        let spare = floor.halls + plan.layout.buildings * u64::from(floor.network_room.is_some());
        let left = (halls.count - spare + rooms.count - plan.layout.buildings) as f64 * each;
        assert!(left >= heat * (1.0 - 1e-9), "{left} {heat}");
        assert!(left < 1.5 * heat, "{left} {heat}");
    }

    #[test]
    fn the_bill_lists_the_schedule_and_buys_it_in_one_sum() {
        let plan = planned("150 MW", &[]);
        let lines: Vec<_> = plan.bill.iter().filter(|item| item.part == "cooling").collect();
        assert_eq!(lines.len(), plan.cooling.schedule.len() + 1);
        assert!(lines[0].cost.0 > 0.0 && lines[1..].iter().all(|line| line.cost.0.abs() < 1e-9));
        for (item, line) in lines[1..].iter().zip(&plan.cooling.schedule) {
            assert!(line.name.starts_with(&item.item) && (item.count - line.count as f64).abs() < 1e-9);
            assert_eq!(item.unit == "m", line.unit == "m", "{line:?}");
        }
    }
}
