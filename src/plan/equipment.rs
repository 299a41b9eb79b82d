//! What a plan is made of: profiles of the catalogue, chosen by the scenario, as the formulas want them.
//!
//! This is where a profile's figure becomes a parameter, so this is where the list of assumptions is kept: every
//! figure taken is noted with its value, source and confidence.

use super::coolant::CoolantPumps;
use super::electrical::facts::{ElectricalFacts, least_power_factor};
use super::links::{self, Shelf, Wanted, lane_between, lane_of, with_ports};
use super::result::Assumption;
use super::sizing::{self, FacilityHour};
use crate::catalog::document::Document;
use crate::catalog::epw::{self, Moisture};
use crate::catalog::profile::{self, Confidence, Datum, StageKind, System};
use crate::catalog::{Catalog, Found, InputError};
use crate::cooling::direct_to_chip::{coolant_range, flow_at};
use crate::cooling::psychrometrics::{SEA_LEVEL, dew_point, saturation_pressure, standard_pressure};
use crate::cooling::{DesignWeather, HeatRejection, MonthlyWeather, Plant, RearDoor, Weather, Year};
use crate::fabric::optics::SwitchKind;
use crate::fleet::{CduGroup, NetworkRack, ScalableUnit};
use crate::layout::AIR_HANDLER_POWER;
use crate::layout::cables::{CableKind, Net};
use crate::power::one_line::LARGEST_SUBSTATION;
use crate::power::provisioning::DutySpread;
use crate::power::service::{Service, ServiceClass, ServiceWish, small_transformer};
use crate::power::{Provisioned, RackPower, Shelves, StageDesign, StageFlow};
use crate::scenario::{Cluster, FabricTopology, Fields, Grid, Origin, Policy, Scenario};
use crate::units::text::{Quantity, brief, exact, show};
use crate::units::{
    ByteRate, Bytes, Celsius, DollarsPerCubicMeter, DollarsPerJoule, Joules, Kelvin, KilogramsPerJoule,
    Meters, Pascals, Ratio, Seconds, Share, VoltAmperes, Watts,
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

/// One system with its power profile applied and its network parts at hand.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Id with the power profile behind a colon, if it has any.
    pub id: String,
    /// The profile of the system.
    pub system: System,
    /// The profile of its accelerator.
    pub accelerator: profile::Accelerator,
    /// Part of the envelope.
    pub share: Share,
    /// Heat, peak and feed of a rack at full power.
    pub rack: RackPower,
    /// Its power shelves, where they are known.
    pub shelves: Option<Shelves>,
    /// Energy that a rack's supplies give and take to smooth what it draws.
    pub smoothing: Joules,
    /// What a rack is provisioned for, and what that costs compute-bound work.
    pub compute_bound: Provisioned,
    /// The same for memory-bound work.
    pub memory_bound: Provisioned,
    /// Power limit of an accelerator.
    pub accelerator_power: Watts,
    /// Memory bandwidth of an accelerator.
    pub memory_bandwidth: ByteRate,
    /// Memory that software can allocate.
    pub memory: Bytes,
    /// Scale-up bandwidth of an accelerator, one direction.
    pub scale_up_bandwidth: ByteRate,
    /// Sustained over datasheet arithmetic rate.
    pub compute_share: Share,
    /// Coolant supply and return.
    pub coolant: (Celsius, Celsius),
    /// Flow of coolant per heat over the one at the supply that its maker plans with.
    pub coolant_flow: Ratio,
    /// Pumps of the coolant loop, where its network is solved; else the plant's share stands.
    pub coolant_pumps: Option<CoolantPumps>,
    /// Part of the rack's heat that leaves by liquid.
    pub liquid_share: Share,
    /// The scalable unit.
    pub unit: ScalableUnit,
    /// Racks of a unit, for prorating.
    pub unit_racks: u64,
    /// Power of the support nodes of a unit.
    pub unit_support: Watts,
    /// Whether that stands, published or said by the user, where more is counted.
    pub unit_support_stands: bool,
    /// The parts of its scale-out network.
    pub network: Network,
}

impl Machine {
    /// The same racks with coolant of another temperature, at the flow that it asks for.
    #[must_use]
    pub fn at_supply(&self, supply: Celsius) -> Self {
        let liquid = self.rack.heat * self.liquid_share.value();
        let planned = self.system.rack.coolant_supply.as_ref().map_or(supply, |datum| datum.value);
        let range = coolant_range_of(&self.system, liquid, supply);
        Self {
            coolant: (supply, supply + range),
            coolant_flow: Ratio(coolant_range_of(&self.system, liquid, planned) / range),
            coolant_pumps: None,
            ..self.clone()
        }
    }
}

/// The parts of a scale-out network.
#[derive(Debug, Clone)]
pub struct Network {
    /// The switch.
    pub switch: profile::Switch,
    /// Ports of the switch at the rate of a host port.
    pub radix: u32,
    /// What a switch draws and costs.
    pub kind: SwitchKind,
    /// Accelerator to leaf: the link chosen, or those to choose from, the cheapest first.
    pub host_links: Vec<profile::Link>,
    /// Between switches, likewise.
    pub switch_links: Vec<profile::Link>,
    /// The switch with the same ports whose optics are the other way.
    pub twin: Option<profile::Switch>,
    /// Switch of the front end and of storage.
    pub support_switch: profile::Switch,
    /// Links for the front end to choose from, the cheapest first.
    pub front_end_links: Vec<profile::Link>,
    /// Links for the storage network.
    pub storage_links: Vec<profile::Link>,
    /// Switch of the out-of-band network.
    pub management_switch: profile::Switch,
    /// Links for its ports.
    pub management_links: Vec<profile::Link>,
    /// Links for its uplinks.
    pub uplink_links: Vec<profile::Link>,
    /// Links from fabric to fabric.
    pub border_links: Vec<profile::Link>,
    /// Heat of a rack to the air that its room takes, rear doors first.
    pub rack_air: Watts,
    /// Links from the cubes of a torus to optical circuit switches.
    pub circuit_links: Vec<profile::Link>,
    /// All links and modules of the catalogue.
    pub shelf: Shelf,
}

/// Rate of a link from fabric to fabric, where a port of the scale-out's switches has lanes for it.
const BORDER_RATE: ByteRate = ByteRate(100e9);

impl Network {
    /// The links for a tier of a network.
    #[must_use]
    pub fn links_of(&self, net: Net, kind: CableKind) -> &[profile::Link] {
        match (net, kind) {
            (Net::ScaleOut, CableKind::HostLeaf) => &self.host_links,
            (Net::ScaleOut, _) => &self.switch_links,
            (Net::FrontEnd, _) => &self.front_end_links,
            (Net::Storage, _) => &self.storage_links,
            (Net::OutOfBand, CableKind::HostLeaf) => &self.management_links,
            (Net::OutOfBand, _) => &self.uplink_links,
            (Net::ScaleUp, _) => &self.circuit_links,
            (Net::Border, _) => &self.border_links,
        }
    }

    /// A rack of switches: fed as others are, and no hotter in air than its room takes.
    #[must_use]
    pub fn rack_of(&self, switch: &profile::Switch) -> NetworkRack {
        let rack = NetworkRack::default();
        let to_air = 1.0 - switch.liquid_share.value.0;
        let cooled = if to_air > 0.0 { self.rack_air / to_air } else { rack.power };
        NetworkRack { power: rack.power.min(cooled), ..rack }
    }

    /// Rate of the uplinks of a management switch.
    #[must_use]
    pub fn uplink_rate(&self) -> ByteRate {
        uplink_rate(&self.management_switch)
    }

    /// Lanes of an uplink of a management switch.
    #[must_use]
    pub fn uplink_lanes(&self) -> u64 {
        lanes(self.uplink_rate(), self.uplink_links.first().and_then(links::lane))
    }

    /// Lanes of a leaf port of the front end at a rate.
    #[must_use]
    pub fn leaf_lanes(&self, rate: ByteRate) -> u64 {
        lanes(rate, lane_of(&self.support_switch))
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

/// Profiles chosen, and the figures taken from them.
#[derive(Debug, Clone)]
pub struct Equipment {
    /// Everything of the place.
    pub place: Place,
    /// The systems of the mix.
    pub machines: Vec<Machine>,
    /// Cards of the serving workloads, in the order of the scenario.
    pub serving: Vec<Found<profile::Model>>,
    /// Cards of the training workloads.
    pub training: Vec<Found<profile::Model>>,
    /// Figures that the plan rests on.
    pub taken: Vec<Assumption>,
    /// Fields of the scenario that the catalogue or the plan filled in: path, value, by whom.
    pub filled: Vec<(String, String, Origin)>,
}

/// Takes figures from one profile file and notes each.
pub(super) struct Taker<'a> {
    pub(super) taken: &'a mut Vec<Assumption>,
    pub(super) document: &'a Document,
    pub(super) sources: &'a profile::Sources,
    pub(super) prefix: String,
}

impl Taker<'_> {
    pub(super) fn take<Q: Quantity>(&mut self, field: &str, datum: &Datum<Q>) -> Q {
        let ends = datum.low.zip(datum.high).map(|(low, high)| format!("{} – {}", brief(low), brief(high)));
        self.note(field, brief(datum.value), ends, datum);
        datum.value
    }

    pub(super) fn count(&mut self, field: &str, datum: &Datum<u32>) -> u32 {
        let ends = datum.low.zip(datum.high).map(|(low, high)| format!("{low} – {high}"));
        self.note(field, datum.value.to_string(), ends, datum);
        datum.value
    }

    /// A list of ratings, in SI base units.
    pub(super) fn list<Q: Quantity>(&mut self, field: &str, datum: &Datum<Vec<Q>>) -> Arc<[f64]> {
        let sizes = &datum.value;
        let ends = sizes.first().zip(sizes.last());
        let ends =
            ends.map_or_else(String::new, |(low, high)| format!(", {} to {}", brief(*low), brief(*high)));
        self.note(field, format!("{} sizes{ends}", sizes.len()), None, datum);
        sizes.iter().map(|size| size.si()).collect()
    }

    fn note<Q>(&mut self, field: &str, value: String, range: Option<String>, datum: &Datum<Q>) {
        let source = self.sources.get(&datum.source).map_or_else(
            || self.document.file.clone(),
            |source| match &source.url {
                Some(url) => format!("{} <{url}>", source.title),
                None => source.title.clone(),
            },
        );
        self.taken.push(Assumption {
            field: format!("{}.{field}", self.prefix),
            value,
            range,
            source,
            confidence: datum.confidence,
            note: datum.note.clone(),
        });
    }
}

impl Equipment {
    /// Chooses the profiles that a scenario names.
    pub fn gather(scenario: &Scenario, catalog: &Catalog) -> Result<Self, InputError> {
        let mut taken = Vec::new();
        let mut of_machines = Vec::new();
        let all_machines = || {
            let entries = scenario.fields.systems.iter().enumerate();
            entries
                .map(|(index, entry)| {
                    let path = format!("systems.{index}.id");
                    machine(scenario, catalog, &entry.id, entry.share, &path, &mut of_machines)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let (place, machines) = rayon::join(|| place(scenario, catalog, &mut taken), all_machines);
        let (mut place, mut machines) = (place?, machines?);
        for machine in &mut machines {
            machine.network.rack_air = scenario.fields.layout.rack_air / (1.0 - place.door_share()).max(1e-9);
        }
        taken.append(&mut of_machines);
        let card = |list: &str, index: usize, id: &str| {
            catalog
                .get::<profile::Model>(id)
                .map_err(|error| scenario.blame(&format!("{list}.{index}.model"), error))
        };
        let serving = scenario.fields.serving.iter().enumerate();
        let serving = serving.map(|(i, entry)| card("serving", i, &entry.model)).collect::<Result<_, _>>()?;
        let training = scenario.fields.training.iter().enumerate();
        let training =
            training.map(|(i, entry)| card("training", i, &entry.model)).collect::<Result<_, _>>()?;
        serve(scenario, &mut place, &machines)?;
        let mut filled = filled(scenario, catalog, &place, &machines);
        filled.extend(served(wish(&scenario.fields.grid), &place.service));
        Ok(Self { place, machines, serving, training, taken, filled })
    }
}

/// What the fullest of several substations carries over an even part, as whole buildings hang on each: assumption, before
/// buildings are known.
const UNEVEN: f64 = 1.1;

/// Settles how the site is served, by the load of one of its substations and by its electrical design point, which a
/// circuit carries for seconds.
fn serve(scenario: &Scenario, place: &mut Place, machines: &[Machine]) -> Result<(), InputError> {
    let fields = &scenario.fields;
    let at_utility = fields.envelope.measured_at == crate::scenario::MeasuredAt::Utility;
    // At the meter nothing is drawn but the envelope; racks that peak above it are asked what that comes to.
    let above = machines.iter().any(|machine| machine.rack.peak > machine.compute_bound.power);
    let (mut meter, mut peak) = (fields.envelope.power, fields.envelope.power);
    if !at_utility || above {
        let draws = super::draws(scenario, place, machines)?;
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
fn wish(grid: &Grid) -> ServiceWish {
    ServiceWish {
        voltage: grid.voltage,
        short_circuit: grid.short_circuit,
        campus_voltage: grid.campus_voltage,
        feeder_current: grid.feeder_current,
    }
}

/// What the scenario leaves to the plan of how the site is served.
fn served(wish: ServiceWish, service: &Service) -> Vec<(String, String, Origin)> {
    let fields = [
        ("grid.voltage", wish.voltage.is_none(), exact(service.voltage)),
        ("grid.short_circuit", wish.short_circuit.is_none(), exact(service.short_circuit)),
        ("grid.campus_voltage", wish.campus_voltage.is_none(), exact(service.campus_voltage)),
        ("grid.feeder_current", wish.feeder_current.is_none(), exact(service.feeder_current)),
    ];
    let open = fields.into_iter().filter(|(_, open, _)| *open);
    open.map(|(path, _, value)| (path.to_owned(), value, Origin::Plan)).collect()
}

/// What the scenario leaves to the catalogue, as it would be written.
fn filled(
    scenario: &Scenario,
    catalog: &Catalog,
    place: &Place,
    machines: &[Machine],
) -> Vec<(String, String, Origin)> {
    let fields = &scenario.fields;
    let mut all = Vec::new();
    let mut fill = |said: bool, path: &str, value: String, folder: &str, id: &str| {
        if !said {
            all.push((path.to_owned(), value, Origin::Catalog(catalog.file_of(folder, id))));
        }
    };
    let market = &place.market;
    fill(fields.site.electricity.is_some(), "site.electricity", exact(place.electricity), "prices", market);
    fill(fields.site.carbon.is_some(), "site.carbon", exact(place.carbon), "prices", market);
    let capital = place.costs.cost_of_capital.value;
    let said = fields.economics.cost_of_capital.is_some();
    fill(said, "economics.cost_of_capital", exact(capital), "costs", &place.costs.id);
    if let Some(machine) = machines.first() {
        let (id, _) = split_profile(&fields.systems[0].id);
        let mut fill = |said: bool, path: &str, value: String| fill(said, path, value, "systems", id);
        fill(fields.cooling.coolant_supply.is_some(), "cooling.coolant_supply", exact(machine.coolant.0));
        let price = exact(machine.system.rack.price.value);
        fill(fields.economics.rack_price.is_some(), "economics.rack_price", price);
        let out = &machine.system.scale_out;
        fill(fields.fabric.switch.is_some(), "fabric.switch", out.switch.clone());
        fill(fields.fabric.host_link.is_some(), "fabric.host_link", out.host_link.clone());
        fill(fields.fabric.switch_link.is_some(), "fabric.switch_link", out.switch_link.clone());
    }
    all
}

fn place(scenario: &Scenario, catalog: &Catalog, taken: &mut Vec<Assumption>) -> Result<Place, InputError> {
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
    let (chain, electrical) = super::electrical::facts::design(scenario, &electrical, &sold, taken)?;
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

/// The power shelves of a rack, where they are known.
fn shelves_of(taker: &mut Taker<'_>, rack: &profile::Rack) -> Option<Shelves> {
    let shelves = rack.shelves.as_ref()?;
    Some(Shelves { count: shelves.count, rating: taker.take("rack.shelves.rating", &shelves.rating) })
}

/// Notes how often a system fails and of what.
fn reliability(taker: &mut Taker<'_>, known: &profile::Reliability) {
    taker.take("reliability.availability", &known.availability);
    taker.take("reliability.interruption_rate", &known.interruption_rate);
    taker.take("reliability.repair", &known.repair);
    taker.count("reliability.tray", &known.tray);
    taker.count("reliability.swap_unit", &known.swap_unit);
    let causes = &known.causes;
    for (name, share) in [
        ("accelerator", &causes.accelerator),
        ("memory", &causes.memory),
        ("host", &causes.host),
        ("network", &causes.network),
        ("cooling", &causes.cooling),
        ("software", &causes.software),
        ("silent", &causes.silent),
    ] {
        taker.take(&format!("reliability.causes.{name}"), share);
    }
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

fn note_costs(found: &Found<profile::Costs>, taken: &mut Vec<Assumption>) -> profile::Costs {
    let costs = &found.profile;
    let mut taker = Taker {
        taken,
        document: &found.document,
        sources: &costs.sources,
        prefix: format!("costs.{}", costs.id),
    };
    for (field, datum) in [
        ("land", &costs.land),
        ("building", &costs.building),
        ("grid_connection", &costs.grid_connection),
        ("transformers", &costs.transformers),
        ("solid_state_transformers", &costs.solid_state_transformers),
        ("switchgear", &costs.switchgear),
        ("ups", &costs.ups),
        ("generators", &costs.generators),
        ("busway", &costs.busway),
        ("rectifiers", &costs.rectifiers),
        ("cooling", &costs.cooling),
        ("staff", &costs.staff),
    ] {
        taker.take(field, datum);
    }
    for (field, datum) in [
        ("soft_cost_share", &costs.soft_cost_share),
        ("facility_maintenance_share", &costs.facility_maintenance_share),
        ("it_maintenance_share", &costs.it_maintenance_share),
        ("tax_and_insurance_share", &costs.tax_and_insurance_share),
        ("cost_of_capital", &costs.cost_of_capital),
        ("utilization", &costs.utilization),
    ] {
        taker.take(field, datum);
    }
    taker.take::<DollarsPerJoule>("batteries", &costs.batteries);
    taker.take::<Seconds>("it_life", &costs.it_life);
    taker.take::<Seconds>("facility_life", &costs.facility_life);
    costs.clone()
}

/// Splits `vr-nvl72:max-q` into system and power profile; the colon of a Windows drive is none.
#[must_use]
pub fn split_profile(id: &str) -> (&str, Option<&str>) {
    match id.rsplit_once(':') {
        Some((system, profile)) if !profile.is_empty() && !profile.contains(['/', '\\', '.']) => {
            (system, Some(profile))
        }
        _ => (id, None),
    }
}

/// An error about an accelerator, at the line of the system's profile that names it.
fn named_in(system: &Found<System>, error: InputError) -> InputError {
    if error.span.is_some() { error } else { system.document.error("accelerator", error.message) }
}

/// Takes the arithmetic peaks, and the share of them that the board's power limit sustains.
fn sustained_share(taker: &mut Taker<'_>, chip: &profile::Accelerator) -> Share {
    taker.take("peak.bf16", &chip.peak.bf16);
    for (format, peak) in [("fp8", &chip.peak.fp8), ("fp4", &chip.peak.fp4)] {
        if let Some(peak) = peak {
            taker.take(&format!("peak.{format}"), peak);
        }
    }
    chip.sustained_share.as_ref().map_or(Share(1.0), |share| taker.take("sustained_share", share))
}

/// Reads a system with its accelerator and network parts and applies its power profile.
pub fn machine(
    scenario: &Scenario,
    catalog: &Catalog,
    id: &str,
    share: Share,
    path: &str,
    taken: &mut Vec<Assumption>,
) -> Result<Machine, InputError> {
    let (system_id, named) = split_profile(id);
    let found = catalog.get::<System>(system_id).map_err(|error| scenario.blame(path, error))?;
    let system = found.profile.clone();
    let chip = catalog
        .get::<profile::Accelerator>(&found.accelerator_reference())
        .map_err(|e| named_in(&found, e))?;
    let profile_name = named.map(str::to_owned).or_else(|| system.default_profile.clone());
    let power_profile = power_profile(scenario, &system, profile_name.as_deref(), path)?;
    let full_id = match &profile_name {
        Some(name) => format!("{}:{name}", system.id),
        None => system.id.clone(),
    };

    let mut taker = Taker {
        taken,
        document: &found.document,
        sources: &system.sources,
        prefix: format!("systems.{}", system.id),
    };
    let heat = match power_profile {
        Some(p) => {
            taker.take(&format!("profiles.{}.heat", profile_name.as_deref().unwrap_or_default()), &p.heat)
        }
        None => taker.take("rack.heat", &system.rack.heat),
    };
    let peak = match power_profile.and_then(|p| p.edp_peak.as_ref()) {
        Some(peak) => taker.take("profiles.edp_peak", peak),
        None => taker.take("rack.edp_peak", &system.rack.edp_peak),
    };
    let rack = RackPower { heat, peak, feed: taker.take("rack.feed", &system.rack.feed) };
    let shelves = shelves_of(&mut taker, &system.rack);
    let smoothing = system.rack.smoothing_energy.as_ref();
    let smoothing = smoothing.map_or(Joules(0.0), |datum| taker.take("rack.smoothing_energy", datum));
    let liquid_share = taker.take("rack.liquid_share", &system.rack.liquid_share);
    let unit_racks = u64::from(taker.count("unit.racks", &system.unit.racks).max(1));
    let unit_support = taker.take("unit.support_power", &system.unit.support_power);
    taker.take("unit.support_price", &system.unit.support_price);
    taker.take("rack.price", &system.rack.price);
    reliability(&mut taker, &system.reliability);
    let (planned, supply) = coolant_supply(scenario, &system, liquid_share, &mut taker)?;
    let liquid = heat * liquid_share.value();
    let scale_up_bandwidth = scale_up(&mut taker, &system.scale_up, power_profile);
    let compute_share =
        power_profile.map_or(Share(1.0), |p| taker.take("profiles.compute_share", &p.compute_share));
    let profile_bandwidth = power_profile
        .and_then(|p| p.memory_bandwidth.as_ref())
        .map(|rate| taker.take("profiles.memory_bandwidth", rate));
    let profile_power = power_profile.map(|p| taker.take("profiles.accelerator_power", &p.accelerator_power));
    let range = coolant_range_of(&system, liquid, supply);
    let coolant_flow = Ratio(coolant_range_of(&system, liquid, planned) / range);

    let mut taker = Taker {
        taken,
        document: &chip.document,
        sources: &chip.profile.sources,
        prefix: format!("accelerators.{}", chip.profile.id),
    };
    let memory = taker.take("memory.usable", &chip.profile.memory.usable);
    let memory_bandwidth =
        profile_bandwidth.unwrap_or_else(|| taker.take("memory.bandwidth", &chip.profile.memory.bandwidth));
    let accelerator_power = profile_power.unwrap_or_else(|| taker.take("power", &chip.profile.power));
    let compute_share = Share(compute_share.0 * sustained_share(&mut taker, &chip.profile).0);

    let network = network(scenario, catalog, &system, path, taken)?;
    let policy = policy(scenario);
    // Fewer than will stand there: the fewer, the wider is their sum spread.
    let racks = (scenario.fields.envelope.power * share.0 / rack.heat / 2.0).max(1.0) as u64;
    let spread = duty_spread(&scenario.fields);
    let provisioned = |bound| {
        crate::power::provisioning::provision(rack, policy, spread, racks, bound)
            .map_err(|error| scenario.error("provisioning.policy", error.to_string()))
    };
    Ok(Machine {
        id: full_id,
        share,
        rack,
        shelves,
        smoothing,
        compute_bound: provisioned(crate::power::Bound::Compute)?,
        memory_bound: provisioned(crate::power::Bound::Memory)?,
        accelerator_power,
        memory_bandwidth,
        memory,
        scale_up_bandwidth,
        compute_share,
        coolant: (supply, supply + range),
        coolant_flow,
        coolant_pumps: None,
        liquid_share,
        unit: ScalableUnit {
            compute_racks: unit_racks,
            accelerators_per_rack: u64::from(system.rack.accelerators),
            storage_racks: u64::from(system.unit.storage_racks.value),
            management_racks: u64::from(system.unit.management_racks.value),
        },
        unit_racks,
        unit_support,
        unit_support_stands: stands(&system.unit.support_power),
        network,
        accelerator: chip.profile,
        system,
    })
}

/// Scale-up bandwidth of an accelerator, with what else the catalogue says of its links.
fn scale_up(
    taker: &mut Taker<'_>,
    own: &profile::ScaleUp,
    power_profile: Option<&profile::PowerProfile>,
) -> ByteRate {
    if let Some(rate) = &own.last_dimension_bandwidth_per_direction {
        taker.take("scale_up.last_dimension_bandwidth_per_direction", rate);
    }
    if let Some(ports) = &own.optical_switch_ports {
        taker.count("scale_up.optical_switch_ports", ports);
    }
    match power_profile.and_then(|p| p.scale_up_bandwidth_per_direction.as_ref()) {
        Some(rate) => taker.take("profiles.scale_up_bandwidth_per_direction", rate),
        None => taker.take("scale_up.bandwidth_per_direction", &own.bandwidth_per_direction),
    }
}

/// Whether a figure stands against what is counted: published or said, not estimated.
fn stands<Q>(datum: &Datum<Q>) -> bool {
    !matches!(
        datum.confidence,
        Confidence::Reported | Confidence::Derived | Confidence::Recalled | Confidence::Assumption
    )
}

/// Rate of links from fabric to fabric: ports of slow lanes join them at their own.
fn border_rate(shelf: &Shelf, lane: Option<ByteRate>, switch: &profile::Switch) -> ByteRate {
    let fast = !shelf.suiting(&Wanted { rate: BORDER_RATE, lane, co_packaged: false }).is_empty();
    if fast { BORDER_RATE } else { switch.port_bandwidth.value }
}

/// Uplinks of one lane, which part a leaf port; none where none is sold that the leaf's lanes carry: each then takes a port
/// for itself.
fn parted_uplinks(shelf: &Shelf, management: &profile::Switch, leaf: &profile::Switch) -> Vec<profile::Link> {
    let rate = uplink_rate(management);
    shelf.suiting(&Wanted { rate, lane: lane_between(Some(rate), lane_of(leaf)), co_packaged: false })
}

/// The coolant's supply temperature that the maker plans with, and the one that the scenario wants.
fn coolant_supply(
    scenario: &Scenario,
    system: &System,
    liquid_share: Share,
    taker: &mut Taker<'_>,
) -> Result<(Celsius, Celsius), InputError> {
    let wanted = scenario.fields.cooling.coolant_supply;
    let planned = match (&system.rack.coolant_supply, wanted) {
        (Some(datum), None) => taker.take("rack.coolant_supply", datum),
        (Some(datum), Some(_)) => datum.value,
        (None, wanted) => wanted.unwrap_or(Celsius(30.0)),
    };
    let supply = wanted.unwrap_or(planned);
    if let Some(limit) = &system.rack.coolant_supply_max
        && wanted.is_some_and(|wanted| wanted > limit.value)
        && liquid_share.0 > 0.0
    {
        let (supply, limit) = (brief(supply), brief(limit.value));
        let message = format!("{supply} is warmer than the {limit} that a rack of `{}` allows", system.id);
        let help = format!("at most {limit}; without `coolant_supply` it is planned with {}", brief(planned));
        return Err(scenario.error("cooling.coolant_supply", message).with_help(help));
    }
    Ok((planned, supply))
}

/// The power profile of a name, if a name is given.
fn power_profile<'a>(
    scenario: &Scenario,
    system: &'a System,
    name: Option<&str>,
    path: &str,
) -> Result<Option<&'a profile::PowerProfile>, InputError> {
    let Some(name) = name else { return Ok(None) };
    system.profiles.get(name).map(Some).ok_or_else(|| {
        let names: Vec<String> = system.profiles.keys().cloned().collect();
        scenario
            .error(path, format!("`{}` has no power profile `{name}`", system.id))
            .with_help(crate::catalog::document::suggest(name, &names))
    })
}

/// Refuses what a system and its switch can't do of the fabric asked for.
fn suits(scenario: &Scenario, system: &System, switch: &profile::Switch) -> Result<(), InputError> {
    let fabric = &scenario.fields.fabric;
    if fabric.in_network_reduction && !switch.in_network_reduction {
        let message = format!("the switch `{}` of `{}` does not add up all-reduces", switch.id, system.id);
        return Err(scenario.error("fabric.in_network_reduction", message));
    }
    if fabric.topology == FabricTopology::Torus && system.scale_up.topology != profile::ScaleUpTopology::Torus
    {
        let message = format!("the accelerators of `{}` form no torus", system.id);
        let help = "`auto`, `fat-tree`, `rail-only` and `dragonfly-plus` suit every system";
        return Err(scenario.error("fabric.topology", message).with_help(help));
    }
    let least = sizing::whole_accelerators(system);
    if let Cluster::AtMost(asked) = fabric.cluster
        && asked < least
    {
        let message = format!(
            "{asked} is less than the {least} accelerators of a rack and its scale-up domain of `{}`, which no fabric parts",
            system.id
        );
        let help = format!("at least {least}, or \"all\"");
        return Err(scenario.error("fabric.cluster", message).with_help(help));
    }
    Ok(())
}

/// A switch of the networks beside the scale-out.
fn ethernet_switch(
    scenario: &Scenario,
    catalog: &Catalog,
    field: &str,
    id: &str,
) -> Result<profile::Switch, InputError> {
    let at = format!("support_networks.{field}");
    let switch = catalog.get::<profile::Switch>(id).map_err(|error| scenario.blame(&at, error))?.profile;
    if switch.protocol == profile::Protocol::Infiniband {
        let message = format!("`{id}` speaks InfiniBand: adapters of trays and servers are Ethernet here");
        let help = "an Ethernet switch; `gigawatt catalog list networks` lists them";
        return Err(scenario.error(&at, message).with_help(help));
    }
    Ok(switch)
}

/// The scale-out parts of a system's reference design, or those that the scenario puts in their place.
fn network(
    scenario: &Scenario,
    catalog: &Catalog,
    system: &System,
    path: &str,
    taken: &mut Vec<Assumption>,
) -> Result<Network, InputError> {
    let fabric = &scenario.fields.fabric;
    let part = |field: &str, own: &Option<String>, reference: &str| match own {
        Some(id) => (id.clone(), format!("fabric.{field}")),
        None => (reference.to_owned(), path.to_owned()),
    };
    let (switch_id, at) = part("switch", &fabric.switch, &system.scale_out.switch);
    let switch = catalog.get::<profile::Switch>(&switch_id).map_err(|error| scenario.blame(&at, error))?;
    let shelf = Shelf::of(scenario, catalog, path)?;
    let out = &system.scale_out;
    // The lanes of adapters are those of the switch that their maker joins them to.
    let reference = match fabric.switch {
        Some(_) => catalog.get::<profile::Switch>(&out.switch).ok().map(|found| found.profile),
        None => Some(switch.profile.clone()),
    };
    let lane = lane_between(reference.as_ref().and_then(lane_of), lane_of(&switch.profile));
    let wanted = Wanted {
        rate: out.port_bandwidth.value * f64::from(out.links_per_cable.unwrap_or(1)),
        lane,
        co_packaged: switch.profile.co_packaged_optics,
    };
    let links = |field: &str, own: &Option<String>, reference: &str| {
        let (id, at) = part(field, own, reference);
        shelf.tier((scenario, catalog), &wanted, (&id, own.is_some()), &switch_id, &at)
    };
    let host_links = links("host_link", &fabric.host_link, &out.host_link)?;
    let switch_links = links("switch_link", &fabric.switch_link, &out.switch_link)?;
    let mut taker = Taker {
        taken,
        document: &switch.document,
        sources: &switch.profile.sources,
        prefix: format!("networks.switches.{}", switch.profile.id),
    };
    let switch_kind = SwitchKind {
        power: taker.take("power_populated", &switch.profile.power_populated),
        price: taker.take("price", &switch.profile.price),
        co_packaged_optics: switch.profile.co_packaged_optics,
        optics_in_power: true,
    };
    let radix = ports_at(&switch.profile, system.scale_out.port_bandwidth.value);
    if radix < 2 {
        let message = format!(
            "the switch `{switch_id}` has no ports at {} per port, which `{}` needs",
            system.scale_out.port_bandwidth.value, system.id
        );
        return Err(scenario.error("fabric.switch", message));
    }
    suits(scenario, system, &switch.profile)?;
    let twin = match &switch.profile.optics_twin {
        Some(id) => {
            Some(catalog.get::<profile::Switch>(id).map_err(|error| scenario.blame(&at, error))?.profile)
        }
        None => None,
    };
    let beside = &scenario.fields.support_networks;
    let named = |field: &str, id: &str| ethernet_switch(scenario, catalog, field, id);
    let support_switch = named("switch", &beside.switch)?;
    for (field, rate) in [("front_end", beside.front_end), ("storage", beside.storage)] {
        with_ports(scenario, &support_switch, rate, &format!("support_networks.{field}"))?;
    }
    let management_switch = named("management_switch", &beside.management_switch)?;
    let pluggable = |rate: ByteRate, lane: Option<ByteRate>, at: &str| {
        shelf.choices(scenario, &Wanted { rate, lane, co_packaged: false }, at)
    };
    let trays = |field: &str, rate: ByteRate| {
        pluggable(rate, lane_of(&support_switch), &format!("support_networks.{field}"))
    };
    let managed = |rate: ByteRate| pluggable(rate, None, "support_networks.management_switch");
    let border = border_rate(&shelf, lane, &switch.profile);
    let parted = parted_uplinks(&shelf, &management_switch, &support_switch);
    Ok(Network {
        twin,
        front_end_links: trays("front_end", beside.front_end)?,
        storage_links: trays("storage", beside.storage)?,
        management_links: managed(management_switch.port_bandwidth.value)?,
        uplink_links: if parted.is_empty() { managed(uplink_rate(&management_switch))? } else { parted },
        border_links: [
            pluggable(border, lane, "campus.bandwidth")?,
            shelf.coherent(links::cage_of(&switch.profile)),
        ]
        .concat(),
        support_switch,
        rack_air: scenario.fields.layout.rack_air,
        management_switch,
        switch: switch.profile,
        radix,
        kind: switch_kind,
        host_links,
        switch_links,
        circuit_links: shelf.to_circuits(),
        shelf,
    })
}

/// Lanes that carry a rate; one where they are not known.
fn lanes(rate: ByteRate, lane: Option<ByteRate>) -> u64 {
    lane.map_or(1, |lane| (rate / lane - 1e-9).ceil().max(1.0) as u64)
}

/// Rate of the uplinks of a management switch: that of its ports where nothing is said of them.
fn uplink_rate(switch: &profile::Switch) -> ByteRate {
    switch.uplink_bandwidth.as_ref().unwrap_or(&switch.port_bandwidth).value
}

/// Ports of a switch when each carries a host port's rate: a faster port is split, a slower one is of no use.
pub(super) fn ports_at(switch: &profile::Switch, rate: ByteRate) -> u32 {
    let split = (switch.port_bandwidth.value / rate + 1e-9).floor();
    (f64::from(switch.ports.value) * split).min(f64::from(u32::MAX)) as u32
}

/// How the power that racks ask for is spread over time.
#[must_use]
pub fn duty_spread(fields: &Fields) -> DutySpread {
    let said = &fields.provisioning;
    DutySpread { mean: said.duty_factor, deviation: said.duty_deviation, correlation: said.duty_correlation }
}

fn policy(scenario: &Scenario) -> crate::power::Provisioning {
    let p = &scenario.fields.provisioning;
    match p.policy {
        Policy::Nameplate => crate::power::Provisioning::Nameplate,
        Policy::DutyQuantile => crate::power::Provisioning::DutyQuantile(p.quantile),
        Policy::Capped => crate::power::Provisioning::Capped { cap: p.cap },
    }
}

/// Temperature rise of the coolant through a rack: from its curve, its flow rule, or 10 K.
fn coolant_range_of(system: &System, liquid: Watts, supply: Celsius) -> Kelvin {
    let points: Vec<_> = system.rack.coolant_curve.iter().map(|point| (point.supply, point.flow)).collect();
    if let Some(flow) = flow_at(&points, supply)
        && liquid.0 > 0.0
    {
        return coolant_range(flow / liquid);
    }
    match &system.rack.coolant_flow_rule {
        Some(rule) if rule.value.0 > 0.0 => coolant_range(rule.value),
        _ => Kelvin(10.0),
    }
}

/// Whether a value of the scenario was said by the user rather than by a default.
#[must_use]
pub fn said_by_user(scenario: &Scenario, path: &str) -> bool {
    matches!(scenario.resolved.origins.get(path), Some(Origin::File(..) | Origin::Flag))
}
