//! State machines and their revisions.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// A machine that has not been deleted, as its newest revision has it.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Whether it only waits for its executions to end.
    pub(crate) deleting: bool,
    /// Whether its executions are express ones.
    pub(crate) express: bool,
    pub(crate) created: i64,
    pub(crate) revision: Revision,
}

/// What a machine was at a time.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) id: i64,
    pub(crate) created: i64,
    /// The `revisionId` that clients see; the first revision has none.
    pub(crate) public_id: Option<String>,
    pub(crate) role: String,
    /// JSON text of the configurations that are kept and given back, but mean nothing here.
    pub(crate) settings: String,
    pub(crate) definition: String,
}

const MACHINE: &str = "SELECT m.id, m.name, m.status, m.created, r.id, r.created, r.public_id, r.role, \
     r.settings, r.definition, m.kind FROM machines m JOIN revisions r ON r.id = m.revision";

fn revision(row: &Row<'_>, first: usize) -> Result<Revision> {
    Ok(Revision {
        id: row.get(first)?,
        created: row.get(first + 1)?,
        public_id: row.get(first + 2)?,
        role: row.get(first + 3)?,
        settings: row.get(first + 4)?,
        definition: row.get(first + 5)?,
    })
}

fn machine(row: &Row<'_>) -> Result<Machine> {
    Ok(Machine {
        id: row.get(0)?,
        name: row.get(1)?,
        deleting: row.get::<_, String>(2)? == "DELETING",
        created: row.get(3)?,
        revision: revision(row, 4)?,
        express: row.get::<_, String>(10)? == "EXPRESS",
    })
}

/// The machine of this name.
pub(crate) fn find(store: &Connection, name: &str) -> Result<Option<Machine>> {
    store
        .prepare_cached(&format!(
            "{MACHINE} WHERE m.name = ? AND m.status <> 'DELETED'"
        ))?
        .query_row([name], machine)
        .optional()
}

/// The row of the machine of this name: enough to find its executions.
pub(crate) fn find_id(store: &Connection, name: &str) -> Result<Option<i64>> {
    store
        .prepare_cached("SELECT id FROM machines WHERE name = ? AND status <> 'DELETED'")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// One revision.
pub(crate) fn find_revision(store: &Connection, id: i64) -> Result<Option<Revision>> {
    store
        .prepare_cached(
            "SELECT id, created, public_id, role, settings, definition FROM revisions WHERE id = ?",
        )?
        .query_row([id], |row| revision(row, 0))
        .optional()
}

/// Adds a machine with its first revision; gives the machine's row.
pub(crate) fn insert(
    store: &Connection,
    name: &str,
    role: &str,
    settings: &str,
    definition: &str,
    express: bool,
    now: i64,
) -> Result<i64> {
    let kind = if express { "EXPRESS" } else { "STANDARD" };
    store
        .prepare_cached(
            "INSERT INTO machines (name, status, created, revision, kind) \
             VALUES (?, 'ACTIVE', ?, 0, ?)",
        )?
        .execute(params![name, now, kind])?;
    let id = store.last_insert_rowid();
    insert_revision(store, id, None, role, settings, definition, now)?;
    Ok(id)
}

/// Gives a machine a new revision.
pub(crate) fn insert_revision(
    store: &Connection,
    machine: i64,
    public_id: Option<&str>,
    role: &str,
    settings: &str,
    definition: &str,
    now: i64,
) -> Result<()> {
    store
        .prepare_cached(
            "INSERT INTO revisions (machine, created, public_id, role, settings, definition) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![machine, now, public_id, role, settings, definition])?;
    store
        .prepare_cached("UPDATE machines SET revision = ? WHERE id = ?")?
        .execute([store.last_insert_rowid(), machine])?;
    Ok(())
}

/// Name, creation, row and kind of the machines behind `after`, in the order of their creation.
pub(crate) fn list(
    store: &Connection,
    after: i64,
    limit: i64,
) -> Result<Vec<(String, i64, i64, String)>> {
    store
        .prepare_cached(
            "SELECT name, created, id, kind FROM machines WHERE id > ? AND status <> 'DELETED' \
             ORDER BY id LIMIT ?",
        )?
        .query_map([after, limit], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect()
}

/// Marks a machine as one that ends with its last execution.
pub(crate) fn set_deleting(store: &Connection, id: i64) -> Result<()> {
    store
        .execute("UPDATE machines SET status = 'DELETING' WHERE id = ?", [id])
        .map(|_| ())
}

/// Turns machines that wait for their end and have no running execution into deleted ones: their names
/// are free at once.
pub(crate) fn release_ended(store: &Connection) -> Result<()> {
    store
        .prepare_cached(
            "UPDATE machines SET status = 'DELETED' WHERE status = 'DELETING' AND status <> 'ACTIVE' \
             AND NOT EXISTS (SELECT 1 FROM executions e \
             WHERE e.machine = machines.id AND e.status = 'RUNNING')",
        )?
        .execute([])
        .map(|_| ())
}

/// A machine that was deleted and has not been swept away yet.
pub(crate) fn find_deleted(store: &Connection) -> Result<Option<i64>> {
    store
        .prepare_cached(
            "SELECT id FROM machines WHERE status = 'DELETED' AND status <> 'ACTIVE' LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()
}

/// Removes a machine that has no executions any more.
pub(crate) fn remove(store: &Connection, id: i64) -> Result<()> {
    store.execute("DELETE FROM revisions WHERE machine = ?", [id])?;
    store
        .execute("DELETE FROM machines WHERE id = ?", [id])
        .map(|_| ())
}
