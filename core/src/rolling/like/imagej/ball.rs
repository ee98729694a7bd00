//! ImageJ's ball: a square patch of it, rolled on a shrunk copy.

use rayon::prelude::*;

use super::{Advance, smooth};
use crate::cancel::Interrupt;
use crate::plane::Plane;
use crate::rolling::like::LikeError;

/// Rows of ball centres that are rolled at once.
const CENTRES: usize = 64;

/// The patch of the ball that rolls, in pixels of the shrunk copy.
struct Patch {
    /// How many times the picture is shrunk, in both directions (but not in height: the ball is, instead).
    shrink: usize,
    /// Squared radius of the shrunk ball.
    radius_squared: f64,
    /// Pixels from the middle of the patch to its edges.
    half: usize,
}

impl Patch {
    /// The patch for a ball of this radius, which must be positive.
    ///
    /// `None` when the patch has more points than a Java array.
    fn new(radius: f64) -> Option<Self> {
        // The last column: how much of the shrunk radius is cut off at each edge, in per cent.
        let (shrink, trim) = match radius {
            r if r <= 10.0 => (1, 24.0),
            r if r <= 30.0 => (2, 24.0),
            r if r <= 100.0 => (4, 32.0),
            _ => (8, 40.0),
        };
        let small = (radius / shrink as f64).max(1.0);
        // Whole per cents first, then whole pixels: both cut off.
        let trim = (f64::from((trim * small) as i32) / 100.0).trunc();
        let half = (small - trim).round();
        (2.0 * half + 1.0 <= f64::from(i32::MAX).sqrt()).then_some(Self {
            shrink,
            radius_squared: small * small,
            half: half as usize,
        })
    }

    /// The heights over the ball's middle at dy rows from it, for dx = 0 … half; 0 beyond the ball.
    fn heights(&self, dy: usize, heights: &mut Vec<f32>) {
        heights.clear();
        heights.extend((0..=self.half).map(|dx| {
            let room = self.radius_squared - (dx * dx) as f64 - (dy * dy) as f64;
            if room > 0.0 { room.sqrt() as f32 } else { 0.0 }
        }));
    }
}

/// The surface that a ball from below can touch in a picture.
pub(super) fn roll<I: Interrupt>(
    mut picture: Plane<f32>,
    radius: f64,
    presmooth: bool,
    interrupt: &I,
) -> Result<Plane<f32>, LikeError<I::Stopped>> {
    let patch = Patch::new(radius).ok_or(LikeError::Radius(radius))?;
    let (width, height, shrink) = (picture.width, picture.height, patch.shrink);
    if shrink > 1 && width <= shrink {
        return Err(LikeError::Narrow { width, shrink });
    }
    if presmooth {
        smooth::mean(&mut picture, interrupt)?;
    }
    let steps = picture.height.div_ceil(shrink) + 2 * patch.half;
    let mut advance = Advance::new(interrupt, &picture, steps);
    if shrink == 1 {
        return Ok(touched(&patch, &picture, interrupt, &mut advance)?);
    }
    let small = shrunk(&picture, shrink, interrupt)?;
    drop(picture);
    let small = touched(&patch, &small, interrupt, &mut advance)?;
    Ok(enlarged(&small, width, height, shrink, interrupt)?)
}

/// A copy `shrink` times smaller in which each pixel is the minimum of its cell; the last cells may be smaller.
fn shrunk<I: Interrupt>(
    picture: &Plane<f32>,
    shrink: usize,
    interrupt: &I,
) -> Result<Plane<f32>, I::Stopped> {
    let (width, height) = (
        picture.width.div_ceil(shrink),
        picture.height.div_ceil(shrink),
    );
    let mut data = vec![f32::MAX; width * height];
    let rows = data.par_chunks_mut(width).enumerate();
    rows.try_for_each(|(y, results)| {
        interrupt.check()?;
        for sy in y * shrink..((y + 1) * shrink).min(picture.height) {
            let cells = picture.row(sy).chunks(shrink);
            for (result, cell) in results.iter_mut().zip(cells) {
                for &v in cell {
                    *result = if v < *result { v } else { *result };
                }
            }
        }
        Ok(())
    })?;
    Ok(Plane {
        width,
        height,
        data,
    })
}

/// What the patch touches: its middle comes everywhere from `half` pixels outside the picture on, as high as the pixels
/// of the picture that lie over the patch let it; then every pixel is the highest point of all patches under it.
///
/// The loops combine rows with rows for one offset at a time, and in the order of ImageJ's (which decides the sign of
/// zero). Comparisons are written out because of what they do with NaN.
fn touched<I: Interrupt>(
    patch: &Patch,
    picture: &Plane<f32>,
    interrupt: &I,
    advance: &mut Advance<'_, I>,
) -> Result<Plane<f32>, I::Stopped> {
    let (width, height, half) = (picture.width, picture.height, patch.half);
    let padded = width + 2 * half;
    let mut surface = Plane::filled(width, height, f32::MIN);
    let mut centres = vec![0.0_f32; padded * CENTRES];
    // Row c of centres lies at row c − half of the picture.
    for first in (0..height + 2 * half).step_by(CENTRES) {
        let end = (first + CENTRES).min(height + 2 * half);
        let rows = centres[..(end - first) * padded].par_chunks_mut(padded);
        rows.enumerate()
            .try_for_each_init(Vec::new, |heights, (c, centres)| {
                lift(patch, picture, first + c, centres, heights, interrupt)
            })?;
        let rows = surface.data.par_chunks_mut(width).enumerate();
        rows.try_for_each_init(Vec::new, |heights, (y, results)| {
            for c in first.max(y)..end.min(y + 2 * half + 1) {
                interrupt.check()?;
                patch.heights((y + half).abs_diff(c), heights);
                let centres = &centres[(c - first) * padded..][..padded];
                // Centres from left to right.
                for i in 0..=2 * half {
                    let skin = heights[i.abs_diff(half)];
                    for (result, &z) in results.iter_mut().zip(&centres[i..]) {
                        let candidate = z + skin;
                        *result = if *result < candidate {
                            candidate
                        } else {
                            *result
                        };
                    }
                }
            }
            Ok(())
        })?;
        advance.advance(end - first);
    }
    Ok(surface)
}

/// How high the ball's middle can rise along row `c` of centres.
fn lift<I: Interrupt>(
    patch: &Patch,
    picture: &Plane<f32>,
    c: usize,
    centres: &mut [f32],
    heights: &mut Vec<f32>,
    interrupt: &I,
) -> Result<(), I::Stopped> {
    let half = patch.half;
    centres.fill(f32::MAX);
    for y in c.saturating_sub(2 * half)..(c + 1).min(picture.height) {
        interrupt.check()?;
        patch.heights((y + half).abs_diff(c), heights);
        // Pixels from left to right, as seen from one centre.
        for i in (0..=2 * half).rev() {
            let skin = heights[i.abs_diff(half)];
            for (z, &v) in centres[i..].iter_mut().zip(picture.row(y)) {
                let candidate = v - skin;
                *z = if *z > candidate { candidate } else { *z };
            }
        }
    }
    Ok(())
}

/// The pixel of the shrunk copy left of (or above) each pixel, and its weight; the other one is next to it. Beyond the
/// outermost two this extrapolates. −1 when the copy is one pixel long.
fn between(length: usize, small: usize, shrink: usize) -> Vec<(isize, f32)> {
    (0..length)
        .map(|i| {
            let first = i.saturating_sub(shrink / 2) / shrink;
            let first = (first as isize).min(small as isize - 2);
            let distance = (i as f32 + 0.5) / shrink as f32 - (first as f32 + 0.5);
            (first, 1.0 - distance)
        })
        .collect()
}

/// Enlarges bilinearly to `width` × `height`, of which the first is larger than `shrink`.
fn enlarged<I: Interrupt>(
    small: &Plane<f32>,
    width: usize,
    height: usize,
    shrink: usize,
    interrupt: &I,
) -> Result<Plane<f32>, I::Stopped> {
    let columns = between(width, small.width, shrink);
    let mut wide = Plane::filled(width, small.height, 0.0_f32);
    let rows = wide.data.par_chunks_mut(width).enumerate();
    rows.try_for_each(|(y, results)| {
        interrupt.check()?;
        let row = small.row(y);
        for (result, &(first, weight)) in results.iter_mut().zip(&columns) {
            // At least two pixels wide, so the first is not negative.
            let first = first as usize;
            *result = row[first] * weight + row[first + 1] * (1.0 - weight);
        }
        Ok(())
    })?;
    let between = between(height, small.height, shrink);
    // ImageJ takes a row of zeros for the one above the only one.
    let zeros = vec![0.0; width];
    let mut data = vec![0.0_f32; width * height];
    let rows = data.par_chunks_mut(width).zip(&between);
    rows.try_for_each(|(results, &(first, weight))| {
        interrupt.check()?;
        let above = usize::try_from(first).map_or(&zeros[..], |first| wide.row(first));
        let below = wide.row((first + 1) as usize);
        for ((result, above), below) in results.iter_mut().zip(above).zip(below) {
            *result = above * weight + below * (1.0 - weight);
        }
        Ok(())
    })?;
    Ok(Plane {
        width,
        height,
        data,
    })
}
