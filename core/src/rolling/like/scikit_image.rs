//! `skimage.restoration.rolling_ball` of scikit-image 0.26, for pictures of 8 and 16 bits and of f32.
//!
//! What it returns is the ball's apex, that is the erosion, never the opening; and it knows dark backgrounds only.

use super::LikeError;
use crate::cancel::Interrupt;
use crate::rolling::{
    Element, Missing, Operation, Roller, Rolling, Sample, View, ViewMut, missing,
};

/// `rolling_ball(source, radius=radius, nansafe=nansafe)`.
///
/// `radius` is in pixels and in grey levels alike; fractions are fine. In f32 pictures NaN is, with `nansafe`, spread
/// over the square of `2·⌈radius⌉ + 1` pixels around it; without, no source, and where nothing else is in reach the
/// result is +∞ (where [`Roller`] gives NaN).
///
/// One difference is known: with `nansafe`, scikit-image makes NaN of −∞ too in the corners of the square that lie beyond
/// the ball (∞ − ∞ there); here −∞ stays within the ball. `ellipsoid_kernel` is not offered: its kernel is made from
/// whole semi-axes, and rounds otherwise than [`Element::ellipsoid`].
///
/// # Errors
///
/// [`LikeError::Radius`] unless the radius is positive and finite; [`LikeError::Stopped`] when `interrupt` ended it.
///
/// # Panics
///
/// When `result` has another size than `source`.
pub fn rolling_ball<T: Sample, I: Interrupt>(
    roller: &mut Roller,
    source: View<'_, T>,
    mut result: ViewMut<'_, T>,
    radius: f64,
    nansafe: bool,
    interrupt: &I,
) -> Result<(), LikeError<I::Stopped>> {
    let rolling = rolling(radius, nansafe).ok_or(LikeError::Radius(radius))?;
    roller.roll(source, result.reborrow(), &rolling, interrupt)?;
    if !nansafe {
        missing::replace(result, T::TOP);
    }
    Ok(())
}

/// What scikit-image's function asks of a [`Roller`], say to roll in strips; but for the value where nothing but NaN is
/// in reach (see [`rolling_ball`]). `None` unless the radius is positive and finite.
#[must_use]
pub fn rolling(radius: f64, nansafe: bool) -> Option<Rolling> {
    let mut rolling = Rolling::new(Element::ball(radius)?, Operation::Erosion);
    if nansafe {
        rolling.missing = Missing::Propagate;
    }
    Some(rolling)
}
