//! One cleaning: file in, file out.

use std::time::Instant;

use rayon::prelude::*;

use crate::average::{Span, light_row};
use crate::background::{self, Ball, Balls, Plane, WORK_SIDE};
use crate::cancel::{Cancel, Cancelled, Interrupt, Never};
use crate::cost;
use crate::finish::{self, Analysis, Backdrop, Place, SAMPLED_ROWS};
use crate::image::{self, ImageError, Limits, Picture};
use crate::recipe::{Background, Method, Recipe, RecipeError};

/// How long the stages took, in seconds of wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Reading the file's header and pixels.
    pub decode: f64,
    /// Finding the background and measuring paper and noise.
    pub background: f64,
    /// The full-size pass.
    pub finish: f64,
    /// Writing PNG.
    pub encode: f64,
}

impl Timings {
    /// All stages together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.decode + self.background + self.finish + self.encode
    }
}

/// The result of [`clean_bytes`].
#[derive(Clone, Debug)]
pub struct Cleaned {
    /// The cleaned picture as a PNG file.
    pub png: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// How long it took.
    pub timings: Timings,
}

/// Why a file could not be cleaned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CleanError {
    /// Something is wrong with the picture.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Something is wrong with the recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
}

impl CleanError {
    /// The name under which the function reports this error: `ImageUnsupported`, `ImageTooLarge`, `ImageCorrupt` or
    /// `RecipeInvalid`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Image(error) => error.name(),
            Self::Recipe(error) => error.name(),
        }
    }
}

/// Cleans a picture. The result has the picture's size and channels, and is the same for any number of threads.
///
/// The recipe should be valid ([`Recipe::validate`]); values outside of their ranges give poor pictures, not errors.
#[must_use]
pub fn clean(picture: &Picture, recipe: &Recipe) -> Picture {
    let Ok(result) = clean_until(picture, recipe, &Never);
    result
}

/// [`clean`] that ends soon after it is cancelled.
///
/// # Errors
///
/// When it was cancelled before the result was there.
pub fn clean_with(
    picture: &Picture,
    recipe: &Recipe,
    cancel: &Cancel,
) -> Result<Picture, Cancelled> {
    clean_until(picture, recipe, cancel)
}

fn clean_until<I: Interrupt>(
    picture: &Picture,
    recipe: &Recipe,
    interrupt: &I,
) -> Result<Picture, I::Stopped> {
    finished(
        picture,
        &analyse_until(picture, recipe, interrupt)?,
        interrupt,
    )
}

/// Cleans a file: decodes it, cleans in place (so that only one full-size copy of the pixels is ever held), encodes.
///
/// # Errors
///
/// The recipe is checked first, then the file's header against `limits`, then the pixels.
pub fn clean_bytes(bytes: &[u8], recipe: &Recipe, limits: &Limits) -> Result<Cleaned, CleanError> {
    recipe.validate()?;
    let mut clock = Clock::new();
    if let Ok(header) = image::read_header(bytes) {
        let need = cost::estimate(&header, bytes.len() as u64, recipe);
        limits.check(&header, need.memory_bytes)?;
    }
    let mut picture = image::decode(bytes, limits)?;
    let decode = clock.lap();
    let analysis = analyse(&picture, recipe);
    let background = clock.lap();
    finish::finish(&mut picture, &analysis);
    let finish = clock.lap();
    drop(analysis);
    let png = if recipe.output.keep_metadata {
        image::encode_png_with_metadata(&picture, bytes)?
    } else {
        image::encode_png(&picture)?
    };
    let encode = clock.lap();
    let (width, height) = (picture.width, picture.height);
    let timings = Timings {
        decode,
        background,
        finish,
        encode,
    };
    Ok(Cleaned {
        png,
        width,
        height,
        timings,
    })
}

/// The background alone, at the picture's size: what the board would look like without ink.
#[must_use]
pub fn background(picture: &Picture, recipe: &Recipe) -> Picture {
    finish::background_picture(picture, &analyse(picture, recipe))
}

/// Finds the background and measures paper and noise: all that depends on the whole picture.
#[must_use]
pub fn analyse(picture: &Picture, recipe: &Recipe) -> Analysis {
    let Ok(analysis) = analyse_until(picture, recipe, &Never);
    analysis
}

fn analyse_until<I: Interrupt>(
    picture: &Picture,
    recipe: &Recipe,
    interrupt: &I,
) -> Result<Analysis, I::Stopped> {
    let backdrop = match recipe.background.method {
        Method::Whiteboard => {
            let light = reduced_light(picture, interrupt)?;
            two_balls(&light, &recipe.background, 1.0, interrupt)?
        }
        Method::Ball => one_ball(picture, &recipe.background, interrupt)?,
    };
    Analysis::of_until(picture, backdrop, recipe, SAMPLED_ROWS, interrupt)
}

/// A finished copy.
pub(crate) fn finished<I: Interrupt>(
    picture: &Picture,
    analysis: &Analysis,
    interrupt: &I,
) -> Result<Picture, I::Stopped> {
    interrupt.check()?;
    let mut result = picture.clone();
    let place = Place::whole(picture);
    finish::finish_until(&mut result, analysis, place, interrupt)?;
    Ok(result)
}

/// Method `whiteboard`: the background of a picture whose [`reduced_light`] this is, reduced further by `scale`.
pub(crate) fn two_balls<I: Interrupt>(
    light: &[Plane<f32>],
    settings: &Background,
    scale: f64,
    interrupt: &I,
) -> Result<Backdrop, I::Stopped> {
    let balls = Balls {
        wide: settings.wide / 100.0,
        wide_height: settings.wide_height / 100.0,
        small: settings.small / 100.0,
        small_height: settings.small_height / 100.0,
    };
    background::find_until(light, &balls, settings.surface, scale, interrupt).map(Backdrop::Reduced)
}

/// The picture in linear light, averaged down to a long side of [`WORK_SIDE`], one plane per channel.
pub(crate) fn reduced_light<I: Interrupt>(
    picture: &Picture,
    interrupt: &I,
) -> Result<Vec<Plane<f32>>, I::Stopped> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let channels = picture.channels.count();
    let (to_width, to_height) = reduced_size(width, height);
    let cells = |n: usize, source: usize| -> Vec<Span> {
        let cell = |i| Span::whole(background::cell(i, n, source));
        (0..n).map(cell).collect()
    };
    let columns = cells(to_width, width);
    let rows = cells(to_height, height);
    let light = rows
        .par_iter()
        .map(|row| {
            interrupt.check()?;
            let mut light = vec![0.0; columns.len() * channels];
            light_row(picture, &columns, row, &mut light);
            Ok(light)
        })
        .collect::<Result<Vec<Vec<f32>>, _>>()?;
    let plane = |channel| Plane {
        width: columns.len(),
        height: rows.len(),
        data: light
            .iter()
            .flat_map(|row| row.iter().skip(channel).step_by(channels))
            .copied()
            .collect(),
    };
    Ok((0..channels).map(plane).collect())
}

/// Width and height of [`reduced_light`] for a picture of this size.
pub(crate) fn reduced_size(width: usize, height: usize) -> (usize, usize) {
    let side = width.max(height);
    let size = |n: usize| {
        if side <= WORK_SIDE {
            n
        } else {
            (n * WORK_SIDE).div_ceil(side)
        }
    };
    (size(width), size(height))
}

/// One exact ball on the sRGB samples at full size, channel by channel.
pub(crate) fn one_ball<I: Interrupt>(
    picture: &Picture,
    settings: &Background,
    interrupt: &I,
) -> Result<Backdrop, I::Stopped> {
    let height = ball_height(settings);
    let Some(ball) = Ball::ellipsoid(settings.radius, height) else {
        return Ok(Backdrop::Full(picture.clone()));
    };
    let channels = picture.channels.count();
    let mut result = Picture {
        data: vec![0; picture.data.len()],
        ..picture.clone_shape()
    };
    let (width, row_len) = (picture.width as usize, picture.row_len());
    for channel in 0..channels {
        let mut plane = Plane::filled(width, picture.height as usize, 0_u8);
        let rows = picture.data.par_chunks(row_len);
        let to_plane = plane.data.par_chunks_mut(width).zip(rows);
        to_plane.try_for_each(|(to, from)| {
            interrupt.check()?;
            let samples = from.iter().skip(channel).step_by(channels);
            to.iter_mut()
                .zip(samples)
                .for_each(|(to, &from)| *to = from);
            Ok(())
        })?;
        if settings.presmooth {
            plane = background::presmooth_until(&plane, interrupt)?;
        }
        let found = background::background_until(&plane, &ball, settings.surface, interrupt)?;
        let rows = result.data.par_chunks_mut(row_len);
        let from_plane = rows.zip(found.data.par_chunks(width));
        from_plane.for_each(|(to, from)| {
            let samples = to.iter_mut().skip(channel).step_by(channels);
            samples.zip(from).for_each(|(to, &from)| *to = from);
        });
    }
    Ok(Backdrop::Full(result))
}

/// Method `ball`: the ball's height in grey levels.
pub(crate) fn ball_height(settings: &Background) -> f64 {
    if settings.height > 0.0 {
        settings.height
    } else {
        settings.radius
    }
}

struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let lap = now - std::mem::replace(&mut self.0, now);
        lap.as_secs_f64()
    }
}
