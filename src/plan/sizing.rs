//! The fixed point: how many whole racks an envelope carries, with all that has to stand beside them.
//!
//! What a number of racks draws follows from that number alone: racks, support nodes and a fabric of whole
//! switches make the IT power; its losses indoors join the air-side heat; the plant and the house loads hang on
//! the yard side of the chain. Because nothing depends on the envelope, and everything grows with the racks, the
//! answer is the largest number whose draw fits, found by halving, and a larger envelope never buys less.
//!
//! ~~~text
//! P_IT(n)    = n·(q + s/m) + N(n)·p             racks, support per rack of a unit, switches
//! P_meter(n) = yard( indoor(P_IT) + cooling(heat, design hour) + h·P_IT )
//! n*         = max { n : P(n) ≤ E }             P at the meter or at the rack inputs, as the envelope says
//! ~~~
//!
//! q provisioned power of a rack · s support power of a unit of m racks · N switches of p each · h house load.

use super::equipment::{Machine, Place};
use crate::cooling::{HeatLoad, PlantHour};
use crate::fabric::scale_out::{FabricDemand, FabricError, FatTree, Tiers, fat_tree};
use crate::power::{MeasuredAt, PowerEnvelope, StageFlow, chain, chain_at, indoor_loss};
use crate::scenario::{Cluster, Fabric, Granularity};
use crate::units::Watts;

/// What a number of racks of one system draws and gives off.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Compute racks.
    pub racks: u64,
    /// Accelerators in them.
    pub accelerators: u64,
    /// Provisioned power of the compute racks.
    pub compute: Watts,
    /// Storage, management and CPU nodes.
    pub support: Watts,
    /// Switches with their optics.
    pub network: Watts,
    /// Heat to the coolant.
    pub liquid: Watts,
    /// Heat to the air.
    pub air: Watts,
    /// The scale-out network.
    pub fabric: FatTree,
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
    /// Stages outside, that carry the racks and the plant.
    pub yard: Vec<StageFlow>,
    /// Stages inside, that carry the racks.
    pub indoors: Vec<StageFlow>,
    /// The plant, all loops together.
    pub plant: PlantHour,
    /// Lights, offices, controls.
    pub house: Watts,
    /// Power at the rack inputs.
    pub it: Watts,
    /// Power at the meter.
    pub meter: Watts,
}

/// Sizes the fabric of a number of accelerators, cut into clusters as the scenario says.
pub fn fabric_of(machine: &Machine, accelerators: u64, wish: &Fabric) -> Result<FatTree, FabricError> {
    let out = &machine.system.scale_out;
    let demand = |accelerators: u64| FabricDemand {
        accelerators,
        ports_per_accelerator: out.ports,
        port_rate: out.port_bandwidth.value,
        planes: out.planes,
        rails: out.rails,
        radix: machine.network.radix,
        // A unit is wired whole, unless the whole fabric is smaller than one.
        unit_accelerators: out
            .leaf_unit
            .map_or_else(|| machine.unit.accelerators(), u64::from)
            .min(accelerators.max(1)),
        group_accelerators: out.spine_group.map_or(0, u64::from),
        oversubscription: wish.oversubscription.0,
        tiers: Tiers::Auto,
        links_per_cable: out.links_per_cable.unwrap_or(1),
    };
    let Cluster::AtMost(size) = wish.cluster else { return fat_tree(&demand(accelerators)) };
    if accelerators <= size {
        return fat_tree(&demand(accelerators));
    }
    let (whole, rest) = (accelerators / size, accelerators % size);
    let mut total = fat_tree(&demand(size))?;
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
        add(&fat_tree(&demand(rest))?, 1);
    }
    Ok(total)
}

/// What a number of racks draws.
pub fn draw(machine: &Machine, racks: u64, wish: &Fabric) -> Result<Draw, FabricError> {
    let accelerators = racks * u64::from(machine.system.rack.accelerators);
    let fabric = fabric_of(machine, accelerators.max(1), wish)?;
    let switches = if racks == 0 { 0 } else { fabric.switches() };
    // A cap holds the work, and with it every kind of bound, to the same power.
    let compute = machine.compute_bound.power * racks as f64;
    let support = machine.unit_support * (racks as f64 / machine.unit_racks as f64);
    let network = machine.network.kind.power * switches as f64;
    let by_liquid = machine.network.switch.liquid_share.value.0;
    let liquid = compute * machine.liquid_share.0 + network * by_liquid;
    let it = compute + support + network;
    Ok(Draw { racks, accelerators, compute, support, network, liquid, air: it - liquid, fabric })
}

/// Where the indoor stages begin.
fn first_indoors(place: &Place) -> usize {
    place.stages.iter().position(|stage| stage.indoors).unwrap_or(place.stages.len())
}

/// The plant under several loads, each at its own coolant temperatures, in one weather.
fn plant_hour(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    part: f64,
    indoor: Watts,
    weather: &crate::cooling::Weather,
) -> PlantHour {
    let it: Watts = loads.iter().map(|(_, draw)| draw.it()).sum();
    let mut total = PlantHour::default();
    for (machine, draw) in loads {
        let of_indoor = if it.0 > 0.0 { draw.it() / it } else { 0.0 };
        let load = HeatLoad {
            liquid: draw.liquid * part,
            air: draw.air * part + indoor * of_indoor,
            coolant_supply: machine.coolant.0,
            coolant_return: machine.coolant.1,
        };
        let hour = place.plant.hour(&load, weather);
        total.fans += hour.fans;
        total.pumps += hour.pumps;
        total.compressors += hour.compressors;
        total.air_handlers += hour.air_handlers;
        total.water += hour.water;
        total.chilled += hour.chilled;
        total.rejected += hour.rejected;
        total.mode = hour.mode;
    }
    total
}

/// The facility in its design hour: the worse of the hottest and the dampest.
#[must_use]
pub fn design_hour(place: &Place, loads: &[(&Machine, &Draw)]) -> FacilityHour {
    let it: Watts = loads.iter().map(|(_, draw)| draw.it()).sum();
    let (yard, inside) = place.stages.split_at(first_indoors(place));
    let indoors = chain(it, inside);
    let to_racks = indoors.first().map_or(it, |flow| flow.input);
    let house = it * place.house_load.0;
    let indoor = indoor_loss(&indoors);
    let plant = place
        .design_weather
        .hours()
        .map(|weather| plant_hour(place, loads, 1.0, indoor, &weather))
        .into_iter()
        .max_by(|a, b| a.power().0.total_cmp(&b.power().0))
        .unwrap_or_default();
    let yard = chain(to_racks + plant.power() + house, yard);
    let meter = yard.first().map_or(to_racks + plant.power() + house, |flow| flow.input);
    FacilityHour { yard, indoors, plant, house, it, meter }
}

/// Energy of a year of one facility.
#[derive(Debug, Clone, Default)]
pub struct FacilityYear {
    /// At the meter [J].
    pub meter_j: f64,
    /// At the rack inputs [J].
    pub it_j: f64,
    /// Water [m³].
    pub water_m3: f64,
    /// Hours with chillers running.
    pub chiller_hours: f64,
    /// Facility over IT power of each hour; none without IT.
    pub pue_hours: Vec<f32>,
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
    let indoors = chain_at(design.it * duty, &design.indoors);
    let to_racks = indoors.first().map_or(design.it * duty, |flow| flow.input);
    let indoor = indoor_loss(&indoors);
    let mut total = FacilityYear::default();
    for weather in &year.hours {
        let plant = plant_hour(place, loads, duty, indoor, weather);
        let load = to_racks + plant.power() + design.house;
        let meter = head_of(load, &design.yard);
        total.meter_j += meter.0 * HOUR_S;
        total.it_j += design.it.0 * duty * HOUR_S;
        total.water_m3 += plant.water.0 * HOUR_S;
        if design.it.0 > 0.0 {
            total.pue_hours.push((meter / (design.it * duty)) as f32);
        }
        total.chiller_hours += f64::from(u8::from(plant.chilled.0 > 0.0));
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
    wish: &Fabric,
    envelope: PowerEnvelope,
    granularity: Granularity,
) -> Result<u64, FabricError> {
    let fits = |racks: u64| -> Result<bool, FabricError> {
        let draw = draw(machine, racks, wish)?;
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
