//! From samples to a field: negated, smoothed, padded, with the minima of blocks.

use rayon::prelude::*;

use super::super::roller::Region;
use super::super::sample::Sample;
use super::super::simd::{self, Kernel};
use super::super::view::View;
use super::field::{BLOCK, Field, block_minima};
use super::lane::Lane;
use super::{Scratch, Spare};
use crate::cancel::Interrupt;

/// Fills `field` with the part `seen` of a window.
pub(super) fn load<T: Sample, I: Interrupt>(
    field: &mut Field<T::Lane>,
    window: View<'_, T>,
    seen: Region,
    negated: bool,
    presmooth: bool,
    spare: &Spare<T::Lane>,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let Field {
        left,
        top,
        width,
        height,
        stride,
        minima_stride,
        ..
    } = *field;
    // Several rows of blocks at once, so that the bookkeeping does not show.
    let rows = 4 * BLOCK;
    let bands = field.data.par_chunks_mut(stride * rows);
    let minima = field.minima.par_chunks_mut(minima_stride * (rows / BLOCK));
    bands
        .zip(minima)
        .enumerate()
        .try_for_each(|(i, (band, minima))| {
            interrupt.check()?;
            let mut scratch = spare.take();
            simd::run(Load {
                window,
                seen,
                left,
                width,
                y: i * rows,
                valid: Field::<T::Lane>::valid(i * rows, rows, top, height),
                top,
                negated,
                presmooth,
                stride,
                band,
                minima,
                minima_stride,
                scratch: &mut scratch,
            });
            spare.give_back(scratch);
            Ok(())
        })
}

/// The same by the calling thread alone.
pub(super) fn load_alone<T: Sample>(
    field: &mut Field<T::Lane>,
    window: View<'_, T>,
    seen: Region,
    negated: bool,
    presmooth: bool,
    scratch: &mut Scratch<T::Lane>,
) {
    simd::run(Load {
        window,
        seen,
        left: field.left,
        width: field.width,
        y: 0,
        valid: Field::<T::Lane>::valid(0, field.rows, field.top, field.height),
        top: field.top,
        negated,
        presmooth,
        stride: field.stride,
        band: &mut field.data,
        minima: &mut field.minima,
        minima_stride: field.minima_stride,
        scratch,
    });
}

struct Load<'a, T: Sample> {
    window: View<'a, T>,
    seen: Region,
    left: usize,
    width: usize,
    /// First row of the band in the field, and which of its rows belong to the picture.
    y: usize,
    valid: std::ops::Range<usize>,
    top: usize,
    negated: bool,
    presmooth: bool,
    stride: usize,
    band: &'a mut [T::Lane],
    minima: &'a mut [T::Lane],
    minima_stride: usize,
    scratch: &'a mut Scratch<T::Lane>,
}

impl<T: Sample> Kernel for Load<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (i, row) in self.band.chunks_exact_mut(self.stride).enumerate() {
            if !self.valid.contains(&i) {
                row.fill(T::Lane::TOP);
                continue;
            }
            row[..self.left].fill(T::Lane::TOP);
            row[self.left + self.width..].fill(T::Lane::TOP);
            let to = &mut row[self.left..self.left + self.width];
            let y = self.seen.y + self.y + i - self.top;
            if self.presmooth {
                smooth_row(
                    &self.window,
                    y,
                    self.seen.x,
                    self.negated,
                    &mut self.scratch.sums,
                    to,
                );
            } else {
                copy_row(&self.window, y, self.seen.x, self.negated, to);
            }
        }
        let blocks = self.band.chunks_exact(self.stride * BLOCK);
        for (rows, minima) in blocks.zip(self.minima.chunks_exact_mut(self.minima_stride)) {
            block_minima(rows, self.stride, &mut self.scratch.columns, minima);
        }
    }
}

#[inline(always)]
fn copy_row<T: Sample>(
    window: &View<'_, T>,
    y: usize,
    x: usize,
    negated: bool,
    to: &mut [T::Lane],
) {
    let (row, step) = (&window.row(y)[x * window.step()..], window.step());
    // Steps that are known make vectors.
    match step {
        1 => copy_stepped::<T, 1>(row, negated, to),
        2 => copy_stepped::<T, 2>(row, negated, to),
        3 => copy_stepped::<T, 3>(row, negated, to),
        4 => copy_stepped::<T, 4>(row, negated, to),
        _ => {
            for (to, &v) in to.iter_mut().zip(row.iter().step_by(step)) {
                *to = v.to_lane(negated);
            }
        }
    }
}

#[inline(always)]
fn copy_stepped<T: Sample, const STEP: usize>(row: &[T], negated: bool, to: &mut [T::Lane]) {
    let (pixels, rest) = row.as_chunks::<STEP>();
    for (to, pixel) in to.iter_mut().zip(pixels) {
        *to = pixel[0].to_lane(negated);
    }
    // Behind the last sample there may be nothing.
    if let (Some(to), Some(&v)) = (to.get_mut(pixels.len()), rest.first()) {
        *to = v.to_lane(negated);
    }
}

/// A row of 3×3 means, summed in the definition's order: columns from above, then from the left.
#[inline(always)]
pub(crate) fn smooth_row<T: Sample>(
    window: &View<'_, T>,
    y: usize,
    x: usize,
    negated: bool,
    sums: &mut Vec<f32>,
    to: &mut [T::Lane],
) {
    let (width, step) = (window.width(), window.step());
    // One column of zeros on either side of the whole row.
    sums.clear();
    sums.resize(width + 2, 0.0);
    let rows = y.saturating_sub(1)..(y + 2).min(window.height());
    for sy in rows.clone() {
        let row = window.row(sy);
        let sums = &mut sums[1..=width];
        if step == 1 {
            for (sum, &v) in sums.iter_mut().zip(row) {
                *sum += v.as_f32();
            }
        } else {
            for (sum, &v) in sums.iter_mut().zip(row.iter().step_by(step)) {
                *sum += v.as_f32();
            }
        }
    }
    let count = rows.len() as f32;
    let n = 3.0 * count;
    let sums = &sums[x..];
    for (i, to) in to.iter_mut().enumerate() {
        let sum = sums[i] + sums[i + 1] + sums[i + 2];
        *to = T::mean(sum, n).to_lane(negated);
    }
    // The border's columns have fewer neighbours.
    let mut edge = |at: usize| {
        if let Some(i) = at.checked_sub(x).filter(|&i| i < to.len()) {
            let columns = (at + 1).min(2) + usize::from(at + 1 < width);
            let sum = sums[i] + sums[i + 1] + sums[i + 2];
            to[i] = T::mean(sum, columns as f32 * count).to_lane(negated);
        }
    };
    edge(0);
    edge(width - 1);
}
