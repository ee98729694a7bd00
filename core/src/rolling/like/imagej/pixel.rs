//! How each kind of sample becomes f32 and a background a sample again.

use crate::rolling::Sample;

/// A kind of sample that ImageJ knows: u8, u16 and f32.
pub trait Pixel: Sample {
    /// The sample as f32.
    fn value(self) -> f32;
    /// The sample nearest to a value, halves upwards.
    fn rounded(value: f32) -> Self;
    /// The sample minus its background; of whole numbers, plus the highest on a light one.
    #[must_use]
    fn without(self, background: f32, light: bool) -> Self;
}

/// Whole numbers: a half is added and the fraction cut off, which the cast does, as well as the clamping.
macro_rules! whole {
    ($kind:ty) => {
        impl Pixel for $kind {
            fn value(self) -> f32 {
                f32::from(self)
            }
            fn rounded(value: f32) -> Self {
                (value + 0.5) as Self
            }
            fn without(self, background: f32, light: bool) -> Self {
                let offset = if light {
                    f32::from(Self::MAX) + 0.5
                } else {
                    0.5
                };
                (f32::from(self) - background + offset) as Self
            }
        }
    };
}

whole!(u8);
whole!(u16);

impl Pixel for f32 {
    fn value(self) -> f32 {
        self
    }
    fn rounded(value: f32) -> Self {
        value
    }
    fn without(self, background: f32, _light: bool) -> Self {
        self - background
    }
}
