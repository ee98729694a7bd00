//! One cleaning: file in, file out.

use std::time::Instant;

use rayon::prelude::*;

use crate::background::{self, Ball, Balls, Plane, WORK_SIDE, naive};
use crate::cost;
use crate::finish::{self, Analysis, Backdrop, light::to_light};
use crate::image::{self, ImageError, Limits, Picture};
use crate::recipe::{Method, Recipe, RecipeError};

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
    let analysis = analyse(picture, recipe);
    let mut result = picture.clone();
    finish::finish(&mut result, &analysis);
    result
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
    let backdrop = match recipe.background.method {
        Method::Whiteboard => two_balls(picture, recipe),
        Method::Ball => one_ball(picture, recipe),
    };
    Analysis::of(picture, backdrop, recipe)
}

fn two_balls(picture: &Picture, recipe: &Recipe) -> Backdrop {
    let settings = &recipe.background;
    let balls = Balls {
        wide: settings.wide / 100.0,
        wide_height: settings.wide_height / 100.0,
        small: settings.small / 100.0,
        small_height: settings.small_height / 100.0,
    };
    Backdrop::Reduced(background::find(
        &reduced(picture),
        &balls,
        settings.surface,
    ))
}

/// The picture in linear light, averaged down to a long side of [`WORK_SIDE`], one plane per channel.
fn reduced(picture: &Picture) -> Vec<Plane<f32>> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let channels = picture.channels.count();
    let side = width.max(height);
    let size = |n: usize| {
        if side <= WORK_SIDE {
            n
        } else {
            (n * WORK_SIDE).div_ceil(side)
        }
    };
    let (to_width, to_height) = (size(width), size(height));
    let light = to_light();
    let row_len = picture.row_len();
    let rows: Vec<Vec<f32>> = (0..to_height)
        .into_par_iter()
        .map(|y| {
            let rows = background::cell(y, to_height, height);
            let count = rows.len();
            let mut sums = vec![0.0_f32; to_width * channels];
            for sy in rows {
                let row = &picture.data[sy * row_len..(sy + 1) * row_len];
                for (x, sums) in sums.chunks_exact_mut(channels).enumerate() {
                    let columns = background::cell(x, to_width, width);
                    let pixels = &row[columns.start * channels..columns.end * channels];
                    for pixel in pixels.chunks_exact(channels) {
                        for (sum, &sample) in sums.iter_mut().zip(pixel) {
                            *sum += light[usize::from(sample)];
                        }
                    }
                }
            }
            for (x, sums) in sums.chunks_exact_mut(channels).enumerate() {
                let area = (count * background::cell(x, to_width, width).len()) as f32;
                for sum in sums {
                    *sum /= area;
                }
            }
            sums
        })
        .collect();
    (0..channels)
        .map(|channel| Plane {
            width: to_width,
            height: to_height,
            data: rows
                .iter()
                .flat_map(|row| row.iter().skip(channel).step_by(channels))
                .copied()
                .collect(),
        })
        .collect()
}

/// One exact ball on the sRGB samples at full size, channel by channel.
fn one_ball(picture: &Picture, recipe: &Recipe) -> Backdrop {
    let settings = &recipe.background;
    let height = if settings.height > 0.0 {
        settings.height
    } else {
        settings.radius
    };
    let Some(ball) = Ball::ellipsoid(settings.radius, height) else {
        return Backdrop::Full(picture.clone());
    };
    let channels = picture.channels.count();
    let mut result = Picture {
        data: vec![0; picture.data.len()],
        ..picture.clone_shape()
    };
    for channel in 0..channels {
        let mut plane = Plane {
            width: picture.width as usize,
            height: picture.height as usize,
            data: picture
                .data
                .iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect::<Vec<u8>>(),
        };
        if settings.presmooth {
            plane = naive::presmooth(&plane);
        }
        let found = naive::background(&plane, &ball, settings.surface);
        let samples = result.data.iter_mut().skip(channel).step_by(channels);
        samples
            .zip(found.data)
            .for_each(|(sample, value)| *sample = value);
    }
    Backdrop::Full(result)
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
