//! gigawatt: what does a power envelope buy?
//!
//! From 1 GW at the utility meter to accelerators, racks, halls, switches, cables, tokens per second and dollars:
//!
//! ```
//! use gigawatt::{catalog::Catalog, plan, scenario};
//!
//! // The built-in scenario: 1 GW at the meter in Abilene, GB300 NVL72. Flags lie over it, as a file would.
//! let mut catalog = Catalog::default();
//! let flags = scenario::Flags { system: Some("vr-nvl72:max-p".into()), ..Default::default() };
//! let scenario = scenario::resolve(None, &flags, &mut catalog)?;
//! let plan = plan::plan(&scenario, &catalog, plan::Options::default())?;
//!
//! // Power: the design hour sizes the site, the year writes the bill.
//! assert!(plan.power.facility_peak <= plan.power.envelope);
//! assert!(plan.power.pue_annual < plan.power.peak_ratio);
//!
//! // Fleet: whole racks. NVIDIA has shown 274,968 Vera Rubin packages for this envelope.
//! assert!((plan.fleet.accelerators as f64 / 274_968.0 - 1.0).abs() < 0.1);
//!
//! // Throughput: the best design point under the promise of each workload.
//! let tokens: f64 = plan.serving.iter().map(|s| s.output_tokens_per_s.0).sum();
//! assert!(tokens > 0.0);
//!
//! // What binds comes first; how a number came to be is in the ledger.
//! assert!(plan.verdicts[0].binds);
//! assert!(plan.ledger.find("power.pue_annual").is_some());
//! # Ok::<(), gigawatt::catalog::InputError>(())
//! ```
//!
//! Read the modules in the order of the current: [`power`] and [`cooling`] make the envelope into IT, [`fleet`] and
//! [`layout`] into racks that stand somewhere, [`fabric`] connects them, [`throughput`] says what they do and
//! [`economics`] what they cost. These are formulas over [`units`]. [`catalog`] and [`scenario`] hold what is known and
//! asked, [`plan`] runs the chain to its fixed point. [`kernel`]s run on an [`engine`]: GPU or vectorised CPU; [`search`]
//! uses them. [`validation`] and [`calibration`] are the proof, [`report`] the telling.

pub mod bench;
pub mod calibration;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coefficients;
pub mod cooling;
pub mod economics;
pub mod engine;
pub mod fabric;
pub mod fleet;
pub mod kernel;
pub mod layout;
pub mod media;
pub mod plan;
pub mod power;
pub mod random;
pub mod report;
pub mod scalar;
pub mod scenario;
pub mod search;
pub mod throughput;
pub mod units;
pub mod validation;
