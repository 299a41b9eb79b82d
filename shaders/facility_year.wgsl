// Mirrors src/kernel/facility_year.rs. One invocation runs one facility for one hour.

@group(0) @binding(0) var<uniform> range: YearRange;
@group(0) @binding(1) var<storage, read> cases: array<FacilityCase>;
@group(0) @binding(2) var<storage, read> loops: array<HeatLoop>;
// Weather, four numbers an hour; then stages of yards, six numbers each: four storage buffers are the baseline's limit.
@group(0) @binding(3) var<storage, read> numbers: array<f32>;
@group(0) @binding(4) var<storage, read_write> scores: array<Score>;

fn air_at(hour: u32) -> Air {
    let at = 4u * hour;
    return Air(numbers[at], numbers[at + 1u], numbers[at + 2u], numbers[at + 3u]);
}

fn stage_at(row: u32) -> YardStage {
    let at = range.first_stage_number + 6u * row;
    return YardStage(
        numbers[at],
        numbers[at + 1u],
        numbers[at + 2u],
        numbers[at + 3u],
        numbers[at + 4u],
        numbers[at + 5u],
    );
}

fn with_loop(total: LoopHour, hour: LoopHour) -> LoopHour {
    return LoopHour(
        total.fans_w + hour.fans_w,
        total.compressors_w + hour.compressors_w,
        total.pumps_w + hour.pumps_w,
        total.water_m3_per_s + hour.water_m3_per_s,
        total.evaporated_m3_per_s + hour.evaporated_m3_per_s,
        total.drift_m3_per_s + hour.drift_m3_per_s,
        total.chilled_w + hour.chilled_w,
        max(total.drop_k, hour.drop_k),
    );
}

fn stage_input(stage: YardStage, output_w: f32) -> f32 {
    let carried_w = output_w + stage.beside_w;
    let x = carried_w / stage.rating_w;
    let loss = stage.no_load + x * (stage.proportional + x * stage.square);
    return carried_w + stage.rating_w * loss + stage.idle_w;
}

fn score_of(facility: FacilityCase, total: LoopHour, meter_w: f32) -> Score {
    let chillers = u32(total.chilled_w > 0.0) * RUNS_CHILLERS;
    let water = u32(total.water_m3_per_s > 0.0) * RUNS_WATER;
    return Score(
        meter_w / facility.it_w,
        total.water_m3_per_s / facility.it_w * 3.6e9,
        chillers + water,
    );
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= range.count {
        return;
    }
    let within = range.first_hour + id.x;
    let facility = cases[range.first_case + within / range.hours];
    let air = air_at(facility.first_hour + within % range.hours);
    var total = LoopHour();
    for (var row = facility.first_loop; row < facility.end_loop; row += 1u) {
        total = with_loop(total, loop_hour(loops[row], air));
    }
    var meter_w = facility.plant_w + total.fans_w + total.compressors_w + total.pumps_w;
    for (var row = facility.first_stage; row < facility.end_stage; row += 1u) {
        meter_w = stage_input(stage_at(row), meter_w);
    }
    scores[id.x] = score_of(facility, total, meter_w);
}
