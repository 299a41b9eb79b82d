//! What stands together: accelerator racks and the network, storage, management, power and cooling gear beside them.
//!
//! ~~~text
//! units         = ceil(compute racks / racks per unit)
//! network racks = max( ceil(switches · height / usable height),  ceil(switches · power / power of a rack) )
//! CDUs          = duty units + one spare for each group,  duty = ceil(liquid heat / capacity)
//! ~~~
//!
//! Left out: spare accelerators and mixes of generations.

use crate::units::Watts;

/// Height that switches may take in a 48U rack, the rest being cable management and power [U]: assumption.
pub const NETWORK_RACK_UNITS: u64 = 40;
/// Power of a network rack: four such racks carry the leaves of one Vera Rubin unit of 16 racks.
///
/// Cloud-partner reference design as transcribed by a third party; unconfirmed.
pub const NETWORK_RACK_POWER: Watts = Watts(56_000.0);

/// The block that a fleet grows by: racks delivered, wired and powered together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScalableUnit {
    /// Accelerator racks.
    pub compute_racks: u64,
    /// Accelerators of a rack.
    pub accelerators_per_rack: u64,
    /// Storage racks that stand with the unit.
    pub storage_racks: u64,
    /// Management racks that stand with the unit.
    pub management_racks: u64,
}

impl ScalableUnit {
    /// Accelerators of a whole unit.
    #[must_use]
    pub fn accelerators(&self) -> u64 {
        self.compute_racks * self.accelerators_per_rack
    }

    /// Units that hold this many accelerator racks, the last one perhaps not full.
    #[must_use]
    pub fn units_for(&self, compute_racks: u64) -> u64 {
        compute_racks.div_ceil(self.compute_racks.max(1))
    }
}

/// Racks by what is in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RackCounts {
    /// Accelerator racks.
    pub compute: u64,
    /// Racks of switches.
    pub network: u64,
    /// Storage racks.
    pub storage: u64,
    /// Management racks.
    pub management: u64,
    /// Power racks beside the accelerator racks.
    pub power: u64,
    /// Coolant distribution units.
    pub cdu: u64,
}

impl RackCounts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.compute + self.support()
    }

    /// All but the accelerator racks.
    #[must_use]
    pub fn support(&self) -> u64 {
        self.network + self.storage + self.management + self.power + self.cdu
    }
}

impl std::ops::Add for RackCounts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            compute: self.compute + other.compute,
            network: self.network + other.network,
            storage: self.storage + other.storage,
            management: self.management + other.management,
            power: self.power + other.power,
            cdu: self.cdu + other.cdu,
        }
    }
}

/// How much of switches one network rack takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkRack {
    /// Height for switches [U].
    pub rack_units: u64,
    /// Power that the rack is fed and cooled for.
    pub power: Watts,
}

impl Default for NetworkRack {
    fn default() -> Self {
        Self { rack_units: NETWORK_RACK_UNITS, power: NETWORK_RACK_POWER }
    }
}

impl NetworkRack {
    /// Switches of one height and power that fit into a rack, at least one.
    #[must_use]
    pub fn switches(&self, rack_units: u64, power: Watts) -> u64 {
        let by_height = self.rack_units / rack_units.max(1);
        // A float beyond u64 becomes its largest value, which the height then bounds.
        let by_power =
            if power > Watts(0.0) { (self.power / power + 1e-9).floor() as u64 } else { by_height };
        by_height.min(by_power).max(1)
    }

    /// Racks for a number of equal switches.
    #[must_use]
    pub fn racks(&self, switches: u64, rack_units: u64, power: Watts) -> u64 {
        switches.div_ceil(self.switches(rack_units, power))
    }
}

/// How coolant distribution units share the heat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CduGroup {
    /// Heat that one unit takes at the approach it is run with.
    pub capacity: Watts,
    /// Duty units that share one spare; zero leaves out spares.
    pub duty_per_spare: u64,
}

/// Coolant distribution units, duty and spare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CduCount {
    /// Units that carry the heat.
    pub duty: u64,
    /// Units that stand by, one for each group.
    pub spare: u64,
}

impl CduCount {
    /// Duty and spare units.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.duty + self.spare
    }
}

/// Coolant distribution units for a liquid heat.
///
/// ~~~text
/// duty = ceil(Q / C),  spare = ceil(duty / group)
/// ~~~
///
/// Q liquid heat [W] · C capacity of a unit [W]. None where there is no heat or no capacity.
#[must_use]
pub fn cdus(liquid_heat: Watts, group: CduGroup) -> CduCount {
    if liquid_heat <= Watts(0.0) || group.capacity <= Watts(0.0) {
        return CduCount::default();
    }
    let duty = (liquid_heat / group.capacity - 1e-9).ceil().max(1.0) as u64;
    let spare = if group.duty_per_spare == 0 { 0 } else { duty.div_ceil(group.duty_per_spare) };
    CduCount { duty, spare }
}

/// The switches of a fleet, which decide its network racks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwitchLoad {
    /// Switches of all tiers.
    pub switches: u64,
    /// Height of one [U].
    pub rack_units: u64,
    /// Power of one with its optics.
    pub power: Watts,
}

/// Racks of a fleet: accelerator racks and all that stands beside them, in whole units.
#[must_use]
pub fn rack_counts(
    compute_racks: u64,
    unit: &ScalableUnit,
    switches: &SwitchLoad,
    network_rack: &NetworkRack,
    liquid_heat: Watts,
    cdu_group: CduGroup,
) -> RackCounts {
    let units = unit.units_for(compute_racks);
    RackCounts {
        compute: compute_racks,
        network: network_rack.racks(switches.switches, switches.rack_units, switches.power),
        storage: units * unit.storage_racks,
        management: units * unit.management_racks,
        power: 0,
        cdu: cdus(liquid_heat, cdu_group).total(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // 32 leaves of 4U and 7.0 kW: 10 by height, 8 by power, so 32 / 8 = 4 racks, as the reference design has.
    #[test]
    fn four_network_racks_carry_the_leaves_of_a_vera_rubin_unit() {
        let rack = NetworkRack::default();
        assert_eq!(rack.switches(4, Watts(7_000.0)), 8);
        assert_eq!(rack.racks(32, 4, Watts(7_000.0)), 4);
    }

    #[test]
    fn a_switch_larger_than_a_rack_still_gets_one() {
        assert_eq!(NetworkRack::default().racks(3, 60, Watts(90_000.0)), 3);
    }

    // 16 racks · 227 kW = 3.632 MW / 2.3 MW: 2 on duty; in groups of 4 one spare.
    #[test]
    fn cdus_carry_the_heat_with_one_spare_in_each_group() {
        let group = CduGroup { capacity: Watts(2.3e6), duty_per_spare: 4 };
        assert_eq!(cdus(Watts(3.632e6), group), CduCount { duty: 2, spare: 1 });
        assert_eq!(cdus(Watts(9.2e6), group), CduCount { duty: 4, spare: 1 });
        assert_eq!(cdus(Watts(9.3e6), group), CduCount { duty: 5, spare: 2 });
        assert_eq!(cdus(Watts(0.0), group).total(), 0);
    }

    // 17 racks of 16 a unit are 2 units: 2·2 storage, 2·1 management; 64 switches at 8 a rack.
    #[test]
    fn support_racks_come_in_whole_units() {
        let unit = ScalableUnit {
            compute_racks: 16,
            accelerators_per_rack: 72,
            storage_racks: 2,
            management_racks: 1,
        };
        let counts = rack_counts(
            17,
            &unit,
            &SwitchLoad { switches: 64, rack_units: 4, power: Watts(7_000.0) },
            &NetworkRack::default(),
            Watts(17.0 * 227e3),
            CduGroup { capacity: Watts(2.3e6), duty_per_spare: 4 },
        );
        let expected = RackCounts { compute: 17, network: 8, storage: 4, management: 2, power: 0, cdu: 3 };
        assert_eq!(counts, expected);
        assert_eq!(counts.total(), 34);
        assert_eq!(unit.accelerators(), 1_152);
    }

    proptest! {
        #[test]
        fn more_heat_never_needs_fewer_cdus(
            heat in 0.0_f64..1e10, more in 0.0_f64..1e9, capacity in 1e5_f64..5e6, spares in 0_u64..8,
        ) {
            let group = CduGroup { capacity: Watts(capacity), duty_per_spare: spares };
            prop_assert!(cdus(Watts(heat), group).total() <= cdus(Watts(heat + more), group).total());
            prop_assert!(cdus(Watts(heat), group).duty as f64 * capacity >= heat * (1.0 - 1e-6));
        }

        #[test]
        fn network_racks_are_never_overloaded(
            switches in 0_u64..100_000, height in 1_u64..10, power in 100.0_f64..20_000.0,
        ) {
            let rack = NetworkRack::default();
            let fit = rack.switches(height, Watts(power));
            prop_assert!(fit * height <= NETWORK_RACK_UNITS);
            prop_assert!(fit as f64 * power <= NETWORK_RACK_POWER.value() * (1.0 + 1e-6));
            prop_assert!(rack.racks(switches, height, Watts(power)) * fit >= switches);
        }
    }
}
