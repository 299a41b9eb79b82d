//! Fits the curves of `throughput::efficiency` to isolated kernel measurements.
//!
//! One curve a generation, kind of kernel and number format, so that two accelerators of one generation share it.
//! Residuals are logarithms of predicted over measured time, weighted down where they are large (Cauchy), and each
//! coefficient is held inside its physical bounds by a logistic map. No serving or training result enters.
//!
//! ~~~text
//! minimise Σ w_i · ln²(t_i(x) / m_i),   x_j = low_j + (high_j − low_j) / (1 + e^(−z_j)),   w = 1 / (1 + (r/0.25)²)
//! ~~~

pub mod engines;
mod measurements;

use crate::throughput::efficiency::{
    Bounds, Curve, CurveSet, FittedCurve, Inheritance, KernelCall, KernelClass, Residuals,
};
use crate::throughput::precision::Format;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use measurements::Measurement;
use nalgebra::{DMatrix, DVector, Dyn, Owned};
use std::collections::BTreeMap;

/// Why a calibration failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// The table could not be read.
    #[error("the kernel table cannot be read: {0}")]
    Table(#[from] csv::Error),
    /// A column is missing.
    #[error("the kernel table has no column `{0}`")]
    Column(&'static str),
    /// Nothing in it could be used.
    #[error("the kernel table holds no row that a curve can be fitted to")]
    Empty,
    /// The coefficients cannot be written.
    #[error("the coefficients cannot be written: {0}")]
    Write(#[from] toml::ser::Error),
}

/// The result of a calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The coefficients with their residuals.
    pub set: CurveSet,
    /// Rows of the table that entered.
    pub used: usize,
    /// Rows of the table that did not: summaries, collectives of other kinds, unknown accelerators.
    pub left: usize,
}

impl Calibration {
    /// The coefficient file.
    pub fn to_toml(&self) -> Result<String, CalibrationError> {
        let head = "# Written by `gigawatt calibrate`; do not edit by hand.\n";
        Ok(format!("{head}{}", toml::to_string(&self.set)?))
    }
}

/// Least share of a roof that a fit may claim, and other physical bounds, by coefficient.
const BOUNDS: [(&str, Bounds); 7] = [
    ("plateau", Bounds { low: 0.02, high: 1.0 }),
    ("half_rows", Bounds { low: 0.0, high: 4_096.0 }),
    ("half_width", Bounds { low: 0.0, high: 8_192.0 }),
    ("bandwidth_share", Bounds { low: 0.05, high: 1.0 }),
    ("launch_s", Bounds { low: 0.0, high: 60e-6 }),
    ("serial", Bounds { low: 0.0, high: 1.0 }),
    ("cast_bytes", Bounds { low: 0.0, high: 64.0 }),
];

/// Residual (in logarithm) at which a point has lost half of its weight.
const OUTLIER: f64 = 0.25;

/// Rounds of reweighting.
const ROUNDS: usize = 6;

const NOTE: &str = "Shares of dense peak and nominal bandwidth by generation, kernel and format, fitted to the \
TensorRT-LLM 1.3.0rc20 and NCCL 2.29.2 kernel measurements of the aiconfigurator database (Apache-2.0, commit 095f58a5, \
2026-08-21; src/validation/kernels.csv). Residual = predicted / measured - 1. Ranges: own = 90th percentile of the median \
residuals by curve; inherited = own plus the spread between measured generations. Balanced routing only, but \
routing_skew, which compares power-law with balanced times.";

/// The embedded table of measured kernels.
pub const KERNELS: &str = include_str!("validation/kernels.csv");

/// Fits all curves to a kernel table with the columns of `src/validation/kernels.csv`.
pub fn calibrate(text: &str) -> Result<Calibration, CalibrationError> {
    let (measurements, left) = measurements::read(text)?;
    let mut groups: BTreeMap<(String, KernelClass, Format), Vec<&Measurement>> = BTreeMap::new();
    for m in measurements.iter().filter(|m| !m.skewed) {
        groups.entry((m.generation.to_owned(), m.class, m.format)).or_default().push(m);
    }
    if groups.is_empty() {
        return Err(CalibrationError::Empty);
    }
    let used = measurements.len();
    let curves: Vec<FittedCurve> = groups
        .into_iter()
        .map(|((generation, class, format), points)| {
            let points = thin(class, points);
            let curve = fit(class, &points);
            FittedCurve { generation, class, format, curve, residuals: residuals(&curve, &points) }
        })
        .collect();
    let own_range = own_range(&curves);
    let set = CurveSet {
        note: NOTE.to_owned(),
        own_range,
        inherited_range: own_range + generation_spread(&curves),
        routing_skew: routing_skew(&measurements),
        bounds: BOUNDS.iter().map(|(name, bounds)| ((*name).to_owned(), *bounds)).collect(),
        inherit: inheritance(),
        curves,
    };
    Ok(Calibration { set, used, left })
}

/// Who inherits from whom, and why.
fn inheritance() -> Vec<Inheritance> {
    let line = |generation: &str, from: &str, reason: &str| Inheritance {
        generation: generation.to_owned(),
        from: from.to_owned(),
        arithmetic: 1.0,
        reason: reason.to_owned(),
    };
    vec![
        line(
            "ampere",
            "hopper",
            "no kernel measurements; one generation older, same programming model, no FP8",
        ),
        line(
            "rubin",
            "blackwell-ultra",
            "no kernel measurements published; nearest in tensor core and memory design",
        ),
        line("rubin-ultra", "blackwell-ultra", "no kernel measurements published; nearest in design"),
        Inheritance {
            arithmetic: 0.62,
            ..line(
                "cdna3",
                "hopper",
                "no kernel measurements in the table; same memory generation and number formats. Published measurements \
                 of MI300X reach 0.45 of the dense peak in 8 and 16 bits and 0.81 of the bandwidth (arXiv:2510.27583, \
                 2025-10), against 0.73 and 0.83 in Hopper's curves: arithmetic times 0.45/0.73",
            )
        },
        Inheritance {
            arithmetic: 0.85,
            ..line(
                "cdna4",
                "blackwell",
                "no kernel measurements; same memory generation and number formats. Arithmetic times 0.85, an \
                 assumption as of 2026: half way from MI300X to parity",
            )
        },
        line("cdna5", "blackwell-ultra", "no kernel measurements; same number formats"),
        line(
            "trainium2",
            "hopper",
            "no kernel measurements; a systolic array, so rows and widths may matter more",
        ),
        line(
            "trainium3",
            "blackwell",
            "no kernel measurements; a systolic array, so rows and widths may matter more",
        ),
        line(
            "tpu",
            "blackwell",
            "no kernel measurements; a systolic array, so rows and widths may matter more",
        ),
    ]
}

/// The points that identify the curve of a class.
fn thin(class: KernelClass, points: Vec<&Measurement>) -> Vec<&Measurement> {
    match class {
        // Steps send from kilobytes to tens of megabytes; beyond, other algorithms take over.
        KernelClass::AllReduce => {
            points.into_iter().filter(|m| (4e3..=1.4e8).contains(&m.call.bytes)).collect()
        }
        _ => points,
    }
}

/// Coefficients that the data of a class can identify; the others are zero, or one for an unused roof.
fn free_coefficients(class: KernelClass) -> &'static [usize] {
    match class {
        KernelClass::Gemm | KernelClass::ExpertGemm => &[0, 1, 2, 3, 4, 5, 6],
        KernelClass::AttentionPrefill | KernelClass::LatentPrefill => &[0, 1, 2, 4],
        KernelClass::LatentDecode => &[0, 3, 4, 5],
        KernelClass::AttentionDecode | KernelClass::AllReduce => &[3, 4],
    }
}

fn curve_of(x: &[f64; 7]) -> Curve {
    Curve {
        plateau: x[0],
        half_rows: x[1],
        half_width: x[2],
        bandwidth_share: x[3],
        launch_s: x[4],
        serial: x[5],
        cast_bytes: x[6],
    }
}

struct Problem<'a> {
    points: &'a [(KernelCall, f64)],
    weights: Vec<f64>,
    free: &'static [usize],
    fixed: [f64; 7],
    z: DVector<f64>,
}

impl Problem<'_> {
    fn coefficients(&self, z: &DVector<f64>) -> [f64; 7] {
        let mut x = self.fixed;
        for (slot, index) in self.free.iter().enumerate() {
            let bounds = BOUNDS[*index].1;
            x[*index] = bounds.low + (bounds.high - bounds.low) / (1.0 + (-z[slot]).exp());
        }
        x
    }
    fn residuals_at(&self, z: &DVector<f64>) -> DVector<f64> {
        let curve = curve_of(&self.coefficients(z));
        DVector::from_iterator(
            self.points.len(),
            self.points
                .iter()
                .zip(&self.weights)
                .map(|((call, measured), weight)| weight.sqrt() * (curve.time(call) / measured).ln()),
        )
    }
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Problem<'_> {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;
    type ParameterStorage = Owned<f64, Dyn>;

    fn set_params(&mut self, z: &DVector<f64>) {
        self.z.copy_from(z);
    }
    fn params(&self) -> DVector<f64> {
        self.z.clone()
    }
    fn residuals(&self) -> Option<DVector<f64>> {
        Some(self.residuals_at(&self.z))
    }
    fn jacobian(&self) -> Option<DMatrix<f64>> {
        const STEP: f64 = 1e-4;
        let mut jacobian = DMatrix::zeros(self.points.len(), self.z.len());
        for column in 0..self.z.len() {
            let mut shifted = self.z.clone();
            shifted[column] += STEP;
            let up = self.residuals_at(&shifted);
            shifted[column] -= 2.0 * STEP;
            let down = self.residuals_at(&shifted);
            jacobian.set_column(column, &((up - down) / (2.0 * STEP)));
        }
        Some(jacobian)
    }
}

/// Where the search starts: a plain kernel, and a slow one with few rows.
const STARTS: [[f64; 7]; 3] = [
    [0.7, 64.0, 256.0, 0.8, 8e-6, 0.2, 1.0],
    [0.4, 16.0, 1_024.0, 0.7, 15e-6, 0.5, 6.0],
    [0.8, 512.0, 64.0, 0.6, 4e-6, 0.05, 0.5],
];

fn fit(class: KernelClass, measurements: &[&Measurement]) -> Curve {
    let free = free_coefficients(class);
    let points: Vec<(KernelCall, f64)> = measurements.iter().map(|m| (m.call, m.time_s)).collect();
    let mut best: Option<(f64, Curve)> = None;
    for start in STARTS {
        let z = DVector::from_iterator(
            free.len(),
            free.iter().map(|index| {
                let bounds = BOUNDS[*index].1;
                let share =
                    ((start[*index] - bounds.low) / (bounds.high - bounds.low)).clamp(1e-4, 1.0 - 1e-4);
                (share / (1.0 - share)).ln()
            }),
        );
        let mut problem = Problem {
            points: &points,
            weights: vec![1.0; points.len()],
            free,
            fixed: [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
            z,
        };
        for _ in 0..ROUNDS {
            problem = LevenbergMarquardt::new().with_patience(60).minimize(problem).0;
            let curve = curve_of(&problem.coefficients(&problem.z));
            problem.weights = points
                .iter()
                .map(|(call, measured)| {
                    let residual = (curve.time(call) / measured).ln();
                    1.0 / (1.0 + (residual / OUTLIER).powi(2))
                })
                .collect();
        }
        let curve = curve_of(&problem.coefficients(&problem.z));
        let loss: f64 = points
            .iter()
            .map(|(call, measured)| ((curve.time(call) / measured).ln() / OUTLIER).powi(2).ln_1p())
            .sum();
        if loss.is_finite() && best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, curve));
        }
    }
    rounded(best.map_or_else(|| curve_of(&STARTS[0]), |(_, curve)| curve))
}

/// Four significant digits: more would claim a precision that the data does not have.
fn rounded(curve: Curve) -> Curve {
    let four = |x: f64| if x.abs() < 1e-12 { 0.0 } else { format!("{x:.3e}").parse().unwrap_or(x) };
    Curve {
        plateau: four(curve.plateau),
        half_rows: four(curve.half_rows),
        half_width: four(curve.half_width),
        bandwidth_share: four(curve.bandwidth_share),
        launch_s: four(curve.launch_s),
        serial: four(curve.serial),
        cast_bytes: four(curve.cast_bytes),
    }
}

fn residuals(curve: &Curve, points: &[&Measurement]) -> Residuals {
    let mut signed: Vec<f64> = points.iter().map(|m| curve.time(&m.call) / m.time_s - 1.0).collect();
    let mut absolute: Vec<f64> = signed.iter().map(|r| r.abs()).collect();
    let rows = points.iter().map(|m| m.call.rows);
    let four = |x: f64| (x * 1e4).round() / 1e4;
    Residuals {
        points: points.len(),
        median: four(quantile(&mut absolute, 0.5)),
        p90: four(quantile(&mut absolute, 0.9)),
        bias: four(quantile(&mut signed, 0.5)),
        least_rows: four(rows.clone().fold(f64::INFINITY, f64::min)),
        most_rows: rows.fold(0.0, f64::max),
    }
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = ((values.len().max(1) - 1) as f64 * share).round() as usize;
    values.get(index).copied().unwrap_or(0.0)
}

fn own_range(curves: &[FittedCurve]) -> f64 {
    let mut medians: Vec<f64> = curves.iter().map(|fitted| fitted.residuals.median).collect();
    (quantile(&mut medians, 0.9) * 1e3).round() / 1e3
}

/// Ninetieth percentile of |ln| of plateau and bandwidth share between generations, same kernel and format.
fn generation_spread(curves: &[FittedCurve]) -> f64 {
    let mut spread = Vec::new();
    for a in curves {
        for b in curves {
            if a.generation < b.generation && a.class == b.class && a.format == b.format {
                spread.push((a.curve.plateau / b.curve.plateau).ln().abs());
                spread.push((a.curve.bandwidth_share / b.curve.bandwidth_share).ln().abs());
            }
        }
    }
    (quantile(&mut spread, 0.75) * 1e3).round() / 1e3
}

/// Median of (power-law time / balanced time − 1) · (ep + 4)/ep at 4,096 tokens and more.
fn routing_skew(measurements: &[Measurement]) -> f64 {
    let mut shares = Vec::new();
    for skewed in measurements.iter().filter(|m| m.skewed && m.tokens >= 4_096.0) {
        let twin = measurements.iter().find(|m| !m.skewed && m.twin == skewed.twin);
        if let Some(balanced) = twin {
            let excess = skewed.time_s / balanced.time_s - 1.0;
            shares.push(excess * (skewed.ranks + 4.0) / skewed.ranks);
        }
    }
    if shares.is_empty() { 0.0 } else { (quantile(&mut shares, 0.5).max(0.0) * 1e3).round() / 1e3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "accelerator,kernel,model,dtype,kv_dtype,m,n,k,batch,isl,kv_len,heads,kv_heads,head_dim,ep,n_gpus,routing,implementation,message_bytes,latency_us\n";

    /// GEMM rows that follow a known curve exactly: 0.7 of 989 TFLOP/s, half at 50 rows, 0.8 of 3.35 TB/s, 5 us.
    fn synthetic() -> String {
        let mut text = HEAD.to_owned();
        for (n, k) in [(4_096.0, 4_096.0), (8_192.0, 8_192.0), (2_048.0, 7_168.0), (16_384.0, 16_384.0)] {
            for m in [1.0_f64, 16.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 4_096.0, 16_384.0] {
                let arithmetic = 2.0 * m * n * k / (989e12 * 0.7) * (1.0 + 50.0 / m);
                let traffic = 2.0 * (n * k + m * k + m * n) / (3.35e12 * 0.8);
                let time = arithmetic.max(traffic) + 5e-6;
                let row = format!("H100-SXM,gemm,,bfloat16,,{m},{n},{k},,,,,,,,,,,,{}\n", time * 1e6);
                text.push_str(&row);
            }
        }
        text
    }

    #[test]
    fn a_known_curve_is_found_again() {
        let calibration = calibrate(&synthetic()).expect("the table is sound");
        assert_eq!(calibration.used, 36);
        let fitted = &calibration.set.curves[0];
        assert!(fitted.residuals.median < 0.01, "{fitted:?}");
        assert!((fitted.curve.plateau - 0.7).abs() < 0.02, "{fitted:?}");
        assert!((fitted.curve.launch_s - 5e-6).abs() < 0.5e-6, "{fitted:?}");
    }

    #[test]
    fn coefficients_survive_the_file() {
        let calibration = calibrate(&synthetic()).expect("the table is sound");
        let text = calibration.to_toml().expect("numbers can be written");
        assert_eq!(CurveSet::parse(&text).expect("own file reads back"), calibration.set);
    }

    #[test]
    fn an_empty_table_is_an_error() {
        assert!(matches!(calibrate(HEAD), Err(CalibrationError::Empty)));
        assert!(matches!(calibrate("a,b\n1,2\n"), Err(CalibrationError::Column(_))));
    }
}
