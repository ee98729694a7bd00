//! Asynchronous invocations: accepted durably, run later, tried again after a failure.
//!
//! As on Lambda: at least once, no order, at most two retries after the function's error. Two things differ,
//! because this is one machine: the waits before the retries are 1 s and 2 s (AWS: 1 and 2 minutes), and what
//! failed three times is logged (AWS: the dead-letter queue, where there is one).

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use loveless::Invocation;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::Durability;
use crate::database;
use crate::lanes::{LambdaLane, LaneError};

/// Tries of one invocation: the first and two more.
const TRIES: u32 = 3;

/// Step n brings a queue of version n to version n + 1. Steps are never changed once released. The first one
/// also takes up queues of 0.1.0, which had this table and no version.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE IF NOT EXISTS invocation (
        id TEXT PRIMARY KEY,
        function TEXT NOT NULL,
        payload BLOB NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0
    ) STRICT;
"];

/// The version that this build writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Stored invocations and the loop that runs them.
pub(crate) struct AsyncQueue {
    database: Mutex<Connection>,
    /// Ids that a task of this process works on.
    taken: Mutex<HashSet<String>>,
    arrived: Notify,
}

struct Stored {
    id: String,
    function: String,
    payload: Vec<u8>,
    failures: u32,
}

impl AsyncQueue {
    /// Opens (or creates) the queue in this file.
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            database: Mutex::new(database::open(path, durability, MIGRATIONS)?),
            taken: Mutex::default(),
            arrived: Notify::new(),
        })
    }

    /// Stores an invocation. `Ok` means that it will run, whatever happens to this process. The same id again
    /// changes nothing while the first is not done.
    pub(crate) async fn push(
        self: &Arc<Self>,
        id: String,
        function: String,
        payload: Bytes,
    ) -> Result<(), rusqlite::Error> {
        let queue = Arc::clone(self);
        let stored = tokio::task::spawn_blocking(move || {
            queue.database().execute(
                "INSERT OR IGNORE INTO invocation (id, function, payload) VALUES (?1, ?2, ?3)",
                params![id, function, payload.as_ref()],
            )
        });
        match stored.await {
            Ok(stored) => stored?,
            // The runtime is shutting down.
            Err(_) => return Err(rusqlite::Error::InvalidQuery),
        };
        self.arrived.notify_one();
        Ok(())
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_empty(&self) -> bool {
        let any = "SELECT EXISTS (SELECT 1 FROM invocation)";
        let any = self.database().query_row(any, [], |row| row.get(0));
        !any.unwrap_or(false)
    }

    /// Whether invocations are being worked on.
    pub(crate) fn busy(&self) -> bool {
        !self.taken().is_empty()
    }

    /// Runs what is stored. After `drain` it starts nothing more, after `stop` it also drops what runs. What is
    /// not done by then stays stored.
    pub(crate) async fn run(
        self: Arc<Self>,
        lane: Arc<LambdaLane>,
        drain: CancellationToken,
        stop: CancellationToken,
    ) {
        while !drain.is_cancelled() {
            match self.take() {
                Ok(Some(stored)) => {
                    let queue = Arc::clone(&self);
                    let lane = Arc::clone(&lane);
                    let (drain, stop) = (drain.clone(), stop.clone());
                    tokio::spawn(async move {
                        let id = stored.id.clone();
                        if let Err(error) = queue.work(stored, &lane, &drain, &stop).await {
                            tracing::error!(%error, "an asynchronous invocation could not be recorded");
                        }
                        queue.taken().remove(&id);
                        // There may be room in memory for one more.
                        queue.arrived.notify_one();
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "cannot read the asynchronous invocations"),
            }
            tokio::select! {
                () = drain.cancelled() => return,
                () = self.arrived.notified() => {}
                // Only after an error of the database is there anything to find without a notice.
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
    }

    /// Takes one that nobody works on, at most as many at a time as make sense to have in memory.
    fn take(&self) -> Result<Option<Stored>, rusqlite::Error> {
        let mut taken = self.taken();
        if taken.len() >= 64 {
            return Ok(None);
        }
        let database = self.database();
        let mut rows = database
            .prepare_cached("SELECT id, function, failures FROM invocation ORDER BY rowid")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            if taken.contains(&id) {
                continue;
            }
            let payload: Option<Vec<u8>> = database
                .query_row(
                    "SELECT payload FROM invocation WHERE id = ?1",
                    [&id],
                    |row| row.get(0),
                )
                .optional()?;
            taken.insert(id.clone());
            return Ok(Some(Stored {
                id,
                function: row.get(1)?,
                payload: payload.unwrap_or_default(),
                failures: row.get(2)?,
            }));
        }
        Ok(None)
    }

    async fn work(
        &self,
        mut stored: Stored,
        lane: &LambdaLane,
        drain: &CancellationToken,
        stop: &CancellationToken,
    ) -> Result<(), rusqlite::Error> {
        loop {
            let mut invocation = Invocation::new(stored.payload.clone());
            // The id of an event's invocation is no UUID; functions only see a fresh one.
            if uuid::Uuid::parse_str(&stored.id).is_ok() {
                invocation.request_id.clone_from(&stored.id);
            }
            let completed = tokio::select! {
                completed = lane.invoke_in_turn(&stored.function, invocation, || {}) => completed,
                () = stop.cancelled() => return Ok(()),
            };
            let reason = match completed {
                Ok(completed) => match completed.result {
                    Ok(_) => return self.remove(&stored.id),
                    Err(error) => error.to_string(),
                },
                // The lane closes: the next start goes on.
                Err(LaneError::Throttled) => return Ok(()),
                Err(error @ LaneError::NotFound { .. }) => {
                    stored.failures = TRIES;
                    error.to_string()
                }
            };
            stored.failures += 1;
            if stored.failures >= TRIES {
                tracing::error!(
                    function = stored.function,
                    id = stored.id,
                    reason,
                    "an asynchronous invocation failed for good"
                );
                return self.remove(&stored.id);
            }
            tracing::warn!(
                function = stored.function,
                id = stored.id,
                reason,
                "an asynchronous invocation failed and is tried again"
            );
            self.database().execute(
                "UPDATE invocation SET failures = ?2 WHERE id = ?1",
                params![stored.id, stored.failures],
            )?;
            let pause = Duration::from_secs(u64::from(stored.failures));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = drain.cancelled() => return Ok(()),
            }
        }
    }

    fn remove(&self, id: &str) -> Result<(), rusqlite::Error> {
        self.database()
            .execute("DELETE FROM invocation WHERE id = ?1", [id])?;
        Ok(())
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held left the connection itself whole: SQLite rolls back.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<String>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_queue_of_the_first_release_keeps_what_it_holds_and_gets_a_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lambda.sqlite");
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "CREATE TABLE invocation (id TEXT PRIMARY KEY, function TEXT NOT NULL, payload BLOB NOT NULL,
                     failures INTEGER NOT NULL DEFAULT 0) STRICT;
                 INSERT INTO invocation (id, function, payload) VALUES ('1', 'f', x'00');",
            )
            .unwrap();
        let queue = AsyncQueue::open(&path, Durability::Normal).unwrap();
        assert!(!queue.is_empty());
        let version: i64 = queue
            .database()
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version, VERSION);
    }
}
