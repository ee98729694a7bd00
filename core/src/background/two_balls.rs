//! The background of a board in two steps: a wide ball that tells ink from board, and a small one that follows
//! shading once the ink is filled in.
//!
//! One ball must choose: small enough to follow the shading, it takes a filled box for a dark part of the board, and
//! the box comes out hollow; wide enough for the box, it misses the shading. With the ink found by the wide ball and
//! replaced by its surroundings, the small ball has no boxes left to sink into.
//!
//! All of it works in linear light, where illumination multiplies, on a picture reduced by averaging.

use rayon::prelude::*;

use super::{Plane, Surface, smooth};
use crate::cancel::{Interrupt, Never};
use crate::rolling::{Element, Operation, Roller, Rolling, View, ViewMut};

/// Long side in pixels of the reduced picture that the small ball rolls on.
pub const WORK_SIDE: usize = 400;
/// Long side of the picture on which the background is found more closely where the light falls in steps.
pub(crate) const FINE_SIDE: usize = 1200;
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
    let Ok(found) = find_until(work, balls, surface, 1.0, &mut Roller::new(), &Never);
    found.smooth
}

/// [`find`], unless it is interrupted. With a `scale` below 1 it does quickly and roughly on a picture reduced so much
/// further what it would do on the one that belongs to [`WORK_SIDE`].
///
/// The planes are rolled one after the other, each by all threads, so that they share the roller's tables: for
/// pictures as small as these, to make them takes a good part of the time.
pub(crate) fn find_until<I: Interrupt>(
    work: &[Plane<f32>],
    balls: &Balls,
    surface: Surface,
    scale: f64,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Board, I::Stopped> {
    let Some(first) = work.first() else {
        return Ok(Board {
            smooth: Vec::new(),
            filled: Vec::new(),
            mask: Plane::filled(1, 1, false),
            near_steps: None,
        });
    };
    let side = first.width.max(first.height);
    let small_side = side.min((WIDE_SIDE as f64 * scale) as usize).max(1);
    let size = |n: usize| (n * small_side).div_ceil(side);
    let reduced: Vec<_> = work
        .par_iter()
        .map(|plane| plane.shrunk(size(plane.width), size(plane.height)))
        .collect();
    let wide_radius = balls.wide * small_side as f64;
    let rolled = roll(
        reduced,
        (wide_radius, balls.wide_height),
        surface,
        roller,
        interrupt,
    )?;
    let wide: Vec<_> = rolled
        .par_iter()
        .map(|rolled| {
            smooth::gaussian(rolled, 2.0 * scale as f32).stretched(first.width, first.height)
        })
        .collect();
    let mask = match surface {
        Surface::Light => dark_ink(work, &wide),
        Surface::Dark => light_ink(work, &wide),
    };
    let radius = (balls.small * side as f64).max(4.0 * scale);
    let filled = smooth::fill_until(work, &mask, interrupt)?;
    let rolled = roll(
        filled.clone(),
        (radius, balls.small_height),
        surface,
        roller,
        interrupt,
    )?;
    let width = (0.35 * radius as f32).max(scale as f32);
    let smooth = rolled
        .par_iter()
        .map(|rolled| smooth::gaussian(rolled, width))
        .collect();
    let near_steps = steps(&rolled, (2.0 * radius) as usize);
    Ok(Board {
        smooth,
        filled,
        mask,
        near_steps,
    })
}

/// The background of a board, and what is needed to find it more closely.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    /// The background.
    pub smooth: Vec<Plane<f32>>,
    /// The picture with its ink filled in.
    filled: Vec<Plane<f32>>,
    /// Where that was.
    mask: Plane<bool>,
    /// Where the light falls in a step: along the edges of hard shadows. `None` where it does nowhere.
    near_steps: Option<Plane<bool>>,
}

/// What is near the steps of a background, so many pixels around; `None` where there are none.
fn steps(rolled: &[Plane<f32>], around: usize) -> Option<Plane<bool>> {
    /// Less than this share of the light is left within four pixels.
    const STEP: f32 = 0.72;
    /// Fewer pixels than this share are dirt.
    const FEW: f32 = 0.001;
    let (width, height) = (rolled[0].width, rolled[0].height);
    let mut step = Plane::filled(width, height, false);
    for plane in rolled {
        let falls = |a: f32, b: f32| a.min(b) < STEP * a.max(b).max(0.01);
        for y in 0..height {
            for x in 0..width {
                let (left, right) = (x.saturating_sub(2), (x + 2).min(width - 1));
                let (up, down) = (y.saturating_sub(2), (y + 2).min(height - 1));
                let row = plane.row(y);
                step.data[y * width + x] |=
                    falls(row[left], row[right]) || falls(plane.row(up)[x], plane.row(down)[x]);
            }
        }
    }
    let count = step.data.iter().filter(|&&set| set).count();
    (count as f32 > FEW * (width * height) as f32).then(|| dilated(&step, around))
}

/// The background of a board whose light falls in steps, at the size of `light`: near the steps a ball of half the radius
/// rolls over what is less reduced, so that the background falls where the light does.
pub(crate) fn refine<I: Interrupt>(
    board: Board,
    light: &[Plane<f32>],
    balls: &Balls,
    surface: Surface,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Vec<Plane<f32>>, I::Stopped> {
    let Some(near) = &board.near_steps else {
        return Ok(board.smooth);
    };
    let (width, height) = (light[0].width, light[0].height);
    // Soft masks, so that nothing jumps where one background takes over from the other.
    let soft = |mask: &Plane<bool>, sigma: f32| {
        let mask = mask.map(|set| if set { 1.0_f32 } else { 0.0 });
        smooth::gaussian(&mask, sigma).stretched(width, height)
    };
    let ink = board.mask.map(|set| if set { 1.0_f32 } else { 0.0 });
    let ink = ink.stretched(width, height);
    let filled: Vec<Plane<f32>> = light
        .par_iter()
        .zip(&board.filled)
        .map(|(light, filled)| {
            let mut result = filled.stretched(width, height);
            for ((v, &light), &ink) in result.data.iter_mut().zip(&light.data).zip(&ink.data) {
                if ink < 0.25 {
                    *v = light;
                }
            }
            smooth::gaussian(&result, 0.8)
        })
        .collect();
    interrupt.check()?;
    let radius = 0.5 * balls.small * width.max(height) as f64;
    let rolled = roll(
        filled,
        (radius, balls.small_height),
        surface,
        roller,
        interrupt,
    )?;
    let weight = soft(near, 2.0);
    Ok(rolled
        .par_iter()
        .zip(&board.smooth)
        .map(|(rolled, smooth)| {
            let mut result = smooth.stretched(width, height);
            let close = smooth::gaussian(rolled, 1.0);
            for ((v, &close), &weight) in result.data.iter_mut().zip(&close.data).zip(&weight.data)
            {
                *v += (close - *v) * weight;
            }
            result
        })
        .collect())
}

/// Rolls a ball of this radius and height over planes.
fn roll<I: Interrupt>(
    planes: Vec<Plane<f32>>,
    (radius, height): (f64, f64),
    surface: Surface,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Vec<Plane<f32>>, I::Stopped> {
    // A ball without size touches every point.
    let Some(ball) = Element::ellipsoid(radius, height) else {
        return Ok(planes);
    };
    let rolling = Rolling::new(ball, Operation::background(surface));
    planes
        .into_iter()
        .map(|plane| {
            let mut rolled = plane.clone();
            roller.roll(
                View::of(&plane),
                ViewMut::of(&mut rolled),
                &rolling,
                interrupt,
            )?;
            Ok(rolled)
        })
        .collect()
}

/// Where there is surely ink on a light board: clearly coloured, or neutral and very dark; in shadows only what is far
/// more so than the shadow.
fn dark_ink(work: &[Plane<f32>], board: &[Plane<f32>]) -> Plane<bool> {
    /// Absorbance (natural logarithm) from which neutral darkness is ink.
    const DARK: f32 = 1.1;
    let (width, height) = (work[0].width, work[0].height);
    let mut least = Plane::filled(width, height, 0.0_f32);
    let mut spread = Plane::filled(width, height, 0.0_f32);
    for i in 0..width * height {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for (plane, board) in work.iter().zip(board) {
            let share = plane.data[i] / board.data[i].max(1e-4);
            let absorbance = -libm::logf(share.clamp(0.001, 2.0));
            low = low.min(absorbance);
            high = high.max(absorbance);
        }
        least.data[i] = low;
        spread.data[i] = high - low;
    }
    let mut ink = Plane {
        width,
        height,
        data: (0..width * height)
            .map(|i| {
                let (least, spread) = (least.data[i], spread.data[i]);
                spread > f32::max(0.16, 0.45 * least) || least > DARK
            })
            .collect(),
    };
    for shadow in shadows(&ink, &least, &spread) {
        for i in shadow.pixels {
            ink.data[i] &= spread.data[i] - shadow.spread
                > f32::max(0.3, 0.45 * (least.data[i] - shadow.least))
                || least.data[i] - shadow.least > DARK;
        }
    }
    dilated(&ink, 1)
}

/// A shadow (or a wall): what it takes of the light.
struct Shadow {
    /// Its pixels, and those around them.
    pixels: Vec<usize>,
    /// Absorbance that all channels have in common.
    least: f32,
    /// By how much those of the channels differ.
    spread: f32,
}

/// The large regions of what looks like ink that take light away as a shadow does: all channels nearly alike.
fn shadows(ink: &Plane<bool>, least: &Plane<f32>, spread: &Plane<f32>) -> Vec<Shadow> {
    /// A region over this share of the picture may be a shadow.
    const LARGE: f32 = 0.02;
    /// A shadow's channels differ by at most this share of what they have in common…
    const TINT: f32 = 0.75;
    /// …and it leaves at least a fifth of the light, unless it is larger than anybody fills.
    const DEEPEST: f32 = 1.6;
    const HUGE: f32 = 0.03;
    let (width, height) = (ink.width, ink.height);
    let large = (LARGE * (width * height) as f32) as usize;
    let mut found = Vec::new();
    for region in regions_over(&opened(ink), large) {
        let middle = |plane: &Plane<f32>| {
            let mut values: Vec<f32> = region.iter().map(|&i| plane.data[i]).collect();
            let at = values.len() / 2;
            *values.select_nth_unstable_by(at, f32::total_cmp).1
        };
        let (least, spread) = (middle(least), middle(spread));
        let huge = region.len() as f32 > HUGE * (width * height) as f32;
        if spread < TINT * least && (least < DEEPEST || huge) {
            let mut mask = Plane::filled(width, height, false);
            for i in region {
                mask.data[i] = true;
            }
            let around = dilated(&mask, 3);
            let pixels = (0..width * height).filter(|&i| around.data[i]).collect();
            found.push(Shadow {
                pixels,
                least,
                spread,
            });
        }
    }
    found
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

/// The 8-connected regions of more than `large` pixels.
fn regions_over(mask: &Plane<bool>, large: usize) -> Vec<Vec<usize>> {
    let (width, height) = (mask.width, mask.height);
    let mut seen = Plane::filled(width, height, false);
    let mut kept = Vec::new();
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
            kept.push(region);
        }
    }
    kept
}
