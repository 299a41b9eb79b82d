//! From the meter to the rack: the chain as a table, and as a cascade.

use super::{POWER, section};
use crate::plan::Plan;
use crate::plan::result::Stage;
use crate::power::MeasuredAt;
use crate::report::document::{
    Block, Cascade, Column, Section, Step, StepKind, Table, Unit, count, count_or_blank,
};
use crate::units::Share;
use crate::units::text::digits;

pub(super) fn chain(plan: &Plan) -> Section {
    let power = &plan.power;
    let stages = &power.stages;
    let branch = |stage: &Stage| stage.output.0 <= 0.0;
    let chained =
        |value: fn(&Stage) -> f64| stages.iter().map(move |stage| (!branch(stage)).then(|| value(stage)));
    let table = Table::of(vec![
        Column::words("stage", stages.iter().map(|stage| stage.name.clone())),
        Column::values("in", POWER, stages.iter().map(|stage| Some(stage.input.0))),
        Column::values("out", POWER, chained(|stage| stage.output.0)),
        Column::values("loss", POWER, chained(|stage| stage.loss.0)),
        Column::values("efficiency", Unit::Share, chained(|stage| stage.efficiency.0)),
        Column::values("load", Unit::Share, chained(|stage| stage.load_fraction.0)),
        Column::values(
            "installed",
            POWER,
            stages.iter().map(|s| (s.installed.0 > 0.0).then_some(s.installed.0)),
        ),
        Column::numbers("modules", stages.iter().map(|stage| count_or_blank(stage.modules))),
    ]);
    let year = vec![
        ("at the meter, design hour".into(), POWER.show(power.facility_peak.0)),
        ("at the meter, mean of the year".into(), POWER.show(power.facility_mean.0)),
        ("IT, mean of the year".into(), POWER.show(power.it_mean.0)),
        ("PUE of the year".into(), digits(power.pue_annual.0)),
        ("WUE".into(), Unit::Plain("L/kWh").show(power.wue_l_per_kwh)),
        ("hours with chillers".into(), count(u64::from(power.chiller_hours))),
        ("energy of the year".into(), Unit::Metric("Wh").show(power.annual_energy.0 / 3_600.0)),
        ("carbon of the year".into(), Unit::Metric("t").show(power.carbon_kg_per_year / 1_000.0)),
        ("stranded".into(), POWER.show(power.stranded.0)),
    ];
    let mut blocks = vec![Block::Cascade(cascade(plan)), Block::Table(table), Block::KeyValues(year)];
    if power.pue_annual > power.peak_ratio {
        blocks.push(Block::Note(format!(
            "The PUE of the year, {}, is above the ratio of the design hour, {}: IT draws {} of its power in the mean, and what \
             does not follow it (pumps and fans at constant speed, losses without load, the house) weighs more on each watt \
             than the heat of the design hour does.",
            digits(power.pue_annual.0),
            digits(power.peak_ratio.0),
            Share(power.it_mean / power.it_provisioned)
        )));
    }
    section("From the meter to the rack", blocks)
}

/// Steps of a cascade in one unit, checked against what remains.
struct Flow {
    scale: crate::report::document::Scale,
    full: f64,
    remains: f64,
    steps: Vec<Step>,
}

impl Flow {
    fn push(&mut self, label: &str, value: f64, kind: StepKind, from: f64, to: f64) {
        let share =
            if self.full > 0.0 { format!("{:.1} %", 100.0 * value / self.full) } else { String::new() };
        self.steps.push(Step { label: label.into(), value: self.scale.digits(value), share, kind, from, to });
    }
    fn level(&mut self, label: &str, value: f64) {
        self.remains = value;
        self.push(label, value, StepKind::Level, 0.0, value);
    }
    fn loss(&mut self, label: &str, value: f64) {
        let from = (self.remains - value).max(0.0);
        self.push(label, value, StepKind::Loss, from, self.remains);
        self.remains = from;
    }
    /// Accounts for the drop to what the next stage takes in: the named loads if they explain it.
    fn drop_to(&mut self, input: f64, overheads: &[(String, f64)]) {
        let gap = self.remains - input;
        if gap <= 1e-6 * self.full {
            return;
        }
        let named: f64 = overheads.iter().map(|(_, watts)| watts).sum();
        if (named - gap).abs() <= 1e-3 * gap {
            for (name, watts) in overheads.iter().filter(|(_, watts)| *watts > 0.0) {
                self.loss(name, *watts);
            }
        } else {
            self.loss("cooling and house loads", gap);
        }
        self.remains = input;
    }
}

/// The power of the design hour from the envelope to the racks, to scale.
#[must_use]
pub fn cascade(plan: &Plan) -> Cascade {
    let power = &plan.power;
    let at_meter = power.measured_at == MeasuredAt::Utility;
    let full = if at_meter { power.envelope.0.max(power.facility_peak.0) } else { power.facility_peak.0 };
    let mut flow = Flow {
        scale: POWER.common_scale([0.001 * full, full].into_iter()),
        full,
        remains: full,
        steps: Vec::new(),
    };
    if at_meter {
        flow.level("envelope at the meter", power.envelope.0);
        if power.stranded.0 > 0.0 {
            flow.loss("stranded", power.stranded.0);
        }
        let unused = flow.remains - power.facility_peak.0;
        if unused > 1e-6 * full {
            flow.loss("kept in reserve", unused);
        }
    }
    flow.level("facility, design hour", power.facility_peak.0);
    let mut overheads: Vec<(String, f64)> =
        power.overheads.iter().map(|(n, watts)| (n.clone(), watts.0)).collect();
    overheads.push(("IT on the essential bus".into(), power.kept_racks.0));
    for stage in &power.stages {
        if stage.output.0 <= 0.0 {
            flow.loss(&stage.name, stage.input.0);
        } else {
            flow.drop_to(stage.input.0, &overheads);
            flow.loss(&stage.name, stage.loss.0);
        }
    }
    flow.drop_to(power.it_provisioned.0, &overheads);
    flow.level("IT at the rack inputs", power.it_provisioned.0);
    parts_of_it(plan, &mut flow);
    Cascade {
        header: format!("power, design hour [{}]; bars to scale", flow.scale.name),
        full,
        steps: flow.steps,
    }
}

/// Splits IT power by what it feeds: compute racks by system, the network, everything else.
fn parts_of_it(plan: &Plan, flow: &mut Flow) {
    let it = plan.power.it_provisioned.0;
    let mut parts: Vec<(String, f64)> = plan
        .fleet
        .systems
        .iter()
        .map(|system| (format!("{} racks", system.name), system.racks as f64 * system.rack_heat.0))
        .collect();
    parts.push(("network".into(), plan.fabric.scale_out.iter().map(|network| network.power.0).sum()));
    let rest = it - parts.iter().map(|(_, watts)| watts).sum::<f64>();
    if rest > 1e-6 * it {
        parts.push(("storage, management, CDUs".into(), rest));
    }
    let mut start = 0.0;
    for (name, watts) in parts.into_iter().filter(|(_, watts)| *watts > 0.0) {
        flow.push(&name, watts, StepKind::Part, start, start + watts);
        start += watts;
    }
}
