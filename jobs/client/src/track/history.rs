//! Events of one execution → what it did, where, how often.
//!
//! The rules are those that AWS's histories follow: a state's work begins with the *Scheduled*
//! event that follows its entry (linked by `previousEventId`); every further
//! Scheduled event before the state's exit is a retry; a failure that is followed directly by the
//! state's exit was caught; one that is followed by `ExecutionFailed` was not.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Place;
use super::event::Event;
use super::outcome::{CleanReport, PlanReport};

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

/// What kind of state a step is a visit of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StateKind {
    /// Does work, or has it done.
    #[default]
    Task,
    /// Passes its input on.
    Pass,
    /// Decides where to go on.
    Choice,
    /// Lets time pass.
    Wait,
    /// Ends well.
    Succeed,
    /// Ends badly.
    Fail,
    /// Does several things at once.
    Parallel,
    /// Does the same thing with many items.
    Map,
}

impl StateKind {
    /// Of the language's word for it; what is not known is a task.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "Pass" => Self::Pass,
            "Choice" => Self::Choice,
            "Wait" => Self::Wait,
            "Succeed" => Self::Succeed,
            "Fail" => Self::Fail,
            "Parallel" => Self::Parallel,
            "Map" => Self::Map,
            _ => Self::Task,
        }
    }
}

/// How the state machine asks a service, and what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// The resource is the function's or activity's own ARN.
    #[default]
    Direct,
    /// The call's own answer is the result.
    Request,
    /// The end of the job that the call began (`.sync`, `.sync:2`).
    Sync,
    /// Somebody sends the task token back (`.waitForTaskToken`).
    TaskToken,
}

/// What did a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Compute {
    /// A Lambda function.
    Lambda {
        /// Its ARN or name.
        function: String,
        /// By its ARN, or through `lambda:invoke`.
        #[serde(default)]
        pattern: Pattern,
    },
    /// A task on ECS that the state machine runs.
    Ecs {
        /// The cluster, as the request names it.
        cluster: String,
        /// The task definition, as the request names it.
        task_definition: String,
        /// `FARGATE`, `EC2`; empty when the request does not say.
        launch_type: String,
        /// What is waited for. [`Pattern::Request`] means that success is only that the task was accepted.
        pattern: Pattern,
        /// ARN of the task, once the service has answered.
        task: Option<String>,
    },
    /// Another state machine.
    Execution {
        /// Its ARN, as the request names it.
        machine: String,
        /// What is waited for.
        pattern: Pattern,
        /// ARN of the execution, once the service has answered.
        child: Option<String>,
    },
    /// A worker that polls an activity.
    Activity {
        /// Its ARN.
        activity: String,
    },
    /// A plain call of a service: `aws-sdk:s3`, `putObject`.
    Service {
        /// The service.
        service: String,
        /// The action.
        action: String,
    },
}

impl Compute {
    /// The lane, of computes that are lanes.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Lambda { .. } => Some(Place::Lambda),
            Self::Activity { .. } | Self::Ecs { .. } => Some(Place::Ecs),
            Self::Execution { .. } | Self::Service { .. } => None,
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum AttemptEnd {
    /// With a result.
    Succeeded,
    /// With an error or a time-out.
    Failed {
        /// Its name.
        error: String,
        /// Its cause.
        cause: String,
    },
    /// The execution, or the branch or iteration that it was in, was stopped under it.
    Aborted,
}

/// One try of a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What did the work.
    pub compute: Compute,
    /// Milliseconds since the epoch when it was asked for.
    pub scheduled_ms: i64,
    /// … when it was taken; until then it waits in a queue.
    pub started_ms: Option<i64>,
    /// … when the service had accepted the job that is waited for (`.sync`, `.waitForTaskToken`).
    pub submitted_ms: Option<i64>,
    /// … when it ended.
    pub ended_ms: Option<i64>,
    /// Who took it, of activities.
    pub worker: Option<String>,
    /// How it ended; `None` while it runs.
    pub end: Option<AttemptEnd>,
}

/// How a visit of a state ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum StepEnd {
    /// It went on, or ended the machine well.
    Left,
    /// It went on through a Catch.
    Caught {
        /// The error.
        error: String,
    },
    /// Its error was not caught.
    Failed {
        /// The error.
        error: String,
    },
    /// It was stopped: with the execution, or because another branch or iteration failed.
    Aborted,
}

/// One visit of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state's name.
    pub name: String,
    /// What kind of state it is.
    pub kind: StateKind,
    /// Index of the Parallel or Map visit that it is inside of.
    pub within: Option<usize>,
    /// Which item of the enclosing Map, counted from 0.
    pub iteration: Option<u32>,
    /// Which visit it follows on its path; `None` for the first of the machine, a branch or an iteration.
    pub after: Option<usize>,
    /// How many items a Map visit has.
    pub items: Option<u32>,
    /// ARN of a distributed Map's run: what it does is in executions of its own.
    pub map_run: Option<String>,
    /// How it ended; `None` while it goes on.
    pub end: Option<StepEnd>,
    /// Milliseconds since the epoch when it was entered.
    pub entered_ms: i64,
    /// … when it was left.
    pub exited_ms: Option<i64>,
    /// Its work; none for Choice, Pass and the like.
    pub attempts: Vec<Attempt>,
    /// Whether it was left through a Catch.
    pub caught: bool,
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
    /// Whether it went to another lane than planned, or to a second one.
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
    /// Whether the cleaning waits in the activity's queue since (ms): no worker has taken it.
    pub waiting_for_worker_since_ms: Option<i64>,
    /// How often it was redriven.
    pub redrives: u32,
    /// Id of the last event that was folded in.
    pub last_event: u64,
}

/// The fold. Events may come in portions, in order of their ids; one that was seen before is
/// passed over, so that pages may overlap.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    view: ExecutionView,
    /// Event id → index of the step it belongs to.
    owner: HashMap<u64, usize>,
}

/// The state whose output carries the plan. It runs on Lambda, too, but is no place of the picture.
const PLAN_STATE: &str = "Plan";

/// A call that Lambda turned away: nothing ran.
const THROTTLED: &str = "Lambda.TooManyRequestsException";

impl Attempt {
    /// Whether anything really worked on it.
    fn ran(&self) -> bool {
        let throttled =
            matches!(&self.end, Some(AttemptEnd::Failed { error, .. }) if error == THROTTLED);
        self.started_ms.is_some() && !throttled
    }
}

impl Fold {
    /// A fold that has seen nothing.
    #[must_use]
    pub fn new(execution_name: &str) -> Self {
        let view = ExecutionView {
            name: execution_name.to_owned(),
            ..ExecutionView::default()
        };
        Self {
            view,
            owner: HashMap::new(),
        }
    }

    /// Id of the last event that was folded in.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.view.last_event
    }

    /// Index of the step that an event belongs to.
    #[must_use]
    pub fn owner(&self, event: u64) -> Option<usize> {
        self.owner.get(&event).copied()
    }

    /// The execution's status, as far as the events go.
    #[must_use]
    pub fn status(&self) -> ExecutionStatus {
        self.view.status
    }

    /// Whether the execution has ended, as far as the events go.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.view.status != ExecutionStatus::Running
    }

    /// Takes the next event in.
    pub fn apply(&mut self, event: &Event) {
        if event.id <= self.view.last_event {
            return;
        }
        self.view.last_event = event.id;
        // An event without a known cause belongs to the state that was entered last.
        let owner = self.owner.get(&event.previous).copied();
        let owner = owner.or_else(|| self.view.steps.len().checked_sub(1));
        let owner = match event.kind.as_str() {
            kind if kind.ends_with("StateEntered") => {
                self.view.steps.push(Step {
                    name: event.name.clone().unwrap_or_default(),
                    entered_ms: event.time_ms,
                    ..Step::default()
                });
                Some(self.view.steps.len() - 1)
            }
            _ => {
                self.inside(event, owner);
                owner
            }
        };
        if let Some(owner) = owner {
            self.owner.insert(event.id, owner);
        }
    }

    fn inside(&mut self, event: &Event, owner: Option<usize>) {
        let view = &mut self.view;
        match event.kind.as_str() {
            "ExecutionStarted" => view.started_ms = Some(event.time_ms),
            "ExecutionSucceeded" => {
                end(view, event, ExecutionStatus::Succeeded);
                read_reports(view, event.output.as_deref());
            }
            "ExecutionFailed" => end(view, event, ExecutionStatus::Failed),
            "ExecutionTimedOut" => end(view, event, ExecutionStatus::TimedOut),
            "ExecutionAborted" => end(view, event, ExecutionStatus::Aborted),
            "ExecutionRedriven" => {
                view.status = ExecutionStatus::Running;
                view.stopped_ms = None;
                view.error = None;
                view.cause = None;
                view.redrives = event.redrive_count.unwrap_or(view.redrives + 1);
            }
            kind => {
                let Some(step) = owner.and_then(|owner| view.steps.get_mut(owner)) else {
                    return;
                };
                if kind.ends_with("StateExited") {
                    step.exited_ms = Some(event.time_ms);
                    let failed = step
                        .attempts
                        .last()
                        .and_then(|attempt| attempt.end.as_ref());
                    step.caught = matches!(failed, Some(AttemptEnd::Failed { .. }));
                    if !step.caught && !step.attempts.is_empty() {
                        read_reports(view, event.output.as_deref());
                    }
                } else {
                    work(step, event);
                }
            }
        }
    }

    /// What is known so far.
    #[must_use]
    pub fn view(&self) -> ExecutionView {
        let mut view = self.view.clone();
        let cleaning = || {
            self.view
                .steps
                .iter()
                .filter(|step| step.name != PLAN_STATE)
        };
        let mut scheduled = Vec::new();
        for attempt in cleaning().flat_map(|step| &step.attempts) {
            let Some(place) = attempt.compute.place() else {
                continue;
            };
            scheduled.push(place);
            if attempt.worker.is_some() {
                view.worker.clone_from(&attempt.worker);
            }
            if attempt.ran() {
                view.attempts += 1;
                if view.places.last() != Some(&place) {
                    view.places.push(place);
                }
            }
        }
        let first = view
            .plan
            .as_ref()
            .and_then(|plan| plan.place)
            .or(scheduled.first().copied());
        view.moved = view.places.len() > 1
            || scheduled.first() != scheduled.last()
            || (scheduled.last().is_some() && first != scheduled.last().copied());
        view.moved_by = cleaning().rfind(|step| step.caught).and_then(|step| {
            match step.attempts.last()?.end.as_ref()? {
                AttemptEnd::Failed { error, .. } => Some(error.clone()),
                AttemptEnd::Succeeded | AttemptEnd::Aborted => None,
            }
        });
        if view.status == ExecutionStatus::Running {
            let open = view.steps.last().filter(|step| step.exited_ms.is_none());
            view.waiting_for_worker_since_ms =
                open.and_then(|step| step.attempts.last())
                    .and_then(|attempt| {
                        let queued = attempt.started_ms.is_none() && attempt.end.is_none();
                        let activity = matches!(attempt.compute, Compute::Activity { .. });
                        (queued && activity).then_some(attempt.scheduled_ms)
                    });
        }
        view
    }
}

/// Folds a whole history.
#[must_use]
pub fn fold<'a>(
    execution_name: &str,
    events: impl IntoIterator<Item = &'a Event>,
) -> ExecutionView {
    let mut fold = Fold::new(execution_name);
    for event in events {
        fold.apply(event);
    }
    fold.view()
}

fn end(view: &mut ExecutionView, event: &Event, status: ExecutionStatus) {
    view.status = status;
    view.stopped_ms = Some(event.time_ms);
    view.error.clone_from(&event.error);
    view.cause.clone_from(&event.cause);
}

/// The events of a task between its state's entry and exit.
fn work(step: &mut Step, event: &Event) {
    let failed = || {
        let timed_out = event.kind.ends_with("TimedOut");
        let default = if timed_out {
            "States.Timeout"
        } else {
            "States.TaskFailed"
        };
        AttemptEnd::Failed {
            error: event.error.clone().unwrap_or_else(|| default.to_owned()),
            cause: event.cause.clone().unwrap_or_default(),
        }
    };
    match event.kind.as_str() {
        "ActivityScheduled" | "LambdaFunctionScheduled" | "TaskScheduled" => {
            step.exited_ms = None;
            step.attempts.push(Attempt {
                compute: compute(event),
                scheduled_ms: event.time_ms,
                started_ms: None,
                submitted_ms: None,
                ended_ms: None,
                worker: None,
                end: None,
            });
        }
        "ActivityStarted" | "LambdaFunctionStarted" | "TaskStarted" => {
            if let Some(attempt) = step.attempts.last_mut() {
                attempt.started_ms = Some(event.time_ms);
                attempt.worker.clone_from(&event.worker);
            }
        }
        "ActivitySucceeded" | "LambdaFunctionSucceeded" | "TaskSucceeded" => {
            if let Some(attempt) = step.attempts.last_mut() {
                attempt.ended_ms = Some(event.time_ms);
                attempt.end = Some(AttemptEnd::Succeeded);
            }
        }
        "ActivityFailed"
        | "ActivityTimedOut"
        | "ActivityScheduleFailed"
        | "LambdaFunctionFailed"
        | "LambdaFunctionTimedOut"
        | "LambdaFunctionScheduleFailed"
        | "LambdaFunctionStartFailed"
        | "TaskFailed"
        | "TaskTimedOut"
        | "TaskStartFailed"
        | "TaskSubmitFailed" => {
            if let Some(attempt) = step.attempts.last_mut() {
                attempt.ended_ms = Some(event.time_ms);
                attempt.end = Some(failed());
            }
        }
        _ => {}
    }
}

fn compute(event: &Event) -> Compute {
    let resource = event.resource.clone().unwrap_or_default();
    match (event.kind.as_str(), event.resource_type.as_deref()) {
        ("ActivityScheduled", _) => Compute::Activity { activity: resource },
        ("LambdaFunctionScheduled", _) => Compute::Lambda {
            function: resource,
            pattern: Pattern::Direct,
        },
        // `invoke` or `invoke.waitForTaskToken`: which function is in the request.
        (_, Some("lambda")) if resource.starts_with("invoke") => {
            let request = event.parameters.as_deref().and_then(parsed);
            let name = request
                .as_ref()
                .and_then(|request| request.get("FunctionName")?.as_str());
            Compute::Lambda {
                function: name.unwrap_or_default().to_owned(),
                pattern: Pattern::Request,
            }
        }
        (_, service) => Compute::Service {
            service: service.unwrap_or_default().to_owned(),
            action: resource,
        },
    }
}

/// The output of a state is the execution's document so far: `$.plan` and `$.result`.
fn read_reports(view: &mut ExecutionView, output: Option<&str>) {
    let Some(mut document) = output.and_then(parsed) else {
        return;
    };
    let mut take = |field: &str| document.get_mut(field).map(Value::take).unwrap_or_default();
    if let Ok(plan) = serde_json::from_value::<PlanReport>(take("plan")) {
        view.plan = Some(plan);
    }
    if let Ok(result) = serde_json::from_value::<CleanReport>(take("result")) {
        view.result = Some(result);
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
