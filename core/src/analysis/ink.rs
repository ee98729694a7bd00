//! Which cells are ink: thresholds from the picture's own noise and ink, and regions that are strong somewhere.

use rayon::prelude::*;

use super::bits::Bits;
use super::regions::Regions;
use crate::background::smooth::gaussian;
use crate::plane::Plane;

/// Thresholds of absorption.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Thresholds {
    /// Standard deviation of paper, smoothed over 3 × 3 cells.
    pub noise: f32,
    /// What strong ink absorbs: the 90th percentile of ink.
    pub ink: f32,
    /// What is below is paper.
    pub low: f32,
    /// What is above makes its region ink.
    pub high: f32,
}

/// Absorption nearer to 0 than this is paper, for the noise.
pub(super) const PAPER: f32 = 0.08;
/// Samples of which quantiles are taken.
const SAMPLES: usize = 400_000;
/// With fewer samples of ink than this, ink is taken to absorb everything.
const ENOUGH: usize = 100;

/// Mean of 3 × 3 neighbours with the binomial weights 1 2 1; edges repeated.
pub(super) fn smoothed(plane: &Plane<f32>) -> Plane<f32> {
    let (width, height) = (plane.width, plane.height);
    let mut data = vec![0.0; width * height];
    data.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        let rows = [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| plane.row(y));
        crate::finish::smoothed_row(rows, row);
    });
    Plane {
        width,
        height,
        data,
    }
}

/// Light that is more even than this comes from a scanner.
pub(super) const SCANNED: f32 = 0.87;

/// The standard deviation of samples of paper; 0 of too few.
pub(super) fn noise_of(paper: &mut [f32]) -> f32 {
    if paper.len() < ENOUGH {
        return 0.0;
    }
    let middle = super::quantile(paper, 0.5);
    for a in &mut *paper {
        *a = (*a - middle).abs();
    }
    // The median absolute deviation of a normal distribution is sigma / 1.4826.
    1.4826 * super::quantile(paper, 0.5)
}

/// Measures noise and ink, and places the thresholds by `faint`, from 0 (only strong marks stay) to 1 (all that differ from
/// noise do); 0.5 is the middle.
///
/// Light so `even` comes from a scanner, not from a room: what is faint on a sheet shows through from its other side, or is
/// printed for the pen to follow.
pub(super) fn thresholds(
    smoothed: &Plane<f32>,
    strongest: &Plane<f32>,
    even: f32,
    faint: f32,
) -> Thresholds {
    let step = (smoothed.data.len() / SAMPLES).max(1);
    let mut paper: Vec<f32> = smoothed
        .data
        .iter()
        .zip(&strongest.data)
        .step_by(step)
        .filter(|(_, m)| m.abs() < PAPER)
        .map(|(&a, _)| a)
        .collect();
    let noise = noise_of(&mut paper);
    let least = (4.0 * noise).max(0.12);
    let mut inked: Vec<f32> = smoothed
        .data
        .iter()
        .step_by(step)
        .copied()
        .filter(|&a| a > least)
        .collect();
    let ink = if inked.len() < ENOUGH {
        1.0
    } else {
        super::quantile(&mut inked, 0.9)
    };
    let (low, high) = if even > SCANNED {
        (0.15, 0.40)
    } else {
        (0.06, 0.13)
    };
    let low = (3.0 * noise).max(low * ink).max(0.045);
    let high = (high * ink)
        .max((2.0 * low).max(0.10))
        .min(0.30_f32.max(2.0 * low));
    // Half as high at one end, twice as high at the other; noise stays below either.
    let shift = libm::exp2f((0.5 - faint) * 2.0);
    let low = (low * shift).max(2.5 * noise).min(0.6);
    let high = (high * shift).max(1.25 * low).min(0.8);
    Thresholds {
        noise,
        ink,
        low,
        high,
    }
}

/// The cells of all regions above `low` that are strong enough somewhere and have edges there as sharp as strong ink has
/// them: what rises slowly is a shadow, what is blurred shows through from behind or was wiped. `slope` is
/// [`steepness`], `stroke` the strokes' width in cells.
pub(super) fn kept(
    smoothed: &Plane<f32>,
    slope: &Plane<f32>,
    thresholds: Thresholds,
    stroke: f32,
) -> Vec<bool> {
    let Thresholds { low, high, ink, .. } = thresholds;
    let (width, height) = (smoothed.width, smoothed.height);
    let sharp = SHARP * sharpness(smoothed, slope, 0.5 * ink);
    let above: Vec<bool> = smoothed.data.par_iter().map(|&a| a > low).collect();
    let seed: Vec<bool> = smoothed
        .data
        .par_iter()
        .zip(&slope.data)
        .map(|(&a, &slope)| a > high && slope > 0.25 * high && slope > sharp * a.min(0.5 * ink))
        .collect();
    let mut regions = Regions::of(&above, width);
    let mut seeds = vec![0_u32; regions.count()];
    let mut areas = vec![0_u32; regions.count()];
    let mut strongest = vec![0.0_f32; regions.count()];
    regions.each(|i, region| {
        areas[region] += 1;
        seeds[region] += u32::from(seed[i]);
        strongest[region] = strongest[region].max(smoothed.data[i]);
    });
    let least_seeds = (0.15 * stroke * stroke).max(2.0);
    let least_area = (0.25 * stroke * stroke).max(4.0);
    let near = grown(&seed, width, height, (NEAR * stroke) as usize + 3);
    // Faint beside the threshold, and no more so than all ink of a picture as noisy as that.
    let faint = (2.0 * high).min(WHOLE * ink);
    let mut kept = vec![false; above.len()];
    regions.each(|i, region| {
        // Dots are drawn with pens in order; a faint speck is dirt.
        let speck = strongest[region] < faint && (areas[region] as f32) < FAINT_AREA * least_area;
        kept[i] = seeds[region] as f32 >= least_seeds
            && areas[region] as f32 >= least_area
            && !speck
            && (near[i] || smoothed.data[i] > 2.0 * high);
    });
    kept
}

/// A region that is faint throughout is so many times as large as any other must be.
const FAINT_AREA: f32 = 12.0;

/// What absorbs so much of what strong ink does is not faint, whatever the thresholds.
const WHOLE: f32 = 0.75;

/// How far from a seed weak ink may lie, in strokes: what hangs on to a stroke is no part of it for ever.
const NEAR: f32 = 2.5;

/// A seed's edge is at least so sharp, compared with strong ink's.
const SHARP: f32 = 0.75;

/// How steep strong ink's edges are, per absorption: what three quarters of it have in their neighbourhood.
fn sharpness(smoothed: &Plane<f32>, slope: &Plane<f32>, strong: f32) -> f32 {
    let step = (smoothed.data.len() / SAMPLES).max(1);
    let mut ratios: Vec<f32> = smoothed
        .data
        .iter()
        .zip(&slope.data)
        .step_by(step)
        .filter(|(a, _)| **a > strong)
        .map(|(&a, &slope)| slope / a)
        .collect();
    if ratios.len() < ENOUGH {
        return 0.0;
    }

    super::quantile(&mut ratios, 0.5)
}

/// How steep the edges around each cell are; it depends on no threshold.
pub(super) fn steepness(strongest: &Plane<f32>) -> Plane<f32> {
    greatest(&slopes(strongest), 2)
}

/// The slope of the plane smoothed by a Gaussian of 1: Sobel's operator over 8.
fn slopes(plane: &Plane<f32>) -> Plane<f32> {
    let plane = gaussian(plane, 1.0);
    let (width, height) = (plane.width, plane.height);
    let mut data = vec![0.0; width * height];
    data.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
        let [above, here, below] =
            [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| plane.row(y));
        for (x, slope) in row.iter_mut().enumerate() {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let across = (above[right] - above[left])
                + 2.0 * (here[right] - here[left])
                + (below[right] - below[left]);
            let down = (below[left] - above[left])
                + 2.0 * (below[x] - above[x])
                + (below[right] - above[right]);
            *slope = (across * across + down * down).sqrt() * 0.125;
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

/// The greatest value within a square of `2·reach + 1` cells.
pub(super) fn greatest(plane: &Plane<f32>, reach: usize) -> Plane<f32> {
    let (width, height) = (plane.width, plane.height);
    let mut along = vec![0.0; width * height];
    along
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, out)| {
            let row = plane.row(y);
            out.copy_from_slice(row);
            for d in 1..=reach.min(width - 1) {
                for (out, &v) in out[d..].iter_mut().zip(row) {
                    *out = out.max(v);
                }
                for (out, &v) in out.iter_mut().zip(&row[d..]) {
                    *out = out.max(v);
                }
            }
        });
    let mut data = along.clone();
    data.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        for near in y.saturating_sub(reach)..(y + reach + 1).min(height) {
            for (out, &v) in out.iter_mut().zip(&along[near * width..(near + 1) * width]) {
                *out = out.max(v);
            }
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

/// Grows a mask by a square of `2·reach + 1` cells.
pub(super) fn grown(set: &[bool], width: usize, height: usize, reach: usize) -> Vec<bool> {
    let mut along = vec![false; set.len()];
    along
        .par_chunks_mut(width)
        .zip(set.par_chunks(width))
        .for_each(|(along, row)| {
            for (x, _) in row.iter().enumerate().filter(|(_, set)| **set) {
                along[x.saturating_sub(reach)..(x + reach + 1).min(width)].fill(true);
            }
        });
    let mut result = vec![false; set.len()];
    result
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, row)| {
            for near in y.saturating_sub(reach)..(y + reach + 1).min(height) {
                for (set, &near) in row.iter_mut().zip(&along[near * width..(near + 1) * width]) {
                    *set |= near;
                }
            }
        });
    result
}

/// The mask of the cells where ink may lie: kept regions and their soft edges, about two pixels around.
pub(super) fn mask(kept: &[bool], width: usize, height: usize, cell: usize) -> Bits {
    let reach = if cell == 1 { 2 } else { 1 };
    Bits::of(width, height, &grown(kept, width, height, reach))
}

/// How far absorption counts as ink: nothing below 0.4 of the threshold, all above 1.6 of it, smoothly between.
#[inline]
pub(crate) fn certainty(absorption: f32, low: f32) -> f32 {
    let t = ((absorption - 0.4 * low) / (1.2 * low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sign of 5 × 7 cells that absorbs so much, kept or not in a picture as noisy as a phone's photograph of a page.
    fn is_kept(absorbed: f32) -> bool {
        let (width, height) = (40, 30);
        let sign = |i: usize| (10..15).contains(&(i % width)) && (10..17).contains(&(i / width));
        let plane = Plane {
            width,
            height,
            data: (0..width * height)
                .map(|i| if sign(i) { absorbed } else { 0.0 })
                .collect(),
        };
        let thresholds = Thresholds {
            noise: 0.06,
            ink: 0.70,
            low: 0.18,
            high: 0.35,
        };
        kept(&plane, &steepness(&plane), thresholds, 1.0)[13 * width + 12]
    }

    #[test]
    fn a_small_sign_as_strong_as_other_ink_is_no_speck() {
        assert!(is_kept(0.63));
        assert!(!is_kept(0.45));
    }
}
