//! The machine as throughput sees it: peaks, memory, links, curves, and the serving software that runs on it.

use super::efficiency::{Curve, GenerationCurves, KernelClass};
use super::engines::Software;
use super::precision::{Format, PeakRates};
use crate::units::{ByteRate, Bytes, Seconds, Watts};

/// Width of the narrowest expert in the kernel table: the fitted width term is not carried below it, where tensor
/// ranks cut experts into slices that were not measured.
const NARROWEST_EXPERT: f64 = 1_536.0;
/// Part of the arithmetic that grouped products keep where 4-bit weights are unpacked to 16 bits: gpt-oss on Hopper
/// reaches 0.10 to 0.15 of the 16-bit peak at widths at which its 8-bit curve reaches 0.4.
const UNPACKING_SHARE: f64 = 0.3;

/// A level of the network as one accelerator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Link {
    /// Nominal bandwidth of one accelerator, one direction.
    pub bandwidth: ByteRate,
    /// Start-up time of a transfer.
    pub latency: Seconds,
}

/// One accelerator in its system.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Machine {
    /// Dense arithmetic peaks.
    pub peak: PeakRates,
    /// Memory that software can allocate.
    pub memory: Bytes,
    /// Nominal memory bandwidth.
    pub bandwidth: ByteRate,
    /// Inside the scale-up domain.
    pub scale_up: Link,
    /// Accelerators in one domain.
    pub domain: u32,
    /// Whether each pair of a domain has a link of its own, so that a group has only the links among its members.
    pub meshed: bool,
    /// Whether switches add up all-reduce traffic on the way.
    pub in_network_reduction: bool,
    /// Between domains.
    pub scale_out: Link,
    /// Efficiency curves of its generation.
    pub curves: GenerationCurves,
    /// What the software adds.
    pub software: Software,
    /// Power of one accelerator with its share of everything in the rack; zero if unknown.
    pub power: Watts,
}

/// Share of the one-way link that all-to-all reaches: 0.44 to 0.59 in the GB200 rows of the kernel table.
pub const ALL_TO_ALL_SHARE: f64 = 0.5;
/// Fixed time of an all-to-all inside the domain: 12 to 19 us in the same rows.
pub const ALL_TO_ALL_LAUNCH: Seconds = Seconds(15e-6);
/// Share of the scale-out rate that collectives reach: 0.79 for NCCL over 400 Gb/s ports.
pub const SCALE_OUT_SHARE: f64 = 0.79;

/// A curve on a machine: rates instead of shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Roofs {
    pub rate_flop_per_s: f64,
    pub bandwidth_bytes_per_s: f64,
    pub half_rows: f64,
    pub launch_s: f64,
    pub serial: f64,
    pub cast_bytes: f64,
}

impl Machine {
    /// Whether the accelerator multiplies in four bits.
    fn four_bits(&self) -> bool {
        self.peak.fp4.is_some()
    }

    /// The roofs of a kernel at a format and width.
    pub(crate) fn roofs(&self, class: KernelClass, format: Format, width: f64) -> Roofs {
        self.slowed_roofs(class, format, width, self.software.factors.of(class, format, self.four_bits()))
    }

    /// The same for a kernel that stands in for another and takes `factor` times as long in a step.
    pub(crate) fn slowed_roofs(&self, class: KernelClass, format: Format, width: f64, factor: f64) -> Roofs {
        let curve = self.curves.curve(class, format);
        self.with_share(&curve, self.peak.effective(format).1.0 * curve.plateau_at_width(width), factor)
    }

    /// The roofs of grouped expert products: a layer's `matrices` of width `width`, the last one back to `hidden`.
    ///
    /// A grouped product cannot beat the plain ones of its format, the gate and up projections as wide as all of
    /// them together and the down projection as wide as the residual stream.
    pub(crate) fn expert_roofs(&self, format: Format, width: f64, hidden: f64, matrices: f64) -> Roofs {
        let curve = self.curves.curve(KernelClass::ExpertGemm, format);
        let plain = self.curves.curve(KernelClass::Gemm, format);
        let inward = matrices - 1.0;
        let slowness = inward / matrices / plain.plateau_at_width(inward * width)
            + 1.0 / matrices / plain.plateau_at_width(hidden);
        let mut share = curve.plateau_at_width(width.max(NARROWEST_EXPERT)).min(1.0 / slowness);
        if !self.four_bits() && matches!(format, Format::Mxfp4 | Format::Nvfp4) {
            share *= UNPACKING_SHARE;
        }
        let factors = &self.software.factors;
        let factor = factors.of(KernelClass::ExpertGemm, format, self.four_bits());
        let roofs = self.with_share(&curve, self.peak.effective(format).1.0 * share, factor);
        // Sorting, permuting, two products and combining wait for each other on the accelerator: captured graphs
        // take less off this fixed time than off that of plain products.
        let fused = if format == Format::Mxfp4 { factors.experts_mxfp4_launch } else { 1.0 };
        let launch_s = curve.launch_s * self.software.expert_launch_share * fused / self.software.maturity;
        Roofs { launch_s, ..roofs }
    }

    fn with_share(&self, curve: &Curve, rate_flop_per_s: f64, factor: f64) -> Roofs {
        let speed = self.software.maturity / factor;
        Roofs {
            rate_flop_per_s: rate_flop_per_s * self.curves.arithmetic * speed,
            bandwidth_bytes_per_s: self.bandwidth.0 * curve.bandwidth_share * speed,
            half_rows: curve.half_rows,
            launch_s: curve.launch_s * self.software.launch_share / self.software.maturity,
            serial: curve.serial,
            cast_bytes: curve.cast_bytes,
        }
    }

    /// Achieved bandwidth and fixed time of a sum over ranks.
    pub(crate) fn all_reduce(&self, ranks: f64) -> (f64, f64) {
        let curve = self.curves.curve(KernelClass::AllReduce, Format::Bf16);
        let launch = curve.launch_s * self.software.message_launch_share;
        let speed = 1.0 / self.software.factors.all_reduce;
        if ranks <= f64::from(self.domain) {
            (self.scale_up.bandwidth.0 * curve.bandwidth_share * speed, launch.max(self.scale_up.latency.0))
        } else {
            (self.scale_out.bandwidth.0 * SCALE_OUT_SHARE * speed, launch + 2.0 * self.scale_out.latency.0)
        }
    }

    /// Places that a token is sent to at most once in an exchange over `ranks`: accelerators inside a domain; domains
    /// beyond it, where one copy crosses the network and is handed on inside.
    pub(crate) fn places(&self, ranks: f64) -> f64 {
        let domain = f64::from(self.domain.max(1));
        if ranks <= domain { ranks } else { ranks / domain }
    }

    /// Achieved bandwidth and fixed time of an exchange between all ranks.
    pub(crate) fn all_to_all(&self, ranks: f64) -> (f64, f64) {
        let launch = ALL_TO_ALL_LAUNCH.0 * self.software.message_launch_share;
        let speed = 1.0 / self.software.factors.all_to_all;
        if ranks <= f64::from(self.domain) {
            (self.scale_up.bandwidth.0 * ALL_TO_ALL_SHARE * speed, launch)
        } else {
            (self.scale_out.bandwidth.0 * SCALE_OUT_SHARE * speed, launch + 2.0 * self.scale_out.latency.0)
        }
    }
}
