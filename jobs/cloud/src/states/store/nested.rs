//! Executions that tasks of other executions wait for.

use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::states::message::TaskKey;

/// Who waits for an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    /// The task that waits.
    pub(crate) task: TaskKey,
    /// Whether it wants input and output as JSON instead of texts (`.sync:2`).
    pub(crate) json: bool,
}

/// Notes that a task waits for an execution.
pub(crate) fn insert(store: &Connection, child: i64, parent: Parent) -> Result<()> {
    store
        .prepare_cached("INSERT INTO nested (child, parent, task, json) VALUES (?, ?, ?, ?)")?
        .execute(params![
            child,
            parent.task.execution,
            parent.task.task as i64,
            parent.json
        ])
        .map(|_| ())
}

/// Who waits for this execution.
pub(crate) fn parent(store: &Connection, child: i64) -> Result<Option<Parent>> {
    store
        .prepare_cached("SELECT parent, task, json FROM nested WHERE child = ?")?
        .query_row([child], |row| {
            Ok(Parent {
                task: TaskKey {
                    execution: row.get(0)?,
                    task: row.get::<_, i64>(1)? as u64,
                },
                json: row.get(2)?,
            })
        })
        .optional()
}

/// The execution that a task waits for.
pub(crate) fn child(store: &Connection, task: TaskKey) -> Result<Option<i64>> {
    store
        .prepare_cached("SELECT child FROM nested WHERE parent = ? AND task = ?")?
        .query_row(params![task.execution, task.task as i64], |row| row.get(0))
        .optional()
}
