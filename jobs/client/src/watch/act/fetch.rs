//! Results of executions → files.

use std::collections::BTreeMap;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{HANDFUL, Progress};
use crate::download::{self, Destination};
use crate::progress::Reporter;
use crate::store;
use crate::track::{BatchStatus, ItemStatus};
use crate::watch::feed::{Asker, result_key};
use crate::watch::run::{Run, Subject};

/// A result, and the executions that it is of.
struct Result {
    subject: Subject,
    key: String,
    arns: Vec<String>,
}

/// Downloads the results of executions' items into a folder; of several batches each into its own in there.
pub(super) async fn download(
    ask: &Asker,
    folder: &Path,
    chosen: Vec<(String, Option<Run>)>,
    progress: &mut Progress,
) {
    let mut results: BTreeMap<(String, String), Result> = BTreeMap::new();
    for (arn, run) in chosen {
        let result = run.and_then(|run| Some((result_key(&run)?, run.subject?)));
        let Some((key, subject)) = result else {
            progress.refused(arn, "it works on no picture of a batch".to_owned());
            continue;
        };
        let item = (subject.batch.clone(), subject.name.clone());
        let result = results.entry(item).or_insert_with(|| Result {
            subject,
            key,
            arns: Vec::new(),
        });
        result.arns.push(arn);
    }
    let mut batches: BTreeMap<String, Vec<Result>> = BTreeMap::new();
    for ((batch, _), result) in results {
        batches.entry(batch).or_default().push(result);
    }
    let several = batches.len() > 1;
    let mut all_refused = None;
    for (batch, mut results) in batches {
        let folder = if several {
            folder.join(&batch)
        } else {
            folder.to_owned()
        };
        while !results.is_empty() {
            let rest = results.split_off(HANDFUL.min(results.len()));
            let some = std::mem::replace(&mut results, rest);
            match &all_refused {
                None => all_refused = handful(ask, &folder, some, progress).await,
                Some(why) => {
                    let arns = some.into_iter().flat_map(|result| result.arns);
                    arns.for_each(|arn| progress.refused(arn, String::clone(why)));
                }
            }
        }
    }
}

/// Downloads a few; what every other one would fail of as well.
async fn handful(
    ask: &Asker,
    folder: &Path,
    results: Vec<Result>,
    progress: &mut Progress,
) -> Option<String> {
    let target = ask.target();
    let mut there = Vec::new();
    for result in results {
        match store::head(target, &result.key).await {
            Ok(None) => {
                for arn in result.arns {
                    progress.refused(arn, "it has no result".to_owned());
                }
            }
            // What cannot be asked now, downloading it will tell.
            Ok(Some(_)) | Err(_) => there.push(result),
        }
    }
    let items = there.iter().map(|result| ItemStatus {
        batch: result.subject.batch.clone(),
        name: result.subject.name.clone(),
        output: Some(result.key.clone()),
        ..ItemStatus::default()
    });
    let status = BatchStatus {
        batch: String::new(),
        created: String::new(),
        items: items.collect(),
    };
    let folder = Destination::Folder(folder.to_owned());
    let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
    let fetched = download::download(target, &status, &folder, &[], &silent, &cancel).await;
    let (failed, all) = match fetched {
        Ok(summary) => (summary.failed.into_iter().collect(), None),
        Err(error) => (BTreeMap::new(), Some(error.to_string())),
    };
    for result in there {
        let why = all.as_ref().or_else(|| failed.get(&result.subject.name));
        for arn in result.arns {
            match why {
                None => progress.done(arn),
                Some(why) => progress.refused(arn, why.clone()),
            }
        }
    }
    all
}
