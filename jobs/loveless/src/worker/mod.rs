//! The worker: takes tasks from a source, has a function do them, hands in the answers.
//!
//! Each slot is a pure state machine (`machine`) and a driver that acts for it (`driver`);
//! what is handed in is decided by `verdict`. What they keep to:
//!
//! - a task is only asked for with a function process that waits for one, so a broken function
//!   takes no tasks from healthy workers;
//! - heartbeats go on from the moment the task came until its answer is accepted, also while the
//!   worker drains;
//! - when the task is gone, the work is killed, with its process group, and the slot is free;
//! - the answer is sent again through throttles, faults and outages for as long as the task is
//!   there; a task is answered once;
//! - after each failure of its process a slot gets a fresh one, and a growing rest when it was a
//!   crash.
//!
//! The ways in which it can go wrong, and what comes of each. The first outcome of a task is its
//! outcome: a result that comes after its time-out is no result, an exit after an error document
//! does not replace the document.
//!
//! | what happens | seen by | handed in as | the process |
//! |---|---|---|---|
//! | crash: exit, also with 0, or a signal, before an answer | the kernel | `Runtime.ExitError` | a fresh one, after a growing rest |
//! | hang, with the process at work or asleep | the time limit | `Sandbox.Timedout` | killed; a fresh one |
//! | time-out with grandchildren, also in sessions of their own | the time limit | `Sandbox.Timedout` | killed with everything it started; a fresh one |
//! | too large a result: beyond the Runtime API's limit, or Step Functions' | the body's length | `Function.ResponseSizeTooLarge`, `States.DataLimitExceeded` | lives on if its client does |
//! | SIGTERM while polling | the signal | nothing; a task that still comes as [`STOPPED`] | ended |
//! | SIGTERM while working | the signal, then the end of the drain | the result if it is ready in time, else [`STOPPED`] | ended; killed after the drain |
//! | the task is gone | a heartbeat's or the answer's refusal | nothing: nobody listens | killed; a fresh one |
//!
//! `tests/edges.rs` does each of them to a real process.

mod driver;
mod machine;
mod verdict;

pub use verdict::{CAUSE_LIMIT, ERROR_LIMIT, OUTPUT_LIMIT, STOPPED};

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::function::FunctionSpec;
use crate::process::limits_method;
use crate::source::TaskSource;
use crate::status::WorkerStatus;

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Tasks worked on at a time; each has a function process of its own. At least 1.
    pub slots: usize,
    /// Time between two heartbeats: a third of the state's `HeartbeatSeconds`.
    pub heartbeat: Duration,
    /// The worker's name in logs.
    pub name: String,
    /// After a stop: how long work may still go on and an open poll is waited for. Then polls are
    /// given up, and unfinished work is killed and handed in as a failure named [`STOPPED`].
    pub drain: Duration,
    /// One task, taken at once and by one slot; then the worker ends.
    pub once: bool,
}

impl Default for WorkerSettings {
    /// One slot, a heartbeat every 20 s, 25 s to drain (container platforms allow 30 s).
    fn default() -> WorkerSettings {
        WorkerSettings {
            slots: 1,
            heartbeat: Duration::from_secs(20),
            name: "worker".to_owned(),
            drain: Duration::from_secs(25),
            once: false,
        }
    }
}

/// What a worker did in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerSummary {
    /// Tasks answered with a result.
    pub succeeded: u64,
    /// Tasks answered with a failure.
    pub failed: u64,
    /// Tasks that were gone before their answer was accepted.
    pub gone: u64,
    /// Tasks whose answer was refused for good or, while draining, could not be delivered.
    pub undelivered: u64,
}

impl std::ops::AddAssign for WorkerSummary {
    fn add_assign(&mut self, other: WorkerSummary) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.gone += other.gone;
        self.undelivered += other.undelivered;
    }
}

/// Works until `stop` is cancelled, then finishes what is being worked on and returns. A source that
/// refuses the very first polls (no such activity or queue, wrong credentials) ends the worker, too:
/// [`WorkerStatus::refusal`] of [`run_watched_worker`] says why. One that has answered before is
/// asked again, as one is that cannot be reached.
///
/// After the cancellation work goes on with its heartbeats and an open poll is waited for, both
/// for [`WorkerSettings::drain`] at most; a task that the poll still brings is handed back at
/// once, as a failure named [`STOPPED`]. Answers are still delivered; one that cannot be delivered
/// for about two minutes is then given up. Dropping the future kills every function process at
/// once.
pub async fn run_worker(
    settings: WorkerSettings,
    function: FunctionSpec,
    source: Arc<dyn TaskSource>,
    stop: CancellationToken,
) -> WorkerSummary {
    let status = Arc::new(WorkerStatus::new(settings.slots));
    run_watched_worker(settings, function, source, stop, status).await
}

/// The same, with a place where it tells what it does.
pub async fn run_watched_worker(
    settings: WorkerSettings,
    function: FunctionSpec,
    source: Arc<dyn TaskSource>,
    stop: CancellationToken,
    status: Arc<WorkerStatus>,
) -> WorkerSummary {
    let spec = Arc::new(function);
    let slots = if settings.once {
        1
    } else {
        settings.slots.max(1)
    };
    tracing::info!(
        worker = settings.name,
        slots,
        function = spec.name,
        memory_mb = spec.memory_mb,
        timeout_s = spec.timeout.as_secs_f64(),
        memory_limit = limits_method(),
        "worker started"
    );
    let mut running = JoinSet::new();
    for number in 0..slots {
        running.spawn(driver::drive(driver::Surroundings {
            number,
            worker: settings.name.clone(),
            heartbeat: settings.heartbeat,
            drain: settings.drain,
            once: settings.once,
            spec: spec.clone(),
            source: source.clone(),
            stop: stop.clone(),
            status: status.clone(),
        }));
    }
    let mut summary = WorkerSummary::default();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(slot) => summary += slot,
            Err(error) => tracing::error!(%error, "a slot broke"),
        }
    }
    tracing::info!(worker = settings.name, ?summary, "worker stopped");
    summary
}
