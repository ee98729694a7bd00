//! Which tasks there are, for the start after the one that ran them.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};

use super::now_ms;
use super::record::{End, Record};
use crate::config::Durability;
use crate::database;
use crate::states::TaskKey;

/// Step n brings a ledger of version n to version n + 1. Steps are never changed once released.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE task (
        execution INTEGER NOT NULL,
        task INTEGER NOT NULL,
        waited_for INTEGER NOT NULL,
        record TEXT NOT NULL,
        over INTEGER NOT NULL DEFAULT 0,
        starts INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (execution, task)
    ) STRICT, WITHOUT ROWID;
"];

/// The version that this build writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// A task that is over is kept for a state that waits for it. One whose state ended in the moment in which the
/// cloud was killed is asked for by nobody: it goes after so many starts.
const KEPT_STARTS: i64 = 10;

/// A row for each task whose end has not been told yet.
pub(super) struct Ledger(Mutex<Connection>);

impl Ledger {
    /// Opens (or creates) the ledger in this file.
    pub(super) fn open(path: &Path, durability: Durability) -> Result<Self, rusqlite::Error> {
        let database = database::open(path, durability, MIGRATIONS)?;
        Ok(Self(Mutex::new(database)))
    }

    /// Every task that an earlier life left behind, with whether somebody waits for it. Those that ran are stopped
    /// now; those that nobody waits for are not kept.
    pub(super) fn take_up(&self) -> Result<Vec<(TaskKey, bool, Record)>, rusqlite::Error> {
        let mut database = self.database();
        let changes = database.transaction()?;
        let mut left = Vec::new();
        {
            let all = "SELECT execution, task, waited_for, record, over FROM task";
            let mut rows = changes.prepare(all)?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let key = TaskKey {
                    execution: row.get(0)?,
                    task: row.get::<_, i64>(1)?.cast_unsigned(),
                };
                let (waited_for, over): (bool, bool) = (row.get(2)?, row.get(4)?);
                let Some(mut record) = Record::parse(&row.get::<_, String>(3)?) else {
                    tracing::error!(?key, "an ECS task in the ledger cannot be read");
                    continue;
                };
                if !over {
                    record.stopped(End::Host, now_ms());
                }
                left.push((key, waited_for, record));
            }
        }
        for (key, _, record) in left.iter().filter(|(_, waited_for, _)| *waited_for) {
            changes.execute(
                "UPDATE task SET record = ?3, over = 1, starts = starts + 1 WHERE execution = ?1 AND task = ?2",
                params![key.execution, key.task.cast_signed(), record.to_string()],
            )?;
        }
        changes.execute(
            "DELETE FROM task WHERE over = 0 OR starts > ?1",
            [KEPT_STARTS],
        )?;
        changes.commit()?;
        Ok(left)
    }

    /// Notes a task before it runs. One of the same call, made in an earlier life of the cloud, gives way.
    pub(super) fn insert(
        &self,
        key: TaskKey,
        waited_for: bool,
        record: &Record,
    ) -> Result<(), rusqlite::Error> {
        self.database().execute(
            "INSERT OR REPLACE INTO task (execution, task, waited_for, record) VALUES (?1, ?2, ?3, ?4)",
            params![key.execution, key.task.cast_signed(), waited_for, record.to_string()],
        )?;
        Ok(())
    }

    /// Notes what has become of a task: the one with this ARN, and no later one of the same call. One that is over
    /// and that nobody waits for goes.
    pub(super) fn update(&self, record: &Record, over: bool) -> Result<(), rusqlite::Error> {
        let database = self.database();
        let this = "json_extract(record, '$.TaskArn') = ?1";
        if over {
            let gone = format!("DELETE FROM task WHERE {this} AND NOT waited_for");
            database.execute(&gone, [record.arn()])?;
        }
        let change = format!("UPDATE task SET record = ?2, over = ?3 WHERE {this}");
        database.execute(&change, params![record.arn(), record.to_string(), over])?;
        Ok(())
    }

    /// Forgets a task.
    pub(super) fn remove(&self, key: TaskKey) -> Result<(), rusqlite::Error> {
        self.database().execute(
            "DELETE FROM task WHERE execution = ?1 AND task = ?2",
            params![key.execution, key.task.cast_signed()],
        )?;
        Ok(())
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held left the connection itself whole: SQLite rolls back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn record(arn: &str) -> Record {
        Record::parse(&format!(r#"{{"TaskArn": "{arn}", "Containers": [{{}}]}}"#)).unwrap()
    }

    fn key(task: u64) -> TaskKey {
        TaskKey { execution: 1, task }
    }

    #[test]
    fn a_task_that_died_with_its_cloud_is_told_of_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ecs.sqlite");
        let open = || Ledger::open(&path, Durability::Normal).unwrap();
        let ledger = open();
        for (task, waited_for) in [(1, true), (2, false), (3, true)] {
            let record = record(&format!("task-{task}"));
            ledger.insert(key(task), waited_for, &record).unwrap();
        }
        let mut done = record("task-3");
        done.stopped(End::NotStarted("why"), 5);
        ledger.update(&done, true).unwrap();
        drop(ledger);

        let ledger = open();
        let left = ledger.take_up().unwrap();
        let found: Vec<_> = left
            .iter()
            .map(|(key, waited_for, record)| (key.task, *waited_for, &record.task()["StopCode"]))
            .collect();
        assert_eq!(
            found,
            [
                (1, true, &"TerminationNotice".into()),
                (2, false, &"TerminationNotice".into()),
                (3, true, &"TaskFailedToStart".into())
            ]
        );
        ledger.remove(key(3)).unwrap();
        drop(ledger);
        let left = open().take_up().unwrap();
        assert_eq!(
            left.iter().map(|(key, ..)| key.task).collect::<Vec<_>>(),
            [1]
        );
        for _ in 0..KEPT_STARTS {
            open().take_up().unwrap();
        }
        assert_eq!(open().take_up().unwrap(), Vec::new());
    }

    #[test]
    fn the_end_of_an_earlier_task_of_the_same_call_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("e"), Durability::Normal).unwrap();
        ledger.insert(key(1), true, &record("first")).unwrap();
        ledger.insert(key(1), true, &record("second")).unwrap();
        let mut first = record("first");
        first.stopped(End::NotStarted("why"), 5);
        ledger.update(&first, true).unwrap();
        let left = ledger.take_up().unwrap();
        assert_eq!(left[0].2.arn(), "second");
        assert_eq!(left[0].2.task()["StopCode"], "TerminationNotice");
    }
}
