//! Markets and cooling plants ranked for an envelope.

use super::document::{Bars, Block, Column, Document, Figure, Section, Table, Unit, count};
use super::heat_map::HeatMap;
use super::{Report, csv};
use crate::scenario::{MeasuredAt, Scenario};
use crate::search::sites::{LeftOut, Rank, SiteRanking, SiteRow};
use crate::units::text::{digits, show};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ENERGY: Unit = Unit::Metric("Wh");
const JOULES_PER_WATT_HOUR: f64 = 3_600.0;

/// A ranking with what was asked.
#[derive(Debug, Clone)]
pub struct SitesReport {
    envelope_w: f64,
    envelope: String,
    measured_at: &'static str,
    systems: Vec<String>,
    by: Rank,
    ranking: SiteRanking,
}

impl SitesReport {
    /// The report of a ranking for a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario, by: Rank, ranking: SiteRanking) -> Self {
        let fields = &scenario.fields;
        Self {
            envelope_w: fields.envelope.power.0,
            envelope: show(fields.envelope.power),
            measured_at: match fields.envelope.measured_at {
                MeasuredAt::Utility => "utility",
                MeasuredAt::CriticalIt => "critical-it",
            },
            systems: fields.systems.iter().map(|system| system.id.clone()).collect(),
            by,
            ranking,
        }
    }

    fn criterion(&self) -> &'static str {
        match self.by {
            Rank::Accelerators => "most accelerators",
            Rank::Pue => "least energy per energy of IT",
            Rank::Water => "least water",
            Rank::Cost => "least cost of electricity and water for each accelerator",
            Rank::Carbon => "least carbon for each accelerator",
        }
    }

    fn lead(&self) -> Vec<Figure> {
        let Some(best) = self.ranking.rows.first() else { return Vec::new() };
        let figure = |label: &str, value: String, note: String| Figure { label: label.into(), value, note };
        let mut lead = vec![
            figure("best", format!("{}, {}", best.market, best.design), self.criterion().into()),
            figure("accelerators", count(best.accelerators), format!("{} racks", count(best.racks))),
            figure(
                "PUE of the year",
                digits(best.pue),
                format!("{} × IT in the design hour, which sizes the site", digits(best.peak_ratio)),
            ),
            figure(
                "water",
                Unit::Plain("L/kWh").show(best.wue_l_per_kwh),
                format!("{} m³ a year", digits(best.water.0)),
            ),
        ];
        if let Some(usd) = best.usd_per_year {
            let note = "electricity and water at the market's prices".into();
            lead.push(figure("energy bill", Unit::Money("/y").show(usd), note));
        }
        if let Some(at) = best.warm_water_at {
            lead.push(figure(
                "warm water",
                ENERGY.show(best.warm_water.0 / JOULES_PER_WATT_HOUR),
                format!(
                    "a year at {} °C; {} of it while buildings are heated",
                    digits(at.0),
                    ENERGY.show(best.heating_season.0 / JOULES_PER_WATT_HOUR)
                ),
            ));
        }
        lead
    }

    /// What the ranking measures, and whether more of it is better.
    pub(super) fn measure(&self) -> (&'static str, bool) {
        match self.by {
            Rank::Accelerators => ("accelerators that fit", true),
            Rank::Pue => ("PUE of the year", false),
            Rank::Water => ("WUE of the year [L/kWh]", false),
            Rank::Cost => ("electricity and water for each accelerator [$/y]", false),
            Rank::Carbon => ("carbon for each accelerator [t/y]", false),
        }
    }

    fn value(&self, row: &SiteRow) -> Option<f64> {
        let accelerators = row.accelerators as f64;
        match self.by {
            Rank::Accelerators => Some(accelerators),
            Rank::Pue => Some(row.pue),
            Rank::Water => Some(row.wue_l_per_kwh),
            Rank::Cost => row.usd_per_year.map(|usd| usd / accelerators),
            Rank::Carbon => row.carbon_kg_per_year.map(|kg| kg / accelerators / 1_000.0),
        }
    }

    /// Market, plant and what they are ranked by, best first.
    pub(super) fn cells(&self) -> impl Iterator<Item = (String, String, Option<f64>)> {
        self.ranking.rows.iter().map(|row| (row.market.clone(), row.design.clone(), self.value(row)))
    }

    fn bars(&self) -> Bars {
        // A PUE has one as its zero: what is longer is what the facility takes on top.
        let (header, less) = match self.by {
            Rank::Pue => ("PUE of the year, less one", 1.0),
            _ => (self.measure().0, 0.0),
        };
        let bars = self.cells().map(|(market, design, value)| {
            let value = value.unwrap_or(0.0);
            (format!("{market}, {design}"), digits(value), (value - less).max(0.0))
        });
        Bars { header: header.into(), bars: bars.collect() }
    }

    fn table(&self) -> Table {
        let rows = &self.ranking.rows;
        let each = |of: fn(&SiteRow) -> Option<f64>| rows.iter().map(of).collect::<Vec<_>>();
        let plain = |header: &str, unit: &'static str, of: fn(&SiteRow) -> Option<f64>| {
            Column::values(header, Unit::Plain(unit), each(of))
        };
        Table::of(vec![
            Column::words("market", rows.iter().map(|row| row.market.clone())),
            Column::words("plant", rows.iter().map(|row| row.design.clone())),
            plain("coolant", "°C", |row| row.coolant_supply.map(|supply| supply.0)),
            Column::counts("accelerators", rows.iter().map(|row| row.accelerators)),
            plain("peak", "", |row| Some(row.peak_ratio)),
            plain("PUE", "", |row| Some(row.pue)),
            plain("WUE", "L/kWh", |row| Some(row.wue_l_per_kwh)),
            plain("chillers", "h", |row| Some(f64::from(row.chiller_hours))),
            Column::values("bill", Unit::Money("/y"), each(|row| row.usd_per_year)),
            Column::values(
                "warm water",
                ENERGY,
                each(|row| row.warm_water_at.map(|_| row.warm_water.0 / JOULES_PER_WATT_HOUR)),
            ),
        ])
    }

    /// Reasons with how many pairs each left out.
    fn left_out(&self) -> Vec<Block> {
        let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for LeftOut { market, design, reason } in &self.ranking.left_out {
            let pairs = if market.is_some() { 1 } else { self.ranking.markets as u64 };
            *reasons.entry((design, reason)).or_default() += pairs;
        }
        let line = |((design, reason), pairs): (&(&str, &str), &u64)| {
            Block::Note(format!(
                "{design}: left out in {} of {} markets: {reason}",
                pairs, self.ranking.markets
            ))
        };
        reasons.iter().map(line).collect()
    }
}

fn row_json(row: &SiteRow) -> Value {
    json!({
        "market": row.market,
        "name": row.name,
        "cooling": row.design,
        "coolant_supply_c": row.coolant_supply.map(|supply| supply.0),
        "accelerators": row.accelerators,
        "racks": row.racks,
        "it_w": row.it.0,
        "pue_peak": row.peak_ratio,
        "pue_annual": row.pue,
        "wue_l_per_kwh": row.wue_l_per_kwh,
        "water_m3_per_year": row.water.0,
        "chiller_hours": row.chiller_hours,
        "trim_hours": row.trim_hours,
        "annual_energy_j": row.energy.0,
        "electricity_and_water_usd_per_year": row.usd_per_year,
        "carbon_kg_per_year": row.carbon_kg_per_year,
        "recoverable_heat_j_per_year": row.warm_water.0,
        "recoverable_heat_heating_season_j_per_year": row.heating_season.0,
        "recoverable_heat_c": row.warm_water_at.map(|at| at.0),
    })
}

impl Report for SitesReport {
    fn document(&self) -> Document {
        let ranking = &self.ranking;
        let title = format!(
            "{} at {}, {}: {} pairs of {} markets and {} plants, ranked by {}",
            self.envelope,
            if self.measured_at == "utility" { "the utility meter" } else { "the rack inputs" },
            self.systems.join(", "),
            count(ranking.pairs as u64),
            ranking.markets,
            ranking.designs,
            self.criterion()
        );
        let mut sections = Vec::new();
        if !ranking.rows.is_empty() {
            let mut blocks = vec![Block::Bars(self.bars()), Block::Table(self.table())];
            if ranking.rows.len() < ranking.pairs {
                let note = format!(
                    "The first {} of {} pairs: `--top` shows more.",
                    ranking.rows.len(),
                    ranking.pairs
                );
                blocks.push(Block::Text(note));
            }
            blocks.push(Block::Text(
                "Peak: facility over IT in the design hour, which sizes the site. PUE and WUE: the year. Chillers: hours in \
                 which they run for anything. Warm water: heat that leaves the liquid loops in a year; a network takes \
                 it as it is, or a heat pump lifts it."
                    .into(),
            ));
            sections.push(Section { heading: "Ranking".into(), blocks });
        }
        let left_out = self.left_out();
        if !left_out.is_empty() {
            sections.push(Section { heading: "Left out".into(), blocks: left_out });
        }
        Document { title, lead: self.lead(), sections }
    }

    fn json(&self) -> Value {
        let left_out = self.ranking.left_out.iter();
        json!({
            "schema": "gigawatt.sites/1",
            "envelope_w": self.envelope_w,
            "measured_at": self.measured_at,
            "systems": self.systems,
            "ranked_by": self.criterion(),
            "pairs": self.ranking.pairs,
            "markets": self.ranking.markets,
            "plants": self.ranking.designs,
            "ranking": self.ranking.rows.iter().map(row_json).collect::<Vec<_>>(),
            "left_out": left_out.map(|pair| json!({
                "market": pair.market, "cooling": pair.design, "reason": pair.reason,
            })).collect::<Vec<_>>(),
        })
    }

    fn csv(&self) -> String {
        let rows: Vec<_> = self.ranking.rows.iter().map(|row| csv::flat_rows(&row_json(row))).collect();
        let header: Vec<String> =
            rows.first().map_or_else(Vec::new, |row| row.iter().map(|(key, _, _)| key.clone()).collect());
        csv::table(&header, rows.into_iter().map(|row| row.into_iter().map(|(_, value, _)| value)))
    }

    fn svg(&self) -> Option<String> {
        (!self.ranking.rows.is_empty()).then(|| HeatMap::of(self).svg())
    }
}
