//! A place for one process of a function, which is kept warm and replaced when it fails.

use std::sync::Arc;
use std::time::Duration;

use super::failure::Failure;
use super::launch::InitFailure;
use super::{FunctionProcess, Invoked, report};
use crate::function::{Completed, FunctionError, FunctionSpec, Invocation, Report};

/// What a start may take. As on Lambda, a start that takes longer is repeated within the
/// invocation, under the function's own time limit.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How long a process has to come back for its next event after an answer. Clients ask at once.
const RETURN_LIMIT: Duration = Duration::from_secs(2);

/// At most one process, started when it is needed.
#[derive(Debug)]
pub(crate) struct Slot {
    spec: Arc<FunctionSpec>,
    process: Option<FunctionProcess>,
}

impl Slot {
    /// An empty place.
    pub fn new(spec: Arc<FunctionSpec>) -> Slot {
        Slot {
            spec,
            process: None,
        }
    }

    /// Whether a process waits here for an event.
    pub fn is_ready(&self) -> bool {
        self.process.as_ref().is_some_and(FunctionProcess::is_ready)
    }

    /// Whether a process runs here.
    pub fn is_alive(&self) -> bool {
        self.process.as_ref().is_some_and(FunctionProcess::is_alive)
    }

    /// Sees to it that a process waits here for an event; the failure of its start otherwise,
    /// with `request_id` in its words.
    pub async fn prepare(&mut self, request_id: &str) -> Result<(), Completed> {
        if let Some(process) = &mut self.process {
            if process.settled(RETURN_LIMIT).await {
                return Ok(());
            }
            // Gone, or lost in something after its answer.
            self.process = None;
        }
        let started = match FunctionProcess::start(self.spec.clone(), INIT_LIMIT).await {
            Err(InitFailure {
                failure: Failure::TimedOut { .. },
                ..
            }) if self.spec.timeout > INIT_LIMIT => {
                tracing::warn!(
                    function = self.spec.name,
                    "slow to start: once more, with more time"
                );
                FunctionProcess::start(self.spec.clone(), self.spec.timeout).await
            }
            started => started,
        };
        match started {
            Ok(process) => {
                self.process = Some(process);
                Ok(())
            }
            Err(failure) => Err(self.report_init(request_id, failure)),
        }
    }

    fn report_init(&self, request_id: &str, failed: InitFailure) -> Completed {
        let error: FunctionError = failed.failure.into_error(request_id);
        let report = Report {
            duration: Duration::ZERO,
            init_duration: Some(failed.duration),
            max_memory_mb: failed.max_memory_mb,
        };
        let line = report::line(request_id, &report, self.spec.memory_mb, Some(&error));
        tracing::warn!(function = self.spec.name, request_id, %error, "the function did not start");
        tracing::info!(function = self.spec.name, request_id, "{line}");
        let log_tail = report::tail(request_id, failed.log_tail, &line);
        Completed {
            result: Err(error),
            report,
            log_tail,
        }
    }

    /// Runs one invocation, on a fresh process if need be. When the future is dropped before its
    /// end, the process and its group are killed.
    pub async fn invoke(&mut self, mut invocation: Invocation) -> Completed {
        loop {
            if let Err(failed) = self.prepare(&invocation.request_id).await {
                return failed;
            }
            // Out of its place while it works: a dropped future takes the process with it.
            let Some(mut process) = self.process.take() else {
                continue;
            };
            match process.invoke(invocation).await {
                Invoked::Completed(completed) => {
                    if process.is_alive() {
                        self.process = Some(process);
                    }
                    return completed;
                }
                // An idle process died in the very moment; the event was not seen by anybody.
                Invoked::NotTaken(back) => invocation = back,
            }
        }
    }

    /// Ends the process, if there is one.
    pub async fn end(self) {
        if let Some(process) = self.process {
            process.end().await;
        }
    }
}
