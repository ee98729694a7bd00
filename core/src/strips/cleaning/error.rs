//! Why a picture is not cleaned strip by strip.

use crate::recipe::{Method, RecipeError};
use crate::strips::{RollError, StripError};

/// What only the [cleaning of whole pictures](crate::clean) does. Fall back to it where memory allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WholeOnly {
    /// The method's background is as large as the picture.
    #[error(
        "method `{0}` needs the whole picture in memory; use method `whiteboard`, which does not"
    )]
    Method(Method),
    /// The picture is stored upside down or on its side, with an orientation that turns it.
    #[error(
        "the picture is stored turned (orientation {0}), and turning it needs all of it in memory; save it upright and try again"
    )]
    Turned(u8),
    /// Samples mean something that is not known row by row.
    #[error(
        "floating point where white is 0 is read only with the whole picture in memory; save it with black as 0"
    )]
    Inverted,
}

/// Why cleaning strip by strip ended.
#[derive(Debug, thiserror::Error)]
pub enum CleanError<S> {
    /// The interrupt wanted it.
    #[error("{0}")]
    Stopped(S),
    /// Rows could not be read or written, or there is too little memory.
    #[error(transparent)]
    Failed(#[from] StripError),
    /// Something is wrong with the recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// It is possible, but not strip by strip.
    #[error(transparent)]
    Whole(#[from] WholeOnly),
}

impl<S> From<RollError<S>> for CleanError<S> {
    fn from(error: RollError<S>) -> Self {
        match error {
            RollError::Stopped(stopped) => Self::Stopped(stopped),
            RollError::Failed(error) => Self::Failed(error),
        }
    }
}

/// Why a file cannot be opened for cleaning strip by strip.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read, or needs too much memory.
    #[error(transparent)]
    Failed(#[from] StripError),
    /// It is possible, but not strip by strip.
    #[error(transparent)]
    Whole(#[from] WholeOnly),
}
