//! Tasks that workers do: the queues, and who may answer.

use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::states::message::TaskKey;
use crate::states::tokens::TaskToken;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In the queue.
    Queued,
    /// With a worker.
    Taken,
    /// Answered, timed out, or given up with its execution.
    Closed,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Taken => "taken",
            Self::Closed => "closed",
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) key: TaskKey,
    /// The place in the queue.
    pub(crate) place: i64,
    pub(crate) phase: Phase,
    /// The activity's ARN; empty for a task that waits for its token.
    pub(crate) activity: String,
    pub(crate) secret: Vec<u8>,
}

const TASK: &str = "SELECT execution, task, place, phase, activity, secret FROM tasks";

fn task(row: &rusqlite::Row<'_>) -> Result<Task> {
    Ok(Task {
        key: TaskKey {
            execution: row.get(0)?,
            task: row.get::<_, i64>(1)? as u64,
        },
        place: row.get(2)?,
        phase: match row.get::<_, String>(3)?.as_str() {
            "queued" => Phase::Queued,
            "taken" => Phase::Taken,
            _ => Phase::Closed,
        },
        activity: row.get(4)?,
        secret: row.get(5)?,
    })
}

/// Puts a new task at the end of its activity's queue; gives its place.
pub(crate) fn insert(store: &Connection, token: &TaskToken, activity: &str) -> Result<i64> {
    store
        .prepare_cached(
            "INSERT INTO tasks (execution, task, phase, activity, secret) \
             VALUES (?, ?, 'queued', ?, ?)",
        )?
        .execute(params![
            token.execution,
            token.task as i64,
            activity,
            token.secret()
        ])?;
    Ok(store.last_insert_rowid())
}

/// Notes a task whose token the interpreter made and whoever has it may send back.
pub(crate) fn insert_token(store: &Connection, key: TaskKey, digest: &[u8]) -> Result<()> {
    store
        .prepare_cached(
            "INSERT INTO tasks (execution, task, phase, activity, secret) \
             VALUES (?, ?, 'taken', '', ?)",
        )?
        .execute(params![key.execution, key.task as i64, digest])
        .map(|_| ())
}

/// The task whose token has this digest.
pub(crate) fn find_token(store: &Connection, digest: &[u8]) -> Result<Option<Task>> {
    store
        .prepare_cached(&format!("{TASK} WHERE secret = ? AND activity = ''"))?
        .query_row([digest], task)
        .optional()
}

/// The task's row.
pub(crate) fn find(store: &Connection, key: TaskKey) -> Result<Option<Task>> {
    store
        .prepare_cached(&format!("{TASK} WHERE execution = ? AND task = ?"))?
        .query_row([key.execution, key.task as i64], task)
        .optional()
}

/// Moves a task on.
pub(crate) fn set_phase(store: &Connection, key: TaskKey, phase: Phase) -> Result<()> {
    store
        .prepare_cached("UPDATE tasks SET phase = ? WHERE execution = ? AND task = ?")?
        .execute(params![phase.as_str(), key.execution, key.task as i64])
        .map(|_| ())
}

/// The tasks of an execution that are not closed.
pub(crate) fn open(store: &Connection, execution: i64) -> Result<Vec<Task>> {
    store
        .prepare_cached(&format!("{TASK} WHERE execution = ? AND phase <> 'closed'"))?
        .query_map([execution], task)?
        .collect()
}
