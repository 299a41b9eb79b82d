//! A shard of a sweep as a file: what it is of, what it found, and how shards become the whole again.
//!
//! A shard keeps the frontier of each of its sweeps in `f64`. What is on the frontier of all points is on that of its shard,
//! so the union of the shards' frontiers has it, whatever their number and order; points that are equal in both rates
//! are kept as the whole sweep keeps them, the lower index first. A layout that is among the leaders of all points is so in
//! the shard that has its best one. Counts add up.
//!
//! A file that was changed or damaged on its way is told by a checksum of all that is merged.

use super::spread::Histogram;
use super::training::{self, TrainingCurve};
use super::{DesignPoint, Leader, Misfits, SweepReport, fastest_first};
use crate::kernel::leaders::{self, leading};
use crate::search::shard::{Searched, Shard, digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a sweep found of one model on one system, or a shard of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepPart {
    /// The model and the system.
    pub of: String,
    /// The points that were searched; nothing where no layout holds the model.
    pub searched: Option<Searched>,
    /// Points that were evaluated.
    pub evaluated: u64,
    /// Points that can run.
    pub feasible: u64,
    /// Points that cannot, by reason; a point may count more than once.
    pub misfits: Misfits,
    /// Points that no other beats both ways, fastest for the user first.
    pub frontier: Vec<DesignPoint>,
    /// Layouts that give most per accelerator under the promise, best first.
    pub leaders: Vec<Leader>,
    /// How the points that can run spread.
    pub histograms: Vec<Histogram>,
    /// A training run over numbers of accelerators.
    pub training: Option<TrainingCurve>,
}

/// A shard, with all that it takes to know its kin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Which shard, counted from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
    /// The version of the program that wrote it.
    pub version: String,
    /// SHA-256 of the resolved scenario and of the options that change the result.
    pub digest: String,
    /// What the whole falls short of, as it was told.
    pub shortfalls: Vec<String>,
    /// Its part of every sweep, in their order.
    pub sweeps: Vec<SweepPart>,
    /// SHA-256 of all of the above.
    pub checksum: String,
}

impl ShardRecord {
    /// With the checksum of what it holds.
    #[must_use]
    pub fn sealed(self) -> Self {
        Self { checksum: self.sum(), ..self }
    }

    /// SHA-256 of all that it holds but the checksum itself.
    fn sum(&self) -> String {
        let Self { index, of, version, digest: id, shortfalls, sweeps, checksum: _ } = self;
        let content = serde_json::json!([index, of, version, id, shortfalls, sweeps]);
        digest(content.to_string().as_bytes())
    }

    /// Which of how many.
    #[must_use]
    pub fn shard(&self) -> Shard {
        Shard { index: self.index, of: self.of }
    }
}

/// Why shards do not make a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// No shard at all.
    #[error("there is no shard to merge")]
    Nothing,
    /// Written by another version of the program.
    #[error("{file} was written by version {version}; this is {}", VERSION)]
    Version {
        /// The file.
        file: String,
        /// Its version.
        version: String,
    },
    /// Not what was written.
    #[error("{file} is damaged: its content is not what its checksum says")]
    Damaged {
        /// The file.
        file: String,
    },
    /// Shards of different sweeps.
    #[error("{file} is of another sweep than {first}: {what} differs")]
    Different {
        /// The file.
        file: String,
        /// The file that it is compared with.
        first: String,
        /// What differs.
        what: String,
    },
    /// The same points twice.
    #[error("{file} overlaps {first}: both are shard {index}/{of}")]
    Overlap {
        /// The file.
        file: String,
        /// The file with the same points.
        first: String,
        /// Which shard both are.
        index: u32,
        /// Of how many.
        of: u32,
    },
    /// Points that no file has.
    #[error("{missing} of {of} shards are missing: {which}")]
    Missing {
        /// How many.
        missing: usize,
        /// Of how many.
        of: u32,
        /// Which, as `--shard` takes them.
        which: String,
    },
    /// A shard that does not hold the points that it says.
    #[error("{file} does not hold all its points of {sweep}: {evaluated} of {points} were evaluated")]
    Incomplete {
        /// The file.
        file: String,
        /// The sweep.
        sweep: String,
        /// Points that it has.
        evaluated: u64,
        /// Points that it should have.
        points: u64,
    },
}

/// Joins the shards of one sweep, each with the name of its file, in any order; the result, and what it falls short of.
pub fn merge(mut shards: Vec<(String, ShardRecord)>) -> Result<(SweepReport, Vec<String>), MergeError> {
    shards.sort_by(|a, b| a.1.index.cmp(&b.1.index).then_with(|| a.0.cmp(&b.0)));
    for (file, record) in &shards {
        if record.version != VERSION {
            return Err(MergeError::Version { file: file.clone(), version: record.version.clone() });
        }
        if record.checksum != record.sum() {
            return Err(MergeError::Damaged { file: file.clone() });
        }
    }
    let Some((first, rest)) = shards.split_first() else { return Err(MergeError::Nothing) };
    for other in rest {
        same_sweep(first, other)?;
    }
    for pair in shards.windows(2) {
        let Shard { index, of } = pair[1].1.shard();
        if pair[0].1.index == index {
            let (first, file) = (pair[0].0.clone(), pair[1].0.clone());
            return Err(MergeError::Overlap { file, first, index, of });
        }
    }
    for shard in &shards {
        is_complete(shard)?;
    }
    let of = first.1.of;
    // In order and each once: as many are missing as there are fewer.
    let missing = of as usize - shards.len().min(of as usize);
    if missing > 0 {
        let there: BTreeSet<u32> = shards.iter().map(|(_, record)| record.index).collect();
        let first = (1..=of).filter(|index| !there.contains(index)).take(SHOWN);
        let names: Vec<String> = first.map(|index| format!("{index}/{of}")).collect();
        return Err(MergeError::Missing { missing, of, which: shortened(&names, missing) });
    }
    let mut shortfalls = first.1.shortfalls.clone();
    let mut records = shards.into_iter().map(|(_, record)| record.sweeps);
    let mut whole = records.next().unwrap_or_default();
    for sweeps in records {
        for (whole, part) in whole.iter_mut().zip(sweeps) {
            whole.join(part);
        }
    }
    for part in &mut whole {
        part.settle();
        if part.training.is_none() && part.leaders.is_empty() {
            shortfalls.push(format!("{}: no design point keeps the promise", part.of));
        }
    }
    Ok((SweepReport::of(whole), shortfalls))
}

/// The first names of a list, and how many more there are.
/// Shards that an error names at most.
const SHOWN: usize = 8;

/// The first names of so many.
fn shortened(names: &[String], all: usize) -> String {
    let shown = names.join(", ");
    if all > names.len() { format!("{shown} and {} more", all - names.len()) } else { shown }
}

fn same_sweep(first: &(String, ShardRecord), other: &(String, ShardRecord)) -> Result<(), MergeError> {
    let (a, b) = (&first.1, &other.1);
    let id = |part: &SweepPart| (part.of.clone(), part.searched.as_ref().map(|part| part.sweep.clone()));
    let alike = a.sweeps.len() == b.sweeps.len();
    let differing = a.sweeps.iter().zip(&b.sweeps).find(|(a, b)| id(a) != id(b));
    let what = if a.of != b.of {
        format!("the number of shards ({} and {})", a.of, b.of)
    } else if a.digest != b.digest || !alike {
        "the scenario, or an option that changes the result,".to_owned()
    } else if let Some((part, _)) = differing {
        format!("what the points of {} rest on", part.of)
    } else {
        return Ok(());
    };
    Err(MergeError::Different { file: other.0.clone(), first: first.0.clone(), what })
}

fn is_complete((file, record): &(String, ShardRecord)) -> Result<(), MergeError> {
    for part in &record.sweeps {
        let Some(searched) = &part.searched else { continue };
        let range = record.shard().range(searched.sweep.points);
        let points = range.end - range.start;
        if (searched.first, searched.end) != (range.start, range.end) || part.evaluated != points {
            let (file, sweep) = (file.clone(), part.of.clone());
            return Err(MergeError::Incomplete { file, sweep, evaluated: part.evaluated, points });
        }
    }
    Ok(())
}

impl SweepPart {
    /// Takes in the points of the next shard.
    fn join(&mut self, next: Self) {
        self.evaluated = self.evaluated.saturating_add(next.evaluated);
        self.feasible = self.feasible.saturating_add(next.feasible);
        for (reason, count) in next.misfits {
            let sum = self.misfits.entry(reason).or_default();
            *sum = sum.saturating_add(count);
        }
        self.frontier.extend(next.frontier);
        self.leaders.extend(next.leaders);
        if self.histograms.is_empty() {
            self.histograms = next.histograms;
        } else {
            for (own, next) in self.histograms.iter_mut().zip(&next.histograms) {
                own.join(next);
            }
        }
        if let (Some(curve), Some(next)) = (&mut self.training, next.training) {
            curve.join(next);
        }
    }

    /// Keeps what is on the frontier of all shards.
    fn settle(&mut self) {
        self.frontier = fastest_first(std::mem::take(&mut self.frontier));
        let leaders = std::mem::take(&mut self.leaders);
        let points = leaders.into_iter().map(|leader| (leader.layout, leader.point)).collect();
        self.leaders = leading(points, leaders::SHOWN, |point| point.tokens_per_s_per_accelerator)
            .into_iter()
            .map(|(layout, point)| Leader { layout, point })
            .collect();
        self.training = self.training.take().map(training::settled);
    }
}

#[cfg(test)]
mod tests {
    use super::super::spread::histograms;
    use super::super::tests::{part, point};
    use super::*;
    use crate::kernel::serving_sweep::Score;
    use crate::kernel::spread::Spread;

    /// A part of nine points of three layouts, with all that a search finds in it.
    fn whole_part(range: std::ops::Range<u64>, own: &[DesignPoint]) -> SweepPart {
        let mut spread = Spread::default();
        for point in own {
            let tokens_per_s_per_user = point.tokens_per_s_per_user as f32;
            spread.absorb(&[Score { tokens_per_s_per_user, ..Score::default() }]);
        }
        let layouts =
            range.clone().zip(own).map(|(index, point)| Leader { layout: index / 3, point: point.clone() });
        let mut found = SweepPart {
            leaders: layouts.collect(),
            histograms: histograms(&spread),
            ..part(9, range, own.to_vec())
        };
        found.settle();
        found
    }

    /// Nine points in index order, cut into so many shards.
    fn shards(of: u32) -> Vec<(String, ShardRecord)> {
        let rates = [
            (10.0, 100.0),
            (20.0, 50.0),
            (15.0, 40.0),
            (10.0, 90.0),
            (30.0, 50.0),
            (10.0, 100.0),
            (12.0, 99.0),
            (40.0, 1.0),
            (39.0, 2.0),
        ];
        let points: Vec<DesignPoint> =
            (0..).zip(rates).map(|(batch, (a, b))| DesignPoint { batch, ..point(a, b) }).collect();
        (1..=of)
            .map(|index| {
                let range = Shard { index, of }.range(9);
                let own = points[range.start as usize..range.end as usize].to_vec();
                let record = ShardRecord {
                    index,
                    of,
                    version: VERSION.into(),
                    digest: "d".into(),
                    shortfalls: Vec::new(),
                    sweeps: vec![whole_part(range, &own)],
                    checksum: String::new(),
                };
                (format!("{index}.json"), record.sealed())
            })
            .collect()
    }

    #[test]
    fn any_number_of_shards_in_any_order_makes_the_same_whole() {
        let (whole, _) = merge(shards(1)).unwrap();
        assert_eq!(whole.frontier.len(), 5);
        assert_eq!(whole.evaluated, 9);
        let best: Vec<(u64, f64)> = whole
            .leaders
            .iter()
            .map(|leader| (leader.layout, leader.point.tokens_per_s_per_accelerator))
            .collect();
        assert_eq!(best, [(0, 100.0), (1, 100.0), (2, 99.0)]);
        for of in [2, 3, 5, 9, 20] {
            let mut files = shards(of);
            files.reverse();
            assert_eq!(merge(files.clone()).unwrap().0, whole, "{of}");
            files.rotate_left(1);
            assert_eq!(merge(files).unwrap().0, whole, "{of}");
        }
    }

    #[test]
    fn what_makes_no_whole_is_refused() {
        assert_eq!(merge(Vec::new()), Err(MergeError::Nothing));
        let told = |shards: Vec<(String, ShardRecord)>| merge(shards).unwrap_err().to_string();
        let mut files = shards(12);
        files.truncate(2);
        let text = told(files);
        assert!(text.starts_with("10 of 12 shards are missing: 3/12, 4/12,"), "{text}");
        assert!(text.ends_with("10/12 and 2 more"), "{text}");

        let mut files = shards(3);
        files.push(("copy.json".into(), files[1].1.clone()));
        assert_eq!(told(files), "copy.json overlaps 2.json: both are shard 2/3");

        let mut files = shards(3);
        files[2] = shards(4).remove(2);
        assert!(told(files).contains("the number of shards (3 and 4)"));

        let mut files = shards(2);
        files[1].1.digest = "e".into();
        assert_eq!(told(files.clone()), "2.json is damaged: its content is not what its checksum says");
        files[1].1 = files[1].1.clone().sealed();
        assert!(told(files).starts_with("2.json is of another sweep than 1.json: the scenario"));

        let mut files = shards(2);
        files[1].1.sweeps[0].searched.as_mut().unwrap().sweep.digest = "e".into();
        files[1].1 = files[1].1.clone().sealed();
        assert!(told(files).contains("what the points of m on s rest on"));

        let mut files = shards(2);
        files[0].1.sweeps[0].evaluated -= 1;
        files[0].1 = files[0].1.clone().sealed();
        assert!(told(files).contains("1.json does not hold all its points of m on s: 3 of 4"));

        let mut files = shards(2);
        files[0].1.version = "0.0.1".into();
        assert!(told(files).contains("was written by version 0.0.1"));
    }
}
