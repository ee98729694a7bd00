//! Results → files, whole or not at all.

mod fetch;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use futures::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use self::fetch::{Fetched, patiently};
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::store;
use crate::track::{BatchStatus, ItemStatus};

/// Where results go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `<folder>/<name>.png`, subfolders as in the batch.
    Folder(PathBuf),
    /// Exactly this file; only for a batch with one result.
    File(PathBuf),
}

/// What [`download`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownloadSummary {
    /// Item and file.
    pub written: Vec<(String, PathBuf)>,
    /// Item and reason.
    pub failed: Vec<(String, String)>,
}

/// Downloads at the same time.
const CONCURRENCY: usize = 4;

/// Fetches the results of all cleaned items. Each is checked against the sha256 in its metadata
/// and appears under its name only when it is whole; a file that is that already is left as it is. What
/// breaks off or arrives damaged is fetched again. `inputs` are never written over. One item's failure does
/// not stop the others, but a full disk or a file system that is read-only does; what is whole by then stays, and
/// of the rest nothing.
pub async fn download(
    target: &Target,
    status: &BatchStatus,
    destination: &Destination,
    inputs: &[PathBuf],
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<DownloadSummary, JobsError> {
    let ready: Vec<(&ItemStatus, &String)> = status
        .items
        .iter()
        .filter_map(|item| Some((item, item.output.as_ref()?)))
        .collect();
    if let Destination::File(path) = destination
        && ready.len() > 1
    {
        let reason = format!(
            "{} results do not fit into one file; name a folder",
            ready.len()
        );
        return Err(JobsError::Refused {
            path: path.clone(),
            reason,
        });
    }
    let inputs: HashSet<PathBuf> = inputs
        .iter()
        .map(|input| input.canonicalize().unwrap_or_else(|_| input.clone()))
        .collect();
    let fetches = ready.into_iter().map(|(item, key)| {
        let inputs = &inputs;
        async move {
            let path = place(destination, &item.name)?;
            refuse_input(&path, inputs)?;
            tokio::select! {
                () = cancel.cancelled() => Err(JobsError::Cancelled),
                fetched = patiently(target, &item.name, key, &path, reporter) => {
                    Ok((path.clone(), fetched?))
                }
            }
        }
        .map(move |done| (item, done))
    });
    // Collected: whoever spawns this needs futures of one lifetime.
    let fetches: Vec<_> = fetches.collect();
    let mut fetches = futures::stream::iter(fetches).buffer_unordered(CONCURRENCY);
    let mut summary = DownloadSummary::default();
    while let Some((item, done)) = fetches.next().await {
        let item = item.name.clone();
        match done {
            Ok((path, fetched)) => {
                summary.written.push((item.clone(), path.clone()));
                let Fetched { bytes, already } = fetched;
                reporter.tell(Progress::Downloaded {
                    item,
                    path,
                    bytes,
                    already,
                });
            }
            Err(error) if concerns_all(&error) => return Err(error),
            Err(error) => {
                let error = error.to_string();
                summary.failed.push((item.clone(), error.clone()));
                reporter.tell(Progress::DownloadFailed { item, error });
            }
        }
    }
    summary.written.sort();
    summary.failed.sort();
    Ok(summary)
}

/// Whether every other item would fail alike.
fn concerns_all(error: &JobsError) -> bool {
    match error {
        JobsError::Cancelled
        | JobsError::AccessDenied { .. }
        | JobsError::NoCredentials { .. }
        | JobsError::Credentials { .. }
        | JobsError::Expired { .. }
        | JobsError::NoSuchBucket { .. } => true,
        error if error.is_skew() => true,
        error => error.is_no_room(),
    }
}

/// An item's two pictures as they lie in the bucket: as it was sent, and cleaned. Either is `None` when it
/// is not there, or not yet. For looking at, so they come into memory whole.
pub async fn pictures_of(
    target: &Target,
    item: &ItemStatus,
) -> Result<(Option<Vec<u8>>, Option<Vec<u8>>), JobsError> {
    let (batch, name) = match &item.same_as {
        Some(other) => (&other.batch, &other.name),
        None => (&item.batch, &item.name),
    };
    let original = names::inbox_key(batch, name);
    let before = store::get(target, &original).await?;
    let after = match &item.output {
        Some(key) => store::get(target, key).await?,
        None => None,
    };
    Ok((before, after))
}

/// A picture as it lies in the bucket, unless it is larger than this.
pub(crate) async fn picture_within(
    target: &Target,
    key: &str,
    bytes: u64,
) -> Result<Option<Vec<u8>>, JobsError> {
    match store::head(target, key).await? {
        Some(head) if head.bytes <= bytes => store::get(target, key).await,
        _ => Ok(None),
    }
}

/// Where an item's result goes. Names come from a bucket that others can write to: one that would
/// leave the folder is refused.
fn place(destination: &Destination, name: &str) -> Result<PathBuf, JobsError> {
    match destination {
        Destination::File(path) => Ok(path.clone()),
        Destination::Folder(folder) => {
            let mut path = folder.clone();
            for part in name.split('/') {
                let bad = matches!(part, "" | "." | "..")
                    || (cfg!(windows) && part.contains(['\\', ':']))
                    || part.chars().any(char::is_control);
                if bad {
                    let reason = "its name would leave the folder".to_owned();
                    return Err(JobsError::Refused {
                        path: folder.join(name),
                        reason,
                    });
                }
                path.push(part);
            }
            path.as_mut_os_string().push(".png");
            Ok(path)
        }
    }
}

/// `inputs` are canonical.
fn refuse_input(path: &Path, inputs: &HashSet<PathBuf>) -> Result<(), JobsError> {
    match path.canonicalize() {
        Ok(existing) if inputs.contains(&existing) => Err(JobsError::Refused {
            path: path.to_owned(),
            reason: "it is one of the pictures that were submitted".to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn results_keep_the_name_with_its_extension() {
        let folder = Destination::Folder("out".into());
        assert_eq!(place(&folder, "a.jpg").unwrap(), Path::new("out/a.jpg.png"));
        assert_eq!(
            place(&folder, "mo/a.png").unwrap(),
            Path::new("out/mo/a.png.png")
        );
        let file = Destination::File("x/clean.png".into());
        assert_eq!(place(&file, "mo/a.jpg").unwrap(), Path::new("x/clean.png"));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let folder = Destination::Folder("out".into());
        for name in ["../a.jpg", "/etc/a", "a/../../b", "a//b", "./a", "a\nb", ""] {
            assert!(place(&folder, name).is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_the_file_is_below_the_folder(name in "[a./\\\\: é]{0,12}") {
            let folder = Destination::Folder("out".into());
            if let Ok(path) = place(&folder, &name) {
                prop_assert!(path.starts_with("out"));
                prop_assert!(path.components().all(|c| matches!(c, std::path::Component::Normal(_))));
            }
        }
    }

    #[test]
    fn a_submitted_picture_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("a.png");
        std::fs::write(&input, "x").unwrap();
        let inputs = HashSet::from([input.canonicalize().unwrap()]);
        let roundabout = folder.path().join(".").join("a.png");
        assert!(refuse_input(&roundabout, &inputs).is_err());
        assert!(refuse_input(&folder.path().join("b.png"), &inputs).is_ok());
    }
}
