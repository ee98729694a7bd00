//! What is known of one execution between two steps: the value that a host stores.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::payload::{Payload, PayloadError};
use crate::resource::Resource;
use crate::time::Timestamp;

/// Who an execution is: everything that history and context object tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionInfo {
    /// The execution's ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The role it runs as.
    pub role_arn: String,
    /// The machine's ARN.
    pub state_machine_arn: String,
    /// The machine's name.
    pub state_machine_name: String,
    /// The region, for the history's Task events.
    pub region: String,
}

/// How an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Not ended yet.
    Running,
    /// Ended with an output.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// The machine's `TimeoutSeconds` passed.
    TimedOut,
    /// Stopped from outside.
    Aborted,
}

impl Status {
    /// The API's word, for example `TIMED_OUT`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Running => "RUNNING",
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
            Status::TimedOut => "TIMED_OUT",
            Status::Aborted => "ABORTED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A task of an execution; unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u64);

/// A timer of an execution; unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimerId(pub u64);

/// Work that the host is asked to have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// The number that the answer has to carry.
    pub task: TaskId,
    /// The name of the state that asks.
    pub state: String,
    /// What to call.
    pub resource: Resource,
    /// JSON text: the input of an activity or function, or the parameters of a service call.
    pub input: String,
    /// Seconds from the start of the task to its time-out, when the state declares them.
    pub timeout_seconds: Option<u64>,
    /// The longest time between two heartbeats in seconds, when the state declares it.
    pub heartbeat_seconds: Option<u64>,
}

/// A timer that was set and neither fired nor was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) id: TimerId,
    pub(crate) at: Timestamp,
}

/// The state that an execution is in, or in which it ended unsuccessfully.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Current {
    pub(crate) state: String,
    /// The raw input, before `InputPath`.
    pub(crate) input: Payload,
    pub(crate) entered_at: Timestamp,
    pub(crate) entered_event: u64,
    /// Attempts so far of each retrier, in the order of the definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempts: Vec<u32>,
    pub(crate) phase: Phase,
}

impl Current {
    /// `$$.State.RetryCount`: over all retriers.
    pub(crate) fn retry_count(&self) -> u64 {
        self.attempts
            .iter()
            .map(|attempts| u64::from(*attempts))
            .sum()
    }
}

/// What the current state waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Nothing: it is about to be worked on, or the execution ended here.
    Idle,
    /// The answer of a task.
    Task(OpenTask),
    /// The end of a Wait state.
    Waiting(Timer),
    /// The delay before the next attempt.
    BackingOff(Timer),
}

/// A task that was commanded and has no answer yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenTask {
    pub(crate) request: TaskRequest,
    pub(crate) started: bool,
    pub(crate) timeout: Option<Timer>,
    pub(crate) heartbeat: Option<Timer>,
}

/// One execution between two steps.
///
/// It holds what the next step needs and nothing of the past: the history is handed out once, by
/// the step that makes it. Serialising and reading it again gives an equal value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    pub(crate) info: ExecutionInfo,
    pub(crate) input: Payload,
    pub(crate) status: Status,
    pub(crate) start_date: Option<Timestamp>,
    pub(crate) stop_date: Option<Timestamp>,
    pub(crate) output: Option<Payload>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) redrive_count: u64,
    pub(crate) redrive_date: Option<Timestamp>,
    /// The id of the newest event.
    pub(crate) last_event: u64,
    /// The id that the next event of the path follows; 0 before the first state.
    pub(crate) path_event: u64,
    pub(crate) next_task: u64,
    pub(crate) next_timer: u64,
    pub(crate) machine_timer: Option<Timer>,
    pub(crate) current: Option<Current>,
}

impl Execution {
    /// A new execution that waits for [`Event::Started`](crate::Event::Started).
    ///
    /// `input` is any JSON text within the limits; it is kept as written.
    pub fn new(info: ExecutionInfo, input: &str) -> Result<Execution, PayloadError> {
        Ok(Execution {
            info,
            input: Payload::parse(input)?,
            status: Status::Running,
            start_date: None,
            stop_date: None,
            output: None,
            error: None,
            cause: None,
            redrive_count: 0,
            redrive_date: None,
            last_event: 0,
            path_event: 0,
            next_task: 1,
            next_timer: 1,
            machine_timer: None,
            current: None,
        })
    }

    /// Who it is.
    #[must_use]
    pub fn info(&self) -> &ExecutionInfo {
        &self.info
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The input, as it was given.
    #[must_use]
    pub fn input(&self) -> &str {
        self.input.text()
    }

    /// The output's JSON text, once it succeeded.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        self.output.as_ref().map(Payload::text)
    }

    /// The error's name, when it ended with one.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The error's cause, when it ended with one.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// When it was started; nothing before [`Event::Started`](crate::Event::Started).
    #[must_use]
    pub fn start_date(&self) -> Option<Timestamp> {
        self.start_date
    }

    /// When it ended.
    #[must_use]
    pub fn stop_date(&self) -> Option<Timestamp> {
        self.stop_date
    }

    /// How often it was redriven.
    #[must_use]
    pub fn redrive_count(&self) -> u64 {
        self.redrive_count
    }

    /// When it was last redriven.
    #[must_use]
    pub fn redrive_date(&self) -> Option<Timestamp> {
        self.redrive_date
    }

    /// The id of the newest history event; 0 before the first.
    #[must_use]
    pub fn last_event_id(&self) -> u64 {
        self.last_event
    }

    /// The state it is in; the state it ended in when it ended unsuccessfully.
    #[must_use]
    pub fn current_state(&self) -> Option<&str> {
        self.current.as_ref().map(|current| current.state.as_str())
    }

    /// Tasks that were commanded and have no answer yet: what a host recovers after a crash.
    pub fn open_tasks(&self) -> impl Iterator<Item = &TaskRequest> {
        self.open_task().map(|open| &open.request).into_iter()
    }

    /// Whether the open task was reported as started.
    #[must_use]
    pub fn task_started(&self, task: TaskId) -> bool {
        self.open_task()
            .is_some_and(|open| open.request.task == task && open.started)
    }

    /// Timers that were set and have neither fired nor been cancelled.
    pub fn timers(&self) -> impl Iterator<Item = (TimerId, Timestamp)> {
        let (first, second) = match self.current.as_ref().map(|current| &current.phase) {
            Some(Phase::Task(open)) => (open.timeout, open.heartbeat),
            Some(Phase::Waiting(timer) | Phase::BackingOff(timer)) => (Some(*timer), None),
            _ => (None, None),
        };
        [self.machine_timer, first, second]
            .into_iter()
            .flatten()
            .map(|timer| (timer.id, timer.at))
    }

    pub(crate) fn open_task(&self) -> Option<&OpenTask> {
        match self.current.as_ref().map(|current| &current.phase) {
            Some(Phase::Task(open)) => Some(open),
            _ => None,
        }
    }
}
