//! Executions: those that run, with the interpreter's state, and those that have ended.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// An execution as lists show it.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) id: i64,
    pub(crate) revision: i64,
    pub(crate) name: String,
    pub(crate) status: String,
    /// What lists are ordered by.
    pub(crate) sort: i64,
    pub(crate) started: i64,
    pub(crate) stopped: Option<i64>,
    pub(crate) redrives: i64,
    pub(crate) redriven: Option<i64>,
}

impl Summary {
    pub(crate) fn is_running(&self) -> bool {
        self.status == "RUNNING"
    }
}

/// Everything else that a description shows.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    pub(crate) trace_header: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) input: String,
    pub(crate) output: Option<String>,
}

macro_rules! columns {
    () => {
        "id, revision, name, status, sort, started, stopped, redrives, redriven"
    };
}

fn summary(row: &Row<'_>) -> Result<Summary> {
    Ok(Summary {
        id: row.get(0)?,
        revision: row.get(1)?,
        name: row.get(2)?,
        status: row.get(3)?,
        sort: row.get(4)?,
        started: row.get(5)?,
        stopped: row.get(6)?,
        redrives: row.get(7)?,
        redriven: row.get(8)?,
    })
}

/// The execution of this name.
pub(crate) fn find(store: &Connection, machine: i64, name: &str) -> Result<Option<Summary>> {
    store
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM executions WHERE machine = ? AND name = ?"
        ))?
        .query_row(params![machine, name], summary)
        .optional()
}

/// The texts of an execution.
pub(crate) fn details(store: &Connection, id: i64) -> Result<Option<Details>> {
    store
        .prepare_cached(
            "SELECT trace_header, error, cause, input, output FROM executions WHERE id = ?",
        )?
        .query_row([id], |row| {
            Ok(Details {
                trace_header: row.get(0)?,
                error: row.get(1)?,
                cause: row.get(2)?,
                input: row.get(3)?,
                output: row.get(4)?,
            })
        })
        .optional()
}

/// The input of an execution.
pub(crate) fn input(store: &Connection, id: i64) -> Result<Option<String>> {
    store
        .prepare_cached("SELECT input FROM executions WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()
}

/// The queries behind [`list`]: all, and of one status. Public for the test that they use indexes.
pub(crate) const LIST_QUERIES: &[&str] = &[
    concat!(
        "SELECT ",
        columns!(),
        " FROM executions WHERE machine = ?1 AND (sort, id) < (?2, ?3) \
         ORDER BY sort DESC, id DESC LIMIT ?4"
    ),
    concat!(
        "SELECT ",
        columns!(),
        " FROM executions WHERE machine = ?1 AND status = ?5 AND (sort, id) < (?2, ?3) \
         ORDER BY sort DESC, id DESC LIMIT ?4"
    ),
];

/// Executions of a machine, newest first, behind the one with this sort key and row.
pub(crate) fn list(
    store: &Connection,
    machine: i64,
    status: Option<&str>,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<Summary>> {
    let (sort, id) = after;
    match status {
        None => store
            .prepare_cached(LIST_QUERIES[0])?
            .query_map(params![machine, sort, id, limit], summary)?
            .collect(),
        Some(status) => store
            .prepare_cached(LIST_QUERIES[1])?
            .query_map(params![machine, sort, id, limit, status], summary)?
            .collect(),
    }
}

/// Adds a running execution; gives its row.
pub(crate) fn insert(
    store: &Connection,
    machine: i64,
    revision: i64,
    name: &str,
    input: &str,
    trace_header: Option<&str>,
    now: i64,
) -> Result<i64> {
    store
        .prepare_cached(
            "INSERT INTO executions (machine, revision, name, status, sort, started, trace_header, \
             input) VALUES (?1, ?2, ?3, 'RUNNING', ?4, ?4, ?5, ?6)",
        )?
        .execute(params![machine, revision, name, now, trace_header, input])?;
    Ok(store.last_insert_rowid())
}

/// How an execution ended.
pub(crate) struct End<'a> {
    pub(crate) status: &'a str,
    pub(crate) stopped: i64,
    pub(crate) error: Option<&'a str>,
    pub(crate) cause: Option<&'a str>,
    pub(crate) output: Option<&'a str>,
}

/// Records the end of an execution.
pub(crate) fn set_ended(store: &Connection, id: i64, end: &End<'_>) -> Result<()> {
    store
        .prepare_cached(
            "UPDATE executions SET status = ?2, stopped = ?3, sort = ?3, error = ?4, cause = ?5, \
             output = ?6 WHERE id = ?1",
        )?
        .execute(params![
            id,
            end.status,
            end.stopped,
            end.error,
            end.cause,
            end.output
        ])
        .map(|_| ())
}

/// Makes an ended execution run again.
pub(crate) fn set_redriven(
    store: &Connection,
    id: i64,
    redrives: u64,
    now: i64,
    client_token: Option<&str>,
) -> Result<()> {
    store
        .prepare_cached(
            "UPDATE executions SET status = 'RUNNING', stopped = NULL, sort = ?3, redrives = ?2, \
             redriven = ?3, redrive_token = ?4, error = NULL, cause = NULL, output = NULL \
             WHERE id = ?1",
        )?
        .execute(params![id, redrives as i64, now, client_token])
        .map(|_| ())
}

/// The client token of the last redrive.
pub(crate) fn redrive_token(store: &Connection, id: i64) -> Result<Option<String>> {
    store
        .prepare_cached("SELECT redrive_token FROM executions WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()
        .map(Option::flatten)
}

/// Revision and interpreter's state of an execution.
pub(crate) fn state(store: &Connection, id: i64) -> Result<Option<(i64, Option<String>)>> {
    store
        .prepare_cached("SELECT revision, state FROM executions WHERE id = ?")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Stores the interpreter's state.
pub(crate) fn set_state(store: &Connection, id: i64, state: Option<&str>) -> Result<()> {
    store
        .prepare_cached("UPDATE executions SET state = ? WHERE id = ?")?
        .execute(params![state, id])
        .map(|_| ())
}

/// The rows of all running executions.
pub(crate) fn running(store: &Connection) -> Result<Vec<i64>> {
    store
        .prepare("SELECT id FROM executions WHERE status = 'RUNNING'")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Removes some executions that ended before a moment with all that belongs to them; gives how many.
pub(crate) fn remove_expired(store: &Connection, before: i64, limit: i64) -> Result<usize> {
    // `sort` is the end of an ended execution, and indexed by machine.
    let ids: Vec<i64> = store
        .prepare_cached(
            "SELECT e.id FROM machines m JOIN executions e ON e.machine = m.id \
             WHERE e.sort < ?1 AND e.status <> 'RUNNING' LIMIT ?2",
        )?
        .query_map([before, limit], |row| row.get(0))?
        .collect::<Result<_>>()?;
    remove(store, &ids)
}

/// Removes some executions of a machine with all that belongs to them; gives how many.
pub(crate) fn remove_some(store: &Connection, machine: i64, limit: i64) -> Result<usize> {
    let ids: Vec<i64> = store
        .prepare_cached("SELECT id FROM executions WHERE machine = ? LIMIT ?")?
        .query_map([machine, limit], |row| row.get(0))?
        .collect::<Result<_>>()?;
    remove(store, &ids)
}

fn remove(store: &Connection, ids: &[i64]) -> Result<usize> {
    for id in ids {
        store
            .prepare_cached("DELETE FROM history WHERE execution = ?")?
            .execute([id])?;
        store
            .prepare_cached("DELETE FROM tasks WHERE execution = ?")?
            .execute([id])?;
        store
            .prepare_cached("DELETE FROM executions WHERE id = ?")?
            .execute([id])?;
    }
    Ok(ids.len())
}
