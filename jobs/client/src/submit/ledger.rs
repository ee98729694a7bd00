//! The manifest: what a batch consists of. It is written before the first byte of a picture, so
//! that a batch that was interrupted can be told from one that never was.

use serde::{Deserialize, Serialize};
use whiteboarder_core::recipe::{RECIPE_VERSION, Recipe};

use super::Wish;
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::store::{self, Only, Put};
use crate::track::Place;

/// Version of the manifest's shape. A field that is only added does not raise it: older programs
/// overlook it, and here it has `#[serde(default)]`.
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
    /// The item of an earlier batch that does the work for this one: the same content with the
    /// same recipe and algorithm. Nothing is uploaded for it here, and its result is the other's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<SameAs>,
}

/// An item of another batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SameAs {
    /// The batch.
    pub batch: String,
    /// The item's name there.
    pub name: String,
}

/// `batches/<batch>.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this document's shape, 1.
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

impl Manifest {
    /// Where the work on an item is done: batch and name, its own unless it is [`ManifestItem::same_as`] another.
    #[must_use]
    pub fn home<'a>(&'a self, item: &'a ManifestItem) -> (&'a str, &'a str) {
        match &item.same_as {
            Some(other) => (&other.batch, &other.name),
            None => (&self.batch, &item.name),
        }
    }
}

/// Reads a batch's manifest.
pub async fn load_manifest(target: &Target, batch: &str) -> Result<Manifest, JobsError> {
    let (manifest, _) = load_tagged(target, batch).await?;
    Ok(manifest)
}

/// Reads a batch's manifest with its entity tag.
pub(super) async fn load_tagged(
    target: &Target,
    batch: &str,
) -> Result<(Manifest, String), JobsError> {
    let profile = target.profile();
    let no_such = || JobsError::NoSuchBatch {
        batch: batch.to_owned(),
        bucket: profile.bucket.clone(),
    };
    let (bytes, etag) = store::get_tagged(target, &names::manifest_key(batch))
        .await?
        .ok_or_else(no_such)?;
    let bad = |reason: String| JobsError::BadManifest {
        batch: batch.to_owned(),
        reason,
    };
    // The version first: a newer shape may not even parse as ours.
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    let version = value
        .get("version")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(0);
    if version != u64::from(MANIFEST_VERSION) {
        return Err(bad(format!(
            "it has version {version}, and this build reads version {MANIFEST_VERSION}"
        )));
    }
    // The recipe has a version of its own, and strange fields of a newer one are no damage.
    let recipe = value
        .pointer("/recipe/version")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(0);
    if recipe > u64::from(RECIPE_VERSION) {
        return Err(bad(format!(
            "its recipe has version {recipe}, and this build reads versions 1 to {RECIPE_VERSION}"
        )));
    }
    let manifest: Manifest =
        serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
    if manifest.batch != batch {
        return Err(bad(format!("it says it is of batch `{}`", manifest.batch)));
    }
    Ok((manifest, etag))
}

/// Writes the manifest, where there is none or over the one with this entity tag, and reads it back:
/// nothing is sent before it is known to be there. Gives the new entity tag, or none when the one to be
/// written over is not the one that is there.
pub(super) async fn store_manifest(
    target: &Target,
    manifest: &Manifest,
    over: Option<&str>,
) -> Result<Option<String>, JobsError> {
    let bad = |reason: String| JobsError::BadManifest {
        batch: manifest.batch.clone(),
        reason,
    };
    let text = serde_json::to_vec(manifest).map_err(|error| bad(error.to_string()))?;
    let key = names::manifest_key(&manifest.batch);
    let only = over.map_or(Only::Absent, Only::Over);
    let put = store::put_json_only(target, &key, text.clone(), only).await?;
    match (store::get_tagged(target, &key).await?, put) {
        (Some((found, etag)), _) if found == text => Ok(Some(etag)),
        (_, Put::Refused) if over.is_some() => Ok(None),
        _ => Err(bad(
            "it was stored, but what came back is different".to_owned()
        )),
    }
}
