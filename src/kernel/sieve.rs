//! What a device does with scores before they are read back: the other half of a [`Reduction`](super::Reduction).
//!
//! Three passes follow the scoring of a dispatch. *Note* raises words of a table that lasts from dispatch to dispatch
//! and counts; *settle* makes the table ready to be asked; *pick* keeps a point unless the table rules it out. What is kept is
//! compacted and read back with the counts, everything else stays on the device. The table only ever rises and rules out
//! only what the CPU side would drop too, so the result is that of all scores, whatever the order of the invocations.
//!
//! A reduction brings functions in WGSL: `note`, `settle` and `keeps`, `counted`, a bit for each of the first counts that a
//! score adds to, and `finish`, for what a workgroup has put together itself. `shaders/sieve.wgsl` has the passes around them. A
//! reduction of sums keeps no point at all.

use super::{ShaderStruct, WORKGROUP, join};
use crate::{shader_constants, shader_struct};

shader_constants! { constants_wgsl:
    /// Counts by bits at most: as many as `counted` returns.
    pub const MOST_COUNTS: u32 = 32;
    /// Invocations of one workgroup.
    pub const GROUP: u32 = WORKGROUP;
}

shader_struct! {
    /// What the functions of a sieve are told.
    pub struct Limits {
        /// A limit on scores, in the unit of the kernel; infinity for none.
        pub most: f32,
        /// The same for a point that is to rule out others.
        pub most_sure: f32,
        /// A limit on a second value of a score, likewise.
        pub most_next: f32,
        /// The same for a point that is to rule out others.
        pub most_next_sure: f32,
        /// Words of the table that `note` raises.
        pub noted: u32,
        /// Words that `settle` sets behind them.
        pub settled: u32,
    }
}

/// A sieve for a device.
#[derive(Debug, Clone)]
pub struct Sieve {
    /// The stem of its file.
    pub name: &'static str,
    /// The joined shader, with the entry points `note_scores`, `settle_table` and `pick_scores`.
    pub shader: fn() -> String,
    /// What its functions are told.
    pub limits: Limits,
    /// The words that `note` raises, as far as they are known.
    pub noted: Vec<u32>,
    /// Words that it counts in, those of `counted` first.
    pub counts: u32,
}

/// What a sieve has left of a dispatch.
#[derive(Debug, Clone, PartialEq)]
pub struct Sifted<S> {
    /// The first point of the dispatch.
    pub first: u64,
    /// Its points.
    pub points: u32,
    /// What was counted.
    pub counts: Vec<u32>,
    /// Points that may matter, and their scores, in no order.
    pub kept: Vec<(u64, S)>,
}

/// Joins the shader of a sieve: what it shares with the kernel, the passes, its functions; so many counts are by bits.
#[must_use]
pub fn sieve_shader(range: &str, counted: u32, generated: &[String], functions: &str) -> String {
    let mut parts = vec![constants_wgsl(), Limits::wgsl()];
    parts.extend_from_slice(generated);
    parts.push(format!("alias Range = {range};\nconst COUNTED: u32 = {counted}u;\n"));
    join(&parts, &[include_str!("../../shaders/sieve.wgsl")], functions)
}

/// Every sieve: its name and its joined shader.
#[must_use]
pub fn sieves() -> Vec<(&'static str, String)> {
    vec![
        (super::survey::SIEVE, super::survey::sieve_text()),
        (super::training_sweep::fastest::SIEVE, super::training_sweep::fastest::sieve_text()),
        (super::facility_year::sums::SIEVE, super::facility_year::sums::sieve_text()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sieve_is_valid_and_has_its_passes() {
        for (name, text) in sieves() {
            let module = naga::front::wgsl::parse_str(&text)
                .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&text)));
            let flags = naga::valid::ValidationFlags::all();
            let mut validator = naga::valid::Validator::new(flags, naga::valid::Capabilities::empty());
            if let Err(error) = validator.validate(&module) {
                panic!("{name}: {}", error.emit_to_string(&text));
            }
            let entries: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
            assert_eq!(entries, ["note_scores", "settle_table", "pick_scores"], "{name}");
        }
    }
}
