//! Heat in, power and water out, by the hour.
//!
//! Racks hand their heat to coolant or to the hall's air. Coolant passes it to facility water ([`direct_to_chip`]),
//! doors of coil ([`rear_door`]) and air handlers ([`air`]) pass it to chilled water; coolers, towers and chillers
//! throw it out ([`heat_rejection`]). A plant is a list of heat loops, coefficients without kinds, for one load.
//! What it needs depends on dry and wet bulb ([`psychrometrics`]): the design hour sizes the site, a year,
//! synthesised or from a weather file, writes the bill ([`year`]). Pipes are in [`hydraulics`]. Left out: heat
//! storage, immersion cooling, start-up transients, and spare units that run along.

pub mod air;
pub mod direct_to_chip;
pub mod heat_rejection;
pub mod hydraulics;
pub mod psychrometrics;
pub mod rear_door;
pub mod year;

pub use heat_rejection::{Air, HeatLoop, LoopHour, loop_hour};
pub use rear_door::RearDoor;
pub use year::{AnnualCooling, DesignHour, DesignWeather, MonthlyWeather, Year, annual, design_hour};

use crate::units::{Celsius, CubicMetersPerSecond, Kelvin, Pascals, Ratio, Share, Watts};
use heat_rejection::{Coolers, blowdown_ratio, coil_approach, thin_air_approach};
use psychrometrics::{
    SEA_LEVEL, humidity_ratio, humidity_ratio_from_wet_bulb, saturation_pressure, wet_bulb,
};

/// What throws the heat out of the building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeatRejection {
    /// Dry coolers, with air-cooled chillers for the hours that are too hot for them.
    DryCooler,
    /// Dry coolers with wetted pads in hot hours, then chillers.
    AdiabaticCooler,
    /// Evaporative towers, with water-cooled chillers behind them.
    Tower,
    /// Air-cooled chillers with free-cooling coils on one loop for everything.
    AirCooledChiller,
    /// Outside air through the hall, air-cooled chillers behind it.
    OutsideAir,
    /// Outside air through the hall, chillers on evaporative towers behind it.
    OutsideAirTower,
}

impl HeatRejection {
    /// Whether the hall is cooled with outside air, so that there is no loop of coolant.
    #[must_use]
    pub fn is_outside_air(self) -> bool {
        matches!(self, Self::OutsideAir | Self::OutsideAirTower)
    }

    /// Whether chillers reject to towers.
    #[must_use]
    pub fn has_towers(self) -> bool {
        matches!(self, Self::Tower | Self::OutsideAirTower)
    }
}

/// A cooling plant reduced to the coefficients of its hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plant {
    /// What throws the heat out.
    pub heat_rejection: HeatRejection,
    /// From facility water to coolant at full heat, at both ends.
    pub cdu_approach: Kelvin,
    /// From dry bulb (dry cooler) or wet bulb (tower) to facility water at full fan speed.
    pub rejection_approach: Kelvin,
    /// Full fan power per heat, of coolers, towers and condensers.
    pub fan_share: Share,
    /// Effectiveness of wetted pads.
    pub pad_effectiveness: Share,
    /// Pump power that CDUs are bought with per heat; what is drawn, where no network is solved.
    pub coolant_pump_share: Share,
    /// Pump power of the facility or chilled water loop per heat.
    pub facility_pump_share: Share,
    /// Pump power of the tower water per heat; nothing without towers.
    pub condenser_pump_share: Share,
    /// Chiller efficiency as a share of Carnot's.
    pub chiller_carnot_share: Share,
    /// Condensing temperature above outside air, or above tower water.
    pub condenser_lift: Kelvin,
    /// Warmest water that evaporators make; warmer loops mix it. None where any may be.
    pub evaporator_max: Option<Celsius>,
    /// Chilled water for air handlers.
    pub chilled_water: Celsius,
    /// Air at the rack inlets.
    pub inlet_air: Celsius,
    /// Highest dew point of outside air that may pass the racks; none where any may, or where none does.
    pub dew_point_max: Option<Celsius>,
    /// Air-handler fan power per air-side heat.
    pub air_handler_share: Share,
    /// Doors of coil behind the racks.
    pub rear_door: Option<RearDoor>,
    /// Whether pumps and air handlers run at full speed whatever the load.
    pub constant_speed: bool,
    /// Whether outside air may cool the chilled water without compressors.
    pub economizer: bool,
    /// From outside air (or wet bulb) to chilled water when it does.
    pub economizer_approach: Kelvin,
    /// How often the salts of the feed are concentrated before blowdown.
    pub cycles_of_concentration: Ratio,
    /// Installed heat rejection per heat that leaves the building in the design hour.
    pub installed_ratio: Ratio,
}

/// Outside air of one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weather {
    /// Temperature of the air.
    pub dry_bulb: Celsius,
    /// Temperature of a wetted thermometer in it.
    pub wet_bulb: Celsius,
    /// Its pressure: the wet bulb belongs to it.
    pub pressure: Pascals,
    /// Water in it per dry air [kg/kg].
    pub humidity_ratio: f64,
}

impl Weather {
    /// Air of a dry and a wet bulb; a wet bulb that no moisture explains means dry air.
    #[must_use]
    pub fn of(dry_bulb: Celsius, wet_bulb: Celsius, pressure: Pascals) -> Self {
        let humidity_ratio = humidity_ratio_from_wet_bulb(dry_bulb, wet_bulb, pressure).max(0.0);
        Self { dry_bulb, wet_bulb, pressure, humidity_ratio }
    }

    /// Air of a dry bulb and a dew point; a dew point above the dry bulb means saturated air.
    #[must_use]
    pub fn moist(dry_bulb: Celsius, dew_point: Celsius, pressure: Pascals) -> Self {
        let humidity_ratio = humidity_ratio(saturation_pressure(dew_point.min(dry_bulb)), pressure);
        Self { dry_bulb, wet_bulb: wet_bulb(dry_bulb, dew_point, pressure), pressure, humidity_ratio }
    }

    /// The air as loops meet it.
    #[must_use]
    pub fn air(&self) -> Air {
        Air {
            dry_bulb_c: self.dry_bulb.value(),
            wet_bulb_c: self.wet_bulb.value(),
            humidity_ratio: self.humidity_ratio,
            pressure_pa: self.pressure.value(),
        }
    }
}

/// Heat that the plant has to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatLoad {
    /// Into coolant.
    pub liquid: Watts,
    /// Into the hall's air: racks, losses of indoor electrical gear; air-handler fans come on top by themselves.
    pub air: Watts,
    /// Coolant to the racks.
    pub coolant_supply: Celsius,
    /// Coolant from the racks.
    pub coolant_return: Celsius,
    /// Flow of coolant per heat over the one that racks are planned with: warmer coolant has to run faster.
    pub coolant_flow: Ratio,
    /// Pump power of the coolant loop per heat at that flow, where its pipes are solved.
    pub coolant_pumps: Option<Share>,
    /// This heat over the one that pumps and fans are sized for.
    pub part: Share,
}

/// Flow below which pumps and air handlers are not slowed down, over their full flow.
const SMALLEST_FLOW: f64 = 0.3;
/// A load below this part is taken as this: losses that no load causes keep a hall from cooling down further.
const SMALLEST_PART: f64 = 0.05;

/// Power of pumps and air handlers per heat at a part of their load, over that at full load.
///
/// ~~~text
/// φ = max(part, 0.3),  (P/Q) / (P/Q)_full = φ³ / part
/// ~~~
///
/// Affinity laws: flow follows the heat at a constant range, power the cube of the flow, down to 30 % of it.
#[must_use]
pub fn part_flow_power(part: Share) -> f64 {
    let part = part.value().clamp(SMALLEST_PART, 1.0);
    let flow = part.max(SMALLEST_FLOW);
    flow * flow * flow / part
}

/// How a plant works in an hour, least effort first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// Outside air alone.
    #[default]
    Free,
    /// Outside air and evaporating water.
    Wetted,
    /// Compressors for a part of the range.
    Trimmed,
    /// Compressors for everything.
    Chilled,
}

impl Mode {
    /// The word for reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free cooling",
            Self::Wetted => "evaporative",
            Self::Trimmed => "trim chillers",
            Self::Chilled => "chillers",
        }
    }
}

/// What a plant takes in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlantHour {
    /// Fans outside: coolers, towers, condensers.
    pub fans: Watts,
    /// Pumps of all loops.
    pub pumps: Watts,
    /// Compressors.
    pub compressors: Watts,
    /// Fans of air handlers and rear doors.
    pub air_handlers: Watts,
    /// Make-up water: evaporated, carried off by the air and blown down.
    pub water: CubicMetersPerSecond,
    /// Of that, evaporated.
    pub evaporated: CubicMetersPerSecond,
    /// Of that, carried off as droplets.
    pub drift: CubicMetersPerSecond,
    /// Heat through evaporators: what chillers have to be installed for.
    pub chilled: Watts,
    /// That heat over all heat of the loops.
    pub chiller_share: Share,
    /// Heat thrown out: all that came in, pumps, air handlers and compressors included.
    pub rejected: Watts,
    /// How the coolant's heat left; the air's, where there is no coolant.
    pub mode: Mode,
}

impl PlantHour {
    /// Electrical power of the plant.
    #[must_use]
    pub fn power(&self) -> Watts {
        self.fans + self.pumps + self.compressors + self.air_handlers
    }

    /// Water let out with its salts: what is made up less what the air takes.
    #[must_use]
    pub fn blown_down(&self) -> CubicMetersPerSecond {
        self.water - self.evaporated - self.drift
    }
}

/// A plant under one load: what runs at any weather, and the loops that answer to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlantLoops {
    /// Pumps of all loops, but for those that run with chillers alone.
    pub pumps: Watts,
    /// Of these, those of the coolant.
    pub coolant_pumps: Watts,
    /// Fans of air handlers and rear doors.
    pub air_handlers: Watts,
    /// Pump power that warms tower water, outside the loops.
    pub tower_pumps: Watts,
    /// The loop of the coolant, of the rear doors, of the hall's air; without heat where there is none.
    pub loops: [HeatLoop; 3],
}

impl PlantLoops {
    /// Pumps of facility and chilled water.
    #[must_use]
    pub fn water_pumps(&self) -> Watts {
        (self.pumps - self.coolant_pumps - self.tower_pumps).max(Watts(0.0))
    }

    /// Heat of each loop, and of that what goes through evaporators, in one hour.
    #[must_use]
    pub fn on_chillers(&self, weather: &Weather) -> [(Watts, Watts); 3] {
        let air = weather.air();
        self.loops.map(|heat| {
            let chilled = if heat.heat_w > 0.0 { loop_hour(&heat, &air).chilled_w } else { 0.0 };
            (Watts(heat.heat_w), Watts(chilled))
        })
    }

    /// The loops with chillers for so much heat each.
    #[must_use]
    pub fn with_chillers(mut self, chilled: &[Watts; 3]) -> Self {
        for (heat, chillers) in self.loops.iter_mut().zip(chilled) {
            heat.chillers_w = chillers.value();
        }
        self
    }

    /// Runs the loops for one hour.
    ///
    /// ~~~text
    /// P = fans + pumps + compressors + air handlers
    /// rejected = Σ (Q + W + P) of the loops + tower pumps = liquid + air + pumps + air handlers + compressors
    /// ~~~
    ///
    /// P pumps that run with the chillers alone. Fans outside warm outside air only. Heat that vapour of damp outside air gives to the coils of a hall came in with that
    /// air and leaves through the condensers; the exhaust carries so much less, and the sum is the same.
    #[must_use]
    pub fn hour(&self, weather: &Weather) -> PlantHour {
        let air = weather.air();
        let run =
            |heat: &HeatLoop| if heat.heat_w > 0.0 { loop_hour(heat, &air) } else { LoopHour::default() };
        let hours = [run(&self.loops[0]), run(&self.loops[1]), run(&self.loops[2])];
        let sum = |part: fn(&LoopHour) -> f64| hours.iter().map(part).sum::<f64>();
        let heat: f64 = self.loops.iter().map(|heat| heat.heat_w).sum();
        let (compressors, chilled) = (sum(|hour| hour.compressors_w), sum(|hour| hour.chilled_w));
        let with_chillers = Watts(sum(|hour| hour.pumps_w));
        let leading = usize::from(self.loops[0].heat_w <= 0.0) * 2;
        PlantHour {
            fans: Watts(sum(|hour| hour.fans_w)),
            pumps: self.pumps + with_chillers,
            compressors: Watts(compressors),
            air_handlers: self.air_handlers,
            water: CubicMetersPerSecond(sum(|hour| hour.water_m3_per_s)),
            evaporated: CubicMetersPerSecond(sum(|hour| hour.evaporated_m3_per_s)),
            drift: CubicMetersPerSecond(sum(|hour| hour.drift_m3_per_s)),
            chilled: Watts(chilled),
            chiller_share: Share(if heat > 0.0 { (chilled / heat).min(1.0) } else { 0.0 }),
            rejected: Watts(heat + compressors) + self.tower_pumps + with_chillers,
            mode: mode_of(&self.loops[leading], &hours[leading]),
        }
    }
}

fn mode_of(heat: &HeatLoop, hour: &LoopHour) -> Mode {
    if hour.chilled_w <= 0.0 {
        if hour.drop_k > 0.0 || heat.wetness > 0.0 { Mode::Wetted } else { Mode::Free }
    } else if hour.chilled_w < heat.heat_w {
        Mode::Trimmed
    } else {
        Mode::Chilled
    }
}

impl Plant {
    /// The plant where air is as thin as at a pressure; the catalogue's values are at sea level.
    ///
    /// ~~~text
    /// ρ/ρ_0 = p/p_0                        density at the same temperature
    /// fans outside     P = P_0·ρ/ρ_0        the same volume at full speed
    /// coils, condensers    a = a_0·(ρ_0/ρ)^(1/1.3)
    /// air handlers     P = P_0              ρ_0/ρ as many, each at its rated volume: ρ·V³ each
    /// doors of racks   P = P_0·(ρ_0/ρ)²     the same mass through the same door: V ~ 1/ρ
    /// ~~~
    ///
    /// Units outside are the same ones; air handlers are bought by volume, so each carries ρ/ρ_0 of its heat. Towers keep their approach, as thin air
    /// holds more vapour by mass in the same measure (w ~ 1/p). Left out: what servers' own fans take, and hotter coils there.
    #[must_use]
    pub fn in_air_of(&self, pressure: Pascals) -> Self {
        let density = pressure / SEA_LEVEL;
        let coils = thin_air_approach(density);
        let towers = self.heat_rejection.has_towers();
        let outside = |rated: Kelvin| if towers { rated } else { rated * coils };
        let faster = 1.0 / (density * density);
        Self {
            rejection_approach: outside(self.rejection_approach),
            economizer_approach: outside(self.economizer_approach),
            condenser_lift: outside(self.condenser_lift),
            fan_share: self.fan_share * density,
            rear_door: self.rear_door.map(|door| RearDoor { fan_share: door.fan_share * faster, ..door }),
            ..*self
        }
    }

    /// What throws out the heat of water with a range, at a part of what it is sized for.
    ///
    /// Coils in air follow [`heat_rejection`]'s law for less water in the same air. The approach of towers with their plates
    /// goes with the heat: that of plates falls more slowly where both waters slow down, that of a tower faster.
    fn coolers(&self, rated: Kelvin, range: Kelvin, part: Share) -> Coolers {
        Coolers {
            part: Share(part.value().max(SMALLEST_PART)),
            approach: match self.heat_rejection {
                HeatRejection::Tower => rated * part.value(),
                _ => coil_approach(rated, range, part.value(), self.constant_speed),
            },
            wet_approach: rated * part.value(),
            free: true,
            pads: match self.heat_rejection {
                HeatRejection::AdiabaticCooler => self.pad_effectiveness,
                _ => Share(0.0),
            },
            fan_share: self.fan_share,
            carnot_share: self.chiller_carnot_share,
            evaporator_max: self.evaporator_max,
            lift: self.condenser_lift,
            blowdown: blowdown_ratio(self.cycles_of_concentration.value()),
        }
    }

    /// Reduces the plant under a load to its loops.
    ///
    /// Pumps and air handlers follow the affinity laws ([`part_flow_power`]) unless their speed is constant. Coolant pumps take
    /// what the solved network says; without one, the plant's share with the cube of the flow that the supply temperature
    /// asks for, through the same pipes.
    #[must_use]
    pub fn loops(&self, load: &HeatLoad) -> PlantLoops {
        let full_speed = 1.0 / load.part.value().clamp(SMALLEST_PART, 1.0);
        let slowed = if self.constant_speed { full_speed } else { part_flow_power(load.part) };
        let flow = load.coolant_flow.value();
        let unsolved = self.coolant_pump_share.value() * flow * flow * flow;
        let coolant_pumps = load.liquid * (load.coolant_pumps.map_or(unsolved, Share::value) * slowed);
        let air_fan_share = self.air_handler_share.value() * slowed;
        if self.heat_rejection.is_outside_air() {
            let hall = load.liquid + coolant_pumps + load.air;
            let air_handlers = hall * air_fan_share;
            let heat = hall + air_handlers;
            let loops = [HeatLoop::default(), HeatLoop::default(), air::outside_air(self, heat)];
            let tower_pumps = Watts(0.0);
            return PlantLoops { pumps: coolant_pumps, coolant_pumps, air_handlers, tower_pumps, loops };
        }
        let door_heat = load.air * self.rear_door.map_or(0.0, |door| door.share.value());
        let door_fans = door_heat * (self.rear_door.map_or(0.0, |door| door.fan_share.value()) * slowed);
        let by_handlers = load.air - door_heat;
        let handler_fans = by_handlers * air_fan_share;
        let [liquid, doors, air] =
            [load.liquid + coolant_pumps, door_heat + door_fans, by_handlers + handler_fans];
        let water_share = self.facility_pump_share.value() * slowed;
        let stirred = 1.0 + water_share;
        let water_pumps = (liquid + doors + air) * water_share;
        let tower_share = self.condenser_pump_share.value() * slowed;
        let tower_pumps = (liquid + doors + air) * tower_share;
        let loops = [
            (direct_to_chip::facility_loop(self, liquid * stirred, load), liquid),
            (rear_door::door_loop(self, doors * stirred, load), doors),
            (air::chilled_water(self, air * stirred, load), air),
        ];
        PlantLoops {
            pumps: coolant_pumps + water_pumps + tower_pumps,
            coolant_pumps,
            air_handlers: door_fans + handler_fans,
            tower_pumps,
            loops: loops.map(|(of, heat)| HeatLoop { tower_pumps_w: (heat * tower_share).value(), ..of }),
        }
    }

    /// Runs the plant for one hour.
    #[must_use]
    pub fn hour(&self, load: &HeatLoad, weather: &Weather) -> PlantHour {
        self.loops(load).hour(weather)
    }

    /// Heat rejection to install for a design hour, spares and derating included.
    ///
    /// ~~~text
    /// installed = r · (rejected − W)
    /// ~~~
    ///
    /// r installed ratio [1] · W compressors: the nameplate of a chiller or cooler is the heat that it takes from the
    /// building, without what its own compressors add.
    #[must_use]
    pub fn installed_rejection(&self, design: &PlantHour) -> Watts {
        (design.rejected - design.compressors) * self.installed_ratio.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, prop_assert, prop_oneof, proptest};
    use proptest::strategy::Just;

    pub(super) fn plant(heat_rejection: HeatRejection) -> Plant {
        Plant {
            heat_rejection,
            cdu_approach: Kelvin(4.0),
            rejection_approach: Kelvin(if heat_rejection == HeatRejection::Tower { 5.5 } else { 8.0 }),
            fan_share: Share(0.015),
            pad_effectiveness: Share(0.8),
            coolant_pump_share: Share(0.01),
            facility_pump_share: Share(0.01),
            condenser_pump_share: Share(if heat_rejection == HeatRejection::Tower { 0.0175 } else { 0.0 }),
            chiller_carnot_share: Share(0.5),
            condenser_lift: Kelvin(if heat_rejection == HeatRejection::Tower { 4.0 } else { 12.0 }),
            evaporator_max: None,
            chilled_water: Celsius(20.0),
            inlet_air: Celsius(27.0),
            dew_point_max: Some(Celsius(21.0)),
            air_handler_share: Share(0.04),
            rear_door: None,
            constant_speed: false,
            economizer: true,
            economizer_approach: Kelvin(8.0),
            cycles_of_concentration: Ratio(5.0),
            installed_ratio: Ratio(1.3),
        }
    }

    pub(super) fn blackwell(it: f64) -> HeatLoad {
        HeatLoad {
            liquid: Watts(0.86 * it),
            air: Watts(0.14 * it + 0.03 * it),
            coolant_supply: Celsius(40.0),
            coolant_return: Celsius(54.5),
            coolant_flow: Ratio(1.0),
            coolant_pumps: None,
            part: Share(1.0),
        }
    }

    fn weather(dry: f64, wet: f64) -> Weather {
        Weather::of(Celsius(dry), Celsius(wet), Pascals(95e3))
    }

    #[test]
    fn a_mild_hour_of_a_dry_plant_costs_some_percent() {
        // Fans 15 °C below: nearly off. Coolant 1 % of 0.86, water 1 % of 0.86 + 0.1768, air handlers 4 % of 0.17:
        // 0.0086 + 0.010368 + 0.0068 = 0.025768, and fans below 0.0155.
        let hour = plant(HeatRejection::DryCooler).hour(&blackwell(1e6), &weather(10.0, 6.0));
        let base = 25_768.0;
        assert!(hour.power().value() > base && hour.power().value() < base + 15_500.0, "{hour:?}");
        assert_eq!(hour.mode, Mode::Free);
    }

    #[test]
    fn modes_follow_the_weather() {
        let mode = |kind, dry, wet| plant(kind).hour(&blackwell(1e6), &weather(dry, wet)).mode;
        assert_eq!(mode(HeatRejection::DryCooler, 20.0, 15.0), Mode::Free);
        assert_eq!(mode(HeatRejection::DryCooler, 34.0, 20.0), Mode::Trimmed);
        assert_eq!(mode(HeatRejection::DryCooler, 45.0, 22.0), Mode::Chilled);
        assert_eq!(mode(HeatRejection::AdiabaticCooler, 40.0, 22.0), Mode::Wetted);
        assert_eq!(mode(HeatRejection::Tower, 40.0, 26.0), Mode::Wetted);
        assert_eq!(mode(HeatRejection::OutsideAir, 20.0, 15.0), Mode::Free);
        assert_eq!(mode(HeatRejection::OutsideAir, 35.0, 20.0), Mode::Wetted);
        assert_eq!(mode(HeatRejection::OutsideAir, 50.0, 22.0), Mode::Trimmed);
        // Dew points of 20.3 °C and 22.6 °C against a limit of 21 °C; water of 20 °C is too warm to dry the air, of 18 °C not.
        assert_eq!(mode(HeatRejection::OutsideAir, 24.0, 21.5), Mode::Free);
        assert_eq!(mode(HeatRejection::OutsideAir, 24.0, 23.0), Mode::Chilled);
        let dried = Plant { chilled_water: Celsius(18.0), ..plant(HeatRejection::OutsideAir) };
        assert_eq!(dried.hour(&blackwell(1e6), &weather(24.0, 23.0)).mode, Mode::Trimmed);
        assert_eq!(dried.hour(&blackwell(1e6), &weather(32.0, 31.0)).mode, Mode::Chilled);
    }

    #[test]
    fn pumps_and_air_handlers_slow_down_with_the_cube_of_their_flow_to_a_third() {
        // Half the heat at half the flow: an eighth of the power, a quarter per heat. Below 0.3: 0.027 / part.
        assert!((part_flow_power(Share(1.0)) - 1.0).abs() < 1e-12);
        assert!((part_flow_power(Share(0.5)) - 0.25).abs() < 1e-12);
        assert!((part_flow_power(Share(0.1)) - 0.27).abs() < 1e-12);
        assert!(part_flow_power(Share(0.0)).is_finite());
    }

    // 0.75^0.2 = 0.944 of 4 K where the pumps slow down, 0.75 of it where they do not.
    #[test]
    fn a_cdu_whose_streams_slow_down_keeps_most_of_its_approach() {
        let load = HeatLoad { part: Share(0.75), ..blackwell(0.75e6) };
        let slowed = plant(HeatRejection::DryCooler);
        let fixed = Plant { constant_speed: true, ..slowed };
        let approach =
            |plant: &Plant| load.coolant_supply.above(direct_to_chip::facility_supply(plant, &load));
        assert!((approach(&slowed).value() - 3.776).abs() < 1e-3);
        assert!((approach(&fixed).value() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn plants_without_drives_run_at_full_speed_whatever_the_load() {
        let half = HeatLoad { part: Share(0.5), ..blackwell(0.5e6) };
        let fixed = Plant { constant_speed: true, ..plant(HeatRejection::DryCooler) };
        let mild = weather(10.0, 6.0);
        // 4 % of the full 0.17 MW for half of it.
        assert!((fixed.hour(&half, &mild).air_handlers.value() - 6_800.0).abs() < 1e-6);
        let slowed = plant(HeatRejection::DryCooler).hour(&half, &mild).air_handlers.value();
        assert!((slowed - 6_800.0 / 8.0).abs() < 1e-6, "{slowed}");
    }

    // 1,600 m: 83.5 kPa, 0.824 of the density. Approach 8 · 0.824^(−1/1.3) = 9.28 K, fans 1.236 %, doors 1 %/0.679 = 1.473 %.
    #[test]
    fn thin_air_widens_approaches_and_burdens_doors() {
        let pressure = psychrometrics::standard_pressure(crate::units::Meters(1_600.0));
        let doors = RearDoor { share: Share(0.85), water: Celsius(20.0), fan_share: Share(0.01) };
        let sea = Plant { rear_door: Some(doors), ..plant(HeatRejection::DryCooler) };
        let high = sea.in_air_of(pressure);
        assert!((high.rejection_approach.value() - 9.283).abs() < 5e-3, "{high:?}");
        assert!(
            (high.fan_share.value() - 0.012_36).abs() < 2e-5
                && (high.rear_door.unwrap().fan_share.value() - 0.014_73).abs() < 2e-5
                && high.air_handler_share == sea.air_handler_share
        );
        let towers = plant(HeatRejection::Tower);
        assert!(towers.in_air_of(pressure).rejection_approach == towers.rejection_approach);
        // A day at the edge: what dry coolers carry alone at sea level asks for chillers up there.
        let hour =
            |plant: &Plant| plant.hour(&blackwell(1e6), &Weather::of(Celsius(27.5), Celsius(15.0), pressure));
        assert!(hour(&sea).mode == Mode::Free && hour(&high).mode == Mode::Trimmed);
        assert!(sea.in_air_of(SEA_LEVEL) == sea);
    }

    #[test]
    fn rear_doors_leave_less_to_the_air_handlers() {
        let doors = RearDoor { share: Share(0.85), water: Celsius(20.0), fan_share: Share(0.01) };
        let with = Plant { rear_door: Some(doors), ..plant(HeatRejection::DryCooler) };
        let load = blackwell(1e6);
        let hour = |plant: &Plant| plant.hour(&load, &weather(15.0, 10.0));
        let (with, without) = (hour(&with), hour(&plant(HeatRejection::DryCooler)));
        // 170 kW of air-side heat: 1 % of 85 % and 4 % of the rest, against 4 % of all.
        assert!((with.air_handlers.value() - (1_445.0 + 1_020.0)).abs() < 1e-6, "{with:?}");
        assert!((without.air_handlers.value() - 6_800.0).abs() < 1e-6);
        assert!(with.power() < without.power());
    }

    #[test]
    fn one_cold_loop_costs_more_than_two() {
        let hot = weather(43.0, 21.6);
        let warm = plant(HeatRejection::DryCooler).hour(&blackwell(1e6), &hot).power();
        let cold = plant(HeatRejection::AirCooledChiller).hour(&blackwell(1e6), &hot).power();
        assert!(cold.value() > 1.3 * warm.value(), "{warm:?} {cold:?}");
    }

    pub(super) fn kinds() -> impl Strategy<Value = HeatRejection> {
        prop_oneof![
            Just(HeatRejection::DryCooler),
            Just(HeatRejection::AdiabaticCooler),
            Just(HeatRejection::Tower),
            Just(HeatRejection::AirCooledChiller),
            Just(HeatRejection::OutsideAir),
            Just(HeatRejection::OutsideAirTower),
        ]
    }

    fn loads() -> impl Strategy<Value = HeatLoad> {
        (0.0..1e9_f64, 0.0..1e9_f64, 20.0..50.0_f64, 5.0..20.0_f64).prop_map(
            |(liquid, air, supply, range)| HeatLoad {
                liquid: Watts(liquid),
                air: Watts(air),
                coolant_supply: Celsius(supply),
                coolant_return: Celsius(supply + range),
                coolant_flow: Ratio(1.0),
                coolant_pumps: None,
                part: Share(1.0),
            },
        )
    }

    proptest! {
        #[test]
        fn what_comes_in_is_thrown_out(
            kind in kinds(), load in loads(), dry in -30.0..50.0_f64, depression in 0.0..25.0_f64
        ) {
            let hour = plant(kind).hour(&load, &weather(dry, dry - depression));
            let came_in =
                load.liquid + load.air + hour.pumps + hour.air_handlers + hour.compressors;
            prop_assert!((came_in - hour.rejected).value().abs() <= 1e-12 * came_in.value() + 1e-9);
            for part in [hour.fans, hour.pumps, hour.compressors, hour.air_handlers, hour.chilled] {
                prop_assert!(part.value() >= 0.0 && part.value().is_finite());
            }
            prop_assert!(hour.water.value() >= 0.0);
            prop_assert!((0.0..=1.0).contains(&hour.chiller_share.value()));
        }

        #[test]
        fn a_hotter_hour_never_takes_less_power(
            kind in kinds(), load in loads(), dry in -30.0..50.0_f64, depression in 0.0..25.0_f64,
            hotter in 0.0..10.0_f64, damper in 0.0..1.0_f64,
        ) {
            let plant = plant(kind);
            let wet = dry - depression;
            // Warm and dry outside air may be less work for coils than cooler and damp air: it is compared at no less water.
            let damper = if kind.is_outside_air() { 1.0 } else { damper };
            let now = plant.hour(&load, &weather(dry, wet)).power();
            let then = plant.hour(&load, &weather(dry + hotter, wet + hotter * damper)).power();
            prop_assert!(then.value() >= now.value() * (1.0 - 1e-12));
        }

        #[test]
        fn more_heat_never_takes_less_power_or_water(
            kind in kinds(), load in loads(), dry in -30.0..50.0_f64, depression in 0.0..25.0_f64,
            more in 1.0..3.0_f64,
        ) {
            let plant = plant(kind);
            let weather = weather(dry, dry - depression);
            let small = plant.hour(&load, &weather);
            let large = plant.hour(&HeatLoad { liquid: load.liquid * more, ..load }, &weather);
            prop_assert!(large.power().value() >= small.power().value() * (1.0 - 1e-12));
            prop_assert!(large.water.value() >= small.water.value() * (1.0 - 1e-12));
        }
    }
}
