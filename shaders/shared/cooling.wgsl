// Mirrors the generic functions of src/cooling/heat_rejection.rs, in the same order of operations.

// Mirrors chiller_cop.
fn chiller_cop(carnot_share: f32, evaporating_c: f32, condensing_c: f32) -> f32 {
    let lift_k = max(condensing_c - evaporating_c, 15.0);
    return carnot_share * (evaporating_c + 273.15) / lift_k;
}

// Mirrors part_load_work.
fn part_load_work(chilled_w: f32, chillers_w: f32) -> f32 {
    let part = min(max(chilled_w / max(chillers_w, 1.0), 0.3424), 1.0);
    return select(1.0, (0.03303 / part + 0.6852 + 0.2818 * part) * (1.0 / 1.00003), chillers_w > 0.0);
}

// Mirrors fan_flow_fraction.
fn fan_flow_fraction(approach_k: f32, available_k: f32) -> f32 {
    let approach = max(approach_k, 0.1);
    let ratio = max(approach / max(available_k, approach), 0.01);
    return max(exp2_polynomial(log2_polynomial(ratio) * 1.3), 0.2);
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

// Mirrors vapour_pressure.
fn vapour_pressure(celsius: f32) -> f32 {
    let exponent = (18.678 - celsius * (1.0 / 234.5)) * (celsius / (257.14 + celsius));
    return exp2_polynomial(exponent * 1.442695040888963) * 611.21;
}

// Mirrors humidity_at.
fn humidity_at(vapour_pa: f32, pressure_pa: f32) -> f32 {
    return 0.621945 * vapour_pa / (pressure_pa - vapour_pa);
}

// Mirrors pad_room.
fn pad_room(air: Air, most: f32) -> f32 {
    let room = max(most - air.humidity_ratio, 0.0);
    let heat = 2501.0 + 1.86 * air.dry_bulb_c - 4.186 * air.wet_bulb_c;
    return room * heat / (1.006 + 1.86 * most);
}

// Mirrors tower_evaporation.
fn tower_evaporation(air: Air, cold_c: f32, range_k: f32, fan_flow: f32) -> f32 {
    let warmed_k = range_k * (1.0 - fan_flow * 0.5);
    let out_c = min(cold_c + warmed_k, 70.0);
    let vapour_pa = vapour_pressure(out_c);
    let saturated = humidity_at(vapour_pa, air.pressure_pa);
    let gained = max(saturated - air.humidity_ratio, 0.0);
    let sensible = (1.006 + 1.86 * air.humidity_ratio) * (out_c - air.dry_bulb_c);
    let latent = gained * (2501.0 + 1.86 * out_c - 4.186 * cold_c);
    let taken = max(sensible, latent * -0.5) + latent;
    return gained / max(taken, 2.0) * 1e-6;
}

// Mirrors loop_hour.
fn loop_hour(l: HeatLoop, air: Air) -> LoopHour {
    let dry_bulb_c = air.dry_bulb_c;
    let wet_bulb_c = air.wet_bulb_c;
    let at_condensers_c = between(dry_bulb_c, wet_bulb_c, l.condenser_wetness);
    let cop = chiller_cop(l.carnot_share, l.evaporating_c, at_condensers_c + l.lift_k);
    let all_work_w = l.heat_w / cop * part_load_work(l.heat_w, l.chillers_w);
    let held_k = l.evaporating_c + 15.0 - at_condensers_c;
    let head = fan_flow_fraction(l.lift_k, held_k);
    let condenser_fan_share = l.condenser_fan_share * (head * head * head);
    let all_fans_w = (l.heat_w + all_work_w) * condenser_fan_share;

    let most = humidity_at(l.damp_vapour_pa, air.pressure_pa);
    let at_coils = humidity_at(l.coil_vapour_pa, air.pressure_pa);
    let excess = max(air.humidity_ratio - most, 0.0);
    let free = (l.free > 0.0) & ((excess <= 0.0) | (at_coils < most));
    let air_c = between(dry_bulb_c, wet_bulb_c, l.wetness);
    let margin_k = l.supply_c - l.approach_k - air_c;
    let short_k = max(-margin_k, 0.0);
    let possible_k = min(max(air_c - wet_bulb_c, 0.0) * l.pads, pad_room(air, most));
    let drop_k = min(short_k, possible_k);
    let left_k = short_k - drop_k;
    let entering_c = air_c - drop_k;
    let over_coils = min(excess / max(air.humidity_ratio - at_coils, 1e-6), 1.0);
    let cooled_k = max(left_k, over_coils * (entering_c - l.coil_c));
    let condensing_heat = 2501.0 + 1.86 * entering_c - 4.186 * l.coil_c;
    let drying_k = excess * condensing_heat / (1.006 + 1.86 * most);
    let warmed_k = l.range_k + (max(margin_k, 0.0) + (cooled_k - left_k));
    let share = select(1.0, trim_share(cooled_k + drying_k, warmed_k), free);
    let slowed = fan_flow_fraction(l.approach_k, l.approach_k + (margin_k + drop_k));
    let held = fan_flow_fraction(l.tower_approach_k, l.tower_water_c - wet_bulb_c);
    let flow = select(select(1.0, held, l.cooler_towers > 0.0), slowed, free);
    let trim_w = l.heat_w * share;
    let trim_work_w = trim_w / cop * part_load_work(trim_w, l.chillers_w);
    let trim_fans_w = (l.coolers_w + l.joined * trim_work_w) * (l.cooler_fan_share * (flow * flow * flow))
        + (trim_w + trim_work_w) * condenser_fan_share;

    let carried = (l.chillers_w <= 0.0) | (l.heat_w <= l.chillers_w * 1.000001);
    let alone = (l.bypass > 0.0) & carried & (all_fans_w + all_work_w < trim_fans_w + trim_work_w);
    let chilled_w = select(trim_w, l.heat_w, alone);
    let work_w = select(trim_work_w, all_work_w, alone);
    let wetting_k = min(short_k + (l.wet_approach_k - l.approach_k), possible_k);
    let wetted_k = select(0.0, wetting_k, free & !alone & (share < 1.0) & (short_k > 0.0));

    let pumps_w = chilled_w * l.chiller_pump_share;
    let tower_w = (l.heat_w + l.joined * work_w + l.tower_pumps_w) * l.cooler_towers
        + (chilled_w + work_w + pumps_w) * l.condenser_towers;
    let cold_c = max(l.tower_water_c, wet_bulb_c + l.tower_approach_k);
    let range_k = max(l.range_k, 0.1);
    let tower_range_k = max(l.tower_range_k, 0.1);
    let pad_m3_per_s = l.heat_w * (wetted_k / range_k) * (1.0 / 2.45e9);
    let tower_flow = select(head, flow, l.cooler_towers > 0.0);
    let evaporated = tower_w * tower_evaporation(air, cold_c, tower_range_k, tower_flow) + pad_m3_per_s;
    let drift = tower_w / tower_range_k * (3.5e-5 / 4.18e6);
    return LoopHour(
        select(trim_fans_w, all_fans_w, alone),
        work_w,
        pumps_w,
        evaporated + max(evaporated * l.blowdown, drift),
        evaporated,
        drift,
        chilled_w,
        wetted_k,
    );
}
