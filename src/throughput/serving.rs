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

mod bounds;
mod replica;
mod workload;

pub use bounds::{BOUNDS, Bound, binding, time_by_bound, time_by_part};
pub use replica::{CHUNK, Replica};
pub use workload::{Mode, Promise, Workload};

use super::parallelism::Layout;
use super::roofline::StepLoad;
use crate::units::Seconds;

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
    use crate::throughput::machine::Machine;
    use crate::throughput::memory::Reserve;
    use crate::throughput::precision::Format;
    use crate::throughput::precision::Precision;
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
