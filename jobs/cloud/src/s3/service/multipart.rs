//! Operations on multipart uploads.

use std::sync::Arc;

use s3s::S3Request;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, Initiator, ListPartsInput,
    ListPartsOutput, Part, StorageClass, UploadPartCopyInput, UploadPartCopyOutput,
    UploadPartInput, UploadPartOutput,
};

use super::answer::{
    check_owner, check_unsupported, etag, fields, owner, part_fields, seconds, tag, timestamp_ms,
    write_conditions,
};
use super::body::{Announced, announced};
use super::object::{receive, source, storage_class};
use crate::s3::checksum::{Algorithm, Cover};
use crate::s3::conditions::ReadConditions;
use crate::s3::error::StoreError;
use crate::s3::headers::{Headers, stored_encoding};
use crate::s3::list::MAX_ENTRIES;
use crate::s3::multipart::{
    CompleteRequest, ListedPart, PartCopyRequest, Upload, UploadAddress, UploadRequest,
    check_part_number,
};
use crate::s3::receive::discard;
use crate::s3::store::{ObjectStore, blocking};

pub(super) async fn begin(
    store: &Arc<ObjectStore>,
    req: S3Request<CreateMultipartUploadInput>,
) -> Result<CreateMultipartUploadOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_unsupported(&[
        (
            "encryption with a customer's key",
            input.sse_customer_key.is_some(),
        ),
        ("tagging", input.tagging.is_some()),
        ("object lock", input.object_lock_mode.is_some()),
    ])?;
    let algorithm = input
        .checksum_algorithm
        .map(|name| Algorithm::parse(name.as_str()));
    let cover = input.checksum_type.map(|name| Cover::parse(name.as_str()));
    let request = UploadRequest {
        bucket: input.bucket,
        key: input.key,
        headers: Headers {
            content_type: input.content_type,
            content_encoding: stored_encoding(input.content_encoding),
            content_language: input.content_language,
            content_disposition: input.content_disposition,
            cache_control: input.cache_control,
            expires: input.expires.map(seconds),
            website_redirect_location: input.website_redirect_location,
            storage_class: input.storage_class.and_then(|class| storage_class(&class)),
        },
        metadata: input.metadata.into_iter().flatten().collect(),
        algorithm: algorithm.transpose()?,
        cover: cover.transpose()?,
    };
    let store = Arc::clone(store);
    let (upload, bucket) = blocking(move || {
        let upload = store.begin_upload(&request)?;
        Ok((upload, request.bucket))
    })
    .await?;
    Ok(CreateMultipartUploadOutput {
        bucket: Some(bucket),
        checksum_algorithm: algorithm_of(&upload),
        checksum_type: type_of(&upload),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        ..CreateMultipartUploadOutput::default()
    })
}

pub(super) async fn put(
    store: &Arc<ObjectStore>,
    req: S3Request<UploadPartInput>,
) -> Result<UploadPartOutput, StoreError> {
    let S3Request {
        mut input,
        headers: http,
        trailing_headers,
        ..
    } = req;
    let body = input.body.take();
    let address = address(
        input.bucket.clone(),
        input.key.clone(),
        input.upload_id.clone(),
    );
    let (announced, upload) = match check_put(store, &input, &http, &address).await {
        Ok(checked) => checked,
        Err(error) => {
            discard(body).await;
            return Err(error);
        }
    };
    // The upload may want a SHA-1 although this part brought none; it never needs one otherwise.
    let algorithm = announced.algorithm.unwrap_or(upload.algorithm);
    let body = receive(store, &address.bucket, body, algorithm).await?;
    let expected = match announced.after(trailing_headers.as_ref()) {
        Ok(expected) => expected,
        Err(error) => {
            body.forget().await;
            return Err(error);
        }
    };
    let (store, number) = (Arc::clone(store), input.part_number);
    let part = blocking(move || store.put_part(&address, number, body, &expected)).await?;
    let sums = part_fields(algorithm, &part.digests);
    Ok(UploadPartOutput {
        e_tag: Some(etag(&part.digests.etag())),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        ..UploadPartOutput::default()
    })
}

/// What can be said before the body.
async fn check_put(
    store: &Arc<ObjectStore>,
    input: &UploadPartInput,
    http: &http::HeaderMap,
    address: &UploadAddress,
) -> Result<(Announced, Upload), StoreError> {
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_part_number(input.part_number)?;
    let announced = announced(http, input.content_length, input.content_md5.as_deref())?;
    let (store, address) = (Arc::clone(store), address.clone());
    let upload = blocking(move || store.find_upload(&address)).await?;
    if let (true, Some(algorithm)) = (upload.declared, announced.algorithm)
        && algorithm != upload.algorithm
    {
        return Err(StoreError::request(format!(
            "the upload was begun with {} checksums, the part has a {}",
            upload.algorithm.name(),
            algorithm.name()
        )));
    }
    Ok((announced, upload))
}

pub(super) async fn copy(
    store: &Arc<ObjectStore>,
    req: S3Request<UploadPartCopyInput>,
) -> Result<UploadPartCopyOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    check_owner(store, input.expected_source_bucket_owner.as_deref())?;
    let (source_bucket, source_key) = source(input.copy_source)?;
    let request = PartCopyRequest {
        address: address(input.bucket, input.key, input.upload_id),
        number: input.part_number,
        source_bucket,
        source_key,
        source_conditions: ReadConditions {
            if_match: input.copy_source_if_match.as_ref().map(tag),
            if_none_match: input.copy_source_if_none_match.as_ref().map(tag),
            if_modified_since: input.copy_source_if_modified_since.map(seconds),
            if_unmodified_since: input.copy_source_if_unmodified_since.map(seconds),
        },
        range: input
            .copy_source_range
            .as_deref()
            .map(source_range)
            .transpose()?,
    };
    let store = Arc::clone(store);
    let (part, upload) = blocking(move || store.copy_part(&request)).await?;
    let sums = part_fields(upload.algorithm, &part.digests);
    Ok(UploadPartCopyOutput {
        copy_part_result: Some(CopyPartResult {
            e_tag: Some(etag(&part.digests.etag())),
            last_modified: timestamp_ms(part.modified_ms),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
        }),
        ..UploadPartCopyOutput::default()
    })
}

pub(super) async fn complete(
    store: &Arc<ObjectStore>,
    req: S3Request<CompleteMultipartUploadInput>,
    request_id: &str,
) -> Result<CompleteMultipartUploadOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    let listed = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default();
    let parts = listed
        .into_iter()
        .map(listed_part)
        .collect::<Result<_, _>>()?;
    let mut checksums = [
        (Algorithm::Crc32, input.checksum_crc32),
        (Algorithm::Crc32c, input.checksum_crc32c),
        (Algorithm::Crc64Nvme, input.checksum_crc64nvme),
        (Algorithm::Sha1, input.checksum_sha1),
        (Algorithm::Sha256, input.checksum_sha256),
    ]
    .into_iter()
    .filter_map(|(algorithm, value)| Some((algorithm, value?)));
    let request = CompleteRequest {
        address: address(input.bucket, input.key, input.upload_id),
        parts,
        conditions: write_conditions(input.if_match.as_ref(), input.if_none_match.as_ref())?,
        checksum: checksums.next(),
        cover: input
            .checksum_type
            .map(|name| Cover::parse(name.as_str()))
            .transpose()?,
        size: input
            .mpu_object_size
            .and_then(|size| u64::try_from(size).ok()),
        request_id: request_id.to_owned(),
    };
    let completed = Arc::clone(store);
    let (written, address) = blocking(move || {
        let written = completed.complete_upload(&request)?;
        Ok((written, request.address))
    })
    .await?;
    let sums = fields(&written.checksum);
    Ok(CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", address.bucket, address.key)),
        bucket: Some(address.bucket),
        key: Some(address.key),
        e_tag: Some(etag(&written.etag)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..CompleteMultipartUploadOutput::default()
    })
}

pub(super) async fn abort(
    store: &Arc<ObjectStore>,
    req: S3Request<AbortMultipartUploadInput>,
) -> Result<AbortMultipartUploadOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    let address = address(input.bucket, input.key, input.upload_id);
    let store = Arc::clone(store);
    blocking(move || store.abort_upload(&address)).await?;
    Ok(AbortMultipartUploadOutput::default())
}

pub(super) async fn parts(
    store: &Arc<ObjectStore>,
    req: S3Request<ListPartsInput>,
) -> Result<ListPartsOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    let limit = match input.max_parts {
        None => MAX_ENTRIES,
        Some(limit) => usize::try_from(limit)
            .map_err(|_| StoreError::argument("max-parts cannot be negative"))?
            .min(MAX_ENTRIES),
    };
    let after = input.part_number_marker.unwrap_or_default();
    let address = address(input.bucket, input.key, input.upload_id);
    let (listed, asked) = (Arc::clone(store), address.clone());
    let (upload, parts, more) = blocking(move || listed.list_parts(&asked, after, limit)).await?;
    let owner = owner(store);
    let last = parts.last().map(|part| part.number);
    Ok(ListPartsOutput {
        bucket: Some(address.bucket),
        key: Some(address.key),
        upload_id: Some(address.upload),
        checksum_algorithm: algorithm_of(&upload),
        checksum_type: type_of(&upload),
        initiator: Some(Initiator {
            id: owner.id.clone(),
            display_name: owner.display_name.clone(),
        }),
        owner: Some(owner),
        is_truncated: Some(more),
        max_parts: Some(limit as i32),
        part_number_marker: Some(after),
        next_part_number_marker: last,
        parts: Some(
            parts
                .iter()
                .map(|part| part_output(&upload, part))
                .collect(),
        ),
        storage_class: Some(StorageClass::from(
            upload
                .headers
                .storage_class
                .unwrap_or_else(|| StorageClass::STANDARD.to_owned()),
        )),
        ..ListPartsOutput::default()
    })
}

fn part_output(upload: &Upload, part: &crate::s3::multipart::Part) -> Part {
    let sums = part_fields(upload.algorithm, &part.digests);
    Part {
        part_number: Some(part.number),
        size: Some(part.digests.size as i64),
        e_tag: Some(etag(&part.digests.etag())),
        last_modified: timestamp_ms(part.modified_ms),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
    }
}

fn listed_part(part: CompletedPart) -> Result<ListedPart, StoreError> {
    let malformed = |message: &str| StoreError::MalformedXml {
        message: message.to_owned(),
    };
    let number = part
        .part_number
        .ok_or_else(|| malformed("a part has no number"))?;
    let etag = part
        .e_tag
        .ok_or_else(|| malformed("a part has no entity tag"))?
        .into_value();
    let checksum = [
        (Algorithm::Crc32, part.checksum_crc32),
        (Algorithm::Crc32c, part.checksum_crc32c),
        (Algorithm::Crc64Nvme, part.checksum_crc64nvme),
        (Algorithm::Sha1, part.checksum_sha1),
        (Algorithm::Sha256, part.checksum_sha256),
    ]
    .into_iter()
    .find_map(|(algorithm, value)| Some((algorithm, value?)));
    let checksum = match checksum {
        Some((algorithm, value)) => {
            let value = algorithm
                .decode(&value)
                .map_err(|_| StoreError::InvalidPart { number })?;
            Some((algorithm, value))
        }
        None => None,
    };
    Ok(ListedPart {
        number,
        etag,
        checksum,
    })
}

/// `bytes=first-last`: here both are needed.
fn source_range(header: &str) -> Result<(u64, u64), StoreError> {
    let range = header
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'));
    range
        .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)))
        .ok_or_else(|| StoreError::argument("x-amz-copy-source-range is bytes=first-last"))
}

fn address(bucket: String, key: String, upload: String) -> UploadAddress {
    UploadAddress {
        bucket,
        key,
        upload,
    }
}

/// Answered only when the client chose one: else parts need not carry it.
pub(super) fn algorithm_of(upload: &Upload) -> Option<ChecksumAlgorithm> {
    upload
        .declared
        .then(|| ChecksumAlgorithm::from_static(upload.algorithm.name()))
}

/// Like [`algorithm_of`].
pub(super) fn type_of(upload: &Upload) -> Option<ChecksumType> {
    upload
        .declared
        .then(|| ChecksumType::from_static(upload.cover.name()))
}
