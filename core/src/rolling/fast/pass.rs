//! One erosion of everything: tile by tile, from fields into a field or into somebody's samples.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use super::super::Rolling;
use super::super::roller::Region;
use super::super::sample::Sample;
use super::super::simd::{self, Kernel};
use super::super::view::{View, ViewMut};
use super::field::{BLOCK, Field, block_minima};
use super::lane::Lane;
use super::tables::Tables;
use super::tile::{Tile, TileScratch};
use super::{Resident, Scratch, Spare, around, load};
use crate::cancel::Interrupt;

/// One row of tiles to be eroded into a band of samples.
pub(crate) struct TileRow<'a, L> {
    field: &'a Field<L>,
    tables: &'a Tables<L>,
    /// First row in the field, and the columns: whole tiles.
    y: usize,
    columns: Range<usize>,
    scratch: &'a mut TileScratch<L>,
    /// The results: `TILE` rows as long as `columns`.
    band: &'a mut [L],
    /// Asked before each tile, as one can take milliseconds.
    is_stopped: &'a dyn Fn() -> bool,
}

impl<L: Lane> TileRow<'_, L> {
    #[inline(always)]
    pub(super) fn erode<const T: usize>(&mut self) {
        let stride = self.columns.len();
        self.scratch.outlook.begin(self.field, self.tables, self.y);
        for x in self.columns.clone().step_by(T) {
            if (self.is_stopped)() {
                return;
            }
            let tile = Tile::<L, T>::eroded(self.field, self.tables, x, self.y, self.scratch);
            let to = &mut self.band[x - self.columns.start..];
            for (i, row) in tile.out.iter().enumerate() {
                let source = &self.field.data[(self.y + i) * self.field.stride + x..];
                for ((to, &v), &pixel) in to[i * stride..].iter_mut().zip(row).zip(source) {
                    // Where a pixel is nothing and nothing is in reach, there is nothing.
                    *to = if pixel.is_nothing() && v == L::TOP {
                        pixel
                    } else {
                        v
                    };
                }
            }
        }
    }
}

impl<L: Resident> Kernel for TileRow<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        L::erode_row(&mut self);
    }
}

/// What all erosions of a call share.
pub(super) struct Pass<'a, L, I> {
    pub tables: &'a Tables<L>,
    pub spare: &'a Spare<L>,
    pub interrupt: &'a I,
}

/// Rows of a chunk, for pieces that each have a field of their own; `None` where loading what chunks share would cost more
/// than the cache gives back.
pub(super) fn chunk_rows<T: Sample>(
    region: Region,
    reach: usize,
    presmooth: bool,
) -> Option<usize> {
    let tasks = 8 * rayon::current_num_threads();
    let rows = region
        .height
        .div_ceil(tasks)
        .next_multiple_of(<T::Lane as Lane>::TILE);
    let rows = if 2 * reach > rows { 2 * rows } else { rows };
    // What is shared is smoothed more than once.
    let dear = if presmooth { 6 } else { 1 };
    (reach * dear <= rows).then_some(rows)
}

impl<L: Resident, I: Interrupt> Pass<'_, L, I> {
    /// Erodes the region chunk by chunk, each from a small field that stays in the cache of the thread that filled it.
    pub fn by_chunks<T: Sample<Lane = L>>(
        &self,
        window: View<'_, T>,
        region: Region,
        rows: usize,
        rolling: &Rolling,
        negate: bool,
        result: ViewMut<'_, T>,
    ) -> Result<(), I::Stopped> {
        let layout = Layout::of(&result, negate);
        let chunks: Vec<&mut [T]> = result.bands(rows).collect();
        chunks.into_par_iter().enumerate().try_for_each(|(i, to)| {
            self.interrupt.check()?;
            let chunk = Region {
                y: region.y + i * rows,
                height: rows.min(region.height - i * rows),
                ..region
            };
            let seen = around(chunk, self.tables.reach, &window);
            let mut scratch = self.spare.take();
            let mut field = std::mem::take(&mut scratch.field);
            field.resize_for(seen, chunk);
            load::load_alone(
                &mut field,
                window,
                seen,
                negate,
                rolling.presmooth,
                &mut scratch,
            );
            let (x, y) = field.place(seen, chunk);
            let outcome = to
                .chunks_mut(L::TILE * layout.result_stride)
                .enumerate()
                .try_for_each(|(j, to)| {
                    self.tile_row(&field, (x, y + j * L::TILE), layout, to, &mut scratch)
                });
            scratch.field = field;
            self.spare.give_back(scratch);
            outcome
        })
    }

    /// Erodes the part of `source` that begins at the tile at (x, y) and is as large as `result`.
    pub fn to_view<T: Sample<Lane = L>>(
        &self,
        source: &Field<L>,
        (x, y): (usize, usize),
        result: ViewMut<'_, T>,
        negate: bool,
    ) -> Result<(), I::Stopped> {
        let layout = Layout::of(&result, negate);
        let bands: Vec<&mut [T]> = result.bands(L::TILE).collect();
        bands.into_par_iter().enumerate().try_for_each(|(i, to)| {
            let mut scratch = self.spare.take();
            let outcome = self.tile_row(source, (x, y + i * L::TILE), layout, to, &mut scratch);
            self.spare.give_back(scratch);
            outcome
        })
    }

    /// Erodes the row of tiles at (x, y) into samples.
    fn tile_row<T: Sample<Lane = L>>(
        &self,
        field: &Field<L>,
        (x, y): (usize, usize),
        layout: Layout,
        to: &mut [T],
        scratch: &mut Scratch<L>,
    ) -> Result<(), I::Stopped> {
        let stride = layout.width.next_multiple_of(L::TILE);
        scratch.band.resize(stride * L::TILE, L::TOP);
        let Scratch { tile, band, .. } = scratch;
        self.erode(field, y, x..x + stride, tile, band)?;
        let rows = to.len().div_ceil(layout.result_stride);
        simd::run(Store {
            band: &scratch.band,
            stride,
            layout,
            to,
        });
        self.interrupt.advance((rows * layout.width) as u64);
        Ok(())
    }

    /// Erodes a row of tiles into a band.
    fn erode(
        &self,
        field: &Field<L>,
        y: usize,
        columns: Range<usize>,
        scratch: &mut TileScratch<L>,
        band: &mut [L],
    ) -> Result<(), I::Stopped> {
        let outcome = RefCell::new(Ok(()));
        simd::run(TileRow {
            field,
            tables: self.tables,
            y,
            columns,
            scratch,
            band,
            is_stopped: &|| {
                let checked = self.interrupt.check();
                let is_stopped = checked.is_err();
                *outcome.borrow_mut() = checked;
                is_stopped
            },
        });
        outcome.into_inner()
    }

    /// Erodes the part of `source` that `target` covers, shifted by whole tiles, and stores it negated, for the next pass.
    pub fn to_field(
        &self,
        source: &Field<L>,
        shift: (usize, usize),
        target: &mut Field<L>,
    ) -> Result<(), I::Stopped> {
        let Field {
            left,
            top,
            width,
            height,
            stride,
            minima_stride,
            ..
        } = *target;
        let bands = target.data.par_chunks_mut(stride * L::TILE);
        let minima = target
            .minima
            .par_chunks_mut(minima_stride * (L::TILE / BLOCK));
        let work = bands.zip(minima).enumerate();
        work.try_for_each(|(i, (band, minima))| {
            self.interrupt.check()?;
            let y = i * L::TILE;
            let mut scratch = self.spare.take();
            let columns = shift.0..shift.0 + stride;
            self.erode(source, shift.1 + y, columns, &mut scratch.tile, band)?;
            let rows = Field::<L>::valid(y, L::TILE, top, height);
            simd::run(Negation {
                band,
                stride,
                columns: left..left + width,
                rows: rows.clone(),
                lowest: &mut scratch.columns,
                minima,
                minima_stride,
            });
            self.spare.give_back(scratch);
            self.interrupt.advance((rows.len() * width) as u64);
            Ok(())
        })
    }
}

/// Brings a band of results to the form of a field.
struct Negation<'a, L> {
    band: &'a mut [L],
    stride: usize,
    /// What belongs to the picture.
    columns: Range<usize>,
    rows: Range<usize>,
    lowest: &'a mut Vec<L>,
    minima: &'a mut [L],
    minima_stride: usize,
}

impl<L: Lane> Kernel for Negation<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (y, row) in self.band.chunks_exact_mut(self.stride).enumerate() {
            if self.rows.contains(&y) {
                row[..self.columns.start].fill(L::TOP);
                row[self.columns.end..].fill(L::TOP);
                for v in &mut row[self.columns.clone()] {
                    *v = v.negated();
                }
            } else {
                row.fill(L::TOP);
            }
        }
        let blocks = self.band.chunks_exact(self.stride * BLOCK);
        for (rows, minima) in blocks.zip(self.minima.chunks_exact_mut(self.minima_stride)) {
            block_minima(rows, self.stride, self.lowest, minima);
        }
    }
}

/// Where results go.
#[derive(Clone, Copy)]
struct Layout {
    width: usize,
    step: usize,
    result_stride: usize,
    negate: bool,
}

impl Layout {
    fn of<T>(result: &ViewMut<'_, T>, negate: bool) -> Self {
        Self {
            width: result.width(),
            step: result.step(),
            result_stride: result.stride(),
            negate,
        }
    }
}

/// Brings a band of results to samples.
struct Store<'a, T: Sample> {
    band: &'a [T::Lane],
    stride: usize,
    layout: Layout,
    to: &'a mut [T],
}

impl<T: Sample> Kernel for Store<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Layout {
            width,
            step,
            result_stride,
            negate,
        } = self.layout;
        let rows = self.to.chunks_mut(result_stride);
        for (to, row) in rows.zip(self.band.chunks_exact(self.stride)) {
            let row = &row[..width];
            if step == 1 {
                for (to, &v) in to.iter_mut().zip(row) {
                    *to = T::from_lane(v, negate);
                }
            } else {
                for (to, &v) in to.iter_mut().step_by(step).zip(row) {
                    *to = T::from_lane(v, negate);
                }
            }
        }
    }
}
