//! Kernels on a device, through wgpu. Nothing outside this folder knows wgpu.

pub mod adapter;
pub mod dispatch;
pub mod measure;
