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

/// An object that a batch has outside of its own prefixes: its key and its size.
pub(crate) type Outside = (String, u64);

/// A batch's claims, as they are now.
pub(crate) async fn held(target: &Target, manifest: &Manifest) -> Result<Vec<Outside>, JobsError> {
    let own = manifest.items.iter().filter(|item| item.same_as.is_none());
    let keys: BTreeSet<String> = own
        .map(|item| names::claim_key(&manifest.recipe_hash, &item.sha256))
        .collect();
    let looks = keys.into_iter().map(|key| async move {
        let found = store::get(target, &key).await?.unwrap_or_default();
        let claim = serde_json::from_slice::<Claim>(&found).ok();
        let ours = claim.is_some_and(|claim| claim.batch == manifest.batch);
        Ok::<_, JobsError>(ours.then_some((key, found.len() as u64)))
    });
    let looks = futures::stream::iter(looks).buffer_unordered(AT_ONCE);
    let ours: Vec<Option<Outside>> = looks.try_collect().await?;
    Ok(ours.into_iter().flatten().collect())
}

/// The notes that a batch left with those whose results it shares, as far as they are there.
pub(crate) async fn left(target: &Target, manifest: &Manifest) -> Result<Vec<Outside>, JobsError> {
    let looks = notes(manifest).into_iter().map(|key| async move {
        let found = store::head(target, &key).await?;
        Ok::<_, JobsError>(found.map(|head| (key, head.bytes)))
    });
    let looks = futures::stream::iter(looks).buffer_unordered(AT_ONCE);
    let there: Vec<Option<Outside>> = looks.try_collect().await?;
    Ok(there.into_iter().flatten().collect())
}

/// The keys of the notes that a batch leaves with those whose results it shares.
fn notes(manifest: &Manifest) -> Vec<String> {
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
