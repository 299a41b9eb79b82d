//! Prefill, decode and batching: what a replica answers, and the best way to run it.
//!
//! Continuous batching in steady state: a step that decodes B sequences carries the prompt tokens that replace the
//! finished ones, B · uncached prompt / output of them for each decoded token. Times are means; queueing is not in
//! them, so a TTFT is that of a request that finds a free slot. `queueing` adds the wait and the 99th percentiles.
//!
//! ~~~text
//! prompt tokens of a step  m = B · g' · I·(1 − hit) / O          g' tokens won by a step and sequence
//! TPOT = ((1 − f)·t(B, 0) + f·t(B, chunk)) / g'     f = m / chunk; output rate = B / TPOT
//! TTFT = chunks · stages · t(B/stages, chunk/…) + the hand-over
//! ~~~
//!
//! A drafter is the model's multi-token prediction layer, or one of its kind (EAGLE): each drafted token takes one
//! more layer and the head, one after the other, then all are verified in the step. Its prompt pass, one layer more,
//! is part of the same share. Trees of drafts and acceptance that falls with depth are left out.

use super::machine::Machine;
use super::memory::{MemoryUse, Reserve, memory_use};
use super::operations::{FoldSettings, Part, StepTable, step_table};
use super::parallelism::Layout;
use super::precision::Precision;
use super::queueing::mean_wait;
use super::roofline::{StepLoad, operation_time, step_time};
use super::shape::ModelShape;
use crate::units::{Seconds, Watts};

/// What a promise on latency holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Promise {
    /// The mean request, its wait included.
    #[default]
    Mean,
    /// 99 of 100 requests.
    P99,
}

/// What is asked of a replica.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Mean prompt [tokens].
    pub input: f64,
    /// Mean answer [tokens].
    pub output: f64,
    /// Mean square over squared mean of prompts: 1 where all are equal, 2 where they are exponential.
    pub input_spread: f64,
    /// The same of answers.
    pub output_spread: f64,
    /// Share of the prompt that a prefix cache holds.
    pub hit: f64,
    /// Tokens drafted for each decoded one; 0 without speculation.
    pub drafted: f64,
    /// Chance that a drafted token is accepted, given the ones before it.
    pub acceptance: f64,
    /// Longest mean TTFT that is good enough.
    pub ttft_limit: Option<Seconds>,
    /// Longest mean time per output token that is good enough.
    pub tpot_limit: Option<Seconds>,
    /// Which times the limits are for.
    pub promise: Promise,
    /// Requests that arrive over those that could be served; 0 where nothing queues.
    pub load: f64,
    /// Longest answer of a static batch over the mean one.
    pub longest: f64,
}

impl Workload {
    /// Fixed lengths and no limits.
    #[must_use]
    pub fn fixed(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            input_spread: 1.0,
            output_spread: 1.0,
            hit: 0.0,
            drafted: 0.0,
            acceptance: 0.0,
            ttft_limit: None,
            tpot_limit: None,
            promise: Promise::Mean,
            load: 0.0,
            longest: 1.0,
        }
    }

    /// Tokens that a step wins for a sequence.
    ///
    /// ~~~text
    /// g' = (1 − a^(γ+1)) / (1 − a)
    /// ~~~
    ///
    /// γ drafted · a acceptance. Leviathan, Kalman and Matias 2023, arXiv:2211.17192, equation 1.
    #[must_use]
    pub fn tokens_per_step(&self) -> f64 {
        if self.acceptance >= 1.0 {
            return 1.0 + self.drafted;
        }
        (1.0 - self.acceptance.powf(self.drafted + 1.0)) / (1.0 - self.acceptance)
    }

    /// Variance of the tokens that a step wins for a sequence.
    ///
    /// ~~~text
    /// v = Σ_{j=1}^{γ+1} (2j − 1) · a^(j−1)  −  g'²
    /// ~~~
    #[must_use]
    pub fn tokens_per_step_variance(&self) -> f64 {
        let mut held = 1.0;
        let mut square = 0.0;
        let mut token = 1.0;
        while token <= self.drafted + 1.0 {
            square += (2.0 * token - 1.0) * held;
            held *= self.acceptance;
            token += 1.0;
        }
        (square - self.tokens_per_step().powi(2)).max(0.0)
    }

    /// The same with another number of drafted tokens.
    #[must_use]
    pub fn drafting(&self, drafted: f64) -> Self {
        Self { drafted, ..*self }
    }

    /// Prompt tokens that have to be computed.
    #[must_use]
    pub fn uncached(&self) -> f64 {
        self.input * (1.0 - self.hit)
    }

    /// Positions cached while an answer grows, on average over running sequences: long answers run longest.
    ///
    /// ~~~text
    /// c = I + E[O²] / (2·E[O])
    /// ~~~
    #[must_use]
    pub fn decode_context(&self) -> f64 {
        self.input + self.output * self.output_spread / 2.0
    }

    /// Positions that a computed prompt token attends to, on average: most tokens belong to long prompts.
    #[must_use]
    pub fn prefill_context(&self) -> f64 {
        self.input * self.hit + self.uncached() * self.input_spread / 2.0
    }

    /// Positions that a running sequence takes in the cache at most or, where lengths differ widely, on average.
    #[must_use]
    pub fn kept(&self) -> f64 {
        (self.input + self.output).max(self.decode_context())
    }
}

/// How requests are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Prefill mixed into the decode steps.
    #[default]
    Aggregated,
    /// Prefill and decode on pools of their own.
    Disaggregated,
    /// A batch at a time: all prompts, then decode steps until the longest answer ends.
    Static,
    /// Decode alone: prompts come from elsewhere.
    DecodeOnly,
    /// Prefill alone.
    PrefillOnly,
}

/// What keeps a design point from being faster or larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// Dense arithmetic.
    Arithmetic,
    /// Reading weights.
    WeightTraffic,
    /// Reading the cache.
    CacheTraffic,
    /// Other memory traffic.
    ActivationTraffic,
    /// Messages between accelerators.
    Interconnect,
    /// Launches of kernels and latencies.
    Launch,
    /// Host time.
    Host,
}

impl Bound {
    /// The words for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::WeightTraffic => "weight traffic",
            Self::CacheTraffic => "cache traffic",
            Self::ActivationTraffic => "activation traffic",
            Self::Interconnect => "interconnect",
            Self::Launch => "launch latency",
            Self::Host => "host",
        }
    }
}

/// All bounds in the order of [`Bound`]'s variants.
pub const BOUNDS: [Bound; 7] = [
    Bound::Arithmetic,
    Bound::WeightTraffic,
    Bound::CacheTraffic,
    Bound::ActivationTraffic,
    Bound::Interconnect,
    Bound::Launch,
    Bound::Host,
];

/// Time of a step by what binds each row.
#[must_use]
pub fn time_by_bound(table: &StepTable, load: &StepLoad) -> [f64; 7] {
    let mut times = [0.0; 7];
    for (row, part) in table.rows.iter().zip(&table.parts) {
        let time = operation_time(row, load);
        let busy = time.total - time.fixed;
        let (roof, fixed) = match part {
            Part::AllReduce
            | Part::AllToAll
            | Part::PipelineSend
            | Part::ContextRing
            | Part::ContextCombine => (Bound::Interconnect, Bound::Interconnect),
            Part::Host => (Bound::Host, Bound::Host),
            _ if time.arithmetic > time.traffic => (Bound::Arithmetic, Bound::Launch),
            Part::DecodeAttention | Part::Indexer => (Bound::CacheTraffic, Bound::Launch),
            _ if row.weight_bytes > row.bytes_per_token * load.sequences => {
                (Bound::WeightTraffic, Bound::Launch)
            }
            _ => (Bound::ActivationTraffic, Bound::Launch),
        };
        times[roof as usize] += busy;
        times[fixed as usize] += time.fixed;
    }
    times
}

/// Time of a step by what each row is.
#[must_use]
pub fn time_by_part(table: &StepTable, load: &StepLoad) -> Vec<(Part, f64)> {
    let mut times: Vec<(Part, f64)> = Vec::new();
    for (row, part) in table.rows.iter().zip(&table.parts) {
        let total = operation_time(row, load).total;
        match times.iter_mut().find(|(known, _)| known == part) {
            Some((_, sum)) => *sum += total,
            None => times.push((*part, total)),
        }
    }
    times
}

/// The bound with the largest share of a step.
#[must_use]
pub fn binding(table: &StepTable, load: &StepLoad) -> Bound {
    let times = time_by_bound(table, load);
    let largest = (0..times.len()).max_by(|a, b| times[*a].total_cmp(&times[*b])).unwrap_or(0);
    BOUNDS[largest]
}

/// A replica folded for a workload: all that a batch size does not change.
#[derive(Debug, Clone, PartialEq)]
pub struct Replica {
    /// The split.
    pub layout: Layout,
    /// Rows of a step.
    pub table: StepTable,
    /// Memory of the fullest rank with sequences at full length.
    pub memory: MemoryUse,
    /// Prompt tokens in one chunk at most.
    pub chunk: f64,
    /// Time of drafting one token for all sequences over that of a step.
    pub draft_share: f64,
    /// Most tokens of a step on one rank.
    step_tokens: f64,
    /// Power of one accelerator, everything around it included.
    power: Watts,
    /// Bandwidth over which a cache is handed from pool to pool, one accelerator [bytes/s].
    hand_over_bytes_per_s: f64,
}

/// Most prompt tokens of a step where no reserve says otherwise: the engines' default.
pub const CHUNK: f64 = 8_192.0;

/// Sequences of an attention replica at which the share of drafting is taken.
const DRAFTING_SEQUENCES: f64 = 64.0;

/// Time of one drafting pass over that of a step, decode alone.
///
/// ~~~text
/// d = ( t_layers · stages / L + t_head ) / t
/// ~~~
///
/// t of a stage, t_layers its part without head and host · L layers. Taken at 64 sequences an attention replica; it
/// moves by a tenth of itself from 1 to 1,024.
fn draft_share(model: &ModelShape, layout: &Layout, table: &StepTable, workload: &Workload) -> f64 {
    let load = StepLoad {
        sequences: DRAFTING_SEQUENCES * f64::from(layout.attention_replicas),
        tokens_per_sequence: 1.0,
        context: workload.decode_context(),
        ..StepLoad::default()
    };
    let (mut layers, mut head, mut whole) = (0.0, 0.0, 0.0);
    for (part, time) in time_by_part(table, &load) {
        whole += time;
        match part {
            Part::Head => head += time,
            Part::Host | Part::Encoder | Part::PipelineSend => {}
            _ => layers += time,
        }
    }
    let one = layers * f64::from(layout.stages) / f64::from(model.layers.max(1));
    if whole > 0.0 { (one + head) / whole } else { 0.0 }
}

impl Replica {
    /// Folds a model on a machine; `None` if the layout is illegal or not one sequence fits.
    #[must_use]
    pub fn fold(
        model: &ModelShape,
        machine: &Machine,
        layout: &Layout,
        precision: Precision,
        workload: &Workload,
        reserve: &Reserve,
    ) -> Option<Self> {
        if layout.illegal(model).is_some() {
            return None;
        }
        let draft_layers = if workload.drafted > 0.0 { reserve.draft_layers.max(1.0) } else { 0.0 };
        let reserve = Reserve { draft_layers, ..*reserve };
        let context = workload.kept();
        let mut memory = memory_use(model, machine, layout, precision, context, &reserve);
        if reserve.step_sequences >= 1.0 {
            let ranks = f64::from(layout.attention_replicas * layout.stages);
            memory.sequences = memory.sequences.min(reserve.step_sequences * ranks);
        }
        if !memory.fits() {
            return None;
        }
        let step_tokens = if reserve.step_tokens >= 1.0 { reserve.step_tokens } else { CHUNK };
        let chunk = workload.uncached().clamp(1.0, step_tokens * f64::from(layout.context));
        let settings = FoldSettings { prompt: workload.input, host: true };
        let table = step_table(model, machine, layout, precision, &settings);
        Some(Self {
            layout: *layout,
            draft_share: draft_share(model, layout, &table, workload),
            table,
            memory,
            chunk,
            step_tokens,
            power: machine.power,
            hand_over_bytes_per_s: machine.scale_out.bandwidth.0,
        })
    }

    /// Prompt tokens of a step at most, all attention replicas together.
    #[must_use]
    pub fn most_chunk(&self) -> f64 {
        self.most_of_a_copy() * f64::from(self.layout.attention_replicas)
    }

    /// Sequences that can run at most: those that memory holds, and whose new tokens fit into a step.
    ///
    /// Drafted tokens and the chunk beside them are not counted.
    #[must_use]
    pub fn most_sequences(&self) -> f64 {
        let copies = self.layout.attention_replicas * self.layout.stages;
        self.memory.sequences.min((self.step_tokens * f64::from(copies)).floor())
    }

    /// Prompt tokens of a step at most on one attention replica: each context rank has a workspace of its own.
    fn most_of_a_copy(&self) -> f64 {
        self.step_tokens * f64::from(self.layout.context)
    }

    /// The time of one step of all stages, drafting left out [s].
    fn step(&self, load: &StepLoad) -> f64 {
        let stages = f64::from(self.layout.stages);
        let share = StepLoad {
            sequences: load.sequences / stages,
            prefill_tokens: load.prefill_tokens / stages,
            ..*load
        };
        stages * step_time(&self.table.rows, &share)
    }

    /// The load of a mean step with `batch` running sequences.
    #[must_use]
    pub fn load(&self, workload: &Workload, batch: f64, prefill_share: f64) -> StepLoad {
        StepLoad {
            sequences: batch,
            tokens_per_sequence: 1.0 + workload.drafted,
            context: workload.decode_context(),
            prefill_tokens: prefill_share * batch * workload.tokens_per_step() * workload.uncached()
                / workload.output.max(1.0),
            prefill_context: workload.prefill_context(),
        }
    }

    /// Mean time per output token with `batch` sequences, prompts mixed in or not [s].
    #[must_use]
    pub fn tpot(&self, workload: &Workload, batch: f64, mixed: bool) -> f64 {
        self.tpot_among(workload, batch, if mixed { batch } else { 0.0 })
    }

    /// Mean time per output token with `batch` sequences where `prompting` requests are replaced by new ones, each with
    /// its prompt, while an answer lasts [s].
    ///
    /// Prompts come in chunks, not as a trickle: a step carries a whole one or none.
    ///
    /// ~~~text
    /// TPOT = ((1 − f)·t(B, 0) + f·t(B, chunk)) / g',    f = prompting · g' · uncached / (O · chunk)
    /// ~~~
    #[must_use]
    pub fn tpot_among(&self, workload: &Workload, batch: f64, prompting: f64) -> f64 {
        let won = workload.tokens_per_step();
        let drafting = 1.0 + workload.drafted * self.draft_share;
        let owed = prompting * won * workload.uncached() / workload.output.max(1.0);
        let without = self.step(&self.load(workload, batch, 0.0));
        if owed <= 0.0 {
            return without * drafting / won;
        }
        let carried = (self.chunk * f64::from(self.layout.stages)).max(owed);
        let with = self.step(&StepLoad { prefill_tokens: carried, ..self.load(workload, batch, 0.0) });
        (without + (with - without) * owed / carried) * drafting / won
    }

    /// Time that one prompt adds to the steps of `batch` running sequences [s].
    #[must_use]
    pub fn prompt_time(&self, workload: &Workload, batch: f64) -> f64 {
        let carried = self.chunk * f64::from(self.layout.stages);
        let without = self.load(workload, batch, 0.0);
        let with = StepLoad { prefill_tokens: carried, ..without };
        let drafting = 1.0 + workload.drafted * self.draft_share;
        (self.step(&with) - self.step(&without)) * drafting * workload.uncached() / carried
    }

    /// Output tokens per second where `requests` of equal length are all there at the start, `batch` at a time.
    ///
    /// Equal lengths finish together: the run comes in waves, the last of them what is left over.
    ///
    /// ~~~text
    /// T = N·t_prompt + O·(⌊N/B⌋·t(B, 0) + t(N mod B, 0)) / g'        rate = N·O / T
    /// ~~~
    #[must_use]
    pub fn bulk_rate(&self, workload: &Workload, batch: f64, requests: f64) -> f64 {
        let batch = batch.min(requests).max(1.0);
        let waves = (requests / batch).floor();
        let rest = requests - waves * batch;
        let mut wave = waves * self.tpot(workload, batch, false);
        if rest >= 1.0 {
            wave += self.tpot(workload, rest, false);
        }
        let time = requests * self.prompt_time(workload, batch) + workload.output * wave;
        requests * workload.output / time
    }

    /// Time to the first token of a request that finds a free slot among `batch` running sequences [s].
    ///
    /// Each chunk of the prompt passes all stages; chunks follow each other stage by stage.
    #[must_use]
    pub fn ttft(&self, workload: &Workload, batch: f64) -> f64 {
        let stages = f64::from(self.layout.stages);
        let tokens = workload.uncached().max(1.0);
        let chunks = (tokens / self.chunk).ceil();
        let load = StepLoad {
            sequences: batch / stages,
            prefill_tokens: tokens / chunks,
            ..self.load(workload, batch, 0.0)
        };
        step_time(&self.table.rows, &load) * (chunks + stages - 1.0)
    }

    /// Mean wait for the prompts that came before, at a rate of arrivals by chance [s].
    ///
    /// ~~~text
    /// W = t · ρ / (2·(1 − ρ))        ρ = arrivals · tokens of a prompt · t / tokens of a full chunk
    /// ~~~
    ///
    /// t time of a step with a full chunk, or of a longer prompt. Pollaczek and Khinchine with constant service
    /// times; several short prompts share a chunk.
    #[must_use]
    pub fn wait(&self, workload: &Workload, batch: f64, prompts_per_s: f64) -> f64 {
        let prompt = workload.uncached().max(1.0);
        let packed = (self.most_of_a_copy() / prompt).floor().max(1.0);
        let time = if packed > 1.0 {
            let stages = f64::from(self.layout.stages);
            let load = StepLoad {
                sequences: batch / stages,
                prefill_tokens: packed * prompt,
                ..self.load(workload, batch, 0.0)
            };
            step_time(&self.table.rows, &load)
        } else {
            self.ttft(workload, batch)
        };
        mean_wait(time, (prompts_per_s * time / packed).min(0.999))
    }

    /// Time to hand the cache of a prompt from a prefill pool over the network [s].
    #[must_use]
    pub fn hand_over(&self, workload: &Workload) -> f64 {
        let share = workload.input / (workload.input + workload.output).max(1.0);
        // Context ranks send their own positions at the same time.
        let sent = self.memory.cache_per_sequence.0 * share * f64::from(self.layout.attention_replicas);
        if self.hand_over_bytes_per_s > 0.0 { sent / self.hand_over_bytes_per_s } else { 0.0 }
    }

    /// Prompts per second that a replica of a prefill pool finishes, and the time of one alone [1/s, s].
    #[must_use]
    pub fn prefill(&self, workload: &Workload) -> (f64, f64) {
        let stages = f64::from(self.layout.stages);
        let tokens = workload.uncached().max(1.0);
        let packed = (self.most_of_a_copy() / tokens).floor().max(1.0);
        let chunks = (tokens / self.chunk).ceil();
        let load = |prompts: f64| StepLoad {
            prefill_tokens: prompts * tokens / chunks,
            prefill_context: workload.prefill_context(),
            tokens_per_sequence: 1.0,
            ..StepLoad::default()
        };
        // Attention replicas each take prompts of their own.
        let busy = packed * f64::from(self.layout.attention_replicas);
        let rate = busy / (chunks * step_time(&self.table.rows, &load(busy)));
        let alone = step_time(&self.table.rows, &load(f64::from(self.layout.attention_replicas)))
            * (chunks + stages - 1.0);
        (rate, alone)
    }
}

/// One evaluated design point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServingPoint {
    /// How requests are run.
    pub mode: Mode,
    /// The split; of the decode pool where there are two.
    pub layout: Layout,
    /// The split of the prefill pool, where there is one.
    pub prefill_layout: Option<Layout>,
    /// Replicas of the prefill pool for each decode replica.
    pub prefill_per_decode: f64,
    /// Running sequences of a replica.
    pub batch: f64,
    /// Mean time to the first token, without queueing.
    pub ttft: Seconds,
    /// Mean time per output token.
    pub tpot: Seconds,
    /// Output tokens per second of one user.
    pub tokens_per_s_per_user: f64,
    /// Output tokens per second of one accelerator, all pools counted.
    pub tokens_per_s_per_accelerator: f64,
    /// Prompt tokens per second of one accelerator, cached ones included.
    pub input_tokens_per_s_per_accelerator: f64,
    /// Energy of an output token at the wall of the rack [J]; zero if no power is known.
    pub joules_per_token: f64,
    /// What takes the largest part of a step.
    pub bound: Bound,
    /// Sequences of a replica that fit into memory.
    pub most_sequences: f64,
}

impl ServingPoint {
    /// Whether the latency promise holds.
    #[must_use]
    pub fn keeps(&self, workload: &Workload) -> bool {
        workload.ttft_limit.is_none_or(|limit| self.ttft.0 <= limit.0)
            && workload.tpot_limit.is_none_or(|limit| self.tpot.0 <= limit.0)
    }
}

/// Prefill pools are sized to 0.90 and decode pools to 0.92 of their ideal rate: transfer and imbalance
/// (AIConfigurator's allowance).
pub const POOL_SHARES: (f64, f64) = (0.90, 0.92);

/// Evaluates an aggregated, decode-only or prefill-only replica at a batch.
#[must_use]
pub fn evaluate(replica: &Replica, workload: &Workload, batch: f64, mode: Mode) -> ServingPoint {
    let accelerators = f64::from(replica.layout.accelerators());
    let mixed = mode == Mode::Aggregated;
    let (ttft, tpot, rate) = if mode == Mode::PrefillOnly {
        let (prompts, alone) = replica.prefill(workload);
        (alone, 0.0, prompts * workload.output)
    } else if mode == Mode::Static {
        static_batch(replica, workload, batch)
    } else {
        let tpot = replica.tpot(workload, batch, mixed);
        let ttft = if mixed { replica.ttft(workload, batch) } else { tpot };
        (ttft, tpot, batch / tpot)
    };
    let load = if mode == Mode::PrefillOnly {
        StepLoad {
            prefill_tokens: replica.chunk,
            prefill_context: workload.prefill_context(),
            ..StepLoad::default()
        }
    } else {
        replica.load(workload, batch, if mixed { 1.0 } else { 0.0 })
    };
    point(replica, workload, batch, mode, [ttft, tpot, rate / accelerators], binding(&replica.table, &load))
}

/// TTFT [s], TPOT [s] and output tokens per second of a static batch.
///
/// ~~~text
/// P = max( prefill of one prompt, B / prefill rate )        all prompts, before any answer goes on
/// cycle = P + longest · O · TPOT                            decode alone, until the longest answer ends
/// output rate = B · O / cycle                               answers that ended leave their slots empty
/// ~~~
///
/// Steps run at the full batch to the end, as kernels of a fixed shape do. A batch is submitted as a whole, so nothing
/// queues; TTFT is P, counted from the start of the batch.
#[must_use]
pub fn static_batch(replica: &Replica, workload: &Workload, batch: f64) -> (f64, f64, f64) {
    let (prompts, alone) = replica.prefill(workload);
    let prefill = alone.max(batch / prompts);
    let tpot = replica.tpot(workload, batch, false);
    let output = workload.output.max(1.0);
    let cycle = prefill + workload.longest.max(1.0) * output * tpot;
    (prefill, tpot, batch * output / cycle)
}

fn point(
    replica: &Replica,
    workload: &Workload,
    batch: f64,
    mode: Mode,
    [ttft, tpot, rate]: [f64; 3],
    bound: Bound,
) -> ServingPoint {
    ServingPoint {
        mode,
        layout: replica.layout,
        prefill_layout: None,
        prefill_per_decode: 0.0,
        batch,
        ttft: Seconds(ttft),
        tpot: Seconds(tpot),
        tokens_per_s_per_user: if tpot > 0.0 { 1.0 / tpot } else { 0.0 },
        tokens_per_s_per_accelerator: rate,
        input_tokens_per_s_per_accelerator: rate * workload.input / workload.output.max(1.0),
        joules_per_token: if rate > 0.0 { replica.power.0 / rate } else { 0.0 },
        bound,
        most_sequences: replica.memory.sequences,
    }
}

/// Evaluates a decode replica at a batch with a balanced prefill pool beside it.
///
/// ~~~text
/// decode requests/s  r_d = s_d · B / (TPOT · O)      prefill requests/s  r_p
/// x = r_d / (s_p · r_p)  prefill replicas a decode replica
/// tokens/s per accelerator = r_d · O / (n_d + x · n_p)
/// TTFT = prefill time + cache / link + TPOT
/// ~~~
#[must_use]
pub fn evaluate_pools(prefill: &Replica, decode: &Replica, workload: &Workload, batch: f64) -> ServingPoint {
    let tpot = decode.tpot(workload, batch, false);
    let requests = POOL_SHARES.1 * batch / (tpot * workload.output.max(1.0));
    let (prompts, alone) = prefill.prefill(workload);
    let ratio = requests / (POOL_SHARES.0 * prompts);
    let accelerators =
        f64::from(decode.layout.accelerators()) + ratio * f64::from(prefill.layout.accelerators());
    let rate = requests * workload.output / accelerators;
    let hand_over = decode.hand_over(workload);
    let bound = binding(&decode.table, &decode.load(workload, batch, 0.0));
    let mut result =
        point(decode, workload, batch, Mode::Disaggregated, [alone + hand_over + tpot, tpot, rate], bound);
    result.prefill_layout = Some(prefill.layout);
    result.prefill_per_decode = ratio;
    result
}

/// Batches from 1 to the largest, so many for each doubling, whole numbers.
#[must_use]
pub fn batches(per_doubling: u32, most: f64) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::new();
    let step = (1.0 / f64::from(per_doubling.max(1))).exp2();
    let mut batch = 1.0_f64;
    while batch <= most {
        let whole = batch.round();
        if found.last().is_none_or(|last| *last < whole) {
            found.push(whole);
        }
        batch *= step;
    }
    if most >= 1.0 && found.last().is_some_and(|last| *last < most.floor()) {
        found.push(most.floor());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::efficiency::GenerationCurves;
    use crate::throughput::precision::Format;
    use crate::throughput::samples;
    use crate::units::ByteRate;
    use proptest::prelude::*;

    fn replica(machine: &Machine, workload: &Workload) -> Replica {
        let precision = Precision::uniform(Format::Fp8);
        Replica::fold(
            &samples::llama_70b(),
            machine,
            &Layout::tensor(4),
            precision,
            workload,
            &Reserve::default(),
        )
        .expect("fits")
    }

    #[test]
    fn a_larger_batch_gives_more_throughput_and_a_worse_time_per_token() {
        let workload = Workload::fixed(1_024.0, 512.0);
        for machine in [samples::h100(), samples::gb200()] {
            let replica = replica(&machine, &workload);
            let mut last: Option<ServingPoint> = None;
            for batch in batches(4, replica.memory.sequences) {
                let point = evaluate(&replica, &workload, batch, Mode::Aggregated);
                if let Some(last) = last {
                    assert!(point.tpot.0 >= last.tpot.0);
                    assert!(
                        point.tokens_per_s_per_accelerator >= last.tokens_per_s_per_accelerator * 0.999_999
                    );
                }
                last = Some(point);
            }
        }
    }

    // Sixteen requests, each replaced while an answer lasts: 16·1024/512 = 32 prompt tokens owed in a step, so one step of
    // 32 carries a whole chunk of 1,024.
    #[test]
    fn prompts_come_whole_and_not_as_a_trickle() {
        let workload = Workload::fixed(1_024.0, 512.0);
        let replica = replica(&samples::h100(), &workload);
        let alone = replica.step(&replica.load(&workload, 16.0, 0.0));
        let chunk = StepLoad { prefill_tokens: 1_024.0, ..replica.load(&workload, 16.0, 0.0) };
        let with = replica.step(&chunk);
        let expected = alone * 31.0 / 32.0 + with / 32.0;
        assert!((replica.tpot(&workload, 16.0, true) / expected - 1.0).abs() < 1e-12);
        assert!((replica.prompt_time(&workload, 16.0) - (with - alone)).abs() < 1e-12);
    }

    #[test]
    fn a_bulk_run_of_whole_waves_is_as_fast_as_the_batch_and_leftovers_cost() {
        let workload = Workload::fixed(128.0, 2_048.0);
        let replica = replica(&samples::h100(), &workload);
        let rate = |requests: f64| replica.bulk_rate(&workload, 64.0, requests);
        let steady = 64.0 / replica.tpot(&workload, 64.0, true);
        assert!((rate(640.0) / steady - 1.0).abs() < 1e-9, "{} against {steady}", rate(640.0));
        assert!(rate(65.0) < 0.7 * rate(64.0));
        assert!(rate(6_401.0) > 0.97 * rate(6_400.0));
    }

    // Exponential answers of mean 512: a running sequence has 1,024 + 512·2/2 positions on average, and its token takes
    // longer than where all answers are 512 long.
    #[test]
    fn unequal_answers_fill_the_cache_further() {
        let equal = Workload::fixed(1_024.0, 512.0);
        let unequal = Workload { output_spread: 2.0, ..equal };
        assert!((unequal.decode_context() - 1_536.0).abs() < 1e-9);
        assert!((equal.decode_context() - 1_280.0).abs() < 1e-9);
        let replica = replica(&samples::h100(), &equal);
        assert!(replica.tpot(&unequal, 64.0, false) > replica.tpot(&equal, 64.0, false));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        // Whatever the model, the machine, the split and the lengths.
        #[test]
        fn predictions_move_the_right_way(
            which in 0_usize..6,
            hopper in proptest::bool::ANY,
            ranks in proptest::sample::select(vec![1_u32, 2, 4, 8]),
            copied in proptest::bool::ANY,
            (input, output) in (64.0..16_384.0_f64, 32.0..4_096.0_f64),
            (batch, more) in (1.0..512.0_f64, 1.0..4.0_f64),
            faster in 1.0..4.0_f64,
        ) {
            let model = [
                samples::llama_8b(), samples::llama_70b(), samples::qwen3_235b(), samples::gpt_oss_120b(),
                samples::deepseek_v3(), samples::qwen35_27b(),
            ][which];
            let machine = if hopper { samples::h100() } else { samples::gb200() };
            let layout = if copied && ranks > 1 && model.feed_forward.moe_layers > 0 {
                Layout::attention_data_parallel(ranks)
            } else {
                Layout::tensor(ranks)
            };
            let workload = Workload::fixed(input, output);
            // Memory is not the question here.
            let reserve = Reserve { step_sequences: 1e6, ..Reserve::default() };
            let roomy = |machine: &Machine| Machine { memory: crate::units::Bytes(1e15), ..machine.clone() };
            let tpot = |machine: &Machine, precision: Precision, batch: f64| {
                Replica::fold(&model, &roomy(machine), &layout, precision, &workload, &reserve)
                    .map(|replica| replica.tpot(&workload, batch, true))
            };
            let eight = Precision::uniform(Format::Fp8);
            prop_assume!(tpot(&machine, eight, batch).is_some());
            let here = tpot(&machine, eight, batch).unwrap();
            // More batch: no token comes sooner, and no fewer come in all.
            let larger = tpot(&machine, eight, batch * more).unwrap();
            prop_assert!(larger >= here * (1.0 - 1e-9), "{larger} under {here}");
            prop_assert!(batch * more / larger >= batch / here * (1.0 - 1e-9));
            // More bandwidth of memory and links: never slower.
            let wide = Machine {
                bandwidth: machine.bandwidth * faster,
                scale_up: crate::throughput::machine::Link {
                    bandwidth: machine.scale_up.bandwidth * faster,
                    ..machine.scale_up
                },
                ..machine.clone()
            };
            prop_assert!(tpot(&wide, eight, batch).unwrap() <= here * (1.0 + 1e-9));
            // Narrower numbers at equal efficiency: never slower.
            let equal = Machine {
                curves: crate::throughput::efficiency::GenerationCurves::default(),
                ..machine.clone()
            };
            let wider = tpot(&equal, Precision::uniform(Format::Bf16), batch).unwrap();
            prop_assert!(tpot(&equal, eight, batch).unwrap() <= wider * (1.0 + 1e-9));
        }
    }

    #[test]
    fn more_bandwidth_is_never_slower() {
        let workload = Workload::fixed(1_024.0, 512.0);
        let mut last = f64::INFINITY;
        for scale in [0.5, 1.0, 1.5, 2.0, 4.0] {
            let mut machine = samples::h100();
            machine.bandwidth = ByteRate(3.35e12 * scale);
            let tpot = replica(&machine, &workload).tpot(&workload, 32.0, true);
            assert!(tpot <= last);
            last = tpot;
        }
    }

    #[test]
    fn drafted_tokens_win_what_the_geometric_series_says() {
        // a = 0.8, γ = 3: (1 − 0.8⁴)/0.2 = 2.952.
        let workload = Workload { drafted: 3.0, acceptance: 0.8, ..Workload::fixed(100.0, 100.0) };
        assert!((workload.tokens_per_step() - 2.952).abs() < 1e-12);
    }

    #[test]
    fn a_small_batch_reads_weights_and_a_long_prompt_computes() {
        let workload = Workload::fixed(8_192.0, 8_192.0);
        let replica = replica(&samples::h100(), &workload);
        assert_eq!(evaluate(&replica, &workload, 4.0, Mode::DecodeOnly).bound, Bound::WeightTraffic);
        assert_eq!(evaluate(&replica, &workload, 1.0, Mode::PrefillOnly).bound, Bound::Arithmetic);
    }

    #[test]
    fn pools_are_in_balance() {
        let workload = Workload::fixed(2_048.0, 256.0);
        let replica = replica(&samples::gb200(), &workload);
        let point = evaluate_pools(&replica, &replica, &workload, 64.0);
        let requests = 0.92 * 64.0 / (point.tpot.0 * 256.0);
        let prompts = 0.90 * replica.prefill(&workload).0 * point.prefill_per_decode;
        assert!((requests / prompts - 1.0).abs() < 1e-9);
        let total = requests * 256.0 / (4.0 + 4.0 * point.prefill_per_decode);
        assert!((total / point.tokens_per_s_per_accelerator - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_grid_of_batches_ends_at_the_most() {
        assert_eq!(batches(1, 10.0), [1.0, 2.0, 4.0, 8.0, 10.0]);
        assert!(batches(4, 0.0).is_empty());
    }

    #[test]
    fn a_static_batch_pays_for_its_prompts_and_its_longest_answer() {
        let workload = Workload::fixed(1_024.0, 512.0);
        let replica = replica(&samples::h100(), &workload);
        let at = |longest| evaluate(&replica, &Workload { longest, ..workload }, 64.0, Mode::Static);
        let (even, uneven) = (at(1.0), at(2.0));
        // 64 · 512 tokens in P + 512 · TPOT.
        let cycle = even.ttft.0 + 512.0 * even.tpot.0;
        assert!((even.tokens_per_s_per_accelerator * 4.0 * cycle / (64.0 * 512.0) - 1.0).abs() < 1e-9);
        let longer = uneven.ttft.0 + 1_024.0 * uneven.tpot.0;
        let ratio = even.tokens_per_s_per_accelerator / uneven.tokens_per_s_per_accelerator;
        assert!((ratio - longer / cycle).abs() < 1e-9);
        let mixed = evaluate(&replica, &workload, 64.0, Mode::Aggregated);
        assert!(even.ttft.0 > mixed.ttft.0 && even.tpot.0 < mixed.tpot.0);
        assert!(uneven.tokens_per_s_per_accelerator < mixed.tokens_per_s_per_accelerator);
    }

    #[test]
    fn more_drafted_tokens_that_all_hold_are_never_slower_and_none_that_hold_never_faster() {
        let at = |drafted, acceptance| {
            let workload = Workload { drafted, acceptance, ..Workload::fixed(1_024.0, 512.0) };
            replica(&samples::h100(), &workload).tpot(&workload, 4.0, true)
        };
        for drafted in 0..8 {
            let (fewer, more) = (f64::from(drafted), f64::from(drafted) + 1.0);
            assert!(at(more, 1.0) <= at(fewer, 1.0), "{drafted}");
            assert!(at(more, 0.0) >= at(fewer, 0.0), "{drafted}");
        }
    }

    #[test]
    fn a_drafted_token_takes_a_layer_and_the_head() {
        // Llama 70B in 8 bits, 4 ranks, small batch: (68.45 GB / 80 + 1.05 G · 2 bytes) / 70.6 GB = 4.2 % by weights
        // alone; launches and the host move it a little.
        let workload = Workload::fixed(1_024.0, 512.0);
        let share = replica(&samples::h100(), &workload).draft_share;
        assert!((0.02..0.06).contains(&share), "{share}");
    }

    #[test]
    fn the_variance_of_a_step_is_that_of_its_tokens() {
        // γ = 1, a = 0.5: 1 or 2 tokens with equal chance: mean 1.5, variance 0.25.
        let workload = Workload { drafted: 1.0, acceptance: 0.5, ..Workload::fixed(100.0, 100.0) };
        assert!((workload.tokens_per_step_variance() - 0.25).abs() < 1e-12);
        assert!(Workload::fixed(1.0, 1.0).tokens_per_step_variance().abs() < 1e-12);
    }

    #[test]
    fn a_narrower_format_is_never_slower_on_the_same_curves() {
        // Without measurements every format has the same curve.
        let machine = Machine { curves: GenerationCurves::default(), ..samples::gb200() };
        let workload = Workload::fixed(1_024.0, 512.0);
        let at = |format, batch| {
            let precision = Precision { cache: Format::Bf16, ..Precision::uniform(format) };
            let reserve = Reserve::default();
            let layout = Layout::tensor(8);
            Replica::fold(&samples::llama_70b(), &machine, &layout, precision, &workload, &reserve)
                .expect("fits")
                .tpot(&workload, batch, true)
        };
        for batch in [1.0, 16.0, 128.0, 512.0] {
            let (bf16, fp8, fp4) =
                (at(Format::Bf16, batch), at(Format::Fp8, batch), at(Format::Nvfp4, batch));
            assert!(bf16 >= fp8 && fp8 >= fp4, "{batch}: {bf16} {fp8} {fp4}");
        }
    }

    #[test]
    fn context_ranks_shorten_a_long_prompt_and_share_its_cache() {
        let workload = Workload::fixed(131_072.0, 512.0);
        let at = |context| {
            let layout = Layout { context, ..Layout::tensor(4) };
            let precision = Precision::uniform(Format::Fp8);
            let reserve = Reserve::default();
            Replica::fold(&samples::llama_70b(), &samples::gb200(), &layout, precision, &workload, &reserve)
                .expect("fits")
        };
        let (one, four) = (at(1), at(4));
        let (alone, shared) = (one.prefill(&workload).1, four.prefill(&workload).1);
        // Four times the ranks: not four times as fast, for the ring and the weights that each reads.
        assert!(shared < alone / 2.0 && shared > alone / 4.0, "{alone} {shared}");
        let ratio = one.memory.cache_per_sequence.0 / four.memory.cache_per_sequence.0;
        assert!((ratio - 4.0).abs() < 1e-9);
        // Each rank reads a quarter of the cache for each new token.
        assert!(four.tpot(&workload, 8.0, false) < one.tpot(&workload, 8.0, false));
        // An accelerator prefills no more than without.
        let rate =
            |replica: &Replica| replica.prefill(&workload).0 / f64::from(replica.layout.accelerators());
        assert!(rate(&four) < rate(&one));
    }

    #[test]
    fn what_crosses_domains_is_slower_and_what_stays_inside_is_not() {
        let workload = Workload::fixed(1_024.0, 512.0);
        let at = |domain, layout: Layout| {
            let machine = Machine { domain, ..samples::gb200() };
            let precision = Precision::uniform(Format::Fp8);
            Replica::fold(
                &samples::llama_405b(),
                &machine,
                &layout,
                precision,
                &workload,
                &Reserve::default(),
            )
            .expect("fits")
            .tpot(&workload, 32.0, true)
        };
        let wide = Layout::tensor(16);
        assert!(at(8, wide) > at(16, wide) * 1.2);
        assert!((at(16, wide) / at(72, wide) - 1.0).abs() < 1e-12);
        // Stages cross with one row of activations: hardly slower.
        let deep = Layout { stages: 2, ..Layout::tensor(8) };
        let ratio = at(8, deep) / at(16, deep);
        assert!(ratio > 1.0 && ratio < 1.05, "{ratio}");
    }
}
