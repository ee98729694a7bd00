//! Structuring elements: the bodies that roll.

use super::paraboloid::Lattice;

/// The form of a structuring element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A ball, or the ellipsoid that comes of squeezing its height. It reaches as far as its radius.
    Ball,
    /// The paraboloid of revolution with the ball's curvature at the apex. It has no rim: it reaches everywhere.
    Paraboloid,
}

/// A structuring element: its form, how far it reaches in pixels, and how high it is in grey levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element {
    shape: Shape,
    radius: f64,
    height: f64,
}

impl Element {
    /// A true ball: as high in grey levels as it is wide in pixels.
    ///
    /// `None` unless the radius is positive and finite.
    #[must_use]
    pub fn ball(radius: f64) -> Option<Self> {
        Self::new(Shape::Ball, radius, radius)
    }

    /// A ball of spatial `radius` (pixels) that is squeezed to `height` (grey levels). On a picture reduced by s the
    /// faithful element has radius r·s and the *same* height.
    ///
    /// `None` unless both are positive and finite.
    #[must_use]
    pub fn ellipsoid(radius: f64, height: f64) -> Option<Self> {
        Self::new(Shape::Ball, radius, height)
    }

    /// The paraboloid that touches the ellipsoid of this radius and height at the apex with the same curvature:
    /// `K(ρ) = a·ρ²` with `a = h/(2r²)`; of a true ball (h = r), `ρ²/(2r)`.
    ///
    /// It has no rim and so no reach: one low sample is felt as far as `sqrt(range / a)` pixels away, where `range` is how
    /// much higher the others are. Its cost depends neither on radius nor on height.
    ///
    /// Results are exact on a lattice of small parts of a grey level, for which a is rounded to c units:
    ///
    /// | samples | unit in grey levels | c | so that a is exact to |
    /// |---|---|---|---|
    /// | u8 | 2⁻²² | round(a/unit), 1 … 2³⁰ | 2⁻²³ |
    /// | u16 | 2⁻³² | round(a/unit), 1 … 2⁴⁸ | 2⁻³³ |
    /// | f32 | 2^(⌊log2 a⌋ − 16), at least 2⁻³² | round(a/unit), 1 … 2¹⁷ | a·2⁻¹⁷, or 2⁻³³ if that is more |
    ///
    /// Depths below samples of u8 and u16 are whole grey levels, `⌊K⌋`, as the ball's are. Erosions of f32 are rounded down
    /// to the lattice and to f32, dilations up. So `E ≤ O ≤ I`, an opening of an opening changes nothing, and dilation and
    /// closing are erosion and opening of the negative, to the bit. NaN and +∞ are no sources (for dilations NaN and −∞),
    /// and get results all the same, as the paraboloid reaches them; only a picture without any source stays as it is.
    /// Samples beyond ±2⁴⁹ units (2¹⁷ grey levels or more, −∞ among them) count as that; a result held by the
    /// order `E ≤ O ≤ I` may still be lower. Curvatures are held between 2⁻¹⁰⁰ and 2⁹⁴.
    ///
    /// [`definition`](super::definition) has it as a program.
    ///
    /// `None` unless both are positive and finite.
    #[must_use]
    pub fn paraboloid(radius: f64, height: f64) -> Option<Self> {
        Self::new(Shape::Paraboloid, radius, height)
    }

    /// An element of any shape.
    ///
    /// `None` unless radius (pixels) and height (grey levels) are positive and finite.
    #[must_use]
    pub fn new(shape: Shape, radius: f64, height: f64) -> Option<Self> {
        let good = |v: f64| v.is_finite() && v > 0.0;
        (good(radius) && good(height)).then_some(Self {
            shape,
            radius,
            height,
        })
    }

    /// The curvature h/(2r²) of the paraboloid in grey levels per square pixel, held between 2⁻¹⁰⁰ and 2⁹⁴, beyond which
    /// no picture differs.
    #[must_use]
    pub(crate) fn curvature(&self) -> f64 {
        let divisor = 2.0 * self.radius * self.radius;
        let curvature = if divisor.is_normal() {
            self.height / divisor
        } else {
            // The square is beyond f64.
            self.height / self.radius / (2.0 * self.radius)
        };
        curvature.clamp(Lattice::FLATTEST, Lattice::STEEPEST)
    }

    /// Its form.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Spatial radius in pixels.
    #[must_use]
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Height in grey levels.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The depth of a ball's skin below the apex at an offset of (dx, dy) pixels, `K = h·(1 − sqrt(1 − ρ²/r²))`, as
    /// the pair (h, h·sqrt(1 − ρ²/r²)) whose difference it is; `None` beyond the radius.
    ///
    /// The two halves are given apart because f32 pictures round each of them before subtracting, as scikit-image
    /// does; for a true ball (h = r) the second is exactly sqrt(r² − ρ²).
    #[must_use]
    pub(crate) fn skin(&self, dx: i64, dy: i64) -> Option<(f64, f64)> {
        if (dx, dy) == (0, 0) {
            // The apex has no depth, whatever the rounding of r² (which is 0 for the smallest r).
            return Some((self.height, self.height));
        }
        let distance_squared = (dx * dx + dy * dy) as f64;
        // Where r² rounds down below ρ², the root decides, as in scikit-image.
        (distance_squared.sqrt() <= self.radius).then(|| {
            let room = (self.radius * self.radius - distance_squared).max(0.0);
            // The quotient may round up; the apex must stay the highest point all the same.
            (
                self.height,
                (self.height / self.radius * room.sqrt()).min(self.height),
            )
        })
    }

    /// The distance in pixels beyond which no source can matter to a result, when no two samples of the picture are more
    /// than `range` grey levels apart; at most `usize::MAX / 8`. A paraboloid reaches NaN samples from anywhere, so with
    /// them the range to give is infinite.
    #[must_use]
    pub fn reach(&self, range: f64) -> usize {
        let limit = match self.shape {
            Shape::Ball => self.radius,
            // K(ρ) ≥ range from here on; one pixel more for rounding.
            Shape::Paraboloid => (range / Lattice::least(self.curvature())).max(0.0).sqrt() + 1.0,
        };
        // NaN and infinite ranges become the bound.
        if limit < (usize::MAX / 8) as f64 {
            limit.floor() as usize
        } else {
            usize::MAX / 8
        }
    }
}
