//! Who does the work for which content: one claim for each content and recipe, written by whoever submits
//! it first. The others' items name that one's item and send nothing.
//!
//! Three rules keep this sound whoever dies or races when:
//!
//! - A batch has its manifest before its first claim, so that a claim without a manifest is dead.
//! - A batch notes that it shares another's results before it relies on them, and then looks at the claim
//!   once more; a deletion removes the claims first and looks for notes after that. One of both sees the other.
//! - Claims change hands by conditional writes only.

mod deletion;
mod home;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub(crate) use self::deletion::{Outside, held, left, sharers};
use self::home::Home;
use super::{Manifest, ManifestItem, SameAs, load_manifest};
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::retry::patiently;
use crate::store::{self, Only, Put};

/// Version of a claim's shape. A field that is only added does not raise it.
const CLAIM_VERSION: u32 = 1;
/// Requests at the same time.
const AT_ONCE: usize = 16;
/// How often an item whose claim changes under our eyes is looked at again before we do its work ourselves.
const ROUNDS: usize = 4;

/// `claims/<recipe hash>/<sha256>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    version: u32,
    batch: String,
    name: String,
}

/// How claims are written and looked at.
pub(super) struct Claims<'a> {
    pub target: &'a Target,
    pub patience: Duration,
    pub reporter: &'a Reporter,
    pub cancel: &'a CancellationToken,
}

/// What became of a claim for one of our items.
enum Claimed {
    Ours,
    Others(Claim, String),
    /// It changed meanwhile: look again.
    Unclear,
}

impl Claims<'_> {
    /// Claims these items, and says in the manifest which of them others do the work for.
    pub(super) async fn settle(
        &self,
        manifest: &mut Manifest,
        items: Vec<usize>,
    ) -> Result<(), JobsError> {
        let mut firsts: HashMap<String, usize> = HashMap::new();
        let (mut open, mut doubles) = (Vec::new(), Vec::new());
        for index in items {
            let content = &manifest.items[index].sha256;
            if let Some(first) = firsts.get(content) {
                doubles.push((index, *first));
            } else {
                firsts.insert(content.clone(), index);
                open.push(index);
            }
        }
        for _ in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            open = self.round(manifest, open).await?;
        }
        for (index, first) in doubles {
            let home = SameAs {
                batch: manifest.batch.clone(),
                name: manifest.items[first].name.clone(),
            };
            let of_first = manifest.items[first].same_as.clone();
            manifest.items[index].same_as = Some(of_first.unwrap_or(home));
        }
        Ok(())
    }

    /// Makes items whose home was deleted this batch's own; true when there were any.
    pub(super) async fn take_back(&self, manifest: &mut Manifest) -> Result<bool, JobsError> {
        let others = manifest
            .items
            .iter()
            .filter_map(|item| item.same_as.as_ref());
        let others: BTreeSet<String> = others
            .map(|home| home.batch.clone())
            .filter(|batch| *batch != manifest.batch)
            .collect();
        let mut gone = BTreeSet::new();
        for batch in others {
            let found = self.patiently(|| load_manifest(self.target, &batch)).await;
            match found {
                Err(JobsError::NoSuchBatch { .. }) => drop(gone.insert(batch)),
                Err(JobsError::BadManifest { .. }) | Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        let lost = |item: &ManifestItem| {
            let home = item.same_as.as_ref();
            home.is_some_and(|home| gone.contains(&home.batch))
        };
        let lost: Vec<usize> = (0..manifest.items.len())
            .filter(|index| lost(&manifest.items[*index]))
            .collect();
        for index in &lost {
            manifest.items[*index].same_as = None;
        }
        let any = !lost.is_empty();
        self.settle(manifest, lost).await?;
        Ok(any)
    }

    /// Looks at the claims of these items; gives those that have to be looked at again.
    async fn round(
        &self,
        manifest: &mut Manifest,
        open: Vec<usize>,
    ) -> Result<Vec<usize>, JobsError> {
        let ours = &*manifest;
        let claims = open.into_iter().map(|index| async move {
            let claimed = self.claim(ours, &ours.items[index], Only::Absent).await?;
            Ok::<_, JobsError>((index, claimed))
        });
        let claims = futures::stream::iter(claims).buffer_unordered(AT_ONCE);
        let claims: Vec<_> = claims.try_collect().await?;
        let (mut again, mut others) = (Vec::new(), BTreeMap::<String, Vec<_>>::new());
        for (index, claimed) in claims {
            match claimed {
                Claimed::Ours => {}
                Claimed::Unclear => again.push(index),
                Claimed::Others(claim, etag) => {
                    let of_batch = others.entry(claim.batch.clone()).or_default();
                    of_batch.push((index, claim, etag));
                }
            }
        }
        let mut shared = Vec::new();
        for (batch, of_batch) in others {
            let (live, unclear) = self.with_home(ours, &batch, of_batch).await?;
            shared.extend(live);
            again.extend(unclear);
        }
        for (index, home) in shared {
            manifest.items[index].same_as = Some(home);
        }
        again.sort_unstable();
        Ok(again)
    }

    /// Items that another batch claimed: those that it does the work for, and those to look at again.
    async fn with_home(
        &self,
        ours: &Manifest,
        batch: &str,
        claimed: Vec<(usize, Claim, String)>,
    ) -> Result<(Vec<(usize, SameAs)>, Vec<usize>), JobsError> {
        let work = match self.home(batch).await? {
            Home::Gone => None,
            // Its work may be as good as ours, or not: everything is done here.
            Home::Strange => return Ok((Vec::new(), Vec::new())),
            Home::There(work) => Some(work),
        };
        let lives = |(index, claim, _): &(usize, Claim, String)| {
            let item = &ours.items[*index];
            let work = work.as_ref();
            work.is_some_and(|work| work.lives(&claim.name, item, &ours.recipe_hash))
        };
        let (live, dead): (Vec<_>, Vec<_>) = claimed.into_iter().partition(lives);

        let takes = dead.into_iter().map(|(index, _, etag)| async move {
            let taken = self.claim(ours, &ours.items[index], Only::Over(&etag));
            Ok::<_, JobsError>((index, taken.await?))
        });
        let takes = futures::stream::iter(takes).buffer_unordered(AT_ONCE);
        let takes: Vec<_> = takes.try_collect().await?;
        let not_ours = takes
            .into_iter()
            .filter(|(_, claimed)| !matches!(claimed, Claimed::Ours));
        let mut again: Vec<usize> = not_ours.map(|(index, _)| index).collect();

        if live.is_empty() {
            return Ok((Vec::new(), again));
        }
        let note = names::share_key(batch, &ours.batch);
        let text = || br#"{"version":1}"#.to_vec();
        self.patiently(|| store::put_json(self.target, &note, text()))
            .await?;
        let looks = live.into_iter().map(|(index, claim, etag)| async move {
            let key = names::claim_key(&ours.recipe_hash, &ours.items[index].sha256);
            let found = self.patiently(|| store::get_tagged(self.target, &key));
            let stands = found.await?.is_some_and(|(_, found)| found == etag);
            Ok::<_, JobsError>((index, claim, stands))
        });
        let looks = futures::stream::iter(looks).buffer_unordered(AT_ONCE);
        let looks: Vec<_> = looks.try_collect().await?;
        let mut shared = Vec::new();
        for (index, claim, stands) in looks {
            if stands {
                let Claim { batch, name, .. } = claim;
                shared.push((index, SameAs { batch, name }));
            } else {
                again.push(index);
            }
        }
        Ok((shared, again))
    }

    /// Writes a claim for an item of ours, and reads what is there when it may not.
    async fn claim(
        &self,
        ours: &Manifest,
        item: &ManifestItem,
        only: Only<'_>,
    ) -> Result<Claimed, JobsError> {
        let key = names::claim_key(&ours.recipe_hash, &item.sha256);
        let claim = Claim {
            version: CLAIM_VERSION,
            batch: ours.batch.clone(),
            name: item.name.clone(),
        };
        let text = serde_json::to_vec(&claim).unwrap_or_default();
        let put = || store::put_json_only(self.target, &key, text.clone(), only);
        if self.patiently(put).await? == Put::Stored {
            return Ok(Claimed::Ours);
        }
        let found = self.patiently(|| store::get_tagged(self.target, &key));
        let Some((text, etag)) = found.await? else {
            return Ok(Claimed::Unclear);
        };
        match serde_json::from_slice::<Claim>(&text) {
            // The answer to our first try was lost.
            Ok(found) if found == claim => Ok(Claimed::Ours),
            Ok(found) if found.version <= CLAIM_VERSION => Ok(Claimed::Others(found, etag)),
            // A newer version's, or nobody's: leave it, and do the work.
            _ => Ok(Claimed::Ours),
        }
    }

    pub(super) async fn patiently<T, F>(&self, ask: impl FnMut() -> F) -> Result<T, JobsError>
    where
        F: Future<Output = Result<T, JobsError>>,
    {
        let tell = |_, error: &JobsError, pause: Duration| {
            self.reporter.tell(Progress::Offline {
                error: error.to_string(),
                next_ms: pause.as_millis() as u64,
            });
        };
        patiently(self.patience, self.cancel, tell, ask).await
    }
}

/// Nobody but its creator writes a new manifest.
pub(super) fn rewritten(batch: &str) -> JobsError {
    JobsError::BadManifest {
        batch: batch.to_owned(),
        reason: "somebody else has written it meanwhile".to_owned(),
    }
}
