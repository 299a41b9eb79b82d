//! Made-up design spaces for the parity tests and the benches: the shape and the magnitudes of real ones, no
//! machine's numbers.

use super::{DesignSpace, Draft, ParallelLayout, Workload};
use crate::throughput::roofline::{ALWAYS_TOUCHED, NO_WINDOW, Operation};

/// Rows of a layout, messages among them: as many as a mixture-of-experts model with latent attention takes.
pub const ROWS_OF_A_LAYOUT: u32 = 24;
const MESSAGES_OF_A_LAYOUT: u32 = 4;

/// Numbers from a seed: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// A sequence of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// The next number between two positive ones, even in the logarithm.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }
}

fn operation(numbers: &mut Numbers, ranks: f64) -> Operation {
    let attends = numbers.unit() < 0.3;
    let experts = numbers.unit() < 0.3;
    let weight_bytes = numbers.between(1e6, 1e10) / ranks;
    Operation {
        repeats: numbers.between(1.0, 100.0).round(),
        launch_s: numbers.between(1e-6, 1e-5),
        flop_per_token: 2.0 * weight_bytes,
        flop_per_attended: if attends { numbers.between(1e3, 1e6) } else { 0.0 },
        rate_flop_per_s: numbers.between(1e14, 1e16),
        rows_per_token: if experts { numbers.between(1.0 / 64.0, 1.0) } else { 1.0 },
        half_rows: numbers.between(1.0, 500.0),
        weight_bytes,
        miss_log2: if experts { (1.0 - numbers.between(1.0 / 128.0, 0.25)).log2() } else { ALWAYS_TOUCHED },
        bytes_per_token: numbers.between(1e3, 1e6),
        bytes_per_position: if attends { numbers.between(100.0, 1e4) } else { 0.0 },
        bandwidth_bytes_per_s: numbers.between(1e12, 2e13),
        decode_share: if numbers.unit() < 0.9 { 1.0 } else { 0.0 },
        prefill_share: if numbers.unit() < 0.9 { 1.0 } else { 0.0 },
        window: if attends && numbers.unit() < 0.3 { 128.0 } else { NO_WINDOW },
        serial: numbers.unit(),
    }
}

fn message(numbers: &mut Numbers) -> Operation {
    Operation {
        repeats: numbers.between(1.0, 100.0).round(),
        launch_s: numbers.between(1e-6, 2e-5),
        rate_flop_per_s: 1.0,
        miss_log2: ALWAYS_TOUCHED,
        bytes_per_token: numbers.between(1e3, 1e5),
        bandwidth_bytes_per_s: numbers.between(5e10, 1e12),
        decode_share: 1.0,
        prefill_share: 1.0,
        window: NO_WINDOW,
        ..Operation::default()
    }
}

/// A space of so many layouts and batches, eight chunks (the first a pool's) and three drafts.
#[must_use]
pub fn design_space(seed: u64, layouts: u32, batches: u32) -> DesignSpace {
    let (mut numbers, mut others) = (Numbers::new(seed), Numbers::new(!seed));
    let mut space = DesignSpace {
        batches: (1..=batches).map(f64::from).collect(),
        chunks: [0.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0, 8_192.0].to_vec(),
        drafts: vec![
            Draft { verified: 1.0, emitted: 1.0, drafted: 0.0, spread: 0.0 },
            Draft { verified: 2.0, emitted: 1.8, drafted: 1.0, spread: 0.002 },
            Draft { verified: 4.0, emitted: 2.6, drafted: 3.0, spread: 0.01 },
        ],
        workload: Workload {
            input_tokens: numbers.between(100.0, 100_000.0),
            prefill_per_output: numbers.between(0.1, 20.0),
            context: numbers.between(100.0, 100_000.0),
            prefill_context: numbers.between(50.0, 50_000.0),
            pool_ttft_s: numbers.between(0.1, 3.0),
            pool_tokens_per_s: numbers.between(1e3, 1e5),
            decode_pool_share: 0.92,
            load: others.between(0.1, 1.0),
            tail: f64::from(seed as u32 % 2),
        },
        ..DesignSpace::default()
    };
    for layout in 0..layouts {
        let accelerators = f64::from(1_u32 << (layout % 7));
        let first_operation = space.rows.len() as u32;
        let first_message = first_operation + ROWS_OF_A_LAYOUT - MESSAGES_OF_A_LAYOUT;
        for _ in first_operation..first_message {
            space.rows.push(operation(&mut numbers, accelerators));
        }
        for _ in 0..MESSAGES_OF_A_LAYOUT {
            space.rows.push(message(&mut numbers));
        }
        space.layouts.push(ParallelLayout {
            first_operation,
            first_message,
            end: first_operation + ROWS_OF_A_LAYOUT,
            accelerators: accelerators as f32,
            least_sequences: 1.0,
            stages: (1_u32 << (layout % 3)) as f32,
            hand_over_s: numbers.between(1e-3, 0.1) as f32,
            most_sequences: numbers.between(8.0, 4_096.0).floor() as f32,
            draft_share: others.between(0.01, 0.1) as f32,
            most_chunk: 4_096.0 * (1_u32 << (layout % 3)) as f32,
        });
    }
    space
}
