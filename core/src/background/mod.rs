//! The background under ink: what a ball touches as it rolls over a picture.
//!
//! A picture is taken as a landscape whose height is its brightness. Roll a ball under it: what the ball cannot
//! reach are narrow peaks; roll it on top: narrow valleys, which on a whiteboard are the strokes of a marker. The
//! surface that the ball's skin describes is the background (S. R. Sternberg, "Biomedical image processing",
//! Computer 16(1), 1983).
//!
//! [`crate::rolling`] rolls the ball; here is what boards need beside it.

mod lines;
mod masks;
mod steps;
mod sure_ink;
mod two_balls;

pub mod smooth;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::plane::Plane;
pub(crate) use steps::{FINE_SIDE, refine};
pub use two_balls::{Balls, WORK_SIDE, find};
pub(crate) use two_balls::{Ground, find_on};

/// Which side of the picture the ball rolls on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// Dark writing on light: the ball rolls on top (closing).
    #[default]
    Light,
    /// Light writing on dark: the ball rolls underneath (opening).
    Dark,
}

impl Surface {
    /// The name in recipes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
