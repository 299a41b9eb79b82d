// Mirrors operation_time in src/throughput/roofline.rs.
fn operation_time(op: Operation, load: StepLoad) -> OperationTime {
    let decode_sequences = op.decode_share * load.sequences;
    let decode_tokens = decode_sequences * load.tokens_per_sequence;
    let prefill_tokens = op.prefill_share * load.prefill_tokens;
    let tokens = decode_tokens + prefill_tokens;
    let cached = min(load.context, op.window);
    let attended = decode_tokens * cached + prefill_tokens * min(load.prefill_context, op.window);

    let flop = op.flop_per_token * tokens + op.flop_per_attended * attended;
    let touched = 1.0 - exp2_polynomial(tokens * op.miss_log2);
    let rows = max(tokens * op.rows_per_token, 1e-6);
    let arithmetic = flop / op.rate_flop_per_s * (1.0 + op.half_rows * touched / rows);

    let bytes = op.weight_bytes * touched
        + op.bytes_per_token * tokens
        + op.bytes_per_position * (decode_sequences * cached);
    let traffic = bytes / op.bandwidth_bytes_per_s;

    let busy = tokens > 0.0;
    let repeats = select(0.0, op.repeats, busy);
    let longer = max(arithmetic, traffic);
    let shorter = min(arithmetic, traffic);
    return OperationTime(
        repeats * (longer + op.serial * shorter + op.launch_s),
        repeats * arithmetic,
        repeats * traffic,
        repeats * op.launch_s,
    );
}
