//! Serving engines: what a kernel takes inside a running step against the same kernel alone, and what the host adds.
//!
//! Isolated kernels ([`super::efficiency`]) are timed one shape at a time, evenly routed and with warm caches. An engine
//! hides part of their fixed times in captured graphs and fused casts, and pays for its own scheduling.
//!
//! ~~~text
//! time of a kernel in a step = factor(kind, format) · busy time + share(kind) · fixed time
//! host time of a step        = step + sequence · running sequences of a rank
//! time between two tokens    = (1 − f)·t(no prompt) + f·t(one prompt chunk),   f = prompt_share · prompts owed / chunk
//! ~~~
//!
//! The coefficients stand in `engines.toml`, written by `gigawatt calibrate --engines` from the published and measured
//! serving tables together: one set for each engine, one factor for each kind of kernel and format, each inside its bounds
//! and drawn towards what the kernels alone say; none for a model, a system, a benchmark or a row. Beside them stand the
//! errors with one model, or one system, left out.

use super::efficiency::KernelClass;
use super::precision::{Arithmetic, Format};
use crate::coefficients::CoefficientSet;
use crate::units::Seconds;
use std::sync::OnceLock;

/// A serving engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ServingEngine {
    /// TensorRT-LLM.
    #[default]
    TensorRtLlm,
    /// vLLM, and engines built on it.
    Vllm,
    /// SGLang.
    Sglang,
}

/// All engines that coefficients are known of.
pub const SERVING_ENGINES: [ServingEngine; 3] =
    [ServingEngine::TensorRtLlm, ServingEngine::Vllm, ServingEngine::Sglang];

impl ServingEngine {
    /// Its word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TensorRtLlm => "tensorrt-llm",
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
        }
    }

    /// The engine of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        SERVING_ENGINES.into_iter().find(|engine| engine.word() == word)
    }
}

/// Whether tokens are streamed to clients as they come, or requests worked off in bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Each token goes to its client at once.
    #[default]
    Streamed,
    /// Offline: nobody waits for single tokens.
    Bulk,
}

/// What the serving software adds to isolated kernels, ready for a fold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Software {
    /// Share of the isolated kernels' fixed times that remains in an engine with captured graphs and fused casts.
    pub launch_share: f64,
    /// The same for the chain of kernels around routed experts, which wait for each other on the accelerator.
    pub expert_launch_share: f64,
    /// The same for messages between accelerators.
    pub message_launch_share: f64,
    /// Host time of a step that the accelerator waits for.
    pub step: Seconds,
    /// Host time of a step for each running sequence: scheduling, sampling, detokenising.
    pub sequence: Seconds,
    /// Share of the other requests' prompts that a request meets between its own tokens; the rest falls into waves
    /// before its first token, as in closed loops that start together.
    pub prompt_share: f64,
    /// Busy time of kernels in a step over the time alone.
    pub factors: Factors,
    /// Relative speed of the software release against the calibrated one; 1 where nothing is stated.
    pub maturity: f64,
}

impl Default for Software {
    /// The kernels alone with half of their fixed times, 0.5 ms a step, 10 us a sequence: what training and formulas
    /// without an engine assume.
    fn default() -> Self {
        Self {
            launch_share: 0.5,
            expert_launch_share: 1.0,
            message_launch_share: 1.0,
            step: Seconds(0.5e-3),
            sequence: Seconds(10e-6),
            prompt_share: 1.0,
            factors: Factors::default(),
            maturity: 1.0,
        }
    }
}

/// Busy time of kernels inside a step over their time alone; 1 where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "each names its kind of kernel; the experts' go by format")]
pub struct Factors {
    pub gemm: f64,
    pub gemm_4bit: f64,
    pub decode_attention: f64,
    pub prefill_attention: f64,
    pub indexer: f64,
    pub linear_mixer: f64,
    pub elementwise: f64,
    pub all_reduce: f64,
    pub all_to_all: f64,
    pub experts_16bit: f64,
    pub experts_8bit: f64,
    pub experts_nvfp4: f64,
    pub experts_mxfp4: f64,
    pub experts_mxfp4_unpacked: f64,
    pub experts_int4: f64,
    pub experts_mxfp4_launch: f64,
}

impl Default for Factors {
    fn default() -> Self {
        Self {
            gemm: 1.0,
            gemm_4bit: 1.0,
            decode_attention: 1.0,
            prefill_attention: 1.0,
            indexer: 1.0,
            linear_mixer: 1.0,
            elementwise: 1.0,
            all_reduce: 1.0,
            all_to_all: 1.0,
            experts_16bit: 1.0,
            experts_8bit: 1.0,
            experts_nvfp4: 1.0,
            experts_mxfp4: 1.0,
            experts_mxfp4_unpacked: 1.0,
            experts_int4: 1.0,
            experts_mxfp4_launch: 1.0,
        }
    }
}

impl Factors {
    /// The factor of a kind of kernel at a format; `native` says whether the accelerator multiplies in four bits.
    #[must_use]
    pub fn of(&self, class: KernelClass, format: Format, native: bool) -> f64 {
        match class {
            KernelClass::Gemm if native && format.arithmetic() == Arithmetic::Fp4 => {
                self.gemm * self.gemm_4bit
            }
            KernelClass::Gemm => self.gemm,
            KernelClass::AttentionDecode | KernelClass::LatentDecode => self.decode_attention,
            KernelClass::AttentionPrefill | KernelClass::LatentPrefill => self.prefill_attention,
            KernelClass::AllReduce => self.all_reduce,
            KernelClass::ExpertGemm => match format {
                Format::Int4 => self.experts_int4,
                Format::Mxfp4 if native => self.experts_mxfp4,
                Format::Nvfp4 if native => self.experts_nvfp4,
                Format::Mxfp4 | Format::Nvfp4 => self.experts_mxfp4_unpacked,
                _ if format.bytes() < 1.5 => self.experts_8bit,
                _ => self.experts_16bit,
            },
        }
    }
}

const EMBEDDED: &str = include_str!("engines.toml");

/// The coefficients that come with the program.
#[must_use]
pub fn embedded() -> &'static CoefficientSet {
    static SET: OnceLock<CoefficientSet> = OnceLock::new();
    SET.get_or_init(|| CoefficientSet::shipped(EMBEDDED))
}

impl Software {
    /// What an engine adds.
    #[must_use]
    pub fn of(set: &CoefficientSet, engine: ServingEngine, delivery: Delivery) -> Self {
        let plain = Self::default();
        let runs = match delivery {
            Delivery::Streamed => engine.word(),
            Delivery::Bulk => "bulk",
        };
        let of = |who: &str, what: &str, otherwise: f64| set.value(&format!("{who}.{what}"), otherwise);
        let all = |what: &str| set.value(what, 1.0);
        Self {
            launch_share: of(runs, "launch_share", plain.launch_share),
            expert_launch_share: set.value("expert_launch_share", plain.expert_launch_share),
            message_launch_share: set.value("message_launch_share", plain.message_launch_share),
            step: Seconds(1e-3 * of(runs, "step_ms", 1e3 * plain.step.0)),
            sequence: Seconds(1e-6 * of(runs, "sequence_us", 1e6 * plain.sequence.0)),
            prompt_share: match delivery {
                Delivery::Streamed => of(runs, "prompt_share", plain.prompt_share),
                // Worked off in bulk, every prompt costs its time.
                Delivery::Bulk => 1.0,
            },
            factors: Factors {
                gemm: all("gemm"),
                gemm_4bit: all("gemm_4bit"),
                decode_attention: of(engine.word(), "decode_attention", 1.0),
                prefill_attention: all("prefill_attention"),
                indexer: all("indexer"),
                linear_mixer: all("linear_mixer"),
                elementwise: all("elementwise"),
                all_reduce: of(engine.word(), "all_reduce", 1.0),
                all_to_all: all("all_to_all"),
                experts_16bit: all("experts_16bit"),
                experts_8bit: all("experts_8bit"),
                experts_nvfp4: all("experts_nvfp4"),
                experts_mxfp4: all("experts_mxfp4"),
                experts_mxfp4_unpacked: all("experts_mxfp4_unpacked"),
                experts_int4: all("experts_int4"),
                experts_mxfp4_launch: all("experts_mxfp4_launch"),
            },
            maturity: 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_coefficients_are_sound_and_inside_their_bounds() {
        let set = embedded();
        assert!(
            set.coefficients.len() >= 30 && set.rows > 3_000,
            "{} of {} rows",
            set.coefficients.len(),
            set.rows
        );
        for (name, c) in &set.coefficients {
            assert!(c.low <= c.value && c.value <= c.high, "{name} = {}", c.value);
            assert!(c.low <= c.prior && c.prior <= c.high && c.spread > 0.0, "{name}");
            assert!(!c.meaning.is_empty(), "{name}");
        }
    }

    // Every number of `Software` comes from the file: a coefficient that nothing reads would be fitted in vain, and
    // one that the file lacks would stay at its default without a word.
    #[test]
    fn every_coefficient_of_the_file_is_read() {
        let set = embedded();
        for name in set.coefficients.keys() {
            let mut moved = set.clone();
            moved.coefficients.get_mut(name).expect("its own key").value *= 1.5;
            moved.coefficients.get_mut(name).expect("its own key").value += 0.1;
            let differs = SERVING_ENGINES.into_iter().any(|engine| {
                [Delivery::Streamed, Delivery::Bulk].into_iter().any(|delivery| {
                    Software::of(set, engine, delivery) != Software::of(&moved, engine, delivery)
                })
            });
            assert!(differs, "{name} changes nothing");
        }
    }

    #[test]
    fn unseen_rows_and_seen_ones_tell_the_same_story() {
        let left = &embedded().left_out;
        for (kind, table) in
            [("model", "inference"), ("model", "points"), ("system", "inference"), ("system", "points")]
        {
            let all =
                left.iter().find(|l| l.kind == kind && l.table == table && l.name == "all").expect("there");
            assert!(all.median_ape < 0.15 && all.median_ape < 1.7 * all.fitted_median_ape, "{all:?}");
        }
    }

    #[test]
    fn words_of_engines_are_read_back() {
        for engine in SERVING_ENGINES {
            assert_eq!(ServingEngine::named(engine.word()), Some(engine));
        }
        assert_eq!(ServingEngine::named("llama.cpp"), None);
    }
}
