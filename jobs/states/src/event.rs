//! The words between host and interpreter: events in, commands out.

use serde::{Deserialize, Serialize};

use crate::execution::{Execution, TaskId, TaskRequest, TimerId};
use crate::history::HistoryEvent;
use crate::map_run::MapRunRequest;
use crate::time::Timestamp;

/// Something that happened to an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The execution starts: the first event, once.
    Started,
    /// Somebody has begun to work on a task. Hosts send it at once for service calls.
    TaskStarted {
        /// The task.
        task: TaskId,
        /// Who took it, for activities.
        worker_name: Option<String>,
    },
    /// A service has taken a task's job, whose end or whose token's return is waited for.
    TaskSubmitted {
        /// The task.
        task: TaskId,
        /// The service's answer as JSON text.
        output: String,
    },
    /// A task is done, or the run of a distributed Map.
    TaskSucceeded {
        /// The task.
        task: TaskId,
        /// Its result as JSON text.
        output: String,
    },
    /// A task has failed, or the run of a distributed Map.
    TaskFailed {
        /// The task.
        task: TaskId,
        /// The error's name.
        error: Option<String>,
        /// What went wrong, in words.
        cause: Option<String>,
    },
    /// A sign of life.
    TaskHeartbeat {
        /// The task.
        task: TaskId,
    },
    /// A timer's moment has come.
    TimerFired {
        /// The timer.
        timer: TimerId,
    },
    /// Somebody stops the execution.
    Stopped {
        /// The error's name to record.
        error: Option<String>,
        /// The cause to record.
        cause: Option<String>,
    },
    /// Go on from where an unsuccessful execution ended.
    Redriven,
}

/// Something that the host has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Have a task done.
    StartTask(TaskRequest),
    /// Forget a task; an answer that comes all the same is ignored.
    CancelTask {
        /// The task.
        task: TaskId,
    },
    /// Have a distributed Map run: see [`MapRun`](crate::MapRun).
    StartMapRun(Box<MapRunRequest>),
    /// Have those children of a distributed Map's run that did not succeed run again.
    RedriveMapRun(Box<MapRunRequest>),
    /// Stop the run of a distributed Map with its children.
    CancelMapRun {
        /// Its number.
        task: TaskId,
    },
    /// Send [`Event::TimerFired`] at that moment, or soon after.
    SetTimer {
        /// The timer.
        timer: TimerId,
        /// The moment.
        at: Timestamp,
    },
    /// Forget a timer; firing it all the same is ignored.
    CancelTimer {
        /// The timer.
        timer: TimerId,
    },
    /// The execution has ended: its status, output and error stand.
    Finish,
}

/// The clock and the randomness of one step; both come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The time now. Every history event of the step carries it.
    pub now: Timestamp,
    /// What `States.MathRandom`, `States.UUID` and full jitter are drawn from.
    pub seed: u64,
}

/// What one event led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The execution afterwards.
    pub execution: Execution,
    /// What to do, in order.
    pub commands: Vec<Command>,
    /// The history events that the step added, in order.
    pub history: Vec<HistoryEvent>,
    /// The event was late or out of place: nothing has changed.
    pub ignored: bool,
}
