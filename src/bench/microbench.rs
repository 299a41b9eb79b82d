//! The microbenchmarks on a device and on the CPU, each checked against its twin.

use super::{Amounts, Check, Group, Options, Reading, path};
use crate::engine::EngineError;
use crate::engine::measure::{Device, Effort, Timing, time_host_copy, time_on_cpu, twin};
use crate::kernel::microbench::attention::Attention;
use crate::kernel::microbench::launch::Launch;
use crate::kernel::microbench::matrix_vector::MatrixVector;
use crate::kernel::microbench::product::Product;
use crate::kernel::microbench::reduction::Reduction;
use crate::kernel::microbench::stream::Arrays;
use crate::kernel::microbench::{Microbench, words};
use crate::random::Stream;
use std::time::Duration;

/// How large the operands are.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Numbers of a STREAM array: with its three arrays several times what a last-level cache holds, as STREAM asks for;
    /// 128 MiB each on a CPU, 512 on a device (256 where it is to be quick).
    stream: usize,
    /// Side of a matrix.
    side: usize,
    /// Linear layers of a decode step: rows and columns.
    layers: &'static [(usize, usize)],
    /// Sequences, heads of keys and values, cached positions.
    attention: (usize, usize, usize),
    /// Bytes of a transfer.
    transfer: usize,
}

/// Output projection and up projection of Llama 3.1 8B: `src/catalog/models/llama-3.1-8b.toml`.
const LAYERS: &[(usize, usize)] = &[(4_096, 4_096), (14_336, 4_096)];

const DEVICE: Sizes =
    Sizes { stream: 1 << 27, side: 2_048, layers: LAYERS, attention: (32, 8, 1_024), transfer: 1 << 28 };
const DEVICE_QUICK: Sizes =
    Sizes { stream: 1 << 26, side: 1_024, layers: LAYERS, attention: (16, 8, 1_024), transfer: 1 << 26 };
const CPU: Sizes =
    Sizes { stream: 1 << 25, side: 1_024, layers: LAYERS, attention: (8, 8, 2_048), transfer: 1 << 27 };
const CPU_QUICK: Sizes =
    Sizes { stream: 1 << 25, side: 512, layers: LAYERS, attention: (4, 8, 2_048), transfer: 1 << 25 };
/// Software devices are measured for what they compute, not for how fast.
const SOFTWARE: Sizes =
    Sizes { stream: 1 << 18, side: 128, layers: &[(256, 512)], attention: (2, 2, 192), transfer: 1 << 20 };

/// Results that are compared with the twin at most.
const COMPARED: usize = 4_096;

impl Sizes {
    fn of_device(device: &Device, quick: bool) -> Self {
        let wish = match (device.is_software(), quick) {
            (true, _) => return SOFTWARE,
            (_, true) => DEVICE_QUICK,
            _ => DEVICE,
        };
        // A device may grant less than the wish: halve until it fits.
        let granted = device.largest_buffer();
        let mut sizes = wish;
        while 4 * sizes.stream as u64 > granted {
            sizes.stream /= 2;
        }
        let (mut sequences, heads, context) = sizes.attention;
        while sequences > 1 && Attention::cache_bytes(sequences, heads, context) > granted {
            sequences /= 2;
        }
        sizes.attention = (sequences, heads, context);
        sizes.transfer = sizes.transfer.min(4 * sizes.stream);
        sizes
    }
}

/// Side of the matrices that say how fast a device multiplies.
const PROBED_SIDE: usize = 512;
/// A product on a device is to take no longer: display drivers reset one that is silent for long [s].
const LONGEST_PRODUCT_S: f64 = 0.1;

/// The largest side up to the wish that a device multiplies in time, by halves.
fn side_in_time(device: &Device, wish: usize, seed: u64) -> Result<usize, EngineError> {
    if wish <= PROBED_SIDE {
        return Ok(wish);
    }
    let effort = Effort { warm_up: 0, samples: 3, sample: Duration::ZERO };
    let timing = device.time(&Product::single(seed, PROBED_SIDE), effort)?;
    let fastest = timing.seconds.into_iter().fold(f64::INFINITY, f64::min);
    Ok(largest_side(wish, fastest))
}

/// The side, where products of the probed one take so long [s] and time goes with its cube.
fn largest_side(wish: usize, probed_s: f64) -> usize {
    let mut side = wish;
    while side > PROBED_SIDE && probed_s * (side as f64 / PROBED_SIDE as f64).powi(3) > LONGEST_PRODUCT_S {
        side /= 2;
    }
    side
}

/// Where a suite runs.
trait Side {
    const PATH: &'static str;
    fn time<M: Microbench>(&self, bench: &M) -> Result<Timing, EngineError>;
    /// Compares what came out with another way to compute it.
    fn check<M: Microbench>(bench: &M, results: &[f32], seed: u64) -> Check;
}

struct OnDevice<'a>(&'a Device, Effort);

impl Side for OnDevice<'_> {
    const PATH: &'static str = path::GPU;
    fn check<M: Microbench>(bench: &M, results: &[f32], seed: u64) -> Check {
        check(bench, results, &twin(bench), seed)
    }
    fn time<M: Microbench>(&self, bench: &M) -> Result<Timing, EngineError> {
        self.0.time(bench, self.1)
    }
}

/// Random numbers of the bytes that are sent to a device and back.
const TRANSFERRED: u64 = 0x7472_616e;

struct OnCpu(usize, Effort);

impl Side for OnCpu {
    const PATH: &'static str = path::CPU;
    fn check<M: Microbench>(bench: &M, results: &[f32], seed: u64) -> Check {
        check_plainly(bench, results, seed)
    }
    fn time<M: Microbench>(&self, bench: &M) -> Result<Timing, EngineError> {
        time_on_cpu(bench, self.0, self.1)
    }
}

/// Runs every benchmark on both sides.
pub fn run(
    device: Option<&Device>,
    options: Options,
    told: &mut dyn FnMut(&str),
) -> Result<Vec<Reading>, EngineError> {
    let effort = options.effort();
    let mut readings = Vec::new();
    if let Some(device) = device {
        let mut sizes = Sizes::of_device(device, options.quick);
        sizes.side = side_in_time(device, sizes.side, options.seed)?;
        suite(&OnDevice(device, effort), &sizes, device.has_f16(), options.seed, told, &mut readings)?;
        told("round trips and transfers");
        let reading = |name: &str, shape: String, bytes: f64, seconds| Reading {
            group: Group::Microbenchmark,
            name: name.into(),
            shape,
            path: path::GPU.into(),
            amounts: Amounts { bytes, ..Amounts::default() },
            seconds,
            check: None,
        };
        let seconds = device.time_round_trip(&Launch, effort)?;
        readings.push(reading("launch and wait", Launch.shape(), 0.0, seconds));
        let bytes = sizes.transfer;
        let shape = format!("{} MiB", bytes >> 20);
        let random = Stream { seed: options.seed, stream: TRANSFERRED };
        let words = (0..bytes.div_ceil(16) as u64).flat_map(|index| random.words(index));
        let mut host: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        host.truncate(bytes);
        let ([there, back], wrong) = device.time_transfers(&host, effort)?;
        let worst = if wrong > 0 { f64::INFINITY } else { 0.0 };
        let check = Some(Check { compared: bytes as u64, wrong, worst });
        readings.push(reading("host to device", shape.clone(), bytes as f64, there));
        // What came there and back is compared with what was sent.
        readings.push(Reading { check, ..reading("device to host", shape, bytes as f64, back) });
    }
    let sizes = if options.quick { CPU_QUICK } else { CPU };
    suite(&OnCpu(options.threads(), effort), &sizes, false, options.seed, told, &mut readings)?;
    told("copy from host to host");
    readings.push(Reading {
        group: Group::Microbenchmark,
        name: "host to host".into(),
        shape: format!("{} MiB, one thread", sizes.transfer >> 20),
        path: path::CPU.into(),
        // Read and written.
        amounts: Amounts { bytes: 2.0 * sizes.transfer as f64, ..Amounts::default() },
        seconds: time_host_copy(sizes.transfer, effort),
        check: None,
    });
    Ok(readings)
}

fn suite<S: Side>(
    side: &S,
    sizes: &Sizes,
    f16: bool,
    seed: u64,
    told: &mut dyn FnMut(&str),
    readings: &mut Vec<Reading>,
) -> Result<(), EngineError> {
    let arrays = Arrays::new(seed, sizes.stream);
    for bench in arrays.benches() {
        readings.push(reading(side, &bench, seed, told)?);
    }
    drop(arrays);
    readings.push(reading(side, &Reduction::new(seed, sizes.stream), seed, told)?);
    for (rows, columns) in sizes.layers {
        readings.push(reading(side, &MatrixVector::new(seed, *rows, *columns), seed, told)?);
    }
    let (sequences, heads, context) = sizes.attention;
    readings.push(reading(side, &Attention::new(seed, sequences, heads, context), seed, told)?);
    readings.push(reading(side, &Product::single(seed, sizes.side), seed, told)?);
    if f16 {
        readings.push(reading(side, &Product::half(seed, sizes.side), seed, told)?);
    }
    readings.push(reading(side, &Launch, seed, told)?);
    Ok(())
}

fn reading<S: Side, M: Microbench>(
    side: &S,
    bench: &M,
    seed: u64,
    told: &mut dyn FnMut(&str),
) -> Result<Reading, EngineError> {
    told(&format!("{}, {}: {}", bench.name(), S::PATH, bench.shape()));
    let timing = side.time(bench)?;
    Ok(Reading {
        group: Group::Microbenchmark,
        name: bench.name().into(),
        shape: bench.shape(),
        path: S::PATH.into(),
        amounts: bench.work().into(),
        seconds: timing.seconds,
        check: Some(S::check(bench, &timing.results, seed)),
    })
}

/// Compares results with the twin's: all of a few, else a random choice, always the first and the last.
#[must_use]
pub fn check<M: Microbench>(bench: &M, results: &[f32], twin: &[f32], seed: u64) -> Check {
    let count = twin.len();
    let chosen: Vec<usize> = if count <= COMPARED {
        (0..count).collect()
    } else {
        let drawn = words(seed, 12, COMPARED).into_iter().map(|word| word as usize % count);
        drawn.chain([0, count - 1]).collect()
    };
    let pairs = chosen.into_iter().map(|index| (index, results[index], twin[index]));
    compared(bench, pairs)
}

/// Stretches of results that are computed again on the CPU at most.
const STRETCHES: usize = 16;

/// Compares what threads and vectors have computed with a plain loop on one thread, in a random choice of stretches, always the
/// first and the last.
#[must_use]
pub fn check_plainly<M: Microbench>(bench: &M, results: &[f32], seed: u64) -> Check {
    let grain = bench.grain().max(1);
    let stretches = results.len() / grain;
    let mut chosen: Vec<usize> = if stretches <= STRETCHES {
        (0..stretches).collect()
    } else {
        let drawn = words(seed, 13, STRETCHES).into_iter().map(|word| word as usize % stretches);
        drawn.chain([0, stretches - 1]).collect()
    };
    chosen.sort_unstable();
    chosen.dedup();
    let mut plain = vec![0.0; grain];
    let mut found = Check { compared: 0, wrong: 0, worst: 0.0 };
    for stretch in chosen {
        let first = stretch * grain;
        bench.fill(first, &mut plain);
        let pairs = (first..).zip(&plain).map(|(index, plain)| (index, results[index], *plain));
        let own = compared(bench, pairs);
        found.compared += own.compared;
        found.wrong += own.wrong;
        found.worst = found.worst.max(own.worst);
    }
    found
}

/// Compares pairs of results, each with its index.
fn compared<M: Microbench>(bench: &M, pairs: impl Iterator<Item = (usize, f32, f32)>) -> Check {
    let mut found = Check { compared: 0, wrong: 0, worst: 0.0 };
    for (index, result, expected) in pairs {
        let difference = (f64::from(result) - f64::from(expected)).abs();
        let bound = bench.bound(index);
        let share = if difference <= 0.0 { 0.0 } else { difference / bound };
        // What is no number is wrong, too.
        let within = difference <= bound;
        found.compared += 1;
        found.wrong += u64::from(!within);
        found.worst = if share.is_nan() { f64::INFINITY } else { found.worst.max(share) };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_device_gets_smaller_products() {
        assert_eq!(largest_side(2_048, 1e-4), 2_048);
        assert_eq!(largest_side(2_048, 2e-3), 1_024);
        assert_eq!(largest_side(2_048, 1.0), 512);
    }

    #[test]
    fn a_wrong_result_is_found_and_a_rounded_one_is_not() {
        let bench = MatrixVector::new(1, 8, 512);
        let twin = twin(&bench);
        let mut results = twin.clone();
        results[3] += 1e-6;
        let found = check(&bench, &results, &twin, 1);
        assert!(found.wrong == 0 && found.worst > 0.0 && found.compared == 8, "{found:?}");
        for wrong in [results[4] + 0.1, f32::NAN, f32::INFINITY] {
            results[4] = wrong;
            let found = check(&bench, &results, &twin, 1);
            assert!(found.wrong == 1 && found.worst > 1.0, "{wrong}: {found:?}");
        }
    }
}
