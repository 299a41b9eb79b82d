//! Kernels on a device, through wgpu. Nothing outside this folder knows wgpu.

pub mod adapter;
mod buffers;
pub mod dispatch;
pub mod measure;
