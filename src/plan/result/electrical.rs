//! What a plan says of its electrical side beyond the losses of the chain.

use crate::power::one_line::Range;
use crate::power::ratings::CapacitorBanks;
use crate::units::{
    Amperes, Joules, Meters, PerSecond, Ratio, Seconds, Share, Vars, VoltAmperes, Volts, Watts,
    WattsPerSecond,
};

/// The electrical side beyond the losses of the chain.
#[derive(Debug, Clone, Default)]
pub struct Electrical {
    /// How surely a rack is fed; none where the design does not say how often its parts fail.
    pub supply: Option<Supply>,
    /// How surely its heat is taken; none where the design does not say how often its parts fail.
    pub cooled: Option<Supply>,
    /// Topologies side by side.
    pub topologies: Vec<Topology>,
    /// What the provisioning policy buys and risks.
    pub provisioning: Oversubscription,
    /// Swings, ramps and stores; none where nothing runs.
    pub dynamics: Option<Dynamics>,
    /// Shelves of the racks, by system.
    pub shelves: Vec<RackShelves>,
    /// Steps in which engines take their load; none where there are none or the design does not say what a set takes.
    pub engine_steps: Option<EngineSteps>,
    /// The solved one-line; none where nothing stands.
    pub load_flow: Option<LoadFlow>,
    /// Faults on the campus busbar; none where nothing stands.
    pub faults: Option<FaultLevels>,
    /// Voltage of the busways, between lines or poles.
    pub hall_voltage: Volts,
    /// Voltage of the switchboards before them.
    pub switchboard_voltage: Volts,
    /// What is bought, by rating and count.
    pub schedule: Vec<Equipment>,
}

/// How surely a rack is fed, or cooled.
#[derive(Debug, Clone)]
pub struct Supply {
    /// Part of the time that it is.
    pub availability: f64,
    /// How often in a year it is not.
    pub failures_per_year: f64,
    /// How long in a year it is not.
    pub down_time_per_year: Seconds,
    /// How long one failure lasts.
    pub mean_down_time: Seconds,
    /// How long racks outlast a failure of everything before their hall.
    pub hold_up: Seconds,
    /// The blocks in series, grid first.
    pub blocks: Vec<SupplyBlock>,
}

/// One block of the way from the grid to a rack.
#[derive(Debug, Clone)]
pub struct SupplyBlock {
    /// What it is.
    pub name: String,
    /// How it is doubled.
    pub arrangement: String,
    /// Part of the time that it is up.
    pub availability: f64,
    /// How often in a year it fails.
    pub failures_per_year: f64,
    /// How long in a year it is down.
    pub down_time_per_year: Seconds,
}

/// What one topology of the design's systems would mean.
#[derive(Debug, Clone)]
pub struct Topology {
    /// In the words of the trade.
    pub name: String,
    /// The stage whose capacity is compared.
    pub stage: String,
    /// Whether it is the one planned with.
    pub chosen: bool,
    /// Systems before that stage, which every row has as planned.
    pub kept: Vec<String>,
    /// Capacity of the stage.
    pub installed: Watts,
    /// In whole modules.
    pub modules: u64,
    /// Load over rating of each path while nothing has failed.
    pub normal_load: Share,
    /// Capacity that no load may use.
    pub stranded: Watts,
    /// Load over rating of the fullest survivor after a failure, racks being dealt over the paths whole.
    pub fullest_survivor: Option<Ratio>,
    /// Lost in the stage in the design hour.
    pub loss: Watts,
    /// Part of the time that a rack is fed.
    pub availability: Option<f64>,
    /// How long in a year it is not.
    pub down_time_per_year: Option<Seconds>,
    /// The same where all systems are doubled so, not that stage alone.
    pub all_so_down_time_per_year: Option<Seconds>,
}

/// What the provisioning policy buys and risks.
#[derive(Debug, Clone, Default)]
pub struct Oversubscription {
    /// Heat of all compute racks.
    pub nameplate: Watts,
    /// What the envelope sets aside for them.
    pub provisioned: Watts,
    /// The first over the second.
    pub oversubscription: Ratio,
    /// Speed that compute-bound work keeps.
    pub performance_compute: Share,
    /// Speed that memory-bound work keeps.
    pub performance_memory: Share,
    /// Compute-bound work of the racks' power over that at nameplate.
    pub work_gain_compute: Ratio,
    /// The same for memory-bound work.
    pub work_gain_memory: Ratio,
    /// Part of the time that the racks together would ask for more than is set aside.
    pub exceeded: Share,
    /// What they would ask for beyond it, over their heat and all time.
    pub shed: Share,
}

/// What the site's power does over seconds and minutes.
#[derive(Debug, Clone)]
pub struct Dynamics {
    /// Accelerators of the largest training run, or none.
    pub run_accelerators: u64,
    /// Their racks.
    pub run_racks: u64,
    /// All racks of the system at heat.
    pub steady: Watts,
    /// All racks of the system at their electrical design point at once.
    pub peak: Watts,
    /// The site at the meter meanwhile: all racks of all systems at their design points, and the plant as in the design hour.
    pub peak_at_meter: Watts,
    /// The runs in a burst.
    pub high: Watts,
    /// The runs between bursts.
    pub low: Watts,
    /// The runs on average.
    pub mean: Watts,
    /// Energy of the runs' racks that smooths.
    pub rack_store: Joules,
    /// Slowest pace that the racks of the largest run make steady.
    pub steady_from: Option<PerSecond>,
    /// Pace of the steps of the largest run.
    pub pace: Option<PerSecond>,
    /// Its swing at that pace, if it lies between 0.1 and 20 Hz.
    pub at_pace: Option<SwingRow>,
    /// Swings by pace, all runs stepping together.
    pub swings: Vec<SwingRow>,
    /// Each run by itself, the largest first.
    pub runs: Vec<RunSwing>,
    /// Fall of the site's power when the runs stop.
    pub stop: Watts,
    /// What that fall takes at the agreed ramp, else at common ones.
    pub ramps: Vec<Ramp>,
    /// What each sort of load does in the dip that the site has to ride through.
    pub dip: Vec<DipLoad>,
    /// What leaves the grid at once in that dip: what goes onto its stores, and what drops.
    pub transfer: Watts,
    /// Largest loss at once that the grid stands.
    pub loss_limit: Watts,
    /// What coming back from there takes at the agreed ramp, else at common ones.
    pub returns: Vec<Ramp>,
    /// Energy that all stores of the schedule give meanwhile.
    pub stored: Joules,
    /// Power of the battery at the substation.
    pub battery_power: Watts,
    /// Its energy.
    pub battery_energy: Joules,
    /// How long racks outlast a dip.
    pub hold_up: Seconds,
    /// Longest dip that they have to.
    pub ride_through: Seconds,
}

/// What a load does in a dip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It works on at the voltage that is left.
    StaysOn,
    /// Its store carries it: it leaves the grid and comes back.
    OnItsStore,
    /// It stops and has to start again.
    Drops,
}

impl Answer {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StaysOn => "stays on the grid",
            Self::OnItsStore => "goes onto its store",
            Self::Drops => "drops",
        }
    }
}

/// One sort of load in a dip.
#[derive(Debug, Clone)]
pub struct DipLoad {
    /// What it is.
    pub name: String,
    /// Its power at the meter in the design hour.
    pub power: Watts,
    /// Voltage that it works at, over nominal, at least.
    pub works_at: Share,
    /// How long it outlasts a lower one.
    pub store: Seconds,
    /// Time from the return of the voltage until it works again, where it dropped.
    pub back: Seconds,
    /// What it does.
    pub answer: Answer,
}

/// Power shelves of a rack, half of them on each of its two feeds.
#[derive(Debug, Clone)]
pub struct RackShelves {
    /// Whose.
    pub system: String,
    /// Whether the shelves are known; else two halves of what is installed are taken.
    pub known: bool,
    /// How many.
    pub count: u32,
    /// Rating of one.
    pub rating: Watts,
    /// Of those, that carry the rack.
    pub needed: u32,
    /// Highest lasting power of the rack.
    pub heat: Watts,
    /// Capacity of one side when the other feed is lost.
    pub one_side: Watts,
    /// Part of the rack's power that one side carries: it is held to that.
    pub kept: Share,
    /// Speed that compute-bound work keeps then.
    pub performance_compute: Share,
    /// Speed that memory-bound work keeps then.
    pub performance_memory: Share,
}

/// What one run does to the site's power.
#[derive(Debug, Clone)]
pub struct RunSwing {
    /// Model that is trained.
    pub model: String,
    /// System that it runs on.
    pub system: String,
    /// Its accelerators.
    pub accelerators: u64,
    /// Their racks.
    pub racks: u64,
    /// From floor to burst, at the racks.
    pub height: Watts,
    /// Steps per second.
    pub pace: Option<PerSecond>,
    /// Slowest pace that its racks make steady.
    pub steady_from: Option<PerSecond>,
    /// The swing at its pace, if it lies between 0.1 and 20 Hz.
    pub at_pace: Option<SwingRow>,
}

/// A swing at one pace.
#[derive(Debug, Clone, Copy)]
pub struct SwingRow {
    /// Swings per second.
    pub pace: PerSecond,
    /// Height at the accelerators.
    pub at_racks: Watts,
    /// Energy that makes it steady, in each period.
    pub energy: Joules,
    /// Height behind the stores of the racks, at the meter.
    pub behind_racks: Watts,
    /// Height behind the battery of the substation.
    pub at_grid: Watts,
}

/// A fall of power as a ramp.
#[derive(Debug, Clone, Copy)]
pub struct Ramp {
    /// Fastest change.
    pub limit: WattsPerSecond,
    /// Time that the fall takes at it.
    pub time: Seconds,
    /// Energy that a store takes meanwhile.
    pub energy: Joules,
}

/// The solved one-lines of the substations and their buildings: of the fullest, sums of all.
#[derive(Debug, Clone, Default)]
pub struct LoadFlow {
    /// Substations of the site, with like equipment; buses, branches and the tap are those of the fullest.
    pub substations: u64,
    /// From the substation to the buildings.
    pub voltage: Volts,
    /// Feeders of all substations.
    pub feeders: u64,
    /// Their length together.
    pub feeder_length: Meters,
    /// What one carries.
    pub feeder_rating: VoltAmperes,
    /// Unit substations of all buildings, whole in each.
    pub unit_substations: u64,
    /// Transformers of the plant of all buildings, whole in each, where they are the buildings' only ones.
    pub plant_transformers: u64,
    /// Taken from the grid by the site.
    pub delivered: Watts,
    /// Lost in transformers and feeders of the site.
    pub loss: Watts,
    /// Of that, in feeders.
    pub feeder_loss: Watts,
    /// Reactive power that the site takes at the point of delivery; below zero it is given back.
    pub reactive: Vars,
    /// Apparent power that the fullest substation takes.
    pub fullest: VoltAmperes,
    /// Power factor at the point of delivery, lagging or leading as `reactive` says; of the substation that has least of
    /// what is needed.
    pub power_factor: Share,
    /// What is needed there: what is asked, as far as half a step of a capacitor bank comes to it.
    pub needed_factor: Share,
    /// Whether taps came to no rest.
    pub unsettled: bool,
    /// Capacitor banks of the site, and how many of their steps are at work at full load.
    pub capacitors: CapacitorBanks,
    /// Turns ratio of the main transformers' tap changers.
    pub tap: f64,
    /// Voltages of the halls at full load over nominal.
    pub full: Range,
    /// Voltages of the halls at idle over nominal.
    pub idle: Range,
    /// Voltages at the point of delivery over nominal, full load and idle.
    pub delivery: Range,
    /// Voltages of the campus busbar over nominal, full load and idle.
    pub busbar: Range,
    /// Voltages at full load.
    pub buses: Vec<BusResult>,
    /// What branches carry at full load.
    pub branches: Vec<BranchResult>,
    /// The same of the other substations.
    pub others: Vec<BranchResult>,
    /// With one thing out of service, where it is worst.
    pub outages: Vec<OutageResult>,
    /// Part of the load that is carried where not all is.
    pub carries: Share,
    /// Why there is no solution, if so.
    pub shortfall: Option<String>,
}

impl LoadFlow {
    /// Mean loading of like equipment of all buildings, apparent power over the rating of what carries; none where none is.
    #[must_use]
    pub fn loading(&self, name: &str) -> Option<f64> {
        let own = self.branches.iter().chain(&self.others).filter(|branch| branch.name.starts_with(name));
        let (loads, count) = own.fold((0.0, 0.0), |(sum, count), branch| {
            let carrying = branch.count.saturating_sub(branch.idle) as f64;
            (sum + branch.loading * carrying, count + carrying)
        });
        (loads > 0.0).then(|| loads / count)
    }
}

/// Steps in which engines take their load when the grid has failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EngineSteps {
    /// Sets that carry it, without the spare ones.
    pub sets: u64,
    /// Steps.
    pub steps: u64,
    /// That each set takes in one.
    pub each: Watts,
    /// That it takes at most.
    pub limit: Watts,
    /// From one step to the next.
    pub pause: Seconds,
    /// From the outage to the step that brings the plant's pumps and chillers, which come first.
    pub plant_until: Seconds,
    /// From the outage to the last step.
    pub until: Seconds,
}

/// What a fault on the campus busbar draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultLevels {
    /// Of the busbar.
    pub voltage: Volts,
    /// Whether its ties are open; else all main transformers are in parallel.
    pub ties_open: bool,
    /// Sections of the busbars of all substations.
    pub sections: u64,
    /// Through what feeds one section.
    pub grid_open: Amperes,
    /// From the engine sets of one section while they run beside the grid.
    pub engines_open: Amperes,
    /// Through all main transformers of a substation.
    pub grid_closed: Amperes,
    /// From all its engine sets.
    pub engines_closed: Amperes,
    /// As the ties are run, grid and engines.
    pub run: Amperes,
    /// Interrupting rating of the breakers; none where no breaker breaks it.
    pub breaks: Option<Amperes>,
    /// At the grid's voltage: the grid, and the engine sets of a substation through its transformers.
    pub at_grid: Amperes,
    /// Interrupting rating of the breakers there; none where no breaker breaks it.
    pub grid_breaks: Option<Amperes>,
    /// Largest at a switchboard up to 1 kV; none where no transformer feeds one.
    pub low_voltage: Option<Amperes>,
    /// Interrupting rating of the breakers there; none where no breaker breaks it.
    pub low_voltage_breaks: Option<Amperes>,
}

/// Voltage of a bus.
#[derive(Debug, Clone)]
pub struct BusResult {
    /// Which.
    pub name: String,
    /// Over nominal.
    pub voltage: f64,
}

/// What a branch carries.
#[derive(Debug, Clone)]
pub struct BranchResult {
    /// Which.
    pub name: String,
    /// Equal ones, those that stand by among them.
    pub count: u64,
    /// Of those, that carry nothing until one fails.
    pub idle: u64,
    /// Active power into it.
    pub power: Watts,
    /// Lost in it.
    pub loss: Watts,
    /// Apparent power over rating.
    pub loading: f64,
}

/// The site with one thing out of service.
#[derive(Debug, Clone)]
pub struct OutageResult {
    /// What is out, and whose loading is looked at if not of the same.
    pub name: String,
    /// Loading of what takes over.
    pub loading: f64,
    /// Loading that it stands until the other is repaired or the load is shed.
    pub stands: f64,
    /// Lowest voltage over nominal.
    pub lowest: f64,
    /// Load that is dark until the part is repaired, as nothing takes it over.
    pub dark: Watts,
}

/// One line of an equipment schedule, electrical or mechanical.
#[derive(Debug, Clone)]
pub struct Equipment {
    /// What it is.
    pub name: String,
    /// How many; metres of what is bought by the metre, whose name ends in `[m]`.
    pub count: u64,
    /// Rating of one, in `unit`; the nominal diameter of pipes.
    pub rating: f64,
    /// Unit of the rating: `W`, `VA`, `A`, `J`, `m3`, `m3/s` or `m`.
    pub unit: String,
    /// What it is sized by.
    pub basis: String,
}
