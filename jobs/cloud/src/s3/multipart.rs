//! Multipart uploads: begun, filled part by part, completed or aborted.
//!
//! Each part is a body of its own, and the completed object is the list of its parts: completing copies
//! nothing and takes a single transaction, whatever the size.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::blobs::Received;
use super::checksum::{Algorithm, Checksum, Cover, Digests, Expected, multipart_etag, of_parts};
use super::conditions::{ReadConditions, WriteConditions};
use super::error::StoreError;
use super::headers::{Headers, Metadata, check_key, check_metadata};
use super::list::{rolled_up, successor};
use super::objects::{NewObject, Written};
use super::receive::Spooled;
use super::rows::{
    DIGEST_COLUMNS, blobs_of, bucket_id, digests_row, ensure_blob, find_object, forget_blobs,
    now_ms, text,
};
use super::store::ObjectStore;

/// All parts but the last have at least this many bytes.
const MIN_PART: u64 = 5 * 1024 * 1024;
/// Parts are numbered 1 to this.
const MAX_PART_NUMBER: i32 = 10_000;

/// What `CreateMultipartUpload` asks for.
pub(super) struct UploadRequest {
    pub bucket: String,
    pub key: String,
    pub headers: Headers,
    pub metadata: Metadata,
    pub algorithm: Option<Algorithm>,
    pub cover: Option<Cover>,
}

/// An unfinished upload.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub id: String,
    pub key: String,
    /// Milliseconds since the Unix epoch.
    pub initiated_ms: i64,
    pub headers: Headers,
    pub metadata: Metadata,
    pub algorithm: Algorithm,
    pub cover: Cover,
    /// The client named the algorithm; else it is the default and parts may use any other.
    pub declared: bool,
}

/// A part of an unfinished upload.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub number: i32,
    pub digests: Digests,
    /// Milliseconds since the Unix epoch.
    pub modified_ms: i64,
}

/// Names an upload.
#[derive(Clone, Debug)]
pub(super) struct UploadAddress {
    pub bucket: String,
    pub key: String,
    pub upload: String,
}

/// A part as `CompleteMultipartUpload` lists it.
#[derive(Clone, Debug)]
pub(super) struct ListedPart {
    pub number: i32,
    /// Without quotes.
    pub etag: String,
    pub checksum: Option<(Algorithm, Vec<u8>)>,
}

/// What `CompleteMultipartUpload` asks for.
pub(super) struct CompleteRequest {
    pub address: UploadAddress,
    pub parts: Vec<ListedPart>,
    pub conditions: WriteConditions,
    /// Of the whole object.
    pub checksum: Option<(Algorithm, String)>,
    pub cover: Option<Cover>,
    pub size: Option<u64>,
    pub request_id: String,
}

/// What `UploadPartCopy` asks for.
pub(super) struct PartCopyRequest {
    pub address: UploadAddress,
    pub number: i32,
    pub source_bucket: String,
    pub source_key: String,
    pub source_conditions: ReadConditions,
    /// First and last byte; `None` is all.
    pub range: Option<(u64, u64)>,
}

/// A page of unfinished uploads.
#[derive(Debug, Default)]
pub(super) struct UploadPage {
    pub uploads: Vec<Upload>,
    pub common_prefixes: Vec<String>,
    /// Key (or common prefix) and id of the last entry, when there is more.
    pub next: Option<(String, String)>,
}

impl ObjectStore {
    /// `CreateMultipartUpload`. Blocks.
    pub(super) fn begin_upload(&self, request: &UploadRequest) -> Result<Upload, StoreError> {
        check_key(&request.key)?;
        check_metadata(&request.metadata)?;
        let algorithm = request.algorithm.unwrap_or(Algorithm::Crc64Nvme);
        let cover = request.cover.unwrap_or(algorithm.default_cover());
        if !algorithm.allows(cover) {
            return Err(StoreError::request(format!(
                "the {} checksum type cannot be used with the {} checksum algorithm",
                cover.name(),
                algorithm.name()
            )));
        }
        let initiated_ms = now_ms();
        // Ids sort by time, as `ListMultipartUploads` wants those of one key.
        let id = format!("{initiated_ms:012x}{}", uuid::Uuid::new_v4().simple());
        self.index.write(|transaction| {
            let bucket = bucket_id(transaction, &request.bucket)?;
            transaction
                .prepare_cached(
                    "INSERT INTO upload (id, bucket, key, initiated_ms, headers, metadata,
                         checksum_algorithm, checksum_type, checksum_declared)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![
                    id,
                    bucket,
                    request.key.as_bytes(),
                    initiated_ms,
                    serde_json::to_string(&request.headers)?,
                    serde_json::to_string(&request.metadata)?,
                    algorithm.name(),
                    cover.name(),
                    request.algorithm.is_some(),
                ])?;
            Ok(())
        })?;
        Ok(Upload {
            id,
            key: request.key.clone(),
            initiated_ms,
            headers: request.headers.clone(),
            metadata: request.metadata.clone(),
            algorithm,
            cover,
            declared: request.algorithm.is_some(),
        })
    }

    /// The upload, or why there is none. Blocks.
    pub(super) fn find_upload(&self, address: &UploadAddress) -> Result<Upload, StoreError> {
        self.index
            .read(|connection| find(connection, address).map(|(_, upload)| upload))
    }

    /// `UploadPart`. Blocks.
    pub(super) fn put_part(
        self: &Arc<Self>,
        address: &UploadAddress,
        number: i32,
        body: Spooled,
        expected: &Expected,
    ) -> Result<Part, StoreError> {
        let received = body.finish(expected)?;
        self.keep_part(address, number, received)
    }

    /// `UploadPartCopy`. Blocks.
    pub(super) fn copy_part(
        self: &Arc<Self>,
        request: &PartCopyRequest,
    ) -> Result<(Part, Upload), StoreError> {
        check_part_number(request.number)?;
        let upload = self.find_upload(&request.address)?;
        let source = self.open_object(&request.source_bucket, &request.source_key)?;
        request
            .source_conditions
            .check_copy(&source.row.etag, source.row.modified_s())?;
        let size = source.row.size;
        let range = match request.range {
            None => 0..size,
            Some((first, last)) if first <= last && last < size => first..last + 1,
            Some(_) => {
                return Err(StoreError::argument(format!(
                    "the range is not valid for a source of {size} bytes"
                )));
            }
        };
        let received = self.gather(&source, range, upload.algorithm == Algorithm::Sha1)?;
        let part = self.keep_part(&request.address, request.number, received)?;
        Ok((part, upload))
    }

    fn keep_part(
        self: &Arc<Self>,
        address: &UploadAddress,
        number: i32,
        received: Received,
    ) -> Result<Part, StoreError> {
        check_part_number(number)?;
        let digests = received.digests.clone();
        let modified_ms = now_ms();
        let pin = self.blobs.publish(received)?;
        self.commit(Some(pin), |transaction, forgotten| {
            find(transaction, address)?;
            let blob = ensure_blob(transaction, &digests)?;
            let replaced: Option<i64> = transaction
                .prepare_cached("SELECT blob FROM part WHERE upload = ?1 AND number = ?2")?
                .query_row(params![address.upload, number], |row| row.get(0))
                .optional()?;
            transaction
                .prepare_cached(
                    "INSERT INTO part (upload, number, blob, modified_ms) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET blob = excluded.blob, modified_ms = excluded.modified_ms",
                )?
                .execute(params![address.upload, number, blob, modified_ms])?;
            *forgotten = forget_blobs(transaction, replaced.as_slice())?;
            Ok(())
        })?;
        Ok(Part {
            number,
            digests,
            modified_ms,
        })
    }

    /// `CompleteMultipartUpload`. Asked again after it succeeded, it succeeds again. Blocks.
    pub(super) fn complete_upload(&self, request: &CompleteRequest) -> Result<Written, StoreError> {
        let address = &request.address;
        check_listed(&request.parts)?;
        self.commit(None, |transaction, forgotten| {
            let (_, upload) = match find(transaction, address) {
                Err(StoreError::NoSuchUpload { .. }) => {
                    return completed_before(transaction, address);
                }
                other => other?,
            };
            let uploaded = parts(transaction, &address.upload, 0, MAX_PART_NUMBER as usize)?;
            let chosen = choose(&request.parts, &uploaded)?;
            let digests: Vec<Digests> = chosen.iter().map(|(_, part)| part.clone()).collect();
            let size = digests.iter().map(|part| part.size).sum::<u64>();
            if request.size.is_some_and(|expected| expected != size) {
                return Err(StoreError::request(
                    "x-amz-mp-object-size is not the sum of the parts",
                ));
            }
            let checksum = of_parts(upload.algorithm, upload.cover, &digests).ok_or_else(|| {
                StoreError::request(format!(
                    "the parts were not uploaded with {} checksums",
                    upload.algorithm.name()
                ))
            })?;
            check_whole(request, &checksum, &digests)?;
            let object = NewObject {
                bucket: &address.bucket,
                key: &address.key,
                headers: &upload.headers,
                metadata: &upload.metadata,
                etag: multipart_etag(&digests),
                checksum,
                segments: &chosen,
                upload: Some(&address.upload),
                conditions: &request.conditions,
                reason: "CompleteMultipartUpload",
                request_id: &request.request_id,
            };
            let written = self.insert(transaction, &object, forgotten)?;
            forgotten.extend(remove(transaction, &address.upload)?);
            Ok(written)
        })
    }

    /// `AbortMultipartUpload`. Blocks.
    pub(super) fn abort_upload(&self, address: &UploadAddress) -> Result<(), StoreError> {
        self.commit(None, |transaction, forgotten| {
            find(transaction, address)?;
            *forgotten = remove(transaction, &address.upload)?;
            Ok(())
        })
    }

    /// `ListParts`: up to `limit` parts after this number, and whether there are more. Blocks.
    pub(super) fn list_parts(
        &self,
        address: &UploadAddress,
        after: i32,
        limit: usize,
    ) -> Result<(Upload, Vec<Part>, bool), StoreError> {
        self.index.read(|connection| {
            let (_, upload) = find(connection, address)?;
            let mut parts = parts(connection, &address.upload, after, limit + 1)?;
            let more = parts.len() > limit;
            parts.truncate(limit);
            Ok((upload, parts, more))
        })
    }

    /// `ListMultipartUploads`: a page by key, then by age. With a key only, the page begins after that
    /// key; with an upload too, after that upload of the key. Blocks.
    pub(super) fn list_uploads(
        &self,
        bucket: &str,
        prefix: &str,
        delimiter: Option<&str>,
        after: (&str, &str),
        limit: usize,
    ) -> Result<UploadPage, StoreError> {
        self.index.read(|connection| {
            let bucket = bucket_id(connection, bucket)?;
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {UPLOAD_COLUMNS} FROM upload
                 WHERE bucket = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)
                 AND (key > ?4 OR (key = ?4 AND ?5 <> '' AND id > ?5))
                 ORDER BY key, id"
            ))?;
            let mut rows = statement.query(params![
                bucket,
                prefix.as_bytes(),
                successor(prefix.as_bytes()),
                after.0.as_bytes(),
                after.1,
            ])?;
            let mut page = UploadPage::default();
            let mut last = (String::new(), String::new());
            while let Some(row) = rows.next()? {
                let upload = upload_row(row)?;
                let common = rolled_up(&upload.key, prefix, delimiter);
                let listed = page.common_prefixes.last().map(String::as_str);
                if common.is_some_and(|common| listed == Some(common) || common == after.0) {
                    continue;
                }
                if page.uploads.len() + page.common_prefixes.len() == limit {
                    page.next = (limit > 0).then_some(last);
                    break;
                }
                if let Some(common) = common {
                    last = (common.to_owned(), String::new());
                    page.common_prefixes.push(common.to_owned());
                } else {
                    last = (upload.key.clone(), upload.id.clone());
                    page.uploads.push(upload);
                }
            }
            Ok(page)
        })
    }
}

const UPLOAD_COLUMNS: &str = "id, key, initiated_ms, headers, metadata, checksum_algorithm, \
    checksum_type, checksum_declared";

fn upload_row(row: &rusqlite::Row<'_>) -> Result<Upload, StoreError> {
    let headers: String = row.get(3)?;
    let metadata: String = row.get(4)?;
    Ok(Upload {
        id: row.get(0)?,
        key: text(row.get(1)?),
        initiated_ms: row.get(2)?,
        headers: serde_json::from_str(&headers)?,
        metadata: serde_json::from_str(&metadata)?,
        algorithm: Algorithm::parse(&row.get::<_, String>(5)?)?,
        cover: Cover::parse(&row.get::<_, String>(6)?)?,
        declared: row.get(7)?,
    })
}

/// The bucket's row and the upload.
fn find(connection: &Connection, address: &UploadAddress) -> Result<(i64, Upload), StoreError> {
    let bucket = bucket_id(connection, &address.bucket)?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {UPLOAD_COLUMNS} FROM upload WHERE id = ?1 AND bucket = ?2 AND key = ?3"
    ))?;
    let mut rows = statement.query(params![address.upload, bucket, address.key.as_bytes()])?;
    match rows.next()? {
        Some(row) => Ok((bucket, upload_row(row)?)),
        None => Err(StoreError::NoSuchUpload {
            upload: address.upload.clone(),
        }),
    }
}

fn parts(
    connection: &Connection,
    upload: &str,
    after: i32,
    limit: usize,
) -> Result<Vec<Part>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT number, modified_ms, {DIGEST_COLUMNS} FROM part JOIN blob ON blob.id = part.blob
         WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3"
    ))?;
    let rows = statement.query_map(params![upload, after, limit as i64], |row| {
        let digests = digests_row(row, 2)?;
        Ok(Part {
            number: row.get(0)?,
            modified_ms: row.get(1)?,
            digests,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes an upload with its parts, and answers the bodies that nothing refers to any more.
fn remove(connection: &Connection, upload: &str) -> Result<Vec<super::blobs::Sha256>, StoreError> {
    let blobs = blobs_of(
        connection,
        "SELECT DISTINCT blob FROM part WHERE upload = ?1",
        upload,
    )?;
    connection
        .prepare_cached("DELETE FROM upload WHERE id = ?1")?
        .execute([upload])?;
    forget_blobs(connection, &blobs)
}

/// A client that did not hear the answer asks again.
fn completed_before(
    connection: &Connection,
    address: &UploadAddress,
) -> Result<Written, StoreError> {
    let bucket = bucket_id(connection, &address.bucket)?;
    match find_object(connection, bucket, &address.key)? {
        Some(row) if row.upload.as_ref() == Some(&address.upload) => Ok(Written {
            etag: row.etag,
            size: row.size,
            checksum: row.checksum,
            modified_ms: row.modified_ms,
        }),
        _ => Err(StoreError::NoSuchUpload {
            upload: address.upload.clone(),
        }),
    }
}

/// Refuses part numbers that S3 would not have.
pub(super) fn check_part_number(number: i32) -> Result<(), StoreError> {
    if (1..=MAX_PART_NUMBER).contains(&number) {
        return Ok(());
    }
    Err(StoreError::argument(format!(
        "a part number is between 1 and {MAX_PART_NUMBER}, not {number}"
    )))
}

fn check_listed(parts: &[ListedPart]) -> Result<(), StoreError> {
    if parts.is_empty() {
        return Err(StoreError::MalformedXml {
            message: "an upload is completed with at least one part".to_owned(),
        });
    }
    if !parts.is_sorted_by(|one, other| one.number < other.number) {
        return Err(StoreError::InvalidPartOrder);
    }
    Ok(())
}

/// The uploaded parts that the request lists.
fn choose(listed: &[ListedPart], uploaded: &[Part]) -> Result<Vec<(i32, Digests)>, StoreError> {
    let mut chosen = Vec::with_capacity(listed.len());
    for (index, part) in listed.iter().enumerate() {
        let invalid = StoreError::InvalidPart {
            number: part.number,
        };
        let Ok(found) = uploaded.binary_search_by_key(&part.number, |part| part.number) else {
            return Err(invalid);
        };
        let digests = &uploaded[found].digests;
        let checksum = part.checksum.as_ref();
        let same = checksum
            .is_none_or(|(algorithm, value)| digests.value(*algorithm).as_ref() == Some(value));
        if digests.etag() != part.etag || !same {
            return Err(invalid);
        }
        if index + 1 < listed.len() && digests.size < MIN_PART {
            return Err(StoreError::EntityTooSmall {
                number: part.number,
                size: digests.size,
            });
        }
        chosen.push((part.number, digests.clone()));
    }
    Ok(chosen)
}

/// Compares what the client says of the whole object with what it is.
fn check_whole(
    request: &CompleteRequest,
    checksum: &Checksum,
    parts: &[Digests],
) -> Result<(), StoreError> {
    if let Some(cover) = request.cover
        && cover != checksum.cover
    {
        return Err(StoreError::request(format!(
            "the upload was begun with the checksum type {}",
            checksum.cover.name()
        )));
    }
    let Some((algorithm, value)) = &request.checksum else {
        return Ok(());
    };
    // A composite value may come without its number of parts.
    let composite = format!("-{}", parts.len());
    let cover = match value.strip_suffix(&composite) {
        Some(_) => Cover::Composite,
        None => checksum.cover,
    };
    let computed = of_parts(*algorithm, cover, parts).map(|checksum| checksum.value);
    let bare = |text: &str| text.strip_suffix(&composite).unwrap_or(text).to_owned();
    if computed.is_some_and(|computed| bare(&computed) == bare(value)) {
        return Ok(());
    }
    Err(StoreError::BadDigest {
        algorithm: algorithm.name(),
    })
}
