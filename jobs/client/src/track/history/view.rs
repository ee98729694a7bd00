//! Everything that one execution's history says.

use serde::{Deserialize, Serialize};

use super::reports::PLAN_STATE;
use super::step::{Attempt, Step};
use crate::stack;
use crate::track::Place;
use crate::track::outcome::{CleanReport, PlanReport};

/// Status of an execution, as Step Functions says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    /// Not ended, or running again after a redrive.
    #[default]
    Running,
    /// Reached its end.
    Succeeded,
    /// A state failed and nothing caught it.
    Failed,
    /// The machine's own time-out.
    TimedOut,
    /// Stopped by somebody.
    Aborted,
}

/// Everything that one execution's history says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExecutionView {
    /// Its name within the state machine.
    pub name: String,
    /// Its status.
    pub status: ExecutionStatus,
    /// Milliseconds since the epoch when it started.
    pub started_ms: Option<i64>,
    /// … when it ended (the last time).
    pub stopped_ms: Option<i64>,
    /// The states it visited, in order.
    pub steps: Vec<Step>,
    /// What Plan said.
    pub plan: Option<PlanReport>,
    /// What the cleaning said.
    pub result: Option<CleanReport>,
    /// Lanes that worked on the picture, in order, without immediate repetitions.
    pub places: Vec<Place>,
    /// Whether it went to another lane than planned, or to a second one. Where nothing was planned: whether an error made
    /// it go on in another lane.
    pub moved: bool,
    /// Error that made it leave a lane through a Catch.
    pub moved_by: Option<String>,
    /// Tries of cleaning, on all lanes together; a throttled call is none.
    pub attempts: u32,
    /// The last worker that took it.
    pub worker: Option<String>,
    /// Error name of a failed one.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// Since when (ms) it waits in an activity's queue: no worker has taken it, and nothing else runs.
    pub waiting_for_worker_since_ms: Option<i64>,
    /// How often it was redriven.
    pub redrives: u32,
    /// Id of the last event that was folded in.
    pub last_event: u64,
}

impl ExecutionView {
    /// Whether a step decides where the work shall run, and is none of it.
    #[must_use]
    pub fn is_planning(&self, step: &Step) -> bool {
        let ours = || {
            let mut attempts = step.attempts.iter();
            attempts.any(|attempt| attempt.compute.function_name() == Some(stack::PLAN_FUNCTION))
        };
        step.name == PLAN_STATE && (self.plan.is_some() || ours())
    }

    /// The innermost step that goes on; of several branches or iterations, of the one entered last.
    #[must_use]
    pub fn innermost_open(&self) -> Option<&Step> {
        // What is inside of a state is entered after it.
        self.steps.iter().rev().find(|step| step.is_open())
    }

    /// Steps that wait for a worker.
    pub fn queued(&self) -> impl Iterator<Item = &Step> {
        let queued = |step: &&Step| step.attempts.last().is_some_and(Attempt::is_queued);
        self.steps
            .iter()
            .filter(|step| step.is_open())
            .filter(queued)
    }

    /// Fills in what follows from the steps.
    pub(super) fn conclude(&mut self) {
        let lanes = Lanes::of(self);
        self.waiting_for_worker_since_ms = self.waiting_since();
        self.moved = match self.plan.as_ref() {
            Some(plan) => {
                let first = plan.place.or(lanes.first);
                lanes.worked.len() > 1
                    || lanes.first != lanes.last
                    || (lanes.last.is_some() && first != lanes.last)
            }
            // What was not planned may use several lanes on purpose.
            None => lanes.fled,
        };
        self.moved_by = (self.moved || self.plan.is_some())
            .then_some(lanes.left_by)
            .flatten();
        self.places = lanes.worked;
        self.attempts = lanes.attempts;
        self.worker = lanes.worker;
    }

    fn waiting_since(&self) -> Option<i64> {
        if self.status != ExecutionStatus::Running {
            return None;
        }
        let mut since: Option<i64> = None;
        for step in self.steps.iter().filter(|step| step.is_open()) {
            let Some(attempt) = step.attempts.last().filter(|last| last.end.is_none()) else {
                continue;
            };
            if !attempt.is_queued() {
                return None;
            }
            let asked = attempt.scheduled_ms;
            since = Some(since.map_or(asked, |since| since.min(asked)));
        }
        since
    }
}

/// Where the work was.
#[derive(Default)]
struct Lanes {
    /// Lanes that worked, without immediate repetitions.
    worked: Vec<Place>,
    /// The first lane that was asked.
    first: Option<Place>,
    /// The last one.
    last: Option<Place>,
    /// Whether a lane was left through a Catch, and the work went on in another.
    fled: bool,
    /// Error of the last Catch that left a lane.
    left_by: Option<String>,
    attempts: u32,
    worker: Option<String>,
}

impl Lanes {
    fn of(view: &ExecutionView) -> Self {
        let mut lanes = Self::default();
        // Of each step, the lane that its path has left through a Catch.
        let mut left: Vec<Option<Place>> = Vec::with_capacity(view.steps.len());
        for step in &view.steps {
            let before = step.after.and_then(|after| *left.get(after)?);
            if view.is_planning(step) {
                left.push(before);
                continue;
            }
            let mut at = None;
            for attempt in &step.attempts {
                let Some(place) = attempt.compute.place() else {
                    continue;
                };
                at = Some(place);
                lanes.take(attempt, place);
            }
            lanes.fled |= at.is_some() && before.is_some() && at != before;
            if step.caught && at.is_some() {
                lanes.left_by = step.error().map(str::to_owned);
                left.push(at);
            } else {
                left.push(before.filter(|_| at.is_none()));
            }
        }
        lanes
    }

    fn take(&mut self, attempt: &Attempt, place: Place) {
        self.first = self.first.or(Some(place));
        self.last = Some(place);
        if attempt.worker.is_some() {
            self.worker.clone_from(&attempt.worker);
        }
        if attempt.ran() {
            self.attempts += 1;
            if self.worked.last() != Some(&place) {
                self.worked.push(place);
            }
        }
    }
}
