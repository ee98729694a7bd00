//! The worker.

use std::sync::Arc;
use std::time::Duration;

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
}

/// Works until `stop` is cancelled, then finishes what is being worked on.
pub async fn run_worker(
    settings: WorkerSettings,
    function: FunctionSpec,
    source: Arc<dyn TaskSource>,
    stop: CancellationToken,
) -> WorkerSummary {
    let _ = (settings, function, source, stop);
    todo!()
}
