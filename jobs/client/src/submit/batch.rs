//! A batch with the files it came from: begun here, or gone on with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use ulid::Ulid;
use whiteboarder_core::recipe::Recipe;

use super::claims::{self, Claims};
use super::hash::{Print, hash_all};
use super::ledger::{MANIFEST_VERSION, load_tagged, store_manifest};
use super::{Manifest, ManifestItem, Plan, Scan};
use crate::error::JobsError;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::retry::{PATIENCE, patiently};

/// What of an object's 2 KB of metadata the recipe may take.
const MAX_RECIPE_BYTES: usize = 1024;

/// How to begin a batch.
#[derive(Clone, Debug)]
pub struct CreateOptions {
    /// Leave the work on content that was submitted before with the same recipe and algorithm to
    /// whoever has it, in another batch or in this one. Otherwise everything is done again.
    pub skip_unchanged: bool,
    /// For how long one request is tried again while the target cannot be reached or objects.
    pub patience: Duration,
}

impl Default for CreateOptions {
    fn default() -> Self {
        Self {
            skip_unchanged: true,
            patience: PATIENCE,
        }
    }
}

/// A batch with the files it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What the bucket knows.
    pub manifest: Manifest,
    /// Where each item's file is, as far as known here.
    pub sources: BTreeMap<String, PathBuf>,
    /// What those files hold, as far as they were read.
    prints: BTreeMap<String, Print>,
    /// Whether it is yet to be found out which items others do the work for.
    unclaimed: bool,
    /// The tag of the manifest that was stored, if the bucket told one.
    etag: Option<String>,
}

impl Batch {
    /// [`Self::begin`] and [`Self::claim`] in one.
    pub async fn create(
        target: &Target,
        plan: Plan,
        recipe: &Recipe,
        options: &CreateOptions,
        reporter: &Reporter,
        cancel: &CancellationToken,
    ) -> Result<Self, JobsError> {
        let mut batch = Self::begin(target, plan, recipe, options, reporter, cancel).await?;
        batch.claim(target, options, reporter, cancel).await?;
        Ok(batch)
    }

    /// Hashes the files and writes the manifest of a new batch, which exists from then on: whoever is
    /// interrupted later can name what is to be gone on with. [`Self::claim`] comes next.
    pub async fn begin(
        target: &Target,
        plan: Plan,
        recipe: &Recipe,
        options: &CreateOptions,
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
        let files = plan.items.iter().map(|item| item.file.path.clone());
        let hashed = hash_all(files.collect(), reporter, cancel).await?;
        let items = plan.items.iter().zip(&hashed);
        let items = items
            .map(|(item, print)| ManifestItem {
                name: item.file.name.clone(),
                bytes: print.bytes,
                sha256: print.sha256.clone(),
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
        let claims = Claims {
            target,
            patience: options.patience,
            reporter,
            cancel,
        };
        // The manifest comes before the claims: a claim whose batch has none counts for nothing.
        let etag = claims
            .patiently(|| store_manifest(target, &manifest, None))
            .await?;
        let (sources, prints) = plan
            .items
            .into_iter()
            .zip(hashed)
            .map(|(item, print)| {
                let name = item.file.name;
                ((name.clone(), item.file.path), (name, print))
            })
            .unzip();
        Ok(Self {
            manifest,
            sources,
            prints,
            unclaimed: options.skip_unchanged,
            etag,
        })
    }

    /// Claims the items of a batch that was just begun, and says what there is to send. Items that
    /// another batch does already, with the same recipe, are left to it.
    ///
    /// Ends early by `cancel` or for want of the target; it may be called again, and without it the
    /// batch does all of its items itself.
    pub async fn claim(
        &mut self,
        target: &Target,
        options: &CreateOptions,
        reporter: &Reporter,
        cancel: &CancellationToken,
    ) -> Result<(), JobsError> {
        if self.unclaimed {
            let claims = Claims {
                target,
                patience: options.patience,
                reporter,
                cancel,
            };
            let mut manifest = self.manifest.clone();
            let all = (0..manifest.items.len()).collect();
            claims.settle(&mut manifest, all).await?;
            if manifest.items.iter().any(|item| item.same_as.is_some()) {
                claims
                    .patiently(|| store_manifest(target, &manifest, self.etag.as_deref()))
                    .await?
                    .ok_or_else(|| claims::rewritten(&manifest.batch))?;
            }
            self.manifest = manifest;
            self.unclaimed = false;
        }
        reporter.tell(Progress::Batch {
            batch: self.id().to_owned(),
            items: self.manifest.items.len(),
            bytes: self.bytes_to_send(),
        });
        Ok(())
    }

    /// Reads an existing batch and finds its items among these files: by name, size and content.
    /// Items that are not among them can only be tracked; [`super::upload`] reports those that
    /// are missing in the bucket as well.
    ///
    /// Items that another batch did the work for become this batch's own when that one was deleted.
    pub async fn resume(
        target: &Target,
        batch: &str,
        files: Option<Scan>,
        reporter: &Reporter,
        cancel: &CancellationToken,
    ) -> Result<Self, JobsError> {
        let tell = |_, error: &JobsError, pause: Duration| {
            reporter.tell(Progress::Offline {
                error: error.to_string(),
                next_ms: pause.as_millis() as u64,
            });
        };
        let load = || load_tagged(target, batch);
        let (mut manifest, etag) = patiently(PATIENCE, cancel, tell, load).await?;
        let claims = Claims {
            target,
            patience: PATIENCE,
            reporter,
            cancel,
        };
        if claims.take_back(&mut manifest).await? {
            let stored = claims.patiently(|| store_manifest(target, &manifest, Some(&etag)));
            if stored.await?.is_none() {
                // Somebody else has gone on with it and did the same.
                (manifest, _) = patiently(PATIENCE, cancel, tell, load).await?;
            }
        }
        let by_name: BTreeMap<&str, &ManifestItem> = manifest
            .items
            .iter()
            .map(|item| (item.name.as_str(), item))
            .collect();
        let mut candidates = Vec::new();
        for file in files.map(|scan| scan.files).unwrap_or_default() {
            let item = by_name.get(file.name.as_str());
            if let Some(item) = item.filter(|item| item.bytes == file.bytes) {
                candidates.push((item.name.clone(), item.sha256.clone(), file.path));
            }
        }
        let paths = candidates.iter().map(|(_, _, path)| path.clone()).collect();
        let hashed = hash_all(paths, reporter, cancel).await?;
        let (sources, prints) = candidates
            .into_iter()
            .zip(hashed)
            .filter(|((_, wanted, _), print)| *wanted == print.sha256)
            .map(|((name, _, path), print)| ((name.clone(), path), (name, print)))
            .unzip();
        Ok(Self {
            manifest,
            sources,
            prints,
            unclaimed: false,
            etag: None,
        })
    }

    /// The batch's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.manifest.batch
    }

    /// Bytes of the items that are this batch's own.
    #[must_use]
    pub fn bytes_to_send(&self) -> u64 {
        let own = self.manifest.items.iter();
        own.filter(|item| item.same_as.is_none())
            .map(|item| item.bytes)
            .sum()
    }

    /// The files it came from: downloads never write over them.
    #[must_use]
    pub fn inputs(&self) -> Vec<PathBuf> {
        self.sources.values().cloned().collect()
    }

    /// What an item's file holds, which is what the manifest says.
    pub(super) async fn print(
        &self,
        item: &ManifestItem,
        cancel: &CancellationToken,
    ) -> Result<Print, JobsError> {
        if let Some(print) = self.prints.get(&item.name) {
            return Ok(print.clone());
        }
        let path = self.sources.get(&item.name).cloned().unwrap_or_default();
        let hashed = hash_all(vec![path.clone()], &Reporter::silent(), cancel).await?;
        let same = |print: &Print| print.sha256 == item.sha256;
        hashed
            .into_iter()
            .find(same)
            .ok_or(JobsError::Changed { path })
    }
}

fn now_rfc3339() -> String {
    let now = time::OffsetDateTime::now_utc();
    let second = now.replace_nanosecond(0).unwrap_or(now);
    second
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}
