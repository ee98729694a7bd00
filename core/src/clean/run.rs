//! From a file's bytes to the files that are wished for.

use std::time::Instant;

use super::{CleanError, analyse, finished, note};
use crate::analysis::Chosen;
use crate::cancel::Never;
use crate::clean_deep;
use crate::cost;
use crate::finish::background_picture;
use crate::geometry::{Geometry, Quad, Said};
use crate::image::{self, Limits, Picture};
use crate::output::{self, Encoded, Format};
use crate::recipe::{Colors, Recipe};
use crate::strips::cleaning::wants_depth;

/// How long the stages took, in seconds of wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Reading the file's header and pixels.
    pub decode: f64,
    /// Cutting out the board, finding the background, measuring strokes, paper and noise.
    pub background: f64,
    /// The full-size pass.
    pub finish: f64,
    /// Writing files.
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
    /// What was chosen for it where the recipe leaves it to the picture.
    pub chosen: Chosen,
    /// Whether the file holds more pictures (frames, pages), of which only the first was cleaned.
    pub more_pictures: bool,
    /// How long it took.
    pub timings: Timings,
}

/// What is wished for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// How to clean.
    pub recipe: &'a Recipe,
    /// Which part of the photograph.
    pub geometry: Geometry,
    /// The files of the result.
    pub formats: Vec<Format>,
    /// The background too, as a PNG of its own.
    pub background: bool,
    /// The result's pixels too, such as for a page of a document.
    pub picture: bool,
    /// What the photograph may be.
    pub limits: Limits,
}

impl<'a> Request<'a> {
    /// One PNG by this recipe, of the whole photograph.
    #[must_use]
    pub fn new(recipe: &'a Recipe) -> Self {
        Self {
            recipe,
            geometry: Geometry::default(),
            formats: vec![Self::png(recipe)],
            background: false,
            picture: false,
            limits: Limits::default(),
        }
    }

    /// The kind of PNG that a recipe wants.
    #[must_use]
    pub fn png(recipe: &Recipe) -> Format {
        match recipe.output.colors {
            Colors::Auto => Format::Png8,
            Colors::True => Format::Png,
        }
    }
}

/// The result of [`run`].
#[derive(Clone, Debug)]
pub struct Done {
    /// A file for each of the formats, in their order.
    pub outputs: Vec<Encoded>,
    /// The background, when it was wished for.
    pub background: Option<Encoded>,
    /// The result's pixels, when they were wished for.
    pub picture: Option<Picture>,
    /// What was chosen where the recipe leaves it to the picture.
    pub chosen: Chosen,
    /// What was cut out, or why not.
    pub said: Said,
    /// The corners of what was straightened, in pixels of the upright photograph.
    pub quad: Option<Quad>,
    /// Width of the result in pixels.
    pub width: u32,
    /// Height of the result in pixels.
    pub height: u32,
    /// Whether the file holds more pictures (frames, pages), of which only the first was cleaned.
    pub more_pictures: bool,
    /// How long it took.
    pub timings: Timings,
}

/// Cleans a file to one PNG: [`run`] without further wishes.
///
/// # Errors
///
/// Those of [`run`].
pub fn clean_bytes(bytes: &[u8], recipe: &Recipe, limits: &Limits) -> Result<Cleaned, CleanError> {
    let done = run(
        bytes,
        &Request {
            limits: *limits,
            ..Request::new(recipe)
        },
    )?;
    let mut outputs = done.outputs;
    Ok(Cleaned {
        png: outputs.pop().map(|file| file.bytes).unwrap_or_default(),
        width: done.width,
        height: done.height,
        chosen: done.chosen,
        more_pictures: done.more_pictures,
        timings: done.timings,
    })
}

/// Cleans a file: decodes it, cuts out the board, cleans, encodes.
///
/// # Errors
///
/// The recipe is checked first, then the file's header against the limits, then the pixels, then whether crop or
/// corners fit them.
pub fn run(bytes: &[u8], request: &Request<'_>) -> Result<Done, CleanError> {
    let recipe = request.recipe;
    recipe.validate()?;
    let mut clock = Clock::new();
    let mut more_pictures = false;
    if let Ok(header) = image::read_header(bytes) {
        more_pictures = header.more_pictures;
        let need = cost::estimate(&header, bytes.len() as u64, recipe);
        request.limits.check(&header, need.memory_bytes)?;
    }
    let photograph = image::decode(bytes, &request.limits)?;
    let decode = clock.lap();
    let applied = request.geometry.apply(photograph)?;
    let (said, quad, photograph) = (applied.said, applied.quad, applied.picture);
    let analysis = analyse(&photograph, recipe);
    let chosen = analysis.chosen();
    let note = note::text(recipe, &chosen, more_pictures);
    let mut background = clock.lap();
    let mut encode = 0.0;
    // Before the result, so that there are never more than two pictures at a time.
    let backdrop = if request.background {
        let picture = background_picture(&photograph, &analysis);
        background += clock.lap();
        let file = noted(output::encode(&picture, &Format::Png, None)?, &note);
        encode += clock.lap();
        Some(file)
    } else {
        None
    };
    let Ok(picture) = finished(&photograph, &analysis, recipe, Vec::new(), &Never);
    drop(photograph);
    // A part that was cut out or straightened has 8 bits.
    let deep = if request.geometry == Geometry::default() && wants_depth(recipe) {
        clean_deep::decode(bytes, &request.limits)?
            .map(|photograph| clean_deep::finish(&photograph, &analysis))
    } else {
        None
    };
    let finish = clock.lap();
    drop(analysis);
    let exif = recipe
        .output
        .keep_metadata
        .then(|| image::exif_for_result(bytes));
    let exif = exif.flatten();
    let mut outputs = Vec::with_capacity(request.formats.len());
    for format in &request.formats {
        let file = match (&deep, format) {
            (Some(deep), Format::Png8 | Format::Png) => Encoded {
                bytes: deep.encode_png()?,
                extension: format.extension(),
                media_type: format.media_type(),
                chosen: output::Chosen::TrueColour,
            },
            _ => output::encode(&picture, format, exif.as_deref())?,
        };
        outputs.push(noted(file, &note));
    }
    encode += clock.lap();
    Ok(Done {
        outputs,
        background: backdrop,
        chosen,
        said,
        quad,
        width: picture.width,
        height: picture.height,
        more_pictures,
        timings: Timings {
            decode,
            background,
            finish,
            encode,
        },
        picture: request.picture.then_some(picture),
    })
}

/// The file with what is said of it, when it is one that can say it.
fn noted(mut file: Encoded, note: &str) -> Encoded {
    if file.extension == "png" {
        note::put(&mut file.bytes, note);
    }
    file
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
