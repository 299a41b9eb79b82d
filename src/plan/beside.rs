//! The networks beside the scale-out as a plan has them: sized, with the links that their cables choose from, and as
//! they are laid.

use super::equipment::{Machine, Network, ports_at};
use super::result::SupportNetwork;
use super::sizing::Draw;
use super::standing::{group_of, reaches_of, switch_racks};
use crate::catalog::profile::{Link, Switch};
use crate::fabric::beside::{OutOfBand, Ports, Watched, out_of_band, port_network, ports_for_uplinks};
use crate::fabric::scale_out::{FabricError, FatTree};
use crate::layout::cables::{
    CableCounts, CableKind, Net, OutOfBandCabling, SupportPorts, TreeCabling, WatchedRacks, support_home,
};
use crate::layout::{RackKind, SupportHeat};
use crate::scenario::{Fields, SupportNetworks};
use crate::units::{ByteRate, Share, Watts};
use std::collections::BTreeMap;

/// Power strips of a rack that is not fed by shelves, each with a management port: one on either side.
const POWER_STRIPS: u64 = 2;

/// Ports of a storage server on the storage network: one on either side of a pair of leaves.
const STORAGE_SERVER_PORTS: u64 = 2;

/// Servers in the racks of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Servers {
    /// Storage or management.
    pub kind: RackKind,
    /// Racks.
    pub racks: u64,
    /// Servers of each.
    pub each: u64,
}

/// Front end and storage of one system, and the out-of-band network.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Front end, then storage.
    pub trees: [PortTree; 2],
    /// Servers of storage and management racks.
    pub servers: [Servers; 2],
    /// Racks that hold leaves and spines of front end and storage: their sort, and how many.
    pub home: (RackKind, u64),
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
pub fn beside(
    machine: &Machine,
    racks: u64,
    fabric: &FatTree,
    wish: &SupportNetworks,
) -> Result<Beside, FabricError> {
    // The racks of cores have management switches, whose uplinks take ports, for which there are cores: more racks ask for
    // no fewer, and a round adds few, so it settles at once or soon.
    const MOST_ROUNDS: u32 = 8;
    let mut own = sized(machine, racks, fabric, wish, 0)?;
    let mut cores = 0;
    for _ in 0..MOST_ROUNDS {
        let now = own.core_racks(&machine.network);
        if now == cores {
            break;
        }
        cores = now;
        own = sized(machine, racks, fabric, wish, cores)?;
    }
    Ok(own)
}

fn sized(
    machine: &Machine,
    racks: u64,
    fabric: &FatTree,
    wish: &SupportNetworks,
    cores: u64,
) -> Result<Beside, FabricError> {
    let network = &machine.network;
    let of_switch = u64::from(network.management_switch.ports.value);
    let units = machine.unit.units_for(racks).max(1);
    let (storage, management) = (machine.unit.storage_racks, machine.unit.management_racks);
    let ports_of = |kind: RackKind| match kind {
        RackKind::Storage => u64::from(wish.storage_rack_ports),
        _ => u64::from(wish.management_rack_ports),
    };
    let in_rack = trays(machine, u64::from(machine.system.rack.accelerators));
    let switches = switch_racks(machine, fabric);
    let network_racks = |racks: u64, switches: u64| Watched { racks, ports: switches + POWER_STRIPS * racks };
    let support =
        |kind: RackKind, racks: u64| Watched { racks, ports: (ports_of(kind) + POWER_STRIPS) * racks };
    let mut watched = vec![
        (RackKind::Compute, Watched { racks, ports: racks * in_rack * u64::from(wish.management_ports) }),
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
        let kept = ports_for_uplinks(uplinks, network.uplink_lanes(), network.leaf_lanes(rate));
        let of_support: u64 = support.iter().map(|own| own.racks * own.ports).sum();
        let own = trays(machine, racks * u64::from(machine.system.rack.accelerators));
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
    let (kind, of_unit) = support_home(storage, management);
    let home = (kind, if kind == RackKind::Compute { racks } else { units * of_unit });
    for (kind, own) in &mut watched {
        if *kind == home.0 {
            own.ports += sum(|tree| tree.leaf + tree.spine);
        } else if *kind == RackKind::EthernetCore {
            own.ports += sum(|tree| tree.core);
        }
    }
    let counts: Vec<Watched> = watched.iter().map(|(_, own)| *own).collect();
    let servers = |kind: RackKind, racks: u64, ports: u64| Servers {
        kind,
        racks: units * racks,
        each: ports_of(kind).div_ceil(ports),
    };
    let servers = [
        servers(RackKind::Storage, storage, STORAGE_SERVER_PORTS),
        servers(RackKind::Management, management, 1),
    ];
    Ok(Beside { trees, servers, home, out_of_band: out_of_band(&counts, of_switch), watched, gear: 0 })
}

/// Racks for the cores of a tree, in the network room.
fn core_racks(network: &Network, tree: &PortTree) -> u64 {
    let switch = &network.support_switch;
    let rack = network.rack_of(switch);
    rack.racks(tree.tree.core, u64::from(switch.rack_units), switch.power_populated.value)
}

impl Beside {
    /// Racks of cores of both trees.
    #[must_use]
    pub fn core_racks(&self, network: &Network) -> u64 {
        self.trees.iter().map(|tree| core_racks(network, tree)).sum()
    }

    /// Power of all its switches with what is plugged into them.
    #[must_use]
    pub fn switch_power(&self, network: &Network) -> Watts {
        let trees: u64 = self.trees.iter().map(|own| own.tree.switches()).sum();
        network.support_switch.power_populated.value * trees as f64
            + network.management_switch.power_populated.value * self.out_of_band.switches as f64
    }

    /// Storage and management servers.
    fn server_count(&self) -> u64 {
        self.servers.iter().map(|own| own.racks * own.each).sum()
    }

    /// Least power of what is counted of a system's support: its switches, and its servers at what one draws at least.
    ///
    /// ~~~text
    /// P = S·p_s + M·p_m + V·v
    /// ~~~
    ///
    /// S switches of front end and storage, M of management, of p_s and p_m each [W] · V servers of v at least [W].
    #[must_use]
    pub fn counted(&self, network: &Network, server: Watts) -> Watts {
        self.switch_power(network) + server * self.server_count() as f64
    }

    /// Where the heat of a system's support stands: switches in their racks, the rest evenly in the servers.
    ///
    /// What is less than the switches draw, by a figure that stands all the same, is theirs in proportion.
    #[must_use]
    pub fn heat(&self, network: &Network, support: Watts) -> SupportHeat {
        let switches = self.switch_power(network);
        let part = if support < switches { support / switches } else { 1.0 };
        let mut heat = SupportHeat::default();
        let mut put = |(kind, racks): (RackKind, u64), heat_of_all: Watts, liquid: Share| {
            heat.add(kind, heat_of_all / racks.max(1) as f64, liquid);
        };
        let of_ports = u64::from(network.management_switch.ports.value);
        let mut stands = |racks: (RackKind, u64), switch: &Switch, count: u64| {
            put(racks, switch.power_populated.value * (part * count as f64), switch.liquid_share.value);
        };
        for (kind, own) in &self.watched {
            let count = own.racks * own.switches_per_rack(of_ports);
            stands((*kind, own.racks), &network.management_switch, count);
        }
        let sum = |of: fn(&FatTree) -> u64| self.trees.iter().map(|own| of(&own.tree)).sum::<u64>();
        stands(self.home, &network.support_switch, sum(|tree| tree.leaf + tree.spine));
        let cores = (RackKind::EthernetCore, self.core_racks(network));
        stands(cores, &network.support_switch, sum(|tree| tree.core));
        let (rest, servers) = ((support - switches).max(Watts(0.0)), self.server_count());
        if servers == 0 {
            put(self.home, rest, Share(0.0));
        }
        for own in &self.servers {
            let count = own.racks * own.each;
            put((own.kind, own.racks), rest * (count as f64 / servers.max(1) as f64), Share(0.0));
        }
        heat
    }

    /// Heat of a system's support that leaves by liquid: of its switches that are cooled so.
    #[must_use]
    pub fn liquid(&self, network: &Network, support: Watts) -> Watts {
        let heat = self.heat(network, support);
        let watched = self.watched.iter().map(|(kind, own)| (*kind, own.racks));
        let mut racks: BTreeMap<RackKind, u64> = watched.collect();
        racks.insert(self.home.0, self.home.1);
        racks.insert(RackKind::EthernetCore, self.core_racks(network));
        racks.into_iter().map(|(kind, racks)| heat.split_of(kind)[0] * racks as f64).sum()
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
