//! The fast way to roll a ball: exact, tile by tile.
//!
//! A pass erodes a [`Field`](field::Field), the padded working copy of a picture, tile by tile; what is wanted is brought
//! to that form by negating on the way in and out (`dilate(I) = −erode(−I)`). Opening and closing are two passes with a
//! second field between them.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wide vectors; see simd.rs"
)]
#![expect(
    clippy::neg_cmp_op_on_partial_ord,
    reason = "NaN is nothing: what is not below ends, or is no source"
)]

mod direct;
mod dominance;
mod field;
mod lane;
mod levels;
mod load;
mod outlook;
mod pass;
mod scatter;
mod tables;
mod tile;

pub(crate) use lane::Lane;
pub(crate) use load::smooth_row;

use std::sync::{Arc, Mutex, PoisonError};

use super::roller::Region;
use super::sample::Sample;
use super::view::{View, ViewMut};
use super::{Operation, Rolling};
use crate::cancel::Interrupt;
use field::Field;
use pass::{Pass, TileRow, chunk_rows};
use tables::Tables;
use tile::TileScratch;

/// Tables of recent elements that are kept.
const TABLES_KEPT: usize = 4;
/// Tables of huge elements are made for pictures of so many pixels, twice as many and so on, so that similar ones share them.
const LIMIT_STEP: usize = 64;

/// Memory and tables for one kind of number, kept between calls.
#[derive(Debug, Default)]
pub(crate) struct Engine<L> {
    fields: [Field<L>; 2],
    /// Most recent last; also by whether depths are whole levels.
    tables: Vec<(bool, Arc<Tables<L>>)>,
    spare: Spare<L>,
}

#[derive(Debug)]
struct Scratch<L> {
    field: Field<L>,
    tile: TileScratch<L>,
    columns: Vec<L>,
    band: Vec<L>,
    sums: Vec<f32>,
}

impl<L> Default for Scratch<L> {
    fn default() -> Self {
        Self {
            field: Field::default(),
            tile: TileScratch::default(),
            columns: Vec::new(),
            band: Vec::new(),
            sums: Vec::new(),
        }
    }
}

/// The engines for all kinds of numbers.
#[derive(Debug, Default)]
pub(crate) struct Engines {
    u8: Engine<u8>,
    f32: Engine<f32>,
}

/// A number whose engine is among [`Engines`], with the tile's side as a constant.
pub(crate) trait Resident: Lane {
    /// Its engine.
    fn engine(engines: &mut Engines) -> &mut Engine<Self>;

    /// The erosion of one tile, for [`Tile::eroded`].
    fn erode_row(row: &mut TileRow<'_, Self>);
}

impl Resident for u8 {
    fn engine(engines: &mut Engines) -> &mut Engine<Self> {
        &mut engines.u8
    }

    #[inline(always)]
    fn erode_row(row: &mut TileRow<'_, Self>) {
        row.erode::<{ <u8 as Lane>::TILE }>();
    }
}

impl Resident for f32 {
    fn engine(engines: &mut Engines) -> &mut Engine<Self> {
        &mut engines.f32
    }

    #[inline(always)]
    fn erode_row(row: &mut TileRow<'_, Self>) {
        row.erode::<{ <f32 as Lane>::TILE }>();
    }
}

/// Rolls by a ball over a window and gives the result for a region of it, as [`super::Roller::roll_region`].
pub(crate) fn roll_region<T: Sample, I: Interrupt>(
    engine: &mut Engine<T::Lane>,
    window: View<'_, T>,
    region: Region,
    result: ViewMut<'_, T>,
    rolling: &Rolling,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let extent = window.width().max(window.height());
    let tables = engine.tables(rolling, T::IS_FLOORED, extent);
    let Engine {
        fields: [first, second],
        spare,
        ..
    } = engine;
    let pass = Pass {
        tables: &tables,
        spare,
        interrupt,
    };
    let is_negative = match rolling.operation {
        Operation::Erosion | Operation::Opening => false,
        Operation::Dilation | Operation::Closing => true,
    };
    let (reach, presmooth) = (tables.reach, rolling.presmooth);
    if rolling.operation.passes() == 1 {
        if let Some(rows) = chunk_rows::<T>(region, reach, presmooth) {
            return pass.by_chunks(window, region, rows, rolling, is_negative, result);
        }
        let seen = around(region, reach, &window);
        first.resize_for(seen, region);
        load::load(
            first,
            window,
            seen,
            is_negative,
            presmooth,
            spare,
            interrupt,
        )?;
        return pass.to_view(first, first.place(seen, region), result, is_negative);
    }
    // What the second pass sees around the region, and the first around that. Both fields have their tiles where the
    // region has.
    let middle = around(region, reach, &window);
    let seen = around(middle, reach, &window);
    first.resize_for(seen, region);
    second.resize_for(middle, region);
    load::load(
        first,
        window,
        seen,
        is_negative,
        presmooth,
        spare,
        interrupt,
    )?;
    let (x, y) = first.place(seen, middle);
    let shift = (x - second.left, y - second.top);
    pass.to_field(first, shift, second)?;
    // The second field holds the negative: of an erosion, or of a dilation whose field was negative already.
    pass.to_view(second, second.place(middle, region), result, !is_negative)
}

/// The part of the window that lies at most `reach` pixels around a region of it.
fn around<T>(region: Region, reach: usize, window: &View<'_, T>) -> Region {
    let (x, y) = (
        region.x.saturating_sub(reach),
        region.y.saturating_sub(reach),
    );
    let end = |from: usize, n: usize, size: usize| (from + n).saturating_add(reach).min(size);
    Region {
        x,
        y,
        width: end(region.x, region.width, window.width()) - x,
        height: end(region.y, region.height, window.height()) - y,
    }
}

impl<L: Lane> Engine<L> {
    /// Tables for windows at most `extent` pixels long: an element may be far larger than any picture.
    fn tables(&mut self, rolling: &Rolling, is_floored: bool, extent: usize) -> Arc<Tables<L>> {
        let element = rolling.element;
        let is_same = |(floored, tables): &(bool, Arc<Tables<L>>)| {
            *floored == is_floored && tables.element == element && extent <= tables.limit
        };
        if let Some(at) = self.tables.iter().position(is_same) {
            let recent = self.tables.remove(at);
            let tables = recent.1.clone();
            self.tables.push(recent);
            return tables;
        }
        let depth = |dx, dy| {
            element.skin(dx, dy).map(|(height, skin)| {
                if is_floored {
                    L::depth((height - skin).floor(), 0.0)
                } else {
                    L::depth(height, skin)
                }
            })
        };
        let made = Arc::new(Tables::new(
            element,
            depth,
            is_floored,
            extent.next_multiple_of(LIMIT_STEP),
        ));
        if self.tables.len() == TABLES_KEPT {
            self.tables.remove(0);
        }
        self.tables.push((is_floored, made.clone()));
        made
    }
}

/// Scratch memory that no thread is using.
#[derive(Debug, Default)]
struct Spare<L>(Mutex<Vec<Scratch<L>>>);

impl<L> Spare<L> {
    fn take(&self) -> Scratch<L> {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }

    fn give_back(&self, scratch: Scratch<L>) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(scratch);
    }
}
