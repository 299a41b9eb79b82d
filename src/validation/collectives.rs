//! Collectives: time of one run, else its bandwidth.
//!
//! How a row is read: ranks are the row's `gpus`, the domain is the system's; a `no-mnnvl` rack falls back to trays
//! of four. `Ring` or "NVLS off" switches in-network reduction off. Time is compared where the row has one, else
//! bus bandwidth, else algorithm bandwidth; a plateau without a size is taken at 16 GiB, where the ramp is over.
//! Networks named EFA have hops of their own; a PyTorch benchmark adds the framework's time to a call. How many
//! accelerators a process drives follows from the suite that the row comes from.
//! An expert exchange sends tokens · top_k · width, 1 byte each in dispatch and 2 in combine. A bandwidth of normal kernels
//! counts one copy of a token to each domain, to at most four of them as DeepSeek routes, or to each rank within one
//! domain, its own place included. Bandwidth of one port is that of the port at the share that rings or exchanges reach.
//! In a mesh of direct links a rank reaches the others by its links to them alone. First sizes of a sweep that its source calls warming up are set apart.

use super::hardware::{Hardware, Rig};
use super::tables::Row;
use super::{Forecast, Gap, Names, gap};
use crate::catalog::InputError;
use crate::catalog::profile::ScaleUpTopology;
use crate::fabric::collective::{CallLatency, Collective, CollectiveRun, ExpertExchange, Library};
use crate::units::{ByteRate, Bytes, Seconds};

/// Size of a run whose publisher states a plateau only.
const PLATEAU: f64 = (16_u64 << 30) as f64;

pub(super) fn predict(row: Row<'_>, hardware: &Hardware) -> (Names, Result<Forecast, Gap>) {
    let label = format!("{} {}", row.word("system_family"), row.word("accelerator"));
    let rig = hardware.rig(&label);
    let names = Names {
        id: row.word("row_id").to_owned(),
        system: rig.as_ref().map_or_else(|| row.word("system_family").to_owned(), |rig| rig.id.clone()),
        model: row.word("collective").to_owned(),
        source: row.word("library").to_owned(),
    };
    let outcome = match rig {
        Some(_) if row.word("accelerator").contains("PCIe") => {
            gap("the catalogue has no system of PCIe cards of this kind")
        }
        Some(rig) => forecast(row, &rig, hardware.collectives),
        None => gap(format!("the catalogue has no system for `{}`", label.trim())),
    };
    (names, outcome)
}

fn kind_of(word: &str) -> Option<Collective> {
    Some(match word {
        "all_reduce" => Collective::AllReduce,
        "all_gather" => Collective::AllGather,
        "reduce_scatter" => Collective::ReduceScatter,
        "all_to_all" | "alltoall" => Collective::AllToAll,
        "p2p_copy_unidirectional" | "send_recv" | "rdma_write_point_to_point" => Collective::PointToPoint,
        other if other.starts_with("moe_dispatch") || other.starts_with("moe_combine") => {
            Collective::AllToAll
        }
        _ => return None,
    })
}

fn forecast(row: Row<'_>, rig: &Rig, library: Library) -> Result<Forecast, Gap> {
    let word = row.word("collective");
    let (bus, algorithm) = (row.nonzero("busbw_gb_s")?, row.nonzero("algbw_gb_s")?);
    let scale_out = stated_port(row).unwrap_or(rig.chip.scale_out.bandwidth);
    let port = match word {
        "ring_per_nic" => Some(library.port_ring_share),
        "alltoall_per_nic" => Some(library.port_exchange_share),
        _ => None,
    };
    if let Some(share) = port {
        let Some(published) = bus.or(algorithm) else { return gap("no bandwidth is published") };
        let predicted = scale_out.0 * share / 1e9;
        let reason = "bandwidth of one port".to_owned();
        let measure = "bandwidth of one port";
        return Ok(Forecast { published, predicted, reason, measure, ..Forecast::default() });
    }
    let Some(collective) = kind_of(word) else {
        return gap(format!("`{word}` is no collective between accelerators of different ranks"));
    };
    let pair = collective == Collective::PointToPoint;
    let Some(ranks) = row.count("gpus")?.or(pair.then_some(2)) else {
        return gap("the number of accelerators is not stated");
    };
    let across = word.starts_with("rdma") || (pair && row.word("interconnect").contains("plane"));
    let low = row.word("library").to_lowercase() + &row.word("algorithm").to_lowercase();
    let ring = low.contains("nvls off") || (low.contains("ring") && !low.contains("nvls"));
    let domain = match row.word("caveat") {
        "no-mnnvl" => 4,
        _ if across => 1,
        _ => rig.chip.domain,
    };
    let tokens =
        stated(row, "tokens", |notes| before(notes, " tokens"))?
            .zip(stated(row, "hidden", |notes| after(notes, "hidden "))?);
    let top_k = stated(row, "top_k", |notes| after(notes, "top-"))?;
    let experts = tokens.map(|(tokens, hidden)| {
        let bytes = if word.contains("combine") { 2.0 } else { 1.0 };
        (tokens * hidden * bytes, top_k.unwrap_or(1.0))
    });
    let timed = row.nonzero("time_us")?;
    let message = match (row.positive("message_bytes")?, experts) {
        (Some(message), _) => message,
        (None, None) if timed.is_some() => return gap("a time without the size of the message"),
        (None, Some((one, top_k))) => one * top_k,
        (None, None) => PLATEAU,
    };
    let run = CollectiveRun {
        collective,
        ranks: f64::from(ranks),
        domain: f64::from(domain.max(1)),
        message: Bytes(message),
        scale_up: rig.chip.scale_up.bandwidth * reached(rig, ranks),
        scale_out,
        in_network_reduction: rig.chip.in_network_reduction && !ring,
        network_reduction: false,
        latency: latency_of(row, ranks, &library),
        library,
    };
    let bandwidth = |rate: f64| rate / 1e9;
    if let (Some((one, top_k)), Some(published), None) = (experts, bus.or(algorithm), timed) {
        let predicted = bandwidth(copied_rate(&run, one, top_k));
        let reason = format!("copies by domain of {ranks} ranks in domains of {domain}");
        return Ok(Forecast {
            published,
            predicted,
            reason,
            measure: "bus bandwidth",
            ..Forecast::default()
        });
    }
    let (published, predicted, what) = if let Some(time) = timed {
        (time, run.time().0 * 1e6, "time")
    } else if let Some(bus) = bus {
        (bus, bandwidth(run.bus_bandwidth().0), "bus bandwidth")
    } else if let Some(algorithm) = algorithm {
        (algorithm, bandwidth(run.algorithm_bandwidth().0), "algorithm bandwidth")
    } else {
        return gap("neither time nor bandwidth is published");
    };
    let mut reason = format!("{what} of {ranks} ranks in domains of {domain}");
    if row.text("message_bytes").is_none() && experts.is_none() {
        reason.push_str("; size not stated: 16 GiB");
    }
    let apart = row.word("caveat") == "warming-up" || row.word("notes").contains("still warming up");
    if apart {
        reason = format!("set apart: the source warms up here; {reason}");
    }
    Ok(Forecast { published, predicted, reason, apart, measure: what, ..Forecast::default() })
}

/// Most domains that a token of DeepSeek-V3 goes to, whose shapes the benchmarks of expert exchange take.
const ROUTED_DOMAINS: f64 = 4.0;

/// Bytes of copies over the time of an exchange of normal kernels: one copy a domain, or a rank where there is one domain.
fn copied_rate(run: &CollectiveRun, tokens: f64, experts: f64) -> f64 {
    let exchange = ExpertExchange {
        tokens: Bytes(tokens),
        experts,
        domain_limit: ROUTED_DOMAINS,
        ranks: run.ranks,
        domain: run.domain,
        scale_up: run.scale_up,
        scale_out: run.scale_out,
        library: run.library,
    };
    let (by_domain, by_rank) = exchange.copies();
    let counted = if run.ranks > run.domain { by_domain } else { by_rank };
    (exchange.tokens * counted / exchange.time()).0
}

/// What starts the calls of a row and what carries them.
fn latency_of(row: Row<'_>, ranks: u32, library: &Library) -> CallLatency {
    let network = format!("{} {}", row.word("network"), row.word("interconnect")).to_lowercase();
    let latency =
        if network.contains("efa") { CallLatency::efa(library) } else { CallLatency::lossless(library) };
    let framed = row.word("library").contains("PyTorch");
    let framework = if framed { library.framework_us * 1e-6 } else { 0.0 };
    CallLatency { framework: Seconds(framework), ..latency.driving(f64::from(driven(row, ranks))) }
}

/// Suites that start a process for each accelerator even on one node: the header of the run says `nGpus 1`, or the launcher
/// is a framework's.
const PROCESS_EACH: [&str; 2] = ["all_reduce_bench", "dgxc-benchmarking"];

/// Accelerators that one process drives: on one node nccl-tests is started once for all of them (`-g 8` in its manual and
/// in the scripts of Azure's guide), over several nodes by a launcher of processes.
fn driven(row: Row<'_>, ranks: u32) -> u32 {
    let nodes: u32 = row.word("nodes").parse().unwrap_or(1);
    let suite = format!("{} {}", row.word("library"), row.word("source_url"));
    let each = nodes > 1 || PROCESS_EACH.iter().any(|name| suite.contains(name));
    if each { 1 } else { ranks }
}

/// Part of an accelerator's scale-up links that lead to other ranks: all through switches, one each in a mesh.
fn reached(rig: &Rig, ranks: u32) -> f64 {
    let peers = f64::from(rig.chip.domain.max(2) - 1);
    match rig.machine.system.scale_up.topology {
        ScaleUpTopology::Mesh => (f64::from(ranks.max(2) - 1) / peers).min(1.0),
        _ => 1.0,
    }
}

/// Rate of an adapter that the row names, such as `EFA 200 Gb/s adapter`.
fn stated_port(row: Row<'_>) -> Option<ByteRate> {
    let (before, _) = row.word("interconnect").split_once(" Gb/s adapter")?;
    let rate: f64 = before.rsplit(' ').next()?.parse().ok()?;
    (rate > 0.0 && rate < 1e5).then_some(ByteRate(rate * 1e9 / 8.0))
}

/// A number of its own column or, in tables without that column, of the notes.
fn stated(
    row: Row<'_>,
    column: &str,
    noted: impl Fn(&str) -> Option<f64>,
) -> Result<Option<f64>, InputError> {
    let number = row.positive(column)?;
    Ok(number.or_else(|| noted(row.word("notes")).filter(|value| *value > 0.0 && *value < 1e9)))
}

/// The number that follows a word of a note.
fn after(note: &str, word: &str) -> Option<f64> {
    let (_, rest) = note.split_once(word)?;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

/// The number that stands before a word of a note; `8K` means 8,192.
fn before(note: &str, word: &str) -> Option<f64> {
    let number = note.split_once(word)?.0.rsplit(' ').next()?;
    match number.strip_suffix('K') {
        Some(thousands) => thousands.parse::<f64>().ok().map(|value| value * 1_024.0),
        None => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_an_exchange_are_read_from_notes() {
        let note = "bottleneck; 4096 tokens, hidden 7168, top-8, FP8 dispatch";
        assert_eq!(before(note, " tokens"), Some(4_096.0));
        assert_eq!((after(note, "hidden "), after(note, "top-")), (Some(7_168.0), Some(8.0)));
        assert_eq!(before("8K tokens", " tokens"), Some(8_192.0));
        assert_eq!((before("few tokens", " tokens"), after(note, "depth ")), (None, None));
    }
}
