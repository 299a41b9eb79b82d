//! Fits what software adds to isolated kernels and links, in serving, in training and in collectives, and checks the fit
//! on what it did not see.
//!
//! All counted rows of the published and the measured serving tables enter together, or all of the training table, or of
//! the collectives, each with the logarithm of predicted over measured time. Training runs and collectives that were
//! recalled or read second-hand weigh a quarter. Large residuals weigh less (Cauchy), every coefficient is drawn to its prior and held
//! inside its bounds, and the step is Gauss and Newton's with damping:
//!
//! ~~~text
//! minimise  Σ_i w_i·s²·ln(1 + (r_i/s)²) + (w·s)²·Σ_j ((u_j − prior_j)/spread_j)²
//! u = ln x for factors and shares, x for times and exponents;  r = ln(predicted/measured);  s = 0.12, w = 1.5
//! ~~~
//!
//! Left out: one model or operation, or one system, at a time. Such a fit starts from that of all rows and takes steps with the
//! Jacobian there, rows of the group taken out; its errors are then computed with the whole model.

use crate::catalog::{Catalog, InputError};
use crate::coefficients::{Coefficient, CoefficientSet, LeftOut};
use crate::fabric::collective::Library;
use crate::throughput::training::TrainingFactors;
use crate::validation::hardware::Hardware;
use crate::validation::statistics::quantile;
use crate::validation::{Kind, RowReport, Table, check};
use nalgebra::{DMatrix, DVector};
use std::collections::BTreeSet;

/// Residual (in logarithm) at which a row has lost half of its weight.
const SCALE: f64 = 0.12;
/// Weight of the priors, in rows of residual [`SCALE`].
const PRIOR_WEIGHT: f64 = 1.5;
/// Step of a finite difference, as a share of a coefficient's spread.
const PROBE: f64 = 0.1;
/// Steps at most.
const STEPS: usize = 12;
/// Steps with the Jacobian of all rows when a group is left out.
const LEFT_OUT_STEPS: usize = 2;
/// A group of fewer rows is not left out by itself.
const LEAST_GROUP: usize = 10;
/// Relative gain of a step at which the search ends.
const ENOUGH: f64 = 1e-4;

/// Weight of a row that somebody recalled or passed on.
const SECOND_HAND: f64 = 0.25;

/// What is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// What serving engines add.
    Engines,
    /// What a training step adds.
    Training,
    /// What a communication library reaches and adds.
    Collectives,
}

impl Subject {
    /// The hardware with other coefficients.
    fn open(self, catalog: &Catalog, set: CoefficientSet) -> Result<Hardware, InputError> {
        match self {
            Self::Engines => Hardware::with_engines(catalog, set),
            Self::Training => Hardware::with_training(catalog, TrainingFactors::of(&set)),
            Self::Collectives => Hardware::with_collectives(catalog, Library::of(&set)),
        }
    }

    /// What the coefficients belong to, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Engines => "serving engines",
            Self::Training => "a training step",
            Self::Collectives => "collectives",
        }
    }

    /// What no coefficient stands for.
    fn note(self) -> &'static str {
        match self {
            Self::Engines => {
                "What serving engines add to isolated kernels. No coefficient belongs to a system, a benchmark or a row, \
                 nor to a model but where one family alone was measured in a format: MXFP4 (gpt-oss), INT4 (Kimi), linear \
                 attention (Qwen3.5)."
            }
            Self::Training => {
                "What a running training step takes against isolated kernels and nominal links. No coefficient belongs to \
                 a model, a system, a benchmark or a row."
            }
            Self::Collectives => {
                "What a communication library reaches of links and adds to them. No coefficient belongs to a system, a \
                 benchmark or a row; the EFA hops rest on one cluster of 32 accelerators, the ports of a domain on two \
                 of NVL72 racks."
            }
        }
    }

    /// What is left out beside systems.
    fn kind(self) -> &'static str {
        match self {
            Self::Engines | Self::Training => "model",
            Self::Collectives => "operation",
        }
    }

    fn flag(self) -> &'static str {
        match self {
            Self::Engines => "--engines",
            Self::Training => "--training",
            Self::Collectives => "--collectives",
        }
    }
}

/// The result of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineFit {
    /// What was fitted.
    pub subject: Subject,
    /// Coefficients, and the errors with a group left out.
    pub set: CoefficientSet,
    /// Loss before the fit and after it.
    pub loss: [f64; 2],
}

impl EngineFit {
    /// The coefficient file.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let head = format!(
            "# Written by `gigawatt calibrate {}`: values and errors. Priors, spreads and bounds are edited by hand.\n",
            self.subject.flag()
        );
        Ok(format!("{head}{}", toml::to_string(&self.set)?))
    }
}

/// A row as the fit sees it.
#[derive(Debug, Clone)]
struct Seen {
    table: usize,
    model: String,
    system: String,
    /// Whether the row states a rate, not a time.
    rate: bool,
    weight: f64,
}

/// How much a row counts: what was recalled or passed on decides nothing alone.
fn weight(words: &str) -> f64 {
    if ["recalled", "secondary", "Calculon"].iter().any(|word| words.contains(word)) {
        SECOND_HAND
    } else {
        1.0
    }
}

struct Fit<'a> {
    subject: Subject,
    catalog: &'a Catalog,
    tables: &'a [Table],
    set: CoefficientSet,
    names: Vec<String>,
    /// Places of the counted rows in the tables, one after the other.
    places: Vec<(usize, usize)>,
}

/// Whether a coefficient is a time or an exponent, fitted as it is, or a factor, fitted as its logarithm.
fn is_stepped(name: &str) -> bool {
    ["_ms", "_us", "_exponent"].iter().any(|suffix| name.ends_with(suffix))
}

fn raised(name: &str, u: f64) -> f64 {
    if is_stepped(name) { u } else { u.exp() }
}

fn lowered(name: &str, x: f64) -> f64 {
    if is_stepped(name) { x } else { x.max(1e-9).ln() }
}

fn counted(row: &RowReport) -> bool {
    row.counted && row.error.is_some_and(f64::is_finite)
}

impl Fit<'_> {
    fn coefficient(&self, place: usize) -> &Coefficient {
        &self.set.coefficients[&self.names[place]]
    }

    fn with(&self, u: &DVector<f64>) -> CoefficientSet {
        let mut set = self.set.clone();
        for (name, u) in self.names.iter().zip(u.iter()) {
            if let Some(coefficient) = set.coefficients.get_mut(name) {
                coefficient.value = raised(name, *u).clamp(coefficient.low, coefficient.high);
            }
        }
        set
    }

    fn clamped(&self, mut u: DVector<f64>) -> DVector<f64> {
        for (place, name) in self.names.iter().enumerate() {
            let c = self.coefficient(place);
            u[place] = u[place].clamp(lowered(name, c.low), lowered(name, c.high));
        }
        u
    }

    fn reports(&self, u: &DVector<f64>) -> Result<Vec<Vec<RowReport>>, InputError> {
        let hardware = self.subject.open(self.catalog, self.with(u))?;
        self.tables.iter().map(|table| Ok(check(table, &hardware, &|| {})?.rows)).collect()
    }

    /// Logarithms of predicted over measured time; zero for a row that can no longer be expressed.
    fn residuals(&self, u: &DVector<f64>, rows: &[Seen]) -> Result<DVector<f64>, InputError> {
        let reports = self.reports(u)?;
        Ok(DVector::from_iterator(
            self.places.len(),
            self.places.iter().zip(rows).map(|((table, place), row)| {
                let ratio = reports[*table][*place].error.map_or(1.0, |error| 1.0 + error);
                let r = ratio.max(1e-6).ln();
                if row.rate { -r } else { r }
            }),
        ))
    }

    /// Priors' residuals: (u − prior) over spread.
    fn strain(&self, u: &DVector<f64>) -> DVector<f64> {
        DVector::from_iterator(
            self.names.len(),
            self.names.iter().enumerate().map(|(place, name)| {
                let c = self.coefficient(place);
                (u[place] - lowered(name, c.prior)) / c.spread
            }),
        )
    }

    fn loss(&self, u: &DVector<f64>, residuals: &DVector<f64>, rows: &[Seen]) -> f64 {
        let rows: f64 = residuals
            .iter()
            .zip(rows)
            .map(|(r, row)| row.weight * SCALE * SCALE * (r / SCALE).powi(2).ln_1p())
            .sum();
        rows + (PRIOR_WEIGHT * SCALE).powi(2) * self.strain(u).norm_squared()
    }

    fn jacobian(
        &self,
        u: &DVector<f64>,
        at: &DVector<f64>,
        rows: &[Seen],
    ) -> Result<DMatrix<f64>, InputError> {
        let mut jacobian = DMatrix::zeros(at.len(), u.len());
        for place in 0..u.len() {
            let mut moved = u.clone();
            moved[place] += PROBE * self.coefficient(place).spread;
            let mut moved = self.clamped(moved);
            if (moved[place] - u[place]).abs() < 1e-9 {
                moved[place] -= PROBE * self.coefficient(place).spread;
                moved = self.clamped(moved);
            }
            let step = moved[place] - u[place];
            if step.abs() > 1e-9 {
                jacobian.set_column(place, &((self.residuals(&moved, rows)? - at) / step));
            }
        }
        Ok(jacobian)
    }

    /// Gauss and Newton's step on weighted rows, damped.
    fn step(
        &self,
        u: &DVector<f64>,
        residuals: &DVector<f64>,
        jacobian: &DMatrix<f64>,
        weights: &[f64],
        damping: f64,
    ) -> DVector<f64> {
        let weights = DVector::from_iterator(
            residuals.len(),
            residuals.iter().zip(weights).map(|(r, weight)| weight / (1.0 + (r / SCALE).powi(2))),
        );
        let mut scaled = jacobian.clone();
        for (mut row, weight) in scaled.row_iter_mut().zip(weights.iter()) {
            row *= *weight;
        }
        let mut normal = jacobian.transpose() * &scaled;
        let mut slope = scaled.transpose() * residuals;
        let prior = (PRIOR_WEIGHT * SCALE).powi(2);
        let strain = self.strain(u);
        for place in 0..u.len() {
            let spread = self.coefficient(place).spread;
            slope[place] += prior * strain[place] / spread;
            normal[(place, place)] += prior / (spread * spread);
            normal[(place, place)] *= 1.0 + damping;
        }
        let solved = normal.cholesky().map(|factor| factor.solve(&slope));
        self.clamped(u - solved.unwrap_or_else(|| DVector::zeros(u.len())))
    }
}

/// Fits the coefficients of `start` to the tables; `progress` hears what is being done.
pub fn fit(
    subject: Subject,
    start: &CoefficientSet,
    tables: &[Table],
    catalog: &Catalog,
    progress: &dyn Fn(&str),
) -> Result<EngineFit, InputError> {
    let names: Vec<String> = start.coefficients.keys().cloned().collect();
    let mut fit = Fit { subject, catalog, tables, set: start.clone(), names, places: Vec::new() };
    let mut u = DVector::from_iterator(
        fit.names.len(),
        fit.names.iter().map(|name| lowered(name, start.coefficients[name].value)),
    );
    u = fit.clamped(u);
    let mut rows = Vec::new();
    for (table, report) in fit.reports(&u)?.iter().enumerate() {
        let cells = tables[table].rows();
        for (place, row) in report.iter().enumerate().filter(|(_, row)| counted(row)) {
            fit.places.push((table, place));
            let weighed = matches!(tables[table].kind, Kind::Training | Kind::Collectives);
            rows.push(Seen {
                table,
                model: row.model.clone(),
                system: row.system.clone(),
                rate: match tables[table].kind {
                    Kind::Training | Kind::Collectives => !row.measure.contains("time"),
                    kind => kind == Kind::Inference,
                },
                weight: if weighed { weight(cells[place].word("verification")) } else { 1.0 },
            });
        }
    }
    if rows.is_empty() {
        let files: Vec<&str> = tables.iter().map(|table| table.file.as_str()).collect();
        return Err(InputError::plain(files.join(", "), "no row that counts: nothing to fit to"));
    }
    let all: Vec<f64> = rows.iter().map(|row| row.weight).collect();
    let mut residuals = fit.residuals(&u, &rows)?;
    let mut loss = fit.loss(&u, &residuals, &rows);
    let first = loss;
    let mut jacobian = DMatrix::zeros(0, 0);
    for round in 0..STEPS {
        progress(&format!("step {}: loss {loss:.3}", round + 1));
        jacobian = fit.jacobian(&u, &residuals, &rows)?;
        let before = loss;
        for damping in [1e-3, 0.3, 3.0, 30.0] {
            let tried = fit.step(&u, &residuals, &jacobian, &all, damping);
            let found = fit.residuals(&tried, &rows)?;
            let gained = fit.loss(&tried, &found, &rows);
            if gained < loss {
                (u, residuals, loss) = (tried, found, gained);
                break;
            }
        }
        if before - loss < ENOUGH * before {
            break;
        }
    }
    let left_out = left_out(&fit, &u, &residuals, &jacobian, &rows, progress)?;
    let mut set = fit.with(&u);
    for coefficient in set.coefficients.values_mut() {
        coefficient.value = format!("{:.3e}", coefficient.value).parse().unwrap_or(coefficient.value);
    }
    set.rows = rows.len();
    let files: Vec<&str> = tables.iter().map(|table| table.file.as_str()).collect();
    set.note = format!("{} Fitted to the counted rows of {}.", subject.note(), files.join(" and "));
    set.left_out = left_out;
    Ok(EngineFit { subject, set, loss: [first, loss] })
}

/// A name that models of one family share: DeepSeek-R1 and -V3 are one network, dispatch and combination of experts one
/// exchange.
fn family(model: &str) -> &str {
    if model.starts_with("deepseek-r1") || model.starts_with("deepseek-v3") {
        "deepseek-v3"
    } else if model.starts_with("moe_") || model.starts_with("alltoall") {
        "all_to_all"
    } else {
        model
    }
}

fn left_out(
    fit: &Fit<'_>,
    u: &DVector<f64>,
    residuals: &DVector<f64>,
    jacobian: &DMatrix<f64>,
    rows: &[Seen],
    progress: &dyn Fn(&str),
) -> Result<Vec<LeftOut>, InputError> {
    let mut found = Vec::new();
    for (kind, key) in
        [(fit.subject.kind(), (|row| family(&row.model)) as fn(&Seen) -> &str), ("system", |row| &row.system)]
    {
        let groups: BTreeSet<&str> = rows.iter().map(key).filter(|name| !name.is_empty()).collect();
        let mut unseen = residuals.clone();
        for group in groups {
            let mask: Vec<bool> = rows.iter().map(|row| key(row) != group).collect();
            let held = mask.iter().filter(|seen| !**seen).count();
            if held < LEAST_GROUP {
                continue;
            }
            progress(&format!("without {kind} {group}"));
            let mut moved = u.clone();
            let mut there = residuals.clone();
            let weights: Vec<f64> =
                rows.iter().zip(&mask).map(|(row, seen)| if *seen { row.weight } else { 0.0 }).collect();
            for _ in 0..LEFT_OUT_STEPS {
                moved = fit.step(&moved, &there, jacobian, &weights, 1e-3);
                there = fit.residuals(&moved, rows)?;
            }
            for (place, seen) in mask.iter().enumerate() {
                if !seen {
                    unseen[place] = there[place];
                }
            }
            push(&mut found, fit, rows, (kind, group), &mask, [&there, residuals]);
        }
        push(&mut found, fit, rows, (kind, "all"), &vec![false; rows.len()], [&unseen, residuals]);
    }
    Ok(found)
}

/// The errors of the rows that a mask leaves out, by table.
fn push(
    found: &mut Vec<LeftOut>,
    fit: &Fit<'_>,
    rows: &[Seen],
    (kind, name): (&str, &str),
    mask: &[bool],
    [unseen, fitted]: [&DVector<f64>; 2],
) {
    for (table, of) in fit.tables.iter().enumerate() {
        let error = |r: f64, row: &Seen| if row.rate { (-r).exp() - 1.0 } else { r.exp() - 1.0 };
        let errors = |residuals: &DVector<f64>| -> Vec<f64> {
            let chosen = rows.iter().enumerate().filter(|(place, row)| row.table == table && !mask[*place]);
            let mut errors: Vec<f64> = chosen.map(|(place, row)| error(residuals[place], row)).collect();
            errors.sort_by(f64::total_cmp);
            errors
        };
        let sizes = |errors: &[f64]| {
            let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
            sizes.sort_by(f64::total_cmp);
            sizes
        };
        let signed = errors(unseen);
        let [away, seen] = [sizes(&signed), sizes(&errors(fitted))];
        let three = |x: Option<f64>| (1e3 * x.unwrap_or(0.0)).round() / 1e3;
        if !signed.is_empty() {
            let mean = signed.iter().sum::<f64>() / signed.len() as f64;
            found.push(LeftOut {
                kind: kind.to_owned(),
                name: name.to_owned(),
                table: of.kind.word().to_owned(),
                rows: signed.len(),
                median_ape: three(quantile(&away, 0.5)),
                p90_ape: three(quantile(&away, 0.9)),
                bias: three(Some(mean)),
                fitted_median_ape: three(quantile(&seen, 0.5)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn few(kind: Kind, every: usize) -> Table {
        let whole = Table::embedded(kind).unwrap();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&whole.header).unwrap();
        for row in whole.rows().iter().step_by(every) {
            writer.write_record(row.cells()).unwrap();
        }
        Table::parse(kind, "few.csv", &String::from_utf8(writer.into_inner().unwrap()).unwrap()).unwrap()
    }

    // A fit to a tenth of the rows, from the priors: the loss falls, every coefficient stays inside its bounds, and each
    // group of ten and more rows is left out once.
    #[test]
    fn a_fit_lowers_the_loss_and_keeps_the_bounds() {
        let mut start = crate::throughput::engines::embedded().clone();
        for coefficient in start.coefficients.values_mut() {
            coefficient.value = coefficient.prior;
        }
        let tables = [few(Kind::Inference, 16), few(Kind::Points, 48)];
        let found = fit(Subject::Engines, &start, &tables, &Catalog::default(), &|_| {}).unwrap();
        assert!(found.loss[1] < 0.9 * found.loss[0], "{:?}", found.loss);
        for (name, c) in &found.set.coefficients {
            assert!(c.low <= c.value && c.value <= c.high, "{name} = {}", c.value);
        }
        assert!(found.set.left_out.iter().any(|left| left.kind == "system" && left.name == "all"));
        let again = CoefficientSet::parse(&found.to_toml().unwrap()).unwrap();
        assert_eq!(again, found.set);
    }

    // What stands in the file is what the command finds: from there, no step gains a hundredth of the loss, and from the
    // priors the loss falls to the same.
    #[test]
    fn the_file_of_collectives_is_where_the_fit_ends() {
        let tables = [Table::embedded(Kind::Collectives).unwrap()];
        let shipped = crate::fabric::collective::library::embedded();
        let again = fit(Subject::Collectives, shipped, &tables, &Catalog::default(), &|_| {}).unwrap();
        assert!(again.loss[1] > 0.99 * again.loss[0], "{:?}", again.loss);
        let mut start = shipped.clone();
        for coefficient in start.coefficients.values_mut() {
            coefficient.value = coefficient.prior;
        }
        let found = fit(Subject::Collectives, &start, &tables, &Catalog::default(), &|_| {}).unwrap();
        assert!(found.loss[1] < 0.95 * found.loss[0], "{:?}", found.loss);
        assert!((found.loss[1] / again.loss[1] - 1.0).abs() < 0.02, "{:?} {:?}", found.loss, again.loss);
    }

    #[test]
    fn factors_move_in_ratios_and_times_in_steps() {
        assert!((raised("gemm", lowered("gemm", 1.3)) - 1.3).abs() < 1e-12);
        assert!((raised("vllm.step_ms", lowered("vllm.step_ms", 0.0)) - 0.0).abs() < 1e-12);
    }
}
