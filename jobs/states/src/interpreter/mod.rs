//! The interpreter: one event in, the next execution out.
//!
//! [`step`] decides what an event means (this file), `flow` walks the threads of control from state
//! to state until something has to be waited for, `states` and `task` do what the kinds of states are
//! there for, `group` is about Parallel and Map, `leave` about the way out of a state, `end` about
//! the end of an execution and a new life after it, `history` makes the events that the API shows.

mod end;
mod flow;
mod group;
mod history;
mod leave;
mod map_run;
mod states;
mod task;
mod test_one;

use std::borrow::Cow;
use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::definition::{Definition, State};
use crate::error::{Failure, Problem, RUNTIME};
use crate::event::{Command, Event, Moment, Step};
use crate::execution::{Execution, Status, TimerId};
use crate::history::{Details, HistoryEvent, MAX_EVENTS};
use crate::random::Random;
use crate::thread::{Current, Entering, Phase, Thread, ThreadId, Timer};
use crate::time::Timestamp;
pub(crate) use states::number;
pub(crate) use test_one::test_one;

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
        ready: VecDeque::new(),
        given_context: Map::new(),
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
    /// Threads that have something to do by themselves, in the order in which they do it.
    ready: VecDeque<ThreadId>,
    /// Fields that replace those of the context object, when a single state is tested.
    given_context: Map<String, Value>,
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
            Event::TaskSubmitted { task, output } => return self.task_submitted(task, &output),
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
        let details = history::execution_started(&self.execution);
        self.append(0, "ExecutionStarted", details);
        self.start_machine_timer();
        let start_at = match &self.execution.processor_of {
            Some(map) => self.definition.processor_start(map),
            None => Some(self.definition.first()),
        };
        let Some(start_at) = start_at.cloned() else {
            let cause = "The state machine has no such Map state any more.".to_owned();
            self.fail(Failure::internal(RUNTIME, cause));
            return;
        };
        let entering = Entering {
            state: start_at,
            input: self.execution.input.clone(),
        };
        let root = self.execution.threads.entry(ThreadId::ROOT).or_default();
        root.entering = Some(entering);
        self.ready.push_back(ThreadId::ROOT);
        self.drive();
    }

    fn start_machine_timer(&mut self) {
        // The time-out of the machine is the parent's, not that of its Map's children.
        let own = self.definition.timeout_seconds();
        let own = own.filter(|_| self.execution.processor_of.is_none());
        let seconds = own.into_iter().chain(self.execution.time_limit).min();
        if let Some(seconds) = seconds {
            self.execution.machine_timer = Some(self.new_timer(self.now.plus_seconds(seconds)));
        }
    }

    fn timer_fired(&mut self, timer: TimerId) -> bool {
        let machine_timer = self.execution.machine_timer;
        if machine_timer.is_some_and(|machine| machine.id == timer) {
            self.execution.machine_timer = None;
            self.time_out();
            return true;
        }
        let Some(at) = self.execution.owners.timers.get(&timer).copied() else {
            return false;
        };
        let Some(current) = self.current_mut(at) else {
            return false;
        };
        let flow = match current.phase {
            Phase::Waiting(_) => {
                current.phase = Phase::Idle;
                self.execution.owners.timers.remove(&timer);
                self.wake(at)
            }
            Phase::BackingOff(_) => {
                current.phase = Phase::Idle;
                self.execution.owners.timers.remove(&timer);
                self.work_again(at)
            }
            Phase::Task(_) => return self.task_timer_fired(at, timer),
            _ => return false,
        };
        self.follow(at, flow);
        true
    }

    /// A timer without an owner.
    fn new_timer(&mut self, at: Timestamp) -> Timer {
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

    /// A timer of a thread.
    fn set_timer(&mut self, owner: ThreadId, at: Timestamp) -> Timer {
        let timer = self.new_timer(at);
        self.execution.owners.timers.insert(timer.id, owner);
        timer
    }

    fn cancel_timer(&mut self, timer: Option<Timer>) {
        if let Some(timer) = timer {
            self.execution.owners.timers.remove(&timer.id);
            self.commands.push(Command::CancelTimer { timer: timer.id });
        }
    }

    /// Adds the next event of a thread's path; an error when only one more fits into the history.
    fn emit(
        &mut self,
        at: ThreadId,
        event_type: impl Into<Cow<'static, str>>,
        details: impl Into<Option<Details>>,
    ) -> Result<u64, Failure> {
        let id = self.emit_after(self.path_event(at), event_type, details)?;
        self.set_path_event(at, id);
        Ok(id)
    }

    /// Adds an event that follows another one, beside the path.
    fn emit_after(
        &mut self,
        previous: u64,
        event_type: impl Into<Cow<'static, str>>,
        details: impl Into<Option<Details>>,
    ) -> Result<u64, Failure> {
        if self.execution.last_event + 1 >= MAX_EVENTS {
            let cause = format!(
                "The execution reached the maximum number of history events ({MAX_EVENTS})."
            );
            return Err(Failure::last(cause));
        }
        Ok(self.append(previous, event_type, details))
    }

    /// Adds an event without asking for room: one that ends the execution, or begins it.
    fn append(
        &mut self,
        previous_event_id: u64,
        event_type: impl Into<Cow<'static, str>>,
        details: impl Into<Option<Details>>,
    ) -> u64 {
        self.execution.last_event += 1;
        let id = self.execution.last_event;
        self.history.push(HistoryEvent {
            id,
            previous_event_id,
            timestamp: self.now,
            event_type: event_type.into(),
            details: details.into(),
        });
        id
    }

    fn path_event(&self, at: ThreadId) -> u64 {
        let thread = self.execution.threads.get(&at);
        thread.map_or(0, |thread| thread.path_event)
    }

    fn set_path_event(&mut self, at: ThreadId, event: u64) {
        if let Some(thread) = self.thread_mut(at) {
            thread.path_event = event;
        }
    }

    fn thread_mut(&mut self, at: ThreadId) -> Option<&mut Thread> {
        self.execution.threads.get_mut(&at)
    }

    fn current_mut(&mut self, at: ThreadId) -> Option<&mut Current> {
        self.thread_mut(at)?.current.as_mut()
    }

    /// The state that a thread is in, or the failure of one that is in none.
    fn current(&self, at: ThreadId) -> Result<&Current, Failure> {
        let thread = self.execution.threads.get(&at);
        thread
            .and_then(|thread| thread.current.as_ref())
            .ok_or_else(|| Failure::internal(RUNTIME, "The execution is in no state.".to_owned()))
    }

    fn set_phase(&mut self, at: ThreadId, phase: Phase) {
        if let Some(current) = self.current_mut(at) {
            current.phase = phase;
        }
    }

    /// A problem as a failure of a thread's state. What `JSONata` could not evaluate is told in the
    /// history, too.
    fn in_state(&mut self, at: ThreadId, state: &State, problem: &Problem) -> Failure {
        let Ok(current) = self.current(at) else {
            return Failure::internal(problem.error, problem.message.clone());
        };
        let (entered, after) = (current.entered_event, current.entered_after);
        let failure = Failure::in_state(problem, &state.name, entered);
        let Some(field) = &problem.field else {
            return failure;
        };
        // Recorded: before anything else has happened in the state, it follows what the state's
        // entry follows.
        let path = self.path_event(at);
        let previous = if path == entered { after } else { path };
        let details =
            history::evaluation_failed(problem.error, &problem.message, field, &state.name);
        match self.emit_after(previous, "EvaluationFailed", details) {
            Ok(id) => {
                self.set_path_event(at, id);
                failure
            }
            Err(failure) => failure,
        }
    }
}
