//! The chain and its fixed point: from an envelope to whole racks, and what they do.

pub mod result;

pub use result::Plan;
