//! The rolling ball, defined. Slow and plain on purpose: every faster path is tested against this file for ever.
//!
//! With the picture I and the depth K of the ball's skin below its apex ([`Ball`]):
//!
//! - erosion, lifted to the apex: `E(p) = min over q of I(q) + K(q − p)`;
//! - opening, Sternberg's rolling ball: `O(p) = max over q of E(q) − K(q − p)`;
//! - closing, the ball on top: `−open(−I)`.
//!
//! q runs over the pixels *of the picture* within the ball's reach; there is nothing outside of it. K(0) = 0, so
//! `E ≤ O ≤ I`. NaN pixels are ignored as sources; where nothing but NaN is in reach, the result is NaN.
//!
//! Samples of 8 bits use `floor(K)` in saturating arithmetic. For the erosion that is exact (cutting off a fraction
//! and taking a minimum commute); the opening stays within one level of the real-valued one.
//!
//! The work is done by rows: for one offset (dx, dy) the depth is one number, and a whole row of sources is combined
//! with a whole row of results. The compiler makes vector instructions of that; there are no gathers.

use rayon::prelude::*;

use super::{Ball, Plane, Surface};
use crate::cancel::{Interrupt, Never};

/// A kind of sample that a ball can roll on.
#[expect(
    clippy::return_self_not_must_use,
    reason = "implemented here, used in inner loops only"
)]
pub trait Level: Copy + Send + Sync + PartialOrd {
    /// Above every result: where the minimum starts.
    const TOP: Self;
    /// Below every result: where the maximum starts.
    const BOTTOM: Self;

    /// The depth of the skin as this kind of number, from the two halves that [`Ball`] gives.
    fn depth(height: f64, skin: f64) -> Self;
    /// `self + depth`.
    fn above(self, depth: Self) -> Self;
    /// `self − depth`.
    fn below(self, depth: Self) -> Self;
    /// `−self`, by which a light surface becomes a dark one.
    fn negated(self) -> Self;
    /// The result at a pixel whose sources were all ignored.
    fn or_missing(self, pixel: Self) -> Self;
    /// The sum of nine samples, divided by their number `n` (those inside the picture).
    fn mean(sum: f32, n: f32) -> Self;
    /// The sample as f32.
    fn as_f32(self) -> f32;
}

impl Level for u8 {
    const TOP: Self = Self::MAX;
    const BOTTOM: Self = Self::MIN;

    fn depth(height: f64, skin: f64) -> Self {
        // Depths beyond 255 saturate; the sums below saturate there as well, so nothing changes.
        (height - skin).floor().clamp(0.0, 255.0) as Self
    }
    fn above(self, depth: Self) -> Self {
        self.saturating_add(depth)
    }
    fn below(self, depth: Self) -> Self {
        self.saturating_sub(depth)
    }
    fn negated(self) -> Self {
        Self::MAX - self
    }
    fn or_missing(self, _pixel: Self) -> Self {
        self
    }
    fn mean(sum: f32, n: f32) -> Self {
        (sum / n + 0.5) as Self
    }
    fn as_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Level for f32 {
    const TOP: Self = Self::INFINITY;
    const BOTTOM: Self = Self::NEG_INFINITY;

    fn depth(height: f64, skin: f64) -> Self {
        // Each half is rounded first, as scikit-image's f32 kernel is, so that results can be equal bit for bit.
        height as Self - skin as Self
    }
    fn above(self, depth: Self) -> Self {
        self + depth
    }
    fn below(self, depth: Self) -> Self {
        self - depth
    }
    fn negated(self) -> Self {
        -self
    }
    fn or_missing(self, pixel: Self) -> Self {
        if pixel.is_nan() && self.is_infinite() {
            Self::NAN
        } else {
            self
        }
    }
    fn mean(sum: f32, n: f32) -> Self {
        sum / n
    }
    fn as_f32(self) -> f32 {
        self
    }
}

/// One row of the ball's kernel: the depths for `dx = −(n−1)/2 … (n−1)/2` at one dy.
struct KernelRow<T> {
    dy: i64,
    depths: Vec<T>,
}

fn kernel<T: Level>(ball: &Ball) -> Vec<KernelRow<T>> {
    let reach = ball.radius().floor() as i64;
    (-reach..=reach)
        .map(|dy| KernelRow {
            dy,
            depths: (-reach..=reach)
                .filter_map(|dx| ball.skin(dx, dy))
                .map(|(height, skin)| T::depth(height, skin))
                .collect(),
        })
        .collect()
}

/// `E(p) = min over q of I(q) + K(q − p)`: how high the apex of a ball under the picture can rise. For a light
/// surface the dual, `−E(−I)`: how low the apex of a ball on top can sink.
#[must_use]
pub fn erode<T: Level>(plane: &Plane<T>, ball: &Ball, surface: Surface) -> Plane<T> {
    let Ok(eroded) = match surface {
        Surface::Dark => erode_under(plane, &kernel(ball), &Never),
        Surface::Light => erode_under(&plane.map(Level::negated), &kernel(ball), &Never)
            .map(|eroded| eroded.map(Level::negated)),
    };
    eroded
}

/// Opening, `O(p) = max over q of E(q) − K(q − p)`: the background under light writing.
#[must_use]
pub fn open<T: Level>(plane: &Plane<T>, ball: &Ball) -> Plane<T> {
    background(plane, ball, Surface::Dark)
}

/// Closing, `−open(−I)`: the background under dark writing.
#[must_use]
pub fn close<T: Level>(plane: &Plane<T>, ball: &Ball) -> Plane<T> {
    background(plane, ball, Surface::Light)
}

/// The background of a surface: [`close`] for a light one, [`open`] for a dark one.
#[must_use]
pub fn background<T: Level>(plane: &Plane<T>, ball: &Ball, surface: Surface) -> Plane<T> {
    let Ok(background) = background_until(plane, ball, surface, &Never);
    background
}

/// [`background`], unless it is interrupted.
pub(crate) fn background_until<T: Level, I: Interrupt>(
    plane: &Plane<T>,
    ball: &Ball,
    surface: Surface,
    interrupt: &I,
) -> Result<Plane<T>, I::Stopped> {
    match surface {
        Surface::Dark => open_until(plane, ball, interrupt),
        Surface::Light => {
            let opened = open_until(&plane.map(Level::negated), ball, interrupt)?;
            Ok(opened.map(Level::negated))
        }
    }
}

fn open_until<T: Level, I: Interrupt>(
    plane: &Plane<T>,
    ball: &Ball,
    interrupt: &I,
) -> Result<Plane<T>, I::Stopped> {
    let kernel = kernel(ball);
    let eroded = erode_under(plane, &kernel, interrupt)?;
    let keep_higher = |result, source: T, depth| {
        let candidate = source.below(depth);
        // Not `max`: a comparison with NaN is false and leaves the result as it is.
        if candidate > result {
            candidate
        } else {
            result
        }
    };
    sweep(&eroded, &kernel, T::BOTTOM, keep_higher, interrupt)
}

fn erode_under<T: Level, I: Interrupt>(
    plane: &Plane<T>,
    kernel: &[KernelRow<T>],
    interrupt: &I,
) -> Result<Plane<T>, I::Stopped> {
    let keep_lower = |result, source: T, depth| {
        let candidate = source.above(depth);
        if candidate < result {
            candidate
        } else {
            result
        }
    };
    sweep(plane, kernel, T::TOP, keep_lower, interrupt)
}

/// Combines every pixel with all sources in reach: `result = combine(result, source, depth)`, beginning with `start`.
fn sweep<T: Level, I: Interrupt>(
    plane: &Plane<T>,
    kernel: &[KernelRow<T>],
    start: T,
    combine: impl Fn(T, T, T) -> T + Sync,
    interrupt: &I,
) -> Result<Plane<T>, I::Stopped> {
    let (width, height) = (plane.width, plane.height);
    let mut data = vec![start; width * height];
    data.par_chunks_mut(width)
        .enumerate()
        .try_for_each(|(y, results)| {
            for row in kernel {
                // A whole row of results takes seconds when picture and ball are large; this is milliseconds.
                interrupt.check()?;
                let Some(sources) = usize::try_from(y as i64 + row.dy)
                    .ok()
                    .filter(|&sy| sy < height)
                else {
                    continue;
                };
                let sources = plane.row(sources);
                let middle = row.depths.len() / 2;
                for (i, &depth) in row.depths.iter().enumerate() {
                    // The source of results[x] is sources[x + i − middle]; cut both rows to where they overlap.
                    let (skip_results, skip_sources) =
                        (middle.saturating_sub(i), i.saturating_sub(middle));
                    if skip_results >= width || skip_sources >= width {
                        continue;
                    }
                    let overlap = results[skip_results..]
                        .iter_mut()
                        .zip(&sources[skip_sources..]);
                    for (result, &source) in overlap {
                        *result = combine(*result, source, depth);
                    }
                }
            }
            for (result, &pixel) in results.iter_mut().zip(plane.row(y)) {
                *result = result.or_missing(pixel);
            }
            Ok(())
        })?;
    Ok(Plane {
        width,
        height,
        data,
    })
}

/// The mean of each pixel's 3×3 neighbourhood (those of it inside the picture). It keeps the ball from resting on
/// noise: the lowest of n noisy pixels lies about `sqrt(2 ln n)` standard deviations below their mean.
#[must_use]
pub fn presmooth<T: Level>(plane: &Plane<T>) -> Plane<T> {
    let Ok(smooth) = presmooth_until(plane, &Never);
    smooth
}

/// [`presmooth`], unless it is interrupted.
pub(crate) fn presmooth_until<T: Level, I: Interrupt>(
    plane: &Plane<T>,
    interrupt: &I,
) -> Result<Plane<T>, I::Stopped> {
    let (width, height) = (plane.width, plane.height);
    let mut data = vec![T::BOTTOM; width * height];
    data.par_chunks_mut(width)
        .enumerate()
        .try_for_each(|(y, results)| {
            interrupt.check()?;
            let rows = y.saturating_sub(1)..(y + 2).min(height);
            let mut sums = vec![0.0_f32; width];
            for sy in rows.clone() {
                for (sum, &v) in sums.iter_mut().zip(plane.row(sy)) {
                    *sum += v.as_f32();
                }
            }
            for (x, result) in results.iter_mut().enumerate() {
                let columns = &sums[x.saturating_sub(1)..(x + 2).min(width)];
                *result = T::mean(columns.iter().sum(), (columns.len() * rows.len()) as f32);
            }
            Ok(())
        })?;
    Ok(Plane {
        width,
        height,
        data,
    })
}
