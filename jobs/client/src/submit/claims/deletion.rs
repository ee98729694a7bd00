//! What a deletion has to know of claims, and take away.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt};

use super::{AT_ONCE, Claim};
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::store;
use crate::submit::{Manifest, load_manifest};

/// The batches that share results of this one, oldest first, and how many of their items do.
pub(crate) async fn sharers(
    target: &Target,
    batch: &str,
) -> Result<(Vec<String>, usize), JobsError> {
    let notes = store::list(target, &names::shares_prefix(batch)).await?;
    let (mut by, mut count) = (Vec::new(), 0);
    for note in notes {
        let Some(other) = names::parse_share_key(batch, &note.key) else {
            continue;
        };
        let shares = match load_manifest(target, other).await {
            Ok(manifest) => {
                let items = manifest.items.iter();
                let homes = items.filter_map(|item| item.same_as.as_ref());
                homes.filter(|home| home.batch == batch).count()
            }
            // Noted by one that was deleted, or died before it relied on anything.
            Err(JobsError::NoSuchBatch { .. }) => 0,
            // A newer version's: it may.
            Err(JobsError::BadManifest { .. }) => 1,
            Err(error) => return Err(error),
        };
        if shares > 0 && other != batch {
            by.push(other.to_owned());
            count += shares;
        }
    }
    Ok((by, count))
}

/// Removes a batch's claims, so that nobody else relies on it.
pub(crate) async fn remove(target: &Target, manifest: &Manifest) -> Result<(), JobsError> {
    let own = manifest.items.iter().filter(|item| item.same_as.is_none());
    let keys: BTreeSet<String> = own
        .map(|item| names::claim_key(&manifest.recipe_hash, &item.sha256))
        .collect();
    let looks = keys.into_iter().map(|key| async move {
        let found = store::get(target, &key).await?.unwrap_or_default();
        let claim = serde_json::from_slice::<Claim>(&found).ok();
        let ours = claim.is_some_and(|claim| claim.batch == manifest.batch);
        Ok::<_, JobsError>(ours.then_some(key))
    });
    let looks = futures::stream::iter(looks).buffer_unordered(AT_ONCE);
    let ours: Vec<Option<String>> = looks.try_collect().await?;
    let ours: Vec<String> = ours.into_iter().flatten().collect();
    for some in ours.chunks(1_000) {
        store::delete(target, some).await?;
    }
    Ok(())
}

/// The notes that a batch left with those whose results it shares.
pub(crate) fn notes(manifest: &Manifest) -> Vec<String> {
    let homes = manifest
        .items
        .iter()
        .filter_map(|item| item.same_as.as_ref());
    let homes: BTreeSet<&str> = homes.map(|home| home.batch.as_str()).collect();
    homes
        .into_iter()
        .filter(|home| *home != manifest.batch)
        .map(|home| names::share_key(home, &manifest.batch))
        .collect()
}
