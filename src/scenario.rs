//! The file a user writes, resolved: defaults ← catalogue ← file ← flags, every value with its origin.

use std::collections::BTreeMap;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `scenario/defaults.toml`.
    Default,
    /// A catalogue file.
    Catalog(String),
    /// A line of the user's file.
    File(String, usize),
    /// A flag.
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Catalog(file) => write!(f, "catalog:{file}"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A scenario with every field filled in.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Every field, in the order of the defaults file, as it would be written.
    pub fields: serde_json::Value,
    /// Where each comes from, by dotted path.
    pub origins: BTreeMap<String, Origin>,
}
