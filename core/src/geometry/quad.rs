//! The four corners of a board in a photograph.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::length::join;
use super::{GeometryError, Length};

/// The shortest side of a quad in pixels.
const SHORTEST: f64 = 8.0;
/// How far a corner may lie outside of the picture, as a share of its width and height.
const OUTSIDE: f64 = 0.5;
/// The smallest sine of the angle at a corner: 3°.
const SHARPEST: f64 = 0.052;

/// A point of the picture in pixels; pixel i reaches from i to i + 1, so that the middle of the first is 0.5.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the upper edge.
    pub y: f64,
}

impl Point {
    /// A point.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Distance to another point.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        (dx * dx + dy * dy).sqrt()
    }
}

/// Twice the signed area of a triangle: positive when a, b, c turn clockwise on a screen.
fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
}

/// A convex quad in pixels of the upright picture: top-left, top-right, bottom-right, bottom-left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quad([Point; 4]);

impl Quad {
    /// The quad with these corners, in any order. They are put in order: clockwise, beginning so that the first
    /// side runs most to the right.
    pub fn new(corners: [Point; 4]) -> Result<Self, GeometryError> {
        let [a, b, c, d] = corners;
        // The first corner has one of the three others opposite to it.
        let convex = [[a, b, c, d], [a, c, b, d], [a, b, d, c]]
            .into_iter()
            .find_map(clockwise)
            .ok_or(GeometryError::NotConvex)?;
        let quad = Self(upright(convex));
        if quad.sides().into_iter().any(|side| side < SHORTEST) {
            return Err(GeometryError::TooSmall { min: SHORTEST });
        }
        Ok(quad)
    }

    /// The corners of the whole picture, or of any upright rectangle.
    #[must_use]
    pub fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self([
            Point::new(x, y),
            Point::new(x + width, y),
            Point::new(x + width, y + height),
            Point::new(x, y + height),
        ])
    }

    /// Top-left, top-right, bottom-right, bottom-left.
    #[must_use]
    pub fn corners(&self) -> [Point; 4] {
        self.0
    }

    /// Lengths of the upper, right, lower and left side.
    #[must_use]
    pub fn sides(&self) -> [f64; 4] {
        std::array::from_fn(|i| self.0[i].distance(self.0[(i + 1) % 4]))
    }

    /// Area in pixels.
    #[must_use]
    pub fn area(&self) -> f64 {
        let [a, b, c, d] = self.0;
        0.5 * ((c.x - a.x) * (d.y - b.y) - (c.y - a.y) * (d.x - b.x))
    }

    /// Whether a point lies inside, by at least `margin` pixels (outside by less than so many when negative).
    #[must_use]
    pub fn holds(&self, point: Point, margin: f64) -> bool {
        (0..4).all(|i| {
            let (a, b) = (self.0[i], self.0[(i + 1) % 4]);
            turn(a, b, point) >= margin * a.distance(b)
        })
    }

    /// The largest distance between corners of the same name.
    #[must_use]
    pub fn farthest_corner(&self, other: &Self) -> f64 {
        let distances = self.0.iter().zip(other.0).map(|(a, b)| a.distance(b));
        distances.fold(0.0, f64::max)
    }

    /// The quad moved or scaled evenly, which keeps the order of its corners.
    pub(super) fn mapped(&self, map: impl Fn(Point) -> Point) -> Self {
        Self(self.0.map(map))
    }

    /// An error when a corner is farther outside of a picture of this size than half of its width or height.
    pub fn check_within(&self, width: u32, height: u32) -> Result<(), GeometryError> {
        let far = |at: f64, side: u32| {
            let side = f64::from(side);
            !(-OUTSIDE * side..=(1.0 + OUTSIDE) * side).contains(&at)
        };
        match self.0.iter().find(|c| far(c.x, width) || far(c.y, height)) {
            Some(corner) => Err(GeometryError::CornerOutside {
                x: corner.x,
                y: corner.y,
                width,
                height,
            }),
            None => Ok(()),
        }
    }
}

/// These corners clockwise, when this order of them makes a convex quad.
fn clockwise(corners: [Point; 4]) -> Option<[Point; 4]> {
    let sine = |i: usize| {
        let (a, b, c) = (corners[i], corners[(i + 1) % 4], corners[(i + 2) % 4]);
        turn(a, b, c) / (a.distance(b) * b.distance(c))
    };
    let [a, b, c, d] = corners;
    if (0..4).all(|i| sine(i) > SHARPEST) {
        Some(corners)
    } else if (0..4).all(|i| sine(i) < -SHARPEST) {
        Some([a, d, c, b])
    } else {
        None
    }
}

/// Clockwise corners from the one whose sides run most like those of an upright rectangle's top-left one.
fn upright(corners: [Point; 4]) -> [Point; 4] {
    let begun = |first: usize| std::array::from_fn(|i| corners[(first + i) % 4]);
    let likeness = |c: &[Point; 4]| {
        (c[1].x - c[0].x) + (c[2].x - c[3].x) + (c[3].y - c[0].y) + (c[2].y - c[1].y)
    };
    let mut best: [Point; 4] = begun(0);
    for first in 1..4 {
        let other = begun(first);
        if likeness(&other) > likeness(&best) {
            best = other;
        }
    }
    best
}

/// Four corners as people write them: `x,y,x,y,x,y,x,y` in pixels or percent of the upright picture, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Corners(pub [(Length, Length); 4]);

impl Corners {
    /// The quad of these corners in a picture of this size.
    pub fn at(&self, width: u32, height: u32) -> Result<Quad, GeometryError> {
        let quad = Quad::new(self.0.map(|(x, y)| Point::new(x.of(width), y.of(height))))?;
        quad.check_within(width, height)?;
        Ok(quad)
    }
}

impl From<Quad> for Corners {
    fn from(quad: Quad) -> Self {
        Self(quad.0.map(|c| (Length::Pixels(c.x), Length::Pixels(c.y))))
    }
}

impl FromStr for Corners {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, GeometryError> {
        let l: [Length; 8] = Length::list(text, "a quad")?;
        let corners = Self(std::array::from_fn(|i| (l[2 * i], l[2 * i + 1])));
        // What is wrong with all pictures is said before any picture is read.
        let percent = |length| matches!(length, Length::Percent(_));
        let mixed = l.iter().any(|&length| percent(length)) && !l.iter().all(|&l| percent(l));
        if !mixed {
            // Any side does for percentages, as long as it is long.
            Quad::new(
                corners
                    .0
                    .map(|(x, y)| Point::new(x.of(10_000), y.of(10_000))),
            )?;
        }
        Ok(corners)
    }
}

impl fmt::Display for Corners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<Length> = self.0.iter().flat_map(|&(x, y)| [x, y]).collect();
        join(f, &lengths)
    }
}

impl TryFrom<String> for Corners {
    type Error = GeometryError;

    fn try_from(text: String) -> Result<Self, GeometryError> {
        text.parse()
    }
}

impl From<Corners> for String {
    fn from(corners: Corners) -> Self {
        corners.to_string()
    }
}
