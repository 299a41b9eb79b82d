//! What it costs: capex by part, a year of operation, and what that makes of an hour and a token.
//!
//! Capex turns into equal yearly payments over the life of what was bought (annuity), operation adds energy, water,
//! upkeep, staff and taxes; the sum is divided by what is sold. Money is of one year: no inflation, no tax on
//! profit, no salvage value, no interest during construction.

use crate::scalar::SECONDS_PER_YEAR;
use crate::units::{
    CubicMetersPerSecond, Dollars, DollarsPerCubicMeter, DollarsPerJoule, DollarsPerSecond, DollarsPerToken,
    DollarsPerWatt, Joules, Seconds, Share, TokenRate, Watts,
};

/// The 8,760-hour year.
const YEAR: Seconds = Seconds(SECONDS_PER_YEAR);

/// Yearly payment per amount borrowed.
///
/// ~~~text
/// CRF = i / (1 − (1 + i)^(−n)),  1/n at i = 0
/// ~~~
///
/// i cost of capital per year [1] · n life [years]. Payments at the end of each year. A life of nothing has to be
/// paid at once: infinite.
#[must_use]
pub fn capital_recovery(cost_of_capital: Share, life: Seconds) -> f64 {
    let years = life / YEAR;
    let rate = cost_of_capital.value();
    if rate < 1e-9 {
        return 1.0 / years;
    }
    // (1 + i)^(-n) − 1, kept exact where the rate is small.
    let shrinkage = (-years * rate.ln_1p()).exp_m1();
    rate / -shrinkage
}

/// What an amount costs per time when it is paid back evenly over a life.
#[must_use]
pub fn annuity(amount: Dollars, cost_of_capital: Share, life: Seconds) -> DollarsPerSecond {
    amount * capital_recovery(cost_of_capital, life) / YEAR
}

/// Unit costs of building and running a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostRates {
    /// Land, per IT power.
    pub land: DollarsPerWatt,
    /// Shell, fit-out and site work, per IT power.
    pub building: DollarsPerWatt,
    /// Substation and grid connection, per facility power.
    pub grid_connection: DollarsPerWatt,
    /// Transformers, per facility power with the usual spares.
    pub transformers: DollarsPerWatt,
    /// Solid-state transformers, per installed power.
    pub solid_state_transformers: DollarsPerWatt,
    /// Switchgear and cables, per facility power.
    pub switchgear: DollarsPerWatt,
    /// UPS, per installed UPS power.
    pub ups: DollarsPerWatt,
    /// Battery shelves in the racks, per installed power.
    pub rack_batteries: DollarsPerWatt,
    /// Batteries at the substation, per energy.
    pub batteries: DollarsPerJoule,
    /// Generators with fuel and paralleling, per facility power with the usual spares.
    pub generators: DollarsPerWatt,
    /// Busway and distribution, per IT power on two paths.
    pub busway: DollarsPerWatt,
    /// Rectifiers in the hall, per installed power.
    pub rectifiers: DollarsPerWatt,
    /// Cooling plant, per heat rejected in the design hour.
    pub cooling: DollarsPerWatt,
    /// Design, contractor and contingency, on everything but IT.
    pub soft_cost_share: Share,
    /// Yearly upkeep of the facility, of its capex.
    pub facility_maintenance_share: Share,
    /// Yearly support and spares of IT, of its capex.
    pub it_maintenance_share: Share,
    /// Permanent staff, per IT power and year.
    pub staff_per_year: DollarsPerWatt,
    /// Property tax and insurance, per year and capex.
    pub tax_and_insurance_share: Share,
    /// Economic life of IT.
    pub it_life: Seconds,
    /// Economic life of the facility.
    pub facility_life: Seconds,
    /// Cost of capital per year.
    pub cost_of_capital: Share,
    /// Part of the accelerator-hours that is sold or used.
    pub utilization: Share,
}

/// Powers that unit costs multiply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SitePowers {
    /// At the rack inputs, provisioned.
    pub it: Watts,
    /// At the meter in the design hour.
    pub facility_peak: Watts,
    /// What transformers to the voltage of halls and plant would serve with the usual spares.
    pub transformers: Watts,
    /// Installed in solid-state transformers.
    pub solid_state_transformers: Watts,
    /// Installed in UPS modules.
    pub ups_installed: Watts,
    /// Installed in battery shelves of racks.
    pub rack_batteries: Watts,
    /// In batteries at the substation.
    pub batteries: Joules,
    /// What engines would serve with the usual spares.
    pub generators: Watts,
    /// What busways would serve on two paths.
    pub busway: Watts,
    /// Installed in rectifiers in the halls.
    pub rectifiers: Watts,
    /// Ratings of the units that throw the heat out.
    pub rejection_installed: Watts,
    /// At the meter in the mean of the year.
    pub facility_mean: Watts,
}

/// What energy and water cost at the place, and how much water goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Utilities {
    /// All-in price of electricity.
    pub electricity: DollarsPerJoule,
    /// Price of make-up water.
    pub water: DollarsPerCubicMeter,
    /// Make-up water in the mean of the year.
    pub water_flow: CubicMetersPerSecond,
}

/// Whose life a part shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Racks and network.
    It,
    /// All that stays when the racks are replaced, but for land.
    Facility,
    /// Land: costs interest, is never used up.
    Land,
}

/// One line of the capex.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// Whose life it shares.
    pub kind: Kind,
    /// What it costs.
    pub amount: Dollars,
}

/// One line of the yearly cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunningCost {
    /// What it is.
    pub name: &'static str,
    /// What it costs per time.
    pub rate: DollarsPerSecond,
}

/// What a site costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// Capex by part, IT first.
    pub parts: Vec<Part>,
    /// Opex by part.
    pub opex_parts: Vec<RunningCost>,
    /// Repayment of capex, IT, facility and land together.
    pub annuity: DollarsPerSecond,
}

impl Costs {
    /// All capex.
    #[must_use]
    pub fn capex(&self) -> Dollars {
        self.parts.iter().map(|part| part.amount).sum()
    }
    /// Capex of one kind.
    #[must_use]
    pub fn capex_of(&self, kind: Kind) -> Dollars {
        self.parts.iter().filter(|part| part.kind == kind).map(|part| part.amount).sum()
    }
    /// Operation per time, without repayment.
    #[must_use]
    pub fn opex(&self) -> DollarsPerSecond {
        self.opex_parts.iter().map(|part| part.rate).sum()
    }
    /// Operation of a year.
    #[must_use]
    pub fn opex_per_year(&self) -> Dollars {
        self.opex() * YEAR
    }
    /// Operation and repayment per time: the total cost of ownership.
    #[must_use]
    pub fn total(&self) -> DollarsPerSecond {
        self.annuity + self.opex()
    }
    /// Capex per power; none without power.
    #[must_use]
    pub fn capex_per_watt(&self, power: Watts) -> Option<DollarsPerWatt> {
        (power.value() > 0.0).then(|| self.capex() / power)
    }
    /// Total cost of one accelerator while it is used; none without accelerators or use.
    ///
    /// ~~~text
    /// k = K / (N·u)
    /// ~~~
    #[must_use]
    pub fn per_accelerator(&self, accelerators: u64, utilization: Share) -> Option<DollarsPerSecond> {
        let used = accelerators as f64 * utilization.value();
        (used > 0.0).then(|| self.total() / used)
    }
    /// Total cost of a token when the whole site makes `rate` of them in the mean of the year; none without.
    #[must_use]
    pub fn per_token(&self, rate: TokenRate) -> Option<DollarsPerToken> {
        (rate.value() > 0.0).then(|| self.total() / rate)
    }
}

/// Adds up what a site costs.
///
/// ~~~text
/// capex = Σ IT + (1 + s)·Σ rate·power + land
/// annuity = CRF(i, n_it)·IT + CRF(i, n_f)·facility + i·land
/// opex = p_e·P_mean + p_w·V + m_f·facility + m_it·IT + staff·P_it + t·capex
/// ~~~
///
/// `it_parts` are racks, network and whatever else shares the life of IT, with their prices; s soft costs. `extra`
/// costs what the list does not know, such as batteries or an on-site plant, and shares the life of the facility.
#[must_use]
pub fn costs(
    it_parts: &[(String, Dollars)],
    extra: &[(String, Dollars)],
    rates: &CostRates,
    powers: &SitePowers,
    utilities: &Utilities,
) -> Costs {
    let part = |name: &str, kind, amount| Part { name: name.into(), kind, amount };
    let mut parts: Vec<Part> = it_parts.iter().map(|(name, amount)| part(name, Kind::It, *amount)).collect();
    let facility = [
        ("building", rates.building * powers.it),
        ("grid connection", rates.grid_connection * powers.facility_peak),
        (
            "transformers",
            rates.transformers * powers.transformers
                + rates.solid_state_transformers * powers.solid_state_transformers,
        ),
        ("switchgear", rates.switchgear * powers.facility_peak),
        (
            "ups",
            rates.ups * powers.ups_installed
                + rates.rack_batteries * powers.rack_batteries
                + rates.batteries * powers.batteries,
        ),
        ("generators", rates.generators * powers.generators),
        ("busway", rates.busway * powers.busway + rates.rectifiers * powers.rectifiers),
        ("cooling", rates.cooling * powers.rejection_installed),
    ];
    parts.extend(facility.map(|(name, amount)| part(name, Kind::Facility, amount)));
    parts.extend(extra.iter().map(|(name, amount)| part(name, Kind::Facility, *amount)));
    let built: Dollars =
        parts.iter().filter(|part| part.kind == Kind::Facility).map(|part| part.amount).sum();
    parts.push(part(
        "design, contractor, contingency",
        Kind::Facility,
        built * rates.soft_cost_share.value(),
    ));
    parts.push(part("land", Kind::Land, rates.land * powers.it));

    let mut costs = Costs { parts, opex_parts: Vec::new(), annuity: DollarsPerSecond(0.0) };
    let it = costs.capex_of(Kind::It);
    let facility = costs.capex_of(Kind::Facility);
    let land = costs.capex_of(Kind::Land);
    costs.annuity = annuity(it, rates.cost_of_capital, rates.it_life)
        + annuity(facility, rates.cost_of_capital, rates.facility_life)
        + land * rates.cost_of_capital.value() / YEAR;
    let yearly = |amount: Dollars, share: Share| amount * share.value() / YEAR;
    costs.opex_parts = [
        ("electricity", utilities.electricity * powers.facility_mean),
        ("water", utilities.water * utilities.water_flow),
        ("facility maintenance", yearly(facility, rates.facility_maintenance_share)),
        ("it support and spares", yearly(it, rates.it_maintenance_share)),
        ("staff", rates.staff_per_year * powers.it / YEAR),
        ("property tax and insurance", yearly(costs.capex(), rates.tax_and_insurance_share)),
    ]
    .map(|(name, rate)| RunningCost { name, rate })
    .to_vec();
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    fn years(years: f64) -> Seconds {
        YEAR * years
    }

    fn rates() -> CostRates {
        CostRates {
            land: DollarsPerWatt(0.2),
            building: DollarsPerWatt(6.0),
            grid_connection: DollarsPerWatt(0.3),
            transformers: DollarsPerWatt(0.4),
            solid_state_transformers: DollarsPerWatt(1.25),
            rack_batteries: DollarsPerWatt(0.1),
            batteries: DollarsPerJoule(275.0 / 3.6e6),
            rectifiers: DollarsPerWatt(0.5),
            switchgear: DollarsPerWatt(0.3),
            ups: DollarsPerWatt(0.4),
            generators: DollarsPerWatt(0.9),
            busway: DollarsPerWatt(0.2),
            cooling: DollarsPerWatt(2.5),
            soft_cost_share: Share(0.1),
            facility_maintenance_share: Share(0.025),
            it_maintenance_share: Share(0.04),
            staff_per_year: DollarsPerWatt(0.15),
            tax_and_insurance_share: Share(0.01),
            it_life: years(5.0),
            facility_life: years(14.0),
            cost_of_capital: Share(0.08),
            utilization: Share(0.8),
        }
    }

    fn site(it: f64) -> (SitePowers, Utilities) {
        let powers = SitePowers {
            it: Watts(it),
            facility_peak: Watts(1.25 * it),
            transformers: Watts(1.25 * it),
            solid_state_transformers: Watts(0.0),
            rack_batteries: Watts(0.0),
            batteries: Joules(0.0),
            generators: Watts(1.25 * it),
            busway: Watts(it),
            rectifiers: Watts(0.0),
            ups_installed: Watts(1.333 * it),
            rejection_installed: Watts(1.1 * it),
            facility_mean: Watts(0.9 * it),
        };
        let utilities = Utilities {
            electricity: DollarsPerJoule(65.0 / 3.6e9),
            water: DollarsPerCubicMeter(1.5),
            water_flow: CubicMetersPerSecond(0.01),
        };
        (powers, utilities)
    }

    #[test]
    fn eight_percent_over_five_years_repays_a_quarter_a_year() {
        // 0.08 / (1 − 1.08^−5) = 0.08 / 0.319417 = 0.250456.
        assert!((capital_recovery(Share(0.08), years(5.0)) - 0.250_456).abs() < 1e-6);
        // 0.08 / (1 − 1.08^−14) = 0.08 / 0.659539 = 0.121297.
        assert!((capital_recovery(Share(0.08), years(14.0)) - 0.121_297).abs() < 1e-6);
        assert!((capital_recovery(Share(0.0), years(5.0)) - 0.2).abs() < 1e-12);
        assert!((capital_recovery(Share(1e-8), years(5.0)) - 0.2).abs() < 1e-7);
    }

    #[test]
    fn a_megawatt_is_the_hand_calculation() {
        let (powers, utilities) = site(1e6);
        let sum = costs(&[("racks".into(), Dollars(26e6))], &[], &rates(), &powers, &utilities);
        // Building 6.0 + busway 0.2 on 1 MW; grid 0.3 + transformers 0.4 + gear 0.3 + generators 0.9 = 1.9 on 1.25 MW:
        // 2.375; UPS 0.4 · 1.333 = 0.5332; cooling 2.5 · 1.1 = 2.75. Sum 11.8582 M$, with 10 %: 13.04402 M$.
        assert!((sum.capex_of(Kind::Facility).value() - 13.044_02e6).abs() < 1.0);
        // And 26 M$ of racks, 0.2 M$ of land: 39.24402 M$.
        assert!((sum.capex().value() - 39.244_02e6).abs() < 1.0);
        assert!((sum.capex_per_watt(Watts(1e6)).unwrap().value() - 39.244_02).abs() < 1e-5);
        // Electricity: 0.9 MW · 8,760 h · 65 $/MWh = 512,460 $. Water 0.01 · 31,536,000 · 1.5 = 473,040 $.
        let yearly = |name: &str| {
            let part = sum.opex_parts.iter().find(|part| part.name == name).unwrap();
            (part.rate * YEAR).value()
        };
        assert!((yearly("electricity") - 512_460.0).abs() < 0.1);
        assert!((yearly("water") - 473_040.0).abs() < 0.1);
        // Upkeep 0.025 · 13.04402 M = 326,100.5; support 0.04 · 26 M = 1,040,000; staff 150,000; taxes 392,440.2.
        assert!((yearly("facility maintenance") - 326_100.5).abs() < 0.1);
        assert!((yearly("it support and spares") - 1_040_000.0).abs() < 0.1);
        assert!((yearly("staff") - 150_000.0).abs() < 0.1);
        assert!((yearly("property tax and insurance") - 392_440.2).abs() < 0.1);
        // Repayment: 26 M · 0.250456 + 13.04402 M · 0.121297 + 0.2 M · 0.08 = 6.51187 + 1.58220 + 0.016 M$.
        assert!(((sum.annuity * YEAR).value() - 8.110_06e6).abs() < 50.0);
    }

    #[test]
    fn an_accelerator_hour_is_the_total_over_the_hours_sold() {
        let sum = Costs {
            parts: Vec::new(),
            opex_parts: vec![RunningCost { name: "electricity", rate: DollarsPerSecond(1.0) }],
            annuity: DollarsPerSecond(3.0),
        };
        // 4 $/s over 8,000 of 10,000 accelerators: 0.0005 $/s = 1.80 $/h.
        let hourly = sum.per_accelerator(10_000, Share(0.8)).unwrap() * Seconds(3_600.0);
        assert!((hourly.value() - 1.8).abs() < 1e-12);
        // 4 $/s at 2 million tokens/s: 2 $ per million.
        assert!((sum.per_token(TokenRate(2e6)).unwrap().value() * 1e6 - 2.0).abs() < 1e-12);
        assert!(sum.per_accelerator(0, Share(0.8)).is_none());
        assert!(sum.per_token(TokenRate(0.0)).is_none());
        assert!(sum.capex_per_watt(Watts(0.0)).is_none());
    }

    proptest! {
        #[test]
        fn parts_add_up_and_costs_scale_with_size(it in 1e5..1e10_f64, factor in 1.0..10.0_f64) {
            let total = |it: f64| {
                let (powers, mut utilities) = site(it);
                utilities.water_flow = CubicMetersPerSecond(it * 1e-8);
                let racks = [("racks".to_string(), Dollars(it * 26.0))];
                let batteries = [("batteries".to_string(), Dollars(it * 0.1))];
                costs(&racks, &batteries, &rates(), &powers, &utilities)
            };
            let (one, many) = (total(it), total(it * factor));
            let kinds = [Kind::It, Kind::Facility, Kind::Land];
            let sum: Dollars = kinds.iter().map(|kind| one.capex_of(*kind)).sum();
            prop_assert!((sum / one.capex() - 1.0).abs() < 1e-12);
            prop_assert!((many.total() / one.total() / factor - 1.0).abs() < 1e-9);
        }
    }
}
