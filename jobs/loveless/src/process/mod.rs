//! One process of a function: started, given events, watched, ended.
//!
//! [`FunctionProcess`] brings together a [`RuntimeApi`] of its own, the child (`child`, spawned
//! from `nursery`), its output (`logs`) and its memory (`memory`). [`Slot`] keeps such a process
//! over many invocations and replaces it after every failure of the process. Nothing here knows
//! where events come from.

mod child;
mod environment;
mod failure;
mod guard;
mod logs;
mod memory;
mod nursery;
mod parent_death;
mod report;
mod slot;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::MissedTickBehavior;

use crate::function::{Completed, FunctionSpec, Invocation, Report};
use crate::runtime_api::exchange::{Event, Outcome};
use crate::runtime_api::{Identity, RuntimeApi};
pub use child::{Child, Output};
use failure::Failure;
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

/// With extensions registered a process gets this long between SIGTERM and SIGKILL, as on Lambda;
/// without any, none.
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

/// A start that came to nothing.
#[derive(Debug)]
pub(crate) struct InitFailure {
    pub failure: Failure,
    pub duration: Duration,
    pub max_memory_mb: u32,
    pub log_tail: Vec<u8>,
}

impl FunctionProcess {
    /// Starts a process and waits until it asks for its first event, for `limit` at most.
    pub async fn start(
        spec: Arc<FunctionSpec>,
        limit: Duration,
    ) -> Result<FunctionProcess, InitFailure> {
        let began = Instant::now();
        let mut process = match FunctionProcess::launch(spec).await {
            Ok(process) => process,
            Err(failure) => {
                return Err(InitFailure {
                    failure,
                    duration: began.elapsed(),
                    max_memory_mb: 0,
                    log_tail: Vec::new(),
                });
            }
        };
        match process.init(began, limit).await {
            Ok(()) => {
                process.init_duration = Some(began.elapsed());
                Ok(process)
            }
            Err(failure) => {
                process.kill().await;
                Err(InitFailure {
                    failure,
                    duration: began.elapsed(),
                    max_memory_mb: process.memory.peak_mb(),
                    log_tail: process.logs.end(),
                })
            }
        }
    }

    async fn launch(spec: Arc<FunctionSpec>) -> Result<FunctionProcess, Failure> {
        let Some(program) = spec.command.first() else {
            return Err(Failure::NoEntrypoint {
                program: String::new(),
                reason: "no command".into(),
            });
        };
        let unable = |error: &io::Error| Failure::NoEntrypoint {
            program: program.clone(),
            reason: error.to_string(),
        };
        let api = RuntimeApi::start(Identity {
            name: spec.name.clone(),
            handler: environment::handler(&spec),
            account: spec.arn.split(':').nth(4).unwrap_or_default().to_owned(),
        })
        .await
        .map_err(|error| unable(&error))?;
        let variables = environment::variables(&spec, api.address());
        let (child, output) = Child::start(&spec.command, variables)
            .await
            .map_err(|error| unable(&error))?;
        let logs = Logs::collect(&spec.name, output).map_err(|error| unable(&error))?;
        let memory = Memory::of(child.id(), spec.memory_mb);
        Ok(FunctionProcess {
            spec,
            api,
            child,
            logs,
            memory,
            init_duration: None,
        })
    }

    async fn init(&mut self, began: Instant, limit: Duration) -> Result<(), Failure> {
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let out_of_time = tokio::time::sleep_until((began + limit).into());
        tokio::pin!(out_of_time);
        loop {
            tokio::select! {
                biased;
                ready = self.api.exchange().ready() => return ready.map_err(Failure::Posted),
                status = self.child.exited() => {
                    // Its `/init/error` may have come in the same moment.
                    tokio::time::sleep(ANSWER_GRACE).await;
                    let posted = self.api.exchange().init_failure();
                    return Err(posted.map_or(Failure::Exit(status), Failure::Posted));
                }
                () = &mut out_of_time => return Err(Failure::TimedOut { limit }),
                _ = ticks.tick() => {
                    if self.memory.look().await {
                        return Err(Failure::OutOfMemory);
                    }
                }
            }
        }
    }

    /// Whether the process runs.
    pub fn is_alive(&self) -> bool {
        !self.child.has_exited()
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
                    return Invoked::Completed(self.complete(&id, began, outcome).await);
                }
                status = self.child.exited() => {
                    if self.api.exchange().withdraw().is_some() {
                        self.logs.end();
                        return Invoked::NotTaken(invocation);
                    }
                    tokio::time::sleep(ANSWER_GRACE).await;
                    break Failure::Exit(status);
                }
                () = &mut out_of_time => break Failure::TimedOut { limit: timeout },
                _ = ticks.tick() => {
                    if self.memory.look().await {
                        break Failure::OutOfMemory;
                    }
                }
            }
        };
        let kills = !matches!(failure, Failure::Exit(_));
        self.api
            .exchange()
            .settle(&id, Err(failure.into_error(&id)));
        // Settled by whoever came first: this failure, or an answer in the same moment. After an
        // answer the process may live on.
        let outcome = outcome
            .await
            .unwrap_or_else(|_| Err(Failure::Lost.into_error(&id)));
        if kills && outcome.is_err() {
            self.kill().await;
        }
        Invoked::Completed(self.complete(&id, began, outcome).await)
    }

    async fn complete(&mut self, id: &str, began: Instant, outcome: Outcome) -> Completed {
        let duration = began.elapsed();
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

    /// Kills the process with its group and waits for its end.
    pub async fn kill(&mut self) {
        self.child.kill_group();
        let _ = tokio::time::timeout(KILL_WAIT, self.child.exited()).await;
    }

    /// Ends an idle process as Lambda does: extensions are told and given a moment.
    pub async fn end(mut self) {
        let deadline = unix_ms(SystemTime::now() + EXTENSION_GRACE);
        if self.api.exchange().shut_down("spindown", deadline) > 0 {
            self.child.terminate();
            let _ = tokio::time::timeout(EXTENSION_GRACE, self.child.exited()).await;
        }
        self.kill().await;
        self.logs.end();
    }
}

fn unix_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
