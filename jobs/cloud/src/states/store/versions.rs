//! Versions and aliases of machines, and which of them executions were started by.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// A published version.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) number: i64,
    pub(crate) revision: i64,
    pub(crate) created: i64,
    pub(crate) description: Option<String>,
}

fn version(row: &Row<'_>) -> Result<Version> {
    Ok(Version {
        number: row.get(0)?,
        revision: row.get(1)?,
        created: row.get(2)?,
        description: row.get(3)?,
    })
}

const VERSION: &str = "SELECT number, revision, created, description FROM versions";

/// Publishes a revision under the next number; numbers are never used twice.
pub(crate) fn insert(
    store: &Connection,
    machine: i64,
    revision: i64,
    description: Option<&str>,
    now: i64,
) -> Result<i64> {
    store.execute(
        "UPDATE machines SET versions = versions + 1 WHERE id = ?",
        [machine],
    )?;
    let number: i64 = store.query_row(
        "SELECT versions FROM machines WHERE id = ?",
        [machine],
        |row| row.get(0),
    )?;
    store
        .prepare_cached(
            "INSERT INTO versions (machine, number, revision, created, description) \
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![machine, number, revision, now, description])?;
    Ok(number)
}

/// The version of this number.
pub(crate) fn find(store: &Connection, machine: i64, number: i64) -> Result<Option<Version>> {
    store
        .prepare_cached(&format!("{VERSION} WHERE machine = ? AND number = ?"))?
        .query_row([machine, number], version)
        .optional()
}

/// Versions before this number, newest first.
pub(crate) fn list(
    store: &Connection,
    machine: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<Version>> {
    store
        .prepare_cached(&format!(
            "{VERSION} WHERE machine = ? AND number < ? ORDER BY number DESC LIMIT ?"
        ))?
        .query_map([machine, before, limit], version)?
        .collect()
}

/// Removes a version.
pub(crate) fn remove(store: &Connection, machine: i64, number: i64) -> Result<()> {
    store
        .execute(
            "DELETE FROM versions WHERE machine = ? AND number = ?",
            [machine, number],
        )
        .map(|_| ())
}

/// An alias.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) description: Option<String>,
    /// JSON text: versions' numbers and weights.
    pub(crate) routing: String,
}

fn alias(row: &Row<'_>) -> Result<Alias> {
    Ok(Alias {
        id: row.get(0)?,
        name: row.get(1)?,
        created: row.get(2)?,
        updated: row.get(3)?,
        description: row.get(4)?,
        routing: row.get(5)?,
    })
}

const ALIAS: &str = "SELECT id, name, created, updated, description, routing FROM aliases";

/// Adds an alias.
pub(crate) fn insert_alias(
    store: &Connection,
    machine: i64,
    name: &str,
    description: Option<&str>,
    routing: &str,
    now: i64,
) -> Result<()> {
    store
        .prepare_cached(
            "INSERT INTO aliases (machine, name, created, updated, description, routing) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
        )?
        .execute(params![machine, name, now, description, routing])
        .map(|_| ())
}

/// Changes an alias.
pub(crate) fn update_alias(
    store: &Connection,
    id: i64,
    description: Option<&str>,
    routing: &str,
    now: i64,
) -> Result<()> {
    store
        .prepare_cached(
            "UPDATE aliases SET description = ?, routing = ?, updated = ? WHERE id = ?",
        )?
        .execute(params![description, routing, now, id])
        .map(|_| ())
}

/// The alias of this name.
pub(crate) fn find_alias(store: &Connection, machine: i64, name: &str) -> Result<Option<Alias>> {
    store
        .prepare_cached(&format!("{ALIAS} WHERE machine = ? AND name = ?"))?
        .query_row(params![machine, name], alias)
        .optional()
}

/// Aliases behind this one, in the order in which they were made.
pub(crate) fn aliases(
    store: &Connection,
    machine: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Alias>> {
    store
        .prepare_cached(&format!(
            "{ALIAS} WHERE machine = ? AND id > ? ORDER BY id LIMIT ?"
        ))?
        .query_map([machine, after, limit], alias)?
        .collect()
}

/// Removes an alias.
pub(crate) fn remove_alias(store: &Connection, id: i64) -> Result<()> {
    store
        .execute("DELETE FROM aliases WHERE id = ?", [id])
        .map(|_| ())
}

/// Removes all versions and aliases of a machine.
pub(crate) fn clear(store: &Connection, machine: i64) -> Result<()> {
    store.execute("DELETE FROM versions WHERE machine = ?", [machine])?;
    store
        .execute("DELETE FROM aliases WHERE machine = ?", [machine])
        .map(|_| ())
}

/// By which version, and by which alias if by one, an execution was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Qualifier {
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
}

/// Notes by what an execution was started.
pub(crate) fn qualify(store: &Connection, execution: i64, by: &Qualifier) -> Result<()> {
    if by.version.is_none() {
        return Ok(());
    }
    store
        .prepare_cached("INSERT INTO qualifiers (execution, version, alias) VALUES (?, ?, ?)")?
        .execute(params![execution, by.version, by.alias])
        .map(|_| ())
}

/// By what an execution was started.
pub(crate) fn qualifier(store: &Connection, execution: i64) -> Result<Qualifier> {
    let found = store
        .prepare_cached("SELECT version, alias FROM qualifiers WHERE execution = ?")?
        .query_row([execution], |row| {
            Ok(Qualifier {
                version: row.get(0)?,
                alias: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}
