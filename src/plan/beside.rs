//! The networks beside the scale-out as a plan has them: sized, with the links that their cables choose from, and as
//! they are laid.

use super::equipment::{Machine, Network, ports_at};
use super::result::SupportNetwork;
use super::sizing::Draw;
use super::standing::{group_of, reaches_of};
use crate::catalog::profile::{Link, Switch};
use crate::fabric::beside::{OutOfBand, Trays, out_of_band, tray_network};
use crate::fabric::scale_out::{FabricError, FatTree};
use crate::layout::cables::{CableCounts, CableKind, Net, OutOfBandCabling, TreeCabling};
use crate::scenario::Fields;
use crate::units::{ByteRate, Watts};

/// Front end and storage of one system, and the out-of-band network.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Front end, then storage.
    pub trees: [TrayTree; 2],
    /// Switches and links of the out-of-band network.
    pub out_of_band: OutOfBand,
}

/// A sized network of trays.
#[derive(Debug, Clone)]
pub struct TrayTree {
    /// Which.
    pub net: Net,
    /// Rate of the port of a tray.
    pub rate: ByteRate,
    /// Ports of a switch at that rate.
    pub radix: u32,
    /// Counts.
    pub tree: FatTree,
}

/// Trays that so many accelerators stand in.
fn trays(machine: &Machine, accelerators: u64) -> u64 {
    accelerators.div_ceil(u64::from(machine.system.reliability.tray.value.max(1)))
}

/// Sizes the networks beside the scale-out of one system.
///
/// # Errors
///
/// Those of a fat tree.
pub fn beside(machine: &Machine, draw: &Draw, fields: &Fields) -> Result<Beside, FabricError> {
    let wish = &fields.support_networks;
    let tree = |net: Net, rate: ByteRate| {
        let radix = ports_at(&machine.network.support_switch, rate);
        let tree = tray_network(&Trays {
            trays: trays(machine, draw.accelerators),
            unit: trays(machine, machine.unit.accelerators()),
            rate,
            radix,
            oversubscription: wish.oversubscription.0,
        })?;
        Ok::<_, FabricError>(TrayTree { net, rate, radix, tree })
    };
    let in_rack = trays(machine, u64::from(machine.system.rack.accelerators));
    let (ports, of_switch) =
        (u64::from(wish.management_ports), u64::from(machine.network.management_switch.ports.value));
    Ok(Beside {
        trees: [tree(Net::FrontEnd, wish.front_end)?, tree(Net::Storage, wish.storage)?],
        out_of_band: out_of_band(draw.racks, in_rack, ports, of_switch),
    })
}

/// Racks for the cores of a tree, in the network room.
fn core_racks(network: &Network, tree: &TrayTree) -> u64 {
    let switch = &network.support_switch;
    let rack = network.rack_of(switch);
    rack.racks(tree.tree.core, u64::from(switch.rack_units), switch.power_populated.value)
}

impl Beside {
    /// Racks of cores of both trees, and the power of their switches.
    #[must_use]
    pub fn cores(&self, network: &Network) -> (u64, Watts) {
        let racks = self.trees.iter().map(|tree| core_racks(network, tree)).sum();
        let switches: u64 = self.trees.iter().map(|tree| tree.tree.core).sum();
        (racks, network.support_switch.power_populated.value * switches as f64)
    }

    /// The trees as they are laid.
    #[must_use]
    pub fn cabling(&self, machine: &Machine, draw: &Draw) -> Vec<TreeCabling> {
        let network = &machine.network;
        let mut before = 0;
        let laid = self.trees.iter().map(|tree| {
            let racks = core_racks(network, tree);
            let core_racks = [before, racks];
            before += racks;
            let fabric = &tree.tree;
            let unit = trays(machine, machine.unit.accelerators());
            let units = machine.unit.units_for(draw.racks).max(1);
            let (group_units, island_units) = group_of(fabric, tree.radix, None, unit, units);
            TreeCabling {
                net: tree.net,
                switches: [fabric.leaf, fabric.spine, fabric.core],
                core_racks,
                counts: CableCounts {
                    host_leaf: fabric.host_leaf,
                    leaf_spine: fabric.leaf_spine,
                    spine_core: fabric.spine_core,
                },
                group_units,
                island_units,
                rate: tree.rate,
                media: reaches_of(network.links_of(tree.net, CableKind::HostLeaf)),
            }
        });
        laid.collect()
    }

    /// The out-of-band network as it is laid.
    #[must_use]
    pub fn out_of_band_cabling(&self, machine: &Machine, draw: &Draw) -> Option<OutOfBandCabling> {
        let (network, own) = (&machine.network, &self.out_of_band);
        (draw.racks > 0).then(|| OutOfBandCabling {
            switches: own.switches,
            ports: own.ports / draw.racks,
            rate: network.management_switch.port_bandwidth.value,
            media: reaches_of(network.links_of(Net::OutOfBand, CableKind::HostLeaf)),
            uplinks: own.uplinks,
            uplink_rate: network.uplink_rate(),
            uplink_media: reaches_of(network.links_of(Net::OutOfBand, CableKind::LeafSpine)),
        })
    }

    /// What a plan says of them.
    #[must_use]
    pub fn networks(&self, machine: &Machine, draw: &Draw, fields: &Fields) -> Vec<SupportNetwork> {
        let trays = trays(machine, draw.accelerators);
        let per_accelerator = |rate: ByteRate| rate * (trays as f64 / draw.accelerators.max(1) as f64);
        let network = |net: Net, switch: &Switch, tiers: [u64; 3], links: u64, rate: ByteRate, ports: f64| {
            let switches: u64 = tiers.iter().sum();
            SupportNetwork {
                system: machine.id.clone(),
                name: net.name(),
                switch: switch.name.clone(),
                switches,
                tiers,
                links,
                rate,
                per_accelerator: per_accelerator(rate * ports),
                power: switch.power_populated.value * switches as f64,
            }
        };
        let of = &machine.network;
        let mut all: Vec<SupportNetwork> = self
            .trees
            .iter()
            .map(|laid| {
                let tree = &laid.tree;
                let tiers = [tree.leaf, tree.spine, tree.core];
                network(laid.net, &of.support_switch, tiers, tree.cables(), laid.rate, 1.0)
            })
            .collect();
        let (own, switch) = (&self.out_of_band, &of.management_switch);
        let (rate, ports) =
            (switch.port_bandwidth.value, f64::from(fields.support_networks.management_ports));
        let links = own.ports + own.uplinks;
        all.push(network(Net::OutOfBand, switch, [own.switches, 0, 0], links, rate, ports));
        all
    }
}

/// The link of an id among those of a network.
#[must_use]
pub fn link_of<'a>(links: &'a [Link], id: &str) -> &'a Link {
    links.iter().find(|link| link.id == id).unwrap_or(&links[0])
}
