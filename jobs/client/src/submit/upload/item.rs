//! One original → `inbox/`, checked on the way and never twice.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::body::{Attempt, Counter};
use super::buffers::Buffers;
use super::unfinished::Unfinished;
use super::{Sent, Work};
use crate::error::{JobsError, from_sdk};
use crate::names;
use crate::progress::Progress;
use crate::retry::Retries;
use crate::store;
use crate::submit::ManifestItem;
use crate::submit::hash::Print;
use crate::submit::parts::{ONE_PUT, part_range};

/// An original, and where it goes.
pub(super) struct Item<'a> {
    pub work: &'a Work<'a>,
    pub entry: &'a ManifestItem,
    pub key: String,
    pub path: &'a Path,
    pub print: Print,
    pub counter: Arc<Counter>,
}

impl Item<'_> {
    /// Sends it, unless it is there by now.
    pub(super) async fn send(&self, unfinished: &Unfinished) -> Result<Sent, JobsError> {
        self.work.reporter.tell(Progress::UploadStarted {
            item: self.entry.name.clone(),
            bytes: self.entry.bytes,
        });
        if self.entry.bytes > ONE_PUT {
            return self.in_parts(unfinished).await;
        }
        self.patiently(|| self.in_one()).await
    }

    /// Tries again, and tells it, until patience ends.
    pub(super) async fn patiently<T, F>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, JobsError>
    where
        F: Future<Output = Result<T, JobsError>>,
    {
        let mut retries = Retries::new(self.work.options.patience);
        loop {
            let error = match attempt().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let Some(pause) = retries.pause(&error) else {
                return Err(error);
            };
            self.work.reporter.tell(Progress::UploadRetry {
                item: self.entry.name.clone(),
                attempt: retries.attempt(),
                reason: error.to_string(),
            });
            tokio::time::sleep(pause).await;
        }
    }

    /// One whole request: a place, the bytes, the answer. `number` counts parts from 1.
    pub(super) async fn request<T, E, F>(
        &self,
        number: u64,
        send: impl FnOnce(aws_sdk_s3::primitives::ByteStream, String) -> F,
    ) -> Result<T, JobsError>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (offset, length) = part_range(self.entry.bytes, number);
        let pass = self.work.gate.pass(length).await;
        let crc = self.print.parts.get(number as usize - 1).copied();
        let crc = crc.unwrap_or_default();
        let buffers = Arc::clone(&self.work.buffers);
        let bytes = read(self.path.to_owned(), offset, length, crc, buffers).await?;
        let attempt = Attempt::new(&self.counter);
        let answer = send(attempt.body(bytes), encode(crc));
        let quiet = self.work.options.quiet;
        let done = match attempt.watched(quiet, answer).await {
            Some(answer) => answer.map_err(|error| self.error(error, "s3:PutObject")),
            None => Err(JobsError::Unreachable {
                target: self.work.target.profile().describe(),
                reason: format!("no answer for {} s", quiet.as_secs_f64()),
            }),
        };
        match &done {
            Ok(_) => {
                attempt.acknowledged();
                pass.succeeded(length);
            }
            Err(error) if error.is_overload() => pass.objected(),
            Err(_) => {}
        }
        done
    }

    async fn in_one(&self) -> Result<Sent, JobsError> {
        let target = self.work.target;
        let done = self
            .request(1, |body, crc| {
                let put = target
                    .s3_once()
                    .put_object()
                    .bucket(&target.profile().bucket)
                    .key(&self.key)
                    .set_metadata(Some(self.metadata()))
                    .content_type(self.content_type())
                    .content_length(self.entry.bytes as i64)
                    .checksum_crc64_nvme(crc)
                    .if_none_match("*")
                    .body(body);
                Box::pin(put.send())
            })
            .await;
        self.arrived(done.map(|_| ())).await
    }

    /// `If-None-Match` makes a second arrival impossible: every arrival starts an execution, and a
    /// retry after a lost answer must not start another. What is there has to be ours, though.
    pub(super) async fn arrived(&self, done: Result<(), JobsError>) -> Result<Sent, JobsError> {
        match done {
            Ok(()) => Ok(Sent::Now),
            Err(error) if error.code() == Some("PreconditionFailed") => {
                if self.there().await? {
                    return Ok(Sent::Already);
                }
                // It was there a moment ago.
                Err(JobsError::Service {
                    operation: "s3:PutObject".to_owned(),
                    code: "ConditionalRequestConflict".to_owned(),
                    message: "it was there, and is no more".to_owned(),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the original is there; an error when something else is.
    pub(super) async fn there(&self) -> Result<bool, JobsError> {
        let Some(head) = store::head(self.work.target, &self.key).await? else {
            return Ok(false);
        };
        if head.bytes == self.entry.bytes
            && head
                .sha256
                .as_ref()
                .is_none_or(|it| *it == self.entry.sha256)
        {
            return Ok(true);
        }
        Err(JobsError::Occupied {
            key: self.key.clone(),
        })
    }

    pub(super) fn metadata(&self) -> HashMap<String, String> {
        let manifest = &self.work.batch.manifest;
        HashMap::from([
            (names::META_RECIPE.to_owned(), manifest.recipe.differences()),
            (
                names::META_RECIPE_HASH.to_owned(),
                manifest.recipe_hash.clone(),
            ),
            (names::META_SHA256.to_owned(), self.entry.sha256.clone()),
            (names::META_PLACE.to_owned(), manifest.wish.to_string()),
            (
                names::META_VERSION.to_owned(),
                manifest.algorithm.to_string(),
            ),
        ])
    }

    pub(super) fn content_type(&self) -> &'static str {
        let extension = self.path.extension().unwrap_or_default();
        match extension.to_ascii_lowercase().to_str() {
            Some("png") => "image/png",
            Some("tif" | "tiff") => "image/tiff",
            Some("webp") => "image/webp",
            Some("bmp") => "image/bmp",
            _ => "image/jpeg",
        }
    }

    pub(super) fn error<E>(&self, error: SdkError<E>, operation: &str) -> JobsError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let profile = self.work.target.profile();
        let named = from_sdk(error, &profile.describe(), operation, &self.key);
        store::with_bucket(named, &profile.bucket)
    }
}

/// A CRC as S3 writes it.
pub(super) fn encode(crc: u64) -> String {
    STANDARD.encode(crc.to_be_bytes())
}

/// Reads a part off the async threads. A file that is no longer what was hashed is not sent.
pub(super) async fn read(
    path: PathBuf,
    offset: u64,
    length: u64,
    crc: u64,
    buffers: Arc<Buffers>,
) -> Result<Bytes, JobsError> {
    let reading = tokio::task::spawn_blocking(move || {
        let io = |error| JobsError::io(&path, error);
        let mut file = std::fs::File::open(&path).map_err(io)?;
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        let mut bytes = buffers.take(usize::try_from(length).unwrap_or(0));
        file.take(length).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 != length || crc_fast::crc64_nvme(&bytes) != crc {
            return Err(JobsError::Changed { path });
        }
        Ok(buffers.lend(bytes))
    });
    // A task that ended otherwise than by returning was cancelled with its runtime.
    reading.await.unwrap_or(Err(JobsError::Cancelled))
}
