//! Every integration test in one binary, so that it links once.

#[cfg(feature = "cli")]
mod cli;
mod parity;
