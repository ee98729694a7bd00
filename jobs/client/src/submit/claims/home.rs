//! Whether a batch that holds a claim does the work, or is dead.

use std::collections::{HashMap, HashSet};

use super::Claims;
use crate::error::JobsError;
use crate::names;
use crate::store;
use crate::submit::{ManifestItem, load_manifest};

/// A batch that others rely on.
pub(super) enum Home {
    /// It was deleted, or never was.
    Gone,
    /// Written by a newer version: nobody knows what it does.
    Strange,
    There(Box<Work>),
}

/// What a batch has done, by item.
pub(super) struct Work {
    recipe_hash: String,
    /// The contents that it does itself, by name.
    own: HashMap<String, String>,
    stored: HashSet<String>,
    cleaned: HashSet<String>,
    failed: HashSet<String>,
    run: HashSet<String>,
}

impl Work {
    /// Whether the work on this content is done, or may still be.
    pub(super) fn lives(&self, name: &str, content: &ManifestItem, recipe_hash: &str) -> bool {
        let does = self.own.get(name) == Some(&content.sha256);
        let came_and_went = !self.stored.contains(name) && self.run.contains(name);
        does && self.recipe_hash == recipe_hash
            && (self.cleaned.contains(name) || !(self.failed.contains(name) || came_and_went))
    }
}

impl Claims<'_> {
    /// Everything that is known of a batch: its manifest and four listings, however many items ask.
    pub(super) async fn home(&self, batch: &str) -> Result<Home, JobsError> {
        let manifest = match self.patiently(|| load_manifest(self.target, batch)).await {
            Ok(manifest) => manifest,
            Err(JobsError::NoSuchBatch { .. }) => return Ok(Home::Gone),
            Err(JobsError::BadManifest { .. }) => return Ok(Home::Strange),
            Err(error) => return Err(error),
        };
        let (inbox, cleaned) = (names::inbox_prefix(batch), names::cleaned_prefix(batch));
        let (failed, runs) = (names::failed_prefix(batch), names::runs_prefix(batch));
        // The work may go on meanwhile. What has run was stored before, and leaves the inbox after it has ended: asked for in this
        // order, what is there to be found is found.
        let run = self.patiently(|| store::list(self.target, &runs)).await?;
        let stored = self.patiently(|| store::list(self.target, &inbox)).await?;
        let (cleaned, failed) = tokio::try_join!(
            self.patiently(|| store::list(self.target, &cleaned)),
            self.patiently(|| store::list(self.target, &failed)),
        )?;
        let named = |listed: Vec<store::Listed>, name: &dyn Fn(&str) -> Option<String>| {
            listed.iter().filter_map(|it| name(&it.key)).collect()
        };
        let owned = str::to_owned;
        let own = manifest.items.into_iter();
        let own = own.filter(|item| item.same_as.is_none());
        Ok(Home::There(Box::new(Work {
            recipe_hash: manifest.recipe_hash,
            own: own.map(|item| (item.name, item.sha256)).collect(),
            stored: named(stored, &|key| {
                names::parse_inbox_key(key).map(|(_, name)| owned(name))
            }),
            cleaned: named(cleaned, &|key| {
                names::parse_cleaned_key(batch, key).map(owned)
            }),
            failed: named(failed, &|key| {
                names::parse_failed_key(batch, key).map(owned)
            }),
            run: named(run, &|key| {
                names::parse_run_key(key).map(|(_, name, _)| owned(name))
            }),
        })))
    }
}
