//! Serving rows as questions: a layout, a load, and what a replica then does.
//!
//! Shared by published results and measured deployments. A closed loop keeps C requests with a replica: those that
//! decode are the share of a request's life that is not waiting for its first token.
//!
//! ~~~text
//! b = C · O·TPOT(b) / (TTFT(b) + O·TPOT(b)),  at most what memory holds
//! ~~~
//!
//! Of the other requests' prompts the engine's `prompt_share` falls between the tokens of one; the rest comes before its
//! first token, because loops that start together prefill together.

use crate::throughput::machine::Machine as Chip;
use crate::throughput::memory::{Reserve, memory_use};
use crate::throughput::parallelism::Layout;
use crate::throughput::precision::Precision;
use crate::throughput::serving::{Replica, Workload, batches};
use crate::throughput::shape::ModelShape;
use crate::units::Bytes;

/// Most running sequences of one attention rank: published offline settings go to 2,048 and a little beyond.
pub(super) const MOST_PER_RANK: f64 = 2_048.0;

/// All of memory for weights and cache.
const NO_RESERVE: Reserve = Reserve {
    share: 1.0,
    fixed: Bytes(0.0),
    step_tokens: 0.0,
    step_sequences: 0.0,
    block_tokens: 1.0,
    draft_layers: 0.0,
};

/// A model on a machine in number formats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub chip: &'a Chip,
    pub shape: &'a ModelShape,
    pub precision: Precision,
    pub workload: Workload,
}

/// A replica in steady state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steady {
    /// Sequences that decode.
    pub running: f64,
    /// Seconds.
    pub tpot: f64,
    /// Seconds.
    pub ttft: f64,
    /// Part of it that other requests' prompts take [s].
    pub wait: f64,
}

impl Steady {
    /// Output tokens per second of the replica.
    pub(super) fn rate(self) -> f64 {
        self.running / self.tpot
    }
}

impl Setting<'_> {
    /// The replica of a layout, with the routing skew that its curves were measured with.
    ///
    /// Experts that do not divide over their ranks are repeated until they do, as operators repeat the busiest.
    pub(super) fn replica(&self, layout: Layout) -> Option<Replica> {
        self.fold(layout, &Reserve::default())
    }

    /// The replica of a layout that did run: where the usual reserve leaves no room, with none.
    pub(super) fn ran(&self, layout: Layout) -> Option<Replica> {
        self.replica(layout).or_else(|| self.fold(layout, &NO_RESERVE))
    }

    fn fold(&self, layout: Layout, reserve: &Reserve) -> Option<Replica> {
        let layout = Layout { routing_skew: self.chip.curves.routing_skew, ..layout };
        let mut shape = *self.shape;
        let experts = &mut shape.feed_forward.experts;
        if shape.feed_forward.moe_layers > 0 && layout.expert > 1 && layout.expert <= 2 * *experts {
            *experts = experts.div_ceil(layout.expert) * layout.expert;
        }
        Replica::fold(&shape, self.chip, &layout, self.precision, &self.workload, reserve)
    }

    /// Part of the engine's memory that weights take on a layout.
    pub(super) fn weights_share(&self, layout: Layout) -> f64 {
        let memory = memory_use(self.shape, self.chip, &layout, self.precision, 1.0, &Reserve::default());
        memory.weights.0 / memory.available.0
    }

    /// Why a layout cannot run.
    pub(super) fn refusal(&self, layout: Layout) -> String {
        layout.illegal(self.shape).map_or_else(
            || format!("{layout} does not fit into memory"),
            |reason| format!("{layout}: {reason}"),
        )
    }

    /// Sequences that memory holds when each is kept to `context` positions, within the engine's limit.
    pub(super) fn slots(&self, replica: &Replica, context: f64) -> f64 {
        let memory = |reserve: &Reserve| {
            memory_use(self.shape, self.chip, &replica.layout, self.precision, context, reserve).sequences
        };
        let copies = f64::from(replica.layout.attention_replicas);
        let usual = memory(&Reserve::default());
        // It did run: where the usual reserve leaves a copy of attention nothing, with none.
        let held = if usual < copies { memory(&NO_RESERVE) } else { usual };
        held.min(MOST_PER_RANK * copies).max(1.0)
    }

    /// A replica with a constant number of requests, prompts mixed into its steps or not.
    pub(super) fn closed_loop(
        &self,
        replica: &Replica,
        requests: f64,
        slots: f64,
        mixed: bool,
        first: Option<f64>,
    ) -> Steady {
        let w = &self.workload;
        let most = requests.min(slots);
        let least = most.min(1.0);
        let mut running = most;
        let mut steady = Steady { running, tpot: 0.0, ttft: 0.0, wait: 0.0 };
        for _ in 0..6 {
            let tpot = replica.tpot_among(
                w,
                running,
                if mixed { self.chip.software.prompt_share * (running - 1.0).max(0.0) } else { 0.0 },
            );
            // What of the others' prompts does not fall between tokens is waited for before the first one.
            let ahead =
                if mixed { (1.0 - self.chip.software.prompt_share) * (most - 1.0).max(0.0) } else { 0.0 };
            let wait = if first.is_none() { ahead * replica.prompt_time(w, running) } else { 0.0 };
            let ttft = first.unwrap_or_else(|| replica.ttft(w, running)) + wait;
            steady = Steady { running, tpot, ttft, wait };
            let answer = w.output * tpot;
            running = (requests * answer / (ttft + answer)).clamp(least, most);
        }
        Steady { running, ..steady }
    }

    /// All requests at once: the fastest batch that memory holds.
    pub(super) fn saturated(&self, replica: &Replica, slots: f64, mixed: bool) -> Steady {
        self.best(replica, slots, |running| if mixed { running } else { 0.0 }, |_| true).unwrap_or(Steady {
            running: 1.0,
            tpot: replica.tpot(&self.workload, 1.0, mixed),
            ttft: 0.0,
            wait: 0.0,
        })
    }

    /// The batch with most tokens per second among those that are good enough.
    pub(super) fn fastest(
        &self,
        replica: &Replica,
        slots: f64,
        mixed: bool,
        good: impl Fn(&Steady) -> bool,
    ) -> Option<Steady> {
        self.best(replica, slots, |running| if mixed { running } else { 0.0 }, good)
    }

    fn best(
        &self,
        replica: &Replica,
        slots: f64,
        prompting: impl Fn(f64) -> f64,
        good: impl Fn(&Steady) -> bool,
    ) -> Option<Steady> {
        let mut best: Option<Steady> = None;
        for running in batches(4, slots) {
            let tpot = replica.tpot_among(&self.workload, running, prompting(running));
            let ttft = replica.ttft(&self.workload, running);
            let steady = Steady { running, tpot, ttft, wait: 0.0 };
            if good(&steady) && best.is_none_or(|best| steady.rate() > best.rate()) {
                best = Some(steady);
            }
        }
        best
    }
}

/// Nominal lengths of InferenceX are upper ends of a uniform draw from 80 %: the mean is 90 %.
pub(super) const DRAWN_LENGTH: f64 = 0.9;

/// Drafted tokens and the chance that one holds where speculation is on and its gain not stated: assumption; a step
/// then wins 2.3 tokens.
pub(super) const ASSUMED_DRAFT: (f64, f64) = (2.0, 0.75);
