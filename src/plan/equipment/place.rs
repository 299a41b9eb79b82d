//! The place that a plan stands at: market, weather, service, prices, electrical and cooling designs.

use super::{Machine, Taker, note_costs};
use crate::catalog::epw::{self, Moisture};
use crate::catalog::profile::{self, Confidence, StageKind};
use crate::catalog::{Catalog, InputError};
use crate::cooling::psychrometrics::{SEA_LEVEL, dew_point, saturation_pressure, standard_pressure};
use crate::cooling::{DesignWeather, HeatRejection, MonthlyWeather, Plant, RearDoor, Weather, Year};
use crate::fleet::CduGroup;
use crate::layout::AIR_HANDLER_POWER;
use crate::plan::electrical::facts::{ElectricalFacts, least_power_factor};
use crate::plan::result::Assumption;
use crate::plan::sizing::{self, FacilityHour};
use crate::power::one_line::LARGEST_SUBSTATION;
use crate::power::service::{Service, ServiceClass, ServiceWish, small_transformer};
use crate::power::{StageDesign, StageFlow};
use crate::scenario::{Grid, Origin, Scenario};
use crate::units::text::{exact, show};
use crate::units::{
    Celsius, DollarsPerCubicMeter, DollarsPerJoule, KilogramsPerJoule, Meters, Pascals, Share, VoltAmperes,
    Watts,
};
use std::path::Path;
use std::sync::Arc;

/// Everything of the place: weather, plant, chain, prices.
#[derive(Debug, Clone)]
pub struct Place {
    /// Name of the market.
    pub name: String,
    /// Id of the market, which its prices share.
    pub market: String,
    /// Extreme hours.
    pub design_weather: DesignWeather,
    /// Monthly statistics for the year.
    pub climate: MonthlyWeather,
    /// Hours of the user's own, instead of a year of these statistics.
    pub weather: Option<Arc<MeasuredYear>>,
    /// Stages from the meter to the racks.
    pub stages: Vec<StageDesign>,
    /// Transformers of plant and house, where these do not hang on the last stage that carries more than racks.
    pub plant_feed: Option<StageDesign>,
    /// The UPS of what must not stop.
    pub essential: Option<StageDesign>,
    /// Usable power of all busway pairs of a row.
    pub busway: Watts,
    /// What else is known of the electrical design.
    pub electrical: ElectricalFacts,
    /// How the site is served.
    pub service: Service,
    /// The cooling plant.
    pub plant: Plant,
    /// Driest outside air that may pass the racks; none where none does.
    pub driest: Option<DriestAir>,
    /// Lights, offices, controls per IT power.
    pub house_load: Share,
    /// Coolant distribution units.
    pub cdus: CduGroup,
    /// Price of electricity.
    pub electricity: DollarsPerJoule,
    /// Carbon of the grid.
    pub carbon: KilogramsPerJoule,
    /// Price of water.
    pub water: DollarsPerCubicMeter,
    /// Unit costs.
    pub costs: profile::Costs,
}

/// Driest air that racks of a class allow at their inlets: both limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DriestAir {
    /// Lowest dew point.
    pub dew_point: Celsius,
    /// Lowest relative humidity.
    pub humidity: Share,
}

/// A year from a weather file.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredYear {
    /// The file.
    pub file: String,
    /// Its hours.
    pub year: Year,
    /// Hours that the file lacked and that were filled.
    pub filled: u32,
    /// From its station to the market.
    pub distance: Meters,
    /// Height of its station above the sea.
    pub elevation: Meters,
}

impl Place {
    /// Serves the site at a voltage: its main transformers are those of that class and of its load, or none.
    fn serve(&mut self, service: Service, load: VoltAmperes) {
        self.service = service;
        let known = &mut self.electrical.stages;
        let Some(at) = known.iter().position(|stage| stage.kind == StageKind::MainTransformer) else {
            return;
        };
        if !service.has_substation() {
            known.remove(at);
            self.stages.remove(at);
            return;
        }
        let usual = ServiceClass::of(service.voltage).impedance;
        let (main, stage) = (&mut known[at], &mut self.stages[at]);
        let carrying = (load.0 / stage.module.0).ceil().max(1.0);
        stage.loss = stage.loss * small_transformer(load / carrying);
        main.impedance = main.impedance.map(|largest| usual.map_or(largest, |usual| largest.min(usual)));
    }

    /// The place with feeders that lose this share of what they carry at full load: the plan solves it from the one-line.
    #[must_use]
    pub fn with_feeder_loss(mut self, lost: Share) -> Self {
        let kinds = self.electrical.stages.iter().map(|stage| stage.kind);
        for (stage, _) in self.stages.iter_mut().zip(kinds).filter(|(_, kind)| *kind == StageKind::Feeders) {
            stage.loss.square = lost;
        }
        self
    }

    /// The place with so many whole modules of these stages, counted in each building, row or rack.
    #[must_use]
    pub fn with_whole(mut self, counts: &[(StageKind, u64)], design: &FacilityHour) -> Self {
        let known = self.electrical.stages.iter().zip(design.path());
        let plant = self.electrical.plant_feed.iter().zip(&design.to_plant);
        let kept = self.electrical.essential.iter().map(|(facts, _)| facts).zip(&design.essential);
        let stages = self.stages.iter_mut().zip(known);
        let stages =
            stages.chain(self.plant_feed.iter_mut().zip(plant)).chain(self.essential.iter_mut().zip(kept));
        for (stage, (facts, flow)) in stages {
            let counted = counts.iter().find(|(kind, count)| *kind == facts.kind && *count > 0);
            if let Some((_, count)) = counted.filter(|_| flow.modules > 0) {
                stage.whole *= *count as f64 / f64::from(flow.modules);
            }
        }
        self
    }

    /// The hours that the energy bill is made of: the user's own, else a year put together from statistics.
    #[must_use]
    pub fn year(&self, seed: u64) -> Year {
        self.weather.as_ref().map_or_else(|| Year::synthesize(&self.climate, seed), |own| own.year.clone())
    }
}

impl Place {
    /// Part of the heat to the air that doors behind the racks take.
    #[must_use]
    pub fn door_share(&self) -> f64 {
        self.plant.rear_door.map_or(0.0, |door| door.share.value())
    }

    /// Density of outside air over that at sea level.
    #[must_use]
    pub fn air_density(&self) -> Share {
        Share(self.design_weather.pressure / SEA_LEVEL)
    }

    /// Heat that an air handler carries at its rated volume of this air.
    #[must_use]
    pub fn air_handler(&self) -> Watts {
        AIR_HANDLER_POWER * self.air_density().0
    }
}

/// What the fullest of several substations carries over an even part, as whole buildings hang on each: assumption, before
/// buildings are known.
const UNEVEN: f64 = 1.1;

/// Settles how the site is served, by the load of one of its substations and by its electrical design point, which a
/// circuit carries for seconds.
pub(super) fn serve(scenario: &Scenario, place: &mut Place, machines: &[Machine]) -> Result<(), InputError> {
    let fields = &scenario.fields;
    let at_utility = fields.envelope.measured_at == crate::scenario::MeasuredAt::Utility;
    // At the meter nothing is drawn but the envelope; racks that peak above it are asked what that comes to.
    let above = machines.iter().any(|machine| machine.rack.peak > machine.compute_bound.power);
    let (mut meter, mut peak) = (fields.envelope.power, fields.envelope.power);
    if !at_utility || above {
        let draws = crate::plan::draws(scenario, place, machines)?;
        let loads: Vec<_> = machines.iter().zip(&draws).collect();
        let design = sizing::design_hour(place, &loads);
        // A watt more at the racks, with what the chain loses of it; cooling does not follow within seconds.
        let through = |flow: &StageFlow| if flow.output.0 > 0.0 { flow.input / flow.output } else { 1.0 };
        let up: f64 = design.path().map(through).product();
        meter = if at_utility { meter } else { design.meter };
        peak = design.meter.max(meter) + sizing::peak_above(&loads) * up;
    }
    let factor = least_power_factor(fields).0;
    let all = VoltAmperes(meter.0 / factor);
    let substations = (all / LARGEST_SUBSTATION).ceil().max(1.0);
    let load = all / substations;
    let fullest = if substations > 1.0 { load * UNEVEN } else { load };
    let at_once = fullest * (peak / meter).max(1.0);
    place.serve(Service::of(at_once, wish(&fields.grid)), load);
    Ok(())
}

/// What the scenario says of the service.
pub(super) fn wish(grid: &Grid) -> ServiceWish {
    ServiceWish {
        voltage: grid.voltage,
        short_circuit: grid.short_circuit,
        campus_voltage: grid.campus_voltage,
        feeder_current: grid.feeder_current,
    }
}

/// What the scenario leaves to the plan of how the site is served.
pub(super) fn served(wish: ServiceWish, service: &Service) -> Vec<(String, String, Origin)> {
    let fields = [
        ("grid.voltage", wish.voltage.is_none(), exact(service.voltage)),
        ("grid.short_circuit", wish.short_circuit.is_none(), exact(service.short_circuit)),
        ("grid.campus_voltage", wish.campus_voltage.is_none(), exact(service.campus_voltage)),
        ("grid.feeder_current", wish.feeder_current.is_none(), exact(service.feeder_current)),
    ];
    let open = fields.into_iter().filter(|(_, open, _)| *open);
    open.map(|(path, _, value)| (path.to_owned(), value, Origin::Plan)).collect()
}

pub(super) fn place(
    scenario: &Scenario,
    catalog: &Catalog,
    taken: &mut Vec<Assumption>,
) -> Result<Place, InputError> {
    let fields = &scenario.fields;
    let location = location(scenario, catalog, &fields.site.id, taken)?;
    let Some(prices) = location.prices else {
        let error = InputError::plain("scenario", format!("`{}` has no prices", location.market));
        return Err(scenario.blame("site.id", error).with_help(
            "a site of your own needs `electricity` and `carbon` beside its `id`, or a file of market prices",
        ));
    };
    let electrical = catalog
        .get::<profile::ElectricalDesign>(&fields.electrical.design)
        .map_err(|error| scenario.blame("electrical.design", error))?;
    let costs = catalog
        .get::<profile::Costs>(&fields.economics.costs)
        .map_err(|error| scenario.blame("economics.costs", error))?;

    let sold = catalog
        .get::<profile::Ratings>(&fields.electrical.ratings)
        .map_err(|error| scenario.blame("electrical.ratings", error))?;
    let (chain, electrical) = crate::plan::electrical::facts::design(scenario, &electrical, &sold, taken)?;
    let cooling = cooling(scenario, catalog, &fields.cooling.design, taken)?;
    let weather = weather_file(scenario, location.position_deg, taken)?;
    Ok(Place {
        name: location.name,
        market: location.market,
        design_weather: location.design_weather,
        climate: location.climate,
        weather,
        stages: chain.stages,
        plant_feed: chain.plant_feed,
        essential: chain.essential,
        busway: electrical.busway * f64::from(fields.layout.busways_per_row),
        electrical,
        service: Service::of(VoltAmperes(0.0), wish(&fields.grid)),
        plant: cooling.plant,
        driest: cooling.driest,
        house_load: cooling.house_load,
        cdus: cooling.cdus,
        electricity: prices.electricity,
        carbon: prices.carbon,
        water: prices.water,
        costs: note_costs(&costs, taken),
    })
}

/// The year of the weather file that a scenario names, if it names one.
fn weather_file(
    scenario: &Scenario,
    (north, east): (f64, f64),
    taken: &mut Vec<Assumption>,
) -> Result<Option<Arc<MeasuredYear>>, InputError> {
    let site = &scenario.fields.site;
    let Some(file) = &site.weather else { return Ok(None) };
    let epw = epw::read(Path::new(file), site.weather_gaps.into())
        .map_err(|error| scenario.blame("site.weather", error))?;
    let standard = standard_pressure(epw.elevation);
    let hours = epw.hours.iter().map(|hour| {
        let dry_bulb = Celsius(hour.dry_bulb_c);
        let pressure = hour.pressure_pa.map_or(standard, Pascals);
        let dew = match hour.moisture {
            Moisture::DewPoint(dew) => Celsius(dew),
            Moisture::RelativeHumidity(part) => dew_point(saturation_pressure(dry_bulb) * part),
        };
        Weather::moist(dry_bulb, dew, pressure)
    });
    let year = Year { hours: hours.collect() };
    let (hottest, dampest) = year.extremes();
    let leap = if epw.leap_hours > 0 { "; 29 February left out" } else { "" };
    taken.push(Assumption {
        field: "site.weather".into(),
        value: format!("8,760 hours of {}: {} at most, wet bulb {}", epw.place, show(hottest), show(dampest)),
        range: None,
        source: format!("{file}, {}", epw.source),
        confidence: Confidence::Reported,
        note: Some(format!("{} hours filled on a straight line{leap}", epw.filled)),
    });
    Ok(Some(Arc::new(MeasuredYear {
        file: file.clone(),
        year,
        filled: epw.filled,
        distance: epw.distance_to(north, east),
        elevation: epw.elevation,
    })))
}

/// What belongs to a market: its weather and its prices.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its name.
    pub name: String,
    /// Its id.
    pub market: String,
    /// Degrees north and east.
    pub position_deg: (f64, f64),
    /// Extreme hours.
    pub design_weather: DesignWeather,
    /// Monthly statistics for the year.
    pub climate: MonthlyWeather,
    /// Prices, where they are known.
    pub prices: Option<Prices>,
}

/// Prices of a market.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// Of electricity.
    pub electricity: DollarsPerJoule,
    /// Carbon of the grid.
    pub carbon: KilogramsPerJoule,
    /// Of water.
    pub water: DollarsPerCubicMeter,
}

impl Place {
    /// The same building elsewhere, with another plant; unknown prices stay as they are.
    #[must_use]
    pub fn at(&self, location: &Location, cooling: &Cooling) -> Self {
        let own = Prices { electricity: self.electricity, carbon: self.carbon, water: self.water };
        let prices = location.prices.unwrap_or(own);
        Self {
            name: location.name.clone(),
            market: location.market.clone(),
            design_weather: location.design_weather,
            climate: location.climate,
            weather: None,
            plant: cooling.plant,
            driest: cooling.driest,
            house_load: cooling.house_load,
            cdus: cooling.cdus,
            electricity: prices.electricity,
            carbon: prices.carbon,
            water: prices.water,
            ..self.clone()
        }
    }
}

/// Reads the weather and the prices of a market.
pub fn location(
    scenario: &Scenario,
    catalog: &Catalog,
    id: &str,
    taken: &mut Vec<Assumption>,
) -> Result<Location, InputError> {
    let fields = &scenario.fields;
    let climate = catalog.get::<profile::Climate>(id).map_err(|error| scenario.blame("site.id", error))?;
    let weather = &climate.profile;
    taken.push(Assumption {
        field: format!("climates.{}", weather.id),
        value: format!(
            "{} at most in 20 years, {} in 0.4 % of hours, wet bulb {}",
            weather.design.dry_bulb_20y_max, weather.design.dry_bulb_0p4, weather.design.wet_bulb_max
        ),
        range: None,
        source: std::iter::once(weather.source.title.clone())
            .chain(weather.source.urls.iter().map(|url| format!("<{url}>")))
            .collect::<Vec<_>>()
            .join(" "),
        confidence: weather.source.confidence,
        note: Some(format!("{}; design values: {}", weather.basis, weather.design.basis)),
    });
    let (electricity, carbon) = (fields.site.electricity, fields.site.carbon);
    let prices = match (catalog.get::<profile::MarketPrices>(&weather.id), electricity, carbon) {
        (Ok(found), electricity, carbon) => {
            let prices = &found.profile;
            let mut taker = Taker {
                taken,
                document: &found.document,
                sources: &prices.sources,
                prefix: format!("prices.{}", prices.id),
            };
            Some(Prices {
                electricity: electricity.unwrap_or_else(|| taker.take("electricity", &prices.electricity)),
                carbon: carbon.unwrap_or_else(|| taker.take("carbon", &prices.carbon)),
                water: taker.take("water", &prices.water),
            })
        }
        // A climate of one's own has no market: its prices have to be said.
        (Err(_), Some(electricity), Some(carbon)) => {
            Some(Prices { electricity, carbon, water: DollarsPerCubicMeter(2.0) })
        }
        (Err(_), _, _) => None,
    };
    Ok(Location {
        name: weather.name.clone(),
        market: weather.id.clone(),
        position_deg: (weather.latitude_deg, weather.longitude_deg),
        design_weather: DesignWeather {
            dry_bulb_max: weather.design.dry_bulb_20y_max,
            coincident_wet_bulb: weather.design.coincident_wet_bulb,
            wet_bulb_max: weather.design.wet_bulb_max,
            coincident_dry_bulb: weather.design.dry_bulb_0p4,
            pressure: standard_pressure(weather.elevation),
        },
        climate: MonthlyWeather {
            dry_bulb_mean_c: weather.dry_bulb_mean_c,
            dry_bulb_daily_range_k: weather.dry_bulb_daily_range_k,
            dew_point_mean_c: weather.dew_point_mean_c,
            dry_bulb_deviation_k: weather.dry_bulb_deviation_k,
            dew_point_deviation_k: weather.dew_point_deviation_k,
            correlation: weather.correlation,
            elevation: weather.elevation,
        },
        prices,
    })
}

/// A cooling design as the formulas want it.
#[derive(Debug, Clone)]
pub struct Cooling {
    /// Its id.
    pub id: String,
    /// In words.
    pub name: String,
    /// The plant.
    pub plant: Plant,
    /// Driest outside air that may pass the racks; none where none does.
    pub driest: Option<DriestAir>,
    /// Lights, offices, controls per IT power.
    pub house_load: Share,
    /// Coolant distribution units.
    pub cdus: CduGroup,
}

/// Reads a cooling design.
pub fn cooling(
    scenario: &Scenario,
    catalog: &Catalog,
    id: &str,
    taken: &mut Vec<Assumption>,
) -> Result<Cooling, InputError> {
    let found =
        catalog.get::<profile::CoolingDesign>(id).map_err(|error| scenario.blame("cooling.design", error))?;
    let design = &found.profile;
    let mut taker = Taker {
        taken,
        document: &found.document,
        sources: &design.sources,
        prefix: format!("cooling.{}", design.id),
    };
    let plant = Plant {
        heat_rejection: match design.heat_rejection {
            profile::HeatRejection::DryCooler => HeatRejection::DryCooler,
            profile::HeatRejection::AdiabaticCooler => HeatRejection::AdiabaticCooler,
            profile::HeatRejection::Tower => HeatRejection::Tower,
            profile::HeatRejection::AirCooledChiller => HeatRejection::AirCooledChiller,
            profile::HeatRejection::OutsideAir => HeatRejection::OutsideAir,
            profile::HeatRejection::OutsideAirTower => HeatRejection::OutsideAirTower,
        },
        cdu_approach: taker.take("cdu_approach", &design.cdu_approach),
        rejection_approach: taker.take("rejection_approach", &design.rejection_approach),
        fan_share: taker.take("fan_share", &design.fan_share),
        pad_effectiveness: taker.take("pad_effectiveness", &design.pad_effectiveness),
        coolant_pump_share: taker.take("coolant_pump_share", &design.coolant_pump_share),
        facility_pump_share: taker.take("facility_pump_share", &design.facility_pump_share),
        condenser_pump_share: match (&design.condenser_pump_share, design.heat_rejection) {
            (Some(share), _) => taker.take("condenser_pump_share", share),
            (None, profile::HeatRejection::Tower) => design.facility_pump_share.value,
            (None, _) => Share(0.0),
        },
        chiller_carnot_share: taker.take("chiller_carnot_share", &design.chiller_carnot_share),
        condenser_lift: taker.take("condenser_lift", &design.condenser_lift),
        evaporator_max: design.evaporator_max.as_ref().map(|limit| taker.take("evaporator_max", limit)),
        chilled_water: taker.take("chilled_water", &design.chilled_water),
        inlet_air: taker.take("inlet_air", &design.inlet_air),
        dew_point_max: design.dew_point_max.as_ref().map(|limit| taker.take("dew_point_max", limit)),
        air_handler_share: taker.take("air_handler_share", &design.air_handler_share),
        rear_door: design.rear_door.as_ref().map(|door| RearDoor {
            share: taker.take("rear_door.share", &door.share),
            water: taker.take("rear_door.water", &door.water),
            fan_share: taker.take("rear_door.fan_share", &door.fan_share),
        }),
        constant_speed: design.constant_speed,
        economizer: design.economizer,
        economizer_approach: taker.take("economizer_approach", &design.economizer_approach),
        cycles_of_concentration: taker.take("cycles_of_concentration", &design.cycles_of_concentration),
        installed_ratio: taker.take("installed_ratio", &design.installed_ratio),
    };
    let house_load = taker.take("house_load_share", &design.house_load_share);
    let cdus = CduGroup {
        capacity: taker.take("cdu_capacity", &design.cdu_capacity),
        duty_per_spare: u64::from(taker.count("cdu_group", &design.cdu_group)),
    };
    let driest = design.dew_point_min.as_ref().zip(design.humidity_min.as_ref());
    let driest = driest.map(|(dew_point, humidity)| DriestAir {
        dew_point: taker.take("dew_point_min", dew_point),
        humidity: taker.take("humidity_min", humidity),
    });
    Ok(Cooling { id: design.id.clone(), name: design.name.clone(), plant, driest, house_load, cdus })
}
