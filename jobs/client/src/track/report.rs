//! What the functions say of an item: Plan before, the cleaning after.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::submit::Wish;

/// What Plan answered; unknown fields are ignored, missing ones are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanReport {
    /// Where it shall run.
    pub place: Option<Place>,
    /// What was asked for.
    pub wished: Wish,
    /// One sentence.
    pub why: String,
    /// What the planner predicted for the target's Lambda.
    pub predicted: Predicted,
    /// What the header said.
    pub image: ImageFacts,
}

/// A prediction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Predicted {
    /// Seconds.
    pub seconds: f64,
    /// Peak memory in MB.
    pub memory_mb: f64,
}

/// What a picture's header says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageFacts {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// 1 or 3.
    pub channels: u32,
    /// `JPEG`, `PNG`.
    pub format: String,
    /// Size of the file.
    pub bytes: u64,
    /// `ETag` of the original.
    pub etag: String,
}

/// What the cleaning answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanReport {
    /// The result.
    pub output: OutputFacts,
    /// Which lane the function ran in.
    pub place: Option<Place>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Where the time went.
    pub seconds: Seconds,
    /// Peak memory of the process in MB, where the system tells.
    pub peak_memory_mb: Option<f64>,
    /// Whether the process was new.
    pub cold_start: bool,
    /// Hash of the recipe.
    pub recipe_hash: String,
    /// Algorithm version.
    pub version: u32,
}

/// A result in the bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputFacts {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Hexadecimal sha256.
    pub sha256: String,
}

/// Seconds of each part of the cleaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Seconds {
    pub download: f64,
    pub decode: f64,
    pub background: f64,
    pub finish: f64,
    pub encode: f64,
    pub upload: f64,
    pub total: f64,
}
