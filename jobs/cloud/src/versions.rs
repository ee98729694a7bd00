//! Asks every store for its version before any of them is opened for work.
//!
//! A build that is too old for one store must not have migrated another by then: the check looks at
//! all of them first, and changes none.

use std::error::Error;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::error::CloudError;
use crate::{lanes, s3, sqs, states};

/// A database: its path below the data directory, the newest version that this build reads, and
/// how to find the version that it has.
type Store = (
    &'static str,
    i64,
    fn(&Connection) -> Result<i64, rusqlite::Error>,
);

const STORES: [Store; 5] = [
    ("s3/objects.db", s3::INDEX_VERSION, by_table),
    (STATES_FILE, states::STORE_VERSION, by_pragma),
    (QUEUE_FILE, lanes::QUEUE_VERSION, by_pragma),
    (QUEUES_FILE, sqs::VERSION, by_pragma),
    (TASKS_FILE, lanes::TASKS_VERSION, by_pragma),
];

/// The database of executions, below the data directory.
pub(crate) const STATES_FILE: &str = "states.sqlite";
/// The database of asynchronous invocations, below the data directory.
pub(crate) const QUEUE_FILE: &str = "lambda.sqlite";
/// The database of queues and their messages, below the data directory.
pub(crate) const QUEUES_FILE: &str = "sqs.sqlite";
/// The ledger of ECS tasks, below the data directory.
pub(crate) const TASKS_FILE: &str = "ecs.sqlite";

/// Refuses data of a newer build, and files that are no databases.
pub(crate) fn check(root: &Path) -> Result<(), CloudError> {
    for (name, known, version) in STORES {
        let path = root.join(name);
        let found = match peek(&path, version) {
            Ok(found) => found,
            Err(source) if is_damage(&source) => {
                // SQLite's own error below it says the same again, with a number.
                let source = source.to_string().into();
                return Err(CloudError::Damaged { path, source });
            }
            Err(source) => return Err(CloudError::store(root, source)),
        };
        if found > known {
            return Err(CloudError::Newer { path, found, known });
        }
    }
    Ok(())
}

/// The version of a database, 0 when it is not there yet.
fn peek(
    path: &Path,
    version: fn(&Connection) -> Result<i64, rusqlite::Error>,
) -> Result<i64, rusqlite::Error> {
    if !path.exists() {
        return Ok(0);
    }
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // What a killed cloud has left beside the file stays there: it may be a newer build's to read.
    let log = path.with_extension(match path.extension() {
        Some(extension) => format!("{}-wal", extension.to_string_lossy()),
        None => "wal".to_owned(),
    });
    if log.exists() {
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    // Reads the first pages, and so finds a file that is cut short.
    database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    })?;
    version(&database)
}

fn by_pragma(database: &Connection) -> Result<i64, rusqlite::Error> {
    database.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn by_table(database: &Connection) -> Result<i64, rusqlite::Error> {
    let table = database
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'",
            [],
            |_| Ok(()),
        )
        .optional()?;
    match table {
        Some(()) => database.query_row(
            "SELECT coalesce(max(version), 0) FROM schema_version",
            [],
            |row| row.get(0),
        ),
        None => Ok(0),
    }
}

/// Whether the error says that the file is not, or no longer, a database. The chain is walked
/// because stores wrap what the database says.
pub(crate) fn is_damage(error: &(dyn Error + 'static)) -> bool {
    matches!(
        error.downcast_ref::<rusqlite::Error>(),
        Some(rusqlite::Error::SqliteFailure(failure, _))
            if matches!(failure.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    ) || error.source().is_some_and(is_damage)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_empty_folder_and_empty_files_have_no_version() {
        let folder = tempfile::tempdir().unwrap();
        check(folder.path()).unwrap();
        std::fs::write(folder.path().join(STATES_FILE), "").unwrap();
        check(folder.path()).unwrap();
    }

    #[test]
    fn every_store_is_asked() {
        for (name, known, _) in STORES {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            Connection::open(&path)
                .unwrap()
                .execute_batch(&format!(
                    "PRAGMA user_version = {next}; CREATE TABLE schema_version (version INTEGER);
                     INSERT INTO schema_version VALUES ({next});",
                    next = known + 1
                ))
                .unwrap();
            let before = std::fs::read(&path).unwrap();
            let refused = check(folder.path()).unwrap_err();
            assert!(
                matches!(&refused, CloudError::Newer { path: named, .. } if *named == path),
                "{refused:?}"
            );
            assert_eq!(std::fs::read(&path).unwrap(), before);

            std::fs::write(&path, "no database, but longer than nothing at all").unwrap();
            let refused = check(folder.path()).unwrap_err();
            assert!(matches!(refused, CloudError::Damaged { .. }), "{refused:?}");
        }
    }

    #[test]
    fn what_a_killed_cloud_left_beside_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(STATES_FILE);
        let killed = Connection::open(&path).unwrap();
        killed.pragma_update(None, "journal_mode", "wal").unwrap();
        killed
            .execute_batch("CREATE TABLE t (n INTEGER); PRAGMA user_version = 7;")
            .unwrap();
        // A copy of the files in the middle is what SIGKILL leaves.
        let copy = tempfile::tempdir().unwrap();
        for name in [STATES_FILE, "states.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        let log = copy.path().join("states.sqlite-wal");
        let before = std::fs::read(&log).unwrap();
        assert!(!before.is_empty());
        let refused = check(copy.path()).unwrap_err();
        assert!(
            matches!(refused, CloudError::Newer { found: 7, .. }),
            "{refused:?}"
        );
        assert_eq!(std::fs::read(&log).unwrap(), before);
    }
}
