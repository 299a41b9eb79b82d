//! Times of collectives.
