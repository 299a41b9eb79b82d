//! The systems that fill it: racks, their power and coolant, switches and links.

use super::{Taker, duty_spread, policy};
use crate::catalog::profile::{self, Confidence, Datum, System};
use crate::catalog::{Catalog, Found, InputError};
use crate::cooling::direct_to_chip::{coolant_range, flow_at};
use crate::fabric::optics::SwitchKind;
use crate::fleet::{NetworkRack, ScalableUnit};
use crate::layout::cables::{CableKind, Net};
use crate::plan::coolant::CoolantPumps;
use crate::plan::links::{self, Shelf, Wanted, lane_between, lane_of, with_ports};
use crate::plan::result::Assumption;
use crate::plan::sizing::{self};
use crate::power::{Provisioned, RackPower, Shelves};
use crate::scenario::{Cluster, FabricTopology, Scenario};
use crate::units::text::brief;
use crate::units::{ByteRate, Bytes, Celsius, Joules, Kelvin, Ratio, Share, Watts};

/// One system with its power profile applied and its network parts at hand.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Id with the power profile behind a colon, if it has any.
    pub id: String,
    /// The profile of the system.
    pub system: System,
    /// The profile of its accelerator.
    pub accelerator: profile::Accelerator,
    /// Part of the envelope.
    pub share: Share,
    /// Heat, peak and feed of a rack at full power.
    pub rack: RackPower,
    /// Its power shelves, where they are known.
    pub shelves: Option<Shelves>,
    /// Energy that a rack's supplies give and take to smooth what it draws.
    pub smoothing: Joules,
    /// What a rack is provisioned for, and what that costs compute-bound work.
    pub compute_bound: Provisioned,
    /// The same for memory-bound work.
    pub memory_bound: Provisioned,
    /// Power limit of an accelerator.
    pub accelerator_power: Watts,
    /// Memory bandwidth of an accelerator.
    pub memory_bandwidth: ByteRate,
    /// Memory that software can allocate.
    pub memory: Bytes,
    /// Scale-up bandwidth of an accelerator, one direction.
    pub scale_up_bandwidth: ByteRate,
    /// Sustained over datasheet arithmetic rate.
    pub compute_share: Share,
    /// Coolant supply and return.
    pub coolant: (Celsius, Celsius),
    /// Flow of coolant per heat over the one at the supply that its maker plans with.
    pub coolant_flow: Ratio,
    /// Pumps of the coolant loop, where its network is solved; else the plant's share stands.
    pub coolant_pumps: Option<CoolantPumps>,
    /// Part of the rack's heat that leaves by liquid.
    pub liquid_share: Share,
    /// The scalable unit.
    pub unit: ScalableUnit,
    /// Racks of a unit, for prorating.
    pub unit_racks: u64,
    /// Power of the support nodes of a unit.
    pub unit_support: Watts,
    /// Whether that stands, published or said by the user, where more is counted.
    pub unit_support_stands: bool,
    /// The parts of its scale-out network.
    pub network: Network,
}

impl Machine {
    /// The same racks with coolant of another temperature, at the flow that it asks for.
    #[must_use]
    pub fn at_supply(&self, supply: Celsius) -> Self {
        let liquid = self.rack.heat * self.liquid_share.value();
        let planned = self.system.rack.coolant_supply.as_ref().map_or(supply, |datum| datum.value);
        let range = coolant_range_of(&self.system, liquid, supply);
        Self {
            coolant: (supply, supply + range),
            coolant_flow: Ratio(coolant_range_of(&self.system, liquid, planned) / range),
            coolant_pumps: None,
            ..self.clone()
        }
    }
}

/// The parts of a scale-out network.
#[derive(Debug, Clone)]
pub struct Network {
    /// The switch.
    pub switch: profile::Switch,
    /// Ports of the switch at the rate of a host port.
    pub radix: u32,
    /// What a switch draws and costs.
    pub kind: SwitchKind,
    /// Accelerator to leaf: the link chosen, or those to choose from, the cheapest first.
    pub host_links: Vec<profile::Link>,
    /// Between switches, likewise.
    pub switch_links: Vec<profile::Link>,
    /// The switch with the same ports whose optics are the other way.
    pub twin: Option<profile::Switch>,
    /// Switch of the front end and of storage.
    pub support_switch: profile::Switch,
    /// Links for the front end to choose from, the cheapest first.
    pub front_end_links: Vec<profile::Link>,
    /// Links for the storage network.
    pub storage_links: Vec<profile::Link>,
    /// Switch of the out-of-band network.
    pub management_switch: profile::Switch,
    /// Links for its ports.
    pub management_links: Vec<profile::Link>,
    /// Links for its uplinks.
    pub uplink_links: Vec<profile::Link>,
    /// Links from fabric to fabric.
    pub border_links: Vec<profile::Link>,
    /// Heat of a rack to the air that its room takes, rear doors first.
    pub rack_air: Watts,
    /// Links from the cubes of a torus to optical circuit switches.
    pub circuit_links: Vec<profile::Link>,
    /// All links and modules of the catalogue.
    pub shelf: Shelf,
}

/// Rate of a link from fabric to fabric, where a port of the scale-out's switches has lanes for it.
const BORDER_RATE: ByteRate = ByteRate(100e9);

impl Network {
    /// The links for a tier of a network.
    #[must_use]
    pub fn links_of(&self, net: Net, kind: CableKind) -> &[profile::Link] {
        match (net, kind) {
            (Net::ScaleOut, CableKind::HostLeaf) => &self.host_links,
            (Net::ScaleOut, _) => &self.switch_links,
            (Net::FrontEnd, _) => &self.front_end_links,
            (Net::Storage, _) => &self.storage_links,
            (Net::OutOfBand, CableKind::HostLeaf) => &self.management_links,
            (Net::OutOfBand, _) => &self.uplink_links,
            (Net::ScaleUp, _) => &self.circuit_links,
            (Net::Border, _) => &self.border_links,
        }
    }

    /// A rack of switches: fed as others are, and no hotter in air than its room takes.
    #[must_use]
    pub fn rack_of(&self, switch: &profile::Switch) -> NetworkRack {
        let rack = NetworkRack::default();
        let to_air = 1.0 - switch.liquid_share.value.0;
        let cooled = if to_air > 0.0 { self.rack_air / to_air } else { rack.power };
        NetworkRack { power: rack.power.min(cooled), ..rack }
    }

    /// Rate of the uplinks of a management switch.
    #[must_use]
    pub fn uplink_rate(&self) -> ByteRate {
        uplink_rate(&self.management_switch)
    }

    /// Lanes of an uplink of a management switch.
    #[must_use]
    pub fn uplink_lanes(&self) -> u64 {
        lanes(self.uplink_rate(), self.uplink_links.first().and_then(links::lane))
    }

    /// Lanes of a leaf port of the front end at a rate.
    #[must_use]
    pub fn leaf_lanes(&self, rate: ByteRate) -> u64 {
        lanes(rate, lane_of(&self.support_switch))
    }
}

/// The power shelves of a rack, where they are known.
pub(super) fn shelves_of(taker: &mut Taker<'_>, rack: &profile::Rack) -> Option<Shelves> {
    let shelves = rack.shelves.as_ref()?;
    Some(Shelves { count: shelves.count, rating: taker.take("rack.shelves.rating", &shelves.rating) })
}

/// Notes how often a system fails and of what.
pub(super) fn reliability(taker: &mut Taker<'_>, known: &profile::Reliability) {
    taker.take("reliability.availability", &known.availability);
    taker.take("reliability.interruption_rate", &known.interruption_rate);
    taker.take("reliability.repair", &known.repair);
    taker.count("reliability.tray", &known.tray);
    taker.count("reliability.swap_unit", &known.swap_unit);
    let causes = &known.causes;
    for (name, share) in [
        ("accelerator", &causes.accelerator),
        ("memory", &causes.memory),
        ("host", &causes.host),
        ("network", &causes.network),
        ("cooling", &causes.cooling),
        ("software", &causes.software),
        ("silent", &causes.silent),
    ] {
        taker.take(&format!("reliability.causes.{name}"), share);
    }
}

/// Splits `vr-nvl72:max-q` into system and power profile; the colon of a Windows drive is none.
#[must_use]
pub fn split_profile(id: &str) -> (&str, Option<&str>) {
    match id.rsplit_once(':') {
        Some((system, profile)) if !profile.is_empty() && !profile.contains(['/', '\\', '.']) => {
            (system, Some(profile))
        }
        _ => (id, None),
    }
}

/// An error about an accelerator, at the line of the system's profile that names it.
fn named_in(system: &Found<System>, error: InputError) -> InputError {
    if error.span.is_some() { error } else { system.document.error("accelerator", error.message) }
}

/// Takes the arithmetic peaks, and the share of them that the board's power limit sustains.
fn sustained_share(taker: &mut Taker<'_>, chip: &profile::Accelerator) -> Share {
    taker.take("peak.bf16", &chip.peak.bf16);
    for (format, peak) in [("fp8", &chip.peak.fp8), ("fp4", &chip.peak.fp4)] {
        if let Some(peak) = peak {
            taker.take(&format!("peak.{format}"), peak);
        }
    }
    chip.sustained_share.as_ref().map_or(Share(1.0), |share| taker.take("sustained_share", share))
}

/// Reads a system with its accelerator and network parts and applies its power profile.
pub fn machine(
    scenario: &Scenario,
    catalog: &Catalog,
    id: &str,
    share: Share,
    path: &str,
    taken: &mut Vec<Assumption>,
) -> Result<Machine, InputError> {
    let (system_id, named) = split_profile(id);
    let found = catalog.get::<System>(system_id).map_err(|error| scenario.blame(path, error))?;
    let system = found.profile.clone();
    let chip = catalog
        .get::<profile::Accelerator>(&found.accelerator_reference())
        .map_err(|e| named_in(&found, e))?;
    let profile_name = named.map(str::to_owned).or_else(|| system.default_profile.clone());
    let power_profile = power_profile(scenario, &system, profile_name.as_deref(), path)?;
    let full_id = match &profile_name {
        Some(name) => format!("{}:{name}", system.id),
        None => system.id.clone(),
    };

    let mut taker = Taker {
        taken,
        document: &found.document,
        sources: &system.sources,
        prefix: format!("systems.{}", system.id),
    };
    let heat = match power_profile {
        Some(p) => {
            taker.take(&format!("profiles.{}.heat", profile_name.as_deref().unwrap_or_default()), &p.heat)
        }
        None => taker.take("rack.heat", &system.rack.heat),
    };
    let peak = match power_profile.and_then(|p| p.edp_peak.as_ref()) {
        Some(peak) => taker.take("profiles.edp_peak", peak),
        None => taker.take("rack.edp_peak", &system.rack.edp_peak),
    };
    let rack = RackPower { heat, peak, feed: taker.take("rack.feed", &system.rack.feed) };
    let shelves = shelves_of(&mut taker, &system.rack);
    let smoothing = system.rack.smoothing_energy.as_ref();
    let smoothing = smoothing.map_or(Joules(0.0), |datum| taker.take("rack.smoothing_energy", datum));
    let liquid_share = taker.take("rack.liquid_share", &system.rack.liquid_share);
    let unit_racks = u64::from(taker.count("unit.racks", &system.unit.racks).max(1));
    let unit_support = taker.take("unit.support_power", &system.unit.support_power);
    taker.take("unit.support_price", &system.unit.support_price);
    taker.take("rack.price", &system.rack.price);
    reliability(&mut taker, &system.reliability);
    let (planned, supply) = coolant_supply(scenario, &system, liquid_share, &mut taker)?;
    let liquid = heat * liquid_share.value();
    let scale_up_bandwidth = scale_up(&mut taker, &system.scale_up, power_profile);
    let compute_share =
        power_profile.map_or(Share(1.0), |p| taker.take("profiles.compute_share", &p.compute_share));
    let profile_bandwidth = power_profile
        .and_then(|p| p.memory_bandwidth.as_ref())
        .map(|rate| taker.take("profiles.memory_bandwidth", rate));
    let profile_power = power_profile.map(|p| taker.take("profiles.accelerator_power", &p.accelerator_power));
    let range = coolant_range_of(&system, liquid, supply);
    let coolant_flow = Ratio(coolant_range_of(&system, liquid, planned) / range);

    let mut taker = Taker {
        taken,
        document: &chip.document,
        sources: &chip.profile.sources,
        prefix: format!("accelerators.{}", chip.profile.id),
    };
    let memory = taker.take("memory.usable", &chip.profile.memory.usable);
    let memory_bandwidth =
        profile_bandwidth.unwrap_or_else(|| taker.take("memory.bandwidth", &chip.profile.memory.bandwidth));
    let accelerator_power = profile_power.unwrap_or_else(|| taker.take("power", &chip.profile.power));
    let compute_share = Share(compute_share.0 * sustained_share(&mut taker, &chip.profile).0);

    let network = network(scenario, catalog, &system, path, taken)?;
    let policy = policy(scenario);
    // Fewer than will stand there: the fewer, the wider is their sum spread.
    let racks = (scenario.fields.envelope.power * share.0 / rack.heat / 2.0).max(1.0) as u64;
    let spread = duty_spread(&scenario.fields);
    let provisioned = |bound| {
        crate::power::provisioning::provision(rack, policy, spread, racks, bound)
            .map_err(|error| scenario.error("provisioning.policy", error.to_string()))
    };
    Ok(Machine {
        id: full_id,
        share,
        rack,
        shelves,
        smoothing,
        compute_bound: provisioned(crate::power::Bound::Compute)?,
        memory_bound: provisioned(crate::power::Bound::Memory)?,
        accelerator_power,
        memory_bandwidth,
        memory,
        scale_up_bandwidth,
        compute_share,
        coolant: (supply, supply + range),
        coolant_flow,
        coolant_pumps: None,
        liquid_share,
        unit: ScalableUnit {
            compute_racks: unit_racks,
            accelerators_per_rack: u64::from(system.rack.accelerators),
            storage_racks: u64::from(system.unit.storage_racks.value),
            management_racks: u64::from(system.unit.management_racks.value),
        },
        unit_racks,
        unit_support,
        unit_support_stands: stands(&system.unit.support_power),
        network,
        accelerator: chip.profile,
        system,
    })
}

/// Scale-up bandwidth of an accelerator, with what else the catalogue says of its links.
fn scale_up(
    taker: &mut Taker<'_>,
    own: &profile::ScaleUp,
    power_profile: Option<&profile::PowerProfile>,
) -> ByteRate {
    if let Some(rate) = &own.last_dimension_bandwidth_per_direction {
        taker.take("scale_up.last_dimension_bandwidth_per_direction", rate);
    }
    if let Some(ports) = &own.optical_switch_ports {
        taker.count("scale_up.optical_switch_ports", ports);
    }
    match power_profile.and_then(|p| p.scale_up_bandwidth_per_direction.as_ref()) {
        Some(rate) => taker.take("profiles.scale_up_bandwidth_per_direction", rate),
        None => taker.take("scale_up.bandwidth_per_direction", &own.bandwidth_per_direction),
    }
}

/// Whether a figure stands against what is counted: published or said, not estimated.
fn stands<Q>(datum: &Datum<Q>) -> bool {
    !matches!(
        datum.confidence,
        Confidence::Reported | Confidence::Derived | Confidence::Recalled | Confidence::Assumption
    )
}

/// Rate of links from fabric to fabric: ports of slow lanes join them at their own.
fn border_rate(shelf: &Shelf, lane: Option<ByteRate>, switch: &profile::Switch) -> ByteRate {
    let fast = !shelf.suiting(&Wanted { rate: BORDER_RATE, lane, co_packaged: false }).is_empty();
    if fast { BORDER_RATE } else { switch.port_bandwidth.value }
}

/// Uplinks of one lane, which part a leaf port; none where none is sold that the leaf's lanes carry: each then takes a port
/// for itself.
fn parted_uplinks(shelf: &Shelf, management: &profile::Switch, leaf: &profile::Switch) -> Vec<profile::Link> {
    let rate = uplink_rate(management);
    shelf.suiting(&Wanted { rate, lane: lane_between(Some(rate), lane_of(leaf)), co_packaged: false })
}

/// The coolant's supply temperature that the maker plans with, and the one that the scenario wants.
fn coolant_supply(
    scenario: &Scenario,
    system: &System,
    liquid_share: Share,
    taker: &mut Taker<'_>,
) -> Result<(Celsius, Celsius), InputError> {
    let wanted = scenario.fields.cooling.coolant_supply;
    let planned = match (&system.rack.coolant_supply, wanted) {
        (Some(datum), None) => taker.take("rack.coolant_supply", datum),
        (Some(datum), Some(_)) => datum.value,
        (None, wanted) => wanted.unwrap_or(Celsius(30.0)),
    };
    let supply = wanted.unwrap_or(planned);
    if let Some(limit) = &system.rack.coolant_supply_max
        && wanted.is_some_and(|wanted| wanted > limit.value)
        && liquid_share.0 > 0.0
    {
        let (supply, limit) = (brief(supply), brief(limit.value));
        let message = format!("{supply} is warmer than the {limit} that a rack of `{}` allows", system.id);
        let help = format!("at most {limit}; without `coolant_supply` it is planned with {}", brief(planned));
        return Err(scenario.error("cooling.coolant_supply", message).with_help(help));
    }
    Ok((planned, supply))
}

/// The power profile of a name, if a name is given.
fn power_profile<'a>(
    scenario: &Scenario,
    system: &'a System,
    name: Option<&str>,
    path: &str,
) -> Result<Option<&'a profile::PowerProfile>, InputError> {
    let Some(name) = name else { return Ok(None) };
    system.profiles.get(name).map(Some).ok_or_else(|| {
        let names: Vec<String> = system.profiles.keys().cloned().collect();
        scenario
            .error(path, format!("`{}` has no power profile `{name}`", system.id))
            .with_help(crate::catalog::document::suggest(name, &names))
    })
}

/// Refuses what a system and its switch can't do of the fabric asked for.
fn suits(scenario: &Scenario, system: &System, switch: &profile::Switch) -> Result<(), InputError> {
    let fabric = &scenario.fields.fabric;
    if fabric.in_network_reduction && !switch.in_network_reduction {
        let message = format!("the switch `{}` of `{}` does not add up all-reduces", switch.id, system.id);
        return Err(scenario.error("fabric.in_network_reduction", message));
    }
    if fabric.topology == FabricTopology::Torus && system.scale_up.topology != profile::ScaleUpTopology::Torus
    {
        let message = format!("the accelerators of `{}` form no torus", system.id);
        let help = "`auto`, `fat-tree`, `rail-only` and `dragonfly-plus` suit every system";
        return Err(scenario.error("fabric.topology", message).with_help(help));
    }
    let least = sizing::whole_accelerators(system);
    if let Cluster::AtMost(asked) = fabric.cluster
        && asked < least
    {
        let message = format!(
            "{asked} is less than the {least} accelerators of a rack and its scale-up domain of `{}`, which no fabric parts",
            system.id
        );
        let help = format!("at least {least}, or \"all\"");
        return Err(scenario.error("fabric.cluster", message).with_help(help));
    }
    Ok(())
}

/// A switch of the networks beside the scale-out.
fn ethernet_switch(
    scenario: &Scenario,
    catalog: &Catalog,
    field: &str,
    id: &str,
) -> Result<profile::Switch, InputError> {
    let at = format!("support_networks.{field}");
    let switch = catalog.get::<profile::Switch>(id).map_err(|error| scenario.blame(&at, error))?.profile;
    if switch.protocol == profile::Protocol::Infiniband {
        let message = format!("`{id}` speaks InfiniBand: adapters of trays and servers are Ethernet here");
        let help = "an Ethernet switch; `gigawatt catalog list networks` lists them";
        return Err(scenario.error(&at, message).with_help(help));
    }
    Ok(switch)
}

/// The scale-out parts of a system's reference design, or those that the scenario puts in their place.
fn network(
    scenario: &Scenario,
    catalog: &Catalog,
    system: &System,
    path: &str,
    taken: &mut Vec<Assumption>,
) -> Result<Network, InputError> {
    let fabric = &scenario.fields.fabric;
    let part = |field: &str, own: &Option<String>, reference: &str| match own {
        Some(id) => (id.clone(), format!("fabric.{field}")),
        None => (reference.to_owned(), path.to_owned()),
    };
    let (switch_id, at) = part("switch", &fabric.switch, &system.scale_out.switch);
    let switch = catalog.get::<profile::Switch>(&switch_id).map_err(|error| scenario.blame(&at, error))?;
    let shelf = Shelf::of(scenario, catalog, path)?;
    let out = &system.scale_out;
    // The lanes of adapters are those of the switch that their maker joins them to.
    let reference = match fabric.switch {
        Some(_) => catalog.get::<profile::Switch>(&out.switch).ok().map(|found| found.profile),
        None => Some(switch.profile.clone()),
    };
    let lane = lane_between(reference.as_ref().and_then(lane_of), lane_of(&switch.profile));
    let wanted = Wanted {
        rate: out.port_bandwidth.value * f64::from(out.links_per_cable.unwrap_or(1)),
        lane,
        co_packaged: switch.profile.co_packaged_optics,
    };
    let links = |field: &str, own: &Option<String>, reference: &str| {
        let (id, at) = part(field, own, reference);
        shelf.tier((scenario, catalog), &wanted, (&id, own.is_some()), &switch_id, &at)
    };
    let host_links = links("host_link", &fabric.host_link, &out.host_link)?;
    let switch_links = links("switch_link", &fabric.switch_link, &out.switch_link)?;
    let mut taker = Taker {
        taken,
        document: &switch.document,
        sources: &switch.profile.sources,
        prefix: format!("networks.switches.{}", switch.profile.id),
    };
    let switch_kind = SwitchKind {
        power: taker.take("power_populated", &switch.profile.power_populated),
        price: taker.take("price", &switch.profile.price),
        co_packaged_optics: switch.profile.co_packaged_optics,
        optics_in_power: true,
    };
    let radix = ports_at(&switch.profile, system.scale_out.port_bandwidth.value);
    if radix < 2 {
        let message = format!(
            "the switch `{switch_id}` has no ports at {} per port, which `{}` needs",
            system.scale_out.port_bandwidth.value, system.id
        );
        return Err(scenario.error("fabric.switch", message));
    }
    suits(scenario, system, &switch.profile)?;
    let twin = match &switch.profile.optics_twin {
        Some(id) => {
            Some(catalog.get::<profile::Switch>(id).map_err(|error| scenario.blame(&at, error))?.profile)
        }
        None => None,
    };
    let beside = &scenario.fields.support_networks;
    let named = |field: &str, id: &str| ethernet_switch(scenario, catalog, field, id);
    let support_switch = named("switch", &beside.switch)?;
    for (field, rate) in [("front_end", beside.front_end), ("storage", beside.storage)] {
        with_ports(scenario, &support_switch, rate, &format!("support_networks.{field}"))?;
    }
    let management_switch = named("management_switch", &beside.management_switch)?;
    let pluggable = |rate: ByteRate, lane: Option<ByteRate>, at: &str| {
        shelf.choices(scenario, &Wanted { rate, lane, co_packaged: false }, at)
    };
    let trays = |field: &str, rate: ByteRate| {
        pluggable(rate, lane_of(&support_switch), &format!("support_networks.{field}"))
    };
    let managed = |rate: ByteRate| pluggable(rate, None, "support_networks.management_switch");
    let border = border_rate(&shelf, lane, &switch.profile);
    let parted = parted_uplinks(&shelf, &management_switch, &support_switch);
    Ok(Network {
        twin,
        front_end_links: trays("front_end", beside.front_end)?,
        storage_links: trays("storage", beside.storage)?,
        management_links: managed(management_switch.port_bandwidth.value)?,
        uplink_links: if parted.is_empty() { managed(uplink_rate(&management_switch))? } else { parted },
        border_links: [
            pluggable(border, lane, "campus.bandwidth")?,
            shelf.coherent(links::cage_of(&switch.profile)),
        ]
        .concat(),
        support_switch,
        rack_air: scenario.fields.layout.rack_air,
        management_switch,
        switch: switch.profile,
        radix,
        kind: switch_kind,
        host_links,
        switch_links,
        circuit_links: shelf.to_circuits(),
        shelf,
    })
}

/// Lanes that carry a rate; one where they are not known.
fn lanes(rate: ByteRate, lane: Option<ByteRate>) -> u64 {
    lane.map_or(1, |lane| (rate / lane - 1e-9).ceil().max(1.0) as u64)
}

/// Rate of the uplinks of a management switch: that of its ports where nothing is said of them.
fn uplink_rate(switch: &profile::Switch) -> ByteRate {
    switch.uplink_bandwidth.as_ref().unwrap_or(&switch.port_bandwidth).value
}

/// Ports of a switch when each carries a host port's rate: a faster port is split, a slower one is of no use.
pub(in crate::plan) fn ports_at(switch: &profile::Switch, rate: ByteRate) -> u32 {
    let split = (switch.port_bandwidth.value / rate + 1e-9).floor();
    (f64::from(switch.ports.value) * split).min(f64::from(u32::MAX)) as u32
}

/// Temperature rise of the coolant through a rack: from its curve, its flow rule, or 10 K.
fn coolant_range_of(system: &System, liquid: Watts, supply: Celsius) -> Kelvin {
    let points: Vec<_> = system.rack.coolant_curve.iter().map(|point| (point.supply, point.flow)).collect();
    if let Some(flow) = flow_at(&points, supply)
        && liquid.0 > 0.0
    {
        return coolant_range(flow / liquid);
    }
    match &system.rack.coolant_flow_rule {
        Some(rule) if rule.value.0 > 0.0 => coolant_range(rule.value),
        _ => Kelvin(10.0),
    }
}
