// Mirrors src/kernel/training_sweep.rs. One invocation scores one point.

@group(0) @binding(0) var<uniform> range: TrainingRange;
@group(0) @binding(1) var<uniform> job: JobTerms;
@group(0) @binding(2) var<storage, read> scales: array<Scale>;
@group(0) @binding(3) var<storage, read> splits: array<Split>;
@group(0) @binding(4) var<storage, read> settings: array<Setting>;
@group(0) @binding(5) var<storage, read_write> scores: array<Score>;

fn longest_part(times: StepTimes) -> u32 {
    let step = max(times.compute, times.messages);
    let step_bound = select(BOUND_COMPUTE, BOUND_MESSAGES, times.messages > times.compute);
    let between = max(times.bubble, times.gradients);
    let between_bound = select(BOUND_BUBBLE, BOUND_GRADIENTS, times.gradients > times.bubble);
    let longest = max(step, between);
    let bound = select(step_bound, between_bound, between > step);
    return select(bound, BOUND_REST, times.rest > longest);
}

fn score_point(split: Split, scale: Scale, setting: Setting) -> Score {
    let legal = divides(job, split, scale, setting);
    let filled = fill(job, split, scale, setting);
    let times = step_times(job, split, scale, setting, filled.again.layers);
    let memory = memory_parts(split, scale, setting, filled.again);
    let rate = job.sequence_tokens * scale.global_batch / (scale.accelerators * times.step);
    let misfit = select(0u, MISFIT_MEMORY, filled.short_bytes > 0.0);
    return Score(
        select(0.0, times.step, legal),
        select(0.0, rate, legal),
        select(0.0, utilisation(job, scale, times.step), legal),
        select(0.0, total_bytes(memory), legal),
        select(0.0, filled.margin, legal),
        select(MISFIT_UNEVEN, misfit, legal),
        select(BOUND_COMPUTE, longest_part(times), legal),
    );
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= range.count {
        return;
    }
    let index = range.first_within + id.x;
    let block = range.first_block + index / range.setting_count;
    let scale = scales[block / range.split_count];
    let split = splits[block % range.split_count];
    scores[id.x] = score_point(split, scale, settings[index % range.setting_count]);
}
