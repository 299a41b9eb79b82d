//! Whether two runs differ by more than their samples scatter.
//!
//! The rank-sum test asks how likely the samples of two runs would lie as far apart as they do if both came from the
//! same distribution, whatever its shape: times have a long tail, so a test of means would be misled.
//!
//! ~~~text
//! U = Σ_ij [x_i > y_j] + ½·[x_i = y_j]
//! p = 2 · P(U' ≤ min(U, m·n − U)),   counted exactly: N(u; m, n) = N(u − n; m − 1, n) + N(u; m, n − 1)
//! ~~~
//!
//! Mann and Whitney 1947, doi:10.1214/aoms/1177730491. Ties round U towards the middle, which errs on the side of no
//! difference. Samples of one run share what the machine did meanwhile, so p speaks of these two runs, not of the machines.

use super::{Reading, Spread};

/// Below this a difference is taken for one.
pub const LEVEL: f64 = 0.01;
/// Nearer than this two medians are the same for any practical purpose, however sure their difference.
pub const NEAR: f64 = 0.02;

/// One thing measured in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// This run's.
    pub here: &'a Reading,
    /// The other run's.
    pub there: &'a Reading,
    /// Speed here over speed there.
    pub speed_ratio: f64,
    /// How likely samples of one distribution lie so far apart.
    pub p: f64,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Faster here.
    Faster,
    /// Slower here.
    Slower,
    /// No difference beyond the scatter.
    Same,
}

impl Finding {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "no difference",
        }
    }
}

impl Comparison<'_> {
    /// Faster or slower only where the samples say so and it is worth saying.
    #[must_use]
    pub fn finding(&self) -> Finding {
        if self.p >= LEVEL || (self.speed_ratio - 1.0).abs() < NEAR {
            Finding::Same
        } else if self.speed_ratio > 1.0 {
            Finding::Faster
        } else {
            Finding::Slower
        }
    }
}

/// What both runs measured, in the order of the first.
#[must_use]
pub fn compare<'a>(here: &'a [Reading], there: &'a [Reading]) -> Vec<Comparison<'a>> {
    here.iter()
        .filter_map(|reading| Some((reading, there.iter().find(|other| reading.is_like(other))?)))
        .map(|(here, there)| Comparison {
            here,
            there,
            speed_ratio: Spread::of(&there.seconds).median / Spread::of(&here.seconds).median,
            p: rank_sum(&here.seconds, &there.seconds),
        })
        .collect()
}

/// The two-sided p of the rank-sum test; 1 where a side is empty.
#[must_use]
pub fn rank_sum(x: &[f64], y: &[f64]) -> f64 {
    let pairs = (x.len() * y.len()) as f64;
    let above: f64 = x
        .iter()
        .flat_map(|x| {
            y.iter()
                .map(move |y| f64::from(u8::from(x > y)) + 0.5 * f64::from(u8::from(x.total_cmp(y).is_eq())))
        })
        .sum();
    let least = above.min(pairs - above).ceil() as usize;
    let ways = arrangements(x.len(), y.len());
    let all: f64 = ways.iter().sum();
    let extreme: f64 = ways.iter().take(least + 1).sum();
    (2.0 * extreme / all).min(1.0)
}

/// In how many orders of `m` and `n` samples U comes out as 0, 1, …, m·n.
fn arrangements(m: usize, n: usize) -> Vec<f64> {
    // Rows of the recurrence for a growing m: ways[n][u].
    let mut ways = vec![vec![1.0]; n + 1];
    for m in 1..=m {
        let mut next: Vec<Vec<f64>> = vec![vec![1.0]];
        for n in 1..=n {
            let at = |list: &[f64], u: Option<usize>| u.and_then(|u| list.get(u)).copied().unwrap_or(0.0);
            let row = (0..=m * n).map(|u| at(&ways[n], u.checked_sub(n)) + at(&next[n - 1], Some(u)));
            let row = row.collect();
            next.push(row);
        }
        ways = next;
    }
    ways.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_three_and_three() {
        // Of the 20 orders of six samples one has U = 0, one 1, two 2, three each 3 and 4, …: the classical table.
        assert_eq!(arrangements(3, 3), [1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 2.0, 1.0, 1.0]);
        assert!((arrangements(21, 21).iter().sum::<f64>() / 538_257_874_440.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn runs_apart_differ_and_runs_among_each_other_do_not() {
        let (low, high): (Vec<f64>, Vec<f64>) = (0..7).map(|i| (f64::from(i), f64::from(i) + 10.0)).unzip();
        // 2 of C(14, 7) = 3,432 orders are as extreme.
        assert!((rank_sum(&low, &high) - 2.0 / 3_432.0).abs() < 1e-12);
        let between: Vec<f64> = low.iter().map(|x| x + 0.5).collect();
        assert!(rank_sum(&low, &between) > 0.5);
        assert!((rank_sum(&low, &low) - 1.0).abs() < 1e-12, "ties are no difference");
    }

    #[test]
    fn a_sure_but_small_difference_is_none() {
        let reading = |scale: f64| Reading {
            group: crate::bench::Group::Command,
            name: "n".into(),
            shape: String::new(),
            path: "cpu".into(),
            amounts: crate::bench::Amounts::default(),
            seconds: (0..21).map(|i| scale * (1.0 + 1e-6 * f64::from(i))).collect(),
            check: None,
        };
        let finding = |scale: f64| {
            let (here, there) = ([reading(1.0)], [reading(scale)]);
            let comparison = &compare(&here, &there)[0];
            assert!(comparison.p < 1e-6, "{}", comparison.p);
            comparison.finding()
        };
        assert_eq!(finding(1.01), Finding::Same);
        assert_eq!(finding(1.5), Finding::Faster);
        assert_eq!(finding(0.5), Finding::Slower);
    }
}
