// Mirrors the generic functions of src/cooling/heat_rejection.rs, in the same order of operations.

// Mirrors chiller_cop.
fn chiller_cop(carnot_share: f32, evaporating_c: f32, condensing_c: f32) -> f32 {
    let lift_k = max(condensing_c - evaporating_c, 15.0);
    return carnot_share * (evaporating_c + 273.15) / lift_k;
}

// Mirrors fan_power_fraction.
fn fan_power_fraction(approach_k: f32, available_k: f32) -> f32 {
    let approach = max(approach_k, 0.1);
    let ratio = max(approach / max(available_k, approach), 0.01);
    return max(exp2_polynomial(log2_polynomial(ratio) * 3.9), 0.008);
}

// Mirrors trim_share.
fn trim_share(left_k: f32, range_k: f32) -> f32 {
    let share = left_k / max(range_k, 0.1);
    return min(max(share, 0.0), 1.0);
}

// Mirrors between.
fn between(dry_bulb_c: f32, wet_bulb_c: f32, wetness: f32) -> f32 {
    return dry_bulb_c - wetness * (dry_bulb_c - wet_bulb_c);
}

// Mirrors loop_hour.
fn loop_hour(l: HeatLoop, dry_bulb_c: f32, wet_bulb_c: f32) -> LoopHour {
    let condensing_c = between(dry_bulb_c, wet_bulb_c, l.condenser_wetness) + l.lift_k;
    let cop = chiller_cop(l.carnot_share, l.evaporating_c, condensing_c);
    let all_work_w = l.heat_w / cop;
    let all_fans_w = (l.heat_w + all_work_w) * l.condenser_fan_share;

    let free = (l.free > 0.0) & (wet_bulb_c <= l.wettest_c);
    let air_c = between(dry_bulb_c, wet_bulb_c, l.wetness);
    let margin_k = l.supply_c - l.approach_k - air_c;
    let short_k = max(-margin_k, 0.0);
    let possible_k = max(air_c - wet_bulb_c, 0.0) * l.pads;
    let drop_k = min(short_k, possible_k);
    let share = select(1.0, trim_share(short_k - drop_k, l.range_k), free);
    let slowed = fan_power_fraction(l.approach_k, l.approach_k + (margin_k + drop_k));
    let speed = select(1.0, slowed, free);
    let chilled_w = l.heat_w * share;
    let work_w = chilled_w / cop;
    let through_w = l.heat_w + l.joined * work_w;
    let fans_w = through_w * (l.cooler_fan_share * speed)
        + (chilled_w + work_w) * l.condenser_fan_share;
    let wetted_k = select(0.0, drop_k, free);
    let pad_w = l.heat_w * (wetted_k / max(l.range_k, 0.1));
    let water = through_w * l.cooler_water_m3_per_j
        + (chilled_w + work_w) * l.condenser_water_m3_per_j
        + pad_w * l.pad_water_m3_per_j;

    let alone = (l.bypass > 0.0) & (all_fans_w + all_work_w < fans_w + work_w);
    let alone_water = (l.heat_w + all_work_w) * l.condenser_water_m3_per_j;
    return LoopHour(
        select(fans_w, all_fans_w, alone),
        select(work_w, all_work_w, alone),
        select(water, alone_water, alone),
        select(chilled_w, l.heat_w, alone),
        select(wetted_k, 0.0, alone),
    );
}
