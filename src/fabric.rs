//! The tiers of the network: the scale-up domain, the scale-out fabric and the parts they are made of.
//!
//! A message stays inside a scale-up domain ([`scale_up`]) or crosses the scale-out fabric ([`scale_out`]), a fat
//! tree whose switches and links are counted here and whose optics draw power and cost money ([`optics`]).
//! [`collective`] says how long a message takes. Left out: dragonfly, torus, storage and management networks.

pub mod collective;
pub mod graph;
pub mod optics;
pub mod routing;
pub mod scale_out;
pub mod scale_up;
pub mod torus;
