//! The quantities: what a number in this crate is a number of.
//!
//! Every quantity is a newtype over a [`Real`], in SI base units, `f64` unless stated. Two quantities can be
//! added only if they are the same thing; products and quotients exist only where
//! [`relations`](self::relations) lists them. In files and on the command line a quantity carries its unit
//! (`"1 GW"`, `"900 GB/s"`, `"$0.055/kWh"`): see [`text`].

mod relations;
pub mod text;

pub use text::{Quantity, QuantityError};

use crate::scalar::Real;

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident, $word:literal, $json:literal, $units:ident;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, PartialOrd, Default)]
        #[repr(transparent)]
        pub struct $name<T = f64>(pub T);

        impl<T: Real> $name<T> {
            /// Nothing of it.
            #[must_use]
            pub fn zero() -> Self {
                Self(T::of(0.0))
            }
            /// The number in SI base units.
            #[must_use]
            pub fn value(self) -> T {
                self.0
            }
            /// The smaller of two.
            #[must_use]
            pub fn min(self, other: Self) -> Self {
                Self(Real::min(self.0, other.0))
            }
            /// The larger of two.
            #[must_use]
            pub fn max(self, other: Self) -> Self {
                Self(Real::max(self.0, other.0))
            }
        }
        impl<T: Real> std::ops::Add for $name<T> {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl<T: Real> std::ops::AddAssign for $name<T> {
            fn add_assign(&mut self, other: Self) {
                self.0 = self.0 + other.0;
            }
        }
        impl<T: Real> std::ops::Sub for $name<T> {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl<T: Real> std::ops::Neg for $name<T> {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl<T: Real> std::ops::Mul<T> for $name<T> {
            type Output = Self;
            fn mul(self, factor: T) -> Self {
                Self(self.0 * factor)
            }
        }
        impl std::ops::Mul<$name> for f64 {
            type Output = $name;
            fn mul(self, quantity: $name) -> $name {
                $name(self * quantity.0)
            }
        }
        impl<T: Real> std::ops::Div<T> for $name<T> {
            type Output = Self;
            fn div(self, divisor: T) -> Self {
                Self(self.0 / divisor)
            }
        }
        impl<T: Real> std::ops::Div for $name<T> {
            type Output = T;
            fn div(self, other: Self) -> T {
                self.0 / other.0
            }
        }
        impl<T: Real> std::iter::Sum for $name<T> {
            fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
                parts.fold(Self::zero(), |total, part| total + part)
            }
        }
        impl text::Quantity for $name {
            const WORD: &'static str = $word;
            const JSON_SUFFIX: &'static str = $json;
            const UNITS: &'static [text::Unit] = text::$units;
            fn from_si(value: f64) -> Self {
                Self(value)
            }
            fn si(self) -> f64 {
                self.0
            }
        }
        text::impl_text!($name);
    )+
        /// Each quantity's word and units: how a unit of the wrong kind is recognised.
        pub(crate) const DIMENSIONS: &[(&str, &[text::Unit])] = &[$(($word, text::$units)),+];
    };
}

quantities! {
    /// Power [W].
    Watts, "a power", "_w", POWER;
    /// Rate at which power changes [W/s].
    WattsPerSecond, "a ramp of power", "_w_per_s", RAMP;
    /// Voltage between lines [V].
    Volts, "a voltage", "_v", VOLTAGE;
    /// Current of a line [A].
    Amperes, "a current", "_a", CURRENT;
    /// Apparent power of three phases [VA].
    VoltAmperes, "an apparent power", "_va", APPARENT_POWER;
    /// Reactive power of three phases [var].
    Vars, "a reactive power", "_var", REACTIVE_POWER;
    /// Energy [J].
    Joules, "an energy", "_j", ENERGY;
    /// Time [s].
    Seconds, "a time", "_s", TIME;
    /// Storage or traffic [B]; 8 bits each.
    Bytes, "an amount of data", "_bytes", DATA;
    /// Bandwidth [B/s], one direction unless the name says otherwise.
    ByteRate, "a bandwidth", "_bytes_per_s", DATA_RATE;
    /// Arithmetic work [FLOP].
    Flop, "an amount of arithmetic", "_flop", WORK;
    /// Arithmetic rate [FLOP/s], dense.
    FlopRate, "an arithmetic rate", "_flop_per_s", WORK_RATE;
    /// Tokens, input or output as the name says.
    Tokens, "a number of tokens", "_tokens", TOKENS;
    /// Tokens per second.
    TokenRate, "a token rate", "_tokens_per_s", TOKEN_RATE;
    /// Money [US dollars].
    Dollars, "an amount of money", "_usd", MONEY;
    /// Price of energy [$/J].
    DollarsPerJoule, "a price of energy", "_usd_per_j", MONEY_PER_ENERGY;
    /// Cost of capacity [$/W].
    DollarsPerWatt, "a cost per power", "_usd_per_w", MONEY_PER_POWER;
    /// Price of tokens [$/token].
    DollarsPerToken, "a price of tokens", "_usd_per_token", MONEY_PER_TOKEN;
    /// Price of water [$/m³].
    DollarsPerCubicMeter, "a price of water", "_usd_per_m3", MONEY_PER_VOLUME;
    /// Money per time [$/s].
    DollarsPerSecond, "a cost per time", "_usd_per_s", MONEY_PER_TIME;
    /// Length [m].
    Meters, "a length", "_m", LENGTH;
    /// Area [m²].
    SquareMeters, "an area", "_m2", AREA;
    /// Volume [m³].
    CubicMeters, "a volume", "_m3", VOLUME;
    /// Volume flow [m³/s].
    CubicMetersPerSecond, "a flow", "_m3_per_s", FLOW;
    /// Flow asked for by each watt of heat [m³/J].
    CubicMetersPerJoule, "a flow per power or water per energy", "_m3_per_j", VOLUME_PER_ENERGY;
    /// Mass [kg].
    Kilograms, "a mass", "_kg", MASS;
    /// Load of a floor [kg/m²].
    KilogramsPerSquareMeter, "a floor load", "_kg_per_m2", MASS_PER_AREA;
    /// Mass per energy [kg/J], as in the carbon of a grid.
    KilogramsPerJoule, "a carbon intensity", "_kg_per_j", MASS_PER_ENERGY;
    /// Pressure [Pa].
    Pascals, "a pressure", "_pa", PRESSURE;
    /// Temperature as a point on the scale [°C].
    Celsius, "a temperature", "_c", TEMPERATURE;
    /// Temperature difference [K].
    Kelvin, "a temperature difference", "_k", TEMPERATURE_DIFFERENCE;
    /// Events per time [1/s].
    PerSecond, "a rate of events", "_per_s", EVENT_RATE;
    /// A part of a whole, 0 to 1; `"85 %"` or `0.85` in files.
    Share, "a share", "", SHARE;
    /// A pure number that may exceed one: a ratio, a multiplier, an oversubscription.
    Ratio, "a ratio", "", RATIO;
}
