//! `gigawatt sites`: markets and cooling plants ranked for an envelope.

use super::arguments::{Common, Overrides};
use super::diagnostic::{Failure, say};
use super::progress::Progress;
use super::{Outcome, source};
use crate::report::DRAWN_SUFFIX;
use crate::report::sites::SitesReport;
use crate::search::sites::{Rank, SiteOptions, rank_sites};
use clap::ValueEnum;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Rank all markets and cooling plants for an envelope: what fits, PUE, water, chillers, cost, heat
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Scenario file, or - for stdin; the built-in 1 GW scenario if left out
    ///
    /// Its site and cooling design are replaced by each market and plant in turn. Example: gigawatt sites campus.toml
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// What the ranking is by
    ///
    /// Example: --by water
    #[arg(long, value_enum, default_value_t = By::Accelerators, value_name = "WHAT")]
    by: By,
    /// Pairs of market and plant to show, at most
    ///
    /// Each is computed again in double precision; a drawing shows all pairs unless this says less. Example: --top 500
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,
    /// Only this market, an id or a TOML file of a climate; may be repeated
    ///
    /// Example: --market lulea --market abilene-tx
    #[arg(long = "market", value_name = "ID")]
    markets: Vec<String>,
    /// Only this cooling design, an id or a TOML file; may be repeated
    ///
    /// Example: --cooling towers
    #[arg(long = "cooling", value_name = "ID")]
    designs: Vec<String>,
    /// Choose the coolant's supply temperature for each pair: from 20 °C up to the racks' limit, in steps of 5 K
    ///
    /// Colder coolant runs slower and asks for more chillers. Example: --choose-supply
    #[arg(long)]
    choose_supply: bool,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    pub common: Common,
}

/// Pairs that people read when nobody says how many.
const SHOWN: usize = 20;

/// What a ranking is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Most accelerators.
    Accelerators,
    /// Least energy per energy of IT over the year.
    Pue,
    /// Least water per energy of IT.
    Water,
    /// Least cost of electricity and water for each accelerator.
    Cost,
    /// Least carbon for each accelerator.
    Carbon,
}

impl From<By> for Rank {
    fn from(by: By) -> Self {
        match by {
            By::Accelerators => Self::Accelerators,
            By::Pue => Self::Pue,
            By::Water => Self::Water,
            By::Cost => Self::Cost,
            By::Carbon => Self::Carbon,
        }
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let common = &arguments.common;
    let drawing = common.output.as_ref().is_some_and(|path| {
        path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case(DRAWN_SUFFIX.0))
    });
    let top = match arguments.top {
        Some(top) => top as usize,
        None if drawing => usize::MAX,
        None => SHOWN,
    };
    let source = source::read(arguments.scenario.as_deref())?;
    let file = source.as_ref().map(|source| (source.name.as_str(), source.text.as_str()));
    let mut catalog = common.catalog()?;
    let mut markets = arguments.markets;
    markets.extend(arguments.overrides.site.clone());
    let scenario = crate::scenario::resolve(file, &arguments.overrides.into(), &mut catalog)?;
    if scenario.fields.site.weather.is_some() && !common.quiet {
        say(
            "the weather file is of one site: markets are ranked by years put together from their statistics\n",
        );
    }
    let or_all = |named: Vec<String>, folder: &str| {
        if named.is_empty() { catalog.ids(folder) } else { named }
    };
    let (markets, designs) = (or_all(markets, "climates"), or_all(arguments.designs, "cooling"));
    let by = arguments.by.into();
    let choose_supply = arguments.choose_supply;
    let options = SiteOptions { by, top, seed: common.seed, choose_supply };
    let bar = std::cell::OnceCell::new();
    let shown = std::cell::Cell::new(0);
    let ranking =
        rank_sites(&scenario, &catalog, &common.engine(), (&markets, &designs), options, |progress| {
            let bar = bar.get_or_init(|| Progress::of("hours", progress.total, common.quiet));
            bar.advance(progress.done.saturating_sub(shown.replace(progress.done)));
            ControlFlow::Continue(())
        })?;
    drop(bar);
    if !common.quiet {
        for warning in &ranking.run.warnings {
            say(&format!("warning: {warning}\n"));
        }
    }
    let short = ranking.rows.is_empty();
    Ok(Outcome::Report {
        report: Box::new(SitesReport::of(&scenario, options.by, ranking)),
        short,
        spent: None,
    })
}
