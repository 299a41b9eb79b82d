// Mirrors src/kernel/sieve.rs: the passes around `counted`, `note`, `finish`, `settle` and `keeps` of one reduction.

struct Kept {
    offset: u32,
    score: Score,
}

@group(0) @binding(0) var<uniform> range: Range;
@group(0) @binding(1) var<uniform> limits: Limits;
@group(0) @binding(2) var<storage, read> scores: array<Score>;
// Words that are noted, then words that are settled.
@group(0) @binding(3) var<storage, read_write> table: array<atomic<u32>>;
// How many points are kept, then the counts.
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> kept: array<Kept>;

// Counts of one workgroup, so that few invocations meet at the same word of the device.
var<workgroup> group_counts: array<atomic<u32>, MOST_COUNTS>;

// Asking first is cheap; most scores raise nothing.
fn raise(place: u32, key: u32) {
    if atomicLoad(&table[place]) < key {
        atomicMax(&table[place], key);
    }
}

@compute @workgroup_size(GROUP)
fn note_scores(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    if id.x < range.count {
        let score = scores[id.x];
        note(id.x, score);
        var bits = counted(score);
        while bits != 0u {
            atomicAdd(&group_counts[firstTrailingBit(bits)], 1u);
            bits &= bits - 1u;
        }
    }
    workgroupBarrier();
    finish(id.x - local, local);
    if local < COUNTED {
        let sum = atomicLoad(&group_counts[local]);
        if sum > 0u {
            atomicAdd(&counts[local + 1u], sum);
        }
    }
}

@compute @workgroup_size(GROUP)
fn settle_table(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < limits.settled {
        atomicStore(&table[limits.noted + id.x], settle(id.x));
    }
}

@compute @workgroup_size(GROUP)
fn pick_scores(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < range.count {
        let score = scores[id.x];
        if keeps(id.x, score) {
            // Where there is no room the count says so, and all scores are read back.
            let place = atomicAdd(&counts[0], 1u);
            if place < arrayLength(&kept) {
                kept[place] = Kept(id.x, score);
            }
        }
    }
}
