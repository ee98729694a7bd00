//! What the engine keeps in memory of the store: executions that run, and parsed definitions.
//!
//! Both are copies. After a rolled-back transaction everything is forgotten and read again, so memory
//! and store cannot drift apart.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::Connection;
use states_language::{Definition, Execution, Status};

use super::error::StoreError;
use super::store;

/// How many executions stay in memory between transactions. Thousands may wait in an activity's queue
/// for hours; those are read again when their turn comes.
const EXECUTIONS_KEPT: usize = 2_000;

/// How many definitions stay in memory.
const DEFINITIONS_KEPT: usize = 64;

#[derive(Default)]
pub(crate) struct Cache {
    executions: HashMap<i64, (i64, Execution)>,
    /// Executions that the store has an older state of. Written once at the end of a transaction,
    /// however many steps they took in it.
    dirty: BTreeSet<i64>,
    /// Those among them that the store has no state of at all.
    new: BTreeSet<i64>,
    definitions: HashMap<i64, Arc<Definition>>,
}

impl Cache {
    /// Takes an execution out, to be put back with [`put`](Self::put) when it has changed. Gives its
    /// revision too; nothing when there is nothing left that could happen to it.
    pub(crate) fn take(
        &mut self,
        connection: &Connection,
        id: i64,
    ) -> Result<Option<(i64, Execution)>, StoreError> {
        if let Some(cached) = self.executions.remove(&id) {
            return Ok(Some(cached));
        }
        let Some((revision, Some(state))) = store::executions::state(connection, id)? else {
            return Ok(None);
        };
        let execution = serde_json::from_str(&state).map_err(|source| StoreError::Unreadable {
            what: format!("execution {id}"),
            source,
        })?;
        Ok(Some((revision, execution)))
    }

    /// Puts an execution back; `changed` when the store does not have this state yet.
    pub(crate) fn put(&mut self, id: i64, revision: i64, execution: Execution, changed: bool) {
        self.executions.insert(id, (revision, execution));
        if changed {
            self.dirty.insert(id);
        }
    }

    /// Puts in an execution whose row has just been made.
    pub(crate) fn put_new(&mut self, id: i64, revision: i64, execution: Execution) {
        self.put(id, revision, execution, true);
        self.new.insert(id);
    }

    /// The parsed definition of a revision.
    pub(crate) fn definition(
        &mut self,
        connection: &Connection,
        revision: i64,
    ) -> Result<Arc<Definition>, StoreError> {
        if let Some(definition) = self.definitions.get(&revision) {
            return Ok(Arc::clone(definition));
        }
        let row = store::machines::find_revision(connection, revision)?
            .ok_or_else(|| StoreError::Missing(format!("revision {revision}")))?;
        let definition =
            Definition::parse(&row.definition).map_err(|error| StoreError::Definition {
                revision,
                reason: error.to_string(),
            })?;
        if self.definitions.len() >= DEFINITIONS_KEPT {
            self.definitions.clear();
        }
        let definition = Arc::new(definition);
        self.definitions.insert(revision, Arc::clone(&definition));
        Ok(definition)
    }

    /// Writes what has changed. Called at the end of a transaction.
    pub(crate) fn flush(&mut self, connection: &Connection) -> Result<(), StoreError> {
        while let Some(id) = self.dirty.pop_first() {
            let Some((_, execution)) = self.executions.get(&id) else {
                continue;
            };
            // Nothing can happen any more to one that has succeeded; its output stands in the row.
            let text = (execution.status() != Status::Succeeded)
                .then(|| serde_json::to_string(execution))
                .transpose()
                .map_err(|source| StoreError::Unreadable {
                    what: format!("execution {id}"),
                    source,
                })?;
            // One that has begun and succeeded in the same transaction never had a state to take away.
            if !self.new.remove(&id) || text.is_some() {
                store::executions::set_state(connection, id, text.as_deref())?;
            }
            if execution.status() != Status::Running {
                self.executions.remove(&id);
            }
        }
        Ok(())
    }

    /// Keeps memory bounded. Called after a commit, when the store has everything.
    pub(crate) fn trim(&mut self) {
        if self.executions.len() > EXECUTIONS_KEPT {
            // Which ones go matters little: each costs one read when it moves again.
            let surplus = self.executions.len() - EXECUTIONS_KEPT / 2;
            let going: Vec<i64> = self.executions.keys().copied().take(surplus).collect();
            for id in going {
                self.executions.remove(&id);
            }
        }
    }

    /// Forgets everything. Called after a rollback.
    pub(crate) fn clear(&mut self) {
        self.executions.clear();
        self.dirty.clear();
        self.new.clear();
        self.definitions.clear();
    }
}
