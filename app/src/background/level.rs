//! Arithmetic on samples of each kind.

use whiteboarder_core::rolling::like::imagej;
use whiteboarder_core::strips::Pixel;

/// A sample of a picture or of its background.
pub trait Level: Pixel + imagej::Pixel {
    /// Its kind, as `--json` has it.
    const NAME: &'static str;

    /// So many grey levels brighter: the nearest level there is.
    fn brighter(self, levels: f64) -> Self;

    /// The picture without its background. Of whole numbers, white where both are equal on a light surface and black on
    /// a dark one, held between black and white; of floating-point numbers the difference.
    fn without_background(self, background: Self, light: bool) -> Self;
}

macro_rules! whole {
    ($kind:ty, $name:literal) => {
        impl Level for $kind {
            const NAME: &'static str = $name;

            fn brighter(self, levels: f64) -> Self {
                // The cast holds it between black and white.
                (f64::from(self) + levels).round() as Self
            }

            fn without_background(self, background: Self, light: bool) -> Self {
                if light {
                    Self::MAX - background.saturating_sub(self)
                } else {
                    self.saturating_sub(background)
                }
            }
        }
    };
}

whole!(u8, "u8");
whole!(u16, "u16");

impl Level for f32 {
    const NAME: &'static str = "f32";

    fn brighter(self, levels: f64) -> Self {
        (f64::from(self) + levels) as Self
    }

    fn without_background(self, background: Self, _light: bool) -> Self {
        self - background
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_its_background_becomes_paper() {
        assert_eq!(200_u8.without_background(200, true), 255);
        assert_eq!(150_u8.without_background(200, true), 205);
        assert_eq!(210_u8.without_background(200, true), 255);
        assert_eq!(200_u16.without_background(200, false), 0);
        assert_eq!(250_u16.without_background(200, false), 50);
        assert_eq!(150_u16.without_background(200, false), 0);
        assert_eq!(
            0.25_f32.without_background(0.5, true).to_bits(),
            (-0.25_f32).to_bits()
        );
    }

    #[test]
    fn levels_are_the_nearest_there_are() {
        assert_eq!([100_u8.brighter(0.6), 100_u8.brighter(-0.6)], [101, 99]);
        assert_eq!([250_u8.brighter(9.0), 3_u8.brighter(-9.0)], [255, 0]);
    }
}
