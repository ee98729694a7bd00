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
/// | 3 | automatic values (0) of `background.small`, `finish.white` and `finish.black`; `background.surface = "auto"`, `background.stroke`, `background.like`, `background.method = "paraboloid"`; `finish.style`, `faint`, `solid`, `sharpness`, `neutral`; `output.colors`, `output.depth` |
pub const RECIPE_VERSION: u32 = 3;

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

/// What earlier versions said needs no change to mean the same in this one; other versions are kept, for
/// [`Recipe::validate`] to refuse.
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
    pub surface: SurfaceChoice,
    /// Median width of the strokes in pixels of the full-size picture; 0 measures it.
    pub stroke: f64,
    /// Method `whiteboard`: radius of the wide ball, in % of the picture's long side.
    pub wide: f64,
    /// Method `whiteboard`: height of the wide ball, in % of full brightness (linear light).
    pub wide_height: f64,
    /// Method `whiteboard`: radius of the small ball, in % of the picture's long side; 0 takes it from the strokes' width.
    pub small: f64,
    /// Method `whiteboard`: height of the small ball, in % of full brightness (linear light).
    pub small_height: f64,
    /// Methods `ball` and `paraboloid`: radius in pixels of the full-size picture.
    pub radius: f64,
    /// Methods `ball` and `paraboloid`: height in grey levels; 0 makes it as high as its radius.
    pub height: f64,
    /// Methods `ball` and `paraboloid`: average 3×3 pixels before it rolls.
    pub presmooth: bool,
    /// Methods `ball` and `paraboloid`: whose results.
    pub like: Like,
}

/// How the picture is finished. Ranges, units and defaults: [`FIELDS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Finish {
    /// How far the finish goes.
    pub style: Style,
    /// How faint marks may be that are kept, 0 to 100.
    pub faint: f64,
    /// Share of the background's light, in %, from which on a pixel is paper; 0 leaves it to the picture.
    pub white: f64,
    /// Share of the background's light, in %, down to which ink becomes full; 0 leaves it to the picture.
    pub black: f64,
    /// How far every stroke gets the colour of its own middle, in %.
    pub solid: f64,
    /// How steep the edges of ink become; 1 leaves them.
    pub sharpness: f64,
    /// How far nearly neutral ink becomes neutral, in %.
    pub neutral: f64,
    /// How much stronger ink colours become; 1 leaves them.
    pub saturation: f64,
    /// How far the picture goes from the photograph (0) to the cleaned picture (100), in %.
    pub strength: f64,
}

/// What the result's file carries. Ranges, units and defaults: [`FIELDS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// Whether a PNG may have a palette.
    pub colors: Colors,
    /// Bits of a sample.
    pub depth: Depth,
    /// Keep the photograph's EXIF block, which may tell where and by whom it was taken.
    pub keep_metadata: bool,
}

/// An enumeration of the recipe: names in files, and all of them in order.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// The names in recipes.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name in recipes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// What has this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

choice! {
    /// The pipeline that finds the background.
    Method {
        /// A wide ball, ink filled in, a small ball, on a reduced picture in linear light. Quick, and filled boxes stay
        /// filled.
        #[default]
        Whiteboard = "whiteboard",
        /// One exact ball at full size, on every pixel, which takes longer than the two. Any radius takes about the same.
        Ball = "ball",
        /// One exact paraboloid at full size: the ball without its rim, quicker, and gentler to steep shading.
        Paraboloid = "paraboloid",
    }
}

choice! {
    /// What is written on.
    SurfaceChoice {
        /// The picture decides.
        #[default]
        Auto = "auto",
        /// Light (whiteboard, paper).
        Light = "light",
        /// Dark (blackboard).
        Dark = "dark",
    }
}

choice! {
    /// Whose results the methods of one ball give.
    Like {
        /// Those of the definition.
        #[default]
        Exact = "exact",
        /// Those of ImageJ's "Subtract Background", bit for bit.
        ImageJ = "imagej",
        /// Those of scikit-image's `rolling_ball`, bit for bit.
        Scikit = "scikit-image",
    }
}

choice! {
    /// How far the finish goes.
    Style {
        /// White paper, whole ink.
        #[default]
        Ink = "ink",
        /// Even light; the texture of board and ink stays.
        Light = "light",
        /// The background is subtracted from the samples and nothing else is done.
        Subtract = "subtract",
    }
}

choice! {
    /// Whether a PNG may have a palette.
    Colors {
        /// Where a palette loses nothing visible.
        #[default]
        Auto = "auto",
        /// Every pixel has its own colour.
        True = "true",
    }
}

choice! {
    /// Bits of a result's samples.
    Depth {
        /// 8.
        #[default]
        Eight = "8",
        /// 16 where the photograph has 16; with `style = "ink"` and `"light"`.
        Source = "source",
    }
}

impl Default for Recipe {
    fn default() -> Self {
        let mut recipe = Self {
            version: RECIPE_VERSION,
            background: Background {
                method: Method::default(),
                surface: SurfaceChoice::default(),
                stroke: 0.0,
                wide: 0.0,
                wide_height: 0.0,
                small: 0.0,
                small_height: 0.0,
                radius: 0.0,
                height: 0.0,
                presmooth: false,
                like: Like::default(),
            },
            finish: Finish {
                style: Style::default(),
                faint: 0.0,
                white: 0.0,
                black: 0.0,
                solid: 0.0,
                sharpness: 0.0,
                neutral: 0.0,
                saturation: 0.0,
                strength: 0.0,
            },
            output: Output {
                colors: Colors::default(),
                depth: Depth::default(),
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
