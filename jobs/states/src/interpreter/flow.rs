//! Walking from state to state, thread by thread.

use std::sync::Arc;

use serde_json::Value;

use super::Run;
use crate::definition::{Kind, State};
use crate::error::{Failure, Problem, RUNTIME};
use crate::history::Details;
use crate::payload::Payload;
use crate::retry::find_retrier;
use crate::scope::{Context, InThread, Scope};
use crate::thread::{Current, Entering, Phase, ThreadId};

/// What comes after something was done in a thread.
pub(super) enum Flow {
    /// The state in `entering` begins.
    Enter,
    /// Something has to happen first.
    Rest,
    /// The thread has come to its end, with this output.
    Ended(Payload),
}

/// A thread and what comes after something that was done in it.
pub(super) type Next = Option<(ThreadId, Result<Flow, Failure>)>;

/// What a state's own fields can see besides what every expression sees.
#[derive(Clone, Copy, Default)]
pub(super) struct Extra<'a> {
    /// `$$.Task.Token`.
    pub(super) token: Option<&'a str>,
    /// `$$.Map.Item` of an iteration that is about to begin.
    pub(super) item: Option<(usize, &'a Value)>,
}

impl<'d> Run<'d> {
    /// Goes on in a thread, and in all others that have something to do.
    pub(super) fn follow(&mut self, at: ThreadId, flow: Result<Flow, Failure>) {
        self.settle(at, flow);
        self.drive();
    }

    /// Goes on until there is nothing left to do by itself. Threads take turns, a state each.
    ///
    /// Every turn adds at least one event, so that the limit of the history ends endless machines.
    pub(super) fn drive(&mut self) {
        while let Some(at) = self.ready.pop_front() {
            let flow = self.resume(at);
            self.settle(at, flow);
        }
    }

    /// Does what follows from something that was done in a thread: in it, and in those around it.
    fn settle(&mut self, at: ThreadId, flow: Result<Flow, Failure>) {
        let mut next = Some((at, flow));
        while let Some((at, flow)) = next {
            next = match flow {
                Ok(Flow::Rest) => None,
                Ok(Flow::Enter) => {
                    self.ready.push_back(at);
                    None
                }
                Ok(Flow::Ended(output)) => self.thread_ended(at, output),
                Err(failure) => self.failed(at, failure),
            };
        }
    }

    /// A ready thread enters its next state, or begins anew with the one that it is in.
    pub(super) fn resume(&mut self, at: ThreadId) -> Result<Flow, Failure> {
        let entering = self
            .thread_mut(at)
            .and_then(|thread| thread.entering.take());
        match entering {
            Some(entering) => self.enter(at, entering),
            None => self.work_again(at),
        }
    }

    fn enter(&mut self, at: ThreadId, entering: Entering) -> Result<Flow, Failure> {
        let Entering { state: name, input } = entering;
        let entered_after = self.path_event(at);
        let entered_event = self.execution.last_event + 1;
        let (now, details) = (self.now, Details::entered(Arc::clone(&name), input.clone()));
        let state = self.definition.state(&name);
        if let Some(thread) = self.thread_mut(at) {
            thread.current = Some(Current {
                state: name,
                input,
                entered_at: now,
                entered_event,
                entered_after,
                attempts: Vec::new(),
                phase: Phase::Idle,
            });
        }
        let Some(state) = state else {
            return Err(unknown_state(&self.current(at)?.state));
        };
        self.emit(at, state.kind.events().entered, details)?;
        self.work(at, state)
    }

    /// The definition of the state that a thread is in, which the host may have lost.
    pub(super) fn state(&self, at: ThreadId) -> Result<&'d State, Failure> {
        let name = &self.current(at)?.state;
        self.definition
            .state(name)
            .ok_or_else(|| unknown_state(name))
    }

    /// Does what the current state is there for, from its beginning.
    pub(super) fn work_again(&mut self, at: ThreadId) -> Result<Flow, Failure> {
        let state = self.state(at)?;
        self.work(at, state)
    }

    fn work(&mut self, at: ThreadId, state: &'d State) -> Result<Flow, Failure> {
        match &state.kind {
            Kind::Task(task) => self.schedule(at, state, task),
            Kind::Pass(result) => self.pass(at, state, result.as_ref()),
            Kind::Choice(choice) => self.choose(at, state, choice),
            Kind::Wait(until) => self.wait(at, state, until),
            Kind::Succeed => self.leave_with_input(at, state),
            Kind::Fail { error, cause } => {
                self.fail_state(at, state, error.as_ref(), cause.as_ref())
            }
            Kind::Parallel(branches) => self.start_branches(at, state, branches),
            Kind::Map(map) if map.distributed.is_some() => self.start_map_run(at, state, map),
            Kind::Map(map) => self.start_iterations(at, state, map),
        }
    }

    /// Evaluates something with the current state's raw input in sight; problems become failures
    /// of the state.
    pub(super) fn evaluate<T>(
        &mut self,
        at: ThreadId,
        state: &State,
        extra: Extra<'_>,
        work: impl FnOnce(&Payload, &Scope<'_>) -> Result<T, Problem>,
    ) -> Result<T, Failure> {
        let raw = self.current(at)?.input.clone();
        let result = {
            let surroundings = InThread {
                execution: &self.execution,
                thread: at,
                retried: state.kind.is_retried(),
                token: extra.token,
                item: extra.item,
                given: &self.given_context,
            };
            let context = Context::new(&surroundings);
            let scope = Scope {
                input: raw.value(),
                result: None,
                error: None,
                context: &context,
                random: &self.random,
                now: self.now,
            };
            work(&raw, &scope)
        };
        result.map_err(|problem| self.in_state(at, state, &problem))
    }

    /// A thread's state has failed. When nobody in it takes the failure, it is its parent's.
    fn failed(&mut self, at: ThreadId, failure: Failure) -> Next {
        if failure.last {
            self.fail(failure);
            return None;
        }
        let failure = match self.handle(at, &failure) {
            Ok(flow) => return Some((at, Ok(flow))),
            // Also the handling can fail; then there is nobody left to ask.
            Err(failure) if failure.last => return Some((at, Err(failure))),
            Err(failure) => failure,
        };
        let thread = self.thread_mut(at)?;
        thread.ended = true;
        let Some((parent, _)) = thread.parent else {
            self.fail(failure);
            return None;
        };
        match self.branch_failed(at, parent) {
            Ok(()) => Some((parent, Err(failure))),
            Err(last) => Some((parent, Err(last))),
        }
    }

    /// Gives a failure to the current state's retriers, then to its catchers, then gives up.
    pub(super) fn handle(&mut self, at: ThreadId, failure: &Failure) -> Result<Flow, Failure> {
        let Ok(state) = self.state(at) else {
            return Err(failure.clone());
        };
        self.abort_inside(at)?;
        let attempts = &self.current(at)?.attempts;
        if let Some((index, retrier)) = find_retrier(&state.retry, attempts, failure) {
            let used = attempts.get(index).copied().unwrap_or(0);
            let delay = retrier.delay_millis(used, &self.random);
            let delay = self.execution.time_scale.millis(delay);
            self.drop_inside(at);
            let timer = self.set_timer(at, self.now.plus_millis(delay));
            if let Some(current) = self.current_mut(at) {
                current.attempts.resize(state.retry.len(), 0);
                current.attempts[index] += 1;
                current.phase = Phase::BackingOff(timer);
            }
            return Ok(Flow::Rest);
        }
        if matches!(state.kind, Kind::Parallel(_) | Kind::Map(_)) {
            self.emit(at, state.kind.events().failed, None)?;
        }
        let catcher = state
            .catch
            .iter()
            .find(|catcher| failure.matches(&catcher.errors));
        let Some(catcher) = catcher else {
            return Err(failure.clone());
        };
        let flow = self.caught(at, state, catcher, failure)?;
        self.drop_inside(at);
        Ok(flow)
    }
}

fn unknown_state(name: &str) -> Failure {
    let cause = format!("The state '{name}' is not in the definition of the state machine.");
    Failure::internal(RUNTIME, cause)
}
