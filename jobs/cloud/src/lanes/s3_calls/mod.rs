//! The calls of S3 that Task states make (`arn:aws:states:::aws-sdk:s3:…`), and the items and results of
//! distributed Maps.
//!
//! | action | parameters |
//! |---|---|
//! | `putObject` | `Bucket`, `Key`, `Body`, `ContentType`, `Metadata` |
//! | `getObject` | `Bucket`, `Key`: the body as text |
//! | `headObject` | `Bucket`, `Key` |
//! | `deleteObject` | `Bucket`, `Key` |
//! | `copyObject` | `Bucket`, `Key`, `CopySource` |
//! | `listObjectsV2` | `Bucket`, `Prefix`, `Delimiter`, `StartAfter`, `ContinuationToken`, `MaxKeys` |

mod items;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use states_language::{MapRunError, ResultFile, Timestamp};

use crate::s3::{ListWish, ObjectInfo, ObjectStore, StoreError};
use crate::states::TaskError;

/// What can be called, and the parameters that each takes.
const ACTIONS: [(&str, &[&str]); 6] = [
    (
        "putObject",
        &["Bucket", "Key", "Body", "ContentType", "Metadata"],
    ),
    ("getObject", &["Bucket", "Key"]),
    ("headObject", &["Bucket", "Key"]),
    ("deleteObject", &["Bucket", "Key"]),
    ("copyObject", &["Bucket", "Key", "CopySource"]),
    (
        "listObjectsV2",
        &[
            "Bucket",
            "Prefix",
            "Delimiter",
            "StartAfter",
            "ContinuationToken",
            "MaxKeys",
        ],
    ),
];

/// A body beyond this is no result of a task, and is not read.
const MAX_BODY: u64 = 262_144;

/// Whether an action can be called.
pub(super) fn supports(action: &str) -> bool {
    ACTIONS.iter().any(|(known, _)| *known == action)
}

/// The store as Task states call it.
pub(super) struct S3Calls<'a> {
    pub(super) store: &'a Arc<ObjectStore>,
}

type Parameters = Map<String, Value>;

fn runtime(message: &str) -> TaskError {
    TaskError {
        error: "States.Runtime".to_owned(),
        cause: message.to_owned(),
    }
}

fn text<'p>(parameters: &'p Parameters, name: &str) -> Option<&'p str> {
    parameters.get(name).and_then(Value::as_str)
}

/// A bucket and a key.
fn place(parameters: &Parameters) -> Result<(&str, &str), TaskError> {
    match (text(parameters, "Bucket"), text(parameters, "Key")) {
        (Some(bucket), Some(key)) => Ok((bucket, key)),
        _ => Err(runtime("The fields 'Bucket' and 'Key' are required")),
    }
}

impl S3Calls<'_> {
    /// Makes a call; gives its result as JSON text.
    pub(super) async fn call(
        &self,
        action: &str,
        parameters: &Parameters,
    ) -> Result<String, TaskError> {
        let known = ACTIONS.iter().find(|(known, _)| *known == action);
        let known = known.map_or(&[][..], |(_, fields)| fields);
        let stranger = parameters
            .keys()
            .find(|name| !known.contains(&name.as_str()));
        if let Some(stranger) = stranger {
            let message = format!("The field '{stranger}' is not supported by this local cloud");
            return Err(runtime(&message));
        }
        let answer = match action {
            "putObject" => self.put(parameters).await?,
            "getObject" => self.get(parameters).await?,
            "headObject" => {
                let (bucket, key) = place(parameters)?;
                let info = self.store.head_object(bucket, key).await;
                described(&info.map_err(|error| s3_error(&error))?)
            }
            "deleteObject" => {
                let (bucket, key) = place(parameters)?;
                let removed = self.store.remove_object(bucket, key).await;
                removed.map_err(|error| s3_error(&error))?;
                json!({})
            }
            "copyObject" => self.copy(parameters).await?,
            "listObjectsV2" => self.list(parameters).await?,
            other => {
                let message = format!("The action '{other}' is not supported by this local cloud");
                return Err(runtime(&message));
            }
        };
        Ok(answer.to_string())
    }

    async fn put(&self, parameters: &Parameters) -> Result<Value, TaskError> {
        let (bucket, key) = place(parameters)?;
        // Objects are written as JSON, text as it is.
        let body = match parameters.get("Body") {
            None | Some(Value::Null) => Bytes::new(),
            Some(Value::String(text)) => Bytes::from(text.clone()),
            Some(body) => Bytes::from(body.to_string()),
        };
        let metadata = parameters.get("Metadata").and_then(Value::as_object);
        let metadata: BTreeMap<String, String> = metadata
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let text = value.as_str().map(str::to_owned);
                (
                    name.to_lowercase(),
                    text.unwrap_or_else(|| value.to_string()),
                )
            })
            .collect();
        let content_type = text(parameters, "ContentType");
        let put = self
            .store
            .put_object(bucket, key, body, content_type, metadata)
            .await
            .map_err(|error| s3_error(&error))?;
        Ok(json!({
            "ETag": format!("\"{}\"", put.etag),
            "ChecksumCRC64NVME": put.checksum_crc64nvme,
            "ChecksumType": "FULL_OBJECT",
            "ServerSideEncryption": "AES256",
        }))
    }

    async fn get(&self, parameters: &Parameters) -> Result<Value, TaskError> {
        let (bucket, key) = place(parameters)?;
        let info = self.store.head_object(bucket, key).await;
        let info = info.map_err(|error| s3_error(&error))?;
        if info.size > MAX_BODY {
            return Err(TaskError {
                error: "States.DataLimitExceeded".to_owned(),
                cause: "The state/task 'aws-sdk:s3' returned a result with a size exceeding the \
                        maximum number of bytes service limit."
                    .to_owned(),
            });
        }
        let got = self.store.get_object(bucket, key).await;
        let (info, body) = got.map_err(|error| s3_error(&error))?;
        let mut answer = described(&info);
        if let Some(fields) = answer.as_object_mut() {
            let body = String::from_utf8_lossy(&body).into_owned();
            fields.insert("Body".to_owned(), body.into());
        }
        Ok(answer)
    }

    async fn copy(&self, parameters: &Parameters) -> Result<Value, TaskError> {
        let target = place(parameters)?;
        let source = text(parameters, "CopySource").unwrap_or_default();
        let source = percent_decoded(source.trim_start_matches('/'));
        let Some(source) = source.split_once('/') else {
            return Err(runtime("The field 'CopySource' is required: bucket/key"));
        };
        let copied = self.store.copy_object(source, target).await;
        let (etag, modified) = copied.map_err(|error| s3_error(&error))?;
        Ok(json!({ "CopyObjectResult": {
            "ETag": format!("\"{etag}\""),
            "LastModified": to_the_second(modified),
        }}))
    }

    async fn list(&self, parameters: &Parameters) -> Result<Value, TaskError> {
        let Some(bucket) = text(parameters, "Bucket") else {
            return Err(runtime("The field 'Bucket' is required"));
        };
        let owned = |name: &str| text(parameters, name).map(str::to_owned);
        let limit = parameters.get("MaxKeys").and_then(Value::as_u64);
        let limit = limit.map_or(1000, |limit| usize::try_from(limit).unwrap_or(1000));
        let wish = ListWish {
            bucket: bucket.to_owned(),
            prefix: owned("Prefix").unwrap_or_default(),
            delimiter: owned("Delimiter"),
            start_after: owned("StartAfter").unwrap_or_default(),
            token: owned("ContinuationToken"),
            limit,
        };
        let listed = self
            .store
            .list(wish)
            .await
            .map_err(|error| s3_error(&error))?;
        let contents: Vec<Value> = listed.objects.iter().map(entry).collect();
        let mut answer = json!({
            "Contents": contents,
            "IsTruncated": listed.next.is_some(),
            "KeyCount": contents.len() + listed.common_prefixes.len(),
            "MaxKeys": limit,
            "Name": bucket,
            "Prefix": text(parameters, "Prefix").unwrap_or_default(),
        });
        if let Some(fields) = answer.as_object_mut() {
            if let Some(next) = listed.next {
                fields.insert("NextContinuationToken".to_owned(), next.into());
            }
            if !listed.common_prefixes.is_empty() {
                let prefixes = listed.common_prefixes.iter();
                let prefixes = prefixes.map(|prefix| json!({ "Prefix": prefix })).collect();
                fields.insert("CommonPrefixes".to_owned(), prefixes);
            }
        }
        Ok(answer)
    }

    /// Writes a file of a distributed Map's results.
    pub(super) async fn write(&self, bucket: &str, file: ResultFile) -> Result<(), MapRunError> {
        let written = self.store.put_object(
            bucket,
            &file.key,
            Bytes::from(file.body),
            Some("application/json"),
            BTreeMap::new(),
        );
        let written = written.await;
        written
            .map(|_| ())
            .map_err(|error| MapRunError::writer(error.to_string()))
    }
}

/// As an element of `Contents`, and as an item.
fn entry(info: &ObjectInfo) -> Value {
    json!({
        "ETag": format!("\"{}\"", info.etag),
        "Key": info.key,
        "LastModified": to_the_second(info.modified_ms),
        "Size": info.size,
        "StorageClass": "STANDARD",
    })
}

/// As `GetObject` and `HeadObject` answer, without the body.
fn described(info: &ObjectInfo) -> Value {
    json!({
        "AcceptRanges": "bytes",
        "ContentLength": info.size,
        "ContentType": info.content_type.as_deref().unwrap_or("binary/octet-stream"),
        "ETag": format!("\"{}\"", info.etag),
        "LastModified": to_the_second(info.modified_ms),
        "Metadata": info.metadata,
        "ServerSideEncryption": "AES256",
    })
}

fn to_the_second(millis: i64) -> String {
    let iso = Timestamp(millis).to_iso();
    match iso.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => iso,
    }
}

/// `CopySource` is written as in a URL.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let code = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `NoSuchBucket` is `S3.NoSuchBucketException` for Retry and Catch.
fn s3_error(error: &StoreError) -> TaskError {
    let id = uuid::Uuid::new_v4();
    TaskError {
        error: format!("S3.{}Exception", error.code()),
        cause: format!("{error} (Service: S3, Request ID: {id})"),
    }
}

#[cfg(test)]
mod tests;
