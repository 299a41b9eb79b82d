//! Quantities in text: `"1 GW"` ↔ [`Watts`](super::Watts).
//!
//! A number, a space if you like, a unit. Prefixes are case-sensitive (`mW` is not `MW`); `B` is eight `b`;
//! `GB` is 10⁹ and `GiB` 2³⁰ bytes. Money leads with its sign: `"$4.3M"`, `"$0.055/kWh"`.
//! A unit of another quantity is refused by name, a bare number where a quantity is due is refused, and so are
//! NaN, infinities and negative values (but for temperatures).

use std::fmt::Write as _;

/// One way to write a quantity: a symbol and what it is worth in SI base units.
#[derive(Debug)]
pub struct Unit {
    /// As written, without prefix.
    pub symbol: &'static str,
    /// Prefixes it takes.
    pub prefixes: Prefixes,
    /// SI base units in one of it.
    pub factor: f64,
    /// Added after the factor: only temperatures have one.
    pub offset: f64,
}

/// The prefixes that a unit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefixes {
    /// None.
    None,
    /// k, M, G, T, P, E and downwards m, µ, n.
    Metric,
    /// k, M, B, T behind the number, as money is written.
    Money,
}

const fn metric(symbol: &'static str, factor: f64) -> Unit {
    Unit { symbol, prefixes: Prefixes::Metric, factor, offset: 0.0 }
}
const fn plain(symbol: &'static str, factor: f64) -> Unit {
    Unit { symbol, prefixes: Prefixes::None, factor, offset: 0.0 }
}
const fn money(symbol: &'static str, factor: f64) -> Unit {
    Unit { symbol, prefixes: Prefixes::Money, factor, offset: 0.0 }
}

const KIB: f64 = 1024.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
const YEAR: f64 = 8_760.0 * HOUR;
const KWH: f64 = 3.6e6;

pub(super) const POWER: &[Unit] = &[metric("W", 1.0)];
pub(super) const RAMP: &[Unit] = &[metric("W/min", 1.0 / 60.0), metric("W/s", 1.0)];
pub(super) const VOLTAGE: &[Unit] = &[metric("V", 1.0)];
pub(super) const CURRENT: &[Unit] = &[metric("A", 1.0)];
pub(super) const APPARENT_POWER: &[Unit] = &[metric("VA", 1.0)];
pub(super) const REACTIVE_POWER: &[Unit] = &[metric("var", 1.0)];
pub(super) const ENERGY: &[Unit] = &[metric("J", 1.0), metric("Wh", HOUR)];
pub(super) const TIME: &[Unit] = &[
    metric("s", 1.0),
    plain("min", 60.0),
    plain("h", HOUR),
    plain("d", DAY),
    plain("days", DAY),
    plain("weeks", 7.0 * DAY),
    plain("months", YEAR / 12.0),
    plain("y", YEAR),
    plain("years", YEAR),
];
pub(super) const DATA: &[Unit] = &[
    metric("B", 1.0),
    plain("KiB", KIB),
    plain("MiB", KIB * KIB),
    plain("GiB", KIB * KIB * KIB),
    plain("TiB", KIB * KIB * KIB * KIB),
    metric("b", 0.125),
];
pub(super) const DATA_RATE: &[Unit] = &[metric("B/s", 1.0), metric("b/s", 0.125)];
pub(super) const WORK: &[Unit] = &[metric("FLOP", 1.0)];
pub(super) const WORK_RATE: &[Unit] = &[metric("FLOP/s", 1.0)];
pub(super) const TOKENS: &[Unit] = &[
    plain("tokens", 1.0),
    plain("token", 1.0),
    plain("ktokens", 1e3),
    plain("Mtokens", 1e6),
    plain("Gtokens", 1e9),
    plain("Ttokens", 1e12),
];
pub(super) const TOKEN_RATE: &[Unit] =
    &[plain("tokens/s", 1.0), plain("tokens/day", 1.0 / DAY), plain("tokens/y", 1.0 / YEAR)];
pub(super) const MONEY: &[Unit] = &[money("$", 1.0)];
pub(super) const MONEY_PER_ENERGY: &[Unit] =
    &[money("$/kWh", 1.0 / KWH), money("$/MWh", 1e-3 / KWH), money("$/J", 1.0)];
pub(super) const MONEY_PER_POWER: &[Unit] =
    &[money("$/W", 1.0), money("$/kW", 1e-3), money("$/MW", 1e-6), money("$/GW", 1e-9)];
pub(super) const MONEY_PER_TOKEN: &[Unit] = &[money("$/Mtok", 1e-6), money("$/token", 1.0)];
pub(super) const MONEY_PER_VOLUME: &[Unit] = &[money("$/m3", 1.0), money("$/m³", 1.0)];
pub(super) const MONEY_PER_TIME: &[Unit] =
    &[money("$/h", 1.0 / HOUR), money("$/y", 1.0 / YEAR), money("$/month", 12.0 / YEAR), money("$/s", 1.0)];
pub(super) const LENGTH: &[Unit] = &[metric("m", 1.0), plain("cm", 0.01), plain("ft", 0.304_8)];
pub(super) const AREA: &[Unit] =
    &[plain("m2", 1.0), plain("m²", 1.0), plain("ft2", 0.092_903_04), plain("acres", 4_046.856_422_4)];
pub(super) const VOLUME: &[Unit] = &[plain("m3", 1.0), plain("m³", 1.0), plain("L", 1e-3)];
pub(super) const FLOW: &[Unit] =
    &[plain("m3/s", 1.0), plain("L/s", 1e-3), plain("L/min", 1e-3 / 60.0), plain("LPM", 1e-3 / 60.0)];
pub(super) const VOLUME_PER_ENERGY: &[Unit] = &[
    plain("L/min/kW", 1e-6 / 60.0),
    plain("LPM/kW", 1e-6 / 60.0),
    plain("L/kWh", 1e-3 / KWH),
    plain("m3/J", 1.0),
];
pub(super) const MASS: &[Unit] = &[metric("g", 1e-3), plain("t", 1e3), plain("lb", 0.453_592_37)];
pub(super) const MASS_PER_AREA: &[Unit] =
    &[plain("kg/m2", 1.0), plain("kg/m²", 1.0), plain("kN/m2", 1e3 / 9.806_65)];
pub(super) const MASS_PER_ENERGY: &[Unit] =
    &[plain("g/kWh", 1e-3 / KWH), plain("kg/MWh", 1e-3 / KWH), plain("kg/kWh", 1.0 / KWH)];
pub(super) const PRESSURE: &[Unit] = &[metric("Pa", 1.0), plain("bar", 1e5), plain("psi", 6_894.757)];
pub(super) const TEMPERATURE: &[Unit] = &[
    plain("°C", 1.0),
    plain("C", 1.0),
    Unit { symbol: "°F", prefixes: Prefixes::None, factor: 5.0 / 9.0, offset: -160.0 / 9.0 },
];
pub(super) const TEMPERATURE_DIFFERENCE: &[Unit] = &[plain("K", 1.0)];
pub(super) const EVENT_RATE: &[Unit] =
    &[plain("/s", 1.0), plain("/h", 1.0 / HOUR), plain("/day", 1.0 / DAY), plain("/y", 1.0 / YEAR)];
pub(super) const SHARE: &[Unit] = &[plain("%", 0.01), plain("", 1.0)];
pub(super) const RATIO: &[Unit] = &[plain("", 1.0), plain("%", 0.01), plain("x", 1.0), plain("×", 1.0)];

/// Units that long times are shown in, longest first.
const LONG_TIMES: &[(&str, f64)] = &[("y", YEAR), ("d", DAY), ("h", HOUR), ("min", 60.0)];

/// Energy from which an hour is the measure [J].
const KILOWATT_HOUR: f64 = 3.6e6;
/// Events per second below which a rate is told by the year.
const RARE: f64 = 1e-4;

const METRIC: &[(&str, f64)] = &[
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("m", 1e-3),
    ("µ", 1e-6),
    ("u", 1e-6),
    ("n", 1e-9),
];
const MONEY_SUFFIXES: &[(&str, f64)] = &[("k", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)];

/// A quantity as text knows it: its name, its units, its number.
pub trait Quantity: Copy {
    /// The quantity with its article, as in "a power".
    const WORD: &'static str;
    /// What a JSON key of it ends in.
    const JSON_SUFFIX: &'static str;
    /// The ways to write it.
    const UNITS: &'static [Unit];
    /// From SI base units.
    fn from_si(value: f64) -> Self;
    /// In SI base units.
    fn si(self) -> f64;
}

/// Why a text is not the quantity that was wanted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantityError {
    /// No number in front.
    #[error("`{text}` does not start with a number; {wanted} looks like {example}")]
    NoNumber {
        /// What was written.
        text: String,
        /// The quantity wanted, with its article.
        wanted: &'static str,
        /// A well-formed one.
        example: String,
    },
    /// A number with nothing behind it.
    #[error("`{text}` has no unit; {wanted} looks like {example}")]
    NoUnit {
        /// What was written.
        text: String,
        /// The quantity wanted, with its article.
        wanted: &'static str,
        /// A well-formed one.
        example: String,
    },
    /// A unit of something else.
    #[error("`{text}` is {found}, but {wanted} is wanted here, such as {example}")]
    WrongKind {
        /// What was written.
        text: String,
        /// What its unit measures.
        found: &'static str,
        /// The quantity wanted, with its article.
        wanted: &'static str,
        /// A well-formed one.
        example: String,
    },
    /// A unit that nothing has.
    #[error("`{unit}` is not a unit of {wanted}; allowed: {allowed}")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The quantity wanted, with its article.
        wanted: &'static str,
        /// The units it has.
        allowed: String,
    },
    /// Not a finite number.
    #[error("`{text}` is not a finite number of sensible size")]
    NotFinite {
        /// What was written.
        text: String,
    },
    /// Below zero where that makes no sense.
    #[error("`{text}`: {wanted} can't be negative")]
    Negative {
        /// What was written.
        text: String,
        /// The quantity wanted, with its article.
        wanted: &'static str,
    },
    /// A share outside 0 to 1.
    #[error("`{text}`: a share lies between 0 and 1 (0 % and 100 %)")]
    NotAShare {
        /// What was written.
        text: String,
    },
    /// A temperature below absolute zero or of a furnace.
    #[error("`{text}` lies outside -100 °C to 200 °C")]
    NotATemperature {
        /// What was written.
        text: String,
    },
}

/// Beyond this, in SI base units, a number is a slip of the pen: sums of such numbers overflow.
const LARGEST: f64 = 1e30;

/// Reads a quantity.
///
/// ```
/// use gigawatt::units::{text, Watts, ByteRate};
/// assert_eq!(text::parse::<Watts>("1 GW").unwrap(), Watts(1e9));
/// assert_eq!(text::parse::<ByteRate>("800 Gb/s").unwrap(), ByteRate(100e9));
/// assert!(text::parse::<Watts>("1 GB").unwrap_err().to_string().contains("amount of data"));
/// ```
pub fn parse<Q: Quantity>(text: &str) -> Result<Q, QuantityError> {
    let shown = || text.trim().chars().take(60).collect::<String>();
    let trimmed = text.trim();
    let (dollars, body) = match trimmed.strip_prefix('$') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, trimmed),
    };
    let (number, rest) = split_number(body);
    let number: f64 = match number.replace('_', "").parse() {
        Ok(number) => number,
        Err(_) if matches!(body.to_ascii_lowercase().as_str(), "nan" | "inf" | "-inf" | "infinity") => {
            return Err(QuantityError::NotFinite { text: shown() });
        }
        Err(_) => {
            return Err(QuantityError::NoNumber { text: shown(), wanted: Q::WORD, example: example::<Q>() });
        }
    };
    if !number.is_finite() {
        return Err(QuantityError::NotFinite { text: shown() });
    }
    let unit = rest.trim();
    let value = match worth(unit, dollars, Q::UNITS) {
        Some((factor, offset)) => number * factor + offset,
        None if unit.is_empty() && !dollars => {
            return Err(QuantityError::NoUnit { text: shown(), wanted: Q::WORD, example: example::<Q>() });
        }
        None => {
            let other = super::DIMENSIONS
                .iter()
                .find(|(_, units)| !unit.is_empty() | dollars && worth(unit, dollars, units).is_some());
            return Err(match other {
                Some((found, _)) => QuantityError::WrongKind {
                    text: shown(),
                    found,
                    wanted: Q::WORD,
                    example: example::<Q>(),
                },
                None => QuantityError::UnknownUnit {
                    unit: unit.chars().take(40).collect(),
                    wanted: Q::WORD,
                    allowed: allowed::<Q>(),
                },
            });
        }
    };
    if !value.is_finite() || value.abs() > LARGEST {
        return Err(QuantityError::NotFinite { text: shown() });
    }
    match Q::WORD {
        "a temperature" if !(-100.0..=200.0).contains(&value) => {
            Err(QuantityError::NotATemperature { text: shown() })
        }
        "a temperature" => Ok(Q::from_si(value)),
        _ if value < 0.0 => Err(QuantityError::Negative { text: shown(), wanted: Q::WORD }),
        "a share" if value > 1.0 => Err(QuantityError::NotAShare { text: shown() }),
        _ => Ok(Q::from_si(value)),
    }
}

/// The number of a quantity of any kind in SI base units: for comparing a figure with its own range.
#[must_use]
pub fn magnitude(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let (dollars, body) =
        trimmed.strip_prefix('$').map_or((false, trimmed), |rest| (true, rest.trim_start()));
    let (number, unit) = split_number(body);
    let number: f64 = number.replace('_', "").parse().ok()?;
    super::DIMENSIONS.iter().find_map(|(_, units)| {
        worth(unit.trim(), dollars, units).map(|(factor, offset)| number * factor + offset)
    })
}

/// Splits the leading number from what follows it. `5e3` is a number, `5 EFLOP` is not 5×10^….
fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    while end < bytes.len() && (bytes[end].is_ascii_digit() || matches!(bytes[end], b'.' | b'_')) {
        end += 1;
    }
    if end < bytes.len() && matches!(bytes[end], b'e' | b'E') {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let digits = end + 1 + sign;
        let mut stop = digits;
        while stop < bytes.len() && bytes[stop].is_ascii_digit() {
            stop += 1;
        }
        if stop > digits {
            end = stop;
        }
    }
    text.split_at(end)
}

/// Factor and offset of a unit text in a list of units.
fn worth(text: &str, dollars: bool, units: &[Unit]) -> Option<(f64, f64)> {
    units.iter().find_map(|unit| {
        if unit.prefixes == Prefixes::Money {
            // "$4.3M" has the unit text "M", "$0.05/kWh" has "/kWh", "$1.2M/MW" has "M/MW".
            if !dollars {
                return None;
            }
            let tail = unit.symbol.trim_start_matches('$');
            let multiplier = text.strip_suffix(tail)?.trim();
            if multiplier.is_empty() {
                return Some((unit.factor, 0.0));
            }
            return MONEY_SUFFIXES
                .iter()
                .find(|(suffix, _)| *suffix == multiplier)
                .map(|(_, scale)| (unit.factor * scale, 0.0));
        }
        if dollars {
            return None;
        }
        if text == unit.symbol {
            return Some((unit.factor, unit.offset));
        }
        if unit.prefixes == Prefixes::Metric {
            let prefix = text.strip_suffix(unit.symbol)?;
            return METRIC
                .iter()
                .find(|(name, _)| *name == prefix)
                .map(|(_, scale)| (unit.factor * scale, 0.0));
        }
        None
    })
}

fn example<Q: Quantity>() -> String {
    let unit = &Q::UNITS[0];
    match (unit.prefixes, Q::WORD) {
        (Prefixes::Money, _) => format!("\"$5{}\"", unit.symbol.trim_start_matches('$')),
        (_, "a power") => "\"1 GW\"".into(),
        (_, "a bandwidth") => "\"900 GB/s\"".into(),
        (_, "an amount of data") => "\"192 GB\"".into(),
        (_, "an arithmetic rate") => "\"2.5 PFLOP/s\"".into(),
        (_, "a share") => "\"85 %\" or 0.85".into(),
        (_, "a ratio") => "1.2".into(),
        _ => format!("\"5 {}\"", unit.symbol),
    }
}

fn allowed<Q: Quantity>() -> String {
    let mut list = String::new();
    for unit in Q::UNITS {
        if !list.is_empty() {
            list.push_str(", ");
        }
        if unit.symbol.is_empty() {
            list.push_str("a plain number");
        } else {
            let _ = write!(list, "{}", unit.symbol);
        }
        if unit.prefixes == Prefixes::Metric {
            list.push_str(" (with k, M, G, …)");
        }
    }
    list
}

/// Writes a number with four significant digits, digits grouped in threes.
#[must_use]
pub fn digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return "–".into();
    }
    // Rounded first: 0.99996 has to become 1.000, not 1.0000.
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    let magnitude = rounded.abs().log10().floor() as i32;
    if !(-4..15).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = (3 - magnitude).max(0) as usize;
    group(&format!("{rounded:.decimals$}"))
}

/// Groups the digits of a number in threes: `274968` becomes `274,968`.
#[must_use]
pub fn group(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// Writes a quantity with four significant digits and the prefix that fits it best.
#[must_use]
pub fn show<Q: Quantity>(quantity: Q) -> String {
    let unit = &Q::UNITS[0];
    let value = (quantity.si() - unit.offset) / unit.factor;
    if Q::WORD == "a time"
        && let Some((symbol, factor)) = LONG_TIMES.iter().find(|(_, factor)| value >= 2.0 * factor)
    {
        return format!("{} {symbol}", digits(value / factor));
    }
    // What fails once in years is not told by the second.
    if Q::WORD == "a rate of events" && value > 0.0 && value < RARE {
        return format!("{} /y", digits(value * YEAR));
    }
    // Batteries and bills are told by the hour.
    if Q::WORD == "an energy" && value.abs() >= KILOWATT_HOUR {
        let hours = value * 1e3 / KILOWATT_HOUR;
        let (prefix, scale) = best_prefix(hours, METRIC);
        return format!("{} {prefix}Wh", digits(hours / scale));
    }
    match unit.prefixes {
        Prefixes::Metric => {
            let (prefix, scale) = best_prefix(value, METRIC);
            format!("{} {prefix}{}", digits(value / scale), unit.symbol)
        }
        Prefixes::Money => {
            let (suffix, scale) =
                if unit.symbol == "$" { best_prefix(value, MONEY_SUFFIXES) } else { ("", 1.0) };
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}${}{suffix}{}", digits(value.abs() / scale), unit.symbol.trim_start_matches('$'))
        }
        Prefixes::None if Q::WORD == "a share" => format!("{} %", digits(quantity.si() * 100.0)),
        Prefixes::None if unit.symbol.is_empty() => digits(value),
        Prefixes::None => format!("{} {}", digits(value), unit.symbol),
    }
}

/// Writes a quantity with its prefix and no more digits than it needs: `18 °C` rather than `18.00 °C`.
#[must_use]
pub fn brief<Q: Quantity>(quantity: Q) -> String {
    let full = show(quantity);
    let number_end =
        full.find(|c: char| !matches!(c, '0'..='9' | '.' | ',' | '-' | '$')).unwrap_or(full.len());
    let (number, unit) = full.split_at(number_end);
    if !number.contains('.') {
        return full;
    }
    format!("{}{unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// The prefix that leaves one to three digits before the point.
#[must_use]
pub fn best_prefix(value: f64, prefixes: &[(&'static str, f64)]) -> (&'static str, f64) {
    let size = value.abs();
    let mut best = ("", 1.0);
    for &(name, scale) in prefixes {
        let up = scale > best.1 && size >= scale * 0.999_95;
        let down =
            scale < 1.0 && name != "u" && size > 0.0 && size < 0.999_5 && (best.1 >= 1.0 || size < best.1);
        if up || down {
            best = (name, scale);
        }
    }
    best
}

/// Writes a quantity so that reading it gives the same number back.
#[must_use]
pub fn exact<Q: Quantity>(quantity: Q) -> String {
    let unit = &Q::UNITS[0];
    let value = (quantity.si() - unit.offset) / unit.factor;
    match unit.prefixes {
        Prefixes::Money => format!("${value}{}", unit.symbol.trim_start_matches('$')),
        Prefixes::Metric => {
            let (prefix, scale) = best_prefix(value, METRIC);
            format!("{} {prefix}{}", value / scale, unit.symbol)
        }
        Prefixes::None if Q::WORD == "a share" => format!("{}", quantity.si()),
        Prefixes::None if unit.symbol.is_empty() => format!("{value}"),
        Prefixes::None => format!("{value} {}", unit.symbol),
    }
}

macro_rules! impl_text {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = text::QuantityError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text::parse(text)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&text::show(*self))
            }
        }
        impl<T: Real> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&text::exact(*self))
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(text::QuantityVisitor(std::marker::PhantomData))
            }
        }
    };
}
pub(super) use impl_text;

/// Reads a quantity from a string; a bare number is taken only where there is no unit to forget.
pub(super) struct QuantityVisitor<Q>(pub(super) std::marker::PhantomData<Q>);

impl<Q: Quantity> serde::de::Visitor<'_> for QuantityVisitor<Q> {
    type Value = Q;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} such as {}", Q::WORD, example::<Q>())
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Q, E> {
        parse(text).map_err(E::custom)
    }
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Q, E> {
        parse(&number.to_string()).map_err(E::custom)
    }
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Q, E> {
        parse(&number.to_string()).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{ByteRate, Bytes, Celsius, Dollars, DollarsPerJoule, FlopRate, Seconds, Share, Watts};

    fn si<Q: Quantity>(text: &str) -> f64 {
        parse::<Q>(text).unwrap().si()
    }

    #[test]
    fn prefixes_and_spaces_are_read() {
        assert!((si::<Watts>("1GW") - 1e9).abs() < 1e-3);
        assert!((si::<Watts>(" 250 MW ") - 2.5e8).abs() < 1e-3);
        assert!((si::<Watts>("1e9 W") - 1e9).abs() < 1e-3);
        assert!((si::<FlopRate>("5 EFLOP/s") - 5e18).abs() < 1e3);
        assert!((si::<Seconds>("50 ms") - 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_byte_has_eight_bits_and_a_gibibyte_is_larger_than_a_gigabyte() {
        assert!((si::<ByteRate>("800 Gb/s") - 100e9).abs() < 1.0);
        assert!((si::<ByteRate>("0.9 TB/s") - 900e9).abs() < 1.0);
        assert!((si::<Bytes>("1 GiB") - 1_073_741_824.0).abs() < 1.0);
    }

    #[test]
    fn money_leads_with_its_sign() {
        assert!((si::<Dollars>("$4.3M") - 4.3e6).abs() < 1e-3);
        assert!((si::<DollarsPerJoule>("$65/MWh") - 65.0 / 3.6e9).abs() < 1e-15);
        assert!((si::<crate::units::DollarsPerWatt>("$1.2M/MW") - 1.2).abs() < 1e-9);
    }

    #[test]
    fn wrong_kinds_are_named() {
        let error = parse::<Watts>("1 GB").unwrap_err().to_string();
        assert!(error.contains("an amount of data") && error.contains("a power"), "{error}");
        assert!(parse::<Watts>("5").unwrap_err().to_string().contains("no unit"));
        assert!(parse::<Watts>("-5 MW").unwrap_err().to_string().contains("negative"));
        assert!(parse::<Watts>("NaN").unwrap_err().to_string().contains("finite"));
        assert!(parse::<Watts>("NaN W").is_err());
        assert!(parse::<Watts>("1e400 W").is_err());
        assert!(parse::<Watts>("").is_err());
        assert!(parse::<Watts>("1 parsec").unwrap_err().to_string().contains("not a unit"));
        assert!(parse::<Watts>("$5").is_err());
        assert!(parse::<Share>("120 %").unwrap_err().to_string().contains("between 0 and 1"));
    }

    #[test]
    fn temperatures_may_be_negative_but_not_absurd() {
        assert!((si::<Celsius>("-10 °C") + 10.0).abs() < 1e-9);
        assert!((si::<Celsius>("68 °F") - 20.0).abs() < 1e-9);
        assert!(parse::<Celsius>("5000 °C").is_err());
    }

    #[test]
    fn shown_numbers_have_four_digits_and_one_prefix() {
        assert_eq!(show(Watts(1e9)), "1.000 GW");
        assert_eq!(show(Watts(999_960_000.0)), "1.000 GW");
        assert_eq!(show(Watts(0.0)), "0 W");
        assert_eq!(show(Dollars(4.3e6)), "$4.300M");
        assert_eq!(show(Seconds(0.0321)), "32.10 ms");
        assert_eq!(show(Seconds(5.0 * YEAR)), "5.000 y");
        assert_eq!(brief(Celsius(18.0)), "18 °C");
        assert_eq!(brief(Dollars(4.3e6)), "$4.3M");
        assert_eq!(show(Share(0.857)), "85.70 %");
        assert_eq!(digits(274_968.0), "275,000");
        assert_eq!(group("1234567"), "1,234,567");
    }

    #[test]
    fn exact_text_reads_back() {
        for value in [1.0, 0.1, 123_456.789, 5e-7, 9.87e14] {
            let back = parse::<Watts>(&exact(Watts(value))).unwrap().0;
            assert!((back - value).abs() <= 4.0 * f64::EPSILON * value, "{value} came back as {back}");
        }
    }
}
