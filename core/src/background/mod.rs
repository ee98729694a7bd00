//! The background under ink: what a ball touches as it rolls over a picture.
//!
//! A picture is taken as a landscape whose height is its brightness. Roll a ball under it: what the ball cannot
//! reach are narrow peaks; roll it on top: narrow valleys, which on a whiteboard are the strokes of a marker. The
//! surface that the ball's skin describes is the background (S. R. Sternberg, "Biomedical image processing",
//! Computer 16(1), 1983).
//!
//! [`naive`] is the definition. Every faster way is tested against it.

mod plane;
mod two_balls;

pub mod naive;
pub mod smooth;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use naive::{Level, background, close, erode, open, presmooth};
pub(crate) use naive::{background_until, presmooth_until};
pub use plane::Plane;
pub(crate) use plane::{around, cell};
pub(crate) use two_balls::find_until;
pub use two_balls::{Balls, WORK_SIDE, find};

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

/// A ball or ellipsoid: how far it reaches in pixels, and how high it is in grey levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    radius: f64,
    height: f64,
}

impl Ball {
    /// A true ball: as high in grey levels as it is wide in pixels.
    ///
    /// `None` unless the radius is positive and finite.
    #[must_use]
    pub fn new(radius: f64) -> Option<Self> {
        Self::ellipsoid(radius, radius)
    }

    /// A ball of spatial `radius` (pixels) that is squeezed to `height` (grey levels). On a picture reduced by s the
    /// faithful element has radius r·s and the *same* height.
    ///
    /// `None` unless both are positive and finite.
    #[must_use]
    pub fn ellipsoid(radius: f64, height: f64) -> Option<Self> {
        let good = |v: f64| v.is_finite() && v > 0.0;
        (good(radius) && good(height)).then_some(Self { radius, height })
    }

    /// Spatial radius in pixels.
    #[must_use]
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Height in grey levels.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The depth of the skin below the apex at an offset of (dx, dy) pixels, `K = h·(1 − sqrt(1 − ρ²/r²))`, as the
    /// pair (h, h·sqrt(1 − ρ²/r²)) whose difference it is; `None` beyond the radius.
    ///
    /// The two halves are given apart because f32 pictures round each of them before subtracting, as scikit-image
    /// does; for a ball (h = r) the second is exactly sqrt(r² − ρ²).
    #[must_use]
    pub(crate) fn skin(&self, dx: i64, dy: i64) -> Option<(f64, f64)> {
        let room = self.radius * self.radius - (dx * dx + dy * dy) as f64;
        // The quotient may round up; the apex must stay the highest point all the same.
        (room >= 0.0).then(|| {
            (
                self.height,
                (self.height / self.radius * room.sqrt()).min(self.height),
            )
        })
    }
}
