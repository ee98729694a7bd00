//! Gaussian smoothing of small planes, and filling holes by it.

use std::ops::Range;

use rayon::prelude::*;

use super::Plane;
use crate::cancel::{Interrupt, Never};
use crate::plane::for_each_row;

/// Below this standard deviation the Gaussian is summed up directly; above, three running means stand in for it.
const DIRECT_BELOW: f32 = 4.0;

/// Gaussian of standard deviation `sigma` pixels; borders are mirrored.
#[must_use]
pub fn gaussian(plane: &Plane<f32>, sigma: f32) -> Plane<f32> {
    let passes = if sigma < DIRECT_BELOW {
        vec![bell(sigma)]
    } else {
        boxes(sigma)
    };
    let pass = |plane: &_, weights| along_columns(&along_rows(plane, weights), weights);
    let first = pass(plane, &passes[0]);
    let rest = passes[1..].iter();
    rest.fold(first, |plane, weights| pass(&plane, weights))
}

/// How one pass weighs neighbours.
enum Weights {
    /// `weights[i]` for the neighbours at a distance of i.
    Bell(Vec<f32>),
    /// All neighbours up to this distance alike.
    Box(usize),
}

fn bell(sigma: f32) -> Weights {
    let reach = (3.0 * sigma).ceil().max(1.0) as usize;
    let mut weights: Vec<f32> = (0..=reach)
        .map(|i| libm::expf(-((i * i) as f32) / (2.0 * sigma * sigma)))
        .collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f32>();
    for weight in &mut weights {
        *weight /= total;
    }
    Weights::Bell(weights)
}

/// Three boxes whose variances add up to nearly sigma², of two neighbouring odd sizes (P. Kovesi, "Fast almost-Gaussian
/// filtering", DICTA 2010). A box of n pixels has variance (n² − 1)/12.
fn boxes(sigma: f32) -> Vec<Weights> {
    let ideal = (4.0 * sigma * sigma + 1.0).sqrt();
    let small = ((ideal - 1.0) / 2.0).floor().max(1.0);
    let size = 2.0 * small + 1.0;
    let excess = 3.0 * size * size + 12.0 * size + 9.0 - 12.0 * sigma * sigma;
    let how_many_small = (excess / (4.0 * size + 4.0)).round();
    (0..3)
        .map(|i| Weights::Box(small as usize + usize::from(i as f32 >= how_many_small)))
        .collect()
}

impl Weights {
    fn reach(&self) -> usize {
        match self {
            Self::Bell(weights) => weights.len() - 1,
            Self::Box(reach) => *reach,
        }
    }
}

fn along_rows(plane: &Plane<f32>, weights: &Weights) -> Plane<f32> {
    let (width, height) = (plane.width, plane.height);
    let reach = weights.reach();
    let mut data = vec![0.0_f32; plane.data.len()];
    for_each_row(&mut data, width, |y, results| {
        let row = plane.row(y);
        let value = |i: usize| row[mirrored(i as i64 - reach as i64, width)];
        let mut padded = Vec::with_capacity(width + 2 * reach);
        padded.extend((0..reach).map(value));
        padded.extend_from_slice(row);
        padded.extend((width + reach..width + 2 * reach).map(value));
        match weights {
            Weights::Bell(weights) => {
                // Written before it is read: memory that is fresh comes cheaper so.
                for (result, &middle) in results.iter_mut().zip(row) {
                    *result = weights[0] * middle;
                }
                for (i, &weight) in weights.iter().enumerate().skip(1) {
                    let sides = padded[reach - i..].iter().zip(&padded[reach + i..]);
                    for (result, (left, right)) in results.iter_mut().zip(sides) {
                        *result += weight * (left + right);
                    }
                }
            }
            Weights::Box(reach) => {
                let size = 2 * reach + 1;
                // f64, so that adding and taking away leaves no drift.
                let mut sum: f64 = padded[..size].iter().map(|&v| f64::from(v)).sum();
                results[0] = (sum / size as f64) as f32;
                for x in 1..width {
                    sum += f64::from(padded[x + size - 1]) - f64::from(padded[x - 1]);
                    results[x] = (sum / size as f64) as f32;
                }
            }
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

fn along_columns(plane: &Plane<f32>, weights: &Weights) -> Plane<f32> {
    let (width, height) = (plane.width, plane.height);
    let row = |y: i64| plane.row(mirrored(y, height));
    let mut data = vec![0.0_f32; plane.data.len()];
    match weights {
        Weights::Bell(weights) => for_each_row(&mut data, width, |y, results| {
            for (result, &middle) in results.iter_mut().zip(plane.row(y)) {
                *result = weights[0] * middle;
            }
            for (i, &weight) in weights.iter().enumerate().skip(1) {
                let sides = row(y as i64 - i as i64)
                    .iter()
                    .zip(row(y as i64 + i as i64));
                for (result, (above, below)) in results.iter_mut().zip(sides) {
                    *result += weight * (above + below);
                }
            }
        }),
        // A running mean goes down the columns, so each thread has columns of its own.
        Weights::Box(reach) => {
            let stripes: Vec<_> = (0..width)
                .step_by(STRIPE)
                .map(|from| from..(from + STRIPE).min(width))
                .collect();
            let means: Vec<Vec<f32>> = stripes
                .par_iter()
                .map(|stripe| running_means(plane, stripe, *reach as i64))
                .collect();
            for (y, results) in data.chunks_exact_mut(width).enumerate() {
                for (stripe, means) in stripes.iter().zip(&means) {
                    let n = stripe.len();
                    results[stripe.clone()].copy_from_slice(&means[y * n..(y + 1) * n]);
                }
            }
        }
    }
    Plane {
        width,
        height,
        data,
    }
}

/// Columns that a running mean goes down side by side.
const STRIPE: usize = 128;

/// Means of `2·reach + 1` rows in some columns of a plane, in rows of these columns.
fn running_means(plane: &Plane<f32>, columns: &Range<usize>, reach: i64) -> Vec<f32> {
    let row = |y: i64| &plane.row(mirrored(y, plane.height))[columns.clone()];
    let mut means = Vec::with_capacity(columns.len() * plane.height);
    let mut sums = vec![0.0_f64; columns.len()];
    for y in -reach..=reach {
        for (sum, &v) in sums.iter_mut().zip(row(y)) {
            *sum += f64::from(v);
        }
    }
    let share = 1.0 / (2 * reach + 1) as f64;
    for y in 0..plane.height as i64 {
        means.extend(sums.iter().map(|sum| (sum * share) as f32));
        let next = row(y + reach + 1).iter().zip(row(y - reach));
        for (sum, (new, old)) in sums.iter_mut().zip(next) {
            *sum += f64::from(*new) - f64::from(*old);
        }
    }
    means
}

/// Index `i` reflected into `0..n`, edges repeated, any distance outside.
fn mirrored(i: i64, n: usize) -> usize {
    let n = n as i64;
    let i = i.rem_euclid(2 * n);
    (if i < n { i } else { 2 * n - 1 - i }) as usize
}

/// Fills the masked pixels of every plane from their surroundings by normalised convolution at growing scales: what
/// few neighbours know is taken from near by, the middle of a large hole from far off. Other pixels do not change.
#[must_use]
pub fn fill(planes: &[Plane<f32>], mask: &Plane<bool>) -> Vec<Plane<f32>> {
    let Ok(filled) = fill_until(planes, mask, &Never);
    filled
}

/// [`fill`], unless it is interrupted.
pub(crate) fn fill_until<I: Interrupt>(
    planes: &[Plane<f32>],
    mask: &Plane<bool>,
    interrupt: &I,
) -> Result<Vec<Plane<f32>>, I::Stopped> {
    /// A neighbourhood with this share of known pixels decides alone.
    const ENOUGH: f32 = 0.15;
    if !mask.data.contains(&true) || !mask.data.contains(&false) {
        return Ok(planes.to_vec());
    }
    let weight = mask.map(|masked| if masked { 0.0_f32 } else { 1.0 });
    let mut undecided = mask.map(|masked| if masked { 1.0_f32 } else { 0.0 });
    let mut sums: Vec<Plane<f32>> = planes
        .iter()
        .map(|plane| zipped(plane, &weight, |v, w| v * w))
        .collect();
    let known = sums.clone();
    let mut sigma = 2.0_f32;
    let farthest = 4.0 * mask.width.max(mask.height) as f32;
    while sigma < farthest && undecided.data.iter().any(|&u| u > 1e-4) {
        interrupt.check()?;
        let share = gaussian(&weight, sigma);
        let means: Vec<_> = known
            .par_iter()
            .map(|plane| gaussian(plane, sigma))
            .collect();
        let last = 2.0 * sigma >= farthest;
        for (i, left) in undecided.data.iter_mut().enumerate() {
            // The running means may leave dust where there is nothing.
            let share = share.data[i];
            if *left == 0.0 || share <= 1e-6 {
                continue;
            }
            let taken = if last {
                *left
            } else {
                *left * (share / ENOUGH).clamp(0.0, 1.0)
            };
            for (sum, mean) in sums.iter_mut().zip(&means) {
                sum.data[i] += taken * (mean.data[i] / share);
            }
            *left -= taken;
        }
        sigma *= 2.0;
    }
    // What little is still undecided shares the value of what was decided.
    for (i, &left) in undecided.data.iter().enumerate() {
        if left > 0.0 && left < 1.0 {
            for sum in &mut sums {
                sum.data[i] /= 1.0 - left;
            }
        }
    }
    Ok(sums)
}

fn zipped(a: &Plane<f32>, b: &Plane<f32>, f: impl Fn(f32, f32) -> f32) -> Plane<f32> {
    Plane {
        width: a.width,
        height: a.height,
        data: a.data.iter().zip(&b.data).map(|(&a, &b)| f(a, b)).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "these values must be exact")]

    use super::*;

    #[test]
    fn smoothing_keeps_a_flat_plane_flat_and_the_sum_of_a_spot() {
        for sigma in [0.8, 2.0, 3.9, 4.0, 9.0, 40.0] {
            let flat = gaussian(&Plane::filled(37, 5, 0.4_f32), sigma);
            assert!(
                flat.data.iter().all(|v| (v - 0.4).abs() < 1e-5),
                "sigma {sigma}"
            );
            let mut spot = Plane::filled(101, 101, 0.0_f32);
            spot.data[50 * 101 + 50] = 1.0;
            let sum: f32 = gaussian(&spot, sigma).data.iter().sum();
            assert!((sum - 1.0).abs() < 1e-3, "sigma {sigma}: {sum}");
        }
    }

    #[test]
    fn running_means_have_the_gaussians_width() {
        for sigma in [2.0_f32, 4.0, 5.0, 8.0, 11.3] {
            let mut spot = Plane::filled(121, 1, 0.0_f32);
            spot.data[60] = 1.0;
            let spread = gaussian(&spot, sigma);
            let variance: f32 = (0..121)
                .map(|x| (x as f32 - 60.0) * (x as f32 - 60.0) * spread.data[x])
                .sum();
            assert!(
                (variance.sqrt() / sigma - 1.0).abs() < 0.08,
                "{} for {sigma}",
                variance.sqrt()
            );
        }
    }

    #[test]
    fn a_hole_is_filled_with_its_surroundings_and_the_rest_is_untouched() {
        // A ramp with a hole much wider than the first scales; what was in the hole must not matter.
        let (width, height) = (120, 80);
        let hole = |x: usize, y: usize| (30..90).contains(&x) && (20..60).contains(&y);
        let ramp = |x: usize| 0.5 + x as f32 / 400.0;
        let at = |i: usize| (i % width, i / width);
        let mask = Plane {
            width,
            height,
            data: (0..width * height)
                .map(|i| hole(at(i).0, at(i).1))
                .collect(),
        };
        let plane = Plane {
            width,
            height,
            data: (0..width * height)
                .map(|i| {
                    if hole(at(i).0, at(i).1) {
                        0.01
                    } else {
                        ramp(at(i).0)
                    }
                })
                .collect(),
        };
        let filled = fill(std::slice::from_ref(&plane), &mask);
        for (i, &v) in filled[0].data.iter().enumerate() {
            if mask.data[i] {
                assert!((v - ramp(at(i).0)).abs() < 0.06, "{:?}: {v}", at(i));
            } else {
                assert_eq!(v, plane.data[i]);
            }
        }
    }

    #[test]
    fn a_mask_over_everything_leaves_the_picture() {
        let plane = Plane::filled(9, 9, 0.3_f32);
        let all = Plane::filled(9, 9, true);
        assert_eq!(fill(std::slice::from_ref(&plane), &all), [plane]);
    }
}
