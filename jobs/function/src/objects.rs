//! The five things the function does with objects.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::error::display::DisplayErrorContext;
use bytes::{Bytes, BytesMut};

/// Why the storage did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It does not let us.
    #[error("access denied: {0}")]
    Denied(String),
    /// It failed; the same call may succeed later.
    #[error("{0}")]
    Fault(String),
    /// The object is larger than the caller can take.
    #[error("the object has {bytes} bytes, and the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

/// What is known of an object beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Its whole size.
    pub bytes: u64,
    /// Its `ETag`, without quotes.
    pub etag: String,
    /// Milliseconds since the epoch when it was stored.
    pub modified_ms: i64,
    /// User metadata, keys in lower case without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
}

/// A place where objects are kept. `None` means: there is no such object.
pub trait Objects: Sync {
    /// Size, `ETag` and metadata.
    fn head(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<Info>, StorageError>> + Send;

    /// `count` bytes (at least 1) from `offset` on; fewer only where the object ends. It must not end before `offset`.
    fn get_range(
        &self,
        bucket: &str,
        key: &str,
        offset: u64,
        count: u64,
    ) -> impl Future<Output = Result<Option<Bytes>, StorageError>> + Send;

    /// The whole object, unless it has more than `limit` bytes: then nothing is downloaded.
    fn get(
        &self,
        bucket: &str,
        key: &str,
        limit: u64,
    ) -> impl Future<Output = Result<Option<(Info, Bytes)>, StorageError>> + Send;

    /// Stores an object and returns its `ETag`, without quotes.
    fn put(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        content_type: &str,
        metadata: HashMap<String, String>,
    ) -> impl Future<Output = Result<String, StorageError>> + Send;

    /// Deletes an object; one that is not there is fine.
    fn delete(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// S3, or what speaks like it at `AWS_ENDPOINT_URL`.
#[derive(Clone, Debug)]
pub struct S3Objects {
    client: aws_sdk_s3::Client,
}

impl S3Objects {
    /// Builds the client once per process; it keeps its connections between invocations.
    pub async fn from_env() -> Self {
        use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(http)
            .load()
            .await;
        let endpoint = config.endpoint_url().is_some();
        Self::new(aws_sdk_s3::Client::from_conf(
            aws_sdk_s3::config::Builder::from(&config)
                .force_path_style(endpoint)
                .build(),
        ))
    }

    /// Over a client that is there already.
    #[must_use]
    pub fn new(client: aws_sdk_s3::Client) -> Self {
        Self { client }
    }
}

impl Objects for S3Objects {
    async fn head(&self, bucket: &str, key: &str) -> Result<Option<Info>, StorageError> {
        let answer = self
            .client
            .head_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await;
        let Some(object) = found(answer, "s3:HeadObject", key)? else {
            return Ok(None);
        };
        Ok(Some(Info {
            bytes: object.content_length().unwrap_or(0).unsigned_abs(),
            etag: unquoted(object.e_tag()),
            modified_ms: object
                .last_modified()
                .and_then(|t| t.to_millis().ok())
                .unwrap_or(0),
            metadata: object.metadata().cloned().unwrap_or_default(),
        }))
    }

    async fn get_range(
        &self,
        bucket: &str,
        key: &str,
        offset: u64,
        count: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        let range = format!("bytes={offset}-{}", offset + count.max(1) - 1);
        let answer = self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .range(range)
            .send()
            .await;
        let Some(object) = found(answer, "s3:GetObject", key)? else {
            return Ok(None);
        };
        collect(object.body, count).await.map(Some)
    }

    async fn get(
        &self,
        bucket: &str,
        key: &str,
        limit: u64,
    ) -> Result<Option<(Info, Bytes)>, StorageError> {
        let answer = self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await;
        let Some(object) = found(answer, "s3:GetObject", key)? else {
            return Ok(None);
        };
        let bytes = object.content_length().unwrap_or(0).unsigned_abs();
        if bytes > limit {
            return Err(StorageError::TooLarge { bytes, limit });
        }
        let info = Info {
            bytes,
            etag: unquoted(object.e_tag()),
            modified_ms: object
                .last_modified()
                .and_then(|t| t.to_millis().ok())
                .unwrap_or(0),
            metadata: object.metadata().cloned().unwrap_or_default(),
        };
        let body = collect(object.body, bytes).await?;
        if body.len() as u64 != bytes {
            return Err(StorageError::Fault(format!("{key}: the answer broke off")));
        }
        Ok(Some((info, body)))
    }

    async fn put(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        content_type: &str,
        metadata: HashMap<String, String>,
    ) -> Result<String, StorageError> {
        let put = self
            .client
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type(content_type);
        let answer = put
            .set_metadata(Some(metadata))
            .body(ByteStream::from(body))
            .send()
            .await;
        let stored = answer.map_err(|error| failed(&error, "s3:PutObject", key))?;
        Ok(unquoted(stored.e_tag()))
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), StorageError> {
        let answer = self
            .client
            .delete_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await;
        answer
            .map(|_| ())
            .map_err(|error| failed(&error, "s3:DeleteObject", key))
    }
}

fn unquoted(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

async fn collect(mut body: ByteStream, expected: u64) -> Result<Bytes, StorageError> {
    let mut bytes = BytesMut::with_capacity(expected as usize);
    while let Some(chunk) = body.next().await {
        let broke = |error| StorageError::Fault(format!("the answer broke off: {error}"));
        bytes.extend_from_slice(&chunk.map_err(broke)?);
    }
    Ok(bytes.freeze())
}

/// Tells "not there" from failures. A missing *bucket* is a failure.
fn found<T, E, R>(
    answer: Result<T, SdkError<E, R>>,
    operation: &str,
    key: &str,
) -> Result<Option<T>, StorageError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(error) => match error
            .as_service_error()
            .and_then(ProvideErrorMetadata::code)
        {
            Some("NoSuchKey" | "NotFound") => Ok(None),
            _ => Err(failed(&error, operation, key)),
        },
    }
}

fn failed<E, R>(error: &SdkError<E, R>, operation: &str, key: &str) -> StorageError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let words = format!("{operation} on {key}: {}", DisplayErrorContext(error));
    match error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
    {
        Some("AccessDenied" | "Forbidden" | "InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
            StorageError::Denied(words)
        }
        _ => StorageError::Fault(words),
    }
}
