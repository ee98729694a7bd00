//! Parallel and Map states, failures and redrives: what begins, ends and begins again with what.

use serde_json::Value;

use super::fold::Fold;
use super::open::outwards;
use super::spot::Trouble;
use super::step::{Attempt, StateKind, StepEnd};
use super::view::ExecutionStatus;
use crate::track::event::Event;

impl Fold {
    /// The nearest Parallel or Map visit around an event that goes on; these events carry no name.
    pub(super) fn around(&self, cause: usize, kind: StateKind) -> usize {
        let steps = &self.view.steps;
        let of_kind = |index: &usize| steps.get(*index).is_some_and(|step| step.kind == kind);
        let goes_on = |index: &usize| {
            let over = self.trouble.get(index).is_some_and(|trouble| trouble.over);
            !over && steps.get(*index).is_some_and(super::Step::is_open)
        };
        let mut around = outwards(steps, cause).filter(of_kind);
        let open = around.find(goes_on);
        // After a redrive, it may have to be opened again.
        let any = || outwards(steps, cause).find(of_kind);
        open.or_else(any).unwrap_or(cause)
    }

    /// A Parallel or Map begins: for the first time, or anew. Anew, it follows the event that failed, with no other event
    /// in between that tells so.
    pub(super) fn begin(&mut self, event: &Event, cause: usize, kind: StateKind) -> usize {
        let index = self.around(cause, kind);
        self.revive(index);
        let anew = cause != index || self.trouble.remove(&index).is_some();
        if cause != index {
            self.fail_path(cause, Some(index), event.time_ms, None);
        }
        let steps = &mut self.view.steps;
        self.open.abort_inside(steps, index, None, event.time_ms);
        if let Some(step) = steps.get_mut(index) {
            step.restarts += u32::from(anew);
            if kind == StateKind::Map {
                step.items = event.length.or(step.items);
            }
        }
        index
    }

    /// A Parallel or Map fails, and is not tried again.
    pub(super) fn give_up(&mut self, event: &Event, cause: usize, kind: StateKind) -> usize {
        let index = self.around(cause, kind);
        let error = self.error_of(cause);
        if cause != index {
            self.failed = Some(self.innermost_failed(cause));
            self.fail_path(cause, Some(index), event.time_ms, None);
        }
        let steps = &mut self.view.steps;
        self.open.abort_inside(steps, index, None, event.time_ms);
        let trouble = self.trouble.entry(index).or_default();
        trouble.over = true;
        if trouble.error.is_empty() {
            trouble.error = error.unwrap_or_default();
        }
        index
    }

    /// An iteration of a Map begins or ends.
    pub(super) fn iteration(&mut self, event: &Event, cause: usize) -> usize {
        let steps = &self.view.steps;
        let named = |index: &usize| {
            let step = steps.get(*index).filter(|step| step.kind == StateKind::Map);
            step.is_some_and(|step| Some(&step.name) == event.name.as_ref())
        };
        let map = outwards(steps, cause).find(named);
        let map = map.unwrap_or_else(|| self.around(cause, StateKind::Map));
        match event.kind.as_str() {
            "MapIterationStarted" => self.revive(map),
            "MapIterationFailed" if cause != map => {
                self.fail_path(cause, Some(map), event.time_ms, None);
            }
            _ => {}
        }
        let ends_badly = matches!(
            event.kind.as_str(),
            "MapIterationFailed" | "MapIterationAborted"
        );
        if ends_badly && event.iteration.is_some() {
            let steps = &mut self.view.steps;
            self.open
                .abort_inside(steps, map, event.iteration, event.time_ms);
        }
        map
    }

    /// The run of a distributed Map.
    pub(super) fn map_run(&mut self, event: &Event, cause: usize) -> usize {
        let index = self.around(cause, StateKind::Map);
        if matches!(event.kind.as_str(), "MapRunStarted" | "MapRunRedriven") {
            self.revive(index);
        }
        let Some(step) = self.view.steps.get_mut(index) else {
            return index;
        };
        if event.map_run.is_some() {
            step.map_run.clone_from(&event.map_run);
            // How many there are is known to the run alone.
            step.items = step.items.filter(|items| *items > 0);
        }
        if event.kind == "MapRunFailed" {
            let error = event.error.clone().unwrap_or_default();
            self.trouble.insert(index, Trouble { error, over: false });
        }
        index
    }

    /// An expression cannot be evaluated.
    pub(super) fn evaluation_failed(&mut self, event: &Event, cause: usize) -> usize {
        let steps = &self.view.steps;
        let named = |index: &usize| {
            let step = steps.get(*index);
            step.is_some_and(|step| Some(&step.name) == event.state.as_ref())
        };
        let index = outwards(steps, cause).find(named).unwrap_or(cause);
        let error = event.error.clone();
        let error = error.unwrap_or_else(|| "States.QueryEvaluationError".to_owned());
        self.trouble.insert(index, Trouble { error, over: false });
        index
    }

    /// A state is stopped because another one beside it failed. The event does not say which: it follows the failure.
    pub(super) fn aborted(&mut self, cause: usize, kind: StateKind, time_ms: i64) -> usize {
        let steps = &self.view.steps;
        let itself = steps
            .get(cause)
            .is_some_and(|step| step.is_open() && step.kind == kind)
            && self.error_of(cause).is_none();
        let target = if itself {
            Some(cause)
        } else {
            let mut around = outwards(steps, cause).skip(1);
            let open = around.find(|index| steps.get(*index).is_some_and(super::Step::is_open));
            open.and_then(|open| self.open.find(steps, open, kind, cause))
        };
        let Some(target) = target else {
            return cause;
        };
        let steps = &mut self.view.steps;
        self.open.abort_inside(steps, target, None, time_ms);
        self.open.close(steps, target, time_ms, StepEnd::Aborted);
        target
    }

    /// What has to be done inside of a visit that is left; the error, if it is left through a Catch.
    pub(super) fn leave(&mut self, index: usize, event: &Event) -> Option<String> {
        let trouble = self.trouble.remove(&index).map(|trouble| trouble.error);
        let steps = &mut self.view.steps;
        self.open.abort_inside(steps, index, None, event.time_ms);
        let step = steps.get(index)?;
        let attempt = step.attempts.last().and_then(Attempt::error);
        let outermost = step.within.is_none();
        let mut error = trouble.or_else(|| attempt.map(str::to_owned));
        if let Some(told) = error.as_mut().filter(|error| error.is_empty()) {
            *told = event
                .output
                .as_deref()
                .and_then(error_in)
                .unwrap_or_default();
            self.tell(&told.clone());
        }
        if outermost {
            // What is not told by now never is.
            self.untold.clear();
        }
        error
    }

    /// Fails a visit and those around it, up to one that does not fail (yet).
    pub(super) fn fail_path(
        &mut self,
        from: usize,
        up_to: Option<usize>,
        time_ms: i64,
        error: Option<&str>,
    ) {
        let told = error.map(str::to_owned).or_else(|| self.error_of(from));
        let told = told.unwrap_or_default();
        let path = outwards(&self.view.steps, from).take_while(|index| Some(*index) != up_to);
        for index in path.collect::<Vec<_>>() {
            let steps = &mut self.view.steps;
            if !steps.get(index).is_some_and(super::Step::is_open) {
                continue;
            }
            self.open.abort_inside(steps, index, None, time_ms);
            let error = told.clone();
            if error.is_empty() {
                self.untold.push(index);
            }
            self.open
                .close(steps, index, time_ms, StepEnd::Failed { error });
        }
    }

    /// The execution ends.
    pub(super) fn finish(&mut self, event: &Event, status: ExecutionStatus, cause: Option<usize>) {
        let view = &mut self.view;
        view.status = status;
        view.stopped_ms = Some(event.time_ms);
        view.error.clone_from(&event.error);
        view.cause.clone_from(&event.cause);
        if let (ExecutionStatus::Failed, Some(cause)) = (status, cause) {
            self.failed = Some(self.innermost_failed(cause));
            self.fail_path(cause, None, event.time_ms, event.error.as_deref());
            self.tell(event.error.as_deref().unwrap_or_default());
        } else {
            self.failed = None;
        }
        let rest = if status == ExecutionStatus::Succeeded {
            StepEnd::Left
        } else {
            StepEnd::Aborted
        };
        let steps = &mut self.view.steps;
        self.open.close_all(steps, event.time_ms, &rest);
        self.trouble.clear();
    }

    /// The execution goes on from what did not succeed: the step that goes on. Others that were stopped go on when
    /// something happens to them.
    pub(super) fn redrive(&mut self) -> Option<usize> {
        let view = &mut self.view;
        view.status = ExecutionStatus::Running;
        view.stopped_ms = None;
        view.error = None;
        view.cause = None;
        let from = self.failed.or(self.top)?;
        let step = self.view.steps.get(from)?;
        let again = step.kind == StateKind::Task || step.kind == StateKind::Wait;
        if step.exited_ms.is_none() && (again || step.kind.has_inside()) {
            self.revive(from);
        } else if let Some(within) = step.within {
            self.revive(within);
        }
        Some(from)
    }

    /// A visit that has ended goes on after all, and what it is inside of.
    pub(super) fn revive(&mut self, index: usize) {
        let path: Vec<usize> = outwards(&self.view.steps, index).collect();
        for index in path {
            let Some(step) = self.view.steps.get_mut(index) else {
                return;
            };
            if let Some(trouble) = self.trouble.get_mut(&index) {
                trouble.over = false;
            }
            if step.end.take().is_none() {
                return;
            }
            (step.exited_ms, step.ended_ms, step.caught) = (None, None, false);
            self.open.add(&self.view.steps, index);
        }
    }

    /// What went wrong in a visit that has not ended, or how it failed; `None` if nothing did.
    fn error_of(&self, index: usize) -> Option<String> {
        if let Some(trouble) = self.trouble.get(&index) {
            return Some(trouble.error.clone());
        }
        let step = self.view.steps.get(index)?;
        step.error().map(str::to_owned)
    }

    /// The visit inside of this one that failed, or this one.
    fn innermost_failed(&self, index: usize) -> usize {
        let inside = |failed: &usize| outwards(&self.view.steps, *failed).any(|i| i == index);
        self.failed.filter(inside).unwrap_or(index)
    }

    /// The error of what failed last becomes known: that of the Fail state, and of what failed with it.
    fn tell(&mut self, error: &str) {
        let leaf = self.failed.and_then(|failed| self.view.steps.get(failed));
        let name = leaf.map(|step| step.name.clone());
        for index in std::mem::take(&mut self.untold) {
            let Some(step) = self.view.steps.get_mut(index) else {
                continue;
            };
            // A Fail state of another name has another error, which nobody tells.
            let other = step.kind == StateKind::Fail && Some(&step.name) != name.as_ref();
            if let (Some(StepEnd::Failed { error: untold }), false) = (&mut step.end, other) {
                error.clone_into(untold);
            }
        }
    }
}

/// The error that a Catch has written into the state's output, at its top or one level below.
fn error_in(output: &str) -> Option<String> {
    let output: Value = serde_json::from_str(output).ok()?;
    let error = |value: &Value| {
        value.get("Cause")?;
        Some(value.get("Error")?.as_str()?.to_owned())
    };
    error(&output).or_else(|| output.as_object()?.values().find_map(error))
}
