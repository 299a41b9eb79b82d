//! The networks beside the scale-out as a plan has them: sized, with the links that their cables choose from, and as
//! they are laid.

use super::equipment::{Machine, Network, ports_at};
use super::result::SupportNetwork;
use super::sizing::Draw;
use super::standing::{group_of, reaches_of, switch_racks};
use crate::catalog::profile::{Link, Switch};
use crate::fabric::beside::{OutOfBand, Ports, Watched, out_of_band, port_network, ports_for_uplinks};
use crate::fabric::scale_out::{FabricError, FatTree};
use crate::layout::RackKind;
use crate::layout::cables::{
    CableCounts, CableKind, Net, OutOfBandCabling, SupportPorts, TreeCabling, WatchedRacks, support_home,
};
use crate::scenario::Fields;
use crate::units::{ByteRate, Watts};

/// Power strips of a rack that is not fed by shelves, each with a management port: one on either side.
const POWER_STRIPS: u64 = 2;

/// Front end and storage of one system, and the out-of-band network.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Front end, then storage.
    pub trees: [PortTree; 2],
    /// Racks with management switches of their own.
    pub watched: Vec<(RackKind, Watched)>,
    /// CDUs and power racks, each with a port to the management switch of the next support rack.
    pub gear: u64,
    /// Switches and links of the out-of-band network.
    pub out_of_band: OutOfBand,
}

/// A sized network of trays and support racks.
#[derive(Debug, Clone)]
pub struct PortTree {
    /// Which.
    pub net: Net,
    /// Rate of a port.
    pub rate: ByteRate,
    /// Ports of a switch at that rate.
    pub radix: u32,
    /// Ports of a unit, those kept for uplinks included.
    pub unit: u64,
    /// Ports of trays.
    pub trays: u64,
    /// Racks with ports on it beside those of accelerators.
    pub support: Vec<SupportPorts>,
    /// Leaf ports kept for the uplinks of management switches.
    pub kept: u64,
    /// Counts.
    pub tree: FatTree,
}

impl PortTree {
    /// Cables from trays and support racks to leaves.
    fn host_leaf(&self) -> u64 {
        self.trays + self.support.iter().map(|own| own.racks * own.ports).sum::<u64>()
    }
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
    // The racks of cores have management switches, whose uplinks take ports, for which there are cores.
    let first = sized(machine, draw, fields, 0)?;
    let cores = first.core_racks(&machine.network);
    sized(machine, draw, fields, cores)
}

fn sized(machine: &Machine, draw: &Draw, fields: &Fields, cores: u64) -> Result<Beside, FabricError> {
    let (wish, network) = (&fields.support_networks, &machine.network);
    let of_switch = u64::from(network.management_switch.ports.value);
    let units = machine.unit.units_for(draw.racks).max(1);
    let (storage, management) = (machine.unit.storage_racks, machine.unit.management_racks);
    let ports_of = |kind: RackKind| match kind {
        RackKind::Storage => u64::from(wish.storage_rack_ports),
        _ => u64::from(wish.management_rack_ports),
    };
    let in_rack = trays(machine, u64::from(machine.system.rack.accelerators));
    let switches = switch_racks(machine, draw);
    let network_racks = |racks: u64, switches: u64| Watched { racks, ports: switches + POWER_STRIPS * racks };
    let support =
        |kind: RackKind, racks: u64| Watched { racks, ports: (ports_of(kind) + POWER_STRIPS) * racks };
    let mut watched = vec![
        (
            RackKind::Compute,
            Watched { racks: draw.racks, ports: draw.racks * in_rack * u64::from(wish.management_ports) },
        ),
        (RackKind::Leaf, network_racks(switches.leaf_racks(units), switches.leaf)),
        (RackKind::Spine, network_racks(switches.racks(switches.spine), switches.spine)),
        (RackKind::Core, network_racks(switches.racks(switches.core), switches.core)),
        (RackKind::EthernetCore, network_racks(cores, 0)),
        (RackKind::Storage, support(RackKind::Storage, units * storage)),
        (RackKind::Management, support(RackKind::Management, units * management)),
    ];
    watched.retain(|(kind, own)| {
        own.racks > 0 && (own.ports > POWER_STRIPS * own.racks || *kind == RackKind::EthernetCore)
    });
    let racks_of = |kind: RackKind| SupportPorts {
        kind,
        racks: units * if kind == RackKind::Storage { storage } else { management },
        ports: ports_of(kind),
    };
    let tree = |net: Net, rate: ByteRate, kinds: &[RackKind], uplinks: u64| {
        let support: Vec<SupportPorts> =
            kinds.iter().copied().map(racks_of).filter(|own| own.racks > 0).collect();
        let kept = ports_for_uplinks(uplinks, network.uplink_rate(), rate);
        let of_support: u64 = support.iter().map(|own| own.racks * own.ports).sum();
        let own = trays(machine, draw.accelerators);
        let unit = trays(machine, machine.unit.accelerators()) + (of_support + kept).div_ceil(units);
        let radix = ports_at(&network.support_switch, rate);
        let tree = port_network(&Ports {
            ports: own + of_support + kept,
            unit,
            rate,
            radix,
            oversubscription: wish.oversubscription.0,
        })?;
        Ok::<_, FabricError>(PortTree { net, rate, radix, unit, trays: own, support, kept, tree })
    };
    let uplinks: u64 = watched.iter().map(|(_, own)| own.uplinks(of_switch)).sum();
    let trees = [
        tree(Net::FrontEnd, wish.front_end, &[RackKind::Management], uplinks)?,
        tree(Net::Storage, wish.storage, &[RackKind::Storage, RackKind::Management], 0)?,
    ];
    // Switches beside the scale-out stand in support racks, or with the cores, and are watched there.
    let sum = |of: fn(&FatTree) -> u64| trees.iter().map(|own| of(&own.tree)).sum::<u64>();
    let (home, _) = support_home(storage, management);
    for (kind, own) in &mut watched {
        if *kind == home {
            own.ports += sum(|tree| tree.leaf + tree.spine);
        } else if *kind == RackKind::EthernetCore {
            own.ports += sum(|tree| tree.core);
        }
    }
    let counts: Vec<Watched> = watched.iter().map(|(_, own)| *own).collect();
    Ok(Beside { trees, out_of_band: out_of_band(&counts, of_switch), watched, gear: 0 })
}

/// Racks for the cores of a tree, in the network room.
fn core_racks(network: &Network, tree: &PortTree) -> u64 {
    let switch = &network.support_switch;
    let rack = network.rack_of(switch);
    rack.racks(tree.tree.core, u64::from(switch.rack_units), switch.power_populated.value)
}

impl Beside {
    fn core_racks(&self, network: &Network) -> u64 {
        self.trees.iter().map(|tree| core_racks(network, tree)).sum()
    }

    /// Racks of cores of both trees, and the power of their switches.
    #[must_use]
    pub fn cores(&self, network: &Network) -> (u64, Watts) {
        let racks = self.core_racks(network);
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
            let units = machine.unit.units_for(draw.racks).max(1);
            let (group_units, island_units) = group_of(fabric, tree.radix, None, tree.unit, units);
            TreeCabling {
                net: tree.net,
                switches: [fabric.leaf, fabric.spine, fabric.core],
                core_racks,
                counts: CableCounts {
                    host_leaf: tree.trays,
                    leaf_spine: fabric.leaf_spine,
                    spine_core: fabric.spine_core,
                },
                support: tree.support.clone(),
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
        let network = &machine.network;
        let of_switch = u64::from(network.management_switch.ports.value);
        let watched = self.watched.iter().map(|(kind, own)| WatchedRacks {
            kind: *kind,
            racks: own.racks,
            ports: own.ports,
            uplinks: own.uplinks(of_switch),
        });
        (draw.racks > 0).then(|| OutOfBandCabling {
            switches: self.out_of_band.switches,
            watched: watched.collect(),
            rate: network.management_switch.port_bandwidth.value,
            media: reaches_of(network.links_of(Net::OutOfBand, CableKind::HostLeaf)),
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
                kept_ports: 0,
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
                let links = laid.host_leaf() + tree.leaf_spine + tree.spine_core;
                let own = network(laid.net, &of.support_switch, tiers, links, laid.rate, 1.0);
                SupportNetwork { kept_ports: laid.kept, ..own }
            })
            .collect();
        let (own, switch) = (&self.out_of_band, &of.management_switch);
        let (rate, ports) =
            (switch.port_bandwidth.value, f64::from(fields.support_networks.management_ports));
        let links = own.ports + self.gear + own.uplinks;
        all.push(network(Net::OutOfBand, switch, [own.switches, 0, 0], links, rate, ports));
        all
    }
}

/// The link of an id among those of a network.
#[must_use]
pub fn link_of<'a>(links: &'a [Link], id: &str) -> &'a Link {
    links.iter().find(|link| link.id == id).unwrap_or(&links[0])
}
