// Mirrors src/kernel/frontier.rs: the most tokens/s per accelerator in each bucket of tokens/s per user.

fn bucket(tokens_per_s: f32) -> u32 {
    let key = bitcast<u32>(max(tokens_per_s, 0.0)) >> (23u - MANTISSA_BITS);
    return min(max(key, SLOWEST) - SLOWEST, BUCKETS - 1u);
}

// Bit 0 for a point that can run, else one for each reason why not.
fn counted(score: Score) -> u32 {
    return select(score.misfit << 1u, 1u, score.misfit == 0u);
}

fn note(id: u32, score: Score) {
    if score.misfit == 0u && score.ttft_s <= limits.most_sure {
        let reach = bitcast<u32>(score.tokens_per_s_per_accelerator * LESS_GUARD);
        raise(bucket(score.tokens_per_s_per_user * LESS_GUARD), reach);
    }
}

fn finish(first: u32, local: u32) {}

fn settle(place: u32) -> u32 {
    var most = 0u;
    for (var faster = place + 1u; faster < BUCKETS; faster += 1u) {
        most = max(most, atomicLoad(&table[faster]));
    }
    return most;
}

fn keeps(id: u32, score: Score) -> bool {
    let beaten_below = atomicLoad(&table[BUCKETS + bucket(score.tokens_per_s_per_user)]);
    return score.misfit == 0u
        && score.ttft_s <= limits.most
        && bitcast<u32>(score.tokens_per_s_per_accelerator) > beaten_below;
}
