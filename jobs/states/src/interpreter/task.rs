//! Task states: scheduling, answers, and time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::flow::{Extra, Flow};
use super::{Run, history, number};
use crate::definition::{ActivityClock, Kind, State, Task};
use crate::error::{Failure, Problem, RUNTIME};
use crate::event::Command;
use crate::execution::{TaskId, TaskRequest, TimerId};
use crate::filters::{Data, limit_failure};
use crate::payload::{Payload, PayloadError};
use crate::resource::{Pattern, Resource};
use crate::scope::Scope;
use crate::thread::{OpenTask, Phase, ThreadId, Timer};

/// What a Task state evaluates before anything is scheduled.
struct Prepared {
    input: Data,
    timeout_seconds: Option<u64>,
    heartbeat_seconds: Option<u64>,
    credentials_role_arn: Option<String>,
}

impl Run<'_> {
    /// Evaluates a Task state's fields and asks the host for the work.
    pub(super) fn schedule(
        &mut self,
        at: ThreadId,
        state: &State,
        task: &Task,
    ) -> Result<Flow, Failure> {
        let id = TaskId(self.execution.next_task);
        let waits = matches!(
            task.resource,
            Resource::Service {
                pattern: Pattern::WaitForTaskToken,
                ..
            }
        );
        let token = waits.then(|| self.token(id));
        let extra = Extra {
            token: token.as_deref(),
            ..Extra::default()
        };
        let prepared = self.evaluate(at, state, extra, |raw, scope| {
            prepare(state, task, raw, scope)
        })?;
        let input = prepared
            .input
            .into_payload()
            .map_err(|error| limit_failure(&error, &task.resource.resource_type()))?;
        let request = TaskRequest {
            task: id,
            state: state.name.to_string(),
            resource: task.resource.clone(),
            input: input.text().to_owned(),
            timeout_seconds: prepared.timeout_seconds,
            heartbeat_seconds: prepared.heartbeat_seconds,
            token,
            credentials_role_arn: prepared.credentials_role_arn,
        };
        let details = history::task_scheduled(&request, &self.execution.info.region);
        let event = history::task_event(&request.resource, "Scheduled");
        self.emit(at, event, details)?;
        self.execution.next_task += 1;
        self.execution.owners.tasks.insert(id, at);
        self.commands.push(Command::StartTask(request.clone()));
        let mut open = OpenTask {
            request,
            started: false,
            submitted: false,
            timeout: None,
            heartbeat: None,
        };
        let activity = matches!(open.request.resource, Resource::Activity { .. });
        if activity && self.definition.activity_clock() == ActivityClock::Scheduled {
            self.start_clocks(at, &mut open);
        }
        self.set_phase(at, Phase::Task(Box::new(open)));
        Ok(Flow::Rest)
    }

    /// A token that nobody can guess who does not know the step's randomness.
    fn token(&self, task: TaskId) -> String {
        let mut digest = Sha256::new();
        digest.update(self.execution.info.arn.as_bytes());
        digest.update(task.0.to_be_bytes());
        for _ in 0..4 {
            digest.update(self.random.next().to_be_bytes());
        }
        let secret = digest.finalize();
        URL_SAFE_NO_PAD.encode([&secret[..], &task.0.to_be_bytes()].concat())
    }

    fn start_clocks(&mut self, at: ThreadId, open: &mut OpenTask) {
        let now = self.now;
        let mut timer = |seconds: Option<u64>| {
            seconds.map(|seconds| self.set_timer(at, now.plus_seconds(seconds)))
        };
        open.timeout = timer(open.request.timeout_seconds);
        open.heartbeat = timer(open.request.heartbeat_seconds);
    }

    /// Takes an open task out of its thread.
    fn take_open(&mut self, task: TaskId) -> Option<(ThreadId, Box<OpenTask>)> {
        let at = *self.execution.owners.tasks.get(&task)?;
        let current = self.current_mut(at)?;
        match std::mem::replace(&mut current.phase, Phase::Idle) {
            Phase::Task(open) => Some((at, open)),
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
        let Some((at, open)) = self.take_open(task) else {
            return false;
        };
        let flow = self.begin(at, open, worker_name).map(|open| {
            self.set_phase(at, Phase::Task(open));
            Flow::Rest
        });
        self.follow(at, flow);
        true
    }

    /// Notes that somebody works on the task. When the history has no room for it, the task stays
    /// open, so that the end of the execution cancels it.
    fn begin(
        &mut self,
        at: ThreadId,
        mut open: Box<OpenTask>,
        worker_name: Option<&str>,
    ) -> Result<Box<OpenTask>, Failure> {
        let resource = &open.request.resource;
        let details = history::task_started(resource, worker_name);
        if let Err(failure) = self.emit(at, history::task_event(resource, "Started"), details) {
            self.set_phase(at, Phase::Task(open));
            return Err(failure);
        }
        open.started = true;
        if open.timeout.is_none() && open.heartbeat.is_none() {
            self.start_clocks(at, &mut open);
        }
        Ok(open)
    }

    /// The service has taken the job. Only tasks that wait for something else have such a moment.
    pub(super) fn task_submitted(&mut self, task: TaskId, output: &str) -> bool {
        if self.execution.task_submitted(task) {
            return false;
        }
        let Some((at, open)) = self.take_open(task) else {
            return false;
        };
        let waits = matches!(
            open.request.resource,
            Resource::Service { pattern, .. } if pattern.waits()
        );
        if !waits {
            self.set_phase(at, Phase::Task(open));
            return false;
        }
        let flow = self.submit(at, open, output);
        self.follow(at, flow);
        true
    }

    fn submit(&mut self, at: ThreadId, open: Box<OpenTask>, output: &str) -> Result<Flow, Failure> {
        let mut open = if open.started {
            open
        } else {
            self.begin(at, open, None)?
        };
        let event = history::task_event(&open.request.resource, "Submitted");
        let emitted = match Payload::parse(output) {
            Ok(output) => {
                let details = history::task_output(&open.request.resource, &event, &output);
                self.emit(at, event, details)
            }
            Err(error) => {
                self.close(&open);
                let failure = self.refuse(at, &open.request.resource, &error)?;
                return Err(failure);
            }
        };
        open.submitted = true;
        self.set_phase(at, Phase::Task(open));
        emitted.map(|_| Flow::Rest)
    }

    pub(super) fn task_succeeded(&mut self, task: TaskId, output: &str) -> bool {
        let Some((at, open)) = self.take_open(task) else {
            return self.map_run_succeeded(task, output);
        };
        let flow = self.task_result(at, open, output);
        self.follow(at, flow);
        true
    }

    fn task_result(
        &mut self,
        at: ThreadId,
        open: Box<OpenTask>,
        output: &str,
    ) -> Result<Flow, Failure> {
        // A host that says nothing of the start: the history needs one all the same.
        let open = if open.started {
            open
        } else {
            self.begin(at, open, None)?
        };
        self.close(&open);
        let resource = &open.request.resource;
        let result = match Payload::parse(output) {
            Ok(result) => result,
            Err(error) => return Err(self.refuse(at, resource, &error)?),
        };
        let event = history::task_event(resource, "Succeeded");
        let details = history::task_output(resource, &event, &result);
        self.emit(at, event, details)?;
        let state = self.state(at)?;
        match &state.kind {
            Kind::Task(_) => self.leave_with_result(at, state, &result),
            // Only with another definition than the one it began with.
            _ => self.work_again(at),
        }
    }

    /// A result that cannot be taken fails the task.
    pub(super) fn refuse(
        &mut self,
        at: ThreadId,
        resource: &Resource,
        error: &PayloadError,
    ) -> Result<Failure, Failure> {
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
        self.emit(at, event, details)?;
        Ok(failure)
    }

    pub(super) fn task_failed(
        &mut self,
        task: TaskId,
        error: Option<String>,
        cause: Option<String>,
    ) -> bool {
        let Some((at, open)) = self.take_open(task) else {
            return self.map_run_failed(task, error, cause);
        };
        self.close(&open);
        let resource = &open.request.resource;
        let event = if open.started {
            history::task_event(resource, "Failed")
        } else {
            history::task_not_started_event(resource)
        };
        let details = history::task_failed(resource, &event, error.as_deref(), cause.as_deref());
        let flow = match self.emit(at, event, details) {
            Ok(_) => Err(Failure::reported(error, cause)),
            Err(failure) => Err(failure),
        };
        self.follow(at, flow);
        true
    }

    /// A sign of life sets the heartbeat's clock back. Without such a clock it is welcome, too.
    pub(super) fn task_heartbeat(&mut self, task: TaskId) -> bool {
        let Some((at, mut open)) = self.take_open(task) else {
            return false;
        };
        if let (Some(timer), Some(seconds)) = (open.heartbeat, open.request.heartbeat_seconds) {
            self.cancel_timer(Some(timer));
            open.heartbeat = Some(self.set_timer(at, self.now.plus_seconds(seconds)));
        }
        self.set_phase(at, Phase::Task(open));
        true
    }

    /// The time-out or the heartbeat of a thread's open task has passed.
    pub(super) fn task_timer_fired(&mut self, at: ThreadId, timer: TimerId) -> bool {
        let Ok(Phase::Task(open)) = self.current(at).map(|current| &current.phase) else {
            return false;
        };
        let is = |candidate: Option<Timer>| candidate.is_some_and(|found| found.id == timer);
        let failure = if is(open.timeout) {
            Failure::timeout()
        } else if is(open.heartbeat) {
            Failure::heartbeat()
        } else {
            return false;
        };
        let Some((_, mut open)) = self.take_open(open.request.task) else {
            return false;
        };
        // The one that fired needs no cancelling.
        self.execution.owners.timers.remove(&timer);
        open.timeout = open.timeout.filter(|timeout| timeout.id != timer);
        open.heartbeat = open.heartbeat.filter(|heartbeat| heartbeat.id != timer);
        let task = open.request.task;
        self.commands.push(Command::CancelTask { task });
        self.close(&open);
        let resource = &open.request.resource;
        let event = history::task_event(resource, "TimedOut");
        let details = history::task_failed(resource, &event, failure.error.as_deref(), None);
        let flow = self.emit(at, event, details).and(Err(failure));
        self.follow(at, flow);
        true
    }

    /// Lets go of a task that has ended, and stops its clocks.
    fn close(&mut self, open: &OpenTask) {
        self.execution.owners.tasks.remove(&open.request.task);
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
    let timeout_seconds = number(task.timeout.as_ref(), "TimeoutSecondsPath", 1, &scope)?;
    let heartbeat_seconds = number(task.heartbeat.as_ref(), "HeartbeatSecondsPath", 1, &scope)?;
    if let (Some(timeout), Some(heartbeat)) = (timeout_seconds, heartbeat_seconds)
        && heartbeat >= timeout
    {
        return Err(Problem::runtime(format!(
            "The heartbeat of {heartbeat} seconds must be smaller than the time-out of {timeout} \
             seconds"
        )));
    }
    let credentials = task.credentials.as_ref();
    let credentials = credentials.map(|template| template.evaluate(&scope));
    let role = credentials.transpose()?.and_then(|mut found| {
        let role = found.get_mut("RoleArn").map(Value::take)?;
        role.as_str().map(str::to_owned)
    });
    let arguments = state.arguments.as_ref();
    let arguments = arguments.map(|template| template.evaluate(&scope));
    let mut input = match (arguments.transpose()?, &task.resource) {
        (Some(arguments), _) => Data::Made(arguments),
        // A service call has the parameters that are written down, and no others.
        (None, Resource::Service { .. }) => Data::Made(Value::Object(Map::new())),
        (None, _) => input,
    };
    if let Data::Made(Value::Object(parameters)) = &mut input {
        add_own_parameters(&task.resource, parameters);
    }
    Ok(Prepared {
        input,
        timeout_seconds,
        heartbeat_seconds,
        credentials_role_arn: role,
    })
}

/// What the service itself says in a call, besides what the state does.
fn add_own_parameters(resource: &Resource, parameters: &mut Map<String, Value>) {
    if matches!(
        resource,
        Resource::Service { service, action, sdk: false, .. } if service == "ecs" && action == "runTask"
    ) {
        let by = "AWS Step Functions";
        parameters.insert("StartedBy".to_owned(), by.into());
    }
}
