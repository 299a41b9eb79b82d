//! The scale-up domain: the accelerators that reach each other's memory over the rack's own switches.

use crate::units::ByteRate;

/// A scale-up domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleUpDomain {
    /// Accelerators in the domain.
    pub accelerators: u64,
    /// Bandwidth of each accelerator, per direction.
    pub rate: ByteRate,
}

/// Bandwidth of a whole domain, all accelerators sending at once, per direction.
///
/// ~~~text
/// B_domain = n · B
/// ~~~
#[must_use]
pub fn domain_bandwidth(domain: ScaleUpDomain) -> ByteRate {
    domain.rate * (domain.accelerators as f64)
}

/// Bandwidth between two halves of a fully switched domain, per direction.
///
/// ~~~text
/// B_bisection = floor(n / 2) · B
/// ~~~
#[must_use]
pub fn domain_bisection(domain: ScaleUpDomain) -> ByteRate {
    domain.rate * ((domain.accelerators / 2) as f64)
}

/// Whole domains that a number of accelerators fills.
#[must_use]
pub fn whole_domains(accelerators: u64, domain: ScaleUpDomain) -> u64 {
    accelerators / domain.accelerators.max(1)
}

/// How many times faster an accelerator reaches its domain than the rest of the fabric.
#[must_use]
pub fn taper(domain: ScaleUpDomain, injection: ByteRate) -> f64 {
    domain.rate / injection
}

#[cfg(test)]
mod tests {
    use super::*;

    const NVL72: ScaleUpDomain = ScaleUpDomain { accelerators: 72, rate: ByteRate(900e9) };

    // 72 × 0.9 TB/s = 64.8 TB/s each way, the "130 TB/s" of the data sheet counted both ways.
    #[test]
    fn an_nvl72_domain_carries_130_terabytes_per_second_both_ways() {
        assert!((2.0 * domain_bandwidth(NVL72).value() / 129.6e12 - 1.0).abs() < 1e-12);
        assert!((domain_bisection(NVL72).value() / 32.4e12 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn only_whole_domains_count() {
        assert_eq!(whole_domains(143, NVL72), 1);
        assert!((taper(NVL72, ByteRate(100e9)) - 9.0).abs() < 1e-12);
    }
}
