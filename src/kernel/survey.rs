//! What a serving sweep is asked for, all in one pass: the frontier, the leading layouts, how the points spread, and counts.

use crate::kernel::frontier::{self, COUNTS, Candidate, Exact, Shortlist};
use crate::kernel::leaders::{Leaders, Promised};
use crate::kernel::serving_sweep::{Score, ServingSweep, SweepRange};
use crate::kernel::sieve::{Limits, Sieve, Sifted, sieve_shader};
use crate::kernel::spread::{self, Spread};
use crate::kernel::{Reduction, Resumable, ShaderStruct};

/// The stem of what runs on devices.
pub const SIEVE: &str = "survey";
/// Layouts that a table on a device tells apart at most.
const MOST_LAYOUTS: u64 = 1 << 20;

/// The reduction of a serving sweep.
#[derive(Debug, Clone)]
pub struct Survey {
    shortlist: Shortlist,
    leaders: Leaders,
    spread: Spread,
    layouts: u64,
    /// The shortest time per token that the promise is for, of points whose first token comes in time [s].
    fastest: f32,
}

/// The shader of the other half on devices.
#[must_use]
pub fn sieve_text() -> String {
    let constants = format!(
        "const BINS: u32 = {}u;\nconst BIN_BITS: u32 = {}u;\nconst FIRST_BIN: u32 = {}u;\n\
         const SPREAD: u32 = {}u;\n",
        spread::BINS,
        spread::MANTISSA_BITS,
        spread::FIRST,
        Spread::COUNTS
    );
    let generated = [frontier::constants_wgsl(), constants, SweepRange::wgsl(), Score::wgsl()];
    sieve_shader(SweepRange::NAME, COUNTS as u32, &generated, include_str!("../../shaders/survey.wgsl"))
}

impl Survey {
    /// Of a sweep, for points that keep a promise; so many layouts are to lead.
    #[must_use]
    pub fn new(sweep: &ServingSweep, promised: Promised, leaders: usize) -> Self {
        Self {
            shortlist: Shortlist::new(promised.ttft_s),
            leaders: Leaders::new(leaders, sweep.points_of_a_layout(), promised),
            spread: Spread::default(),
            layouts: sweep.space().layouts.len() as u64,
            fastest: f32::INFINITY,
        }
    }

    /// The shortest time per token that the promise is for, of points whose first token comes in time [s].
    #[must_use]
    pub fn fastest(&self) -> Option<f32> {
        Some(self.fastest).filter(|fastest| fastest.is_finite())
    }

    fn hear_fastest(&mut self, score: &Score) {
        let in_time =
            score.misfit == 0 && score.ttft_s <= self.leaders.promised().ttft_s * (1.0 + frontier::GUARD);
        self.fastest = if in_time { self.fastest.min(score.tpot_s) } else { self.fastest };
    }

    /// The points that may be on the frontier, and counts.
    #[must_use]
    pub fn shortlist(&self) -> &Shortlist {
        &self.shortlist
    }

    /// How the points spread that can run.
    #[must_use]
    pub fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Points that may be on the frontier and points that may be the best of a leading layout, each in the order of their
    /// indices.
    #[must_use]
    pub fn candidates(self) -> (Vec<Candidate>, Vec<u64>) {
        let mut leaders = self.leaders;
        (self.shortlist.candidates(), leaders.indices())
    }

    /// Drops, where there are very many, what is beaten in `f64`.
    pub fn settle(&mut self, exact: impl Fn(u64) -> Exact) {
        self.shortlist.settle(&exact);
        self.leaders.settle(&exact);
    }
}

impl Reduction<Score> for Survey {
    fn fork(&self) -> Self {
        Self {
            shortlist: self.shortlist.fork(),
            leaders: self.leaders.fork(),
            spread: Spread::default(),
            layouts: self.layouts,
            fastest: self.fastest,
        }
    }

    fn absorb(&mut self, first: u64, scores: &[Score]) {
        self.shortlist.absorb(first, scores);
        self.leaders.absorb(first, scores);
        self.spread.absorb(scores);
        for score in scores {
            self.hear_fastest(score);
        }
    }

    fn merge(&mut self, other: Self) {
        self.shortlist.merge(other.shortlist);
        self.leaders.merge(other.leaders);
        self.spread.add(other.spread.counts().iter().copied());
        self.fastest = self.fastest.min(other.fastest);
    }

    fn sieve(&self) -> Option<Sieve> {
        let mut noted = self.shortlist.noted();
        let settled = noted.len() as u32;
        if self.leaders.is_asked() {
            if self.layouts > MOST_LAYOUTS {
                return None;
            }
            noted.extend((0..self.layouts).map(|layout| self.leaders.reach(layout).to_bits()));
        }
        // The shorter, the larger.
        noted.push(!self.fastest.to_bits());
        let Promised { ttft_s, tpot_s } = self.leaders.promised();
        let (less, more) = (1.0 - frontier::GUARD, 1.0 + frontier::GUARD);
        Some(Sieve {
            name: SIEVE,
            shader: sieve_text,
            limits: Limits {
                most: ttft_s * more,
                most_sure: ttft_s * less,
                most_next: tpot_s * more,
                most_next_sure: tpot_s * less,
                noted: noted.len() as u32,
                settled,
            },
            noted,
            counts: (COUNTS + Spread::COUNTS) as u32,
        })
    }

    fn absorb_sifted(&mut self, mut sifted: Sifted<Score>) {
        let spread = sifted.counts.split_off(COUNTS);
        self.spread.add(spread.into_iter().map(u64::from));
        for (index, score) in &sifted.kept {
            self.hear_fastest(score);
            self.leaders.consider(Candidate { index: *index, score: *score });
        }
        self.shortlist.absorb_sifted(sifted);
    }

    fn is_like(&self, other: &Self) -> bool {
        self.counts() == other.counts() && self.clone().candidates() == other.clone().candidates()
    }
}

impl Resumable<Score> for Survey {
    fn counts(&self) -> Vec<u64> {
        [self.shortlist.counts().as_slice(), &[self.fastest.to_bits().into()], self.spread.counts()].concat()
    }

    fn set_counts(&mut self, counts: &[u64]) -> Option<()> {
        let spread = counts.len().checked_sub(Spread::COUNTS)?;
        let (own, spread) = counts.split_at(spread);
        let (fastest, own) = own.split_last()?;
        self.shortlist.set_counts(own)?;
        self.fastest = f32::from_bits(u32::try_from(*fastest).ok()?);
        self.spread = Spread::default();
        self.spread.add(spread.iter().copied());
        Some(())
    }

    fn kept(&mut self) -> Vec<u64> {
        let mut indices = self.shortlist.kept();
        indices.extend(self.leaders.indices());
        indices.sort_unstable();
        indices.dedup();
        indices
    }
}
