//! The floor: worked numbers, published halls, and what holds in any hall.

use super::*;
use crate::fleet::CduGroup;
use crate::units::{Kilograms, Meters, Share, SquareMeters};
use proptest::prelude::*;

pub(crate) const USUAL: Placement =
    Placement { leaf: LeafPlace::Middle, spine: SpinePlace::Units, core: CorePlace::CentralBuilding };

/// Storage and management racks of 15 kW each, and core racks of front end and storage.
fn support_heat(core: f64) -> SupportHeat {
    let mut heat = SupportHeat::default();
    heat.add(RackKind::Storage, Watts(15e3), Share(0.0));
    heat.add(RackKind::Management, Watts(15e3), Share(0.0));
    heat.add(RackKind::EthernetCore, Watts(core), Share(0.0));
    heat
}

/// One gigawatt's worth of GB300 racks: 8 a unit with 2 storage and 2 management racks, 10 units a hall.
pub(crate) fn gb300() -> LayoutDemand {
    LayoutDemand {
        compute_racks: 5_184,
        positions_per_compute_rack: 1,
        unit_compute_racks: 8,
        unit_storage_racks: 2,
        unit_management_racks: 2,
        unit_power_racks: 0,
        switches: SwitchRacks {
            leaf: 5_184,
            spine: 5_184,
            core: 2_592,
            per_rack: 8,
            switch_heat: Watts(7_000.0),
            liquid_share: Share(0.0),
        },
        ethernet_core_racks: 0,
        support_heat: support_heat(0.0),
        circuit_switches: 0,
        unit_liquid: Watts(960e3),
        unit_air: Watts(360e3),
        door_share: Share(0.0),
        air_handler: AIR_HANDLER_POWER,
        cdu: CduGroup { capacity: Watts(2.3e6), duty_per_spare: 4 },
        rack: RackBody { width: Meters(0.6), depth: Meters(1.2), mass: Kilograms(1_600.0) },
        rack_heat: Watts(140e3),
        rack_liquid: Share(0.857),
        busway: Watts(2.07e6),
        busway_pairs: 3,
        aisles: Aisles::default(),
        given_hall: None,
        units_per_hall: 10,
        halls_per_building: 8,
        storeys: 1,
        it: Watts(855e6),
        building_area: SquareMeters(0.0),
        yard: Yard {
            generators: 393,
            transformers: 365,
            converters: 0,
            coolers: 680,
            chillers: 0,
            high_voltage: 6,
        },
        fibre: None,
    }
}

// 1.6 t · 9.81 over 0.6 m by the pitch of 1.2 + (1.8 + 1.2)/2 = 2.7 m: 9.7 kN/m².
#[test]
fn a_rack_of_1600_kg_loads_the_floor_with_ten_kilonewtons() {
    let plan = layout(&gb300(), USUAL);
    assert!((plan.floor_load.value() - 9_686.0).abs() < 10.0);
}

// Racks of 600 kg are lighter than the storage beside them: 1.2 t on 0.6 × 2.7 m are 741 kg/m². A CDU of 2 t on 1.2 m
// with half of the 1.8 m free in its gallery is 794, above any rack there.
#[test]
fn the_heaviest_of_all_sorts_loads_the_floor() {
    let light = RackBody { mass: Kilograms(600.0), ..gb300().rack };
    let demand = LayoutDemand { rack: light, ..gb300() };
    let load = |kind| demand.floor_load_of(kind).0 / GRAVITY;
    assert!((load(RackKind::Storage) - 740.7).abs() < 0.1);
    assert!((load(RackKind::Cdu) - 793.7).abs() < 0.1);
    let plan = layout(&demand, USUAL);
    assert!(plan.hall.cdus > 0 && (plan.floor_load.0 / GRAVITY - 793.7).abs() < 0.1);
    let dry = layout(&LayoutDemand { unit_liquid: Watts(0.0), ..demand }, USUAL);
    assert!(dry.hall.cdus == 0 && (dry.floor_load.0 / GRAVITY - 740.7).abs() < 0.1);
}

// 8 · 140 + 2 · 56 + 4 · 15 = 1,292 kW on 14 positions: two units would be above 2.07 MW, so one a row, as in the
// GB200 unit of eight racks in one row (NVIDIA). Rows of about ten 140 kW racks at Fairwater: eight are within a fifth.
#[test]
fn one_unit_of_eight_racks_fills_a_row_as_published() {
    let plan = layout(&gb300(), USUAL);
    assert_eq!((plan.racks_per_row(), plan.hall.rows.len()), (14, 10));
    assert!((plan.row_power.value() - 1.292e6).abs() < 1e-3);
    let compute = plan.hall.rows[0].iter().filter(|slot| slot.kind == RackKind::Compute).count();
    assert_eq!(compute, 8);
    assert!((compute as f64 / 10.0 - 1.0).abs() <= 0.2);
}

// The cloud-partner design of Vera Rubin: 16 racks of 227 kW in two rows of eight about one contained aisle.
#[test]
fn a_vera_rubin_unit_takes_two_rows_of_eight() {
    let demand = LayoutDemand {
        unit_compute_racks: 16,
        rack_heat: Watts(227e3),
        switches: SwitchRacks { leaf: 10_368, spine: 0, core: 0, ..gb300().switches },
        ..gb300()
    };
    let plan = layout(&demand, USUAL);
    assert_eq!(plan.hall.rows.len(), 20);
    for row in &plan.hall.rows {
        assert_eq!(row.iter().filter(|slot| slot.kind == RackKind::Compute).count(), 8);
        // 32 leaves of 7 kW a unit: four racks of 56 kW, two in each row.
        assert_eq!(row.iter().filter(|slot| slot.kind == RackKind::Leaf).count(), 2);
    }
}

// 648 units in 65 halls of 10: two rows stay empty. The network room: 324 racks in rows of 20 m.
#[test]
fn leftover_positions_are_what_the_last_hall_and_the_network_room_lack() {
    let plan = layout(&gb300(), USUAL);
    assert_eq!((plan.halls, plan.buildings), (65, 9));
    let room = plan.network_room.as_ref().unwrap();
    let spare = room.rows.len() as u64 * room.grid.positions - 324;
    assert_eq!(plan.leftover_positions(), 2 * 14 + spare);
    assert_eq!(plan.rows(), 65 * 10 + room.rows.len() as u64);
}

// The central building has its network room; what its side of the building has more than the room's electrical and
// mechanical rooms ask for, 40 + 15 m²/MW of the racks in it, is no part of them.
#[test]
fn rooms_across_from_a_network_room_take_what_they_ask_for() {
    let plan = layout(&gb300(), USUAL);
    let room = plan.place_of_room().unwrap();
    let all = plan.side_rooms(plan.central_building);
    let of = |kind| {
        let across =
            |other: &&SideRoom| other.kind == kind && other.at.y + other.at.depth < plan.corridor_y();
        let inside =
            |other: &&SideRoom| other.at.x > room.x - 1e-6 && other.at.x < room.x + room.width - 1e-6;
        all.iter().filter(across).filter(inside).map(|other| other.at.area()).sum::<f64>()
    };
    let asked = plan.room_heat().value() * 1e-6;
    assert!(asked > 1.0 && (of(RoomKind::Electrical) / (40.0 * asked) - 1.0).abs() < 1e-9);
    assert!((of(RoomKind::Mechanical) / (15.0 * asked) - 1.0).abs() < 1e-9);
    let left = room.width * plan.frame.side - 55.0 * asked;
    assert!(left > 1.0 && (of(RoomKind::Reserve) / left - 1.0).abs() < 1e-9, "{left}");
}

// Rooms alone: less than the 430 m²/MW of Abilene, which hold what nobody lists, and more than a quarter of it. A
// building as large as one there, 45,060 m², has the difference as its reserve.
#[test]
fn buildings_are_what_their_rooms_take_or_as_large_as_asked_for() {
    let plan = layout(&gb300(), USUAL);
    let per_megawatt = plan.total_area().value() / 855.0;
    assert!((430.0 / 4.0..430.0).contains(&per_megawatt), "{per_megawatt} m²/MW");
    let large = layout(&LayoutDemand { building_area: SquareMeters(45_060.0), ..gb300() }, USUAL);
    assert!((large.building_x * large.building_y / 45_060.0 - 1.0).abs() < 1e-9);
    let reserve = |plan: &Layout| plan.areas().iter().find(|(name, _)| *name == "reserve").unwrap().1;
    assert!(reserve(&large) > reserve(&plan) + 9.0 * 20_000.0);
}

// 4 % of a building's IT lost indoors, one handler for 400 kW and a spare: each has a place of its own, and with its passage
// they take less than a twentieth of the electrical floor.
#[test]
fn air_handlers_of_electrical_gear_stand_in_its_rooms() {
    let plan = layout(&gb300(), USUAL);
    for building in [0, plan.central_building] {
        let rooms: Vec<_> = plan.side_rooms(building);
        let electrical: Vec<_> = rooms.iter().filter(|room| room.kind == RoomKind::Electrical).collect();
        let halls = plan.halls_of_building(building);
        let it = plan.hall_heat().value() * (halls.end - halls.start) as f64;
        let count = (0.04 * it / 400e3).ceil() as u64 + 1;
        let placed = plan.air_handlers_of_gear(building, count);
        assert_eq!(placed.len() as u64, count);
        for (at, (storey, own)) in placed.iter().enumerate() {
            assert!(electrical.iter().any(|room| room.storey == *storey && room.at.holds(own)), "{own:?}");
            let apart = |other: &Rect| {
                other.x + other.width <= own.x + 1e-9
                    || own.x + own.width <= other.x + 1e-9
                    || other.y + other.depth <= own.y + 1e-9
                    || own.y + own.depth <= other.y + 1e-9
            };
            assert!(placed[..at].iter().all(|(level, other)| level != storey || apart(other)), "{own:?}");
        }
        let floor: f64 = electrical.iter().map(|room| room.at.area()).sum();
        assert!(count as f64 * 2.4 * 3.0 < 0.05 * floor, "{count} {floor}");
        assert!(plan.air_handlers_of_gear(building, 0).is_empty());
    }
}

// 8 switches of 7 kW in a rack, 324 racks: 18.1 MW of air in one room, 46 handlers of 400 kW and a spare; its own
// electrical room at 40 m²/MW. What stands there is no longer cooled in the halls: 648 units lose 28 kW each.
#[test]
fn a_network_room_has_its_own_air_handlers_and_electrical_room() {
    let plan = layout(&gb300(), USUAL);
    let room = plan.network_room.as_ref().unwrap();
    let air = 324.0 * 56e3;
    assert!((plan.room_heat().value() / air - 1.0).abs() < 1e-9);
    assert_eq!((room.air_handlers, room.cdus), ((air / 400e3_f64).ceil() as u64 + 1, 0));
    assert!((plan.demand.unit_air.value() - (360e3 - 2_592.0 * 7e3 / 648.0)).abs() < 1e-6);
    let placed = plan.room(0).unwrap().racks;
    assert_eq!(
        placed.iter().filter(|rack| rack.kind == RackKind::AirHandler).count() as u64,
        room.air_handlers
    );
    let electrical = |plan: &Layout| {
        plan.side_rooms(plan.central_building)
            .iter()
            .filter(|room| room.kind == RoomKind::Electrical)
            .map(|room| room.at.area())
            .sum::<f64>()
    };
    let halls = plan.halls_of_building(plan.central_building);
    let it = plan.hall_heat().value() * (halls.end - halls.start) as f64 + air;
    assert!(electrical(&plan) >= it * 40e-6 * (1.0 - 1e-9), "{}", electrical(&plan));
    // Four fifths by liquid: a fifth of the handlers, and CDUs with a spare for each four.
    let cooled = SwitchRacks { liquid_share: Share(0.8), ..gb300().switches };
    let plan = layout(&LayoutDemand { switches: cooled, ..gb300() }, USUAL);
    let room = plan.network_room.as_ref().unwrap();
    assert_eq!(room.air_handlers, (0.2 * air / 400e3).ceil() as u64 + 1);
    assert_eq!(room.cdus, cdus(Watts(0.8 * air), gb300().cdu).total());
    assert!(room.cdus as f64 > 0.8 * air / 2.3e6);
}

#[test]
fn the_rack_that_is_hottest_in_air_is_found_past_its_door() {
    // 140 kW with 14.3 % to the air: 20 kW; 56 kW of switches all of it.
    let plan = layout(&gb300(), USUAL);
    let (kind, air) = plan.hottest_in_air().unwrap();
    assert!(matches!(kind, RackKind::Spine | RackKind::Core), "{kind:?}");
    assert!((air.value() - 56e3).abs() < 1e-6, "{air:?}");
    let plan = layout(&LayoutDemand { door_share: Share(0.75), ..gb300() }, USUAL);
    assert!((plan.hottest_in_air().unwrap().1.value() - 14e3).abs() < 1e-6);
}

// White space of liquid-cooled halls is quoted at about 1,000 ft², 93 m², per MW, of air-cooled ones at 2,500 ft².
// Ours holds racks, aisles, CDU galleries and fan walls and no staging, columns or electrical rooms: a third to all.
#[test]
fn white_space_per_megawatt_is_a_lower_bound_of_the_quoted_one() {
    let plan = layout(&gb300(), USUAL);
    let per_megawatt = plan.white_space().value() / 855.0;
    assert!((31.0..=93.0).contains(&per_megawatt), "{per_megawatt} m²/MW");
}

// Abilene 740–930 acres per GW of facility, New Carlisle 545: 2.2 to 3.8 km². Buildings, yards and roads alone stay
// below, and take a sixth of the smallest at least.
#[test]
fn the_campus_fits_the_land_that_others_bought() {
    let plan = layout(&gb300(), USUAL);
    let (least, most) = (545.0 * 4_046.86, 930.0 * 4_046.86);
    let area = plan.campus().area();
    assert!(area > least / 6.0 && area < most, "{area} m²");
}

#[test]
fn a_rack_above_the_busway_stands_alone_and_shows_it() {
    let plan = layout(&LayoutDemand { busway: Watts(100e3), ..gb300() }, USUAL);
    assert!(
        plan.hall
            .rows
            .iter()
            .all(|row| { row.iter().filter(|slot| slot.kind == RackKind::Compute).count() <= 1 })
    );
    assert!(plan.row_power > Watts(100e3));
}

#[test]
fn a_hall_takes_the_units_that_its_power_admits() {
    assert_eq!(units_within(Watts(52.5e6), Watts(1.2e6)), 43);
    assert_eq!(units_within(Watts(1.0), Watts(1.2e6)), 1);
}

// 7 racks over 3 units: rack k with unit ⌊(k + ½)·3/7⌋ = 0 0 1 1 1 2 2.
#[test]
fn switch_racks_spread_evenly_over_the_units() {
    let before: Vec<u64> = (0..=3).map(|unit| racks_before(7, unit, 3)).collect();
    assert_eq!(before, [0, 2, 5, 7]);
}

/// Any site of a few halls.
pub(crate) fn demands() -> impl Strategy<Value = (LayoutDemand, Placement)> {
    let racks = (1_u64..400, 1_u64..3, 1_u64..20, 0_u64..4, 0_u64..4, 0_u64..3);
    let hall = (1_u64..12, 1_u64..6, 1_u64..3, 0.2e6_f64..3e6, 0.5_f64..1.2, 3.0_f64..30.0);
    let network = (0_u64..600, 0_u64..600, 0_u64..300, 1_u64..20, 500.0_f64..8e3);
    let heat = (0.0_f64..2e6, 0.0_f64..2e6, 5e3_f64..200e3, 0_u64..9, (0.0_f64..1.0, 0.0_f64..0.9));
    (racks, hall, network, heat, 0_usize..12).prop_map(|(racks, hall, network, heat, placement)| {
        let (compute_racks, positions, unit, storage, management, power) = racks;
        let (units_per_hall, halls_per_building, storeys, busway, width, row_length) = hall;
        let (leaf, spine, core, per_rack, switch_heat) = network;
        let (liquid, air, rack_heat, ethernet_core_racks, (liquid_share, door_share)) = heat;
        let demand = LayoutDemand {
            compute_racks,
            positions_per_compute_rack: positions,
            unit_compute_racks: unit,
            unit_storage_racks: storage,
            unit_management_racks: management,
            unit_power_racks: power,
            switches: SwitchRacks {
                leaf,
                spine,
                core,
                per_rack,
                switch_heat: Watts(switch_heat),
                liquid_share: Share(liquid_share),
            },
            ethernet_core_racks,
            support_heat: support_heat(18e3),
            circuit_switches: 7 * ethernet_core_racks,
            unit_liquid: Watts(liquid),
            unit_air: Watts(air),
            door_share: Share(door_share),
            rack: RackBody { width: Meters(width), ..gb300().rack },
            rack_heat: Watts(rack_heat),
            busway: Watts(busway),
            aisles: Aisles { row_length: Meters(row_length), ..Aisles::default() },
            units_per_hall,
            halls_per_building,
            storeys,
            it: Watts(rack_heat * compute_racks as f64),
            yard: Yard {
                generators: compute_racks,
                transformers: compute_racks,
                coolers: 31,
                chillers: 12,
                converters: 0,
                high_voltage: 3,
            },
            ..gb300()
        };
        (demand, Placement::all()[placement])
    })
}

// 12.92 MW of rows: 517 m² of electrical and 194 m² of mechanical rooms a hall at least, 65 halls; nine docks of 480 m².
#[test]
fn rooms_of_a_building_have_the_area_that_their_hall_asks_for() {
    let plan = layout(&gb300(), USUAL);
    let areas = plan.areas();
    let of = |name| areas.iter().find(|(known, _)| *known == name).unwrap().1;
    let it = plan.hall_heat().value() * 65.0;
    assert!(of(RoomKind::Electrical.name()) >= it * 40e-6 && of(RoomKind::Mechanical.name()) >= it * 15e-6);
    assert!((of(RoomKind::Loading.name()) / (9.0 * 480.0) - 1.0).abs() < 1e-9);
    // Seven halls of eight in seven of nine buildings.
    let empty = 9.0 * 8.0 - 65.0;
    assert!(of(RoomKind::Reserve.name()) >= empty * plan.frame.part * plan.frame.side);
    // No square metre is left out or counted twice.
    let ground: f64 = (0..plan.buildings).map(|at| plan.building(at).area()).sum();
    let named: f64 = areas.iter().map(|(_, area)| area).sum();
    assert!((named / (ground * plan.demand.storeys as f64) - 1.0).abs() < 1e-9, "{named} {ground}");
}

// A campus of 3 × 3 buildings: the farthest are two steps apart either way, and no feeder is shorter than straight.
#[test]
fn feeders_and_fibre_are_those_of_the_campus_laid_out() {
    let plan = layout(&gb300(), USUAL);
    let site = Site::of([&plan]);
    let (first, last) = (plan.building(0).center(), plan.building(plan.buildings - 1).center());
    let apart = (last.0 - first.0).abs() + (last.1 - first.1).abs();
    assert!(site.longest_way().value() >= apart - 1e-6);
    let middle = site.ground.width / 2.0;
    for (feeder, building) in site.feeders(1).into_iter().zip(&site.buildings) {
        let straight = ((building.center().0 - middle).powi(2) + building.y.powi(2)).sqrt();
        assert!(feeder.value() >= straight - 1e-6 && feeder.value() > 0.0);
    }
    // From the middle of the low side to the first of three in the first line: along its road, and up to the yard.
    let (own, [road, _]) = (site.buildings[0], site.gates[0].1.roads);
    let along = middle - own.center().0;
    assert!((site.feeders(1)[0].value() - (along + own.y)).abs() < 1e-6 && (road - site.front).abs() < 1e-9);
    // To the middle one of the second line: aside to a street and back, half a pitch each way.
    let aside = site.feeders(1)[4].value() - site.buildings[4].y;
    assert!((aside - (plan.building(1).x - plan.building(0).x)).abs() < 1.0, "{aside}");
    let (one, three): (f64, f64) =
        (site.feeders(1).iter().map(|f| f.value()).sum(), site.feeders(3).iter().map(|f| f.value()).sum());
    assert!(three < one, "{three} {one}");
    // Two systems side by side share no ground.
    let both = Site::of([&plan, &plan]);
    assert!(both.ground.width > 2.0 * plan.campus().width && both.buildings.len() == 18);
    for (at, building) in both.buildings.iter().enumerate() {
        assert!(both.buildings[..at].iter().all(|other| !building.overlaps(other)));
    }
}

#[test]
fn neighbours_in_number_are_neighbours_on_the_ground() {
    let plan = layout(&gb300(), USUAL);
    let lines = plan.buildings.div_ceil(plan.building_columns) as f64;
    let (x, y) = (1.5 * (plan.building_x + BUILDING_GAP.value()), plan.campus().depth / lines);
    for index in 1..plan.buildings {
        let (before, own) = (plan.building(index - 1).center(), plan.building(index).center());
        let (along, across) = ((own.0 - before.0).abs(), (own.1 - before.1).abs());
        assert!(along < x + 1e-6 && across < y + 1e-6 && along.min(across) < plan.frame.network, "{index}");
    }
}

#[test]
fn parts_of_a_yard_add_up_to_it() {
    let whole =
        Yard { generators: 393, transformers: 371, converters: 5, coolers: 7, chillers: 4, high_voltage: 6 };
    let cuts = [0.0, 0.31, 0.62, 1.0];
    let parts: Vec<Yard> = cuts.windows(2).map(|cut| whole.between(cut[0], cut[1])).collect();
    for kind in YardKind::ALL {
        assert_eq!(parts.iter().map(|part| part.count(kind)).sum::<u64>(), whole.count(kind), "{kind:?}");
    }
}

/// Everything in a room by its rectangle, the room's own first.
fn rooms(plan: &Layout) -> Vec<Hall> {
    (0..plan.halls)
        .map(|index| plan.hall(index))
        .chain((0..plan.network_rooms()).filter_map(|index| plan.room(index)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_two_racks_overlap_and_each_stands_in_its_hall((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        for room in rooms(&plan) {
            let walls = Rect { x: 0.0, y: 0.0, width: room.width, depth: room.depth };
            for (at, rack) in room.racks.iter().enumerate() {
                prop_assert!(walls.holds(&rack.at), "{rack:?} outside {walls:?}");
                for other in &room.racks[..at] {
                    prop_assert!(!rack.at.overlaps(&other.at), "{rack:?} on {other:?}");
                }
                if let Some(row) = rack.row {
                    prop_assert!(room.rows[row].at.holds(&rack.at));
                }
            }
        }
    }

    #[test]
    fn every_rack_of_the_fleet_stands_once((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        let mut numbers: std::collections::BTreeMap<RackKind, Vec<u64>> = std::collections::BTreeMap::new();
        for room in rooms(&plan) {
            for rack in &room.racks {
                numbers.entry(rack.kind).or_default().push(rack.number);
            }
        }
        for (kind, count) in [
            (RackKind::Compute, demand.compute_racks),
            (RackKind::Leaf, plan.leaf_racks()),
            (RackKind::Spine, plan.spine_racks()),
            (RackKind::Core, plan.core_racks()),
            (RackKind::EthernetCore, demand.ethernet_core_racks),
            (RackKind::Circuit, demand.circuit_racks()),
            (RackKind::Storage, plan.units * demand.unit_storage_racks),
            (RackKind::Management, plan.units * demand.unit_management_racks),
            (RackKind::Power, plan.units * demand.unit_power_racks),
            (RackKind::Cdu, plan.cdus()),
        ] {
            let mut found = numbers.remove(&kind).unwrap_or_default();
            found.sort_unstable();
            prop_assert_eq!(found, (0..count).collect::<Vec<_>>(), "{:?}", kind);
        }
        for hall in 0..plan.halls {
            let units = plan.units_of_hall(hall);
            let liquid = plan.demand.unit_liquid * (units.end - units.start) as f64;
            prop_assert!(demand.cdu.capacity * plan.cdus_of_hall(hall) as f64 >= liquid * (1.0 - 1e-6));
        }
        let leftover = plan.positions() - plan.taken_positions();
        prop_assert_eq!(leftover, plan.leftover_positions());
    }

    #[test]
    fn places_on_the_campus_are_unique_and_lie_in_their_building((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        let mut places = std::collections::BTreeSet::new();
        let mut names = std::collections::BTreeSet::new();
        let halls = (0..plan.halls).map(|index| (plan.place_of_hall(index), plan.hall(index)));
        let rooms = (0..plan.network_rooms()).filter_map(|index| {
            Some(((plan.building_of_room(index), 0, plan.place_of_room()?), plan.room(index)?))
        });
        for ((building, storey, room), hall) in halls.chain(rooms) {
            let outline = plan.building(building);
            prop_assert!((room.width - hall.width).abs() < 1e-9 && (room.depth - hall.depth).abs() < 1e-9);
            for rack in &hall.racks {
                let at = rack.at.moved(outline.x + room.x, outline.y + room.y);
                prop_assert!(outline.holds(&at), "{rack:?} outside building {building}");
                let millimetres = |meters: f64| (meters * 1e3).round() as i64;
                prop_assert!(places.insert((storey, millimetres(at.x), millimetres(at.y))), "{rack:?}");
                prop_assert!(names.insert((rack.kind, rack.number)), "{rack:?}");
            }
        }
    }

    #[test]
    fn racks_give_off_what_stands_in_them_and_buildings_what_stands_there((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        let (own, switches) = (&plan.demand, &plan.demand.switches);
        let racks = RackKind::ALL.map(|kind| (kind, plan.racks_of(kind) as f64));
        let beside: f64 = racks.iter().map(|(kind, racks)| {
            own.support_heat.split_of(*kind).into_iter().sum::<Watts>().0 * racks
        }).sum();
        let asked = own.rack_heat.0 * own.compute_racks as f64
            + switches.switch_heat.0 * (switches.leaf + switches.spine + switches.core) as f64
            + super::CIRCUIT_SWITCH_POWER.0 * own.circuit_switches as f64
            + beside;
        let near = |sum: f64| (sum - asked).abs() <= 1e-9 * asked;
        let stands = rooms(&plan);
        let racks = stands.iter().flat_map(|room| &room.racks);
        let sum: f64 = racks.map(|rack| own.heat_of(rack.kind).0).sum();
        prop_assert!(near(sum), "racks: {sum} of {asked}");
        let sum: f64 = stands.iter().flat_map(|room| &room.rows).map(|row| row.heat.0).sum();
        prop_assert!(near(sum), "rows: {sum} of {asked}");
        let sum: f64 = plan.heat_of_buildings().iter().map(|heat| heat.0).sum();
        prop_assert!(near(sum), "buildings: {sum} of {asked}");
    }

    #[test]
    fn every_rack_hangs_on_a_busway_that_carries_it((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        let rating = demand.busway.0 / demand.busway_pairs as f64;
        for room in rooms(&plan) {
            let mut loads: std::collections::BTreeMap<(usize, u64), f64> = std::collections::BTreeMap::new();
            let mut hottest = 0.0_f64;
            for (rack, pair) in room.racks.iter().zip(plan.busways(&room)) {
                let heat = plan.demand.heat_of(rack.kind).0;
                let Some((row, pair)) = rack.row.zip(pair) else {
                    prop_assert!(rack.row.is_none() || heat <= 0.0, "{rack:?} hangs on nothing");
                    continue;
                };
                prop_assert!(pair < demand.busway_pairs);
                hottest = hottest.max(heat);
                *loads.entry((row, pair)).or_default() += heat;
            }
            for ((row, _), load) in loads {
                let even = room.rows[row].heat.0 / demand.busway_pairs as f64;
                prop_assert!(load <= rating.max(even + hottest) * (1.0 + 1e-9), "{load} of {rating}");
            }
        }
    }

    #[test]
    fn every_room_cools_what_stands_in_it_with_a_unit_to_spare((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        if let (Some(room), Some(placed)) = (&plan.network_room, plan.room(0)) {
            let air: f64 = placed.racks.iter().map(|rack| plan.demand.air_of(rack.kind).0).sum();
            let taken = AIR_HANDLER_POWER.0 * room.air_handlers.saturating_sub(1) as f64;
            prop_assert!(air <= taken * (1.0 + 1e-9), "{air} of {taken}");
            let liquid: f64 = placed.racks.iter()
                .map(|rack| plan.demand.split_of(rack.kind)[0].0)
                .sum();
            let spare = u64::from(room.cdus > 0);
            prop_assert!(liquid <= demand.cdu.capacity.0 * (room.cdus - spare) as f64 * (1.0 + 1e-9));
        }
        let units = plan.units_per_hall as f64;
        let air = plan.demand.unit_air.0 * units * (1.0 - demand.door_share.0);
        prop_assert!(air <= AIR_HANDLER_POWER.0 * plan.hall.air_handlers.saturating_sub(1) as f64 * (1.0 + 1e-9));
    }

    #[test]
    fn rows_keep_to_busway_length_and_floor_load((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        // A row is longer or hotter than allowed only where one rack of each sort already is.
        let kinds: Vec<RackKind> =
            plan.hall.rows.iter().flatten().map(|slot| slot.kind).collect::<std::collections::BTreeSet<_>>()
                .into_iter().collect();
        let single: Watts = kinds.iter().map(|kind| demand.heat_of(*kind)).sum();
        let widest = kinds.iter().map(|kind| demand.footprint(*kind)).sum::<u64>() as f64 * demand.rack.width.0;
        for room in rooms(&plan) {
            for (number, row) in room.rows.iter().enumerate() {
                // Racks of a row on their own footprint and half of each aisle beside it.
                let mass: f64 =
                    room.racks.iter().filter(|rack| rack.row == Some(number)).map(|rack| demand.mass_of(rack.kind).0).sum();
                let aisles = f64::midpoint(demand.aisles.cold.0, demand.aisles.hot.0);
                let load = mass * GRAVITY / (row.at.width * (row.at.depth + aisles));
                prop_assert!(load <= plan.floor_load.0 * (1.0 + 1e-9));
                if demand.busway >= single && demand.aisles.row_length.0 >= widest {
                    prop_assert!(row.heat.0 <= demand.busway.0 * (1.0 + 1e-6));
                    prop_assert!(row.at.width <= demand.aisles.row_length.0 + 1e-6);
                }
            }
        }
    }

    #[test]
    fn halls_lie_in_buildings_and_nothing_outside_overlaps((demand, placement) in demands()) {
        let plan = layout(&demand, placement);
        let campus = plan.campus();
        let buildings: Vec<Rect> = (0..plan.buildings).map(|index| plan.building(index)).collect();
        let mut ground = buildings.clone();
        ground.extend(plan.yard_items().iter().map(|item| item.at));
        ground.extend(Site::of([&plan]).substation.iter().map(|item| item.at));
        let yard = demand.yard;
        prop_assert_eq!(
            (ground.len() - buildings.len()) as u64,
            yard.generators + yard.transformers + yard.coolers + yard.chillers + yard.high_voltage
        );
        for (at, one) in ground.iter().enumerate() {
            prop_assert!(ground[..at].iter().all(|other| !one.overlaps(other)), "{one:?}");
        }
        let mut inside: std::collections::BTreeMap<(u64, u64), Vec<Rect>> = std::collections::BTreeMap::new();
        for hall in 0..plan.halls {
            let (building, storey, place) = plan.place_of_hall(hall);
            prop_assert!(storey < demand.storeys && building < plan.buildings);
            inside.entry((building, storey)).or_default().push(place);
        }
        for room in 0..plan.network_rooms() {
            let place = plan.place_of_room().unwrap();
            inside.entry((plan.building_of_room(room), 0)).or_default().push(place);
        }
        for building in 0..plan.buildings {
            for room in plan.side_rooms(building) {
                inside.entry((building, room.storey)).or_default().push(room.at);
            }
        }
        let areas = plan.areas();
        let sum: f64 = areas.iter().map(|(_, area)| area).sum();
        prop_assert!((sum / plan.total_area().value() - 1.0).abs() < 1e-9);
        prop_assert!(areas.iter().all(|(_, area)| *area > -1e-6 * sum), "{areas:?}");
        for ((building, _), places) in &inside {
            let walls = Rect { x: 0.0, y: 0.0, ..plan.building(*building) };
            for (at, place) in places.iter().enumerate() {
                prop_assert!(walls.holds(place), "{place:?} outside {walls:?}");
                prop_assert!(places[..at].iter().all(|other| !place.overlaps(other)), "{places:?}");
            }
        }
        prop_assert!(buildings.iter().all(|building| campus.holds(building)));
    }

    #[test]
    fn more_racks_never_take_fewer_rows((demand, placement) in demands(), more in 0_u64..200) {
        let large = LayoutDemand { compute_racks: demand.compute_racks + more, ..demand };
        let (small, large) = (layout(&demand, placement), layout(&large, placement));
        prop_assert!(small.halls <= large.halls && small.units <= large.units);
    }
}

#[test]
fn a_hall_that_is_there_takes_the_units_that_its_walls_leave_room_for() {
    let built = layout(&gb300(), USUAL);
    let (width, depth) = (built.hall.width, built.hall.depth);
    let given = |along: f64, across: f64| {
        let demand = LayoutDemand { given_hall: Some([Meters(along), Meters(across)]), ..gb300() };
        layout(&demand, USUAL)
    };
    // As large as one built around its rows, it holds the same.
    assert_eq!(given(width, depth).units_per_hall, built.units_per_hall);
    let half = given(width, depth / 2.0);
    assert!(half.units_per_hall < built.units_per_hall && half.units_per_hall >= 1);
    assert!((half.hall.width - width).abs() < 1e-9 && (half.hall.depth - depth / 2.0).abs() < 1e-9);
    assert!(half.halls > built.halls);
    // A unit more does not fit.
    let more = LayoutDemand { units_per_hall: half.units_per_hall + 1, ..gb300() };
    assert!(layout(&more, USUAL).hall.depth > depth / 2.0 || layout(&more, USUAL).hall.width > width);
    // Too small for one unit, it shows what one needs.
    let tiny = given(3.0, 3.0);
    assert_eq!(tiny.units_per_hall, 1);
    assert!(tiny.hall.width > 3.0 && tiny.hall.depth > 3.0);
}
