//! What is billed for an execution, from its history.

use super::run::Usage;
use crate::stack;
use crate::track::{Attempt, Compute, ExecutionView};

/// Milliseconds, added up as whole numbers: billing is by the millisecond, and each run counts for itself.
#[derive(Default)]
struct Time {
    runs: u32,
    ms: i64,
}

impl Time {
    fn add(&mut self, ms: i64) {
        self.runs += 1;
        self.ms = self.ms.saturating_add(ms);
    }

    fn seconds(&self) -> f64 {
        self.ms as f64 / 1000.0
    }
}

/// Whose compute an attempt ran on.
enum Payer {
    Clean,
    Plan,
    Worker,
    /// Its size is not known.
    Unknown,
    /// Nothing is billed here: a request, or an execution that pays for itself.
    Nobody,
}

impl Payer {
    fn of(compute: &Compute) -> Self {
        match compute {
            Compute::Lambda { .. } => match compute.function_name() {
                Some(stack::CLEAN_FUNCTION) => Self::Clean,
                Some(stack::PLAN_FUNCTION) => Self::Plan,
                _ => Self::Unknown,
            },
            Compute::Activity { .. } => match compute.activity_name() {
                Some(stack::CLEAN_ACTIVITY) => Self::Worker,
                _ => Self::Unknown,
            },
            Compute::Ecs { .. } => Self::Unknown,
            Compute::Execution { .. } | Compute::Service { .. } => Self::Nobody,
        }
    }
}

impl Usage {
    /// What is billed for an execution, as far as its history tells.
    #[must_use]
    pub fn of(view: &ExecutionView) -> Self {
        let mut usage = Self::default();
        let mut clean = Time::default();
        let mut clean_failed = Time::default();
        let mut plan = Time::default();
        let mut worker = Time::default();
        let mut worker_failed = Time::default();
        for step in &view.steps {
            // Each visit of a state is a transition, and so is each retry.
            usage.transitions += 1 + step.retries();
            for attempt in &step.attempts {
                let (time, failed) = match Payer::of(&attempt.compute) {
                    Payer::Nobody => continue,
                    Payer::Clean => (&mut clean, Some(&mut clean_failed)),
                    Payer::Plan => (&mut plan, None),
                    Payer::Worker => (&mut worker, Some(&mut worker_failed)),
                    Payer::Unknown => {
                        usage.unknown += u32::from(!never_ran(attempt));
                        continue;
                    }
                };
                if never_ran(attempt) {
                    continue;
                }
                let Some(ms) = attempt.worked_ms() else {
                    usage.unknown += 1;
                    continue;
                };
                time.add(ms);
                if let Some(failed) = failed.filter(|_| attempt.error().is_some()) {
                    failed.add(ms);
                }
            }
        }
        Self {
            lambda_runs: clean.runs,
            lambda_seconds: clean.seconds(),
            lambda_failed_runs: clean_failed.runs,
            lambda_failed_seconds: clean_failed.seconds(),
            ecs_seconds: worker.seconds(),
            ecs_failed_seconds: worker_failed.seconds(),
            plan_runs: plan.runs,
            plan_seconds: plan.seconds(),
            ..usage
        }
    }
}

/// It was turned away, or waited and was given up.
fn never_ran(attempt: &Attempt) -> bool {
    attempt.was_throttled() || (attempt.started_ms.is_none() && attempt.ended_ms.is_some())
}
