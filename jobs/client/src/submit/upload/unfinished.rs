//! What earlier tries left behind: multipart uploads that were never completed, and their parts.

use std::collections::HashMap;

use aws_sdk_s3::types::ChecksumAlgorithm;

use crate::error::{JobsError, UNREADABLE, from_sdk};
use crate::profile::Target;
use crate::store;

/// Uploads by key, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unfinished(HashMap<String, Vec<Begun>>);

/// An upload that was begun and neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub id: String,
    pub initiated_ms: i64,
    /// Whether its parts carry the checksum that we send, as far as the listing tells.
    pub fits: bool,
}

/// A part as the service has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPart {
    pub bytes: u64,
    pub etag: String,
    /// CRC-64/NVME, as S3 writes it.
    pub crc64: Option<String>,
}

impl Unfinished {
    /// Everything under a prefix.
    pub(crate) async fn list(target: &Target, prefix: &str) -> Result<Self, JobsError> {
        let profile = target.profile();
        let mut found: HashMap<String, Vec<Begun>> = HashMap::new();
        let (mut key, mut id) = (None, None);
        loop {
            let page = target
                .s3()
                .list_multipart_uploads()
                .bucket(&profile.bucket)
                .prefix(prefix)
                .set_key_marker(key)
                .set_upload_id_marker(id)
                .send()
                .await
                .map_err(|error| {
                    let (at, bucket) = (profile.describe(), &profile.bucket);
                    from_sdk(error, &at, "s3:ListBucketMultipartUploads", bucket)
                })?;
            for upload in page.uploads() {
                let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else {
                    continue;
                };
                let algorithm = upload.checksum_algorithm();
                found.entry(key.to_owned()).or_default().push(Begun {
                    id: id.to_owned(),
                    initiated_ms: upload
                        .initiated()
                        .and_then(|moment| moment.to_millis().ok())
                        .unwrap_or(0),
                    fits: algorithm.is_none_or(|a| *a == ChecksumAlgorithm::Crc64Nvme),
                });
            }
            key = page.next_key_marker().map(str::to_owned);
            id = page.next_upload_id_marker().map(str::to_owned);
            if !page.is_truncated().unwrap_or(false) || key.is_none() {
                break;
            }
        }
        for uploads in found.values_mut() {
            uploads.sort_by(|a, b| (a.initiated_ms, &a.id).cmp(&(b.initiated_ms, &b.id)));
        }
        Ok(Self(found))
    }

    /// The uploads of a key, oldest first.
    pub(crate) fn of(&self, key: &str) -> &[Begun] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Keys and ids of all.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(key, uploads)| {
            let ids = uploads.iter().map(|begun| begun.id.as_str());
            ids.map(move |id| (key.as_str(), id))
        })
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// The parts of an upload, by number; none when there is no such upload any more.
pub(crate) async fn parts(
    target: &Target,
    key: &str,
    id: &str,
) -> Result<Option<HashMap<u64, StoredPart>>, JobsError> {
    let profile = target.profile();
    let request = target.s3().list_parts().bucket(&profile.bucket).key(key);
    let mut pages = request.upload_id(id).into_paginator().send();
    let mut found = HashMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let at = profile.describe();
            from_sdk(error, &at, "s3:ListMultipartUploadParts", key)
        });
        let page = match page {
            Ok(page) => page,
            Err(error) if error.code() == Some("NoSuchUpload") => return Ok(None),
            // Then it is not known what is there, and all is sent again: slower, but right.
            Err(error) if error.code() == Some(UNREADABLE) => return Ok(Some(HashMap::new())),
            Err(error) => return Err(store::with_bucket(error, &profile.bucket)),
        };
        for part in page.parts() {
            let Some(number) = part.part_number().and_then(|n| u64::try_from(n).ok()) else {
                continue;
            };
            let stored = StoredPart {
                bytes: part.size().unwrap_or(0).unsigned_abs(),
                etag: part.e_tag().unwrap_or_default().to_owned(),
                crc64: part.checksum_crc64_nvme().map(str::to_owned),
            };
            found.insert(number, stored);
        }
    }
    Ok(Some(found))
}

/// Gives an upload up, with what it holds. One that is gone is fine.
pub(crate) async fn abort(target: &Target, key: &str, id: &str) -> Result<(), JobsError> {
    let profile = target.profile();
    let abort = target.s3().abort_multipart_upload().key(key);
    let done = abort.bucket(&profile.bucket).upload_id(id).send().await;
    let named = done.map(|_| ()).map_err(|error| {
        let at = profile.describe();
        store::with_bucket(
            from_sdk(error, &at, "s3:AbortMultipartUpload", key),
            &profile.bucket,
        )
    });
    match named {
        Err(error) if matches!(error.code(), Some("NoSuchUpload" | "NotFound")) => Ok(()),
        done => done,
    }
}
