// Mirrors src/kernel/serving_sweep.rs. One invocation scores one point.

@group(0) @binding(0) var<uniform> range: SweepRange;
@group(0) @binding(1) var<uniform> workload: Workload;
@group(0) @binding(2) var<storage, read> rows: array<Operation>;
@group(0) @binding(3) var<storage, read> layouts: array<ParallelLayout>;
// Batches, chunks, then four numbers for each draft.
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

fn whole_step(parts: StepParts) -> f32 {
    return (parts.arithmetic + parts.memory) + (parts.messages + parts.fixed);
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

fn mean_prefill(setting: Setting) -> f32 {
    let owed = setting.sequences * setting.draft.emitted * workload.prefill_per_output;
    return select(0.0, owed, setting.chunk > 0.0);
}

fn chunk_prefill(setting: Setting, stages: f32) -> f32 {
    return max(
        min(setting.chunk, workload.input_tokens) * stages,
        min(mean_prefill(setting), setting.chunk * stages),
    );
}

fn mixed_step(without: StepParts, with_prompts: StepParts, share: f32) -> StepParts {
    let rest = 1.0 - share;
    return StepParts(
        without.arithmetic * rest + with_prompts.arithmetic * share,
        without.memory * rest + with_prompts.memory * share,
        without.messages * rest + with_prompts.messages * share,
        without.fixed * rest + with_prompts.fixed * share,
    );
}

// Mirrors wait_of_the_waiting in src/throughput/queueing.rs.
fn wait_of_the_waiting(service_s: f32, busy: f32) -> f32 {
    return service_s / (2.0 * (1.0 - busy));
}

// Mirrors mean_wait in src/throughput/queueing.rs.
fn mean_wait(service_s: f32, busy: f32) -> f32 {
    return busy * wait_of_the_waiting(service_s, busy);
}

// Mirrors tail_wait in src/throughput/queueing.rs.
fn tail_wait(service_s: f32, busy: f32) -> f32 {
    let odds = max(busy * 100.0, 1.0);
    return wait_of_the_waiting(service_s, busy) * (log2_polynomial(odds) * 0.6931472);
}

// Mirrors tail_tpot in src/throughput/queueing.rs.
fn tail_tpot(tpot_s: f32, prompt_share: f32, sequences: f32, draft_spread: f32) -> f32 {
    let prompts = prompt_share * prompt_share / max(sequences, 1.0);
    return tpot_s * (1.0 + 2.3263479 * sqrt(prompts + draft_spread));
}

fn serving(setting: Setting, replica: ParallelLayout, plain: StepParts, chunked: StepParts) -> Score {
    let aggregated = setting.chunk > 0.0;
    let carried = max(chunk_prefill(setting, replica.stages), 1.0);
    let mean = mixed_step(plain, chunked, min(mean_prefill(setting) / carried, 1.0));
    let step_s = whole_step(mean) * (1.0 + setting.draft.drafted * replica.draft_share);
    let tpot_s = step_s / setting.draft.emitted;
    let prompt_share = max((whole_step(mean) - whole_step(plain)) / whole_step(mean), 0.0);
    let tpot_p99_s = tail_tpot(tpot_s, prompt_share, setting.sequences, setting.draft.spread);

    let chunks = max(workload.input_tokens / max(setting.chunk, 1.0), 1.0);
    let stage_s = whole_step(chunked) / replica.stages;
    let first_s = stage_s * (chunks + (replica.stages - 1.0));
    let widest = max(setting.chunk * replica.stages, 1.0);
    let busy = min(workload.load * min(mean_prefill(setting) / widest, 1.0), 0.98);
    let service_s = stage_s * chunks;
    let tail = workload.tail > 0.0;
    let wait_s = select(mean_wait(service_s, busy), tail_wait(service_s, busy), tail);
    let pool_ttft_s = workload.pool_ttft_s + replica.hand_over_s + tpot_s;

    let pool = max(workload.pool_tokens_per_s, 1e-6);
    let own_cost = step_s * replica.accelerators / (setting.sequences * setting.draft.emitted);
    let pool_cost = own_cost / workload.decode_pool_share + workload.prefill_per_output / pool;
    let cost = select(pool_cost, own_cost, aggregated);

    let misfit = u32(setting.sequences > replica.most_sequences) * MISFIT_MEMORY
        + u32(setting.sequences < replica.least_sequences) * MISFIT_TOO_FEW
        + u32((mean_prefill(setting) > setting.chunk * replica.stages) | (setting.chunk > replica.most_chunk))
            * MISFIT_PREFILL
        + u32(!aggregated & (workload.pool_tokens_per_s <= 0.0)) * MISFIT_NO_POOL;
    return Score(
        select(tpot_s, tpot_p99_s, tail),
        select(pool_ttft_s, first_s + wait_s, aggregated),
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
    let depth = range.batch_count + range.chunk_count + 4u * draft;
    return Setting(
        axes[batch],
        axes[range.batch_count + chunk],
        Draft(axes[depth], axes[depth + 1u], axes[depth + 2u], axes[depth + 3u]),
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

    let plain_load = step_load(setting, 0.0);
    let chunked_load = step_load(setting, chunk_prefill(setting, replica.stages));
    var plain = StepParts();
    var chunked = StepParts();
    for (var row = replica.first_operation; row < replica.end; row += 1u) {
        let message = row >= replica.first_message;
        let operation = rows[row];
        plain = with_row(plain, operation_time(operation, plain_load), message);
        chunked = with_row(chunked, operation_time(operation, chunked_load), message);
    }
    scores[id.x] = serving(setting, replica, plain, chunked);
}
