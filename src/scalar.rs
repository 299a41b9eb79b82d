//! The one number type that formulas and kernels share.
//!
//! A formula that a kernel needs is written once over [`Real`]: with `f64` it is the reference, with `f32` it
//! is the twin of the shader. `exp2` and `log2` of `f32` are polynomials of our own, the same on both sides of
//! the bus (`shaders/shared/scalar.wgsl`), because no two drivers agree on the built-in ones. There is no fused
//! multiply-add: without it a scalar and a vector path agree bit for bit.

use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Seconds in an hour.
pub const SECONDS_PER_HOUR: f64 = 3_600.0;
/// Hours in the 8,760-hour year that energy bills are made of.
pub const HOURS_PER_YEAR: f64 = 8_760.0;
/// Seconds in the 8,760-hour year.
pub const SECONDS_PER_YEAR: f64 = HOURS_PER_YEAR * SECONDS_PER_HOUR;

/// A real number: `f64` where people read it, `f32` where a kernel runs.
pub trait Real:
    Copy
    + PartialOrd
    + Debug
    + Display
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The nearest value of this type.
    fn of(value: f64) -> Self;
    /// The value as `f64`, exact.
    fn to_f64(self) -> f64;
    /// The smaller of two numbers, neither of which is NaN.
    #[must_use]
    fn min(self, other: Self) -> Self;
    /// The larger of two numbers, neither of which is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;
    /// The largest integer not above the number.
    #[must_use]
    fn floor(self) -> Self;
    /// The square root, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Two to the power of the number.
    #[must_use]
    fn exp2(self) -> Self;
    /// The binary logarithm of a positive number.
    #[must_use]
    fn log2(self) -> Self;
    /// `yes` where `condition` holds, else `no`: a value choice, never a jump.
    #[inline(always)]
    fn select(condition: bool, yes: Self, no: Self) -> Self {
        if condition { yes } else { no }
    }
    /// The smallest integer not below the number.
    #[must_use]
    #[inline(always)]
    fn ceil(self) -> Self {
        -(-self).floor()
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
    #[inline(always)]
    fn floor(self) -> Self {
        f64::floor(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn exp2(self) -> Self {
        f64::exp2(self)
    }
    #[inline(always)]
    fn log2(self) -> Self {
        f64::log2(self)
    }
}

impl Real for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
    #[inline(always)]
    fn floor(self) -> Self {
        f32::floor(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn exp2(self) -> Self {
        exp2_f32(self)
    }
    #[inline(always)]
    fn log2(self) -> Self {
        log2_f32(self)
    }
}

/// Two to the power of `x`, for −126 ≤ x ≤ 126; outside, the nearest of these.
///
/// ~~~text
/// 2^x = 2^i · 2^f,  i = floor(x + ½),  f = x − i in [−½, ½]
/// 2^f by its Taylor series to the sixth power: error below 2e-7
/// ~~~
///
/// Mirrored by `exp2_polynomial` in `shaders/shared/scalar.wgsl`.
#[inline(always)]
#[must_use]
pub fn exp2_f32(x: f32) -> f32 {
    let clamped = Real::min(Real::max(x, -126.0), 126.0);
    let whole = Real::floor(clamped + 0.5);
    let f = clamped - whole;
    let series = 1.0
        + f * (std::f32::consts::LN_2
            + f * (0.240_226_5
                + f * (0.055_504_11 + f * (0.009_618_129 + f * (0.001_333_355_8 + f * 0.000_154_035_3)))));
    let scale = f32::from_bits((((whole as i32) + 127) as u32) << 23);
    series * scale
}

/// The binary logarithm of a positive normal number.
///
/// ~~~text
/// x = 2^e · m,  m in [√½, √2);  s = (m − 1)/(m + 1)
/// log2 m = (2 / ln 2) · (s + s³/3 + s⁵/5 + s⁷/7 + s⁹/9)
/// ~~~
///
/// Mirrored by `log2_polynomial` in `shaders/shared/scalar.wgsl`.
#[inline(always)]
#[must_use]
pub fn log2_f32(x: f32) -> f32 {
    // Subtracting the bits of √½ puts the mantissa into [√½, √2) and the exponent into the upper bits.
    let shifted = x.to_bits().wrapping_sub(0x3f35_04f3);
    let exponent = shifted.cast_signed() >> 23;
    let mantissa = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(0x3f35_04f3));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series =
        1.0 + square * (0.333_333_34 + square * (0.2 + square * (0.142_857_15 + square * 0.111_111_11)));
    exponent as f32 + 2.885_39 * s * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp2_agrees_with_the_library_to_seven_digits() {
        for step in -12_000..12_000 {
            let x = step as f32 * 0.01;
            let expected = f64::from(x).exp2();
            let relative = (f64::from(exp2_f32(x)) - expected).abs() / expected;
            assert!(relative < 4e-7, "exp2({x}) is {relative:e} off");
        }
    }

    #[test]
    fn exp2_of_a_whole_number_is_exact() {
        for whole in -126..=126 {
            assert_eq!(exp2_f32(whole as f32).to_bits(), (((whole + 127) as u32) << 23));
        }
    }

    #[test]
    fn log2_agrees_with_the_library_to_seven_digits() {
        for step in 1..200_000 {
            let x = step as f32 * 0.003_7;
            let expected = f64::from(x).log2();
            let error = (f64::from(log2_f32(x)) - expected).abs();
            assert!(error < 2e-7 + 3e-7 * expected.abs(), "log2({x}) is {error:e} off");
        }
    }

    #[test]
    fn ceil_is_the_mirror_of_floor() {
        assert!((Real::ceil(2.000_1_f64) - 3.0).abs() < f64::EPSILON);
        assert!((Real::ceil(-2.5_f32) + 2.0).abs() < f32::EPSILON);
    }
}
