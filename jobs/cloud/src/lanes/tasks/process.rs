//! The process of one task, from its place to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loveless::Child;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::ledger::Ledger;
use super::now_ms;
use super::record::{End, Record};
use crate::lanes::log_output;

/// What to run, and who may end it.
pub(super) struct Process {
    pub(super) command: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
    /// How long it has between SIGTERM and SIGKILL.
    pub(super) stop_timeout: Duration,
    /// Waited for before it starts.
    pub(super) places: Arc<Semaphore>,
    /// Counts processes.
    pub(super) running: Arc<AtomicUsize>,
    /// Somebody wishes it to stop.
    pub(super) wish: CancellationToken,
    /// Nothing starts any more.
    pub(super) drain: CancellationToken,
    /// The cloud ends: everything is killed.
    pub(super) stop: CancellationToken,
}

/// Counts one process for as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(running: &Arc<AtomicUsize>) -> Self {
        running.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(running))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Process {
    /// Runs the task; gives it as it is after its end. Nothing when the cloud ends first.
    pub(super) async fn live(self, mut record: Record, ledger: &Arc<Ledger>) -> Option<Record> {
        let place = tokio::select! {
            biased;
            () = self.drain.cancelled() => return None,
            () = self.wish.cancelled() => {
                return self.over(record, End::Stopped(None), ledger).await;
            }
            place = self.places.acquire() => place,
        };
        let counted = Counted::new(&self.running);
        let (mut child, output) = match Child::start(&self.command, self.variables.clone()).await {
            Ok(started) => started,
            Err(error) => {
                let program = self.command.first().map_or("", String::as_str);
                let reason = format!("{program}: {error}");
                let end = End::NotStarted(&reason);
                return self.over(record, end, ledger).await;
            }
        };
        record.started(child.id(), now_ms());
        for output in output {
            tokio::spawn(log_output(record.arn().to_owned(), output));
        }
        note(ledger, record.clone(), false).await;
        let end = tokio::select! {
            status = child.exited() => End::Exited(status),
            () = self.wish.cancelled() => {
                child.terminate();
                let last = tokio::time::timeout(self.stop_timeout, child.exited());
                let status = tokio::select! {
                    status = last => status.ok(),
                    () = self.stop.cancelled() => None,
                };
                child.kill_group();
                End::Stopped(Some(match status {
                    Some(status) => status,
                    None => child.exited().await,
                }))
            }
            () = self.stop.cancelled() => {
                child.kill_group();
                child.exited().await;
                return None;
            }
        };
        let over = self.over(record, end, ledger).await;
        drop((counted, place));
        over
    }

    async fn over(&self, mut record: Record, end: End<'_>, ledger: &Arc<Ledger>) -> Option<Record> {
        record.stopped(end, now_ms());
        let (task, family) = (record.arn(), record.family());
        tracing::info!(task, family, ?end, "an ECS task has stopped");
        note(ledger, record.clone(), true).await;
        Some(record)
    }
}

/// Writes it down, beside the threads that must not wait for a disk.
async fn note(ledger: &Arc<Ledger>, record: Record, over: bool) {
    let ledger = Arc::clone(ledger);
    let noted = tokio::task::spawn_blocking(move || ledger.update(&record, over)).await;
    // A ledger that is behind says less of a task, and nothing wrong: it died with the cloud as far as it knows.
    if let Ok(Err(error)) = noted {
        tracing::warn!(%error, "what became of an ECS task is not in the ledger");
    }
}
