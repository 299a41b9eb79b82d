//! What a running training step takes against isolated kernels and nominal links: the coefficients of `training.toml`.
//!
//! The file stands beside `engines.toml` and has its form: value, prior, spread, bounds and meaning of each coefficient,
//! written by `gigawatt calibrate --training` from the published runs, with the errors of models and systems left out.
//! Each coefficient belongs to a kind of kernel, a number format, a generation or a kind of message; none to a model, a
//! system, a benchmark or a row.

use crate::coefficients::CoefficientSet;
use crate::throughput::machine::Machine;
use crate::throughput::precision::Format;
use crate::units::Seconds;
use std::sync::OnceLock;

/// The software a run is made with, as far as it decides what its kernels reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stack {
    /// Kernels written for the generation at hand, small operations fused.
    #[default]
    Tuned,
    /// A framework's own operations, one kernel each.
    Eager,
    /// The same, and attention that writes its scores to memory, as before 2022.
    Unfused,
}

/// The coefficients, each described in `training.toml`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "each is described in the file that it is read from")]
pub struct TrainingFactors {
    pub linear_16bit: f64,
    pub linear_8bit: f64,
    pub linear_mxfp8: f64,
    pub linear_4bit: f64,
    pub systolic: f64,
    pub ampere: f64,
    pub cdna3: f64,
    pub cdna4: f64,
    pub attention_backward: f64,
    pub attention_older: f64,
    pub attention_narrow_heads: f64,
    pub elementwise: f64,
    pub elementwise_adapter: f64,
    pub elementwise_eager: f64,
    pub cast_8bit: f64,
    pub cast_8bit_transposed: f64,
    pub cast_4bit: f64,
    pub tensor_exposed: f64,
    pub bubble: f64,
    pub gradient_exposed: f64,
    pub gradient_experts_exposed: f64,
    pub sharded_exposed: f64,
    pub exchange_inside: f64,
    pub exchange_across: f64,
    pub expert_half_width: f64,
    pub expert_systolic: f64,
    pub expert_mxfp8_early: f64,
    pub expert_row_ns: f64,
    pub scan: f64,
    pub host_ms: f64,
    pub fixed_ms: f64,
    pub scale_dense: f64,
    pub scale_experts: f64,
    pub age_dense: f64,
    pub age_experts: f64,
}

const EMBEDDED: &str = include_str!("../training.toml");

/// The coefficient file that comes with the program.
#[must_use]
pub fn embedded() -> &'static CoefficientSet {
    static SET: OnceLock<CoefficientSet> = OnceLock::new();
    SET.get_or_init(|| CoefficientSet::shipped(EMBEDDED))
}

impl Default for TrainingFactors {
    fn default() -> Self {
        static FACTORS: OnceLock<TrainingFactors> = OnceLock::new();
        *FACTORS.get_or_init(|| Self::of(embedded()))
    }
}

impl TrainingFactors {
    /// The coefficients of a file; one it does not have counts as 1.
    #[must_use]
    pub fn of(set: &CoefficientSet) -> Self {
        let of = |name: &str| set.value(name, 1.0);
        Self {
            linear_16bit: of("linear_16bit"),
            linear_8bit: of("linear_8bit"),
            linear_mxfp8: of("linear_mxfp8"),
            linear_4bit: of("linear_4bit"),
            systolic: of("systolic"),
            ampere: of("ampere"),
            cdna3: of("cdna3"),
            cdna4: of("cdna4"),
            attention_backward: of("attention_backward"),
            attention_older: of("attention_older"),
            attention_narrow_heads: of("attention_narrow_heads"),
            elementwise: of("elementwise"),
            elementwise_adapter: of("elementwise_adapter"),
            elementwise_eager: of("elementwise_eager"),
            cast_8bit: of("cast_8bit"),
            cast_8bit_transposed: of("cast_8bit_transposed"),
            cast_4bit: of("cast_4bit"),
            tensor_exposed: of("tensor_exposed"),
            bubble: of("bubble"),
            gradient_exposed: of("gradient_exposed"),
            gradient_experts_exposed: of("gradient_experts_exposed"),
            sharded_exposed: of("sharded_exposed"),
            exchange_inside: of("exchange_inside"),
            exchange_across: of("exchange_across"),
            expert_half_width: of("expert_half_width"),
            expert_systolic: of("expert_systolic"),
            expert_mxfp8_early: of("expert_mxfp8_early"),
            expert_row_ns: of("expert_row_ns"),
            scan: of("scan"),
            host_ms: of("host_ms"),
            fixed_ms: of("fixed_ms"),
            scale_dense: of("scale_dense"),
            scale_experts: of("scale_experts"),
            age_dense: of("age_dense"),
            age_experts: of("age_experts"),
        }
    }

    /// Time of products in a step over their time alone.
    #[must_use]
    pub fn linear(&self, format: Format) -> f64 {
        match format {
            Format::Bf16 | Format::Int4 => self.linear_16bit,
            Format::Mxfp8 => self.linear_mxfp8,
            Format::Nvfp4 | Format::Mxfp4 => self.linear_4bit,
            Format::Fp8 | Format::Fp8Block | Format::Int8 => self.linear_8bit,
        }
    }

    /// Bytes moved for casts to a format, per element that is cast and byte of the plain count.
    ///
    /// Hopper multiplies 8 bits in one order of the operands alone, so each tensor is stored transposed besides.
    #[must_use]
    pub fn cast(&self, machine: &Machine, format: Format) -> f64 {
        match format {
            Format::Bf16 | Format::Int4 => 0.0,
            Format::Nvfp4 | Format::Mxfp4 => self.cast_4bit,
            _ if machine.curves.generation == "hopper" => self.cast_8bit * self.cast_8bit_transposed,
            _ => self.cast_8bit,
        }
    }

    /// Slowness of arithmetic of a generation whose kernels were not measured alone.
    #[must_use]
    pub fn generation(&self, machine: &Machine) -> f64 {
        match machine.curves.generation.as_str() {
            "ampere" => self.ampere,
            "cdna3" => self.cdna3,
            "cdna4" => self.cdna4,
            _ if is_systolic(machine) => self.systolic,
            _ => 1.0,
        }
    }

    /// Fixed time of a step.
    #[must_use]
    pub fn fixed(&self) -> Seconds {
        Seconds(1e-3 * self.fixed_ms)
    }
}

/// Whether an accelerator is a systolic array under a compiler that schedules the whole step.
#[must_use]
pub fn is_systolic(machine: &Machine) -> bool {
    let generation = machine.curves.generation.as_str();
    generation == "tpu" || generation.starts_with("trainium")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_coefficients_are_sound_and_inside_their_bounds() {
        let set = embedded();
        assert!((20..=35).contains(&set.coefficients.len()), "{}", set.coefficients.len());
        for (name, c) in &set.coefficients {
            assert!(c.low <= c.value && c.value <= c.high, "{name} = {}", c.value);
            assert!(c.low <= c.prior && c.prior <= c.high && c.spread > 0.0, "{name}");
            assert!(!c.meaning.is_empty(), "{name}");
        }
    }

    // A coefficient that nothing reads would be fitted in vain.
    #[test]
    fn every_coefficient_of_the_file_is_read() {
        for name in embedded().coefficients.keys() {
            let mut moved = embedded().clone();
            moved.coefficients.get_mut(name).expect("its own key").value += 0.5;
            assert_ne!(TrainingFactors::of(&moved), TrainingFactors::default(), "{name} changes nothing");
        }
    }
}
