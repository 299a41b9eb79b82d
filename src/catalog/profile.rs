//! What a profile file may say: the types behind `src/catalog/*/*.toml`.
//!
//! One thing a file, its stem its id. A figure that somebody published, measured or guessed is a [`Datum`]: value,
//! range, source, confidence. Structure that follows from a published configuration (a model card, a climate row)
//! has one source for the file. Unknown keys are errors.

mod facility;
mod model;
mod money;
mod network;
mod system;

pub use crate::media::Medium;
pub use facility::{
    Backup, Climate, CoolingDesign, Covered, DesignWeather, ElectricalDesign, Essential, HeatRejection, Kept,
    Part, Ratings, RearDoor, Redundancy, Stage, StageKind,
};
pub use model::{Attention, AttentionKind, FeedForward, Model, PublishedSize};
pub use money::{Costs, HostedPrice, ListPrice, MarketPrices};
pub use network::{Adapter, Link, Protocol, Switch, Transport};
pub use system::{
    Accelerator, Causes, Current, FlowPoint, Memory, Peaks, PowerProfile, Rack, Reliability, ScalableUnit,
    ScaleOut, ScaleUp, ScaleUpTopology, Shelves, StackPart, System,
};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a figure can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The maker's, operator's or regulator's own text was read for it.
    Published,
    /// Such a text is the origin; the figure was seen in somebody's transcription.
    PublishedSecondHand,
    /// Press, analysts or a paper.
    Reported,
    /// Measured by a benchmark; see its source.
    Measured,
    /// Arithmetic on other figures, given in the note.
    Derived,
    /// General knowledge, no page read: verify before quoting.
    Recalled,
    /// Nobody published it; the note says why this value.
    Assumption,
    /// Set by the user.
    User,
}

impl Confidence {
    /// One word for tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::PublishedSecondHand => "second-hand",
            Self::Reported => "reported",
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Recalled => "recalled",
            Self::Assumption => "assumption",
            Self::User => "user",
        }
    }
    /// Whether a report has to show the figure as something that nobody stands behind.
    #[must_use]
    pub fn is_assumption(self) -> bool {
        matches!(self, Self::Assumption | Self::Recalled | Self::Derived)
    }
}

/// A figure with its range, its source and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datum<Q> {
    /// The value to compute with.
    pub value: Q,
    /// The lowest value in circulation.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub low: Option<Q>,
    /// The highest value in circulation.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub high: Option<Q>,
    /// Key of an entry of `[sources]` in the same file.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// Why this value; demanded of assumptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

fn none<Q>() -> Option<Q> {
    None
}

/// Where a figure comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Title of the page or document.
    pub title: String,
    /// Its address; absent for general knowledge and assumptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The day it was read, `YYYY-MM-DD`.
    pub read: String,
}

/// The sources of a file by key.
pub type Sources = BTreeMap<String, Source>;

/// Whether a thing can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Ships.
    Shipping,
    /// Announced with figures, does not ship in volume yet.
    Announced,
    /// Unsettled: only for what-if scenarios, never a default.
    ScenarioOnly,
    /// Kept to reproduce published measurements.
    Historic,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_one(count: &u32) -> bool {
    *count == 1
}

/// Whether a field has the value that it has when the file says nothing.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a file of structure rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// Title of the page or document.
    pub title: String,
    /// Its addresses.
    pub urls: Vec<String>,
    /// The day it was read.
    pub read: String,
    /// How far to trust it.
    pub confidence: Confidence,
}
