//! Values of neighbouring points side by side, so that the loops over them run in vectors.

use super::point::{Draft, Setting, StepParts, Workload, step_load, with_row};
use crate::throughput::roofline::{Operation, operation_time};

/// Points that are scored together: four of the widest registers.
pub(super) const LANES: usize = 64;

/// `N` values of each of the points, value by value.
#[derive(Clone, Copy)]
pub(super) struct Lanes<const N: usize>(pub(super) [[f32; LANES]; N]);

impl<const N: usize> Default for Lanes<N> {
    #[inline(always)]
    fn default() -> Self {
        Self([[0.0; LANES]; N])
    }
}

impl<const N: usize> std::ops::Index<usize> for Lanes<N> {
    type Output = [f32; LANES];
    #[inline(always)]
    fn index(&self, value: usize) -> &[f32; LANES] {
        &self.0[value]
    }
}

impl<const N: usize> std::ops::IndexMut<usize> for Lanes<N> {
    #[inline(always)]
    fn index_mut(&mut self, value: usize) -> &mut [f32; LANES] {
        &mut self.0[value]
    }
}

#[inline(always)]
pub(super) fn parts(lanes: &Lanes<4>, lane: usize) -> StepParts<f32> {
    StepParts {
        arithmetic: lanes[0][lane],
        memory: lanes[1][lane],
        messages: lanes[2][lane],
        fixed: lanes[3][lane],
    }
}

#[inline(always)]
pub(super) fn set_parts(lanes: &mut Lanes<4>, lane: usize, parts: StepParts<f32>) {
    lanes[0][lane] = parts.arithmetic;
    lanes[1][lane] = parts.memory;
    lanes[2][lane] = parts.messages;
    lanes[3][lane] = parts.fixed;
}

/// Adds one row to both steps of every lane.
#[inline(always)]
pub(super) fn add_row<const MESSAGE: bool>(
    row: &Operation<f32>,
    workload: &Workload<f32>,
    settings: &Lanes<7>,
    plain: &mut Lanes<4>,
    chunked: &mut Lanes<4>,
) {
    let row = *row;
    for lane in 0..LANES {
        let setting = Setting {
            sequences: settings[0][lane],
            draft: Draft { verified: settings[2][lane], ..Draft::default() },
            ..Setting::default()
        };
        let plain_load = step_load(setting, workload, 0.0);
        let sum = with_row(parts(plain, lane), operation_time(&row, &plain_load), MESSAGE);
        set_parts(plain, lane, sum);
        let chunked_load = step_load(setting, workload, settings[6][lane]);
        let sum = with_row(parts(chunked, lane), operation_time(&row, &chunked_load), MESSAGE);
        set_parts(chunked, lane, sum);
    }
}
