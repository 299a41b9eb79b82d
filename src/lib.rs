//! gigawatt: what does a power envelope buy?

pub mod calibration;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod cooling;
pub mod economics;
pub mod engine;
pub mod fabric;
pub mod fleet;
pub mod kernel;
pub mod layout;
pub mod plan;
pub mod power;
pub mod random;
pub mod report;
pub mod scalar;
pub mod scenario;
pub mod search;
pub mod throughput;
pub mod units;
pub mod validation;
