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
    /// How likely samples of one distribution lie so far apart, raised for the number of comparisons.
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

/// What both runs measured, in the order of the first: readings of the same size, and those of another size where there is
/// only one of the kind on each side.
///
/// Speeds are compared, amounts over times. With many comparisons some p is small by chance, so each is raised as Holm 1979
/// does: the smallest times their number, the next times one less, never below the one before.
#[must_use]
pub fn compare<'a>(here: &'a [Reading], there: &'a [Reading]) -> Vec<Comparison<'a>> {
    let only = |list: &'a [Reading], of: &Reading| {
        let mut own = list.iter().filter(|other| other.is_of_kind(of));
        own.next().filter(|_| own.next().is_none())
    };
    let partner = |reading: &'a Reading| {
        let same = |other: &&Reading| other.is_of_kind(reading) && other.shape == reading.shape;
        there.iter().find(same).or_else(|| only(here, reading).and_then(|_| only(there, reading)))
    };
    let mut compared: Vec<Comparison<'a>> = here
        .iter()
        .filter_map(|reading| Some((reading, partner(reading)?)))
        .map(|(here, there)| {
            let [own, other] = [here, there].map(|reading| {
                let amount = reading.main_amount();
                reading.seconds.iter().map(|seconds| seconds / amount).collect::<Vec<f64>>()
            });
            Comparison {
                here,
                there,
                speed_ratio: Spread::of(&other).median / Spread::of(&own).median,
                p: rank_sum(&own, &other),
            }
        })
        .collect();
    let mut order: Vec<usize> = (0..compared.len()).collect();
    order.sort_by(|a, b| compared[*a].p.total_cmp(&compared[*b].p));
    let mut least = 0.0_f64;
    for (rank, place) in order.into_iter().enumerate() {
        let left = (compared.len() - rank) as f64;
        least = least.max((compared[place].p * left).min(1.0));
        compared[place].p = least;
    }
    compared
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

    fn reading(scale: f64) -> Reading {
        Reading {
            group: crate::bench::Group::Command,
            name: "n".into(),
            shape: String::new(),
            path: "cpu".into(),
            amounts: crate::bench::Amounts::default(),
            seconds: (0..21).map(|i| scale * (1.0 + 1e-6 * f64::from(i))).collect(),
            check: None,
        }
    }

    #[test]
    fn other_sizes_are_compared_by_their_speed() {
        let sized = |shape: &str, bytes: f64, scale: f64| Reading {
            shape: shape.into(),
            amounts: crate::bench::Amounts { bytes, ..crate::bench::Amounts::default() },
            ..reading(scale)
        };
        // Twice the bytes in three times the time.
        let (here, there) = ([sized("1 Mi", 1e6, 1.0)], [sized("2 Mi", 2e6, 3.0)]);
        assert!((compare(&here, &there)[0].speed_ratio - 1.5).abs() < 1e-12);
        // With two sizes on a side nobody knows which is meant.
        let there = [sized("2 Mi", 2e6, 3.0), sized("4 Mi", 4e6, 6.0)];
        assert!(compare(&here, &there).is_empty());
    }

    #[test]
    fn many_comparisons_raise_what_is_small_by_chance() {
        let low: Vec<f64> = (0..5).map(f64::from).collect();
        let one = |name: usize, seconds: &[f64]| Reading {
            name: name.to_string(),
            seconds: seconds.iter().map(|x| x + 1.0).collect(),
            ..reading(1.0)
        };
        let high: Vec<f64> = low.iter().map(|x| x + 9.0).collect();
        // 2 of C(10, 5) = 252 orders are as extreme: p = 0.0079 alone, four times that among four.
        let (here, there): (Vec<_>, Vec<_>) = (0..4).map(|name| (one(name, &low), one(name, &high))).unzip();
        assert!((compare(&here[..1], &there[..1])[0].p - 2.0 / 252.0).abs() < 1e-12);
        assert!(compare(&here, &there).iter().all(|one| (one.p - 8.0 / 252.0).abs() < 1e-12));
    }

    #[test]
    fn a_sure_but_small_difference_is_none() {
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
