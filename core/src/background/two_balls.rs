//! The background of a board in two steps: a wide ball that tells ink from board, and a small one that follows
//! shading once the ink is filled in.
//!
//! One ball must choose: small enough to follow the shading, it takes a filled box for a dark part of the board, and
//! the box comes out hollow; wide enough for the box, it misses the shading. With the ink found by the wide ball and
//! replaced by its surroundings, the small ball has no boxes left to sink into.
//!
//! All of it works in linear light, where illumination multiplies, on a picture reduced by averaging.

use rayon::prelude::*;

use super::{Ball, Plane, Surface, naive, smooth};
use crate::cancel::{Interrupt, Never};

/// Long side in pixels of the reduced picture that the small ball rolls on.
pub const WORK_SIDE: usize = 400;
/// Long side of the still smaller one for the wide ball.
const WIDE_SIDE: usize = 128;

/// Sizes of the two balls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balls {
    /// Radius of the wide ball as a share of the long side.
    pub wide: f64,
    /// Height of the wide ball in linear light, 0 to 1.
    pub wide_height: f64,
    /// Radius of the small ball as a share of the long side.
    pub small: f64,
    /// Height of the small ball in linear light, 0 to 1.
    pub small_height: f64,
}

/// Finds the background of a reduced picture (linear light, 0 to 1, one plane per channel, all of one size).
#[must_use]
pub fn find(work: &[Plane<f32>], balls: &Balls, surface: Surface) -> Vec<Plane<f32>> {
    let Ok(found) = find_until(work, balls, surface, 1.0, &Never);
    found
}

/// [`find`], unless it is interrupted. With a `scale` below 1 it does quickly and roughly on a picture reduced so much
/// further what it would do on the one that belongs to [`WORK_SIDE`].
pub(crate) fn find_until<I: Interrupt>(
    work: &[Plane<f32>],
    balls: &Balls,
    surface: Surface,
    scale: f64,
    interrupt: &I,
) -> Result<Vec<Plane<f32>>, I::Stopped> {
    let Some(first) = work.first() else {
        return Ok(Vec::new());
    };
    let side = first.width.max(first.height);
    let small_side = side.min((WIDE_SIDE as f64 * scale) as usize).max(1);
    let wide = work
        .par_iter()
        .map(|plane| {
            let size = |n: usize| (n * small_side).div_ceil(side);
            let reduced = plane.shrunk(size(plane.width), size(plane.height));
            let rolled = roll(
                &reduced,
                balls.wide * small_side as f64,
                balls.wide_height,
                surface,
                interrupt,
            )?;
            Ok(smooth::gaussian(&rolled, 2.0 * scale as f32).stretched(plane.width, plane.height))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mask = match surface {
        Surface::Light => dark_ink(work, &wide),
        Surface::Dark => light_ink(work, &wide),
    };
    let radius = (balls.small * side as f64).max(4.0 * scale);
    smooth::fill_until(work, &mask, interrupt)?
        .par_iter()
        .map(|plane| {
            let rolled = roll(plane, radius, balls.small_height, surface, interrupt)?;
            Ok(smooth::gaussian(
                &rolled,
                (0.35 * radius as f32).max(scale as f32),
            ))
        })
        .collect()
}

fn roll<I: Interrupt>(
    plane: &Plane<f32>,
    radius: f64,
    height: f64,
    surface: Surface,
    interrupt: &I,
) -> Result<Plane<f32>, I::Stopped> {
    match Ball::ellipsoid(radius, height) {
        Some(ball) => naive::background_until(plane, &ball, surface, interrupt),
        // A ball without size touches every point.
        None => Ok(plane.clone()),
    }
}

/// Where there is surely ink on a light board: clearly coloured, or neutral and very dark. Shadows are neither: they
/// darken all channels, seldom to a third, and when they do, over a large region.
fn dark_ink(work: &[Plane<f32>], board: &[Plane<f32>]) -> Plane<bool> {
    /// Absorbance (natural logarithm) from which neutral darkness is ink.
    const DARK: f32 = 1.1;
    /// A dark region over this share of the picture is a shadow (or a wall), not writing.
    const LARGE: f32 = 0.02;
    let (width, height) = (work[0].width, work[0].height);
    let mut coloured = Plane::filled(width, height, false);
    let mut dark = Plane::filled(width, height, false);
    for i in 0..width * height {
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        for (plane, board) in work.iter().zip(board) {
            let share = plane.data[i] / board.data[i].max(1e-4);
            let absorbance = -libm::logf(share.clamp(0.001, 2.0));
            least = least.min(absorbance);
            most = most.max(absorbance);
        }
        coloured.data[i] = most - least > f32::max(0.16, 0.45 * least);
        dark.data[i] = !coloured.data[i] && least > DARK;
    }
    let large = (LARGE * (width * height) as f32) as usize;
    let shadows = dilated(&regions_over(&opened(&dark), large), 2);
    let ink = Plane {
        width,
        height,
        data: (0..width * height)
            .map(|i| coloured.data[i] || dark.data[i] && !shadows.data[i])
            .collect(),
    };
    dilated(&ink, 1)
}

/// Where there is surely writing on a dark board: clearly lighter than the board in some channel.
fn light_ink(work: &[Plane<f32>], board: &[Plane<f32>]) -> Plane<bool> {
    /// How much of the way from the board to full light.
    const LIGHT: f32 = 0.15;
    let (width, height) = (work[0].width, work[0].height);
    let data = (0..width * height)
        .map(|i| {
            work.iter()
                .zip(board)
                .any(|(plane, board)| plane.data[i] - board.data[i] > LIGHT * (1.0 - board.data[i]))
        })
        .collect();
    dilated(
        &Plane {
            width,
            height,
            data,
        },
        1,
    )
}

/// Grows a mask by a square of `2·reach + 1` pixels.
fn dilated(mask: &Plane<bool>, reach: usize) -> Plane<bool> {
    let (width, height) = (mask.width, mask.height);
    let near = |i: usize, n: usize| i.saturating_sub(reach)..(i + reach + 1).min(n);
    let data = (0..width * height)
        .map(|i| {
            let (x, y) = (i % width, i / width);
            near(y, height).any(|sy| mask.row(sy)[near(x, width)].contains(&true))
        })
        .collect();
    Plane {
        width,
        height,
        data,
    }
}

/// Removes what is narrower than 3×3.
fn opened(mask: &Plane<bool>) -> Plane<bool> {
    let eroded = dilated(&mask.map(|set| !set), 1).map(|set| !set);
    dilated(&eroded, 1)
}

/// Keeps the 8-connected regions of more than `large` pixels.
fn regions_over(mask: &Plane<bool>, large: usize) -> Plane<bool> {
    let (width, height) = (mask.width, mask.height);
    let mut seen = Plane::filled(width, height, false);
    let mut kept = Plane::filled(width, height, false);
    for start in 0..width * height {
        if !mask.data[start] || seen.data[start] {
            continue;
        }
        seen.data[start] = true;
        let mut region = vec![start];
        let mut next = 0;
        while let Some(&i) = region.get(next) {
            next += 1;
            let (x, y) = (i % width, i / width);
            for sy in y.saturating_sub(1)..(y + 2).min(height) {
                for sx in x.saturating_sub(1)..(x + 2).min(width) {
                    let j = sy * width + sx;
                    if mask.data[j] && !seen.data[j] {
                        seen.data[j] = true;
                        region.push(j);
                    }
                }
            }
        }
        if region.len() > large {
            for i in region {
                kept.data[i] = true;
            }
        }
    }
    kept
}
