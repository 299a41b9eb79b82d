//! What the fleet does: the best serving point and the best training layout for each workload on each system.
//!
//! ~~~text
//! output tokens/s = tokens/s of an accelerator × accelerators in whole replicas × availability × load factor
//! energy of a token = facility power of these accelerators at the mean duty / output tokens/s
//! ~~~

use super::equipment::{Equipment, Machine};
use super::result::{CacheMemory, Parallelism, Serving, Speculation, Training};
use super::sizing::Draw;
use crate::catalog::InputError;
use crate::catalog::profile;
use crate::engine::{Backend, Engine};
use crate::scenario::{self, EngineChoice, Scenario, ServingMode};
use crate::search::{Axes, DesignPoint, Found, Pools, explore};
use crate::throughput::bands::{self, ErrorBand};
use crate::throughput::efficiency::CurveSet;
use crate::throughput::engines::{self, Delivery, ServingEngine, Software};
use crate::throughput::machine::{Link, Machine as Chip};
use crate::throughput::memory::Reserve;
use crate::throughput::parallelism::Layout;
use crate::throughput::precision::{Format, PeakRates, Precision};
use crate::throughput::serving::{Mode, Promise, Workload};
use crate::throughput::shape::{AttentionKind, AttentionShape, FeedForwardShape, ModelShape};
use crate::units::{DollarsPerToken, Joules, Meters, Seconds, TokenRate, Watts};
use std::ops::ControlFlow;

/// The shapes of a model card.
#[must_use]
pub fn shape_of(card: &profile::Model) -> ModelShape {
    let a = &card.attention;
    let f = &card.feed_forward;
    ModelShape {
        layers: card.layers,
        hidden: card.hidden,
        vocabulary: card.vocabulary,
        tied_embeddings: card.tied_embeddings,
        mtp_layers: card.mtp_layers,
        attention: AttentionShape {
            kind: match a.kind {
                profile::AttentionKind::Grouped => AttentionKind::Grouped,
                profile::AttentionKind::Latent => AttentionKind::Latent,
                profile::AttentionKind::CompressedLatent => AttentionKind::CompressedLatent,
            },
            heads: a.heads,
            kv_heads: a.kv_heads,
            head_dim: a.head_dim,
            full_layers: a.full_layers,
            window_layers: a.window_layers,
            window: a.window,
            linear_layers: a.linear_layers,
            q_lora: a.q_lora,
            kv_lora: a.kv_lora,
            rope_dim: a.rope_dim,
            nope_dim: a.nope_dim,
            v_dim: a.v_dim,
            sparse_topk: a.sparse_topk,
            kv_elements_per_token: a.kv_elements_per_token,
            state_elements: a.state_elements,
        },
        feed_forward: FeedForwardShape {
            dense_layers: f.dense_layers,
            dense_width: f.dense_width,
            matrices: f.matrices,
            moe_layers: f.moe_layers,
            experts: f.experts,
            active_experts: f.active_experts,
            shared_experts: f.shared_experts,
            expert_width: f.expert_width,
            shared_width: f.shared_width,
            expert_hidden: f.expert_hidden,
        },
        card_parameters: card.published.computed_parameters,
        encoder_flop_per_token: 0.0,
    }
}

/// A system's accelerator as the throughput model sees it.
#[must_use]
pub fn chip_of(machine: &Machine, power: Watts) -> Chip {
    let peak = &machine.accelerator.peak;
    // A power profile slows arithmetic; a cap slows arithmetic more than memory.
    let sustained = machine.compute_share.0 * machine.compute_bound.performance.0;
    let out = &machine.system.scale_out;
    Chip {
        peak: PeakRates {
            bf16: peak.bf16.value * sustained,
            fp8: peak.fp8.as_ref().map(|peak| peak.value * sustained),
            fp4: peak.fp4.as_ref().map(|peak| peak.value * sustained),
            int8: peak.int8.as_ref().map(|peak| peak.value * sustained),
        },
        memory: machine.memory,
        bandwidth: machine.memory_bandwidth * machine.memory_bound.performance.0,
        scale_up: Link {
            bandwidth: machine.scale_up_bandwidth,
            latency: machine.system.scale_up.latency.value,
        },
        domain: machine.system.scale_up.domain,
        meshed: machine.system.scale_up.topology == profile::ScaleUpTopology::Mesh,
        in_network_reduction: machine.system.scale_up.in_network_reduction,
        scale_out: Link {
            bandwidth: out.port_bandwidth.value * f64::from(out.ports),
            latency: out.latency.value,
        },
        curves: CurveSet::embedded().generation(&machine.accelerator.generation),
        software: Software::default(),
        power,
    }
}

/// The engine that a serving entry means on a system.
#[must_use]
pub fn engine_of(choice: EngineChoice, machine: &Machine) -> ServingEngine {
    match choice {
        EngineChoice::Auto if machine.accelerator.maker == "NVIDIA" => ServingEngine::TensorRtLlm,
        EngineChoice::Auto | EngineChoice::Vllm => ServingEngine::Vllm,
        EngineChoice::TensorrtLlm => ServingEngine::TensorRtLlm,
        EngineChoice::Sglang => ServingEngine::Sglang,
    }
}

/// A system's accelerator with the engine of a serving entry.
///
/// All prompts cost their time: requests of a campus do not start together as those of a benchmark may.
#[must_use]
pub fn serving_chip(machine: &Machine, power: Watts, entry: &scenario::Serving) -> Chip {
    let mut chip = chip_of(machine, power);
    let engine = engine_of(entry.engine, machine);
    chip.software =
        Software { prompt_share: 1.0, ..Software::of(engines::embedded(), engine, Delivery::Streamed) };
    chip.curves.routing_skew = entry.expert_skew.0;
    chip
}

/// The formats of a checkpoint whose weights are mostly of one format; `four` where the accelerator multiplies in four
/// bits.
///
/// FP8 of a model published in blocks means blocks. 4-bit checkpoints of latent attention keep attention in 16 bits.
/// Experts published in MXFP4 stay so, with everything else in 16 bits; where four bits are unpacked, engines keep the
/// cache as published too. 4-bit integers are those of the experts, or of a dense model, with 16-bit arithmetic.
#[must_use]
pub fn checkpoint_formats(base: Format, card: Option<&profile::Model>, four: bool) -> Precision {
    let published = |part: &str| {
        let format = card.and_then(|card| card.weights.get(part)).and_then(|name| Format::parse(name));
        format.unwrap_or(Format::Bf16)
    };
    let blocks = card.is_some_and(|card| card.weights.values().any(|format| format == "fp8"));
    let latent = card.is_some_and(|card| card.attention.kind != profile::AttentionKind::Grouped);
    let mixture = card.is_some_and(|card| card.feed_forward.moe_layers > 0);
    let mut precision = match base {
        Format::Fp8 if blocks => Precision::uniform(Format::Fp8Block),
        Format::Int4 if mixture => Precision { experts: Format::Int4, ..Precision::uniform(Format::Bf16) },
        Format::Int4 => Precision { cache: Format::Bf16, ..Precision::uniform(Format::Int4) },
        other => Precision::uniform(other),
    };
    if latent && matches!(base, Format::Nvfp4 | Format::Mxfp4) {
        precision = precision.with_attention(Format::Bf16);
    }
    if mixture && published("experts") == Format::Mxfp4 {
        let cache = if four { precision.cache } else { Format::Bf16 };
        precision = Precision {
            experts: Format::Mxfp4,
            attention: Format::Bf16,
            dense: Format::Bf16,
            cache,
            ..precision
        };
    }
    precision
}

/// The number formats that a wish means on an accelerator and a model, and the word for reports.
pub fn precision_of(
    wish: &str,
    accelerator: &profile::Accelerator,
    card: &profile::Model,
) -> Result<(Precision, &'static str), String> {
    let peak = &accelerator.peak;
    let word = match wish {
        "auto" if peak.fp4.is_some() => "fp4",
        "auto" if peak.fp8.is_some() => "fp8",
        "auto" => "bf16",
        other => other,
    };
    let base = match word {
        "fp4" if peak.fp4.is_some() => Format::Nvfp4,
        "fp8" if peak.fp8.is_some() => Format::Fp8,
        "bf16" => Format::Bf16,
        other => return Err(format!("{} has no {other} arithmetic", accelerator.name)),
    };
    let precision = checkpoint_formats(base, Some(card), peak.fp4.is_some());
    Ok((
        precision,
        match word {
            "fp4" => "fp4",
            "fp8" => "fp8",
            _ => "bf16",
        },
    ))
}

/// How far predictions for this kind of accelerator and model were off where they were measured.
#[must_use]
pub fn band_of(machine: &Machine, card: &profile::Model) -> Option<ErrorBand> {
    bands::expected(&machine.accelerator.generation, card.feed_forward.moe_layers > 0)
}

/// Runs all workloads on all systems.
pub(super) fn run(
    scenario: &Scenario,
    equipment: &Equipment,
    draws: &[Draw],
    (facility_per_it, fibre): (f64, Meters),
    seed: u64,
) -> Result<(Vec<Serving>, Vec<Training>), InputError> {
    let mut serving = Vec::new();
    let mut training = Vec::new();
    for (machine, draw) in equipment.machines.iter().zip(draws) {
        for (place, entry) in scenario.fields.serving.iter().enumerate() {
            let card = &equipment.serving[place].profile;
            let formats = precision_of(&entry.precision, &machine.accelerator, card)
                .map_err(|message| scenario.error(&format!("serving.{place}.precision"), message))?;
            serving.push(serve(machine, draw, entry, card, formats, facility_per_it));
        }
        for (place, entry) in scenario.fields.training.iter().enumerate() {
            let card = &equipment.training[place].profile;
            training.push(super::runs::train(scenario, machine, (draw, fibre), (place, entry), card, seed)?);
        }
    }
    Ok((serving, training))
}

/// The workload of a serving entry.
#[must_use]
pub fn workload_of(entry: &scenario::Serving) -> Workload {
    Workload {
        input: entry.isl as f64,
        output: entry.osl as f64,
        input_spread: entry.isl_spread.0,
        output_spread: entry.osl_spread.0,
        hit: entry.prefix_hit.0,
        drafted: f64::from(entry.drafted),
        acceptance: entry.acceptance.0,
        ttft_limit: Some(entry.ttft),
        tpot_limit: Some(entry.tpot),
        promise: match entry.promise {
            scenario::Promise::Mean => Promise::Mean,
            scenario::Promise::P99 => Promise::P99,
        },
        load: entry.load_factor.0,
        longest: entry.longest_answer.0,
    }
}

/// What the engine of a serving entry keeps of the memory.
#[must_use]
pub fn reserve_of(entry: &scenario::Serving) -> Reserve {
    Reserve {
        share: entry.memory_share.0,
        fixed: entry.runtime_reserve,
        step_tokens: entry.step_tokens as f64,
        step_sequences: entry.step_sequences as f64,
        block_tokens: entry.block_tokens as f64,
        draft_layers: 0.0,
    }
}

/// The word for how a point runs its requests, as scenarios write it.
#[must_use]
pub fn mode_word(point: &DesignPoint) -> &'static str {
    match point.mode {
        Mode::Disaggregated => "disaggregated",
        Mode::Static => "static",
        _ => "aggregated",
    }
}

/// The speculation of a point.
#[must_use]
pub fn speculation_of(point: &DesignPoint, entry: &scenario::Serving) -> Speculation {
    Speculation {
        drafted: point.drafted as u32,
        acceptance: entry.acceptance,
        tokens_per_step: point.tokens_per_step,
    }
}

/// The memory of a point's fullest rank.
#[must_use]
pub fn cache_of(point: &DesignPoint) -> CacheMemory {
    let memory = &point.memory;
    CacheMemory {
        available: memory.available,
        weights: memory.weights,
        activations: memory.activations,
        reserve: memory.reserve,
        cache: memory.cache_room,
        block_tokens: memory.block_tokens as u64,
        blocks: memory.blocks as u64,
        tokens: memory.tokens() as u64,
        sequences: memory.sequences as u64,
    }
}

/// How a scenario wants prefill run.
#[must_use]
pub fn pools_of(mode: ServingMode) -> Pools {
    match mode {
        ServingMode::Best => Pools::Either,
        ServingMode::Aggregated => Pools::Shared,
        ServingMode::Disaggregated => Pools::Separate,
        ServingMode::Static => Pools::Batches,
    }
}

fn serve(
    machine: &Machine,
    draw: &Draw,
    entry: &scenario::Serving,
    card: &profile::Model,
    (precision, word): (Precision, &'static str),
    facility_per_it: f64,
) -> Serving {
    let it_each = if draw.accelerators > 0 { draw.it() / draw.accelerators as f64 } else { Watts(0.0) };
    let chip = serving_chip(machine, it_each, entry);
    let shape = shape_of(card);
    let workload = workload_of(entry);
    let accelerators = (draw.accelerators as f64 * entry.share.0) as u64;
    let mut found: Option<DesignPoint> = None;
    let shortfall;
    if entry.isl + entry.osl > card.max_context {
        let longest = card.max_context;
        shortfall = Some(format!(
            "{} tokens in and out exceed the model's context of {longest}",
            entry.isl + entry.osl
        ));
    } else {
        // The driver of a device would take longer to wake than the few points of a plan take.
        let engine = Engine::new(Backend::Cpu);
        let axes = Axes { reserve: reserve_of(entry), ..Axes::coarse(pools_of(entry.mode)) };
        let searched =
            explore(&shape, &chip, precision, &workload, &axes, &engine, |_| ControlFlow::Continue(()));
        match searched {
            Ok(search) => {
                shortfall = search.best.is_none().then(|| why_none(&search, entry, word, &machine.id));
                found = search.best;
            }
            Err(error) => shortfall = Some(error.to_string()),
        }
    }
    let result = Serving {
        model: card.id.clone(),
        system: machine.id.clone(),
        precision: word.into(),
        parallelism: Parallelism::default(),
        mode: "none".into(),
        isl: entry.isl,
        osl: entry.osl,
        batch: 0,
        ttft: Seconds(0.0),
        tpot: Seconds(0.0),
        tokens_per_s_per_user: TokenRate(0.0),
        tokens_per_s_per_accelerator: TokenRate(0.0),
        output_tokens_per_s: TokenRate(0.0),
        input_tokens_per_s: TokenRate(0.0),
        energy_per_token: Joules(0.0),
        bound_by: String::new(),
        accelerators,
        replicas: 0,
        cost_per_token: DollarsPerToken(0.0),
        error_band: None,
        wait: Seconds(0.0),
        ttft_p99: Seconds(0.0),
        tpot_p99: Seconds(0.0),
        speculation: None,
        cache: None,
        chunk: 0,
        prefill: None,
        prefill_per_decode: 0.0,
        hand_over: Seconds(0.0),
        shortfall,
    };
    let Some(point) = found else { return result };

    let (replicas, busy) = whole_replicas(&point, chip.domain, accelerators);
    let availability = machine.system.reliability.availability.value.0;
    let each = point.tokens_per_s_per_accelerator;
    let output = each * busy * availability * entry.load_factor.0;
    let input = output * entry.isl as f64 / entry.osl as f64;
    let duty = machine.compute_bound.duty.0;
    let power = it_each * accelerators as f64 * duty * facility_per_it;
    Serving {
        parallelism: split_of(&point.layout),
        mode: mode_word(&point).into(),
        batch: point.batch as u64,
        ttft: point.ttft,
        tpot: point.tpot,
        tokens_per_s_per_user: TokenRate(point.tokens_per_s_per_user),
        tokens_per_s_per_accelerator: TokenRate(each),
        output_tokens_per_s: TokenRate(output),
        input_tokens_per_s: TokenRate(input),
        energy_per_token: Joules(if output > 0.0 { power.0 / output } else { 0.0 }),
        bound_by: point.bound.into(),
        replicas,
        error_band: band_of(machine, card),
        wait: point.wait,
        ttft_p99: point.ttft_p99,
        tpot_p99: point.tpot_p99,
        speculation: Some(speculation_of(&point, entry)),
        cache: Some(cache_of(&point)),
        chunk: point.chunk as u64,
        prefill: point.prefill_layout.as_ref().map(split_of),
        prefill_per_decode: point.prefill_per_decode,
        hand_over: point.hand_over,
        shortfall: (busy <= 0.0 && accelerators > 0)
            .then(|| format!("a replica needs {} accelerators", point.layout.accelerators())),
        ..result
    }
}

/// Why no point was found.
#[must_use]
pub fn why_none(search: &Found, entry: &scenario::Serving, word: &str, system: &str) -> String {
    let of = match entry.promise {
        scenario::Promise::Mean => "",
        scenario::Promise::P99 => " at p99",
    };
    match search.fastest {
        _ if search.layouts == 0 => {
            format!(
                "the weights in {word}, a step and one sequence do not fit into eight domains of {system}"
            )
        }
        Some(fastest) => format!(
            "no design point keeps TTFT {} and TPOT {}{of}; the fastest time per token{of} is {fastest}",
            entry.ttft, entry.tpot
        ),
        None => format!("no design point keeps TTFT {}{of}", entry.ttft),
    }
}

/// A layout as results show it.
#[must_use]
pub fn split_of(layout: &Layout) -> Parallelism {
    Parallelism {
        tp: layout.tensor,
        pp: layout.stages,
        ep: layout.expert,
        dp: layout.attention_replicas,
        cp: layout.context,
    }
}

/// Replicas that fit whole into domains, and the accelerators in them.
fn whole_replicas(point: &DesignPoint, domain: u32, accelerators: u64) -> (u64, f64) {
    let size = u64::from(point.layout.accelerators().max(1));
    let domain = u64::from(domain.max(1));
    // Two pools share the domains between them: what one leaves over the other uses.
    if point.prefill_layout.is_some() || size > domain {
        let whole = domain.max(size);
        // A domain that is only partly there still carries whole replicas.
        let usable = accelerators / whole * whole + accelerators % whole / size * size;
        let replicas = (usable as f64 / (1.0 + point.prefill_per_decode) / size as f64) as u64;
        return (replicas, if replicas > 0 { usable as f64 } else { 0.0 });
    }
    let replicas = accelerators / domain * (domain / size) + accelerators % domain / size;
    (replicas, (replicas * size) as f64)
}
