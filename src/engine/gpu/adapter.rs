//! Which adapter, with which limits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use crate::engine::{DeviceReport, DeviceWish, EngineError};

/// Why no adapter is open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdapterError {
    /// None that would do.
    #[error("no usable GPU: {seen}")]
    NotFound {
        /// What would have done.
        looked_for: String,
        /// What was there instead.
        seen: String,
    },
    /// One that does not open.
    #[error("{name} did not open: {reason}")]
    Closed {
        /// The adapter.
        name: String,
        /// What the driver said.
        reason: String,
    },
}

impl From<AdapterError> for EngineError {
    fn from(error: AdapterError) -> Self {
        let text = error.to_string();
        match error {
            AdapterError::NotFound { looked_for, seen } => Self::NoAdapter { looked_for, seen },
            AdapterError::Closed { .. } => {
                let looked_for = looked_for(wgpu::Backends::all(), &DeviceWish::default());
                Self::NoAdapter { looked_for, seen: text }
            }
        }
    }
}

/// An adapter with its device open.
#[derive(Debug)]
pub struct OpenDevice {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    name: String,
    number: usize,
    software: bool,
    f16: bool,
    largest_buffer: u64,
    lost: Arc<OnceLock<String>>,
    uncaptured: Arc<Mutex<Option<String>>>,
    /// Pipelines that were compiled before, by shader and entry point. Drivers keep machine code on disk by themselves;
    /// handing it over is unsafe in wgpu.
    pipelines: Mutex<BTreeMap<(&'static str, &'static str), wgpu::ComputePipeline>>,
}

impl OpenDevice {
    /// The pipeline of a shader's entry point, compiled when it is first asked for.
    pub(super) fn pipeline(
        &self,
        name: &'static str,
        entry: &'static str,
        shader: fn() -> String,
        layout: Option<&wgpu::PipelineLayout>,
    ) -> wgpu::ComputePipeline {
        let known = |map: &BTreeMap<_, wgpu::ComputePipeline>| map.get(&(name, entry)).cloned();
        if let Some(pipeline) = self.pipelines.lock().ok().and_then(|map| known(&map)) {
            return pipeline;
        }
        let source = wgpu::ShaderSource::Wgsl(shader().into());
        let module =
            self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout,
            module: &module,
            entry_point: Some(entry),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        if let Ok(mut map) = self.pipelines.lock() {
            map.insert((name, entry), pipeline.clone());
        }
        pipeline
    }

    /// A layout of one group of buffers.
    pub(super) fn layout(&self, buffers: &[wgpu::BufferBindingType]) -> wgpu::PipelineLayout {
        let entry = |(binding, ty): (u32, &wgpu::BufferBindingType)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty: *ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        let entries: Vec<_> = (0..).zip(buffers).map(entry).collect();
        let group = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&group)],
            immediate_size: 0,
        })
    }

    /// The adapter's name and interface.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Its number in the list of adapters, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether the CPU plays the device.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.software
    }

    /// Whether shaders may use 16-bit floats.
    #[must_use]
    pub fn has_f16(&self) -> bool {
        self.f16
    }

    /// Bytes of the largest buffer that a shader may read.
    #[must_use]
    pub fn largest_buffer(&self) -> u64 {
        self.largest_buffer
    }

    /// Why the device is gone, if it is.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// An error outside every scope since the last call.
    #[must_use]
    pub fn uncaptured(&self) -> Option<String> {
        self.uncaptured.lock().ok().and_then(|mut error| error.take())
    }
}

fn looked_for(asked: wgpu::Backends, wish: &DeviceWish) -> String {
    let which = match &wish.named {
        Some(named) if is_number(named) => format!("an adapter with the number {named}"),
        Some(named) => format!("an adapter with `{named}` in its name"),
        None if wish.allow_software => "a hardware or software adapter".into(),
        None => "a hardware adapter".to_owned(),
    };
    let interfaces = wgpu::Instance::enabled_backend_features() & asked;
    let names = [
        (wgpu::Backends::VULKAN, "Vulkan"),
        (wgpu::Backends::METAL, "Metal"),
        (wgpu::Backends::DX12, "DirectX 12"),
        (wgpu::Backends::GL, "OpenGL"),
    ];
    let names: Vec<_> =
        names.iter().filter(|(backend, _)| interfaces.contains(*backend)).map(|(_, name)| *name).collect();
    format!("{which} through {}", names.join(", "))
}

fn is_number(named: &str) -> bool {
    named.bytes().all(|byte| byte.is_ascii_digit())
}

/// All adapters of this machine, and the interfaces that were asked: OpenGL only where no other has any.
fn adapters() -> (Vec<wgpu::Adapter>, wgpu::Backends) {
    let primary = adapters_through(wgpu::Backends::PRIMARY);
    // Without a session OpenGL on Linux finds nothing, and its loader writes to our stderr.
    let session = !cfg!(target_os = "linux") || std::env::var_os("XDG_RUNTIME_DIR").is_some();
    if primary.is_empty() && session {
        (adapters_through(wgpu::Backends::GL), wgpu::Backends::PRIMARY | wgpu::Backends::GL)
    } else {
        (primary, wgpu::Backends::PRIMARY)
    }
}

fn adapters_through(backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    if !wgpu::Instance::enabled_backend_features().intersects(backends) {
        return Vec::new();
    }
    let mut wish = wgpu::InstanceDescriptor::new_without_display_handle();
    wish.backends = backends;
    wish.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(wish);
    pollster::block_on(instance.enumerate_adapters(backends))
}

/// Lower is better; none for an adapter that is not taken.
fn rank(info: &wgpu::AdapterInfo, compute: bool, allow_software: bool) -> Option<u32> {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu if allow_software => 4,
        wgpu::DeviceType::Cpu => return None,
    };
    compute.then_some(kind)
}

fn computes(adapter: &wgpu::Adapter) -> bool {
    let flags = adapter.get_downlevel_capabilities().flags;
    let baseline = baseline(adapter);
    flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
        && adapter.limits().max_storage_buffers_per_shader_stage
            >= baseline.max_storage_buffers_per_shader_stage
}

/// Baseline limits, with the storage-buffer ones raised to what the adapter grants.
fn baseline(adapter: &wgpu::Adapter) -> wgpu::Limits {
    let granted = adapter.limits();
    wgpu::Limits {
        max_storage_buffer_binding_size: granted.max_storage_buffer_binding_size,
        max_buffer_size: granted.max_buffer_size,
        ..wgpu::Limits::downlevel_defaults()
    }
}

fn kind(device_type: wgpu::DeviceType) -> &'static str {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete",
        wgpu::DeviceType::IntegratedGpu => "integrated",
        wgpu::DeviceType::VirtualGpu => "virtual",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "other",
    }
}

fn interface(backend: wgpu::Backend) -> &'static str {
    match backend {
        wgpu::Backend::Vulkan => "Vulkan",
        wgpu::Backend::Metal => "Metal",
        wgpu::Backend::Dx12 => "DirectX 12",
        wgpu::Backend::Gl => "OpenGL",
        _ => "other",
    }
}

fn best(adapters: &[wgpu::Adapter], wish: &DeviceWish) -> Option<usize> {
    let is_meant = |index: usize, name: &str| match &wish.named {
        None => true,
        Some(named) if is_number(named) => named.parse() == Ok(index + 1),
        Some(named) => name.to_lowercase().contains(&named.to_lowercase()),
    };
    let allow_software = wish.allow_software || wish.named.is_some();
    let ranked = adapters.iter().enumerate().filter_map(|(index, adapter)| {
        let info = adapter.get_info();
        let rank = rank(&info, computes(adapter), allow_software)?;
        is_meant(index, &info.name).then_some((rank, index))
    });
    ranked.min().map(|(_, index)| index)
}

/// The best adapter that is wished for and its number in the list, counted from 1.
pub fn find(wish: &DeviceWish) -> Result<(wgpu::Adapter, usize), AdapterError> {
    let (mut adapters, asked) = adapters();
    if let Some(index) = best(&adapters, wish) {
        return Ok((adapters.swap_remove(index), index + 1));
    }
    let seen: Vec<_> = adapters
        .iter()
        .map(wgpu::Adapter::get_info)
        .map(|info| format!("{} ({}, {})", info.name, interface(info.backend), kind(info.device_type)))
        .collect();
    let seen = if seen.is_empty() {
        "no adapter at all".to_owned()
    } else {
        format!("saw only {}", seen.join("; "))
    };
    Err(AdapterError::NotFound { looked_for: looked_for(asked, wish), seen })
}

/// Opens the best adapter that is wished for.
pub fn open(wish: &DeviceWish) -> Result<OpenDevice, AdapterError> {
    let (adapter, number) = find(wish)?;
    let info = adapter.get_info();
    let name = format!("{} ({})", info.name, interface(info.backend));
    // The kernels need no feature; the benchmarks measure 16-bit floats where there are any.
    let required_features = adapter.features() & wgpu::Features::SHADER_F16;
    let required_limits = baseline(&adapter);
    let largest_buffer = required_limits.max_storage_buffer_binding_size.min(required_limits.max_buffer_size);
    let wish = wgpu::DeviceDescriptor {
        label: Some("gigawatt"),
        required_features,
        required_limits,
        ..wgpu::DeviceDescriptor::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&wish))
        .map_err(|error| AdapterError::Closed { name: name.clone(), reason: error.to_string() })?;

    let lost = Arc::new(OnceLock::new());
    let tell = Arc::clone(&lost);
    device.set_device_lost_callback(move |reason, message| {
        // Only the first reason is the cause.
        let _ = tell.set(format!("{reason:?}: {message}"));
    });
    let uncaptured = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&uncaptured);
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        if let Ok(mut kept) = keep.lock() {
            kept.get_or_insert_with(|| error.to_string());
        }
    }));
    Ok(OpenDevice {
        device,
        queue,
        name,
        number,
        software: info.device_type == wgpu::DeviceType::Cpu,
        f16: required_features.contains(wgpu::Features::SHADER_F16),
        largest_buffer,
        lost,
        uncaptured,
        pipelines: Mutex::default(),
    })
}

/// What `devices` lists.
#[must_use]
pub fn report() -> Vec<DeviceReport> {
    let (adapters, _) = adapters();
    let chosen = best(&adapters, &DeviceWish::default());
    let describe = |(index, adapter): (usize, &wgpu::Adapter)| {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        let why = if chosen == Some(index) {
            "the best hardware adapter"
        } else if info.device_type == wgpu::DeviceType::Cpu {
            "software: slower than the CPU path, for tests only"
        } else if computes(adapter) {
            "another adapter ranks before it"
        } else {
            "lacks compute shaders with four storage buffers"
        };
        DeviceReport {
            number: index + 1,
            name: info.name,
            interface: interface(info.backend).to_owned(),
            kind: kind(info.device_type).to_owned(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            storage_buffer_bytes: limits.max_storage_buffer_binding_size,
            workgroups: limits.max_compute_workgroups_per_dimension,
            invocations: limits.max_compute_invocations_per_workgroup,
            chosen: chosen == Some(index),
            why: why.to_owned(),
        }
    };
    adapters.iter().enumerate().map(describe).collect()
}
