//! What cables are made of, how far that reaches, and how much of a tray it takes.

use crate::media::Medium;
use crate::units::{ByteRate, Meters};

/// Cross-section of one cable of so many fibres, as it comes and in a trunk [mm²]: assumptions.
///
/// Twisted pairs of 6 mm across; copper of an 800G class of 9, 7 and 6 mm; a jumper of 2 mm of a pair of fibres or one,
/// of 3 mm of more. A trunk of 1,728 fibres in ribbons is 25 mm across, 0.284 mm² for each, and smaller ones are as
/// dense.
#[must_use]
pub fn section(medium: Medium, fibres: u64, in_trunk: bool) -> f64 {
    match medium {
        Medium::PassiveCopper => 63.6,
        Medium::LinearActiveCopper => 38.5,
        Medium::RetimedActiveCopper | Medium::TwistedPair => 28.3,
        Medium::Multimode | Medium::SingleMode | Medium::LongSingleMode | Medium::Coherent => {
            match (in_trunk, fibres) {
                (true, fibres) => 0.284 * fibres as f64,
                (false, 0..=2) => 3.1,
                (false, _) => 7.1,
            }
        }
    }
}

/// How far a link reaches, and how its modules are parted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The medium.
    pub medium: Medium,
    /// The longest cable.
    pub length: Meters,
    /// Rate of a module, per direction.
    pub module: ByteRate,
    /// Ports that it can be parted over.
    pub ways: u32,
    /// Fibres of each of those: a pair, or one with both directions in it.
    pub fibres_per_way: u32,
}

/// Tolerance of ratios of rates.
const ROUNDING: f64 = 1e-9;

impl Reach {
    /// Cables of a rate that one module serves.
    ///
    /// ~~~text
    /// n = max( 1, min( ⌊module / rate⌋, ways ) )
    /// ~~~
    #[must_use]
    pub fn served(&self, rate: ByteRate) -> u64 {
        let by_rate = (self.module / rate + ROUNDING) as u64;
        by_rate.clamp(1, u64::from(self.ways).max(1))
    }

    /// Fibres of a cable of a rate: its part of those of a module; none of copper.
    #[must_use]
    pub fn fibres(&self, rate: ByteRate) -> u64 {
        let all = u64::from(self.ways) * u64::from(self.fibres_per_way);
        if self.medium.is_fiber() { (all / self.served(rate)).max(1) } else { 0 }
    }
}

/// Reach of the media at the rate of a cable, cheapest first.
///
/// 400G: copper 3 m, linear 5 m; 800G: copper 2 m, linear 3 m; both: retimed 7 m, multimode 50 m, DR4 500 m, FR4 2 km
/// (NVIDIA 400G cable guide; retimed copper from press). Above, lanes of 200G: copper 0.7 m, linear 2 m, retimed
/// 3 m, no multimode.
#[must_use]
pub fn reaches(rate: ByteRate) -> [Reach; 6] {
    // Rates are compared half way to the next one sold, in gigabits per second.
    let gigabits = rate.value() * 8.0 / 1e9;
    let lengths = if gigabits <= 600.0 {
        [3.0, 5.0, 7.0, 50.0, 500.0, 2_000.0]
    } else if gigabits <= 1_200.0 {
        [2.0, 3.0, 7.0, 50.0, 500.0, 2_000.0]
    } else {
        [0.7, 2.0, 3.0, 3.0, 500.0, 2_000.0]
    };
    let media = [
        Medium::PassiveCopper,
        Medium::LinearActiveCopper,
        Medium::RetimedActiveCopper,
        Medium::Multimode,
        Medium::SingleMode,
        Medium::LongSingleMode,
    ];
    // Parallel fibres to 500 m, wavelengths on one pair beyond.
    let ways = |medium| if matches!(medium, Medium::Multimode | Medium::SingleMode) { 4 } else { 1 };
    std::array::from_fn(|at| Reach {
        medium: media[at],
        length: Meters(lengths[at]),
        module: rate,
        ways: ways(media[at]),
        fibres_per_way: 2,
    })
}

/// What a cable of a tier is of: which of the media offered, none where none reaches; its medium and its fibres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chosen {
    pub(super) choice: Option<usize>,
    pub(super) medium: Medium,
    pub(super) fibres: u64,
}

/// The medium that reaches farthest: what is laid where none reaches, so that it says what is missing.
#[must_use]
pub fn farthest(media: &[Reach]) -> Option<usize> {
    let reaches = media.iter().map(|reach| reach.length.0).enumerate();
    reaches.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

/// The first link that reaches, and what is laid: that one, or the one that reaches farthest.
pub(super) fn chosen(length: Meters, rate: ByteRate, media: &[Reach]) -> Chosen {
    let choice = media.iter().position(|reach| length <= reach.length);
    let laid = choice.or_else(|| farthest(media));
    let (medium, fibres) =
        laid.map_or((Medium::LongSingleMode, 2), |at| (media[at].medium, media[at].fibres(rate)));
    Chosen { choice, medium, fibres }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gigabits(rate: f64) -> ByteRate {
        ByteRate(rate * 1e9 / 8.0)
    }

    // DR4: four pairs. Ports of 100G take one pair each, and so do ports of 50G, as no fibre is parted.
    #[test]
    fn a_parted_module_gives_each_port_its_part_of_the_fibres() {
        let [.., dr4, fr4] = reaches(gigabits(400.0));
        assert_eq!([400.0, 200.0, 100.0, 50.0].map(|rate| dr4.fibres(gigabits(rate))), [8, 4, 2, 2]);
        assert_eq!([400.0, 100.0].map(|rate| fr4.fibres(gigabits(rate))), [2, 2]);
        assert_eq!(reaches(gigabits(400.0))[0].fibres(gigabits(400.0)), 0);
    }

    // 1,728 fibres of 0.284 mm² fill 25 mm: π·12.5² = 491 mm².
    #[test]
    fn a_trunk_is_as_thick_as_its_fibres() {
        let trunk = 1_728.0 / 8.0 * section(Medium::SingleMode, 8, true);
        assert!((trunk / 490.9 - 1.0).abs() < 2e-3, "{trunk}");
    }
}
