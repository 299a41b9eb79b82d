//! The one list of products and quotients between quantities.
//!
//! A line `A / B = C` generates A/B = C, A/C = B, B·C = A and C·B = A.

use super::{
    ByteRate, Bytes, Celsius, CubicMeters, CubicMetersPerJoule, CubicMetersPerSecond, Dollars,
    DollarsPerCubicMeter, DollarsPerJoule, DollarsPerSecond, DollarsPerToken, DollarsPerWatt, Flop, FlopRate,
    Joules, Kelvin, Kilograms, KilogramsPerJoule, Meters, Seconds, SquareMeters, TokenRate, Tokens, Watts,
    WattsPerSecond,
};
use crate::scalar::Real;
use std::ops::{Div, Mul};

macro_rules! relations {
    ($($a:ident / $b:ident = $c:ident;)+) => { $(
        impl<T: Real> Div<$b<T>> for $a<T> {
            type Output = $c<T>;
            fn div(self, divisor: $b<T>) -> $c<T> {
                $c(self.0 / divisor.0)
            }
        }
        impl<T: Real> Div<$c<T>> for $a<T> {
            type Output = $b<T>;
            fn div(self, divisor: $c<T>) -> $b<T> {
                $b(self.0 / divisor.0)
            }
        }
        impl<T: Real> Mul<$c<T>> for $b<T> {
            type Output = $a<T>;
            fn mul(self, factor: $c<T>) -> $a<T> {
                $a(self.0 * factor.0)
            }
        }
        impl<T: Real> Mul<$b<T>> for $c<T> {
            type Output = $a<T>;
            fn mul(self, factor: $b<T>) -> $a<T> {
                $a(self.0 * factor.0)
            }
        }
    )+ };
}

relations! {
    Joules / Seconds = Watts;
    Watts / Seconds = WattsPerSecond;
    Bytes / Seconds = ByteRate;
    Flop / Seconds = FlopRate;
    Tokens / Seconds = TokenRate;
    Dollars / Joules = DollarsPerJoule;
    Dollars / Watts = DollarsPerWatt;
    Dollars / Tokens = DollarsPerToken;
    Dollars / Seconds = DollarsPerSecond;
    Dollars / CubicMeters = DollarsPerCubicMeter;
    CubicMeters / Seconds = CubicMetersPerSecond;
    CubicMeters / Joules = CubicMetersPerJoule;
    CubicMetersPerSecond / Watts = CubicMetersPerJoule;
    Kilograms / Joules = KilogramsPerJoule;
    DollarsPerSecond / TokenRate = DollarsPerToken;
    DollarsPerSecond / Watts = DollarsPerJoule;
    DollarsPerSecond / CubicMetersPerSecond = DollarsPerCubicMeter;
}

impl<T: Real> Mul for Meters<T> {
    type Output = SquareMeters<T>;
    fn mul(self, other: Self) -> SquareMeters<T> {
        SquareMeters(self.0 * other.0)
    }
}

impl<T: Real> std::ops::Add<Kelvin<T>> for Celsius<T> {
    type Output = Self;
    fn add(self, difference: Kelvin<T>) -> Self {
        Self(self.0 + difference.0)
    }
}

impl<T: Real> std::ops::Sub<Kelvin<T>> for Celsius<T> {
    type Output = Self;
    fn sub(self, difference: Kelvin<T>) -> Self {
        Self(self.0 - difference.0)
    }
}

impl<T: Real> Celsius<T> {
    /// How far this temperature lies above another.
    #[must_use]
    pub fn above(self, other: Self) -> Kelvin<T> {
        Kelvin(self.0 - other.0)
    }
}
