//! What the operations share: request ids, errors, and values in the shapes of the protocol.

use std::future::Future;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use s3s::dto::{self, ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use time::OffsetDateTime;

use crate::s3::checksum::{Algorithm, Checksum, Digests};
use crate::s3::conditions::{Tag, WriteConditions};
use crate::s3::error::StoreError;
use crate::s3::store::ObjectStore;

/// A request's name, in the answer and in the event.
pub(in crate::s3) fn request_id() -> String {
    let mut id = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
    id.truncate(16);
    id
}

/// Runs an operation and puts its request id into the answer, good or bad.
pub(super) async fn answer<T>(
    id: &str,
    operation: impl Future<Output = Result<T, StoreError>> + Send,
) -> S3Result<S3Response<T>> {
    match operation.await {
        Ok(output) => {
            let mut headers = HeaderMap::new();
            add(&mut headers, "x-amz-request-id", id);
            Ok(S3Response::with_headers(output, headers))
        }
        Err(error) => Err(refusal(&error, id)),
    }
}

fn refusal(error: &StoreError, id: &str) -> S3Error {
    let code =
        S3ErrorCode::from_bytes(error.code().as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let message = error.chain();
    if error.status() >= 500 {
        tracing::error!(request_id = id, message, "S3 request failed");
    }
    let mut refusal = S3Error::with_message(code, message);
    if let Ok(status) = StatusCode::from_u16(error.status()) {
        refusal.set_status_code(status);
    }
    refusal.set_request_id(id);
    // These replace what `s3s` would set, so the type of the body is among them.
    let mut headers = HeaderMap::new();
    add(&mut headers, "content-type", "application/xml");
    add(&mut headers, "x-amz-request-id", id);
    match error {
        StoreError::NotModified { etag } => add(&mut headers, "etag", &format!("\"{etag}\"")),
        StoreError::InvalidRange { size } => {
            add(&mut headers, "content-range", &format!("bytes */{size}"));
        }
        _ => {}
    }
    refusal.set_headers(headers);
    refusal
}

fn add(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// `x-amz-expected-bucket-owner` protects against writing into a stranger's bucket.
pub(super) fn check_owner(store: &ObjectStore, expected: Option<&str>) -> Result<(), StoreError> {
    match expected {
        Some(owner) if owner != store.settings.account => Err(StoreError::AccessDenied {
            message: format!("the bucket belongs to {}", store.settings.account),
        }),
        _ => Ok(()),
    }
}

/// Without versioning every object is the version `null`.
pub(super) fn check_version(version: Option<&str>) -> Result<(), StoreError> {
    match version {
        None | Some("null") => Ok(()),
        Some(version) => Err(StoreError::NoSuchVersion {
            version: version.to_owned(),
        }),
    }
}

/// Refuses what would silently not happen.
pub(super) fn check_unsupported(features: &[(&str, bool)]) -> Result<(), StoreError> {
    match features.iter().find(|(_, asked)| *asked) {
        Some((feature, _)) => Err(StoreError::NotImplemented {
            feature: (*feature).to_owned(),
        }),
        None => Ok(()),
    }
}

/// An entity tag in quotes.
pub(super) fn etag(tag: &str) -> ETag {
    ETag::Strong(tag.to_owned())
}

/// The tag of a condition.
pub(super) fn tag(condition: &ETagCondition) -> Tag {
    match condition {
        ETagCondition::Any => Tag::Any,
        ETagCondition::ETag(etag) => Tag::Is(etag.value().to_owned()),
    }
}

/// Conditions of a write. S3 has `If-None-Match` only with `*`.
pub(super) fn write_conditions(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> Result<WriteConditions, StoreError> {
    if let Some(ETagCondition::ETag(_)) = if_none_match {
        let feature = "If-None-Match with an entity tag".to_owned();
        return Err(StoreError::NotImplemented { feature });
    }
    Ok(WriteConditions {
        if_match: if_match.map(tag),
        if_absent: if_none_match.is_some(),
    })
}

/// A time to the second, as S3 shows it.
pub(super) fn timestamp(seconds: i64) -> Option<Timestamp> {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .map(Timestamp::from)
}

/// A stored time, to the second.
pub(super) fn timestamp_ms(milliseconds: i64) -> Option<Timestamp> {
    timestamp(milliseconds.div_euclid(1000))
}

/// Seconds since the Unix epoch.
pub(super) fn seconds(timestamp: Timestamp) -> i64 {
    OffsetDateTime::from(timestamp).unix_timestamp()
}

/// A checksum in the fields of the protocol.
pub(super) fn fields(checksum: &Checksum) -> dto::Checksum {
    dto::Checksum {
        checksum_type: Some(dto::ChecksumType::from_static(checksum.cover.name())),
        ..field(checksum.algorithm, Some(checksum.value.clone()))
    }
}

/// A part's checksum in the fields of the protocol.
pub(super) fn part_fields(algorithm: Algorithm, digests: &Digests) -> dto::Checksum {
    field(algorithm, digests.encoded(algorithm))
}

fn field(algorithm: Algorithm, value: Option<String>) -> dto::Checksum {
    let mut fields = dto::Checksum::default();
    match algorithm {
        Algorithm::Crc32 => fields.checksum_crc32 = value,
        Algorithm::Crc32c => fields.checksum_crc32c = value,
        Algorithm::Crc64Nvme => fields.checksum_crc64nvme = value,
        Algorithm::Sha1 => fields.checksum_sha1 = value,
        Algorithm::Sha256 => fields.checksum_sha256 = value,
    }
    fields
}

/// The owner of everything.
pub(super) fn owner(store: &ObjectStore) -> dto::Owner {
    dto::Owner {
        display_name: Some("local".to_owned()),
        id: Some(store.settings.account.clone()),
    }
}
