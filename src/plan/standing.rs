//! Where it all stands: the layout formulas asked for the racks, CDUs and cables of a plan.

use super::equipment::{Machine, Place};
use super::result::{Cable, Layout, Racks};
use super::sizing::{Draw, FacilityHour};
use crate::catalog::profile::{Link, Medium};
use crate::fleet::{NetworkRack, RackCounts, SwitchLoad, rack_counts};
use crate::layout::cables::{CableCounts, CableMedium, Reach, cable_runs};
use crate::layout::{AREA_PER_IT_WATT, Aisles, GRAVITY, LayoutDemand, RackBody, layout, units_within};
use crate::scenario::Fields;
use crate::units::{Meters, SquareMeters, Watts};

/// The floor of a plan.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Buildings, halls, rows, cables.
    pub layout: Layout,
    /// Racks of each sort.
    pub racks: Racks,
    /// Load averaged over a rack and half of each aisle [kg/m²].
    pub floor_load: f64,
    /// Heat of the most loaded row.
    pub row_power: Watts,
    /// Electrical design point of the most loaded row.
    pub row_peak: Watts,
    /// Compute racks of the fullest row of each system, by its id.
    pub racks_of_row: Vec<(String, u64)>,
    /// Compute racks of a full hall of each system, by its id.
    pub racks_of_hall: Vec<(String, u64)>,
}

/// Lays out every system in halls of its own and adds them up.
#[must_use]
pub fn stand(fields: &Fields, place: &Place, loads: &[(&Machine, &Draw)], design: &FacilityHour) -> Standing {
    let mut standing = Standing {
        layout: Layout {
            buildings: 0,
            halls: 0,
            rows: 0,
            racks_per_row: 0,
            hall: [Meters(0.0), Meters(0.0)],
            area: SquareMeters(design.it.0 * AREA_PER_IT_WATT),
            cables: Vec::new(),
        },
        racks: Racks::default(),
        floor_load: 0.0,
        row_power: Watts(0.0),
        row_peak: Watts(0.0),
        racks_of_row: Vec::new(),
        racks_of_hall: Vec::new(),
    };
    for (machine, draw) in loads.iter().filter(|(_, draw)| draw.racks > 0) {
        add(&mut standing, fields, place, machine, draw);
    }
    standing
}

fn add(standing: &mut Standing, fields: &Fields, place: &Place, machine: &Machine, draw: &Draw) {
    let switches = SwitchLoad {
        switches: draw.fabric.switches(),
        rack_units: u64::from(machine.network.switch.rack_units),
        power: machine.network.kind.power,
    };
    let network_rack = NetworkRack::default();
    let racks = rack_counts(draw.racks, &machine.unit, &switches, &network_rack, draw.liquid, place.cdus);
    let units = machine.unit.units_for(draw.racks).max(1);
    // Leaves and spines stand with the units, cores in the network room.
    let core_racks = network_rack.racks(draw.fabric.core, switches.rack_units, switches.power);
    let core_racks = if draw.fabric.core == 0 { 0 } else { core_racks };
    let with_units = racks.network.saturating_sub(core_racks).div_ceil(units);
    let support = with_units + machine.unit.storage_racks + machine.unit.management_racks;
    let unit_it = draw.it() / units as f64;
    let body = &machine.system.rack;
    let demand = LayoutDemand {
        compute_racks: draw.racks,
        positions_per_compute_rack: u64::from(body.positions),
        unit_compute_racks: machine.unit_racks,
        unit_support_racks: support,
        central_racks: core_racks,
        cdus: racks.cdu,
        rack: RackBody {
            width: body.width.value,
            depth: body.depth.value,
            mass: body.mass.value / f64::from(body.positions),
        },
        rack_heat: machine.compute_bound.rack,
        support_rack_heat: support_rack_heat(machine, draw, &racks),
        busway: place.busway,
        aisles: Aisles {
            cold: fields.layout.cold_aisle,
            hot: fields.layout.hot_aisle,
            row_end: Aisles::default().row_end,
            row_length: fields.layout.row_length,
        },
        units_per_hall: units_within(fields.layout.hall_power, unit_it),
        halls_per_building: u64::from(fields.layout.halls_per_building),
        storeys: u64::from(fields.layout.storeys),
        it: draw.it(),
        area_per_it_watt: AREA_PER_IT_WATT,
    };
    let floor = layout(&demand);
    let of_row = (floor.units_per_hall * machine.unit_racks).div_ceil(floor.rows_per_hall.max(1));
    standing.racks_of_row.push((machine.id.clone(), of_row));
    standing.racks_of_hall.push((machine.id.clone(), floor.units_per_hall * machine.unit_racks));
    let total = &mut standing.layout;
    total.buildings += floor.buildings;
    total.halls += floor.halls;
    total.rows += floor.rows;
    if total.racks_per_row == 0 {
        total.racks_per_row = floor.racks_per_row;
        total.hall = [floor.hall_x, floor.hall_y];
    }
    let rate = machine.system.scale_out.port_bandwidth.value;
    let none = CableCounts { host_leaf: 0, leaf_spine: 0, spine_core: 0 };
    let hosts = CableCounts { host_leaf: draw.fabric.host_leaf, ..none };
    let between =
        CableCounts { leaf_spine: draw.fabric.leaf_spine, spine_core: draw.fabric.spine_core, ..none };
    let mut runs = cable_runs(&floor, hosts, rate, &reaches_of(&machine.network.host_link));
    runs.extend(cable_runs(&floor, between, rate, &reaches_of(&machine.network.switch_link)));
    total.cables.extend(runs.iter().map(|run| Cable {
        kind: run.kind.name().to_owned(),
        medium: medium(run.medium),
        rate: run.rate,
        count: run.count,
        length_total: run.length_total,
        length_max: run.length_max,
    }));
    standing.floor_load = standing.floor_load.max(floor.floor_load.0 / GRAVITY);
    standing.row_power = standing.row_power.max(floor.row_power);
    let more = (machine.rack.peak - machine.compute_bound.rack) * of_row as f64;
    standing.row_peak = standing.row_peak.max(floor.row_power + more);
    let sum = &mut standing.racks;
    sum.compute += racks.compute;
    sum.network += racks.network;
    sum.storage += racks.storage;
    sum.management += racks.management;
    sum.power += racks.power;
    sum.cdu += racks.cdu;
}

/// Heat of one rack of those that stand beside the accelerators.
fn support_rack_heat(machine: &Machine, draw: &Draw, racks: &RackCounts) -> Watts {
    let others = racks.network + racks.storage + racks.management;
    if others == 0 {
        return machine.compute_bound.power * 0.0;
    }
    (draw.support + draw.network) / others as f64
}

/// The link that was chosen as far as it reaches, long single-mode fibre beyond.
fn reaches_of(link: &Link) -> [Reach; 2] {
    let medium = match link.medium {
        Medium::PassiveCopper => CableMedium::PassiveCopper,
        Medium::LinearActiveCopper => CableMedium::LinearActiveCopper,
        Medium::RetimedActiveCopper => CableMedium::RetimedActiveCopper,
        Medium::Multimode => CableMedium::Multimode,
        Medium::SingleMode => CableMedium::SingleMode,
        Medium::LongSingleMode => CableMedium::LongSingleMode,
    };
    [
        Reach { medium, length: link.reach.value },
        Reach { medium: CableMedium::LongSingleMode, length: Meters(f64::INFINITY) },
    ]
}

fn medium(medium: CableMedium) -> Medium {
    match medium {
        CableMedium::PassiveCopper => Medium::PassiveCopper,
        CableMedium::LinearActiveCopper => Medium::LinearActiveCopper,
        CableMedium::RetimedActiveCopper => Medium::RetimedActiveCopper,
        CableMedium::Multimode => Medium::Multimode,
        CableMedium::SingleMode => Medium::SingleMode,
        CableMedium::LongSingleMode => Medium::LongSingleMode,
    }
}
