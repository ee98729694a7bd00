//! A thread of control: the machine itself, a branch of a Parallel state or an iteration of a Map.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::execution::{TaskId, TaskRequest, TimerId};
use crate::map_run::MapRunRequest;
use crate::payload::Payload;
use crate::time::Timestamp;

/// A thread's number; unique within the execution, and never used twice.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub(crate) struct ThreadId(pub(crate) u64);

impl ThreadId {
    /// The thread that the machine begins with, and ends with.
    pub(crate) const ROOT: ThreadId = ThreadId(0);
}

/// One thread of control.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thread {
    /// The thread in whose Parallel or Map state this one runs, and the place of its result there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<(ThreadId, usize)>,
    /// The id that the thread's next event follows; 0 before the machine's first state.
    pub(crate) path_event: u64,
    /// The variables that were assigned in this thread. Those of its parents can be read, too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) variables: BTreeMap<Arc<str>, Payload>,
    /// The state that is to be entered next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entering: Option<Entering>,
    /// The state that it is in, or in which it ended unsuccessfully.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<Current>,
    /// It failed, or was stopped because a thread beside it failed. It is kept for a redrive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ended: bool,
}

impl Thread {
    /// The timers that are set for it.
    pub(crate) fn timers(&self) -> impl Iterator<Item = Timer> + use<> {
        let (first, second) = match self.current.as_ref().map(|current| &current.phase) {
            Some(Phase::Task(open)) => (open.timeout, open.heartbeat),
            Some(Phase::Waiting(timer) | Phase::BackingOff(timer)) => (Some(*timer), None),
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The Parallel or Map that it waits for.
    pub(crate) fn group(&self) -> Option<&Group> {
        match &self.current.as_ref()?.phase {
            Phase::Inside(group) => Some(group),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn group_mut(&mut self) -> Option<&mut Group> {
        match &mut self.current.as_mut()?.phase {
            Phase::Inside(group) => Some(group),
            _ => None,
        }
    }
}

/// A state and what it is entered with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entering {
    pub(crate) state: Arc<str>,
    pub(crate) input: Payload,
}

/// The state that a thread is in, or in which it ended unsuccessfully.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Current {
    pub(crate) state: Arc<str>,
    /// The raw input, before `InputPath`.
    pub(crate) input: Payload,
    pub(crate) entered_at: Timestamp,
    pub(crate) entered_event: u64,
    /// The event that the entry follows.
    #[serde(default)]
    pub(crate) entered_after: u64,
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
    /// Nothing: it is about to be worked on, or the thread ended here.
    Idle,
    /// The answer of a task.
    Task(Box<OpenTask>),
    /// The end of a Wait state.
    Waiting(Timer),
    /// The delay before the next attempt.
    BackingOff(Timer),
    /// Branches or iterations.
    Inside(Box<Group>),
    /// The run of a distributed Map.
    MapRun(Box<MapRunRequest>),
}

/// A timer that was set and neither fired nor was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) id: TimerId,
    pub(crate) at: Timestamp,
}

/// A task that was commanded and has no answer yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenTask {
    pub(crate) request: TaskRequest,
    pub(crate) started: bool,
    /// The service has taken the job, whose end is still waited for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) submitted: bool,
    pub(crate) timeout: Option<Timer>,
    pub(crate) heartbeat: Option<Timer>,
}

/// The branches of a Parallel state or the iterations of a Map while they run, or as they were when
/// one of them failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// What each branch gets, or the array that is iterated over.
    pub(crate) input: Payload,
    /// One place per branch or iteration, filled when it has ended well.
    pub(crate) results: Vec<Option<Payload>>,
    /// How many places are filled.
    pub(crate) done: usize,
    /// The first that has not begun.
    pub(crate) next: usize,
    /// How many may run at the same time.
    pub(crate) limit: usize,
    /// Those that have begun and not ended well, by place.
    pub(crate) running: BTreeMap<usize, ThreadId>,
    /// Whether the places are iterations of a Map.
    pub(crate) iterates: bool,
}

/// Which thread has which task and which timer. Told by the threads; kept beside them so that an
/// event finds its thread without a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Owners {
    pub(crate) tasks: BTreeMap<TaskId, ThreadId>,
    pub(crate) timers: BTreeMap<TimerId, ThreadId>,
}

impl Owners {
    /// As the threads of a running execution have it.
    pub(crate) fn of(threads: &BTreeMap<ThreadId, Thread>) -> Owners {
        let mut owners = Owners::default();
        for (id, thread) in threads {
            // The run of an ended thread is kept for a redrive, and is not open.
            if thread.ended {
                continue;
            }
            let task = match thread.current.as_ref().map(|current| &current.phase) {
                Some(Phase::Task(open)) => Some(open.request.task),
                Some(Phase::MapRun(run)) => Some(run.task),
                _ => None,
            };
            owners.tasks.extend(task.map(|task| (task, *id)));
            let timers = thread.timers().map(|timer| (timer.id, *id));
            owners.timers.extend(timers);
        }
        owners
    }
}
