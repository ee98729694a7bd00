//! The rolling ball, defined. Slow and plain on purpose: every faster path is tested against this file for ever.
//!
//! With the picture I and the depth K of the ball's skin below its apex ([`Element`]):
//!
//! - erosion, lifted to the apex: `E(p) = min over q of I(q) + K(q − p)`;
//! - opening, Sternberg's rolling ball: `O(p) = max over q of E(q) − K(q − p)`;
//! - closing, the ball on top: `−open(−I)`.
//!
//! q runs over the pixels *of the picture* within the ball's reach; there is nothing outside of it. K(0) = 0, so
//! `E ≤ O ≤ I` (for f32 up to the rounding of sums: a ball's O may lie above I by that much). NaN pixels are ignored as sources; where nothing but NaN is in reach, the result is NaN.
//!
//! Samples of 8 bits use `floor(K)` in saturating arithmetic. For the erosion that is exact (cutting off a fraction
//! and taking a minimum commute); the opening stays within one level of the real-valued one.
//!
//! A paraboloid reaches everywhere and is rolled in whole numbers, `rolling::paraboloid` has the details.
//!
//! The work of a ball is done by rows: for one offset (dx, dy) the depth is one number, and a whole row of sources is combined
//! with a whole row of results. The compiler makes vector instructions of that; there are no gathers.

use rayon::prelude::*;

use super::paraboloid::Lattice;
use super::{Element, Missing, Operation, Rolling, Sample, Shape, missing};
use crate::plane::Plane;

/// One row of the ball's kernel: the depths for `dx = −(n−1)/2 … (n−1)/2` at one dy.
struct KernelRow<T> {
    dy: i64,
    depths: Vec<T>,
}

/// The kernel, no wider and no higher than it takes to see all of the picture from any pixel: the radius may be a million.
fn kernel<T: Sample>(element: &Element, plane: &Plane<T>) -> Vec<KernelRow<T>> {
    let reach = |size: usize| (element.radius().floor() as i64).min(size as i64 - 1);
    let (across, down) = (reach(plane.width), reach(plane.height));
    (-down..=down)
        .map(|dy| KernelRow {
            dy,
            depths: (-across..=across)
                .filter_map(|dx| element.skin(dx, dy))
                .map(|(height, skin)| T::depth(height, skin))
                .collect(),
        })
        .collect()
}

/// What [`Rolling`] asks for, by the definition.
#[must_use]
pub fn roll<T: Sample>(plane: &Plane<T>, rolling: &Rolling) -> Plane<T> {
    let smooth;
    let plane = if rolling.presmooth {
        smooth = presmooth(plane);
        &smooth
    } else {
        plane
    };
    let element = &rolling.element;
    let spread_by = |passes, result, source: &Plane<T>| match rolling.missing {
        Missing::Ignore => result,
        Missing::Propagate => spread(result, source, element, passes),
    };
    if element.shape() == Shape::Paraboloid {
        // Not a matter of two passes alone: see there. It reaches beyond the square in which NaN spreads, so that a
        // second pass over the NaN of the first would find less than there is.
        let result = paraboloid(plane, element, rolling.operation);
        return spread_by(rolling.operation.passes(), result, plane);
    }
    let spread = |result, source: &Plane<T>| spread_by(1, result, source);
    let eroded = |plane: &Plane<T>| spread(erode(plane, element), plane);
    let dilated = |plane: &Plane<T>| spread(dilate(plane, element), plane);
    // NaN that spreads cuts in between the passes. Without it the opening of a paraboloid is held below the picture, which
    // its passes by themselves are not for samples that the lattice does not hold; for balls both are one.
    let cut = rolling.missing == Missing::Propagate
        && plane.data.iter().any(|&sample| missing::is_missing(sample));
    match rolling.operation {
        Operation::Erosion => eroded(plane),
        Operation::Dilation => dilated(plane),
        Operation::Opening if cut => dilated(&eroded(plane)),
        Operation::Closing if cut => eroded(&dilated(plane)),
        Operation::Opening => open(plane, element),
        Operation::Closing => close(plane, element),
    }
}

/// Makes every result NaN that has a NaN source in the square of 2·n·⌈r⌉ + 1 pixels around it, for n `passes`.
fn spread<T: Sample>(
    mut result: Plane<T>,
    source: &Plane<T>,
    element: &Element,
    passes: usize,
) -> Plane<T> {
    let reach = passes * element.radius().ceil().min(1e9) as usize;
    let around = |at: usize, size: usize| at.saturating_sub(reach)..(at + reach + 1).min(size);
    let (width, height) = (source.width, source.height);
    for (i, &sample) in source.data.iter().enumerate() {
        if missing::is_missing(sample) {
            for y in around(i / width, height) {
                result.data[y * width..][around(i % width, width)].fill(sample);
            }
        }
    }
    result
}

/// Erosion, `E(p) = min over q of I(q) + K(q − p)`: how high the apex of an element under the picture can rise.
#[must_use]
pub fn erode<T: Sample>(plane: &Plane<T>, element: &Element) -> Plane<T> {
    if element.shape() == Shape::Paraboloid {
        return paraboloid(plane, element, Operation::Erosion);
    }
    let keep_lower = |result, source: T, depth| {
        let candidate = source.above(depth);
        // Not `min`: a comparison with NaN is false and leaves the result as it is.
        if candidate < result {
            candidate
        } else {
            result
        }
    };
    sweep(plane, &kernel(element, plane), T::TOP, keep_lower)
}

/// Dilation, `max over q of I(q) − K(q − p)`: how low the apex of an element on top can sink, `−erode(−I)`.
#[must_use]
pub fn dilate<T: Sample>(plane: &Plane<T>, element: &Element) -> Plane<T> {
    if element.shape() == Shape::Paraboloid {
        return paraboloid(plane, element, Operation::Dilation);
    }
    let keep_higher = |result, source: T, depth| {
        let candidate = source.below(depth);
        if candidate > result {
            candidate
        } else {
            result
        }
    };
    sweep(plane, &kernel(element, plane), T::BOTTOM, keep_higher)
}

/// Opening, erosion and then dilation: the background under light writing.
#[must_use]
pub fn open<T: Sample>(plane: &Plane<T>, element: &Element) -> Plane<T> {
    if element.shape() == Shape::Paraboloid {
        return paraboloid(plane, element, Operation::Opening);
    }
    dilate(&erode(plane, element), element)
}

/// Closing, dilation and then erosion, `−open(−I)`: the background under dark writing.
#[must_use]
pub fn close<T: Sample>(plane: &Plane<T>, element: &Element) -> Plane<T> {
    if element.shape() == Shape::Paraboloid {
        return paraboloid(plane, element, Operation::Closing);
    }
    erode(&dilate(plane, element), element)
}

/// Any operation by a paraboloid, `K(ρ) = h·ρ²/(2r²)`, which has no rim.
///
/// It is computed on the lattice of whole multiples of one `unit`, so that sums and comparisons are exact:
///
/// - unit: 2⁻²² grey levels for u8, 2⁻³² for u16, and for f32 `2^(max(⌊log2 a⌋, −16) − 16)`, with `a = h/(2r²)`;
/// - depth: `c·(dx² + dy²)` units with the whole number `c = max(1, round(a / unit))`;
/// - erosion: `E(p) = ⌊unit · min over q of (⌊I(q) / unit⌋ + c·|q − p|²)⌋`, where the outer ⌊ ⌋ takes the next lower sample:
///   a whole grey level, or the largest f32 that is not above. For whole grey levels that is
///   `min over q of I(q) + ⌊K(q − p)⌋`;
/// - dilation: `−erosion(−I)`, for whole grey levels with `255 − I` or `65535 − I` for `−I`;
/// - opening: the dilation of the erosion; closing: the erosion of the dilation.
///
/// f32 has samples that need rules. NaN and +∞ are no sources (in a dilation NaN and −∞). Samples beyond ±2⁴⁹ units,
/// −∞ among them, count as ±2⁴⁹ units; that is far away, at least 2¹⁷ grey levels and such that a paraboloid needs 92 000
/// pixels to get there. So that `E ≤ O ≤ I` nevertheless, E and O are held below I (D and C above). Where the picture
/// has no source at all, the result is the picture.
fn paraboloid<T: Sample>(plane: &Plane<T>, element: &Element, operation: Operation) -> Plane<T> {
    let lattice = T::lattice(element.curvature());
    let negated = |plane: &Plane<T>| map(plane, T::negated);
    match operation {
        Operation::Erosion => {
            let Some(eroded) = erode_on(&lattice, plane) else {
                return plane.clone();
            };
            held_below(&eroded, plane)
        }
        Operation::Opening => {
            if erode_on(&lattice, plane).is_none() {
                return plane.clone();
            }
            let eroded = paraboloid(plane, element, Operation::Erosion);
            let Some(opened) = erode_on(&lattice, &negated(&eroded)) else {
                return plane.clone();
            };
            held_below(&negated(&opened), plane)
        }
        Operation::Dilation => negated(&paraboloid(&negated(plane), element, Operation::Erosion)),
        Operation::Closing => negated(&paraboloid(&negated(plane), element, Operation::Opening)),
    }
}

/// The formula of the erosion by a paraboloid, by trying every source for every pixel; `None` if there are no sources.
fn erode_on<T: Sample>(lattice: &Lattice, plane: &Plane<T>) -> Option<Plane<T>> {
    let sources = map(plane, |v| v.lift(lattice));
    let mut results = Vec::with_capacity(plane.data.len());
    for (py, px) in pixels(plane) {
        let mut lowest = None;
        for (qy, qx) in pixels(plane) {
            let Some(source) = sources.row(qy)[qx] else {
                continue;
            };
            let (dy, dx) = (qy.abs_diff(py) as i64, qx.abs_diff(px) as i64);
            // Depths beyond i64 are no lower than any that matter.
            let depth = lattice.coefficient.saturating_mul(dx * dx + dy * dy);
            let candidate = depth.saturating_add(source);
            lowest = Some(lowest.map_or(candidate, |lowest: i64| lowest.min(candidate)));
        }
        results.push(T::settle(lowest?, lattice));
    }
    Plane::new(plane.width, plane.height, results)
}

/// Row and column of every pixel.
fn pixels<T>(plane: &Plane<T>) -> impl Iterator<Item = (usize, usize)> + use<T> {
    let width = plane.width;
    (0..plane.height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}

fn held_below<T: Sample>(results: &Plane<T>, plane: &Plane<T>) -> Plane<T> {
    let pairs = results.data.iter().zip(&plane.data);
    Plane {
        width: results.width,
        height: results.height,
        data: pairs
            .map(|(&result, &pixel)| result.held_below(pixel))
            .collect(),
    }
}

fn map<T: Copy, U>(plane: &Plane<T>, change: impl Fn(T) -> U) -> Plane<U> {
    Plane {
        width: plane.width,
        height: plane.height,
        data: plane.data.iter().map(|&v| change(v)).collect(),
    }
}

/// Combines every pixel with all sources in reach: `result = combine(result, source, depth)`, beginning with `start`.
fn sweep<T: Sample>(
    plane: &Plane<T>,
    kernel: &[KernelRow<T>],
    start: T,
    combine: impl Fn(T, T, T) -> T + Sync,
) -> Plane<T> {
    let (width, height) = (plane.width, plane.height);
    let mut data = vec![start; width * height];
    let rows = data.par_chunks_mut(width).enumerate();
    rows.for_each(|(y, results)| {
        for row in kernel {
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
            *result = result.or_missing(pixel, start);
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

/// The mean of each pixel's 3×3 neighbourhood (those of it inside the picture). It keeps the ball from resting on
/// noise: the lowest of n noisy pixels lies about `sqrt(2 ln n)` standard deviations below their mean.
#[must_use]
pub fn presmooth<T: Sample>(plane: &Plane<T>) -> Plane<T> {
    let (width, height) = (plane.width, plane.height);
    let mut data = vec![T::BOTTOM; width * height];
    let by_row = data.par_chunks_mut(width).enumerate();
    by_row.for_each(|(y, results)| {
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
    });
    Plane {
        width,
        height,
        data,
    }
}
