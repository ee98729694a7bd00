//! The life of an object: put, read, copied, deleted.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::blobs::{Pin, Received, Sha256};
use super::checksum::{Algorithm, Checksum, Cover, Digests, Expected, of_parts};
use super::conditions::{ReadConditions, WriteConditions};
use super::error::StoreError;
use super::headers::{Headers, Metadata, check_key, check_metadata};
use super::outbox::{self, Created};
use super::read::{Body, Span};
use super::receive::Spooled;
use super::rows::{
    self, ObjectRow, Segment, bucket_id, delete_object, ensure_blob, find_object, now_ms,
};
use super::store::ObjectStore;

/// An object that was opened for reading: its row, and its body pinned to the disk.
pub(super) struct OpenObject {
    pub row: ObjectRow,
    pub segments: Vec<Segment>,
    pin: Pin,
}

/// What `PutObject` asks for.
pub(super) struct PutRequest {
    pub bucket: String,
    pub key: String,
    pub headers: Headers,
    pub metadata: Metadata,
    pub expected: Expected,
    /// Whose value is kept with the object.
    pub algorithm: Algorithm,
    pub conditions: WriteConditions,
    pub request_id: String,
}

/// What `CopyObject` asks for.
pub(super) struct CopyRequest {
    pub source_bucket: String,
    pub source_key: String,
    pub source_conditions: ReadConditions,
    pub bucket: String,
    pub key: String,
    /// `None` keeps the source's.
    pub replace: Option<(Headers, Metadata)>,
    /// `None` keeps the source's.
    pub algorithm: Option<Algorithm>,
    /// `None` keeps the source's.
    pub storage_class: Option<String>,
    pub conditions: WriteConditions,
    pub request_id: String,
}

/// An object about to be written.
pub(super) struct NewObject<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub headers: &'a Headers,
    pub metadata: &'a Metadata,
    pub etag: String,
    pub checksum: Checksum,
    /// Parts' numbers and contents, in order.
    pub segments: &'a [(i32, Digests)],
    /// The upload that it comes from.
    pub upload: Option<&'a str>,
    pub conditions: &'a WriteConditions,
    /// The event's reason: the operation.
    pub reason: &'static str,
    pub request_id: &'a str,
}

/// An object that was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub etag: String,
    pub size: u64,
    pub checksum: Checksum,
    /// Milliseconds since the Unix epoch.
    pub modified_ms: i64,
}

impl ObjectStore {
    /// `PutObject`. Blocks.
    pub(super) fn put(
        self: &Arc<Self>,
        request: &PutRequest,
        body: Spooled,
    ) -> Result<Written, StoreError> {
        check_key(&request.key)?;
        check_metadata(&request.metadata)?;
        let received = body.finish(&request.expected)?;
        let digests = received.digests.clone();
        let segments = [(1, digests.clone())];
        let object = NewObject {
            bucket: &request.bucket,
            key: &request.key,
            headers: &request.headers,
            metadata: &request.metadata,
            etag: digests.etag(),
            checksum: whole_checksum(request.algorithm, &digests)?,
            segments: &segments,
            upload: None,
            conditions: &request.conditions,
            reason: "PutObject",
            request_id: &request.request_id,
        };
        let pin = self.blobs.publish(received)?;
        self.commit(Some(pin), |transaction, forgotten| {
            self.insert(transaction, &object, forgotten)
        })
    }

    /// Opens an object for reading. Blocks.
    pub(super) fn open_object(&self, bucket: &str, key: &str) -> Result<OpenObject, StoreError> {
        loop {
            let (row, segments) = self.index.read(|connection| {
                let bucket = bucket_id(connection, bucket)?;
                let row = find_object(connection, bucket, key)?;
                let row = row.ok_or_else(|| StoreError::NoSuchKey {
                    key: key.to_owned(),
                })?;
                let segments = rows::segments(connection, row.id)?;
                Ok((row, segments))
            })?;
            let pin = self
                .blobs
                .pin(segments.iter().map(|part| part.digests.sha256).collect());
            // Pinned too late when the object went between the two reads: its files may be gone. While it
            // is still there, whoever deletes it from now on finds the pin.
            if self.index.read(|connection| is_there(connection, row.id))? {
                return Ok(OpenObject { row, segments, pin });
            }
        }
    }

    /// The row of an object. Blocks.
    pub(super) fn describe(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<(ObjectRow, Vec<Segment>), StoreError> {
        self.index.read(|connection| {
            let bucket = bucket_id(connection, bucket)?;
            let row = find_object(connection, bucket, key)?;
            let row = row.ok_or_else(|| StoreError::NoSuchKey {
                key: key.to_owned(),
            })?;
            let segments = rows::segments(connection, row.id)?;
            Ok((row, segments))
        })
    }

    /// `CopyObject`: no byte moves, unless the source was uploaded in parts. Blocks.
    pub(super) fn copy(self: &Arc<Self>, request: CopyRequest) -> Result<Written, StoreError> {
        check_key(&request.key)?;
        let source = self.open_object(&request.source_bucket, &request.source_key)?;
        request
            .source_conditions
            .check_copy(&source.row.etag, source.row.modified_s())?;
        let itself = request.source_bucket == request.bucket && request.source_key == request.key;
        if itself && request.replace.is_none() && request.storage_class.is_none() {
            return Err(StoreError::request(
                "an object can be copied to itself only with other metadata or storage class",
            ));
        }
        let (mut headers, metadata) = match request.replace {
            Some(replacement) => replacement,
            None => (source.row.headers.clone(), source.row.metadata.clone()),
        };
        check_metadata(&metadata)?;
        headers.storage_class = request.storage_class.or(headers.storage_class);
        let algorithm = request.algorithm.unwrap_or(source.row.checksum.algorithm);
        let size = source.row.size;
        let (digests, pin) = match source.segments.as_slice() {
            [only] if source.row.parts.is_none() && only.digests.value(algorithm).is_some() => {
                (only.digests.clone(), source.pin)
            }
            _ => {
                let received = self.gather(&source, 0..size, algorithm == Algorithm::Sha1)?;
                (received.digests.clone(), self.blobs.publish(received)?)
            }
        };
        let segments = [(1, digests.clone())];
        let object = NewObject {
            bucket: &request.bucket,
            key: &request.key,
            headers: &headers,
            metadata: &metadata,
            etag: digests.etag(),
            checksum: whole_checksum(algorithm, &digests)?,
            segments: &segments,
            upload: None,
            conditions: &request.conditions,
            reason: "CopyObject",
            request_id: &request.request_id,
        };
        self.commit(Some(pin), |transaction, forgotten| {
            self.insert(transaction, &object, forgotten)
        })
    }

    /// Copies bytes of an object into a body of their own. Blocks.
    pub(super) fn gather(
        &self,
        source: &OpenObject,
        range: std::ops::Range<u64>,
        with_sha1: bool,
    ) -> Result<Received, StoreError> {
        let mut incoming = self.blobs.receive(with_sha1)?;
        let mut span = Span::new(&source.segments, range);
        while let Some(bytes) = span.read(&self.blobs)? {
            incoming.write(&bytes)?;
        }
        incoming.finish(&Expected::default())
    }

    /// `DeleteObject`; deleting what is not there succeeds. Blocks.
    pub(super) fn delete(
        &self,
        bucket: &str,
        key: &str,
        conditions: &WriteConditions,
    ) -> Result<(), StoreError> {
        self.commit(None, |transaction, forgotten| {
            let bucket = bucket_id(transaction, bucket)?;
            let row = find_object(transaction, bucket, key)?;
            conditions.check(key, row.as_ref().map(|row| row.etag.as_str()))?;
            if let Some(row) = row {
                *forgotten = delete_object(transaction, row.id)?;
            }
            Ok(())
        })
    }

    /// `DeleteObjects`: all in one transaction. Blocks.
    pub(super) fn delete_many(
        &self,
        bucket: &str,
        keys: &[(String, WriteConditions)],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.commit(None, |transaction, forgotten| {
            let bucket = bucket_id(transaction, bucket)?;
            let mut results = Vec::with_capacity(keys.len());
            for (key, conditions) in keys {
                let row = find_object(transaction, bucket, key)?;
                let allowed = conditions.check(key, row.as_ref().map(|row| row.etag.as_str()));
                if let (Ok(()), Some(row)) = (&allowed, row) {
                    forgotten.extend(delete_object(transaction, row.id)?);
                }
                results.push(allowed);
            }
            Ok(results)
        })
    }

    /// Writes an object and its event, in the place of the one that was there.
    pub(super) fn insert(
        &self,
        transaction: &Connection,
        object: &NewObject<'_>,
        forgotten: &mut Vec<Sha256>,
    ) -> Result<Written, StoreError> {
        let bucket = bucket_id(transaction, object.bucket)?;
        let current = find_object(transaction, bucket, object.key)?;
        object
            .conditions
            .check(object.key, current.as_ref().map(|row| row.etag.as_str()))?;
        // New bodies get their rows before old ones lose theirs: they may be the same.
        let blobs = object
            .segments
            .iter()
            .map(|(_, digests)| ensure_blob(transaction, digests));
        let blobs = blobs.collect::<Result<Vec<i64>, _>>()?;
        let replaced = match &current {
            Some(row) => {
                let blobs = rows::blobs_of(
                    transaction,
                    "SELECT DISTINCT blob FROM segment WHERE object = ?1",
                    row.id,
                )?;
                transaction
                    .prepare_cached("DELETE FROM object WHERE id = ?1")?
                    .execute([row.id])?;
                blobs
            }
            None => Vec::new(),
        };
        let size = object
            .segments
            .iter()
            .map(|(_, digests)| digests.size)
            .sum::<u64>();
        let modified_ms = now_ms();
        transaction
            .prepare_cached(
                "INSERT INTO object (bucket, key, size, etag, modified_ms, headers, metadata,
                     checksum_algorithm, checksum_type, checksum, parts, upload)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                bucket,
                object.key.as_bytes(),
                size as i64,
                object.etag,
                modified_ms,
                serde_json::to_string(object.headers)?,
                serde_json::to_string(object.metadata)?,
                object.checksum.algorithm.name(),
                object.checksum.cover.name(),
                object.checksum.value,
                object.upload.map(|_| object.segments.len() as i64),
                object.upload,
            ])?;
        let id = transaction.last_insert_rowid();
        let mut segment = transaction.prepare_cached(
            "INSERT INTO segment (object, position, blob, part) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (position, (blob, (part, _))) in blobs.iter().zip(object.segments).enumerate() {
            segment.execute(params![id, position as i64, blob, part])?;
        }
        forgotten.extend(rows::forget_blobs(transaction, &replaced)?);
        outbox::add(
            transaction,
            &self.settings,
            &Created {
                bucket: object.bucket,
                key: object.key,
                size,
                etag: &object.etag,
                sequencer: id,
                request_id: object.request_id,
                reason: object.reason,
            },
        )?;
        let (etag, checksum) = (object.etag.clone(), object.checksum.clone());
        Ok(Written {
            etag,
            size,
            checksum,
            modified_ms,
        })
    }
}

impl OpenObject {
    /// These bytes of the body, as a stream.
    pub(super) fn stream(self, store: &ObjectStore, range: std::ops::Range<u64>) -> Body {
        Body::new(
            Arc::clone(&store.blobs),
            self.pin,
            Span::new(&self.segments, range),
        )
    }
}

/// The checksum of a body that was written at once.
fn whole_checksum(algorithm: Algorithm, digests: &Digests) -> Result<Checksum, StoreError> {
    of_parts(algorithm, Cover::FullObject, std::slice::from_ref(digests)).ok_or_else(|| {
        StoreError::request(format!(
            "the {} of the body was not computed",
            algorithm.name()
        ))
    })
}

fn is_there(connection: &Connection, object: i64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM object WHERE id = ?1")?;
    Ok(statement.exists([object])?)
}
