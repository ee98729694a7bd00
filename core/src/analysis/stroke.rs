//! How wide the strokes are: the distance transform of a rough ink mask, read along its ridges.

use rayon::prelude::*;

use super::ink::greatest;
use super::regions::Regions;
use crate::background::smooth::gaussian;
use crate::plane::{Plane, for_each_row};

/// Widths of strokes, in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Strokes {
    /// The median.
    pub median: f32,
    /// What nine in ten are narrower than.
    pub wide: f32,
    /// Whether the picture had enough strokes to tell.
    pub measured: bool,
}

/// Long side of the picture in which widths are measured.
const SIDE: usize = 800;
/// Absorbance (natural logarithm) from which something is taken for ink.
const INK: f32 = 0.35;
/// With fewer ridge pixels than this the picture says nothing about strokes…
const ENOUGH: usize = 50;
/// …and these widths, in pixels of the reduced picture, are assumed.
const USUAL: (f32, f32) = (2.0, 4.0);

/// Measures in planes of linear light, each `cell` pixels of the picture to a sample.
pub(super) fn measure(light: &[Plane<f32>], cell: usize) -> Strokes {
    let first = &light[0];
    let long = first.width.max(first.height);
    let factor = ((long as f32 / SIDE as f32).round() as usize).max(1);
    let (width, height) = (first.width.div_ceil(factor), first.height.div_ceil(factor));
    let mut least = first.clone();
    for_each_row(&mut least.data, first.width, |y, row| {
        for plane in &light[1..] {
            for (least, &v) in row.iter_mut().zip(plane.row(y)) {
                *least = least.min(v);
            }
        }
    });
    let least = least.shrunk(width, height);
    let board = gaussian(&greatest(&least, 7), 8.0);
    let ink: Vec<bool> = least
        .data
        .par_iter()
        .with_min_len(4096)
        .zip(&board.data)
        .map(|(&g, &b)| -libm::logf((g / b.max(1e-4)).clamp(0.001, 1.0)) > INK)
        .collect();
    let distance = distances(&without_specks(ink, width), width, height);
    let mut widths: Vec<f32> = ridges(&distance).map(|d| 2.0 * d - 1.0).collect();
    let scale = (factor * cell) as f32;
    let most = 0.02 * (long * cell) as f32;
    if widths.len() < ENOUGH {
        return Strokes {
            median: USUAL.0 * scale,
            wide: (USUAL.1 * scale).min(most.max(USUAL.0 * scale)),
            measured: false,
        };
    }
    let median = super::quantile(&mut widths, 0.5) * scale;
    let wide = (super::quantile(&mut widths, 0.9) * scale)
        .min(most)
        .max(median.min(most));
    Strokes {
        median: median.min(most),
        wide,
        measured: true,
    }
}

/// Drops the regions that are smaller than any letter: noise has no width.
fn without_specks(mut ink: Vec<bool>, width: usize) -> Vec<bool> {
    const SPECK: u32 = 20;
    let mut regions = Regions::of(&ink, width);
    let mut areas = vec![0_u32; regions.count()];
    regions.each(|_, region| areas[region] += 1);
    regions.each(|i, region| ink[i] = areas[region] >= SPECK);
    ink
}

/// Distances that are no smaller than any of their eight neighbours': the middles of strokes.
fn ridges(distance: &Plane<f32>) -> impl Iterator<Item = f32> + '_ {
    let (width, height) = (distance.width, distance.height);
    (0..width * height).filter_map(move |i| {
        let d = distance.data[i];
        if d <= 0.7 {
            return None;
        }
        let (x, y) = (i % width, i / width);
        let columns = x.saturating_sub(1)..(x + 2).min(width);
        (y.saturating_sub(1)..(y + 2).min(height))
            .all(|y| {
                distance.row(y)[columns.clone()]
                    .iter()
                    .all(|&near| near <= d)
            })
            .then_some(d)
    })
}

/// The Euclidean distance of every pixel that is set to the nearest that is not (P. Felzenszwalb, D. Huttenlocher,
/// "Distance transforms of sampled functions", Theory of Computing 8, 2012); 0 where none is set, and where all are.
fn distances(set: &[bool], width: usize, height: usize) -> Plane<f32> {
    // Longer than any distance; its square must stay exact.
    let far = (width + height) as f64;
    let mut squares = vec![0.0_f64; set.len()];
    for_each_row(&mut squares, width, |y, line| {
        let row = &set[y * width..(y + 1) * width];
        let mut run = far;
        for (value, &set) in line.iter_mut().zip(row) {
            run = if set { run + 1.0 } else { 0.0 };
            *value = run;
        }
        run = far;
        for (value, &set) in line.iter_mut().zip(row).rev() {
            run = if set { run + 1.0 } else { 0.0 };
            let d = value.min(run).min(far);
            *value = d * d;
        }
    });
    // Column by column.
    let mut turned = vec![0.0_f32; set.len()];
    for_each_row(&mut turned, height, |x, column| {
        let squares: Vec<f64> = squares.iter().skip(x).step_by(width).copied().collect();
        if squares.iter().any(|&square| square > 0.0) {
            lowest_parabola(&squares, far * far, column);
        }
    });
    let mut data = vec![0.0_f32; set.len()];
    for_each_row(&mut data, width, |y, row| {
        for (distance, &turned) in row.iter_mut().zip(turned[y..].iter().step_by(height)) {
            *distance = turned;
        }
    });
    Plane {
        width,
        height,
        data,
    }
}

/// The root of the lower envelope of the parabolas that stand on `squares`, where it is below `far`.
fn lowest_parabola(squares: &[f64], far: f64, roots: &mut [f32]) {
    let meet = |p: usize, q: usize| {
        let (p, q) = (p.min(q), p.max(q));
        let (fp, fq) = (p as f64, q as f64);
        ((squares[q] + fq * fq) - (squares[p] + fp * fp)) / (2.0 * (fq - fp))
    };
    let mut hull: Vec<(usize, f64)> = Vec::with_capacity(squares.len());
    for y in 0..squares.len() {
        while let Some(&(last, from)) = hull.last() {
            if meet(last, y) > from {
                break;
            }
            hull.pop();
        }
        let from = hull
            .last()
            .map_or(f64::NEG_INFINITY, |&(last, _)| meet(last, y));
        hull.push((y, from));
    }
    let mut at = 0;
    for (y, root) in roots.iter_mut().enumerate() {
        while at + 1 < hull.len() && hull[at + 1].1 < y as f64 {
            at += 1;
        }
        let (from, d) = (hull[at].0, y as f64 - hull[at].0 as f64);
        let square = squares[from] + d * d;
        if square < far {
            *root = square.sqrt() as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "these values must be exact")]

    use super::*;

    #[test]
    fn distances_are_those_to_the_nearest_pixel_that_is_not_set() {
        let (width, height) = (13, 9);
        let set: Vec<bool> = (0..width * height).map(|i| i * 7919 % 11 > 1).collect();
        let found = distances(&set, width, height);
        for i in 0..set.len() {
            let nearest = (0..set.len())
                .filter(|&j| !set[j])
                .map(|j| {
                    let (dx, dy) = (
                        (i % width).abs_diff(j % width),
                        (i / width).abs_diff(j / width),
                    );
                    ((dx * dx + dy * dy) as f64).sqrt() as f32
                })
                .fold(f32::INFINITY, f32::min);
            assert_eq!(found.data[i], if set[i] { nearest } else { 0.0 });
        }
    }

    #[test]
    fn strokes_of_a_drawn_width_are_measured() {
        for width in [3_usize, 5, 9] {
            let mut plane = Plane::filled(700, 500, 0.6_f32);
            for line in 0..12 {
                for y in 0..width {
                    for x in 40..660 {
                        plane.data[(30 + line * 36 + y) * 700 + x] = 0.05;
                    }
                }
            }
            let strokes = measure(&[plane], 1);
            assert!(strokes.measured);
            assert!(
                (strokes.median - width as f32).abs() <= 1.0,
                "{width}: {strokes:?}"
            );
        }
    }

    #[test]
    fn an_empty_board_has_usual_strokes() {
        assert!(!measure(&[Plane::filled(400, 300, 0.5)], 2).measured);
    }
}
