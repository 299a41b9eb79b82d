//! Counts what a formula does: a number that tells every operation on it.
//!
//! The bodies of kernels are generic over [`Real`]; run once on [`Counted`] numbers, a body says how many operations it
//! states. What is the same for neighbouring points, such as a quotient of two numbers of their layout, is computed once for
//! all of them and is not counted: only operations on what [`varying`] has made, and on what follows from it, are.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::scalar::Real;

/// Operations of 2^x as `exp2_f32` writes it: two limits, a floor, eight sums, seven products and the scale's three.
pub const POWER_OPERATIONS: f64 = 21.0;

/// Operations of a formula by what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Operations {
    /// Additions, subtractions and multiplications.
    pub plain: f64,
    /// Divisions and square roots.
    pub divisions: f64,
    /// Minima, maxima, comparisons, selections, floors.
    pub choices: f64,
    /// Powers of two and binary logarithms.
    pub powers: f64,
}

impl Operations {
    /// All of them, those of the polynomials counted.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.plain + self.divisions + self.choices + POWER_OPERATIONS * self.powers
    }

    /// So many times as many.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        Self {
            plain: self.plain * factor,
            divisions: self.divisions * factor,
            choices: self.choices * factor,
            powers: self.powers * factor,
        }
    }
}

thread_local! {
    static VARIES: Cell<bool> = const { Cell::new(false) };
    static TALLY: Cell<Operations> = const {
        Cell::new(Operations { plain: 0.0, divisions: 0.0, choices: 0.0, powers: 0.0 })
    };
}

fn note(what: impl FnOnce(&mut Operations)) {
    TALLY.with(|tally| {
        let mut operations = tally.get();
        what(&mut operations);
        tally.set(operations);
    });
}

/// The operations on [`Counted`] numbers that some work does on this thread.
pub fn operations_of(work: impl FnOnce()) -> Operations {
    let before = TALLY.take();
    work();
    TALLY.replace(before)
}

/// Makes numbers that differ from point to point.
pub fn varying<T>(make: impl FnOnce() -> T) -> T {
    let before = VARIES.replace(true);
    let made = make();
    VARIES.set(before);
    made
}

/// A number that counts what is done to it, and whether it differs from point to point.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted(f32, bool);

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self.1 || other.1 {
            note(|operations| operations.choices += 1.0);
        }
        self.0.partial_cmp(&other.0)
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The result of an operation on numbers of which any, or none, varies.
fn result(value: f32, varies: bool, count: impl FnOnce(&mut Operations)) -> Counted {
    if varies {
        note(count);
    }
    Counted(value, varies)
}

fn plain(value: f32, varies: bool) -> Counted {
    result(value, varies, |operations| operations.plain += 1.0)
}

fn division(value: f32, varies: bool) -> Counted {
    result(value, varies, |operations| operations.divisions += 1.0)
}

fn choice(value: f32, varies: bool) -> Counted {
    result(value, varies, |operations| operations.choices += 1.0)
}

fn power(value: f32, varies: bool) -> Counted {
    result(value, varies, |operations| operations.powers += 1.0)
}

impl Add for Counted {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        plain(self.0 + other.0, self.1 || other.1)
    }
}

impl Sub for Counted {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        plain(self.0 - other.0, self.1 || other.1)
    }
}

impl Mul for Counted {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        plain(self.0 * other.0, self.1 || other.1)
    }
}

impl Div for Counted {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        division(self.0 / other.0, self.1 || other.1)
    }
}

impl Neg for Counted {
    type Output = Self;
    fn neg(self) -> Self {
        plain(-self.0, self.1)
    }
}

impl Real for Counted {
    fn of(value: f64) -> Self {
        Self(value as f32, VARIES.get())
    }
    fn to_f64(self) -> f64 {
        f64::from(self.0)
    }
    fn min(self, other: Self) -> Self {
        choice(Real::min(self.0, other.0), self.1 || other.1)
    }
    fn max(self, other: Self) -> Self {
        choice(Real::max(self.0, other.0), self.1 || other.1)
    }
    fn floor(self) -> Self {
        choice(Real::floor(self.0), self.1)
    }
    fn sqrt(self) -> Self {
        division(Real::sqrt(self.0), self.1)
    }
    fn exp2(self) -> Self {
        power(Real::exp2(self.0), self.1)
    }
    fn log2(self) -> Self {
        power(Real::log2(self.0), self.1)
    }
    fn select(condition: bool, yes: Self, no: Self) -> Self {
        // What the condition rests on is not known: a selection among values that vary does so anyhow.
        choice(if condition { yes.0 } else { no.0 }, yes.1 || no.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throughput::roofline::{Operation, StepLoad, operation_time};

    #[test]
    fn a_roofline_row_takes_what_its_formula_states() {
        let row =
            Operation::<f64> { rate_flop_per_s: 1.0, bandwidth_bytes_per_s: 1.0, ..Operation::default() };
        let (row, load) = varying(|| (row.cast::<Counted>(), StepLoad::<f64>::default().cast()));
        let operations = operations_of(|| {
            let _ = operation_time(&row, &load);
        });
        // Four lines of tokens: 4 products, 1 sum; attended 2 and 1; flop 2 and 1; touched 1 and a difference;
        // rows 1; arithmetic 2 products, a sum; bytes 4 and 2; the time 2 products and 2 sums, three parts.
        assert!((operations.plain - 29.0).abs() < 0.5, "{operations:?}");
        // flop / rate, half_rows / rows, bytes / bandwidth.
        assert!((operations.divisions - 3.0).abs() < 0.5, "{operations:?}");
        assert!((operations.powers - 1.0).abs() < 0.5);
        // Two windows, least rows, busy and its selection, longer and shorter.
        assert!((operations.choices - 7.0).abs() < 0.5, "{operations:?}");
    }

    #[test]
    fn what_is_the_same_for_neighbours_is_not_counted() {
        let same = Counted::of(2.0) / Counted::of(3.0);
        let own = varying(|| Counted::of(1.0));
        let operations = operations_of(|| {
            let quotient = Counted::of(2.0) / Counted::of(3.0);
            let _ = own * quotient + Real::max(same, own);
        });
        assert_eq!(operations, Operations { plain: 2.0, choices: 1.0, ..Operations::default() });
    }

    #[test]
    fn work_within_work_is_counted_apart() {
        let mut inner = Operations::default();
        let outer = operations_of(|| {
            let one = varying(|| Counted::of(1.0)) + Counted::of(2.0);
            inner = operations_of(|| {
                let _ = one * one;
            });
        });
        assert_eq!((inner.plain, outer.plain), (1.0, 1.0));
    }
}
