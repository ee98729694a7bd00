//! Buckets.

use rusqlite::{OptionalExtension as _, params};

use super::error::StoreError;
use super::rows::{blobs_of, bucket_id, forget_blobs, now_ms};
use super::store::ObjectStore;

/// A bucket of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    pub name: String,
    /// Milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// Creates a bucket that is not there yet.
pub(super) fn create(store: &ObjectStore, name: &str) -> Result<(), StoreError> {
    if !s3s::path::check_bucket_name(name) {
        return Err(StoreError::InvalidBucketName {
            bucket: name.to_owned(),
        });
    }
    store.index.write(|transaction| {
        let created = transaction.execute(
            "INSERT INTO bucket (name, created_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, now_ms()],
        )?;
        match created {
            0 => Err(StoreError::BucketAlreadyOwnedByYou {
                bucket: name.to_owned(),
            }),
            _ => Ok(()),
        }
    })
}

/// Fails unless the bucket is there.
pub(super) fn check(store: &ObjectStore, name: &str) -> Result<(), StoreError> {
    store
        .index
        .read(|connection| bucket_id(connection, name).map(|_| ()))
}

/// Deletes an empty bucket, with its unfinished uploads.
pub(super) fn delete(store: &ObjectStore, name: &str) -> Result<(), StoreError> {
    store.commit(None, |transaction, forgotten| {
        let bucket = bucket_id(transaction, name)?;
        let object = transaction
            .query_row("SELECT 1 FROM object WHERE bucket = ?1 LIMIT 1", [bucket], |_| Ok(()))
            .optional()?;
        if object.is_some() {
            return Err(StoreError::BucketNotEmpty { bucket: name.to_owned() });
        }
        let blobs = blobs_of(
            transaction,
            "SELECT DISTINCT blob FROM part WHERE upload IN (SELECT id FROM upload WHERE bucket = ?1)",
            bucket,
        )?;
        transaction.execute("DELETE FROM upload WHERE bucket = ?1", [bucket])?;
        transaction.execute("DELETE FROM bucket WHERE id = ?1", [bucket])?;
        *forgotten = forget_blobs(transaction, &blobs)?;
        Ok(())
    })
}

/// Up to `limit` buckets by name, after `after`, that begin with `prefix`.
pub(super) fn list(
    store: &ObjectStore,
    prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<Bucket>, StoreError> {
    store.index.read(|connection| {
        let mut statement = connection.prepare_cached(
            "SELECT name, created_ms FROM bucket
             WHERE name > ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name LIMIT ?3",
        )?;
        let rows = statement.query_map(params![after, prefix, limit as i64], |row| {
            Ok(Bucket {
                name: row.get(0)?,
                created_ms: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}
