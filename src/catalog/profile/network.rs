//! Switches, links and adapters.

use super::{Datum, Sources, is_default, is_one, one};
use crate::media::Medium;
use crate::units::{ByteRate, Dollars, Meters, Seconds, Share, Watts};
use serde::{Deserialize, Serialize};

/// A switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Same as the file's stem.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// Who makes it.
    pub maker: String,
    /// Ports at `port_bandwidth`.
    pub ports: Datum<u32>,
    /// Bandwidth of one port, one direction.
    pub port_bandwidth: Datum<ByteRate>,
    /// Bandwidth of one lane of a port; any where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_bandwidth: Option<Datum<ByteRate>>,
    /// Ports that share a cage, and so a module.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub cage_ports: u32,
    /// Bandwidth of an uplink beside those ports, where there are such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uplink_bandwidth: Option<Datum<ByteRate>>,
    /// Power with every port in use and its transceivers plugged, or with its co-packaged optics.
    pub power_populated: Datum<Watts>,
    /// Whether the optics are inside.
    pub co_packaged_optics: bool,
    /// Id of the switch with the same ports whose optics are the other way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optics_twin: Option<String>,
    /// Whether it adds up all-reduce traffic on the way.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_network_reduction: bool,
    /// What its ports speak.
    #[serde(default, skip_serializing_if = "is_default")]
    pub protocol: Protocol,
    /// How packets travel through networks of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transport: Transport,
    /// Height in rack units.
    pub rack_units: u32,
    /// Part of its heat that leaves by liquid.
    pub liquid_share: Datum<Share>,
    /// Time through it.
    pub latency: Datum<Seconds>,
    /// Price without transceivers.
    pub price: Datum<Dollars>,
    /// Sources by key.
    pub sources: Sources,
}

/// What the ports of a switch speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Ethernet.
    #[default]
    Ethernet,
    /// InfiniBand.
    Infiniband,
}

/// How packets travel, as far as it decides the time of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// InfiniBand, or Ethernet with flow control.
    #[default]
    Lossless,
    /// Elastic Fabric Adapter: datagrams over many paths, out of order.
    Efa,
}

/// A link: a cable with what is plugged at its ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Same as the file's stem.
    pub id: String,
    /// As sold.
    pub name: String,
    /// What it is made of.
    pub medium: Medium,
    /// One direction.
    pub bandwidth: Datum<ByteRate>,
    /// Bandwidth of one lane, which is that of the ports at both ends; any where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_bandwidth: Option<Datum<ByteRate>>,
    /// Ports that it can be parted over: lanes on fibres of their own can be, wavelengths on one pair cannot.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub ways: u32,
    /// Whether both directions share a fibre, not a pair.
    #[serde(default, skip_serializing_if = "is_default")]
    pub bidirectional: bool,
    /// The longest it may be.
    pub reach: Datum<Meters>,
    /// Power of one end's transceiver.
    pub power_per_end: Datum<Watts>,
    /// Price of one end's transceiver, or half the cable for copper.
    pub price_per_end: Datum<Dollars>,
    /// Price of fibre per metre, nothing for copper of fixed length.
    pub price_per_meter: Datum<Dollars>,
    /// Sources by key.
    pub sources: Sources,
}

/// A network adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Same as the file's stem.
    pub id: String,
    /// As its maker writes it.
    pub name: String,
    /// One direction, all ports.
    pub bandwidth: Datum<ByteRate>,
    /// Power without transceiver.
    pub power: Datum<Watts>,
    /// Price.
    pub price: Datum<Dollars>,
    /// Sources by key.
    pub sources: Sources,
}
