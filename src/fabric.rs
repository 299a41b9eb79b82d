//! The tiers of the network: the scale-up domain, the scale-out fabric and the parts they are made of.
//!
//! A message stays inside a scale-up domain ([`scale_up`]) or crosses the scale-out fabric ([`scale_out`]), a fat
//! tree, rails alone, a dragonfly+ or a [`torus`], whose switches and links are counted here and whose optics draw power
//! and cost money ([`optics`]). [`graph`] draws it out, and [`routing`] says what its links carry. [`beside`] it stand the
//! front-end, storage and management networks, and [`between`] buildings fibre.
//! [`collective`] says how long a message takes. Left out: bursts, failed links, the border to the internet.

pub mod beside;
pub mod between;
pub mod collective;
pub mod graph;
pub mod optics;
pub mod routing;
pub mod scale_out;
pub mod scale_up;
pub mod torus;
