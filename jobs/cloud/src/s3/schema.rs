//! The tables of the index, as a list of migrations.

use rusqlite::Connection;

/// Each entry takes the index from the version before it to its own (the first makes version 1). Entries
/// are never edited once released, only added.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE bucket (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created_ms INTEGER NOT NULL
    ) STRICT;

    -- One row for each file under objects/. The checksums belong to the content, so they are here once.
    CREATE TABLE blob (
        id INTEGER PRIMARY KEY,
        sha256 BLOB NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        md5 BLOB NOT NULL,
        crc32 INTEGER NOT NULL,
        crc32c INTEGER NOT NULL,
        crc64nvme INTEGER NOT NULL,
        sha1 BLOB
    ) STRICT;

    -- Ids are never used again: they are the sequencer of events, and grow with every write of a key.
    CREATE TABLE object (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        bucket INTEGER NOT NULL REFERENCES bucket (id),
        key BLOB NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        headers TEXT NOT NULL,
        metadata TEXT NOT NULL,
        checksum_algorithm TEXT NOT NULL,
        checksum_type TEXT NOT NULL,
        checksum TEXT NOT NULL,
        parts INTEGER,
        upload TEXT,
        UNIQUE (bucket, key)
    ) STRICT;

    -- The body of an object is its blobs, one after the other: one, or one for each part of an upload.
    CREATE TABLE segment (
        object INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        blob INTEGER NOT NULL REFERENCES blob (id),
        part INTEGER NOT NULL,
        PRIMARY KEY (object, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX segment_blob ON segment (blob);

    CREATE TABLE upload (
        id TEXT PRIMARY KEY,
        bucket INTEGER NOT NULL REFERENCES bucket (id),
        key BLOB NOT NULL,
        initiated_ms INTEGER NOT NULL,
        headers TEXT NOT NULL,
        metadata TEXT NOT NULL,
        checksum_algorithm TEXT NOT NULL,
        checksum_type TEXT NOT NULL,
        checksum_declared INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX upload_key ON upload (bucket, key, id);

    CREATE TABLE part (
        upload TEXT NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        blob INTEGER NOT NULL REFERENCES blob (id),
        modified_ms INTEGER NOT NULL,
        PRIMARY KEY (upload, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX part_blob ON part (blob);

    -- Events that no sink has taken yet, in the order of their making.
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        subject BLOB NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
"];

/// The version that this build writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings the index to [`VERSION`]; answers the version found when that is newer than ours.
pub(super) fn migrate(connection: &mut Connection) -> Result<Result<(), i64>, rusqlite::Error> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT;",
    )?;
    let found: i64 = transaction.query_row(
        "SELECT coalesce(max(version), 0) FROM schema_version",
        [],
        |row| row.get(0),
    )?;
    if found > VERSION {
        return Ok(Err(found));
    }
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found as usize) {
        transaction.execute_batch(migration)?;
        transaction.execute(
            "INSERT INTO schema_version (version) VALUES (?1)",
            [version],
        )?;
    }
    transaction.commit()?;
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing() -> Result<(), rusqlite::Error> {
        let mut connection = Connection::open_in_memory()?;
        assert_eq!(migrate(&mut connection)?, Ok(()));
        assert_eq!(migrate(&mut connection)?, Ok(()));
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM schema_version", [], |row| row.get(0))?;
        assert_eq!(rows, VERSION);
        Ok(())
    }

    #[test]
    fn an_index_of_a_newer_build_is_left_alone() -> Result<(), rusqlite::Error> {
        let mut connection = Connection::open_in_memory()?;
        assert_eq!(migrate(&mut connection)?, Ok(()));
        connection.execute(
            "INSERT INTO schema_version (version) VALUES (?1)",
            [VERSION + 1],
        )?;
        assert_eq!(migrate(&mut connection)?, Err(VERSION + 1));
        Ok(())
    }
}
