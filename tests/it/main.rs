//! One test binary, so that it links once: a module a theme.

mod cli;
mod conservation;
mod examples;
mod layers;
mod parity;
mod planned;
mod published;
mod reports;
mod scenarios;
mod serving;
mod snapshot;
