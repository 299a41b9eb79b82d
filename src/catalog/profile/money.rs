//! Prices of markets, unit costs, list prices of hosted tokens.

use super::{Datum, Sources};
use crate::units::{
    DollarsPerCubicMeter, DollarsPerJoule, DollarsPerToken, DollarsPerWatt, KilogramsPerJoule, Seconds, Share,
};
use serde::{Deserialize, Serialize};

/// Prices of a market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketPrices {
    /// Same as the file's stem and the climate's id.
    pub id: String,
    /// All-in price of electricity to a large load.
    pub electricity: Datum<DollarsPerJoule>,
    /// Carbon of the grid, direct emissions.
    pub carbon: Datum<KilogramsPerJoule>,
    /// Price of make-up water.
    pub water: Datum<DollarsPerCubicMeter>,
    /// Sources by key.
    pub sources: Sources,
}

/// A set of unit costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Same as the file's stem.
    pub id: String,
    /// In words.
    pub name: String,
    /// Per IT watt: land.
    pub land: Datum<DollarsPerWatt>,
    /// Per IT watt: shell, fit-out and site work.
    pub building: Datum<DollarsPerWatt>,
    /// Per facility watt: substation and grid connection.
    pub grid_connection: Datum<DollarsPerWatt>,
    /// Per facility watt, one unit in ten spare: transformers to the voltage of halls and plant.
    pub transformers: Datum<DollarsPerWatt>,
    /// Per watt installed: solid-state transformers.
    pub solid_state_transformers: Datum<DollarsPerWatt>,
    /// Per facility watt: medium- and low-voltage switchgear and cables.
    pub switchgear: Datum<DollarsPerWatt>,
    /// Per watt of UPS installed.
    pub ups: Datum<DollarsPerWatt>,
    /// Per watt of battery shelves in the racks.
    pub rack_batteries: Datum<DollarsPerWatt>,
    /// Per joule: batteries at the substation.
    pub batteries: Datum<DollarsPerJoule>,
    /// Per facility watt, one in ten spare: generators with fuel and paralleling.
    pub generators: Datum<DollarsPerWatt>,
    /// Per IT watt on two paths: busway and distribution.
    pub busway: Datum<DollarsPerWatt>,
    /// Per watt installed: rectifiers in the hall.
    pub rectifiers: Datum<DollarsPerWatt>,
    /// Per watt of heat rejected: cooling plant.
    pub cooling: Datum<DollarsPerWatt>,
    /// Surcharge on everything but IT: design, contractor, contingency.
    pub soft_cost_share: Datum<Share>,
    /// Yearly maintenance of the facility per facility capex.
    pub facility_maintenance_share: Datum<Share>,
    /// Yearly support and spares of IT per IT capex.
    pub it_maintenance_share: Datum<Share>,
    /// Permanent staff per IT watt, as money per year and watt: see the note.
    pub staff: Datum<DollarsPerWatt>,
    /// Property tax and insurance per year and capex.
    pub tax_and_insurance_share: Datum<Share>,
    /// Economic life of IT.
    pub it_life: Datum<Seconds>,
    /// Economic life of the facility.
    pub facility_life: Datum<Seconds>,
    /// Cost of capital per year.
    pub cost_of_capital: Datum<Share>,
    /// Part of the accelerator-hours that is sold or used.
    pub utilization: Datum<Share>,
    /// Sources by key.
    pub sources: Sources,
}

/// List price of hosted tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPrice {
    /// Input tokens.
    pub input: DollarsPerToken,
    /// Output tokens.
    pub output: DollarsPerToken,
    /// Where it stands.
    pub url: String,
}

/// The list price of a hosted model. What it runs on and what it looks like inside is its maker's secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostedPrice {
    /// Same as the file's stem.
    pub id: String,
    /// As published.
    pub name: String,
    /// Longest context, price steps and what else the list leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Input tokens.
    pub input: Datum<DollarsPerToken>,
    /// Output tokens.
    pub output: Datum<DollarsPerToken>,
    /// Input tokens found in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Datum<DollarsPerToken>>,
    /// Sources by key.
    pub sources: Sources,
}
