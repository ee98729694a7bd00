//! One process of a function: started, given events, watched, ended.
//!
//! [`FunctionProcess`] brings together a [`RuntimeApi`] of its own, the child (`child`, spawned
//! from `nursery`), its `extensions`, its output (`logs`) and its memory (`memory`); `launch` is how
//! it comes to be. [`Slot`] keeps such a process over many invocations and replaces it after every
//! failure of the process. Nothing here knows where events come from.

mod before_exec;
mod cgroup;
mod child;
mod environment;
mod extensions;
mod failure;
mod family;
mod guard;
mod launch;
mod logs;
mod memory;
mod nursery;
mod report;
mod slot;

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::MissedTickBehavior;

use crate::function::{Completed, FunctionSpec, Invocation, Report};
use crate::runtime_api::RuntimeApi;
use crate::runtime_api::exchange::{Event, Outcome};
pub(crate) use cgroup::method as limits_method;
pub use child::{Child, Output};
use extensions::Extensions;
use failure::Failure;
#[cfg(all(feature = "cli", target_os = "linux"))]
pub(crate) use family::children as children_of;
use logs::Logs;
use memory::Memory;

#[cfg(feature = "cli")]
pub(crate) use environment::may_pass;
pub(crate) use failure::is_crash;
pub(crate) use slot::Slot;

/// Time between two looks at the process's memory. A process that takes memory faster than this
/// can overshoot its limit for one such moment.
const WATCH_EVERY: Duration = if cfg!(target_os = "linux") {
    Duration::from_millis(20)
} else {
    // Elsewhere each look is a `ps`.
    Duration::from_millis(250)
};

/// After an exit, how long an answer that was already on its way has to arrive.
const ANSWER_GRACE: Duration = Duration::from_millis(30);

/// With extensions registered (in its own process) a function gets this long between SIGTERM and
/// SIGKILL, as on Lambda; without any, none. With external ones see `extensions`.
const EXTENSION_GRACE: Duration = Duration::from_millis(500);

/// How long a killed group is waited for. The kernel needs milliseconds, except for a process
/// that hangs in a dead file system; then the wait ends here.
const KILL_WAIT: Duration = Duration::from_secs(5);

/// A running process. Dropping it kills the process and its whole group.
#[derive(Debug)]
pub(crate) struct FunctionProcess {
    spec: Arc<FunctionSpec>,
    api: RuntimeApi,
    child: Child,
    extensions: Extensions,
    logs: Logs,
    memory: Memory,
    /// Told with the first invocation only.
    init_duration: Option<Duration>,
}

/// How an invocation ended, seen from the process.
#[derive(Debug)]
pub(crate) enum Invoked {
    /// There is an outcome. The process may or may not have survived it.
    Completed(Completed),
    /// The process was gone before it took the event, which can safely go to another process.
    NotTaken(Invocation),
}

impl FunctionProcess {
    /// What an end of the process was.
    fn exit(&mut self, status: ExitStatus) -> Failure {
        if self.child.was_over_limit() {
            self.memory.reached_limit();
            Failure::OutOfMemory
        } else {
            Failure::Exit(status)
        }
    }

    /// Whether the process runs, with all that belongs to it.
    pub fn is_alive(&self) -> bool {
        !self.child.has_exited() && self.extensions.all_run()
    }

    /// Whether the process waits for an event now.
    pub fn is_ready(&self) -> bool {
        self.is_alive() && self.api.exchange().is_ready()
    }

    /// Waits until the process asks for its next event: true; false when it exits instead, or
    /// does neither within `limit`.
    pub async fn settled(&mut self, limit: Duration) -> bool {
        if !self.is_alive() {
            return false;
        }
        tokio::select! {
            biased;
            _ = self.child.exited() => false,
            ready = self.api.exchange().ready() => ready.is_ok(),
            () = tokio::time::sleep(limit) => false,
        }
    }

    /// Runs one invocation to its end. Dropping the future leaves the event with the process: the
    /// caller then drops the process, too.
    pub async fn invoke(&mut self, invocation: Invocation) -> Invoked {
        let timeout = self.spec.timeout;
        let id = invocation.request_id.clone();
        self.logs.begin(&id);
        let began = Instant::now();
        let mut outcome = self.api.exchange().dispatch(Event {
            request_id: id.clone(),
            deadline_ms: unix_ms(SystemTime::now() + timeout),
            arn: self.spec.arn.clone(),
            trace_id: invocation.trace_id.clone(),
            client_context: invocation.client_context.clone(),
            payload: invocation.payload.clone(),
        });
        self.memory.begin();
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let out_of_time = tokio::time::sleep_until((began + timeout).into());
        tokio::pin!(out_of_time);
        let failure = loop {
            tokio::select! {
                biased;
                // The sender lives in the exchange until it is used, so this is never an error.
                Ok(outcome) = &mut outcome => {
                    return Invoked::Completed(self.complete(&id, began.elapsed(), outcome).await);
                }
                status = self.child.exited() => {
                    if self.api.exchange().withdraw().is_some() {
                        self.logs.end();
                        return Invoked::NotTaken(invocation);
                    }
                    tokio::time::sleep(ANSWER_GRACE).await;
                    break self.exit(status);
                }
                crash = self.extensions.crashed() => break crash,
                () = &mut out_of_time => break Failure::TimedOut { limit: timeout },
                _ = ticks.tick() => {
                    if self.memory.look().await {
                        break Failure::OutOfMemory;
                    }
                }
            }
        };
        let reason = match failure {
            Failure::TimedOut { .. } => "timeout",
            _ => "failure",
        };
        self.api
            .exchange()
            .settle(&id, Err(failure.into_error(&id)));
        // Settled by whoever came first: this failure, or an answer in the same moment. After an
        // answer the process may live on.
        let outcome = outcome
            .await
            .unwrap_or_else(|_| Err(Failure::Lost.into_error(&id)));
        // Without the time that extensions have for their farewell.
        let duration = began.elapsed();
        if outcome.is_err() {
            self.stop(reason).await;
        }
        Invoked::Completed(self.complete(&id, duration, outcome).await)
    }

    async fn complete(&mut self, id: &str, duration: Duration, outcome: Outcome) -> Completed {
        if self.is_alive() {
            self.memory.look().await;
        }
        let report = Report {
            duration,
            init_duration: self.init_duration.take(),
            max_memory_mb: self.memory.peak_mb(),
        };
        let line = report::line(id, &report, self.spec.memory_mb, outcome.as_ref().err());
        tracing::info!(function = self.spec.name, request_id = id, "{line}");
        let log_tail = report::tail(id, self.logs.end(), &line);
        Completed {
            result: outcome,
            report,
            log_tail,
        }
    }

    /// Kills the process and everything that it started, and waits for its end.
    pub async fn kill(&mut self) {
        self.child.kill_group();
        let _ = tokio::time::timeout(KILL_WAIT, self.child.exited()).await;
    }

    /// Kills the process; external extensions hear why and have a moment to end by themselves.
    async fn stop(&mut self, reason: &str) {
        if self.extensions.is_empty() {
            return self.kill().await;
        }
        let deadline = unix_ms(SystemTime::now() + extensions::GRACE);
        self.api.exchange().shut_down(reason, deadline);
        let deadline = tokio::time::Instant::now() + extensions::GRACE;
        self.kill().await;
        self.extensions.end(deadline).await;
    }

    /// Ends an idle process as Lambda does: extensions are told and given a moment.
    pub async fn end(mut self) {
        let external = !self.extensions.is_empty();
        let grace = if external {
            extensions::GRACE
        } else {
            EXTENSION_GRACE
        };
        let began = tokio::time::Instant::now();
        let deadline = unix_ms(SystemTime::now() + grace);
        if self.api.exchange().shut_down("spindown", deadline) > 0 {
            self.child.terminate();
            let _ = tokio::time::timeout(EXTENSION_GRACE, self.child.exited()).await;
        }
        self.kill().await;
        self.extensions.end(began + grace).await;
        self.logs.end();
    }
}

fn unix_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
