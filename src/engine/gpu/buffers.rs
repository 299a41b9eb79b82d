//! Pipelines and buffers of one kernel, and of the sieve behind it, on one device.
//!
//! A chunk takes one of two slots, each with buffers of its own, so that two may be under way. The table of the sieve is
//! shared: chunks run one after the other on the device. A kernel takes all four storage buffers that every adapter has, so the
//! sieve has bindings of its own.

use crate::engine::gpu::adapter::OpenDevice;
use crate::engine::gpu::dispatch::UNDER_WAY;
use crate::kernel::sieve::Sieve;
use crate::kernel::{Input, Kernel, WORKGROUP, buffer_bytes};

/// Points of a dispatch for each one that a sieve has room for.
const POINTS_PER_KEPT: u64 = 16;
/// Points that a sieve has room for at least.
const LEAST_KEPT: u64 = 4_096;

/// Points that are scored together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Whose buffers it takes.
    pub slot: usize,
    /// Its first point.
    pub first: u64,
    /// Points.
    pub points: u32,
}

/// A kernel made ready on a device, with the sieve behind it if there is one.
pub(super) struct Prepared {
    score: wgpu::ComputePipeline,
    sieve: Option<Passes>,
    score_bytes: u64,
    slots: Vec<Slot>,
    /// Where all scores of a chunk are fetched to.
    fetched: wgpu::Buffer,
}

/// The passes of a sieve.
struct Passes {
    note: wgpu::ComputePipeline,
    settle: wgpu::ComputePipeline,
    pick: wgpu::ComputePipeline,
    settled: u32,
    counts: u32,
}

struct Slot {
    range: wgpu::Buffer,
    scores: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    sieve: Option<SieveSlot>,
    result: wgpu::Buffer,
}

struct SieveSlot {
    counts: wgpu::Buffer,
    kept: wgpu::Buffer,
    bindings: wgpu::BindGroup,
}

fn buffer(open: &OpenDevice, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let label = Some(label);
    open.device.create_buffer(&wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: false })
}

fn filled(open: &OpenDevice, label: &str, bytes: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let buffer = buffer(open, label, bytes.len() as u64, usage | wgpu::BufferUsages::COPY_DST);
    open.queue.write_buffer(&buffer, 0, bytes);
    buffer
}

fn bind(open: &OpenDevice, layout: &wgpu::BindGroupLayout, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
    let entries: Vec<_> = (0..)
        .zip(buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    open.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

impl Prepared {
    /// Compiles, allocates and fills; run in a scope that catches errors.
    pub fn new<K: Kernel>(open: &OpenDevice, kernel: &K, sieve: Option<&Sieve>, capacity: u32) -> Self {
        use wgpu::BufferUsages as Usage;
        let score = open.pipeline(K::NAME, "main", K::shader, None);
        let inputs: Vec<_> = kernel
            .inputs()
            .iter()
            .map(|input| match input {
                Input::Uniform(bytes) => filled(open, "uniform", bytes, Usage::UNIFORM),
                Input::Storage(bytes) => filled(open, "input", bytes, Usage::STORAGE),
            })
            .collect();
        let score_bytes = size_of::<K::Score>() as u64;
        let all_bytes = u64::from(capacity) * score_bytes;
        let layout = score.get_bind_group_layout(0);
        let passes = sieve.map(|sieve| Passes::new(open, sieve));
        let table = sieve.map(|sieve| {
            let mut words = sieve.noted.clone();
            words.resize((sieve.limits.noted + sieve.limits.settled) as usize, 0);
            let limits = filled(open, "limits", &buffer_bytes(&[sieve.limits]), Usage::UNIFORM);
            (limits, filled(open, "table", bytemuck::cast_slice(&words), Usage::STORAGE))
        });
        let slots = (0..UNDER_WAY).map(|_| {
            let range = filled(open, "range", &kernel.range(0, 0), Usage::UNIFORM);
            let scores = buffer(open, "scores", all_bytes, Usage::STORAGE | Usage::COPY_SRC);
            let mut bound = vec![&range];
            bound.extend(&inputs);
            bound.push(&scores);
            let bindings = bind(open, &layout, &bound);
            let sieve = passes.as_ref().zip(table.as_ref()).map(|(passes, (limits, table))| {
                let room = (u64::from(capacity) / POINTS_PER_KEPT).max(LEAST_KEPT);
                let usage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
                let counts = buffer(open, "counts", 4 * u64::from(1 + passes.counts), usage);
                let kept = buffer(open, "kept", room * (4 + score_bytes), usage);
                let layout = passes.note.get_bind_group_layout(0);
                let bindings = bind(open, &layout, &[&range, limits, &scores, table, &counts, &kept]);
                SieveSlot { counts, kept, bindings }
            });
            let bytes = sieve.as_ref().map_or(all_bytes, |sieve| sieve.counts.size() + sieve.kept.size());
            let result = buffer(open, "result", bytes, Usage::MAP_READ | Usage::COPY_DST);
            Slot { range, scores, bindings, sieve, result }
        });
        let slots = slots.collect();
        let fetched = if passes.is_some() { all_bytes } else { 4 };
        let fetched = buffer(open, "fetched", fetched, Usage::MAP_READ | Usage::COPY_DST);
        Self { score, sieve: passes, score_bytes, slots, fetched }
    }

    /// Counts of the sieve, where there is one.
    pub fn counts(&self) -> Option<usize> {
        self.sieve.as_ref().map(|passes| passes.counts as usize)
    }

    /// Where a chunk's result is mapped: counts and kept points, or all scores.
    pub fn result(&self, chunk: Chunk) -> wgpu::BufferSlice<'_> {
        let slot = &self.slots[chunk.slot];
        match slot.sieve {
            Some(_) => slot.result.slice(..),
            None => slot.result.slice(..u64::from(chunk.points) * self.score_bytes),
        }
    }

    /// Where the scores of a chunk are mapped that were fetched.
    pub fn scores(&self, chunk: Chunk) -> wgpu::BufferSlice<'_> {
        self.fetched.slice(..u64::from(chunk.points) * self.score_bytes)
    }

    /// Scores a chunk, sifts it and copies the result to where it can be mapped.
    pub fn submit<K: Kernel>(&self, open: &OpenDevice, kernel: &K, chunk: Chunk) -> wgpu::SubmissionIndex {
        let slot = &self.slots[chunk.slot];
        open.queue.write_buffer(&slot.range, 0, &kernel.range(chunk.first, chunk.points));
        let mut encoder = open.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if let Some(sieve) = &slot.sieve {
            encoder.clear_buffer(&sieve.counts, 0, None);
        }
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            let mut run = |pipeline: &wgpu::ComputePipeline, bindings: &wgpu::BindGroup, points: u32| {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, bindings, &[]);
                pass.dispatch_workgroups(points.div_ceil(WORKGROUP), 1, 1);
            };
            run(&self.score, &slot.bindings, chunk.points);
            if let (Some(passes), Some(sieve)) = (&self.sieve, &slot.sieve) {
                run(&passes.note, &sieve.bindings, chunk.points);
                run(&passes.settle, &sieve.bindings, passes.settled);
                run(&passes.pick, &sieve.bindings, chunk.points);
            }
        }
        if let Some(sieve) = &slot.sieve {
            let counts = sieve.counts.size();
            encoder.copy_buffer_to_buffer(&sieve.counts, 0, &slot.result, 0, counts);
            encoder.copy_buffer_to_buffer(&sieve.kept, 0, &slot.result, counts, sieve.kept.size());
        } else {
            let bytes = u64::from(chunk.points) * self.score_bytes;
            encoder.copy_buffer_to_buffer(&slot.scores, 0, &slot.result, 0, bytes);
        }
        open.queue.submit([encoder.finish()])
    }

    /// Fetches all scores of a chunk that a sieve has left on the device; `mapped` hears whether they can be read.
    pub fn fetch(
        &self,
        open: &OpenDevice,
        chunk: Chunk,
        mapped: impl FnOnce(bool) + Send + 'static,
    ) -> wgpu::SubmissionIndex {
        let mut encoder = open.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let bytes = u64::from(chunk.points) * self.score_bytes;
        encoder.copy_buffer_to_buffer(&self.slots[chunk.slot].scores, 0, &self.fetched, 0, bytes);
        let submission = open.queue.submit([encoder.finish()]);
        self.scores(chunk).map_async(wgpu::MapMode::Read, move |result| mapped(result.is_ok()));
        submission
    }
}

impl Passes {
    fn new(open: &OpenDevice, sieve: &Sieve) -> Self {
        // Every pass uses some of the bindings; one layout for all lets them share a group.
        let layout = open.layout(&[
            wgpu::BufferBindingType::Uniform,
            wgpu::BufferBindingType::Uniform,
            wgpu::BufferBindingType::Storage { read_only: true },
            wgpu::BufferBindingType::Storage { read_only: false },
            wgpu::BufferBindingType::Storage { read_only: false },
            wgpu::BufferBindingType::Storage { read_only: false },
        ]);
        let pass = |entry| open.pipeline(sieve.name, entry, sieve.shader, Some(&layout));
        Self {
            note: pass("note_scores"),
            settle: pass("settle_table"),
            pick: pass("pick_scores"),
            settled: sieve.limits.settled,
            counts: sieve.counts,
        }
    }
}
