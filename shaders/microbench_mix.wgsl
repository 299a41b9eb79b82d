// Mirrors Mix in src/kernel/microbench/mix.rs.
@group(0) @binding(0) var<uniform> shape: MixShape;
@group(0) @binding(1) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = 1.0 + f32(id.x % 1024u) / 1024.0;
    for (var round = 0u; round < shape.rounds; round += 1u) {
        for (var i = 0u; i < shape.plain; i += 1u) {
            x = x * shape.factor + shape.term;
        }
        for (var i = 0u; i < shape.choices; i += 1u) {
            x = min(max(x * shape.factor + shape.term, LEAST), MOST);
        }
        for (var i = 0u; i < shape.divisions; i += 1u) {
            x = DIVIDEND / (x + shape.factor);
        }
        for (var i = 0u; i < shape.powers; i += 1u) {
            x = exp2_polynomial(x * shape.factor);
        }
    }
    results[id.x] = x;
}
