//! One test binary, so that it links once.

#[cfg(feature = "cli")]
mod cli;
