//! The manifest: what a batch consists of. It is written before the first byte of a picture, so
//! that a batch that was interrupted can be told from one that never was.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;
use whiteboarder_core::recipe::{RECIPE_VERSION, Recipe};

use super::{Plan, Scan, SourceFile, Wish};
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::store;
use crate::track::Place;

/// Version of the manifest's shape. A field that is only added does not raise it: older programs
/// overlook it, and here it has `#[serde(default)]`.
pub const MANIFEST_VERSION: u32 = 1;

/// Version of the shape of what [`Batch::remember`] writes, by the same rule.
const REMEMBERED_VERSION: u32 = 1;

/// What of an object's 2 KB of metadata the recipe may take.
const MAX_RECIPE_BYTES: usize = 1024;

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

/// A batch with the files it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What the bucket knows.
    pub manifest: Manifest,
    /// Where each item's file is, as far as known here.
    pub sources: BTreeMap<String, PathBuf>,
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

/// What [`Batch::remember`] writes.
#[derive(Serialize, Deserialize)]
struct Remembered {
    version: u32,
    batch: String,
    sources: BTreeMap<String, PathBuf>,
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
        let differences = recipe.differences();
        if differences.len() > MAX_RECIPE_BYTES {
            let bytes = differences.len();
            return Err(JobsError::RecipeTooLarge {
                bytes,
                limit: MAX_RECIPE_BYTES,
            });
        }
        let files: Vec<_> = plan
            .items
            .iter()
            .map(|item| item.file.path.clone())
            .collect();
        let hashes = hash_all(files, cancel).await?;
        let items = plan
            .items
            .iter()
            .zip(hashes)
            .map(|(item, (bytes, sha256))| ManifestItem {
                name: item.file.name.clone(),
                bytes,
                sha256,
                width: item.width,
                height: item.height,
                predicted: item.place,
                same_as: None,
            })
            .collect();
        let manifest = Manifest {
            version: MANIFEST_VERSION,
            batch: Ulid::generate().to_string(),
            created: now_rfc3339(),
            wish: plan.wish,
            recipe: recipe.clone(),
            recipe_hash: recipe.hash(),
            algorithm: whiteboarder_core::ALGORITHM_VERSION,
            items,
        };
        store_manifest(target, &manifest, cancel).await?;
        let sources = plan
            .items
            .into_iter()
            .map(|item| (item.file.name, item.file.path))
            .collect();
        let batch = Self { manifest, sources };
        reporter.tell(Progress::Batch {
            batch: batch.id().to_owned(),
            items: batch.manifest.items.len(),
            bytes: batch.manifest.items.iter().map(|item| item.bytes).sum(),
        });
        Ok(batch)
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
        let manifest = load_manifest(target, batch).await?;
        let mut candidates = Vec::new();
        for file in files.map(|scan| scan.files).unwrap_or_default() {
            let item = manifest.items.iter().find(|item| item.name == file.name);
            if let Some(item) = item.filter(|item| item.bytes == file.bytes) {
                candidates.push((item.name.clone(), item.sha256.clone(), file.path));
            }
        }
        let paths = candidates.iter().map(|(_, _, path)| path.clone()).collect();
        let hashes = hash_all(paths, cancel).await?;
        let sources = candidates
            .into_iter()
            .zip(hashes)
            .filter(|((_, wanted, _), (_, found))| wanted == found)
            .map(|((name, _, path), _)| (name, path))
            .collect();
        Ok(Self { manifest, sources })
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
        let path = folder.join(format!("{}.json", self.id()));
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let remembered = Remembered {
            version: REMEMBERED_VERSION,
            batch: self.id().to_owned(),
            sources: self
                .sources
                .iter()
                .map(|(name, path)| (name.clone(), absolute(path)))
                .collect(),
        };
        let write = || {
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, &remembered)?;
            file.persist(&path).map_err(|error| error.error).map(|_| ())
        };
        write().map_err(|error| JobsError::io(&path, error))
    }

    /// The files that [`Batch::remember`] noted for a batch; none when it noted nothing. Files that
    /// are gone are left out.
    pub fn recall(folder: &Path, batch: &str) -> Result<Option<Scan>, JobsError> {
        let path = folder.join(format!("{batch}.json"));
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JobsError::io(path, error)),
        };
        let bad = |reason: String| JobsError::BadNote {
            path: path.clone(),
            reason,
        };
        let remembered: Remembered =
            serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if remembered.version > REMEMBERED_VERSION {
            return Err(bad(format!(
                "it has version {}, and this build reads version {REMEMBERED_VERSION}",
                remembered.version
            )));
        }
        let files = remembered.sources.into_iter().filter_map(|(name, path)| {
            let bytes = std::fs::metadata(&path).ok()?.len();
            Some(SourceFile { path, name, bytes })
        });
        Ok(Some(Scan {
            files: files.collect(),
            ..Scan::default()
        }))
    }
}

/// Reads a batch's manifest.
pub async fn load_manifest(target: &Target, batch: &str) -> Result<Manifest, JobsError> {
    let profile = target.profile();
    let no_such = || JobsError::NoSuchBatch {
        batch: batch.to_owned(),
        bucket: profile.bucket.clone(),
    };
    let bytes = store::get(target, &names::manifest_key(batch))
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
    Ok(manifest)
}

/// Writes the manifest and reads it back: nothing is sent before it is known to be there.
async fn store_manifest(
    target: &Target,
    manifest: &Manifest,
    cancel: &CancellationToken,
) -> Result<(), JobsError> {
    let text = serde_json::to_vec(manifest).map_err(|error| JobsError::BadManifest {
        batch: manifest.batch.clone(),
        reason: error.to_string(),
    })?;
    let write = async {
        let key = names::manifest_key(&manifest.batch);
        store::put_json(target, &key, text.clone()).await?;
        if store::get(target, &key).await? == Some(text) {
            return Ok(());
        }
        let reason = "it was stored, but what came back is different".to_owned();
        Err(JobsError::BadManifest {
            batch: manifest.batch.clone(),
            reason,
        })
    };
    tokio::select! {
        () = cancel.cancelled() => Err(JobsError::Cancelled),
        done = write => done,
    }
}

/// Size and sha256 of each file, in order.
async fn hash_all(
    files: Vec<PathBuf>,
    cancel: &CancellationToken,
) -> Result<Vec<(u64, String)>, JobsError> {
    let token = cancel.clone();
    let hashing = tokio::task::spawn_blocking(move || {
        files
            .iter()
            .map(|path| hash_file(path, &token))
            .collect::<Result<Vec<_>, _>>()
    });
    // A task that ended otherwise than by returning was cancelled with its runtime.
    hashing.await.unwrap_or(Err(JobsError::Cancelled))
}

fn hash_file(path: &Path, cancel: &CancellationToken) -> Result<(u64, String), JobsError> {
    let error = |error| JobsError::io(path, error);
    let mut file = std::fs::File::open(path).map_err(error)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(JobsError::Cancelled);
        }
        match file.read(&mut buffer).map_err(error)? {
            0 => return Ok((bytes, hex::encode(hash.finalize()))),
            count => {
                bytes += count as u64;
                hash.update(&buffer[..count]);
            }
        }
    }
}

fn now_rfc3339() -> String {
    let now = time::OffsetDateTime::now_utc();
    let second = now.replace_nanosecond(0).unwrap_or(now);
    second
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}
