//! The time of an operation and which roof binds it.
//!
//! One row of coefficients holds one class of operations of a step on the busiest rank. The row is folded once in
//! `f64`; its evaluation has no branches, so that a shader mirrors it line by line (`shaders/shared/roofline.wgsl`).
//!
//! ~~~text
//! tokens   n = d·s·g + p·m                 s sequences with g tokens each, m prefill tokens; d, p the row's shares
//! attended a = d·s·g·min(c, w) + p·m·min(c_p, w)
//! touched  u = 1 − 2^(n · miss_log2)                  share of the weights that some token needs
//! rows     M = n · rows_per_token / u                 rows of each product that is done at all
//! flop       = flop_per_token · n + flop_per_attended · a
//! bytes      = weight_bytes · u + bytes_per_token · n + bytes_per_position · d·s·min(c, w)
//! arithmetic = flop / rate · (1 + half_rows / M)         the rate is half of the plateau at M = half_rows
//! traffic    = bytes / bandwidth
//! t = repeats · (max(arithmetic, traffic) + serial · min(arithmetic, traffic) + launch)     0 where n = 0
//! ~~~
//!
//! A message between ranks is a row without arithmetic whose bandwidth is the link's.

use crate::scalar::Real;

/// Rows below this count as this, so that an empty step divides by a number.
const LEAST_ROWS: f64 = 1e-6;

/// The `miss_log2` of weights that every token touches: dense layers.
pub const ALWAYS_TOUCHED: f64 = -1_024.0;

/// The `window` of attention that sees the whole context [tokens].
pub const NO_WINDOW: f64 = 1e9;

/// One class of operations of a step on the busiest rank.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct Operation<T = f64> {
    /// Times per step: layers on the rank's pipeline stage.
    pub repeats: T,
    /// Fixed time of each: launch of a kernel, latency of a message [s].
    pub launch_s: T,
    /// Arithmetic on this rank per token of the replica [FLOP].
    pub flop_per_token: T,
    /// Arithmetic on this rank per pair of token and attended position [FLOP].
    pub flop_per_attended: T,
    /// Arithmetic rate at many rows: dense peak times plateau share [FLOP/s].
    pub rate_flop_per_s: T,
    /// Rows of the matrix product per token of the replica.
    pub rows_per_token: T,
    /// Rows at which the rate is half of the plateau.
    pub half_rows: T,
    /// Weights that stream once per repeat if all are touched [bytes].
    pub weight_bytes: T,
    /// Binary logarithm of the chance that one token leaves a given part of the weights untouched.
    pub miss_log2: T,
    /// Activations, or message, per token of the replica [bytes].
    pub bytes_per_token: T,
    /// Cached keys and values read on this rank per pair of sequence and cached position [bytes].
    pub bytes_per_position: T,
    /// Rate of the memory or the link: nominal times achieved share [bytes/s].
    pub bandwidth_bytes_per_s: T,
    /// 1 where the row sees decode tokens, else 0.
    pub decode_share: T,
    /// 1 where the row sees prefill tokens, else 0.
    pub prefill_share: T,
    /// Attended positions at most [tokens].
    pub window: T,
    /// Share of the shorter of arithmetic and traffic that the longer does not hide.
    pub serial: T,
}

/// What one step carries on one replica.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct StepLoad<T = f64> {
    /// Sequences that decode.
    pub sequences: T,
    /// Tokens that each of them runs through the model: 1 plus the drafted ones.
    pub tokens_per_sequence: T,
    /// Cached positions of a sequence.
    pub context: T,
    /// Prefill tokens in the step.
    pub prefill_tokens: T,
    /// Mean positions that a prefill token attends to.
    pub prefill_context: T,
}

/// Time of one row of a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OperationTime<T = f64> {
    /// All of it [s].
    pub total: T,
    /// What arithmetic alone would take [s].
    pub arithmetic: T,
    /// What memory or link traffic alone would take [s].
    pub traffic: T,
    /// Launches and latencies [s].
    pub fixed: T,
}

impl<T: Real> Operation<T> {
    /// The fields in the order of declaration, which is the order in a device buffer.
    #[must_use]
    pub fn to_array(self) -> [T; 16] {
        [
            self.repeats,
            self.launch_s,
            self.flop_per_token,
            self.flop_per_attended,
            self.rate_flop_per_s,
            self.rows_per_token,
            self.half_rows,
            self.weight_bytes,
            self.miss_log2,
            self.bytes_per_token,
            self.bytes_per_position,
            self.bandwidth_bytes_per_s,
            self.decode_share,
            self.prefill_share,
            self.window,
            self.serial,
        ]
    }
}

impl Operation<f64> {
    /// The row in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> Operation<T> {
        Operation {
            repeats: T::of(self.repeats),
            launch_s: T::of(self.launch_s),
            flop_per_token: T::of(self.flop_per_token),
            flop_per_attended: T::of(self.flop_per_attended),
            rate_flop_per_s: T::of(self.rate_flop_per_s),
            rows_per_token: T::of(self.rows_per_token),
            half_rows: T::of(self.half_rows),
            weight_bytes: T::of(self.weight_bytes),
            miss_log2: T::of(self.miss_log2),
            bytes_per_token: T::of(self.bytes_per_token),
            bytes_per_position: T::of(self.bytes_per_position),
            bandwidth_bytes_per_s: T::of(self.bandwidth_bytes_per_s),
            decode_share: T::of(self.decode_share),
            prefill_share: T::of(self.prefill_share),
            window: T::of(self.window),
            serial: T::of(self.serial),
        }
    }
}

impl StepLoad<f64> {
    /// The load in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> StepLoad<T> {
        StepLoad {
            sequences: T::of(self.sequences),
            tokens_per_sequence: T::of(self.tokens_per_sequence),
            context: T::of(self.context),
            prefill_tokens: T::of(self.prefill_tokens),
            prefill_context: T::of(self.prefill_context),
        }
    }
}

/// The time of one row under a load; see the module's equations.
#[allow(clippy::inline_always, reason = "one loop over rows, compiled for each instruction set")]
#[inline(always)]
#[must_use]
pub fn operation_time<T: Real>(op: &Operation<T>, load: &StepLoad<T>) -> OperationTime<T> {
    let decode_sequences = op.decode_share * load.sequences;
    let decode_tokens = decode_sequences * load.tokens_per_sequence;
    let prefill_tokens = op.prefill_share * load.prefill_tokens;
    let tokens = decode_tokens + prefill_tokens;
    let cached = Real::min(load.context, op.window);
    let attended = decode_tokens * cached + prefill_tokens * Real::min(load.prefill_context, op.window);

    let flop = op.flop_per_token * tokens + op.flop_per_attended * attended;
    let touched = T::of(1.0) - Real::exp2(tokens * op.miss_log2);
    let rows = Real::max(tokens * op.rows_per_token, T::of(LEAST_ROWS));
    let arithmetic = flop / op.rate_flop_per_s * (T::of(1.0) + op.half_rows * touched / rows);

    let bytes = op.weight_bytes * touched
        + op.bytes_per_token * tokens
        + op.bytes_per_position * (decode_sequences * cached);
    let traffic = bytes / op.bandwidth_bytes_per_s;

    let busy = tokens > T::of(0.0);
    let repeats = T::select(busy, op.repeats, T::of(0.0));
    let longer = Real::max(arithmetic, traffic);
    let shorter = Real::min(arithmetic, traffic);
    OperationTime {
        total: repeats * (longer + op.serial * shorter + op.launch_s),
        arithmetic: repeats * arithmetic,
        traffic: repeats * traffic,
        fixed: repeats * op.launch_s,
    }
}

/// The time of a step: the sum of its rows [s].
#[allow(clippy::inline_always, reason = "one loop over rows, compiled for each instruction set")]
#[inline(always)]
#[must_use]
pub fn step_time<T: Real>(ops: &[Operation<T>], load: &StepLoad<T>) -> T {
    let mut sum = T::of(0.0);
    for op in ops {
        sum = sum + operation_time(op, load).total;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense_row() -> Operation {
        Operation {
            repeats: 2.0,
            launch_s: 5e-6,
            flop_per_token: 2.0 * 1e8,
            rate_flop_per_s: 5e14,
            rows_per_token: 1.0,
            half_rows: 100.0,
            weight_bytes: 1e8,
            miss_log2: ALWAYS_TOUCHED,
            bytes_per_token: 1e4,
            bandwidth_bytes_per_s: 2e12,
            decode_share: 1.0,
            prefill_share: 1.0,
            window: NO_WINDOW,
            ..Operation::default()
        }
    }

    fn decode(sequences: f64) -> StepLoad {
        StepLoad { sequences, tokens_per_sequence: 1.0, context: 1_000.0, ..StepLoad::default() }
    }

    #[test]
    fn a_small_batch_is_bound_by_weights() {
        // 100 tokens: flop 2e10 / 5e14 = 40 us, twice that at M = half_rows: 80 us.
        // bytes 1e8 + 100 · 1e4 = 1.01e8 / 2e12 = 50.5 us. max 80 us + 5 us, two layers: 170 us.
        let time = operation_time(&dense_row(), &decode(100.0));
        assert!((time.total - 170e-6).abs() < 1e-12);
        assert!((time.traffic - 101e-6).abs() < 1e-12);
        // 10 tokens: 2e9 / 5e14 · (1 + 10) = 44 us; bytes 1.001e8 / 2e12 = 50.05 us binds.
        let time = operation_time(&dense_row(), &decode(10.0));
        assert!((time.total - 2.0 * (50.05e-6 + 5e-6)).abs() < 1e-12);
    }

    #[test]
    fn a_step_without_tokens_takes_no_time() {
        assert!(step_time(&[dense_row()], &decode(0.0)).abs() < f64::MIN_POSITIVE);
        let row: Operation<f32> = dense_row().cast();
        assert!(operation_time(&row, &decode(0.0).cast()).total.abs() < f32::MIN_POSITIVE);
    }

    #[test]
    fn experts_are_touched_by_chance() {
        // 8 of 256 experts: a token misses one with 1 − 1/32; after 32 tokens (31/32)^32 = 0.3621 are untouched.
        let row = Operation {
            miss_log2: (1.0_f64 - 1.0 / 32.0).log2(),
            flop_per_token: 0.0,
            bytes_per_token: 0.0,
            ..dense_row()
        };
        let time = operation_time(&row, &decode(32.0));
        assert!((time.traffic - 2.0 * 1e8 * (1.0 - 0.362_05) / 2e12).abs() < 1e-9);
    }

    #[test]
    fn a_window_limits_cache_reads() {
        // 4 sequences · min(1000, 128) positions · 1 kB = 512 kB at 2 TB/s = 0.256 us, twice.
        let row = Operation {
            bytes_per_position: 1e3,
            window: 128.0,
            repeats: 2.0,
            decode_share: 1.0,
            bandwidth_bytes_per_s: 2e12,
            rate_flop_per_s: 1.0,
            ..Operation::default()
        };
        assert!((operation_time(&row, &decode(4.0)).total - 0.512e-6).abs() < 1e-15);
    }

    #[test]
    fn single_precision_agrees_to_six_digits() {
        for sequences in [1.0, 7.0, 300.0, 20_000.0] {
            let wide = step_time(&[dense_row()], &decode(sequences));
            let narrow = step_time::<f32>(&[dense_row().cast()], &decode(sequences).cast());
            assert!((wide - narrow.to_f64()).abs() < 2e-6 * wide);
        }
    }
}
