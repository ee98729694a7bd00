//! The background of a board in two steps: a wide ball that tells ink from board, and a small one that follows
//! shading once the ink is filled in.
//!
//! One ball must choose: small enough to follow the shading, it takes a filled box for a dark part of the board, and
//! the box comes out hollow; wide enough for the box, it misses the shading. With the ink found by the wide ball and
//! replaced by its surroundings, the small ball has no boxes left to sink into.
//!
//! All of it works in linear light, where illumination multiplies, on a picture reduced by averaging.

use rayon::prelude::*;

use super::steps::{Board, steps};
use super::sure_ink::{dark_ink, light_ink};
use super::{Plane, Surface, smooth};
use crate::cancel::{Interrupt, Never};
use crate::rolling::{Element, Operation, Roller, Rolling, View, ViewMut};

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
    if work.is_empty() {
        return Vec::new();
    }
    let (scale, mut roller) = (1.0, Roller::new());
    let Ok(ground) = Ground::find(work, balls, surface, scale, &mut roller, &Never);
    let Ok(found) = find_on(&ground, balls, &mut roller, &Never);
    found.smooth
}

/// What the wide ball tells of a picture: where there is ink. The settings of the small one change nothing of it.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The wide ball's radius and height.
    wide: (f64, f64),
    surface: Surface,
    scale: f64,
    /// Where there is ink.
    pub mask: Plane<bool>,
    /// The picture with its ink filled in.
    pub filled: Vec<Plane<f32>>,
}

impl Ground {
    /// Of a reduced picture of at least one plane, unless it is interrupted. With a `scale` below 1 it does quickly and roughly
    /// on a picture reduced so much further what it would do on the one that belongs to [`WORK_SIDE`].
    ///
    /// The planes are rolled one after the other, each by all threads, so that they share the roller's tables: for
    /// pictures as small as these, to make them takes a good part of the time.
    pub(crate) fn find<I: Interrupt>(
        work: &[Plane<f32>],
        balls: &Balls,
        surface: Surface,
        scale: f64,
        roller: &mut Roller,
        interrupt: &I,
    ) -> Result<Self, I::Stopped> {
        let (width, height) = (work[0].width, work[0].height);
        let side = width.max(height);
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
        let board: Vec<_> = rolled
            .par_iter()
            .map(|rolled| smooth::gaussian(rolled, 2.0 * scale as f32).stretched(width, height))
            .collect();
        let mask = match surface {
            Surface::Light => dark_ink(work, &board),
            Surface::Dark => light_ink(work, &board),
        };
        let filled = smooth::fill_until(work, &mask, interrupt)?;
        Ok(Self {
            wide: (balls.wide, balls.wide_height),
            surface,
            scale,
            mask,
            filled,
        })
    }

    /// The side that the balls roll on.
    pub(super) fn surface(&self) -> Surface {
        self.surface
    }

    /// Whether it would be found again just so, in the same picture.
    pub(crate) fn is_for(&self, balls: &Balls, surface: Surface, scale: f64) -> bool {
        self.wide == (balls.wide, balls.wide_height)
            && (self.surface, self.scale) == (surface, scale)
    }
}

/// The background that the small ball finds once the ink is filled in, unless it is interrupted.
pub(crate) fn find_on<I: Interrupt>(
    ground: &Ground,
    balls: &Balls,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Board, I::Stopped> {
    let (side, scale) = (ground.mask.width.max(ground.mask.height), ground.scale);
    let radius = (balls.small * side as f64).max(4.0 * scale);
    let rolled = roll(
        ground.filled.clone(),
        (radius, balls.small_height),
        ground.surface,
        roller,
        interrupt,
    )?;
    let width = (0.35 * radius as f32).max(scale as f32);
    let smooth = rolled
        .par_iter()
        .map(|rolled| smooth::gaussian(rolled, width))
        .collect();
    let near_steps = steps(&rolled, (2.0 * radius) as usize);
    Ok(Board { smooth, near_steps })
}

/// Rolls a ball of this radius and height over planes.
pub(super) fn roll<I: Interrupt>(
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
