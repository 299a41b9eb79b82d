//! Which cables and modules join two ports: those whose lanes run as fast as the ports' own.
//!
//! ~~~text
//! lanes      the slower of both ends: a port steps down to what the other has
//! link       bandwidth ≥ rate, its lanes those of both ends; of these the slowest, named by what one port takes
//! at a cage  the module of the same medium, reach and lanes, as many to a fibre, that fills it: ⌊cage / rate⌋ ports, if
//!            its ways are as many
//! modules    ⌈ends / ports⌉ at each end
//! ~~~
//!
//! Coherent links stand between fabrics alone: within one, credits and flow control do not span such ways.
//!
//! Twin-port cages make the switch's module another one than the adapter's: 800G 2×DR4 feeds two adapters with 400G
//! DR4 (NVIDIA, MMS4X00-NS and MMS4X00-NS400 product specifications). What nobody sells for a rate and lanes
//! is not in the list, and a cable without a link is a verdict of the plan.

use super::equipment::{Network, ports_at};
use super::result::{CableEnd, EndKind};
use super::standing::reach_of;
use crate::catalog::profile::{Link, Medium, Switch};
use crate::catalog::{Catalog, InputError};
use crate::layout::cables::{CableKind, Net};
use crate::scenario::Scenario;
use crate::units::ByteRate;

/// The word for a link that is chosen cable by cable.
const AUTO: &str = "auto";
/// How the ids of links begin whose switch end is inside the switch.
const CO_PACKAGED: &str = "cpo-";
/// And of those to optical circuit switches.
const CIRCUIT: &str = "ocs-";
/// Room for rounding where rates are compared.
const ROUNDING: f64 = 1e-9;

/// What is asked of a link between two ports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Of a cable, one direction.
    pub(super) rate: ByteRate,
    /// Of a lane, where it is known.
    pub(super) lane: Option<ByteRate>,
    /// Whether the switch holds its optics.
    pub(super) co_packaged: bool,
}

impl Wanted {
    /// Whether a link carries it on lanes like those of the ports.
    fn carried_by(&self, link: &Link) -> bool {
        let lanes = self.lane.zip(lane(link)).is_none_or(|(a, b)| (a / b - 1.0).abs() < ROUNDING);
        lanes && link.bandwidth.value >= self.rate * (1.0 - ROUNDING)
    }
}

/// Lanes of a link.
pub(super) fn lane(link: &Link) -> Option<ByteRate> {
    link.lane_bandwidth.as_ref().map(|lane| lane.value)
}

/// Rate of all ports of a cage.
pub(super) fn cage_of(switch: &Switch) -> ByteRate {
    switch.port_bandwidth.value * f64::from(switch.cage_ports)
}

/// Lanes of a switch's ports.
pub(super) fn lane_of(switch: &Switch) -> Option<ByteRate> {
    switch.lane_bandwidth.as_ref().map(|lane| lane.value)
}

/// Lanes between two ports: the slower.
pub(super) fn lane_between(one: Option<ByteRate>, other: Option<ByteRate>) -> Option<ByteRate> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if a < b { a } else { b }),
        (known, None) | (None, known) => known,
    }
}

/// All links of the catalogue, the cheapest end first.
#[derive(Debug, Clone)]
pub struct Shelf(Vec<Link>);

impl Shelf {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// A file that is no link, blamed on a field of the scenario.
    pub(super) fn of(scenario: &Scenario, catalog: &Catalog, at: &str) -> Result<Self, InputError> {
        let read = |id: String| catalog.get::<Link>(&id).map(|found| found.profile);
        let links: Result<Vec<Link>, _> = catalog.ids("networks/links").into_iter().map(read).collect();
        let mut links = links.map_err(|error| scenario.blame(at, error))?;
        links.sort_by(|a, b| a.price_per_end.value.0.total_cmp(&b.price_per_end.value.0));
        Ok(Self(links))
    }

    /// The links that suit, of the slowest rate that carries what is asked for, the cheapest end first.
    ///
    /// A switch with co-packaged optics has nowhere to plug copper or a transceiver in.
    pub(super) fn suiting(&self, wanted: &Wanted) -> Vec<Link> {
        let suits = |link: &&Link| {
            link.id.starts_with(CO_PACKAGED) == wanted.co_packaged
                && !link.id.starts_with(CIRCUIT)
                && link.medium != Medium::Coherent
                && wanted.carried_by(link)
        };
        let slowest =
            self.0.iter().filter(suits).map(|link| link.bandwidth.value.0).fold(f64::INFINITY, f64::min);
        let slowest = |link: &&Link| link.bandwidth.value.0 <= slowest * (1.0 + ROUNDING);
        self.0.iter().filter(suits).filter(slowest).cloned().collect()
    }

    /// The same, refused where there is none.
    pub(super) fn choices(
        &self,
        scenario: &Scenario,
        wanted: &Wanted,
        at: &str,
    ) -> Result<Vec<Link>, InputError> {
        let links = self.suiting(wanted);
        if links.is_empty() {
            let lanes = wanted.lane.map_or_else(String::new, |lane| format!(" on lanes of {lane}"));
            let message = format!("the catalogue has no link of {} or more{lanes}", wanted.rate);
            let help = "`gigawatt catalog list networks` lists the links";
            return Err(scenario.error(at, message).with_help(help));
        }
        Ok(links)
    }

    /// The links of one tier: `auto`, one that the user names, or one of the reference design.
    ///
    /// A single-mode link, and any fibre of a reference design, is followed by those of its rate that reach further: a campus
    /// is wider than most do. What the
    /// reference design names stands for its medium where another switch asks for other lanes or optics.
    pub(super) fn tier(
        &self,
        (scenario, catalog): (&Scenario, &Catalog),
        wanted: &Wanted,
        (id, by_user): (&str, bool),
        switch: &str,
        at: &str,
    ) -> Result<Vec<Link>, InputError> {
        let choices = self.choices(scenario, wanted, at)?;
        if id == AUTO {
            return Ok(choices);
        }
        let named = catalog.get::<Link>(id).map_err(|error| scenario.blame(at, error))?.profile;
        if wanted.co_packaged && named.medium < Medium::Multimode {
            let message = format!("`{id}` is copper, but `{switch}` has its optics inside: nothing plugs in");
            let help = "name a fibre link, or another `fabric.switch`";
            return Err(scenario.error(at, message).with_help(help));
        }
        // A module with the right lanes also meets optics inside a switch.
        let suits = wanted.carried_by(&named)
            && named.bandwidth.value <= choices[0].bandwidth.value * (1.0 + ROUNDING)
            && (wanted.co_packaged || !named.id.starts_with(CO_PACKAGED));
        let first = match (suits, by_user) {
            (true, _) => named,
            (false, false) => match choices.iter().find(|link| link.medium == named.medium) {
                Some(link) => link.clone(),
                None => choices[0].clone(),
            },
            (false, true) => {
                let message = format!(
                    "`{id}` does not fit ports of `{switch}`: it has {}{}, they {}{}",
                    named.bandwidth.value,
                    lane(&named).map_or_else(String::new, |lane| format!(" in lanes of {lane}")),
                    wanted.rate,
                    wanted.lane.map_or_else(String::new, |lane| format!(" in lanes of {lane}")),
                );
                let ids: Vec<&str> = choices.iter().map(|link| link.id.as_str()).collect();
                return Err(scenario
                    .error(at, message)
                    .with_help(format!("links that do: {}", ids.join(", "))));
            }
        };
        let wide = first.medium == Medium::SingleMode || (!by_user && first.medium.is_fiber());
        let further = choices.into_iter().filter(|other| {
            wide && other.medium == Medium::LongSingleMode && other.reach.value > first.reach.value
        });
        let further: Vec<Link> = further.collect();
        Ok(std::iter::once(first).chain(further).collect())
    }

    /// The module of a switch's cage that meets a link: the largest that fits in, the cheapest of equals.
    fn in_cage(&self, link: &Link, cage: ByteRate) -> Link {
        let meets = |other: &&Link| {
            other.medium == link.medium
                && !other.id.starts_with(CO_PACKAGED)
                && !other.id.starts_with(CIRCUIT)
                && (other.reach.value.0 / link.reach.value.0 - 1.0).abs() < ROUNDING
                && lane(other).zip(lane(link)).is_none_or(|(a, b)| (a / b - 1.0).abs() < ROUNDING)
                && (rate_of_a_way(other) / rate_of_a_way(link) - 1.0).abs() < ROUNDING
                && other.bandwidth.value <= cage * (1.0 + ROUNDING)
        };
        let larger = |a: &&Link, b: &&Link| {
            let rates = a.bandwidth.value.0.total_cmp(&b.bandwidth.value.0);
            rates.then(b.price_per_end.value.0.total_cmp(&a.price_per_end.value.0))
        };
        self.0.iter().filter(meets).max_by(larger).unwrap_or(link).clone()
    }

    /// Coherent links of the fastest rate that a cage takes, the cheapest end first: none where cages are too small.
    pub(super) fn coherent(&self, cage: ByteRate) -> Vec<Link> {
        let fits =
            |link: &&Link| link.medium == Medium::Coherent && link.bandwidth.value <= cage * (1.0 + ROUNDING);
        let fastest = self.0.iter().filter(fits).map(|link| link.bandwidth.value.0).fold(0.0, f64::max);
        let fastest = |link: &&Link| link.bandwidth.value.0 >= fastest * (1.0 - ROUNDING);
        self.0.iter().filter(fits).filter(fastest).cloned().collect()
    }

    /// Links to optical circuit switches, the cheapest end first.
    #[must_use]
    pub(super) fn to_circuits(&self) -> Vec<Link> {
        self.0.iter().filter(|link| link.id.starts_with(CIRCUIT)).cloned().collect()
    }

    /// The link or module of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Link> {
        self.0.iter().find(|link| link.id == id)
    }
}

/// What the fibres of one way carry: wavelengths side by side meet none that are alone.
fn rate_of_a_way(link: &Link) -> ByteRate {
    link.bandwidth.value / f64::from(link.ways)
}

/// What is plugged at the ends of so many cables of a tier: at hosts, then at switches.
#[must_use]
pub fn ends(
    network: &Network,
    (net, tier): (Net, CableKind),
    link: &Link,
    rate: ByteRate,
    cables: u64,
) -> Vec<CableEnd> {
    let switch = match net {
        // Mirrors take up the fibres of a torus, and fabrics are joined from ports like those within them.
        Net::ScaleOut | Net::ScaleUp | Net::Border => &network.switch,
        Net::OutOfBand if tier == CableKind::HostLeaf => &network.management_switch,
        Net::FrontEnd | Net::Storage | Net::OutOfBand => &network.support_switch,
    };
    let end = |place: &'static str, module: &Link, kind: EndKind, ends: u64| CableEnd {
        place,
        kind,
        module: module.id.clone(),
        module_name: module.name.clone(),
        ends,
        modules: match kind {
            EndKind::Transceiver => ends.div_ceil(reach_of(module).served(rate)),
            EndKind::Copper => ends,
            EndKind::CoPackaged | EndKind::Bare => 0,
        },
    };
    let plug = if link.medium.is_fiber() { EndKind::Transceiver } else { EndKind::Copper };
    let at_switches = |ends: u64| {
        if net == Net::ScaleUp {
            return end("switch", link, EndKind::Bare, ends);
        }
        if plug == EndKind::Copper || net == Net::Border {
            return end("switch", link, plug, ends);
        }
        if switch.co_packaged_optics {
            return end("switch", link, EndKind::CoPackaged, ends);
        }
        end("switch", &network.shelf.in_cage(link, cage_of(switch)), plug, ends)
    };
    match (net, tier) {
        (_, CableKind::HostLeaf) => vec![end("host", link, plug, cables), at_switches(cables)],
        // From a management switch, with a module for each, to a leaf of the front end.
        (Net::OutOfBand, _) => vec![end("management switch", link, plug, cables), at_switches(cables)],
        _ => vec![at_switches(2 * cables)],
    }
}

/// Refuses a switch that has no ports at a rate.
pub(super) fn with_ports(
    scenario: &Scenario,
    switch: &Switch,
    rate: ByteRate,
    at: &str,
) -> Result<(), InputError> {
    if ports_at(switch, rate) < 2 {
        let message = format!("the switch `{}` has no ports at {rate}", switch.id);
        return Err(scenario.error(at, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Options, plan};
    use crate::scenario::{Flags, resolve};

    fn cables(system: &str, power: &str, set: &[&str]) -> Vec<crate::plan::result::Cable> {
        let catalog = Catalog::default();
        let set = set.iter().map(|one| (*one).to_owned()).collect();
        let flags = Flags { system: Some(system.into()), power: Some(power.into()), set, ..Flags::default() };
        let text = "serving = []\ntraining = []\n";
        let scenario = resolve(Some(("test", text)), &flags, &mut Catalog::default()).unwrap();
        plan(&scenario, &catalog, Options::default()).unwrap().layout.cables
    }

    // 800G in four lanes of 200 Gb/s: no multimode, copper to 3 m, and beyond 500 m wavelengths of 200 Gb/s.
    #[test]
    fn ports_of_fast_lanes_take_no_module_of_slow_ones() {
        let catalog = Catalog::default();
        let auto = ["fabric.host_link=auto", "fabric.switch_link=auto"];
        for (system, set, lane_gigabits) in [
            ("gb300-nvl72", &[][..], 200.0),
            ("gb300-nvl72", &auto, 200.0),
            ("vr-nvl72", &["fabric.switch=q3400-ra", auto[0], auto[1]], 200.0),
            ("gb300-nvl72", &["fabric.switch=sn5600", auto[0], auto[1]], 100.0),
            ("hgx-h100", &auto, 100.0),
        ] {
            let found = cables(system, "1 GW", set);
            let own: Vec<_> = found.iter().filter(|cable| cable.net == Net::ScaleOut).collect();
            assert!(own.iter().any(|cable| cable.medium == Medium::LongSingleMode), "{system} {set:?}");
            for cable in own {
                for id in cable.ends.iter().map(|end| &end.module).chain([&cable.link]) {
                    let link = catalog.get::<Link>(id).unwrap().profile;
                    let lane = lane(&link).unwrap().0 * 8.0 / 1e9;
                    assert!((lane - lane_gigabits).abs() < 1e-9, "{system} {set:?}: {id} at {lane} Gb/s");
                }
            }
        }
    }

    // A 400G DR4 has four lanes on fibres of their own, two for each of two ports of 200G; FR4 has one pair for all.
    #[test]
    fn a_module_serves_as_many_ports_as_it_can_be_parted_into() {
        let catalog = Catalog::default();
        let served = |id: &str, gigabits: f64| {
            let link = catalog.get::<Link>(id).unwrap().profile;
            reach_of(&link).served(ByteRate(gigabits * 1e9 / 8.0))
        };
        assert_eq!(served("osfp-400g-dr4", 200.0), 2);
        assert_eq!(served("osfp-400g-fr4", 200.0), 1);
        assert_eq!(served("osfp-800g-2xfr4", 200.0), 2);
        assert_eq!(served("osfp-1600g-dr8", 800.0), 2);
        assert_eq!(served("osfp-400g-dr4", 800.0), 1);
    }

    // Single lanes of DR1 and FR1 meet the parted lanes of 2×DR4 and 2×DR4+; four wavelengths of FR4 meet those of 2×FR4; and
    // four lanes of 25 Gb/s meet none of 100: such a module stands at both ends.
    #[test]
    fn lanes_meet_as_many_to_a_fibre_as_they_are() {
        let shelf = Catalog::default().ids("networks/links").into_iter();
        let of = |id: &str| Catalog::default().get::<Link>(id).unwrap().profile;
        let shelf = Shelf(shelf.map(|id| of(&id)).collect());
        let met = |id: &str| shelf.in_cage(&of(id), ByteRate(100e9)).id;
        for (id, module) in [
            ("qsfp28-100g-dr1", "osfp-800g-2xdr4"),
            ("qsfp28-100g-fr1", "osfp-800g-2xdr4-2km"),
            ("qsfp28-100g-lr1", "osfp-800g-2xplr4"),
            ("osfp-400g-fr4", "osfp-800g-2xfr4"),
            ("osfp-400g-dr4", "osfp-800g-2xdr4"),
            ("qsfp28-100g-cwdm4", "qsfp28-100g-cwdm4"),
            ("mmf-100g", "mmf-100g"),
        ] {
            assert_eq!(met(id), module, "{id}");
        }
    }
}
