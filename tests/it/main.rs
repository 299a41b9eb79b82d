//! One test binary, so that it links once: a module a theme.

mod bench;
mod bill;
mod cli;
mod conservation;
mod cooling;
mod drawings;
mod examples;
mod layers;
#[cfg(feature = "gpu")]
mod parity;
#[cfg(feature = "gpu")]
mod parity_training;
mod planned;
mod published;
mod readme;
mod reports;
mod scenarios;
mod serving;
mod snapshot;
mod sweep;
