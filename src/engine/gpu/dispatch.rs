//! Chunks, buffers, error scopes and read-back of one kernel on one device.

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::engine::gpu::adapter::OpenDevice;
use crate::engine::{Progress, Run, cpu};
use crate::kernel::{Input, Kernel, Reduction, WORKGROUP};

/// A dispatch aims to take no longer: display drivers reset a device that is silent for about two seconds, and
/// the user waits this long for a stop.
const LONGEST: Duration = Duration::from_millis(50);
/// A dispatch shorter than this is doubled.
const SHORTEST: Duration = Duration::from_millis(15);
/// A dispatch that takes longer has hung.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Points of the first dispatch, before its speed is known.
const FIRST_POINTS: u32 = 1 << 14;
/// Points of a dispatch at most: their scores take some tens of megabytes, twice.
const MOST_POINTS: u32 = 1 << 20;
/// Scores of the first dispatch that are compared with the twin.
const CHECKED_POINTS: usize = 64;

/// What the caller limits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Points of a dispatch at most.
    pub most_points: Option<u32>,
    /// Dispatches after which the device is destroyed: a fault for tests.
    pub lose_after: Option<u64>,
}

/// Why a device did not finish.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The device is gone.
    #[error("the device was lost ({reason})")]
    Lost {
        /// What the driver said.
        reason: String,
    },
    /// A buffer did not fit.
    #[error("the device is out of memory")]
    OutOfMemory,
    /// The driver refused the shader or a command.
    #[error("the driver refused the work ({reason})")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// A dispatch hung.
    #[error("a dispatch took longer than {} s", PATIENCE.as_secs())]
    TimedOut,
    /// The device computes something else than the twin.
    #[error("the device's score of point {index} is outside the bound")]
    Disagrees {
        /// The point.
        index: u64,
    },
}

impl From<wgpu::Error> for Fault {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Self::OutOfMemory,
            other => {
                let text = other.to_string();
                Self::Refused { reason: text.lines().next().unwrap_or_default().trim().to_owned() }
            }
        }
    }
}

/// Runs device calls with every kind of error caught.
pub(super) fn scoped<T>(open: &OpenDevice, calls: impl FnOnce() -> T) -> Result<T, Fault> {
    let validation = open.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let memory = open.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let internal = open.device.push_error_scope(wgpu::ErrorFilter::Internal);
    let value = calls();
    let errors = [
        pollster::block_on(internal.pop()),
        pollster::block_on(memory.pop()),
        pollster::block_on(validation.pop()),
    ];
    if let Some(reason) = open.lost() {
        return Err(Fault::Lost { reason: reason.to_owned() });
    }
    match errors.into_iter().flatten().next() {
        Some(error) => Err(error.into()),
        None => match open.uncaptured() {
            Some(reason) => Err(Fault::Refused { reason }),
            None => Ok(value),
        },
    }
}

/// A kernel made ready on a device.
struct Prepared {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    range: wgpu::Buffer,
    scores: wgpu::Buffer,
    read_back: wgpu::Buffer,
}

fn prepare<K: Kernel>(open: &OpenDevice, kernel: &K, capacity: u32) -> Result<Prepared, Fault> {
    let device = &open.device;
    scoped(open, || {
        let source = wgpu::ShaderSource::Wgsl(K::shader().into());
        let module =
            device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(K::NAME), source });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(K::NAME),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let buffer = |label, size: u64, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let filled = |label, bytes: &[u8], usage| {
            let buffer = buffer(label, bytes.len() as u64, usage | wgpu::BufferUsages::COPY_DST);
            open.queue.write_buffer(&buffer, 0, bytes);
            buffer
        };
        let range = filled("range", &kernel.range(0, 0), wgpu::BufferUsages::UNIFORM);
        let inputs: Vec<_> = kernel
            .inputs()
            .iter()
            .map(|input| match input {
                Input::Uniform(bytes) => filled("uniform", bytes, wgpu::BufferUsages::UNIFORM),
                Input::Storage(bytes) => filled("input", bytes, wgpu::BufferUsages::STORAGE),
            })
            .collect();
        let size = u64::from(capacity) * size_of::<K::Score>() as u64;
        let scores = buffer("scores", size, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
        let read_back =
            buffer("read-back", size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let entries: Vec<_> = std::iter::once(&range)
            .chain(&inputs)
            .chain(std::iter::once(&scores))
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(K::NAME),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Prepared { pipeline, bindings, range, scores, read_back }
    })
}

/// Scores one chunk and hands the scores over while they are mapped.
fn score_chunk<K: Kernel>(
    open: &OpenDevice,
    prepared: &Prepared,
    kernel: &K,
    first: u64,
    count: u32,
    take: impl FnOnce(&[K::Score]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let bytes = u64::from(count) * size_of::<K::Score>() as u64;
    let (done, mapped) = mpsc::channel();
    let submission = scoped(open, || {
        open.queue.write_buffer(&prepared.range, 0, &kernel.range(first, count));
        let mut encoder = open.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&prepared.pipeline);
            pass.set_bind_group(0, &prepared.bindings, &[]);
            pass.dispatch_workgroups(count.div_ceil(WORKGROUP), 1, 1);
        }
        encoder.copy_buffer_to_buffer(&prepared.scores, 0, &prepared.read_back, 0, bytes);
        let submission = open.queue.submit([encoder.finish()]);
        prepared.read_back.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver is gone only if this chunk has failed already.
            let _ = done.send(result.is_ok());
        });
        submission
    })?;
    let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
    let polled = scoped(open, || open.device.poll(wait))?;
    if polled.is_err() {
        return Err(Fault::TimedOut);
    }
    if mapped.try_recv() != Ok(true) {
        return Err(Fault::Refused { reason: "the scores could not be mapped".to_owned() });
    }
    let view = prepared.read_back.slice(..bytes).get_mapped_range();
    let view = view.map_err(|error| Fault::Refused { reason: error.to_string() })?;
    let taken = take(bytemuck::cast_slice(&view));
    drop(view);
    prepared.read_back.unmap();
    taken
}

/// Scores as many points as the device will into the reduction; on a fault the points of whole chunks stay done.
pub fn run<K, R>(
    open: &OpenDevice,
    kernel: &K,
    limits: Limits,
    reduction: &mut R,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    run: &mut Run,
) -> Result<(), Fault>
where
    K: Kernel,
    R: Reduction<K::Score>,
{
    let capacity = capacity::<K>(&open.device.limits(), limits, kernel.points());
    let prepared = prepare(open, kernel, capacity)?;
    let total = kernel.points();
    let mut points = capacity.min(FIRST_POINTS);
    let mut dispatches = 0;
    while run.points < total {
        if limits.lose_after == Some(dispatches) {
            open.device.destroy();
        }
        let first = run.points;
        let count = points.min(u32::try_from(total - first).unwrap_or(u32::MAX));
        let started = Instant::now();
        score_chunk(open, &prepared, kernel, first, count, |scores| {
            if dispatches == 0 {
                check(kernel, first, scores)?;
            }
            cpu::reduce(reduction, first, scores);
            Ok(())
        })?;
        let took = started.elapsed();
        if took > LONGEST {
            points = (points / 2).max(WORKGROUP).min(capacity);
        } else if took < SHORTEST {
            points = points.saturating_mul(2).min(capacity);
        }
        dispatches += 1;
        run.points += u64::from(count);
        run.points_on_device += u64::from(count);
        if progress(Progress { done: run.points, total }).is_break() {
            run.cancelled = run.points < total;
            break;
        }
    }
    Ok(())
}

/// Compares some of the first scores with the twin before any of them count.
fn check<K: Kernel>(kernel: &K, first: u64, scores: &[K::Score]) -> Result<(), Fault> {
    let stride = (scores.len() / CHECKED_POINTS).max(1);
    for (offset, device) in scores.iter().enumerate().step_by(stride) {
        let index = first + offset as u64;
        if !K::agrees(&kernel.score(index), device) {
            return Err(Fault::Disagrees { index });
        }
    }
    Ok(())
}

/// Points of a dispatch at most, by the device's limits.
fn capacity<K: Kernel>(device: &wgpu::Limits, limits: Limits, points: u64) -> u32 {
    let score = size_of::<K::Score>() as u64;
    let binding = device.max_storage_buffer_binding_size.min(device.max_buffer_size) / score;
    let groups = u64::from(device.max_compute_workgroups_per_dimension) * u64::from(WORKGROUP);
    let wish = u64::from(limits.most_points.unwrap_or(MOST_POINTS));
    let capacity = wish.min(binding).min(groups).min(points).max(1);
    u32::try_from(capacity).unwrap_or(MOST_POINTS)
}
