//! Executions as they were stored: by this version and by those before it.
//!
//! Version 1 had no number, and one thread whose place stood in the execution itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::execution::{Execution, ExecutionInfo, Status};
use crate::payload::Payload;
use crate::scale::TimeScale;
use crate::thread::{Current, Owners, Thread, ThreadId, Timer};
use crate::time::Timestamp;

/// The version that is written.
pub(crate) const FORMAT: u32 = 2;

/// The fields of all versions.
#[derive(Deserialize)]
pub(crate) struct Stored {
    #[serde(default = "first")]
    format: u32,
    info: ExecutionInfo,
    #[serde(default)]
    processor_of: Option<Arc<str>>,
    #[serde(default)]
    time_limit: Option<u64>,
    #[serde(default)]
    time_scale: TimeScale,
    input: Payload,
    status: Status,
    start_date: Option<Timestamp>,
    stop_date: Option<Timestamp>,
    output: Option<Payload>,
    error: Option<String>,
    cause: Option<String>,
    redrive_count: u64,
    redrive_date: Option<Timestamp>,
    last_event: u64,
    next_task: u64,
    next_timer: u64,
    machine_timer: Option<Timer>,
    // Version 1 only.
    #[serde(default)]
    path_event: u64,
    #[serde(default)]
    current: Option<Current>,
    // From version 2 on.
    #[serde(default)]
    next_thread: u64,
    #[serde(default)]
    threads: BTreeMap<ThreadId, Thread>,
}

fn first() -> u32 {
    1
}

/// An execution of a version that this library does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the execution was stored in version {0}; this library reads up to version {FORMAT}")]
pub(crate) struct UnknownFormat(u32);

impl TryFrom<Stored> for Execution {
    type Error = UnknownFormat;

    fn try_from(stored: Stored) -> Result<Execution, UnknownFormat> {
        let (next_thread, threads) = match stored.format {
            1 => {
                // What has succeeded was in no state any more, and has no thread now.
                let thread = Thread {
                    path_event: stored.path_event,
                    current: stored.current,
                    ..Thread::default()
                };
                let lives = stored.status != Status::Succeeded;
                let threads = lives.then_some((ThreadId::ROOT, thread));
                (1, threads.into_iter().collect())
            }
            FORMAT => (stored.next_thread, stored.threads),
            other => return Err(UnknownFormat(other)),
        };
        let variables = threads
            .values()
            .flat_map(|thread| thread.variables.values());
        let variable_bytes = variables.map(|value| value.text().len()).sum();
        Ok(Execution {
            format: FORMAT,
            info: stored.info,
            processor_of: stored.processor_of,
            time_limit: stored.time_limit,
            time_scale: stored.time_scale,
            input: stored.input,
            status: stored.status,
            start_date: stored.start_date,
            stop_date: stored.stop_date,
            output: stored.output,
            error: stored.error,
            cause: stored.cause,
            redrive_count: stored.redrive_count,
            redrive_date: stored.redrive_date,
            last_event: stored.last_event,
            next_task: stored.next_task,
            next_timer: stored.next_timer,
            next_thread,
            machine_timer: stored.machine_timer,
            owners: if stored.status == Status::Running {
                Owners::of(&threads)
            } else {
                Owners::default()
            },
            threads,
            variable_bytes,
        })
    }
}
