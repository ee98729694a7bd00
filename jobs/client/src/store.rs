//! The few things this crate does with objects.

use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::error::{JobsError, from_sdk};
use crate::names;
use crate::profile::Target;

/// An object as a LIST names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub key: String,
    pub bytes: u64,
    pub modified_ms: i64,
}

/// What a HEAD tells of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub bytes: u64,
    /// Our sha256 in its metadata, hexadecimal.
    pub sha256: Option<String>,
}

/// A condition of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only<'a> {
    /// Where there is nothing yet.
    Absent,
    /// Over this entity tag.
    Over(&'a str),
}

/// What became of a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Stored,
    /// The condition did not hold.
    Refused,
}

/// Size and sha256 of an object, or none when there is no such key.
pub(crate) async fn head(target: &Target, key: &str) -> Result<Option<Head>, JobsError> {
    let profile = target.profile();
    let answer = target.s3().head_object().bucket(&profile.bucket).key(key);
    match answer.send().await {
        Ok(object) => Ok(Some(Head {
            bytes: object.content_length().unwrap_or(0).unsigned_abs(),
            sha256: object
                .metadata()
                .and_then(|metadata| metadata.get(names::META_SHA256).cloned()),
        })),
        Err(error) => match from_sdk(error, &profile.describe(), "s3:GetObject", key) {
            JobsError::Service { code, .. } if code == "NotFound" || code == "NoSuchKey" => {
                Ok(None)
            }
            error => Err(with_bucket(error, &profile.bucket)),
        },
    }
}

/// The object's bytes and entity tag, or none when there is no such key. For small documents of our own.
pub(crate) async fn get_tagged(
    target: &Target,
    key: &str,
) -> Result<Option<(Vec<u8>, String)>, JobsError> {
    let profile = target.profile();
    let answer = target.s3().get_object().bucket(&profile.bucket).key(key);
    match answer.send().await {
        Ok(object) => {
            let etag = object.e_tag().unwrap_or_default().to_owned();
            let body = object.body.collect().await;
            let body = body.map_err(|error| broke_off(target, &error))?;
            Ok(Some((body.to_vec(), etag)))
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetObjectError::is_no_such_key) =>
        {
            Ok(None)
        }
        Err(error) => {
            let named = from_sdk(error, &profile.describe(), "s3:GetObject", key);
            Err(with_bucket(named, &profile.bucket))
        }
    }
}

/// An answer that ended before it was whole.
pub(crate) fn broke_off(target: &Target, error: &dyn std::fmt::Display) -> JobsError {
    JobsError::Unreachable {
        target: target.profile().describe(),
        reason: format!("the answer broke off: {error}"),
    }
}

/// Stores a small JSON document when the condition holds. After a lost answer the retry is refused by
/// what the first try stored: whoever cares has to look.
pub(crate) async fn put_json_only(
    target: &Target,
    key: &str,
    text: Vec<u8>,
    only: Only<'_>,
) -> Result<Put, JobsError> {
    let profile = target.profile();
    let put = target.s3().put_object().bucket(&profile.bucket).key(key);
    let put = match only {
        Only::Absent => put.if_none_match("*"),
        Only::Over(etag) => put.if_match(etag),
    };
    let put = put
        .content_type("application/json")
        .body(ByteStream::from(text));
    match put.send().await {
        Ok(_) => Ok(Put::Stored),
        Err(error) => {
            let named = from_sdk(error, &profile.describe(), "s3:PutObject", key);
            match with_bucket(named, &profile.bucket) {
                // What should be written over may be gone.
                JobsError::Service { code, .. }
                    if code == "PreconditionFailed" || code == "NoSuchKey" =>
                {
                    Ok(Put::Refused)
                }
                error => Err(error),
            }
        }
    }
}

/// The object's bytes, or none when there is no such key. For what fits into memory: small documents of
/// our own, and single pictures.
pub(crate) async fn get(target: &Target, key: &str) -> Result<Option<Vec<u8>>, JobsError> {
    let found = get_tagged(target, key).await?;
    Ok(found.map(|(bytes, _)| bytes))
}

/// Stores a small JSON document that must not exist yet. A retry whose first try did arrive finds
/// its own document, which is fine.
pub(crate) async fn put_json(target: &Target, key: &str, text: Vec<u8>) -> Result<(), JobsError> {
    put_json_only(target, key, text, Only::Absent)
        .await
        .map(|_| ())
}

/// Every object under a prefix.
pub(crate) async fn list(target: &Target, prefix: &str) -> Result<Vec<Listed>, JobsError> {
    let profile = target.profile();
    let request = target
        .s3()
        .list_objects_v2()
        .bucket(&profile.bucket)
        .prefix(prefix);
    let mut pages = request.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            from_sdk(error, &profile.describe(), "s3:ListBucket", &profile.bucket)
        })?;
        found.extend(page.contents().iter().map(listed));
    }
    Ok(found)
}

fn listed(object: &aws_sdk_s3::types::Object) -> Listed {
    Listed {
        key: object.key().unwrap_or_default().to_owned(),
        bytes: object.size().unwrap_or(0).unsigned_abs(),
        modified_ms: object
            .last_modified()
            .and_then(|t| t.to_millis().ok())
            .unwrap_or(0),
    }
}

/// A thousand objects under a prefix whose keys come after this one, and where the next thousand begins.
pub(crate) async fn list_page(
    target: &Target,
    prefix: &str,
    after: Option<String>,
    next: Option<String>,
) -> Result<(Vec<Listed>, Option<String>), JobsError> {
    let profile = target.profile();
    let request = target
        .s3()
        .list_objects_v2()
        .bucket(&profile.bucket)
        .prefix(prefix)
        .set_start_after(after)
        .set_continuation_token(next);
    let page = request
        .send()
        .await
        .map_err(|error| from_sdk(error, &profile.describe(), "s3:ListBucket", &profile.bucket))?;
    let found = page.contents().iter().map(listed).collect();
    Ok((found, page.next_continuation_token().map(str::to_owned)))
}

/// Deletes up to 1,000 objects.
pub(crate) async fn delete(target: &Target, keys: &[String]) -> Result<(), JobsError> {
    let profile = target.profile();
    let invalid = |error: aws_sdk_s3::error::BuildError| JobsError::Service {
        operation: "s3:DeleteObjects".to_owned(),
        code: "InvalidRequest".to_owned(),
        message: error.to_string(),
    };
    let mut objects = Delete::builder().quiet(true);
    for key in keys {
        objects = objects.objects(
            ObjectIdentifier::builder()
                .key(key)
                .build()
                .map_err(invalid)?,
        );
    }
    let answer = target
        .s3()
        .delete_objects()
        .bucket(&profile.bucket)
        .delete(objects.build().map_err(invalid)?)
        .send()
        .await
        .map_err(|error| {
            from_sdk(
                error,
                &profile.describe(),
                "s3:DeleteObject",
                &profile.bucket,
            )
        })?;
    match answer.errors().first() {
        None => Ok(()),
        Some(error) => Err(JobsError::Service {
            operation: "s3:DeleteObjects".to_owned(),
            code: error.code().unwrap_or("Unknown").to_owned(),
            message: format!(
                "{}: {}",
                error.key().unwrap_or_default(),
                error.message().unwrap_or_default()
            ),
        }),
    }
}

/// `NoSuchBucket` names the bucket, not the key that was asked for.
pub(crate) fn with_bucket(error: JobsError, name: &str) -> JobsError {
    match error {
        JobsError::NoSuchBucket { target, .. } => JobsError::NoSuchBucket {
            bucket: name.to_owned(),
            target,
        },
        other => other,
    }
}
