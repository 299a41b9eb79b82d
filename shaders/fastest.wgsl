// Mirrors src/kernel/training_sweep/fastest.rs: the least step of each group of splits at each scale.
//
// A shorter step has the larger key, so that keys rise from 0, which stands for no point at all.

fn key_of(step_s: f32) -> u32 {
    return ~bitcast<u32>(step_s);
}

fn block_of(id: u32) -> u32 {
    return range.first_block + (range.first_within + id) / range.setting_count;
}

fn counted(score: Score) -> u32 {
    return select(score.misfit << 1u, 1u, score.misfit == 0u);
}

fn note(id: u32, score: Score) {
    if score.misfit == 0u && score.margin >= TIE {
        let block = block_of(id);
        let split = block % range.split_count;
        raise(block / range.split_count * SPLIT_GROUPS + split % SPLIT_GROUPS, key_of(score.step_s));
    }
}

fn finish(first: u32, local: u32) {}

// The second of the groups: no split but the best is faster.
fn settle(scale: u32) -> u32 {
    var best = 0u;
    var second = 0u;
    for (var place = 0u; place < SPLIT_GROUPS; place += 1u) {
        let key = atomicLoad(&table[scale * SPLIT_GROUPS + place]);
        second = max(second, min(best, key));
        best = max(best, key);
    }
    return second;
}

fn keeps(id: u32, score: Score) -> bool {
    let near = score.margin < TIE;
    let may_run = score.misfit == 0u || (score.misfit == MISFIT_MEMORY && near);
    let guarded_s = score.step_s * select(LESS_GUARD, LESS_UNSURE_GUARD, near);
    let second = atomicLoad(&table[limits.noted + block_of(id) / range.split_count]);
    return may_run && key_of(guarded_s) >= second;
}
