//! One shard of a search: which points it has, how far it has come, and how another process takes it up again.
//!
//! The points of a sweep are numbered, so a shard is a range of numbers and a place to go on from is one number. What the
//! reduction has kept until then is a list of numbers too: the kernel scores them again.

use super::SearchError;
use crate::engine::{Engine, Progress, Run};
use crate::kernel::{Input, Kernel, Resumable};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

/// One of several parts of every sweep, of as many points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which one, counted from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// All points.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Its points of a sweep; those of all shards follow each other without a gap.
    #[must_use]
    pub fn range(self, points: u64) -> Range<u64> {
        let end = |index: u32| {
            let share = u128::from(points) * u128::from(index) / u128::from(self.of.max(1));
            u64::try_from(share).unwrap_or(points)
        };
        end(self.index.saturating_sub(1))..end(self.index)
    }
}

/// What a sweep is over: shards of equal ones are parts of the same points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepId {
    /// What scores the points.
    pub kernel: String,
    /// Points of all shards.
    pub points: u64,
    /// SHA-256 of all that the scores depend on, as a device gets it, the shader included: in single precision, so that
    /// mathematics libraries that differ in the last place of a double agree.
    pub digest: String,
}

impl SweepId {
    /// Of a kernel over its points.
    #[must_use]
    pub fn of<K: Kernel>(kernel: &K) -> Self {
        let mut bytes = kernel.range(0, 0);
        bytes.extend(K::shader().as_bytes());
        for input in kernel.inputs() {
            let (Input::Uniform(content) | Input::Storage(content)) = input;
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(content);
        }
        Self { kernel: K::NAME.into(), points: kernel.points(), digest: digest(&bytes) }
    }
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How far a shard of a sweep has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The sweep.
    pub sweep: SweepId,
    /// The first point that has not been scored.
    pub next: u64,
    /// What was counted.
    pub counts: Vec<u64>,
    /// The points that may still matter.
    pub kept: Vec<u64>,
}

/// A shard of a sweep that was searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Searched {
    /// The sweep.
    pub sweep: SweepId,
    /// The first point of the shard.
    pub first: u64,
    /// The point after its last.
    pub end: u64,
}

/// What is told of a search while it runs, and what it is to keep. A closure that takes the progress is one.
pub trait Watch {
    /// Hears between chunks how far the shard is; a break ends the search with what is done.
    fn hear(&mut self, progress: Progress) -> ControlFlow<()>;
    /// How far an earlier run has come.
    fn earlier(&mut self) -> Option<Saved> {
        None
    }
    /// Whether it is time to save; `ends` where the search stops here.
    fn is_due(&mut self, _ends: bool) -> bool {
        false
    }
    /// Keeps how far the search is; a break ends it.
    fn save(&mut self, _saved: Saved) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Progress) -> ControlFlow<()>> Watch for F {
    fn hear(&mut self, progress: Progress) -> ControlFlow<()> {
        self(progress)
    }
}

/// Scores a shard of a kernel's points into a reduction, from where an earlier run has come to; `settle` may shorten
/// between chunks what the reduction keeps.
pub(super) fn search_shard<K, R>(
    engine: &Engine,
    kernel: &K,
    shard: Shard,
    reduction: &mut R,
    watch: &mut (impl Watch + ?Sized),
    settle: impl Fn(&mut R),
) -> Result<(Run, Searched), SearchError>
where
    K: Kernel,
    R: Resumable<K::Score>,
{
    let sweep = SweepId::of(kernel);
    let range = shard.range(sweep.points);
    let mut next = range.start;
    if let Some(saved) = watch.earlier() {
        next = take_up(kernel, &sweep, &range, reduction, &saved)?;
    }
    let (before, total) = (next - range.start, range.end - range.start);
    let run = engine.run_range(kernel, next..range.end, reduction, |progress, reduction| {
        settle(reduction);
        let done = before + progress.done;
        let flow = watch.hear(Progress { done, total });
        if watch.is_due(flow.is_break() || done == total) {
            let (counts, kept) = (reduction.counts(), reduction.kept());
            watch.save(Saved { sweep: sweep.clone(), next: range.start + done, counts, kept })?;
        }
        flow
    })?;
    Ok((run, Searched { sweep, first: range.start, end: range.end }))
}

/// Fills a reduction with what an earlier run has kept; returns the point to go on from.
fn take_up<K, R>(
    kernel: &K,
    sweep: &SweepId,
    range: &Range<u64>,
    reduction: &mut R,
    saved: &Saved,
) -> Result<u64, SearchError>
where
    K: Kernel,
    R: Resumable<K::Score>,
{
    let inside = |index: &u64| (range.start..saved.next).contains(index);
    if saved.sweep != *sweep
        || !(range.start..=range.end).contains(&saved.next)
        || !saved.kept.iter().all(inside)
    {
        return Err(SearchError::Earlier);
    }
    for index in &saved.kept {
        reduction.absorb(*index, &[kernel.score(*index)]);
    }
    reduction.set_counts(&saved.counts).ok_or(SearchError::Earlier)?;
    Ok(saved.next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Backend;
    use crate::kernel::frontier::Shortlist;
    use crate::kernel::serving_sweep::ServingSweep;
    use crate::kernel::serving_sweep::sample::design_space;

    #[test]
    fn shards_follow_each_other_without_a_gap() {
        for points in [0, 1, 7, 1_000_003, u64::MAX] {
            let mut end = 0;
            for index in 1..=9 {
                let range = Shard { index, of: 9 }.range(points);
                assert_eq!(range.start, end);
                assert!(range.end - range.start <= points / 9 + 1);
                end = range.end;
            }
            assert_eq!(end, points);
        }
        assert_eq!(Shard::WHOLE.range(5), 0..5);
    }

    /// Stops after some chunks and remembers where.
    struct Stops {
        after: u32,
        saved: Option<Saved>,
    }

    impl Watch for Stops {
        fn hear(&mut self, _: Progress) -> ControlFlow<()> {
            self.after = self.after.saturating_sub(1);
            if self.after == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        fn earlier(&mut self) -> Option<Saved> {
            self.saved.take()
        }
        fn is_due(&mut self, ends: bool) -> bool {
            ends
        }
        fn save(&mut self, saved: Saved) -> ControlFlow<()> {
            self.saved = Some(saved);
            ControlFlow::Continue(())
        }
    }

    fn sweep(seed: u64) -> ServingSweep {
        ServingSweep::new(design_space(seed, 60, 2_000)).expect("the sample is valid")
    }

    #[test]
    fn a_search_taken_up_again_ends_where_an_unbroken_one_does() {
        let (kernel, shard) = (sweep(3), Shard { index: 2, of: 2 });
        let engine = Engine::new(Backend::Cpu);
        let mut whole = Shortlist::new(2.0);
        let mut unbroken = Stops { after: u32::MAX, saved: None };
        search_shard(&engine, &kernel, shard, &mut whole, &mut unbroken, |_| ()).unwrap();
        let mut broken = Stops { after: 1, saved: None };
        let (run, _) =
            search_shard(&engine, &kernel, shard, &mut Shortlist::new(2.0), &mut broken, |_| ()).unwrap();
        assert!(run.cancelled && broken.saved.is_some());
        broken.after = u32::MAX;
        let mut rest = Shortlist::new(2.0);
        let (run, _) = search_shard(&engine, &kernel, shard, &mut rest, &mut broken, |_| ()).unwrap();
        assert!(run.points > 0 && run.points < kernel.points() / 2);
        assert_eq!(broken.saved, unbroken.saved);
        assert_eq!(whole.candidates(), rest.candidates());
    }

    #[test]
    fn what_is_of_another_sweep_or_shard_is_not_taken_up() {
        let engine = Engine::new(Backend::Cpu);
        let mut first = Stops { after: 1, saved: None };
        let shard = Shard { index: 1, of: 2 };
        search_shard(&engine, &sweep(3), shard, &mut Shortlist::new(2.0), &mut first, |_| ()).unwrap();
        let saved = first.saved.unwrap();
        let other = Shard { index: 2, of: 2 };
        let short = Saved { counts: vec![1], ..saved.clone() };
        for (kernel, shard, saved) in
            [(sweep(4), shard, &saved), (sweep(3), other, &saved), (sweep(3), shard, &short)]
        {
            let mut watch = Stops { after: u32::MAX, saved: Some(saved.clone()) };
            let error = search_shard(&engine, &kernel, shard, &mut Shortlist::new(2.0), &mut watch, |_| ());
            assert!(matches!(error, Err(SearchError::Earlier)));
        }
    }
}
