//! Where the envelope is measured, and the ratios between the meter and the racks.
//!
//! Two ratios look alike and are not: the *peak ratio* of the design hour sizes the site, the *annual PUE* writes
//! its bill. Each has its own type and is formed here only. IT is what enters the racks, power shelves
//! included (PUE category 3 of ISO/IEC 30134-2, measured at the rack input).

use crate::units::{CubicMeters, Joules, Watts};

/// Joules in a kilowatt-hour.
const JOULES_PER_KWH: f64 = 3.6e6;
/// Litres in a cubic metre.
const LITERS_PER_CUBIC_METER: f64 = 1e3;

/// Where a stated power is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeasuredAt {
    /// At the utility meter: everything on the site.
    Utility,
    /// At the rack inputs: what a lease calls critical IT.
    CriticalIt,
}

impl MeasuredAt {
    /// The words for reports.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Utility => "at the utility meter",
            Self::CriticalIt => "at critical IT",
        }
    }
}

/// A power that a site may draw, and where it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerEnvelope {
    /// How much.
    pub power: Watts,
    /// Where.
    pub measured_at: MeasuredAt,
}

impl PowerEnvelope {
    /// What counts against the envelope of a site that draws `facility` at the meter and `it` at the racks.
    #[must_use]
    pub fn drawn(self, facility: Watts, it: Watts) -> Watts {
        match self.measured_at {
            MeasuredAt::Utility => facility,
            MeasuredAt::CriticalIt => it,
        }
    }
    /// What is left of the envelope; negative when it is exceeded.
    #[must_use]
    pub fn left(self, facility: Watts, it: Watts) -> Watts {
        self.power - self.drawn(facility, it)
    }
    /// IT power that fills the envelope at a peak ratio.
    #[must_use]
    pub fn it_limit(self, ratio: PeakRatio) -> Watts {
        match self.measured_at {
            MeasuredAt::Utility => self.power / ratio.value(),
            MeasuredAt::CriticalIt => self.power,
        }
    }
}

/// Facility power over IT power in the design hour.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct PeakRatio(f64);

impl PeakRatio {
    /// Forms the ratio; none without IT power.
    ///
    /// ~~~text
    /// r = P_facility / P_IT    in the design hour
    /// ~~~
    #[must_use]
    pub fn of(facility: Watts, it: Watts) -> Option<Self> {
        (it.value() > 0.0).then(|| Self(facility / it))
    }
    /// The number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

/// Facility energy over IT energy in a year.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct AnnualPue(f64);

impl AnnualPue {
    /// Forms the ratio; none without IT energy.
    ///
    /// ~~~text
    /// PUE = E_facility / E_IT    over 8,760 hours
    /// ~~~
    #[must_use]
    pub fn of(facility: Joules, it: Joules) -> Option<Self> {
        (it.value() > 0.0).then(|| Self(facility / it))
    }
    /// The number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

/// Water taken by the site over IT energy in a year.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Wue(f64);

impl Wue {
    /// Forms the ratio; none without IT energy.
    ///
    /// ~~~text
    /// WUE = V / E_IT    over 8,760 hours
    /// ~~~
    #[must_use]
    pub fn of(water: CubicMeters, it: Joules) -> Option<Self> {
        (it.value() > 0.0).then(|| Self((water / it).value()))
    }
    /// In litres per kilowatt-hour, as everybody quotes it.
    #[must_use]
    pub fn liters_per_kwh(self) -> f64 {
        self.0 * LITERS_PER_CUBIC_METER * JOULES_PER_KWH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_gigawatt_buys_less_at_the_meter() {
        let ratio = PeakRatio::of(Watts(1.25e9), Watts(1e9)).unwrap();
        let meter = PowerEnvelope { power: Watts(1e9), measured_at: MeasuredAt::Utility };
        let lease = PowerEnvelope { power: Watts(1e9), measured_at: MeasuredAt::CriticalIt };
        assert!((meter.it_limit(ratio).value() - 0.8e9).abs() < 1e-3);
        assert!((lease.it_limit(ratio).value() - 1e9).abs() < 1e-3);
        assert!((meter.left(Watts(1e9), Watts(0.8e9)).value()).abs() < 1e-3);
        assert!((lease.left(Watts(1e9), Watts(0.8e9)).value() - 0.2e9).abs() < 1e-3);
    }

    #[test]
    fn a_gigawatt_year_at_1_9_liters_takes_16_6_million_cubic_meters() {
        // 1e6 kW · 8,760 h · 1.9 L/kWh = 1.664e10 L.
        let energy = Joules(1e9 * 8_760.0 * 3_600.0);
        let wue = Wue::of(CubicMeters(16.644e6), energy).unwrap();
        assert!((wue.liters_per_kwh() - 1.9).abs() < 1e-9);
    }

    #[test]
    fn nothing_has_no_ratio() {
        assert!(PeakRatio::of(Watts(1.0), Watts(0.0)).is_none());
        assert!(AnnualPue::of(Joules(1.0), Joules(0.0)).is_none());
        assert!(Wue::of(CubicMeters(1.0), Joules(0.0)).is_none());
    }
}
