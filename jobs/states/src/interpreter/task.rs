//! Task states: scheduling, answers, and time.

use serde_json::{Map, Value};

use super::flow::Flow;
use super::{Run, history};
use crate::definition::{ActivityClock, Kind, Seconds, State, Task};
use crate::error::{Failure, Problem, RUNTIME};
use crate::event::Command;
use crate::execution::{OpenTask, Phase, TaskId, TaskRequest, TimerId};
use crate::filters::{Data, limit_failure};
use crate::path::Path;
use crate::payload::{Payload, PayloadError};
use crate::resource::Resource;
use crate::scope::Scope;

/// The largest time-out in seconds.
const MAX_SECONDS: u64 = 99_999_999;

/// What a Task state evaluates before anything is scheduled.
struct Prepared {
    input: Data,
    timeout_seconds: Option<u64>,
    heartbeat_seconds: Option<u64>,
}

impl Run<'_> {
    /// Evaluates a Task state's fields and asks the host for the work.
    pub(super) fn schedule(&mut self, state: &State, task: &Task) -> Result<Flow, Failure> {
        let prepared = self.evaluate(|raw, scope| prepare(state, task, raw, scope))?;
        let input = prepared
            .input
            .into_payload()
            .map_err(|error| limit_failure(&error, &task.resource.resource_type()))?;
        let request = TaskRequest {
            task: TaskId(self.execution.next_task),
            state: state.name.clone(),
            resource: task.resource.clone(),
            input: input.text().to_owned(),
            timeout_seconds: prepared.timeout_seconds,
            heartbeat_seconds: prepared.heartbeat_seconds,
        };
        let details = history::task_scheduled(&request, &self.execution.info.region);
        self.emit(
            &history::task_event(&request.resource, "Scheduled"),
            details,
        )?;
        self.execution.next_task += 1;
        self.commands.push(Command::StartTask(request.clone()));
        let mut open = OpenTask {
            request,
            started: false,
            timeout: None,
            heartbeat: None,
        };
        let activity = matches!(open.request.resource, Resource::Activity { .. });
        if activity && self.definition.activity_clock() == ActivityClock::Scheduled {
            self.start_clocks(&mut open);
        }
        self.set_phase(Phase::Task(open));
        Ok(Flow::Rest)
    }

    fn start_clocks(&mut self, open: &mut OpenTask) {
        let now = self.now;
        let mut timer =
            |seconds: Option<u64>| seconds.map(|seconds| self.set_timer(now.plus_seconds(seconds)));
        open.timeout = timer(open.request.timeout_seconds);
        open.heartbeat = timer(open.request.heartbeat_seconds);
    }

    /// Takes the open task out, if it is the one that is meant.
    fn take_open(&mut self, task: TaskId) -> Option<OpenTask> {
        let current = self.execution.current.as_mut()?;
        match std::mem::replace(&mut current.phase, Phase::Idle) {
            Phase::Task(open) if open.request.task == task => Some(open),
            other => {
                current.phase = other;
                None
            }
        }
    }

    pub(super) fn task_started(&mut self, task: TaskId, worker_name: Option<&str>) -> bool {
        if self.execution.task_started(task) {
            return false;
        }
        let Some(open) = self.take_open(task) else {
            return false;
        };
        let flow = self.begin(open, worker_name).map(|open| {
            self.set_phase(Phase::Task(open));
            Flow::Rest
        });
        self.drive(flow);
        true
    }

    /// Notes that somebody works on the task. When the history has no room for it, the task stays
    /// open, so that the end of the execution cancels it.
    fn begin(
        &mut self,
        mut open: OpenTask,
        worker_name: Option<&str>,
    ) -> Result<OpenTask, Failure> {
        let resource = &open.request.resource;
        let details = history::task_started(resource, worker_name);
        if let Err(failure) = self.emit(&history::task_event(resource, "Started"), details) {
            self.set_phase(Phase::Task(open));
            return Err(failure);
        }
        open.started = true;
        if open.timeout.is_none() && open.heartbeat.is_none() {
            self.start_clocks(&mut open);
        }
        Ok(open)
    }

    pub(super) fn task_succeeded(&mut self, task: TaskId, output: &str) -> bool {
        let Some(open) = self.take_open(task) else {
            return false;
        };
        let flow = self.succeed(open, output);
        self.drive(flow);
        true
    }

    fn succeed(&mut self, open: OpenTask, output: &str) -> Result<Flow, Failure> {
        // A host that says nothing of the start: the history needs one all the same.
        let open = if open.started {
            open
        } else {
            self.begin(open, None)?
        };
        self.close(&open);
        let resource = &open.request.resource;
        let result = match Payload::parse(output) {
            Ok(result) => result,
            Err(error) => return Err(self.refuse(resource, &error)?),
        };
        let details = history::task_succeeded(resource, &result);
        self.emit(&history::task_event(resource, "Succeeded"), details)?;
        let state = self.state()?;
        let Kind::Task(task) = &state.kind else {
            return self.work();
        };
        let output = self.evaluate(|raw, scope| {
            let result = match &task.selector {
                Some(selector) => Data::Made(selector.evaluate(&scope.with_input(result.value()))?),
                None => Data::Kept(result.clone()),
            };
            let merged = task.result_path.apply(raw, result)?;
            state.io.output.apply(merged, scope)
        })?;
        self.leave(output, &task.transition)
    }

    /// A result that cannot be taken fails the task.
    fn refuse(&mut self, resource: &Resource, error: &PayloadError) -> Result<Failure, Failure> {
        let failure = match error {
            PayloadError::TooLarge(_) => Failure::result_too_large(&match resource {
                Resource::LambdaFunction { arn } | Resource::Activity { arn } => arn.clone(),
                service @ Resource::Service { .. } => service.resource_type(),
            }),
            other => {
                let cause = format!("The result of the task cannot be read: {other}");
                Failure::reported(Some(RUNTIME.to_owned()), Some(cause))
            }
        };
        let event = history::task_event(resource, "Failed");
        let (error, cause) = (failure.error.as_deref(), failure.cause.as_deref());
        let details = history::task_failed(resource, &event, error, cause);
        self.emit(&event, details)?;
        Ok(failure)
    }

    pub(super) fn task_failed(
        &mut self,
        task: TaskId,
        error: Option<String>,
        cause: Option<String>,
    ) -> bool {
        let Some(open) = self.take_open(task) else {
            return false;
        };
        self.close(&open);
        let resource = &open.request.resource;
        let event = if open.started {
            history::task_event(resource, "Failed")
        } else {
            history::task_not_started_event(resource)
        };
        let details = history::task_failed(resource, &event, error.as_deref(), cause.as_deref());
        let flow = match self.emit(&event, details) {
            Ok(_) => Err(Failure::reported(error, cause)),
            Err(failure) => Err(failure),
        };
        self.drive(flow);
        true
    }

    /// A sign of life sets the heartbeat's clock back. Without such a clock it is welcome, too.
    pub(super) fn task_heartbeat(&mut self, task: TaskId) -> bool {
        let Some(mut open) = self.take_open(task) else {
            return false;
        };
        if let (Some(timer), Some(seconds)) = (open.heartbeat, open.request.heartbeat_seconds) {
            self.cancel_timer(Some(timer));
            open.heartbeat = Some(self.set_timer(self.now.plus_seconds(seconds)));
        }
        self.set_phase(Phase::Task(open));
        true
    }

    /// The time-out or the heartbeat of the open task has passed.
    pub(super) fn task_timer_fired(&mut self, timer: TimerId) -> bool {
        let Some(open) = self.execution.open_task() else {
            return false;
        };
        let is = |candidate: Option<crate::execution::Timer>| {
            candidate.is_some_and(|candidate| candidate.id == timer)
        };
        let failure = if is(open.timeout) {
            Failure::timeout()
        } else if is(open.heartbeat) {
            Failure::heartbeat()
        } else {
            return false;
        };
        let Some(mut open) = self.take_open(open.request.task) else {
            return false;
        };
        // The one that fired needs no cancelling.
        open.timeout = open.timeout.filter(|timeout| timeout.id != timer);
        open.heartbeat = open.heartbeat.filter(|heartbeat| heartbeat.id != timer);
        self.commands.push(Command::CancelTask {
            task: open.request.task,
        });
        self.close(&open);
        let resource = &open.request.resource;
        let event = history::task_event(resource, "TimedOut");
        let details = history::task_failed(resource, &event, failure.error.as_deref(), None);
        let flow = self.emit(&event, details).and(Err(failure));
        self.drive(flow);
        true
    }

    /// Stops a task's clocks.
    fn close(&mut self, open: &OpenTask) {
        self.cancel_timer(open.timeout);
        self.cancel_timer(open.heartbeat);
    }
}

fn prepare(
    state: &State,
    task: &Task,
    raw: &Payload,
    scope: &Scope<'_>,
) -> Result<Prepared, Problem> {
    let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
    let scope = scope.with_input(input.value());
    let timeout_seconds = seconds(task.timeout.as_ref(), "TimeoutSecondsPath", &scope)?;
    let heartbeat_seconds = seconds(task.heartbeat.as_ref(), "HeartbeatSecondsPath", &scope)?;
    if let (Some(timeout), Some(heartbeat)) = (timeout_seconds, heartbeat_seconds)
        && heartbeat >= timeout
    {
        return Err(Problem::runtime(format!(
            "The heartbeat of {heartbeat} seconds must be smaller than the time-out of {timeout} \
             seconds"
        )));
    }
    let parameters = task
        .parameters
        .as_ref()
        .map(|template| template.evaluate(&scope));
    let input = match (parameters.transpose()?, &task.resource) {
        (Some(parameters), _) => Data::Made(parameters),
        // A service call has the parameters that are written down, and no others.
        (None, Resource::Service { .. }) => Data::Made(Value::Object(Map::new())),
        (None, _) => input,
    };
    Ok(Prepared {
        input,
        timeout_seconds,
        heartbeat_seconds,
    })
}

fn seconds(
    seconds: Option<&Seconds>,
    field: &str,
    scope: &Scope<'_>,
) -> Result<Option<u64>, Problem> {
    match seconds {
        None => Ok(None),
        Some(Seconds::Fixed(seconds)) => Ok(Some(*seconds)),
        Some(Seconds::Path(path)) => seconds_at(path, field, scope).map(Some),
    }
}

fn seconds_at(path: &Path, field: &str, scope: &Scope<'_>) -> Result<u64, Problem> {
    let value = scope.filter(path)?.to_value();
    value
        .as_u64()
        .filter(|seconds| (1..=MAX_SECONDS).contains(seconds))
        .ok_or_else(|| {
            Problem::runtime(format!(
                "The {field} parameter does not reference a positive integer value: {} == {value}",
                path.text
            ))
        })
}
