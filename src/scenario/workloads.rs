//! What is asked of the systems: shares, models to serve and to train, failures to live with.

use crate::units::{ByteRate, Bytes, Ratio, Seconds, Share, Tokens};
use serde::{Deserialize, Serialize};

/// One system of the mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemShare {
    /// System, a power profile behind a colon, or a path.
    pub id: String,
    /// Part of the envelope.
    pub share: Share,
}

/// What serving is looked at with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServingMode {
    /// Whichever gives more.
    Best,
    /// Prefill and decode in one pool.
    Aggregated,
    /// Prefill and decode in pools of their own.
    Disaggregated,
    /// A batch at a time, prompts first.
    Static,
}

/// Which times a promise on latency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Those of the mean request, its wait included.
    Mean,
    /// Those that 99 of 100 requests keep.
    P99,
}

/// The engine that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// The accelerator maker's own, else the most used one.
    Auto,
    /// TensorRT-LLM.
    TensorrtLlm,
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
}

/// Template of serving entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServingTemplate {
    /// Part of the accelerators.
    pub share: Share,
    /// Number format, or `auto`.
    pub precision: String,
    /// Input tokens.
    pub isl: u64,
    /// Output tokens.
    pub osl: u64,
    /// Mean square over squared mean of input lengths.
    pub isl_spread: Ratio,
    /// The same of output lengths.
    pub osl_spread: Ratio,
    /// Promise on the first token.
    pub ttft: Seconds,
    /// Promise on the others.
    pub tpot: Seconds,
    /// Part of the input found in the cache.
    pub prefix_hit: Share,
    /// The engine that serves.
    pub engine: EngineChoice,
    /// Extra work of the busiest expert rank at many ranks; 0 where tokens go to experts evenly.
    pub expert_skew: Ratio,
    /// One pool or two.
    pub mode: ServingMode,
    /// Mean over promised load.
    pub load_factor: Share,
    /// Which times the promises are for.
    pub promise: Promise,
    /// Tokens drafted for each decoded one, at most.
    pub drafted: u32,
    /// Chance that a drafted token holds, given those before it.
    pub acceptance: Share,
    /// Longest answer of a static batch over the mean one.
    pub longest_answer: Ratio,
    /// Part of an accelerator's memory that the engine may take.
    pub memory_share: Share,
    /// Of that, what context, graphs and communication take.
    pub runtime_reserve: Bytes,
    /// Most tokens of a step on one rank.
    pub step_tokens: u64,
    /// Most sequences that a rank samples for in a step.
    pub step_sequences: u64,
    /// Positions of a block of the cache.
    pub block_tokens: u64,
}

/// A serving workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serving {
    /// Model card, or a path.
    pub model: String,
    /// Part of the accelerators.
    pub share: Share,
    /// Number format, or `auto`.
    pub precision: String,
    /// Input tokens.
    pub isl: u64,
    /// Output tokens.
    pub osl: u64,
    /// Mean square over squared mean of input lengths.
    pub isl_spread: Ratio,
    /// The same of output lengths.
    pub osl_spread: Ratio,
    /// Promise on the first token.
    pub ttft: Seconds,
    /// Promise on the others.
    pub tpot: Seconds,
    /// Part of the input found in the cache.
    pub prefix_hit: Share,
    /// The engine that serves.
    pub engine: EngineChoice,
    /// Extra work of the busiest expert rank at many ranks; 0 where tokens go to experts evenly.
    pub expert_skew: Ratio,
    /// One pool or two.
    pub mode: ServingMode,
    /// Mean over promised load.
    pub load_factor: Share,
    /// Which times the promises are for.
    pub promise: Promise,
    /// Tokens drafted for each decoded one, at most.
    pub drafted: u32,
    /// Chance that a drafted token holds, given those before it.
    pub acceptance: Share,
    /// Longest answer of a static batch over the mean one.
    pub longest_answer: Ratio,
    /// Part of an accelerator's memory that the engine may take.
    pub memory_share: Share,
    /// Of that, what context, graphs and communication take.
    pub runtime_reserve: Bytes,
    /// Most tokens of a step on one rank.
    pub step_tokens: u64,
    /// Most sequences that a rank samples for in a step.
    pub step_sequences: u64,
    /// Positions of a block of the cache.
    pub block_tokens: u64,
}

/// Whether a run waits until a checkpoint is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckpointKind {
    /// Copied while the run waits, written while it goes on.
    Asynchronous,
    /// Copied and written while the run waits.
    Blocking,
}

/// What is swapped for a spare when a part breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Swap {
    /// The node, or the whole domain where trays share one.
    Domain,
    /// A tray, for a spare one in the same domain.
    Tray,
}

/// What a run does when spares are out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutSpares {
    /// Wait for a repair.
    Wait,
    /// Go on with fewer.
    Shrink,
}

/// Time between checkpoints: the best one or a stated one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Interval {
    /// The best one for the failure rate.
    Auto,
    /// This one.
    Every(Seconds),
}

impl Serialize for Interval {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Every(time) => time.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntervalVisitor;
        impl serde::de::Visitor<'_> for IntervalVisitor {
            type Value = Interval;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"auto\" or a time such as \"10 min\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Interval, E> {
                if text == "auto" {
                    return Ok(Interval::Auto);
                }
                Seconds::deserialize(serde::de::value::StrDeserializer::new(text)).map(Interval::Every)
            }
        }
        deserializer.deserialize_any(IntervalVisitor)
    }
}

/// Template of training entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingTemplate {
    /// Part of the accelerators.
    pub share: Share,
    /// Number format, or `auto`.
    pub precision: String,
    /// Tokens of a sequence.
    pub sequence: u64,
    /// Tokens of a step.
    pub global_batch: u64,
    /// Tokens of the run.
    pub tokens: Tokens,
    /// Accelerators of one run, at most.
    pub accelerators: u64,
    /// Instead of serving.
    pub alternative: bool,
    /// Whether the run waits until a checkpoint is written.
    pub checkpoint: CheckpointKind,
    /// Useful time between checkpoints.
    pub checkpoint_interval: Interval,
    /// Time that taking a checkpoint stops the run, writing aside.
    pub checkpoint_stall: Seconds,
    /// Bandwidth at which the run writes a checkpoint to storage.
    pub storage: ByteRate,
    /// Time from a failure to its detection.
    pub detection: Seconds,
    /// Time from there to the next useful step, lost work aside.
    pub restart: Seconds,
    /// Spare accelerators over those of the run.
    pub spares: Share,
    /// What is swapped for a spare.
    pub swap: Swap,
    /// What the run does when spares are out.
    pub without_spares: WithoutSpares,
    /// Time from a silent corruption to its discovery.
    pub silent_detection: Seconds,
    /// Part of the speed that slow nodes cost.
    pub slow_nodes: Share,
}

/// A training workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Model card, or a path.
    pub model: String,
    /// Part of the accelerators.
    pub share: Share,
    /// Number format, or `auto`.
    pub precision: String,
    /// Tokens of a sequence.
    pub sequence: u64,
    /// Tokens of a step.
    pub global_batch: u64,
    /// Tokens of the run.
    pub tokens: Tokens,
    /// Accelerators of one run, at most.
    pub accelerators: u64,
    /// Instead of serving.
    pub alternative: bool,
    /// Whether the run waits until a checkpoint is written.
    pub checkpoint: CheckpointKind,
    /// Useful time between checkpoints.
    pub checkpoint_interval: Interval,
    /// Time that taking a checkpoint stops the run, writing aside.
    pub checkpoint_stall: Seconds,
    /// Bandwidth at which the run writes a checkpoint to storage.
    pub storage: ByteRate,
    /// Time from a failure to its detection.
    pub detection: Seconds,
    /// Time from there to the next useful step, lost work aside.
    pub restart: Seconds,
    /// Spare accelerators over those of the run.
    pub spares: Share,
    /// What is swapped for a spare.
    pub swap: Swap,
    /// What the run does when spares are out.
    pub without_spares: WithoutSpares,
    /// Time from a silent corruption to its discovery.
    pub silent_detection: Seconds,
    /// Part of the speed that slow nodes cost.
    pub slow_nodes: Share,
}
