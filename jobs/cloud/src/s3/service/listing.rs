//! Listings of objects and of uploads.

use std::sync::Arc;

use s3s::S3Request;
use s3s::dto::{
    ChecksumAlgorithm, ChecksumType, CommonPrefix, EncodingType, Initiator,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, MultipartUpload, Object, ObjectStorageClass,
    StorageClass,
};

use super::answer::{check_owner, etag, owner, timestamp_ms};
use super::multipart::{algorithm_of, type_of};
use crate::s3::error::StoreError;
use crate::s3::list::{From, Listing, MAX_ENTRIES, url_encode};
use crate::s3::rows::ObjectRow;
use crate::s3::store::{ObjectStore, blocking};

pub(super) async fn objects(
    store: &Arc<ObjectStore>,
    req: S3Request<ListObjectsInput>,
) -> Result<ListObjectsOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    let limit = limit("max-keys", input.max_keys)?;
    let encode = encoding(input.encoding_type.as_ref())?;
    let listing = Listing {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: given(input.delimiter),
        from: From::After(input.marker.clone().unwrap_or_default()),
        limit,
    };
    let (listed, delimiter) = (Arc::clone(store), listing.delimiter.clone());
    let page = blocking(move || listed.list_objects(&listing)).await?;
    let owner = owner(store);
    let contents = page
        .objects
        .into_iter()
        .map(|row| object(row, encode, Some(&owner)))
        .collect();
    // Without a delimiter the last key is the marker, as everybody knows.
    let next_marker = page.next.as_ref().filter(|_| delimiter.is_some());
    Ok(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encode(&input.prefix.unwrap_or_default())),
        marker: Some(encode(&input.marker.unwrap_or_default())),
        max_keys: Some(limit as i32),
        is_truncated: Some(page.next.is_some()),
        contents: Some(contents),
        common_prefixes: Some(prefixes(&page.common_prefixes, encode)),
        delimiter: delimiter.as_deref().map(encode),
        next_marker: next_marker.map(|next| encode(&next.last)),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

pub(super) async fn objects_v2(
    store: &Arc<ObjectStore>,
    req: S3Request<ListObjectsV2Input>,
) -> Result<ListObjectsV2Output, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    let limit = limit("max-keys", input.max_keys)?;
    let encode = encoding(input.encoding_type.as_ref())?;
    let from = match &input.continuation_token {
        Some(token) => From::token(token)?,
        None => From::After(input.start_after.clone().unwrap_or_default()),
    };
    let listing = Listing {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: given(input.delimiter),
        from,
        limit,
    };
    let (listed, delimiter) = (Arc::clone(store), listing.delimiter.clone());
    let page = blocking(move || listed.list_objects(&listing)).await?;
    let owner = owner(store);
    let owner = input.fetch_owner.unwrap_or_default().then_some(&owner);
    let count = page.objects.len() + page.common_prefixes.len();
    let contents = page
        .objects
        .into_iter()
        .map(|row| object(row, encode, owner))
        .collect();
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encode(&input.prefix.unwrap_or_default())),
        max_keys: Some(limit as i32),
        key_count: Some(count as i32),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(|next| next.token()),
        contents: Some(contents),
        common_prefixes: Some(prefixes(&page.common_prefixes, encode)),
        delimiter: delimiter.as_deref().map(encode),
        encoding_type: input.encoding_type,
        start_after: input.start_after.as_deref().map(encode),
        request_charged: None,
    })
}

pub(super) async fn uploads(
    store: &Arc<ObjectStore>,
    req: S3Request<ListMultipartUploadsInput>,
) -> Result<ListMultipartUploadsOutput, StoreError> {
    let input = req.input;
    check_owner(store, input.expected_bucket_owner.as_deref())?;
    let limit = limit("max-uploads", input.max_uploads)?;
    let encode = encoding(input.encoding_type.as_ref())?;
    let delimiter = given(input.delimiter);
    let prefix = input.prefix.unwrap_or_default();
    let key_marker = input.key_marker.unwrap_or_default();
    let upload_marker = input.upload_id_marker.unwrap_or_default();
    let page = {
        let (store, bucket) = (Arc::clone(store), input.bucket.clone());
        let (prefix, delimiter) = (prefix.clone(), delimiter.clone());
        let after = (key_marker.clone(), upload_marker.clone());
        blocking(move || {
            let after = (after.0.as_str(), after.1.as_str());
            store.list_uploads(&bucket, &prefix, delimiter.as_deref(), after, limit)
        })
        .await?
    };
    let owner = owner(store);
    let uploads = page.uploads.into_iter().map(|upload| MultipartUpload {
        checksum_algorithm: algorithm_of(&upload),
        checksum_type: type_of(&upload),
        initiated: timestamp_ms(upload.initiated_ms),
        initiator: Some(Initiator {
            id: owner.id.clone(),
            display_name: owner.display_name.clone(),
        }),
        key: Some(encode(&upload.key)),
        owner: Some(owner.clone()),
        storage_class: Some(StorageClass::from(
            upload
                .headers
                .storage_class
                .unwrap_or_else(|| StorageClass::STANDARD.to_owned()),
        )),
        upload_id: Some(upload.id),
    });
    Ok(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        uploads: Some(uploads.collect()),
        common_prefixes: Some(prefixes(&page.common_prefixes, encode)),
        delimiter: delimiter.as_deref().map(encode),
        encoding_type: input.encoding_type,
        is_truncated: Some(page.next.is_some()),
        key_marker: Some(encode(&key_marker)),
        upload_id_marker: Some(upload_marker),
        max_uploads: Some(limit as i32),
        next_key_marker: page.next.as_ref().map(|(key, _)| encode(key)),
        next_upload_id_marker: page.next.map(|(_, upload)| upload),
        prefix: Some(encode(&prefix)),
        request_charged: None,
    })
}

type Encode = fn(&str) -> String;

fn encoding(encoding: Option<&EncodingType>) -> Result<Encode, StoreError> {
    match encoding.map(EncodingType::as_str) {
        None => Ok(str::to_owned),
        Some(EncodingType::URL) => Ok(url_encode),
        Some(other) => Err(StoreError::argument(format!(
            "unknown encoding type `{other}`"
        ))),
    }
}

fn limit(name: &str, asked: Option<i32>) -> Result<usize, StoreError> {
    let Some(asked) = asked else {
        return Ok(MAX_ENTRIES);
    };
    usize::try_from(asked)
        .map(|asked| asked.min(MAX_ENTRIES))
        .map_err(|_| StoreError::argument(format!("{name} cannot be negative")))
}

/// An empty delimiter is none.
fn given(delimiter: Option<String>) -> Option<String> {
    delimiter.filter(|delimiter| !delimiter.is_empty())
}

fn prefixes(prefixes: &[String], encode: Encode) -> Vec<CommonPrefix> {
    prefixes
        .iter()
        .map(|prefix| CommonPrefix {
            prefix: Some(encode(prefix)),
        })
        .collect()
}

fn object(row: ObjectRow, encode: Encode, owner: Option<&s3s::dto::Owner>) -> Object {
    let class = row
        .headers
        .storage_class
        .unwrap_or_else(|| ObjectStorageClass::STANDARD.to_owned());
    Object {
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(
            row.checksum.algorithm.name(),
        )]),
        checksum_type: Some(ChecksumType::from_static(row.checksum.cover.name())),
        e_tag: Some(etag(&row.etag)),
        key: Some(encode(&row.key)),
        last_modified: timestamp_ms(row.modified_ms),
        owner: owner.cloned(),
        restore_status: None,
        size: Some(row.size as i64),
        storage_class: Some(ObjectStorageClass::from(class)),
    }
}
