//! Paraboloids, fast: exact, at a cost per pixel that does not depend on the radius.
//!
//! `c·(dx² + dy²)` is a sum of one number for the column and one for the row, so the erosion by a paraboloid is one along
//! rows followed by one along columns (or the other way round); [`line`] has that in one dimension, and [`lattice`] the
//! whole numbers in which nothing is ever rounded on the way.
//!
//! Three stages, each parallel, each going once through memory:
//!
//! 1. rows of the picture → lattice, eroded along rows → stored for reading by columns ([`panels`]);
//! 2. columns → eroded along columns; that is the erosion. For an opening its samples are negated at once, while they
//!    are in the cache, and eroded along columns again → stored for reading by rows;
//! 3. rows → for an opening eroded along rows → samples of the result.

#![expect(
    clippy::inline_always,
    reason = "inner loops take over the vector instructions of the function they are compiled into"
)]

mod cell;
mod convert;
mod lattice;
mod line;
mod panels;
mod roll;

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use self::cell::Cell;
use self::convert::{Store, ToCells, ToSamples, Turn};
pub use self::lattice::{Lattice, OnLattice};
use self::line::{Erosion, Slope, erode, pad, padded};
use self::panels::{PANEL, Panels};
pub(crate) use self::roll::roll;
use super::simd;
use super::{Element, Operation, Region, Sample, View, ViewMut};
use crate::cancel::Interrupt;

/// Memory for paraboloids, kept from one call to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    /// For samples of 8 bits.
    narrow: Bank<i32>,
    /// For all others.
    wide: Bank<f64>,
}

/// Memory for one kind of number.
#[derive(Debug, Default)]
pub struct Bank<C> {
    slope: Slope<C>,
    /// The picture between the first and the second stage.
    by_rows: Vec<C>,
    /// The picture between the second and the third stage.
    by_columns: Vec<C>,
    lanes: Vec<Lane<C>>,
}

/// What one thread works with at a time.
#[derive(Debug, Default)]
struct Lane<C> {
    /// [`PANEL`] lines of sources, or as many as are read at once.
    sources: Vec<C>,
    /// One line between the two erosions of the second stage.
    turned: Vec<C>,
    /// [`PANEL`] lines of results.
    results: Vec<C>,
    /// Best sources of a line.
    best: Vec<u32>,
}

impl<C: Cell> Lane<C> {
    /// Makes room for lines of so many pixels.
    fn prepare(&mut self, sources: usize, results: usize) {
        let room = padded(sources.max(results));
        grow(&mut self.sources, PANEL * room);
        grow(&mut self.results, PANEL * room);
        grow(&mut self.turned, room);
    }
}

fn grow<C: Cell>(memory: &mut Vec<C>, length: usize) {
    if memory.len() < length {
        memory.resize(length, C::default());
    }
}

/// Pixels from one to behind the last of a side of the window.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    length: usize,
}

impl Span {
    /// This span with `reach` more on both sides, within a side of `length`.
    fn widened(self, reach: usize, length: usize) -> Self {
        let start = self.start.saturating_sub(reach);
        let end = (self.start + self.length).saturating_add(reach).min(length);
        Self {
            start,
            length: end - start,
        }
    }
}

/// One call's facts.
struct Job<'a, T: OnLattice> {
    window: View<'a, T>,
    lattice: Lattice,
    /// Whether samples are negated at the begin and at the end.
    negated: (bool, bool),
    /// Whether a second erosion follows, of the negated first.
    twice: bool,
    /// Where the result is wanted.
    columns: Span,
    rows: Span,
    /// Where the first erosion is wanted.
    first_columns: Span,
    first_rows: Span,
    /// Whether some sample needs the rules for those that the lattice does not hold.
    odd: AtomicBool,
}

/// Rolls a paraboloid over `window` and gives the result for `region`, which is that of the whole picture when the window
/// reaches as far around it as [`Rolling::apron`](super::Rolling::apron) says.
fn roll_region<T: Sample, I: Interrupt>(
    scratch: &mut Scratch,
    window: View<'_, T>,
    region: Region,
    result: ViewMut<'_, T>,
    element: &Element,
    operation: Operation,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let lattice = T::lattice(element.curvature());
    let twice = operation.passes() == 2;
    let begin = matches!(operation, Operation::Dilation | Operation::Closing);
    let columns = Span {
        start: region.x,
        length: region.width,
    };
    let rows = Span {
        start: region.y,
        length: region.height,
    };
    let reach = if twice { T::reach(&lattice) } else { 0 };
    let job = Job {
        window,
        lattice,
        negated: (begin, begin != twice),
        twice,
        columns,
        rows,
        first_columns: columns.widened(reach, window.width()),
        first_rows: rows.widened(reach, window.height()),
        odd: AtomicBool::new(false),
    };
    let bank = T::Cell::bank(scratch);
    bank.slope
        .prepare(lattice.coefficient, window.width().max(window.height()));
    // More lanes than threads, so that no thread waits long for another.
    let lanes = rayon::current_num_threads() * 4;
    bank.lanes.resize_with(lanes, Lane::default);

    let pixels = (region.width * region.height * operation.passes()) as u64;
    let by_rows = Panels {
        lines: window.height(),
        length: job.first_columns.length,
    };
    let by_columns = Panels {
        lines: job.first_columns.length,
        length: region.height,
    };
    grow(&mut bank.by_rows, by_rows.memory());
    grow(&mut bank.by_columns, by_columns.memory());
    let Bank {
        slope,
        by_rows: first,
        by_columns: second,
        lanes,
    } = bank;

    let share = Share::new(interrupt, pixels / 3, by_rows.panels());
    by_rows.fill(first, lanes, |lane, panel, memory| {
        job.along_rows(slope, lane, panel, by_rows, memory);
        share.done(panel)
    })?;
    let share = Share::new(interrupt, pixels / 3, by_columns.panels());
    by_columns.fill(second, lanes, |lane, panel, memory| {
        job.along_columns(slope, lane, panel, (by_rows, first), by_columns, memory);
        share.done(panel)
    })?;

    let (width, step, stride) = (result.width(), result.step(), result.stride());
    let mut bands: Vec<_> = result.bands(PANEL).collect();
    let share = Share::new(interrupt, pixels - pixels / 3 * 2, bands.len());
    let per_lane = bands.len().div_ceil(lanes.len());
    let shares = bands.par_chunks_mut(per_lane).enumerate().zip(lanes);
    shares.try_for_each(|((share_number, bands), lane)| {
        for (i, band) in bands.iter_mut().enumerate() {
            let number = share_number * per_lane + i;
            let rows = job.finished(slope, lane, number * PANEL, (by_columns, second));
            for ((y, row), to) in rows.enumerate().zip(band.chunks_mut(stride)) {
                // What follows in the memory of a row may belong to others.
                let len = to.len().min((width - 1) * step + 1);
                job.store(row, number * PANEL + y, &mut to[..len], step);
            }
            share.done(number)?;
        }
        Ok(())
    })
}

/// Part of the work, for those who count it.
struct Share<'a, I> {
    interrupt: &'a I,
    pixels: u64,
    parts: u64,
}

impl<'a, I: Interrupt> Share<'a, I> {
    fn new(interrupt: &'a I, pixels: u64, parts: usize) -> Self {
        Self {
            interrupt,
            pixels,
            parts: parts as u64,
        }
    }

    /// Part number `part` is done.
    fn done(&self, part: usize) -> Result<(), I::Stopped> {
        let until = |part: u64| {
            (u128::from(self.pixels) * u128::from(part) / u128::from(self.parts)) as u64
        };
        let part = part as u64;
        self.interrupt.advance(until(part + 1) - until(part));
        self.interrupt.check()
    }
}

impl<T: Sample> Job<'_, T> {
    /// The first stage: some rows of the window, eroded along themselves.
    fn along_rows(
        &self,
        slope: &Slope<T::Cell>,
        lane: &mut Lane<T::Cell>,
        panel: usize,
        panels: Panels,
        memory: &mut [T::Cell],
    ) {
        let width = self.window.width();
        lane.prepare(width, panels.length);
        let room = padded(panels.length);
        let line = &mut lane.sources[..padded(width)];
        pad(line, width);
        let results = lane.results.chunks_exact_mut(room);
        for (y, result) in panels.lines_of(panel).zip(results) {
            self.load(y, &mut line[..width]);
            let first = self.first_columns;
            erode(Erosion {
                slope,
                sources: line,
                length: width,
                first: first.start,
                count: first.length,
                result,
                best: &mut lane.best,
            });
        }
        simd::run(Store {
            lines: &lane.results,
            room,
            panel: memory,
        });
    }

    /// One row of the window on the lattice.
    fn load(&self, y: usize, line: &mut [T::Cell]) {
        let odd = simd::run(ToCells {
            row: self.window.row(y),
            step: self.window.step(),
            negated: self.negated.0,
            lattice: &self.lattice,
            line,
        });
        if odd {
            self.odd.store(true, Ordering::Relaxed);
        }
    }

    /// The second stage: some columns, eroded along themselves, and for an opening negated and eroded again.
    fn along_columns(
        &self,
        slope: &Slope<T::Cell>,
        lane: &mut Lane<T::Cell>,
        panel: usize,
        (from, picture): (Panels, &[T::Cell]),
        panels: Panels,
        memory: &mut [T::Cell],
    ) {
        let height = self.window.height();
        lane.prepare(height, self.first_rows.length);
        let (read, room) = (padded(height), padded(panels.length));
        let columns = panels.lines_of(panel);
        from.gather(picture, columns.clone(), &mut lane.sources, read);
        let sources = lane.sources.chunks_exact_mut(read);
        let results = lane.results.chunks_exact_mut(room);
        for ((x, source), result) in columns.zip(sources).zip(results) {
            pad(source, height);
            if !self.twice {
                let (first, count) = (self.rows.start, self.rows.length);
                erode(Erosion {
                    slope,
                    sources: source,
                    length: height,
                    first,
                    count,
                    result,
                    best: &mut lane.best,
                });
                continue;
            }
            let Span { start, length } = self.first_rows;
            let turned = &mut lane.turned[..padded(length)];
            erode(Erosion {
                slope,
                sources: source,
                length: height,
                first: start,
                count: length,
                result: turned,
                best: &mut lane.best,
            });
            self.turn(x, &mut turned[..length]);
            pad(turned, length);
            let (first, count) = (self.rows.start - start, self.rows.length);
            erode(Erosion {
                slope,
                sources: turned,
                length,
                first,
                count,
                result,
                best: &mut lane.best,
            });
        }
        simd::run(Store {
            lines: &lane.results,
            room,
            panel: memory,
        });
    }

    /// Makes samples of one column of the first erosion and brings their negatives to the lattice.
    fn turn(&self, x: usize, column: &mut [T::Cell]) {
        let (negated, lattice) = (self.negated.0, &self.lattice);
        if self.odd.load(Ordering::Relaxed) {
            let x = (self.first_columns.start + x) * self.window.step();
            for (y, cell) in column.iter_mut().enumerate() {
                let pixel = self.window.row(self.first_rows.start + y)[x];
                if *cell != T::Cell::NONE {
                    let sample = self.settled(*cell, false, pixel);
                    *cell = sample.to_cell(!negated, lattice);
                }
            }
        } else {
            simd::run(Turn::<T> { column, lattice });
        }
    }

    /// The third stage: some rows of what the second one made, for an opening eroded along themselves; each with its place
    /// in the region.
    fn finished<'l>(
        &self,
        slope: &Slope<T::Cell>,
        lane: &'l mut Lane<T::Cell>,
        first: usize,
        (from, picture): (Panels, &[T::Cell]),
    ) -> impl Iterator<Item = &'l [T::Cell]> {
        let width = from.lines;
        lane.prepare(width, self.columns.length);
        let read = padded(width);
        let rows = first..(first + PANEL).min(self.rows.length);
        let count = rows.len();
        from.gather(picture, rows, &mut lane.sources, read);
        let length = self.columns.length;
        if !self.twice {
            return lane.sources.chunks_exact(read).take(count);
        }
        let sources = lane.sources.chunks_exact_mut(read);
        let results = lane.results.chunks_exact_mut(read);
        for (source, result) in sources.zip(results).take(count) {
            pad(source, width);
            let first = self.columns.start - self.first_columns.start;
            erode(Erosion {
                slope,
                sources: source,
                length: width,
                first,
                count: length,
                result,
                best: &mut lane.best,
            });
        }
        lane.results.chunks_exact(read).take(count)
    }

    /// Writes row y of the region, its pixels `step` apart.
    fn store(&self, row: &[T::Cell], y: usize, to: &mut [T], step: usize) {
        if self.odd.load(Ordering::Relaxed) {
            let pixels = self.window.row(self.rows.start + y)
                [self.columns.start * self.window.step()..]
                .iter()
                .step_by(self.window.step());
            for ((to, &cell), &pixel) in to.iter_mut().step_by(step).zip(row).zip(pixels) {
                *to = self.settled(cell, self.twice, pixel);
            }
        } else {
            simd::run(ToSamples {
                row,
                negated: self.negated.1,
                lattice: &self.lattice,
                to,
                step,
            });
        }
    }

    /// The result at a pixel of the picture, of the first erosion or of the second, with the rules for samples that the
    /// lattice does not hold.
    fn settled(&self, cell: T::Cell, second: bool, pixel: T) -> T {
        if cell == T::Cell::NONE {
            // There is no source at all.
            return pixel;
        }
        // Where the first erosion is one, and neither it nor the opening exceeds the pixel.
        let turned = |v: T| if self.negated.0 { v.negated() } else { v };
        turned(T::of_cell(cell, second, &self.lattice).held_below(turned(pixel)))
    }
}
