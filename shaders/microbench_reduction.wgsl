// Mirrors Reduction in src/kernel/microbench/reduction.rs.
@group(0) @binding(0) var<uniform> shape: ReductionShape;
@group(0) @binding(1) var<storage, read> numbers: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> results: array<f32>;

var<workgroup> lanes: array<f32, SUMMING>;

// Mirrors sum_of_group and tree_sum in src/kernel/microbench.rs.
fn sum_of_group(lane: u32, quad: vec4<f32>) -> f32 {
    lanes[lane] = (quad.x + quad.y) + (quad.z + quad.w);
    workgroupBarrier();
    for (var half = SUMMING / 2u; half > 0u; half /= 2u) {
        if lane < half {
            lanes[lane] += lanes[lane + half];
        }
        workgroupBarrier();
    }
    return lanes[0];
}

@compute @workgroup_size(SUMMING)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    var quad = vec4<f32>();
    for (var i = lane; i < shape.quads; i += SUMMING) {
        quad += numbers[group.x * shape.quads + i];
    }
    let sum = sum_of_group(lane, quad);
    if lane == 0u {
        results[group.x] = sum;
    }
}
