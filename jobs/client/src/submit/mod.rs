//! Files → plan → manifest → uploads.
//!
//! [`scan`] finds pictures and gives each its name; [`plan`] reads their headers and predicts
//! where each will run; [`Batch::create`] writes the manifest, from which moment the batch exists
//! and can be resumed, and claims its contents, so that the same content is not done twice; [`upload`] brings the originals to `inbox/`, and every one that arrives
//! starts an execution. [`run`] uploads and tracks at the same time.

mod batch;
pub(crate) mod claims;
mod hash;
mod ledger;
mod note;
mod parts;
mod plan;
mod scan;
pub(crate) mod upload;

pub use batch::{Batch, CreateOptions};
pub use ledger::{Manifest, ManifestItem, SameAs, load_manifest};
pub use plan::{Plan, PlannedItem, plan};
pub use scan::{Scan, ScanError, ScanOptions, Skipped, SourceFile, scan, scan_with};
pub use upload::{SubmitOptions, UploadSummary, run, upload};

use serde::{Deserialize, Serialize};

/// Where the sender wants an item to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// The plan decides by size, time and memory.
    #[default]
    Auto,
    /// On Lambda, whatever the plan thinks.
    Lambda,
    /// On the ECS lane.
    Ecs,
}

impl std::fmt::Display for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Lambda => "lambda",
            Self::Ecs => "ecs",
        })
    }
}

impl std::str::FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "lambda" => Ok(Self::Lambda),
            "ecs" => Ok(Self::Ecs),
            other => Err(format!("`{other}` is no place: auto, lambda or ecs")),
        }
    }
}
