//! Where it all stands: the layout formulas asked for the racks, CDUs, yards and cables of a plan.

use super::beside::Beside;
use super::border::{border, border_cable};
use super::electrical;
use super::equipment::{Machine, Place};
use super::fronts::fronts;
use super::links;
use super::mechanical;
use super::result::{Cable, Layout, Racks, SupportNetwork, SystemFloor};
use super::sizing::{Draw, FacilityHour, torus_of};
use crate::catalog::profile::{Link, ScaleUpTopology, StageKind};
use crate::cooling::{HeatRejection, Plant};
use crate::fabric::scale_out::FatTree;
use crate::layout::cables::{
    CableCounts, CableRun, Cabling, OpticalCabling, Reach, Tried, farthest, place, placements,
};
use crate::layout::{
    self, Aisles, CIRCUIT_SWITCH_POWER, CorePlace, FullestBusway, GRAVITY, LayoutDemand, LeafPlace,
    Placement, RackBody, RackKind, Site, Slot, SpinePlace, SwitchRacks, Yard, YardKind, layout, units_within,
};
use crate::power::one_line::LAND_PER_WATT;
use crate::scenario::Fields;
use crate::units::{Meters, Share, SquareMeters, Watts};

/// Heat that one unit of heat rejection is rated for.
///
/// Middle of the chillers of two campuses: 562.7 MW in 320 at Abilene, 795 MW in 672 at Fairwater Atlanta (Epoch AI).
pub const COOLER_POWER: Watts = Watts(1.47e6);

/// Racks that switches alone stand in.
pub(super) const NETWORK_RACKS: [RackKind; 5] =
    [RackKind::Leaf, RackKind::Spine, RackKind::Core, RackKind::EthernetCore, RackKind::Circuit];
/// Racks that servers stand in.
pub(super) const SERVER_RACKS: [RackKind; 2] = [RackKind::Storage, RackKind::Management];

/// The floor of a plan.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Buildings, halls, rows, cables.
    pub layout: Layout,
    /// Racks of each sort.
    pub racks: Racks,
    /// Front-end, storage and out-of-band networks of each system.
    pub networks: Vec<SupportNetwork>,
    /// Load averaged over a rack and half of each aisle [kg/m²].
    pub floor_load: f64,
    /// The fullest pair of busways, and what it carries at the electrical design point.
    pub busway: FullestBusway,
    /// Compute racks of the fullest row of each system, by its id.
    pub racks_of_row: Vec<(String, u64)>,
    /// Compute racks of a full hall of each system, by its id.
    pub racks_of_hall: Vec<(String, u64)>,
}

/// A floor before its yards are counted: buildings and the racks of their rows, with network racks placed.
pub struct Draft<'a> {
    /// What the electrical side needs to count what stands in the yards.
    pub outline: Layout,
    /// Busways along its rows; placing the network's racks anew may move a few.
    pub busways: u64,
    systems: Vec<Drafted<'a>>,
}

/// One system of it.
struct Drafted<'a> {
    machine: &'a Machine,
    draw: &'a Draw,
    beside: Beside,
    demand: LayoutDemand,
    cabling: Cabling,
    tried: Vec<Tried>,
}

/// Lays out every system in halls and buildings of its own.
#[must_use]
pub fn draft<'a>(
    fields: &Fields,
    place: &Place,
    loads: &[(&'a Machine, &'a Draw)],
    design: &FacilityHour,
) -> Draft<'a> {
    let mut systems = Vec::new();
    let fibre = fields.campus.fibre.filter(|_| fabrics(loads) == 1);
    for (machine, draw) in loads.iter().filter(|(_, draw)| draw.racks > 0) {
        let beside = draw.beside.clone();
        let demand = LayoutDemand { fibre, ..demand(fields, place, loads, (machine, draw), design) };
        let cabling = cabling(machine, draw, &beside);
        let tried = placements(&demand, &cabling);
        systems.push(Drafted { machine, draw, beside, demand, cabling, tried });
    }
    let mut draft = Draft { outline: Layout::default(), busways: 0, systems };
    draft.trace(place);
    draft
}

/// Fabrics of the site. The fibre that is stated lies between them; one alone is spread over buildings as far apart.
fn fabrics(loads: &[(&Machine, &Draw)]) -> u64 {
    loads.iter().filter(|(_, draw)| draw.racks > 0).map(|(_, draw)| draw.fabric.islands.max(1)).sum()
}

/// Buildings, halls and their heat.
fn outlined(floors: &[layout::Layout]) -> Layout {
    Layout {
        buildings: floors.iter().map(|floor| floor.buildings).sum(),
        halls: floors.iter().map(|floor| floor.halls).sum(),
        heat_of_buildings: floors.iter().flat_map(layout::Layout::heat_of_buildings).collect(),
        row_buses: floors.iter().flat_map(layout::Layout::row_buses).collect(),
        site: Site::of(floors),
        ..Layout::default()
    }
}

impl Draft<'_> {
    /// Outlines the floor with the placements that come first.
    pub fn trace(&mut self, place: &Place) {
        let floor = |one: &mut Drafted<'_>| {
            let floor = layout(&one.demand, one.tried[0].placement);
            one.beside.gear = floor.watched_gear();
            floor
        };
        let floors: Vec<layout::Layout> = self.systems.iter_mut().map(floor).collect();
        self.outline = outlined(&floors);
        self.busways = floors.iter().map(|floor| electrical::busways_of(place, floor)).sum();
    }

    /// The floor with its yards, cables and all that follows from them.
    ///
    /// Nothing where network racks stand elsewhere than drafted, for their cables to have room: the draft says where, and
    /// what counts on its outline is to be counted again.
    #[must_use]
    pub fn stand(
        &mut self,
        fields: &Fields,
        yards: Vec<(YardKind, String, u64)>,
        meter: Watts,
    ) -> Option<Standing> {
        let mut standing = Standing::default();
        let loads: Vec<(&Machine, &Draw)> = self.systems.iter().map(|one| (one.machine, one.draw)).collect();
        let of = |kind| yards.iter().filter(|(other, ..)| *other == kind).map(|(.., count)| count).sum();
        let yard = Yard {
            generators: of(YardKind::Generator),
            transformers: of(YardKind::Transformer),
            converters: of(YardKind::Converter),
            coolers: of(YardKind::Cooler),
            chillers: of(YardKind::Chiller),
            high_voltage: of(YardKind::HighVoltage),
        };
        let whole: f64 = self.systems.iter().map(|one| one.demand.it.0).sum();
        let mut before = 0.0;
        let mut elsewhere = false;
        for one in &mut self.systems {
            let upto = before + one.demand.it.0 / whole.max(f64::MIN_POSITIVE);
            one.demand.yard = yard.between(before, upto + 1e-12);
            before = upto;
            let drafted = one.tried[0].placement;
            add(&mut standing, fields, one);
            elsewhere |= one.tried[0].placement != drafted;
        }
        if elsewhere {
            return None;
        }
        let total = &mut standing.layout;
        total.site = Site::of(total.floors.iter().map(|floor| &floor.layout));
        total.yards = yards;
        total.land = SquareMeters(LAND_PER_WATT * meter.0);
        total.ground = SquareMeters(total.site.ground.area());
        for (name, area) in total.floors.iter().flat_map(|floor| floor.layout.areas()) {
            match total.areas.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += SquareMeters(area),
                None => total.areas.push((name, SquareMeters(area))),
            }
        }
        total.fibre = match fields.campus.fibre {
            Some(stated) if fabrics(&loads) > 1 => stated,
            stated => total.site.longest_way().max(stated.unwrap_or_default()),
        };
        total.border = border(fields, &loads, total);
        let crossing = total.border.as_ref().zip(loads.first());
        let crossing = crossing.map(|(border, (machine, _))| border_cable(machine, border));
        total.cables.extend(crossing);
        Some(standing)
    }
}

/// Spines and cores in one room: what large sites come to, and what loads one building most.
const GATHERED: Placement =
    Placement { leaf: LeafPlace::Middle, spine: SpinePlace::NetworkRoom, core: CorePlace::CentralBuilding };

/// Buildings, halls and the racks of their rows alone, without cables and what follows from them.
#[must_use]
pub fn outline(
    fields: &Fields,
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
) -> Standing {
    let mut standing = Standing::default();
    let mut floors = Vec::new();
    for (machine, draw) in loads.iter().filter(|(_, draw)| draw.racks > 0) {
        let floor = layout(&demand(fields, place, loads, (machine, draw), design), GATHERED);
        standing.take_rows(machine, &floor);
        floors.push(floor);
    }
    standing.layout = outlined(&floors);
    standing
}

impl Standing {
    /// Compute racks of the fullest row and of a full hall, and the most loaded row.
    fn take_rows(&mut self, machine: &Machine, floor: &layout::Layout) {
        let compute_of = |row: &Vec<Slot>| row.iter().filter(|slot| slot.kind == RackKind::Compute).count();
        let of_row = floor.hall.rows.iter().map(compute_of).max().unwrap_or(0) as u64;
        let fullest = floor.fullest_busway(machine.rack.peak - machine.compute_bound.rack);
        if fullest.load > self.busway.load {
            (self.busway.load, self.busway.in_network_room) = (fullest.load, fullest.in_network_room);
        }
        self.busway.peak = self.busway.peak.max(fullest.peak);
        self.racks_of_row.push((machine.id.clone(), of_row));
        self.racks_of_hall.push((machine.id.clone(), floor.units_per_hall * machine.unit_racks));
    }
}

/// What the yards of a part of the site hold, before the electrical side has counted in whole buildings.
fn yard(
    place: &Place,
    loads: &[(&Machine, &Draw)],
    design: &FacilityHour,
    part: f64,
    compute: Watts,
) -> Yard {
    let known = &place.electrical;
    let modules = |sorts: &[StageKind]| {
        let path = design.path().zip(&known.stages).chain(design.to_plant.iter().zip(&known.plant_feed));
        let outside = path.filter(|(flow, known)| !flow.indoors && sorts.contains(&known.kind));
        (outside.map(|(flow, _)| f64::from(flow.modules)).sum::<f64>() * part).ceil() as u64
    };
    let backed = electrical::backed_load(place, design.meter * part, compute);
    let engines =
        backed.map_or(0, |(backup, load, _)| u64::from(backup.redundancy.modules(load, backup.set)));
    let units = |heat: Watts| (heat * part / COOLER_POWER).ceil() as u64;
    let [outside, beside] = mechanical::nameplates(place, loads, design);
    // Chillers that towers cool stand indoors.
    let beside = if place.plant.heat_rejection.has_towers() { Watts(0.0) } else { beside };
    Yard {
        generators: engines,
        transformers: modules(&[StageKind::UnitTransformer, StageKind::PlantTransformer]),
        converters: modules(&[StageKind::SolidStateTransformer]),
        coolers: units(outside),
        chillers: units(beside),
        high_voltage: modules(&[StageKind::MainTransformer]),
    }
}

/// What throws the heat out, as it is bought.
#[must_use]
pub fn cooler_name(plant: &Plant) -> &'static str {
    match plant.heat_rejection {
        HeatRejection::DryCooler => "dry coolers",
        HeatRejection::AdiabaticCooler => "adiabatic coolers",
        HeatRejection::Tower => "cooling towers",
        HeatRejection::AirCooledChiller if !plant.economizer => "air-cooled chillers",
        HeatRejection::AirCooledChiller => "air-cooled chillers with free-cooling coils",
        HeatRejection::OutsideAir => "outside-air units",
        HeatRejection::OutsideAirTower => "outside-air units and towers",
    }
}

/// Rectifier racks that stand with a unit, where the electrical design has them beside the accelerators: what carries it, and
/// its own spare ones.
fn power_racks(place: &Place, of_unit: Watts) -> u64 {
    let facts = &place.electrical;
    let mut stages = facts.stages.iter().zip(&place.stages);
    let rectifier = stages.find(|(known, _)| known.kind == StageKind::Rectifier);
    rectifier
        .filter(|_| electrical::at_racks(facts))
        .map_or(0, |(_, stage)| electrical::rectifiers(stage, of_unit))
}

/// Switches of the scale-out and how many stand in a rack.
pub(super) fn switch_racks(machine: &Machine, fabric: &FatTree) -> SwitchRacks {
    let (switch, switch_heat) = (&machine.network.switch, machine.network.kind.power);
    SwitchRacks {
        leaf: fabric.leaf,
        spine: fabric.spine,
        core: fabric.core,
        per_rack: machine.network.rack_of(switch).switches(u64::from(switch.rack_units), switch_heat),
        switch_heat,
        liquid_share: switch.liquid_share.value,
    }
}

/// What one system asks of the floor.
fn demand(
    fields: &Fields,
    place: &Place,
    loads: &[(&Machine, &Draw)],
    (machine, draw): (&Machine, &Draw),
    design: &FacilityHour,
) -> LayoutDemand {
    let part = if design.it.0 > 0.0 { draw.it() / design.it } else { 1.0 };
    let circuit_switches = optical(machine, draw).map_or(0, |own| own.switches);
    // Circuit switches take their part of the support power, and stand in racks of their own.
    let support = (draw.support - CIRCUIT_SWITCH_POWER * circuit_switches as f64).max(Watts(0.0));
    let body = &machine.system.rack;
    // A unit that is not whole gives off its part.
    let per_unit = |heat: Watts| heat * machine.unit_racks as f64 / draw.racks as f64;
    // A hall stands what its racks may draw, whatever the campus draws of all of them at a time.
    let of_unit = machine.compute_bound.rack * machine.unit_racks as f64 + per_unit(draw.it() - draw.compute);
    LayoutDemand {
        compute_racks: draw.racks,
        positions_per_compute_rack: u64::from(body.positions),
        unit_compute_racks: machine.unit_racks,
        unit_storage_racks: machine.unit.storage_racks,
        unit_management_racks: machine.unit.management_racks,
        unit_power_racks: power_racks(place, of_unit),
        switches: switch_racks(machine, &draw.fabric),
        ethernet_core_racks: draw.beside.core_racks(&machine.network),
        support_heat: draw.beside.heat(&machine.network, support),
        circuit_switches,
        unit_liquid: per_unit(draw.liquid),
        unit_air: per_unit(draw.air),
        door_share: Share(place.door_share()),
        air_handler: place.air_handler(),
        cdu: place.cdus,
        rack: RackBody {
            width: body.width.value,
            depth: body.depth.value,
            mass: body.mass.value / f64::from(body.positions),
        },
        rack_heat: machine.compute_bound.rack,
        rack_liquid: machine.liquid_share,
        busway: place.busway,
        busway_pairs: u64::from(fields.layout.busways_per_row),
        aisles: Aisles {
            cold: fields.layout.cold_aisle,
            hot: fields.layout.hot_aisle,
            row_end: Aisles::default().row_end,
            row_length: fields.layout.row_length,
        },
        given_hall: fields
            .layout
            .hall_width
            .zip(fields.layout.hall_depth)
            .map(|(along, across)| [along, across]),
        units_per_hall: units_within(fields.layout.hall_power, of_unit),
        halls_per_building: u64::from(fields.layout.halls_per_building),
        storeys: u64::from(fields.layout.storeys),
        it: draw.it(),
        building_area: fields.layout.building_area.unwrap_or(SquareMeters(0.0)),
        yard: yard(place, loads, design, part, draw.compute),
        fibre: None,
    }
}

/// Units that share a spine group, and units of an island.
fn groups(machine: &Machine, draw: &Draw) -> (u64, u64) {
    let unit = machine.unit.accelerators().max(1);
    let units = machine.unit.units_for(draw.racks).max(1);
    group_of(&draw.fabric, machine.network.radix, machine.system.scale_out.spine_group, unit, units)
}

/// Units that share a spine group of a tree, and units of an island: of so many units of so many hosts.
pub(super) fn group_of(
    fabric: &FatTree,
    radix: u32,
    spine_group: Option<u32>,
    unit: u64,
    units: u64,
) -> (u64, u64) {
    let unit = unit.max(1);
    let island = fabric.accelerators_per_island.div_ceil(unit).clamp(1, units);
    if fabric.tiers < 3 {
        return (island.div_ceil(fabric.groups.max(1)), island);
    }
    let half = u64::from(radix / 2);
    let leaves_per_unit = fabric.leaf as f64 / (units * u64::from(fabric.planes)) as f64;
    let group = match spine_group {
        Some(accelerators) if accelerators > 0 => u64::from(accelerators).div_ceil(unit),
        _ => (half as f64 / leaves_per_unit.max(1e-9) + 1e-9).floor() as u64,
    };
    (group.clamp(1, island), island)
}

/// What the links of one system join.
fn cabling(machine: &Machine, draw: &Draw, beside: &Beside) -> Cabling {
    let network = &machine.network;
    let (group_units, island_units) = groups(machine, draw);
    Cabling {
        counts: CableCounts {
            host_leaf: draw.fabric.host_leaf,
            leaf_spine: draw.fabric.leaf_spine,
            spine_core: draw.fabric.spine_core,
        },
        leaf_units: draw.fabric.units_per_leaf,
        group_units,
        island_units,
        groups: [draw.fabric.islands, draw.fabric.groups],
        rate: machine.system.scale_out.port_bandwidth.value * f64::from(draw.fabric.links_per_cable),
        host_media: reaches_of(&network.host_links),
        switch_media: reaches_of(&network.switch_links),
        beside: beside.cabling(machine, draw),
        out_of_band: beside.out_of_band_cabling(machine, draw),
        optical: optical(machine, draw),
    }
}

/// The fibres between the cubes of a torus.
fn optical(machine: &Machine, draw: &Draw) -> Option<OpticalCabling> {
    let inside = &machine.system.scale_up;
    let torus = (inside.topology == ScaleUpTopology::Torus).then(|| torus_of(machine).ok()).flatten()?;
    let fibres = torus.optical_fibres(draw.accelerators);
    let pod = torus.accelerators().max(1);
    (fibres > 0).then(|| OpticalCabling {
        fibres,
        switches: torus.optical_switches() * draw.accelerators.div_ceil(pod),
        pod_units: pod.div_ceil(machine.unit.accelerators().max(1)),
        rate: torus.link_rate(machine.scale_up_bandwidth),
        media: reaches_of(&machine.network.circuit_links),
    })
}

fn add(standing: &mut Standing, fields: &Fields, drafted: &mut Drafted<'_>) {
    let Drafted { machine, draw, beside, demand, cabling, tried } = drafted;
    let (floor, schedule) = place(demand, cabling, tried);
    standing.take_rows(machine, &floor);
    let total = &mut standing.layout;
    total.buildings += floor.buildings;
    total.halls += floor.halls;
    total.heat_of_buildings.extend(floor.heat_of_buildings());
    total.row_buses.extend(floor.row_buses());
    total.rows += floor.rows();
    total.positions += floor.positions();
    total.leftover_positions += floor.leftover_positions();
    total.area += floor.total_area();
    total.white_space += floor.white_space();
    if total.racks_per_row == 0 {
        total.racks_per_row = floor.racks_per_row();
        total.hall = [Meters(floor.hall.width), Meters(floor.hall.depth)];
    }
    let cables = schedule.runs.iter().map(|run| cable(machine, run, cabling.groups));
    total.cables.extend(cables);
    standing.floor_load = standing.floor_load.max(floor.floor_load.0 / GRAVITY);
    let sum = &mut standing.racks;
    sum.compute += draw.racks;
    sum.network += NETWORK_RACKS.iter().map(|kind| floor.racks_of(*kind)).sum::<u64>();
    sum.storage += floor.racks_of(RackKind::Storage);
    sum.management += floor.racks_of(RackKind::Management);
    sum.power += floor.racks_of(RackKind::Power);
    sum.cdu += floor.racks_of(RackKind::Cdu);
    standing.networks.extend(beside.networks(machine, draw, fields));
    let total = &mut standing.layout;
    total.floors.push(SystemFloor {
        system: machine.id.clone(),
        rack_name: machine.system.name.clone(),
        fronts: fronts(machine, beside, &floor),
        cabling: cabling.clone(),
        trays: schedule.trays,
        straight_total: schedule.straight_total,
        tried: tried.clone(),
        layout: floor,
    });
}

/// Cables of one kind and link, as the plan tells them.
fn cable(machine: &Machine, run: &CableRun, [_, groups]: [u64; 2]) -> Cable {
    let links = machine.network.links_of(run.net, run.kind);
    let laid = run.choice.or_else(|| farthest(&reaches_of(links))).unwrap_or(0);
    let link = &links[laid];
    Cable {
        system: machine.id.clone(),
        net: run.net,
        tier: run.kind,
        kind: run.net.cables_between(run.kind, groups),
        link: link.id.clone(),
        link_name: link.name.clone(),
        reached: run.choice.is_some(),
        reach: link.reach.value,
        medium: link.medium,
        rate: run.rate,
        count: run.count,
        length_total: run.length_total,
        length_max: run.length_max,
        ends: links::ends(&machine.network, (run.net, run.kind), link, run.rate, run.count),
    }
}

/// The links offered as far as they reach.
pub(super) fn reaches_of(links: &[Link]) -> Vec<Reach> {
    links.iter().map(reach_of).collect()
}

/// A link as far as it reaches.
pub(super) fn reach_of(link: &Link) -> Reach {
    Reach {
        medium: link.medium,
        length: link.reach.value,
        module: link.bandwidth.value,
        ways: link.ways,
        fibres_per_way: if link.bidirectional { 1 } else { 2 },
    }
}
