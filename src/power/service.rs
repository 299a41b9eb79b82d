//! The voltage at which a site is served, and what the grid is like there.
//!
//! Each service circuit carries the whole site, so the class follows from what a usual circuit of it carries all day:
//! the lowest class whose circuit is enough. Classes are those of North America; currents of circuits and short
//! circuits are usual figures of the trade, recalled, and make the bands an assumption:
//!
//! ~~~text
//! S = √3·V·I        13.8 kV 14 MVA · 34.5 kV 36 · 69 kV 120 · 138 kV 239 · 230 kV 637 · 345 kV 1,494 · 500 kV 2,598
//! ~~~
//!
//! Loads above about 20 MW are asked to connect to transmission ("Understanding Large Load
//! Interconnection", <http://rockymnt.wpenginepowered.com/understanding-large-load-interconnection/>, read 2026-11-26);
//! distribution classes end a little above that here.

use super::ratings::line_current;
use crate::units::{Amperes, Share, VoltAmperes, Volts};

/// A class of voltages that grids serve large loads at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceClass {
    /// Between lines.
    pub voltage: Volts,
    /// That a circuit carries all day: cable or a small conductor below 69 kV, one conductor a phase below 230 kV,
    /// bundles above.
    pub circuit: Amperes,
    /// Usual short-circuit current of the grid at a large load.
    pub fault: Amperes,
    /// Usual impedance of main transformers on their rating, where it is lower than that of the largest units
    /// (IEEE C57.12.10, recalled).
    pub impedance: Option<Share>,
}

/// Distribution, sub-transmission, transmission.
pub const CLASSES: [ServiceClass; 7] = [
    class(13.8e3, 600.0, 12.5e3, Some(0.055)),
    class(34.5e3, 600.0, 16e3, Some(0.07)),
    class(69e3, 1_000.0, 20e3, Some(0.08)),
    class(138e3, 1_000.0, 25e3, Some(0.095)),
    class(230e3, 1_600.0, 31.5e3, None),
    class(345e3, 2_500.0, 33e3, None),
    class(500e3, 3_000.0, 40e3, None),
];

const fn class(volts: f64, circuit: f64, fault: f64, impedance: Option<f64>) -> ServiceClass {
    ServiceClass {
        voltage: Volts(volts),
        circuit: Amperes(circuit),
        fault: Amperes(fault),
        impedance: match impedance {
            Some(part) => Some(Share(part)),
            None => None,
        },
    }
}

/// The highest voltage that is carried on to the buildings as it comes [V].
pub const LARGEST_DISTRIBUTION: Volts = Volts(35e3);
/// Currents that feeders are built for, the smaller where it carries the whole site: those of the separable connectors that
/// cables end in (IEEE 386, recalled).
const FEEDERS: [Amperes; 2] = [Amperes(200.0), Amperes(600.0)];
/// Steps between classes that a grid operator does not skip upwards: a switchyard is not built for a load that a
/// circuit two classes lower carries. An assumption.
const STEPS: usize = 2;

/// Reactance between loads and the point of delivery, main and unit transformers together, on their load [1]: usual
/// impedances of 12 % and 6 %.
const TRANSFORMERS: f64 = 0.18;

/// Least power factor that a site has at its point of delivery: that of its worst loads behind two transformers, or what
/// the grid asks where that is more, for capacitors bring it there.
///
/// ~~~text
/// cos φ = max( cos φ_asked, 1/√(1 + (tan φ_load + x/cos φ_load)²) )
/// ~~~
///
/// x reactance on the load [1]. Known before the loads are; what flows later is never below it.
#[must_use]
pub fn least_power_factor(asked: Share, loads: [Share; 2]) -> Share {
    let worst = loads[0].min(loads[1]).0;
    let tangent = ((1.0 - worst * worst).max(0.0).sqrt() + TRANSFORMERS) / worst;
    asked.max(Share(1.0 / (1.0 + tangent * tangent).sqrt()))
}

impl ServiceClass {
    /// What a circuit of this class carries at a voltage.
    #[must_use]
    pub fn rating(&self, voltage: Volts) -> VoltAmperes {
        VoltAmperes(3.0_f64.sqrt() * voltage.0 * self.circuit.0)
    }

    /// The lowest class whose circuit carries a load and whose voltage is not below another; else the highest.
    #[must_use]
    pub fn that_carries(load: VoltAmperes, not_below: Volts) -> &'static Self {
        let enough = |class: &&Self| class.rating(class.voltage) >= load && class.voltage >= not_below;
        CLASSES.iter().find(enough).unwrap_or(&CLASSES[CLASSES.len() - 1])
    }

    /// The class that a voltage is counted to: the nearest by ratio.
    #[must_use]
    pub fn of(voltage: Volts) -> &'static Self {
        let off = |class: &Self| (class.voltage.0 / voltage.0).ln().abs();
        let nearest = CLASSES.iter().min_by(|a, b| off(a).total_cmp(&off(b)));
        nearest.unwrap_or(&CLASSES[0])
    }

    /// The least load that a voltage of this class is built for.
    #[must_use]
    pub fn least(&self) -> VoltAmperes {
        let place = CLASSES.iter().position(|class| class.voltage == self.voltage).unwrap_or(0);
        place.checked_sub(STEPS).map_or(VoltAmperes(0.0), |at| CLASSES[at].rating(CLASSES[at].voltage))
    }
}

/// How a site is served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    /// At the point of delivery, between lines.
    pub voltage: Volts,
    /// Short-circuit power of the grid there.
    pub short_circuit: VoltAmperes,
    /// From there or from the substation to the buildings.
    pub campus_voltage: Volts,
    /// That a feeder to a building carries all day.
    pub feeder_current: Amperes,
}

/// What a user says of the service; the rest follows from the load.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceWish {
    /// At the point of delivery.
    pub voltage: Option<Volts>,
    /// Of the grid there.
    pub short_circuit: Option<VoltAmperes>,
    /// To the buildings.
    pub campus_voltage: Option<Volts>,
    /// Of a feeder to one.
    pub feeder_current: Option<Amperes>,
}

impl Service {
    /// The service of a load, one substation's at most.
    ///
    /// Distribution goes on to the buildings as it comes; behind a substation these are fed at 34.5 kV. A site that one small
    /// cable carries has small ones.
    #[must_use]
    pub fn of(load: VoltAmperes, wish: ServiceWish) -> Self {
        let least = wish.campus_voltage.unwrap_or(Volts(0.0));
        let voltage = wish.voltage.unwrap_or_else(|| ServiceClass::that_carries(load, least).voltage);
        let class = ServiceClass::of(voltage);
        let campus = if voltage <= LARGEST_DISTRIBUTION { voltage } else { CLASSES[1].voltage };
        let campus_voltage = wish.campus_voltage.unwrap_or(campus);
        let small = line_current(load, campus_voltage) <= FEEDERS[0];
        Self {
            feeder_current: wish.feeder_current.unwrap_or(FEEDERS[usize::from(!small)]),
            voltage,
            short_circuit: wish
                .short_circuit
                .unwrap_or_else(|| three_digits(3.0_f64.sqrt() * voltage.0 * class.fault.0)),
            campus_voltage,
        }
    }

    /// Whether main transformers stand between grid and campus.
    #[must_use]
    pub fn has_substation(&self) -> bool {
        self.voltage > self.campus_voltage
    }

    /// Short-circuit current of the grid at the point of delivery.
    #[must_use]
    pub fn fault(&self) -> Amperes {
        line_current(self.short_circuit, self.voltage)
    }
}

/// A power to the digits that an assumption has.
fn three_digits(power: f64) -> VoltAmperes {
    let step = 10_f64.powf(power.log10().floor() - 2.0);
    VoltAmperes((power / step).round() * step)
}

/// Losses of a small transformer over those of the largest, both over their rating.
///
/// ~~~text
/// l(S)/l(S₀) = (S₀/S)^¼        S < S₀ = 100 MVA
/// ~~~
///
/// Losses go with the volume and ratings with the fourth power of the length of like machines, so losses grow with
/// S^¾ (the growth law of electrical machines). Part-load curves of the catalogue are those of 100 MVA and more.
#[must_use]
pub fn small_transformer(rating: VoltAmperes) -> f64 {
    const LARGE: f64 = 100e6;
    (LARGE / rating.0.max(1.0)).max(1.0).powf(0.25)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(mva: f64) -> Service {
        Service::of(VoltAmperes(mva * 1e6), ServiceWish::default())
    }

    #[test]
    fn a_load_is_served_at_the_lowest_voltage_whose_circuit_carries_it() {
        // √3 · 13.8 kV · 600 A = 14.34 MVA; √3 · 138 kV · 1 kA = 239 MVA.
        for (mva, kilovolts) in [
            (1.0, 13.8),
            (14.3, 13.8),
            (14.4, 34.5),
            (21.0, 34.5),
            (100.0, 69.0),
            (238.0, 138.0),
            (258.0, 230.0),
            (1_053.0, 345.0),
            (2_000.0, 500.0),
            (9_000.0, 500.0),
        ] {
            assert!((served(mva).voltage.0 / (kilovolts * 1e3) - 1.0).abs() < 1e-12, "{mva} MVA");
        }
    }

    #[test]
    fn a_power_factor_that_loads_have_by_themselves_is_not_asked_for() {
        let least = |asked: f64| least_power_factor(Share(asked), [Share(0.98), Share(0.92)]).0;
        // sin φ = √(1 − 0.8464) = 0.3919; (0.3919 + 0.18)/0.92 = 0.6216; 1/√1.3864 = 0.8493.
        assert!((least(0.5) - 0.8493).abs() < 1e-4 && (least(0.8) - least(0.5)).abs() < 1e-12);
        assert!((least(0.95) - 0.95).abs() < 1e-12);
    }

    #[test]
    fn distribution_needs_no_substation() {
        assert!(!served(5.0).has_substation() && served(5.0).campus_voltage == Volts(13.8e3));
        assert!(!served(30.0).has_substation());
        let large = served(100.0);
        assert!(large.has_substation() && large.campus_voltage == Volts(34.5e3));
        // √3 · 345 kV · 33 kA = 19.72 GVA.
        assert!((served(1_000.0).short_circuit.0 - 19.7e9).abs() < 1.0);
    }

    #[test]
    fn a_site_that_small_cables_carry_has_small_ones() {
        // √3 · 13.8 kV · 200 A = 4.78 MVA; at 34.5 kV 11.95 MVA, less than comes at that voltage.
        for (mva, amperes) in [(1.0, 200.0), (4.7, 200.0), (4.8, 600.0), (15.0, 600.0), (1_000.0, 600.0)] {
            assert!((served(mva).feeder_current.0 - amperes).abs() < 1e-9, "{mva} MVA");
        }
        let wish = ServiceWish { feeder_current: Some(Amperes(400.0)), ..ServiceWish::default() };
        assert_eq!(Service::of(VoltAmperes(1e6), wish).feeder_current, Amperes(400.0));
    }

    #[test]
    fn what_is_said_stays_and_the_rest_follows() {
        let wish = ServiceWish { voltage: Some(Volts(110e3)), ..ServiceWish::default() };
        let said = Service::of(VoltAmperes(20e6), wish);
        assert!(said.voltage == Volts(110e3) && said.campus_voltage == Volts(34.5e3));
        assert!((said.fault().0 / 25e3 - 1.0).abs() < 5e-3, "{:?}", said.fault());
        let wish = ServiceWish { campus_voltage: Some(Volts(50e3)), ..ServiceWish::default() };
        assert_eq!(Service::of(VoltAmperes(20e6), wish).voltage, Volts(69e3));
        let wish = ServiceWish { voltage: Some(Volts(10e3)), ..ServiceWish::default() };
        assert!(!Service::of(VoltAmperes(1e6), wish).has_substation());
    }

    #[test]
    fn nobody_builds_345_kilovolts_for_20_megawatts() {
        // Two classes lower: 138 kV, 239 MVA.
        let least = ServiceClass::of(Volts(345e3)).least();
        assert!((least.0 - 239.02e6).abs() < 1e4, "{least:?}");
        assert!(ServiceClass::of(Volts(13.8e3)).least().0 < 1.0);
    }

    #[test]
    fn a_transformer_of_a_sixteenth_loses_twice_as_much_of_its_rating() {
        assert!((small_transformer(VoltAmperes(6.25e6)) - 2.0).abs() < 1e-12);
        assert!((small_transformer(VoltAmperes(200e6)) - 1.0).abs() < 1e-12);
    }
}
