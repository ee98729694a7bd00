//! From a specification to a process that waits for its first event.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use super::cgroup::Cgroup;
use super::child::{Child, Confinement};
use super::extensions::{self, Extensions};
use super::failure::Failure;
use super::logs::Logs;
use super::memory::Memory;
use super::{ANSWER_GRACE, FunctionProcess, WATCH_EVERY, environment};
use crate::function::FunctionSpec;
use crate::runtime_api::{Identity, RuntimeApi};

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
        let mut process = match FunctionProcess::launch(spec, began + limit).await {
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

    async fn launch(
        spec: Arc<FunctionSpec>,
        deadline: Instant,
    ) -> Result<FunctionProcess, Failure> {
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
        let extensions = start_extensions(&spec, &api, &variables, deadline).await?;
        let (child, output) =
            Child::start_confined(&spec.command, variables, confinement(spec.memory_mb))
                .await
                .map_err(|error| unable(&error))?;
        let logs = Logs::collect(&spec.name, output).map_err(|error| unable(&error))?;
        let memory = Memory::of(child.id(), spec.memory_mb);
        Ok(FunctionProcess {
            spec,
            api,
            child,
            extensions,
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
                    return Err(match posted {
                        Some(error) => Failure::Posted(error),
                        None => self.exit(status),
                    });
                }
                crash = self.extensions.crashed() => {
                    let posted = self.api.exchange().init_failure();
                    return Err(posted.map_or(crash, Failure::Posted));
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
}

/// Starts the external extensions and waits until all have registered.
async fn start_extensions(
    spec: &FunctionSpec,
    api: &RuntimeApi,
    variables: &BTreeMap<String, String>,
    deadline: Instant,
) -> Result<Extensions, Failure> {
    let programs = spec
        .extensions
        .as_deref()
        .map(extensions::programs)
        .unwrap_or_default();
    if programs.is_empty() {
        return Ok(Extensions::none());
    }
    let names = programs.iter().map(|program| extensions::name_of(program));
    api.exchange().expect_extensions(names.collect());
    let began = Instant::now();
    let started = Extensions::start(programs, &spec.name, variables).await?;
    tokio::select! {
        biased;
        registered = api.exchange().extensions_registered() => registered.map_err(Failure::Posted)?,
        crash = started.crashed() => {
            let posted = api.exchange().init_failure();
            return Err(posted.map_or(crash, Failure::Posted));
        }
        () = tokio::time::sleep_until(deadline.into()) => {
            return Err(Failure::TimedOut { limit: began.elapsed() });
        }
    }
    Ok(started)
}

/// What a process with this limit gets: a cgroup where there are any, else a ceiling far above
/// what runtimes reserve without using it, which stops what allocates faster than is looked.
fn confinement(memory_mb: u32) -> Confinement {
    let bytes = u64::from(memory_mb) << 20;
    if bytes == 0 {
        return Confinement::default();
    }
    match Cgroup::with_limit(bytes) {
        Some(cgroup) => Confinement {
            cgroup: Some(cgroup),
            data_bytes: None,
        },
        None => Confinement {
            cgroup: None,
            data_bytes: Some(4 * bytes + (1 << 30)),
        },
    }
}
