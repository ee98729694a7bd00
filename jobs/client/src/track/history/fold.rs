//! The fold itself: which event is about which visit, and what it changes.

use std::collections::HashMap;

use super::open::{Open, outwards};
use super::spot::{Leads, Spot, Trouble};
use super::step::{StateKind, Step, StepEnd};
use super::view::{ExecutionStatus, ExecutionView};
use super::{reports, work};
use crate::track::event::Event;

/// The fold. Events may come in portions, in order of their ids; one that was seen before is
/// passed over, so that pages may overlap.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    pub(super) view: ExecutionView,
    /// Event id → where it is.
    spots: HashMap<u64, Spot>,
    pub(super) open: Open,
    /// What went wrong in visits, other than attempts.
    pub(super) trouble: HashMap<usize, Trouble>,
    /// Failed visits whose error is told later, or never: Fail states.
    pub(super) untold: Vec<usize>,
    /// The visit that failed last.
    pub(super) failed: Option<usize>,
    /// The last visit that is inside of none.
    pub(super) top: Option<usize>,
    /// Id of the last redrive.
    redriven: Option<u64>,
    /// Whether the view's conclusions are behind its steps.
    stale: bool,
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
            ..Self::default()
        }
    }

    /// Id of the last event that was folded in.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.view.last_event
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

    /// Index of the step that an event belongs to; none for events of the execution itself.
    #[must_use]
    pub fn owner(&self, event_id: u64) -> Option<usize> {
        let spot = self.spots.get(&event_id).filter(|spot| spot.own)?;
        Some(spot.step)
    }

    /// What is known so far.
    #[must_use]
    pub fn view(&self) -> ExecutionView {
        let mut view = self.view.clone();
        if self.stale {
            view.conclude();
        }
        view
    }

    /// What is known so far, without a copy.
    pub fn view_ref(&mut self) -> &ExecutionView {
        if std::mem::take(&mut self.stale) {
            self.view.conclude();
        }
        &self.view
    }

    /// What is known in the end.
    #[must_use]
    pub fn into_view(mut self) -> ExecutionView {
        self.view_ref();
        self.view
    }

    /// Takes the next event in.
    pub fn apply(&mut self, event: &Event) {
        if event.id <= self.view.last_event {
            return;
        }
        self.view.last_event = event.id;
        self.stale = true;
        if let Some(spot) = self.take(event) {
            self.spots.insert(event.id, spot);
        }
    }

    fn take(&mut self, event: &Event) -> Option<Spot> {
        let kind = event.kind.as_str();
        if let Some(word) = kind.strip_suffix("StateEntered") {
            return Some(self.enter(event, StateKind::named(word)));
        }
        // An event without a known cause belongs to the state that was entered last.
        let cause = self.spots.get(&event.previous).map(|spot| spot.step);
        let cause = cause.or_else(|| self.view.steps.len().checked_sub(1));
        if kind.starts_with("Execution") {
            return self.whole(event, cause);
        }
        let cause = cause?;
        if kind.ends_with("StateExited") {
            return Some(Spot::of(self.exit(event, cause)));
        }
        if let Some(word) = kind.strip_suffix("StateAborted") {
            let step = self.aborted(cause, StateKind::named(word), event.time_ms);
            return Some(Spot::of(step));
        }
        Some(match kind {
            "ParallelStateStarted" => {
                Spot::into(self.begin(event, cause, StateKind::Parallel), None)
            }
            "MapStateStarted" => Spot::into(self.begin(event, cause, StateKind::Map), None),
            "ParallelStateSucceeded" => Spot::of(self.around(cause, StateKind::Parallel)),
            "MapStateSucceeded" => Spot::of(self.around(cause, StateKind::Map)),
            "ParallelStateFailed" => Spot::of(self.give_up(event, cause, StateKind::Parallel)),
            "MapStateFailed" => Spot::of(self.give_up(event, cause, StateKind::Map)),
            "MapIterationStarted"
            | "MapIterationSucceeded"
            | "MapIterationFailed"
            | "MapIterationAborted" => {
                let map = self.iteration(event, cause);
                if kind == "MapIterationStarted" {
                    Spot::into(map, event.iteration)
                } else {
                    Spot::of(map)
                }
            }
            kind if kind.starts_with("MapRun") => Spot::of(self.map_run(event, cause)),
            "EvaluationFailed" => Spot::of(self.evaluation_failed(event, cause)),
            kind => {
                if work::is_scheduled(kind) {
                    self.revive(cause);
                }
                if let Some(step) = self.view.steps.get_mut(cause) {
                    work::take(step, event);
                }
                Spot::of(cause)
            }
        })
    }

    /// The events of the execution itself.
    fn whole(&mut self, event: &Event, cause: Option<usize>) -> Option<Spot> {
        let mut step = cause;
        match event.kind.as_str() {
            "ExecutionStarted" => {
                self.view.started_ms = Some(event.time_ms);
                return None;
            }
            "ExecutionSucceeded" => {
                self.finish(event, ExecutionStatus::Succeeded, cause);
                if self
                    .view
                    .steps
                    .iter()
                    .any(|step| reports::tells(&step.name))
                {
                    reports::read(&mut self.view, event.output.as_deref());
                }
            }
            "ExecutionFailed" => self.finish(event, ExecutionStatus::Failed, cause),
            "ExecutionTimedOut" => self.finish(event, ExecutionStatus::TimedOut, cause),
            "ExecutionAborted" => self.finish(event, ExecutionStatus::Aborted, cause),
            "ExecutionRedriven" => {
                self.view.redrives = event.redrive_count.unwrap_or(self.view.redrives + 1);
                self.redriven = Some(event.id);
                step = self.redrive();
            }
            _ => {}
        }
        let spot = Spot::of(step?);
        Some(Spot { own: false, ..spot })
    }

    fn enter(&mut self, event: &Event, kind: StateKind) -> Spot {
        let name = event.name.clone().unwrap_or_default();
        let index = self.view.steps.len();
        let (within, iteration, after) = self.place(event, &name);
        match within {
            Some(within) => self.revive(within),
            None => self.top = Some(index),
        }
        self.view.steps.push(Step {
            name,
            kind,
            within,
            iteration,
            after,
            entered_ms: event.time_ms,
            ..Step::default()
        });
        self.open.add(&self.view.steps, index);
        if kind.has_inside() {
            Spot::into(index, None)
        } else {
            Spot::of(index)
        }
    }

    /// Where a state is that is entered: inside of which visit, in which iteration, after which visit.
    fn place(&mut self, event: &Event, name: &str) -> (Option<usize>, Option<u32>, Option<usize>) {
        let step = match self.spots.get(&event.previous) {
            Some(Spot {
                step,
                leads: Leads::Into(iteration),
                ..
            }) => return (Some(*step), *iteration, None),
            Some(spot) => spot.step,
            None if event.previous == 0 => return (None, None, self.top),
            None => match self.view.steps.len().checked_sub(1) {
                Some(last) => last,
                None => return (None, None, None),
            },
        };
        let Some(before) = self.view.steps.get(step) else {
            return (None, None, None);
        };
        let (within, iteration) = (before.within, before.iteration);
        // A redriven state that is entered once more follows what it followed before.
        let again = self.redriven == Some(event.previous) && before.name == name;
        let after = if again { before.after } else { Some(step) };
        if again && before.is_open() {
            self.fail_path(step, within, event.time_ms, None);
        }
        (within, iteration, after)
    }

    fn exit(&mut self, event: &Event, cause: usize) -> usize {
        let named = |index: &usize| {
            let step = self.view.steps.get(*index);
            step.is_some_and(|step| Some(&step.name) == event.name.as_ref())
        };
        let index = outwards(&self.view.steps, cause)
            .find(named)
            .unwrap_or(cause);
        let error = self.leave(index, event);
        let end = error.map_or(StepEnd::Left, |error| StepEnd::Caught { error });
        let caught = end != StepEnd::Left;
        self.open
            .close(&mut self.view.steps, index, event.time_ms, end);
        let Some(step) = self.view.steps.get_mut(index) else {
            return index;
        };
        step.exited_ms = Some(event.time_ms);
        if !caught && !step.attempts.is_empty() && reports::tells(&step.name) {
            reports::read(&mut self.view, event.output.as_deref());
        }
        index
    }
}
