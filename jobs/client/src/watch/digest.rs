//! A history → what of it is kept for every execution.

use super::run::{Digest, Kind, Usage};
use crate::track::{Compute, ExecutionStatus, ExecutionView};

impl Digest {
    /// What an execution's view comes down to.
    #[must_use]
    pub fn of(view: &ExecutionView) -> Self {
        let plan = view.plan.as_ref();
        let running = view.status == ExecutionStatus::Running;
        let attempts = || view.steps.iter().flat_map(|step| &step.attempts);
        let mut kinds = Vec::new();
        let mut workers = Vec::new();
        for attempt in attempts() {
            let kind = match attempt.compute {
                Compute::Lambda { .. } => Kind::Lambda,
                Compute::Ecs { .. } => Kind::Ecs,
                Compute::Activity { .. } => Kind::Worker,
                Compute::Execution { .. } => Kind::Execution,
                Compute::Service { .. } => Kind::Service,
            };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
            workers.extend(attempt.worker.clone().filter(|w| !workers.contains(w)));
        }
        let last = view.steps.last().map(|step| step.name.clone());
        Self {
            last_event: view.last_event,
            wished: plan.map(|plan| plan.wished),
            planned: plan.and_then(|plan| plan.place),
            why: plan.map(|plan| plan.why.clone()).unwrap_or_default(),
            predicted: plan.map(|plan| plan.predicted.clone()),
            places: view.places.clone(),
            moved: view.moved,
            moved_by: view.moved_by.clone(),
            kinds,
            attempts: view.attempts,
            workers,
            state: last.clone().filter(|_| running),
            waiting_since_ms: view.waiting_for_worker_since_ms,
            error: view.error.clone(),
            cause: view.cause.clone(),
            failed_in: last.filter(|_| view.error.is_some()),
            result: view.result.clone(),
            usage: Usage {
                transitions: view.steps.len() as u32,
                ..Usage::default()
            },
        }
    }
}
