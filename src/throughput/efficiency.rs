//! The fitted curves: what share of a peak a kernel reaches, by generation, kind of kernel and number format.
//!
//! ~~~text
//! arithmetic = flop / (peak · plateau) · (1 + half_rows / M) · (1 + half_width / N)
//! traffic    = (bytes + cast_bytes · M · K) / (bandwidth · bandwidth_share)
//! t = max(arithmetic, traffic) + serial · min(arithmetic, traffic) + launch
//! ~~~
//!
//! M rows (tokens; tokens of an expert; positions of one prefill) · N the narrow side (output width on the rank,
//! width of an expert, size of a head) · K input width. The coefficients stand in `efficiency.toml` beside this
//! file, written by `calibration` from isolated kernel measurements with bounds and residuals; no serving or
//! training result enters. A generation without measurements inherits from a stated one.

use super::precision::{Arithmetic, Format};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A kind of kernel with its own curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelClass {
    /// Dense matrix product of a linear layer.
    Gemm,
    /// Grouped matrix product of routed experts, permutation and activation included.
    ExpertGemm,
    /// Attention of single new tokens over cached keys and values.
    AttentionDecode,
    /// Causal attention of a prompt.
    AttentionPrefill,
    /// Decode attention over the compressed cache, absorbed.
    LatentDecode,
    /// Prompt attention of latent models, not absorbed.
    LatentPrefill,
    /// Sum over the ranks of a group inside the scale-up domain.
    AllReduce,
}

/// All kinds of kernel.
pub const KERNEL_CLASSES: [KernelClass; 7] = [
    KernelClass::Gemm,
    KernelClass::ExpertGemm,
    KernelClass::AttentionDecode,
    KernelClass::AttentionPrefill,
    KernelClass::LatentDecode,
    KernelClass::LatentPrefill,
    KernelClass::AllReduce,
];

/// Coefficients of one curve; see the module's equations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Share of the dense peak at many rows and great width.
    pub plateau: f64,
    /// Rows at which the rate has fallen to half.
    pub half_rows: f64,
    /// Width at which the rate has fallen to half.
    pub half_width: f64,
    /// Share of the nominal memory, or link, bandwidth.
    pub bandwidth_share: f64,
    /// Fixed time of a call [s].
    pub launch_s: f64,
    /// Share of the shorter of arithmetic and traffic that is not hidden.
    pub serial: f64,
    /// Bytes moved besides operands and result, per row and input element: casts, permutation.
    pub cast_bytes: f64,
}

impl Curve {
    /// The share of the peak reached at many rows of width `n`.
    #[must_use]
    pub fn plateau_at_width(&self, n: f64) -> f64 {
        self.plateau / (1.0 + self.half_width / n.max(1.0))
    }
}

/// How well a curve meets what it was fitted to; residual = predicted / measured − 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residuals {
    /// Measured points.
    pub points: usize,
    /// Median of the absolute residual.
    pub median: f64,
    /// Ninetieth percentile of the absolute residual.
    pub p90: f64,
    /// Median of the signed residual.
    pub bias: f64,
    /// Fewest rows among the points.
    pub least_rows: f64,
    /// Most rows among the points.
    pub most_rows: f64,
}

/// A curve with its name and origin, one table of the coefficient file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedCurve {
    /// Hardware generation.
    pub generation: String,
    /// Kind of kernel.
    pub class: KernelClass,
    /// Number format: of the operands, or of the cache.
    pub format: Format,
    /// The coefficients.
    pub curve: Curve,
    /// How well it fits.
    pub residuals: Residuals,
}

/// From whom a generation without measurements takes its curves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inheritance {
    /// The generation without measurements.
    pub generation: String,
    /// Whose curves it uses.
    pub from: String,
    /// Achieved shares of arithmetic against the generation they come from.
    #[serde(default = "one")]
    pub arithmetic: f64,
    /// Why.
    pub reason: String,
}

fn one() -> f64 {
    1.0
}

/// Bounds of a coefficient in the fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

/// The coefficient file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurveSet {
    /// Where the measurements come from, and how they were fitted.
    pub note: String,
    /// Relative half-range of a time that rests on a generation's own measurements.
    pub own_range: f64,
    /// The same where the curves are inherited: spread between measured generations added.
    pub inherited_range: f64,
    /// Extra arithmetic of the busiest rank from uneven routing: share at many ranks; see [`CurveSet::skew_at`].
    pub routing_skew: f64,
    /// Bounds of each coefficient by name.
    #[serde(default)]
    pub bounds: BTreeMap<String, Bounds>,
    /// Generations without measurements.
    #[serde(default)]
    pub inherit: Vec<Inheritance>,
    /// The fitted curves.
    #[serde(default)]
    pub curves: Vec<FittedCurve>,
}

/// Time of experts under uneven routing over that under even routing, where arithmetic binds.
///
/// ~~~text
/// 1 + a · ep/(ep + 4)
/// ~~~
///
/// ep ranks that share the experts · a fitted to power-law against balanced kernel times from 4,096 tokens on, whose
/// medians are 1.17, 1.51, 1.84 and 1.85 on 1, 8, 32 and 64 ranks: a rank alone pays for uneven tiles, many ranks wait
/// for the busiest.
#[must_use]
pub fn busiest_load(skew: f64, ep: f64) -> f64 {
    1.0 + skew * ep / (ep + 4.0)
}

const EMBEDDED: &str = include_str!("efficiency.toml");

impl CurveSet {
    /// Reads a coefficient file.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The coefficients that come with the program; empty only if the embedded file is broken, which a test excludes.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static SET: OnceLock<CurveSet> = OnceLock::new();
        SET.get_or_init(|| Self::parse(EMBEDDED).unwrap_or_default())
    }

    /// Load of the busiest rank over the mean under uneven routing; see [`busiest_load`].
    #[must_use]
    pub fn skew_at(&self, ep: f64) -> f64 {
        busiest_load(self.routing_skew, ep)
    }

    /// The curves of a generation, with what is missing taken from its kin.
    #[must_use]
    pub fn generation(&self, generation: &str) -> GenerationCurves {
        let inheritance = self.inherit.iter().find(|line| line.generation == generation);
        let from = inheritance.map_or(generation, |line| line.from.as_str());
        let share = inheritance.map_or(1.0, |line| line.arithmetic);
        let mut curves = BTreeMap::new();
        for fitted in self.curves.iter().filter(|fitted| fitted.generation == from) {
            curves.insert((fitted.class, fitted.format), (fitted.curve, fitted.residuals));
        }
        let known = !curves.is_empty();
        if !known {
            for fitted in self.curves.iter().filter(|fitted| fitted.generation == "hopper") {
                curves.insert((fitted.class, fitted.format), (fitted.curve, fitted.residuals));
            }
        }
        let inherited = inheritance.is_some() || !known;
        GenerationCurves {
            generation: generation.to_owned(),
            origin: if inherited {
                format!("inherited from {}", if known { from } else { "hopper" })
            } else {
                "measured".to_owned()
            },
            range: if inherited { self.inherited_range } else { self.own_range },
            routing_skew: self.routing_skew,
            arithmetic: share,
            curves,
        }
    }
}

/// The curves that one machine uses.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationCurves {
    /// The generation they were asked for.
    pub generation: String,
    /// `measured`, or whose they are.
    pub origin: String,
    /// Relative half-range of a time that rests on them.
    pub range: f64,
    /// Extra load of the busiest rank from uneven routing; see [`CurveSet::skew_at`].
    pub routing_skew: f64,
    /// Achieved shares of arithmetic against the generation that the curves come from.
    pub arithmetic: f64,
    curves: BTreeMap<(KernelClass, Format), (Curve, Residuals)>,
}

impl Default for GenerationCurves {
    fn default() -> Self {
        Self {
            generation: String::new(),
            origin: String::new(),
            range: 0.0,
            routing_skew: 0.0,
            arithmetic: 1.0,
            curves: BTreeMap::new(),
        }
    }
}

/// What a curve falls back to where nothing was measured: two thirds of each roof and a launch.
///
/// Assumption: Calculon's scale-up and GenZ's prior lie in the same place (see `efficiency.toml`).
pub const UNKNOWN_CURVE: Curve = Curve {
    plateau: 0.65,
    half_rows: 64.0,
    half_width: 0.0,
    bandwidth_share: 0.75,
    launch_s: 6e-6,
    serial: 0.0,
    cast_bytes: 0.0,
};

impl GenerationCurves {
    /// The curve of a kernel at a format, or that of the nearest format measured.
    #[must_use]
    pub fn curve(&self, class: KernelClass, format: Format) -> Curve {
        let chain: &[Format] = match (format, format.arithmetic()) {
            (Format::Mxfp4, _) => {
                &[Format::Mxfp4, Format::Nvfp4, Format::Fp8Block, Format::Fp8, Format::Bf16]
            }
            (Format::Nvfp4, _) => {
                &[Format::Nvfp4, Format::Mxfp4, Format::Fp8Block, Format::Fp8, Format::Bf16]
            }
            (Format::Fp8, _) | (_, Arithmetic::Int8) => &[Format::Fp8, Format::Fp8Block, Format::Bf16],
            (_, Arithmetic::Fp8) => &[Format::Fp8Block, Format::Fp8, Format::Bf16],
            _ => &[Format::Bf16, Format::Fp8Block, Format::Fp8, Format::Mxfp4],
        };
        chain
            .iter()
            .find_map(|candidate| self.curves.get(&(class, *candidate)))
            .map_or(UNKNOWN_CURVE, |(curve, _)| *curve)
    }

    /// The residuals of the curve that [`GenerationCurves::curve`] would give for exactly this format.
    #[must_use]
    pub fn residuals(&self, class: KernelClass, format: Format) -> Option<Residuals> {
        self.curves.get(&(class, format)).map(|(_, residuals)| *residuals)
    }
}

/// One call of a kernel, as the equations see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KernelCall {
    /// Arithmetic [FLOP].
    pub flop: f64,
    /// Dense peak of its format [FLOP/s].
    pub peak_flop_per_s: f64,
    /// Rows of each product.
    pub rows: f64,
    /// Width; see the module.
    pub width: f64,
    /// Operands and result [bytes].
    pub bytes: f64,
    /// Rows times input elements that are cast or moved besides.
    pub cast_elements: f64,
    /// Nominal bandwidth [bytes/s].
    pub bandwidth_bytes_per_s: f64,
}

impl Curve {
    /// The time of a call [s]; see the module's equations.
    #[must_use]
    pub fn time(&self, call: &KernelCall) -> f64 {
        let arithmetic = call.flop / (call.peak_flop_per_s * self.plateau_at_width(call.width))
            * (1.0 + self.half_rows / call.rows.max(1e-6));
        let traffic = (call.bytes + self.cast_bytes * call.cast_elements)
            / (call.bandwidth_bytes_per_s * self.bandwidth_share);
        arithmetic.max(traffic) + self.serial * arithmetic.min(traffic) + self.launch_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_coefficients_keep_their_bounds() {
        let set = CurveSet::embedded();
        assert!(set.curves.len() >= 30);
        let text = EMBEDDED.parse::<toml::Table>().expect("the file is sound");
        for table in text["curves"].as_array().expect("curves") {
            for (name, bounds) in &set.bounds {
                let value = table["curve"][name.as_str()].as_float().expect("a number");
                assert!(bounds.low <= value && value <= bounds.high, "{name} = {value} in {table}");
            }
        }
    }

    #[test]
    fn the_embedded_curves_meet_their_measurements() {
        for fitted in &CurveSet::embedded().curves {
            let r = fitted.residuals;
            assert!(r.points >= 20 && r.median < 0.2 && r.bias.abs() < 0.05, "{fitted:?}");
        }
    }

    #[test]
    fn an_unmeasured_generation_inherits_with_a_wider_range() {
        let set = CurveSet::embedded();
        let (own, rubin) = (set.generation("blackwell-ultra"), set.generation("rubin"));
        assert_eq!(rubin.origin, "inherited from blackwell-ultra");
        assert!(rubin.range > own.range);
        let gemm = |curves: &GenerationCurves| curves.curve(KernelClass::Gemm, Format::Nvfp4);
        assert_eq!(gemm(&own), gemm(&rubin));
        assert_eq!(set.generation("unheard-of").origin, "inherited from hopper");
    }

    #[test]
    fn a_missing_format_takes_the_nearest_measured_one() {
        let hopper = CurveSet::embedded().generation("hopper");
        assert_eq!(
            hopper.curve(KernelClass::ExpertGemm, Format::Bf16),
            hopper.curve(KernelClass::ExpertGemm, Format::Fp8Block)
        );
    }
}
