//! From the meter to the rack: the electrical side of the building.
//!
//! Current comes in at the utility meter and passes a chain of stages (transformers, UPS or rectifier, busway)
//! to the rack inputs. Each stage loses a little ([`stages`]), more of it the more it is doubled for safety
//! ([`redundancy`]), which decides how surely a rack is fed ([`availability`]). What a rack is given is a policy
//! ([`provisioning`]); what a stated power means depends on where it is measured ([`envelope`]). Seconds are for swings,
//! ramps and stores ([`dynamics`]); voltages and overloads come from the load flow ([`load_flow`]) of the campus
//! ([`one_line`]), which is served at a voltage that suits its load ([`service`]); what is bought has preferred ratings
//! ([`ratings`]). Left out: harmonics and switching transients.

pub mod availability;
pub mod dynamics;
pub mod envelope;
pub mod load_flow;
pub mod one_line;
pub mod provisioning;
pub mod ratings;
pub mod redundancy;
pub mod service;
pub mod stages;

pub use envelope::{AnnualPue, MeasuredAt, PeakRatio, PowerEnvelope, Wue};
pub use provisioning::{Bound, Provisioned, Provisioning, ProvisioningError, RackPower, Shelves};
pub use redundancy::{Redundancy, Reserve};
pub use stages::{MARGIN, PartLoadLoss, Portion, Sold, StageDesign, StageFlow, chain, chain_at, indoor_loss};
