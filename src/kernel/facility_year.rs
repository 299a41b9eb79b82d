//! The facility year: every facility (a site with a design) × every hour of its weather.
//!
//! A plant is folded once in `f64` into rows of [`HeatLoop`]: coefficients without kinds, so a new plant asks for no
//! new shader. What is left for an hour is arithmetic on the rows and on the stages of the yard.
//!
//! ~~~text
//! P      = plant + Σ over loops (fans + compressors)         plant: pumps, air handlers, house
//! P_out  = P + beside                                        beside: the racks with what their stages lose
//! P_in   = P_out + R·(a + b·x + c·x²) + idle,  x = P_out/R   stage by stage from the plant to the meter
//! score  = P_meter / P_IT,  water / P_IT,  what runs
//! ~~~
//!
//! Mean of the scores of a year: PUE and WUE; their largest: the ratio of the year's worst hour, which is not the
//! design hour. Mirrored by `shaders/facility_year.wgsl`.

pub mod sample;
pub mod sums;

pub use crate::cooling::Air;
use crate::cooling::{HeatLoop, LoopHour, loop_hour};
use crate::kernel::tally::{Counted, Operations, operations_of, varying};
use crate::kernel::{
    COOLING_WGSL, Input, Kernel, KernelText, SCALAR_WGSL, ShaderStruct, WORKGROUP, buffer_bytes, join,
    ulp_distance,
};
use crate::scalar::Real;
use crate::{shader_constants, shader_mirror, shader_struct};
pub use sums::{RoughYear, YearSums};

shader_constants! { constants_wgsl:
    /// Compressors run for some loop.
    pub const RUNS_CHILLERS: u32 = 1;
    /// Water evaporates.
    pub const RUNS_WATER: u32 = 2;
    /// Invocations of one workgroup.
    pub const GROUP: u32 = WORKGROUP;
}

shader_struct! {
    /// Which hours a dispatch runs.
    pub struct YearRange {
        /// Facility of the first point.
        pub first_case: u32,
        /// Hour of the first point.
        pub first_hour: u32,
        /// Points.
        pub count: u32,
        /// Hours of a year.
        pub hours: u32,
        /// Where the stages of the yards begin behind the weather, in numbers.
        pub first_stage_number: u32,
    }
}

shader_struct! {
    /// What a facility takes in one hour.
    pub struct Score {
        /// Power at the meter over power at the rack inputs.
        pub meter_per_it: f32,
        /// Make-up water per energy at the rack inputs [L/kWh].
        pub water_l_per_kwh: f32,
        /// What runs: a sum of the `RUNS` bits.
        pub runs: u32,
    }
}

/// One stage between the plant and the meter, sized.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct YardStage<T = f64> {
    /// What it carries beside that of the stage before it [W]: the racks, where they join.
    pub beside_w: T,
    /// Rating of the paths that carry load [W].
    pub rating_w: T,
    /// Lost at any load, over the rating.
    pub no_load: T,
    /// Lost in proportion to the load, over the rating.
    pub proportional: T,
    /// Lost with the square of the load, over the rating.
    pub square: T,
    /// Lost by what stands under voltage without load [W].
    pub idle_w: T,
}

/// One facility: where its rows are, and what does not answer to the weather.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[repr(C)]
pub struct FacilityCase<T = f64> {
    /// Power at the rack inputs [W].
    pub it_w: T,
    /// Power of the plant and the house in every hour: pumps, air handlers, lights [W].
    pub plant_w: T,
    /// Its first loop.
    pub first_loop: u32,
    /// The loop after its last.
    pub end_loop: u32,
    /// Its first stage: the last of the yard, as power is counted from the load up.
    pub first_stage: u32,
    /// The stage after its last: after the one at the meter.
    pub end_stage: u32,
    /// The first hour of its weather.
    pub first_hour: u32,
}

shader_mirror!(Air<f32>, Air as "Air" {
    dry_bulb_c: f32, wet_bulb_c: f32, humidity_ratio: f32, pressure_pa: f32,
});
shader_mirror!(YardStage<f32>, YardStage as "YardStage" {
    beside_w: f32, rating_w: f32, no_load: f32, proportional: f32, square: f32, idle_w: f32,
});
shader_mirror!(FacilityCase<f32>, FacilityCase as "FacilityCase" {
    it_w: f32, plant_w: f32, first_loop: u32, end_loop: u32, first_stage: u32, end_stage: u32, first_hour: u32,
});
shader_mirror!(HeatLoop<f32>, HeatLoop as "HeatLoop" {
    heat_w: f32, coolers_w: f32, supply_c: f32, range_k: f32, wetness: f32, approach_k: f32, wet_approach_k: f32, pads: f32, free: f32,
    damp_vapour_pa: f32, coil_c: f32, coil_vapour_pa: f32, bypass: f32, joined: f32, cooler_fan_share: f32,
    condenser_fan_share: f32, carnot_share: f32, chillers_w: f32, evaporating_c: f32,
    condenser_wetness: f32, lift_k: f32, cooler_towers: f32, condenser_towers: f32, tower_approach_k: f32,
    tower_range_k: f32, tower_water_c: f32,
    tower_pumps_w: f32, chiller_pump_share: f32, blowdown: f32,
});
shader_mirror!(LoopHour<f32>, LoopHour as "LoopHour" {
    fans_w: f32, compressors_w: f32, pumps_w: f32, water_m3_per_s: f32, evaporated_m3_per_s: f32, drift_m3_per_s: f32,
    chilled_w: f32, drop_k: f32,
});

/// Cubic metres per joule in litres per kilowatt-hour.
const LITERS_PER_KWH: f64 = 3.6e9;

/// The loops of a facility with one more; mirrored in `facility_year.wgsl`.
#[inline(always)]
#[must_use]
pub fn with_loop<T: Real>(total: LoopHour<T>, hour: LoopHour<T>) -> LoopHour<T> {
    LoopHour {
        fans_w: total.fans_w + hour.fans_w,
        compressors_w: total.compressors_w + hour.compressors_w,
        pumps_w: total.pumps_w + hour.pumps_w,
        water_m3_per_s: total.water_m3_per_s + hour.water_m3_per_s,
        evaporated_m3_per_s: total.evaporated_m3_per_s + hour.evaporated_m3_per_s,
        drift_m3_per_s: total.drift_m3_per_s + hour.drift_m3_per_s,
        chilled_w: total.chilled_w + hour.chilled_w,
        drop_k: Real::max(total.drop_k, hour.drop_k),
    }
}

/// What a stage takes for what it gives [W]: the equation of `power::stages`; mirrored in `facility_year.wgsl`.
#[inline(always)]
#[must_use]
pub fn stage_input<T: Real>(stage: &YardStage<T>, output_w: T) -> T {
    let carried_w = output_w + stage.beside_w;
    let x = carried_w / stage.rating_w;
    let loss = stage.no_load + x * (stage.proportional + x * stage.square);
    carried_w + stage.rating_w * loss + stage.idle_w
}

/// What a facility takes in one hour, in the precision of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FacilityScore<T = f64> {
    /// Power at the meter over power at the rack inputs.
    pub meter_per_it: T,
    /// Make-up water per energy at the rack inputs [L/kWh].
    pub water_l_per_kwh: T,
    /// What runs: a sum of the `RUNS` bits.
    pub runs: u32,
}

/// The score of a facility from its loops and its meter; mirrored in `facility_year.wgsl`.
#[inline(always)]
#[must_use]
pub fn score_of<T: Real>(it_w: T, total: LoopHour<T>, meter_w: T) -> FacilityScore<T> {
    let chillers = u32::from(total.chilled_w > T::of(0.0)) * RUNS_CHILLERS;
    let water = u32::from(total.water_m3_per_s > T::of(0.0)) * RUNS_WATER;
    FacilityScore {
        meter_per_it: meter_w / it_w,
        water_l_per_kwh: total.water_m3_per_s / it_w * T::of(LITERS_PER_KWH),
        runs: chillers + water,
    }
}

/// Facilities, their rows and their weather, in `f64`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FacilitySpace {
    /// The facilities.
    pub cases: Vec<FacilityCase>,
    /// Loops of all facilities.
    pub loops: Vec<HeatLoop>,
    /// Stages of all yards, each yard from the load up.
    pub stages: Vec<YardStage>,
    /// Years of weather, one after the other.
    pub weather: Vec<Air>,
    /// Hours of each year.
    pub hours: u32,
}

/// What is wrong with a space of facilities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FacilityError {
    /// Nothing to run.
    #[error("no facility, or no hour, to run")]
    Empty,
    /// A value that no formula takes, or a row that is not there.
    #[error("entry {index} of the {what} is outside what a year can be computed of")]
    Impossible {
        /// Which list.
        what: &'static str,
        /// Its entry.
        index: usize,
    },
}

/// The kernel over a checked space.
#[derive(Debug, Clone, PartialEq)]
pub struct FacilityYears {
    space: FacilitySpace,
    cases: Vec<FacilityCase<f32>>,
    loops: Vec<HeatLoop<f32>>,
    stages: Vec<YardStage<f32>>,
    weather: Vec<Air<f32>>,
}

/// Pressure below which no site is: the vapour over the warmest tower would be as high [Pa].
const LEAST_PRESSURE_PA: f64 = 40e3;

fn check<'a, V: 'a>(
    what: &'static str,
    list: &'a [V],
    good: impl Fn(&'a V) -> bool,
) -> Result<(), FacilityError> {
    match list.iter().position(|entry| !good(entry)) {
        Some(index) => Err(FacilityError::Impossible { what, index }),
        None => Ok(()),
    }
}

impl FacilityYears {
    /// Checks a space and narrows it for the kernel.
    pub fn new(space: FacilitySpace) -> Result<Self, FacilityError> {
        if space.cases.is_empty() || space.hours == 0 {
            return Err(FacilityError::Empty);
        }
        let (loops, stages, hours) = (space.loops.len(), space.stages.len(), space.weather.len());
        check("facilities", &space.cases, |case| {
            case.it_w > 0.0
                && case.it_w.is_finite()
                && case.plant_w.is_finite()
                && case.first_loop <= case.end_loop
                && case.end_loop as usize <= loops
                && case.first_stage <= case.end_stage
                && case.end_stage as usize <= stages
                && case.first_hour as usize + space.hours as usize <= hours
        })?;
        check("loops", &space.loops, |heat| {
            let vapour = |pressure_pa: f64| (0.0..LEAST_PRESSURE_PA).contains(&pressure_pa);
            heat.carnot_share > 0.0
                && heat.range_k > 0.0
                && heat.heat_w >= 0.0
                && heat.heat_w.is_finite()
                && heat.coolers_w >= 0.0
                && heat.coolers_w.is_finite()
                && heat.chillers_w >= 0.0
                && heat.chillers_w.is_finite()
                && vapour(heat.damp_vapour_pa)
                && vapour(heat.coil_vapour_pa)
        })?;
        check("stages", &space.stages, |stage| stage.rating_w > 0.0 && stage.rating_w.is_finite())?;
        let sane = |bulb: f64| (-100.0..=100.0).contains(&bulb);
        check("hours", &space.weather, |air| {
            sane(air.dry_bulb_c)
                && sane(air.wet_bulb_c)
                && (0.0..=0.5).contains(&air.humidity_ratio)
                && air.pressure_pa > LEAST_PRESSURE_PA
                && air.pressure_pa.is_finite()
        })?;
        Ok(Self {
            cases: space.cases.iter().map(FacilityCase::cast).collect(),
            loops: space.loops.iter().map(HeatLoop::cast).collect(),
            stages: space.stages.iter().map(YardStage::cast).collect(),
            weather: space.weather.iter().map(Air::cast).collect(),
            space,
        })
    }

    /// The space that the kernel covers.
    #[must_use]
    pub fn space(&self) -> &FacilitySpace {
        &self.space
    }

    /// The point in `f64`.
    #[must_use]
    pub fn reference(&self, index: u64) -> FacilityScore {
        let (case, hour) = self.place(index);
        let FacilitySpace { cases, loops, stages, weather, .. } = &self.space;
        run_hour(&cases[case], loops, stages, &weather[cases[case].first_hour as usize + hour])
    }

    fn place(&self, index: u64) -> (usize, usize) {
        let hours = u64::from(self.space.hours);
        ((index / hours) as usize, (index % hours) as usize)
    }

    /// Runs up to `LANES` neighbouring hours of one facility: rows outside, hours inside.
    #[inline(always)]
    fn score_block(&self, first: u64, scores: &mut [Score]) {
        let (case, hour) = self.place(first);
        let case = self.cases[case];
        let air = &self.weather[case.first_hour as usize + hour..];
        // Lanes without an hour run in air that no formula minds.
        let mut outside = [Air { pressure_pa: 1e5, ..Air::default() }; LANES];
        outside[..scores.len()].copy_from_slice(&air[..scores.len()]);
        let mut fans = [0.0; LANES];
        let mut compressors = [0.0; LANES];
        let mut pumps = [0.0; LANES];
        let mut water = [0.0; LANES];
        let mut chilled = [0.0; LANES];
        for heat in &self.loops[case.first_loop as usize..case.end_loop as usize] {
            let heat = *heat;
            for lane in 0..LANES {
                let hour = loop_hour(&heat, &outside[lane]);
                fans[lane] += hour.fans_w;
                compressors[lane] += hour.compressors_w;
                pumps[lane] += hour.pumps_w;
                water[lane] += hour.water_m3_per_s;
                chilled[lane] += hour.chilled_w;
            }
        }
        let mut meter = [0.0; LANES];
        for lane in 0..LANES {
            meter[lane] = case.plant_w + fans[lane] + compressors[lane] + pumps[lane];
        }
        for stage in &self.stages[case.first_stage as usize..case.end_stage as usize] {
            let stage = *stage;
            for power in &mut meter {
                *power = stage_input(&stage, *power);
            }
        }
        for (lane, score) in scores.iter_mut().enumerate() {
            let total =
                LoopHour { water_m3_per_s: water[lane], chilled_w: chilled[lane], ..LoopHour::default() };
            *score = score_of(case.it_w, total, meter[lane]).into();
        }
    }
}

/// Hours that are run together.
const LANES: usize = 64;

impl From<FacilityScore<f32>> for Score {
    #[inline(always)]
    fn from(score: FacilityScore<f32>) -> Self {
        Self { meter_per_it: score.meter_per_it, water_l_per_kwh: score.water_l_per_kwh, runs: score.runs }
    }
}

/// Runs one facility for one hour; mirrored by `main` of `facility_year.wgsl`.
#[inline(always)]
fn run_hour<T: Real>(
    case: &FacilityCase<T>,
    loops: &[HeatLoop<T>],
    stages: &[YardStage<T>],
    air: &Air<T>,
) -> FacilityScore<T> {
    let mut total = LoopHour::default();
    for row in &loops[case.first_loop as usize..case.end_loop as usize] {
        total = with_loop(total, loop_hour(row, air));
    }
    let mut meter_w = case.plant_w + total.fans_w + total.compressors_w + total.pumps_w;
    for row in &stages[case.first_stage as usize..case.end_stage as usize] {
        meter_w = stage_input(row, meter_w);
    }
    score_of(case.it_w, total, meter_w)
}

impl FacilityCase {
    /// The facility in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> FacilityCase<T> {
        FacilityCase {
            it_w: T::of(self.it_w),
            plant_w: T::of(self.plant_w),
            first_loop: self.first_loop,
            end_loop: self.end_loop,
            first_stage: self.first_stage,
            end_stage: self.end_stage,
            first_hour: self.first_hour,
        }
    }
}

impl YardStage {
    /// The stage in another precision.
    #[must_use]
    pub fn cast<T: Real>(&self) -> YardStage<T> {
        YardStage {
            beside_w: T::of(self.beside_w),
            rating_w: T::of(self.rating_w),
            no_load: T::of(self.no_load),
            proportional: T::of(self.proportional),
            square: T::of(self.square),
            idle_w: T::of(self.idle_w),
        }
    }
}

impl Kernel for FacilityYears {
    type Score = Score;

    const NAME: &'static str = "facility_year";
    // Measured on random facilities: 0 on software Vulkan. Elsewhere fused multiply-adds and a reciprocal division may cost
    // some units of what a loop takes, which is a small part of the meter; a lift of 15 K between temperatures of 300 K
    // loses four bits of what compressors take.
    const ULP_BOUND: u32 = 64;

    fn points(&self) -> u64 {
        self.cases.len() as u64 * u64::from(self.space.hours)
    }

    fn score(&self, index: u64) -> Score {
        let (case, hour) = self.place(index);
        let case = &self.cases[case];
        let air = &self.weather[case.first_hour as usize + hour];
        run_hour(case, &self.loops, &self.stages, air).into()
    }

    #[inline(always)]
    fn score_range(&self, first: u64, scores: &mut [Score]) {
        let hours = u64::from(self.space.hours);
        let mut done = 0;
        while done < scores.len() {
            let index = first + done as u64;
            let in_year = (hours - index % hours) as usize;
            let count = LANES.min(in_year).min(scores.len() - done);
            self.score_block(index, &mut scores[done..done + count]);
            done += count;
        }
    }

    fn operations(&self, index: u64) -> Option<Operations> {
        let (case, hour) = self.place(index);
        let FacilitySpace { cases, loops, stages, weather, .. } = &self.space;
        let air = varying(|| weather[cases[case].first_hour as usize + hour].cast::<Counted>());
        let loops: Vec<HeatLoop<Counted>> = loops.iter().map(HeatLoop::cast).collect();
        let stages: Vec<YardStage<Counted>> = stages.iter().map(YardStage::cast).collect();
        let case = cases[case].cast();
        Some(operations_of(|| {
            let _ = run_hour(&case, &loops, &stages, &air);
        }))
    }

    fn shader() -> String {
        let generated = [
            constants_wgsl(),
            HeatLoop::<f32>::wgsl(),
            LoopHour::<f32>::wgsl(),
            Air::<f32>::wgsl(),
            YardStage::<f32>::wgsl(),
            FacilityCase::<f32>::wgsl(),
            YearRange::wgsl(),
            Score::wgsl(),
        ];
        let entry = include_str!("../../shaders/facility_year.wgsl");
        join(&generated, &[SCALAR_WGSL, COOLING_WGSL], entry)
    }

    fn inputs(&self) -> Vec<Input> {
        // A buffer of nothing can't be bound: facilities without heat get a loop that none of them reads.
        let unread = [HeatLoop::default()];
        let loops = if self.loops.is_empty() { &unread[..] } else { &self.loops };
        let mut numbers = buffer_bytes(&self.weather);
        numbers.extend(buffer_bytes(&self.stages));
        vec![
            Input::Storage(buffer_bytes(&self.cases)),
            Input::Storage(buffer_bytes(loops)),
            Input::Storage(numbers),
        ]
    }

    fn range(&self, first: u64, count: u32) -> Vec<u8> {
        let hours = u64::from(self.space.hours);
        buffer_bytes(&[YearRange {
            first_case: (first / hours) as u32,
            first_hour: (first % hours) as u32,
            count,
            hours: self.space.hours,
            first_stage_number: 4 * self.weather.len() as u32,
        }])
    }

    /// What runs may differ where the choice was a tie; then the meter is the same and the water may not be.
    fn agrees(twin: &Score, device: &Score) -> bool {
        let meter = ulp_distance(twin.meter_per_it, device.meter_per_it) <= Self::ULP_BOUND;
        let (a, b) = (twin.water_l_per_kwh, device.water_l_per_kwh);
        // A pad that cools by a rounding error of the temperatures drinks next to nothing.
        let water = ulp_distance(a, b) <= Self::ULP_BOUND || (a - b).abs() <= LEAST_WATER_L_PER_KWH;
        meter && (twin.runs != device.runs || water)
    }
}

/// Water below which two devices need not agree [L/kWh]: a thousandth of a thousandth of what a tower takes.
const LEAST_WATER_L_PER_KWH: f32 = 2e-6;

/// The kernel as the list of kernels has it.
#[must_use]
pub fn text() -> KernelText {
    fn one<S: ShaderStruct>() -> (&'static str, &'static [crate::kernel::ShaderField], usize) {
        (S::NAME, S::FIELDS, S::SIZE)
    }
    KernelText {
        name: FacilityYears::NAME,
        shader: FacilityYears::shader(),
        structs: vec![
            one::<HeatLoop<f32>>(),
            one::<LoopHour<f32>>(),
            one::<Air<f32>>(),
            one::<YardStage<f32>>(),
            one::<FacilityCase<f32>>(),
            one::<YearRange>(),
            one::<Score>(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::sample::facilities;
    use super::*;

    #[test]
    fn a_stage_takes_what_it_gives_and_loses() {
        // x = 1/2 of 2 W: 2 · (0.01 + 0.5 · (0.02 + 0.5 · 0.04)) + 0.1 = 0.16 W on top of 1 W.
        let stage = YardStage {
            beside_w: 0.25,
            rating_w: 2.0,
            no_load: 0.01,
            proportional: 0.02,
            square: 0.04,
            idle_w: 0.1,
        };
        // Three quarters from the plant and a quarter from the racks.
        assert!((stage_input(&stage, 0.75) - 1.16_f64).abs() < 1e-12);
    }

    #[test]
    fn a_row_that_is_not_there_is_refused() {
        let mut space = facilities(1, 2, 10);
        space.cases[1].end_loop += 1_000;
        let error = FacilityYears::new(space).unwrap_err();
        assert_eq!(error, FacilityError::Impossible { what: "facilities", index: 1 });
        assert_eq!(FacilityYears::new(FacilitySpace::default()).unwrap_err(), FacilityError::Empty);
    }
}
