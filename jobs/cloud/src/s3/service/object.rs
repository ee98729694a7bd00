//! Operations on objects.

use std::ops::Range;
use std::sync::Arc;

use http::{Extensions, HeaderMap};
use s3s::S3Request;
use s3s::dto::{
    ChecksumMode, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    MetadataDirective, PutObjectInput, PutObjectOutput, StorageClass, StreamingBlob,
};

use super::answer::{
    check_owner, check_unsupported, check_version, etag, fields, seconds, tag, timestamp,
    timestamp_ms, write_conditions,
};
use super::body::{Announced, announced, header_checksum};
use super::gate::ReadBody;
use crate::s3::buckets;
use crate::s3::checksum::{Algorithm, Expected};
use crate::s3::conditions::{ReadConditions, Tag, WriteConditions};
use crate::s3::error::StoreError;
use crate::s3::headers::{Headers, Metadata, stored_encoding};
use crate::s3::objects::{CopyRequest, PutRequest};
use crate::s3::receive::{Spooled, discard, spool};
use crate::s3::rows::{ObjectRow, Segment};
use crate::s3::store::{ObjectStore, blocking};

/// `DeleteObjects` takes this many keys.
const MAX_DELETES: usize = 1000;
/// The type of a body that says nothing.
const UNTYPED: &str = "binary/octet-stream";

pub(super) async fn put(
    store: &Arc<ObjectStore>,
    req: S3Request<PutObjectInput>,
    request_id: &str,
) -> Result<PutObjectOutput, StoreError> {
    let S3Request {
        mut input,
        headers: http,
        trailing_headers,
        ..
    } = req;
    let body = input.body.take();
    let (announced, conditions) = match check_put(store, &input, &http) {
        Ok(checked) => checked,
        Err(error) => {
            discard(body).await;
            return Err(error);
        }
    };
    let algorithm = announced.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let headers = Headers {
        content_type: input.content_type,
        content_encoding: stored_encoding(input.content_encoding),
        content_language: input.content_language,
        content_disposition: input.content_disposition,
        cache_control: input.cache_control,
        expires: input.expires.map(seconds),
        website_redirect_location: input.website_redirect_location,
        storage_class: input.storage_class.and_then(|class| storage_class(&class)),
    };
    let body = receive(store, &input.bucket, body, algorithm).await?;
    let expected = match announced.after(trailing_headers.as_ref()) {
        Ok(expected) => expected,
        Err(error) => {
            body.forget().await;
            return Err(error);
        }
    };
    let request = PutRequest {
        bucket: input.bucket,
        key: input.key,
        headers,
        metadata: input.metadata.into_iter().flatten().collect(),
        expected,
        algorithm,
        conditions,
        request_id: request_id.to_owned(),
    };
    let store = Arc::clone(store);
    let written = blocking(move || store.put(&request, body)).await?;
    let sums = fields(&written.checksum);
    Ok(PutObjectOutput {
        e_tag: Some(etag(&written.etag)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..PutObjectOutput::default()
    })
}

/// What can be said before the body.
fn check_put(
    store: &ObjectStore,
    input: &PutObjectInput,
    http: &HeaderMap,
) -> Result<(Announced, WriteConditions), StoreError> {
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_unsupported(&[
        (
            "encryption with a customer's key",
            input.sse_customer_key.is_some(),
        ),
        ("tagging", input.tagging.is_some()),
        ("object lock", input.object_lock_mode.is_some()),
        ("appending", input.write_offset_bytes.is_some()),
    ])?;
    let announced = announced(http, input.content_length, input.content_md5.as_deref())?;
    let conditions = write_conditions(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    Ok((announced, conditions))
}

/// Reads a body to disk, if there is a bucket for it.
pub(super) async fn receive(
    store: &Arc<ObjectStore>,
    bucket: &str,
    body: Option<StreamingBlob>,
    algorithm: Algorithm,
) -> Result<Spooled, StoreError> {
    let (checked, bucket) = (Arc::clone(store), bucket.to_owned());
    if let Err(error) = blocking(move || buckets::check(&checked, &bucket)).await {
        discard(body).await;
        return Err(error);
    }
    let Some(body) = body else {
        return Ok(Spooled::whole(&store.blobs, bytes::Bytes::new()));
    };
    spool(&store.blobs, body, algorithm == Algorithm::Sha1).await
}

pub(super) async fn get(
    store: &Arc<ObjectStore>,
    req: S3Request<GetObjectInput>,
) -> Result<GetObjectOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_version(input.version_id.as_deref())?;
    let (opened, bucket, key) = (Arc::clone(store), input.bucket, input.key);
    let object = blocking(move || opened.open_object(&bucket, &key)).await?;
    let conditions = ReadConditions {
        if_match: input.if_match.as_ref().map(tag),
        if_none_match: input.if_none_match.as_ref().map(tag),
        if_modified_since: input.if_modified_since.map(seconds),
        if_unmodified_since: input.if_unmodified_since.map(seconds),
    };
    conditions.check(&object.row.etag, object.row.modified_s())?;
    let piece = piece(
        &object.row,
        &object.segments,
        input.range,
        input.part_number,
    )?;
    let row = object.row.clone();
    let sums = sums(&row, &piece, input.checksum_mode.as_ref());
    let body = StreamingBlob::new(object.stream(store, piece.range.clone()));
    Ok(GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        body: Some(body),
        cache_control: row.headers.cache_control,
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        content_disposition: row.headers.content_disposition,
        content_encoding: row.headers.content_encoding,
        content_language: row.headers.content_language,
        content_length: Some(piece.length()),
        content_range: piece.content_range(row.size),
        content_type: Some(
            row.headers
                .content_type
                .unwrap_or_else(|| UNTYPED.to_owned()),
        ),
        e_tag: Some(etag(&row.etag)),
        expires: row.headers.expires.and_then(timestamp),
        last_modified: timestamp_ms(row.modified_ms),
        metadata: Some(row.metadata.into_iter().collect()),
        parts_count: input.part_number.and(row.parts).map(|parts| parts as i32),
        storage_class: row.headers.storage_class.map(StorageClass::from),
        website_redirect_location: row.headers.website_redirect_location,
        ..GetObjectOutput::default()
    })
}

pub(super) async fn head(
    store: &Arc<ObjectStore>,
    req: S3Request<HeadObjectInput>,
) -> Result<HeadObjectOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_version(input.version_id.as_deref())?;
    let (described, bucket, key) = (Arc::clone(store), input.bucket, input.key);
    let (row, segments) = blocking(move || described.describe(&bucket, &key)).await?;
    let conditions = ReadConditions {
        if_match: input.if_match.as_ref().map(tag),
        if_none_match: input.if_none_match.as_ref().map(tag),
        if_modified_since: input.if_modified_since.map(seconds),
        if_unmodified_since: input.if_unmodified_since.map(seconds),
    };
    conditions.check(&row.etag, row.modified_s())?;
    let piece = piece(&row, &segments, input.range, input.part_number)?;
    let sums = sums(&row, &piece, input.checksum_mode.as_ref());
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: input.response_cache_control.or(row.headers.cache_control),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        content_disposition: input
            .response_content_disposition
            .or(row.headers.content_disposition),
        content_encoding: input
            .response_content_encoding
            .or(row.headers.content_encoding),
        content_language: input
            .response_content_language
            .or(row.headers.content_language),
        content_length: Some(piece.length()),
        content_range: piece.content_range(row.size),
        content_type: input
            .response_content_type
            .or(row.headers.content_type)
            .or_else(|| Some(UNTYPED.to_owned())),
        e_tag: Some(etag(&row.etag)),
        expires: input
            .response_expires
            .or_else(|| row.headers.expires.and_then(timestamp)),
        last_modified: timestamp_ms(row.modified_ms),
        metadata: Some(row.metadata.into_iter().collect()),
        parts_count: input.part_number.and(row.parts).map(|parts| parts as i32),
        storage_class: row.headers.storage_class.map(StorageClass::from),
        website_redirect_location: row.headers.website_redirect_location,
        ..HeadObjectOutput::default()
    })
}

pub(super) async fn copy(
    store: &Arc<ObjectStore>,
    req: S3Request<CopyObjectInput>,
    request_id: &str,
) -> Result<CopyObjectOutput, StoreError> {
    let S3Request {
        input,
        headers: http,
        ..
    } = req;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_owner(store, input.expected_source_bucket_owner.as_deref())?;
    check_unsupported(&[
        (
            "encryption with a customer's key",
            input.sse_customer_key.is_some(),
        ),
        (
            "encryption with a customer's key",
            input.copy_source_sse_customer_key.is_some(),
        ),
        ("tagging", input.tagging.is_some()),
        ("object lock", input.object_lock_mode.is_some()),
    ])?;
    let (source_bucket, source_key) = source(input.copy_source)?;
    let if_match = condition(&http, "if-match")?;
    let if_none_match = condition(&http, "if-none-match")?;
    let class = input.storage_class.map(|class| class.as_str().to_owned());
    let replace = match input
        .metadata_directive
        .as_ref()
        .map(MetadataDirective::as_str)
    {
        None | Some(MetadataDirective::COPY) => None,
        Some(MetadataDirective::REPLACE) => {
            let headers = Headers {
                content_type: input.content_type,
                content_encoding: stored_encoding(input.content_encoding),
                content_language: input.content_language,
                content_disposition: input.content_disposition,
                cache_control: input.cache_control,
                expires: input.expires.map(seconds),
                website_redirect_location: input.website_redirect_location,
                storage_class: None,
            };
            let metadata: Metadata = input.metadata.into_iter().flatten().collect();
            Some((headers, metadata))
        }
        Some(other) => {
            return Err(StoreError::argument(format!(
                "unknown metadata directive `{other}`"
            )));
        }
    };
    let algorithm = input
        .checksum_algorithm
        .map(|name| Algorithm::parse(name.as_str()));
    let request = CopyRequest {
        source_bucket,
        source_key,
        source_conditions: ReadConditions {
            if_match: input.copy_source_if_match.as_ref().map(tag),
            if_none_match: input.copy_source_if_none_match.as_ref().map(tag),
            if_modified_since: input.copy_source_if_modified_since.map(seconds),
            if_unmodified_since: input.copy_source_if_unmodified_since.map(seconds),
        },
        bucket: input.bucket,
        key: input.key,
        replace,
        algorithm: algorithm.transpose()?,
        storage_class: class,
        conditions: write_conditions(if_match.as_ref(), if_none_match.as_ref())?,
        request_id: request_id.to_owned(),
    };
    let store = Arc::clone(store);
    let written = blocking(move || store.copy(request)).await?;
    let sums = fields(&written.checksum);
    Ok(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            e_tag: Some(etag(&written.etag)),
            last_modified: timestamp_ms(written.modified_ms),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            checksum_type: sums.checksum_type,
        }),
        ..CopyObjectOutput::default()
    })
}

pub(super) async fn delete(
    store: &Arc<ObjectStore>,
    req: S3Request<DeleteObjectInput>,
) -> Result<DeleteObjectOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_version(input.version_id.as_deref())?;
    let if_match = input.if_match.as_ref().map(tag);
    let conditions = WriteConditions {
        if_match,
        if_absent: false,
    };
    let store = Arc::clone(store);
    blocking(move || store.delete(&input.bucket, &input.key, &conditions)).await?;
    Ok(DeleteObjectOutput::default())
}

pub(super) async fn delete_many(
    store: &Arc<ObjectStore>,
    req: S3Request<DeleteObjectsInput>,
) -> Result<DeleteObjectsOutput, StoreError> {
    verify_keys(&req.extensions, &req.headers)?;
    let DeleteObjectsInput {
        bucket,
        delete,
        expected_bucket_owner,
        ..
    } = req.input;
    check_owner(store, expected_bucket_owner.as_deref())?;
    if delete.objects.is_empty() || delete.objects.len() > MAX_DELETES {
        let message = format!("between 1 and {MAX_DELETES} keys can be deleted at once");
        return Err(StoreError::MalformedXml { message });
    }
    let quiet = delete.quiet.unwrap_or_default();
    let keys: Vec<(String, WriteConditions)> = delete
        .objects
        .into_iter()
        .map(|object| {
            let if_match = object.e_tag.map(|etag| Tag::Is(etag.into_value()));
            (
                object.key,
                WriteConditions {
                    if_match,
                    if_absent: false,
                },
            )
        })
        .collect();
    let store = Arc::clone(store);
    let (keys, results) = blocking(move || {
        let results = store.delete_many(&bucket, &keys)?;
        Ok((keys, results))
    })
    .await?;
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for ((key, _), result) in keys.into_iter().zip(results) {
        match result {
            Ok(()) if quiet => {}
            Ok(()) => deleted.push(DeletedObject {
                key: Some(key),
                ..DeletedObject::default()
            }),
            Err(error) => errors.push(Error {
                key: Some(key),
                code: Some(error.code().to_owned()),
                message: Some(error.to_string()),
                version_id: None,
            }),
        }
    }
    let (deleted, errors) = (Some(deleted), Some(errors));
    Ok(DeleteObjectsOutput {
        deleted,
        errors,
        request_charged: None,
    })
}

/// Compares the list of keys with the checksums that the client sent along.
fn verify_keys(extensions: &Extensions, headers: &HeaderMap) -> Result<(), StoreError> {
    let Some(ReadBody(digests)) = extensions.get() else {
        return Ok(());
    };
    let md5 = headers.get("content-md5");
    let md5 = md5.map(|md5| Expected::decode_md5(md5.to_str().unwrap_or_default()));
    let expected = Expected {
        length: None,
        md5: md5.transpose()?,
        checksum: header_checksum(headers)?,
    };
    expected.verify(digests)
}

/// The bytes that a request is about.
struct Piece {
    range: Range<u64>,
    partial: bool,
}

impl Piece {
    fn length(&self) -> i64 {
        (self.range.end - self.range.start) as i64
    }

    fn content_range(&self, size: u64) -> Option<String> {
        let last = self.range.end.checked_sub(1)?;
        self.partial
            .then(|| format!("bytes {}-{last}/{size}", self.range.start))
    }
}

fn piece(
    row: &ObjectRow,
    segments: &[Segment],
    range: Option<s3s::dto::Range>,
    part: Option<i32>,
) -> Result<Piece, StoreError> {
    let size = row.size;
    match (range, part) {
        (Some(_), Some(_)) => Err(StoreError::request(
            "a request has a range or a part number, not both",
        )),
        (None, None) => Ok(Piece {
            range: 0..size,
            partial: false,
        }),
        (None, Some(number)) => {
            let mut start = 0;
            for segment in segments {
                let end = start + segment.digests.size;
                if segment.part == number {
                    return Ok(Piece {
                        range: start..end,
                        partial: true,
                    });
                }
                start = end;
            }
            Err(StoreError::InvalidRange { size })
        }
        (Some(range), None) => {
            let range = match range {
                s3s::dto::Range::Int { first, last } => {
                    first..last.map_or(size, |last| last.saturating_add(1).min(size))
                }
                s3s::dto::Range::Suffix { length } => size.saturating_sub(length)..size,
            };
            if range.is_empty() {
                return Err(StoreError::InvalidRange { size });
            }
            Ok(Piece {
                range,
                partial: true,
            })
        }
    }
}

/// Checksums are answered when asked for, and only of whole objects.
fn sums(row: &ObjectRow, piece: &Piece, mode: Option<&ChecksumMode>) -> s3s::dto::Checksum {
    if mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) && !piece.partial {
        return fields(&row.checksum);
    }
    s3s::dto::Checksum::default()
}

/// The object that `x-amz-copy-source` names.
pub(super) fn source(source: CopySource) -> Result<(String, String), StoreError> {
    match source {
        CopySource::Bucket {
            bucket,
            key,
            version_id,
        } => {
            check_version(version_id.as_deref())?;
            Ok((bucket.into(), key.into()))
        }
        _ => Err(StoreError::NotImplemented {
            feature: "copying from an access point".to_owned(),
        }),
    }
}

/// A condition that `s3s` does not hand on.
fn condition(headers: &HeaderMap, name: &str) -> Result<Option<ETagCondition>, StoreError> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let condition = ETagCondition::parse_http_header(value.as_bytes());
    condition
        .map(Some)
        .map_err(|_| StoreError::argument(format!("invalid header: {name}")))
}

/// `STANDARD` goes without saying.
pub(super) fn storage_class(class: &StorageClass) -> Option<String> {
    (class.as_str() != StorageClass::STANDARD).then(|| class.as_str().to_owned())
}
