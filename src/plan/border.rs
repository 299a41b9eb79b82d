//! Links from fabric to fabric: how many, and each along its own way.
//!
//! ~~~text
//! links   ⌈ N·b / 2·r ⌉, shared evenly by the neighbours of a ring of fabrics
//! length  1.1 · fibre where the scenario gives one, else as a cable along the ducts between both fabrics' buildings
//! ~~~
//!
//! N accelerators · b what each sends to other fabrics [B/s] · r rate of a link per direction [B/s], which both of its
//! fabrics send at. A fabric is met in the middle of the building that holds the middle of its cores, else of its units.
//! Left out: ways within those buildings, a second way for each link.

use super::equipment::Machine;
use super::links;
use super::result::{Border, Cable, Layout};
use super::sizing::Draw;
use crate::layout::cables::{CableKind, Net, SLACK, stocked_length};
use crate::layout::grid::share_of;
use crate::scenario::Fields;
use crate::units::Meters;

/// Building of the site that each fabric is met in.
fn seats(loads: &[(&Machine, &Draw)], layout: &Layout) -> Vec<usize> {
    let mut all = Vec::new();
    let mut first = 0;
    for ((_, draw), floor) in loads.iter().zip(&layout.floors) {
        let (plan, islands) = (&floor.layout, draw.fabric.islands.max(1));
        let cores = plan.demand.switches.core > 0 && plan.network_room.is_some();
        let middle = |count: u64, island: u64| (2 * island + 1) * count / (2 * islands);
        for island in 0..islands {
            let building = if cores {
                plan.building_of_room(middle(plan.network_rooms(), island))
            } else {
                plan.place_of_hall(middle(plan.units, island) / plan.units_per_hall).0
            };
            all.push((first + building) as usize);
        }
        first += plan.buildings;
    }
    all
}

/// Links from fabric to fabric; none where nothing crosses.
#[must_use]
pub(super) fn border(fields: &Fields, loads: &[(&Machine, &Draw)], layout: &Layout) -> Option<Border> {
    let bandwidth = fields.campus.bandwidth?;
    let seats = seats(loads, layout);
    let (machine, _) = loads.first().filter(|_| seats.len() > 1)?;
    // Two fabrics are neighbours once.
    let pairs = if seats.len() == 2 { 1 } else { seats.len() };
    let pairs: Vec<[usize; 2]> =
        (0..pairs).map(|pair| [seats[pair], seats[(pair + 1) % seats.len()]]).collect();
    let length = |ends: [usize; 2]| match fields.campus.fibre {
        Some(fibre) => fibre * (1.0 + SLACK),
        None if ends[0] == ends[1] => stocked_length(Meters(0.0)),
        None => {
            let site = &layout.site;
            stocked_length(Meters(site.ducts(ends, ends.map(|at| site.middle(at))).run))
        }
    };
    let lengths: Vec<Meters> = pairs.iter().copied().map(length).collect();
    let longest = lengths.iter().copied().fold(Meters(0.0), Meters::max);
    let links = &machine.network.border_links;
    let reaching = links.iter().find(|link| link.reach.value >= longest);
    let farthest = || links.iter().max_by(|a, b| a.reach.value.0.total_cmp(&b.reach.value.0));
    let link = reaching.or_else(farthest)?.clone();
    let accelerators: u64 = loads.iter().map(|(_, draw)| draw.accelerators).sum();
    let sent = bandwidth * accelerators as f64;
    let count = (sent / (link.bandwidth.value * 2.0) - 1e-9).ceil() as u64;
    let laid = |(pair, length): (usize, &Meters)| {
        let (from, to) = share_of(count, pair as u64, pairs.len() as u64);
        *length * (to - from) as f64
    };
    Some(Border {
        links: count,
        length: longest,
        length_total: lengths.iter().enumerate().map(laid).sum(),
        pairs,
        power: link.power_per_end.value * (2 * count) as f64,
        link,
    })
}

/// Those links as cables, under the first system.
pub(super) fn border_cable(machine: &Machine, border: &Border) -> Cable {
    let (net, tier, link) = (Net::Border, CableKind::SpineCore, &border.link);
    Cable {
        system: machine.id.clone(),
        net,
        tier,
        kind: net.cables(tier),
        link: link.id.clone(),
        link_name: link.name.clone(),
        reached: border.length <= link.reach.value,
        reach: link.reach.value,
        medium: link.medium,
        rate: link.bandwidth.value,
        count: border.links,
        length_total: border.length_total,
        length_max: border.length,
        ends: links::ends(&machine.network, (net, tier), link, link.bandwidth.value, border.links),
    }
}
