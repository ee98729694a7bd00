//! The recipe: every parameter of one cleaning, as a value.
//!
//! A recipe says nothing about where it runs. It is TOML on disk, compact JSON (only what differs from the default)
//! on the wire, and has a hash that tells whether two cleanings of one picture would be the same. Every field is one
//! row of [`FIELDS`], which carries its range, unit, help and default; parsing, validation, documentation and editors
//! are all driven by those rows.
//!
//! ```
//! use whiteboarder_core::recipe::Recipe;
//!
//! let recipe = Recipe::from_toml("[finish]\nsaturation = 1.3\n").unwrap();
//! assert_eq!(recipe.differences(), r#"{"finish":{"saturation":1.3}}"#);
//! let error = Recipe::from_toml("[background]\nradios = 40\n").unwrap_err();
//! assert_eq!(error.to_string(), "unknown field `radios` in [background]; did you mean `radius`?");
//! ```

mod error;
mod fields;
mod text;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

pub use crate::background::Surface;
pub use error::RecipeError;
pub use fields::{FIELDS, Field, Kind, Value};

/// The version of the recipe's format that this build writes, and the newest that it reads.
///
/// Older recipes are read too and become recipes of this version:
///
/// | version | what it added |
/// |---|---|
/// | 1 | `background`, `finish` |
/// | 2 | `finish.strength`, `output` |
pub const RECIPE_VERSION: u32 = 2;

/// Every parameter of one cleaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Version of the format: [`RECIPE_VERSION`], also for a recipe that was read from an older text.
    #[serde(deserialize_with = "migrated")]
    pub version: u32,
    /// How the background is found.
    pub background: Background,
    /// How the picture is finished once its background is known.
    pub finish: Finish,
    /// What the result's file carries beside the picture.
    pub output: Output,
}

/// What version 1 said needs no change to mean the same in version 2; other versions are kept, for [`Recipe::validate`]
/// to refuse.
fn migrated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(match u32::deserialize(deserializer)? {
        1..=RECIPE_VERSION => RECIPE_VERSION,
        other => other,
    })
}

/// How the background is found. Ranges, units and defaults: [`FIELDS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Background {
    /// Which pipeline.
    pub method: Method,
    /// Light (whiteboard, paper) or dark (blackboard).
    pub surface: Surface,
    /// Method `whiteboard`: radius of the wide ball, in % of the picture's long side.
    pub wide: f64,
    /// Method `whiteboard`: height of the wide ball, in % of full brightness (linear light).
    pub wide_height: f64,
    /// Method `whiteboard`: radius of the small ball, in % of the picture's long side.
    pub small: f64,
    /// Method `whiteboard`: height of the small ball, in % of full brightness (linear light).
    pub small_height: f64,
    /// Method `ball`: radius in pixels of the full-size picture.
    pub radius: f64,
    /// Method `ball`: height in grey levels; 0 makes it a true ball, as high as its radius.
    pub height: f64,
    /// Method `ball`: average 3×3 pixels before the ball rolls.
    pub presmooth: bool,
}

/// How the picture is finished. Ranges, units and defaults: [`FIELDS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Finish {
    /// Share of the background's light, in %, from which on a pixel is pure paper.
    pub white: f64,
    /// Share of the background's light, in %, down to which ink is pure black.
    pub black: f64,
    /// How much stronger ink colours become; 1 leaves them.
    pub saturation: f64,
    /// How far the picture goes from the photograph (0) to the cleaned picture (100), in %.
    pub strength: f64,
}

/// What the result's file carries. Ranges, units and defaults: [`FIELDS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// Keep the photograph's EXIF block, which may tell where and by whom it was taken.
    pub keep_metadata: bool,
}

/// The pipeline that finds the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A wide ball, ink filled in, a small ball, on a reduced picture in linear light. Quick, and filled boxes stay
    /// filled.
    #[default]
    Whiteboard,
    /// One exact ball at full size. Slow: its cost grows with the square of the radius.
    Ball,
}

impl Method {
    /// The name in recipes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whiteboard => "whiteboard",
            Self::Ball => "ball",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Default for Recipe {
    fn default() -> Self {
        let mut recipe = Self {
            version: RECIPE_VERSION,
            background: Background {
                method: Method::Whiteboard,
                surface: Surface::Light,
                wide: 0.0,
                wide_height: 0.0,
                small: 0.0,
                small_height: 0.0,
                radius: 0.0,
                height: 0.0,
                presmooth: false,
            },
            finish: Finish {
                white: 0.0,
                black: 0.0,
                saturation: 0.0,
                strength: 0.0,
            },
            output: Output {
                keep_metadata: false,
            },
        };
        for field in FIELDS {
            (field.set)(&mut recipe, field.default);
        }
        recipe
    }
}

impl Default for Background {
    fn default() -> Self {
        Recipe::default().background
    }
}

impl Default for Finish {
    fn default() -> Self {
        Recipe::default().finish
    }
}

impl Default for Output {
    fn default() -> Self {
        Recipe::default().output
    }
}

impl Recipe {
    /// Checks every field's range.
    pub fn validate(&self) -> Result<(), RecipeError> {
        if self.version == 0 || self.version > RECIPE_VERSION {
            return Err(RecipeError::Version {
                found: i64::from(self.version),
            });
        }
        FIELDS.iter().try_for_each(|field| field.check(self))
    }

    /// Sixteen hexadecimal digits that differ between recipes with different results: the beginning of the SHA-256 of
    /// the whole recipe as canonical JSON (fields in the order of [`FIELDS`]) and [`crate::ALGORITHM_VERSION`].
    #[must_use]
    pub fn hash(&self) -> String {
        let canonical = format!(
            "{}\nalgorithm {}\n",
            self.canonical(),
            crate::ALGORITHM_VERSION
        );
        hex::encode(&Sha256::digest(canonical.as_bytes())[..8])
    }
}

#[cfg(test)]
mod tests;
