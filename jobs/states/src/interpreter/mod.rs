//! The interpreter: one event in, the next execution out.
//!
//! [`step`] decides what an event means (this file), `flow` walks from state to state until
//! something has to be waited for, `task` is about Task states and their time, `history` makes the
//! events that the API shows.

mod flow;
mod history;
mod task;

use crate::definition::Definition;
use crate::error::{Failure, Problem, RUNTIME};
use crate::event::{Command, Event, Moment, Step};
use crate::execution::{Current, Execution, Phase, Status, Timer, TimerId};
use crate::history::{HistoryEvent, MAX_EVENTS};
use crate::random::Random;
use crate::time::Timestamp;
use flow::Flow;
use history::Details;

/// Lets an event happen to an execution. Pure: the same arguments always give the same step.
///
/// Events that come too late (the answer of a task that is gone, a timer that was cancelled, a
/// second start) change nothing and are reported as [`Step::ignored`].
#[must_use]
pub fn step(definition: &Definition, execution: Execution, event: Event, moment: Moment) -> Step {
    let mut run = Run {
        definition,
        execution,
        now: moment.now,
        random: Random::new(moment.seed),
        commands: Vec::new(),
        history: Vec::new(),
    };
    let taken = run.take(event);
    Step {
        execution: run.execution,
        commands: run.commands,
        history: run.history,
        ignored: !taken,
    }
}

/// One step while it is being taken.
struct Run<'d> {
    definition: &'d Definition,
    execution: Execution,
    now: Timestamp,
    random: Random,
    commands: Vec<Command>,
    history: Vec<HistoryEvent>,
}

impl Run<'_> {
    /// Whether the event meant anything. Where it did not, nothing has been changed.
    fn take(&mut self, event: Event) -> bool {
        let running = self.execution.status == Status::Running;
        match event {
            Event::Redriven if !running => return self.redrive(),
            _ if !running => return false,
            Event::Redriven => return false,
            Event::Started if self.execution.start_date.is_some() => return false,
            Event::Started => self.start(),
            Event::Stopped { error, cause } => self.stop(error, cause),
            Event::TimerFired { timer } => return self.timer_fired(timer),
            Event::TaskStarted { task, worker_name } => {
                return self.task_started(task, worker_name.as_deref());
            }
            Event::TaskSucceeded { task, output } => return self.task_succeeded(task, &output),
            Event::TaskFailed { task, error, cause } => {
                return self.task_failed(task, error, cause);
            }
            Event::TaskHeartbeat { task } => return self.task_heartbeat(task),
        }
        true
    }

    fn start(&mut self) {
        self.execution.start_date = Some(self.now);
        self.emit_apart(
            "ExecutionStarted",
            history::execution_started(&self.execution),
        );
        self.start_machine_timer();
        let flow = Flow::Enter {
            state: self.definition.start_at().to_owned(),
            input: self.execution.input.clone(),
        };
        self.drive(Ok(flow));
    }

    fn stop(&mut self, error: Option<String>, cause: Option<String>) {
        self.execution.start_date.get_or_insert(self.now);
        let details = history::failed("ExecutionAborted", error.as_deref(), cause.as_deref());
        self.emit_apart("ExecutionAborted", details);
        self.execution.error = error;
        self.execution.cause = cause;
        self.finish(Status::Aborted);
    }

    /// Goes on in the state in which an unsuccessful execution ended, as if it had just been
    /// entered: with its original input and fresh retriers.
    ///
    /// What follows is caused by that state's own entry and not by the redrive, and the state is
    /// not entered a second time.
    fn redrive(&mut self) -> bool {
        let unsuccessful = matches!(
            self.execution.status,
            Status::Failed | Status::TimedOut | Status::Aborted
        );
        // There has to be room for this event and one more.
        let room = self.execution.last_event + 2 <= MAX_EVENTS;
        let Some(current) = self
            .execution
            .current
            .as_mut()
            .filter(|_| unsuccessful && room)
        else {
            return false;
        };
        current.attempts.clear();
        current.phase = Phase::Idle;
        let entered_event = current.entered_event;
        let execution = &mut self.execution;
        execution.status = Status::Running;
        execution.stop_date = None;
        execution.error = None;
        execution.cause = None;
        execution.redrive_count += 1;
        execution.redrive_date = Some(self.now);
        let details = history::redriven(execution.redrive_count);
        self.emit_apart("ExecutionRedriven", details);
        self.execution.path_event = entered_event;
        self.start_machine_timer();
        let flow = self.work();
        self.drive(flow);
        true
    }

    fn start_machine_timer(&mut self) {
        if let Some(seconds) = self.definition.timeout_seconds() {
            self.execution.machine_timer = Some(self.set_timer(self.now.plus_seconds(seconds)));
        }
    }

    fn timer_fired(&mut self, timer: TimerId) -> bool {
        if self
            .execution
            .machine_timer
            .is_some_and(|machine| machine.id == timer)
        {
            self.execution.machine_timer = None;
            self.emit_last(
                "ExecutionTimedOut",
                history::failed("ExecutionTimedOut", None, None),
            );
            self.finish(Status::TimedOut);
            return true;
        }
        let Some(current) = &mut self.execution.current else {
            return false;
        };
        match &mut current.phase {
            Phase::Waiting(waiting) if waiting.id == timer => {
                current.phase = Phase::Idle;
                let flow = self.wake();
                self.drive(flow);
                true
            }
            Phase::BackingOff(waiting) if waiting.id == timer => {
                current.phase = Phase::Idle;
                let flow = self.work();
                self.drive(flow);
                true
            }
            Phase::Task(_) => self.task_timer_fired(timer),
            _ => false,
        }
    }

    fn set_timer(&mut self, at: Timestamp) -> Timer {
        let timer = Timer {
            id: TimerId(self.execution.next_timer),
            at,
        };
        self.execution.next_timer += 1;
        self.commands.push(Command::SetTimer {
            timer: timer.id,
            at,
        });
        timer
    }

    fn cancel_timer(&mut self, timer: Option<Timer>) {
        self.commands
            .extend(timer.map(|timer| Command::CancelTimer { timer: timer.id }));
    }

    /// Adds the next event of the path; an error when only one more fits into the history.
    fn emit(
        &mut self,
        event_type: &str,
        details: impl Into<Option<Details>>,
    ) -> Result<u64, Failure> {
        if self.execution.last_event + 1 >= MAX_EVENTS {
            let cause = format!(
                "The execution reached the maximum number of history events ({MAX_EVENTS})."
            );
            return Err(Failure::internal(RUNTIME, cause));
        }
        Ok(self.append_to_path(event_type, details.into()))
    }

    /// Adds an event that ends the execution: there is always room for it.
    fn emit_last(&mut self, event_type: &str, details: Details) {
        self.append_to_path(event_type, Some(details));
    }

    fn append_to_path(&mut self, event_type: &str, details: Option<Details>) -> u64 {
        let id = self.append(self.execution.path_event, event_type, details);
        self.execution.path_event = id;
        id
    }

    /// Adds an event that nothing in the execution caused, and that causes nothing.
    fn emit_apart(&mut self, event_type: &str, details: Details) {
        self.append(0, event_type, Some(details));
    }

    fn append(
        &mut self,
        previous_event_id: u64,
        event_type: &str,
        details: Option<Details>,
    ) -> u64 {
        self.execution.last_event += 1;
        let id = self.execution.last_event;
        self.history.push(HistoryEvent {
            id,
            previous_event_id,
            timestamp: self.now,
            event_type: event_type.to_owned(),
            details,
        });
        id
    }

    /// Ends the execution: nothing stays open.
    fn finish(&mut self, status: Status) {
        if let Some(current) = &mut self.execution.current {
            match std::mem::replace(&mut current.phase, Phase::Idle) {
                Phase::Task(open) => {
                    self.commands.push(Command::CancelTask {
                        task: open.request.task,
                    });
                    self.cancel_timer(open.timeout);
                    self.cancel_timer(open.heartbeat);
                }
                Phase::Waiting(timer) | Phase::BackingOff(timer) => self.cancel_timer(Some(timer)),
                Phase::Idle => {}
            }
        }
        let machine_timer = self.execution.machine_timer.take();
        self.cancel_timer(machine_timer);
        self.execution.status = status;
        self.execution.stop_date = Some(self.now);
        self.commands.push(Command::Finish);
    }

    /// A problem as a failure of the current state.
    fn in_state(&self, problem: &Problem) -> Failure {
        match &self.execution.current {
            Some(current) => Failure::in_state(problem, &current.state, current.entered_event),
            None => Failure::internal(problem.error, problem.message.clone()),
        }
    }

    /// The current state, or the failure of an execution that has none.
    fn current(&self) -> Result<&Current, Failure> {
        self.execution
            .current
            .as_ref()
            .ok_or_else(|| Failure::internal(RUNTIME, "The execution is in no state.".to_owned()))
    }

    fn set_phase(&mut self, phase: Phase) {
        if let Some(current) = &mut self.execution.current {
            current.phase = phase;
        }
    }
}
