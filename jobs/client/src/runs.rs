//! Batches that exist: list, show, stop, redrive, delete.

use std::collections::HashSet;

use futures::StreamExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use unicode_normalization::UnicodeNormalization;

pub use crate::delete::{Deleted, Extent, delete, extent};
use crate::error::{JobsError, from_sdk};
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::store;
use crate::submit::{Wish, load_manifest};
use crate::track::{
    BatchStatus, ExecutionStatus, ExecutionView, ItemState, ItemStatus, snapshot,
    snapshot_with_executions,
};

/// A line of the list of batches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchSummary {
    /// Its id.
    pub batch: String,
    /// When it was submitted, RFC 3339, UTC.
    pub created: String,
    /// Where the sender wanted it.
    pub wish: Wish,
    /// How many items.
    pub items: usize,
    /// Size of the originals together.
    pub bytes: u64,
    /// How many have a result.
    pub cleaned: usize,
    /// How many failed (and have no result).
    pub failed: usize,
    /// Hash of the recipe.
    pub recipe_hash: String,
}

/// What [`stop`] or [`redrive`] did, by item.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Acted {
    /// Items whose executions were stopped or redriven.
    pub done: Vec<String>,
    /// Items that were passed over, with the reason.
    pub skipped: Vec<(String, String)>,
    /// Items for which the service refused, with the reason.
    pub failed: Vec<(String, String)>,
}

/// What [`list_with_unreadable`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Listed {
    /// The newest first.
    pub batches: Vec<BatchSummary>,
    /// Batches whose manifest this version cannot read, and why: one of a newer version, mostly.
    pub unreadable: Vec<(String, String)>,
}

/// The newest batches first, at most `limit`. Manifests that this version cannot read are left out.
pub async fn list(target: &Target, limit: usize) -> Result<Vec<BatchSummary>, JobsError> {
    Ok(list_with_unreadable(target, limit).await?.batches)
}

/// Like [`list`], and tells of what is left out.
pub async fn list_with_unreadable(target: &Target, limit: usize) -> Result<Listed, JobsError> {
    let mut ids = batch_ids(target, "").await?;
    // ULIDs sort by time.
    ids.reverse();
    ids.truncate(limit);
    let summaries = ids
        .into_iter()
        .map(|id| async move { summary(target, &id).await });
    let mut summaries = futures::stream::iter(summaries).buffered(8);
    let mut found = Listed::default();
    while let Some(summary) = summaries.next().await {
        match summary {
            Ok(summary) => found.batches.push(summary),
            Err(JobsError::BadManifest { batch, reason }) => found.unreadable.push((batch, reason)),
            Err(JobsError::NoSuchBatch { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

async fn summary(target: &Target, id: &str) -> Result<BatchSummary, JobsError> {
    let (cleaned, failed) = (names::cleaned_prefix(id), names::failed_prefix(id));
    let (manifest, cleaned, failed) = tokio::try_join!(
        load_manifest(target, id),
        store::list(target, &cleaned),
        store::list(target, &failed),
    )?;
    let cleaned: HashSet<_> = cleaned
        .iter()
        .filter_map(|object| names::parse_cleaned_key(id, &object.key))
        .collect();
    let failed = failed
        .iter()
        .filter_map(|object| names::parse_failed_key(id, &object.key));
    Ok(BatchSummary {
        failed: failed.filter(|name| !cleaned.contains(name)).count(),
        cleaned: cleaned.len(),
        items: manifest.items.len(),
        bytes: manifest.items.iter().map(|item| item.bytes).sum(),
        batch: manifest.batch,
        created: manifest.created,
        wish: manifest.wish,
        recipe_hash: manifest.recipe_hash,
    })
}

/// Splits `BATCH` or `BATCH/NAME`. A batch may be shortened to an unambiguous beginning, and
/// `latest` is the newest one. The item's name is checked against the manifest.
pub async fn resolve(target: &Target, text: &str) -> Result<(String, Option<String>), JobsError> {
    let (wanted, name) = match text.split_once('/') {
        Some((batch, name)) if !name.is_empty() => (batch, Some(name.nfc().collect::<String>())),
        Some((batch, _)) => (batch, None),
        None => (text, None),
    };
    let no_such = || JobsError::NoSuchBatch {
        batch: wanted.to_owned(),
        bucket: target.profile().bucket.clone(),
    };
    // Every id begins with nothing: an empty variable in a script must not mean the only batch.
    if wanted.is_empty() {
        return Err(no_such());
    }
    let batch = if wanted == "latest" {
        batch_ids(target, "").await?.pop().ok_or_else(no_such)?
    } else {
        let begin = wanted.to_uppercase();
        let mut found = batch_ids(target, &begin).await?;
        match (found.len(), found.contains(&begin)) {
            (_, true) => begin,
            (0, _) => return Err(no_such()),
            (1, _) => found.remove(0),
            (count, _) => {
                return Err(JobsError::AmbiguousBatch {
                    batch: wanted.to_owned(),
                    count,
                });
            }
        }
    };
    if let Some(name) = &name {
        let manifest = load_manifest(target, &batch).await?;
        if !manifest.items.iter().any(|item| item.name == *name) {
            return Err(JobsError::NoSuchItem {
                batch,
                name: name.clone(),
            });
        }
    }
    Ok((batch, name))
}

/// Ids of the batches that begin so, oldest first.
async fn batch_ids(target: &Target, begin: &str) -> Result<Vec<String>, JobsError> {
    let listed = store::list(target, &format!("{}{begin}", names::MANIFESTS)).await?;
    let ids = listed.iter().filter_map(|object| {
        object
            .key
            .strip_prefix(names::MANIFESTS)?
            .strip_suffix(".json")
            .map(str::to_owned)
    });
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    Ok(ids)
}

/// A batch as it is now.
pub async fn show(target: &Target, batch: &str) -> Result<BatchStatus, JobsError> {
    let manifest = load_manifest(target, batch).await?;
    snapshot(target, &manifest).await
}

/// One item with the histories of all its executions, oldest first.
pub async fn show_item(
    target: &Target,
    batch: &str,
    name: &str,
) -> Result<(ItemStatus, Vec<ExecutionView>), JobsError> {
    let manifest = load_manifest(target, batch).await?;
    let (status, mut views) = snapshot_with_executions(target, &manifest).await?;
    let item = status.items.into_iter().find(|item| item.name == name);
    let item = item.ok_or_else(|| JobsError::NoSuchItem {
        batch: batch.to_owned(),
        name: name.to_owned(),
    })?;
    Ok((item, views.remove(name).unwrap_or_default()))
}

/// Stops the running executions of a batch, or of some of its items. Items whose work another batch
/// does are passed over: it is the other's.
pub async fn stop(
    target: &Target,
    batch: &str,
    names: Option<&[String]>,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Acted, JobsError> {
    act(target, batch, names, reporter, cancel, Action::Stop).await
}

/// Redrives the failed or stopped items of a batch, or of some of its items: each item's latest
/// execution goes on from the state that failed. Items that are cleaned or run are
/// passed over, and so are those whose work another batch does.
pub async fn redrive(
    target: &Target,
    batch: &str,
    names: Option<&[String]>,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Acted, JobsError> {
    act(target, batch, names, reporter, cancel, Action::Redrive).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Stop,
    Redrive,
}

/// The executions of an item that the action is for, or why there are none.
fn chosen(
    action: Action,
    item: &ItemStatus,
    views: &[ExecutionView],
) -> Result<Vec<String>, String> {
    if let Some(other) = &item.same_as {
        return Err(format!("shared with batch {}, left alone", other.batch));
    }
    let running = |view: &&ExecutionView| view.status == ExecutionStatus::Running;
    let names: Vec<String> = match action {
        Action::Stop => views
            .iter()
            .filter(running)
            .map(|view| view.name.clone())
            .collect(),
        Action::Redrive if matches!(item.state, ItemState::Failed | ItemState::Stopped) => {
            let last = views.iter().max_by_key(|view| view.stopped_ms);
            last.map(|view| view.name.clone()).into_iter().collect()
        }
        Action::Redrive => Vec::new(),
    };
    if names.is_empty() {
        return Err(match item.state {
            ItemState::Queued if item.executions.is_empty() => {
                "no execution has been started for it".to_owned()
            }
            ItemState::Failed | ItemState::Stopped if action == Action::Redrive => {
                "its execution is too old: submit it again".to_owned()
            }
            state => format!("it is {state}"),
        });
    }
    Ok(names)
}

async fn act(
    target: &Target,
    batch: &str,
    names: Option<&[String]>,
    reporter: &Reporter,
    cancel: &CancellationToken,
    action: Action,
) -> Result<Acted, JobsError> {
    let manifest = load_manifest(target, batch).await?;
    let known: HashSet<_> = manifest.items.iter().map(|item| &item.name).collect();
    for name in names.unwrap_or_default() {
        if !known.contains(name) {
            return Err(JobsError::NoSuchItem {
                batch: batch.to_owned(),
                name: name.clone(),
            });
        }
    }
    let (status, views) = snapshot_with_executions(target, &manifest).await?;
    let mut acted = Acted::default();
    let names: Option<HashSet<_>> = names.map(|names| names.iter().collect());
    for item in &status.items {
        if names
            .as_ref()
            .is_some_and(|names| !names.contains(&item.name))
        {
            continue;
        }
        if cancel.is_cancelled() {
            return Err(JobsError::Cancelled);
        }
        let views = views.get(&item.name).map(Vec::as_slice).unwrap_or_default();
        let outcome = match chosen(action, item, views) {
            Err(why) => {
                acted.skipped.push((item.name.clone(), why.clone()));
                why
            }
            Ok(executions) => match on_executions(target, action, &executions).await {
                Ok(()) => {
                    acted.done.push(item.name.clone());
                    let done = if action == Action::Stop {
                        "stopped"
                    } else {
                        "redriven"
                    };
                    done.to_owned()
                }
                Err(error @ JobsError::Service { .. }) => {
                    acted.failed.push((item.name.clone(), error.to_string()));
                    error.to_string()
                }
                Err(error) => return Err(error),
            },
        };
        let (item, was) = (item.name.clone(), item.state);
        reporter.tell(Progress::Acted {
            item,
            action: outcome,
            was,
        });
    }
    Ok(acted)
}

async fn on_executions(target: &Target, action: Action, names: &[String]) -> Result<(), JobsError> {
    let profile = target.profile();
    for name in names {
        let arn = profile.execution_arn(name);
        let at = profile.describe();
        match action {
            Action::Stop => {
                let stop = target
                    .sfn()
                    .stop_execution()
                    .execution_arn(&arn)
                    .error("Stopped");
                let stop = stop.cause("stopped on request").send().await;
                stop.map(|_| ())
                    .map_err(|e| from_sdk(e, &at, "states:StopExecution", &arn))?;
            }
            Action::Redrive => {
                let redrive = target.sfn().redrive_execution().execution_arn(&arn);
                let redrive = redrive.client_token(once_token()).send().await;
                redrive
                    .map(|_| ())
                    .map_err(|e| from_sdk(e, &at, "states:RedriveExecution", &arn))?;
            }
        }
    }
    Ok(())
}

/// A token that makes a retried redrive the same redrive.
fn once_token() -> String {
    ulid::Ulid::generate().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, status: ExecutionStatus, stopped: Option<i64>) -> ExecutionView {
        let name = name.to_owned();
        ExecutionView {
            name,
            status,
            stopped_ms: stopped,
            ..ExecutionView::default()
        }
    }

    fn item(state: ItemState) -> ItemStatus {
        ItemStatus {
            state,
            executions: vec!["1".into()],
            ..ItemStatus::default()
        }
    }

    #[test]
    fn a_redrive_takes_the_latest_execution_of_an_item_that_needs_one() {
        let views = [
            view("new", ExecutionStatus::Failed, Some(9)),
            view("old", ExecutionStatus::Failed, Some(5)),
        ];
        let of = |state| chosen(Action::Redrive, &item(state), &views);
        assert_eq!(of(ItemState::Failed), Ok(vec!["new".to_owned()]));
        assert_eq!(of(ItemState::Stopped), Ok(vec!["new".to_owned()]));
        assert_eq!(of(ItemState::Cleaned), Err("it is cleaned".to_owned()));
        assert_eq!(of(ItemState::Running), Err("it is running".to_owned()));
        let gone = chosen(Action::Redrive, &item(ItemState::Failed), &[]);
        assert_eq!(
            gone,
            Err("its execution is too old: submit it again".to_owned())
        );
    }

    #[test]
    fn what_another_batch_does_is_left_alone() {
        let views = [
            view("a", ExecutionStatus::Running, None),
            view("b", ExecutionStatus::Failed, Some(5)),
        ];
        for (action, state) in [
            (Action::Stop, ItemState::Running),
            (Action::Redrive, ItemState::Failed),
        ] {
            let mut shared = item(state);
            shared.same_as = Some(crate::submit::SameAs {
                batch: "01OTHER".into(),
                name: "x.jpg".into(),
            });
            let why = "shared with batch 01OTHER, left alone".to_owned();
            assert_eq!(chosen(action, &shared, &views), Err(why));
        }
    }

    #[test]
    fn a_stop_takes_all_that_run() {
        let views = [
            view("a", ExecutionStatus::Running, None),
            view("b", ExecutionStatus::Failed, Some(5)),
            view("c", ExecutionStatus::Running, None),
        ];
        let stopped = chosen(Action::Stop, &item(ItemState::Running), &views);
        assert_eq!(stopped, Ok(vec!["a".to_owned(), "c".to_owned()]));
        let waiting = ItemStatus::default();
        let why = "no execution has been started for it".to_owned();
        assert_eq!(chosen(Action::Stop, &waiting, &[]), Err(why));
    }
}
