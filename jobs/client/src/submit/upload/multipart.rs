//! A large original in parts: several at a time, and only those that are not there yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use futures::StreamExt;
use md5::{Digest, Md5};

use super::Sent;
use super::item::{Item, encode, read};
use super::unfinished::{StoredPart, Unfinished, abort, parts};
use crate::error::JobsError;
use crate::submit::parts::{part_count, part_range, whole_crc};

/// Parts that wait for a place at the same time.
const WAITING: usize = 32;
/// How often an upload that turns out to be of no use is given up for a new one.
const ANEW: usize = 4;

impl Item<'_> {
    /// Goes on with what an earlier try left, here or on another machine. A stop leaves it again: what
    /// was acknowledged need not be sent twice.
    pub(super) async fn in_parts(&self, unfinished: &Unfinished) -> Result<Sent, JobsError> {
        let begun = unfinished.of(&self.key);
        let mut candidate = begun.iter().rev().find(|begun| begun.fits);
        for left in (0..ANEW).rev() {
            let id = match candidate.take() {
                Some(begun) => begun.id.clone(),
                None => self.patiently(|| self.begin()).await?,
            };
            let error = match self.fill_and_complete(&id).await {
                Ok(sent) => {
                    let others = begun.iter().map(|begun| begun.id.as_str());
                    let others = others.filter(|other| *other != id);
                    // When somebody else was quicker, ours is of no use either.
                    let ours = (sent == Sent::Already).then_some(id.as_str());
                    for id in others.chain(ours) {
                        // What is left is paid for; if this fails, the batch's deletion takes it.
                        let _ = abort(self.work.target, &self.key, id).await;
                    }
                    return Ok(sent);
                }
                Err(error) => error,
            };
            // Somebody aborted or completed it, or what it holds is not what it should be.
            let useless = matches!(
                error.code(),
                Some(
                    "NoSuchUpload"
                        | "InvalidPart"
                        | "InvalidPartOrder"
                        | "InvalidRequest"
                        | "EntityTooSmall"
                        | "BadDigest"
                        | "ConditionalRequestConflict"
                )
            );
            if !useless || left == 0 {
                return Err(error);
            }
            if self.patiently(|| self.there()).await? {
                return Ok(Sent::Already);
            }
            let _ = abort(self.work.target, &self.key, &id).await;
            self.counter.reset();
        }
        Err(JobsError::Cancelled)
    }

    async fn begin(&self) -> Result<String, JobsError> {
        let target = self.work.target;
        let begun = target
            .s3()
            .create_multipart_upload()
            .bucket(&target.profile().bucket)
            .key(&self.key)
            .set_metadata(Some(self.metadata()))
            .content_type(self.content_type())
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .send()
            .await
            .map_err(|error| self.error(error, "s3:PutObject"))?;
        Ok(begun.upload_id().unwrap_or_default().to_owned())
    }

    async fn fill_and_complete(&self, id: &str) -> Result<Sent, JobsError> {
        let listed = self.patiently(|| parts(self.work.target, &self.key, id));
        let gone = || JobsError::Service {
            operation: "s3:ListMultipartUploadParts".to_owned(),
            code: "NoSuchUpload".to_owned(),
            message: "the upload is gone".to_owned(),
        };
        let listed = listed.await?.ok_or_else(gone)?;
        let mut done = self.already(listed).await?;
        let missing =
            (1..=part_count(self.entry.bytes)).filter(|number| !done.contains_key(number));
        let missing: Vec<u64> = missing.collect();
        let sends = missing.into_iter().map(|number| async move {
            let part = self.patiently(|| self.part(id, number)).await;
            part.map(|part| (number, part))
        });
        let mut sends = futures::stream::iter(sends).buffer_unordered(WAITING);
        while let Some(sent) = sends.next().await {
            let (number, part) = sent?;
            done.insert(number, part);
        }
        drop(sends);
        self.patiently(|| async {
            let completed = self.complete(id, &done).await;
            self.arrived(completed).await
        })
        .await
    }

    /// Those of the listed parts that hold what they should.
    async fn already(
        &self,
        listed: HashMap<u64, StoredPart>,
    ) -> Result<BTreeMap<u64, CompletedPart>, JobsError> {
        let mut done = BTreeMap::new();
        let mut bytes = 0;
        for (number, crc) in (1_u64..).zip(self.print.parts.iter()) {
            let (offset, length) = part_range(self.entry.bytes, number);
            let Some(part) = listed.get(&number).filter(|part| part.bytes == length) else {
                continue;
            };
            let same = if let Some(stored) = &part.crc64 {
                *stored == encode(*crc)
            } else {
                // Not every service keeps the checksum; the entity tag of a part is its MD5.
                let pass = self.work.gate.pass(length).await;
                let buffers = Arc::clone(&self.work.buffers);
                let local = read(self.path.to_owned(), offset, length, *crc, buffers).await?;
                let md5 = hex::encode(Md5::digest(&local));
                drop(pass);
                part.etag.trim_matches('"') == md5
            };
            if same {
                bytes += length;
                let crc64 = part.crc64.clone();
                done.insert(number, completed(number, Some(part.etag.clone()), crc64));
            }
        }
        if bytes > 0 {
            self.counter.there_already(bytes);
        }
        Ok(done)
    }

    async fn part(&self, id: &str, number: u64) -> Result<CompletedPart, JobsError> {
        let target = self.work.target;
        let answer = self
            .request(number, |body, crc| {
                let part = target
                    .s3_once()
                    .upload_part()
                    .bucket(&target.profile().bucket)
                    .key(&self.key)
                    .upload_id(id)
                    .part_number(number as i32)
                    .content_length(part_range(self.entry.bytes, number).1 as i64)
                    .checksum_crc64_nvme(crc)
                    .body(body);
                Box::pin(part.send())
            })
            .await?;
        Ok(completed(number, answer.e_tag, answer.checksum_crc64_nvme))
    }

    /// The service compares the whole object's checksum with ours before the object comes to be.
    async fn complete(
        &self,
        id: &str,
        parts: &BTreeMap<u64, CompletedPart>,
    ) -> Result<(), JobsError> {
        let target = self.work.target;
        let list = parts.values().cloned().collect();
        target
            .s3()
            .complete_multipart_upload()
            .bucket(&target.profile().bucket)
            .key(&self.key)
            .upload_id(id)
            .if_none_match("*")
            .checksum_type(ChecksumType::FullObject)
            .checksum_crc64_nvme(encode(whole_crc(self.entry.bytes, &self.print.parts)))
            .mpu_object_size(self.entry.bytes as i64)
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(list))
                    .build(),
            )
            .send()
            .await
            .map(|_| ())
            .map_err(|error| self.error(error, "s3:PutObject"))
    }
}

fn completed(number: u64, etag: Option<String>, crc64: Option<String>) -> CompletedPart {
    CompletedPart::builder()
        .part_number(number as i32)
        .set_e_tag(etag)
        .set_checksum_crc64_nvme(crc64)
        .build()
}
