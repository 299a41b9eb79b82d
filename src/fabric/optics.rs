//! Transceivers and cables by kind: what they draw and cost, from the counts of a fabric.
//!
//! ~~~text
//! power = cables · 2 ends · power of an end
//! price = cables · 2 ends · price of an end + total length · price of a metre
//! ~~~
//!
//! A switch whose optics are co-packaged has no pluggable end: its optics are in the switch's own power and price.

use crate::fabric::scale_out::FatTree;
use crate::units::{Dollars, Meters, Watts};

/// A kind of link: copper, active copper or a pair of transceivers with fibre.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkKind {
    /// Power drawn at each end.
    pub power_per_end: Watts,
    /// Price of each end.
    pub price_per_end: Dollars,
    /// Price of each metre between the ends.
    pub price_per_meter: Dollars,
}

/// A kind of switch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SwitchKind {
    /// Power with all ports in use; pluggable optics included where `optics_in_power` says so.
    pub power: Watts,
    /// Price of one.
    pub price: Dollars,
    /// Whether the optics are part of the switch, so that no transceiver is plugged into it.
    pub co_packaged_optics: bool,
    /// Whether `power` already holds what transceivers in its cages draw.
    pub optics_in_power: bool,
}

/// Ends of links that are plugged into hosts and into switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Ends at hosts.
    pub host: u64,
    /// Ends at switches.
    pub switch: u64,
}

/// The ends of a fabric's cables: each cable has two.
#[must_use]
pub fn ends(fabric: &FatTree) -> Ends {
    Ends { host: fabric.host_leaf, switch: fabric.host_leaf + 2 * (fabric.leaf_spine + fabric.spine_core) }
}

/// Power of this many link ends.
#[must_use]
pub fn ends_power(ends: u64, link: &LinkKind) -> Watts {
    link.power_per_end * (ends as f64)
}

/// Price of cables with two pluggable ends each and of their whole length.
#[must_use]
pub fn cables_price(cables: u64, length_total: Meters, link: &LinkKind) -> Dollars {
    link.price_per_end * (2.0 * cables as f64) + link.price_per_meter * length_total.value()
}

/// What a fabric draws, part by part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FabricPower {
    /// Switches of all tiers, with what `SwitchKind::power` holds.
    pub switches: Watts,
    /// Transceivers in switches that `SwitchKind::power` does not hold.
    pub switch_ends: Watts,
    /// Transceivers in hosts; part of the rack's heat where the rack's figure includes its optics.
    pub host_ends: Watts,
}

impl FabricPower {
    /// What stands in network racks: switches and the transceivers in them.
    #[must_use]
    pub fn network_racks(&self) -> Watts {
        self.switches + self.switch_ends
    }
}

/// Power of a fabric from its counts.
#[must_use]
pub fn fabric_power(
    fabric: &FatTree,
    switch: &SwitchKind,
    host: &LinkKind,
    between_switches: &LinkKind,
) -> FabricPower {
    let ends = ends(fabric);
    let bare = !(switch.co_packaged_optics || switch.optics_in_power);
    let plugged = if bare { 1.0 } else { 0.0 };
    FabricPower {
        switches: switch.power * (fabric.switches() as f64),
        switch_ends: (ends_power(fabric.host_leaf, host)
            + ends_power(ends.switch - fabric.host_leaf, between_switches))
            * plugged,
        host_ends: ends_power(ends.host, host),
    }
}

/// Price of a fabric: switches, transceivers and fibre, with the total length of each kind of run.
#[must_use]
pub fn fabric_price(
    fabric: &FatTree,
    switch: &SwitchKind,
    (host, host_length): (&LinkKind, Meters),
    (between_switches, between_length): (&LinkKind, Meters),
) -> Dollars {
    let ends = ends(fabric);
    let plugged = if switch.co_packaged_optics { 0.0 } else { 1.0 };
    let host_ends = ends.host as f64 + plugged * (fabric.host_leaf as f64);
    let between_ends = plugged * ((ends.switch - fabric.host_leaf) as f64);
    switch.price * (fabric.switches() as f64)
        + host.price_per_end * host_ends
        + host.price_per_meter * host_length.value()
        + between_switches.price_per_end * between_ends
        + between_switches.price_per_meter * between_length.value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fabric::scale_out::{FabricDemand, Tiers, Topology, fat_tree};
    use crate::units::ByteRate;

    fn gb300(accelerators: u64) -> FatTree {
        fat_tree(&FabricDemand {
            topology: Topology::FatTree,
            accelerators,
            ports_per_accelerator: 1,
            port_rate: ByteRate(100e9),
            planes: 1,
            rails: 4,
            radix: 144,
            upper_radix: [None; 2],
            unit_accelerators: 576,
            group_accelerators: 0,
            oversubscription: 1.0,
            tiers: Tiers::Auto,
            links_per_cable: 1,
            links_per_uplink: 1,
            core_oversubscription: 1.0,
        })
        .expect("valid")
    }

    const SWITCH: SwitchKind = SwitchKind {
        power: Watts(7_000.0),
        price: Dollars(115_000.0),
        co_packaged_optics: false,
        optics_in_power: true,
    };
    const OPTICS: LinkKind =
        LinkKind { power_per_end: Watts(16.0), price_per_end: Dollars(800.0), price_per_meter: Dollars(1.0) };

    // 576 host + 576 between: 576 ends at hosts, 576 + 1,152 at switches; together 2 × 1,152 cables.
    #[test]
    fn every_cable_has_two_ends() {
        let fabric = gb300(576);
        assert_eq!(ends(&fabric), Ends { host: 576, switch: 1_728 });
        assert_eq!(576 + 1_728, 2 * fabric.cables());
    }

    // 12 × 7.0 kW / 576 = 145.8 W for each accelerator; 1,440 × 7.0 kW / 41,472 = 243.1 W.
    #[test]
    fn populated_switches_give_the_published_watts_per_accelerator() {
        for (accelerators, watts) in [(576, 145.83), (41_472, 243.06)] {
            let power = fabric_power(&gb300(accelerators), &SWITCH, &OPTICS, &OPTICS).network_racks();
            assert!((power.value() / accelerators as f64 - watts).abs() < 0.01);
        }
    }

    // 12 bare switches of 4.5 kW and 1,728 ends of 16 W: 54 kW + 27.6 kW.
    #[test]
    fn a_bare_switch_adds_its_transceivers() {
        let bare = SwitchKind { power: Watts(4_500.0), optics_in_power: false, ..SWITCH };
        let power = fabric_power(&gb300(576), &bare, &OPTICS, &OPTICS);
        assert!((power.network_racks().value() - (54_000.0 + 27_648.0)).abs() < 1e-6);
        assert!((power.host_ends.value() - 576.0 * 16.0).abs() < 1e-9);
    }

    // 12·115,000 + 2·1,152·800 + 1,152·20·1 = 1,380,000 + 1,843,200 + 23,040; without switch ends −1,728·800.
    #[test]
    fn co_packaged_optics_save_the_transceivers_at_the_switch() {
        let length = Meters(576.0 * 20.0);
        let price = |switch| fabric_price(&gb300(576), &switch, (&OPTICS, length), (&OPTICS, length)).value();
        assert!((price(SWITCH) - 3_246_240.0).abs() < 1e-3);
        let saved = price(SWITCH) - price(SwitchKind { co_packaged_optics: true, ..SWITCH });
        assert!((saved - 1_728.0 * 800.0).abs() < 1e-3);
    }
}
