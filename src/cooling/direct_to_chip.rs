//! Liquid to the chips: the coolant loop from the cold plates to the facility water.
//!
//! Racks are return-limited: the coolant may leave at little more than 50 to 60 °C, so the warmer the supply, the
//! smaller its range and the larger its flow. A coolant distribution unit passes the heat to facility water at an
//! approach of some kelvin, the same at both ends.

use super::heat_rejection::{Coolers, HeatLoop};
use super::{HeatLoad, HeatRejection, Plant};
use crate::units::{Celsius, CubicMetersPerJoule, CubicMetersPerSecond, Kelvin, Watts};

/// Heat that a cubic metre of coolant takes up per kelvin [J/(m³·K)]: a quarter propylene glycol, 1.025 kg/L and
/// 3.9 kJ/(kg·K) at 40 °C.
const COOLANT_HEAT_CAPACITY: f64 = 1_025.0 * 3_900.0;

/// Flow of coolant that carries a heat over a range.
///
/// ~~~text
/// V = Q / (ρc · ΔT)
/// ~~~
#[must_use]
pub fn coolant_flow(heat: Watts, range: Kelvin) -> CubicMetersPerSecond {
    CubicMetersPerSecond(heat.value() / (COOLANT_HEAT_CAPACITY * range.value()))
}

/// Range over which coolant carries its heat at a flow per heat.
///
/// ~~~text
/// ΔT = 1 / (ρc · v)
/// ~~~
#[must_use]
pub fn coolant_range(flow_per_heat: CubicMetersPerJoule) -> Kelvin {
    Kelvin(1.0 / (COOLANT_HEAT_CAPACITY * flow_per_heat.value()))
}

/// Flow at a supply temperature from published points of a rack, linear between them and constant outside.
///
/// Points stand by rising temperature; without points there is no answer.
#[must_use]
pub fn flow_at(points: &[(Celsius, CubicMetersPerSecond)], supply: Celsius) -> Option<CubicMetersPerSecond> {
    let first = points.first()?;
    let last = points.last()?;
    if supply <= first.0 {
        return Some(first.1);
    }
    let pair = points.windows(2).find(|pair| supply <= pair[1].0);
    Some(pair.map_or(last.1, |pair| {
        let part = supply.above(pair[0].0) / pair[1].0.above(pair[0].0);
        pair[0].1 + (pair[1].1 - pair[0].1) * part
    }))
}

/// Facility water that gives the coolant its supply temperature.
pub(super) fn facility_supply(plant: &Plant, load: &HeatLoad) -> Celsius {
    load.coolant_supply - approach(plant.cdu_approach, load.part.value(), plant.constant_speed)
}

/// From facility water to coolant at a part of the rated heat.
///
/// ~~~text
/// a·part^0.2      both streams follow the heat
/// a·part          both keep their flows, as they do above the rating
/// ~~~
///
/// a approach of the CDUs at full heat, one of each group lost [K]. At constant flows the makers' derating rule holds,
/// capacity in proportion to the approach; where pumps slow down with the heat, ranges stay and UA falls with the flow to
/// the 0.8 (Dittus and Boelter), so that the mean difference Q/UA goes with part^0.2.
pub(super) fn approach(rated: Kelvin, part: f64, constant_speed: bool) -> Kelvin {
    let linear = constant_speed || part >= 1.0;
    rated * if linear { part } else { part.powf(1.0 - FLOW_EXPONENT) }
}

/// How the heat transfer of a turbulent stream grows with its flow.
pub(super) const FLOW_EXPONENT: f64 = 0.8;

/// The facility water loop behind the coolant; `heat` includes what both loops' pumps stir into it.
pub(super) fn facility_loop(plant: &Plant, heat: Watts, load: &HeatLoad) -> HeatLoop {
    let warm = facility_supply(plant, load);
    // A chiller plant has one loop for coolant and air handlers, so it is as cold as the colder one needs.
    let supply = match plant.heat_rejection {
        HeatRejection::AirCooledChiller => warm.min(plant.chilled_water),
        _ => warm,
    };
    // Water colder than the coolant asks for is throttled, so that it leaves a CDU an approach below the coolant that returns.
    let range = load.coolant_return.above(load.coolant_supply) + warm.above(supply);
    // Coolers stand there for this loop; coils of chillers and plates of towers only where there is an economiser.
    let own = matches!(plant.heat_rejection, HeatRejection::DryCooler | HeatRejection::AdiabaticCooler);
    let coolers = Coolers {
        free: own || plant.economizer,
        ..plant.coolers(plant.rejection_approach, range, load.part)
    };
    match plant.heat_rejection {
        HeatRejection::Tower => coolers.on_towers(heat.value(), supply, range),
        _ => coolers.on_air(heat.value(), supply, range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Litres per minute in m³/s.
    fn lpm(flow: f64) -> CubicMetersPerSecond {
        CubicMetersPerSecond(flow / 60_000.0)
    }

    #[test]
    fn a_gb300_rack_at_40_degrees_has_a_range_of_14_5_kelvin() {
        // 115 kW, 119 LPM = 1.9833e-3 m³/s: 115,000 / (1,025 · 3,900 · 1.9833e-3) = 14.50 K, return 54.5 °C.
        let per_heat = lpm(119.0) / Watts(115e3);
        assert!((coolant_range(per_heat).value() - 14.50).abs() < 0.01);
        let flow = coolant_flow(Watts(115e3), Kelvin(14.505)).value() * 60_000.0;
        assert!((flow - 119.0).abs() < 0.1, "{flow}");
    }

    #[test]
    fn the_design_rule_of_vera_rubin_gives_ten_kelvin() {
        // 1.5 LPM/kW = 2.5e-8 m³/J: 1 / (3.9975e6 · 2.5e-8) = 10.006 K.
        assert!((coolant_range(CubicMetersPerJoule(2.5e-8)).value() - 10.006).abs() < 1e-3);
    }

    #[test]
    fn published_flows_are_joined_by_lines() {
        let points = [(Celsius(25.0), lpm(59.0)), (Celsius(40.0), lpm(119.0)), (Celsius(45.0), lpm(177.0))];
        let at = |supply: f64| flow_at(&points, Celsius(supply)).unwrap().value() * 60_000.0;
        assert!((at(20.0) - 59.0).abs() < 1e-9);
        assert!((at(42.5) - 148.0).abs() < 1e-9);
        assert!((at(45.0) - 177.0).abs() < 1e-9);
        assert!((at(50.0) - 177.0).abs() < 1e-9);
        assert!(flow_at(&[], Celsius(40.0)).is_none());
    }
}
