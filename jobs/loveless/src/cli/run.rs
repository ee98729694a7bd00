//! A worker from its start to its end, with signals.

use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{EXIT_INTERRUPTED, EXIT_OK};
use crate::function::FunctionSpec;
use crate::source::TaskSource;
use crate::status::WorkerStatus;
use crate::worker::{WorkerSettings, WorkerSummary, run_watched_worker};

/// How it ended.
pub(super) struct Ended {
    /// The exit code, as far as signals decide it.
    pub code: u8,
    /// What was done; nothing when a second signal ended it at once.
    pub summary: Option<WorkerSummary>,
}

/// Runs until there is no more to do or a signal comes; a second one ends it at once.
pub(super) async fn to_the_end(
    settings: WorkerSettings,
    function: FunctionSpec,
    source: Arc<dyn TaskSource>,
    stop: CancellationToken,
    status: Arc<WorkerStatus>,
) -> anyhow::Result<Ended> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let work = run_watched_worker(settings, function, source, stop.clone(), status);
    tokio::pin!(work);
    let mut code = EXIT_OK;
    loop {
        let (came, from_keyboard) = tokio::select! {
            summary = &mut work => return Ok(Ended { code, summary: Some(summary) }),
            _ = terminate.recv() => ("SIGTERM", false),
            _ = interrupt.recv() => ("SIGINT", true),
        };
        if from_keyboard {
            code = EXIT_INTERRUPTED;
        }
        if stop.is_cancelled() {
            tracing::warn!(
                "{came} again: ending at once; work in hand comes back by its heartbeat"
            );
            return Ok(Ended {
                code,
                summary: None,
            });
        }
        tracing::info!(
            "{came}: finishing what is at work and the open poll; once more to end at once"
        );
        stop.cancel();
    }
}
