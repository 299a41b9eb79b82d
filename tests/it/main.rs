//! One test binary, so that it links once: a module a theme.

mod bill;
mod cli;
mod conservation;
mod drawings;
mod examples;
mod layers;
#[cfg(feature = "gpu")]
mod parity;
mod planned;
mod published;
mod readme;
mod reports;
mod scenarios;
mod serving;
mod snapshot;
