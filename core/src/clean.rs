//! One cleaning: file in, files out.
//!
//! [`clean`] is the cleaning itself, from picture to picture; [`run`] goes from a file's bytes to files of whatever
//! [formats](crate::output::Format) are wished for, and [`clean_bytes`] is the simplest case of it.

mod balls;
mod note;
mod run;

use crate::analysis::{Analysis, Backdrop, Grid, Settled, Survey, settle};
use crate::background::{self, Balls, Ground, WORK_SIDE};
use crate::cancel::{Cancel, Cancelled, Interrupt, Never};
use crate::finish::{self, Place, Samples};
use crate::geometry::GeometryError;
use crate::image::{ImageError, Picture};
use crate::output::OutputError;
use crate::recipe::{Background, Method, Recipe, RecipeError};
use crate::rolling::Roller;
pub(crate) use balls::{ball_height, like_imagej};
use balls::{one_ball, subtracted_like_imagej};
pub use note::KEYWORD;
pub use run::{Cleaned, Done, Request, Timings, clean_bytes, run};

/// Why a file could not be cleaned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CleanError {
    /// Something is wrong with the picture.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Something is wrong with the recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The crop or the corners do not fit the picture.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// The result has no place in the format that was wished for.
    #[error("{sentence}")]
    Unwritable {
        /// What [`OutputError`] says.
        sentence: String,
    },
}

impl From<OutputError> for CleanError {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Image(error) => Self::Image(error),
            other => Self::Unwritable {
                sentence: other.to_string(),
            },
        }
    }
}

impl CleanError {
    /// The name under which the function reports this error: `ImageUnsupported`, `ImageTooLarge`, `ImageCorrupt`,
    /// `RecipeInvalid`, `GeometryInvalid` or `OutputUnwritable`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Image(error) => error.name(),
            Self::Recipe(error) => error.name(),
            Self::Geometry(error) => error.name(),
            Self::Unwritable { .. } => "OutputUnwritable",
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
        recipe,
        Vec::new(),
        interrupt,
    )
}

/// The background alone, at the picture's size: what the board would look like without ink.
#[must_use]
pub fn background(picture: &Picture, recipe: &Recipe) -> Picture {
    finish::background_picture(picture, &analyse(picture, recipe))
}

/// Finds the background, the thresholds and the ink: all that depends on the whole picture.
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
    let grid = Grid::of(picture, interrupt)?;
    let settings = &recipe.background;
    let roller = &mut Roller::new();
    let survey = survey(picture, &grid, settings, 1.0, &mut None, roller, interrupt)?;
    drop(grid);
    interrupt.check()?;
    Ok(Analysis::of(&survey, &recipe.finish))
}

/// Finds the background of a picture with this grid, and compares the two. A `scale` below 1 finds it quickly and roughly,
/// on a picture reduced so much further. What the wide ball told of this grid is kept in `ground`.
pub(crate) fn survey<I: Interrupt>(
    picture: &Picture,
    grid: &Grid,
    settings: &Background,
    scale: f64,
    ground: &mut Option<Ground>,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Survey, I::Stopped> {
    let settled = settle(grid, settings);
    interrupt.check()?;
    let backdrop = match settings.method {
        Method::Whiteboard => two_balls(grid, settings, settled, scale, ground, roller, interrupt)?,
        // Its own roller: the working memory is as large as two channels of the picture, and not needed again.
        Method::Ball | Method::Paraboloid => Backdrop::Full(one_ball(
            picture,
            settings,
            settled.surface,
            &mut Roller::new(),
            interrupt,
        )?),
    };
    Survey::of(picture, grid, backdrop, settled, interrupt)
}

/// A finished copy, in the memory of `spare` where that is large enough.
pub(crate) fn finished<I: Interrupt>(
    picture: &Picture,
    analysis: &Analysis,
    recipe: &Recipe,
    spare: Vec<u8>,
    interrupt: &I,
) -> Result<Picture, I::Stopped> {
    interrupt.check()?;
    if let Some(data) = subtracted_like_imagej(picture, analysis, recipe, interrupt)? {
        return Ok(Picture {
            data,
            ..picture.clone_shape()
        });
    }
    let place = Place::whole(picture.width as usize, picture.height as usize);
    let samples = Samples::from(picture);
    let data = finish::finish_place(&samples, analysis, place, spare, interrupt)?;
    Ok(Picture {
        data,
        ..picture.clone_shape()
    })
}

/// Method `whiteboard`: the background of a grid.
fn two_balls<I: Interrupt>(
    grid: &Grid,
    settings: &Background,
    settled: Settled,
    scale: f64,
    ground: &mut Option<Ground>,
    roller: &mut Roller,
    interrupt: &I,
) -> Result<Backdrop, I::Stopped> {
    let balls = Balls {
        wide: settings.wide / 100.0,
        wide_height: settings.wide_height / 100.0,
        small: f64::from(settled.small) / 100.0,
        small_height: settings.small_height / 100.0,
    };
    let reduced = |side: usize| grid.reduced((side as f64 * scale) as usize);
    let surface = settled.surface;
    let kept = ground.take();
    let found = match kept.filter(|ground| ground.is_for(&balls, surface, scale)) {
        Some(ground) => ground,
        None => Ground::find(
            &reduced(WORK_SIDE),
            &balls,
            surface,
            scale,
            roller,
            interrupt,
        )?,
    };
    let ground = ground.insert(found);
    let board = background::find_on(ground, &balls, roller, interrupt)?;
    let Some(near_steps) = &board.near_steps else {
        return Ok(Backdrop::Reduced(board.smooth));
    };
    let light = reduced(background::FINE_SIDE);
    let board = (board.smooth.as_slice(), near_steps);
    background::refine(board, ground, &light, &balls, roller, interrupt).map(Backdrop::Reduced)
}
