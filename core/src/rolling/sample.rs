//! The kinds of samples that an element can roll on.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the wide vectors; see simd.rs"
)]

use super::fast::{Lane, Resident};
use super::paraboloid::OnLattice;
use super::view::{View, ViewMut};
use super::{Region, Roller, Rolling};
use crate::cancel::{Ended, Erased};

/// How samples become the numbers that tiles are computed in.
pub(crate) trait Rollable: Copy + Send + Sync + Sized {
    /// Those numbers.
    type Lane: Lane + Resident;
    /// Whether depths are whole levels.
    const IS_FLOORED: bool;

    /// The number of a sample, negated by choice.
    fn to_lane(self, negated: bool) -> Self::Lane;
    /// The sample of a number that may be negated.
    fn from_lane(lane: Self::Lane, negated: bool) -> Self;
    /// [`Roller::roll_samples`] for this kind. Not a default method: it is to be compiled in this crate.
    fn roll_region(
        roller: &mut Roller,
        window: View<'_, Self>,
        region: Region,
        result: ViewMut<'_, Self>,
        rolling: &Rolling,
        interrupt: &Erased<'_>,
    ) -> Result<(), Ended>;
}

macro_rules! rolled_here {
    () => {
        fn roll_region(
            roller: &mut Roller,
            window: View<'_, Self>,
            region: Region,
            result: ViewMut<'_, Self>,
            rolling: &Rolling,
            interrupt: &Erased<'_>,
        ) -> Result<(), Ended> {
            roller.roll_samples(window, region, result, rolling, interrupt)
        }
    };
}

impl Rollable for u8 {
    type Lane = Self;
    const IS_FLOORED: bool = true;

    #[inline(always)]
    fn to_lane(self, negated: bool) -> Self {
        if negated { !self } else { self }
    }
    #[inline(always)]
    fn from_lane(lane: Self, negated: bool) -> Self {
        if negated { !lane } else { lane }
    }
    rolled_here!();
}

impl Rollable for u16 {
    type Lane = f32;
    const IS_FLOORED: bool = true;

    #[inline(always)]
    fn to_lane(self, negated: bool) -> f32 {
        let v = f32::from(self);
        if negated { -v } else { v }
    }
    #[inline(always)]
    fn from_lane(lane: f32, negated: bool) -> Self {
        // Whole and within 16 bits: results lie between samples of the picture.
        (if negated { -lane } else { lane }) as Self
    }
    rolled_here!();
}

impl Rollable for f32 {
    type Lane = Self;
    const IS_FLOORED: bool = false;

    #[inline(always)]
    fn to_lane(self, negated: bool) -> Self {
        if negated { -self } else { self }
    }
    #[inline(always)]
    fn from_lane(lane: Self, negated: bool) -> Self {
        if negated { -lane } else { lane }
    }
    rolled_here!();
}

/// A kind of sample that a ball can roll on.
#[expect(
    clippy::return_self_not_must_use,
    reason = "implemented here, used in inner loops only"
)]
#[expect(private_bounds, reason = "only the kinds here can be rolled over")]
pub trait Sample: Copy + Send + Sync + PartialOrd + Rollable + OnLattice {
    /// Above every result: where the minimum starts.
    const TOP: Self;
    /// Below every result: where the maximum starts.
    const BOTTOM: Self;

    /// The depth of the skin as this kind of number, from the two halves that [`Element`](super::Element) gives.
    fn depth(height: f64, skin: f64) -> Self;
    /// `self + depth`.
    fn above(self, depth: Self) -> Self;
    /// `self − depth`.
    fn below(self, depth: Self) -> Self;
    /// `−self`, by which a light surface becomes a dark one.
    fn negated(self) -> Self;
    /// The result at a pixel: itself, unless it still is what the search began with and the pixel is NaN.
    fn or_missing(self, pixel: Self, start: Self) -> Self;
    /// The sum of nine samples, divided by their number `n` (those inside the picture).
    fn mean(sum: f32, n: f32) -> Self;
    /// The sample as f32.
    fn as_f32(self) -> f32;
}

impl Sample for u8 {
    const TOP: Self = Self::MAX;
    const BOTTOM: Self = Self::MIN;

    fn depth(height: f64, skin: f64) -> Self {
        // Depths beyond 255 saturate; the sums below saturate there as well, so nothing changes.
        (height - skin).floor().clamp(0.0, 255.0) as Self
    }
    fn above(self, depth: Self) -> Self {
        self.saturating_add(depth)
    }
    fn below(self, depth: Self) -> Self {
        self.saturating_sub(depth)
    }
    fn negated(self) -> Self {
        Self::MAX - self
    }
    fn or_missing(self, _pixel: Self, _start: Self) -> Self {
        self
    }
    fn mean(sum: f32, n: f32) -> Self {
        (sum / n + 0.5) as Self
    }
    fn as_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for u16 {
    const TOP: Self = Self::MAX;
    const BOTTOM: Self = Self::MIN;

    fn depth(height: f64, skin: f64) -> Self {
        (height - skin).floor().clamp(0.0, 65535.0) as Self
    }
    fn above(self, depth: Self) -> Self {
        self.saturating_add(depth)
    }
    fn below(self, depth: Self) -> Self {
        self.saturating_sub(depth)
    }
    fn negated(self) -> Self {
        Self::MAX - self
    }
    fn or_missing(self, _pixel: Self, _start: Self) -> Self {
        self
    }
    fn mean(sum: f32, n: f32) -> Self {
        // Nine samples of 16 bits and a half fit into f32's 24 bits.
        (sum / n + 0.5) as Self
    }
    fn as_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for f32 {
    const TOP: Self = Self::INFINITY;
    const BOTTOM: Self = Self::NEG_INFINITY;

    fn depth(height: f64, skin: f64) -> Self {
        // Each half is rounded first, as scikit-image's f32 kernel is, so that results can be equal bit for bit.
        if height <= f64::from(Self::MAX) {
            height as Self - skin as Self
        } else {
            // Both halves may be too much for f32; what lies between them need not be.
            (height - skin) as Self
        }
    }
    fn above(self, depth: Self) -> Self {
        self + depth
    }
    fn below(self, depth: Self) -> Self {
        self - depth
    }
    fn negated(self) -> Self {
        -self
    }
    fn or_missing(self, pixel: Self, start: Self) -> Self {
        if pixel.is_nan() && self.partial_cmp(&start) == Some(std::cmp::Ordering::Equal) {
            Self::NAN
        } else {
            self
        }
    }
    fn mean(sum: f32, n: f32) -> Self {
        sum / n
    }
    fn as_f32(self) -> f32 {
        self
    }
}
