//! What a screen wants to see of a picture.

/// The longest side in pixels that is drawn; a view that wants more gets this.
const LONGEST: u32 = 16_384;

/// Part of the full-size picture (pixels) and the size in pixels at which it is wanted.
///
/// The region is clamped to the picture, and nothing is ever smaller than one pixel or drawn longer than 16,384.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Left edge of the region.
    pub x: u32,
    /// Upper edge of the region.
    pub y: u32,
    /// Width of the region.
    pub width: u32,
    /// Height of the region.
    pub height: u32,
    /// Width of the drawn picture.
    pub to_width: u32,
    /// Height of the drawn picture.
    pub to_height: u32,
}

impl View {
    /// The whole picture fitted into a box with its shape kept, and never enlarged: a picture smaller than the box is
    /// shown pixel for pixel.
    #[must_use]
    pub fn fit(picture_width: u32, picture_height: u32, box_width: u32, box_height: u32) -> Self {
        let (width, height) = (picture_width.max(1), picture_height.max(1));
        let across = f64::from(box_width) / f64::from(width);
        let down = f64::from(box_height) / f64::from(height);
        let scale = across.min(down).min(1.0);
        let size =
            |n: u32, most: u32| ((f64::from(n) * scale).round() as u32).clamp(1, most.max(1));
        Self {
            x: 0,
            y: 0,
            width,
            height,
            to_width: size(width, box_width),
            to_height: size(height, box_height),
        }
    }

    /// The view with a region inside a picture of this size.
    pub(super) fn clamped(&self, width: u32, height: u32) -> Self {
        let (x, y) = (self.x.min(width - 1), self.y.min(height - 1));
        Self {
            x,
            y,
            width: self.width.clamp(1, width - x),
            height: self.height.clamp(1, height - y),
            to_width: self.to_width.clamp(1, LONGEST),
            to_height: self.to_height.clamp(1, LONGEST),
        }
    }

    /// Pixels of the full-size picture in the region.
    pub(super) fn pixels(&self) -> f64 {
        f64::from(self.width) * f64::from(self.height)
    }

    /// The same region drawn at another size.
    pub(super) fn drawn_at(&self, to_width: u32, to_height: u32) -> Self {
        Self {
            to_width,
            to_height,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_fitted_with_its_shape() {
        let sizes = |view: View| (view.to_width, view.to_height);
        assert_eq!(sizes(View::fit(4000, 3000, 1200, 900)), (1200, 900));
        assert_eq!(sizes(View::fit(4000, 3000, 1200, 300)), (400, 300));
        assert_eq!(sizes(View::fit(3000, 4000, 240, 120)), (90, 120));
        assert_eq!(sizes(View::fit(300, 200, 1200, 900)), (300, 200));
        assert_eq!(sizes(View::fit(3, 2000, 80, 80)), (1, 80));
        assert_eq!(sizes(View::fit(300, 200, 0, 0)), (1, 1));
    }
}
