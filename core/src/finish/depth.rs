//! Samples of 8 and 16 bits, as light.

use super::light::{ToSample, to_light};

/// A sample of a picture, sRGB.
pub trait Depth: Copy + Default + Send + Sync + 'static {
    /// The brightest.
    const MOST: f32;
    /// Linear light, 0 to 1.
    fn light(self, table: &[f32]) -> f32;
    /// The nearest sample to a light; what lies outside of 0 to 1 is clipped.
    fn of(light: f32, to_sample: ToSample) -> Self;
    /// The table that [`Depth::light`] wants.
    fn table() -> &'static [f32];
    /// The sample as a number.
    fn number(self) -> f32;
    /// The nearest sample to a number.
    fn nearest(number: f32) -> Self;
}

impl Depth for u8 {
    const MOST: f32 = 255.0;

    #[inline]
    fn light(self, table: &[f32]) -> f32 {
        table[usize::from(self)]
    }

    #[inline]
    fn of(light: f32, to_sample: ToSample) -> Self {
        to_sample.of(light)
    }

    fn table() -> &'static [f32] {
        to_light()
    }

    fn number(self) -> f32 {
        f32::from(self)
    }

    fn nearest(number: f32) -> Self {
        (number + 0.5) as Self
    }
}

impl Depth for u16 {
    const MOST: f32 = 65_535.0;

    #[inline]
    fn light(self, table: &[f32]) -> f32 {
        table[usize::from(self)]
    }

    #[inline]
    fn of(light: f32, _: ToSample) -> Self {
        if light >= 1.0 {
            return Self::MAX;
        }
        (super::light::encoded(f64::from(light.max(0.0))) * 65_535.0 + 0.5) as Self
    }

    fn table() -> &'static [f32] {
        super::light::to_light16()
    }

    fn number(self) -> f32 {
        f32::from(self)
    }

    fn nearest(number: f32) -> Self {
        (number + 0.5) as Self
    }
}
