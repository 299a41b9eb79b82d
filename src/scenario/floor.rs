//! What is asked of networks and of the floor that they run over.

use crate::units::{ByteRate, Meters, Ratio, SquareMeters, Watts};
use serde::{Deserialize, Serialize};

/// How accelerators are connected beyond their domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fabric {
    /// How switches are joined.
    pub topology: FabricTopology,
    /// Down over up at the leaf.
    pub oversubscription: Ratio,
    /// Accelerators of one fabric, `"all"` for as many as the radix carries.
    pub cluster: Cluster,
    /// Whether the switches between domains add up all-reduces.
    pub in_network_reduction: bool,
    /// Instead of the system's switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<String>,
    /// Instead of the system's host link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_link: Option<String>,
    /// Instead of the system's switch link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_link: Option<String>,
}

/// How switches are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FabricTopology {
    /// The fat tree of the system's reference design.
    Auto,
    /// Leaf, spine and core.
    FatTree,
    /// A fat tree for each rail.
    RailOnly,
    /// Groups joined directly.
    DragonflyPlus,
    /// The domain's own torus and no switches beside it.
    Torus,
}

/// The networks beside the scale-out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupportNetworks {
    /// Rate of a tray to users and management.
    pub front_end: ByteRate,
    /// Rate of a tray to storage.
    pub storage: ByteRate,
    /// Down over up at their leaves.
    pub oversubscription: Ratio,
    /// Switch of both.
    pub switch: String,
    /// Switch of the out-of-band network.
    pub management_switch: String,
    /// Out-of-band ports of a tray with its part of what else stands in the rack.
    pub management_ports: u32,
    /// What a storage or management server draws at least.
    pub server_power: Watts,
    /// Ports of a storage rack on the storage network.
    pub storage_rack_ports: u32,
    /// Ports of a management rack on either network, one for each server.
    pub management_rack_ports: u32,
}

/// How far buildings stand apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campus {
    /// From one building to the farthest along the fibre, where it is not that of the campus laid out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fibre: Option<Meters>,
    /// Bandwidth of each accelerator from one fabric to the others, if training may cross.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<ByteRate>,
}

/// Accelerators of one fabric: a count or all that fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cluster {
    /// As many as the radix carries.
    All,
    /// At most this many.
    AtMost(u64),
}

impl Serialize for Cluster {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::AtMost(count) => serializer.serialize_u64(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Cluster {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClusterVisitor;
        impl serde::de::Visitor<'_> for ClusterVisitor {
            type Value = Cluster;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"all\" or a number of accelerators")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Cluster, E> {
                match text {
                    "all" => Ok(Cluster::All),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
            fn visit_i64<E: serde::de::Error>(self, count: i64) -> Result<Cluster, E> {
                match u64::try_from(count) {
                    Ok(count) if count > 0 => Ok(Cluster::AtMost(count)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Signed(count), &self)),
                }
            }
        }
        deserializer.deserialize_any(ClusterVisitor)
    }
}

/// Which of the aisles is closed off from the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Containment {
    /// The aisle behind the racks: the room is cool.
    HotAisle,
    /// The aisle before the racks: the room is warm.
    ColdAisle,
}

/// How racks stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// IT power of a hall.
    pub hall_power: Watts,
    /// Halls that are there already: along the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hall_width: Option<Meters>,
    /// Across the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hall_depth: Option<Meters>,
    /// How many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halls: Option<u32>,
    /// Halls of a building.
    pub halls_per_building: u32,
    /// Storeys of a building.
    pub storeys: u32,
    /// Width of a cold aisle.
    pub cold_aisle: Meters,
    /// Width of a hot aisle.
    pub hot_aisle: Meters,
    /// Which aisle is closed off.
    pub containment: Containment,
    /// Longest row.
    pub row_length: Meters,
    /// Pairs of busways above a row, each of which carries its part of it on either side.
    pub busways_per_row: u32,
    /// Heat of a rack to the air that aisles and fan walls take.
    pub rack_air: Watts,
    /// Floor of a building on all storeys, at least; else what its rooms take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building_area: Option<SquareMeters>,
    /// What the slab carries.
    pub floor_load: crate::units::KilogramsPerSquareMeter,
}
