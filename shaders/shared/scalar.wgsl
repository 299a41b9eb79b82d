// Mirrors the f32 functions of src/scalar.rs, in the same order of operations.

// Mirrors exp2_f32.
fn exp2_polynomial(x: f32) -> f32 {
    let clamped = min(max(x, -126.0), 126.0);
    let whole = floor(clamped + 0.5);
    let f = clamped - whole;
    let series = 1.0
        + f * (0.6931472
            + f * (0.2402265
                + f * (0.05550411 + f * (0.009618129 + f * (0.0013333558 + f * 0.0001540353)))));
    let scale = bitcast<f32>(u32(i32(whole) + 127) << 23u);
    return series * scale;
}

// Mirrors log2_f32.
fn log2_polynomial(x: f32) -> f32 {
    let shifted = bitcast<u32>(x) - 0x3f3504f3u;
    let exponent = bitcast<i32>(shifted) >> 23u;
    let mantissa = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series =
        1.0 + square * (0.33333334 + square * (0.2 + square * (0.14285715 + square * 0.11111111)));
    return f32(exponent) + 2.88539 * s * series;
}
