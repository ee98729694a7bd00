//! Which part of a photograph is the board, and how it would look from straight ahead.
//!
//! A whiteboard is a rectangle; a photograph shows it as a convex quad. Cutting the picture to the quad keeps wall,
//! frame and shelf out of the cleaning, and straightening it ("dewarping") gives the board its true shape:
//!
//! - [`Corners`] and [`Crop`]: what people write, in pixels or percent; [`Quad`] and [`Rect`]: the same in pixels of
//!   one picture;
//! - [`aspect_ratio`]: width by height of the real board (Zhang and He);
//! - [`Dewarp`]: the map (Heckbert's direct homography) and its resampling;
//! - [`detect`]: the board's quad, or why it is not sure;
//! - [`Geometry`]: what a person chose of all this, and [`Geometry::apply`].
//!
//! Coordinates are `f64` pixels of the upright picture: pixel i reaches from i to i + 1. All results are the same
//! on every machine and with any number of threads.

mod apply;
mod aspect;
mod crop;
mod detect;
mod dewarp;
mod error;
mod homography;
mod length;
mod quad;
mod sample;
#[cfg(test)]
mod tests;

pub use apply::{Applied, Geometry, QuadChoice, Said};
pub use aspect::{Basis, Camera, aspect_ratio};
pub use crop::{Crop, Rect};
pub use detect::{Detection, Refusal, detect};
pub use dewarp::{Bounds, Dewarp};
pub use error::GeometryError;
pub use homography::Homography;
pub use length::Length;
pub use quad::{Corners, Point, Quad};
