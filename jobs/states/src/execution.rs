//! What is known of one execution between two steps: the value that a host stores.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::map_run::MapRunRequest;
use crate::payload::{Payload, PayloadError};
use crate::resource::Resource;
use crate::scale::TimeScale;
use crate::stored::{FORMAT, Stored};
use crate::thread::{OpenTask, Owners, Phase, Thread, ThreadId, Timer};
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
    /// The token that ends a `.waitForTaskToken` task. It stands in `input` wherever the state's
    /// fields asked for it, and is drawn from the step's [`Moment`](crate::Moment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// `Credentials`: the role in whose name the call is to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_role_arn: Option<String>,
}

/// One execution between two steps.
///
/// It holds what the next step needs and nothing of the past: the history is handed out once, by
/// the step that makes it. Serialising and reading it again gives an equal value; what earlier
/// versions of this library have stored is read as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Execution {
    /// The version of this form.
    pub(crate) format: u32,
    pub(crate) info: ExecutionInfo,
    /// The distributed Map state whose processor this execution runs, for a child of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processor_of: Option<Arc<str>>,
    /// The longest time that it may take, in seconds, whatever its machine says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_limit: Option<u64>,
    /// How much of their time its waits take.
    #[serde(skip_serializing_if = "TimeScale::is_real")]
    pub(crate) time_scale: TimeScale,
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
    pub(crate) next_task: u64,
    pub(crate) next_timer: u64,
    pub(crate) next_thread: u64,
    pub(crate) machine_timer: Option<Timer>,
    /// Every thread of control that has not ended, by its number. The first is [`ThreadId::ROOT`].
    pub(crate) threads: BTreeMap<ThreadId, Thread>,
    /// Bytes of all variables together.
    #[serde(skip)]
    pub(crate) variable_bytes: usize,
    /// Whose tasks and timers are whose.
    #[serde(skip)]
    pub(crate) owners: Owners,
}

impl Execution {
    /// A new execution that waits for [`Event::Started`](crate::Event::Started).
    ///
    /// `input` is any JSON text within the limits; it is kept as written.
    pub fn new(info: ExecutionInfo, input: &str) -> Result<Execution, PayloadError> {
        let thread = Thread::default();
        Ok(Execution {
            format: FORMAT,
            info,
            processor_of: None,
            time_limit: None,
            time_scale: TimeScale::REAL,
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
            next_task: 1,
            next_timer: 1,
            next_thread: 1,
            machine_timer: None,
            threads: BTreeMap::from([(ThreadId::ROOT, thread)]),
            variable_bytes: 0,
            owners: Owners::default(),
        })
    }

    /// A new child execution of a distributed Map: it runs the processor of the Map state of that
    /// name, in the same definition.
    pub fn new_child(
        info: ExecutionInfo,
        map_state: &str,
        input: &str,
    ) -> Result<Execution, PayloadError> {
        let mut execution = Execution::new(info, input)?;
        execution.processor_of = Some(Arc::from(map_state));
        Ok(execution)
    }

    /// The distributed Map state whose processor it runs, for a child of one.
    #[must_use]
    pub fn map_state(&self) -> Option<&str> {
        self.processor_of.as_deref()
    }

    /// The same execution, to end by a time-out after so many seconds at the latest: express ones have
    /// five minutes.
    #[must_use]
    pub fn with_time_limit(self, seconds: u64) -> Execution {
        Execution {
            time_limit: Some(seconds),
            ..self
        }
    }

    /// The same execution, whose waits take a part of their time from now on.
    #[must_use]
    pub fn with_time_scale(self, time_scale: TimeScale) -> Execution {
        Execution { time_scale, ..self }
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

    /// The state it is in; the state it ended in when it ended unsuccessfully. Of an execution that is
    /// in several, the outermost.
    #[must_use]
    pub fn current_state(&self) -> Option<&str> {
        let root = self.threads.get(&ThreadId::ROOT)?;
        root.current.as_ref().map(|current| &*current.state)
    }

    /// Tasks that were commanded and have no answer yet: what a host recovers after a crash.
    pub fn open_tasks(&self) -> impl Iterator<Item = &TaskRequest> {
        self.owners
            .tasks
            .values()
            .filter_map(|thread| self.open_task(*thread))
            .map(|open| &open.request)
    }

    /// Runs of distributed Maps that were commanded and have not ended yet.
    pub fn open_map_runs(&self) -> impl Iterator<Item = &MapRunRequest> {
        self.owners.tasks.values().filter_map(|thread| {
            match self.threads.get(thread)?.current.as_ref()?.phase {
                Phase::MapRun(ref run) => Some(&**run),
                _ => None,
            }
        })
    }

    /// An open task of this number.
    #[must_use]
    pub fn task(&self, task: TaskId) -> Option<&TaskRequest> {
        let thread = self.owners.tasks.get(&task)?;
        self.open_task(*thread).map(|open| &open.request)
    }

    /// Whether the open task was reported as started.
    #[must_use]
    pub fn task_started(&self, task: TaskId) -> bool {
        let open = self.owners.tasks.get(&task);
        open.and_then(|thread| self.open_task(*thread))
            .is_some_and(|open| open.started)
    }

    /// Whether the service behind the open task was reported to have taken it
    /// ([`Event::TaskSubmitted`](crate::Event::TaskSubmitted)).
    #[must_use]
    pub fn task_submitted(&self, task: TaskId) -> bool {
        let open = self.owners.tasks.get(&task);
        open.and_then(|thread| self.open_task(*thread))
            .is_some_and(|open| open.submitted)
    }

    /// Timers that were set and have neither fired nor been cancelled.
    pub fn timers(&self) -> impl Iterator<Item = (TimerId, Timestamp)> {
        let machine = self.machine_timer.into_iter();
        let others = self.threads.values().flat_map(Thread::timers);
        machine.chain(others).map(|timer| (timer.id, timer.at))
    }

    fn open_task(&self, thread: ThreadId) -> Option<&OpenTask> {
        match &self.threads.get(&thread)?.current.as_ref()?.phase {
            Phase::Task(open) => Some(open),
            _ => None,
        }
    }
}
