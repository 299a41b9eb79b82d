//! What a model asks of a machine, and how fast the machine answers.
//!
//! Every step of one rank (decode, prefill, the mix of both, training forward) is a short table of
//! [`roofline::Operation`] rows: a model card is expanded to operations, a layout splits them over ranks, the fitted
//! efficiency curves turn peaks into rates, and all kinds (dense or mixture of experts, grouped or latent
//! attention) end as coefficients of the same row. What evaluates a row is one function, the same in `f64`, in
//! `f32` and in the shader.

pub mod bands;
pub mod efficiency;
pub mod engines;
pub mod goodput;
pub mod machine;
pub mod memory;
pub mod operations;
pub mod parallelism;
pub mod precision;
pub mod queueing;
pub mod roofline;
#[cfg(test)]
pub(crate) mod samples;
pub mod serving;
pub mod shape;
pub mod software;
pub mod training;
