//! Number formats: their bytes, scales included, and the arithmetic they run on.
//!
//! Weights, key-value cache and activations each have their own format. The bytes include the scale factors that a
//! block format carries; the arithmetic peak is the dense one of the format that the multiplier sees.

use crate::units::FlopRate;
use serde::{Deserialize, Serialize};

/// A number format of weights, activations or cached keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// 16-bit floating point, either split of the bits.
    Bf16,
    /// 8-bit floating point with one scale for a tensor or a row.
    Fp8,
    /// 8-bit floating point with one FP32 scale for a block of 128 × 128 weights.
    Fp8Block,
    /// 8-bit floating point with an 8-bit scale for each 32 values (OCP Microscaling).
    Mxfp8,
    /// 4-bit floating point with an 8-bit scale for each 16 values.
    Nvfp4,
    /// 4-bit floating point with an 8-bit scale for each 32 values (OCP Microscaling).
    Mxfp4,
    /// 8-bit integer with one scale for a row.
    Int8,
    /// 4-bit integer weights with a 16-bit scale for each 32 values, multiplied in 16 bits.
    Int4,
}

/// All formats, for lists and tests.
pub const FORMATS: [Format; 8] = [
    Format::Bf16,
    Format::Fp8,
    Format::Fp8Block,
    Format::Mxfp8,
    Format::Nvfp4,
    Format::Mxfp4,
    Format::Int8,
    Format::Int4,
];

/// What the multiplier sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arithmetic {
    /// 16-bit floating point.
    Bf16,
    /// 8-bit floating point.
    Fp8,
    /// 4-bit floating point.
    Fp4,
    /// 8-bit integers.
    Int8,
}

impl Format {
    /// Storage of one value with its share of the scales [bytes].
    ///
    /// ~~~text
    /// bytes = bits / 8 + scale bytes / values that share the scale
    /// ~~~
    #[must_use]
    pub fn bytes(self) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Fp8Block => 1.0 + 4.0 / (128.0 * 128.0),
            Self::Mxfp8 => 1.0 + 1.0 / 32.0,
            // One byte for 16 values, or two for 32.
            Self::Nvfp4 | Self::Int4 => 0.5 + 1.0 / 16.0,
            Self::Mxfp4 => 0.5 + 1.0 / 32.0,
        }
    }

    /// Storage of one activation in this format, quantised in blocks along a row [bytes].
    #[must_use]
    pub fn activation_bytes(self) -> f64 {
        match self {
            Self::Fp8Block => 1.0 + 4.0 / 128.0,
            Self::Int4 => 2.0,
            other => other.bytes(),
        }
    }

    /// The arithmetic that multiplies it as it is served: weights in MXFP4 meet 8-bit activations, 4-bit integers
    /// 16-bit ones.
    #[must_use]
    pub fn arithmetic(self) -> Arithmetic {
        match self {
            Self::Bf16 | Self::Int4 => Arithmetic::Bf16,
            Self::Fp8 | Self::Fp8Block | Self::Mxfp8 | Self::Mxfp4 => Arithmetic::Fp8,
            Self::Nvfp4 => Arithmetic::Fp4,
            Self::Int8 => Arithmetic::Int8,
        }
    }

    /// The word for it in files and tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Fp8Block => "fp8-block",
            Self::Mxfp8 => "mxfp8",
            Self::Nvfp4 => "nvfp4",
            Self::Mxfp4 => "mxfp4",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }

    /// Reads the word for a format, case and separators apart; `fp16` and `bfloat16` mean [`Format::Bf16`] and a
    /// bare `fp4` means [`Format::Nvfp4`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String =
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        Some(match plain.as_str() {
            "bf16" | "bfloat16" | "fp16" | "float16" | "half" => Self::Bf16,
            "fp8" | "fp8e4m3" | "fp8e5m2" | "fp8static" => Self::Fp8,
            "fp8block" | "fp8blockwise" => Self::Fp8Block,
            "mxfp8" => Self::Mxfp8,
            "nvfp4" | "fp4" => Self::Nvfp4,
            "mxfp4" | "w4a8mxfp4mxfp8" | "w4a16mxfp4" => Self::Mxfp4,
            "int8" => Self::Int8,
            "int4" | "w4a16" | "int4wo" => Self::Int4,
            _ => return None,
        })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// Dense arithmetic peaks of one accelerator.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PeakRates {
    /// 16-bit floating point.
    pub bf16: FlopRate,
    /// 8-bit floating point, where the hardware has it.
    pub fp8: Option<FlopRate>,
    /// 4-bit floating point, where the hardware has it.
    pub fp4: Option<FlopRate>,
    /// 8-bit integers, where listed.
    pub int8: Option<FlopRate>,
}

impl PeakRates {
    /// The arithmetic that a format ends up on, and its peak: the next wider one where the hardware lacks it.
    #[must_use]
    pub fn of(&self, arithmetic: Arithmetic) -> (Arithmetic, FlopRate) {
        let eight = self.fp8.map(|rate| (Arithmetic::Fp8, rate));
        let sixteen = (Arithmetic::Bf16, self.bf16);
        match arithmetic {
            Arithmetic::Bf16 => sixteen,
            Arithmetic::Fp8 => eight.unwrap_or(sixteen),
            Arithmetic::Fp4 => self.fp4.map(|rate| (Arithmetic::Fp4, rate)).or(eight).unwrap_or(sixteen),
            Arithmetic::Int8 => self.int8.map_or(sixteen, |rate| (Arithmetic::Int8, rate)),
        }
    }

    /// The arithmetic and peak of a format on this hardware: 4-bit weights fall back to 16-bit products where 4-bit
    /// arithmetic is missing, as the published kernels for such hardware do.
    #[must_use]
    pub fn effective(&self, format: Format) -> (Arithmetic, FlopRate) {
        match format {
            Format::Nvfp4 | Format::Mxfp4 if self.fp4.is_none() => self.of(Arithmetic::Bf16),
            other => self.of(other.arithmetic()),
        }
    }
}

/// The formats of the parts of a model as it is served or trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Precision {
    /// Attention projections.
    pub attention: Format,
    /// Dense feed-forward layers and shared experts.
    pub dense: Format,
    /// Routed experts.
    pub experts: Format,
    /// Embeddings and the output head.
    pub embedding: Format,
    /// Cached keys and values.
    pub cache: Format,
    /// What attention itself multiplies.
    pub attention_math: Format,
}

impl Precision {
    /// One weight format throughout, the usual companions beside it: 16-bit embeddings, head and attention
    /// products, an 8-bit cache under weights of 8 bits or less.
    #[must_use]
    pub fn uniform(weights: Format) -> Self {
        let cache = if weights == Format::Bf16 { Format::Bf16 } else { Format::Fp8 };
        Self {
            attention: weights,
            dense: weights,
            experts: weights,
            embedding: Format::Bf16,
            cache,
            attention_math: Format::Bf16,
        }
    }

    /// The same with 16-bit attention projections, as published 4-bit checkpoints of latent-attention models have.
    #[must_use]
    pub fn with_attention(self, attention: Format) -> Self {
        Self { attention, ..self }
    }

    /// The same with another cache format.
    #[must_use]
    pub fn with_cache(self, cache: Format) -> Self {
        Self { cache, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_format_carries_its_scales() {
        // NVFP4: 4 bits and one byte for 16 values: 0.5 + 0.0625. MXFP4: one byte for 32: 0.5 + 0.03125.
        assert!((Format::Nvfp4.bytes() - 0.562_5).abs() < 1e-12);
        assert!((Format::Mxfp4.bytes() - 0.531_25).abs() < 1e-12);
    }

    #[test]
    fn a_word_reads_back() {
        for format in FORMATS {
            assert_eq!(Format::parse(format.word()), Some(format));
        }
        assert_eq!(Format::parse("FP8-Block"), Some(Format::Fp8Block));
        assert_eq!(Format::parse("fp3"), None);
    }

    #[test]
    fn four_bits_fall_back_to_sixteen_on_hopper() {
        let hopper =
            PeakRates { bf16: FlopRate(989e12), fp8: Some(FlopRate(1_979e12)), ..PeakRates::default() };
        assert_eq!(hopper.effective(Format::Mxfp4).0, Arithmetic::Bf16);
        assert_eq!(hopper.effective(Format::Fp8Block).0, Arithmetic::Fp8);
    }
}
