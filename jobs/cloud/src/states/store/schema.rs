//! The tables, and how older ones become today's.

use std::path::Path;

use rusqlite::Connection;

use crate::Durability;
use crate::states::error::{EngineError, StoreError};

/// Step n brings a store of version n to version n + 1. Steps are never changed once released.
const MIGRATIONS: &[&str] = &[
    // Small columns stand first in every table, large texts last: a list of executions then never
    // reads the pages that hold inputs and outputs. Moments are milliseconds since the epoch.
    "
    -- A deleted machine stays as DELETED, nameless, until its executions have been swept away.
    CREATE TABLE machines (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        created INTEGER NOT NULL,
        revision INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX machines_by_name ON machines (name) WHERE status <> 'DELETED';
    CREATE INDEX machines_deleted ON machines (id) WHERE status <> 'ACTIVE';

    -- What a machine was at a time. Executions keep theirs.
    CREATE TABLE revisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        machine INTEGER NOT NULL,
        created INTEGER NOT NULL,
        public_id TEXT,
        role TEXT NOT NULL,
        settings TEXT NOT NULL,
        definition TEXT NOT NULL
    );
    CREATE INDEX revisions_by_machine ON revisions (machine);

    -- `sort` is what lists are ordered by: the start or redrive of a running execution, else its end.
    -- `state` is the interpreter's; empty once the execution has succeeded.
    CREATE TABLE executions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        machine INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        sort INTEGER NOT NULL,
        started INTEGER NOT NULL,
        stopped INTEGER,
        redrives INTEGER NOT NULL DEFAULT 0,
        redriven INTEGER,
        redrive_token TEXT,
        trace_header TEXT,
        error TEXT,
        cause TEXT,
        input TEXT NOT NULL,
        output TEXT,
        state TEXT
    );
    CREATE UNIQUE INDEX executions_by_name ON executions (machine, name);
    CREATE INDEX executions_by_time ON executions (machine, sort, id);
    CREATE INDEX executions_by_status ON executions (machine, status, sort, id);
    CREATE INDEX executions_running ON executions (id) WHERE status = 'RUNNING';

    CREATE TABLE history (
        execution INTEGER NOT NULL,
        id INTEGER NOT NULL,
        event TEXT NOT NULL,
        PRIMARY KEY (execution, id)
    ) WITHOUT ROWID;

    CREATE TABLE activities (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL
    );

    -- One row for every task that a worker does. `place` is its place in the queue; `phase` is queued,
    -- taken or closed. Closed rows stay with their execution, so that late answers are known as such.
    CREATE TABLE tasks (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        execution INTEGER NOT NULL,
        task INTEGER NOT NULL,
        phase TEXT NOT NULL,
        activity TEXT NOT NULL,
        secret BLOB NOT NULL
    );
    CREATE UNIQUE INDEX tasks_by_execution ON tasks (execution, task);

    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL
    );

    CREATE TABLE tags (
        resource TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (resource, key)
    ) WITHOUT ROWID;
    ",
    "
    -- Executions that a task of another one waits for.
    CREATE TABLE nested (
        child INTEGER PRIMARY KEY,
        parent INTEGER NOT NULL,
        task INTEGER NOT NULL,
        json INTEGER NOT NULL
    );
    CREATE INDEX nested_by_parent ON nested (parent, task);

    -- Tokens that the interpreter made are found by their digest.
    CREATE INDEX tasks_by_secret ON tasks (secret);
    ",
    "
    -- Runs of distributed Maps. `run` is empty until the items have been read. The executions of a run's
    -- children have its number, negative, for their machine: no list of a machine shows them.
    CREATE TABLE map_runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        execution INTEGER NOT NULL,
        task INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        status TEXT NOT NULL,
        started INTEGER NOT NULL,
        stopped INTEGER,
        redrives INTEGER NOT NULL DEFAULT 0,
        redriven INTEGER,
        machine TEXT NOT NULL,
        label TEXT NOT NULL,
        arn TEXT NOT NULL UNIQUE,
        run TEXT,
        request TEXT NOT NULL
    );
    CREATE INDEX map_runs_by_execution ON map_runs (execution, id);
    CREATE INDEX map_runs_by_label ON map_runs (machine, label);
    CREATE INDEX map_runs_open ON map_runs (id) WHERE status = 'RUNNING';

    CREATE TABLE map_children (
        run INTEGER NOT NULL,
        place INTEGER NOT NULL,
        items INTEGER NOT NULL,
        execution INTEGER,
        input TEXT NOT NULL,
        PRIMARY KEY (run, place)
    ) WITHOUT ROWID;
    CREATE INDEX map_children_by_execution ON map_children (execution) WHERE execution IS NOT NULL;
    ",
    "
    -- STANDARD or EXPRESS.
    ALTER TABLE machines ADD COLUMN kind TEXT NOT NULL DEFAULT 'STANDARD';
    ",
    "
    -- The number of the newest version, so that none is used twice.
    ALTER TABLE machines ADD COLUMN versions INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE versions (
        machine INTEGER NOT NULL,
        number INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        created INTEGER NOT NULL,
        description TEXT,
        PRIMARY KEY (machine, number)
    ) WITHOUT ROWID;

    -- `routing` has versions' numbers and weights as JSON.
    CREATE TABLE aliases (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        machine INTEGER NOT NULL,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        description TEXT,
        routing TEXT NOT NULL,
        UNIQUE (machine, name)
    );

    -- By which version and alias an execution was started; nothing for the machine itself.
    CREATE TABLE qualifiers (
        execution INTEGER PRIMARY KEY,
        version INTEGER,
        alias TEXT
    );
    ",
    "
    -- From this version on a row of `history` holds an array of events that follow each other, under the number of the
    -- first; rows of earlier versions hold one event.

    -- Executions of test cases of a mock file. Calls are counted for the root: the execution itself, or of a child of a
    -- distributed Map the one that was started.
    CREATE TABLE mocked (
        execution INTEGER PRIMARY KEY,
        root INTEGER NOT NULL,
        machine TEXT NOT NULL,
        test_case TEXT NOT NULL
    );
    CREATE TABLE mocked_calls (
        root INTEGER NOT NULL,
        state TEXT NOT NULL,
        calls INTEGER NOT NULL,
        PRIMARY KEY (root, state)
    ) WITHOUT ROWID;
    ",
];

/// The version that this build writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Opens the database file and brings it to this build's version.
pub(crate) fn open(path: &Path, durability: Durability) -> Result<Connection, EngineError> {
    let failed = |source: rusqlite::Error| EngineError::Store {
        path: path.to_owned(),
        source: StoreError::Sqlite(source),
    };
    let mut connection = Connection::open(path).map_err(failed)?;
    configure(&connection, durability).map_err(failed)?;

    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    if found > VERSION {
        return Err(EngineError::Newer {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    }
    for (version, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration).map_err(failed)?;
        transaction
            .pragma_update(None, "user_version", version as i64 + 1)
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(connection)
}

fn configure(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // In WAL mode NORMAL loses nothing when the process dies; FULL also survives a loss of power.
    let synchronous = match durability {
        Durability::Normal => "normal",
        Durability::Full => "full",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::states::store::executions::{Filter, list_query};
    use crate::states::store::versions::Qualifier;

    #[test]
    fn a_store_opens_again_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("states.db");
        let store = open(&path, Durability::Full).unwrap();
        store
            .execute("INSERT INTO activities (name, created) VALUES ('a', 1)", [])
            .unwrap();
        drop(store);
        let store = open(&path, Durability::Normal).unwrap();
        let count: i64 = store
            .query_row("SELECT count(*) FROM activities", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn a_store_of_a_newer_build_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("states.db");
        open(&path, Durability::Normal)
            .unwrap()
            .pragma_update(None, "user_version", 99)
            .unwrap();
        let refused = open(&path, Durability::Normal);
        assert!(matches!(refused, Err(EngineError::Newer { found: 99, .. })));
    }

    #[test]
    fn lists_and_pages_are_served_by_indexes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("states.db"), Durability::Normal).unwrap();
        let mut queries: Vec<String> = Vec::new();
        for status in [None, Some("FAILED")] {
            for redriven in [None, Some(true), Some(false)] {
                for (version, alias) in [(None, None), (Some(1), None), (None, Some("a"))] {
                    let alias = alias.map(str::to_owned);
                    queries.push(list_query(&Filter {
                        status,
                        redriven,
                        by: Qualifier { version, alias },
                    }));
                }
            }
        }
        let pages = crate::states::store::history::PAGE_QUERIES;
        queries.extend(pages.iter().map(|&page| page.to_owned()));
        for query in queries {
            let mut statement = store
                .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
                .unwrap();
            let count = statement.parameter_count();
            let unbound = rusqlite::params_from_iter(vec![rusqlite::types::Null; count]);
            let plan: Vec<String> = statement
                .query_map(unbound, |row| row.get(3))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert!(
                plan.iter()
                    .all(|line| line.starts_with("SEARCH") || line.starts_with("CORRELATED")),
                "{query} needs more than a search: {plan:?}"
            );
        }
    }
}
