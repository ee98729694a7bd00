//! Executions of test cases, and how often their states have called.

use rusqlite::{Connection, OptionalExtension, Result, params};

/// The test case of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mocked {
    /// The execution whose calls are counted: itself, or for a child of a distributed Map the one that was started.
    pub(crate) root: i64,
    /// The machine whose test case it is.
    pub(crate) machine: String,
    /// The test case's name.
    pub(crate) case: String,
}

/// Notes the test case of a new execution. Without a root it is one itself.
pub(crate) fn insert(
    store: &Connection,
    execution: i64,
    root: Option<i64>,
    machine: &str,
    case: &str,
) -> Result<()> {
    store
        .prepare_cached(
            "INSERT INTO mocked (execution, root, machine, test_case) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![execution, root.unwrap_or(execution), machine, case])
        .map(|_| ())
}

/// The test case of an execution; nothing of one that calls its services.
pub(crate) fn find(store: &Connection, execution: i64) -> Result<Option<Mocked>> {
    store
        .prepare_cached("SELECT root, machine, test_case FROM mocked WHERE execution = ?")?
        .query_row([execution], |row| {
            Ok(Mocked {
                root: row.get(0)?,
                machine: row.get(1)?,
                case: row.get(2)?,
            })
        })
        .optional()
}

/// Counts a call of a state; gives its number, from 0.
pub(crate) fn next_call(store: &Connection, root: i64, state: &str) -> Result<i64> {
    store
        .prepare_cached(
            "INSERT INTO mocked_calls (root, state, calls) VALUES (?, ?, 1) \
             ON CONFLICT (root, state) DO UPDATE SET calls = calls + 1 RETURNING calls - 1",
        )?
        .query_row(params![root, state], |row| row.get(0))
}

/// Forgets an execution.
pub(crate) fn remove(store: &Connection, execution: i64) -> Result<()> {
    let known = store
        .prepare_cached("DELETE FROM mocked WHERE execution = ?")?
        .execute([execution])?;
    if known > 0 {
        store
            .prepare_cached("DELETE FROM mocked_calls WHERE root = ?")?
            .execute([execution])?;
    }
    Ok(())
}
