//! From what a person chose to the picture that is cleaned.

use serde::{Deserialize, Serialize};

use super::detect::detect_with;
use super::{
    Basis, Bounds, Camera, Corners, Crop, Detection, Dewarp, GeometryError, Point, Quad, Rect,
    Refusal, aspect_ratio,
};
use crate::image::Picture;

/// Which part of the upright photograph is kept, and whether it is straightened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Geometry {
    /// A rectangle that is cut out; with [`QuadChoice::Auto`], the board is looked for in it.
    pub crop: Option<Crop>,
    /// The board's four corners.
    pub quad: QuadChoice,
}

/// Where the board's four corners come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuadChoice {
    /// Nothing is straightened.
    #[default]
    None,
    /// A person gave them, in pixels or percent of the upright photograph.
    Given(Corners),
    /// They are [looked for](super::detect); when that is not sure, nothing is straightened.
    Auto,
}

/// What became of a picture.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What is to be cleaned.
    pub picture: Picture,
    /// The corners of what was straightened, in pixels of the upright photograph.
    pub quad: Option<Quad>,
    /// What was done, or why not; `to_string` is a sentence.
    pub said: Said,
}

/// What was done with a picture. As text it is one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// Nothing was wished.
    #[error("the picture was kept whole")]
    Whole,
    /// A rectangle was cut out.
    #[error("the picture was cropped to {} × {} pixels", .0.width, .0.height)]
    Cropped(Rect),
    /// A quad was straightened.
    #[error("{} was straightened to {width} × {height} pixels{}", if *.found { "the board was found, and" } else { "the board" }, if *.sure_shape { "" } else { "; its ratio of sides is a guess" })]
    Straightened {
        /// Whether the corners were found, and not given.
        found: bool,
        /// Width of the result.
        width: u32,
        /// Height of the result.
        height: u32,
        /// Whether the corners tell the ratio of sides: they do not quite when the camera was turned about one
        /// axis only, or when the photograph was cut from a larger one.
        sure_shape: bool,
    },
    /// No board was surely found.
    #[error("no board was cut out: {0}")]
    NotFound(Refusal),
}

impl Geometry {
    /// Whether a picture stays as it is in any case.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Applies to an upright photograph.
    ///
    /// The result never has more pixels than the photograph. At its peak this needs the photograph and the result;
    /// the search before it needs about 40 MB beside the photograph (and a copy of the crop when there is one).
    pub fn apply(&self, photograph: Picture) -> Result<Applied, GeometryError> {
        let (width, height) = (photograph.width, photograph.height);
        let rect = self.crop.map(|crop| crop.at(width, height)).transpose()?;
        match self.quad {
            QuadChoice::None => Ok(cropped(photograph, rect, None)),
            QuadChoice::Given(_) if rect.is_some() => Err(GeometryError::CropAndCorners),
            QuadChoice::Given(corners) => {
                let quad = corners.at(width, height)?;
                Ok(straightened(&photograph, quad, false))
            }
            QuadChoice::Auto => {
                let found = match rect {
                    None => super::detect(&photograph),
                    Some(rect) => detect_in(&photograph, rect),
                };
                Ok(match found {
                    Detection::Found { quad, .. } => straightened(&photograph, quad, true),
                    Detection::Refused(refusal) => cropped(photograph, rect, Some(refusal)),
                })
            }
        }
    }
}

/// Finds the board in a part of the photograph, whose middle stays the camera's.
fn detect_in(photograph: &Picture, rect: Rect) -> Detection {
    let mut camera = Camera::of_photograph(photograph.width, photograph.height);
    let (x, y) = (f64::from(rect.x), f64::from(rect.y));
    camera.centre = Point::new(camera.centre.x - x, camera.centre.y - y);
    match detect_with(&rect.cut(photograph), &camera) {
        Detection::Found { quad, confidence } => Detection::Found {
            quad: quad.mapped(|c| Point::new(c.x + x, c.y + y)),
            confidence,
        },
        refused @ Detection::Refused(_) => refused,
    }
}

fn cropped(photograph: Picture, rect: Option<Rect>, refusal: Option<Refusal>) -> Applied {
    let said = match (refusal, rect) {
        (Some(refusal), _) => Said::NotFound(refusal),
        (None, Some(rect)) => Said::Cropped(rect),
        (None, None) => Said::Whole,
    };
    Applied {
        picture: match rect {
            Some(rect) => rect.cut(&photograph),
            None => photograph,
        },
        quad: None,
        said,
    }
}

fn straightened(photograph: &Picture, quad: Quad, found: bool) -> Applied {
    let (width, height) = (photograph.width, photograph.height);
    let camera = Camera::of_photograph(width, height);
    let (_, basis) = aspect_ratio(&quad, &camera);
    let dewarp = Dewarp::new(&quad, &camera, &Bounds::of_photograph(width, height));
    Applied {
        picture: dewarp.apply(photograph),
        quad: Some(quad),
        said: Said::Straightened {
            found,
            width: dewarp.width(),
            height: dewarp.height(),
            sure_shape: matches!(basis, Basis::Vanishing(_) | Basis::Parallel),
        },
    }
}
