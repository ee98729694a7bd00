//! The rolling ball: grey-level erosion, dilation, opening and closing by a ball, an ellipsoid or a paraboloid.
//!
//! - [`Roller`] rolls: fast, exact, with reusable memory;
//! - [`definition`] is what it must equal, bit for bit;
//! - [`Element`] is what rolls, [`Rolling`] how, [`View`] where;
//! - [`like`] has the rolling balls of other programs.
//!
//! `docs/rolling-ball.md` explains how the fast way works and why it is exact.

mod element;
mod fast;
mod missing;
mod paraboloid;
mod roller;
mod sample;
mod simd;
mod view;

pub mod bias;
pub mod definition;
pub mod like;
pub mod noise;

pub use element::{Element, Shape};
pub use roller::{Region, Roller};
pub use sample::Sample;
pub use view::{View, ViewMut};

use crate::background::Surface;

/// What is done with the element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `E(p) = min over q of I(q) + K(q − p)`: how high the apex of an element under the picture can rise.
    Erosion,
    /// `max over q of I(q) − K(q − p)`: how low the apex of an element on top can sink; `−erosion(−I)`.
    Dilation,
    /// Erosion, then dilation: Sternberg's rolling ball, the background under light writing.
    Opening,
    /// Dilation, then erosion: the background under dark writing; `−opening(−I)`.
    Closing,
}

impl Operation {
    /// How many times every pixel is rolled over.
    #[must_use]
    pub const fn passes(self) -> usize {
        match self {
            Self::Erosion | Self::Dilation => 1,
            Self::Opening | Self::Closing => 2,
        }
    }

    /// The opening on the side of the picture that the surface says: [`Self::Closing`] for a light one.
    #[must_use]
    pub const fn background(surface: Surface) -> Self {
        match surface {
            Surface::Light => Self::Closing,
            Surface::Dark => Self::Opening,
        }
    }

    /// The erosion on the side of the picture that the surface says: [`Self::Dilation`] for a light one.
    #[must_use]
    pub const fn apex(surface: Surface) -> Self {
        match surface {
            Surface::Light => Self::Dilation,
            Surface::Dark => Self::Erosion,
        }
    }
}

/// What becomes of NaN samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Missing {
    /// They are no sources; where nothing else is in reach, the result is NaN.
    #[default]
    Ignore,
    /// The result of one pass is NaN wherever there is one in the square of 2·⌈r⌉ + 1 pixels around
    /// (as scikit-image's `nansafe` does); the next pass starts from that. A paraboloid, which reaches farther than the
    /// square, is rolled as with [`Missing::Ignore`] first, and all passes' squares are taken at the end.
    Propagate,
}

/// How a picture is rolled over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rolling {
    /// What rolls.
    pub element: Element,
    /// How it rolls.
    pub operation: Operation,
    /// Whether the mean of each pixel's 3×3 neighbourhood is taken first, which keeps the element from resting on
    /// single dark (or bright) pixels of noise.
    pub presmooth: bool,
    /// What becomes of NaN.
    pub missing: Missing,
}

impl Rolling {
    /// Rolls as it is: no presmooth, NaN ignored.
    #[must_use]
    pub const fn new(element: Element, operation: Operation) -> Self {
        Self {
            element,
            operation,
            presmooth: false,
            missing: Missing::Ignore,
        }
    }

    /// How many pixels around a region its result depends on, when the largest and the smallest sample of the picture
    /// are `range` grey levels apart; never more than `usize::MAX / 4`.
    #[must_use]
    pub fn apron(&self, range: f64) -> usize {
        let passes = self.operation.passes();
        let most = usize::MAX / 4;
        let reach = self.element.reach(range);
        let nan = match self.missing {
            Missing::Ignore => 0,
            Missing::Propagate => self.element.radius().ceil().min(most as f64) as usize,
        };
        (reach.max(nan).saturating_mul(passes))
            .saturating_add(usize::from(self.presmooth))
            .min(most)
    }
}
