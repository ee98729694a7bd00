//! How the smaller stores open their SQLite files.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::config::Durability;

/// Opens (or creates) a database and brings it to the version that these steps lead to: step n brings one of version
/// n to version n + 1. A newer one has been refused before (`versions`).
pub(crate) fn open(
    path: &Path,
    durability: Durability,
    migrations: &[&str],
) -> Result<Connection, rusqlite::Error> {
    let mut database = Connection::open(path)?;
    database.busy_timeout(Duration::from_secs(5))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match durability {
        Durability::Normal => "NORMAL",
        Durability::Full => "FULL",
    };
    database.pragma_update(None, "synchronous", synchronous)?;
    migrate(&mut database, migrations)?;
    Ok(database)
}

/// All steps that are missing, or none.
fn migrate(database: &mut Connection, migrations: &[&str]) -> Result<(), rusqlite::Error> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (version, migration) in (1..).zip(migrations).skip(found as usize) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
}
