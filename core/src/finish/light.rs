//! Between sRGB samples and linear light, by tables that are the same on every machine.

use std::sync::LazyLock;

/// Entries of the table from light to samples. One step is at most 0.4 of an 8-bit level, where the curve is
/// steepest (slope 12.92 near black).
const STEPS: usize = 8192;

static TO_LIGHT: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|sample| decoded(sample as f64 / 255.0) as f32));

static TO_LIGHT_16: LazyLock<Vec<f32>> = LazyLock::new(|| {
    (0..=u16::MAX)
        .map(|sample| decoded(f64::from(sample) / 65_535.0) as f32)
        .collect()
});

/// Linear light of an encoded value, both 0 to 1 (IEC 61966-2-1). libm's pow is software and the same everywhere, unlike
/// the system's.
fn decoded(encoded: f64) -> f64 {
    if encoded <= 0.040_45 {
        encoded / 12.92
    } else {
        libm::pow((encoded + 0.055) / 1.055, 2.4)
    }
}

/// The inverse of [`decoded`].
pub(super) fn encoded(light: f64) -> f64 {
    if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * libm::pow(light, 1.0 / 2.4) - 0.055
    }
}

static TO_SAMPLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=STEPS)
        .map(|step| (encoded(step as f64 / STEPS as f64) * 255.0 + 0.5) as u8)
        .collect()
});

/// Linear light (0 to 1) of each of the 256 sRGB samples.
#[must_use]
pub fn to_light() -> &'static [f32; 256] {
    &TO_LIGHT
}

/// Linear light (0 to 1) of each of the 65,536 sRGB samples of 16 bits.
#[must_use]
pub fn to_light16() -> &'static [f32] {
    &TO_LIGHT_16
}

/// From linear light to the nearest sRGB sample; values outside of 0 to 1 are clipped, NaN becomes 0.
#[derive(Clone, Copy)]
pub struct ToSample(&'static [u8]);

impl ToSample {
    /// Gets hold of the table once, so that a loop need not.
    #[must_use]
    pub fn new() -> Self {
        Self(&TO_SAMPLE)
    }

    /// The sample for this light.
    #[must_use]
    #[inline]
    pub fn of(self, light: f32) -> u8 {
        // A cast from float saturates, so the index is right for any input.
        let step = (light * STEPS as f32 + 0.5) as usize;
        self.0[step.min(STEPS)]
    }
}

impl Default for ToSample {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "these values must be exact")]

    use super::*;

    #[test]
    fn every_sample_survives_the_round_trip() {
        for sample in 0..=255_u8 {
            assert_eq!(ToSample::new().of(to_light()[usize::from(sample)]), sample);
        }
    }

    #[test]
    fn the_ends_are_exact_and_what_lies_outside_is_clipped() {
        assert_eq!(to_light()[0], 0.0);
        assert_eq!(to_light()[255], 1.0);
        let to_sample = ToSample::new();
        let clipped = [-1.0, f32::NAN, 1.5, f32::INFINITY].map(|light| to_sample.of(light));
        assert_eq!(clipped, [0, 0, 255, 255]);
    }

    #[test]
    fn middle_grey_is_where_the_standard_says() {
        // sRGB 188 is very nearly half of the light.
        assert!((to_light()[188] - 0.5).abs() < 0.004);
    }
}
