// Mirrors Launch in src/kernel/microbench/launch.rs.
@group(0) @binding(0) var<uniform> shape: LaunchShape;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
    results[lane] = f32(lane + shape.offset);
}
