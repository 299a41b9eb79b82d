//! Runs a kernel over all its points: picks the device, cuts the work, hands over when the device goes.
//!
//! No driver is touched before a kernel runs. `Auto` takes a hardware adapter when the work is worth waking one
//! (software Vulkan counts as none), else the CPU. If the device is lost, out of memory, too slow or wrong, the CPU
//! takes the remaining chunks and the run carries one warning; the answer is the same.

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod measure;

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::str::FromStr;
#[cfg(feature = "gpu")]
use std::sync::atomic::{AtomicBool, Ordering};

use crate::kernel::{Kernel, Reduction};

/// Which machine runs kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// A hardware adapter for long work, else the CPU.
    #[default]
    Auto,
    /// An adapter, or an error that says what was looked for.
    Gpu,
    /// The CPU.
    Cpu,
}

impl FromStr for Backend {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        match text {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            _ => Err(EngineError::UnknownBackend { given: text.to_owned() }),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        })
    }
}

/// Which adapter is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceWish {
    /// Whether a software adapter will do.
    pub allow_software: bool,
    /// Its number in the list of [`devices`], or a part of its name; the best one if not said. One that is named may be
    /// software.
    pub named: Option<String>,
}

/// Why an engine cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Not the name of a backend.
    #[error("unknown backend \"{given}\": expected auto, gpu or cpu")]
    UnknownBackend {
        /// What was given.
        given: String,
    },
    /// A GPU was asked for and none can be used.
    #[error("no usable GPU: looked for {looked_for}; {seen}")]
    NoAdapter {
        /// What would have done.
        looked_for: String,
        /// What was there instead.
        seen: String,
    },
    /// A device that did not finish a measurement.
    #[error("{device}: {what}: {reason}")]
    Measurement {
        /// The adapter.
        device: String,
        /// What was measured.
        what: String,
        /// What went wrong.
        reason: String,
    },
    /// This build has no GPU support.
    #[error("this build cannot use a GPU: it was made without the feature `gpu`")]
    WithoutGpu,
    /// The thread pool could not start.
    #[error("the thread pool did not start: {reason}")]
    Threads {
        /// What the system said.
        reason: String,
    },
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Points scored: all of them, unless cancelled.
    pub points: u64,
    /// Those that a device scored.
    pub points_on_device: u64,
    /// The adapter, where one was used.
    pub device: Option<String>,
    /// Whether the caller stopped it.
    pub cancelled: bool,
    /// What the user should know; at most one line for a hand-over.
    pub warnings: Vec<String>,
}

impl Run {
    /// The backend that did the work, in one word.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        match (self.points_on_device, self.points - self.points_on_device) {
            (0, _) => "cpu",
            (_, 0) => "gpu",
            _ => "gpu+cpu",
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Points scored.
    pub done: u64,
    /// Points in all.
    pub total: u64,
}

/// Points below which `Auto` does not wake a driver: the CPU is done before a device has started.
pub const AUTO_DEVICE_POINTS: u64 = 1 << 22;

/// Runs kernels.
#[derive(Debug)]
pub struct Engine {
    choice: Backend,
    wish: DeviceWish,
    threads: Option<usize>,
    pool: std::sync::OnceLock<Result<cpu::Threads, EngineError>>,
    #[cfg(feature = "gpu")]
    limits: gpu::dispatch::Limits,
    #[cfg(feature = "gpu")]
    device: std::sync::OnceLock<Result<gpu::adapter::OpenDevice, gpu::adapter::AdapterError>>,
    /// Whether the device has failed in a way that it would again: later runs do not wait for it.
    #[cfg(feature = "gpu")]
    given_up: AtomicBool,
}

impl Engine {
    /// An engine that has not looked at the machine yet.
    #[must_use]
    pub fn new(choice: Backend) -> Self {
        Self {
            choice,
            wish: DeviceWish::default(),
            threads: None,
            pool: std::sync::OnceLock::new(),
            #[cfg(feature = "gpu")]
            limits: gpu::dispatch::Limits::default(),
            #[cfg(feature = "gpu")]
            device: std::sync::OnceLock::new(),
            #[cfg(feature = "gpu")]
            given_up: AtomicBool::new(false),
        }
    }

    /// Lets software Vulkan count as a device: for tests.
    #[must_use]
    pub fn allow_software(mut self, allow: bool) -> Self {
        self.wish.allow_software = allow;
        self
    }

    /// Takes this adapter: its number in the list of [`devices`], or a part of its name.
    #[must_use]
    pub fn on_device(mut self, named: Option<String>) -> Self {
        self.wish.named = named;
        self
    }

    /// Runs the CPU path on this many threads instead of all.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// Caps the points of one dispatch below what time and limits allow.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn most_points_per_dispatch(mut self, points: u32) -> Self {
        self.limits.most_points = Some(points.max(1));
        self
    }

    /// Destroys the device after so many dispatches: the fault that tests inject.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn lose_device_after(mut self, dispatches: u64) -> Self {
        self.limits.lose_after = Some(dispatches);
        self
    }

    /// Lets the device be out of memory for larger dispatches: the fault that tests inject.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn out_of_memory_above(mut self, points: u32) -> Self {
        self.limits.scarce_above = Some(points);
        self
    }

    /// How long a dispatch may take: with no time at all the fault that tests inject.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn patience(mut self, patience: std::time::Duration) -> Self {
        self.limits.patience = Some(patience);
        self
    }

    /// Scores every point of a kernel into a reduction.
    ///
    /// `progress` is called between chunks; when it breaks, the run ends with what is done so far.
    pub fn run<K, R>(
        &self,
        kernel: &K,
        reduction: &mut R,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Run, EngineError>
    where
        K: Kernel,
        R: Reduction<K::Score>,
    {
        self.run_range(kernel, 0..kernel.points(), reduction, |made, _| progress(made))
    }

    /// Scores a range of points into a reduction, which `watch` sees between chunks.
    ///
    /// Points come in the order of their indices: after each chunk the reduction holds exactly the first `done` ones.
    pub fn run_range<K, R>(
        &self,
        kernel: &K,
        range: Range<u64>,
        reduction: &mut R,
        mut watch: impl FnMut(Progress, &mut R) -> ControlFlow<()>,
    ) -> Result<Run, EngineError>
    where
        K: Kernel,
        R: Reduction<K::Score>,
    {
        let mut run = Run::default();
        let range = range.start..range.end.min(kernel.points());
        self.run_on_device(kernel, &range, reduction, &mut watch, &mut run)?;
        if !run.cancelled && range.start + run.points < range.end {
            let pool = self.threads.map(|count| self.pool.get_or_init(|| cpu::Threads::new(count)).as_ref());
            let pool = pool.transpose().map_err(EngineError::clone)?;
            cpu::run(kernel, &range, reduction, pool, &mut watch, &mut run);
        }
        Ok(run)
    }

    /// Takes as many points as a device will; leaves the rest, with a warning if that is a surprise.
    #[cfg(feature = "gpu")]
    fn run_on_device<K, R>(
        &self,
        kernel: &K,
        range: &Range<u64>,
        reduction: &mut R,
        watch: &mut dyn FnMut(Progress, &mut R) -> ControlFlow<()>,
        run: &mut Run,
    ) -> Result<(), EngineError>
    where
        K: Kernel,
        R: Reduction<K::Score>,
    {
        // A device that is named is wanted for short work too.
        let wished = self.wish.allow_software || self.wish.named.is_some();
        let short = range.end.saturating_sub(range.start) < AUTO_DEVICE_POINTS && !wished;
        let given_up = self.given_up.load(Ordering::Relaxed);
        if given_up || self.choice == Backend::Cpu || (self.choice == Backend::Auto && short) {
            return Ok(());
        }
        let device = match self.device.get_or_init(|| gpu::adapter::open(&self.wish)) {
            Ok(device) => device,
            // A machine without a GPU is no surprise in `Auto`; a GPU that does not open is.
            Err(gpu::adapter::AdapterError::NotFound { .. })
                if self.choice == Backend::Auto && self.wish.named.is_none() =>
            {
                return Ok(());
            }
            Err(error @ gpu::adapter::AdapterError::Closed { .. }) if self.choice == Backend::Auto => {
                run.warnings.push(format!("{error}; the CPU does the work"));
                return Ok(());
            }
            Err(error) => return Err(error.clone().into()),
        };
        run.device = Some(device.name());
        if let Err(fault) = gpu::dispatch::run(device, kernel, range, self.limits, reduction, watch, run) {
            let (name, done) = (device.name(), run.points_on_device);
            self.given_up.fetch_or(fault.is_lasting(), Ordering::Relaxed);
            run.warnings.push(format!("{name}: {fault} after {done} points; the CPU does the rest"));
        }
        Ok(())
    }

    /// Without device support only the explicit wish for one is an error.
    #[cfg(not(feature = "gpu"))]
    fn run_on_device<K, R>(
        &self,
        _kernel: &K,
        _range: &Range<u64>,
        _reduction: &mut R,
        _watch: &mut dyn FnMut(Progress, &mut R) -> ControlFlow<()>,
        _run: &mut Run,
    ) -> Result<(), EngineError> {
        if self.choice == Backend::Gpu { Err(EngineError::WithoutGpu) } else { Ok(()) }
    }
}

/// An adapter that kernels can run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceReport {
    /// Its number in the list, counted from 1.
    pub number: usize,
    /// The name that the driver gives.
    pub name: String,
    /// The interface: Vulkan, Metal, DirectX 12 or OpenGL.
    pub interface: String,
    /// Discrete, integrated, virtual, software or other.
    pub kind: String,
    /// The driver and its version.
    pub driver: String,
    /// Largest storage buffer of one binding [bytes].
    pub storage_buffer_bytes: u64,
    /// Most workgroups in one dimension of a dispatch.
    pub workgroups: u32,
    /// Most invocations in one workgroup.
    pub invocations: u32,
    /// Whether `Auto` would choose it.
    pub chosen: bool,
    /// Why, or why not.
    pub why: String,
}

/// Lists the adapters of this machine; touches the drivers.
#[must_use]
pub fn devices() -> Vec<DeviceReport> {
    #[cfg(feature = "gpu")]
    {
        gpu::adapter::report()
    }
    #[cfg(not(feature = "gpu"))]
    {
        Vec::new()
    }
}

/// Whether an adapter can be used; the error says what was looked for and what there was.
pub fn find_device(wish: &DeviceWish) -> Result<(), EngineError> {
    #[cfg(feature = "gpu")]
    {
        gpu::adapter::find(wish).map(drop).map_err(EngineError::from)
    }
    #[cfg(not(feature = "gpu"))]
    {
        let _ = wish;
        Err(EngineError::WithoutGpu)
    }
}

/// The instruction set that the CPU path uses on this machine.
#[must_use]
pub fn instruction_set() -> &'static str {
    cpu::instruction_set()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_read_as_it_is_written() {
        for backend in [Backend::Auto, Backend::Gpu, Backend::Cpu] {
            assert_eq!(backend.to_string().parse(), Ok(backend));
        }
        assert!("cuda".parse::<Backend>().is_err());
    }
}
