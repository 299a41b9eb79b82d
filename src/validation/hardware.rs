//! What the labels of measured tables mean: systems, models and number formats of the catalogue.
//!
//! Publishers write "DGX B200", "NVIDIA H100-SXM5-80GB" or "8 × H100 80GB": a label means the system whose name it
//! holds. The reading is one list for all tables.

use crate::catalog::profile::{self, Model};
use crate::catalog::{Catalog, InputError};
use crate::coefficients::CoefficientSet;
use crate::fabric::collective::Library;
use crate::plan::equipment::{self, Machine};
use crate::plan::workloads::{checkpoint_formats, chip_of, shape_of};
use crate::scenario::{Flags, Scenario, resolve};
use crate::throughput::engines::{self, ServingEngine};
use crate::throughput::machine::Machine as Chip;
use crate::throughput::precision::{Format, Precision};
use crate::throughput::shape::ModelShape;
use crate::throughput::training::TrainingFactors;
use crate::units::{Share, Watts};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Parts of a label and the system they mean; the first that is held counts, so the longer names come first.
const SYSTEMS: &[(&str, &str)] = &[
    ("gb300", "gb300-nvl72"),
    ("gb200", "gb200-nvl72"),
    ("verarubin", "vr-nvl72"),
    ("vr200", "vr-nvl72"),
    ("vrnvl72", "vr-nvl72"),
    ("gh200quad", "gh200-quad"),
    ("h200nvl", "h200-nvl"),
    ("h100nvl", "h100-nvl"),
    ("h10096gb", "hgx-h100-96"),
    ("h200", "hgx-h200"),
    ("h100", "hgx-h100"),
    ("h800", "hgx-h800"),
    ("h20", "hgx-h20"),
    ("b300", "hgx-b300"),
    ("b200", "hgx-b200"),
    ("a100", "hgx-a100"),
    ("l40s", "l40s"),
    ("mi300a", "mi300a"),
    ("mi300x", "mi300x"),
    ("mi325x", "mi325x"),
    ("mi350p", "mi350p"),
    ("mi350x", "mi350x"),
    ("mi355x", "mi355x"),
    ("mi455x", "mi455x-helios"),
    ("gaudi2", "gaudi2"),
    ("trainium3", "trn3-gen2-ultraserver"),
    ("trainium2", "trn2-ultraserver"),
    ("trainium1", "trn1"),
    ("ironwood", "tpu-v7"),
    ("tpuv7", "tpu-v7"),
    ("tpu7x", "tpu-v7"),
    ("trillium", "tpu-v6e"),
    ("v6e", "tpu-v6e"),
    ("v5p", "tpu-v5p"),
    ("v5e", "tpu-v5e"),
    ("tpuv4", "tpu-v4"),
];

/// Models whose published name differs from that of the card with the same shapes.
const SAME_SHAPES: &[(&str, &str)] = &[
    ("llama38b", "llama-3.1-8b"),
    ("llama370b", "llama-3.1-70b"),
    ("llama3370b", "llama-3.1-70b"),
    ("llama3405b", "llama-3.1-405b"),
    ("llama4maverick", "llama-4-maverick-17b-128e"),
    ("llama4scout", "llama-4-scout-17b-16e"),
    ("qwen3coder", "qwen3-coder-480b-a35b"),
];

/// Letters and digits of a label in lower case.
#[must_use]
pub fn plain(label: &str) -> String {
    label.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The system that a label means, if it names one.
#[must_use]
pub fn system_of(label: &str) -> Option<&'static str> {
    let label = plain(label);
    if label.contains("gh200") {
        return Some(if label.contains("144gb") { "gh200-144" } else { "gh200-96" });
    }
    SYSTEMS.iter().find(|(part, _)| label.contains(part)).map(|(_, id)| *id)
}

/// The profile that a label names by its path: a system of one's own.
#[must_use]
pub fn file_of(label: &str) -> Option<&str> {
    let label = label.trim();
    std::path::Path::new(label).extension().is_some_and(|suffix| suffix == "toml").then_some(label)
}

/// The card that a label means among those of the catalogue.
///
/// A label means the card whose id it holds, the longest of several; else the only card whose id begins with it.
#[must_use]
pub fn card_of(label: &str, ids: &[String]) -> Option<String> {
    let label = plain(label);
    if let Some((_, id)) = SAME_SHAPES.iter().find(|(part, _)| label.contains(part)) {
        return Some((*id).to_owned());
    }
    let held = ids.iter().filter(|id| label.contains(&plain(id))).max_by_key(|id| id.len());
    let mut begun = ids.iter().filter(|id| label.len() > 4 && plain(id).starts_with(&label));
    held.or_else(|| begun.next().filter(|_| begun.next().is_none())).cloned()
}

/// The engine that the words of a row name; where they name none, the accelerator maker's own or most used one.
#[must_use]
pub fn engine_of(words: &str, rig: &Rig) -> ServingEngine {
    let words = words.to_lowercase();
    if words.contains("sglang") || words.contains("lmsys") {
        ServingEngine::Sglang
    } else if words.contains("vllm") {
        ServingEngine::Vllm
    } else if words.contains("trt") || words.contains("tensorrt") || rig.machine.accelerator.maker == "NVIDIA"
    {
        ServingEngine::TensorRtLlm
    } else {
        ServingEngine::Vllm
    }
}

/// A system with its throughput parameters.
#[derive(Debug)]
pub struct Rig {
    /// Id in the catalogue.
    pub id: String,
    /// Profiles and provisioned powers.
    pub machine: Machine,
    /// The accelerator as throughput sees it.
    pub chip: Chip,
}

/// A card with its shapes.
#[derive(Debug)]
pub struct Card {
    /// Id in the catalogue.
    pub id: String,
    /// The card; none for shapes that only validation knows.
    pub model: Option<Model>,
    /// Its shapes.
    pub shape: ModelShape,
}

type Kept<T> = Mutex<BTreeMap<String, Option<Arc<T>>>>;

/// The catalogue with what was read from it, shared by all rows.
#[derive(Debug)]
pub struct Hardware {
    /// The catalogue.
    pub catalog: Catalog,
    /// What serving engines add to kernels.
    pub engines: CoefficientSet,
    /// What a training step adds to kernels.
    pub training: TrainingFactors,
    /// What a communication library reaches of links and adds to them.
    pub collectives: Library,
    scenario: Scenario,
    models: Vec<String>,
    rigs: Kept<Rig>,
    cards: Kept<Card>,
}

fn kept<T>(all: &Kept<T>, key: &str, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
    let known = all.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
    known.unwrap_or_else(|| {
        let made = make().map(Arc::new);
        all.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), made.clone());
        made
    })
}

impl Hardware {
    /// Opens a catalogue.
    pub fn open(catalog: &Catalog) -> Result<Self, InputError> {
        Self::with_engines(catalog, engines::embedded().clone())
    }

    /// Opens a catalogue with other coefficients of a training step than the embedded ones.
    pub fn with_training(catalog: &Catalog, training: TrainingFactors) -> Result<Self, InputError> {
        Ok(Self { training, ..Self::open(catalog)? })
    }

    /// Opens a catalogue with other coefficients of collectives than the embedded ones.
    pub fn with_collectives(catalog: &Catalog, collectives: Library) -> Result<Self, InputError> {
        Ok(Self { collectives, ..Self::open(catalog)? })
    }

    /// Opens a catalogue with other coefficients of the serving engines than the embedded ones.
    pub fn with_engines(catalog: &Catalog, engines: CoefficientSet) -> Result<Self, InputError> {
        let mut catalog = catalog.clone();
        let scenario = resolve(None, &Flags::default(), &mut catalog)?;
        let models = catalog.ids("models");
        Ok(Self {
            catalog,
            engines,
            training: TrainingFactors::default(),
            collectives: Library::default(),
            scenario,
            models,
            rigs: Mutex::default(),
            cards: Mutex::default(),
        })
    }

    /// The default scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The system that a label means.
    #[must_use]
    pub fn rig(&self, label: &str) -> Option<Arc<Rig>> {
        if let Some(file) = file_of(label) {
            return self.rig_of(file);
        }
        let id = system_of(label).map(str::to_owned).or_else(|| {
            let ids = self.catalog.ids("systems");
            ids.into_iter().find(|id| id.eq_ignore_ascii_case(label.trim()))
        })?;
        self.rig_of(&id)
    }

    /// A system by its id.
    #[must_use]
    pub fn rig_of(&self, id: &str) -> Option<Arc<Rig>> {
        kept(&self.rigs, id, || {
            let mut taken = Vec::new();
            let machine =
                equipment::machine(&self.scenario, &self.catalog, id, Share(1.0), "systems.0.id", &mut taken)
                    .ok()?;
            let each: Watts = machine.rack.heat / f64::from(machine.system.rack.accelerators.max(1));
            let chip = chip_of(&machine, each);
            Some(Rig { id: id.to_owned(), machine, chip })
        })
    }

    /// Generation of a system that a row was read to mean, and whether the model is a mixture of experts.
    #[must_use]
    pub fn kind_of(&self, system: &str, model: &str) -> (String, Option<bool>) {
        // Only what a row has opened: a label that means no system opens nothing here.
        let rig = self.rigs.lock().unwrap_or_else(PoisonError::into_inner).get(system).cloned().flatten();
        let generation = rig.map_or_else(String::new, |rig| rig.machine.accelerator.generation.clone());
        let mixture = self.card(model).map(|card| card.shape.feed_forward.moe_layers > 0);
        (generation, mixture)
    }

    /// The model that a label means: a card of the catalogue, else shapes published elsewhere.
    #[must_use]
    pub fn card(&self, label: &str) -> Option<Arc<Card>> {
        let id = card_of(label, &self.models);
        let key = id.clone().unwrap_or_else(|| plain(label));
        kept(&self.cards, &key, || {
            let Some(id) = id else {
                let (id, shape) = super::shapes::published(label)?;
                return Some(Card { id, shape, model: None });
            };
            let model = self.catalog.get::<Model>(&id).ok()?.profile;
            Some(Card { id, shape: shape_of(&model), model: Some(model) })
        })
    }
}

/// The number formats that the words of a row mean, and a note where they had to be read.
///
/// Nothing stated: FP4 where the accelerator has it, else FP8, else BF16, as submitters run it. The rest follows from the
/// checkpoint, as in a plan ([`checkpoint_formats`]).
#[must_use]
pub fn formats_of(words: &str, peaks: &profile::Peaks, card: &Card) -> (Precision, &'static str) {
    let words = words.to_lowercase();
    let four = peaks.fp4.is_some();
    let (base, note) = if words.contains("mxfp8") {
        (Format::Mxfp8, "")
    } else if words.contains("int4") {
        (Format::Int4, "")
    } else if words.contains("mxfp4") && !four {
        (Format::Mxfp4, "")
    } else if words.contains("fp4") && (four || !words.contains("fp8-hopper")) {
        (Format::Nvfp4, "")
    } else if words.contains("fp8") && (peaks.fp8.is_some() || four) {
        (Format::Fp8, "")
    } else if words.contains("bf16") || words.contains("fp16") {
        (Format::Bf16, "")
    } else if four {
        (Format::Nvfp4, "precision not stated: FP4")
    } else if peaks.fp8.is_some() {
        (Format::Fp8, "precision not stated: FP8")
    } else {
        (Format::Bf16, "precision not stated: BF16")
    };
    let mut precision = checkpoint_formats(base, card.model.as_ref(), four);
    let eight = checkpoint_formats(Format::Fp8, card.model.as_ref(), four).dense;
    for (part, format) in [("fp8 attention", eight), ("bf16 attention", Format::Bf16)] {
        if words.contains(part) {
            precision.attention = format;
            if format == Format::Bf16 {
                precision = Precision { dense: eight, experts: eight, ..precision };
            }
        }
    }
    (precision, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_mean_the_system_they_hold() {
        for (label, id) in [
            ("GB200 NVL72 GB200", "gb200-nvl72"),
            ("HGX H200 H200-SXM NVIDIA H200-SXM-141GB-CTS", "hgx-h200"),
            ("H200-NVL", "h200-nvl"),
            ("NVIDIA Blackwell Ultra GPU (B300-SXM-270GB)", "hgx-b300"),
            ("NVIDIA GH200 Grace Hopper Superchip 144GB", "gh200-144"),
            ("b200_sxm", "hgx-b200"),
            ("TPU v7 Ironwood", "tpu-v7"),
            ("H100 96GB HBM2e 500 W", "hgx-h100-96"),
            ("Vera Rubin NVL72 VR200", "vr-nvl72"),
        ] {
            assert_eq!(system_of(label), Some(id), "{label}");
        }
        assert_eq!(system_of("Ascend 910B"), None);
    }

    #[test]
    fn labels_mean_the_longest_card_they_hold() {
        let ids = Catalog::default().ids("models");
        for (label, id) in [
            ("deepseek-ai/DeepSeek-R1", "deepseek-r1"),
            ("nvidia/DeepSeek-V3.1-NVFP4", "deepseek-v3"),
            ("Llama-3.3-70B-Instruct", "llama-3.1-70b"),
            ("moonshotai/Kimi-K2.5", "kimi-k2.5"),
            ("Qwen/Qwen3-235B-A22B-FP8", "qwen3-235b-a22b"),
            ("nemotron-3-super", "nemotron-3-super-120b-a12b"),
            ("llama4-maverick-400b", "llama-4-maverick-17b-128e"),
            ("zhipuai/GLM-5", "glm-5"),
        ] {
            assert_eq!(card_of(label, &ids).as_deref(), Some(id), "{label}");
        }
        assert_eq!(card_of("mpt-30b", &ids), None);
    }

    #[test]
    fn every_system_of_the_list_is_in_the_catalogue() {
        let hardware = Hardware::open(&Catalog::default()).unwrap();
        for (_, id) in SYSTEMS {
            assert!(hardware.rig_of(id).is_some(), "{id}");
        }
    }
}
