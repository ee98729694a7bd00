//! Ink without its paper: how much of it covers a pixel, and in which colour.
//!
//! Viewers blend sRGB samples as they are, so that is where white is taken away again: laid over white in an ordinary
//! viewer, every sample is within one level of the cleaned picture.

use crate::image::{Channels, Picture};

/// Colour and coverage of a pixel that stood on white: of all pairs that give it back, the one with the least coverage,
/// which leaves the deepest colour. White is nothing at all.
#[inline]
pub(super) fn lift([red, green, blue]: [u8; 3]) -> [u8; 4] {
    let alpha = 255 - red.min(green).min(blue);
    if alpha == 0 {
        return [0; 4];
    }
    let (full, half) = (u32::from(alpha), u32::from(alpha) / 2);
    let [red, green, blue] = [red, green, blue].map(|sample| {
        let taken = (u32::from(255 - sample) * 255 + half) / full;
        255 - taken.min(255) as u8
    });
    [red, green, blue, alpha]
}

/// Colour and coverage of all pixels: four samples each, or two for a grey picture (whose colour is always black).
pub(super) fn lift_all(picture: &Picture) -> Vec<u8> {
    match picture.channels {
        Channels::Grey => {
            let pairs = picture.data.iter().map(|&sample| [0, 255 - sample]);
            pairs.collect::<Vec<_>>().into_flattened()
        }
        Channels::Rgb => {
            let pixels = picture.data.as_chunks::<3>().0.iter();
            let lifted = pixels.map(|&pixel| lift(pixel));
            lifted.collect::<Vec<_>>().into_flattened()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lift;

    #[test]
    fn ink_laid_over_white_is_the_picture_within_one_level() {
        for red in (0..=255).step_by(3) {
            for green in (0..=255).step_by(5) {
                for blue in 0..=255_u8 {
                    let [r, g, b, alpha] = lift([red, green, blue]);
                    for (ink, want) in [(r, red), (g, green), (b, blue)] {
                        let alpha = u32::from(alpha);
                        let shown = (u32::from(ink) * alpha + 255 * (255 - alpha) + 127) / 255;
                        assert!(shown.abs_diff(u32::from(want)) <= 1);
                    }
                }
            }
        }
    }

    #[test]
    fn white_is_nothing_and_black_is_all_ink() {
        assert_eq!(lift([255; 3]), [0; 4]);
        assert_eq!(lift([0; 3]), [0, 0, 0, 255]);
        assert_eq!(lift([128; 3]), [0, 0, 0, 127]);
    }
}
