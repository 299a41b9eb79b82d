//! What is asked of a replica, and the ways to run it.

use crate::units::Seconds;

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
