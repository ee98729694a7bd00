//! Activities.

use rusqlite::{Connection, OptionalExtension, Result, params};

/// When the activity was made; nothing when there is none of this name.
pub(crate) fn created(store: &Connection, name: &str) -> Result<Option<i64>> {
    store
        .prepare_cached("SELECT created FROM activities WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Adds an activity.
pub(crate) fn insert(store: &Connection, name: &str, now: i64) -> Result<()> {
    store
        .prepare_cached("INSERT INTO activities (name, created) VALUES (?, ?)")?
        .execute(params![name, now])
        .map(|_| ())
}

/// Removes an activity; its tasks stay with their executions.
pub(crate) fn remove(store: &Connection, name: &str) -> Result<()> {
    store
        .prepare_cached("DELETE FROM activities WHERE name = ?")?
        .execute([name])
        .map(|_| ())
}

/// Name, creation and row of the activities behind `after`, in the order of their creation.
pub(crate) fn list(store: &Connection, after: i64, limit: i64) -> Result<Vec<(String, i64, i64)>> {
    store
        .prepare_cached(
            "SELECT name, created, id FROM activities WHERE id > ? ORDER BY id LIMIT ?",
        )?
        .query_map([after, limit], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect()
}
