//! ImageJ's Process › Subtract Background, version 1.53t: rolling ball and sliding paraboloid.
//!
//! Equal to it for grey pictures of 8 and 16 bits and of f32, for the three channels of a colour picture
//! ("separate colors": call for each channel), and for colour pictures by their brightness ([`brightness_rgb`]).
//! Pictures are taken to have no inverted lookup table and no selection, and corners are corrected, as the menu does.
//!
//! What it computes, and where that differs from the plain definition:
//!
//! - everything is done in f32; a light background is negated first;
//! - the ball rolls on a copy that is shrunk 2, 4 or 8 times by minima and enlarged again bilinearly, it is cut to a
//!   square patch, and it also rolls over the picture's border (`ball.rs`);
//! - the paraboloid is a parabola that slides along rows, columns and diagonals in turn (`paraboloid.rs`);
//! - before, unless disabled, the mean of each 3×3 neighbourhood is taken (`smooth.rs`).

mod ball;
mod brightness;
mod corners;
mod parabola;
mod paraboloid;
mod pixel;
mod smooth;

pub use brightness::brightness_rgb;
pub use pixel::Pixel;

use super::LikeError;
use crate::cancel::Interrupt;
use crate::plane::Plane;
use crate::rolling::{View, ViewMut};

/// What ImageJ's dialog asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The ball's radius in pixels and grey levels, or of the paraboloid the radius of curvature at the apex.
    pub radius: f64,
    /// "Light background": dark things on light ground.
    pub light_background: bool,
    /// "Sliding paraboloid" instead of the ball.
    pub sliding_paraboloid: bool,
    /// The mean of each 3×3 neighbourhood first (the opposite of "Disable smoothing").
    pub presmooth: bool,
}

impl Settings {
    /// What the dialog begins with, but for the radius: light background, ball, smoothing.
    #[must_use]
    pub const fn new(radius: f64) -> Self {
        Self {
            radius,
            light_background: true,
            sliding_paraboloid: false,
            presmooth: true,
        }
    }
}

/// What is wanted of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// The background itself: "Create background".
    Background,
    /// The picture without it. Of whole numbers, what is as the background becomes white on a light one, black on a dark
    /// one; of f32 it becomes 0 on both.
    Subtracted,
}

/// The background of one channel of 8 bits ("Create background").
///
/// # Errors
///
/// [`LikeError::Radius`] unless the radius is positive and finite and ImageJ can hold its ball (about 300,000 pixels);
/// [`LikeError::Narrow`] where ImageJ fails; [`LikeError::Stopped`] when `interrupt` ended it.
///
/// # Panics
///
/// When `result` has another size than `source`.
pub fn background_u8<I: Interrupt>(
    source: View<'_, u8>,
    result: ViewMut<'_, u8>,
    settings: &Settings,
    interrupt: &I,
) -> Result<(), LikeError<I::Stopped>> {
    roll(source, result, settings, Product::Background, interrupt)
}

/// One channel of 8 bits without its background.
///
/// # Errors
///
/// As [`background_u8`].
///
/// # Panics
///
/// When `result` has another size than `source`.
pub fn subtract_u8<I: Interrupt>(
    source: View<'_, u8>,
    result: ViewMut<'_, u8>,
    settings: &Settings,
    interrupt: &I,
) -> Result<(), LikeError<I::Stopped>> {
    roll(source, result, settings, Product::Subtracted, interrupt)
}

/// One channel of any kind of samples that ImageJ knows: [`background_u8`] and [`subtract_u8`] for u8, u16 and f32.
///
/// f32 samples should be numbers. Where the sliding paraboloid meets a line on which ImageJ would search for ever (NaN,
/// infinities, differences beyond f32), the rest of that line stays as it is.
///
/// # Errors
///
/// As [`background_u8`].
///
/// # Panics
///
/// When `result` has another size than `source`.
pub fn roll<T: Pixel, I: Interrupt>(
    source: View<'_, T>,
    result: ViewMut<'_, T>,
    settings: &Settings,
    product: Product,
    interrupt: &I,
) -> Result<(), LikeError<I::Stopped>> {
    assert!(
        (result.width(), result.height()) == (source.width(), source.height()),
        "the result must be as large as the picture"
    );
    if !(settings.radius > 0.0 && settings.radius.is_finite()) {
        return Err(LikeError::Radius(settings.radius));
    }
    interrupt.check()?;
    let sign = if settings.light_background { -1.0 } else { 1.0 };
    let rows = (0..source.height()).flat_map(|y| source.row(y).iter().step_by(source.step()));
    let picture = Plane {
        width: source.width(),
        height: source.height(),
        data: rows.map(|sample| sign * sample.value()).collect(),
    };
    let mut surface = if settings.sliding_paraboloid {
        paraboloid::slide(picture, settings.radius, settings.presmooth, interrupt)?
    } else {
        ball::roll(picture, settings.radius, settings.presmooth, interrupt)?
    };
    surface.data.iter_mut().for_each(|v| *v *= sign);
    store(source, result, &surface, settings, product, interrupt)
}

/// Writes the background, or the picture without it.
fn store<T: Pixel, I: Interrupt>(
    source: View<'_, T>,
    result: ViewMut<'_, T>,
    background: &Plane<f32>,
    settings: &Settings,
    product: Product,
    interrupt: &I,
) -> Result<(), LikeError<I::Stopped>> {
    let step = result.step();
    for (y, band) in result.bands(1).enumerate() {
        interrupt.check()?;
        let results = band.iter_mut().step_by(step);
        let background = background.row(y);
        match product {
            Product::Background => {
                for (result, &background) in results.zip(background) {
                    *result = T::rounded(background);
                }
            }
            Product::Subtracted => {
                let sources = source.row(y).iter().step_by(source.step());
                for ((result, &background), source) in results.zip(background).zip(sources) {
                    *result = source.without(background, settings.light_background);
                }
            }
        }
    }
    Ok(())
}

/// Tells an [`Interrupt`] of pixels in proportion to steps of work, each pixel once.
struct Advance<'a, I> {
    interrupt: &'a I,
    pixels: usize,
    steps: usize,
    done: usize,
}

impl<'a, I: Interrupt> Advance<'a, I> {
    /// `steps` steps of work over a picture, of equal length.
    fn new(interrupt: &'a I, picture: &Plane<f32>, steps: usize) -> Self {
        Self {
            interrupt,
            pixels: picture.data.len(),
            steps: steps.max(1),
            done: 0,
        }
    }

    /// So many more steps are done.
    fn advance(&mut self, steps: usize) {
        let before = self.reached();
        self.done = (self.done + steps).min(self.steps);
        self.interrupt.advance(self.reached() - before);
    }

    fn reached(&self) -> u64 {
        (self.pixels as u128 * self.done as u128 / self.steps as u128) as u64
    }
}
