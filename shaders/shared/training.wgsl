// Mirrors src/throughput/training/point.rs.

// Mirrors nearest.
fn nearest(number: f32) -> f32 {
    return floor(number + 0.5);
}

// Mirrors is_multiple.
fn is_multiple(number: f32, divisor: f32) -> bool {
    let product = nearest(number / divisor) * divisor;
    return (product <= number) & (product >= number) & (number >= divisor);
}

// Mirrors sequences_at_once.
fn sequences_at_once(split: Split, scale: Scale, setting: Setting) -> f32 {
    return nearest(scale.accelerators / (split.copy_ranks * split.context)) * setting.micro_batch;
}

// Mirrors micro_batches.
fn micro_batches(split: Split, scale: Scale, setting: Setting) -> f32 {
    return nearest(scale.global_batch / max(sequences_at_once(split, scale, setting), 1.0));
}

// Mirrors divides.
fn divides(job: JobTerms, split: Split, scale: Scale, setting: Setting) -> bool {
    let interleaved = setting.interleave > 1.0;
    let few = setting.interleave <= FEW_CHUNKS;
    return is_multiple(scale.accelerators, split.replica)
        & is_multiple(scale.global_batch, sequences_at_once(split, scale, setting))
        & (setting.interleave <= split.most_interleave)
        & (!interleaved | (micro_batches(split, scale, setting) >= split.stages))
        & (few | is_multiple(job.layers, split.stages * setting.interleave));
}

// Mirrors shard_parameters.
fn shard_parameters(split: Split, scale: Scale) -> f32 {
    let copies = max(scale.accelerators / split.copy_ranks, 1.0);
    let expert_copies = max(copies / split.expert_data, 1.0);
    return split.dense_parameters / copies + split.expert_parameters / expert_copies;
}

// Mirrors exchange_time.
fn exchange_time(job: JobTerms, bytes: f32, group: f32, in_domain: f32, inside: bool) -> f32 {
    let ranks = max(group, 1.0);
    let members = min(max(in_domain, 1.0), ranks);
    let across = min(job.outside_bytes_per_s * members, job.inside_bytes_per_s);
    let rate = select(across, job.inside_bytes_per_s, inside);
    return bytes * ((ranks - 1.0) / ranks) / rate;
}

// Mirrors exposed_time.
fn exposed_time(traffic: f32, window: f32, never: f32) -> f32 {
    let ratio = traffic / window;
    let ratio2 = ratio * ratio;
    let fourth = ratio2 * ratio2;
    let square = sqrt(1.0 + fourth);
    let left = window * (fourth / ((square + 1.0) * (sqrt(square) + 1.0)));
    return never * traffic + (1.0 - never) * left;
}

// Mirrors utilisation.
fn utilisation(job: JobTerms, scale: Scale, step_s: f32) -> f32 {
    return job.ideal_s * scale.global_batch / (scale.accelerators * step_s);
}

// Mirrors step_times.
fn step_times(job: JobTerms, split: Split, scale: Scale, setting: Setting, again: f32) -> StepTimes {
    let n = setting.micro_batch;
    let filled = split.expert_fill + HALF_ROWS / max(n * split.expert_rows, 1.0);
    let plain = split.plain_s + again * split.plain_again_s;
    let experts = (split.experts_s + again * split.experts_again_s) * filled;
    let messages_one = n * split.messages_s;
    let device = n * (plain + experts) + split.sums_s + messages_one;
    let device2 = device * device;
    let host2 = split.host_s * split.host_s;
    let micro_batch_s = sqrt(sqrt(device2 * device2 + host2 * host2));

    let count = micro_batches(split, scale, setting);
    let messages = count * messages_one;
    let compute = count * (micro_batch_s - messages_one);
    let fill_s = job.bubble * ((split.stages - 1.0) / setting.interleave) * micro_batch_s;
    let bubble = fill_s + count * (n * split.ends_s);

    let copies = scale.accelerators / split.copy_ranks;
    let inside = scale.accelerators <= job.domain * split.stages;
    let dense_s = exchange_time(job, split.dense_exchanged_bytes, copies, split.dense_members, inside);
    let expert_copies = copies / split.expert_data;
    let experts_s =
        exchange_time(job, split.expert_exchanged_bytes, expert_copies, split.expert_members, inside);
    let times = select(1.0, count, split.each_micro_batch > 0.0);
    let gradients = times * exposed_time(dense_s + experts_s, micro_batch_s, split.never_hidden);

    let fixed = split.shard_optimizer_s * shard_parameters(split, scale) + job.fixed_s;
    let work = (compute + messages) + (bubble + gradients) + fixed;
    let waiting = work * scale.waiting;
    return StepTimes(compute, messages, bubble, gradients, fixed + waiting, work + waiting);
}

// Mirrors src/throughput/training/memory.rs from here on.

struct Fill {
    again: Again,
    short_bytes: f32,
    margin: f32,
}

// Mirrors MemoryParts::held.
fn held_bytes(parts: MemoryParts) -> f32 {
    return (parts.weights + parts.gradients) + (parts.optimizer + RUNTIME_BYTES);
}

// Mirrors MemoryParts::total.
fn total_bytes(parts: MemoryParts) -> f32 {
    return held_bytes(parts) + (parts.activations + parts.passing);
}

// Mirrors MemoryParts::used.
fn used_bytes(parts: MemoryParts) -> f32 {
    return parts.activations + parts.passing;
}

// Mirrors memory_parts.
fn memory_parts(split: Split, scale: Scale, setting: Setting, again: Again) -> MemoryParts {
    let shard = shard_parameters(split, scale);
    let n = setting.micro_batch;
    let count = max(micro_batches(split, scale, setting), 1.0);
    let interleaved = (split.stages - 1.0) / setting.interleave;
    let deep = split.stages + select(0.0, interleaved, setting.interleave > 1.0);
    let in_flight = min(deep, count) / split.stages;
    let kept = again.layers * split.kept_inputs_bytes + (1.0 - again.layers) * again.lean * split.kept_bytes;
    let layer = again.whole * split.layer_bytes;
    let first = n * (kept * in_flight + layer);
    let last = n * (kept / split.stages + layer);
    let logits = max(n * split.logits_bytes, split.head_gradient_bytes);
    let on_first = (split.stages > 1.0) & (first >= last + logits);
    return MemoryParts(
        split.held_weights_bytes + split.shard_weights_bytes * shard,
        split.held_gradients_bytes + split.shard_gradients_bytes * shard,
        split.shard_optimizer_bytes * shard,
        select(last, first, on_first),
        select(logits, 0.0, on_first),
    );
}

// Mirrors fill.
fn fill(job: JobTerms, split: Split, scale: Scale, setting: Setting) -> Fill {
    let plain = memory_parts(split, scale, setting, Again(0.0, 1.0, 0.0));
    let left = job.room_bytes - held_bytes(plain);
    let plain_bytes = used_bytes(plain);
    let lean_bytes = used_bytes(memory_parts(split, scale, setting, Again(0.0, LEAN, 0.0)));
    let some_bytes = used_bytes(memory_parts(split, scale, setting, Again(0.0, LEAN, 1.0)));
    let all_bytes = used_bytes(memory_parts(split, scale, setting, Again(1.0, LEAN, 1.0)));
    let needed = (some_bytes - left) / max(some_bytes - all_bytes, LEAST_BYTES);
    let whole = (plain_bytes > left) & (lean_bytes > left);
    let asked = select(0.0, min(max(needed, 0.0), 1.0), whole);
    let layers = min(max(asked, split.least_again), split.most_again);
    let cheap = (plain_bytes > left) & (split.most_again > 0.0);

    let within = select(min(lean_bytes, all_bytes), all_bytes, split.least_again > 0.0);
    let least = select(plain_bytes, within, split.most_again > 0.0);
    let plain_away = abs(plain_bytes - left);
    let nearest_tie = min(min(plain_away, abs(lean_bytes - left)), abs(all_bytes - left));
    return Fill(
        Again(layers, select(1.0, LEAN, cheap), select(0.0, 1.0, layers > 0.0)),
        least - left,
        nearest_tie / job.room_bytes,
    );
}
