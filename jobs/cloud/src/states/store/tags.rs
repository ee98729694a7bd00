//! Tags of machines and activities.

use rusqlite::{Connection, Result, params};

/// The tags of a resource, by key.
pub(crate) fn list(store: &Connection, resource: &str) -> Result<Vec<(String, String)>> {
    store
        .prepare_cached("SELECT key, value FROM tags WHERE resource = ? ORDER BY key")?
        .query_map([resource], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Sets a tag.
pub(crate) fn set(store: &Connection, resource: &str, key: &str, value: &str) -> Result<()> {
    store
        .prepare_cached("INSERT OR REPLACE INTO tags (resource, key, value) VALUES (?, ?, ?)")?
        .execute(params![resource, key, value])
        .map(|_| ())
}

/// Removes a tag.
pub(crate) fn remove(store: &Connection, resource: &str, key: &str) -> Result<()> {
    store
        .prepare_cached("DELETE FROM tags WHERE resource = ? AND key = ?")?
        .execute([resource, key])
        .map(|_| ())
}

/// Removes all tags of a resource.
pub(crate) fn clear(store: &Connection, resource: &str) -> Result<()> {
    store
        .prepare_cached("DELETE FROM tags WHERE resource = ?")?
        .execute([resource])
        .map(|_| ())
}
