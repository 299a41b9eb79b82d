//! What a plan is made of: profiles of the catalogue, chosen by the scenario, as the formulas want them.
//!
//! This is where a profile's figure becomes a parameter, so this is where the list of assumptions is kept: every
//! figure taken is noted with its value, source and confidence.

mod machine;
mod place;

pub(super) use machine::ports_at;
pub use machine::{Machine, Network, machine, split_profile};
pub use place::{Cooling, DriestAir, Location, MeasuredYear, Place, Prices, cooling, location};
use place::{place, serve, served, wish};

use super::result::Assumption;
use crate::catalog::document::Document;
use crate::catalog::profile::{self, Datum};
use crate::catalog::{Catalog, Found, InputError};
use crate::power::provisioning::DutySpread;
use crate::scenario::{Fields, Origin, Policy, Scenario};
use crate::units::text::{Quantity, brief, exact};
use crate::units::{DollarsPerJoule, Seconds};
use std::sync::Arc;

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

/// Whether a value of the scenario was said by the user rather than by a default.
#[must_use]
pub fn said_by_user(scenario: &Scenario, path: &str) -> bool {
    matches!(scenario.resolved.origins.get(path), Some(Origin::File(..) | Origin::Flag))
}
