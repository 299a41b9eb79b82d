//! What a profile has to satisfy beyond its grammar: named consistency checks.
//!
//! A figure names a source that the file has, lies inside its own range, and says why if nobody published it.
//! Sizes are positive where a thing has a size; usable memory does not exceed nominal memory; a peak is not
//! below the heat it peaks from.

use super::document::{Document, InputError, join};
use super::profile::{
    Accelerator, Climate, CoolingDesign, Costs, ElectricalDesign, HostedPrice, Link, MarketPrices, Model,
    Ratings, ScaleUp, ScaleUpTopology, Switch, System,
};
use super::profile::{Adapter, Peaks};
use crate::units::text::{self, Quantity, brief};
use crate::units::{Celsius, Watts};
use serde::de::DeserializeOwned;
use std::path::Path;

/// A kind of profile: where its files lie and what they have to satisfy.
pub trait Profile: DeserializeOwned {
    /// Folder below the catalogue.
    const FOLDER: &'static str;
    /// What one of them is called.
    const WORD: &'static str;
    /// Its id.
    fn id(&self) -> &str;
    /// What is wrong with it, by path.
    fn faults(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Everything wrong with a profile, by path.
#[must_use]
pub fn faults<T: Profile>(profile: &T, table: &toml::Table) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let sources = table.get("sources").and_then(toml::Value::as_table);
    figure_faults(table, "", sources, &mut faults);
    faults.extend(profile.faults());
    faults
}

/// Walks all figures of a file.
fn figure_faults(
    table: &toml::Table,
    path: &str,
    sources: Option<&toml::Table>,
    faults: &mut Vec<(String, String)>,
) {
    for (key, value) in table {
        let here = join(path, key);
        match value {
            toml::Value::Table(inner) if inner.contains_key("value") && inner.contains_key("confidence") => {
                one_figure(inner, &here, sources, faults);
            }
            toml::Value::Table(inner) => figure_faults(inner, &here, sources, faults),
            toml::Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    if let toml::Value::Table(inner) = item {
                        figure_faults(inner, &join(&here, &place.to_string()), sources, faults);
                    }
                }
            }
            _ => {}
        }
    }
}

fn one_figure(
    figure: &toml::Table,
    path: &str,
    sources: Option<&toml::Table>,
    faults: &mut Vec<(String, String)>,
) {
    let source = figure.get("source").and_then(toml::Value::as_str).unwrap_or_default();
    if !sources.is_some_and(|sources| sources.contains_key(source)) {
        faults.push((join(path, "source"), format!("there is no `[sources.{source}]` in this file")));
    }
    let confidence = figure.get("confidence").and_then(toml::Value::as_str).unwrap_or_default();
    if matches!(confidence, "assumption" | "derived") && !figure.contains_key("note") {
        faults
            .push((path.to_owned(), format!("a figure marked `{confidence}` needs a `note` that says why")));
    }
    let number = |key: &str| figure.get(key).and_then(magnitude);
    let slack = 1e-9;
    if let (Some(value), Some(low)) = (number("value"), number("low"))
        && low > value + slack * value.abs()
    {
        faults.push((join(path, "low"), "`low` lies above `value`".into()));
    }
    if let (Some(value), Some(high)) = (number("value"), number("high"))
        && high < value - slack * value.abs()
    {
        faults.push((join(path, "high"), "`high` lies below `value`".into()));
    }
}

/// A value of a figure in SI base units.
fn magnitude(value: &toml::Value) -> Option<f64> {
    match value {
        toml::Value::Integer(number) => Some(*number as f64),
        toml::Value::Float(number) => Some(*number),
        toml::Value::String(written) => text::magnitude(written),
        _ => None,
    }
}

/// Collects faults: `positive("rack.heat", …)`.
struct Faults(Vec<(String, String)>);

impl Faults {
    fn positive(&mut self, path: &str, value: f64) {
        if value.is_nan() || value <= 0.0 {
            self.0.push((path.into(), "has to be more than nothing".into()));
        }
    }
    /// Ratings that are sold: one at least, each more than nothing and than the one before it.
    fn ascending<Q: Quantity>(&mut self, field: &str, sizes: &[Q]) {
        let path = format!("{field}.value");
        if sizes.is_empty() {
            self.0.push((path, "an empty list: something has to be sold".into()));
            return;
        }
        for (place, size) in sizes.iter().enumerate() {
            self.positive(&format!("{path}.{place}"), size.si());
        }
        for (place, pair) in sizes.windows(2).enumerate().filter(|(_, pair)| pair[1].si() <= pair[0].si()) {
            let message = format!(
                "{} after {}: ratings stand in order, smallest first",
                brief(pair[1]),
                brief(pair[0])
            );
            self.0.push((format!("{path}.{}", place + 1), message));
        }
    }
    /// Water that coils are fed with, without glycol.
    fn no_ice(&mut self, path: &str, water: Celsius) {
        if water < COLDEST_WATER {
            let message = format!(
                "plain water of {}: chillers make {} at least, below it evaporators freeze",
                text::show(water),
                text::show(COLDEST_WATER)
            );
            self.0.push((path.into(), message));
        }
    }
    fn at_most(&mut self, path: &str, value: f64, limit: f64, why: &str) {
        if value > limit * (1.0 + 1e-9) {
            self.0.push((path.into(), why.into()));
        }
    }
}

impl Profile for Accelerator {
    const FOLDER: &'static str = "accelerators";
    const WORD: &'static str = "accelerator";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        let Peaks { bf16, int8, fp8, fp6, fp4, fp4_sparse } = &self.peak;
        faults.positive("peak.bf16", bf16.value.0);
        for (path, peak) in
            [("int8", int8), ("fp8", fp8), ("fp6", fp6), ("fp4", fp4), ("fp4_sparse", fp4_sparse)]
        {
            if let Some(peak) = peak {
                faults.positive(&format!("peak.{path}"), peak.value.0);
            }
        }
        faults.positive("memory.bandwidth", self.memory.bandwidth.value.0);
        faults.positive("memory.usable", self.memory.usable.value.0);
        faults.at_most(
            "memory.usable",
            self.memory.usable.value.0,
            self.memory.nominal.value.0,
            "usable memory exceeds nominal memory",
        );
        faults.positive("power", self.power.value.0);
        faults.positive("dies", f64::from(self.dies));
        faults.0
    }
}

impl ScaleUp {
    /// Shape, slower dimension and optical switches of a torus.
    fn check(&self, faults: &mut Faults) {
        if let Some(shape) = self.shape {
            let inside: u64 = shape.into_iter().map(u64::from).product();
            if inside != u64::from(self.domain) {
                let message = format!("a torus of {inside} does not hold the domain of {}", self.domain);
                faults.0.push(("scale_up.shape".into(), message));
            }
        }
        let cubes = self.shape.map_or(self.domain.is_multiple_of(64), |shape| {
            shape.into_iter().all(|side| side.is_multiple_of(4))
        });
        if self.optical_cubes && !(self.topology == ScaleUpTopology::Torus && cubes) {
            let message = "only a torus made of cubes of 4 × 4 × 4 is joined by optical switches";
            faults.0.push(("scale_up.optical_cubes".into(), message.into()));
        }
        if let Some(last) = &self.last_dimension_bandwidth_per_direction {
            let path = "scale_up.last_dimension_bandwidth_per_direction";
            faults.positive(path, last.value.0);
            if self.shape.is_none_or(|[first, second, last]| first * second < 2 || last < 2) {
                faults.0.push((path.into(), "only a torus of a known `shape` has a last dimension".into()));
            }
        }
        if self.optical_switch_ports.as_ref().is_some_and(|ports| ports.value < 2) {
            faults.0.push(("scale_up.optical_switch_ports".into(), "a switch joins 2 ports at least".into()));
        }
    }
}

impl Profile for System {
    const FOLDER: &'static str = "systems";
    const WORD: &'static str = "system";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        let rack = &self.rack;
        faults.positive("rack.accelerators", f64::from(rack.accelerators));
        faults.positive("rack.positions", f64::from(rack.positions));
        faults.positive("rack.heat", rack.heat.value.0);
        faults.positive("rack.width", rack.width.value.0);
        faults.positive("rack.depth", rack.depth.value.0);
        faults.positive("rack.mass", rack.mass.value.0);
        faults.positive("scale_up.domain", f64::from(self.scale_up.domain));
        faults.positive("scale_out.ports", f64::from(self.scale_out.ports));
        faults.positive("scale_out.planes", f64::from(self.scale_out.planes));
        faults.positive("scale_out.rails", f64::from(self.scale_out.rails));
        faults.positive("scale_out.port_bandwidth", self.scale_out.port_bandwidth.value.0);
        faults.positive("unit.racks", f64::from(self.unit.racks.value));
        let reliability = &self.reliability;
        faults.positive("reliability.repair", reliability.repair.value.0);
        faults.positive("reliability.tray", f64::from(reliability.tray.value));
        faults.at_most(
            "reliability.tray",
            f64::from(reliability.tray.value),
            f64::from(reliability.swap_unit.value),
            "a tray holds more accelerators than what is swapped as a whole",
        );
        if (reliability.causes.total() - 1.0).abs() > 0.01 {
            let total = 100.0 * reliability.causes.total();
            faults
                .0
                .push(("reliability.causes".into(), format!("the causes add up to {total:.1} %, not 100")));
        }
        faults.at_most(
            "rack.heat",
            rack.heat.value.0,
            rack.edp_peak.value.0,
            "the heat of a rack exceeds its electrical design point peak",
        );
        if !self.scale_out.ports.is_multiple_of(self.scale_out.planes.max(1)) {
            faults
                .0
                .push(("scale_out.planes".into(), "the ports don't divide evenly over the planes".into()));
        }
        let (tray, rails) = (reliability.tray.value, self.scale_out.rails.max(1));
        if !tray.is_multiple_of(rails) {
            let message = format!("{rails} rails don't take the {tray} accelerators of a tray evenly");
            faults.0.push(("scale_out.rails".into(), message));
        }
        self.scale_up.check(&mut faults);
        if let Some(shelves) = &rack.shelves {
            faults.positive("rack.shelves.rating", shelves.rating.value.0);
            let together = shelves.rating.value.0 * f64::from(shelves.count);
            let why = "the shelves together are less than the feed that they are";
            faults.at_most("rack.feed", rack.feed.value.0, together, why);
        }
        if rack.currents.is_empty() {
            let message = "the shelves take at least one of `three-phase` and `direct`";
            faults.0.push(("rack.currents".into(), message.into()));
        }
        for pair in rack.coolant_curve.windows(2) {
            if pair[1].supply <= pair[0].supply {
                faults
                    .0
                    .push(("rack.coolant_curve".into(), "points have to be in rising temperature".into()));
            }
        }
        for point in &rack.coolant_curve {
            if !self.sources.contains_key(&point.source) {
                let message = format!("there is no `[sources.{}]` in this file", point.source);
                faults.0.push(("rack.coolant_curve".into(), message));
            }
        }
        if let Some(name) = &self.default_profile
            && !self.profiles.contains_key(name)
        {
            faults.0.push(("default_profile".into(), format!("there is no power profile `{name}`")));
        }
        for (name, profile) in &self.profiles {
            faults.positive(&format!("profiles.{name}.heat"), profile.heat.value.0);
            faults.positive(&format!("profiles.{name}.compute_share"), profile.compute_share.value.0);
        }
        faults.0
    }
}

impl Profile for Switch {
    const FOLDER: &'static str = "networks/switches";
    const WORD: &'static str = "switch";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        faults.positive("power_populated", self.power_populated.value.0);
        faults.positive("port_bandwidth", self.port_bandwidth.value.0);
        if self.ports.value < 2 || !self.ports.value.is_multiple_of(2) {
            faults.0.push(("ports".into(), "a fat tree needs an even number of ports, two at least".into()));
        }
        faults.0
    }
}

impl Profile for Link {
    const FOLDER: &'static str = "networks/links";
    const WORD: &'static str = "link";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        faults.positive("bandwidth", self.bandwidth.value.0);
        faults.positive("reach", self.reach.value.0);
        faults.0
    }
}

impl Profile for Adapter {
    const FOLDER: &'static str = "networks/adapters";
    const WORD: &'static str = "adapter";
    fn id(&self) -> &str {
        &self.id
    }
}

/// Coldest plain water that chillers make: their evaporators freeze somewhat below it (usual limit, recalled).
const COLDEST_WATER: Celsius = Celsius(4.0);
/// Largest coolant distribution unit that is taken: twice the largest sold, 5 MW (makers' lists).
const LARGEST_CDU: Watts = Watts(10e6);

impl Profile for CoolingDesign {
    const FOLDER: &'static str = "cooling";
    const WORD: &'static str = "cooling design";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        faults.positive("rejection_approach", self.rejection_approach.value.0);
        faults.positive("cdu_approach", self.cdu_approach.value.0);
        faults.positive("condenser_lift", self.condenser_lift.value.0);
        faults.positive("chiller_carnot_share", self.chiller_carnot_share.value.0);
        faults.positive("cdu_capacity", self.cdu_capacity.value.0);
        let why = "no coolant distribution unit is that large: up to 5 MW are sold, up to 10 MW taken";
        faults.at_most("cdu_capacity", self.cdu_capacity.value.0, LARGEST_CDU.0, why);
        faults.no_ice("chilled_water", self.chilled_water.value);
        if let Some(warmest) = &self.evaporator_max {
            faults.no_ice("evaporator_max", warmest.value);
        }
        if let (Some(driest), Some(dampest)) = (&self.dew_point_min, &self.dew_point_max)
            && driest.value >= dampest.value
        {
            let message = "the lowest dew point of the racks is no lower than the highest, `dew_point_max`";
            faults.0.push(("dew_point_min".into(), message.into()));
        }
        if let Some(door) = &self.rear_door {
            faults.no_ice("rear_door.water", door.water.value);
        }
        if self.installed_ratio.value.0 < 1.0 {
            let message = "what is installed over the heat that leaves: below 1 it would not carry it in the design hour";
            faults.0.push(("installed_ratio".into(), message.into()));
        }
        if let Some(door) = &self.rear_door
            && door.share.value.0 >= 1.0
        {
            faults.0.push((
                "rear_door.share".into(),
                "doors can't take all of the air-side heat: below 1".into(),
            ));
        }
        if self.cycles_of_concentration.value.0 <= 1.0 {
            faults.0.push(("cycles_of_concentration".into(), "has to be more than one".into()));
        }
        faults.0
    }
}

/// The most like parts that one module is made of.
const MOST_PARTS: f64 = 1_000.0;

impl Profile for ElectricalDesign {
    const FOLDER: &'static str = "electrical";
    const WORD: &'static str = "electrical design";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        if self.stages.is_empty() {
            faults.0.push(("stages".into(), "a chain needs at least one stage".into()));
        }
        if let Some(hold_up) = &self.rack_hold_up {
            let why = "a store that lasts longer is a battery: give it a stage of the kind `rack-battery`";
            faults.at_most("rack_hold_up", hold_up.value.0, 1.0, why);
        }
        if let Some(essential) = &self.essential {
            faults.positive("essential.ups.module", essential.ups.module.value.0);
        }
        for (place, stage) in self.stages.iter().enumerate() {
            faults.positive(&format!("stages.{place}.module"), stage.module.value.0);
            if let Some(block) = &stage.block {
                let why = "a module is larger than the block that it stands in";
                faults.at_most(&format!("stages.{place}.module"), stage.module.value.0, block.value.0, why);
            }
            if let Some(impedance) = &stage.impedance {
                faults.positive(&format!("stages.{place}.impedance"), impedance.value.0);
                let lost = stage.square.value.0;
                let why = "the square-law loss is the resistance, and exceeds the whole impedance";
                faults.at_most(&format!("stages.{place}.square"), lost, impedance.value.0, why);
            }
            for (at, part) in stage.parts.iter().enumerate() {
                let count = f64::from(part.count);
                let path = format!("stages.{place}.parts.{at}.count");
                faults.at_most(&path, count, MOST_PARTS, "more like parts than a module has");
            }
            let bypasses = stage.parts.iter().filter(|part| part.bypass.is_some()).count();
            if bypasses > 1 {
                faults.0.push((format!("stages.{place}.parts"), "a module has one bypass".into()));
            }
            let full = stage.no_load.value.0 + stage.proportional.value.0 + stage.square.value.0;
            if full >= 0.5 {
                faults.0.push((format!("stages.{place}"), "loses half of its load or more".into()));
            }
        }
        for (at, part) in self.row_bus.iter().enumerate() {
            let path = format!("row_bus.{at}.count");
            faults.at_most(&path, f64::from(part.count), MOST_PARTS, "more like parts than a bus has");
        }
        if let Some(backup) = &self.backup {
            faults.positive("backup.set", backup.set.value.0);
            if backup.step.is_some() != backup.step_time.is_some() {
                faults.0.push(("backup".into(), "`step` and `step_time` go together".into()));
            }
            if let Some(step) = &backup.step {
                faults.positive("backup.step", step.value.0);
                faults.at_most("backup.step", step.value.0, 1.0, "more than the whole set");
            }
            if backup.start_failure.value.0 >= 1.0 {
                faults.0.push(("backup.start_failure".into(), "engines that never start are none".into()));
            }
        }
        faults.positive("busway_volts", self.busway_volts.value);
        faults.positive("busway_amperes", self.busway_amperes.value);
        faults.0
    }
}

impl Profile for Ratings {
    const FOLDER: &'static str = "ratings";
    const WORD: &'static str = "list of ratings";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        faults.ascending("main_transformers", &self.main_transformers.value);
        faults.ascending("transformers", &self.transformers.value);
        faults.ascending("pdus", &self.pdus.value);
        faults.ascending("ups", &self.ups.value);
        faults.ascending("converters", &self.converters.value);
        faults.ascending("engines", &self.engines.value);
        faults.ascending("capacitor_banks", &self.capacitor_banks.value);
        faults.positive("capacitor_steps", f64::from(self.capacitor_steps.value));
        faults.ascending("low_voltage_frames", &self.low_voltage_frames.value);
        faults.ascending("high_voltage_frames", &self.high_voltage_frames.value);
        let (least, up_to) =
            (&self.high_voltage_least_frames.value, &self.high_voltage_least_frames_up_to.value);
        faults.ascending("high_voltage_least_frames", least);
        faults.ascending("high_voltage_least_frames_up_to", up_to);
        if least.len() != up_to.len() + 1 {
            let message =
                "one frame for each fault of `high_voltage_least_frames_up_to`, and one beyond them";
            faults.0.push(("high_voltage_least_frames.value".into(), message.into()));
        }
        faults.ascending("low_voltage_interrupting", &self.low_voltage_interrupting.value);
        faults.ascending("high_voltage_interrupting", &self.high_voltage_interrupting.value);
        faults.ascending("fuel_tanks", &self.fuel_tanks.value);
        faults.positive("battery_cabinet", self.battery_cabinet.value.0);
        faults.0
    }
}

impl Profile for Climate {
    const FOLDER: &'static str = "climates";
    const WORD: &'static str = "site";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        for month in 0..12 {
            if self.dew_point_mean_c[month] > self.dry_bulb_mean_c[month] {
                faults.push(("dew_point_mean_c".into(), format!("month {}: above the dry bulb", month + 1)));
            }
            if !(-60.0..=60.0).contains(&self.dry_bulb_mean_c[month]) {
                faults.push(("dry_bulb_mean_c".into(), format!("month {}: outside -60 to 60 °C", month + 1)));
            }
            if self.dry_bulb_deviation_k[month] < 0.0 || self.dew_point_deviation_k[month] < 0.0 {
                faults.push(("dry_bulb_deviation_k".into(), "a deviation can't be negative".into()));
            }
        }
        if !(-1.0..=1.0).contains(&self.correlation) {
            faults.push(("correlation".into(), "lies outside -1 to 1".into()));
        }
        if self.design.wet_bulb_0p4 > self.design.dry_bulb_0p4 {
            faults.push(("design.wet_bulb_0p4".into(), "the wet bulb exceeds the dry bulb".into()));
        }
        if self.design.dry_bulb_20y_max < self.design.dry_bulb_0p4 {
            faults.push((
                "design.dry_bulb_20y_max".into(),
                "the 20-year maximum is below the 0.4 % value".into(),
            ));
        }
        faults
    }
}

impl Profile for MarketPrices {
    const FOLDER: &'static str = "prices";
    const WORD: &'static str = "set of market prices";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Profile for Costs {
    const FOLDER: &'static str = "costs";
    const WORD: &'static str = "set of costs";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        faults.positive("it_life", self.it_life.value.0);
        faults.positive("facility_life", self.facility_life.value.0);
        faults.positive("utilization", self.utilization.value.0);
        faults.0
    }
}

impl Profile for HostedPrice {
    const FOLDER: &'static str = "hosted";
    const WORD: &'static str = "hosted price";
    fn id(&self) -> &str {
        &self.id
    }
}

impl Profile for Model {
    const FOLDER: &'static str = "models";
    const WORD: &'static str = "model";
    fn id(&self) -> &str {
        &self.id
    }
    fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Faults(Vec::new());
        faults.positive("layers", f64::from(self.layers));
        faults.positive("hidden", f64::from(self.hidden));
        faults.positive("vocabulary", f64::from(self.vocabulary));
        faults.positive("attention.heads", f64::from(self.attention.heads));
        faults.positive("attention.kv_heads", f64::from(self.attention.kv_heads));
        let f = &self.feed_forward;
        if f.moe_layers > 0 && (f.experts == 0 || f.active_experts == 0 || f.active_experts > f.experts) {
            let message = "a mixture of experts needs 1 ≤ active_experts ≤ experts";
            faults.0.push(("feed_forward.active_experts".into(), message.into()));
        }
        if !(2..=3).contains(&f.matrices) {
            faults.0.push(("feed_forward.matrices".into(), "two (plain) or three (gated)".into()));
        }
        if let (Some(published), computed) = (self.published.parameters, self.published.computed_parameters)
            && (computed / published - 1.0).abs() > 0.1
        {
            let message =
                format!("computed {computed:.4e} and published {published:.4e} differ by over 10 %");
            faults.0.push(("published.computed_parameters".into(), message));
        }
        faults.0
    }
}

/// Which folder a file on its own belongs to: by its parent's name, else by what it holds.
pub fn folder_of(document: &Document, path: &Path) -> Result<&'static str, InputError> {
    let parent = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    if let Some((folder, _)) = super::FOLDERS
        .iter()
        .find(|(folder, _)| parent.as_deref().is_some_and(|parent| folder.rsplit('/').next() == Some(parent)))
    {
        return Ok(folder);
    }
    let has = |key: &str| document.table.contains_key(key);
    let by_content = [
        ("rack", "systems"),
        ("peak", "accelerators"),
        ("attention", "models"),
        ("dry_bulb_mean_c", "climates"),
        ("electricity", "prices"),
        ("power_populated", "networks/switches"),
        ("reach", "networks/links"),
        ("heat_rejection", "cooling"),
        ("stages", "electrical"),
        ("low_voltage_frames", "ratings"),
        ("soft_cost_share", "costs"),
        ("output", "hosted"),
    ];
    by_content.iter().find(|(key, _)| has(key)).map(|(_, folder)| *folder).ok_or_else(|| {
        document.error("", "this is no kind of profile that the catalogue knows").with_help(
            "a system has `[rack]`, an accelerator `[peak]`, a model `[attention]`; or put it in a folder with the name of its kind",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::units::{Kelvin, Ratio};

    #[test]
    fn water_that_freezes_units_that_nobody_sells_and_too_few_of_them_are_refused() {
        let known = Catalog::default().get::<CoolingDesign>("rear-doors").unwrap().profile.clone();
        assert!(known.faults().is_empty());
        let named = |change: fn(&mut CoolingDesign)| {
            let mut design = known.clone();
            change(&mut design);
            design.faults().into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(named(|design| design.chilled_water.value = Celsius(3.9)), ["chilled_water"]);
        assert!(named(|design| design.chilled_water.value = Celsius(4.0)).is_empty());
        let doors = |design: &mut CoolingDesign| {
            let door = design.rear_door.as_mut().unwrap();
            door.water.value = door.water.value - Kelvin(30.0);
        };
        assert_eq!(named(doors), ["rear_door.water"]);
        assert_eq!(named(|design| design.cdu_capacity.value = Watts(11e6)), ["cdu_capacity"]);
        assert_eq!(named(|design| design.installed_ratio.value = Ratio(0.99)), ["installed_ratio"]);
    }
}
