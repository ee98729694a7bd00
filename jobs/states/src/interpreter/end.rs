//! The end of an execution, and its redrive.

use super::{Run, history};
use crate::definition::Kind;
use crate::error::Failure;
use crate::event::Command;
use crate::execution::Status;
use crate::history::MAX_EVENTS;
use crate::payload::Payload;
use crate::thread::{Entering, Phase, ThreadId};

impl Run<'_> {
    /// Ends the execution with its output.
    pub(super) fn succeed(&mut self, at: ThreadId, output: Payload) {
        let details = history::execution_succeeded(&output);
        self.append(self.path_event(at), "ExecutionSucceeded", details);
        self.execution.output = Some(output);
        self.finish(Status::Succeeded);
    }

    /// Ends the execution with a failure.
    pub(super) fn fail(&mut self, failure: Failure) {
        let Failure { error, cause, .. } = failure;
        let details = history::failed("ExecutionFailed", error.as_deref(), cause.as_deref());
        self.append(self.path_event(ThreadId::ROOT), "ExecutionFailed", details);
        self.execution.error = error;
        self.execution.cause = cause;
        self.finish(Status::Failed);
    }

    /// The machine's time is up.
    pub(super) fn time_out(&mut self) {
        let details = history::failed("ExecutionTimedOut", None, None);
        self.append(
            self.path_event(ThreadId::ROOT),
            "ExecutionTimedOut",
            details,
        );
        self.finish(Status::TimedOut);
    }

    /// Somebody stops the execution.
    pub(super) fn stop(&mut self, error: Option<String>, cause: Option<String>) {
        self.execution.start_date.get_or_insert(self.now);
        let details = history::failed("ExecutionAborted", error.as_deref(), cause.as_deref());
        self.append(0, "ExecutionAborted", details);
        self.execution.error = error;
        self.execution.cause = cause;
        self.finish(Status::Aborted);
    }

    /// Ends the execution: nothing stays open.
    fn finish(&mut self, status: Status) {
        self.ready.clear();
        let threads: Vec<ThreadId> = self.execution.threads.keys().copied().collect();
        for thread in threads {
            self.let_go(thread);
        }
        if status == Status::Succeeded {
            self.execution.threads.clear();
            self.execution.variable_bytes = 0;
        }
        let machine_timer = self.execution.machine_timer.take();
        self.cancel_timer(machine_timer);
        self.execution.status = status;
        self.execution.stop_date = Some(self.now);
        self.commands.push(Command::Finish);
    }

    /// Goes on with everything that did not succeed, as if it had just been entered: with its
    /// original input and fresh retriers.
    ///
    /// What follows is caused by the states' own entries and not by the redrive, and no state is
    /// entered a second time, except for Fail states.
    pub(super) fn redrive(&mut self) -> bool {
        let unsuccessful = matches!(
            self.execution.status,
            Status::Failed | Status::TimedOut | Status::Aborted
        );
        // There has to be room for this event and one more.
        let room = self.execution.last_event + 2 <= MAX_EVENTS;
        let root = self.execution.threads.get(&ThreadId::ROOT);
        let somewhere = root.is_some_and(|root| root.current.is_some() || root.entering.is_some());
        if !(unsuccessful && room && somewhere) {
            return false;
        }
        let execution = &mut self.execution;
        execution.status = Status::Running;
        execution.stop_date = None;
        execution.error = None;
        execution.cause = None;
        execution.redrive_count += 1;
        execution.redrive_date = Some(self.now);
        let details = history::redriven(execution.redrive_count);
        let redriven = self.append(0, "ExecutionRedriven", details);
        self.start_machine_timer();
        if let Err(failure) = self.revive(ThreadId::ROOT, redriven) {
            self.fail(failure);
        }
        self.drive();
        true
    }

    /// Lets a thread go on in the state in which it ended.
    pub(super) fn revive(&mut self, at: ThreadId, redriven: u64) -> Result<(), Failure> {
        let Some(thread) = self.thread_mut(at) else {
            return Ok(());
        };
        thread.ended = false;
        if thread.entering.is_some() {
            self.ready.push_back(at);
            return Ok(());
        }
        let Some(current) = &mut thread.current else {
            return Ok(());
        };
        current.attempts.clear();
        let entered = current.entered_event;
        if matches!(current.phase, Phase::MapRun(_)) {
            self.set_path_event(at, entered);
            return self.revive_map_run(at);
        }
        if self.revive_inside(at, redriven)? {
            return Ok(());
        }
        let fails = self
            .state(at)
            .is_ok_and(|state| matches!(state.kind, Kind::Fail { .. }));
        let Some(thread) = self.thread_mut(at) else {
            return Ok(());
        };
        if let Some(current) = thread.current.as_mut() {
            current.phase = Phase::Idle;
        }
        thread.path_event = entered;
        if fails && let Some(current) = thread.current.take() {
            thread.path_event = redriven;
            thread.entering = Some(Entering {
                state: current.state,
                input: current.input,
            });
        }
        self.ready.push_back(at);
        Ok(())
    }
}
