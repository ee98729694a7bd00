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

mod driver;
mod machine;
mod verdict;

pub use verdict::{CAUSE_LIMIT, ERROR_LIMIT, OUTPUT_LIMIT};

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::function::FunctionSpec;
use crate::source::TaskSource;

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Tasks worked on at a time; each has a function process of its own. At least 1.
    pub slots: usize,
    /// Time between two heartbeats: a third of the state's `HeartbeatSeconds`.
    pub heartbeat: Duration,
    /// The worker's name in logs.
    pub name: String,
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

/// Works until `stop` is cancelled, then finishes what is being worked on and returns.
///
/// After the cancellation an open poll is given up (a task that is handed out in that very moment
/// comes back by its heartbeat limit), work goes on with its heartbeats, and answers are still
/// delivered; an answer that cannot be delivered for about two minutes is then given up. Dropping
/// the future kills every function process at once.
pub async fn run_worker(
    settings: WorkerSettings,
    function: FunctionSpec,
    source: Arc<dyn TaskSource>,
    stop: CancellationToken,
) -> WorkerSummary {
    let spec = Arc::new(function);
    let slots = settings.slots.max(1);
    tracing::info!(
        worker = settings.name,
        slots,
        function = spec.name,
        memory_mb = spec.memory_mb,
        timeout_s = spec.timeout.as_secs_f64(),
        "worker started"
    );
    let mut running = JoinSet::new();
    for number in 0..slots {
        running.spawn(driver::drive(driver::Surroundings {
            number,
            worker: settings.name.clone(),
            heartbeat: settings.heartbeat,
            spec: spec.clone(),
            source: source.clone(),
            stop: stop.clone(),
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
