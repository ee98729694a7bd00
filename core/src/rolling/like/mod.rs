//! The rolling balls of other programs, equal to them bit for bit.
//!
//! [`Roller`](super::Roller) is exact; other programs cut corners, each its own way. Who has results of theirs to
//! compare with, or a paper that names one of them, finds the same numbers here:
//!
//! - [`scikit_image`]: `skimage.restoration.rolling_ball`, version 0.26;
//! - [`imagej`]: Process › Subtract Background, version 1.53t.
//!
//! `core/tests/likeness.rs` compares both with results recorded from the real programs.

pub mod imagej;
pub mod scikit_image;

/// Why there is no result like the other program's.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LikeError<S> {
    /// The radius is no positive, finite number, or so large that the program could not hold its ball.
    #[error("no ball has a radius of {0} pixels")]
    Radius(f64),
    /// The picture is so narrow that ImageJ fails: the copy that it shrinks by `shrink` is one pixel wide, and it
    /// enlarges that by reaching for a second one.
    #[error(
        "{width} pixels are too narrow for ImageJ's ball of this radius; it needs more than {shrink}"
    )]
    Narrow {
        /// The picture's width in pixels.
        width: usize,
        /// By how much the picture is shrunk; it must be wider than this.
        shrink: usize,
    },
    /// The interrupt ended the work.
    #[error("stopped before the end")]
    Stopped(S),
}

impl<S> From<S> for LikeError<S> {
    fn from(stopped: S) -> Self {
        Self::Stopped(stopped)
    }
}
