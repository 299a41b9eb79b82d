// Mirrors Product in src/kernel/microbench/product.rs; Element is f32 or f16, sums are f32.
@group(0) @binding(0) var<uniform> shape: ProductShape;
@group(0) @binding(1) var<storage, read> a: array<Element>;
@group(0) @binding(2) var<storage, read> b: array<Element>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

var<workgroup> left: array<f32, TILE * DEPTH>;
var<workgroup> right: array<f32, DEPTH * TILE>;

@compute @workgroup_size(GROUP)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let tiles = shape.side / TILE;
    let first_row = group.x / tiles * TILE;
    let first_column = group.x % tiles * TILE;
    let row = local / (TILE / BLOCK) * BLOCK;
    let column = local % (TILE / BLOCK) * BLOCK;

    var sums = array<vec4<f32>, BLOCK>();
    for (var depth = 0u; depth < shape.side; depth += DEPTH) {
        for (var i = local; i < TILE * DEPTH; i += GROUP) {
            left[i] = f32(a[(first_row + i / DEPTH) * shape.side + depth + i % DEPTH]);
            right[i] = f32(b[(depth + i / TILE) * shape.side + first_column + i % TILE]);
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k += 1u) {
            let at = k * TILE + column;
            let b_row = vec4<f32>(right[at], right[at + 1u], right[at + 2u], right[at + 3u]);
            for (var i = 0u; i < BLOCK; i += 1u) {
                sums[i] += left[(row + i) * DEPTH + k] * b_row;
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < BLOCK; i += 1u) {
        let at = (first_row + row + i) * shape.side + first_column + column;
        c[at] = sums[i].x;
        c[at + 1u] = sums[i].y;
        c[at + 2u] = sums[i].z;
        c[at + 3u] = sums[i].w;
    }
}
