//! The projective map from a rectangle to a quad.

use super::{Point, Quad};

/// Maps points of a rectangle `width × height` to points of a quad.
///
/// The eight coefficients are the direct solution for the unit square of P. Heckbert, "Fundamentals of Texture
/// Mapping and Image Warping" (1989), section 2.2.3: no equations to be solved, and no rounding beyond a few units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homography {
    /// x' = (`x`·(u, v, 1)) / (`w`·(u, v, 1)).
    x: [f64; 3],
    y: [f64; 3],
    w: [f64; 3],
}

impl Homography {
    /// The map of (0, 0), (width, 0), (width, height), (0, height) to the corners of `quad`, in order.
    #[must_use]
    pub fn to_quad(quad: &Quad, width: f64, height: f64) -> Self {
        let [p0, p1, p2, p3] = quad.corners();
        let (sx, sy) = (p0.x - p1.x + p2.x - p3.x, p0.y - p1.y + p2.y - p3.y);
        let (dx1, dy1) = (p1.x - p2.x, p1.y - p2.y);
        let (dx2, dy2) = (p3.x - p2.x, p3.y - p2.y);
        // Not zero: it is the turn at a corner, and the quad is convex.
        let den = dx1 * dy2 - dx2 * dy1;
        let g = (sx * dy2 - dx2 * sy) / den;
        let h = (dx1 * sy - sx * dy1) / den;
        let across = |c: [f64; 3]| [c[0] / width, c[1] / height, c[2]];
        Self {
            x: across([p1.x - p0.x + g * p1.x, p3.x - p0.x + h * p3.x, p0.x]),
            y: across([p1.y - p0.y + g * p1.y, p3.y - p0.y + h * p3.y, p0.y]),
            w: across([g, h, 1.0]),
        }
    }

    /// Where a point of the rectangle lies in the picture.
    #[must_use]
    #[inline]
    pub fn map(&self, u: f64, v: f64) -> Point {
        let w = 1.0 / (self.w[0] * u + self.w[1] * v + self.w[2]);
        Point {
            x: (self.x[0] * u + self.x[1] * v + self.x[2]) * w,
            y: (self.y[0] * u + self.y[1] * v + self.y[2]) * w,
        }
    }

    /// How many pixels of the picture one step along u and one along v are, at a point of the rectangle.
    #[must_use]
    pub fn scales(&self, u: f64, v: f64) -> (f64, f64) {
        let w = 1.0 / (self.w[0] * u + self.w[1] * v + self.w[2]);
        let at = self.map(u, v);
        // Quotient rule: (X/W)' = (X' − (X/W)·W')/W.
        let scale = |i: usize| {
            let dx = (self.x[i] - at.x * self.w[i]) * w;
            let dy = (self.y[i] - at.y * self.w[i]) * w;
            (dx * dx + dy * dy).sqrt()
        };
        (scale(0), scale(1))
    }
}
