//! What cables are made of: a word that profiles, the layout and reports share.

use serde::{Deserialize, Serialize};

/// The kind of a cable, in the order of its reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
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
    /// Coherent light over a span with amplifiers, beyond 10 km: a wavelength of a pair of single-mode fibres.
    Coherent,
}

impl Medium {
    /// The name in files and reports.
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
            Self::Coherent => "coherent",
        }
    }

    /// Whether light runs in it.
    #[must_use]
    pub fn is_fiber(self) -> bool {
        matches!(self, Self::Multimode | Self::SingleMode | Self::LongSingleMode | Self::Coherent)
    }
}
