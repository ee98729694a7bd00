//! The background where the light falls in steps: along the edges of hard shadows.

use rayon::prelude::*;

use super::lines::{between, evened};
use super::masks::dilated;
use super::two_balls::{Balls, Ground, roll};
use super::{Plane, smooth};
use crate::cancel::Interrupt;
use crate::rolling::Roller;

/// Long side of the picture on which the background is found more closely where the light falls in steps.
pub(crate) const FINE_SIDE: usize = 1200;
/// The ball is so many times as large there…
const SMALLER: f64 = 0.3;
/// …and so many times as high: nearly flat, for a round one touches neither side of a step close to it.
const FLATTER: f64 = 0.1;
/// How far light is evened along a step, at [`FINE_SIDE`].
const ALONG: usize = 8;
/// The Gaussian before rolling and after it: narrower than any half-shadow.
const NARROW: f32 = 0.5;

/// The background of a board.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    /// The background.
    pub smooth: Vec<Plane<f32>>,
    /// Where the light falls in a step: along the edges of hard shadows. `None` where it does nowhere.
    pub near_steps: Option<Plane<bool>>,
}

/// What is near the steps of a background, so many pixels around; `None` where there are none.
pub(super) fn steps(rolled: &[Plane<f32>], around: usize) -> Option<Plane<bool>> {
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

/// The background of a board whose light falls in steps, at the size of `light`: `near` the steps a small flat ball rolls
/// over what is less reduced, so that the background falls where the light does.
pub(crate) fn refine<I: Interrupt>(
    (board, near): (&[Plane<f32>], &Plane<bool>),
    ground: &Ground,
    light: &[Plane<f32>],
    balls: &Balls,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Vec<Plane<f32>>, I::Stopped> {
    let (width, height) = (light[0].width, light[0].height);
    let share = |mask: &Plane<bool>| mask.map(|set| if set { 1.0_f32 } else { 0.0 });
    // A soft mask, so that nothing jumps where one background takes over from the other.
    let weight = smooth::gaussian(&share(near), 2.0).stretched(width, height);
    // The ink's surroundings, which are in the mask too, are known more closely here.
    let ink = dilated(&ground.mask.map(|set| !set), 1).map(|set| !set);
    let ink = share(&ink).stretched(width, height);
    // A hole beside a step is filled with what lies along the step, not with what lies beyond.
    let size = (ground.mask.width, ground.mask.height);
    let work: Vec<_> = light
        .par_iter()
        .map(|plane| plane.shrunk(size.0, size.1))
        .collect();
    let filled = between(
        &work,
        &ground.mask,
        ground.filled.clone(),
        size.0.max(size.1) / 2,
    );
    interrupt.check()?;
    let filled: Vec<Plane<f32>> = light
        .par_iter()
        .zip(&filled)
        .map(|(light, filled)| {
            let mut result = filled.stretched(width, height);
            for ((v, &light), &ink) in result.data.iter_mut().zip(&light.data).zip(&ink.data) {
                if ink < 0.25 {
                    *v = light;
                }
            }
            smooth::gaussian(&result, NARROW)
        })
        .collect();
    interrupt.check()?;
    let long = width.max(height);
    let reach = (ALONG * long).div_ceil(FINE_SIDE).clamp(1, ALONG);
    let rolled = roll(
        evened(&filled, &weight, reach),
        (
            SMALLER * balls.small * long as f64,
            FLATTER * balls.small_height,
        ),
        ground.surface(),
        roller,
        interrupt,
    )?;
    Ok(rolled
        .par_iter()
        .zip(board)
        .map(|(rolled, smooth)| {
            let mut result = smooth.stretched(width, height);
            let close = smooth::gaussian(rolled, NARROW);
            for ((v, &close), &weight) in result.data.iter_mut().zip(&close.data).zip(&weight.data)
            {
                *v += (close - *v) * weight;
            }
            result
        })
        .collect())
}
