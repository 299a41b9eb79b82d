//! A model on a machine, folded for a workload: all that a batch size does not change.

use super::bounds::time_by_part;
use super::workload::Workload;
use crate::throughput::machine::Machine;
use crate::throughput::memory::{MemoryUse, Reserve, memory_use};
use crate::throughput::operations::{FoldSettings, Part, StepTable, step_table};
use crate::throughput::parallelism::Layout;
use crate::throughput::precision::Precision;
use crate::throughput::queueing::mean_wait;
use crate::throughput::roofline::{StepLoad, step_time};
use crate::throughput::shape::ModelShape;
use crate::units::Watts;

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
    pub(super) power: Watts,
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
    pub(super) fn step(&self, load: &StepLoad) -> f64 {
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
