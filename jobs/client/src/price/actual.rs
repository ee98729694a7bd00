//! What an execution did cost, from its history.

use std::iter::Sum;
use std::ops::Add;

use serde::Serialize;

use super::{Rates, Setup};
use crate::stack;
use crate::track::{Attempt, AttemptEnd, Compute, ExecutionView, Place};

/// What was spent, as far as histories tell. Adds up: over the runs of an item, of a lane, of a batch.
///
/// Times are those of the history, from the start of an attempt to its end; what AWS bills is a little less. S3 is not in
/// it: a history says nothing of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spent {
    /// Cleaning on Lambda, failed attempts included.
    pub lambda: f64,
    /// Cleaning on ECS, failed attempts included.
    pub ecs: f64,
    /// How much of both went into attempts that failed.
    pub failed: f64,
    /// The Plan step's invocations.
    pub plan: f64,
    /// State transitions, retries included.
    pub transitions: f64,
    /// Attempts whose price cannot be told: they have not ended, or run on a function that is not ours, whose memory
    /// nobody told.
    pub unknown: u32,
}

impl Spent {
    /// All of it; `None` when some of it is unknown.
    #[must_use]
    pub fn total(&self) -> Option<f64> {
        (self.unknown == 0).then_some(self.lambda + self.ecs + self.plan + self.transitions)
    }

    /// What cleaning cost in a lane.
    #[must_use]
    pub fn lane(&self, place: Place) -> f64 {
        match place {
            Place::Lambda => self.lambda,
            Place::Ecs => self.ecs,
        }
    }
}

impl Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lambda: self.lambda + other.lambda,
            ecs: self.ecs + other.ecs,
            failed: self.failed + other.failed,
            plan: self.plan + other.plan,
            transitions: self.transitions + other.transitions,
            unknown: self.unknown + other.unknown,
        }
    }
}

impl Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// A call that Lambda turned away: nothing ran, nothing is billed.
const THROTTLED: &str = "Lambda.TooManyRequestsException";

/// What one execution did cost.
#[must_use]
pub fn actual(run: &ExecutionView, setup: &Setup, rates: &Rates) -> Spent {
    let mut spent = Spent::default();
    for step in &run.steps {
        // Each visit of a state is a transition, and so is each retry.
        let tries = step.attempts.len().max(1);
        spent.transitions += tries as f64 * rates.states_transition;
        for attempt in &step.attempts {
            add(&mut spent, attempt, setup, rates);
        }
    }
    spent
}

fn add(spent: &mut Spent, attempt: &Attempt, setup: &Setup, rates: &Rates) {
    let failed = match &attempt.end {
        Some(AttemptEnd::Failed { error, .. }) if error == THROTTLED => return,
        end => matches!(end, Some(AttemptEnd::Failed { .. })),
    };
    // Services called without compute (S3 by Register) cost their request only.
    let Some(place) = attempt.compute.place() else {
        return;
    };
    let seconds = match (attempt.started_ms, attempt.ended_ms) {
        (Some(started), Some(ended)) => (ended - started).max(0) as f64 / 1000.0,
        // It waited, and was given up: nothing ran.
        (None, Some(_)) => return,
        (_, None) => {
            spent.unknown += 1;
            return;
        }
    };
    let function = match &attempt.compute {
        Compute::Lambda { function, .. } => name_of(function),
        _ => "",
    };
    let amount = match (place, function) {
        (Place::Ecs, _) => setup.worker_time(seconds, rates),
        (_, stack::CLEAN_FUNCTION) => setup.lambda_run(seconds, setup.lambda.memory_mb, rates),
        (_, stack::PLAN_FUNCTION) => {
            spent.plan += setup.lambda_run(seconds, setup.plan_memory_mb, rates);
            return;
        }
        _ => {
            spent.unknown += 1;
            return;
        }
    };
    match place {
        Place::Lambda => spent.lambda += amount,
        Place::Ecs => spent.ecs += amount,
    }
    if failed {
        spent.failed += amount;
    }
}

/// The name in `arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER`, or what stands there alone.
fn name_of(function: &str) -> &str {
    let name = function
        .split_once(":function:")
        .map_or(function, |(_, name)| name);
    name.split(':').next().unwrap_or(name)
}
