//! What links carry when packets are spread by hash or by load.
//!
//! ~~~text
//! shortest    a switch sends on by any link that brings a packet nearer to its leaf
//! adaptive    every such link takes an equal part
//! ECMP        each flow takes one of them for good, by a hash of the flow
//! slow-down   max( 1, load of the busiest link ), in units of a port that every host fills
//! ~~~
//!
//! Flows stay on their rail, as collective libraries send them: a message for another rail crosses the scale-up
//! domain first (NCCL calls it PXN). Equal parts are what adaptive routing tends to where all links are healthy and
//! equally wide. ECMP is RFC 2992; a queue pair is one flow (NCCL opens one for each connection). Left out:
//! detours of adaptive routing in a dragonfly+, failed links, bursts, several jobs.

use super::graph::Graph;
use crate::random::Stream;
use std::cell::OnceCell;

/// How switches choose among equally short ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// A hash of the flow decides once.
    Ecmp,
    /// Packet by packet, to the emptiest.
    Adaptive,
}

/// Who sends to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Groups of a number of hosts of a rail, as far apart as can be, all sending to all.
    AllToAll(u64),
    /// A ring along each rail in the order of the racks.
    RingInOrder,
    /// A ring along each rail through hosts in a random order.
    RingShuffled,
}

/// Accelerators that exchange all with all: the width of expert parallelism in published deployments (DeepSeek-V3,
/// arXiv:2412.19437 section 3.2, spreads experts over 64 in training).
pub const EXCHANGE: u64 = 64;

/// One flow between two leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Leaf of the sender.
    pub from: usize,
    /// Leaf of the receiver.
    pub to: usize,
    /// Rate over that of a host port.
    pub rate: f64,
}

/// Load of the links between switches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkLoads {
    /// Of the busiest one, over the rate of a port.
    pub worst: f64,
    /// Of all.
    pub mean: f64,
}

impl LinkLoads {
    /// How many times longer the traffic takes than the ports of the hosts would need.
    #[must_use]
    pub fn slow_down(&self) -> f64 {
        self.worst.max(1.0)
    }
}

/// The flows of a pattern, every host port filled.
#[must_use]
pub fn flows(graph: &Graph, pattern: Pattern, random: Stream) -> Vec<Flow> {
    let rails = graph.leaves.iter().map(|leaf| leaf.rail + 1).max().unwrap_or(0);
    let mut flows = Vec::new();
    for rail in 0..rails {
        // The leaf of each host, in the order of the racks.
        let hosts: Vec<usize> = (0..)
            .zip(&graph.leaves)
            .filter(|(_, leaf)| leaf.rail == rail)
            .flat_map(|(node, leaf)| (0..leaf.hosts).map(move |_| node))
            .collect();
        let n = hosts.len();
        match pattern {
            Pattern::AllToAll(group) => {
                let stride = (n / (group as usize).clamp(1, n.max(1))).max(1);
                for first in 0..stride {
                    let members: Vec<usize> = hosts.iter().copied().skip(first).step_by(stride).collect();
                    let rate = 1.0 / (members.len().max(2) - 1) as f64;
                    for (a, from) in members.iter().enumerate() {
                        let others = members.iter().enumerate().filter(|(b, _)| *b != a);
                        flows.extend(others.map(|(_, to)| Flow { from: *from, to: *to, rate }));
                    }
                }
            }
            Pattern::RingInOrder | Pattern::RingShuffled => {
                let mut order: Vec<usize> = (0..n).collect();
                if pattern == Pattern::RingShuffled {
                    order.sort_by_cached_key(|host| random.words(rail << 32 | *host as u64));
                }
                let next = order.iter().cycle().skip(1);
                flows.extend(order.iter().zip(next).map(|(from, to)| Flow {
                    from: hosts[*from],
                    to: hosts[*to],
                    rate: 1.0,
                }));
            }
        }
    }
    flows
}

/// The links of each switch that bring a packet nearer to one leaf.
#[derive(Debug)]
struct Ways {
    /// Where the links of each switch begin in `links`; one more than there are switches.
    first: Vec<u32>,
    links: Vec<u32>,
    /// Switches with a way to the leaf, the farthest first, the leaf itself left out.
    farthest_first: Vec<u32>,
}

impl Ways {
    fn to(graph: &Graph, leaf: usize) -> Self {
        const NOWHERE: u32 = u32::MAX;
        let mut hops = vec![NOWHERE; graph.nodes()];
        hops[leaf] = 0;
        // Every cable has a link each way, so the way out is as long as the way in.
        let mut reached = vec![leaf as u32];
        let mut next = 0;
        while let Some(&node) = reached.get(next) {
            for link in &graph.out[node as usize] {
                let neighbour = graph.links[*link].to;
                if hops[neighbour] == NOWHERE {
                    hops[neighbour] = hops[node as usize] + 1;
                    reached.push(neighbour as u32);
                }
            }
            next += 1;
        }
        let (mut first, mut links) = (vec![0], Vec::with_capacity(graph.links.len() / 2));
        for (out, far) in graph.out.iter().zip(&hops) {
            let near = |link: &&usize| *far != NOWHERE && hops[graph.links[**link].to] + 1 == *far;
            links.extend(out.iter().filter(near).map(|link| *link as u32));
            first.push(links.len() as u32);
        }
        let farthest_first = reached.into_iter().skip(1).rev().collect();
        Self { first, links, farthest_first }
    }

    fn from(&self, node: usize) -> &[u32] {
        &self.links[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// Sends flows through a graph.
#[derive(Debug)]
pub struct Router<'a> {
    graph: &'a Graph,
    random: Stream,
    /// By leaf, found once a flow goes there.
    ways: Vec<OnceCell<Ways>>,
}

impl<'a> Router<'a> {
    /// Of a graph whose switches hash by a random stream.
    #[must_use]
    pub fn new(graph: &'a Graph, random: Stream) -> Self {
        Self { graph, random, ways: graph.leaves.iter().map(|_| OnceCell::new()).collect() }
    }

    /// Load of every link: of all flows, each counted where it passes.
    ///
    /// Flows without a way to their leaf load nothing.
    #[must_use]
    pub fn loads(&self, flows: &[Flow], routing: Routing) -> Vec<f64> {
        let graph = self.graph;
        let mut loads = vec![0.0; graph.links.len()];
        let mut by_target: Vec<Vec<(usize, &Flow)>> = vec![Vec::new(); graph.leaves.len()];
        for (name, flow) in flows.iter().enumerate().filter(|(_, flow)| flow.from != flow.to) {
            by_target[flow.to].push((name, flow));
        }
        let mut through = vec![0.0; graph.nodes()];
        for (to, arriving) in by_target.iter().enumerate().filter(|(_, arriving)| !arriving.is_empty()) {
            let ways = self.ways[to].get_or_init(|| Ways::to(graph, to));
            match routing {
                Routing::Adaptive => {
                    through.fill(0.0);
                    for (_, flow) in arriving {
                        through[flow.from] += flow.rate;
                    }
                    for node in ways.farthest_first.iter().map(|node| *node as usize) {
                        let nearer = ways.from(node);
                        let part = through[node] / nearer.len().max(1) as f64;
                        if part > 0.0 {
                            for link in nearer.iter().map(|link| *link as usize) {
                                loads[link] += part;
                                through[graph.links[link].to] += part;
                            }
                        }
                    }
                }
                Routing::Ecmp => {
                    for (name, flow) in arriving {
                        let mut node = flow.from;
                        // The hash of a switch depends on the switch, else all would choose alike.
                        while let Some(choice) = self.choose(ways.from(node), *name, node) {
                            loads[choice] += flow.rate;
                            node = graph.links[choice].to;
                        }
                    }
                }
            }
        }
        loads
    }

    /// The link that a switch's hash gives a flow; none where none leads nearer.
    fn choose(&self, ways: &[u32], flow: usize, node: usize) -> Option<usize> {
        match ways {
            [] => None,
            [only] => Some(*only as usize),
            _ => {
                let [word, ..] = self.random.words((flow as u64) << 24 ^ node as u64);
                // The upper bits of a product are an even draw below the number of ways.
                Some(ways[((u64::from(word) * ways.len() as u64) >> 32) as usize] as usize)
            }
        }
    }

    /// Load of the links between switches under a pattern.
    #[must_use]
    pub fn check(&self, pattern: Pattern, routing: Routing) -> LinkLoads {
        let loads = self.loads(&flows(self.graph, pattern, self.random), routing);
        LinkLoads {
            worst: loads.iter().copied().fold(0.0, f64::max),
            mean: loads.iter().sum::<f64>() / loads.len().max(1) as f64,
        }
    }
}

#[cfg(test)]
mod tests;
