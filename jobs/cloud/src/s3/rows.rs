//! Rows of the index that several operations share: buckets, blobs, objects with their segments.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::blobs::Sha256;
use super::checksum::{Algorithm, Checksum, Cover, Digests};
use super::error::StoreError;
use super::headers::{Headers, Metadata};

/// An object as the index has it.
#[derive(Clone, Debug)]
pub(super) struct ObjectRow {
    pub id: i64,
    pub key: String,
    pub size: u64,
    pub etag: String,
    /// Milliseconds since the Unix epoch.
    pub modified_ms: i64,
    pub headers: Headers,
    pub metadata: Metadata,
    pub checksum: Checksum,
    /// How many parts it was uploaded in; `None` when it was put at once.
    pub parts: Option<u32>,
    /// The upload that made it.
    pub upload: Option<String>,
}

impl ObjectRow {
    /// S3 knows the time of an object to the second.
    pub(super) fn modified_s(&self) -> i64 {
        self.modified_ms.div_euclid(1000)
    }
}

/// A piece of an object's body.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The number of the part that it was uploaded as; 1 when it was put at once.
    pub part: i32,
    pub digests: Digests,
}

/// Milliseconds since the Unix epoch, now.
pub(super) fn now_ms() -> i64 {
    let now = time::OffsetDateTime::now_utc();
    (now.unix_timestamp_nanos() / 1_000_000) as i64
}

/// The bucket's row.
pub(super) fn bucket_id(connection: &Connection, bucket: &str) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM bucket WHERE name = ?1")?;
    statement
        .query_row([bucket], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::NoSuchBucket {
            bucket: bucket.to_owned(),
        })
}

/// The columns that [`object_row`] reads.
pub(super) const OBJECT_COLUMNS: &str = "id, key, size, etag, modified_ms, headers, metadata, \
    checksum_algorithm, checksum_type, checksum, parts, upload";

/// Reads a row of [`OBJECT_COLUMNS`].
pub(super) fn object_row(row: &Row<'_>) -> Result<ObjectRow, StoreError> {
    let headers: String = row.get(5)?;
    let metadata: String = row.get(6)?;
    Ok(ObjectRow {
        id: row.get(0)?,
        key: text(row.get(1)?),
        size: row.get::<_, i64>(2)? as u64,
        etag: row.get(3)?,
        modified_ms: row.get(4)?,
        headers: serde_json::from_str(&headers)?,
        metadata: serde_json::from_str(&metadata)?,
        checksum: Checksum {
            algorithm: Algorithm::parse(&row.get::<_, String>(7)?)?,
            cover: Cover::parse(&row.get::<_, String>(8)?)?,
            value: row.get(9)?,
        },
        parts: row.get(10)?,
        upload: row.get(11)?,
    })
}

/// Keys come from requests as UTF-8 and are stored as they came.
pub(super) fn text(key: Vec<u8>) -> String {
    String::from_utf8(key)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The object of a key, if there is one.
pub(super) fn find_object(
    connection: &Connection,
    bucket: i64,
    key: &str,
) -> Result<Option<ObjectRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OBJECT_COLUMNS} FROM object WHERE bucket = ?1 AND key = ?2"
    ))?;
    let mut rows = statement.query(params![bucket, key.as_bytes()])?;
    rows.next()?.map(object_row).transpose()
}

/// The columns that [`digests_row`] reads, of `blob`.
pub(super) const DIGEST_COLUMNS: &str = "blob.size, blob.sha256, blob.md5, blob.crc32, \
    blob.crc32c, blob.crc64nvme, blob.sha1";

/// Reads [`DIGEST_COLUMNS`] from this column on.
pub(super) fn digests_row(row: &Row<'_>, first: usize) -> Result<Digests, rusqlite::Error> {
    Ok(Digests {
        size: row.get::<_, i64>(first)? as u64,
        sha256: row.get(first + 1)?,
        md5: row.get(first + 2)?,
        crc32: row.get(first + 3)?,
        crc32c: row.get(first + 4)?,
        crc64nvme: row.get::<_, i64>(first + 5)? as u64,
        sha1: row.get(first + 6)?,
    })
}

/// The body of an object, in order.
pub(super) fn segments(connection: &Connection, object: i64) -> Result<Vec<Segment>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT part, {DIGEST_COLUMNS} FROM segment JOIN blob ON blob.id = segment.blob
         WHERE object = ?1 ORDER BY position"
    ))?;
    let rows = statement.query_map([object], |row| {
        Ok(Segment {
            part: row.get(0)?,
            digests: digests_row(row, 1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The row of a body, made when it is new.
pub(super) fn ensure_blob(connection: &Connection, digests: &Digests) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO blob (sha256, size, md5, crc32, crc32c, crc64nvme, sha1)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (sha256) DO UPDATE SET sha1 = coalesce(blob.sha1, excluded.sha1)
         RETURNING id",
    )?;
    Ok(statement.query_row(
        params![
            digests.sha256,
            digests.size as i64,
            digests.md5,
            digests.crc32,
            digests.crc32c,
            digests.crc64nvme as i64,
            digests.sha1,
        ],
        |row| row.get(0),
    )?)
}

/// Forgets those of these blobs that nothing refers to any more, and answers their names.
pub(super) fn forget_blobs(
    connection: &Connection,
    blobs: &[i64],
) -> Result<Vec<Sha256>, StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM blob WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM segment WHERE segment.blob = blob.id)
         AND NOT EXISTS (SELECT 1 FROM part WHERE part.blob = blob.id)
         RETURNING sha256",
    )?;
    let mut forgotten = Vec::new();
    for blob in blobs {
        forgotten.extend(
            statement
                .query_row([blob], |row| row.get::<_, Sha256>(0))
                .optional()?,
        );
    }
    Ok(forgotten)
}

/// Deletes an object and answers the bodies that nothing refers to any more.
pub(super) fn delete_object(
    connection: &Connection,
    object: i64,
) -> Result<Vec<Sha256>, StoreError> {
    let blobs = blobs_of(
        connection,
        "SELECT DISTINCT blob FROM segment WHERE object = ?1",
        object,
    )?;
    connection
        .prepare_cached("DELETE FROM object WHERE id = ?1")?
        .execute([object])?;
    forget_blobs(connection, &blobs)
}

/// The first column of a query with one parameter.
pub(super) fn blobs_of(
    connection: &Connection,
    query: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map([parameter], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
