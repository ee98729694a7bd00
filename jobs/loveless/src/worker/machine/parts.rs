//! What the state machine speaks of: states, events, actions.

use std::time::Duration;

use crate::source::{SourceError, Task};
use crate::worker::verdict::Verdict;

/// What a slot is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Not begun.
    New,
    /// Gets a process ready, because only a free process may take a task.
    Preparing,
    /// Asks for a task.
    Polling,
    /// The function works on the task with this token.
    Working { token: String },
    /// Hands in the answer, for the `attempt`th time.
    Answering {
        token: String,
        verdict: Verdict,
        attempt: u32,
    },
    /// Between two attempts to hand in the answer.
    AnswerLater {
        token: String,
        verdict: Verdict,
        attempt: u32,
    },
    /// Leaves an ill function or source alone for a while.
    Resting,
    /// The end.
    Stopped,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub state: State,
    /// No more tasks: finish what there is and stop.
    pub draining: bool,
    /// One task and no more. It is taken before there is a process for it: nobody else could.
    pub once: bool,
    /// Crashes and failed starts in a row.
    pub crashes: u32,
    /// Failed polls in a row.
    pub failed_polls: u32,
    /// Failed heartbeats in a row.
    pub failed_heartbeats: u32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The slot begins.
    Start,
    /// A process waits for an event.
    Prepared,
    /// No process could be started.
    PrepareFailed,
    /// The poll brought a task.
    TaskCame(Task),
    /// The poll brought nothing; `quickly` when it was not held open.
    NoTask { quickly: bool },
    /// The poll failed.
    PollFailed(SourceError),
    /// The very first polls were refused: here there never will be a task for this worker.
    TurnedAway(SourceError),
    /// The function is done; `crashed` when its process ended by itself.
    WorkDone { verdict: Verdict, crashed: bool },
    /// The answer was accepted.
    AnswerAccepted,
    /// The answer was not accepted.
    AnswerFailed(SourceError),
    /// The heartbeat was sent.
    HeartbeatSent,
    /// The heartbeat was not sent.
    HeartbeatFailed(SourceError),
    /// The rest is over.
    Rested,
    /// No more tasks.
    Stop,
    /// The time for draining is over.
    DrainOver,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start a process, unless one is warm.
    Prepare,
    /// Ask for a task.
    Poll,
    /// Drop the main operation: the poll is given up, the work is killed, the answer not sent.
    Abandon,
    /// Give the task to the function.
    Work(Task),
    /// Hand in an answer.
    Answer { token: String, verdict: Verdict },
    /// Send a heartbeat when one is due.
    Beat { token: String, pause: Pause },
    /// No more heartbeats.
    StopBeating,
    /// Let time pass.
    Rest(Duration),
    /// For the summary and the log.
    Count(Ended),
    /// The slot is done.
    Finish,
}

/// How long until the next heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// As configured.
    Regular,
    /// Sooner: the last one failed. A quarter of the configured time.
    Short,
}

/// How a task ended, for the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Succeeded,
    Failed,
    /// Nobody waits for it any more.
    Gone,
    /// Its answer was refused for good, or given up while draining.
    Undelivered,
}

impl Slot {
    /// A slot that has not begun.
    pub fn new() -> Slot {
        Slot {
            state: State::New,
            draining: false,
            once: false,
            crashes: 0,
            failed_polls: 0,
            failed_heartbeats: 0,
        }
    }
}
