//! To come.

/// Where an envelope is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasuredAt {
    /// At the utility meter.
    Utility,
    /// At the rack inputs.
    CriticalIt,
}
