use super::circuit::{MAIN_FITTINGS, MAIN_WATER, motor};
use super::*;
use crate::catalog::Catalog;
use crate::cooling::hydraulics::{Branch, Fluid, STEEL};
use crate::plan::{Options, Plan, plan};
use crate::scenario::{Flags, resolve};
use crate::units::{CubicMetersPerSecond, Meters};

fn planned(power: &str, set: &[&str]) -> Plan {
    let mut catalog = Catalog::default();
    let set = set.iter().map(|one| (*one).to_owned()).collect();
    let flags = Flags { power: Some(power.into()), set, ..Flags::default() };
    let scenario = resolve(Some(("test", "serving = []\ntraining = []\n")), &flags, &mut catalog).unwrap();
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
            let own = plan.cooling.schedule[1..].iter().find(|line| line.name.contains("-cooled chillers"));
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
            assert!(plan.cooling.schedule.iter().all(|line| line.count > 0 && line.rating > 0.0), "{what}");
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
    for line in plan.cooling.schedule.iter().filter(|line| line.name.contains("-water") && line.unit == "m") {
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
