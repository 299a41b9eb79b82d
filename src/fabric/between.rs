//! Between buildings and campuses: how long light takes, and what a training run pays to cross.
//!
//! ~~~text
//! latency     t = L · n / c
//! exchange    t = 2·(m − 1)/m · G / (a·B) + 2·(m − 1)·t_L
//! ~~~
//!
//! L fibre · n group index · c speed of light · m fabrics that a run spans · G bytes of its gradients · a
//! accelerators of one fabric · B bandwidth of each of them between fabrics. Gradients are summed inside each fabric
//! first; then every accelerator takes its slice round a ring of the fabrics. Nothing of it hides behind
//! arithmetic here: an upper bound, since the slices of early layers could. Left out: amplifiers, optical
//! switches, runs that exchange less than once a step.

use crate::units::{ByteRate, Bytes, Meters, Seconds};

/// Speed of light [m/s], exact (SI).
const LIGHT: f64 = 299_792_458.0;
/// Group index of standard single-mode fibre at 1,310 and 1,550 nm (data sheets of G.652 fibre: 1.467 to 1.468).
const GROUP_INDEX: f64 = 1.468;

/// Time of light through a fibre: 4.9 µs for each kilometre.
#[must_use]
pub fn fibre_latency(length: Meters) -> Seconds {
    Seconds(length.value() * GROUP_INDEX / LIGHT)
}

/// Time to sum gradients over fabrics, once each has summed its own.
#[must_use]
pub fn exchange_time(
    fabrics: u64,
    gradients: Bytes,
    accelerators: u64,
    bandwidth: ByteRate,
    fibre: Meters,
) -> Seconds {
    let m = fabrics.max(1) as f64;
    let slice = gradients / accelerators.max(1) as f64;
    let passes = 2.0 * (m - 1.0);
    slice * (passes / m) / bandwidth + fibre_latency(fibre) * passes
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1 km · 1.468 / 299,792.458 km/s = 4.897 µs; hardware tables say 5 ns a metre.
    #[test]
    fn light_takes_five_microseconds_a_kilometre() {
        assert!((fibre_latency(Meters(1e3)).value() / 4.8967e-6 - 1.0).abs() < 1e-4);
    }

    // 2 fabrics, 800 GB over 1,000 accelerators of 1 GB/s: 2 · ½ · 0.8 GB / 1 GB/s = 0.8 s, and 2 · 9.79 µs.
    #[test]
    fn two_fabrics_exchange_each_slice_once_each_way() {
        let time = exchange_time(2, Bytes(800e9), 1_000, ByteRate(1e9), Meters(2e3)).value();
        assert!((time - 0.800_019_59).abs() < 1e-7, "{time}");
        assert!(exchange_time(1, Bytes(800e9), 1_000, ByteRate(1e9), Meters(2e3)).value().abs() < 1e-15);
    }
}
