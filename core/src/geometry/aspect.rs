//! The true shape of a rectangle that was photographed at an angle.
//!
//! Z. Zhang and L.-W. He, "Whiteboard scanning and image enhancement" (Digital Signal Processing 17, 2007; Microsoft
//! Research TR-2003-39), section 3.2: a rectangle seen by a pinhole camera with square pixels, whose axis goes through
//! the middle of the photograph, tells the camera's focal length by its two vanishing points, and with it the ratio
//! of its sides.

use super::{Point, Quad};

/// Convergence of opposite sides (|k − 1| in the paper) below which the corners' own error decides the focal length.
/// Corners are known to about a thousandth of the quad's size, so at this it is known to about a tenth.
const NEARLY_PARALLEL: f64 = 0.02;
/// What phones have: 28 mm on film, in long sides of the photograph.
const USUAL_FOCAL: f64 = 0.78;
/// Focal lengths that cameras have, in long sides of the photograph. A photograph that was cut from a larger
/// one has a longer one.
const FOCAL: std::ops::RangeInclusive<f64> = 0.35..=20.0;

/// The camera, as far as the shape of a board needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The middle of the original photograph, in the pixels in which corners are given.
    pub centre: Point,
    /// Its longer side in pixels.
    pub long_side: f64,
}

impl Camera {
    /// The camera of a whole photograph of this size.
    #[must_use]
    pub fn of_photograph(width: u32, height: u32) -> Self {
        let (width, height) = (f64::from(width), f64::from(height));
        Self {
            centre: Point::new(width / 2.0, height / 2.0),
            long_side: width.max(height),
        }
    }
}

/// How the ratio of sides became known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// From both vanishing points; the focal length in pixels.
    Vanishing(f64),
    /// Both pairs of sides are nearly parallel: seen from straight ahead or from far away, where the focal length
    /// hardly matters.
    Parallel,
    /// One pair of sides is nearly parallel, and a usual focal length (in pixels) was taken.
    UsualFocal(f64),
    /// No camera sees a rectangle so: the mean lengths of opposite sides.
    MeanSides,
}

/// Width divided by height of the rectangle in the world that `camera` sees as `quad`, and how it became known.
#[must_use]
pub fn aspect_ratio(quad: &Quad, camera: &Camera) -> (f64, Basis) {
    let [top, right, bottom, left] = quad.sides();
    let mean = ((top + bottom) / (left + right), Basis::MeanSides);
    // In long sides of the photograph, from its middle, so that all numbers are near 1.
    let [m1, m2, m4, m3] = quad.corners().map(|corner| {
        [
            (corner.x - camera.centre.x) / camera.long_side,
            (corner.y - camera.centre.y) / camera.long_side,
            1.0,
        ]
    });
    let diagonal = cross(m1, m4);
    let k2 = dot(diagonal, m3) / dot(cross(m2, m4), m3);
    let k3 = dot(diagonal, m2) / dot(cross(m3, m4), m2);
    let side = |k: f64, m: [f64; 3]| [k * m[0] - m1[0], k * m[1] - m1[1], k - 1.0];
    let (n2, n3) = (side(k2, m2), side(k3, m3));
    let squared =
        |n: [f64; 3], focal: f64| (n[0] * n[0] + n[1] * n[1]) / (focal * focal) + n[2] * n[2];
    let ratio = |focal: f64| (squared(n2, focal) / squared(n3, focal)).sqrt();
    let (less, more) = {
        let (a, b) = (n2[2].abs(), n3[2].abs());
        (a.min(b), a.max(b))
    };
    let (ratio, basis) = if more < NEARLY_PARALLEL {
        (ratio(USUAL_FOCAL), Basis::Parallel)
    } else if less < NEARLY_PARALLEL {
        let basis = Basis::UsualFocal(USUAL_FOCAL * camera.long_side);
        (ratio(USUAL_FOCAL), basis)
    } else {
        // NaN, when negative, is in no range.
        let focal = (-(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2])).sqrt();
        if !FOCAL.contains(&focal) {
            return mean;
        }
        (ratio(focal), Basis::Vanishing(focal * camera.long_side))
    };
    if ratio.is_finite() && ratio > 0.0 {
        (ratio, basis)
    } else {
        mean
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
