//! Transformer, UPS or rectifier, busway: part-load losses from the rack back to the meter.
//!
//! What a stage delivers is known, what it takes is that plus its loss, so the chain is walked from the load
//! upwards. Until its modules are chosen a stage is rated in proportion to its load and loses as the worst choice would,
//! so that facility power depends on the load alone and grows with it; then it has whole modules of one size as sold,
//! and their loading follows. Left out: temperature, ageing, and losses while a path is down.

use super::ratings::{largest_step, sold_size};
use super::redundancy::Redundancy;
use crate::units::{Share, VoltAmperes, Watts};
use std::sync::Arc;

/// Part-load losses of a stage, each as a share of its rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartLoadLoss {
    /// Lost at any load.
    pub no_load: Share,
    /// Lost in proportion to the load.
    pub proportional: Share,
    /// Lost with the square of the load.
    pub square: Share,
}

impl PartLoadLoss {
    /// Loss at a load, as a share of the rating.
    ///
    /// ~~~text
    /// l = a + b·x + c·x²
    /// ~~~
    ///
    /// a no-load, b proportional, c square-law share [1] · x output over rating [1]. Form of Schneider Electric
    /// White Paper 108 for UPS, used for transformers and conductors as well. Meant for 0 ≤ x ≤ 1.
    #[must_use]
    pub fn at(self, load_fraction: f64) -> f64 {
        self.no_load.value()
            + load_fraction * (self.proportional.value() + load_fraction * self.square.value())
    }

    /// Efficiency at a load.
    ///
    /// ~~~text
    /// η = x / (x + l(x))
    /// ~~~
    #[must_use]
    pub fn efficiency(self, load_fraction: f64) -> f64 {
        load_fraction / (load_fraction + self.at(load_fraction))
    }
}

/// Losses so many times as high.
impl std::ops::Mul<f64> for PartLoadLoss {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            no_load: self.no_load * times,
            proportional: self.proportional * times,
            square: self.square * times,
        }
    }
}

/// A module as it is sold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sold {
    /// On its nameplate; of converters, which are rated in watts, the same number.
    pub rating: VoltAmperes,
    /// That it carries at the power factor of its load.
    pub power: Watts,
}

/// What one group, or several, of modules stand for: a building or a substation with reserve of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Portion {
    /// What it takes of the stage.
    pub load: Watts,
    /// Racks that its systems are dealt.
    pub racks: u64,
}

/// More load than the design hour has that modules are chosen for: voltages, and losses of what stands behind them,
/// are known only afterwards.
pub const MARGIN: f64 = 1.005;

/// One stage of the chain, before it is sized.
#[derive(Debug, Clone, PartialEq)]
pub struct StageDesign {
    /// What it is.
    pub name: String,
    /// Its part-load losses.
    pub loss: PartLoadLoss,
    /// How it is made redundant.
    pub redundancy: Redundancy,
    /// Whether its losses warm the hall's air rather than the yard.
    pub indoors: bool,
    /// Whether it carries the racks alone: plant and house hang on a stage before it.
    pub racks_only: bool,
    /// Rating of the largest module; of a transformer its volt-amperes.
    pub module: Watts,
    /// Whether it is rated in volt-amperes, and carries less watts by the power factor of its load.
    pub apparent: bool,
    /// Ratings that smaller ones are sold in, ascending; none of what has but the one and loses only with its load.
    pub sizes: Arc<[f64]>,
    /// The module that is bought; none before it is chosen.
    pub sold: Option<Sold>,
    /// Load that modules stand together for at most: that of a substation; infinite where all share one busbar.
    pub site: Watts,
    /// Modules that stand over those that the load asks for: whole ones in each building, row or rack.
    pub whole: f64,
}

impl StageDesign {
    /// What the module carries that is bought, or the largest before one is chosen.
    #[must_use]
    pub fn capacity(&self) -> Watts {
        self.sold.map_or(self.module, |sold| sold.power)
    }

    /// Whole modules that carry the load of a site, each up to a capacity.
    #[must_use]
    pub fn carrying(&self, of_site: Watts, capacity: Watts) -> f64 {
        self.redundancy.whole_groups((of_site / capacity - 1e-9).ceil().max(1.0))
    }

    /// The smallest size that carries the load of each place that has modules and reserve of its own, of a power factor, with
    /// as few modules as the largest.
    ///
    /// ~~~text
    /// S ≥ max over places ( u·m·P/n )/f       n whole groups of the largest that carry m·P
    /// ~~~
    ///
    /// P load of a place [W], m margin, u unevenness of few racks in one group, f power factor [1].
    #[must_use]
    pub fn bought(&self, places: impl IntoIterator<Item = Portion>, factor: f64) -> Sold {
        let each = |place: Portion| {
            let load = place.load * MARGIN;
            let carrying = self.carrying(load, self.module * factor);
            load / carrying * self.redundancy.unevenness(carrying, place.racks)
        };
        let largest = places.into_iter().map(each).fold(Watts(0.0), Watts::max);
        let rating = sold_size(&self.sizes, self.module.0, largest.0 / factor);
        Sold { rating: VoltAmperes(rating), power: Watts(rating * factor) }
    }

    /// What modules of sold sizes have over a rating in proportion to the load; of transformers, whose load has a power
    /// factor that is not known yet, the most that they may have.
    ///
    /// ~~~text
    /// ρ = n·S/P       watts       S smallest size that carries u·m·P/n
    /// ρ = m·min( u·s, 1 + g·S_max/P )       volt-amperes
    /// ~~~
    ///
    /// n modules, s largest step between neighbouring sizes, m margin, u unevenness of few racks [1] · S size, S_max largest
    /// module, P load of a site [W] · g modules that a topology adds at once. P·ρ grows with P, for the fullest survivor's
    /// racks, P·u, never get fewer as racks are added. Sizes start so low that nothing is held to lie below them.
    fn over(&self, of_site: Watts, racks: u64) -> f64 {
        if of_site.0 <= 0.0 {
            return 1.0;
        }
        let carrying = self.carrying(of_site * MARGIN, self.module);
        if !self.apparent {
            return self.bought([Portion { load: of_site, racks }], 1.0).power.0 * carrying / of_site.0;
        }
        let at_once = match self.redundancy {
            Redundancy::MakeK { needed } => f64::from(needed.max(1)),
            _ => 1.0,
        };
        let step = self.redundancy.unevenness(carrying, racks) * largest_step(&self.sizes, self.module.0);
        MARGIN * step.min(1.0 + at_once * (self.module / of_site))
    }
}

/// One stage with its power flow.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFlow {
    /// What it is.
    pub name: String,
    /// Taken from the stage before it, or from the meter.
    pub input: Watts,
    /// Given to the next stage, or to the racks.
    pub output: Watts,
    /// Turned into heat: input less output.
    pub loss: Watts,
    /// Output over input.
    pub efficiency: f64,
    /// Output over the rating of the paths that carry it.
    pub load_fraction: f64,
    /// Rating of the paths that carry load.
    pub rating: Watts,
    /// Rating under voltage without load.
    pub idle_rating: Watts,
    /// Capacity of the whole modules.
    pub installed: Watts,
    /// Whole modules.
    pub modules: u32,
    /// Like places that they stand in, each with its own reserve.
    pub sites: u32,
    /// Installed capacity that the design load cannot use: reserve and rounding to modules.
    pub stranded: Watts,
    /// Whether the loss warms the hall's air.
    pub indoors: bool,
    /// The curve that the loss follows.
    pub curve: PartLoadLoss,
}

impl StageFlow {
    /// Loading of the fullest module of those that take over where one has failed; none where nothing does.
    ///
    /// ~~~text
    /// P_out/(m·S) · fullest survivor of so many racks
    /// ~~~
    ///
    /// m modules that carry the load while every group has lost one, S their rating [W].
    #[must_use]
    pub fn one_out(&self, redundancy: Redundancy, racks: u64) -> Option<f64> {
        let dealt = redundancy.fullest_survivor(racks)?;
        let module = self.installed / f64::from(self.modules.max(1));
        let carrying = redundancy.reserve(self.modules).carrying.max(1);
        let alone = redundancy.fullest_alone(u64::from(carrying), racks);
        Some(self.output / (module * f64::from(carrying)) * dealt.value() * alone)
    }

    /// What the stage takes more where it gives more, or less where it gives less: its no-load loss stays.
    ///
    /// ~~~text
    /// ΔP_in = ΔP·( 1 + b + c·(2x + ΔP/R) )
    /// ~~~
    ///
    /// ΔP step of the output [W] · x load, b proportional, c square-law share [1] · R rating [W].
    #[must_use]
    pub fn taken_more(&self, step: Watts) -> Watts {
        if self.rating.value() <= 0.0 {
            return step;
        }
        let square = self.curve.square.value() * (2.0 * self.load_fraction + step / self.rating);
        step * (1.0 + self.curve.proportional.value() + square)
    }

    fn carry(&mut self, output: Watts) {
        self.output = output;
        self.load_fraction = if self.rating.value() > 0.0 { output / self.rating } else { 0.0 };
        let no_load = self.idle_rating * self.curve.no_load.value();
        self.lose(self.rating * self.curve.at(self.load_fraction) + no_load);
    }

    fn lose(&mut self, loss: Watts) {
        self.loss = loss;
        self.input = self.output + loss;
        self.efficiency = if self.input.value() > 0.0 { self.output / self.input } else { 1.0 };
    }
}

/// Sizes a chain for the load at its end and gives the flow through each stage, in the order of `stages`.
///
/// ~~~text
/// from the last stage to the first:
///   R = n·S,  i = idle·S                 of sold modules
///   R = w·P_out/u,  i = w·i_1·P_out      in proportion, and ρ times that where it loses more, before they are chosen
///   P_loss = R·l(P_out/R) + i·a,  P_in = P_out + P_loss
/// ~~~
///
/// n modules that carry, S sold size [W] · w whole modules in each building, row or rack over those that the load asks for [1].
/// A stage of several sites has modules and reserve for an equal part of the load at each of them.
///
/// R rating, i idle rating [W] · u normal load [1] · l loss per rating [1] · a no-load share [1] · ρ most that sold sizes
/// add [1]. `stages` stand in the order of the current, meter first; `racks` are what their systems are dealt. Before modules
/// are chosen P_in grows with the load once groups are full.
#[must_use]
pub fn chain(output: Watts, racks: u64, stages: &[StageDesign]) -> Vec<StageFlow> {
    let mut delivered = output;
    let mut flows: Vec<StageFlow> = stages
        .iter()
        .rev()
        .map(|stage| {
            let flow = sized(stage, delivered, racks);
            delivered = flow.input;
            flow
        })
        .collect();
    flows.reverse();
    flows
}

/// One stage of a chain, sized for what it gives.
fn sized(stage: &StageDesign, delivered: Watts, racks: u64) -> StageFlow {
    let sites = (delivered / stage.site - 1e-9).ceil().max(1.0);
    let of_site = delivered / sites;
    let carrying = stage.carrying(of_site, stage.capacity());
    let mut flow = with_modules(stage, delivered, sites, carrying);
    if stage.sold.is_some() || stage.sizes.is_empty() {
        return flow;
    }
    // Before sizes are chosen it loses as the worst choice: as built for the load, larger, or in one module more.
    let over = stage.over(of_site, racks / (sites as u64));
    if let Redundancy::BlockRedundant { blocks } = stage.redundancy
        && carrying * over > f64::from(blocks)
    {
        // A catcher for a group that is not full.
        flow.idle_rating += of_site * (sites / carrying);
        flow.carry(delivered);
    }
    let mut larger = flow.clone();
    (larger.rating, larger.idle_rating) = (flow.rating * over, flow.idle_rating * over);
    larger.carry(delivered);
    let more = with_modules(stage, delivered, sites, stage.redundancy.whole_groups(carrying + 1.0));
    flow.lose(flow.loss.max(larger.loss).max(more.loss));
    flow
}

/// A stage with so many modules that carry the load of each site.
fn with_modules(stage: &StageDesign, delivered: Watts, sites: f64, carrying: f64) -> StageFlow {
    let of_site = delivered / sites;
    let module = stage.sold.map_or(of_site / carrying, |sold| sold.power);
    let redundancy = stage.redundancy.within(carrying);
    let asked = redundancy.modules(of_site, module).saturating_mul(sites as u32);
    let modules = (f64::from(asked) * stage.whole).round() as u32;
    let installed = module * f64::from(modules);
    let (rating, idle_rating) = match redundancy {
        _ if stage.sold.is_some() => {
            // Where more of them carry than the load asks for, catchers are for groups of those.
            let groups = stage.redundancy.within((carrying * stage.whole).ceil());
            let idle = module * f64::from(groups.reserve(modules).idle);
            (installed - idle, idle)
        }
        // All of them carry, however many more than the load asks for a whole group has.
        Redundancy::MakeK { .. } => (installed, Watts(0.0)),
        _ => {
            let load = delivered * stage.whole;
            (load / redundancy.normal_load().value(), load * redundancy.idle_ratio().value())
        }
    };
    let mut flow = StageFlow {
        name: stage.name.clone(),
        input: Watts(0.0),
        output: Watts(0.0),
        loss: Watts(0.0),
        efficiency: 1.0,
        load_fraction: 0.0,
        rating,
        idle_rating,
        installed,
        modules,
        sites: sites as u32,
        stranded: (installed - delivered).max(Watts(0.0)),
        indoors: stage.indoors,
        curve: stage.loss,
    };
    flow.carry(delivered);
    flow
}

/// Gives the flows of a chain that was sized for its design hour and carries another load now.
///
/// Ratings and modules stay as they are; losses follow the part-load curves.
#[must_use]
pub fn chain_at(output: Watts, sized: &[StageFlow]) -> Vec<StageFlow> {
    let mut flows = sized.to_vec();
    let mut delivered = output;
    for flow in flows.iter_mut().rev() {
        flow.carry(delivered);
        delivered = flow.input;
    }
    flows
}

/// Losses that warm the hall's air.
#[must_use]
pub fn indoor_loss(flows: &[StageFlow]) -> Watts {
    flows.iter().filter(|flow| flow.indoors).map(|flow| flow.loss).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, prop_assert, prop_oneof, proptest};

    /// Ratings of UPS [W] and of transformers [VA] that steps of every size lie between.
    const UPS: [f64; 12] = [10e3, 15e3, 20e3, 30e3, 60e3, 100e3, 200e3, 400e3, 600e3, 750e3, 1e6, 1.5e6];
    const TRANSFORMERS: [f64; 10] = [15e3, 30e3, 75e3, 150e3, 300e3, 500e3, 750e3, 1e6, 2e6, 3e6];

    fn curve(no_load: f64, proportional: f64, square: f64) -> PartLoadLoss {
        PartLoadLoss { no_load: Share(no_load), proportional: Share(proportional), square: Share(square) }
    }

    fn stage(name: &str, loss: PartLoadLoss, redundancy: Redundancy, indoors: bool) -> StageDesign {
        StageDesign {
            name: name.into(),
            loss,
            redundancy,
            indoors,
            racks_only: indoors,
            module: Watts(2.5e6),
            apparent: false,
            sizes: Arc::from([]),
            sold: None,
            site: Watts(f64::INFINITY),
            whole: 1.0,
        }
    }

    fn alternating_current() -> Vec<StageDesign> {
        vec![
            stage("hv transformer", curve(0.0005, 0.0, 0.003), Redundancy::NPlus1 { needed: 3 }, false),
            stage("unit transformer", curve(0.001, 0.0, 0.0055), Redundancy::MakeK { needed: 3 }, false),
            stage("ups", curve(0.006, 0.006, 0.013), Redundancy::MakeK { needed: 3 }, true),
            stage("busway", curve(0.0, 0.0, 0.008), Redundancy::TwoN, true),
        ]
    }

    #[test]
    fn a_step_is_felt_by_the_slope_of_the_losses() {
        // 1 MW at 75 %, 100 kW less: 100 · (1 + 0.006 + 0.013·(2·0.75 − 0.1)) = 102.42 kW less taken.
        let mut stage = stage("ups", curve(0.006, 0.006, 0.013), Redundancy::N, true);
        stage.sold = Some(Sold { rating: VoltAmperes(1e6), power: Watts(1e6) });
        let at = |load: f64| chain(Watts(load), 0, std::slice::from_ref(&stage)).remove(0);
        let less = at(750e3).taken_more(Watts(-100e3));
        assert!((less.0 + 102_420.0).abs() < 1e-6, "{less}");
        // As the chain has it from one load to the other.
        assert!((at(650e3).input.0 - at(750e3).input.0 - less.0).abs() < 1e-6);
    }

    #[test]
    fn a_current_ups_loses_what_its_datasheet_says() {
        let ups = curve(0.006, 0.006, 0.013);
        // x = ¼: 0.006 + 0.0015 + 0.00081 = 0.00831, η = 0.25 / 0.25831 = 96.8 %.
        assert!((ups.efficiency(0.25) - 0.968).abs() < 5e-4);
        // x = ½: 0.006 + 0.003 + 0.00325 = 0.01225, η = 0.5 / 0.51225 = 97.6 %.
        assert!((ups.efficiency(0.5) - 0.976).abs() < 5e-4);
        // x = 1: 0.025, η = 1 / 1.025 = 97.6 %.
        assert!((ups.efficiency(1.0) - 0.976).abs() < 5e-4);
    }

    #[test]
    fn a_chain_of_two_stages_is_the_hand_calculation() {
        let stages = vec![
            stage("transformer", curve(0.001, 0.0, 0.0055), Redundancy::N, false),
            stage("ups", curve(0.006, 0.006, 0.013), Redundancy::TwoN, true),
        ];
        let flows = chain(Watts(10e6), 1_000, &stages);
        // UPS, two paths at half load: rating 20 MW, loss 20 MW · 0.01225 = 245 kW.
        assert!((flows[1].loss.value() - 245e3).abs() < 1e-3);
        assert!((flows[1].load_fraction - 0.5).abs() < 1e-12);
        // Transformer: 10.245 MW · 0.0065 = 66,592.5 W.
        assert!((flows[0].loss.value() - 66_592.5).abs() < 1e-3);
        assert!((flows[0].input.value() - 10_311_592.5).abs() < 1e-3);
        assert!((indoor_loss(&flows).value() - 245e3).abs() < 1e-3);
        // At most 2.5 MW a module: 2 · 4 for 10 MW; 5 of 2.049 MW for 10.245 MW. Stranded: 20 − 10 MW and nothing.
        assert_eq!((flows[0].modules, flows[1].modules), (5, 8));
        assert!(flows[0].stranded.value().abs() < 1e-3);
        assert!((flows[1].stranded.value() - 10e6).abs() < 1e-3);
    }

    #[test]
    fn a_catcher_keeps_losing_without_load() {
        let stages =
            [stage("ups", curve(0.006, 0.006, 0.013), Redundancy::BlockRedundant { blocks: 6 }, true)];
        // 15 MW on six full blocks of 2.5 MW: 15 MW · 0.025 = 375 kW; catcher 2.5 MW · 0.006 = 15 kW.
        assert!((chain(Watts(15e6), 1_000, &stages)[0].loss.value() - 390e3).abs() < 1e-6);
    }

    #[test]
    fn distributed_systems_are_loaded_as_their_count_says() {
        // 50 MW of 2.5 MW at most: 20 modules in fours, or 21 in threes, each group with one more. 4 MW: a group of five.
        for (load, needed, modules, part) in [(50e6, 4, 25, 0.8), (50e6, 3, 28, 0.75), (4e6, 4, 5, 0.8)] {
            let stages = [stage("ups", curve(0.006, 0.006, 0.013), Redundancy::MakeK { needed }, true)];
            let flow = &chain(Watts(load), 1_000, &stages)[0];
            assert_eq!(flow.modules, modules);
            assert!((flow.load_fraction - part).abs() < 1e-12);
            assert!((load / flow.installed.value() - part).abs() < 1e-12);
            assert!((flow.stranded.value() - load * (1.0 / part - 1.0)).abs() < 1e-3);
            assert!((flow.loss / (flow.installed * flow.curve.at(part)) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_small_site_has_two_small_transformers_at_half_load() {
        let stages =
            [stage("transformer", curve(0.001, 0.0, 0.0055), Redundancy::NPlus1 { needed: 10 }, false)];
        let flow = &chain(Watts(1e6), 1_000, &stages)[0];
        // One carries, one stands by: 2 · 1 MW, each at half load: 2 MW · (0.001 + 0.0055 / 4) = 4,750 W.
        assert_eq!(flow.modules, 2);
        assert!((flow.load_fraction - 0.5).abs() < 1e-12);
        assert!((flow.loss.value() - 4_750.0).abs() < 1e-6);
    }

    #[test]
    fn every_substation_has_its_own_spare_transformer() {
        let one = stage("transformer", curve(0.0005, 0.0, 0.003), Redundancy::NPlus1 { needed: 10 }, false);
        let stages = [StageDesign { module: Watts(200e6), site: Watts(1.1e9), ..one }];
        // 1.2 GW in two of 600 MW: three of 200 MW and one more at each.
        let flow = &chain(Watts(1.2e9), 1_000, &stages)[0];
        assert_eq!((flow.sites, flow.modules), (2, 8));
        assert!((flow.installed.value() - 1.6e9).abs() < 1e-3 && (flow.load_fraction - 0.75).abs() < 1e-12);
    }

    #[test]
    fn an_alternating_current_chain_loses_about_four_percent() {
        // Anchor: meter to rack inlet 0.96 (0.93 to 0.985 without a UPS).
        let efficiency = Watts(1e9) / chain(Watts(1e9), 1_000, &alternating_current())[0].input;
        assert!((0.93..0.985).contains(&efficiency), "{efficiency}");
    }

    #[test]
    fn no_load_needs_no_chain() {
        let flows = chain(Watts(0.0), 0, &alternating_current());
        assert!(flows.iter().all(|flow| flow.input.value() <= 0.0 && flow.modules == 0));
    }

    #[test]
    fn half_the_load_loses_more_than_half_its_share_of_no_load() {
        let sized = chain(Watts(100e6), 1_000, &alternating_current());
        let half = chain_at(Watts(50e6), &sized);
        let ups = &half[2];
        // The rating stays, so the UPS runs near 37 % of it.
        assert!((ups.load_fraction - 0.5 * 0.75).abs() < 0.005, "{}", ups.load_fraction);
        assert!(ups.loss.value() > 0.3 * sized[2].loss.value());
    }

    fn redundancies() -> impl Strategy<Value = Redundancy> {
        prop_oneof![
            proptest::strategy::Just(Redundancy::N),
            proptest::strategy::Just(Redundancy::TwoN),
            (1_u32..12).prop_map(|needed| Redundancy::NPlus1 { needed }),
            (1_u32..6).prop_map(|needed| Redundancy::MakeK { needed }),
            (1_u32..8).prop_map(|blocks| Redundancy::BlockRedundant { blocks }),
        ]
    }

    fn designs() -> impl Strategy<Value = Vec<StageDesign>> {
        proptest::collection::vec(
            (0.0..0.02_f64, 0.0..0.02_f64, 0.0..0.03_f64, redundancies())
                .prop_map(|(a, b, c, redundancy)| stage("stage", curve(a, b, c), redundancy, true)),
            1..7,
        )
    }

    proptest! {
        #[test]
        fn power_in_is_power_out_and_loss(load in 1.0..1e10_f64, part in 0.0..1.0_f64, stages in designs()) {
            let sized = chain(Watts(load), 1_000, &stages);
            let now = chain_at(Watts(load * part), &sized);
            for flows in [&sized, &now] {
                for flow in flows {
                    let balance = flow.input.value() - flow.output.value() - flow.loss.value();
                    prop_assert!(balance.abs() <= 1e-12 * flow.input.value());
                }
                for pair in flows.windows(2) {
                    prop_assert!(pair[0].output == pair[1].input);
                }
            }
        }

        #[test]
        fn what_is_bought_never_takes_more_than_what_was_held(
            load in 1e5..1e9_f64, racks in 1_u64..300, factor in 0.9..1.0_f64, of_iron in proptest::bool::ANY,
            stages in designs()
        ) {
            let mut one = StageDesign { sizes: Arc::from(UPS), module: Watts(1.5e6), ..stages[0].clone() };
            if of_iron {
                (one.apparent, one.sizes, one.module) = (true, Arc::from(TRANSFORMERS), Watts(3e6));
            }
            let held = &chain(Watts(load), racks, std::slice::from_ref(&one))[0];
            let more = &chain(Watts(load * 1.001), racks, std::slice::from_ref(&one))[0];
            prop_assert!(more.input > held.input);
            let place = Portion { load: Watts(load), racks };
            let sold = one.bought([place], if of_iron { factor } else { 1.0 });
            let bought = &chain(Watts(load), racks, &[StageDesign { sold: Some(sold), ..one.clone() }])[0];
            prop_assert!(bought.input.0 <= held.input.0 * (1.0 + 1e-12), "{held:?} {bought:?}");
            // Carried while every group has lost one.
            let carrying = one.redundancy.reserve(bought.modules).carrying;
            prop_assert!(sold.power.0 * f64::from(carrying) >= load * (1.0 - 1e-9), "{bought:?}");
        }

        #[test]
        fn one_more_rack_never_takes_less_power(
            racks in 1_u64..60, each in 40e3..200e3_f64, of_iron in proptest::bool::ANY, stages in designs()
        ) {
            let mut one = StageDesign { sizes: Arc::from(UPS), module: Watts(1.5e6), ..stages[0].clone() };
            if of_iron {
                (one.apparent, one.sizes, one.module) = (true, Arc::from(TRANSFORMERS), Watts(3e6));
            }
            let taken = |racks: u64| {
                chain(Watts(each * racks as f64), racks, std::slice::from_ref(&one))[0].input
            };
            prop_assert!(taken(racks + 1) > taken(racks), "{} {}", taken(racks), taken(racks + 1));
        }

        // Full groups of modules: while a group fills up, one module more may unload the others and save a trifle.
        #[test]
        fn more_load_never_takes_less_power(
            load in 1e8..1e9_f64, more in 1.0..2.0_f64, stages in designs()
        ) {
            let small = chain(Watts(load), 1_000, &stages);
            let large = chain(Watts(load * more), 1_000, &stages);
            prop_assert!(large[0].input >= small[0].input);
            let part = chain_at(Watts(load), &large);
            prop_assert!(part[0].input.value() <= large[0].input.value() * (1.0 + 1e-12));
        }
    }
}
