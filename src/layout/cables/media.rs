//! What cables are made of, how far that reaches, and how much of a tray it takes.

use crate::units::{ByteRate, Meters};

/// What a cable is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CableMedium {
    /// Twisted pairs.
    TwistedPair,
    /// Passive copper.
    PassiveCopper,
    /// Linear active copper.
    LinearActiveCopper,
    /// Retimed active copper.
    RetimedActiveCopper,
    /// Multimode fibre.
    Multimode,
    /// Single-mode fibre to 500 m.
    SingleMode,
    /// Single-mode fibre beyond 500 m.
    LongSingleMode,
}

impl CableMedium {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwistedPair => "twisted-pair",
            Self::PassiveCopper => "passive-copper",
            Self::LinearActiveCopper => "linear-active-copper",
            Self::RetimedActiveCopper => "retimed-active-copper",
            Self::Multimode => "multimode",
            Self::SingleMode => "single-mode",
            Self::LongSingleMode => "long-single-mode",
        }
    }
}

impl CableMedium {
    /// Cross-section of one cable of an 800G class in a room, and in a trunk between rows and rooms [mm²]: assumptions.
    ///
    /// Twisted pairs of 6 mm across; copper of 9, 7 and 6 mm; a jumper of eight fibres of 3 mm. A trunk of 1,728 fibres of
    /// 25 mm across has 2.3 mm² for eight.
    #[must_use]
    pub fn section(self, in_trunk: bool) -> f64 {
        match self {
            Self::PassiveCopper => 63.6,
            Self::LinearActiveCopper => 38.5,
            Self::RetimedActiveCopper | Self::TwistedPair => 28.3,
            Self::Multimode | Self::SingleMode | Self::LongSingleMode => {
                if in_trunk {
                    2.3
                } else {
                    7.1
                }
            }
        }
    }

    /// Whether light runs in it.
    #[must_use]
    pub fn is_fiber(self) -> bool {
        matches!(self, Self::Multimode | Self::SingleMode | Self::LongSingleMode)
    }
}

/// How far a medium reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The medium.
    pub medium: CableMedium,
    /// The longest cable.
    pub length: Meters,
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
        CableMedium::PassiveCopper,
        CableMedium::LinearActiveCopper,
        CableMedium::RetimedActiveCopper,
        CableMedium::Multimode,
        CableMedium::SingleMode,
        CableMedium::LongSingleMode,
    ];
    std::array::from_fn(|at| Reach { medium: media[at], length: Meters(lengths[at]) })
}

/// The medium that reaches farthest: what is laid where none reaches, so that it says what is missing.
#[must_use]
pub fn farthest(media: &[Reach]) -> Option<usize> {
    let reaches = media.iter().map(|reach| reach.length.0).enumerate();
    reaches.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

/// The first medium that reaches, and what is laid: that one, or the one that reaches farthest.
pub(super) fn medium_for(length: Meters, media: &[Reach]) -> (Option<usize>, CableMedium) {
    let found = media.iter().position(|reach| length <= reach.length);
    (found, found.or_else(|| farthest(media)).map_or(CableMedium::LongSingleMode, |at| media[at].medium))
}
