//! ImageJ's sliding paraboloid: parabolas that slide along rows, columns and diagonals in turn.

use rayon::prelude::*;

use super::{Advance, corners, parabola, smooth};
use crate::cancel::Interrupt;
use crate::plane::Plane;

/// Lines that are worked on at once, before any is written back.
const LINES: usize = 128;

/// A straight line of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Index of its first pixel.
    start: usize,
    /// From one pixel's index to the next.
    step: isize,
    /// How many pixels it has.
    length: usize,
}

impl Line {
    pub(super) fn new(start: usize, step: isize, length: usize) -> Self {
        Self {
            start,
            step,
            length,
        }
    }

    /// The indices of its pixels.
    pub(super) fn indices(self) -> impl Iterator<Item = usize> {
        (0..self.length as isize).map(move |i| self.start.wrapping_add_signed(i * self.step))
    }
}

/// Parallel lines of a picture, in ImageJ's order; each diagonal direction is in two halves, and the short lines at the
/// corners are not all there.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Rows,
    Columns,
    /// Down and to the right, from the upper edge on.
    FallingFromTop,
    /// Down and to the right, from the left edge on, below the corner.
    FallingFromLeft,
    /// Down and to the left, from the upper edge on.
    RisingFromTop,
    /// Down and to the left, from the right edge on.
    RisingFromRight,
}

impl Direction {
    fn lines(self, width: usize, height: usize) -> Vec<Line> {
        let along = width as isize;
        match self {
            Self::Rows => (0..height)
                .map(|y| Line::new(y * width, 1, width))
                .collect(),
            Self::Columns => (0..width).map(|x| Line::new(x, along, height)).collect(),
            Self::FallingFromTop => (0..width.saturating_sub(2))
                .map(|x| Line::new(x, along + 1, height.min(width - x)))
                .collect(),
            Self::FallingFromLeft => (1..height.saturating_sub(2))
                .map(|y| Line::new(y * width, along + 1, width.min(height - y)))
                .collect(),
            Self::RisingFromTop => (2..width)
                .map(|x| Line::new(x, along - 1, height.min(x + 1)))
                .collect(),
            Self::RisingFromRight => (0..height.saturating_sub(2))
                .map(|y| Line::new(y * width + width - 1, along - 1, width.min(height - y)))
                .collect(),
        }
    }

    /// Squared distance from one pixel of a line to the next.
    fn step_squared(self) -> f32 {
        match self {
            Self::Rows | Self::Columns => 1.0,
            _ => 2.0,
        }
    }
}

/// The passes over a picture.
const PASSES: [Direction; 9] = [
    Direction::Rows,
    Direction::Columns,
    Direction::Rows,
    Direction::FallingFromTop,
    Direction::FallingFromLeft,
    Direction::RisingFromTop,
    Direction::RisingFromRight,
    Direction::FallingFromTop,
    Direction::FallingFromLeft,
];

/// The surface that the paraboloid reaches under a picture.
pub(super) fn slide<I: Interrupt>(
    mut picture: Plane<f32>,
    radius: f64,
    presmooth: bool,
    interrupt: &I,
) -> Result<Plane<f32>, I::Stopped> {
    // Height at distance d: bend·d².
    let bend = 0.5 / radius as f32;
    let mut rise = 0.0;
    if presmooth {
        // Maxima remove dust; what they add on average is taken off again at the end.
        rise = smooth::maximum(&mut picture, interrupt)? as f32;
        smooth::mean(&mut picture, interrupt)?;
    }
    corners::correct(&mut picture, bend);
    let mut advance = Advance::new(interrupt, &picture, PASSES.len());
    for direction in PASSES {
        pass(&mut picture, direction, bend, interrupt)?;
        advance.advance(1);
    }
    if presmooth {
        picture.data.iter_mut().for_each(|v| *v -= rise);
    }
    Ok(picture)
}

/// One pass. Its lines have no pixel in common, so they need no order.
fn pass<I: Interrupt>(
    picture: &mut Plane<f32>,
    direction: Direction,
    bend: f32,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    if let Direction::Rows = direction {
        let rows = picture.data.par_chunks_mut(picture.width);
        return rows.try_for_each_init(Vec::new, |candidates, row| {
            interrupt.check()?;
            parabola::slide(row, bend, candidates);
            Ok(())
        });
    }
    // Doubling is exact: the same number as ImageJ's 1/r.
    let bend = bend * direction.step_squared();
    let all = direction.lines(picture.width, picture.height);
    for lines in all.chunks(LINES) {
        let slid = lines.par_iter().map_init(Vec::new, |candidates, line| {
            interrupt.check()?;
            let mut values: Vec<f32> = line.indices().map(|i| picture.data[i]).collect();
            parabola::slide(&mut values, bend, candidates);
            Ok(values)
        });
        let slid: Vec<_> = slid.collect::<Result<_, _>>()?;
        for (line, values) in lines.iter().zip(slid) {
            for (i, value) in line.indices().zip(values) {
                picture.data[i] = value;
            }
        }
    }
    Ok(())
}
