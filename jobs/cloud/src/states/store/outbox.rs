//! Events that have to be delivered. A row is written with the change that it tells of.

use rusqlite::{Connection, Result};

/// Adds an event (JSON text).
pub(crate) fn insert(store: &Connection, event: &str) -> Result<()> {
    store
        .prepare_cached("INSERT INTO outbox (event) VALUES (?)")?
        .execute([event])
        .map(|_| ())
}

/// Row and text of the events behind `after`, oldest first.
pub(crate) fn page(store: &Connection, after: i64, limit: i64) -> Result<Vec<(i64, String)>> {
    store
        .prepare_cached("SELECT id, event FROM outbox WHERE id > ? ORDER BY id LIMIT ?")?
        .query_map([after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Removes a delivered event.
pub(crate) fn remove(store: &Connection, id: i64) -> Result<()> {
    store
        .prepare_cached("DELETE FROM outbox WHERE id = ?")?
        .execute([id])
        .map(|_| ())
}
