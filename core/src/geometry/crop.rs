//! An upright rectangle of the picture.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::length::join;
use super::{GeometryError, Length};
use crate::image::Picture;

/// A rectangle as people write it: `x,y,w,h` in pixels or percent of the upright picture (`10%,10%,80%,80%`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Crop {
    /// Left edge.
    pub x: Length,
    /// Upper edge.
    pub y: Length,
    /// Width.
    pub width: Length,
    /// Height.
    pub height: Length,
}

/// A rectangle of whole pixels inside of a picture, at least one pixel large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Crop {
    /// The pixels of this crop in a picture of this size: edges rounded to the nearest pixel, what lies beyond the
    /// picture left away.
    pub fn at(&self, width: u32, height: u32) -> Result<Rect, GeometryError> {
        let (across, down) = (self.width.of(width), self.height.of(height));
        if !(across > 0.0 && down > 0.0) {
            return Err(GeometryError::EmptyCrop);
        }
        let span = |from: f64, length: f64, side: u32| {
            let edge = |at: f64| at.round().clamp(0.0, f64::from(side)) as u32;
            let (from, to) = (edge(from), edge(from + length));
            (to > from).then_some((from, to - from))
        };
        let columns = span(self.x.of(width), across, width);
        let rows = span(self.y.of(height), down, height);
        let (Some((x, across)), Some((y, down))) = (columns, rows) else {
            return Err(GeometryError::CropOutside { width, height });
        };
        Ok(Rect {
            x,
            y,
            width: across,
            height: down,
        })
    }
}

impl Rect {
    /// The whole of a picture of this size.
    #[must_use]
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// A copy of this part of the picture.
    pub(super) fn cut(&self, picture: &Picture) -> Picture {
        picture.cut(self.x, self.y, self.width, self.height)
    }
}

impl FromStr for Crop {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, GeometryError> {
        let [x, y, width, height] = Length::list(text, "a crop")?;
        Ok(Self {
            x,
            y,
            width,
            height,
        })
    }
}

impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        join(f, &[self.x, self.y, self.width, self.height])
    }
}

impl TryFrom<String> for Crop {
    type Error = GeometryError;

    fn try_from(text: String) -> Result<Self, GeometryError> {
        text.parse()
    }
}

impl From<Crop> for String {
    fn from(crop: Crop) -> Self {
        crop.to_string()
    }
}
