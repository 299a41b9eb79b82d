//! Microbenchmarks on a device: launches by the batch, round trips, transfers.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::engine::gpu::adapter::OpenDevice;
use crate::engine::gpu::dispatch::{Fault, PATIENCE, scoped};
use crate::engine::measure::{Effort, Timing};
use crate::kernel::microbench::Microbench;

/// A benchmark made ready.
struct Ready {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    results: wgpu::Buffer,
    groups: u32,
}

fn buffer(open: &OpenDevice, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    open.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size,
        usage,
        mapped_at_creation: false,
    })
}

fn prepare<M: Microbench>(open: &OpenDevice, bench: &M) -> Result<Ready, Fault> {
    let device = &open.device;
    scoped(open, || {
        let source = wgpu::ShaderSource::Wgsl(bench.shader().into());
        let label = Some(bench.name());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label, source });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let filled = |label, bytes: &[u8], usage| {
            let buffer = buffer(open, label, bytes.len() as u64, usage | wgpu::BufferUsages::COPY_DST);
            open.queue.write_buffer(&buffer, 0, bytes);
            buffer
        };
        let parameters = filled("parameters", &bench.parameters(), wgpu::BufferUsages::UNIFORM);
        let operands: Vec<_> = bench
            .operands()
            .into_iter()
            .map(|bytes| filled("operand", bytes, wgpu::BufferUsages::STORAGE))
            .collect();
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let results = buffer(open, "results", 4 * bench.results() as u64, usage);
        let entries: Vec<_> = std::iter::once(&parameters)
            .chain(&operands)
            .chain(std::iter::once(&results))
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let layout = pipeline.get_bind_group_layout(0);
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label,
            layout: &layout,
            entries: &entries,
        });
        Ready { pipeline, bindings, results, groups: bench.groups() }
    })
}

/// Waits until all that was submitted is done.
fn finish(open: &OpenDevice) -> Result<(), Fault> {
    let wait = wgpu::PollType::Wait { submission_index: None, timeout: Some(PATIENCE) };
    match scoped(open, || open.device.poll(wait))? {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::TimedOut),
    }
}

/// Launches a benchmark so many times in one submission, and waits.
fn launch(open: &OpenDevice, ready: &Ready, runs: u32) -> Result<Duration, Fault> {
    let started = Instant::now();
    scoped(open, || {
        let mut encoder = open.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&ready.pipeline);
            pass.set_bind_group(0, &ready.bindings, &[]);
            for _ in 0..runs {
                pass.dispatch_workgroups(ready.groups, 1, 1);
            }
        }
        open.queue.submit([encoder.finish()]);
    })?;
    finish(open)?;
    Ok(started.elapsed())
}

/// Copies the front of a buffer to the host.
fn read(open: &OpenDevice, from: &wgpu::Buffer, staging: &wgpu::Buffer) -> Result<Vec<u8>, Fault> {
    let bytes = staging.size();
    let (done, mapped) = mpsc::channel();
    scoped(open, || {
        let mut encoder = open.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(from, 0, staging, 0, bytes);
        open.queue.submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver is gone only if the read has failed already.
            let _ = done.send(result.is_ok());
        });
    })?;
    finish(open)?;
    let refused = |reason: String| Fault::Refused { reason };
    if mapped.try_recv() != Ok(true) {
        return Err(refused("the results could not be mapped".to_owned()));
    }
    let view = staging.slice(..).get_mapped_range().map_err(|error| refused(error.to_string()))?;
    let copy = view.to_vec();
    drop(view);
    staging.unmap();
    Ok(copy)
}

fn staging(open: &OpenDevice, bytes: u64) -> Result<wgpu::Buffer, Fault> {
    let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
    scoped(open, || buffer(open, "read-back", bytes, usage))
}

/// Times a benchmark and keeps what it computed.
pub fn time<M: Microbench>(open: &OpenDevice, bench: &M, effort: Effort) -> Result<Timing, Fault> {
    let ready = prepare(open, bench)?;
    launch(open, &ready, 1)?;
    let staging = staging(open, ready.results.size())?;
    let results = bytemuck::pod_collect_to_vec(&read(open, &ready.results, &staging)?);
    let seconds = effort.samples(|runs| launch(open, &ready, runs))?;
    Ok(Timing { seconds, results })
}

/// Times single runs, each with its submission and the wait for its end.
pub fn time_round_trip<M: Microbench>(
    open: &OpenDevice,
    bench: &M,
    effort: Effort,
) -> Result<Vec<f64>, Fault> {
    let ready = prepare(open, bench)?;
    effort.samples(|runs| (0..runs).try_fold(Duration::ZERO, |sum, _| Ok(sum + launch(open, &ready, 1)?)))
}

/// Times transfers to a buffer of the device and from it, and counts the bytes that come back wrong.
pub fn time_transfers(open: &OpenDevice, host: &[u8], effort: Effort) -> Result<([Vec<f64>; 2], u64), Fault> {
    let bytes = host.len();
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
    let device = scoped(open, || buffer(open, "transfer", bytes as u64, usage))?;
    let staging = staging(open, bytes as u64)?;
    let there = effort.samples(|runs| -> Result<Duration, Fault> {
        let started = Instant::now();
        for _ in 0..runs {
            scoped(open, || {
                open.queue.write_buffer(&device, 0, host);
                open.queue.submit([]);
            })?;
            finish(open)?;
        }
        Ok(started.elapsed())
    })?;
    let back = effort.samples(|runs| -> Result<Duration, Fault> {
        let started = Instant::now();
        for _ in 0..runs {
            read(open, &device, &staging)?;
        }
        Ok(started.elapsed())
    })?;
    let came = read(open, &device, &staging)?;
    let wrong = came.iter().zip(host).filter(|(came, sent)| came != sent).count() as u64;
    Ok(([there, back], wrong))
}
