// Mirrors Attention in src/kernel/microbench/attention.rs: one head of one sequence a workgroup.
@group(0) @binding(0) var<uniform> shape: AttentionShape;
@group(0) @binding(1) var<storage, read> queries: array<f32>;
@group(0) @binding(2) var<storage, read> cache: array<f32>;
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read_write> results: array<f32>;

var<workgroup> query: array<f32, WIDTH>;
var<workgroup> scores: array<f32, TILE>;
var<workgroup> weights: array<f32, TILE>;

// Mirrors Attention::page.
fn page(sequence: u32, head: u32, position: u32) -> u32 {
    let page = table[(sequence * shape.context + position) / PAGE];
    return (page * shape.heads + head) * 2u * PLANE;
}

@compute @workgroup_size(TILE)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let sequence = group.x / shape.heads;
    let head = group.x % shape.heads;
    query[lane] = queries[group.x * WIDTH + lane];
    query[lane + TILE] = queries[group.x * WIDTH + lane + TILE];
    workgroupBarrier();

    var most = NOTHING_YET;
    var total = 0.0;
    var sums = vec2<f32>();
    for (var first = 0u; first < shape.context; first += TILE) {
        let keys = page(sequence, head, first + lane) + lane % PAGE;
        var score = 0.0;
        for (var d = 0u; d < WIDTH; d += 1u) {
            score += query[d] * cache[keys + d * PAGE];
        }
        scores[lane] = score;
        workgroupBarrier();
        var tile_most = most;
        for (var j = 0u; j < TILE; j += 1u) {
            tile_most = max(tile_most, scores[j]);
        }
        let shrink = exp2_polynomial(most - tile_most);
        weights[lane] = exp2_polynomial(score - tile_most);
        workgroupBarrier();
        total *= shrink;
        sums *= shrink;
        for (var j = 0u; j < TILE; j += 1u) {
            let values = page(sequence, head, first + j) + PLANE + j % PAGE * WIDTH + lane;
            total += weights[j];
            sums += weights[j] * vec2<f32>(cache[values], cache[values + TILE]);
        }
        most = tile_most;
        workgroupBarrier();
    }
    results[group.x * WIDTH + lane] = sums.x / total;
    results[group.x * WIDTH + lane + TILE] = sums.y / total;
}
