//! Runs of distributed Maps, and their children.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::states::message::TaskKey;

/// A run, without its request.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: i64,
    /// The execution and task that wait for it.
    pub(crate) task: TaskKey,
    pub(crate) revision: i64,
    pub(crate) status: String,
    pub(crate) started: i64,
    pub(crate) stopped: Option<i64>,
    pub(crate) redrives: i64,
    pub(crate) redriven: Option<i64>,
    /// The machine's name.
    pub(crate) machine: String,
    pub(crate) label: String,
    pub(crate) arn: String,
    /// The interpreter's run as JSON text; nothing before the items have been read.
    pub(crate) state: Option<String>,
}

const RUN: &str = "SELECT id, execution, task, revision, status, started, stopped, redrives, redriven, \
     machine, label, arn, run FROM map_runs";

fn run(row: &Row<'_>) -> Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        task: TaskKey {
            execution: row.get(1)?,
            task: row.get::<_, i64>(2)? as u64,
        },
        revision: row.get(3)?,
        status: row.get(4)?,
        started: row.get(5)?,
        stopped: row.get(6)?,
        redrives: row.get(7)?,
        redriven: row.get(8)?,
        machine: row.get(9)?,
        label: row.get(10)?,
        arn: row.get(11)?,
        state: row.get(12)?,
    })
}

/// A run to be added.
pub(crate) struct NewRun<'a> {
    pub(crate) task: TaskKey,
    pub(crate) revision: i64,
    pub(crate) machine: &'a str,
    pub(crate) label: &'a str,
    pub(crate) arn: &'a str,
    pub(crate) request: &'a str,
    pub(crate) now: i64,
}

/// Adds a run; gives its number.
pub(crate) fn insert(store: &Connection, new: &NewRun<'_>) -> Result<i64> {
    store
        .prepare_cached(
            "INSERT INTO map_runs (execution, task, revision, status, started, machine, label, arn, \
             request) VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            new.task.execution,
            new.task.task as i64,
            new.revision,
            new.now,
            new.machine,
            new.label,
            new.arn,
            new.request
        ])?;
    Ok(store.last_insert_rowid())
}

/// The run of this number.
pub(crate) fn find(store: &Connection, id: i64) -> Result<Option<Run>> {
    store
        .prepare_cached(&format!("{RUN} WHERE id = ?"))?
        .query_row([id], run)
        .optional()
}

/// The run of this ARN.
pub(crate) fn find_arn(store: &Connection, arn: &str) -> Result<Option<Run>> {
    store
        .prepare_cached(&format!("{RUN} WHERE arn = ?"))?
        .query_row([arn], run)
        .optional()
}

/// The run that a task waits for.
pub(crate) fn find_task(store: &Connection, task: TaskKey) -> Result<Option<Run>> {
    store
        .prepare_cached(&format!("{RUN} WHERE execution = ? AND task = ?"))?
        .query_row(params![task.execution, task.task as i64], run)
        .optional()
}

/// Some runs of an execution: those behind this number, so many.
pub(crate) fn of_execution(
    store: &Connection,
    execution: i64,
    (after, limit): (i64, i64),
) -> Result<Vec<Run>> {
    store
        .prepare_cached(&format!(
            "{RUN} WHERE execution = ? AND id > ? ORDER BY id LIMIT ?"
        ))?
        .query_map([execution, after, limit], run)?
        .collect()
}

/// The numbers of all runs that go on, and of those whose children have not been stopped yet.
pub(crate) fn open(store: &Connection) -> Result<Vec<i64>> {
    store
        .prepare(
            "SELECT id FROM map_runs WHERE status = 'RUNNING' \
             UNION SELECT -machine FROM executions WHERE status = 'RUNNING' AND machine < 0",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// What was asked for, as JSON text.
pub(crate) fn request(store: &Connection, id: i64) -> Result<Option<String>> {
    store
        .prepare_cached("SELECT request FROM map_runs WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()
}

/// Stores the interpreter's run.
pub(crate) fn set_run(store: &Connection, id: i64, run: &str) -> Result<()> {
    store
        .prepare_cached("UPDATE map_runs SET run = ? WHERE id = ?")?
        .execute(params![run, id])
        .map(|_| ())
}

/// Records the end of a run.
pub(crate) fn set_ended(store: &Connection, id: i64, status: &str, now: i64) -> Result<()> {
    store
        .prepare_cached("UPDATE map_runs SET status = ?, stopped = ? WHERE id = ?")?
        .execute(params![status, now, id])
        .map(|_| ())
}

/// Makes an ended run go on.
pub(crate) fn set_redriven(store: &Connection, id: i64, now: i64) -> Result<()> {
    store
        .prepare_cached(
            "UPDATE map_runs SET status = 'RUNNING', stopped = NULL, redrives = redrives + 1, \
             redriven = ? WHERE id = ?",
        )?
        .execute([now, id])
        .map(|_| ())
}

/// Removes a run whose children's executions are gone.
pub(crate) fn remove(store: &Connection, id: i64) -> Result<()> {
    store.execute("DELETE FROM map_children WHERE run = ?", [id])?;
    store
        .execute("DELETE FROM map_runs WHERE id = ?", [id])
        .map(|_| ())
}

/// Adds a child.
pub(crate) fn insert_child(
    store: &Connection,
    run: i64,
    place: i64,
    items: u64,
    input: &str,
) -> Result<()> {
    store
        .prepare_cached("INSERT INTO map_children (run, place, items, input) VALUES (?, ?, ?, ?)")?
        .execute(params![run, place, items as i64, input])
        .map(|_| ())
}

/// How many items a child stands for, and its input.
pub(crate) fn child(store: &Connection, run: i64, place: i64) -> Result<(u64, String)> {
    store
        .prepare_cached("SELECT items, input FROM map_children WHERE run = ? AND place = ?")?
        .query_row([run, place], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))
        })
}

/// A child has got its execution.
pub(crate) fn set_execution(
    store: &Connection,
    run: i64,
    place: i64,
    execution: i64,
) -> Result<()> {
    store
        .prepare_cached("UPDATE map_children SET execution = ? WHERE run = ? AND place = ?")?
        .execute([execution, run, place])
        .map(|_| ())
}

/// The run of a child's execution, and how many items the child stands for.
pub(crate) fn run_of(store: &Connection, execution: i64) -> Result<Option<(i64, u64)>> {
    store
        .prepare_cached("SELECT run, items FROM map_children WHERE execution = ?")?
        .query_row([execution], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)? as u64))
        })
        .optional()
}

/// The execution of a child, by the machine's name, the label and the execution's name.
pub(crate) fn child_execution(
    store: &Connection,
    machine: &str,
    label: &str,
    name: &str,
) -> Result<Option<i64>> {
    store
        .prepare_cached(
            "SELECT e.id FROM map_runs r JOIN executions e ON e.machine = -r.id AND e.name = ?3 \
             WHERE r.machine = ?1 AND r.label = ?2",
        )?
        .query_row(params![machine, label, name], |row| row.get(0))
        .optional()
}

/// Children in order: their inputs and, of those that have begun, their executions.
pub(crate) fn children(store: &Connection, run: i64) -> Result<Vec<(String, Option<i64>)>> {
    store
        .prepare_cached("SELECT input, execution FROM map_children WHERE run = ? ORDER BY place")?
        .query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Some executions of a run's children with one of these statuses.
pub(crate) fn executions(
    store: &Connection,
    run: i64,
    statuses: &[&str],
    limit: i64,
) -> Result<Vec<i64>> {
    let marks = vec!["?"; statuses.len()].join(", ");
    let query =
        format!("SELECT id FROM executions WHERE machine = ? AND status IN ({marks}) LIMIT ?");
    let mut values: Vec<rusqlite::types::Value> = vec![(-run).into()];
    values.extend(
        statuses
            .iter()
            .map(|status| rusqlite::types::Value::from((*status).to_owned())),
    );
    values.push(limit.into());
    store
        .prepare_cached(&query)?
        .query_map(rusqlite::params_from_iter(values), |row| row.get(0))?
        .collect()
}
