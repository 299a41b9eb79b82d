//! Times microbenchmarks: on the threads of the CPU, and on a device.
//!
//! A run is repeated until one sample is long enough for the clock; samples before the first counted one warm caches
//! and clocks up. What a run computes is kept, so that it can be compared with the twin.

use std::time::{Duration, Instant};

use crate::engine::{DeviceWish, EngineError, cpu};
use crate::kernel::microbench::Microbench;

/// Runs of one sample at most.
const MOST_RUNS: u32 = 1 << 14;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Samples that are thrown away.
    pub warm_up: u32,
    /// Samples that count.
    pub samples: u32,
    /// A sample repeats its run until it takes about so long.
    pub sample: Duration,
}

impl Effort {
    /// Samples of something that can be repeated; `run` does it so many times and says how long that took.
    pub fn samples<E>(&self, mut run: impl FnMut(u32) -> Result<Duration, E>) -> Result<Vec<f64>, E> {
        let mut runs = 1;
        loop {
            let took = run(runs)?;
            if took * 2 >= self.sample || runs >= MOST_RUNS {
                break;
            }
            let wish = self.sample.as_secs_f64() / took.as_secs_f64().max(1e-9);
            runs = (f64::from(runs) * wish.clamp(2.0, 16.0)) as u32;
        }
        for _ in 0..self.warm_up {
            run(runs)?;
        }
        (0..self.samples).map(|_| Ok(run(runs)?.as_secs_f64() / f64::from(runs))).collect()
    }

    /// Samples of a plain function.
    pub fn time(&self, mut work: impl FnMut()) -> Vec<f64> {
        let run = |runs| -> Result<Duration, std::convert::Infallible> {
            let started = Instant::now();
            (0..runs).for_each(|_| work());
            Ok(started.elapsed())
        };
        match self.samples(run) {
            Ok(samples) => samples,
            Err(never) => match never {},
        }
    }
}

/// What a benchmark took and what it computed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timing {
    /// Seconds of one run, sample by sample.
    pub seconds: Vec<f64>,
    /// What it computed.
    pub results: Vec<f32>,
}

/// Times the twin on so many threads.
pub fn time_on_cpu<M: Microbench>(bench: &M, threads: usize, effort: Effort) -> Result<Timing, EngineError> {
    let mut results = vec![0.0; bench.results()];
    let pool = cpu::Threads::new(threads)?;
    let seconds = effort.time(|| pool.fill(bench, &mut results));
    Ok(Timing { seconds, results })
}

/// What the twin computes.
#[must_use]
pub fn twin<M: Microbench>(bench: &M) -> Vec<f32> {
    let mut results = vec![0.0; bench.results()];
    cpu::measure::fill(bench, &mut results);
    results
}

/// Times the copy of bytes from memory to memory, on one thread.
#[must_use]
pub fn time_host_copy(bytes: usize, effort: Effort) -> Vec<f64> {
    let from = vec![1_u8; bytes];
    let mut to = vec![0_u8; bytes];
    effort.time(|| {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&to);
    })
}

/// A device that is measured.
#[derive(Debug)]
pub struct Device(
    #[cfg(feature = "gpu")] super::gpu::adapter::OpenDevice,
    #[cfg(not(feature = "gpu"))] Never,
);

/// No device is possible.
#[cfg(not(feature = "gpu"))]
#[derive(Debug)]
enum Never {}

#[cfg(feature = "gpu")]
impl Device {
    /// Opens the best adapter, or the one that is named.
    pub fn open(wish: &DeviceWish) -> Result<Self, EngineError> {
        Ok(Self(super::gpu::adapter::open(wish)?))
    }

    /// Its number in the list of devices.
    #[must_use]
    pub fn number(&self) -> usize {
        self.0.number()
    }

    /// The adapter's name and interface.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Whether the CPU plays the device.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.0.is_software()
    }

    /// Whether shaders may use 16-bit floats.
    #[must_use]
    pub fn has_f16(&self) -> bool {
        self.0.has_f16()
    }

    /// Bytes of the largest buffer that a shader may read.
    #[must_use]
    pub fn largest_buffer(&self) -> u64 {
        self.0.largest_buffer()
    }

    /// Times a benchmark, launches among its runs.
    pub fn time<M: Microbench>(&self, bench: &M, effort: Effort) -> Result<Timing, EngineError> {
        super::gpu::measure::time(&self.0, bench, effort).map_err(|fault| self.fault(bench.name(), &fault))
    }

    /// Times a run from its submission to the moment that the host knows it is done.
    pub fn time_round_trip<M: Microbench>(&self, bench: &M, effort: Effort) -> Result<Vec<f64>, EngineError> {
        super::gpu::measure::time_round_trip(&self.0, bench, effort)
            .map_err(|fault| self.fault("round trip", &fault))
    }

    /// Times transfers of bytes to the device and from it, and counts those that come back wrong.
    pub fn time_transfers(&self, host: &[u8], effort: Effort) -> Result<([Vec<f64>; 2], u64), EngineError> {
        super::gpu::measure::time_transfers(&self.0, host, effort)
            .map_err(|fault| self.fault("transfer", &fault))
    }

    fn fault(&self, what: &str, fault: &super::gpu::dispatch::Fault) -> EngineError {
        EngineError::Measurement { device: self.name(), what: what.to_owned(), reason: fault.to_string() }
    }
}

#[cfg(not(feature = "gpu"))]
impl Device {
    /// Opens nothing: this build cannot.
    pub fn open(_wish: &DeviceWish) -> Result<Self, EngineError> {
        Err(EngineError::WithoutGpu)
    }

    /// Its number in the list of devices.
    #[must_use]
    pub fn number(&self) -> usize {
        match self.0 {}
    }

    /// The adapter's name and interface.
    #[must_use]
    pub fn name(&self) -> String {
        match self.0 {}
    }

    /// Whether the CPU plays the device.
    #[must_use]
    pub fn is_software(&self) -> bool {
        match self.0 {}
    }

    /// Whether shaders may use 16-bit floats.
    #[must_use]
    pub fn has_f16(&self) -> bool {
        match self.0 {}
    }

    /// Bytes of the largest buffer that a shader may read.
    #[must_use]
    pub fn largest_buffer(&self) -> u64 {
        match self.0 {}
    }

    /// Times a benchmark.
    pub fn time<M: Microbench>(&self, _bench: &M, _effort: Effort) -> Result<Timing, EngineError> {
        match self.0 {}
    }

    /// Times a run from its submission to the moment that the host knows it is done.
    pub fn time_round_trip<M: Microbench>(&self, _: &M, _effort: Effort) -> Result<Vec<f64>, EngineError> {
        match self.0 {}
    }

    /// Times transfers.
    pub fn time_transfers(&self, _host: &[u8], _effort: Effort) -> Result<([Vec<f64>; 2], u64), EngineError> {
        match self.0 {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_is_repeated_until_the_clock_sees_it() {
        let effort = Effort { warm_up: 1, samples: 5, sample: Duration::from_millis(10) };
        let mut calls = Vec::new();
        let samples = effort
            .samples(|runs| -> Result<Duration, ()> {
                calls.push(runs);
                Ok(Duration::from_micros(10) * runs)
            })
            .unwrap();
        // 10 ms over 10 µs are 1,000 runs; at least half of that.
        let runs = *calls.last().unwrap();
        assert!((500..=16_000).contains(&runs), "{calls:?}");
        assert_eq!(samples.len(), 5);
        assert!(samples.iter().all(|sample| (sample / 10e-6 - 1.0).abs() < 1e-6), "{samples:?}");
    }
}
