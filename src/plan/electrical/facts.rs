//! The electrical design of the catalogue as the formulas want it, with what the scenario sets over it.

use crate::catalog::profile::{self, Covered, Current, Kept, StageKind};
use crate::catalog::{Found, InputError};
use crate::plan::equipment::Taker;
use crate::plan::result::Assumption;
use crate::power::availability::{Block, bypassed};
use crate::power::one_line::LARGEST_SUBSTATION;
use crate::power::ratings::{Modules, Ratings, direct_current, line_current, sold_size};
use crate::power::{PartLoadLoss, Redundancy, StageDesign, service};
use crate::scenario::{Fields, Scenario, Ties};
use crate::units::text::brief;
use crate::units::{Amperes, CubicMetersPerJoule, Seconds, Share, VoltAmperes, Volts, Watts};
use std::sync::Arc;

/// What is known of a stage besides its losses.
#[derive(Debug, Clone)]
pub struct StageFacts {
    /// What it is.
    pub kind: StageKind,
    /// Largest module.
    pub module: Watts,
    /// Block that modules stand in parallel for.
    pub block: Watts,
    /// Modules that blocks are made of.
    pub modules: Modules,
    /// Short-circuit impedance of a transformer.
    pub impedance: Option<Share>,
    /// How long it carries its load after its input has failed.
    pub hold_up: Option<Seconds>,
    /// A module as a chain of parts; none where the design does not say how often they fail.
    pub parts: Option<Block>,
    /// Of these, what a static bypass goes around.
    pub bypassed: Option<Bypassed>,
}

/// A part of a module with a static bypass around it.
#[derive(Debug, Clone, Copy)]
pub struct Bypassed {
    /// The part.
    pub part: Block,
    /// Chance that its bypass does not take over.
    pub failure: Share,
    /// The other parts of the module.
    pub rest: Block,
}

impl StageFacts {
    /// A module whose bypass hangs on a feed; none where the design does not say how often its parts fail.
    #[must_use]
    pub fn module_on(&self, feed: Block) -> Option<Block> {
        match self.bypassed {
            Some(Bypassed { part, failure, rest }) => Some(rest.then(bypassed(part, failure.0, feed))),
            None => self.parts,
        }
    }
}

/// Engines of a design.
#[derive(Debug, Clone, Copy)]
pub struct BackupFacts {
    /// What they carry.
    pub covers: Covered,
    /// Rating of a set.
    pub set: Watts,
    /// How they are made redundant.
    pub redundancy: Redundancy,
    /// Chance that a set does not start.
    pub start_failure: Share,
    /// Time to the load on the sets.
    pub start_time: Seconds,
    /// Part of its rating that a set takes at once, and the time to the next such step.
    pub step: Option<(Share, Seconds)>,
    /// Time that the fuel lasts.
    pub autonomy: Seconds,
    /// Fuel per energy.
    pub fuel: CubicMetersPerJoule,
    /// A set that is down for repair now and then.
    pub set_block: Block,
}

impl BackupFacts {
    /// The engines of a load: the smallest sets sold that carry it with as few of them as the largest.
    #[must_use]
    pub fn sized_for(self, load: Watts, ratings: &Ratings) -> Self {
        let carrying = self.redundancy.whole_groups((load / self.set - 1e-9).ceil().max(1.0));
        let set = sold_size(&ratings.engines, self.set.0, load.0 / carrying);
        Self { set: Watts(set), ..self }
    }
}

/// What is known of an electrical design besides the losses of its stages.
#[derive(Debug, Clone)]
pub struct ElectricalFacts {
    /// In the order of the stages.
    pub stages: Vec<StageFacts>,
    /// Of the transformers of plant and house alone, where there are any.
    pub plant_feed: Option<StageFacts>,
    /// Of the UPS of what must not stop, and what that is.
    pub essential: Option<(StageFacts, Kept)>,
    /// Usable power of a row's busway.
    pub busway: Watts,
    /// Voltage of the busway between lines or poles.
    pub busway_voltage: Volts,
    /// Voltage of the switchboards before it.
    pub switchboard_voltage: Volts,
    /// What the busway carries.
    pub busway_carries: Current,
    /// What comes to the racks.
    pub racks_get: Current,
    /// Rated current of the busway.
    pub busway_current: Amperes,
    /// Part of the rating that may be used all day.
    pub continuous: Share,
    /// How long racks outlast their feed.
    pub rack_hold_up: Seconds,
    /// Static switch to a catcher.
    pub transfer_switch: Block,
    /// Bus of direct current from rectifiers that stand with the racks.
    pub row_bus: Option<Block>,
    /// Engines.
    pub backup: Option<BackupFacts>,
    /// Ratings that all of it is sold in.
    pub ratings: Arc<Ratings>,
}

/// Voltage of direct current at the racks.
const DIRECT: Volts = Volts(800.0);

impl ElectricalFacts {
    /// Current of a load on the busway.
    #[must_use]
    pub fn on_busway(&self, power: VoltAmperes) -> Amperes {
        match self.busway_carries {
            Current::ThreePhase => line_current(power, self.busway_voltage),
            Current::Direct => direct_current(Watts(power.0), self.busway_voltage),
        }
    }

    /// Current of a load at a rack, and its voltage.
    #[must_use]
    pub fn at_rack(&self, power: VoltAmperes) -> (Amperes, Volts) {
        match self.racks_get {
            current if current == self.busway_carries => (self.on_busway(power), self.busway_voltage),
            Current::Direct => (direct_current(Watts(power.0), DIRECT), DIRECT),
            Current::ThreePhase => (line_current(power, self.busway_voltage), self.busway_voltage),
        }
    }
}

/// Whether a stage is part of the systems that a topology doubles.
#[must_use]
pub fn is_system(kind: StageKind) -> bool {
    matches!(
        kind,
        StageKind::UnitTransformer
            | StageKind::SolidStateTransformer
            | StageKind::Ups
            | StageKind::PduTransformer
            | StageKind::Rectifier
    )
}

/// The redundancy of a word of the catalogue.
#[must_use]
pub fn redundancy(named: profile::Redundancy) -> Redundancy {
    match named {
        profile::Redundancy::N => Redundancy::N,
        profile::Redundancy::NPlus1 => Redundancy::NPlus1 { needed: 10 },
        profile::Redundancy::TwoN => Redundancy::TwoN,
        profile::Redundancy::ThreeToMakeTwo => Redundancy::MakeK { needed: 2 },
        profile::Redundancy::FourToMakeThree => Redundancy::MakeK { needed: 3 },
        profile::Redundancy::FiveToMakeFour => Redundancy::MakeK { needed: 4 },
        profile::Redundancy::BlockRedundant => Redundancy::BlockRedundant { blocks: 6 },
    }
}

/// Least power factor that the site has at its point of delivery, before its loads are known.
#[must_use]
pub fn least_power_factor(fields: &Fields) -> Share {
    let loads = [fields.electrical.rack_power_factor, fields.electrical.plant_power_factor];
    service::least_power_factor(fields.grid.power_factor, loads)
}

/// Stages of an electrical design.
pub(in crate::plan) struct Chain {
    /// From the meter to the racks.
    pub stages: Vec<StageDesign>,
    /// Beside them to plant and house, where these have transformers of their own.
    pub plant_feed: Option<StageDesign>,
    /// The UPS of what must not stop.
    pub essential: Option<StageDesign>,
}

/// The feeders, whose loss the one-line tells later.
fn feeders() -> (StageDesign, StageFacts) {
    let nothing = Share(0.0);
    let design = StageDesign {
        name: "feeders".into(),
        loss: PartLoadLoss { no_load: nothing, proportional: nothing, square: nothing },
        redundancy: Redundancy::N,
        indoors: false,
        racks_only: false,
        module: Watts(f64::INFINITY),
        apparent: false,
        sizes: Arc::from([]),
        sold: None,
        site: Watts(f64::INFINITY),
        whole: 1.0,
    };
    let facts = StageFacts {
        kind: StageKind::Feeders,
        module: Watts(f64::INFINITY),
        block: Watts(f64::INFINITY),
        modules: Modules { sizes: Arc::from([]), most: 1 },
        impedance: None,
        hold_up: None,
        // Their failures are a part of what they feed.
        parts: Some(Block::PERFECT),
        bypassed: None,
    };
    (design, facts)
}

/// The stages of a design, and what else is known of it.
pub(in crate::plan) fn design(
    scenario: &Scenario,
    electrical: &Found<profile::ElectricalDesign>,
    sold: &Found<profile::Ratings>,
    taken: &mut Vec<Assumption>,
) -> Result<(Chain, ElectricalFacts), InputError> {
    let design = &electrical.profile;
    let ratings = Arc::new(ratings(sold, taken));
    let mut taker = Taker {
        taken,
        document: &electrical.document,
        sources: &design.sources,
        prefix: format!("electrical.{}", design.id),
    };
    let wish = &scenario.fields.electrical;
    let has_ups = design.stages.iter().any(|stage| stage.kind == StageKind::Ups);
    for (field, said) in [("ups_module", wish.ups_module), ("ups_block", wish.ups_block)] {
        if said.is_some() && !has_ups {
            let message = format!("the design `{}` has no UPS", design.id);
            return Err(scenario.error(&format!("electrical.{field}"), message));
        }
    }
    let mut stages = Vec::new();
    let mut facts = Vec::new();
    let mut racks_only = false;
    for stage in &design.stages {
        let (mut designed, known) = stage_of(scenario, &mut taker, stage, &ratings)?;
        // Behind what carries the racks alone nothing else hangs.
        racks_only |= designed.racks_only;
        designed.racks_only = racks_only;
        if stages.is_empty() && known.kind != StageKind::MainTransformer {
            let (cables, of_cables) = feeders();
            stages.push(cables);
            facts.push(of_cables);
        }
        let main = known.kind == StageKind::MainTransformer;
        stages.push(designed);
        facts.push(known);
        if main {
            let (cables, of_cables) = feeders();
            stages.push(cables);
            facts.push(of_cables);
        }
    }
    let plant = design.plant_transformer.as_ref();
    let plant = plant.map(|stage| stage_of(scenario, &mut taker, stage, &ratings)).transpose()?;
    let (plant_feed, plant_facts) = plant.unzip();
    let essential = design.essential.as_ref();
    let kept =
        essential.map(|essential| stage_of(scenario, &mut taker, &essential.ups, &ratings)).transpose()?;
    let (essential_ups, essential_facts) = kept.unzip();
    let continuous = taker.take("busway_continuous_share", &design.busway_continuous_share);
    let (volts, amperes) = (design.busway_volts.value, design.busway_amperes.value);
    // √3·V·I is apparent power; what racks draw of it is less by their power factor.
    let phases = match design.busway_current() {
        Current::Direct => 1.0,
        Current::ThreePhase => 3.0_f64.sqrt() * scenario.fields.electrical.rack_power_factor.value(),
    };
    let rack_hold_up = design.rack_hold_up.as_ref();
    let rack_hold_up = rack_hold_up.map_or(Seconds(0.0), |datum| taker.take("rack_hold_up", datum));
    let backup = design.backup.as_ref().map(|backup| backup_facts(&mut taker, backup));
    let switch = design.transfer_switch.as_ref();
    let transfer_switch =
        switch.map_or(Block::PERFECT, |part| part_block(&mut taker, "transfer_switch", part));
    let parts = design.row_bus.iter();
    let parts: Vec<Block> =
        parts.map(|part| part_block(&mut taker, &format!("row_bus.{}", part.name), part)).collect();
    let row_bus = (!parts.is_empty()).then(|| Block::series(parts));
    let facts = ElectricalFacts {
        stages: facts,
        plant_feed: plant_facts,
        essential: essential_facts.zip(essential.map(|essential| essential.keeps)),
        busway: Watts(phases * volts * amperes * continuous.value()),
        busway_voltage: Volts(volts),
        switchboard_voltage: design
            .switchboard_volts
            .as_ref()
            .map_or(Volts(volts), |datum| Volts(datum.value)),
        busway_carries: design.busway_current(),
        racks_get: design.rack_current(),
        busway_current: Amperes(amperes),
        continuous,
        rack_hold_up,
        transfer_switch,
        row_bus,
        backup,
        ratings,
    };
    Ok((Chain { stages, plant_feed, essential: essential_ups }, facts))
}

/// The ratings of the catalogue.
fn ratings(sold: &Found<profile::Ratings>, taken: &mut Vec<Assumption>) -> Ratings {
    let of = &sold.profile;
    let mut taker =
        Taker { taken, document: &sold.document, sources: &of.sources, prefix: format!("ratings.{}", of.id) };
    Ratings {
        main_transformers: taker.list("main_transformers", &of.main_transformers),
        transformers: taker.list("transformers", &of.transformers),
        pdus: taker.list("pdus", &of.pdus),
        ups: taker.list("ups", &of.ups),
        converters: taker.list("converters", &of.converters),
        engines: taker.list("engines", &of.engines),
        capacitor_banks: taker.list("capacitor_banks", &of.capacitor_banks),
        capacitor_steps: taker.count("capacitor_steps", &of.capacitor_steps),
        low_voltage_frames: taker.list("low_voltage_frames", &of.low_voltage_frames),
        high_voltage_frames: taker.list("high_voltage_frames", &of.high_voltage_frames),
        least_frames: taker.list("high_voltage_least_frames", &of.high_voltage_least_frames),
        least_frames_up_to: taker
            .list("high_voltage_least_frames_up_to", &of.high_voltage_least_frames_up_to),
        low_voltage_interrupting: taker.list("low_voltage_interrupting", &of.low_voltage_interrupting),
        high_voltage_interrupting: taker.list("high_voltage_interrupting", &of.high_voltage_interrupting),
        fuel_tanks: taker.list("fuel_tanks", &of.fuel_tanks),
        battery_cabinet: taker.take("battery_cabinet", &of.battery_cabinet),
    }
}

/// A stage as the chain takes it, and what else is known of it.
fn stage_of(
    scenario: &Scenario,
    taker: &mut Taker<'_>,
    stage: &profile::Stage,
    ratings: &Ratings,
) -> Result<(StageDesign, StageFacts), InputError> {
    let known = stage_facts(scenario, taker, stage, ratings)?;
    let topology =
        scenario.fields.electrical.redundancy.filter(|_| is_system(stage.kind)).unwrap_or(stage.redundancy);
    // A spare behind open ties stands by: parallel transformers would share the load, and feed faults together.
    let grid = &scenario.fields.grid;
    let redundancy = match (stage.kind, grid.ties, redundancy(topology)) {
        (StageKind::MainTransformer, Ties::Open, Redundancy::NPlus1 { needed }) => {
            Redundancy::BlockRedundant { blocks: needed }
        }
        (_, _, asked) => asked,
    };
    // Blocks of a UPS are like modules in parallel, each of a size that is sold.
    let (sizes, module) = match stage.kind {
        StageKind::Ups if known.module < known.block || known.modules.sizes.len() == 1 => {
            let blocks = known.modules.blocks(known.block);
            let largest = blocks.last().map_or(known.block, |largest| Watts(*largest));
            (blocks.into(), largest)
        }
        kind => (super::sold::sizes(kind, ratings), known.block),
    };
    let designed = StageDesign {
        name: stage.name.clone(),
        loss: PartLoadLoss {
            no_load: taker.take(&format!("{}.no_load", stage.name), &stage.no_load),
            proportional: taker.take(&format!("{}.proportional", stage.name), &stage.proportional),
            square: taker.take(&format!("{}.square", stage.name), &stage.square),
        },
        redundancy,
        indoors: stage.indoors,
        racks_only: stage.racks_only || stage.indoors,
        module,
        apparent: super::sold::is_transformer(known.kind),
        sizes,
        sold: None,
        site: match known.kind {
            // Beyond it a second substation is built.
            StageKind::MainTransformer => {
                Watts(LARGEST_SUBSTATION.0 * least_power_factor(&scenario.fields).0)
            }
            _ => Watts(f64::INFINITY),
        },
        whole: 1.0,
    };
    Ok((designed, known))
}

/// Modules that a block of a UPS has at most: far beyond what is sold.
const MOST_MODULES: f64 = 64.0;

/// A stage's module, block, impedance, store and parts.
fn stage_facts(
    scenario: &Scenario,
    taker: &mut Taker<'_>,
    stage: &profile::Stage,
    ratings: &Ratings,
) -> Result<StageFacts, InputError> {
    let wish = &scenario.fields.electrical;
    let own = |said: Option<Watts>| said.filter(|_| stage.kind == StageKind::Ups);
    let field = |name: &str| format!("{}.{name}", stage.name);
    let module = own(wish.ups_module).unwrap_or_else(|| taker.take(&field("module"), &stage.module));
    let block = own(wish.ups_block)
        .or_else(|| stage.block.as_ref().map(|datum| taker.take(&field("block"), datum)))
        .unwrap_or(module);
    if module > block {
        let message = format!(
            "a module of {} is larger than the block of {} that it stands in",
            brief(module),
            brief(block)
        );
        let at = if wish.ups_module.is_some() { "electrical.ups_module" } else { "electrical.ups_block" };
        return Err(scenario
            .error(at, message)
            .with_help("make the module smaller or the block larger; both are set in `[electrical]`"));
    }
    if block.0 > module.0 * MOST_MODULES {
        let message = format!(
            "a block of {} takes more than {MOST_MODULES} modules of {}",
            brief(block),
            brief(module)
        );
        let at = match (wish.ups_module, wish.ups_block) {
            (Some(_), _) => "electrical.ups_module",
            (_, Some(_)) => "electrical.ups_block",
            _ => "electrical.design",
        };
        return Err(scenario.error(at, message).with_help("make the module larger or the block smaller"));
    }
    let (mut parts, mut behind_bypass) = (Vec::new(), None);
    for part in &stage.parts {
        let path = field(&format!("parts.{}", part.name));
        let one = part_block(taker, &path, part);
        let all = Block::series((0..part.count).map(|_| one));
        if let Some(chance) = &part.bypass {
            behind_bypass = Some((parts.len(), taker.take(&format!("{path}.bypass"), chance)));
        }
        parts.push(all);
    }
    let bypassed = behind_bypass.map(|(at, failure)| {
        let rest = parts.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, block)| *block);
        Bypassed { part: parts[at], failure, rest: Block::series(rest) }
    });
    Ok(StageFacts {
        kind: stage.kind,
        modules: Modules::of(
            &super::sold::sizes(stage.kind, ratings),
            module,
            block,
            own(wish.ups_module).is_some(),
        ),
        module,
        block,
        impedance: stage.impedance.as_ref().map(|datum| taker.take(&field("impedance"), datum)),
        hold_up: stage.hold_up.as_ref().map(|datum| taker.take(&field("hold_up"), datum)),
        parts: (!parts.is_empty()).then(|| Block::series(parts)),
        bypassed,
    })
}

fn part_block(taker: &mut Taker<'_>, field: &str, part: &profile::Part) -> Block {
    let rate = taker.take(&format!("{field}.failure_rate"), &part.failure_rate);
    Block::of(rate, taker.take(&format!("{field}.repair_time"), &part.repair_time))
}

fn backup_facts(taker: &mut Taker<'_>, backup: &profile::Backup) -> BackupFacts {
    let failures = taker.take("backup.failure_rate", &backup.failure_rate);
    BackupFacts {
        covers: backup.covers,
        set: taker.take("backup.set", &backup.set),
        redundancy: redundancy(backup.redundancy),
        start_failure: taker.take("backup.start_failure", &backup.start_failure),
        start_time: taker.take("backup.start_time", &backup.start_time),
        step: backup
            .step
            .as_ref()
            .zip(backup.step_time.as_ref())
            .map(|(step, time)| (taker.take("backup.step", step), taker.take("backup.step_time", time))),
        autonomy: taker.take("backup.autonomy", &backup.autonomy),
        fuel: taker.take("backup.fuel", &backup.fuel),
        set_block: Block::of(failures, taker.take("backup.repair_time", &backup.repair_time)),
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::catalog::profile::ElectricalDesign;
    use crate::power::PartLoadLoss;

    #[test]
    fn every_stage_of_every_design_has_the_efficiencies_that_its_curve_was_fitted_to() {
        // At quarter, half and full load, in percent: reference figures of makers and of the trade.
        let known: [(&str, &str, [f64; 3]); 12] = [
            ("hv-transformer", "", [99.7, 99.75, 99.65]),
            ("unit-transformer", "ac-480-legacy", [99.1, 99.3, 99.1]),
            ("unit-transformer", "", [99.5, 99.5, 99.35]),
            ("ups", "ac-480-legacy", [93.3, 95.0, 95.1]),
            ("ups", "ac-415-eco", [98.4, 98.9, 99.0]),
            ("ups", "", [96.8, 97.6, 97.6]),
            ("pdu-transformer", "", [98.5, 98.8, 98.5]),
            ("lv-bus", "", [99.8, 99.6, 99.2]),
            ("dc-bus", "", [99.8, 99.6, 99.2]),
            ("solid-state-transformer", "", [97.2, 98.0, 98.0]),
            ("sidecar-rectifier", "", [97.5, 98.0, 97.8]),
            // 0.12 % of what goes past them.
            ("rack-batteries", "", [99.88, 99.88, 99.88]),
        ];
        let catalog = Catalog::default();
        let mut seen = 0;
        for id in catalog.ids("electrical") {
            for stage in catalog.get::<ElectricalDesign>(&id).unwrap().profile.stages {
                let row = known
                    .iter()
                    .find(|(name, design, _)| *name == stage.name && (design.is_empty() || *design == id));
                let (_, _, expected) =
                    row.unwrap_or_else(|| panic!("{id}: nothing is known of {}", stage.name));
                let curve = PartLoadLoss {
                    no_load: stage.no_load.value,
                    proportional: stage.proportional.value,
                    square: stage.square.value,
                };
                for (load, percent) in [0.25, 0.5, 1.0].into_iter().zip(expected) {
                    let found = 100.0 * curve.efficiency(load);
                    assert!(
                        (found - percent).abs() < 0.1,
                        "{id} {} at {load}: {found} {percent}",
                        stage.name
                    );
                }
                seen += 1;
            }
        }
        assert!(seen >= 26, "{seen}");
    }
}
