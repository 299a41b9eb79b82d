// Mirrors src/kernel/serving_sweep.rs. One invocation scores one point.

@group(0) @binding(0) var<uniform> range: SweepRange;
@group(0) @binding(1) var<uniform> workload: Workload;
@group(0) @binding(2) var<storage, read> rows: array<Operation>;
@group(0) @binding(3) var<storage, read> layouts: array<ParallelLayout>;
// Batches, chunks, then three numbers for each draft.
@group(0) @binding(4) var<storage, read> axes: array<f32>;
@group(0) @binding(5) var<storage, read_write> scores: array<Score>;

fn with_row(parts: StepParts, time: OperationTime, message: bool) -> StepParts {
    let busy = time.total - time.fixed;
    let arithmetic = !message & (time.arithmetic >= time.traffic);
    let memory = !message & (time.arithmetic < time.traffic);
    return StepParts(
        parts.arithmetic + select(0.0, busy, arithmetic),
        parts.memory + select(0.0, busy, memory),
        parts.messages + select(0.0, busy, message),
        parts.fixed + time.fixed,
    );
}

fn mean_step(decode: StepParts, mixed: StepParts, share: f32) -> StepParts {
    let rest = 1.0 - share;
    return StepParts(
        rest * decode.arithmetic + share * mixed.arithmetic,
        rest * decode.memory + share * mixed.memory,
        rest * decode.messages + share * mixed.messages,
        rest * decode.fixed + share * mixed.fixed,
    );
}

fn whole_step(parts: StepParts, draft: Draft) -> f32 {
    return (parts.arithmetic + parts.memory) + (parts.messages + parts.fixed) + draft.drafting_s;
}

fn binding_part(parts: StepParts) -> u32 {
    let work = max(parts.arithmetic, parts.memory);
    let work_bound = select(BOUND_ARITHMETIC, BOUND_MEMORY, parts.memory > parts.arithmetic);
    let rest = max(parts.messages, parts.fixed);
    let rest_bound = select(BOUND_MESSAGES, BOUND_FIXED, parts.fixed > parts.messages);
    return select(work_bound, rest_bound, rest > work);
}

struct Setting {
    sequences: f32,
    chunk: f32,
    draft: Draft,
}

fn serving(setting: Setting, replica: ParallelLayout, decode: StepParts, mixed: StepParts) -> Score {
    let aggregated = setting.chunk > 0.0;
    let emitted_per_step = setting.sequences * setting.draft.emitted;
    let owed = emitted_per_step * workload.prefill_per_output;
    let chunk = max(setting.chunk, 1.0);
    let share = select(0.0, min(owed / chunk, 1.0), aggregated);

    let mean = mean_step(decode, mixed, share);
    let step_s = whole_step(mean, setting.draft);
    let mixed_s = whole_step(mixed, setting.draft);
    let own_prefill_s = max(workload.input_tokens / chunk, 1.0) * mixed_s;
    let prefill_s = select(workload.pool_ttft_s, own_prefill_s, aggregated);

    let pool = max(workload.pool_tokens_per_s, 1e-6);
    let pool_cost = select(workload.prefill_per_output / pool, 0.0, aggregated);
    let cost = step_s * replica.accelerators / emitted_per_step + pool_cost;

    let misfit = u32(setting.sequences > replica.most_sequences) * MISFIT_MEMORY
        + u32(setting.sequences < replica.least_sequences) * MISFIT_TOO_FEW
        + u32(aggregated & (owed > chunk)) * MISFIT_PREFILL
        + u32(!aggregated & (workload.pool_tokens_per_s <= 0.0)) * MISFIT_NO_POOL;
    return Score(
        step_s / setting.draft.emitted,
        prefill_s + step_s,
        setting.draft.emitted / step_s,
        1.0 / cost,
        misfit,
        binding_part(mean),
    );
}

fn step_load(setting: Setting, prefill_tokens: f32) -> StepLoad {
    return StepLoad(
        setting.sequences,
        setting.draft.verified,
        workload.context,
        prefill_tokens,
        workload.prefill_context,
    );
}

// Mirrors ServingSweep::places.
fn setting_at(within: u32) -> Setting {
    let batch = within % range.batch_count;
    let chunk = within / range.batch_count % range.chunk_count;
    let draft = within / range.batch_count / range.chunk_count;
    let depth = range.batch_count + range.chunk_count + 3u * draft;
    return Setting(
        axes[batch],
        axes[range.batch_count + chunk],
        Draft(axes[depth], axes[depth + 1u], axes[depth + 2u]),
    );
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= range.count {
        return;
    }
    let in_layout = range.batch_count * range.chunk_count * range.draft_count;
    let index = range.first_within + id.x;
    let replica = layouts[range.first_layout + index / in_layout];
    let setting = setting_at(index % in_layout);

    let decode_load = step_load(setting, 0.0);
    let mixed_load = step_load(setting, setting.chunk);
    var decode = StepParts();
    var mixed = StepParts();
    for (var row = replica.first_operation; row < replica.end; row += 1u) {
        let message = row >= replica.first_message;
        let operation = rows[row];
        decode = with_row(decode, operation_time(operation, decode_load), message);
        mixed = with_row(mixed, operation_time(operation, mixed_load), message);
    }
    scores[id.x] = serving(setting, replica, decode, mixed);
}
