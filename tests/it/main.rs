//! One test binary, so that it links once: a module a theme.

mod cli;
mod parity;
