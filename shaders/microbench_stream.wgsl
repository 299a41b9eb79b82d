// Mirrors StreamBench in src/kernel/microbench/stream.rs; KIND is one of the four.
@group(0) @binding(0) var<uniform> shape: StreamShape;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < shape.quads; i += groups.x * GROUP) {
        if KIND == COPY {
            c[i] = a[i];
        } else if KIND == SCALE {
            c[i] = shape.factor * a[i];
        } else if KIND == ADD {
            c[i] = a[i] + b[i];
        } else {
            c[i] = a[i] + shape.factor * b[i];
        }
    }
}
