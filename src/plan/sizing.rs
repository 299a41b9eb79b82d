//! The fixed point: how many whole racks an envelope carries, with all that has to stand beside them.
//!
//! What a number of racks draws follows from that number alone: racks, support nodes and a fabric of whole
//! switches make the IT power; its losses indoors join the air-side heat; the plant and the house loads hang on
//! the stages before the first that carries racks alone. Because nothing depends on the envelope, and everything
//! grows with the racks, the answer is the largest number whose draw fits, found by halving, and a larger envelope
//! never buys less.
//!
//! ~~~text
//! P_IT(n)    = n·q + S(n) + N(n)·p              racks, support, switches
//! S(n)       = max( n·s/m, c(n) )               c what is counted of the support; n·s/m alone where that is published
//! P_meter(n) = trunk( to_racks(P_IT − P_k) + to_plant( cooling(heat, design hour) + h·P_IT + P_k ) )
//! n*         = max { n : P(n) ≤ E }             P at the meter or at the rack inputs, as the envelope says
//! ~~~
//!
//! q provisioned power of a rack · s support power of a unit of m racks · N switches of p each · h house load · P_k
//! racks on the bus of what must not stop; trunk, to_racks, to_plant: what stages take for what they give.

use super::beside::{Beside, beside};
use super::equipment::{Machine, Place};
use crate::catalog::profile::{Kept, System};
use crate::cooling::{HeatLoad, Mode, PlantHour, PlantLoops, Weather};
use crate::fabric::scale_out::{FabricDemand, FabricError, FatTree, Tiers, Topology, scale_out};
use crate::fabric::torus::{Torus, TorusError};
use crate::power::{MeasuredAt, PowerEnvelope, StageDesign, StageFlow, chain, chain_at, indoor_loss};
use crate::scenario::{Cluster, Fabric, FabricTopology, Fields, Granularity};
use crate::units::{Celsius, Share, Watts};

/// What a number of racks of one system draws and gives off.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Compute racks.
    pub racks: u64,
    /// Accelerators in them.
    pub accelerators: u64,
    /// Provisioned power of the compute racks.
    pub compute: Watts,
    /// Storage, management and CPU nodes with the networks beside the scale-out: what the catalogue says of it or, where
    /// that is an estimate below it, what is counted.
    pub support: Watts,
    /// What is counted of that at least.
    pub counted: Watts,
    /// Switches with their optics.
    pub network: Watts,
    /// Heat to the coolant.
    pub liquid: Watts,
    /// Heat to the air.
    pub air: Watts,
    /// The scale-out network.
    pub fabric: FatTree,
    /// The networks beside it, and servers.
    pub beside: Beside,
}

/// A network that cannot be built, and the field of the scenario that asks for it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct Unbuildable {
    /// The field.
    pub field: &'static str,
    /// Why.
    #[source]
    pub error: FabricError,
}

impl From<FabricError> for Unbuildable {
    fn from(error: FabricError) -> Self {
        Self { field: "fabric.switch", error }
    }
}

impl Draw {
    /// Power at the rack inputs.
    #[must_use]
    pub fn it(&self) -> Watts {
        self.compute + self.support + self.network
    }
}

/// A facility under one load in one hour.
#[derive(Debug, Clone)]
pub struct FacilityHour {
    /// Stages that carry the racks and the plant, meter first.
    pub trunk: Vec<StageFlow>,
    /// Stages behind them that carry the racks alone, in the yard and indoors.
    pub to_racks: Vec<StageFlow>,
    /// The stage behind them that carries the plant's switchboards alone, where they do not hang on the last of the trunk.
    pub to_plant: Vec<StageFlow>,
    /// The UPS of what must not stop, where there is one: on the busbar of plant and house.
    pub essential: Option<StageFlow>,
    /// The plant, all loops together.
    pub plant: PlantHour,
    /// The weather that it meets.
    pub weather: Weather,
    /// The other extreme hour, which takes less power but may ask for more chillers or water.
    pub other: (Weather, PlantHour),
    /// What the evaporators of each system's loops carry in the worse hour for each: what they are bought for.
    pub chilled: Vec<[Watts; 3]>,
    /// Lights, offices, controls.
    pub house: Watts,
    /// Power at the rack inputs.
    pub it: Watts,
    /// Of that, racks on the bus of what must not stop, fed from the plant's switchboards.
    pub kept_racks: Watts,
    /// Power at the meter.
    pub meter: Watts,
}

impl FacilityHour {
    /// The stages from the meter to the racks, in the order of [`Place::stages`].
    pub fn path(&self) -> impl Iterator<Item = &StageFlow> {
        self.trunk.iter().chain(&self.to_racks)
    }

    /// Heat through evaporators for which chillers and tanks are bought: that of the worse hour for each loop.
    #[must_use]
    pub fn chilled(&self) -> Watts {
        self.chilled.iter().flatten().copied().sum()
    }

    /// Compressors for which feeders and condensers are bought.
    #[must_use]
    pub fn compressors(&self) -> Watts {
        self.plant.compressors.max(self.other.1.compressors)
    }

    /// Lost in the UPS of what must not stop.
    #[must_use]
    pub fn essential_loss(&self) -> Watts {
        self.essential.as_ref().map_or(Watts(0.0), |ups| ups.loss)
    }

    /// Power of the plant and the house, with what the UPS of what must not stop loses.
    #[must_use]
    pub fn plant_and_house(&self) -> Watts {
        self.plant.power() + self.house + self.essential_loss()
    }

    /// Power behind the plant's switchboards: plant and house, and the racks on the bus of what must not stop.
    #[must_use]
    pub fn on_plant_boards(&self) -> Watts {
        self.plant_and_house() + self.kept_racks
    }
}

/// The torus that a system's domain is, the most compact one where its shape is not known.
pub(crate) fn torus_of(machine: &Machine) -> Result<Torus, TorusError> {
    let inside = &machine.system.scale_up;
    let shape = match inside.shape {
        Some(shape) => shape.map(u64::from),
        None => Torus::compact(u64::from(inside.domain))?.shape,
    };
    let last = inside.last_dimension_bandwidth_per_direction.as_ref();
    Ok(Torus {
        shape,
        optical_cubes: inside.optical_cubes,
        optical_switch_ports: inside.optical_switch_ports.as_ref().map(|ports| ports.value),
        last_over_others: last.map(|last| last.value / inside.bandwidth_per_direction.value),
    })
}

/// Rails of a system's fabric: those of its reference design, or one for each accelerator of a domain.
///
/// Without links between rails, what leaves its rail crosses the domain, which then has to reach every rail by
/// an accelerator of its own (Wang et al. 2023, arXiv:2307.12169).
pub(crate) fn rails_of(machine: &Machine, rail_only: bool) -> u32 {
    if rail_only { machine.system.scale_up.domain } else { machine.system.scale_out.rails }
}

/// What the scale-out fabric of a number of accelerators has to connect.
pub(super) fn demand_of(
    machine: &Machine,
    accelerators: u64,
    wish: &Fabric,
) -> Result<FabricDemand, FabricError> {
    let out = &machine.system.scale_out;
    let demand = FabricDemand {
        topology: match wish.topology {
            FabricTopology::Auto | FabricTopology::FatTree => Topology::FatTree,
            FabricTopology::RailOnly => Topology::RailOnly,
            FabricTopology::DragonflyPlus => Topology::DragonflyPlus,
            FabricTopology::Torus => Topology::Torus(torus_of(machine)?),
        },
        accelerators,
        ports_per_accelerator: out.ports,
        port_rate: out.port_bandwidth.value,
        planes: out.planes,
        rails: rails_of(machine, wish.topology == FabricTopology::RailOnly),
        radix: machine.network.radix,
        upper_radix: [None; 2],
        // A unit is wired whole, unless the whole fabric is smaller than one.
        unit_accelerators: out
            .leaf_unit
            .map_or_else(|| machine.unit.accelerators(), u64::from)
            .min(accelerators.max(1)),
        // Groups of a dragonfly+ are as large as the radix makes them.
        group_accelerators: match wish.topology {
            FabricTopology::DragonflyPlus => 0,
            _ => out.spine_group.map_or(0, u64::from),
        },
        oversubscription: wish.oversubscription.0,
        tiers: Tiers::Auto,
        links_per_cable: out.links_per_cable.unwrap_or(1),
        links_per_uplink: out.links_per_cable.unwrap_or(1),
        core_oversubscription: 1.0,
    };
    // A torus is entered by the links of the domain.
    Ok(match wish.topology {
        FabricTopology::Torus => {
            FabricDemand { ports_per_accelerator: 1, port_rate: machine.scale_up_bandwidth, ..demand }
        }
        _ => demand,
    })
}

/// Accelerators that no cut between fabrics goes through: whole scale-up domains in whole racks.
///
/// ~~~text
/// g = lcm( accelerators of a domain, accelerators of a rack )
/// ~~~
pub(super) fn whole_accelerators(system: &System) -> u64 {
    let (rack, domain) =
        (u64::from(system.rack.accelerators).max(1), u64::from(system.scale_up.domain).max(1));
    (1..=domain).map(|racks| racks * rack).find(|all| all.is_multiple_of(domain)).unwrap_or(rack * domain)
}

/// Accelerators of a fabric that is cut to a size: what is asked for, rounded down to whole domains and racks.
pub(super) fn cluster_of(system: &System, asked: u64) -> u64 {
    let whole = whole_accelerators(system);
    (asked / whole).max(1) * whole
}

/// Sizes the fabric of a number of accelerators, cut into clusters as the scenario says.
pub fn fabric_of(machine: &Machine, accelerators: u64, wish: &Fabric) -> Result<FatTree, FabricError> {
    let size_of = |accelerators: u64| scale_out(&demand_of(machine, accelerators, wish)?);
    let Cluster::AtMost(asked) = wish.cluster else { return size_of(accelerators) };
    let size = cluster_of(&machine.system, asked);
    if accelerators <= size {
        return size_of(accelerators);
    }
    let (whole, rest) = (accelerators / size, accelerators % size);
    let mut total = size_of(size)?;
    let one = total;
    let mut add = |part: &FatTree, times: u64| {
        total.leaf += part.leaf * times;
        total.spine += part.spine * times;
        total.core += part.core * times;
        total.host_leaf += part.host_leaf * times;
        total.leaf_spine += part.leaf_spine * times;
        total.spine_core += part.spine_core * times;
        total.islands += part.islands * times;
        total.accelerators += part.accelerators * times;
    };
    add(&one, whole - 1);
    if rest > 0 {
        add(&size_of(rest)?, 1);
    }
    Ok(total)
}

/// What a number of racks draws.
pub fn draw(machine: &Machine, racks: u64, fields: &Fields) -> Result<Draw, Unbuildable> {
    let accelerators = racks * u64::from(machine.system.rack.accelerators);
    let fabric = fabric_of(machine, accelerators.max(1), &fields.fabric)?;
    let wish = &fields.support_networks;
    let beside = beside(machine, racks, &fabric, wish)
        .map_err(|error| Unbuildable { field: "support_networks.switch", error })?;
    let switches = if racks == 0 { 0 } else { fabric.switches() };
    // A cap holds the work, and with it every kind of bound, to the same power.
    let compute = machine.compute_bound.power * racks as f64;
    let counted = if racks == 0 { Watts(0.0) } else { beside.counted(&machine.network, wish.server_power) };
    let said = machine.unit_support * (racks as f64 / machine.unit_racks as f64);
    let support = if machine.unit_support_stands { said } else { said.max(counted) };
    let network = machine.network.kind.power * switches as f64;
    let by_liquid = machine.network.switch.liquid_share.value.0;
    let beside_liquid = if racks == 0 { Watts(0.0) } else { beside.liquid(&machine.network, support) };
    let liquid = compute * machine.liquid_share.0 + network * by_liquid + beside_liquid;
    let it = compute + support + network;
    Ok(Draw {
        racks,
        accelerators,
        compute,
        support,
        counted,
        network,
        liquid,
        air: it - liquid,
        fabric,
        beside,
    })
}

/// What all racks at their electrical design point draw at once beyond what is set aside for them.
#[must_use]
pub fn peak_above(loads: &[(&Machine, &Draw)]) -> Watts {
    let of = |(machine, draw): &(&Machine, &Draw)| {
        (machine.rack.peak - machine.compute_bound.power) * draw.racks as f64
    };
    loads.iter().map(of).sum()
}

/// Mean power over what is set aside, of all systems together.
#[must_use]
pub fn duty(loads: &[(&Machine, &Draw)]) -> f64 {
    let all: Watts = loads.iter().map(|(_, draw)| draw.compute).sum();
    let mean: Watts = loads.iter().map(|(machine, draw)| draw.compute * machine.compute_bound.duty.0).sum();
    if all.0 > 0.0 {
        return mean / all;
    }
    loads.first().map_or(1.0, |(machine, _)| machine.compute_bound.duty.0)
}

/// The stages that carry racks and plant, and those that carry racks alone.
fn parted(place: &Place) -> (&[StageDesign], &[StageDesign]) {
    let at = place.stages.iter().position(|stage| stage.racks_only).unwrap_or(place.stages.len());
    place.stages.split_at(at)
}

/// What a chain takes from the stage before it for what it gives.
fn taken(given: Watts, flows: &[StageFlow]) -> Watts {
    flows.first().map_or(given, |flow| flow.input)
}

/// The plant under several loads, each at its own coolant temperatures, at a part of the design load.
#[must_use]
pub fn plant_loops(place: &Place, loads: &[(&Machine, &Draw)], part: f64, indoor: Watts) -> Vec<PlantLoops> {
    let it: Watts = loads.iter().map(|(_, draw)| draw.it()).sum();
    let plant = place.plant.in_air_of(place.design_weather.pressure);
    let loops = loads.iter().map(|(machine, draw)| {
        let of_indoor = if it.0 > 0.0 { draw.it() / it } else { 0.0 };
        plant.loops(&HeatLoad {
            liquid: draw.liquid * part,
            air: draw.air * part + indoor * of_indoor,
            coolant_supply: machine.coolant.0,
            coolant_return: machine.coolant.1,
            coolant_flow: machine.coolant_flow,
            coolant_pumps: machine.coolant_pumps.map(|pumps| pumps.share),
            part: Share(part),
        })
    });
    loops.collect()
}

/// All loops of a plant in one weather.
fn plant_hour(loops: &[PlantLoops], weather: &Weather) -> PlantHour {
    let mut total = PlantHour::default();
    for load in loops {
        let hour = load.hour(weather);
        total.fans += hour.fans;
        total.pumps += hour.pumps;
        total.compressors += hour.compressors;
        total.air_handlers += hour.air_handlers;
        total.water += hour.water;
        total.evaporated += hour.evaporated;
        total.drift += hour.drift;
        total.chilled += hour.chilled;
        total.rejected += hour.rejected;
        // Systems at several temperatures: the one that asks most of the plant speaks for it.
        total.mode = total.mode.max(hour.mode);
    }
    total
}

/// Network, storage and management racks on the bus of what must not stop, where the design keeps them going.
#[must_use]
pub fn kept_racks(place: &Place, loads: &[(&Machine, &Draw)]) -> Watts {
    match &place.electrical.essential {
        Some((_, Kept::PumpsControlsAndSupport)) => {
            loads.iter().map(|(_, draw)| draw.support + draw.network).sum()
        }
        _ => Watts(0.0),
    }
}

/// What hangs on the bus of what must not stop: pumps of the coolant, lights and controls, and the racks beside the
/// accelerators where the design wants it.
#[must_use]
pub fn essential_load(place: &Place, loads: &[(&Machine, &Draw)]) -> Watts {
    if place.electrical.essential.is_none() {
        return Watts(0.0);
    }
    let of = |(machine, draw): &(&Machine, &Draw)| {
        let share = machine.coolant_pumps.map_or(place.plant.coolant_pump_share, |pumps| pumps.share);
        draw.liquid * share.0 + draw.it() * place.house_load.0
    };
    loads.iter().map(of).sum::<Watts>() + kept_racks(place, loads)
}

/// What the UPS of what must not stop gives to the air of the halls.
fn indoors(ups: &StageFlow) -> Watts {
    indoor_loss(std::slice::from_ref(ups))
}

/// The facility in its design hour: the worse of the hottest and the dampest.
#[must_use]
pub fn design_hour(place: &Place, loads: &[(&Machine, &Draw)]) -> FacilityHour {
    let it: Watts = loads.iter().map(|(_, draw)| draw.it()).sum();
    let (trunk, of_racks) = parted(place);
    let kept_racks = kept_racks(place, loads);
    let racks = loads.iter().map(|(_, draw)| draw.racks).sum();
    let to_racks = chain(it - kept_racks, racks, of_racks);
    let house = it * place.house_load.0;
    let kept = essential_load(place, loads);
    let essential = place.essential.as_ref().filter(|_| kept.0 > 0.0);
    let essential = essential.map(|ups| chain(kept, racks, std::slice::from_ref(ups)).remove(0));
    let lost = essential.as_ref().map_or(Watts(0.0), |ups| ups.loss);
    let indoor = indoor_loss(&to_racks) + essential.as_ref().map_or(Watts(0.0), indoors) + house;
    let loops = plant_loops(place, loads, 1.0, indoor);
    let [hot, damp] = place.design_weather.hours().map(|weather| (weather, plant_hour(&loops, &weather)));
    let damper = damp.1.power() > hot.1.power();
    let ((weather, plant), other) = if damper { (damp, hot) } else { (hot, damp) };
    let beside = plant.power() + house + lost + kept_racks;
    let to_plant = chain(beside, racks, place.plant_feed.as_slice());
    let carried = taken(it - kept_racks, &to_racks) + taken(beside, &to_plant);
    let trunk = chain(carried, racks, trunk);
    let meter = taken(carried, &trunk);
    let through = |load: &PlantLoops, weather| load.on_chillers(weather).map(|(_, chilled)| chilled);
    let chilled = loops.iter().map(|load| {
        let [one, two] = [through(load, &weather), through(load, &other.0)];
        std::array::from_fn(|at| one[at].max(two[at]))
    });
    let chilled = chilled.collect();
    FacilityHour {
        trunk,
        to_racks,
        to_plant,
        essential,
        plant,
        weather,
        other,
        chilled,
        house,
        it,
        kept_racks,
        meter,
    }
}

/// Below this outdoor temperature buildings are heated: the heating limit of European practice, 12 °C to 15 °C.
const HEATING_LIMIT: Celsius = Celsius(15.0);

/// Energy of a year of one facility.
#[derive(Debug, Clone, Default)]
pub struct FacilityYear {
    /// At the meter [J].
    pub meter_j: f64,
    /// At the rack inputs [J].
    pub it_j: f64,
    /// Make-up water: evaporated, carried off as droplets and blown down [m³].
    pub water_m3: f64,
    /// Of that, evaporated [m³].
    pub evaporated_m3: f64,
    /// Of that, carried off as droplets [m³].
    pub drift_m3: f64,
    /// The plant in the hour that takes most water, of the design hours and of the year at this part and at full load.
    pub wettest: PlantHour,
    /// Heat that the plant throws out [J].
    pub rejected_j: f64,
    /// Hours with chillers running for anything.
    pub chiller_hours: u32,
    /// Facility over IT power of each hour; none without IT.
    pub pue_hours: Vec<f32>,
    /// Hours in which chillers help the coolant.
    pub trim_hours: u32,
    /// Hours in which water evaporates.
    pub wet_hours: u32,
    /// Power at the meter in the hour that takes most: not the design hour.
    pub peak_w: f64,
    /// Heat that leaves in the facility water of the liquid loops [J].
    pub warm_water_j: f64,
    /// Of that, in hours in which buildings are heated [J].
    pub heating_season_j: f64,
}

/// A sized facility at a part of its design load: what answers to the weather, and what does not.
#[derive(Debug, Clone)]
pub struct FacilityAtPart<'a> {
    /// Power at the rack inputs.
    pub it: Watts,
    /// Power into the stages of the racks: the same in every hour.
    pub racks: Watts,
    /// House loads, what the UPS of what must not stop loses, and the racks behind it: the same in every hour.
    pub house: Watts,
    /// The plant.
    pub loops: Vec<PlantLoops>,
    /// Stages that carry plant and house alone.
    pub to_plant: &'a [StageFlow],
    /// Stages that carry all of it.
    pub trunk: &'a [StageFlow],
}

impl FacilityAtPart<'_> {
    /// Plant and meter in one weather.
    #[must_use]
    pub fn hour(&self, weather: &Weather) -> (PlantHour, Watts) {
        let plant = plant_hour(&self.loops, weather);
        let carried = self.racks + head_of(self.house + plant.power(), self.to_plant);
        (plant, head_of(carried, self.trunk))
    }
}

/// The facility at a part of its design load.
#[must_use]
pub fn at_part<'a>(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &'a FacilityHour,
    part: f64,
) -> FacilityAtPart<'a> {
    let (it, kept) = (design.it * part, design.kept_racks * part);
    let to_racks = chain_at(it - kept, &design.to_racks);
    let kept_going = design.essential.as_ref().map_or(Watts(0.0), indoors);
    let indoor = indoor_loss(&to_racks) + kept_going + design.house;
    FacilityAtPart {
        it,
        racks: taken(it - kept, &to_racks),
        house: design.house + design.essential_loss() + kept,
        loops: plant_loops(place, loads, part, indoor)
            .into_iter()
            .zip(&design.chilled)
            .map(|(load, chilled)| load.with_chillers(chilled))
            .collect(),
        to_plant: &design.to_plant,
        trunk: &design.trunk,
    }
}

/// Runs the facility through a year at a part of its design load.
#[must_use]
pub fn year(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    duty: f64,
    year: &crate::cooling::Year,
) -> FacilityYear {
    const HOUR_S: f64 = 3_600.0;
    let facility = at_part(place, loads, design, duty);
    let warm_water_w: f64 = facility.loops.iter().map(|load| load.loops[0].heat_w).sum();
    let mut total = FacilityYear::default();
    let full = at_part(place, loads, design, 1.0);
    total.wettest = if design.other.1.water > design.plant.water { design.other.1 } else { design.plant };
    for weather in &year.hours {
        let (plant, meter) = facility.hour(weather);
        total.meter_j += meter.0 * HOUR_S;
        total.it_j += facility.it.0 * HOUR_S;
        total.water_m3 += plant.water.0 * HOUR_S;
        for hour in [plant, plant_hour(&full.loops, weather)] {
            if hour.water > total.wettest.water {
                total.wettest = hour;
            }
        }
        if facility.it.0 > 0.0 {
            total.pue_hours.push((meter / facility.it) as f32);
        }
        total.evaporated_m3 += plant.evaporated.0 * HOUR_S;
        total.drift_m3 += plant.drift.0 * HOUR_S;
        total.rejected_j += plant.rejected.0 * HOUR_S;
        total.chiller_hours += u32::from(plant.chilled.0 > 0.0);
        total.trim_hours += u32::from(matches!(plant.mode, Mode::Trimmed | Mode::Chilled));
        total.wet_hours += u32::from(plant.water.0 > 0.0);
        total.peak_w = total.peak_w.max(meter.0);
        total.warm_water_j += warm_water_w * HOUR_S;
        let heated = f64::from(u8::from(weather.dry_bulb < HEATING_LIMIT));
        total.heating_season_j += heated * warm_water_w * HOUR_S;
    }
    total
}

/// Power at the head of a sized chain, without keeping its flows.
fn head_of(load: Watts, sized: &[StageFlow]) -> Watts {
    sized.iter().rev().fold(load, |output, flow| {
        let fraction = if flow.rating.0 > 0.0 { output / flow.rating } else { 0.0 };
        output + flow.rating * flow.curve.at(fraction) + flow.idle_rating * flow.curve.no_load.0
    })
}

/// The largest number of racks whose draw fits a slice of the envelope.
pub fn racks_that_fit(
    place: &Place,
    machine: &Machine,
    fields: &Fields,
    envelope: PowerEnvelope,
    granularity: Granularity,
) -> Result<u64, Unbuildable> {
    let fits = |racks: u64| -> Result<bool, Unbuildable> {
        let draw = draw(machine, racks, fields)?;
        let meter = match envelope.measured_at {
            // What happens between the meter and the racks is not asked for.
            MeasuredAt::CriticalIt => draw.it(),
            MeasuredAt::Utility => design_hour(place, &[(machine, &draw)]).meter,
        };
        Ok(envelope.drawn(meter, draw.it()) <= envelope.power)
    };
    // No rack draws less than its own power, so this many can't fit.
    let (mut most, mut least) = ((envelope.power / machine.compute_bound.power).floor() as u64 + 1, 0);
    while most - least > 1 {
        let middle = least + (most - least) / 2;
        if fits(middle)? {
            least = middle;
        } else {
            most = middle;
        }
    }
    if granularity == Granularity::Unit && least >= machine.unit_racks {
        least -= least % machine.unit_racks;
    }
    Ok(least)
}

/// Fills a system's slice of a scenario's envelope.
pub fn fill(fields: &Fields, place: &Place, machine: &Machine) -> Result<Draw, Unbuildable> {
    let envelope = PowerEnvelope {
        power: fields.envelope.power * machine.share.0,
        measured_at: fields.envelope.measured_at.into(),
    };
    let racks = racks_that_fit(place, machine, fields, envelope, fields.provisioning.granularity)?;
    draw(machine, racks, fields)
}

/// Takes racks away until a mix fits its envelope: systems that each fit their slice share stages and transformers, whose
/// steps are not those of the slices. The system with the smallest racks gives way.
pub fn trim(
    fields: &Fields,
    place: &Place,
    machines: &[Machine],
    draws: &mut [Draw],
) -> Result<(), Unbuildable> {
    let envelope =
        PowerEnvelope { power: fields.envelope.power, measured_at: fields.envelope.measured_at.into() };
    loop {
        let loads: Vec<(&Machine, &Draw)> = machines.iter().zip(draws.iter()).collect();
        let design = design_hour(place, &loads);
        let over = envelope.drawn(design.meter, design.it) - envelope.power;
        let smallest = (0..machines.len())
            .filter(|at| draws[*at].racks > 0)
            .min_by(|a, b| machines[*a].compute_bound.power.0.total_cmp(&machines[*b].compute_bound.power.0));
        let Some(at) = smallest.filter(|_| over.0 > 0.0) else { return Ok(()) };
        // A rack takes more than its own power with it, so this many are never too many by more than one.
        let meter_per_rack = design.meter.0 / design.it.0 * draws[at].it().0 / draws[at].racks as f64;
        let racks = ((over.0 / meter_per_rack).floor() as u64).max(1).min(draws[at].racks);
        draws[at] = draw(&machines[at], draws[at].racks - racks, fields)?;
    }
}
