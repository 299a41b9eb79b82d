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

mod circuit;

use super::coolant::{MOTOR_EFFICIENCY, PUMP_EFFICIENCY};
use super::equipment::{Machine, Place};
use super::result::{CoolantLoop, Equipment, HANDLERS_OF_GEAR};
use super::sizing::{self, Draw, FacilityHour};
use super::standing::{COOLER_POWER, Standing, cooler_name};
use crate::cooling::air::CHILLED_WATER_RANGE;
use crate::cooling::heat_rejection::CONDENSER_RANGE;
use crate::cooling::{HeatLoop, HeatRejection, Plant as CoolingPlant, PlantHour, PlantLoops};
use crate::power::indoor_loss;
use crate::units::text::brief;
use crate::units::{CubicMeters, CubicMetersPerSecond, Pascals, Share, Watts};
use circuit::{Circuit, liters};

/// Units that share a loop of water, one of them spare: an assumption. The rest of what is installed over the heat is for
/// hot days and no spare.
const LOOP: u64 = 11;

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
            let basis = format!("one in each building, {} in all in the hour that takes most", liters(flow));
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
mod tests;
