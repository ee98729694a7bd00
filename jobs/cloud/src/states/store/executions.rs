//! Executions: those that run, with the interpreter's state, and those that have ended.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::versions::Qualifier;

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

/// The execution of this row.
pub(crate) fn summary_of(store: &Connection, id: i64) -> Result<Option<Summary>> {
    store
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM executions WHERE id = ?"
        ))?
        .query_row([id], summary)
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

/// Which executions of a machine are listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter<'a> {
    pub(crate) status: Option<&'a str>,
    /// Whether they were redriven.
    pub(crate) redriven: Option<bool>,
    /// The version that they run, or the alias by which they were started.
    pub(crate) by: Qualifier,
}

/// The query behind [`list`]. What has no index of its own is looked at row by row, in the order of the list, so that a
/// page is always full.
pub(crate) fn list_query(filter: &Filter<'_>) -> String {
    let mut query = concat!(
        "SELECT ",
        columns!(),
        " FROM executions WHERE machine = ?1 AND (sort, id) < (?2, ?3)"
    )
    .to_owned();
    if filter.status.is_some() {
        query += " AND status = ?5";
    }
    query += match filter.redriven {
        None => "",
        Some(true) => " AND redrives > 0",
        Some(false) => " AND redrives = 0",
    };
    let of = " AND EXISTS (SELECT 1 FROM qualifiers q WHERE q.execution = executions.id AND";
    if filter.by.version.is_some() {
        query = query + of + " q.version = ?6)";
    }
    if filter.by.alias.is_some() {
        query = query + of + " q.alias = ?7)";
    }
    query + " ORDER BY sort DESC, id DESC LIMIT ?4"
}

/// Executions of a machine, newest first, behind the one with this sort key and row.
pub(crate) fn list(
    store: &Connection,
    machine: i64,
    filter: &Filter<'_>,
    (sort, id): (i64, i64),
    limit: i64,
) -> Result<Vec<Summary>> {
    let mut query = store.prepare_cached(&list_query(filter))?;
    let values: [&dyn rusqlite::ToSql; 7] = [
        &machine,
        &sort,
        &id,
        &limit,
        &filter.status,
        &filter.by.version,
        &filter.by.alias,
    ];
    // The last ones are there only where the query names them.
    let named = query.parameter_count();
    query.query_map(&values[..named], summary)?.collect()
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

/// Removes executions with all that belongs to them; gives how many.
pub(crate) fn remove(store: &Connection, ids: &[i64]) -> Result<usize> {
    for id in ids {
        for run in super::map_runs::of_execution(store, *id, (0, i64::MAX))? {
            let children = store
                .prepare_cached("SELECT id FROM executions WHERE machine = ?")?
                .query_map([-run.id], |row| row.get(0))?
                .collect::<Result<Vec<i64>>>()?;
            remove(store, &children)?;
            super::map_runs::remove(store, run.id)?;
        }
        store
            .prepare_cached("DELETE FROM history WHERE execution = ?")?
            .execute([id])?;
        store
            .prepare_cached("DELETE FROM tasks WHERE execution = ?")?
            .execute([id])?;
        store
            .prepare_cached("DELETE FROM nested WHERE child = ?")?
            .execute([id])?;
        store
            .prepare_cached("DELETE FROM qualifiers WHERE execution = ?")?
            .execute([id])?;
        super::mocks::remove(store, *id)?;
        store
            .prepare_cached("DELETE FROM executions WHERE id = ?")?
            .execute([id])?;
    }
    Ok(ids.len())
}
