//! The kernels: what runs millions of times, on a device or on its CPU twin.
//!
//! A kernel scores points. A point is an index; its values are decoded from the index, so nothing is stored for
//! it. The Rust twin and the shader beside it (`shaders/`) carry the same names in the same order, and the structs
//! that both read come from one declaration: [`shader_struct!`] declares one, [`shader_mirror!`] describes one that
//! a formula module already has. What a kernel promises is in [`Kernel`]; `tests/it/parity.rs` holds it to that.
//!
//! Shader text is generated structs and constants, then the shared functions, then the entry file: see [`join`].

pub mod facility_year;
pub mod frontier;
pub mod leaders;
pub mod microbench;
pub mod serving_sweep;
pub mod sieve;
pub mod spread;
pub mod survey;
pub mod tally;
pub mod training_sweep;

use sieve::{Sieve, Sifted};
use std::fmt::Write as _;

/// Invocations of one workgroup: under the baseline limit of 256 and a multiple of every common subgroup.
pub const WORKGROUP: u32 = 64;

/// What both sides know of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShaderField {
    /// The name, the same on both sides.
    pub name: &'static str,
    /// The WGSL type: `f32` or `u32`.
    pub kind: &'static str,
    /// Bytes from the start of the struct.
    pub offset: usize,
}

/// A 32-bit value that a device buffer holds.
pub trait Word: Copy {
    /// The bits.
    fn word(self) -> u32;
}

impl Word for f32 {
    #[inline(always)]
    fn word(self) -> u32 {
        self.to_bits()
    }
}

impl Word for u32 {
    #[inline(always)]
    fn word(self) -> u32 {
        self
    }
}

/// A struct that Rust and WGSL share.
pub trait ShaderStruct {
    /// The WGSL name.
    const NAME: &'static str;
    /// The fields in order.
    const FIELDS: &'static [ShaderField];
    /// Bytes of one value.
    const SIZE: usize;

    /// Appends the value's words in the order of the fields.
    fn append_words(&self, words: &mut Vec<u32>);

    /// The WGSL declaration.
    #[must_use]
    fn wgsl() -> String {
        let mut text = format!("struct {} {{\n", Self::NAME);
        for field in Self::FIELDS {
            let _ = writeln!(text, "    {}: {},", field.name, field.kind);
        }
        text.push_str("}\n");
        text
    }
}

/// The bytes of a buffer that holds the values one after the other.
#[must_use]
pub fn buffer_bytes<S: ShaderStruct>(values: &[S]) -> Vec<u8> {
    let mut words = Vec::with_capacity(values.len() * S::SIZE / 4);
    for value in values {
        value.append_words(&mut words);
    }
    bytemuck::cast_slice(&words).to_vec()
}

/// Describes an existing `repr(C)` struct of `f32` and `u32` fields to the shaders.
///
/// Leaving out a field, or naming one that is not there, does not compile.
#[macro_export]
macro_rules! shader_mirror {
    ($type:ty, $pattern:ident as $name:literal { $($field:ident: $kind:ident),+ $(,)? }) => {
        impl $crate::kernel::ShaderStruct for $type {
            const NAME: &'static str = $name;
            const FIELDS: &'static [$crate::kernel::ShaderField] = &[
                $($crate::kernel::ShaderField {
                    name: stringify!($field),
                    kind: stringify!($kind),
                    offset: ::std::mem::offset_of!($type, $field),
                }),+
            ];
            const SIZE: usize = ::std::mem::size_of::<$type>();

            fn append_words(&self, words: &mut Vec<u32>) {
                let $pattern { $($field),+ } = *self;
                $(words.push($crate::kernel::Word::word($field));)+
            }
        }
    };
}

/// Declares a struct that Rust and WGSL share: `repr(C)`, plain bytes, only `f32` and `u32` fields.
#[macro_export]
macro_rules! shader_struct {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident: $kind:ident),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, ::bytemuck::Pod, ::bytemuck::Zeroable)]
        #[repr(C)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind),+
        }

        impl $crate::kernel::ShaderStruct for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [$crate::kernel::ShaderField] = &[
                $($crate::kernel::ShaderField {
                    name: stringify!($field),
                    kind: stringify!($kind),
                    offset: ::std::mem::offset_of!($name, $field),
                }),+
            ];
            const SIZE: usize = ::std::mem::size_of::<$name>();

            fn append_words(&self, words: &mut Vec<u32>) {
                $(words.push($crate::kernel::Word::word(self.$field));)+
            }
        }
    };
}

/// Declares `u32` constants for Rust and, through the named function, the same for WGSL.
#[macro_export]
macro_rules! shader_constants {
    ($text:ident: $($(#[$meta:meta])* pub const $name:ident: u32 = $value:expr;)+) => {
        $($(#[$meta])* pub const $name: u32 = $value;)+

        fn $text() -> String {
            let mut text = String::new();
            $(text.push_str(&format!("const {}: u32 = {}u;\n", stringify!($name), $name));)+
            text
        }
    };
}

/// One buffer that a kernel reads, bound after the range in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A uniform block.
    Uniform(Vec<u8>),
    /// A read-only storage buffer.
    Storage(Vec<u8>),
}

/// A function from a point's index to its score, on a device and on its twin.
///
/// The contract: [`Kernel::score`] and [`Kernel::score_range`] agree bit for bit. The shader agrees with them in
/// every integer, and in every float within [`Kernel::ULP_BOUND`]; where two values are closer than that bound, a
/// choice between them may fall either way.
pub trait Kernel: Sync {
    /// What a point gets.
    type Score: bytemuck::Pod + Default + PartialEq + std::fmt::Debug + Send + Sync;

    /// The stem of its files.
    const NAME: &'static str;
    /// Units in the last place by which a device's float may differ from the twin's.
    const ULP_BOUND: u32;

    /// How many points there are.
    fn points(&self) -> u64;
    /// The score of one point: the plain path.
    fn score(&self, index: u64) -> Self::Score;
    /// The scores of the points from `first` on: the loop that is compiled for several instruction sets.
    ///
    /// Implementations are `#[inline(always)]`, and so is everything they call, or the loop stays at the baseline.
    fn score_range(&self, first: u64, scores: &mut [Self::Score]);
    /// The operations of one point as its formulas state them, where the body is generic enough to count them.
    fn operations(&self, _index: u64) -> Option<tally::Operations> {
        None
    }
    /// The joined shader; its entry point is `main`.
    fn shader() -> String;
    /// The buffers that all dispatches read.
    fn inputs(&self) -> Vec<Input>;
    /// The uniform block at binding 0 for one dispatch.
    fn range(&self, first: u64, count: u32) -> Vec<u8>;
    /// Whether a device's score is within the promise.
    fn agrees(twin: &Self::Score, device: &Self::Score) -> bool;
}

/// What becomes of scores: they are folded into it and forgotten.
///
/// The result must not depend on how the points are cut into parts or on the order of the parts.
pub trait Reduction<S>: Send + Sync + Sized {
    /// An empty part that may use what is known so far to drop points early.
    #[must_use]
    fn fork(&self) -> Self;
    /// Folds in the scores of the points from `first` on.
    fn absorb(&mut self, first: u64, scores: &[S]);
    /// Folds in another part.
    fn merge(&mut self, other: Self);
    /// Its other half on a device, if it has one.
    fn sieve(&self) -> Option<Sieve> {
        None
    }
    /// Folds in what its other half has left of a dispatch.
    fn absorb_sifted(&mut self, _sifted: Sifted<S>) {}
    /// Whether another reduction of the same points says the same: asked once of each run on a device.
    fn is_like(&self, _other: &Self) -> bool {
        true
    }
}

/// A reduction that can be written down and taken up again.
///
/// What it has kept is written as indices: the twin scores them again, which is as good wherever the scores came from,
/// as a reduction holds back by more than two devices can differ.
pub trait Resumable<S: Default>: Reduction<S> {
    /// What was counted.
    fn counts(&self) -> Vec<u64>;
    /// Sets what was counted; nothing where there are not as many counts.
    fn set_counts(&mut self, counts: &[u64]) -> Option<()>;
    /// The points that may still matter, in the order of their indices.
    fn kept(&mut self) -> Vec<u64>;
}

/// Joins a shader: the generated part, the shared files, the entry file.
#[must_use]
pub fn join(generated: &[String], shared: &[&str], entry: &str) -> String {
    let mut text = generated.concat();
    for part in shared.iter().chain(std::iter::once(&entry)) {
        text.push('\n');
        text.push_str(part);
    }
    text
}

/// Functions of `scalar.rs` in WGSL.
pub const SCALAR_WGSL: &str = include_str!("../shaders/shared/scalar.wgsl");
/// Functions of `cooling/heat_rejection.rs` in WGSL.
pub const COOLING_WGSL: &str = include_str!("../shaders/shared/cooling.wgsl");
/// Functions of `throughput/roofline.rs` in WGSL.
pub const ROOFLINE_WGSL: &str = include_str!("../shaders/shared/roofline.wgsl");

/// Functions of `throughput/training/point.rs` and `memory.rs` in WGSL.
pub const TRAINING_WGSL: &str = include_str!("../shaders/shared/training.wgsl");

/// Every kernel: its name, its joined shader and the structs that both sides share.
#[must_use]
pub fn kernels() -> Vec<KernelText> {
    let mut kernels = vec![serving_sweep::text(), training_sweep::text(), facility_year::text()];
    kernels.extend(microbench::texts());
    kernels
}

/// What a test needs to check a shader against the Rust side without a device.
#[derive(Debug, Clone)]
pub struct KernelText {
    /// The stem of its files.
    pub name: &'static str,
    /// The joined shader.
    pub shader: String,
    /// Name, fields and size of every shared struct.
    pub structs: Vec<(&'static str, &'static [ShaderField], usize)>,
}

/// Distance of two floats in units in the last place; NaN is as far as it gets from anything but its own bits.
#[must_use]
pub fn ulp_distance(a: f32, b: f32) -> u32 {
    if a.to_bits() == b.to_bits() {
        return 0;
    }
    if a.is_nan() || b.is_nan() {
        return u32::MAX;
    }
    let ordered = |x: f32| {
        let bits = i64::from(x.to_bits() & 0x7fff_ffff);
        if x.is_sign_negative() { -bits } else { bits }
    };
    ordered(a).abs_diff(ordered(b)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &KernelText) -> naga::Module {
        naga::front::wgsl::parse_str(&text.shader)
            .unwrap_or_else(|error| panic!("{}: {}", text.name, error.emit_to_string(&text.shader)))
    }

    #[test]
    fn every_joined_shader_is_valid() {
        for text in kernels() {
            let module = parsed(&text);
            let flags = naga::valid::ValidationFlags::all();
            let mut validator = naga::valid::Validator::new(flags, naga::valid::Capabilities::empty());
            if let Err(error) = validator.validate(&module) {
                panic!("{}: {}", text.name, error.emit_to_string(&text.shader));
            }
            assert!(module.entry_points.iter().any(|entry| entry.name == "main"), "{}", text.name);
        }
    }

    #[test]
    fn shared_structs_have_the_same_fields_at_the_same_places() {
        for text in kernels() {
            let module = parsed(&text);
            for (name, fields, size) in &text.structs {
                let members = module.types.iter().find_map(|(_, kind)| match &kind.inner {
                    naga::TypeInner::Struct { members, span } if kind.name.as_deref() == Some(*name) => {
                        Some((members, *span))
                    }
                    _ => None,
                });
                let (members, span) = members.unwrap_or_else(|| panic!("{}: no struct {name}", text.name));
                assert_eq!(span as usize, *size, "{name}");
                assert_eq!(members.len(), fields.len(), "{name}");
                for (member, field) in members.iter().zip(*fields) {
                    assert_eq!(member.name.as_deref(), Some(field.name), "{name}");
                    assert_eq!(member.offset as usize, field.offset, "{name}.{}", field.name);
                    let scalar = match field.kind {
                        "f32" => naga::Scalar::F32,
                        _ => naga::Scalar::U32,
                    };
                    assert_eq!(
                        module.types[member.ty].inner,
                        naga::TypeInner::Scalar(scalar),
                        "{name}.{}",
                        field.name
                    );
                }
            }
        }
    }

    #[test]
    fn shared_files_hold_functions_only() {
        for (name, text) in [
            ("scalar", SCALAR_WGSL),
            ("roofline", ROOFLINE_WGSL),
            ("training", TRAINING_WGSL),
            ("cooling", COOLING_WGSL),
        ] {
            for word in ["@group", "@binding", "@compute", "var<"] {
                assert!(!text.contains(word), "{name}.wgsl holds {word}");
            }
        }
    }

    #[test]
    fn neighbours_are_one_unit_apart() {
        assert_eq!(ulp_distance(1.0, 1.0 + f32::EPSILON), 1);
        assert_eq!(ulp_distance(0.0, -0.0), 0);
        assert_eq!(ulp_distance(f32::from_bits(1), -f32::from_bits(1)), 2);
        assert_eq!(ulp_distance(f32::NAN, 1.0), u32::MAX);
    }
}
