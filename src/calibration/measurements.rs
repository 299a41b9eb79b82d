//! Rows of the kernel table as calls of kernels.

use super::CalibrationError;
use crate::throughput::efficiency::{KernelCall, KernelClass};
use crate::throughput::precision::{Arithmetic, Format};
use std::collections::BTreeMap;

/// One measured kernel time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measurement {
    pub generation: &'static str,
    pub class: KernelClass,
    pub format: Format,
    pub call: KernelCall,
    pub time_s: f64,
    /// Routed by a power law instead of evenly.
    pub skewed: bool,
    pub tokens: f64,
    pub ranks: f64,
    /// Same for the balanced and the skewed measurement of one shape.
    pub twin: String,
}

/// Nominal figures that the source of the kernel table divides by: TFLOP/s dense at 16, 8 and 4 bits, memory and
/// one-way scale-up bandwidth in GB/s. From the source's own system files.
struct Nominal {
    accelerator: &'static str,
    generation: &'static str,
    tflops: [f64; 3],
    memory_gb_s: f64,
    link_gb_s: f64,
}

const NOMINAL: [Nominal; 6] = [
    Nominal {
        accelerator: "H100-SXM",
        generation: "hopper",
        tflops: [989.0, 1_978.0, 989.0],
        memory_gb_s: 3_350.0,
        link_gb_s: 450.0,
    },
    Nominal {
        accelerator: "H200-SXM",
        generation: "hopper",
        tflops: [989.0, 1_978.0, 989.0],
        memory_gb_s: 4_800.0,
        link_gb_s: 450.0,
    },
    Nominal {
        accelerator: "B200-SXM",
        generation: "blackwell",
        tflops: [2_250.0, 4_500.0, 9_000.0],
        memory_gb_s: 7_700.0,
        link_gb_s: 900.0,
    },
    Nominal {
        accelerator: "GB200",
        generation: "blackwell",
        tflops: [2_500.0, 5_000.0, 10_000.0],
        memory_gb_s: 8_000.0,
        link_gb_s: 900.0,
    },
    Nominal {
        accelerator: "B300-SXM",
        generation: "blackwell-ultra",
        tflops: [2_250.0, 4_500.0, 14_000.0],
        memory_gb_s: 7_750.0,
        link_gb_s: 900.0,
    },
    Nominal {
        accelerator: "GB300",
        generation: "blackwell-ultra",
        tflops: [2_500.0, 5_000.0, 15_000.0],
        memory_gb_s: 8_000.0,
        link_gb_s: 900.0,
    },
];

/// Shapes of the models whose experts were measured: experts, active, hidden, expert width.
const EXPERT_SHAPES: [(&str, [f64; 4]); 3] = [
    ("deepseek-r1", [256.0, 8.0, 7_168.0, 2_048.0]),
    ("qwen3-235b", [128.0, 8.0, 4_096.0, 1_536.0]),
    ("gpt-oss-120b", [128.0, 4.0, 2_880.0, 2_880.0]),
];

impl Nominal {
    fn peak(&self, format: Format) -> f64 {
        1e12 * match format.arithmetic() {
            Arithmetic::Bf16 => self.tflops[0],
            Arithmetic::Fp8 | Arithmetic::Int8 => self.tflops[1],
            Arithmetic::Fp4 => self.tflops[2],
        }
    }
}

struct Row<'a> {
    columns: &'a BTreeMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    fn text(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|index| self.record.get(*index)).unwrap_or("").trim()
    }
    fn number(&self, column: &str) -> Option<f64> {
        self.text(column).parse().ok().filter(|x: &f64| x.is_finite())
    }
}

/// Reads the table: what can be used, and how many rows cannot.
pub(super) fn read(text: &str) -> Result<(Vec<Measurement>, usize), CalibrationError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let columns: BTreeMap<String, usize> =
        reader.headers()?.iter().enumerate().map(|(index, name)| (name.trim().to_owned(), index)).collect();
    for needed in ["accelerator", "kernel", "latency_us"] {
        if !columns.contains_key(needed) {
            return Err(CalibrationError::Column(needed));
        }
    }
    let mut measurements = Vec::new();
    let mut left = 0;
    for record in reader.records() {
        let record = record?;
        match measurement(&Row { columns: &columns, record: &record }) {
            Some(m) => measurements.push(m),
            None => left += 1,
        }
    }
    Ok((faster_all_reduce(measurements), left))
}

/// Engines take the faster of the two all-reduce implementations for each message.
fn faster_all_reduce(mut measurements: Vec<Measurement>) -> Vec<Measurement> {
    let mut least: BTreeMap<String, f64> = BTreeMap::new();
    for m in measurements.iter().filter(|m| m.class == KernelClass::AllReduce) {
        let time = least.entry(m.twin.clone()).or_insert(f64::INFINITY);
        *time = time.min(m.time_s);
    }
    measurements.retain(|m| m.class != KernelClass::AllReduce || least.get(&m.twin) == Some(&m.time_s));
    measurements
}

fn measurement(row: &Row<'_>) -> Option<Measurement> {
    let nominal = NOMINAL.iter().find(|n| n.accelerator == row.text("accelerator"))?;
    let time_s = row.number("latency_us").filter(|t| *t > 0.0)? * 1e-6;
    let (class, format, call) = match row.text("kernel") {
        "gemm" => gemm(row, nominal)?,
        "attention_decode" => attention_decode(row, nominal)?,
        "attention_prefill_causal" => attention_prefill(row, nominal)?,
        "mla_decode" => latent_decode(row, nominal)?,
        "mla_prefill_causal" => latent_prefill(row, nominal)?,
        "moe_grouped_gemm" => experts(row, nominal)?,
        "nccl_all_reduce" | "trtllm_custom_allreduce" => all_reduce(row, nominal)?,
        _ => return None,
    };
    let twin = if class == KernelClass::AllReduce {
        format!("{} {} {}", nominal.accelerator, row.text("n_gpus"), row.text("message_bytes"))
    } else {
        format!(
            "{} {} {} {} {}",
            nominal.accelerator,
            row.text("model"),
            row.text("dtype"),
            row.text("m"),
            row.text("ep")
        )
    };
    Some(Measurement {
        generation: nominal.generation,
        class,
        format,
        call,
        time_s,
        skewed: row.text("routing").starts_with("power_law"),
        tokens: row.number("m").unwrap_or(0.0),
        ranks: row.number("ep").unwrap_or(1.0),
        twin,
    })
}

type Call = (KernelClass, Format, KernelCall);

fn gemm(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let format = Format::parse(row.text("dtype"))?;
    let (m, n, k) = (row.number("m")?, row.number("n")?, row.number("k")?);
    Some((
        KernelClass::Gemm,
        format,
        KernelCall {
            flop: 2.0 * m * n * k,
            peak_flop_per_s: nominal.peak(format),
            rows: m,
            width: n,
            bytes: n * k * format.bytes() + m * k * format.activation_bytes() + 2.0 * m * n,
            cast_elements: m * k,
            bandwidth_bytes_per_s: nominal.memory_gb_s * 1e9,
        },
    ))
}

fn attention_decode(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let format = Format::parse(row.text("kv_dtype"))?;
    let (batch, cached) = (row.number("batch")?, row.number("kv_len")?);
    let (heads, kv_heads, size) = (row.number("heads")?, row.number("kv_heads")?, row.number("head_dim")?);
    Some((
        KernelClass::AttentionDecode,
        format,
        KernelCall {
            flop: 4.0 * heads * size * batch * cached,
            peak_flop_per_s: nominal.peak(Format::Bf16),
            rows: batch,
            width: size,
            bytes: 2.0 * kv_heads * size * format.bytes() * batch * cached,
            cast_elements: 0.0,
            bandwidth_bytes_per_s: nominal.memory_gb_s * 1e9,
        },
    ))
}

fn prefill(
    row: &Row<'_>,
    nominal: &Nominal,
    class: KernelClass,
    format: Format,
    width: f64,
    flop: f64,
) -> Option<Call> {
    Some((
        class,
        format,
        KernelCall {
            flop,
            peak_flop_per_s: nominal.peak(format),
            rows: row.number("isl")?,
            width,
            bytes: 0.0,
            cast_elements: 0.0,
            bandwidth_bytes_per_s: nominal.memory_gb_s * 1e9,
        },
    ))
}

fn attention_prefill(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let format = Format::parse(row.text("dtype"))?;
    let (batch, isl) = (row.number("batch")?, row.number("isl")?);
    let (heads, size) = (row.number("heads")?, row.number("head_dim")?);
    let flop = 4.0 * heads * size * batch * isl * isl / 2.0;
    prefill(row, nominal, KernelClass::AttentionPrefill, format, size, flop)
}

fn latent_prefill(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let format = Format::parse(row.text("dtype"))?;
    let (batch, isl, heads) = (row.number("batch")?, row.number("isl")?, row.number("heads")?);
    let flop = 2.0 * (192.0 + 128.0) * heads * batch * isl * isl / 2.0;
    prefill(row, nominal, KernelClass::LatentPrefill, format, 192.0, flop)
}

fn latent_decode(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let format = Format::parse(row.text("kv_dtype"))?;
    let (batch, cached, heads) = (row.number("batch")?, row.number("kv_len")?, row.number("heads")?);
    Some((
        KernelClass::LatentDecode,
        format,
        KernelCall {
            flop: 2.0 * (576.0 + 512.0) * heads * batch * cached,
            peak_flop_per_s: nominal.peak(format),
            rows: batch,
            width: 576.0,
            bytes: 576.0 * format.bytes() * batch * cached,
            cast_elements: 0.0,
            bandwidth_bytes_per_s: nominal.memory_gb_s * 1e9,
        },
    ))
}

fn experts(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let format = Format::parse(row.text("dtype"))?;
    let (_, [all, active, hidden, width]) =
        EXPERT_SHAPES.iter().find(|(name, _)| *name == row.text("model")).copied()?;
    let (tokens, ranks) = (row.number("m")?, row.number("ep")?);
    // Alone, B200 and GB200 ran another kernel, three times as fast as the same shape spread out and as B300; the
    // points of it that beat the memory's peak are missing from the source, so the rest is no fair sample.
    if format == Format::Nvfp4 && ranks < 2.0 && matches!(nominal.accelerator, "B200-SXM" | "GB200") {
        return None;
    }
    let routed = tokens * active / ranks;
    let touched = (tokens * active / all).min(1.0);
    let weights = 3.0 * hidden * width;
    Some((
        KernelClass::ExpertGemm,
        format,
        KernelCall {
            flop: 2.0 * weights * routed,
            peak_flop_per_s: nominal.peak(format),
            rows: (tokens * active / all).max(1.0),
            width,
            bytes: all / ranks * touched * weights * format.bytes()
                + routed * hidden * (format.activation_bytes() + 2.0),
            cast_elements: tokens * hidden,
            bandwidth_bytes_per_s: nominal.memory_gb_s * 1e9,
        },
    ))
}

fn all_reduce(row: &Row<'_>, nominal: &Nominal) -> Option<Call> {
    let (ranks, message) = (row.number("n_gpus")?, row.number("message_bytes")?);
    Some((
        KernelClass::AllReduce,
        Format::Bf16,
        KernelCall {
            flop: 0.0,
            peak_flop_per_s: 1.0,
            rows: ranks,
            width: ranks,
            bytes: 2.0 * (ranks - 1.0) / ranks * message,
            cast_elements: 0.0,
            bandwidth_bytes_per_s: nominal.link_gb_s * 1e9,
        },
    ))
}
