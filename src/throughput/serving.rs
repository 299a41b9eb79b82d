//! Prefill, decode and batching: what a replica answers, and the best way to run it.
//!
//! Continuous batching in steady state: a step that decodes B sequences carries the prompt tokens that replace the
//! finished ones, B · uncached prompt / output of them for each decoded token. Times are means; queueing is not in
//! them, so a TTFT is that of a request that finds a free slot.
//!
//! ~~~text
//! prompt tokens of a step  m = B · g' · I·(1 − hit) / O          g' tokens won by a step and sequence
//! TPOT = ((1 − f)·t(B, 0) + f·t(B, chunk)) / g'     f = m / chunk; output rate = B / TPOT
//! TTFT = chunks · stages · t(B/stages, chunk/…) + the hand-over
//! ~~~

use super::machine::Machine;
use super::memory::{MemoryUse, Reserve, memory_use};
use super::operations::{FoldSettings, ModelShape, Part, StepTable, step_table};
use super::parallelism::Layout;
use super::precision::Precision;
use super::roofline::{StepLoad, operation_time, step_time};
use crate::units::{Seconds, Watts};

/// What is asked of a replica.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Mean prompt [tokens].
    pub input: f64,
    /// Mean answer [tokens].
    pub output: f64,
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
}

impl Workload {
    /// Fixed lengths and no limits.
    #[must_use]
    pub fn fixed(input: f64, output: f64) -> Self {
        Self { input, output, hit: 0.0, drafted: 0.0, acceptance: 0.0, ttft_limit: None, tpot_limit: None }
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

    /// Prompt tokens that have to be computed.
    #[must_use]
    pub fn uncached(&self) -> f64 {
        self.input * (1.0 - self.hit)
    }

    /// Positions cached while an answer grows, on average.
    #[must_use]
    pub fn decode_context(&self) -> f64 {
        self.input + self.output / 2.0
    }

    /// Positions that a computed prompt token attends to, on average.
    #[must_use]
    pub fn prefill_context(&self) -> f64 {
        self.input * self.hit + self.uncached() / 2.0
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
            Part::AllReduce | Part::AllToAll | Part::PipelineSend => {
                (Bound::Interconnect, Bound::Interconnect)
            }
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
    /// Extra time of drafting, as a share of the step.
    draft_share: f64,
    /// Power of one accelerator, everything around it included.
    power: Watts,
    /// Bandwidth over which a cache is handed from pool to pool, one accelerator [bytes/s].
    hand_over_bytes_per_s: f64,
}

/// Most prompt tokens of a step: the engines' default.
pub const CHUNK: f64 = 8_192.0;

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
        let memory = memory_use(model, machine, layout, precision, workload.input + workload.output, reserve);
        if !memory.fits() {
            return None;
        }
        let chunk = workload.uncached().clamp(1.0, CHUNK);
        let settings = FoldSettings { prompt: workload.input, host: true };
        Some(Self {
            layout: *layout,
            table: step_table(model, machine, layout, precision, &settings),
            memory,
            chunk,
            draft_share: workload.drafted / f64::from(model.layers.max(1)),
            power: machine.power,
            hand_over_bytes_per_s: machine.scale_out.bandwidth.0,
        })
    }

    /// The time of one step of all stages [s].
    fn step(&self, load: &StepLoad) -> f64 {
        let stages = f64::from(self.layout.stages);
        let share = StepLoad {
            sequences: load.sequences / stages,
            prefill_tokens: load.prefill_tokens / stages,
            ..*load
        };
        stages * step_time(&self.table.rows, &share) * (1.0 + self.draft_share)
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
        let owed = prompting * won * workload.uncached() / workload.output.max(1.0);
        let without = self.step(&self.load(workload, batch, 0.0));
        if owed <= 0.0 {
            return without / won;
        }
        let carried = (self.chunk * f64::from(self.layout.stages)).max(owed);
        let with = self.step(&StepLoad { prefill_tokens: carried, ..self.load(workload, batch, 0.0) });
        (without + (with - without) * owed / carried) / won
    }

    /// Time that one prompt adds to the steps of `batch` running sequences [s].
    #[must_use]
    pub fn prompt_time(&self, workload: &Workload, batch: f64) -> f64 {
        let carried = self.chunk * f64::from(self.layout.stages);
        let without = self.load(workload, batch, 0.0);
        let with = StepLoad { prefill_tokens: carried, ..without };
        (self.step(&with) - self.step(&without)) * workload.uncached() / carried
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
        let packed = (CHUNK / prompt).floor().max(1.0);
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
        let busy = (prompts_per_s * time / packed).min(0.999);
        time * busy / (2.0 * (1.0 - busy))
    }

    /// Time to hand the cache of a prompt from a prefill pool over the network [s].
    #[must_use]
    pub fn hand_over(&self, workload: &Workload) -> f64 {
        let share = workload.input / (workload.input + workload.output).max(1.0);
        let sent = self.memory.cache_per_sequence.0 * share * f64::from(self.layout.attention_replicas);
        if self.hand_over_bytes_per_s > 0.0 { sent / self.hand_over_bytes_per_s } else { 0.0 }
    }

    /// Prompts per second that a replica of a prefill pool finishes, and the time of one alone [1/s, s].
    #[must_use]
    pub fn prefill(&self, workload: &Workload) -> (f64, f64) {
        let stages = f64::from(self.layout.stages);
        let tokens = workload.uncached().max(1.0);
        let packed = (CHUNK / tokens).floor().max(1.0);
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
    use crate::throughput::precision::Format;
    use crate::throughput::samples;
    use crate::units::ByteRate;

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
}
