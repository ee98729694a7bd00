//! What a history comes down to.

use std::collections::HashSet;

use super::run::{Digest, Kind, LaneWork, Usage};
use crate::track::{
    Attempt, AttemptEnd, Compute, ExecutionStatus, ExecutionView, Place, Step, StepEnd,
};

impl Kind {
    /// Of what an attempt asked for.
    #[must_use]
    pub fn of(compute: &Compute) -> Self {
        match compute {
            Compute::Lambda { .. } => Self::Lambda,
            Compute::Ecs { .. } => Self::Ecs,
            Compute::Activity { .. } => Self::Worker,
            Compute::Execution { .. } => Self::Execution,
            Compute::Service { .. } => Self::Service,
        }
    }
}

impl Digest {
    /// Of an execution as far as its history was read.
    #[must_use]
    pub fn of(view: &ExecutionView) -> Self {
        let running = view.status == ExecutionStatus::Running;
        let mut digest = Self {
            last_event: view.last_event,
            places: view.places.clone(),
            moved: view.moved,
            moved_by: view.moved_by.clone(),
            attempts: view.attempts,
            waiting_since_ms: view.waiting_for_worker_since_ms,
            error: view.error.clone(),
            cause: view.cause.clone(),
            failed_in: failed_in(view),
            result: view.result.clone(),
            usage: Usage::of(view),
            ..Self::default()
        };
        if let Some(plan) = &view.plan {
            digest.wished = Some(plan.wished);
            digest.planned = plan.place;
            digest.why.clone_from(&plan.why);
            digest.predicted = Some(plan.predicted.clone());
        }
        if running {
            let open = view.innermost_open();
            digest.state = open.map(|step| step.name.clone());
        }
        let mut lanes = Lanes::default();
        for step in &view.steps {
            for attempt in &step.attempts {
                let kind = Kind::of(&attempt.compute);
                if !digest.kinds.contains(&kind) {
                    digest.kinds.push(kind);
                }
            }
            if !view.is_planning(step) {
                lanes.take(step, running);
            }
        }
        digest.lanes.extend(lanes.lambda);
        digest.lanes.extend(lanes.ecs);
        digest.workers = lanes.workers.list;
        digest.done_by = lanes.done_by.list;
        digest.held_by = lanes.held_by;
        digest.at = lanes.at;
        digest
    }

    /// Predicted seconds ÷ those that the cleaning took.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let predicted = self.predicted.as_ref()?.seconds;
        let actual = self.result.as_ref()?.seconds.total;
        (predicted > 0.0 && actual > 0.0).then_some(predicted / actual)
    }

    /// What a lane did for it.
    #[must_use]
    pub fn lane(&self, place: Place) -> Option<&LaneWork> {
        self.lanes.iter().find(|lane| lane.place == place)
    }
}

/// The innermost state that failed, or in which the machine's time was up.
fn failed_in(view: &ExecutionView) -> Option<String> {
    let went_wrong = |step: &Step| match view.status {
        ExecutionStatus::Failed => matches!(step.end, Some(StepEnd::Failed { .. })),
        ExecutionStatus::TimedOut => step.end == Some(StepEnd::Aborted),
        _ => false,
    };
    let mut found: Option<(usize, &Step)> = None;
    // Failures inside of a state that recovered are not the execution's.
    loop {
        let around = found.map(|(index, _)| index);
        let from = around.map_or(0, |index| index + 1);
        let mut inside = view.steps.iter().enumerate().skip(from);
        let next = inside.rfind(|(_, step)| step.within == around && went_wrong(step));
        match next {
            Some(next) => found = Some(next),
            None => return found.map(|(_, step)| step.name.clone()),
        }
    }
}

/// Texts, each once, in the order of first use.
#[derive(Default)]
struct Once<'a> {
    seen: HashSet<&'a str>,
    list: Vec<String>,
}

impl<'a> Once<'a> {
    fn add(&mut self, text: &'a str) {
        if self.seen.insert(text) {
            self.list.push(text.to_owned());
        }
    }
}

#[derive(Default)]
struct Lanes<'a> {
    lambda: Option<LaneWork>,
    ecs: Option<LaneWork>,
    workers: Once<'a>,
    done_by: Once<'a>,
    held_by: Option<String>,
    at: Option<Place>,
}

impl<'a> Lanes<'a> {
    fn take(&mut self, step: &'a Step, running: bool) {
        for attempt in &step.attempts {
            let Some(place) = attempt.compute.place() else {
                continue;
            };
            self.attempt(attempt, place);
            if running && step.is_open() && attempt.end.is_none() {
                self.at = Some(place);
                if attempt.worker.is_some() {
                    self.held_by.clone_from(&attempt.worker);
                }
            }
        }
    }

    fn attempt(&mut self, attempt: &'a Attempt, place: Place) {
        let lane = match place {
            Place::Lambda => &mut self.lambda,
            Place::Ecs => &mut self.ecs,
        };
        let lane = lane.get_or_insert(LaneWork {
            place,
            seconds: None,
            failures: 0,
        });
        let succeeded = attempt.end == Some(AttemptEnd::Succeeded);
        if succeeded && !attempt.compute.is_only_asked() {
            let worked = attempt.worked_ms().map(|ms| ms as f64 / 1000.0);
            lane.seconds = worked.or(lane.seconds);
        } else if attempt.error().is_some() && !attempt.was_throttled() {
            lane.failures += 1;
        }
        if let Some(worker) = attempt.worker.as_deref() {
            self.workers.add(worker);
            if succeeded {
                self.done_by.add(worker);
            }
        }
    }
}
