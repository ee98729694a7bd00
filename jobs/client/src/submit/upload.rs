//! Originals → `inbox/`, a few at a time.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::body::{Counter, counted};
use super::{Batch, ManifestItem};
use crate::error::{JobsError, from_sdk};
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::store;
use crate::track::{BatchStatus, FollowOptions, follow_beside};

/// How to submit.
#[derive(Clone, Debug)]
pub struct SubmitOptions {
    /// Uploads at the same time.
    pub concurrency: usize,
    /// For how long one item is tried again while the target cannot be reached.
    pub patience: Duration,
    /// How to track.
    pub follow: FollowOptions,
}

impl Default for SubmitOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            patience: Duration::from_mins(2),
            follow: FollowOptions::default(),
        }
    }
}

/// What [`upload`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadSummary {
    /// Items that were sent now.
    pub sent: usize,
    /// Items that were there already.
    pub already: usize,
    /// Items that were given up, with the reason.
    pub failed: BTreeMap<String, String>,
}

/// Files beyond this go up in parts.
const ONE_PUT: u64 = 64 * 1024 * 1024;
/// Smallest part; S3 wants 5 MiB at least and 10,000 parts at most.
const PART: u64 = 16 * 1024 * 1024;

/// Brings every item that is not in the bucket yet to `inbox/`. One item's failure does not stop
/// the others, it is in the summary; a target that lets nothing in does.
pub async fn upload(
    target: &Target,
    batch: &Batch,
    options: &SubmitOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<UploadSummary, JobsError> {
    let prefix = names::inbox_prefix(batch.id());
    let present = tokio::select! {
        () = cancel.cancelled() => return Err(JobsError::Cancelled),
        listed = store::list(target, &prefix) => listed?,
    };
    let present: HashMap<String, u64> = present
        .into_iter()
        .map(|object| (object.key, object.bytes))
        .collect();
    let mut summary = UploadSummary::default();
    let uploads = batch.manifest.items.iter().map(|item| {
        let there = present.get(&names::inbox_key(batch.id(), &item.name)) == Some(&item.bytes);
        async move {
            let sent = if there {
                Ok(Sent::Already)
            } else {
                patiently(target, batch, item, options, reporter, cancel).await
            };
            (item, sent)
        }
    });
    let mut uploads = futures::stream::iter(uploads).buffer_unordered(options.concurrency.max(1));
    while let Some((item, sent)) = uploads.next().await {
        match sent {
            Ok(sent) => {
                let already = sent == Sent::Already;
                *(if already {
                    &mut summary.already
                } else {
                    &mut summary.sent
                }) += 1;
                let (item, bytes) = (item.name.clone(), item.bytes);
                reporter.tell(Progress::Uploaded {
                    item,
                    bytes,
                    already,
                });
            }
            Err(
                error @ (JobsError::Cancelled
                | JobsError::AccessDenied { .. }
                | JobsError::NoCredentials { .. }
                | JobsError::Credentials { .. }
                | JobsError::NoSuchBucket { .. }),
            ) => return Err(error),
            Err(error) => {
                let (item, error) = (item.name.clone(), error.to_string());
                summary.failed.insert(item.clone(), error.clone());
                reporter.tell(Progress::UploadFailed { item, error });
            }
        }
    }
    Ok(summary)
}

/// Uploads and follows at the same time, until every item is settled. Items whose upload was given
/// up are failed items of the result.
pub async fn run(
    target: &Target,
    batch: &Batch,
    options: &SubmitOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<BatchStatus, JobsError> {
    let (tell, uploads) = watch::channel(BTreeMap::new());
    let uploading = async {
        let summary = upload(target, batch, options, reporter, cancel).await?;
        tell.send_replace(summary.failed);
        Ok(())
    };
    let following = follow_beside(
        target,
        &batch.manifest,
        &options.follow,
        reporter,
        cancel,
        Some(uploads),
    );
    let ((), status) = tokio::try_join!(uploading, following)?;
    Ok(status)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Now,
    Already,
}

/// Tries one item again while the target is away, up to the options' patience.
async fn patiently(
    target: &Target,
    batch: &Batch,
    item: &ManifestItem,
    options: &SubmitOptions,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Sent, JobsError> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(250);
    let mut attempt = 1;
    reporter.tell(Progress::UploadStarted {
        item: item.name.clone(),
        bytes: item.bytes,
    });
    loop {
        let error = match one(target, batch, item, reporter, cancel).await {
            Err(error) if error.is_transient() && began.elapsed() < options.patience => error,
            done => return done,
        };
        attempt += 1;
        let (item, reason) = (item.name.clone(), error.to_string());
        reporter.tell(Progress::UploadRetry {
            item,
            attempt,
            reason,
        });
        tokio::select! {
            () = cancel.cancelled() => return Err(JobsError::Cancelled),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(8)),
        }
    }
}

async fn one(
    target: &Target,
    batch: &Batch,
    item: &ManifestItem,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Sent, JobsError> {
    let Some(path) = batch.sources.get(&item.name) else {
        let source = std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "this file, as it was submitted, is needed to go on with its upload",
        );
        return Err(JobsError::io(&item.name, source));
    };
    let counter = Counter::new(&item.name, item.bytes, reporter);
    let upload = Upload {
        target,
        batch,
        item,
        path,
        counter,
    };
    if item.bytes > ONE_PUT {
        return upload.in_parts(cancel).await;
    }
    tokio::select! {
        () = cancel.cancelled() => Err(JobsError::Cancelled),
        sent = upload.in_one() => sent,
    }
}

struct Upload<'a> {
    target: &'a Target,
    batch: &'a Batch,
    item: &'a ManifestItem,
    path: &'a Path,
    counter: Arc<Counter>,
}

impl Upload<'_> {
    fn key(&self) -> String {
        names::inbox_key(self.batch.id(), &self.item.name)
    }

    fn metadata(&self) -> HashMap<String, String> {
        let manifest = &self.batch.manifest;
        HashMap::from([
            (names::META_RECIPE.to_owned(), manifest.recipe.differences()),
            (
                names::META_RECIPE_HASH.to_owned(),
                manifest.recipe_hash.clone(),
            ),
            (names::META_SHA256.to_owned(), self.item.sha256.clone()),
            (names::META_PLACE.to_owned(), manifest.wish.to_string()),
            (
                names::META_VERSION.to_owned(),
                manifest.algorithm.to_string(),
            ),
        ])
    }

    fn content_type(&self) -> &'static str {
        let extension = self
            .path
            .extension()
            .map(std::ffi::OsStr::to_ascii_lowercase);
        if extension.is_some_and(|e| e == "png") {
            "image/png"
        } else {
            "image/jpeg"
        }
    }

    fn error<E, R>(&self, error: SdkError<E, R>) -> JobsError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let profile = self.target.profile();
        let named = from_sdk(error, &profile.describe(), "s3:PutObject", &self.key());
        store::with_bucket(named, &profile.bucket)
    }

    /// `If-None-Match` makes a second arrival impossible: every arrival starts an execution, and a
    /// retry after a lost answer must not start another.
    fn sent<T>(result: Result<T, JobsError>) -> Result<Sent, JobsError> {
        match result {
            Ok(_) => Ok(Sent::Now),
            Err(JobsError::Service { code, .. }) if code == "PreconditionFailed" => {
                Ok(Sent::Already)
            }
            Err(error) => Err(error),
        }
    }

    async fn in_one(&self) -> Result<Sent, JobsError> {
        let bytes = tokio::fs::read(self.path)
            .await
            .map_err(|e| JobsError::io(self.path, e))?;
        if hex::encode(Sha256::digest(&bytes)) != self.item.sha256 {
            return Err(JobsError::Changed {
                path: self.path.to_owned(),
            });
        }
        let answer = self
            .target
            .s3()
            .put_object()
            .bucket(&self.target.profile().bucket)
            .key(self.key())
            .set_metadata(Some(self.metadata()))
            .content_type(self.content_type())
            .if_none_match("*")
            .body(counted(bytes.into(), 0, &self.counter))
            .send()
            .await;
        Self::sent(answer.map_err(|error| self.error(error)))
    }

    async fn in_parts(&self, cancel: &CancellationToken) -> Result<Sent, JobsError> {
        let profile = self.target.profile();
        let s3 = self.target.s3();
        let created = s3
            .create_multipart_upload()
            .bucket(&profile.bucket)
            .key(self.key())
            .set_metadata(Some(self.metadata()))
            .content_type(self.content_type())
            .send()
            .await
            .map_err(|error| self.error(error))?;
        let id = created.upload_id().unwrap_or_default().to_owned();
        let done = tokio::select! {
            () = cancel.cancelled() => Err(JobsError::Cancelled),
            done = self.parts(&id) => done,
        };
        if !matches!(done, Ok(Sent::Now)) {
            // What is left of it would be paid for; if this fails too, a lifecycle rule has to.
            let abort = s3
                .abort_multipart_upload()
                .bucket(&profile.bucket)
                .key(self.key());
            let _ = abort.upload_id(&id).send().await;
        }
        done
    }

    async fn parts(&self, id: &str) -> Result<Sent, JobsError> {
        let io = |error| JobsError::io(self.path, error);
        let profile = self.target.profile();
        let s3 = self.target.s3();
        let part_size = self.item.bytes.div_ceil(10_000).max(PART);
        let mut file = tokio::fs::File::open(self.path).await.map_err(io)?;
        let mut hash = Sha256::new();
        let mut parts = CompletedMultipartUpload::builder();
        let mut offset = 0;
        for number in 1.. {
            let mut part = Vec::with_capacity(part_size as usize);
            (&mut file)
                .take(part_size)
                .read_to_end(&mut part)
                .await
                .map_err(io)?;
            if part.is_empty() {
                break;
            }
            hash.update(&part);
            let length = part.len() as u64;
            let answer = s3
                .upload_part()
                .bucket(&profile.bucket)
                .key(self.key())
                .upload_id(id)
                .part_number(number)
                .body(counted(part.into(), offset, &self.counter))
                .send()
                .await
                .map_err(|error| self.error(error))?;
            offset += length;
            parts = parts.parts(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(answer.e_tag)
                    .set_checksum_crc32(answer.checksum_crc32)
                    .set_checksum_crc64_nvme(answer.checksum_crc64_nvme)
                    .build(),
            );
        }
        if offset != self.item.bytes || hex::encode(hash.finalize()) != self.item.sha256 {
            return Err(JobsError::Changed {
                path: self.path.to_owned(),
            });
        }
        let answer = s3
            .complete_multipart_upload()
            .bucket(&profile.bucket)
            .key(self.key())
            .upload_id(id)
            .if_none_match("*")
            .multipart_upload(parts.build())
            .send()
            .await;
        Self::sent(answer.map_err(|error| self.error(error)))
    }
}
