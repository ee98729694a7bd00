//! The store for callers inside the process: whole objects, without the protocol around them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::conditions::{ReadConditions, WriteConditions};
use super::error::StoreError;
use super::list::{From, Listing, MAX_ENTRIES};
use super::objects::CopyRequest;
use super::read::Span;
use super::rows::ObjectRow;
use super::service;
use super::store::{ObjectStore, blocking};

/// What is known of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectInfo {
    pub(crate) key: String,
    pub(crate) size: u64,
    /// Without quotes.
    pub(crate) etag: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) modified_ms: i64,
    pub(crate) content_type: Option<String>,
    /// User metadata, names in lower case.
    pub(crate) metadata: BTreeMap<String, String>,
}

impl std::convert::From<ObjectRow> for ObjectInfo {
    fn from(row: ObjectRow) -> Self {
        Self {
            key: row.key,
            size: row.size,
            etag: row.etag,
            modified_ms: row.modified_ms,
            content_type: row.headers.content_type,
            metadata: row.metadata,
        }
    }
}

/// A page of a listing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) objects: Vec<ObjectInfo>,
    pub(crate) common_prefixes: Vec<String>,
    /// The token of the next page, when there is one.
    pub(crate) next: Option<String>,
}

/// What is listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListWish {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) delimiter: Option<String>,
    pub(crate) start_after: String,
    /// The token of the page; without one, the first.
    pub(crate) token: Option<String>,
    /// Entries of the page at most; a thousand is the most.
    pub(crate) limit: usize,
}

impl ObjectStore {
    /// What is known of an object.
    pub(crate) async fn head_object(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
    ) -> Result<ObjectInfo, StoreError> {
        let (store, bucket, key) = (Arc::clone(self), bucket.to_owned(), key.to_owned());
        let (row, _) = blocking(move || store.describe(&bucket, &key)).await?;
        Ok(row.into())
    }

    /// An object and its body, in memory.
    pub(crate) async fn get_object(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
    ) -> Result<(ObjectInfo, Bytes), StoreError> {
        let (store, bucket, key) = (Arc::clone(self), bucket.to_owned(), key.to_owned());
        blocking(move || {
            let object = store.open_object(&bucket, &key)?;
            let size = object.row.size;
            let mut body = BytesMut::with_capacity(usize::try_from(size).unwrap_or(0));
            let mut span = Span::new(&object.segments, 0..size);
            while let Some(bytes) = span.read(&store.blobs)? {
                body.extend_from_slice(&bytes);
            }
            Ok((object.row.into(), body.freeze()))
        })
        .await
    }

    /// A page of a bucket's objects, in the order of their keys.
    pub(crate) async fn list(self: &Arc<Self>, wish: ListWish) -> Result<Listed, StoreError> {
        let from = match &wish.token {
            Some(token) => From::token(token)?,
            None => From::After(wish.start_after),
        };
        let listing = Listing {
            bucket: wish.bucket,
            prefix: wish.prefix,
            delimiter: wish.delimiter,
            from,
            limit: wish.limit.min(MAX_ENTRIES),
        };
        let store = Arc::clone(self);
        let page = blocking(move || store.list_objects(&listing)).await?;
        Ok(Listed {
            objects: page.objects.into_iter().map(ObjectInfo::from).collect(),
            common_prefixes: page.common_prefixes,
            next: page.next.map(|next| next.token()),
        })
    }

    /// Deletes an object; one that is not there is a success.
    pub(crate) async fn remove_object(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
    ) -> Result<(), StoreError> {
        let (store, bucket, key) = (Arc::clone(self), bucket.to_owned(), key.to_owned());
        blocking(move || store.delete(&bucket, &key, &WriteConditions::default())).await
    }

    /// Copies an object with all that belongs to it; gives the copy's entity tag and its time in
    /// milliseconds since the Unix epoch.
    pub(crate) async fn copy_object(
        self: &Arc<Self>,
        (source_bucket, source_key): (&str, &str),
        (bucket, key): (&str, &str),
    ) -> Result<(String, i64), StoreError> {
        let request = CopyRequest {
            source_bucket: source_bucket.to_owned(),
            source_key: source_key.to_owned(),
            source_conditions: ReadConditions::default(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            replace: None,
            algorithm: None,
            storage_class: None,
            conditions: WriteConditions::default(),
            request_id: service::request_id(),
        };
        let store = Arc::clone(self);
        let written = blocking(move || store.copy(request)).await?;
        Ok((written.etag, written.modified_ms))
    }
}
