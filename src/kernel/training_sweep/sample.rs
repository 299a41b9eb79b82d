//! Made-up training spaces for the parity tests and the benches: the shape and the magnitudes of real ones, no
//! machine's numbers.

use super::TrainingSpace;
use crate::kernel::serving_sweep::sample::Numbers;
use crate::throughput::training::split::{JobTerms, Scale, Split};

fn split(numbers: &mut Numbers, layers: f64) -> Split {
    let power = |numbers: &mut Numbers, most: f64| numbers.between(1.0, most).log2().round().exp2();
    let (tensor, stages) = (power(numbers, 16.0), power(numbers, 16.0));
    let (context, expert_data) = (power(numbers, 4.0), power(numbers, 16.0));
    let mixture = numbers.unit() < 0.5;
    let sharded = stages < 2.0 && numbers.unit() < 0.5;
    let parameters = numbers.between(5e9, 5e11) / (tensor * stages);
    let plain_s = numbers.between(1e-2, 10.0) / (tensor * stages * context);
    let kept_bytes = numbers.between(1e10, 1e12) / (tensor * context);
    let exchanged = numbers.unit();
    let (always, never) = (numbers.unit() < 0.1, numbers.unit() < 0.1);
    Split {
        copy_ranks: tensor * stages,
        stages,
        context,
        expert_data,
        replica: tensor * stages * context.max(expert_data),
        most_interleave: if stages > 1.0 { (layers / stages).floor() } else { 1.0 },
        plain_s,
        plain_again_s: plain_s / 3.5,
        experts_s: if mixture { 0.6 * plain_s } else { 0.0 },
        experts_again_s: if mixture { 0.2 * plain_s } else { 0.0 },
        expert_fill: if mixture { numbers.between(1.0, 1.5) } else { 0.0 },
        expert_rows: if mixture { numbers.between(10.0, 10_000.0) } else { 0.0 },
        sums_s: numbers.between(1e-3, 0.1),
        messages_s: plain_s * numbers.unit(),
        ends_s: plain_s * 0.1 * numbers.unit(),
        host_s: numbers.between(1e-3, 0.2),
        dense_parameters: parameters,
        expert_parameters: if mixture { 4.0 * parameters / expert_data } else { 0.0 },
        dense_exchanged_bytes: 4.0 * exchanged * parameters,
        expert_exchanged_bytes: if mixture { exchanged * parameters } else { 0.0 },
        dense_members: 8.0 / tensor,
        expert_members: 8.0 / (tensor * expert_data),
        never_hidden: 0.5 * numbers.unit(),
        each_micro_batch: f64::from(u8::from(sharded)),
        held_weights_bytes: if sharded { 0.1 * parameters } else { 2.0 * parameters },
        shard_weights_bytes: if sharded { 2.0 } else { 0.0 },
        held_gradients_bytes: if sharded { 0.0 } else { 2.0 * parameters },
        shard_gradients_bytes: if sharded { 2.0 } else { 0.0 },
        shard_optimizer_bytes: 12.0,
        shard_optimizer_s: 28.0 / numbers.between(1e12, 1e13),
        kept_bytes,
        kept_inputs_bytes: kept_bytes / 17.0,
        layer_bytes: kept_bytes / layers,
        logits_bytes: numbers.between(1e8, 1e10) / tensor,
        head_gradient_bytes: numbers.between(1e8, 1e10) / tensor,
        least_again: f64::from(u8::from(always)),
        most_again: f64::from(u8::from(always || !never)),
    }
}

/// A space of so many splits and scales, with twelve interleavings and five micro-batches.
#[must_use]
pub fn training_space(seed: u64, splits: u32, scales: u32) -> TrainingSpace {
    let mut numbers = Numbers::new(seed);
    let layers = numbers.between(16.0, 128.0).round();
    let job = JobTerms {
        layers,
        room_bytes: numbers.between(6e10, 3e11),
        sequence_tokens: 8_192.0,
        ideal_s: numbers.between(0.1, 10.0),
        bubble: numbers.between(0.5, 2.0),
        fixed_s: numbers.between(1e-3, 0.1),
        domain: 8.0,
        inside_bytes_per_s: numbers.between(1e11, 1e12),
        outside_bytes_per_s: numbers.between(1e10, 1e11),
    };
    let scale = |place: u32| {
        let third = if place % 20 < 10 { 1.0 } else { 3.0 };
        Scale {
            accelerators: third * f64::from(128_u32 << (place % 10)),
            global_batch: 6_144.0,
            waiting: 0.01 * f64::from(place % 10),
        }
    };
    TrainingSpace {
        job,
        scales: (0..scales).map(scale).collect(),
        splits: (0..splits).map(|_| split(&mut numbers, layers)).collect(),
        interleaves: (1..=12).map(f64::from).collect(),
        micro_batches: [1.0, 2.0, 3.0, 4.0, 8.0].to_vec(),
    }
}
