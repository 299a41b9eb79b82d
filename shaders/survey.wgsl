// Mirrors src/kernel/survey.rs: the most tokens/s per accelerator in each bucket of tokens/s per user and of each layout, and
// how many points lie in each bin of three measures.

// Counts of one workgroup by measure and bin.
var<workgroup> group_spread: array<atomic<u32>, SPREAD>;

fn bucket(tokens_per_s: f32) -> u32 {
    let key = bitcast<u32>(max(tokens_per_s, 0.0)) >> (23u - MANTISSA_BITS);
    return min(max(key, SLOWEST) - SLOWEST, BUCKETS - 1u);
}

fn bin(value: f32) -> u32 {
    let key = bitcast<u32>(max(value, 0.0)) >> (23u - BIN_BITS);
    return min(max(key, FIRST_BIN) - FIRST_BIN, BINS - 1u);
}

fn layout_of(id: u32) -> u32 {
    let within = range.batch_count * range.chunk_count * range.draft_count;
    return range.first_layout + (range.first_within + id) / within;
}

// Words of the layouts follow those of the buckets, where leaders are asked for; the last is the shortest time per token.
fn leads() -> bool {
    return limits.noted > BUCKETS + 1u;
}

fn haste(score: Score) -> u32 {
    return ~bitcast<u32>(score.tpot_s);
}

// Bit 0 for a point that can run, else one for each reason why not.
fn counted(score: Score) -> u32 {
    return select(score.misfit << 1u, 1u, score.misfit == 0u);
}

fn note(id: u32, score: Score) {
    if score.misfit != 0u {
        return;
    }
    atomicAdd(&group_spread[bin(score.tokens_per_s_per_user)], 1u);
    atomicAdd(&group_spread[BINS + bin(score.tokens_per_s_per_accelerator)], 1u);
    atomicAdd(&group_spread[2u * BINS + bin(score.ttft_s)], 1u);
    if score.ttft_s <= limits.most {
        raise(limits.noted - 1u, haste(score));
    }
    let reach = bitcast<u32>(score.tokens_per_s_per_accelerator * LESS_GUARD);
    if score.ttft_s <= limits.most_sure {
        raise(bucket(score.tokens_per_s_per_user * LESS_GUARD), reach);
        if leads() && score.tpot_s <= limits.most_next_sure {
            raise(BUCKETS + layout_of(id), reach);
        }
    }
}

fn finish(first: u32, local: u32) {
    for (var place = local; place < SPREAD; place += GROUP) {
        let sum = atomicLoad(&group_spread[place]);
        if sum > 0u {
            atomicAdd(&counts[1u + COUNTED + place], sum);
        }
    }
}

fn settle(place: u32) -> u32 {
    var most = 0u;
    for (var faster = place + 1u; faster < BUCKETS; faster += 1u) {
        most = max(most, atomicLoad(&table[faster]));
    }
    return most;
}

fn keeps(id: u32, score: Score) -> bool {
    if score.misfit != 0u || score.ttft_s > limits.most {
        return false;
    }
    if haste(score) >= atomicLoad(&table[limits.noted - 1u]) {
        return true;
    }
    let rate = bitcast<u32>(score.tokens_per_s_per_accelerator);
    if rate > atomicLoad(&table[limits.noted + bucket(score.tokens_per_s_per_user)]) {
        return true;
    }
    return leads() && score.tpot_s <= limits.most_next
        && rate > atomicLoad(&table[BUCKETS + layout_of(id)]);
}
