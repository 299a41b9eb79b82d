//! What a plan costs: the unit costs of the catalogue on the powers and counts of the plan.
//!
//! Rack prices are without the scale-out network, which is priced from its switches, transceivers and fibre;
//! storage, management and CPU nodes are priced by the unit.

use super::bill;
use super::electrical;
use super::equipment::{Equipment, Machine};
use super::mechanical;
use super::result::{Economics, Layout, Serving};
use super::sizing::{Draw, FacilityHour, FacilityYear};
use crate::catalog::profile::{self, StageKind};
use crate::economics::{CostRates, Costs, SitePowers, Utilities, costs};
use crate::layout::YardKind;
use crate::scalar::SECONDS_PER_YEAR;
use crate::scenario::Scenario;
use crate::units::{CubicMetersPerSecond, Dollars, DollarsPerToken, DollarsPerWatt, Joules, Seconds, Watts};

/// Prices a plan, and the tokens of its serving workloads.
pub(super) fn economics(
    scenario: &Scenario,
    equipment: &Equipment,
    draws: &[Draw],
    design: &FacilityHour,
    energy: &FacilityYear,
    layout: &Layout,
    serving: &mut [Serving],
) -> Economics {
    let place = &equipment.place;
    let rates = rates(scenario, &place.costs);
    let known = &place.electrical;
    let loads: Vec<_> = equipment.machines.iter().zip(draws).collect();
    let path = || design.path().zip(&known.stages).chain(design.to_plant.iter().zip(&known.plant_feed));
    let installed = |kinds: &[StageKind]| -> Watts {
        path().filter(|(_, stage)| kinds.contains(&stage.kind)).map(|(flow, _)| flow.installed).sum()
    };
    let engines: u64 =
        layout.yards.iter().filter(|(kind, ..)| *kind == YardKind::Generator).map(|(.., count)| count).sum();
    let compute: Watts = draws.iter().map(|draw| draw.compute).sum();
    let backed = electrical::backed_load(place, design.meter, compute);
    let set = backed.map_or(Watts(0.0), |(backup, ..)| backup.set);
    let kept = design.essential.as_ref().map_or(Watts(0.0), |ups| ups.installed);
    let hall_transformers =
        [StageKind::UnitTransformer, StageKind::PlantTransformer, StageKind::PduTransformer];
    let powers = SitePowers {
        it: design.it,
        facility_peak: design.meter,
        transformers: installed(&hall_transformers) / SPARE,
        solid_state_transformers: installed(&[StageKind::SolidStateTransformer]),
        ups_installed: installed(&[StageKind::Ups]) + kept,
        rack_batteries: installed(&[StageKind::RackBattery]),
        batteries: scenario.fields.electrical.battery_energy.unwrap_or(Joules(0.0)),
        generators: set * engines as f64 / SPARE,
        busway: installed(&[StageKind::Bus]) / PATHS,
        rectifiers: installed(&[StageKind::Rectifier]),
        rejection_installed: mechanical::installed(place, &loads, design, layout.buildings),
        facility_mean: Watts(energy.meter_j / SECONDS_PER_YEAR),
    };
    let utilities = Utilities {
        electricity: place.electricity,
        water: place.water,
        water_flow: CubicMetersPerSecond(energy.water_m3 / SECONDS_PER_YEAR),
    };
    let mut it_parts = Vec::new();
    for (machine, draw) in equipment.machines.iter().zip(draws).filter(|(_, draw)| draw.racks > 0) {
        it_parts.extend(it_prices(scenario, machine, draw, layout));
    }
    it_parts
        .extend(layout.border.as_ref().map(|border| (bill::BORDER.to_owned(), bill::border_cost(border))));
    let bill = costs(&it_parts, &[], &rates, &powers, &utilities);
    let accelerators: u64 = draws.iter().map(|draw| draw.accelerators).sum();
    let hour = bill.per_accelerator(accelerators, rates.utilization);
    let per_output_token = price_tokens(&bill, accelerators, serving);
    Economics {
        capex: bill.capex(),
        opex_per_year: bill.opex_per_year(),
        total_per_year: bill.total() * Seconds(SECONDS_PER_YEAR),
        tco_per_accelerator_hour: hour.map_or(Dollars(0.0), |rate| rate * Seconds(3_600.0)),
        per_output_token,
        capex_per_watt: bill.capex_per_watt(design.it).unwrap_or(DollarsPerWatt(0.0)),
        parts: bill.parts.iter().map(|part| (part.name.clone(), part.amount)).collect(),
        opex_parts: bill
            .opex_parts
            .iter()
            .map(|part| (part.name.to_owned(), part.rate * Seconds(SECONDS_PER_YEAR)))
            .collect(),
    }
}

/// What budgets of builders install of transformers and engines over what they serve, one in ten spare, and of busways on
/// two paths: assumption, as the budgets tell sums. A design that installs more or less costs so much more or less.
const SPARE: f64 = 1.11;
const PATHS: f64 = 2.0;

/// The unit costs, with what the scenario sets over them.
fn rates(scenario: &Scenario, costs: &profile::Costs) -> CostRates {
    CostRates {
        land: costs.land.value,
        building: costs.building.value,
        grid_connection: costs.grid_connection.value,
        transformers: costs.transformers.value,
        solid_state_transformers: costs.solid_state_transformers.value,
        rack_batteries: costs.rack_batteries.value,
        batteries: costs.batteries.value,
        rectifiers: costs.rectifiers.value,
        switchgear: costs.switchgear.value,
        ups: costs.ups.value,
        generators: costs.generators.value,
        busway: costs.busway.value,
        cooling: costs.cooling.value,
        soft_cost_share: costs.soft_cost_share.value,
        facility_maintenance_share: costs.facility_maintenance_share.value,
        it_maintenance_share: costs.it_maintenance_share.value,
        staff_per_year: costs.staff.value,
        tax_and_insurance_share: costs.tax_and_insurance_share.value,
        it_life: costs.it_life.value,
        facility_life: costs.facility_life.value,
        cost_of_capital: scenario.fields.economics.cost_of_capital.unwrap_or(costs.cost_of_capital.value),
        utilization: costs.utilization.value,
    }
}

/// Racks, support nodes and network of one system.
fn it_prices(scenario: &Scenario, machine: &Machine, draw: &Draw, layout: &Layout) -> Vec<(String, Dollars)> {
    let rack = scenario.fields.economics.rack_price.unwrap_or(machine.system.rack.price.value);
    let units = draw.racks as f64 / machine.unit_racks as f64;
    let network = bill::network(machine, draw, layout).iter().map(|item| item.cost).sum();
    // The price of a unit's support holds the networks beside the scale-out, which may not cost more than it.
    let support = machine.system.unit.support_price.value * units;
    let support = support.max(bill::beside_cost(machine, layout));
    vec![
        (format!("{} racks", machine.id), rack * draw.racks as f64),
        (format!("{} storage and management", machine.id), support),
        (format!("{} scale-out network", machine.id), network),
    ]
}

/// Prices each workload's output by its accelerators' part of all cost; returns the blend.
fn price_tokens(bill: &Costs, accelerators: u64, serving: &mut [Serving]) -> Option<DollarsPerToken> {
    if accelerators == 0 {
        return None;
    }
    let (mut dollars_per_s, mut tokens_per_s) = (0.0, 0.0);
    for result in serving.iter_mut() {
        let cost = bill.total().0 * result.accelerators as f64 / accelerators as f64;
        let rate = result.output_tokens_per_s.0;
        // Accelerators that serve nothing cost all the same: they are in the blend.
        dollars_per_s += cost;
        if rate > 0.0 {
            result.cost_per_token = DollarsPerToken(cost / rate);
            tokens_per_s += rate;
        }
    }
    (tokens_per_s > 0.0).then(|| DollarsPerToken(dollars_per_s / tokens_per_s))
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::plan::{Options, plan};
    use crate::scenario::{Flags, resolve};

    fn parts(set: &[&str]) -> impl Fn(&str) -> f64 {
        let mut catalog = Catalog::default();
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags = Flags { power: Some("250 MW".into()), set, ..Flags::default() };
        let text = "serving = []\ntraining = []\n";
        let scenario = resolve(Some(("test", text)), &flags, &mut catalog).unwrap();
        let parts = plan(&scenario, &catalog, Options::default()).unwrap().economics.parts;
        move |name: &str| parts.iter().filter(|(part, _)| part == name).map(|(_, cost)| cost.0).sum()
    }

    #[test]
    fn what_is_installed_is_paid_for() {
        let usual = parts(&[]);
        // Engines for the part without accelerators alone.
        let bare = parts(&["electrical.design=ac-415-no-ups"]);
        assert!(bare("generators") < 0.5 * usual("generators"));
        // A UPS for what must not stop alone, and battery shelves in racks are paid for by their power.
        assert!(bare("ups") > 0.05 * usual("ups") && bare("ups") < 0.3 * usual("ups"), "{}", bare("ups"));
        let shelves = parts(&["electrical.design=ac-415-bbu"]);
        // 0.106 $/W of shelves for some 221 MW of racks, in whole shelves.
        assert!((22e6..35e6).contains(&shelves("ups")), "{}", shelves("ups"));
        let (single, double) = (parts(&["electrical.redundancy=n"]), parts(&["electrical.redundancy=2n"]));
        let ratio = double("transformers") / single("transformers");
        assert!((1.8..2.2).contains(&ratio), "{ratio}");
        // 275 $/kWh.
        let stored = parts(&["electrical.battery_power=100 MW", "electrical.battery_energy=100 MWh"]);
        assert!(
            ((stored("ups") - usual("ups")) / 27.5e6 - 1.0).abs() < 0.05,
            "{}",
            stored("ups") - usual("ups")
        );
        // Direct current: converters and rectifiers have prices of their own.
        let direct = parts(&["electrical.design=dc-800-sst"]);
        assert!(direct("transformers") > 2.0 * usual("transformers"), "{}", direct("transformers"));
        let sidecar = parts(&["electrical.design=dc-800-sidecar"]);
        assert!(sidecar("busway") > usual("busway") + 80e6, "{}", sidecar("busway"));
    }
}
