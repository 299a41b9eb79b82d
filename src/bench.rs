//! What this machine really does: microbenchmarks and the project's own kernels, timed and checked.
//!
//! Everything is a [`Reading`]: samples of the time of one run and what a run amounts to. A rate is an amount over the
//! median time; its spread is the middle half of the samples. Nothing is compared with a claim unless the user names one.

pub mod host;
pub mod kernels;
pub mod microbench;
pub mod recorded;
pub mod significance;

use serde::{Deserialize, Serialize};

use crate::engine::measure::{Device, Effort};
use crate::engine::{EngineError, instruction_set};
use crate::kernel::microbench::Work;
use crate::validation::statistics::quantile;
use std::time::Duration;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Small sizes and few samples.
    pub quick: bool,
    /// Seed of the operands.
    pub seed: u64,
    /// Threads of the CPU; all of them if not said.
    pub threads: Option<usize>,
}

impl Options {
    /// Samples and how long each takes.
    #[must_use]
    pub fn effort(&self) -> Effort {
        if self.quick {
            Effort { warm_up: 1, samples: 9, sample: Duration::from_millis(4) }
        } else {
            Effort { warm_up: 3, samples: 21, sample: Duration::from_millis(20) }
        }
    }

    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// So many threads, in words.
#[must_use]
pub fn threads_in_words(threads: usize) -> String {
    if threads == 1 { "1 thread".into() } else { format!("{threads} threads") }
}

/// What a reading is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// A pattern of memory or arithmetic.
    Microbenchmark,
    /// One of the project's kernels.
    Kernel,
    /// The mix of operations of a kernel, from registers.
    Roof,
    /// A whole command.
    Command,
}

/// What ran.
pub mod path {
    /// The device.
    pub const GPU: &str = "gpu";
    /// All threads of the CPU, in vectors.
    pub const CPU: &str = "cpu";
    /// One thread, one point after the other.
    pub const SCALAR: &str = "scalar";
    /// One thread, in vectors.
    pub const SIMD: &str = "simd";
    /// The engine on one thread, reduction and all.
    pub const ONE_THREAD: &str = "1 thread";
}

/// What one run amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    /// Bytes moved.
    #[serde(default)]
    pub bytes: f64,
    /// Operations on floats.
    #[serde(default)]
    pub flop: f64,
    /// Points scored.
    #[serde(default)]
    pub points: f64,
}

impl From<Work> for Amounts {
    fn from(work: Work) -> Self {
        Self { bytes: work.bytes, flop: work.flop, points: 0.0 }
    }
}

/// How a result compares with what it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Results compared.
    pub compared: u64,
    /// Those outside the bound.
    pub wrong: u64,
    /// The largest difference over its bound; 0 where all are equal.
    pub worst: f64,
}

/// Samples of the time of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it is about.
    pub group: Group,
    /// The benchmark, the kernel or the command.
    pub name: String,
    /// Its size.
    pub shape: String,
    /// What ran; see [`path`].
    pub path: String,
    /// What a run amounts to.
    pub amounts: Amounts,
    /// Seconds of one run, sample by sample in the order of measuring.
    pub seconds: Vec<f64>,
    /// Whether what it computed was right, where that was checked.
    pub check: Option<Check>,
}

/// The middle of some samples and their middle half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// A quarter of the samples lie below.
    pub low: f64,
    /// Half of them.
    pub median: f64,
    /// Three quarters.
    pub high: f64,
}

impl Spread {
    /// Of samples, of which there is at least one.
    #[must_use]
    pub fn of(samples: &[f64]) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |share| quantile(&sorted, share).unwrap_or(f64::NAN);
        Self { low: at(0.25), median: at(0.5), high: at(0.75) }
    }

    /// Width of the middle half over the median.
    #[must_use]
    pub fn relative(&self) -> f64 {
        (self.high - self.low) / self.median
    }
}

impl Reading {
    /// The time of one run [s].
    #[must_use]
    pub fn time(&self) -> Spread {
        Spread::of(&self.seconds)
    }

    /// The fastest sample: what is left where others use the machine at the same time [s].
    #[must_use]
    pub fn least(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// An amount over the time: slow samples make the low end.
    #[must_use]
    pub fn rate(&self, amount: f64) -> Option<Spread> {
        let time = self.time();
        (amount > 0.0).then(|| Spread {
            low: amount / time.high,
            median: amount / time.median,
            high: amount / time.low,
        })
    }

    /// Whether two readings are about the same thing, of whatever size.
    #[must_use]
    pub fn is_of_kind(&self, other: &Self) -> bool {
        self.group == other.group && self.path == other.path && self.name == other.name
    }

    /// What its speed is counted in: points, operations of a product, else bytes; runs where it has none of them.
    #[must_use]
    pub fn main_amount(&self) -> f64 {
        let Amounts { points, flop, bytes } = self.amounts;
        let computes = self.group == Group::Roof || self.name.starts_with("product");
        let first = [points, if computes { flop } else { 0.0 }, bytes, flop];
        first.into_iter().find(|amount| *amount > 0.0).unwrap_or(1.0)
    }
}

/// The device, if one was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFacts {
    /// The adapter's name and interface.
    pub name: String,
    /// Whether the CPU plays the device: then its speed says nothing.
    pub software: bool,
    /// Whether shaders may use 16-bit floats.
    pub f16: bool,
}

/// The CPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFacts {
    /// Its name, where the system tells it.
    pub name: Option<String>,
    /// Threads that were used.
    pub threads: usize,
    /// Vectors that were used.
    pub instruction_set: &'static str,
}

/// A whole run of the benchmarks.
#[derive(Debug, Clone, PartialEq)]
pub struct Bench {
    /// What was asked for.
    pub options: Options,
    /// The device.
    pub device: Option<DeviceFacts>,
    /// The CPU.
    pub host: HostFacts,
    /// Everything measured, in the order of measuring.
    pub readings: Vec<Reading>,
}

impl Bench {
    /// Measures everything; `told` hears what is measured next.
    pub fn run(
        device: Option<&Device>,
        options: Options,
        told: &mut dyn FnMut(&str),
    ) -> Result<Self, EngineError> {
        let mut readings = microbench::run(device, options, told)?;
        readings.extend(kernels::run(device, options, told)?);
        Ok(Self {
            options,
            device: device.map(|device| DeviceFacts {
                name: device.name(),
                software: device.is_software(),
                f16: device.has_f16(),
            }),
            host: HostFacts {
                name: host::processor(),
                threads: options.threads(),
                instruction_set: instruction_set(),
            },
            readings,
        })
    }

    /// Whether everything that was checked was right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.readings.iter().filter_map(|reading| reading.check).all(|check| check.wrong == 0)
    }

    /// The readings of one group.
    pub fn group(&self, group: Group) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(move |reading| reading.group == group)
    }

    /// What share of its roof a kernel reaches: its operations in a second over those of the same mix from registers.
    ///
    /// The engine's single thread is held against one thread in vectors. Fastest samples on both sides, as in every ratio
    /// of this machine with itself: what other programs take of it makes no kernel slower.
    #[must_use]
    pub fn roof_share(&self, kernel: &Reading) -> Option<f64> {
        let path = if kernel.path == path::ONE_THREAD { path::SIMD } else { &kernel.path };
        let roof = self.group(Group::Roof).find(|roof| roof.name == kernel.name && roof.path == path)?;
        let rate = |reading: &Reading| reading.amounts.flop / reading.least();
        (kernel.group == Group::Kernel && kernel.amounts.flop > 0.0).then(|| rate(kernel) / rate(roof))
    }

    /// Speed of a kernel over that of the same kernel and size on another path, fastest samples of both.
    #[must_use]
    pub fn over(&self, kernel: &Reading, path: &str) -> Option<f64> {
        let same =
            |other: &&Reading| other.name == kernel.name && other.shape == kernel.shape && other.path == path;
        let other = self.group(Group::Kernel).find(same)?;
        let rate = |reading: &Reading| reading.amounts.points / reading.least();
        (other.path != kernel.path).then(|| rate(kernel) / rate(other))
    }

    /// The fastest reading of some names on the measured device, else on the CPU, by its rate of an amount.
    #[must_use]
    pub fn fastest(&self, names: &[&str], amount: fn(&Amounts) -> f64) -> Option<(&Reading, Spread)> {
        let side = if self.device.is_some() { path::GPU } else { path::CPU };
        self.group(Group::Microbenchmark)
            .filter(|reading| reading.path == side && names.contains(&reading.name.as_str()))
            .filter_map(|reading| Some((reading, reading.rate(amount(&reading.amounts))?)))
            .max_by(|(_, a), (_, b)| a.median.total_cmp(&b.median))
    }

    /// The fastest of the four STREAM kernels: what memory does [bytes/s].
    #[must_use]
    pub fn memory(&self) -> Option<(&Reading, Spread)> {
        let names = ["stream copy", "stream scale", "stream add", "stream triad"];
        self.fastest(&names, |amounts| amounts.bytes)
    }

    /// The faster matrix product, 16-bit operands or not [FLOP/s].
    #[must_use]
    pub fn arithmetic(&self) -> Option<(&Reading, Spread)> {
        self.fastest(&["product f16", "product f32"], |amounts| amounts.flop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(group: Group, path: &str, flop: f64, seconds: &[f64]) -> Reading {
        Reading {
            group,
            name: "k".into(),
            shape: "s".into(),
            path: path.into(),
            amounts: Amounts { flop, ..Amounts::default() },
            seconds: seconds.to_vec(),
            check: None,
        }
    }

    #[test]
    fn slow_samples_make_the_low_end_of_a_rate() {
        let rate = reading(Group::Kernel, "simd", 12.0, &[1.0, 2.0, 3.0, 4.0, 6.0]).rate(12.0).unwrap();
        assert!((rate.low - 3.0).abs() < 1e-9 && (rate.median - 4.0).abs() < 1e-9, "{rate:?}");
        assert!((rate.high - 6.0).abs() < 1e-9 && (rate.relative() - 0.75).abs() < 1e-9);
    }

    #[test]
    fn a_kernel_is_held_against_the_roof_of_its_own_path() {
        let bench = Bench {
            options: Options { quick: true, seed: 1, threads: None },
            device: None,
            host: HostFacts { name: None, threads: 2, instruction_set: "x" },
            readings: vec![
                reading(Group::Kernel, "1 thread", 10.0, &[1.0]),
                reading(Group::Kernel, "cpu", 10.0, &[0.5]),
                reading(Group::Kernel, "scalar", 10.0, &[0.5]),
                reading(Group::Roof, "simd", 40.0, &[1.0]),
                reading(Group::Roof, "cpu", 80.0, &[1.0]),
            ],
        };
        let shares: Vec<_> = bench.readings.iter().map(|reading| bench.roof_share(reading)).collect();
        assert_eq!(shares, [Some(0.25), Some(0.25), None, None, None]);
    }
}
